//! Where the model's leaves lie in a target's data, and their values.

use std::collections::BTreeMap;

use mercury_model::{Leaf, List};

use super::{Module, NodePath, OverlayTree, PathStep};

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
    /// From the top, the leaf that says how many aggregates there may be: one with a
    /// number as high does not come up.
    pub aggregate_count: Option<NodePath>,
    /// Below an interface, what a member of an aggregate must not have.
    pub member_without: Option<NodePath>,
    /// From the top, the node whose `groups`, `apply-groups` and interface-ranges
    /// also configure interfaces (Junos).
    pub inheritance: Option<NodePath>,
    /// From the top, the leaf of operational state that every interface has which
    /// the switch has.
    pub oper_status: Option<NodePath>,
    /// Leaves by themselves. A leaf of a list of its own is relative to its entry
    /// there.
    pub leaves: BTreeMap<Leaf, LeafTree>,
    /// The lists beside the interfaces' own; the leaves of one that is not here are
    /// the interface's.
    pub lists: BTreeMap<List, ListTree>,
    /// `switched-vlan` of a port.
    pub switched_vlan: SwitchedVlanTree,
    /// `switched-vlan` of an aggregate, where it lies elsewhere.
    pub aggregate_switched_vlan: Option<SwitchedVlanTree>,
    /// VLANs.
    pub vlan: Option<VlanTree>,
    /// What binds VLANs to VNIs.
    pub overlay: Option<OverlayTree>,
    /// What an aggregate is, where its members say that.
    pub channel_group: Option<ChannelGroup>,
}

/// A member's nodes that say which aggregate it is in and what that is: Cisco's
/// `channel-group NUMBER mode active` and `lacp rate fast`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelGroup {
    /// The aggregate's number.
    pub number: NodePath,
    /// What the aggregate's name is before its number.
    pub prefix: String,
    /// `on`, `active` or `passive`.
    pub mode: NodePath,
    /// `fast` or `normal`.
    pub rate: NodePath,
}

impl ChannelGroup {
    /// The leaves that it holds.
    pub const LEAVES: [Leaf; 4] = [Leaf::AggregateId, Leaf::LagType, Leaf::LacpMode, Leaf::LacpInterval];

    /// Its nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &NodePath> {
        [&self.number, &self.mode, &self.rate].into_iter()
    }
}

impl Tree {
    /// Whether there is a place for a leaf.
    #[must_use]
    pub fn has(&self, leaf: Leaf) -> bool {
        self.is_grouped(leaf) || leaf == Leaf::SwitchedVlan || self.leaves.contains_key(&leaf)
    }

    /// Whether the members of an aggregate say a leaf: not the rate of LACP where the aggregate
    /// has a place for it.
    #[must_use]
    pub fn is_grouped(&self, leaf: Leaf) -> bool {
        let is_own = leaf == Leaf::LacpInterval && self.leaves.contains_key(&leaf);
        self.channel_group.is_some() && ChannelGroup::LEAVES.contains(&leaf) && !is_own
    }
}

/// How a leaf is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafTree {
    /// A leaf with a value.
    Value {
        /// The leaf.
        path: NodePath,
        /// Other places in which it may be instead.
        or: Vec<NodePath>,
        /// What is so where it is absent, and what holds it is there.
        absent: Option<String>,
        /// The model's words and the target's, where those differ.
        words: Vec<(String, String)>,
        /// The module whose identities the values are.
        identity: Option<Module>,
    },
    /// Nodes that are there or not.
    Presence {
        /// The values, in the model's spelling, and the node that is there then.
        present: Vec<(String, NodePath)>,
        /// The value when none of them is; the leaf is absent when `None`.
        absent: Option<String>,
    },
}

impl LeafTree {
    /// The nodes that hold it.
    pub fn paths(&self) -> impl Iterator<Item = &NodePath> {
        let (value, others, present) = match self {
            Self::Value { path, or, .. } => (Some(path), or.as_slice(), &[][..]),
            Self::Presence { present, .. } => (None, &[][..], present.as_slice()),
        };
        value.into_iter().chain(others).chain(present.iter().map(|(_, path)| path))
    }
}

/// What holds the leaves of a list beside the interfaces' own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListTree {
    /// An entry of a list of its own, from the top, or a container below the
    /// interface's entry.
    pub entry: NodePath,
    /// Whether it is a list of its own.
    pub is_beside: bool,
    /// A leaf that repeats the key.
    pub name: Option<NodePath>,
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
        /// What a port is that has none.
        unsaid: Unsaid,
        /// Other values that are read, and whether one means trunk mode.
        also: Vec<(String, bool)>,
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

/// What a port is whose mode is a leaf, and that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsaid {
    /// An access port if it has an access VLAN, or else a trunk if it has a trunk's.
    #[default]
    ByVlans,
    /// An access port, whatever it has of a trunk's.
    Access,
    /// An access port if it has an access VLAN, or else what it agrees on with its
    /// neighbour.
    Negotiated,
}

impl ModeForm {
    /// The node that holds the mode.
    #[must_use]
    pub fn path(&self) -> Option<&NodePath> {
        match self {
            Self::Leaf { path, .. } => Some(path),
            Self::Presence { access, .. } => Some(access),
            Self::Derived => None,
        }
    }

    /// Whether the mode is held there, or beside there.
    #[must_use]
    pub fn is_at(&self, path: &NodePath) -> bool {
        self.path().is_some_and(|own| own.parent() == path.parent())
    }
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
    /// Characters that the list may have where it is joined, and those of each value
    /// of [`TrunkPart::Add`], where it goes on; any number when `None`.
    pub longest: Option<[usize; 2]>,
    /// Other nodes that say something of a trunk's VLANs.
    pub parts: BTreeMap<TrunkPart, NodePath>,
}

