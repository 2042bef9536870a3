//! How long the switches of one request wait for each other.

use std::time::Duration;

use mercury_sim::{Datastore, Mode};

use crate::world::{Claim, LONG, Wish, World, claim, fault, on_paused_clock};
use crate::{kind::Kind, strangers::lockable};

const CONFIRMS: Kind = Kind::Netconf(Mode::Candidate);
const ALONE: Kind = Kind::Netconf(Mode::Running);
const BOTH: [(usize, u16, Wish); 2] = [(0, 2, Wish::Access(200)), (1, 2, Wish::Access(200))];

/// Both are held at once, which one after the other could never be.
#[test]
fn the_confirmations_go_out_side_by_side() {
    on_paused_clock(async {
        let world = World::new(&[CONFIRMS, CONFIRMS]).await;
        let holds = [0, 1].map(|index| world.handle(index).inject(fault("commit:2:before:hold")));
        let watch = async {
            for (index, hold) in holds.iter().enumerate() {
                tokio::time::timeout(LONG, world.handle(index).held(*hold)).await.expect("not side by side");
            }
            holds.iter().enumerate().for_each(|(index, hold)| world.handle(index).release(*hold));
        };
        let (reports, ()) = tokio::join!(world.ask(&BOTH), watch);
        assert!(reports.iter().all(|report| claim(report) == Claim::Intended), "{reports:?}");
    });
}

/// What the request waited for before is no part of it.
#[test]
fn patience_counts_from_the_commit() {
    on_paused_clock(async {
        for late in [0, 1] {
            let world = World::new(&[CONFIRMS, CONFIRMS]).await;
            let handle = world.handle(late);
            assert!(handle.console_lock(lockable(CONFIRMS), true));
            let leaves = async {
                // Longer than an unconfirmed change waits for the others.
                tokio::time::sleep(Duration::from_secs(60)).await;
                assert!(handle.console_lock(Datastore::Candidate, false));
            };
            let (reports, ()) = tokio::join!(world.ask(&BOTH), leaves);
            assert!(reports.iter().all(|report| claim(report) == Claim::Intended), "{late}: {reports:?}");
        }
    });
}

/// Where the others take longer than the confirm timer leaves, it is undone in time
/// and everywhere.
#[test]
fn a_change_that_others_take_too_long_for_is_undone() {
    on_paused_clock(async {
        let world = World::new(&[CONFIRMS, ALONE]).await;
        let before = [world.ports(0), world.ports(1)];
        world.handle(1).inject(fault("edit-config:1:after:delay:45s"));
        let reports = world.ask(&BOTH).await;
        assert!(reports.iter().all(|report| claim(report) == Claim::Before), "{reports:?}");
        let told: Vec<_> = reports.iter().map(|report| report.outcome.fault().unwrap().message).collect();
        assert!(told.iter().any(|told| told.contains("took too long")), "{told:?}");
        assert_eq!([world.ports(0), world.ports(1)], before);
        assert_eq!(world.handle(0).counters().rollbacks, 1, "it was cancelled, or ran out");
    });
}
