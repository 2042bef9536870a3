//! One leaf of an interface.

use mercury_model::{self as model, Change, InterfaceName, Leaf, List};

use super::Writing;
use crate::{EntryOperations, LeafTree, Names, Node, Operations, Origin, Unrenderable, operations::Value};

/// Sets the leaf to what the change wants, or has it gone.
pub(super) fn change(
    writing: &Writing<'_>,
    operations: &mut Operations,
    interface: &InterfaceName,
    change: &Change,
) -> Result<(), Unrenderable> {
    let Some(tree) = writing.tree.leaves.get(&change.leaf) else {
        // What is so anyway needs no place.
        let default = writing.dialect.defaults(writing.protocol).and_then(|all| all.leaves.get(&change.leaf));
        let is_default = change.after.is_some() && change.after.as_ref() == default;
        return if is_default { Ok(()) } else { Err(writing.lacks(change.leaf.name())) };
    };
    let list = change.leaf.list().and_then(|list| writing.tree.lists.get(&list)).filter(|list| list.is_beside);
    if let Some(path) = loses(writing, tree, change) {
        let reason = format!("{path} would go, which holds more than Mercury's");
        return Err(writing.cannot(&format!("another {} of {interface}", change.leaf), &reason));
    }
    let entry = match list {
        None => writing.interface(operations, interface),
        Some(list) => {
            let entry = operations.entry(Node { path: list.entry.clone(), names: Names::interface(interface) });
            entry.key_leaf = list.name.as_ref().map(|path| (path.clone(), Value::Text(interface.to_string())));
            if change.makes_entry {
                entry.origin = Origin::Merge;
            }
            entry
        }
    };
    if let (Leaf::AggregateId, None, Some(_), Some(path)) =
        (change.leaf, &change.before, &change.after, &writing.tree.member_without)
    {
        if let Some(other) = &change.besides {
            let reason = format!("a member has no unit, and {other} in its own would be lost");
            return Err(writing.cannot(&format!("{interface} as a member of an aggregate"), &reason));
        }
        entry.set(path, None);
    }
    match tree {
        LeafTree::Value { path, or, words, identity, absent } => {
            let place = |number: usize| std::iter::once(path).chain(or).nth(number).unwrap_or(path);
            let (before, after) = (place(change.places.before), place(change.places.after));
            if change.before.is_some() && before != after {
                entry.set(before, None);
            }
            // A value without a word among those that have one is said by its absence.
            let is_left_out = |value: &&model::Value| {
                let spelled = value.spelled();
                !words.is_empty() && spelled == *absent && words.iter().all(|(word, _)| Some(word) != spelled.as_ref())
            };
            let value =
                change.after.as_ref().filter(|value| !is_left_out(value)).map(|value| match (value, identity) {
                    (model::Value::Word(word), Some(module)) => Value::Identity(module.clone(), (*word).to_owned()),
                    (value, _) => written(change.leaf, value, words),
                });
            // Nothing said and nothing to say: it need not even be there.
            if value.is_some() || change.before.is_some() {
                entry.set(if value.is_some() { after } else { before }, value);
            }
            Ok(())
        }
        LeafTree::Presence { present, absent } => {
            let word = |value: &Option<model::Value>| match value {
                Some(model::Value::Foreign(foreign)) => foreign.values().first().cloned(),
                other => other.as_ref().and_then(model::Value::spelled),
            };
            presence(entry, present, (word(&change.before), word(&change.after)), absent.as_deref()).map_err(|word| {
                let said: Vec<_> = present.iter().map(|(word, _)| word.as_str()).collect();
                let reason = match (said.as_slice(), absent) {
                    ([], Some(always)) => format!("it is always {always}"),
                    _ => format!("it says {} or nothing", said.join(" or ")),
                };
                writing.cannot(&format!("{} {word}", change.leaf), &reason)
            })
        }
    }
}

/// The container that goes with a leaf's value although it holds what others put
/// there: where LACP is spoken if its container is there, say.
fn loses(writing: &Writing<'_>, tree: &LeafTree, change: &Change) -> Option<String> {
    let LeafTree::Presence { present, .. } = tree else { return None };
    let before = change.before.as_ref().and_then(model::Value::spelled)?;
    let (_, path) = present.iter().find(|(word, _)| *word == before)?;
    let lacp = writing.tree.lists.get(&List::Lacp).filter(|lacp| !lacp.is_beside && lacp.entry == *path)?;
    change.shares_lacp.then(|| lacp.entry.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join("/"))
}

/// A value in the dialect's words; a foreign one as it was read.
fn written(leaf: Leaf, value: &model::Value, words: &[(String, String)]) -> Value {
    match value {
        model::Value::Number(number) => Value::Number((*number).into()),
        model::Value::Boolean(boolean) => Value::Boolean(*boolean),
        model::Value::Foreign(foreign) => {
            let text = foreign.values().first().cloned().unwrap_or_default();
            let numeric = matches!(leaf, Leaf::Mtu | Leaf::MinLinks | Leaf::MlagId);
            text.parse().ok().filter(|_| numeric).map_or(Value::Text(text), Value::Number)
        }
        other => {
            let spelled = other.spelled().unwrap_or_default();
            let own = words.iter().find(|(word, _)| *word == spelled);
            match own.map_or(spelled, |(_, own)| own.clone()).as_str() {
                // Words of a boolean leaf.
                own @ ("true" | "false") => Value::Boolean(own == "true"),
                own => Value::Text(own.to_owned()),
            }
        }
    }
}

/// `Err` is the word that cannot be said.
fn presence(
    entry: &mut EntryOperations,
    present: &[(String, crate::NodePath)],
    (before, after): (Option<String>, Option<String>),
    absent: Option<&str>,
) -> Result<(), String> {
    let says = |word: &str| present.iter().find(|(other, _)| other == word).map(|(_, path)| path);
    // A presence container with another's node in it says by itself something else.
    let holder = |path| present.iter().map(|(_, other)| other).find(|other| other.is_above(path));
    let said = |word: Option<String>| {
        let word = word.filter(|word| says(word).is_some() || absent != Some(word.as_str()));
        word.map(|word| says(&word).ok_or(word)).transpose()
    };
    let (before, after) = (said(before)?, said(after)?);
    match (before, after) {
        (Some(before), None) => entry.set(holder(before).unwrap_or(before), None),
        (Some(before), Some(after)) if !before.is_above(after) => entry.set(before, None),
        _ => {}
    }
    if let Some(after) = after {
        let holds = present.iter().any(|(_, other)| after.is_above(other));
        entry.set(after, Some(if holds { Value::Container } else { Value::Empty }));
    }
    Ok(())
}
