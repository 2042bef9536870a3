//! Requests that are printed and not sent.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_sim::Mode;
use serde_json::Value;

use crate::harness::{Setup, Simulated};

fn printed(setup: &Setup, words: &[&str]) -> String {
    let finished = setup.run(&[&["render"], words].concat());
    assert_eq!(finished.code(), 0, "{words:?}: {} {}", finished.stdout, finished.stderr);
    finished.stdout
}

#[test]
fn every_dialect_has_its_request_without_a_switch() {
    let setup = Setup::new();
    let names: toml::Table = include_str!("../cases/names.toml").parse().unwrap();
    for dialect in mercury_adapter::builtin().unwrap() {
        let own = names.get(&dialect.name).and_then(|names| names["Ethernet1/1"].as_str());
        let port = own.unwrap_or("Ethernet1/1");
        let words = ["leaf1", port, "--access", "110", "--dialect", &dialect.name];
        for protocol in dialect.protocols() {
            let words = [&words[..], &["--protocol", protocol]].concat();
            let text = printed(&setup, &words);
            if protocol == "netconf" {
                assert!(text.starts_with("<edit-config") && text.contains("<candidate/>"), "{text}");
                assert!(text.contains("rollback-on-error") && text.contains("110"), "{text}");
                let running = printed(&setup, &[&words[..], &["--datastore", "running"]].concat());
                assert!(running.contains("<running/>"), "{running}");
                assert_eq!(setup.run(&[&["render"], &words[..], &["--as", "json"]].concat()).code(), 2);
                continue;
            }
            if protocol == "cli" {
                assert!(text.contains(port) && text.contains("110"), "{}: {text}", dialect.name);
                assert_eq!(setup.run(&[&["render"], &words[..], &["--as", "xml"]].concat()).code(), 2);
                continue;
            }
            let request: Value = serde_json::from_str(&text).unwrap();
            if protocol == "ovsdb" {
                assert_eq!((&request[0], &request[1]["row"]["tag"]), (&Value::from("Open_vSwitch"), &Value::from(110)));
                continue;
            }
            if ["restconf", "nvue"].contains(&protocol) {
                assert_eq!(request[0]["method"], "PATCH", "{}: {text}", dialect.name);
                assert!(text.contains("110"), "{}: {text}", dialect.name);
                continue;
            }
            let sets = ["replace", "update"].into_iter().flat_map(|name| request[name].as_array()).flatten();
            let values: Vec<String> = sets
                .map(|set| match set["val"].as_object().unwrap().values().next().unwrap() {
                    Value::String(octets) => {
                        STANDARD.decode(octets).map_or(octets.clone(), |json| String::from_utf8(json).unwrap())
                    }
                    scalar => scalar.to_string(),
                })
                .collect();
            assert!(values.concat().contains("110"), "{}: {values:?}", dialect.name);
            let text = printed(&setup, &[&words[..], &["--as", "textproto"]].concat());
            assert!(text.contains("elem: {") && text.contains("110"), "{text}");
            assert_eq!(setup.run(&[&["render"], &words[..], &["--as", "xml"]].concat()).code(), 2);
        }
    }
}

#[test]
fn what_is_printed_holds_what_the_plan_shows() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let words = ["leaf1", "Ethernet1", "--trunk", "101,102", "--native", "100"];
    let planned = setup.run(&[&["plan", "--output", "json"], &words[..]].concat()).json();
    let payload = planned["switches"][0]["payload"].as_str().unwrap().to_owned();
    let sessions = switch.handle().counters().sessions;
    let unasked = printed(&setup, &words);
    assert_eq!(switch.handle().counters().sessions, sessions, "nobody is asked unless that is said");
    let text = printed(&setup, &[&words[..], &["--ask"]].concat());
    assert!(switch.handle().counters().sessions > sessions);
    assert!(unasked.contains("<trunk-vlans>101..102<"), "{unasked}");
    let leaves =
        |text: &str| text.lines().map(str::trim).filter(|line| line.contains("</")).collect::<Vec<_>>().join("\n");
    assert!(
        leaves(&text).contains(leaves(payload.split_once('>').unwrap().1).trim_end_matches("</config>").trim()),
        "{text}"
    );
    assert_eq!(switch.handle().counters().edits, 0);
}

#[test]
fn what_cannot_be_is_refused() {
    let setup = Setup::new();
    for words in [
        ["render", "leaf1", "Ethernet1", "--access", "110", "--dialect", "nowhere"],
        ["render", "leaf1", "Ethernet1", "--access", "110", "--dialect", "nokia_srl"],
    ] {
        assert_eq!(setup.run(&words).code(), 2, "{words:?}");
    }
}
