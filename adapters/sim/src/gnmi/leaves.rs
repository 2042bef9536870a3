//! A subtree leaf by leaf (gNMI section 3.5.2): what subscriptions are made of.

use mercury_gnmi_proto::gnmi::{Path, Update};

use super::{path, read::View};
use crate::{
    Quirks,
    datastore::{Container, Data},
    pattern::Found,
    schema::{Kind, Module, Node},
};

/// Adds an update for every leaf and leaf-list found at `path`. `node` is what
/// stands there, `None` at the root.
pub(super) fn collect(
    found: Found<'_>,
    node: Option<&'static Node>,
    path: &Path,
    (view, quirks): (&View, &Quirks),
    into: &mut Vec<Update>,
) {
    let shown = match (found, node) {
        (Found::Container(container), node) => {
            let schema = node.map_or(view.root(), Node::children);
            return below(container, schema, node.map(|node| node.module), path, (view, quirks), into);
        }
        (Found::Leaf(value), Some(node)) => view.leaf(node, value).map(|shown| view.typed(node, &shown)),
        (Found::LeafList(values), Some(node)) => Some(view.typed(node, &view.leaf_list(values))),
        (Found::Leaf(_) | Found::LeafList(_), None) => None,
    };
    if shown.is_some() {
        into.push(Update { path: Some(path.clone()), val: shown, ..Update::default() });
    }
}

fn below(
    container: &Container,
    schema: &'static [Node],
    above: Option<&'static Module>,
    path: &Path,
    how: (&View, &Quirks),
    into: &mut Vec<Update>,
) {
    for (_, node, data) in container.iter(schema) {
        let mut path = path.clone();
        path.elem.push(path::elem(node, above, how.1));
        match (data, &node.kind) {
            (Data::List(entries), Kind::List { key: name, .. }) => {
                for (key, entry) in entries {
                    if let Some(last) = path.elem.last_mut() {
                        last.key.insert((*name).to_owned(), key.to_string());
                    }
                    collect(Found::Container(entry), Some(node), &path, how, into);
                }
            }
            (Data::Container(inner), _) => collect(Found::Container(inner), Some(node), &path, how, into),
            (Data::Leaf(value), _) => collect(Found::Leaf(value), Some(node), &path, how, into),
            (Data::LeafList(values), _) => collect(Found::LeafList(values), Some(node), &path, how, into),
            (Data::List(_), _) => {}
        }
    }
}
