//! `switched-vlan` of openconfig-vlan. Its YANG `when` statements become the
//! variants of an enum, so a port cannot be access and trunk at once.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{Foreign, VlanId, VlanSet};

/// Which VLANs a trunk carries.
///
/// In OpenConfig an absent `trunk-vlans` means *all*, and *none* has no
/// spelling of its own. Here the three are different values; a target that
/// cannot say one of them refuses it instead of sending another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TrunkVlans {
    /// Every VLAN, those made later included.
    All,
    /// No VLAN.
    None,
    /// These VLANs and no others; never empty (see [`TrunkVlans::only`]).
    Only(VlanSet),
}

impl TrunkVlans {
    /// Exactly the VLANs of `set`: [`TrunkVlans::None`] when it is empty.
    #[must_use]
    pub fn only(set: VlanSet) -> Self {
        if set.is_empty() { Self::None } else { Self::Only(set) }
    }

    /// Whether the trunk carries `vlan`.
    #[must_use]
    pub fn carries(&self, vlan: VlanId) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(set) => set.contains(vlan),
        }
    }

    /// These VLANs and `vlan`.
    #[must_use]
    pub fn with(&self, vlan: VlanId) -> Self {
        match self {
            Self::All => Self::All,
            Self::None => Self::Only(VlanSet::new().with(vlan)),
            Self::Only(set) => Self::Only(set.with(vlan)),
        }
    }
}

impl fmt::Display for TrunkVlans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::Only(set) => set.fmt(f),
        }
    }
}

/// What VLANs an interface carries; `switched-vlan/config`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SwitchedVlan {
    /// `interface-mode` ACCESS.
    Access {
        /// `access-vlan`; absent leaves it to the switch's default.
        vlan: Option<VlanId>,
    },
    /// `interface-mode` TRUNK.
    Trunk {
        /// `native-vlan`, the VLAN of untagged frames.
        native: Option<VlanId>,
        /// `trunk-vlans`, the VLANs the trunk may carry.
        vlans: TrunkVlans,
    },
    /// What the model has no word for, as the device shows it.
    Foreign(Box<ForeignVlans>),
}

/// The leaves of a `switched-vlan` whose meaning the model cannot say, each with
/// its values as read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ForeignVlans {
    /// `interface-mode`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interface_mode: Vec<String>,
    /// `access-vlan`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access_vlan: Vec<String>,
    /// `native-vlan`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub native_vlan: Vec<String>,
    /// `trunk-vlans`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trunk_vlans: Vec<String>,
    /// The values of further leaves that hold a part of `trunk-vlans`, by their paths
    /// below the interface.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub trunk_parts: BTreeMap<String, Vec<String>>,
    /// Leaves that are not Mercury's and change the meaning of these; the port is
    /// then not Mercury's to change. What they are and hold, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// Whether those say that the port routes, so that it carries no VLAN whatever
    /// the rest says.
    #[serde(skip)]
    pub routes: bool,
}

impl fmt::Display for ForeignVlans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = [
            ("interface-mode", &self.interface_mode),
            ("access-vlan", &self.access_vlan),
            ("native-vlan", &self.native_vlan),
            ("trunk-vlans", &self.trunk_vlans),
        ];
        let parts = self.trunk_parts.iter().map(|(path, values)| (path.as_str(), values));
        // A line that nobody understands is quoted where it was read.
        let line = |text: &String| {
            let line = text.strip_prefix("foreign \"").and_then(|line| line.strip_suffix('"'));
            line.map_or_else(|| text.clone(), |line| line.replace("\\\"", "\""))
        };
        let others = self.others.iter().map(line).collect();
        let leaves = own.into_iter().chain(parts).chain([("beside", &others)]);
        f.write_str("foreign (")?;
        let mut comma = "";
        for (leaf, values) in leaves.filter(|(_, values)| !values.is_empty()) {
            write!(f, "{comma}{leaf} {}", Foreign::new(values.clone()))?;
            comma = ", ";
        }
        f.write_str(")")
    }
}

impl SwitchedVlan {
    /// Access to one VLAN.
    #[must_use]
    pub fn access(vlan: VlanId) -> Self {
        Self::Access { vlan: Some(vlan) }
    }

    /// What cannot be understood of it.
    #[must_use]
    pub fn foreign(&self) -> Option<&ForeignVlans> {
        match self {
            Self::Foreign(leaves) => Some(leaves),
            Self::Access { .. } | Self::Trunk { .. } => None,
        }
    }

    /// Whether a port so configured carries `vlan`, tagged or untagged, as far as
    /// it is understood: see [`SwitchedVlan::foreign`].
    #[must_use]
    pub fn carries(&self, vlan: VlanId) -> bool {
        match self {
            Self::Foreign(_) => false,
            Self::Access { vlan: own } => *own == Some(vlan),
            Self::Trunk { native, vlans } => *native == Some(vlan) || vlans.carries(vlan),
        }
    }

    /// Whether a port so configured has less than a trunk that was so, and nothing else: what is
    /// left of it means what it meant.
    #[must_use]
    pub fn is_less_than(&self, before: &Self) -> bool {
        let (Self::Trunk { native, vlans }, Self::Trunk { native: had, vlans: all }) = (self, before) else {
            return false;
        };
        let lists = match (vlans, all) {
            (TrunkVlans::None, _) | (TrunkVlans::Only(_), TrunkVlans::All) => true,
            (TrunkVlans::Only(own), TrunkVlans::Only(all)) => own.difference(all).is_empty(),
            (own, all) => own == all,
        };
        // The frames of a native VLAN that goes would have a tag where the list has it.
        let goes = native.is_none() && had.is_none_or(|had| !vlans.carries(had));
        lists && (goes || native == had) && self != before
    }

