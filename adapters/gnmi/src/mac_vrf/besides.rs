//! What a VLAN's network instance holds that is not Mercury's: it would go with the
//! VLAN.

use std::collections::BTreeSet;

use mercury_adapter::Data;

use super::read::{is_default, named, text};
use super::words::{INTERFACE, MEMBER, SUBINTERFACE};
use crate::tree;

/// What Mercury puts there. A tunnel is a port that uses the VLAN.
const OWN: [&str; 6] = ["name", "type", "admin-state", "description", MEMBER, "vxlan-interface"];

/// What is no configuration, beside `oper-…` (srl_nokia-network-instance and
/// -bridge-table 25.3.1; `mac-table` and `statistics` are of modules beside those).
const STATE: [&str; 10] = [
    "icmp",
    "icmp6",
    "mac-relearn-only",
    "multicast-forwarding-information-base",
    "route-table",
    "system-ipv4-address",
    "system-ipv6-address",
    "tunnel-table",
    "mac-table",
    "statistics",
];

/// What a network instance has where nothing is said (srl_nokia-bridge-table, and its
/// -mac-learning, -mac-duplication and -mac-limit 25.3.1). An empty `bridge-table` says
/// nothing that the type does not.
const DEFAULTS: [(&[&str], &str); 20] = [
    (&["protocols"], ""),
    (&["bridge-table"], ""),
    (&["bridge-table", "tldp-mac-flush"], ""),
    (&["bridge-table", "mac-learning"], ""),
    (&["bridge-table", "mac-learning", "aging"], ""),
    (&["bridge-table", "mac-duplication"], ""),
    (&["bridge-table", "mac-limit"], ""),
    (&["bridge-table", "discard-unknown-dest-mac"], "false"),
    (&["bridge-table", "protect-anycast-gw-mac"], "false"),
    (&["bridge-table", "tldp-mac-flush", "send-flush-on-failure"], "false"),
    (&["bridge-table", "mac-learning", "admin-state"], "enable"),
    (&["bridge-table", "mac-learning", "aging", "admin-state"], "enable"),
    (&["bridge-table", "mac-learning", "aging", "age-time"], "300"),
    (&["bridge-table", "mac-duplication", "admin-state"], "enable"),
    (&["bridge-table", "mac-duplication", "monitoring-window"], "3"),
    (&["bridge-table", "mac-duplication", "num-moves"], "5"),
    (&["bridge-table", "mac-duplication", "hold-down-time"], "9"),
    (&["bridge-table", "mac-duplication", "action"], "stop-learning"),
    (&["bridge-table", "mac-limit", "maximum-entries"], "250"),
    (&["bridge-table", "mac-limit", "warning-threshold-pct"], "95"),
];

/// The names of what else a network instance holds, sorted; `subinterfaces` are all
/// that the switch has.
pub(super) fn of(instance: &tree::Node<'_>, subinterfaces: &BTreeSet<String>) -> Option<String> {
    let more = instance.below().filter(|one| !OWN.contains(&one.name()) && !is_state(one.name()));
    let more = more.filter(|one| !is_default(*one, &mut Vec::new(), &DEFAULTS, &is_state));
    let mut more: BTreeSet<String> = more.map(|one| one.name().to_owned()).collect();
    // What no port has goes with no port.
    let referred = |member| {
        let part = |leaf| text(member, &["interface-ref", leaf]);
        part("interface").zip(part("subinterface")).map(|(port, index)| format!("{port}.{index}"))
    };
    for member in named(instance, MEMBER) {
        let name = text(member, &["name"]).unwrap_or_default();
        let is_there = referred(member).map_or_else(|| subinterfaces.contains(name), |of| subinterfaces.contains(&of));
        if !is_there {
            more.insert(format!("{MEMBER} {name}"));
        }
    }
    (!more.is_empty()).then(|| more.into_iter().collect::<Vec<_>>().join(", "))
}

fn is_state(name: &str) -> bool {
    name.starts_with("oper-") || STATE.contains(&name)
}

/// Every subinterface, as network instances name it.
pub(super) fn subinterfaces(found: &tree::Node<'_>) -> BTreeSet<String> {
    let of = |port| {
        let name = text(port, &["name"]).unwrap_or_default();
        named(port, SUBINTERFACE).filter_map(move |one| Some(format!("{name}.{}", text(one, &["index"])?)))
    };
    named(found, INTERFACE).flat_map(of).collect()
}
