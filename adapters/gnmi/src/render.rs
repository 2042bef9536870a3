//! A plan as the operations of one Set.

use std::sync::Arc;

use mercury_adapter::{
    Dialect, EnabledForm, GnmiDialect, GnmiEncoding, Names, NodePath, Payload, Render, SwitchedVlanTree, Unrenderable,
    WriteLevel, leaves, vlan_key,
};
use mercury_model::{
    Aggregation, Change, Edit, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode, LagType, Plan, SwitchedVlan,
    Vlan, VlanId, VlanStatus,
};

use crate::{
    draft::{Draft, Entry, Replaced},
    operations::Value,
};

/// The module of interface types.
const IANA_IF_TYPE: &str = "iana-if-type";

/// Renders plans for one switch.
pub struct Renderer {
    dialect: Arc<Dialect>,
    gnmi: GnmiDialect,
    instance: String,
    max_operations: Option<usize>,
    scalars: bool,
}

/// What an inventory entry may say in place of the dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'a> {
    /// The network instance that holds the VLANs.
    pub instance: Option<&'a str>,
    /// How many operations one Set may hold.
    pub max_operations: Option<usize>,
    /// How values are written.
    pub encoding: Option<GnmiEncoding>,
}

impl Renderer {
    /// A renderer for a dialect that speaks gNMI; `None` for one that does
    /// not.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>, overrides: Overrides<'_>) -> Option<Self> {
        let gnmi = dialect.gnmi.clone()?;
        Some(Self {
            dialect: Arc::clone(dialect),
            instance: overrides.instance.unwrap_or(&gnmi.network_instance).to_owned(),
            max_operations: overrides.max_operations.or(gnmi.max_operations),
            scalars: overrides.encoding.or(gnmi.encoding) == Some(GnmiEncoding::Proto),
            gnmi,
        })
    }
}

impl Render for Renderer {
    fn render(&self, plan: &Plan) -> Result<Payload, Unrenderable> {
        let mut draft = Draft::default();
        for edit in &plan.edits {
            self.edit(&mut draft, edit)?;
        }
        let operations = draft.finish(self.level(plan), self.gnmi.replace);
        match self.max_operations {
            Some(most) if operations.len() > most => {
                let reason = format!("it takes {} operations and the target takes {most} in one Set", operations.len());
                Err(self.cannot("this much at once", &reason))
            }
            _ => Ok(Payload::new(operations)),
        }
    }
}

impl Renderer {
    fn level(&self, plan: &Plan) -> WriteLevel {
        if self.scalars {
            return WriteLevel::Leaf;
        }
        let about_lags = |edit: &Edit| {
            matches!(
                edit,
                Edit::CreateInterface { .. }
                    | Edit::Interface { change: Change::AggregateId { .. } | Change::Aggregation { .. }, .. }
            )
        };
        self.gnmi.lag_level.filter(|_| plan.edits.iter().any(about_lags)).unwrap_or(self.gnmi.write_level)
    }

    fn edit(&self, draft: &mut Draft, edit: &Edit) -> Result<(), Unrenderable> {
        let tree = &self.gnmi.tree;
        match edit {
            Edit::Vlan { before, after } => self.vlan(draft, before.as_ref(), after)?,
            Edit::RemoveVlan { before } => {
                let tree = self.has("vlan", tree.vlan.as_ref())?;
                draft.remove(&tree.entry, &self.vlan_names(before));
            }
            Edit::CreateInterface { interface, kind } => {
                let entry = self.interface(draft, interface);
                entry.made = true;
                // A target without the leaf knows the type by the name.
                if let Some(path) = &tree.kind {
                    entry.set(path, Value::Identity(IANA_IF_TYPE, kind.identity().to_owned()));
                } else if *kind != InterfaceType::Ieee8023adLag {
                    return Err(self.cannot("type", "no rule"));
                }
            }
            Edit::RemoveInterface { interface } => draft.remove(&tree.interface, &Names::interface(interface)),
            Edit::Interface { interface, aggregate, change } => self.change(draft, interface, *aggregate, change)?,
        }
        Ok(())
    }

