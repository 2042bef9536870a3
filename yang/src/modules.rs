//! The YANG modules that this model mirrors, by name.

/// Each module's name and text (RFC 7950), in the order of names.
pub const MODULES: [(&str, &str); 13] = [
    ("iana-if-type", include_str!("../modules/iana-if-type.yang")),
    ("ietf-interfaces", include_str!("../modules/ietf-interfaces.yang")),
    ("openconfig-if-aggregate", include_str!("../modules/openconfig-if-aggregate.yang")),
    ("openconfig-if-ethernet", include_str!("../modules/openconfig-if-ethernet.yang")),
    ("openconfig-interfaces", include_str!("../modules/openconfig-interfaces.yang")),
    ("openconfig-lacp", include_str!("../modules/openconfig-lacp.yang")),
    ("openconfig-network-instance", include_str!("../modules/openconfig-network-instance.yang")),
    ("openconfig-network-instance-types", include_str!("../modules/openconfig-network-instance-types.yang")),
    ("openconfig-spanning-tree", include_str!("../modules/openconfig-spanning-tree.yang")),
    ("openconfig-spanning-tree-types", include_str!("../modules/openconfig-spanning-tree-types.yang")),
    ("openconfig-vlan", include_str!("../modules/openconfig-vlan.yang")),
    ("openconfig-vlan-types", include_str!("../modules/openconfig-vlan-types.yang")),
    ("openconfig-yang-types", include_str!("../modules/openconfig-yang-types.yang")),
];
