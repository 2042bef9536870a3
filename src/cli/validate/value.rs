//! Values that no system takes, whatever its words for them: numbers out of range.

use mercury_model::{Foreign, ForeignVlans, Leaf, VlanId};

/// A value that is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoValue {
    /// Of which leaf.
    pub(super) what: String,
    pub(super) value: String,
    /// What it may be.
    pub(super) range: &'static str,
}

const VLANS: &str = "VLANs are 1 to 4094";
const MTUS: &str = "an MTU is 1 to 65535 octets";

/// The VLANs among what is not understood of a port that no switch can have.
pub(super) fn no_vlans(held: &ForeignVlans) -> Vec<NoValue> {
    let said =
        [("access-vlan", &held.access_vlan), ("native-vlan", &held.native_vlan), ("trunk-vlans", &held.trunk_vlans)];
    let parts = held.trunk_parts.values().map(|values| ("trunk-vlans", values));
    let said = said.into_iter().chain(parts).flat_map(|(what, values)| values.iter().map(move |value| (what, value)));
    let said = said.map(|(what, value)| (what.to_owned(), value.as_str()));
    // A line as it was typed ends with its VLANs.
    let line = |line: &str| {
        let words = line.trim_end_matches('"');
        let (before, last) = words.rsplit_once(char::is_whitespace)?;
        before.contains("vlan").then(|| (before.rsplit('"').next().unwrap_or(before).to_owned(), last.to_owned()))
    };
    let lines: Vec<(String, String)> = held.others.iter().filter_map(|own| line(own)).collect();
    let lines = lines.iter().map(|(what, value)| (what.clone(), value.as_str()));
    let mut wrong: Vec<NoValue> = Vec::new();
    for (what, value) in said.chain(lines).filter(|(_, value)| is_out_of_range(value)) {
        // One line may be two leaves.
        if wrong.iter().all(|known| known.value != value) {
            wrong.push(NoValue { what, value: value.to_owned(), range: VLANS });
        }
    }
    wrong
}

/// The value of a leaf that holds a number, where it is none that any switch has.
pub(super) fn no_number(leaf: Leaf, held: &Foreign) -> Option<NoValue> {
    let is_number = |value: &&String| !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit());
    let value = held.values().iter().filter(|_| leaf == Leaf::Mtu).find(is_number)?;
    let is_wrong = value.parse::<u16>().map_or(true, |number| number == 0);
    is_wrong.then(|| NoValue { what: leaf.to_string(), value: value.clone(), range: MTUS })
}

/// Whether these are numbers and ranges of them, not all of which are VLANs.
fn is_out_of_range(text: &str) -> bool {
    let is_list = |octet: u8| octet.is_ascii_digit() || b",-.".contains(&octet);
    let mut numbers = text.split([',', '-', '.']).filter(|number| !number.is_empty()).peekable();
    text.bytes().all(is_list) && numbers.peek().is_some() && numbers.any(|number| number.parse::<VlanId>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_no_vlans_are_told_and_names_are_not() {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let held = ForeignVlans {
            access_vlan: texts(&["9999", "servers"]),
            native_vlan: texts(&["4094"]),
            trunk_vlans: texts(&["1-10", "100..5000", "9999"]),
            others: texts(&["foreign \"switchport trunk allowed vlan 100,0\"", "foreign \"mtu 70000\"", "vlan"]),
            ..ForeignVlans::default()
        };
        let told: Vec<_> = no_vlans(&held).into_iter().map(|own| (own.what, own.value)).collect();
        let expected =
            [("access-vlan", "9999"), ("trunk-vlans", "100..5000"), ("switchport trunk allowed vlan", "100,0")];
        assert_eq!(told, expected.map(|(what, value)| (what.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_mtu_is_a_number_that_fits() {
        for (text, is_wrong) in [("99999", true), ("0", true), ("65535", false), ("jumbo", false), ("", false)] {
            let held = Foreign::new(vec![text.to_owned()]);
            assert_eq!(no_number(Leaf::Mtu, &held).is_some(), is_wrong, "{text}");
            assert_eq!(no_number(Leaf::Description, &held), None);
        }
    }
}
