//! A `switched-vlan` in a dialect's leaves, and back.

pub(crate) mod segment;
mod trunk;

use std::collections::BTreeMap;

use mercury_model::{ForeignVlans, SwitchedVlan, TrunkVlans, VlanId};

use crate::{
    Data, Defaults, ModeForm, NodePath, SwitchedVlanTree, TrunkForm, Unsaid, find,
    reading::{Entry, value},
};

/// One leaf and its value; a presence container has none.
pub(crate) type Leaf = (NodePath, Option<String>);

/// What a dialect has no word for, and why.
pub(crate) struct Unsayable {
    /// The setting.
    pub(crate) what: &'static str,
    /// Why it cannot be said.
    pub(crate) reason: &'static str,
}

/// The leaves that say `vlans`.
///
/// # Errors
/// [`Unsayable`]: the dialect has no word for them.
pub(crate) fn leaves(tree: &SwitchedVlanTree, vlans: &SwitchedVlan) -> Result<Vec<Leaf>, Unsayable> {
    let mut leaves: Vec<Leaf> = Vec::new();
    let trunk = matches!(vlans, SwitchedVlan::Trunk { .. });
    leaves.extend(match &tree.mode {
        ModeForm::Leaf { path, access, trunk: word, .. } => {
            Some((path.clone(), Some(if trunk { word } else { access }.clone())))
        }
        ModeForm::Presence { access, trunk: path } => Some((if trunk { path } else { access }.clone(), None)),
        ModeForm::Derived => None,
    });
    match vlans {
        SwitchedVlan::Foreign(_) => {
            return Err(Unsayable { what: "foreign VLANs", reason: "Mercury has no word for them" });
        }
        SwitchedVlan::Access { vlan: None } if tree.trunk_vlans.tagged_only => {
            return Err(Unsayable { what: "an access port without a VLAN", reason: "its VLAN makes it one" });
        }
        SwitchedVlan::Access { vlan } => {
            leaves.extend(vlan.map(|vlan| (tree.access_vlan.clone(), Some(vlan.to_string()))));
        }
        SwitchedVlan::Trunk { native, vlans } => {
            let native_word = native.map(|vlan| vlan.to_string()).or_else(|| tree.native_none.clone());
            leaves.extend(native_word.map(|word| (tree.native_vlan.clone(), Some(word))));
            let tagged = if tree.trunk_vlans.tagged_only { Some(tagged(*native, vlans, tree.by_vlan)?) } else { None };
            leaves.extend(trunk::leaves(&tree.trunk_vlans, tagged.as_ref().unwrap_or(vlans))?);
        }
    }
    Ok(leaves)
}

/// The VLANs of a trunk that are tagged, where those are all that is listed.
/// A port that says its mode may list none.
fn tagged(native: Option<VlanId>, vlans: &TrunkVlans, may_be_none: bool) -> Result<TrunkVlans, Unsayable> {
    const REASON: &str = "a port is a trunk by the tagged VLANs it lists";
    let refused = |what| Err(Unsayable { what, reason: REASON });
    if may_be_none && native.is_none() && *vlans == TrunkVlans::None {
        return Ok(TrunkVlans::None);
    }
    let TrunkVlans::Only(set) = vlans else {
        let all = *vlans == TrunkVlans::All;
        return refused(if all { "a trunk of all VLANs" } else { "a trunk of no VLANs" });
    };
    if native.is_some_and(|native| !set.contains(native)) {
        return refused("a native VLAN that the trunk does not list");
    }
    let tagged = set.difference(&native.into_iter().collect());
    if may_be_none && tagged.is_empty() {
        return Ok(TrunkVlans::None);
    }
    if tagged.is_empty() { refused("a trunk of no VLAN but its native one") } else { Ok(TrunkVlans::Only(tagged)) }
}

/// What an interface's leaves say.
pub(crate) struct Said {
    /// What is understood, or foreign; `None` when they say nothing.
    pub(crate) vlans: Option<SwitchedVlan>,
    /// The leaves as they are written there, where that is not as [`leaves`]
    /// would write what was understood.
    pub(crate) written: Option<ForeignVlans>,
    /// Whether the container of the leaves holds nothing else.
    pub(crate) alone: bool,
}

/// VLANs by their names, where those stand for numbers.
pub(crate) type Named = BTreeMap<String, VlanId>;

