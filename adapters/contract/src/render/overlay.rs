//! What binds VLANs to VNIs.

use std::collections::BTreeSet;

use mercury_model::{Edit, Plan, Segment, VlanId, VlanName};

use super::Writing;
use crate::{
    Names, Node, NodePath, Operations, Origin, OverlayTree, SegmentLeaf, Unrenderable,
    operations::Value,
    spelling::{segment as spelling, vlan_key},
};

pub(super) fn bind(
    writing: &Writing<'_>,
    operations: &mut Operations,
    (vlan, name): (VlanId, Option<&VlanName>),
    before: Option<&Segment>,
    after: &Segment,
) -> Result<(), Unrenderable> {
    let tree = tree(writing, after)?;
    let is_flooded = after.flood.as_ref().is_none_or(|own| tree.says(own.mode()) == Some(true));
    if !is_flooded || tree.visible(after) != *after {
        return Err(writing.cannot(&after.to_string(), "not all of this is said of a VNI there"));
    }
    if after.vni > tree.highest {
        return Err(writing.cannot(&after.to_string(), &format!("the highest VNI there is {}", tree.highest)));
    }
    let node = node(writing, tree, (vlan, name), after)?;
    // Lines are typed in the order of the plan: what goes, and what comes in its place.
    let entry = if tree.by_lines { operations.begin(node) } else { operations.entry(node) };
    let names = entry.entry.names.clone();
    let is_new = |leaf: &SegmentLeaf| before.and_then(|own| leaf.get(own)) != leaf.get(after);
    for (leaf, path) in tree.leaves.iter().filter(|(leaf, _)| is_new(leaf)) {
        spelling::set(tree, (*leaf, path), entry, after, before);
    }
    if tree.by_lines && before.is_some() {
        return Ok(());
    }
    if tree.entry.is_some() {
        entry.origin = Origin::Merge;
    }
    entry.set_instead(&tree.vni, Value::Number(after.vni.get().into()));
    if let Some(path) = &tree.vlan {
        entry.set(path, Some(Value::Number(vlan.get().into())));
    }
    // What was put back would have more than it had.
    for (path, value) in tree.also.iter().filter(|(path, _)| !after.unsaid.0.contains(&path.shown())) {
        let value = match value {
            Value::Text(word) => Value::Text(names.resolve(word).unwrap_or_default().into_owned()),
            other => other.clone(),
        };
        entry.set_instead(path, value);
    }
    Ok(())
}

pub(super) fn unbind(
    writing: &Writing<'_>,
    operations: &mut Operations,
    (vlan, name): (VlanId, Option<&VlanName>),
    before: &Segment,
    is_bound_otherwise: bool,
) -> Result<(), Unrenderable> {
    let tree = tree(writing, before)?;
    let node = node(writing, tree, (vlan, name), before)?;
    let said = tree.leaves.iter().filter(|(leaf, _)| leaf.get(before).is_some()).map(|(_, path)| path);
    let below = [&tree.vni].into_iter().chain(said).chain(tree.also.iter().map(|(path, _)| path));
    if tree.by_lines {
        let flood = before.flood.as_ref().zip(tree.leaves.get(&SegmentLeaf::Flood));
        // Each way to flood has lines of its own.
        let flood = flood.map(|(own, path)| path.with_step(own.mode().word()));
        let entry = operations.begin(node);
        let is_flood = |path: &&NodePath| tree.leaves.get(&SegmentLeaf::Flood) == Some(*path);
        below.filter(|path| !is_flood(path)).chain(&flood).for_each(|path| entry.set(path, None));
    } else if tree.entry.is_some() {
        // Where it is done one after the other, two VNIs of one VLAN would be one network.
        let gone = if is_bound_otherwise { &mut operations.cleared } else { &mut operations.removed };
        gone.push(node);
    } else {
        let entry = operations.entry(node);
        below.for_each(|path| entry.set(path, None));
    }
    Ok(())
}

fn tree<'a>(writing: &Writing<'a>, segment: &Segment) -> Result<&'a OverlayTree, Unrenderable> {
    let reason = || writing.dialect.no_overlay(writing.protocol);
    writing.tree.overlay.as_ref().ok_or_else(|| writing.cannot(&segment.to_string(), reason()))
}

/// The entry that holds it.
fn node(
    writing: &Writing<'_>,
    tree: &OverlayTree,
    (vlan, name): (VlanId, Option<&VlanName>),
    segment: &Segment,
) -> Result<Node, Unrenderable> {
    let key = name.map_or_else(|| vlan_key(vlan), ToString::to_string);
    let names = Names::vlan(writing.instance, Some(vlan), Some(&key));
    match &tree.entry {
        // Of an entry that only says so below itself, others may have left that open.
        Some(path) if path.has_placeholder("{vtep}") && !tree.by_lines && segment.vtep.is_none() => {
            Err(writing.cannot(&segment.to_string(), "the name of the VTEP is not known"))
        }
        Some(path) => Ok(Node { path: path.clone(), names: names.of_segment(segment) }),
        None => {
            let vlan = writing.tree.vlan.as_ref().ok_or_else(|| writing.lacks("vlan"))?;
            Ok(Node { path: vlan.entry.clone(), names })
        }
    }
}

/// Whether what comes binds the VLAN.
pub(super) fn is_bound_otherwise(plan: &Plan, vlan: VlanId) -> bool {
    plan.edits.iter().any(|edit| matches!(edit, Edit::Bind { vlan: bound, .. } if *bound == vlan))
}

/// One entry cannot be taken away and made in one edit: which comes first is the
/// target's choice.
pub(super) fn one_per_vni(writing: &Writing<'_>, plan: &Plan) -> Result<(), Unrenderable> {
    if writing.tree.overlay.as_ref().is_none_or(|tree| tree.entry.is_none() || tree.by_lines) {
        return Ok(());
    }
    let mut vnis = BTreeSet::new();
    for edit in &plan.edits {
        let (Edit::Bind { after: segment, .. } | Edit::Unbind { before: segment, .. }) = edit else { continue };
        if !vnis.insert(segment.vni) {
            let reason = "what binds it has to go before what binds it otherwise comes";
            return Err(writing.cannot(&format!("VNI {} on another VLAN in one change", segment.vni), reason));
        }
    }
    Ok(())
}
