//! One request, several switches: all or none.

use mercury_sim::{Mode, Options};
use serde_json::json;

use super::{Stage, attach};
use crate::harness::{Client, Kind, Mercury, Peer, Port, Simulated, Target};

pub(super) fn links_on_two_switches_are_all_applied(peer: Peer) {
    let other = Simulated::start(Mode::Candidate);
    let Some(mut stage) = Stage::among(peer, |entry| vec![entry, other.entry("leaf2")]) else { return };
    let params = attach(&[("leaf1", &stage.port), ("leaf2", "Ethernet2")], &json!(100));
    let answer = stage.client.done("attach_port", &params);
    assert_eq!(answer["changed"], true);
    assert_eq!(answer["switches"].as_array().unwrap().len(), 2);
    assert_eq!(stage.seen(&answer["switches"][0]).vlans, "access 100");
    assert_eq!(other.look().port("Ethernet2").vlans, "access 100");
    assert_eq!(other.handle().pending_commit(), None, "confirmed");
    let again = stage.client.done("attach_port", &params);
    assert_eq!(again["changed"], false);
}

pub(super) fn links_are_all_undone_when_another_switch_refuses(peer: Peer) {
    let fault = "commit:1:before:refuse:operation-failed:no room in the TCAM".parse().unwrap();
    let other = Simulated::with(Options { faults: vec![fault], ..Simulated::options() });
    let Some(mut stage) = Stage::among(peer, |entry| vec![entry, other.entry("leaf2")]) else { return };
    let params = attach(&[("leaf1", &stage.port), ("leaf2", "Ethernet2")], &json!(100));
    let error = stage.client.fails("attach_port", &params);
    assert_eq!((error.code, error.class()), (500, "NetworkError"));
    assert!(error.message.contains("leaf2") && error.message.contains("no room in the TCAM"), "{error:?}");
    assert_eq!(stage.now(), Port::default());
    assert_eq!(other.look().port("Ethernet2"), Port::default());
    // The fault is spent, and neither switch has been left locked or dirty.
    stage.client.done("attach_port", &params);
    assert_eq!(stage.now().vlans, "access 100");
    assert_eq!(other.look().port("Ethernet2").vlans, "access 100");
}

pub(super) fn links_are_all_undone_when_this_switch_refuses(peer: Peer) {
    if let Peer::Gnmi(Kind::Lemming) = peer {
        return links_are_all_undone_when_lemming_refuses();
    }
    let other = Simulated::start(Mode::Candidate);
    let Some(mut stage) = Stage::among(peer, |entry| vec![entry, other.entry("leaf2")]) else { return };
    let params = attach(&[("leaf1", "Ethernet9999"), ("leaf2", "Ethernet2")], &json!(100));
    let error = stage.client.fails("attach_port", &params);
    // Who tells of his ports is not asked to configure one that he does not have.
    let refused = match peer {
        Peer::Simulator(_) | Peer::SimulatorGnmi(_) => (400, "InvalidParameterValue"),
        _ => (500, "NetworkError"),
    };
    assert_eq!((error.code, error.class()), refused, "{error:?}");
    assert!(error.message.contains("leaf1"), "{error:?}");
    assert_eq!(other.look().port("Ethernet2"), Port::default());
    assert!(!stage.switch.look().ports.contains_key("Ethernet9999"));
}

/// OpenConfig lets ports be configured before there is hardware for them, and
/// lemming has any port that it is told of: it is made to refuse.
fn links_are_all_undone_when_lemming_refuses() {
    let Some(lemming) = Target::own(Kind::Lemming) else { return };
    let other = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[lemming.entry("leaf1"), other.entry("leaf2")]);
    let mut client = Client::of(&mercury);
    let params = attach(&[("leaf1", "Ethernet1"), ("leaf2", "Ethernet2")], &json!(100));
    lemming.arm(&json!({"method": "Set", "nth": 1, "moment": "before", "action": "error:INVALID_ARGUMENT"}));
    let error = client.fails("attach_port", &params);
    assert_eq!((error.code, error.class()), (500, "NetworkError"));
    assert!(error.message.contains("leaf1") && lemming.fired(), "{error:?}");
    for state in [lemming.look(), other.look()] {
        assert_eq!((state.port("Ethernet1"), state.port("Ethernet2")), (Port::default(), Port::default()));
    }
    client.done("attach_port", &params);
    assert_eq!(lemming.look().port("Ethernet1").vlans, "access 100");
}
