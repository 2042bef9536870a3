//! A change as one transaction that is carried out only where everything it was made
//! from is still so.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{ErrorTag, OvsdbTable, RpcError};
use mercury_model::InterfaceScope;
use serde_json::{Value, json};

use crate::{
    bonds,
    change::{BondChange, Change, PortChange},
    datum::{self, NoDatum},
    owner::MARK,
    read::foreign,
    rows::{DATABASE_TABLE, GUARDED_BRIDGE, GUARDED_INTERFACE, GUARDED_PORT, GUARDED_TUNNEL, Row, Rows},
    transaction::Transaction,
    tunnels::{self, Tunnel, TunnelChange},
    vlans::Vlans,
};

/// What a port that Mercury configured is marked with.
const CONFIGURED: &str = "configured";

/// The rows of one port, as they were last read; of an interface in a bond, those of the bond.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) port: Row,
    /// The interface of the name.
    pub(crate) interface: Option<Row>,
    /// The interfaces of a bond, as far as they were read.
    interfaces: Vec<Row>,
    /// The options of a tunnel.
    tunnel: Option<Row>,
    pub(crate) bridge: Option<Row>,
}

/// What a name was.
#[derive(Clone, Debug)]
pub(crate) enum Was {
    /// Neither a port nor an interface in a bond.
    Nothing,
    /// A port.
    Port(Known),
    /// An interface in a bond.
    Member(Known),
}

