//! The network team's own rules, which hold for whoever asks.

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Setup, Simulated};

/// What may be done to whom.
const RULES: &str = r#"
[[rule]]
name = "uplinks"
reason = "they carry the rack"
roles = ["leaf"]
ports = ["Ethernet[7-8]"]
protected = true

[[rule]]
name = "reserved"
reason = "150 is for phones"
help = "ask #network"
reserved_vlans = "150"

[[rule]]
name = "names"
reason = "the inventory is searched by them"
severity = "warning"
description = "server-.*"
"#;

const NEVER: &str = "[[rule]]\nname = \"closed\"\nreason = \"it is Christmas\"\nwindows = [\"mon 00:00-00:01\"]\n";

struct Stage {
    switch: Simulated,
    setup: Setup,
}

fn stage(rules: &str) -> Stage {
    stage_of("rules.toml", rules)
}

fn stage_of(file: &str, rules: &str) -> Stage {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1").text("role", "leaf")]);
    let file = setup.write(file, rules);
    let setup = setup.flags(&["--rules", file.to_str().unwrap()]);
    Stage { switch, setup }
}

fn update(port: &str, vlan: u16, description: &str) -> Value {
    json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": vlan, "description": description})
}

#[test]
fn a_change_against_a_rule_is_refused_before_anything_is_sent() {
    let Stage { switch, setup } = stage(RULES);
    let mercury = setup.serve();
    let mut client = Client::of(&mercury);
    for (port, vlan, code, path) in [
        ("Ethernet7", 110, "rule-port-protected", "interfaces/Ethernet7"),
        ("Ethernet1", 150, "rule-vlan-reserved", "interfaces/Ethernet1/switched-vlan"),
    ] {
        let params = update(port, vlan, "server-1");
        for (method, params) in
            [("update_port", params.clone()), ("mercury.plan", json!({"method": "update_port", "params": params}))]
        {
            let error = client.fails(method, &params);
            assert_eq!(error.kind(), "invalid-value", "{error:?}");
            let finding = &error.data["findings"][0];
            assert_eq!((&finding["code"], &finding["field"]), (&json!(code), &json!(path)), "{error:?}");
            assert!(error.message.contains(code), "{error:?}");
        }
        // Where it differs, nothing is sent.
        let verified =
            client.done("mercury.verify", &json!({"method": "update_port", "params": update(port, vlan, "a")}));
        assert_eq!(verified["matches"], false, "{verified}");
    }
    let counters = switch.handle().counters();
    assert_eq!((counters.edits, counters.commits), (0, 0));
    let error = client.fails("update_port", &update("Ethernet1", 150, "server-1"));
    assert_eq!(error.data["findings"][0]["help"], "ask #network");
}

#[test]
fn a_warning_is_told_and_done_and_what_is_allowed_is_done() {
    let Stage { switch, setup } = stage(RULES);
    let mercury = setup.serve();
    let mut client = Client::of(&mercury);
    let told = client.done("mercury.plan", &json!({"method": "update_port", "params": update("Ethernet1", 110, "x")}));
    assert!(told["switches"][0]["warnings"].to_string().contains("rule \\\"names\\\""), "{told}");
    let done = client.done("update_port", &update("Ethernet1", 110, "x"));
    assert!(done["warnings"].to_string().contains("rule \\\"names\\\""), "{done}");
    let again = client.done("update_port", &update("Ethernet1", 110, "x"));
    assert!(again["changed"] == false && !again["warnings"].to_string().contains("rule"), "{again}");
    assert_eq!(switch.handle().counters().edits, 1);
}

/// Made by day, done by night.
#[test]
fn outside_the_window_plans_are_made_and_told_of_it_and_changes_are_not_made() {
    let Stage { switch, setup } = stage(NEVER);
    let plan = setup.path().join("plan.json").to_str().unwrap().to_owned();
    let words = ["leaf1", "Ethernet1", "--access", "110"];
    let saved = setup.run(&[&["plan", "--save", &plan], &words[..]].concat());
    assert_eq!(saved.code(), 0, "{} {}", saved.stdout, saved.stderr);
    assert!(saved.stdout.contains("warning: now is not in a change window"), "{}", saved.stdout);
    for words in [&["apply", &plan][..], &[&["attach"], &words[..]].concat()] {
        let refused = setup.run(words);
        assert_eq!(refused.code(), 1, "{}", refused.stdout);
        assert!(refused.stderr.contains("rule-outside-window"), "{}", refused.stderr);
    }
    assert_eq!(switch.handle().counters().edits, 0);
}

