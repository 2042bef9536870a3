//! The rows of Open vSwitch that say what its ports carry (ovs-vswitchd.conf.db(5)).

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    sync::Arc,
};

use mercury_adapter::{JsonProblem, Share, json as counted};
use mercury_model::{InterfaceScope, Scope};
use serde_json::{Value, json};

use crate::{
    datum::{self, NoDatum},
    packed::{Datum, pack},
    transaction::Transaction,
};

const BRIDGE: [&str; 6] = ["_uuid", "name", "ports", "fail_mode", "controller", "external_ids"];
const PORT: [&str; 12] = [
    "_uuid",
    "name",
    "interfaces",
    "vlan_mode",
    "tag",
    "trunks",
    "external_ids",
    "other_config",
    "fake_bridge",
    "lacp",
    "bond_mode",
    "qos",
];
const INTERFACE: [&str; 9] =
    ["_uuid", "name", "type", "mtu_request", "external_ids", "error", "ofport", "admin_state", "link_state"];

/// The columns that a change of a port is made from, and of its interface, and of its bridge.
pub(crate) const GUARDED_PORT: &[&str] =
    &["interfaces", "vlan_mode", "tag", "trunks", "external_ids", "other_config", "lacp", "bond_mode", "qos"];
pub(crate) const GUARDED_INTERFACE: &[&str] = &["type", "mtu_request", "external_ids"];
pub(crate) const GUARDED_TUNNEL: &[&str] = &["name", "options"];
pub(crate) const GUARDED_BRIDGE: &[&str] = &["name", "fail_mode", "controller", "external_ids"];

/// Columns that are read of no port, interface or bridge.
const OTHERS: [&str; 5] = ["options", "cur_cfg", "next_cfg", "ovs_version", "db_version"];

/// Octets that are kept beside what is shared.
const COUNTS: usize = 2 * size_of::<usize>();

/// A row as it was read, of which there is one for all who hold it: of each column that is known a
/// letter, and what it holds, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row(Arc<str>);

/// What stands for a column in a row.
fn letter(column: &str) -> Option<char> {
    let mut known = BRIDGE.iter().chain(&PORT).chain(&INTERFACE).chain(&OTHERS).zip('0'..);
    known.find(|(known, _)| **known == column).map(|(_, letter)| letter)
}

impl From<Value> for Row {
    fn from(row: Value) -> Self {
        let mut text = String::new();
        for (name, value) in row.as_object().into_iter().flatten() {
            if let Some(letter) = letter(name) {
                text.push(letter);
                pack(value, &mut text);
            }
        }
        Self(text.into())
    }
}

impl Row {
    /// The row in a text, which takes of `share` what it keeps of the memory.
    ///
    /// # Errors
    /// There is no room for it, or it is no JSON.
    pub(crate) fn counted(text: &str, share: &mut Share) -> Result<Self, JsonProblem> {
        let before = share.used();
        let row = Self::from(counted(text.as_bytes(), share)?);
        share.release(share.used() - before);
        share.grow(COUNTS + row.0.len())?;
        Ok(row)
    }

    /// The row without this column.
    pub(crate) fn without(&self, column: &str) -> Self {
        let letter = letter(column);
        let others = self.columns().filter(|(own, ..)| Some(*own) != letter);
        Self(others.map(|(.., whole)| whole).collect::<String>().into())
    }

    /// Of each column its letter, what it holds, and both as they stand there.
    fn columns(&self) -> impl Iterator<Item = (char, Datum<'_>, &str)> {
        let mut rest = &*self.0;
        iter::from_fn(move || {
            let whole = rest;
            let letter = whole.chars().next()?;
            let (value, behind) = Datum::first(whole.get(letter.len_utf8()..)?)?;
            rest = behind;
            Some((letter, value, whole.get(..whole.len() - behind.len())?))
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Datum<'_>> {
        let letter = letter(name)?;
        self.columns().find(|(own, ..)| *own == letter).map(|(_, value, _)| value)
    }

    pub(crate) fn column(&self, name: &str) -> Result<Datum<'_>, NoDatum> {
        self.get(name).ok_or(NoDatum)
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
            [one] => Ok(Some(one.value())),
            _ => Err(NoDatum),
        }
    }

    pub(crate) fn uuid(&self) -> Result<&str, NoDatum> {
        match self.uuids("_uuid")?.as_slice() {
            [one] => Ok(one),
            _ => Err(NoDatum),
        }
    }

    /// Whether a port of this name is a bond: it has several interfaces, or one of another name.
    pub(crate) fn is_bond(&self, name: &str, rows: &Rows) -> Result<bool, NoDatum> {
        Ok(match self.uuids("interfaces")?.as_slice() {
            [one] => rows.interfaces.get(name).is_none_or(|own| own.uuid() != Ok(one)),
            _ => true,
        })
    }

    /// These columns, as `insert` takes them.
    pub(crate) fn written(&self) -> serde_json::Map<String, Value> {
        let columns = PORT.iter().filter(|column| !["_uuid", "interfaces"].contains(column));
        columns.filter_map(|column| Some(((*column).to_owned(), self.get(column)?.value()))).collect()
    }

