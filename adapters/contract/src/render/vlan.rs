//! VLANs themselves.

use std::collections::BTreeSet;

use mercury_model::{Edit, Plan, Vlan, VlanStatus};

use super::Writing;
use crate::{
    Module, Names, Node, NodePath, Operations, Origin, Unrenderable, VlanTree, operations::Value, spelling::vlan_key,
};

pub(super) fn make(
    writing: &Writing<'_>,
    operations: &mut Operations,
    before: Option<&Vlan>,
    after: &Vlan,
) -> Result<(), Unrenderable> {
    let tree = writing.tree.vlan.as_ref().ok_or_else(|| writing.lacks("vlan"))?;
    let keyed_by_name = tree.is_keyed_by_name();
    if keyed_by_name && before.is_some_and(|before| before.name != after.name) {
        let reason = "the name is the VLAN's key: what else is configured on it would be lost";
        return Err(writing.cannot(&format!("another name for VLAN {}", after.id), reason));
    }
    let named = after.name.as_ref().map(|name| Value::Text(name.to_string()));
    let name = match (&tree.name, before.and_then(|before| before.name.as_ref())) {
        (Some(path), had) => (named.is_some() || had.is_some()).then_some((path, named)),
        (None, _) if named.is_some() && !keyed_by_name => return Err(writing.lacks("vlan.name")),
        (None, _) => None,
    };
    let status = status(writing, tree, before, after)?;
    // A plan names a VLAN once.
    let entry = operations.begin(Node { path: tree.entry.clone(), names: names(writing, after) });
    // A VLAN with this name and another number keeps its number: a merge would change it.
    entry.origin = if keyed_by_name && before.is_none() { Origin::Create } else { Origin::Merge };
    if let Some(path) = &tree.id {
        entry.set(path, Some(Value::Number(after.id.get().into())));
    } else if let (true, Some(path)) = (tree.is_beside(&writing.tree.interface), &writing.tree.name) {
        entry.key_leaf = tree.entry.key(&entry.entry.names).map(|key| (path.clone(), Value::Text(key)));
    }
    if let (None, Some(kind), Some(path)) = (before, &tree.kind, &writing.tree.kind) {
        entry.set(path, Some(Value::Identity(Module::iana_if_type(), kind.clone())));
    }
    if let Some((path, value)) = name {
        entry.set(path, value);
    }
    if let Some((path, word)) = status {
        entry.set(path, Some(Value::Text(word)));
    }
    Ok(())
}

fn status<'a>(
    writing: &Writing<'_>,
    tree: &'a VlanTree,
    before: Option<&Vlan>,
    vlan: &Vlan,
) -> Result<Option<(&'a NodePath, String)>, Unrenderable> {
    match (&tree.status, &vlan.status) {
        // There it is active without a word.
        (Some(_), status)
            if !tree.status_words.is_empty()
                && before.map_or(VlanStatus::Active == *status, |before| before.status == *status) =>
        {
            Ok(None)
        }
        (Some(path), status) => {
            let own = tree.status_words.iter().find(|(word, _)| word == status.word());
            Ok(Some((path, own.map_or(status.word(), |(_, own)| own).to_owned())))
        }
        (None, VlanStatus::Active) => Ok(None),
        (None, _) => Err(writing.lacks("vlan.status")),
    }
}

pub(super) fn remove(writing: &Writing<'_>, operations: &mut Operations, before: &Vlan) -> Result<(), Unrenderable> {
    let tree = writing.tree.vlan.as_ref().ok_or_else(|| writing.lacks("vlan"))?;
    operations.removed.push(Node { path: tree.entry.clone(), names: names(writing, before) });
    Ok(())
}

/// One entry cannot be taken away and made in one edit: which comes first is
/// the target's choice.
pub(super) fn one_per_key(writing: &Writing<'_>, plan: &Plan) -> Result<(), Unrenderable> {
    if !writing.tree.vlan.as_ref().is_some_and(VlanTree::is_keyed_by_name) {
        return Ok(());
    }
    let mut keys = BTreeSet::new();
    for edit in &plan.edits {
        let (Edit::Vlan { after: vlan, .. } | Edit::RemoveVlan { before: vlan }) = edit else { continue };
        let key = key(vlan);
        if !keys.insert(key.clone()) {
            let reason = "the name is the VLAN's key, so one has to go before the other comes";
            return Err(writing.cannot(&format!("two VLANs named {key:?} in one change"), reason));
        }
    }
    Ok(())
}

fn key(vlan: &Vlan) -> String {
    vlan.name.as_ref().map_or_else(|| vlan_key(vlan.id), ToString::to_string)
}

fn names(writing: &Writing<'_>, vlan: &Vlan) -> Names {
    Names::vlan(writing.instance, Some(vlan.id), Some(&key(vlan)))
}
