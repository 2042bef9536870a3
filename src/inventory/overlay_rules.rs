//! How a switch serves VNIs, as its entry says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use mercury_model::{Flood, FloodMode, InterfaceName, RouteId, VlanId, VlanSet, Vni};

/// How a switch serves VNIs.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlayRules {
    /// `local_vlans`: the VLANs that Mercury may bind to VNIs, and what binds which it
    /// may take away; all of them are set aside for that.
    pub local_vlans: VlanSet,
    /// `vxlan_vtep`: what the VTEP that carries them is called; only where the switch
    /// says that of each VNI.
    pub vtep: Option<InterfaceName>,
    /// `vxlan_flood`: where frames without a known destination go; by BGP.
    pub flood: FloodMode,
    /// `vxlan_peers`: the VTEPs that they go to, where that is static.
    pub peers: BTreeSet<IpAddr>,
    /// `vxlan_groups` and `vxlan_group_base`: the groups, where they go to one.
    pub groups: Groups,
    /// `vxlan_route_distinguisher`: `auto` where a dialect takes that.
    pub route_distinguisher: Option<RouteIdForm>,
    /// `vxlan_route_target`: `auto` where a dialect takes that. Given, BGP tells of each
    /// VNI however it is flooded.
    pub route_target: Option<RouteIdForm>,
}

impl OverlayRules {
    /// An entry that says nothing but this.
    #[must_use]
    pub fn of(local_vlans: VlanSet, vtep: Option<InterfaceName>) -> Self {
        Self {
            local_vlans,
            vtep,
            flood: FloodMode::Bgp,
            peers: BTreeSet::new(),
            groups: Groups::default(),
            route_distinguisher: None,
            route_target: None,
        }
    }

    /// Whether BGP tells of each VNI.
    #[must_use]
    pub fn is_evpn(&self) -> bool {
        self.flood == FloodMode::Bgp || self.route_target.is_some()
    }

    /// Where frames of a VNI go that have no known destination; `None` where the entry has
    /// no group for it.
    #[must_use]
    pub fn flood_of(&self, vni: Vni) -> Option<Flood> {
        match self.flood {
            FloodMode::Bgp => Some(Flood::Bgp),
            FloodMode::Static => Some(Flood::Static(self.peers.clone())),
            FloodMode::Multicast => self.groups.of(vni).map(Flood::Multicast),
        }
    }
}

/// The multicast groups of VNIs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    /// Those of single VNIs, which count first.
    pub by_vni: BTreeMap<Vni, IpAddr>,
    /// The range that all others have theirs in.
    pub base: Option<GroupBase>,
}

impl Groups {
    /// A VNI's group.
    #[must_use]
    pub fn of(&self, vni: Vni) -> Option<IpAddr> {
        self.by_vni.get(&vni).copied().or_else(|| Some(self.base?.of(vni)))
    }
}

/// A range of IPv4 multicast groups, as `239.1.0.0/16`: a VNI's is the one whose last bits
/// are the VNI's. VNIs that differ in higher bits alone have one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupBase {
    first: Ipv4Addr,
    length: u32,
}

impl GroupBase {
    fn of(self, vni: Vni) -> IpAddr {
        let mask = u32::MAX.checked_shr(self.length).unwrap_or(0);
        IpAddr::V4(Ipv4Addr::from_bits(self.first.to_bits() | vni.get() & mask))
    }
}

impl FromStr for GroupBase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a range of IPv4 multicast groups, such as 239.1.0.0/16");
        let (first, length) = text.split_once('/').ok_or_else(wrong)?;
        let first: Ipv4Addr = first.parse().map_err(|_| wrong())?;
        let length: u32 = length.parse().map_err(|_| wrong())?;
        // 224.0.0.0/4, and what of it is never forwarded (RFC 5771 section 4) kept out.
        if !(4..=32).contains(&length) || !first.is_multicast() || first.octets().starts_with(&[224, 0, 0]) {
            return Err(wrong());
        }
        if u64::from(first.to_bits()) % (1 << (32 - length)) != 0 {
            return Err(format!("{text:?} does not begin at the first address of such a range"));
        }
        Ok(Self { first, length })
    }
}

