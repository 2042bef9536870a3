//! What lines take away, or make have no effect.

use std::collections::BTreeMap;

use mercury_adapter::SetWords;

use super::{line::words as words_of, read::behind};

/// The lists that names follow at once, and what an entry of each is called.
const LISTS: [(&str, &str, &str); 2] = [("interfaces", "interface", "name"), ("vlans", "vlan", "name")];

/// The entries that something is deleted or deactivated of; an empty path is everything.
pub(in crate::words) fn deleted(words: &SetWords, text: &str) -> Vec<Vec<(String, BTreeMap<String, String>)>> {
    let verbs = || std::iter::once(&words.delete).chain(&words.deactivate);
    let ways = text.lines().map(str::trim).filter_map(|line| verbs().find_map(|verb| behind(line, verb)));
    let entry = |way| {
        let said = words_of(way);
        let list = said.first().and_then(|first| LISTS.iter().find(|(list, ..)| *list == &**first));
        match (list, said.get(1)) {
            (Some((list, entry, key)), Some(name)) => {
                let keys = BTreeMap::from([((*key).to_owned(), name.to_string())]);
                vec![((*list).to_owned(), BTreeMap::new()), ((*entry).to_owned(), keys)]
            }
            _ => said.iter().map(|word| (word.to_string(), BTreeMap::new())).collect(),
        }
    };
    ways.map(entry).collect()
}
