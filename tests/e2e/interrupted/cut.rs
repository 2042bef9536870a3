//! The connection is cut at every step.

use crate::{
    harness::{Datastores, netconfd},
    interrupted::step::{agrees, attach, before_or_intended, detach, impatient, steps, unlocked},
};

fn cut_everywhere(datastores: Datastores, action: &str) {
    let Some(switch) = netconfd(datastores) else { return };
    let mercury = impatient(&switch).serve();
    for step in steps(&switch, &mercury) {
        // The fault is for a warm session.
        detach(&mercury);
        let before = switch.look();
        switch.arm(&step.fault(action, &serde_json::json!({})));
        let said = attach(&mercury, 100);
        assert!(switch.fired(), "{step:?} never came");
        let made = before_or_intended(&step, &before, &switch.look(), 100);
        agrees(&step, &said, made);
        if let Err(error) = &said {
            assert_ne!(error.kind(), "unknown", "{step:?}: the switch is there, so the truth can be known: {error:?}");
        }
        unlocked(&step, &switch);
    }
    attach(&mercury, 903).unwrap();
}

#[test]
fn cut_at_any_step_of_a_confirmed_commit() {
    cut_everywhere(Datastores::Candidate, "cut");
}

#[test]
fn the_tcp_connection_broken_at_any_step_of_a_confirmed_commit() {
    cut_everywhere(Datastores::Candidate, "drop");
}

#[test]
fn cut_at_any_step_on_writable_running() {
    cut_everywhere(Datastores::Running, "cut");
}

#[test]
fn cut_at_any_step_with_a_startup_datastore() {
    cut_everywhere(Datastores::Startup, "cut");
}
