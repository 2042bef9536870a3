//! Bonds in tables: which interfaces have a place in one, and what a port's row holds that
//! would be lost with it. The table of ports is shown before all others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use mercury_adapter::{BondRow, Bonds, CliWords};
use mercury_model::InterfaceName;
use serde_json::Value;

use super::{
    blocks::named_by,
    json_table::{Row, lines},
};

/// The column that identifies a row.
const ID: &str = "_uuid";

/// Octets that a port takes beside its name.
const PORT: usize = 128;

/// A row, by which others know it.
type Id = u128;

/// What the tables say of which interface has its place where.
#[derive(Default)]
pub(super) struct Places {
    /// What ports are called; all else counts them.
    names: Vec<String>,
    ports: BTreeMap<Id, usize>,
    /// The port of each interface.
    of: BTreeMap<Id, usize>,
    /// The ports that are bonds.
    bonds: BTreeSet<usize>,
    /// By bond and column, what its interfaces hold.
    common: BTreeMap<(usize, usize), BTreeSet<String>>,
    octets: usize,
}

impl Places {
    /// Octets that it takes.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    /// Takes in a row; of an interface that has a place in a bond, the bond.
    pub(super) fn row(&mut self, own: &Bonds, row: &Row<'_>) -> Option<&str> {
        let columns = &own.columns;
        let (id, name) = (row.cell(ID).and_then(only)?, row.name()?);
        if row.table == columns.ports {
            let interfaces = row.cell(&columns.interfaces).map(ids).unwrap_or_default();
            let number = self.names.len();
            self.octets += PORT * (1 + interfaces.len()) + name.len();
            if interfaces.len() > 1 {
                self.bonds.insert(number);
            }
            self.of.extend(interfaces.into_iter().map(|interface| (interface, number)));
            self.ports.insert(id, number);
            self.names.push(name);
            return None;
        }
        let number = *self.of.get(&id).filter(|_| row.table == columns.interface)?;
        let port = self.names.get(number)?;
        if *port == name && !self.bonds.contains(&number) {
            return None;
        }
        self.bonds.insert(number);
        for (position, column) in columns.common.iter().enumerate() {
            let held = row.cell(column).map(said).unwrap_or_default();
            self.common.entry((number, position)).or_default().insert(held);
        }
        Some(port.as_str())
    }

    /// What is to be read of a member: where it is, what it is called there, and what its interface
    /// says of whose it is. What all interfaces of the bond say, the bond says.
    pub(super) fn member(own: &Bonds, row: &Row<'_>, bond: &str, blocks: &mut String) {
        // Writing to a string cannot fail.
        let _ = writeln!(blocks, " Member of {bond}");
        let [column, key] = &own.columns.text;
        if let Some(text) = row.cell(column).and_then(|map| held(map, key)) {
            let _ = writeln!(blocks, " Member {key} {text}");
        }
        let is_common = |heading: &str| own.columns.common.iter().any(|column| column == heading);
        for (heading, cell) in row.cells().filter(|(heading, _)| *heading != ID && !is_common(heading)) {
            lines(blocks, row.table, heading, cell);
        }
    }

    /// What bonds have that their interfaces say, of those that are asked for.
    pub(super) fn tell(&self, words: &CliWords, own: &Bonds, has: impl Fn(&str) -> bool, blocks: &mut String) {
        for bond in &self.bonds {
            let name = self.names.get(*bond).and_then(|name| named_by(words, name));
            let Some(name) = name.filter(|name| has(name)) else { continue };
            blocks.push_str(&words.interface.enter.fill(|_| Some(name.clone())));
            let _ = writeln!(blocks, "\n {BOND}");
            for (position, column) in own.columns.common.iter().enumerate() {
                let held = self.common.get(&(*bond, position)).into_iter().flatten();
                let held = held.map(String::as_str).collect::<Vec<_>>().join(",");
                if !held.is_empty() {
                    let _ = writeln!(blocks, " {} {column} {held}", own.columns.interface);
                }
            }
        }
    }
}

/// The line that says that a port is a bond.
pub(super) const BOND: &str = "Bond";

/// Whether a column is for this alone, or holds what everybody's does.
pub(super) fn says_nothing(own: &Bonds, heading: &str, cell: &Value) -> bool {
    let is_usual = |values: &Vec<String>| values.contains(&said(cell));
    heading == ID || heading == own.columns.interfaces || own.port.columns.get(heading).is_some_and(is_usual)
}

/// What would be lost with the rows of ports, by their names.
#[derive(Default)]
pub(super) struct Lost {
    places: Places,
    /// Of a port that is no bond, and of one that is.
    of: [BTreeMap<String, Vec<String>>; 2],
}

