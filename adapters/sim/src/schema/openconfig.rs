//! The OpenConfig subset, node by node, and a leaf of a vendor's that others
//! configure.

mod evpn;

use super::{Condition, Identity, Kind, Module, Node, Schema, Type, plain as node};

const INTERFACES: Module = Module {
    name: "openconfig-interfaces",
    namespace: "http://openconfig.net/yang/interfaces",
    prefix: "oc-if",
    revision: Some("2026-01-06"),
};
const ETHERNET: Module = Module {
    name: "openconfig-if-ethernet",
    namespace: "http://openconfig.net/yang/interfaces/ethernet",
    prefix: "oc-eth",
    revision: Some("2026-06-22"),
};
const AGGREGATE: Module = Module {
    name: "openconfig-if-aggregate",
    namespace: "http://openconfig.net/yang/interfaces/aggregate",
    prefix: "oc-lag",
    revision: Some("2026-01-06"),
};
const VLAN: Module = Module {
    name: "openconfig-vlan",
    namespace: "http://openconfig.net/yang/vlan",
    prefix: "oc-vlan",
    revision: Some("2023-02-07"),
};
const LACP: Module = Module {
    name: "openconfig-lacp",
    namespace: "http://openconfig.net/yang/lacp",
    prefix: "oc-lacp",
    revision: Some("2024-09-24"),
};
const STP: Module = Module {
    name: "openconfig-spanning-tree",
    namespace: "http://openconfig.net/yang/spanning-tree",
    prefix: "oc-stp",
    revision: Some("2019-11-28"),
};
const STP_TYPES: Module = Module {
    name: "openconfig-spanning-tree-types",
    namespace: "http://openconfig.net/yang/spanning-tree/types",
    prefix: "oc-stp-types",
    revision: Some("2021-06-16"),
};
const NETWORK_INSTANCE: Module = Module {
    name: "openconfig-network-instance",
    namespace: "http://openconfig.net/yang/network-instance",
    prefix: "oc-netinst",
    revision: Some("2026-03-17"),
};
const NETWORK_INSTANCE_TYPES: Module = Module {
    name: "openconfig-network-instance-types",
    namespace: "http://openconfig.net/yang/network-instance-types",
    prefix: "oc-ni-types",
    revision: Some("2021-07-14"),
};
const EVPN_TYPES: Module = Module {
    name: "openconfig-evpn-types",
    namespace: "http://openconfig.net/yang/evpn-types",
    prefix: "oc-evpn-types",
    revision: Some("2021-06-21"),
};
/// Of EOS.
const VLAN_AUGMENTS: Module = Module {
    name: "arista-vlan-augments",
    namespace: "http://arista.com/yang/openconfig/network-instance/vlan/augments",
    prefix: "arista-vlan-augments",
    revision: Some("2020-11-30"),
};
const IF_TYPE: Module = Module {
    name: "iana-if-type",
    namespace: "urn:ietf:params:xml:ns:yang:iana-if-type",
    prefix: "ianaift",
    revision: None,
};

/// Every module the switch implements.
static MODULES: [&Module; 12] = [
    &INTERFACES,
    &ETHERNET,
    &AGGREGATE,
    &VLAN,
    &LACP,
    &STP,
    &STP_TYPES,
    &NETWORK_INSTANCE,
    &NETWORK_INSTANCE_TYPES,
    &EVPN_TYPES,
    &IF_TYPE,
    &VLAN_AUGMENTS,
];

/// Those that it announces: by one of EOS it would be taken for EOS.
static ANNOUNCED: &[&Module] = MODULES.split_at(MODULES.len() - 1).0;

pub(super) const SCHEMA: Schema = Schema { root: &ROOT, modules: &MODULES, announced: ANNOUNCED };

const fn leaf(name: &'static str, module: &'static Module, kind: Type) -> Node {
    node(name, module, Kind::Leaf(kind))
}

const fn with_default(node: Node, default: &'static str) -> Node {
    Node { default: Some(default), ..node }
}

const fn when(node: Node, path: &'static [&'static str], equals: &'static str) -> Node {
    Node { when: Some(Condition { path, equals }), ..node }
}

