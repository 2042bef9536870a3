//! A configuration in which every line stands for itself, and that is changed by commands
//! which are other lines: what a command has done is read in the form that a system shows
//! its database in.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CliOverlay, Shown, Template};
use crate::TextLimits;

/// One system's commands, and the lines by which it shows what they have done.
#[derive(Clone, Debug)]
pub struct FlatWords {
    /// The commands that show the configuration, in the order in which they are asked.
    pub shows: Vec<Shown>,
    /// What is shown.
    pub form: FlatForm,
    /// The words for a port and for an aggregate, where lines say which of them a name
    /// is of.
    pub kinds: Option<[String; 2]>,
    /// Whether a line that is shown may name several at once, as `swp1-3,swp7`.
    pub lists: bool,
    /// The word in the place of names where there are none.
    pub nobody: Option<String>,
    /// What keys of several parts have between them, in JSON.
    pub split: Option<char>,
    /// Lines that tell of a port, by its `{name}`.
    pub interfaces: Vec<Template>,
    /// By the names of the data tree's nodes, what is said of a port.
    pub port: BTreeMap<String, FlatLeaf>,
    /// The bridge that ports are put on to have VLANs; `None` where its VLANs alone say
    /// what a port is.
    pub bridge: Option<FlatBridge>,
    /// A port's untagged VLAN; with a bridge, that of a trunk.
    pub untagged: FlatMember,
    /// Its tagged ones, each.
    pub tagged: FlatMember,
    /// The aggregate that a port is a member of, as the `{value}`.
    pub member: Option<FlatMember>,
    /// How an aggregate is made and taken away.
    pub aggregate: Option<FlatAggregate>,
    /// The number that the switch gives an aggregate, by which its VLANs know it; `None`
    /// where they know it by its name.
    pub number: Option<FlatNumber>,
    /// What makes a VLAN, and takes it away.
    pub vlan: [Template; 2],
    /// What binds VLANs to VNIs; `None` where nothing is known of that.
    pub overlay: Option<CliOverlay>,
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

/// What shows a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlatForm {
    /// JSON, each value of which is a line.
    #[default]
    Json,
    /// The commands that would make it, each a line.
    Lines,
}

/// A bridge that knows VLANs. A port on it of which nothing more is said is a trunk of all
/// VLANs that the bridge has; one that is not on it carries none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatBridge {
    /// That a port is on it.
    pub member: FlatMember,
    /// The VLAN of an access port.
    pub access: FlatMember,
    /// That a trunk has no untagged VLAN.
    pub tagged_only: FlatMember,
    /// Lines that say the untagged VLAN of trunks that say none; it is 1 without one.
    pub untagged: Vec<Template>,
    /// The line without which it knows no VLANs, where it needs one.
    pub aware: Option<Template>,
}

/// How one node of a port is shown and said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatLeaf {
    /// The lines that show its value.
    pub shown: Vec<Template>,
    /// The data tree's words and those that are shown.
    pub words: Vec<(String, String)>,
    /// The data tree's words and the lines that show them by being there.
    pub marks: Vec<(String, Template)>,
    /// Whether it is said of a port on the bridge alone.
    pub on_bridge: bool,
    /// Whether it is said of ports alone, and of no aggregate.
    pub of_ports: bool,
    /// The data tree's words and those of the command.
    pub said: Vec<(String, String)>,
    /// Where it is said.
    pub by: FlatSaying,
}

/// Where a node of a port is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlatSaying {
    /// In commands of its own: one that says a value, and one that takes it away.
    Commands {
        /// The former.
        set: Template,
        /// The latter.
        unset: Template,
    },
    /// Behind the command that makes an aggregate; it stays what it is then.
    WhenMade(Template),
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

/// How an aggregate is made and taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatAggregate {
    /// The command that makes one by its `{name}`, of its `{members}` where all that it has
    /// are said at once.
    pub make: Template,
    /// The command that takes it away.
    pub remove: Template,
    /// The command that takes a port, by its `{number}`, out of all VLANs, whichever the
    /// switch has put it into: an aggregate that is new, and a port that is a member no longer.
    pub emptied: Option<Template>,
}

/// The number that the switch gives an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatNumber {
    /// What the names of Mercury's begin with. All others are known by their numbers.
    pub prefix: String,
    /// The lines that show the `{number}` of a `{name}`.
    pub shown: Vec<Template>,
    /// The command that shows the number of one, and nothing else.
    pub ask: Template,
}
