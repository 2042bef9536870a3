//! A `switched-vlan` in a dialect's leaves, and back.

use mercury_model::{SwitchedVlan, TrunkVlans, VlanError, VlanId, VlanSet};

use crate::{Data, ModeForm, Names, NodePath, SwitchedVlanTree, TrunkForm, find};

/// One leaf and its value; a presence container has none.
pub type Leaf<'a> = (&'a NodePath, Option<String>);

/// What a dialect has no word for, and why.
pub struct Unsayable {
    /// The setting.
    pub what: &'static str,
    /// Why it cannot be said.
    pub reason: &'static str,
}

/// The leaves that say `vlans`.
///
/// # Errors
/// [`Unsayable`]: the dialect has no word for them.
pub fn leaves<'a>(tree: &'a SwitchedVlanTree, vlans: &SwitchedVlan) -> Result<Vec<Leaf<'a>>, Unsayable> {
    let mut leaves = Vec::new();
    let trunk = matches!(vlans, SwitchedVlan::Trunk { .. });
    leaves.extend(match &tree.mode {
        ModeForm::Leaf { path, access, trunk: word } => Some((path, Some(if trunk { word } else { access }.clone()))),
        ModeForm::Presence { access, trunk: path } => Some((if trunk { path } else { access }, None)),
        ModeForm::Derived => None,
    });
    match vlans {
        SwitchedVlan::Access { vlan: None } if tree.trunk_vlans.tagged_only => {
            return Err(Unsayable { what: "an access port without a VLAN", reason: "its VLAN makes it one" });
        }
        SwitchedVlan::Access { vlan } => {
            leaves.extend(vlan.map(|vlan| (&tree.access_vlan, Some(vlan.to_string()))));
        }
        SwitchedVlan::Trunk { native, vlans } => {
            leaves.extend(native.map(|vlan| (&tree.native_vlan, Some(vlan.to_string()))));
            let tagged = if tree.trunk_vlans.tagged_only { Some(tagged(*native, vlans)?) } else { None };
            leaves.extend(trunk_leaves(&tree.trunk_vlans, tagged.as_ref().unwrap_or(vlans))?);
        }
    }
    Ok(leaves)
}

/// The VLANs of a trunk that are tagged, where those are all that is listed.
fn tagged(native: Option<VlanId>, vlans: &TrunkVlans) -> Result<TrunkVlans, Unsayable> {
    const REASON: &str = "a port is a trunk by the tagged VLANs it lists";
    let refused = |what| Err(Unsayable { what, reason: REASON });
    let TrunkVlans::Only(set) = vlans else {
        let all = *vlans == TrunkVlans::All;
        return refused(if all { "a trunk of all VLANs" } else { "a trunk of no VLANs" });
    };
    if native.is_some_and(|native| !set.contains(native)) {
        return refused("a native VLAN that the trunk does not list");
    }
    let tagged = set.difference(&native.into_iter().collect());
    if tagged.is_empty() { refused("a trunk of no VLAN but its native one") } else { Ok(TrunkVlans::Only(tagged)) }
}

fn trunk_leaves<'a>(form: &'a TrunkForm, vlans: &TrunkVlans) -> Result<Vec<Leaf<'a>>, Unsayable> {
    let ranges = match vlans {
        TrunkVlans::All => match &form.all {
            Some(word) => vec![word.clone()],
            None if form.absent_is_none => {
                return Err(Unsayable { what: "a trunk of all VLANs", reason: "leaving the list out means none" });
            }
            None => Vec::new(),
        },
        TrunkVlans::None => match &form.none {
            Some(word) => vec![word.clone()],
            None if form.absent_is_none => Vec::new(),
            None => {
                return Err(Unsayable {
                    what: "a trunk of no VLANs",
                    reason: "leaving the list out means all of them",
                });
            }
        },
        TrunkVlans::Only(set) => set.ranges().iter().map(|range| range.with_separator(&form.range_separator)).collect(),
    };
    let values = if form.joined && !ranges.is_empty() { vec![ranges.join(",")] } else { ranges };
    Ok(values.into_iter().map(|value| (&form.path, Some(value))).collect())
}

