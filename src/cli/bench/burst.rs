//! Many requests at once: what waits for a switch together shares its commits.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{BenchArguments, load::percentile, memory, simulators::Simulators};
use crate::{
    cli::{Common, Failure, log, machine, start},
    config::{Limits, LogFormat, LogLevel},
    lock::NoLocks,
    rpc,
    service::{Requester, Service},
};

/// Sessions that are opened at once: more would not be open in time.
const OPENED: usize = 64;

/// `burst` requests for each switch at once, through the service but not
/// through HTTP, which would be measured as well; on warm sessions.
pub(super) async fn run(common: &Common, arguments: &BenchArguments, burst: u16) -> Result<Value, Failure> {
    log::begin(LogFormat::Human, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
    let count = arguments.count.unwrap_or(arguments.span).max(arguments.span);
    let simulators = Simulators::start(count, burst.saturating_add(1), arguments).await?;
    let mut switches = simulators.entries()?;
    let queue = usize::from(burst).max(256);
    switches.iter_mut().for_each(|switch| switch.timing.queue = queue);
    let names: Vec<String> = switches.iter().map(|switch| switch.identity.name.clone()).collect();
    machine::provide(&Limits::default(), switches.len());
    let service = Arc::new(start(switches.into_iter().collect(), &NoLocks::shared())?);
    let port = |number: u16| format!("Ethernet{number}");
    // One port more than the burst uses opens the sessions.
    let warm = names.iter().map(|name| attach(std::slice::from_ref(name), &port(burst.saturating_add(1))));
    let started = memory::resident_kib();
    let begun = Instant::now();
    all(&service, warm, OPENED).await?;
    let (opening, warm) = (begun.elapsed(), memory::resident_kib());
    let groups: Vec<&[String]> = names.chunks_exact(arguments.span.max(1)).collect();
    let requests = (1..=burst).flat_map(|number| groups.iter().map(move |group| attach(group, &port(number))));
    let (begun, cpu) = (Instant::now(), memory::cpu_time());
    let mut times = all(&service, requests, Semaphore::MAX_PERMITS).await?;
    let (elapsed, cpu) = (begun.elapsed(), memory::cpu_time().saturating_sub(cpu));
    let resident = memory::resident_kib();
    service.finish().await;
    // Each was warmed by one.
    let edits: Vec<u64> = simulators.stop().await?.into_iter().map(|edits| edits.saturating_sub(1)).collect();
    times.sort_unstable();
    Ok(json!({
        "row": format!("{burst} at once on {}, commit {} ms", switches_of(count, arguments.span), arguments.commit_ms),
        "calls": times.len(),
        "elapsed_ms": milliseconds(elapsed),
        "p50_ms": percentile(&times, 0.5),
        "p99_ms": percentile(&times, 0.99),
        "edits_most": edits.iter().max(),
        "edits_mean": (edits.iter().sum::<u64>() as f64 / count.max(1) as f64 * 100.0).round() / 100.0,
        "cpu_ms": milliseconds(cpu),
        "calls_per_cpu_second": (times.len() as f64 / cpu.as_secs_f64()).round(),
        "opening_ms": milliseconds(opening),
        "started_kib": started,
        "warm_kib": warm,
        "resident_kib": resident,
    }))
}

fn switches_of(count: usize, span: usize) -> String {
    match (count, span) {
        (1, _) => "1 switch".to_owned(),
        (count, 0 | 1) => format!("each of {count} switches"),
        (count, span) => format!("{count} switches by {span}"),
    }
}

fn attach(switches: &[String], port: &str) -> Value {
    let links: Vec<_> = switches.iter().map(|switch| json!({"switch_id": switch, "port_id": port})).collect();
    json!({"port": {"binding:profile": {"local_link_information": links}}, "network": 100})
}

/// Calls all of them, so many at once; how long each took.
async fn all(
    service: &Arc<Service>,
    requests: impl Iterator<Item = Value>,
    at_once: usize,
) -> Result<Vec<Duration>, Failure> {
    let (turns, mut tasks) = (Arc::new(Semaphore::new(at_once)), JoinSet::new());
    for params in requests {
        let (service, turns) = (Arc::clone(service), Arc::clone(&turns));
        tasks.spawn(async move {
            let _turn = turns.acquire_owned().await.map_err(Failure::because)?;
            let begun = Instant::now();
            let answer = rpc::call(&service, "attach_port", &params, Requester::default()).await;
            answer.map(|_| begun.elapsed()).map_err(|fault| Failure::Other(fault.to_string()))
        });
    }
    let mut times = Vec::with_capacity(tasks.len());
    while let Some(finished) = tasks.join_next().await {
        times.push(finished.map_err(Failure::because)??);
    }
    Ok(times)
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
