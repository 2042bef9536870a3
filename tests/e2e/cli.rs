//! The command line, as a person at a shell meets it.

use std::process::Stdio;

use mercury_sim::{Mode, Options};
use serde_json::{Value, json};

use crate::harness::{Client, Face, Finished, Mercury, Port, Setup, Simulated, installed, wait};

struct Stage {
    switch: Simulated,
    setup: Setup,
}

impl Stage {
    fn new() -> Self {
        Self::with(Simulated::start(Mode::Candidate))
    }

    fn with(switch: Simulated) -> Self {
        let entry =
            switch.entry("leaf1").text("allowed_vlans", "100-199").with("mac_addresses", "[\"52:54:00:00:00:11\"]");
        let setup = Setup::new().switches(&[entry]);
        Self { switch, setup }
    }

    fn run(&self, words: &[&str]) -> Finished {
        self.setup.run(&[words, &["--output", "json"]].concat())
    }

    fn done(&self, words: &[&str]) -> Value {
        let finished = self.run(words);
        assert_eq!(finished.code(), 0, "{words:?}: {} {}", finished.stdout, finished.stderr);
        finished.json()
    }

    fn port(&self) -> Port {
        self.switch.look().port("Ethernet1")
    }
}

#[test]
fn attach_and_detach_do_what_the_service_does() {
    let stage = Stage::new();
    let attach = ["attach", "leaf1", "Ethernet1", "--access", "100", "--description", "by hand"];
    let answer = stage.done(&attach);
    assert_eq!((&answer["outcome"], &answer["native_vlan"]), (&json!("committed"), &json!(100)));
    assert_eq!(Port::answered(&answer["interface"]), stage.port());
    assert_eq!(stage.port().vlans, "access 100");
    assert_eq!(stage.done(&attach)["outcome"], "unchanged");
    stage.done(&["attach", "5254.0000.0011", "Ethernet1", "--trunk", "101,103-105", "--native", "100"]);
    assert_eq!(stage.port().vlans, "trunk 101,103,104,105 native 100");
    let answer = stage.done(&["detach", "leaf1", "Ethernet1"]);
    assert_eq!(answer["changed"], true);
    assert_eq!(stage.port().vlans, "none");
}

#[test]
fn plan_tells_the_exact_payload_and_sends_nothing() {
    let stage = Stage::new();
    let answer = stage.done(&["plan", "leaf1", "Ethernet1", "--access", "100"]);
    let switch = &answer["switches"][0];
    assert_eq!((&switch["outcome"], &answer["changed"]), (&json!("planned"), &json!(false)));
    let payload = switch["payload"].as_str().unwrap();
    assert!(payload.contains("Ethernet1") && payload.contains("access-vlan"), "{payload}");
    assert!(!switch["plan"].as_array().unwrap().is_empty());
    assert_eq!(stage.port(), Port::default());
    let counters = stage.switch.handle().counters();
    assert_eq!((counters.edits, counters.commits), (0, 0));
}

#[test]
fn verify_says_where_the_switch_differs_and_changes_nothing() {
    let stage = Stage::new();
    let words = ["verify", "leaf1", "Ethernet1", "--access", "100", "--description", "by hand"];
    let differs = stage.run(&words);
    assert_eq!((differs.code(), &differs.json()["matches"]), (1, &json!(false)), "{}", differs.stdout);
    let differences = &differs.json()["switches"][0]["differences"];
    assert!(differences.to_string().contains("access VLAN 100"), "{differences}");
    assert_eq!((stage.switch.handle().counters().edits, stage.port()), (0, Port::default()));
    stage.done(&[&["attach"], &words[1..]].concat());
    assert_eq!(stage.done(&words)["matches"], true);

    // Any request, as it came over the wire.
    let links = json!([{"switch_id": "leaf1", "port_id": "Ethernet1"}]);
    let detach = json!({"jsonrpc": "2.0", "id": 1, "method": "detach_port", "params": {
        "context": {"request_id": "req-1"}, "rpc.version": "1.0",
        "port": {"binding:profile": {"local_link_information": links}}}});
    let file = stage.setup.write("request.json", &detach.to_string());
    let verify = ["verify", "--request", file.to_str().unwrap()];
    assert_eq!(stage.run(&verify).code(), 1);
    stage.done(&["detach", "leaf1", "Ethernet1"]);
    assert_eq!(stage.run(&verify).code(), 0);
    let human = stage.setup.run(&words);
    assert!(human.stdout.contains("leaf1: differs") && human.stdout.contains("access VLAN 100"), "{}", human.stdout);
    assert_eq!(stage.run(&["verify", "--request", "/nowhere"]).code(), 2);
    assert_eq!(stage.run(&["verify"]).code(), 2);
}

