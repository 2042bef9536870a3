//! The plugin methods' parameters: a `port` with its binding profile and a
//! `network`, in Neutron's words.

mod children;
mod links;
mod network;

use std::{collections::BTreeMap, sync::Arc};

use children::Child;
use links::{Kind, Links, LocalLink, binding_profile};
use mercury_model::{SwitchedVlan, TrunkVlans, VlanId, VlanName, VlanSet, Vni};
pub use network::Network;

use super::{
    Fields, Intent, LagIntent, LagName, Membership, PortIntent, Presence, SegmentIntent, Setting, TargetIntent,
    VlanIntent, check_allowed, check_set_aside,
    fields::vlan,
    lag::Group,
    needed_vlans,
    options::{Said, attached, name_vlan, released, vlan_name},
    stp,
};
use crate::{
    fault::Fault,
    inventory::{Inventory, Switch},
};

/// Sub-ports one trunk may have: one per VLAN.
const MAX_SUB_PORTS: usize = 4094;

/// What names the VNI of a sub-port.
const SUB_PORT_VNI: &str = "port.trunk_details.sub_ports.vni";

/// What names an aggregate.
const GROUP_NAME: &str = "port.binding:profile.local_group_information.name";

/// `port` of the plugin methods.
#[derive(Clone, Debug)]
pub struct PluginPort {
    /// `id`.
    pub id: Option<String>,
    /// `mac_address`.
    pub mac_address: Option<String>,
    /// `admin_state_up`.
    pub admin_state_up: Option<bool>,
    /// `binding:vnic_type`.
    pub vnic_type: Option<String>,
    /// `local_link_information` of `binding:profile`, or the function of a card that it
    /// names.
    pub links: Links,
    /// `child_nodes`.
    pub children: Vec<Child>,
    /// `local_group_information` of `binding:profile`: how the links are bonded.
    pub group: Option<Group>,
    /// VLANs of `trunk_details.sub_ports`; `None` without `trunk_details`.
    pub sub_ports: Option<VlanSet>,
    /// The VNIs of some of them.
    pub sub_port_vnis: Vec<(VlanId, Vni)>,
}

impl PluginPort {
    /// Reads `port`.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(mut fields: Fields<'_>) -> Result<Self, Fault> {
        let id = fields.text("id")?.map(str::to_owned);
        let mac_address = fields.text("mac_address")?.map(str::to_owned);
        let admin_state_up = fields.boolean("admin_state_up")?;
        let vnic_type = fields.text("binding:vnic_type")?.map(str::to_owned);
        let trunk = fields.object("trunk_details")?.map(sub_ports).transpose()?;
        let (sub_ports, sub_port_vnis) = trunk.map_or((None, Vec::new()), |(vlans, vnis)| (Some(vlans), vnis));
        let of = Kind { vnic_type: vnic_type.as_deref(), child: None };
        let (links, group) = match fields.object("binding:profile")? {
            Some(profile) => binding_profile(profile, of)?,
            None => (Links::default(), None),
        };
        let children = Child::read_all(&mut fields)?;
        Ok(Self { id, mac_address, admin_state_up, vnic_type, links, children, group, sub_ports, sub_port_vnis })
    }

    /// The aggregate that its links are to be: where the switch has to know of
    /// the bond, and the request of more than one of its links. With one link
    /// alone a server boots before it bonds.
    fn lag(&self) -> Option<(&Group, &LagName)> {
        let group = self.group.as_ref().filter(|group| group.lag_type.is_some() && self.links.managed.len() > 1)?;
        Some((group, group.name.as_ref()?))
    }

    /// What descriptions can repeat of it.
    fn said(&self) -> Said<'_> {
        Said { port_id: self.id.as_deref(), mac: self.mac_address.as_deref(), description: None }
    }
}

