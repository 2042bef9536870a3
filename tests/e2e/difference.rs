//! Differences between configurations, wherever they are.

use mercury_sim::Mode;
use serde_json::json;

use crate::harness::{Face, Finished, Setup, Simulated};

fn port(name: &str, vlan: u16) -> String {
    format!(
        "<interface><name>{name}</name><config><name>{name}</name></config>\
         <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\
         <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\"><config><interface-mode>ACCESS</interface-mode>\
         <access-vlan>{vlan}</access-vlan></config></switched-vlan></ethernet></interface>"
    )
}

fn ports(ports: &[(&str, u16)]) -> String {
    let ports: String = ports.iter().map(|(name, vlan)| port(name, *vlan)).collect();
    format!("<interfaces xmlns=\"http://openconfig.net/yang/interfaces\">{ports}</interfaces>")
}

fn diff(setup: &Setup, words: &[&str]) -> Finished {
    setup.run(&[&["diff"], words].concat())
}

#[test]
fn a_switch_is_held_against_a_file_and_against_its_own_datastores() {
    let switch = Simulated::start(Mode::Candidate);
    switch.handle().change_running(&ports(&[("Ethernet2", 110), ("Ethernet10", 120)])).unwrap();
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    // What is written otherwise and means the same is the same.
    let text = ports(&[("Ethernet10", 120), ("Ethernet2", 110)]).replace("><", ">\n <");
    let file = setup.write("same.xml", &text).to_str().unwrap().to_owned();
    let same = diff(&setup, &["leaf1", &file]);
    assert_eq!((same.code(), same.stdout.as_str()), (0, ""), "{}", same.stderr);
    let text = ports(&[("Ethernet10", 121), ("Ethernet2", 111), ("Ethernet3", 112)]);
    let other = setup.write("other.xml", &text).to_str().unwrap().to_owned();
    let differs = diff(&setup, &[&file, &format!("leaf1={other}")]);
    assert_eq!(differs.code(), 1, "{}", differs.stderr);
    let lines: Vec<&str> = differs.stdout.lines().collect();
    let expected = [
        "Ethernet2: switched-vlan access VLAN 110 -> access VLAN 111",
        "Ethernet10: switched-vlan access VLAN 120 -> access VLAN 121",
    ];
    assert_eq!(lines, expected, "a part says nothing of Ethernet3, and 2 is before 10");
    let whole = diff(&setup, &[&file, &other, "--whole", "--output", "json"]);
    let told = whole.json();
    assert_eq!((whole.code(), &told["same"], told["differences"].as_array().unwrap().len()), (1, &json!(false), 3));

    assert!(switch.handle().stage(&ports(&[("Ethernet2", 130)])).unwrap());
    let staged = diff(&setup, &["leaf1", "leaf1:candidate"]);
    assert_eq!(staged.code(), 1, "{}", staged.stderr);
    assert_eq!(staged.stdout.trim(), "Ethernet2: switched-vlan access VLAN 110 -> access VLAN 130");
    assert_eq!(diff(&setup, &["leaf1:running", "leaf1"]).code(), 0);
    let startup = diff(&setup, &["leaf1", "leaf1:startup"]);
    assert_eq!(startup.code(), 2);
    let said = "leaf1: startup cannot be read: there is no startup datastore";
    assert!(startup.stderr.contains(said), "{}", startup.stderr);
    let slip = diff(&setup, &["leaf1", "leaf1:strtup"]);
    assert!(slip.code() == 2 && slip.stderr.contains("where it keeps one, leaf1:startup"), "{}", slip.stderr);
    assert_eq!(switch.handle().counters().edits, 0);
}

#[test]
fn a_switch_is_compared_by_its_text_wherever_it_keeps_it() {
    let switch = Simulated::start(Mode::Candidate);
    switch.handle().change_running(&ports(&[("Ethernet2", 110)])).unwrap();
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let same = diff(&setup, &["--raw", "leaf1", "leaf1:candidate"]);
    assert_eq!((same.code(), same.stdout.as_str()), (0, ""), "{}", same.stderr);
    assert!(switch.handle().stage(&ports(&[("Ethernet2", 130)])).unwrap());
    let staged = diff(&setup, &["--raw", "leaf1:running", "leaf1:candidate"]);
    assert_eq!(staged.code(), 1, "{}", staged.stderr);
    let changed: Vec<&str> = staged.stdout.lines().filter(|line| line.contains("access-vlan")).map(str::trim).collect();
    assert!(changed[0].starts_with('-') && changed[0].contains(">110<"), "{}", staged.stdout);
    assert!(changed[1].starts_with('+') && changed[1].contains(">130<"), "{}", staged.stdout);
    let startup = diff(&setup, &["--raw", "leaf1", "leaf1:startup"]);
    assert!(startup.code() == 2 && startup.stderr.contains("leaf1: startup cannot be read: "), "{}", startup.stderr);
    let gnmi = Simulated::gnmi(Face::Plain);
    let setup = Setup::new().switches(&[gnmi.entry("leaf1")]);
    let none = diff(&setup, &["--raw", "leaf1", "leaf1"]);
    assert!(none.code() == 2 && none.stderr.contains("over gNMI it has no text to be compared"), "{}", none.stderr);
}

