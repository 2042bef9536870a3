//! Subtree filtering (RFC 6241 section 6).

use std::{collections::BTreeMap, sync::Arc};

use super::xml::Element;
use crate::{
    datastore::{Container, Data, Key},
    schema::{Kind, Node, Value},
};

/// What of a configuration the filter selects. An empty filter selects nothing
/// (section 6.4.2). With `first_only`, of several siblings of one name the first
/// is looked at.
pub(crate) fn select(config: &Container, root: &'static [Node], filter: &Element, first_only: bool) -> Container {
    let mut selected = Container::default();
    if !filter.children.is_empty() {
        Filter { first_only }.below(config, root, &filter.children, &mut selected);
    }
    selected
}

#[derive(Clone, Copy)]
struct Filter {
    first_only: bool,
}

impl Filter {
    /// Applies sibling filter nodes to one container or list entry.
    fn below(self, data: &Container, schema: &'static [Node], filters: &[Element], selected: &mut Container) -> bool {
        let matches = filters.iter().filter(|filter| is_content_match(filter));
        let mut only_content = true;
        // Every content match has to hold before any sibling is looked at
        // (section 6.2.5).
        for filter in matches.clone() {
            if !content_matches(data, schema, filter) {
                return false;
            }
        }
        for (place, filter) in filters.iter().enumerate().filter(|(_, filter)| !is_content_match(filter)) {
            only_content = false;
            if self.first_only && filters.iter().take(place).any(|earlier| earlier.name == filter.name) {
                continue;
            }
            for (index, node) in named(schema, filter) {
                if let Some(found) = data.get(index) {
                    self.pick(found, node, filter, index, selected);
                }
            }
        }
        if only_content {
            merge(selected, data);
        } else {
            for filter in matches {
                for (index, _) in named(schema, filter) {
                    if let Some(found) = data.get(index) {
                        selected.set(index, Arc::clone(found));
                    }
                }
            }
        }
        true
    }

    /// Applies a containment or selection node.
    fn pick(self, found: &Arc<Data>, node: &'static Node, filter: &Element, index: usize, to: &mut Container) {
        if filter.children.is_empty() {
            return to.set(index, Arc::clone(found));
        }
        match &**found {
            Data::Container(inner) => {
                let mut selected = Container::default();
                self.below(inner, node.children(), &filter.children, &mut selected);
                to.update(
                    index,
                    || Data::Container(Container::default()),
                    |data| {
                        if let Data::Container(container) = data {
                            merge(container, &selected);
                        }
                    },
                );
            }
            Data::List(entries) => {
                to.update(
                    index,
                    || Data::List(BTreeMap::new()),
                    |data| {
                        let Data::List(chosen) = data else { return };
                        // A list of thousands is not gone through for each entry that is named.
                        let only = named_entry(node, filter);
                        let found = only.as_ref().map(|key| entries.get_key_value(key));
                        let rest = entries.iter().filter(|_| only.is_none());
                        for (key, entry) in found.flatten().into_iter().chain(rest) {
                            let mut selected = Container::default();
                            if self.below(entry, node.children(), &filter.children, &mut selected)
                                && !selected.is_empty()
                            {
                                // The key is returned with whatever is selected of the
                                // entry, as servers do: without it the answer is of no use.
                                if let Some((at, value)) = key_of(node, entry) {
                                    selected.set(at, Data::Leaf(value));
                                }
                                merge(Arc::make_mut(chosen.entry(key.clone()).or_default()), &selected);
                            }
                        }
                    },
                );
            }
            Data::Leaf(_) | Data::LeafList(_) => {}
        }
    }
}

/// The key of the one entry that the filter names, if it names one.
fn named_entry(node: &'static Node, filter: &Element) -> Option<Key> {
    let Kind::List { key, children } = node.kind else { return None };
    let (_, leaf) = crate::schema::child(children, key)?;
    let Kind::Leaf(kind) = &leaf.kind else { return None };
    let is_key = |inner: &&Element| is_content_match(inner) && inner.name == key;
    let value = kind.parse(filter.children.iter().find(is_key)?.trimmed(), None)?;
    Some(Key::new(&value.to_string()))
}

fn key_of(node: &'static Node, entry: &Container) -> Option<(usize, Value)> {
    let Kind::List { key, children } = node.kind else { return None };
    let (index, _) = crate::schema::child(children, key)?;
    match &**entry.get(index)? {
        Data::Leaf(value) => Some((index, value.clone())),
        _ => None,
    }
}

fn is_content_match(filter: &Element) -> bool {
    filter.children.is_empty() && !filter.trimmed().is_empty()
}

fn content_matches(data: &Container, schema: &'static [Node], filter: &Element) -> bool {
    named(schema, filter).any(|(index, node)| {
        let expected = match &node.kind {
            Kind::Leaf(kind) | Kind::LeafList(kind) => {
                let identity = filter.qualified.as_ref().map(|(ns, name)| (&**ns, &**name));
                kind.parse(filter.trimmed(), identity)
            }
            Kind::Container(_) | Kind::List { .. } => None,
        };
        match (data.get(index).map(|data| &**data), expected) {
            (Some(Data::Leaf(value)), Some(expected)) => *value == expected,
            (Some(Data::LeafList(values)), Some(expected)) => values.contains(&expected),
            _ => false,
        }
    })
}

/// Schema nodes a filter element names; without a namespace it stands for any
/// (section 6.2.1).
fn named<'a>(schema: &'static [Node], filter: &'a Element) -> impl Iterator<Item = (usize, &'static Node)> + use<'a> {
    schema.iter().enumerate().filter(move |(_, node)| {
        node.name == filter.name && (filter.namespace.is_empty() || filter.namespace == node.module.namespace)
    })
}

fn merge(into: &mut Container, from: &Container) {
    for (index, data) in from.children() {
        let Some(present) = into.get(index) else {
            into.set(index, Arc::clone(data));
            continue;
        };
        let mut merged = (**present).clone();
        match (&mut merged, &**data) {
            (Data::Container(one), Data::Container(other)) => merge(one, other),
            (Data::List(one), Data::List(other)) => {
                for (key, entry) in other {
                    merge(Arc::make_mut(one.entry(key.clone()).or_default()), entry);
                }
            }
            _ => merged = (**data).clone(),
        }
        into.set(index, merged);
    }
}
