//! A configuration in which every line stands for itself, and that is changed by commands
//! which are other lines: what a command has done is read in the form that a system shows
//! its database in.

use std::collections::BTreeMap;

use super::{Shown, Template};
use crate::TextLimits;

/// One system's commands, and the lines by which it shows what they have done.
#[derive(Clone, Debug)]
pub struct FlatWords {
    /// The commands that show the configuration, in the order in which they are asked.
    pub shows: Vec<Shown>,
    /// What keys of several parts have between them, in JSON.
    pub split: Option<char>,
    /// Lines that tell of a port, by its `{name}`.
    pub interfaces: Vec<Template>,
    /// By the names of the data tree's nodes, what is said of a port.
    pub port: BTreeMap<String, FlatLeaf>,
    /// A port's untagged VLAN.
    pub untagged: FlatMember,
    /// Its tagged ones, each.
    pub tagged: FlatMember,
    /// The aggregate that a port is a member of, as the `{value}`.
    pub member: Option<FlatMember>,
    /// What makes an aggregate by its `{name}`, and takes it away.
    pub aggregate: Option<[Template; 2]>,
    /// What makes a VLAN, and takes it away.
    pub vlan: [Template; 2],
    /// Lines that tell of a VLAN.
    pub vlans: Vec<Template>,
    /// Those that say no more of it.
    pub nothing: Vec<Template>,
    /// Lines about a port by which it routes.
    pub routed: Vec<Template>,
    /// Lines about a port that change what its VLANs mean.
    pub foreign: Vec<Template>,
    /// What texts may be.
    pub text: TextLimits,
}

/// How one node of a port is shown and said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatLeaf {
    /// The lines that show its value.
    pub shown: Vec<Template>,
    /// The data tree's words and those that are shown.
    pub words: Vec<(String, String)>,
    /// The data tree's words and those of the command.
    pub said: Vec<(String, String)>,
    /// The command that says a value.
    pub set: Template,
    /// The command that takes it away.
    pub unset: Template,
}

/// How one of several is shown and said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatMember {
    /// The lines that show it.
    pub shown: Vec<Template>,
    /// The command that puts the port there.
    pub add: Template,
    /// The command that takes it away.
    pub remove: Template,
}
