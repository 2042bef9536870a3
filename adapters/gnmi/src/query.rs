//! What to ask for to see a scope.

use mercury_adapter::{Names, NodePath, Tree};
use mercury_model::{InterfaceScope, Running, Scope, VlanScope};

use crate::operations::Node;

/// The entries to read for a scope: those of named interfaces and VLANs, or
/// the containers around their lists. `/` is never asked for
/// (featureprofiles, gnmi_get_on_root_unsupported).
pub(crate) fn entries(tree: &Tree, instance: &str, scope: &Scope) -> Vec<Node> {
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
    let beside = vlan.entry.parent() == tree.interface.parent();
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

/// LACP entries are kept apart and only aggregates have them, so they are
/// asked for once it is known which interfaces those are.
pub(crate) fn lacp(tree: &Tree, running: &Running) -> Vec<Node> {
    let Some(lacp) = &tree.lacp else { return Vec::new() };
    if running.scope.interfaces == InterfaceScope::All {
        return vec![Node { path: lacp.interface.parent(), names: Names::default() }];
    }
    let aggregates = running.interfaces.values().filter(|interface| interface.is_aggregate());
    aggregates.map(|one| Node { path: lacp.interface.clone(), names: Names::interface(&one.name) }).collect()
}

/// The containers below an entry that hold leaves Mercury reads; what a
/// subscription is narrowed to, since it knows no data types.
pub(crate) fn containers(tree: &Tree, node: &Node) -> Vec<Node> {
    let below = if node.path == tree.interface {
        interface_leaves(tree)
    } else if let Some(vlan) = tree.vlan.as_ref().filter(|vlan| node.path == vlan.entry) {
        [vlan.id.as_ref(), vlan.name.as_ref(), vlan.status.as_ref()].into_iter().flatten().collect()
    } else if let Some(lacp) = tree.lacp.as_ref().filter(|lacp| node.path == lacp.interface) {
        vec![&lacp.name, &lacp.interval, &lacp.mode]
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
    }
    for vlans in std::iter::once(&tree.switched_vlan).chain(&tree.aggregate_switched_vlan) {
        paths.extend([&vlans.access_vlan, &vlans.native_vlan, &vlans.trunk_vlans.path]);
    }
    paths
}
