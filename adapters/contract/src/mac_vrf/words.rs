//! SR Linux's paths and names. In values a name says its module where that is
//! not its parent's (RFC 7951 section 4); paths do without.

use std::sync::Arc;

use crate::{Module, NodePath, PathStep, operations};
use mercury_model::{Foreign, InterfaceName, Leaf, Value, VlanId};

pub(super) const INTERFACE: &str = "interface";
pub(super) const MEMBER: &str = "interface";
pub(super) const NETWORK_INSTANCE: &str = "network-instance";
pub(super) const SUBINTERFACE: &str = "subinterface";
pub(super) const TUNNEL: &str = "tunnel-interface";
pub(super) const VXLAN: &str = "vxlan-interface";
pub(super) const PROTOCOLS: &str = "protocols";
pub(super) const EVPN: &str = "bgp-evpn";
pub(super) const VPN: &str = "bgp-vpn";
pub(super) const INSTANCE: &str = "bgp-instance";
/// What an aggregate's name begins with (srl_nokia-interfaces-lag: the lag
/// container is there on such interfaces only).
pub(super) const LAG: &str = "lag";

/// `/interface[name={name}]`.
pub fn interface() -> NodePath {
    entry(INTERFACE, "name", "{name}")
}

/// `/interface[name={name}]/oper-state` (srl_nokia-interfaces).
pub fn oper_state() -> NodePath {
    interface().join(&path("oper-state"))
}

/// `/interface[name={name}]/subinterface[index=…]`.
pub(super) fn subinterface(vlan: VlanId) -> NodePath {
    interface().join(&entry(SUBINTERFACE, "index", &vlan.to_string()))
}

/// `/network-instance[name={instance}]`.
pub(super) fn network_instance() -> NodePath {
    entry(NETWORK_INSTANCE, "name", "{instance}")
}

/// `/network-instance[name={instance}]/interface[name={name}]`.
pub(super) fn membership() -> NodePath {
    network_instance().join(&entry(MEMBER, "name", "{name}"))
}

/// `/tunnel-interface[name={vtep}]`.
pub(super) fn tunnel() -> NodePath {
    entry(TUNNEL, "name", "{vtep}")
}

/// `/tunnel-interface[name={vtep}]/vxlan-interface[index=…]`.
pub(super) fn vxlan(vlan: VlanId) -> NodePath {
    tunnel().join(&entry(VXLAN, "index", &vlan.to_string()))
}

/// `/network-instance[name={instance}]/vxlan-interface[name=…]`.
pub(super) fn bound(member: &str) -> NodePath {
    network_instance().join(&entry(VXLAN, "name", member))
}

/// `/network-instance[name={instance}]/protocols/bgp-evpn`, or `bgp-vpn`.
pub(super) fn bgp(protocol: &str) -> NodePath {
    network_instance().join(&path(&format!("protocols/{protocol}")))
}

/// The only instance of that.
pub(super) fn of_bgp(protocol: &str) -> NodePath {
    bgp(protocol).join(&entry(INSTANCE, "id", "1"))
}

/// Nodes without keys, by their names, below an interface, a subinterface or a
/// network instance.
pub(super) fn path(text: &str) -> NodePath {
    let mut module = Module { namespace: Arc::from(""), name: None };
    let steps = text.split('/').map(|name| {
        if let Some((_, own)) = AUGMENTS.iter().find(|(node, _)| *node == name) {
            module.name = Some(Arc::from(*own));
        }
        PathStep { module: module.clone(), ..step(name, Vec::new()) }
    });
    NodePath { steps: steps.collect() }
}

/// What other modules put below an interface, and which: what is below that is of
/// the same one.
const AUGMENTS: [(&str, &str); 4] = [
    ("vlan-tagging", "srl_nokia-interfaces-vlans"),
    ("vlan", "srl_nokia-interfaces-vlans"),
    ("lag", "srl_nokia-interfaces-lag"),
    ("lacp", "srl_nokia-lacp"),
];

pub(super) fn entry(name: &str, key: &str, value: &str) -> NodePath {
    NodePath { steps: vec![step(name, vec![(key.to_owned(), value.to_owned())])] }
}

fn step(name: &str, keys: Vec<(String, String)>) -> PathStep {
    PathStep { module: Module { namespace: Arc::from(""), name: None }, name: name.to_owned(), keys }
}

