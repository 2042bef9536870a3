//! A configuration: a tree shaped by the schema.
//!
//! Nodes are shared (`Arc`) and copied on write, so that keeping running,
//! candidate, startup and a configuration to go back to costs one pointer
//! each, and undoing a failed edit is dropping the copy.

pub(crate) mod json;
mod key;

use std::{collections::BTreeMap, sync::Arc};

pub use key::Key;

use crate::schema::{Identity, Node, Value};

/// A configuration datastore of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datastore {
    /// What the switch does now.
    Running,
    /// What it will do after a commit.
    Candidate,
    /// What it does after a reboot.
    Startup,
}

impl Datastore {
    /// The element name that selects it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Candidate => "candidate",
            Self::Startup => "startup",
        }
    }
}

/// What stands at a schema node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// A container with something in it.
    Container(Container),
    /// List entries by key.
    List(BTreeMap<Key, Arc<Container>>),
    /// A leaf's value.
    Leaf(Value),
    /// A leaf-list's values, without order (`ordered-by system`).
    LeafList(Vec<Value>),
}

/// Children by their index in the schema, in schema order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    children: Vec<(usize, Arc<Data>)>,
}

impl Container {
    /// Whether nothing is in it, in which case it does not exist either.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// The child with this schema index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Arc<Data>> {
        let at = self.position(index).ok()?;
        self.children.get(at).map(|(_, data)| data)
    }

    /// Puts a child in place of whatever is there.
    pub fn set(&mut self, index: usize, data: impl Into<Arc<Data>>) {
        let data = data.into();
        match self.position(index) {
            Ok(at) => {
                if let Some(slot) = self.children.get_mut(at) {
                    slot.1 = data;
                }
            }
            Err(at) => self.children.insert(at, (index, data)),
        }
    }

    /// Takes a child away; says whether it was there.
    pub fn remove(&mut self, index: usize) -> bool {
        self.position(index).map(|at| self.children.remove(at)).is_ok()
    }

    /// Gives the child to `change` (a default one if there is none), and takes
    /// it away again when the change leaves it empty.
    pub fn update<T>(
        &mut self,
        index: usize,
        default: impl FnOnce() -> Data,
        change: impl FnOnce(&mut Data) -> T,
    ) -> T {
        let at = self.position(index);
        let mut data = match at {
            Ok(at) => self.children.remove(at).1,
            Err(_) => Arc::new(default()),
        };
        let result = change(Arc::make_mut(&mut data));
        let empty = match &*data {
            Data::Container(container) => container.is_empty(),
            Data::List(entries) => entries.is_empty(),
            Data::LeafList(values) => values.is_empty(),
            Data::Leaf(_) => false,
        };
        if !empty {
            let (Ok(at) | Err(at)) = at;
            self.children.insert(at, (index, data));
        }
        result
    }

    /// Children with their schema indices, in schema order.
    pub fn children(&self) -> impl Iterator<Item = (usize, &Arc<Data>)> {
        self.children.iter().map(|(index, data)| (*index, data))
    }

    /// Children with their schema nodes, in schema order.
    pub fn iter<'a>(&'a self, schema: &'static [Node]) -> impl Iterator<Item = (usize, &'static Node, &'a Data)> {
        self.children.iter().filter_map(move |(index, data)| Some((*index, schema.get(*index)?, &**data)))
    }

    /// The leaf reached by names, if it is there.
    #[must_use]
    pub fn leaf(&self, schema: &'static [Node], path: &[&str]) -> Option<&Value> {
        let (name, rest) = path.split_first()?;
        let (index, node) = crate::schema::child(schema, name)?;
        match (&**self.get(index)?, rest) {
            (Data::Leaf(value), []) => Some(value),
            (Data::Container(container), rest) => container.leaf(node.children(), rest),
            _ => None,
        }
    }

    /// The entries of the list reached by names.
    #[must_use]
    pub fn list(&self, schema: &'static [Node], path: &[&str]) -> Option<&BTreeMap<Key, Arc<Self>>> {
        let (name, rest) = path.split_first()?;
        let (index, node) = crate::schema::child(schema, name)?;
        match (&**self.get(index)?, rest) {
            (Data::List(entries), []) => Some(entries),
            (Data::Container(container), rest) => container.list(node.children(), rest),
            _ => None,
        }
    }

    /// The configuration as RFC 7951 JSON.
    #[must_use]
    pub fn to_json(&self, schema: &'static [Node]) -> serde_json::Value {
        json::object(self, schema, None)
    }

    fn position(&self, index: usize) -> Result<usize, usize> {
        self.children.binary_search_by_key(&index, |(at, _)| *at)
    }
}

/// Builds start configurations in code.
pub(crate) mod build {
    use super::{Arc, BTreeMap, Container, Data, Identity, Key, Node, Value};
    use crate::schema::{Kind, Type, child};

    /// Sets the leaf reached by names; the name of a list is followed by a key.
    /// A path the schema does not know is a mistake in this package and
    /// changes nothing.
    pub(crate) fn set(root: &mut Container, schema: &'static [Node], path: &[&str], value: &str) {
        let Some((name, rest)) = path.split_first() else { return };
        let Some((index, node)) = child(schema, name) else { return };
        match &node.kind {
            Kind::Container(children) => {
                root.update(
                    index,
                    || Data::Container(Container::default()),
                    |data| {
                        if let Data::Container(container) = data {
                            set(container, children, rest, value);
                        }
                    },
                );
            }
            Kind::List { key: leaf, children } => {
                let Some((key, rest)) = rest.split_first() else { return };
                root.update(
                    index,
                    || Data::List(BTreeMap::new()),
                    |data| {
                        if let Data::List(entries) = data {
                            let entry = Arc::make_mut(entries.entry(Key::new(key)).or_default());
                            set(entry, children, &[leaf], key);
                            set(entry, children, rest, value);
                        }
                    },
                );
            }
            Kind::Leaf(kind) => {
                if let Some(value) = lexical(kind, value) {
                    root.set(index, Data::Leaf(value));
                }
            }
            Kind::LeafList(_) => {}
        }
    }

    fn lexical(kind: &'static Type, value: &str) -> Option<Value> {
        let namespace = match kind {
            Type::Identity(identities) => identities
                .iter()
                .find(|identity: &&Identity| identity.name == value)
                .map(|identity| identity.module.namespace),
            _ => None,
        };
        kind.parse(value, namespace.map(|namespace| (namespace, value)))
    }
}
