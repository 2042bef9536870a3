//! Files that change while Mercury serves: what differs is taken over, and nobody
//! else notices.

use std::{fs, os::unix::fs::symlink, path::Path, thread};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Mercury, Setup, Simulated, block_on, wait};

fn update(switch: &str, port: &str, vlan: u16) -> Value {
    json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": vlan})
}

fn inventory(entries: &[Entry]) -> String {
    entries.iter().map(Entry::toml).collect()
}

/// As programs write files that others read.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::rename(&new, file).unwrap();
}

/// Waits until the files were read for the `time`th time, and says what changed.
fn read_again(mercury: &Mercury, time: usize) -> Value {
    let told = || mercury.stderr.json().into_iter().filter(|line| line["took_ms"].is_u64());
    wait("what was read", || told().count() >= time);
    told().nth(time - 1).unwrap()
}

fn sessions(switch: &Simulated) -> u64 {
    switch.handle().counters().sessions
}

#[test]
fn a_switch_is_added_changed_and_removed_and_another_keeps_its_session() {
    let (stays, other) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let setup = Setup::new();
    let file = setup.write("switches.toml", &inventory(&[stays.entry("stays")]));
    let mercury = setup.flags(&["--switches", file.to_str().unwrap()]).serve();
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("stays", "Ethernet1", 100));
    assert_eq!(client.fails("update_port", &update("other", "Ethernet1", 100)).kind(), "switch-not-found");

    replace(&file, &inventory(&[stays.entry("stays"), other.entry("other").with("allowed_vlans", "\"100-199\"")]));
    mercury.signal("HUP");
    let told = read_again(&mercury, 1);
    assert_eq!((&told["added"], &told["removed"], &told["changed"]), (&json!(1), &json!(0), &json!(0)), "{told}");
    assert!(told["message"].as_str().unwrap().contains("added: other"), "{told}");
    client.done("update_port", &update("other", "Ethernet1", 100));
    client.fails("update_port", &update("other", "Ethernet1", 200));

    // Other rules; it is reached as before.
    replace(&file, &inventory(&[stays.entry("stays"), other.entry("other").with("allowed_vlans", "\"200-299\"")]));
    mercury.signal("HUP");
    assert_eq!(read_again(&mercury, 2)["changed"], 1);
    client.fails("update_port", &update("other", "Ethernet1", 101));
    client.done("update_port", &update("other", "Ethernet1", 200));
    assert_eq!(sessions(&other), 1, "who is reached as before keeps the session");

    // Another way to reach it takes another session.
    let otherwise = other.entry("other").with("keepalive", 20);
    replace(&file, &inventory(&[stays.entry("stays"), otherwise]));
    mercury.signal("HUP");
    read_again(&mercury, 3);
    client.done("update_port", &update("other", "Ethernet1", 201));
    assert_eq!(sessions(&other), 2);

    replace(&file, &inventory(&[stays.entry("stays")]));
    mercury.signal("HUP");
    assert_eq!(read_again(&mercury, 4)["removed"], 1);
    block_on(other.handle().wait_until(|status| status.sessions == 0));
    assert_eq!(client.fails("update_port", &update("other", "Ethernet1", 100)).kind(), "switch-not-found");
    client.done("update_port", &update("stays", "Ethernet1", 101));
    assert_eq!(sessions(&stays), 1);
}

#[test]
fn what_is_under_way_ends_and_what_was_asked_later_comes_later() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new();
    let file = setup.write("switches.toml", &inventory(&[switch.entry("leaf1")]));
    let mercury = setup.flags(&["--switches", file.to_str().unwrap()]).serve();
    let fault = switch.handle().inject("commit:1:before:hold".parse().unwrap());
    thread::scope(|scope| {
        let first = scope.spawn(|| Client::of(&mercury).done("update_port", &update("leaf1", "Ethernet1", 100)));
        block_on(switch.handle().held(fault));
        replace(&file, &inventory(&[switch.entry("leaf1").with("keepalive", 20)]));
        mercury.signal("HUP");
        assert_eq!(read_again(&mercury, 1)["changed"], 1);
        let second = scope.spawn(|| Client::of(&mercury).done("update_port", &update("leaf1", "Ethernet1", 200)));
        assert!(!second.is_finished() && !first.is_finished());
        switch.handle().release(fault);
        assert_eq!(first.join().unwrap()["native_vlan"], 100);
        assert_eq!(second.join().unwrap()["native_vlan"], 200);
    });
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 200");
}

