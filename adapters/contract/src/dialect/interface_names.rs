//! What a system calls its ports and aggregates, and how others spell that.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use super::Pattern;

/// The names of a system's ports and aggregates: the word of a type, and a
/// number of that type's shape, with nothing between.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceNames {
    types: Vec<NamedType>,
    unit: Option<String>,
    such_as: Vec<String>,
    hint: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct NamedType {
    word: String,
    /// Other words for it that the system itself uses, in LLDP or in its tables.
    also: Vec<String>,
    number: Pattern,
}

/// A name that no port or aggregate of the system can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misnamed {
    /// What it would be, if that can be told.
    pub nearest: Option<String>,
    such_as: Vec<String>,
    hint: Option<String>,
}

impl fmt::Display for Misnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(nearest) => write!(f, "no port has such a name there; {nearest:?} would be one")?,
            None => write!(f, "no port has such a name there; they are called {}", self.such_as.join(", "))?,
        }
        self.hint.iter().try_for_each(|hint| write!(f, ". {hint}"))
    }
}

impl InterfaceNames {
    /// A name as the system has it: as it is, or from the system's own other
    /// ways to spell it, such as LLDP's.
    ///
    /// # Errors
    /// No port or aggregate can have this name.
    pub fn spelled(&self, given: &str) -> Result<String, Misnamed> {
        let bare = self.unit.as_deref().and_then(|unit| given.strip_suffix(unit)).unwrap_or(given);
        let named = |kind: &NamedType, word: &str| {
            let number = bare.strip_prefix(word).filter(|number| kind.number.is_match(number))?;
            Some(format!("{}{number}", kind.word))
        };
        let own = self.types.iter().find_map(|kind| named(kind, &kind.word));
        let others = || self.types.iter().find_map(|kind| kind.also.iter().find_map(|word| named(kind, word)));
        own.or_else(others).ok_or_else(|| Misnamed {
            nearest: self.nearest(bare),
            such_as: self.such_as.clone(),
            hint: self.hint.clone(),
        })
    }

    /// A name that the system itself shows, in whatever case it does, as [`Self::spelled`] has
    /// it; `None` where no port or aggregate can have it, or the names of two differ in case
    /// alone.
    #[must_use]
    pub fn shown(&self, name: &str) -> Option<String> {
        let bare = self.unit.as_deref().and_then(|unit| name.strip_suffix(unit)).unwrap_or(name);
        let named = |kind: &NamedType, word: &str, is_exact: bool| {
            let (own, number) = bare.split_at_checked(word.len())?;
            let fits = if is_exact { own == word } else { own.eq_ignore_ascii_case(word) };
            (fits && kind.number.is_match(number)).then(|| format!("{}{number}", kind.word))
        };
        let find = |is_exact| {
            let own = self.types.iter().filter_map(move |kind| named(kind, &kind.word, is_exact));
            let also = move |kind: &'_ NamedType| kind.also.iter().find_map(|word| named(kind, word, is_exact));
            own.chain(self.types.iter().filter_map(also))
        };
        find(true).next().or_else(|| {
            let mut found = find(false);
            let first = found.next()?;
            found.all(|other| other == first).then_some(first)
        })
    }

    /// The one name that differs only in case, blanks, dashes, or in the word's
    /// being cut short or written out.
    fn nearest(&self, given: &str) -> Option<String> {
        let (word, number) = given.split_at(given.find(|c: char| c.is_ascii_digit())?);
        let word = squashed(word);
        let fits = |own: &str| {
            let own = squashed(own);
            // A number alone may be a name; no word is like none.
            own == word || !own.is_empty() && (word.len() >= 2 && (own.starts_with(&word) || word.starts_with(&own)))
        };
        let meant = |kind: &&NamedType| {
            kind.number.is_match(number) && [&kind.word].into_iter().chain(&kind.also).any(|own| fits(own))
        };
        let exactly = |kind: &&NamedType| [&kind.word].into_iter().chain(&kind.also).any(|own| squashed(own) == word);
        let mut meant: Vec<_> = self.types.iter().filter(meant).collect();
        if meant.iter().any(exactly) {
            meant.retain(exactly);
        }
        match meant[..] {
            [one] => Some(format!("{}{number}", one.word)),
            _ => None,
        }
    }
}

