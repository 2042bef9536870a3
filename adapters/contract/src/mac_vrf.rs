//! Nokia SR Linux, whose model knows no switched-vlan (srlinux-yang-models
//! v24.10, v25.3): from a plan to operations.
//!
//! | the model | SR Linux |
//! |---|---|
//! | VLAN 100 | `network-instance[name=vlan-100]` of type mac-vrf; its name is the description |
//! | an access port | `vlan-tagging`, `subinterface[index=100]` of type bridged with `vlan/encap/untagged` |
//! | a trunk | a subinterface for each VLAN with `vlan/encap/single-tagged`; the native one untagged |
//! | VLAN 100 on a VNI | see `mac_vrf/overlay.rs` |
//! | belonging to VLAN 100 | `network-instance[name=vlan-100]/interface[name=ethernet-1/1.100]` |
//!
//! A subinterface's index is its VLAN, so a VLAN is found by its number alone.
//! `untagged` needs `vlan-tagging` (srl_nokia-interfaces-vlans); without it a
//! port would take tagged frames for its own too. Nothing here has been seen by
//! a real SR Linux.

use std::collections::BTreeMap;

use crate::{Dialect, EntryOperations, Names, Node, NodePath, Operations, Origin, Unrenderable, operations::Value};
use mercury_model::{
    self as model, Change, Edit, InterfaceName, InterfaceType, Leaf, List, Plan, SwitchedVlan, TrunkVlans, Vlan,
    VlanId, VlanStatus,
};

mod besides;
mod nodes;
mod overlay;
mod read;
mod words;

pub use nodes::{all as nodes, defaults, lists};
pub use overlay::{states, states_of, tree as overlay};
pub use read::{entries, memberships, running};
use words::{Template, network_instance, path};
pub use words::{interface, oper_state};

/// What SR Linux has no word for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsayable {
    /// The setting, or the model's name of it.
    pub what: String,
    /// Why it cannot be said.
    pub reason: String,
}

impl Unsayable {
    /// As a refusal of this dialect, which excuses over one protocol what the code has no
    /// place for.
    #[must_use]
    pub fn of(&self, dialect: &Dialect, protocol: &str) -> Unrenderable {
        let deviation = dialect.deviation(protocol, &self.what);
        dialect.cannot(&self.what, deviation.map_or(&self.reason, |deviation| &deviation.reason))
    }
}

/// The operations that carry a plan out; `instance` is the template that names
/// a VLAN's network instance, and `binds` whether VNIs are served.
///
/// # Errors
/// [`Unsayable`]: SR Linux has no word for something.
pub fn operations(plan: &Plan, instance: &str, binds: bool) -> Result<Operations, Unsayable> {
    let template = Template::parse(instance)
        .ok_or_else(|| unsayable("the network instance of a VLAN", "its name must hold {vlan-id}"))?;
    let mut writer = Writer { template, binds, operations: Operations::default() };
    plan.edits.iter().try_for_each(|edit| writer.edit(edit))?;
    Ok(writer.operations)
}

struct Writer<'a> {
    template: Template<'a>,
    binds: bool,
    operations: Operations,
}

