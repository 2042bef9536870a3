//! What binds VLANs to VNIs.

use std::collections::BTreeSet;

use mercury_model::{Edit, Plan, Segment, VlanId, VlanName};

use super::Writing;
use crate::{Names, Node, Operations, Origin, OverlayTree, Unrenderable, operations::Value, spelling::vlan_key};

pub(super) fn bind(
    writing: &Writing<'_>,
    operations: &mut Operations,
    (vlan, name): (VlanId, Option<&VlanName>),
    after: &Segment,
) -> Result<(), Unrenderable> {
    let tree = tree(writing, after)?;
    if after.vni > tree.highest {
        return Err(writing.cannot(&after.to_string(), &format!("the highest VNI there is {}", tree.highest)));
    }
    let entry = operations.entry(node(writing, tree, (vlan, name), after)?);
    if tree.entry.is_some() {
        entry.origin = Origin::Merge;
    }
    entry.set_instead(&tree.vni, Value::Number(after.vni.get().into()));
    if let Some(path) = &tree.vlan {
        entry.set(path, Some(Value::Number(vlan.get().into())));
    }
    tree.also.iter().for_each(|(path, word)| entry.set_instead(path, Value::Text(word.clone())));
    Ok(())
}

pub(super) fn unbind(
    writing: &Writing<'_>,
    operations: &mut Operations,
    (vlan, name): (VlanId, Option<&VlanName>),
    before: &Segment,
) -> Result<(), Unrenderable> {
    let tree = tree(writing, before)?;
    let node = node(writing, tree, (vlan, name), before)?;
    match &tree.entry {
        Some(_) => operations.removed.push(node),
        None => {
            let entry = operations.entry(node);
            entry.set(&tree.vni, None);
            tree.also.iter().for_each(|(path, _)| entry.set(path, None));
        }
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
        Some(_) if tree.names_vtep() && segment.vtep.is_none() => {
            Err(writing.cannot(&segment.to_string(), "the name of the VTEP is not known"))
        }
        Some(path) => Ok(Node { path: path.clone(), names: names.of_segment(segment) }),
        None => {
            let vlan = writing.tree.vlan.as_ref().ok_or_else(|| writing.lacks("vlan"))?;
            Ok(Node { path: vlan.entry.clone(), names })
        }
    }
}

/// One entry cannot be taken away and made in one edit: which comes first is the
/// target's choice.
pub(super) fn one_per_vni(writing: &Writing<'_>, plan: &Plan) -> Result<(), Unrenderable> {
    if writing.tree.overlay.as_ref().is_none_or(|tree| tree.entry.is_none()) {
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
