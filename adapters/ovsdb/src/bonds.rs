//! Bonds: ports of several interfaces (ovs-vswitchd.conf.db(5), Bonding Configuration). Who joins
//! or leaves one keeps the row of its interface, and with it the device and its number; the port
//! of its own goes or comes in the same transaction, and carries nothing until something is said
//! of it. A bond without an interface there is not.

use std::collections::BTreeSet;

use mercury_adapter::{ErrorTag, OvsdbTable, RpcError};
use serde_json::{Value, json};

use crate::{
    change::{BondChange, Change, LeafChange, Place, PortChange},
    datum::{self, NoDatum},
    owner::MARK,
    rows::{Row, Rows},
    transaction::Transaction,
};

/// The key by which a description is kept in `external_ids`, of a port as of an interface.
pub(crate) const DESCRIPTION: &str = "description";

/// How the rows are named that a change is about, before or after they were read.
pub(crate) trait Named {
    /// The interface of a name.
    fn interface(&self, name: &str) -> Result<Value, Box<RpcError>>;
    /// The port of a name.
    fn port(&self, name: &str) -> Result<Value, Box<RpcError>>;
    /// The bridge that has the port of a name, or the bond in which that has its place.
    fn bridge(&self, name: &str) -> Result<Value, Box<RpcError>>;
    /// The columns of a port as they were, where it comes back.
    fn was(&self, name: &str) -> Option<serde_json::Map<String, Value>>;
}

/// Rows of which only the names are known, for people.
pub(crate) struct Unread;

impl Named for Unread {
    fn interface(&self, name: &str) -> Result<Value, Box<RpcError>> {
        Ok(datum::of_uuid(&format!("the interface {name}")))
    }

    fn port(&self, name: &str) -> Result<Value, Box<RpcError>> {
        Ok(datum::of_uuid(&format!("the port {name}")))
    }

    fn bridge(&self, name: &str) -> Result<Value, Box<RpcError>> {
        Ok(datum::of_uuid(&format!("the bridge of {name}")))
    }

    fn was(&self, _: &str) -> Option<serde_json::Map<String, Value>> {
        None
    }
}

/// The operations that put interfaces in their places: those that make a row, and those that
/// change one. What is said of each port comes afterwards.
pub(crate) fn operations(change: &Change, named: &dyn Named) -> Result<[Vec<Value>; 2], Box<RpcError>> {
    let (mut made, mut changed) = (Vec::new(), Vec::new());
    let mut make = |name: &str, number: usize, interfaces: Vec<Value>, bridge: &Value| {
        let (id, mut row) = (format!("place{number}"), named.was(name).unwrap_or_default());
        row.insert("name".to_owned(), name.into());
        row.insert("interfaces".to_owned(), datum::of_set(interfaces));
        made.push(json!({ "op": "insert", "table": "Port", "uuid-name": id, "row": row }));
        in_bridge("insert", &json!(["named-uuid", id]), bridge)
    };
    for (number, (name, own)) in change.ports.iter().enumerate() {
        match &own.place {
            Some(Place { to: None, .. }) => {
                changed.push(make(name, number, vec![named.interface(name)?], &named.bridge(name)?));
            }
            Some(Place { from: None, .. }) => {
                changed.push(in_bridge("delete", &named.port(name)?, &named.bridge(name)?));
            }
            _ => {}
        }
    }
    for (number, (bond, [joins, leaves])) in change.places().into_iter().enumerate() {
        let rows =
            |names: Vec<&str>| names.into_iter().map(|name| named.interface(name)).collect::<Result<Vec<_>, _>>();
        let first = joins.first().copied().unwrap_or_default();
        let (joins, leaves) = (rows(joins.clone())?, rows(leaves)?);
        match change.bonds.get(bond) {
            Some(BondChange::Make) => {
                let bridge = named.bridge(first)?;
                changed.push(make(bond, change.ports.len() + number, joins, &bridge));
            }
            Some(BondChange::Remove) => {
                changed.push(in_bridge("delete", &named.port(bond)?, &named.bridge(bond)?));
            }
            None => {
                let one =
                    |how, own: Vec<Value>| (!own.is_empty()).then(|| json!(["interfaces", how, datum::of_set(own)]));
                let mutations: Vec<Value> =
                    [one("insert", joins), one("delete", leaves)].into_iter().flatten().collect();
                let own = json!([["_uuid", "==", named.port(bond)?]]);
                changed.push(json!({ "op": "mutate", "table": "Port", "where": own, "mutations": mutations }));
            }
        }
    }
    Ok([made, changed])
}

