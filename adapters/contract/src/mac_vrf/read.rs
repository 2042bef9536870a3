//! What to ask SR Linux for, and what it answers.
//!
//! A bridged subinterface carries the VLAN whose network instance it is in. To
//! which one that is, the port does not say: so the ports are read first, and
//! then whether each of their subinterfaces is in the network instance of its
//! own number. What somebody else bridged in another way is foreign.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{Data, DataNode, Defaults, Names, Node};
use mercury_model::{
    DeviceConfig, ForeignVlans, Interface, InterfaceName, InterfaceScope, InterfaceType, Lacp, LagType, Leaf, List,
    Running, Scope, Segment, SwitchedVlan, TrunkVlans, Value, Vlan, VlanId, VlanName, VlanScope, VlanSet, VlanStatus,
};

use super::nodes::{
    ALSO_OF_NETWORK_INSTANCE, DEFAULTS_OF_SUBINTERFACE, NOT_OF_MEMBERS, NOT_TRUE_OF_MEMBERS, OF_INTERFACE,
    OF_NETWORK_INSTANCE, OF_SUBINTERFACE, STATE_OF_MEMBER, STATE_OF_SUBINTERFACE,
};
use super::words::{
    self, INTERFACE, MEMBER, NETWORK_INSTANCE, SUBINTERFACE, Template, VXLAN, interface, membership, network_instance,
    path,
};
use super::{besides, overlay};

/// The interfaces and VLANs of a scope; a list's path without its key is all of
/// its entries.
pub fn entries(instance: &str, scope: &Scope, narrow: bool) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut ask = |node: Node, below: &[&str]| {
        if narrow {
            nodes.extend(
                below.iter().map(|below| Node { path: node.path.join(&path(below)), names: node.names.clone() }),
            );
        } else {
            nodes.push(node);
        }
    };
    let ports = match &scope.interfaces {
        InterfaceScope::Named(names) => names.iter().map(Names::interface).collect(),
        InterfaceScope::All => vec![Names::default()],
    };
    ports.into_iter().for_each(|names| ask(Node { path: interface(), names }, &OF_INTERFACE));
    if scope.overlays {
        ask(Node { path: words::tunnel(), names: Names::default() }, &["name", VXLAN]);
    }
    let vlans = match (&scope.vlans, Template::parse(instance)) {
        // A VNI may be in any.
        (_, Some(_)) if scope.overlays => vec![Names::default()],
        (VlanScope::Named(ids), Some(template)) => {
            ids.iter().map(|id| Names::default().in_instance(&template.name(*id))).collect()
        }
        (VlanScope::All, Some(_)) => vec![Names::default()],
        (_, None) => Vec::new(),
    };
    let also =
        if scope.overlays || scope.interfaces == InterfaceScope::All { &ALSO_OF_NETWORK_INSTANCE[..] } else { &[] };
    let below = [&OF_NETWORK_INSTANCE[..], also].concat();
    vlans.into_iter().for_each(|names| ask(Node { path: network_instance(), names }, &below));
    nodes
}

/// Where it is said which VLANs the subinterfaces that were found carry.
pub fn memberships(found: &DataNode, instance: &str, scope: &Scope) -> Vec<Node> {
    let Some(template) = Template::parse(instance) else { return Vec::new() };
    let subinterfaces = named(found, INTERFACE).filter_map(|port| {
        let name = text(port, &["name"])?.parse::<InterfaceName>().ok()?;
        scope.interfaces.covers(&name).then_some((name, port))
    });
    if scope.overlays {
        return Vec::new();
    }
    let mut asked = BTreeSet::new();
    let mut nodes = Vec::new();
    for (port, subinterface) in subinterfaces.flat_map(|(name, port)| bridged(port).map(move |one| (name.clone(), one)))
    {
        if scope.interfaces == InterfaceScope::All {
            // One call for all of them, where it has not been made already.
            let all = Node { path: network_instance(), names: Names::default() };
            return if scope.vlans == VlanScope::All { Vec::new() } else { vec![all] };
        }
        let Some(index) = text(subinterface, &["index"]) else { continue };
        let Ok(member) = format!("{port}.{index}").parse::<InterfaceName>() else { continue };
        let numbers = [Some(index), text(subinterface, &["vlan", "encap", "single-tagged", "vlan-id"])];
        for vlan in numbers.into_iter().flatten().filter_map(|number| number.parse::<VlanId>().ok()) {
            if asked.insert((member.clone(), vlan)) {
                let names = Names::interface(&member).in_instance(&template.name(vlan));
                nodes.push(Node { path: membership(), names });
            }
        }
    }
    nodes
}

