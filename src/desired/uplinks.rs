//! What goes through the uplinks of cards: which VLANs the switches at their other ends
//! carry for them, and which nothing on a card needs any more. Pure.
//!
//! Nothing is remembered: a VLAN leaves a switch's port when the card shows that none of
//! its ports has it.

use std::collections::BTreeMap;

use mercury_adapter::Dialect;
use mercury_model::{
    Interface, InterfaceName, InterfaceScope, Running, Scope, SwitchedVlan, TrunkVlans, VlanId, VlanSet,
};

use super::{Desired, leaving, spelled, unreadable, vlans::NOT_ALLOWED};
use crate::{
    fault::{Fault, FaultKind},
    intent::{CardPort, PortIntent, Setting, TargetIntent},
    inventory::{Card, Rules, Switch, Uplink},
};

/// Adds to `scope` the ports that cards hang on, and of a card all of its own.
pub(super) fn widen(intent: &TargetIntent, rules: &Rules, scope: &mut Scope) {
    intent.uplinks.iter().for_each(|uplink| scope.add_interface(uplink.interface.clone()));
    if rules.card.is_some() && !intent.ports.is_empty() {
        scope.interfaces = InterfaceScope::All;
    }
}

/// Has the ports that cards hang on carry what is wanted of them.
///
/// # Errors
/// One carries a VLAN untagged that the card expects tagged, cannot be read, or is a
/// member of an aggregate.
pub(super) fn lay(intent: &TargetIntent, rules: &Rules, made: &mut Desired, dialect: &Dialect) -> Result<(), Fault> {
    let config = &mut made.intended.0;
    for uplink in &intent.uplinks {
        let mut interface = config.interface(&uplink.interface);
        let refused = |reason: String| Err(Fault::new(FaultKind::InvalidValue, reason));
        if let Some(aggregate) = &interface.aggregate_id {
            return refused(format!(
                "{}, which {} hangs on, is a member of {aggregate}: the card's entry is to name that",
                uplink.interface, uplink.card_port
            ));
        }
        for vlan in uplink.carries.iter() {
            let vlans = match &interface.switched_vlan {
                Some(SwitchedVlan::Foreign(foreign)) => {
                    let then = format!("VLAN {vlan} is to go to {} through it", uplink.card_port);
                    return Err(unreadable(&interface, foreign, &then));
                }
                Some(SwitchedVlan::Access { vlan: Some(own) } | SwitchedVlan::Trunk { native: Some(own), .. })
                    if *own == vlan =>
                {
                    return refused(format!(
                        "VLAN {vlan} is untagged on {}, and {} takes it tagged",
                        uplink.interface, uplink.card_port
                    ));
                }
                Some(SwitchedVlan::Trunk { vlans, .. }) if vlans.carries(vlan) => continue,
                Some(SwitchedVlan::Trunk { native, vlans }) => {
                    SwitchedVlan::Trunk { native: *native, vlans: vlans.with(vlan) }
                }
                Some(SwitchedVlan::Access { vlan: native }) => {
                    spelled(SwitchedVlan::Trunk { native: *native, vlans: TrunkVlans::None.with(vlan) }, dialect)
                }
                None => SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None.with(vlan) },
            };
            interface.switched_vlan = Some(vlans);
        }
        let gone = uplink.releases.difference(&uplink.carries);
        let stays: VlanSet = gone.iter().filter(|vlan| !intent.may_take_away(rules, *vlan)).collect();
        let listed = interface.switched_vlan.as_ref().map(SwitchedVlan::named_vlans).unwrap_or_default();
        let left = stays.difference(&stays.difference(&listed));
        if !left.is_empty() {
            let note = format!(
                "VLANs {left}, which {} has no use for, stay on {}: {NOT_ALLOWED}",
                uplink.card_port, uplink.interface
            );
            made.notes.insert(uplink.interface.clone(), note);
        }
        release(&mut interface, &gone.difference(&stays));
        if config.interfaces.get(&uplink.interface).is_some_and(|before| *before != interface)
            || !uplink.carries.is_empty()
        {
            config.interfaces.insert(uplink.interface.clone(), interface);
        }
    }
    Ok(())
}

