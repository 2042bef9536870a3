//! Sessions with switches: how many, how long, and who else is there.

use std::{collections::BTreeSet, thread};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{
    Client, Datastores, Face, Kind, Mercury, Netconfd, Peer, Port, Simulated, Switch, Target, block_on, netconfd, wait,
};

fn update(switch: &str, port: &str, vlan: u16) -> Value {
    json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": vlan,
           "context": {"request_id": format!("req-{port}-{vlan}")}})
}

/// Sessions of Mercury's that the relay has seen; the eye's are not opened yet.
fn sessions(switch: &Netconfd) -> BTreeSet<u64> {
    switch.witnessed().iter().filter_map(|line| line["session"].as_u64()).collect()
}

/// Requests of this name that were answered so.
fn answered(switch: &Netconfd, operation: &str, result: &str) -> usize {
    let log = switch.witnessed();
    log.iter().filter(|line| line["operation"] == operation && line["result"] == result).count()
}

#[test]
fn one_session_serves_eight_clients_and_is_kept() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    thread::scope(|scope| {
        for client in 1..=8 {
            let mercury = &mercury;
            scope.spawn(move || {
                let mut caller = Client::of(mercury);
                for round in 0..5 {
                    let answer =
                        caller.done("update_port", &update("leaf1", &format!("Ethernet{client}"), 100 + round));
                    assert_eq!(answer["native_vlan"], 100 + round);
                }
            });
        }
    });
    assert_eq!(sessions(&switch).len(), 1, "one session for all");
    let state = switch.look();
    for client in 1..=8 {
        assert_eq!(state.port(&format!("Ethernet{client}")).vlans, "access 104");
    }
}

/// On a channel of the same connection, or where sshd's `MaxSessions` forbids that, which
/// is found out once, on a connection of its own.
#[test]
fn a_plan_for_another_port_does_not_wait_for_a_commit() {
    for channels in [2, 1] {
        let Some(switch) = Netconfd::allowing(channels) else { return };
        let mercury = Mercury::serve(&[switch.entry("leaf1")]);
        let mut client = Client::of(&mercury);
        for round in 1..=2 {
            switch.arm(&json!({"op": "commit", "nth": 1, "moment": "before", "action": "hold"}));
            thread::scope(|scope| {
                let changing = scope
                    .spawn(|| Client::of(&mercury).done("update_port", &update("leaf1", "Ethernet1", 200 + round)));
                switch.wait_held();
                let planned = client.done("plan_port", &update("leaf1", "Ethernet2", 100));
                assert!(planned.to_string().contains("access VLAN 100"), "{planned}");
                assert!(!changing.is_finished(), "the commit was not slow");
                switch.release();
                assert_eq!(changing.join().unwrap()["outcome"], "committed");
            });
            // Both sessions are gone before the next round.
            switch.power_off();
            switch.power_on();
        }
        assert_eq!(sessions(&switch).len(), 4);
        let of = |line: &Value| line["connection"].as_str().map(str::to_owned);
        let connections: BTreeSet<String> = switch.witnessed().iter().filter_map(of).collect();
        assert_eq!(connections.len(), if channels == 1 { 4 } else { 2 }, "{connections:?}");
        let told = mercury.stderr.text();
        let refusals = told.matches("the switch takes one session on an SSH connection").count();
        assert_eq!(refusals, usize::from(channels == 1), "found out once: {told}");
    }
}

#[test]
fn a_session_that_was_lost_while_idle_is_rebuilt() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    switch.power_off();
    switch.power_on();
    let answer = client.done("update_port", &update("leaf1", "Ethernet1", 200));
    assert_eq!(answer["outcome"], "committed");
    assert_eq!(sessions(&switch).len(), 2);
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 200");
}

#[test]
fn a_session_that_is_lost_unseen_is_rebuilt_too() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    switch.handle().inject("lock:1:before:drop".parse().unwrap());
    let answer = client.done("update_port", &update("leaf1", "Ethernet1", 200));
    assert_eq!(answer["outcome"], "committed");
    assert_eq!(switch.handle().counters().sessions, 2);
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 200");
}

