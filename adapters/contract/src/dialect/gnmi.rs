//! What gNMI needs of a dialect.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Tree;
use crate::Defaults;

/// How a dialect is spoken to over gNMI.
#[derive(Clone, Debug)]
pub struct GnmiDialect {
    /// TCP port where an inventory entry names none; 9339 is IANA's.
    pub port: u16,
    /// How values are written; `None` when the target's Capabilities decide.
    pub encoding: Option<GnmiEncoding>,
    /// Which path elements carry their module's name.
    pub path_prefixes: PathPrefixes,
    /// Whether names inside JSON_IETF values carry their module's name, as
    /// RFC 7951 section 4 wants.
    pub json_prefixes: bool,
    /// `origin` of every path; unset when `None`.
    pub origin: Option<String>,
    /// `target` of every prefix; unset when `None`.
    pub target: Option<String>,
    /// Where the paths of a Set end.
    pub write_level: WriteLevel,
    /// Where they end when aggregates or their members change; like the others
    /// when `None`.
    pub lag_level: Option<WriteLevel>,
    /// What the value of a node is.
    pub leaf_values: LeafValues,
    /// Whether `replace` does what it says; else the old is deleted and the
    /// new updated, which a Set does in this order (gNMI section 3.4.3).
    pub replace: bool,
    /// Whether a Set happens wholly or not at all, as gNMI section 3.4.3 wants.
    pub atomic: bool,
    /// How many operations one Set may hold; no bound when `None`.
    pub max_operations: Option<usize>,
    /// Whether the target has the commit-confirmed extension; extensions are
    /// not announced, so somebody must know.
    pub commit_confirmed: bool,
    /// Whether an interface that is made must be told that it is enabled. Not
    /// others: what a plan does not mention may well be disabled.
    pub explicit_enabled: bool,
    /// How configuration is read.
    pub reading: Reading,
    /// What makes a change survive a reboot.
    pub save: Save,
    /// The network instance that holds the VLANs, where an inventory entry
    /// names none.
    pub network_instance: String,
    /// What is so where a leaf is absent.
    pub defaults: Defaults,
    /// How the model is found in the target's data.
    pub mapping: Mapping,
}

/// How the model is found in a target's data.
#[derive(Clone, Debug)]
pub enum Mapping {
    /// By a table of paths.
    Tree(Arc<Tree>),
    /// In code, since no table of paths can say it: VLANs as mac-vrf instances,
    /// ports as their bridged subinterfaces (Nokia SR Linux). The network
    /// instance is then a template that holds `{vlan-id}`.
    MacVrf,
}

/// How values are encoded (gNMI section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GnmiEncoding {
    /// JSON as in RFC 7951.
    JsonIetf,
    /// JSON with bare names.
    Json,
    /// A scalar for each leaf.
    Proto,
}

/// Which path elements carry their module's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathPrefixes {
    /// None, as OpenConfig's own targets want it.
    #[default]
    None,
    /// The first one.
    First,
    /// The first one, and every one of another module than its parent.
    Modules,
}

/// Where the paths of a Set end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteLevel {
    /// At leaves; a new list entry is given in one piece where values can be
    /// JSON.
    #[default]
    Leaf,
    /// At the list entry, with everything that changes below it.
    Entry,
    /// At the container around the list, with every entry that changes.
    List,
}

/// What the value of a node is, where values are JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeafValues {
    /// A leaf's is a scalar of gNMI's own (section 2.2.3), which needs no
    /// encoding.
    #[default]
    Scalar,
    /// A leaf's is a bare JSON value.
    Json,
    /// A JSON object that names the node, be it a leaf or not, as in the body of
    /// a RESTCONF request (RFC 8040 section 4.5).
    Object,
}

/// How configuration is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// By Get; by Subscribe ONCE where Get is UNIMPLEMENTED.
    #[default]
    Auto,
    /// By Get.
    Get,
    /// By Subscribe ONCE.
    Subscribe,
}

/// What makes a change survive a reboot. gNMI does not say
/// (openconfig/reference#192).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Save {
    /// Nothing that is known here.
    #[default]
    Unknown,
    /// The target saves by itself with every Set.
    Automatic,
    /// The target saves where it is set up to; the text says how.
    WhereConfigured(String),
    /// A command, sent as a Set of its own at origin `cli`.
    Cli(String),
}