const fn mandatory(node: Node) -> Node {
    Node { mandatory: true, ..node }
}

/// The top-level nodes.
pub static ROOT: [Node; 4] = [
    node("interfaces", &INTERFACES, Kind::Container(&INTERFACES_CHILDREN)),
    node("lacp", &LACP, Kind::Container(&LACP_CHILDREN)),
    node("stp", &STP, Kind::Container(&STP_CHILDREN)),
    node("network-instances", &NETWORK_INSTANCE, Kind::Container(&NETWORK_INSTANCES_CHILDREN)),
];

static INTERFACES_CHILDREN: [Node; 1] =
    [node("interface", &INTERFACES, Kind::List { key: "name", children: &INTERFACE })];

static INTERFACE: [Node; 5] = [
    leaf("name", &INTERFACES, Type::Text),
    node("config", &INTERFACES, Kind::Container(&INTERFACE_CONFIG)),
    node("ethernet", &ETHERNET, Kind::Container(&ETHERNET_CHILDREN)),
    when(node("aggregation", &AGGREGATE, Kind::Container(&AGGREGATION_CHILDREN)), &["config", "type"], "ieee8023adLag"),
    node("state", &INTERFACES, Kind::Container(&INTERFACE_STATE)),
];

static INTERFACE_STATE: [Node; 2] =
    [leaf("name", &INTERFACES, Type::Text), leaf("oper-status", &INTERFACES, Type::Enumeration(&["UP", "DOWN"]))];

static INTERFACE_TYPES: [Identity; 4] = [
    Identity { module: &IF_TYPE, name: "ethernetCsmacd" },
    Identity { module: &IF_TYPE, name: "ieee8023adLag" },
    Identity { module: &IF_TYPE, name: "l2vlan" },
    Identity { module: &IF_TYPE, name: "l3ipvlan" },
];

static INTERFACE_CONFIG: [Node; 5] = [
    leaf("name", &INTERFACES, Type::Text),
    mandatory(leaf("type", &INTERFACES, Type::Identity(&INTERFACE_TYPES))),
    // A uint16 in the model; "invalid-value" for what the hardware cannot do.
    leaf("mtu", &INTERFACES, Type::Number { min: 68, max: 9216 }),
    leaf("description", &INTERFACES, Type::Text),
    with_default(leaf("enabled", &INTERFACES, Type::Boolean), "true"),
];

static ETHERNET_CHILDREN: [Node; 2] = [
    node("config", &ETHERNET, Kind::Container(&ETHERNET_CONFIG)),
    node("switched-vlan", &VLAN, Kind::Container(&SWITCHED_VLAN)),
];

// openconfig-if-aggregate augments this leaf in: the container and its leaf
// are in different namespaces.
static ETHERNET_CONFIG: [Node; 1] = [leaf("aggregate-id", &AGGREGATE, Type::LagReference)];

static SWITCHED_VLAN: [Node; 1] = [node("config", &VLAN, Kind::Container(&SWITCHED_VLAN_CONFIG))];

const VLAN_ID: Type = Type::Number { min: 1, max: 4094 };
const MODE: &[&str] = &["interface-mode"];

static SWITCHED_VLAN_CONFIG: [Node; 4] = [
    leaf("interface-mode", &VLAN, Type::Enumeration(&["ACCESS", "TRUNK"])),
    when(leaf("native-vlan", &VLAN, VLAN_ID), MODE, "TRUNK"),
    when(leaf("access-vlan", &VLAN, VLAN_ID), MODE, "ACCESS"),
    when(node("trunk-vlans", &VLAN, Kind::LeafList(Type::VlanOrRange)), MODE, "TRUNK"),
];

static AGGREGATION_CHILDREN: [Node; 2] = [
    node("config", &AGGREGATE, Kind::Container(&AGGREGATION_CONFIG)),
    node("switched-vlan", &VLAN, Kind::Container(&SWITCHED_VLAN)),
];

static AGGREGATION_CONFIG: [Node; 2] = [
    leaf("lag-type", &AGGREGATE, Type::Enumeration(&["LACP", "STATIC"])),
    leaf("min-links", &AGGREGATE, Type::Number { min: 0, max: 65_535 }),
];

