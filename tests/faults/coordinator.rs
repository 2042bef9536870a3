//! The coordinator is of no use: no lock can be had, or it comes late, or it is
//! lost in the middle. Nothing is sent without it, and whoever has lost it
//! leaves alone what others may have made since.

use std::{sync::Arc, time::Duration};

use mercury::{fault::FaultKind, outcome::Report};
use mercury_sim::Mode;

use crate::{
    kind::{self, CONFIRMED, Kind, ONE_BY_ONE, PLAIN},
    locks::{Locks, Trouble},
    world::{Claim, Mercury, Wish, World, agree, ask, claim, fault, on_paused_clock},
};

const WISH: Wish = Wish::Access(200);

async fn world(kinds: &[Kind]) -> (World, Arc<Locks>, Mercury) {
    let (world, locks) = (World::new(kinds).await, Locks::new(Duration::ZERO));
    let mercury = world.mercury(&locks, |_| {});
    (world, locks, mercury)
}

async fn one(mercury: &Mercury, port: u16) -> Report {
    ask(&mercury.service, &[(0, port, WISH)]).await.remove(0)
}

/// As when the disk of the lock files is full, or the etcd is gone.
#[test]
fn without_a_lock_nothing_is_sent() {
    on_paused_clock(async {
        for kind in kind::all() {
            let (world, locks, mercury) = world(&[kind]).await;
            let before = world.ports(0);
            for trouble in [Trouble::Fails, Trouble::Hangs] {
                locks.trouble(trouble);
                let report = one(&mercury, 2).await;
                assert_eq!(report.outcome.name(), "not-started", "{kind:?}, {trouble:?}");
                agree(&world, 0, &report, &before, &before, &format!("{kind:?}, {trouble:?}")).await;
                let counters = world.handle(0).counters();
                assert_eq!(counters.edits + counters.commits, 0, "{kind:?}, {trouble:?}");
            }
            locks.trouble(Trouble::None);
            assert_eq!(claim(&one(&mercury, 2).await), Claim::Intended, "{kind:?}");
        }
    });
}

#[test]
fn a_slow_lock_is_waited_for() {
    on_paused_clock(async {
        for kind in kind::all() {
            let (_world, locks, mercury) = world(&[kind]).await;
            locks.trouble(Trouble::Slow(Duration::from_secs(20)));
            assert_eq!(claim(&one(&mercury, 2).await), Claim::Intended, "{kind:?}");
        }
    });
}

/// Of several switches one cannot be locked: none is changed.
#[test]
fn one_lock_that_cannot_be_had_stops_the_request_on_every_switch() {
    on_paused_clock(async {
        let kinds = [Kind::Netconf(Mode::Candidate), Kind::Gnmi(PLAIN)];
        let (world, locks, other) = world(&kinds).await;
        let before = [world.ports(0), world.ports(1)];
        let mercury = world.mercury(&locks, |switch| switch.timing.lock_wait = Duration::from_secs(5));
        let hold = world.handle(1).inject(fault("gnmi-get:1:before:hold"));
        let busy = async {
            world.handle(1).held(hold).await;
            let reports = ask(&mercury.service, &[(0, 2, WISH), (1, 2, WISH)]).await;
            world.handle(1).release(hold);
            reports
        };
        let (first, reports) = tokio::join!(ask(&other.service, &[(1, 3, WISH)]), busy);
        assert_eq!(claim(&first[0]), Claim::Intended);
        assert!(reports.iter().all(|report| claim(report) == Claim::Before), "{reports:?}");
        assert_eq!(world.ports(0), before[0]);
        assert_eq!(world.ports(1)["Ethernet2"], before[1]["Ethernet2"]);
        assert!(locks.held().is_empty());
    });
}