    /// These columns alone, as `wait` takes them.
    pub(crate) fn only(&self, columns: &[&str]) -> Value {
        columns.iter().filter_map(|column| Some(((*column).to_owned(), self.get(column)?.value()))).collect()
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
    pub(crate) fn read<R: Into<Row>>(answers: impl Iterator<Item = Vec<R>>) -> Result<Self, NoDatum> {
        let mut answers = answers.map(|rows| rows.into_iter().map(Into::<Row>::into));
        let whole = answers.next().and_then(|mut rows| rows.next()).ok_or(NoDatum)?;
        let number = |column: &str| whole.number(column)?.ok_or(NoDatum);
        let applied = Applied { current: number("cur_cfg")?, next: number("next_cfg")? };
        let bridges = answers.next().ok_or(NoDatum)?.collect();
        let mut peers = BTreeMap::new();
        for patch in answers.next().ok_or(NoDatum)? {
            let peer = patch.map("options")?.get("peer").map(|peer| (*peer).to_owned());
            peers.insert(patch.text("name")?.ok_or(NoDatum)?.to_owned(), peer);
        }
        let mut tunnels = BTreeMap::new();
        for tunnel in answers.next().ok_or(NoDatum)? {
            tunnels.insert(tunnel.text("name")?.ok_or(NoDatum)?.to_owned(), tunnel);
        }
        let (ports, interfaces) = (BTreeMap::new(), BTreeMap::new());
        let mut rows = Self { applied, bridges, peers, tunnels, ports, interfaces };
        let mut is_port = true;
        for answer in answers {
            let into = if is_port { &mut rows.ports } else { &mut rows.interfaces };
            // Together, so that the nodes of the map are full.
            let named = answer.map(|row| Ok((row.text("name")?.ok_or(NoDatum)?.to_owned(), row)));
            into.append(&mut named.collect::<Result<_, NoDatum>>()?);
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

    /// The interfaces that have a place in a port of another name, which is a bond, and that port.
    pub(crate) fn members(&self) -> Result<BTreeMap<&str, &Row>, NoDatum> {
        let mut of = BTreeMap::new();
        for (name, port) in &self.ports {
            for uuid in port.uuids("interfaces")? {
                of.insert(uuid, (name, port));
            }
        }
        let mut members = BTreeMap::new();
        for (name, interface) in &self.interfaces {
            if let Some((port, row)) = of.get(interface.uuid()?)
                && *port != name
            {
                members.insert(name.as_str(), *row);
            }
        }
        Ok(members)
    }

    /// The interfaces of a port, of those that were read.
    pub(crate) fn interfaces_of(&self, port: &Row) -> Result<Vec<&Row>, NoDatum> {
        let own = port.uuids("interfaces")?;
        let interfaces = self.interfaces.values().filter(|row| row.uuid().is_ok_and(|uuid| own.contains(&uuid)));
        Ok(interfaces.collect())
    }

    /// Asks for what is missing to know who has a place where; `None` where nothing is.
    pub(crate) fn beside(&self) -> Result<Option<Transaction>, NoDatum> {
        let mut transaction = Transaction::default();
        let (mut known, mut is_any) = (BTreeSet::new(), false);
        for (name, port) in &self.ports {
            let own = port.uuids("interfaces")?;
            if port.is_bond(name, self)? && self.interfaces_of(port)?.len() < own.len() {
                for uuid in &own {
                    transaction.select("Interface", &[json!(["_uuid", "==", datum::of_uuid(uuid)])], &INTERFACE);
                }
                is_any = true;
            }
            known.extend(own);
        }
        for interface in self.interfaces.values() {
            let uuid = interface.uuid()?;
            if !known.contains(uuid) {
                let holds = json!(["interfaces", "includes", datum::of_uuid(uuid)]);
                transaction.select("Port", &[holds], &PORT);
                is_any = true;
            }
        }
        Ok(is_any.then_some(transaction))
    }

    /// Takes in what was answered to [`Rows::beside`].
    pub(crate) fn take_in(&mut self, answers: Vec<Vec<Row>>) -> Result<(), NoDatum> {
        for row in answers.into_iter().flatten() {
            let into = if row.get("interfaces").is_some() { &mut self.ports } else { &mut self.interfaces };
            into.insert(row.text("name")?.ok_or(NoDatum)?.to_owned(), row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::Budget;

    use super::*;

    #[test]
    fn a_row_holds_what_is_known_of_it_as_it_was() {
        let text = r#"{"_uuid":["uuid","a"],"name":"p:1","tag":7,"trunks":["set",[1,2]],"mtu_request":["set",[]],
                       "external_ids":["map",[["k","é\n"]]],"fake_bridge":false,"statistics":["map",[["rx",1]]]}"#;
        let mut share = Budget::new(1 << 20).share(1 << 20);
        let row = Row::counted(text, &mut share).unwrap();
        assert_eq!(share.used(), COUNTS + row.0.len());
        let Value::Object(mut known) = serde_json::from_str(text).unwrap() else { panic!("{text}") };
        known.remove("statistics");
        let all: Vec<&str> = known.keys().map(String::as_str).collect();
        assert_eq!(row.only(&all), Value::Object(known.clone()));
        assert_eq!((row.get("statistics"), row.get("qos"), row.get("x")), (None, None, None));
        assert_eq!((row.text("name"), row.number("tag")), (Ok(Some("p:1")), Ok(Some(7))));
        assert_eq!(row.map("external_ids").unwrap().get("k"), Some(&"é\n"));
        assert_eq!(row.held("trunks", None), Err(NoDatum));
        assert_eq!(row.held("mtu_request", None), Ok(None));
        assert!(row.column("fake_bridge").unwrap() == false && row.column("cvlans").is_err());
        let (without, mut rest) = (row.without("name"), known.clone());
        rest.remove("name");
        assert_eq!((without.only(&all), without.get("name")), (Value::Object(rest), None));
        assert_eq!(row.without("qos"), row);
        assert_eq!(Row::from(json!([1])).get("name"), None);
    }
}
