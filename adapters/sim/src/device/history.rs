//! The history of commits, which Junos shows.

use std::collections::VecDeque;

use super::{Device, State};

/// As many as Junos keeps.
const MOST: usize = 50;
/// The switch's time when it was started, in seconds.
const STARTED: u64 = 1_700_000_000;

/// A commit.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) user: String,
    pub(crate) client: &'static str,
    /// When it was made.
    pub(crate) seconds: u64,
    /// How long it was to wait to be confirmed.
    pub(crate) minutes: Option<u64>,
    pub(crate) log: Option<String>,
    /// It does.
    pub(crate) waits: bool,
}

/// The newest first.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Entry>);

impl History {
    pub(super) fn add(&mut self, entry: Entry) {
        self.settle();
        self.0.push_front(entry);
        self.0.truncate(MOST);
    }

    /// Nothing waits any more.
    pub(super) fn settle(&mut self) {
        self.0.iter_mut().for_each(|entry| entry.waits = false);
    }
}

impl Device {
    /// The history, the newest first.
    pub(crate) fn history(&self) -> Vec<Entry> {
        self.look().history.0.iter().cloned().collect()
    }

    /// The switch's time, in seconds.
    pub(crate) fn seconds(&self) -> u64 {
        STARTED + self.started.elapsed().as_secs()
    }
}

impl State {
    /// What was not confirmed was undone by the switch itself.
    pub(super) fn note_rollback(&mut self, seconds: u64) {
        let user = "root".to_owned();
        self.history.add(Entry { user, client: "other", seconds, minutes: None, log: None, waits: false });
    }
}
