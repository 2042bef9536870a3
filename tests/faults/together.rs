//! Several switches in one request: in which order they are changed and put
//! back, and requests for the same switches that share their commits.

use std::time::Duration;

use futures_util::future::join_all;
use mercury::{
    intent::{Intent, LagIntent, PortIntent, Presence, Setting, TargetIntent},
    outcome::{Outcome, Report},
    service::Requester,
    waits::Waits,
};
use mercury_model::SwitchedVlan;
use mercury_sim::Mode;

use crate::{
    kind::{CONFIRMED, Kind, PLAIN},
    world::{Claim, LONG, Wish, World, ask, ask_as, claim, fault, name, on_paused_clock},
};

/// One that undoes by itself, and one that cannot.
const MIXED: [Kind; 2] = [Kind::Netconf(Mode::Running), Kind::Netconf(Mode::Candidate)];
const BOTH: [(usize, u16, Wish); 2] = [(0, 2, Wish::Access(200)), (1, 2, Wish::Access(200))];

async fn ready(kinds: &[Kind]) -> World {
    let world = World::new(kinds).await;
    let warm: Vec<_> = (0..kinds.len()).map(|index| (index, 1, Wish::Access(100))).collect();
    world.ask(&warm).await;
    world
}

#[test]
fn a_switch_that_cannot_undo_by_itself_is_changed_last() {
    on_paused_clock(async {
        let world = ready(&MIXED).await;
        let (alone, undoes) = (world.handle(0), world.handle(1));
        let hold = alone.inject(fault("edit-config:1:before:hold"));
        let asked = world.ask(&BOTH);
        let watch = async {
            alone.held(hold).await;
            assert!(undoes.pending_commit().is_some(), "the other one waits to be confirmed");
            alone.release(hold);
        };
        let (reports, ()) = tokio::join!(asked, watch);
        assert!(reports.iter().all(|report| claim(report) == Claim::Intended));
    });
}

#[test]
fn a_switch_that_cannot_undo_by_itself_is_not_touched_when_another_refuses() {
    on_paused_clock(async {
        let world = ready(&MIXED).await;
        let before = world.handle(0).counters().edits;
        world.handle(1).inject(fault("commit:1:before:refuse:operation-failed"));
        let reports = world.ask(&BOTH).await;
        assert!(reports.iter().all(|report| claim(report) == Claim::Before));
        assert_eq!(world.handle(0).counters().edits, before);
    });
}

#[test]
fn a_switch_that_cannot_undo_by_itself_is_put_back_first() {
    on_paused_clock(async {
        let world = ready(&MIXED).await;
        let before = world.ports(0);
        let (alone, undoes) = (world.handle(0), world.handle(1));
        // The change shows and the confirmation is refused: the change has to be undone.
        undoes.inject(fault("commit:2:before:refuse:operation-failed"));
        let hold = undoes.inject(fault("commit:2:before:hold"));
        let asked = world.ask(&BOTH);
        let watch = async {
            undoes.held(hold).await;
            assert_ne!(world.ports(0), before, "made, and not yet to be kept");
            undoes.release(hold);
            alone.wait_until(|_| world.ports(0) == before).await;
        };
        let (reports, ()) = tokio::join!(asked, watch);
        assert!(reports.iter().all(|report| claim(report) == Claim::Before), "{reports:?}");
        assert_eq!(world.ports(0), before);
    });
}

/// Nothing is sent to any switch before all of them can be changed.
#[test]
fn a_switch_that_cannot_be_locked_keeps_all_from_being_changed() {
    on_paused_clock(async {
        let world = ready(&[Kind::Netconf(Mode::Candidate), Kind::Netconf(Mode::CandidatePlain)]).await;
        let edits = world.handle(0).counters().edits;
        assert!(world.handle(1).console_lock(mercury_sim::Datastore::Running, true));
        let reports = world.ask(&BOTH).await;
        assert!(matches!(&reports[1].outcome, Outcome::NotStarted(fault) if fault.kind.name() == "locked"));
        assert!(matches!(&reports[0].outcome, Outcome::NotStarted(fault) if fault.kind.name() == "undone"));
        assert_eq!(world.handle(0).counters().edits, edits);
    });
}

