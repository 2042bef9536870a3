//! What one plan changes, in the order in which it has to be: what is set and what goes.

use std::fmt;

use mercury_adapter::{EntryOperations, LeafOperation, Node, NodePath, Operations, Origin, operations::Value};

use crate::{
    json::{Json, named},
    uri,
};

/// What one plan changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(pub(crate) Vec<Change>);

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Everything in this object, which is the entry's, is to be there beside what is.
    Merge(Node, Json),
    /// The same of an entry that must not be there yet.
    Create(Node, Json),
    /// The container is to hold this and nothing else; it has nothing else than what these
    /// other changes, one after the other, would take away.
    Replace(Node, Json, Vec<Change>),
    /// The node is to be gone; it need not be there.
    Remove(Node),
    /// This value is to be gone from the leaf-list.
    RemoveValue(Node, String),
}

impl Changes {
    /// What these operations change. Below an entry it is set first and taken away then, so
    /// that a list is never empty on its way: of a trunk, an empty one means every VLAN.
    /// Where `leaves_first` says so of an entry, what goes has to be gone before something
    /// else can come. A container that is Mercury's alone is replaced where something in it
    /// goes: a server may refuse what the one mode has beside the other (openconfig-vlan,
    /// `when`), as JetConf does, and there is nothing in between.
    pub(crate) fn of(operations: Operations, leaves_first: impl Fn(&NodePath) -> bool) -> Self {
        let mut changes: Vec<Change> = operations.cleared.into_iter().map(Change::Remove).collect();
        for entry in &operations.entries {
            let (kept, replaced) = replaced(entry);
            let (set, gone) = split(&kept);
            let touches = |leaf: &LeafOperation| match leaf {
                LeafOperation::Set(path, _) | LeafOperation::Remove(path) => leaves_first(path),
                LeafOperation::SetList { .. } => false,
            };
            if entry.leaves.iter().any(touches) {
                changes.extend(gone);
                changes.extend(set);
                changes.extend(replaced);
            } else {
                changes.extend(set);
                changes.extend(replaced);
                changes.extend(gone);
            }
        }
        changes.extend(operations.removed.into_iter().map(Change::Remove));
        Self(changes)
    }

    /// Without replacing anything.
    pub(crate) fn step_by_step(&self) -> impl Iterator<Item = &Change> {
        self.0.iter().flat_map(|change| match change {
            Change::Replace(.., steps) => steps.as_slice(),
            other => std::slice::from_ref(other),
        })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is done to an entry beside replacing a container of its, and that.
fn replaced(one: &EntryOperations) -> (EntryOperations, Option<Change>) {
    let Some(container) = &one.replaceable else { return (one.clone(), None) };
    let is_inside = |leaf: &LeafOperation| leaf.path().steps.starts_with(&container.steps);
    let (inside, beside): (Vec<_>, Vec<_>) = one.leaves.iter().cloned().partition(is_inside);
    let (set, gone) =
        split(&EntryOperations { leaves: inside, origin: Origin::Present, key_leaf: None, ..one.clone() });
    match set {
        Some(Change::Merge(entry, object)) if !gone.is_empty() => {
            let value = object.at(&container.steps).cloned().unwrap_or(Json::Object(Vec::new()));
            let steps = std::iter::once(Change::Merge(entry, object)).chain(gone).collect();
            let replaced = Change::Replace(one.entry.below(container), value, steps);
            (EntryOperations { leaves: beside, ..one.clone() }, Some(replaced))
        }
        _ => (one.clone(), None),
    }
}

/// What is set below an entry, in one piece, and what goes.
fn split(one: &EntryOperations) -> (Option<Change>, Vec<Change>) {
    let (mut object, mut gone) = (Json::Object(Vec::new()), Vec::new());
    let mut sets = one.origin != Origin::Present;
    let mut put = |path: &NodePath, value: Json| object.put(&path.steps, &one.entry.names, value);
    let set = |leaf: &&LeafOperation| match leaf {
        LeafOperation::Set(..) => true,
        LeafOperation::SetList { wanted, .. } => !wanted.is_empty(),
        LeafOperation::Remove(_) => false,
    };
    sets |= one.leaves.iter().any(|leaf| set(&leaf));
    if let (true, Some((path, value))) = (sets, &one.key_leaf) {
        put(path, value.into());
    }
    for leaf in &one.leaves {
        match leaf {
            LeafOperation::Set(path, value) => put(path, value.into()),
            LeafOperation::Remove(path) => gone.push(Change::Remove(one.entry.below(path))),
            LeafOperation::SetList { path, present, wanted } => {
                if !wanted.is_empty() {
                    put(path, Json::List(wanted.iter().map(Json::from).collect()));
                }
                let left = present.iter().filter(|value| !wanted.contains(value)).map(Value::text);
                gone.extend(left.map(|value| Change::RemoveValue(one.entry.below(path), value)));
            }
        }
    }
    let made = if one.origin == Origin::Create { Change::Create } else { Change::Merge };
    (sets.then(|| made(one.entry.clone(), object)), gone)
}

/// As people read it: one change a line.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.0 {
            match change {
                Change::Merge(node, value) => writeln!(f, "merge {} {}", uri::data(node), named(node, value))?,
                Change::Create(node, value) => writeln!(f, "create {} {}", uri::data(node), named(node, value))?,
                Change::Replace(node, value, _) => {
                    writeln!(f, "replace {} {}", uri::data(node), named(node, value))?;
                }
                Change::Remove(node) => writeln!(f, "remove {}", uri::data(node))?,
                Change::RemoveValue(node, value) => writeln!(f, "remove {}", uri::item(node, value))?,
            }
        }
        Ok(())
    }
}
