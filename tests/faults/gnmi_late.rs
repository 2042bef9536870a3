//! A Set that arrives, or is done, after Mercury has given it up.

use std::time::Duration;

use crate::kind::{CONFIRMED, Kind};
use crate::world::{Claim, Wish, World, before_and_intended, claim, fault, on_paused_clock};

const KIND: Kind = Kind::Gnmi(CONFIRMED);
const WISH: Wish = Wish::Access(200);

/// The cancelling is answered with OK although there was nothing to cancel: the
/// Set comes when Mercury has had its answer.
#[test]
fn a_cancel_of_nothing_does_not_make_a_set_forgotten_that_comes_later() {
    on_paused_clock(async {
        let (before, intended) = before_and_intended(KIND, WISH).await;
        for warm in [false, true] {
            for late in ["120100ms", "121s", "125s"] {
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
