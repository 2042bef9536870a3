//! A lease: asked for, renewed as long as somebody holds it, given back.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use tokio_util::task::TaskTracker;

use super::{
    Held,
    connection::{fault, rand},
    keys::Keys,
};
use crate::fault::Fault;

/// A lease that a task keeps alive until this is dropped, and then revokes.
pub(crate) struct Lease {
    pub(crate) id: i64,
    /// Until when it cannot have run out, by the clock of this process.
    valid: watch::Receiver<Instant>,
}

impl Lease {
    /// Asks etcd for a lease. It is given back too if this future is dropped.
    pub(crate) async fn grant(etcd: &Arc<dyn Keys>, tasks: &TaskTracker) -> Result<Self, Fault> {
        // Chosen here, so that it can be given back without having seen the answer; above 0.
        let id = i64::try_from(rand() >> 1).unwrap_or(1).max(1);
        let (sender, valid) = watch::channel(Instant::now());
        let (granted, answer) = oneshot::channel();
        let keeper = Keeper { etcd: Arc::clone(etcd), id, valid: sender };
        let lease = Self { id, valid };
        tasks.spawn(keeper.run(granted));
        answer.await.unwrap_or_else(|_| Err(fault("the lease was not asked for")))?;
        Ok(lease)
    }
}

impl Held for Lease {
    fn is_held(&self) -> bool {
        Instant::now() < *self.valid.borrow()
    }

    fn lost(&self) -> BoxFuture<'_, ()> {
        let mut valid = self.valid.clone();
        let lost = async move {
            loop {
                let until = *valid.borrow_and_update();
                if Instant::now() >= until {
                    return;
                }
                tokio::select! {
                    biased;
                    () = tokio::time::sleep_until(until) => {}
                    Ok(()) = valid.changed() => {}
                }
            }
        };
        lost.boxed()
    }
}

struct Keeper {
    etcd: Arc<dyn Keys>,
    id: i64,
    valid: watch::Sender<Instant>,
}

impl Keeper {
    async fn run(self, granted: oneshot::Sender<Result<(), Fault>>) {
        tokio::select! {
            biased;
            () = self.valid.closed() => {}
            was_granted = self.hold(granted) => {
                if !was_granted {
                    // Nothing hangs on it: should etcd have made it, it runs out.
                    return;
                }
                // Lost, but perhaps somebody is in the middle of a change still.
                self.valid.closed().await;
            }
        }
        self.give_back().await;
    }

    /// False if there is no lease; returns when there is none any more.
    async fn hold(&self, granted: oneshot::Sender<Result<(), Fault>>) -> bool {
        let (id, asked) = (self.id, Instant::now());
        let seconds = i64::try_from(self.etcd.settings().lease_ttl.as_secs()).unwrap_or(i64::MAX);
        let ttl = match self.etcd.grant(id, seconds).await {
            // etcd may grant more than it was asked for.
            Ok(ttl) => ttl,
            Err(failure) => {
                let _given_up = granted.send(Err(failure.into()));
                return false;
            }
        };
        self.extend(asked, ttl);
        if granted.send(Ok(())).is_ok() {
            self.renew(asked, ttl).await;
        }
        true
    }

    /// Renews the lease until etcd says that it is gone. When etcd cannot be
    /// asked for long enough the lease may have run out, and counts as lost;
    /// it is tried on all the same, since a lease that can be renewed had not.
    async fn renew(&self, granted: Instant, ttl: Duration) {
        let (id, third) = (self.id, ttl / 3);
        let limit = self.etcd.settings().timeout.min(third);
        let (mut next, mut told) = (granted + third, false);
        loop {
            tokio::time::sleep_until(next).await;
            let asked = Instant::now();
            match self.etcd.keep_alive(id, limit).await {
                Ok(()) => {
                    self.extend(asked, ttl);
                    (next, told) = (asked + third, false);
                }
                Err(failure) if failure.gone => {
                    tracing::warn!("etcd ended the lease of a lock that is held");
                    self.valid.send_replace(asked);
                    return;
                }
                Err(failure) => {
                    let fault = Fault::from(failure);
                    let left = self.valid.borrow().saturating_duration_since(Instant::now());
                    let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
                    // Once it is lost, it is told once.
                    if told {
                        tracing::debug!(%fault, "a lock that was held could not be renewed");
                    } else {
                        tracing::warn!(%fault, left_ms, "a lock that is held could not be renewed");
                    }
                    told = left.is_zero();
                    next = Instant::now() + pause(ttl);
                }
            }
        }
    }

    /// The life of the lease began when etcd read the request, which was not
    /// before it was sent. A tenth is kept back: clocks differ, and whoever asks
    /// needs a moment to act on the answer.
    fn extend(&self, asked: Instant, ttl: Duration) {
        self.valid.send_replace(asked + ttl - ttl / 10);
    }

    /// Frees the lock now; where that fails for so long, the lease has run out.
    async fn give_back(&self) {
        let (id, ttl) = (self.id, self.etcd.settings().lease_ttl);
        let end = Instant::now() + ttl;
        while let Err(failure) = self.etcd.revoke(id).await {
            if failure.gone {
                return;
            }
            let fault = Fault::from(failure);
            if Instant::now() >= end {
                tracing::warn!(%fault, "a lock could not be given back; it ended with its lease");
                return;
            }
            tracing::debug!(%fault, "a lock could not be given back yet");
            tokio::time::sleep(pause(ttl)).await;
        }
    }
}

/// Between two tries of which the first failed.
fn pause(ttl: Duration) -> Duration {
    (ttl / 20).min(Duration::from_secs(1))
}
