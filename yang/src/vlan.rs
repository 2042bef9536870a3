//! VLAN identifiers, sets of them, and the VLAN itself.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::VlanName;

/// A VLAN identifier, 1 to 4094; nothing else can be built.
///
/// `vlan-id` of openconfig-vlan-types. 0 and 4095 are reserved by IEEE 802.1Q.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct VlanId(u16);

impl VlanId {
    /// The lowest VLAN, 1.
    pub const MIN: VlanId = VlanId(1);
    /// The highest VLAN, 4094.
    pub const MAX: VlanId = VlanId(4094);

    /// The number, 1 to 4094.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u16> for VlanId {
    type Error = VlanError;

    fn try_from(number: u16) -> Result<Self, VlanError> {
        if (Self::MIN.0..=Self::MAX.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(VlanError::OutOfRange(u64::from(number)))
        }
    }
}

impl TryFrom<u64> for VlanId {
    type Error = VlanError;

    fn try_from(number: u64) -> Result<Self, VlanError> {
        u16::try_from(number)
            .map_err(|_| VlanError::OutOfRange(number))?
            .try_into()
            .map_err(|_| VlanError::OutOfRange(number))
    }
}

impl FromStr for VlanId {
    type Err = VlanError;

    fn from_str(text: &str) -> Result<Self, VlanError> {
        let digits = text.trim();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(VlanError::NotANumber(clip(text)));
        }
        match digits.parse::<u64>() {
            Ok(number) => number.try_into(),
            Err(_) => Err(VlanError::NotANumber(clip(text))),
        }
    }
}

/// An inclusive range of VLANs; `vlan-range` of openconfig-vlan-types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanRange {
    first: VlanId,
    last: VlanId,
}

impl VlanRange {
    /// The range from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`VlanError::Reversed`] when `last` is lower than `first`.
    pub fn new(first: VlanId, last: VlanId) -> Result<Self, VlanError> {
        if last < first {
            return Err(VlanError::Reversed(first, last));
        }
        Ok(Self { first, last })
    }

    /// The lowest VLAN of the range.
    #[must_use]
    pub const fn first(self) -> VlanId {
        self.first
    }

    /// The highest VLAN of the range.
    #[must_use]
    pub const fn last(self) -> VlanId {
        self.last
    }

    /// How many VLANs the range holds, 1 to 4094.
    #[must_use]
    pub const fn size(self) -> u16 {
        self.last.0 - self.first.0 + 1
    }

    /// The range written with the given separator between its ends; a range
    /// of one VLAN is just its number.
    #[must_use]
    pub fn with_separator(self, separator: &str) -> String {
        if self.first == self.last { self.first.to_string() } else { format!("{}{separator}{}", self.first, self.last) }
    }
}

/// A set of VLANs, kept as the fewest ascending ranges, so that two equal sets
/// have one spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanSet {
    ranges: Vec<VlanRange>,
}

impl VlanSet {
    /// The set of no VLANs.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// Every VLAN, 1 to 4094.
    #[must_use]
    pub fn full() -> Self {
        Self { ranges: vec![VlanRange { first: VlanId::MIN, last: VlanId::MAX }] }
    }

    /// Whether the set holds no VLAN.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many VLANs the set holds, 0 to 4094.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.iter().map(|range| usize::from(range.size())).sum()
    }

    /// Whether `vlan` is in the set.
    #[must_use]
    pub fn contains(&self, vlan: VlanId) -> bool {
        self.ranges.iter().any(|range| (range.first..=range.last).contains(&vlan))
    }

    /// The fewest ranges that make the set, ascending.
    #[must_use]
    pub fn ranges(&self) -> &[VlanRange] {
        &self.ranges
    }

    /// Every VLAN of the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = VlanId> + '_ {
        self.ranges.iter().flat_map(|range| (range.first.0..=range.last.0).map(VlanId))
    }

    /// The VLANs that are in this set or in `other`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.ranges.iter().chain(&other.ranges).copied().collect()
    }

    /// The VLANs of this set that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.iter().filter(|vlan| !other.contains(*vlan)).collect()
    }

    /// This set with `vlan` in it.
    #[must_use]
    pub fn with(&self, vlan: VlanId) -> Self {
        self.union(&std::iter::once(vlan).collect())
    }
}

