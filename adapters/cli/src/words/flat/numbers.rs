//! Aggregates that the switch knows by a number which it gave them: rows of VLANs have that, and
//! what makes an aggregate its name.

use std::collections::BTreeMap;

use mercury_adapter::{FlatNumber, Hole};

/// What aggregates are called here: those with names such as Mercury gives by these, since nobody
/// knows the number before one is made, and all others by their numbers, as ports are.
#[derive(Default)]
pub(super) struct Numbers {
    /// By numbers, the names of Mercury's.
    names: BTreeMap<String, String>,
    /// By names, the numbers of all others.
    numbers: BTreeMap<String, String>,
}

/// What one is called here, and the number by which it is not.
pub(super) struct Learnt {
    pub(super) called: String,
    pub(super) hidden: Option<String>,
}

impl Numbers {
    /// Reads the number of one, if the line says it.
    pub(super) fn learn(&mut self, own: &FlatNumber, line: &str) -> Option<Learnt> {
        let said = own.shown.iter().find_map(|form| form.read(line))?;
        let (name, number) = (said.get(Hole::Name)?.to_owned(), said.get(Hole::Number)?.to_owned());
        // As Mercury writes it, and nobody else's `lag-uplink`.
        let own_number =
            name.strip_prefix(own.prefix.as_str()).filter(|rest| is_number(rest) && !rest.starts_with('0'));
        if own_number.is_some() {
            self.names.insert(number.clone(), name.clone());
            return Some(Learnt { called: name, hidden: Some(number) });
        }
        self.numbers.insert(name, number.clone());
        Some(Learnt { called: number, hidden: None })
    }

    /// What a port is called here that a line calls so. No name of a number alone is looked up
    /// as one: ports have those.
    pub(super) fn called<'s>(&'s self, word: &'s str) -> &'s str {
        if is_number(word) { self.names.get(word).map_or(word, String::as_str) } else { self.aggregate(word) }
    }

    /// Whether that is the name of one that is called by its number.
    pub(super) fn has(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }

    /// What an aggregate is called here that a line calls so.
    pub(super) fn aggregate<'s>(&'s self, name: &'s str) -> &'s str {
        self.numbers.get(name).map_or(name, String::as_str)
    }
}

pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|octet| octet.is_ascii_digit())
}
