//! The tree of a dialect file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::overlay::RawOverlay;
use crate::TrunkPart;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTree {
    pub(super) interface: String,
    pub(super) name: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) aggregate_names: Option<String>,
    pub(super) aggregate_count: Option<String>,
    pub(super) member_without: Option<String>,
    pub(super) inheritance: Option<String>,
    pub(super) oper_status: Option<String>,
    pub(super) switched_vlan: RawSwitchedVlan,
    pub(super) aggregate_switched_vlan: Option<RawSwitchedVlan>,
    #[serde(default)]
    pub(super) routed: BTreeMap<String, RawRouted>,
    pub(super) lacp: Option<RawList>,
    pub(super) stp: Option<RawList>,
    pub(super) vlan: Option<RawVlan>,
    pub(super) overlay: Option<RawOverlay>,
    pub(super) channel_group: Option<RawChannelGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChannelGroup {
    pub(super) number: String,
    pub(super) prefix: String,
    pub(super) mode: String,
    pub(super) rate: String,
}

/// What lay elsewhere while a module had an earlier revision.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVariant {
    pub(super) module: String,
    pub(super) before: String,
    #[serde(default)]
    pub(super) tree: toml::Table,
}

/// A leaf by itself: its path, or its path and its words, or the nodes that are
/// there for its values.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawLeaf {
    Path(String),
    Value(RawValueLeaf),
    Presence(RawPresence),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawValueLeaf {
    pub(super) path: String,
    #[serde(default)]
    pub(super) or: Vec<String>,
    pub(super) absent: Option<String>,
    #[serde(default)]
    pub(super) words: BTreeMap<String, String>,
    /// The prefix of the module whose identities the values are.
    pub(super) identity: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPresence {
    pub(super) present: BTreeMap<String, String>,
    pub(super) absent: Option<String>,
}

/// What holds the leaves of LACP or spanning tree: an entry of a list of their
/// own, or a container of the interface. Where there is neither, they are leaves of
/// the interface like others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawList {
    pub(super) interface: Option<String>,
    pub(super) container: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSwitchedVlan {
    #[serde(default)]
    pub(super) at: String,
    pub(super) mode: RawMode,
    pub(super) access_vlan: String,
    pub(super) native_vlan: String,
    #[serde(default)]
    pub(super) by_vlan: bool,
    pub(super) native_none: Option<String>,
    pub(super) native_inherited: Option<String>,
    pub(super) trunk_vlans: RawTrunk,
    #[serde(default)]
    pub(super) also_trunk_vlans: Vec<RawTrunk>,
    pub(super) trunk_vlans_within: Option<String>,
    #[serde(default)]
    pub(super) also: Vec<RawValue>,
    #[serde(default)]
    pub(super) foreign: Vec<RawForeign>,
}

/// `true` where a node says it by being there, or else the value by which it does.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawRouted {
    There(bool),
    Value(String),
}

/// A node that is there, or that holds a value.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawForeign {
    Node(String),
    Value(RawValue),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawValue {
    pub(super) path: String,
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawMode {
    Leaf { path: String, access: String, trunk: String },
    Presence { access: String, trunk: String },
    Derived(Derived),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Derived {
    Derived,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTrunk {
    pub(super) path: String,
    #[serde(default)]
    pub(super) joined: bool,
    #[serde(default = "dash")]
    pub(super) range_separator: String,
    pub(super) all: Option<String>,
    pub(super) none: Option<String>,
    #[serde(default)]
    pub(super) absent_is_none: bool,
    #[serde(default)]
    pub(super) tagged_only: bool,
    pub(super) longest: Option<[usize; 2]>,
    #[serde(default)]
    pub(super) parts: BTreeMap<TrunkPart, String>,
}

fn dash() -> String {
    "-".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawVlan {
    pub(super) entry: String,
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) id_words: Vec<String>,
    pub(super) name: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) members: Option<String>,
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) status_words: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) default_values: BTreeMap<String, RawWords>,
}

/// A text, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawWords {
    One(String),
    Several(Vec<String>),
}

impl RawWords {
    pub(super) fn all(self) -> Vec<String> {
        match self {
            Self::One(word) => vec![word],
            Self::Several(words) => words,
        }
    }
}

/// As RFC 7950 section 7.1.9 writes it.
pub(super) fn is_revision(text: &str) -> bool {
    text.len() == 10
        && text.char_indices().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() })
}