impl FromIterator<VlanRange> for VlanSet {
    fn from_iter<I: IntoIterator<Item = VlanRange>>(ranges: I) -> Self {
        let mut sorted: Vec<VlanRange> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut merged: Vec<VlanRange> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match merged.last_mut() {
                Some(previous) if range.first.0 <= previous.last.0 + 1 => {
                    previous.last = previous.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        Self { ranges: merged }
    }
}

impl FromIterator<VlanId> for VlanSet {
    fn from_iter<I: IntoIterator<Item = VlanId>>(vlans: I) -> Self {
        vlans.into_iter().map(|vlan| VlanRange { first: vlan, last: vlan }).collect()
    }
}

impl FromStr for VlanSet {
    type Err = VlanError;

    /// Reads `100,102-104`; `x..y` (openconfig-vlan-types) means the same as
    /// `x-y`. Empty text is the set of no VLANs.
    fn from_str(text: &str) -> Result<Self, VlanError> {
        if text.trim().is_empty() {
            return Ok(Self::new());
        }
        text.split(',').map(parse_range).collect()
    }
}

fn parse_range(item: &str) -> Result<VlanRange, VlanError> {
    let ends = item.split_once("..").or_else(|| item.split_once('-'));
    match ends {
        Some((first, last)) => VlanRange::new(first.parse()?, last.parse()?),
        None => {
            let vlan = item.parse()?;
            VlanRange::new(vlan, vlan)
        }
    }
}

impl fmt::Display for VlanSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ranges.is_empty() {
            return f.write_str("none");
        }
        for (index, range) in self.ranges.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}", range.with_separator("-"))?;
        }
        Ok(())
    }
}

impl Serialize for VlanSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a VLAN forwards; `status` of openconfig-vlan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VlanStatus {
    /// The VLAN forwards; what an absent leaf means.
    #[default]
    Active,
    /// The VLAN exists and does not forward.
    Suspended,
    /// What a switch says and the model has no word for.
    #[serde(untagged)]
    Other(String),
}

impl VlanStatus {
    /// The enumeration's word, or the switch's own.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Other(word) => word,
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "ACTIVE" => Self::Active,
            "SUSPENDED" => Self::Suspended,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A VLAN of a network instance:
/// `/network-instances/network-instance/vlans/vlan/config`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Vlan {
    /// The list key.
    #[serde(rename = "vlan-id")]
    pub id: VlanId,
    /// What people call it, where the switch has been told.
    pub name: Option<VlanName>,
    /// Whether it forwards.
    pub status: VlanStatus,
}

/// Why text or a number is not a VLAN or a set of VLANs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VlanError {
    /// The number is outside 1 to 4094.
    #[error("VLAN {0} is outside 1 to 4094")]
    OutOfRange(u64),
    /// The text is not a decimal number.
    #[error("{0:?} is not a VLAN number")]
    NotANumber(String),
    /// The range ends before it begins.
    #[error("the range {0}-{1} ends before it begins")]
    Reversed(VlanId, VlanId),
}

fn clip(text: &str) -> String {
    text.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_1_to_4094_can_be_built() {
        for bad in [0u16, 4095, 4096, u16::MAX] {
            assert_eq!(VlanId::try_from(bad), Err(VlanError::OutOfRange(u64::from(bad))));
        }
        assert_eq!(VlanId::try_from(1u16).unwrap().get(), 1);
        assert_eq!(VlanId::try_from(4094u64).unwrap().get(), 4094);
        assert!(VlanId::try_from(65_537u64).is_err());
        for bad in ["", " ", "+5", "-1", "0x10", "1.0", "١٢", "99999999999999999999"] {
            assert!(bad.parse::<VlanId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn equal_sets_have_one_spelling() {
        let set: VlanSet = "102..104,100,103,101,4094".parse().unwrap();
        assert_eq!(set.to_string(), "100-104,4094");
        assert_eq!(set.len(), 6);
        assert_eq!("".parse::<VlanSet>().unwrap(), VlanSet::new());
        assert_eq!("1-4094".parse::<VlanSet>().unwrap(), VlanSet::full());
        for bad in ["20-10", "1,,2", "1-", "1-5000", "x20..30", "20..5a", ","] {
            assert!(bad.parse::<VlanSet>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_set_is_what_was_put_in(numbers in prop::collection::btree_set(1u16..=4094, 0..60)) {
            let set: VlanSet = numbers.iter().map(|n| VlanId::try_from(*n).unwrap()).collect();
            prop_assert_eq!(set.iter().map(VlanId::get).collect::<Vec<_>>(), numbers.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), numbers.len());
            if !set.is_empty() {
                prop_assert_eq!(set.to_string().parse::<VlanSet>().unwrap(), set.clone());
            }
            for n in 1..=4094u16 {
                prop_assert_eq!(set.contains(VlanId::try_from(n).unwrap()), numbers.contains(&n));
            }
            for pair in set.ranges().windows(2) {
                prop_assert!(pair[0].last().get() + 1 < pair[1].first().get());
            }
        }
    }
}
