//! What to ask for to see a scope, and what the answers say.

use std::{borrow::Cow, collections::BTreeMap};

use mercury_adapter::{GnmiDialect, Looking, Mapping, Names, Node, NodePath, Tree, mac_vrf, running};
use mercury_model::{InterfaceScope, Leaf, List, Running, Scope, Segment, VlanId, VlanScope, Vni, VniState};

use crate::tree;

/// Of more VLANs than this the whole list is asked for: two bursts of calls at
/// most, and a switch has 4,094 VLANs at most.
const MANY: usize = 16;

/// How one target's data is asked for and understood.
#[derive(Clone, Copy)]
pub(crate) struct Questions<'a> {
    dialect: &'a GnmiDialect,
    instance: &'a str,
    /// Whether nodes that are missing do no harm beside others, so that what
    /// may be needed later is better asked for at once: a subscription.
    at_once: bool,
}

impl<'a> Questions<'a> {
    /// By Get, one call a node.
    pub(crate) fn one_by_one(dialect: &'a GnmiDialect, instance: &'a str) -> Self {
        Self { dialect, instance, at_once: false }
    }

    /// By one subscription.
    pub(crate) fn at_once(dialect: &'a GnmiDialect, instance: &'a str) -> Self {
        Self { dialect, instance, at_once: true }
    }

    /// What to ask for first.
    pub(crate) fn first(self, scope: &Scope) -> Vec<Node> {
        match &self.dialect.mapping {
            Mapping::Tree(tree) => {
                let mut nodes = entries(tree, self.instance, scope);
                if let Some(overlay) = tree.overlay.as_ref().filter(|_| scope.overlays) {
                    nodes.extend(overlay.asked(self.instance));
                }
                if scope.stp {
                    nodes.extend(list_of(tree, List::Stp, &scope.interfaces));
                }
                if self.at_once || scope.interfaces == InterfaceScope::All {
                    nodes.extend(list_of(tree, List::Lacp, &scope.interfaces));
                }
                if self.at_once {
                    nodes = nodes.iter().flat_map(|node| containers(tree, node)).collect();
                }
                nodes
            }
            Mapping::MacVrf => mac_vrf::entries(self.instance, &asked(scope), self.at_once),
        }
    }

    /// What to ask for beside: it tells a port that routes, and small targets do
    /// not know it. Only a subscription has to ask.
    pub(crate) fn beside(self, scope: &Scope) -> Vec<Node> {
        let Mapping::Tree(tree) = &self.dialect.mapping else { return Vec::new() };
        if !self.at_once {
            return Vec::new();
        }
        let mut below: Vec<NodePath> = Vec::new();
        for path in tree.switched_vlan.routed.iter().map(|(path, _)| path.parent()) {
            if !below.contains(&path) {
                below.push(path);
            }
        }
        let names = match &scope.interfaces {
            InterfaceScope::Named(names) => names.iter().map(Names::interface).collect(),
            InterfaceScope::All => vec![Names::default()],
        };
        let node = |names: &Names, path| Node { path: tree.interface.join(path), names: names.clone() };
        names.iter().flat_map(|names| below.iter().map(|path| node(names, path))).collect()
    }

    /// Where state tells whether VNIs carry frames. Only a Get of configuration has to ask.
    pub(crate) fn states(self, scope: &Scope) -> Vec<Node> {
        match &self.dialect.mapping {
            _ if self.at_once || !scope.overlays => Vec::new(),
            Mapping::Tree(tree) => {
                let state = tree.overlay.iter().filter_map(|own| own.state.as_ref());
                let names = Names::default().in_instance(self.instance);
                state.map(|leaf| Node { path: above_entries(leaf), names: names.clone() }).collect()
            }
            Mapping::MacVrf => mac_vrf::states_of(),
        }
    }

