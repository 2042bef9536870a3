//! What binds VLANs to VNIs, and what else the target has of overlays.

use std::collections::BTreeMap;

use mercury_model::{Overlay, Segment, Unsaid, VlanId, Vni, VniState};

use super::{Data, bare, find, value, vlan};
use crate::{Names, Need, NodePath, OthersEntry, OverlayTree, Tree, operations::Value, spelling::segment as spelling};

/// What binds each VLAN, and what is not Mercury's.
pub(super) fn read<D: Data>(tree: &Tree, instance: &str, data: &D) -> (BTreeMap<VlanId, Segment>, Overlay) {
    let (mut segments, mut overlay) = (BTreeMap::new(), Overlay::default());
    let Some(own) = &tree.overlay else { return (segments, overlay) };
    let names = Names::vlan(instance, None, None);
    match (&own.entry, &tree.vlan) {
        (Some(path), _) => {
            for (entry, names) in find(data, path, &names) {
                let said = own.vlan.as_ref().and_then(|path| value(entry, path, &names));
                let vlan = said.or_else(|| names.found_vlan_id()).and_then(|text| text.parse().ok());
                add((&mut segments, &mut overlay), own, (entry, &names), vlan);
            }
        }
        (None, Some(vlans)) => {
            for (entry, names) in find(data, &vlans.entry, &names) {
                add((&mut segments, &mut overlay), own, (entry, &names), vlan::number(vlans, entry, &names));
            }
        }
        (None, None) => {}
    }
    own.others.iter().for_each(|others| add_others((&mut segments, &mut overlay), own, others, (data, &names)));
    let working = own.vtep.iter().flat_map(|path| find(data, path, &names));
    overlay.vteps = working.filter_map(|(_, names)| names.found_vtep()).collect();
    for (leaf, names) in own.state.iter().flat_map(|path| find(data, path, &names)) {
        let Some(vni) = names.found_vni().and_then(|vni| vni.parse::<Vni>().ok()) else { continue };
        match leaf.value() {
            "UP" => drop(overlay.states.insert(vni, VniState::Up)),
            "DOWN" => drop(overlay.states.insert(vni, VniState::Down("the switch says so".to_owned()))),
            _ => {}
        }
    }
    let is_there = |need: &Need| {
        let holds = |node: &D| need.value.as_ref().is_none_or(|value| node.value() == value);
        find(data, &need.path, &names).iter().any(|(node, _)| holds(node) && !node.is_inactive())
    };
    let processes = own.bgp.iter().flat_map(|path| find(data, path, &names));
    overlay.bgp_as = processes.filter_map(|(_, names)| names.found_bgp_as()).collect();
    for need in own.needs.iter().filter(|need| !is_there(need)) {
        let lacks = if need.for_evpn { &mut overlay.lacks_for_evpn } else { &mut overlay.lacks };
        lacks.insert(need.name.clone());
    }
    (segments, overlay)
}

