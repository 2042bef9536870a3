//! Paths into a configuration in which list keys may be left open.

use crate::{
    datastore::{Container, Data, Key},
    edit::{Content, Edit, EditNode, Operation},
    schema::{Kind, Node, ROOT, Value},
};

/// A path from the root, whose nodes are these. Empty, it is the root itself.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(pub(crate) Vec<Step>, pub(crate) &'static [Node]);

/// One step down.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Index among the parent's schema children.
    pub(crate) index: usize,
    pub(crate) node: &'static Node,
    /// Of a list: which entry, or any. `None` for what is no list.
    pub(crate) key: Option<Key>,
}

/// A place in a configuration that fits a pattern.
#[derive(Debug)]
pub(crate) struct Match<'a> {
    /// For every step the key of the list entry it led into.
    pub(crate) keys: Vec<Option<Key>>,
    pub(crate) found: Found<'a>,
}

/// What stands there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    /// The root, a container or a list entry.
    Container(&'a Container),
    Leaf(&'a Value),
    LeafList(&'a [Value]),
}

impl Default for Pattern {
    fn default() -> Self {
        Self(Vec::new(), &ROOT)
    }
}

impl Pattern {
    /// What is below the place the pattern leads to.
    pub(crate) fn children(&self) -> &'static [Node] {
        self.0.last().map_or(self.1, |step| step.node.children())
    }

    /// Whether a list entry on the way is not named.
    pub(crate) fn is_open(&self) -> bool {
        self.0.iter().any(Step::is_open)
    }

    /// Every place that fits, in schema and key order.
    pub(crate) fn matches<'a>(&self, root: &'a Container) -> Vec<Match<'a>> {
        let mut places = vec![Match { keys: Vec::new(), found: Found::Container(root) }];
        for step in &self.0 {
            places = places.iter().flat_map(|place| step.from(place)).collect();
        }
        places
    }

    /// An edit that takes everything away that fits; nothing is no error.
    pub(crate) fn removal(&self, root: &Container) -> Edit {
        let Some((last, above)) = self.0.split_last() else {
            return Edit { default: Operation::Replace, nodes: Vec::new() };
        };
        let nodes = self.matches(root).into_iter().filter_map(|place| {
            let (key, keys) = place.keys.split_last()?;
            let content = match (&last.node.kind, key) {
                (Kind::List { .. }, Some(key)) => Content::Entry(key.clone(), Vec::new()),
                (Kind::List { .. }, None) | (Kind::LeafList(_), _) => Content::Whole,
                (Kind::Container(_), _) => Content::Container(Vec::new()),
                (Kind::Leaf(_), _) => Content::Leaf(None),
            };
            Some(wrap(above, keys, vec![last.edit(Some(Operation::Remove), content)]))
        });
        Edit { default: Operation::None, nodes: nodes.flatten().collect() }
    }

    /// An edit that creates the way to the last step's parent and does `nodes`
    /// there. The pattern must not be open.
    pub(crate) fn edit(&self, nodes: Vec<EditNode>) -> Edit {
        let above = self.0.split_last().map_or(&[][..], |(_, above)| above);
        let keys: Vec<_> = above.iter().map(|step| step.key.clone()).collect();
        Edit { default: Operation::Merge, nodes: wrap(above, &keys, nodes) }
    }
}

impl Step {
    fn is_open(&self) -> bool {
        self.key.is_none() && matches!(self.node.kind, Kind::List { .. })
    }

    /// An edit of this step's node.
    pub(crate) fn edit(&self, operation: Option<Operation>, content: Content) -> EditNode {
        EditNode { index: self.index, schema: self.node, operation, content }
    }

    fn from<'a>(&self, place: &Match<'a>) -> Vec<Match<'a>> {
        let Found::Container(parent) = place.found else { return Vec::new() };
        let Some(data) = parent.get(self.index) else { return Vec::new() };
        let at = |key: Option<&Key>, found| {
            let mut keys = place.keys.clone();
            keys.push(key.cloned());
            Match { keys, found }
        };
        match (&**data, &self.key) {
            (Data::Container(container), _) => vec![at(None, Found::Container(container))],
            (Data::Leaf(value), _) => vec![at(None, Found::Leaf(value))],
            (Data::LeafList(values), _) => vec![at(None, Found::LeafList(values))],
            (Data::List(entries), Some(key)) => {
                entries.get(key).map(|entry| at(Some(key), Found::Container(entry))).into_iter().collect()
            }
            (Data::List(entries), None) => {
                entries.iter().map(|(key, entry)| at(Some(key), Found::Container(entry))).collect()
            }
        }
    }
}

/// Puts edits below a way down.
fn wrap(above: &[Step], keys: &[Option<Key>], nodes: Vec<EditNode>) -> Vec<EditNode> {
    above.iter().zip(keys).rev().fold(nodes, |below, (step, key)| {
        let content = match key {
            Some(key) => Content::Entry(key.clone(), below),
            None => Content::Container(below),
        };
        vec![step.edit(None, content)]
    })
}
