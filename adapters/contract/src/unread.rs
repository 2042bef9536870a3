//! What a text holds that nobody who reads it looks at, or that says nothing where it stands.

mod idle;
mod source;
mod twice;

use std::collections::BTreeSet;

use mercury_model::{InterfaceName, VlanId};

use crate::{Data as _, DataNode, Mapping, NodePath, PathStep, mac_vrf, masked};
pub use source::Source;
pub use twice::Clashes;

/// A line, element or attribute that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What it is: the line, or the way to the node.
    pub what: String,
    /// Its line, from 1, where that is known.
    pub line: Option<usize>,
    /// Where it begins in the line, in characters from 1, where that is known.
    pub column: Option<usize>,
}

/// All that was left out of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The first of them, in their order.
    pub told: Vec<Left>,
    /// How many there are.
    pub count: usize,
}

impl Unread {
    /// Told one by one; of the others there is a number.
    const MAX_TOLD: usize = 20;
    /// As much of a line is told, in characters.
    const MAX_SHOWN: usize = 240;

    /// One more; secrets in it are masked.
    pub fn add(&mut self, left: impl FnOnce() -> Left) {
        self.count += 1;
        if self.told.len() < Self::MAX_TOLD {
            let Left { what, line, column } = left();
            // It is shown to people, and kept in logs of what they saw.
            let what = masked(&what).chars().take(Self::MAX_SHOWN).collect();
            self.told.push(Left { what, line, column });
        }
    }

    /// A line; `number` counts from 1.
    pub fn add_line(&mut self, number: usize, line: &str) {
        let indent = line.chars().take_while(|character| character.is_whitespace()).count();
        self.add(|| Left { what: line.trim().to_owned(), line: Some(number), column: Some(indent + 1) });
    }

    /// What is named at this octet of a text.
    pub fn add_at(&mut self, text: &str, octet: usize, what: impl FnOnce() -> String) {
        self.add(|| {
            let (line, column) = place(text, octet);
            Left { what: what(), line: Some(line), column: Some(column) }
        });
    }

    /// Those of another reader of the same text.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count - other.told.len();
        other.told.into_iter().for_each(|left| self.add(|| left));
    }
}

/// Line and column of an octet, both from 1, columns in characters.
#[must_use]
pub fn place(text: &str, octet: usize) -> (usize, usize) {
    let before = text.get(..octet).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// The nodes that are looked at, from the top.
#[derive(Clone, Debug, Default)]
pub struct Nodes {
    below: Vec<(PathStep, Self)>,
    /// Whether it is one of them itself, and not only above one.
    is_one: bool,
}

impl Mapping {
    /// The nodes that are looked at, and in which network instance; `None` where in each.
    #[must_use]
    pub fn looked_at<'i>(&self, instance: &'i str) -> (Nodes, Option<&'i str>) {
        match self {
            Self::Tree(tree) => (Nodes::of(&tree.looked_at()), Some(instance)),
            Self::MacVrf => (Nodes::of(&[mac_vrf::nodes(), mac_vrf::lists().into()].concat()), None),
        }
    }
}

/// A node's name, and what tells its entry from others.
type Named<'a> = (&'a str, Option<&'a str>);

impl Nodes {
    /// Those that the paths lead to.
    #[must_use]
    pub fn of(paths: &[NodePath]) -> Self {
        let mut all = Self::default();
        paths.iter().for_each(|path| all.add(&path.steps));
        all
    }

