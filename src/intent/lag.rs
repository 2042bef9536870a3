//! What a caller wants of an aggregate (a LAG), on one switch or on several.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use mercury_model::{Description, InterfaceName, LacpInterval, LagType, SwitchedVlan, VlanSet, Vni};
use serde::Serialize;
use serde_json::Value;

use super::{CardPort, Fields, Setting, StpIntent};
use crate::fault::Fault;

/// What a caller calls an aggregate, 1 to 255 characters: a name of the
/// switch's, or any other. One that is made for it bears it in its description.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LagName(String);

impl LagName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, as one that a new aggregate can bear: at most 64 characters and
    /// no brackets.
    ///
    /// # Errors
    /// [`crate::fault::FaultKind::InvalidValue`], naming the parameter.
    pub(super) fn bearable(self, parameter: impl Into<String>) -> Result<Self, Fault> {
        let length = self.0.chars().count();
        match self.0.contains(['[', ']']) {
            true => Err(Fault::value(parameter, "it holds a bracket")),
            false if length > 64 => Err(Fault::value(parameter, format!("it has {length} characters, more than 64"))),
            false => Ok(self),
        }
    }
}

impl fmt::Display for LagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LagName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name: InterfaceName = text.parse().map_err(|error: mercury_model::TextError| error.to_string())?;
        Ok(Self(name.to_string()))
    }
}

/// What is wanted of one aggregate of one switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LagIntent {
    /// What the caller calls it.
    pub name: LagName,
    /// Which parameter named it, for errors.
    pub parameter: &'static str,
    /// Whether it is to be there.
    pub presence: Presence,
    /// `lag-type`; one that is new and of which nothing is said speaks LACP.
    pub lag_type: Option<LagType>,
    /// How often LACPDUs are asked for.
    pub interval: Option<LacpInterval>,
    /// `min-links`.
    pub min_links: Option<u16>,
    /// `description`, without the name.
    pub description: Setting<Option<Description>>,
    /// `enabled`.
    pub enabled: Setting<bool>,
    /// `mtu`.
    pub mtu: Setting<Option<u16>>,
    /// `switched-vlan`.
    pub switched_vlan: Setting<Option<SwitchedVlan>>,
    /// Spanning tree.
    pub stp: StpIntent,
    /// Whether its links go down and come up once it has new VLANs.
    pub bounces: bool,
    /// The links of a bond, which alone are its members; `None` where ports
    /// join it by its name ([`super::Membership::Join`]).
    pub links: Option<BTreeSet<InterfaceName>>,
    /// The number it is to have where it is new, as agreed with other switches.
    pub number: Option<u16>,
    /// The VNI whose VLAN its untagged frames are to have, where `switched_vlan` leaves
    /// that open.
    pub untagged_vni: Option<Vni>,
}

impl LagIntent {
    /// Nothing wanted of this aggregate but that it is there.
    #[must_use]
    pub const fn new(name: LagName, parameter: &'static str) -> Self {
        Self {
            name,
            parameter,
            presence: Presence::Present,
            lag_type: None,
            interval: None,
            min_links: None,
            description: Setting::Keep,
            enabled: Setting::Keep,
            mtu: Setting::Keep,
            switched_vlan: Setting::Keep,
            stp: StpIntent { edge_port: Setting::Keep, bpdu_guard: Setting::Keep },
            bounces: false,
            links: None,
            number: None,
            untagged_vni: None,
        }
    }
}

/// What is to have a number: the same on several switches, or one that is free.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// An aggregate, by its name.
    Lag(LagName),
    /// A VNI; its number is that of a VLAN.
    Vni(Vni),
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lag(name) => name.fmt(f),
            Self::Vni(vni) => write!(f, "VNI {vni}"),
        }
    }
}

/// What one switch of a request tells the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// The numbers that would do for each claim.
    pub numbers: BTreeMap<Claim, Offer>,
    /// The VLANs that nothing on a card has any more.
    pub released: BTreeMap<CardPort, VlanSet>,
}

/// What all of them come to, for one switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The number of each claim.
    pub numbers: BTreeMap<Claim, u16>,
    /// The VLANs that cards have no use for any more.
    pub released: BTreeMap<CardPort, VlanSet>,
}

/// The numbers that would do for one claim on one switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which switches are to agree.
    pub domain: String,
    /// The number it has already.
    pub has: Option<u16>,
    /// The numbers that nothing has.
    pub free: BTreeSet<u16>,
}

/// Whether an aggregate is to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Presence {
    /// It is made if it is not there.
    Present,
    /// It is taken away with all that is configured on it; one that the
    /// network team made loses its VLANs only.
    Absent,
}

/// `local_group_information`: how a server bonds its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `name`, or `lag-` and the beginning of `id`, as Ironic says it.
    pub name: Option<LagName>,
    /// What the switch has to do for it; `None` where it has to know nothing,
    /// because the server uses one link at a time or balances by itself.
    pub lag_type: Option<LagType>,
    /// `lacp_rate`.
    pub interval: Option<LacpInterval>,
    /// `min_links`.
    pub min_links: Option<u16>,
}