#[test]
fn list_and_probe_show_the_switch_and_no_secret() {
    let stage = Stage::new();
    let list = stage.run(&["switch", "list"]);
    assert_eq!(list.code(), 0);
    assert_eq!(list.json()[0]["name"], "leaf1");
    let probe = stage.run(&["switch", "probe", "leaf1"]);
    assert_eq!(probe.code(), 0);
    let seen = probe.json();
    assert_eq!((&seen["datastore"], &seen["atomic_edit"]), (&json!("candidate"), &json!(true)));
    let ports: Vec<_> =
        seen["interfaces"].as_array().unwrap().iter().map(|port| port["name"].as_str().unwrap()).collect();
    assert_eq!(ports.len(), 97);
    assert!(ports.windows(3).any(|three| three == ["Ethernet1", "Ethernet2", "Ethernet3"]), "{ports:?}");
    assert!(ports.windows(2).any(|two| two == ["Ethernet9", "Ethernet10"]), "{ports:?}");
    for said in [list, probe] {
        assert!(!(said.stdout + &said.stderr).contains(stage.switch.password()));
    }
}

#[test]
fn a_probe_that_cannot_log_in_says_so_once() {
    let switch = Simulated::start(Mode::Candidate);
    let entry = switch.entry("leaf1").without("password").text("password", "wr0ng");
    let finished = Setup::new().switches(&[entry]).run(&["switch", "probe", "leaf1"]);
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    let said = finished.stdout + &finished.stderr;
    assert_eq!(said.lines().filter(|line| line.starts_with("leaf1: ")).count(), 1, "{said}");
}

#[test]
fn a_probe_that_does_not_believe_a_certificate_says_what_to_paste() {
    let switch = Simulated::gnmi(Face::Plain);
    let entry = switch.gnmi_entry("leaf1").without("tls_pins");
    let probed = Setup::new().switches(std::slice::from_ref(&entry)).run(&["switch", "probe", "leaf1"]);
    assert_eq!(probed.code(), 1, "{}", probed.stderr);
    let said = probed.stdout + &probed.stderr;
    let [_, pasted] = said.split("tls_pins = ").collect::<Vec<_>>()[..] else { panic!("{said}") };
    let pasted = &pasted[..=pasted.find(']').unwrap()];
    let probed = Setup::new().switches(&[entry.with("tls_pins", pasted)]).run(&["switch", "probe", "leaf1"]);
    assert_eq!(probed.code(), 0, "{pasted}: {}", probed.stderr);
}

#[test]
fn what_simulate_prints_is_a_file_of_switches() {
    let finished = Setup::new().run(&["simulate", "--gnmi", "--count", "2", "--count-until-eof"]);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let entries: toml::Table = finished.stdout.parse().unwrap();
    let names: Vec<_> = entries["switch"].as_array().unwrap().iter().map(|entry| entry["name"].as_str()).collect();
    assert_eq!(names, ["simulated1", "simulated1-gnmi", "simulated2", "simulated2-gnmi"].map(Some));
}

/// Systems give a process 1,024, and more if it asks.
#[test]
fn many_switches_are_simulated_and_measured_with_few_file_descriptors_at_first() {
    let setup = Setup::new().descriptors(40, 4096);
    let finished = setup.run(&["bench", "--burst", "1", "--http", "--count", "50", "--output", "json"]);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let row = finished.json();
    assert_eq!(row["calls"], 50, "{row}");
    let [started, warm] = ["started_kib", "warm_kib"].map(|name| row[name].as_u64().unwrap());
    assert!(0 < started && started < warm, "{row}");
}

#[test]
fn what_a_session_takes_is_told_beside_what_the_libraries_of_its_protocol_do() {
    for protocol in ["netconf", "gnmi"] {
        let words = ["bench", "--bare", "--sessions", "2", "--protocol", protocol, "--output", "json"];
        let finished = Setup::new().run(&words);
        assert_eq!(finished.code(), 0, "{protocol}: {}", finished.stderr);
        let row = finished.json();
        assert_eq!(row["sessions"], 2, "{row}");
        assert!(row["kib_each"].is_f64() && row["kib_each_of_libraries"].is_f64(), "{row}");
    }
}

