//! What one Set does, before it is encoded.

use std::fmt;

use mercury_adapter::{Module, Names, Node, NodePath, PathStep, operations};

use crate::value;

/// A value in no encoding yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A string or an enumeration's word.
    Text(String),
    /// A number.
    Number(u64),
    /// A boolean.
    Boolean(bool),
    /// An identity: its module's name and its own.
    Identity(String, String),
    /// What a leaf of type `empty` holds.
    Empty,
    /// The values of a leaf-list.
    List(Vec<Value>),
    /// Entries of a list.
    Entries(Vec<Value>),
    /// A container or a list entry.
    Object(Vec<Member>),
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) module: Module,
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// The operations of one Set. A target carries them out in the order delete,
/// replace, update, whatever their order here (gNMI section 3.4.3).
#[derive(Clone, Debug, Default)]
pub struct SetOperations {
    pub(crate) delete: Vec<Node>,
    pub(crate) replace: Vec<(Node, Value)>,
    pub(crate) update: Vec<(Node, Value)>,
}

impl SetOperations {
    /// How many operations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.delete.len() + self.replace.len() + self.update.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// As people read it: one operation a line, values as RFC 7951 JSON.
impl fmt::Display for SetOperations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.delete {
            writeln!(f, "delete {node}")?;
        }
        let valued =
            self.replace.iter().map(|one| ("replace", one)).chain(self.update.iter().map(|one| ("update", one)));
        for (word, (node, value)) in valued {
            let json = value::json(value, None, true);
            let text = if f.alternate() { format!("{json:#}") } else { json.to_string() };
            writeln!(f, "{word} {node} {text}")?;
        }
        Ok(())
    }
}

impl Value {
    /// Puts a value at a path below this object; objects on the way are made, and entries of
    /// lists with their keys.
    pub(crate) fn put(&mut self, below: &NodePath, names: &Names, value: Value) {
        let Self::Object(members) = self else { return };
        let Some((first, rest)) = below.steps.split_first() else { return };
        let name = names.resolve(&first.name).unwrap_or_default().into_owned();
        let rest = NodePath { steps: rest.to_vec() };
        let found = members.iter().position(|member| member.name == name);
        let index = found.unwrap_or(members.len());
        if found.is_none() {
            members.push(Member { module: first.module.clone(), name, value: Self::Object(Vec::new()) });
        }
        let Some(member) = members.get_mut(index) else { return };
        let into = if first.keys.is_empty() { Some(&mut member.value) } else { member.value.entry(first, names) };
        let Some(into) = into else { return };
        if rest.steps.is_empty() {
            *into = value;
        } else {
            into.put(&rest, names, value);
        }
    }

    /// The entry that has the keys of a step, among these entries.
    fn entry(&mut self, step: &PathStep, names: &Names) -> Option<&mut Self> {
        let keys = keys(step, names);
        if !matches!(self, Self::Entries(_)) {
            *self = Self::Entries(Vec::new());
        }
        let Self::Entries(entries) = self else { return None };
        let has = |entry: &Self| matches!(entry, Self::Object(members) if members.starts_with(&keys));
        let at = entries.iter().position(has).unwrap_or(entries.len());
        if at == entries.len() {
            entries.push(Self::Object(keys));
        }
        entries.get_mut(at)
    }
}

/// The leaves that are the keys of an entry.
pub(crate) fn keys(step: &PathStep, names: &Names) -> Vec<Member> {
    let key = |(key, word): &(String, String)| {
        let text = names.resolve(word)?;
        // Numbers are keys where the dialect says so, not where a name happens to be one.
        let is_number = matches!(word.as_str(), "{vlan-id}" | "{vni}") || !word.contains('{');
        let value = match text.parse() {
            Ok(number) if is_number => Value::Number(number),
            _ => Value::Text(text.into_owned()),
        };
        Some(Member { module: step.module.clone(), name: key.clone(), value })
    };
    step.keys.iter().filter_map(key).collect()
}

impl From<operations::Value> for Value {
    fn from(value: operations::Value) -> Self {
        match value {
            operations::Value::Text(text) => Self::Text(text),
            operations::Value::Number(number) => Self::Number(number),
            operations::Value::Boolean(boolean) => Self::Boolean(boolean),
            operations::Value::Identity(module, name) => {
                Self::Identity(module.name.as_deref().unwrap_or_default().to_owned(), name)
            }
            operations::Value::Empty => Self::Empty,
            operations::Value::Container => Self::Object(Vec::new()),
        }
    }
}
