//! What a request is about, as far as it matters to whoever only looks meanwhile.

use std::collections::BTreeSet;

use mercury_model::{InterfaceScope, Scope, VlanId, VlanScope};

use super::{is_alone, touched};
use crate::intent::TargetIntent;

/// The ports, aggregates and VLANs that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    names: BTreeSet<String>,
    vlans: BTreeSet<VlanId>,
    /// It may be about any of them.
    all: bool,
}

impl Footprint {
    /// That of what is wanted.
    #[must_use]
    pub fn of_intent(intent: &TargetIntent) -> Self {
        Self {
            names: touched(intent).into_iter().map(str::to_owned).collect(),
            vlans: intent.vlans.iter().map(crate::intent::VlanIntent::id).collect(),
            all: is_alone(intent) || intent.reviewed.is_some() || !intent.segments.is_empty(),
        }
    }

    /// That of what is read.
    #[must_use]
    pub fn of_scope(scope: &Scope) -> Self {
        let (names, all_names) = match &scope.interfaces {
            InterfaceScope::Named(names) => (names.iter().map(ToString::to_string).collect(), false),
            InterfaceScope::All => (BTreeSet::new(), true),
        };
        let (vlans, all_vlans) = match &scope.vlans {
            VlanScope::Named(vlans) => (vlans.clone(), false),
            VlanScope::All => (BTreeSet::new(), true),
        };
        Self { names, vlans, all: all_names || all_vlans }
    }

    /// Whether they have nothing in common, so that what is seen of the one does not depend
    /// on how far the other is.
    #[must_use]
    pub fn lies_beside(&self, other: &Self) -> bool {
        !self.all && !other.all && self.names.is_disjoint(&other.names) && self.vlans.is_disjoint(&other.vlans)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        intent::{PortIntent, VlanIntent},
        inventory::Switch,
    };

    fn change(port: &str, vlan: VlanIntent) -> Footprint {
        let switch = Arc::new(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        let ports = vec![PortIntent::new(port.parse().unwrap())];
        Footprint::of_intent(&TargetIntent { ports, vlans: vec![vlan], ..TargetIntent::new(&switch) })
    }

    fn read(port: &str, vlan: u16) -> Footprint {
        let interfaces = InterfaceScope::Named([port.parse().unwrap()].into());
        let vlans = VlanScope::Named([vlan.try_into().unwrap()].into());
        Footprint::of_scope(&Scope { interfaces, vlans, ..Scope::default() })
    }

    #[test]
    fn what_is_read_waits_for_a_change_of_its_port_of_its_vlan_and_of_what_may_be_any() {
        let vlan = |id: u16| VlanIntent::Present { id: id.try_into().unwrap(), name: None };
        let making = change("Ethernet1", vlan(100));
        assert!(read("Ethernet2", 200).lies_beside(&making));
        assert!(!read("Ethernet1", 200).lies_beside(&making));
        assert!(!read("Ethernet2", 100).lies_beside(&making), "whether it is there is not settled");
        assert!(!Footprint::of_scope(&Scope::all()).lies_beside(&making));
        let removing = change("Ethernet1", VlanIntent::Absent { id: 100u16.try_into().unwrap() });
        assert!(!read("Ethernet2", 200).lies_beside(&removing), "it depends on every port");
    }
}