/// The VLANs that a server tags with, and the VNIs of some of them.
fn sub_ports(mut trunk: Fields<'_>) -> Result<(VlanSet, Vec<(VlanId, Vni)>), Fault> {
    let path = trunk.path("sub_ports");
    let items = trunk.list("sub_ports", MAX_SUB_PORTS)?.unwrap_or_default();
    let (mut vlans, mut vnis) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        let mut sub_port = Fields::of(&format!("{path}[{index}]"), item)?;
        let segmentation = sub_port.required("segmentation_id")?;
        let id = vlan(&sub_port.path("segmentation_id"), segmentation)?;
        if !matches!(sub_port.text("segmentation_type")?, None | Some("vlan" | "inherit")) {
            return Err(Fault::value(sub_port.path("segmentation_type"), "must be vlan"));
        }
        vlans.push(id);
        vnis.extend(sub_port.vni("vni")?.map(|vni| (id, vni)));
    }
    Ok((vlans.into_iter().collect(), vnis))
}

/// `port` and `network` together.
#[derive(Clone, Debug)]
pub struct PluginRequest {
    /// The port.
    pub port: PluginPort,
    /// The network; `detach_port` can do without.
    pub network: Option<Network>,
}

impl PluginRequest {
    /// Reads the parameters of attach_port, detach_port, update_port and
    /// is_link_valid.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(mut fields: Fields<'_>) -> Result<Self, Fault> {
        let port = PluginPort::read(Fields::of(&fields.path("port"), fields.required("port")?)?)?;
        let network = fields.get("network").map(|value| Network::read("network", value)).transpose()?;
        fields.finish()?;
        Ok(Self { port, network })
    }

    /// The VLANs whose VNIs are told.
    pub(super) fn bound(&self) -> Vec<VlanId> {
        let network = self.network.as_ref().filter(|network| network.vni.is_some());
        let own = network.and_then(|network| network.vlan);
        own.into_iter().chain(self.port.sub_port_vnis.iter().map(|(vlan, _)| *vlan)).collect()
    }

    /// What `attach_port` and `update_port` want: the network on every link.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn attach(&self, verb: &'static str, inventory: &Inventory) -> Result<Intent, Fault> {
        let network = self.network.as_ref().ok_or_else(|| Fault::params("network", "is missing"))?;
        let vlans = match &self.port.sub_ports {
            None => SwitchedVlan::Access { vlan: network.vlan },
            // A trunk that has no sub-ports yet carries its native VLAN and no other.
            Some(tagged) if tagged.is_empty() => {
                let vlans = network.vlan.map_or(TrunkVlans::None, |vlan| TrunkVlans::None.with(vlan));
                SwitchedVlan::Trunk { native: network.vlan, vlans }
            }
            Some(tagged) => SwitchedVlan::Trunk { native: network.vlan, vlans: TrunkVlans::only(tagged.clone()) },
        };
        let bound = self.bound();
        let intent = self.on_every_link(verb, inventory, Some(network), |link, switch, port| {
            if let Some(name) = unreached(network, switch, inventory) {
                let reason = format!("{name} is not part of the network's physical network");
                return Err(Fault::value(format!("{}.switch_id", link.parameter), reason).at(name));
            }
            let is_allowed = network.vlan.is_none_or(|vlan| switch.rules.allows_vlan(vlan));
            let parameter = if is_allowed { "port.trunk_details" } else { "network.segmentation_id" };
            check_allowed(switch, parameter, &vlans)?;
            let untagged = SwitchedVlan::Access { vlan: network.vlan };
            check_set_aside(switch, "network.segmentation_id", &untagged, &bound)?;
            check_set_aside(switch, "port.trunk_details", &vlans, &bound)?;
            port.switched_vlan = Setting::Set(Some(vlans.clone()));
            port.untagged_vni = network.vni.filter(|_| network.vlan.is_none());
            port.membership = Membership::Leave;
            port.stp = stp::edge(&switch.rules);
            if let Some(up) = self.port.admin_state_up {
                port.enabled = Setting::Set(up);
            }
            if let (true, Some(mtu)) = (switch.rules.manage_mtu, network.mtu) {
                port.mtu = Setting::Set(Some(mtu));
            }
            attached(switch, port, self.port.said())
        })?;
        Ok(self.bonded(intent))
    }

    /// The same, with the links of each switch in one aggregate where they are
    /// bonded: what was wanted of the links is then wanted of that.
    fn bonded(&self, mut intent: Intent) -> Intent {
        let Some((group, name)) = self.port.lag() else { return intent };
        for target in &mut intent.targets {
            let Some(first) = target.ports.first() else { continue };
            let lag = LagIntent {
                lag_type: group.lag_type,
                interval: group.interval,
                min_links: group.min_links,
                enabled: first.enabled,
                mtu: first.mtu,
                switched_vlan: first.switched_vlan.clone(),
                untagged_vni: first.untagged_vni,
                stp: first.stp,
                links: Some(target.ports.iter().map(|port| port.interface.clone()).collect()),
                ..LagIntent::new(name.clone(), GROUP_NAME)
            };
            for port in &mut target.ports {
                port.switched_vlan = Setting::Keep;
                port.membership = Membership::Stay;
            }
            target.lags.push(lag);
        }
        intent
    }

    /// Nothing wanted of any link but that its switch has it.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn links(&self, verb: &'static str, inventory: &Inventory) -> Result<Intent, Fault> {
        self.on_every_link(verb, inventory, None, |_, _, _| Ok(()))
    }

    /// What `detach_port` wants: the switch's idle VLAN, or none, on every
    /// link that has the network, or whatever it has where none is named.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn detach(&self, inventory: &Inventory) -> Result<Intent, Fault> {
        let mut intent = self.on_every_link("detach_port", inventory, None, |_, switch, port| {
            port.switched_vlan = Setting::Set(switch.rules.default_vlan.map(SwitchedVlan::access));
            port.membership = Membership::Leave;
            port.leaves = self.network.as_ref().and_then(|network| network.vlan);
            port.leaves_vni = self.network.as_ref().and_then(|network| network.vni).filter(|_| port.leaves.is_none());
            port.stp = stp::no_edge(&switch.rules);
            if switch.rules.manage_mtu {
                port.mtu = Setting::Set(None);
            }
            released(switch, port)
        })?;
        if let Some((_, name)) = self.port.lag() {
            for target in &mut intent.targets {
                let stp = target.ports.first().map(|port| port.stp).unwrap_or_default();
                let links = target.ports.iter().map(|port| port.interface.clone()).collect();
                let lag = LagIntent { links: Some(links), ..LagIntent::new(name.clone(), GROUP_NAME) };
                target.lags.push(LagIntent { presence: Presence::Absent, stp, ..lag });
            }
        }
        Ok(intent)
    }

    /// The VNIs that VLANs of a switch are to be bound to.
    pub(super) fn segments(&self, network: &Network, switch: &Switch) -> Result<Vec<SegmentIntent>, Fault> {
        let untagged = network.vni.map(|vni| ("network.vni", vni, network.vlan));
        let tagged = self.port.sub_port_vnis.iter().map(|(vlan, vni)| (SUB_PORT_VNI, *vni, Some(*vlan)));
        let mut segments: Vec<SegmentIntent> = Vec::new();
        for (parameter, vni, vlan) in untagged.into_iter().chain(tagged) {
            let refused = |reason: String| Err(Fault::value(parameter, reason).at(&switch.identity.name));
            let Some(own) = &switch.rules.overlay else {
                return refused(format!("{} serves no VNIs: its entry has no local_vlans", switch.identity.name));
            };
            let is_other = |one: &&SegmentIntent| one.vni == vni || (vlan.is_some() && one.vlan == vlan);
            if let Some(other) = segments.iter().find(is_other) {
                if (other.vni, other.vlan) == (vni, vlan) {
                    continue;
                }
                return refused(format!("VNI {vni} and VNI {}: a VLAN has one, and a VNI one VLAN", other.vni));
            }
            let local_vlans = own.local_vlans.clone();
            segments.push(SegmentIntent { vni, parameter, vlan, local_vlans, number: None });
        }
        Ok(segments)
    }

    /// The same on every link; `network` is what its VLAN is called after where
    /// it has to be made.
    fn on_every_link(
        &self,
        verb: &'static str,
        inventory: &Inventory,
        network: Option<&Network>,
        want: impl Fn(&LocalLink, &Switch, &mut PortIntent) -> Result<(), Fault>,
    ) -> Result<Intent, Fault> {
        let mut targets: BTreeMap<String, (Arc<Switch>, TargetIntent)> = BTreeMap::new();
        // A parent may have no links but those of its children.
        let given = if self.port.children.is_empty() { self.port.links.given()? } else { &self.port.links.managed };
        for link in given {
            let (switch, interface) = link.place(inventory)?;
            let mut port = PortIntent::new(interface);
            want(link, &switch, &mut port)?;
            let new = || (Arc::clone(&switch), TargetIntent::new(&switch));
            let (_, target) = targets.entry(switch.identity.name.clone()).or_insert_with(new);
            if target.ports.iter().any(|other| other.interface == port.interface) {
                return Err(Fault::value(format!("{}.port_id", link.parameter), "is given twice"));
            }
            target.ports.push(port);
        }
        let mut intent = Intent { verb, targets: Vec::new() };
        for (switch, mut target) in targets.into_values() {
            target.vlans = needed_vlans(&switch, &target);
            if let Some(network) = network {
                name_vlan(&switch, &mut target, network)?;
                if switch.rules.card.is_none() {
                    target.segments = self.segments(network, &switch)?;
                }
            }
            intent.targets.push(target);
        }
        Ok(intent)
    }
}

