//! The plugin methods' parameters: a `port` with its binding profile and a
//! `network`, in Neutron's words.

use std::{collections::BTreeMap, sync::Arc};

use mercury_model::{InterfaceName, SwitchedVlan, TrunkVlans, VlanId, VlanName, VlanSet};
use serde_json::Value;

use super::{
    Fields, Intent, LagIntent, LagName, Membership, PortIntent, Presence, Setting, TargetIntent, VlanIntent,
    check_allowed,
    fields::vlan,
    find_switch, interface_of,
    lag::Group,
    needed_vlans,
    options::{Said, attached, name_vlan, released, vlan_name},
    stp,
};
use crate::{
    fault::Fault,
    inventory::{Inventory, Switch},
};

/// Links one port may have; a server with more is a mistake.
const MAX_LINKS: usize = 64;
/// Sub-ports one trunk may have: one per VLAN.
const MAX_SUB_PORTS: usize = 4094;

/// What names an aggregate.
const GROUP_NAME: &str = "port.binding:profile.local_group_information.name";

/// One cable: a port of a switch.
#[derive(Clone, Debug)]
pub struct LocalLink {
    /// Where it stands in the parameters.
    pub parameter: String,
    /// `switch_id`, if given.
    pub switch_id: Option<String>,
    /// `switch_info`, if given.
    pub switch_info: Option<String>,
    /// `port_id`.
    pub port: InterfaceName,
}

impl LocalLink {
    /// The switch at its end, by `switch_id` or else by `switch_info`.
    ///
    /// # Errors
    /// [`crate::fault::FaultKind::SwitchNotFound`], naming the parameter.
    pub fn switch(&self, inventory: &Inventory) -> Result<Arc<Switch>, Fault> {
        let by_id =
            self.switch_id.as_deref().map(|id| find_switch(inventory, &format!("{}.switch_id", self.parameter), id));
        match (by_id, self.switch_info.as_deref()) {
            (Some(Ok(switch)), _) => Ok(switch),
            (missing, Some(info)) => find_switch(inventory, &format!("{}.switch_info", self.parameter), info)
                .or_else(|fault| missing.unwrap_or(Err(fault))),
            (Some(missing), None) => missing,
            (None, None) => Err(Fault::params(format!("{}.switch_id", self.parameter), "is missing")),
        }
    }
}

/// The cables of one port.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Those that are Mercury's to configure.
    pub managed: Vec<LocalLink>,
    /// Whether there are others, whose `network_type` is `unmanaged`: nothing is
    /// ever done about them.
    pub any_unmanaged: bool,
}

impl Links {
    /// Refuses a port without any.
    ///
    /// # Errors
    /// [`crate::fault::FaultKind::InvalidParams`], naming the parameter.
    pub fn given(&self) -> Result<&[LocalLink], Fault> {
        if self.managed.is_empty() && !self.any_unmanaged {
            return Err(Fault::params("port.binding:profile.local_link_information", "is missing or empty"));
        }
        Ok(&self.managed)
    }
}

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
    /// `local_link_information` of `binding:profile`.
    pub links: Links,
    /// `local_group_information` of `binding:profile`: how the links are bonded.
    pub group: Option<Group>,
    /// VLANs of `trunk_details.sub_ports`; `None` without `trunk_details`.
    pub sub_ports: Option<VlanSet>,
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
        let (links, group) = match fields.object("binding:profile")? {
            Some(profile) => binding_profile(profile)?,
            None => (Links::default(), None),
        };
        Ok(Self { id, mac_address, admin_state_up, vnic_type, links, group, sub_ports: trunk })
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

