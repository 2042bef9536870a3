//! The scenarios.

use std::time::Duration;

use crate::{
    kind::{self, SERVERS},
    load::Load,
    scenario::{Happens, Scenario},
};

const SEED: u64 = 15;

/// Seconds, in milliseconds, that a commit may take.
const COMMITS: [u64; 10] = [10, 100, 1000, 3000, 5000, 10_000, 20_000, 30_000, 40_000, 50_000];

/// Which kinds stand for all where only the time of a commit counts: one that confirms, and one
/// that does not.
const CONFIRMED: usize = 2;
const PLAIN: usize = 3;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A rack's power-up, of any kind, at a provider of 100,000 switches.
fn rack() -> Scenario {
    Scenario {
        name: "a rack",
        seed: SEED,
        racks: 50_000,
        mercurys: 5,
        hanging: 0,
        only: None,
        commit: None,
        used: true,
        load: Load {
            racks: vec![0],
            servers: SERVERS,
            first: 0,
            within: seconds(1),
            conductors: 10,
            workers: 250,
            repeats: false,
        },
        happens: Happens::Nothing,
    }
}

/// So many racks at once.
fn racks(name: &'static str, count: u32, mercurys: u32) -> Scenario {
    let rack = rack();
    let conductors = count.clamp(10, 1000);
    let load = Load { racks: (0..count).collect(), conductors, within: seconds(10), ..rack.load };
    Scenario { name, mercurys, hanging: 10, load, ..rack }
}

/// One server of each of so many racks, spread over this time.
fn steady(name: &'static str, count: u32, within: Duration, mercurys: u32) -> Scenario {
    let all = racks(name, count, mercurys);
    Scenario { used: false, load: Load { servers: 1, within, ..all.load }, ..all }
}

/// A rack of each kind, with switches that were used before and others.
pub(crate) fn kinds() -> Vec<Scenario> {
    let all = (0..kind::all(None).len()).flat_map(|only| [(only, false), (only, true)]);
    all.map(|(only, used)| Scenario { only: Some(only), used, ..rack() }).collect()
}

/// A rack by how long its switches take for a commit.
pub(crate) fn commits() -> Vec<Scenario> {
    let kinds = [("confirmed", CONFIRMED), ("plain", PLAIN)];
    let all = kinds.into_iter().flat_map(|(name, only)| COMMITS.map(|ms| (name, only, ms)));
    all.map(|(name, only, ms)| Scenario { name, only: Some(only), commit: Some(Duration::from_millis(ms)), ..rack() })
        .collect()
}

/// What goes on beside orders, while there are so many a second.
fn troubles(mercurys: u32, some: u32, count: u32, within: Duration) -> Vec<Scenario> {
    let at = within / 4;
    let steady = |name, happens| Scenario { happens, ..steady(name, count, within, mercurys) };
    let upgrade = Happens::Upgrade { at, at_a_time: some, down: seconds(5) };
    let away = Happens::Away { at, time: seconds(60) };
    let repeats = |scenario: Scenario| Scenario { load: Load { repeats: true, ..scenario.load }, ..scenario };
    vec![
        steady("upgrade", upgrade),
        repeats(steady("upgrade, callers repeat", upgrade)),
        steady("etcd away", away),
        repeats(steady("etcd away, callers repeat", away)),
        steady("killed", Happens::Killed { at, count: some, down: seconds(5) }),
    ]
}

/// What the page shows.
pub(crate) fn whole() -> Vec<Scenario> {
    let mut all = vec![racks("a row (20 racks)", 20, 200), racks("a zone (100 racks)", 100, 200)];
    all.extend(troubles(200, 20, 1000, seconds(100)));
    all
}

/// What takes long, and is shown alone.
pub(crate) fn large() -> Vec<Scenario> {
    vec![
        racks("a large zone (1,000 racks)", 1000, 200),
        steady("every switch once (100,000)", 50_000, seconds(280), 200),
    ]
}

/// What every run of the tests goes through.
pub(crate) fn small() -> Vec<Scenario> {
    let mut all = vec![racks("3 racks", 3, 6)];
    all.extend(troubles(6, 1, 60, seconds(120)));
    all
}