#[test]
fn what_is_refused_ends_with_1_and_what_cannot_be_done_with_2() {
    let fault = "commit:1:before:refuse:operation-failed:no room".parse().unwrap();
    let stage = Stage::with(Simulated::with(Options { faults: vec![fault], ..Simulated::options() }));
    for (words, code) in [
        (&["attach", "leaf1", "Ethernet1", "--access", "100"][..], 1),
        (&["attach", "leaf1", "Ethernet1", "--access", "200"], 1),
        (&["attach", "leaf9", "Ethernet1", "--access", "100"], 1),
        (&["switch", "probe", "leaf9"], 1),
        (&["switch", "probe", "leaf1", "--write", "Ethernet999"], 1),
        (&["attach", "leaf1", "Ethernet1", "--access", "4095"], 2),
        (&["attach", "leaf1", "Ethernet1"], 2),
        (&["explode"], 2),
    ] {
        let finished = stage.run(words);
        assert_eq!(finished.code(), code, "{words:?}: {} {}", finished.stdout, finished.stderr);
        if code == 1 {
            assert!(finished.json()["error"]["message"].is_string(), "{words:?}: {}", finished.stdout);
        }
    }
    assert_eq!(stage.port(), Port::default());
    let nowhere = Setup::new().flags(&["--switches", "/nonexistent/inventory.toml"]);
    assert_eq!(nowhere.run(&["switch", "list"]).code(), 2);
    let nothing = Setup::new().run(&["switch", "list"]);
    assert_eq!(
        (nothing.code(), nothing.stderr.contains("no inventory file is named")),
        (2, true),
        "{}",
        nothing.stderr
    );
}

#[test]
fn settings_that_lie_there_and_were_not_named_are_told_of() {
    let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
    let check = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mercury"));
        let done = command.args(["config", "check", "--offline"]).current_dir(folder.path()).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(!check().contains("--config"));
    std::fs::write(folder.path().join("mercury.toml"), "").unwrap();
    assert!(check().contains("mercury.toml lies here and was not read, since nothing named it: --config mercury.toml"));
}

#[test]
fn a_service_that_is_set_up_wrong_does_not_start_and_says_why() {
    let stage = Stage::new();
    let finished = stage.setup.run(&["serve", "--listen", "0.0.0.0:0", "--output", "json"]);
    assert_eq!(finished.code(), 2);
    assert_eq!(finished.json()["findings"][0]["code"], "remote-noauth", "{}", finished.stdout);
    let finished = stage.setup.run(&["serve", "--listen", "0.0.0.0:0", "--log-format", "json"]);
    assert_eq!((finished.code(), finished.stdout.as_str()), (2, ""));
    for line in finished.stderr.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["message"].as_str().unwrap().contains("remote-noauth"), "{line}");
    }
    assert!(!finished.stderr.is_empty());
}

/// One typo must not stop a fleet.
#[test]
fn the_sound_entries_are_served_and_a_bad_one_answers_with_its_finding() {
    let switch = Simulated::start(Mode::Candidate);
    let bad = switch.entry("leaf2").with("prot", 830).text("address", "192.0.2.2");
    let alike = [switch.entry("leaf3"), switch.entry("leaf4")];
    let alike = alike.map(|entry| entry.text("address", "192.0.2.3").with("mac_addresses", "[\"00:1c:73:0a:0b:0c\"]"));
    let [leaf3, leaf4] = alike;
    let mercury = Mercury::serve(&[switch.entry("leaf1"), bad, leaf3, leaf4]);
    let mut client = Client::of(&mercury);
    let update =
        |switch: &str| json!({"switch_id": switch, "port_name": "Ethernet1", "mode": "access", "native_vlan": 100});
    client.done("update_port", &update("leaf1"));
    for (id, says) in
        [("leaf2", "prot"), ("192.0.2.2", "prot"), ("leaf3", "leaf3"), ("001c.730a.0b0c", "also belongs to")]
    {
        let error = client.fails("update_port", &update(id));
        assert_eq!((error.kind(), &error.data["who_acts"]), ("entry", &json!("network-team")), "{id}: {error:?}");
        assert!(error.message.contains("inventory.toml:") && error.message.contains(says), "{id}: {error:?}");
    }
    assert_eq!(client.fails("update_port", &update("leaf9")).kind(), "switch-not-found");
    let switches = client.done("get_switches", &json!({}));
    assert_eq!(switches.as_object().unwrap().len(), 4, "{switches}");
    assert!(switches["leaf2"]["findings"][0].as_str().unwrap().contains("prot"), "{switches}");
    assert!(switches["leaf1"].get("findings").is_none(), "{switches}");
    mercury.stderr.wait_json("the finding", |line| {
        line["level"] == "ERROR" && line["message"].as_str().is_some_and(|message| message.contains("prot"))
    });
}

