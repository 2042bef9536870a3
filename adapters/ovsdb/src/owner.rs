//! Whose a bridge or a port is. The database keeps nobody out, so what others program is
//! known by the signs that they leave.

use crate::{datum::NoDatum, rows::Row};

/// Bridges that Neutron, OVN and operators of DPUs make for themselves, and by whom.
const NAMES: [(&str, &str); 5] = [
    ("br-int", "Neutron or OVN"),
    ("br-ovn", "OVN"),
    ("br-sfc", "a DPU operator"),
    ("br-tun", "Neutron"),
    ("br-ext", "OVN-Kubernetes"),
];

/// The key in a port's `external_ids` by which Mercury knows that it configured it.
pub(crate) const MARK: &str = "mercury";

/// Who programs a bridge, and the sign of it, where it is not the switch's own.
pub(crate) fn of_bridge(bridge: &Row) -> Result<Option<String>, NoDatum> {
    let name = bridge.text("name")?.unwrap_or_default();
    if let Some((_, owner)) = NAMES.iter().find(|(own, _)| *own == name) {
        return Ok(Some(format!("{owner}, by its name")));
    }
    if let Some(key) = bridge.map("external_ids")?.into_keys().find(|key| key.starts_with("ovn-") || *key == "iface-id")
    {
        return Ok(Some(format!("Neutron or OVN, by external_ids:{key}")));
    }
    let is_secure = bridge.text("fail_mode")? == Some("secure");
    let is_controlled = !bridge.uuids("controller")?.is_empty();
    Ok((is_secure && is_controlled).then(|| "a controller, by fail_mode=secure".to_owned()))
}

/// Who attached a port, and the sign of it, where that was not Mercury nor an operator.
pub(crate) fn of_port(port: &Row) -> Result<Option<String>, NoDatum> {
    let mut keys = port.map("external_ids")?.into_keys();
    let sign = keys.find(|key| key.starts_with("ovn-") || ["iface-id", "attached-mac"].contains(key));
    Ok(sign.map(|key| format!("Neutron or OVN, by external_ids:{key}")))
}