    /// What state tells of VNIs. It stands apart from the configuration: a Get answers with
    /// entries of the same lists.
    ///
    /// # Errors
    /// A sentence that names what cannot be understood.
    pub(crate) fn told(
        self,
        found: &tree::Tree,
        scope: &Scope,
        segments: &BTreeMap<VlanId, Segment>,
    ) -> Result<BTreeMap<Vni, VniState>, String> {
        match &self.dialect.mapping {
            Mapping::Tree(_) => Ok(self.decode(found, scope)?.overlay.states),
            Mapping::MacVrf => Ok(mac_vrf::states(found.root(), segments)),
        }
    }

    /// What else to ask for, now that this is known.
    ///
    /// # Errors
    /// A sentence that names what cannot be understood.
    pub(crate) fn then(self, found: &tree::Tree, scope: &Scope) -> Result<Vec<Node>, String> {
        match &self.dialect.mapping {
            Mapping::Tree(_) if self.at_once || scope.interfaces == InterfaceScope::All => Ok(Vec::new()),
            Mapping::Tree(tree) => Ok(lacp(tree, &self.decode(found, scope)?)),
            Mapping::MacVrf => Ok(at_most_many(mac_vrf::memberships(found.root(), self.instance, &asked(scope)))),
        }
    }

    /// What the answers say.
    ///
    /// # Errors
    /// A sentence that names what cannot be understood.
    pub(crate) fn decode(self, found: &tree::Tree, scope: &Scope) -> Result<Running, String> {
        self.read(found.root(), scope)
    }

    /// What data says, wherever it came from.
    ///
    /// # Errors
    /// A sentence that names what cannot be understood.
    pub(crate) fn read(self, data: &tree::Node, scope: &Scope) -> Result<Running, String> {
        match &self.dialect.mapping {
            Mapping::Tree(tree) => {
                let (defaults, instance) = (&self.dialect.defaults, self.instance);
                Ok(running(Looking { tree, defaults, instance }, data, scope))
            }
            Mapping::MacVrf => mac_vrf::running(data, self.instance, &self.dialect.defaults, scope),
        }
    }
}

/// The list that a leaf of its entries is in.
fn above_entries(leaf: &NodePath) -> NodePath {
    let last = leaf.steps.iter().rposition(|step| !step.keys.is_empty()).unwrap_or_default();
    NodePath { steps: leaf.steps.iter().take(last).cloned().collect() }
}

/// What is asked for to see a scope: it, or more than it.
fn asked(scope: &Scope) -> Cow<'_, Scope> {
    match &scope.vlans {
        VlanScope::Named(ids) if ids.len() > MANY => Cow::Owned(Scope { vlans: VlanScope::All, ..scope.clone() }),
        _ => Cow::Borrowed(scope),
    }
}

/// Many entries of one list are asked for together, without their keys.
fn at_most_many(nodes: Vec<Node>) -> Vec<Node> {
    match nodes.first() {
        Some(Node { path, .. }) if nodes.len() > MANY && nodes.iter().all(|node| node.path == *path) => {
            vec![Node { path: path.clone(), names: Names::default() }]
        }
        _ => nodes,
    }
}

/// The entries to read for a scope: those of named interfaces and VLANs, or
/// the containers around their lists. `/` is never asked for
/// (featureprofiles, gnmi_get_on_root_unsupported).
fn entries(tree: &Tree, instance: &str, scope: &Scope) -> Vec<Node> {
    let mut nodes = Vec::new();
    match &scope.interfaces {
        InterfaceScope::Named(names) => {
            let one = |name| Node { path: tree.interface.clone(), names: Names::interface(name) };
            nodes.extend(names.iter().map(one));
        }
        InterfaceScope::All => nodes.push(Node { path: tree.interface.parent(), names: Names::default() }),
    }
    let Some(vlan) = &tree.vlan else { return nodes };
    // Where VLANs are kept among the interfaces, all of those are all of these.
    let beside = vlan.is_beside(&tree.interface);
    match &asked(scope).vlans {
        VlanScope::Named(ids) => {
            let one = |id| Node { path: vlan.entry.clone(), names: Names::vlan(instance, Some(id), None) };
            nodes.extend(ids.iter().copied().map(one));
        }
        VlanScope::All if beside && scope.interfaces == InterfaceScope::All => {}
        VlanScope::All => {
            nodes.push(Node { path: vlan.entry.parent(), names: Names::vlan(instance, None, None) });
        }
    }
    nodes
}