fn in_bridge(how: &str, port: &Value, bridge: &Value) -> Value {
    let ports = datum::of_set([port.clone()]);
    json!({ "op": "mutate", "table": "Bridge", "where": [["_uuid", "==", bridge]],
            "mutations": [["ports", how, ports]] })
}

/// What of a port's row would be lost when it goes, and is not Mercury's; `is_bond`: of one that
/// Mercury may have made.
pub(crate) fn lost(port: &Row, is_bond: bool) -> Result<Option<String>, NoDatum> {
    let (columns, config): (&[&str], &[&str]) = match is_bond {
        true => (&["qos"], &["rstp-port-admin-edge", "lacp-time"]),
        false => (&["qos", "lacp", "bond_mode"], &["rstp-port-admin-edge"]),
    };
    for column in columns {
        if !datum::set(port.column(column)?).ok_or(NoDatum)?.is_empty() {
            return Ok(Some((*column).to_owned()));
        }
    }
    for (column, own) in [("external_ids", &[MARK, DESCRIPTION][..]), ("other_config", config)] {
        if let Some(key) = port.map(column)?.into_keys().find(|key| !own.contains(key)) {
            return Ok(Some(format!("{column}:{key}")));
        }
    }
    Ok(None)
}

/// Has the transaction go on only where a port that goes takes nothing with it in columns that
/// are not read otherwise (older schemas have not all of them), and no mirror loses it: a
/// mirror's references are weak, and the row that comes back is another.
pub(crate) fn spare(transaction: &mut Transaction, name: &str, port: &Row) -> Result<(), NoDatum> {
    let own = datum::of_uuid(port.uuid()?);
    let none = || datum::of_set(Vec::<Value>::new());
    for (column, unset) in [
        ("protected", json!(false)),
        ("cvlans", none()),
        ("mac", none()),
        ("bond_fake_iface", json!(false)),
        ("bond_updelay", json!(0)),
        ("bond_downdelay", json!(0)),
    ] {
        let set = [json!(["_uuid", "==", own]), json!([column, "!=", unset])];
        transaction.spare(("Port", &set), format!("{name} has {column}, which would be lost with its port"));
    }
    for column in ["select_src_port", "select_dst_port", "output_port"] {
        let lost = format!("{name} is in {column} of a mirror, which would lose it with its port");
        transaction.spare(("Mirror", &[json!([column, "includes", own])]), lost);
    }
    Ok(())
}

/// What is said of a port that has a place in a bond, as it is said of the interface alone: the
/// port's other words are the bond's.
pub(crate) fn of_member(name: &str, wanted: &PortChange) -> Result<PortChange, Box<RpcError>> {
    let mut leaves = Vec::new();
    for leaf in &wanted.leaves {
        match (leaf.table, leaf.column.as_str(), leaf.key.as_deref()) {
            (OvsdbTable::Interface, ..) => leaves.push(leaf.clone()),
            (OvsdbTable::Port, "external_ids", Some(DESCRIPTION)) => leaves.push(described(leaf.value.clone())),
            _ if leaf.value.is_none() => {}
            _ => {
                let message = format!("{name} has a place in a bond, and {} is the bond's", leaf.column);
                return Err(Box::new(RpcError::new(ErrorTag::InvalidValue, message)));
            }
        }
    }
    Ok(PortChange { vlans: None, leaves, place: None })
}

/// An interface's description.
pub(crate) fn described(value: Option<Value>) -> LeafChange {
    let (column, key) = ("external_ids".to_owned(), Some(DESCRIPTION.to_owned()));
    LeafChange { table: OvsdbTable::Interface, column, key, value }
}

/// The description that a row has.
pub(crate) fn description(row: &Row) -> Result<Option<Value>, NoDatum> {
    row.held("external_ids", Some(DESCRIPTION))
}

/// What a bond's interfaces are, where all say the same; what each says, where they differ.
pub(crate) fn common(rows: &Rows, port: &Row, column: &str) -> Result<Option<String>, NoDatum> {
    let mut said = BTreeSet::new();
    for interface in rows.interfaces_of(port)? {
        said.insert(interface.held(column, None)?.map(|value| value.to_string()).unwrap_or_default());
    }
    let said = said.into_iter().collect::<Vec<_>>().join(",");
    Ok((!said.is_empty()).then_some(said))
}
