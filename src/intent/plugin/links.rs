//! The links of a port: `binding:profile`, and Ironic's `local_link_connection`.

use std::sync::Arc;

use mercury_model::InterfaceName;
use serde_json::Value;

use crate::{
    fault::Fault,
    intent::{Fields, cards, find_switch, interface_of, lag::Group},
    inventory::{Function, Inventory, MacAddr, Switch, address_key},
};

/// Links one port may have; a server with more is a mistake.
pub(super) const MAX_LINKS: usize = 64;

/// One cable, or what of a card stands for one.
#[derive(Clone, Debug)]
pub struct LocalLink {
    /// Where it stands in the parameters.
    pub parameter: String,
    /// What is at its end.
    pub end: End,
}

/// What is at the end of a link.
#[derive(Clone, Debug)]
pub enum End {
    /// A port of a switch.
    Switch {
        /// `switch_id`, if given.
        switch_id: Option<String>,
        /// `switch_info`, if given.
        switch_info: Option<String>,
        /// `port_id`.
        port: InterfaceName,
    },
    /// A representor of the card in a host, or of a child node.
    Host {
        /// `hostname`, or what the child node is called.
        name: String,
        /// `port_id`.
        port: InterfaceName,
    },
    /// The representor of a function of a card.
    Function {
        /// `card_serial_number`.
        serial_number: String,
        /// `pf_mac_address` and `vf_num`.
        function: Function,
    },
}

impl LocalLink {
    /// The switch and its port at the end, if that may be configured.
    ///
    /// # Errors
    /// [`crate::fault::FaultKind::SwitchNotFound`], or what is wrong with the port, naming
    /// the parameter.
    pub fn place(&self, inventory: &Inventory) -> Result<(Arc<Switch>, InterfaceName), Fault> {
        let within = |name: &str| format!("{}.{name}", self.parameter);
        let (switch, port) = match &self.end {
            End::Switch { switch_id, switch_info, port } => {
                (self.switch(inventory, switch_id.as_deref(), switch_info.as_deref())?, port.clone())
            }
            End::Host { name, port } => (cards::card_in(inventory, &within("hostname"), name)?, port.clone()),
            End::Function { serial_number, function } => {
                cards::representor(inventory, &self.parameter, (serial_number, *function))?
            }
        };
        let port = interface_of(&switch, &within("port_id"), &port)?;
        Ok((switch, port))
    }

    /// By `switch_id` or else by `switch_info`; where they are two switches', by neither:
    /// Ironic's inspection keeps what a port has of the cable before, and puts beside it what
    /// LLDP tells of the new one.
    fn switch(&self, inventory: &Inventory, id: Option<&str>, info: Option<&str>) -> Result<Arc<Switch>, Fault> {
        let found = |name: &str, id: &str| find_switch(inventory, &format!("{}.{name}", self.parameter), id);
        let by_id = id.map(|id| found("switch_id", id));
        match (by_id, info) {
            (Some(Ok(switch)), Some(info)) => match inventory.find(info) {
                Some(other) if address_key(&other.identity.address) != address_key(&switch.identity.address) => {
                    let (one, other) = (&switch.identity.name, &other.identity.name);
                    let reason = format!("switch_id is of {one} and switch_info of {other}: which one has the cable?");
                    Err(Fault::value(format!("{}.switch_info", self.parameter), reason))
                }
                _ => Ok(switch),
            },
            (Some(Ok(switch)), None) => Ok(switch),
            (missing, Some(info)) => found("switch_info", info).or_else(|fault| missing.unwrap_or(Err(fault))),
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

    fn add(&mut self, link: Option<LocalLink>) {
        match link {
            Some(link) => self.managed.push(link),
            None => self.any_unmanaged = true,
        }
    }

    /// `local_link_connection`: one cable.
    pub(super) fn one(parameter: String, value: &Value, of: Kind<'_>) -> Result<Self, Fault> {
        let mut links = Self::default();
        links.add(link(parameter, value, of)?);
        Ok(links)
    }
}

/// What kind of port has the links.
#[derive(Clone, Copy, Default)]
pub(super) struct Kind<'a> {
    /// `binding:vnic_type`.
    pub(super) vnic_type: Option<&'a str>,
    /// The child node that it is of.
    pub(super) child: Option<&'a str>,
}

pub(super) fn binding_profile(mut profile: Fields<'_>, of: Kind<'_>) -> Result<(Links, Option<Group>), Fault> {
    let path = profile.path("local_link_information");
    let items = profile.list("local_link_information", MAX_LINKS)?.unwrap_or_default();
    let mut links = Links::default();
    for (index, item) in items.iter().enumerate() {
        links.add(link(format!("{path}[{index}]"), item, of)?);
    }
    if of.vnic_type == Some("remote-managed") && links.managed.is_empty() {
        links.managed.push(function(&mut profile)?);
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

/// A function of a card, in the words of Neutron's binding profile.
fn function(profile: &mut Fields<'_>) -> Result<LocalLink, Fault> {
    let serial_number: InterfaceName = profile.parsed("card_serial_number")?;
    let pf_mac: MacAddr = profile.parsed("pf_mac_address")?;
    let vf = profile.number("vf_num", 0, u64::from(u16::MAX))?.and_then(|number| u16::try_from(number).ok());
    let parameter = profile.path("card_serial_number").trim_end_matches(".card_serial_number").to_owned();
    let end = End::Function { serial_number: serial_number.to_string(), function: Function { pf_mac, vf } };
    Ok(LocalLink { parameter, end })
}

/// One of `local_link_information`, in the words of Ironic's
/// `local_link_connection`; `None` where it is unmanaged, and then it need not
/// say anything else.
fn link(parameter: String, value: &Value, of: Kind<'_>) -> Result<Option<LocalLink>, Fault> {
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
    // Of other ports than those of cards it says nothing that the switch does not.
    let host = match fields.get("hostname") {
        Some(Value::String(_)) => name(fields.parsed_or_none("hostname")?),
        _ => None,
    };
    let is_no_switch = switch_id.is_none() && switch_info.is_none();
    let host = host.filter(|_| is_no_switch || of.vnic_type == Some("smart-nic"));
    let child = of.child.filter(|_| is_no_switch).map(str::to_owned);
    let end = match host.or(child) {
        Some(name) => End::Host { name, port },
        None => End::Switch { switch_id, switch_info, port },
    };
    Ok(Some(LocalLink { parameter, end }))
}
