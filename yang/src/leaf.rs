//! An interface's leaves as a table: reading, comparing, showing and writing
//! them are loops over [`Leaf::ALL`]. A leaf more is a line in each function
//! here, its place in the dialects, and its cases.

use std::fmt;

use serde::Serialize;

use crate::{
    Aggregation, Description, EdgePort, Interface, InterfaceName, Lacp, LacpInterval, LacpMode, LagType, Stp,
    SwitchedVlan,
};

/// One leaf of an interface; [`Leaf::SwitchedVlan`] stands for the leaves of
/// `switched-vlan/config`, which mean something only together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaf {
    /// `config/description`.
    Description,
    /// `config/enabled`.
    Enabled,
    /// `config/mtu`, octets.
    Mtu,
    /// `aggregation/config/lag-type`.
    LagType,
    /// `aggregation/config/min-links`.
    MinLinks,
    /// The number that two switches give an aggregate that they share; a
    /// vendor's augment.
    MlagId,
    /// `interval` of `/lacp/interfaces/interface/config`.
    LacpInterval,
    /// `lacp-mode` of `/lacp/interfaces/interface/config`.
    LacpMode,
    /// `ethernet/config/aggregate-id`.
    AggregateId,
    /// `switched-vlan/config`.
    SwitchedVlan,
    /// `edge-port` of `/stp/interfaces/interface/config`.
    EdgePort,
    /// `bpdu-guard` of `/stp/interfaces/interface/config`.
    BpduGuard,
}

/// A list beside the interfaces' own in which an interface may have an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// `/lacp/interfaces/interface`.
    Lacp,
    /// `/stp/interfaces/interface`.
    Stp,
}

impl List {
    /// Every list.
    pub const ALL: [Self; 2] = [Self::Lacp, Self::Stp];

    /// Its module's word for itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lacp => "lacp",
            Self::Stp => "stp",
        }
    }
}

/// What a leaf holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A text or a name.
    Text(String),
    /// A number.
    Number(u16),
    /// A boolean.
    Boolean(bool),
    /// An enumeration's or an identity's local name.
    Word(&'static str),
    /// What VLANs are carried.
    SwitchedVlan(SwitchedVlan),
    /// What the model has no word for.
    Foreign(Foreign),
}

/// A leaf's values as the device shows them, where the model has no word for
/// them: shown, left alone, and put back as they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Foreign(Vec<String>);

impl Foreign {
    /// These values, as read; one for a leaf, any number for a leaf-list.
    #[must_use]
    pub const fn new(values: Vec<String>) -> Self {
        Self(values)
    }

    /// The values, as read.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.0
    }
}

/// The leaves that hold what the model has no word for: few, of few interfaces, of which there
/// are many. Where there is none, nothing is held.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ForeignLeaves(Option<Box<OddLeaves>>);

/// In their order, and never none.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct OddLeaves(Vec<(Leaf, Foreign)>);

impl ForeignLeaves {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What a leaf holds.
    #[must_use]
    pub fn get(&self, leaf: Leaf) -> Option<&Foreign> {
        self.iter().find(|(own, _)| *own == leaf).map(|(_, held)| held)
    }

    /// Puts what a leaf holds there, in place of what it held.
    pub fn insert(&mut self, leaf: Leaf, held: Foreign) {
        self.remove(leaf);
        let OddLeaves(all) = &mut **self.0.get_or_insert_default();
        all.reserve_exact(1);
        let at = all.partition_point(|(own, _)| *own < leaf);
        all.insert(at, (leaf, held));
    }

    /// Takes a leaf away.
    pub fn remove(&mut self, leaf: Leaf) {
        if let Some(held) = &mut self.0 {
            held.0.retain(|(own, _)| *own != leaf);
        }
        self.0.take_if(|held| held.0.is_empty());
    }

    /// Each leaf and what it holds, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Leaf, &Foreign)> {
        self.0.iter().flat_map(|held| &held.0).map(|(leaf, held)| (*leaf, held))
    }
}

impl Serialize for ForeignLeaves {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl fmt::Debug for ForeignLeaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Characters of each value that are shown.
        const SHOWN: usize = 64;
        for (index, value) in self.0.iter().enumerate() {
            let short: String = value.chars().take(SHOWN).collect();
            let cut = if short.len() < value.len() { "…" } else { "" };
            write!(f, "{}\"{}{cut}\"", if index > 0 { ", " } else { "" }, short.escape_debug())?;
        }
        Ok(())
    }
}

