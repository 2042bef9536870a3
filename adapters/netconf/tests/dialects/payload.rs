//! What every payload keeps to, whatever the dialect.

use std::collections::{BTreeMap, BTreeSet};

use mercury_model::{Change, Edit, Leaf, Plan, Value, VlanId, VlanSet};
use mercury_netconf::xml::{BASE_NS, Element};

use crate::{case, device, dialects, render};

fn each<'a>(element: &'a Element, act: &mut impl FnMut(&'a Element, &'a Element)) {
    for child in element.elements() {
        act(element, child);
        each(child, act);
    }
}

fn walk(content: &[Element], mut act: impl FnMut(&Element, &Element)) {
    let config = Element::new(BASE_NS, "config").children(content.iter().cloned());
    each(&config, &mut act);
}

/// Each payload with the plan it came from.
fn payloads(mut act: impl FnMut(&str, &Plan, &[Element])) {
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case.of(&dialect.name) else { continue };
            let plan = case::plan(&case.running, &case.intended);
            if let Ok(edit) = render(&dialect, &plan) {
                act(&format!("{} {}", dialect.name, case.name), &plan, &edit.content());
            }
        }
    }
}

#[test]
fn a_top_level_container_is_there_once() {
    payloads(|what, _, content| {
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        for top in content {
            *seen.entry((top.ns.as_deref(), top.name.as_str())).or_default() += 1;
        }
        assert!(!content.is_empty(), "{what}");
        assert!(seen.values().all(|count| *count == 1), "{what}: {seen:?}");
    });
}

#[test]
fn every_operation_is_in_the_base_namespace_and_every_node_in_one_of_the_dialect() {
    payloads(|what, _, content| {
        walk(content, |_, node| {
            assert!(node.ns.as_deref().is_some_and(|ns| ns != BASE_NS), "{what}: <{}> has no namespace", node.name);
            for attribute in &node.attributes {
                if attribute.name == "operation" {
                    assert_eq!(attribute.ns.as_deref(), Some(BASE_NS), "{what}: <{}>", node.name);
                }
            }
        });
    });
}

#[test]
fn a_list_entry_begins_with_its_key() {
    payloads(|what, _, content| {
        walk(content, |parent, node| {
            if let Some((key, value)) = device::key(parent, node) {
                let first = node.elements().next().map(|first| first.name.as_str());
                assert!(first == Some(key) && !value.is_empty(), "{what}: <{}>", node.name);
            }
        });
    });
}

#[test]
fn an_interface_is_never_replaced() {
    payloads(|what, plan, content| {
        let removals = |edit: &&Edit| matches!(edit, Edit::RemoveInterface { .. });
        let allowed = plan.edits.iter().filter(removals).count();
        // A member of a Junos aggregate has no unit.
        let joins = |edit: &&Edit| {
            let Edit::Interface { change, .. } = edit else { return false };
            change.leaf == Leaf::AggregateId && change.before.is_none()
        };
        let joining = plan.edits.iter().filter(joins).count();
        let (mut removed, mut units) = (0, 0);
        walk(content, |parent, node| {
            if parent.name == "interfaces" || parent.name == "interface" && device::key(parent, node).is_some() {
                let operation = node.attribute("operation");
                assert_ne!(operation, Some("replace"), "{what}");
                let beside = parent.ns.as_deref().is_some_and(|ns| BESIDE.contains(&ns));
                let is_unit = usize::from(node.name == "unit");
                let is_removed = usize::from(operation == Some("remove") && !beside);
                units += is_removed * is_unit;
                removed += is_removed * (1 - is_unit);
            }
        });
        assert_eq!(removed, allowed, "{what}");
        assert!(units <= joining, "{what}: {units} units");
    });
}

/// Modules with a list of interfaces of their own.
const BESIDE: [&str; 2] = ["http://openconfig.net/yang/lacp", "http://openconfig.net/yang/spanning-tree"];

