//! Servers without locks, and some whose locks do not keep from everything.

use mercury_sim::Mode;

use crate::kind::{Kind, NETCONF};
use crate::world::{Claim, Wish, World, agree, before_and_intended, claim, fault, on_paused_clock};

const WISH: Wish = Wish::Access(200);

#[test]
fn a_server_that_has_no_lock_is_treated_as_one_without() {
    on_paused_clock(async {
        for kind in NETCONF {
            let (before, intended) = before_and_intended(kind, WISH).await;
            // Of none, or of running alone.
            let has_two = matches!(kind, Kind::Netconf(Mode::Candidate | Mode::CandidatePlain));
            for which in if has_two { &["*", "2"][..] } else { &["*"] } {
                let told = format!("{kind:?}, {which}");
                let world = World::new(&[kind]).await;
                world.handle(0).inject(fault(&format!("lock:{which}:before:refuse:operation-not-supported")));
                let report = world.one(2, WISH).await;
                assert_eq!(claim(&report), Claim::Intended, "{told}: {:?}", report.outcome);
                agree(&world, 0, &report, &before, &intended, &told).await;
                let again = world.one(2, WISH).await;
                assert_eq!(again.outcome.name(), "unchanged", "{told}: {:?}", again.outcome);
            }
        }
    });
}

/// The older of two that overlap takes away what was confirmed since. Whatever
/// becomes of Mercury's own first, the next is not made beside it.
#[test]
fn no_commit_of_mercurys_is_made_while_its_last_one_waits_even_where_the_switch_lets_it() {
    on_paused_clock(async {
        let kind = NETCONF[0];
        assert!(matches!(kind, Kind::Netconf(Mode::Candidate)));
        let (_, intended) = before_and_intended(kind, WISH).await;
        for operation in
            ["edit-config:1", "commit:1", "get-config:2", "commit:2", "get-config:3", "unlock:1", "unlock:2"]
        {
            for trouble in ["before:drop", "after:drop", "after:delay:35s", "before:delay:60s"] {
                let told = format!("{operation}:{trouble}");
                let loose = |options: &mut mercury_sim::Options| options.quirks.overlapping_commits = true;
                let world = World::of(&[kind], |_| {}, loose).await;
                let handle = world.handle(0);
                handle.inject(fault(&told));
                let first = world.one(1, Wish::Access(100)).await;
                assert_ne!(claim(&first), Claim::Unknown, "{told}: {:?}", first.outcome);
                let (before, next) = (world.ports(0), world.one(2, WISH).await);
                assert_eq!(claim(&next), Claim::Intended, "{told}: {:?}", next.outcome);
                let mut made = before.clone();
                let changed = ["Ethernet2", "VLAN 200"].map(|name| (name.to_owned(), intended[name].clone()));
                made.extend(changed);
                agree(&world, 0, &next, &before, &made, &told).await;
                assert_eq!(handle.counters().overlaps, 0, "{told}");
            }
        }
    });
}
