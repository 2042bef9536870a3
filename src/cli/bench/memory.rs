//! Resident memory and time of the processor, as the system counts them.

use std::time::Duration;

use serde_json::{Value, json};

use super::load::Load;
use crate::cli::Failure;

/// This process's resident memory in KiB; 0 where the system does not tell.
pub(super) fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
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