impl Known {
    /// Whether the port has all that is wanted of it, or what works the same.
    pub(crate) fn has(&self, wanted: &PortChange) -> Result<bool, NoDatum> {
        if let Some(vlans) = &wanted.vlans
            && vlans.effective() != Vlans::of(&self.port)?.effective()
        {
            return Ok(false);
        }
        for leaf in &wanted.leaves {
            let rows = match (leaf.table, &self.interface) {
                (OvsdbTable::Port, _) => vec![&self.port],
                (OvsdbTable::Interface, Some(own)) => vec![own],
                // What is said of a bond's interfaces is said of each.
                (OvsdbTable::Interface, None) if self.interfaces.len() < self.port.uuids("interfaces")?.len() => {
                    return Ok(false);
                }
                (OvsdbTable::Interface, None) => self.interfaces.iter().collect(),
            };
            for row in rows {
                if row.held(&leaf.column, leaf.key.as_deref())? != leaf.value {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    pub(crate) fn mark(&self) -> Result<Option<&str>, NoDatum> {
        Ok(self.port.map("external_ids")?.get(MARK).copied())
    }
}

/// What a session knows of ports.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    pub(crate) known: BTreeMap<String, Known>,
    /// The interfaces that have a place in a bond.
    pub(crate) members: BTreeMap<String, Known>,
    /// As they were before the last change of each, of the request that is served.
    pub(crate) before: BTreeMap<String, Was>,
    /// Without their ports.
    bridges: BTreeMap<String, Row>,
    /// All ports were read in this turn, for whoever asked for all.
    has_all_rows: bool,
    /// The tunnels that there were before the last change of each, of that request; `None`
    /// for one that there was not.
    tunnels_before: BTreeMap<String, Option<Tunnel>>,
}

/// A transaction that is ready.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) transaction: Transaction,
    /// What each port had.
    before: BTreeMap<String, Was>,
    /// Whether each port gets back what it had before the last change.
    pub(crate) is_restored: bool,
    /// Which rows of `Interface` are to carry something, as conditions.
    pub(crate) interfaces: Vec<Value>,
    /// What tunnels there were.
    tunnels: BTreeMap<String, Option<Tunnel>>,
}

impl Ports {
    /// Remembers what was read; `is_whole`: of all ports.
    pub(crate) fn read(&mut self, rows: &Rows, is_whole: bool) -> Result<(), NoDatum> {
        if is_whole {
            self.known.clear();
            self.members.clear();
        }
        // Which ports a bridge has is no guard, and as long as the bridge is large.
        let mut bridged = BTreeMap::new();
        for bridge in &rows.bridges {
            let own = bridge.without("ports");
            bridged.extend(bridge.uuids("ports")?.into_iter().map(|port| (port, own.clone())));
            self.bridges.insert(bridge.text("name")?.ok_or(NoDatum)?.to_owned(), own);
        }
        let known = |(name, port): (&String, &Row)| {
            let of_bond = if port.is_bond(name, rows)? { rows.interfaces_of(port)? } else { Vec::new() };
            let known = Known {
                port: port.clone(),
                interface: rows.interfaces.get(name).cloned(),
                interfaces: of_bond.into_iter().cloned().collect(),
                tunnel: rows.tunnels.get(name).cloned(),
                bridge: bridged.get(port.uuid()?).cloned(),
            };
            Ok((name.clone(), known))
        };
        // Together, so that the nodes of the map are full.
        self.known.append(&mut rows.ports.iter().map(known).collect::<Result<_, NoDatum>>()?);
        for name in rows.ports.keys().chain(rows.interfaces.keys()) {
            self.members.remove(name);
        }
        for (name, bond) in rows.members()? {
            let known = Known {
                port: bond.clone(),
                interface: rows.interfaces.get(name).cloned(),
                interfaces: Vec::new(),
                tunnel: None,
                bridge: bridged.get(bond.uuid()?).cloned(),
            };
            self.known.remove(name);
            self.members.insert(name.to_owned(), known);
        }
        Ok(())
    }

    /// What was read is of all ports because all were asked for: it is kept for this turn alone.
    pub(crate) fn asked_for_all(&mut self) {
        self.has_all_rows = true;
    }

    /// Whether the rows of each of these are known.
    pub(crate) fn has_all(&self, interfaces: &InterfaceScope) -> bool {
        match interfaces {
            InterfaceScope::Named(names) => {
                let is_known = |name: &str| self.known.contains_key(name) || self.members.contains_key(name);
                names.iter().all(|name| is_known(name.as_str()))
            }
            InterfaceScope::All => false,
        }
    }

    /// The request is over, and the next one undoes nothing of it. What was read of all ports is as
    /// large as the database, and is read anew by whoever changes something.
    pub(crate) fn end(&mut self) {
        self.before.clear();
        self.tunnels_before.clear();
        if std::mem::take(&mut self.has_all_rows) {
            self.known.clear();
            self.members.clear();
        }
    }

    /// A change was made: what is known of its ports is so no more.
    pub(crate) fn made(&mut self, guarded: &Guarded) {
        for (name, before) in &guarded.tunnels {
            self.known.remove(name);
            if guarded.is_restored {
                self.tunnels_before.remove(name);
            } else {
                self.tunnels_before.insert(name.clone(), before.clone());
            }
        }
        for (name, before) in &guarded.before {
            self.known.remove(name);
            // And of a bond's interfaces, by whoever's name.
            self.members.retain(|own, known| own != name && known.port.text("name") != Ok(Some(name.as_str())));
            if guarded.is_restored {
                self.before.remove(name);
            } else {
                self.before.insert(name.clone(), before.clone());
            }
        }
    }

    /// The transaction of a change. `bridges`: those of somebody else that may be changed
    /// all the same; `closed`: the one VLAN of a port that carries nothing; `requests`: whose
    /// they are, for the log of the database.
    ///
    /// # Errors
    /// A port is not there, or not Mercury's to change.
    pub(crate) fn guarded(
        &self,
        change: &Change,
        bridges: &[String],
        closed: u16,
        requests: &str,
    ) -> Result<Guarded, Box<RpcError>> {
        let mut transaction = Transaction::default();
        let mut making = Making { is_restored: !change.is_empty(), ..Making::default() };
        for (name, wanted) in &change.ports {
            self.port(&mut transaction, (change, bridges, closed), (name, wanted), &mut making)?;
        }
        self.bonds(&mut transaction, change, bridges, &mut making)?;
        // What waits comes first: it would see what was made and changed before it.
        self.guard_vlans(&mut transaction, change).map_err(|error| senseless("a port", error))?;
        let Making { restored, before, mut changes, mut interfaces, mut is_restored } = making;
        let [mut made, placed] = bonds::operations(change, &self.named(&restored))?;
        let mut tunnels = BTreeMap::new();
        for (number, (name, wanted)) in change.tunnels.iter().enumerate() {
            let into = [&mut made, &mut changes];
            let (there, is_as_before) = self.tunnel(&mut transaction, bridges, (number, name, wanted), into)?;
            is_restored &= is_as_before;
            if there.is_none() {
                interfaces.push(json!(["name", "==", name]));
            }
            tunnels.insert(name.clone(), there);
        }
        transaction.make(made);
        transaction.change(placed);
        transaction.change(changes);
        transaction.change([json!({
            "op": "mutate", "table": DATABASE_TABLE, "where": [], "mutations": [["next_cfg", "+=", 1]],
        })]);
        transaction.select(DATABASE_TABLE, &[], &["next_cfg"]);
        let names: BTreeSet<&str> =
            change.ports.keys().chain(change.bonds.keys()).chain(change.tunnels.keys()).map(String::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let requests = if requests.is_empty() { String::new() } else { format!(" for {requests}") };
        transaction.comment(&format!("mercury: {}{requests}", names.join(", ")));
        Ok(Guarded { transaction, before, is_restored, interfaces, tunnels })
    }

    /// Adds what changes one port, and what that rests on.
    fn port(
        &self,
        transaction: &mut Transaction,
        (change, bridges, closed): (&Change, &[String], u16),
        (name, wanted): (&str, &PortChange),
        making: &mut Making,
    ) -> Result<(), Box<RpcError>> {
        let senseless = |error| senseless(name, error);
        let is_made = change.bonds.get(name) == Some(&BondChange::Make);
        let now = match (self.members.get(name), self.known.get(name)) {
            _ if is_made => Was::Nothing,
            (Some(known), _) => Was::Member(known.clone()),
            (None, Some(known)) => Was::Port(known.clone()),
            (None, None) => return Err(missing(name)),
        };
        match &now {
            Was::Nothing => {}
            Was::Port(known) => guard(transaction, name, known, bridges)?,
            Was::Member(known) => {
                let bond = known.port.text("name").map_err(senseless)?.unwrap_or_default();
                guard(transaction, bond, &Known { interface: None, ..known.clone() }, bridges)?;
                guard_interface(transaction, name, known.interface.as_ref());
            }
        }
        let had = self.before.get(name);
        if self.place(name, wanted, &now, making)? {
            making.before.insert(name.to_owned(), now);
            return Ok(());
        }
        let had = match had {
            Some(Was::Port(had)) if had.has(wanted).map_err(senseless)? => Some(had),
            _ => None,
        };
        making.is_restored &= had.is_some();
        let vlans = match (&wanted.vlans, had) {
            (Some(_), Some(had)) => Some(Vlans::of(&had.port).map_err(senseless)?),
            (wanted, _) => wanted.clone(),
        };
        let is_closed = vlans.as_ref().is_some_and(|vlans| vlans.effective() == Vlans::closed(closed).effective());
        let mark = match had {
            Some(had) => had.mark().map_err(senseless)?,
            None if is_closed => None,
            None => Some(CONFIGURED),
        };
        // What is said of a bond's interfaces is said of each, when all have their places.
        let mut own = wanted.clone();
        if is_made || matches!(&now, Was::Port(known) if known.interface.is_none()) {
            own.leaves.retain(|leaf| leaf.table == OvsdbTable::Port);
        }
        making.changes.extend(own.operations(name, vlans.as_ref(), vlans.as_ref().map(|_| (MARK, mark))));
        if let (Was::Port(known), Some(vlans)) = (&now, &vlans) {
            let held = Vlans::of(&known.port).map_err(senseless)?;
            // What has less than it had needs no device for that.
            if !vlans.is_less_than(&held) && !is_closed {
                let own = known.port.uuids("interfaces").map_err(senseless)?;
                making.interfaces.extend(own.into_iter().map(|uuid| json!(["_uuid", "==", datum::of_uuid(uuid)])));
            }
        }
        if had.is_some() {
            making.restored.insert(name.to_owned());
        }
        making.before.insert(name.to_owned(), now);
        Ok(())
    }

    /// Has the transaction go on only where a VLAN that is bound to a VNI, was or is to be, has
    /// the ports that it had, and the tunnels that it keeps: somebody else may bind it to
    /// another VNI meanwhile, or put a port on it, whatever their ports are called.
    fn guard_vlans(&self, transaction: &mut Transaction, change: &Change) -> Result<(), NoDatum> {
        let mut on: BTreeMap<i64, Vec<(&str, &Known)>> = BTreeMap::new();
        let mut listed: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        for (name, known) in &self.known {
            let vlans = Vlans::of(&known.port)?;
            vlans.tag.into_iter().for_each(|vlan| on.entry(vlan).or_default().push((name, known)));
            vlans.trunks.into_iter().for_each(|vlan| listed.entry(vlan).or_default().push(name));
        }
        let is_bound =
            |vlan: &i64| on.get(vlan).is_some_and(|ports| ports.iter().any(|(_, port)| port.tunnel.is_some()));
        let wanted = change.ports.values().filter_map(|port| port.vlans.as_ref());
        let joined = wanted.flat_map(|vlans| vlans.tag.iter().chain(&vlans.trunks)).copied().filter(is_bound);
        let changed = change.tunnels.values().map(|tunnel| i64::from(tunnel.vlan().get()));
        for vlan in joined.chain(changed).collect::<BTreeSet<_>>() {
            let ports = on.get(&vlan).map(Vec::as_slice).unwrap_or_default();
            let listed = listed.get(&vlan).map(Vec::as_slice).unwrap_or_default();
            let rows = |names: Vec<&str>| names.into_iter().map(|name| json!({ "name": name })).collect::<Vec<_>>();
            let otherwise = moved(&format!("VLAN {vlan}"));
            let (tagged, trunks) = (json!(["tag", "==", vlan]), json!(["trunks", "includes", vlan]));
            let named = rows(ports.iter().map(|(name, _)| *name).collect());
            transaction.wait(0, ("Port", &[tagged]), &["name"], &named, otherwise.clone());
            transaction.wait(0, ("Port", &[trunks]), &["name"], &rows(listed.to_vec()), otherwise.clone());
            for (name, options) in ports.iter().filter_map(|(name, port)| Some((name, port.tunnel.as_ref()?))) {
                let named = [json!(["name", "==", name])];
                let rows = [options.only(GUARDED_TUNNEL)];
                transaction.wait(0, ("Interface", &named), GUARDED_TUNNEL, &rows, otherwise.clone());
            }
        }
        Ok(())
    }

    /// Adds what makes a tunnel or takes one away, and what it rests on; what there was, and
    /// whether it is so again as it was before the last change.
    fn tunnel(
        &self,
        transaction: &mut Transaction,
        bridges: &[String],
        (number, name, wanted): (usize, &str, &TunnelChange),
        [made, changes]: [&mut Vec<Value>; 2],
    ) -> Result<(Option<Tunnel>, bool), Box<RpcError>> {
        let senseless = |error| senseless(name, error);
        let (TunnelChange::Make(tunnel) | TunnelChange::Remove(tunnel)) = wanted;
        let bridge = self.bridges.get(&tunnel.bridge).ok_or_else(|| {
            Box::new(RpcError::new(ErrorTag::DataMissing, format!("there is no bridge {}", tunnel.bridge)))
        })?;
        if !tunnels::may(bridges, bridge).map_err(senseless)? {
            let message = format!("bridge {} is somebody else's, and Mercury makes no tunnels there", tunnel.bridge);
            return Err(Box::new(RpcError::new(ErrorTag::AccessDenied, message)));
        }
        let own = [json!(["_uuid", "==", datum::of_uuid(bridge.uuid().map_err(senseless)?)])];
        let rows = [bridge.only(GUARDED_BRIDGE)];
        let otherwise = moved(&format!("bridge {}", tunnel.bridge));
        transaction.wait(0, ("Bridge", &own), GUARDED_BRIDGE, &rows, otherwise);
        let had = self.tunnels_before.get(name);
        if let TunnelChange::Make(_) = wanted {
            // A name that is there already is refused by the server.
            let [interface, port, joins] = tunnel.made(number);
            made.extend([interface, port]);
            changes.push(joins);
            return Ok((None, had == Some(&Some(tunnel.clone()))));
        }
        let known = self.known.get(name).ok_or_else(|| missing(name))?;
        let there = tunnels::of_rows(&known.port, known.tunnel.as_ref(), known.bridge.as_ref()).map_err(senseless)?;
        let Some((_, true)) = &there else {
            let message = format!("{name} is not a tunnel of Mercury's, or is another by now");
            return Err(Box::new(RpcError::new(ErrorTag::AccessDenied, message)));
        };
        let port = datum::of_uuid(known.port.uuid().map_err(senseless)?);
        let by_uuid = [json!(["_uuid", "==", port])];
        transaction.wait(0, ("Port", &by_uuid), GUARDED_PORT, &[known.port.only(GUARDED_PORT)], moved(name));
        changes.push(tunnel.removed(&port));
        Ok((there.map(|(tunnel, _)| tunnel), had == Some(&None)))
    }
}

/// What becomes of the parts of a transaction.
#[derive(Default)]
pub(crate) struct Making {
    /// The ports that come back as they were.
    pub(crate) restored: BTreeSet<String>,
    pub(crate) before: BTreeMap<String, Was>,
    pub(crate) changes: Vec<Value>,
    /// Which rows of `Interface` are to carry something, as conditions.
    pub(crate) interfaces: Vec<Value>,
    pub(crate) is_restored: bool,
}

pub(crate) fn missing(name: &str) -> Box<RpcError> {
    let message = format!("{name} is in no bridge, and Mercury makes no ports but bonds");
    Box::new(RpcError::new(ErrorTag::DataMissing, message))
}

/// Has the transaction go on only where a port's rows are as they were read.
pub(crate) fn guard(
    transaction: &mut Transaction,
    name: &str,
    known: &Known,
    bridges: &[String],
) -> Result<(), Box<RpcError>> {
    let senseless = |error| senseless(name, error);
    let owners = foreign(bridges, &known.port, known.interface.as_ref(), known.bridge.as_ref()).map_err(senseless)?;
    let (Some(bridge), []) = (&known.bridge, owners.as_slice()) else {
        let message = format!("{name} is not Mercury's to change: it has {}", owners.join(", "));
        return Err(Box::new(RpcError::new(ErrorTag::AccessDenied, message)));
    };
    let own = datum::of_uuid(known.port.uuid().map_err(senseless)?);
    let rows = [known.port.only(GUARDED_PORT)];
    transaction.wait(0, ("Port", &[json!(["_uuid", "==", own])]), GUARDED_PORT, &rows, moved(name));
    let uuid = datum::of_uuid(bridge.uuid().map_err(senseless)?);
    let of_it = [json!(["_uuid", "==", uuid]), json!(["ports", "includes", own])];
    let rows = [bridge.only(GUARDED_BRIDGE)];
    transaction.wait(0, ("Bridge", &of_it), GUARDED_BRIDGE, &rows, moved(&format!("the bridge of {name}")));
    guard_interface(transaction, name, known.interface.as_ref());
    Ok(())
}

/// Has the transaction go on only where an interface's row is as it was read.
pub(crate) fn guard_interface(transaction: &mut Transaction, name: &str, interface: Option<&Row>) {
    let Some(interface) = interface else { return };
    let rows = [interface.only(GUARDED_INTERFACE)];
    let named = [json!(["name", "==", name])];
    transaction.wait(0, ("Interface", &named), GUARDED_INTERFACE, &rows, moved(&format!("the interface of {name}")));
}

pub(crate) fn moved(what: &str) -> String {
    format!("{what} is not as it was read: somebody else has changed it meanwhile")
}

pub(crate) fn senseless(name: &str, error: NoDatum) -> Box<RpcError> {
    Box::new(RpcError::new(ErrorTag::OperationFailed, format!("the row of {name} holds {error}")))
}
