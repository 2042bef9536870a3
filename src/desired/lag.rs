//! Aggregates: which one a caller means, what it is to be, and what becomes of
//! one that its last member leaves.
//!
//! Nothing is remembered. What Mercury makes has a number of the entry's
//! `lag_numbers` and bears the caller's name at the end of its description
//! ([`mark`]); all else is the network team's, and found by its name or by its
//! members.

mod find;
mod mark;
mod member;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{Defaults, Dialect};
use mercury_model::{
    Aggregation, Description, DeviceConfig, Interface, InterfaceName, InterfaceScope, InterfaceType, Lacp, LagType,
    Leaf, Running, Scope,
};

pub use self::mark::unmarked;
use self::{
    find::find,
    mark::{Mark, mark_of, plain, split, with_mark},
};
pub(super) use self::{
    member::{describe, joined, leave},
    names::LagNames,
};
use crate::{
    fault::{Fault, FaultKind},
    intent::{Claim, LagIntent, LagName, Membership, Offer, PortIntent, Presence, Setting, TargetIntent},
    inventory::{Rules, Switch},
};

/// What has to be read for the aggregates that a request names: all
/// interfaces, since any may be it, have its number, or be its member.
pub(super) fn widen(intent: &TargetIntent, scope: &mut Scope) {
    let joins = |port: &PortIntent| matches!(port.membership, Membership::Join(_));
    if !intent.lags.is_empty() || intent.ports.iter().any(joins) {
        scope.interfaces = InterfaceScope::All;
    }
}

/// Adds to `scope` the ports of a request and their aggregates, and the
/// aggregates it names and their members.
pub(super) fn concern(
    intent: &TargetIntent,
    lags: &BTreeMap<LagName, InterfaceName>,
    seen: &[&Running],
    scope: &mut Scope,
) {
    let members = intent.lags.iter().flat_map(|lag| &lag.links).flatten();
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
}

/// What has to be read besides, once it is known which of the ports are
/// members: `None` where all has been seen.
#[must_use]
pub fn widened(intent: &TargetIntent, rules: &Rules, running: &Running) -> Option<Scope> {
    let mut scope = running.scope.clone();
    for port in &intent.ports {
        let Some(aggregate) = running.interface(&port.interface).aggregate_id else { continue };
        if scope.interfaces == InterfaceScope::All {
            continue;
        }
        match port.membership {
            // Whether it is the last one to leave shows only when all are seen.
            Membership::Leave if !rules.lag_numbers.is_empty() => scope.interfaces = InterfaceScope::All,
            _ => scope.add_interface(aggregate),
        }
    }
    (scope != running.scope).then_some(scope)
}

/// The numbers that would do for new aggregates that are to have the same one
/// on other switches too.
#[must_use]
pub(super) fn offers(
    intent: &TargetIntent,
    switch: &Switch,
    running: &Running,
    dialect: &Dialect,
) -> BTreeMap<Claim, Offer> {
    let Some(domain) = &switch.rules.mlag_domain else { return BTreeMap::new() };
    let names = LagNames::of(switch, dialect);
    let present = intent.lags.iter().filter(|lag| lag.presence == Presence::Present);
    let offers = present.filter(|lag| names.number_in(&lag.name).is_none()).map(|lag| {
        let found = find(lag, &running.config, &names).ok().flatten();
        let has = found.and_then(|name| names.number(name.as_str()));
        let free = names.free(&running.config).map(|(number, _)| number).collect();
        (Claim::Lag(lag.name.clone()), Offer { domain: domain.clone(), has, free })
    });
    offers.collect()
}

/// Lays what is wanted of one aggregate over `config`; says which one it is.
///
/// # Errors
/// What is wanted contradicts what the switch has or what its entry allows.
pub(super) fn apply(
    lag: &LagIntent,
    config: &mut DeviceConfig,
    names: &LagNames<'_>,
    dialect: &Dialect,
) -> Result<Option<InterfaceName>, Fault> {
    let found = find(lag, config, names)?;
    let bears_names = dialect.has(names.switch.protocol().as_str(), Leaf::Description);
    if lag.presence == Presence::Absent {
        match &found {
            Some(name) => remove(name, lag, config, names)?,
            // Where none bears a name, none has lost it.
            None if lag.links.is_none() && bears_names => find::nothing_missed(lag, config, names)?,
            None => {}
        }
        return Ok(found);
    }
    let name = match found {
        Some(name) => name,
        None => new_name(lag, config, names)?,
    };
    let is_ours = names.is_ours(&name);
    if !is_ours {
        allowed(&name, lag, names)?;
    }
    let mut aggregate = match config.interfaces.get(&name) {
        Some(there) => owned(lag, there)?.clone(),
        None => Interface { kind: Some(InterfaceType::Ieee8023adLag), ..Interface::new(name.clone()) },
    };
    settings(lag, &mut aggregate, names, dialect)?;
    match bears_names || !is_ours {
        true => described(lag, &mut aggregate, is_ours)?,
        false => undescribed(lag, &mut aggregate, names)?,
    }
    config.interfaces.insert(name.clone(), aggregate);
    join(lag, &name, config, names)?;
    Ok(Some(name))
}

