//! Candidates against YANG modules.

use serde_json::{Value, json};

use crate::harness::{Finished, Setup};

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

fn validate(setup: &Setup, file: &str, text: &str, more: &[&str]) -> Finished {
    let path = setup.write(file, text);
    setup.run(&[&["validate", path.to_str().unwrap(), "--output", "json", "--dialect", "openconfig"], more].concat())
}

/// What the schema level found: code, line, data path, severity.
fn schema(finished: &Finished) -> Vec<(String, Value, String, String)> {
    let told = finished.json();
    let findings = told["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all =
        findings.map(|one| (text(&one["code"]), one["line"].clone(), text(&one["field"]), text(&one["severity"])));
    all.filter(|(code, ..)| code.starts_with("schema") || code == "syntax").collect()
}

/// A port of a candidate; each part may be another.
#[derive(Clone)]
struct Port {
    name: &'static str,
    mtu: &'static str,
    mode: &'static str,
    vlan: &'static str,
    more: &'static str,
}

const GOOD: Port = Port {
    name: "<name>Ethernet1</name>",
    mtu: "9000",
    mode: "ACCESS",
    vlan: "<access-vlan>110</access-vlan>",
    more: "",
};

fn xml(port: &Port) -> String {
    let Port { name, mtu, mode, vlan, more } = port;
    format!(
        "<config xmlns=\"{BASE}\" xmlns:nc=\"{BASE}\">\n<interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\n\
         <interface>\n{name}\n<config>\n<name>Ethernet1</name>\n\
         <type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">i:ethernetCsmacd</type>\n<mtu>{mtu}</mtu>\n{more}\n</config>\n\
         <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\n\
         <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\">\n<config>\n<interface-mode>{mode}</interface-mode>\n\
         {vlan}\n</config>\n</switched-vlan>\n</ethernet>\n</interface>\n</interfaces>\n</config>\n"
    )
}

fn data(mtu: &Value) -> Value {
    json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "Ethernet1", "config": {
        "name": "Ethernet1", "type": "iana-if-type:ethernetCsmacd", "mtu": mtu}}]}})
}

#[test]
fn what_is_in_order_is_found_to_be() {
    let setup = Setup::new();
    let edit = format!(
        "<edit-config xmlns=\"{BASE}\">\n<target><candidate/></target>\n<default-operation>merge</default-operation>\n{}</edit-config>",
        xml(&GOOD).replace("<interface>", "<interface nc:operation=\"merge\">")
    );
    let restconf = json!({"ietf-restconf:data": data(&json!(1500))}).to_string();
    for (file, text) in
        [("a.xml", xml(&GOOD)), ("a.xml", edit), ("a.json", data(&json!(1500)).to_string()), ("a.json", restconf)]
    {
        let finished = validate(&setup, file, &text, &[]);
        assert_eq!(finished.code(), 0, "{text}: {} {}", finished.stdout, finished.stderr);
        let checked = finished.json()["checked"].to_string();
        assert!(schema(&finished).is_empty() && checked.contains("\"schema\""), "{text}: {}", finished.stdout);
    }
}

