//! One switch, one attach, one fault: every operation, before and after the
//! switch did it, and every way to fail.

use std::collections::BTreeMap;

use mercury_sim::Mode;

use crate::world::{Claim, MODES, Wish, World, agree, claim, fault, on_paused_clock};

const OPERATIONS: [&str; 10] = [
    "hello",
    "lock",
    "get-config",
    "discard-changes",
    "edit-config",
    "commit",
    "cancel-commit",
    "copy-config",
    "unlock",
    "close-session",
];
/// What a switch may do instead of answering. The delays are just longer than
/// `reply_timeout` and than `commit_timeout`.
const ACTIONS: [&str; 8] = [
    "drop",
    "refuse:operation-failed",
    "refuse:in-use",
    "refuse:resource-denied",
    "refuse:lock-denied",
    "delay:35s",
    "delay:130s",
    "reboot",
];

/// The operations of an attach that nothing disturbs, by stopping it at each.
async fn steps_of(mode: Mode, warm: bool) -> Vec<(&'static str, u32)> {
    let mut steps = Vec::new();
    for operation in OPERATIONS {
        for nth in 1.. {
            let world = ready(mode, warm).await;
            let handle = world.handle(0);
            let hold = handle.inject(fault(&format!("{operation}:{nth}:before:hold")));
            let attach = async {
                let report = world.one(2, Wish::Access(200)).await;
                assert_eq!(claim(&report), Claim::Intended);
            };
            tokio::select! {
                biased;
                () = handle.held(hold) => steps.push((operation, nth)),
                () = attach => break,
            }
        }
    }
    steps
}

async fn ready(mode: Mode, warm: bool) -> World {
    let world = World::new(&[mode]).await;
    if warm {
        assert_eq!(claim(&world.one(1, Wish::Access(100)).await), Claim::Intended);
    }
    world
}

fn every_step_of(mode: Mode) {
    let mut seen: BTreeMap<String, BTreeMap<&'static str, u32>> = BTreeMap::new();
    on_paused_clock(async {
        for warm in [false, true] {
            let steps = steps_of(mode, warm).await;
            assert!(steps.len() >= 4, "{steps:?}");
            let clean = ready(mode, warm).await;
            clean.one(2, Wish::Access(200)).await;
            let intended = clean.ports(0);
            for (operation, nth) in steps {
                for moment in ["before", "after"] {
                    for action in ACTIONS {
                        let text = format!("{operation}:{nth}:{moment}:{action}");
                        let outcome = one_fault(mode, warm, &text, &intended).await;
                        *seen.entry(action.to_owned()).or_default().entry(outcome).or_default() += 1;
                    }
                }
            }
        }
    });
    for (action, outcomes) in seen {
        println!("{mode:?} {action}: {outcomes:?}");
    }
}

async fn one_fault(mode: Mode, warm: bool, text: &str, intended: &crate::world::Ports) -> &'static str {
    let world = ready(mode, warm).await;
    let before = world.ports(0);
    world.handle(0).inject(fault(text));
    let report = world.one(2, Wish::Access(200)).await;
    let told = format!("{mode:?}, {}, {text}", if warm { "warm" } else { "cold" });
    agree(&world, 0, &report, &before, intended, &told).await;
    world.handle(0).clear_faults();
    let again = world.one(2, Wish::Access(200)).await;
    assert_eq!(claim(&again), Claim::Intended, "{told}, and again: {:?}", again.outcome);
    agree(&world, 0, &again, &before, intended, &format!("{told}, and again")).await;
    report.outcome.name()
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_with_confirmed_commit() {
    every_step_of(Mode::Candidate);
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_with_a_candidate() {
    every_step_of(Mode::CandidatePlain);
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_on_running() {
    every_step_of(Mode::Running);
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_on_running_with_startup() {
    every_step_of(Mode::RunningStartup);
}

/// The switch goes away and does not come back: nobody can know, and that is
/// what is said, in bounded time.
#[test]
fn a_switch_that_never_comes_back_is_reported_as_unknown_once_a_change_was_sent() {
    on_paused_clock(async {
        for mode in MODES {
            for (operation, nth) in steps_of(mode, true).await {
                for moment in ["before", "after"] {
                    let world = ready(mode, true).await;
                    let before = world.ports(0);
                    world.handle(0).inject(fault(&format!("{operation}:{nth}:{moment}:stop")));
                    let asked = tokio::time::Instant::now();
                    let report = world.one(2, Wish::Access(200)).await;
                    let told = format!("{mode:?} {operation}:{nth}:{moment}: {:?}", report.outcome);
                    assert!(asked.elapsed().as_secs() <= 120, "{told}");
                    match claim(&report) {
                        Claim::Before => assert_eq!(world.ports(0), before, "{told}"),
                        Claim::Intended => assert_ne!(world.ports(0), before, "{told}"),
                        Claim::Unknown => {}
                    }
                }
            }
        }
    });
}