/// Where a leaf lies, relative to the interface; spanning tree belongs to the
/// network instances.
pub(super) fn leaf(leaf: Leaf) -> Option<NodePath> {
    let at = match leaf {
        Leaf::Description => "description",
        Leaf::Enabled => "admin-state",
        Leaf::Mtu => "mtu",
        Leaf::AggregateId => "ethernet/aggregate-id",
        Leaf::LagType => "lag/lag-type",
        Leaf::MinLinks => "lag/min-links",
        Leaf::LacpInterval => "lag/lacp/interval",
        Leaf::LacpMode => "lag/lacp/lacp-mode",
        Leaf::MlagId | Leaf::SwitchedVlan | Leaf::EdgePort | Leaf::BpduGuard => return None,
    };
    Some(path(at))
}

/// The model's words and SR Linux's, where those differ.
const WORDS: [(Leaf, &str, &str); 4] = [
    (Leaf::Enabled, "true", "enable"),
    (Leaf::Enabled, "false", "disable"),
    (Leaf::LagType, "LACP", "lacp"),
    (Leaf::LagType, "STATIC", "static"),
];

/// What SR Linux shows, as the model has it.
pub(super) fn read(leaf: Leaf, shown: &str) -> Value {
    let differs = WORDS.iter().any(|(own, ..)| *own == leaf);
    match WORDS.iter().find(|(own, _, word)| *own == leaf && *word == shown) {
        Some((_, word, _)) => leaf.read(word),
        None if differs => Value::Foreign(Foreign::new(vec![shown.to_owned()])),
        None => leaf.read(shown),
    }
}

/// A value as SR Linux has it.
pub(super) fn written(leaf: Leaf, value: &Value) -> operations::Value {
    match value {
        Value::Number(number) => operations::Value::Number((*number).into()),
        Value::Foreign(foreign) => operations::Value::Text(foreign.values().first().cloned().unwrap_or_default()),
        other => {
            let spelled = other.spelled().unwrap_or_default();
            let own = WORDS.iter().find(|(own, word, _)| *own == leaf && *word == spelled);
            operations::Value::Text(own.map_or(spelled, |(_, _, own)| (*own).to_owned()))
        }
    }
}

/// The name by which a subinterface is a network instance's; `None` when it
/// gets too long.
pub(super) fn member(interface: &InterfaceName, vlan: VlanId) -> Option<InterfaceName> {
    format!("{interface}.{vlan}").parse().ok()
}

/// Whether an interface is an aggregate.
pub(super) fn is_lag(name: &str) -> bool {
    name.strip_prefix(LAG).is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

/// How the network instance of a VLAN is named: `vlan-{vlan-id}`.
#[derive(Clone, Copy)]
pub(super) struct Template<'a> {
    before: &'a str,
    after: &'a str,
}

impl<'a> Template<'a> {
    /// `None` for a text that holds no `{vlan-id}`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (before, after) = text.split_once("{vlan-id}")?;
        Some(Self { before, after })
    }

    /// What the network instance of a VLAN is called.
    pub(super) fn name(self, vlan: VlanId) -> String {
        format!("{}{vlan}{}", self.before, self.after)
    }

    /// The VLAN whose network instance is called so.
    pub(super) fn vlan(self, name: &str) -> Option<VlanId> {
        let vlan = name.strip_prefix(self.before)?.strip_suffix(self.after)?.parse().ok()?;
        // Not `vlan-007`, which is another.
        (self.name(vlan) == name).then_some(vlan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vlans_instance_is_found_by_the_name_it_is_given() {
        let template = Template::parse("bd-{vlan-id}-x").unwrap();
        let vlan = VlanId::try_from(7u16).unwrap();
        assert_eq!(template.name(vlan), "bd-7-x");
        assert_eq!(template.vlan("bd-7-x"), Some(vlan));
        for other in ["bd-07-x", "bd-7", "7", "bd--x", "bd-4095-x", "default"] {
            assert_eq!(template.vlan(other), None, "{other}");
        }
        assert!(Template::parse("default").is_none());
    }

    #[test]
    fn only_lag_and_a_number_is_an_aggregate() {
        assert!(is_lag("lag1") && !is_lag("lag") && !is_lag("ethernet-1/1") && !is_lag("lagoon1"));
    }
}