/// A switch that is removed in the middle of a change is changed to the end, and
/// the end of Mercury waits for that.
#[test]
fn what_is_under_way_on_a_switch_that_is_removed_is_finished_before_mercury_ends() {
    let (removed, stays) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let setup = Setup::new();
    let file = setup.write("switches.toml", &inventory(&[removed.entry("removed"), stays.entry("stays")]));
    let mut mercury = setup.flags(&["--switches", file.to_str().unwrap()]).serve();
    let fault = removed.handle().inject("commit:1:before:hold".parse().unwrap());
    let mut caller = Client::of(&mercury);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "update_port",
                      "params": update("removed", "Ethernet1", 100)});
    caller.start("POST", "/", body.to_string().as_bytes());
    block_on(removed.handle().held(fault));
    replace(&file, &inventory(&[stays.entry("stays")]));
    mercury.signal("HUP");
    assert_eq!(read_again(&mercury, 1)["removed"], 1);
    mercury.terminate();
    mercury.stderr.wait_json("the end", |line| line["signal"] == "SIGTERM");
    removed.handle().release(fault);
    assert_eq!(caller.response().unwrap().json()["result"]["outcome"], "committed");
    assert!(mercury.wait().success());
    assert_eq!(removed.look().port("Ethernet1").vlans, "access 100");
}

#[test]
fn a_mistake_keeps_everything_as_it_is_and_is_told_without_secrets() {
    let switch = Simulated::start(Mode::Candidate);
    let good = inventory(&[switch.entry("leaf1")]);
    let setup = Setup::new();
    let file = setup.write("switches.toml", &good);
    let rules = setup.write("rules.toml", "[[rule]]\nname = \"r\"\nreason = \"r\"\nreserved_vlans = \"4000\"\n");
    let mercury = setup.flags(&["--switches", file.to_str().unwrap(), "--rules", rules.to_str().unwrap()]).serve();
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    for (file, text, field) in [
        (&file, inventory(&[Entry::new("leaf2").text("password", "hunter-secret").text("adress", "x")]), "adress"),
        (&file, "[[switch]\nhunter-secret".to_owned(), ""),
        (&rules, "[[rule]]\nname = \"r\"\nreason = \"r\"\nreserved_vlan = \"4000\"\n".to_owned(), "reserved_vlan"),
    ] {
        let before = fs::read_to_string(file).unwrap();
        let so_far = mercury.stderr.text().matches("everything stays as it is").count();
        replace(file, &text);
        mercury.signal("HUP");
        wait("the refusal", || mercury.stderr.text().matches("everything stays as it is").count() > so_far);
        assert!(mercury.stderr.text().contains(field));
        client.done("update_port", &update("leaf1", "Ethernet1", 101));
        client.fails("update_port", &update("leaf1", "Ethernet1", 4000));
        replace(file, &before);
    }
    assert!(!mercury.stderr.text().contains("hunter-secret"));
    assert_eq!(sessions(&switch), 1);
}

/// An entry that was wrong before does not keep the others from being read.
#[test]
fn what_was_wrong_already_holds_nothing_up() {
    let switch = Simulated::start(Mode::Candidate);
    let broken = Entry::new("broken").text("address", "192.0.2.1").text("dialect", "none");
    let setup = Setup::new();
    let file = setup.write("switches.toml", &inventory(&[broken.clone(), switch.entry("leaf1")]));
    let mercury = setup.flags(&["--switches", file.to_str().unwrap()]).serve();
    replace(&file, &inventory(&[switch.entry("leaf0"), broken]).replacen("[[switch]]", "\n\n[[switch]]", 1));
    mercury.signal("HUP");
    assert_eq!(read_again(&mercury, 1)["added"], 1);
    Client::of(&mercury).done("update_port", &update("leaf0", "Ethernet1", 100));
}

