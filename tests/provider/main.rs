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
//! The same seed is the same report, to the byte. `MERCURY_PROVIDER=1` runs all of it and writes
//! `config/provider.md` anew; without, a small part is run and compared.

#![cfg(feature = "etcd")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a simulation that goes wrong fails its test"
)]

mod chance;
mod cost;
mod etcd;
mod kind;
mod life;
mod load;
mod mercury;
mod scenario;
mod switch;
mod tally;
mod world;

use std::time::Duration;

use load::Load;
use scenario::{Happens, Scenario};
use tally::Tally;

fn racks(count: u32) -> Load {
    Load {
        racks: (0..count).collect(),
        servers: kind::SERVERS,
        within: Duration::from_secs(1),
        conductors: 10,
        workers: 250,
        repeats: false,
    }
}

#[test]
fn try_it() {
    let count = std::env::var("MERCURY_PROVIDER").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let scenario = Scenario {
        name: "racks",
        seed: 1,
        racks: 50_000,
        mercurys: 20,
        hanging: 10,
        only: None,
        commit: None,
        load: racks(count),
        happens: Happens::Nothing,
    };
    let begun = std::time::Instant::now();
    let told = scenario.run();
    println!("{:?}", begun.elapsed());
    let records = || told.tally.records.iter();
    println!("{:?} {:?}", Tally::outcomes(records()), Tally::spread(records()));
    for (index, kind) in kind::all(None).iter().enumerate() {
        let own = || records().filter(|record| record.kind == index && !record.hangs);
        println!("{} {:?} {:?}", kind.label, Tally::outcomes(own()), Tally::spread(own()));
    }
    println!("{:?}", scenario::Outcome { tally: Tally::default(), ..told });
}
