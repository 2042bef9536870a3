//! How systems show what they have, written as their documents and captures have it.

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_cli::Unreadable;
use mercury_model::{LacpInterval, LagType, Running, Scope, SwitchedVlan, TrunkVlans};

use crate::dialect;

const TABLE: &str = "VLAN Name Status Ports\n1 default active\n10 blue active Gi1/0/1\n20 VLAN0020 act/lshut\n";

fn ios(text: &str) -> Result<Running, Unreadable> {
    let ios = dialect("cisco_ios");
    let mut share = Budget::shared().share(MAX_REPLY);
    mercury_cli::running(ios.cli.as_ref().unwrap(), &Scope::all(), &[text.to_owned(), TABLE.to_owned()], &mut share)
}

/// What the VLANs of a trunk are whose port has these lines.
fn trunk(lines: &[&str]) -> Option<SwitchedVlan> {
    let lines: String = lines.iter().map(|line| format!(" {line}\n")).collect();
    let running = ios(&format!("interface GigabitEthernet1/0/1\n switchport mode trunk\n{lines}!\n")).unwrap();
    running.interfaces.values().next().unwrap().switched_vlan.clone()
}

fn carries(vlans: &str) -> Option<SwitchedVlan> {
    let vlans = match vlans {
        "all" => TrunkVlans::All,
        "none" => TrunkVlans::None,
        set => TrunkVlans::only(set.parse().unwrap()),
    };
    Some(SwitchedVlan::Trunk { native: None, vlans })
}

#[test]
fn the_lines_of_a_trunk_are_a_program() {
    for (lines, vlans) in [
        (&[][..], "all"),
        (&["switchport trunk allowed vlan 10,20"], "10,20"),
        (&["switchport trunk allowed vlan 10", "switchport trunk allowed vlan add 20-22, 30"], "10,20-22,30"),
        (&["switchport trunk allowed vlan 10", "switchport trunk allowed vlan 20"], "20"),
        (&["switchport trunk allowed vlan remove 2-4094"], "1"),
        (&["switchport trunk allowed vlan except 100-4094"], "1-99"),
        (&["switchport trunk allowed vlan none", "switchport trunk allowed vlan add 7"], "7"),
        (&["switchport trunk allowed vlan none"], "none"),
        (&["switchport trunk allowed vlan 10", "switchport trunk allowed vlan all"], "all"),
        (&["switchport trunk allowed vlan 10", "no switchport trunk allowed vlan"], "all"),
        (&["switchport trunk allowed vlan 10,181-181,", "182-183,", "190"], "10,181-183,190"),
    ] {
        assert_eq!(trunk(lines), carries(vlans), "{lines:?}");
    }
}

#[test]
fn what_is_not_understood_is_foreign_and_never_a_trunk_of_all() {
    for line in [
        "switchport trunk allowed vlan 10,x",
        "switchport trunk allowed vlan 5000",
        "switchport trunk allowed vlan 20 to",
        "switchport mode dynamic desirable",
        "switchport mode dot1q-tunnel",
        "switchport voice vlan 50",
        "no switchport",
        "ip address 192.0.2.1 255.255.255.0",
    ] {
        assert!(matches!(trunk(&[line]), Some(SwitchedVlan::Foreign(_))), "{line}: {:?}", trunk(&[line]));
    }
    let without_mode = ios("interface GigabitEthernet1/0/1\n switchport trunk allowed vlan 10\n!\n").unwrap();
    let port = without_mode.interfaces.values().next().unwrap();
    assert!(matches!(port.switched_vlan, Some(SwitchedVlan::Foreign(_))), "it agrees with its neighbour");
}

