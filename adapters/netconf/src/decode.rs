//! Reading: the filter that selects a scope, and the reply as a model.

use mercury_adapter::{EnabledForm, NetconfDialect, NodePath, Tree};
use mercury_model::{
    Aggregation, DeviceConfig, Interface, InterfaceScope, InterfaceType, Lacp, LacpInterval, LacpMode, LagType,
    Running, Scope, Vlan, VlanScope, VlanStatus,
};

use crate::{
    place::{Names, append, find, place},
    render::vlan_key,
    spell,
    xml::{BASE_NS, Element, Node},
};

/// The subtree filter (RFC 6241 section 6) that selects `scope`; empty when
/// the scope is.
pub(crate) fn filter(dialect: &NetconfDialect, instance: &str, scope: &Scope, lacp: bool) -> Vec<Element> {
    let tree = &dialect.tree;
    let mut root = Element::new(BASE_NS, "filter");
    let paths: Vec<_> = std::iter::once(&tree.interface)
        .chain(tree.lacp.as_ref().filter(|_| lacp).map(|lacp| &lacp.interface))
        .collect();
    match &scope.interfaces {
        InterfaceScope::Named(names) => {
            for name in names {
                for path in &paths {
                    place(&mut root, path, &Names::interface(name), |_| {});
                }
            }
        }
        InterfaceScope::All => {
            for path in &paths {
                place(&mut root, &above(path), &Names::default(), |_| {});
            }
        }
    }
    let Some(vlan) = &tree.vlan else { return root.elements().cloned().collect() };
    match &scope.vlans {
        VlanScope::Named(ids) => {
            for id in ids {
                let names = Names::vlan(instance, Some(*id), None);
                if vlan.entry.steps.last().is_some_and(|step| step.keys.iter().any(|(_, word)| word == "{vlan-id}")) {
                    append(&mut root, &vlan.entry, &names, |_| {});
                } else {
                    // Keyed by name: the number is a content match instead.
                    let mut entry = Element::new(BASE_NS, "entry");
                    place(&mut entry, &vlan.id, &names, |leaf| *leaf = leaf.clone().text(id.to_string()));
                    place(&mut root, &above(&vlan.entry), &names, |list| {
                        if let (Some(step), Some(id)) = (vlan.entry.steps.last(), entry.elements().next()) {
                            let selected = Element::new(&step.namespace, &step.name).child(id.clone());
                            list.children.push(Node::Element(selected));
                        }
                    });
                }
            }
        }
        VlanScope::All => place(&mut root, &above(&vlan.entry), &Names::vlan(instance, None, None), |_| {}),
    }
    root.elements().cloned().collect()
}

fn above(path: &NodePath) -> NodePath {
    let mut path = path.clone();
    path.steps.pop();
    path
}

/// What a `<data>` element says about `scope`.
///
/// # Errors
/// A sentence that names the interface or VLAN and the value that cannot be
/// understood.
pub(crate) fn running(
    dialect: &NetconfDialect,
    instance: &str,
    data: &Element,
    scope: &Scope,
) -> Result<Running, String> {
    let mut config = DeviceConfig::default();
    let tree = &dialect.tree;
    for (entry, names) in find(data, &tree.interface, &Names::default()) {
        let Some(name) = names.found_interface() else { continue };
        if !scope.interfaces.covers(&name) {
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
    if let Some(vlan) = &tree.vlan {
        for (entry, names) in find(data, &vlan.entry, &Names::vlan(instance, None, None)) {
            let Some(id) = value(entry, &vlan.id, &names).or_else(|| entry.find("vlan-id").map(Element::value)) else {
                continue;
            };
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
    Ok(Running::new(&config, scope.clone()))
}

fn read_interface(tree: &Tree, entry: &Element, names: &Names, into: &mut Interface) -> Result<(), String> {
    let text = |path: &Option<NodePath>| path.as_ref().and_then(|path| value(entry, path, names));
    into.kind = text(&tree.kind)
        .map(|kind| InterfaceType::from_identity(kind.rsplit_once(':').map_or(kind, |(_, identity)| identity)));
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
        let min_links = value(entry, &tree.min_links, names).and_then(|links| links.parse().ok());
        if lag_type.is_some() || min_links.is_some() {
            into.aggregation = Some(Aggregation { lag_type, min_links });
        }
    }
    let own = tree.aggregate_switched_vlan.as_ref().filter(|_| into.is_aggregate());
    into.switched_vlan = spell::read(own.unwrap_or(&tree.switched_vlan), entry, names)?;
    Ok(())
}

fn value<'a>(entry: &'a Element, path: &NodePath, names: &Names) -> Option<&'a str> {
    find(entry, path, names).first().map(|(element, _)| element.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mercury_model::{VlanId, VlanSet};

    /// Looking for each VLAN among those before it would take a minute here.
    #[test]
    fn a_filter_names_every_vlan_once_in_linear_time() {
        let ids = VlanSet::full().iter().collect();
        let scope = Scope { vlans: VlanScope::Named(ids), ..Scope::default() };
        let dialects = mercury_adapter::builtin().unwrap();
        for name in ["openconfig", "juniper_junos", "cisco_iosxe"] {
            let dialect = dialects.iter().find(|dialect| dialect.name == name).unwrap().netconf.clone().unwrap();
            let text: String =
                filter(&dialect, "default", &scope, false).iter().map(|element| element.to_xml().unwrap()).collect();
            assert_eq!(text.matches(&format!(">{}<", VlanId::MAX)).count(), 1, "{name}");
            assert_eq!(text.matches("id>").count(), 2 * 4094, "{name}");
        }
    }
}
