//! What a switch should have: what is wanted, laid over what it has. Pure.

mod vlans;

use mercury_adapter::Dialect;
use mercury_model::{Intended, Running, Scope, SwitchedVlan};

use crate::{
    fault::{Fault, FaultKind},
    intent::{PortIntent, Setting, TargetIntent},
};

/// What must be read before what is wanted can be worked out: the ports, the
/// aggregates they join, the VLANs and the ports that carry them all; every
/// interface when a VLAN is to go.
#[must_use]
pub fn scope(intent: &TargetIntent) -> Scope {
    let mut scope = Scope::default();
    add_ports(intent, &mut scope);
    vlans::widen(intent, &mut scope);
    scope
}

/// What a request is about, of all that was read for it: its ports, the
/// aggregates they join, and the VLANs.
#[must_use]
pub fn concerns(intent: &TargetIntent, seen: &[&Running]) -> Scope {
    let mut scope = Scope::default();
    add_ports(intent, &mut scope);
    vlans::concern(intent, seen, &mut scope);
    scope
}

fn add_ports(intent: &TargetIntent, scope: &mut Scope) {
    for port in &intent.ports {
        scope.add_interface(port.interface.clone());
        if let Setting::Set(Some(aggregate)) = &port.aggregate_id {
            scope.add_interface(aggregate.clone());
        }
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
    vlans::lay(intent, running, &mut config, dialect)?;
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

#[cfg(test)]
mod tests;
