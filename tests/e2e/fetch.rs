//! The modules of a switch, fetched from it, and candidates checked by them.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Datastores, Face, Finished, Peer, Setup, Simulated, Switch};

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

fn port(config: &str) -> String {
    format!(
        "<config xmlns=\"{BASE}\"><interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface>\
         <name>Ethernet1</name><config><name>Ethernet1</name>\
         <type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">i:ethernetCsmacd</type>{config}</config></interface></interfaces></config>"
    )
}

fn validate(setup: &Setup, text: &str) -> Finished {
    let file = setup.write("leaf1.xml", text);
    let modules = setup.path().join("modules");
    setup.run(&["validate", file.to_str().unwrap(), "--yang-dir", modules.to_str().unwrap(), "--output", "json"])
}

fn codes(finished: &Finished) -> Vec<Value> {
    let told = finished.json();
    told["findings"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect()
}

#[test]
fn netconfds_modules_are_fetched_once_and_candidates_are_checked_by_them() {
    let Some(Switch::Real(switch)) = Peer::Netconfd(Datastores::Candidate).own() else { return };
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let modules = setup.path().join("modules");
    let fetch = || setup.run(&["yang", "fetch", "leaf1", "--into", modules.to_str().unwrap(), "--output", "json"]);
    let first = fetch();
    assert_eq!(first.code(), 0, "{} {}", first.stdout, first.stderr);
    let told = first.json();
    let written = told["written"].as_u64().unwrap();
    assert!(written > 20 && told["missing"] == json!([]) && told["cached"] == json!(0), "{told}");
    assert!(
        fs::read_dir(&modules)
            .unwrap()
            .any(|one| { one.unwrap().file_name().to_string_lossy().starts_with("ietf-netconf-monitoring@") })
    );
    let again = fetch().json();
    let (kept, fresh) = (again["cached"].as_u64().unwrap(), again["written"].as_u64().unwrap());
    assert!(kept > 20 && kept + fresh == written, "{again}");
    let good = validate(&setup, &port("<mtu>9000</mtu>"));
    assert_eq!((good.code(), codes(&good)), (0, Vec::new()), "{} {}", good.stdout, good.stderr);
    assert!(good.json()["checked"].to_string().contains("\"schema\""), "{}", good.stdout);
    for (wrong, code) in [("<mtu>70000</mtu>", "schema-value"), ("<colour>red</colour>", "schema-unknown-node")] {
        let found = validate(&setup, &port(wrong));
        assert!(found.code() == 1 && codes(&found).contains(&code.into()), "{wrong}: {}", found.stdout);
    }
}

#[test]
fn what_a_gnmi_target_lists_is_told_and_not_fetched() {
    let switch = Simulated::gnmi(Face::Plain);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let into = setup.path().join("modules");
    let finished = setup.run(&["yang", "fetch", "leaf1", "--into", into.to_str().unwrap(), "--output", "json"]);
    let told = finished.json();
    assert_eq!(finished.code(), 1, "{told}");
    assert_eq!(told["told_by"], json!(["Capabilities"]));
    assert!(told["modules"].to_string().contains("openconfig-interfaces"), "{told}");
    assert!(told["not_fetchable"].as_str().unwrap().contains("no text") && told["written"].is_null(), "{told}");
    assert!(!into.exists());
}

/// Features and deviations are the switch's, in the library's newer form and its older.
#[test]
fn a_library_says_what_is_loaded_and_how() {
    let setup = Setup::new();
    let modules = setup.path().join("modules");
    fs::create_dir(&modules).unwrap();
    let header = |name: &str| format!("module {name} {{ yang-version 1.1; namespace \"urn:{name}\"; prefix {name};");
    let own = format!(
        "{} revision 2024-01-01; feature fast; feature wide; container top {{ leaf a {{ type uint8; }} \
         leaf b {{ if-feature fast; type string; }} leaf c {{ if-feature wide; type string; }} }} }}",
        header("a")
    );
    let deviations = format!(
        "{} import a {{ prefix o; }} deviation /o:top/o:a {{ deviate add {{ units octets; }} deviate replace {{ type uint8 {{ range 0..9; }} }} }} }}",
        header("d")
    );
    let other = format!("{} container other; }}", header("imported"));
    // A newer revision that the switch does not have lies beside it.
    let newer = own.replace("2024-01-01", "2025-01-01").replace("leaf a {", "leaf z {");
    for (name, text) in [("a@2024-01-01", &own), ("a@2025-01-01", &newer), ("d", &deviations), ("imported", &other)] {
        fs::write(modules.join(format!("{name}.yang")), text).unwrap();
    }
    let a = json!({"name": "a", "revision": "2024-01-01", "feature": ["fast"], "deviation": ["d"]});
    let newer = json!({"ietf-yang-library:yang-library": {"module-set": [
        {"name": "leaf1", "module": [a], "import-only-module": [{"name": "imported"}]}]}});
    let mut a = a;
    a["deviation"] = json!([{"name": "d", "revision": ""}]);
    a["conformance-type"] = json!("implement");
    let older = json!({"ietf-yang-library:modules-state": {"module-set-id": "1", "module": [
        a, {"name": "imported", "revision": "", "conformance-type": "import"}]}});
    for library in [newer, older] {
        fs::write(modules.join("yang-library.json"), library.to_string()).unwrap();
        for (data, expected) in [
            (json!({"a:top": {"a": 5, "b": "x"}}), None),
            (json!({"a:top": {"c": "x"}}), Some("schema-unknown-node")),
            (json!({"a:top": {"a": 10}}), Some("schema-value")),
            (json!({"a:top": {"z": 5}}), Some("schema-unknown-node")),
            (json!({"imported:other": {}}), Some("schema-namespace")),
        ] {
            let file = setup.write("a.json", &data.to_string());
            let modules = modules.to_str().unwrap();
            let finished = setup.run(&[
                "validate",
                file.to_str().unwrap(),
                "--dialect",
                "openconfig",
                "--yang-dir",
                modules,
                "--output",
                "json",
            ]);
            let found = codes(&finished);
            let schema = found.iter().find(|code| code.to_string().contains("schema"));
            assert_eq!(schema.and_then(Value::as_str), expected, "{data}: {}", finished.stdout);
        }
    }
}