fn binding_profile(mut profile: Fields<'_>) -> Result<(Links, Option<Group>), Fault> {
    let path = profile.path("local_link_information");
    let items = profile.list("local_link_information", MAX_LINKS)?.unwrap_or_default();
    let mut links = Links::default();
    for (index, item) in items.iter().enumerate() {
        match link(format!("{path}[{index}]"), item)? {
            Some(link) => links.managed.push(link),
            None => links.any_unmanaged = true,
        }
    }
    let path = profile.path("local_group_information");
    let group = match profile.get("local_group_information") {
        None => None,
        Some(Value::Object(members)) if members.is_empty() => None,
        Some(value) => Some(Group::read(Fields::of(&path, value)?)?),
    };
    let several = links.managed.len() > 1;
    if several && group.as_ref().is_some_and(|group| group.lag_type.is_some() && group.name.is_none()) {
        return Err(Fault::params(format!("{path}.name"), "is missing, and so is id"));
    }
    Ok((links, group))
}

/// One of `local_link_information`, in the words of Ironic's
/// `local_link_connection`; `None` where it is unmanaged, and then it need not
/// say anything else.
fn link(parameter: String, value: &Value) -> Result<Option<LocalLink>, Fault> {
    let mut fields = Fields::of(&parameter, value)?;
    if fields.text("network_type")? == Some("unmanaged") {
        return Ok(None);
    }
    let name = |text: Option<InterfaceName>| text.map(|name| name.to_string());
    let switch_id = name(fields.parsed_or_none("switch_id")?);
    // Some keep a whole object there, which identifies nothing here.
    let switch_info = match fields.get("switch_info") {
        Some(Value::String(_)) => name(fields.parsed_or_none("switch_info")?),
        _ => None,
    };
    let port = fields.parsed("port_id")?;
    Ok(Some(LocalLink { switch_id, switch_info, port, parameter }))
}

fn sub_ports(mut trunk: Fields<'_>) -> Result<VlanSet, Fault> {
    let path = trunk.path("sub_ports");
    let items = trunk.list("sub_ports", MAX_SUB_PORTS)?.unwrap_or_default();
    let vlans = items.iter().enumerate().map(|(index, item)| {
        let mut sub_port = Fields::of(&format!("{path}[{index}]"), item)?;
        let segmentation = sub_port.required("segmentation_id")?;
        let id = vlan(&sub_port.path("segmentation_id"), segmentation)?;
        if !matches!(sub_port.text("segmentation_type")?, None | Some("vlan" | "inherit")) {
            return Err(Fault::value(sub_port.path("segmentation_type"), "must be vlan"));
        }
        Ok(id)
    });
    vlans.collect()
}

/// `network` of the plugin methods.
#[derive(Clone, Debug)]
pub struct Network {
    /// The VLAN: `segmentation_id`, or `id` where that is a VLAN number.
    pub vlan: VlanId,
    /// `id`, where that is a text.
    pub id: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `mtu`, in octets of IP.
    pub mtu: Option<u16>,
    /// `physical_network`.
    pub physical_network: Option<String>,
}

impl Network {
    /// Reads `network`: an object, or just a VLAN number.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(path: &str, value: &Value) -> Result<Self, Fault> {
        if value.is_number() {
            let vlan = vlan(path, value)?;
            return Ok(Self { vlan, id: None, name: None, mtu: None, physical_network: None });
        }
        let mut fields = Fields::of(path, value)?;
        let kind = either(&mut fields, "network_type", "provider:network_type", Fields::text)?;
        if let Some(other) = kind.filter(|kind| *kind != "vlan") {
            let shown: String = other.chars().take(32).collect();
            return Err(Fault::value(fields.path("network_type"), format!("must be vlan, not {shown:?}")));
        }
        let segmentation = either(&mut fields, "segmentation_id", "provider:segmentation_id", Fields::vlan)?;
        let id = fields.get("id");
        let vlan = match (segmentation, id) {
            (Some(vlan), _) => vlan,
            (None, Some(Value::String(id))) => id.parse().map_err(|_| no_vlan(&fields))?,
            (None, Some(number)) => vlan(&fields.path("id"), number)?,
            (None, None) => return Err(no_vlan(&fields)),
        };
        let name = fields.text("name")?.filter(|name| !name.is_empty()).map(str::to_owned);
        let id = id.and_then(Value::as_str).map(str::to_owned);
        // Neutron's 0 is none of the network's own.
        let mtu = match fields.get("mtu").and_then(Value::as_u64) {
            Some(0) => None,
            _ => fields.number("mtu", 68, 65_535)?.and_then(|mtu| u16::try_from(mtu).ok()),
        };
        let physical = either(&mut fields, "physical_network", "provider:physical_network", Fields::text)?;
        Ok(Self { vlan, id, name, mtu, physical_network: physical.map(str::to_owned) })
    }

    /// Whether `switch` is part of the network's physical network; a switch
    /// that names none is part of every one.
    #[must_use]
    pub fn reaches(&self, switch: &Switch) -> bool {
        let physical = self.physical_network.as_ref();
        switch.identity.physical_networks.is_empty()
            || physical.is_none_or(|name| switch.identity.physical_networks.contains(name))
    }
}