/// The switches on a way that are not part of a network's physical network: that at its
/// end, or behind a card one that the card hangs on.
fn unreached<'a>(network: &Network, switch: &'a Switch, inventory: &'a Inventory) -> Option<&'a str> {
    let uplinks = switch.rules.card.iter().flat_map(|card| &card.uplinks);
    let behind = uplinks.filter_map(|uplink| inventory.find(&uplink.switch)).map(|switch| &**switch);
    let mut all = std::iter::once(switch).chain(behind);
    all.find(|switch| !network.reaches(switch)).map(|switch| switch.identity.name.as_str())
}

/// The parameters of add_network and delete_network.
#[derive(Clone, Debug)]
pub struct NetworkRequest {
    /// The network.
    pub network: Network,
}

impl NetworkRequest {
    /// Reads the parameters.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(mut fields: Fields<'_>) -> Result<Self, Fault> {
        let network = Network::read("network", fields.required("network")?)?;
        fields.finish()?;
        Ok(Self { network })
    }

    /// What `add_network` and `delete_network` want of every switch of the
    /// physical network whose VLANs are Mercury's to manage.
    ///
    /// # Errors
    /// A VLAN that a switch's entry does not allow.
    pub fn intent(&self, verb: &'static str, present: bool, inventory: &Inventory) -> Result<Intent, Fault> {
        // What binds it comes with the first port, and goes with the last.
        let id = self.network.vlan.filter(|_| self.network.vni.is_none());
        let id = id.ok_or_else(|| Fault::value("network.vni", "is given where a port is attached, and not here"))?;
        let mut targets = Vec::new();
        for switch in inventory.iter().filter(|switch| switch.rules.manage_vlans && self.network.reaches(switch)) {
            check_allowed(switch, "network.segmentation_id", &SwitchedVlan::access(id))?;
            if present {
                check_set_aside(switch, "network.segmentation_id", &SwitchedVlan::access(id), &[])?;
            }
            let vlan = match present {
                true => VlanIntent::Present { id, name: self.name(switch, id)? },
                false => VlanIntent::Absent { id },
            };
            targets.push(TargetIntent { vlans: vec![vlan], ..TargetIntent::new(switch) });
        }
        targets.sort_by(|a, b| a.switch.cmp(&b.switch));
        Ok(Intent { verb, targets })
    }

    /// What the VLAN is called on `switch`.
    fn name(&self, switch: &Switch, id: VlanId) -> Result<Option<VlanName>, Fault> {
        if switch.rules.options.vlan_name.is_some() {
            return vlan_name(switch, id, Some(&self.network));
        }
        let name = self.network.name.as_deref();
        name.map(|name| name.parse().map_err(|error| Fault::value("network.name", error))).transpose()
    }
}

#[cfg(test)]
mod tests;
