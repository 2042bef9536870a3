//! A plan as one `<config>` for `<edit-config>`.

mod stp;

use std::{collections::BTreeSet, fmt, sync::Arc};

use mercury_adapter::{
    Dialect, EnabledForm, Names, NetconfDialect, NodePath, Payload, Render, SwitchedVlanTree, Unrenderable, VlanTree,
    leaves, vlan_key,
};
use mercury_model::{
    Aggregation, Change, Edit, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode, LagType, Plan, SwitchedVlan,
    Vlan, VlanStatus,
};

use crate::{
    place::{append, place},
    xml::{BASE_NS, Element},
};

/// The namespace of interface types.
const IANA_IF_TYPE: &str = "urn:ietf:params:xml:ns:yang:iana-if-type";

/// The content of `<config>`: one element per top-level node.
#[derive(Clone, Debug)]
pub struct EditConfig(Element);

impl EditConfig {
    /// The top-level nodes.
    #[must_use]
    pub fn content(&self) -> Vec<Element> {
        self.0.elements().cloned().collect()
    }
}

impl fmt::Display for EditConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_pretty().map_err(|_| fmt::Error)?)
    }
}

/// Renders plans for one switch.
pub struct Renderer {
    dialect: Arc<Dialect>,
    netconf: NetconfDialect,
    instance: String,
}

impl Renderer {
    /// A renderer for a dialect that speaks NETCONF; `None` for one that does
    /// not. `instance` takes the place of the dialect's network instance.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>, instance: Option<&str>) -> Option<Self> {
        let netconf = dialect.netconf.clone()?;
        let instance = instance.unwrap_or(&netconf.network_instance).to_owned();
        Some(Self { dialect: Arc::clone(dialect), netconf, instance })
    }
}

impl Render for Renderer {
    fn render(&self, plan: &Plan) -> Result<Payload, Unrenderable> {
        self.one_vlan_per_key(plan)?;
        let mut config = Element::new(BASE_NS, "config");
        for edit in &plan.edits {
            self.edit(&mut config, edit)?;
        }
        config.to_xml().map_err(|error| self.cannot("a value", &error.to_string()))?;
        Ok(Payload::new(EditConfig(config)))
    }
}

impl Renderer {
    fn edit(&self, config: &mut Element, edit: &Edit) -> Result<(), Unrenderable> {
        match edit {
            Edit::Vlan { before, after } => self.vlan(config, before.as_ref(), after),
            Edit::RemoveVlan { before } => {
                let tree = self.has("vlan", self.netconf.tree.vlan.as_ref())?;
                place(config, &tree.entry, &self.vlan_names(before), |vlan| *vlan = vlan.clone().operation("remove"));
                Ok(())
            }
            Edit::CreateInterface { interface, kind } => self.create(config, interface, kind),
            Edit::RemoveInterface { interface } => {
                // The key alone: a server may look at what else a removed entry holds.
                let (path, names) = (&self.netconf.tree.interface, Names::interface(interface));
                place(config, path, &names, |entry| *entry = entry.clone().operation("remove"));
                Ok(())
            }
            Edit::Interface { interface, aggregate, change } => self.change(config, interface, *aggregate, change),
        }
    }

    fn change(
        &self,
        config: &mut Element,
        interface: &InterfaceName,
        aggregate: bool,
        change: &Change,
    ) -> Result<(), Unrenderable> {
        let tree = &self.netconf.tree;
        match change {
            Change::Description { after, .. } => {
                let path = self.has("description", tree.description.as_ref())?;
                self.leaf(config, interface, path, after.as_ref().map(ToString::to_string));
            }
            Change::Mtu { after, .. } => {
                let path = self.has("mtu", tree.mtu.as_ref())?;
                self.leaf(config, interface, path, after.map(|mtu| mtu.to_string()));
            }
            Change::AggregateId { after, .. } => {
                let path = self.has("aggregate-id", tree.aggregate_id.as_ref())?;
                self.leaf(config, interface, path, after.as_ref().map(ToString::to_string));
            }
            Change::Enabled { after, .. } => {
                let (path, form) = self.has("enabled", tree.enabled.as_ref())?;
                let value = match form {
                    EnabledForm::Boolean => Some(after.to_string()),
                    EnabledForm::PresentWhenDisabled => (!after).then(String::new),
                };
                self.leaf(config, interface, path, value);
            }
            Change::Aggregation { before, after } => {
                self.aggregation(config, interface, before.unwrap_or_default(), after.unwrap_or_default())?;
            }
            Change::Lacp { after, .. } => self.lacp(config, interface, *after)?,
            Change::Stp { before, after, shared } => {
                stp::change(self, config, interface, (before.unwrap_or_default(), after.unwrap_or_default()), *shared)?;
            }
            Change::SwitchedVlan { after, .. } => {
                let tree = match (aggregate, &tree.aggregate_switched_vlan) {
                    (true, Some(own)) => own,
                    _ => &tree.switched_vlan,
                };
                self.switched_vlan(config, interface, tree, after.as_ref())?;
            }
        }
        Ok(())
    }

