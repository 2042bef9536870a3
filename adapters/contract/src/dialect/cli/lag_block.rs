//! An aggregate whose members stand in a block of their own, beside that of its settings.

use super::Template;

/// The block that makes an aggregate and lists its members. What enters it, and takes it away,
/// has a name, says whether its members speak LACP, and its number; Mercury's are the lines of
/// `lag-type`. The block of its settings is there as long as it has members, and what is said of
/// one of them alone is said here. A port that leaves is disabled by the switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LagBlock {
    /// How the line that enters one is shown, whoever made it: a name, which may be several
    /// words, a mode, and the number.
    pub shown: Template,
    /// Lines in it by which it is of a release that has no block of settings: then it says
    /// nothing.
    pub older: Vec<Template>,
    /// Describes a member, with the text and its name.
    pub description: Template,
    /// Enables a member.
    pub enable: Template,
    /// Disables some.
    pub disable: Template,
    /// From which release on it is so.
    pub since: Since,
}

/// The first release of which something is so, and how a switch tells which it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The command.
    pub ask: String,
    /// The first line of its answer that fits has the release.
    pub line: Template,
    /// The release.
    pub release: String,
    /// Why it is not so before, for people.
    pub before: String,
}

impl Since {
    /// Why it is not so on a switch that was asked and did not answer.
    #[must_use]
    pub fn unanswered(&self, why: &str) -> String {
        format!("which release it runs is not known ({:?} was not answered: {why}), and {}", self.ask, self.before)
    }

    /// Why it is not so on a switch that answers this; `None` where it is.
    #[must_use]
    pub fn refusal(&self, answer: &str) -> Option<String> {
        let told = answer.lines().find_map(|line| self.line.read(line)?.get(super::Hole::Value));
        let Some(own) = told.and_then(numbers) else {
            return Some(format!("{:?} does not tell its release, and {}", self.ask, self.before));
        };
        let is_earlier = numbers(&self.release).is_none_or(|first| own < first);
        is_earlier.then(|| format!("it runs {}, and {}", told.unwrap_or_default(), self.before))
    }
}

/// The three numbers of a release: `08.0.95jT211` is 8, 0 and 95.
pub(crate) fn numbers(release: &str) -> Option<[u32; 3]> {
    let mut parts = release.trim().splitn(3, '.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part.get(..end)?.parse().ok()
    });
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_told_by_the_first_line_that_has_one() {
        let since = Since {
            ask: "show version".to_owned(),
            line: Template::parse("SW: Version {value}").unwrap(),
            release: "08.0.61".to_owned(),
            before: "a port stands for it".to_owned(),
        };
        for (own, is_so) in [
            ("08.0.61", true),
            ("08.0.61aT213", true),
            ("08.0.95jT211", true),
            ("09.0.10kT213", true),
            ("10.0.10T253", true),
            ("08.0.60bT213", false),
            ("08.0.30hT311", false),
            ("07.3.00aT7f1", false),
        ] {
            let answer = format!(
                "  Copyright (c)\n    UNIT 1: labeled\n        SW: Version {own} \n  Boot-Monitor Version:10.1.18T225\n"
            );
            let refusal = since.refusal(&answer);
            assert_eq!(refusal.is_none(), is_so, "{own}: {refusal:?}");
            let says = |refusal: String| refusal.contains(own) && refusal.contains("a port stands for it");
            assert!(refusal.is_none_or(says), "{own}");
        }
        for answer in ["", "IronWare : Version 5.8.0bT183", "SW: Version", "SW: Version unknown", "SW: Version 9.0"] {
            let refusal = since.refusal(answer).unwrap();
            assert!(refusal.contains("\"show version\" does not tell its release"), "{refusal}");
        }
    }
}
