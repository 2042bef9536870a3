//! The nodes of SR Linux that are read, by their names below an entry; and the tests'
//! list of all.

use crate::NodePath;
use mercury_model::{Leaf, VlanId};

use super::words::{self, EVPN, VPN, VXLAN, interface, membership, network_instance, oper_state, path};

/// Names below an entry.
pub(super) type Below = &'static [&'static str];

/// What is read of an interface; a subscription is narrowed to it.
pub(super) const OF_INTERFACE: [&str; 10] = [
    "admin-state",
    "description",
    "mtu",
    "vlan-tagging",
    "tpid",
    "breakout-mode",
    "load-balancing",
    "ethernet",
    "lag",
    "subinterface",
];

/// What is read of a network instance.
pub(super) const OF_NETWORK_INSTANCE: [&str; 5] =
    ["type", "admin-state", "description", "interface", "vxlan-interface"];
/// And where a VLAN may be taken away, which takes a look at every interface: the rest
/// is not for a mac-vrf (each `must` of srl_nokia-network-instance), but for
/// `connection-point`, which not every system has.
pub(super) const ALSO_OF_NETWORK_INSTANCE: [&str; 2] = ["protocols", "bridge-table"];

/// What a port has that no member of an aggregate may have and that is not Mercury's
/// (srl_nokia-interfaces, each `must` of ethernet/aggregate-id;
/// srl_nokia-interfaces-l2cp).
pub(super) const NOT_OF_MEMBERS: [Below; 8] = [
    &["breakout-mode"],
    &["tpid"],
    &["ethernet", "duplex-mode"],
    &["ethernet", "flow-control", "receive"],
    &["ethernet", "flow-control", "transmit"],
    &["ethernet", "standby-signaling"],
    &["ethernet", "link-loss-forwarding"],
    &["load-balancing", "hash-profile"],
];
/// And what must not be true. Of the members of an aggregate with LACP alone, but
/// nobody tunnels what none sends.
pub(super) const NOT_TRUE_OF_MEMBERS: [Below; 2] =
    [&["ethernet", "l2cp-transparency", "tunnel-all-l2cp"], &["ethernet", "l2cp-transparency", "lacp", "tunnel"]];

/// What Mercury puts into a subinterface.
pub(super) const OF_SUBINTERFACE: [&str; 4] = ["index", "type", "admin-state", "vlan"];
/// What of one is no configuration, beside `oper-…`.
pub(super) const STATE_OF_SUBINTERFACE: [&str; 4] = ["name", "ifindex", "last-change", "statistics"];
/// What a subinterface has where nothing is said (srl_nokia-interfaces, -if-ip,
/// -interfaces-vlans; SR Linux 25.3.1).
pub(super) const DEFAULTS_OF_SUBINTERFACE: [(Below, &str); 6] = [
    (&["unidirectional-link-delay", "static-delay"], "none"),
    (&["ipv4", "admin-state"], "disable"),
    (&["ipv4", "allow-directed-broadcast"], "false"),
    (&["ipv4", "unnumbered", "admin-state"], "disable"),
    (&["ipv6", "admin-state"], "disable"),
    (&["vlan", "swap-src-dst-mac"], "false"),
];

/// What of a network instance's `interface` is no configuration, beside `oper-…`.
pub(super) const STATE_OF_MEMBER: [&str; 3] = ["index", "mac-relearn-only", "multicast-forwarding"];

/// What Mercury puts into a network instance. A tunnel is a port that uses the VLAN.
pub(super) const OWN_OF_NETWORK_INSTANCE: [&str; 6] =
    ["name", "type", "admin-state", "description", "interface", "vxlan-interface"];
