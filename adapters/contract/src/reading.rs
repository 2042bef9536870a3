//! A device's data as the model, whatever it was encoded in. Nothing that a
//! device holds is an error: what the model has no word for is kept as read.

mod channel_group;
mod elsewhere;
mod membership;
mod overlay;
mod parts;
mod shared;
mod vlan;

use std::collections::BTreeMap;

use mercury_model::{Foreign, Interface, InterfaceName, InterfaceScope, InterfaceType, Leaf, Running, Scope, Value};

use crate::{
    Defaults, LeafTree, Names, NodePath, PathStep, Tree,
    spelling::{self, Named, Said},
};

pub(crate) use membership::Listed;
pub use parts::Parts;

/// A node of a data tree: a container, a list entry, a leaf, or one value of a
/// leaf-list.
pub trait Data {
    /// Its name, without a prefix.
    fn name(&self) -> &str;
    /// A leaf's value as text; of an identity, with or without a prefix.
    fn value(&self) -> &str;
    /// The nodes below it.
    fn below<'a>(&'a self) -> impl Iterator<Item = &'a Self>
    where
        Self: 'a;
    /// What is said of it beside its value, by the local name: `default` (RFC 6243
    /// section 6), or a vendor's `inactive` or `active`.
    fn attribute(&self, _name: &str) -> Option<&str> {
        None
    }
    /// Whether it is there and has no effect: `inactive` on Junos, and `active` with
    /// the value false on one that is set yang-compliant.
    fn is_inactive(&self) -> bool {
        self.attribute("inactive").is_some() || self.attribute("active") == Some("false")
    }
}

/// How one target's data is understood.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// Where everything lies.
    pub tree: &'a Tree,
    /// What is so where a leaf is absent.
    pub defaults: &'a Defaults,
    /// The network instance that holds the VLANs.
    pub instance: &'a str,
}

/// What a device's data says about `scope`.
pub fn running<D: Data>(looking: Looking<'_>, data: &D, scope: &Scope) -> Running {
    Parts::new(looking, scope).whole(data)
}

fn aggregate_count<D: Data>(tree: &Tree, data: &D, scope: &Scope) -> Option<u16> {
    let path = tree.aggregate_count.as_ref().filter(|_| scope.interfaces == InterfaceScope::All)?;
    // Where none is told there are none.
    value(data, path, &Names::default()).map_or(Some(0), |count| count.parse().ok())
}

/// Where VLANs are kept among the interfaces, an entry is one or the other.
pub(crate) fn is_vlan(tree: &Tree, name: &InterfaceName) -> bool {
    let Some(vlan) = &tree.vlan else { return false };
    let keys = vlan.entry.steps.last().map_or(&[][..], |step| &step.keys);
    vlan.is_beside(&tree.interface) && keys.iter().any(|(_, word)| Names::default().capture(word, name.as_str()))
}

/// Reads an interface's own entry; gives what else is to be known of how its
/// `switched-vlan` is written there.
fn read_interface<D: Data>(
    (tree, defaults): (&Tree, &Defaults),
    entry: &Entry<'_, D>,
    named: &Named,
    others: Vec<String>,
    into: &mut Interface,
    places: &mut BTreeMap<(Leaf, InterfaceName), usize>,
) -> Said {
    into.kind = kind(tree, entry.node, &into.name, &entry.names);
    let is_no_aggregate = tree.aggregate_names.is_some() && !into.is_aggregate();
    for (leaf, at) in &tree.leaves {
        let list = leaf.list().and_then(|list| tree.lists.get(&list));
        // What a container holds has a value in its absence only where that is there.
        let lies_here =
            list.is_none_or(|own| !own.is_beside && first(entry.node, &own.entry.steps, &entry.names).is_some());
        if !lies_here || (is_no_aggregate && leaf.is_of_aggregates()) {
            continue;
        }
        if let Some((value, place)) = read_leaf(*leaf, at, entry) {
            leaf.set(into, Some(value));
            if place > 0 {
                places.insert((*leaf, into.name.clone()), place);
            }
        }
    }
    let own = tree.aggregate_switched_vlan.as_ref().filter(|_| into.is_aggregate());
    let mut said = spelling::read(own.unwrap_or(&tree.switched_vlan), defaults, entry, named, others);
    into.switched_vlan = said.vlans.take();
    said
}

