//! What a port carries, for tests of what it carries in between.

use mercury_model::{DeviceConfig, Interface, SwitchedVlan, TrunkVlans, VlanId, VlanSet};

/// The VLANs that a port carries. One of which nothing is said is what the system makes of
/// that, which is nobody's.
pub(crate) fn carried(port: &Interface) -> VlanSet {
    match &port.switched_vlan {
        Some(SwitchedVlan::Access { vlan }) => vlan.iter().copied().collect(),
        Some(SwitchedVlan::Trunk { native, vlans }) => {
            let own = match vlans {
                TrunkVlans::All => VlanSet::full(),
                TrunkVlans::None => VlanSet::new(),
                TrunkVlans::Only(set) => set.clone(),
            };
            own.union(&native.iter().copied().collect())
        }
        Some(SwitchedVlan::Foreign(_)) | None => VlanSet::new(),
    }
}

/// What a port carries beyond what it does in one configuration or the other.
pub(crate) fn more(port: &Interface, from: &DeviceConfig, to: &DeviceConfig) -> VlanSet {
    let of = |config: &DeviceConfig| config.interfaces.get(&port.name).map(carried).unwrap_or_default();
    // VLAN 1 is where an access port is of which nothing is said.
    carried(port).difference(&of(from).union(&of(to)).with(VlanId::MIN))
}