fn new_name(lag: &LagIntent, config: &DeviceConfig, names: &LagNames<'_>) -> Result<InterfaceName, Fault> {
    let switch = &names.switch.identity.name;
    let unable = |reason: String| Fault {
        parameter: Some(lag.parameter.to_owned()),
        ..Fault::new(FaultKind::Unsupported, reason)
    };
    if names.switch.rules.lag_numbers.is_empty() {
        let reason = format!("{}: {switch} has no such aggregate, and its entry has no lag_numbers", lag.name);
        return Err(unable(reason));
    }
    if names.prefix.is_none() {
        return Err(unable(format!(
            "{}: {switch} has no such aggregate, and its entry no lag_prefix to make one",
            lag.name
        )));
    }
    if let Some(number) = names.number_in(&lag.name) {
        let numbers = &names.switch.rules.lag_numbers;
        return match names.named(number).filter(|_| numbers.contains(number)) {
            Some(name) => Ok(name),
            None => Err(unable(format!("{}: is not there, and {switch} allows {numbers} to be made", lag.name))),
        };
    }
    let agreed = |number| lag.number.is_none_or(|agreed| agreed == number);
    let free = names.free(config).find(|(number, _)| agreed(*number));
    free.map(|(_, name)| name).ok_or_else(|| {
        unable(format!("{}: every number of {} is taken on {switch}", lag.name, names.switch.rules.lag_numbers))
    })
}

/// How Ironic describes what it makes for a port group.
const PORT_GROUP: &str = "Ironic PortGroup ";

/// Refuses what another port group of the same name has.
fn owned<'a>(lag: &LagIntent, aggregate: &'a Interface) -> Result<&'a Interface, Fault> {
    let has = aggregate.description.as_ref().and_then(|text| split(text).0?.strip_prefix(PORT_GROUP));
    let wanted = match &lag.description {
        Setting::Set(Some(text)) => text.as_str().strip_prefix(PORT_GROUP),
        _ => None,
    };
    match (has, wanted) {
        (Some(has), Some(wanted)) if has != wanted => {
            let reason = format!("{}, which bears the name {}, is the port group {has}'s", aggregate.name, lag.name);
            Err(contradicts(lag, reason))
        }
        _ => Ok(aggregate),
    }
}

/// An aggregate that is not Mercury's may be used where its ports may.
fn allowed(name: &InterfaceName, lag: &LagIntent, names: &LagNames<'_>) -> Result<(), Fault> {
    if names.switch.rules.allows_port(name) || names.nameable(name).is_ok() {
        return Ok(());
    }
    let reason = format!("{name} is not among the allowed ports of {}", names.switch.identity.name);
    Err(Fault::value(lag.parameter, reason))
}

fn settings(lag: &LagIntent, aggregate: &mut Interface, names: &LagNames<'_>, dialect: &Dialect) -> Result<(), Fault> {
    super::lay(&lag.enabled, aggregate, Leaf::Enabled, |aggregate| &mut aggregate.enabled);
    super::lay(&lag.mtu, aggregate, Leaf::Mtu, |aggregate| &mut aggregate.mtu);
    lag.stp.apply(aggregate);
    if let Setting::Set(vlans) = &lag.switched_vlan {
        super::understood(aggregate)?;
        aggregate.switched_vlan = vlans.clone().map(|vlans| super::spelled(vlans, dialect));
    }
    let has = aggregate.aggregation.unwrap_or_default();
    if !names.is_ours(&aggregate.name) {
        return match (lag.lag_type, has.lag_type) {
            (Some(wanted), Some(has)) if wanted != has => {
                let word = |kind| if kind == LagType::Lacp { "LACP" } else { "static" };
                let reason = format!("{} is {}, not {}", aggregate.name, word(has), word(wanted));
                Err(contradicts(lag, format!("{reason}, and is not Mercury's to change")))
            }
            _ => Ok(()),
        };
    }
    let lag_type = lag.lag_type.or(has.lag_type).unwrap_or(LagType::Lacp);
    let knows = |leaf| dialect.has(names.switch.protocol().as_str(), leaf);
    let shared = names.switch.rules.mlag_domain.is_some() && knows(Leaf::MlagId);
    for leaf in [Leaf::LagType, Leaf::LacpMode] {
        aggregate.foreign.remove(leaf);
    }
    // A rate in words of others stays, where nobody asks for another.
    if lag.interval.is_some() || has.lag_type.is_some_and(|has| has != lag_type) {
        aggregate.foreign.remove(Leaf::LacpInterval);
    }
    aggregate.aggregation = Some(Aggregation {
        lag_type: Some(lag_type),
        min_links: lag.min_links.or(has.min_links),
        mlag_id: if shared { names.number(aggregate.name.as_str()) } else { has.mlag_id },
    });
    aggregate.lacp = match lag_type {
        LagType::Static => None,
        // There it has no settings of its own, and is just spoken.
        LagType::Lacp if lag.interval.is_none() && !knows(Leaf::LacpInterval) => None,
        LagType::Lacp if aggregate.foreign.get(Leaf::LacpInterval).is_some() => aggregate.lacp,
        LagType::Lacp => {
            // What is so anyway is not among what was read.
            let usual = || dialect.defaults(names.switch.protocol().as_str()).map(Defaults::lacp);
            let has = aggregate.lacp.or_else(usual).unwrap_or_default();
            Some(Lacp { interval: lag.interval.unwrap_or(has.interval), ..has })
        }
    };
    Ok(())
}

