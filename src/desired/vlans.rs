//! The VLANs themselves, and the trunk ports that carry those that Mercury
//! makes. Pure.

use std::{collections::BTreeSet, fmt};

use mercury_adapter::Dialect;
use mercury_model::{
    DeviceConfig, ForeignVlans, Interface, InterfaceName, InterfaceScope, Running, Scope, SwitchedVlan, TrunkVlans,
    Vlan, VlanId, VlanScope, VlanStatus,
};

use super::{Desired, fits, overlay, spelled, unreadable};
use crate::{
    fault::{Fault, FaultKind},
    intent::{TargetIntent, VlanIntent},
    inventory::{Placeholder, Rules, Switch},
};

/// Adds to `scope` what the VLANs need: the VLANs and the trunk ports; every
/// interface when a VLAN is to go, and every VLAN when it is not yet known
/// which.
pub(super) fn widen(intent: &TargetIntent, rules: &Rules, scope: &mut Scope) {
    scope.vlans = VlanScope::Named(intent.vlans.iter().map(VlanIntent::id).collect());
    add_trunk_ports(intent, rules, scope);
    let removes = intent.vlans.iter().any(|vlan| matches!(vlan, VlanIntent::Absent { .. }));
    if removes || prunes(intent, rules) {
        scope.interfaces = InterfaceScope::All;
    }
    if prunes(intent, rules) {
        scope.vlans = VlanScope::All;
    }
}

/// Adds to `scope`, which has the interfaces that a request is about, the VLANs
/// that those have or had, if they may go with them, and the trunk ports.
pub(super) fn concern(intent: &TargetIntent, rules: &Rules, seen: &[&Running], scope: &mut Scope) {
    intent.vlans.iter().for_each(|vlan| scope.add_vlan(vlan.id()));
    if prunes(intent, rules) {
        let ports = seen.iter().flat_map(|running| running.interfaces.values());
        let ports = ports.filter(|port| scope.interfaces.covers(&port.name));
        named(ports).into_iter().for_each(|id| scope.add_vlan(id));
    }
    add_trunk_ports(intent, rules, scope);
}

fn add_trunk_ports(intent: &TargetIntent, rules: &Rules, scope: &mut Scope) {
    if !intent.vlans.is_empty() || prunes(intent, rules) {
        rules.options.trunk_ports.iter().for_each(|port| scope.add_interface(port.clone()));
    }
}

/// Whether VLANs go with the last port that leaves them.
fn prunes(intent: &TargetIntent, rules: &Rules) -> bool {
    rules.options.remove_unused_vlans
        && !(intent.ports.is_empty() && intent.lags.is_empty() && intent.uplinks.is_empty())
}

pub(super) fn named<'a>(ports: impl Iterator<Item = &'a Interface>) -> BTreeSet<VlanId> {
    let vlans = ports.filter_map(|port| port.switched_vlan.as_ref());
    vlans.flat_map(|vlans| vlans.named_vlans().iter().collect::<Vec<_>>()).collect()
}

/// Lays the wanted VLANs over `config`, in which the ports are already as
/// wanted.
///
/// # Errors
/// What is wanted touches a trunk port, a VLAN that is to go is still used or holds
/// more than is Mercury's, or the dialect cannot take a name.
pub(super) fn lay(
    intent: &TargetIntent,
    switch: &Switch,
    running: &Running,
    made: &mut Desired,
    dialect: &Dialect,
) -> Result<(), Fault> {
    let rules = &switch.rules;
    let protocol = switch.protocol().as_str();
    let (makes_vlans, names_vlans) = (dialect.makes_vlans(protocol), dialect.names_vlans(protocol));
    let trunk_ports = &rules.options.trunk_ports;
    guard(running, &made.intended.0, trunk_ports)?;
    for vlan in &intent.vlans {
        if let VlanIntent::Absent { id } = vlan {
            refuse_used(*id, &made.intended.0, trunk_ports)?;
            refuse_shared(*id, running)?;
            overlay::refuse_bound(*id, made)?;
        }
        let config = &mut made.intended.0;
        match vlan {
            VlanIntent::Present { id, name } if makes_vlans => {
                let vlan = config.vlans.entry(*id).or_insert_with(|| unnamed(*id));
                vlan.status = VlanStatus::Active;
                // Who has no name for it is not refused for one that its network has.
                let may_be_named = names_vlans && (dialect.text.vlan_1_named || *id != VlanId::MIN);
                if may_be_named && !running.vlans.contains_key(id) && vlan.name.is_none() {
                    vlan.name.clone_from(name);
                }
                trunk_ports.iter().try_for_each(|port| carry(config, port, *id, dialect))?;
            }
            // It is there wherever a port has it.
            VlanIntent::Present { id, .. } => {
                trunk_ports.iter().try_for_each(|port| carry(config, port, *id, dialect))?;
            }
            VlanIntent::Absent { id } => remove(config, *id, trunk_ports),
        }
    }
    if prunes(intent, rules) {
        prune(intent, rules, running, made);
    }
    let config = &made.intended.0;
    config.vlans.values().filter(|vlan| !running.vlans.contains_key(&vlan.id)).try_for_each(|vlan| {
        let name = vlan.name.as_ref().map_or("", |name| name.as_str());
        let limits = dialect.text.vlan_name_min..=dialect.text.vlan_name_max;
        fits(name_parameter(rules), name, limits, dialect)?;
        let has_it = |other: &&Vlan| other.id != vlan.id && other.name.is_some() && other.name == vlan.name;
        match config.vlans.values().find(has_it).filter(|_| dialect.text.vlan_names_unique) {
            None => Ok(()),
            Some(other) => {
                let reason =
                    format!("{name:?} is the name of VLAN {} already, and {} has each once", other.id, dialect.os);
                Err(Fault::value(name_parameter(rules), reason))
            }
        }
    })
}

