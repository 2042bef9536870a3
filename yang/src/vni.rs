//! VXLAN network identifiers, and what binds a VLAN of one switch to one.

use std::{
    collections::BTreeSet,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::Serialize;

use crate::{Evpn, Flood, InterfaceName};

/// A VXLAN network identifier, 1 to 16777215; nothing else can be built.
///
/// 24 bits by RFC 7348 section 5; `vni-id` of openconfig-evpn-types has no 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Vni(u32);

impl Vni {
    /// The lowest, 1.
    pub const MIN: Vni = Vni(1);
    /// The highest, 16777215.
    pub const MAX: Vni = Vni(0xff_ffff);

    /// The number, 1 to 16777215.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Vni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u64> for Vni {
    type Error = VniError;

    fn try_from(number: u64) -> Result<Self, VniError> {
        let vni = u32::try_from(number).ok().filter(|vni| (Self::MIN.0..=Self::MAX.0).contains(vni));
        vni.map(Self).ok_or(VniError::OutOfRange(number))
    }
}

impl FromStr for Vni {
    type Err = VniError;

    fn from_str(text: &str) -> Result<Self, VniError> {
        let number = || VniError::NotANumber(text.chars().take(32).collect());
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(number());
        }
        text.parse::<u64>().map_err(|_| number())?.try_into()
    }
}

/// Why text or a number is no VNI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VniError {
    /// The number is outside 1 to 16777215.
    #[error("VNI {0} is outside 1 to 16777215")]
    OutOfRange(u64),
    /// The text is not a decimal number.
    #[error("{0:?} is not a VNI")]
    NotANumber(String),
}

/// Whether a VNI carries frames at the moment (`vni-state` of openconfig-evpn).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VniState {
    /// It does.
    Up,
    /// It does not, and why, as far as the device tells.
    Down(String),
}

/// What binds a VLAN to a VNI on one switch, as an entry of
/// `connection-point/endpoints/endpoint/vxlan/local-endpoint-vnis` does. A VLAN
/// has one at most, and a VNI one VLAN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Segment {
    /// The VNI.
    pub vni: Vni,
    /// The VTEP that carries it, where the switch says that of each map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vtep: Option<InterfaceName>,
    /// Where what has no known destination goes, where the switch says that of each map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flood: Option<Flood>,
    /// How BGP tells of it, where the switch says that of each map.
    #[serde(skip_serializing_if = "Evpn::is_empty")]
    pub evpn: Evpn,
    /// What its entry would have if Mercury had made it, and has not.
    #[serde(skip)]
    pub unsaid: Unsaid,
}

/// Leaves that an entry lacks, of those that hold one and the same value wherever Mercury
/// makes one. They are for whoever puts the entry back; two that bind a VLAN alike are alike
/// whatever they lack.
#[derive(Clone, Debug, Default)]
pub struct Unsaid(pub BTreeSet<String>);

impl PartialEq for Unsaid {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Unsaid {}

impl Hash for Unsaid {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Segment {
    /// One of which nothing but its VNI is said.
    #[must_use]
    pub fn new(vni: Vni) -> Self {
        Self { vni, vtep: None, flood: None, evpn: Evpn::default(), unsaid: Unsaid::default() }
    }

    /// This, carried by a VTEP.
    #[must_use]
    pub fn of_vtep(self, vtep: Option<InterfaceName>) -> Self {
        Self { vtep, ..self }
    }

    /// Whether nothing that `other` says is said otherwise here: what is more comes to it.
    #[must_use]
    pub fn completes(&self, other: &Self) -> bool {
        self.completed_by(other) == *self
    }

    /// This, and what of `other` it does not say.
    #[must_use]
    pub fn completed_from(&self, other: &Self) -> Self {
        other.completed_by(self)
    }

    /// `other` laid over this: what it says counts.
    fn completed_by(&self, other: &Self) -> Self {
        let (own, over) = (self.clone(), other.clone());
        Self {
            vni: over.vni,
            vtep: over.vtep.or(own.vtep),
            flood: over.flood.or(own.flood),
            evpn: Evpn {
                bgp_as: over.evpn.bgp_as.or(own.evpn.bgp_as),
                route_distinguisher: over.evpn.route_distinguisher.or(own.evpn.route_distinguisher),
                route_target: over.evpn.route_target.or(own.evpn.route_target),
            },
            unsaid: over.unsaid,
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VNI {}", self.vni)?;
        self.vtep.iter().try_for_each(|vtep| write!(f, " of {vtep}"))?;
        self.flood.iter().try_for_each(|flood| write!(f, ", flooded by {flood}"))?;
        self.evpn.route_distinguisher.iter().try_for_each(|rd| write!(f, ", route distinguisher {rd}"))?;
        self.evpn.route_target.iter().try_for_each(|rt| write!(f, ", route target {rt}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_1_to_16777215_can_be_built() {
        for bad in [0, 16_777_216, u64::from(u32::MAX) + 1, u64::MAX] {
            assert_eq!(Vni::try_from(bad), Err(VniError::OutOfRange(bad)));
            assert!(bad.to_string().parse::<Vni>().is_err());
        }
        assert_eq!((Vni::try_from(1).unwrap(), Vni::try_from(16_777_215).unwrap()), (Vni::MIN, Vni::MAX));
        assert_eq!("10100".parse::<Vni>().unwrap().get(), 10_100);
        for bad in ["", " 5", "+5", "-1", "0x10", "1.0", "1e3", "١٢", "abc", "99999999999999999999"] {
            assert!(bad.parse::<Vni>().is_err(), "{bad:?}");
        }
    }
}
