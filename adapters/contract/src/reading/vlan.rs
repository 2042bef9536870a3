//! VLANs, and what their entries hold that is not Mercury's.

use std::collections::{BTreeMap, BTreeSet};

use mercury_model::{Vlan, VlanId, VlanName, VlanStatus};

use super::{Data, bare, find, value};
use crate::{Names, NodePath, OverlayTree, Tree, VlanTree, spelling::vlan_key};

/// The VLANs, and by their numbers what else is in their entries.
pub(super) fn read<D: Data>(
    tree: &Tree,
    instance: &str,
    data: &D,
    overlays: bool,
) -> (BTreeMap<VlanId, Vlan>, BTreeMap<VlanId, String>) {
    let (mut vlans, mut besides) = (BTreeMap::new(), BTreeMap::new());
    let Some(vlan) = &tree.vlan else { return (vlans, besides) };
    // What binds it to a VNI is not Mercury's where nobody asked for it.
    let binds = tree.overlay.as_ref().filter(|own| overlays && own.entry.is_none());
    let known = Known::of(vlan, tree, binds);
    for (entry, names) in find(data, &vlan.entry, &Names::vlan(instance, None, None)) {
        let Some(found) = one(vlan, entry, &names) else { continue };
        if let Some(more) = known.besides(entry) {
            besides.insert(found.id, more);
        }
        vlans.insert(found.id, found);
    }
    (vlans, besides)
}

/// A VLAN without a number, as Junos may have, is none that anybody could ask for.
pub(super) fn number<D: Data>(vlan: &VlanTree, entry: &D, names: &Names) -> Option<VlanId> {
    let said = vlan.id.as_ref().and_then(|path| value(entry, path, names));
    said.or_else(|| names.found_vlan_id())?.parse().ok()
}

/// What an entry of a list holds besides its key and these leaves.
pub(super) fn besides<'a, D: Data>(
    entry: &'a NodePath,
    leaves: impl Iterator<Item = &'a NodePath>,
    node: &D,
) -> Option<String> {
    let keys = entry.steps.last().map_or(&[][..], |step| &step.keys);
    let own = keys.iter().map(|(key, _)| vec![key.as_str()]).chain(leaves.flat_map(with_keys)).collect();
    Known { own, defaults: Vec::new() }.besides(node)
}

/// The names on the way to a leaf, and to the keys of the entries on that way.
fn with_keys(path: &NodePath) -> Vec<Vec<&str>> {
    let all = step_names(path);
    let keys = path.steps.iter().enumerate().flat_map(|(at, step)| {
        let above = all.iter().take(at + 1).copied();
        step.keys.iter().map(move |(key, _)| above.clone().chain([key.as_str()]).collect())
    });
    keys.chain([all.clone()]).collect()
}

fn step_names(path: &NodePath) -> Vec<&str> {
    path.steps.iter().map(|step| step.name.as_str()).collect()
}

fn one<D: Data>(vlan: &VlanTree, entry: &D, names: &Names) -> Option<Vlan> {
    let id = number(vlan, entry, names)?;
    let made = vlan_key(id);
    let name = match &vlan.name {
        Some(path) => value(entry, path, names),
        None => names.found_vlan_name().filter(|name| *name != made),
    };
    let name = name.filter(|name| !name.is_empty()).map(VlanName::shown);
    let status = vlan.status.as_ref().and_then(|path| value(entry, path, names));
    let status = status.filter(|word| !word.is_empty()).map(|word| {
        let own = vlan.status_words.iter().find(|(_, own)| own == word);
        VlanStatus::from_word(own.map_or(word, |(word, _)| word))
    });
    Some(Vlan { id, name, status: status.unwrap_or_default() })
}

/// What may be in a VLAN's entry and means nothing to others, by the names below it.
struct Known<'a> {
    own: Vec<Vec<&'a str>>,
    defaults: Vec<(Vec<&'a str>, &'a [String])>,
}

