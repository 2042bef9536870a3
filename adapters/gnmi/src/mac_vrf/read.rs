//! What to ask SR Linux for, and what it answers.
//!
//! A bridged subinterface carries the VLAN whose network instance it is in. To
//! which one that is, the port does not say: so the ports are read first, and
//! then whether each of their subinterfaces is in the network instance of its
//! own number. What somebody else bridged in another way is an error on a port
//! that was asked for by name, and left out where all are.

use std::collections::BTreeSet;

use mercury_adapter::{Data, Names};
use mercury_model::{
    Aggregation, DeviceConfig, Interface, InterfaceName, InterfaceScope, InterfaceType, Lacp, LacpInterval, LacpMode,
    LagType, Running, Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanScope, VlanSet, VlanStatus,
};

use super::words::{
    self, INTERFACE, MEMBER, NETWORK_INSTANCE, SUBINTERFACE, Template, interface, membership, network_instance, path,
};
use crate::{operations::Node, tree};

/// What is read of an interface; a subscription is narrowed to it.
const OF_INTERFACE: [&str; 8] = [
    "admin-state",
    "description",
    "mtu",
    "vlan-tagging",
    "ethernet/aggregate-id",
    "lag",
    "subinterface/type",
    "subinterface/vlan",
];
/// What is read of a network instance.
const OF_NETWORK_INSTANCE: [&str; 4] = ["type", "admin-state", "description", "interface"];

/// The interfaces and VLANs of a scope; a list's path without its key is all of
/// its entries.
pub(crate) fn entries(instance: &str, scope: &Scope, narrow: bool) -> Vec<Node> {
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
    let vlans = match (&scope.vlans, Template::parse(instance)) {
        (VlanScope::Named(ids), Some(template)) => {
            ids.iter().map(|id| Names::default().in_instance(&template.name(*id))).collect()
        }
        (VlanScope::All, Some(_)) => vec![Names::default()],
        (_, None) => Vec::new(),
    };
    vlans.into_iter().for_each(|names| ask(Node { path: network_instance(), names }, &OF_NETWORK_INSTANCE));
    nodes
}

