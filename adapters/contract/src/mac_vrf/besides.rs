//! What a VLAN's network instance holds that is not Mercury's: it would go with the
//! VLAN.

use std::collections::BTreeSet;

use crate::{Data, DataNode};

use super::nodes::{
    DEFAULTS_OF_NETWORK_INSTANCE, OWN_OF_NETWORK_INSTANCE, STATE_OF_BRIDGE_TABLE, STATE_OF_NETWORK_INSTANCE,
};
use super::read::{is_default, named, text};
use super::words::{EVPN, INTERFACE, MEMBER, PROTOCOLS, SUBINTERFACE, VPN};

/// The names of what else a network instance holds, sorted; `subinterfaces` are all
/// that the switch has. Of a VLAN that is bound to a VNI, what tells of that is looked at there.
pub(super) fn of(instance: &DataNode<'_>, subinterfaces: &BTreeSet<String>, is_bound: bool) -> Option<String> {
    let more = instance.below().filter(|one| !OWN_OF_NETWORK_INSTANCE.contains(&one.name()) && !is_state(one.name()));
    let more = more.filter(|one| !is_default(*one, &mut Vec::new(), &DEFAULTS_OF_NETWORK_INSTANCE, &is_state));
    let tells =
        |one: &&DataNode<'_>| one.name() == PROTOCOLS && one.below().all(|own| [EVPN, VPN].contains(&own.name()));
    let more = more.filter(|one| !(is_bound && tells(one)));
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
    name.starts_with("oper-") || STATE_OF_NETWORK_INSTANCE.contains(&name) || STATE_OF_BRIDGE_TABLE.contains(&name)
}

/// Every subinterface, as network instances name it.
pub(super) fn subinterfaces(found: &DataNode<'_>) -> BTreeSet<String> {
    let of = |port| {
        let name = text(port, &["name"]).unwrap_or_default();
        named(port, SUBINTERFACE).filter_map(move |one| Some(format!("{name}.{}", text(one, &["index"])?)))
    };
    named(found, INTERFACE).flat_map(of).collect()
}
