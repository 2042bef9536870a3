//! Answers that come after Mercury gave up: what was asked for is done all the
//! same, later.

use super::{
    super::step::{PORT, attach},
    step::{all_agree, disturb, impatient, serve, steps, struck},
};
use crate::harness::{Face, Kind, Peer};

/// A second more than Mercury waits, and less than it watches afterwards.
const LATE: &str = "delay:3000";

/// Whatever the switch does late is seen, since it is watched for `watched`
/// seconds longer.
fn late_at(methods: &[&str], peer: Peer, watched: u64) {
    let Some(switch) = peer.own() else { return };
    let entry = impatient(&switch).with("commit_timeout", 2).with("reply_timeout", 2).with("settle_time", watched);
    let mercury = serve(entry);
    let cases: Vec<_> = steps(&switch, &mercury)
        .iter()
        .filter(|step| methods.contains(&step.method))
        .flat_map(|step| [step.at("before"), step.at("after")])
        .map(|step| (step, LATE.to_owned()))
        .collect();
    all_agree(&switch, &mercury, &cases);
}

#[test]
fn a_late_set_on_gnmi_lemming() {
    late_at(&["Set"], Peer::Gnmi(Kind::Lemming), 6);
}

#[test]
fn late_at_any_rpc_on_gnmi_gnxi() {
    late_at(&["Get", "Set"], Peer::Gnmi(Kind::Gnxi), 6);
}

/// The simulator forgets whom nobody waits for.
#[test]
fn late_at_any_set_with_gnmi_commit_confirmed() {
    late_at(&["Set", "Confirm"], Peer::SimulatorGnmi(Face::Confirmed), 1);
}

/// A Set that stands still for as long as the switch is watched has not
/// happened, as far as anybody can know; Mercury says so and is not stuck.
#[test]
fn a_set_that_gnxi_holds_is_given_up_and_the_next_works() {
    let Some(switch) = Peer::Gnmi(Kind::Gnxi).own() else { return };
    let entry = impatient(&switch).with("commit_timeout", 2).with("reply_timeout", 2).with("settle_time", 1);
    let mercury = serve(entry);
    let set = steps(&switch, &mercury)[1].clone();
    let before = switch.look();
    disturb(&switch, &set, "hold");
    let error = attach(&mercury, 100).unwrap_err();
    struck(&switch, &set);
    assert_eq!(error.kind(), "timeout", "{error:?}");
    assert!(error.message.contains("as before"), "{error:?}");
    assert_eq!(switch.look(), before);
    attach(&mercury, 200).unwrap();
    assert_eq!(switch.look().port(PORT).vlans, "access 200");
}
