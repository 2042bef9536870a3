//! What a target does where a leaf is absent, so that a value that is shown
//! and one that is left out compare equal: some servers report every default,
//! others none (RFC 6243).

use std::collections::BTreeMap;

use mercury_model::{
    DeviceConfig, Interface, Lacp, LacpInterval, LacpMode, Leaf, SwitchedVlan, TrunkVlans, Value, VlanId, VlanSet,
};

/// One target's defaults. A leaf that holds its default is as good as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// By leaf.
    pub leaves: BTreeMap<Leaf, Value>,
    /// A port without a mode is an access port.
    pub access_mode: bool,
    /// `access-vlan`.
    pub access_vlan: Option<VlanId>,
    /// `native-vlan`.
    pub native_vlan: Option<VlanId>,
}

impl Defaults {
    /// How LACP is spoken where nothing is said; what no default says, as the model has it.
    #[must_use]
    pub fn lacp(&self) -> Lacp {
        let word = |leaf| self.leaves.get(&leaf).and_then(Value::spelled);
        Lacp {
            interval: word(Leaf::LacpInterval).and_then(|own| LacpInterval::from_word(&own)).unwrap_or_default(),
            lacp_mode: word(Leaf::LacpMode).and_then(|own| LacpMode::from_word(&own)).unwrap_or_default(),
        }
    }

    /// The one form of a configuration: without what would be so anyway.
    pub fn canonical(&self, config: &mut DeviceConfig) {
        config.interfaces.values_mut().for_each(|interface| self.canonical_interface(interface));
    }

    fn canonical_interface(&self, interface: &mut Interface) {
        let is_default = |leaf: &Leaf, of: &Interface| leaf.get(of).as_ref() == self.leaves.get(leaf);
        // An aggregate has both leaves of LACP or neither.
        let other = |leaf: &Leaf| match leaf {
            Leaf::LacpInterval => Some(Leaf::LacpMode),
            Leaf::LacpMode => Some(Leaf::LacpInterval),
            _ => None,
        };
        for leaf in self.leaves.keys() {
            if is_default(leaf, interface) && other(leaf).is_none_or(|other| is_default(&other, interface)) {
                leaf.set(interface, None);
            }
        }
        interface.switched_vlan = interface.switched_vlan.take().and_then(|vlans| self.vlans(vlans));
    }

    /// The one form of what is carried.
    pub(crate) fn vlans(&self, vlans: SwitchedVlan) -> Option<SwitchedVlan> {
        match vlans {
            SwitchedVlan::Access { vlan } => {
                let vlan = vlan.filter(|_| vlan != self.access_vlan);
                (vlan.is_some() || !self.access_mode).then_some(SwitchedVlan::Access { vlan })
            }
            SwitchedVlan::Trunk { native, vlans } => {
                let vlans = match vlans {
                    TrunkVlans::Only(set) if set == VlanSet::full() => TrunkVlans::All,
                    other => other,
                };
                Some(SwitchedVlan::Trunk { native: native.filter(|_| native != self.native_vlan), vlans })
            }
            foreign @ SwitchedVlan::Foreign(_) => Some(foreign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(vlans: Option<SwitchedVlan>) -> DeviceConfig {
        let mut port = Interface::new("Ethernet1".parse().unwrap());
        port.switched_vlan = vlans;
        port.mtu = Some(1500);
        DeviceConfig { interfaces: [(port.name.clone(), port)].into(), ..DeviceConfig::default() }
    }

    #[test]
    fn what_would_be_so_anyway_is_as_good_as_absent() {
        let vlan = |number: u16| VlanId::try_from(number).ok();
        let defaults = Defaults {
            leaves: [(Leaf::Mtu, Value::Number(1500))].into(),
            access_mode: true,
            access_vlan: vlan(1),
            native_vlan: vlan(1),
        };
        let trunk =
            |native, set: &str| Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(set.parse().unwrap()) });
        for (shown, meant) in [
            (Some(SwitchedVlan::Access { vlan: vlan(1) }), None),
            (Some(SwitchedVlan::Access { vlan: None }), None),
            (Some(SwitchedVlan::Access { vlan: vlan(2) }), Some(SwitchedVlan::Access { vlan: vlan(2) })),
            (trunk(vlan(1), "1-4094"), Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::All })),
            (trunk(vlan(1), "1,10"), trunk(None, "1,10")),
            (trunk(vlan(10), "1,10"), trunk(vlan(10), "1,10")),
        ] {
            let mut config = port(shown.clone());
            defaults.canonical(&mut config);
            let port = config.interfaces.values().next().unwrap();
            assert_eq!((port.mtu, &port.switched_vlan), (None, &meant), "{shown:?}");
        }
    }

    #[test]
    fn lacp_is_as_good_as_absent_only_where_both_its_leaves_are() {
        let leaves =
            [(Leaf::LacpInterval, "SLOW"), (Leaf::LacpMode, "ACTIVE")].map(|(leaf, word)| (leaf, leaf.read(word)));
        let defaults = Defaults { leaves: leaves.into(), ..Defaults::default() };
        let fast = Lacp { interval: LacpInterval::Fast, ..Lacp::default() };
        for (shown, meant) in [(Some(Lacp::default()), None), (Some(fast), Some(fast)), (None, None)] {
            let mut config = port(None);
            config.interfaces.values_mut().for_each(|port| port.lacp = shown);
            defaults.canonical(&mut config);
            assert_eq!(config.interfaces.values().next().unwrap().lacp, meant, "{shown:?}");
        }
    }
}
