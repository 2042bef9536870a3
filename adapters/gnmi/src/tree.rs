//! What a target answers, as a data tree: whatever the encoding, whether it
//! came as one JSON object or leaf by leaf. In time and memory that are those of
//! the answer, which the tree does not need once it was added.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_adapter::{Bump, DataNode, DataTree, JsonUnread, ManyChildren, NoRoom, Share, data_json};

use crate::wire::{Field, Garbled, fields, notifications, text};

mod lists;

use lists::{Lists, fits};

/// Elements a path may have.
const MAX_DEPTH: usize = 64;
/// Keys a list may have.
const MAX_KEYS: usize = 16;
/// What OpenConfig calls the container of an interface's counters, which no
/// target that answers with state leaves out: it is half of the answer, and says
/// nothing of what is configured or there.
const COUNTERS: &str = "counters";

/// A node: a container, a list entry, a leaf, or one value of a leaf-list.
pub(crate) type Node<'a> = DataNode<'a>;

/// Why an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// It is not what gNMI says.
    #[error(transparent)]
    Garbled(#[from] Garbled),
    /// A sentence that says what cannot be understood.
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

impl From<ManyChildren> for Problem {
    fn from(many: ManyChildren) -> Self {
        Self::Unreadable(many.to_string())
    }
}

/// Collects answers into one tree.
pub(crate) struct Tree<'a, 's> {
    made: DataTree<'a, 's>,
    root: &'a Node<'a>,
    lists: Lists<'a>,
}

/// An element of a path.
#[derive(Default)]
struct Elem<'a> {
    name: &'a str,
    keys: Vec<(&'a str, &'a str)>,
}

impl<'a, 's> Tree<'a, 's> {
    /// A tree of nothing, whose nodes lie in `arena` and are counted by `share`.
    pub(crate) fn new(arena: &'a Bump, share: &'s mut Share) -> Result<Self, Problem> {
        let mut made = DataTree::new(arena, share);
        let root = made.node("")?;
        Ok(Self { made, root, lists: Lists::default() })
    }

    /// What was collected.
    pub(crate) fn root(&self) -> &'a Node<'a> {
        self.root
    }

    /// Lays the notifications of an answer over what is there.
    pub(crate) fn add(&mut self, answer: &[u8]) -> Result<(), Problem> {
        notifications(answer).try_for_each(|notification| self.notify(notification?))
    }

    /// Lays one JSON object, of a datastore's top, over what is there.
    pub(crate) fn whole(&mut self, object: &[u8]) -> Result<(), Problem> {
        let value = self.value("", object)?;
        self.merge(self.root, value)
    }

    fn notify(&mut self, notification: &[u8]) -> Result<(), Problem> {
        let mut prefix = Vec::new();
        for field in fields(notification) {
            if let (2, Field::Octets(path)) = field? {
                elements(path, &mut prefix)?;
            }
        }
        for field in fields(notification) {
            if let (4, Field::Octets(update)) = field? {
                let own = prefix.len();
                self.update(&mut prefix, update)?;
                prefix.truncate(own);
            }
        }
        Ok(())
    }

