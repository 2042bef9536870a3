//! Interfaces that join bonds and leave them, in a transaction of rows that were read.

use std::collections::BTreeSet;

use mercury_adapter::{ErrorTag, OvsdbTable, RpcError};
use serde_json::{Value, json};

use crate::{
    bonds::{self, Named},
    change::{BondChange, Change, LeafChange, Place, PortChange},
    datum::{self, NoDatum},
    guarded::{Known, Making, Ports, Was, guard, guard_interface, missing, moved, senseless},
    rows::Row,
    transaction::Transaction,
};

/// The column of an interface that all of a bond have the same.
const MTU: &str = "mtu_request";

/// Rows as they were read.
pub(crate) struct Read<'p> {
    ports: &'p Ports,
    restored: &'p BTreeSet<String>,
}

impl Read<'_> {
    fn known(&self, name: &str) -> Result<&Known, Box<RpcError>> {
        self.ports.members.get(name).or_else(|| self.ports.known.get(name)).ok_or_else(|| missing(name))
    }
}

fn uuid(name: &str, row: Option<&Row>) -> Result<Value, Box<RpcError>> {
    let row = row.ok_or_else(|| missing(name))?;
    row.uuid().map(datum::of_uuid).map_err(|error| senseless(name, error))
}

impl Named for Read<'_> {
    fn interface(&self, name: &str) -> Result<Value, Box<RpcError>> {
        uuid(name, self.known(name)?.interface.as_ref())
    }

    fn port(&self, name: &str) -> Result<Value, Box<RpcError>> {
        uuid(name, Some(&self.ports.known.get(name).ok_or_else(|| missing(name))?.port))
    }

    fn bridge(&self, name: &str) -> Result<Value, Box<RpcError>> {
        uuid(name, self.known(name)?.bridge.as_ref())
    }

    fn was(&self, name: &str) -> Option<serde_json::Map<String, Value>> {
        match self.ports.before.get(name) {
            Some(Was::Port(had)) if self.restored.contains(name) => Some(had.port.written()),
            _ => None,
        }
    }
}

impl Ports {
    pub(crate) fn named<'p>(&'p self, restored: &'p BTreeSet<String>) -> Read<'p> {
        Read { ports: self, restored }
    }

    /// Adds what becomes of an interface that joins a bond, leaves one or stays in one. Says
    /// whether it is in one then, and has no port of which anything could be said.
    pub(crate) fn place(
        &self,
        name: &str,
        wanted: &PortChange,
        now: &Was,
        making: &mut Making,
    ) -> Result<bool, Box<RpcError>> {
        let senseless = |error| senseless(name, error);
        let from = match now {
            Was::Member(known) => known.port.text("name").map_err(senseless)?.map(str::to_owned),
            Was::Port(_) | Was::Nothing => None,
        };
        let place = wanted.place.clone().unwrap_or_else(|| Place { from: from.clone(), to: from.clone() });
        if place.from != from {
            return Err(Box::new(RpcError::new(ErrorTag::InUse, moved(&format!("the place of {name}")))));
        }
        let had = self.before.get(name);
        let has_text = wanted.leaves.iter().any(|leaf| leaf.key.as_deref() == Some(bonds::DESCRIPTION));
        match (now, &place.to) {
            (Was::Port(known), Some(bond)) => {
                let refused = |message| Err(Box::new(RpcError::new(ErrorTag::DataExists, message)));
                if let Some(lost) = bonds::lost(&known.port, false).map_err(senseless)? {
                    return refused(format!("{name} has {lost}, which would be lost in {bond}"));
                }
                let interface = known.interface.as_ref().ok_or_else(|| missing(name))?;
                if bonds::description(interface).map_err(senseless)?.is_some() {
                    return refused(format!(
                        "the interface {name} has external_ids:description of somebody else's, \
                         which in {bond} would be the port's"
                    ));
                }
                let mut own = bonds::of_member(name, wanted)?;
                if !has_text && let text @ Some(_) = bonds::description(&known.port).map_err(senseless)? {
                    own.leaves.push(bonds::described(text));
                }
                own.leaves.extend(self.mtu_of(bond).map_err(senseless)?);
                making.changes.extend(own.operations(name, None, None));
                let interfaces = known.port.uuids("interfaces").map_err(senseless)?;
                let interfaces = interfaces.into_iter().map(|uuid| json!(["_uuid", "==", datum::of_uuid(uuid)]));
                making.interfaces.extend(interfaces);
                making.is_restored &= match had {
                    Some(Was::Member(had)) => {
                        had.port.text("name").map_err(senseless)? == Some(bond) && had.has(&own).map_err(senseless)?
                    }
                    _ => false,
                };
                Ok(true)
            }
            (Was::Member(_), Some(bond)) => {
                let mut own = bonds::of_member(name, wanted)?;
                if from.as_ref() != Some(bond) {
                    own.leaves.extend(self.mtu_of(bond).map_err(senseless)?);
                }
                making.changes.extend(own.operations(name, None, None));
                making.is_restored = false;
                Ok(true)
            }
            (Was::Member(known), None) => {
                // What was said of the interface is said of the port again.
                let interface = known.interface.as_ref().ok_or_else(|| missing(name))?;
                let text = bonds::description(interface).map_err(senseless)?;
                let mut leaves = Vec::new();
                if text.is_some() {
                    leaves.push(bonds::described(None));
                }
                if !has_text && text.is_some() {
                    leaves.push(LeafChange { table: OvsdbTable::Port, ..bonds::described(text) });
                }
                if !wanted.leaves.iter().any(|leaf| leaf.column == MTU) {
                    leaves.push(mtu(None));
                }
                let own = PortChange { leaves, ..PortChange::default() };
                if let Some(Was::Port(had)) = had {
                    making.is_restored &= had.has(&own).map_err(senseless)?;
                }
                making.changes.extend(own.operations(name, None, None));
                Ok(false)
            }
            (Was::Port(_) | Was::Nothing, _) => Ok(false),
        }
    }

