//! The smallest ordered change from what a device has to what it should have.
//!
//! A plan is decided here and executed elsewhere without further choice: same
//! running and intended, same plan.

use std::fmt;

use serde::Serialize;

use crate::{
    DeviceConfig, ForeignVlans, Intended, Interface, InterfaceName, InterfaceScope, InterfaceType, Leaf, List, Running,
    Segment, Value, Vlan, VlanId, VlanName, VlanSet,
};

/// A leaf before and after a change; `None` is an absent leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// The leaf.
    pub leaf: Leaf,
    /// What it holds.
    pub before: Option<Value>,
    /// What it should hold.
    pub after: Option<Value>,
    /// Whether the interface's entry in the leaf's [`List`](crate::List) is not
    /// there yet.
    #[serde(skip_serializing_if = "is_false")]
    pub makes_entry: bool,
    /// Whether what holds the aggregate's LACP settings holds more than the model
    /// has; of the leaf that says whether LACP is spoken.
    #[serde(skip_serializing_if = "is_false")]
    pub shares_lacp: bool,
    /// The leaves of `switched-vlan` as they are written there, where that is not
    /// as the dialect would write `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<Box<ForeignVlans>>,
    /// How the leaves of `switched-vlan` are to be written, where that is not as
    /// the dialect would write `after`: as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<Box<ForeignVlans>>,
    /// Whether the container of `switched-vlan` holds Mercury's leaves and nothing else, as
    /// [`Running::alone`] has it.
    #[serde(skip)]
    pub alone: bool,
    /// Whether the port has VLANs before and after, which are understood.
    #[serde(skip)]
    pub carries: bool,
    /// The aggregate that the change is about, for targets on which its members say
    /// what it is: of `lag-type` and LACP its own, of a member's leaves the one that is
    /// left and the one that is joined.
    #[serde(skip)]
    pub bundles: Bundles,
    /// What would be lost of a port that becomes a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub besides: Option<String>,
    /// What has to be there still when a port becomes a member, as [`Running::seen`] has it.
    #[serde(skip)]
    pub seen: String,
    /// Which of a dialect's places for the leaf is meant, where it has several.
    #[serde(skip_serializing_if = "Places::are_the_first")]
    pub places: Places,
}

/// Which of a dialect's places for a leaf holds it, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Places {
    /// Where it is.
    pub before: usize,
    /// Where it is to be.
    pub after: usize,
}

impl Places {
    fn are_the_first(&self) -> bool {
        *self == Self::default()
    }
}

/// An aggregate before and after; `None` where it is not there, or not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundles {
    /// What it is.
    pub before: Option<Box<Bundle>>,
    /// What it should be.
    pub after: Option<Box<Bundle>>,
    /// A port that has a place in an aggregate before or after, both ways; of `aggregate-id`,
    /// `description` and `enabled`, for targets on which its place says where the rest of it is.
    pub member: Option<Box<[Interface; 2]>>,
    /// What such a port holds besides, as [`Running::besides`] has it.
    pub besides: Option<String>,
}

/// An aggregate and its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The aggregate.
    pub aggregate: Interface,
    /// The members that were seen.
    pub members: Vec<InterfaceName>,
    /// Whether all interfaces were, so that there are no others.
    pub is_whole: bool,
}

impl Bundle {
    fn of(name: &InterfaceName, config: &DeviceConfig, is_whole: bool) -> Option<Box<Self>> {
        let aggregate = config.interfaces.get(name)?.clone();
        let members = config.interfaces.values().filter(|port| port.aggregate_id.as_ref() == Some(name));
        let members = members.map(|port| port.name.clone()).collect();
        Some(Box::new(Self { aggregate, members, is_whole }))
    }
}

