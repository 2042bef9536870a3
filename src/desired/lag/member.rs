//! A port's place in an aggregate: how it gets it by name, and loses it again.

use mercury_model::{Description, DeviceConfig, Interface, InterfaceName, SwitchedVlan};

use super::{
    LagNames, find,
    mark::{Mark, mark_of, split, with_mark},
    members,
};
use crate::{
    fault::Fault,
    intent::{LagName, Setting},
};

/// What names an aggregate with a port.
const LAG_NAME: &str = "lag_name";

/// The aggregate that a port which wants `vlans` may join by this name, or why
/// it joins none.
///
/// # Errors
/// The aggregate is not for callers to name, or the port cannot be in it.
pub(in crate::desired) fn joined(
    name: &LagName,
    port: &Interface,
    vlans: &Setting<Option<SwitchedVlan>>,
    config: &DeviceConfig,
    names: &LagNames<'_>,
) -> Result<Result<InterfaceName, String>, Fault> {
    let refused = |reason: String| Err(Fault::value(LAG_NAME, reason));
    let is_bond = |at: &InterfaceName| matches!(config.interfaces.get(at).and_then(mark_of), Some(Mark::Bond(_)));
    let Some(at) = find::by_name(name, LAG_NAME, config, names)?.filter(|at| !is_bond(at)) else {
        let made = "update_lag or the network team makes aggregates, a port's request does not";
        return Ok(Err(format!("no aggregate to join is called {name}: {} is alone, since {made}", port.name)));
    };
    if port.is_aggregate() {
        return refused(format!("{} is an aggregate itself", port.name));
    }
    if let Some(other) = port.aggregate_id.as_ref().filter(|other| **other != at && !may_leave(port, names)) {
        return refused(format!("{} is a member of {other}, which is not Mercury's to change", port.name));
    }
    let others = members(config, &at).into_iter().filter(|member| *member != port.name);
    let others: Vec<_> = others.map(|member| member.to_string()).collect();
    let aggregate = config.interfaces.get(&at);
    let carries = aggregate.and_then(|aggregate| aggregate.switched_vlan.as_ref());
    let agrees = match vlans {
        Setting::Set(vlans) => vlans.as_ref() == carries,
        Setting::Keep => true,
    };
    let is_member = port.aggregate_id.as_ref() == Some(&at);
    // The network team knows who shares what it has made.
    if others.is_empty() || agrees || (is_member && !may_leave(port, names)) {
        return Ok(Ok(at));
    }
    let carries = carries.map_or_else(|| "no VLANs".to_owned(), ToString::to_string);
    let why = format!("{at} has {carries} and other members: {}", others.join(", "));
    match is_member {
        true => refused(format!("{why}; update_lag gives them other VLANs")),
        false => Ok(Err(format!("{why}; {} wants other VLANs and is alone", port.name))),
    }
}

/// Whether Mercury put the port where it is: the aggregate is Mercury's, or the
/// port's description says so.
fn may_leave(port: &Interface, names: &LagNames<'_>) -> bool {
    port.aggregate_id.as_ref().is_some_and(|aggregate| names.is_ours(aggregate)) || is_marked(port)
}

fn is_marked(port: &Interface) -> bool {
    let aggregate = port.aggregate_id.as_ref().map(InterfaceName::as_str);
    aggregate.is_some() && mark_of(port) == aggregate.map(Mark::Named)
}

/// A port that Mercury put in an aggregate leaves it.
pub(in crate::desired) fn leave(port: &mut Interface, names: &LagNames<'_>) {
    if may_leave(port, names) {
        port.aggregate_id = None;
    }
}

/// Describes a port that was as `before`, and marks it where it has joined an
/// aggregate of the network team's, which nothing else would tell.
///
/// # Errors
/// The text would be taken for the mark.
pub(in crate::desired) fn describe(
    wanted: &Setting<Option<Description>>,
    before: &Interface,
    port: &mut Interface,
    names: &LagNames<'_>,
) -> Result<(), Fault> {
    let was_marked = is_marked(before);
    let text = match wanted {
        Setting::Set(text) => text.as_ref().map(Description::as_str),
        Setting::Keep if was_marked => before.description.as_ref().and_then(|text| split(text).0),
        Setting::Keep => before.description.as_ref().map(Description::as_str),
    };
    let theirs = port.aggregate_id.clone().filter(|aggregate| !names.is_ours(aggregate));
    let joined = theirs.filter(|_| was_marked || port.aggregate_id != before.aggregate_id);
    port.description = with_mark(text, joined.as_ref().map(|aggregate| Mark::Named(aggregate.as_str())))?;
    if joined.is_none() && is_marked(port) {
        return Err(Fault::value("description", "ends as that of a port which joined its aggregate by name"));
    }
    Ok(())
}
