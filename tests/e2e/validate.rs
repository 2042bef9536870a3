//! Candidate configurations that people bring, and the network team's own examples.

use std::process::Command;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{Entry, Finished, Setup};

const RULES: &str = r#"
[[rule]]
name = "reserved"
reason = "150 is for phones"
help = "ask #network"
reserved_vlans = "150"

[[rule]]
name = "frames"
reason = "the backbone"
roles = ["leaf"]
mtu = "1500-9000"
"#;

fn setup() -> Setup {
    let entry = |name: &str, dialect: &str| {
        let entry = Entry::new(name).text("address", "192.0.2.1").text("dialect", dialect).text("role", "leaf");
        entry.text("username", "mercury").with("password", "{ env = \"MERCURY_TEST_NEVER_SET\" }")
    };
    let old = entry("old1", "cisco_ios").text("protocol", "cli").text("address", "192.0.2.2");
    let setup = Setup::new().switches(&[entry("leaf1", "openconfig"), old]);
    let rules = setup.write("rules.toml", RULES);
    setup.flags(&["--rules", rules.to_str().unwrap()])
}

fn validate(setup: &Setup, file: &str, text: &str, more: &[&str]) -> Finished {
    let path = setup.write(file, text);
    setup.run(&[&["validate", path.to_str().unwrap()], more].concat())
}

/// Level, code, line and path of all that is found.
fn found(finished: &Finished) -> Vec<(String, Value, String)> {
    let told = finished.json();
    let findings = told["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = findings.filter(|one| !one["code"].to_string().starts_with("\"schema"));
    findings.map(|one| (text(&one["code"]), one["line"].clone(), text(&one["field"]))).collect()
}

fn xml(vlan: u16) -> String {
    format!(
        "<config>\n <interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\n  <interface>\n   <name>Ethernet1</name>\n   \
         <config><name>Ethernet1</name><type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">i:ethernetCsmacd</type><mtu>9100</mtu></config>\n   <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\
         <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\"><config><interface-mode>ACCESS</interface-mode><access-vlan>{vlan}\
         </access-vlan></config></switched-vlan></ethernet>\n  </interface>\n </interfaces>\n</config>\n"
    )
}

fn json_port(vlan: u16) -> Value {
    json!({"name": "Ethernet1", "config": {"name": "Ethernet1", "type": "iana-if-type:ethernetCsmacd", "mtu": 9100}, "openconfig-if-ethernet:ethernet": {
        "openconfig-vlan:switched-vlan": {"config": {"interface-mode": "ACCESS", "access-vlan": vlan}}}})
}