/// What the answers say about `scope`.
///
/// # Errors
/// The template that names a VLAN's network instance is none.
pub fn running(found: &DataNode, instance: &str, defaults: &Defaults, scope: &Scope) -> Result<Running, String> {
    let template = Template::parse(instance)
        .ok_or_else(|| format!("the network instance {instance:?} of a VLAN does not hold {{vlan-id}}"))?;
    let is_whole = scope.interfaces == InterfaceScope::All;
    let vlans = Memberships::of(found, template, is_whole);
    let (mut config, mut shared) = (DeviceConfig::default(), BTreeSet::new());
    let (mut written, mut besides) = (BTreeMap::new(), BTreeMap::new());
    for port in named(found, INTERFACE) {
        let Some(name) = text(port, &["name"]).and_then(|name| name.parse::<InterfaceName>().ok()) else { continue };
        if !scope.interfaces.covers(&name) {
            continue;
        }
        let interface = read_interface(port, &name, &vlans);
        let lacp = below(port, &["lag", "lacp"]).into_iter().flat_map(|lacp| lacp.below());
        if lacp.into_iter().any(|one| !["interval", "lacp-mode"].contains(&one.name())) {
            shared.insert((List::Lacp, name.clone()));
        }
        if let Some(tagging) = others_tagging(port) {
            written.insert(name.clone(), Arc::new(tagging));
        }
        if let Some(other) = not_of_members(port) {
            besides.insert(name.clone(), other);
        }
        config.interfaces.insert(name, interface);
    }
    let (segments, overlay) = if scope.overlays { overlay::read(found, template) } else { Default::default() };
    if is_whole {
        for (name, vlans) in tunnels(found, template, &segments) {
            let vlans = Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only(vlans) });
            let tunnel = Interface { switched_vlan: vlans, ..Interface::new(name.clone()) };
            config.interfaces.insert(name, tunnel);
        }
    }
    let subinterfaces = if is_whole { besides::subinterfaces(found) } else { BTreeSet::new() };
    let mut besides_vlans = BTreeMap::new();
    for entry in named(found, NETWORK_INSTANCE).filter(|entry| text(*entry, &["type"]).map(bare) == Some("mac-vrf")) {
        let Some(id) = text(entry, &["name"]).and_then(|name| template.vlan(name)) else { continue };
        let suspended = text(entry, &["admin-state"]) == Some("disable");
        let status = if suspended { VlanStatus::Suspended } else { VlanStatus::Active };
        let name = text(entry, &["description"]).filter(|text| !text.is_empty()).map(VlanName::shown);
        config.vlans.insert(id, Vlan { id, name, status });
        if let Some(other) = besides::of(entry, &subinterfaces, segments.contains_key(&id)).filter(|_| is_whole) {
            besides_vlans.insert(id, other);
        }
    }
    config.segments = segments;
    defaults.canonical(&mut config);
    Ok(Running { shared, written, besides, besides_vlans, overlay, ..Running::found(config, scope.clone()) })
}

