//! Data resources and their URIs (RFC 8040 section 3.5.3), read against the schema.

use serde_json::{Map, Value as Json};

use super::answer::Refusal;
use crate::{
    datastore::{
        Container, Key,
        json::{object, scalar},
    },
    edit::{Content, EditNode, Operation},
    pattern::{Found, Pattern, Step},
    refusal::Tag,
    schema::{self, Kind, Node, ROOT, Value},
};

/// A resource: a place in the schema, and of a leaf-list one of its values.
#[derive(Debug, Default)]
pub(super) struct Resource {
    pub(super) pattern: Pattern,
    pub(super) item: Option<Value>,
}

impl Resource {
    /// Reads what is behind `above` in a URI, still encoded.
    pub(super) fn read(above: &Pattern, path: &str) -> Result<Self, Refusal> {
        let mut own = Self { pattern: above.clone(), item: None };
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            if own.item.is_some() {
                return Err(nowhere(path));
            }
            own.step(segment).ok_or_else(|| nowhere(path))?;
        }
        Ok(own)
    }

    fn step(&mut self, segment: &str) -> Option<()> {
        let (name, key) = segment.split_once('=').map_or((segment, None), |(name, key)| (name, Some(key)));
        let name = decoded(name)?;
        let above = self.pattern.0.last().map(|step| step.node);
        let nodes = above.map_or(&ROOT[..], Node::children);
        let (module, name) = name.split_once(':').map_or((None, name.as_str()), |(module, name)| (Some(module), name));
        let (index, node) = schema::child(nodes, name)?;
        // The module is named where it is another than above, and may be everywhere.
        let changes = above.is_none_or(|above| above.module != node.module);
        if module.map_or(changes, |module| module != node.module.name) {
            return None;
        }
        let mut step = Step { index, node, key: None };
        match (&node.kind, key) {
            (Kind::List { key: leaf, children }, Some(key)) => {
                let (_, leaf) = schema::child(children, leaf)?;
                let Kind::Leaf(kind) = &leaf.kind else { return None };
                let value = kind.parse(&decoded(key)?, None)?;
                step.key = Some(Key::new(&value.to_string()));
            }
            (Kind::LeafList(kind), Some(value)) => self.item = Some(kind.parse(&decoded(value)?, None)?),
            (_, Some(_)) => return None,
            (_, None) => {}
        }
        self.pattern.0.push(step);
        Some(())
    }

    pub(super) fn is_state(&self) -> bool {
        self.pattern.0.iter().any(|step| step.node.is_state())
    }

    /// What is there, in an object that names it (RFC 8040 section 4.3); nothing where
    /// there is nothing.
    pub(super) fn shown(&self, running: &Container) -> Option<Json> {
        let Some(last) = self.pattern.0.last() else {
            let data = object(running, &ROOT, None);
            return Some(Json::Object(Map::from_iter([("ietf-restconf:data".to_owned(), data)])));
        };
        let is_list = matches!(last.node.kind, Kind::List { .. });
        let places = self.pattern.matches(running);
        let mut found: Vec<Json> = Vec::new();
        for place in &places {
            match place.found {
                Found::Container(container) => {
                    found.push(object(container, last.node.children(), Some(last.node.module)));
                }
                Found::Leaf(value) => found.push(scalar(value)),
                Found::LeafList(values) => {
                    let own = values.iter().filter(|value| self.item.as_ref().is_none_or(|item| item == *value));
                    let own: Vec<_> = own.map(scalar).collect();
                    if !own.is_empty() {
                        found.push(Json::Array(own));
                    }
                }
            }
        }
        let value = if is_list { (!found.is_empty()).then_some(Json::Array(found)) } else { found.into_iter().next() };
        let name = format!("{}:{}", last.node.module.name, last.node.name);
        Some(Json::Object(Map::from_iter([(name, value?)])))
    }

    /// The change that takes it away, which fails where it is not there.
    pub(super) fn deleted(&self, operation: Operation) -> Result<Vec<EditNode>, Refusal> {
        let last =
            self.pattern.0.last().ok_or_else(|| Refusal::new(Tag::OperationNotSupported, "the datastore stays"))?;
        let content = match (&last.node.kind, &last.key, &self.item) {
            (Kind::List { .. }, Some(key), _) => Content::Entry(key.clone(), Vec::new()),
            (Kind::LeafList(_), _, Some(item)) => Content::Item(item.clone()),
            (Kind::List { .. } | Kind::LeafList(_), ..) => {
                return Err(Refusal::new(Tag::InvalidValue, "the key of what is to go is missing"));
            }
            (Kind::Container(_), ..) => Content::Container(Vec::new()),
            (Kind::Leaf(_), ..) => Content::Leaf(None),
        };
        Ok(vec![last.edit(Some(operation), content)])
    }
}

/// As IOS-XE says it.
fn nowhere(path: &str) -> Refusal {
    let mut refusal = Refusal::new(Tag::InvalidValue, format!("uri keypath not found: {path}"));
    refusal.status = http::StatusCode::NOT_FOUND;
    refusal
}

/// There is no such data.
pub(super) fn missing() -> Refusal {
    nowhere("")
}

/// RFC 3986 section 2.1.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut octets = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            octets.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        octets.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(octets).ok()
}