static LACP_CHILDREN: [Node; 1] = [node("interfaces", &LACP, Kind::Container(&LACP_INTERFACES))];

static LACP_INTERFACES: [Node; 1] = [node("interface", &LACP, Kind::List { key: "name", children: &LACP_INTERFACE })];

static LACP_INTERFACE: [Node; 2] =
    [leaf("name", &LACP, Type::Text), node("config", &LACP, Kind::Container(&LACP_INTERFACE_CONFIG))];

static LACP_INTERFACE_CONFIG: [Node; 3] = [
    leaf("name", &LACP, Type::LagReference),
    with_default(leaf("interval", &LACP, Type::Enumeration(&["FAST", "SLOW"])), "SLOW"),
    with_default(leaf("lacp-mode", &LACP, Type::Enumeration(&["ACTIVE", "PASSIVE"])), "ACTIVE"),
];

static STP_CHILDREN: [Node; 1] = [node("interfaces", &STP, Kind::Container(&STP_INTERFACES))];

static STP_INTERFACES: [Node; 1] = [node("interface", &STP, Kind::List { key: "name", children: &STP_INTERFACE })];

static STP_INTERFACE: [Node; 2] =
    [leaf("name", &STP, Type::Text), node("config", &STP, Kind::Container(&STP_INTERFACE_CONFIG))];

static EDGE_PORT: [Identity; 3] = [
    Identity { module: &STP_TYPES, name: "EDGE_ENABLE" },
    Identity { module: &STP_TYPES, name: "EDGE_DISABLE" },
    Identity { module: &STP_TYPES, name: "EDGE_AUTO" },
];

static STP_INTERFACE_CONFIG: [Node; 6] = [
    leaf("name", &STP, Type::InterfaceReference),
    leaf("edge-port", &STP, Type::Identity(&EDGE_PORT)),
    leaf("link-type", &STP, Type::Enumeration(&["P2P", "SHARED"])),
    leaf("guard", &STP, Type::Enumeration(&["ROOT", "LOOP", "NONE"])),
    leaf("bpdu-guard", &STP, Type::Boolean),
    leaf("bpdu-filter", &STP, Type::Boolean),
];

static NETWORK_INSTANCES_CHILDREN: [Node; 1] =
    [node("network-instance", &NETWORK_INSTANCE, Kind::List { key: "name", children: &NETWORK_INSTANCE_CHILDREN })];

static NETWORK_INSTANCE_CHILDREN: [Node; 5] = [
    leaf("name", &NETWORK_INSTANCE, Type::Text),
    node("config", &NETWORK_INSTANCE, Kind::Container(&NETWORK_INSTANCE_CONFIG)),
    // openconfig-vlan only lends the grouping: nodes of a grouping belong to
    // the module that uses it (RFC 7950 section 7.13), so from here down the
    // namespace stays openconfig-network-instance.
    node("vlans", &NETWORK_INSTANCE, Kind::Container(&VLANS)),
    node("connection-points", &NETWORK_INSTANCE, Kind::Container(&CONNECTION_POINTS)),
    // Of an L3VRF too, in which nobody puts one here.
    when(node("evpn", &NETWORK_INSTANCE, Kind::Container(&evpn::EVPN)), &["config", "type"], "L2VSI"),
];

static INSTANCE_TYPES: [Identity; 5] = [
    Identity { module: &NETWORK_INSTANCE_TYPES, name: "DEFAULT_INSTANCE" },
    Identity { module: &NETWORK_INSTANCE_TYPES, name: "L3VRF" },
    Identity { module: &NETWORK_INSTANCE_TYPES, name: "L2VSI" },
    Identity { module: &NETWORK_INSTANCE_TYPES, name: "L2P2P" },
    Identity { module: &NETWORK_INSTANCE_TYPES, name: "L2L3" },
];

static NETWORK_INSTANCE_CONFIG: [Node; 2] = [
    leaf("name", &NETWORK_INSTANCE, Type::Text),
    mandatory(leaf("type", &NETWORK_INSTANCE, Type::Identity(&INSTANCE_TYPES))),
];

static VLANS: [Node; 1] = [node("vlan", &NETWORK_INSTANCE, Kind::List { key: "vlan-id", children: &VLAN_ENTRY })];