impl Bundles {
    fn of(leaf: Leaf, (present, have): (&Interface, &Running), (wanted, want): (&Interface, &DeviceConfig)) -> Self {
        let name = |of: &Interface| match leaf {
            Leaf::AggregateId | Leaf::Description | Leaf::Enabled => of.aggregate_id.clone(),
            Leaf::LagType | Leaf::LacpMode | Leaf::LacpInterval => Some(of.name.clone()),
            _ => None,
        };
        let is_whole = have.scope.interfaces == InterfaceScope::All;
        let bundle = |of: &Interface, config| name(of).and_then(|name| Bundle::of(&name, config, is_whole));
        let is_member = present.aggregate_id.is_some() || wanted.aggregate_id.is_some();
        let is_told = is_member && matches!(leaf, Leaf::AggregateId | Leaf::Description | Leaf::Enabled);
        let member = is_told.then(|| Box::new([present.clone(), wanted.clone()]));
        let besides = have.besides.get(&present.name).filter(|_| is_told).cloned();
        Self { before: bundle(present, &have.config), after: bundle(wanted, want), member, besides }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// Make a VLAN, or change its name or status.
    Vlan {
        /// The VLAN that is there.
        before: Option<Vlan>,
        /// The VLAN that should be there.
        after: Vlan,
    },
    /// Bind a VLAN to a VNI.
    Bind {
        /// The VLAN.
        vlan: VlanId,
        /// Its name, which some targets know it by.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<VlanName>,
        /// What of that is there, and stays as it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<Segment>,
        /// What binds it.
        after: Segment,
    },
    /// Take away what binds a VLAN to a VNI.
    Unbind {
        /// The VLAN.
        vlan: VlanId,
        /// Its name, which some targets know it by.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<VlanName>,
        /// What binds it.
        before: Segment,
    },
    /// Make an interface that is not hardware: an aggregate.
    CreateInterface {
        /// Its name.
        interface: InterfaceName,
        /// Its type, which the model makes mandatory.
        kind: InterfaceType,
        /// How many aggregates the target must be told to have, where it counts
        /// them and was told of fewer.
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u16>,
    },
    /// Change one leaf of an interface.
    Interface {
        /// Its name.
        interface: InterfaceName,
        /// Whether it is an aggregate, whose `switched-vlan` lies elsewhere.
        aggregate: bool,
        /// The change.
        change: Change,
    },
    /// Take an interface's entry in a list beside the interfaces' own away, with
    /// all that it holds.
    LeaveList {
        /// The interface's name.
        interface: InterfaceName,
        /// The list.
        list: List,
    },
    /// Take an interface away, with all that is configured on it.
    RemoveInterface {
        /// The interface that is there.
        before: Box<Interface>,
        /// What it holds that is not Mercury's, as [`Running::besides`] has it.
        besides: Option<String>,
    },
    /// Take a VLAN away.
    RemoveVlan {
        /// The VLAN that is there.
        before: Vlan,
    },
}

impl Edit {
    /// The interface it changes, if it changes one.
    #[must_use]
    pub fn interface(&self) -> Option<&InterfaceName> {
        match self {
            Self::CreateInterface { interface, .. }
            | Self::Interface { interface, .. }
            | Self::LeaveList { interface, .. } => Some(interface),
            Self::RemoveInterface { before, .. } => Some(&before.name),
            Self::Vlan { .. } | Self::RemoveVlan { .. } | Self::Bind { .. } | Self::Unbind { .. } => None,
        }
    }
}

/// An ordered change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The steps, in an order in which every reference already has its target:
    /// VLANs, what binds them to VNIs, and aggregates before the ports that use them,
    /// ports before the aggregates, VNIs and VLANs they leave. What binds a VLAN or a
    /// VNI goes before what binds it otherwise comes.
    pub edits: Vec<Edit>,
}

impl Plan {
    /// The smallest plan from `running` to `intended`; empty when they are
    /// equal.
    #[must_use]
    pub fn between(running: &Running, intended: &Intended) -> Self {
        let (have, want) = (&running.config, &intended.0);
        let mut edits = Vec::new();
        make_vlans(have, want, &mut edits);
        unbind(have, want, true, &mut edits);
        bind(have, want, &mut edits);
        make_aggregates(running, want, &mut edits);
        change_interfaces(running, want, &mut edits);
        remove_interfaces(running, want, &mut edits);
        unbind(have, want, false, &mut edits);
        remove_vlans(have, want, &mut edits);
        Self { edits }
    }

    /// The same plan, with what it puts back written as it was `before`: a VLAN by
    /// its name, say, where Mercury writes numbers.
    #[must_use]
    pub fn written_as(mut self, before: &Running) -> Self {
        for edit in &mut self.edits {
            let Edit::Interface { interface, change, .. } = edit else { continue };
            let had = before.interfaces.get(interface).and_then(|port| change.leaf.get(port));
            if change.after == had {
                change.places.after = before.place(change.leaf, interface);
            }
            if change.leaf == Leaf::SwitchedVlan && change.after == had {
                change.rewritten = before.written.get(interface).map(|own| Box::new(ForeignVlans::clone(own)));
            }
        }
        self
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }
}

fn make_vlans(have: &DeviceConfig, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (id, after) in &want.vlans {
        let before = have.vlans.get(id);
        if before != Some(after) {
            edits.push(Edit::Vlan { before: before.cloned(), after: after.clone() });
        }
    }
}

