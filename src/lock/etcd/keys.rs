//! What locks and members ask of etcd: leases, and keys that hang on them.

use std::time::Duration;

use futures_util::{future::BoxFuture, stream::BoxStream};

use super::connection::fault;
use crate::{config::Etcd, fault::Fault};

/// Why something was not answered.
#[derive(Debug)]
pub struct Failure {
    /// etcd says that the lease is not there.
    pub gone: bool,
    fault: Box<Fault>,
}

impl Failure {
    /// There is no such lease.
    #[must_use]
    pub fn gone() -> Self {
        Self::new(true, fault("requested lease not found"))
    }

    pub(super) fn new(gone: bool, fault: Fault) -> Self {
        Self { gone, fault: Box::new(fault) }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        *failure.fault
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(false, fault)
    }
}

/// An answer, in the time that the settings allow.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, Failure>>;

/// What changed, as far as etcd tells; ends where it does not any more.
pub type Events = BoxStream<'static, Result<Vec<Event>, Fault>>;

/// A key that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// When, by etcd's count.
    pub revision: i64,
    /// The key of its queue that was made first.
    pub oldest: Option<String>,
}

/// What there is of a queue before a key of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The key that was made last before it; none where it is the oldest.
    pub newest: Option<String>,
    /// The value of the key that was made first.
    pub oldest: String,
    /// The count up to which etcd has been read.
    pub revision: i64,
}

/// One key that is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is there, with this value.
    Put(String, String),
    /// It is there no more.
    Deleted(String),
}

/// Leases and keys as an etcd has them; one stands for all of its members.
///
/// An answer that does not come within [`Etcd::timeout`] is a [`Failure`], and so is a
/// lease that is not there.
pub trait Keys: Send + Sync {
    /// How it is asked.
    fn settings(&self) -> &Etcd;

    /// Makes a lease of this number for so many seconds; it may last longer, which is
    /// the answer.
    fn grant(&self, lease: i64, seconds: i64) -> Asked<'_, Duration>;

    /// Renews a lease, and waits no longer than `limit` for that.
    fn keep_alive(&self, lease: i64, limit: Duration) -> Asked<'_, ()>;

    /// Ends a lease, and with it the keys that hang on it.
    fn revoke(&self, lease: i64) -> Asked<'_, ()>;

    /// Makes a key below `queue` that hangs on the lease; `None` where there is one already.
    fn make<'a>(&'a self, key: &'a str, value: String, lease: i64, queue: &'a str) -> Asked<'a, Option<Made>>;

    /// Writes a key that hangs on the lease.
    fn put<'a>(&'a self, key: &'a str, value: String, lease: i64) -> Asked<'a, ()>;

    /// Takes a key away.
    fn delete<'a>(&'a self, key: &'a str) -> Asked<'a, ()>;

    /// What is before a key that was `made` then; `None` where that is there no more. The
    /// answer is that of a majority of etcd's members.
    fn before<'a>(&'a self, key: &'a str, made: i64, queue: &'a str) -> Asked<'a, Option<Before>>;

    /// All keys that begin so, their values, and the count up to which etcd has been read.
    fn all<'a>(&'a self, keys: &'a str) -> Asked<'a, (Vec<(String, String)>, i64)>;

    /// What becomes of the keys that begin so, from this count on.
    fn changes<'a>(&'a self, keys: &'a str, from: i64) -> Asked<'a, Events>;

    /// Waits until a key goes, from this count on. Only a hint: where etcd does not tell,
    /// it never ends.
    fn left<'a>(&'a self, key: &'a str, from: i64) -> BoxFuture<'a, ()>;
}
