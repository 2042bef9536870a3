//! Many requests at once for one switch: what waited while a commit ran goes
//! into the next one, each caller hears of its own, and who has hung up by then
//! is dropped.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use mercury::{
    fault::FaultKind,
    intent::{Intent, PortIntent, Setting, TargetIntent},
    service::{Requester, Service},
};
use mercury_model::{SwitchedVlan, TrunkVlans};
use mercury_sim::Mode;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    kind::{Kind, PLAIN},
    world::{Claim, Wish, World, ask, claim, fault, on_paused_clock},
};

const PORTS: u16 = 8;

/// A switch whose every commit takes a second.
async fn slow(kind: Kind) -> World {
    let world = World::new(&[kind]).await;
    world.one(1, Wish::Access(99)).await;
    world.handle(0).inject(fault(&format!("{}:*:before:delay:1s", kind.commits())));
    world
}

#[test]
fn many_attaches_at_once_take_two_commits_at_most() {
    for kind in [Kind::Netconf(Mode::CandidatePlain), Kind::Gnmi(PLAIN)] {
        on_paused_clock(async {
            let world = slow(kind).await;
            let before = world.handle(0).counters().commits;
            let begun = Instant::now();
            let wishes: Vec<_> = (1..=PORTS).map(|port| [(0, port, Wish::Access(100))]).collect();
            let reports = join_all(wishes.iter().map(|wish| ask(&world.service, wish))).await;
            assert!(reports.iter().flatten().all(|report| claim(report) == Claim::Intended), "{kind:?}");
            let commits = world.handle(0).counters().commits - before;
            assert!(commits <= 2, "{kind:?}: {commits}; one for who came first, one for all that waited");
            assert!(begun.elapsed() < Duration::from_secs(3), "{kind:?}: {:?}", begun.elapsed());
        });
    }
}

#[test]
fn one_bad_request_among_many_fails_alone() {
    on_paused_clock(async {
        let world = slow(Kind::Netconf(Mode::CandidatePlain)).await;
        let mut wishes: Vec<_> = (1..=4).map(|port| [(0, port, Wish::Access(100))]).collect();
        // There is no such port, and the switch says so.
        wishes.push([(0, 999, Wish::Access(100))]);
        let reports = join_all(wishes.iter().map(|wish| ask(&world.service, wish))).await;
        let claims: Vec<_> = reports.iter().flatten().map(claim).collect();
        assert_eq!(claims, [Claim::Intended, Claim::Intended, Claim::Intended, Claim::Intended, Claim::Before]);
    });
}

/// What cannot be said in the switch's words is found out before anything is sent,
/// and concerns nobody else.
#[test]
fn one_request_among_many_that_cannot_be_rendered_fails_alone() {
    for kind in [Kind::Netconf(Mode::CandidatePlain), Kind::Gnmi(PLAIN)] {
        on_paused_clock(async {
            let world = slow(kind).await;
            let wishes: Vec<_> = (1..=4).map(|port| [(0, port, Wish::Access(100))]).collect();
            let good = join_all(wishes.iter().map(|wish| ask(&world.service, wish)));
            let mut port = PortIntent::new("Ethernet6".parse().unwrap());
            let none = SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None };
            port.switched_vlan = Setting::Set(Some(none));
            let switch = Arc::clone(world.service.inventory().find("leaf0").unwrap());
            let targets = vec![TargetIntent { ports: vec![port], ..TargetIntent::new(&switch) }];
            let who = Requester::default();
            let bad = world.service.apply(Intent { verb: "test", targets }, &who);
            let (good, bad) = tokio::join!(good, bad);
            assert!(good.iter().flatten().all(|report| claim(report) == Claim::Intended), "{kind:?}");
            let fault = bad.unwrap()[0].outcome.fault().unwrap();
            assert_eq!(fault.kind, FaultKind::Unsupported, "{kind:?}: {fault:?}");
            assert!(fault.message.contains("a trunk of no VLANs"), "{kind:?}: {fault:?}");
        });
    }
}

#[test]
fn requests_for_one_port_keep_their_order() {
    on_paused_clock(async {
        let world = slow(Kind::Netconf(Mode::CandidatePlain)).await;
        let wishes: Vec<_> = [100, 101, 102, 103].map(|vlan| [(0, 2, Wish::Access(vlan))]).into();
        let reports = join_all(wishes.iter().map(|wish| ask(&world.service, wish))).await;
        assert!(reports.iter().flatten().all(|report| claim(report) == Claim::Intended));
        assert!(world.ports(0)["Ethernet2"].contains("103"), "{}", world.ports(0)["Ethernet2"]);
    });
}

#[test]
fn whoever_hangs_up_while_waiting_is_dropped_and_later_is_not() {
    on_paused_clock(async {
        let world = slow(Kind::Netconf(Mode::CandidatePlain)).await;
        let (first, second) = (CancellationToken::new(), CancellationToken::new());
        // One port, so that the second cannot go with the first.
        let one = attach(&world.service, 100, first.clone());
        let two = attach(&world.service, 101, second.clone());
        let hang_up = async {
            // The first is at its commit by then, and the second waits for it.
            tokio::time::sleep(Duration::from_millis(500)).await;
            first.cancel();
            second.cancel();
        };
        let (one, two, ()) = tokio::join!(one, two, hang_up);
        assert_eq!((one.as_str(), two.as_str()), ("committed", "not-started"));
        assert!(world.ports(0)["Ethernet2"].contains(":100"), "{}", world.ports(0)["Ethernet2"]);
    });
}

async fn attach(service: &Service, vlan: u16, gone: CancellationToken) -> String {
    let mut intent = PortIntent::new("Ethernet2".parse().unwrap());
    intent.switched_vlan = Setting::Set(Some(SwitchedVlan::access(vlan.try_into().unwrap())));
    let switch = Arc::clone(service.inventory().find("leaf0").unwrap());
    let targets = vec![TargetIntent { ports: vec![intent], ..TargetIntent::new(&switch) }];
    let who = Requester { gone: Some(gone.into()), ..Requester::default() };
    let reports = service.apply(Intent { verb: "test", targets }, &who).await.unwrap();
    reports[0].outcome.name().to_owned()
}
