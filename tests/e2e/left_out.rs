//! What a candidate says that no reader of Mercury's looks at: the rules cannot be asked
//! about it, and it must not look as if they had been.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{Entry, Setup};

const RULES: &str = r#"
[[rule]]
name = "uplinks"
reason = "they are the network team's"
ports = ["Ethernet48", "GigabitEthernet1/0/48", "xe-0/0/48"]
protected = true

[[rule]]
name = "mgmt"
reason = "999 is for management"
reserved_vlans = "999"
"#;

const NOTHING_ALLOWED: &str = "package mercury.deny\n\nallow if input.port_count == 12345\n";

const PROTECTED: &str = "rule-port-protected";
const RESERVED: &str = "rule-vlan-reserved";
const UNJUDGED: &str = "rule-unjudged";

fn setup(file: &str, rules: &str) -> Setup {
    let entry = |name: &str, dialect: &str| {
        let entry = Entry::new(name).text("address", "192.0.2.1").text("dialect", dialect);
        entry.text("username", "mercury").with("password", "{ env = \"MERCURY_TEST_NEVER_SET\" }")
    };
    let switches = [
        entry("leaf", "openconfig"),
        entry("eos", "arista_eos").text("address", "192.0.2.2"),
        entry("qfx", "juniper_junos").text("protocol", "cli").text("address", "192.0.2.3"),
        entry("ios", "cisco_ios").text("protocol", "cli").text("address", "192.0.2.4"),
    ];
    let setup = Setup::new().switches(&switches);
    let rules = setup.write(file, rules);
    setup.flags(&["--rules", rules.to_str().unwrap()])
}

/// Has every candidate for one switch looked at; each has these codes of rules, and no other.
fn judged(switch: &str, cases: &[(&str, String, &[&str])]) {
    let setup = setup("rules.toml", RULES);
    let folder = setup.path().join("candidates");
    std::fs::create_dir(&folder).unwrap();
    let file = |number: usize, ending: &str| folder.join(format!("{number}.{ending}")).to_str().unwrap().to_owned();
    for (number, (ending, text, _)) in cases.iter().enumerate() {
        std::fs::write(file(number, ending), text).unwrap();
    }
    let finished = setup.run(&["validate", folder.to_str().unwrap(), "--switch", switch, "--output", "json"]);
    let findings = finished.json()["findings"].as_array().unwrap().clone();
    for (number, (ending, text, expected)) in cases.iter().enumerate() {
        let own = findings.iter().filter(|one| one["file"] == json!(file(number, ending)));
        let rules: BTreeSet<&str> =
            own.clone().map(|one| one["code"].as_str().unwrap()).filter(|code| code.starts_with("rule-")).collect();
        let told: Vec<_> = own.clone().map(|one| one["message"].as_str().unwrap()).collect();
        assert_eq!(rules, expected.iter().copied().collect(), "{text}: {told:?} {}", finished.stderr);
        for unknown in own.filter(|one| one["code"] == "reading-unknown") {
            assert!(unknown["line"].as_u64().is_some() && unknown["column"].as_u64().is_some(), "{text}: {unknown}");
        }
    }
}

fn port(inside: &str) -> String {
    format!(
        "<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\
         <interface><name>Ethernet48</name>{inside}</interface></interfaces></config>"
    )
}

fn junos(inside: &str) -> String {
    format!(
        "<configuration xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\"><interfaces{inside}</interfaces></configuration>"
    )
}

#[test]
fn leaves_that_mercury_has_not_are_no_way_to_a_protected_port() {
    let subinterface = "<subinterfaces><subinterface><index>0</index><config><index>0</index><enabled>false</enabled>\
                        </config></subinterface></subinterfaces>";
    let hold_time = "<hold-time><config><up>5000</up></config></hold-time>";
    let in_json = json!({"openconfig-interfaces:interfaces": {"interface": [
        {"name": "Ethernet48", "hold-time": {"config": {"up": 500}}}]}});
    judged(
        "eos",
        &[
            ("xml", port(subinterface), &[PROTECTED, UNJUDGED]),
            ("xml", port(hold_time), &[PROTECTED, UNJUDGED]),
            ("json", in_json.to_string(), &[PROTECTED, UNJUDGED]),
            ("xml", port(hold_time).replace("Ethernet48", "Ethernet1"), &[UNJUDGED]),
            ("xml", port("<config><enabled>true</enabled></config>"), &[PROTECTED]),
            ("xml", port("<config><enabled>true</enabled></config>").replace("Ethernet48", "Ethernet1"), &[]),
        ],
    );
}