impl<'a> Known<'a> {
    fn of(vlan: &'a VlanTree, tree: &'a Tree, binds: Option<&'a OverlayTree>) -> Self {
        let binds = binds.into_iter().flat_map(OverlayTree::own);
        let keys = vlan.entry.steps.last().map_or(&[][..], |step| &step.keys);
        let key_leaf = tree.name.as_ref().filter(|_| vlan.is_beside(&tree.interface));
        let ports = &tree.switched_vlan;
        let ports = ports.by_vlan.then_some([&ports.access_vlan, &ports.trunk_vlans.path]).into_iter().flatten();
        let own = vlan.leaves().chain(key_leaf).chain(binds).chain(ports).map(step_names);
        Self {
            own: keys.iter().map(|(key, _)| vec![key.as_str()]).chain(own).collect(),
            defaults: vlan.default_values.iter().map(|(path, words)| (step_names(path), words.as_slice())).collect(),
        }
    }

    /// The names of what else an entry holds, sorted.
    fn besides<D: Data>(&self, entry: &D) -> Option<String> {
        let mut others = BTreeSet::new();
        self.add_others(entry, &mut Vec::new(), None, &mut others);
        (!others.is_empty()).then(|| others.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// `inside` is the container whose name stands for all that is in it.
    fn add_others<'d, D: Data>(
        &self,
        node: &'d D,
        above: &mut Vec<&'d str>,
        inside: Option<&'d str>,
        others: &mut BTreeSet<&'d str>,
    ) {
        // State is not configuration, though some targets answer with both.
        for below in node.below().filter(|below| below.name() != "state") {
            above.push(below.name());
            let is_it = |path: &Vec<&str>| path.as_slice() == above.as_slice();
            let leads_to = |path: &Vec<&str>| path.len() > above.len() && path.starts_with(above);
            let is_default = |(path, words): &(Vec<&str>, &[String])| {
                let value = below.value();
                leads_to(path) || is_it(path) && words.iter().any(|word| word == value || word == bare(value))
            };
            let leads_to_own = self.own.iter().any(leads_to);
            if below.below().next().is_some() {
                let inside = inside.or_else(|| (!leads_to_own).then(|| below.name()));
                self.add_others(below, above, inside, others);
            } else if !leads_to_own && !self.own.iter().any(is_it) && !self.defaults.iter().any(is_default) {
                others.insert(inside.unwrap_or_else(|| below.name()));
            }
            above.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Node, *};

    fn leaf(name: &'static str, value: &'static str) -> Node {
        Node(name, value, Vec::new())
    }

    fn besides(more: Vec<Node>, config: Vec<Node>) -> Option<String> {
        let dialects = crate::builtin().unwrap();
        let eos = dialects.iter().find(|dialect| dialect.name == "arista_eos").unwrap();
        let tree = &eos.netconf.as_ref().unwrap().tree;
        let config = Node("config", "", [vec![leaf("vlan-id", "10"), leaf("status", "ACTIVE")], config].concat());
        let entry = Node("vlan", "", [vec![leaf("vlan-id", "10"), config], more].concat());
        let instance = Node("network-instance", "", vec![leaf("name", "default"), Node("vlans", "", vec![entry])]);
        let data = Node("data", "", vec![Node("network-instances", "", vec![instance])]);
        let (vlans, besides) = read(tree, "default", &data, false);
        assert_eq!(vlans.len(), 1);
        besides.into_values().next()
    }

    #[test]
    fn state_and_what_is_so_without_a_word_are_nothing_of_others() {
        let state = || Node("state", "", vec![leaf("trunk-groups", "g")]);
        let members =
            Node("members", "", vec![Node("member", "", vec![Node("state", "", vec![leaf("interface", "e")])])]);
        let learning = |value| vec![leaf("mac-learning", value)];
        assert_eq!(besides(vec![state(), members], learning("true")), None);
        assert_eq!(besides(vec![], learning("false")).as_deref(), Some("mac-learning"));
        let more = vec![leaf("name", "n"), leaf("trunk-groups", "g"), leaf("trunk-groups", "h")];
        assert_eq!(besides(vec![state()], more).as_deref(), Some("trunk-groups"));
    }

    #[test]
    fn a_container_that_is_not_mercurys_stands_for_all_that_is_in_it() {
        let evpn = Node("evpn", "", vec![Node("config", "", vec![leaf("vni", "10010"), leaf("name", "x")])]);
        assert_eq!(besides(vec![evpn, leaf("flag", "")], vec![]).as_deref(), Some("evpn, flag"));
        assert_eq!(besides(vec![Node("evpn", "", vec![Node("state", "", vec![leaf("vni", "1")])])], vec![]), None);
    }
}
