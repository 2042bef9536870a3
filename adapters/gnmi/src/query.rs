//! What to ask for to see a scope, and what the answers say.

use mercury_adapter::{GnmiDialect, Mapping, Names, NodePath, Tree, running};
use mercury_model::{InterfaceScope, Running, Scope, VlanScope};

use crate::{mac_vrf, operations::Node, tree};

/// How one target's data is asked for and understood.
#[derive(Clone, Copy)]
pub(crate) struct Questions<'a> {
    mapping: &'a Mapping,
    instance: &'a str,
    /// Whether nodes that are missing do no harm beside others, so that what
    /// may be needed later is better asked for at once: a subscription.
    at_once: bool,
}

impl<'a> Questions<'a> {
    /// By Get, one call a node.
    pub(crate) fn one_by_one(dialect: &'a GnmiDialect, instance: &'a str) -> Self {
        Self { mapping: &dialect.mapping, instance, at_once: false }
    }

    /// By one subscription.
    pub(crate) fn at_once(dialect: &'a GnmiDialect, instance: &'a str) -> Self {
        Self { mapping: &dialect.mapping, instance, at_once: true }
    }

    /// What to ask for first.
    pub(crate) fn first(self, scope: &Scope) -> Vec<Node> {
        match self.mapping {
            Mapping::Tree(tree) => {
                let mut nodes = entries(tree, self.instance, scope);
                if scope.stp {
                    nodes.extend(stp_of(tree, &scope.interfaces));
                }
                if self.at_once || scope.interfaces == InterfaceScope::All {
                    nodes.extend(lacp_of(tree, &scope.interfaces));
                }
                if self.at_once {
                    nodes = nodes.iter().flat_map(|node| containers(tree, node)).collect();
                }
                nodes
            }
            Mapping::MacVrf => mac_vrf::entries(self.instance, scope, self.at_once),
        }
    }

    /// What else to ask for, now that this is known.
    ///
    /// # Errors
    /// A sentence that names what cannot be understood.
    pub(crate) fn then(self, found: &tree::Tree, scope: &Scope) -> Result<Vec<Node>, String> {
        match self.mapping {
            Mapping::Tree(_) if self.at_once || scope.interfaces == InterfaceScope::All => Ok(Vec::new()),
            Mapping::Tree(tree) => Ok(lacp(tree, &self.decode(found, scope)?)),
            Mapping::MacVrf => Ok(mac_vrf::memberships(found.root(), self.instance, scope)),
        }
    }

    /// What the answers say.
    ///
    /// # Errors
    /// A sentence that names what cannot be understood.
    pub(crate) fn decode(self, found: &tree::Tree, scope: &Scope) -> Result<Running, String> {
        match self.mapping {
            Mapping::Tree(tree) => running(tree, self.instance, found.root(), scope),
            Mapping::MacVrf => mac_vrf::running(found.root(), self.instance, scope),
        }
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
    match &scope.vlans {
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
    let Some(lacp) = &tree.lacp else { return Vec::new() };
    let aggregates = running.interfaces.values().filter(|interface| interface.is_aggregate());
    aggregates.map(|one| Node { path: lacp.interface.clone(), names: Names::interface(&one.name) }).collect()
}

/// The LACP entries that interfaces of a scope may have.
fn lacp_of(tree: &Tree, interfaces: &InterfaceScope) -> Vec<Node> {
    tree.lacp.as_ref().map(|lacp| entries_of(&lacp.interface, interfaces)).unwrap_or_default()
}

/// The spanning tree entries that interfaces of a scope may have.
fn stp_of(tree: &Tree, interfaces: &InterfaceScope) -> Vec<Node> {
    tree.stp.as_ref().map(|stp| entries_of(&stp.interface, interfaces)).unwrap_or_default()
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
    let below = if node.path == tree.interface {
        interface_leaves(tree)
    } else if let Some(vlan) = tree.vlan.as_ref().filter(|vlan| node.path == vlan.entry) {
        [vlan.id.as_ref(), vlan.name.as_ref(), vlan.status.as_ref()].into_iter().flatten().collect()
    } else if let Some(lacp) = tree.lacp.as_ref().filter(|lacp| node.path == lacp.interface) {
        vec![&lacp.name, &lacp.interval, &lacp.mode]
    } else if let Some(stp) = tree.stp.as_ref().filter(|stp| node.path == stp.interface) {
        let edge = stp.edge_port.as_ref().map(|(path, _)| path);
        [stp.name.as_ref(), edge, stp.bpdu_guard.as_ref()].into_iter().flatten().collect()
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
    let leaves = [&tree.name, &tree.kind, &tree.description, &tree.mtu, &tree.aggregate_id];
    let mut paths: Vec<&NodePath> = leaves.into_iter().flatten().collect();
    paths.extend(tree.enabled.as_ref().map(|(path, _)| path));
    if let Some(aggregation) = &tree.aggregation {
        paths.extend([&aggregation.lag_type, &aggregation.min_links]);
        paths.extend(&aggregation.mlag_id);
    }
    for vlans in std::iter::once(&tree.switched_vlan).chain(&tree.aggregate_switched_vlan) {
        paths.extend([&vlans.access_vlan, &vlans.native_vlan, &vlans.trunk_vlans.path]);
    }
    paths
}
