//! One writer at a time for each switch, also across Mercury processes: a
//! switch's own lock is not there everywhere (gNMI has none), and where it is,
//! polling for it is slow.
//!
//! | locks | keep apart |
//! |---|---|
//! | [`LockFiles`] | the processes of one host; the default |
//! | `EtcdLocks` | the processes of all hosts that share an etcd (feature `etcd`) |
//! | [`NoLocks`] | nobody |
//!
//! One of them decides alone: with etcd no lock file is taken, so that there is
//! one truth about who may write, and one thing that can fail.

#[cfg(feature = "etcd")]
pub mod etcd;
mod files;

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};

use crate::{config::Settings, fault::Fault};

#[cfg(feature = "etcd")]
pub use etcd::EtcdLocks;
pub use files::LockFiles;

/// A lock that is held until it is dropped.
pub trait Held: Send + Sync {
    /// Whether it is certainly still held: false from the moment on that
    /// somebody else could have it, whether or not somebody does.
    fn is_held(&self) -> bool;

    /// Waits for [`Held::is_held`] to become false.
    fn lost(&self) -> BoxFuture<'_, ()> {
        std::future::pending().boxed()
    }
}

/// Keeps the writers of one switch apart.
pub trait Coordinator: Send + Sync {
    /// Takes the lock of this name, waiting for whoever has it at most so
    /// long. Dropping the future gives up the place among those who wait.
    ///
    /// # Errors
    /// [`FaultKind::Locked`] when somebody else kept it, [`FaultKind::Machine`]
    /// when there can be no lock file, [`FaultKind::Coordinator`] when etcd
    /// cannot be asked.
    ///
    /// [`FaultKind::Locked`]: crate::fault::FaultKind::Locked
    /// [`FaultKind::Machine`]: crate::fault::FaultKind::Machine
    /// [`FaultKind::Coordinator`]: crate::fault::FaultKind::Coordinator
    fn acquire<'a>(&'a self, name: &'a str, wait: Duration) -> BoxFuture<'a, Result<Box<dyn Held>, Fault>>;

    /// Whether locks can be had, as far as that can be told without taking one or
    /// asking anybody.
    ///
    /// # Errors
    /// [`FaultKind::Machine`](crate::fault::FaultKind::Machine): there can be no lock file.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// Waits, for a bounded time, until others can see that what was dropped
    /// is free; to be called before the process ends.
    fn finish(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}

/// The locks that the settings ask for: those of etcd, or lock files. Nothing
/// is connected to yet.
#[must_use]
pub fn from_settings(settings: &Settings) -> Arc<dyn Coordinator> {
    #[cfg(feature = "etcd")]
    if let Some(etcd) = &settings.etcd {
        return Arc::new(EtcdLocks::new(etcd.clone()));
    }
    LockFiles::shared(settings.lock_dir.clone())
}

/// No locks, for switches that nobody else can reach.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLocks;

impl NoLocks {
    /// No locks, for a service.
    #[must_use]
    pub fn shared() -> Arc<dyn Coordinator> {
        Arc::new(Self)
    }
}

impl Held for NoLocks {
    fn is_held(&self) -> bool {
        true
    }
}

impl Coordinator for NoLocks {
    fn acquire<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<Box<dyn Held>, Fault>> {
        std::future::ready(Ok(Box::new(Self) as Box<dyn Held>)).boxed()
    }
}
