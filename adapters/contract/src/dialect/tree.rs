//! Where the model's leaves lie in a target's data, and their values.

use super::{NodePath, PathStep};

/// Where the model's nodes lie. Paths below an interface are relative to its
/// list entry, those below a VLAN to the VLAN's.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The interface's list entry.
    pub interface: NodePath,
    /// A leaf that repeats the key, sent with every change.
    pub name: Option<NodePath>,
    /// `type`, sent only when an interface is made.
    pub kind: Option<NodePath>,
    /// What the names of aggregates begin with, where only the name tells.
    pub aggregate_names: Option<String>,
    /// `description`.
    pub description: Option<NodePath>,
    /// `enabled`.
    pub enabled: Option<(NodePath, EnabledForm)>,
    /// `mtu`.
    pub mtu: Option<NodePath>,
    /// `switched-vlan` of a port.
    pub switched_vlan: SwitchedVlanTree,
    /// `switched-vlan` of an aggregate, where it lies elsewhere.
    pub aggregate_switched_vlan: Option<SwitchedVlanTree>,
    /// `aggregate-id` of a member.
    pub aggregate_id: Option<NodePath>,
    /// `aggregation/config` of an aggregate.
    pub aggregation: Option<AggregateTree>,
    /// An aggregate's LACP settings.
    pub lacp: Option<LacpTree>,
    /// An interface's spanning tree settings.
    pub stp: Option<StpTree>,
    /// VLANs.
    pub vlan: Option<VlanTree>,
}

/// How `enabled` is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnabledForm {
    /// A boolean leaf.
    Boolean,
    /// An empty leaf that is there when the interface is disabled.
    PresentWhenDisabled,
}

/// How a port's mode is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModeForm {
    /// One leaf with one of two values.
    Leaf {
        /// The leaf.
        path: NodePath,
        /// Its value in access mode.
        access: String,
        /// Its value in trunk mode.
        trunk: String,
    },
    /// One of two presence containers.
    Presence {
        /// There in access mode.
        access: NodePath,
        /// There in trunk mode.
        trunk: NodePath,
    },
    /// Nothing: a port that lists VLANs is a trunk, another is not.
    Derived,
}

/// How a trunk's VLANs are spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkForm {
    /// The leaf or leaf-list.
    pub path: NodePath,
    /// One comma-separated value instead of one value per range.
    pub joined: bool,
    /// What stands between the ends of a range.
    pub range_separator: String,
    /// The value that means all VLANs; `None` when leaving the leaf out does.
    pub all: Option<String>,
    /// The value that means no VLANs; `None` when it cannot be said.
    pub none: Option<String>,
    /// Whether a trunk whose list is left out carries no VLAN, not all.
    pub absent_is_none: bool,
    /// Whether the list holds the tagged VLANs, and they alone make a port a
    /// trunk: the native VLAN, which the model counts among the trunk's, is not
    /// listed, and a trunk that lists none is none.
    pub tagged_only: bool,
}

/// Where and how `switched-vlan` is spelled, relative to the interface.
#[derive(Clone, Debug)]
pub struct SwitchedVlanTree {
    /// The nodes that belong to `switched-vlan` alone: replaced when it is
    /// set, removed when it is cleared.
    pub owned: Vec<NodePath>,
    /// The mode.
    pub mode: ModeForm,
    /// `access-vlan`.
    pub access_vlan: NodePath,
    /// `native-vlan`.
    pub native_vlan: NodePath,
    /// `trunk-vlans`.
    pub trunk_vlans: TrunkForm,
    /// Leaves sent with every setting, and their values.
    pub also: Vec<(NodePath, String)>,
}

/// Where an aggregate's own settings lie, relative to the interface.
#[derive(Clone, Debug)]
pub struct AggregateTree {
    /// `lag-type`, with LACP and STATIC as its values.
    pub lag_type: NodePath,
    /// `min-links`.
    pub min_links: NodePath,
    /// The number of an aggregate that two switches share, where there is a leaf
    /// for it.
    pub mlag_id: Option<NodePath>,
}

/// Where an aggregate's LACP settings lie.
#[derive(Clone, Debug)]
pub struct LacpTree {
    /// The list entry, from the top.
    pub interface: NodePath,
    /// A leaf that repeats the key.
    pub name: NodePath,
    /// `interval`, with FAST and SLOW as its values.
    pub interval: NodePath,
    /// `lacp-mode`, with ACTIVE and PASSIVE as its values.
    pub mode: NodePath,
}

/// Where an interface's spanning tree settings lie.
#[derive(Clone, Debug)]
pub struct StpTree {
    /// The list entry, from the top.
    pub interface: NodePath,
    /// A leaf that repeats the key.
    pub name: Option<NodePath>,
    /// `edge-port`.
    pub edge_port: Option<(NodePath, EdgeForm)>,
    /// `bpdu-guard`, a boolean leaf.
    pub bpdu_guard: Option<NodePath>,
}

/// How `edge-port` is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeForm {
    /// An identity of openconfig-spanning-tree-types.
    Identity,
    /// An empty leaf that is there when the port is an edge; nothing else can
    /// be said.
    PresentWhenEnabled,
}

/// Where VLANs lie.
#[derive(Clone, Debug)]
pub struct VlanTree {
    /// The list entry, from the top.
    pub entry: NodePath,
    /// The leaf that holds the number, below the entry; `None` where only the
    /// entry's key does.
    pub id: Option<NodePath>,
    /// `name`; `None` where the name is the list's key.
    pub name: Option<NodePath>,
    /// `status`, with ACTIVE and SUSPENDED as its values.
    pub status: Option<NodePath>,
}

impl VlanTree {
    /// Whether VLANs are entries of the list that `interface` is an entry of.
    #[must_use]
    pub fn is_beside(&self, interface: &NodePath) -> bool {
        let same = |(one, other): (&PathStep, &PathStep)| one.name == other.name;
        self.entry.steps.len() == interface.steps.len() && self.entry.steps.iter().zip(&interface.steps).all(same)
    }

    /// Whether the list's key is the VLAN's name.
    #[must_use]
    pub fn is_keyed_by_name(&self) -> bool {
        self.entry.steps.iter().flat_map(|step| &step.keys).any(|(_, word)| word.contains("{vlan-name}"))
    }
}
