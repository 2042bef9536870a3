//! Candidates that take something away, and Junos' two ways of writing one down.

use serde_json::{Value, json};

use crate::harness::{Entry, Finished, Setup};

const RULES: &str = r#"
[[rule]]
name = "uplinks"
reason = "they are the network team's"
ports = ["Ethernet48", "ge-0/0/47"]
protected = true

[[rule]]
name = "phones"
reason = "150 is for phones"
reserved_vlans = "150"
"#;

fn setup() -> Setup {
    let entry = |name: &str, dialect: &str| {
        let entry = Entry::new(name).text("address", "192.0.2.1").text("dialect", dialect);
        entry.text("username", "mercury").with("password", "{ env = \"MERCURY_TEST_NEVER_SET\" }")
    };
    let junos = entry("qfx1", "juniper_junos").text("protocol", "cli").text("address", "192.0.2.2");
    let setup = Setup::new().switches(&[entry("leaf1", "openconfig"), junos]);
    let rules = setup.write("rules.toml", RULES);
    setup.flags(&["--rules", rules.to_str().unwrap()])
}

fn validate(setup: &Setup, file: &str, text: &str) -> Finished {
    let path = setup.write(file, text);
    setup.run(&["validate", path.to_str().unwrap(), "--output", "json"])
}

fn codes(finished: &Finished) -> Vec<String> {
    without_doubts(finished.json()["findings"].as_array().unwrap().iter())
}

/// The codes of what is found, without what is warned of because nothing is known.
fn without_doubts<'a>(found: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let codes = found.map(|one| one["code"].as_str().unwrap().to_owned());
    codes.filter(|code| code != "reading-deletes" && code != "reading-nothing").collect()
}

fn told(finished: &Finished) -> String {
    let checked = finished.json()["checked"].clone();
    let reading = checked.as_array().unwrap().iter().find(|one| one["level"] == "reading").unwrap().clone();
    reading["told"].to_string()
}

#[test]
fn what_a_set_request_deletes_is_judged() {
    let setup = setup();
    let vlan = |id: u16| format!("/network-instances/network-instance[name=default]/vlans/vlan[vlan-id={id}]");
    let cases = [
        ("/interfaces/interface[name=Ethernet1]/config/mtu".to_owned(), None),
        ("/interfaces/interface[name=Ethernet48]".to_owned(), Some("rule-port-protected")),
        ("/interfaces/interface[name=Ethernet48]/config/description".to_owned(), Some("rule-port-protected")),
        (vlan(110), None),
        (vlan(150), Some("rule-vlan-reserved")),
        (format!("{}/config/name", vlan(110)), None),
        ("/interfaces/interface[name=Ethernet1]/config/colour".to_owned(), Some("schema-unknown-node")),
        ("/interface[name=Ethernet1]".to_owned(), Some("schema-unknown-node")),
    ];
    let folder = setup.path().join("candidates");
    std::fs::create_dir(&folder).unwrap();
    let name = |number: usize, kind: &str| folder.join(format!("{number}-{kind}.json")).to_str().unwrap().to_owned();
    for (number, (path, _)) in cases.iter().enumerate() {
        let elements = path.trim_start_matches('/').split('/').map(|element| {
            let (name, key) =
                element.split_once('[').map_or((element, None), |(name, key)| (name, key.split_once('=')));
            let key = key.map(|(key, value)| json!({key: value.trim_end_matches(']')}));
            json!({"name": name, "key": key.unwrap_or_else(|| json!({}))})
        });
        let proto = json!({"delete": [{"elem": elements.collect::<Vec<_>>()}]});
        std::fs::write(name(number, "gnmic"), json!({"deletes": [path]}).to_string()).unwrap();
        std::fs::write(name(number, "proto"), proto.to_string()).unwrap();
    }
    let finished = setup.run(&["validate", folder.to_str().unwrap(), "--switch", "leaf1", "--output", "json"]);
    let all = finished.json();
    for (number, (path, expected)) in cases.into_iter().enumerate() {
        for kind in ["gnmic", "proto"] {
            let file = name(number, kind);
            let of_file = all["findings"].as_array().unwrap().iter().filter(|one| one["file"] == json!(file));
            let expected = expected.filter(|code| cfg!(feature = "yang") || !code.contains("schema"));
            assert_eq!(without_doubts(of_file), Vec::from_iter(expected), "{path}: {}", finished.stdout);
            let checked = all["checked"].as_array().unwrap().iter().filter(|one| one["name"] == json!(file));
            let told = checked.map(|one| one["told"].to_string()).collect::<String>();
            assert!(told.contains(&format!("delete {path}")), "{path}: {told}");
        }
    }
}

