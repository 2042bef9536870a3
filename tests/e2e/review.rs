//! Plans that people read before they are made.

use base64::Engine as _;
use mercury_netconf::xml::{Element, Limits};
use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Finished, Port, Setup, Simulated};

/// A switch, its entry, and a plan for one of its ports that was saved.
struct Stage {
    switch: Simulated,
    setup: Setup,
    file: String,
}

impl Stage {
    fn new() -> Self {
        let switch = Simulated::start(Mode::Candidate);
        let setup = Setup::new().switches(&[switch.entry("leaf1").text("allowed_vlans", "100-199")]);
        let file = setup.path().join("plan.json").to_str().unwrap().to_owned();
        let words = ["leaf1", "Ethernet1", "--access", "110", "--description", "by plan"];
        let saved = setup.run(&[&["plan", "--save", &file], &words[..]].concat());
        assert_eq!(saved.code(), 0, "{} {}", saved.stdout, saved.stderr);
        assert!(saved.stdout.contains("leaf1: planned") && saved.stdout.contains("access-vlan"), "{}", saved.stdout);
        Self { switch, setup, file }
    }

    fn saved(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(&self.file).unwrap()).unwrap()
    }

    fn apply(&self) -> Finished {
        self.setup.run(&["apply", &self.file, "--output", "json"])
    }

    /// It is refused, nothing is sent, and this is said.
    fn refuses(&self, said: &str) {
        let finished = self.apply();
        assert_eq!(finished.code(), 1, "{} {}", finished.stdout, finished.stderr);
        let error = finished.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(error.contains("nothing was sent") && error.contains(said), "{error}");
        let counters = self.switch.handle().counters();
        assert_eq!((counters.edits, counters.commits), (0, 0));
    }
}

fn describe(port: &str, text: &str) -> String {
    format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>{port}</name><config>\
         <name>{port}</name><description>{text}</description></config></interface></interfaces>"
    )
}

/// What stands in `<config>`, whose own namespace may be its parent's.
fn in_config(text: &str) -> &str {
    let (_, rest) = text.split_once("<config").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    rest.rsplit_once("</config>").map(|(inside, _)| inside).filter(|inside| !inside.is_empty()).unwrap()
}

#[test]
fn a_plan_holds_what_it_was_worked_out_from_and_is_made_once_as_it_was_read() {
    let stage = Stage::new();
    let saved = stage.saved();
    let switch = &saved["switches"][0];
    assert_eq!((&saved["format"], &switch["dialect"]), (&json!("mercury-plan-1"), &json!("openconfig")));
    assert_eq!(saved["requests"][0]["params"]["port_name"], "Ethernet1");
    assert_eq!(switch["plan"].as_array().unwrap().len(), 2, "{switch}");
    assert!(switch["payload"].as_str().unwrap().contains("<access-vlan>110<"), "{switch}");
    assert!(switch["before"]["interfaces"]["Ethernet1"].is_object(), "{switch}");
    assert!(!saved.to_string().contains(stage.switch.password()));
    // Others' tools read it too, and no switch nor inventory is needed for that.
    let nowhere = Setup::new();
    let rendered = nowhere.run(&["render", "--request", &stage.file]);
    assert_eq!(rendered.code(), 0, "{} {}", rendered.stdout, rendered.stderr);
    assert!(
        rendered.stdout.starts_with("<edit-config") && rendered.stdout.contains("<access-vlan>110<"),
        "{}",
        rendered.stdout
    );
    let words =
        ["render", "--request", &stage.file, "--dialect", "openconfig", "--protocol", "gnmi", "--as", "textproto"];
    let other = nowhere.run(&words);
    assert!(other.code() == 0 && other.stdout.contains("access-vlan"), "{} {}", other.stdout, other.stderr);
    assert_eq!(nowhere.run(&["render", "--request", &stage.file, "--as", "lines"]).code(), 2);
    // What is beside the plan may change.
    stage.switch.handle().change_running(&describe("Ethernet2", "another's")).unwrap();
    let finished = stage.apply();
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    assert_eq!(finished.json()["switches"][0]["outcome"], "committed");
    assert_eq!(stage.switch.look().port("Ethernet1").vlans, "access 110");
    // On the wire it is the payload, byte for byte, without what makes it pleasant to read.
    let payload = switch["payload"].as_str().unwrap().as_bytes();
    let reviewed = Element::parse(payload, Limits::default()).unwrap().to_xml().unwrap();
    assert_eq!(in_config(&stage.switch.handle().last_edit().unwrap()), in_config(&reviewed));
    assert_eq!(stage.setup.run(&["verify", "--request", &stage.file]).code(), 0, "as it was planned");
    // The second time there is nothing left to do.
    let again = stage.apply();
    assert_eq!(again.code(), 1);
    assert!(again.stdout.contains("already as the plan would make it"), "{}", again.stdout);
    assert_eq!(stage.switch.handle().counters().edits, 1);
    // What somebody may have read is not written over.
    let words = ["plan", "--save", &stage.file, "leaf1", "Ethernet1", "--access", "120"];
    assert_eq!(stage.setup.run(&words).code(), 2);
    assert_eq!(stage.saved(), saved);
}

#[test]
fn a_port_that_was_changed_since_is_left_alone_and_what_moved_is_told() {
    let stage = Stage::new();
    stage.switch.handle().change_running(&describe("Ethernet1", "moved")).unwrap();
    stage.refuses("interfaces/Ethernet1/description was none and is \"moved\"");
    assert_eq!(stage.switch.look().port("Ethernet1").vlans, Port::default().vlans);
}