const fn unnamed(id: VlanId) -> Vlan {
    Vlan { id, name: None, status: VlanStatus::Active }
}

/// Who gave a VLAN the name that the dialect cannot take.
fn name_parameter(rules: &Rules) -> &'static str {
    let template = rules.options.vlan_name.as_ref();
    let from_network = |placeholder| template.is_none_or(|template| template.asks_for(placeholder));
    match from_network(Placeholder::Network) || from_network(Placeholder::NetworkId) {
        true => "network.name",
        false => "vlan_name",
    }
}

/// A trunk port is not for callers to configure, nor are the members of one: by
/// its own name it has been refused already, but not by the way of an aggregate.
fn guard(running: &Running, config: &DeviceConfig, trunk_ports: &[InterfaceName]) -> Result<(), Fault> {
    let names: BTreeSet<_> = running.interfaces.keys().chain(config.interfaces.keys()).collect();
    let changed = |name: &&InterfaceName| running.interfaces.get(*name) != config.interfaces.get(*name);
    for name in names.into_iter().filter(changed) {
        let sides = [running.interfaces.get(name), config.interfaces.get(name)];
        let aggregates = sides.into_iter().flatten().filter_map(|port| port.aggregate_id.as_ref());
        if let Some(trunk) = std::iter::once(name).chain(aggregates).find(|name| trunk_ports.contains(name)) {
            let of = if trunk == name { String::new() } else { format!("{name} cannot be changed: ") };
            let reason = format!("{of}{trunk} is a trunk port for all VLANs");
            return Err(Fault::new(FaultKind::InvalidValue, reason));
        }
    }
    Ok(())
}

/// Has a trunk port carry `id` beside what it carries, and nothing more. An
/// access port becomes a trunk whose native VLAN is the one it had.
fn carry(config: &mut DeviceConfig, port: &InterfaceName, id: VlanId, dialect: &Dialect) -> Result<(), Fault> {
    let mut interface = config.interface(port);
    let vlans = match &interface.switched_vlan {
        Some(SwitchedVlan::Trunk { native, vlans }) => {
            let untagged = *native == Some(id) && !dialect.native_in_trunk_vlans;
            if untagged || vlans.carries(id) {
                return Ok(());
            }
            SwitchedVlan::Trunk { native: *native, vlans: vlans.with(id) }
        }
        Some(SwitchedVlan::Access { vlan }) => {
            spelled(SwitchedVlan::Trunk { native: *vlan, vlans: TrunkVlans::None.with(id) }, dialect)
        }
        Some(SwitchedVlan::Foreign(foreign)) => {
            return Err(unreadable(&interface, foreign, &format!("VLAN {id} is to go on it as on every trunk port")));
        }
        None => SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None.with(id) },
    };
    interface.switched_vlan = Some(vlans);
    config.interfaces.insert(port.clone(), interface);
    Ok(())
}

/// Takes `id` from what a trunk port lists. A list that would be empty cannot
/// be said: what is left is an access port of the native VLAN, which carries
/// the same, or without one a port with no VLANs of its own.
fn drop_from(config: &mut DeviceConfig, port: &InterfaceName, id: VlanId) {
    let Some(interface) = config.interfaces.get_mut(port) else { return };
    let Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::Only(listed) }) = &interface.switched_vlan else {
        return;
    };
    let rest = listed.difference(&std::iter::once(id).collect());
    interface.switched_vlan = match (rest.is_empty(), *native) {
        (false, native) => Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(rest) }),
        (true, native) => native.map(SwitchedVlan::access),
    };
}

