//! `mercury bench`: what a call costs, through the whole service.
//!
//! Switches are simulated in processes of their own, so that what is measured
//! here is Mercury. With `--switch` the calls are dry runs on a real one, and with
//! `--connect` sessions with real ones are opened.

mod burst;
mod load;
mod memory;
mod simulators;
mod transports;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use clap::Args;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Common, DONE, Ended, Failure, Output, Spoken, log, machine, print, signals::interruptible, start};
use crate::{
    auth::Authenticator,
    config::{Limits, LogFormat, LogLevel},
    inventory::Inventory,
    lock::{self, Coordinator, NoLocks},
    rpc::{Front, Listener, router},
    service::{Current, Service},
};
use load::Load;
use simulators::Simulators;

/// What is measured.
#[derive(Clone, Debug, Args)]
pub(super) struct BenchArguments {
    /// Calls per row.
    #[arg(long, default_value_t = 400)]
    requests: usize,
    /// Switches in the row with many of them, or in the burst; 16, or 1.
    #[arg(long)]
    count: Option<usize>,
    /// Instead: so many requests at once for each switch, each for a port of its
    /// own. Says how long they take and how many commits.
    #[arg(long, value_name = "REQUESTS", conflicts_with = "switch")]
    burst: Option<u16>,
    /// In a burst, let each request come as one of Ironic's does, over HTTP, so many at a time
    /// as callers may have; without this, nothing of HTTP is measured.
    #[arg(long, requires = "burst")]
    http: bool,
    /// In a burst, let each request be about so many switches.
    #[arg(long, value_name = "SWITCHES", requires = "burst", default_value_t = 1)]
    span: usize,
    /// Warm sessions in the row about memory; 0 leaves it out.
    #[arg(long, default_value_t = 200)]
    sessions: usize,
    /// Milliseconds each round trip to a simulated switch takes.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    round_trip_ms: u64,
    /// Milliseconds each commit on a simulated switch takes.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    commit_ms: u64,
    /// Do not have simulated switches undo what is not confirmed.
    #[arg(long)]
    no_confirm: bool,
    /// How simulated switches are spoken to.
    #[arg(long, value_enum, default_value_t = Spoken::Netconf)]
    protocol: Spoken,
    /// Instead: NETCONF over SSH and over TLS, side by side.
    #[arg(long, conflicts_with_all = ["switch", "burst"])]
    transports: bool,
    /// Instead: what a warm session takes of the memory, and beside it a connection of the libraries
    /// of its protocol alone; of so many as --sessions says.
    #[arg(long, conflicts_with_all = ["switch", "burst", "transports", "connect"])]
    bare: bool,
    /// Instead: how long it takes until a session with this switch of the inventory is open,
    /// and nothing is asked on it. Several are taken in turns.
    #[arg(long, value_name = "SWITCH", conflicts_with_all = ["switch", "burst", "transports"])]
    connect: Vec<String>,
    /// Measure changes, on this port of a switch of the inventory.
    #[arg(long, requires = "switch")]
    write: bool,
    /// Measure dry runs on this switch of the inventory instead.
    #[arg(long, requires = "port")]
    switch: Option<String>,
    /// The port to plan for, with --switch.
    #[arg(long)]
    port: Option<String>,
}