/// A plan whose digest is that of what it says.
fn digested(text: &str) -> String {
    let mut plan: Value = serde_json::from_str(text).unwrap();
    plan.as_object_mut().unwrap().remove("digest").unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, plan.to_string().as_bytes());
    plan["digest"] = json!(base64::engine::general_purpose::STANDARD.encode(digest));
    plan.to_string()
}

#[test]
fn a_plan_that_somebody_edited_is_not_made() {
    let stage = Stage::new();
    let text = std::fs::read_to_string(&stage.file).unwrap();
    for (from, to, said) in [
        ("<access-vlan>110<", "<access-vlan>111<", "what would be sent is not what was reviewed"),
        ("-> access VLAN 110", "-> access VLAN 111", "what would be changed is now"),
        ("\"native_vlan\": 110", "\"native_vlan\": 111", "what would be changed is now"),
        ("\"dialect\": \"openconfig\"", "\"dialect\": \"sonic\"", "its dialect openconfig is not the one"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(&stage.file, text.replace(from, to)).unwrap();
        let finished = stage.apply();
        assert_eq!(finished.code(), 2, "{from}: {}", finished.stdout);
        let told = format!("{}{}", finished.stdout, finished.stderr);
        assert!(told.contains("it is not as `plan --save` wrote it"), "{from}: {told}");
        let verified = stage.setup.run(&["verify", "--request", &stage.file]);
        assert_eq!(verified.code(), 2, "{from}: {}", verified.stdout);
        assert!(verified.stderr.contains("it is not as `plan --save` wrote it"), "{from}: {}", verified.stderr);
        assert_eq!(stage.switch.handle().counters().edits, 0);
        // Nor by somebody who has the digest fit.
        std::fs::write(&stage.file, digested(&text.replace(from, to))).unwrap();
        stage.refuses(said);
    }
    std::fs::write(&stage.file, text.replace("mercury-plan-1", "mercury-plan-0")).unwrap();
    assert_eq!(stage.apply().code(), 2);
}

#[test]
fn an_entry_that_says_otherwise_since_makes_the_plan_void() {
    let mut stage = Stage::new();
    let entry = stage.switch.entry("leaf1").text("allowed_vlans", "100-150");
    let text = std::fs::read_to_string(&stage.file).unwrap();
    stage.setup = Setup::new().switches(&[entry]);
    stage.file = stage.setup.write("plan.json", &text).to_str().unwrap().to_owned();
    stage.refuses("what its entry and the network team's rules say is not");
}

#[test]
fn a_dialect_that_says_otherwise_since_makes_the_plan_void() {
    let mut stage = Stage::new();
    let folder = stage.setup.path().join("own");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("acme.toml");
    let dialect = "inherits = \"openconfig\"\nvendor = \"Acme\"\nos = \"ROS 7\"\n";
    std::fs::write(&file, dialect).unwrap();
    let entry = stage.switch.entry("leaf1").without("dialect").text("dialect", "acme");
    stage.setup = stage.setup.switches(&[entry]).flags(&["--dialects", folder.to_str().unwrap()]);
    stage.file = stage.setup.path().join("acme.json").to_str().unwrap().to_owned();
    let words = ["plan", "--save", &stage.file, "leaf1", "Ethernet1", "--access", "110"];
    assert_eq!(stage.setup.run(&words).code(), 0);
    std::fs::write(&file, format!("{dialect}[text]\ndescription-max = 20\n")).unwrap();
    stage.refuses("its dialect acme is not the one that the plan was made with");
    // As it was, it is made.
    std::fs::write(&file, dialect).unwrap();
    assert_eq!(stage.apply().code(), 0);
}

#[test]
fn a_plan_of_several_switches_is_made_on_all_or_none() {
    let switches = [Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate)];
    let setup = Setup::new().switches(&[switches[0].entry("leaf1"), switches[1].entry("leaf2")]);
    let request = |switch: &str, port: &str| {
        let params = json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": 110});
        json!({"method": "update_port", "params": params})
    };
    let save = |name: &str, requests: Value| {
        let requests = setup.write("requests", &requests.to_string()).to_str().unwrap().to_owned();
        let file = setup.path().join(name).to_str().unwrap().to_owned();
        (setup.run(&["plan", "--save", &file, "--request", &requests]), file)
    };
    let all = json!([request("leaf1", "Ethernet1"), request("leaf2", "Ethernet1"), request("leaf1", "Ethernet2")]);
    let (saved, file) = save("first", all.clone());
    assert_eq!(saved.code(), 0, "{} {}", saved.stdout, saved.stderr);
    switches[1].handle().change_running(&describe("Ethernet1", "moved")).unwrap();
    let refused = setup.run(&["apply", &file]);
    assert_eq!(refused.code(), 1);
    assert!(refused.stderr.contains("leaf2") && refused.stderr.contains("has changed since"), "{}", refused.stderr);
    assert!(switches.iter().all(|switch| switch.look().port("Ethernet1").vlans == Port::default().vlans));

    let (saved, file) = save("second", all);
    assert_eq!(saved.code(), 0, "{} {}", saved.stdout, saved.stderr);
    let done = setup.run(&["apply", &file]);
    assert_eq!(done.code(), 0, "{} {}", done.stdout, done.stderr);
    for (switch, port) in [(0, "Ethernet1"), (0, "Ethernet2"), (1, "Ethernet1")] {
        assert_eq!(switches[switch].look().port(port).vlans, "access 110");
    }
    // Two requests for one port are no one change.
    let (twice, _) = save("third", json!([request("leaf1", "Ethernet1"), request("leaf1", "Ethernet1")]));
    assert_eq!(twice.code(), 1, "{} {}", twice.stdout, twice.stderr);
}
