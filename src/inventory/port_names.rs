//! From the names that callers give ports to those that the switch uses.

mod reach;

use mercury_model::{InterfaceName, TextError};
pub(super) use reach::Reach;
use regex::{Regex, RegexBuilder};

/// How many bytes one compiled pattern may take.
const LARGEST: usize = 256 * 1024;

/// The rules of one switch, tried in order; the first that matches decides.
/// A name that none of them matches stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PortNames {
    rules: Vec<PortNameRule>,
}

/// One rule: a pattern, and what becomes of a name that it matches.
#[derive(Clone, Debug)]
pub struct PortNameRule {
    pattern: Regex,
    replacement: String,
}

impl PartialEq for PortNameRule {
    fn eq(&self, other: &Self) -> bool {
        self.pattern.as_str() == other.pattern.as_str() && self.replacement == other.replacement
    }
}

/// Why a rule cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PortNameError {
    /// The pattern is not a regular expression, or too large a one.
    #[error("match: {0}")]
    Pattern(String),
    /// The replacement names a group that the pattern lacks.
    #[error("replace: the pattern has no group {0:?}; ${{1}}0 is group 1 and a zero")]
    Group(String),
    /// A `$` that names no group.
    #[error("replace: a dollar sign names a group, as $1, ${{1}} or ${{name}}; $$ is the sign itself")]
    Dollar,
}

impl PortNames {
    /// These rules, in this order.
    #[must_use]
    pub const fn new(rules: Vec<PortNameRule>) -> Self {
        Self { rules }
    }

    /// The patterns, each of a whole name.
    pub(super) fn patterns(&self) -> Vec<&str> {
        self.rules.iter().map(|rule| rule.pattern.as_str()).collect()
    }

    /// What each rule makes of every name that it matches, where that is one text.
    pub(super) fn constants(&self) -> impl Iterator<Item = Option<String>> {
        let names_no_group = |rule: &&PortNameRule| !rule.replacement.replace("$$", "").contains('$');
        self.rules
            .iter()
            .map(move |rule| Some(rule).filter(names_no_group).map(|rule| rule.replacement.replace("$$", "$")))
    }

    /// What each rule can match after those before it had their turn.
    pub(super) fn reaches(&self) -> impl Iterator<Item = Reach> {
        let patterns = self.patterns();
        (1..=patterns.len()).map(move |count| patterns.get(..count).map_or(Reach::Several, reach::reach))
    }

    /// The port as the switch names it.
    ///
    /// # Errors
    /// What a rule makes of it cannot be a name.
    pub fn rewritten(&self, given: &InterfaceName) -> Result<InterfaceName, TextError> {
        let found = self.rules.iter().find_map(|rule| Some((rule, rule.pattern.captures(given.as_str())?)));
        let Some((rule, captures)) = found else { return Ok(given.clone()) };
        let mut name = String::new();
        captures.expand(&rule.replacement, &mut name);
        name.parse()
    }
}

impl PortNameRule {
    /// The pattern must match a name as a whole, whether or not it says so with
    /// `^` and `$`. In the replacement `$1`, `${1}` and `${name}` are the
    /// pattern's groups.
    ///
    /// # Errors
    /// What is wrong with the one or the other.
    pub fn new(pattern: &str, replacement: &str) -> Result<Self, PortNameError> {
        // By itself first, so that `a)(b` is not made whole by what surrounds it.
        let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(LARGEST).build();
        let whole = compile(pattern).and_then(|_| compile(&format!("^(?:{pattern})$")));
        let pattern = whole.map_err(|error| PortNameError::Pattern(reason(&error)))?;
        groups(&pattern, replacement)?;
        Ok(Self { pattern, replacement: replacement.to_owned() })
    }
}

/// On one line: the last one tells, those before it show the place.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The crate takes a group that the pattern lacks for an empty one.
fn groups(pattern: &Regex, replacement: &str) -> Result<(), PortNameError> {
    let known = |name: &str| match name.parse::<usize>() {
        Ok(number) => number < pattern.captures_len(),
        Err(_) => pattern.capture_names().flatten().any(|known| known == name),
    };
    let mut rest = replacement;
    while let Some((_, after)) = rest.split_once('$') {
        if let Some(after) = after.strip_prefix('$') {
            rest = after;
            continue;
        }
        let name = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').map(|(name, _)| name).ok_or(PortNameError::Dollar)?,
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.get(..end).unwrap_or_default()
            }
        };
        if name.is_empty() {
            return Err(PortNameError::Dollar);
        }
        if !known(name) {
            return Err(PortNameError::Group(name.chars().take(32).collect()));
        }
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(rules: &[(&str, &str)], name: &str) -> String {
        let rules = rules.iter().map(|(pattern, replacement)| PortNameRule::new(pattern, replacement).unwrap());
        PortNames::new(rules.collect()).rewritten(&name.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn the_first_rule_that_matches_the_whole_name_decides() {
        let rules = [
            (r"^Eth(\d+)/(\d+)$", "Ethernet$1/$2"),
            (r"swp(?<n>\d+)", "Ethernet${n}"),
            (r"swp.*|1/1/c(\d+)", "ethernet-1/$1"),
        ];
        for (given, expected) in [
            ("Eth1/1", "Ethernet1/1"),
            ("swp7", "Ethernet7"),
            ("swp7s0", "ethernet-1/"),
            ("1/1/c3", "ethernet-1/3"),
            ("xEth1/1", "xEth1/1"),
            ("Eth1/1x", "Eth1/1x"),
            ("eth1/1", "eth1/1"),
            ("Ethernet1", "Ethernet1"),
        ] {
            assert_eq!(rewritten(&rules, given), expected, "{given}");
        }
        assert_eq!(rewritten(&[("a|b", "c")], "ab"), "ab", "an alternative is anchored, too");
        assert_eq!(rewritten(&[(r"(\d)", "${1}0$$")], "7"), "70$");
        assert_eq!(rewritten(&[], "Eth1/1"), "Eth1/1");
    }

    #[test]
    fn a_rule_that_can_never_be_right_is_refused() {
        for (pattern, replacement, reason) in [
            ("(", "x", "unclosed group"),
            ("a)(b", "x", "unopened group"),
            (r"Eth(\d+)", "$2", "no group \"2\""),
            (r"Eth(\d+)", "$1_0", "no group \"1_0\""),
            (r"Eth(\d+)", "${port}", "no group \"port\""),
            (r"Eth(\d+)", "$", "dollar"),
            (r"Eth(\d+)", "a$ b", "dollar"),
            (r"Eth(\d+)", "${1", "dollar"),
            (r"(\w{100}){100}", "$1", "size limit"),
        ] {
            let error = PortNameRule::new(pattern, replacement).unwrap_err().to_string();
            assert!(error.contains(reason), "{pattern} {replacement}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_an_error_not_a_guess() {
        let names = PortNames::new(vec![PortNameRule::new(r"Eth(\d*)", "$1").unwrap()]);
        assert_eq!(names.rewritten(&"Eth".parse().unwrap()), Err(TextError::Empty));
    }
}
