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
    /// The node is to be gone; it need not be there.
    Remove(Node),
    /// This value is to be gone from the leaf-list.
    RemoveValue(Node, String),
}

impl Changes {
    /// What these operations change. Below an entry it is set first and taken away then, so
    /// that a list is never empty on its way: of a trunk, an empty one means every VLAN.
    /// Where `leaves_first` says so of an entry, what goes has to be gone before something
    /// else can come.
    pub(crate) fn of(operations: Operations, leaves_first: impl Fn(&NodePath) -> bool) -> Self {
        let mut changes = Vec::new();
        for entry in &operations.entries {
            let (set, gone) = split(entry);
            let touches = |leaf: &LeafOperation| match leaf {
                LeafOperation::Set(path, _) | LeafOperation::Remove(path) => leaves_first(path),
                LeafOperation::SetList { .. } => false,
            };
            if entry.leaves.iter().any(touches) {
                changes.extend(gone);
                changes.extend(set);
            } else {
                changes.extend(set);
                changes.extend(gone);
            }
        }
        changes.extend(operations.removed.into_iter().map(Change::Remove));
        Self(changes)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
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
                Change::Remove(node) => writeln!(f, "remove {}", uri::data(node))?,
                Change::RemoveValue(node, value) => writeln!(f, "remove {}", uri::item(node, value))?,
            }
        }
        Ok(())
    }
}
