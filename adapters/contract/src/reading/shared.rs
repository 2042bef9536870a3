//! Whose entries hold more than the model has: those are not Mercury's to take
//! away.

use std::collections::BTreeSet;

use mercury_model::{InterfaceName, List};

use super::{Data, find, visit};
use crate::{ListTree, Names, Tree};

/// The interfaces whose own entries hold a list's leaves in a container, and
/// more than those.
pub(super) fn in_interfaces<D: Data>(
    tree: &Tree,
    data: &D,
    is_read: impl Fn(&InterfaceName) -> bool,
) -> BTreeSet<(List, InterfaceName)> {
    let mut shared = BTreeSet::new();
    for (list, own) in tree.lists.iter().filter(|(_, own)| !own.is_beside) {
        visit(data, &tree.interface.steps, &Names::default(), &mut |entry, names| {
            let name = names.found_interface().filter(&is_read);
            let holders = find(entry, &own.entry, &names);
            if holders.iter().any(|(holder, _)| holds_more(tree, *list, own, *holder)) {
                shared.extend(name.map(|name| (*list, name)));
            }
        });
    }
    shared
}

/// Whether what holds a list's leaves holds others.
pub(super) fn holds_more<D: Data>(tree: &Tree, list: List, own: &ListTree, holder: &D) -> bool {
    let mut others = BTreeSet::new();
    add_others(holder, &known(tree, list, own), &mut others);
    !others.is_empty()
}

/// What an interface holds, besides leaves that are Mercury's, where a member of an
/// aggregate must hold nothing: their names, sorted.
pub(super) fn besides<D: Data>(tree: &Tree, interface: &D, names: &Names) -> Option<String> {
    let path = tree.member_without.as_ref()?;
    let own = &tree.switched_vlan;
    let leaves = [Some(&own.access_vlan), Some(&own.native_vlan), Some(&own.trunk_vlans.path), own.mode.path()];
    let known: Vec<Vec<&str>> = leaves
        .into_iter()
        .flatten()
        .filter_map(|leaf| leaf.steps.strip_prefix(path.steps.as_slice()))
        .map(|below| below.iter().map(|step| step.name.as_str()).collect())
        .chain(path.steps.last().into_iter().flat_map(|step| &step.keys).map(|(key, _)| vec![key.as_str()]))
        .collect();
    let mut others = BTreeSet::new();
    find(interface, path, names).iter().for_each(|(holder, _)| add_others(*holder, &known, &mut others));
    (!others.is_empty()).then(|| others.into_iter().collect::<Vec<_>>().join(", "))
}

/// The nodes of an entry that are Mercury's, by their names.
fn known<'a>(tree: &'a Tree, list: List, own: &'a ListTree) -> Vec<Vec<&'a str>> {
    let keys = own.entry.steps.last().map_or(&[][..], |step| &step.keys);
    let leaves = tree.leaves.iter().filter(|(leaf, _)| leaf.list() == Some(list)).flat_map(|(_, at)| at.paths());
    let above = if own.is_beside { 0 } else { own.entry.steps.len() };
    let names =
        leaves.chain(&own.name).map(|path| path.steps.iter().skip(above).map(|step| step.name.as_str()).collect());
    // The members of an aggregate's LACP entry come by themselves.
    let members = (list == List::Lacp).then(|| vec!["members", "member", "interface"]);
    keys.iter().map(|(key, _)| vec![key.as_str()]).chain(names).chain(members).collect()
}

/// Adds the leaves that a node holds and that are not among those `known`.
fn add_others<'a, D: Data>(node: &'a D, known: &[Vec<&str>], others: &mut BTreeSet<&'a str>) {
    // State is not configuration, though some targets answer with both.
    for below in node.below().filter(|below| below.name() != "state") {
        let rest: Vec<Vec<&str>> = known
            .iter()
            .filter_map(|path| path.split_first().filter(|(first, _)| **first == below.name()))
            .map(|(_, rest)| rest.to_vec())
            .collect();
        if below.below().next().is_some() {
            add_others(below, &rest, others);
        } else if rest.is_empty() {
            others.insert(below.name());
        }
    }
}
