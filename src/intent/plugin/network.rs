//! `network` of the plugin methods: a VLAN, a VNI, or both.

use mercury_model::{VlanId, Vni};
use serde_json::Value;

use crate::{
    fault::Fault,
    intent::{Fields, fields::vlan},
    inventory::Switch,
};

/// `network` of the plugin methods.
#[derive(Clone, Debug)]
pub struct Network {
    /// The VLAN: `segmentation_id`, or `id` where that is a VLAN number. `None` where only
    /// `vni` is given.
    pub vlan: Option<VlanId>,
    /// The VNI: `vni`, or `segmentation_id` of a network whose type is vxlan.
    pub vni: Option<Vni>,
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
            return Ok(Self { vlan: Some(vlan), vni: None, id: None, name: None, mtu: None, physical_network: None });
        }
        let mut fields = Fields::of(path, value)?;
        let kind = either(&mut fields, "network_type", "provider:network_type", Fields::text)?;
        if let Some(other) = kind.filter(|kind| !["vlan", "vxlan"].contains(kind)) {
            let shown: String = other.chars().take(32).collect();
            return Err(Fault::value(fields.path("network_type"), format!("must be vlan or vxlan, not {shown:?}")));
        }
        let said = fields.vni("vni")?;
        // In Neutron's words the number of a network's segment, whatever its type.
        let (vni, segmentation) = match (kind, said) {
            (Some("vxlan"), None) => {
                (either(&mut fields, "segmentation_id", "provider:segmentation_id", Fields::vni)?, None)
            }
            _ => (said, either(&mut fields, "segmentation_id", "provider:segmentation_id", Fields::vlan)?),
        };
        if kind == Some("vxlan") && vni.is_none() {
            return Err(Fault::params(fields.path("vni"), "is missing, and so is segmentation_id"));
        }
        let id = fields.get("id");
        let vlan = match (segmentation, id) {
            (Some(vlan), _) => Some(vlan),
            (None, _) if vni.is_some() => None,
            (None, Some(Value::String(id))) => Some(id.parse().map_err(|_| no_vlan(&fields))?),
            (None, Some(number)) => Some(vlan(&fields.path("id"), number)?),
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
        Ok(Self { vlan, vni, id, name, mtu, physical_network: physical.map(str::to_owned) })
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
