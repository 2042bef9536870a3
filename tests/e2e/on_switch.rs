//! Candidates that a switch itself is asked about: staged, validated, discarded.

use mercury_sim::Mode;
use serde_json::Value;

use crate::harness::{Datastores, Entry, Face, Finished, Peer, Setup, Simulated, Switch};

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

fn describe(port: &str, text: &str) -> String {
    format!(
        "<config xmlns=\"{BASE}\"><interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>{port}</name>\
         <config><name>{port}</name><description>{text}</description></config></interface></interfaces></config>"
    )
}

fn on(setup: &Setup, text: &str) -> Finished {
    let file = setup.write("candidate.xml", text);
    setup.run(&["validate", file.to_str().unwrap(), "--on", "leaf1", "--output", "json"])
}

/// What the level of the switch came to: the codes, and what is told.
fn level(finished: &Finished) -> (Vec<Value>, String) {
    let told = finished.json();
    let findings = told["findings"].as_array().unwrap().iter();
    let codes = findings.map(|one| one["code"].clone()).filter(|code| code.to_string().contains("switch-"));
    let checked = told["checked"].as_array().unwrap().iter().find(|one| one["level"] == "switch").cloned();
    (codes.collect(), checked.unwrap_or_default()["told"].to_string())
}

#[test]
fn netconfd_validates_a_candidate_and_another_client_sees_nothing_of_it() {
    let Some(Switch::Real(switch)) = Peer::Netconfd(Datastores::Candidate).own() else { return };
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let look = || ["running", "candidate"].map(|store| switch.look_at(store));
    let before = look();
    let finished = on(&setup, &describe("Ethernet1", "staged by nobody"));
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    let (codes, told) = level(&finished);
    assert!(codes.is_empty() && told.contains("description none -> \\\"staged by nobody\\\""), "{told}");
    assert!(told.contains("discarded; running and candidate were read back as before"), "{told}");
    assert!(look() == before, "another client sees a change");
    // What the switch refuses is told in its own words, and is not left there.
    let wrong = describe("Ethernet1", "x").replace("<description>x</description>", "<mtu>70000</mtu>");
    let finished = on(&setup, &wrong);
    assert_eq!(finished.code(), 1);
    let (codes, _) = level(&finished);
    assert_eq!(codes, ["switch-refused"], "{}", finished.stdout);
    assert!(look() == before, "another client sees a change");
    let locks = switch.locks();
    assert!(locks.as_object().is_none_or(|locks| locks.values().all(Value::is_null)), "a lock is left: {locks}");
    // Who has the lock is not disturbed.
    let held = switch.hold_lock();
    let finished = on(&setup, &describe("Ethernet1", "staged by nobody"));
    assert_eq!((finished.code(), level(&finished).0), (1, vec!["switch-unasked".into()]), "{}", finished.stdout);
    drop(held);
}

/// One that has words of its own for how its candidate differs is asked for them.
#[test]
fn several_candidates_are_asked_about_and_none_is_committed() {
    let switch = Simulated::start(Mode::CandidateJunos);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    for (name, text) in [("a.xml", "one"), ("b.xml", "two")] {
        setup.write(name, &describe("Ethernet1", text));
    }
    let folder = setup.path().join("candidates");
    std::fs::create_dir(&folder).unwrap();
    for name in ["a.xml", "b.xml"] {
        std::fs::rename(setup.path().join(name), folder.join(name)).unwrap();
    }
    let finished = setup.run(&["validate", folder.to_str().unwrap(), "--on", "leaf1", "--output", "json"]);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    assert_eq!(finished.stdout.matches("read back as before").count(), 2, "{}", finished.stdout);
    assert_eq!(finished.stdout.matches("by leaf1 itself:").count(), 2, "{}", finished.stdout);
    assert!(finished.stdout.contains("  +  <description>two</description>"), "{}", finished.stdout);
    assert_eq!(switch.handle().counters().commits, 0);
    assert_eq!(switch.look().port("Ethernet1").description, None);
}

#[test]
fn a_switch_that_cannot_be_asked_is_said_to_be_none() {
    let cannot = |entry: Entry| {
        let setup = Setup::new().switches(&[entry]);
        let finished = on(&setup, &describe("Ethernet1", "x"));
        assert_eq!((finished.code(), level(&finished).0), (1, vec!["switch-cannot".into()]), "{}", finished.stdout);
    };
    let gnmi = Simulated::gnmi(Face::Plain);
    cannot(gnmi.entry("leaf1"));
    let running = Simulated::start(Mode::Running);
    cannot(running.entry("leaf1"));
    assert_eq!(running.handle().counters().edits, 0);
    let gone = Simulated::start(Mode::Candidate).entry("leaf1");
    let setup = Setup::new().switches(&[gone]);
    assert_eq!(level(&on(&setup, &describe("Ethernet1", "x"))).0, ["switch-unasked"]);
}