fn remove(config: &mut DeviceConfig, id: VlanId, trunk_ports: &[InterfaceName]) {
    trunk_ports.iter().for_each(|port| drop_from(config, port, id));
    config.vlans.remove(&id);
}

/// Removes the VLANs that ports have left, where nobody else has them and
/// their name is one that Mercury gives. Where a port cannot be read, nobody can
/// say whether it has them, and they stay. One that is suspended has been in
/// other hands, and the one of idle ports is wanted again soon. One that holds more
/// than is Mercury's stays too, and one that a trunk of all VLANs carries, and that is
/// told; so is one that is not the caller's to change.
fn prune(intent: &TargetIntent, rules: &Rules, running: &Running, made: &mut Desired) {
    let config = &mut made.intended.0;
    let options = &rules.options;
    let wanted: BTreeSet<VlanId> = intent.vlans.iter().map(VlanIntent::id).chain(rules.default_vlan).collect();
    let mine = |vlan: &Vlan| {
        let value = |placeholder| (placeholder == Placeholder::Vlan).then(|| vlan.id.to_string());
        let template = options.vlan_name.as_ref();
        let named = |name: &str| template.is_some_and(|template| template.gives(name, value));
        vlan.status == VlanStatus::Active && vlan.name.as_ref().is_some_and(|name| named(name.as_str()))
    };
    let changed = |port: &&Interface| {
        let now = config.interfaces.get(&port.name).and_then(|port| port.switched_vlan.as_ref());
        now != port.switched_vlan.as_ref() && !options.trunk_ports.contains(&port.name)
    };
    let ports: Vec<&Interface> = running.interfaces.values().filter(changed).collect();
    if unread(config).next().is_some() {
        return;
    }
    for id in named(ports.iter().copied()).difference(&wanted) {
        if !config.vlans.get(id).is_some_and(mine) {
            continue;
        }
        let users = users(*id, config, &options.trunk_ports);
        let bound = config.segments.get(id).map(|segment| format!("it is bound to {segment}"));
        let others = running.besides_vlans.get(id).map(|others| format!("it also has {others}"));
        let note = match others.or(bound) {
            _ if users.iter().any(User::names) => continue,
            _ if !users.is_empty() => {
                format!("VLAN {id} stays: it is still used by {}; {OR_A_TRUNK_PORT}", shown(&users))
            }
            Some(why) => format!("VLAN {id}, which no port has any more, stays: {why}"),
            None if !intent.may_take_away(rules, *id) => {
                format!("VLAN {id}, which no port has any more, stays: {NOT_ALLOWED}")
            }
            None => {
                remove(config, *id, &options.trunk_ports);
                continue;
            }
        };
        for left in ports.iter().filter(|port| named(std::iter::once(**port)).contains(id)) {
            for port in asked_for(intent, running, &left.name) {
                made.notes
                    .entry(port.clone())
                    .and_modify(|notes| *notes += &format!("; {note}"))
                    .or_insert(note.clone());
            }
        }
    }
}

/// Why what others have a part in keeps a VLAN.
pub(super) const NOT_ALLOWED: &str = "the entry or the policy does not allow to change it";

/// The ports of a request by which an interface changes: it, its members, or else the
/// interface itself.
fn asked_for<'a>(intent: &'a TargetIntent, running: &Running, name: &'a InterfaceName) -> Vec<&'a InterfaceName> {
    let is_member = |port: &InterfaceName| running.interface(port).aggregate_id.as_ref() == Some(name);
    let ports = intent.ports.iter().map(|port| &port.interface);
    let ports: Vec<_> = ports.filter(|port| *port == name || is_member(port)).collect();
    if ports.is_empty() { vec![name] } else { ports }
}

