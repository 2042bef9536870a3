//! Edits, and what each operation does (RFC 6241 section 7.2, RFC 7950
//! sections 7.5.8, 7.6.7, 7.7.9 and 7.8.6). No encoding here: a face turns its
//! request into an [`Edit`], and whatever cannot be said in the schema is
//! refused there already.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    datastore::{Container, Data, Key},
    refusal::{Reason, Tag, Trail},
    schema::{self, Kind, Node, Value},
};

/// What to do with a node and, unless they say otherwise, those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Add or overwrite; never takes anything away.
    Merge,
    /// Make it exactly this.
    Replace,
    /// Add; `data-exists` if it is there.
    Create,
    /// Take away; `data-missing` if it is not there.
    Delete,
    /// Take away if it is there.
    Remove,
    /// Only walk through; `data-missing` if it is not there.
    None,
}

/// A set of changes to one datastore, all or none of which happen.
#[derive(Debug, Clone)]
pub struct Edit {
    /// For nodes that name no operation, nor does any above them.
    pub default: Operation,
    /// Changes at the top level.
    pub nodes: Vec<EditNode>,
}

/// A change at one schema node.
#[derive(Debug, Clone)]
pub struct EditNode {
    /// Index among the parent's schema children.
    pub index: usize,
    /// The schema node.
    pub schema: &'static Node,
    /// What to do; inherited if `None`.
    pub operation: Option<Operation>,
    /// What to do it with.
    pub content: Content,
}

/// The payload of a change.
#[derive(Debug, Clone)]
pub enum Content {
    /// Changes below a container.
    Container(Vec<EditNode>),
    /// Changes below a list entry, its key leaf not among them.
    Entry(Key, Vec<EditNode>),
    /// A leaf's value; may be absent where the operation needs none.
    Leaf(Option<Value>),
    /// One value of a leaf-list.
    Item(Value),
    /// All of a list or leaf-list, to be deleted or removed.
    Whole,
}

impl Edit {
    /// Applies the edit to a copy, so that a failure changes nothing.
    ///
    /// # Errors
    /// The first operation that cannot be carried out, with its path.
    pub fn apply(&self, to: &Container) -> Result<Container, Reason> {
        let mut root = to.clone();
        if self.default == Operation::Replace {
            // Here "replace" is about the datastore, not about the nodes that
            // happen to be in the edit (RFC 6241 section 7.2).
            root = Container::default();
        }
        apply_all(&mut root, &self.nodes, self.default, &Trail::Root)?;
        Ok(root)
    }
}

fn apply_all(parent: &mut Container, edits: &[EditNode], inherited: Operation, path: &Trail<'_>) -> Result<(), Reason> {
    edits.iter().try_for_each(|edit| {
        let operation = edit.operation.unwrap_or(inherited);
        match &edit.content {
            Content::Container(below) => container(parent, edit, below, operation, path),
            Content::Entry(key, below) => entry(parent, edit, (key, below), operation, path),
            Content::Leaf(value) => leaf(parent, edit, value.as_ref(), operation, path),
            Content::Item(value) => item(parent, edit, value, operation, path),
            Content::Whole => whole(parent, edit, operation, path),
        }
    })
}

fn container(
    parent: &mut Container,
    edit: &EditNode,
    below: &[EditNode],
    operation: Operation,
    path: &Trail<'_>,
) -> Result<(), Reason> {
    let path = path.child(edit.schema, None);
    match operation {
        Operation::Delete | Operation::Remove => {
            let existed = parent.remove(edit.index);
            return existed_unless_removed(existed, operation, &path);
        }
        Operation::Create if parent.get(edit.index).is_some() => return Err(exists(&path)),
        Operation::Replace => {
            parent.remove(edit.index);
        }
        Operation::Create | Operation::Merge | Operation::None => {}
    }
    // A non-presence container is there whenever its parent is (RFC 7950
    // section 7.5.1), hence no data-missing here for "none".
    parent.update(
        edit.index,
        || Data::Container(Container::default()),
        |data| match data {
            Data::Container(inner) => apply_all(inner, below, operation, &path),
            _ => Err(misshapen(&path)),
        },
    )
}