/// Every kind of mistake, with its code, its line and what is said of it.
#[test]
fn each_mistake_has_its_code_its_line_and_its_path() {
    let setup = Setup::new();
    let port = |edit: &dyn Fn(&mut Port)| {
        let mut port = GOOD;
        edit(&mut port);
        xml(&port)
    };
    let leaf = "/openconfig-interfaces:interfaces/interface[name='Ethernet1']/config/mtu";
    for (text, code, place, path, message) in [
        (
            port(&|port| port.mtu = "70000"),
            "schema-value",
            (8, 6),
            leaf,
            "Value \"70000\" is out of type uint16 min/max",
        ),
        (port(&|port| port.mtu = "many"), "schema-value", (8, 6), leaf, "Invalid type uint16 value \"many\""),
        (
            port(&|port| port.mode = "TUNNEL"),
            "schema-value",
            (14, 17),
            "interface-mode",
            "Invalid enumeration value \"TUNNEL\"",
        ),
        (
            port(&|port| port.vlan = "<access-vlan>5000</access-vlan>"),
            "schema-value",
            (15, 14),
            "access-vlan",
            "value \"5000\" is out of the allowed range",
        ),
        (
            port(&|port| port.more = "<colour>red</colour>"),
            "schema-unknown-node",
            (9, 2),
            "config",
            "Node \"colour\" not found",
        ),
        (port(&|port| port.name = ""), "schema-missing-key", (3, 2), "interface", "missing its key"),
        (
            port(&|port| port.more = "<mtu>1500</mtu>"),
            "schema-duplicate",
            (9, 6),
            "mtu",
            "mtu has 2 values, 9000 and 1500; a leaf has one",
        ),
        (
            port(&|port| port.vlan = "<native-vlan>5</native-vlan>"),
            "schema-when",
            (15, 2),
            "native-vlan",
            "When condition",
        ),
        (
            port(&|_| ()).replace("yang/vlan", "yang/wlan"),
            "schema-namespace",
            (12, 23),
            "ethernet",
            "No module with namespace \"http://openconfig.net/yang/wlan\"",
        ),
        (
            port(&|_| ()).replace(" xmlns=\"http://openconfig.net/yang/interfaces\"", ""),
            "schema-namespace",
            (2, 2),
            "",
            "\"interfaces\" is in no module's namespace",
        ),
        (
            port(&|_| ()).replace("<interface>", "<interface operation=\"delete\">"),
            "schema-operation",
            (3, 12),
            "",
            "operation without NETCONF's namespace",
        ),
        (
            port(&|port| port.name = "<name>Ethernet2</name>"),
            "schema-reference",
            (6, 7),
            "name",
            "/interfaces/interface[Ethernet2]/config/name is Ethernet1",
        ),
    ] {
        let finished = validate(&setup, "a.xml", &text, &["--whole"]);
        let found = schema(&finished);
        assert_eq!(finished.code(), 1, "{code}: {}", finished.stdout);
        let (own, at, field, _) = &found[0];
        let told =
            finished.json()["findings"].as_array().unwrap().iter().find(|one| one["code"] == code).cloned().unwrap();
        let column = told["column"].as_u64().unwrap_or_default();
        assert_eq!((own.as_str(), at, column), (code, &json!(place.0), place.1), "{found:?}\n{told}\n{text}");
        assert!(field.contains(path), "{path}: {found:?}");
        assert!(told["message"].as_str().unwrap().contains(message), "{message}: {told}");
    }
}

/// Under what is wrong, and nothing else of its line, however long that is.
#[test]
fn the_value_that_is_wrong_is_pointed_at() {
    let setup = Setup::new();
    let text = xml(&GOOD).replace('\n', "").replace("9000", "70000");
    let path = setup.write("a.xml", &text);
    let finished = setup.run(&["validate", path.to_str().unwrap(), "--dialect", "openconfig"]);
    // What else is said of it, as that the dialect has no word for the value, is about the port.
    let told = finished.stdout.split("help:").next().unwrap();
    let carets: Vec<&str> = told.lines().filter(|line| line.contains('^')).collect();
    assert!(carets.len() == 1 && carets[0].matches('^').count() == "70000".len(), "{}", finished.stdout);
    let at = carets[0].chars().position(|c| c == '^').unwrap();
    let pointed = |line: &str| line.chars().skip(at).take(5).collect::<String>() == "70000";
    assert!(told.lines().any(pointed), "{told}");
    // The place is the file's, not that of what is shown.
    let place = format!("a.xml:1:{}\n", text.find("70000").unwrap() + 1);
    assert!(told.contains(&place), "{place}: {told}");
}

