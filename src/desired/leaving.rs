//! Ports that are to leave a network and are on another. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use mercury_model::{InterfaceName, Running, SwitchedVlan};

use crate::intent::{LagIntent, PortIntent, Presence, Setting, TargetIntent};

/// The request without the ports that are to leave a network that they do not have,
/// and have another: that is somebody else's by now. A bond stays where its
/// aggregate does. Each is told in `notes`.
pub(super) fn without_others<'a>(
    intent: &'a TargetIntent,
    running: &Running,
    notes: &mut BTreeMap<InterfaceName, String>,
) -> Cow<'a, TargetIntent> {
    let left = intent.ports.iter().filter_map(|port| {
        let (network, has) = on_another(port, running)?;
        let note = format!("{} is not on {network}, which it was to leave, but {has}; it stays so", port.interface);
        Some((port.interface.clone(), note))
    });
    let left: BTreeMap<InterfaceName, String> = left.collect();
    if left.is_empty() {
        return Cow::Borrowed(intent);
    }
    let stays = |lag: &LagIntent| {
        let mut links = lag.links.iter().flatten();
        let is_member = |link: &InterfaceName| running.interface(link).aggregate_id.is_some();
        lag.presence == Presence::Absent
            && (links.clone().any(|link| left.contains_key(link) && is_member(link))
                || links.all(|link| left.contains_key(link)))
    };
    let mut rest = intent.clone();
    rest.ports.retain(|port| !left.contains_key(&port.interface));
    rest.lags.retain(|lag| lag.links.is_none() || !stays(lag));
    notes.extend(left);
    Cow::Owned(rest)
}

/// The network that a port is to leave, and what it or its aggregate has in its place.
fn on_another<'a>(port: &PortIntent, running: &'a Running) -> Option<(String, &'a SwitchedVlan)> {
    let network = match (port.leaves, port.leaves_vni) {
        (Some(vlan), _) => format!("VLAN {vlan}"),
        // No VLAN is bound to it.
        (None, vni) => format!("VNI {}", vni?),
    };
    let own = running.interfaces.get(&port.interface)?;
    let aggregate = own.aggregate_id.as_ref().and_then(|name| running.interfaces.get(name));
    let has = aggregate.unwrap_or(own).switched_vlan.as_ref()?;
    let is_known = has.foreign().is_none();
    let is_wanted = matches!(&port.switched_vlan, Setting::Set(Some(wanted)) if wanted == has);
    let is_on_it = port.leaves.is_some_and(|vlan| has.carries(vlan));
    (is_known && !is_wanted && !is_on_it).then_some((network, has))
}
