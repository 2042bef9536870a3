//! Values that no system takes, whatever its words for them: numbers out of range.

use std::collections::BTreeSet;

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
/// Words that lists of VLANs may be in the place of, and those for the kinds of ports.
const ALL_OR_NONE: [&str; 2] = ["all", "none"];
const MODES: [&str; 2] = ["access", "trunk"];
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

/// What of a port's VLANs is not understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NoVlans {
    /// The VLANs that no switch can have, once a leaf.
    pub(super) wrong: Vec<NoValue>,
    /// What else there is that is none; nothing where all was told with those.
    pub(super) rest: ForeignVlans,
}

/// The VLANs among what is not understood of a port that no switch can have; those of a line
/// where one of these `heads` is all that stands before them, as other numbers are others'.
/// `names` are those of VLANs that are known.
pub(super) fn no_vlans(held: &ForeignVlans, heads: &[String], names: &BTreeSet<&str>) -> NoVlans {
    let mut found = NoVlans { wrong: Vec::new(), rest: ForeignVlans { routes: held.routes, ..Default::default() } };
    let wrong = &mut found.wrong;
    let mut add = |what: &str, value: &str| {
        let new = NoValue { what: what.to_owned(), value: value.to_owned(), range: VLANS };
        if !wrong.contains(&new) {
            wrong.push(new);
        }
    };
    let mut words = |what: &str, values: &[String]| {
        let mut is_told = |value: &&String| {
            let is_whole = numbers(value, |number| add(what, number));
            is_whole || names.contains(value.as_str()) || ALL_OR_NONE.iter().any(|own| value.eq_ignore_ascii_case(own))
        };
        values.iter().filter(|value| !is_told(value)).cloned().collect::<Vec<_>>()
    };
    found.rest.access_vlan = words("access-vlan", &held.access_vlan);
    found.rest.native_vlan = words("native-vlan", &held.native_vlan);
    found.rest.trunk_vlans = words("trunk-vlans", &held.trunk_vlans);
    let parts = held.trunk_parts.iter().map(|(path, values)| (path.clone(), words("trunk-vlans", values)));
    found.rest.trunk_parts = parts.filter(|(_, values)| !values.is_empty()).collect();
    let is_mode = |mode: &&String| MODES.iter().any(|own| mode.eq_ignore_ascii_case(own));
    found.rest.interface_mode = held.interface_mode.iter().filter(|mode| !is_mode(mode)).cloned().collect();
    // A line as it was typed ends with its VLANs.
    let mut is_told = |line: &&String| {
        let line = line.split_once('"').map_or(line.as_str(), |(_, rest)| rest).trim_end_matches('"').trim();
        let head = heads.iter().filter(|head| {
            let before = line.get(..head.len()).filter(|before| before.eq_ignore_ascii_case(head));
            before.is_some() && line.get(head.len()..).is_some_and(|rest| rest.starts_with(char::is_whitespace))
        });
        // "vlan add" is longer than "vlan".
        let Some(head) = head.max_by_key(|head| head.len()) else { return false };
        let mut values = line.get(head.len()..).unwrap_or_default().split_whitespace();
        // Numbers behind another word are that one's.
        values.all(|value| value == "to" || numbers(value, |number| add(head, number)))
    };
    found.rest.others = held.others.iter().filter(|line| !is_told(line)).cloned().collect();
    found
}

/// Tells each number, and range of numbers, of a list that is no VLAN; whether nothing else
/// is in it.
fn numbers(text: &str, mut wrong: impl FnMut(&str)) -> bool {
    let is_list =
        |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit() || b",-.".contains(&octet));
    if is_list(text) {
        if is_out_of_range(text) {
            wrong(text);
        }
        return true;
    }
    text.split(',').filter(|piece| is_list(piece) && is_out_of_range(piece)).for_each(wrong);
    false
}

/// Where each of these stands: each of one value on a line of its own, which of several is the one
/// that has words of the leaf in it. One line may be two leaves, which are told once. `None` where
/// the lines are not known.
pub(super) fn placed<'w, P: Copy>(
    wrong: &'w [NoValue],
    lines_of: impl Fn(&str) -> Vec<(&'w str, P)>,
) -> Vec<(&'w NoValue, Option<P>)> {
    let mut all = Vec::new();
    for (index, first) in wrong.iter().enumerate() {
        if wrong.iter().take(index).any(|known| known.value == first.value) {
            continue;
        }
        let same: Vec<&NoValue> = wrong.iter().filter(|one| one.value == first.value).collect();
        let lines = if same.len() > 1 { lines_of(&first.value) } else { Vec::new() };
        if lines.is_empty() {
            all.push((first, None));
            continue;
        }
        let mut taken: Vec<Option<&NoValue>> = vec![None; lines.len()];
        let mut others = Vec::new();
        for one in same {
            let fits = || lines.iter().enumerate().filter(|(_, (line, _))| one.fits(line)).map(|(index, _)| index);
            match fits().find(|index| taken.get(*index).is_some_and(Option::is_none)) {
                Some(index) => taken.iter_mut().skip(index).take(1).for_each(|own| *own = Some(one)),
                None if fits().next().is_some() => {}
                None => others.push(one),
            }
        }
        taken.iter_mut().filter(|own| own.is_none()).zip(others).for_each(|(own, one)| *own = Some(one));
        let told = taken.into_iter().zip(&lines).filter_map(|(own, (_, place))| Some((own?, Some(*place))));
        all.extend(told);
    }
    all
}

