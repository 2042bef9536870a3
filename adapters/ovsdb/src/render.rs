//! A plan as what changes in the rows of ports.

use std::sync::Arc;

use mercury_adapter::{
    Capabilities, Dialect, EntryOperations, LeafOperation, NodePath, Origin, OvsdbDialect, OvsdbTable, Payload, Render,
    RequestForm, Unrenderable, Writing, operations, operations::Value as Written,
};
use mercury_model::{self as model, Edit, Leaf, Plan, VlanSet};
use serde_json::Value;

use crate::{
    change::{BondChange, Change, LeafChange, Place, PortChange},
    transaction::DATABASE,
    tunnels,
    vlans::{ACCESS, NATIVE, TRUNK, UNTAGGED_ACCESS, Vlans},
};

/// The column of a port that says how LACP is spoken.
const LACP: &str = "lacp";
/// Why it always is (ovs-vswitchd.conf.db(5), bond_mode).
const STATIC: &str = "without LACP a bond takes frames to groups from one of its interfaces alone";

/// Renders plans for one switch.
#[derive(Debug)]
pub struct Renderer {
    dialect: Arc<Dialect>,
    ovsdb: OvsdbDialect,
}

impl Renderer {
    /// A renderer for a dialect that speaks OVSDB; `None` for one that does not.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>) -> Option<Self> {
        Some(Self { dialect: Arc::clone(dialect), ovsdb: dialect.ovsdb.clone()? })
    }

    /// What a plan changes.
    ///
    /// # Errors
    /// [`Unrenderable`] names the first edit that the dialect cannot express.
    pub fn change(&self, plan: &Plan) -> Result<Change, Unrenderable> {
        let (dialect, tree) = (&*self.dialect, &*self.ovsdb.tree);
        let writing =
            Writing { dialect, protocol: "ovsdb", tree, instance: "", explicit_enabled: false, one_by_one: false };
        let operations = operations(&writing, plan)?;
        let tunnels = tunnels::changes(dialect, plan)?;
        let mut change = Change { tunnels, ..Change::default() };
        for gone in operations.gone() {
            let name = gone.names.resolve("{name}").unwrap_or_default();
            change.bonds.insert(name.into_owned(), BondChange::Remove);
        }
        for entry in &operations.entries {
            // What binds VLANs to VNIs has no port of its own yet.
            let Some(name) = entry.entry.names.resolve("{name}") else { continue };
            let mut port = self.port(entry)?;
            if entry.origin != Origin::Present {
                change.bonds.insert(name.clone().into_owned(), BondChange::Make);
                self.bond(&name, &mut port)?;
            }
            change.ports.insert(name.into_owned(), port);
        }
        for edit in &plan.edits {
            let Edit::Interface { interface, change: own, .. } = edit else { continue };
            let Some(port) = change.ports.get_mut(interface.as_str()).filter(|_| own.leaf == Leaf::AggregateId) else {
                continue;
            };
            let name = |bond: &Option<model::Value>| bond.as_ref().and_then(model::Value::spelled);
            let place = Place { from: name(&own.before), to: name(&own.after) };
            if place.to.is_none() {
                port.vlans.get_or_insert_with(|| Vlans::closed(self.ovsdb.closed));
            }
            port.place = Some(place);
        }
        let is_empty = |bond: &&String| change.places().get(bond.as_str()).is_some_and(|[joins, _]| joins.is_empty());
        let made = change.bonds.iter().filter(|(_, own)| **own == BondChange::Make).map(|(name, _)| name);
        match made.into_iter().find(is_empty) {
            Some(bond) => Err(dialect.cannot(&format!("{bond} without members"), "a bond is its interfaces")),
            None => Ok(change),
        }
    }

    /// What a bond that is made has besides.
    fn bond(&self, name: &str, port: &mut PortChange) -> Result<(), Unrenderable> {
        if !port.leaves.iter().any(|leaf| leaf.column == LACP && leaf.value.is_some()) {
            return Err(self.dialect.cannot(&format!("{name} as a static aggregate"), STATIC));
        }
        port.vlans.get_or_insert_with(|| Vlans::closed(self.ovsdb.closed));
        let value = self.ovsdb.bond_mode.clone().map(Value::from);
        port.leaves.push(LeafChange { table: OvsdbTable::Port, column: "bond_mode".to_owned(), key: None, value });
        Ok(())
    }

    fn port(&self, entry: &EntryOperations) -> Result<PortChange, Unrenderable> {
        let mut port = PortChange::default();
        let mut said = Said::default();
        for leaf in &entry.leaves {
            let (path, value) = match leaf {
                LeafOperation::Set(path, value) => (path, Some(value)),
                LeafOperation::Remove(path) => (path, None),
                LeafOperation::SetList { wanted, .. } => {
                    (said.trunks, said.is_said) = (Some(wanted.iter().map(Written::text).collect()), true);
                    continue;
                }
            };
            match last(path) {
                "mode" => (said.mode, said.is_said) = (value.map(Written::text), true),
                // Where it has its place, the plan says; and what it is, that it has others'.
                "aggregate-id" | "type" => {}
                "untagged-vlan" => (said.tag, said.is_said) = (value.map(Written::text), true),
                node => {
                    let column = self.ovsdb.columns.get(node).ok_or_else(|| self.dialect.cannot(node, "no column"))?;
                    let value = value.map(|value| match value {
                        Written::Number(number) => Value::from(*number),
                        other => Value::from(other.text()),
                    });
                    if value.is_none() && column.column == LACP {
                        return Err(self.dialect.cannot("a static aggregate", STATIC));
                    }
                    port.leaves.push(LeafChange {
                        table: column.table,
                        column: column.column.clone(),
                        key: column.key.clone(),
                        value,
                    });
                }
            }
        }
        if said.is_said {
            port.vlans = Some(self.vlans(said)?);
        }
        Ok(port)
    }

    /// What is said is all that is to be said.
    fn vlans(&self, said: Said) -> Result<Vlans, Unrenderable> {
        let tag = said.tag.map(|tag| tag.parse::<i64>()).transpose();
        let tag = tag.map_err(|_| self.dialect.cannot("an untagged VLAN", "it is no number"))?;
        let listed = said.trunks.unwrap_or_default();
        let closed = || vec![i64::from(self.ovsdb.closed)];
        let trunks = match listed.as_slice() {
            [] => closed(),
            [word] if word == "all" => Vec::new(),
            ranges => self.numbers(ranges)?,
        };
        Ok(match (said.mode.as_deref(), tag) {
            (None, None) if listed.is_empty() => Vlans::closed(self.ovsdb.closed),
            (None, Some(_)) if listed.is_empty() => Vlans { mode: None, tag, trunks: Vec::new() },
            (None, _) => Vlans { mode: None, tag, trunks },
            (Some(ACCESS), None) => {
                let reason = "it would carry what is in VLAN 0";
                return Err(self.dialect.cannot("an access port without a VLAN", reason));
            }
            (Some(UNTAGGED_ACCESS), _) => Vlans { mode: Some(ACCESS.to_owned()), tag: None, trunks: Vec::new() },
            (Some(ACCESS), tag) => Vlans { mode: Some(ACCESS.to_owned()), tag, trunks: Vec::new() },
            (Some(TRUNK), None) if listed.is_empty() => {
                let reason = "it would be a port of which nothing is said";
                return Err(self.dialect.cannot("a trunk of no VLANs", reason));
            }
            (Some(TRUNK), None) => Vlans { mode: Some(TRUNK.to_owned()), tag, trunks },
            (Some(TRUNK), Some(_)) => Vlans { mode: Some(NATIVE.to_owned()), tag, trunks },
            // As it was written by others.
            (Some(other), tag) => Vlans { mode: Some(other.to_owned()), tag, trunks },
        })
    }

    /// The VLANs of a list, one by one.
    fn numbers(&self, ranges: &[String]) -> Result<Vec<i64>, Unrenderable> {
        if let Ok(set) = ranges.join(",").parse::<VlanSet>() {
            return Ok(set.iter().map(|id| id.get().into()).collect());
        }
        // Numbers that are no VLANs, as others have written them.
        let numbers: Result<Vec<i64>, _> = ranges.iter().map(|text| text.parse()).collect();
        numbers.map_err(|_| self.dialect.cannot("a trunk's VLANs", "the list holds what is no number"))
    }
}

/// What the operations say of a port's VLANs.
#[derive(Default)]
struct Said {
    is_said: bool,
    mode: Option<String>,
    tag: Option<String>,
    trunks: Option<Vec<String>>,
}

fn last(path: &NodePath) -> &str {
    path.steps.last().map_or("", |step| step.name.as_str())
}

impl Render for Renderer {
    /// The parameters of the transaction that carries it, without its guards.
    fn request(&self, payload: &Payload, _: &Capabilities, form: RequestForm) -> Option<String> {
        let change = payload.body::<Change>().filter(|_| form == RequestForm::Json)?;
        let params: Value = std::iter::once(Value::from(DATABASE)).chain(change.operations()).collect();
        serde_json::to_string_pretty(&params).ok()
    }

    fn render(&self, plan: &Plan, _: &Capabilities) -> Result<Payload, Unrenderable> {
        Ok(Payload::new(self.change(plan)?))
    }
}
