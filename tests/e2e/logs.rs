//! Logs: who, what, when, why and how, and never a secret.

use mercury_sim::{Mode, Options};
use serde_json::{Value, json};

use crate::harness::{Client, Datastores, Face, Mercury, Peer, Setup, Simulated, Switch};

fn update(port: &str, id: &str) -> Value {
    json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100,
           "context": {"request_id": id, "user": "alice", "project_id": "metal"}})
}

#[test]
fn one_line_per_request_answers_who_what_why_and_how() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    let answer = client.done("update_port", &update("Ethernet1", "req-first"));
    client.done("update_port", &update("Ethernet1", "req-again"));
    let line = mercury.request("req-first");
    assert_eq!(
        (&line["user"], &line["project"], &line["switch"], &line["action"], &line["outcome"]),
        (&json!("alice"), &json!("metal"), &json!("leaf1"), &json!("update_port"), &json!("committed"))
    );
    assert!(line["timestamp"].is_string() && line["level"] == "INFO", "{line}");
    assert!(line["caller"].is_string(), "{line}");
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    let plan = line["plan"].as_str().unwrap();
    assert!(plan.contains("Ethernet1") && plan.contains("100"), "{line}");
    assert_eq!(line["flights"], answer["flights"]);
    let milliseconds: f64 = line["device_ms"].as_str().unwrap().parse().unwrap();
    assert!((milliseconds - answer["device_ms"].as_f64().unwrap()).abs() < 0.11, "{line} {answer}");
    assert_eq!(mercury.request("req-again")["outcome"], "unchanged");
    let ids: Vec<_> = mercury.requests().iter().map(|line| line["request_id"].clone()).collect();
    assert_eq!(ids, ["req-first", "req-again"]);
}

/// Ironic's request id is the same for all ports of a task.
#[test]
fn every_line_of_a_request_says_which_port_and_what_was_asked_and_there_is_one() {
    let (leaf1, leaf2) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let mercury = Mercury::serve(&[leaf1.entry("leaf1"), leaf2.entry("leaf2").with("queue", 1)]);
    let mut client = Client::of(&mercury);
    let params = update("Ethernet1", "req-task");
    client.done("update_port", &params);
    client.done("update_port", &params);
    client.done(
        "mercury.verify",
        &json!({"context": {"request_id": "req-task"}, "method": "update_port",
        "params": {"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": 100}}),
    );
    let mut wrong = params.clone();
    wrong["native_vlan"] = json!(4095);
    client.fails("update_port", &wrong);
    wrong["switch_id"] = json!("leaf9");
    client.fails("update_port", &wrong);
    let links = [("leaf1", "Ethernet1"), ("leaf2", "Ethernet1")];
    let links = links.map(|(switch, port)| json!({"switch_id": switch, "port_id": port}));
    let port = json!({"binding:profile": {"local_link_information": links}});
    client.done("attach_port", &json!({"context": {"request_id": "req-task"}, "port": port, "network": 100}));
    mercury.stderr.wait_json("the last", |line| line["action"] == "attach_port");
    let lines: Vec<_> = mercury.stderr.json().into_iter().filter(|line| line["request_id"] == "req-task").collect();
    assert_eq!(lines.len(), 6, "{lines:#?}");
    for line in &lines {
        assert_eq!(line["port"], "Ethernet1", "{line}");
        assert!(line["asked"].as_str().unwrap().contains("Ethernet1"), "{line}");
        assert!(line["switch"].as_str().unwrap().starts_with("leaf"), "{line}");
    }
    assert_eq!(lines[5]["switch"], "leaf1,leaf2");
    assert_eq!(lines[5]["outcome"], "leaf1: unchanged; leaf2: committed");
}

#[test]
fn a_failure_is_told_with_its_kind_and_the_switchs_words() {
    let fault = "commit:1:before:refuse:operation-failed:no room in the TCAM".parse().unwrap();
    let switch = Simulated::with(Options { faults: vec![fault], ..Simulated::options() });
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let error = Client::of(&mercury).fails("update_port", &update("Ethernet1", "req-bad"));
    assert_eq!(error.kind(), "refused");
    let line = mercury.request("req-bad");
    assert_eq!((&line["fault"], &line["level"]), (&json!("refused"), &json!("WARN")));
    assert!(line["message"].as_str().unwrap().contains("no room in the TCAM"), "{line}");
}

#[test]
fn a_request_that_is_refused_before_any_switch_is_asked_is_told_too() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut params = update("Ethernet1", "req-wrong");
    params["native_vlan"] = json!(4095);
    Client::of(&mercury).fails("update_port", &params);
    let line = mercury.stderr.wait_json("its line", |line| line["request_id"] == "req-wrong");
    assert_eq!((&line["user"], &line["parameter"]), (&json!("alice"), &json!("native_vlan")));
}

