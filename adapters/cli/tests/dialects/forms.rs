//! Configurations of thousands of ports in each form; included by the tests of them.

use mercury_adapter::{CliDialect, Shown};

/// A dialect, what stands around its ports, and what each of them has.
pub(crate) const FORMS: [(&str, [&str; 2], &str); 5] = [
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
            "[\"br0\",[\"set\",[]],[\"set\",[]],[\"set\",[]],[\"map\",[]]]]}\n\
             {\"headings\":[\"name\",\"type\"],\"data\":[[\"br0\",\"internal\"]]}\n\
             {\"headings\":[\"name\"],\"data\":[[\"br0\"]]}\n\
             {\"headings\":[\"output_port\"],\"data\":[]}\n\
             {\"headings\":[\"cur_cfg\",\"next_cfg\"],\"data\":[[7,7]]}",
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
pub(crate) fn text([before, behind]: [&str; 2], port: &str, octets: usize) -> String {
    let mut text = before.to_owned();
    for number in 1.. {
        if text.len() >= octets {
            break;
        }
        text.push_str(&port.replace("{n}", &number.to_string()));
    }
    text + behind
}

/// What is answered to each command that shows something, where one shows this.
pub(crate) fn answers(cli: &CliDialect, text: String) -> Vec<String> {
    let mut text = Some(text);
    let mut answer = |shown: &Shown| match (&shown.table, &shown.rows) {
        (Some(_), _) => "VLAN Name Status Ports\n1 default active\n".to_owned(),
        (None, Some(_)) => String::new(),
        (None, None) => text.take().unwrap_or_default(),
    };
    cli.words.shows().iter().map(&mut answer).collect()
}