/// A node beside a trunk's list of VLANs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrunkPart {
    /// More VLANs than the list's; a leaf, or list entries whose key holds them.
    Add,
    /// A boolean: all VLANs.
    All,
    /// All VLANs but these.
    Except,
    /// There where there is no VLAN.
    None,
    /// What is taken from the others, whichever those were at the time: not
    /// understood.
    Remove,
}

impl TrunkForm {
    /// All nodes of it.
    pub fn nodes(&self) -> impl Iterator<Item = &NodePath> {
        std::iter::once(&self.path).chain(self.parts.values())
    }
}

/// Where and how `switched-vlan` is spelled, relative to the interface.
#[derive(Clone, Debug)]
pub struct SwitchedVlanTree {
    /// The mode.
    pub mode: ModeForm,
    /// `access-vlan`.
    pub access_vlan: NodePath,
    /// `native-vlan`.
    pub native_vlan: NodePath,
    /// Whether the port does not say what it carries, and VLANs list their ports:
    /// `access-vlan`, `native-vlan` and `trunk-vlans` are leaf-lists below a VLAN's
    /// entry then, and hold names of interfaces. A port that a VLAN lists as untagged
    /// leaves by that the one that listed it before.
    pub by_vlan: bool,
    /// What `native-vlan` holds on a trunk without one, where its absence means another.
    pub native_none: Option<String>,
    /// The node that holds the native VLAN of a trunk whose own is absent; never written.
    pub native_inherited: Option<NodePath>,
    /// `trunk-vlans`.
    pub trunk_vlans: TrunkForm,
    /// Other forms in which a target may show them, by its release.
    pub also_trunk_vlans: Vec<TrunkForm>,
    /// Whether what only those other forms say is understood: not where the
    /// target's release is unknown.
    pub reads_also: bool,
    /// What holds all of them: anything else in there is not understood.
    pub trunk_vlans_within: Option<NodePath>,
    /// Leaves sent with every setting, and their values.
    pub also: Vec<(NodePath, String)>,
    /// Nodes that change what the others mean; where one is there, or holds this
    /// value, nothing of it is understood.
    pub foreign: Vec<(NodePath, Option<String>)>,
    /// Those of which one says that the port routes, and carries no VLAN.
    pub routed: Vec<(NodePath, Option<String>)>,
}

impl SwitchedVlanTree {
    /// The nodes that hold a trunk's VLANs, in all forms.
    pub(crate) fn trunk_nodes(&self) -> impl Iterator<Item = &NodePath> {
        std::iter::once(&self.trunk_vlans).chain(&self.also_trunk_vlans).flat_map(TrunkForm::nodes)
    }

    /// The leaves.
    fn nodes(&self) -> impl Iterator<Item = &NodePath> {
        let own = self.mode.path().into_iter().chain([&self.access_vlan, &self.native_vlan]);
        own.chain(self.trunk_nodes())
    }

    /// Whether the container holds one of the leaves there.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.nodes().any(|leaf| leaf.steps.last().is_some_and(|step| step.name == name))
    }

    /// Whether a port without a list is no trunk, or carries nothing.
    pub(crate) fn is_by_list(&self) -> bool {
        self.trunk_vlans.tagged_only || self.trunk_vlans.absent_is_none || self.mode == ModeForm::Derived
    }

    /// The container right above all of the leaves, where there is one.
    pub(crate) fn container(&self) -> Option<NodePath> {
        let ModeForm::Leaf { path, .. } = &self.mode else { return None };
        let container = path.parent();
        let holds_all = !container.steps.is_empty() && self.nodes().all(|leaf| leaf.parent() == container);
        holds_all.then_some(container)
    }
}

/// Where VLANs lie.
#[derive(Clone, Debug)]
pub struct VlanTree {
    /// The list entry, from the top.
    pub entry: NodePath,
    /// The leaf that holds the number, below the entry; `None` where only the
    /// entry's key does.
    pub id: Option<NodePath>,
    /// What that leaf may hold instead, of a VLAN that is not one of a number.
    pub id_words: Vec<String>,
    /// `name`; `None` where the name is the list's key.
    pub name: Option<NodePath>,
    /// The identity of iana-if-type that a VLAN is made with, where it is an interface
    /// whose type has to be said.
    pub kind: Option<String>,
    /// Entries that make an interface a member, below the VLAN's.
    pub members: Option<NodePath>,
    /// `status`, with ACTIVE and SUSPENDED as its values.
    pub status: Option<NodePath>,
    /// Those values there, where it has others, and is active without one.
    pub status_words: Vec<(String, String)>,
    /// Other leaves of the entry, and the values by which they say no more than their
    /// absence does.
    pub default_values: Vec<(NodePath, Vec<String>)>,
}

impl VlanTree {
    /// Whether VLANs are entries of the list that `interface` is an entry of.
    #[must_use]
    pub fn is_beside(&self, interface: &NodePath) -> bool {
        let same = |(one, other): (&PathStep, &PathStep)| one.name == other.name;
        self.entry.steps.len() == interface.steps.len() && self.entry.steps.iter().zip(&interface.steps).all(same)
    }

    /// What an entry holds that is Mercury's, below it; not its key.
    pub fn leaves(&self) -> impl Iterator<Item = &NodePath> {
        self.id.iter().chain(&self.name).chain(&self.status)
    }

    /// Whether the list's key is the VLAN's name.
    #[must_use]
    pub fn is_keyed_by_name(&self) -> bool {
        self.entry.steps.iter().flat_map(|step| &step.keys).any(|(_, word)| word.contains("{vlan-name}"))
    }
}
