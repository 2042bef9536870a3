//! What a candidate takes away, for the rules: whose port or VLAN it is about is known,
//! what is there is not.

use std::collections::BTreeMap;

use mercury_model::{DeviceConfig, Interface, Vlan, VlanId, VlanStatus};

/// A path: each element with its keys.
type Elements = [(String, BTreeMap<String, String>)];

/// What a port of which something is deleted has instead of what is not known.
const UNKNOWN: &str = "what is deleted";

/// As people write it.
pub(super) fn shown(path: &Elements) -> String {
    let element = |(name, keys): &(String, BTreeMap<String, String>)| {
        let keys: String = keys.iter().map(|(key, value)| format!("[{key}={value}]")).collect();
        format!("/{name}{keys}")
    };
    if path.is_empty() { "all that it does not name".to_owned() } else { path.iter().map(element).collect() }
}

/// Whether a path is about every port or every VLAN, of which the rules cannot be asked.
pub(super) fn is_of_all(path: &Elements) -> bool {
    const AROUND: [&str; 6] = ["interfaces", "interface", "network-instances", "network-instance", "vlans", "vlan"];
    let is_entry = |(name, keys): &(String, BTreeMap<String, String>)| {
        matches!(name.rsplit(':').next(), Some("interface" | "vlan")) && !keys.is_empty()
    };
    let ends_around = |(name, _): &(String, _)| name.rsplit(':').next().is_some_and(|bare| AROUND.contains(&bare));
    path.last().is_none_or(ends_around) && !path.iter().any(is_entry)
}

/// What is there, and of each port and VLAN that a path names something more. A path that
/// names none is about all of them, and of those none is known.
pub(super) fn there(before: &DeviceConfig, deletes: &[Vec<(String, BTreeMap<String, String>)>]) -> DeviceConfig {
    let mut there = before.clone();
    let key = |path: &Elements, list: &str, key: &str| {
        let bare = |name: &str| name.rsplit(':').next() == Some(list);
        path.iter().find(|(name, _)| bare(name))?.1.get(key).cloned()
    };
    for path in deletes {
        if let Some(name) = key(path, "interface", "name").and_then(|name| name.parse().ok()) {
            let port = there.interfaces.entry(name).or_insert_with_key(|name| Interface::new(name.clone()));
            port.description = port.description.take().or_else(|| UNKNOWN.parse().ok());
        }
        if let Some(id) = key(path, "vlan", "vlan-id").and_then(|id| id.parse::<VlanId>().ok()) {
            there.vlans.entry(id).or_insert(Vlan { id, name: None, status: VlanStatus::Active });
        }
    }
    there
}
