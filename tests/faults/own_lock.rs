//! The switch does not notice that a session of Mercury's is over, and keeps its
//! lock for it. Mercury ends its own, and only what is certainly its own.

use std::time::Duration;

use mercury::fault::FaultKind;
use mercury_sim::Options;

use crate::{
    kind::{Kind, NETCONF},
    strangers::{lockable, says},
    world::{Claim, Wish, World, before_and_intended, claim, fault, on_paused_clock},
};

const WISH: Wish = Wish::Access(200);

/// How long such a switch keeps a session whose client is gone.
const HOURS: Duration = Duration::from_secs(4 * 3600);

/// What loses the session under the lock.
const LOSSES: [&str; 4] = [
    "get-config:1:before:delay:9000s",
    "edit-config:1:before:delay:9000s",
    "edit-config:1:after:delay:9000s",
    "unlock:1:before:delay:9000s",
];

/// A switch that Mercury has had a session with for a while.
async fn warm(kind: Kind, make: impl Fn(&mut Options)) -> World {
    let lingers = |options: &mut Options| {
        (options.linger, options.lists_sessions) = (HOURS, true);
        make(options);
    };
    let world = World::of(&[kind], |_| {}, lingers).await;
    assert_eq!(claim(&world.one(1, Wish::Access(100)).await), Claim::Intended);
    tokio::time::sleep(Duration::from_secs(60)).await;
    world
}

#[test]
fn a_lock_that_a_lost_session_of_mercurys_holds_is_freed() {
    on_paused_clock(async {
        for (kind, loss) in NETCONF.into_iter().flat_map(|kind| LOSSES.map(|loss| (kind, loss))) {
            let told = format!("{kind:?}, {loss}");
            let world = warm(kind, |_| {}).await;
            world.handle(0).inject(fault(loss));
            let begun = tokio::time::Instant::now();
            let first = world.one(2, WISH).await;
            let second = world.one(3, WISH).await;
            assert_eq!(claim(&second), Claim::Intended, "{told}: {:?}", second.outcome);
            assert!(begun.elapsed() < HOURS / 4, "{told}: it was waited for");
            let (_, intended) = before_and_intended(kind, WISH).await;
            let made = world.ports(0)["Ethernet2"] == intended["Ethernet2"];
            assert_eq!(claim(&first) == Claim::Intended, made, "{told}: {:?}", first.outcome);
            assert_ne!(claim(&first), Claim::Unknown, "{told}: {:?}", first.outcome);
            assert!(world.handle(0).status().locks.is_empty(), "{told}");
        }
    });
}

/// The switch grants the lock and says that it does not: from then on it names the very
/// session that asks.
#[test]
fn a_lock_that_the_session_that_asks_holds_itself_goes_with_it() {
    on_paused_clock(async {
        for kind in NETCONF {
            for linger in [Duration::ZERO, HOURS] {
                let told = format!("{kind:?}, {linger:?}");
                let world = warm(kind, |options| options.linger = linger).await;
                world.handle(0).inject(fault("lock:1:after:refuse:lock-denied"));
                let begun = tokio::time::Instant::now();
                let report = world.one(2, WISH).await;
                assert_eq!(claim(&report), Claim::Intended, "{told}: {:?}", report.outcome);
                assert!(begun.elapsed() < Duration::from_secs(20), "{told}: it was waited for");
                assert!(world.handle(0).status().locks.is_empty(), "{told}");
            }
        }
    });
}

/// The number is another's by now: same user, same host, a later login.
#[test]
fn who_has_a_lost_sessions_number_by_now_keeps_the_lock() {
    on_paused_clock(async {
        for kind in NETCONF {
            let world = warm(kind, |options| options.quirks.reuses_session_ids = true).await;
            let handle = world.handle(0);
            assert!(handle.kill_session(1), "{kind:?}: Mercury's is another");
            let target = lockable(kind).as_str();
            let lock = format!("<lock><target><{target}/></target></lock>");
            let (_stranger, _) = says(&world, &[lock]).await;
            handle.wait_until(|status| status.locks.get(&lockable(kind)) == Some(&1)).await;
            let report = world.one(2, WISH).await;
            assert_eq!(report.outcome.fault().unwrap().kind, FaultKind::Locked, "{kind:?}: {:?}", report.outcome);
            assert_eq!(handle.lock_holder(lockable(kind)), Some(1), "{kind:?}: a stranger's session was ended");
        }
    });
}

/// A server may name whatever session it likes: that one stays, and Mercury's own
/// that holds the lock goes.
#[test]
fn the_session_that_a_refusal_names_is_not_ended_for_that() {
    on_paused_clock(async {
        for kind in NETCONF {
            let world = warm(kind, |options| options.quirks.names_holder = Some(2)).await;
            let handle = world.handle(0);
            let (_stranger, _) = says(&world, &[]).await;
            handle.wait_until(|status| status.sessions == 2).await;
            handle.inject(fault("get-config:1:before:delay:9000s"));
            let report = world.one(2, WISH).await;
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            assert!(handle.kill_session(2), "{kind:?}: the stranger's session was ended");
            assert!(!handle.kill_session(1), "{kind:?}: the lost session is there");
        }
    });
}

/// A lost session's lock, where the number that is named is a lost one's, and
/// somebody else has the lock.
#[test]
fn a_lost_session_without_the_lock_is_no_reason_to_end_another() {
    on_paused_clock(async {
        for kind in NETCONF {
            let world = warm(kind, |options| options.quirks.names_holder = Some(1)).await;
            let handle = world.handle(0);
            // Lost while nothing was locked.
            world.wire.life.cut();
            assert!(handle.console_lock(lockable(kind), true));
            let report = world.one(2, WISH).await;
            assert_eq!(report.outcome.fault().unwrap().kind, FaultKind::Locked, "{kind:?}: {:?}", report.outcome);
            assert_eq!(handle.lock_holder(lockable(kind)), Some(0), "{kind:?}");
        }
    });
}

#[test]
fn where_the_switch_does_not_tell_whose_sessions_it_has_none_is_ended_and_that_is_said() {
    on_paused_clock(async {
        for (kind, what) in NETCONF.into_iter().flat_map(|kind| {
            [
                ("", "does not tell whose sessions"),
                ("get:*:before:refuse:access-denied", "refused to list its sessions"),
                ("kill-session:*:before:refuse:access-denied", "refused to end a session"),
            ]
            .map(|what| (kind, what))
        }) {
            let (refused, said) = what;
            let world = warm(kind, |options| options.lists_sessions = !refused.is_empty()).await;
            let handle = world.handle(0);
            if !refused.is_empty() {
                handle.inject(fault(refused));
            }
            handle.inject(fault("get-config:1:before:delay:9000s"));
            let told = world.one(2, WISH).await.outcome.fault().unwrap();
            assert_eq!(told.kind, FaultKind::Locked, "{kind:?}, {refused}: {told}");
            assert!(told.message.contains(said), "{kind:?}, {refused}: {told}");
            assert_eq!(handle.lock_holder(lockable(kind)), Some(1), "{kind:?}, {refused}");
        }
    });
}
