//! What to ask for to see a scope.

use std::borrow::Cow;

use mercury_adapter::{Names, Node, NodePath, RestconfDialect, Tree};
use mercury_model::{InterfaceScope, List, Running, Scope, VlanScope};

use crate::request::top;

/// Of more VLANs than this the whole list is asked for.
const MANY: usize = 4;

/// The nodes to read for a scope: the entries of named interfaces and VLANs, or what is
/// around their lists. What only aggregates have of LACP is among them where `together`,
/// and is left for [`aggregates`] where each node is a request and interfaces are named.
pub(crate) fn nodes(dialect: &RestconfDialect, instance: &str, scope: &Scope, together: bool) -> Vec<Node> {
    let tree = &*dialect.tree;
    if tree.switched_vlan.by_vlan {
        // What a port carries, all VLANs together tell.
        let overlay = tree.overlay.as_ref().filter(|_| scope.overlays);
        return std::iter::once(around(tree)).chain(overlay.into_iter().flat_map(|own| own.asked(instance))).collect();
    }
    let mut nodes = entries(&tree.interface, &scope.interfaces);
    if let Some(vlan) = &tree.vlan {
        // Where VLANs are kept among the interfaces, all of those are all of these.
        let beside = vlan.is_beside(&tree.interface);
        match &*asked(scope) {
            VlanScope::Named(ids) => {
                let one = |id| Node { path: vlan.entry.clone(), names: Names::vlan(instance, Some(id), None) };
                nodes.extend(ids.iter().copied().map(one));
            }
            VlanScope::All if beside && scope.interfaces == InterfaceScope::All => {}
            VlanScope::All => {
                nodes.push(Node { path: vlan.entry.parent(), names: Names::vlan(instance, None, None) });
            }
        }
    }
    if let Some(overlay) = tree.overlay.as_ref().filter(|_| scope.overlays) {
        nodes.extend(overlay.asked(instance));
    }
    if scope.stp {
        nodes.extend(list_of(tree, List::Stp, &scope.interfaces));
    }
    if together || scope.interfaces == InterfaceScope::All {
        nodes.extend(list_of(tree, List::Lacp, &scope.interfaces));
    }
    nodes
}

/// What those interfaces have of LACP that are found to be aggregates.
pub(crate) fn aggregates(tree: &Tree, running: &Running) -> Vec<Node> {
    let Some(lacp) = tree.lists.get(&List::Lacp).filter(|lacp| lacp.is_beside) else { return Vec::new() };
    let aggregates = running.interfaces.values().filter(|interface| interface.is_aggregate());
    aggregates.map(|one| Node { path: lacp.entry.clone(), names: Names::interface(&one.name) }).collect()
}

/// The same nodes, those of them that lie in one container of the top by that, whole.
pub(crate) fn whole(nodes: &[Node]) -> Vec<Node> {
    let mut asked: Vec<Node> = Vec::new();
    for node in nodes {
        let top = top(&node.path);
        let beside = |other: &Node| !top.steps.is_empty() && other.path.steps.starts_with(&top.steps);
        let several = nodes.iter().filter(|other| beside(other)).count() > 1;
        let node = if several { Node { path: top, names: Names::default() } } else { node.clone() };
        if !asked.contains(&node) {
            asked.push(node);
        }
    }
    asked
}

/// Everything that the configuration names: all interfaces, all VLANs.
pub(crate) fn everything(dialect: &RestconfDialect, instance: &str) -> Vec<Node> {
    let scope = Scope { interfaces: InterfaceScope::All, vlans: VlanScope::All, ..Scope::default() };
    nodes(dialect, instance, &scope, true)
}

/// What holds the operational state of every interface.
pub(crate) fn state(tree: &Tree) -> Option<Node> {
    let steps = tree.oper_status.as_ref()?.steps.iter().take_while(|step| step.keys.is_empty());
    let path = NodePath { steps: steps.cloned().collect() };
    (!path.steps.is_empty()).then(|| Node { path, names: Names::default() })
}

/// What the list of interfaces is in.
fn around(tree: &Tree) -> Node {
    Node { path: tree.interface.parent(), names: Names::default() }
}

/// What is asked for to see a scope's VLANs: them, or more.
fn asked(scope: &Scope) -> Cow<'_, VlanScope> {
    match &scope.vlans {
        VlanScope::Named(ids) if ids.len() > MANY => Cow::Owned(VlanScope::All),
        other => Cow::Borrowed(other),
    }
}

/// The entries that interfaces of a scope may have in a list of their own.
fn list_of(tree: &Tree, list: List, interfaces: &InterfaceScope) -> Vec<Node> {
    let own = tree.lists.get(&list).filter(|own| own.is_beside);
    own.map(|own| entries(&own.entry, interfaces)).unwrap_or_default()
}

fn entries(path: &NodePath, interfaces: &InterfaceScope) -> Vec<Node> {
    match interfaces {
        InterfaceScope::Named(names) => {
            let one = |name| Node { path: path.clone(), names: Names::interface(name) };
            names.iter().map(one).collect()
        }
        InterfaceScope::All => vec![Node { path: path.parent(), names: Names::default() }],
    }
}
