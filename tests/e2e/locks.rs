//! Two Mercury processes on one host, and one switch that has no lock of its
//! own.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Face, Mercury, Port, Setup, Simulated, block_on};

fn attach(port: &str) -> Value {
    json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100})
}

fn serve(entry: Entry, locks: &tempfile::TempDir) -> Mercury {
    let folder = locks.path().to_str().unwrap();
    Setup::new().switches(&[entry]).settings(&format!("lock_dir = {folder:?}\n")).serve()
}

#[test]
fn two_processes_change_a_switch_one_after_the_other() {
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let locks = tempfile::tempdir().unwrap();
    let one = serve(switch.gnmi_entry("leaf1"), &locks);
    let hasty = serve(switch.gnmi_entry("leaf1").with("lock_wait", 0), &locks);
    let patient = serve(switch.gnmi_entry("leaf1"), &locks);
    let held = switch.handle().inject("gnmi-set:1:before:hold".parse().unwrap());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| Client::of(&one).done("update_port", &attach("Ethernet1")));
        block_on(switch.handle().held(held));
        let error = Client::of(&hasty).fails("update_port", &attach("Ethernet2"));
        assert_eq!(error.kind(), "locked", "{error:?}");
        assert!(error.message.contains(&format!("process {}", one.pid())), "{error:?}");
        let second = scope.spawn(|| Client::of(&patient).done("update_port", &attach("Ethernet3")));
        switch.handle().release(held);
        assert_eq!(first.join().unwrap()["outcome"], "committed");
        assert_eq!(second.join().unwrap()["outcome"], "committed");
    });
    let found = switch.look();
    assert_eq!(found.port("Ethernet1").vlans, "access 100");
    assert_eq!(found.port("Ethernet2"), Port::default());
    assert_eq!(found.port("Ethernet3").vlans, "access 100");
}

#[test]
fn a_process_that_is_killed_lets_go_of_its_switch() {
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let locks = tempfile::tempdir().unwrap();
    let mut one = serve(switch.gnmi_entry("leaf1"), &locks);
    let other = serve(switch.gnmi_entry("leaf1"), &locks);
    let held = switch.handle().inject("gnmi-get:1:before:hold".parse().unwrap());
    let mut client = Client::of(&one);
    let request = json!({"jsonrpc": "2.0", "id": "1", "method": "update_port", "params": attach("Ethernet1")});
    client.start("POST", "/", request.to_string().as_bytes());
    block_on(switch.handle().held(held));
    one.kill();
    switch.handle().release(held);
    assert_eq!(Client::of(&other).done("update_port", &attach("Ethernet1"))["outcome"], "committed");
}

#[test]
fn where_no_lock_file_can_be_made_nothing_is_sent() {
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let locks = tempfile::tempdir().unwrap();
    let file = locks.path().join("file");
    std::fs::write(&file, "").unwrap();
    let settings = format!("lock_dir = {:?}\n", file.join("below").to_str().unwrap());
    let setup = Setup::new().switches(&[switch.netconf_entry("leaf1")]).settings(&settings);
    let checked = setup.run(&["config", "check"]);
    assert_eq!(checked.code(), 1, "{}", checked.stdout);
    assert!(checked.stdout.contains("error[machine]: lock_dir: "), "{}", checked.stdout);
    let mercury = setup.serve();
    mercury.stderr.wait_json("the finding", |line| line["message"].as_str().is_some_and(|m| m.contains("lock_dir")));
    let error = Client::of(&mercury).fails("update_port", &attach("Ethernet1"));
    assert!(error.message.contains("lock file"), "{error:?}");
    assert_eq!(switch.look().port("Ethernet1"), Port::default());
    assert_eq!(switch.handle().counters().edits, 0);
}

#[test]
fn where_the_disk_of_the_lock_files_is_full_nothing_is_sent() {
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let locks = tempfile::tempdir().unwrap();
    let folder = locks.path().to_str().unwrap();
    let setup = Setup::new().switches(&[switch.gnmi_entry("leaf1")]).settings(&format!("lock_dir = {folder:?}\n"));
    let mercury = setup.disk_full().serve();
    let error = Client::of(&mercury).fails("update_port", &attach("Ethernet1"));
    assert_eq!((error.kind(), &error.data["who_acts"]), ("machine", &json!("operator")), "{error:?}");
    assert!(error.message.contains("no lock file can be had"), "{error:?}");
    assert_eq!(switch.look().port("Ethernet1"), Port::default());
    assert_eq!(switch.handle().counters().edits, 0);
}

#[test]
fn the_limit_of_file_descriptors_is_raised_to_what_is_needed() {
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let mercury = Setup::new().switches(&[switch.netconf_entry("leaf1")]).descriptors(64, 4096).serve();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", mercury.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: u64 = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!((1024..4096).contains(&soft), "{line}");
    let setup = Setup::new().switches(&[switch.netconf_entry("leaf1")]).descriptors(64, 512);
    let checked = setup.run(&["config", "check"]);
    assert!(checked.stdout.contains("warning[machine]: limits.max_connections: "), "{}", checked.stdout);
}

#[test]
fn without_descriptors_nothing_is_sent_and_the_operator_is_told() {
    let switches = [Simulated::start(mercury_sim::Mode::Candidate), Simulated::gnmi(Face::Plain)];
    let mercury = Setup::new().switches(&[switches[0].entry("netconf"), switches[1].entry("gnmi")]).serve();
    let mut client = Client::of(&mercury);
    client.done("get_switches", &json!({}));
    let pid = Pid::from_raw(i32::try_from(mercury.pid()).unwrap()).unwrap();
    let limit = getrlimit(Resource::Nofile);
    // Whatever is open stays so.
    prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
    for name in ["netconf", "gnmi"] {
        let error = client.fails(
            "update_port",
            &json!({"switch_id": name, "port_name": "Ethernet1", "mode": "access", "native_vlan": 100}),
        );
        assert_eq!((error.kind(), &error.data["who_acts"]), ("machine", &json!("operator")), "{error:?}");
    }
    prlimit(Some(pid), Resource::Nofile, limit).unwrap();
    for name in ["netconf", "gnmi"] {
        client.done(
            "update_port",
            &json!({"switch_id": name, "port_name": "Ethernet1", "mode": "access", "native_vlan": 100}),
        );
    }
}
