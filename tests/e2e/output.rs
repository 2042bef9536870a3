//! What the service tells, and that nothing hangs on whether anybody can hear it.

use std::{
    fs::{File, OpenOptions},
    process::Stdio,
};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Lines, Mercury, Setup, Simulated};

fn update(port: &str, id: &str) -> Value {
    json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100, "context": {"request_id": id}})
}

/// A change, a refusal, a question, and a stop: all as if somebody listened.
fn works(mercury: &mut Mercury, switch: &Simulated) {
    let mut client = Client::of(mercury);
    let answer = client.done("update_port", &update("Ethernet1", "req-1"));
    assert_eq!(answer["outcome"], "committed", "{answer}");
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    assert_eq!(client.fails("update_port", &json!({"switch_id": "leaf1"})).kind(), "invalid-params");
    assert_eq!(client.request("GET", "/healthz", b"").body, b"ok\n");
    mercury.terminate();
    assert!(mercury.wait().success());
}

fn setup(switch: &Simulated) -> Setup {
    Setup::new().switches(&[switch.entry("leaf1")])
}

#[test]
fn a_log_that_cannot_be_written_fails_nothing() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let read_only = || Stdio::from(File::open("/dev/null").unwrap());
    for stderr in [full(), gone(), read_only()] {
        let switch = Simulated::start(Mode::Candidate);
        works(&mut setup(&switch).serve_with_stderr(stderr), &switch);
    }
}

/// A pipe takes 64 KiB; then nothing does until it is read.
#[test]
fn a_log_that_nobody_reads_delays_nothing_and_what_was_lost_is_counted() {
    let switch = Simulated::start(Mode::Candidate);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut mercury = setup(&switch).serve_with_stderr(writer);
    let mut client = Client::of(&mercury);
    let long = "x".repeat(120);
    let wrong = json!({"switch_id": "leaf1", "context": {"request_id": long, "user": long, "project_id": long}});
    let asked = 6000;
    for _ in 0..asked {
        client.fails("update_port", &wrong);
    }
    let lines = Lines::of(reader);
    let lost = lines.wait_json("what was lost", |line| line.get("lost").is_some());
    let told = lines.json().iter().filter(|line| line["request_id"] == json!(long)).count();
    let lost = usize::try_from(lost["lost"].as_u64().unwrap()).unwrap();
    assert!(lost > 0 && told > 0, "{told} told, {lost} lost");
    works(&mut mercury, &switch);
    // The end is told too, and every line was told or counted.
    let whole = lines.whole();
    assert!(whole.contains("told to stop"), "{whole}");
    let lines = lines.json();
    let told = lines.iter().filter(|line| line["request_id"] == json!(long)).count();
    let lost: u64 = lines.iter().filter_map(|line| line["lost"].as_u64()).sum();
    assert_eq!(told + usize::try_from(lost).unwrap(), asked);
}

#[test]
fn a_service_that_nobody_reads_stops_when_it_is_told() {
    let switch = Simulated::start(Mode::Candidate);
    let (_unread, writer) = std::io::pipe().unwrap();
    let mut mercury = setup(&switch).environment("RUST_LOG", "trace").serve_with_stderr(writer);
    works(&mut mercury, &switch);
}
