//! A plan as one `<config>` for `<edit-config>`.

use std::{fmt, sync::Arc};

use mercury_adapter::{
    Dialect, EnabledForm, NetconfDialect, NodePath, Payload, Render, SwitchedVlanTree, Unrenderable,
};
use mercury_model::{
    Aggregation, Change, Edit, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode, LagType, Plan, SwitchedVlan,
    Vlan, VlanId, VlanStatus,
};

use crate::{
    place::{Names, append, place},
    spell,
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
                self.interface(config, interface, |entry, _| *entry = entry.clone().operation("remove"));
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
            Change::Aggregation { after, .. } => self.aggregation(config, interface, after.unwrap_or_default())?,
            Change::Lacp { after, .. } => self.lacp(config, interface, *after)?,
            Change::SwitchedVlan { before, after } => {
                let tree = match (aggregate, &tree.aggregate_switched_vlan) {
                    (true, Some(own)) => own,
                    _ => &tree.switched_vlan,
                };
                self.switched_vlan(config, interface, tree, before.as_ref(), after.as_ref())?;
            }
        }
        Ok(())
    }

    /// Replaces the nodes that are `switched-vlan`'s alone, and touches no
    /// other.
    fn switched_vlan(
        &self,
        config: &mut Element,
        interface: &InterfaceName,
        tree: &SwitchedVlanTree,
        before: Option<&SwitchedVlan>,
        after: Option<&SwitchedVlan>,
    ) -> Result<(), Unrenderable> {
        let spelled = |vlans: Option<&SwitchedVlan>| vlans.map_or(Ok(Vec::new()), |vlans| spell::leaves(tree, vlans));
        let wanted = spelled(after).map_err(|what| self.cannot(&what, "the dialect has no word for it"))?;
        // What cannot be said was not written by Mercury; it is replaced or removed with the rest.
        let present = spelled(before).unwrap_or_default();
        self.interface(config, interface, |entry, names| {
            for (path, value) in &wanted {
                append(entry, path, names, |leaf| *leaf = leaf.clone().text(value.as_deref().unwrap_or_default()));
            }
            for owned in &tree.owned {
                let has =
                    |leaves: &[spell::Leaf<'_>]| leaves.iter().any(|(path, _)| path.steps.starts_with(&owned.steps));
                let operation = match (has(&wanted), has(&present)) {
                    (true, _) => "replace",
                    (false, true) => "remove",
                    (false, false) => continue,
                };
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

    fn aggregation(
        &self,
        config: &mut Element,
        interface: &InterfaceName,
        wanted: Aggregation,
    ) -> Result<(), Unrenderable> {
        let tree = self.has("aggregation", self.netconf.tree.aggregation.as_ref())?;
        let lag_type = wanted.lag_type.map(|kind| match kind {
            LagType::Lacp => "LACP".to_owned(),
            LagType::Static => "STATIC".to_owned(),
        });
        self.leaf(config, interface, &tree.lag_type, lag_type);
        self.leaf(config, interface, &tree.min_links, wanted.min_links.map(|links| links.to_string()));
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
            (None, VlanStatus::Suspended) => return Err(self.cannot("vlan.status", "a VLAN cannot be suspended")),
        };
        place(config, &tree.entry, &names, |entry| {
            place(entry, &tree.id, &names, |leaf| set(leaf, &after.id.to_string()));
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
            place(entry, path, names, |leaf| match &value {
                Some(value) => set(leaf, value),
                None => *leaf = leaf.clone().operation("remove"),
            });
        });
    }

    fn has<'a, T>(&self, leaf: &str, tree: Option<&'a T>) -> Result<&'a T, Unrenderable> {
        let reason = || self.dialect.deviation(leaf).map_or("no rule", |deviation| &deviation.reason).to_owned();
        tree.ok_or_else(|| self.cannot(leaf, &reason()))
    }

    fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        Unrenderable { dialect: self.dialect.name.clone(), what: what.to_owned(), reason: reason.to_owned() }
    }
}

/// What a VLAN without a name is called where its name is its key.
pub(crate) fn vlan_key(id: VlanId) -> String {
    format!("vlan-{id}")
}

fn set(leaf: &mut Element, value: &str) {
    leaf.children.clear();
    *leaf = leaf.clone().text(value);
}
