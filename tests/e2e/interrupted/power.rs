//! The switch loses power at every step, and comes back with its startup
//! configuration.

use serde_json::json;

use crate::{
    harness::{Datastores, netconfd, wait},
    interrupted::step::{agrees, attach, before_or_intended, detach, impatient, steps, unlocked},
};

fn killed_everywhere(datastores: Datastores) {
    let Some(switch) = netconfd(datastores) else { return };
    let mercury = impatient(&switch).serve();
    for step in steps(&switch, &mercury) {
        detach(&mercury);
        let before = switch.look();
        switch.blink();
        switch.arm(&step.fault("kill-switch", &json!({})));
        let said = std::thread::scope(|scope| {
            let asked = scope.spawn(|| attach(&mercury, 100));
            wait("the power cut", || switch.fired());
            switch.power_on();
            asked.join().unwrap()
        });
        let made = before_or_intended(&step, &before, &switch.look(), 100);
        agrees(&step, &said, made);
        unlocked(&step, &switch);
    }
    attach(&mercury, 903).unwrap();
}

#[test]
fn a_power_cut_at_any_step_of_a_confirmed_commit() {
    killed_everywhere(Datastores::Candidate);
}

#[test]
fn a_power_cut_at_any_step_with_a_startup_datastore() {
    killed_everywhere(Datastores::Startup);
}
