//! OpenConfig's trees, as peers show them, in few words.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    Port, State,
    state::{numbers, spanning_tree, switched, text},
};

/// From the lists of interfaces, of network instances and of spanning tree's
/// interfaces, in RFC 7951 JSON.
pub(super) fn trees(interfaces: &Value, instances: &Value, stp: &Value) -> State {
    let port = |node: &Value| {
        let entry = list(stp).find(|entry| entry["name"] == node["name"]).unwrap_or(&Value::Null);
        Port { stp: spanning_tree(&entry["config"]), ..port(node) }
    };
    let ports = list(interfaces).map(|node| (text(&node["name"]).unwrap(), port(node)));
    let vlans = list(instances)
        .flat_map(|instance| list(&instance["vlans"]["vlan"]))
        .map(|vlan| (u16::try_from(vlan["vlan-id"].as_u64().unwrap()).unwrap(), text(&vlan["config"]["name"])));
    State { ports: ports.collect(), vlans: vlans.collect() }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn port(node: &Value) -> Port {
    let ethernet = &node["openconfig-if-ethernet:ethernet"];
    let lag = &node["openconfig-if-aggregate:aggregation"];
    let vlans = [lag, ethernet].map(|above| &above["openconfig-vlan:switched-vlan"]["config"]);
    let vlans = vlans.into_iter().find(|config| config.is_object()).unwrap_or(&Value::Null);
    Port {
        enabled: node["config"]["enabled"] != false,
        description: text(&node["config"]["description"]),
        mtu: node["config"]["mtu"].as_u64(),
        vlans: switched(
            vlans["interface-mode"].as_str(),
            vlans["access-vlan"].as_u64(),
            vlans["native-vlan"].as_u64(),
            trunk(&vlans["trunk-vlans"]),
        ),
        aggregate: text(&ethernet["config"]["openconfig-if-aggregate:aggregate-id"]),
        ..Port::default()
    }
}

/// From paths and what is at them, leaf by leaf.
pub(super) fn leaves(found: &Value) -> State {
    let mut state = State::default();
    let found = found.as_object().unwrap();
    for path in found.keys() {
        if let Some((name, leaf)) = keyed(path, "/interfaces/interface[name=")
            && leaf == "config/name"
        {
            let at = |leaf: &str| found.get(&path.replace("config/name", leaf)).unwrap_or(&Value::Null);
            let above = ["aggregation", "ethernet"].into_iter().find(|above| !at(&mode(above)).is_null());
            let vlan = |leaf: &str| at(&format!("{}/switched-vlan/config/{leaf}", above.unwrap_or("ethernet")));
            let port = Port {
                enabled: at("config/enabled") != false,
                description: text(at("config/description")),
                mtu: at("config/mtu").as_u64(),
                vlans: switched(
                    vlan("interface-mode").as_str(),
                    vlan("access-vlan").as_u64(),
                    vlan("native-vlan").as_u64(),
                    trunk(vlan("trunk-vlans")),
                ),
                aggregate: text(at("ethernet/config/aggregate-id")),
                stp: spanning_tree(&entry(found, name)),
            };
            state.ports.insert(name.to_owned(), port);
        }
        if let Some((id, leaf)) = keyed(path, "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=")
            && leaf == "vlan-id"
        {
            let name = found.get(&path.replace("]/vlan-id", "]/config/name")).unwrap_or(&Value::Null);
            state.vlans.insert(id.parse().unwrap(), text(name));
        }
    }
    state
}

/// What a port's spanning tree entry holds.
fn entry(found: &Map<String, Value>, name: &str) -> Value {
    let config = format!("/stp/interfaces/interface[name={name}]/config/");
    let leaves = found.iter().filter_map(|(path, value)| Some((path.strip_prefix(&config)?.to_owned(), value.clone())));
    let leaves: Map<String, Value> = leaves.collect();
    if leaves.is_empty() { Value::Null } else { leaves.into() }
}

fn mode(above: &str) -> String {
    format!("{above}/switched-vlan/config/interface-mode")
}

/// The key and what comes after it.
fn keyed<'a>(path: &'a str, list: &str) -> Option<(&'a str, &'a str)> {
    path.strip_prefix(list)?.split_once("]/")
}

fn trunk(value: &Value) -> Option<BTreeSet<u64>> {
    let items = value.as_array()?;
    let each = items.iter().flat_map(|item| match item {
        Value::String(range) => numbers([range.as_str()].into_iter(), '.'),
        number => [number.as_u64().unwrap()].into(),
    });
    Some(each.collect())
}
