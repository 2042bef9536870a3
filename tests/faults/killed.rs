//! Mercury gets SIGKILL or SIGTERM at every await point of a request, and the
//! next one finds a sound switch.

use std::{collections::BTreeMap, time::Duration};

use mercury::{fault::FaultKind, outcome::Report};
use mercury_sim::Mode;

use crate::{
    kind::{self, CONFIRMED, Kind, NETCONF, PLAIN},
    life::{Signal, When},
    locks::Locks,
    world::{Claim, LONG, Mercury, Ports, Wish, World, agree, ask, claim, on_paused_clock},
};

const WISH: Wish = Wish::Access(200);
/// What the next Mercury is asked: another port, and a VLAN of its own.
const NEXT: Wish = Wish::Access(300);

/// Asks until the signal comes; `None` if it came before the answer.
async fn until(mercury: &Mercury, signal: Signal, wishes: &[(usize, u16, Wish)]) -> Option<Vec<Report>> {
    tokio::select! {
        biased;
        () = mercury.life().signalled(signal) => None,
        reports = ask(&mercury.service, wishes) => Some(reports),
    }
}

pub(crate) async fn settled(world: &World, index: usize, told: &str) {
    let handle = world.handle(index);
    let quiet = handle.wait_until(|status| {
        let nothing = status.locks.is_empty() && status.pending.is_none() && !status.candidate_dirty;
        nothing && status.sessions + status.connections == 0
    });
    let quiet = tokio::time::timeout(LONG, quiet).await;
    assert!(quiet.is_ok(), "{told}: left behind: {:?}", handle.status());
}

/// Only what was asked for has moved, and that has moved wholly or not at all.
pub(crate) fn before_or_intended(now: &Ports, before: &Ports, intended: &Ports, told: &str) -> bool {
    assert!(now == before || now == intended, "{told}: something between: {now:?}");
    now == intended
}

/// What was before, with the VLAN that the first of several requests makes.
fn with_vlan(before: &Ports, intended: &Ports) -> Ports {
    let vlan = intended.iter().filter(|(name, _)| *name == "VLAN 200");
    before.iter().chain(vlan).map(|(name, is)| (name.clone(), is.clone())).collect()
}

/// A world in which one Mercury has made every port what it should be before.
async fn ready(kinds: &[Kind], locks: &std::sync::Arc<Locks>, warm: bool) -> (World, Mercury) {
    let world = World::new(kinds).await;
    let mercury = world.mercury(locks, |_| {});
    if warm {
        let wishes: Vec<_> = (0..kinds.len()).map(|index| (index, 1, Wish::Access(100))).collect();
        ask(&mercury.service, &wishes).await;
    }
    (world, mercury)
}

/// SIGKILL at each of these moments of a request for all of these switches.
fn killed_at(kinds: &[Kind], lease: Duration, moments: fn() -> Box<dyn Iterator<Item = When>>) {
    on_paused_clock(async {
        let wishes: Vec<_> = (0..kinds.len()).map(|index| (index, 2, WISH)).collect();
        for warm in [false, true] {
            let mut found = BTreeMap::<_, u32>::new();
            let (clean, mercury) = ready(kinds, &Locks::new(lease), warm).await;
            let before: Vec<_> = (0..kinds.len()).map(|index| clean.ports(index)).collect();
            ask(&mercury.service, &wishes).await;
            let intended: Vec<_> = (0..kinds.len()).map(|index| clean.ports(index)).collect();
            for when in moments() {
                let told = format!("{kinds:?}, {}, killed at {when:?}", if warm { "warm" } else { "cold" });
                let locks = Locks::new(lease);
                let (world, mercury) = ready(kinds, &locks, warm).await;
                mercury.life().plan(when, Signal::Kill);
                if let Some(reports) = until(&mercury, Signal::Kill, &wishes).await {
                    assert!(reports.iter().all(|report| claim(report) == Claim::Intended), "{told}");
                    break;
                }
                let next = world.mercury(&locks, |_| {});
                let hasty = ask(&next.service, &[(0, 3, NEXT)]).await.remove(0);
                let kind = hasty.outcome.fault().map(|fault| fault.kind);
                assert!(matches!(kind, None | Some(FaultKind::Locked)), "{told}, the next: {:?}", hasty.outcome);
                next.service.finish().await;
                for index in 0..kinds.len() {
                    settled(&world, index, &told).await;
                    let mut now = world.ports(index);
                    if index == 0 {
                        let made = now.insert("Ethernet3".to_owned(), before[0]["Ethernet3"].clone());
                        let vlan = now.remove("VLAN 300");
                        let kept = made != before[0].get("Ethernet3").cloned();
                        assert_eq!((kept, vlan.is_some()), (kind.is_none(), kind.is_none()), "{told}: the next one's");
                    }
                    if kinds[index].requests() > 1 && now == with_vlan(&before[index], &intended[index]) {
                        continue;
                    }
                    let made = before_or_intended(&now, &before[index], &intended[index], &told);
                    *found.entry((index, made)).or_default() += 1;
                }
                assert!(locks.held().is_empty(), "{told}");
                let next = world.mercury(&locks, |_| {});
                let again = ask(&next.service, &wishes).await;
                assert!(again.iter().all(|report| claim(report) == Claim::Intended), "{told}, and again");
            }
            assert!(found.get(&(0, false)) > Some(&1), "{kinds:?}, warm {warm}: {found:?}");
        }
    });
}