fn bind(have: &DeviceConfig, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (vlan, after) in want.segments.iter().filter(|(vlan, after)| have.segments.get(*vlan) != Some(after)) {
        let before = have.segments.get(vlan).filter(|before| after.completes(before)).cloned();
        edits.push(Edit::Bind { vlan: *vlan, name: name_of(*vlan, want), before, after: after.clone() });
    }
}

/// Of what binds a VLAN and is to go, what stands in the way of what comes, or else the
/// rest.
fn unbind(have: &DeviceConfig, want: &DeviceConfig, in_the_way: bool, edits: &mut Vec<Edit>) {
    let stays = |vlan, before| want.segments.get(vlan).is_some_and(|after| after.completes(before));
    let gone = have.segments.iter().filter(|(vlan, before)| !stays(*vlan, before));
    for (vlan, before) in gone {
        let comes = want.segments.iter().any(|(other, after)| other == vlan || after.vni == before.vni);
        if comes == in_the_way {
            edits.push(Edit::Unbind { vlan: *vlan, name: name_of(*vlan, have), before: before.clone() });
        }
    }
}

fn name_of(vlan: VlanId, config: &DeviceConfig) -> Option<VlanName> {
    config.vlans.get(&vlan)?.name.clone()
}

/// An interface that is missing and whose type is known is made; a physical
/// port is never made, so its wanted type is left unset.
fn make_aggregates(have: &Running, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    let mut count = raised(have, want);
    for (name, wanted) in &want.interfaces {
        if let (false, Some(kind)) = (have.interfaces.contains_key(name), &wanted.kind) {
            let count = count.take();
            edits.push(Edit::CreateInterface { interface: name.clone(), kind: kind.clone(), count });
            changes(&Interface::new(name.clone()), wanted, (have, want), edits);
        }
    }
}

/// The count that covers every aggregate that is there or is to be, where the
/// target was told of fewer: it is never lowered, whoever said it.
fn raised(have: &Running, want: &DeviceConfig) -> Option<u16> {
    let told = have.aggregate_count?;
    let aggregates = have.interfaces.values().chain(want.interfaces.values()).filter(|one| one.is_aggregate());
    let number = |one: &Interface| {
        let name = one.name.as_str();
        name.get(name.trim_end_matches(|c: char| c.is_ascii_digit()).len()..)?.parse::<u16>().ok()
    };
    let needed = aggregates.filter_map(number).max()?.saturating_add(1);
    (needed > told).then_some(needed)
}

fn change_interfaces(have: &Running, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (name, wanted) in &want.interfaces {
        match have.interfaces.get(name) {
            Some(present) => changes(present, wanted, (have, want), edits),
            None if wanted.kind.is_none() => changes(&Interface::new(name.clone()), wanted, (have, want), edits),
            None => {}
        }
    }
}

/// Every leaf that differs. With the last leaf that an interface has in a list
/// goes its entry there, unless that holds more.
fn changes(present: &Interface, wanted: &Interface, (have, want): (&Running, &DeviceConfig), edits: &mut Vec<Edit>) {
    let name = &wanted.name;
    let aggregate = wanted.is_aggregate() || present.is_aggregate();
    let has_any = |list, of: &Interface| Leaf::ALL.into_iter().any(|l| l.list() == Some(list) && l.get(of).is_some());
    let mut left = Vec::new();
    for leaf in Leaf::ALL {
        let (before, after) = (leaf.get(present), leaf.get(wanted));
        let idle = have.idle_rates.get(name).filter(|_| leaf == Leaf::LacpInterval);
        if before == after || idle.is_some_and(|rate| after == Some(Value::Word(rate.word()))) {
            continue;
        }
        let mut makes_entry = false;
        if let Some(list) = leaf.list().filter(|list| !have.is_shared(*list, name)) {
            makes_entry = !has_any(list, present);
            if !has_any(list, wanted) {
                if !left.contains(&list) {
                    left.push(list);
                    edits.push(Edit::LeaveList { interface: name.clone(), list });
                }
                continue;
            }
        }
        let written = have.written.get(name).filter(|_| leaf == Leaf::SwitchedVlan);
        let place = have.place(leaf, name);
        let places = Places { before: place, after: if before.is_some() { place } else { have.usual_place(leaf) } };
        let written = written.map(|own| Box::new(ForeignVlans::clone(own)));
        let alone = leaf == Leaf::SwitchedVlan && have.alone.contains(name);
        let shares_lacp = leaf == Leaf::LagType && have.is_shared(List::Lacp, name);
        let bundles = Bundles::of(leaf, (present, have), (wanted, want));
        let joins = leaf == Leaf::AggregateId && before.is_none();
        let besides = if joins { have.besides.get(name).cloned() } else { None };
        let seen = have.seen.get(name).filter(|_| joins).cloned().unwrap_or_default();
        let rewritten = None;
        let carries =
            [present, wanted].iter().all(|of| matches!(&of.switched_vlan, Some(own) if own.foreign().is_none()));
        let change = Change {
            leaf,
            before,
            after,
            makes_entry,
            shares_lacp,
            written,
            rewritten,
            alone,
            carries,
            bundles,
            besides,
            seen,
            places,
        };
        edits.push(Edit::Interface { interface: name.clone(), aggregate, change });
    }
}

