//! Hosts behind cards: which port of a card is meant, and what the switches that the card
//! hangs on are to carry for it.

use std::{collections::BTreeMap, fmt, sync::Arc};

use mercury_model::{InterfaceName, SwitchedVlan, TrunkVlans, VlanSet};
use serde::Serialize;

use super::{
    Intent, Membership, PluginRequest, Setting, TargetIntent, check_allowed, check_set_aside, find_switch, needed_vlan,
    options::name_vlan, unusable,
};
use crate::{
    fault::{Fault, FaultKind},
    inventory::{Broken, Card, Function, Inventory, Switch},
};

/// A port of a card.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CardPort {
    /// The card's entry.
    pub card: String,
    /// The port.
    pub port: InterfaceName,
}

impl fmt::Display for CardPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.port, self.card)
    }
}

/// What is wanted of a switch's port that a card hangs on: tagged, some VLANs more or
/// fewer. What else it carries stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UplinkIntent {
    /// The port, as the switch names it.
    pub interface: InterfaceName,
    /// The card's end of the cable.
    pub card_port: CardPort,
    /// The VLANs that it is to carry.
    pub carries: VlanSet,
    /// Those that nothing on the card has any more, as was agreed.
    pub releases: VlanSet,
}

/// The card in a host, or that is a child node.
///
/// # Errors
/// There is none, or its entry cannot be used.
pub(super) fn card_in(inventory: &Inventory, parameter: &str, host: &str) -> Result<Arc<Switch>, Fault> {
    found(inventory.card_in(host), parameter, || format!("no card is in host, or is child node, {host:?}"))
}

/// The representor of a function of the card of a serial number.
///
/// # Errors
/// There is no such card, its entry cannot be used, or the function has no representor.
pub(super) fn representor(
    inventory: &Inventory,
    parameter: &str,
    (serial_number, function): (&str, Function),
) -> Result<(Arc<Switch>, InterfaceName), Fault> {
    let serial = format!("{parameter}.card_serial_number");
    let card = found(inventory.card_of(serial_number), &serial, || format!("no card has number {serial_number:?}"))?;
    match card.rules.card.as_ref().and_then(|own| own.of_function(function)) {
        Some(representor) => {
            let port = representor.port.clone();
            Ok((card, port))
        }
        None => {
            let reason = format!("{} has no representor for {function}", card.identity.name);
            let key = if function.vf.is_some() { "vf_num" } else { "pf_mac_address" };
            Err(Fault::value(format!("{parameter}.{key}"), reason).at(&card.identity.name))
        }
    }
}

fn found(
    card: Result<&Arc<Switch>, Option<&Broken>>,
    parameter: &str,
    missing: impl Fn() -> String,
) -> Result<Arc<Switch>, Fault> {
    card.cloned().map_err(|broken| {
        let fault = broken.map_or_else(
            || Fault::new(FaultKind::SwitchNotFound, format!("{parameter}: {} of the inventory", missing())),
            unusable,
        );
        Fault { parameter: Some(parameter.to_owned()), ..fault }
    })
}

/// Refuses a port that is a card's and no representor, or that a card hangs on.
///
/// # Errors
/// [`FaultKind::InvalidValue`], naming the parameter.
pub(super) fn check_port(switch: &Switch, parameter: &str, port: &InterfaceName) -> Result<(), Fault> {
    let name = &switch.identity.name;
    let refused = |reason: String| Err(Fault::value(parameter, reason).at(name));
    if let Some(card) = switch.rules.uplinks.get(port) {
        return refused(format!("{card} hangs on port {port} of {name}, which carries what that card's ports have"));
    }
    let Some(card) = switch.rules.card.as_ref().filter(|card| card.representor(port).is_none()) else { return Ok(()) };
    let why = if card.is_uplink(port) { "is an uplink" } else { "is not among the representors" };
    refused(format!("port {port} {why} of card {name}"))
}

/// The same request, in which the switches that its cards hang on carry what the cards'
/// ports are to have. A VLAN comes to the switch first and goes from the card first.
///
/// # Errors
/// A card's port is to be what cannot go through an uplink, or an uplink's switch does not
/// allow it.
pub fn with_uplinks(
    mut intent: Intent,
    inventory: &Inventory,
    request: Option<&PluginRequest>,
) -> Result<Intent, Fault> {
    let mut ends: BTreeMap<String, FarEnd> = BTreeMap::new();
    for target in &mut intent.targets {
        let Some(switch) = inventory.find(&target.switch).cloned() else { continue };
        let Some(card) = &switch.rules.card else { continue };
        let is_detached = target.ports.iter().all(|port| port.switched_vlan == Setting::Set(None));
        for (end, uplink) in uplinks(target, &switch, card)? {
            let end = ends.entry(end).or_insert_with(|| FarEnd::of(target.turn, is_detached));
            end.turn = end.of_both(target.turn);
            let carries = uplink.carries.clone();
            let all = end.uplinks.entry(uplink.interface.clone()).or_insert(uplink);
            all.carries = all.carries.union(&carries);
        }
        target.turn += if is_detached { -1 } else { 1 };
    }
    for (name, end) in ends {
        let switch = find_switch(inventory, "card.uplinks", &name)?;
        let index = intent.targets.iter().position(|target| target.switch == switch.identity.name);
        let mut target = match index {
            Some(index) => intent.targets.swap_remove(index),
            None => TargetIntent { turn: end.turn, ..TargetIntent::new(&switch) },
        };
        target.turn = end.of_both(target.turn);
        for uplink in end.uplinks.into_values() {
            carry(&mut target, &switch, uplink, request)?;
        }
        intent.targets.push(target);
    }
    intent.targets.sort_by(|one, other| one.switch.cmp(&other.switch));
    Ok(intent)
}

