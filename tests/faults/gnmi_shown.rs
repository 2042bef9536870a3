//! Targets of which what is read is not what was written: state in place of
//! configuration, and what access control keeps from who reads. A Set that was
//! answered with OK may be there although the read-back shows none of it.

use mercury::outcome::Outcome;
use mercury_sim::Options;

use crate::kind::{Kind, ONCE, PLAIN};
use crate::world::{Claim, Wish, World, before_and_intended, claim, fault, on_paused_clock};

const WISH: Wish = Wish::Access(200);

/// What does not show is taken back, and nobody says that it is as before.
async fn is_taken_back_and_unknown(kind: Kind, make: impl Fn(&mut Options), warm: bool) {
    let world = World::of(&[kind], |_| {}, make).await;
    if warm {
        assert_eq!(claim(&world.one(1, Wish::Access(100)).await), Claim::Intended, "{kind:?}");
    }
    let before = world.ports(0);
    let report = world.one(2, WISH).await;
    let told = format!("{kind:?}, warm {warm}: {:?}", report.outcome);
    assert!(matches!(report.outcome, Outcome::Unknown { .. }), "{told}");
    assert!(report.outcome.fault().unwrap().message.contains("does not show"), "{told}");
    assert_eq!(world.ports(0), before, "{told}");
}

#[test]
fn a_target_that_shows_state_alone_is_never_said_to_be_as_before() {
    on_paused_clock(async {
        let states = |options: &mut Options| {
            (options.quirks.gnmi_shows_state, options.quirks.gnmi_no_get_type) = (true, true);
        };
        is_taken_back_and_unknown(Kind::Gnmi(PLAIN), states, false).await;
        is_taken_back_and_unknown(Kind::Gnmi(ONCE), states, false).await;
    });
}

#[test]
fn configuration_is_what_is_read_where_it_can_be_asked_for() {
    on_paused_clock(async {
        let kind = Kind::Gnmi(PLAIN);
        let (_, intended) = before_and_intended(kind, WISH).await;
        let world = World::of(&[kind], |_| {}, |options| options.quirks.gnmi_shows_state = true).await;
        let report = world.one(2, WISH).await;
        assert_eq!((claim(&report), world.ports(0)), (Claim::Intended, intended), "{:?}", report.outcome);
    });
}

/// Where there is no state that would tell that there is no such port.
#[test]
fn a_port_that_is_kept_from_who_reads_is_never_said_to_be_as_before() {
    on_paused_clock(async {
        let hides = |options: &mut Options| {
            (options.hidden, options.quirks.no_state) = (vec!["Ethernet2".to_owned()], true);
        };
        for kind in [Kind::Gnmi(PLAIN), Kind::Gnmi(ONCE)] {
            for warm in [false, true] {
                is_taken_back_and_unknown(kind, hides, warm).await;
            }
        }
    });
}

/// What has shown changes before, and shows the port, is believed.
#[test]
fn a_set_that_is_ignored_is_known_to_be_where_changes_have_shown() {
    on_paused_clock(async {
        for kind in [Kind::Gnmi(PLAIN), Kind::Gnmi(ONCE)] {
            for (action, shown) in [("ignore", true), ("ignore", false), ("part", true)] {
                let world = World::new(&[kind]).await;
                if shown {
                    world.one(1, Wish::Access(100)).await;
                }
                let before = world.ports(0);
                world.handle(0).inject(fault(&format!("gnmi-set:1:before:{action}")));
                let report = world.one(2, WISH).await;
                let told = format!("{kind:?}, {action}, {shown}: {:?}", report.outcome);
                assert_eq!(claim(&report), if shown { Claim::Before } else { Claim::Unknown }, "{told}");
                assert_eq!(world.ports(0), before, "{told}");
            }
        }
    });
}