/// Keeps the caller's name where it will be found again: at the end of the
/// description of an aggregate that is Mercury's.
fn described(lag: &LagIntent, aggregate: &mut Interface, is_ours: bool) -> Result<(), Fault> {
    if !is_ours {
        lag.description.apply(&mut aggregate.description);
        return Ok(());
    }
    let new = if lag.links.is_some() { Mark::Bond(lag.name.as_str()) } else { Mark::Named(lag.name.as_str()) };
    let text = plain(&lag.description, aggregate.description.as_ref())?;
    aggregate.description = with_mark(text, Some(mark_of(aggregate).unwrap_or(new)))?;
    Ok(())
}

/// Where no description is kept, no name is either: a bond's aggregate is found by its links, and
/// any other by the switch's own name for it.
fn undescribed(lag: &LagIntent, aggregate: &mut Interface, names: &LagNames<'_>) -> Result<(), Fault> {
    lag.description.apply(&mut aggregate.description);
    if lag.links.is_some() || names.number_in(&lag.name).is_some() {
        return Ok(());
    }
    let switch = &names.switch.identity.name;
    let reason = format!("{}: {switch} keeps no description of an aggregate that could bear the name", lag.name);
    let fault = Fault::new(FaultKind::Unsupported, format!("{reason}; it may be called {}", aggregate.name));
    Err(Fault { parameter: Some(lag.parameter.to_owned()), ..fault })
}

/// The description of an aggregate of Mercury's when a caller wants another one:
/// the name that it bears stays.
pub(super) fn redescribed(wanted: &Setting<Option<Description>>, aggregate: &mut Interface) -> Result<(), Fault> {
    let text = plain(wanted, aggregate.description.as_ref())?;
    aggregate.description = with_mark(text, mark_of(aggregate))?;
    Ok(())
}

/// A bond's links are the members, and no other port is. Ports that join lose
/// VLANs of their own: the aggregate carries them.
fn join(lag: &LagIntent, name: &InterfaceName, config: &mut DeviceConfig, names: &LagNames<'_>) -> Result<(), Fault> {
    let Some(links) = &lag.links else { return Ok(()) };
    let is_ours = names.is_ours(name);
    let members = members(config, name);
    if !members.is_empty() && members.is_disjoint(links) {
        let shown = members.iter().map(InterfaceName::as_str).collect::<Vec<_>>().join(", ");
        return Err(contradicts(lag, format!("{name} has other members: {shown}")));
    }
    for port in links {
        let mut member = config.interface(port);
        if member.is_aggregate() {
            return Err(contradicts(lag, format!("{port} is an aggregate itself")));
        }
        leave(&mut member, names);
        // A place in an aggregate that the network team made is not a caller's to give up.
        if let Some(other) = member.aggregate_id.as_ref().filter(|other| *other != name) {
            let reason = format!("{port} is a member of {other}, which is not Mercury's to change");
            return Err(contradicts(lag, reason));
        }
        if !is_ours && !members.contains(port) {
            let reason = format!("{port} is not a member of {name}, which is not Mercury's to change");
            return Err(contradicts(lag, reason));
        }
        member.aggregate_id = Some(name.clone());
        member.switched_vlan = None;
        lag.stp.cleared().apply(&mut member);
        config.interfaces.insert(port.clone(), member);
    }
    if is_ours {
        for member in config.interfaces.values_mut() {
            if member.aggregate_id.as_ref() == Some(name) && !links.contains(&member.name) {
                member.aggregate_id = None;
                member.switched_vlan = names.idle();
            }
        }
    }
    Ok(())
}