    /// Replaces the nodes that are `switched-vlan`'s alone, removes those the
    /// new setting has no use for, and touches no other. What is not there is
    /// removed too: a leaf that means nothing in the present mode is not read,
    /// and would come to life in the next.
    fn switched_vlan(
        &self,
        config: &mut Element,
        interface: &InterfaceName,
        tree: &SwitchedVlanTree,
        after: Option<&SwitchedVlan>,
    ) -> Result<(), Unrenderable> {
        let wanted = after.map_or(Ok(Vec::new()), |vlans| leaves(tree, vlans));
        let wanted = wanted.map_err(|unsayable| self.cannot(unsayable.what, unsayable.reason))?;
        self.interface(config, interface, |entry, names| {
            for (path, value) in &wanted {
                append(entry, path, names, |leaf| *leaf = leaf.clone().text(value.as_deref().unwrap_or_default()));
            }
            for owned in &tree.owned {
                let is_wanted = wanted.iter().any(|(path, _)| path.steps.starts_with(&owned.steps));
                let operation = if is_wanted { "replace" } else { "remove" };
                place(entry, owned, names, |node| *node = node.clone().operation(operation));
            }
            if after.is_some() {
                for (path, value) in &tree.also {
                    place(entry, path, names, |leaf| *leaf = leaf.clone().text(value));
                }
            }
        });
        Ok(())
    }

    fn create(
        &self,
        config: &mut Element,
        interface: &InterfaceName,
        kind: &InterfaceType,
    ) -> Result<(), Unrenderable> {
        let path = self.has("type", self.netconf.tree.kind.as_ref())?;
        self.interface(config, interface, |entry, names| {
            place(entry, path, names, |leaf| *leaf = leaf.clone().qname("ianaift", IANA_IF_TYPE, kind.identity()));
        });
        Ok(())
    }

    /// Removes no leaf that is not there: in a new interface netconfd makes
    /// `min-links` 0 of that.
    fn aggregation(
        &self,
        config: &mut Element,
        interface: &InterfaceName,
        before: Aggregation,
        wanted: Aggregation,
    ) -> Result<(), Unrenderable> {
        let tree = self.has("aggregation", self.netconf.tree.aggregation.as_ref())?;
        let lag_type = wanted.lag_type.map(|kind| match kind {
            LagType::Lacp => "LACP".to_owned(),
            LagType::Static => "STATIC".to_owned(),
        });
        if lag_type.is_some() || before.lag_type.is_some() {
            self.leaf(config, interface, &tree.lag_type, lag_type);
        }
        if wanted.min_links.is_some() || before.min_links.is_some() {
            self.leaf(config, interface, &tree.min_links, wanted.min_links.map(|links| links.to_string()));
        }
        if wanted.mlag_id.is_some() || before.mlag_id.is_some() {
            let path = self.has("aggregation.mlag-id", tree.mlag_id.as_ref())?;
            self.leaf(config, interface, path, wanted.mlag_id.map(|id| id.to_string()));
        }
        Ok(())
    }

    fn lacp(&self, config: &mut Element, interface: &InterfaceName, wanted: Option<Lacp>) -> Result<(), Unrenderable> {
        let tree = self.has("lacp", self.netconf.tree.lacp.as_ref())?;
        let names = Names::interface(interface);
        place(config, &tree.interface, &names, |entry| match wanted {
            None => *entry = entry.clone().operation("remove"),
            Some(lacp) => {
                let interval = match lacp.interval {
                    LacpInterval::Fast => "FAST",
                    LacpInterval::Slow => "SLOW",
                };
                let mode = match lacp.lacp_mode {
                    LacpMode::Active => "ACTIVE",
                    LacpMode::Passive => "PASSIVE",
                };
                for (path, value) in [(&tree.name, interface.as_str()), (&tree.interval, interval), (&tree.mode, mode)]
                {
                    place(entry, path, &names, |leaf| *leaf = leaf.clone().text(value));
                }
            }
        });
        Ok(())
    }

