//! A device's data as the model, whatever it was encoded in.

mod stp;

use std::collections::BTreeSet;

use mercury_model::{
    Aggregation, DeviceConfig, Interface, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode, LagType, Running,
    Scope, Vlan, VlanStatus,
};

use crate::{
    EnabledForm, Names, NodePath, PathStep, Tree,
    spelling::{self, vlan_key},
};

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
    /// section 6), or a vendor's `inactive`.
    fn attribute(&self, _name: &str) -> Option<&str> {
        None
    }
}

/// What a device's data says about `scope`.
///
/// # Errors
/// A sentence that names the interface or VLAN and the value that cannot be
/// understood.
pub fn running<D: Data>(tree: &Tree, instance: &str, data: &D, scope: &Scope) -> Result<Running, String> {
    let mut config = DeviceConfig::default();
    for (entry, names) in find(data, &tree.interface, &Names::default()) {
        let Some(name) = names.found_interface() else { continue };
        if !scope.interfaces.covers(&name) || is_vlan(tree, &name) {
            continue;
        }
        let mut interface = Interface::new(name.clone());
        read_interface(tree, entry, &names, &mut interface).map_err(|problem| format!("{name}: {problem}"))?;
        config.interfaces.insert(name, interface);
    }
    if let Some(lacp) = &tree.lacp {
        for (entry, names) in find(data, &lacp.interface, &Names::default()) {
            let Some(interface) = names.found_interface().and_then(|name| config.interfaces.get_mut(&name)) else {
                continue;
            };
            let word = |path: &NodePath| value(entry, path, &names);
            interface.lacp = Some(Lacp {
                interval: if word(&lacp.interval) == Some("FAST") { LacpInterval::Fast } else { LacpInterval::Slow },
                lacp_mode: if word(&lacp.mode) == Some("PASSIVE") { LacpMode::Passive } else { LacpMode::Active },
            });
        }
    }
    let stp_shared = if scope.stp { stp::read(tree, data, &mut config)? } else { BTreeSet::new() };
    if let Some(vlan) = &tree.vlan {
        for (entry, names) in find(data, &vlan.entry, &Names::vlan(instance, None, None)) {
            let said = vlan.id.as_ref().and_then(|path| value(entry, path, &names));
            let Some(id) = said.or_else(|| names.found_vlan_id()) else { continue };
            let id = id.parse().map_err(|error| format!("VLAN list: {error}"))?;
            let made = vlan_key(id);
            let name = match &vlan.name {
                Some(path) => value(entry, path, &names),
                None => names.found_vlan_name().filter(|name| *name != made),
            };
            let name = name.filter(|name| !name.is_empty()).map(str::parse).transpose();
            let name = name.map_err(|error| format!("VLAN {id}: name: {error}"))?;
            let status = vlan.status.as_ref().and_then(|path| value(entry, path, &names));
            let status = if status == Some("SUSPENDED") { VlanStatus::Suspended } else { VlanStatus::Active };
            config.vlans.insert(id, Vlan { id, name, status });
        }
    }
    Ok(Running::found(config, scope.clone()).with_stp_shared(stp_shared))
}

/// Where VLANs are kept among the interfaces, an entry is one or the other.
fn is_vlan(tree: &Tree, name: &InterfaceName) -> bool {
    let Some(vlan) = &tree.vlan else { return false };
    let keys = vlan.entry.steps.last().map_or(&[][..], |step| &step.keys);
    vlan.is_beside(&tree.interface) && keys.iter().any(|(_, word)| Names::default().capture(word, name.as_str()))
}

fn read_interface<D: Data>(tree: &Tree, entry: &D, names: &Names, into: &mut Interface) -> Result<(), String> {
    let text = |path: &Option<NodePath>| path.as_ref().and_then(|path| value(entry, path, names));
    into.kind = text(&tree.kind)
        .map(|kind| InterfaceType::from_identity(kind.rsplit_once(':').map_or(kind, |(_, identity)| identity)));
    let is_aggregate = |prefix: &String| into.name.as_str().starts_with(prefix.as_str());
    if into.kind.is_none() && tree.aggregate_names.as_ref().is_some_and(is_aggregate) {
        into.kind = Some(InterfaceType::Ieee8023adLag);
    }
    let description = text(&tree.description).filter(|text| !text.is_empty());
    into.description = description.map(str::parse).transpose().map_err(|error| format!("description: {error}"))?;
    into.mtu = text(&tree.mtu).map(str::parse).transpose().map_err(|_| "mtu is not a number".to_owned())?;
    into.enabled = match &tree.enabled {
        None => true,
        Some((path, EnabledForm::Boolean)) => value(entry, path, names) != Some("false"),
        Some((path, EnabledForm::PresentWhenDisabled)) => find(entry, path, names).is_empty(),
    };
    let aggregate = text(&tree.aggregate_id).filter(|name| !name.is_empty());
    into.aggregate_id = aggregate.map(str::parse).transpose().map_err(|error| format!("aggregate-id: {error}"))?;
    if let Some(tree) = &tree.aggregation {
        let lag_type = match value(entry, &tree.lag_type, names) {
            Some("LACP") => Some(LagType::Lacp),
            Some("STATIC") => Some(LagType::Static),
            _ => None,
        };
        let number = |path: &NodePath| value(entry, path, names).and_then(|number| number.parse().ok());
        let read = Aggregation {
            lag_type,
            min_links: number(&tree.min_links),
            mlag_id: tree.mlag_id.as_ref().and_then(number),
        };
        into.aggregation = Some(read).filter(|read| *read != Aggregation::default());
    }
    let own = tree.aggregate_switched_vlan.as_ref().filter(|_| into.is_aggregate());
    into.switched_vlan = spelling::read(own.unwrap_or(&tree.switched_vlan), entry, names)?;
    Ok(())
}

/// The value of the first node at `path`.
pub fn value<'a, D: Data>(entry: &'a D, path: &NodePath, names: &Names) -> Option<&'a str> {
    find(entry, path, names).first().map(|(node, _)| node.value())
}

/// Every node at `path` below `root` whose keys fit, with the values that
/// placeholders without one stand for there. Names are compared by their
/// local part: devices answer in odd namespaces.
pub fn find<'a, D: Data>(root: &'a D, path: &NodePath, names: &Names) -> Vec<(&'a D, Names)> {
    path.steps.iter().fold(vec![(root, names.clone())], |found, step| {
        found.into_iter().flat_map(|(parent, names)| matching(parent, step, &names)).collect()
    })
}

fn matching<'a, D: Data>(parent: &'a D, step: &PathStep, names: &Names) -> Vec<(&'a D, Names)> {
    let fits = |node: &'a D| {
        let mut names = names.clone();
        if step.name.starts_with('{') {
            names.capture(&step.name, node.name());
        } else if node.name() != step.name {
            return None;
        }
        for (key, word) in &step.keys {
            if !names.capture(word, node.below().find(|below| below.name() == key)?.value()) {
                return None;
            }
        }
        Some((node, names))
    };
    parent.below().filter_map(fits).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Module;

    struct Node(&'static str, &'static str, Vec<Node>);

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
