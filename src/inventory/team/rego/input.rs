//! A change as the rules are given it. What is not configured, or not known, is left out:
//! in Rego a null is less than every number, and would pass as one.

use std::{collections::BTreeSet, time::SystemTime};

use mercury_model::{DeviceConfig, Edit, InterfaceName, Segment, SwitchedVlan, TrunkVlans, Vlan, VlanSet};
use serde_json::{Map, Value, json};

use super::super::{
    Place,
    judge::{Proposed, all, vlans},
    window,
};

/// What a rule may ask `input` for; what is below `ports`, `vlans` and `segments`
/// stands in `config/rules.md`.
pub(super) const KNOWN: [(&str, Option<&[&str]>); 6] = [
    ("switch", Some(&["name", "role"])),
    ("now", Some(&["unix", "weekday", "hour", "minute"])),
    ("port_count", Some(&[])),
    ("ports", None),
    ("vlans", None),
    ("segments", None),
];

/// One change of one switch.
pub(in super::super) struct Input<'a> {
    pub(in super::super) place: Option<&'a Place>,
    pub(in super::super) now: SystemTime,
    pub(in super::super) proposed: &'a Proposed<'a>,
    /// The ports and aggregates that change, by themselves or by their aggregate.
    pub(in super::super) ports: &'a BTreeSet<&'a InterfaceName>,
}

impl Input<'_> {
    pub(super) fn json(&self) -> Value {
        let Proposed { before, after, plan, ports } = self.proposed;
        let port = |name: &&InterfaceName| {
            let mut port = Map::from_iter([("name".to_owned(), json!(name))]);
            port.extend(configured(before, name).map(|state| ("before".to_owned(), state)));
            port.extend(configured(after, name).map(|state| ("after".to_owned(), state)));
            Value::Object(port)
        };
        let vlans = plan.edits.iter().filter_map(|edit| match edit {
            Edit::Vlan { before, after } => Some(vlan(before.as_ref(), Some(after), after)),
            Edit::RemoveVlan { before } => Some(vlan(Some(before), None, before)),
            _ => None,
        });
        let segments = plan.edits.iter().filter_map(|edit| match edit {
            Edit::Bind { vlan, after, .. } => Some(json!({"vlan": vlan, "after": segment(after)})),
            Edit::Unbind { vlan, before, .. } => Some(json!({"vlan": vlan, "before": segment(before)})),
            _ => None,
        });
        let mut input = Map::new();
        if let Some(Place { switch, role }) = self.place {
            input.insert("switch".to_owned(), kept(json!({"name": switch, "role": role})));
        }
        let (weekday, minutes, unix) = window::moment(self.now);
        let now = json!({"unix": unix, "weekday": weekday, "hour": minutes / 60, "minute": minutes % 60});
        input.insert("now".to_owned(), now);
        input.insert("port_count".to_owned(), json!(ports));
        input.insert("ports".to_owned(), self.ports.iter().map(port).collect());
        input.insert("vlans".to_owned(), vlans.collect());
        input.insert("segments".to_owned(), segments.collect());
        Value::Object(input)
    }
}

fn configured(config: &DeviceConfig, name: &InterfaceName) -> Option<Value> {
    let port = config.interfaces.get(name)?;
    let mut state = json!({
        "enabled": port.enabled,
        "description": port.description,
        "mtu": port.mtu,
        "aggregate": port.aggregate_id,
        "is_aggregate": port.is_aggregate(),
    });
    if let (Some(state), Some(carried)) = (state.as_object_mut(), vlans(config, name)) {
        let (mode, access, native, allowed) = match carried {
            SwitchedVlan::Access { vlan } => ("access", *vlan, None, None),
            SwitchedVlan::Trunk { native, vlans } => ("trunk", None, *native, Some(ranges(vlans))),
            SwitchedVlan::Foreign(_) => ("unknown", None, None, None),
        };
        state.insert("mode".to_owned(), json!(mode));
        state.insert("access_vlan".to_owned(), json!(access));
        state.insert("native_vlan".to_owned(), json!(native));
        state.insert("allowed_vlans".to_owned(), json!(allowed));
        let carried = all(carried);
        let vnis = config.segments.iter().filter(|(vlan, _)| carried.contains(**vlan));
        let vnis: Vec<Value> = vnis.map(|(vlan, segment)| json!({"vlan": vlan, "vni": segment.vni})).collect();
        state.insert("vnis".to_owned(), if vnis.is_empty() { Value::Null } else { vnis.into() });
    }
    Some(kept(state))
}

fn segment(segment: &Segment) -> Value {
    kept(json!({"vni": segment.vni, "vtep": segment.vtep}))
}

fn ranges(vlans: &TrunkVlans) -> Vec<Value> {
    let set = match vlans {
        TrunkVlans::All => VlanSet::full(),
        TrunkVlans::None => VlanSet::new(),
        TrunkVlans::Only(set) => set.clone(),
    };
    set.ranges().iter().map(|range| json!({"first": range.first(), "last": range.last()})).collect()
}

fn vlan(before: Option<&Vlan>, after: Option<&Vlan>, one: &Vlan) -> Value {
    let state = |vlan: &Vlan| kept(json!({"name": vlan.name, "status": vlan.status.word()}));
    kept(json!({"id": one.id, "before": before.map(state), "after": after.map(state)}))
}

/// Without what there is none of.
fn kept(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    object
}
