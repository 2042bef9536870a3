//! What a switch should have: what is wanted, laid over what it has. Pure.

mod lag;

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::Dialect;
use mercury_model::{
    DeviceConfig, Intended, InterfaceName, InterfaceScope, Running, Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId,
    VlanScope, VlanStatus,
};

use self::lag::Names;
pub use self::lag::{offers, widened, without_name};
use crate::{
    fault::{Fault, FaultKind},
    intent::{LagName, PortIntent, Setting, TargetIntent, VlanIntent},
};

/// What a switch should have, and which of its aggregates the caller's names
/// mean.
#[derive(Clone, Debug)]
pub struct Desired {
    /// What it should have.
    pub intended: Intended,
    /// The aggregates that were named and are there, or are to be.
    pub lags: BTreeMap<LagName, InterfaceName>,
}

/// What must be read before what is wanted can be worked out: the ports and
/// the VLANs; every interface when a VLAN is to go or an aggregate is named.
/// [`widened`] says what more, once that is known.
#[must_use]
pub fn scope(intent: &TargetIntent) -> Scope {
    let mut scope = Scope::default();
    for port in &intent.ports {
        scope.add_interface(port.interface.clone());
    }
    let ids: BTreeSet<VlanId> = intent.vlans.iter().map(VlanIntent::id).collect();
    scope.vlans = VlanScope::Named(ids);
    if intent.vlans.iter().any(|vlan| matches!(vlan, VlanIntent::Absent { .. })) {
        scope.interfaces = InterfaceScope::All;
    }
    lag::scope(intent, &mut scope);
    scope
}

/// What a request is about, of all that was read for it: its ports, their
/// aggregates, its VLANs.
#[must_use]
pub fn concerns(intent: &TargetIntent, lags: &BTreeMap<LagName, InterfaceName>, seen: &[&Running]) -> Scope {
    let mut scope = Scope::default();
    let members = intent.lags.iter().flat_map(|lag| lag.members.ports());
    for port in intent.ports.iter().map(|port| &port.interface).chain(members) {
        scope.add_interface(port.clone());
        for aggregate in seen.iter().filter_map(|running| running.interfaces.get(port)?.aggregate_id.clone()) {
            scope.add_interface(aggregate);
        }
    }
    for name in intent.lags.iter().filter_map(|lag| lags.get(&lag.name)) {
        scope.add_interface(name.clone());
        let members = seen.iter().flat_map(|running| running.interfaces.values());
        for member in members.filter(|port| port.aggregate_id.as_ref() == Some(name)) {
            scope.add_interface(member.name.clone());
        }
    }
    intent.vlans.iter().for_each(|vlan| scope.add_vlan(vlan.id()));
    scope
}

/// What the switch should have.
///
/// # Errors
/// What is wanted contradicts what the switch has: an aggregate that is not
/// there and cannot be made, a VLAN that a port still uses, a text the dialect
/// cannot take.
pub fn desired(intent: &TargetIntent, running: &Running, dialect: &Dialect) -> Result<Desired, Fault> {
    let names = Names::of(&intent.switch, dialect);
    let (mut config, mut lags) = (running.config.clone(), BTreeMap::new());
    for lag in &intent.lags {
        if let Some(name) = lag::apply(lag, &mut config, &names, dialect)? {
            lags.insert(lag.name.clone(), name);
        }
    }
    for port in &intent.ports {
        place(port, &mut config, &names, dialect)?;
    }
    lag::remove_deserted(running, &mut config, &names);
    for vlan in &intent.vlans {
        match vlan {
            VlanIntent::Present { id, name } => {
                let made = || Vlan { id: *id, name: name.clone(), status: VlanStatus::Active };
                config.vlans.entry(*id).or_insert_with(made).status = VlanStatus::Active;
            }
            VlanIntent::Absent { id } => {
                unused(*id, &config)?;
                config.vlans.remove(id);
            }
        }
    }
    for vlan in config.vlans.values().filter(|vlan| !running.vlans.contains_key(&vlan.id)) {
        if let Some(name) = &vlan.name {
            fits("network.name", name.as_str(), dialect.text.vlan_name_max, dialect)?;
        }
    }
    let described = config.interfaces.values().filter(|port| {
        running.interfaces.get(&port.name).and_then(|before| before.description.as_ref()) != port.description.as_ref()
    });
    for text in described.filter_map(|port| port.description.as_ref()) {
        fits("description", text.as_str(), dialect.text.description_max, dialect)?;
    }
    Ok(Desired { intended: Intended(config), lags })
}

/// What is wanted of the VLANs of a member is wanted of its aggregate, which
/// alone has any.
fn place(port: &PortIntent, config: &mut DeviceConfig, names: &Names<'_>, dialect: &Dialect) -> Result<(), Fault> {
    let mut interface = config.interface(&port.interface);
    lag::leave(&mut interface, port.membership, names);
    port.description.apply(&mut interface.description);
    port.enabled.apply(&mut interface.enabled);
    port.mtu.apply(&mut interface.mtu);
    if let Setting::Set(vlans) = &port.switched_vlan {
        let vlans = vlans.clone().map(|vlans| spelled(vlans, dialect));
        let aggregate = interface.aggregate_id.as_ref().and_then(|name| config.interfaces.get_mut(name));
        interface.switched_vlan = match aggregate {
            None => vlans,
            Some(aggregate) => {
                names.allow(&aggregate.name, &port.interface)?;
                aggregate.switched_vlan = vlans;
                port.mtu.apply(&mut aggregate.mtu);
                None
            }
        };
    }
    config.interfaces.insert(port.interface.clone(), interface);
    Ok(())
}

/// Where a native VLAN is carried only when the trunk's list has it, the list
/// gets it.
fn spelled(vlans: SwitchedVlan, dialect: &Dialect) -> SwitchedVlan {
    match vlans {
        SwitchedVlan::Trunk { native: Some(native), vlans } if dialect.native_in_trunk_vlans => {
            SwitchedVlan::Trunk { native: Some(native), vlans: vlans.with(native) }
        }
        other => other,
    }
}

/// A VLAN that a port names is not taken away under it. A trunk of all VLANs
/// names none.
fn unused(id: VlanId, config: &DeviceConfig) -> Result<(), Fault> {
    let names = |vlans: &SwitchedVlan| match vlans {
        SwitchedVlan::Trunk { native, vlans: TrunkVlans::All } => *native == Some(id),
        other => other.carries(id),
    };
    let users: Vec<_> = config
        .interfaces
        .values()
        .filter(|interface| interface.switched_vlan.as_ref().is_some_and(names))
        .map(|interface| interface.name.as_str())
        .collect();
    if users.is_empty() {
        return Ok(());
    }
    let shown = users.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    let more = if users.len() > 8 { format!(" and {} more", users.len() - 8) } else { String::new() };
    Err(Fault::new(FaultKind::InvalidValue, format!("VLAN {id} is still used by {shown}{more}")))
}

fn fits(parameter: &str, text: &str, limit: usize, dialect: &Dialect) -> Result<(), Fault> {
    let length = text.chars().count();
    if length > limit {
        return Err(Fault::value(parameter, format!("has {length} characters; {} takes {limit}", dialect.os)));
    }
    if dialect.text.ascii && !text.is_ascii() {
        return Err(Fault::value(parameter, format!("{} takes ASCII only", dialect.os)));
    }
    Ok(())
}