impl Lost {
    /// Takes in a row.
    pub(super) fn row(&mut self, own: &Bonds, row: &Row<'_>) {
        let bond = self.places.row(own, row).map(str::to_owned);
        let columns = &own.columns;
        let name = row.name();
        if let (Some(name), true) = (&name, row.table == columns.ports) {
            for (kept, lost) in [&own.port, &own.bond].into_iter().zip(&mut self.of) {
                let found = lost_of(kept, row);
                if !found.is_empty() {
                    lost.insert(name.clone(), found);
                }
            }
        }
        // Somebody else's text would be taken for what the port is called.
        if let (Some(name), true, None) = (&name, row.table == columns.interface, &bond) {
            let [column, key] = &columns.text;
            if row.cell(column).and_then(|map| held(map, key)).is_some() {
                let text = format!("{column}:{key} of its interface");
                self.of.iter_mut().take(1).for_each(|of| of.entry(name.clone()).or_default().push(text.clone()));
            }
        }
        for column in columns.references.get(row.table).into_iter().flatten() {
            for id in row.cell(column).map(ids).unwrap_or_default() {
                let port = self.places.ports.get(&id).and_then(|number| self.places.names.get(*number));
                let Some(port) = port else { continue };
                let text = format!("its place in {column} of a {}", row.table.to_lowercase());
                self.of.iter_mut().for_each(|of| of.entry(port.clone()).or_default().push(text.clone()));
            }
        }
    }

    /// Octets that it takes.
    pub(super) fn octets(&self) -> usize {
        let texts = |all: &Vec<String>| all.iter().map(|text| PORT + text.len()).sum::<usize>();
        let of = self.of.iter().flatten().map(|(name, all)| PORT + name.len() + texts(all));
        self.places.octets() + of.sum::<usize>()
    }

    /// Of all ports that are asked for.
    pub(super) fn told(self, words: &CliWords, has: impl Fn(&str) -> bool) -> BTreeMap<InterfaceName, String> {
        let [plain, of_bonds] = self.of;
        let bonds: BTreeSet<&String> = self.places.bonds.iter().filter_map(|at| self.places.names.get(*at)).collect();
        let is_bond = |name: &String| bonds.contains(name);
        let plain = plain.into_iter().filter(|(name, _)| !is_bond(name));
        let all = plain.chain(of_bonds.into_iter().filter(|(name, _)| is_bond(name)));
        let named = |(name, lost): (String, Vec<String>)| {
            let name = named_by(words, &name).filter(|name| has(name))?;
            Some((name.parse().ok()?, lost.join(", ")))
        };
        all.filter_map(named).collect()
    }
}

/// What columns of a port hold, a line for each, as `ovs-vsctl` takes values (RFC 7047 section 5.1
/// has those that are shown).
pub(super) fn same(own: &Bonds, row: &Row<'_>) -> String {
    let value = |column: &String| Some(format!("{column}={}", taken(row.cell(column)?)));
    own.columns.same.iter().filter_map(value).collect::<Vec<_>>().join("\n")
}

/// A value as it is taken; a text in quotation marks, of ASCII alone.
fn taken(cell: &Value) -> String {
    let held = cell.get(1).and_then(Value::as_array);
    match (cell.get(0).and_then(Value::as_str), held) {
        (Some("set"), Some(values)) => format!("[{}]", values.iter().map(taken).collect::<Vec<_>>().join(",")),
        (Some("map"), Some(pairs)) => {
            let pair = |pair: &Value| [0, 1].map(|place| pair.get(place).map(taken).unwrap_or_default()).join("=");
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(","))
        }
        (Some("uuid"), None) => cell.get(1).and_then(Value::as_str).unwrap_or_default().to_owned(),
        _ => {
            let mut text = String::new();
            for c in cell.to_string().chars() {
                if c.is_ascii() {
                    text.push(c);
                } else {
                    let mut units = [0; 2];
                    c.encode_utf16(&mut units).iter().for_each(|unit| {
                        let _ = write!(text, "\\u{unit:04x}");
                    });
                }
            }
            text
        }
    }
}

fn lost_of(kept: &BondRow, row: &Row<'_>) -> Vec<String> {
    let mut lost = Vec::new();
    for (column, values) in &kept.columns {
        if row.cell(column).is_some_and(|cell| !values.contains(&said(cell))) {
            lost.push(column.clone());
        }
    }
    for (column, keys) in &kept.keys {
        let pairs = row.cell(column).and_then(|map| map.get(1)).and_then(Value::as_array).into_iter().flatten();
        let others = pairs.filter_map(|pair| pair.get(0)?.as_str()).filter(|key| !keys.iter().any(|own| own == key));
        lost.extend(others.map(|key| format!("{column}:{key}")));
    }
    lost
}

/// What a column holds, as a line has it.
fn said(cell: &Value) -> String {
    let mut line = String::new();
    lines(&mut line, "", "", cell);
    line.trim().to_owned()
}

/// What a map holds by a key.
fn held(map: &Value, key: &str) -> Option<String> {
    let pairs = map.get(1)?.as_array()?;
    let own = pairs.iter().find(|pair| pair.get(0).and_then(Value::as_str) == Some(key))?;
    Some(said(own.get(1)?))
}

/// The row that a cell names.
fn only(cell: &Value) -> Option<Id> {
    let [kind, id] = cell.as_array()?.as_slice() else { return None };
    let digits = id.as_str().filter(|_| kind.as_str() == Some("uuid"))?;
    Id::from_str_radix(&digits.replace('-', ""), 16).ok()
}

/// The rows that a cell names.
fn ids(cell: &Value) -> Vec<Id> {
    match only(cell) {
        Some(one) => vec![one],
        None => cell.get(1).and_then(Value::as_array).into_iter().flatten().filter_map(only).collect(),
    }
}