/// The tunnels that carry VLANs to other switches, which are in no list of interfaces:
/// `vxlan1` by its `vxlan1.20`; not those of VNIs that were read.
fn tunnels(
    found: &DataNode<'_>,
    template: Template<'_>,
    segments: &BTreeMap<VlanId, Segment>,
) -> BTreeMap<InterfaceName, VlanSet> {
    let mut tunnels: BTreeMap<_, VlanSet> = BTreeMap::new();
    for instance in named(found, NETWORK_INSTANCE) {
        let Some(vlan) = text(instance, &["name"]).and_then(|name| template.vlan(name)) else { continue };
        if segments.contains_key(&vlan) {
            continue;
        }
        for member in named(instance, VXLAN).filter_map(|one| text(one, &["name"])) {
            let tunnel = member.rsplit_once('.').map_or(member, |(tunnel, _)| tunnel);
            let Ok(tunnel) = tunnel.parse::<InterfaceName>() else { continue };
            let carried = tunnels.remove(&tunnel).unwrap_or_default();
            tunnels.insert(tunnel, carried.with(vlan));
        }
    }
    tunnels
}

fn read_interface(port: &DataNode, name: &InterfaceName, vlans: &Memberships<'_>) -> Interface {
    let mut interface = Interface::new(name.clone());
    if words::is_lag(name.as_str()) {
        interface.kind = Some(InterfaceType::Ieee8023adLag);
    }
    // Where it says nothing, an aggregate is static.
    if below(port, &["lag"]).is_some() && below(port, &["lag", "lag-type"]).is_none() {
        Leaf::LagType.set(&mut interface, Some(Value::Word(LagType::Static.word())));
    }
    if below(port, &["lag", "lacp"]).is_some() {
        interface.lacp = Some(Lacp::default());
    }
    for leaf in Leaf::ALL {
        let Some(at) = words::leaf(leaf) else { continue };
        let names: Vec<&str> = at.steps.iter().map(|step| step.name.as_str()).collect();
        if let Some(shown) = text(port, &names).filter(|shown| !shown.is_empty()) {
            leaf.set(&mut interface, Some(words::read(leaf, shown)));
        }
    }
    interface.switched_vlan = switched_vlan(port, name, vlans);
    interface
}

/// What its bridged subinterfaces carry, or those of an irb route for; foreign where
/// somebody bridged one in another way, or the whole port routes. One of which nothing
/// is in a VLAN's network instance carries none, as one that routes.
fn switched_vlan(port: &DataNode, name: &InterfaceName, vlans: &Memberships<'_>) -> Option<SwitchedVlan> {
    let gateways = named(port, SUBINTERFACE).filter(|one| !is_of_type(*one, "bridged"));
    let routed_for = gateways.filter_map(|one| vlans.of_member(&format!("{name}.{}", text(one, &["index"])?)));
    let routed_for: VlanSet = routed_for.map(|(vlan, _)| vlan).collect();
    if !routed_for.is_empty() {
        return Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only(routed_for) });
    }
    let (mut untagged, mut tagged, mut is_trunk, mut others) = (Vec::new(), Vec::new(), false, Vec::new());
    for subinterface in bridged(port) {
        let index = text(subinterface, &["index"]).unwrap_or_default();
        let (vlan, more) = vlans.of_member(&format!("{name}.{index}")).unzip();
        let tag = text(subinterface, &["vlan", "encap", "single-tagged", "vlan-id"]);
        let encap = below(subinterface, &["vlan", "encap"]);
        let is_untagged = encap.is_none_or(|encap| encap.below().all(|one| one.name() == "untagged"));
        is_trunk |= !is_untagged;
        let more: Vec<&str> = beside(subinterface).into_iter().chain(more.into_iter().flatten().copied()).collect();
        if !more.is_empty() {
            others.push(format!("subinterface {index} with more than Mercury puts there ({})", more.join(", ")));
        }
        match (vlan, tag.and_then(|tag| tag.parse::<VlanId>().ok())) {
            (Some(vlan), Some(tag)) if vlan == tag && is_named(index, vlan) => tagged.push(vlan),
            (Some(vlan), None) if is_untagged && is_named(index, vlan) => untagged.push(vlan),
            _ => others.push(format!("subinterface {index}, which is bridged, but to no VLAN as Mercury does it")),
        }
    }
    if untagged.len() > 1 {
        others.push(format!("{} untagged subinterfaces", untagged.len()));
    }
    let tagging = text(port, &["vlan-tagging"]) == Some("true");
    // It takes every frame of the port, until the port tells VLANs apart; one of
    // which no type is said routes.
    let other = named(port, SUBINTERFACE).find(|one| !is_of_type(*one, "bridged")).filter(|_| !tagging);
    let routes = other.is_some() && bridged(port).next().is_none() || vlans.has_none_of(port, name);
    if below(port, &["breakout-mode"]).is_some() {
        others.push("breakout-mode, by which others are the ports".to_owned());
    }
    if let Some(index) = other.and_then(|one| text(one, &["index"])) {
        others.push(format!("subinterface {index}, which is not bridged"));
    }
    if !others.is_empty() {
        let mode = text(port, &["vlan-tagging"]).map(str::to_owned).into_iter().collect();
        let foreign = ForeignVlans { interface_mode: mode, others, routes, ..ForeignVlans::default() };
        return Some(SwitchedVlan::Foreign(Box::new(foreign)));
    }
    let native = untagged.first().copied();
    match native {
        _ if is_trunk => {
            let vlans: VlanSet = tagged.into_iter().chain(native).collect();
            Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(vlans) })
        }
        Some(vlan) => Some(SwitchedVlan::access(vlan)),
        None if tagging && others_tagging(port).is_none() => {
            Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None })
        }
        None => None,
    }
}