#[test]
fn without_an_inventory_a_command_says_how_one_is_named() {
    let setup = Setup::new();
    let candidate = setup.write("leaf1.xml", "<config/>");
    let candidate = candidate.to_str().unwrap();
    let commands: [&[&str]; 4] = [
        &["attach", "leaf1", "Ethernet1", "--access", "100"],
        &["switch", "probe", "leaf1"],
        &["yang", "fetch", "leaf1", "--into", "modules"],
        &["validate", "--switch", "leaf1", candidate],
    ];
    for words in commands {
        let finished = setup.run(words);
        assert!(finished.code() != 0 && finished.stderr.contains("--switches"), "{words:?}: {}", finished.stderr);
    }
}

#[test]
fn config_check_lists_every_problem_with_file_and_line() {
    let setup = Setup::new().settings(
        "switches = [\"inventory.toml\", \"ironic.conf\"]\n\
         listen = \"nowhere\"\n\
         colour = \"blue\"\n\
         [limits]\n\
         max_json_depth = 1000\n",
    );
    setup.write(
        "inventory.toml",
        "[[switch]]\n\
         name = \"leaf1\"\n\
         address = \"192.0.2.1\"\n\
         dialect = \"klingon\"\n\
         username = \"mercury\"\n\
         password = \"s3cret-word\"\n\
         port = 70000\n\
         allowed_vlans = \"0-5000\"\n\
         insecure = true\n",
    );
    setup.write(
        "ironic.conf",
        "[switch:leaf2]\n\
         driver_type = generic-switch\n\
         device_type = netconf_openconfig\n\
         address = 192.0.2.2\n\
         username = mercury\n\
         password = s3cret-word\n\
         mac_address = not-a-mac\n\
         colour = blue\n",
    );
    let finished = setup.run(&["config", "check", "--output", "json"]);
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    let answer = finished.json();
    let findings = answer["findings"].as_array().unwrap();
    for (file, line, field) in [
        ("mercury.toml", 2, "listen"),
        ("mercury.toml", 3, "colour"),
        ("mercury.toml", 5, "limits.max_json_depth"),
        ("inventory.toml", 4, "switch.leaf1.dialect"),
        ("inventory.toml", 7, "switch.leaf1.port"),
        ("inventory.toml", 8, "switch.leaf1.allowed_vlans"),
        ("inventory.toml", 9, "switch.leaf1.insecure"),
        ("ironic.conf", 7, "mac_address"),
        ("ironic.conf", 8, "colour"),
    ] {
        let found = findings.iter().any(|finding| {
            finding["file"].as_str().unwrap_or_default().ends_with(file)
                && finding["line"] == line
                && finding["field"].as_str().unwrap_or_default().ends_with(field)
        });
        assert!(found, "{file}:{line} {field}: {findings:#?}");
    }
    let human = setup.run(&["config", "check"]);
    assert_eq!(human.code(), 1);
    assert!(human.stdout.contains("inventory.toml:4"), "{}", human.stdout);
    for said in [finished, human] {
        assert!(!(said.stdout + &said.stderr).contains("s3cret-word"));
    }
    let sound = Stage::new();
    assert_eq!(sound.run(&["config", "check"]).code(), 0);
}

#[test]
fn the_demo_of_a_card_ends_well_and_shows_both_sides() {
    if !installed() {
        return;
    }
    let finished = Setup::new().run(&["demo", "--dpu"]);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    for said in ["trunk-vlans>100<", "pf0hpf,access,100", "pf0vf0,trunk,[],[4095]"] {
        assert!(finished.stdout.contains(said), "{said}: {}", finished.stdout);
    }
}

/// Whoever has seen enough of it, or ends it, finds nothing of it later.
#[test]
fn the_demo_of_a_card_leaves_nothing_behind_however_it_ends() {
    use std::io::{BufRead as _, BufReader};
    if !installed() {
        return;
    }
    for is_told in [true, false] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mercury"));
        command.args(["demo", "--dpu"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut demo = command.spawn().unwrap();
        let folder = std::env::temp_dir().join(format!("mercury-demo-{}", demo.id()));
        let mut shown = BufReader::new(demo.stdout.take().unwrap());
        match is_told {
            true => {
                wait("the folder", || folder.join("conf.db").exists());
                assert!(std::process::Command::new("kill").arg(demo.id().to_string()).status().unwrap().success());
            }
            false => {
                shown.read_line(&mut String::new()).unwrap();
            }
        }
        drop(shown);
        demo.wait().unwrap();
        let folder = folder.display().to_string();
        let runs = || {
            let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
            all.filter_map(|one| std::fs::read(one.path().join("cmdline")).ok())
                .any(|line| String::from_utf8_lossy(&line).contains(&folder))
        };
        wait("all of it to go", || !runs() && !std::path::Path::new(&folder).exists());
    }
}

#[test]
fn the_demo_ends_well_and_shows_the_edit() {
    let finished = Setup::new().run(&["demo"]);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(finished.stdout.contains("access-vlan"), "{}", finished.stdout);
}
