//! Two switches in one request, and something breaks on one of them: both are
//! as intended, or both as before.

use mercury_sim::{Datastore, Mode};

use crate::kind::{CONFIRMED, JUNOS, Kind, ONCE};
use crate::world::{Claim, Wish, World, agree, claim, fault, on_paused_clock, ports};

const WISHES: [(usize, u16, Wish); 2] = [(0, 2, Wish::Access(200)), (1, 3, Wish::Access(200))];
/// As [`Kind::actions`], one of each sort.
const fn actions(kind: Kind) -> [&'static str; 5] {
    match kind {
        Kind::Netconf(_) => ["drop", "refuse:operation-failed", "delay:35s", "delay:60s", "reboot"],
        Kind::Gnmi(_) | Kind::Restconf(_) | Kind::Ovsdb => {
            ["drop", "refuse:operation-failed", "delay:35s", "delay:55s", "reboot"]
        }
    }
}

async fn ready(kinds: &[Kind]) -> World {
    let world = World::new(kinds).await;
    world.ask(&[(0, 1, Wish::Access(100)), (1, 1, Wish::Access(100))]).await;
    world
}

fn both_or_none(kinds: [Kind; 2]) {
    both_or_none_with_faults_on(kinds, &[0, 1]);
}

fn both_or_none_with_faults_on(kinds: [Kind; 2], on: &[usize]) {
    on_paused_clock(async {
        let clean = ready(&kinds).await;
        let before = [clean.ports(0), clean.ports(1)];
        assert!(clean.ask(&WISHES).await.iter().all(|report| claim(report) == Claim::Intended));
        let intended = [clean.ports(0), clean.ports(1)];
        for &index in on {
            for operation in kinds[index].operations() {
                for nth in 1..=3 {
                    for moment in ["before", "after"] {
                        for action in actions(kinds[index]) {
                            let text = format!("{operation}:{nth}:{moment}:{action}");
                            let told = format!("{kinds:?}, {text} on {index}");
                            let world = ready(&kinds).await;
                            world.handle(index).inject(fault(&text));
                            let reports = world.ask(&WISHES).await;
                            let claims: Vec<_> = reports.iter().map(claim).collect();
                            assert_eq!(claims[0], claims[1], "{told}: {:?}", reports.map_outcomes());
                            for (at, report) in reports.iter().enumerate() {
                                agree(&world, at, report, &before[at], &intended[at], &told).await;
                            }
                            world.handle(index).clear_faults();
                            let again = world.ask(&WISHES).await;
                            assert!(again.iter().all(|report| claim(report) == Claim::Intended), "{told}, and again");
                        }
                    }
                }
            }
        }
    });
}

pub(crate) trait Outcomes {
    fn map_outcomes(&self) -> Vec<String>;
}

impl Outcomes for Vec<mercury::outcome::Report> {
    fn map_outcomes(&self) -> Vec<String> {
        self.iter().map(|report| format!("{} {:?}", report.outcome.name(), report.outcome.fault())).collect()
    }
}

#[test]
fn a_fault_on_one_of_two_switches_with_confirmed_commit_leaves_both_alike() {
    both_or_none([Kind::Netconf(Mode::Candidate), Kind::Netconf(Mode::Candidate)]);
}

#[test]
fn a_fault_on_a_junos_switch_or_beside_one_leaves_both_alike() {
    both_or_none([JUNOS, Kind::Netconf(Mode::Candidate)]);
}

#[test]
fn a_fault_on_one_of_two_switches_of_different_kinds_leaves_both_alike() {
    both_or_none([Kind::Netconf(Mode::CandidatePlain), Kind::Netconf(Mode::RunningStartup)]);
}

#[test]
fn a_fault_beside_a_switch_that_cannot_confirm_leaves_both_alike() {
    both_or_none([Kind::Netconf(Mode::Candidate), Kind::Netconf(Mode::Running)]);
}

#[test]
fn a_fault_on_a_switch_of_either_protocol_leaves_both_alike_with_confirmed_commits() {
    both_or_none([Kind::Netconf(Mode::Candidate), Kind::Gnmi(CONFIRMED)]);
}

#[test]
fn a_fault_on_a_switch_of_either_protocol_leaves_both_alike_without() {
    both_or_none([Kind::Gnmi(ONCE), Kind::Netconf(Mode::RunningStartup)]);
}

#[test]
fn a_fault_on_the_card_behind_a_switch_leaves_both_alike() {
    both_or_none_with_faults_on([Kind::Netconf(Mode::Candidate), Kind::Ovsdb], &[1]);
}

/// The second switch will not save. What the first one has by then is final
/// there, and is put back: a request that comes meanwhile waits, and is never
/// told that it has what is about to be taken away.
#[test]
fn nobody_is_let_in_before_every_switch_is_final() {
    on_paused_clock(async {
        for first in [Kind::Netconf(Mode::Candidate), Kind::Gnmi(CONFIRMED), Kind::Gnmi(ONCE)] {
            let world = ready(&[first, Kind::Netconf(Mode::RunningStartup)]).await;
            let before = world.ports(0);
            let handle = world.handle(1);
            let hold = handle.inject(fault("copy-config:1:before:hold"));
            handle.inject(fault("copy-config:1:before:refuse:operation-failed"));
            let meanwhile = async {
                handle.held(hold).await;
                let release = async {
                    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
                    handle.release(hold);
                };
                tokio::join!(world.ask(&[WISHES[0]]), release).0
            };
            let (both, one) = tokio::join!(world.ask(&WISHES), meanwhile);
            assert!(both.iter().all(|report| claim(report) == Claim::Before), "{first:?}: {:?}", both.map_outcomes());
            assert_eq!(one[0].outcome.name(), "committed", "{first:?}: {:?}", one.map_outcomes());
            assert_ne!(world.ports(0)["Ethernet2"], before["Ethernet2"], "{first:?}");
        }
    });
}

/// The first switch has the change in startup as well, and its session was lost
/// twice since. When the second one will not save, it goes from startup too.
#[test]
fn what_was_saved_after_a_lost_session_is_taken_back_from_startup_too() {
    on_paused_clock(async {
        let kind = Kind::Netconf(Mode::RunningStartup);
        let world = ready(&[kind, kind]).await;
        let (first, second) = (world.handle(0), world.handle(1));
        let before = [world.ports(0), ports(&first, Datastore::Startup)];
        first.inject(fault("edit-config:1:after:drop"));
        first.inject(fault("unlock:1:before:refuse:operation-failed"));
        second.inject(fault("copy-config:1:before:refuse:operation-failed"));
        let both = world.ask(&WISHES).await;
        assert!(both.iter().all(|report| claim(report) == Claim::Before), "{:?}", both.map_outcomes());
        assert_eq!([world.ports(0), ports(&first, Datastore::Startup)], before, "{:?}", both.map_outcomes());
    });
}