/// `vlan-tagging` of a port where what others route needs it.
fn others_tagging(port: &DataNode<'_>) -> Option<ForeignVlans> {
    let tagging = text(port, &["vlan-tagging"]).filter(|tagging| *tagging == "true")?;
    let others: Vec<String> = others(port).collect();
    let interface_mode = vec![tagging.to_owned()];
    (!others.is_empty()).then(|| ForeignVlans { interface_mode, others, ..ForeignVlans::default() })
}

/// What a port has that no member of an aggregate may have and that is not Mercury's
/// (srl_nokia-interfaces, each `must` of ethernet/aggregate-id; srl_nokia-interfaces-l2cp), or that routes.
fn not_of_members(port: &DataNode<'_>) -> Option<String> {
    let found = NOT_OF_MEMBERS.into_iter().filter(|path| below(port, path).is_some());
    let found = found.chain(NOT_TRUE_OF_MEMBERS.into_iter().filter(|path| text(port, path) == Some("true")));
    let found = found.map(|path| path.join("/"));
    let found: Vec<String> = found.chain(others(port)).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

/// The subinterfaces that are not bridged.
fn others<'a>(port: &'a DataNode<'_>) -> impl Iterator<Item = String> + 'a {
    let others = named(port, SUBINTERFACE).filter(|one| !is_of_type(*one, "bridged"));
    others.filter_map(|one| text(one, &["index"])).map(|index| format!("subinterface {index}"))
}

/// What a subinterface has besides what Mercury puts there, its state, and what is so
/// where nothing is said: it would go with the VLAN.
fn beside<'a>(subinterface: &'a DataNode<'_>) -> Vec<&'a str> {
    let is_state = |name: &str| name.starts_with("oper-") || STATE_OF_SUBINTERFACE.contains(&name);
    let own = subinterface.below().filter(|one| !OF_SUBINTERFACE.contains(&one.name()) && !is_state(one.name()));
    let vlan = below(subinterface, &["vlan"]).into_iter().flat_map(|vlan| vlan.below());
    let vlan = vlan.filter(|one| one.name() != "encap").map(|one| (vec!["vlan"], one));
    let beside = own.map(|one| (Vec::new(), one)).chain(vlan);
    let beside = beside.filter_map(|(mut above, one)| {
        (!is_default(one, &mut above, &DEFAULTS_OF_SUBINTERFACE, &|_| false)).then_some(one)
    });
    let mut more: BTreeSet<&str> = beside.map(|one| one.name()).collect();
    // Mercury's are all enabled, so it would come back as one.
    if text(subinterface, &["admin-state"]) == Some("disable") {
        more.insert("admin-state");
    }
    more.into_iter().collect()
}

/// Whether all there is of a node is `defaults`, or state; a container that says
/// nothing may say it by being there.
pub(super) fn is_default<'a, D: Data>(
    node: &'a D,
    above: &mut Vec<&'a str>,
    defaults: &[(&[&str], &str)],
    is_state: &dyn Fn(&str) -> bool,
) -> bool {
    above.push(node.name());
    let mut nodes = node.below().peekable();
    let is_default = if nodes.peek().is_none() {
        defaults.contains(&(above.as_slice(), node.value()))
    } else {
        nodes.all(|one| is_state(one.name()) || is_default(one, above, defaults, is_state))
    };
    above.pop();
    is_default
}

