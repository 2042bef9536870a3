//! A configuration as RFC 7951 JSON.

use serde_json::{Map, Value as Json};

use super::{Container, Data};
use crate::schema::{self, Module, Node, Value};

/// Encodes a whole configuration.
pub(super) fn encode(root: &Container) -> Json {
    object(root, &schema::ROOT, None)
}

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
    }
}
