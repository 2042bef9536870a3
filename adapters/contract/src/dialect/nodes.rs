//! All nodes that a tree has, for those who ask which there are.

use mercury_model::Leaf;

use super::{LeafTree, ModeForm, NodePath, SwitchedVlanTree, Tree};

impl Tree {
    /// All nodes that are looked at when what a target has is read, from the top; not what
    /// groups and ranges add to ports.
    #[must_use]
    pub fn looked_at(&self) -> Vec<NodePath> {
        let below = below_interface(self);
        let group = self.channel_group.iter().flat_map(|group| group.nodes());
        let vlans = std::iter::once(&self.switched_vlan).chain(&self.aggregate_switched_vlan);
        let also = vlans.flat_map(|own| {
            let forms = own.also_trunk_vlans.iter().flat_map(|form| form.nodes());
            forms.chain(&own.native_inherited).chain(own.also.iter().map(|(path, _)| path))
        });
        let of_port = below.iter().chain(group).chain(also).chain(&self.kind).map(|path| self.interface.join(path));
        let default_values = self.vlan.iter().flat_map(|vlan| {
            let paths = vlan.default_values.iter().map(|(path, _)| path);
            paths.map(|path| vlan.entry.join(path))
        });
        let state = self.oper_status.iter().cloned();
        let elsewhere = beside(self).into_iter().chain(default_values).chain(state);
        std::iter::once(self.interface.clone()).chain(of_port).chain(elsewhere).collect()
    }

    /// The entries by which ports are named beside their own, from the top.
    pub fn beside_ports(&self) -> impl Iterator<Item = &NodePath> {
        self.lists.values().filter(|list| list.is_beside).map(|list| &list.entry)
    }
}

/// All nodes that the tree has below an interface.
pub(super) fn below_interface(tree: &Tree) -> Vec<NodePath> {
    let own = |(leaf, _): &(&Leaf, &LeafTree)| {
        leaf.list().and_then(|list| tree.lists.get(&list)).is_none_or(|list| !list.is_beside)
    };
    let leaves = tree.leaves.iter().filter(own).flat_map(|(_, at)| at.paths());
    let lists = tree.lists.values().filter(|list| !list.is_beside).map(|list| &list.entry);
    let vlans = std::iter::once(&tree.switched_vlan).chain(&tree.aggregate_switched_vlan).flat_map(switched_vlan);
    let others = tree.name.iter().chain(&tree.member_without);
    leaves.chain(lists).chain(others).cloned().chain(vlans).collect()
}

fn switched_vlan(tree: &SwitchedVlanTree) -> Vec<NodePath> {
    let own = tree.mode.path().into_iter().chain([&tree.access_vlan, &tree.native_vlan]);
    let mode = match &tree.mode {
        ModeForm::Presence { trunk, .. } => Some(trunk),
        _ => None,
    };
    let foreign = tree.foreign.iter().chain(&tree.routed).map(|(path, _)| path);
    own.chain(mode).chain(tree.trunk_vlans.nodes()).chain(foreign).cloned().collect()
}

/// All nodes that it has elsewhere, but those of groups and ranges.
pub(super) fn beside(tree: &Tree) -> Vec<NodePath> {
    let mut paths: Vec<NodePath> = tree.aggregate_count.iter().cloned().collect();
    for (list, own) in tree.lists.iter().filter(|(_, own)| own.is_beside) {
        let leaves = tree.leaves.iter().filter(|(leaf, _)| leaf.list() == Some(*list));
        paths.push(own.entry.clone());
        paths.extend(leaves.flat_map(|(_, at)| at.paths()).chain(&own.name).map(|path| own.entry.join(path)));
    }
    if let Some(vlan) = &tree.vlan {
        paths.push(vlan.entry.clone());
        paths.extend(vlan.leaves().chain(&vlan.members).map(|path| vlan.entry.join(path)));
    }
    let in_vlan = tree.vlan.as_ref().map(|vlan| &vlan.entry);
    paths.extend(tree.overlay.iter().flat_map(|overlay| overlay.nodes(in_vlan)));
    paths
}
