//! Configuration as JSON (gNMI section 2.3.1): with RFC 7951 names, or bare.

use serde_json::{Map, Value as Json};

use super::{
    read::{Shown, View},
    scalar,
};
use crate::{
    datastore::{Container, Data, json::empty},
    schema::{Module, Node, Value},
};

/// What is in a container. At the top, and where the module changes, JSON_IETF
/// names it (RFC 7951 section 4); `None` if nothing of it is shown.
pub(super) fn object(
    container: &Container,
    schema: &'static [Node],
    above: Option<&Module>,
    view: &View,
) -> Option<Json> {
    let mut members = Map::new();
    for (_, node, data) in container.iter(schema) {
        let json = match data {
            Data::Container(inner) => object(inner, node.children(), Some(node.module), view),
            Data::List(entries) => {
                let entries = entries.values();
                let entries: Vec<_> =
                    entries.filter_map(|entry| object(entry, node.children(), Some(node.module), view)).collect();
                (!entries.is_empty()).then_some(Json::Array(entries))
            }
            Data::Leaf(value) => view.leaf(node, value).map(|shown| leaf(node, &shown, view)),
            Data::LeafList(values) => Some(leaf(node, &view.leaf_list(values), view)),
        };
        let Some(json) = json else { continue };
        let name = match view.ietf() && above != Some(node.module) {
            true => format!("{}:{}", node.module.name, node.name),
            false => node.name.to_owned(),
        };
        members.insert(name, json);
    }
    (!members.is_empty()).then_some(Json::Object(members))
}

/// A leaf or a leaf-list.
pub(super) fn leaf(node: &Node, shown: &Shown, view: &View) -> Json {
    match shown {
        Shown::One(Value::Empty) => empty(node),
        Shown::One(value) => scalar::to_json(value, view.ietf()),
        Shown::Many(values) => values.iter().map(|value| scalar::to_json(value, view.ietf())).collect(),
    }
}