/// NETCONF's `operation`, `default-operation`, and gNMI's `replace`.
#[test]
fn what_an_edit_takes_away_or_replaces_is_judged() {
    let setup = setup();
    let port = |name: &str, operation: &str, inside: &str| {
        format!(
            "<edit-config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\">\
             <target><candidate/></target><config><interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\
             <interface{operation}><name>{name}</name>{inside}</interface></interfaces></config></edit-config>"
        )
    };
    let vlan = |id: u16, operation: &str| {
        format!(
            "<config xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><network-instances \
             xmlns=\"http://openconfig.net/yang/network-instance\"><network-instance><name>default</name><vlans>\
             <vlan nc:operation=\"{operation}\"><vlan-id>{id}</vlan-id></vlan></vlans></network-instance></network-instances></config>"
        )
    };
    let replace = |name: &str| {
        json!({"replaces": [{"path": format!("/interfaces/interface[name={name}]"),
                             "value": {"name": name, "config": {"name": name, "type": "iana-if-type:ethernetCsmacd"}}}]})
    };
    let protected = ["rule-port-protected"].as_slice();
    let mtu = "<config><mtu nc:operation=\"remove\"/></config>";
    for (file, text, expected) in [
        ("leaf1.xml", port("Ethernet48", " nc:operation=\"delete\"", ""), protected),
        ("leaf1.xml", port("Ethernet48", " nc:operation=\"remove\"", ""), protected),
        ("leaf1.xml", port("Ethernet48", " nc:operation=\"replace\"", ""), protected),
        ("leaf1.xml", port("Ethernet48", "", mtu), protected),
        ("leaf1.xml", port("Ethernet47", " nc:operation=\"delete\"", ""), &[]),
        ("leaf1.xml", port("Ethernet48", "", ""), protected),
        ("leaf1.xml", port("Ethernet47", "", ""), &[]),
        ("leaf1.xml", vlan(150, "delete"), &["rule-vlan-reserved"]),
        ("leaf1.xml", vlan(150, "remove"), &["rule-vlan-reserved"]),
        ("leaf1.xml", vlan(151, "delete"), &[]),
        ("leaf1.json", replace("Ethernet48").to_string(), protected),
        ("leaf1.json", replace("Ethernet47").to_string(), &[]),
    ] {
        let finished = validate(&setup, file, &text);
        let codes: Vec<String> = codes(&finished).into_iter().filter(|code| code.starts_with("rule-")).collect();
        assert_eq!(codes, expected, "{text}: {}", finished.stdout);
    }
    let whole =
        port("Ethernet47", "", "").replace("<config>", "<default-operation>replace</default-operation><config>");
    let finished = validate(&setup, "leaf1.xml", &whole);
    assert!(told(&finished).contains("delete all that it does not name"), "{}", finished.stdout);
    // Among all of them are those that nobody may touch.
    assert!(codes(&finished).contains(&"rule-unjudged".to_owned()), "{}", finished.stdout);
    for (path, is_of_all) in
        [("/interfaces", true), ("/interfaces/interface[name=Ethernet1]", false), ("/system/aaa", true)]
    {
        let finished = validate(&setup, "leaf1.json", &json!({"deletes": [path]}).to_string());
        assert_eq!(codes(&finished).contains(&"rule-unjudged".to_owned()), is_of_all, "{path}: {}", finished.stdout);
    }
}

const LINES: &str = "set interfaces ge-0/0/1 description \"node 7\"\n\
                     set interfaces ge-0/0/1 unit 0 family ethernet-switching interface-mode trunk\n\
                     set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members v110\n\
                     set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members 120-130\n\
                     set vlans v110 vlan-id 110\n";

const BRACES: &str = r#"
interfaces {
    ge-0/0/1 {
        description "node 7"; /* rack 3 */
        unit 0 {
            family ethernet-switching {
                interface-mode trunk;
                vlan {
                    members [ v110 120-130 ];
                }
            }
        }
    }
}
vlans {
    v110 {
        vlan-id 110;
    }
}
"#;

#[test]
fn junos_lines_and_braces_say_the_same_and_are_held_to_the_rules() {
    let setup = setup();
    let both = [("qfx1.set", LINES), ("qfx1.conf", BRACES)].map(|(file, text)| {
        let finished = validate(&setup, file, text);
        assert_eq!((finished.code(), codes(&finished)), (0, Vec::new()), "{}", finished.stdout);
        told(&finished)
    });
    assert_eq!(both[0], both[1]);
    assert!(both[0].contains("trunk, no native VLAN, VLANs 110,120-130"), "{}", both[0]);
    for (file, text) in [("qfx1.set", LINES), ("qfx1.conf", BRACES)] {
        let finished = validate(&setup, file, &text.replace("120-130", "140-160"));
        assert_eq!((finished.code(), codes(&finished)), (1, vec!["rule-vlan-reserved".into()]), "{}", finished.stdout);
        // The line that says it of the port, where one does.
        let says = |line: &str| line.contains("ge-0/0/1") && line.contains("interface-mode");
        let names = |line: &str| line.contains("ge-0/0/1");
        let line = text.lines().position(says).or_else(|| text.lines().position(names)).unwrap() + 1;
        assert_eq!(finished.json()["findings"][0]["line"], json!(line));
        let protected = validate(&setup, file, &text.replace("ge-0/0/1", "ge-0/0/47"));
        assert_eq!(codes(&protected), ["rule-port-protected"], "{}", protected.stdout);
    }
    for (text, expected) in [
        ("delete interfaces ge-0/0/47\n", vec!["rule-port-protected"]),
        ("delete interfaces ge-0/0/47 unit 0 family ethernet-switching vlan members 5\n", vec!["rule-port-protected"]),
        ("delete interfaces ge-0/0/1 description\n", vec![]),
    ] {
        let finished = validate(&setup, "qfx1.set", text);
        assert_eq!(codes(&finished), expected, "{text}: {}", finished.stdout);
        assert!(told(&finished).contains("delete /interfaces/interface[name=ge-0/0/"), "{}", finished.stdout);
    }
    let open = validate(&setup, "qfx1.conf", "interfaces {\n ge-0/0/1 {\n");
    let finding: &Value = &open.json()["findings"][0];
    assert_eq!((open.code(), &finding["code"]), (1, &json!("syntax")), "{}", open.stdout);
    assert_eq!(finding["message"], "the text ends inside a block");
}
