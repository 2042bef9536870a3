//! Where an entry asks for it, the link of a port that was attached goes down and
//! comes up again, and whatever breaks meanwhile, it is not left down unsaid.

use crate::{
    kind::{self, Kind},
    world::{Claim, LONG, Wish, World, claim, fault, on_paused_clock},
};

async fn ready(kind: Kind) -> World {
    let world = World::with(&[kind], |switch| switch.rules.bounce_on_attach = true).await;
    world.one(1, Wish::Access(100)).await;
    world
}

fn is_down(world: &World) -> bool {
    world.ports(0).get("Ethernet2").is_some_and(|port| port.contains("\"enabled\":false"))
}

#[test]
fn the_link_of_an_attached_port_goes_down_and_comes_up() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = ready(kind).await;
            let handle = world.handle(0);
            let attach = world.one(2, Wish::Access(200));
            let watch = handle.wait_until(|_| is_down(&world));
            let (report, _) =
                tokio::time::timeout(LONG, async { tokio::join!(attach, watch) }).await.expect("never down");
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            assert!(!is_down(&world) && report.warnings.is_empty(), "{kind:?}: {:?}", report.warnings);
            assert!(world.ports(0)["Ethernet2"].contains("200"), "{kind:?}");
            // What changes nothing takes nothing down, nor does leaving.
            let edits = handle.counters().edits;
            world.one(2, Wish::Access(200)).await;
            assert_eq!(handle.counters().edits, edits, "{kind:?}");
            world.one(2, Wish::Reset).await;
            assert_eq!(handle.counters().edits, edits + 1, "{kind:?}");
        });
    }
}

#[test]
fn a_link_is_never_left_down_without_a_word() {
    for kind in kind::all() {
        on_paused_clock(async {
            for operation in kind.operations() {
                for nth in 1..=4 {
                    for (moment, action) in
                        [("before", "drop"), ("after", "drop"), ("before", "refuse:operation-failed")]
                    {
                        let world = ready(kind).await;
                        let before = world.ports(0);
                        let told = format!("{kind:?} {operation}:{nth}:{moment}:{action}");
                        world.handle(0).inject(fault(&format!("{operation}:{nth}:{moment}:{action}")));
                        let report = world.one(2, Wish::Access(200)).await;
                        tokio::time::sleep(LONG).await;
                        let told = format!("{told}: {} {:?}", report.outcome.name(), report.outcome.fault());
                        match claim(&report) {
                            Claim::Unknown => assert!(told.contains("link was down"), "{told}"),
                            Claim::Before => assert_eq!(world.ports(0), before, "{told}"),
                            Claim::Intended => assert!(world.ports(0)["Ethernet2"].contains("200"), "{told}"),
                        }
                        assert!(!is_down(&world), "{told}");
                        let status = world.handle(0).status();
                        assert!(status.locks.is_empty() && status.pending.is_none(), "{told}: {status:?}");
                    }
                }
            }
        });
    }
}