    fn vlan(&self, config: &mut Element, before: Option<&Vlan>, after: &Vlan) -> Result<(), Unrenderable> {
        let tree = self.has("vlan", self.netconf.tree.vlan.as_ref())?;
        let names = self.vlan_names(after);
        let status = match (&tree.status, after.status) {
            (Some(path), VlanStatus::Active) => Some((path, "ACTIVE")),
            (Some(path), VlanStatus::Suspended) => Some((path, "SUSPENDED")),
            (None, VlanStatus::Active) => None,
            (None, VlanStatus::Suspended) => Some((self.has("vlan.status", None)?, "SUSPENDED")),
        };
        let keyed_by_name = tree.is_keyed_by_name();
        if keyed_by_name && before.is_some_and(|before| before.name != after.name) {
            let reason = "the name is the VLAN's key: what else is configured on it would be lost";
            return Err(self.cannot(&format!("another name for VLAN {}", after.id), reason));
        }
        // A plan names a VLAN once.
        append(config, &tree.entry, &names, |entry| {
            if keyed_by_name && before.is_none() {
                // A VLAN with this name and another number keeps its number: a merge would change it.
                *entry = entry.clone().operation("create");
            }
            if let Some(path) = &tree.id {
                place(entry, path, &names, |leaf| set(leaf, &after.id.to_string()));
            }
            if let (Some(path), Some(name)) = (&tree.name, &after.name) {
                place(entry, path, &names, |leaf| set(leaf, name.as_str()));
            } else if let (Some(path), Some(_)) = (&tree.name, before.and_then(|before| before.name.as_ref())) {
                place(entry, path, &names, |leaf| *leaf = leaf.clone().operation("remove"));
            }
            if let Some((path, word)) = status {
                place(entry, path, &names, |leaf| set(leaf, word));
            }
        });
        Ok(())
    }

    /// One entry cannot be taken away and made in one edit: which comes first
    /// is the server's choice.
    fn one_vlan_per_key(&self, plan: &Plan) -> Result<(), Unrenderable> {
        if !self.netconf.tree.vlan.as_ref().is_some_and(VlanTree::is_keyed_by_name) {
            return Ok(());
        }
        let mut keys = BTreeSet::new();
        for edit in &plan.edits {
            let (Edit::Vlan { after: vlan, .. } | Edit::RemoveVlan { before: vlan }) = edit else { continue };
            let key = vlan.name.as_ref().map_or_else(|| vlan_key(vlan.id), ToString::to_string);
            if !keys.insert(key.clone()) {
                let reason = "the name is the VLAN's key, so one has to go before the other comes";
                return Err(self.cannot(&format!("two VLANs named {key:?} in one change"), reason));
            }
        }
        Ok(())
    }

    fn vlan_names(&self, vlan: &Vlan) -> Names {
        let made = vlan_key(vlan.id);
        Names::vlan(&self.instance, Some(vlan.id), Some(vlan.name.as_ref().map_or(&made, |name| name.as_str())))
    }

    /// Does something to an interface's entry, which repeats its key where
    /// the dialect wants that.
    fn interface(&self, config: &mut Element, interface: &InterfaceName, act: impl FnOnce(&mut Element, &Names)) {
        let names = Names::interface(interface);
        place(config, &self.netconf.tree.interface, &names, |entry| {
            if let Some(path) = &self.netconf.tree.name {
                place(entry, path, &names, |leaf| set(leaf, interface.as_str()));
            }
            act(entry, &names);
        });
    }

    /// Sets a leaf of an interface, or removes it.
    fn leaf(&self, config: &mut Element, interface: &InterfaceName, path: &NodePath, value: Option<String>) {
        self.interface(config, interface, |entry, names| {
            place(entry, path, names, |leaf| match value {
                Some(value) => set(leaf, &value),
                None => *leaf = leaf.clone().operation("remove"),
            });
        });
    }

    fn has<'a, T>(&self, leaf: &str, tree: Option<&'a T>) -> Result<&'a T, Unrenderable> {
        let reason =
            || self.dialect.deviation("netconf", leaf).map_or("no rule", |deviation| &deviation.reason).to_owned();
        tree.ok_or_else(|| self.cannot(leaf, &reason()))
    }

    fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        Unrenderable { dialect: self.dialect.name.clone(), what: what.to_owned(), reason: reason.to_owned() }
    }
}

fn set(leaf: &mut Element, value: &str) {
    leaf.children.clear();
    *leaf = leaf.clone().text(value);
}
