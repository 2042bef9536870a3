//! VLANs and the VNIs they are bound to: which VLAN of a switch is a VNI's, and when
//! what binds it comes and goes. Pure.
//!
//! Nothing is remembered: what binds a VLAN of the entry's `local_vlans` is Mercury's
//! to make and to take away, all else is the network team's.

mod segment;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use mercury_adapter::Dialect;
use mercury_model::{
    DeviceConfig, Interface, InterfaceName, InterfaceScope, Running, Scope, Segment, SwitchedVlan, TrunkVlans, VlanId,
    VlanScope, VlanSet, Vni,
};

use self::segment::segment;
use super::{Desired, vlans};
use crate::{
    fault::{Fault, FaultKind},
    intent::{Claim, Offer, SegmentIntent, Setting, TargetIntent, VlanIntent, check_allowed, needed_vlan},
    inventory::{OverlayRules, Rules, Switch},
};

/// Adds to `scope` what VNIs need: where the entry has any, a port that leaves may be
/// the last of one, and a VLAN that goes may be bound.
pub(super) fn widen(intent: &TargetIntent, rules: &Rules, scope: &mut Scope) {
    let is_about_ports = !(intent.ports.is_empty() && intent.lags.is_empty() && intent.uplinks.is_empty());
    if rules.serves_vnis() && (is_about_ports || !intent.vlans.is_empty()) {
        scope.overlays = true;
        scope.interfaces = InterfaceScope::All;
        scope.vlans = VlanScope::All;
    }
}

/// Adds to `scope` the VLANs that a request's VNIs are bound to.
pub(super) fn concern(intent: &TargetIntent, rules: &Rules, seen: &[&Running], scope: &mut Scope) {
    scope.overlays = rules.serves_vnis();
    for segment in &intent.segments {
        segment.vlan.into_iter().for_each(|vlan| scope.add_vlan(vlan));
        seen.iter().filter_map(|running| bound(running, segment.vni)).for_each(|vlan| scope.add_vlan(vlan));
    }
}

/// The VLAN that a VNI is bound to.
fn bound(running: &Running, vni: Vni) -> Option<VlanId> {
    running.segments.iter().find(|(_, segment)| segment.vni == vni).map(|(vlan, _)| *vlan)
}

/// The VLANs that would do for VNIs of which the caller names none.
pub(super) fn offers(intent: &TargetIntent, switch: &Switch, running: &Running) -> BTreeMap<Claim, Offer> {
    let domain = switch.rules.mlag_domain.as_ref().unwrap_or(&switch.identity.name);
    let asked = intent.segments.iter().filter(|segment| segment.vlan.is_none());
    let offers = asked.map(|segment| {
        let has = bound(running, segment.vni).map(VlanId::get);
        let free = free(intent, &switch.rules, running).map(VlanId::get).collect();
        (Claim::Vni(segment.vni), Offer { domain: domain.clone(), has, free })
    });
    offers.collect()
}

/// The VLANs of `local_vlans` that nothing has.
fn free(intent: &TargetIntent, rules: &Rules, running: &Running) -> impl Iterator<Item = VlanId> {
    let local = rules.overlay.as_ref().map(|own| own.local_vlans.clone()).unwrap_or_default();
    let mut taken: BTreeSet<VlanId> = intent.vlans.iter().map(VlanIntent::id).collect();
    taken.extend(intent.segments.iter().filter_map(|segment| segment.vlan));
    taken.extend(running.segments.keys());
    taken.extend(running.overlay.besides.keys());
    taken.extend(vlans::named(running.interfaces.values()));
    let allowed: Vec<VlanId> = local.iter().filter(|vlan| rules.allows_vlan(*vlan) && !taken.contains(vlan)).collect();
    allowed.into_iter()
}

