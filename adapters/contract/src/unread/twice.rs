//! What cannot be meant at once. Entries of one list with one key (RFC 7950 section 7.8.2): a
//! target takes all of them, one after the other, where a reader would see the last. And a
//! leaf that repeats its entry's key (OpenConfig's style guide) and has another value.

use std::collections::HashMap;

use super::{Left, Looking, Nodes, Source, Unread, shown};
use crate::{DataNode, PathStep};

/// Where OpenConfig has the leaves that repeat keys.
const CONFIG: &str = "config";

/// What of a text cannot be meant at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clashes {
    /// Entries that are there more than once, and were read as one.
    pub twice: Unread,
    /// Leaves that have more than one value.
    pub leaves: Unread,
    /// Keys that are repeated with another value.
    pub keys: Unread,
    /// Values that are none.
    pub values: Unread,
}

impl Nodes {
    /// Makes one entry of those that have one key, and tells which those were. The first gets
    /// what all of them hold, and the others are what it is. Tells of keys that are repeated
    /// with another value, too. `instance` as of [`Self::unread`].
    pub fn merged<'d>(&self, instance: Option<&str>, source: &Source<'_>, data: &DataNode<'d>) -> Clashes {
        let Clashes { mut twice, mut keys, .. } = Clashes::default();
        let looking = Looking { instance, has_attributes: false, source, way: Vec::new(), unread: &mut twice };
        Merging { looking, others: &mut keys }.among(&[self], children(data));
        Clashes { twice, keys, ..Clashes::default() }
    }

    fn has_lists(&self) -> bool {
        self.below.iter().any(|(step, below)| !step.keys.is_empty() || below.has_lists())
    }
}

/// The nodes below one, those of groups one by one.
fn children<'d>(node: &DataNode<'d>) -> Vec<&'d DataNode<'d>> {
    let mut all = Vec::new();
    for member in node.members().filter(|member| !member.is_hidden()) {
        match member.is_group() {
            true => all.extend(member.members()),
            false => all.push(member),
        }
    }
    all
}

struct Merging<'t, 'd> {
    looking: Looking<'t, 'd>,
    /// Keys that are repeated with another value.
    others: &'t mut Unread,
}

/// Nodes of one name, and of one key where they are entries of a list.
struct Same<'n, 'd> {
    below: Vec<&'n Nodes>,
    is_keyed: bool,
    nodes: Vec<&'d DataNode<'d>>,
}

impl<'d> Merging<'_, 'd> {
    fn among(&mut self, nodes: &[&Nodes], all: Vec<&'d DataNode<'d>>) {
        if !nodes.iter().any(|one| one.has_lists()) {
            return;
        }
        let mut known: HashMap<(&'d str, Vec<&'d str>), usize> = HashMap::new();
        let mut found: Vec<Same<'_, 'd>> = Vec::new();
        for node in all.into_iter().filter(|node| !node.is_leaf()) {
            let fitting: Vec<&(PathStep, Nodes)> =
                nodes.iter().flat_map(|one| &one.below).filter(|(step, _)| self.looking.fits(step, node)).collect();
            let Some(first) = fitting.iter().find(|(step, _)| !step.keys.is_empty()).or(fitting.first()) else {
                continue;
            };
            let keys: Vec<&'d str> = first.0.keys.iter().filter_map(|(key, _)| value(node, key)).collect();
            self.repeated(node, &first.0);
            let is_keyed = !keys.is_empty();
            let index = *known.entry((node.name(), keys)).or_insert_with(|| {
                let below = fitting.iter().map(|(_, below)| below).collect();
                found.push(Same { below, is_keyed, nodes: Vec::new() });
                found.len() - 1
            });
            found.get_mut(index).into_iter().for_each(|same| same.nodes.push(node));
        }
        for ((name, keys), index) in sorted(known) {
            let Some(Same { below, is_keyed, nodes }) = found.get(index) else { continue };
            if *is_keyed && nodes.len() > 1 {
                self.one_of(name, &keys, nodes);
            }
            // Of what has no key it is not known whether it is there once; what it holds has.
            let of = if *is_keyed { nodes.get(..1) } else { None };
            let inside = of.unwrap_or(nodes).iter().flat_map(|node| children(node)).collect();
            self.looking.way.push((name, keys.first().copied()));
            self.among(below, inside);
            self.looking.way.pop();
        }
    }

    fn one_of(&mut self, name: &'d str, keys: &[&'d str], nodes: &[&'d DataNode<'d>]) {
        let Some((first, others)) = nodes.split_first() else { return };
        for other in others {
            let members: Vec<_> = other.members().filter(|member| !member.is_hidden()).collect();
            members.into_iter().for_each(|member| first.push(member));
        }
        others.iter().for_each(|other| other.become_like(first));
        let Looking { way, source, unread, .. } = &mut self.looking;
        let (key, count) = (keys.join(" "), nodes.len());
        let names: String = way.iter().map(|(name, _)| format!("/{name}")).collect();
        // It goes through the whole text, and so is done for those alone that are told.
        unread.add(|| {
            let last = source.text.rmatch_indices(&key).next().map_or(0, |(octet, _)| octet);
            let place = source.place(last);
            Left {
                what: format!("{names}/{name}[{key}] is there {count} times"),
                line: Some(place.0),
                column: Some(place.1),
            }
        });
    }

    /// Tells of the keys of an entry that its `config` repeats with another value.
    fn repeated(&mut self, node: &'d DataNode<'d>, step: &PathStep) {
        let Some(config) = children(node).into_iter().find(|below| below.name() == CONFIG) else { return };
        for (name, _) in &step.keys {
            let (Some(key), Some(other)) = (value(node, name), value(config, name)) else { continue };
            // An identity may have its module before it.
            if key == other || key.rsplit(':').next() == other.rsplit(':').next() {
                continue;
            }
            let Looking { way, source, .. } = &self.looking;
            let mut words: Vec<&str> = way.iter().flat_map(|(name, key)| std::iter::once(*name).chain(*key)).collect();
            words.extend([node.name(), key, CONFIG, name, other]);
            let what = || format!("{}/{}[{key}]/{CONFIG}/{name} is {other}", shown(way), node.name());
            source.add(self.others, &words, &[key], what);
        }
    }
}