    /// The nodes of this name directly below, whatever their keys, and what is below each.
    pub fn below<'n>(&'n self, name: &str) -> impl Iterator<Item = (&'n PathStep, &'n Self)> {
        let fits = move |step: &PathStep| step.name == name || step.name.starts_with('{');
        self.below.iter().filter(move |(step, _)| fits(step)).map(|(step, below)| (step, below))
    }

    /// The names of the keys of all lists on the way to them.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<&str> {
        let mut keys = BTreeSet::new();
        for (step, below) in &self.below {
            keys.extend(step.keys.iter().map(|(key, _)| key.as_str()));
            keys.extend(below.keys());
        }
        keys
    }

    fn add(&mut self, steps: &[PathStep]) {
        let Some((step, rest)) = steps.split_first() else {
            self.is_one = true;
            return;
        };
        let same = |(own, _): &(PathStep, Self)| own.name == step.name && own.keys == step.keys;
        match self.below.iter_mut().find(|own| same(own)) {
            Some((_, below)) => below.add(rest),
            None => {
                let mut below = Self::default();
                below.add(rest);
                self.below.push((step.clone(), below));
            }
        }
    }

    /// Adds the nodes of `data`, which was read from `source`, that none of these is: of what
    /// is below one its name alone. `instance` is the network instance that is looked at;
    /// `None` where each is, and each entry. In JSON, attributes are nodes too.
    pub fn unread(
        &self,
        instance: Option<&str>,
        has_attributes: bool,
        source: &Source<'_>,
        data: &DataNode<'_>,
        unread: &mut Unread,
    ) {
        let mut looking = Looking { instance, has_attributes, source, way: Vec::new(), unread };
        looking.below(&[self], &[], data);
    }
}

struct Looking<'t, 'd> {
    instance: Option<&'t str>,
    has_attributes: bool,
    source: &'t Source<'t>,
    way: Vec<Named<'d>>,
    unread: &'t mut Unread,
}

impl<'d> Looking<'_, 'd> {
    fn below(&mut self, nodes: &[&Nodes], keys: &[(&str, &str)], data: &DataNode<'d>) {
        for member in data.members() {
            if member.is_hidden() {
                if self.has_attributes {
                    self.left(nodes, member);
                }
            } else if member.is_group() {
                member.members().for_each(|one| self.node(nodes, keys, one));
            } else {
                self.node(nodes, keys, member);
            }
        }
    }

    fn node(&mut self, nodes: &[&Nodes], keys: &[(&str, &str)], node: &DataNode<'d>) {
        let (name, value) = (node.name(), node.value());
        let fitting = || nodes.iter().flat_map(|one| &one.below).filter(|(step, _)| self.fits(step, node));
        // A key, and the leaf that repeats it.
        let is_key = node.is_leaf() && keys.contains(&(name, value));
        let mut known = fitting().peekable();
        if is_key {
            return;
        }
        if known.peek().is_none() {
            self.left(nodes, node);
        } else if node.is_leaf() {
            let is_read = value.is_empty() || known.any(|(_, below)| below.is_one);
            if !is_read {
                self.left(nodes, node);
            }
        } else {
            let own = fitting().flat_map(|(step, _)| &step.keys).filter_map(|(key, _)| {
                let leaf = node.below().find(|below| below.name() == key)?;
                Some((leaf.name(), leaf.value()))
            });
            let own: Vec<(&str, &str)> = own.collect();
            let below: Vec<&Nodes> = fitting().map(|(_, below)| below).collect();
            self.way.push((name, own.first().map(|(_, value)| *value)));
            // Below an entry a container may hold its key once more.
            self.below(&below, if own.is_empty() { keys } else { &own }, node);
            self.way.pop();
        }
    }

    fn fits(&self, step: &PathStep, node: &DataNode<'_>) -> bool {
        let is_named = step.name.starts_with('{') || step.name == node.name();
        is_named
            && step.keys.iter().all(|(key, word)| {
                node.below().find(|below| below.name() == key).is_some_and(|leaf| self.may_be(word, leaf.value()))
            })
    }

    /// Whether a word of a path may stand for this value; none does for all values at once.
    fn may_be(&self, word: &str, value: &str) -> bool {
        let (fixed, placeholder) = word.split_at(word.find('{').unwrap_or(word.len()));
        let Some(rest) = value.strip_prefix(fixed) else { return false };
        match placeholder {
            "" => rest.is_empty() || self.instance.is_none(),
            "{instance}" => self.instance.is_none_or(|own| own == rest),
            "{vlan-id}" => rest.parse::<VlanId>().is_ok(),
            "{name}" | "{type}" | "{id}" => rest.parse::<InterfaceName>().is_ok() && !stands_for_several(rest),
            _ => true,
        }
    }

    fn left(&mut self, nodes: &[&Nodes], node: &DataNode<'d>) {
        // Of an entry its key tells why.
        let steps = nodes.iter().flat_map(|one| &one.below).filter(|(step, _)| step.name == node.name());
        let mut keys = steps
            .filter_map(|(step, _)| step.keys.first())
            .filter_map(|(key, _)| node.below().find(|below| below.name() == key).map(DataNode::value));
        let key = keys.next().map(|key| format!("[{key}]")).unwrap_or_default();
        let words = self.way.iter().flat_map(|(name, key)| std::iter::once(*name).chain(*key));
        let words: Vec<&str> = words.chain([node.name().trim_start_matches('@')]).collect();
        let keys: Vec<&str> = self.way.iter().filter_map(|(_, key)| *key).collect();
        let way = &self.way;
        self.source.add(self.unread, &words, &keys, || format!("{}/{}{key}", shown(way), node.name()));
    }
}