const SERVERS: u16 = 8;

fn commit_takes_a_second(world: &World) {
    for (index, kind) in world.kinds.iter().enumerate() {
        world.handle(index).inject(fault(&format!("{}:*:before:delay:1s", kind.commits())));
    }
}

#[test]
fn many_servers_on_the_same_two_switches_take_two_commits_at_most() {
    for kinds in [[Kind::Netconf(Mode::CandidatePlain); 2], [Kind::Netconf(Mode::CandidatePlain), Kind::Gnmi(PLAIN)]] {
        on_paused_clock(async {
            let world = ready(&kinds).await;
            commit_takes_a_second(&world);
            let commits = || [0, 1].map(|index| world.handle(index).counters().commits);
            let before = commits();
            let wishes: Vec<_> =
                (1..=SERVERS).map(|port| [(0, port, Wish::Access(200)), (1, port, Wish::Access(200))]).collect();
            let reports = join_all(wishes.iter().map(|wish| ask(&world.service, wish))).await;
            assert!(reports.iter().flatten().all(|report| claim(report) == Claim::Intended), "{kinds:?}");
            assert!(reports.iter().all(|of_one| of_one.len() == 2));
            let took: Vec<_> = commits().iter().zip(before).map(|(now, before)| now - before).collect();
            assert!(took.iter().all(|commits| *commits <= 2), "{kinds:?}: {took:?}");
            for (index, port) in (0..2).flat_map(|index| (1..=SERVERS).map(move |port| (index, port))) {
                assert!(world.ports(index)[&format!("Ethernet{port}")].contains("200"), "leaf{index} Ethernet{port}");
            }
        });
    }
}

/// The guilty one stands alone, on both of its switches.
#[test]
fn one_bad_request_among_many_for_the_same_switches_fails_alone() {
    for kinds in [[Kind::Netconf(Mode::Candidate); 2], MIXED, [Kind::Gnmi(CONFIRMED), Kind::Netconf(Mode::Running)]] {
        on_paused_clock(async {
            let world = ready(&kinds).await;
            let mut wishes: Vec<_> =
                (2..=4).map(|port| [(0, port, Wish::Access(200)), (1, port, Wish::Access(200))]).collect();
            // There is no such port on the second switch, and it says so.
            wishes.insert(1, [(0, 6, Wish::Access(200)), (1, 999, Wish::Access(200))]);
            // All of them wait while this one is at its commit.
            let first = [(0, 7, Wish::Access(100)), (1, 7, Wish::Access(100))];
            wishes.insert(0, first);
            let reports = join_all(wishes.iter().map(|wish| ask(&world.service, wish))).await;
            let claims: Vec<Vec<_>> = reports.iter().map(|of_one| of_one.iter().map(claim).collect()).collect();
            let (done, not_done) = (vec![Claim::Intended; 2], vec![Claim::Before; 2]);
            assert_eq!(claims, [done.clone(), done.clone(), not_done, done.clone(), done], "{kinds:?}");
            assert!(!world.ports(0)["Ethernet6"].contains("200"), "{kinds:?}");
            let quiet = |index| {
                let status = world.handle(index).status();
                status.locks.is_empty() && status.pending.is_none() && !status.candidate_dirty
            };
            assert!(quiet(0) && quiet(1));
        });
    }
}

/// Requests for two, for two others and for one of them meet in all orders.
#[test]
fn requests_for_overlapping_sets_of_switches_never_wait_for_each_other() {
    on_paused_clock(async {
        let world = ready(&[Kind::Netconf(Mode::CandidatePlain); 3]).await;
        commit_takes_a_second(&world);
        let mut wishes = Vec::new();
        for port in 1..=4 {
            let wish = Wish::Access(200);
            wishes.push(vec![(0, port, wish), (1, port, wish)]);
            wishes.push(vec![(1, port + 4, wish), (2, port + 4, wish)]);
            wishes.push(vec![(2, port, wish), (0, port + 4, wish)]);
            wishes.push(vec![(1, port, Wish::Access(100))]);
        }
        let asked = join_all(wishes.iter().map(|wish| ask(&world.service, wish)));
        let reports = tokio::time::timeout(Duration::from_secs(600), asked).await.expect("they wait for each other");
        assert!(reports.iter().flatten().all(|report| claim(report) == Claim::Intended));
        // A request for the same port that came later was done later.
        assert!((1..=4).all(|port| world.ports(1)[&format!("Ethernet{port}")].contains("100")));
    });
}