/// As Metal3 has it: Ironic's file is mounted from a secret, by links that change, and
/// is not there yet at the start.
#[test]
fn a_file_that_appears_and_is_led_elsewhere_is_read() {
    let (one, two) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let setup = Setup::new();
    let file = setup.path().join("switch-configs.conf");
    let (folder, link) = (setup.path().to_owned(), setup.path().join("..data"));
    let mounted = |version: &str, entries: &[Entry]| {
        fs::create_dir(folder.join(version)).unwrap();
        let text: String = entries.iter().map(Entry::ini).collect();
        replace(&folder.join(version).join("switch-configs.conf"), &text);
        symlink(version, folder.join("..new")).unwrap();
        fs::rename(folder.join("..new"), &link).unwrap();
    };
    let mercury = setup.settings("reload_interval = 1\n").flags(&["--switches", file.to_str().unwrap()]).serve();
    let mut client = Client::of(&mercury);
    assert_eq!(client.done("get_switches", &json!({})), json!({}));
    let mac = |entry: Entry, last: u8| entry.with("mac_addresses", format!("[\"02:00:00:00:00:0{last}\"]"));
    symlink("..data/switch-configs.conf", &file).unwrap();
    mounted("..1", &[mac(one.entry("one"), 1)]);
    read_again(&mercury, 1);
    client.done("update_port", &update("one", "Ethernet1", 100));
    mounted("..2", &[mac(one.entry("one"), 1), mac(two.entry("two"), 2)]);
    read_again(&mercury, 2);
    client.done("update_port", &update("two", "Ethernet1", 100));
    client.done("update_port", &update("one", "Ethernet1", 101));
    assert_eq!(sessions(&one), 1);
}

#[test]
fn a_secret_that_comes_later_makes_its_entry_usable() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new();
    let secret = setup.path().join("password");
    let entry = switch.entry("leaf1").with("password", format!("{{ file = {secret:?} }}"));
    let file = setup.write("switches.toml", &inventory(&[entry, switch.entry("leaf0")]));
    let settings = setup.settings("reload_interval = 1\n");
    let mercury = settings.flags(&["--switches", file.to_str().unwrap()]).serve();
    let mut client = Client::of(&mercury);
    assert_eq!(client.fails("update_port", &update("leaf1", "Ethernet1", 100)).kind(), "entry");
    replace(&secret, switch.password());
    read_again(&mercury, 1);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
}

#[test]
fn settings_that_take_a_restart_are_named() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let file = setup.path().join("mercury.toml");
    let mercury = setup.settings("allowed_vlans = \"100\"\n").serve();
    let mut client = Client::of(&mercury);
    replace(&file, "allowed_vlans = \"200\"\n[limits]\nmax_in_flight = 7\n[log]\nlevel = \"debug\"\n");
    mercury.signal("HUP");
    read_again(&mercury, 1);
    let told = mercury.stderr.text();
    assert!(told.contains("take a restart: limits, log"), "{told}");
    client.done("update_port", &update("leaf1", "Ethernet1", 200));
    client.fails("update_port", &update("leaf1", "Ethernet1", 100));
}

#[test]
fn what_decides_on_changes_is_told_by_name_where_it_differs() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let rule =
        |name: &str, vlan: u16| format!("[[rule]]\nname = \"{name}\"\nreason = \"r\"\nreserved_vlans = \"{vlan}\"\n");
    let grant = |name: &str, more: &str| format!("[[caller]]\nnames = [\"{name}\"]\nswitches = [\"*\"]\n{more}\n");
    let rules = setup.write("rules.toml", &(rule("stays", 4000) + &rule("old", 4001) + &rule("other", 4002)));
    let policy = setup.write("policy.toml", &(grant("anonymous", "") + &grant("gone", "")));
    let folder = setup.path().join("dialects");
    fs::create_dir(&folder).unwrap();
    let (file, own) = (setup.path().join("mercury.toml"), format!("rules = [{rules:?}]\ndialects = {folder:?}\n"));
    let mercury = setup.settings(&format!("{own}policy = {policy:?}\n")).serve();
    replace(&rules, &(rule("stays", 4000) + &rule("other", 4003) + &rule("new", 4001)));
    replace(&policy, &grant("anonymous", "dry_run = true"));
    replace(&folder.join("acme.toml"), "inherits = \"openconfig\"\n");
    mercury.signal("HUP");
    read_again(&mercury, 1);
    let told = mercury.stderr.text();
    for words in [
        "callers of the policy differ; removed: gone; changed: anonymous",
        "rules differ; added: new; removed: old; changed: other",
        "dialects differ; added: acme",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    replace(&file, &own);
    mercury.signal("HUP");
    read_again(&mercury, 2);
    let opened = mercury.stderr.wait_json("its end", |line| line.to_string().contains("no policy any more"));
    assert_eq!(opened["level"], "WARN");
    replace(&file, &format!("{own}policy = {policy:?}\n"));
    mercury.signal("HUP");
    read_again(&mercury, 3);
    assert!(mercury.stderr.text().contains("there is a policy now"));
}

