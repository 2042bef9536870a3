//! `/interfaces/interface` of openconfig-interfaces with the augments Mercury
//! writes: ethernet, aggregation, switched-vlan, and the interface's entries in
//! openconfig-lacp and openconfig-spanning-tree.

use serde::Serialize;

use crate::{Description, ForeignLeaves, InterfaceName, Stp, SwitchedVlan};

/// `type` of an interface, an identity of iana-if-type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum InterfaceType {
    /// `ethernetCsmacd`: a physical Ethernet port.
    EthernetCsmacd,
    /// `ieee8023adLag`: an aggregate.
    Ieee8023adLag,
    /// Any other identity, by its local name.
    #[serde(untagged)]
    Other(String),
}

impl InterfaceType {
    /// The identity's local name.
    #[must_use]
    pub fn identity(&self) -> &str {
        match self {
            Self::EthernetCsmacd => "ethernetCsmacd",
            Self::Ieee8023adLag => "ieee8023adLag",
            Self::Other(name) => name,
        }
    }

    /// The type with this local name.
    #[must_use]
    pub fn from_identity(name: &str) -> Self {
        match name {
            "ethernetCsmacd" => Self::EthernetCsmacd,
            "ieee8023adLag" => Self::Ieee8023adLag,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// `lag-type` of openconfig-if-aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LagType {
    /// Members join by LACP.
    Lacp,
    /// Members are always in.
    Static,
}

impl LagType {
    /// The enumeration's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lacp => "LACP",
            Self::Static => "STATIC",
        }
    }

    /// The value of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Lacp, Self::Static].into_iter().find(|value| value.word() == word)
    }
}

/// `aggregation/config` of openconfig-if-aggregate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Aggregation {
    /// How members join.
    pub lag_type: Option<LagType>,
    /// Members that must be up for the aggregate to be up.
    pub min_links: Option<u16>,
    /// The number by which two switches know that they share the aggregate
    /// (MLAG, MC-LAG). OpenConfig has no such leaf; a vendor's augment may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mlag_id: Option<u16>,
}

impl Aggregation {
    /// These settings; `None` without any.
    #[must_use]
    pub fn or_none(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// `interval` of openconfig-lacp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LacpInterval {
    /// One LACPDU a second.
    Fast,
    /// One LACPDU every 30 seconds; what an absent leaf means.
    #[default]
    Slow,
}

impl LacpInterval {
    /// The enumeration's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fast => "FAST",
            Self::Slow => "SLOW",
        }
    }

    /// The value of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Fast, Self::Slow].into_iter().find(|value| value.word() == word)
    }
}

/// `lacp-mode` of openconfig-lacp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LacpMode {
    /// Sends LACPDUs unasked; what an absent leaf means.
    #[default]
    Active,
    /// Answers LACPDUs only.
    Passive,
}

impl LacpMode {
    /// The enumeration's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Passive => "PASSIVE",
        }
    }

    /// The value of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::Passive].into_iter().find(|value| value.word() == word)
    }
}

/// `/lacp/interfaces/interface/config` of openconfig-lacp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lacp {
    /// How often LACPDUs are sent.
    pub interval: LacpInterval,
    /// Who begins.
    pub lacp_mode: LacpMode,
}

/// One interface's configuration, as far as Mercury knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Interface {
    /// The list key.
    pub name: InterfaceName,
    /// `config/type`, where the switch says it.
    #[serde(rename = "type")]
    pub kind: Option<InterfaceType>,
    /// `config/enabled`; an absent leaf means enabled.
    pub enabled: bool,
    /// `config/description`.
    pub description: Option<Description>,
    /// `config/mtu` in octets, as the switch counts them.
    pub mtu: Option<u16>,
    /// `ethernet/switched-vlan`, or `aggregation/switched-vlan` of an
    /// aggregate.
    pub switched_vlan: Option<SwitchedVlan>,
    /// `ethernet/config/aggregate-id`: the aggregate it is a member of.
    pub aggregate_id: Option<InterfaceName>,
    /// `aggregation/config`, of an aggregate.
    pub aggregation: Option<Aggregation>,
    /// The aggregate's entry in `/lacp/interfaces`.
    pub lacp: Option<Lacp>,
    /// The interface's entry in `/stp/interfaces`; `None` where the scope does
    /// not ask for it.
    pub stp: Option<Stp>,
    /// Leaves that hold what the fields above have no word for; those fields
    /// are then as if the leaf were absent. Foreign VLANs are in
    /// `switched_vlan`.
    #[serde(skip_serializing_if = "ForeignLeaves::is_empty")]
    pub foreign: ForeignLeaves,
}

impl Interface {
    /// An interface of which nothing is configured.
    #[must_use]
    pub const fn new(name: InterfaceName) -> Self {
        Self {
            name,
            kind: None,
            enabled: true,
            description: None,
            mtu: None,
            switched_vlan: None,
            aggregate_id: None,
            aggregation: None,
            lacp: None,
            stp: None,
            foreign: ForeignLeaves::new(),
        }
    }

    /// Whether it is an aggregate (a LAG).
    #[must_use]
    pub fn is_aggregate(&self) -> bool {
        self.kind == Some(InterfaceType::Ieee8023adLag) || self.aggregation.is_some()
    }
}
