//! What last went wrong on each switch, for people who look.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// The longest message that is kept, in characters.
const MAX_MESSAGE: usize = 300;

static LAST: Mutex<BTreeMap<String, Happened>> = Mutex::new(BTreeMap::new());

/// What came of the last request on a switch, and what last went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When the last request ended.
    pub at: SystemTime,
    /// Its action.
    pub action: String,
    /// Its outcome.
    pub outcome: &'static str,
    /// When something went wrong last, and what; no secrets.
    pub wrong: Option<(SystemTime, String)>,
}

/// A request on a switch of the inventory has ended so.
pub fn happened(switch: &str, action: &str, outcome: &'static str, wrong: Option<&str>) {
    let now = SystemTime::now();
    let wrong = wrong.map(|message| (now, message.chars().take(MAX_MESSAGE).collect()));
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let before = last.remove(switch).and_then(|before| before.wrong);
    let action = action.to_owned();
    last.insert(switch.to_owned(), Happened { at: now, action, outcome, wrong: wrong.or(before) });
}

/// The last of a switch since the start.
#[must_use]
pub fn last(switch: &str) -> Option<Happened> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).get(switch).cloned()
}

/// Forgets all switches but these.
pub fn keep(served: &BTreeSet<String>) {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).retain(|switch, _| served.contains(switch));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_remembered_when_something_went_right_since() {
        happened("leaf-of-status", "update_port", "refused", Some(&"x".repeat(1000)));
        happened("leaf-of-status", "reset_port", "committed", None);
        let last_of_it = last("leaf-of-status").unwrap();
        assert_eq!((last_of_it.action.as_str(), last_of_it.outcome), ("reset_port", "committed"));
        assert_eq!(last_of_it.wrong.unwrap().1.len(), MAX_MESSAGE);
        assert_eq!(last("leaf-of-another"), None);
    }
}