#[test]
fn an_entry_without_its_key_is_pointed_at_in_one_line_of_a_mebibyte() {
    let text = xml(&GOOD).replace('\n', "");
    let port = &text[text.find("<interface>").unwrap()..text.find("</interfaces>").unwrap()];
    let all: String = (0..2600).map(|number| port.replace("Ethernet1<", &format!("Ethernet{number}<"))).collect();
    let text = text.replace(port, &format!("{all}{}", port.replacen("<name>Ethernet1</name>", "", 1)));
    assert!(text.len() > 1 << 20, "{}", text.len());
    let told = validate(&Setup::new(), "a.xml", &text, &[]).json()["findings"][0].clone();
    let column = text.rfind("<interface>").unwrap() + 2;
    assert_eq!(
        (&told["code"], &told["line"], &told["column"]),
        (&json!("schema-missing-key"), &json!(1), &json!(column))
    );
}

#[test]
fn numbers_and_modules_of_json_are_as_rfc_7951_has_them() {
    let setup = Setup::new();
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    let bare = pretty(&data(&json!(1500))).replace("openconfig-interfaces:", "");
    let other = pretty(&data(&json!(1500))).replace("iana-if-type:", "iana-if-tape:");
    let twice = pretty(&data(&json!(1500))).replace("\"mtu\": 1500", "\"mtu\": 1500,\n\"mtu\": 1501");
    let stranger = pretty(&data(&json!(1500))).replace("\"mtu\"", "\"openconfig-vlan:mtu\"");
    let misspelt = pretty(&data(&json!(1500))).replace("openconfig-interfaces:", "openconfig-interface:");
    let nobodys = pretty(&data(&json!(1500))).replace("\"mtu\"", "\"openconfig-wlan:mtu\"");
    for (text, code, message) in [
        (pretty(&data(&json!("1500"))), "schema-value", "Invalid non-number-encoded uint16 value \"1500\""),
        (pretty(&data(&json!(70000))), "schema-value", "Value \"70000\" is out of type uint16 min/max"),
        (bare, "schema-namespace", "\"interfaces\" must be namespace-qualified"),
        (stranger, "schema-unknown-node", "Node \"mtu\" not found"),
        (misspelt, "schema-namespace", "No module named \"openconfig-interface\""),
        (nobodys, "schema-namespace", "No module named \"openconfig-wlan\""),
        (other, "schema-value", "Invalid identityref \"iana-if-tape:ethernetCsmacd\""),
        (twice, "syntax", "mtu is there twice"),
    ] {
        let finished = validate(&setup, "a.json", &text, &[]);
        let found = schema(&finished);
        assert_eq!(found.first().map(|one| one.0.as_str()), Some(code), "{text}: {}", finished.stdout);
        assert!(found[0].1.is_number(), "{found:?}");
        let told = finished.json()["findings"].clone();
        assert!(told[0]["message"].as_str().unwrap().contains(message), "{told}");
        // Nothing of it is told once more as what is not read.
        assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    }
}