/// Where it is said which VLANs the subinterfaces that were found carry.
pub(crate) fn memberships(found: &tree::Node, instance: &str, scope: &Scope) -> Vec<Node> {
    let Some(template) = Template::parse(instance) else { return Vec::new() };
    let subinterfaces = named(found, INTERFACE).filter_map(|port| {
        let name = text(port, &["name"])?.parse::<InterfaceName>().ok()?;
        scope.interfaces.covers(&name).then_some((name, port))
    });
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
/// A sentence that names the interface and what cannot be understood of it.
pub(crate) fn running(found: &tree::Node, instance: &str, scope: &Scope) -> Result<Running, String> {
    let template = Template::parse(instance)
        .ok_or_else(|| format!("the network instance {instance:?} of a VLAN does not hold {{vlan-id}}"))?;
    let vlans = Memberships::of(found, template);
    let mut config = DeviceConfig::default();
    for port in named(found, INTERFACE) {
        let Some(name) = text(port, &["name"]).and_then(|name| name.parse::<InterfaceName>().ok()) else { continue };
        if !scope.interfaces.covers(&name) {
            continue;
        }
        let strict = scope.interfaces != InterfaceScope::All;
        let interface = read_interface(port, &name, &vlans, strict).map_err(|problem| format!("{name}: {problem}"))?;
        config.interfaces.insert(name, interface);
    }
    for entry in named(found, NETWORK_INSTANCE).filter(|entry| text(*entry, &["type"]).map(bare) == Some("mac-vrf")) {
        let Some(id) = text(entry, &["name"]).and_then(|name| template.vlan(name)) else { continue };
        let suspended = text(entry, &["admin-state"]) == Some("disable");
        let status = if suspended { VlanStatus::Suspended } else { VlanStatus::Active };
        let name = text(entry, &["description"]).and_then(|text| text.parse().ok());
        config.vlans.insert(id, Vlan { id, name, status });
    }
    Ok(Running::found(config, scope.clone()))
}

fn read_interface(
    port: &tree::Node,
    name: &InterfaceName,
    vlans: &Memberships<'_>,
    strict: bool,
) -> Result<Interface, String> {
    let mut interface = Interface::new(name.clone());
    interface.enabled = text(port, &["admin-state"]) != Some("disable");
    let description = text(port, &["description"]).filter(|text| !text.is_empty());
    interface.description = description.map(str::parse).transpose().map_err(|error| format!("description: {error}"))?;
    interface.mtu = text(port, &["mtu"]).map(str::parse).transpose().map_err(|_| "mtu is not a number".to_owned())?;
    let aggregate = text(port, &["ethernet", "aggregate-id"]);
    interface.aggregate_id = aggregate.map(str::parse).transpose().map_err(|error| format!("aggregate-id: {error}"))?;
    if words::is_lag(name.as_str()) {
        interface.kind = Some(InterfaceType::Ieee8023adLag);
        let lag_type = match text(port, &["lag", "lag-type"]) {
            Some("lacp") => Some(LagType::Lacp),
            Some("static") => Some(LagType::Static),
            _ => None,
        };
        let min_links = text(port, &["lag", "min-links"]).and_then(|links| links.parse().ok());
        if lag_type.is_some() || min_links.is_some() {
            interface.aggregation = Some(Aggregation { lag_type, min_links, mlag_id: None });
        }
        interface.lacp = below(port, &["lag", "lacp"]).map(|lacp| Lacp {
            interval: if text(lacp, &["interval"]) == Some("FAST") { LacpInterval::Fast } else { LacpInterval::Slow },
            lacp_mode: if text(lacp, &["lacp-mode"]) == Some("PASSIVE") { LacpMode::Passive } else { LacpMode::Active },
        });
    }
    interface.switched_vlan = switched_vlan(port, name, vlans, strict)?;
    Ok(interface)
}

fn switched_vlan(
    port: &tree::Node,
    name: &InterfaceName,
    vlans: &Memberships<'_>,
    strict: bool,
) -> Result<Option<SwitchedVlan>, String> {
    let (mut untagged, mut tagged, mut is_trunk) = (Vec::new(), Vec::new(), false);
    for subinterface in bridged(port) {
        let index = text(subinterface, &["index"]).unwrap_or_default();
        let vlan = vlans.of_member(&format!("{name}.{index}"));
        let tag = text(subinterface, &["vlan", "encap", "single-tagged", "vlan-id"]);
        let encap = below(subinterface, &["vlan", "encap"]);
        let is_untagged = encap.is_none_or(|encap| encap.below().all(|one| one.name() == "untagged"));
        is_trunk |= !is_untagged;
        match (vlan, tag.and_then(|tag| tag.parse::<VlanId>().ok())) {
            (Some(vlan), Some(tag)) if vlan == tag => tagged.push(vlan),
            (Some(vlan), None) if is_untagged => untagged.push(vlan),
            _ if strict => {
                return Err(format!(
                    "subinterface {index} is bridged, but to no VLAN as Mercury does it; see network-instance"
                ));
            }
            _ => {}
        }
    }
    let native = match untagged.as_slice() {
        [] => None,
        [one] => Some(*one),
        more if strict => return Err(format!("{} of its subinterfaces are untagged", more.len())),
        [first, ..] => Some(*first),
    };
    let tagging = text(port, &["vlan-tagging"]) == Some("true");
    Ok(match native {
        _ if is_trunk => {
            let vlans: VlanSet = tagged.into_iter().chain(native).collect();
            Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(vlans) })
        }
        Some(vlan) => Some(SwitchedVlan::access(vlan)),
        None if tagging => Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None }),
        None => None,
    })
}

/// Which subinterface is in which VLAN's network instance.
struct Memberships<'a>(BTreeSet<(&'a str, VlanId)>);

impl<'a> Memberships<'a> {
    fn of(found: &'a tree::Node, template: Template<'_>) -> Self {
        let mut all = BTreeSet::new();
        for instance in named(found, NETWORK_INSTANCE) {
            let Some(vlan) = text(instance, &["name"]).and_then(|name| template.vlan(name)) else { continue };
            all.extend(named(instance, MEMBER).filter_map(|member| Some((text(member, &["name"])?, vlan))));
        }
        Self(all)
    }

    fn of_member(&self, member: &str) -> Option<VlanId> {
        let first = (member, VlanId::MIN);
        self.0.range(first..).next().filter(|(name, _)| *name == member).map(|(_, vlan)| *vlan)
    }
}

fn bridged<D: Data>(port: &D) -> impl Iterator<Item = &D> {
    named(port, SUBINTERFACE).filter(|one| text(*one, &["type"]).map(bare) == Some("bridged"))
}

fn named<'a, D: Data>(node: &'a D, name: &'static str) -> impl Iterator<Item = &'a D> {
    node.below().filter(move |below| below.name() == name)
}

fn below<'a, D: Data>(node: &'a D, path: &[&str]) -> Option<&'a D> {
    path.iter().try_fold(node, |node, name| node.below().find(|below| below.name() == *name))
}

fn text<'a, D: Data>(node: &'a D, path: &[&str]) -> Option<&'a str> {
    below(node, path).map(|leaf| leaf.value())
}

/// An identity without its module's name.
fn bare(identity: &str) -> &str {
    identity.rsplit_once(':').map_or(identity, |(_, name)| name)
}
