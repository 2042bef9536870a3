//! One switch, one attach, one fault: every operation, before and after the
//! switch did it, and every way to fail.

use std::collections::BTreeMap;

use mercury_sim::Mode;

use crate::{
    kind::{self, Kind},
    world::{Claim, Wish, World, agree, claim, fault, on_paused_clock},
};

/// The operations of an attach that nothing disturbs, by stopping it at each.
async fn steps_of(kind: Kind, warm: bool) -> Vec<(&'static str, u32)> {
    let mut steps = Vec::new();
    for operation in kind.operations() {
        for nth in 1.. {
            let world = ready(kind, warm).await;
            let handle = world.handle(0);
            let hold = handle.inject(fault(&format!("{operation}:{nth}:before:hold")));
            let attach = async {
                let report = world.one(2, Wish::Access(200)).await;
                assert_eq!(claim(&report), Claim::Intended);
            };
            tokio::select! {
                biased;
                () = handle.held(hold) => steps.push((*operation, nth)),
                () = attach => break,
            }
        }
    }
    steps
}

async fn ready(kind: Kind, warm: bool) -> World {
    let world = World::new(&[kind]).await;
    if warm {
        assert_eq!(claim(&world.one(1, Wish::Access(100)).await), Claim::Intended);
    }
    world
}

fn every_step_of(kind: Kind) {
    let mut seen: BTreeMap<String, BTreeMap<&'static str, u32>> = BTreeMap::new();
    on_paused_clock(async {
        for warm in [false, true] {
            let steps = steps_of(kind, warm).await;
            assert!(steps.len() >= 3, "{steps:?}");
            let clean = ready(kind, warm).await;
            clean.one(2, Wish::Access(200)).await;
            let intended = clean.ports(0);
            for (operation, nth) in steps {
                for moment in ["before", "after"] {
                    let told = kind.actions().iter().filter(|action| !kind.is_perfect_lie(operation, nth, action));
                    for action in told {
                        let text = format!("{operation}:{nth}:{moment}:{action}");
                        let outcome = one_fault(kind, warm, &text, &intended).await;
                        *seen.entry((*action).to_owned()).or_default().entry(outcome).or_default() += 1;
                    }
                }
            }
        }
    });
    for (action, outcomes) in seen {
        println!("{kind:?} {action}: {outcomes:?}");
    }
}

async fn one_fault(kind: Kind, warm: bool, text: &str, intended: &crate::world::Ports) -> &'static str {
    let world = ready(kind, warm).await;
    let before = world.ports(0);
    world.handle(0).inject(fault(text));
    let report = world.one(2, Wish::Access(200)).await;
    let told = format!("{kind:?}, {}, {text}", if warm { "warm" } else { "cold" });
    agree(&world, 0, &report, &before, intended, &told).await;
    world.handle(0).clear_faults();
    let again = world.one(2, Wish::Access(200)).await;
    assert_eq!(claim(&again), Claim::Intended, "{told}, and again: {:?}", again.outcome);
    agree(&world, 0, &again, &before, intended, &format!("{told}, and again")).await;
    report.outcome.name()
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_with_confirmed_commit() {
    every_step_of(Kind::Netconf(Mode::Candidate));
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_with_the_confirmed_commit_of_junos() {
    every_step_of(kind::JUNOS);
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_with_a_candidate() {
    every_step_of(Kind::Netconf(Mode::CandidatePlain));
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_on_running() {
    every_step_of(Kind::Netconf(Mode::Running));
}

#[test]
fn every_fault_at_every_step_leaves_before_or_intended_on_running_with_startup() {
    every_step_of(Kind::Netconf(Mode::RunningStartup));
}

#[test]
fn every_fault_at_every_call_leaves_before_or_intended_with_commit_confirmed() {
    every_step_of(Kind::Gnmi(kind::CONFIRMED));
}

#[test]
fn every_fault_at_every_call_leaves_before_or_intended_with_a_plain_set() {
    every_step_of(Kind::Gnmi(kind::PLAIN));
}

#[test]
fn every_fault_at_every_call_leaves_before_or_intended_without_get() {
    every_step_of(Kind::Gnmi(kind::ONCE));
}

#[test]
fn every_fault_at_every_call_leaves_before_or_intended_where_a_set_is_done_one_by_one() {
    every_step_of(Kind::Gnmi(kind::ONE_BY_ONE));
}

#[test]
fn every_fault_at_every_request_leaves_before_or_intended_with_a_yang_patch() {
    every_step_of(Kind::Restconf(kind::PATCHED));
}

#[test]
fn every_fault_at_every_request_leaves_before_or_intended_with_entity_tags() {
    every_step_of(Kind::Restconf(kind::TAGGED));
}

#[test]
fn every_fault_at_every_request_leaves_before_or_intended_where_a_patch_is_done_one_by_one() {
    every_step_of(Kind::Restconf(kind::LOOSE));
}

#[test]
fn every_fault_at_every_request_leaves_before_or_intended_with_plain_requests() {
    every_step_of(Kind::Restconf(kind::BARE));
}

/// It is read, changed, read back, and saved where that is needed, on the one connection that
/// is kept. With plain requests the port and the VLAN are read one by one, and lie below two
/// nodes of the top, so that two requests change them.
#[test]
fn a_warm_attach_over_restconf_takes_at_most_four_requests_where_it_is_read_and_patched_at_once() {
    on_paused_clock(async {
        for (kind, reads, changes, saves) in
            [(kind::PATCHED, 2, 1, 1), (kind::TAGGED, 2, 1, 0), (kind::LOOSE, 2, 1, 1), (kind::BARE, 4, 2, 0)]
        {
            let world = ready(Kind::Restconf(kind), true).await;
            let before = world.handle(0).counters();
            assert_eq!(claim(&world.one(2, Wish::Access(200)).await), Claim::Intended);
            let after = world.handle(0).counters();
            let kind = Kind::Restconf(kind);
            assert_eq!((after.gets - before.gets, after.sets - before.sets), (reads, changes), "{kind:?}");
            assert_eq!(after.flights - before.flights, reads + changes + saves, "{kind:?}");
            assert_eq!(after.connections, 1, "{kind:?}");
        }
    });
}

/// The edit goes before the commit, since Junos announces no rollback-on-error; the
/// history comes with the lock.
#[test]
fn a_warm_attach_on_junos_takes_four_flights() {
    on_paused_clock(async {
        let world = ready(kind::JUNOS, true).await;
        let before = world.handle(0).counters().flights;
        assert_eq!(claim(&world.one(2, Wish::Access(200)).await), Claim::Intended);
        assert_eq!(world.handle(0).counters().flights - before, 4);
    });
}

/// The switch goes away and does not come back: nobody can know, and that is
/// what is said, in bounded time.
#[test]
fn a_switch_that_never_comes_back_is_reported_as_unknown_once_a_change_was_sent() {
    on_paused_clock(async {
        for kind in kind::all() {
            for (operation, nth) in steps_of(kind, true).await {
                for moment in ["before", "after"] {
                    let world = ready(kind, true).await;
                    let before = world.ports(0);
                    world.handle(0).inject(fault(&format!("{operation}:{nth}:{moment}:stop")));
                    let asked = tokio::time::Instant::now();
                    let report = world.one(2, Wish::Access(200)).await;
                    let told = format!("{kind:?} {operation}:{nth}:{moment}: {:?}", report.outcome);
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
