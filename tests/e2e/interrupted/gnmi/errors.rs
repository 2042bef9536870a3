//! The connection is cut, or the switch answers with an error, at every RPC:
//! also one that did what it says it did not.

use super::step::{Step, all_agree, impatient, serve, steps};
use crate::harness::{Face, Kind, Peer};

const CODES: [&str; 7] = [
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "ABORTED",
    "INTERNAL",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "FAILED_PRECONDITION",
];

fn writes(step: &Step) -> bool {
    matches!(step.method, "Set" | "Confirm")
}

/// To a read it is all one whether the switch looked first.
fn errors_everywhere(peer: Peer, codes: &[&str]) {
    let Some(switch) = peer.own() else { return };
    let mercury = serve(impatient(&switch));
    let mut cases = Vec::new();
    for step in steps(&switch, &mercury) {
        let moments: &[&'static str] = if writes(&step) { &["before", "after"] } else { &["before"] };
        for code in codes {
            cases.extend(moments.iter().map(|moment| (step.at(moment), format!("error:{code}"))));
        }
    }
    all_agree(&switch, &mercury, &cases);
}

/// The same saboteur stands before gnxi, which is ten times as fast.
#[test]
fn errors_at_any_rpc_on_gnmi_lemming() {
    errors_everywhere(Peer::Gnmi(Kind::Lemming), &["UNAVAILABLE", "INTERNAL"]);
}

#[test]
fn any_error_at_any_rpc_on_gnmi_gnxi() {
    errors_everywhere(Peer::Gnmi(Kind::Gnxi), &CODES);
}

#[test]
fn any_error_at_any_rpc_on_the_gnmi_simulator() {
    errors_everywhere(Peer::SimulatorGnmi(Face::Plain), &CODES);
}

#[test]
fn any_error_at_any_rpc_with_gnmi_commit_confirmed() {
    errors_everywhere(Peer::SimulatorGnmi(Face::Confirmed), &CODES);
}

/// Of a subscription some messages may have come before.
fn cut_everywhere(peer: Peer) {
    let Some(switch) = peer.own() else { return };
    let mercury = serve(impatient(&switch));
    let mut cases = Vec::new();
    for step in steps(&switch, &mercury) {
        let moments: &[&'static str] =
            if step.method == "Subscribe" { &["before", "middle"] } else { &["before", "after"] };
        cases.extend(moments.iter().map(|moment| (step.at(moment), "drop".to_owned())));
    }
    all_agree(&switch, &mercury, &cases);
}

#[test]
fn cut_at_any_rpc_on_gnmi_lemming() {
    cut_everywhere(Peer::Gnmi(Kind::Lemming));
}

#[test]
fn cut_at_any_rpc_on_gnmi_gnxi() {
    cut_everywhere(Peer::Gnmi(Kind::Gnxi));
}

#[test]
fn cut_at_any_rpc_on_the_gnmi_simulator() {
    cut_everywhere(Peer::SimulatorGnmi(Face::Plain));
}

#[test]
fn cut_at_any_rpc_with_gnmi_commit_confirmed() {
    cut_everywhere(Peer::SimulatorGnmi(Face::Confirmed));
}