#[test]
fn nothing_outside_the_plan_is_mentioned() {
    payloads(|what, plan, content| {
        // Where members say what an aggregate is, what is changed of it is said of them.
        let members = plan.edits.iter().filter_map(|edit| match edit {
            Edit::Interface { change, .. } => Some([&change.bundles.before, &change.bundles.after]),
            _ => None,
        });
        let members = members.flatten().flatten().flat_map(|bundle| &bundle.members);
        let interfaces: BTreeSet<String> =
            plan.edits.iter().filter_map(Edit::interface).chain(members).map(ToString::to_string).collect();
        let vlans = vlans(plan);
        walk(content, |parent, node| {
            match (parent.name.as_str(), device::key(parent, node)) {
                (_, Some(("name", "default" | "0") | ("vlans", _))) | (_, None) => {}
                ("interfaces" | "rstp", Some((_, name))) => assert!(interfaces.contains(name), "{what}: {name}"),
                ("interface", Some((_, id))) => {
                    let name = format!("{}{id}", node.name);
                    assert!(interfaces.contains(&name), "{what}: {name}");
                }
                ("network-instances", Some((_, name))) => {
                    let id = name.strip_prefix("vni-").unwrap_or_else(|| panic!("{what}: {name}"));
                    assert!(vnis(plan).contains(id), "{what}: {name}");
                }
                ("local-endpoint-vnis" | "evpn-instances", Some((_, id))) => {
                    assert!(vnis(plan).contains(id), "{what}: VNI {id}");
                }
                // The VTEP is on the way to it.
                ("connection-points" | "endpoints", Some((_, name))) => assert_eq!(name, "vtep1", "{what}"),
                ("vlans", Some(("name", name))) => assert!(vlan_names(plan).contains(name), "{what}: {name}"),
                (_, Some((_, id))) => assert!(vlans.contains(id.parse().unwrap()), "{what}: VLAN {id}"),
            }
            let numbers = [
                "access-vlan",
                "native-vlan",
                "native-vlan-id",
                "trunk-vlans",
                "members",
                "vlans",
                "vlan-id",
                "bridge-domain",
            ];
            if node.elements().next().is_none() && numbers.contains(&node.name.as_str()) {
                let set: VlanSet = node.value().parse().unwrap_or_default();
                assert!(set.difference(&vlans).is_empty(), "{what}: <{}>{set}", node.name);
            }
        });
    });
}

fn vlans(plan: &Plan) -> VlanSet {
    let mut named = VlanSet::new();
    for edit in &plan.edits {
        match edit {
            Edit::Vlan { after: vlan, .. } | Edit::RemoveVlan { before: vlan } => named = named.with(vlan.id),
            Edit::Bind { vlan, .. } | Edit::Unbind { vlan, .. } => named = named.with(*vlan),
            Edit::Interface { change: Change { before, after, .. }, .. } => {
                for value in before.iter().chain(after) {
                    if let Value::SwitchedVlan(vlans) = value {
                        named = named.union(&vlans.named_vlans());
                    }
                }
            }
            _ => {}
        }
    }
    named
}

fn vnis(plan: &Plan) -> BTreeSet<String> {
    let of = |edit: &Edit| match edit {
        Edit::Bind { after: segment, .. } | Edit::Unbind { before: segment, .. } => Some(segment.vni.to_string()),
        _ => None,
    };
    plan.edits.iter().filter_map(of).collect()
}

fn vlan_names(plan: &Plan) -> BTreeSet<String> {
    let name = |vlan: &mercury_model::Vlan| {
        let made = |id: VlanId| format!("vlan-{id}");
        vlan.name.as_ref().map_or_else(|| made(vlan.id), ToString::to_string)
    };
    let mut names = BTreeSet::new();
    for edit in &plan.edits {
        match edit {
            Edit::Vlan { before, after } => names.extend(before.iter().chain([after]).map(name)),
            Edit::RemoveVlan { before } => {
                names.insert(name(before));
            }
            Edit::Bind { vlan, name, .. } | Edit::Unbind { vlan, name, .. } => {
                names.insert(name.as_ref().map_or_else(|| format!("vlan-{vlan}"), ToString::to_string));
            }
            _ => {}
        }
    }
    names
}
