//! What a port carries, said in the lists of its VLANs. The order is what a switch that looks
//! at each step by itself can take: tagged VLANs go while the port is a trunk, its mode comes
//! before its VLANs, and no VLAN has it in both of its lists.

use std::collections::BTreeSet;

use mercury_model::{InterfaceName, VlanId, VlanSet};

use super::Writing;
use crate::{
    LeafOperation, ModeForm, Names, Node, NodePath, Operations, SwitchedVlanTree, operations::Value, spelling::Leaf,
};

/// What the leaves of a port say.
struct Said<'a> {
    mode: Option<&'a str>,
    untagged: BTreeSet<VlanId>,
    tagged: BTreeSet<VlanId>,
}

impl<'a> Said<'a> {
    fn of(tree: &SwitchedVlanTree, leaves: &'a [Leaf]) -> Self {
        let values = |path: Option<&NodePath>| {
            let path = path.cloned();
            leaves.iter().filter(move |(own, _)| Some(own) == path.as_ref()).filter_map(|(_, value)| value.as_deref())
        };
        let vlans = |path| {
            let sets = values(Some(path)).filter_map(|text| text.parse::<VlanSet>().ok());
            sets.flat_map(|set| set.iter().collect::<Vec<_>>()).collect()
        };
        Self {
            mode: values(tree.mode.path()).next(),
            untagged: vlans(&tree.access_vlan),
            tagged: vlans(&tree.trunk_vlans.path),
        }
    }
}

/// Takes a port from what it is to what it is to be, each as leaves of its own.
pub(super) fn change(
    writing: &Writing<'_>,
    operations: &mut Operations,
    interface: &InterfaceName,
    tree: &SwitchedVlanTree,
    [present, wanted]: [&[Leaf]; 2],
) {
    let (was, mut is) = (Said::of(tree, present), Said::of(tree, wanted));
    let ModeForm::Leaf { path: mode, access, trunk, .. } = &tree.mode else { return };
    let by_itself = writing.dialect.defaults(writing.protocol).and_then(|defaults| defaults.access_vlan);
    let was_mode = was.mode.unwrap_or(access);
    let is_mode = is.mode.unwrap_or(access);
    if is_mode == access && is.untagged.is_empty() {
        is.untagged.extend(by_itself);
    }
    let mut left = was.untagged;
    if left.is_empty() && was_mode != trunk {
        left.extend(by_itself);
    }
    let (leaves, joins): (Vec<_>, Vec<_>) =
        (was.tagged.difference(&is.tagged).collect(), is.tagged.difference(&was.tagged).collect());
    let mut lists = Lists { writing, operations, interface };
    leaves.iter().for_each(|vlan| lists.leave(**vlan, &tree.trunk_vlans.path));
    if is_mode != was_mode {
        let entry = if leaves.is_empty() {
            writing.interface(lists.operations, interface)
        } else {
            // What is said of the port before may not wait, and this has to.
            lists.operations.begin(Node { path: writing.tree.interface.clone(), names: Names::interface(interface) })
        };
        entry.set(mode, Some(Value::Text(is_mode.to_owned())));
    }
    is.untagged.difference(&left).for_each(|vlan| lists.join(*vlan, &tree.access_vlan));
    // By joining another it leaves the one that it was in.
    let stays = |vlan: &&VlanId| is.untagged.is_empty() || left.len() > 1 || joins.contains(vlan);
    left.difference(&is.untagged).filter(stays).for_each(|vlan| lists.leave(*vlan, &tree.access_vlan));
    joins.iter().for_each(|vlan| lists.join(**vlan, &tree.trunk_vlans.path));
}

/// The lists that a port's name comes into, and goes from.
struct Lists<'a> {
    writing: &'a Writing<'a>,
    operations: &'a mut Operations,
    interface: &'a InterfaceName,
}

impl Lists<'_> {
    fn join(&mut self, vlan: VlanId, list: &NodePath) {
        self.set(vlan, list, |port| (Vec::new(), vec![port]));
    }

    fn leave(&mut self, vlan: VlanId, list: &NodePath) {
        self.set(vlan, list, |port| (vec![port], Vec::new()));
    }

    fn set(&mut self, vlan: VlanId, list: &NodePath, lists: impl FnOnce(Value) -> (Vec<Value>, Vec<Value>)) {
        let Some(own) = &self.writing.tree.vlan else { return };
        let names = Names::vlan(self.writing.instance, Some(vlan), None);
        let (present, wanted) = lists(Value::Text(self.interface.to_string()));
        let entry = self.operations.begin(Node { path: own.entry.clone(), names });
        entry.in_part = true;
        entry.leaves.push(LeafOperation::SetList { path: list.clone(), present, wanted });
    }
}
