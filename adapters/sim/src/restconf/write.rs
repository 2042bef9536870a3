//! Changes of running: a plain PATCH, a DELETE, and what their bodies say.

use mercury_gnmi_proto::gnmi::{TypedValue, typed_value};
use serde_json::Value as Json;

use super::{answer::Refusal, resource::Resource};
use crate::{
    Quirks,
    device::Write,
    edit::{Content, Edit, EditNode, Operation},
    gnmi::payload,
    pattern::Pattern,
    refusal::Tag,
    schema::Kind,
};

/// A plain PATCH of a resource with this body (RFC 8040 section 4.6.1).
pub(super) fn merge(resource: &Resource, body: &Json) -> Result<Vec<Write>, Refusal> {
    whole(resource, body, None)
}

/// A PUT of one that may be there (RFC 8040 section 4.5).
pub(super) fn replace(resource: &Resource, body: &Json) -> Result<Vec<Write>, Refusal> {
    whole(resource, body, Some(Operation::Replace))
}

fn whole(resource: &Resource, body: &Json, operation: Option<Operation>) -> Result<Vec<Write>, Refusal> {
    writable(resource)?;
    let value = match resource.pattern.0.last() {
        None => named(body, "ietf-restconf:data")?,
        Some(last) => entry(named(body, &format!("{}:{}", last.node.module.name, last.node.name))?, &last.node.kind)?,
    };
    put(&resource.pattern, value, operation).map(|edit| vec![Write::Put(edit)])
}

/// A DELETE.
pub(super) fn delete(resource: &Resource) -> Result<Vec<Write>, Refusal> {
    writable(resource)?;
    Ok(vec![Write::Put(removal(resource, Operation::Delete)?)])
}

/// An edit of a patch (RFC 8072 section 2.5).
pub(super) fn edit(resource: &Resource, operation: &str, value: Option<&Json>) -> Result<Write, Refusal> {
    writable(resource)?;
    match operation {
        "remove" if resource.item.is_some() => Ok(Write::RemoveItem(removal(resource, Operation::Delete)?)),
        "remove" => Ok(Write::Remove(resource.pattern.clone())),
        "delete" => removal(resource, Operation::Delete).map(Write::Put),
        "merge" | "create" | "replace" => {
            let value = value.ok_or_else(|| Refusal::new(Tag::MissingElement, "the edit has no value"))?;
            let last =
                resource.pattern.0.last().ok_or_else(|| Refusal::new(Tag::InvalidValue, "the edit has no target"))?;
            // A member is named with its module where it stands alone, too.
            let names = [format!("{}:{}", last.node.module.name, last.node.name), last.node.name.to_owned()];
            let value = names.iter().find_map(|name| named(value, name).ok());
            let value = value.ok_or_else(|| Refusal::new(Tag::UnknownElement, "the value is of another node"))?;
            let operation = match operation {
                "create" => Some(Operation::Create),
                "replace" => Some(Operation::Replace),
                _ => None,
            };
            put(&resource.pattern, entry(value, &last.node.kind)?, operation).map(Write::Put)
        }
        other => Err(Refusal::new(Tag::OperationNotSupported, format!("the operation {other} is not supported"))),
    }
}

fn removal(resource: &Resource, operation: Operation) -> Result<Edit, Refusal> {
    let mut edit = resource.pattern.edit(resource.deleted(operation)?);
    // On the way nothing is made.
    edit.default = Operation::None;
    Ok(edit)
}

fn writable(resource: &Resource) -> Result<(), Refusal> {
    if resource.is_state() {
        return Err(Refusal::new(Tag::InvalidValue, "state is not to be changed"));
    }
    if resource.pattern.is_open() {
        return Err(Refusal::new(Tag::InvalidValue, "what is to be changed has to be named by its keys"));
    }
    Ok(())
}

fn named<'a>(body: &'a Json, name: &str) -> Result<&'a Json, Refusal> {
    match body.as_object().map(|members| (members.len(), members.get(name))) {
        Some((1, Some(value))) => Ok(value),
        _ => Err(Refusal::new(Tag::MalformedMessage, format!("the body has to be {name} and nothing else"))),
    }
}

/// The one entry of a list, or the value itself.
fn entry<'a>(value: &'a Json, kind: &Kind) -> Result<&'a Json, Refusal> {
    match (kind, value) {
        (Kind::List { .. }, Json::Array(entries)) => match entries.as_slice() {
            [only] => Ok(only),
            _ => Err(Refusal::new(Tag::InvalidValue, "the body has to be one entry")),
        },
        (Kind::List { .. }, _) => Err(Refusal::new(Tag::MalformedMessage, "a list is an array")),
        (_, value) => Ok(value),
    }
}

fn put(pattern: &Pattern, value: &Json, operation: Option<Operation>) -> Result<Edit, Refusal> {
    let value = pattern.0.last().map_or_else(|| value.clone(), |last| qualified(value, last.node.module.name));
    let val = TypedValue { value: Some(typed_value::Value::JsonIetfVal(value.to_string().into_bytes())) };
    let nodes = payload::read(pattern, &val, operation == Some(Operation::Replace), &Quirks::default());
    let mut nodes = nodes.map_err(|status| Refusal::new(Tag::InvalidValue, status.message()))?;
    if operation == Some(Operation::Create) {
        nodes.iter_mut().for_each(created);
    }
    Ok(pattern.edit(nodes))
}

/// What is in a node whose module is named around it, as it stands by itself.
fn qualified(value: &Json, module: &str) -> Json {
    let Some(members) = value.as_object() else { return value.clone() };
    let named = |name: &String| if name.contains(':') { name.clone() } else { format!("{module}:{name}") };
    members.iter().map(|(name, value)| (named(name), value.clone())).collect()
}

/// The node itself must be new; what is below it is then, too.
fn created(node: &mut EditNode) {
    node.operation = Some(Operation::Create);
    if let Content::Container(below) | Content::Entry(_, below) = &mut node.content {
        below.iter_mut().for_each(|node| node.operation = Some(Operation::Merge));
    }
}