#[test]
fn two_mercuries_with_several_switches_each_never_wait_for_each_other() {
    on_paused_clock(async {
        let world = ready(&[Kind::Netconf(Mode::CandidatePlain); 2]).await;
        let another = world.another();
        let (one, other) = (BOTH, [(1, 3, Wish::Access(200)), (0, 3, Wish::Access(200))]);
        let (first, second) = tokio::join!(ask(&world.service, &one), ask(&another, &other));
        assert!(first.iter().chain(&second).all(|report| claim(report) == Claim::Intended));
    });
}

fn patient(waits: &Waits) -> Requester {
    Requester { gone: Some(waits.clone()), ..Requester::default() }
}

/// Its own request is dropped, whichever of them it is, and those that were to be done with
/// it are done, together; nothing of it was begun while a lock was waited for.
#[test]
fn a_caller_that_gives_up_does_not_fail_the_others() {
    for gives_up in [2, 3] {
        on_paused_clock(async {
            let world = ready(&[Kind::Netconf(Mode::CandidatePlain); 2]).await;
            let both = |port| [(0, port, Wish::Access(200)), (1, port, Wish::Access(200))];
            let (waits, stays) = (Waits::default(), Waits::default());
            let who = |port| patient(if port == gives_up { &waits } else { &stays });
            let leaf1 = world.handle(1);
            let commit = leaf1.inject(fault("commit:1:before:hold"));
            let (first, leader, follower, last) = (both(7), both(2), both(3), both(4));
            let (leads, follows) = (who(2), who(3));
            let commits = || [0, 1].map(|index| world.handle(index).counters().commits);
            let before = commits();
            // While the first is at its commit, three wait that will be done together.
            let others = async {
                leaf1.held(commit).await;
                let lock = leaf1.inject(fault("lock:1:before:hold"));
                let watch = async {
                    leaf1.release(commit);
                    leaf1.held(lock).await;
                    assert!(waits.give_up(), "nothing was begun");
                    leaf1.release(lock);
                };
                let (leader, follower) =
                    (ask_as(&world.service, &leader, &leads), ask_as(&world.service, &follower, &follows));
                tokio::join!(leader, follower, ask(&world.service, &last), watch)
            };
            let asked = async { tokio::join!(ask(&world.service, &first), others) };
            let asked = tokio::time::timeout(LONG, asked).await;
            let (first, (leader, follower, last, ())) = asked.expect("somebody waits for ever");
            let (gone, done) = if gives_up == 2 { (leader, follower) } else { (follower, leader) };
            let done: Vec<_> = first.iter().chain(&done).chain(&last).collect();
            assert!(done.iter().all(|report| claim(report) == Claim::Intended), "{done:?}");
            assert_eq!(commits(), before.map(|before| before + 2), "one for the first, and one for those who stayed");
            assert!(gone.iter().all(|report| claim(report) == Claim::Before), "{gone:?}");
            for port in [2, 3, 4] {
                assert_eq!(world.ports(0)[&format!("Ethernet{port}")].contains("200"), port != gives_up);
            }
            assert!(!stays.give_up(), "what was made was begun");
        });
    }
}

#[test]
fn a_request_that_nobody_waits_for_keeps_no_switch_that_is_ready() {
    on_paused_clock(async {
        let world = ready(&[Kind::Netconf(Mode::CandidatePlain); 2]).await;
        let hold = world.handle(1).inject(fault("commit:1:before:hold"));
        let busy = world.ask(&[(1, 5, Wish::Access(200))]);
        let waits = Waits::default();
        let who = patient(&waits);
        let joint = ask_as(&world.service, &BOTH, &who);
        let others = async {
            world.handle(1).held(hold).await;
            assert!(waits.give_up());
            // On the switch that was ready.
            assert_eq!(claim(&world.one(3, Wish::Access(200)).await), Claim::Intended);
            world.handle(1).release(hold);
        };
        let (busy, joint, ()) = tokio::join!(busy, joint, others);
        assert_eq!(claim(&busy[0]), Claim::Intended);
        assert!(joint.iter().all(|report| claim(report) == Claim::Before), "{joint:?}");
    });
}

