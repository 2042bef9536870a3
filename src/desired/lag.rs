//! Aggregates: which one a caller means, what it is to be, and what becomes of
//! one that its last member leaves.
//!
//! Nothing is remembered. An aggregate that was made under a name that is not
//! its own bears that name at the end of its description, in brackets; one
//! that the network team made is found by its name or by its members.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{Dialect, Mapping, Tree};
use mercury_model::{
    Aggregation, Description, DeviceConfig, Interface, InterfaceName, InterfaceScope, InterfaceType, Lacp, LagType,
    Running, Scope, SwitchedVlan,
};

use crate::{
    fault::{Fault, FaultKind},
    intent::{LagIntent, LagName, Members, Membership, Presence, Setting, TargetIntent},
    inventory::{Protocol, Switch},
    pace::{Offer, Offers},
};

/// How aggregates are named on one switch.
pub(super) struct Names<'a> {
    switch: &'a Switch,
    prefix: Option<&'a str>,
}

impl<'a> Names<'a> {
    pub(super) fn of(switch: &'a Switch, dialect: &'a Dialect) -> Self {
        Self { switch, prefix: switch.lag_prefix.as_deref().or(dialect.lag_prefix.as_deref()) }
    }

    fn number(&self, name: &str) -> Option<u16> {
        let digits = name.strip_prefix(self.prefix?)?;
        digits.parse().ok().filter(|number: &u16| number.to_string() == digits)
    }

    /// Whether it is Mercury's to make and to remove.
    pub(super) fn is_ours(&self, name: &InterfaceName) -> bool {
        self.number(name.as_str()).is_some_and(|number| self.switch.lag_numbers.contains(number))
    }

    /// Refuses the aggregate of a port where the entry's ports leave it out.
    pub(super) fn allow(&self, aggregate: &InterfaceName, port: &InterfaceName) -> Result<(), Fault> {
        if self.is_ours(aggregate) || self.switch.allows_port(aggregate) {
            return Ok(());
        }
        let switch = &self.switch.name;
        let reason = format!("{port} is a member of {aggregate}, which is not among the allowed ports of {switch}");
        Err(Fault::new(FaultKind::InvalidValue, reason))
    }

    /// What a port or aggregate that belongs to nobody carries.
    fn idle(&self) -> Option<SwitchedVlan> {
        self.switch.default_vlan.map(SwitchedVlan::access)
    }

    fn named(&self, number: u16) -> Option<InterfaceName> {
        format!("{}{number}", self.prefix?).parse().ok()
    }

    fn free<'c>(&'c self, config: &'c DeviceConfig) -> impl Iterator<Item = (u16, InterfaceName)> + 'c {
        let numbers = self.switch.lag_numbers.iter();
        let named = numbers.filter_map(|number| Some((number, self.named(number)?)));
        named.filter(|(_, name)| !config.interfaces.contains_key(name))
    }
}

