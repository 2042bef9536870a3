//! Many requests at once: what waits for a switch together shares its commits.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    BenchArguments, Served,
    load::{self, percentile},
    memory,
    simulators::Simulators,
};
use crate::{
    cli::{Common, Failure, log},
    config::{Limits, LogFormat, LogLevel},
    lock::NoLocks,
    rpc,
    service::{Requester, Service},
};

/// Sessions that are opened at once: more would not be open in time.
const OPENED: usize = 64;

/// How requests come.
#[derive(Clone)]
enum Door {
    /// To the service itself.
    Inside(Arc<Service>),
    /// Over HTTP, as callers' do, on connections that are kept.
    Http(Arc<Client<HttpConnector, Body>>, SocketAddr),
}

impl Door {
    /// Calls `attach_port`; how long it took.
    async fn attach(&self, params: &Value) -> Result<Duration, Failure> {
        match self {
            Self::Inside(service) => {
                let begun = Instant::now();
                let answer = rpc::call(service, "attach_port", params, Requester::default()).await;
                answer.map(|_| begun.elapsed()).map_err(|fault| Failure::Other(fault.to_string()))
            }
            Self::Http(client, address) => Ok(load::post(client, *address, "attach_port", params).await?.1),
        }
    }
}

/// `burst` requests for each switch at once, on warm sessions; over HTTP only if that is asked
/// for, since it would be measured as well, and its callers with it.
pub(super) async fn run(common: &Common, arguments: &BenchArguments, burst: u16) -> Result<Value, Failure> {
    log::begin(LogFormat::Human, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
    let count = arguments.count.unwrap_or(arguments.span).max(arguments.span);
    let simulators = Simulators::start(count, burst.saturating_add(1), arguments).await?;
    let mut switches = simulators.entries()?;
    let queue = usize::from(burst).max(256);
    switches.iter_mut().for_each(|switch| switch.timing.queue = queue);
    let names: Vec<String> = switches.iter().map(|switch| switch.identity.name.clone()).collect();
    let served = Served::start(switches.into_iter().collect(), NoLocks::shared()).await?;
    let door = match arguments.http {
        true => Door::Http(Arc::new(load::client()), served.address),
        false => Door::Inside(Arc::clone(&served.service)),
    };
    let at_once = if arguments.http { Limits::default().max_connections_per_peer } else { Semaphore::MAX_PERMITS };
    let port = |number: u16| format!("Ethernet{number}");
    // One port more than the burst uses opens the sessions.
    let warm = names.iter().map(|name| attach(std::slice::from_ref(name), &port(burst.saturating_add(1))));
    let started = memory::resident_kib();
    let begun = Instant::now();
    all(&door, warm, OPENED).await?;
    let (opening, warm) = (begun.elapsed(), memory::resident_kib());
    let groups: Vec<&[String]> = names.chunks_exact(arguments.span.max(1)).collect();
    let requests = (1..=burst).flat_map(|number| groups.iter().map(move |group| attach(group, &port(number))));
    let (begun, cpu) = (Instant::now(), memory::cpu_time());
    let mut times = all(&door, requests, at_once).await?;
    let (elapsed, cpu) = (begun.elapsed(), memory::cpu_time().saturating_sub(cpu));
    let resident = memory::resident_kib();
    drop(door);
    served.finish().await?;
    // Each was warmed by one.
    let edits: Vec<u64> = simulators.stop().await?.into_iter().map(|edits| edits.saturating_sub(1)).collect();
    times.sort_unstable();
    Ok(json!({
        "row": format!("{burst} at once on {}, commit {} ms{}", switches_of(count, arguments.span),
            arguments.commit_ms, if arguments.http { ", over HTTP" } else { "" }),
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
async fn all(door: &Door, requests: impl Iterator<Item = Value>, at_once: usize) -> Result<Vec<Duration>, Failure> {
    let (turns, mut tasks) = (Arc::new(Semaphore::new(at_once)), JoinSet::new());
    for params in requests {
        let (door, turns) = (door.clone(), Arc::clone(&turns));
        tasks.spawn(async move {
            let _turn = turns.acquire_owned().await.map_err(Failure::because)?;
            door.attach(&params).await
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