fn no_vlan(fields: &Fields<'_>) -> Fault {
    Fault::params(fields.path("segmentation_id"), "is missing, and the network's id is not a VLAN number")
}

/// Reads a member that callers spell in one of two ways.
fn either<'a, T>(
    fields: &mut Fields<'a>,
    name: &'static str,
    other: &'static str,
    read: impl Fn(&mut Fields<'a>, &'static str) -> Result<Option<T>, Fault>,
) -> Result<Option<T>, Fault> {
    let (first, second) = (read(fields, name)?, read(fields, other)?);
    Ok(first.or(second))
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

    /// What `attach_port` and `update_port` want: the network on every link.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn attach(&self, verb: &'static str, inventory: &Inventory) -> Result<Intent, Fault> {
        let network = self.network.as_ref().ok_or_else(|| Fault::params("network", "is missing"))?;
        let vlans = match &self.port.sub_ports {
            None => SwitchedVlan::access(network.vlan),
            // A trunk that has no sub-ports yet carries its native VLAN and no other.
            Some(tagged) if tagged.is_empty() => {
                SwitchedVlan::Trunk { native: Some(network.vlan), vlans: TrunkVlans::None.with(network.vlan) }
            }
            Some(tagged) => SwitchedVlan::Trunk { native: Some(network.vlan), vlans: TrunkVlans::only(tagged.clone()) },
        };
        let intent = self.on_every_link(verb, inventory, Some(network), |link, switch, port| {
            if !network.reaches(switch) {
                let reason = format!("{} is not part of the network's physical network", switch.identity.name);
                return Err(Fault::value(format!("{}.switch_id", link.parameter), reason).at(&switch.identity.name));
            }
            let parameter =
                if switch.rules.allows_vlan(network.vlan) { "port.trunk_details" } else { "network.segmentation_id" };
            check_allowed(switch, parameter, &vlans)?;
            port.switched_vlan = Setting::Set(Some(vlans.clone()));
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
            port.leaves = self.network.as_ref().map(|network| network.vlan);
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
        for link in self.port.links.given()? {
            let switch = link.switch(inventory)?;
            let mut port = PortIntent::new(interface_of(&switch, &format!("{}.port_id", link.parameter), &link.port)?);
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
            }
            intent.targets.push(target);
        }
        Ok(intent)
    }
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
        let mut targets = Vec::new();
        for switch in inventory.iter().filter(|switch| switch.rules.manage_vlans && self.network.reaches(switch)) {
            check_allowed(switch, "network.segmentation_id", &SwitchedVlan::access(self.network.vlan))?;
            let id = self.network.vlan;
            let vlan = match present {
                true => VlanIntent::Present { id, name: self.name(switch)? },
                false => VlanIntent::Absent { id },
            };
            targets.push(TargetIntent { vlans: vec![vlan], ..TargetIntent::new(switch) });
        }
        targets.sort_by(|a, b| a.switch.cmp(&b.switch));
        Ok(Intent { verb, targets })
    }

    /// What the VLAN is called on `switch`.
    fn name(&self, switch: &Switch) -> Result<Option<VlanName>, Fault> {
        if switch.rules.options.vlan_name.is_some() {
            return vlan_name(switch, self.network.vlan, Some(&self.network));
        }
        let name = self.network.name.as_deref();
        name.map(|name| name.parse().map_err(|error| Fault::value("network.name", error))).transpose()
    }
}

#[cfg(test)]
mod tests;
