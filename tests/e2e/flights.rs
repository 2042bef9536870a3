//! Round trips, counted by a witness between the sshd and netconfd.

mod gnmi;

use std::time::Duration;

use serde_json::json;

use mercury_sim::{Mode, Options, Quirks};

use crate::harness::{Client, Datastores, Entry, Mercury, Simulated, netconfd};

/// Warm attaches cost at most `limit` flights; the answer and the log line say
/// the same number as the witness.
fn warm_attach_costs_at_most(limit: u64, datastores: Datastores, change: impl Fn(Entry) -> Entry) {
    let Some(switch) = netconfd(datastores) else { return };
    // Answers come late, so that what is sent in several pieces is one flight.
    switch.delay(Duration::from_millis(60));
    let mercury = Mercury::serve(&[change(switch.entry("leaf1"))]);
    let mut client = Client::of(&mercury);
    let mut attach = |port: &str, vlan: u16, id: &str| {
        let params = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": vlan,
                            "description": "Ironic Port 8d1f", "context": {"request_id": id}});
        client.done("update_port", &params)
    };
    attach("Ethernet1", 100, "req-cold");
    let witnessed = || {
        let log = switch.witnessed();
        let sessions: std::collections::BTreeSet<_> = log.iter().map(|line| line["session"].as_u64()).collect();
        assert_eq!(sessions.len(), 1, "one session");
        log.iter().filter_map(|line| line["flight"].as_u64()).max().unwrap()
    };
    for (index, (port, vlan)) in [("Ethernet1", 200), ("Ethernet2", 100), ("Ethernet1", 300)].into_iter().enumerate() {
        let id = format!("req-warm-{index}");
        let before = witnessed();
        let answer = attach(port, vlan, &id);
        let flown = witnessed() - before;
        assert_eq!(answer["outcome"], "committed");
        assert!(flown <= limit, "{flown} flights: {:#?}", switch.witnessed());
        assert_eq!(answer["flights"], flown);
        assert_eq!(mercury.request(&id)["flights"], flown);
    }
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 300");
}

#[test]
fn a_warm_attach_with_confirmed_commit_takes_three_flights() {
    warm_attach_costs_at_most(3, Datastores::Candidate, |entry| entry.text("confirmed_commit", "on"));
}

#[test]
fn a_warm_attach_without_confirmed_commit_takes_two_flights() {
    warm_attach_costs_at_most(2, Datastores::Candidate, |entry| entry.text("confirmed_commit", "off"));
}

#[test]
fn a_warm_attach_with_confirmed_commit_and_startup_takes_four_flights() {
    warm_attach_costs_at_most(4, Datastores::Both, |entry| entry.text("confirmed_commit", "on").with("persist", true));
}

/// Where a refused edit may leave a part behind, its answer is awaited before the commit.
#[test]
fn without_rollback_on_error_a_warm_attach_takes_one_flight_more() {
    for (mode, persist, flights) in [
        (Mode::Candidate, false, 3),
        (Mode::CandidateStartup, true, 4),
        (Mode::CandidatePlain, false, 2),
        (Mode::Running, false, 2),
        (Mode::RunningStartup, true, 3),
    ] {
        for (whole, flights) in [(true, flights), (false, flights + 1)] {
            let quirks = Quirks { no_rollback_on_error: !whole, ..Quirks::default() };
            let switch = Simulated::with(Options { mode, quirks, ..Simulated::options() });
            let mercury = Mercury::serve(&[switch.entry("leaf1").with("persist", persist)]);
            let mut client = Client::of(&mercury);
            let mut attach = |vlan: u16| {
                let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access",
                                    "native_vlan": vlan});
                client.done("update_port", &params)
            };
            attach(100);
            let answer = attach(200);
            assert_eq!(
                (&answer["outcome"], &answer["flights"]),
                (&json!("committed"), &json!(flights)),
                "{mode:?} {whole}"
            );
        }
    }
}

#[test]
fn a_warm_attach_on_writable_running_takes_two_flights() {
    warm_attach_costs_at_most(2, Datastores::Running, |entry| entry);
}
