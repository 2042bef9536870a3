//! The OVSDB face (RFC 7047): the tables of Open vSwitch's database that tell what its
//! ports carry, and an ovs-vswitchd that follows them and can be stopped.
//!
//! A switch that has this face has it in the place of others: its datastore knows nothing
//! of these rows. It answers `transact`, `list_dbs`, `get_schema`, `echo` and
//! `set_db_change_aware`, asks `echo` itself, and knows neither locks nor monitors. Rows
//! outlive its reboots, which end connections. `tests/sim/ovsdb.rs` plays the same
//! transactions on it and on a real ovsdb-server.
//!
//! Faults are met by `ovsdb-connect`; `ovsdb-select` and `ovsdb-change`, the transactions
//! that change nothing and something; and `ovsdb-applied`, those that wait.

mod database;
mod datum;
mod operations;
mod schema;
mod serve;
mod vswitchd;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{device::Device, fault::Moment};
use database::{Database, Transacted};

pub(crate) use serve::serve;
pub(crate) use vswitchd::follow;

/// The name of the bridge.
const BRIDGE: &str = "br0";

/// The database of one switch, and who is at it.
#[derive(Debug)]
pub(crate) struct Ovsdb {
    state: Mutex<State>,
    /// Moves on with each change.
    changed: watch::Sender<u64>,
    /// Whether ovs-vswitchd runs.
    runs: watch::Sender<bool>,
    /// The server does one thing after the other, in the order in which they come.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    database: Database,
    meddlers: Vec<Meddler>,
    /// What those did who came, in the order in which they did, and what was answered.
    meddled: Vec<(Vec<Value>, Vec<Value>)>,
}

/// Somebody else whose transaction comes right before or right behind one of a client's.
#[derive(Debug)]
struct Meddler {
    /// Transactions that change something until it is its turn.
    left: usize,
    moment: Moment,
    operations: Vec<Value>,
}

impl Ovsdb {
    /// A bridge with these ports, of which nothing is said.
    pub(crate) fn new(ports: impl IntoIterator<Item = String>) -> Self {
        let own = Self {
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            runs: watch::Sender::new(true),
            turn: tokio::sync::Mutex::default(),
        };
        let mut operations = Vec::new();
        let mut places = Vec::new();
        for (number, name) in std::iter::once(BRIDGE.to_owned()).chain(ports).enumerate() {
            let kind = if number == 0 { "internal" } else { "dummy" };
            let (interface, port) = (format!("interface{number}"), format!("port{number}"));
            operations.push(json!({ "op": "insert", "table": "Interface", "uuid-name": interface,
                                    "row": { "name": name, "type": kind } }));
            operations.push(json!({ "op": "insert", "table": "Port", "uuid-name": port,
                                    "row": { "name": name, "interfaces": ["named-uuid", interface] } }));
            places.push(json!(["named-uuid", port]));
        }
        operations.push(json!({ "op": "insert", "table": "Bridge", "uuid-name": "bridge",
                                "row": { "name": BRIDGE, "datapath_type": "dummy", "ports": ["set", places] } }));
        let whole = json!({ "bridges": ["named-uuid", "bridge"], "next_cfg": 1, "ovs_version": "3.1.0",
                            "db_version": schema::published()["version"] });
        operations.push(json!({ "op": "insert", "table": "Open_vSwitch", "row": whole }));
        own.transact(&operations, Duration::ZERO);
        vswitchd::apply(&own, 1);
        own
    }

    /// Carries a transaction out and wakes those who wait for a change.
    fn transact(&self, operations: &[Value], waited: Duration) -> Transacted {
        let done = self.state().database.transact(operations, waited);
        if matches!(done, Transacted::Done { changed: true, .. }) {
            self.wake();
        }
        done
    }

    /// Lets those have their turn who come now; `is_first` where they come before what
    /// they were waiting for.
    fn meddle(&self, moment: Moment) {
        let mut due = Vec::new();
        self.state().meddlers.retain_mut(|meddler| {
            if moment == Moment::BeforeApply {
                meddler.left = meddler.left.saturating_sub(1);
            }
            let is_due = meddler.left == 0 && meddler.moment == moment;
            if is_due {
                due.push(std::mem::take(&mut meddler.operations));
            }
            !is_due
        });
        for operations in due {
            let Transacted::Done { results, .. } = self.transact(&operations, Duration::MAX) else { continue };
            self.state().meddled.push((operations, results));
        }
    }

    fn wake(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a transaction changes something.
fn is_change(operations: &[Value]) -> bool {
    let changes = ["insert", "update", "mutate", "delete"];
    operations.iter().any(|operation| changes.iter().any(|change| operation["op"] == *change))
}

/// Watches and disturbs the database of a switch.
#[derive(Clone)]
pub struct OvsdbHandle {
    device: Arc<Device>,
    ovsdb: Arc<Ovsdb>,
}

impl OvsdbHandle {
    /// `None` for a switch without this face.
    pub(crate) fn of(device: &Arc<Device>) -> Option<Self> {
        Some(Self { device: Arc::clone(device), ovsdb: Arc::clone(device.ovsdb.as_ref()?) })
    }

    /// Carries operations out as somebody else's transaction, and answers with its results;
    /// what would wait has waited for ever.
    #[must_use]
    pub fn transact(&self, operations: &[Value]) -> Vec<Value> {
        match self.ovsdb.transact(operations, Duration::MAX) {
            Transacted::Done { results, .. } => results,
            Transacted::Waits(_) => Vec::new(),
        }
    }

    /// Starts or stops ovs-vswitchd.
    pub fn run_vswitchd(&self, runs: bool) {
        self.ovsdb.runs.send_replace(runs);
    }

    /// Has somebody else carry operations out right before or right behind the nth
    /// transaction from now, counted from 1, that changes something.
    pub fn meddle(&self, nth: usize, moment: Moment, operations: Vec<Value>) {
        self.ovsdb.state().meddlers.push(Meddler { left: nth, moment, operations });
    }

    /// The operations and the results of those that came since this was last asked, in the
    /// order in which they came.
    #[must_use]
    pub fn meddled(&self) -> Vec<(Vec<Value>, Vec<Value>)> {
        std::mem::take(&mut self.ovsdb.state().meddled)
    }

    /// Whoever was to come does not come any more.
    pub fn forget_meddlers(&self) {
        self.ovsdb.state().meddlers.clear();
    }
}

impl fmt::Debug for OvsdbHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OvsdbHandle").field("switch", &self.device.options.name).finish_non_exhaustive()
    }
}