/// A physical port is never taken away: one that should not be listed loses
/// what is configured on it.
fn remove_interfaces(have: &Running, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (name, present) in &have.interfaces {
        if want.interfaces.contains_key(name) {
            continue;
        }
        if !present.is_aggregate() {
            changes(present, &Interface::new(name.clone()), (have, want), edits);
            continue;
        }
        // Nothing is left of what refers to it, whoever put it there.
        for list in List::ALL {
            let has_any = Leaf::ALL.into_iter().any(|leaf| leaf.list() == Some(list) && leaf.get(present).is_some());
            if has_any || have.is_shared(list, name) {
                edits.push(Edit::LeaveList { interface: name.clone(), list });
            }
        }
        let besides = have.besides.get(name).cloned();
        edits.push(Edit::RemoveInterface { before: Box::new(present.clone()), besides });
    }
}

fn remove_vlans(have: &DeviceConfig, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (id, before) in &have.vlans {
        if !want.vlans.contains_key(id) {
            edits.push(Edit::RemoveVlan { before: before.clone() });
        }
    }
}

/// As many VLANs are told of one by one, by their names; more in ranges.
const NAMED_VLANS: usize = 8;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.edits.is_empty() {
            return f.write_str("no change");
        }
        let mut rest = self.edits.as_slice();
        while let Some((first, others)) = rest.split_first() {
            let (verb, many) = vlans_alike(rest);
            rest = if many.len() > NAMED_VLANS {
                write!(f, "{verb} VLANs {many}")?;
                rest.get(many.len()..).unwrap_or_default()
            } else {
                write!(f, "{first}")?;
                others
            };
            f.write_str(if rest.is_empty() { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// The VLANs that the first edits do the same to, and what that is.
fn vlans_alike(edits: &[Edit]) -> (&'static str, VlanSet) {
    let told = |edit: &Edit| match edit {
        Edit::Vlan { before: None, after } => Some(("create", after.id)),
        Edit::Vlan { after, .. } => Some(("change", after.id)),
        Edit::RemoveVlan { before } => Some(("remove", before.id)),
        _ => None,
    };
    let verb = edits.first().and_then(told).map_or("", |(verb, _)| verb);
    (verb, edits.iter().map_while(told).take_while(|(other, _)| *other == verb).map(|(_, id)| id).collect())
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vlan { before: None, after } => write!(f, "create VLAN {}{}", after.id, named(after.name.as_ref())),
            Self::Vlan { after, .. } => write!(f, "change VLAN {}{}", after.id, named(after.name.as_ref())),
            Self::Bind { vlan, before: Some(_), after, .. } => write!(f, "complete what binds VLAN {vlan} to {after}"),
            Self::Bind { vlan, after, .. } => write!(f, "bind VLAN {vlan} to {after}"),
            Self::Unbind { vlan, before, .. } => write!(f, "unbind VLAN {vlan} from {before}"),
            Self::CreateInterface { interface, kind, count } => {
                write!(f, "create {interface} ({})", kind.identity())?;
                count.iter().try_for_each(|count| write!(f, ", for which the switch is told of {count} aggregates"))
            }
            Self::Interface { interface, change, .. } => write!(f, "{interface}: {change}"),
            Self::LeaveList { interface, list } => write!(f, "{interface}: remove its {} entry", list.name()),
            Self::RemoveInterface { before, .. } => write!(f, "remove {}", before.name),
            Self::RemoveVlan { before } => write!(f, "remove VLAN {}", before.id),
        }
    }
}

fn named(name: Option<&VlanName>) -> String {
    name.map(|name| format!(" {:?}", name.as_str())).unwrap_or_default()
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), Value::to_string);
        write!(f, "{} {} -> {}", self.leaf, or_none(&self.before), or_none(&self.after))
    }
}