    fn change(
        &self,
        draft: &mut Draft,
        interface: &InterfaceName,
        aggregate: bool,
        change: &Change,
    ) -> Result<(), Unrenderable> {
        let tree = &self.gnmi.tree;
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
            Change::Aggregation { after, .. } => self.aggregation(draft, interface, after.unwrap_or_default())?,
            Change::Lacp { after, .. } => self.lacp(draft, interface, *after)?,
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
        // What the dialect cannot say is not there to be deleted either.
        let present = said(before).unwrap_or_default();
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
        let gone = present.into_iter().map(|(path, _)| path.clone()).collect();
        let entry = self.interface(draft, interface);
        entry.replaced.push(Replaced { owned: tree.owned.clone(), values, gone });
        Ok(())
    }

    fn aggregation(
        &self,
        draft: &mut Draft,
        interface: &InterfaceName,
        wanted: Aggregation,
    ) -> Result<(), Unrenderable> {
        let tree = self.has("aggregation", self.gnmi.tree.aggregation.as_ref())?;
        let lag_type = wanted.lag_type.map(|kind| match kind {
            LagType::Lacp => Value::Text("LACP".to_owned()),
            LagType::Static => Value::Text("STATIC".to_owned()),
        });
        let entry = self.interface(draft, interface);
        entry.set_or_delete(&tree.lag_type, lag_type);
        entry.set_or_delete(&tree.min_links, wanted.min_links.map(|links| Value::Number(links.into())));
        Ok(())
    }

    fn lacp(&self, draft: &mut Draft, interface: &InterfaceName, wanted: Option<Lacp>) -> Result<(), Unrenderable> {
        let tree = self.has("lacp", self.gnmi.tree.lacp.as_ref())?;
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
        let tree = self.has("vlan", self.gnmi.tree.vlan.as_ref())?;
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
        } else if let (Some(name), 0) = (&self.gnmi.tree.name, entry.set.len()) {
            // A VLAN that is an interface says its name like one.
            let key = tree.entry.steps.last().and_then(|step| step.keys.first());
            let key = key.and_then(|(_, word)| entry.names.resolve(word)).map(|key| Value::Text(key.into_owned()));
            entry.set_or_delete(&name.clone(), key);
        }
        match (&tree.name, &after.name) {
            (Some(path), Some(name)) => entry.set(path, Value::Text(name.to_string())),
            (Some(path), None) if before.is_some_and(|before| before.name.is_some()) => entry.set_or_delete(path, None),
            // A name Mercury was given and the target has no place for is not worth a refusal.
            _ => {}
        }
        if let Some((path, word)) = status {
            entry.set(path, Value::Text(word.to_owned()));
        }
        Ok(())
    }

    fn vlan_names(&self, vlan: &Vlan) -> Names {
        let made = vlan_key(vlan.id);
        Names::vlan(&self.instance, Some(vlan.id), Some(vlan.name.as_ref().map_or(&made, |name| name.as_str())))
    }

    /// The entry of an interface, which repeats its key, and says that it is
    /// enabled, where the dialect wants that.
    fn interface<'a>(&self, draft: &'a mut Draft, interface: &InterfaceName) -> &'a mut Entry {
        let tree = &self.gnmi.tree;
        let entry = draft.entry(&tree.interface, &Names::interface(interface));
        if entry.is_empty() {
            if let Some(path) = &tree.name {
                entry.set(path, Value::Text(interface.to_string()));
            }
            if let (true, Some((path, EnabledForm::Boolean))) = (self.gnmi.explicit_enabled, &tree.enabled) {
                entry.unless_said = Some((path.clone(), Value::Boolean(true)));
            }
        }
        entry
    }

    fn has<'a, T>(&self, leaf: &str, tree: Option<&'a T>) -> Result<&'a T, Unrenderable> {
        let reason = || self.dialect.deviation(leaf).map_or("no rule", |deviation| &deviation.reason).to_owned();
        tree.ok_or_else(|| self.cannot(leaf, &reason()))
    }

    fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        Unrenderable { dialect: self.dialect.name.clone(), what: what.to_owned(), reason: reason.to_owned() }
    }
}

/// A VLAN's number, or a range of them as openconfig-vlan-types spells it.
fn vlan_or_range(text: String) -> Value {
    text.parse::<VlanId>().map_or(Value::Text(text), |id| Value::Number(id.get().into()))
}
