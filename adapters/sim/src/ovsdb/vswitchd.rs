//! The ovs-vswitchd: what the database has, is so when `cur_cfg` says so, and what cannot
//! be stands in the rows of `Interface` (ovs-vswitchd.conf.db(5)).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Ovsdb,
    database::Database,
    datum::{Atom, Datum},
};
use crate::device::Device;

/// Types of interfaces that there are devices for.
const DEVICES: [&str; 6] = ["", "system", "internal", "dummy", "patch", "vxlan"];

/// Follows the database until the switch stops.
pub(crate) async fn follow(device: Arc<Device>, ovsdb: Arc<Ovsdb>) {
    let (mut changed, mut runs, mut cut) = (ovsdb.changed.subscribe(), ovsdb.runs.subscribe(), device.cut());
    loop {
        changed.mark_unchanged();
        let wanted = Some(number(&ovsdb.state().database, "next_cfg")).filter(|_| *runs.borrow_and_update());
        let wanted = wanted.filter(|next| *next > number(&ovsdb.state().database, "cur_cfg"));
        if let Some(next) = wanted {
            tokio::time::sleep(device.options.commit_time).await;
            if *runs.borrow() {
                apply(&ovsdb, next);
            }
            continue;
        }
        tokio::select! {
            _ = changed.changed() => {}
            _ = runs.changed() => {}
            _ = cut.changed() => {
                if cut.borrow_and_update().stopped {
                    return;
                }
            }
        }
    }
}

fn number(database: &Database, column: &str) -> i64 {
    let row = database.rows("Open_vSwitch").next();
    row.and_then(|(_, row)| row.get(column)?.number()).unwrap_or_default()
}

/// Makes what the database has so, as of a change.
pub(super) fn apply(ovsdb: &Ovsdb, next: i64) {
    {
        let database = &mut ovsdb.state().database;
        let rows: BTreeMap<_, _> = database.rows("Interface").map(|(uuid, row)| (uuid.clone(), row.clone())).collect();
        let taken: BTreeSet<i64> = rows.values().filter_map(|row| row.get("ofport")?.number()).collect();
        let mut free = (1..).filter(|port| !taken.contains(port));
        let mut remotes = BTreeSet::new();
        for (uuid, mut row) in rows {
            let kind = row.get("type").and_then(Datum::word).unwrap_or_default();
            let remote = ["remote_ip", "key"].map(|key| row.get("options").and_then(|all| all.entry(key)).cloned());
            let error = match kind {
                "vxlan" if remote.first().is_none_or(Option::is_none) => Some("it requires valid 'remote_ip'"),
                // The second of two.
                "vxlan" if !remotes.insert(remote) => Some("could not add network device (File exists)"),
                kind if DEVICES.contains(&kind) => None,
                _ => Some("could not open network device (Address family not supported by protocol)"),
            };
            let had = row.get("ofport").and_then(Datum::number).filter(|port| *port > 0);
            let (port, state) = match error {
                None => (had.or_else(|| free.next()).unwrap_or(-1), Datum::text("up")),
                Some(_) => (-1, Datum::nothing()),
            };
            row.insert("ofport".to_owned(), Datum::integer(port));
            row.insert("error".to_owned(), error.map_or_else(Datum::nothing, Datum::text));
            for column in ["admin_state", "link_state"] {
                row.insert(column.to_owned(), state.clone());
            }
            database.put("Interface", &uuid, row);
        }
        let whole = database.rows("Open_vSwitch").next().map(|(uuid, row)| (uuid.clone(), row.clone()));
        if let Some((uuid, mut row)) = whole {
            row.insert("cur_cfg".to_owned(), Datum::one(Atom::Integer(next)));
            database.put("Open_vSwitch", &uuid, row);
        }
    }
    ovsdb.wake();
}
