//! What is lost half-way: a Set that arrives, or is done, after Mercury has given
//! it up, and one that is there, and not saved or confirmed.

use std::time::Duration;

use mercury::fault::FaultKind;

use crate::kind::{CONFIRMED, Kind, ONCE, PLAIN};
use crate::world::{Claim, Wish, World, agree, before_and_intended, claim, fault, on_paused_clock};

const KIND: Kind = Kind::Gnmi(CONFIRMED);
const WISH: Wish = Wish::Access(200);

/// The cancelling is answered with OK although there was nothing to cancel: the
/// Set comes when Mercury has had its answer.
#[test]
fn a_cancel_of_nothing_does_not_make_a_set_forgotten_that_comes_later() {
    on_paused_clock(async {
        let (before, intended) = before_and_intended(KIND, WISH).await;
        for warm in [false, true] {
            for late in ["50100ms", "51s", "55s"] {
                let world = World::of(&[KIND], |_| {}, |options| options.quirks.gnmi_cancels_nothing = true).await;
                if warm {
                    world.one(1, Wish::Access(100)).await;
                }
                world.handle(0).inject(fault(&format!("gnmi-set:1:before:delay:{late}")));
                let report = world.one(2, WISH).await;
                let told = format!("warm {warm}, {late}: {:?}", report.outcome);
                let claimed = claim(&report);
                assert_ne!(claimed, Claim::Unknown, "{told}");
                let wanted = if claimed == Claim::Before { &before } else { &intended };
                for second in 0..90 {
                    assert_eq!(world.ports(0)["Ethernet2"], wanted["Ethernet2"], "{told}: {second} s later");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
}

/// The connection breaks when the Set was answered, and before it is read back.
#[test]
fn a_set_whose_read_back_is_lost_is_found_done() {
    on_paused_clock(async {
        for (kind, reads) in [(KIND, "gnmi-get"), (Kind::Gnmi(PLAIN), "gnmi-get"), (Kind::Gnmi(ONCE), "gnmi-subscribe")]
        {
            let (before, intended) = before_and_intended(kind, WISH).await;
            for moment in ["before", "after"] {
                let world = World::new(&[kind]).await;
                let handle = world.handle(0);
                let set = handle.inject(fault("gnmi-set:1:after:hold"));
                let breaks = async {
                    handle.held(set).await;
                    handle.inject(fault(&format!("{reads}:1:{moment}:drop")));
                    handle.release(set);
                };
                let (report, ()) = tokio::join!(world.one(2, WISH), breaks);
                let told = format!("{kind:?}, {moment}");
                // What waits to be confirmed is cancelled to find out.
                let wanted = if kind == KIND { Claim::Before } else { Claim::Intended };
                assert_eq!(claim(&report), wanted, "{told}: {:?}", report.outcome);
                agree(&world, 0, &report, &before, &intended, &told).await;
            }
        }
    });
}

/// Targets save by themselves what they have answered with OK.
#[test]
fn a_set_that_is_found_done_is_saved_before_it_is_called_committed() {
    on_paused_clock(async {
        for kind in [Kind::Gnmi(PLAIN), Kind::Gnmi(ONCE)] {
            let (_, intended) = before_and_intended(kind, WISH).await;
            for lost in ["drop", "status:unavailable", "status:deadline-exceeded"] {
                let world =
                    World::of(&[kind], |_| {}, |options| options.quirks.gnmi_saves_what_it_answered = true).await;
                let handle = world.handle(0);
                handle.inject(fault(&format!("gnmi-set:1:after:{lost}")));
                let report = world.one(2, WISH).await;
                let told = format!("{kind:?}, {lost}: {:?}", report.outcome);
                assert_eq!(claim(&report), Claim::Intended, "{told}");
                handle.reboot();
                assert_eq!(world.ports(0), intended, "{told}");
            }
        }
    });
}

/// The confirmation is lost, nothing can be cancelled, and the target does not
/// tell that the commit still waits.
#[test]
fn a_set_that_is_found_done_is_confirmed_before_it_is_called_committed() {
    on_paused_clock(async {
        let (before, intended) = before_and_intended(KIND, WISH).await;
        for code in ["permission-denied", "unimplemented", "internal"] {
            let world = World::of(&[KIND], |_| {}, |options| options.quirks.gnmi_ids_not_compared = true).await;
            let handle = world.handle(0);
            handle.inject(fault("gnmi-confirm:1:before:drop"));
            handle.inject(fault(&format!("gnmi-cancel:*:before:status:{code}")));
            let report = world.one(2, WISH).await;
            tokio::time::sleep(Duration::from_secs(700)).await;
            let wanted = if claim(&report) == Claim::Before { &before } else { &intended };
            assert_eq!(&world.ports(0), wanted, "{code}: {:?}", report.outcome);
            assert_ne!(claim(&report), Claim::Unknown, "{code}: {:?}", report.outcome);
        }
    });
}

#[test]
fn a_target_that_is_exhausted_while_connecting_is_busy() {
    on_paused_clock(async {
        for kind in [Kind::Gnmi(PLAIN), KIND] {
            let world = World::new(&[kind]).await;
            world.handle(0).inject(fault("gnmi-capabilities:*:before:status:resource-exhausted"));
            let fault = world.one(2, WISH).await.outcome.fault().unwrap();
            assert_eq!(fault.kind, FaultKind::Busy, "{fault:?}");
            world.handle(0).clear_faults();
            assert_eq!(claim(&world.one(2, WISH).await), Claim::Intended);
        }
    });
}
