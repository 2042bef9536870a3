//! What was answered, as a data tree: answers about single nodes are put together where
//! those lie.

use mercury_adapter::{
    Bump, DataNode, DataTree, JsonProblem, Looking, Names, NoRoom, NodePath, PathStep, Share, json, running,
};
use mercury_model::{Running, Scope};
use serde_json::{Map, Value};

use crate::discovery::bare;

/// Why answers cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

/// An answer: what was asked for, and what came.
pub(crate) struct Answered {
    pub(crate) path: NodePath,
    pub(crate) names: Names,
    pub(crate) body: hyper::body::Bytes,
    /// What the body takes of the memory.
    pub(crate) _share: Share,
}

/// Collects answers into the JSON of a datastore, without the names of modules.
///
/// # Errors
/// One of them is not JSON, or there is no room for it.
pub(crate) fn collect(answers: &[Answered], share: &mut Share) -> Result<Map<String, Value>, Problem> {
    let mut root = Map::new();
    for answer in answers {
        let value = json(&answer.body, share).map_err(|problem| match problem {
            JsonProblem::NoRoom(refused) => Problem::NoRoom(refused),
            JsonProblem::Malformed(error) => Problem::Unreadable(format!("the answer is not JSON: {error}")),
        })?;
        let Value::Object(members) = value else {
            return Err(Problem::Unreadable("the answer is no JSON object".to_owned()));
        };
        let mut members = without_modules(members);
        // The datastore itself names all of it (RFC 8040 section 3.3.1).
        if answer.path.steps.is_empty() {
            let is_named = members.len() == 1 && members.get("data").is_some_and(Value::is_object);
            match members.get_mut("data").map(Value::take) {
                Some(Value::Object(data)) if is_named => merge(&mut root, data),
                Some(other) => {
                    members.insert("data".to_owned(), other);
                    merge(&mut root, members);
                }
                None => merge(&mut root, members),
            }
            continue;
        }
        let above = answer.path.steps.split_last().map_or(&[][..], |(_, above)| above);
        lay(&mut root, above, &answer.names, members);
    }
    Ok(root)
}

/// Lays members below the node at a path, which is made with its keys.
fn lay(at: &mut Map<String, Value>, path: &[PathStep], names: &Names, members: Map<String, Value>) {
    let Some((first, rest)) = path.split_first() else { return merge(at, members) };
    let name = names.resolve(&first.name).unwrap_or_default().into_owned();
    if first.keys.is_empty() {
        let inner = at.entry(name).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(inner) = inner {
            lay(inner, rest, names, members);
        }
        return;
    }
    let keys: Map<String, Value> = first
        .keys
        .iter()
        .filter_map(|(key, word)| Some((key.clone(), Value::from(names.resolve(word)?.into_owned()))))
        .collect();
    let Value::Array(entries) = at.entry(name).or_insert_with(|| Value::Array(Vec::new())) else { return };
    let is_it = |entry: &Value| keys.iter().all(|(key, value)| entry.get(key) == Some(value));
    let found = entries.iter().position(is_it).unwrap_or_else(|| {
        entries.push(Value::Object(keys.clone()));
        entries.len() - 1
    });
    if let Some(Value::Object(entry)) = entries.get_mut(found) {
        lay(entry, rest, names, members);
    }
}

/// Puts members beside those that are there: lists grow, containers are laid over.
fn merge(into: &mut Map<String, Value>, members: Map<String, Value>) {
    for (name, value) in members {
        match (into.get_mut(&name), value) {
            (Some(Value::Array(there)), Value::Array(more)) => there.extend(more),
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more),
            (_, value) => drop(into.insert(name, value)),
        }
    }
}

fn without_modules(members: Map<String, Value>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (bare(&name).to_owned(), inside(value))).collect()
}

fn inside(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(without_modules(members)),
        Value::Array(values) => Value::Array(values.into_iter().map(inside).collect()),
        other => other,
    }
}

/// Makes nodes of JSON and has them looked at.
///
/// # Errors
/// There is no room for them.
pub(crate) fn with_tree<T>(
    root: &Map<String, Value>,
    share: &mut Share,
    look: impl FnOnce(&DataNode<'_>) -> T,
) -> Result<T, Problem> {
    let arena = Bump::new();
    let mut made = DataTree::new(&arena, share);
    let top = made.node("")?;
    below(&mut made, top, root)?;
    Ok(look(top))
}

/// What answers say about a scope.
///
/// # Errors
/// As [`collect`] and [`with_tree`].
pub(crate) fn read(
    looking: Looking<'_>,
    scope: &Scope,
    answers: &[Answered],
    share: &mut Share,
) -> Result<Running, Problem> {
    let root = collect(answers, share)?;
    with_tree(&root, share, |data| running(looking, data, scope))
}

fn below<'a>(made: &mut DataTree<'a, '_>, node: &'a DataNode<'a>, members: &Map<String, Value>) -> Result<(), NoRoom> {
    for (name, value) in members {
        node.push(new(made, name, value)?);
    }
    Ok(())
}

fn new<'a>(made: &mut DataTree<'a, '_>, name: &str, value: &Value) -> Result<&'a DataNode<'a>, NoRoom> {
    match value {
        // RFC 7951 section 6.9: an empty leaf is `[null]`.
        Value::Null => made.leaf(name, ""),
        Value::Bool(value) => made.leaf(name, if *value { "true" } else { "false" }),
        Value::Number(number) => made.copied_leaf(name, &number.to_string()),
        Value::String(text) => made.copied_leaf(name, text),
        Value::Object(members) => {
            let node = made.node(name)?;
            below(made, node, members)?;
            Ok(node)
        }
        Value::Array(values) => match values.as_slice() {
            [only @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))] => new(made, name, only),
            values => {
                let group = made.group(name)?;
                for value in values {
                    group.push(new(made, name, value)?);
                }
                Ok(group)
            }
        },
    }
}
