//! What a SetRequest brings, as documents from the top of the models: RFC 7951 JSON, whose
//! names are qualified as the modules have them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use yang5::{
    context::Context,
    schema::{DataValueType, SchemaNode, SchemaNodeKind},
};

/// An element of a path: its name and keys.
pub(super) type Elem = (String, BTreeMap<String, String>);

/// The schema nodes of a path, from the top.
///
/// # Errors
/// The path to the element that no module has, and that element.
pub(super) fn nodes<'c>(context: &'c Context, path: &[Elem]) -> Result<Vec<SchemaNode<'c>>, (String, String)> {
    let Some((first, rest)) = path.split_first() else { return Ok(Vec::new()) };
    let (module, name) =
        first.0.rsplit_once(':').map_or((None, first.0.as_str()), |(module, name)| (Some(module), name));
    let tops = context.modules(true).filter(|own| module.is_none_or(|module| own.name() == module));
    let tops = tops.flat_map(|module| module.data().collect::<Vec<_>>()).filter(|node| node.name() == name);
    // Several modules may have a node of that name at their top: the one is meant that has the
    // rest, and of several OpenConfig's, as where no origin is said (gNMI section 2.2.2.1).
    let (mut nearest, mut found) = ((String::new(), name.to_owned()), None);
    for top in tops {
        let is_openconfig = top.module().name().starts_with("openconfig-");
        match below(top, rest) {
            Ok(nodes) if is_openconfig => return Ok(nodes),
            Ok(nodes) => found = found.or(Some(nodes)),
            Err(unknown) if unknown.0.len() > nearest.0.len() => nearest = unknown,
            Err(_) => {}
        }
    }
    found.ok_or(nearest)
}

fn below<'c>(top: SchemaNode<'c>, rest: &[Elem]) -> Result<Vec<SchemaNode<'c>>, (String, String)> {
    let bare = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let unknown = |at: &str, name: &str| (at.to_owned(), name.to_owned());
    let mut at = format!("/{}:{}", top.module().name(), top.name());
    let mut nodes = vec![top];
    for (name, _) in rest {
        let name = bare(name);
        let above = nodes.last().and_then(|above| above.all_children().find(|node| node.name() == name));
        nodes.push(above.ok_or_else(|| unknown(&at, &name))?);
        at = format!("{at}/{name}");
    }
    Ok(nodes)
}

/// The document in which a value is at a path.
///
/// # Errors
/// As of [`nodes`].
pub(super) fn document(context: &Context, path: &[Elem], value: Value) -> Result<Value, (String, String)> {
    let nodes = nodes(context, path)?;
    let mut made = value;
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

/// A key, which is a text in a path and may be a number in JSON.
fn typed(list: &SchemaNode<'_>, key: &str, text: &str) -> Value {
    use DataValueType::{Int8, Int16, Int32, Uint8, Uint16, Uint32};
    let leaf = list.all_children().find(|leaf| leaf.name() == key);
    let own = leaf.as_ref().and_then(SchemaNode::leaf_type);
    let kind = own.map(|own| own.leafref_real_type().map_or_else(|| own.base_type(), |real| real.base_type()));
    match kind {
        Some(Uint8 | Uint16 | Uint32 | Int8 | Int16 | Int32) => {
            text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
        }
        _ => text.into(),
    }
}
