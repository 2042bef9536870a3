//! What is counted, as Prometheus meets it.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use mercury_sim::Mode;
use serde_json::json;

use crate::harness::{Client, Mercury, Setup, Simulated, wait};

fn told(client: &mut Client) -> String {
    let response = client.request("GET", "/metrics", b"");
    assert_eq!(response.status, 200);
    assert!(response.headers["content-type"].starts_with("text/plain; version=0.0.4"), "{response:?}");
    String::from_utf8(response.body).unwrap()
}

/// Has promtool look, where there is one.
fn promtool(words: &[&str], input: &str) {
    let begun = Command::new("promtool")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = begun else { return eprintln!("left out: there is no promtool") };
    promtool.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    assert!(
        said.status.success(),
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
}

#[test]
fn requests_are_counted_by_switch_method_and_outcome_and_nothing_of_a_callers_is_told() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[switch.entry("leaf1").with("allowed_vlans", "\"100\"")]);
    let mut client = Client::of(&mercury);
    let update =
        |vlan: u16| json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan});
    client.done("update_port", &update(100));
    client.done("update_port", &update(100));
    client.fails("update_port", &update(200));
    client.fails(
        "update_port",
        &json!({"switch_id": "stranger", "port_name": "Ethernet1", "mode": "access", "native_vlan": 1}),
    );
    let response = client.post("/", br#"{"jsonrpc": "2.0", "id": 1, "method": "made_up", "params": {}}"#);
    assert_eq!(response.json()["error"]["code"], -32601);
    let text = told(&mut client);
    for line in [
        "mercury_requests_total{method=\"update_port\",outcome=\"ok\"} 2",
        "mercury_requests_total{method=\"update_port\",outcome=\"invalid-value\"} 1",
        "mercury_requests_total{method=\"update_port\",outcome=\"switch-not-found\"} 1",
        "mercury_request_duration_seconds_count{method=\"update_port\"} 4",
        "mercury_switch_requests_total{action=\"update_port\",outcome=\"committed\",switch=\"leaf1\"} 1",
        "mercury_switch_requests_total{action=\"update_port\",outcome=\"unchanged\",switch=\"leaf1\"} 1",
        "mercury_switch_requests_under_way{switch=\"leaf1\"} 0",
        "mercury_switch_sessions{switch=\"leaf1\"} 1",
        "mercury_switches{state=\"served\"} 1",
        "mercury_authentication_failures_total 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(!text.contains("stranger") && !text.contains("made_up"), "{text}");
    promtool(&["check", "metrics"], &text);
}

/// No change can be made without a lock.
#[test]
fn mercury_is_ready_while_locks_can_be_had() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let folder = setup.path().join("locks");
    let mercury = setup.settings("lock_dir = \"locks\"\n").serve();
    let mut client = Client::of(&mercury);
    let mut status = || client.request("GET", "/readyz", b"").status;
    assert_eq!(status(), 200);
    std::fs::write(&folder, "no folder").unwrap();
    assert_eq!(status(), 503);
    std::fs::remove_file(&folder).unwrap();
    assert_eq!(status(), 200);
}

#[test]
fn promtool_passes_the_alert_rules() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/config/prometheus/alerts.yml");
    promtool(&["check", "rules", rules], "");
}

#[test]
fn metrics_can_have_an_address_of_their_own_and_tell_to_the_end() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let mercury = setup.settings("metrics_listen = \"127.0.0.1:0\"\n").serve();
    let mut client = Client::of(&mercury);
    assert_eq!(client.request("GET", "/metrics", b"").status, 404);
    assert_eq!(client.request("GET", "/healthz", b"").status, 200);
    let line = mercury.stderr.wait_json("the address", |line| line["address"].is_string());
    let mut other = Client::at(line["address"].as_str().unwrap().parse().unwrap());
    assert!(told(&mut other).contains("mercury_build_info"));
    assert_eq!(other.post("/", b"{}").status, 404, "nothing else is there");

    let fault = switch.handle().inject("commit:1:before:hold".parse().unwrap());
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params":
                      {"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": 100}});
    client.start("POST", "/", body.to_string().as_bytes());
    crate::harness::block_on(switch.handle().held(fault));
    mercury.terminate();
    mercury.stderr.wait_json("the end", |line| line["signal"] == "SIGTERM");
    // What is told may be a second old.
    let other = std::cell::RefCell::new(other);
    let under_way = "mercury_switch_requests_under_way{switch=\"leaf1\"} 1";
    wait("the request", || told(&mut other.borrow_mut()).contains(under_way));
    switch.handle().release(fault);
    assert_eq!(client.response().unwrap().json()["result"]["outcome"], "committed");
}