/// Lost at every request that is sent: before anything is staged nothing is,
/// and a change that could be undone is.
#[test]
fn a_lock_that_is_lost_half_way_is_never_ignored() {
    on_paused_clock(async {
        for kind in kind::all() {
            let clean = World::new(&[kind]).await;
            let before = clean.ports(0);
            clean.one(2, WISH).await;
            let intended = clean.ports(0);
            for operation in kind.operations() {
                for (nth, moment) in [(1, "before"), (1, "after"), (2, "before"), (2, "after")] {
                    let told = format!("{kind:?}, lost at {operation}:{nth}:{moment}");
                    let (world, locks, mercury) = world(&[kind]).await;
                    let handle = world.handle(0);
                    let hold = handle.inject(fault(&format!("{operation}:{nth}:{moment}:hold")));
                    let asked = one(&mercury, 2);
                    let lose = async {
                        handle.held(hold).await;
                        locks.lose();
                        handle.release(hold);
                        std::future::pending::<()>().await;
                    };
                    let report = tokio::select! {
                        report = asked => report,
                        () = lose => unreachable!(),
                    };
                    if claim(&report) == Claim::Unknown {
                        // Without a lock of the switch's own, another Mercury may be about to put back what it saw.
                        let left_alone = report.outcome.fault().unwrap().message.contains("left alone");
                        let unlocked =
                            matches!(kind, Kind::Gnmi(_) | Kind::Restconf(_)) && kind != Kind::Gnmi(CONFIRMED);
                        assert!(left_alone && unlocked, "{told}");
                        continue;
                    }
                    agree(&world, 0, &report, &before, &intended, &told).await;
                }
            }
        }
    });
}

/// While one Mercury stands still, its commit is undone by the timer, its lock
/// is lost, and another one puts a port on the same VLAN.
#[test]
fn what_another_mercury_made_after_the_lock_was_lost_is_left_alone() {
    on_paused_clock(async {
        let kind = Kind::Gnmi(CONFIRMED);
        let (world, locks, mercury) = world(&[kind]).await;
        let other = world.mercury(&locks, |_| {});
        let handle = world.handle(0);
        let set = handle.inject(fault("gnmi-set:1:after:hold"));
        let meanwhile = async {
            handle.held(set).await;
            handle.wait_until(|status| status.pending.is_none()).await;
            locks.lose();
            let report = one(&other, 3).await;
            handle.release(set);
            report
        };
        let (first, second) = tokio::join!(one(&mercury, 2), meanwhile);
        assert_eq!(claim(&second), Claim::Intended, "{:?}", second.outcome);
        assert_eq!(claim(&first), Claim::Before, "{:?}", first.outcome);
        let now = world.ports(0);
        assert!(now.contains_key("VLAN 200") && now["Ethernet3"].contains(":200"), "{now:?}");
        assert!(!now["Ethernet2"].contains(":200"), "{now:?}");
    });
}

/// Where a Set may be done by half, nobody can tell whose the rest is: it is
/// said to be unknown, and left alone.
#[test]
fn what_may_be_anothers_is_left_alone_and_told() {
    on_paused_clock(async {
        let kind = Kind::Gnmi(ONE_BY_ONE);
        let (world, locks, mercury) = world(&[kind]).await;
        let other = world.mercury(&locks, |_| {});
        let handle = world.handle(0);
        let set = handle.inject(fault("gnmi-set:1:before:hold"));
        handle.inject(fault("gnmi-set:1:before:refuse:operation-failed"));
        let meanwhile = async {
            handle.held(set).await;
            locks.lose();
            let report = one(&other, 3).await;
            handle.release(set);
            report
        };
        let (first, second) = tokio::join!(one(&mercury, 2), meanwhile);
        assert_eq!(claim(&second), Claim::Intended, "{:?}", second.outcome);
        let told = first.outcome.fault().unwrap();
        assert_eq!((claim(&first), told.kind), (Claim::Unknown, FaultKind::Unknown), "{told}");
        assert!(told.message.contains("left alone"), "{told}");
        assert!(world.ports(0).contains_key("VLAN 200"));
    });
}

/// Another Mercury, that had read the switch before, puts the port back as it
/// was then. The VLAN is still there: nobody may say that all is as before.
#[test]
fn a_part_that_is_as_before_does_not_show_that_the_rest_is() {
    on_paused_clock(async {
        let (world, locks, mercury) = world(&[Kind::Gnmi(PLAIN)]).await;
        let handle = world.handle(0);
        let hold = handle.inject(fault("gnmi-set:1:after:hold"));
        let meanwhile = async {
            handle.held(hold).await;
            locks.lose();
            let port = "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet2</name>\
                        <config><description nc:operation=\"remove\"/></config>\
                        <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\
                        <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\" nc:operation=\"remove\"/></ethernet>\
                        </interface></interfaces>";
            handle.change_running(port).unwrap();
            handle.release(hold);
        };
        let (report, ()) = tokio::join!(one(&mercury, 2), meanwhile);
        assert!(world.ports(0).contains_key("VLAN 200"));
        assert_eq!(claim(&report), Claim::Unknown, "{:?}", report.outcome);
    });
}