/// What an interface's leaves say; `None` when they say nothing. `Err` names
/// what cannot be understood.
pub(crate) fn read<D: Data>(
    tree: &SwitchedVlanTree,
    interface: &D,
    names: &Names,
) -> Result<Option<SwitchedVlan>, String> {
    let values = |path: &NodePath| -> Vec<String> {
        find(interface, path, names).iter().map(|(node, _)| node.value().to_owned()).collect()
    };
    let access = values(&tree.access_vlan);
    let native = values(&tree.native_vlan);
    let listed = values(&tree.trunk_vlans.path);
    let trunk = match mode(tree, &values)? {
        Some(trunk) => trunk,
        None if !access.is_empty() => false,
        None if !native.is_empty() || !listed.is_empty() => true,
        None => return Ok(None),
    };
    if !trunk {
        return Ok(Some(SwitchedVlan::Access { vlan: single(&access, "access-vlan")? }));
    }
    let native = single(&native, "native-vlan")?;
    let vlans = trunk_vlans(&tree.trunk_vlans, &listed)?;
    let vlans = match native {
        Some(native) if tree.trunk_vlans.tagged_only => vlans.with(native),
        _ => vlans,
    };
    Ok(Some(SwitchedVlan::Trunk { native, vlans }))
}

/// Whether the port is a trunk; `None` when no mode is set.
fn mode(tree: &SwitchedVlanTree, values: &impl Fn(&NodePath) -> Vec<String>) -> Result<Option<bool>, String> {
    match &tree.mode {
        ModeForm::Leaf { path, access, trunk } => match values(path).first() {
            // gnxi shows an enumeration without a value as an empty one.
            None => Ok(None),
            Some(word) if word.is_empty() => Ok(None),
            Some(word) if word == access => Ok(Some(false)),
            Some(word) if word == trunk => Ok(Some(true)),
            Some(word) => Err(format!("interface-mode {word:?} is neither {access} nor {trunk}")),
        },
        ModeForm::Presence { access, trunk } => match (values(access).is_empty(), values(trunk).is_empty()) {
            (_, false) => Ok(Some(true)),
            (false, true) => Ok(Some(false)),
            (true, true) => Ok(None),
        },
        // What is listed decides, and a native VLAN may be an access VLAN by name.
        ModeForm::Derived if values(&tree.trunk_vlans.path).is_empty() => Ok(None),
        ModeForm::Derived => Ok(Some(true)),
    }
}

fn single(values: &[String], leaf: &str) -> Result<Option<VlanId>, String> {
    match values {
        [] => Ok(None),
        [one] => one.parse().map(Some).map_err(|error| format!("{leaf}: {error}")),
        more => Err(format!("{leaf} has {} values", more.len())),
    }
}

fn trunk_vlans(form: &TrunkForm, values: &[String]) -> Result<TrunkVlans, String> {
    let says = |word: &Option<String>| word.as_ref().is_some_and(|word| values.contains(word));
    if says(&form.all) {
        return Ok(TrunkVlans::All);
    }
    if says(&form.none) {
        return Ok(TrunkVlans::None);
    }
    if values.is_empty() {
        return Ok(if form.absent_is_none { TrunkVlans::None } else { TrunkVlans::All });
    }
    let sets = values.iter().map(|value| value.parse());
    let sets = sets.collect::<Result<Vec<VlanSet>, VlanError>>().map_err(|error| format!("trunk-vlans: {error}"))?;
    // All at once: a union for each of half a million values would take minutes.
    Ok(TrunkVlans::only(sets.iter().flat_map(VlanSet::ranges).copied().collect()))
}

/// What a VLAN without a name is called where its name is its key.
#[must_use]
pub fn vlan_key(id: VlanId) -> String {
    format!("vlan-{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A union for each value would take minutes here.
    #[test]
    fn a_trunk_of_very_many_values_is_read_in_linear_time() {
        let form = TrunkForm {
            path: NodePath::default(),
            joined: false,
            range_separator: "-".to_owned(),
            all: None,
            none: None,
            absent_is_none: false,
            tagged_only: false,
        };
        let values: Vec<String> = (0..400_000).map(|number| (1 + number * 2 % 4094).to_string()).collect();
        let Ok(TrunkVlans::Only(set)) = trunk_vlans(&form, &values) else { panic!("not a list") };
        assert_eq!((set.len(), set.ranges().len()), (2047, 2047));
    }
}
