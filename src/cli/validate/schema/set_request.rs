//! What a SetRequest brings, as documents from the top of the models: RFC 7951 JSON, whose
//! names are qualified as the modules have them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use yang5::{
    context::Context,
    iter::IterSchemaFlags,
    schema::{DataValueType, SchemaNode, SchemaNodeKind},
};

/// An element of a path: its name and keys.
pub(super) type Elem = (String, BTreeMap<String, String>);

/// The schema nodes of a path, from the top.
///
/// # Errors
/// The path to the element that no module has, and that element; or to the list, and the key
/// that is none of its keys.
pub(super) fn nodes<'c>(context: &'c Context, path: &[Elem]) -> Result<Vec<SchemaNode<'c>>, (String, String)> {
    let Some(first) = path.first() else { return Ok(Vec::new()) };
    let (module, name) =
        first.0.rsplit_once(':').map_or((None, first.0.as_str()), |(module, name)| (Some(module), name));
    let tops = context.modules(true).filter(|own| module.is_none_or(|module| own.name() == module));
    let tops = tops.flat_map(|module| module.data().collect::<Vec<_>>()).filter(|node| node.name() == name);
    // Several modules may have a node of that name at their top: the one is meant that has the
    // rest, and of several OpenConfig's, as where no origin is said (gNMI section 2.2.2.1).
    let (mut nearest, mut found) = ((String::new(), name.to_owned()), None);
    for top in tops {
        let is_openconfig = top.module().name().starts_with("openconfig-");
        match from(&top, path) {
            Ok(nodes) if is_openconfig => return Ok(nodes),
            Ok(nodes) => found = found.or(Some(nodes)),
            Err(unknown) if unknown.0.len() > nearest.0.len() => nearest = unknown,
            Err(_) => {}
        }
    }
    found.ok_or(nearest)
}

/// The same from the first of them on.
fn from<'c>(top: &SchemaNode<'c>, path: &[Elem]) -> Result<Vec<SchemaNode<'c>>, (String, String)> {
    let mut at = format!("/{}:{}", top.module().name(), top.name());
    let mut nodes: Vec<SchemaNode<'c>> = Vec::with_capacity(path.len());
    for (name, keys) in path {
        let node = match nodes.last() {
            None => top.clone(),
            Some(above) => {
                let name = bare(name);
                let own = above.children2(IterSchemaFlags::empty()).find(|node| node.name() == name);
                let own = own.ok_or_else(|| (at.clone(), name.to_owned()))?;
                at = format!("{at}/{name}");
                own
            }
        };
        if let Some(key) = keys.keys().find(|key| !is_key(&node, bare(key))) {
            return Err((at, key.clone()));
        }
        nodes.push(node);
    }
    Ok(nodes)
}

/// Whether a node's entries, or the values of a leaf-list, are told apart by it.
fn is_key(node: &SchemaNode<'_>, key: &str) -> bool {
    match node.kind() {
        SchemaNodeKind::List => node.list_keys().any(|own| own.name() == key),
        SchemaNodeKind::LeafList => key == ".",
        _ => false,
    }
}

fn bare(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The document in which a value is at a path.
///
/// # Errors
/// As of [`nodes`].
pub(super) fn document(context: &Context, path: &[Elem], value: Value) -> Result<Value, (String, String)> {
    let nodes = nodes(context, path)?;
    let mut made = nodes.last().and_then(|node| within(node, &value)).unwrap_or(value);
    for (index, (node, (_, keys))) in nodes.iter().zip(path).enumerate().rev() {
        made = match (node.kind(), made) {
            (SchemaNodeKind::List, Value::Object(mut entry)) => {
                let typed = keys.iter().map(|(key, text)| (key.clone(), typed(node, key, text)));
                for (key, value) in typed {
                    let is_it = |member: &String| member.rsplit(':').next() == Some(&*key);
                    if !entry.keys().any(is_it) {
                        entry.insert(key, value);
                    }
                }
                Value::Array(vec![Value::Object(entry)])
            }
            (_, other) => other,
        };
        let above = index.checked_sub(1).and_then(|above| nodes.get(above));
        let is_as_above = above.is_some_and(|above| above.module().name() == node.module().name());
        let name = match is_as_above {
            true => node.name().to_owned(),
            false => format!("{}:{}", node.module().name(), node.name()),
        };
        made = Value::Object(Map::from_iter([(name, made)]));
    }
    Ok(made)
}

/// What is in a value that has the name of its own node around it, as SONiC has values.
fn within(node: &SchemaNode<'_>, value: &Value) -> Option<Value> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, inner) = members.iter().next()?;
    let has_child = || node.children2(IterSchemaFlags::empty()).any(|child| child.name() == node.name());
    if bare(name) != node.name() || has_child() {
        return None;
    }
    match (node.kind(), inner) {
        (SchemaNodeKind::List, Value::Array(entries)) => entries.first().filter(|_| entries.len() == 1).cloned(),
        (SchemaNodeKind::List, _) => None,
        (_, inner) => Some(inner.clone()),
    }
}

/// A key, which is a text in a path and may be a number in JSON.
fn typed(list: &SchemaNode<'_>, key: &str, text: &str) -> Value {
    use DataValueType::{Int8, Int16, Int32, Uint8, Uint16, Uint32};
    let leaf = list.children2(IterSchemaFlags::empty()).find(|leaf| leaf.name() == key);
    let own = leaf.as_ref().and_then(SchemaNode::leaf_type);
    let kind = own.map(|own| own.leafref_real_type().map_or_else(|| own.base_type(), |real| real.base_type()));
    match kind {
        Some(Uint8 | Uint16 | Uint32 | Int8 | Int16 | Int32) => {
            text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
        }
        _ => text.into(),
    }
}
