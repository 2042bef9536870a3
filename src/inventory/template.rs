//! Text with placeholders in braces, such as `mercury-{vlan}`.

use std::fmt;

use mercury_model::TextError;

/// A name or a description to be filled in for each request.
///
/// A placeholder is a word in braces; a brace cannot stand for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Placeholder),
}

/// What a template may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// `{switch}`: the switch's name in the inventory.
    Switch,
    /// `{port}`: the port, as the switch names it.
    Port,
    /// `{vlan}`: the VLAN's number; of a port its access or native VLAN, and
    /// without either the VLANs of its trunk.
    Vlan,
    /// `{port_id}`: `id` of the plugin methods' `port`.
    PortId,
    /// `{mac}`: `mac_address` of the plugin methods' `port`.
    Mac,
    /// `{description}`: the description that the caller gave.
    Description,
    /// `{network}`: `name` of the plugin methods' `network`.
    Network,
    /// `{network_id}`: `id` of the plugin methods' `network`.
    NetworkId,
}

impl Placeholder {
    /// What is known where a VLAN is made.
    pub const OF_A_VLAN: &[Self] = &[Self::Vlan, Self::Network, Self::NetworkId];
    /// What is known where a port is attached.
    pub const OF_A_PORT: &[Self] = &[Self::Switch, Self::Port, Self::Vlan, Self::PortId, Self::Mac, Self::Description];
    /// What is known where a port belongs to nobody.
    pub const OF_AN_IDLE_PORT: &[Self] = &[Self::Switch, Self::Port];

    const fn word(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Port => "port",
            Self::Vlan => "vlan",
            Self::PortId => "port_id",
            Self::Mac => "mac",
            Self::Description => "description",
            Self::Network => "network",
            Self::NetworkId => "network_id",
        }
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.word())
    }
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that has no value here.
    #[error("has the unknown placeholder {{{found}}}; there are {known}")]
    Unknown {
        /// What is in the braces.
        found: String,
        /// The placeholders there are.
        known: String,
    },
    /// An opening brace without its closing one, or the other way round.
    #[error("has a brace that belongs to no placeholder")]
    Brace,
    /// What stands between the placeholders cannot be part of the text.
    #[error("cannot be used: {0}")]
    Text(#[from] TextError),
}

impl Template {
    /// Reads a template that may ask for `known`. Empty text is the template
    /// of no text.
    ///
    /// # Errors
    /// A brace or a placeholder that means nothing.
    pub fn new(text: &str, known: &[Placeholder]) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (before, after) = rest.split_once('{').unwrap_or((rest, ""));
            if before.contains('}') {
                return Err(TemplateError::Brace);
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            if before.len() == rest.len() {
                break;
            }
            let (word, after) = after.split_once('}').ok_or(TemplateError::Brace)?;
            let placeholder = known.iter().find(|placeholder| placeholder.word() == word);
            parts.push(Part::Value(*placeholder.ok_or_else(|| unknown(word, known))?));
            rest = after;
        }
        Ok(Self { parts })
    }

    /// Whether it asks for `placeholder`.
    #[must_use]
    pub fn asks_for(&self, placeholder: Placeholder) -> bool {
        self.parts.contains(&Part::Value(placeholder))
    }

    /// The text, with what `value` says in place of each placeholder.
    ///
    /// # Errors
    /// The first placeholder without a value.
    pub fn fill(&self, value: impl Fn(Placeholder) -> Option<String>) -> Result<String, Placeholder> {
        let part = |part: &Part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Value(placeholder) => value(*placeholder).ok_or(*placeholder),
        };
        self.parts.iter().map(part).collect()
    }

    /// Whether `text` can have come of this template, when some placeholders
    /// had the value that `value` says and the others any.
    #[must_use]
    pub fn gives(&self, text: &str, value: impl Fn(Placeholder) -> Option<String>) -> bool {
        let mut known = vec![String::new()];
        for part in &self.parts {
            let literal = match part {
                Part::Text(text) => Some(text.clone()),
                Part::Value(placeholder) => value(*placeholder),
            };
            match (literal, known.last_mut()) {
                (Some(literal), Some(last)) => last.push_str(&literal),
                _ => known.push(String::new()),
            }
        }
        match known.as_slice() {
            [] => false,
            [whole] => whole == text,
            [first, between @ .., last] => {
                let inner = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
                let left = |rest: &'_ str, piece: &String| rest.find(piece.as_str()).map(|at| at + piece.len());
                let mut rest = inner;
                for piece in between {
                    rest = rest.and_then(|rest| rest.get(left(rest, piece)?..));
                }
                rest.is_some()
            }
        }
    }
}

fn unknown(word: &str, known: &[Placeholder]) -> TemplateError {
    let known: Vec<_> = known.iter().map(ToString::to_string).collect();
    TemplateError::Unknown { found: word.chars().take(32).collect(), known: known.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::new(text, Placeholder::OF_A_VLAN).unwrap()
    }

    fn number(placeholder: Placeholder) -> Option<String> {
        (placeholder == Placeholder::Vlan).then(|| "100".to_owned())
    }

    #[test]
    fn placeholders_are_filled_in() {
        assert_eq!(template("mercury-{vlan}").fill(number).unwrap(), "mercury-100");
        assert_eq!(template("{vlan}{vlan} é").fill(number).unwrap(), "100100 é");
        assert_eq!(template("plain").fill(number).unwrap(), "plain");
        assert_eq!(template("").fill(number).unwrap(), "");
        assert_eq!(template("{network}-{vlan}").fill(number), Err(Placeholder::Network));
    }

    #[test]
    fn a_brace_or_a_word_that_means_nothing_is_refused() {
        for bad in ["{", "}", "a{vlan", "a}b", "{vlan}}", "{{vlan}}", "{ vlan }", "{}", "{VLAN}", "{mac}"] {
            assert!(Template::new(bad, Placeholder::OF_A_VLAN).is_err(), "{bad}");
        }
        let error = Template::new("{name}", Placeholder::OF_A_VLAN).unwrap_err();
        assert_eq!(error.to_string(), "has the unknown placeholder {name}; there are {vlan}, {network}, {network_id}");
    }

    #[test]
    fn a_text_is_told_from_one_that_the_template_never_gives() {
        for (text, name, given) in [
            ("mercury-{vlan}", "mercury-100", true),
            ("mercury-{vlan}", "mercury-1000", false),
            ("mercury-{vlan}", "", false),
            ("{network}-{vlan}", "tenant-a-100", true),
            ("{network}-{vlan}", "tenant-a-101", false),
            ("{network}-{vlan}", "100", false),
            ("m {network} {vlan} {network_id}", "m a 100 b", true),
            ("m {network} {vlan} {network_id}", "m a 101 b", false),
            ("aba{network}aba", "aba", false),
            ("{network}é{network}é", "ééé", true),
            ("", "", true),
        ] {
            assert_eq!(template(text).gives(name, number), given, "{text} {name}");
        }
    }
}
