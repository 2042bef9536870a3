//! What cannot be read is said, in every kind of candidate, and is no pass of the rules.

use super::*;
use crate::inventory::{CliSettings, Face, GnmiSettings, TeamRules};

const RULES: &str = "[[rule]]\nname = \"reserved\"\nreason = \"phones\"\nreserved_vlans = \"150\"\n";

fn leaf(dialect: &str, form: Form, has_rules: bool) -> Switch {
    let mut switch = Switch::new("leaf1", "192.0.2.1", dialect, "");
    switch.face = match form {
        Form::Lines => Face::Cli(CliSettings::default()),
        Form::SetRequest | Form::Json => Face::Gnmi(GnmiSettings::default()),
        Form::Xml => switch.face,
    };
    if has_rules {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.toml");
        std::fs::write(&file, RULES).unwrap();
        let mut findings = Findings::default();
        switch.rules.team = TeamRules::load(&[file], &mut findings).of("leaf1", None);
        assert!(findings.is_empty(), "{findings}");
    }
    switch
}

/// Codes with line and column of what is found, errors first marked.
fn found(dialect: &str, form: Form, text: &str, has_rules: bool) -> Vec<(Severity, Code, usize, usize)> {
    let switch = leaf(dialect, form, has_rules);
    let candidate = Candidate { switch: &switch, form, name: "c", text: &Arc::from(text), whole: false };
    let checked = candidate.judged(&mercury_adapter::builtin().unwrap(), &DeviceConfig::default());
    let findings = checked.iter().flat_map(|one| &one.findings);
    let column = |finding: &Finding| finding.column.map_or(0, |column| column.get() as usize);
    findings.map(|one| (one.severity, one.code, one.line.unwrap_or_default(), column(one))).collect()
}

fn port(inside: &str) -> String {
    format!("set interfaces xe-0/0/1 disable\nset interfaces xe-0/0/2 {inside}\n")
}

const VLANS: &str = "http://openconfig.net/yang/network-instance";

fn xml_port(space: &str, key: &str, more: &str) -> String {
    format!(
        "<config>\n<interfaces xmlns=\"{space}\"><interface><name>{key}</name><config>\n<name>Ethernet1</name>\n{more}\
         </config></interface></interfaces></config>"
    )
}

const OC: &str = "http://openconfig.net/yang/interfaces";

