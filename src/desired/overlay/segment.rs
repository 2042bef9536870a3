//! What is to bind a VLAN to a VNI: as the entry says, on what the switch has. Pure.

use mercury_adapter::{OverlayTree, SegmentLeaf};
use mercury_model::{Evpn, Flood, InterfaceName, RouteId, Running, Segment, VlanId, Vni};

use crate::inventory::{OverlayRules, RouteIdForm};

/// What binds a VLAN to a VNI here.
///
/// # Errors
/// A sentence: something is not there that Mercury never makes, the system cannot be told
/// what the entry says, or a multicast group is another VNI's.
pub(super) fn segment(
    (tree, own): (&OverlayTree, &OverlayRules),
    running: &Running,
    (vni, vlan): (Vni, VlanId),
) -> Result<Segment, String> {
    let vtep = vtep(tree, own, running)?;
    let flood = flood((tree, own), running, vni)?;
    if !own.is_evpn() && !tree.forms.targets.is_empty() {
        // Without one the system makes it, and tells of it.
        return Err("BGP tells of whatever is an EVPN instance: the entry must say vxlan_route_target".to_owned());
    }
    let evpn = if own.is_evpn() { evpn((tree, own), running, (vni, vlan))? } else { Evpn::default() };
    Ok(Segment { flood, evpn, ..Segment::new(vni).of_vtep(vtep) })
}

/// The VTEP that is to carry a VNI, where the switch says that; all that has to be
/// there is, and was made by others.
fn vtep(tree: &OverlayTree, own: &OverlayRules, running: &Running) -> Result<Option<InterfaceName>, String> {
    let lacks = &running.overlay.lacks_for_evpn;
    let missing = running.overlay.lacks.first().or_else(|| lacks.first().filter(|_| own.is_evpn()));
    if let Some(missing) = missing {
        return Err(format!("the switch has no {missing}, which Mercury never makes"));
    }
    if tree.vtep.is_none() {
        return Ok(None);
    }
    let Some(vtep) = &own.vtep else { return Err("the switch's entry does not name its VTEP (vxlan_vtep)".to_owned()) };
    if !running.overlay.vteps.contains(vtep) {
        return Err(format!("the switch has no VTEP {vtep}{}, which Mercury never makes", with(tree)));
    }
    Ok(Some(vtep.clone()).filter(|_| tree.names_vtep()))
}

/// What makes a VTEP work there, in people's words.
fn with(tree: &OverlayTree) -> &'static str {
    let is_entry = tree.vtep.as_ref().and_then(|path| path.steps.last()).is_some_and(|step| !step.keys.is_empty());
    match (tree.by_lines, is_entry) {
        (true, _) => " with a source interface or address",
        (false, false) => " with a source interface",
        // It needs none of its own.
        (false, true) => "",
    }
}

/// How it is flooded, where the switch says that of each VNI.
fn flood((tree, own): (&OverlayTree, &OverlayRules), running: &Running, vni: Vni) -> Result<Option<Flood>, String> {
    let Some(is_said) = tree.floods.get(&own.flood) else {
        return Err(format!("the system cannot be told of one VNI to flood it by {} (vxlan_flood)", own.flood.word()));
    };
    let Some(flood) = own.flood_of(vni) else { return Err("the entry has no multicast group for it".to_owned()) };
    if let Flood::Multicast(group) = &flood {
        let has_it = |segment: &&Segment| segment.vni != vni && segment.flood.as_ref() == Some(&flood);
        if let Some(other) = running.segments.values().find(has_it) {
            return Err(format!(
                "its multicast group {group} is that of VNI {} too, whose frames it would get",
                other.vni
            ));
        }
    }
    Ok(Some(flood).filter(|_| *is_said))
}

/// How BGP tells of it, where the switch says that of each VNI.
fn evpn(
    (tree, own): (&OverlayTree, &OverlayRules),
    running: &Running,
    (vni, vlan): (Vni, VlanId),
) -> Result<Evpn, String> {
    let id = |leaf: SegmentLeaf, form: &Option<RouteIdForm>, key: &str| -> Result<Option<RouteId>, String> {
        if !tree.leaves.contains_key(&leaf) {
            return match form.as_ref().filter(|form| !form.is_auto()) {
                Some(_) => Err(format!("the system cannot be told the {} of one VNI ({key})", leaf.name())),
                None => Ok(None),
            };
        }
        let auto = || "auto".parse::<RouteId>().map_err(|error| error.to_string());
        let id = form.as_ref().map_or_else(auto, |form| form.of(vni, vlan))?;
        if id.is_auto() && !tree.auto.contains(&leaf) {
            return Err(format!("the system works out no {} by itself: the entry must say one ({key})", leaf.name()));
        }
        Ok(Some(id))
    };
    let bgp_as = match tree.leaves.contains_key(&SegmentLeaf::BgpAs) {
        false => None,
        true => Some(one_process(running)?),
    };
    Ok(Evpn {
        bgp_as,
        route_distinguisher: id(
            SegmentLeaf::RouteDistinguisher,
            &own.route_distinguisher,
            "vxlan_route_distinguisher",
        )?,
        route_target: id(SegmentLeaf::RouteTarget, &own.route_target, "vxlan_route_target")?,
    })
}

fn one_process(running: &Running) -> Result<u32, String> {
    let mut processes = running.overlay.bgp_as.iter();
    match (processes.next(), processes.next()) {
        (Some(one), None) => Ok(*one),
        (None, _) => Err("the switch has no BGP process, which Mercury never makes".to_owned()),
        (Some(_), Some(_)) => {
            Err("the switch has several BGP processes, and which tells of VNIs is not known".to_owned())
        }
    }
}
