//! In which ways a switch may want to be written to, where its entry leaves that
//! open; which it is shows only when it is written to.

use crate::inventory::{Encoding, Face, GnmiSettings, LeafValues, PathPrefixes, Switch, WriteLevel};

/// An entry, and the lines that it has more than the one that is there: keys and
/// the values, in TOML.
pub struct Way {
    /// What it has more.
    pub lines: Vec<(&'static str, &'static str)>,
    /// The entry.
    pub switch: Switch,
}

/// One thing that an entry may say, and how it says it: what was open stays open
/// where this answers false.
type Saying = (&'static str, &'static str, fn(&mut GnmiSettings) -> bool);

const MODULES: Saying = ("path_prefixes", "\"modules\"", |gnmi| say(&mut gnmi.path_prefixes, PathPrefixes::Modules));
const JSON_LEAVES: Saying = ("leaf_values", "\"json\"", |gnmi| say(&mut gnmi.leaf_values, LeafValues::Json));
const ENTRIES: Saying = ("write_level", "\"entry\"", |gnmi| say(&mut gnmi.write_level, WriteLevel::Entry));
const JSON: Saying = ("encoding", "\"json\"", |gnmi| encode(gnmi, Encoding::Json));
const JSON_IETF: Saying = ("encoding", "\"json_ietf\"", |gnmi| encode(gnmi, Encoding::JsonIetf));

/// Those that are tried, the one that changes least first.
const WAYS: [&[Saying]; 9] = [
    &[JSON_LEAVES],
    &[JSON_IETF],
    &[JSON],
    &[MODULES],
    &[ENTRIES],
    &[MODULES, JSON_LEAVES],
    &[MODULES, JSON_IETF],
    &[MODULES, JSON],
    &[MODULES, ENTRIES],
];

/// The entry itself, and where its protocol leaves a choice those that say more.
#[must_use]
pub fn ways(switch: &Switch) -> Vec<Way> {
    let mut ways = vec![Way { lines: Vec::new(), switch: switch.clone() }];
    for options in WAYS {
        let mut switch = switch.clone();
        let Face::Gnmi(gnmi) = &mut switch.face else { return ways };
        if options.iter().all(|(_, _, said)| said(gnmi)) {
            ways.push(Way { lines: options.iter().map(|(key, value, _)| (*key, *value)).collect(), switch });
        }
    }
    ways
}

fn say<T>(open: &mut Option<T>, value: T) -> bool {
    let is_open = open.is_none();
    open.get_or_insert(value);
    is_open
}

fn encode(gnmi: &mut GnmiSettings, encoding: Encoding) -> bool {
    let is_open = gnmi.encoding == Encoding::Auto;
    if is_open {
        gnmi.encoding = encoding;
    }
    is_open
}
