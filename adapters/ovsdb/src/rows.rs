//! The rows of Open vSwitch that say what its ports carry (ovs-vswitchd.conf.db(5)).

use std::collections::{BTreeMap, BTreeSet};

use mercury_model::{InterfaceScope, Scope};
use serde_json::{Value, json};

use crate::{
    datum::{self, NoDatum},
    transaction::Transaction,
};

const BRIDGE: [&str; 6] = ["_uuid", "name", "ports", "fail_mode", "controller", "external_ids"];
const PORT: [&str; 9] =
    ["_uuid", "name", "interfaces", "vlan_mode", "tag", "trunks", "external_ids", "other_config", "fake_bridge"];
const INTERFACE: [&str; 9] =
    ["_uuid", "name", "type", "mtu_request", "external_ids", "error", "ofport", "admin_state", "link_state"];

/// The columns that a change of a port is made from, and of its interface, and of its bridge.
pub(crate) const GUARDED_PORT: &[&str] = &["interfaces", "vlan_mode", "tag", "trunks", "external_ids", "other_config"];
pub(crate) const GUARDED_INTERFACE: &[&str] = &["type", "mtu_request", "external_ids"];
pub(crate) const GUARDED_TUNNEL: &[&str] = &["name", "options"];
pub(crate) const GUARDED_BRIDGE: &[&str] = &["name", "fail_mode", "controller", "external_ids"];

/// A row as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(Value);

impl Row {
    pub(crate) fn column(&self, name: &str) -> Result<&Value, NoDatum> {
        self.0.get(name).ok_or(NoDatum)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, NoDatum> {
        datum::text(self.column(name)?)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, NoDatum> {
        datum::number(self.column(name)?)
    }

    pub(crate) fn map(&self, name: &str) -> Result<BTreeMap<&str, &str>, NoDatum> {
        datum::map(self.column(name)?)
    }

    pub(crate) fn uuids(&self, name: &str) -> Result<Vec<&str>, NoDatum> {
        datum::uuids(self.column(name)?)
    }

    /// What a column holds, of a map by a key; `None` for nothing.
    pub(crate) fn held(&self, column: &str, key: Option<&str>) -> Result<Option<Value>, NoDatum> {
        if let Some(key) = key {
            return Ok(self.map(column)?.get(key).map(|text| Value::from(*text)));
        }
        match datum::set(self.column(column)?).ok_or(NoDatum)?.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some((*one).clone())),
            _ => Err(NoDatum),
        }
    }

    pub(crate) fn uuid(&self) -> Result<&str, NoDatum> {
        match self.uuids("_uuid")?.as_slice() {
            [one] => Ok(one),
            _ => Err(NoDatum),
        }
    }

    /// These columns alone, as `wait` takes them.
    pub(crate) fn only(&self, columns: &[&str]) -> Value {
        columns.iter().filter_map(|column| Some(((*column).to_owned(), self.0.get(*column)?.clone()))).collect()
    }
}

/// How far ovs-vswitchd is with what the database wants of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// The change it has made so, last.
    pub(crate) current: i64,
    /// The change it was asked for, last.
    pub(crate) next: i64,
}

/// What was read at once.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) applied: Applied,
    pub(crate) bridges: Vec<Row>,
    /// The interface at the other end of each patch interface, by its name.
    pub(crate) peers: BTreeMap<String, Option<String>>,
    /// The options of each tunnel by VXLAN, by its interface's name; none where nobody asked
    /// for VNIs.
    pub(crate) tunnels: BTreeMap<String, Row>,
    /// By name.
    pub(crate) ports: BTreeMap<String, Row>,
    /// By name.
    pub(crate) interfaces: BTreeMap<String, Row>,
}

/// Asks for all that is needed to know what `scope` is about.
pub(crate) fn select(transaction: &mut Transaction, scope: &Scope) {
    transaction.select(DATABASE_TABLE, &[], &["cur_cfg", "next_cfg"]);
    transaction.select("Bridge", &[], &BRIDGE);
    // Other types' options hold keys that are nobody's to know.
    transaction.select("Interface", &[json!(["type", "==", "patch"])], &["name", "options"]);
    let vxlan = json!(["type", "==", "vxlan"]);
    let asked = if scope.overlays { vec![vxlan] } else { vec![vxlan, json!(["name", "==", ""])] };
    transaction.select("Interface", &asked, &["name", "options"]);
    match &scope.interfaces {
        // What binds VLANs are ports too.
        _ if scope.overlays => {
            transaction.select("Port", &[], &PORT);
            transaction.select("Interface", &[], &INTERFACE);
        }
        InterfaceScope::All => {
            transaction.select("Port", &[], &PORT);
            transaction.select("Interface", &[], &INTERFACE);
        }
        InterfaceScope::Named(names) => {
            for name in names {
                let named = [json!(["name", "==", name.as_str()])];
                transaction.select("Port", &named, &PORT);
                transaction.select("Interface", &named, &INTERFACE);
            }
        }
    }
}

/// The table with one row, about the whole.
pub(crate) const DATABASE_TABLE: &str = "Open_vSwitch";

impl Rows {
    /// What was answered to [`select`].
    pub(crate) fn read(mut answers: impl Iterator<Item = Vec<Value>>) -> Result<Self, NoDatum> {
        let whole = answers.next().and_then(|rows| rows.into_iter().next()).map(Row).ok_or(NoDatum)?;
        let number = |column: &str| whole.number(column)?.ok_or(NoDatum);
        let applied = Applied { current: number("cur_cfg")?, next: number("next_cfg")? };
        let bridges = answers.next().ok_or(NoDatum)?.into_iter().map(Row).collect();
        let mut peers = BTreeMap::new();
        for patch in answers.next().ok_or(NoDatum)?.into_iter().map(Row) {
            let peer = patch.map("options")?.get("peer").map(|peer| (*peer).to_owned());
            peers.insert(patch.text("name")?.ok_or(NoDatum)?.to_owned(), peer);
        }
        let mut tunnels = BTreeMap::new();
        for tunnel in answers.next().ok_or(NoDatum)?.into_iter().map(Row) {
            tunnels.insert(tunnel.text("name")?.ok_or(NoDatum)?.to_owned(), tunnel);
        }
        let (ports, interfaces) = (BTreeMap::new(), BTreeMap::new());
        let mut rows = Self { applied, bridges, peers, tunnels, ports, interfaces };
        let mut is_port = true;
        for answer in answers {
            let into = if is_port { &mut rows.ports } else { &mut rows.interfaces };
            for row in answer.into_iter().map(Row) {
                into.insert(row.text("name")?.ok_or(NoDatum)?.to_owned(), row);
            }
            is_port = !is_port;
        }
        Ok(rows)
    }

    /// Each port and its bridge.
    pub(crate) fn bridged(&self) -> Result<BTreeMap<&str, &Row>, NoDatum> {
        let mut found = BTreeMap::new();
        for bridge in &self.bridges {
            found.extend(bridge.uuids("ports")?.into_iter().map(|port| (port, bridge)));
        }
        Ok(found)
    }

    /// The interfaces that are of no port of their own name: those of a bond.
    pub(crate) fn members(&self) -> BTreeSet<&str> {
        let names = self.interfaces.keys().filter(|name| !self.ports.contains_key(*name));
        names.map(String::as_str).collect()
    }
}