/// Where VLANs list their ports, one that is not there has no list: naming a port in it
/// would make half a VLAN, which nobody takes away again.
///
/// # Errors
/// A port is to be in such a VLAN, be it the one in which a port is that has no other.
pub(super) fn refuse_unlisted(
    switch: &Switch,
    running: &Running,
    config: &DeviceConfig,
    dialect: &Dialect,
) -> Result<(), Fault> {
    let Some(there) = &running.listing else { return Ok(()) };
    let without = dialect.defaults(switch.protocol().as_str()).and_then(|defaults| defaults.access_vlan);
    let before = |port: &Interface| running.interfaces.get(&port.name).and_then(|port| port.switched_vlan.as_ref());
    for port in config.interfaces.values().filter(|port| before(port) != port.switched_vlan.as_ref()) {
        let wanted = match &port.switched_vlan {
            None | Some(SwitchedVlan::Access { vlan: None }) => without.into_iter().collect(),
            Some(_) => named(std::iter::once(port)),
        };
        let is_there = |id: &VlanId| there.contains(*id) || config.vlans.contains_key(id);
        if let Some(id) = wanted.into_iter().find(|id| !is_there(id)) {
            let help = if switch.rules.manage_vlans { "" } else { ", or give the switch manage_vlans" };
            let reason = format!(
                "VLAN {id} is not there, and on {} a port is in a VLAN by that one's list: {} cannot be in it; make \
                 the VLAN first{help}",
                switch.identity.name, port.name
            );
            return Err(Fault::new(FaultKind::InvalidValue, reason));
        }
    }
    Ok(())
}

/// A VLAN is not taken away with what others have in it.
fn refuse_shared(id: VlanId, running: &Running) -> Result<(), Fault> {
    let Some(others) = running.besides_vlans.get(&id) else { return Ok(()) };
    let reason = format!("VLAN {id} also has {others}, which would go with it; it stays as it is until that is gone");
    Err(Fault::new(FaultKind::InvalidValue, reason))
}

/// A VLAN that a port has, or may have, is not taken away under it.
fn refuse_used(id: VlanId, config: &DeviceConfig, trunk_ports: &[InterfaceName]) -> Result<(), Fault> {
    if let Some((port, foreign)) = unread(config).next() {
        return Err(unreadable(port, foreign, &format!("whether it uses VLAN {id} cannot be told")));
    }
    let users = users(id, config, trunk_ports);
    if users.is_empty() {
        return Ok(());
    }
    let help = if users.iter().any(User::names) { String::new() } else { format!("; {OR_A_TRUNK_PORT}") };
    Err(Fault::new(FaultKind::InvalidValue, format!("VLAN {id} is still used by {}{help}", shown(&users))))
}

/// The ports of which it cannot be told what they carry.
pub(super) fn unread(config: &DeviceConfig) -> impl Iterator<Item = (&Interface, &ForeignVlans)> {
    let foreign = config.interfaces.values().filter_map(|port| Some((port, port.switched_vlan.as_ref()?.foreign()?)));
    foreign.filter(|(_, foreign)| !foreign.routes)
}

/// The ports that have a VLAN, and how. A trunk of all VLANs has each: what crosses
/// it would be lost. What a trunk port has is there for others.
pub(super) fn users<'a>(id: VlanId, config: &'a DeviceConfig, trunk_ports: &[InterfaceName]) -> Vec<User<'a>> {
    let uses = |port: &'a Interface| {
        let (native, vlans) = match port.switched_vlan.as_ref()? {
            SwitchedVlan::Trunk { native, vlans } => (*native == Some(id), Some(vlans)),
            other => return other.carries(id).then_some(User::Named(&port.name)),
        };
        let listed = vlans.filter(|_| !trunk_ports.contains(&port.name));
        match listed {
            _ if native => Some(User::Named(&port.name)),
            Some(TrunkVlans::All) => Some(User::All(&port.name)),
            Some(vlans) if vlans.carries(id) => Some(User::Named(&port.name)),
            _ => None,
        }
    };
    config.interfaces.values().filter_map(uses).collect()
}

/// A port that has a VLAN: by its number, or as it has all.
pub(super) enum User<'a> {
    Named(&'a InterfaceName),
    All(&'a InterfaceName),
}

/// What to do about a trunk that is not to keep any VLAN.
const OR_A_TRUNK_PORT: &str = "an uplink that is to keep none belongs in trunk_ports";

impl User<'_> {
    pub(super) const fn port(&self) -> &InterfaceName {
        match self {
            Self::Named(port) | Self::All(port) => port,
        }
    }

    const fn names(&self) -> bool {
        matches!(self, Self::Named(_))
    }
}

impl fmt::Display for User<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(port) => write!(f, "{port}"),
            Self::All(port) => write!(f, "{port} (a trunk of all VLANs)"),
        }
    }
}

/// The first of them.
fn shown(users: &[User<'_>]) -> String {
    let shown = users.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let more = if users.len() > 8 { format!(" and {} more", users.len() - 8) } else { String::new() };
    format!("{shown}{more}")
}