/// The request with the VLAN of each VNI in its place.
///
/// # Errors
/// There is no VLAN for a VNI, or the entry does not allow the one that it has.
pub(super) fn placed<'a>(
    intent: &'a TargetIntent,
    switch: &Switch,
    running: &Running,
) -> Result<Cow<'a, TargetIntent>, Fault> {
    let is_asked = !intent.segments.is_empty() || intent.ports.iter().any(|port| port.leaves_vni.is_some());
    if !is_asked {
        return Ok(Cow::Borrowed(intent));
    }
    let mut placed = intent.clone();
    for index in 0..placed.segments.len() {
        let Some(segment) = placed.segments.get(index) else { continue };
        if segment.vlan.is_none() {
            let vlan = local(segment, &placed, switch, running)?;
            allowed(segment, vlan, switch)?;
            placed.segments.iter_mut().skip(index).take(1).for_each(|segment| segment.vlan = Some(vlan));
        }
    }
    let vlan_of = |vni: Vni| placed.segments.iter().find(|segment| segment.vni == vni).and_then(|segment| segment.vlan);
    for port in &mut placed.ports {
        lay(&mut port.switched_vlan, port.untagged_vni.and_then(vlan_of));
        if let Some(vni) = port.leaves_vni {
            port.leaves = port.leaves.or_else(|| bound(running, vni));
        }
    }
    for lag in &mut placed.lags {
        lay(&mut lag.switched_vlan, lag.untagged_vni.and_then(vlan_of));
    }
    for vlan in placed.segments.iter().filter_map(|segment| segment.vlan) {
        if switch.rules.manage_vlans && !placed.vlans.iter().any(|other| other.id() == vlan) {
            placed.vlans.push(needed_vlan(switch, vlan));
        }
    }
    Ok(Cow::Owned(placed))
}

/// The VLANs that the VNIs of a request have, or get.
///
/// # Errors
/// There is no VLAN for a VNI, or the entry does not allow the one that it has.
pub fn vlans_of_vnis(
    intent: &TargetIntent,
    switch: &Switch,
    running: &Running,
) -> Result<BTreeMap<Vni, VlanId>, Fault> {
    let placed = placed(intent, switch, running)?;
    Ok(placed.segments.iter().filter_map(|segment| Some((segment.vni, segment.vlan?))).collect())
}

/// The VLAN that a VNI has already, or has been agreed, or else the lowest that is free.
fn local(segment: &SegmentIntent, intent: &TargetIntent, switch: &Switch, running: &Running) -> Result<VlanId, Fault> {
    if let Some(vlan) = bound(running, segment.vni) {
        return Ok(vlan);
    }
    let own = rules(&switch.rules, segment)?;
    let agreed = |vlan: &VlanId| segment.number.is_none_or(|number| vlan.get() == number);
    free(intent, &switch.rules, running).find(agreed).ok_or_else(|| {
        let reason = format!("VNI {}: no VLAN of {} is free", segment.vni, own.local_vlans);
        Fault::value(segment.parameter, reason)
    })
}

/// Whoever names a VNI gets no VLAN that it would not get by its number.
fn allowed(segment: &SegmentIntent, vlan: VlanId, switch: &Switch) -> Result<(), Fault> {
    check_allowed(switch, segment.parameter, &SwitchedVlan::access(vlan)).map_err(|fault| Fault {
        message: format!("{}, and VNI {} is bound to it there", fault.message, segment.vni),
        ..fault
    })
}

/// Puts the VLAN of untagged frames where it was left open.
fn lay(setting: &mut Setting<Option<SwitchedVlan>>, vlan: Option<VlanId>) {
    let (Some(vlan), Setting::Set(Some(vlans))) = (vlan, setting) else { return };
    match vlans {
        SwitchedVlan::Access { vlan: open @ None } => *open = Some(vlan),
        SwitchedVlan::Trunk { native: native @ None, vlans } => {
            *native = Some(vlan);
            // A trunk that has no sub-ports yet carries its native VLAN and no other.
            if *vlans == TrunkVlans::None {
                *vlans = TrunkVlans::None.with(vlan);
            }
        }
        _ => {}
    }
}

fn rules<'a>(rules: &'a Rules, segment: &SegmentIntent) -> Result<&'a OverlayRules, Fault> {
    rules.overlay.as_ref().ok_or_else(|| {
        let reason = format!("VNI {}: the switch's entry has no local_vlans, so it serves no VNIs", segment.vni);
        Fault::new(FaultKind::Unsupported, reason)
    })
}