/// The kinds of mistake that Mercury's own subset has no place for, with their messages.
#[test]
fn a_must_a_second_entry_and_what_is_no_text_are_told() {
    let setup = Setup::new();
    let folder = setup.path().join("modules");
    std::fs::create_dir(&folder).unwrap();
    let module = "module m { namespace \"urn:m\"; prefix m; container top { \
                  leaf low { type uint8; } \
                  leaf odd { type string { pattern \"a+\" { error-message \"not of a\"; } } } leaf high { type uint8; must \"not(../low) or . >= ../low\" { \
                  error-message \"high is below low\"; } } \
                  list port { key name; leaf name { type string; } } leaf uplink { type leafref { path \"../port/name\"; } } \
                  leaf octets { type uint64; } } }";
    std::fs::write(folder.join("m.yang"), module).unwrap();
    let top = |inside: &str| format!("<config xmlns=\"{BASE}\">\n<top xmlns=\"urn:m\">\n{inside}\n</top>\n</config>");
    for (inside, code, message) in [
        ("<low>5</low>\n<high>4</high>", "schema-must", "high is below low"),
        ("<port><name>a</name></port>\n<port><name>a</name></port>", "schema-duplicate", "port"),
        ("<low>300</low>", "schema-value", "300"),
        ("<odd>b</odd>", "schema-value", "not of a"),
        ("<uplink>b</uplink>", "schema-reference", "\"b\" - no target instance \"../port/name\""),
    ] {
        let more = ["--yang-dir", folder.to_str().unwrap(), "--whole"];
        let finished = validate(&setup, "a.xml", &top(inside), &more);
        let told = finished.json()["findings"].clone();
        let one = told.as_array().unwrap().iter().find(|one| one["code"] == code);
        assert!(one.is_some_and(|one| one["message"].as_str().unwrap().contains(message)), "{inside}: {told}");
        assert_eq!(finished.code(), 1, "{told}");
    }
    // A number that JSON's own cannot hold is a text there (RFC 7951 section 6.1).
    for (octets, code, message) in [("5", 1, "Invalid non-num64-encoded uint64 value"), ("\"5\"", 0, "")] {
        let text = format!("{{\"m:top\": {{\"octets\": {octets}}}}}");
        let finished = validate(&setup, "a.json", &text, &["--yang-dir", folder.to_str().unwrap(), "--schema-only"]);
        assert_eq!(finished.code(), code, "{}", finished.stdout);
        assert!(finished.stdout.contains(message), "{}", finished.stdout);
    }
    let path = setup.path().join("latin1.xml");
    std::fs::write(&path, b"<config><a>\xe9</a></config>").unwrap();
    let finished = setup.run(&["validate", path.to_str().unwrap(), "--output", "json", "--dialect", "openconfig"]);
    let told = finished.json()["findings"][0].clone();
    assert!(finished.code() == 1 && told["code"] == "unreadable", "{told}");
    assert!(told["message"].as_str().unwrap().contains("UTF-8"), "{told}");
}

/// By the modules' own names, whatever a path leaves out.
#[test]
fn what_a_set_request_brings_is_checked() {
    let setup = Setup::new();
    let request = |path: &str, value: Value| json!({"updates": [{"path": path, "value": value}]}).to_string();
    let vlan = "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=110]";
    let port = "/interfaces/interface[name=Ethernet1]";
    let vlans = "/ethernet/switched-vlan/config/access-vlan";
    for (text, code, message) in [
        (request(vlan, json!({"config": {"vlan-id": 110, "name": "tenant"}})), None, ""),
        (request(&format!("{port}/config/mtu"), json!(1500)), None, ""),
        (request(&format!("{port}{vlans}"), json!(110)), None, ""),
        (request(vlan, json!({"config": {"vlan-id": 5000}})), Some("schema-value"), "5000"),
        (request(&format!("{port}/config/mtu"), json!("1500")), Some("schema-value"), "1500"),
        (request(&format!("{port}{vlans}"), json!(5000)), Some("schema-value"), "5000"),
        (request(&format!("{port}/config/colour"), json!("red")), Some("schema-unknown-node"), "colour"),
        (request(port, json!({"config": {"colour": "red"}})), Some("schema-unknown-node"), "colour"),
        (request("/interface[name=Ethernet1]", json!({})), Some("schema-unknown-node"), "interface"),
    ] {
        let finished = validate(&setup, "a.json", &text, &[]);
        let found = schema(&finished);
        let errors: Vec<&str> = found.iter().filter(|one| one.3 == "error").map(|one| one.0.as_str()).collect();
        assert_eq!(errors, Vec::from_iter(code), "{text}: {}", finished.stdout);
        assert!(
            found.iter().all(|one| one.1 == 1 && (one.2.contains("[name=") || code != Some("schema-value"))),
            "{found:?}"
        );
        assert!(code.is_none() || finished.stdout.contains(message), "{text}: {}", finished.stdout);
    }
}

