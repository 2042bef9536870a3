//! A parent of two child nodes: its own port on a switch, a card that hangs on the same switch,
//! and a port of another switch, all in one request.

use std::{sync::Arc, time::Duration};

use mercury::{
    inventory::{Card, Protocol, Representor, Switch, Uplink},
    outcome::Report,
    rpc,
    service::{Requester, Service},
};
use mercury_sim::{Mode, fault::Moment};
use serde_json::{Value, json};

use crate::{
    killed::{before_or_intended, events, octets, settled},
    kind::{CONFIRMED, Kind, PLAIN},
    life::{Signal, When},
    locks::Locks,
    ovsdb,
    several::Outcomes as _,
    strangers::console,
    world::{Claim, Mercury, Ports, Wish, World, agree, claim, fault, on_paused_clock},
};

/// The switch of the parent, which the card hangs on, and the one that keeps itself safe.
const SAFE: [Kind; 3] = [Kind::Netconf(Mode::Candidate), Kind::Ovsdb, Kind::Gnmi(PLAIN)];
/// The card's own switch is undone by Mercury alone.
const ALONE: [Kind; 3] = [Kind::Gnmi(PLAIN), Kind::Ovsdb, Kind::Gnmi(CONFIRMED)];
const CARD: usize = 1;

/// The card hangs on `Ethernet7` of the first switch.
fn plug_in(entry: &mut Switch) {
    if entry.protocol() != Protocol::Ovsdb {
        return;
    }
    let name = |name: &str| name.parse().unwrap();
    let representor = |port: &str| Representor { port: name(port), uplinks: Vec::new(), function: None };
    let uplink = Uplink { port: name(ovsdb::UPLINK), switch: "leaf0".to_owned(), switch_port: name("Ethernet7") };
    entry.rules.card = Some(Card {
        hosts: vec!["node7".to_owned()],
        serial_number: None,
        uplinks: vec![uplink],
        representors: vec![representor("Ethernet2"), representor("Ethernet4")],
    });
}

/// Others have ports on each of them.
async fn world(kinds: &[Kind]) -> World {
    let world = World::with(kinds, plug_in).await;
    for index in 0..kinds.len() {
        match world.handle(index).ovsdb() {
            Some(card) => {
                ovsdb::begin(&card);
                ovsdb::close(&card, &["br0", ovsdb::UPLINK]);
            }
            None => world.handle(index).change_running(&console(8, "theirs")).unwrap(),
        }
    }
    world
}

