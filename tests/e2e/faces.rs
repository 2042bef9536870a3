//! One switch, two protocols: what is changed over one is seen over the other.

use mercury_sim::{Mode, Options, Quirks};
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Mercury, Port, Setup, Simulated};

fn update(switch: &str, more: &Value) -> Value {
    let mut params = json!({"switch_id": switch, "port_name": "Ethernet1", "mode": "access", "native_vlan": 100});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

#[test]
fn a_change_over_netconf_is_seen_over_gnmi_and_the_other_way_round() {
    for mode in [Mode::Candidate, Mode::CandidatePlain, Mode::Running] {
        let switch = Simulated::start(mode);
        let entries = [switch.netconf_entry("by-netconf"), switch.gnmi_entry("by-gnmi")];
        let mercury = Mercury::serve(&entries.map(|entry| entry.with("allowed_lags", r#"["Port-Channel1"]"#)));
        let mut client = Client::of(&mercury);
        for (writer, reader, more) in [
            ("by-netconf", "by-gnmi", json!({"description": "one"})),
            ("by-gnmi", "by-netconf", json!({"mode": "trunk", "allowed_vlans": [101, 103, 102]})),
            ("by-netconf", "by-gnmi", json!({"mode": "trunk", "allowed_vlans": [103, 200], "native_vlan": null})),
            ("by-gnmi", "by-netconf", json!({"native_vlan": 300, "description": "Büro <b> & \"rack\" 7"})),
            ("by-gnmi", "by-netconf", json!({"lag_name": "Port-Channel1"})),
        ] {
            let made = client.done("update_port", &update(writer, &more));
            assert_eq!(made["outcome"], "committed", "{more}: {made}");
            let seen = client.done("update_port", &update(reader, &more));
            assert_eq!(seen["outcome"], "unchanged", "{more}: {seen}");
            let port = switch.look().port("Ethernet1");
            assert_eq!(Port::answered(&seen["interface"]), port);
            assert_eq!(Port::answered(&made["interface"]), port);
        }
    }
}

/// A NETCONF client's lock keeps gNMI out, and that is told as what it is.
#[test]
fn a_lock_over_netconf_keeps_gnmi_out_and_nothing_is_changed() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[switch.gnmi_entry("leaf1")]);
    let mut client = Client::of(&mercury);
    assert!(switch.handle().console_lock(mercury_sim::Datastore::Running, true));
    let error = client.fails("update_port", &update("leaf1", &json!({})));
    assert_eq!((error.kind(), error.class()), ("locked", "NetworkError"), "{error:?}");
    assert!(error.message.contains("as before") && error.data["retry"] == true, "{error:?}");
    assert_eq!(switch.look().port("Ethernet1"), Port::default());
    switch.handle().console_lock(mercury_sim::Datastore::Running, false);
    client.done("update_port", &update("leaf1", &json!({})));
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
}

/// The command line, over gNMI.
#[test]
fn the_command_line_attaches_and_detaches_over_gnmi() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.gnmi_entry("leaf1")]);
    let run = |words: &[&str]| {
        let finished = setup.run(&[words, &["--output", "json"]].concat());
        assert_eq!(finished.code(), 0, "{words:?}: {} {}", finished.stdout, finished.stderr);
        finished.json()
    };
    let planned = run(&["plan", "leaf1", "Ethernet1", "--access", "100"]);
    let payload = planned["switches"][0]["payload"].as_str().unwrap();
    assert!(payload.contains("update /interfaces") && payload.contains("access-vlan"), "{payload}");
    assert_eq!(switch.handle().counters().sets, 0, "nothing is sent");
    assert_eq!(run(&["attach", "leaf1", "Ethernet1", "--access", "100"])["outcome"], "committed");
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    assert_eq!(run(&["detach", "leaf1", "Ethernet1"])["changed"], true);
    assert_eq!(switch.look().port("Ethernet1"), Port::default());
}

