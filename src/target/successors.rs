//! Who serves the entries of a switch from now on: whoever changes an entry
//! leaves that here, and the task takes it over when what it has begun is over.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::owner::Owner;

/// Whoever serves an entry from now on; nobody, where it was removed.
pub(super) type Successor = Option<Box<Owner>>;

/// Successors that wait for the task, the last of each entry.
pub(super) struct Successors {
    waiting: Mutex<Waiting>,
    there: Notify,
}

struct Waiting {
    /// The number of the next entry there has not been yet.
    next: usize,
    by_entry: BTreeMap<usize, Successor>,
}

impl Successors {
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

    pub(super) fn put(&self, entry: usize, successor: Successor) {
        self.waiting().by_entry.insert(entry, successor);
        self.there.notify_one();
    }

    pub(super) fn take(&self) -> BTreeMap<usize, Successor> {
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