/// What was found is in the message, what was expected in the help.
#[test]
fn what_was_expected_is_told() {
    let setup = Setup::new();
    let port = |edit: &dyn Fn(&mut Port)| {
        let mut port = GOOD;
        edit(&mut port);
        xml(&port)
    };
    for (text, message, help) in [
        (port(&|port| port.mtu = "70000"), "70000", "expected uint16 from 0..65535"),
        (port(&|port| port.mode = "TUNNEL"), "TUNNEL", "expected enum one of ACCESS, TRUNK"),
        (port(&|port| port.more = "<descriptoin>x</descriptoin>"), "descriptoin", "did you mean description?"),
        (port(&|port| port.more = "<colour>red</colour>"), "colour", "expected: name, "),
    ] {
        let told = validate(&setup, "a.xml", &text, &[]).json()["findings"][0].clone();
        assert!(told["message"].as_str().unwrap().contains(message), "{told}");
        assert!(told["help"].as_str().is_some_and(|own| own.contains(help)), "{told}");
    }
}

/// What an edit refers to may be on the switch; what it takes away needs no more than
/// its key.
#[test]
fn a_part_is_no_whole_configuration() {
    let setup = Setup::new();
    let mut member = GOOD;
    member.name = "<name>Ethernet2</name>";
    let edit =
        |config: &str| format!("<edit-config xmlns=\"{BASE}\"><target><candidate/></target>\n{config}</edit-config>");
    let finished = validate(&setup, "a.xml", &edit(&xml(&member)), &[]);
    let found = schema(&finished);
    // That an entry is called otherwise in itself is wrong wherever it goes, and is told once.
    assert_eq!((found[0].0.as_str(), found[0].3.as_str()), ("schema-reference", "error"));
    assert!(finished.code() == 1 && !finished.stdout.contains("reading-key"), "{}", finished.stdout);
    let gone = xml(&GOOD).replace("<mtu>9000</mtu>", "<mtu nc:operation=\"remove\"/>");
    let finished = validate(&setup, "a.xml", &edit(&gone), &[]);
    assert!(schema(&finished).is_empty(), "{}", finished.stdout);
}

#[test]
fn what_would_hurt_the_reader_is_refused() {
    let setup = Setup::new();
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><config>&b;</config>";
    let deep = format!("<config>{}{}</config>", "<a>".repeat(5000), "</a>".repeat(5000));
    let nul = xml(&GOOD).replace("Ethernet1</name>\n<type", "Ether\0net1</name>\n<type");
    for (text, message) in [(bomb, "declares a DOCTYPE"), (&deep, "more than 64 levels"), (&nul, "a NUL in it")] {
        let finished = validate(&setup, "a.xml", text, &[]);
        assert_eq!((finished.code(), schema(&finished)[0].0.as_str()), (1, "syntax"), "{}", finished.stdout);
        let told = finished.json()["findings"].to_string();
        assert!(told.contains(message), "{message}: {told}");
    }
    let path = setup.path().join("big.xml");
    for octets in [100_000_000, 1 << 30] {
        std::fs::File::create(&path).unwrap().set_len(octets).unwrap();
        let finished = setup.run(&["validate", path.to_str().unwrap(), "--output", "json"]);
        let told = finished.json()["findings"][0].clone();
        assert!(finished.code() == 1 && told["message"].to_string().contains("longer than 16 MiB"), "{told}");
        assert!(told["help"].as_str().is_some_and(|help| help.contains("--max-size")), "{told}");
    }
    let padded = format!("{}<!--{}-->", xml(&GOOD), " ".repeat(1 << 20));
    assert_eq!(validate(&setup, "a.xml", &padded, &[]).code(), 0);
    let finished = validate(&setup, "a.xml", &padded, &["--max-size", "1"]);
    assert!(finished.code() == 1 && finished.stdout.contains("longer than 1 MiB"), "{}", finished.stdout);
}