/// The same candidate in every spelling is read as the same, and judged as the same.
#[test]
fn each_kind_is_recognised_read_and_judged() {
    let setup = setup();
    let path = json!({"elem": [{"name": "interfaces"}, {"name": "interface", "key": {"name": "Ethernet1"}}]});
    let octets = STANDARD.encode(json_port(150).to_string());
    let set = json!({"update": [{"path": path, "val": {"jsonIetfVal": octets}}]});
    let gnmic = json!({"updates": [{"path": "/interfaces/interface[name=Ethernet1]", "value": json_port(150)}]});
    let quoted = json_port(150).to_string().replace('"', "\\\"");
    let textproto = format!(
        "# a comment\nupdate: {{ path {{ elem {{ name: \"interfaces\" }} elem {{ name: \"interface\" key {{ key: \"name\" \
         value: \"Ethernet1\" }} }} }} val {{ json_ietf_val: \"{quoted}\" }} }}"
    );
    let edit = format!("<edit-config><target><candidate/></target>{}</edit-config>", xml(150));
    let data = json!({"openconfig-interfaces:interfaces": {"interface": [json_port(150)]}}).to_string();
    let mut told = Vec::new();
    for text in [xml(150), edit, data, set.to_string(), gnmic.to_string(), textproto] {
        let finished = validate(&setup, "leaf1.txt", &text, &["--output", "json"]);
        assert_eq!(finished.code(), 1, "{text}: {} {}", finished.stdout, finished.stderr);
        let codes: Vec<_> = found(&finished).into_iter().map(|(code, _, path)| (code, path)).collect();
        let expected = [
            ("rule-vlan-reserved".to_owned(), "interfaces/Ethernet1/switched-vlan".to_owned()),
            ("rule-mtu-out-of-range".to_owned(), "interfaces/Ethernet1/mtu".to_owned()),
        ];
        assert_eq!(codes, expected, "{text}");
        let checked = finished.json()["checked"].clone();
        told.push(checked.as_array().unwrap().iter().find(|one| one["level"] == "reading").unwrap().clone());
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    assert!(told[0].to_string().contains("Ethernet1: switched-vlan none -> access VLAN 150"), "{told:?}");
    let lines = "interface GigabitEthernet1/0/1\n switchport mode access\n switchport access vlan 150\n!\n";
    let finished = validate(&setup, "old1.cfg", lines, &["--output", "json"]);
    let path = "interfaces/GigabitEthernet1/0/1/switched-vlan".to_owned();
    assert_eq!(found(&finished), [("rule-vlan-reserved".to_owned(), json!(1), path)], "{}", finished.stdout);
}

#[test]
fn what_is_in_order_ends_with_zero_and_what_an_edit_takes_away_is_not_brought() {
    let setup = setup();
    let good = xml(110).replace("9100", "9000");
    assert_eq!(validate(&setup, "leaf1.xml", &good, &[]).code(), 0);
    let nc = "xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"";
    let gone = xml(150).replace("<interface>", &format!("<interface {nc} nc:operation=\"delete\">"));
    let finished = validate(&setup, "leaf1.xml", &gone, &["--output", "json"]);
    assert_eq!((finished.code(), found(&finished)[0].0.as_str()), (0, "reading-deletes"), "{}", finished.stdout);
}

#[test]
fn each_mistake_has_its_code_and_its_place() {
    let setup = setup();
    for (file, text, code, line) in [
        ("leaf1.xml", "<config>\n<interfaces>\n</interface></config>", "syntax", json!(3)),
        ("leaf1.xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><config>&b;</config>", "syntax", json!(1)),
        ("leaf1.json", "{\"a\":\n [}", "syntax", json!(2)),
        ("leaf1.txtpb", "update {\n path {", "syntax", json!(2)),
        ("leaf1.txt", "hello\n", "candidate-kind", Value::Null),
        ("other.xml", "<config/>", "candidate-switch", Value::Null),
        ("leaf1.cfg", "interface Ethernet1\n", "reading-unread", Value::Null),
        ("leaf1.set", "set interfaces xe-0/0/0 unit 0\n", "reading-unread", Value::Null),
    ] {
        let finished = validate(&setup, file, text, &["--output", "json"]);
        assert_eq!(finished.code(), 1, "{text}: {}", finished.stderr);
        let told = found(&finished);
        assert_eq!((told[0].0.as_str(), &told[0].1), (code, &line), "{text}: {told:?}");
    }
    let path = setup.path().join("leaf1.json");
    std::fs::write(&path, b"{\"a\": \"\xff\"}").unwrap();
    let finished = setup.run(&["validate", path.to_str().unwrap(), "--output", "json"]);
    assert_eq!((finished.code(), found(&finished)[0].0.as_str()), (1, "unreadable"));
    assert_eq!(setup.run(&["validate", "/nowhere/at/all"]).code(), 2);
    let foreign = xml(110).replace("ACCESS", "DOT1Q-TUNNEL").replace("9100", "9000");
    let finished = validate(&setup, "leaf1.xml", &foreign, &["--output", "json"]);
    // It is told once, by the modules where there are any, and no rule could be asked.
    let told = finished.json()["findings"].clone();
    let about = told.as_array().unwrap().iter().filter(|one| one["message"].to_string().contains("DOT1Q-TUNNEL"));
    assert!(about.count() == 1 && finished.code() == 1, "{told}");
    let unjudged = told.as_array().unwrap().iter().find(|one| one["code"] == "rule-unjudged");
    let said = "no rule is asked about switched-vlan of Ethernet1";
    assert!(unjudged.is_some_and(|one| one["message"] == said), "{told}");
}

#[test]
fn people_see_the_line_and_machines_their_own_forms() {
    let setup = setup();
    let human = validate(&setup, "leaf1.xml", &xml(150), &[]);
    assert_eq!(human.code(), 1);
    for said in
        ["leaf1.xml:4", "<name>Ethernet1</name>", "^", "150 is for phones", "help: ask #network", "1 checked, 2 errors"]
    {
        assert!(human.stdout.contains(said), "{said}: {}", human.stdout);
    }
    assert!(!human.stdout.contains('\u{1b}'), "no colour where nobody looks");
    let sarif = validate(&setup, "leaf1.xml", &xml(150), &["--output", "sarif"]).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&sarif["version"], &result["ruleId"]), (&json!("2.1.0"), &json!("rule-vlan-reserved")));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 4, "{sarif}");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].to_string();
    assert!(rules.contains("rule-mtu-out-of-range"), "{rules}");
    let junit = validate(&setup, "leaf1.xml", &xml(150), &["--output", "junit"]).stdout;
    assert!(junit.contains("<testsuite name=\"rules\" tests=\"1\" failures=\"1\">"), "{junit}");
    assert!(junit.contains("type=\"rule-vlan-reserved\"") && junit.contains("&quot;reserved&quot;"), "{junit}");
    let refused = setup.run(&["switch", "list", "--output", "sarif"]);
    assert_eq!(refused.code(), 2);
    assert_eq!(setup.run(&["config", "check", "--output", "sarif"]).json()["version"], "2.1.0");
}

