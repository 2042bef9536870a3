//! What is looked at and says nothing as it stands: of a port that is in another mode, or of
//! another kind than its place is for, and a value behind the one that counts.

use std::collections::BTreeSet;

use mercury_model::{ForeignVlans, Interface, Running, SwitchedVlan};

use super::{Left, Unread, find, place};
use crate::{
    DataNode, LeafTree, ModeForm, Names, NodePath, SwitchedVlanTree, Tree, TrunkForm,
    reading::{is_vlan, kind, visit},
};

impl Unread {
    /// Adds the VLANs that ports have in `running` and that mean nothing in their mode. What
    /// was read was read from `text`.
    pub fn add_idle(&mut self, running: &Running, text: &str) {
        for (name, raw) in &running.written {
            let Some(vlans) = running.interfaces.get(name).and_then(|port| port.switched_vlan.as_ref()) else {
                continue;
            };
            for (leaf, value) in idle(vlans, raw) {
                self.add(|| {
                    let words = [name.as_str(), leaf, value.as_str()];
                    let place = find(text, words.into_iter()).map(|octet| place(text, octet));
                    let what = format!("{leaf} {value} of {name}, which says nothing in its mode");
                    Left { what, line: place.map(|(line, _)| line), column: place.map(|(_, column)| column) }
                });
            }
        }
    }
}

/// The leaves of a port that mean nothing beside the others. Two of them may be one.
fn idle<'r>(vlans: &SwitchedVlan, raw: &'r ForeignVlans) -> Vec<(&'static str, &'r String)> {
    let (access, native, trunk) = (&raw.access_vlan, &raw.native_vlan, &raw.trunk_vlans);
    let beside = |values: &'r Vec<String>, counts: &[&Vec<String>]| {
        let is_one = values.is_empty() || counts.contains(&values);
        if is_one { &[][..] } else { values.as_slice() }
    };
    let told = |leaf, values: &'r [String]| values.iter().map(move |value| (leaf, value));
    match vlans {
        SwitchedVlan::Foreign(_) => Vec::new(),
        SwitchedVlan::Trunk { .. } => told("access-vlan", beside(access, &[native, trunk])).collect(),
        SwitchedVlan::Access { .. } => {
            let parts = raw.trunk_parts.values().flat_map(|values| told("trunk-vlans", values));
            let native = told("native-vlan", beside(native, &[access]));
            native.chain(told("trunk-vlans", beside(trunk, &[access]))).chain(parts).collect()
        }
    }
}

impl Tree {
    /// Adds the leaves of ports that are looked at in `data`, and not where they stand: VLANs of
    /// a port where those of an aggregate are looked for, the other way round, and all but the
    /// first place of a leaf that has several, where they differ.
    pub fn idle(&self, text: &str, data: &DataNode<'_>, unread: &mut Unread) {
        let mut seen = BTreeSet::new();
        visit(data, &self.interface.steps, &Names::default(), &mut |node, names| {
            let Some(name) = names.found_interface().filter(|name| !is_vlan(self, name)) else { return };
            let port = Interface { kind: kind(self, node, &name, &names), ..Interface::new(name.clone()) };
            if !seen.insert(name) {
                return;
            }
            let own = self.aggregate_switched_vlan.as_ref().filter(|_| port.is_aggregate());
            let own = nodes(own.unwrap_or(&self.switched_vlan));
            let other = match &self.aggregate_switched_vlan {
                Some(_) if port.is_aggregate() => nodes(&self.switched_vlan),
                Some(aggregate) => nodes(aggregate),
                None => Vec::new(),
            };
            let mut entry = InEntry { steps: &self.interface, node, names: &names, text, unread };
            other.into_iter().filter(|path| !own.contains(path)).for_each(|path| entry.add(path, 0));
            let is_no_aggregate = self.aggregate_names.is_some() && !port.is_aggregate();
            for (leaf, at) in &self.leaves {
                if leaf.list().and_then(|list| self.lists.get(&list)).is_some_and(|list| list.is_beside) {
                    continue;
                }
                match at {
                    _ if is_no_aggregate && leaf.is_of_aggregates() => at.paths().for_each(|path| entry.add(path, 0)),
                    LeafTree::Value { path, or, .. } => entry.add_others(path, or),
                    LeafTree::Presence { .. } => {}
                }
            }
        });
        for (list, own) in self.lists.iter().filter(|(_, own)| own.is_beside) {
            let leaves = || self.leaves.iter().filter(|(leaf, _)| leaf.list() == Some(*list));
            visit(data, &own.entry.steps, &Names::default(), &mut |node, names| {
                let mut entry = InEntry { steps: &own.entry, node, names: &names, text, unread };
                for (_, at) in leaves() {
                    if let LeafTree::Value { path, or, .. } = at {
                        entry.add_others(path, or);
                    }
                }
            });
        }
    }
}

/// All that a port's VLANs are said by.
fn nodes(tree: &SwitchedVlanTree) -> Vec<&NodePath> {
    let trunk = match &tree.mode {
        ModeForm::Presence { trunk, .. } => Some(trunk),
        ModeForm::Leaf { .. } | ModeForm::Derived => None,
    };
    let forms = std::iter::once(&tree.trunk_vlans).chain(&tree.also_trunk_vlans).flat_map(TrunkForm::nodes);
    let own = [Some(&tree.access_vlan), Some(&tree.native_vlan), tree.mode.path(), trunk];
    own.into_iter().flatten().chain(forms).collect()
}

/// An entry of a list, and where it is in the text.
struct InEntry<'e, 'd> {
    steps: &'e NodePath,
    node: &'e DataNode<'d>,
    names: &'e Names,
    text: &'e str,
    unread: &'e mut Unread,
}

impl InEntry<'_, '_> {
    fn values(&self, path: &NodePath) -> Vec<&str> {
        crate::find(self.node, path, self.names).iter().map(|(node, _)| node.value()).collect()
    }

    /// Adds what is there at a path, but for the first ones.
    fn add(&mut self, path: &NodePath, first: usize) {
        let count = self.values(path).len().saturating_sub(first);
        (0..count).for_each(|_| self.add_one(path));
    }

    /// Adds what is not the value that counts and differs from it.
    fn add_others(&mut self, path: &NodePath, or: &[NodePath]) {
        let mut counts: Option<String> = None;
        for path in std::iter::once(path).chain(or) {
            let values: Vec<String> = self.values(path).into_iter().map(str::to_owned).collect();
            for value in values.into_iter().filter(|value| !value.is_empty()) {
                match &counts {
                    None => counts = Some(value),
                    Some(first) if *first == value => {}
                    Some(_) => self.add_one(path),
                }
            }
        }
    }

    fn add_one(&mut self, path: &NodePath) {
        let Self { steps, names, text, unread, .. } = self;
        unread.add(|| {
            let step = |name: &str| names.resolve(name).map_or_else(|| name.to_owned(), |own| own.into_owned());
            let entry = steps.steps.iter().map(|own| step(&own.name));
            let name = names.found_interface().map(|name| name.to_string()).unwrap_or_default();
            let below: Vec<String> = path.steps.iter().map(|own| step(&own.name)).collect();
            let words: Vec<String> = entry.clone().chain([name.clone()]).chain(below.iter().cloned()).collect();
            let place = find(text, words.iter().map(String::as_str)).map(|octet| place(text, octet));
            let way: String = entry.map(|own| format!("/{own}")).collect();
            let what = format!("{way}[{name}]/{} as it stands", below.join("/"));
            Left { what, line: place.map(|(line, _)| line), column: place.map(|(_, column)| column) }
        });
    }
}