/// What is wanted of one switch for the sake of cards.
struct FarEnd {
    turn: i8,
    is_detached: bool,
    uplinks: BTreeMap<InterfaceName, UplinkIntent>,
}

impl FarEnd {
    const fn of(turn: i8, is_detached: bool) -> Self {
        Self { turn, is_detached, uplinks: BTreeMap::new() }
    }

    /// Before every card that gets something, and behind every one that loses it.
    fn of_both(&self, turn: i8) -> i8 {
        if self.is_detached { self.turn.max(turn) } else { self.turn.min(turn) }
    }
}

/// What is wanted of the other ends of a card's uplinks, with their switches.
fn uplinks(target: &TargetIntent, switch: &Switch, card: &Card) -> Result<Vec<(String, UplinkIntent)>, Fault> {
    let name = &switch.identity.name;
    let refused = |parameter: &str, reason: String| Err(Fault::value(parameter, reason).at(name));
    if !target.lags.is_empty() || target.ports.iter().any(|port| matches!(port.membership, Membership::Join(_))) {
        return refused("lag_name", format!("{name} is a card, whose representors are not bonded"));
    }
    let mut all = Vec::new();
    for port in &target.ports {
        let (Some(representor), Setting::Set(vlans)) = (card.representor(&port.interface), &port.switched_vlan) else {
            continue;
        };
        if port.untagged_vni.is_some() {
            let reason = format!("is missing: a VNI has no VLAN of its own on {name}, which is a card");
            return refused("network.segmentation_id", reason);
        }
        let carries = match vlans {
            None => VlanSet::new(),
            Some(SwitchedVlan::Access { vlan: Some(vlan) }) => std::iter::once(*vlan).collect(),
            Some(SwitchedVlan::Trunk { vlans: TrunkVlans::Only(_) | TrunkVlans::None, .. }) => {
                vlans.as_ref().map(SwitchedVlan::named_vlans).unwrap_or_default()
            }
            Some(_) => {
                let reason =
                    format!("all VLANs, or none that is named, cannot be for a port of {name}, which is a card");
                return refused("allowed_vlans", reason);
            }
        };
        for uplink in card.uplinks_of(representor) {
            let card_port = CardPort { card: name.clone(), port: uplink.port.clone() };
            let (interface, carries) = (uplink.switch_port.clone(), carries.clone());
            let wanted = UplinkIntent { interface, card_port, carries, releases: VlanSet::new() };
            all.push((uplink.switch.clone(), wanted));
        }
    }
    Ok(all)
}

/// Adds an uplink's end to what is wanted of its switch.
fn carry(
    target: &mut TargetIntent,
    switch: &Switch,
    uplink: UplinkIntent,
    request: Option<&PluginRequest>,
) -> Result<(), Fault> {
    let network = request.and_then(|request| request.network.as_ref());
    // One that is to leave the card leaves this switch with it.
    if let Some(vlan) = network.and_then(|network| network.vlan) {
        check_allowed(switch, "network.segmentation_id", &SwitchedVlan::access(vlan))?;
    }
    if !uplink.carries.is_empty() {
        let vlans = SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only(uplink.carries.clone()) };
        check_allowed(switch, "allowed_vlans", &vlans)?;
        check_set_aside(switch, "allowed_vlans", &vlans, &request.map(PluginRequest::bound).unwrap_or_default())?;
    }
    if switch.rules.manage_vlans {
        for id in uplink.carries.iter() {
            if !target.vlans.iter().any(|vlan| vlan.id() == id) {
                target.vlans.push(needed_vlan(switch, id));
            }
        }
    }
    if let (Some(request), Some(network), false) = (request, network, uplink.carries.is_empty()) {
        name_vlan(switch, target, network)?;
        for segment in request.segments(network, switch)? {
            if !target.segments.contains(&segment) {
                target.segments.push(segment);
            }
        }
    }
    target.uplinks.push(uplink);
    Ok(())
}
