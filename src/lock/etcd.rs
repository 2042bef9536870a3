//! Locks that the Mercury processes of several hosts share, in etcd 3.4 or
//! later.
//!
//! Each lock is a queue of keys below `PREFIX/NAME/`, one for each process that
//! holds it or waits for it; whoever's key was made first has the lock. That is
//! etcd's own recipe (clientv3's `concurrency.Mutex`), told here rather than by
//! its Lock RPC, which leaves the key of a caller who gave up where it is.
//!
//! Every key hangs on a lease of its own, so that whatever became of a request
//! that was given up, revoking the lease takes its key away or keeps it from
//! being made, and a late request can leave nothing behind. A lease is renewed
//! three times in its life for as long as the lock is held, and revoked when it
//! is dropped; that of a dead process runs out.

mod client;
mod connection;
mod keys;
mod lease;
mod queue;

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{Coordinator, Held};
use crate::{config::Etcd, fault::Fault};
pub(crate) use connection::{Connection, fault};
pub use keys::{Asked, Before, Event, Events, Failure, Keys, Made};
pub(crate) use lease::Lease;
use queue::Queue;
pub(crate) use queue::component;

/// Locks in etcd, each bound to a lease.
pub struct EtcdLocks {
    etcd: Arc<dyn Keys>,
    /// The tasks that keep leases alive and give them back.
    leases: TaskTracker,
}

impl EtcdLocks {
    /// The locks of this etcd; nothing is connected to before the first is
    /// taken.
    #[must_use]
    pub fn new(settings: Etcd) -> Self {
        Self::over(Arc::new(Connection::new(settings)))
    }

    /// The locks of what answers in an etcd's place.
    #[doc(hidden)]
    #[must_use]
    pub fn over(etcd: Arc<dyn Keys>) -> Self {
        Self { etcd, leases: TaskTracker::new() }
    }

    async fn take(&self, name: &str, wait: Duration) -> Result<Box<dyn Held>, Fault> {
        let deadline = Instant::now() + wait;
        let lease = match Lease::grant(&self.etcd, &self.leases).await {
            Ok(lease) => lease,
            // The member that was used until now may have gone, and another be there.
            Err(_) => Lease::grant(&self.etcd, &self.leases).await?,
        };
        let place = Queue::of(&*self.etcd, name).enter(&lease).await?;
        place.turn(deadline, wait).await?;
        Ok(Box::new(lease))
    }
}

impl Coordinator for EtcdLocks {
    fn acquire<'a>(&'a self, name: &'a str, wait: Duration) -> BoxFuture<'a, Result<Box<dyn Held>, Fault>> {
        self.take(name, wait).boxed()
    }

    fn finish(&self) -> BoxFuture<'_, ()> {
        let given_back = async {
            self.leases.close();
            let limit = self.etcd.settings().timeout;
            if tokio::time::timeout(limit, self.leases.wait()).await.is_err() {
                tracing::warn!("not every lock in etcd could be given back; what is left ends with its lease");
            }
        };
        given_back.boxed()
    }
}
