//! A plan by a dialect's table of paths.

mod stp;

use mercury_adapter::{
    EnabledForm, ModeForm, Names, NodePath, SwitchedVlanTree, Tree, Unrenderable, WriteLevel, leaves, vlan_key,
};
use mercury_model::{
    Aggregation, Change, Edit, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode, LagType, Plan, SwitchedVlan,
    Vlan, VlanId, VlanStatus,
};

use super::Renderer;
use crate::{
    draft::{Draft, Entry, Replaced},
    operations::{Operations, Value},
};

/// The module of interface types.
const IANA_IF_TYPE: &str = "iana-if-type";

/// The operations that carry a plan out.
pub(super) fn operations(renderer: &Renderer, tree: &Tree, plan: &Plan) -> Result<Operations, Unrenderable> {
    let by_path = ByPath { renderer, tree };
    let mut draft = Draft::default();
    for edit in &plan.edits {
        by_path.edit(&mut draft, edit)?;
    }
    Ok(draft.finish(by_path.level(plan), renderer.gnmi.replace, renderer.scalars))
}

struct ByPath<'a> {
    renderer: &'a Renderer,
    tree: &'a Tree,
}

impl ByPath<'_> {
    fn level(&self, plan: &Plan) -> WriteLevel {
        if self.renderer.scalars {
            return WriteLevel::Leaf;
        }
        let about_lags = |edit: &Edit| {
            matches!(
                edit,
                Edit::CreateInterface { .. }
                    | Edit::Interface { change: Change::AggregateId { .. } | Change::Aggregation { .. }, .. }
            )
        };
        self.renderer
            .gnmi
            .lag_level
            .filter(|_| plan.edits.iter().any(about_lags))
            .unwrap_or(self.renderer.gnmi.write_level)
    }

    fn edit(&self, draft: &mut Draft, edit: &Edit) -> Result<(), Unrenderable> {
        let tree = self.tree;
        match edit {
            Edit::Vlan { before, after } => self.vlan(draft, before.as_ref(), after)?,
            Edit::RemoveVlan { before } => {
                let tree = self.has("vlan", tree.vlan.as_ref())?;
                draft.remove(&tree.entry, &self.vlan_names(before));
            }
            Edit::CreateInterface { interface, kind } => {
                let entry = self.interface(draft, interface);
                entry.made = true;
                if let (true, Some((path, EnabledForm::Boolean))) = (self.renderer.gnmi.explicit_enabled, &tree.enabled)
                {
                    entry.unless_said = Some((path.clone(), Value::Boolean(true)));
                }
                if let Some(path) = &tree.kind {
                    entry.set(path, Value::Identity(IANA_IF_TYPE, kind.identity().to_owned()));
                } else if !self.tells_by_name(interface, kind) {
                    let reason = format!("the target tells a {} by its name, and this is not one", kind.identity());
                    return Err(self.cannot(&format!("making {interface}"), &reason));
                }
            }
            Edit::RemoveInterface { interface } => draft.remove(&tree.interface, &Names::interface(interface)),
            Edit::Interface { interface, aggregate, change } => self.change(draft, interface, *aggregate, change)?,
        }
        Ok(())
    }

    /// Whether a name alone makes an interface one of this type.
    fn tells_by_name(&self, interface: &InterfaceName, kind: &InterfaceType) -> bool {
        *kind == InterfaceType::Ieee8023adLag
            && self.tree.aggregate_names.as_ref().is_some_and(|prefix| interface.as_str().starts_with(prefix.as_str()))
    }

    fn change(
        &self,
        draft: &mut Draft,
        interface: &InterfaceName,
        aggregate: bool,
        change: &Change,
    ) -> Result<(), Unrenderable> {
        let tree = self.tree;
        match change {
            Change::Description { after, .. } => {
                let path = self.has("description", tree.description.as_ref())?;
                let value = after.as_ref().map(|text| Value::Text(text.to_string()));
                self.interface(draft, interface).set_or_delete(path, value);
            }
            Change::Mtu { after, .. } => {
                let path = self.has("mtu", tree.mtu.as_ref())?;
                self.interface(draft, interface).set_or_delete(path, after.map(|mtu| Value::Number(mtu.into())));
            }
            Change::AggregateId { after, .. } => {
                let path = self.has("aggregate-id", tree.aggregate_id.as_ref())?;
                let value = after.as_ref().map(|name| Value::Text(name.to_string()));
                self.interface(draft, interface).set_or_delete(path, value);
            }
            Change::Enabled { after, .. } => {
                let (path, form) = self.has("enabled", tree.enabled.as_ref())?;
                let value = match form {
                    EnabledForm::Boolean => Some(Value::Boolean(*after)),
                    // RFC 7951 section 6.9.
                    EnabledForm::PresentWhenDisabled => (!after).then(|| Value::List(Vec::new())),
                };
                self.interface(draft, interface).set_or_delete(path, value);
            }
            Change::Aggregation { before, after } => {
                self.aggregation(draft, interface, before.unwrap_or_default(), after.unwrap_or_default())?;
            }
            Change::Lacp { after, .. } => self.lacp(draft, interface, *after)?,
            Change::Stp { before, after, shared } => stp::change(self, draft, interface, (*before, *after), *shared)?,
            Change::SwitchedVlan { before, after } => {
                let own = match (aggregate, &tree.aggregate_switched_vlan) {
                    (true, Some(own)) => own,
                    _ => &tree.switched_vlan,
                };
                self.switched_vlan(draft, interface, own, before.as_ref(), after.as_ref())?;
            }
        }
        Ok(())
    }

    fn switched_vlan(
        &self,
        draft: &mut Draft,
        interface: &InterfaceName,
        tree: &SwitchedVlanTree,
        before: Option<&SwitchedVlan>,
        after: Option<&SwitchedVlan>,
    ) -> Result<(), Unrenderable> {
        let said = |vlans: Option<&SwitchedVlan>| vlans.map_or(Ok(Vec::new()), |vlans| leaves(tree, vlans));
        let wanted = said(after).map_err(|unsayable| self.cannot(unsayable.what, unsayable.reason))?;
        let mut values: Vec<(NodePath, Value)> = Vec::new();
        for (path, text) in wanted {
            let text = text.unwrap_or_default();
            if *path == tree.trunk_vlans.path && !tree.trunk_vlans.joined {
                match values.iter_mut().find(|(other, _)| other == path) {
                    Some((_, Value::List(ranges))) => ranges.push(vlan_or_range(text)),
                    _ => values.push((path.clone(), Value::List(vec![vlan_or_range(text)]))),
                }
            } else if *path == tree.access_vlan || *path == tree.native_vlan {
                values.push((path.clone(), vlan_or_range(text)));
            } else {
                values.push((path.clone(), Value::Text(text)));
            }
        }
        if after.is_some() {
            values.extend(tree.also.iter().map(|(path, text)| (path.clone(), Value::Text(text.clone()))));
        }
        // Switches keep leaves that mean nothing in the present mode, and a delete
        // of what is not there is no error (gNMI section 3.4.6); but SONiC makes
        // one of it.
        let gone = if tree.trunk_vlans.tagged_only {
            said(before).unwrap_or_default().into_iter().map(|(path, _)| path.clone()).collect()
        } else {
            every_leaf(tree)
        };
        let entry = self.interface(draft, interface);
        let present = before.is_some();
        entry.replaced.push(Replaced { owned: tree.owned.clone(), values, gone, present });
        Ok(())
    }

    fn aggregation(
        &self,
        draft: &mut Draft,
        interface: &InterfaceName,
        before: Aggregation,
        wanted: Aggregation,
    ) -> Result<(), Unrenderable> {
        let tree = self.has("aggregation", self.tree.aggregation.as_ref())?;
        let lag_type = wanted.lag_type.map(|kind| match kind {
            LagType::Lacp => Value::Text("LACP".to_owned()),
            LagType::Static => Value::Text("STATIC".to_owned()),
        });
        let entry = self.interface(draft, interface);
        if lag_type.is_some() || before.lag_type.is_some() {
            entry.set_or_delete(&tree.lag_type, lag_type);
        }
        if wanted.min_links.is_some() || before.min_links.is_some() {
            entry.set_or_delete(&tree.min_links, wanted.min_links.map(|links| Value::Number(links.into())));
        }
        if wanted.mlag_id.is_some() || before.mlag_id.is_some() {
            let path = self.has("aggregation.mlag-id", tree.mlag_id.as_ref())?;
            entry.set_or_delete(path, wanted.mlag_id.map(|id| Value::Number(id.into())));
        }
        Ok(())
    }

    fn lacp(&self, draft: &mut Draft, interface: &InterfaceName, wanted: Option<Lacp>) -> Result<(), Unrenderable> {
        let tree = self.has("lacp", self.tree.lacp.as_ref())?;
        let names = Names::interface(interface);
        let Some(lacp) = wanted else {
            draft.remove(&tree.interface, &names);
            return Ok(());
        };
        let interval = match lacp.interval {
            LacpInterval::Fast => "FAST",
            LacpInterval::Slow => "SLOW",
        };
        let mode = match lacp.lacp_mode {
            LacpMode::Active => "ACTIVE",
            LacpMode::Passive => "PASSIVE",
        };
        let entry = draft.entry(&tree.interface, &names);
        entry.made = true;
        for (path, value) in [(&tree.name, interface.as_str()), (&tree.interval, interval), (&tree.mode, mode)] {
            entry.set(path, Value::Text(value.to_owned()));
        }
        Ok(())
    }

    fn vlan(&self, draft: &mut Draft, before: Option<&Vlan>, after: &Vlan) -> Result<(), Unrenderable> {
        let tree = self.has("vlan", self.tree.vlan.as_ref())?;
        if tree.is_keyed_by_name() && before.is_some_and(|before| before.name != after.name) {
            let reason = "the name is the VLAN's key: what else is configured on it would be lost";
            return Err(self.cannot(&format!("another name for VLAN {}", after.id), reason));
        }
        let status = match (&tree.status, after.status) {
            (Some(path), VlanStatus::Active) => Some((path, "ACTIVE")),
            (Some(path), VlanStatus::Suspended) => Some((path, "SUSPENDED")),
            (None, VlanStatus::Active) => None,
            (None, VlanStatus::Suspended) => Some((self.has("vlan.status", None)?, "SUSPENDED")),
        };
        let entry = draft.entry(&tree.entry, &self.vlan_names(after));
        entry.made = true;
        if let Some(path) = &tree.id {
            entry.set(path, Value::Number(after.id.get().into()));
        } else if let (true, Some(path)) = (tree.is_beside(&self.tree.interface), &self.tree.name) {
            entry.name = tree.entry.key(&entry.names).map(|key| (path.clone(), Value::Text(key)));
        }
        match (&tree.name, &after.name) {
            (Some(path), Some(name)) => entry.set(path, Value::Text(name.to_string())),
            (Some(path), None) if before.is_some_and(|before| before.name.is_some()) => entry.set_or_delete(path, None),
            (None, Some(_)) if !tree.is_keyed_by_name() => {
                self.has::<NodePath>("vlan.name", None)?;
            }
            _ => {}
        }
        if let Some((path, word)) = status {
            entry.set(path, Value::Text(word.to_owned()));
        }
        Ok(())
    }

    fn vlan_names(&self, vlan: &Vlan) -> Names {
        let made = vlan_key(vlan.id);
        Names::vlan(
            &self.renderer.instance,
            Some(vlan.id),
            Some(vlan.name.as_ref().map_or(&made, |name| name.as_str())),
        )
    }

    /// The entry of an interface.
    fn interface<'a>(&self, draft: &'a mut Draft, interface: &InterfaceName) -> &'a mut Entry {
        let tree = self.tree;
        let entry = draft.entry(&tree.interface, &Names::interface(interface));
        entry.name = tree.name.as_ref().map(|path| (path.clone(), Value::Text(interface.to_string())));
        entry
    }

    fn has<'a, T>(&self, leaf: &str, tree: Option<&'a T>) -> Result<&'a T, Unrenderable> {
        let reason = || {
            self.renderer.dialect.deviation("gnmi", leaf).map_or("no rule", |deviation| &deviation.reason).to_owned()
        };
        tree.ok_or_else(|| self.cannot(leaf, &reason()))
    }

    fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        self.renderer.cannot(what, reason)
    }
}

/// The leaves that may say something of a port's VLANs.
fn every_leaf(tree: &SwitchedVlanTree) -> Vec<NodePath> {
    let mut leaves = match &tree.mode {
        ModeForm::Leaf { path, .. } => vec![path.clone()],
        ModeForm::Presence { access, trunk } => vec![access.clone(), trunk.clone()],
        ModeForm::Derived => Vec::new(),
    };
    for leaf in [&tree.access_vlan, &tree.native_vlan, &tree.trunk_vlans.path] {
        if !leaves.contains(leaf) {
            leaves.push(leaf.clone());
        }
    }
    leaves
}

/// A VLAN's number, or a range of them as openconfig-vlan-types spells it.
fn vlan_or_range(text: String) -> Value {
    text.parse::<VlanId>().map_or(Value::Text(text), |id| Value::Number(id.get().into()))
}