#[test]
fn junos_lines_that_are_not_read_are_judged_as_about_any_port() {
    let beside = |line: &str| format!("set interfaces xe-0/0/1 disable\n{line}\n");
    let braces = |text: &str| format!("interfaces {{\n xe-0/0/1 {{ disable; }}\n {text}\n}}\n");
    judged(
        "qfx",
        &[
            ("set", beside("set vlans v150 vlan-id 150"), &[]),
            ("set", "set vlans v150 vlan-id 150\n".to_owned(), &[]),
            ("set", beside("deactivate interfaces xe-0/0/48"), &[PROTECTED]),
            ("set", beside("deactivate interfaces"), &[UNJUDGED]),
            ("set", beside("wildcard delete interfaces xe-*"), &[UNJUDGED]),
            ("set", beside("rename interfaces xe-0/0/48 to xe-0/0/47"), &[UNJUDGED]),
            ("set", beside("edit interfaces xe-0/0/48\nset disable"), &[UNJUDGED]),
            ("set", beside("set groups g interfaces <*> disable\nset apply-groups g"), &[UNJUDGED]),
            ("set", beside("set interfaces interface-range r member xe-0/0/48"), &[UNJUDGED]),
            ("set", beside("set interfaces xe-0/0/48 hold-time up 5"), &[PROTECTED, UNJUDGED]),
            ("set", beside("set vlans mgmt vlan-id 999"), &[RESERVED]),
            ("set", beside("delete vlans mgmt"), &[UNJUDGED]),
            ("conf", braces("delete: xe-0/0/48;"), &[PROTECTED]),
            ("conf", braces("").replacen("interfaces", "replace: interfaces", 1), &[UNJUDGED]),
            ("xml", junos("><interface delete=\"delete\"><name>xe-0/0/48</name></interface>"), &[PROTECTED]),
            (
                "xml",
                junos("><interface inactive=\"inactive\"><name>xe-0/0/48</name></interface>"),
                &[PROTECTED, UNJUDGED],
            ),
            ("xml", junos(" replace=\"replace\"><interface><name>xe-0/0/1</name></interface>"), &[UNJUDGED]),
            (
                "xml",
                junos("><interface rename=\"rename\" name=\"xe-0/0/1\"><name>xe-0/0/48</name></interface>"),
                &[PROTECTED, UNJUDGED],
            ),
        ],
    );
}

#[test]
fn lines_of_a_command_line_that_are_not_read_are_judged_as_about_any_port() {
    let beside = |lines: &str| format!("interface GigabitEthernet1/0/1\n shutdown\n!\n{lines}\n");
    judged(
        "ios",
        &[
            ("cfg", beside("vlan 150\n name phones"), &[]),
            ("cfg", "vlan 150\n name phones\n".to_owned(), &[]),
            ("cfg", beside("no vlan 999"), &[RESERVED]),
            ("cfg", beside("default interface GigabitEthernet1/0/48"), &[UNJUDGED]),
            ("cfg", beside("interface range GigabitEthernet1/0/47 - 48\n shutdown"), &[UNJUDGED]),
            (
                "cfg",
                "interface GigabitEthernet1/0/48\n storm-control broadcast level 1\n".to_owned(),
                &[PROTECTED, UNJUDGED],
            ),
        ],
    );
}

#[test]
fn a_path_that_stands_for_many_is_about_all() {
    let vlan = "/network-instances/network-instance[name=default]/vlans/vlan";
    let deletes = |path: &str| json!({"deletes": [path]}).to_string();
    let replace = json!({"replaces": [{"path": "/interfaces/interface[name=*]", "value": {}}]});
    judged(
        "leaf",
        &[
            ("json", deletes("/interfaces/interface[name=*]"), &[UNJUDGED]),
            ("json", deletes("/interfaces/interface[name=*]/config/description"), &[UNJUDGED]),
            ("json", deletes("/interfaces/..."), &[UNJUDGED]),
            ("json", deletes("/interfaces/*"), &[UNJUDGED]),
            ("json", deletes(&format!("{vlan}[vlan-id=*]")), &[UNJUDGED]),
            ("json", deletes(&format!("{vlan}[vlan-id=999]")), &[RESERVED]),
            ("json", deletes("/interfaces/interface[name=Ethernet48]"), &[PROTECTED]),
            ("json", deletes("/interfaces/interface[name=Ethernet1]"), &[]),
            ("json", replace.to_string(), &[UNJUDGED]),
            (
                "txtpb",
                "delete { elem { name: \"interfaces\" } elem { name: \"interface\" key { key: \"name\" value: \"*\" } } }"
                    .to_owned(),
                &[UNJUDGED],
            ),
        ],
    );
}

/// Whatever a port is touched by, a rule in Rego is asked.
#[test]
fn rules_in_rego_are_asked_about_what_is_not_read() {
    let setup = setup("deny.rego", NOTHING_ALLOWED);
    let subinterface = port("<subinterfaces><subinterface><index>0</index></subinterface></subinterfaces>");
    for (file, text) in [
        ("eos.xml", subinterface),
        ("qfx.xml", junos("><interface delete=\"delete\"><name>xe-0/0/48</name></interface>")),
        ("ios.cfg", "interface GigabitEthernet1/0/48\n storm-control broadcast level 1\n".to_owned()),
    ] {
        let path = setup.write(file, &text);
        let finished = setup.run(&["validate", path.to_str().unwrap(), "--output", "json"]);
        let codes = finished.json()["findings"].to_string();
        assert!(finished.code() == 1 && codes.contains("\"rule-rego\""), "{file}: {codes}");
    }
}

