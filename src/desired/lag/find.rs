//! Which aggregate a caller means: by the switch's own name, by the mark in
//! its description, or by its members.

use std::collections::BTreeSet;

use mercury_model::{DeviceConfig, Interface, InterfaceName};

use super::{
    LagNames, contradicts,
    mark::{Mark, mark_of},
    members,
};
use crate::{
    fault::Fault,
    intent::{LagIntent, LagName, Presence},
};

/// Which aggregate of the switch is meant, if it is there.
pub(super) fn find(
    lag: &LagIntent,
    config: &DeviceConfig,
    names: &LagNames<'_>,
) -> Result<Option<InterfaceName>, Fault> {
    match &lag.links {
        None => by_name(&lag.name, lag.parameter, config, names),
        Some(links) => of_bond(lag, links, config, names),
    }
}

/// One that `update_lag` or the network team made.
pub(super) fn by_name(
    name: &LagName,
    parameter: &str,
    config: &DeviceConfig,
    names: &LagNames<'_>,
) -> Result<Option<InterfaceName>, Fault> {
    if let Some(own) = by_own_name(name, parameter, config, names)? {
        return Ok(Some(own));
    }
    let mut bearing = ours(config, names).filter(|one| mark_of(one) == Some(Mark::Named(name.as_str())));
    match (bearing.next(), bearing.next()) {
        (Some(one), Some(other)) => {
            let reason = format!("{} and {} both bear the name {name}", one.name, other.name);
            Err(Fault::value(parameter, reason))
        }
        (one, _) => Ok(one.map(|one| one.name.clone())),
    }
}

fn by_own_name(
    name: &LagName,
    parameter: &str,
    config: &DeviceConfig,
    names: &LagNames<'_>,
) -> Result<Option<InterfaceName>, Fault> {
    let spelled = names.spelled(name);
    let is_it = |one: &&Interface| one.name.as_str() == name.as_str() || Some(&one.name) == spelled.as_ref();
    let Some(own) = aggregates(config).find(is_it) else { return Ok(None) };
    match names.nameable(&own.name) {
        Ok(()) => Ok(Some(own.name.clone())),
        Err(fault) => Err(Fault::value(parameter, fault.message)),
    }
}

/// The one that these links are, or that was made for them: several servers
/// may call their bonds the same.
fn of_bond(
    lag: &LagIntent,
    links: &BTreeSet<InterfaceName>,
    config: &DeviceConfig,
    names: &LagNames<'_>,
) -> Result<Option<InterfaceName>, Fault> {
    let is_absent = lag.presence == Presence::Absent;
    let shares = |one: &InterfaceName| !members(config, one).is_disjoint(links);
    match by_own_name(&lag.name, lag.parameter, config, names) {
        Ok(Some(own)) if !is_absent || shares(&own) => return Ok(Some(own)),
        // Links come free whatever their bond is called.
        Err(fault) if !is_absent => return Err(fault),
        _ => {}
    }
    let bearing =
        || ours(config, names).filter(|one| mark_of(one).is_some_and(|mark| mark.name() == lag.name.as_str()));
    let mut sharing = bearing().filter(|one| shares(&one.name));
    match (sharing.next(), sharing.next()) {
        (None, _) => {}
        (Some(one), None) => return Ok(Some(one.name.clone())),
        // Each link leaves its own, then.
        (Some(_), Some(_)) if is_absent => return Ok(None),
        (Some(one), Some(other)) => {
            let reason =
                format!("{} and {} both bear the name {} and have links of it", one.name, other.name, lag.name);
            return Err(contradicts(lag, reason));
        }
    }
    let is_free = |one: &&Interface| {
        members(config, &one.name).is_empty() && (!is_absent || matches!(mark_of(one), Some(Mark::Bond(_))))
    };
    let nameless = |one: &&Interface| mark_of(one).is_none() && members(config, &one.name) == *links;
    if let Some(one) = bearing().find(is_free).or_else(|| ours(config, names).find(nameless)) {
        return Ok(Some(one.name.clone()));
    }
    let theirs = links.iter().filter_map(|port| config.interfaces.get(port)?.aggregate_id.as_ref());
    let theirs: BTreeSet<_> = theirs.filter(|aggregate| !names.is_ours(aggregate)).collect();
    match theirs.iter().collect::<Vec<_>>()[..] {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        [_, _, ..] if is_absent => Ok(None),
        [one, other, ..] => Err(contradicts(lag, format!("its links are in {one} and in {other}"))),
    }
}

/// What a removal that found nothing may have missed.
///
/// # Errors
/// Aggregates of Mercury's whose names are lost, or a bond of this name.
pub(super) fn nothing_missed(lag: &LagIntent, config: &DeviceConfig, names: &LagNames<'_>) -> Result<(), Fault> {
    let named = |which: fn(Option<Mark<'_>>, &str) -> bool| {
        let found = ours(config, names).filter(|one| which(mark_of(one), lag.name.as_str()));
        found.map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let bonds = named(|mark, name| mark == Some(Mark::Bond(name)));
    if !bonds.is_empty() {
        let reason = format!("{bonds}, which bears the name {}, is a server's bond: detach_port removes it", lag.name);
        return Err(contradicts(lag, reason));
    }
    let nameless = named(|mark, _| mark.is_none());
    if nameless.is_empty() {
        return Ok(());
    }
    let reason = format!("no aggregate bears the name {}, and {nameless} bears none", lag.name);
    Err(contradicts(lag, format!("{reason}: what is not wanted there can be removed by the switch's name for it")))
}

fn aggregates(config: &DeviceConfig) -> impl Iterator<Item = &Interface> {
    config.interfaces.values().filter(|interface| interface.is_aggregate())
}

fn ours<'a>(config: &'a DeviceConfig, names: &'a LagNames<'_>) -> impl Iterator<Item = &'a Interface> {
    aggregates(config).filter(|aggregate| names.is_ours(&aggregate.name))
}