    /// Adds what the bonds rest on that a change is about, and what is said of all that have a
    /// place in one.
    pub(crate) fn bonds(
        &self,
        transaction: &mut Transaction,
        change: &Change,
        bridges: &[String],
        making: &mut Making,
    ) -> Result<(), Box<RpcError>> {
        for (bond, [joins, leaves]) in change.places() {
            let senseless = |error| senseless(bond, error);
            let known = self.known.get(bond);
            let refused = |message: String| Err(Box::new(RpcError::new(ErrorTag::InvalidValue, message)));
            let own = change.bonds.get(bond);
            let is_made = own == Some(&BondChange::Make);
            let named = self.named(&making.restored);
            let of = joins.iter().copied().chain((!is_made && !joins.is_empty()).then_some(bond));
            let of: Vec<Value> = of.map(|name| named.bridge(name)).collect::<Result<_, _>>()?;
            if of.iter().any(|bridge| Some(bridge) != of.first()) {
                return refused(format!("{bond}: {} are in several bridges, or in another than it", joins.join(", ")));
            }
            for name in joins.iter().filter(|name| !self.members.contains_key(**name)) {
                let port = &self.known.get(*name).ok_or_else(|| missing(name))?.port;
                bonds::spare(transaction, name, port).map_err(senseless)?;
            }
            if is_made {
                continue;
            }
            let known = known.ok_or_else(|| missing(bond))?;
            if !change.ports.contains_key(bond) {
                guard(transaction, bond, known, bridges)?;
                making.before.insert(bond.to_owned(), Was::Port(known.clone()));
            }
            let interface = |name: &&str| {
                let own = self.members.get(*name).or_else(|| self.known.get(*name))?;
                own.interface.as_ref()?.uuid().ok()
            };
            let gone: BTreeSet<&str> = leaves.iter().filter_map(interface).collect();
            let left: BTreeSet<&str> = known.port.uuids("interfaces").map_err(senseless)?.into_iter().collect();
            let left: BTreeSet<&str> = left.difference(&gone).copied().collect();
            let had = self.before.get(bond);
            if own == Some(&BondChange::Remove) {
                if !left.is_empty() {
                    return refused(format!("{bond} has other interfaces, which would go with it"));
                }
                if let Some(lost) = bonds::lost(&known.port, true).map_err(senseless)? {
                    let message = format!("{bond} has {lost}, which would be lost with it");
                    return Err(Box::new(RpcError::new(ErrorTag::DataExists, message)));
                }
                bonds::spare(transaction, bond, &known.port).map_err(senseless)?;
                making.is_restored &= matches!(had, Some(Was::Nothing));
                continue;
            }
            if left.is_empty() && joins.is_empty() {
                return refused(format!("{bond} would have no interface, and there is no such bond"));
            }
            let had: BTreeSet<&str> = match had {
                Some(Was::Port(had)) => had.port.uuids("interfaces").map_err(senseless)?.into_iter().collect(),
                _ => BTreeSet::new(),
            };
            let now: BTreeSet<&str> = left.into_iter().chain(joins.iter().filter_map(interface)).collect();
            making.is_restored &= had == now;
        }
        for (bond, port) in &change.ports {
            let of_bond = port.leaves.iter().find(|leaf| leaf.column == MTU);
            let Some(leaf) = of_bond.filter(|_| port.place.is_none() && !self.members.contains_key(bond)) else {
                continue;
            };
            let places = change.places();
            let [joins, leaves] = places.get(bond.as_str()).cloned().unwrap_or_default();
            let stay: Vec<&str> = self.in_bond(bond).filter(|name| !leaves.contains(name)).collect();
            for name in &stay {
                guard_interface(transaction, name, self.members.get(*name).and_then(|own| own.interface.as_ref()));
            }
            for name in stay.into_iter().chain(joins.iter().copied()) {
                let own = PortChange { leaves: vec![leaf.clone()], ..PortChange::default() };
                making.changes.extend(own.operations(name, None, None));
            }
        }
        Ok(())
    }

    /// The interfaces that have a place in a bond, of those that were read: as the bond's row
    /// has them, which may have been read later than theirs.
    fn in_bond<'p>(&'p self, bond: &str) -> impl Iterator<Item = &'p str> {
        let has: BTreeSet<&str> =
            self.known.get(bond).and_then(|known| known.port.uuids("interfaces").ok()).into_iter().flatten().collect();
        let is_in = move |own: &Known| {
            own.interface.as_ref().and_then(|row| row.uuid().ok()).is_some_and(|uuid| has.contains(uuid))
        };
        self.members.iter().filter(move |(_, own)| is_in(own)).map(|(name, _)| name.as_str())
    }

    /// What joins a bond that is there has its MTU.
    fn mtu_of(&self, bond: &str) -> Result<Option<LeafChange>, NoDatum> {
        let member = self.in_bond(bond).find_map(|name| self.members.get(name)?.interface.as_ref());
        Ok(match member {
            Some(row) => Some(mtu(row.held(MTU, None)?)),
            None => None,
        })
    }
}

fn mtu(value: Option<Value>) -> LeafChange {
    LeafChange { table: OvsdbTable::Interface, column: MTU.to_owned(), key: None, value }
}
