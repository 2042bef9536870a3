//! Nokia SR Linux, whose model knows no switched-vlan (srlinux-yang-models
//! v24.10, v25.3): from a plan to operations.
//!
//! | the model | SR Linux |
//! |---|---|
//! | VLAN 100 | `network-instance[name=vlan-100]` of type mac-vrf; its name is the description |
//! | an access port | `vlan-tagging`, `subinterface[index=100]` of type bridged with `vlan/encap/untagged` |
//! | a trunk | a subinterface for each VLAN with `vlan/encap/single-tagged`; the native one untagged |
//! | belonging to VLAN 100 | `network-instance[name=vlan-100]/interface[name=ethernet-1/1.100]` |
//!
//! A subinterface's index is its VLAN, so a VLAN is found by its number alone.
//! `untagged` needs `vlan-tagging` (srl_nokia-interfaces-vlans); without it a
//! port would take tagged frames for its own too. Nothing here has been seen by
//! a real SR Linux.

use std::collections::BTreeMap;

use mercury_adapter::{Names, NodePath};
use mercury_model::{
    Aggregation, Change, Edit, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode, LagType, Plan, SwitchedVlan,
    TrunkVlans, Vlan, VlanId, VlanStatus,
};

use crate::{
    draft::{Draft, Entry},
    operations::{Operations, Value},
};

mod read;
mod words;

pub(crate) use read::{entries, memberships, running};
use words::{Template, interface, network_instance, path};

/// What SR Linux has no word for, and why.
pub(crate) struct Unsayable {
    pub(crate) what: String,
    pub(crate) reason: String,
}

/// The operations that carry a plan out; `instance` is the template that names
/// a VLAN's network instance.
pub(crate) fn operations(plan: &Plan, instance: &str) -> Result<Operations, Unsayable> {
    let template = Template::parse(instance)
        .ok_or_else(|| unsayable("the network instance of a VLAN", "its name must hold {vlan-id}"))?;
    let mut writer = Writer { template, draft: Draft::default() };
    plan.edits.iter().try_for_each(|edit| writer.edit(edit))?;
    Ok(writer.draft.finish(mercury_adapter::WriteLevel::Entry, true, false))
}

struct Writer<'a> {
    template: Template<'a>,
    draft: Draft,
}

