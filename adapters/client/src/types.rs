//! What goes in and comes out, in the words of Ironic and Neutron. VLANs are 1 to 4094.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// One cable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The switch: its name, address or MAC address.
    pub switch_id: String,
    /// Its port.
    pub port_id: String,
}

impl Link {
    /// A cable to this port of this switch.
    pub fn new(switch_id: impl Into<String>, port_id: impl Into<String>) -> Self {
        Self { switch_id: switch_id.into(), port_id: port_id.into() }
    }
}

/// How links are bonded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What the bond is called; at most 64 characters.
    pub name: String,
    /// As Linux has it: `802.3ad`, `balance-xor`, `active-backup`, …
    pub bond_mode: String,
    /// Such as `lacp_rate` and `min_links`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub bond_properties: Map<String, Value>,
}

/// A server's port and all of its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// What the caller calls it.
    pub id: String,
    /// Its MAC address.
    pub mac_address: Option<String>,
    /// Its cables.
    pub links: Vec<Link>,
    /// How these are bonded.
    pub group: Option<Group>,
    /// The tagged VLANs of a trunk; `None` for an access port.
    pub trunk: Option<Vec<u16>>,
}

impl Port {
    /// An access port with these links.
    pub fn new(id: impl Into<String>, links: Vec<Link>) -> Self {
        Self { id: id.into(), mac_address: None, links, group: None, trunk: None }
    }

    /// As the methods take it.
    #[must_use]
    pub fn params(&self) -> Value {
        let mut profile = json!({"local_link_information": self.links});
        let mut port = json!({"id": self.id, "binding:vnic_type": "baremetal"});
        if let (Some(profile), Some(group)) = (profile.as_object_mut(), &self.group) {
            profile.insert("local_group_information".to_owned(), json!(group));
        }
        if let Some(port) = port.as_object_mut() {
            port.insert("binding:profile".to_owned(), profile);
            if let Some(address) = &self.mac_address {
                port.insert("mac_address".to_owned(), json!(address));
            }
            if let Some(vlans) = &self.trunk {
                let sub_ports: Vec<Value> = vlans.iter().map(|vlan| json!({"segmentation_id": vlan})).collect();
                port.insert("trunk_details".to_owned(), json!({"sub_ports": sub_ports}));
            }
        }
        port
    }
}

/// A network, of which Mercury needs the VLAN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Network {
    /// The VLAN.
    pub segmentation_id: u16,
    /// What the caller calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For the name of a VLAN that is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The part of the data centre that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_network: Option<String>,
    /// In octets of IP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
}

impl Network {
    /// Just a VLAN.
    #[must_use]
    pub const fn vlan(segmentation_id: u16) -> Self {
        Self { segmentation_id, id: None, name: None, physical_network: None, mtu: None }
    }
}

/// Ironic's `update_port`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortUpdate {
    /// The switch.
    pub switch_id: Option<String>,
    /// Its port.
    pub port_name: Option<String>,
    /// Text for the port.
    pub description: Option<String>,
    /// `access`, `trunk` or `hybrid`.
    pub mode: String,
    /// The access VLAN, or the untagged one of a trunk.
    pub native_vlan: Option<u16>,
    /// The tagged ones.
    pub allowed_vlans: Option<Vec<u16>>,
    /// The idle network.
    pub default_vlan: Option<u16>,
    /// The aggregate to join.
    pub lag_name: Option<String>,
}

/// Ironic's `reset_port`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortReset {
    /// The switch.
    pub switch_id: Option<String>,
    /// Its port.
    pub port_name: Option<String>,
    /// What the caller believes is there.
    pub native_vlan: Option<u16>,
    /// What the caller believes is there.
    pub allowed_vlans: Option<Vec<u16>>,
    /// What it gets; without it the switch's own.
    pub default_vlan: Option<u16>,
}

/// Ironic's `update_lag`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LagUpdate {
    /// The switches.
    pub switch_ids: Vec<String>,
    /// What the aggregate is called.
    pub lag_name: String,
    /// Text for it.
    pub description: Option<String>,
    /// `access`, `trunk` or `hybrid`.
    pub mode: String,
    /// The access VLAN, or the untagged one of a trunk.
    pub native_vlan: Option<u16>,
    /// `lacp` or `static`.
    pub aggregation_mode: String,
    /// The tagged ones.
    pub allowed_vlans: Option<Vec<u16>>,
    /// The idle network.
    pub default_vlan: Option<u16>,
}

/// A port as it is now, and what happened.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PortState {
    /// `configured`, `reset` or `unmanaged`.
    pub status: String,
    /// The untagged VLAN.
    #[serde(default)]
    pub native_vlan: Option<u16>,
    /// The tagged ones.
    #[serde(default)]
    pub allowed_vlans: Option<Vec<u16>>,
    /// Whether anything was changed.
    #[serde(default)]
    pub changed: bool,
    /// Everything else that was answered.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Changed {
    /// Whether anything was changed.
    #[serde(default)]
    pub changed: bool,
    /// For each switch its `outcome`, `plan`, and what is there now.
    #[serde(default)]
    pub switches: Vec<Value>,
    /// Everything else that was answered.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Whether switches are as a change would have made them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Verified {
    /// Whether all are.
    pub matches: bool,
    /// For each switch its `differences`.
    pub switches: Vec<Value>,
}

/// A switch, without its secrets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SwitchEntry {
    /// Its first MAC address, or its name.
    pub switch_id: String,
    /// Its name.
    pub device_name: String,
    /// Protocol and dialect; `None` where its entry is wrong.
    pub device_type: Option<String>,
    /// As ranges; `None` for all.
    pub allowed_vlans: Option<String>,
}