/// Lays what binds the wanted VLANs over `config`, in which the ports are already as
/// wanted, and takes away what is Mercury's and binds a VLAN that no port has any more.
///
/// # Errors
/// Something wanted is not Mercury's to make, or contradicts what the switch has.
pub(super) fn bind(
    intent: &TargetIntent,
    switch: &Switch,
    running: &Running,
    made: &mut Desired,
    dialect: &Dialect,
) -> Result<(), Fault> {
    let protocol = switch.protocol();
    for wanted in &intent.segments {
        let own = rules(&switch.rules, wanted)?;
        let tree = dialect.overlay(protocol.as_str()).ok_or_else(|| unsupported(dialect, protocol.as_str()))?;
        let Some(vlan) = wanted.vlan else { continue };
        let refused = |reason: String| Fault::value(wanted.parameter, format!("VNI {}: {reason}", wanted.vni));
        if let Some(others) = running.overlay.taken.get(&wanted.vni) {
            return Err(refused(format!("it is {others}'s on {}", switch.identity.name)));
        }
        match running.segments.get(&vlan) {
            Some(there) if there.vni == wanted.vni => {
                // Whoever died may have got no further. What others bind is theirs.
                if tree.by_lines && own.local_vlans.contains(vlan) {
                    let whole = segment((tree, own), running, (wanted.vni, vlan)).map_err(refused)?;
                    made.intended.0.segments.insert(vlan, there.completed_from(&whole));
                }
                continue;
            }
            Some(there) => {
                stale(intent, vlan, there, (own, &switch.rules.options.trunk_ports, running), made).map_err(refused)?;
            }
            None => {
                if let Some(others) = running.overlay.besides.get(&vlan) {
                    return Err(refused(format!("where VLAN {vlan} would be bound there is {others}")));
                }
            }
        }
        if let Some(other) = bound(running, wanted.vni) {
            return Err(refused(format!("{} has it on VLAN {other}, and not on VLAN {vlan}", switch.identity.name)));
        }
        if !own.local_vlans.contains(vlan) {
            let local = &own.local_vlans;
            return Err(refused(format!("VLAN {vlan} is not one of local_vlans ({local}), which alone Mercury binds")));
        }
        let is_there = made.intended.0.vlans.contains_key(&vlan) || !dialect.makes_vlans(protocol.as_str());
        if !is_there && !intent.vlans.iter().any(|other| other.id() == vlan) {
            return Err(refused(format!("there is no VLAN {vlan}, and without manage_vlans Mercury makes none")));
        }
        let segment = segment((tree, own), running, (wanted.vni, vlan)).map_err(refused)?;
        made.intended.0.segments.insert(vlan, segment);
    }
    unbind(intent, &switch.rules, running, made)
}

fn unsupported(dialect: &Dialect, protocol: &str) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("{}: {}", dialect.name, dialect.no_overlay(protocol)))
}

/// Whether what binds a VLAN to another VNI may go: it is Mercury's, and nobody's any
/// more but those who ask.
fn stale(
    intent: &TargetIntent,
    vlan: VlanId,
    there: &Segment,
    (own, trunk_ports, running): (&OverlayRules, &[InterfaceName], &Running),
    made: &Desired,
) -> Result<(), String> {
    let bound = format!("VLAN {vlan} is bound to {there}");
    if !own.local_vlans.contains(vlan) {
        return Err(format!("{bound}, which is not Mercury's"));
    }
    if let Some(others) = running.overlay.besides.get(&vlan) {
        return Err(format!("{bound}, whose entry also has {others}"));
    }
    if let Some((port, has_it)) = unread(vlan, &running.config, running).next() {
        return Err(match has_it {
            true => format!("{bound}, and {port} has it"),
            false => format!("{bound}, and whether {port} has it cannot be told"),
        });
    }
    let ports = || intent.ports.iter().map(|port| &port.interface).chain(made.lags.values());
    let is_member =
        |port: &InterfaceName, of: &InterfaceName| running.interface(port).aggregate_id.as_ref() == Some(of);
    let asks = |user: &InterfaceName| ports().any(|port| port == user || is_member(port, user));
    // A port that had it before stays in the VNI that it was put in.
    let others = vlans::users(vlan, &running.config, trunk_ports);
    let others: Vec<String> = others.iter().filter(|user| !asks(user.port())).map(ToString::to_string).collect();
    if others.is_empty() { Ok(()) } else { Err(format!("{bound}, and {} has it", others.join(", "))) }
}

