//! What survives a reboot, where running has to be copied to startup.

use std::time::Duration;

use mercury::outcome::Outcome;
use mercury_sim::{Datastore, Mode, Options};

use crate::{
    kind::Kind,
    life::Signal,
    locks::Locks,
    world::{Claim, LONG, Ports, Wish, World, agree, ask, before_and_intended, claim, fault, on_paused_clock, ports},
};

const KIND: Kind = Kind::Netconf(Mode::RunningStartup);
const WISH: Wish = Wish::Access(200);

fn startup(world: &World) -> Ports {
    ports(&world.handle(0), Datastore::Startup)
}

/// A switch on which a Mercury was killed between the change and its saving.
async fn left_unsaved(make: impl Fn(&mut Options)) -> World {
    let (world, locks) = (World::of(&[KIND], |_| {}, make).await, Locks::new(Duration::ZERO));
    let handle = world.handle(0);
    let hold = handle.inject(fault("copy-config:1:before:hold"));
    let mercury = world.mercury(&locks, |_| {});
    let killed = async {
        handle.held(hold).await;
        mercury.life().send(Signal::Kill);
        // The copy is never made.
        assert!(handle.kill_session(handle.lock_holder(Datastore::Running).unwrap()));
    };
    tokio::select! {
        _ = ask(&mercury.service, &[(0, 2, WISH)]) => panic!("it was not killed"),
        () = killed => {}
    }
    assert_ne!(startup(&world), world.ports(0));
    world
}

#[test]
fn what_a_killed_mercury_made_and_did_not_save_is_saved_before_it_is_called_unchanged() {
    on_paused_clock(async {
        let (_, intended) = before_and_intended(KIND, WISH).await;
        for stubborn in [false, true] {
            let world = left_unsaved(|options| options.quirks.no_save_while_locked = stubborn).await;
            let report = world.one(2, WISH).await;
            assert!(matches!(report.outcome, Outcome::Unchanged(_)), "{:?}", report.outcome);
            assert!(report.warnings.iter().any(|told| told.contains("was not saved")), "{:?}", report.warnings);
            world.handle(0).reboot();
            assert_eq!(world.ports(0), intended, "{stubborn}");
            // A switch that has it in startup is not written to.
            world.handle(0).inject(fault("copy-config:*:before:refuse:operation-failed"));
            let again = world.one(2, WISH).await;
            assert!(matches!(again.outcome, Outcome::Unchanged(_)) && again.warnings.is_empty(), "{again:?}");
        }
    });
}

/// As on a switch that saves by an operation of its own.
#[test]
fn where_startup_cannot_be_read_it_is_saved_once() {
    on_paused_clock(async {
        let world = left_unsaved(|_| {}).await;
        world.handle(0).inject(fault("get-config:2:before:refuse:operation-not-supported"));
        let report = world.one(2, WISH).await;
        assert!(matches!(report.outcome, Outcome::Unchanged(_)), "{:?}", report.outcome);
        assert!(report.warnings.iter().any(|told| told.contains("was not saved")), "{:?}", report.warnings);
        assert_eq!(startup(&world), world.ports(0));
        for _ in 0..2 {
            world.handle(0).clear_faults();
            // A new session, which asks under the lock.
            world.handle(0).inject(fault("get-config:1:before:drop"));
            world.handle(0).inject(fault("get-config:4:before:refuse:operation-not-supported"));
            world.handle(0).inject(fault("copy-config:*:before:refuse:operation-failed"));
            let (asked, sessions) = (world.handle(0).counters().rpcs, world.handle(0).counters().sessions);
            let again = world.one(2, WISH).await;
            assert!(matches!(again.outcome, Outcome::Unchanged(_)) && again.warnings.is_empty(), "{again:?}");
            assert!(world.handle(0).counters().sessions > sessions && world.handle(0).counters().rpcs > asked + 3);
        }
    });
}

#[test]
fn what_cannot_be_saved_is_said_where_it_is_called_unchanged() {
    on_paused_clock(async {
        let world = left_unsaved(|_| {}).await;
        world.handle(0).inject(fault("copy-config:*:before:refuse:operation-failed"));
        let report = world.one(2, WISH).await;
        assert!(matches!(report.outcome, Outcome::Unchanged(_)), "{:?}", report.outcome);
        assert!(report.warnings.iter().any(|told| told.contains("is not known")), "{:?}", report.warnings);
        assert!(world.handle(0).status().locks.is_empty());
    });
}

#[test]
fn startup_that_another_has_locked_is_waited_for() {
    on_paused_clock(async {
        let (before, intended) = before_and_intended(KIND, WISH).await;
        let world = World::new(&[KIND]).await;
        let handle = world.handle(0);
        assert!(handle.console_lock(Datastore::Startup, true));
        let leaves = async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            assert!(handle.console_lock(Datastore::Startup, false));
        };
        let (report, ()) = tokio::join!(world.one(2, WISH), leaves);
        assert_eq!(claim(&report), Claim::Intended, "{:?}", report.outcome);
        agree(&world, 0, &report, &before, &intended, "startup was locked").await;
        assert_eq!(startup(&world), intended);
    });
}

/// The copy happened and was refused, and so is the one of what was there before:
/// running is as before, and startup is not.
#[test]
fn what_may_be_left_in_startup_is_told_instead_of_as_before() {
    on_paused_clock(async {
        let world = World::new(&[KIND]).await;
        let handle = world.handle(0);
        handle.inject(fault("copy-config:1:after:refuse:operation-failed"));
        handle.inject(fault("copy-config:2:before:refuse:operation-failed"));
        let report = tokio::time::timeout(LONG, world.one(2, WISH)).await.unwrap();
        assert_eq!(claim(&report), Claim::Before, "{:?}", report.outcome);
        assert_ne!(startup(&world), world.ports(0));
        let told = report.outcome.fault().unwrap().message;
        assert!(told.contains("startup may have the change") && !told.contains("is as before"), "{told}");
    });
}