    /// `path` is the prefix, and takes up the update's own elements.
    fn update<'r>(&mut self, path: &mut Vec<Elem<'r>>, update: &'r [u8]) -> Result<(), Problem> {
        let (mut val, mut before_0_4) = (None, None);
        for field in fields(update) {
            match field? {
                (1, Field::Octets(own)) => elements(own, path)?,
                (2, Field::Octets(value)) => before_0_4 = Some(value),
                (3, Field::Octets(value)) => val = Some(value),
                _ => {}
            }
        }
        let name = path.last().map_or("", |elem| elem.name);
        let mut value = val.map(|val| self.typed(name, val)).transpose()?.flatten();
        if value.is_none() {
            value = before_0_4.map(|value| self.before_0_4(name, value)).transpose()?.flatten();
        }
        // NX-OS says so that there is no such data.
        let Some(value) = value else { return Ok(()) };
        let Some((last, parents)) = path.split_last() else { return self.merge(self.root, value) };
        let above = parents.iter().try_fold(self.root, |node, elem| self.child(node, elem))?;
        self.set(above, last, unwrapped(value))
    }

    /// Puts what came for a path's last element below its parent.
    fn set(&mut self, above: &'a Node<'a>, elem: &Elem<'_>, value: &'a Node<'a>) -> Result<(), Problem> {
        let is_list = value.is_group() && value.members().any(|entry| !entry.is_leaf());
        if is_list && !elem.keys.is_empty() {
            // With keys, there is but one entry.
            let entry = self.child(above, elem)?;
            return value.members().try_for_each(|part| self.merge(entry, part));
        }
        if is_list || value.is_group() || value.is_leaf() {
            return self.lay(above, value);
        }
        let node = self.child(above, elem)?;
        self.merge(node, value)
    }

    /// Lays what is below one node over another.
    fn merge(&mut self, node: &'a Node<'a>, other: &Node<'a>) -> Result<(), Problem> {
        merge(&mut self.made, &mut self.lists, node, other)
    }

    fn lay(&mut self, above: &'a Node<'a>, new: &'a Node<'a>) -> Result<(), Problem> {
        lay(&mut self.made, &mut self.lists, above, new)
    }

    /// The node of a path element, made with its keys where it is missing.
    fn child(&mut self, above: &'a Node<'a>, elem: &Elem<'_>) -> Result<&'a Node<'a>, Problem> {
        let found = above.child(elem.name)?;
        if let Some(found) = found.filter(|found| !found.is_group() && fits(found, &elem.keys)) {
            return Ok(found);
        }
        if found.is_none() && elem.keys.is_empty() {
            let node = self.made.node(elem.name)?;
            above.push(node);
            return Ok(node);
        }
        let group = match found {
            Some(group) => group,
            None => {
                let group = self.made.group(elem.name)?;
                above.push(group);
                group
            }
        };
        if !group.is_group() {
            self.made.regroup(group)?;
        }
        if let Some(entry) = self.lists.find(group, &elem.keys, &mut self.made)? {
            return Ok(entry);
        }
        let entry = self.made.node(elem.name)?;
        for (key, value) in &elem.keys {
            entry.push(self.made.copied_leaf(key, value)?);
        }
        group.push(entry);
        Ok(entry)
    }

    /// A `TypedValue` as a node that is nowhere yet; `None` where there is none.
    fn typed(&mut self, name: &str, value: &[u8]) -> Result<Option<&'a Node<'a>>, Problem> {
        // Of a oneof, the last one counts.
        let Some((number, field)) = fields(value).last().transpose()? else { return Ok(None) };
        let made = &mut self.made;
        let leaf = match (number, field) {
            (10 | 11, Field::Octets(json)) => return self.json(name, json),
            (8, Field::Octets(list)) => return self.leaf_list(name, list).map(Some),
            (7, _) => return Err(Problem::Unreadable("a decimal64, which no leaf that Mercury reads is".to_owned())),
            (1 | 12, Field::Octets(octets)) => made.copied_leaf(name, text(octets)?),
            (2, Field::Varint(number)) => made.copied_leaf(name, &number.cast_signed().to_string()),
            (3, Field::Varint(number)) => made.copied_leaf(name, &number.to_string()),
            (4, Field::Varint(number)) => made.leaf(name, if number == 0 { "false" } else { "true" }),
            // RFC 7951 section 6.6.
            (5 | 13, Field::Octets(octets)) => made.copied_leaf(name, &STANDARD.encode(octets)),
            (6, Field::Fixed32(bits)) => made.copied_leaf(name, &in_json(f32::from_bits(bits).into())),
            (14, Field::Fixed64(bits)) => made.copied_leaf(name, &in_json(f64::from_bits(bits))),
            _ => return Ok(None),
        };
        Ok(Some(leaf?))
    }

    /// A leaf-list holds no lists, whatever a peer sends.
    fn leaf_list(&mut self, name: &str, list: &[u8]) -> Result<&'a Node<'a>, Problem> {
        let group = self.made.group(name)?;
        for field in fields(list) {
            let (1, Field::Octets(value)) = field? else { continue };
            if matches!(fields(value).last(), Some(Ok((8, _)))) {
                return Err(Problem::Unreadable("a list inside a leaf-list".to_owned()));
            }
            let made = self.typed(name, value)?;
            group.push(made.map_or_else(|| self.made.leaf(name, ""), Ok)?);
        }
        Ok(group)
    }

    fn json(&mut self, name: &str, value: &[u8]) -> Result<Option<&'a Node<'a>>, Problem> {
        if matches!(value.trim_ascii(), b"" | b"null") {
            return Ok(None);
        }
        self.value(name, value).map(Some)
    }

    /// JSON as a node that is nowhere yet.
    fn value(&mut self, name: &str, text: &[u8]) -> Result<&'a Node<'a>, Problem> {
        let Self { made, lists, .. } = self;
        let mut lay = |made: &mut DataTree<'a, '_>, above, below| lay(made, lists, above, below);
        data_json(made, (name, text), &[COUNTERS], &mut lay).map_err(|unread| match unread {
            JsonUnread::Refused(problem) => problem,
            JsonUnread::Malformed(error) => Problem::Unreadable(format!("a value is not JSON: {error}")),
        })
    }

    /// An update's value before gNMI 0.4.0: read, never written.
    fn before_0_4(&mut self, name: &str, value: &[u8]) -> Result<Option<&'a Node<'a>>, Problem> {
        let (mut octets, mut kind) = (&[][..], 0);
        for field in fields(value) {
            match field? {
                (1, Field::Octets(value)) => octets = value,
                (2, Field::Varint(encoding)) => kind = encoding,
                _ => {}
            }
        }
        match kind {
            // JSON and JSON_IETF.
            0 | 4 => self.json(name, octets),
            _ if octets.is_empty() => Ok(None),
            kind => Err(Problem::Unreadable(format!("a value of the deprecated type {kind}"))),
        }
    }
}