pub(super) async fn run(common: &Common, arguments: &BenchArguments) -> Ended {
    let rows = match (&arguments.switch, &arguments.port, arguments.burst) {
        (Some(switch), Some(port), _) => dry_runs(common, arguments, switch, port).await?,
        _ if !arguments.connect.is_empty() => transports::connect(common, &arguments.connect).await?,
        _ if arguments.transports => {
            log::begin(LogFormat::Human, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
            transports::run(arguments).await?
        }
        _ if arguments.bare => {
            log::begin(LogFormat::Human, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
            vec![memory::beside_bare(arguments).await?]
        }
        (_, _, Some(burst)) => vec![burst::run(common, arguments, burst).await?],
        _ => simulated(common, arguments).await?,
    };
    for row in &rows {
        match common.output {
            Output::Json => print::json(row),
            Output::Human => print::line(&shown(row)),
        }
    }
    Ok(DONE)
}

fn shown(row: &Value) -> String {
    let cells = row.as_object().into_iter().flatten().filter(|(name, _)| *name != "row");
    let cells: Vec<_> = cells.map(|(name, value)| format!("{name} {value}")).collect();
    format!("{:<32} {}", row["row"].as_str().unwrap_or("-"), cells.join("  "))
}

async fn dry_runs(
    common: &Common,
    arguments: &BenchArguments,
    switch: &str,
    port: &str,
) -> Result<Vec<Value>, Failure> {
    let (settings, inventory) = common.load(&common.overrides(), Some(LogLevel::Error))?;
    let served = Served::start(inventory, lock::from_settings(&settings)).await?;
    let (method, row) =
        if arguments.write { ("update_port", "changes, 1 client") } else { ("plan_port", "dry run, 1 client") };
    let load = Load { address: served.address, method, requests: arguments.requests };
    let ports = [(switch.to_owned(), vec![port.to_owned()])];
    let row = interruptible(&served.service, settings.limits.stop_timeout, load.run(row, &ports, 1)).await?;
    let Some(row) = row else { return Err(Failure::Other("interrupted".to_owned())) };
    served.finish().await?;
    Ok(vec![row?])
}

async fn simulated(common: &Common, arguments: &BenchArguments) -> Result<Vec<Value>, Failure> {
    log::begin(LogFormat::Human, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
    let many = arguments.count.unwrap_or(16);
    let simulators = Simulators::start(many.max(arguments.sessions).max(1), 8, arguments).await?;
    let switches = simulators.entries()?;
    let names: Vec<String> = switches.iter().map(|switch| switch.identity.name.clone()).collect();
    let served = Served::start(switches.into_iter().collect(), NoLocks::shared()).await?;
    let ports = |count: usize| (1..=count).map(|port| format!("Ethernet{port}")).collect::<Vec<_>>();
    let one = |ports_used| names.first().map(|name| vec![(name.clone(), ports(ports_used))]).unwrap_or_default();
    let each: Vec<_> = names.iter().take(many).map(|name| (name.clone(), ports(1))).collect();
    let load = Load { address: served.address, method: "update_port", requests: arguments.requests };
    let mut rows = vec![
        load.run("1 client, 1 switch", &one(1), 1).await?,
        load.run("8 clients, 1 switch", &one(8), 8).await?,
        load.run(&format!("{0} clients, {0} switches", each.len()), &each, each.len()).await?,
    ];
    rows.push(json!({"row": "memory, resident", "with_sessions": many, "kib": memory::resident_kib()}));
    if arguments.sessions > 0 {
        rows.push(memory::per_session(&load, &names, many, arguments.sessions).await?);
    }
    served.finish().await?;
    simulators.stop().await?;
    Ok(rows)
}

/// The service behind its listener.
struct Served {
    address: SocketAddr,
    service: Arc<Service>,
    locks: Arc<dyn Coordinator>,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

impl Served {
    async fn start(inventory: Inventory, locks: Arc<dyn Coordinator>) -> Result<Self, Failure> {
        let limits = Limits { max_connections: 4096, max_connections_per_peer: 4096, ..Limits::default() };
        machine::provide(&limits, inventory.len());
        let service = Arc::new(start(inventory, &locks)?);
        let front = Front::new(Current::new(Arc::clone(&service)), &limits).map_err(Failure::because)?;
        let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.map_err(Failure::because)?;
        let address = listener.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let router = router(front, Authenticator::noauth(), &limits, None, None);
            listener.serve(router, &limits, async { drop(stopped.await) }, Duration::from_secs(5)).await;
        });
        Ok(Self { address, service, locks, stop, serving })
    }

    async fn finish(self) -> Result<(), Failure> {
        drop(self.stop);
        self.serving.await.map_err(Failure::because)?;
        self.service.finish().await;
        self.locks.finish().await;
        Ok(())
    }
}
