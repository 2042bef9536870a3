//! How much of an answer has come, and what it takes of the budget; shared by
//! the body it comes in and whoever asked for it.

use std::sync::{Arc, Mutex, PoisonError};

use mercury_adapter::{Budget, NoRoom, Share};

/// Counts one answer.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<Mutex<Count>>);

#[derive(Debug)]
struct Count {
    octets: usize,
    limit: usize,
    share: Share,
}

impl Meter {
    /// For an answer of at most `limit` octets.
    pub(crate) fn new(budget: &Budget, limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Count { octets: 0, limit, share: budget.share(limit) })))
    }

    /// So many octets have come, or are kept beside them.
    ///
    /// # Errors
    /// There is no room for them.
    pub(crate) fn count(&self, octets: usize) -> Result<(), NoRoom> {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        count.octets = count.octets.saturating_add(octets);
        if count.octets > count.limit {
            return Err(NoRoom::Reply { limit: count.limit });
        }
        count.share.grow(octets)
    }
}