fn value<'d>(node: &DataNode<'d>, key: &str) -> Option<&'d str> {
    children(node).into_iter().find(|below| below.name() == key).map(DataNode::value)
}

/// In the order in which they were found.
fn sorted<K>(known: HashMap<K, usize>) -> Vec<(K, usize)> {
    let mut all: Vec<_> = known.into_iter().collect();
    all.sort_unstable_by_key(|(_, index)| *index);
    all
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use super::*;
    use crate::{Budget, Bump, Data as _, DataTree, MAX_REPLY, Module, NodePath};

    #[test]
    fn entries_of_one_key_become_one_wherever_they_stand() {
        let module = Module { namespace: Arc::from("urn:a"), name: None };
        let path = |text: &str| NodePath::parse(text, &BTreeMap::new(), Some(&module)).unwrap();
        let nodes = Nodes::of(&["l/i[name={name}]/c/mtu", "l/i[name={name}]/u[index=0]/on"].map(path));
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let mut made = DataTree::new(&arena, &mut share);
        let root = made.node("").unwrap();
        // Two lists, as of two files, and twice the same entry in the second.
        for entries in [&[("a", "1"), ("b", "2")][..], &[("a", "3"), ("c", "4"), ("c", "5")]] {
            let (list, group) = (made.node("l").unwrap(), made.group("i").unwrap());
            for (name, mtu) in entries {
                let (entry, inside, unit) = (made.node("i").unwrap(), made.node("c").unwrap(), made.node("u").unwrap());
                entry.push(made.copied_leaf("name", name).unwrap());
                inside.push(made.copied_leaf("mtu", mtu).unwrap());
                unit.push(made.copied_leaf("index", "0").unwrap());
                entry.push(inside);
                entry.push(unit);
                group.push(entry);
            }
            list.push(group);
            root.push(list);
        }
        let Clashes { twice, keys, .. } = nodes.merged(None, &Source::of("a b\na c c"), root);
        assert_eq!(keys.count, 0);
        let told: Vec<&str> = twice.told.iter().map(|left| left.what.as_str()).collect();
        assert_eq!(
            told,
            [
                "/l/i[a] is there 2 times",
                "/l/i/u[0] is there 2 times",
                "/l/i[c] is there 2 times",
                "/l/i/u[0] is there 2 times"
            ]
        );
        assert_eq!((twice.told[0].line, twice.told[2].column), (Some(2), Some(5)));
        let lists: Vec<_> = root.below().collect();
        let mtus = |list: &DataNode<'_>, index: usize| {
            let entry = list.below().nth(index).unwrap();
            let inside = entry.below().filter(|below| below.name() == "c");
            inside.flat_map(|own| own.below()).map(|mtu| mtu.value().to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!([mtus(lists[0], 0), mtus(lists[0], 1)], ["1 3", "2"]);
        assert_eq!([mtus(lists[1], 0), mtus(lists[1], 1), mtus(lists[1], 2)], ["1 3", "4 5", "4 5"]);
        assert_eq!(nodes.merged(None, &Source::of(""), made.node("").unwrap()), Clashes::default());
    }

    #[test]
    fn a_key_that_its_config_repeats_with_another_value_is_told() {
        let module = Module { namespace: Arc::from("urn:a"), name: None };
        let path = |text: &str| NodePath::parse(text, &BTreeMap::new(), Some(&module)).unwrap();
        let nodes = Nodes::of(&[path("l/i[name={name}]/config/mtu")]);
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let mut made = DataTree::new(&arena, &mut share);
        let (root, list) = (made.node("").unwrap(), made.node("l").unwrap());
        for (key, own) in [("e1", "e1"), ("e2", "e3")] {
            let (entry, config) = (made.node("i").unwrap(), made.node("config").unwrap());
            entry.push(made.copied_leaf("name", key).unwrap());
            config.push(made.copied_leaf("name", own).unwrap());
            entry.push(config);
            list.push(entry);
        }
        root.push(list);
        let Clashes { twice, keys, .. } = nodes.merged(None, &Source::of("l i e1 e1\n i e2 e3"), root);
        let place = (keys.told[0].what.as_str(), keys.told[0].line, keys.told[0].column);
        assert_eq!((place, keys.count), (("/l/i[e2]/config/name is e3", Some(2), Some(7)), 1));
        assert_eq!(twice.count, 0);
    }
}