fn remove(name: &InterfaceName, lag: &LagIntent, config: &mut DeviceConfig, names: &LagNames<'_>) -> Result<(), Fault> {
    let idle = names.idle();
    if !names.is_ours(name) {
        allowed(name, lag, names)?;
        if let Some(aggregate) = config.interfaces.get_mut(name) {
            aggregate.switched_vlan = idle;
            lag.stp.apply(aggregate);
        }
        return Ok(());
    }
    // Links that leave leave alone what others of the same name have.
    if lag.links.as_ref().is_some_and(|links| !members(config, name).is_subset(links)) {
        return Ok(());
    }
    for member in config.interfaces.values_mut() {
        if member.aggregate_id.as_ref() == Some(name) {
            member.aggregate_id = None;
            member.switched_vlan.clone_from(&idle);
        }
    }
    config.interfaces.remove(name);
    Ok(())
}

fn members(config: &DeviceConfig, name: &InterfaceName) -> BTreeSet<InterfaceName> {
    let members = config.interfaces.values().filter(|port| port.aggregate_id.as_ref() == Some(name));
    members.map(|port| port.name.clone()).collect()
}

/// Where only its members say what an aggregate is, one without any is of no type
/// yet, and the first to join says LACP.
///
/// # Errors
/// One without members is to be something else.
pub(super) fn by_members(
    running: &Running,
    config: &mut DeviceConfig,
    names: &LagNames<'_>,
    dialect: &Dialect,
) -> Result<(), Fault> {
    if !dialect.members_say_lag_type(names.switch.protocol().as_str()) {
        return Ok(());
    }
    let joined: BTreeSet<InterfaceName> =
        config.interfaces.values().filter_map(|port| port.aggregate_id.clone()).collect();
    for aggregate in config.interfaces.values_mut().filter(|port| port.is_aggregate()) {
        let lag_type = |of: &Interface| of.aggregation.and_then(|aggregation| aggregation.lag_type);
        if joined.contains(&aggregate.name) {
            if Leaf::LagType.get(aggregate).is_none() {
                let aggregation = aggregate.aggregation.unwrap_or_default();
                aggregate.aggregation = Some(Aggregation { lag_type: Some(LagType::Lacp), ..aggregation });
                let rate = running.idle_rates.get(&aggregate.name).copied();
                aggregate.lacp = Some(rate.map_or_else(Lacp::default, |interval| Lacp { interval, ..Lacp::default() }));
            }
            continue;
        }
        let before = running.interface(&aggregate.name);
        let is_other =
            lag_type(aggregate) == Some(LagType::Static) || aggregate.lacp.is_some_and(|lacp| lacp != Lacp::default());
        if is_other && (lag_type(aggregate), aggregate.lacp) != (lag_type(&before), before.lacp) {
            let reason = format!(
                "{} has no members, and on {} they alone say that an aggregate is anything but LACP at the slow rate",
                aggregate.name, dialect.os
            );
            return Err(Fault::new(FaultKind::Unsupported, reason));
        }
        for leaf in [Leaf::LagType, Leaf::LacpMode, Leaf::LacpInterval] {
            leaf.set(aggregate, None);
        }
    }
    Ok(())
}

/// Aggregates of Mercury's making whose last member has left are removed, but
/// for those that `update_lag` made and `delete_lag` will remove.
pub(super) fn remove_deserted(running: &Running, config: &mut DeviceConfig, names: &LagNames<'_>) {
    let members = |config: &DeviceConfig| -> BTreeMap<InterfaceName, usize> {
        let mut members = BTreeMap::new();
        for aggregate in config.interfaces.values().filter_map(|port| port.aggregate_id.clone()) {
            *members.entry(aggregate).or_default() += 1;
        }
        members
    };
    let now = members(config);
    for aggregate in members(&running.config).into_keys() {
        // Only where all were seen is one without members known to have none.
        let seen = running.scope.interfaces == InterfaceScope::All;
        let stays =
            config.interfaces.get(&aggregate).and_then(mark_of).is_some_and(|mark| matches!(mark, Mark::Named(_)));
        if seen && !stays && !now.contains_key(&aggregate) && names.is_ours(&aggregate) {
            config.interfaces.remove(&aggregate);
        }
    }
}

fn contradicts(lag: &LagIntent, reason: String) -> Fault {
    Fault::value(lag.parameter, reason)
}
