//! The value of a replace or update, read against the schema.

use std::collections::HashSet;

use mercury_gnmi_proto::gnmi::{TypedValue, typed_value::Value as Typed};
use serde_json::{Map, Value as Json};
use tonic::Status;

use super::{
    scalar,
    status::{invalid, unimplemented},
};
use crate::{
    Quirks,
    datastore::Key,
    edit::{Content, EditNode, Operation},
    pattern::{Pattern, Step},
    schema::{self, Kind, Module, Node, Value},
};

/// What stands at the end of the pattern afterwards: edits at the last step's
/// parent, at the root for the root itself.
pub(crate) fn read(
    pattern: &Pattern,
    value: &TypedValue,
    replace: bool,
    quirks: &Quirks,
) -> Result<Vec<EditNode>, Status> {
    let json = match &value.value {
        None => return Err(invalid("a value is missing")),
        Some(Typed::JsonVal(text)) => Some((text, false)),
        Some(Typed::JsonIetfVal(text)) => Some((text, true)),
        Some(Typed::AsciiVal(_) | Typed::BytesVal(_) | Typed::ProtoBytes(_)) => {
            return Err(unimplemented("values are JSON, JSON_IETF or scalars"));
        }
        Some(_) => None,
    };
    let payload = match json {
        Some((text, ietf)) => {
            let json = serde_json::from_slice(text).map_err(|error| invalid(format!("not JSON: {error}")))?;
            let node = pattern.0.last().filter(|_| quirks.gnmi_members_by_parent);
            Payload::Json { json, ietf, above: node.map(|step| step.node.module) }
        }
        None => Payload::Typed(value),
    };
    payload.read(pattern, replace).map_err(invalid)
}

enum Payload<'a> {
    /// Members at the top of which the module may be that above them.
    Json {
        json: Json,
        ietf: bool,
        above: Option<&'static Module>,
    },
    Typed(&'a TypedValue),
}

/// The key of an OpenConfig list entry stands in it twice, and both times it
/// is the one in the path (gNMI section 3.4.5).
#[derive(Clone, Copy)]
struct Identified<'a> {
    leaf: &'static str,
    key: &'a Key,
}

impl Payload<'_> {
    fn read(&self, pattern: &Pattern, replace: bool) -> Result<Vec<EditNode>, String> {
        let operation = replace.then_some(Operation::Replace);
        let identified = identified(&pattern.0);
        let Some(last) = pattern.0.last() else {
            return self.object(pattern, None);
        };
        let content = match &last.node.kind {
            Kind::Container(_) => Content::Container(self.object(pattern, identified)?),
            Kind::List { .. } => {
                let below = self.object(pattern, identified)?;
                if replace && self.is_empty() {
                    return Err("an entry is deleted by a delete, not by replacing it with {}".to_owned());
                }
                let key = last.key.clone().ok_or("the key is missing")?;
                Content::Entry(key, below)
            }
            Kind::Leaf(kind) => {
                let value = match self {
                    Self::Json { json, ietf, .. } => scalar::from_json(json, last.node, kind, *ietf),
                    Self::Typed(value) => scalar::from_typed(value, last.node, kind),
                };
                let value = value.ok_or_else(|| self.no_value_of(last.node))?;
                agrees(identified, last.node, &value)?;
                Content::Leaf(Some(value))
            }
            Kind::LeafList(kind) => {
                let values: Option<Vec<_>> = match self {
                    Self::Json { json: Json::Array(items), ietf, .. } => {
                        items.iter().map(|item| scalar::from_json(item, last.node, kind, *ietf)).collect()
                    }
                    Self::Typed(TypedValue { value: Some(Typed::LeaflistVal(list)) }) => {
                        list.element.iter().map(|item| scalar::from_typed(item, last.node, kind)).collect()
                    }
                    Self::Json { .. } | Self::Typed(_) => None,
                };
                let values = unique(values.ok_or_else(|| self.no_value_of(last.node))?)?;
                let whole = replace.then(|| last.edit(Some(Operation::Remove), Content::Whole));
                let items = values.into_iter().map(|value| last.edit(Some(Operation::Merge), Content::Item(value)));
                return Ok(whole.into_iter().chain(items).collect());
            }
        };
        Ok(vec![last.edit(operation, content)])
    }

    fn object(&self, pattern: &Pattern, identified: Option<Identified<'_>>) -> Result<Vec<EditNode>, String> {
        match self {
            Self::Json { json: Json::Object(members), ietf, above } => {
                object(members, pattern.children(), *above, identified, *ietf)
            }
            Self::Json { .. } | Self::Typed(_) => Err("a container takes a JSON object".to_owned()),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Json { json: Json::Object(members), .. } if members.is_empty())
    }

    fn no_value_of(&self, node: &Node) -> String {
        match self {
            Self::Json { json, .. } => no_value_of(json, node),
            Self::Typed(_) => format!("not a value of {}", node.name),
        }
    }
}

/// Members of an object. `above` is the parent's module, `None` at the top.
fn object(
    members: &Map<String, Json>,
    schema: &'static [Node],
    above: Option<&'static Module>,
    identified: Option<Identified<'_>>,
    ietf: bool,
) -> Result<Vec<EditNode>, String> {
    let mut nodes = Vec::new();
    let mut seen = HashSet::new();
    for (name, json) in members {
        let (index, node) = find(name, schema, above, ietf)?;
        if !seen.insert(index) {
            return Err(format!("{} is there twice", node.name));
        }
        let step = Step { index, node, key: None };
        let below = member(&step, json, identified, ietf).map_err(|error| format!("{name}: {error}"))?;
        nodes.extend(below);
    }
    Ok(nodes)
}