/// Takes VLANs from what a trunk lists. What is left of it when it lists nothing else is an
/// access port of its native VLAN, or one without VLANs of its own.
fn release(interface: &mut Interface, vlans: &VlanSet) {
    let Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::Only(listed) }) = &interface.switched_vlan else {
        return;
    };
    let own: VlanSet = native.iter().copied().collect();
    let rest = listed.difference(&vlans.difference(&own));
    if rest == *listed {
        return;
    }
    interface.switched_vlan = match rest.difference(&own).is_empty() {
        true => native.map(SwitchedVlan::access),
        false => Some(SwitchedVlan::Trunk { native: *native, vlans: TrunkVlans::only(rest) }),
    };
}

/// The VLANs that ports of a card leave, or that they are asked to leave and do not have,
/// and no port of it has then, by its uplinks. What a representor may have that carries
/// all VLANs, or another port that reaches the uplink, or is not read, is not among them.
pub(super) fn released(intent: &TargetIntent, switch: &Switch, running: &Running) -> BTreeMap<CardPort, VlanSet> {
    let Some(card) = &switch.rules.card else { return BTreeMap::new() };
    let left = leaving::without_others(intent, running, &mut BTreeMap::new());
    let mut released: BTreeMap<CardPort, VlanSet> = BTreeMap::new();
    for (port, uplink) in changed(intent, card) {
        if keeps_all(card, uplink, &left, running).next().is_some() {
            continue;
        }
        let stays = !left.ports.iter().any(|own| own.interface == port.interface);
        let before = running.interface(&port.interface).switched_vlan.filter(|_| !stays);
        let before = before.map(|vlans| vlans.named_vlans()).unwrap_or_default();
        let named: VlanSet = port.leaves.into_iter().collect();
        let gone = before.union(&named).difference(&kept(card, uplink, &left, running));
        let card_port = CardPort { card: switch.identity.name.clone(), port: uplink.port.clone() };
        let all = released.entry(card_port).or_default();
        *all = all.union(&gone);
    }
    released.retain(|_, vlans| !vlans.is_empty());
    released
}

/// The ports that are changed, with each of their uplinks.
fn changed<'a>(intent: &'a TargetIntent, card: &'a Card) -> impl Iterator<Item = (&'a PortIntent, &'a Uplink)> {
    let ports = intent.ports.iter().filter(|port| port.switched_vlan != Setting::Keep);
    ports.flat_map(|port| {
        let representor = card.representor(&port.interface);
        representor.into_iter().flat_map(|representor| card.uplinks_of(representor)).map(move |uplink| (port, uplink))
    })
}

/// The VLANs that a port of a card may send through an uplink then: all where it has all, or
/// what is not known.
fn sent(card: &Card, uplink: &Uplink, interface: &Interface, intent: &TargetIntent, running: &Running) -> TrunkVlans {
    let name = &interface.name;
    let reaches = match card.representor(name) {
        Some(representor) => card.uplinks_of(representor).any(|own| own.port == uplink.port),
        // Where other ports of it belong, nobody has said; the card may.
        None => !card.is_uplink(name) && reach(running, name, &uplink.port) != Some(false),
    };
    let wanted = intent.ports.iter().find(|port| port.interface == *name).map(|port| &port.switched_vlan);
    match (wanted, running.bridged.get(name)) {
        _ if !reaches => TrunkVlans::None,
        (Some(Setting::Set(vlans)), _) => carried(vlans.as_ref()),
        (_, Some(own)) => own.brings.clone(),
        (_, None) => carried(interface.switched_vlan.as_ref()),
    }
}

/// The VLANs that a port has; all where that is not read.
fn carried(vlans: Option<&SwitchedVlan>) -> TrunkVlans {
    match vlans {
        None => TrunkVlans::None,
        Some(SwitchedVlan::Foreign(_) | SwitchedVlan::Trunk { vlans: TrunkVlans::All, .. }) => TrunkVlans::All,
        Some(known) => TrunkVlans::only(known.named_vlans()),
    }
}

/// Whether frames of one port can come out of the other, where the device tells.
fn reach(running: &Running, one: &InterfaceName, other: &InterfaceName) -> Option<bool> {
    Some(running.bridged.get(one)?.domain == running.bridged.get(other)?.domain)
}

/// The VLANs that ports of a card have then, by their numbers, and may send through an
/// uplink.
fn kept(card: &Card, uplink: &Uplink, intent: &TargetIntent, running: &Running) -> VlanSet {
    let ports = running.interfaces.values().map(|interface| sent(card, uplink, interface, intent, running));
    let wanted = intent.ports.iter().filter_map(|port| match &port.switched_vlan {
        Setting::Set(vlans) => Some(carried(vlans.as_ref())),
        Setting::Keep => None,
    });
    ports.chain(wanted).fold(VlanSet::new(), |all, vlans| match vlans {
        TrunkVlans::Only(set) => all.union(&set),
        TrunkVlans::All | TrunkVlans::None => all,
    })
}