#[test]
fn what_cannot_be_read_is_an_error_with_its_place_and_no_pass_of_the_rules() {
    use Form::{Json, Lines, SetRequest, Xml};
    let (value, twice, key, space) =
        (Code::ReadingValue, Code::ReadingDuplicate, Code::ReadingKey, Code::ReadingNamespace);
    let vlan = |id: &str| format!("set vlans a vlan-id 10\nset vlans b vlan-id {id}\n");
    let junos = |id: &str| {
        format!(
            "<configuration>\n<vlans><vlan><name>a</name><vlan-id>10</vlan-id></vlan>\n<vlan><name>b</name><vlan-id>{id}</vlan-id></vlan></vlans></configuration>"
        )
    };
    let block = |inside: &str| format!("interface Ethernet1\n   {inside}\n");
    let oc_port = |config: &str| {
        format!(
            "{{\"openconfig-interfaces:interfaces\": {{\"interface\": [{{\"name\": \"Ethernet1\",\n\"config\": {{{config}}}}}]}}}}"
        )
    };
    let update = |config: &str| {
        format!("updates:\n- path: /interfaces/interface[name=Ethernet1]/config\n  value: {{{config}}}\n")
    };
    let rows = [
        ("juniper_junos", Lines, vlan("9999"), value, (2, 21)),
        ("juniper_junos", Lines, vlan("0x96"), value, (2, 21)),
        ("juniper_junos", Lines, vlan("100-200"), value, (2, 21)),
        ("juniper_junos", Lines, vlan(""), value, (2, 13)),
        ("juniper_junos", Lines, "vlans { a { vlan-id 10; } b { vlan-id 9999; } }".to_owned(), value, (1, 31)),
        ("juniper_junos", Lines, "vlans { a { vlan-id 10; }\n b { vlan-id [ 20 150 ]; } }".to_owned(), twice, (2, 19)),
        ("juniper_junos", Lines, vlan("20\nset vlans b vlan-id 150"), twice, (3, 21)),
        ("juniper_junos", Lines, port("mtu 1500\nset interfaces xe-0/0/2 mtu 9000"), twice, (3, 29)),
        ("juniper_junos", Lines, port("description \"never ends"), value, (2, 1)),
        ("juniper_junos", Lines, port("mtu"), value, (2, 25)),
        ("juniper_junos", Lines, port("description"), value, (2, 25)),
        ("juniper_junos", Lines, port("ether-options 802.3ad"), value, (2, 1)),
        ("juniper_junos", Lines, port("unit 0 family ethernet-switching vlan members"), value, (2, 63)),
        ("juniper_junos", Lines, port("mtu 99999"), value, (2, 29)),
        ("juniper_junos", Lines, port("unit 0 family ethernet-switching vlan members 9999"), value, (2, 71)),
        ("arista_eos", Lines, block("switchport mode access\n   mtu 99999"), value, (3, 8)),
        (
            "arista_eos",
            Lines,
            block("switchport mode trunk\n   switchport trunk allowed vlan 100-5000"),
            value,
            (3, 38),
        ),
        ("cisco_ios", Lines, block("switchport access vlan 9999"), value, (2, 27)),
        ("juniper_junos", Xml, junos("9999"), value, (3, 30)),
        ("juniper_junos", Xml, junos(""), value, (3, 22)),
        ("juniper_junos", Xml, "<configuration xmlns=\"urn:x\"><vlans/></configuration>".to_owned(), space, (1, 1)),
        ("openconfig", Xml, xml_port("urn:x", "Ethernet1", ""), space, (2, 1)),
        ("openconfig", Xml, xml_port("", "Ethernet1", ""), space, (2, 1)),
        ("openconfig", Xml, xml_port(OC, "Ethernet2", ""), key, (3, 7)),
        ("openconfig", Xml, xml_port(OC, "Ethernet1", "<mtu>1500</mtu>\n<mtu>9000</mtu>"), twice, (5, 6)),
        ("openconfig", Xml, xml_port(OC, "Ethernet1", "<mtu/>"), value, (4, 2)),
        ("openconfig", Xml, xml_port(OC, "Ethernet1", "<mtu operation=\"delete\"/>"), Code::ReadingOperation, (4, 1)),
        ("openconfig", Json, oc_port("\"name\": \"Ethernet2\""), key, (2, 21)),
        ("openconfig", Json, "{\"openconfig-vlan:interfaces\": {}}".to_owned(), space, (1, 2)),
        ("openconfig", SetRequest, update("\"openconfig-vlan:mtu\": 1500"), space, (3, 12)),
        ("openconfig", SetRequest, update("name: Ethernet2"), key, (3, 17)),
        ("openconfig", SetRequest, update("name: Ethernet2").replace("]/config", "]"), key, (3, 17)),
    ];
    let mut problems = Vec::new();
    for (dialect, form, text, code, place) in rows {
        for has_rules in [false, true] {
            let found = found(dialect, form, &text, has_rules);
            let is_told = found.contains(&(Severity::Error, code, place.0, place.1));
            let unjudged = (Severity::Error, Code::RuleUnjudged, place.0, place.1);
            if !is_told || found.contains(&unjudged) != has_rules {
                problems.push(format!("{dialect} {text}: {place:?} {found:?}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // Of two members of one name JSON's readers take one: nothing of it is read.
    let found = found("openconfig", Json, &oc_port("\"mtu\": 1500, \"mtu\": 9000"), true);
    assert!(matches!(found.as_slice(), [(Severity::Error, Code::Syntax, 2, _)]), "{found:?}");
}

#[test]
fn vlans_of_junos_that_are_of_no_one_number_are_no_mistake() {
    for word in ["none", "all"] {
        let text = format!("set vlans a vlan-id {word}\nset vlans b vlan-id 20\n");
        let place = (1, 21);
        assert_eq!(
            found("juniper_junos", Form::Lines, &text, false),
            [(Severity::Warning, Code::ReadingUnknown, place.0, place.1)]
        );
        let judged = found("juniper_junos", Form::Lines, &text, true);
        assert!(judged.contains(&(Severity::Error, Code::RuleUnjudged, place.0, place.1)), "{judged:?}");
    }
}

#[test]
fn a_number_that_is_none_hides_no_mode_that_is_none() {
    let switching = "unit 0 family ethernet-switching";
    let text =
        port(&format!("{switching} interface-mode acess\nset interfaces xe-0/0/2 {switching} vlan members 5000"));
    let codes: Vec<Code> =
        found("juniper_junos", Form::Lines, &text, false).into_iter().map(|(_, code, ..)| code).collect();
    assert_eq!(codes, [Code::ReadingValue, Code::ReadingForeign]);
}

#[test]
fn each_wrong_number_of_a_port_is_told_on_its_own_line_and_hides_no_words() {
    use Form::Lines;
    let value = |line, column| (Severity::Error, Code::ReadingValue, line, column);
    let text = "interface Ethernet1\n   switchport access vlan 9999\n   switchport trunk allowed vlan 9999\n\
                interface Ethernet2\n   switchport trunk native vlan 5000\n   switchport trunk allowed vlan 5000,servers\n";
    let expected =
        vec![value(2, 27), value(3, 34), value(5, 33), value(6, 34), (Severity::Warning, Code::ReadingForeign, 4, 11)];
    assert_eq!(found("arista_eos", Lines, text, false), expected);
    let switching = "set interfaces xe-0/0/2 unit 0 family ethernet-switching";
    let text = format!(
        "{switching} vlan members 5000\nset interfaces xe-0/0/2 native-vlan-id 5000\n\
                        {switching} vlan members servers\n{switching} interface-mode trunk\n"
    );
    let told = found("juniper_junos", Lines, &text, false);
    let places: Vec<_> = told.iter().map(|(_, code, line, _)| (*code, *line)).collect();
    assert_eq!(places, [(Code::ReadingValue, 1), (Code::ReadingValue, 2), (Code::ReadingForeign, 1)], "{told:?}");
    // A VLAN that it makes is known by its name.
    let told = found("juniper_junos", Lines, &format!("{text}set vlans servers vlan-id 20\n"), false);
    assert_eq!(told.len(), 2, "{told:?}");
}

/// What is in base64 is found where that stands.
#[test]
fn what_a_set_request_says_in_base64_has_its_line() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let encoded = |port: &str, more: &str| {
        let value = format!(
            "{{\"openconfig-interfaces:interfaces\": {{\"interface\": [{{\"name\": \"{port}\", \"config\": {{\"name\": \"{port}\"{more}}}}}]}}}}"
        );
        format!("{{\"path\": {{}}, \"val\": {{\"jsonIetfVal\": \"{}\"}}}}", STANDARD.encode(value))
    };
    let text = format!(
        "{{\"update\": [\n{},\n{},\n{}]}}",
        encoded("Ethernet1", ", \"colour\": 1"),
        encoded("Ethernet2", ", \"mtu\": 99999"),
        encoded("Ethernet3", ", \"openconfig-vlan:mtu\": 1500")
    );
    let told = found("openconfig", Form::SetRequest, &text, false);
    let lines: Vec<_> = told.iter().map(|(_, code, line, _)| (*code, *line)).collect();
    let expected = [(Code::ReadingValue, 3), (Code::ReadingUnknown, 2), (Code::ReadingNamespace, 4)];
    assert_eq!(lines, expected, "{told:?}");
}

/// Keys that are no numbers were told of as what is not read; so they are still.
#[test]
fn an_entry_whose_key_is_no_number_is_told_by_that_key() {
    let text = format!(
        "<config><network-instances xmlns=\"{VLANS}\"><network-instance><name>default</name><vlans>\
         <vlan><vlan-id>9999</vlan-id></vlan></vlans></network-instance></network-instances></config>"
    );
    let switch = leaf("openconfig", Form::Xml, true);
    let candidate = Candidate { switch: &switch, form: Form::Xml, name: "c", text: &Arc::from(text), whole: false };
    let checked = candidate.judged(&mercury_adapter::builtin().unwrap(), &DeviceConfig::default());
    let told: Vec<String> = checked.iter().flat_map(|one| &one.findings).map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("vlans/vlan[9999]")), "{told:?}");
}

#[test]
fn what_is_in_order_is_told_of_nowhere() {
    let members = "set interfaces xe-0/0/2 unit 0 family ethernet-switching vlan members [ 100-120 130 ]\n";
    let trunk = "set interfaces xe-0/0/2 unit 0 family ethernet-switching interface-mode trunk\n";
    let none = Vec::new();
    assert_eq!(found("juniper_junos", Form::Lines, &format!("{trunk}{members}"), true), none);
    let described = "set interfaces xe-0/0/2 description \"[to rack 7]\"\nset interfaces xe-0/0/2 mtu 1500\n\
                     set interfaces xe-0/0/2 mtu 1500\n";
    assert_eq!(found("juniper_junos", Form::Lines, described, true), none);
    assert_eq!(found("openconfig", Form::Xml, &xml_port(OC, "Ethernet1", "<description/>"), true), none);
}

#[test]
fn a_candidate_of_which_nothing_is_read_does_not_pass() {
    use Form::{Json, Lines, SetRequest, Xml};
    for (dialect, form, text) in [
        ("cisco_ios", Lines, "hello world\n"),
        ("cisco_ios", Lines, ""),
        ("juniper_junos", Lines, "set foo bar\n"),
        ("juniper_junos", Xml, "<foo xmlns=\"urn:x\"/>"),
        ("openconfig", Xml, "<config/>"),
        ("openconfig", Json, "{\"a\": 1}"),
        ("openconfig", SetRequest, "{\"updates\": []}"),
    ] {
        let found = found(dialect, form, text, false);
        assert!(found.contains(&(Severity::Error, Code::ReadingNothing, 0, 0)), "{dialect} {text:?}: {found:?}");
    }
}

#[test]
fn an_edit_that_does_nothing_by_itself_brings_what_an_operation_says() {
    let edit = |vlan: &str| {
        format!(
            "<edit-config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><default-operation>none</default-operation>\
             <config><vlans xmlns=\"http://openconfig.net/yang/x\"/><network-instances xmlns=\"{VLANS}\"><network-instance>\
             <name>default</name><vlans><vlan{vlan}><vlan-id>150</vlan-id><config><vlan-id>150</vlan-id></config></vlan>\
             </vlans></network-instance></network-instances></config></edit-config>"
        )
    };
    let codes = |text: &str| -> Vec<Code> {
        found("openconfig", Form::Xml, text, true).into_iter().map(|(_, code, ..)| code).collect()
    };
    assert_eq!(codes(&edit(" nc:operation=\"merge\"")), [Code::RuleVlanReserved]);
    assert_eq!(codes(&edit("")), [Code::ReadingNothing]);
}
