//! Two entries with one address are one switch: one queue and one lock.

use std::time::Duration;

use mercury::{fault::FaultKind, service::Requester};

use crate::{
    kind,
    world::{Claim, LONG, Wish, World, ask, claim, fault, intent, on_paused_clock},
};

/// Requests through both entries wait in one queue, for as long as it takes, and
/// not for each other's lock.
#[test]
fn requests_through_both_entries_wait_for_each_other_and_none_fails_for_it() {
    on_paused_clock(async {
        for kind in kind::all() {
            let world = World::in_entries(kind, 2, |switch| switch.timing.lock_wait = Duration::ZERO).await;
            let operation = kind.writes();
            let hold = world.handle(0).inject(fault(&format!("{operation}:1:before:hold")));
            let first = [(0, 2, Wish::Access(100))];
            let second = [(1, 3, Wish::Access(200))];
            let release = async {
                world.handle(0).held(hold).await;
                tokio::time::sleep(Duration::from_secs(20)).await;
                world.handle(0).release(hold);
            };
            let later = async {
                world.handle(0).held(hold).await;
                world.ask(&second).await
            };
            let (first, second, ()) = tokio::join!(world.ask(&first), later, release);
            for report in first.iter().chain(&second) {
                assert_eq!(claim(report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            }
        }
    });
}

#[test]
fn a_request_through_both_entries_is_one_change() {
    on_paused_clock(async {
        for kind in kind::all() {
            let world = World::in_entries(kind, 2, |_| {}).await;
            let both = [(0, 2, Wish::Access(100)), (1, 3, Wish::Trunk(100, 200))];
            let reports = tokio::time::timeout(LONG, world.ask(&both)).await.unwrap();
            let names: Vec<_> = reports.iter().map(|report| report.switch.as_str()).collect();
            assert_eq!(names, ["leaf0", "leaf1"], "{kind:?}");
            for (report, port) in reports.iter().zip(["Ethernet2", "Ethernet3"]) {
                assert_eq!(claim(report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
                let plan = report.plan.as_ref().unwrap().to_string();
                let other = if port == "Ethernet2" { "Ethernet3" } else { "Ethernet2" };
                assert!(plan.contains(port) && !plan.contains(other), "{kind:?}: {plan}");
            }
            assert_eq!(world.handle(0).counters().edits, kind.requests(), "{kind:?}");
            let before = world.ports(0);
            let operation = kind.writes();
            world.handle(0).inject(fault(&format!("{operation}:*:before:refuse:operation-failed")));
            let reports = world.ask(&[(0, 2, Wish::Reset), (1, 3, Wish::Reset)]).await;
            assert!(reports.iter().all(|report| claim(report) == Claim::Before), "{kind:?}");
            assert_eq!(world.ports(0), before, "{kind:?}");
        }
    });
}

/// With a third switch it is a transaction, in which the two are one.
#[test]
fn a_request_for_two_entries_and_another_switch_changes_both_switches_or_none() {
    on_paused_clock(async {
        let kinds = [kind::NETCONF[0]; 3];
        let world = World::with(&kinds, |switch| {
            let address = if switch.identity.name == "leaf2" { "192.0.2.2" } else { "192.0.2.1" };
            switch.identity.address = address.to_owned();
        });
        let world = world.await;
        let all = [(0, 2, Wish::Access(100)), (1, 3, Wish::Access(200)), (2, 4, Wish::Access(300))];
        let reports = tokio::time::timeout(LONG, world.ask(&all)).await.unwrap();
        assert_eq!(reports.len(), 3);
        assert!(reports.iter().all(|report| claim(report) == Claim::Intended), "{reports:?}");
        // Here the second entry's switch is another, which shows through which it is done.
        assert_eq!((world.handle(0).counters().edits, world.handle(1).counters().edits), (1, 0));
    });
}

#[test]
fn where_the_entries_differ_or_name_one_port_a_request_through_both_is_refused_at_once() {
    on_paused_clock(async {
        for (mtu, port, ports) in [(true, None, (2, 3)), (false, None, (2, 2)), (false, Some(8301), (2, 3))] {
            let world = World::in_entries(kind::NETCONF[0], 2, |switch| {
                let second = switch.identity.name == "leaf1";
                switch.rules.manage_mtu = mtu && second;
                switch.identity.port = port.filter(|_| second).or(switch.identity.port);
            });
            let world = world.await;
            let both = [(0, ports.0, Wish::Access(100)), (1, ports.1, Wish::Access(100))];
            let refused = world.service.apply(intent(&world.service, &both), &Requester::default()).await.unwrap_err();
            assert_eq!(refused.kind, FaultKind::InvalidValue, "{refused}");
            assert!(refused.message.contains("leaf0 and leaf1 have one address"), "{refused}");
            assert_eq!(world.handle(0).counters().rpcs, 0);
            let alone = ask(&world.service, &both[..1]).await;
            assert_eq!(claim(&alone[0]), Claim::Intended);
        }
    });
}
