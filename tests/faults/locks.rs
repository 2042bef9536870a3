//! A coordinator in memory, shared by several Mercurys as lock files or an
//! etcd are, with what may go wrong with either.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury::{
    fault::{Fault, FaultKind},
    lock::{Coordinator, Held},
};
use tokio::time::Instant;

use crate::life::Life;

/// What it says while it [`Trouble::Fails`].
pub(crate) const FAILS: &str = "no lock can be had, on purpose";

/// What is wrong with the coordinator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// No lock can be had: the disk is full, or the etcd is gone.
    Fails,
    /// It answers nothing, and neither does it fail before the wait is over.
    Hangs,
    /// It takes this long.
    Slow(Duration),
}

/// Between two looks whether a lock is free.
const PAUSE: Duration = Duration::from_millis(250);

/// The locks of every Mercury of a world.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// How long what a dead Mercury held stays locked: no time for a lock file,
    /// the time of its lease for an etcd.
    lease: Duration,
    held: Mutex<BTreeMap<String, Entry>>,
    taken: AtomicU64,
    trouble: Mutex<Trouble>,
    /// Until when nobody gets any.
    closed: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    holder: Arc<Life>,
}

impl Locks {
    pub(crate) fn new(lease: Duration) -> Arc<Self> {
        Arc::new(Self { lease, ..Self::default() })
    }

    /// What one Mercury takes its locks from.
    pub(crate) fn of(self: &Arc<Self>, life: &Arc<Life>) -> Arc<dyn Coordinator> {
        Arc::new(Client { locks: Arc::clone(self), life: Arc::clone(life) })
    }

    /// Goes wrong from now on.
    pub(crate) fn trouble(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Every lock is lost, as when the leases end while the etcd is away.
    pub(crate) fn lose(&self) {
        self.held.lock().unwrap().clear();
    }

    /// The same, as leases end: who had one knows it this much sooner than
    /// anybody else can have it.
    pub(crate) fn expire(&self, sooner: Duration) {
        *self.closed.lock().unwrap() = Some(Instant::now() + sooner);
        self.lose();
    }

    /// Which locks are held.
    pub(crate) fn held(&self) -> Vec<String> {
        let held = self.held.lock().unwrap();
        held.iter().filter(|(_, entry)| !self.is_over(entry)).map(|(name, _)| name.clone()).collect()
    }

    fn is_over(&self, entry: &Entry) -> bool {
        entry.holder.dead_for().is_some_and(|time| time >= self.lease)
    }

    fn take(&self, name: &str, holder: &Arc<Life>) -> Option<u64> {
        if self.closed.lock().unwrap().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let mut held = self.held.lock().unwrap();
        if held.get(name).is_some_and(|entry| !self.is_over(entry)) {
            return None;
        }
        let number = self.taken.fetch_add(1, Relaxed);
        held.insert(name.to_owned(), Entry { number, holder: Arc::clone(holder) });
        Some(number)
    }

    fn is(&self, name: &str, number: u64) -> bool {
        self.held.lock().unwrap().get(name).is_some_and(|entry| entry.number == number)
    }

    fn free(&self, name: &str, number: u64) {
        if self.is(name, number) {
            self.held.lock().unwrap().remove(name);
        }
    }
}

struct Client {
    locks: Arc<Locks>,
    life: Arc<Life>,
}

impl Client {
    async fn take(&self, name: &str, wait: Duration) -> Result<Box<dyn Held>, Fault> {
        self.life.live_on().await;
        let deadline = Instant::now() + wait;
        loop {
            let trouble = *self.locks.trouble.lock().unwrap();
            if trouble == Trouble::Fails {
                return Err(Fault::new(FaultKind::Internal, FAILS));
            }
            if let Trouble::Slow(time) = trouble {
                tokio::time::sleep(time).await;
            }
            if trouble != Trouble::Hangs
                && let Some(number) = self.locks.take(name, &self.life)
            {
                let held = Lock { name: name.to_owned(), number, locks: Arc::clone(&self.locks) };
                self.life.live_on().await;
                return Ok(Box::new(held));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fault::new(FaultKind::Locked, "another Mercury has been changing the switch"));
            }
            tokio::time::sleep(left.min(PAUSE)).await;
        }
    }
}

impl Coordinator for Client {
    fn acquire<'a>(&'a self, name: &'a str, wait: Duration) -> BoxFuture<'a, Result<Box<dyn Held>, Fault>> {
        self.take(name, wait).boxed()
    }
}

struct Lock {
    name: String,
    number: u64,
    locks: Arc<Locks>,
}

impl Held for Lock {
    fn is_held(&self) -> bool {
        self.locks.is(&self.name, self.number)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.locks.free(&self.name, self.number);
    }
}