#[test]
fn no_secret_is_ever_told() {
    let Some(switch) = Peer::Netconfd(Datastores::Candidate).shared() else { return };
    let Switch::Real(real) = &*switch else { unreachable!() };
    let simulated = Simulated::start(Mode::Candidate);
    let setup = Setup::new();
    let htpasswd = setup.path().join("htpasswd");
    let made = std::process::Command::new("htpasswd")
        .args(["-cbB", "-C", "5", htpasswd.to_str().unwrap(), "ironic", "b4sic-secret"])
        .output()
        .unwrap();
    assert!(made.status.success());
    let plain = real.entry("real").without("key_file");
    let entries = [
        plain
            .clone()
            .text("key_file", real.fact("encrypted_key"))
            .text("passphrase", real.fact("passphrase"))
            .text("password", real.fact("password"))
            .text("enable_secret", "3nable-secret"),
        simulated.entry("leaf1"),
        simulated.entry("wrong").text("address", "localhost").text("password", "wr0ng-secret"),
    ];
    let mut mercury = setup
        .switches(&entries)
        .environment("RUST_LOG", "trace")
        .flags(&["--auth", "http_basic", "--htpasswd", htpasswd.to_str().unwrap()])
        .serve();
    let mut client = Client::of(&mercury).basic("ironic", "b4sic-secret");
    let mut said = String::new();
    let port = switch.port();
    for (name, port) in
        [("real", port.as_str()), ("leaf1", "Ethernet1"), ("wrong", "Ethernet1"), ("real", "Ethernet9999")]
    {
        let mut params = update(port, "req-secret");
        params["switch_id"] = json!(name);
        said += &format!("{:?}\n", client.call("update_port", &params));
    }
    assert_eq!(said.matches("Ok(").count(), 2, "{said}");
    said += &format!("{:?}\n", client.done("get_switches", &json!({})));
    let response = Client::of(&mercury).basic("ironic", "b4sic-s3cret").post("/", b"{}");
    assert_eq!(response.status, 401);
    said += &format!("{response:?}{}", String::from_utf8_lossy(&response.body));
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", mercury.pid())).unwrap();
    mercury.terminate();
    assert!(mercury.wait().success());
    said += &arguments;
    said += &mercury.stdout.whole();
    said += &mercury.stderr.whole();
    assert!(said.contains("req-secret"));
    for secret in [
        real.fact("password"),
        real.fact("passphrase"),
        simulated.password(),
        "wr0ng-secret",
        "3nable-secret",
        "b4sic-secret",
        "b4sic-s3cret",
        // As it travels.
        "aXJvbmljOmI0c2ljLXNlY3JldA==",
    ] {
        if let Some(at) = said.find(secret) {
            let from = said[..at].rfind('\n').unwrap_or_default();
            panic!("a secret was told: {}", &said[from..at]);
        }
    }
}

/// The most that can be told: every crate's trace, of a login that is let in,
/// one that is not, and a client's key.
#[test]
fn no_secret_of_a_gnmi_switch_is_ever_told() {
    let simulated = Simulated::gnmi(Face::Plain);
    let open = Simulated::with(Options { gnmi_plaintext: true, ..Simulated::options() });
    let setup = Setup::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["mercury".to_owned()]).unwrap().self_signed(&key).unwrap();
    let certificate = setup.write("mercury.pem", &certificate.pem());
    let pem = key.serialize_pem();
    let key = setup.write("mercury.key", &pem);
    let broken = setup.write("broken.key", &pem.replace("-----END", "=-----END"));
    let certified = Simulated::gnmi(Face::Plain);
    let others = [Simulated::gnmi(Face::Plain), Simulated::gnmi(Face::Plain)];
    let with = |switch: &Simulated, name: &str, key: &std::path::Path| {
        switch.entry(name).with("tls_cert", format!("{certificate:?}")).with("tls_key", format!("{key:?}"))
    };
    let entries = [
        simulated.entry("leaf1").text("enable_secret", "3nable-secret"),
        open.gnmi_entry("open").without("tls_pins").with("plaintext", true),
        others[0].entry("wrong").text("password", "wr0ng-secret"),
        with(&certified, "certified", &key),
        with(&others[1], "broken", &broken),
    ];
    let mut mercury = setup.switches(&entries).environment("RUST_LOG", "trace").serve();
    let mut client = Client::of(&mercury);
    let mut said = String::new();
    for name in ["leaf1", "open", "wrong", "certified", "broken"] {
        let mut params = update("Ethernet1", "req-secret");
        params["switch_id"] = json!(name);
        said += &format!("{name}: {:?}\n", client.call("update_port", &params));
    }
    assert_eq!(said.matches(": Ok(").count(), 3, "{said}");
    said += &format!("{:?}\n", client.done("get_switches", &json!({})));
    said += &std::fs::read_to_string(format!("/proc/{}/cmdline", mercury.pid())).unwrap();
    mercury.terminate();
    assert!(mercury.wait().success());
    said += &mercury.stdout.whole();
    said += &mercury.stderr.whole();
    assert!(said.contains("req-secret"));
    let secrets = [
        simulated.password(),
        open.password(),
        certified.password(),
        others[1].password(),
        "wr0ng-secret",
        "3nable-secret",
    ];
    for secret in secrets.into_iter().chain(pem.lines().filter(|line| !line.starts_with('-'))) {
        if let Some(at) = said.find(secret) {
            let from = said[..at].rfind('\n').unwrap_or_default();
            panic!("a secret was told: {}", &said[from..at]);
        }
    }
}
