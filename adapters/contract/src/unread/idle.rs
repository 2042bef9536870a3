//! What is looked at and says nothing as it stands: of a port that is in another mode, or of
//! another kind than its place is for, a value behind the one that counts, one that is none,
//! and a VLAN of which no number can be read.

use std::collections::BTreeSet;

use mercury_model::{ForeignVlans, Interface, Leaf, Running, SwitchedVlan, VlanId, Vni};

use super::{Clashes, Source, Unread};
use crate::{
    Data as _, DataNode, LeafTree, ModeForm, Names, NodePath, SwitchedVlanTree, Tree, TrunkForm, VlanTree,
    reading::{is_vlan, kind, visit},
};

impl Unread {
    /// Adds the VLANs that ports have in `running` and that mean nothing in their mode. What
    /// was read was read from `source`.
    pub fn add_idle(&mut self, running: &Running, source: &Source<'_>) {
        for (name, raw) in &running.written {
            let Some(vlans) = running.interfaces.get(name).and_then(|port| port.switched_vlan.as_ref()) else {
                continue;
            };
            for (leaf, value) in idle(vlans, raw) {
                let what = || format!("{leaf} {value} of {name}, which says nothing in its mode");
                source.add(self, &[name.as_str(), leaf, value.as_str()], &[name.as_str()], what);
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

/// What is looked for, and where it is from.
struct Looked<'l> {
    source: &'l Source<'l>,
    /// Whether no text is empty: a line ends behind its value.
    has_values: bool,
    unread: &'l mut Unread,
    clashes: &'l mut Clashes,
}

impl Tree {
    /// Adds the leaves that are looked at in `data` and say nothing: VLANs of a port where those
    /// of an aggregate are looked for, the other way round, all but the first place of a leaf that
    /// has several, where they differ, those without a value (a text may be empty unless
    /// `has_values`), and VLANs and VNIs whose numbers are none; and to what clashes the leaves
    /// with more than one value. `instance` is the network instance of VLANs.
    pub fn idle(
        &self,
        instance: &str,
        source: &Source<'_>,
        has_values: bool,
        data: &DataNode<'_>,
        (unread, clashes): (&mut Unread, &mut Clashes),
    ) {
        let mut looked = Looked { source, has_values, unread, clashes };
        let mut seen = BTreeSet::new();
        visit(data, &self.interface.steps, &Names::default(), &mut |node, names| {
            let Some(name) = names.found_interface().filter(|name| !is_vlan(self, name)) else { return };
            let port = Interface { kind: kind(self, node, &name, &names), ..Interface::new(name.clone()) };
            if !seen.insert(name) {
                return;
            }
            let vlans = self.aggregate_switched_vlan.as_ref().filter(|_| port.is_aggregate());
            let vlans = vlans.unwrap_or(&self.switched_vlan);
            let own = nodes(vlans);
            let other = match &self.aggregate_switched_vlan {
                Some(_) if port.is_aggregate() => nodes(&self.switched_vlan),
                Some(aggregate) => nodes(aggregate),
                None => Vec::new(),
            };
            let mut entry = InEntry { steps: &self.interface, node, names: &names, looked: &mut looked };
            other.into_iter().filter(|path| !own.contains(path)).for_each(|path| entry.add(path, 0));
            valued(vlans).into_iter().for_each(|path| entry.is_number(path, |text| !text.is_empty(), "value"));
            let is_no_aggregate = self.aggregate_names.is_some() && !port.is_aggregate();
            for (leaf, at) in &self.leaves {
                if leaf.list().and_then(|list| self.lists.get(&list)).is_some_and(|list| list.is_beside) {
                    continue;
                }
                match at {
                    _ if is_no_aggregate && leaf.is_of_aggregates() => at.paths().for_each(|path| entry.add(path, 0)),
                    LeafTree::Value { path, or, .. } => entry.add_others(*leaf, path, or),
                    LeafTree::Presence { .. } => {}
                }
            }
        });
        for (list, own) in self.lists.iter().filter(|(_, own)| own.is_beside) {
            let leaves = || self.leaves.iter().filter(|(leaf, _)| leaf.list() == Some(*list));
            visit(data, &own.entry.steps, &Names::default(), &mut |node, names| {
                let mut entry = InEntry { steps: &own.entry, node, names: &names, looked: &mut looked };
                for (leaf, at) in leaves() {
                    if let LeafTree::Value { path, or, .. } = at {
                        entry.add_others(*leaf, path, or);
                    }
                }
            });
        }
        self.numbers(instance, data, &mut looked);
    }

    /// Adds the VLANs and VNIs whose numbers are none.
    fn numbers(&self, instance: &str, data: &DataNode<'_>, looked: &mut Looked<'_>) {
        let names = Names::vlan(instance, None, None);
        let vni = self.overlay.as_ref().map(|own| (&own.vni, own.entry.as_ref()));
        if let Some(vlan) = &self.vlan {
            let vni = vni.filter(|(_, entry)| entry.is_none()).map(|(path, _)| path);
            visit(data, &vlan.entry.steps, &names, &mut |node, names| {
                let mut entry = InEntry { steps: &vlan.entry, node, names: &names, looked };
                entry.numbered(vlan);
                vni.into_iter().for_each(|path| entry.is_number(path, |text| text.parse::<Vni>().is_ok(), "VNI"));
            });
        }
        if let Some((path, Some(list))) = vni {
            visit(data, &list.steps, &names, &mut |node, names| {
                let mut entry = InEntry { steps: list, node, names: &names, looked };
                entry.is_number(path, |text| text.parse::<Vni>().is_ok(), "VNI");
            });
        }
    }
}

/// What says nothing of a port's VLANs without a value, each once.
fn valued(tree: &SwitchedVlanTree) -> Vec<&NodePath> {
    let mode = match &tree.mode {
        ModeForm::Leaf { path, .. } => Some(path),
        ModeForm::Presence { .. } | ModeForm::Derived => None,
    };
    let trunk = Some(&tree.trunk_vlans.path).filter(|path| path.vlans_key().is_none());
    let mut all: Vec<&NodePath> = Vec::new();
    for path in [mode, Some(&tree.access_vlan), Some(&tree.native_vlan), trunk].into_iter().flatten() {
        if !all.contains(&path) {
            all.push(path);
        }
    }
    all
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

/// An entry of a list, and what is looked for in it.
struct InEntry<'e, 'l, 'd> {
    steps: &'e NodePath,
    node: &'e DataNode<'d>,
    names: &'e Names,
    looked: &'e mut Looked<'l>,
}

impl InEntry<'_, '_, '_> {
    fn values(&self, path: &NodePath) -> Vec<String> {
        crate::find(self.node, path, self.names).iter().map(|(node, _)| node.value().to_owned()).collect()
    }

    /// Adds what is there at a path, but for the first ones.
    fn add(&mut self, path: &NodePath, first: usize) {
        let count = self.values(path).len().saturating_sub(first);
        (0..count).for_each(|_| self.add_one(path, "as it stands"));
    }

    /// Adds what is not the value that counts and differs from it, and what is none.
    fn add_others(&mut self, leaf: Leaf, path: &NodePath, or: &[NodePath]) {
        let mut counts: Option<String> = None;
        for path in std::iter::once(path).chain(or) {
            self.once(path);
            let may_be_empty = leaf == Leaf::Description && !self.looked.has_values;
            for value in self.values(path) {
                match &counts {
                    _ if value.is_empty() && may_be_empty => {}
                    _ if value.is_empty() => self.is_none(path, "", "value"),
                    None => counts = Some(value),
                    Some(first) if *first == value => {}
                    // Those of one place were told of.
                    Some(_) if self.values(path).len() > 1 => {}
                    Some(_) => self.add_one(path, "as it stands"),
                }
            }
        }
    }

    /// Tells of a leaf that has several values, of which but one can be meant.
    fn once(&mut self, path: &NodePath) {
        let mut values = self.values(path);
        values.dedup();
        if let [_, .., last] = values.as_slice() {
            let (way, mut words, key) = self.way(path);
            words.push(last.clone());
            let what = || format!("{way} has {} values, {}", values.len(), values.join(" and "));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            self.looked.source.add(&mut self.looked.clashes.leaves, &words, &[&key], what);
        }
    }

    /// A VLAN's number is one, and is said once, as its name is.
    fn numbered(&mut self, vlan: &VlanTree) {
        [&vlan.id, &vlan.name, &vlan.status].into_iter().flatten().for_each(|path| self.once(path));
        match &vlan.id {
            Some(path) if self.values(path).is_empty() && self.names.found_vlan_id().is_none() => {
                self.add_one(path, "as it stands, without a number");
            }
            Some(path) => {
                let is_word = |value: &String| vlan.id_words.contains(value);
                for word in self.values(path).iter().filter(|value| is_word(value)) {
                    self.add_word(path, word);
                }
                for value in
                    self.values(path).iter().filter(|value| !is_word(value) && value.parse::<VlanId>().is_err())
                {
                    self.is_none(path, value, "VLAN's number (1 to 4094)");
                }
            }
            // Of one that is no number, the key is not looked at.
            None => {}
        }
    }

    fn is_number(&mut self, path: &NodePath, is_one: fn(&str) -> bool, what: &str) {
        for value in self.values(path).into_iter().filter(|value| !is_one(value)) {
            self.is_none(path, &value, what);
        }
    }

    /// Tells of a value that is none.
    fn is_none(&mut self, path: &NodePath, value: &str, what: &str) {
        let (way, mut words, key) = self.way(path);
        words.extend((!value.is_empty()).then(|| value.to_owned()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let told = || match value {
            "" => format!("{way} has no value"),
            _ => format!("{way} is {value:?}, which is no {what}"),
        };
        self.looked.source.add(&mut self.looked.clashes.values, &words, &[&key], told);
    }

    /// Tells of a word in the place of a VLAN's number.
    fn add_word(&mut self, path: &NodePath, word: &str) {
        let (way, mut words, key) = self.way(path);
        words.push(word.to_owned());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let told = || format!("{way} {word}, of a VLAN that is not one of a number");
        self.looked.source.add(self.looked.unread, &words, &[&key], told);
    }

    fn add_one(&mut self, path: &NodePath, how: &str) {
        let (way, words, key) = self.way(path);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.looked.source.add(self.looked.unread, &words, &[&key], || format!("{way} {how}"));
    }

    /// The way to a node, the words of it with its entry's key, and that key.
    fn way(&self, path: &NodePath) -> (String, Vec<String>, String) {
        let step = |name: &str| self.names.resolve(name).map_or_else(|| name.to_owned(), |own| own.into_owned());
        let entry: Vec<String> = self.steps.steps.iter().map(|own| step(&own.name)).collect();
        let key = self.steps.steps.last().and_then(|own| own.keys.first());
        let key = key.and_then(|(name, _)| self.node.below().find(|below| below.name() == name));
        let key = key.map(|leaf| leaf.value().to_owned()).unwrap_or_default();
        let below: Vec<String> = path.steps.iter().map(|own| step(&own.name)).collect();
        let shown: String = entry.iter().map(|own| format!("/{own}")).collect();
        let way = format!("{shown}[{key}]/{}", below.join("/"));
        (way, entry.into_iter().chain([key.clone()]).chain(below).collect(), key)
    }
}
