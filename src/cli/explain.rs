//! `mercury explain`: what a finding's code means, and what to do about it.

use clap::Args;
use serde_json::{Value, json};

use super::{Common, DONE, Ended, Failure, Output, print};
use crate::{config::reader::nearest, finding::Code};

/// Which code.
#[derive(Clone, Debug, Args)]
pub(super) struct ExplainArguments {
    /// The code, as a finding has it in brackets; all of them without one.
    code: Option<String>,
}

pub(super) fn run(common: &Common, arguments: &ExplainArguments) -> Ended {
    let codes = match &arguments.code {
        None => Code::ALL.to_vec(),
        Some(word) => vec![Code::of(word).ok_or_else(|| unknown(word))?],
    };
    match (common.output, &arguments.code) {
        (Output::Json, None) => print::json(&codes.iter().map(|code| told(*code)).collect()),
        (Output::Json, Some(_)) => codes.iter().for_each(|code| print::json(&told(*code))),
        (Output::Human, None) => codes.iter().for_each(|code| print::line(&format!("{code:<26} {}", code.meaning()))),
        (Output::Human, Some(_)) => {
            codes.iter().for_each(|code| print::line(&format!("{code}\n  {}\n  {}", code.meaning(), code.advice())));
        }
    }
    Ok(DONE)
}

fn told(code: Code) -> Value {
    json!({"code": code, "meaning": code.meaning(), "advice": code.advice()})
}

fn unknown(word: &str) -> Failure {
    let words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    let near = nearest(word, &words).map(|near| format!("; did you mean {near}?"));
    let begin =
        || words.iter().filter(|known| known.starts_with(word) && !word.is_empty()).copied().collect::<Vec<_>>();
    let begin = near.is_none().then(begin).filter(|all| !all.is_empty());
    let begin = begin.map(|all| format!("; there are {}", all.join(", ")));
    let help = near.or(begin).unwrap_or_else(|| "; `mercury explain` alone lists them".to_owned());
    Failure::Other(format!("there is no code {word:?}{help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_explained_as_it_is_spelled_and_a_slip_is_told() {
        for code in Code::ALL {
            let told = told(Code::of(code.word()).unwrap());
            for member in ["code", "meaning", "advice"] {
                assert!(told[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {told}");
            }
            assert_eq!(told["code"], code.word());
        }
        assert!(unknown("schema-vlaue").to_string().contains("did you mean schema-value?"));
        assert!(
            unknown("rule-vlan")
                .to_string()
                .ends_with("; there are rule-vlan-not-allowed, rule-vlan-reserved, rule-vlan-name-pattern")
        );
        assert!(unknown("E0001").to_string().ends_with("`mercury explain` alone lists them"));
    }
}
