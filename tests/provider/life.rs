//! Whether the process of a Mercury is there, and what its processors have to do.

use std::{sync::Mutex, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::cost::CORES;

/// One run of the process.
pub(crate) struct Life {
    over: watch::Sender<bool>,
    work: Mutex<Work>,
}

struct Work {
    begun: Instant,
    /// Until when the processors have enough to do.
    busy_until: Instant,
    done: Duration,
}

impl Life {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            over: watch::Sender::new(false),
            work: Mutex::new(Work { begun: now, busy_until: now, done: Duration::ZERO }),
        }
    }

    /// It is killed.
    pub(crate) fn end(&self) {
        self.over.send_replace(true);
    }

    pub(crate) fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Waits until it is killed.
    pub(crate) async fn over(&self) {
        let mut over = self.over.subscribe();
        // The sender is `self`.
        let _over = over.wait_for(|over| *over).await;
    }

    /// Goes on if it lives, and never if it does not.
    pub(crate) async fn live_on(&self) {
        if self.is_over() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the processors to do this, after what they have to do already. What takes less
    /// than a millisecond counts and is not waited for.
    pub(crate) async fn works(&self, cost: Duration) {
        let now = Instant::now();
        let end = {
            let mut work = self.work.lock().unwrap();
            work.done += cost;
            work.busy_until = work.busy_until.max(now) + cost / CORES;
            work.busy_until
        };
        if end.duration_since(now) >= Duration::from_millis(1) {
            tokio::time::sleep_until(end).await;
        }
    }

    /// How long its processors worked, and since when it is there.
    pub(crate) fn worked(&self) -> (Duration, Instant) {
        let work = self.work.lock().unwrap();
        (work.done, work.begun)
    }
}
