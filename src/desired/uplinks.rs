//! What goes through the uplinks of cards: which VLANs the switches at their other ends
//! carry for them, and which nothing on a card needs any more. Pure.
//!
//! Nothing is remembered: a VLAN leaves a switch's port when the card shows that none of
//! its ports has it.

use std::collections::BTreeMap;

use mercury_adapter::Dialect;
use mercury_model::{Interface, InterfaceScope, Running, Scope, SwitchedVlan, TrunkVlans, VlanId, VlanSet};

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
/// all VLANs, or is not read, is not among them.
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

/// What a port is to have.
fn after<'a>(interface: &'a Interface, intent: &'a TargetIntent) -> Option<&'a SwitchedVlan> {
    let wanted = intent.ports.iter().find(|port| port.interface == interface.name).map(|port| &port.switched_vlan);
    match wanted {
        Some(Setting::Set(vlans)) => vlans.as_ref(),
        Some(Setting::Keep) | None => interface.switched_vlan.as_ref(),
    }
}

/// The VLANs that ports of a card have then, by their numbers, and may send through an
/// uplink.
fn kept(card: &Card, uplink: &Uplink, intent: &TargetIntent, running: &Running) -> VlanSet {
    let sends = |interface: &&Interface| match card.representor(&interface.name) {
        Some(representor) => card.uplinks_of(representor).any(|own| own.port == uplink.port),
        // Where other ports of it belong, nobody has said.
        None => !card.is_uplink(&interface.name),
    };
    let ports = running.interfaces.values().filter(sends).filter_map(|interface| after(interface, intent));
    let wanted = intent.ports.iter().filter_map(|port| match &port.switched_vlan {
        Setting::Set(vlans) => vlans.as_ref(),
        Setting::Keep => None,
    });
    ports.chain(wanted).fold(VlanSet::new(), |all, vlans| all.union(&vlans.named_vlans()))
}

/// The representors behind an uplink that have all VLANs then, or what is not known.
fn keeps_all<'a>(
    card: &'a Card,
    uplink: &'a Uplink,
    intent: &'a TargetIntent,
    running: &'a Running,
) -> impl Iterator<Item = &'a Interface> {
    let behind = card.representors.iter().filter(|own| card.uplinks_of(own).any(|one| one.port == uplink.port));
    let interfaces = behind.filter_map(|representor| running.interfaces.get(&representor.port));
    interfaces.filter(|interface| {
        matches!(
            after(interface, intent),
            Some(SwitchedVlan::Foreign(_) | SwitchedVlan::Trunk { vlans: TrunkVlans::All, .. })
        )
    })
}

/// Whether what a card's ports are to have goes through its uplinks, which are not
/// Mercury's to make or to change; what stays on a switch for the sake of a port that
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
    let mut notes = Vec::new();
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

/// Whether frames of a VLAN leave a port with its tag.
fn is_tagged(interface: &Interface, vlan: VlanId) -> bool {
    match &interface.switched_vlan {
        Some(SwitchedVlan::Trunk { native, vlans }) => *native != Some(vlan) && vlans.carries(vlan),
        _ => false,
    }
}
