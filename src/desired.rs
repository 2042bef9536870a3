//! What a switch should have: what is wanted, laid over what it has. Pure.

mod absence;
mod lag;
mod leaving;
mod overlay;
mod uplinks;
mod vlans;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use mercury_adapter::Dialect;
use mercury_model::{
    DeviceConfig, ForeignVlans, Intended, Interface, InterfaceName, Leaf, Running, Scope, SwitchedVlan,
};

pub use self::absence::{Verdict, absent, afterwards, answers_several, judged, unconfirmed, withheld};
use self::lag::LagNames;
pub use self::{
    lag::{unmarked, widened},
    overlay::vlans_of_vnis,
};
use crate::{
    fault::{Fault, FaultKind},
    intent::{LagName, Membership, Offers, PortIntent, Setting, TargetIntent},
    inventory::{Rules, Switch},
};

/// What a switch should have, and which of its aggregates the caller's names
/// mean.
#[derive(Clone, Debug)]
pub struct Desired {
    /// What it should have.
    pub intended: Intended,
    /// The aggregates that were named and are there, or are to be.
    pub lags: BTreeMap<LagName, InterfaceName>,
    /// What should be known of a port beside.
    pub notes: BTreeMap<InterfaceName, String>,
}

/// What must be read before what is wanted can be worked out: the ports, the
/// VLANs and the ports that carry them all; every interface when a VLAN is to
/// go or an aggregate is named; spanning tree only where the entry has something
/// to say about it. [`widened`] says what more, once that is known.
#[must_use]
pub fn scope(intent: &TargetIntent, rules: &Rules) -> Scope {
    let mut scope = Scope::default().with_stp(rules.manages_stp());
    intent.ports.iter().for_each(|port| scope.add_interface(port.interface.clone()));
    uplinks::widen(intent, rules, &mut scope);
    vlans::widen(intent, rules, &mut scope);
    lag::widen(intent, &mut scope);
    overlay::widen(intent, rules, &mut scope);
    scope
}

/// What a request is about, of all that was read for it: its ports, their
/// aggregates, its VLANs and the trunk ports that carry them.
#[must_use]
pub fn concerns(
    intent: &TargetIntent,
    rules: &Rules,
    lags: &BTreeMap<LagName, InterfaceName>,
    seen: &[&Running],
) -> Scope {
    let mut scope = Scope::default().with_stp(rules.manages_stp());
    intent.uplinks.iter().for_each(|uplink| scope.add_interface(uplink.interface.clone()));
    lag::concern(intent, lags, seen, &mut scope);
    vlans::concern(intent, rules, seen, &mut scope);
    overlay::concern(intent, rules, seen, &mut scope);
    scope
}

/// The numbers that would do for aggregates that are to have the same one on other
/// switches too, and the VLANs for VNIs; and those that a card has no use for any more.
#[must_use]
pub fn offers(intent: &TargetIntent, switch: &Switch, running: &Running, dialect: &Dialect) -> Offers {
    let mut numbers = lag::offers(intent, switch, running, dialect);
    numbers.extend(overlay::offers(intent, switch, running));
    Offers { numbers, released: uplinks::released(intent, switch, running) }
}

/// What the switch should have.
///
/// # Errors
/// What is wanted contradicts what the switch has: an aggregate that is not
/// there and cannot be made, a VLAN that a port still uses, a text the dialect
/// cannot take.
pub fn desired(intent: &TargetIntent, switch: &Switch, running: &Running, dialect: &Dialect) -> Result<Desired, Fault> {
    let names = LagNames::of(switch, dialect);
    let mut made =
        Desired { intended: Intended(running.config.clone()), lags: BTreeMap::new(), notes: BTreeMap::new() };
    let intent = &*overlay::placed(intent, switch, running)?;
    let intent = &*leaving::without_others(intent, running, &mut made.notes);
    for lag in &intent.lags {
        if let Some(name) = lag::apply(lag, &mut made.intended.0, &names, dialect)? {
            made.lags.insert(lag.name.clone(), name);
        }
    }
    for port in &intent.ports {
        place(port, &mut made, &names, dialect)?;
    }
    if switch.rules.bounce_on_attach && switch.rules.bounce_unconfirmed {
        raise(intent, &mut made);
    }
    let config = &mut made.intended.0;
    lag::remove_deserted(running, config, &names);
    lag::by_members(running, config, &names, dialect)?;
    uplinks::lay(intent, &switch.rules, &mut made, dialect)?;
    uplinks::through(intent, switch, running, &mut made)?;
    overlay::bind(intent, switch, running, &mut made, dialect)?;
    vlans::lay(intent, switch, running, &mut made, dialect)?;
    let config = &mut made.intended.0;
    let described = config.interfaces.values().filter(|port| {
        running.interfaces.get(&port.name).and_then(|before| before.description.as_ref()) != port.description.as_ref()
    });
    for text in described.filter_map(|port| port.description.as_ref()) {
        fits("description", text.as_str(), 1..=dialect.text.description_max, dialect)?;
    }
    if let Some(defaults) = dialect.defaults(switch.protocol().as_str()) {
        defaults.canonical(config);
    }
    members_without_mtu(&switch.rules, running, config, dialect)?;
    vlans::refuse_unlisted(switch, running, config, dialect)?;
    Ok(made)
}