/// No dialect reads it and no rule is asked, and what cannot be checked so is an error.
#[test]
fn yang_alone_is_asked() {
    let setup = Setup::new();
    let levels = |finished: &Finished| -> Vec<String> {
        let told = finished.json();
        let checked = told["checked"].as_array().unwrap().iter();
        checked.map(|one| one["level"].as_str().unwrap().to_owned()).collect()
    };
    for (file, text, more, code, expected) in [
        ("a.xml", xml(&GOOD), "", 0, None),
        ("a.xml", xml(&GOOD).replace("9000", "70000"), "", 1, Some("schema-value")),
        ("a.json", data(&json!(1500)).to_string(), "", 0, None),
        ("a.json", data(&json!(70000)).to_string(), "", 1, Some("schema-value")),
        ("a.json", format!("{}1{}", "[".repeat(5000), "]".repeat(5000)), "--as=json", 1, Some("syntax")),
        ("a.xml", format!("<config>{}{}</config>", "<a>".repeat(5000), "</a>".repeat(5000)), "", 1, Some("syntax")),
        ("a.xml", "<!DOCTYPE a [<!ENTITY a \"a\">]><config>&a;</config>".to_owned(), "", 1, Some("syntax")),
        ("a.xml", xml(&GOOD).replace("</config>\n</switched-vlan>", "</switched-vlan>"), "", 1, Some("syntax")),
        ("a.xml", xml(&GOOD).replace("</interfaces>\n</config>", "</interfaces>"), "", 1, Some("syntax")),
        ("a.xml", "<config>interface Ethernet1</config>".to_owned(), "", 1, Some("reading-nothing")),
        ("a.json", "{\"ietf-restconf:data\": { }}".to_owned(), "", 1, Some("reading-nothing")),
        ("a.json", "{\"update\": []}".to_owned(), "--as=set-request", 1, Some("reading-nothing")),
        ("a.cfg", "interface Ethernet1\n mtu 9000\n".to_owned(), "--as=lines", 1, Some("candidate-kind")),
        ("a.xml", xml(&GOOD), "--dialect=juniper_junos", 1, Some("schema-modules")),
    ] {
        let path = setup.write(file, &text);
        let own = if more.starts_with("--dialect") { "--whole" } else { "--dialect=openconfig" };
        let words = ["validate", path.to_str().unwrap(), "--output=json", "--schema-only", own];
        let finished = setup.run(&[&words[..], &[more][..usize::from(!more.is_empty())]].concat());
        let told = finished.json()["findings"].clone();
        assert_eq!((finished.code(), told[0]["code"].as_str()), (code, expected), "{text}: {told}");
        if expected.is_none_or(|code| code == "schema-value") {
            assert_eq!(levels(&finished), ["schema"], "{text}");
        }
    }
}