fn add<D: Data>(
    (segments, overlay): (&mut BTreeMap<VlanId, Segment>, &mut Overlay),
    own: &OverlayTree,
    (entry, names): (&D, &Names),
    vlan: Option<VlanId>,
) {
    let said = value(entry, &own.vni, names).or_else(|| names.found_vni());
    let Some(vni) = said.and_then(|text| text.parse::<Vni>().ok()) else { return };
    let is_foreign = |(path, word): &(NodePath, String)| value(entry, path, names) == Some(word.as_str());
    let Some(vlan) = vlan.filter(|_| !own.foreign.iter().any(is_foreign)) else {
        overlay.taken.insert(vni, "something else than a VLAN".to_owned());
        return;
    };
    let bound: Vec<VlanId> = segments.iter().filter(|(_, other)| other.vni == vni).map(|(vlan, _)| *vlan).collect();
    // Which of several counts, only the target knows.
    if let Some(other) = bound.first().filter(|other| **other != vlan) {
        overlay.taken.insert(vni, format!("VLAN {other} and VLAN {vlan} at once"));
    }
    match segments.get(&vlan) {
        Some(other) if other.vni != vni => {
            // Frames of either reach the other.
            overlay.taken.insert(vni, format!("VLAN {vlan}, beside {other}"));
            overlay.taken.insert(other.vni, format!("VLAN {vlan}, beside VNI {vni}"));
            overlay.besides.insert(vlan, format!("VNI {vni}"));
        }
        _ => {
            let mut segment = Segment::new(vni).of_vtep(names.found_vtep());
            for (leaf, path) in &own.leaves {
                if let Err(other) = spelling::read(own, (*leaf, path), (entry, names), &mut segment) {
                    overlay.besides.insert(vlan, other);
                }
            }
            let lacks = own.also.iter().filter(|(path, _)| value(entry, path, names).is_none());
            segment.unsaid = Unsaid(lacks.map(|(path, _)| path.shown()).collect());
            segments.insert(vlan, segment);
        }
    }
    // What else a VLAN's entry holds is told of that.
    let Some(path) = &own.entry else { return };
    let mut others: Vec<String> = vlan::besides(path, own.own(), entry).into_iter().collect();
    if !own.by_lines {
        others.extend(said_otherwise(own, entry, names));
    }
    if !others.is_empty() {
        overlay.besides.insert(vlan, others.join(", "));
    }
}

/// What an entry says otherwise than Mercury does, or of more than one VNI or VLAN.
fn said_otherwise<D: Data>(own: &OverlayTree, entry: &D, names: &Names) -> Vec<String> {
    let also = own.also.iter().filter_map(|(path, wanted)| {
        let shown = value(entry, path, names)?;
        let is_it = match wanted {
            Value::Text(word) => names.resolve(word).is_none_or(|word| word == shown),
            wanted => bare(shown) == wanted.text(),
        };
        (!is_it).then(|| format!("{} {shown}", path.shown()))
    });
    let several = [&own.vni].into_iter().chain(&own.vlan);
    let several =
        several.filter(|path| find(entry, path, names).len() > 1).map(|path| format!("several {}", path.shown()));
    also.chain(several).collect()
}

/// Adds what others bind in their own way, or call as Mercury does not.
fn add_others<D: Data>(
    (segments, overlay): (&mut BTreeMap<VlanId, Segment>, &mut Overlay),
    own: &OverlayTree,
    others: &OthersEntry,
    (data, names): (&D, &Names),
) {
    let made: Vec<*const D> =
        own.entry.iter().flat_map(|path| find(data, path, names)).map(|(entry, _)| std::ptr::from_ref(entry)).collect();
    for (entry, names) in find(data, &others.entry, names) {
        if made.contains(&std::ptr::from_ref(entry)) {
            continue;
        }
        let said = value(entry, &others.vni, &names).filter(|text| !text.is_empty()).or_else(|| names.found_vni());
        let Some(vni) = said.and_then(|text| text.parse::<Vni>().ok()) else { continue };
        let vlan = others.vlan.as_ref().and_then(|path| value(entry, path, &names)?.parse::<VlanId>().ok());
        let bound = segments.iter().find(|(_, segment)| segment.vni == vni).map(|(vlan, _)| *vlan);
        let Some(vlan) = vlan else {
            if bound.is_none() {
                overlay.taken.entry(vni).or_insert_with(|| "something else than a VLAN".to_owned());
            }
            continue;
        };
        let told = format!("VNI {vni} in {} of others", others.entry.shown());
        match (bound, segments.get(&vlan)) {
            (Some(other), _) if other != vlan => {
                overlay.taken.insert(vni, format!("VLAN {other} and VLAN {vlan} at once"));
            }
            (None, Some(other)) => drop(overlay.taken.insert(vni, format!("VLAN {vlan}, beside {other}"))),
            (None, None) => drop(segments.insert(vlan, Segment::new(vni))),
            (Some(_), _) => {}
        }
        let besides = overlay.besides.entry(vlan).or_default();
        *besides = if besides.is_empty() { told } else { format!("{besides}, {told}") };
    }
}
