//! What is changed about a switch's task while it is at work: whoever changes it
//! leaves that here, and the task takes it when what it has begun is over.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::owner::Owner;

/// Whoever serves an entry from now on; nobody, where it was removed.
pub(super) type Change = Option<Box<Owner>>;

/// Changes that wait for the task, the last of each entry.
pub(super) struct Changes {
    waiting: Mutex<Waiting>,
    there: Notify,
}

struct Waiting {
    /// The number of the next entry there has not been yet.
    next: usize,
    by_entry: BTreeMap<usize, Change>,
}

impl Changes {
    /// None yet, of a task that has so many entries.
    pub(super) fn of(entries: usize) -> Self {
        let waiting = Waiting { next: entries, by_entry: BTreeMap::new() };
        Self { waiting: Mutex::new(waiting), there: Notify::new() }
    }

    /// The number of an entry that is added.
    pub(super) fn added(&self) -> usize {
        let mut waiting = self.waiting();
        waiting.next += 1;
        waiting.next - 1
    }

    pub(super) fn put(&self, entry: usize, change: Change) {
        self.waiting().by_entry.insert(entry, change);
        self.there.notify_one();
    }

    pub(super) fn take(&self) -> BTreeMap<usize, Change> {
        std::mem::take(&mut self.waiting().by_entry)
    }

    /// Returns when there may be some.
    pub(super) async fn wait(&self) {
        self.there.notified().await;
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