#[test]
fn a_plan_is_not_applied_when_the_rules_are_others() {
    let Stage { switch, setup } = stage(RULES);
    let plan = setup.path().join("plan.json").to_str().unwrap().to_owned();
    let saved = setup.run(&["plan", "--save", &plan, "leaf1", "Ethernet1", "--access", "110"]);
    assert_eq!(saved.code(), 0, "{} {}", saved.stdout, saved.stderr);
    setup.write("rules.toml", &RULES.replace("150 is for phones", "150 is for doors"));
    let refused = setup.run(&["apply", &plan]);
    assert_eq!(refused.code(), 1);
    assert!(refused.stderr.contains("not what they said when the plan was made"), "{}", refused.stderr);
    setup.write("rules.toml", RULES);
    assert_eq!(setup.run(&["apply", &plan]).code(), 0);
    assert_eq!(switch.handle().counters().edits, 1);
}

#[test]
fn a_rule_file_with_a_mistake_keeps_everything_from_its_start() {
    let Stage { setup, .. } = stage(&RULES.replace("reserved_vlans", "reserved_vlan"));
    for words in [&["config", "check"][..], &["attach", "leaf1", "Ethernet1", "--access", "110"], &["serve"]] {
        let finished = setup.run(words);
        assert_ne!(finished.code(), 0, "{words:?}");
        let said = finished.stdout + &finished.stderr;
        assert!(said.contains("rules.toml:13: error[unknown-key]: rule.reserved.reserved_vlan"), "{said}");
        assert!(said.contains("did you mean reserved_vlans?"), "{said}");
    }
}

/// However many share a commit, each is counted alone and blamed alone.
#[test]
fn the_innocent_who_wait_together_with_a_guilty_request_are_served() {
    let Stage { switch, setup } = stage(&format!("{RULES}\n[[rule]]\nname = \"few\"\nreason = \"b\"\nmax_ports = 1\n"));
    let mercury = setup.serve();
    let address = mercury.address;
    let asked = std::thread::scope(|scope| {
        let one = |port: u16| {
            let vlan = if port == 3 { 150 } else { 110 };
            let params = update(&format!("Ethernet{port}"), vlan, "server-1");
            move || {
                Client::at(address)
                    .call("update_port", &params)
                    .map_err(|error| error.data["findings"][0]["code"].clone())
            }
        };
        let all: Vec<_> = (1..=6).map(|port| scope.spawn(one(port))).collect();
        all.into_iter().map(|one| one.join().unwrap().err()).collect::<Vec<_>>()
    });
    let guilty = Some(json!("rule-vlan-reserved"));
    assert_eq!(asked, [None, None, guilty, None, None, None]);
    assert!(switch.handle().counters().commits >= 1);
}

const REGO: &str = r#"package mercury.racks

allow if every port in input.ports { is_fine(port) }

is_fine(port) if {
	input.switch.role == "leaf"
	port.after.access_vlan != 150
	count(port.after.description) / (port.after.access_vlan - 120) != 0
}

reasons contains sprintf("%s may not carry VLAN 150", [port.name]) if {
	some port in input.ports
	port.after.access_vlan == 150
}

warnings contains sprintf("%s is for doors", [port.name]) if {
	some port in input.ports
	port.after.access_vlan == 130
}
"#;

/// The service, the command line and the team's examples ask the same file.
#[test]
fn rules_in_rego_refuse_what_they_do_not_allow_and_what_they_cannot_judge() {
    let Stage { switch, setup } = stage_of("rules.rego", REGO);
    let examples =
        [(110, "\"accepted\""), (120, "[\"rule-rego-failed\"]"), (130, "[\"rule-rego\"]"), (150, "[\"rule-rego\"]")];
    let examples = examples.map(|(vlan, expected)| {
        format!(
            "[[example]]\nname = \"{vlan}\"\nswitch = \"leaf1\"\nexpect = {expected}\nrequest = {{ method = \"update_port\", \
             params = {{ switch_id = \"leaf1\", port_name = \"Ethernet1\", mode = \"access\", native_vlan = {vlan}, \
             description = \"x\" }} }}\n"
        )
    });
    let file = setup.write("examples.toml", &examples.concat()).to_str().unwrap().to_owned();
    let finished = setup.run(&["rules", "test", &file]);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    setup.write("examples.toml", &examples.concat().replace("[\"rule-rego-failed\"]", "\"accepted\""));
    let finished = setup.run(&["rules", "test", &file]);
    assert!(finished.code() == 1 && finished.stdout.contains("divide by zero"), "{}", finished.stdout);

    let mercury = setup.serve();
    let mut client = Client::of(&mercury);
    for (vlan, code, why) in [
        (150, "rule-rego", "Ethernet1 may not carry VLAN 150; rule \"mercury.racks.allow\""),
        (120, "rule-rego-failed", "mercury.racks.allow, line 8: divide by zero"),
    ] {
        let error = client.fails("update_port", &update("Ethernet1", vlan, "x"));
        let finding = &error.data["findings"][0];
        assert_eq!((error.kind(), &finding["code"], &finding["message"]), ("invalid-value", &json!(code), &json!(why)));
    }
    // Without a description there is nothing to count: undefined is no yes.
    let mut bare = update("Ethernet1", 110, "x");
    bare.as_object_mut().unwrap().remove("description");
    let error = client.fails("update_port", &bare);
    assert!(error.message.contains("mercury.racks.allow is undefined"), "{error:?}");
    assert_eq!(switch.handle().counters().edits, 0);
    let done = client.done("update_port", &update("Ethernet1", 130, "x"));
    assert!(done["warnings"].to_string().contains("Ethernet1 is for doors"), "{done}");
    assert_eq!(switch.handle().counters().edits, 1);
}