/// What a request is called, and the network that it names.
type Asked = (&'static str, u16);

async fn ask(service: &Service, (method, vlan): Asked) -> Vec<Report> {
    let port = json!({
        "id": "7a1c",
        "binding:profile": {"local_link_information": [{"switch_id": "leaf0", "port_id": "Ethernet4"}]},
        "child_nodes": [
            {"id": "node7", "local_link_connection": {"port_id": "Ethernet2"}},
            {"id": "node8", "local_link_connection": {"switch_id": "leaf2", "port_id": "Ethernet3"}},
        ],
    });
    let params = json!({"method": method, "params": {"port": port, "network": vlan}});
    let intent = rpc::intent(service, &params).unwrap();
    service.apply(intent, &Requester::default()).await.unwrap()
}

fn all(world: &World) -> Vec<Ports> {
    (0..world.kinds.len()).map(|index| world.ports(index)).collect()
}

/// What comes first, if anything, and what is asked then.
const CASES: [(Option<Asked>, Asked); 3] =
    [(None, ("attach_port", 100)), MOVE, (Some(("attach_port", 100)), ("detach_port", 100))];
const MOVE: (Option<Asked>, Asked) = (Some(("attach_port", 100)), ("attach_port", 200));

async fn first(service: &Service, first: Option<Asked>) {
    if let Some(asked) = first {
        let reports = ask(service, asked).await;
        assert!(reports.iter().all(|report| claim(report) == Claim::Intended), "{:?}", reports.map_outcomes());
    }
}

/// What there is before and behind a request that nothing disturbs.
async fn before_and_intended(kinds: &[Kind], (had, asked): (Option<Asked>, Asked)) -> [Vec<Ports>; 2] {
    let clean = world(kinds).await;
    first(&clean.service, had).await;
    let before = all(&clean);
    let reports = ask(&clean.service, asked).await;
    assert!(reports.iter().all(|report| claim(report) == Claim::Intended), "{:?}", reports.map_outcomes());
    let intended = all(&clean);
    assert!(before.iter().zip(&intended).all(|(before, intended)| before != intended));
    [before, intended]
}

/// The answer to who asked names all of them.
fn names_all(reports: &[Report], told: &str) {
    let error = rpc::changed(reports).unwrap_err();
    for name in ["leaf0", "leaf1", "leaf2"] {
        assert!(error.message.contains(&format!("{name}: ")), "{told}: {name} is not in {error}");
    }
}

#[test]
fn whichever_part_of_a_parent_and_its_children_fails_all_are_as_before_and_named() {
    on_paused_clock(async {
        let mut failed = [0; 3];
        for case in [CASES[0], CASES[2]] {
            let [before, intended] = before_and_intended(&SAFE, case).await;
            for (index, kind) in SAFE.into_iter().enumerate() {
                for operation in kind.operations() {
                    for how in ["1:before:refuse:operation-failed", "1:after:drop", "2:before:drop"] {
                        let text = format!("{operation}:{how}");
                        let told = format!("{case:?}, {text} on leaf{index}");
                        let world = world(&SAFE).await;
                        first(&world.service, case.0).await;
                        world.handle(index).inject(fault(&text));
                        let reports = ask(&world.service, case.1).await;
                        let claims: Vec<_> = reports.iter().map(claim).collect();
                        assert!(claims.iter().all(|one| *one == claims[0]), "{told}: {:?}", reports.map_outcomes());
                        for (at, report) in reports.iter().enumerate() {
                            agree(&world, at, report, &before[at], &intended[at], &told).await;
                        }
                        if claims[0] == Claim::Before {
                            failed[index] += 1;
                            names_all(&reports, &told);
                        }
                    }
                }
            }
        }
        assert!(failed.iter().all(|count| *count > 3), "{failed:?}");
    });
}

/// What somebody else has made of the card's port meanwhile is theirs, also where it is what
/// the request was to make: that goes back with the switch as little as anything else of
/// theirs.
#[test]
fn what_somebody_else_made_just_so_is_not_taken_back_with_the_others() {
    on_paused_clock(async {
        let wishes = [(0, 2, Wish::Access(200)), (1, 3, Wish::Access(200))];
        let world = World::new(&[Kind::Netconf(Mode::Candidate), Kind::Ovsdb]).await;
        let card = world.handle(1).ovsdb().unwrap();
        ovsdb::begin(&card);
        world.ask(&[(0, 1, Wish::Access(100)), (1, 1, Wish::Access(100))]).await;
        let before = world.ports(0);
        // The switch does not keep its part.
        world.handle(0).inject(fault("commit:2:before:refuse:operation-failed"));
        let named = json!([["name", "==", "Ethernet3"]]);
        let described = json!([
            ["external_ids", "delete", ["set", ["description"]]],
            ["external_ids", "insert", ["map", [["description", "Access(200)"]]]]
        ]);
        let theirs: Vec<Value> = vec![
            json!({ "op": "mutate", "table": "Port", "where": named, "mutations": described }),
            json!({ "op": "update", "table": "Port", "where": named,
                    "row": { "vlan_mode": "access", "tag": 200, "trunks": ["set", []] } }),
            json!({ "op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]] }),
        ];
        card.meddle(1, Moment::BeforeApply, theirs);
        let reports = world.ask(&wishes).await;
        assert_eq!(card.meddled().len(), 1);
        let told = reports.map_outcomes();
        assert_eq!(claim(&reports[0]), Claim::Before, "{told:?}");
        assert_eq!(world.ports(0), before, "{told:?}");
        assert!(world.ports(1)["Ethernet3"].contains("access, tag 200,"), "{told:?}: {:?}", world.ports(1));
        // It is as it was asked for, whoever has made it so.
        world.handle(0).clear_faults();
        let again = world.ask(&wishes).await;
        assert!(again.iter().all(|report| claim(report) == Claim::Intended), "{:?}", again.map_outcomes());
    });
}

/// What is read and is not what is asked for is a reason to look again, not to make a change
/// and to take it back.
#[test]
fn what_somebody_else_changed_beside_a_change_meanwhile_stays_and_nothing_is_made() {
    on_paused_clock(async {
        let world = World::new(&[Kind::Ovsdb]).await;
        let card = world.handle(0).ovsdb().unwrap();
        ovsdb::begin(&card);
        let theirs: Vec<Value> = vec![
            json!({ "op": "update", "table": "Interface", "where": [["name", "==", "Ethernet2"]],
                    "row": { "mtu_request": 9000 } }),
            json!({ "op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]] }),
        ];
        card.meddle(1, Moment::BeforeApply, theirs);
        let report = world.one(2, Wish::Access(200)).await;
        assert_eq!(report.outcome.name(), "not-started", "{:?}", report.outcome);
        let now = world.ports(0);
        assert!(now["Ethernet2"].contains("tag 500") && now["Ethernet2, theirs"].contains("9000"), "{now:?}");
        assert_eq!(claim(&world.one(2, Wish::Access(200)).await), Claim::Intended);
    });
}

fn mercury(world: &World, locks: &Arc<Locks>) -> Mercury {
    world.mercury(locks, plug_in)
}

/// Whichever step of whichever part it was at: each part is as before or as intended, and the
/// next who asks makes all of them so.
fn killed_at(kinds: [Kind; 3], moments: fn() -> Box<dyn Iterator<Item = When>>, cases: &[(Option<Asked>, Asked)]) {
    on_paused_clock(async {
        for &case in cases {
            let [before, intended] = before_and_intended(&kinds, case).await;
            let mut found = [[0; 2]; 3];
            for when in moments() {
                let told = format!("{kinds:?}, {case:?}, killed at {when:?}");
                let locks = Locks::new(Duration::ZERO);
                let world = world(&kinds).await;
                let victim = mercury(&world, &locks);
                first(&victim.service, case.0).await;
                victim.life().plan(when, Signal::Kill);
                let answered = tokio::select! {
                    biased;
                    () = victim.life().signalled(Signal::Kill) => false,
                    _ = ask(&victim.service, case.1) => true,
                };
                if answered {
                    assert_eq!(all(&world), intended, "{told}");
                    break;
                }
                for index in 0..kinds.len() {
                    settled(&world, index, &told).await;
                    let is = before_or_intended(&world.ports(index), &before[index], &intended[index], &told);
                    found[index][usize::from(is)] += 1;
                }
                assert!(locks.held().is_empty(), "{told}");
                let next = mercury(&world, &locks);
                let again = ask(&next.service, case.1).await;
                let told = format!("{told}, and again: {:?}", again.map_outcomes());
                assert!(again.iter().all(|report| claim(report) == Claim::Intended), "{told}");
                if let (Some((_, left)), "attach_port") = (case.0, case.1.0) {
                    // What a move has left on the switch goes when it is named.
                    ask(&next.service, ("detach_port", left)).await;
                }
                assert_eq!(all(&world), intended, "{told}");
            }
            assert!(found[CARD].iter().all(|count| *count > 0), "{kinds:?}, {case:?}: {found:?}");
        }
    });
}

#[test]
fn sigkill_at_every_await_point_with_a_card_beside_its_switch_leaves_each_before_or_intended() {
    killed_at(SAFE, events, &CASES);
    killed_at(ALONE, events, &[MOVE]);
}

#[test]
fn sigkill_in_the_middle_of_what_is_said_to_a_card_or_its_switch_leaves_each_before_or_intended() {
    killed_at(SAFE, octets, &[MOVE]);
}