/// Takes away what binds the VLANs that ports have left, where it is Mercury's and no
/// port is left on them. What stays is told.
fn unbind(intent: &TargetIntent, rules: &Rules, running: &Running, made: &mut Desired) -> Result<(), Fault> {
    let Some(own) = &rules.overlay else { return Ok(()) };
    let trunk_ports = &rules.options.trunk_ports;
    let config = &made.intended.0;
    let now = |port: &Interface| config.interfaces.get(&port.name).and_then(|port| port.switched_vlan.as_ref());
    let changed = running.interfaces.values().filter(|port| now(port) != port.switched_vlan.as_ref());
    let left: BTreeSet<VlanId> = vlans::named(changed);
    let removed = intent.vlans.iter().filter_map(|vlan| match vlan {
        VlanIntent::Absent { id } => Some(*id),
        VlanIntent::Present { .. } => None,
    });
    let left: VlanSet = left.into_iter().chain(removed).filter(|vlan| own.local_vlans.contains(*vlan)).collect();
    let wanted = |vlan: VlanId| intent.segments.iter().any(|segment| segment.vlan == Some(vlan));
    let mut gone = Vec::new();
    let may_go = |vlan: VlanId| !wanted(vlan) && intent.may_take_away(rules, vlan);
    for vlan in left.iter().filter(|vlan| config.segments.contains_key(vlan) && may_go(*vlan)) {
        let hidden: Vec<_> = unread(vlan, config, running).collect();
        if let Some((port, _)) = hidden.iter().find(|(_, has_it)| !has_it) {
            let reason = format!(
                "whether {port} still uses VLAN {vlan}, which is bound to a VNI, cannot be told, so the VNI would \
                 stay; nothing was done"
            );
            return Err(Fault::new(FaultKind::Unsupported, reason));
        }
        if !(hidden.is_empty() && vlans::users(vlan, config, trunk_ports).is_empty()) {
            continue;
        }
        if let Some(others) = running.overlay.besides.get(&vlan) {
            let reason = format!("what binds VLAN {vlan} to its VNI also has {others}, which would go with it");
            return Err(Fault::new(FaultKind::InvalidValue, reason));
        }
        gone.push(vlan);
    }
    for vlan in gone {
        made.intended.0.segments.remove(&vlan);
    }
    Ok(())
}

/// The ports that have a VLAN, or of which that cannot be told, by what the model has no word
/// for; and whether they have it. Where the device tells which frames they bring, as of a port that a
/// hypervisor has plugged in, it is known.
fn unread<'a>(
    vlan: VlanId,
    config: &'a DeviceConfig,
    running: &Running,
) -> impl Iterator<Item = (&'a InterfaceName, bool)> {
    vlans::unread(config).filter_map(move |(port, _)| match running.bridged.get(&port.name).map(|own| &own.brings) {
        None | Some(TrunkVlans::All) => Some((&port.name, false)),
        Some(brings) => brings.carries(vlan).then_some((&port.name, true)),
    })
}

/// What keeps a VLAN from being taken away: a switch may crash on one that is bound.
pub(super) fn refuse_bound(vlan: VlanId, made: &Desired) -> Result<(), Fault> {
    let Some(segment) = made.intended.0.segments.get(&vlan) else { return Ok(()) };
    let reason =
        format!("VLAN {vlan} is bound to {segment}, which is not Mercury's; it stays as it is until that is gone");
    Err(Fault::new(FaultKind::InvalidValue, reason))
}
