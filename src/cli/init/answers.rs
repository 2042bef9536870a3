//! What a person answers, a line each.

use std::io::BufRead as _;

use super::super::{Failure, print};

/// Longer lines are no answers, in bytes.
const MAX_ANSWER: u64 = 4096;

pub(super) struct Answers {
    /// Nobody is asked.
    is_silent: bool,
}

impl Answers {
    pub(super) const fn new(is_silent: bool) -> Self {
        Self { is_silent }
    }

    /// What a flag says, or else a person; without an answer what is usual.
    ///
    /// # Errors
    /// Nobody answers, and nothing is usual.
    pub(super) fn text(
        &mut self,
        flag: &str,
        question: &str,
        given: Option<&str>,
        usual: Option<&str>,
    ) -> Result<String, Failure> {
        if let Some(given) = given {
            return Ok(given.to_owned());
        }
        let shown = usual.filter(|usual| !usual.is_empty()).map(|usual| format!(" [{usual}]")).unwrap_or_default();
        let answer = if self.is_silent { None } else { asked(&format!("{question}{shown}: "))? };
        let answer = answer.filter(|answer| !answer.is_empty()).or_else(|| usual.map(str::to_owned));
        answer.ok_or_else(|| Failure::Other(format!("{flag} must be given")))
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
    Ok((read > 0).then(|| line.trim().to_owned()))
}
