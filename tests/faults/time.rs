//! Time is not what it should be: the switch's confirm timer is early or late,
//! the clock jumps, or the lock is taken away half-way.

use std::time::Duration;

use mercury_sim::Simulator;

use crate::{
    kind::{self, CONFIRMED, Kind, NETCONF},
    locks::Locks,
    strangers::lockable,
    world::{Claim, Mercury, Wish, World, agree, ask, before_and_intended, claim, fault, on_paused_clock},
};

const WISH: Wish = Wish::Access(200);

/// A switch whose confirm timer takes so much of the time that was asked for.
async fn skewed(kind: Kind, percent: u32) -> (World, Mercury) {
    let mut world = World::new(&[kind]).await;
    let options = mercury_sim::Options { confirm_timer_percent: percent, ..kind.options() };
    world.switches = vec![Simulator::start(options).await.unwrap()];
    let mercury = world.mercury(&Locks::new(Duration::ZERO), |_| {});
    (world, mercury)
}

#[test]
fn a_confirm_timer_that_is_early_or_late_never_makes_a_report_lie() {
    on_paused_clock(async {
        for kind in [NETCONF[0], kind::JUNOS, Kind::Gnmi(CONFIRMED)] {
            let (before, intended) = before_and_intended(kind, WISH).await;
            let steps: &[&str] = match kind {
                kind::JUNOS => &["commit-configuration:1:after", "commit-configuration:2:before"],
                Kind::Netconf(_) => &["commit:1:after", "get-config:2:after", "commit:2:before", "commit:2:after"],
                Kind::Gnmi(_) => &["gnmi-set:1:after", "gnmi-get:3:after", "gnmi-confirm:1:before"],
                Kind::Restconf(_) => &["restconf-patch:1:after"],
                Kind::Ovsdb => &["ovsdb-change:1:after"],
            };
            for percent in [1, 10, 100, 110, 300] {
                for step in steps {
                    for seconds in [0, 1, 4, 49, 51, 61, 100] {
                        let (world, mercury) = skewed(kind, percent).await;
                        world.handle(0).inject(fault(&format!("{step}:delay:{seconds}s")));
                        let report = ask(&mercury.service, &[(0, 2, WISH)]).await.remove(0);
                        let told = format!("{kind:?}, {percent} %, {step} {seconds} s later");
                        agree(&world, 0, &report, &before, &intended, &told).await;
                    }
                }
            }
        }
    });
}

/// As after the host was suspended: everything that waits for a time has
/// waited long enough, on either side.
#[test]
fn a_clock_that_jumps_at_any_step_leaves_before_or_intended() {
    at_every_step(kind::all(), &async |world: &World| {
        for jump in [1, 40, 200] {
            tokio::time::advance(Duration::from_secs(jump)).await;
        }
        assert!(world.handle(0).session_count() <= 2);
    });
}

/// Somebody kills the session that has the lock, takes it, and gives it back.
#[test]
fn a_lock_that_is_stolen_at_any_step_leaves_before_or_intended() {
    at_every_step(NETCONF.into_iter(), &async |world: &World| {
        let (handle, datastore) = (world.handle(0), lockable(world.kinds[0]));
        if let Some(holder) = handle.lock_holder(datastore) {
            handle.kill_session(holder);
            assert!(handle.console_lock(datastore, true));
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert!(handle.console_lock(datastore, false), "the lock of somebody else was broken");
        }
    });
}

/// Mercury's session is killed, and its lock is free.
#[test]
fn a_session_that_is_killed_at_any_step_leaves_before_or_intended() {
    at_every_step(NETCONF.into_iter(), &async |world: &World| {
        world.handle(0).kill_session(2);
        world.handle(0).kill_session(1);
    });
}

/// An attach that stands still at each of its requests while this happens.
fn at_every_step(kinds: impl Iterator<Item = Kind>, happens: &impl AsyncFn(&World)) {
    on_paused_clock(async {
        for kind in kinds {
            let (before, intended) = before_and_intended(kind, WISH).await;
            let mut seen = 0;
            for operation in kind.operations() {
                for (nth, moment) in (1..=3).flat_map(|nth| [(nth, "before"), (nth, "after")]) {
                    let world = World::new(&[kind]).await;
                    let handle = world.handle(0);
                    let hold = handle.inject(fault(&format!("{operation}:{nth}:{moment}:hold")));
                    let happening = async {
                        handle.held(hold).await;
                        happens(&world).await;
                        handle.release(hold);
                    };
                    let asked = world.one(2, WISH);
                    tokio::pin!(asked, happening);
                    let report = tokio::select! {
                        biased;
                        () = &mut happening => {
                            seen += 1;
                            asked.await
                        }
                        report = &mut asked => report,
                    };
                    let told = format!("{kind:?}, at {operation}:{nth}:{moment}");
                    handle.clear_faults();
                    handle.console_lock(lockable(kind), false);
                    agree(&world, 0, &report, &before, &intended, &told).await;
                    let again = world.one(2, WISH).await;
                    assert_eq!(claim(&again), Claim::Intended, "{told}, and again: {:?}", again.outcome);
                }
            }
            assert!(seen > 3, "{kind:?}: it happened {seen} times only");
        }
    });
}
