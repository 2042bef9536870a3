use super::{MacAddr, Switch};
use mercury_model::InterfaceName;
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, fmt};

/// What makes an entry that of a DPU: a switch on a card, between a host's functions and
/// the switches that the card hangs on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Card {
    /// `hosts`: what callers call it, as host name, or as name or UUID of a child node,
    /// in any case; none.
    pub hosts: Vec<String>,
    /// `serial_number`: the card's, as Neutron's `card_serial_number` has it; none.
    pub serial_number: Option<String>,
    /// `uplinks`: where it hangs; one or more.
    pub uplinks: Vec<Uplink>,
    /// `representors`: its ports that face the host, one or more; no other port of it is
    /// configured.
    pub representors: Vec<Representor>,
}

/// A cable of a card. A bond of several is one port with several cables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uplink {
    /// `port`: what the card calls it.
    pub port: InterfaceName,
    /// `switch`: the entry of the switch at its other end, by name.
    pub switch: String,
    /// `switch_port`: the port there.
    pub switch_port: InterfaceName,
}

/// The card's end of a function of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Representor {
    /// `port`: what the card calls it.
    pub port: InterfaceName,
    /// `uplinks`: the ports of those that its bridge has; all.
    pub uplinks: Vec<InterfaceName>,
    /// `pf_mac` and `vf`: the function; none, and then it is meant by its name alone.
    #[serde(flatten)]
    pub function: Option<Function>,
}

/// A function of a host's PCI device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Function {
    /// The MAC address of its physical function.
    #[serde(serialize_with = "text")]
    pub pf_mac: MacAddr,
    /// The number of the virtual function, 0 to 65535; `None` for the physical one.
    pub vf: Option<u16>,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.vf {
            Some(vf) => write!(f, "virtual function {vf} of {}", self.pf_mac),
            None => write!(f, "physical function {}", self.pf_mac),
        }
    }
}

impl Card {
    /// The representor of this name.
    #[must_use]
    pub fn representor(&self, port: &InterfaceName) -> Option<&Representor> {
        self.representors.iter().find(|representor| representor.port == *port)
    }

    /// The representor of a function.
    #[must_use]
    pub fn of_function(&self, function: Function) -> Option<&Representor> {
        self.representors.iter().find(|representor| representor.function == Some(function))
    }

    /// Whether a port is one of its uplinks.
    #[must_use]
    pub fn is_uplink(&self, port: &InterfaceName) -> bool {
        self.uplinks.iter().any(|uplink| uplink.port == *port)
    }

    /// The cables that what a representor carries goes through.
    pub fn uplinks_of<'a>(&'a self, representor: &'a Representor) -> impl Iterator<Item = &'a Uplink> {
        let has = |uplink: &&Uplink| representor.uplinks.is_empty() || representor.uplinks.contains(&uplink.port);
        self.uplinks.iter().filter(has)
    }

    /// What callers mean it by, in the one spelling that is compared.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.hosts.iter().map(|host| host_key(host)).chain(self.serial_number.iter().map(|serial| serial_key(serial)))
    }
}

/// Host names are compared without their case and the root's dot (RFC 4343).
pub(crate) fn host_key(host: &str) -> String {
    format!("host {}", host.trim_end_matches('.').to_lowercase())
}

pub(crate) fn serial_key(serial: &str) -> String {
    format!("serial number {serial}")
}

fn text<S: Serializer>(mac: &MacAddr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(mac)
}

/// Tells switches which of their ports are the other end of an uplink.
pub(super) fn plug_in(switches: &mut [Switch]) {
    let mut ends: BTreeMap<String, BTreeMap<InterfaceName, String>> = BTreeMap::new();
    for switch in switches.iter() {
        for uplink in switch.rules.card.iter().flat_map(|card| &card.uplinks) {
            let ports = ends.entry(uplink.switch.clone()).or_default();
            ports.insert(uplink.switch_port.clone(), switch.identity.name.clone());
        }
    }
    for switch in switches {
        switch.rules.uplinks = ends.get(&switch.identity.name).cloned().unwrap_or_default();
    }
}
