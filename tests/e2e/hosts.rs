//! Mercury on two hosts, which nothing but etcd keeps apart, before switches of
//! every kind; either is killed again and again, and etcd restarts and falls
//! silent now and then, while conductors ask for what they need until they are
//! told that they have it.
//!
//! What a conductor was told it has is what the switch has, then and in the end;
//! nothing else has changed, and nothing is locked.

mod alone;
mod conductor;
mod fleet;
mod homes;
mod host;
mod joint;

use std::{
    collections::BTreeMap,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use conductor::{Conductor, Tally};
use fleet::Fleet;
use host::Hosts;

use crate::{
    harness::{LIMIT, Port, State, block_on},
    server::EtcdServer,
};

const CONDUCTORS: usize = 64;

/// Those of them whose servers have links to two switches.
const DUAL: usize = 8;

/// How many beside them take VLANs away that no port is on.
const TIDY: usize = 4;

/// How often one of the two is killed.
const PERIOD: Duration = Duration::from_secs(1);

/// How long: 10 s, or as many as `MERCURY_KILL_SECONDS` says.
fn duration() -> Duration {
    let asked = std::env::var("MERCURY_KILL_SECONDS").ok();
    Duration::from_secs(asked.map_or(10, |seconds| seconds.parse().expect("MERCURY_KILL_SECONDS is a number")))
}

/// The seed of what is asked for; `MERCURY_SEED` replays one.
fn seed() -> u64 {
    let asked = std::env::var("MERCURY_SEED").ok();
    asked.map_or_else(rand_seed, |seed| seed.parse().expect("MERCURY_SEED is a number"))
}

fn rand_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::from(now.subsec_nanos()) | 1
}

/// Below `bound`: xorshift64, so that a seed says it all.
fn random(state: &mut u64, bound: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap() % bound
}

#[test]
fn two_hosts_of_which_one_is_killed_every_second_lose_no_update() {
    let Some(etcd) = EtcdServer::start() else { return };
    let (fleet, seed) = (Fleet::start(), seed());
    eprintln!("MERCURY_SEED={seed}");
    let before = fleet.look();
    let hosts = Hosts::start(&fleet, &etcd);
    let tally = Tally::default();
    let mut wanted = BTreeMap::new();
    let mut kills = 0;
    thread::scope(|scope| {
        let conductors: Vec<_> = (0..CONDUCTORS)
            .map(|number| {
                let conductor = Conductor::new(number, number < DUAL, seed, &fleet);
                let (fleet, hosts, tally) = (&fleet, &hosts, &tally);
                scope.spawn(move || conductor.run(fleet, hosts, tally))
            })
            .collect();
        for number in 0..TIDY {
            let (fleet, hosts, tally) = (&fleet, &hosts, &tally);
            scope.spawn(move || conductor::tidy(number, seed, fleet, hosts, tally));
        }
        let (begun, mut next, mut state) = (Instant::now(), Instant::now() + PERIOD, seed);
        while begun.elapsed() < duration() && !tally.failed.load(Ordering::Relaxed) {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next += PERIOD;
            hosts.kill(random(&mut state, 2));
            kills += 1;
            match kills % 10 {
                4 => etcd.restart(),
                9 => {
                    // Longer than any lease lasts.
                    etcd.stop();
                    let etcd = &etcd;
                    scope.spawn(move || {
                        thread::sleep(PERIOD * 3);
                        etcd.go_on();
                    });
                }
                _ => {}
            }
        }
        tally.over.store(true, Ordering::Relaxed);
        for conductor in conductors {
            wanted.extend(conductor.join().expect("every conductor has what it asked for"));
        }
    });
    hosts.finish();
    assert_all_is_as_told(&fleet, &etcd, before, wanted);
    eprintln!("{kills} kills in {} s; {tally}; {}", duration().as_secs(), fleet.told());
}

/// No lock is left anywhere, and the switches have what conductors were told they have.
fn assert_all_is_as_told(
    fleet: &Fleet,
    etcd: &EtcdServer,
    before: Vec<State>,
    wanted: BTreeMap<(usize, String), Port>,
) {
    block_on(async {
        let end = Instant::now() + LIMIT;
        while locks(etcd).await > 0 {
            assert!(Instant::now() < end, "locks are left in etcd");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    fleet.assert_at_rest();
    let mut expected = before;
    for ((switch, port), state) in wanted {
        expected[switch].ports.insert(port, state);
    }
    for (switch, expected) in fleet.switches.iter().zip(expected) {
        let found = switch.look();
        assert_eq!(found.ports, expected.ports, "{}", switch.name);
        assert!(switch.managed || found.vlans == expected.vlans, "{}: {found:?}", switch.name);
        switch.assert_vlans();
    }
}

/// How many locks there are in etcd, with those who wait for them.
async fn locks(etcd: &EtcdServer) -> i64 {
    let mut client = etcd_client::Client::connect([etcd.endpoint()], None).await.unwrap();
    let below = etcd_client::GetOptions::new().with_prefix().with_count_only();
    client.get("/mercury/locks/", Some(below)).await.unwrap().count()
}
