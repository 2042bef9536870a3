//! The connection is cut at every step.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    harness::{Datastores, netconfd, wait},
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

/// The switch does not notice that the connection broke: the session stays, and
/// with it its lock, until Mercury ends what the switch's list of sessions shows
/// to be its own.
fn orphaned(datastores: Datastores, steps: &[(&str, &str)]) {
    let Some(switch) = netconfd(datastores) else { return };
    let mercury = impatient(&switch).serve();
    for (operation, moment) in steps {
        let step = format!("{datastores:?}, {operation}, {moment}");
        // Login times are told in seconds: a session that is lost sooner is nobody's for certain.
        detach(&mercury);
        let begun = Instant::now();
        wait("a session that is some seconds old", || begun.elapsed() > Duration::from_secs(5));
        let before = switch.look();
        let seen = switch.witnessed().len();
        switch.arm(&json!({"op": operation, "nth": 1, "moment": moment, "action": "orphan"}));
        let said = attach(&mercury, 100);
        assert!(switch.fired(), "{step} never came");
        agrees(&step, &said, before_or_intended(&step, &before, &switch.look(), 100));
        attach(&mercury, 903).unwrap_or_else(|error| panic!("{step}: {error:?}"));
        let ended = switch.witnessed().into_iter().skip(seen);
        let ended = ended.filter(|message| message["operation"] == "kill-session" && message["result"] == "ok").count();
        assert_eq!(ended, 1, "{step}: {said:?}");
        let free = switch.locks().as_object().unwrap().values().all(serde_json::Value::is_null);
        assert!(free, "{step}: {:?}", switch.locks());
    }
}

#[test]
fn the_lock_of_a_session_whose_end_the_switch_did_not_notice_is_freed() {
    orphaned(Datastores::Candidate, &[("edit-config", "before"), ("commit", "after")]);
    orphaned(Datastores::Running, &[("edit-config", "before")]);
}