impl Writer<'_> {
    fn edit(&mut self, edit: &Edit) -> Result<(), Unsayable> {
        match edit {
            Edit::Vlan { before, after } => self.vlan(before.as_ref(), after)?,
            Edit::RemoveVlan { before } => {
                let names = Names::default().in_instance(&self.template.name(before.id));
                self.remove(network_instance(), names);
            }
            Edit::CreateInterface { interface, kind, .. } => {
                let is_lag = *kind == InterfaceType::Ieee8023adLag && words::is_lag(interface.as_str());
                if !is_lag {
                    let reason = format!("it makes nothing but aggregates, and calls them {}1 and so on", words::LAG);
                    return Err(unsayable(&format!("making {interface}"), &reason));
                }
                let entry = self.interface(interface);
                entry.origin = Origin::Merge;
                entry.set(&path("admin-state"), Some(admin_state(true)));
                entry.set(&path("lag"), Some(Value::Container));
            }
            Edit::LeaveList { interface, list: List::Lacp } => self.interface(interface).set(&path("lag/lacp"), None),
            Edit::Bind { after: segment, .. } | Edit::Unbind { before: segment, .. } if !self.binds => {
                return Err(unsayable(&segment.to_string(), "vxlan is not supported"));
            }
            Edit::Bind { vlan, after, .. } => self.bind(*vlan, after)?,
            Edit::Unbind { vlan, before, .. } => self.unbind(*vlan, before)?,
            Edit::LeaveList { .. } => return Err(unsayable("stp", "no rule")),
            Edit::RemoveInterface { before, besides } => {
                let foreign = before.switched_vlan.as_ref().and_then(SwitchedVlan::foreign);
                let others = foreign.into_iter().flat_map(|foreign| &foreign.others).chain(besides);
                let others: Vec<&str> = others.map(String::as_str).collect();
                if !others.is_empty() {
                    let reason = format!("it has {}, which is not Mercury's to take away", others.join(", "));
                    return Err(unsayable(&format!("taking {} away", before.name), &reason));
                }
                // Its subinterfaces go with it, and nothing may refer to them.
                let vlans = before.switched_vlan.as_ref().and_then(|vlans| carried(vlans).ok()).unwrap_or_default();
                for vlan in vlans.into_keys() {
                    let (member, names) = self.member(&before.name, vlan)?;
                    self.remove(member, names);
                }
                self.remove(interface(), Names::interface(&before.name));
            }
            Edit::Interface { interface, change, .. } => self.change(interface, change)?,
        }
        Ok(())
    }

    fn vlan(&mut self, before: Option<&Vlan>, after: &Vlan) -> Result<(), Unsayable> {
        let enabled = match &after.status {
            VlanStatus::Active => true,
            VlanStatus::Suspended => false,
            VlanStatus::Other(word) => return Err(unsayable(&format!("VLAN status {word:?}"), "no rule")),
        };
        let names = Names::default().in_instance(&self.template.name(after.id));
        let entry = self.operations.begin(Node { path: network_instance(), names });
        entry.origin = Origin::Merge;
        entry.set(&path("type"), Some(text("mac-vrf")));
        entry.set(&path("admin-state"), Some(admin_state(enabled)));
        if after.name.is_some() || before.is_some_and(|before| before.name.is_some()) {
            entry.set(&path("description"), after.name.as_ref().map(|name| text(name.as_str())));
        }
        Ok(())
    }

    fn change(&mut self, interface: &InterfaceName, change: &Change) -> Result<(), Unsayable> {
        if change.leaf == Leaf::SwitchedVlan {
            let vlans = |value: &Option<model::Value>| match value {
                Some(model::Value::SwitchedVlan(vlans)) => Some(vlans.clone()),
                _ => None,
            };
            let (before, after) = (vlans(&change.before), vlans(&change.after));
            let keeps_tagging = change.written.as_ref().is_some_and(|written| !written.others.is_empty());
            return self.switched_vlan(interface, before.as_ref(), after.as_ref(), keeps_tagging);
        }
        if let (Leaf::AggregateId, Some(_), Some(other)) = (change.leaf, &change.after, &change.besides) {
            let reason = format!("none may have {other}, which is not Mercury's to take away");
            return Err(unsayable(&format!("{interface} as a member of an aggregate"), &reason));
        }
        let lacks = || unsayable(change.leaf.list().map_or(change.leaf.name(), List::name), "no rule");
        let at = words::leaf(change.leaf).ok_or_else(lacks)?;
        let value = change.after.as_ref().map(|value| words::written(change.leaf, value));
        self.interface(interface).set(&at, value);
        Ok(())
    }

    fn switched_vlan(
        &mut self,
        interface: &InterfaceName,
        before: Option<&SwitchedVlan>,
        after: Option<&SwitchedVlan>,
        keeps_tagging: bool,
    ) -> Result<(), Unsayable> {
        if let Some(foreign) = before.and_then(SwitchedVlan::foreign) {
            return Err(unsayable(&format!("VLANs on {interface}"), &format!("it has {}", foreign.others.join(", "))));
        }
        let wanted = after.map_or(Ok(BTreeMap::new()), carried)?;
        // What cannot be said is not there.
        let present = before.and_then(|before| carried(before).ok()).unwrap_or_default();
        // What others route by its tag needs it too.
        if after.is_some() || !keeps_tagging {
            self.interface(interface).set(&path("vlan-tagging"), after.map(|_| Value::Boolean(true)));
        }
        // All of them: what is there may lack what `vlan-tagging` asks for.
        for (vlan, tagging) in &wanted {
            let entry =
                self.operations.entry(Node { path: words::subinterface(*vlan), names: Names::interface(interface) });
            subinterface(entry, *vlan, *tagging);
        }
        for (vlan, tagging) in &present {
            let at = words::subinterface(*vlan);
            match wanted.get(vlan) {
                Some(after) if after == tagging => {}
                // A subinterface is tagged or untagged, never both.
                Some(_) => self.remove(at.join(&path("vlan/encap")), Names::interface(interface)),
                None => {
                    self.remove(at, Names::interface(interface));
                    let (member, names) = self.member(interface, *vlan)?;
                    self.remove(member, names);
                }
            }
        }
        for vlan in wanted.keys().filter(|vlan| !present.contains_key(vlan)) {
            let (path, names) = self.member(interface, *vlan)?;
            self.operations.entry(Node { path, names }).origin = Origin::Merge;
        }
        Ok(())
    }

    /// Where it is said that an interface belongs to a VLAN.
    fn member(&self, interface: &InterfaceName, vlan: VlanId) -> Result<(NodePath, Names), Unsayable> {
        let name = words::member(interface, vlan)
            .ok_or_else(|| unsayable(&format!("a subinterface of {interface}"), "the name gets too long"))?;
        Ok((words::membership(), Names::interface(&name).in_instance(&self.template.name(vlan))))
    }

    fn interface(&mut self, name: &InterfaceName) -> &mut EntryOperations {
        self.operations.entry(Node { path: interface(), names: Names::interface(name) })
    }

    fn remove(&mut self, path: NodePath, names: Names) {
        self.operations.removed.push(Node { path, names });
    }
}