/// A way as people read it.
fn shown(way: &[Named<'_>]) -> String {
    let key = |key: &Option<&str>| key.map(|key| format!("[{key}]")).unwrap_or_default();
    way.iter().map(|(name, own)| format!("/{name}{}", key(own))).collect()
}

/// Whether a name is none, but a pattern, a list or a range of some.
#[must_use]
pub fn stands_for_several(name: &str) -> bool {
    name.contains(['*', '?', '[', ']', '{', '}', '<', '>', ',']) || name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, Bump, DataTree, MAX_REPLY};

    fn path(text: &str) -> NodePath {
        let module = crate::Module { namespace: std::sync::Arc::from("urn:a"), name: None };
        NodePath::parse(text, &std::collections::BTreeMap::new(), Some(&module)).unwrap()
    }

    #[test]
    fn what_no_path_leads_to_is_told_with_its_place() {
        let nodes = Nodes::of(&["l/i[name={name}]/config/mtu", "n[name={instance}]/v[id={vlan-id}]/name"].map(path));
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let mut made = DataTree::new(&arena, &mut share);
        let root = made.node("").unwrap();
        let mut entry = |name: &str, key: &str, value: &str| {
            let node = made.node(name).unwrap();
            node.push(made.copied_leaf(key, value).unwrap());
            node
        };
        let (instance, other) = (entry("n", "name", "default"), entry("n", "name", "mgmt"));
        let (vlan, every) = (entry("v", "id", "10"), entry("v", "id", "*"));
        let port = entry("i", "name", "Ethernet48");
        let (list, config) = (made.node("l").unwrap(), made.node("config").unwrap());
        for (leaf, value) in [("name", "Ethernet48"), ("mtu", "9000"), ("colour", "red")] {
            config.push(made.copied_leaf(leaf, value).unwrap());
        }
        port.push(config);
        list.push(port);
        instance.push(vlan);
        instance.push(every);
        [list, instance, other].into_iter().for_each(|node| root.push(node));
        let text = "l\n i Ethernet48 config\n  mtu colour\n n default v 10 v *";
        let mut unread = Unread::default();
        nodes.unread(Some("default"), false, &Source::of(text), root, &mut unread);
        let told: Vec<_> = unread.told.iter().map(|left| (left.what.as_str(), left.line, left.column)).collect();
        let expected = [
            ("/l/i[Ethernet48]/config/colour", Some(3), Some(7)),
            ("/n[default]/v[*]", Some(4), Some(12)),
            ("/n[mgmt]", Some(4), Some(2)),
        ];
        assert_eq!((told.as_slice(), unread.count), (expected.as_slice(), 3));
    }

    #[test]
    fn no_more_are_told_than_are_read_by_people() {
        let mut unread = Unread::default();
        (1..=30).for_each(|number| unread.add_line(number, "  line"));
        let mut all = Unread::default();
        all.add_at("a\nbc", 3, || "c".to_owned());
        all.merge(unread);
        assert_eq!((all.count, all.told.len()), (31, Unread::MAX_TOLD));
        assert_eq!(all.told[0], Left { what: "c".to_owned(), line: Some(2), column: Some(2) });
        assert_eq!(all.told[1], Left { what: "line".to_owned(), line: Some(1), column: Some(3) });
    }
}