impl NoValue {
    /// Where in it the number is that is none, in octets.
    pub(super) fn at(&self) -> usize {
        let begins =
            |at: &usize| !self.value.get(..*at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()));
        let starts = self.value.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).filter(begins);
        let is_wrong = |at: &usize| {
            let rest = self.value.get(*at..).unwrap_or_default();
            let number = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            self.range == VLANS && number.parse::<VlanId>().is_err()
        };
        starts.into_iter().find(is_wrong).unwrap_or_default()
    }

    /// Whether a line has a word of the leaf, or all words of a line's head.
    fn fits(&self, line: &str) -> bool {
        let (line, what) = (line.to_lowercase(), self.what.to_lowercase());
        match what.split_once('-').filter(|_| !what.contains(' ')) {
            Some(("native", _)) => line.contains("native") || line.contains("pvid"),
            Some((word, _)) => line.contains(word),
            None => line.contains(&what),
        }
    }
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

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn numbers_that_are_no_vlans_are_told_of_each_leaf_and_names_are_not() {
        let held = ForeignVlans {
            access_vlan: texts(&["9999", "servers"]),
            native_vlan: texts(&["4094"]),
            trunk_vlans: texts(&["1-10", "100..5000", "9999", "9999"]),
            others: texts(&["foreign \"switchport trunk allowed vlan 100,0\"", "foreign \"mtu 70000\"", "vlan"]),
            ..ForeignVlans::default()
        };
        let heads = texts(&["switchport trunk allowed vlan"]);
        let NoVlans { wrong, rest } = no_vlans(&held, &heads, &BTreeSet::new());
        let told: Vec<_> = wrong.iter().map(|own| (own.what.as_str(), own.value.as_str())).collect();
        let expected = [
            ("access-vlan", "9999"),
            ("trunk-vlans", "100..5000"),
            ("trunk-vlans", "9999"),
            ("switchport trunk allowed vlan", "100,0"),
        ];
        assert_eq!(told, expected);
        // What was not told is still there.
        let others = texts(&["foreign \"mtu 70000\"", "vlan"]);
        assert_eq!(rest, ForeignVlans { access_vlan: texts(&["servers"]), others, ..ForeignVlans::default() });
        assert_eq!(no_vlans(&held, &heads, &BTreeSet::from(["servers"])).rest.access_vlan, texts(&[]));
    }

    #[test]
    fn of_a_list_the_number_that_is_none_is_meant() {
        for (value, at) in
            [("100,5000", 4), ("100-5000", 4), ("100..5000", 5), ("1,2,0", 4), ("9999", 0), ("5000,100", 0), ("4-2", 0)]
        {
            let own = NoValue { what: "trunk-vlans".to_owned(), value: value.to_owned(), range: VLANS };
            assert_eq!(own.at(), at, "{value}");
        }
    }

    #[test]
    fn a_number_that_is_none_hides_no_word_of_its_line() {
        let heads = texts(&["switchport trunk allowed vlan", "switchport trunk allowed vlan add"]);
        for (line, wrong, is_all) in [
            ("switchport trunk allowed vlan 5000,servers", &["5000"][..], false),
            ("switchport trunk allowed vlan add 10 to 5000 servers 6000", &["5000"], false),
            ("switchport trunk allowed vlan add 10,5000", &["10,5000"], true),
            ("switchport trunk allowed vlans 5000", &[], false),
        ] {
            let held = ForeignVlans { others: vec![format!("foreign \"{line}\"")], ..ForeignVlans::default() };
            let found = no_vlans(&held, &heads, &BTreeSet::new());
            let told: Vec<_> = found.wrong.iter().map(|own| own.value.as_str()).collect();
            assert_eq!((told.as_slice(), found.rest.others.is_empty()), (wrong, is_all), "{line}");
        }
    }

    #[test]
    fn each_line_with_a_wrong_number_is_told_once() {
        let wrong = |whats: &[&str]| -> Vec<NoValue> {
            whats
                .iter()
                .map(|what| NoValue { what: (*what).to_owned(), value: "5000".to_owned(), range: VLANS })
                .collect()
        };
        let head = "switchport trunk allowed vlan";
        for (whats, lines, expected) in [
            (
                &["access-vlan", head][..],
                &["switchport access vlan", head][..],
                &[("access-vlan", Some(0)), (head, Some(1))][..],
            ),
            (&["access-vlan", head], &[head, "switchport access vlan"], &[(head, Some(0)), ("access-vlan", Some(1))]),
            // Members are both, in Junos.
            (
                &["access-vlan", "native-vlan", "trunk-vlans"],
                &["vlan members", "native-vlan-id"],
                &[("access-vlan", Some(0)), ("native-vlan", Some(1))],
            ),
            (&["access-vlan", "trunk-vlans"], &["vlan members"], &[("access-vlan", Some(0))]),
            (&["trunk-vlans", head], &[head, "port default 5000"], &[("trunk-vlans", Some(0))]),
            (&["access-vlan", "native-vlan"], &[], &[("access-vlan", None)]),
        ] {
            let wrong = wrong(whats);
            let all = placed(&wrong, |_| lines.iter().enumerate().map(|(index, line)| (*line, index)).collect());
            let told: Vec<_> = all.iter().map(|(own, place)| (own.what.as_str(), *place)).collect();
            assert_eq!(told, expected, "{lines:?}");
        }
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
            assert_eq!(
                !no_vlans(&held, &heads, &BTreeSet::new()).wrong.is_empty(),
                is_wrong,
                "{dialect} {line}: {heads:?}"
            );
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
