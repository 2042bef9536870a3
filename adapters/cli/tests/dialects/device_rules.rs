//! What the lines of systems do to each other, for the switch that takes them.

/// What a system's lines do to each other.
#[derive(Clone)]
pub(crate) struct Rules {
    /// The word that takes a line away.
    pub(crate) undo: &'static str,
    /// Beginnings of lines of which a block has one.
    pub(crate) single: &'static [&'static str],
    /// What is left where a block is.
    pub(crate) leave: &'static str,
    /// What the block of a VLAN begins with.
    pub(crate) vlan: &'static str,
    /// Lines that go on from those before them, also where they take away.
    pub(crate) program: &'static str,
    /// The line of a list, which is added to, and taken from, what is there.
    pub(crate) adds: &'static str,
    /// The line of a port's mode, and what goes when that is changed.
    pub(crate) resets: (&'static str, &'static [&'static str]),
    /// Beginnings of lines of which a block has as many as were typed.
    pub(crate) many: &'static [&'static str],
    /// A line that takes another away, and is not shown.
    pub(crate) takes: (&'static str, &'static str),
    /// The line of a port's mode, which is not changed while the port has VLANs of another.
    pub(crate) refuses: &'static str,
    /// Beginnings of lines of which one takes the other away.
    pub(crate) either: (&'static str, &'static str),
    /// Whether each line is shown with the one that enters its block.
    pub(crate) is_flat: bool,
    /// Beginnings of lines of which a block has one for each of what they are about.
    pub(crate) keyed: &'static [&'static str],
    /// What the line that enters an aggregate's block has before its number, where the line that
    /// makes it says more.
    pub(crate) made: &'static str,
    /// The line without which no VLAN names a port, and what lets it be both untagged and tagged.
    pub(crate) switched: Option<[&'static str; 2]>,
    /// Whether a LAG's members stand in a block beside its own.
    pub(crate) has_lag_blocks: bool,
    /// What others have configured, which every switch has here.
    pub(crate) others: &'static [(&'static str, &'static [&'static str])],
}

/// The block in which some systems make VLANs; its lines are shown as if they stood in none.
pub(crate) const DATABASE: &str = "vlan database";

/// As Cisco IOS has it, and those that are like it.
const IOS: Rules = Rules {
    undo: "no ",
    single: &[
        "description",
        "port-name",
        "name",
        "state",
        "shutdown",
        "mtu",
        "switchport mode",
        "switchport access vlan",
        "switchport access Vlan",
        "switchport trunk native vlan",
        "channel-group",
        "port-group",
        "lacp rate",
        "lacp timer",
        "lacp min-bundle",
        "lacp min-links",
        "port-channel min-links",
        "minimum-links",
        "mlag",
        "vpc",
        "spanning-tree portfast",
        "spanning-tree port type",
        "spanning-tree bpduguard",
        "spanning-tree bpdu-guard",
        "spanning-tree port-type",
        "vlan access",
        "vlan trunk native",
        "lag",
        "lacp mode",
        "vn-segment",
    ],
    leave: "exit",
    vlan: "vlan ",
    program: "none",
    adds: "none",
    resets: ("none", &[]),
    many: &[],
    takes: ("none", "none"),
    refuses: "none",
    either: ("none", "none"),
    is_flat: false,
    keyed: &["member vni", "vni", "vxlan vlan", "map vni", "rd", "route-target import", "route-target export"],
    made: "",
    switched: None,
    has_lag_blocks: false,
    others: &[],
};

/// What is there for VNIs before any is.
const NXOS: &[(&str, &[&str])] =
    &[("interface nve1", &["no shutdown", "host-reachability protocol bgp", "source-interface loopback1"])];
const EOS: &[(&str, &[&str])] =
    &[("interface Vxlan1", &["vxlan source-interface Loopback1"]), ("router bgp 65000", &["router-id 192.0.2.1"])];
const DELL: &[(&str, &[&str])] = &[("interface vxlan vtep1", &["source-ip 192.0.2.1"])];

/// As Brocade FastIron has it.
const FASTIRON: Rules =
    Rules { many: &["tagged", "untagged"], takes: ("enable", "disable"), has_lag_blocks: true, ..IOS };

/// As Dell PowerConnect has it.
const POWERCONNECT: Rules = Rules {
    vlan: "interface vlan ",
    program: "switchport trunk allowed vlan",
    resets: ("switchport mode", &["switchport access", "switchport trunk", "switchport general"]),
    ..IOS
};

/// As NVIDIA Onyx has it.
const ONYX: Rules = Rules {
    resets: ("switchport mode", &["switchport access", "switchport hybrid"]),
    program: "switchport hybrid allowed-vlan",
    is_flat: true,
    ..IOS
};

/// As HPE Comware has it.
const COMWARE: Rules = Rules {
    undo: "undo ",
    single: &[
        "description",
        "name",
        "shutdown",
        "jumboframe enable",
        "port link-type",
        "port access vlan",
        "port trunk pvid",
        "port link-aggregation group",
        "link-aggregation mode",
        "link-aggregation selected-port minimum",
        "stp edged-port",
        "stp port bpdu-protection",
    ],
    leave: "quit",
    vlan: "vlan ",
    program: "port trunk permit vlan",
    resets: ("port link-type", &["port access", "port trunk", "undo port trunk"]),
    ..IOS
};

/// As Huawei has it.
const HUAWEI: Rules = Rules {
    single: &[
        "description",
        "name",
        "shutdown",
        "jumboframe enable",
        "port link-type",
        "port default vlan",
        "port trunk pvid",
        "eth-trunk",
        "mode",
        "least active-linknumber",
        "lacp timeout",
        "stp edged-port",
    ],
    program: "port trunk allow-pass vlan",
    resets: ("none", &[]),
    refuses: "port link-type",
    ..COMWARE
};

pub(crate) fn rules(dialect: &str) -> Rules {
    match dialect {
        "cisco_nxos" => Rules { others: NXOS, ..IOS },
        "arista_eos" => Rules { others: EOS, ..IOS },
        "dell_sonic" => Rules {
            vlan: "interface Vlan ",
            adds: "switchport trunk allowed Vlan",
            made: "interface PortChannel",
            others: DELL,
            ..IOS
        },
        "dell_os10" => Rules { vlan: "interface vlan", adds: "switchport trunk allowed vlan", ..IOS },
        "cisco_s300" => Rules { vlan: "interface vlan ", ..IOS },
        "hpe_comware" => COMWARE,
        "mellanox_mlnxos" => ONYX,
        "aruba_aoscx" => Rules { either: ("vlan access", "vlan trunk"), adds: "vlan trunk allowed", ..IOS },
        "huawei" | "huawei_vrpv8" => HUAWEI,
        "brocade_fastiron" => FASTIRON,
        "dell_powerconnect" => POWERCONNECT,
        "dell_force10" => Rules {
            vlan: "interface vlan ",
            many: &["tagged", "untagged", "channel-member"],
            switched: Some(["switchport", "portmode hybrid"]),
            ..IOS
        },
        _ => IOS,
    }
}
