//! List entries by their keys: each is looked for among all that came before.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher as _, Hash as _, Hasher as _},
    ptr,
};

use mercury_adapter::DataTree;

use super::{Node, Problem};

/// Shorter lists are looked through.
const SHORT: usize = 8;
/// No list has more sets of keys than one; some targets leave one of two out.
const MAX_KEYS: usize = 4;
/// What is kept of an entry, in octets.
const ENTRY: usize = 40;

/// Keys of a list entry, in their order, and the values.
pub(super) type Keys<'a> = [(&'a str, &'a str)];

/// What was looked for in lists, by where they are.
#[derive(Default)]
pub(super) struct Lists<'a> {
    state: RandomState,
    known: HashMap<usize, Vec<List<'a>>>,
}

/// A list's entries by the values of some keys.
struct List<'a> {
    keys: Vec<String>,
    /// The last entry that was looked at: others come behind it.
    seen: Option<&'a Node<'a>>,
    entries: HashMap<u64, &'a Node<'a>>,
}

impl<'a> Lists<'a> {
    /// The entry of a group with these keys; of several, the last.
    ///
    /// # Errors
    /// There is no room, or the list is asked for in too many ways.
    pub(super) fn find(
        &mut self,
        group: &'a Node<'a>,
        keys: &Keys<'_>,
        made: &mut DataTree<'a, '_>,
    ) -> Result<Option<&'a Node<'a>>, Problem> {
        // Answers come in order, so the last one is most often the one.
        let Some(last) = group.last() else { return Ok(None) };
        if fits(last, keys) {
            return Ok(Some(last));
        }
        if group.members().nth(SHORT).is_none() {
            return Ok(group.members().filter(|entry| fits(entry, keys)).last());
        }
        let lists = self.known.entry(ptr::from_ref(group).addr()).or_default();
        let is_it = |list: &List<'_>| list.keys.iter().map(String::as_str).eq(keys.iter().map(|(key, _)| *key));
        let at = match lists.iter().position(is_it) {
            Some(at) => at,
            None if lists.len() >= MAX_KEYS => {
                return Err(Problem::Unreadable(format!("a list is keyed in more than {MAX_KEYS} ways")));
            }
            None => {
                let keys = keys.iter().map(|(key, _)| (*key).to_owned()).collect();
                lists.push(List { keys, seen: None, entries: HashMap::new() });
                lists.len() - 1
            }
        };
        let Some(list) = lists.get_mut(at) else { return Ok(None) };
        let new = list.seen.map_or_else(|| group.members(), |seen| seen.up_to(last));
        for entry in new {
            let values = list.keys.iter().map(|key| value(entry, key));
            if let Some(values) = values.collect::<Option<Vec<_>>>() {
                made.beside(ENTRY)?;
                list.entries.insert(hash(&self.state, values.into_iter()), entry);
            }
        }
        list.seen = Some(last);
        let found = list.entries.get(&hash(&self.state, keys.iter().map(|(_, value)| *value)));
        Ok(found.copied().filter(|entry| fits(entry, keys)))
    }

    /// A node becomes another one.
    pub(super) fn forget(&mut self, node: &Node<'a>) {
        self.known.remove(&ptr::from_ref(node).addr());
    }
}

pub(super) fn fits(entry: &Node<'_>, keys: &Keys<'_>) -> bool {
    keys.iter().all(|(key, wanted)| value(entry, key) == Some(*wanted))
}

fn value<'a>(entry: &Node<'a>, key: &str) -> Option<&'a str> {
    entry.members().find(|leaf| leaf.name() == key).map(Node::value)
}

fn hash<'v>(state: &RandomState, values: impl Iterator<Item = &'v str>) -> u64 {
    let mut hasher = state.build_hasher();
    values.for_each(|value| value.hash(&mut hasher));
    hasher.finish()
}
