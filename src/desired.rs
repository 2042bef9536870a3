//! What a switch should have: what is wanted, laid over what it has. Pure.

use std::collections::BTreeSet;

use mercury_adapter::Dialect;
use mercury_model::{
    DeviceConfig, Intended, InterfaceScope, Running, Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanScope,
    VlanStatus,
};

use crate::{
    fault::{Fault, FaultKind},
    intent::{PortIntent, Setting, TargetIntent, VlanIntent},
};

/// What must be read before what is wanted can be worked out: the ports, the
/// aggregates they join, the VLANs; every interface when a VLAN is to go.
#[must_use]
pub fn scope(intent: &TargetIntent) -> Scope {
    let mut scope = Scope::default();
    for port in &intent.ports {
        scope.add_interface(port.interface.clone());
        if let Setting::Set(Some(aggregate)) = &port.aggregate_id {
            scope.add_interface(aggregate.clone());
        }
    }
    let ids: BTreeSet<VlanId> = intent.vlans.iter().map(vlan_id).collect();
    scope.vlans = VlanScope::Named(ids);
    if intent.vlans.iter().any(|vlan| matches!(vlan, VlanIntent::Absent { .. })) {
        scope.interfaces = InterfaceScope::All;
    }
    scope
}

fn vlan_id(vlan: &VlanIntent) -> VlanId {
    match vlan {
        VlanIntent::Present { id, .. } | VlanIntent::Absent { id } => *id,
    }
}

/// What the switch should have.
///
/// # Errors
/// What is wanted contradicts what the switch has: an aggregate that is not
/// there, a VLAN that a port still uses, a text the dialect cannot take.
pub fn desired(intent: &TargetIntent, running: &Running, dialect: &Dialect) -> Result<Intended, Fault> {
    let mut config = running.config.clone();
    for port in &intent.ports {
        let wanted = wanted(port, running, dialect)?;
        config.interfaces.insert(port.interface.clone(), wanted);
    }
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
    Ok(Intended(config))
}

fn wanted(port: &PortIntent, running: &Running, dialect: &Dialect) -> Result<mercury_model::Interface, Fault> {
    if let Setting::Set(Some(aggregate)) = &port.aggregate_id
        && !running.interface(aggregate).is_aggregate()
    {
        let reason = format!("{aggregate} is not an aggregate of this switch, and building one is not supported yet");
        return Err(Fault { parameter: Some("lag_name".to_owned()), ..Fault::new(FaultKind::Unsupported, reason) });
    }
    if let Setting::Set(Some(description)) = &port.description {
        fits("description", description.as_str(), dialect.text.description_max, dialect)?;
    }
    let mut interface = running.interface(&port.interface);
    port.description.apply(&mut interface.description);
    port.enabled.apply(&mut interface.enabled);
    port.mtu.apply(&mut interface.mtu);
    port.aggregate_id.apply(&mut interface.aggregate_id);
    if let Setting::Set(vlans) = &port.switched_vlan {
        interface.switched_vlan = vlans.clone().map(|vlans| spelled(vlans, dialect));
    }
    Ok(interface)
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
