//! What a target's own word for the state of its configuration is worth.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How far such a word can be trusted: an entity tag, a transaction id, the values of rows
/// that a transaction waits for. The word itself is opaque, and compared for equality alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// There is none, or nobody says what it is worth: everything is read.
    #[default]
    None,
    /// It may stay the same where something was changed, as a time in whole seconds does, or
    /// one that not every way of changing the target moves. Nothing rests on it.
    Coarse,
    /// Whoever defines it says that it is another after each change, whoever makes it and
    /// however: what was read with it need not be read again.
    Exact,
}

impl std::fmt::Display for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Coarse => "coarse",
            Self::Exact => "exact",
        })
    }
}

/// How far the word for a target's configuration is trusted over one protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// How far.
    pub trust: Trust,
    /// What the word is, and who says so.
    pub source: String,
}

/// What a dialect says of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRevision {
    pub(super) trust: Trust,
    /// Who says so.
    pub(super) source: String,
}

impl RawRevision {
    /// Whether anybody says so.
    pub(super) fn is_justified(&self) -> bool {
        self.trust == Trust::None || !self.source.trim().is_empty()
    }
}

/// The protocols whose sessions hold a change to what was read with an exact word, beside
/// OVSDB, whose rows are said with its columns.
const HOLDS: [&str; 2] = ["restconf", "nvue"];
/// Those over which there is something to say about words, and nothing is held to them.
const TELLS: [&str; 3] = ["netconf", "gnmi", "cli"];

/// `[revision.PROTOCOL]` of a dialect file.
pub(super) fn read(raw: BTreeMap<String, RawRevision>, problems: &mut Vec<String>) -> BTreeMap<String, Revision> {
    for (protocol, own) in &raw {
        let holds = HOLDS.contains(&protocol.as_str());
        if !holds && !TELLS.contains(&protocol.as_str()) {
            problems.push(format!("revision.{protocol}: no such protocol, or one that has no word"));
        } else if own.source.trim().is_empty() {
            problems.push(format!("revision.{protocol}.source: must tell what the word is, and who says so"));
        } else if !holds && own.trust == Trust::Exact {
            problems.push(format!("revision.{protocol}.trust: nothing is held to a word over this protocol"));
        }
    }
    raw.into_iter().map(|(name, own)| (name, Revision { trust: own.trust, source: own.source })).collect()
}

/// How far it is trusted over a protocol.
pub(super) fn trust(revisions: &BTreeMap<String, Revision>, protocol: &str) -> Trust {
    revisions.get(protocol).map_or(Trust::None, |own| own.trust)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(protocol: &str, trust: Trust, source: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let raw = RawRevision { trust, source: source.to_owned() };
        read([(protocol.to_owned(), raw)].into(), &mut problems);
        problems
    }

    #[test]
    fn a_word_is_said_with_its_source_and_exact_only_where_something_is_held_to_it() {
        assert!(problems("nvue", Trust::Exact, "a manual").is_empty());
        assert!(problems("netconf", Trust::Coarse, "a manual").is_empty());
        assert!(problems("netconf", Trust::Exact, "a manual")[0].starts_with("revision.netconf.trust: "));
        assert!(problems("restconf", Trust::None, " ")[0].starts_with("revision.restconf.source: "));
        assert!(problems("snmp", Trust::None, "a manual")[0].starts_with("revision.snmp: no such protocol"));
    }
}
