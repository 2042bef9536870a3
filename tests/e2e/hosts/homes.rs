//! Three Mercurys that hand requests to each other, before switches of which half call
//! home: one of the three is killed again and again.

use std::{
    collections::BTreeMap,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use super::{
    CONDUCTORS, assert_all_is_as_told,
    conductor::{Conductor, Tally},
    duration,
    fleet::Fleet,
    host::Hosts,
    random, seed,
};
use crate::{harness::block_on, server::EtcdServer};

/// The first so many call home.
const HOME: usize = 10;
/// Of those, so many call all members: servers have links to two of them, and who serves
/// such a request has to be called by both.
const EVERYWHERE: usize = 4;
/// How often a member is killed.
const PERIOD: Duration = Duration::from_secs(3);

/// Whether both links of a conductor lead to switches that some member always has both.
fn may_be_dual(number: usize, switches: usize) -> bool {
    let first = number * 2 % switches;
    number < 16 && !(EVERYWHERE..HOME).contains(&first)
}

#[test]
fn three_members_of_which_one_is_killed_now_and_then_lose_no_update() {
    let Some(etcd) = EtcdServer::start() else { return };
    let (fleet, seed) = (Fleet::start(), seed());
    eprintln!("MERCURY_SEED={seed}");
    let before = fleet.look();
    let entries: Vec<_> = fleet
        .switches
        .iter()
        .enumerate()
        .map(|(number, switch)| match number < HOME {
            true => switch.entry.clone().without("address").without("port").with("call_home", true),
            false => switch.entry.clone(),
        })
        .collect();
    let hosts = Hosts::members(&entries, &etcd);
    let tally = Tally::default();
    let mut wanted = BTreeMap::new();
    let mut kills = 0;
    thread::scope(|scope| {
        for (number, switch) in fleet.switches.iter().take(HOME).enumerate() {
            let everywhere = number < EVERYWHERE;
            for line in 0..if everywhere { hosts.count() } else { 1 } {
                let (hosts, tally) = (&hosts, &tally);
                scope.spawn(move || {
                    let simulator = switch.simulated.simulator();
                    for turn in number.. {
                        if tally.over.load(Ordering::Relaxed) {
                            break;
                        }
                        // Who calls one member calls the next when that is gone.
                        match hosts.door(if everywhere { line } else { turn }) {
                            Some(door) => drop(block_on(simulator.call_home_ssh(door, b""))),
                            None => thread::yield_now(),
                        }
                    }
                });
            }
        }
        let conductors: Vec<_> = (0..CONDUCTORS)
            .map(|number| {
                let dual = may_be_dual(number, fleet.switches.len());
                let conductor = Conductor::new(number, dual, seed, &fleet);
                let (fleet, hosts, tally) = (&fleet, &hosts, &tally);
                scope.spawn(move || conductor.run(fleet, hosts, tally))
            })
            .collect();
        let (begun, mut next, mut state) = (Instant::now(), Instant::now() + PERIOD, seed);
        while begun.elapsed() < duration() && !tally.failed.load(Ordering::Relaxed) {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next += PERIOD;
            hosts.kill(random(&mut state, hosts.count()));
            kills += 1;
        }
        tally.over.store(true, Ordering::Relaxed);
        let all: Vec<_> = conductors.into_iter().map(thread::ScopedJoinHandle::join).collect();
        // Ends the connections of those who call, too: also where a conductor has failed.
        hosts.finish();
        for has in all {
            wanted.extend(has.expect("every conductor has what it asked for"));
        }
    });
    assert_all_is_as_told(&fleet, &etcd, before, wanted);
    eprintln!("{kills} kills in {} s; {tally}; {}", duration().as_secs(), fleet.told());
}
