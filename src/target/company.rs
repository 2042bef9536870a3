//! Whoever was answered together asks again at about the same time.
//!
//! A caller that waits for its answer before it asks again comes back just after the
//! commit that it shared. If the first of several is served at once, the others share
//! the commit after that, and every port waits for two; so they are waited for, a
//! fraction of what the commit took.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::backlog::{Backlog, Job};

/// Of what the last commit took, a tenth is waited.
const PART: u32 = 10;

/// However long it took.
const LONGEST: Duration = Duration::from_millis(10);

/// The requests that the last commit was shared by.
#[derive(Default)]
pub(super) struct Company {
    requests: usize,
    until: Option<Instant>,
}

impl Company {
    /// So many requests were just answered together, which took so long.
    pub(super) fn answered(&mut self, requests: usize, took: Duration) {
        self.requests = requests;
        self.until = (requests > 1).then(|| Instant::now() + (took / PART).min(LONGEST));
    }

    /// Waits until those who were answered last are there as well, or not any longer.
    pub(super) async fn come_back(&mut self, backlog: &mut Backlog, most: usize, jobs: &mut mpsc::Receiver<Box<Job>>) {
        let Some(until) = self.until.take() else { return };
        let all = (backlog.len() + self.requests).min(most);
        while backlog.len() < all
            && let Ok(Some(job)) = timeout_at(until, jobs.recv()).await
        {
            backlog.push(*job);
        }
    }
}
