//! The one renderer: a plan by a dialect's table of paths, as operations. Pure.

mod channel_group;
mod leaf;
mod membership;
mod overlay;
mod switched_vlan;
mod vlan;

use mercury_model::{Edit, InterfaceName, InterfaceType, Leaf, List, Plan};

use crate::{
    Dialect, EntryOperations, LeafTree, Module, Names, Node, NodePath, Operations, Origin, Tree, Unrenderable,
    operations::Value,
};

/// How one switch is written to: its dialect's table for one protocol.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// The dialect.
    pub dialect: &'a Dialect,
    /// Whose deviations count.
    pub protocol: &'a str,
    /// Where everything lies.
    pub tree: &'a Tree,
    /// The network instance that holds the VLANs.
    pub instance: &'a str,
    /// Whether an interface that is made must be told that it is enabled.
    pub explicit_enabled: bool,
    /// Whether what takes leaves away is done one by one, so that fewer steps are better.
    pub one_by_one: bool,
}

/// The operations that carry a plan out.
///
/// # Errors
/// [`Unrenderable`] names the first edit that the dialect cannot express.
pub fn operations(writing: &Writing<'_>, plan: &Plan) -> Result<Operations, Unrenderable> {
    vlan::one_per_key(writing, plan)?;
    overlay::one_per_vni(writing, plan)?;
    let mut operations = Operations::default();
    plan.edits.iter().try_for_each(|edit| writing.edit(&mut operations, plan, edit))?;
    operations.without_what_goes_anyway();
    Ok(operations)
}

impl Writing<'_> {
    fn edit(&self, operations: &mut Operations, plan: &Plan, edit: &Edit) -> Result<(), Unrenderable> {
        match edit {
            Edit::Vlan { before, after } => vlan::make(self, operations, before.as_ref(), after),
            Edit::RemoveVlan { before } => vlan::remove(self, operations, before),
            Edit::Bind { vlan, name, before, after } => {
                overlay::bind(self, operations, (*vlan, name.as_ref()), before.as_ref(), after)
            }
            Edit::Unbind { vlan, name, before } => {
                let is_bound_otherwise = overlay::is_bound_otherwise(plan, *vlan);
                overlay::unbind(self, operations, (*vlan, name.as_ref()), before, is_bound_otherwise)
            }
            Edit::CreateInterface { interface, kind, count } => {
                self.count(operations, *count);
                self.create(operations, interface, kind)
            }
            // Who its members are was not seen, and they would be left as such.
            Edit::RemoveInterface { .. } if !self.tree.has(Leaf::AggregateId) => Err(self.lacks("aggregate-id")),
            Edit::RemoveInterface { before, .. } => {
                let names = Names::interface(&before.name);
                operations.removed.push(Node { path: self.tree.interface.clone(), names });
                Ok(())
            }
            Edit::LeaveList { interface, list } => self.leave(operations, interface, *list),
            Edit::Interface { interface, aggregate, change } => match change.leaf {
                Leaf::SwitchedVlan => switched_vlan::change(self, operations, interface, *aggregate, change),
                leaf if self.tree.is_grouped(leaf) => channel_group::change(self, operations, interface, change),
                _ => leaf::change(self, operations, interface, change),
            },
        }
    }

    fn create(
        &self,
        operations: &mut Operations,
        interface: &InterfaceName,
        kind: &InterfaceType,
    ) -> Result<(), Unrenderable> {
        let by_name = self.tree.aggregate_names.as_ref();
        let is_told = by_name.is_some_and(|prefix| interface.as_str().starts_with(prefix.as_str()));
        if self.tree.kind.is_none() && !(is_told && *kind == InterfaceType::Ieee8023adLag) {
            return Err(match by_name {
                Some(_) => {
                    let reason = format!("the target tells a {} by its name, and this is not one", kind.identity());
                    self.cannot(&format!("making {interface}"), &reason)
                }
                None => self.lacks("type"),
            });
        }
        let entry = self.interface(operations, interface);
        entry.origin = Origin::Merge;
        if let Some(path) = &self.tree.kind {
            entry.set(path, Some(Value::Identity(Module::iana_if_type(), kind.identity().to_owned())));
        }
        if let (true, Some(LeafTree::Value { path, .. })) =
            (self.explicit_enabled, self.tree.leaves.get(&Leaf::Enabled))
        {
            entry.set(path, Some(Value::Boolean(true)));
        }
        Ok(())
    }

    /// Tells the target how many aggregates it is to have.
    fn count(&self, operations: &mut Operations, count: Option<u16>) {
        let Some((path, count)) = self.tree.aggregate_count.as_ref().zip(count) else { return };
        let leaf = NodePath { steps: path.steps.last().cloned().into_iter().collect() };
        let holder = Node { path: path.parent(), names: Names::default() };
        operations.entry(holder).set(&leaf, Some(Value::Number(count.into())));
    }

    fn leave(&self, operations: &mut Operations, interface: &InterfaceName, list: List) -> Result<(), Unrenderable> {
        // Whether LACP is spoken, the members say with the type; the rate that the aggregate says
        // for itself means nothing then, and may be another's.
        if list == List::Lacp && self.tree.channel_group.is_some() {
            return Ok(());
        }
        match self.tree.lists.get(&list) {
            Some(tree) if tree.is_beside => {
                operations.removed.push(Node { path: tree.entry.clone(), names: Names::interface(interface) });
            }
            Some(tree) => self.interface(operations, interface).set(&tree.entry, None),
            None => {
                let own = || self.tree.leaves.iter().filter(|(leaf, _)| leaf.list() == Some(list));
                own().next().ok_or_else(|| self.lacks(list.name()))?;
                let entry = self.interface(operations, interface);
                own().flat_map(|(_, leaf)| leaf.paths()).for_each(|path| entry.set(path, None));
            }
        }
        Ok(())
    }

    /// The entry of an interface.
    fn interface<'o>(&self, operations: &'o mut Operations, interface: &InterfaceName) -> &'o mut EntryOperations {
        let entry = operations.entry(Node { path: self.tree.interface.clone(), names: Names::interface(interface) });
        entry.key_leaf = self.tree.name.as_ref().map(|path| (path.clone(), Value::Text(interface.to_string())));
        entry
    }

    /// Why there is no rule for a leaf, or for what holds it.
    fn lacks(&self, leaf: &str) -> Unrenderable {
        let own = self.dialect.deviation(self.protocol, leaf);
        let group = || self.dialect.deviation(self.protocol, leaf.split_once('.')?.0);
        self.cannot(leaf, own.or_else(group).map_or("no rule", |deviation| &deviation.reason))
    }

    /// What the dialect has no word for, and why.
    #[must_use]
    pub fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        self.dialect.cannot(what, reason)
    }
}