/// What a probe proposes is an entry that works.
#[test]
fn a_probe_finds_out_what_the_switch_can_do_and_proposes_its_entry() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.gnmi_entry("leaf1")]);
    let found = setup.run(&["switch", "probe", "leaf1", "--output", "json"]).json();
    let fact = |tried: &str| {
        let facts = found["probe"].as_array().unwrap();
        facts.iter().find(|fact| fact["tried"] == tried).unwrap_or_else(|| panic!("{found}"))["found"].clone()
    };
    assert_eq!(fact("gnmi_version"), "0.10.0");
    assert!(fact("commit_confirmed").as_str().unwrap().starts_with("not asked"));
    assert_eq!(switch.handle().counters().sets, 0, "a probe changes nothing");
    assert_eq!(fact("get openconfig:/interfaces"), "1 update");
    assert!(fact("certificate").as_str().unwrap().starts_with("SHA256:"));
    let proposed = found["proposed"].as_str().unwrap();
    assert!(proposed.contains("dialect = \"openconfig\""), "{proposed}");
    let credentials = format!("username = \"mercury\"\npassword = {:?}\n", switch.password());
    let setup = Setup::new();
    let path = setup.write("proposed.toml", &format!("{proposed}{credentials}"));
    let setup = setup.flags(&["--switches", path.to_str().unwrap()]);
    let done = setup.run(&["attach", "leaf1", "Ethernet2", "--access", "100", "--output", "json"]);
    assert_eq!(done.code(), 0, "{proposed}\n{}", done.stderr);
    assert_eq!(switch.look().port("Ethernet2").vlans, "access 100");
}

/// Tries it by what an attach is made by, and leaves the port as it was.
#[test]
fn a_probe_that_may_write_finds_out_how_and_proposes_it() {
    let prefixed = Quirks { gnmi_prefixed_paths_only: true, ..Quirks::default() };
    let no_scalars = Quirks { gnmi_no_scalars: true, ..Quirks::default() };
    let both = Quirks { gnmi_prefixed_paths_only: true, ..no_scalars };
    for (quirks, lines) in [
        (Quirks::default(), &[][..]),
        (no_scalars, &["leaf_values = \"json\""]),
        (prefixed, &["path_prefixes = \"modules\""]),
        (both, &["path_prefixes = \"modules\"", "leaf_values = \"json\""]),
    ] {
        let switch = Simulated::with(Options { quirks, ..Simulated::options() });
        let mut setup = Setup::new().switches(&[switch.gnmi_entry("leaf1")]);
        let before = switch.look();
        let probed = setup.run(&["switch", "probe", "leaf1", "--write", "Ethernet3", "--output", "json"]);
        // With bare paths not even reading works as the entry says.
        let reads = !quirks.gnmi_prefixed_paths_only;
        assert_eq!(probed.code(), if reads { 0 } else { 1 }, "{lines:?}: {}{}", probed.stdout, probed.stderr);
        assert_eq!(switch.look(), before, "{lines:?}");
        let told = |tried: &str| probed.json()["probe"].as_array().unwrap().iter().any(|fact| fact["tried"] == tried);
        assert!(!told("commit_confirmed"), "what was written tells: {}", probed.stdout);
        let proposed = probed.json()["proposed"].as_str().unwrap().to_owned();
        let all = ["path_prefixes", "leaf_values", "write_level", "encoding"];
        let said: Vec<_> = proposed.lines().filter(|line| all.iter().any(|key| line.starts_with(key))).collect();
        assert_eq!(said, lines, "{proposed}");
        let credentials = format!("username = \"mercury\"\npassword = {:?}\n", switch.password());
        setup = Setup::new();
        let path = setup.write("proposed.toml", &format!("{proposed}{credentials}"));
        let setup = setup.flags(&["--switches", path.to_str().unwrap()]);
        let done = setup.run(&["attach", "leaf1", "Ethernet2", "--access", "100", "--output", "json"]);
        assert_eq!(done.code(), 0, "{proposed}\n{}", done.stderr);
    }
}

