//! A configuration as XML.

use std::fmt::Write as _;

use quick_xml::escape::partial_escape;

use crate::{
    datastore::{Container, Data},
    schema::{Kind, Module, Node, Type, Value},
};

/// Which leaves with their defaults are shown (RFC 6243 section 2): those that somebody
/// has set, all, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defaults {
    Explicit,
    ReportAll,
    Trim,
}

/// The top-level elements of a configuration, without white space between.
pub(crate) fn configuration(config: &Container, root: &'static [Node], defaults: Defaults) -> String {
    let mut xml = String::new();
    children(&mut xml, config, root, None, defaults);
    xml
}

fn children(
    xml: &mut String,
    container: &Container,
    schema: &'static [Node],
    above: Option<&Module>,
    defaults: Defaults,
) {
    for (index, node) in schema.iter().enumerate() {
        match (container.get(index).map(|data| &**data), &node.kind) {
            (Some(Data::Container(inner)), _) => element(xml, node, above, |xml| {
                children(xml, inner, node.children(), Some(node.module), defaults);
            }),
            (Some(Data::List(entries)), _) => {
                for entry in entries.values() {
                    element(xml, node, above, |xml| {
                        children(xml, entry, node.children(), Some(node.module), defaults);
                    });
                }
            }
            (Some(Data::Leaf(value)), Kind::Leaf(kind))
                if defaults == Defaults::Trim && default_value(node, kind).as_ref() == Some(value) => {}
            (Some(Data::Leaf(value)), _) => leaf(xml, node, above, value),
            (Some(Data::LeafList(values)), _) => {
                values.iter().for_each(|value| leaf(xml, node, above, value));
            }
            (None, Kind::Leaf(kind)) if defaults == Defaults::ReportAll => {
                if let Some(value) = default_value(node, kind) {
                    leaf(xml, node, above, &value);
                }
            }
            (None, _) => {}
        }
    }
}

fn default_value(node: &Node, kind: &Type) -> Option<Value> {
    kind.parse(node.default?, None)
}

fn element(xml: &mut String, node: &Node, above: Option<&Module>, content: impl FnOnce(&mut String)) {
    // Writing to a String cannot fail.
    let _ = write!(xml, "<{}", node.name);
    if above != Some(node.module) {
        let _ = write!(xml, " xmlns=\"{}\"", node.module.namespace);
    }
    xml.push('>');
    content(xml);
    let _ = write!(xml, "</{}>", node.name);
}

fn leaf(xml: &mut String, node: &Node, above: Option<&Module>, value: &Value) {
    let Value::Identity(identity) = value else {
        return element(xml, node, above, |xml| xml.push_str(&partial_escape(value.to_string())));
    };
    let (name, module) = (node.name, identity.module);
    let _ = write!(xml, "<{name}");
    if above != Some(node.module) {
        let _ = write!(xml, " xmlns=\"{}\"", node.module.namespace);
    }
    let _ = write!(xml, " xmlns:{0}=\"{1}\">{0}:{2}</{name}>", module.prefix, module.namespace, identity.name);
}