/// What an interface's entry says that it is, or its name where only that tells.
pub(crate) fn kind<D: Data>(tree: &Tree, entry: &D, name: &InterfaceName, names: &Names) -> Option<InterfaceType> {
    let said = tree.kind.as_ref().and_then(|path| value(entry, path, names));
    let is_aggregate = |prefix: &String| name.as_str().starts_with(prefix.as_str());
    let by_name = || tree.aggregate_names.as_ref().is_some_and(is_aggregate).then_some(InterfaceType::Ieee8023adLag);
    said.map(|kind| InterfaceType::from_identity(bare(kind))).or_else(by_name)
}

/// What a leaf holds, and which of its places that is in.
fn read_leaf<D: Data>(leaf: Leaf, at: &LeafTree, entry: &Entry<'_, D>) -> Option<(Value, usize)> {
    let read = match at {
        LeafTree::Value { path, or, absent, words, identity } => {
            let shown = |path| value(entry.node, path, &entry.names).filter(|text| !text.is_empty());
            let mut paths = std::iter::once(path).chain(or).enumerate();
            let Some((place, path, shown)) = paths.find_map(|(place, path)| Some((place, path, shown(path)?))) else {
                return Some((leaf.read(absent.as_ref()?), 0));
            };
            if entry.is_inactive(path) {
                let foreign = Foreign::new(vec![shown.to_owned(), "inactive".to_owned()]);
                return Some((Value::Foreign(foreign), place));
            }
            let shown = if identity.is_some() { bare(shown) } else { shown };
            let word = words.iter().find(|(_, own)| own == shown).map_or(shown, |(word, _)| word);
            return Some((leaf.read(word), place));
        }
        LeafTree::Presence { present, absent } => {
            let is_there =
                |path: &NodePath| first(entry.node, &path.steps, &entry.names).is_some() && !entry.is_inactive(path);
            let there: Vec<&(String, NodePath)> = present.iter().filter(|(_, path)| is_there(path)).collect();
            let says_more = |path: &NodePath| there.iter().any(|(_, other)| path.is_above(other));
            let words: Vec<&String> = there.iter().filter(|(_, path)| !says_more(path)).map(|(word, _)| word).collect();
            match words.as_slice() {
                [] => absent.as_ref().map(|word| leaf.read(word)),
                [one] => Some(leaf.read(one)),
                more => Some(Value::Foreign(Foreign::new(more.iter().map(|word| (*word).clone()).collect()))),
            }
        }
    };
    read.map(|value| (value, 0))
}

/// An identity without its module's name or prefix.
fn bare(identity: &str) -> &str {
    identity.rsplit_once(':').map_or(identity, |(_, name)| name)
}

/// The value of the first node at `path`.
pub fn value<'a, D: Data>(entry: &'a D, path: &NodePath, names: &Names) -> Option<&'a str> {
    first(entry, &path.steps, names).map(Data::value)
}

/// The first node at a path: most ask for one leaf, and for nothing that a placeholder
/// stands for there.
pub(crate) fn first<'a, D: Data>(root: &'a D, path: &[PathStep], names: &Names) -> Option<&'a D> {
    match path {
        [] => Some(root),
        [step, rest @ ..] if step.is_plain() => {
            root.below().filter(|node| node.name() == step.name).find_map(|node| first(node, rest, names))
        }
        [step, rest @ ..] => matching(root, step, names).find_map(|(node, names)| first(node, rest, &names)),
    }
}