#[test]
fn a_probe_writes_only_where_it_is_told_to_and_may() {
    let switch = Simulated::start(Mode::Candidate);
    let entry = switch.netconf_entry("leaf1").with("allowed_ports", "[\"Ethernet1\", \"Ethernet2\"]");
    let setup = Setup::new().switches(&[entry]);
    let before = switch.look();
    let probe = |more: &[&str]| setup.run(&[&["switch", "probe", "leaf1", "--output", "json"], more].concat());
    let tried = |found: &serde_json::Value| {
        let facts = found["probe"].as_array().unwrap();
        facts.iter().find(|fact| fact["tried"] == "write").unwrap()["found"].as_str().unwrap().to_owned()
    };
    let looked = probe(&[]);
    assert!(looked.code() == 0 && tried(&looked.json()).starts_with("not tried"), "{}", looked.stdout);
    let refused = probe(&["--write", "Ethernet3"]);
    assert!(refused.code() == 1 && refused.stdout.contains("Ethernet3"), "{}", refused.stdout);
    assert_eq!(switch.handle().counters().edits, 0);
    let wrote = probe(&["--write", "Ethernet2"]);
    let told = tried(&wrote.json());
    assert!(wrote.code() == 0 && told.contains("with confirmed commit") && told.contains("undone"), "{told}");
    assert_eq!((switch.handle().counters().edits, switch.look()), (2, before.clone()));
    switch.handle().inject("edit-config:*:before:refuse:access-denied".parse().unwrap());
    let denied = probe(&["--write", "Ethernet2"]);
    assert!(denied.code() == 1 && tried(&denied.json()).contains("access-denied"), "{}", denied.stdout);
    assert_eq!(switch.look(), before);
    switch.handle().clear_faults();
    switch.handle().inject("edit-config:2:before:refuse:access-denied".parse().unwrap());
    let left = probe(&["--write", "Ethernet2"]);
    assert!(left.code() == 1 && tried(&left.json()).contains("may still be described"), "{}", left.stdout);
    assert_eq!(switch.look().port("Ethernet2").description.as_deref(), Some("mercury probe"));
}

/// A switch that ends the session when it is asked again before it has answered.
#[test]
fn a_probe_proposes_to_ask_one_by_one() {
    let quirks = Quirks { one_request_at_a_time: true, ..Quirks::default() };
    let switch = Simulated::with(Options { quirks, ..Simulated::options() });
    let setup = Setup::new().switches(&[switch.netconf_entry("leaf1")]);
    let found = setup.run(&["switch", "probe", "leaf1", "--output", "json"]).json();
    assert!(found["proposed"].as_str().unwrap().contains("pipelining = false\n"), "{found}");
    let told = Setup::new().switches(&[switch.netconf_entry("leaf1").with("pipelining", false)]);
    let found = told.run(&["switch", "probe", "leaf1", "--output", "json"]).json();
    assert!(found["proposed"].is_null(), "{found}");
    let sessions = switch.handle().counters().sessions;
    let done = told.run(&["attach", "leaf1", "Ethernet2", "--access", "100", "--output", "json"]);
    assert_eq!((done.code(), switch.handle().counters().sessions), (0, sessions + 1), "{}", done.stderr);
}

/// What dialects say of their systems an entry can say of its switch.
#[test]
fn an_entry_says_how_its_switch_wants_paths_and_values() {
    let prefixed = Quirks { gnmi_prefixed_paths_only: true, ..Quirks::default() };
    let no_scalars = Quirks { gnmi_no_scalars: true, ..Quirks::default() };
    for (quirks, options) in [
        (prefixed, &[("path_prefixes", "modules")][..]),
        (no_scalars, &[("leaf_values", "json")]),
        (no_scalars, &[("encoding", "json_ietf")]),
        (no_scalars, &[("write_level", "entry")]),
        (
            Quirks { gnmi_prefixed_paths_only: true, ..no_scalars },
            &[("path_prefixes", "modules"), ("encoding", "json")],
        ),
    ] {
        let switch = Simulated::with(Options { quirks, ..Simulated::options() });
        let attach = |entry: Entry| {
            let setup = Setup::new().switches(&[entry]);
            setup.run(&["attach", "leaf1", "Ethernet1", "--access", "100", "--output", "json"])
        };
        let refused = attach(switch.gnmi_entry("leaf1"));
        assert_ne!(refused.code(), 0, "{options:?}: {}", refused.stdout);
        assert_eq!(switch.look().port("Ethernet1"), Port::default(), "{options:?}");
        let said = options.iter().fold(switch.gnmi_entry("leaf1"), |entry, (key, value)| entry.text(key, value));
        let done = attach(said);
        assert_eq!(done.code(), 0, "{options:?}: {}{}", done.stdout, done.stderr);
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 100", "{options:?}");
    }
}