/// It has much beside ports and VLANs.
#[test]
fn of_a_whole_configuration_what_is_not_read_is_a_warning() {
    let setup = setup("rules.toml", RULES);
    let text = "hostname leaf4\n!\ninterface GigabitEthernet1/0/1\n switchport mode access\n!\nntp server 192.0.2.9\n";
    let path = setup.write("ios.cfg", text);
    for (more, code) in [(&[][..], 1), (&["--whole"][..], 0)] {
        let command = ["validate", path.to_str().unwrap(), "--output", "json"];
        let finished = setup.run(&[&command[..], more].concat());
        let told = finished.json()["findings"].to_string();
        assert!(finished.code() == code && told.contains(UNJUDGED), "{more:?}: {told}");
    }
}

/// What is looked at in another combination, and counts once the switch has more than that.
#[test]
fn what_says_nothing_as_it_stands_is_not_passed_by() {
    let vlans = |place: &str, inside: &str| {
        let space = if place == "ethernet" { "ethernet" } else { "aggregate" };
        format!(
            "<{place} xmlns=\"http://openconfig.net/yang/interfaces/{space}\"><switched-vlan xmlns=\"http://openconfig.net/yang/vlan\"><config>{inside}</config></switched-vlan></{place}>"
        )
    };
    let ethernet = |inside: &str| port(&vlans("ethernet", inside)).replace("Ethernet48", "Ethernet1");
    let bundle = |inside: &str| port(inside).replace("Ethernet48", "Port-Channel1");
    let lag = "<config><name>Port-Channel1</name><type>ieee8023adLag</type></config>";
    let access = |vlan: &str| format!("<interface-mode>ACCESS</interface-mode><access-vlan>{vlan}</access-vlan>");
    let trunk = |vlans: &str| format!("<interface-mode>TRUNK</interface-mode><trunk-vlans>{vlans}</trunk-vlans>");
    let in_json = json!({"openconfig-interfaces:interfaces": {"interface": [
        {"name": "Port-Channel1", "openconfig-if-aggregate:aggregation": {"openconfig-vlan:switched-vlan": {"config": {
            "interface-mode": "ACCESS", "access-vlan": 999}}}}]}});
    for switch in ["eos", "leaf"] {
        judged(
            switch,
            &[
                ("xml", bundle(&vlans("aggregation", &access("999"))), &[UNJUDGED]),
                ("json", in_json.to_string(), &[UNJUDGED]),
                ("xml", bundle(&format!("{lag}{}", vlans("ethernet", &access("999")))), &[UNJUDGED]),
                ("xml", bundle(&format!("{lag}{}", vlans("aggregation", &access("999")))), &[RESERVED]),
                ("xml", ethernet(&format!("{}<trunk-vlans>999</trunk-vlans>", access("100"))), &[UNJUDGED]),
                ("xml", ethernet(&format!("{}<native-vlan>999</native-vlan>", access("100"))), &[UNJUDGED]),
                ("xml", ethernet(&format!("{}<access-vlan>999</access-vlan>", trunk("100"))), &[UNJUDGED]),
                ("xml", ethernet(&trunk("100")), &[]),
                ("xml", ethernet(&access("100")), &[]),
            ],
        );
    }
}

#[test]
fn two_entries_of_one_key_are_judged_both_and_told() {
    let entry = |inside: &str| {
        format!(
            "<interface><name>Ethernet1</name><ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\"><switched-vlan xmlns=\"http://openconfig.net/yang/vlan\">\
             <config>{inside}</config></switched-vlan></ethernet></interface>"
        )
    };
    let both = |one: &str, other: &str| {
        format!(
            "<config><interfaces xmlns=\"http://openconfig.net/yang/interfaces\">{}{}</interfaces></config>",
            entry(one),
            entry(other)
        )
    };
    let trunk = |vlan: &str| format!("<interface-mode>TRUNK</interface-mode><trunk-vlans>{vlan}</trunk-vlans>");
    let json_entry = |vlan: u16| {
        json!({"name": "Ethernet1", "ethernet": {"switched-vlan": {"config": {
        "interface-mode": "TRUNK", "trunk-vlans": [vlan]}}}})
    };
    let in_json = json!({"openconfig-interfaces:interfaces": {"interface": [json_entry(999), json_entry(100)]}});
    let setup = setup("rules.toml", RULES);
    for (ending, text, rules) in [
        ("xml", both(&trunk("999"), "<trunk-vlans>100</trunk-vlans>"), true),
        ("xml", both("<trunk-vlans>100</trunk-vlans>", &trunk("999")), true),
        ("json", in_json.to_string(), true),
        ("xml", both(&trunk("100"), "<trunk-vlans>101</trunk-vlans>"), false),
    ] {
        let file = setup.write(&format!("twice.{ending}"), &text);
        let finished = setup.run(&["validate", file.to_str().unwrap(), "--switch", "eos", "--output", "json"]);
        let codes: BTreeSet<String> = finished.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect();
        assert!(codes.contains("reading-duplicate"), "{text}: {}", finished.stdout);
        assert_eq!(codes.contains(RESERVED), rules, "{text}: {}", finished.stdout);
    }
}