#[test]
fn a_vlan_is_there_that_the_table_or_the_configuration_has() {
    let running = ios("interface Gi1/0/1\n!\nvlan 30-31,40\n name red\n remote-span\n!\nvlan 10\n").unwrap();
    let shown: Vec<String> = running
        .vlans
        .values()
        .map(|vlan| {
            format!("{} {} {}", vlan.id, vlan.name.as_ref().map_or("-", |name| name.as_str()), vlan.status.word())
        })
        .collect();
    let expected =
        ["1 - ACTIVE", "10 blue ACTIVE", "20 - SUSPENDED", "30 red ACTIVE", "31 red ACTIVE", "40 red ACTIVE"];
    assert_eq!(shown, expected);
    assert_eq!(running.besides_vlans[&"31".parse().unwrap()], "remote-span");
    assert_eq!(running.interfaces.keys().next().unwrap().as_str(), "GigabitEthernet1/0/1");
}

#[test]
fn an_answer_that_shows_no_interface_is_no_answer() {
    for text in ["", "% Invalid input detected at '^' marker.\n", "hostname sw1\nvlan 10\n!\n"] {
        assert!(matches!(ios(text), Err(Unreadable::Nothing { .. })), "{text:?}");
    }
}

#[test]
fn another_system_is_known_by_what_it_says_of_itself() {
    let words = &dialect("dell_powerconnect").cli.as_ref().unwrap().words.table().unwrap().clone();
    let shown =
        |version: &str| [format!("!Current Configuration:\n!System Software Version {version}\n!\nconfigure\n")];
    assert_eq!(mercury_cli::another(words, &shown("6.2.0.5")), Some("!System Software Version 6.2.0.5"));
    // There a new VLAN is on each trunk, too.
    assert_eq!(mercury_cli::another(words, &shown("5.1.16.1")), Some("!System Software Version 5.1.16.1"));
    assert_eq!(mercury_cli::another(words, &shown("3.3.7.3")), None);
    let ios = &dialect("cisco_ios").cli.as_ref().unwrap().words.table().unwrap().clone();
    assert_eq!(mercury_cli::another(ios, &shown("6.2.0.5")), None);
}

