//! Data that is read part by part.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use mercury_model::{
    DeviceConfig, ForeignVlans, Interface, InterfaceName, InterfaceScope, Lacp, Leaf, List, Overlay, Running, Scope,
    SwitchedVlan, VlanId, VlanSet,
};

use super::{
    Data, Entry, Looking, aggregate_count, any_inactive, channel_group, elsewhere, find, is_vlan, membership, overlay,
    read_interface, read_leaf, shared, visit, vlan,
};
use crate::{Names, Tree, spelling::Named};

/// Data that comes in parts: each has all that the device has but for the interfaces, of which
/// it has some. What is made of them takes room, what they are made of takes it again.
pub struct Parts<'l> {
    looking: Looking<'l>,
    scope: &'l Scope,
    /// What the first part said of anything but interfaces.
    beside: Option<Beside>,
    interfaces: Dense<InterfaceName, Interface>,
    written: Dense<InterfaceName, Arc<ForeignVlans>>,
    /// What is in that, once.
    ways: HashSet<Arc<ForeignVlans>>,
    places: BTreeMap<(Leaf, InterfaceName), usize>,
    besides: BTreeMap<InterfaceName, String>,
    alone: BTreeSet<InterfaceName>,
    shared: BTreeSet<(List, InterfaceName)>,
    bundles: channel_group::Bundles,
}

/// What is no interface's.
struct Beside {
    config: DeviceConfig,
    besides_vlans: BTreeMap<VlanId, String>,
    overlay: Overlay,
    named: Named,
    elsewhere: elsewhere::Elsewhere,
    listing: Option<VlanSet>,
    aggregate_count: Option<u16>,
}

impl Beside {
    fn read<D: Data>(Looking { tree, instance, .. }: Looking<'_>, data: &D, scope: &Scope) -> Self {
        let (vlans, mut besides_vlans) = vlan::read(tree, instance, data, scope.overlays);
        let is_shown = tree.overlay.as_ref().is_some_and(|own| scope.overlays || own.by_lines);
        let (mut segments, mut overlay) =
            if is_shown { overlay::read(tree, instance, data) } else { Default::default() };
        if !scope.overlays {
            overlay = Overlay::default();
            // It is others' then, and the VLAN is not to go from below it.
            let others = std::mem::take(&mut segments).into_iter();
            for (vlan, segment) in others.filter(|(vlan, _)| vlans.contains_key(vlan)) {
                besides_vlans.entry(vlan).or_insert_with(|| segment.to_string());
            }
        }
        let mut named = Named::new();
        if tree.vlan.as_ref().is_some_and(crate::VlanTree::is_keyed_by_name) {
            named.extend(vlans.values().filter_map(|vlan| Some((vlan.name.as_ref()?.to_string(), vlan.id))));
        }
        let config = DeviceConfig { vlans, segments, ..DeviceConfig::default() };
        let elsewhere = elsewhere::Elsewhere::read(tree, data);
        let aggregate_count = aggregate_count(tree, data, scope);
        Self { config, besides_vlans, overlay, named, elsewhere, listing: None, aggregate_count }
    }
}

impl<'l> Parts<'l> {
    /// No part yet.
    #[must_use]
    pub fn new(looking: Looking<'l>, scope: &'l Scope) -> Self {
        Self {
            looking,
            scope,
            beside: None,
            interfaces: Dense::default(),
            written: Dense::default(),
            ways: HashSet::new(),
            places: BTreeMap::new(),
            besides: BTreeMap::new(),
            alone: BTreeSet::new(),
            shared: BTreeSet::new(),
            bundles: channel_group::Bundles::default(),
        }
    }

    /// One part more, but for the last.
    pub fn add<D: Data>(&mut self, data: &D) {
        let (Looking { tree, defaults, .. }, scope) = (self.looking, self.scope);
        let mut beside = self.beside.take().unwrap_or_else(|| Beside::read(self.looking, data, scope));
        let some_inactive = any_inactive(data);
        let lists = tree.switched_vlan.by_vlan.then(|| membership::Lists::read(tree, data));
        let mut entries = BTreeSet::new();
        visit(data, &tree.interface.steps, &Names::default(), &mut |node, names| {
            let Some(name) = names.found_interface() else { return };
            if lists.is_some() {
                entries.insert(name.to_string());
            }
            if !scope.interfaces.covers(&name) || is_vlan(tree, &name) {
                return;
            }
            let mut interface = Interface::new(name.clone());
            let listed = lists.as_ref().map(|lists| lists.of(name.as_str()));
            let entry = Entry { node, names, some_inactive, listed };
            let others = beside.elsewhere.of(&name, Some(node));
            let said =
                read_interface((tree, defaults), &entry, &beside.named, others, &mut interface, &mut self.places);
            if let Some(written) = said.written {
                let known = self.ways.get(&written).cloned();
                let written = known.unwrap_or_else(|| {
                    let new = Arc::new(written);
                    self.ways.insert(Arc::clone(&new));
                    new
                });
                self.written.insert(name.clone(), written);
            }
            if said.alone {
                self.alone.insert(name.clone());
            }
            if let Some(group) = &tree.channel_group {
                self.bundles.read(group, &entry, &mut interface);
            }
            if let Some(other) = shared::besides(tree, entry.node, &entry.names) {
                self.besides.insert(name.clone(), other);
            }
            self.interfaces.insert(name, interface);
        });
        for (vlan, ports) in lists.iter().flat_map(|lists| lists.of_nobody(&entries)) {
            let own = beside.besides_vlans.entry(vlan).or_default();
            *own = if own.is_empty() { ports } else { format!("{own}, {ports}") };
        }
        beside.listing = lists.map(|lists| lists.vlans);
        // What was read of this part is among all, in nodes that are full.
        self.interfaces.settle();
        self.written.settle();
        self.shared.extend(shared::in_interfaces(tree, data, |name| self.interfaces.contains(name)));
        self.beside = Some(beside);
    }