/// A list entry that is read.
pub(crate) struct Entry<'a, D> {
    pub(crate) node: &'a D,
    pub(crate) names: Names,
    /// Whether the reply has nodes without effect at all.
    some_inactive: bool,
    /// The VLANs that list it, where they do that and it does not say what it carries.
    pub(crate) listed: Option<&'a Listed>,
}

impl<D: Data> Entry<'_, D> {
    /// Whether a node on the way to `path`, itself included, has no effect.
    pub(crate) fn is_inactive(&self, path: &NodePath) -> bool {
        let on_the_way = |length: usize| {
            let above = NodePath { steps: path.steps.iter().take(length).cloned().collect() };
            find(self.node, &above, &self.names).iter().any(|(node, _)| node.is_inactive())
        };
        self.some_inactive && (0..=path.steps.len()).any(on_the_way)
    }
}

fn any_inactive<D: Data>(node: &D) -> bool {
    node.is_inactive() || node.below().any(any_inactive)
}

/// Every node at `path` below `root` whose keys fit, with the values that
/// placeholders without one stand for there. Names are compared by their
/// local part: devices answer in odd namespaces.
pub fn find<'a, D: Data>(root: &'a D, path: &NodePath, names: &Names) -> Vec<(&'a D, Names)> {
    let mut found = Vec::new();
    visit(root, &path.steps, names, &mut |node, names| found.push((node, names)));
    found
}

/// Shows every such node, one after the other: those of a whole switch take as much
/// memory together as what is made of them.
pub(crate) fn visit<'a, D: Data>(root: &'a D, path: &[PathStep], names: &Names, show: &mut dyn FnMut(&'a D, Names)) {
    match path {
        [] => show(root, names.clone()),
        [step, rest @ ..] if step.is_plain() => {
            root.below().filter(|node| node.name() == step.name).for_each(|node| visit(node, rest, names, show));
        }
        [step, rest @ ..] => matching(root, step, names).for_each(|(node, names)| visit(node, rest, &names, show)),
    }
}

fn matching<'a, D: Data>(parent: &'a D, step: &PathStep, names: &Names) -> impl Iterator<Item = (&'a D, Names)> {
    let fits = |node: &'a D| {
        let is_placeholder = step.name.starts_with('{');
        if !is_placeholder && node.name() != step.name {
            return None;
        }
        let mut names = names.clone();
        if is_placeholder {
            names.capture(&step.name, node.name());
        }
        for (key, word) in &step.keys {
            if !names.capture(word, node.below().find(|below| below.name() == key)?.value()) {
                return None;
            }
        }
        Some((node, names))
    };
    parent.below().filter_map(fits)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Module;

    #[derive(Clone)]
    pub(super) struct Node(pub(super) &'static str, pub(super) &'static str, pub(super) Vec<Node>);

    impl Data for Node {
        fn name(&self) -> &str {
            self.0
        }

        fn value(&self) -> &str {
            self.1
        }

        fn below<'a>(&'a self) -> impl Iterator<Item = &'a Self>
        where
            Self: 'a,
        {
            self.2.iter()
        }
    }

    fn step(name: &str, keys: &[(&str, &str)]) -> PathStep {
        PathStep {
            module: Module { namespace: Arc::from(""), name: None },
            name: name.to_owned(),
            keys: keys.iter().map(|(key, word)| ((*key).to_owned(), (*word).to_owned())).collect(),
        }
    }

    #[test]
    fn one_long_name_above_many_nodes_is_held_once() {
        let config = || Node("config", "", Vec::new());
        let entry = Node("vlan", "", vec![Node("name", "x", Vec::new()), config(), config()]);
        let root = Node("data", "", vec![entry]);
        let path = NodePath { steps: vec![step("vlan", &[("name", "{vlan-name}")]), step("config", &[])] };
        let found = find(&root, &path, &Names::default());
        let names: Vec<_> = found.iter().map(|(_, names)| names.found_vlan_name().unwrap().as_ptr()).collect();
        assert!(names.len() == 2 && names[0] == names[1]);
    }
}