/// What Open vSwitch shows whose tables of ports and of interfaces have a row each, headings
/// and cells, and which has these bridges.
fn ovs(port: [&str; 2], interface: [&str; 2], bridges: &str) -> Running {
    let ovs = dialect("netmiko_ovs_linux");
    let table = |[headings, row]: [&str; 2]| format!(r#"{{"headings":[{headings}],"data":[[{row}]]}}"#);
    let none = [r#""output_port""#, r#"["set",[]]"#];
    let tables = [port, interface, [r#""name""#, bridges], none, [r#""cur_cfg","next_cfg""#, "7,7"]].map(table);
    let mut share = Budget::shared().share(MAX_REPLY);
    mercury_cli::running(ovs.cli.as_ref().unwrap(), &Scope::all(), &[tables.concat()], &mut share).unwrap()
}

/// What a port of Open vSwitch with these columns carries.
fn ovs_carries(mode: &str, tag: &str, trunks: &str) -> Option<SwitchedVlan> {
    let port = [r#""name","vlan_mode","tag","trunks""#, &format!(r#""eth1",{mode},{tag},{trunks}"#)];
    let running = ovs(port, [r#""name","type""#, r#""eth1","""#], r#""br0""#);
    running.interfaces.get(&"eth1".parse().unwrap()).unwrap().switched_vlan.clone()
}

#[test]
fn a_port_of_open_vswitch_carries_what_its_mode_makes_of_its_columns() {
    let empty = r#"["set",[]]"#;
    let access = |number: u16| Some(SwitchedVlan::access(number.try_into().unwrap()));
    let trunk = |native: Option<u16>, vlans: &str| {
        let Some(SwitchedVlan::Trunk { vlans, .. }) = carries(vlans) else { panic!("{vlans}") };
        Some(SwitchedVlan::Trunk { native: native.map(|native| native.try_into().unwrap()), vlans })
    };
    let listed = r#"["set",[10,20]]"#;
    for (mode, tag, trunks, carried) in [
        (empty, empty, empty, trunk(None, "all")),
        (empty, "5", empty, access(5)),
        // The trunks are ignored.
        (empty, "5", listed, access(5)),
        (empty, empty, listed, trunk(None, "10,20")),
        (r#""access""#, "5", empty, access(5)),
        (r#""trunk""#, empty, "10", trunk(None, "10")),
        // The tag is ignored.
        (r#""trunk""#, "5", listed, trunk(None, "10,20")),
        (r#""native-untagged""#, "5", listed, trunk(Some(5), "10,20")),
        (r#""native-untagged""#, "5", empty, trunk(Some(5), "all")),
        // The one that lets nothing through.
        (r#""trunk""#, empty, "4095", None),
    ] {
        assert_eq!(ovs_carries(mode, tag, trunks), carried, "{mode} {tag} {trunks}");
    }
    for mode in [r#""native-tagged""#, r#""dot1q-tunnel""#] {
        assert!(matches!(ovs_carries(mode, "5", listed), Some(SwitchedVlan::Foreign(_))), "{mode}");
    }
}

/// By the signs of whoever plugged it in, in either row, as OVSDB's adapter tells; what an
/// operator noted is no sign.
#[test]
fn a_port_of_open_vswitch_that_others_plugged_in_is_foreign_at_the_command_line_too() {
    let read = |port: &str, kind: &str, interface: &str| {
        let port = [r#""name","vlan_mode","tag","external_ids""#, &format!(r#""p1","access",7,["map",[{port}]]"#)];
        let interface = [r#""name","type","external_ids""#, &format!(r#""p1","{kind}",["map",[{interface}]]"#)];
        ovs(port, interface, r#""br0""#).interfaces[&"p1".parse().unwrap()].switched_vlan.clone()
    };
    let own = Some(SwitchedVlan::access(7u16.try_into().unwrap()));
    let noted = r#"["description","rack 4"],["owner","iface-id"]"#;
    for (port, kind, interface) in [("", "", ""), (noted, "", ""), ("", "internal", noted), ("", "dpdk", "")] {
        assert_eq!(read(port, kind, interface), own, "{port} {kind:?} {interface}");
    }
    let (plugged, patch) = (r#"["iface-id","4e3c"]"#, r#"["ovn-localnet-port","provnet"]"#);
    for (port, kind, interface) in [("", "", plugged), (patch, "", ""), (noted, "patch", ""), ("", "vxlan", "")] {
        let read = read(port, kind, interface);
        assert!(matches!(read, Some(SwitchedVlan::Foreign(_))), "{port} {kind:?} {interface}: {read:?}");
    }
}

/// As OVSDB's adapter tells; a port of type `internal` may be any other.
#[test]
fn the_port_of_a_bridge_itself_is_no_port_of_a_host() {
    let read = |name: &str, fake: bool| {
        let port = [r#""name","tag","fake_bridge""#, &format!(r#""{name}",7,{fake}"#)];
        let interface = [r#""name","type""#, &format!(r#""{name}","internal""#)];
        ovs(port, interface, r#""br0""#).interfaces[&name.parse().unwrap()].switched_vlan.clone()
    };
    assert_eq!(read("p1", false), Some(SwitchedVlan::access(7u16.try_into().unwrap())));
    for (name, fake) in [("br0", false), ("vlan7", true)] {
        let read = read(name, fake);
        let routes = matches!(&read, Some(SwitchedVlan::Foreign(own)) if own.routes);
        assert!(routes, "{name}: {read:?}");
    }
}

/// An interface may have a text of its own, which Mercury does not write.
#[test]
fn the_description_of_a_port_of_open_vswitch_is_that_of_its_row() {
    let read = |port: &str, interface: &str| {
        let table = |own: &str| [r#""name","external_ids""#.to_owned(), format!(r#""p1",["map",[{own}]]"#)];
        let ([head, port], [_, interface]) = (table(port), table(interface));
        let running = ovs([&head, &port], [&head, &interface], r#""br0""#);
        let own = &running.interfaces[&"p1".parse().unwrap()].description;
        own.as_ref().map(ToString::to_string)
    };
    let (node, cable) = (r#"["description","node 7"]"#, r#"["description","cable 9"]"#);
    assert_eq!(read(node, cable).as_deref(), Some("node 7"));
    assert_eq!(read("", cable), None);
}

/// As public running configurations of PowerConnect 6200s have it: VLAN 1 is there until a line
/// takes it away.
#[test]
fn a_port_of_powerconnect_in_general_mode_is_a_trunk_where_its_untagged_vlan_is_its_pvid() {
    let dialect = dialect("dell_powerconnect");
    let read = |lines: &[&str]| {
        let text = format!("configure\ninterface ethernet 1/g1\n{}\nexit\n!\nexit\n", lines.join("\n"));
        let mut share = Budget::shared().share(MAX_REPLY);
        let found = mercury_cli::recorded(dialect.cli.as_ref().unwrap(), &[&text], false, &mut share).unwrap();
        found.running.interfaces[&"ethernet 1/g1".parse().unwrap()].switched_vlan.clone()
    };
    let general = "switchport mode general";
    let [pvid, add, tagged, less] = [
        "switchport general pvid 500",
        "switchport general allowed vlan add 500",
        "switchport general allowed vlan add 502,2120-2121 tagged",
        "switchport general allowed vlan remove 1",
    ];
    let trunk = |native: u16, vlans: &str| {
        let vlans = TrunkVlans::only(vlans.parse().unwrap());
        Some(SwitchedVlan::Trunk { native: Some(native.try_into().unwrap()), vlans })
    };
    for (lines, carried) in [
        (&[general, pvid, add, tagged, less][..], trunk(500, "500,502,2120-2121")),
        (&[general, pvid, "switchport general allowed vlan add 500 untagged", less], trunk(500, "500")),
        (&[general, tagged], trunk(1, "1,502,2120-2121")),
        (&[general], trunk(1, "1")),
        (
            &[general, pvid, add, less, tagged, "switchport general allowed vlan remove 2120"],
            trunk(500, "500,502,2121"),
        ),
        (&["switchport access vlan 7"], Some(SwitchedVlan::access(7u16.try_into().unwrap()))),
    ] {
        assert_eq!(read(lines), carried, "{lines:?}");
    }
    // VLAN 1 is untagged too, or nothing is, or untagged frames come into another; and what is
    // no list of VLANs.
    for lines in [
        &[general, pvid, add, tagged][..],
        &[general, less, tagged],
        &[general, "switchport general pvid 2113", add, less],
        &[general, pvid, add, less, "switchport general acceptable-frame-type tagged-only"],
        &[pvid, add, less],
        &["switchport access vlan 7", tagged],
    ] {
        let read = read(lines);
        assert!(matches!(read, Some(SwitchedVlan::Foreign(_))), "{lines:?}: {read:?}");
    }
}

/// Rows of tables by the names of their columns.
fn bonded(more: &str, interface: &str, mirrors: &str) -> Running {
    let ovs = dialect("netmiko_ovs_linux");
    let uuid = |number: u8| format!(r#"["uuid","{number:08}-0000-4000-8000-000000000000"]"#);
    let ports = format!(
        r#"{{"headings":["_uuid","name","interfaces","tag","external_ids","other_config","lacp","bond_mode","qos","protected"],
        "data":[[{},"bond1",["set",[{},{}]],100,["map",[["description","[[a]]"]]],["map",[["lacp-time","fast"]]],"active","balance-tcp",["set",[]],false],
        [{},"lone",{},7,["map",[]],["map",[]],"passive",["set",[]],["set",[]],false],
        [{},"bond9",{},["set",[]],["map",[["description","x"]{more}]],["map",[]],["set",[]],["set",[]],["set",[]],false]]}}"#,
        uuid(1),
        uuid(11),
        uuid(12),
        uuid(2),
        uuid(13),
        uuid(3),
        uuid(14)
    );
    let interfaces = format!(
        r#"{{"headings":["_uuid","name","mtu_request","type","external_ids"],"data":[
        [{},"p1",1400,"",["map",[["description","rack 4"],["iface-id","theirs"]]]],[{},"p2",1400,"",["map",[]]],
        [{},"p3",["set",[]],"",["map",[]]],[{},"bond9",["set",[]],"",["map",[{interface}]]]]}}"#,
        uuid(11),
        uuid(12),
        uuid(13),
        uuid(14)
    );
    let mirrors = mirrors.replace("bond1", &uuid(1)).replace("bond9", &uuid(3));
    let text = format!(
        r#"{ports}{interfaces}{{"headings":["name"],"data":[["br0"]]}}
        {{"headings":["select_src_port","output_port"],"data":[{mirrors}]}}{{"headings":["cur_cfg","next_cfg"],"data":[[7,7]]}}"#
    );
    let mut share = Budget::shared().share(MAX_REPLY);
    mercury_cli::running(ovs.cli.as_ref().unwrap(), &Scope::all(), &[text], &mut share).unwrap()
}

#[test]
fn a_bond_of_open_vswitch_is_a_port_of_several_interfaces_or_of_one_of_another_name() {
    let running = bonded("", "", "");
    let port = |name: &str| running.interfaces[&name.parse().unwrap()].clone();
    let bond = port("bond1");
    assert!(bond.is_aggregate() && port("lone").is_aggregate() && !port("bond9").is_aggregate());
    assert_eq!(bond.switched_vlan, Some(SwitchedVlan::access(100u16.try_into().unwrap())));
    let told = bond.aggregation.unwrap();
    assert_eq!((told.lag_type, bond.mtu), (Some(LagType::Lacp), Some(1400)));
    assert_eq!(bond.lacp.unwrap().interval, LacpInterval::Fast);
    for (name, of, text) in [("p1", "bond1", Some("rack 4")), ("p2", "bond1", None), ("p3", "lone", None)] {
        let member = port(name);
        assert_eq!(member.aggregate_id.as_ref().map(ToString::to_string).as_deref(), Some(of));
        assert_eq!(member.description.as_ref().map(ToString::to_string).as_deref(), text);
        // Somebody plugged one in, who has it in a bond.
        let is_foreign = member.switched_vlan.as_ref().and_then(SwitchedVlan::foreign).is_some();
        assert_eq!((member.mtu, member.switched_vlan.is_some(), is_foreign), (None, name == "p1", name == "p1"));
    }
    assert_eq!((port("bond9").aggregate_id, running.besides.len()), (None, 1), "{:?}", running.besides);
    assert_eq!(running.besides[&"lone".parse().unwrap()], "bond_mode");
}

#[test]
fn what_would_be_lost_with_a_port_of_open_vswitch_is_told() {
    let lost = |more: &str, interface: &str, mirrors: &str| {
        let besides = bonded(more, interface, mirrors).besides;
        ["bond1", "bond9"].map(|name| besides.get(&name.parse().unwrap()).cloned().unwrap_or_default())
    };
    let mirror = "its place in select_src_port of a mirror";
    let output = "its place in output_port of a mirror";
    for (more, interface, mirrors, told) in [
        ("", "", "", ["", ""]),
        (r#",["theirs","kept"],["mercury","configured"]"#, "", "", ["", "external_ids:theirs"]),
        ("", r#"["description","cable 9"]"#, "", ["", "external_ids:description of its interface"]),
        ("", "", r#"[["set",[bond1,bond9]],["set",[]]]"#, [mirror, mirror]),
        ("", "", "[bond9,bond1]", [output, mirror]),
    ] {
        assert_eq!(lost(more, interface, mirrors), told, "{more} {interface} {mirrors}");
    }
}
