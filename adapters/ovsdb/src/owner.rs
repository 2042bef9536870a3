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

/// Keys of `external_ids` by which hypervisors and their networks know again what they plugged
/// in, most of them of an interface: Open vSwitch's guide to integration, os-vif, libvirt,
/// OVN-Kubernetes, XenServer.
const PLUGGED: [&str; 9] = [
    "iface-id",
    "iface-id-ver",
    "iface-status",
    "attached-mac",
    "attached_mac",
    "vm-id",
    "vm-uuid",
    "xs-vif-uuid",
    "sandbox",
];

/// The key in a port's `external_ids` by which Mercury knows that it configured it.
pub(crate) const MARK: &str = "mercury";

/// Who programs a bridge, and the sign of it, where it is not the switch's own.
pub(crate) fn of_bridge(bridge: &Row) -> Result<Option<String>, NoDatum> {
    let name = bridge.text("name")?.unwrap_or_default();
    if let Some((_, owner)) = NAMES.iter().find(|(own, _)| *own == name) {
        return Ok(Some(format!("{owner}, by its name")));
    }
    if let Some(owner) = by_keys(bridge)? {
        return Ok(Some(owner));
    }
    // Without a controller it forwards what somebody's flows say and nothing else: OVN's has
    // none in the database.
    let is_secure = bridge.text("fail_mode")? == Some("secure");
    Ok(is_secure.then(|| "a controller, by fail_mode=secure".to_owned()))
}

/// Who attached a port, and the sign of it, where that was not Mercury nor an operator.
/// `interface`: the one of its name.
pub(crate) fn of_port(port: &Row, interface: Option<&Row>) -> Result<Option<String>, NoDatum> {
    match (by_keys(port)?, interface) {
        (None, Some(interface)) => by_keys(interface),
        (owner, _) => Ok(owner),
    }
}

fn by_keys(row: &Row) -> Result<Option<String>, NoDatum> {
    let is_sign = |key: &&str| PLUGGED.contains(key) || ["ovn-", "k8s.ovn.org/"].iter().any(|own| key.starts_with(own));
    let sign = row.map("external_ids")?.into_keys().find(is_sign);
    Ok(sign.map(|key| format!("Neutron or OVN, by external_ids:{key}")))
}