    /// All that there is, with the last part.
    #[must_use]
    pub fn whole<D: Data>(mut self, last: &D) -> Running {
        self.add(last);
        let (Looking { tree, defaults, .. }, scope) = (self.looking, self.scope);
        let beside = self.beside.take().unwrap_or_else(|| Beside::read(self.looking, last, scope));
        let mut config = DeviceConfig { interfaces: self.interfaces.whole(), ..beside.config };
        let idle_rates =
            self.bundles.tell(&mut config, tree.channel_group.is_some() && !tree.is_grouped(Leaf::LacpInterval));
        without_entry::<D>(&beside.elsewhere, scope, &mut config);
        let mut shared = self.shared;
        in_lists(tree, last, scope, &mut config, &mut shared);
        defaults.canonical(&mut config);
        Running {
            written: self.written.whole(),
            alone: self.alone,
            idle_rates,
            shared,
            places: self.places,
            besides: self.besides,
            besides_vlans: beside.besides_vlans,
            aggregate_count: beside.aggregate_count,
            listing: beside.listing,
            overlay: beside.overlay,
            ..Running::found(config, scope.clone())
        }
    }
}

/// Adds the ports of which there is no entry, and that something else configures.
fn without_entry<D: Data>(elsewhere: &elsewhere::Elsewhere, scope: &Scope, config: &mut DeviceConfig) {
    let mut names = elsewhere.ports();
    if let InterfaceScope::Named(asked) = &scope.interfaces {
        names.extend(asked.iter().cloned());
    }
    for name in names {
        let others = elsewhere.of::<D>(&name, None);
        if others.is_empty() || config.interfaces.contains_key(&name) {
            continue;
        }
        let foreign = Box::new(ForeignVlans { others, ..ForeignVlans::default() });
        let port = Interface { switched_vlan: Some(SwitchedVlan::Foreign(foreign)), ..Interface::new(name.clone()) };
        config.interfaces.insert(name, port);
    }
}

/// Adds what interfaces have in lists beside their own.
fn in_lists<D: Data>(
    tree: &Tree,
    data: &D,
    scope: &Scope,
    config: &mut DeviceConfig,
    shared: &mut BTreeSet<(List, InterfaceName)>,
) {
    let some_inactive = any_inactive(data);
    for (list, own) in tree.lists.iter().filter(|(list, own)| own.is_beside && (**list != List::Stp || scope.stp)) {
        for (node, names) in find(data, &own.entry, &Names::default()) {
            let Some(name) = names.found_interface() else { continue };
            let Some(interface) = config.interfaces.get_mut(&name) else { continue };
            let holds_more = shared::holds_more(tree, *list, own, node);
            // An entry of LACP says that it is spoken, even without a leaf.
            if *list == List::Lacp && !holds_more {
                interface.lacp = Some(Lacp::default());
            }
            let entry = Entry { node, names, some_inactive, listed: None };
            for (leaf, at) in tree.leaves.iter().filter(|(leaf, _)| leaf.list() == Some(*list)) {
                if let Some((value, _)) = read_leaf(*leaf, at, &entry) {
                    leaf.set(interface, Some(value));
                }
            }
            if holds_more {
                shared.insert((*list, name));
            }
        }
    }
}

/// A map that is made of full nodes: what is inserted one by one, nearly in order, is
/// in nodes that are half empty, and thousands of interfaces are a good part of what a
/// reply takes in memory.
struct Dense<K, V> {
    whole: BTreeMap<K, V>,
    newest: BTreeMap<K, V>,
}

impl<K, V> Default for Dense<K, V> {
    fn default() -> Self {
        Self { whole: BTreeMap::new(), newest: BTreeMap::new() }
    }
}

impl<K: Ord, V> Dense<K, V> {
    fn insert(&mut self, key: K, value: V) {
        self.newest.insert(key, value);
        // So large a part that each is moved a few times at most.
        if self.newest.len() > 64.max(self.whole.len() / 8) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.whole.append(&mut self.newest);
    }

    fn contains(&self, key: &K) -> bool {
        self.newest.contains_key(key) || self.whole.contains_key(key)
    }

    fn whole(mut self) -> BTreeMap<K, V> {
        self.settle();
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_in_parts_is_what_was_inserted() {
        let numbers = || (0..5_000u32).map(|number| (number * 7919 % 4_999, number));
        let mut dense = Dense::default();
        numbers().for_each(|(key, value)| dense.insert(key, value));
        assert_eq!(dense.whole(), numbers().collect::<BTreeMap<_, _>>());
    }
}