/// LACP entries are kept apart and only aggregates have them, so those of named
/// interfaces are asked for once it is known which of them are aggregates.
fn lacp(tree: &Tree, running: &Running) -> Vec<Node> {
    let Some(lacp) = tree.lists.get(&List::Lacp).filter(|lacp| lacp.is_beside) else { return Vec::new() };
    let aggregates = running.interfaces.values().filter(|interface| interface.is_aggregate());
    aggregates.map(|one| Node { path: lacp.entry.clone(), names: Names::interface(&one.name) }).collect()
}

/// The entries that interfaces of a scope may have in a list of their own.
fn list_of(tree: &Tree, list: List, interfaces: &InterfaceScope) -> Vec<Node> {
    let own = tree.lists.get(&list).filter(|own| own.is_beside);
    own.map(|own| entries_of(&own.entry, interfaces)).unwrap_or_default()
}

/// Entries of a list beside the interfaces' own.
fn entries_of(path: &NodePath, interfaces: &InterfaceScope) -> Vec<Node> {
    match interfaces {
        InterfaceScope::Named(names) => {
            let one = |name| Node { path: path.clone(), names: Names::interface(name) };
            names.iter().map(one).collect()
        }
        InterfaceScope::All => vec![Node { path: path.parent(), names: Names::default() }],
    }
}

/// The containers below an entry that hold leaves Mercury reads; what a
/// subscription is narrowed to, since it knows no data types.
fn containers(tree: &Tree, node: &Node) -> Vec<Node> {
    let own = tree.lists.iter().find(|(_, own)| own.is_beside && node.path == own.entry);
    let below = if node.path == tree.interface {
        interface_leaves(tree)
    } else if let Some(vlan) = tree.vlan.as_ref().filter(|vlan| node.path == vlan.entry) {
        [vlan.id.as_ref(), vlan.name.as_ref(), vlan.status.as_ref()].into_iter().flatten().collect()
    } else if let Some((list, own)) = own {
        own.name.iter().chain(leaves(tree, |leaf| leaf.list() == Some(*list))).collect()
    } else {
        Vec::new()
    };
    let mut paths: Vec<NodePath> = Vec::new();
    for container in below.into_iter().map(NodePath::parent) {
        if !paths.contains(&container) {
            paths.push(container);
        }
    }
    if paths.is_empty() {
        return vec![node.clone()];
    }
    paths.iter().map(|path| Node { path: node.path.join(path), names: node.names.clone() }).collect()
}

fn interface_leaves(tree: &Tree) -> Vec<&NodePath> {
    let beside = |leaf: Leaf| leaf.list().and_then(|list| tree.lists.get(&list)).is_some_and(|own| own.is_beside);
    let mut paths: Vec<&NodePath> = tree.name.iter().chain(&tree.kind).collect();
    paths.extend(leaves(tree, |leaf| !beside(leaf)));
    for vlans in std::iter::once(&tree.switched_vlan).chain(&tree.aggregate_switched_vlan) {
        paths.extend([&vlans.access_vlan, &vlans.native_vlan, &vlans.trunk_vlans.path]);
    }
    paths
}

fn leaves(tree: &Tree, which: impl Fn(Leaf) -> bool) -> impl Iterator<Item = &NodePath> {
    tree.leaves.iter().filter(move |(leaf, _)| which(**leaf)).flat_map(|(_, at)| at.paths())
}
