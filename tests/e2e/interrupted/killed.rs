//! Mercury gets SIGKILL at every step, and SIGTERM in the middle of one.

use std::time::Instant;

use mercury_sim::{Fault, Mode};
use serde_json::json;

use crate::{
    harness::{Client, Datastores, Face, Mercury, Netconfd, Simulated, block_on, netconfd, wait},
    interrupted::step::{
        CONFIRM_TIMER, PORT, Step, ask, attach, before_or_intended, detach, impatient, steps, unlocked,
    },
};

fn killed_everywhere(datastores: Datastores) {
    let Some(switch) = netconfd(datastores) else { return };
    let steps = steps(&switch, &impatient(&switch).serve());
    for step in steps {
        let mut mercury = impatient(&switch).serve();
        detach(&mercury);
        let before = switch.look();
        switch.arm(&step.fault("kill-pid", &json!({"pid": mercury.pid()})));
        let _unanswered = ask(&mercury, 100);
        wait("the kill", || switch.fired());
        mercury.wait();
        before_or_intended(&step, &before, &switch.look(), 100);
        settled(&step, &switch, &before);
    }
}

/// What the dead Mercury left pending is undone by the switch in time, and
/// the next Mercury needs nothing else.
fn settled(step: &Step, switch: &Netconfd, before: &crate::harness::State) {
    let died = Instant::now();
    attach(&impatient(switch).serve(), 903).unwrap_or_else(|error| panic!("{step:?}: {error:?}"));
    wait("the dead Mercury's confirm timer", || died.elapsed() > CONFIRM_TIMER || !switch_changed(switch));
    assert!(before_or_intended(step, before, &switch.look(), 903), "{step:?}: the next attach did not last");
    unlocked(step, switch);
}

/// Whether the port is not what the last attach made of it.
fn switch_changed(switch: &Netconfd) -> bool {
    switch.look().port(PORT).vlans != "access 903"
}

#[test]
fn sigkill_at_any_step_of_a_confirmed_commit() {
    killed_everywhere(Datastores::Candidate);
}

#[test]
fn sigkill_at_any_step_with_a_startup_datastore() {
    killed_everywhere(Datastores::Startup);
}

/// The same on the simulator, which stands still at the step.
#[test]
fn sigkill_at_any_step_on_the_simulator() {
    for mode in [Mode::Candidate, Mode::CandidateStartup, Mode::CandidatePlain, Mode::Running, Mode::RunningStartup] {
        let operations: &[&str] = match mode {
            Mode::Candidate => &[
                "lock:1",
                "get-config:1",
                "discard-changes:1",
                "edit-config:1",
                "commit:1",
                "get-config:2",
                "commit:2",
                "unlock:1",
            ],
            Mode::CandidateJunos => panic!("openconfig is not its dialect"),
            Mode::CandidateStartup => &["commit:1", "commit:2", "get-config:3", "copy-config:1", "unlock:1"],
            Mode::CandidatePlain => {
                &["lock:1", "discard-changes:1", "edit-config:1", "commit:1", "get-config:2", "unlock:1"]
            }
            Mode::Running => &["lock:1", "edit-config:1", "get-config:2", "unlock:1"],
            Mode::RunningStartup => &["lock:1", "edit-config:1", "copy-config:1", "unlock:1"],
        };
        for operation in operations {
            for moment in ["before", "after"] {
                killed_at(&Simulated::start(mode), &format!("{operation}:{moment}:hold"));
            }
        }
    }
}

/// Without an end of the session to take it back, only the timer does.
#[test]
fn sigkill_at_any_step_on_the_gnmi_simulator() {
    for face in [Face::Plain, Face::Confirmed] {
        for operation in ["gnmi-get:1", "gnmi-set:1", "gnmi-get:2", "gnmi-confirm:1"] {
            for moment in ["before", "after"] {
                if operation != "gnmi-confirm:1" || matches!(face, Face::Confirmed) {
                    killed_at(&Simulated::gnmi(face), &format!("{operation}:{moment}:hold"));
                }
            }
        }
    }
}

fn killed_at(switch: &Simulated, fault: &str) {
    let entry = switch.entry("leaf1").with("confirm_timeout", 2).with("lock_wait", 10);
    let mut mercury = Mercury::serve(std::slice::from_ref(&entry));
    attach(&mercury, 902).unwrap();
    let before = switch.look();
    let handle = switch.handle();
    let held = handle.inject(fault.parse::<Fault>().unwrap());
    let _unanswered = ask(&mercury, 100);
    block_on(handle.held(held));
    mercury.kill();
    handle.release(held);
    block_on(handle.wait_until(|status| status.sessions == 0 && status.connections == 0 && status.pending.is_none()));
    let now = switch.look();
    let is = now.port(PORT).vlans;
    assert!(is == "access 902" || is == "access 100", "{fault}: {is}");
    let status = handle.status();
    assert!(status.locks.is_empty(), "{fault}: {status:?}");
    let others = |mut state: crate::harness::State| {
        state.ports.remove(PORT);
        state
    };
    assert_eq!(others(before), others(now), "{fault}: another port moved");
    let mercury = Mercury::serve(&[entry]);
    let mut said = attach(&mercury, 903);
    // A Set that was held may begin to wait for its confirmation only now.
    if said.as_ref().is_err_and(|error| error.kind() == "locked") {
        block_on(handle.wait_until(|status| status.pending.is_none()));
        said = attach(&mercury, 903);
    }
    said.unwrap_or_else(|error| panic!("{fault}: {error:?}"));
    assert_eq!(switch.look().port(PORT).vlans, "access 903", "{fault}");
}

/// What has begun is finished before the process ends, and it ends well.
#[test]
fn sigterm_in_the_middle_finishes_the_change() {
    let switch = Simulated::start(Mode::Candidate);
    let mut mercury = Mercury::serve(&[switch.entry("leaf1")]);
    attach(&mercury, 902).unwrap();
    let handle = switch.handle();
    let held = handle.inject("commit:1:before:hold".parse().unwrap());
    let mut waiting: Client = ask(&mercury, 100);
    block_on(handle.held(held));
    mercury.terminate();
    handle.release(held);
    let answer = waiting.response().expect("an answer").json();
    assert_eq!(answer["result"]["outcome"], "committed", "{answer}");
    assert!(mercury.wait().success());
    assert_eq!(switch.look().port(PORT).vlans, "access 100");
}