/// The ports behind an uplink that have all VLANs then, or what is not known.
fn keeps_all<'a>(
    card: &'a Card,
    uplink: &'a Uplink,
    intent: &'a TargetIntent,
    running: &'a Running,
) -> impl Iterator<Item = &'a Interface> {
    let interfaces = running.interfaces.values();
    interfaces.filter(|interface| sent(card, uplink, interface, intent, running) == TrunkVlans::All)
}

/// Whether what a card's ports are to have comes to its uplinks and goes through them, which
/// are not Mercury's to make or to change; what stays on a switch for the sake of a port that
/// carries everything is told.
///
/// # Errors
/// [`FaultKind::InvalidValue`]: the uplink, and what is wrong with it.
pub(super) fn through(
    intent: &TargetIntent,
    switch: &Switch,
    running: &Running,
    made: &mut Desired,
) -> Result<(), Fault> {
    let Some(card) = &switch.rules.card else { return Ok(()) };
    let name = &switch.identity.name;
    for (port, uplink) in changed(intent, card) {
        let Setting::Set(Some(vlans)) = &port.switched_vlan else { continue };
        let refused = |reason: String| Err(Fault::new(FaultKind::InvalidValue, reason));
        let Some(interface) = running.interfaces.get(&uplink.port) else {
            return refused(format!("{name} has no uplink {}; in NIC mode a card has none", uplink.port));
        };
        if let Some(vlan) = vlans.named_vlans().iter().find(|vlan| !is_tagged(interface, *vlan)) {
            return refused(format!("VLAN {vlan} does not go through {}, the uplink of {name}, tagged", uplink.port));
        }
    }
    let mut notes = joined(intent, card, name, running)?;
    for (port, uplink) in changed(intent, card) {
        let before = running.interface(&port.interface).switched_vlan;
        let leaves = before.as_ref().map(SwitchedVlan::named_vlans).unwrap_or_default();
        let left = leaves.difference(&kept(card, uplink, intent, running));
        if let Some(other) = keeps_all(card, uplink, intent, running).next().filter(|_| !left.is_empty()) {
            let note = format!(
                "VLANs {left} stay on the switch port that {} of {name} hangs on: {} may have them, as it has all or what is not read",
                uplink.port, other.name
            );
            notes.push((port.interface.clone(), note));
        }
    }
    made.notes.extend(notes);
    Ok(())
}

/// Whether the ports that are to have something reach their uplinks; those that do not reach
/// all of them are told.
///
/// # Errors
/// [`FaultKind::InvalidValue`]: one reaches none.
fn joined(
    intent: &TargetIntent,
    card: &Card,
    name: &str,
    running: &Running,
) -> Result<Vec<(InterfaceName, String)>, Fault> {
    let mut notes = Vec::new();
    for port in intent.ports.iter().filter(|port| matches!(port.switched_vlan, Setting::Set(Some(_)))) {
        let Some(representor) = card.representor(&port.interface) else { continue };
        let is_apart = |uplink: &&Uplink| reach(running, &port.interface, &uplink.port) == Some(false);
        let (apart, along): (Vec<&Uplink>, Vec<&Uplink>) = card.uplinks_of(representor).partition(is_apart);
        let Some(first) = apart.first() else { continue };
        let domain = |port: &InterfaceName| running.bridged.get(port).map_or("", |own| own.domain.as_str());
        let told = format!(
            "{} of {name} is in bridge {}, and its uplink {} in {}: nothing joins them",
            port.interface,
            domain(&port.interface),
            first.port,
            domain(&first.port)
        );
        if along.is_empty() {
            return Err(Fault::new(FaultKind::InvalidValue, told));
        }
        notes.push((port.interface.clone(), format!("{told}; uplinks of the representor says which it has")));
    }
    Ok(notes)
}

/// Whether frames of a VLAN leave a port with its tag.
fn is_tagged(interface: &Interface, vlan: VlanId) -> bool {
    match &interface.switched_vlan {
        Some(SwitchedVlan::Trunk { native, vlans }) => *native != Some(vlan) && vlans.carries(vlan),
        _ => false,
    }
}