fn squashed(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `[interface-names]` of a dialect file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawInterfaceNames {
    /// By the word of each type.
    types: BTreeMap<String, RawType>,
    /// What may follow a port's name for its one layer 2 unit.
    unit: Option<String>,
    /// Some names, for people.
    such_as: Vec<String>,
    /// What to do where callers only know other names.
    hint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawType {
    /// A regular expression for all that follows the word.
    number: String,
    #[serde(default)]
    also: Vec<String>,
}

impl RawInterfaceNames {
    /// # Errors
    /// What is wrong with it, each with its key.
    pub(super) fn build(self) -> Result<InterfaceNames, Vec<String>> {
        let mut problems = Vec::new();
        let mut types = Vec::new();
        let mut shapes: BTreeMap<String, Pattern> = BTreeMap::new();
        for (word, raw) in self.types {
            let shape = shapes.get(&raw.number).cloned().map_or_else(|| Pattern::of_a_number(&raw.number), Ok);
            match shape {
                Ok(number) => {
                    shapes.insert(raw.number, number.clone());
                    types.push(NamedType { word, also: raw.also, number });
                }
                Err(_) => problems.push(format!("interface-names.types.{word}: number is no regular expression")),
            }
        }
        let names = InterfaceNames { types, unit: self.unit, such_as: self.such_as, hint: self.hint };
        let odd = names.such_as.iter().filter(|name| names.spelled(name).as_ref() != Ok(*name));
        problems.extend(odd.map(|name| format!("interface-names.such-as: {name} is none")));
        if problems.is_empty() { Ok(names) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests {
    use crate::builtin;

    fn spelled(dialect: &str, name: &str) -> Result<String, String> {
        let dialect = builtin().unwrap().into_iter().find(|one| one.name == dialect).unwrap();
        dialect.interface_names.as_ref().unwrap().spelled(name).map_err(|misnamed| misnamed.to_string())
    }

    #[test]
    fn each_dialect_knows_its_own_names_and_what_lldp_and_tables_make_of_them() {
        for (dialect, names) in [
            (
                "arista_eos",
                [("Ethernet1", "Ethernet1"), ("Ethernet3/1/1", "Ethernet3/1/1"), ("Et49/1", "Ethernet49/1")],
            ),
            (
                "arista_eos",
                [("Port-Channel10", "Port-Channel10"), ("Po10", "Port-Channel10"), ("Ethernet1/1", "Ethernet1/1")],
            ),
            ("cisco_nxos", [("eth1/1", "eth1/1"), ("Ethernet1/1", "eth1/1"), ("Eth1/49/2", "eth1/49/2")]),
            ("cisco_nxos", [("po10", "po10"), ("port-channel10", "po10"), ("eth101/1/1", "eth101/1/1")]),
            (
                "cisco_iosxe",
                [
                    ("Gi1/0/1", "GigabitEthernet1/0/1"),
                    ("Twe1/0/1", "TwentyFiveGigE1/0/1"),
                    ("Te1/1/1", "TenGigabitEthernet1/1/1"),
                ],
            ),
            (
                "cisco_iosxe",
                [
                    ("Tw1/0/1", "TwoGigabitEthernet1/0/1"),
                    ("Po7", "Port-channel7"),
                    ("HundredGigE1/0/1", "HundredGigE1/0/1"),
                ],
            ),
            ("juniper_junos", [("xe-0/0/1", "xe-0/0/1"), ("ge-0/0/1.0", "ge-0/0/1"), ("et-0/0/1:3", "et-0/0/1:3")]),
            ("juniper_junos", [("ae0", "ae0"), ("ae0.0", "ae0"), ("mge-0/0/7", "mge-0/0/7")]),
            ("nokia_srl", [("ethernet-1/1", "ethernet-1/1"), ("ethernet-1/3/1", "ethernet-1/3/1"), ("lag7", "lag7")]),
            (
                "sonic",
                [("Ethernet0", "Ethernet0"), ("PortChannel0007", "PortChannel0007"), ("Ethernet124", "Ethernet124")],
            ),
            (
                "brocade_fastiron",
                [("1/1/1", "ethernet 1/1/1"), ("GigabitEthernet1/1/1", "ethernet 1/1/1"), ("lag 7", "lag 7")],
            ),
            ("dell_sonic", [("Ethernet0", "Ethernet0"), ("Eth1/1", "Eth1/1"), ("Eth1/49/2", "Eth1/49/2")]),
        ] {
            for (given, wanted) in names {
                assert_eq!(spelled(dialect, given).as_deref(), Ok(wanted), "{dialect} {given}");
            }
        }
    }

    #[test]
    fn what_a_system_shows_is_known_in_any_case_that_leaves_no_doubt() {
        let dialects = builtin().unwrap();
        let shown = |dialect: &str, name: &str| {
            dialects.iter().find(|one| one.name == dialect).unwrap().interface_names.as_ref().unwrap().shown(name)
        };
        for (dialect, name, own) in [
            ("dell_powerconnect", "gi1/0/1", "gigabitethernet 1/0/1"),
            ("dell_powerconnect", "Te1/0/1", "tengigabitethernet 1/0/1"),
            ("cisco_ios", "tw1/0/1", "TwoGigabitEthernet1/0/1"),
            ("juniper_junos", "GE-0/0/1.0", "ge-0/0/1"),
            ("brocade_fastiron", "lg7", "lag 7"),
        ] {
            assert_eq!(shown(dialect, name).as_deref(), Some(own), "{dialect} {name}");
        }
        for (dialect, name) in [("arista_eos", "\u{e9}1"), ("arista_eos", "Eth1/1"), ("cisco_ios", "gi"), ("sonic", "")]
        {
            assert_eq!(shown(dialect, name), None, "{dialect} {name}");
        }
    }

    #[test]
    fn a_name_that_no_port_can_have_comes_with_the_nearest_or_with_examples() {
        for (dialect, given, words) in [
            ("arista_eos", "Eth1/1", "\"Ethernet1/1\" would be"),
            ("arista_eos", "ethernet1", "\"Ethernet1\" would be"),
            ("arista_eos", "Ethernet 1", "\"Ethernet1\" would be"),
            ("arista_eos", "port-channel7", "\"Port-Channel7\" would be"),
            ("arista_eos", "swp1", "called Ethernet1"),
            ("arista_eos", "Ethernet1.100", "called Ethernet1"),
            ("arista_eos", "Ethernet", "called Ethernet1"),
            ("arista_eos", "Ethernet\u{661}", "called Ethernet1"),
            ("brocade_fastiron", "swp1", "called ethernet 1/1/1"),
            ("cisco_nxos", "ETH1/1", "\"eth1/1\" would be"),
            ("cisco_nxos", "Ethernet1", "called eth1/1"),
            ("cisco_iosxe", "gi1/0/1", "\"GigabitEthernet1/0/1\" would be"),
            ("cisco_iosxe", "TenGig1/0/1", "\"TenGigabitEthernet1/0/1\" would be"),
            ("cisco_iosxe", "Port-Channel7", "\"Port-channel7\" would be"),
            ("cisco_iosxe", "T1/0/1", "called GigabitEthernet1/0/1"),
            ("juniper_junos", "xe0/0/1", "\"xe-0/0/1\" would be"),
            ("juniper_junos", "516", "port-id-subtype interface-name"),
            ("juniper_junos", "xe-0/0/1.7", "called"),
            ("nokia_srl", "Ethernet1/1", "\"ethernet-1/1\" would be"),
            ("nokia_srl", "ethernet-1/129", "called ethernet-1/1"),
            ("sonic", "Eth1/1", "alias"),
            ("sonic", "ethernet4", "\"Ethernet4\" would be"),
        ] {
            let told = spelled(dialect, given).unwrap_err();
            assert!(told.contains(words), "{dialect} {given}: {told}");
        }
    }

    #[test]
    fn who_takes_no_name_but_his_own_knows_that_of_his_aggregates() {
        for dialect in builtin().unwrap() {
            let Some(names) = &dialect.interface_names else {
                // A bridge of a Linux machine has whatever ports it was given.
                assert!(
                    ["openconfig", "openconfig_evpn", "netmiko_ovs_linux"].contains(&dialect.name.as_str()),
                    "{}",
                    dialect.name
                );
                continue;
            };
            let Some(prefix) = &dialect.lag_prefix else {
                assert!(!dialect.has("cli", mercury_model::Leaf::AggregateId), "{}", dialect.name);
                continue;
            };
            let aggregate = format!("{prefix}7");
            assert_eq!(names.spelled(&aggregate).as_ref(), Ok(&aggregate), "{}", dialect.name);
        }
    }
}
