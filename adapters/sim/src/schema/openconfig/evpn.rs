//! `evpn` of a network instance: openconfig-evpn lends the groupings.

use super::{EVPN_TYPES, Identity, Kind, NETWORK_INSTANCE, NETWORK_INSTANCE_TYPES, Node, Type, VNI, leaf, node};

pub(super) static EVPN: [Node; 1] = [node("evpn-instances", &NETWORK_INSTANCE, Kind::Container(&INSTANCES))];

static INSTANCES: [Node; 1] =
    [node("evpn-instance", &NETWORK_INSTANCE, Kind::List { key: "evi", children: &INSTANCE })];

static INSTANCE: [Node; 4] = [
    leaf("evi", &NETWORK_INSTANCE, Type::Text),
    node("config", &NETWORK_INSTANCE, Kind::Container(&CONFIG)),
    node("import-export-policy", &NETWORK_INSTANCE, Kind::Container(&POLICY)),
    node("vxlan", &NETWORK_INSTANCE, Kind::Container(&VXLAN)),
];

static ENCAPSULATIONS: [Identity; 2] = [
    Identity { module: &NETWORK_INSTANCE_TYPES, name: "MPLS" },
    Identity { module: &NETWORK_INSTANCE_TYPES, name: "VXLAN" },
];

static SERVICES: [Identity; 3] = [
    Identity { module: &EVPN_TYPES, name: "VLAN_BASED" },
    Identity { module: &EVPN_TYPES, name: "VLAN_BUNDLE" },
    Identity { module: &EVPN_TYPES, name: "VLAN_AWARE" },
];

static CONFIG: [Node; 6] = [
    leaf("evi", &NETWORK_INSTANCE, Type::Text),
    leaf("encapsulation-type", &NETWORK_INSTANCE, Type::Identity(&ENCAPSULATIONS)),
    leaf("service-type", &NETWORK_INSTANCE, Type::Identity(&SERVICES)),
    leaf("multicast-group", &NETWORK_INSTANCE, Type::Text),
    leaf("replication-mode", &NETWORK_INSTANCE, Type::Enumeration(&["STATIC_INGRESS_REPLICATION", "BGP", "MULTICAST"])),
    leaf("route-distinguisher", &NETWORK_INSTANCE, Type::Text),
];

static POLICY: [Node; 1] = [node("config", &NETWORK_INSTANCE, Kind::Container(&POLICY_CONFIG))];

static POLICY_CONFIG: [Node; 2] = [
    node("export-route-target", &NETWORK_INSTANCE, Kind::LeafList(Type::Text)),
    node("import-route-target", &NETWORK_INSTANCE, Kind::LeafList(Type::Text)),
];

static VXLAN: [Node; 1] = [node("config", &NETWORK_INSTANCE, Kind::Container(&VXLAN_CONFIG))];

static VXLAN_CONFIG: [Node; 4] = [
    leaf("vni", &NETWORK_INSTANCE, VNI),
    node("vni-list", &NETWORK_INSTANCE, Kind::LeafList(VNI)),
    leaf("overlay-endpoint-network-instance", &NETWORK_INSTANCE, Type::Text),
    leaf("overlay-endpoint", &NETWORK_INSTANCE, Type::Text),
];