/// Reads an interface's leaves; what cannot be understood is kept as it is.
/// `others` configure the same from elsewhere.
pub(crate) fn read<D: Data>(
    tree: &SwitchedVlanTree,
    defaults: &Defaults,
    entry: &Entry<'_, D>,
    named: &Named,
    others: Vec<String>,
) -> Said {
    let mut raw = raw(tree, entry);
    raw.others.extend(others);
    let inherited = tree.native_inherited.as_ref().and_then(|path| value(entry.node, path, &entry.names)?.parse().ok());
    let vlans = if raw.others.is_empty() { understood(tree, &raw, named, inherited) } else { Err(()) };
    let vlans = vlans.unwrap_or_else(|()| Some(SwitchedVlan::Foreign(Box::new(raw.clone()))));
    let vlans = vlans.and_then(|vlans| defaults.vlans(vlans));
    let alone = vlans.is_some() && is_alone(tree, entry);
    let own = match &vlans {
        Some(SwitchedVlan::Foreign(_)) => return Said { vlans, written: Some(raw), alone },
        Some(known) => leaves(tree, known).unwrap_or_default(),
        None => Vec::new(),
    };
    let is_as_written = {
        let sorted = |mut leaves: Vec<Leaf>| {
            leaves.sort_unstable_by(|one, other| one.1.cmp(&other.1));
            leaves
        };
        sorted(own) == sorted(as_read(tree, &raw))
    };
    Said { vlans, written: (!is_as_written).then_some(raw), alone }
}

/// Whether one container holds all of the leaves, and nothing else.
fn is_alone<D: Data>(tree: &SwitchedVlanTree, entry: &Entry<'_, D>) -> bool {
    let Some(container) = tree.container() else { return false };
    let holders = find(entry.node, &container, &entry.names);
    holders.iter().all(|(node, _)| node.below().all(|leaf| tree.holds(leaf.name())))
}

/// The leaves as they were read.
pub(crate) fn as_read(tree: &SwitchedVlanTree, raw: &ForeignVlans) -> Vec<Leaf> {
    let mode = |word: &String| match &tree.mode {
        ModeForm::Leaf { path, .. } => Some((path.clone(), Some(word.clone()))),
        ModeForm::Presence { access, .. } => Some(match word.split_once('=') {
            Some((name, value)) => (access.sibling(name), Some(value.to_owned())),
            None => (access.sibling(word), None),
        }),
        ModeForm::Derived => None,
    };
    let mut leaves: Vec<Leaf> = raw.interface_mode.iter().filter_map(mode).collect();
    let parts = trunk::parts_as_read(tree, raw);
    let mut seen: Vec<&NodePath> = Vec::new();
    for (path, values) in [
        (&tree.access_vlan, &raw.access_vlan),
        (&tree.native_vlan, &raw.native_vlan),
        (&tree.trunk_vlans.path, &raw.trunk_vlans),
    ] {
        // Two of them may be one leaf.
        if !seen.contains(&path) {
            seen.push(path);
            leaves.extend(values.iter().map(|value| (path.clone(), Some(value.clone()))));
        }
    }
    leaves.extend(parts);
    leaves
}

/// The leaves as they are.
fn raw<D: Data>(tree: &SwitchedVlanTree, entry: &Entry<'_, D>) -> ForeignVlans {
    let values = |path: &NodePath| -> Vec<String> {
        if let Some(listed) = entry.listed.filter(|_| Some(path) != tree.mode.path()) {
            let set = if *path == tree.trunk_vlans.path { &listed.tagged } else { &listed.untagged };
            // As it would be written, one value for each range.
            return set.ranges().iter().map(|range| range.with_separator(&tree.trunk_vlans.range_separator)).collect();
        }
        find(entry.node, path, &entry.names).iter().map(|(node, _)| node.value().to_owned()).collect()
    };
    // Said twice alike, it is said once.
    let once = |path: &NodePath| {
        let mut values = values(path);
        values.dedup();
        values
    };
    let mut others = beside(&tree.routed, entry);
    let routes = !others.is_empty();
    others.extend(beside(&tree.foreign, entry));
    others.extend(trunk::strangers(tree, entry));
    let leaves = [Some(&tree.access_vlan), Some(&tree.native_vlan), tree.mode.path()];
    let trunk = trunk::forms(tree).flat_map(TrunkForm::nodes);
    if leaves.into_iter().flatten().chain(trunk).any(|path| entry.is_inactive(path)) {
        others.push("a part that is deactivated".to_owned());
    }
    let interface_mode = match &tree.mode {
        // gnxi shows an enumeration without a value as an empty one.
        ModeForm::Leaf { path, .. } => once(path).into_iter().filter(|word| !word.is_empty()).collect(),
        ModeForm::Presence { access, .. } => {
            let at = find(entry.node, &access.parent(), &entry.names);
            let (plain, nested): (Vec<&D>, Vec<&D>) =
                at.iter().flat_map(|(node, _)| node.below()).partition(|mode| mode.below().next().is_none());
            others.extend(nested.iter().map(|mode| format!("mode {}", mode.name())));
            let word = |mode: &D| match mode.value() {
                "" => mode.name().to_owned(),
                value => format!("{}={value}", mode.name()),
            };
            plain.into_iter().map(word).collect()
        }
        ModeForm::Derived => Vec::new(),
    };
    ForeignVlans {
        interface_mode,
        access_vlan: once(&tree.access_vlan),
        native_vlan: once(&tree.native_vlan),
        trunk_vlans: values(&tree.trunk_vlans.path),
        trunk_parts: trunk::parts(tree, entry),
        others,
        routes,
    }
}