impl Group {
    /// Reads `local_group_information`.
    ///
    /// # Errors
    /// The first member that cannot be used, by name.
    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, Fault> {
        let name = fields.parsed_or_none::<LagName>("name")?;
        let name = name.map(|name| name.bearable(fields.path("name"))).transpose()?;
        let id = fields.text("id")?.filter(|id| !id.is_empty());
        let from_id = |id: &str| format!("lag-{}", id.chars().take(8).collect::<String>());
        let named = |id: &str| {
            let name: LagName = from_id(id).parse().map_err(|error| Fault::value(fields.path("id"), error))?;
            name.bearable(fields.path("id"))
        };
        let from_id = id.map(named).transpose()?;
        let mode = fields.get("bond_mode").map(|value| bond_mode(&fields.path("bond_mode"), value)).transpose()?;
        let (interval, min_links) = match fields.object("bond_properties")? {
            Some(properties) => properties_of(properties)?,
            None => (None, None),
        };
        // Linux and Ironic both begin with active-backup; whoever groups ports says so.
        Ok(Self { name: name.or(from_id), lag_type: mode.flatten(), interval, min_links })
    }
}

/// The modes of Linux's bonding driver, by name or number.
fn bond_mode(path: &str, value: &Value) -> Result<Option<LagType>, Fault> {
    let word = match value {
        Value::String(word) => word.clone(),
        Value::Number(number) => number.to_string(),
        other => return Err(Fault::value(path, format!("must be a bonding mode, not {}", super::kind(other)))),
    };
    match word.as_str() {
        "802.3ad" | "4" | "lacp" => Ok(Some(LagType::Lacp)),
        "balance-rr" | "0" | "balance-xor" | "2" | "broadcast" | "3" => Ok(Some(LagType::Static)),
        "active-backup" | "1" | "balance-tlb" | "5" | "balance-alb" | "6" => Ok(None),
        other => {
            let shown: String = other.chars().take(32).collect();
            let known =
                "balance-rr, active-backup, balance-xor, broadcast, 802.3ad, balance-tlb, balance-alb or 0 to 6";
            Err(Fault::value(path, format!("must be {known}, not {shown:?}")))
        }
    }
}

/// What of a bond's properties the switch has to know; the others are the
/// server's own, and there are many.
fn properties_of(mut fields: Fields<'_>) -> Result<(Option<LacpInterval>, Option<u16>), Fault> {
    let mut interval = None;
    for name in ["lacp_rate", "bond_lacp_rate"] {
        if let Some(value) = fields.get(name) {
            interval = Some(lacp_rate(&fields.path(name), value)?);
        }
    }
    let mut min_links = None;
    for name in ["min_links", "bond_min_links"] {
        if let Some(value) = fields.get(name) {
            let path = fields.path(name);
            let number = match value {
                Value::String(digits) => digits.parse().ok(),
                other => other.as_u64(),
            };
            let number = number.and_then(|number| u16::try_from(number).ok());
            let wrong = || Fault::value(path, format!("must be 0 to 65535, not {}", super::kind(value)));
            min_links = Some(number.ok_or_else(wrong)?).filter(|links| *links > 0);
        }
    }
    Ok((interval, min_links))
}

fn lacp_rate(path: &str, value: &Value) -> Result<LacpInterval, Fault> {
    match value {
        Value::String(word) if word == "fast" || word == "1" => Ok(LacpInterval::Fast),
        Value::String(word) if word == "slow" || word == "0" => Ok(LacpInterval::Slow),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(LacpInterval::Fast),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(LacpInterval::Slow),
        other => Err(Fault::value(path, format!("must be slow, fast, 0 or 1, not {}", super::kind(other)))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group(value: &Value) -> Result<Group, Fault> {
        Group::read(Fields::of("group", value).unwrap())
    }

    #[test]
    fn a_bond_is_what_the_switch_has_to_know_of_it() {
        let lacp = group(&json!({"id": "8d1f00aa-1234", "name": "bond0", "bond_mode": "802.3ad",
            "bond_properties": {"bond_lacp_rate": "fast", "min_links": "2", "bond_xmit_hash_policy": "layer3+4"}}))
        .unwrap();
        let wanted = Group {
            name: "bond0".parse().ok(),
            lag_type: Some(LagType::Lacp),
            interval: Some(LacpInterval::Fast),
            min_links: Some(2),
        };
        assert_eq!(lacp, wanted);
        let of_mode = |mode: Value| group(&json!({"id": "8d1f00aa-1234", "bond_mode": mode})).unwrap();
        assert_eq!(of_mode(json!(4)).lag_type, Some(LagType::Lacp));
        assert_eq!(of_mode(json!("balance-xor")).lag_type, Some(LagType::Static));
        assert_eq!(of_mode(json!("active-backup")).lag_type, None);
        assert_eq!(of_mode(json!("4")).name.unwrap().as_str(), "lag-8d1f00aa");
    }

    #[test]
    fn what_a_bond_cannot_be_is_named() {
        for (value, named) in [
            (json!({"bond_mode": "8023ad"}), "group.bond_mode"),
            (json!({"bond_mode": [4]}), "group.bond_mode"),
            (json!({"bond_properties": {"lacp_rate": "quick"}}), "group.bond_properties.lacp_rate"),
            (json!({"bond_properties": {"min_links": -1}}), "group.bond_properties.min_links"),
            (json!({"name": "a[b]"}), "group.name"),
        ] {
            assert_eq!(group(&value).unwrap_err().parameter.as_deref(), Some(named), "{value}");
        }
    }
}