/// The group of one VNI, as `10100:239.1.1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOf(pub Vni, pub IpAddr);

impl FromStr for GroupOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a VNI and its multicast group, such as 10100:239.1.1.1");
        let (vni, group) = text.split_once(':').ok_or_else(wrong)?;
        let group: IpAddr = group.parse().map_err(|_| wrong())?;
        let vni = vni.parse().map_err(|error| format!("{text:?}: {error}"))?;
        if group.is_multicast() { Ok(Self(vni, group)) } else { Err(wrong()) }
    }
}

/// A route distinguisher or target with a VNI's number in it, or a VLAN's, or `auto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteIdForm(String);

impl RouteIdForm {
    /// That of a VNI and its VLAN.
    ///
    /// # Errors
    /// A sentence: the number does not fit beside the administrator.
    pub fn of(&self, vni: Vni, vlan: VlanId) -> Result<RouteId, String> {
        let text = self.0.replace("{vni}", &vni.to_string()).replace("{vlan}", &vlan.to_string());
        text.parse().map_err(|error: mercury_model::RouteIdError| error.to_string())
    }

    /// Whether the system is to work it out.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        self.0 == "auto"
    }

    /// Whether each VNI has one of its own, the same on all switches.
    #[must_use]
    pub fn is_of_vni(&self) -> bool {
        self.is_auto() || self.0.contains("{vni}")
    }

    /// Whether each VNI has one of its own on this switch.
    #[must_use]
    pub fn is_of_one(&self) -> bool {
        self.is_of_vni() || self.0.contains("{vlan}")
    }
}

impl fmt::Display for RouteIdForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RouteIdForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = Self(text.to_owned());
        form.of(Vni::MIN, VlanId::MIN)?;
        Ok(form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vni(number: u64) -> Vni {
        number.try_into().unwrap()
    }

    #[test]
    fn a_vnis_group_is_its_own_or_by_its_last_bits() {
        let base: GroupBase = "239.1.0.0/16".parse().unwrap();
        let groups = Groups { by_vni: [(vni(7), "239.9.9.9".parse().unwrap())].into(), base: Some(base) };
        let of = |number| groups.of(vni(number)).unwrap().to_string();
        assert_eq!((of(7), of(10_100), of(10_100 + 65_536)), ("239.9.9.9".into(), "239.1.39.116".into(), of(10_100)));
        assert_eq!(Groups { base: None, ..groups }.of(vni(8)), None);
        for bad in ["239.1.0.0", "239.1.0.1/16", "192.0.2.0/24", "224.0.0.0/24", "239.0.0.0/33", "239.0.0.0/3", "x/8"] {
            assert!(bad.parse::<GroupBase>().is_err(), "{bad}");
        }
        assert_eq!("239.1.1.1/32".parse::<GroupBase>().unwrap().of(vni(5)).to_string(), "239.1.1.1");
        assert!("10100:192.0.2.1".parse::<GroupOf>().is_err() && "0:239.1.1.1".parse::<GroupOf>().is_err());
    }

    #[test]
    fn a_route_target_is_filled_and_must_fit() {
        let form: RouteIdForm = "4200000000:{vni}".parse().unwrap();
        assert_eq!(form.of(vni(500), VlanId::MIN).unwrap().as_str(), "4200000000:500");
        assert!(form.of(vni(70_000), VlanId::MIN).is_err());
        let by_vlan: RouteIdForm = "192.0.2.1:{vlan}".parse().unwrap();
        assert!(!by_vlan.is_of_vni() && by_vlan.is_of_one() && form.is_of_vni());
        assert!("65000:{colour}".parse::<RouteIdForm>().is_err());
    }
}
