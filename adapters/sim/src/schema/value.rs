//! Leaf types and their values.

use std::{fmt, sync::Arc};

use super::Module;

/// An identity a leaf may refer to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The module that defines the identity.
    pub module: &'static Module,
    /// Its name.
    pub name: &'static str,
}

/// The types of the subset.
#[derive(Debug)]
pub enum Type {
    /// Any string.
    Text,
    /// `true` or `false`.
    Boolean,
    /// An unsigned number with a range.
    Number {
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
    },
    /// One of the listed words.
    Enumeration(&'static [&'static str]),
    /// One of the listed identities.
    Identity(&'static [Identity]),
    /// `vlan-id` or `vlan-range` of openconfig-vlan-types.
    VlanOrRange,
    /// The name of a configured LAG interface; checked at validation.
    LagReference,
    /// The name of a configured interface; checked at validation.
    InterfaceReference,
    /// Nothing: that it is there is all that it says.
    Empty {
        /// Whether it is a container with presence (RFC 7950 section 7.5.1), of which nothing
        /// below is known here.
        is_container: bool,
    },
    /// What names a configured entry; checked at validation.
    Entry {
        /// The names on the way to a list, from the top.
        path: &'static [&'static str],
        /// Whether the keys of all of them are in it, with dots between, or the last one's.
        by_all_keys: bool,
    },
}

/// A checked value in canonical form: equal values compare equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(u32),
    /// A string, or a VLAN range `x..y`.
    Text(Arc<str>),
    /// An enumeration word.
    Word(&'static str),
    /// An identity.
    Identity(&'static Identity),
    /// Of a type that has nothing to say.
    Empty,
}

impl Type {
    /// Reads the lexical form. `identity` is the value split into module
    /// namespace and name, where the encoding could resolve a prefix; it is
    /// what identities are matched on (RFC 7950 section 9.10.3).
    ///
    /// `None` means the value is not of this type.
    #[must_use]
    pub fn parse(&self, text: &str, identity: Option<(&str, &str)>) -> Option<Value> {
        match self {
            Self::Text | Self::LagReference | Self::InterfaceReference | Self::Entry { .. } => {
                Some(Value::Text(text.into()))
            }
            Self::Empty { .. } => text.trim().is_empty().then_some(Value::Empty),
            Self::Boolean => match text.trim() {
                "true" => Some(Value::Boolean(true)),
                "false" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Number { min, max } => number(text.trim(), *min, *max).map(Value::Number),
            Self::Enumeration(words) => words.iter().find(|word| **word == text.trim()).map(|word| Value::Word(word)),
            Self::Identity(identities) => {
                let (namespace, name) = identity?;
                identities
                    .iter()
                    .find(|known| known.name == name && known.module.namespace == namespace)
                    .map(Value::Identity)
            }
            Self::VlanOrRange => vlan_or_range(text.trim()),
        }
    }
}

impl Value {
    /// Whether this is its lexical form (of an identity: without prefix).
    #[must_use]
    pub fn reads(&self, text: &str) -> bool {
        match self {
            Self::Text(value) => **value == *text,
            Self::Word(value) => *value == text,
            Self::Identity(identity) => identity.name == text,
            Self::Boolean(_) | Self::Number(_) | Self::Empty => self.to_string() == text,
        }
    }
}

fn number(text: &str, min: u32, max: u32) -> Option<u32> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|value| (min..=max).contains(value))
}

fn vlan_or_range(text: &str) -> Option<Value> {
    let Some((first, last)) = text.split_once("..") else {
        return number(text, 1, 4094).map(Value::Number);
    };
    // The pattern of vlan-range has no sign and no leading zero.
    let bound = |text: &str| (!text.starts_with(['0', '+'])).then(|| number(text, 1, 4094)).flatten();
    (bound(first)? <= bound(last)?).then(|| Value::Text(text.into()))
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
            Self::Word(value) => value.fmt(f),
            Self::Identity(identity) => identity.name.fmt(f),
            Self::Empty => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vlan_ids_and_ranges_are_told_apart_and_bounded() {
        let parse = |text| Type::VlanOrRange.parse(text, None);
        assert_eq!(parse("100"), Some(Value::Number(100)));
        assert_eq!(parse("100..200"), Some(Value::Text("100..200".into())));
        for bad in ["", "0", "4095", "1..4095", "20..5a", "200..100", "1..", "..4", "01..4", "1-4"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_identity_without_its_module_is_no_identity() {
        let (_, interfaces) = super::super::child(&super::super::ROOT, "interfaces").unwrap();
        let (_, interface) = super::super::child(interfaces.children(), "interface").unwrap();
        let (_, config) = super::super::child(interface.children(), "config").unwrap();
        let (_, leaf) = super::super::child(config.children(), "type").unwrap();
        let super::super::Kind::Leaf(kind) = &leaf.kind else { panic!() };
        let module = "urn:ietf:params:xml:ns:yang:iana-if-type";
        assert!(kind.parse("x", Some((module, "ethernetCsmacd"))).is_some());
        assert!(kind.parse("ethernetCsmacd", None).is_none());
        assert!(kind.parse("x", Some((leaf.module.namespace, "ethernetCsmacd"))).is_none());
    }
}