/// Whether a subinterface's index is its VLAN, so that it is found by that.
fn is_named(index: &str, vlan: VlanId) -> bool {
    index == vlan.to_string()
}

/// Which subinterface is in which VLAN's network instance, and what is said of it
/// there that is not Mercury's.
struct Memberships<'a> {
    of: BTreeMap<String, BTreeMap<VlanId, Vec<&'a str>>>,
    /// Whether every network instance was asked for.
    is_whole: bool,
}

impl<'a> Memberships<'a> {
    fn of(found: &'a DataNode<'_>, template: Template<'_>, is_whole: bool) -> Self {
        let is_state = |name: &str| name.starts_with("oper-") || STATE_OF_MEMBER.contains(&name);
        let mut all: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for instance in named(found, NETWORK_INSTANCE) {
            let Some(vlan) = text(instance, &["name"]).and_then(|name| template.vlan(name)) else { continue };
            for member in named(instance, MEMBER) {
                let more = member.below().filter(|one| one.name() != "name" && !is_state(one.name()));
                let more = more.filter(|one| !is_default(*one, &mut Vec::new(), &[], &is_state));
                let more: Vec<&str> = more.map(|one| one.name()).collect();
                // Where it is said by reference, its name may be any.
                let part = |leaf| text(member, &["interface-ref", leaf]);
                let referred =
                    part("interface").zip(part("subinterface")).map(|(port, index)| format!("{port}.{index}"));
                for name in text(member, &["name"]).map(str::to_owned).into_iter().chain(referred) {
                    all.entry(name).or_default().insert(vlan, more.clone());
                }
            }
        }
        Self { of: all, is_whole }
    }

    fn of_member(&self, member: &str) -> Option<(VlanId, &[&'a str])> {
        self.of.get(member)?.iter().next().map(|(vlan, more)| (*vlan, more.as_slice()))
    }

    /// Whether it is known that nothing of a port is in one.
    fn has_none_of(&self, port: &DataNode<'_>, name: &InterfaceName) -> bool {
        let mut indices = named(port, SUBINTERFACE).filter_map(|one| text(one, &["index"]));
        self.is_whole && indices.all(|index| self.of_member(&format!("{name}.{index}")).is_none())
    }
}

fn bridged<D: Data>(port: &D) -> impl Iterator<Item = &D> {
    named(port, SUBINTERFACE).filter(|one| is_of_type(*one, "bridged"))
}

fn is_of_type<D: Data>(subinterface: &D, kind: &str) -> bool {
    text(subinterface, &["type"]).map(bare) == Some(kind)
}

pub(super) fn named<'a, D: Data>(node: &'a D, name: &'static str) -> impl Iterator<Item = &'a D> {
    node.below().filter(move |below| below.name() == name)
}

pub(super) fn below<'a, D: Data>(node: &'a D, path: &[&str]) -> Option<&'a D> {
    path.iter().try_fold(node, |node, name| node.below().find(|below| below.name() == *name))
}

pub(super) fn text<'a, D: Data>(node: &'a D, path: &[&str]) -> Option<&'a str> {
    below(node, path).map(|leaf| leaf.value())
}

/// An identity without its module's name.
pub(super) fn bare(identity: &str) -> &str {
    identity.rsplit_once(':').map_or(identity, |(_, name)| name)
}
