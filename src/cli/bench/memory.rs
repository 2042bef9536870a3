//! Resident memory and time of the processor, as the system counts them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{BenchArguments, Served, load::Load, simulators::Simulators};
use crate::{cli::Failure, inventory::Switch, lock::NoLocks, registry};

/// This process's resident memory in KiB; 0 where the system does not tell.
pub(super) fn resident_kib() -> u64 {
    told("VmRSS:")
}

fn told(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// Resident memory that is this process's alone, in KiB: not of its program, which comes into memory
/// as it is first used. 0 where the system does not tell.
fn own_kib() -> u64 {
    told("RssAnon:")
}

/// How long this process has used processors, in hundredths of a second; zero
/// where the system does not tell.
pub(super) fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // proc(5): utime and stime are fields 14 and 15, and the name before may hold anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// What warm sessions with more switches cost, scaled to 1,000 of them.
pub(super) async fn per_session(load: &Load, names: &[String], warm: usize, wanted: usize) -> Result<Value, Failure> {
    let before = resident_kib();
    let more: Vec<_> = names.iter().take(wanted).skip(warm).collect();
    for name in &more {
        load.touch(name).await?;
    }
    let grown = resident_kib().saturating_sub(before);
    let sessions = u64::try_from(more.len().max(1)).unwrap_or(u64::MAX);
    Ok(json!({"row": "memory of warm sessions", "sessions": sessions, "kib_per_1000": grown * 1000 / sessions}))
}

/// What a warm session takes, and beside it a connection of the libraries alone, which no session
/// can take less than; of as many simulated switches, each of which has both.
pub(super) async fn beside_bare(arguments: &BenchArguments) -> Result<Value, Failure> {
    let wanted = arguments.sessions.max(1);
    let simulators = Simulators::start(wanted + 1, 8, arguments).await?;
    let switches = simulators.entries()?;
    let names: Vec<String> = switches.iter().map(|switch| switch.identity.name.clone()).collect();
    let served = Served::start(switches.iter().cloned().collect(), NoLocks::shared()).await?;
    let load = Load { address: served.address, method: "update_port", requests: 1 };
    // What is needed once is there with the first.
    let mut open = Vec::with_capacity(wanted + 1);
    let connect = async |switch: &Switch| registry::bare(switch).await.map_err(Failure::because);
    for switch in switches.iter().take(1) {
        open.push(connect(switch).await?);
        load.touch(&switch.identity.name).await?;
    }
    let before = own_kib();
    for switch in switches.iter().skip(1) {
        open.push(connect(switch).await?);
    }
    let (between, sessions) = (own_kib(), u64::try_from(wanted).unwrap_or(u64::MAX));
    for name in names.iter().skip(1) {
        load.touch(name).await?;
    }
    let after = own_kib();
    drop(open);
    served.finish().await?;
    simulators.stop().await?;
    let each = |from: u64, to: u64| (to.saturating_sub(from) * 10 / sessions) as f64 / 10.0;
    Ok(json!({
        "row": "a session, and the libraries alone",
        "sessions": sessions,
        "kib_each": each(between, after),
        "kib_each_of_libraries": each(before, between),
    }))
}
