//! How a switch serves VNIs.

use mercury_model::{FloodMode, InterfaceName, VlanId, VlanSet};

use super::each;
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{GroupOf, Groups, OverlayRules, RouteIdForm};

/// The keys that mean nothing without `local_vlans`.
const KEYS: [&str; 7] = [
    "vxlan_vtep",
    "vxlan_flood",
    "vxlan_peers",
    "vxlan_groups",
    "vxlan_group_base",
    "vxlan_route_distinguisher",
    "vxlan_route_target",
];

/// Every VLAN that is set aside for VNIs is one that may be configured, and no port's that
/// belongs to nobody.
pub(super) fn overlay(
    reader: &mut Reader<'_>,
    idle: [(&str, Option<VlanId>); 2],
    allowed: Option<&VlanSet>,
) -> Option<OverlayRules> {
    let vtep: Option<InterfaceName> = reader.parsed("vxlan_vtep");
    let local_vlans = reader.vlans("local_vlans");
    if local_vlans.is_none() && reader.find("local_vlans").is_some() {
        return None; // They cannot be read, and that has been said.
    }
    let Some(local_vlans) = local_vlans.filter(|vlans| !vlans.is_empty()) else {
        for key in KEYS {
            if reader.find(key).is_some() && !(key == "vxlan_vtep" && vtep.is_none()) {
                let finding = Finding::error(Code::Conflict, "is given without local_vlans");
                reader.blame_key(key, finding.help("local_vlans are the VLANs that may be bound to VNIs"));
            }
        }
        return None;
    };
    for (key, vlan) in idle {
        if let Some(vlan) = vlan.filter(|vlan| local_vlans.contains(*vlan)) {
            let message = format!("VLAN {vlan} is that of ports that belong to nobody ({key})");
            reader.blame_key("local_vlans", Finding::error(Code::Conflict, message));
        }
    }
    let refused = allowed.map(|allowed| local_vlans.difference(allowed)).unwrap_or_default();
    if !refused.is_empty() {
        let finding = Finding::error(Code::Conflict, format!("{refused}: not among allowed_vlans"));
        reader.blame_key("local_vlans", finding);
    }
    let mut own = OverlayRules::of(local_vlans, vtep);
    own.flood = reader.choice("vxlan_flood", &FloodMode::WORDS).unwrap_or(FloodMode::Bgp);
    flooded(reader, &mut own);
    route_ids(reader, &mut own);
    Some(own)
}

/// What goes with the way to flood, and with no other.
fn flooded(reader: &mut Reader<'_>, own: &mut OverlayRules) {
    let peers: Vec<std::net::IpAddr> = each(reader, "vxlan_peers").unwrap_or_default();
    own.peers = peers.into_iter().collect();
    if let Some(other) = own.peers.iter().find(|peer| peer.is_multicast() || peer.is_unspecified()) {
        let message = format!("{other} is no VTEP's address");
        reader.blame_key("vxlan_peers", Finding::error(Code::BadValue, message));
    }
    let groups: Vec<GroupOf> = each(reader, "vxlan_groups").unwrap_or_default();
    own.groups = Groups { base: reader.parsed("vxlan_group_base"), ..Groups::default() };
    for GroupOf(vni, group) in groups {
        let other = own.groups.by_vni.iter().find(|(other, own)| **other == vni || **own == group);
        if let Some((other, own)) = other {
            let message = format!("VNI {vni} with {group} and VNI {other} with {own}: a VNI has one, of its own");
            reader.blame_key("vxlan_groups", Finding::error(Code::Conflict, message));
        }
        own.groups.by_vni.insert(vni, group);
    }
    let is_given = |reader: &Reader<'_>, key| reader.find(key).is_some();
    for (key, of) in [
        ("vxlan_peers", FloodMode::Static),
        ("vxlan_groups", FloodMode::Multicast),
        ("vxlan_group_base", FloodMode::Multicast),
    ] {
        if is_given(reader, key) && own.flood != of {
            let message = format!("is for vxlan_flood {}, and this is {}", of.word(), own.flood.word());
            reader.blame_key(key, Finding::error(Code::Conflict, message));
        }
    }
    let lacks = match own.flood {
        FloodMode::Bgp => None,
        FloodMode::Static => (!is_given(reader, "vxlan_peers")).then_some("vxlan_peers"),
        FloodMode::Multicast => {
            let has_any = is_given(reader, "vxlan_groups") || is_given(reader, "vxlan_group_base");
            (!has_any).then_some("vxlan_groups or vxlan_group_base")
        }
    };
    if let Some(lacks) = lacks {
        let message = format!("{} needs {lacks}", own.flood.word());
        reader.blame_key("vxlan_flood", Finding::error(Code::Conflict, message));
    }
}

/// What two tenants shared would join them.
fn route_ids(reader: &mut Reader<'_>, own: &mut OverlayRules) {
    own.route_distinguisher = reader.parsed("vxlan_route_distinguisher");
    own.route_target = reader.parsed("vxlan_route_target");
    if own.route_distinguisher.is_some() && !own.is_evpn() {
        let message = format!("is told by BGP alone, and this is vxlan_flood {}", own.flood.word());
        let finding = Finding::error(Code::Conflict, message);
        reader.blame_key("vxlan_route_distinguisher", finding.help("vxlan_route_target has BGP tell of it as well"));
    }
    let shared =
        |form: &Option<RouteIdForm>, is_own: fn(&RouteIdForm) -> bool| form.as_ref().is_some_and(|form| !is_own(form));
    if shared(&own.route_target, RouteIdForm::is_of_vni) {
        let finding = Finding::error(Code::BadValue, "would be every VNI's, or not the same on every switch");
        reader.blame_key("vxlan_route_target", finding.help("such as 65000:{vni}, or auto"));
    }
    if shared(&own.route_distinguisher, RouteIdForm::is_of_one) {
        let finding = Finding::error(Code::BadValue, "would be every VNI's");
        reader.blame_key("vxlan_route_distinguisher", finding.help("such as 192.0.2.1:{vlan}, or auto"));
    }
}