async fn pair() -> World {
    World::with(&[Kind::Netconf(Mode::CandidatePlain); 2], |switch| {
        switch.rules.lag_numbers = "100-110".parse().unwrap();
        switch.rules.lag_prefix = Some("Port-Channel".to_owned());
        switch.rules.mlag_domain = Some("pair".to_owned());
    })
    .await
}

async fn lag(
    world: &World,
    switches: std::ops::Range<usize>,
    presence: Presence,
    named: &str,
    vlan: u16,
) -> Vec<Report> {
    let targets = switches.map(|index| {
        let lag = LagIntent {
            presence,
            switched_vlan: Setting::Set(Some(SwitchedVlan::access(vlan.try_into().unwrap()))),
            ..LagIntent::new(named.parse().unwrap(), "lag_name")
        };
        let switch = std::sync::Arc::clone(world.service.inventory().find(&name(index)).unwrap());
        TargetIntent { lags: vec![lag], ..TargetIntent::new(&switch) }
    });
    let intent = Intent { verb: "test", targets: targets.collect() };
    world.service.apply(intent, &Requester::default()).await.unwrap()
}

/// A switch that has nothing to do has its number all the same.
#[test]
fn an_aggregate_that_one_switch_has_lost_gets_its_number_again() {
    on_paused_clock(async {
        let world = pair().await;
        world.ask(&[(0, 1, Wish::Access(1)), (1, 1, Wish::Access(1))]).await;
        for (presence, named) in
            [(Presence::Present, "bond0"), (Presence::Present, "bond1"), (Presence::Absent, "bond0")]
        {
            assert!(lag(&world, 0..2, presence, named, 1).await.iter().all(|report| claim(report) == Claim::Intended));
        }
        lag(&world, 1..2, Presence::Absent, "bond1", 1).await;
        let again = lag(&world, 0..2, Presence::Present, "bond1", 1).await;
        let at: Vec<_> = again.iter().map(|report| report.lags.values().next().unwrap().to_string()).collect();
        assert_eq!(at, ["Port-Channel101", "Port-Channel101"], "{again:?}");
    });
}

/// What two requests want of one aggregate shows only once its members are read.
#[test]
fn requests_that_meet_in_one_aggregate_are_done_in_their_order() {
    on_paused_clock(async {
        let world = pair().await;
        world.ask(&[(0, 1, Wish::Access(200))]).await;
        lag(&world, 0..1, Presence::Present, "bond0", 1).await;
        let member = |vlan: u16| {
            let mut port = PortIntent::new("Ethernet2".parse().unwrap());
            port.switched_vlan = Setting::Set(Some(SwitchedVlan::access(vlan.try_into().unwrap())));
            port
        };
        let switch = std::sync::Arc::clone(world.service.inventory().find(&name(0)).unwrap());
        let mut join = PortIntent::new("Ethernet2".parse().unwrap());
        join.membership = mercury::intent::Membership::Join("bond0".parse().unwrap());
        let target = TargetIntent { ports: vec![join], ..TargetIntent::new(&switch) };
        let who = Requester::default();
        let apply = |target| world.service.apply(Intent { verb: "test", targets: vec![target] }, &who);
        apply(target).await.unwrap();
        commit_takes_a_second(&world);
        let by_member = TargetIntent { ports: vec![member(1)], ..TargetIntent::new(&switch) };
        let wish = [(0, 5, Wish::Access(200))];
        let first = ask(&world.service, &wish);
        let (first, second, third) = tokio::join!(
            first,
            async { apply(by_member).await.unwrap() },
            lag(&world, 0..1, Presence::Present, "bond0", 200)
        );
        assert!(first.iter().chain(&second).chain(&third).all(|report| claim(report) == Claim::Intended));
        assert!(world.ports(0)["Port-Channel100"].contains(":200"), "{}", world.ports(0)["Port-Channel100"]);
    });
}