#[test]
fn a_slip_in_rego_keeps_everything_from_its_start() {
    let Stage { setup, .. } = stage_of("rules.rego", &REGO.replace("input.switch.role", "input.swich.role"));
    for words in [&["config", "check"][..], &["attach", "leaf1", "Ethernet1", "--access", "110"], &["serve"]] {
        let finished = setup.run(words);
        assert_ne!(finished.code(), 0, "{words:?}");
        let said = finished.stdout + &finished.stderr;
        assert!(said.contains("rules.rego:6:") && said.contains("there is no input.swich"), "{said}");
    }
}

/// What each may do by itself, all of them as one change may not; and what a rule says to do about it is told.
#[test]
fn a_plan_of_several_says_what_they_are_as_one_and_what_the_rules_advise() {
    let few = "[[rule]]\nname = \"few\"\nreason = \"step by step\"\nhelp = \"split it\"\nmax_ports = 1\n";
    let Stage { switch: _switch, setup } = stage(few);
    let request = |port: &str| json!({"method": "update_port", "params": update(port, 110, "server-1")}).to_string();
    let file = setup.write("two.jsonl", &[request("Ethernet1"), request("Ethernet2")].join("\n"));
    let file = file.to_str().unwrap();
    let planned = setup.run(&["plan", "--request", file]);
    let said = "warning: as one change (--save) this is refused: ";
    assert!(planned.code() == 0 && planned.stderr.contains(said), "{}", planned.stderr);
    assert!(planned.stderr.contains("rule-too-many-ports") || planned.stderr.contains("few"), "{}", planned.stderr);
    assert!(planned.stderr.contains("help: split it"), "{}", planned.stderr);
    let json = setup.run(&["plan", "--request", file, "--output", "json"]);
    assert!(json.stdout.lines().last().unwrap().contains("{\"warning\":\"as one change"), "{}", json.stdout);
    let plan = setup.path().join("plan.json");
    assert_eq!(setup.run(&["plan", "--request", file, "--save", plan.to_str().unwrap()]).code(), 1);
    // One port twice: which, and where both are.
    let twice =
        setup.write("twice.jsonl", &[request("Ethernet3"), request("Ethernet1"), request("Ethernet1")].join("\n"));
    let twice = twice.to_str().unwrap();
    let planned = setup.run(&["plan", "--request", twice]);
    let said = format!("{twice}:3: leaf1: request: two requests are about Ethernet1: this one, and that at {twice}:2");
    assert!(planned.code() == 0 && planned.stderr.contains(&said), "{}", planned.stderr);
    let refused = setup.run(&["plan", "--request", twice, "--save", plan.to_str().unwrap()]);
    assert!(refused.code() == 1 && refused.stderr.contains(&said), "{}", refused.stderr);
    // A warning's advice, too.
    let Stage { switch: _other, setup } =
        stage(&RULES.replace("severity = \"warning\"", "severity = \"warning\"\nhelp = \"see the wiki\""));
    let attach = setup.run(&["plan", "leaf1", "Ethernet1", "--access", "110", "--description", "x"]);
    assert!(attach.code() == 0 && attach.stdout.contains("; help: see the wiki"), "{}", attach.stdout);
    let refused = setup.run(&["attach", "leaf1", "Ethernet1", "--access", "150"]);
    assert!(refused.code() == 1 && refused.stderr.contains("; help: ask #network"), "{}", refused.stderr);
}

#[test]
fn examples_without_rules_are_no_test() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let file = setup
        .write("examples.toml", "[[example]]\nname = \"a\"\nswitch = \"leaf1\"\nexpect = \"accepted\"\nrequest = {}\n");
    let tested = setup.run(&["rules", "test", file.to_str().unwrap()]);
    assert!(
        tested.code() == 2 && tested.stderr.contains("no rules were asked: there is no --rules"),
        "{}",
        tested.stderr
    );
}
