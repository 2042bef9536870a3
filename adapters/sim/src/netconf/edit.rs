//! The `<config>` of an edit, read against the schema. Everything that can be
//! known without looking at a datastore is refused here.

use std::collections::HashSet;

use super::{BASE, xml::Element};
use crate::{
    datastore::Key,
    edit::{Content, Edit, EditNode, Operation},
    refusal::{Reason, Tag, Trail},
    schema::{self, Kind, Module, Node, Schema, Type, Value},
};

/// Reads the children of `<config>`.
///
/// # Errors
/// The first thing that does not fit the schema.
pub(crate) fn read(
    config: &Element,
    schema: &Schema,
    default: Operation,
    ignore_unqualified: bool,
) -> Result<Edit, Reason> {
    let reader = Reader { modules: schema.modules, ignore_unqualified };
    let nodes = reader.children(config, schema.root, None, default, &Trail::Root)?;
    Ok(Edit { default, nodes })
}

struct Reader {
    modules: &'static [&'static Module],
    ignore_unqualified: bool,
}

impl Reader {
    fn children(
        &self,
        parent: &Element,
        schema: &'static [Node],
        key: Option<&str>,
        inherited: Operation,
        path: &Trail<'_>,
    ) -> Result<Vec<EditNode>, Reason> {
        if !parent.trimmed().is_empty() {
            return Err(bad_element(&parent.name, path, "text between elements"));
        }
        let mut nodes = Vec::new();
        let mut seen = HashSet::new();
        for element in &parent.children {
            let (index, node) = find(element, schema, self.modules, path)?;
            let edit = self.node(element, index, node, inherited, path)?;
            let instance = match &edit.content {
                Content::Entry(key, _) => key.to_string(),
                Content::Item(value) => value.to_string(),
                _ => String::new(),
            };
            if !seen.insert((index, instance)) {
                return Err(Reason::application(
                    Tag::OperationFailed,
                    &path.child(node, None),
                    format!("too many instances of {}", node.name),
                )
                .app_tag("too-many-elements"));
            }
            if key != Some(node.name) {
                nodes.push(edit);
            } else if edit.operation.is_some() {
                return Err(bad_attribute(
                    &element.name,
                    "operation",
                    &path.child(node, None),
                    "the key of a list entry takes no operation",
                ));
            }
        }
        Ok(nodes)
    }

    fn node(
        &self,
        element: &Element,
        index: usize,
        node: &'static Node,
        inherited: Operation,
        path: &Trail<'_>,
    ) -> Result<EditNode, Reason> {
        let operation = self.operation(element, &path.child(node, None))?;
        let effective = operation.unwrap_or(inherited);
        let content = match &node.kind {
            Kind::Container(children) => {
                let path = path.child(node, None);
                Content::Container(self.children(element, children, None, effective, &path)?)
            }
            Kind::List { key, children } => {
                let value = entry_key(element, node, key, children, path)?;
                let path = path.child(node, Some((key, &value)));
                let below = self.children(element, children, Some(key), effective, &path)?;
                Content::Entry(value, below)
            }
            Kind::Leaf(kind) => {
                let needs_none = matches!(effective, Operation::Delete | Operation::Remove | Operation::None);
                if needs_none && element.text.is_empty() && element.children.is_empty() {
                    Content::Leaf(None)
                } else {
                    Content::Leaf(Some(leaf_value(element, node, kind, path)?))
                }
            }
            Kind::LeafList(kind) => Content::Item(leaf_value(element, node, kind, path)?),
        };
        Ok(EditNode { index, schema: node, operation, content })
    }

