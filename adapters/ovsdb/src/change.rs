//! What is to be changed of ports, before anything is known of their rows.

use std::{collections::BTreeMap, fmt};

use mercury_adapter::OvsdbTable;
use serde_json::{Value, json};

use crate::{bonds, datum, tunnels::TunnelChange, vlans::Vlans};

/// What a plan comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// By the name of the port.
    pub ports: BTreeMap<String, PortChange>,
    /// By the name of the port that is a tunnel.
    pub tunnels: BTreeMap<String, TunnelChange>,
    /// By the name of the port that is a bond, and comes or goes.
    pub bonds: BTreeMap<String, BondChange>,
}

/// What becomes of a bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BondChange {
    /// It comes, with those that join it.
    Make,
    /// It goes, when all have left it.
    Remove,
}

/// The bond in which an interface has its place, and is to have it; `None` for a port of its own
/// name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub from: Option<String>,
    /// Where it is to be.
    pub to: Option<String>,
}

/// What one port is to have; what is not named here stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortChange {
    /// All that it says of VLANs.
    pub vlans: Option<Vlans>,
    /// The columns of leaves.
    pub leaves: Vec<LeafChange>,
    /// Where its interface is to have its place, if that changes.
    pub place: Option<Place>,
}

/// What the column of a leaf is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafChange {
    /// The table.
    pub table: OvsdbTable,
    /// The column.
    pub column: String,
    /// The key, where the column is a map.
    pub key: Option<String>,
    /// What it is to hold; `None` for nothing.
    pub value: Option<Value>,
}

impl Change {
    /// Whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.ports.is_empty() && self.tunnels.is_empty() && self.bonds.is_empty()
    }

    /// The bonds that interfaces join, and that they leave, or that come or go.
    pub(crate) fn places(&self) -> BTreeMap<&str, [Vec<&str>; 2]> {
        let mut bonds: BTreeMap<&str, [Vec<&str>; 2]> = BTreeMap::new();
        for bond in self.bonds.keys() {
            bonds.entry(bond).or_default();
        }
        for (name, place) in self.ports.iter().filter_map(|(name, port)| Some((name.as_str(), port.place.as_ref()?))) {
            for (bond, which) in [(&place.to, 0), (&place.from, 1)] {
                let own = bond.as_ref().and_then(|bond| bonds.entry(bond).or_default().get_mut(which));
                own.into_iter().for_each(|own| own.push(name));
            }
        }
        bonds
    }

    /// The operations that change something. Rows that are to go, and those of interfaces that
    /// move, are known when they are read.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Value> {
        // Of what is not read nothing is missing.
        let places = bonds::operations(self, &bonds::Unread).unwrap_or_default();
        let of = |name: &str, port: &PortChange| match &port.place {
            Some(Place { to: Some(_), .. }) => bonds::of_member(name, port).unwrap_or_default(),
            _ => port.clone(),
        };
        let ports = self.ports.iter().map(move |(name, port)| (name, of(name, port)));
        let ports = ports.flat_map(|(name, port)| port.operations(name, port.vlans.as_ref(), None));
        let ports = places.into_iter().flatten().chain(ports);
        let tunnels = self.tunnels.iter().enumerate().flat_map(|(number, (name, change))| match change {
            TunnelChange::Make(tunnel) => tunnel.made(number).to_vec(),
            TunnelChange::Remove(tunnel) => vec![tunnel.removed(&datum::of_uuid(&format!("the row of {name}")))],
        });
        ports.chain(tunnels)
    }
}

impl PortChange {
    /// The operations that change the port's rows, each one row. `vlans` is what is said of
    /// VLANs; `mark` what `external_ids` is to have by a key, or not to have.
    pub(crate) fn operations(
        &self,
        name: &str,
        vlans: Option<&Vlans>,
        mark: Option<(&str, Option<&str>)>,
    ) -> Vec<Value> {
        let named = json!([["name", "==", name]]);
        let mut operations = Vec::new();
        for table in [OvsdbTable::Port, OvsdbTable::Interface] {
            let own = || self.leaves.iter().filter(|leaf| leaf.table == table);
            let mut row: serde_json::Map<String, Value> = own()
                .filter(|leaf| leaf.key.is_none())
                .map(|leaf| (leaf.column.clone(), leaf.value.clone().unwrap_or_else(|| json!(["set", []]))))
                .collect();
            if let (OvsdbTable::Port, Some(vlans)) = (table, vlans) {
                row.extend(vlans.columns().map(|(column, value)| (column.to_owned(), value)));
            }
            if !row.is_empty() {
                operations.push(json!({ "op": "update", "table": table.name(), "where": named, "row": row }));
            }
            let keyed = own().filter_map(|leaf| {
                let value = leaf.value.as_ref().and_then(Value::as_str);
                Some((leaf.column.as_str(), leaf.key.as_deref()?, value))
            });
            let mark = mark.filter(|_| table == OvsdbTable::Port);
            let mark = mark.map(|(key, value)| ("external_ids", key, value));
            // A map's other pairs are other people's. What is there is not replaced by an insert.
            let mutations: Vec<Value> = keyed
                .chain(mark)
                .flat_map(|(column, key, value)| {
                    let delete = json!([column, "delete", datum::of_set([key])]);
                    let insert = value.map(|value| json!([column, "insert", datum::of_map([(key, value)])]));
                    std::iter::once(delete).chain(insert)
                })
                .collect();
            if !mutations.is_empty() {
                operations
                    .push(json!({ "op": "mutate", "table": table.name(), "where": named, "mutations": mutations }));
            }
        }
        operations
    }
}

/// The operations that change something, one a line.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operations().try_for_each(|operation| writeln!(f, "{operation}"))
    }
}