#[test]
fn files_are_compared_by_their_text_where_that_is_asked() {
    let setup = Setup::new();
    let [a, b] = [("a", "one\ntwo\n"), ("b", "one\n2\n")]
        .map(|(name, text)| setup.write(name, text).to_str().unwrap().to_owned());
    let differs = diff(&setup, &["--raw", &a, &b]);
    assert_eq!(differs.code(), 1);
    assert!(differs.stdout.contains("-two\n+2"), "{}", differs.stdout);
    assert_eq!(diff(&setup, &["--raw", &a, &a]).code(), 0);
    assert_eq!(diff(&setup, &["--raw", &a, "/nowhere"]).code(), 2);
}

/// Two files are compared without asking anybody, and so without a secret.
#[test]
fn files_are_compared_without_the_secrets_of_their_switch() {
    let entry = crate::harness::Entry::new("leaf1").text("address", "192.0.2.1").text("dialect", "openconfig");
    let entry = entry.text("username", "mercury").text("key_file", "/nowhere/at/all");
    let setup = Setup::new().switches(&[entry]);
    let file = |name: &str, vlan| setup.write(name, &ports(&[("Ethernet2", vlan)])).to_str().unwrap().to_owned();
    let (one, other) = (file("one.xml", 110), file("other.xml", 111));
    let differs = diff(&setup, &[&one, &format!("leaf1={other}")]);
    assert_eq!(differs.code(), 1, "{}", differs.stderr);
    assert!(differs.stdout.contains("111"), "{}", differs.stdout);
    let asked = diff(&setup, &[&one, "leaf1"]);
    assert_eq!(asked.code(), 2, "{}", asked.stdout);
}

/// What would be there after a reboot, and what another switch has.
#[test]
fn running_is_held_against_startup_and_against_another_switch() {
    let [one, other] = [Simulated::start(Mode::CandidateStartup), Simulated::start(Mode::Candidate)];
    one.handle().change_running(&ports(&[("Ethernet2", 110), ("Ethernet10", 120)])).unwrap();
    other.handle().change_running(&ports(&[("Ethernet2", 130), ("Ethernet10", 120)])).unwrap();
    let setup = Setup::new().switches(&[one.entry("leaf1"), other.entry("leaf2")]);
    let startup = diff(&setup, &["leaf1", "leaf1:startup"]);
    assert_eq!(startup.code(), 1, "{}", startup.stderr);
    let expected =
        ["Ethernet2: switched-vlan access VLAN 110 -> none", "Ethernet10: switched-vlan access VLAN 120 -> none"];
    assert_eq!(startup.stdout.lines().collect::<Vec<_>>(), expected);
    let switches = diff(&setup, &["leaf1", "leaf2"]);
    assert_eq!(switches.code(), 1, "{}", switches.stderr);
    assert_eq!(switches.stdout.trim(), "Ethernet2: switched-vlan access VLAN 110 -> access VLAN 130");
    assert_eq!(diff(&setup, &["leaf2", "leaf2"]).code(), 0);
}

/// Whatever `validate` takes is compared, with a dialect alone, and what cannot be read is said.
#[test]
fn files_of_every_form_are_compared_by_a_dialect() {
    let setup = Setup::new();
    let file = |name: &str, text: &str| setup.write(name, text).to_str().unwrap().to_owned();
    let lines = |vlan: &str| format!("set vlans a vlan-id {vlan}\nset interfaces xe-0/0/1 description node\n");
    let set = file("a.set", &lines("110"));
    let braces = file("b.conf", "vlans { a { vlan-id 110; } }\ninterfaces { xe-0/0/1 { description other; } }\n");
    let xml = "<configuration><vlans><vlan><name>a</name><vlan-id>110</vlan-id></vlan></vlans></configuration>";
    let xml = file("c.xml", xml);
    let junos = |a: &str, b: &str| setup.run(&["diff", a, b, "--dialect", "juniper_junos"]);
    assert_eq!(junos(&set, &xml).code(), 0, "{}", junos(&set, &xml).stdout);
    let differs = junos(&set, &braces);
    assert!(differs.code() == 1 && differs.stdout.contains("\"other\""), "{} {}", differs.stdout, differs.stderr);
    let wrong = junos(&set, &file("d.set", &lines("9999")));
    assert!(wrong.code() == 2 && wrong.stderr.contains("d.set:1: "), "{} {}", wrong.stdout, wrong.stderr);
    assert!(wrong.stderr.contains("\"9999\", which is no VLAN's number"), "{}", wrong.stderr);
    let update = "updates:\n- path: /interfaces/interface[name=Ethernet1]/config\n  value: {mtu: 9000}\n";
    let data = "{\"openconfig-interfaces:interfaces\": {\"interface\": [{\"name\": \"Ethernet1\", \"config\": {\"mtu\": 1500}}]}}";
    let (update, data) = (file("e.yaml", update), file("f.json", data));
    let differs = setup.run(&["diff", &data, &update, "--dialect", "openconfig"]);
    assert!(differs.stdout.contains("mtu 1500 -> 9000"), "{} {}", differs.stdout, differs.stderr);
}
