//! One switch, shown in other ways: with every default, without any, in another
//! order, with its VLAN ranges written otherwise.

use mercury_adapter::{Dialect, Mapping, NodePath};
use serde_json::{Map, Value as Json, json};

use crate::{
    device::{Device, bare, text},
    gnmi,
    view::{self, View},
};

/// What srl_nokia-interfaces, -interfaces-vlans, -interfaces-lag, -lacp, -if-ip and
/// -network-instance say is so where nothing is said, below an entry of the list that
/// is named; of a container that is there or not, only where it is there.
const SR_LINUX: [(&str, &str, &str); 17] = [
    ("interface", "admin-state", "enable"),
    ("interface", "swap-src-dst-mac", "false"),
    ("interface", "ethernet/hold-time/up", "0"),
    ("interface", "ethernet/crc-monitor/admin-state", "disable"),
    ("interface", "lag/lag-type", "static"),
    ("interface", "lag/min-links", "1"),
    ("interface", "lag/lacp/interval", "SLOW"),
    ("interface", "lag/lacp/lacp-mode", "ACTIVE"),
    ("subinterface", "admin-state", "enable"),
    ("subinterface", "unidirectional-link-delay/static-delay", "none"),
    ("subinterface", "ipv4/admin-state", "disable"),
    ("subinterface", "ipv4/allow-directed-broadcast", "false"),
    ("subinterface", "ipv4/unnumbered/admin-state", "disable"),
    ("subinterface", "ipv6/admin-state", "disable"),
    ("subinterface", "vlan/swap-src-dst-mac", "false"),
    ("network-instance", "admin-state", "enable"),
    ("network-instance", "bridge-table/mac-learning/admin-state", "enable"),
];

/// Containers that are configuration by being there.
const PRESENCE: [&str; 3] = ["lag", "lacp", "bridge-table"];

pub(crate) fn shown(dialect: &Dialect, device: &Device, view: View) -> Device {
    let mut device = device.clone();
    match (view, &gnmi(dialect).mapping) {
        (View::Reordered, _) => device.reversed = true,
        (View::Rewritten, _) => rewrite(&mut device.data),
        (_, Mapping::MacVrf) => below_lists(&mut device.data, view),
        (_, Mapping::Tree(tree)) => {
            let vlan = tree.vlan.as_ref().unwrap();
            // Where VLANs are interfaces, by their names.
            let is_vlan = |entry: &Json| vlan.is_beside(&tree.interface) && text(&entry["name"]).starts_with("Vlan");
            entries(&mut device.data, &names(&tree.interface), &mut |entry| {
                if is_vlan(entry) {
                    return;
                }
                let kind = entry.pointer("/config/type").and_then(Json::as_str).map(bare);
                let is_aggregate = kind == Some("ieee8023adLag") || entry.get("aggregation").is_some();
                for (path, value) in view::defaults(tree, &gnmi(dialect).defaults, is_aggregate) {
                    leaf(entry, &names(&path), &value, view);
                }
            });
            entries(&mut device.data, &names(&vlan.entry), &mut |entry| {
                for (path, value) in view::vlan_defaults(tree) {
                    if is_vlan(entry) || !vlan.is_beside(&tree.interface) {
                        leaf(entry, &names(&path), &value, view);
                    }
                }
            });
        }
    }
    device
}

/// Does something to every entry of a list, whatever the keys on the way.
fn entries(node: &mut Json, path: &[&str], act: &mut dyn FnMut(&mut Json)) {
    match (node, path) {
        (Json::Array(all), _) => all.iter_mut().for_each(|entry| entries(entry, path, act)),
        (node, []) => act(node),
        (node, [name, below @ ..]) => {
            if let Some(node) = node.get_mut(name) {
                entries(node, below, act);
            }
        }
    }
}

fn names(path: &NodePath) -> Vec<&str> {
    path.steps.iter().map(|step| step.name.as_str()).collect()
}

/// Every range of VLANs, number by number.
fn rewrite(node: &mut Json) {
    match node {
        Json::Object(members) => {
            for (name, value) in members {
                match value {
                    Json::Array(values) if bare(name) == "trunk-vlans" => {
                        *values = values.iter().flat_map(numbers).collect();
                    }
                    other => rewrite(other),
                }
            }
        }
        Json::Array(entries) => entries.iter_mut().for_each(rewrite),
        _ => {}
    }
}

fn numbers(value: &Json) -> Vec<Json> {
    let listed = value.as_str().and_then(view::one_by_one);
    listed.map_or_else(|| vec![value.clone()], |vlans| vlans.iter().map(|id| json!(id.get())).collect())
}

/// SR Linux's lists, wherever they are.
fn below_lists(node: &mut Json, view: View) {
    for (name, value) in node.as_object_mut().into_iter().flatten() {
        for entry in value.as_array_mut().into_iter().flatten().filter(|entry| entry.is_object()) {
            // A network instance's `interface` is another list.
            let is_member = name == "interface" && entry["name"].as_str().is_some_and(|name| name.contains('.'));
            for (_, path, value) in SR_LINUX.iter().filter(|(list, ..)| list == name && !is_member) {
                leaf(entry, &path.split('/').collect::<Vec<_>>(), value, view);
            }
            below_lists(entry, view);
        }
    }
}

/// Puts a default in where nothing is, or takes it away.
fn leaf(parent: &mut Json, path: &[&str], value: &str, view: View) {
    let Some(members) = parent.as_object_mut() else { return };
    let (name, rest) = path.split_first().unwrap();
    let value_of = || serde_json::from_str(value).unwrap_or_else(|_| value.into());
    match (view, members.contains_key(*name), rest.is_empty()) {
        (View::ReportAll, false, true) => drop(members.insert((*name).to_owned(), value_of())),
        (View::Trim, true, true) if members[*name] == value_of() => drop(members.remove(*name)),
        (_, _, true) => {}
        (_, true, false) => leaf(&mut members[*name], rest, value, view),
        (View::ReportAll, false, false) if !PRESENCE.contains(name) => {
            leaf(members.entry(*name).or_insert_with(|| Map::new().into()), rest, value, view);
        }
        (_, false, false) => {}
    }
}

/// JSON with every list and every object the other way round.
pub(crate) fn reversed(value: &Json) -> String {
    let joined = |parts: Vec<String>| parts.into_iter().rev().collect::<Vec<_>>().join(",");
    match value {
        Json::Object(members) => {
            let member = |(name, value): (&String, &Json)| format!("{}:{}", json!(name), reversed(value));
            format!("{{{}}}", joined(members.iter().map(member).collect()))
        }
        Json::Array(values) => format!("[{}]", joined(values.iter().map(reversed).collect())),
        other => other.to_string(),
    }
}