/// Switches of other dialects are left alone.
#[test]
fn a_dialect_of_the_operators_own_is_read_again() {
    let (own, other) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let setup = Setup::new().switches(&[own.entry("own").text("dialect", "acme"), other.entry("other")]);
    let folder = setup.path().join("dialects");
    fs::create_dir(&folder).unwrap();
    let dialect = |longest: u16| {
        let text = format!("inherits = \"openconfig\"\n[text]\ndescription-max = {longest}\n");
        replace(&folder.join("acme.toml"), &text);
    };
    dialect(20);
    let mercury = setup.flags(&["--dialects", folder.to_str().unwrap()]).serve();
    let mut client = Client::of(&mercury);
    let mut described = update("own", "Ethernet1", 100);
    described["description"] = json!("eleven long");
    client.done("update_port", &described);
    client.done("update_port", &update("other", "Ethernet1", 100));
    dialect(10);
    mercury.signal("HUP");
    let told = read_again(&mercury, 1);
    assert!(told["message"].as_str().unwrap().ends_with("changed: own"), "{told}");
    described["description"] = json!("other words");
    assert_eq!(client.fails("update_port", &described).kind(), "invalid-value");
    client.done("update_port", &update("other", "Ethernet1", 101));
    assert_eq!(sessions(&other), 1);
}

/// Nobody who asks notices that files change all the time.
#[test]
fn every_request_succeeds_while_files_rotate() {
    const CALLERS: u16 = 4;
    const EACH: u16 = 500;
    let switches: Vec<_> = (0..3).map(|_| Simulated::start(Mode::Candidate)).collect();
    let entries = |rotation: u16| -> Vec<Entry> {
        let named = switches.iter().zip(["leaf0", "leaf1", "leaf2"]);
        let mut entries: Vec<_> = named.map(|(switch, name)| switch.entry(name).with("max_sessions", 1)).collect();
        // One keeps its entry, one has other rules, one is reached otherwise; one comes and goes.
        entries[1] = entries[1].clone().with("allowed_vlans", format!("\"1-{}\"", 1000 + rotation));
        entries[2] = entries[2].clone().with("keepalive", 15 + rotation % 2);
        if rotation.is_multiple_of(2) {
            entries.push(switches[2].entry("leaf2-too").with("keepalive", 30).with("max_sessions", 1));
        }
        entries
    };
    let setup = Setup::new();
    let file = setup.write("switches.toml", &inventory(&entries(0)));
    let mercury = setup.flags(&["--switches", file.to_str().unwrap()]).serve();
    let mut rotations = 0;
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let mercury = &mercury;
                scope.spawn(move || {
                    let mut client = Client::of(mercury);
                    for round in 0..EACH {
                        let switch = format!("leaf{}", (caller + round) % 3);
                        let vlan = 100 + round % 2;
                        let request = update(&switch, &format!("Ethernet{}", caller + 1), vlan);
                        // Of ten requests one changes something.
                        match round % 10 {
                            0 => assert_eq!(client.done("update_port", &request)["native_vlan"], vlan),
                            1 => _ = client.done("plan_port", &request),
                            _ => assert_eq!(client.done("get_switches", &json!({}))["leaf0"]["device_name"], "leaf0"),
                        }
                    }
                })
            })
            .collect();
        while !callers.iter().all(thread::ScopedJoinHandle::is_finished) {
            rotations += 1;
            replace(&file, &inventory(&entries(rotations)));
            mercury.signal("HUP");
            read_again(&mercury, rotations.into());
        }
    });
    assert!(rotations > 2, "{rotations}");
    assert_eq!(sessions(&switches[0]), 1, "whose entry is as it was keeps its session");
    assert_eq!(sessions(&switches[1]), 1, "and who is reached as before");
    assert!(sessions(&switches[2]) > 1);
}
