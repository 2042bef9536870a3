//! Values that no system takes, whatever its words for them: numbers out of range.

use mercury_adapter::{CliDialect, Hole, Said, Template, Wording};
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

/// What stands before a port's VLANs in the lines of a dialect.
pub(super) fn vlan_heads(cli: &CliDialect) -> Vec<String> {
    let Wording::Table(words) = &cli.words else { return Vec::new() };
    let said = |node: &&str| match words.port.get(*node).map(|line| &line.said) {
        Some(Said::Value { line, also, .. }) => std::iter::once(line).chain(also).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let trunk = &words.trunk;
    let lists = [&trunk.list, &trunk.shown, &trunk.add, &trunk.remove, &trunk.except];
    let all = ["access-vlan", "native-vlan"].iter().flat_map(said).chain(lists.into_iter().flatten());
    let head = |line: &Template| line.fill(|_| None).trim_end().to_owned();
    all.filter(|line| line.has(Hole::Value)).map(head).collect()
}

/// The VLANs among what is not understood of a port that no switch can have; those of a line
/// where one of these `heads` is all that stands before them: other numbers are others'.
pub(super) fn no_vlans(held: &ForeignVlans, heads: &[String]) -> Vec<NoValue> {
    let said =
        [("access-vlan", &held.access_vlan), ("native-vlan", &held.native_vlan), ("trunk-vlans", &held.trunk_vlans)];
    let parts = held.trunk_parts.values().map(|values| ("trunk-vlans", values));
    let said = said.into_iter().chain(parts).flat_map(|(what, values)| values.iter().map(move |value| (what, value)));
    let said = said.map(|(what, value)| (what.to_owned(), value.as_str()));
    // A line as it was typed ends with its VLANs.
    let line = |line: &str| {
        let words = line.trim_end_matches('"');
        let (before, last) = words.rsplit_once(char::is_whitespace)?;
        let before = before.rsplit('"').next().unwrap_or(before).trim();
        let is_own = heads.iter().any(|head| head.eq_ignore_ascii_case(before));
        is_own.then(|| (before.to_owned(), last.to_owned()))
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
        let heads = texts(&["switchport trunk allowed vlan"]);
        let told: Vec<_> = no_vlans(&held, &heads).into_iter().map(|own| (own.what, own.value)).collect();
        let expected =
            [("access-vlan", "9999"), ("trunk-vlans", "100..5000"), ("switchport trunk allowed vlan", "100,0")];
        assert_eq!(told, expected.map(|(what, value)| (what.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_number_behind_other_words_is_no_vlan() {
        let all = mercury_adapter::builtin().unwrap();
        for (dialect, line, is_wrong) in [
            ("hpe_comware", "port hybrid protocol-vlan vlan 10 0", false),
            ("hpe_comware", "port access vlan 9999", true),
            ("huawei", "port vlan-stacking vlan 10 stack-vlan 20 remark-8021p 0", false),
            ("huawei", "port trunk allow-pass vlan 5000", true),
            ("arista_eos", "switchport trunk allowed vlan add 100,0", true),
            ("arista_eos", "switchport vlan translation 10 0", false),
        ] {
            let heads = vlan_heads(all.iter().find(|one| one.name == dialect).unwrap().cli.as_ref().unwrap());
            let others = vec![format!("foreign \"{line}\"")];
            let held = ForeignVlans { others, ..ForeignVlans::default() };
            assert_eq!(!no_vlans(&held, &heads).is_empty(), is_wrong, "{dialect} {line}: {heads:?}");
        }
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