    fn operation(&self, element: &Element, path: &Trail<'_>) -> Result<Option<Operation>, Reason> {
        let mut operation = None;
        for attribute in &element.attributes {
            if attribute.namespace.is_empty() && attribute.name == "operation" {
                if self.ignore_unqualified {
                    continue;
                }
                return Err(bad_attribute(
                    &element.name,
                    &attribute.written,
                    path,
                    "operation has to be in the NETCONF namespace",
                ));
            }
            if attribute.namespace != BASE || attribute.name != "operation" {
                return Err(Reason::application(
                    Tag::UnknownAttribute,
                    path,
                    format!("unexpected attribute {}", attribute.written),
                )
                .with("bad-attribute", &attribute.written)
                .with("bad-element", &element.name));
            }
            operation = Some(match attribute.value.as_str() {
                "merge" => Operation::Merge,
                "replace" => Operation::Replace,
                "create" => Operation::Create,
                "delete" => Operation::Delete,
                "remove" => Operation::Remove,
                // "none" is a default-operation, not an operation.
                other => {
                    return Err(bad_attribute(
                        &element.name,
                        &attribute.written,
                        path,
                        &format!("'{other}' is not an operation"),
                    ));
                }
            });
        }
        Ok(operation)
    }
}

fn find(
    element: &Element,
    schema: &'static [Node],
    modules: &[&Module],
    path: &Trail<'_>,
) -> Result<(usize, &'static Node), Reason> {
    let unknown = |tag, message: String| {
        Reason::application(tag, path.unknown(&element.name), message).with("bad-element", &element.name)
    };
    let Some((index, node)) = schema::child(schema, &element.name).filter(|(_, node)| !node.is_state()) else {
        return Err(unknown(Tag::UnknownElement, format!("there is no {} here in the schema", element.name)));
    };
    if element.namespace == node.module.namespace {
        return Ok((index, node));
    }
    if modules.iter().any(|module| module.namespace == element.namespace) {
        return Err(unknown(Tag::UnknownElement, format!("{} here is of module {}", element.name, node.module.name)));
    }
    Err(unknown(Tag::UnknownNamespace, format!("namespace '{}' is unknown", element.namespace))
        .with("bad-namespace", &element.namespace))
}

fn entry_key(
    element: &Element,
    node: &'static Node,
    key: &'static str,
    children: &'static [Node],
    path: &Trail<'_>,
) -> Result<Key, Reason> {
    let path = path.child(node, None);
    let missing = || {
        Reason::application(Tag::MissingElement, &path, format!("an entry of {} needs its key {key}", node.name))
            .with("bad-element", key)
    };
    let (_, leaf) = schema::child(children, key).ok_or_else(missing)?;
    let given = element.children.iter().find(|child| child.is(leaf.module.namespace, key)).ok_or_else(missing)?;
    let Kind::Leaf(kind) = &leaf.kind else { return Err(missing()) };
    if given.trimmed().is_empty() {
        return Err(missing());
    }
    let value = leaf_value(given, leaf, kind, &path)?;
    Ok(Key::new(&value.to_string()))
}

fn leaf_value(element: &Element, node: &'static Node, kind: &Type, path: &Trail<'_>) -> Result<Value, Reason> {
    let path = path.child(node, None);
    if let Some(child) = element.children.first() {
        return Err(Reason::application(
            Tag::UnknownElement,
            path.unknown(&child.name),
            format!("{} is a leaf", node.name),
        )
        .with("bad-element", &child.name));
    }
    let identity = element.qualified.as_ref().map(|(ns, name)| (&**ns, &**name));
    kind.parse(&element.text, identity).ok_or_else(|| {
        Reason::application(
            Tag::InvalidValue,
            &path,
            format!("'{}' is not a value of {}", element.trimmed(), node.name),
        )
        .with("bad-element", node.name)
    })
}

fn bad_element(name: &str, path: &Trail<'_>, message: &str) -> Reason {
    Reason::application(Tag::BadElement, path, message).with("bad-element", name)
}

fn bad_attribute(element: &str, attribute: &str, path: &Trail<'_>, message: &str) -> Reason {
    Reason::application(Tag::BadAttribute, path, message).with("bad-attribute", attribute).with("bad-element", element)
}