#[test]
fn an_idle_session_is_closed_in_good_order() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1").with("idle_timeout", 1)]);
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    wait("the farewell", || answered(&switch, "close-session", "ok") == 1);
    client.done("update_port", &update("leaf1", "Ethernet1", 200));
    assert_eq!(sessions(&switch).len(), 2);
}

#[test]
fn a_slow_switch_does_not_delay_another() {
    let (slow, fast) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let mercury = Mercury::serve(&[slow.entry("slow"), fast.entry("fast")]);
    let fault = slow.handle().inject("commit:1:before:hold".parse().unwrap());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| Client::of(&mercury).done("update_port", &update("slow", "Ethernet1", 100)));
        block_on(slow.handle().held(fault));
        let answer = Client::of(&mercury).done("update_port", &update("fast", "Ethernet1", 100));
        assert_eq!(answer["outcome"], "committed");
        assert!(!waiting.is_finished(), "the slow switch was not slow");
        slow.handle().release(fault);
        assert_eq!(waiting.join().unwrap()["outcome"], "committed");
    });
}

#[test]
fn a_lock_that_another_client_holds_is_waited_for() {
    for datastores in [Datastores::Candidate, Datastores::Running] {
        let Some(switch) = netconfd(datastores) else { return };
        let intruder = switch.hold_lock();
        let mercury = Mercury::serve(&[switch.entry("leaf1")]);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| Client::of(&mercury).done("update_port", &update("leaf1", "Ethernet1", 100)));
            wait("a denied lock", || answered(&switch, "lock", "lock-denied") >= 2);
            drop(intruder);
            assert_eq!(waiting.join().unwrap()["outcome"], "committed");
        });
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
        assert!(switch.locks().as_object().unwrap().values().all(Value::is_null), "given back");
    }
}

#[test]
fn a_lock_that_is_held_too_long_is_an_error_that_names_the_session() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let intruder = switch.hold_lock();
    let mercury = Mercury::serve(&[switch.entry("leaf1").with("lock_wait", 1)]);
    let error = Client::of(&mercury).fails("update_port", &update("leaf1", "Ethernet1", 100));
    assert_eq!((error.kind(), error.class(), error.code), ("locked", "NetworkError", 500));
    assert!(error.message.contains(&format!("session {}", intruder.session)), "{error:?}");
    assert_eq!(error.data["retry"], true);
    let locks = switch.locks();
    assert_eq!(locks["candidate"]["holder"], intruder.session, "nobody's session is killed");
    assert_eq!(switch.look().port("Ethernet1"), Port::default());
}

#[test]
fn a_dirty_candidate_is_discarded_once_and_told() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1").with("discard_foreign_candidate", true)]);
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    switch.soil_candidate();
    client.done("update_port", &update("leaf1", "Ethernet1", 200));
    let state = switch.look();
    assert_eq!(state.port("Ethernet1").vlans, "access 200");
    assert_eq!(state.port("Ethernet16"), Port::default(), "somebody's leftovers were committed");
    let told = mercury.stderr.text();
    assert_eq!(told.matches("discarding them").count(), 1, "{told}");
}

/// gNMI: HTTP/2 would carry many calls at once; a switch has one writer.
#[test]
fn one_gnmi_connection_serves_eight_clients_and_is_kept() {
    let switch = Simulated::gnmi(Face::Confirmed);
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    thread::scope(|scope| {
        for client in 1..=8 {
            let mercury = &mercury;
            scope.spawn(move || {
                let mut caller = Client::of(mercury);
                for round in 0..5 {
                    let port = format!("Ethernet{client}");
                    let answer = caller.done("update_port", &update("leaf1", &port, 100 + round));
                    assert_eq!(answer["native_vlan"], 100 + round);
                }
            });
        }
    });
    assert_eq!(switch.handle().counters().connections, 1, "one connection for all");
    let state = switch.look();
    for client in 1..=8 {
        assert_eq!(state.port(&format!("Ethernet{client}")).vlans, "access 104");
    }
}