    /// Every VLAN it names; for a trunk of all VLANs only its native one, and none
    /// where it is not understood.
    #[must_use]
    pub fn named_vlans(&self) -> VlanSet {
        match self {
            Self::Foreign(_) => VlanSet::new(),
            Self::Access { vlan } => vlan.iter().copied().collect(),
            Self::Trunk { native, vlans } => {
                let own: VlanSet = native.iter().copied().collect();
                match vlans {
                    TrunkVlans::Only(set) => set.union(&own),
                    TrunkVlans::All | TrunkVlans::None => own,
                }
            }
        }
    }
}

impl fmt::Display for SwitchedVlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(leaves) => leaves.fmt(f),
            Self::Access { vlan: Some(vlan) } => write!(f, "access VLAN {vlan}"),
            Self::Access { vlan: None } => f.write_str("access, no VLAN named"),
            Self::Trunk { native: Some(native), vlans } => {
                write!(f, "trunk, native VLAN {native}, VLANs {vlans}")
            }
            Self::Trunk { native: None, vlans } => write!(f, "trunk, no native VLAN, VLANs {vlans}"),
        }
    }
}

impl Serialize for SwitchedVlan {
    /// The leaves of `switched-vlan/config`, with `trunk-vlans` as `all`,
    /// `none` or ranges.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Leaves<'a> {
            interface_mode: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            access_vlan: Option<VlanId>,
            #[serde(skip_serializing_if = "Option::is_none")]
            native_vlan: Option<VlanId>,
            #[serde(skip_serializing_if = "Option::is_none")]
            trunk_vlans: Option<String>,
        }
        let leaves = match self {
            Self::Foreign(leaves) => return leaves.serialize(serializer),
            Self::Access { vlan } => {
                Leaves { interface_mode: "ACCESS", access_vlan: *vlan, native_vlan: None, trunk_vlans: None }
            }
            Self::Trunk { native, vlans } => Leaves {
                interface_mode: "TRUNK",
                access_vlan: None,
                native_vlan: *native,
                trunk_vlans: Some(vlans.to_string()),
            },
        };
        leaves.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vlan(number: u16) -> VlanId {
        number.try_into().unwrap()
    }

    #[test]
    fn all_and_none_are_never_the_same_value() {
        let none = TrunkVlans::only(VlanSet::new());
        assert_eq!(none, TrunkVlans::None);
        assert_ne!(none, TrunkVlans::All);
        assert_ne!(TrunkVlans::only(VlanSet::full()), TrunkVlans::All);
        assert!(TrunkVlans::All.carries(vlan(4094)) && !none.carries(vlan(1)));
        assert_eq!(none.with(vlan(7)).to_string(), "7");
        assert_eq!(TrunkVlans::All.with(vlan(7)), TrunkVlans::All);
    }

    #[test]
    fn a_trunk_names_its_native_vlan() {
        let trunk = SwitchedVlan::Trunk { native: Some(vlan(10)), vlans: TrunkVlans::only("20-22".parse().unwrap()) };
        assert_eq!(trunk.named_vlans().to_string(), "10,20-22");
        assert!(trunk.carries(vlan(10)) && trunk.carries(vlan(21)) && !trunk.carries(vlan(23)));
    }

    #[test]
    fn a_trunk_that_loses_vlans_is_less_than_it_was() {
        let trunk =
            |native: Option<u16>, vlans| SwitchedVlan::Trunk { native: native.map(|id| id.try_into().unwrap()), vlans };
        let only = |list: &str| TrunkVlans::only(list.parse().unwrap());
        let before = trunk(Some(7), only("7-9"));
        let all = trunk(Some(7), TrunkVlans::All);
        for less in [trunk(Some(7), only("7-8")), trunk(None, only("8")), trunk(None, TrunkVlans::None)] {
            assert!(less.is_less_than(&before), "{less}");
        }
        for other in [before.clone(), trunk(Some(8), only("8")), trunk(None, only("10")), trunk(None, TrunkVlans::All)]
        {
            assert!(!other.is_less_than(&before), "{other}");
        }
        assert!(before.is_less_than(&all) && trunk(None, only("8")).is_less_than(&all));
        for tagged in [trunk(None, only("7-8")), trunk(None, only("7-9")), trunk(None, TrunkVlans::All)] {
            assert!(!tagged.is_less_than(&before) && !tagged.is_less_than(&all), "{tagged}: VLAN 7 has a tag now");
        }
        assert!(
            !SwitchedVlan::access(7u16.try_into().unwrap()).is_less_than(&before),
            "its frames have no tag any more"
        );
    }

    #[test]
    fn a_line_beside_is_quoted_once() {
        let others = vec!["foreign \"switchport trunk allowed vlan 100,5000\"".to_owned(), "an address".to_owned()];
        let told = ForeignVlans { others, ..ForeignVlans::default() }.to_string();
        assert_eq!(told, "foreign (beside \"switchport trunk allowed vlan 100,5000\", \"an address\")");
    }
}
