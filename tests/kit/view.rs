//! One switch, shown in other ways; included by each kit.

use mercury_adapter::{Defaults, LeafTree, ModeForm, NodePath, Tree};
use mercury_model::{Leaf, VlanId, VlanSet};

/// How a switch shows what it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum View {
    /// With every default.
    ReportAll,
    /// Without any.
    Trim,
    /// In another order.
    Reordered,
    /// Its VLAN ranges number by number, which it then has so.
    Rewritten,
}

impl View {
    pub(crate) const ALL: [Self; 4] = [Self::ReportAll, Self::Trim, Self::Reordered, Self::Rewritten];
}

/// What an interface has where nothing is said, below its entry.
pub(crate) fn defaults(tree: &Tree, defaults: &Defaults, is_aggregate: bool) -> Vec<(NodePath, String)> {
    let mut leaves: Vec<(NodePath, String)> = Vec::new();
    for (leaf, value) in &defaults.leaves {
        // Only an aggregate has an aggregate's.
        if *leaf == Leaf::MinLinks && !is_aggregate {
            continue;
        }
        if let Some(LeafTree::Value { path, .. }) = tree.leaves.get(leaf) {
            leaves.push((path.clone(), value.spelled().unwrap()));
        }
    }
    let own = tree.aggregate_switched_vlan.as_ref().filter(|_| is_aggregate).unwrap_or(&tree.switched_vlan);
    if let (true, ModeForm::Leaf { path, access, .. }) = (defaults.access_mode, &own.mode) {
        leaves.push((path.clone(), access.clone()));
    }
    let vlans = [(&own.access_vlan, defaults.access_vlan), (&own.native_vlan, defaults.native_vlan)];
    leaves.extend(vlans.into_iter().filter_map(|(path, vlan)| Some((path.clone(), vlan?.to_string()))));
    leaves
}

/// What a VLAN has where nothing is said, below its entry.
pub(crate) fn vlan_defaults(tree: &Tree) -> Vec<(NodePath, String)> {
    let leaves = tree.vlan.iter().flat_map(|vlan| &vlan.default_values);
    leaves.map(|(path, words)| (path.clone(), words[0].clone())).collect()
}

/// The VLANs of a value of a trunk's list, one by one; `None` where it is no range,
/// or one of so many that nobody lists them.
pub(crate) fn one_by_one(value: &str) -> Option<Vec<VlanId>> {
    let set: VlanSet = value.replace("..", "-").parse().ok()?;
    (set.len() <= 512).then(|| set.iter().collect())
}
