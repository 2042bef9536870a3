//! Where an entry asks for it, the link of a port that was attached goes down and
//! comes up again, and whatever breaks meanwhile, it is not left down unsaid.

use std::time::Duration;

use mercury::inventory::Switch;
use mercury_sim::Mode;
use tokio::time::Instant;

use crate::{
    kind::{self, Kind},
    life::Signal,
    locks::Locks,
    world::{Claim, LONG, Wish, World, ask, claim, fault, on_paused_clock},
};

const BOUNCE_TIME: Duration = Duration::from_secs(7);

fn bounces(switch: &mut Switch) {
    let rules = &mut switch.rules;
    (rules.bounce_on_attach, rules.bounce_unconfirmed, rules.bounce_time) = (true, true, BOUNCE_TIME);
}

async fn ready(kind: Kind) -> World {
    let world = World::with(&[kind], bounces).await;
    world.one(1, Wish::Access(100)).await;
    world
}

/// Whether the switch undoes by itself what is not confirmed.
fn confirms(kind: Kind) -> bool {
    [Kind::Netconf(Mode::Candidate), kind::JUNOS, Kind::Gnmi(kind::CONFIRMED)].contains(&kind)
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
            let watch = async {
                handle.wait_until(|_| is_down(&world)).await;
                let begun = Instant::now();
                handle.wait_until(|_| !is_down(&world)).await;
                begun.elapsed()
            };
            let (report, down) =
                tokio::time::timeout(LONG, async { tokio::join!(attach, watch) }).await.expect("never down");
            assert_eq!(down.as_secs(), BOUNCE_TIME.as_secs(), "{kind:?}");
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            let mut others = report.warnings.iter().filter(|told| !told.contains("no operation that saves is known"));
            assert!(!is_down(&world) && others.next().is_none(), "{kind:?}: {:?}", report.warnings);
            assert!(world.ports(0)["Ethernet2"].contains("200"), "{kind:?}");
            // What changes nothing takes nothing down, nor does leaving.
            let edits = handle.counters().edits;
            world.one(2, Wish::Access(200)).await;
            assert_eq!(handle.counters().edits, edits, "{kind:?}");
            world.one(2, Wish::Reset).await;
            // What goes is a request for each where there is no patch.
            let leaving = handle.counters().edits - edits;
            assert!(leaving == 1 || kind.requests() > 1 && leaving > 1, "{kind:?}: {leaving}");
        });
    }
}

/// An entry that does not accept that a port may stay down.
#[test]
fn a_bounce_that_the_switch_cannot_take_back_by_itself_is_not_begun() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = World::with(&[kind], |switch| switch.rules.bounce_on_attach = true).await;
            let report = world.one(2, Wish::Access(200)).await;
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            let edits = match confirms(kind) {
                // Nothing cancels it there: the way back is an edit as well.
                true if kind == kind::JUNOS => 3,
                true => 2,
                false => kind.requests(),
            };
            assert_eq!(world.handle(0).counters().edits, edits, "{kind:?}");
            let told = report.warnings.iter().any(|warning| warning.contains("bounce_unconfirmed"));
            assert_eq!(told, !confirms(kind), "{kind:?}: {:?}", report.warnings);
        });
    }
}

/// Where the switch can, it takes the link up itself; elsewhere whoever asks for
/// the port next does, by attaching or by detaching it.
#[test]
fn a_link_that_a_killed_mercury_left_down_comes_up() {
    for (kind, next) in kind::all().flat_map(|kind| [Wish::Access(200), Wish::Reset].map(|next| (kind, next))) {
        on_paused_clock(async {
            let told = format!("{kind:?}, {next:?}");
            let (world, locks) = (ready(kind).await, Locks::new(Duration::ZERO));
            let mercury = world.mercury(&locks, bounces);
            let killed = async {
                world.handle(0).wait_until(|_| is_down(&world)).await;
                mercury.life().send(Signal::Kill);
            };
            let asked = ask(&mercury.service, &[(0, 2, Wish::Access(200))]);
            tokio::select! {
                _ = tokio::time::timeout(LONG, asked) => {}
                () = async { killed.await; tokio::time::sleep(LONG).await; } => {}
            }
            assert_eq!(is_down(&world), !confirms(kind), "{told}");
            let other = world.mercury(&locks, bounces);
            let report = ask(&other.service, &[(0, 2, next)]).await.remove(0);
            assert_eq!(claim(&report), Claim::Intended, "{told}: {:?}", report.outcome);
            assert!(!is_down(&world), "{told}");
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
