//! The changes that wait or are under way on a switch, so that whoever only looks at
//! something else need not wait for them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::group::Footprint;

/// Those of one switch.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<There>);

#[derive(Debug, Default)]
struct There {
    next: u64,
    changes: BTreeMap<u64, Footprint>,
    /// Those who look, and whether a change has come meanwhile that is about the same.
    looks: BTreeMap<u64, (Footprint, bool)>,
}

/// A change that waits or is under way until this is dropped.
#[derive(Debug)]
pub(super) struct Coming {
    number: u64,
    ahead: Arc<Ahead>,
}

/// Somebody who looks beside changes, until this is dropped.
#[derive(Debug)]
pub(super) struct Glance {
    number: u64,
    ahead: Arc<Ahead>,
}

impl Ahead {
    /// A change comes.
    pub(super) fn changes(self: &Arc<Self>, footprint: Footprint) -> Coming {
        let mut there = self.there();
        for (look, is_spoilt) in there.looks.values_mut() {
            *is_spoilt |= !look.lies_beside(&footprint);
        }
        let number = there.number();
        there.changes.insert(number, footprint);
        Coming { number, ahead: Arc::clone(self) }
    }

    /// Somebody looks, where there are changes and none of them is about the same.
    pub(super) fn looks(self: &Arc<Self>, footprint: Footprint) -> Option<Glance> {
        let mut there = self.there();
        let is_beside = there.changes.values().all(|change| footprint.lies_beside(change));
        if there.changes.is_empty() || !is_beside {
            return None;
        }
        let number = there.number();
        there.looks.insert(number, (footprint, false));
        Some(Glance { number, ahead: Arc::clone(self) })
    }

    /// Nothing in between can panic.
    fn there(&self) -> MutexGuard<'_, There> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl There {
    const fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Glance {
    /// Whether a change has come meanwhile that is about the same: what was seen may be
    /// half of it.
    pub(super) fn is_spoilt(&self) -> bool {
        self.ahead.there().looks.get(&self.number).is_none_or(|(_, is_spoilt)| *is_spoilt)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.ahead.there().changes.remove(&self.number);
    }
}

impl Drop for Glance {
    fn drop(&mut self) {
        self.ahead.there().looks.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use mercury_model::{InterfaceScope, Scope};

    use super::*;

    fn about(port: &str) -> Footprint {
        let interfaces = InterfaceScope::Named([port.parse().unwrap()].into());
        Footprint::of_scope(&Scope { interfaces, ..Scope::default() })
    }

    #[test]
    fn a_look_goes_beside_changes_of_something_else_and_there_must_be_one() {
        let ahead = Arc::new(Ahead::default());
        assert!(ahead.looks(about("a")).is_none(), "it need not wait");
        let change = ahead.changes(about("a"));
        assert!(ahead.looks(about("a")).is_none(), "its turn comes after the change");
        let look = ahead.looks(about("b")).unwrap();
        let other = ahead.changes(about("c"));
        assert!(!look.is_spoilt());
        drop(ahead.changes(about("b")));
        assert!(look.is_spoilt(), "even if the change is over by now");
        drop((change, other, look));
        let there = ahead.there();
        assert!(there.changes.is_empty() && there.looks.is_empty());
    }
}