impl Leaf {
    /// Every leaf, in the order in which a plan changes them.
    pub const ALL: [Self; 12] = [
        Self::Description,
        Self::Enabled,
        Self::Mtu,
        Self::LagType,
        Self::MinLinks,
        Self::MlagId,
        Self::LacpInterval,
        Self::LacpMode,
        Self::AggregateId,
        Self::SwitchedVlan,
        Self::EdgePort,
        Self::BpduGuard,
    ];

    /// The leaf's name in dialect files, deviations, plans and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Enabled => "enabled",
            Self::Mtu => "mtu",
            Self::LagType => "aggregation.lag-type",
            Self::MinLinks => "aggregation.min-links",
            Self::MlagId => "aggregation.mlag-id",
            Self::LacpInterval => "lacp.interval",
            Self::LacpMode => "lacp.lacp-mode",
            Self::AggregateId => "aggregate-id",
            Self::SwitchedVlan => "switched-vlan",
            Self::EdgePort => "stp.edge-port",
            Self::BpduGuard => "stp.bpdu-guard",
        }
    }

    /// Whether only an aggregate has it.
    #[must_use]
    pub const fn is_of_aggregates(self) -> bool {
        matches!(self, Self::LagType | Self::MinLinks | Self::MlagId | Self::LacpInterval | Self::LacpMode)
    }

    /// The leaf that is called so.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|leaf| leaf.name() == name)
    }

    /// Whether OpenConfig has it, so that a dialect must say where it lies or
    /// why it does not; others are a vendor's own.
    #[must_use]
    pub const fn is_standard(self) -> bool {
        !matches!(self, Self::MlagId)
    }

    /// The list beside the interfaces' own that holds it.
    #[must_use]
    pub const fn list(self) -> Option<List> {
        match self {
            Self::LacpInterval | Self::LacpMode => Some(List::Lacp),
            Self::EdgePort | Self::BpduGuard => Some(List::Stp),
            _ => None,
        }
    }

    /// What an interface holds; `None` where the leaf is absent.
    #[must_use]
    pub fn get(self, of: &Interface) -> Option<Value> {
        if let Some(foreign) = of.foreign.get(self) {
            return Some(Value::Foreign(foreign.clone()));
        }
        let aggregation = of.aggregation.unwrap_or_default();
        let stp = of.stp.unwrap_or_default();
        match self {
            Self::Description => of.description.as_ref().map(|text| Value::Text(text.to_string())),
            Self::Enabled => Some(Value::Boolean(of.enabled)),
            Self::Mtu => of.mtu.map(Value::Number),
            Self::LagType => aggregation.lag_type.map(|kind| Value::Word(kind.word())),
            Self::MinLinks => aggregation.min_links.map(Value::Number),
            Self::MlagId => aggregation.mlag_id.map(Value::Number),
            Self::LacpInterval => of.lacp.map(|lacp| Value::Word(lacp.interval.word())),
            Self::LacpMode => of.lacp.map(|lacp| Value::Word(lacp.lacp_mode.word())),
            Self::AggregateId => of.aggregate_id.as_ref().map(|name| Value::Text(name.to_string())),
            Self::SwitchedVlan => of.switched_vlan.clone().map(Value::SwitchedVlan),
            Self::EdgePort => stp.edge_port.map(|edge| Value::Word(edge.identity())),
            Self::BpduGuard => stp.bpdu_guard.map(Value::Boolean),
        }
    }

    /// Makes an interface hold `value`, or nothing. What is not of the leaf's
    /// type is kept as foreign.
    pub fn set(self, of: &mut Interface, value: Option<Value>) {
        of.foreign.remove(self);
        let is_foreign = matches!(value, Some(Value::Foreign(_)));
        let known = match &value {
            Some(Value::Foreign(foreign)) => {
                of.foreign.insert(self, foreign.clone());
                None
            }
            _ => value,
        };
        let text = || known.as_ref().and_then(Value::text);
        let number = match known {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        };
        let boolean = match known {
            Some(Value::Boolean(boolean)) => Some(boolean),
            _ => None,
        };
        let aggregation = of.aggregation.unwrap_or_default();
        let stp = of.stp.unwrap_or_default();
        match self {
            Self::Description => of.description = text().map(Description::shown),
            Self::Enabled => of.enabled = boolean.unwrap_or(true),
            Self::Mtu => of.mtu = number,
            Self::LagType => {
                let lag_type = text().and_then(LagType::from_word);
                of.aggregation = Aggregation { lag_type, ..aggregation }.or_none();
            }
            Self::MinLinks => of.aggregation = Aggregation { min_links: number, ..aggregation }.or_none(),
            Self::MlagId => of.aggregation = Aggregation { mlag_id: number, ..aggregation }.or_none(),
            // The entry is there all the same.
            Self::LacpInterval | Self::LacpMode if is_foreign => {}
            Self::LacpInterval => {
                let interval = text().and_then(LacpInterval::from_word);
                of.lacp = interval.map(|interval| Lacp { interval, ..of.lacp.unwrap_or_default() });
            }
            Self::LacpMode => {
                let mode = text().and_then(LacpMode::from_word);
                of.lacp = mode.map(|lacp_mode| Lacp { lacp_mode, ..of.lacp.unwrap_or_default() });
            }
            Self::AggregateId => of.aggregate_id = text().map(InterfaceName::shown),
            Self::SwitchedVlan => {
                of.switched_vlan = match known {
                    Some(Value::SwitchedVlan(vlans)) => Some(vlans),
                    _ => None,
                };
            }
            Self::EdgePort => of.stp = Stp::of(text().and_then(EdgePort::from_identity), stp.bpdu_guard),
            Self::BpduGuard => of.stp = Stp::of(stp.edge_port, boolean),
        }
    }

    /// A device's text for the leaf, in the model's words; what the model has
    /// no word for is foreign. Not for [`Leaf::SwitchedVlan`].
    #[must_use]
    pub fn read(self, text: &str) -> Value {
        let known = match self {
            Self::Description | Self::AggregateId => Some(Value::Text(text.to_owned())),
            Self::Enabled | Self::BpduGuard => match text {
                "true" => Some(Value::Boolean(true)),
                "false" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Mtu | Self::MinLinks | Self::MlagId => text.parse().ok().map(Value::Number),
            Self::LagType => LagType::from_word(text).map(|kind| Value::Word(kind.word())),
            Self::LacpInterval => LacpInterval::from_word(text).map(|interval| Value::Word(interval.word())),
            Self::LacpMode => LacpMode::from_word(text).map(|mode| Value::Word(mode.word())),
            Self::EdgePort => EdgePort::from_identity(text).map(|edge| Value::Word(edge.identity())),
            Self::SwitchedVlan => None,
        };
        known.unwrap_or_else(|| Value::Foreign(Foreign::new(vec![text.to_owned()])))
    }
}