#[test]
fn colour_is_for_a_terminal_unless_the_environment_says_otherwise() {
    if Command::new("script").arg("--version").output().is_err() {
        assert!(std::env::var_os("MERCURY_PEERS").is_none(), "there is no script(1), which util-linux has");
        eprintln!("left out: there is no script(1)");
        return;
    }
    for (word, is_coloured) in [("", true), ("1", false)] {
        let setup = setup().environment("NO_COLOR", word);
        let path = setup.write("leaf1.xml", &xml(150));
        let mut command = setup.at_terminal(&["validate", path.to_str().unwrap()]);
        let shown = std::io::read_to_string(command.0.stdout.take().unwrap()).unwrap();
        assert_eq!(command.0.wait().unwrap().code(), Some(1), "{shown}");
        assert!(shown.contains("rule-vlan-reserved") && shown.contains("\u{1b}[") == is_coloured, "{shown:?}");
    }
}

#[test]
fn a_folder_is_gone_through_in_order_and_each_file_is_for_the_switch_it_is_called_after() {
    let setup = setup();
    let folder = setup.path().join("candidates/rack4");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("leaf1.xml"), xml(150)).unwrap();
    std::fs::write(
        folder.join("old1.cfg"),
        "interface GigabitEthernet1/0/1\n switchport access vlan 150\n switchport mode access\n",
    )
    .unwrap();
    std::fs::write(folder.join("README.md"), "# not a candidate").unwrap();
    std::os::unix::fs::symlink(setup.path().join("candidates"), folder.join("again")).unwrap();
    let finished = setup.run(&["validate", folder.to_str().unwrap(), "--output", "json"]);
    let names: Vec<String> = found(&finished).into_iter().map(|(code, _, path)| format!("{code} {path}")).collect();
    let expected = [
        "rule-vlan-reserved interfaces/Ethernet1/switched-vlan",
        "rule-mtu-out-of-range interfaces/Ethernet1/mtu",
        "rule-vlan-reserved interfaces/GigabitEthernet1/0/1/switched-vlan",
    ];
    assert_eq!(names, expected, "{}", finished.stderr);
}

#[test]
fn every_code_can_be_explained() {
    let setup = Setup::new();
    let all = setup.run(&["explain", "--output", "json"]).json();
    let codes = all.as_array().unwrap();
    assert!(codes.len() > 30);
    for code in codes {
        let word = code["code"].as_str().unwrap();
        let told = setup.run(&["explain", word]);
        assert!(told.code() == 0 && told.stdout.contains(code["advice"].as_str().unwrap()), "{word}");
    }
    let wrong = setup.run(&["explain", "rule-vlan-reservd"]);
    assert_eq!(wrong.code(), 2);
    assert!(wrong.stderr.contains("did you mean rule-vlan-reserved?"), "{}", wrong.stderr);
}

fn config(name: &str) -> String {
    format!("{}/config/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_sample_rules_say_what_their_examples_say() {
    let setup = Setup::new();
    let run = |examples: &str, more: &[&str]| {
        setup.run(&[&["rules", "test", examples, "--rules", &config("rules.toml")], more].concat())
    };
    let finished = run(&config("rules-examples.toml"), &[]);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("5 checked, 0 errors"), "{}", finished.stdout);
    let text = std::fs::read_to_string(config("rules-examples.toml")).unwrap();
    let other = setup.write("examples.toml", &text.replacen("native_vlan = 110", "native_vlan = 1", 1));
    let finished = run(other.to_str().unwrap(), &["--output", "json"]);
    assert_eq!(finished.code(), 1);
    let finding = &finished.json()["findings"][0];
    assert_eq!(finding["code"], "rule-example");
    let line = text.lines().position(|line| line == "[[example]]").unwrap() + 1;
    assert_eq!(finding["line"], line, "{finding}");
    assert_eq!(finding["message"], "expected accepted, and came out as rule-vlan-not-allowed, rule-vlan-reserved");
}

#[test]
fn an_example_of_a_candidate_starts_from_what_the_switch_has() {
    let setup = setup();
    setup.write("running.xml", &xml(150));
    setup.write("candidate.xml", &xml(150).replace("9100", "9200"));
    let example = |more: &str, expect: &str| {
        let text = format!(
            "[[example]]\nname = \"one\"\nswitch = \"leaf1\"\ncandidate = \"candidate.xml\"\n{more}\nexpect = {expect}\n"
        );
        let path = setup.write("examples.toml", &text);
        setup.run(&["rules", "test", path.to_str().unwrap()])
    };
    let both = "[\"rule-mtu-out-of-range\", \"rule-vlan-reserved\"]";
    let from_nothing = example("", both);
    assert_eq!(from_nothing.code(), 0, "{} {}", from_nothing.stdout, from_nothing.stderr);
    assert_eq!(example("running = \"running.xml\"", "[\"rule-mtu-out-of-range\"]").code(), 0);
    assert_eq!(example("role = \"leaf\"", both).code(), 2, "the inventory says the role");
    assert_eq!(example("at = \"yesterday\"", both).code(), 2);
}