#[test]
fn a_gnmi_connection_that_was_lost_while_idle_is_rebuilt() {
    let Some(switch) = Target::own(Kind::Gnxi) else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    switch.power_on();
    let answer = client.done("update_port", &update("leaf1", "Ethernet1", 200));
    assert_eq!(answer["outcome"], "committed");
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 200");
}

#[test]
fn a_gnmi_connection_that_is_lost_unseen_is_rebuilt_too() {
    let switch = Simulated::gnmi(Face::Plain);
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    switch.handle().inject("gnmi-get:1:before:drop".parse().unwrap());
    let answer = client.done("update_port", &update("leaf1", "Ethernet1", 200));
    assert_eq!(answer["outcome"], "committed");
    assert_eq!(switch.handle().counters().connections, 2);
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 200");
}

#[test]
fn an_idle_gnmi_connection_is_closed() {
    let switch = Simulated::gnmi(Face::Plain);
    let mercury = Mercury::serve(&[switch.entry("leaf1").with("idle_timeout", 1)]);
    let mut client = Client::of(&mercury);
    client.done("update_port", &update("leaf1", "Ethernet1", 100));
    block_on(switch.handle().wait_until(|status| status.connections == 0));
    client.done("update_port", &update("leaf1", "Ethernet1", 200));
    assert_eq!(switch.handle().counters().connections, 2);
}

/// Every way to log in that netconfd's sshd takes.
#[test]
fn every_kind_of_login_is_let_in() {
    let Some(switch) = Peer::Netconfd(Datastores::Candidate).shared() else { return };
    let Switch::Real(real) = &*switch else { unreachable!() };
    let plain = || real.entry("leaf1").without("key_file");
    for (way, entry) in [
        ("password", plain().text("password", real.fact("password"))),
        ("RSA key", plain().text("key_file", real.fact("rsa_key"))),
        (
            "encrypted key",
            plain().text("key_file", real.fact("encrypted_key")).text("passphrase", real.fact("passphrase")),
        ),
        (
            "a key that is refused, then a password",
            plain().text("key_file", &real.path("host_rsa").to_string_lossy()).text("password", real.fact("password")),
        ),
        (
            "pinned host key",
            real.entry("leaf1")
                .without("known_hosts")
                .with("host_key_fingerprints", format!("[{:?}]", real.fact("fingerprint"))),
        ),
    ] {
        let port = switch.port();
        let mercury = Mercury::serve(&[entry]);
        let answer = Client::of(&mercury).call("update_port", &update("leaf1", &port, 100));
        assert!(answer.is_ok(), "{way}: {answer:?}");
        let told = mercury.stderr.text();
        for secret in ["password", "passphrase"] {
            assert!(!told.contains(real.fact(secret)), "{way}: the {secret} is in the log");
        }
    }
}

#[test]
fn a_host_that_is_not_checked_is_told_of_at_each_login() {
    let switch = Simulated::start(Mode::Candidate);
    let entry = switch.entry("leaf1").without("host_key_fingerprints").with("insecure", true);
    let mercury = Mercury::serve(&[entry]);
    let mut client = Client::of(&mercury);
    let logins = || {
        let lines = mercury.stderr.json();
        let fingerprint = switch.fingerprint();
        lines.iter().filter(|line| line["level"] == "WARN" && line.to_string().contains(&fingerprint)).count()
    };
    for vlan in 1..=3 {
        client.done("update_port", &update("leaf1", "Ethernet1", 100 + vlan));
        assert_eq!(logins(), usize::from(vlan), "{}", mercury.stderr.text());
        switch.handle().reboot();
        block_on(switch.handle().wait_until(|status| status.sessions == 0));
    }
}