impl Value {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The value in the model's spelling, as it would stand in an instance;
    /// `None` for what is more than one value.
    #[must_use]
    pub fn spelled(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Boolean(boolean) => Some(boolean.to_string()),
            Self::Word(word) => Some((*word).to_owned()),
            Self::SwitchedVlan(_) | Self::Foreign(_) => None,
        }
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Leaf {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
            Self::Word(word) => f.write_str(word),
            Self::SwitchedVlan(vlans) => vlans.fmt(f),
            Self::Foreign(foreign) => foreign.fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u16(*number),
            Self::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Self::Word(word) => serializer.serialize_str(word),
            Self::SwitchedVlan(vlans) => vlans.serialize(serializer),
            Self::Foreign(foreign) => foreign.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_that_are_taken_away_leave_nothing() {
        let held = |text: &str| Foreign::new(vec![text.to_owned()]);
        let mut leaves = ForeignLeaves::new();
        leaves.insert(Leaf::Mtu, held("a"));
        leaves.insert(Leaf::Description, held("b"));
        leaves.insert(Leaf::Mtu, held("c"));
        let all: Vec<_> = leaves.iter().map(|(leaf, held)| (leaf, held.clone())).collect();
        assert!(all.is_sorted() && all.len() == 2);
        assert_eq!(leaves.get(Leaf::Mtu), Some(&held("c")));
        leaves.remove(Leaf::Mtu);
        leaves.remove(Leaf::Description);
        assert!(leaves.is_empty() && leaves == ForeignLeaves::new());
        leaves.remove(Leaf::Mtu);
        assert!(leaves.is_empty());
        assert_eq!(size_of::<ForeignLeaves>(), size_of::<usize>());
    }
}
