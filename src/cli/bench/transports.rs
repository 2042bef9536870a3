//! NETCONF over SSH and over TLS, and RESTCONF, side by side: calls on a session that is there, and
//! sessions that are opened.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    BenchArguments, Served,
    load::{Load, percentile},
    simulators::Simulators,
};
use crate::{
    cli::{Common, Failure},
    config::{Dialects, LogLevel},
    inventory::{Face, Switch},
    lock::NoLocks,
    registry,
};

/// Sessions opened over each.
const CONNECTS: usize = 50;
/// Turns that calls over the two take.
const TURNS: usize = 8;

pub(super) async fn run(arguments: &BenchArguments) -> Result<Vec<Value>, Failure> {
    let folder = Folder::make().map_err(Failure::because)?;
    let simulators = Simulators::by_all(&folder.0, arguments).await?;
    let switches = simulators.by_each()?;
    let mut rows = warm(arguments, &switches).await?;
    rows.extend(cold(&switches, &Dialects::default()).await?);
    simulators.stop().await?;
    Ok(rows)
}

/// Calls that change a port, in turns, so that what else the machine does hits all.
async fn warm(arguments: &BenchArguments, switches: &[Switch; 3]) -> Result<Vec<Value>, Failure> {
    let served = Served::start(switches.iter().cloned().collect(), NoLocks::shared()).await?;
    let requests = (arguments.requests / TURNS).max(1);
    let load = Load { address: served.address, method: "update_port", requests };
    let mut all = [const { (Vec::new(), 0) }; 3];
    for _ in 0..TURNS {
        for (switch, (times, flights)) in switches.iter().zip(&mut all) {
            let ports = [(switch.identity.name.clone(), vec!["Ethernet1".to_owned()])];
            let (more, flown) = load.times(&ports).await?;
            times.extend(more);
            *flights += flown;
        }
    }
    served.finish().await?;
    let rows = switches.iter().zip(all).map(|(switch, (times, flights))| {
        let each = flights as f64 / times.len().max(1) as f64;
        let mut row = row("warm call", switch, times);
        if let Some(members) = row.as_object_mut() {
            members.insert("flights_per_call".to_owned(), ((each * 100.0).round() / 100.0).into());
        }
        row
    });
    Ok(rows.collect())
}

/// Sessions with switches of the inventory, which are opened and closed.
pub(super) async fn connect(common: &Common, names: &[String]) -> Result<Vec<Value>, Failure> {
    let (settings, inventory) = common.load(&common.overrides(), Some(LogLevel::Error))?;
    let entry = |name: &String| {
        let found = inventory.find(name).map(|switch| Switch::clone(switch));
        found.ok_or_else(|| Failure::Other(format!("--connect {name}: there is no such switch in the inventory")))
    };
    let switches = names.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    cold(&switches, &settings.dialects).await
}

async fn cold(switches: &[Switch], dialects: &Dialects) -> Result<Vec<Value>, Failure> {
    let connect = |switch: &Switch| registry::connector(&switch.clone().into(), dialects).map_err(Failure::because);
    let connectors = switches.iter().map(connect).collect::<Result<Vec<_>, _>>()?;
    let mut times = vec![Vec::new(); switches.len()];
    for _ in 0..CONNECTS {
        for (connector, times) in connectors.iter().zip(&mut times) {
            let begun = Instant::now();
            let session = connector.connect().await.map_err(Failure::because)?;
            times.push(begun.elapsed());
            session.close().await;
        }
    }
    Ok(switches.iter().zip(times).map(|(switch, times)| row("cold connect", switch, times)).collect())
}

fn row(what: &str, switch: &Switch, mut times: Vec<Duration>) -> Value {
    times.sort();
    let carried = if matches!(switch.face, Face::Restconf(_)) { "RESTCONF" } else { switch.carried_by() };
    json!({
        "row": format!("{what}, {carried}"),
        "calls": times.len(),
        "least_ms": percentile(&times, 0.0),
        "p50_ms": percentile(&times, 0.5),
        "p99_ms": percentile(&times, 0.99),
    })
}

/// A folder for certificates that nobody else reads; dropped, it is gone.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("mercury-bench-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let folder: &Path = &self.0;
        if let Err(error) = fs::remove_dir_all(folder) {
            tracing::warn!(folder = %folder.display(), %error, "cannot be removed");
        }
    }
}