/// On some systems a member's MTU is its aggregate's, and it has none of its own.
///
/// # Errors
/// It has one that is not Mercury's to take away.
fn members_without_mtu(
    rules: &Rules,
    running: &Running,
    config: &mut DeviceConfig,
    dialect: &Dialect,
) -> Result<(), Fault> {
    if dialect.members_have_mtu {
        return Ok(());
    }
    for (name, port) in &mut config.interfaces {
        let Some(aggregate) = port.aggregate_id.as_ref().filter(|_| running.interfaces.get(name) != Some(port)) else {
            continue;
        };
        if Leaf::Mtu.get(port).is_none() {
            continue;
        }
        if !rules.manage_mtu {
            let reason = format!(
                "{name} has an MTU of its own, which {} takes of no member of {aggregate}; remove it there, or let \
                 manage_mtu do so",
                dialect.os
            );
            return Err(Fault::new(FaultKind::Unsupported, reason));
        }
        Leaf::Mtu.set(port, None);
    }
    Ok(())
}

/// What is wanted of the VLANs of a member is wanted of its aggregate, which
/// alone has any.
fn place(port: &PortIntent, made: &mut Desired, names: &LagNames<'_>, dialect: &Dialect) -> Result<(), Fault> {
    let config = &mut made.intended.0;
    let before = config.interface(&port.interface);
    let is_aggregate = before.is_aggregate();
    if is_aggregate || names.is_one(&before.name) {
        names.nameable(&before.name)?;
    }
    let vlans = match &port.switched_vlan {
        Setting::Set(vlans) => Setting::Set(vlans.clone().map(|vlans| spelled(vlans, dialect))),
        Setting::Keep => Setting::Keep,
    };
    let mut interface = before.clone();
    match &port.membership {
        Membership::Stay => {}
        Membership::Leave => lag::leave(&mut interface, names),
        Membership::Join(name) => match lag::joined(name, &before, &vlans, config, names)? {
            Ok(aggregate) => {
                made.lags.insert(name.clone(), aggregate.clone());
                interface.aggregate_id = Some(aggregate);
            }
            Err(alone) => {
                lag::leave(&mut interface, names);
                made.notes.insert(port.interface.clone(), alone);
            }
        },
    }
    match is_aggregate && names.is_ours(&interface.name) {
        true => lag::redescribed(&port.description, &mut interface)?,
        false => lag::describe(&port.description, &before, &mut interface, names)?,
    }
    lay(&port.enabled, &mut interface, Leaf::Enabled, |interface| &mut interface.enabled);
    lay(&port.mtu, &mut interface, Leaf::Mtu, |interface| &mut interface.mtu);
    // Spanning tree sees the aggregate, never its members.
    let stp = if interface.aggregate_id.is_none() { port.stp } else { port.stp.cleared() };
    stp.apply(&mut interface);
    if let Setting::Set(vlans) = vlans {
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

/// Enables what a Mercury that died while it bounced a link may have left down.
fn raise(intent: &TargetIntent, made: &mut Desired) {
    let names = |of: &dyn Fn(&PortIntent) -> bool| -> BTreeSet<&InterfaceName> {
        intent.ports.iter().filter(|port| of(port)).map(|port| &port.interface).collect()
    };
    let told = names(&|port| port.enabled != Setting::Keep);
    let asked = names(&|port| port.switched_vlan != Setting::Keep);
    for (name, interface) in &mut made.intended.0.interfaces {
        let is_member = interface.aggregate_id.as_ref().is_some_and(|lag| made.lags.values().any(|name| name == lag));
        if !interface.enabled && (asked.contains(name) || is_member) && !told.contains(name) {
            lay(&Setting::Set(true), interface, Leaf::Enabled, |interface| &mut interface.enabled);
        }
    }
}

/// Has a leaf hold what is wanted, whatever it held.
fn lay<T: Clone>(
    setting: &Setting<T>,
    interface: &mut Interface,
    leaf: Leaf,
    field: impl FnOnce(&mut Interface) -> &mut T,
) {
    if let Setting::Set(_) = setting {
        interface.foreign.remove(leaf);
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