fn merge<'a>(
    made: &mut DataTree<'a, '_>,
    lists: &mut Lists<'a>,
    node: &'a Node<'a>,
    other: &Node<'a>,
) -> Result<(), Problem> {
    other.members().try_for_each(|below| lay(made, lists, node, below))
}

/// Puts a new node below another one. Of leaves and leaf-lists of its name it
/// takes the place, entries it joins, and over a container it is laid.
fn lay<'a>(
    made: &mut DataTree<'a, '_>,
    lists: &mut Lists<'a>,
    above: &'a Node<'a>,
    new: &'a Node<'a>,
) -> Result<(), Problem> {
    let Some(old) = above.child(new.name())? else {
        above.push(new);
        return Ok(());
    };
    let is_leaf = |node: &Node<'a>| node.is_leaf() || node.is_group() && node.members().all(Node::is_leaf);
    if is_leaf(new) || is_leaf(old) {
        lists.forget(old);
        old.become_like(new);
    } else if new.is_group() || old.is_group() {
        if !old.is_group() {
            made.regroup(old)?;
        }
        if new.is_group() { new.members().for_each(|entry| old.push(entry)) } else { old.push(new) }
    } else {
        merge(made, lists, old, new)?;
    }
    Ok(())
}

/// Some targets repeat the last element of the path around its value.
fn unwrapped<'a>(value: &'a Node<'a>) -> &'a Node<'a> {
    let mut members = value.members();
    match (value.is_group(), members.next(), members.next()) {
        (false, Some(only), None) if only.is_like(value) => only,
        _ => value,
    }
}

/// Adds the elements of a `Path`.
fn elements<'a>(path: &'a [u8], to: &mut Vec<Elem<'a>>) -> Result<(), Problem> {
    for field in fields(path) {
        let (3, Field::Octets(element)) = field? else { continue };
        if to.len() >= MAX_DEPTH {
            return Err(Problem::Unreadable(format!("a path has more than {MAX_DEPTH} elements")));
        }
        let mut elem = Elem::default();
        for field in fields(element) {
            match field? {
                (1, Field::Octets(name)) => elem.name = bare(text(name)?),
                (2, Field::Octets(_)) if elem.keys.len() >= MAX_KEYS => {
                    return Err(Problem::Unreadable(format!("a list has more than {MAX_KEYS} keys")));
                }
                (2, Field::Octets(entry)) => elem.keys.push(key(entry)?),
                _ => {}
            }
        }
        elem.keys.sort_unstable();
        to.push(elem);
    }
    Ok(())
}

/// An entry of a map.
fn key(entry: &[u8]) -> Result<(&str, &str), Garbled> {
    let (mut key, mut value) = ("", "");
    for field in fields(entry) {
        match field? {
            (1, Field::Octets(name)) => key = bare(text(name)?),
            (2, Field::Octets(words)) => value = text(words)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// A name without its module's.
fn bare(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// A number as JSON writes it; nothing for those that it cannot.
fn in_json(value: f64) -> String {
    serde_json::Number::from_f64(value).map(|number| number.to_string()).unwrap_or_default()
}

#[cfg(test)]
#[path = "tree/tests.rs"]
mod tests;
