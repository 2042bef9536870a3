//! Edge ports and their guard, where an inventory entry asks for them.

use mercury_sim::{Mode, Options};
use serde_json::{Value, json};

use super::{Stage, access, attach, naming_a_lag};
use crate::harness::{Client, Entry, Face, Kind, Mercury, Peer, Port, Simulated};

const EDGE: &str = "EDGE_ENABLE guarded";

/// The first scenario shows what becomes of a request where there is none.
fn has_spanning_tree(peer: Peer) -> bool {
    let has = !matches!(peer, Peer::Gnmi(Kind::Lemming));
    if !has {
        eprintln!("left out: lemming has no openconfig-spanning-tree");
    }
    has
}

fn both(entry: Entry) -> Entry {
    edge_alone(entry).with("stp_bpdu_guard", true)
}

fn edge_alone(entry: Entry) -> Entry {
    entry.with("stp_edge", true)
}

fn nothing(stage: &Stage) -> Value {
    stage.params(&json!({"native_vlan": null, "allowed_vlans": null, "default_vlan": null}))
}

pub(super) fn an_attached_port_is_a_guarded_edge_where_the_entry_asks(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, both) else { return };
    if !has_spanning_tree(peer) {
        let params = stage.params(&access(100));
        let error = stage.client.fails("update_port", &params);
        assert!(error.message.contains("stp"), "{error:?}");
        return assert_eq!(stage.now(), Port::default());
    }
    stage.update(&access(100));
    let attached = Port { vlans: "access 100".to_owned(), stp: EDGE.to_owned(), ..Port::default() };
    assert_eq!(stage.now(), attached);
    let params = stage.params(&access(100));
    assert_eq!(stage.client.done("update_port", &params)["outcome"], "unchanged");
    let params = nothing(&stage);
    let answer = stage.client.done("reset_port", &params);
    assert_eq!(stage.seen(&answer).stp, "none");
    assert_eq!(stage.client.done("reset_port", &params)["outcome"], "unchanged");
}

pub(super) fn a_plugins_attach_and_detach_leave_no_trace_in_spanning_tree(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, both).filter(|_| has_spanning_tree(peer)) else { return };
    let params = stage.attach(&json!(100));
    stage.client.done("attach_port", &params);
    assert_eq!(stage.now().stp, EDGE);
    stage.client.done("update_port", &stage.attach(&json!(200)));
    assert_eq!((stage.now().stp.as_str(), stage.now().vlans.as_str()), (EDGE, "access 200"));
    stage.client.done("detach_port", &stage.attach(&json!(200)));
    assert_eq!(stage.now(), Port::default());
}

pub(super) fn what_an_entry_does_not_ask_for_is_left_as_it_is(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, both).filter(|_| has_spanning_tree(peer)) else { return };
    stage.update(&access(100));
    stage.serve_instead(|entry| entry);
    let (update, reset) = (stage.params(&access(200)), nothing(&stage));
    for (method, params) in [("update_port", &update), ("reset_port", &reset)] {
        let answer = stage.client.done(method, params);
        assert_eq!(answer["interface"]["stp"], json!(null), "it is not even read");
        assert_eq!(stage.now().stp, EDGE);
    }
    stage.serve_instead(edge_alone);
    stage.client.done("reset_port", &reset);
    assert_eq!(stage.now().stp, "guarded");
    stage.client.done("update_port", &update);
    assert_eq!(stage.now().stp, EDGE);
    stage.serve_instead(both);
    stage.client.done("reset_port", &reset);
    assert_eq!(stage.now().stp, "none");
}

pub(super) fn what_others_say_about_a_ports_spanning_tree_outlives_an_attach(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, both).filter(|_| has_spanning_tree(peer)) else { return };
    stage.switch.guard_root(&stage.port);
    let before = stage.now();
    assert_eq!(before.stp, "guard=ROOT");
    let params = stage.attach(&json!(100));
    stage.client.done("attach_port", &params);
    assert_eq!(stage.now().stp, "EDGE_ENABLE guard=ROOT guarded");
    stage.client.done("detach_port", &params);
    assert_eq!(stage.now(), before);
}

/// Spanning tree sees the aggregate, and never its members.
pub(super) fn a_member_of_a_lag_is_no_edge(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, |entry| naming_a_lag(both(entry))).filter(|_| has_spanning_tree(peer))
    else {
        return;
    };
    stage.update(&access(100));
    stage.update(&json!({"mode": "access", "native_vlan": 100, "lag_name": "Port-Channel1"}));
    let port = stage.now();
    assert_eq!((port.aggregate.as_deref(), port.stp.as_str()), (Some("Port-Channel1"), "none"));
}

/// By the switch, or by the inverse plan.
pub(super) fn an_edge_is_undone_when_another_switch_refuses(peer: Peer) {
    let fault = "commit:1:before:refuse:operation-failed:no room in the TCAM".parse().unwrap();
    let other = Simulated::with(Options { faults: vec![fault], ..Simulated::options() });
    let with_other = |entry| vec![both(entry), other.entry("leaf2")];
    let Some(mut stage) = Stage::among(peer, with_other).filter(|_| has_spanning_tree(peer)) else { return };
    stage.switch.guard_root(&stage.port);
    let before = stage.now();
    let params = attach(&[("leaf1", &stage.port), ("leaf2", "Ethernet2")], &json!(100));
    assert!(stage.client.fails("attach_port", &params).message.contains("no room in the TCAM"));
    assert_eq!(stage.now(), before);
}

/// In the same filter, in the same subscription, in the same batch of calls.
#[test]
fn spanning_tree_is_read_in_the_round_trips_there_are() {
    let simulators = [Mode::Candidate, Mode::RunningStartup].map(Peer::Simulator);
    let faces = [Face::Confirmed, Face::NoGet].map(Peer::SimulatorGnmi);
    for peer in simulators.into_iter().chain(faces).chain([Peer::Gnmi(Kind::Gnxi)]) {
        // A switch of its own: waiting for a lock takes round trips too.
        let flights = |change: fn(Entry) -> Entry| {
            let Some(switch) = peer.own() else { return Vec::new() };
            let mercury = Mercury::serve(&[change(switch.entry("leaf1"))]);
            let mut client = Client::of(&mercury);
            let attached = [100, 200, 200].map(|vlan| {
                let params =
                    json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan});
                let answer = client.done("update_port", &params);
                (answer["outcome"].clone(), answer["flights"].as_u64().unwrap())
            });
            attached.to_vec()
        };
        assert_eq!(flights(both), flights(|entry| entry), "{peer:?}");
    }
}