/// What has to be read for the aggregates that a request names: all
/// interfaces, since any may be it, have its number, or be its member.
pub(super) fn widen(intent: &TargetIntent, scope: &mut Scope) {
    if !intent.lags.is_empty() {
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
}

/// What has to be read besides, once it is known which of the ports are
/// members: `None` where all has been seen.
#[must_use]
pub fn widened(intent: &TargetIntent, running: &Running) -> Option<Scope> {
    let mut scope = running.scope.clone();
    for port in &intent.ports {
        let Some(aggregate) = running.interface(&port.interface).aggregate_id else { continue };
        if scope.interfaces == InterfaceScope::All {
            continue;
        }
        match port.membership {
            Membership::Stay => scope.add_interface(aggregate),
            // Whether it is the last one to leave shows only when all are seen.
            Membership::Leave => scope.interfaces = InterfaceScope::All,
        }
    }
    (scope != running.scope).then_some(scope)
}

/// The numbers that would do for new aggregates that are to have the same one
/// on other switches too.
#[must_use]
pub fn offers(intent: &TargetIntent, running: &Running, dialect: &Dialect) -> Offers {
    let Some(domain) = &intent.switch.mlag_domain else { return Offers::new() };
    let names = Names::of(&intent.switch, dialect);
    let present = intent.lags.iter().filter(|lag| lag.presence == Presence::Present);
    let offers = present.filter(|lag| names.number(lag.name.as_str()).is_none()).map(|lag| {
        let found = find(lag, &running.config, &names).ok().flatten();
        let has = found.and_then(|name| names.number(name.as_str()));
        let free = names.free(&running.config).map(|(number, _)| number).collect();
        (lag.name.clone(), Offer { domain: domain.clone(), has, free })
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
    names: &Names<'_>,
    dialect: &Dialect,
) -> Result<Option<InterfaceName>, Fault> {
    let found = find(lag, config, names)?;
    if lag.presence == Presence::Absent {
        if let Some(name) = &found {
            remove(name, lag, config, names)?;
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
        Some(there) => there.clone(),
        None => Interface { kind: Some(InterfaceType::Ieee8023adLag), ..Interface::new(name.clone()) },
    };
    settings(lag, &mut aggregate, names, dialect)?;
    described(lag, &mut aggregate, is_ours)?;
    config.interfaces.insert(name.clone(), aggregate);
    join(lag, &name, config, names)?;
    Ok(Some(name))
}

/// Which aggregate of the switch is meant, if it is there.
fn find(lag: &LagIntent, config: &DeviceConfig, names: &Names<'_>) -> Result<Option<InterfaceName>, Fault> {
    let aggregates = || config.interfaces.values().filter(|interface| interface.is_aggregate());
    if let Some(named) = aggregates().find(|aggregate| aggregate.name.as_str() == lag.name.as_str()) {
        return Ok(Some(named.name.clone()));
    }
    let tagged = |aggregate: &&Interface| aggregate.description.as_ref().is_some_and(|text| bears(text, &lag.name));
    let mut tagged = aggregates().filter(tagged).filter(|aggregate| names.is_ours(&aggregate.name));
    if let Some(one) = tagged.next() {
        return match tagged.next() {
            None => Ok(Some(one.name.clone())),
            Some(other) => {
                Err(contradicts(lag, format!("{} and {} both bear the name {}", one.name, other.name, lag.name)))
            }
        };
    }
    let theirs = lag.members.ports().iter().filter_map(|port| config.interfaces.get(port)?.aggregate_id.as_ref());
    let theirs: BTreeSet<_> = theirs.filter(|aggregate| !names.is_ours(aggregate)).collect();
    match theirs.iter().collect::<Vec<_>>()[..] {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        // Each link of its own, then.
        [_, _, ..] if lag.presence == Presence::Absent => Ok(None),
        [one, other, ..] => Err(contradicts(lag, format!("its links are in {one} and in {other}"))),
    }
}

fn new_name(lag: &LagIntent, config: &DeviceConfig, names: &Names<'_>) -> Result<InterfaceName, Fault> {
    let switch = &names.switch.name;
    let unable = |reason: String| Fault {
        parameter: Some(lag.parameter.to_owned()),
        ..Fault::new(FaultKind::Unsupported, reason)
    };
    if names.switch.lag_numbers.is_empty() {
        let reason = format!("{}: {switch} has no such aggregate, and its entry has no lag_numbers", lag.name);
        return Err(unable(reason));
    }
    if names.prefix.is_none() {
        return Err(unable(format!(
            "{}: {switch} has no such aggregate, and its entry no lag_prefix to make one",
            lag.name
        )));
    }
    if let Some(number) = names.number(lag.name.as_str()) {
        let numbers = &names.switch.lag_numbers;
        return match names.named(number).filter(|_| numbers.contains(number)) {
            Some(name) => Ok(name),
            None => Err(unable(format!("{}: is not there, and {switch} allows {numbers} to be made", lag.name))),
        };
    }
    let agreed = |number| lag.number.is_none_or(|agreed| agreed == number);
    let free = names.free(config).find(|(number, _)| agreed(*number));
    free.map(|(_, name)| name).ok_or_else(|| {
        unable(format!("{}: every number of {} is taken on {switch}", lag.name, names.switch.lag_numbers))
    })
}

/// An aggregate that is not Mercury's may be used where its ports may.
fn allowed(name: &InterfaceName, lag: &LagIntent, names: &Names<'_>) -> Result<(), Fault> {
    if names.switch.allows_port(name) {
        return Ok(());
    }
    let reason = format!("{name} is not among the allowed ports of {}", names.switch.name);
    Err(Fault::value(lag.parameter, reason))
}

fn settings(lag: &LagIntent, aggregate: &mut Interface, names: &Names<'_>, dialect: &Dialect) -> Result<(), Fault> {
    lag.enabled.apply(&mut aggregate.enabled);
    lag.mtu.apply(&mut aggregate.mtu);
    lag.stp.apply(&mut aggregate.stp);
    if let Setting::Set(vlans) = &lag.switched_vlan {
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
    let shared = names.switch.mlag_domain.is_some() && has_mlag_id(dialect, names.switch.protocol);
    aggregate.aggregation = Some(Aggregation {
        lag_type: Some(lag_type),
        min_links: lag.min_links.or(has.min_links),
        mlag_id: if shared { names.number(aggregate.name.as_str()) } else { has.mlag_id },
    });
    aggregate.lacp = match lag_type {
        LagType::Static => None,
        LagType::Lacp if lag.interval.is_none() && !has_lacp(dialect, names.switch.protocol) => None,
        LagType::Lacp => {
            let has: Lacp = aggregate.lacp.unwrap_or_default();
            Some(Lacp { interval: lag.interval.unwrap_or(has.interval), ..has })
        }
    };
    Ok(())
}

/// Whether LACP has settings of its own there; else it is just spoken.
fn has_lacp(dialect: &Dialect, protocol: Protocol) -> bool {
    // SR Linux has no tree here, and LACP beside each aggregate.
    tree(dialect, protocol).is_none_or(|tree| tree.lacp.is_some())
}

/// Whether switches that share an aggregate have to be told so.
fn has_mlag_id(dialect: &Dialect, protocol: Protocol) -> bool {
    tree(dialect, protocol).is_some_and(|tree| tree.aggregation.as_ref().is_some_and(|lag| lag.mlag_id.is_some()))
}

fn tree(dialect: &Dialect, protocol: Protocol) -> Option<&Tree> {
    match protocol {
        Protocol::Netconf => dialect.netconf.as_ref().map(|netconf| &netconf.tree),
        Protocol::Gnmi => dialect.gnmi.as_ref().and_then(|gnmi| match &gnmi.mapping {
            Mapping::Tree(tree) => Some(&**tree),
            Mapping::MacVrf => None,
        }),
    }
}

/// Keeps the caller's name where it will be found again: at the end of the
/// description of an aggregate that is Mercury's.
fn described(lag: &LagIntent, aggregate: &mut Interface, is_ours: bool) -> Result<(), Fault> {
    if !is_ours {
        lag.description.apply(&mut aggregate.description);
        return Ok(());
    }
    let name = match lag.name.as_str() == aggregate.name.as_str() {
        true => aggregate.description.as_ref().and_then(name_in).map(str::to_owned),
        false => Some(lag.name.to_string()),
    };
    aggregate.description = with_name(&lag.description, aggregate.description.as_ref(), name.as_deref())?;
    Ok(())
}

/// The description of an aggregate of Mercury's when a caller wants another one:
/// the name that it bears stays.
pub(super) fn redescribed(wanted: &Setting<Option<Description>>, aggregate: &mut Interface) -> Result<(), Fault> {
    let name = aggregate.description.as_ref().and_then(name_in).map(str::to_owned);
    aggregate.description = with_name(wanted, aggregate.description.as_ref(), name.as_deref())?;
    Ok(())
}

fn with_name(
    wanted: &Setting<Option<Description>>,
    has: Option<&Description>,
    name: Option<&str>,
) -> Result<Option<Description>, Fault> {
    let plain = match wanted {
        Setting::Set(Some(text)) if text.as_str().ends_with(']') => {
            return Err(Fault::value("description", "ends in a bracket, as the names of aggregates do"));
        }
        Setting::Set(text) => text.as_ref().map(Description::as_str),
        Setting::Keep => has.and_then(|text| match name_in(text) {
            Some(name) => text.as_str().strip_suffix(&format!("[{name}]")).map(str::trim_end),
            None => Some(text.as_str()),
        }),
    };
    let text = match (plain.filter(|text| !text.is_empty()), name) {
        (Some(text), Some(name)) => format!("{text} [{name}]"),
        (None, Some(name)) => format!("[{name}]"),
        (Some(text), None) => text.to_owned(),
        (None, None) => return Ok(None),
    };
    text.parse().map(Some).map_err(|error| Fault::value("description", error))
}

/// The name that a description ends with.
fn name_in(text: &Description) -> Option<&str> {
    let (before, name) = text.as_str().strip_suffix(']')?.rsplit_once('[')?;
    (before.is_empty() || before.ends_with(' ')).then_some(name)
}

/// The description without the name that an aggregate bears; `None` where
/// there is nothing else.
#[must_use]
pub fn without_name<'a>(text: &'a Description, name: &LagName) -> Option<&'a str> {
    let tag = format!("[{name}]");
    match text.as_str().strip_suffix(&tag) {
        Some(rest) => Some(rest.trim_end()).filter(|rest| !rest.is_empty()),
        None => Some(text.as_str()),
    }
}

fn bears(text: &Description, name: &LagName) -> bool {
    name_in(text) == Some(name.as_str())
}

/// Ports that join lose VLANs of their own: the aggregate carries them.
fn join(lag: &LagIntent, name: &InterfaceName, config: &mut DeviceConfig, names: &Names<'_>) -> Result<(), Fault> {
    let is_ours = names.is_ours(name);
    let members = members(config, name);
    if matches!(lag.members, Members::Exactly(_)) && !members.is_empty() && members.is_disjoint(lag.members.ports()) {
        let shown = members.iter().map(InterfaceName::as_str).collect::<Vec<_>>().join(", ");
        return Err(contradicts(lag, format!("{name} bears the name {} and has other members: {shown}", lag.name)));
    }
    for port in lag.members.ports() {
        let mut member = config.interface(port);
        if member.is_aggregate() {
            return Err(contradicts(lag, format!("{port} is an aggregate itself")));
        }
        // A place in an aggregate that the network team made is not a caller's to give up.
        let theirs = |other: &&InterfaceName| *other != name && !names.is_ours(other);
        if let Some(other) = member.aggregate_id.as_ref().filter(theirs) {
            let reason = format!("{port} is a member of {other}, which is not Mercury's to change");
            return Err(contradicts(lag, reason));
        }
        // What joined one of the network team's could not be told from what was there.
        let exactly = matches!(lag.members, Members::Exactly(_));
        if exactly && !is_ours && member.aggregate_id.as_ref() != Some(name) {
            let reason = format!("{port} is not a member of {name}, which is not Mercury's to change");
            return Err(contradicts(lag, reason));
        }
        member.aggregate_id = Some(name.clone());
        member.switched_vlan = None;
        lag.stp.cleared().apply(&mut member.stp);
        config.interfaces.insert(port.clone(), member);
    }
    if let (true, Members::Exactly(ports)) = (is_ours, &lag.members) {
        for member in config.interfaces.values_mut() {
            if member.aggregate_id.as_ref() == Some(name) && !ports.contains(&member.name) {
                member.aggregate_id = None;
                member.switched_vlan = names.idle();
            }
        }
    }
    Ok(())
}

fn remove(name: &InterfaceName, lag: &LagIntent, config: &mut DeviceConfig, names: &Names<'_>) -> Result<(), Fault> {
    let idle = names.idle();
    if !names.is_ours(name) {
        allowed(name, lag, names)?;
        if let Some(aggregate) = config.interfaces.get_mut(name) {
            aggregate.switched_vlan = idle;
            lag.stp.apply(&mut aggregate.stp);
        }
        return Ok(());
    }
    // Links that leave leave alone what others of the same name have.
    let links = lag.members.ports();
    if !links.is_empty() && !members(config, name).is_subset(links) {
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

/// A port of `config` that is to leave an aggregate of Mercury's making does.
pub(super) fn leave(port: &mut Interface, membership: Membership, names: &Names<'_>) {
    let ours = port.aggregate_id.as_ref().is_some_and(|aggregate| names.is_ours(aggregate));
    if membership == Membership::Leave && ours {
        port.aggregate_id = None;
    }
}

/// Aggregates of Mercury's making whose last member has left are removed.
pub(super) fn remove_deserted(running: &Running, config: &mut DeviceConfig, names: &Names<'_>) {
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
        if seen && !now.contains_key(&aggregate) && names.is_ours(&aggregate) {
            config.interfaces.remove(&aggregate);
        }
    }
}

fn contradicts(lag: &LagIntent, reason: String) -> Fault {
    Fault::value(lag.parameter, reason)
}
