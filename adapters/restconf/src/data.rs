//! What was answered, as a data tree: answers about single nodes are put together where
//! those lie.

use mercury_adapter::{
    Bump, DataNode, DataTree, Looking, ManyChildren, Names, NoRoom, NodePath, PathStep, Share, running,
};
use mercury_model::{Running, Scope};

use crate::tree;

/// Why answers cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

impl From<ManyChildren> for Problem {
    fn from(many: ManyChildren) -> Self {
        Self::Unreadable(many.to_string())
    }
}

/// An answer: what was asked for, and what came.
pub(crate) struct Answered {
    pub(crate) path: NodePath,
    pub(crate) names: Names,
    pub(crate) body: hyper::body::Bytes,
    /// What the body takes of the memory.
    pub(crate) share: Share,
}

/// What becomes of answers once they are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// They are read again, with more.
    Kept,
    /// Each is let go of as soon as its data stand by themselves, before anything is made of these.
    Dropped,
}

/// Collects answers into one tree, and has it looked at; what is not kept of them is empty then.
///
/// # Errors
/// One of them is not JSON, or there is no room for it.
pub(crate) fn with_tree<T>(
    (answers, behind): (&mut [Answered], Behind),
    share: &mut Share,
    look: impl FnOnce(&DataNode<'_>) -> T,
) -> Result<T, Problem> {
    let arena = Bump::new();
    let mut made = DataTree::new(&arena, share);
    let root = made.node("")?;
    for answer in answers {
        let members = tree::read(&mut made, &answer.body)?;
        if answer.path.steps.is_empty() {
            merge(root, datastore(members))?;
        } else {
            let above = answer.path.steps.split_last().map_or(&[][..], |(_, above)| above);
            lay(&mut made, root, above, &answer.names, members)?;
        }
        if behind == Behind::Dropped {
            drop(std::mem::take(&mut answer.body));
            answer.share.shrink(0);
        }
    }
    Ok(look(root))
}

/// The datastore itself names all of it (RFC 8040 section 3.3.1).
fn datastore<'a>(answer: &'a DataNode<'a>) -> &'a DataNode<'a> {
    let mut members = answer.members();
    match (members.next(), members.next()) {
        (Some(only), None) if only.name() == "data" && !only.is_group() && !only.is_leaf() => only,
        _ => answer,
    }
}

/// Lays members below the node at a path, which is made with its keys.
fn lay<'a>(
    made: &mut DataTree<'a, '_>,
    at: &'a DataNode<'a>,
    path: &[PathStep],
    names: &Names,
    members: &DataNode<'a>,
) -> Result<(), Problem> {
    let Some((first, rest)) = path.split_first() else { return merge(at, members) };
    let name = names.resolve(&first.name).unwrap_or_default();
    let found = at.child(&name)?;
    if first.keys.is_empty() {
        return match found {
            Some(inner) if inner.is_leaf() || inner.is_group() => Ok(()),
            Some(inner) => lay(made, inner, rest, names, members),
            None => {
                let inner = made.node(&name)?;
                at.push(inner);
                lay(made, inner, rest, names, members)
            }
        };
    }
    let group = match found {
        Some(group) if group.is_group() => group,
        Some(_) => return Ok(()),
        None => {
            let group = made.group(&name)?;
            at.push(group);
            group
        }
    };
    let keys: Vec<_> = first.keys.iter().filter_map(|(key, word)| Some((key, names.resolve(word)?))).collect();
    let has = |entry: &DataNode<'a>, key: &str, value: &str| {
        entry.members().any(|leaf| leaf.name() == key && leaf.is_leaf() && leaf.value() == value)
    };
    if let Some(entry) = group.members().find(|entry| keys.iter().all(|(key, value)| has(entry, key, value))) {
        return if entry.is_leaf() { Ok(()) } else { lay(made, entry, rest, names, members) };
    }
    let entry = made.node(&name)?;
    for (key, value) in &keys {
        entry.push(made.copied_leaf(key, value)?);
    }
    group.push(entry);
    lay(made, entry, rest, names, members)
}

/// Puts members beside those that are there: lists grow, containers are laid over.
fn merge<'a>(into: &'a DataNode<'a>, members: &DataNode<'a>) -> Result<(), Problem> {
    for member in members.members() {
        match into.child(member.name())? {
            None => into.push(member),
            Some(there) if there.is_group() && member.is_group() => {
                member.members().for_each(|entry| there.push(entry));
            }
            Some(there) if [there, member].iter().all(|one| !one.is_group() && !one.is_leaf()) => {
                merge(there, member)?;
            }
            Some(there) => there.become_like(member),
        }
    }
    Ok(())
}

/// What answers say about a scope.
///
/// # Errors
/// As [`with_tree`].
pub(crate) fn read(
    looking: Looking<'_>,
    scope: &Scope,
    answers: (&mut [Answered], Behind),
    share: &mut Share,
) -> Result<Running, Problem> {
    with_tree(answers, share, |data| running(looking, data, scope))
}