#[test]
fn modules_that_cannot_be_loaded_are_told() {
    let setup = Setup::new();
    setup.write(
        "a.yang",
        "module a { namespace \"urn:a\"; prefix a; import missing { prefix m; } leaf x { type string; } }",
    );
    let folder = setup.path().to_str().unwrap();
    let finished = validate(&setup, "a.xml", &xml(&GOOD), &["--yang-dir", folder]);
    let found = schema(&finished);
    assert_eq!((finished.code(), found[0].0.as_str()), (1, "schema-modules"), "{}", finished.stdout);
    assert!(finished.stdout.contains("missing"), "{}", finished.stdout);
    // Vendors do so: the way round is to load the set without it.
    let folder = setup.path().join("deviating");
    std::fs::create_dir(&folder).unwrap();
    let module = "module m { namespace \"urn:m\"; prefix m; container top { leaf a { type string; } \
                  leaf b { type leafref { path \"../a\"; } } } }";
    let deviating = "module d { namespace \"urn:d\"; prefix d; import m { prefix m; } \
                     deviation \"/m:top/m:a\" { deviate not-supported; } }";
    std::fs::write(folder.join("m.yang"), module).unwrap();
    std::fs::write(folder.join("d.yang"), deviating).unwrap();
    let (more, top) = (["--yang-dir", folder.to_str().unwrap()], "<top xmlns=\"urn:m\"><b>x</b></top>");
    let told = validate(&setup, "b.xml", top, &more).json()["findings"][0].clone();
    assert!(told["code"] == "schema-modules" && told["message"].as_str().unwrap().contains("leafref \"b\""), "{told}");
    assert!(told["help"].as_str().unwrap().contains("out of load.json"), "{told}");
    std::fs::write(folder.join("load.json"), "{\"load\": [\"m\"]}").unwrap();
    let whole = [&more[..], &["--whole"]].concat();
    assert_eq!(schema(&validate(&setup, "b.xml", top, &whole))[0].0, "schema-reference");
    let finished = validate(&setup, "a.xml", &xml(&GOOD), &["--yang-dir", "/nowhere"]);
    assert_eq!(schema(&finished)[0].0, "schema-modules");
}

/// The sets that vendors publish load whole, and what Mercury itself sends is valid by them.
#[test]
fn the_published_modules_load_whole() {
    let Some(published) = std::env::var_os("MERCURY_PUBLISHED_MODULES") else { return };
    let setup = Setup::new();
    for (vendor, dialect) in [
        ("openconfig", "openconfig"),
        ("arista", "arista_eos"),
        ("juniper", "juniper_junos"),
        ("nokia", "nokia_srl"),
        ("sonic", "sonic"),
    ] {
        let folder = std::path::Path::new(&published).join(vendor);
        let path = setup.write("a.xml", &xml(&GOOD));
        let words = ["validate", path.to_str().unwrap(), "--output", "json", "--dialect", dialect, "--yang-dir"];
        let finished = setup.run(&[&words[..], &[folder.to_str().unwrap()]].concat());
        let found = schema(&finished);
        let failed = found.iter().find(|one| one.0 == "schema-modules");
        assert!(failed.is_none(), "{vendor}: {}", finished.stdout);
        // Junos and SR Linux have models of their own, and SONiC's deviations have no type.
        let expected = match vendor {
            "juniper" | "nokia" => Some("schema-namespace"),
            "sonic" => Some("schema-unknown-node"),
            _ => None,
        };
        assert_eq!(found.first().map(|one| one.0.as_str()), expected, "{vendor}: {found:?}");
    }
}

/// libyang 5 takes it by the published modules; where the modules do not refuse it the reader does.
#[test]
fn a_vlan_range_that_libyang_takes_and_no_switch_does_is_refused_once() {
    let setup = Setup::new();
    let mut port = GOOD;
    port.mode = "TRUNK";
    port.vlan = "<trunk-vlans>20..5000</trunk-vlans>";
    let finished = validate(&setup, "a.xml", &xml(&port), &[]);
    let told = finished.json()["findings"].clone();
    let [only] = told.as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!((&only["code"], &only["severity"]), (&json!("schema-value"), &json!("error")), "{told}");
    let Some(published) = std::env::var_os("MERCURY_PUBLISHED_MODULES") else { return };
    let folder = std::path::Path::new(&published).join("openconfig");
    let finished = validate(&setup, "a.xml", &xml(&port), &["--yang-dir", folder.to_str().unwrap()]);
    let told = finished.json()["findings"].clone();
    let errors: Vec<_> = told.as_array().unwrap().iter().filter(|one| one["severity"] == "error").collect();
    assert_eq!((errors.len(), &errors[0]["line"], finished.code()), (1, &only["line"], 1), "{told}");
    assert!(told.to_string().contains("20..5000"), "{told}");
}
