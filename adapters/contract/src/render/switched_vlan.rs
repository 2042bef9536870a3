//! The leaves of `switched-vlan`. Each is set or taken away by itself: what
//! else stands beside them is not Mercury's.

use mercury_model::{self as model, Change, InterfaceName, SwitchedVlan};

use super::{Writing, membership};
use crate::{
    LeafOperation, NodePath, Operations, SwitchedVlanTree, Unrenderable,
    operations::Value,
    spelling::{self, Leaf, Unsayable},
};

/// Sets what the change wants, and takes away the other leaves that are there,
/// those included that mean nothing in the present mode: they would come to life
/// in the next. What is not there is not taken away: netconfd makes a leaf of 0 of
/// that in a container that is new, and SONiC an error.
pub(super) fn change(
    writing: &Writing<'_>,
    operations: &mut Operations,
    interface: &InterfaceName,
    aggregate: bool,
    change: &Change,
) -> Result<(), Unrenderable> {
    let tree = match (aggregate, &writing.tree.aggregate_switched_vlan) {
        (true, Some(own)) => own,
        _ => &writing.tree.switched_vlan,
    };
    let vlans = |value: &Option<model::Value>| match value {
        Some(model::Value::SwitchedVlan(vlans)) => Some(vlans.clone()),
        _ => None,
    };
    let (before, after) = (vlans(&change.before), vlans(&change.after));
    if let Some(others) = before.as_ref().and_then(SwitchedVlan::foreign).map(|foreign| &foreign.others)
        && !others.is_empty()
    {
        let reason = format!("it has {}, which changes what VLANs mean there", others.join(", "));
        return Err(writing.cannot(&format!("VLANs on {interface}"), &reason));
    }
    let cannot = |unsayable: Unsayable| writing.cannot(unsayable.what, unsayable.reason);
    let wanted = match (&change.rewritten, &after) {
        (Some(written), _) => spelling::as_read(tree, written),
        (None, Some(after)) => said(tree, after).map_err(cannot)?,
        (None, None) => Vec::new(),
    };
    let present = match &change.written {
        Some(written) => spelling::as_read(tree, written),
        None => before.as_ref().and_then(|before| said(tree, before).ok()).unwrap_or_default(),
    };
    if tree.by_vlan {
        membership::change(writing, operations, interface, tree, [&present, &wanted]);
        return Ok(());
    }
    let entry = writing.interface(operations, interface);
    let whole = writing.one_by_one && change.alone && !present.is_empty() && !tree.is_by_list();
    let container = tree.container().filter(|_| whole);
    if let (Some(container), true) = (&container, wanted.is_empty()) {
        // There is nothing between a trunk and none then.
        entry.set(container, None);
        return Ok(());
    }
    entry.replaceable = container;
    for path in paths(tree, &wanted, &present) {
        let of = |leaves: &[Leaf]| -> Vec<Option<String>> {
            leaves.iter().filter(|(own, _)| *own == path).map(|(_, value)| value.clone()).collect()
        };
        let (wanted, present) = (of(&wanted), of(&present));
        if path == tree.trunk_vlans.path && !tree.trunk_vlans.joined {
            let typed = |values: Vec<Option<String>>| {
                values.iter().flatten().map(|value| Value::vlans(value)).collect::<Vec<Value>>()
            };
            let (present, wanted) = (typed(present), typed(wanted));
            entry.leaves.push(LeafOperation::SetList { path, present, wanted });
            continue;
        }
        let is_vlan = path == tree.access_vlan || path == tree.native_vlan;
        let is_leaf = path.steps.last().is_some_and(|step| step.keys.is_empty()) && !tree.mode.is_at(&path);
        let value = wanted.into_iter().next().map(|text| match text {
            None if is_leaf => Value::Empty,
            None => Value::Container,
            Some(text) if is_vlan => Value::vlans(&text),
            Some(text) => Value::Text(text),
        });
        entry.set(&path, value);
    }
    if after.is_some() {
        for (path, text) in &tree.also {
            entry.set(path, Some(Value::Text(text.clone())));
        }
    }
    Ok(())
}

/// The leaves that say it; foreign ones as they were read.
fn said(tree: &SwitchedVlanTree, vlans: &SwitchedVlan) -> Result<Vec<Leaf>, Unsayable> {
    match vlans {
        SwitchedVlan::Foreign(foreign) => Ok(spelling::as_read(tree, foreign)),
        known => spelling::leaves(tree, known),
    }
}

/// Every leaf that is wanted or there, each once, since some targets take one operation at
/// a time. The mode is set first, because the other leaves mean something only in a mode
/// (openconfig-vlan, `when`). Where none is to be, it goes first, and the list goes last: a
/// trunk that has lost its list and is one still carries every VLAN, for good where it ends
/// there. Where the list is what makes a port a trunk, that goes first.
fn paths(tree: &SwitchedVlanTree, wanted: &[Leaf], present: &[Leaf]) -> Vec<NodePath> {
    let mut gone: Vec<&NodePath> = present.iter().map(|(path, _)| path).collect();
    let is_list = |path: &&NodePath| tree.trunk_nodes().any(|node| node.shown() == path.shown());
    let has_list = gone.iter().any(is_list);
    if !wanted.is_empty() || tree.is_by_list() || !has_list {
        gone.reverse();
    }
    let mut once: Vec<NodePath> = Vec::new();
    for path in wanted.iter().map(|(path, _)| path).chain(gone) {
        if !once.contains(path) {
            once.push(path.clone());
        }
    }
    once
}