/// What of one is no configuration, beside `oper-…` (srl_nokia-network-instance and
/// -bridge-table 25.3.1).
pub(super) const STATE_OF_NETWORK_INSTANCE: [&str; 7] = [
    "icmp",
    "icmp6",
    "multicast-forwarding-information-base",
    "route-table",
    "system-ipv4-address",
    "system-ipv6-address",
    "tunnel-table",
];
/// And of its `bridge-table`, at whatever depth; the last two are of modules beside
/// those.
pub(super) const STATE_OF_BRIDGE_TABLE: [&str; 3] = ["mac-relearn-only", "mac-table", "statistics"];
/// What a network instance has where nothing is said (srl_nokia-bridge-table, and its
/// -mac-learning, -mac-duplication and -mac-limit 25.3.1). An empty `bridge-table` says
/// nothing that the type does not.
pub(super) const DEFAULTS_OF_NETWORK_INSTANCE: [(Below, &str); 20] = [
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

/// What Mercury puts into a VXLAN interface, and what one has where nothing is said
/// (srl_nokia-tunnel-interfaces).
pub(super) const OWN_OF_TUNNEL: [&str; 3] = ["index", "type", "ingress"];
pub(super) const DEFAULTS_OF_TUNNEL: [(Below, &str); 4] = [
    (&["egress"], ""),
    (&["egress", "source-ip"], "use-system-ipv4-address"),
    (&["egress", "destination-groups"], ""),
    (&["bridge-table"], ""),
];
/// What its bridge table is seen to do (srl_nokia-tunnel-interfaces-vxlan-interface-bridge-table
/// and what augments that): a subscription shows it beside the configuration.
pub(super) const STATE_OF_TUNNEL: [&str; 3] = ["statistics", "unicast-destinations", "multicast-destinations"];
/// And into what tells of it (srl_nokia-bgp-evpn, -bgp-vpn).
pub(super) const OWN_OF_EVPN: [&str; 3] = ["id", "vxlan-interface", "evi"];
pub(super) const DEFAULTS_OF_EVPN: [(Below, &str); 9] = [
    (&["admin-state"], "enable"),
    (&["encapsulation-type"], "vxlan"),
    (&["ecmp"], "1"),
    (&["routes"], ""),
    (&["routes", "bridge-table"], ""),
    (&["routes", "bridge-table", "next-hop"], "use-system-ipv4-address"),
    (&["routes", "bridge-table", "vlan-aware-bundle-eth-tag"], "0"),
    (&["routes", "bridge-table", "mac-ip", "advertise"], "true"),
    (&["routes", "bridge-table", "inclusive-mcast", "advertise"], "true"),
];
pub(super) const OWN_OF_VPN: [&str; 3] = ["id", "route-distinguisher", "route-target"];
pub(super) const DEFAULTS_OF_VPN: [(Below, &str); 0] = [];
/// And beside the instances.
pub(super) const DEFAULTS_OF_BGP: [(Below, &str); 2] =
    [(&["backup-paths", "ipv4-unicast", "install"], "false"), (&["backup-paths", "ipv6-unicast", "install"], "false")];

/// A network instance, what of it is Mercury's, and what is so where nothing is said.
pub fn defaults() -> (NodePath, &'static [&'static str], &'static [(Below, &'static str)]) {
    (network_instance(), &OWN_OF_NETWORK_INSTANCE, &DEFAULTS_OF_NETWORK_INSTANCE)
}

/// The lists, each by an entry with its key.
pub fn lists() -> [NodePath; 9] {
    let tunnel = network_instance().join(&words::entry(VXLAN, "name", "{name}"));
    let vxlan = words::vxlan(VlanId::MIN);
    let bgp = [EVPN, VPN].map(words::of_bgp);
    let [evpn, vpn] = bgp;
    [
        interface(),
        words::subinterface(VlanId::MIN),
        network_instance(),
        membership(),
        tunnel,
        words::tunnel(),
        vxlan,
        evpn,
        vpn,
    ]
}

/// Every node that is read or written and that the published modules have.
pub fn all() -> Vec<NodePath> {
    // Whatever module: of two that have a `lacp`, `path` knows one.
    let names = |below: &[&str]| {
        let mut path = path(&below.join("/"));
        path.steps.iter_mut().for_each(|step| step.module.name = None);
        path
    };
    let of = |entry: NodePath, below: Vec<NodePath>| below.into_iter().map(move |below| entry.join(&below));
    let one = |names: &[&str]| names.iter().map(|name| path(name)).collect::<Vec<_>>();
    let defaults = |all: &[(Below, &str)]| all.iter().map(|(below, _)| names(below)).collect::<Vec<_>>();
    let subinterface = || interface().join(&path("subinterface"));
    let ports = NOT_OF_MEMBERS.iter().chain(&NOT_TRUE_OF_MEMBERS).map(|below| names(below));
    let leaves = Leaf::ALL.into_iter().filter_map(words::leaf);
    let encapsulations = ["vlan/encap/untagged", "vlan/encap/single-tagged/vlan-id"].map(path);
    [interface(), oper_state(), network_instance(), membership()]
        .into_iter()
        .chain(of(interface(), one(&OF_INTERFACE)))
        .chain(of(interface(), ports.chain(leaves).collect()))
        .chain(of(subinterface(), one(&OF_SUBINTERFACE)))
        .chain(of(subinterface(), one(&STATE_OF_SUBINTERFACE)))
        .chain(of(subinterface(), defaults(&DEFAULTS_OF_SUBINTERFACE)))
        .chain(of(subinterface(), encapsulations.into()))
        .chain(of(network_instance(), one(&OF_NETWORK_INSTANCE)))
        .chain(of(network_instance(), one(&ALSO_OF_NETWORK_INSTANCE)))
        .chain(of(network_instance(), one(&OWN_OF_NETWORK_INSTANCE)))
        .chain(of(network_instance(), one(&STATE_OF_NETWORK_INSTANCE)))
        .chain(of(network_instance(), defaults(&DEFAULTS_OF_NETWORK_INSTANCE)))
        .chain(of(words::vxlan(VlanId::MIN), one(&["index", "type", "ingress/vni"])))
        .chain(of(words::of_bgp(EVPN), one(&OWN_OF_EVPN)))
        .chain(of(words::of_bgp(VPN), one(&["id", "route-distinguisher/rd"])))
        .chain(of(words::of_bgp(VPN), one(&["route-target/export-rt", "route-target/import-rt"])))
        .chain(of(membership(), one(&["index", "interface-ref/interface", "interface-ref/subinterface"])))
        .collect()
}
