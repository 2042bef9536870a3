//! What a person answers, a line each.

use std::io::BufRead as _;

use super::super::{Failure, print};

/// Longer lines are no answers, in bytes.
const MAX_ANSWER: u64 = 4096;

/// Whoever answers so often what is no answer is no person.
const MAX_TRIES: usize = 20;

/// What is asked, the flag that answers it, and what is usual.
pub(super) struct Question<'a> {
    pub(super) flag: &'a str,
    pub(super) text: &'a str,
    pub(super) usual: Option<&'a str>,
}

pub(super) struct Answers {
    /// Nobody is asked.
    is_silent: bool,
}

impl Answers {
    pub(super) const fn new(is_silent: bool) -> Self {
        Self { is_silent }
    }

    /// What a flag says, or else a person; without an answer what is usual. A person is
    /// asked again until the answer is one.
    ///
    /// # Errors
    /// Nobody answers, and nothing is usual; what the flag says is no answer.
    pub(super) fn asked<T>(
        &mut self,
        Question { flag, text, usual }: Question<'_>,
        given: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let wrong = |reason: String| Failure::Other(format!("{flag}: {reason}"));
        if let Some(given) = given {
            return read(given).map_err(wrong);
        }
        let shown = usual.filter(|usual| !usual.is_empty()).map(|usual| format!(" [{usual}]")).unwrap_or_default();
        for _ in 0..MAX_TRIES {
            let answer = if self.is_silent { None } else { asked(&format!("{text}{shown}: "))? };
            let answer = match (answer, usual) {
                (Some(answer), None) if answer.is_empty() => continue,
                (Some(answer), _) if !answer.is_empty() => answer,
                (_, Some(usual)) => return read(usual).map_err(wrong),
                _ => break,
            };
            match read(&answer) {
                Ok(read) => return Ok(read),
                Err(reason) => print::talk(&reason),
            }
        }
        Err(Failure::Other(format!("{flag} must be given")))
    }

    /// Whether a person says yes; whoever is not there does not.
    pub(super) fn confirmed(&mut self, question: &str) -> Result<bool, Failure> {
        if self.is_silent {
            return Ok(false);
        }
        let answer = asked(&format!("{question}? [y/N]: "))?.unwrap_or_default();
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}

/// `None` at the end of the input.
fn asked(question: &str) -> Result<Option<String>, Failure> {
    print::prompt(question);
    let mut line = String::new();
    let mut input = std::io::Read::take(std::io::stdin().lock(), MAX_ANSWER);
    let read = input.read_line(&mut line).map_err(Failure::because)?;
    if read == 0 {
        // Nobody's answer ended the line.
        print::talk("");
    }
    Ok((read > 0).then(|| line.trim().to_owned()))
}