impl Writer<'_> {
    fn edit(&mut self, edit: &Edit) -> Result<(), Unsayable> {
        match edit {
            Edit::Vlan { before, after } => self.vlan(before.as_ref(), after),
            Edit::RemoveVlan { before } => {
                let names = Names::default().in_instance(&self.template.name(before.id));
                self.draft.remove(&network_instance(), &names);
            }
            Edit::CreateInterface { interface, kind } => {
                let is_lag = *kind == InterfaceType::Ieee8023adLag && words::is_lag(interface.as_str());
                if !is_lag {
                    let reason = format!("it makes nothing but aggregates, and calls them {}1 and so on", words::LAG);
                    return Err(unsayable(&format!("making {interface}"), &reason));
                }
                let entry = self.interface(interface);
                entry.made = true;
                entry.unless_said = Some((path("admin-state"), admin_state(true)));
                entry.set(&path("lag"), Value::Object(Vec::new()));
            }
            Edit::RemoveInterface { interface } => {
                self.draft.remove(&words::interface(), &Names::interface(interface));
            }
            Edit::Interface { interface, change, .. } => self.change(interface, change)?,
        }
        Ok(())
    }

    fn vlan(&mut self, before: Option<&Vlan>, after: &Vlan) {
        let names = Names::default().in_instance(&self.template.name(after.id));
        let entry = self.draft.entry(&network_instance(), &names);
        entry.made = true;
        entry.set(&path("type"), text("mac-vrf"));
        entry.set(&path("admin-state"), admin_state(after.status == VlanStatus::Active));
        if after.name.is_some() || before.is_some_and(|before| before.name.is_some()) {
            entry.set_or_delete(&path("description"), after.name.as_ref().map(|name| text(name.as_str())));
        }
    }

    fn change(&mut self, interface: &InterfaceName, change: &Change) -> Result<(), Unsayable> {
        let entry = self.interface(interface);
        match change {
            Change::Description { after, .. } => {
                entry.set_or_delete(&path("description"), after.as_ref().map(|after| text(after.as_str())));
            }
            Change::Enabled { after, .. } => entry.set(&path("admin-state"), admin_state(*after)),
            Change::Mtu { after, .. } => {
                entry.set_or_delete(&path("mtu"), after.map(|mtu| Value::Number(mtu.into())));
            }
            Change::AggregateId { after, .. } => {
                let value = after.as_ref().map(|after| text(after.as_str()));
                entry.set_or_delete(&path("ethernet/aggregate-id"), value);
            }
            Change::Aggregation { after: Some(Aggregation { mlag_id: Some(_), .. }), .. } => {
                return Err(unsayable("aggregation.mlag-id", "no rule"));
            }
            Change::Aggregation { after, .. } => aggregation(entry, after.unwrap_or_default()),
            Change::Lacp { after, .. } => lacp(entry, *after),
            Change::Stp { .. } => return Err(unsayable("stp", "no rule")),
            Change::SwitchedVlan { before, after } => self.switched_vlan(interface, before.as_ref(), after.as_ref())?,
        }
        Ok(())
    }

    fn switched_vlan(
        &mut self,
        interface: &InterfaceName,
        before: Option<&SwitchedVlan>,
        after: Option<&SwitchedVlan>,
    ) -> Result<(), Unsayable> {
        let wanted = after.map_or(Ok(BTreeMap::new()), carried)?;
        // What cannot be said is not there.
        let present = before.and_then(|before| carried(before).ok()).unwrap_or_default();
        let entry = self.interface(interface);
        match after {
            // All of them: what is there may lack what `vlan-tagging` asks for.
            Some(_) => {
                entry.set(&path("vlan-tagging"), Value::Boolean(true));
                let all: Vec<Value> = wanted.iter().map(|(vlan, tagging)| subinterface(*vlan, *tagging)).collect();
                if !all.is_empty() {
                    entry.set(&path("subinterface"), Value::Entries(all));
                }
            }
            None => entry.set_or_delete(&path("vlan-tagging"), None),
        }
        for (vlan, tagging) in &present {
            let subinterface = words::subinterface(*vlan);
            match wanted.get(vlan) {
                Some(after) if after == tagging => {}
                // A subinterface is tagged or untagged, never both.
                Some(_) => self.draft.remove(&subinterface.join(&path("vlan/encap")), &Names::interface(interface)),
                None => {
                    self.draft.remove(&subinterface, &Names::interface(interface));
                    let (member, names) = self.member(interface, *vlan)?;
                    self.draft.remove(&member, &names);
                }
            }
        }
        for vlan in wanted.keys().filter(|vlan| !present.contains_key(vlan)) {
            let (member, names) = self.member(interface, *vlan)?;
            self.draft.entry(&member, &names).made = true;
        }
        Ok(())
    }

    /// Where it is said that an interface belongs to a VLAN.
    fn member(&self, interface: &InterfaceName, vlan: VlanId) -> Result<(NodePath, Names), Unsayable> {
        let name = words::member(interface, vlan)
            .ok_or_else(|| unsayable(&format!("a subinterface of {interface}"), "the name gets too long"))?;
        Ok((words::membership(), Names::interface(&name).in_instance(&self.template.name(vlan))))
    }

    fn interface(&mut self, name: &InterfaceName) -> &mut Entry {
        self.draft.entry(&interface(), &Names::interface(name))
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

fn subinterface(vlan: VlanId, tagging: Tagging) -> Value {
    let mut entry = Value::Object(Vec::new());
    let number = Value::Number(vlan.get().into());
    let (encap, value) = match tagging {
        Tagging::Untagged => ("vlan/encap/untagged", Value::Object(Vec::new())),
        Tagging::Tagged => ("vlan/encap/single-tagged/vlan-id", number.clone()),
    };
    for (at, value) in
        [("index", number), ("type", text("bridged")), ("admin-state", admin_state(true)), (encap, value)]
    {
        entry.put(&path(at), &Names::default(), value);
    }
    entry
}

fn aggregation(entry: &mut Entry, wanted: Aggregation) {
    let lag_type = wanted.lag_type.map(|kind| match kind {
        LagType::Lacp => text("lacp"),
        LagType::Static => text("static"),
    });
    entry.set_or_delete(&path("lag/lag-type"), lag_type);
    entry.set_or_delete(&path("lag/min-links"), wanted.min_links.map(|links| Value::Number(links.into())));
}

fn lacp(entry: &mut Entry, wanted: Option<Lacp>) {
    let Some(lacp) = wanted else { return entry.set_or_delete(&path("lag/lacp"), None) };
    let interval = match lacp.interval {
        LacpInterval::Fast => "FAST",
        LacpInterval::Slow => "SLOW",
    };
    let mode = match lacp.lacp_mode {
        LacpMode::Active => "ACTIVE",
        LacpMode::Passive => "PASSIVE",
    };
    entry.set(&path("lag/lacp/interval"), text(interval));
    entry.set(&path("lag/lacp/lacp-mode"), text(mode));
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