/// Those of these nodes that are there, or hold the value that they may not.
fn beside<D: Data>(nodes: &[(NodePath, Option<String>)], entry: &Entry<'_, D>) -> Vec<String> {
    let mut shown = Vec::new();
    for (path, value) in nodes {
        let found = find(entry.node, path, &entry.names).into_iter().map(|(node, _)| node);
        let found = found.filter(|node| value.as_ref().is_none_or(|value| node.value() == value));
        shown.extend(found.map(|node| match node.value() {
            "" => path.shown(),
            value => format!("{} {value:?}", node.name()),
        }));
    }
    shown
}

/// `Err`: they have a meaning that the model has no word for.
fn understood(
    tree: &SwitchedVlanTree,
    raw: &ForeignVlans,
    named: &Named,
    inherited: Option<VlanId>,
) -> Result<Option<SwitchedVlan>, ()> {
    let (access, trunk) = match &tree.mode {
        ModeForm::Leaf { access, trunk, .. } => (access.as_str(), trunk.as_str()),
        ModeForm::Presence { access, trunk } => (last(access), last(trunk)),
        ModeForm::Derived => ("", ""),
    };
    if tree.by_vlan && !raw.trunk_vlans.is_empty() && raw.interface_mode != [trunk] {
        return Err(());
    }
    let also = match &tree.mode {
        ModeForm::Leaf { also, .. } => also.as_slice(),
        _ => &[],
    };
    let means = |word: &str, trunk| also.iter().any(|(own, is_trunk)| own == word && *is_trunk == trunk);
    let is_trunk = match raw.interface_mode.as_slice() {
        [word] if word == access || means(word, false) => false,
        [word] if word == trunk || means(word, true) => true,
        [] if tree.mode == ModeForm::Derived && !raw.trunk_vlans.is_empty() => true,
        [] if !raw.access_vlan.is_empty() => false,
        [] if matches!(tree.mode, ModeForm::Leaf { unsaid: Unsaid::Access, .. }) => false,
        [] if raw.native_vlan.is_empty() && raw.trunk_vlans.is_empty() && raw.trunk_parts.is_empty() => {
            return Ok(None);
        }
        // Which it is, such a port agrees with its neighbour.
        [] if matches!(tree.mode, ModeForm::Presence { .. } | ModeForm::Leaf { unsaid: Unsaid::Negotiated, .. }) => {
            return Err(());
        }
        [] => true,
        _ => return Err(()),
    };
    if !is_trunk {
        return Ok(Some(SwitchedVlan::Access { vlan: single(&raw.access_vlan, named)? }));
    }
    let native = match raw.native_vlan.as_slice() {
        [] => inherited,
        [word] if Some(word) == tree.native_none.as_ref() => None,
        said => single(said, named)?,
    };
    let vlans = trunk::understood(tree, raw, named)?;
    let vlans = match native {
        Some(native) if tree.trunk_vlans.tagged_only => vlans.with(native),
        _ => vlans,
    };
    Ok(Some(SwitchedVlan::Trunk { native, vlans }))
}

/// The name of the node that a path ends at.
fn last(path: &NodePath) -> &str {
    path.steps.last().map_or("", |step| &step.name)
}

fn single(values: &[String], named: &Named) -> Result<Option<VlanId>, ()> {
    match values {
        [] => Ok(None),
        [one] => one.parse().ok().or_else(|| named.get(one).copied()).map(Some).ok_or(()),
        _ => Err(()),
    }
}

/// What a VLAN without a name is called where its name is its key.
#[must_use]
pub fn vlan_key(id: VlanId) -> String {
    format!("vlan-{id}")
}