/// SIGTERM at every event: what has begun is done, and told.
fn terminated_everywhere(kinds: &[Kind]) {
    on_paused_clock(async {
        let wishes: Vec<_> = (0..kinds.len()).map(|index| (index, 2, WISH)).collect();
        let (clean, mercury) = ready(kinds, &Locks::new(Duration::ZERO), true).await;
        let before: Vec<_> = (0..kinds.len()).map(|index| clean.ports(index)).collect();
        ask(&mercury.service, &wishes).await;
        let intended: Vec<_> = (0..kinds.len()).map(|index| clean.ports(index)).collect();
        for number in 1.. {
            let told = format!("{kinds:?}, terminated at event {number}");
            let locks = Locks::new(Duration::ZERO);
            let (world, mercury) = ready(kinds, &locks, true).await;
            mercury.life().plan(When::Event(number), Signal::Term);
            let finish = async {
                mercury.life().signalled(Signal::Term).await;
                mercury.service.finish().await;
                for index in 0..kinds.len() {
                    let status = world.handle(index).status();
                    assert!(status.locks.is_empty() && status.pending.is_none(), "{told}: {status:?}");
                }
            };
            let asked = ask(&mercury.service, &wishes);
            let (reports, finished) = tokio::join!(asked, tokio::time::timeout(LONG, finish));
            if finished.is_err() {
                assert!(number > 5, "{told}: a request has more events than these");
                break;
            }
            for (index, report) in reports.iter().enumerate() {
                assert_eq!(claim(report), Claim::Intended, "{told}: {:?}", report.outcome);
                agree(&world, index, report, &before[index], &intended[index], &told).await;
                settled(&world, index, &told).await;
            }
            assert!(locks.held().is_empty(), "{told}");
        }
    });
}

/// Every await point.
pub(crate) fn events() -> Box<dyn Iterator<Item = When>> {
    Box::new((1..).map(When::Event))
}

/// In the middle of what it says: the rest of a flight is never said.
pub(crate) fn octets() -> Box<dyn Iterator<Item = When>> {
    Box::new((0..).step_by(97).map(When::Octet))
}

#[test]
fn sigkill_at_every_await_point_leaves_before_or_intended() {
    for kind in kind::all() {
        killed_at(&[kind], Duration::ZERO, events);
    }
}

#[test]
fn sigkill_in_the_middle_of_what_is_said_leaves_before_or_intended() {
    for kind in kind::all() {
        killed_at(&[kind], Duration::ZERO, octets);
    }
}

/// An etcd frees what a dead one held only when its lease is over.
#[test]
fn sigkill_at_every_await_point_with_a_lease_leaves_before_or_intended() {
    for kind in [NETCONF[0], Kind::Gnmi(CONFIRMED), Kind::Gnmi(PLAIN)] {
        killed_at(&[kind], Duration::from_secs(10), events);
    }
}

#[test]
fn sigkill_during_a_request_for_two_switches_leaves_each_before_or_intended() {
    for moments in [events, octets] {
        killed_at(&[Kind::Netconf(Mode::Candidate), Kind::Gnmi(PLAIN)], Duration::ZERO, moments);
        killed_at(&[Kind::Netconf(Mode::Candidate), Kind::Netconf(Mode::Candidate)], Duration::ZERO, moments);
    }
}

#[test]
fn sigterm_at_every_await_point_finishes_what_was_begun() {
    for kind in kind::all() {
        terminated_everywhere(&[kind]);
    }
    terminated_everywhere(&[Kind::Netconf(Mode::Candidate), Kind::Gnmi(PLAIN)]);
    terminated_everywhere(&[Kind::Netconf(Mode::Candidate), Kind::Netconf(Mode::Candidate)]);
}
