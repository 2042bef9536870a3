//! A configuration as RFC 7951 JSON.

use serde_json::{Map, Value as Json};

use super::{Container, Data};
use crate::schema::{Kind, Module, Node, Type, Value};

pub(crate) fn object(container: &Container, schema: &'static [Node], above: Option<&Module>) -> Json {
    let mut members = Map::new();
    for (_, node, data) in container.iter(schema) {
        // RFC 7951 section 4: the module is named at the top and wherever it
        // differs from the parent's.
        let name = if above == Some(node.module) {
            node.name.to_owned()
        } else {
            format!("{}:{}", node.module.name, node.name)
        };
        let json = match data {
            Data::Container(container) => object(container, node.children(), Some(node.module)),
            Data::List(entries) => {
                Json::Array(entries.values().map(|entry| object(entry, node.children(), Some(node.module))).collect())
            }
            Data::Leaf(Value::Empty) => empty(node),
            Data::Leaf(value) => scalar(value),
            Data::LeafList(values) => values.iter().map(scalar).collect(),
        };
        members.insert(name, json);
    }
    Json::Object(members)
}

pub(crate) fn scalar(value: &Value) -> Json {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::Number(value) => (*value).into(),
        Value::Text(text) => (**text).into(),
        Value::Word(word) => (*word).into(),
        Value::Identity(identity) => format!("{}:{}", identity.module.name, identity.name).into(),
        Value::Empty => Json::Array(vec![Json::Null]),
    }
}

/// What says something by being there: a container, or a leaf (RFC 7951 section 6.9).
pub(crate) fn empty(node: &Node) -> Json {
    match node.kind {
        Kind::Leaf(Type::Empty { is_container: true }) => Json::Object(Map::new()),
        _ => scalar(&Value::Empty),
    }
}
