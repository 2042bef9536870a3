//! A provider's size in one process: switches by the hundred thousand, Mercurys by the hundred,
//! conductors by the thousand, on a clock that stands still while anything can be done.
//!
//! | real | simulated |
//! |---|---|
//! | method calls in and answers out, queue, groups, pipeline, commit, dialects and renderers | sockets, TLS, SSH, XML and protocol buffers |
//! | fleet: rendezvous hashing, handing over, taking back | the load balancer before it |
//! | locks, leases and presence | the etcd that they ask |
//! | limits per switch and per process | switches: what a plan makes of them, in the time they take |
//!
//! The same seed is the same report, to the byte. A small part is run with all tests, and
//! compared with `small.md` (`MERCURY_BLESS=1` writes that anew). `MERCURY_PROVIDER=all` runs all
//! of it and writes what `config/provider.md` shows; `MERCURY_PROVIDER=zone` shows those
//! scenarios alone that are called so, `small upgrade` those of the small part.

#![cfg(feature = "etcd")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a simulation that goes wrong fails its test"
)]

mod chance;
mod cost;
mod curve;
mod etcd;
mod kind;
mod life;
mod load;
mod mercury;
mod pages;
mod plan;
mod report;
mod scenario;
mod switch;
mod tally;
mod world;

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use scenario::{Outcome, Scenario};

/// Scenarios at a time.
const WORKERS: usize = 4;

/// Scenarios and what came of them; nothing may be lost, left behind or untrue.
fn played(scenarios: &[Scenario]) -> Vec<(&Scenario, Outcome)> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        while let Some((index, scenario)) = next_of(scenarios, &next) {
            let told = scenario.run();
            done.lock().unwrap().push((index, scenario, told));
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, ..)| *index);
    let violations = done.iter().flat_map(|(_, scenario, told)| told.violations.iter().map(|one| (scenario.name, one)));
    assert_eq!(violations.collect::<Vec<_>>(), []);
    done.into_iter().map(|(_, scenario, told)| (scenario, told)).collect()
}

fn next_of<'a>(scenarios: &'a [Scenario], next: &AtomicUsize) -> Option<(usize, &'a Scenario)> {
    let index = next.fetch_add(1, Relaxed);
    Some((index, scenarios.get(index)?))
}

fn small() -> String {
    let (kinds, troubles) = (plan::kinds(), plan::small());
    format!("{}\n{}", report::kinds(&played(&kinds)), report::scenarios(&played(&troubles)))
}

/// Whatever happens, every request has a true answer, no update is lost, nothing is left behind,
/// and each switch is served by one member but while members come and go.
#[test]
fn a_small_provider_is_the_same_for_the_same_seed() {
    pages::compare("tests/provider/small.md", &small());
}

/// Minutes, and so only where it is asked for.
#[test]
fn a_provider_of_a_hundred_thousand_switches() {
    let Ok(which) = std::env::var("MERCURY_PROVIDER") else {
        println!("left out: MERCURY_PROVIDER=all runs all of it");
        return;
    };
    if which != "all" {
        let (mut scenarios, name) = match which.strip_prefix("small ") {
            Some(name) => (plan::small(), name),
            None => (plan::whole().into_iter().chain(plan::large()).collect(), which.as_str()),
        };
        scenarios.retain(|scenario| scenario.name.contains(name));
        println!("{}", report::scenarios(&played(&scenarios)));
        return;
    }
    let (kinds, commits, whole) = (plan::kinds(), plan::commits(), plan::whole());
    let (whole, kinds, commits) = (played(&whole), played(&kinds), played(&commits));
    pages::write(&kinds, &commits, &whole);
}