/// How a subinterface takes its frames.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tagging {
    Untagged,
    Tagged,
}

/// The VLANs that a port is to carry, each on a subinterface of its own.
fn carried(vlans: &SwitchedVlan) -> Result<BTreeMap<VlanId, Tagging>, Unsayable> {
    let refused = |what: &str, reason: &str| Err(unsayable(what, reason));
    match vlans {
        SwitchedVlan::Foreign(_) => refused("foreign VLANs", "Mercury has no word for them"),
        SwitchedVlan::Access { vlan: Some(vlan) } => Ok([(*vlan, Tagging::Untagged)].into()),
        SwitchedVlan::Access { vlan: None } => {
            refused("an access port without a VLAN", "a port carries what its subinterfaces carry")
        }
        SwitchedVlan::Trunk { vlans: TrunkVlans::All, .. } => {
            refused("a trunk of all VLANs", "each VLAN is a subinterface and a network instance of its own")
        }
        SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None } => Ok(BTreeMap::new()),
        SwitchedVlan::Trunk { native: Some(native), vlans: TrunkVlans::Only(set) } => {
            if !set.contains(*native) {
                return refused("a native VLAN that the trunk does not list", "it is one of its VLANs, untagged");
            }
            if set.len() == 1 {
                return refused("a trunk of no VLAN but its native one", "that is an access port");
            }
            let tagging = |vlan| if vlan == *native { Tagging::Untagged } else { Tagging::Tagged };
            Ok(set.iter().map(|vlan| (vlan, tagging(vlan))).collect())
        }
        SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::Only(set) } => {
            Ok(set.iter().map(|vlan| (vlan, Tagging::Tagged)).collect())
        }
        SwitchedVlan::Trunk { native: Some(_), vlans: TrunkVlans::None } => {
            refused("a trunk of no VLAN but its native one", "that is an access port")
        }
    }
}

fn subinterface(entry: &mut EntryOperations, vlan: VlanId, tagging: Tagging) {
    entry.origin = Origin::Merge;
    entry.set(&path("type"), Some(text("bridged")));
    entry.set(&path("admin-state"), Some(admin_state(true)));
    match tagging {
        Tagging::Untagged => entry.set(&path("vlan/encap/untagged"), Some(Value::Container)),
        Tagging::Tagged => {
            entry.set(&path("vlan/encap/single-tagged/vlan-id"), Some(Value::Number(vlan.get().into())));
        }
    }
}

fn admin_state(enabled: bool) -> Value {
    text(if enabled { "enable" } else { "disable" })
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn unsayable(what: &str, reason: &str) -> Unsayable {
    Unsayable { what: what.to_owned(), reason: reason.to_owned() }
}