static VLAN_ENTRY: [Node; 2] =
    [leaf("vlan-id", &NETWORK_INSTANCE, VLAN_ID), node("config", &NETWORK_INSTANCE, Kind::Container(&VLAN_CONFIG))];

static VLAN_CONFIG: [Node; 4] = [
    leaf("vlan-id", &NETWORK_INSTANCE, VLAN_ID),
    leaf("name", &NETWORK_INSTANCE, Type::Text),
    with_default(leaf("status", &NETWORK_INSTANCE, Type::Enumeration(&["ACTIVE", "SUSPENDED"])), "ACTIVE"),
    node("trunk-groups", &VLAN_AUGMENTS, Kind::LeafList(Type::Text)),
];

// openconfig-evpn lends the groupings below `vxlan`.
static CONNECTION_POINTS: [Node; 1] = [node(
    "connection-point",
    &NETWORK_INSTANCE,
    Kind::List { key: "connection-point-id", children: &CONNECTION_POINT },
)];

static CONNECTION_POINT: [Node; 3] = [
    leaf("connection-point-id", &NETWORK_INSTANCE, Type::Text),
    node("config", &NETWORK_INSTANCE, Kind::Container(&CONNECTION_POINT_CONFIG)),
    node("endpoints", &NETWORK_INSTANCE, Kind::Container(&ENDPOINTS)),
];

static CONNECTION_POINT_CONFIG: [Node; 1] = [leaf("connection-point-id", &NETWORK_INSTANCE, Type::Text)];

static ENDPOINTS: [Node; 1] =
    [node("endpoint", &NETWORK_INSTANCE, Kind::List { key: "endpoint-id", children: &ENDPOINT })];

static ENDPOINT: [Node; 3] = [
    leaf("endpoint-id", &NETWORK_INSTANCE, Type::Text),
    node("config", &NETWORK_INSTANCE, Kind::Container(&ENDPOINT_CONFIG)),
    node("vxlan", &NETWORK_INSTANCE, Kind::Container(&VXLAN)),
];

static ENDPOINT_CONFIG: [Node; 1] = [leaf("endpoint-id", &NETWORK_INSTANCE, Type::Text)];

static VXLAN: [Node; 3] = [
    node("config", &NETWORK_INSTANCE, Kind::Container(&VXLAN_CONFIG)),
    node("endpoint-vnis", &NETWORK_INSTANCE, Kind::Container(&VNIS)),
    node("local-endpoint-vnis", &NETWORK_INSTANCE, Kind::Container(&LOCAL_VNIS)),
];

static VXLAN_CONFIG: [Node; 1] = [leaf("source-interface", &NETWORK_INSTANCE, Type::Text)];

static VNIS: [Node; 1] = [node("endpoint-vni", &NETWORK_INSTANCE, Kind::List { key: "vni", children: &VNI_ENTRY })];

static VNI_ENTRY: [Node; 2] =
    [leaf("vni", &NETWORK_INSTANCE, VNI), node("state", &NETWORK_INSTANCE, Kind::Container(&VNI_STATE))];

static VNI_STATE: [Node; 2] =
    [leaf("vni", &NETWORK_INSTANCE, VNI), leaf("vni-state", &NETWORK_INSTANCE, Type::Enumeration(&["UP", "DOWN"]))];

static LOCAL_VNIS: [Node; 1] =
    [node("local-endpoint-vni", &NETWORK_INSTANCE, Kind::List { key: "vni", children: &LOCAL_VNI })];

const VNI: Type = Type::Number { min: 1, max: 16_777_215 };

static LOCAL_VNI: [Node; 2] =
    [leaf("vni", &NETWORK_INSTANCE, VNI), node("config", &NETWORK_INSTANCE, Kind::Container(&LOCAL_VNI_CONFIG))];

static LOCAL_VNI_CONFIG: [Node; 3] = [
    leaf("vni", &NETWORK_INSTANCE, VNI),
    leaf("vni-type", &NETWORK_INSTANCE, Type::Enumeration(&["L2", "L3"])),
    leaf("bridge-domain", &NETWORK_INSTANCE, Type::Number { min: 1, max: u32::MAX }),
];
