//! Configurations of thousands of ports: what they take while they are read.

use mercury_adapter::{Budget, MAX_REPLY, Shown};
use mercury_model::{InterfaceScope, Scope, SwitchedVlan, VlanScope};

use crate::dialect;

/// A dialect, what stands around its ports, and what each of them has.
const FORMS: [(&str, [&str; 2], &str); 5] = [
    (
        "cisco_ios",
        ["", "end\n"],
        "interface GigabitEthernet1/0/{n}\n description rack {n}, second from above\n switchport access vlan 10\n \
         switchport trunk allowed vlan 10,100-200\n switchport mode access\n spanning-tree portfast\n!\n",
    ),
    (
        "juniper_junos",
        ["set vlans servers vlan-id 10\n", ""],
        "set interfaces xe-0/0/{n} description \"rack {n}, second from above\"\nset interfaces xe-0/0/{n} unit 0 family \
         ethernet-switching interface-mode access\nset interfaces xe-0/0/{n} unit 0 family ethernet-switching vlan \
         members servers\n",
    ),
    (
        "cumulus",
        ["net add bridge bridge vlan-aware\n", ""],
        "net add bridge bridge ports swp{n}\nnet add interface swp{n} alias rack {n}, second from above\nnet add \
         interface swp{n} bridge access 10\n",
    ),
    (
        "netmiko_ovs_linux",
        [
            "{\"headings\":[\"name\",\"vlan_mode\",\"tag\",\"trunks\",\"external_ids\"],\"data\":[",
            "[\"br0\",[\"set\",[]],[\"set\",[]],[\"set\",[]],[\"map\",[]]]]}",
        ],
        "[\"p{n}\",\"access\",10,[\"set\",[]],[\"map\",[[\"description\",\"rack {n}, second from above\"]]]],",
    ),
    (
        "sonic",
        [
            "{\"VLAN\": {\"Vlan10\": {\"vlanid\": \"10\"}}, \"VLAN_MEMBER\": {",
            "\"Vlan10|Ethernet0\": {\"tagging_mode\": \"untagged\"}}, \"PORT\": {\"Ethernet0\": {}, \"Ethernet1\": {}}}",
        ],
        "\"Vlan10|Ethernet{n}\": {\"tagging_mode\": \"untagged\"},",
    ),
];

/// A configuration of at least so many octets.
fn text([before, behind]: [&str; 2], port: &str, octets: usize) -> String {
    let mut text = before.to_owned();
    for number in 1.. {
        if text.len() >= octets {
            break;
        }
        text.push_str(&port.replace("{n}", &number.to_string()));
    }
    text + behind
}

/// Octets that are taken of the budget when one port was read of so large an answer.
fn taken(name: &str, around: [&str; 2], port: &str, octets: usize) -> usize {
    let dialect = dialect(name);
    let cli = dialect.cli.as_ref().unwrap();
    let text = text(around, port, octets);
    let table = "VLAN Name Status Ports\n1 default active\n";
    let answer = |shown: &Shown| if shown.table.is_some() { table } else { text.as_str() }.to_owned();
    let answers: Vec<String> = cli.words.shows().iter().map(answer).collect();
    let first = ["GigabitEthernet1/0/1", "xe-0/0/1", "swp1", "p1", "Ethernet1"].map(|name| name.parse().unwrap());
    let scope = Scope { interfaces: InterfaceScope::Named(first.into()), vlans: VlanScope::All, ..Scope::default() };
    let budget = Budget::new(4 * MAX_REPLY);
    let mut share = budget.share(MAX_REPLY);
    let running = mercury_cli::running(cli, &scope, &answers, &mut share).unwrap();
    let vlans: Vec<_> = running.interfaces.values().map(|port| port.switched_vlan.clone()).collect();
    assert_eq!(vlans, [Some(SwitchedVlan::access("10".parse().unwrap()))], "{name}");
    budget.taken()
}

#[test]
fn twice_as_much_takes_twice_as_much() {
    for (name, around, port) in FORMS {
        let [once, twice] = [256 << 10, 512 << 10].map(|octets| taken(name, around, port, octets));
        assert!(once > 0 && twice <= once * 9 / 4, "{name}: {once} and {twice} octets");
    }
}
