//! The wire is bad: cut, or garbled, at any place of anything that is said.

use std::{collections::BTreeMap, time::Duration};

use crate::kind::{self, GNMI, Kind, NETCONF, gnmi};
use crate::wire::{Bad, Rest, Way};
use crate::world::{Claim, Wish, World, agree, before_and_intended, claim, fault, on_paused_clock};

const WISH: Wish = Wish::Access(200);

/// An attach on a new session that breaks after every so many octets, up to
/// those that are said without a break.
fn every_place(kind: Kind, way: Way, stride: usize, other: Option<&str>) {
    on_paused_clock(async {
        let (before, intended) = before_and_intended(kind, WISH).await;
        let mut outcomes = BTreeMap::<_, u32>::new();
        for rest in [Rest::Nothing, Rest::Noise] {
            for after in (0..).step_by(stride) {
                let world = World::new(&[kind]).await;
                let bad = Bad { way, after, rest };
                world.wire.set(bad);
                if let Some(other) = other {
                    world.handle(0).inject(fault(other));
                }
                let report = world.one(2, WISH).await;
                let told = format!("{kind:?}, {bad:?}, {other:?}");
                agree(&world, 0, &report, &before, &intended, &told).await;
                *outcomes.entry(format!("{rest:?} {}", report.outcome.name())).or_default() += 1;
                world.handle(0).clear_faults();
                // What was not said yet may still meet the bad wire, and is told for what it is.
                let lurks = world.wire.lurks();
                let mut again = world.one(2, WISH).await;
                if lurks && claim(&again) == Claim::Before {
                    again = world.one(2, WISH).await;
                }
                assert_eq!(claim(&again), Claim::Intended, "{told}, and again: {:?}", again.outcome);
                if !world.wire.was_bad(bad) {
                    break;
                }
            }
        }
        println!("{kind:?} {way:?} {other:?}: {outcomes:?}");
    });
}

#[test]
fn a_netconf_switch_that_is_understood_badly_leaves_before_or_intended() {
    for kind in NETCONF {
        every_place(kind, Way::FromSwitch, 53, None);
    }
}

#[test]
fn a_netconf_switch_that_understands_badly_leaves_before_or_intended() {
    for kind in NETCONF {
        every_place(kind, Way::ToSwitch, 211, None);
    }
}

#[test]
fn a_gnmi_target_that_is_understood_badly_leaves_before_or_intended() {
    for kind in GNMI {
        every_place(kind, Way::FromSwitch, 89, None);
    }
}

#[test]
fn a_gnmi_target_that_understands_badly_leaves_before_or_intended() {
    for kind in GNMI {
        every_place(kind, Way::ToSwitch, 89, None);
    }
}

/// The target goes on with a Set after its client is gone.
#[test]
fn a_set_that_happens_after_the_connection_is_cut_is_waited_for() {
    for kind in [Kind::Gnmi(kind::CONFIRMED), Kind::Gnmi(kind::PLAIN)] {
        for way in [Way::ToSwitch, Way::FromSwitch] {
            every_place(kind, way, 131, Some("gnmi-set:1:before:delay:5s"));
        }
    }
}

/// The target is still at a Set that nobody waits for any more.
#[test]
fn a_set_that_happens_within_the_settle_time_is_never_called_rolled_back() {
    on_paused_clock(async {
        for kind in GNMI {
            let (before, intended) = before_and_intended(kind, WISH).await;
            for settle in [10, 60] {
                for late in [1, settle / 2, settle - 1] {
                    let tune = |switch: &mut mercury::inventory::Switch| {
                        gnmi(switch).unwrap().settle_time = Duration::from_secs(settle);
                    };
                    let world = World::with(&[kind], tune).await;
                    let delay = mercury::inventory::Timing::default().commit_timeout.as_secs() + late;
                    world.handle(0).inject(fault(&format!("gnmi-set:1:before:delay:{delay}s")));
                    let report = world.one(2, WISH).await;
                    let told = format!("{kind:?}, settle time {settle} s, {late} s too late");
                    agree(&world, 0, &report, &before, &intended, &told).await;
                }
            }
        }
    });
}

/// A reply without an end is a broken protocol once it is too long.
#[test]
fn an_endless_reply_ends_the_session_and_not_mercury() {
    on_paused_clock(async {
        for (kind, places) in [(NETCONF[2], [900, 2900]), (Kind::Gnmi(kind::PLAIN), [100, 700])] {
            let (before, intended) = before_and_intended(kind, WISH).await;
            for after in places {
                let world = World::new(&[kind]).await;
                let bad = Bad { way: Way::FromSwitch, after, rest: Rest::Endless };
                world.wire.set(bad);
                let report = world.one(2, WISH).await;
                println!("{kind:?}, endless after {after}: {:?}", report.outcome.fault());
                assert!(world.wire.was_bad(bad));
                agree(&world, 0, &report, &before, &intended, &format!("{kind:?}, endless after {after} octets")).await;
            }
        }
    });
}
