//! Putting back what a request made of a switch, after another of its switches
//! failed when this one had been told to keep it.

use std::collections::BTreeMap;

use mercury_model::{DeviceConfig, Intended, InterfaceName, InterfaceScope, Running, Scope};

use super::{Desired, vlans};
use crate::fault::{Fault, FaultKind};

/// What was there, what Mercury made of it, and where others add to it.
#[derive(Clone, Debug)]
pub struct Restore {
    /// What was there, as far as it was changed.
    pub before: Running,
    /// What Mercury made of it.
    pub made: DeviceConfig,
    /// The ports that carry the VLANs of every request.
    pub trunk_ports: Vec<InterfaceName>,
}

impl Restore {
    /// What has to be read: what was changed, and all interfaces where a VLAN is
    /// to go that somebody may need by now.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut scope = self.before.scope.clone();
        if self.made.vlans.keys().any(|id| !self.before.vlans.contains_key(id)) {
            scope.interfaces = InterfaceScope::All;
        }
        scope
    }

    /// What the switch should have: what was there, where nobody has changed it
    /// since. A VLAN that somebody uses by now stays, and so does what others
    /// have put on a trunk port.
    ///
    /// # Errors
    /// [`FaultKind::Unknown`]: somebody has changed it, and it is left alone.
    pub fn desired(&self, running: &Running) -> Result<Desired, Fault> {
        let mut config = running.config.clone();
        for name in self.before.interfaces.keys().chain(self.made.interfaces.keys()) {
            let one = |config: &DeviceConfig| {
                let only = config.interfaces.get(name).cloned();
                DeviceConfig {
                    interfaces: only.map(|port| (name.clone(), port)).into_iter().collect(),
                    ..DeviceConfig::default()
                }
            };
            let now = Running::new(
                &one(&running.config),
                Scope { interfaces: InterfaceScope::All, ..self.before.scope.clone() },
            );
            if now.is_as(&one(&self.before.config)) {
                continue;
            }
            if now.is_as(&one(&self.made)) {
                match self.before.interfaces.get(name) {
                    Some(before) => config.interfaces.insert(name.clone(), before.clone()),
                    None => config.interfaces.remove(name),
                };
            } else if !self.trunk_ports.contains(name) {
                let reason = format!("somebody else has changed {name} since; it was left alone");
                return Err(Fault::new(FaultKind::Unknown, reason));
            }
        }
        for (id, vlan) in &self.before.vlans {
            config.vlans.insert(*id, vlan.clone());
        }
        for id in self.made.vlans.keys().filter(|id| !self.before.vlans.contains_key(id)) {
            if vlans::users(*id, &config, &self.trunk_ports).is_empty() {
                vlans::remove(&mut config, *id, &self.trunk_ports);
            }
        }
        Ok(Desired { intended: Intended(config), lags: BTreeMap::new() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mercury_model::{Interface, SwitchedVlan, Vlan, VlanId, VlanScope, VlanStatus};

    use super::*;

    fn id(number: u16) -> VlanId {
        number.try_into().unwrap()
    }

    fn config(ports: &[(&str, u16)], vlans: &[u16]) -> DeviceConfig {
        let port = |(name, vlan): &(&str, u16)| {
            let name: InterfaceName = name.parse().unwrap();
            (name.clone(), Interface { switched_vlan: Some(SwitchedVlan::access(id(*vlan))), ..Interface::new(name) })
        };
        let vlan = |number: &u16| (id(*number), Vlan { id: id(*number), name: None, status: VlanStatus::Active });
        DeviceConfig { interfaces: ports.iter().map(port).collect(), vlans: vlans.iter().map(vlan).collect() }
    }

    /// Ethernet1 was put from VLAN 100 on 200, which was made for it.
    fn restore() -> Restore {
        let named = BTreeSet::from(["Ethernet1".parse().unwrap()]);
        let scope = Scope {
            interfaces: InterfaceScope::Named(named),
            vlans: VlanScope::Named([id(200)].into()),
            ..Scope::default()
        };
        Restore {
            before: Running::new(&config(&[("Ethernet1", 100)], &[]), scope),
            made: config(&[("Ethernet1", 200)], &[200]),
            trunk_ports: Vec::new(),
        }
    }

    fn put_back(now: &DeviceConfig) -> Result<DeviceConfig, Fault> {
        let restore = restore();
        Ok(restore.desired(&Running::new(now, restore.scope()))?.intended.0)
    }

    #[test]
    fn a_port_and_the_vlan_that_was_made_for_it_are_put_back() {
        assert_eq!(put_back(&config(&[("Ethernet1", 200)], &[200])).unwrap(), config(&[("Ethernet1", 100)], &[]));
        let done = config(&[("Ethernet1", 100)], &[]);
        assert_eq!(put_back(&done).unwrap(), done);
    }

    #[test]
    fn a_vlan_that_another_port_is_on_by_now_stays() {
        let now = config(&[("Ethernet1", 200), ("Ethernet2", 200)], &[200]);
        assert_eq!(put_back(&now).unwrap(), config(&[("Ethernet1", 100), ("Ethernet2", 200)], &[200]));
    }

    #[test]
    fn what_somebody_else_has_changed_is_left_alone() {
        let fault = put_back(&config(&[("Ethernet1", 300)], &[200])).unwrap_err();
        assert!(fault.kind == FaultKind::Unknown && fault.message.contains("Ethernet1"), "{fault}");
    }
}
