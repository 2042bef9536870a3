//! Mercury gets SIGTERM at every step: what has begun is finished and told, and
//! the process ends well.

use serde_json::json;

use crate::{
    harness::{Datastores, netconfd},
    interrupted::step::{Step, ask, before_or_intended, detach, impatient, steps, unlocked},
};

fn terminated_everywhere(datastores: Datastores) {
    let Some(switch) = netconfd(datastores) else { return };
    let all: Vec<Step> = steps(&switch, &impatient(&switch).serve());
    for step in all {
        let mut mercury = impatient(&switch).serve();
        detach(&mercury);
        let before = switch.look();
        switch.arm(&step.fault("hold", &json!({})));
        let mut waiting = ask(&mercury, 100);
        switch.wait_held();
        mercury.terminate();
        switch.release();
        let answer = waiting.response().unwrap_or_else(|| panic!("{step:?}: no answer")).json();
        assert_eq!(answer["result"]["outcome"], "committed", "{step:?}: {answer}");
        assert!(mercury.wait().success(), "{step:?}");
        assert!(before_or_intended(&step, &before, &switch.look(), 100), "{step:?}: told and not done");
        unlocked(&step, &switch);
    }
}

#[test]
fn sigterm_at_any_step_of_a_confirmed_commit() {
    terminated_everywhere(Datastores::Candidate);
}

#[test]
fn sigterm_at_any_step_with_a_startup_datastore() {
    terminated_everywhere(Datastores::Startup);
}