fn member(step: &Step, json: &Json, identified: Option<Identified<'_>>, ietf: bool) -> Result<Vec<EditNode>, String> {
    let node = step.node;
    match (&node.kind, json) {
        (Kind::Container(children), Json::Object(members)) => {
            let identified = identified.filter(|_| node.name == "config");
            let below = object(members, children, Some(node.module), identified, ietf)?;
            Ok(vec![step.edit(None, Content::Container(below))])
        }
        (Kind::List { key, children }, Json::Array(entries)) => {
            let mut keys = HashSet::new();
            let mut nodes = Vec::new();
            for entry in entries {
                let (value, below) = list_entry(entry, node, key, children, ietf)?;
                if !keys.insert(value.clone()) {
                    return Err(format!("{key} {value} is there twice"));
                }
                nodes.push(step.edit(None, Content::Entry(value, below)));
            }
            Ok(nodes)
        }
        (Kind::Leaf(kind), json) => {
            let value = scalar::from_json(json, node, kind, ietf).ok_or_else(|| no_value_of(json, node))?;
            agrees(identified, node, &value)?;
            Ok(vec![step.edit(None, Content::Leaf(Some(value)))])
        }
        (Kind::LeafList(kind), Json::Array(items)) => {
            let value = |item| scalar::from_json(item, node, kind, ietf).ok_or_else(|| no_value_of(item, node));
            let values = items.iter().map(value).collect::<Result<_, _>>()?;
            Ok(unique(values)?.into_iter().map(|value| step.edit(None, Content::Item(value))).collect())
        }
        (Kind::Container(_), _) => Err("takes an object".to_owned()),
        (Kind::List { .. } | Kind::LeafList(_), _) => Err("takes an array".to_owned()),
    }
}

fn list_entry(
    json: &Json,
    node: &'static Node,
    name: &'static str,
    children: &'static [Node],
    ietf: bool,
) -> Result<(Key, Vec<EditNode>), String> {
    let Json::Object(members) = json else { return Err("an entry is an object".to_owned()) };
    let missing = || format!("an entry needs its key {name}");
    let (_, leaf) = schema::child(children, name).ok_or_else(missing)?;
    let Kind::Leaf(kind) = &leaf.kind else { return Err(missing()) };
    let qualified = format!("{}:{name}", leaf.module.name);
    let given = members.get(name).or_else(|| members.get(&qualified)).ok_or_else(missing)?;
    let value = scalar::from_json(given, leaf, kind, ietf).ok_or_else(|| no_value_of(given, leaf))?;
    let key = Key::new(&value.to_string());
    if key.as_str().is_empty() {
        return Err(missing());
    }
    let identified = Identified { leaf: name, key: &key };
    let below = object(members, children, Some(node.module), Some(identified), ietf)?;
    Ok((key, below))
}

fn find(
    name: &str,
    schema: &'static [Node],
    above: Option<&'static Module>,
    ietf: bool,
) -> Result<(usize, &'static Node), String> {
    let (module, local) = match name.split_once(':') {
        Some((module, local)) => (Some(module), local),
        None => (None, name),
    };
    let unknown = || format!("there is no {name} here in the schema");
    let (index, node) = schema::child(schema, local).filter(|(_, node)| !node.is_state()).ok_or_else(unknown)?;
    match module {
        Some(module) if module == node.module.name => Ok((index, node)),
        Some(_) => Err(unknown()),
        // RFC 7951 section 4.
        None if ietf && above != Some(node.module) => {
            Err(format!("{name} needs its module here: {}:{name}", node.module.name))
        }
        None => Ok((index, node)),
    }
}

/// The entry a path leads into, if its key may stand at the end of it.
fn identified(steps: &[Step]) -> Option<Identified<'_>> {
    let entry = |step: &'_ Step| matches!(step.node.kind, Kind::List { .. });
    let at = match steps {
        [.., step] if entry(step) => step,
        [.., step, last] if entry(step) && (last.node.name == "config" || last.node.children().is_empty()) => step,
        [.., step, config, last] if entry(step) && config.node.name == "config" && last.node.children().is_empty() => {
            step
        }
        _ => return None,
    };
    match (&at.node.kind, &at.key) {
        (Kind::List { key: leaf, .. }, Some(key)) => Some(Identified { leaf, key }),
        _ => None,
    }
}

fn agrees(identified: Option<Identified<'_>>, node: &Node, value: &Value) -> Result<(), String> {
    match identified {
        Some(Identified { leaf, key }) if leaf == node.name && !value.reads(key.as_str()) => {
            Err(format!("{leaf} is '{value}' here and '{key}' in the path"))
        }
        _ => Ok(()),
    }
}

/// The values of a configuration's leaf-list are (RFC 7950 section 7.7).
fn unique(values: Vec<Value>) -> Result<Vec<Value>, String> {
    let mut seen = HashSet::new();
    match values.iter().find(|value| !seen.insert(*value)) {
        Some(twice) => Err(format!("{twice} is there twice")),
        None => Ok(values),
    }
}

fn no_value_of(json: &Json, node: &Node) -> String {
    format!("{json} is not a value of {}", node.name)
}
