//! What others have configured in lines that set.

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_cli::Unreadable;
use mercury_model::{Leaf, Running, Scope, SwitchedVlan};

use crate::dialect;

fn junos(text: &str) -> Result<Running, Unreadable> {
    let junos = dialect("juniper_junos");
    let mut share = Budget::shared().share(MAX_REPLY);
    let scope = Scope::all().with_stp(true);
    mercury_cli::running(junos.cli.as_ref().unwrap(), &scope, &[text.to_owned()], &mut share)
}

/// What one port is.
fn vlans(running: &Running, port: &str) -> String {
    match &running.interfaces.get(&port.parse().unwrap()).unwrap().switched_vlan {
        None => "nothing".to_owned(),
        Some(SwitchedVlan::Foreign(foreign)) => format!("foreign: {}", foreign.others.join(", ")),
        Some(known) => known.to_string(),
    }
}

const YEARS: &str = r#"set version 21.4R3-S4.9
set groups edge interfaces <ge-*> unit 0 family ethernet-switching interface-mode access
set groups edge interfaces <ge-*> mtu 9216
set groups unused interfaces <xe-*> native-vlan-id 7
set system login message "set interfaces xe-9/9/9 mtu 1500"
set chassis aggregated-devices ethernet device-count 4
set interfaces interface-range desks member ge-0/0/7
set interfaces interface-range desks member-range ge-0/0/10 to ge-0/0/12
set interfaces interface-range desks unit 0 family ethernet-switching
set interfaces ge-0/0/1 apply-groups edge
set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members 10
set interfaces ge-0/0/7 description desk
set interfaces xe-0/0/1 description "to \"rack\" 7; spare"
set interfaces xe-0/0/1 mtu 9216
set interfaces xe-0/0/1 unit 0 family ethernet-switching interface-mode access
set interfaces xe-0/0/1 unit 0 family ethernet-switching vlan members blue
set interfaces xe-0/0/2 disable
set interfaces xe-0/0/2 native-vlan-id 10
set interfaces xe-0/0/2 unit 0 family ethernet-switching interface-mode trunk
set interfaces xe-0/0/2 unit 0 family ethernet-switching vlan members blue
set interfaces xe-0/0/2 unit 0 family ethernet-switching vlan members 20-22
deactivate interfaces xe-0/0/2 native-vlan-id
set interfaces xe-0/0/3 unit 0 family inet address 192.0.2.1/31
set interfaces xe-0/0/4 ether-options 802.3ad ae1
set interfaces xe-0/0/4 ether-options 802.3ad primary
set interfaces xe-0/0/5 gigether-options 802.3ad ae1
set interfaces xe-0/0/6 unit 0 family ethernet-switching interface-mode trunk
set interfaces xe-0/0/6 unit 0 family ethernet-switching vlan members all
set interfaces xe-0/0/8 flexible-vlan-tagging
set interfaces xe-0/0/9 unit 0 family ethernet-switching interface-mode access
set interfaces xe-0/0/9 unit 0 family ethernet-switching vlan members 10
deactivate interfaces xe-0/0/9
set interfaces ae1 aggregated-ether-options minimum-links 1
set interfaces ae1 aggregated-ether-options lacp active
set interfaces ae1 aggregated-ether-options lacp periodic slow
set protocols rstp interface xe-0/0/1 edge
set protocols rstp interface xe-0/0/2 mode point-to-point
set vlans blue vlan-id 10
set vlans blue l3-interface irb.10
set vlans red vlan-id 20
set vlans red interface xe-0/0/6.0
"#;

#[test]
fn lines_that_set_are_read_whatever_others_have_in_them() {
    let running = junos(YEARS).unwrap();
    for (port, expected) in [
        ("xe-0/0/1", "access VLAN 10"),
        ("xe-0/0/3", "nothing"),
        ("xe-0/0/6", "foreign: membership under VLAN red"),
        ("ge-0/0/1", "foreign: the group edge"),
        ("ge-0/0/7", "foreign: the interface-range desks"),
        ("ge-0/0/11", "foreign: the interface-range desks"),
    ] {
        assert_eq!(vlans(&running, port), expected, "{port}");
    }
    for port in ["xe-0/0/2", "xe-0/0/8", "xe-0/0/9"] {
        assert!(vlans(&running, port).starts_with("foreign"), "{port}: {}", vlans(&running, port));
    }
    let port = |name: &str| running.interfaces[&name.parse().unwrap()].clone();
    assert_eq!(port("xe-0/0/1").description.unwrap().as_str(), "to \"rack\" 7; spare");
    assert_eq!((port("xe-0/0/1").mtu, port("xe-0/0/2").enabled), (Some(9216), false));
    let bundles = ["xe-0/0/4", "xe-0/0/5"].map(|name| port(name).aggregate_id.unwrap().to_string());
    assert_eq!(bundles, ["ae1", "ae1"]);
    // What is on the way to it says where it is, and so does what is in the way.
    assert_eq!(running.places[&(Leaf::AggregateId, "xe-0/0/5".parse().unwrap())], 1);
    let aggregate = port("ae1");
    assert_eq!(aggregate.aggregation.unwrap().min_links, Some(1));
    assert!(aggregate.lacp.is_some());
    let named: Vec<String> = running.vlans.values().map(|vlan| format!("{} {:?}", vlan.id, vlan.name)).collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert_eq!(running.besides_vlans[&"10".parse().unwrap()], "l3-interface");
    assert_eq!(running.aggregate_count, Some(4));
    assert!(!running.interfaces.contains_key(&"xe-9/9/9".parse().unwrap()), "a text in marks is one word");
}

#[test]
fn lines_that_show_no_interface_are_no_answer() {
    for text in
        ["", "error: permission denied", "set vlans blue vlan-id 10\n", "set protocols rstp interface xe-0/0/1\n"]
    {
        assert!(matches!(junos(text), Err(Unreadable::Nothing { .. })), "{text:?}");
    }
}

/// Whatever is below a port in whatever order is one port's.
#[test]
fn the_order_of_lines_is_of_no_account() {
    let mut lines: Vec<&str> = YEARS.lines().collect();
    let expected = junos(YEARS).unwrap();
    lines.sort_by_key(|line| line.len());
    assert_eq!(junos(&lines.join("\r\n")).unwrap().config, expected.config);
}
