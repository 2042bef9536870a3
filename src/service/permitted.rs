//! What a request wants, held against what its caller may ask for.

use std::sync::Arc;

use mercury_model::{SwitchedVlan, TrunkVlans, VlanId};

use super::{Requester, Service};
use crate::{
    config::{CallerPolicy, Wanted},
    fault::{Fault, FaultKind},
    intent::{Intent, Membership, Setting, TargetIntent},
};

impl Service {
    /// With a policy, by which callers may ask for what they are granted and for nothing
    /// else.
    #[must_use]
    pub fn under(self, policy: Option<Arc<CallerPolicy>>) -> Self {
        Self { policy, ..self }
    }

    /// Whether a caller may know of a switch.
    #[must_use]
    pub fn shows(&self, switch: &str, who: &Requester) -> bool {
        self.policy.as_ref().is_none_or(|policy| policy.shows(who.login(), switch))
    }

    /// What a caller may ask for as it does, which is done where it `writes`, and looked at
    /// otherwise; the intent knows what it was granted from here on.
    ///
    /// # Errors
    /// [`FaultKind::InvalidValue`]: the policy does not grant it.
    pub fn permits(&self, operation: &str, mut intent: Intent, who: &Requester, writes: bool) -> Result<Intent, Fault> {
        let Some(policy) = &self.policy else { return Ok(intent) };
        policy.knows(who.login(), operation).map_err(|reason| Fault::new(FaultKind::InvalidValue, reason))?;
        for target in &mut intent.targets {
            let ports: Vec<&str> = target.ports.iter().map(|port| port.interface.as_str()).collect();
            let vlans = vlans(target);
            let joins = |membership: &Membership| matches!(membership, Membership::Join(_));
            let wanted = Wanted {
                operation,
                writes,
                switch: &target.switch,
                ports: &ports,
                is_about_aggregates: !target.lags.is_empty() || target.ports.iter().any(|port| joins(&port.membership)),
                vlans: vlans.as_deref(),
            };
            let refused = |reason| Fault::new(FaultKind::InvalidValue, reason).at(&target.switch);
            policy.judge(who.login(), &wanted).map_err(refused)?;
            target.granted = policy.ports(who.login());
            target.granted_vlans = policy.vlans(who.login());
        }
        Ok(intent)
    }
}

/// The VLANs that are asked for, and those that ports are to leave; `None` for every VLAN
/// there is.
fn vlans(target: &TargetIntent) -> Option<Vec<VlanId>> {
    let mut vlans: Vec<VlanId> = target.vlans.iter().map(crate::intent::VlanIntent::id).collect();
    let ports = target.ports.iter().map(|port| &port.switched_vlan);
    for switched in ports.chain(target.lags.iter().map(|lag| &lag.switched_vlan)) {
        match switched {
            Setting::Keep | Setting::Set(None | Some(SwitchedVlan::Foreign(_))) => {}
            Setting::Set(Some(SwitchedVlan::Access { vlan })) => vlans.extend(*vlan),
            Setting::Set(Some(SwitchedVlan::Trunk { native, vlans: carried })) => {
                vlans.extend(*native);
                match carried {
                    TrunkVlans::All => return None,
                    TrunkVlans::None => {}
                    TrunkVlans::Only(set) => vlans.extend(set.iter()),
                }
            }
        }
    }
    vlans.extend(target.ports.iter().filter_map(|port| port.leaves));
    vlans.extend(target.uplinks.iter().flat_map(|uplink| uplink.carries.iter()));
    // Which VLAN a VNI gets shows only when the switch was read, and is judged then again.
    let open = target.segments.iter().filter(|segment| segment.vlan.is_none());
    vlans.extend(open.flat_map(|segment| segment.local_vlans.iter()));
    Some(vlans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{intent::PortIntent, inventory::Switch};

    /// Whoever may not ask for a VLAN may not name it to have it taken away either.
    #[test]
    fn the_vlan_that_a_port_is_to_leave_is_asked_for_too() {
        let port = PortIntent { leaves: Some(500u16.try_into().unwrap()), ..PortIntent::new("p1".parse().unwrap()) };
        let switch = Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury");
        let target = TargetIntent { ports: vec![port], ..TargetIntent::new(&switch) };
        assert_eq!(vlans(&target), Some(vec![500u16.try_into().unwrap()]));
    }
}
