//! What a switch should have: what is wanted, laid over what it has. Pure.

mod lag;
mod vlans;

use std::{collections::BTreeMap, ops::RangeInclusive};

use mercury_adapter::Dialect;
use mercury_model::{
    DeviceConfig, ForeignVlans, Intended, Interface, InterfaceName, Leaf, Running, Scope, SwitchedVlan,
};

use self::lag::Names;
pub use self::lag::{offers, widened, without_name};
use crate::{
    fault::{Fault, FaultKind},
    intent::{LagName, PortIntent, Setting, TargetIntent},
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

/// What must be read before what is wanted can be worked out: the ports, the
/// VLANs and the ports that carry them all; every interface when a VLAN is to
/// go or an aggregate is named; spanning tree only where the entry has something
/// to say about it. [`widened`] says what more, once that is known.
#[must_use]
pub fn scope(intent: &TargetIntent) -> Scope {
    let mut scope = Scope::default().with_stp(intent.switch.manages_stp());
    intent.ports.iter().for_each(|port| scope.add_interface(port.interface.clone()));
    vlans::widen(intent, &mut scope);
    lag::widen(intent, &mut scope);
    scope
}

/// What a request is about, of all that was read for it: its ports, their
/// aggregates, its VLANs and the trunk ports that carry them.
#[must_use]
pub fn concerns(intent: &TargetIntent, lags: &BTreeMap<LagName, InterfaceName>, seen: &[&Running]) -> Scope {
    let mut scope = Scope::default().with_stp(intent.switch.manages_stp());
    lag::concern(intent, lags, seen, &mut scope);
    vlans::concern(intent, seen, &mut scope);
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
    vlans::lay(intent, running, &mut config, dialect)?;
    let described = config.interfaces.values().filter(|port| {
        running.interfaces.get(&port.name).and_then(|before| before.description.as_ref()) != port.description.as_ref()
    });
    for text in described.filter_map(|port| port.description.as_ref()) {
        fits("description", text.as_str(), 1..=dialect.text.description_max, dialect)?;
    }
    if let Some(defaults) = dialect.defaults(intent.switch.protocol.as_str()) {
        defaults.canonical(&mut config);
    }
    Ok(Desired { intended: Intended(config), lags })
}

/// What is wanted of the VLANs of a member is wanted of its aggregate, which
/// alone has any.
fn place(port: &PortIntent, config: &mut DeviceConfig, names: &Names<'_>, dialect: &Dialect) -> Result<(), Fault> {
    let mut interface = config.interface(&port.interface);
    lag::leave(&mut interface, port.membership, names);
    match interface.is_aggregate() && names.is_ours(&interface.name) {
        true => lag::redescribed(&port.description, &mut interface)?,
        false => port.description.apply(&mut interface.description),
    }
    lay(&port.enabled, &mut interface, Leaf::Enabled, |interface| &mut interface.enabled);
    lay(&port.mtu, &mut interface, Leaf::Mtu, |interface| &mut interface.mtu);
    // Spanning tree sees the aggregate, never its members.
    let stp = if interface.aggregate_id.is_none() { port.stp } else { port.stp.cleared() };
    stp.apply(&mut interface);
    if let Setting::Set(vlans) = &port.switched_vlan {
        let vlans = vlans.clone().map(|vlans| spelled(vlans, dialect));
        let aggregate = interface.aggregate_id.as_ref().and_then(|name| config.interfaces.get_mut(name));
        interface.switched_vlan = match aggregate {
            None => {
                understood(&interface)?;
                vlans
            }
            Some(aggregate) => {
                names.allow(&aggregate.name, &port.interface)?;
                understood(aggregate)?;
                aggregate.switched_vlan = vlans;
                lay(&port.mtu, aggregate, Leaf::Mtu, |aggregate| &mut aggregate.mtu);
                port.stp.apply(aggregate);
                None
            }
        };
    }
    config.interfaces.insert(port.interface.clone(), interface);
    Ok(())
}

/// Has a leaf hold what is wanted, whatever it held.
fn lay<T: Clone>(
    setting: &Setting<T>,
    interface: &mut Interface,
    leaf: Leaf,
    field: impl FnOnce(&mut Interface) -> &mut T,
) {
    if let Setting::Set(_) = setting {
        interface.foreign.remove(&leaf);
        setting.apply(field(interface));
    }
}

/// A port whose VLANs depend on more than Mercury owns is not Mercury's to
/// change.
///
/// # Errors
/// What they depend on, by name.
fn understood(interface: &Interface) -> Result<(), Fault> {
    match interface.switched_vlan.as_ref().and_then(SwitchedVlan::foreign) {
        Some(foreign) if !foreign.others.is_empty() => Err(unreadable(interface, foreign, "it was left as it is")),
        _ => Ok(()),
    }
}

fn unreadable(interface: &Interface, foreign: &ForeignVlans, then: &str) -> Fault {
    let reason = format!("Mercury cannot read switched-vlan of {}, {foreign}; {then}", interface.name);
    Fault { parameter: Some("port_name".to_owned()), ..Fault::new(FaultKind::Unsupported, reason) }
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

fn fits(parameter: &str, text: &str, limits: RangeInclusive<usize>, dialect: &Dialect) -> Result<(), Fault> {
    let length = text.chars().count();
    if length > *limits.end() {
        return Err(Fault::value(parameter, format!("has {length} characters; {} takes {}", dialect.os, limits.end())));
    }
    if length > 0 && length < *limits.start() {
        let least = limits.start();
        return Err(Fault::value(parameter, format!("has {length} characters; {} wants {least} or more", dialect.os)));
    }
    if dialect.text.ascii && !text.is_ascii() {
        return Err(Fault::value(parameter, format!("{} takes ASCII only", dialect.os)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