fn entry(
    parent: &mut Container,
    edit: &EditNode,
    (key, below): (&Key, &[EditNode]),
    operation: Operation,
    path: &Trail<'_>,
) -> Result<(), Reason> {
    let Kind::List { key: key_leaf, children } = edit.schema.kind else {
        return Err(misshapen(path));
    };
    let path = path.child(edit.schema, Some((key_leaf, key)));
    parent.update(
        edit.index,
        || Data::List(BTreeMap::new()),
        |data| {
            let Data::List(entries) = data else { return Err(misshapen(&path)) };
            match operation {
                Operation::Delete | Operation::Remove => {
                    let existed = entries.remove(key).is_some();
                    return existed_unless_removed(existed, operation, &path);
                }
                Operation::Create if entries.contains_key(key) => return Err(exists(&path)),
                Operation::None if !entries.contains_key(key) => return Err(missing(&path)),
                Operation::Replace => {
                    entries.remove(key);
                }
                Operation::Create | Operation::Merge | Operation::None => {}
            }
            let entry = Arc::make_mut(entries.entry(key.clone()).or_default());
            if let Some((index, value)) = key_value(children, key_leaf, key) {
                entry.set(index, Data::Leaf(value));
            }
            apply_all(entry, below, operation, &path)
        },
    )
}

fn key_value(children: &'static [Node], name: &str, key: &Key) -> Option<(usize, Value)> {
    let (index, node) = schema::child(children, name)?;
    match &node.kind {
        Kind::Leaf(kind) => Some((index, kind.parse(key.as_str(), None)?)),
        _ => None,
    }
}

fn leaf(
    parent: &mut Container,
    edit: &EditNode,
    value: Option<&Value>,
    operation: Operation,
    path: &Trail<'_>,
) -> Result<(), Reason> {
    let path = path.child(edit.schema, None);
    let existed = parent.get(edit.index).is_some();
    match operation {
        Operation::Delete | Operation::Remove => {
            parent.remove(edit.index);
            existed_unless_removed(existed, operation, &path)
        }
        Operation::Create if existed => Err(exists(&path)),
        Operation::None if !existed => Err(missing(&path)),
        Operation::None => Ok(()),
        Operation::Create | Operation::Merge | Operation::Replace => {
            let value = value.ok_or_else(|| Reason::application(Tag::InvalidValue, &path, "a value is required"))?;
            parent.set(edit.index, Data::Leaf(value.clone()));
            Ok(())
        }
    }
}

fn item(
    parent: &mut Container,
    edit: &EditNode,
    value: &Value,
    operation: Operation,
    path: &Trail<'_>,
) -> Result<(), Reason> {
    let path = path.child(edit.schema, None);
    parent.update(
        edit.index,
        || Data::LeafList(Vec::new()),
        |data| {
            let Data::LeafList(values) = data else { return Err(misshapen(&path)) };
            match (operation, values.binary_search(value)) {
                (Operation::Delete | Operation::Remove, found) => {
                    if let Ok(at) = found {
                        values.remove(at);
                    }
                    existed_unless_removed(found.is_ok(), operation, &path)
                }
                (Operation::Create, Ok(_)) => Err(exists(&path)),
                (Operation::None, Err(_)) => Err(missing(&path)),
                // "replace" is about the one value too: it never takes away
                // the others (RFC 7950 section 7.7.9).
                (_, Err(at)) => {
                    values.insert(at, value.clone());
                    Ok(())
                }
                (_, Ok(_)) => Ok(()),
            }
        },
    )
}

fn whole(parent: &mut Container, edit: &EditNode, operation: Operation, path: &Trail<'_>) -> Result<(), Reason> {
    let path = path.child(edit.schema, None);
    if !matches!(operation, Operation::Delete | Operation::Remove) {
        return Err(misshapen(&path));
    }
    let existed = parent.remove(edit.index);
    existed_unless_removed(existed, operation, &path)
}

fn existed_unless_removed(existed: bool, operation: Operation, path: &Trail<'_>) -> Result<(), Reason> {
    if existed || operation == Operation::Remove { Ok(()) } else { Err(missing(path)) }
}

fn exists(path: &Trail<'_>) -> Reason {
    Reason::application(Tag::DataExists, path, "the data to create is already there")
}

fn missing(path: &Trail<'_>) -> Reason {
    Reason::application(Tag::DataMissing, path, "there is no such data")
}

/// A face built an edit that does not follow the schema.
fn misshapen(path: &Trail<'_>) -> Reason {
    Reason::application(Tag::BadElement, path, "the edit does not fit this node")
}
