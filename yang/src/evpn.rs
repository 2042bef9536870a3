//! How a VNI's frames reach other VTEPs: where those without a known destination go, and
//! how BGP EVPN tells of it.

use std::{collections::BTreeSet, fmt, net::IpAddr, str::FromStr};

use serde::{Serialize, Serializer};

/// Where broadcasts, unknown unicasts and multicasts of a VNI go: `replication-mode` of
/// openconfig-evpn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flood {
    /// `BGP`: to the VTEPs that inclusive multicast routes (RFC 7432 section 7.3) tell of.
    Bgp,
    /// `STATIC_INGRESS_REPLICATION`: to these VTEPs, of which there is one at least.
    Static(BTreeSet<IpAddr>),
    /// `MULTICAST`: to this group of the underlay.
    Multicast(IpAddr),
}

/// The ways of [`Flood`] by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FloodMode {
    /// By BGP.
    Bgp,
    /// To the VTEPs of a list.
    Static,
    /// To a multicast group.
    Multicast,
}

impl FloodMode {
    /// Each, as inventories and dialects call it.
    pub const WORDS: [(&'static str, FloodMode); 3] =
        [("bgp", FloodMode::Bgp), ("static", FloodMode::Static), ("multicast", FloodMode::Multicast)];

    /// What inventories and dialects call it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(_, mode)| *mode == self).map_or("", |(word, _)| word)
    }
}

impl Flood {
    /// The way.
    #[must_use]
    pub const fn mode(&self) -> FloodMode {
        match self {
            Self::Bgp => FloodMode::Bgp,
            Self::Static(_) => FloodMode::Static,
            Self::Multicast(_) => FloodMode::Multicast,
        }
    }

    /// The VTEPs or the group, with blanks between; nothing of BGP.
    #[must_use]
    pub fn addresses(&self) -> String {
        match self {
            Self::Bgp => String::new(),
            Self::Static(vteps) => vteps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Self::Multicast(group) => group.to_string(),
        }
    }

    /// The way with its addresses, which stand with blanks or commas between them.
    ///
    /// # Errors
    /// [`FloodError`]: an address too many or too few, or what is none.
    pub fn of(mode: FloodMode, addresses: &str) -> Result<Self, FloodError> {
        let words = addresses.split([' ', ',']).filter(|word| !word.is_empty());
        let parsed = words.map(|word| word.parse().map_err(|_| FloodError::Address(word.chars().take(64).collect())));
        let addresses: BTreeSet<IpAddr> = parsed.collect::<Result<_, _>>()?;
        let mut all = addresses.iter();
        match (mode, all.next(), all.next()) {
            (FloodMode::Bgp, None, _) => Ok(Self::Bgp),
            (FloodMode::Static, Some(_), _) if !addresses.iter().any(IpAddr::is_multicast) => {
                Ok(Self::Static(addresses))
            }
            (FloodMode::Multicast, Some(group), None) if group.is_multicast() => Ok(Self::Multicast(*group)),
            _ => Err(FloodError::Number(mode.word())),
        }
    }
}

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses = self.addresses();
        f.write_str(self.mode().word())?;
        if addresses.is_empty() { Ok(()) } else { write!(f, " {addresses}") }
    }
}

impl FromStr for Flood {
    type Err = FloodError;

    fn from_str(text: &str) -> Result<Self, FloodError> {
        let (word, addresses) = text.split_once(' ').unwrap_or((text, ""));
        let mode = FloodMode::WORDS.into_iter().find(|(own, _)| *own == word).map(|(_, mode)| mode);
        Self::of(mode.ok_or_else(|| FloodError::Mode(word.chars().take(64).collect()))?, addresses)
    }
}

impl Serialize for Flood {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why text is no way to flood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FloodError {
    /// No way is called so.
    #[error("{0:?} is not bgp, static or multicast")]
    Mode(String),
    /// An address is none.
    #[error("{0:?} is not an IP address")]
    Address(String),
    /// The addresses do not go with the way.
    #[error("{0}: static has addresses of VTEPs, multicast one group, and bgp none")]
    Number(&'static str),
}

/// A route distinguisher or route target (RFC 4364 sections 4.2 and 4.3.1): `auto`, or an
/// administrator and a number: `65000:10100`, `4200000000:100`, `192.0.2.1:3000`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RouteId(String);

impl RouteId {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the target works it out.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        self.0 == "auto"
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RouteId {
    type Err = RouteIdError;

    fn from_str(text: &str) -> Result<Self, RouteIdError> {
        let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let number = |word: &str| word.parse::<u32>().ok().filter(|_| digits(word));
        let fits = |administrator: &str, assigned: &str| {
            let assigned = number(assigned)?;
            // Of two octets or of four; those of four, and addresses, leave two for the number.
            let is_short = number(administrator).is_some_and(|number| number <= u32::from(u16::MAX));
            let is_long = number(administrator).is_some() || administrator.parse::<std::net::Ipv4Addr>().is_ok();
            (is_short || is_long && assigned <= u32::from(u16::MAX)).then_some(())
        };
        let known = text == "auto" || text.split_once(':').and_then(|(one, other)| fits(one, other)).is_some();
        if known { Ok(Self(text.to_owned())) } else { Err(RouteIdError(text.chars().take(64).collect())) }
    }
}

/// Why text is no route distinguisher or route target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not auto, nor an AS number or IPv4 address, a colon and a number that fits beside it")]
pub struct RouteIdError(pub String);

/// How BGP EVPN tells of a VNI, as far as a target says that of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evpn {
    /// The AS of the BGP process that does, where a target has it below that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_as: Option<u32>,
    /// Its route distinguisher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_distinguisher: Option<RouteId>,
    /// The route target that is imported and exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_target: Option<RouteId>,
}

impl Evpn {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_to_flood_says_its_addresses_and_no_others() {
        for good in ["bgp", "static 192.0.2.1 192.0.2.2", "multicast 239.1.1.1", "static 2001:db8::1"] {
            assert_eq!(good.parse::<Flood>().unwrap().to_string(), good);
        }
        assert_eq!("static 192.0.2.2,192.0.2.1".parse::<Flood>().unwrap().addresses(), "192.0.2.1 192.0.2.2");
        for bad in ["", "bgp 192.0.2.1", "static", "static 239.1.1.1", "multicast", "multicast 192.0.2.1", "ingress"] {
            assert!(bad.parse::<Flood>().is_err(), "{bad:?}");
        }
        assert!("multicast 239.1.1.1 239.1.1.2".parse::<Flood>().is_err());
        assert!("static nobody".parse::<Flood>().unwrap_err().to_string().contains("nobody"));
    }

    #[test]
    fn a_route_distinguisher_fits_into_six_octets() {
        for good in ["auto", "65000:10100", "65535:4294967295", "4200000000:65535", "192.0.2.1:3000"] {
            assert_eq!(good.parse::<RouteId>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "Auto",
            "65000",
            "65000:",
            ":1",
            "65536:65536",
            "192.0.2.1:65536",
            "1:4294967296",
            "+1:1",
            "a:b",
            "1:2:3",
        ] {
            assert!(bad.parse::<RouteId>().is_err(), "{bad:?}");
        }
    }
}
