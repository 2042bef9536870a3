//! What replies may take of this process's memory, while they arrive and while
//! they are understood.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Octets one reply may have, whatever protocol carries it: 64 MiB.
pub const MAX_REPLY: usize = 64 << 20;
/// Octets one reply may take in memory, for each it may have.
const TIMES: usize = 3;
/// Octets of each reply that are not counted, so that large replies of some
/// switches never keep the small ones of others out.
const FREE: usize = 64 << 10;
/// How many octets a share takes at once: it is asked for each node.
const STEP: usize = 64 << 10;

/// The octets that all replies under way may take together; clones share them.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Octets>);

#[derive(Debug)]
struct Octets {
    limit: AtomicUsize,
    taken: AtomicUsize,
}

impl Budget {
    /// The default of a process: 256 MiB.
    pub const DEFAULT: usize = 256 << 20;

    /// A budget of so many octets.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Octets { limit: AtomicUsize::new(limit), taken: AtomicUsize::new(0) }))
    }

    /// The one of this process.
    #[must_use]
    pub fn shared() -> Self {
        static SHARED: LazyLock<Budget> = LazyLock::new(|| Budget::new(Budget::DEFAULT));
        SHARED.clone()
    }

    /// Changes the limit, for what is taken from now on.
    pub fn set_limit(&self, octets: usize) {
        self.0.limit.store(octets, Relaxed);
    }

    /// Octets that are taken now.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.taken.load(Relaxed)
    }

    /// A share for one reply of at most `max_reply` octets.
    #[must_use]
    pub fn share(&self, max_reply: usize) -> Share {
        let limit = max_reply.saturating_mul(TIMES).max(FREE);
        Share { budget: self.clone(), most: max_reply, arrived: 0, limit, used: 0, held: FREE }
    }

    fn take(&self, octets: usize) -> Result<(), NoRoom> {
        let limit = self.0.limit.load(Relaxed);
        let more = |taken: usize| taken.checked_add(octets).filter(|taken| *taken <= limit);
        self.0.taken.fetch_update(Relaxed, Relaxed, more).map(drop).map_err(|_| NoRoom::Together { limit })
    }
}

/// What one reply takes of a [`Budget`]; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    /// Octets that the reply may have, and those it has.
    most: usize,
    arrived: usize,
    limit: usize,
    used: usize,
    /// [`FREE`], and what was taken of the budget.
    held: usize,
}

impl Share {
    /// Takes so many octets more.
    ///
    /// # Errors
    /// There is no room for them; what was taken before stays taken.
    pub fn grow(&mut self, octets: usize) -> Result<(), NoRoom> {
        let used = self.used.saturating_add(octets);
        if used > self.limit {
            return Err(NoRoom::Reply { limit: self.limit });
        }
        if used > self.held {
            let step = (used - self.held).next_multiple_of(STEP);
            self.budget.take(step)?;
            self.held += step;
        }
        self.used = used;
        Ok(())
    }

    /// Octets that are taken of it.
    #[must_use]
    pub const fn used(&self) -> usize {
        self.used
    }

    /// Takes so many octets more that have come of the reply.
    ///
    /// # Errors
    /// The reply has more than it may, or there is no room for them.
    pub fn arrive(&mut self, octets: usize) -> Result<(), NoRoom> {
        self.arrived = self.arrived.saturating_add(octets);
        if self.arrived > self.most {
            return Err(NoRoom::Reply { limit: self.most });
        }
        self.grow(octets)
    }

    /// Gives back so many octets.
    pub fn release(&mut self, octets: usize) {
        self.shrink(self.used.saturating_sub(octets));
    }

    /// Gives back all but so many octets.
    pub fn shrink(&mut self, octets: usize) {
        self.used = self.used.min(octets);
        self.arrived = self.arrived.min(octets);
        let keep = FREE + self.used.saturating_sub(FREE).next_multiple_of(STEP);
        let spare = self.held.saturating_sub(keep);
        self.held -= spare;
        self.budget.0.taken.fetch_sub(spare, Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

/// A reply was given up because of its size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// Because of its own.
    #[error("the reply takes more than {} MiB", .limit >> 20)]
    Reply {
        /// The limit, in octets.
        limit: usize,
    },
    /// Because of all there are.
    #[error("the replies of switches take {} MiB together, all they may; try again", .limit >> 20)]
    Together {
        /// The limit, in octets.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_has_no_more_octets_than_it_may_whatever_room_there_is_for_what_is_made_of_it() {
        let budget = Budget::new(16 << 20);
        let mut share = budget.share(1 << 20);
        share.arrive(1 << 20).unwrap();
        share.grow(2 << 20).unwrap();
        assert_eq!(share.arrive(1), Err(NoRoom::Reply { limit: 1 << 20 }));
        share.shrink(0);
        share.arrive(1 << 20).expect("the next reply of the same peer");
    }

    #[test]
    fn what_is_dropped_is_given_back_and_small_replies_are_free() {
        let budget = Budget::new(1 << 20);
        let mut large = budget.share(MAX_REPLY);
        large.grow(1 << 20).unwrap();
        assert_eq!(budget.taken(), (1 << 20) - FREE);
        let mut small = budget.share(MAX_REPLY);
        small.grow(FREE).unwrap();
        let mut other = budget.share(MAX_REPLY);
        assert_eq!(other.grow(1 << 20), Err(NoRoom::Together { limit: 1 << 20 }));
        large.shrink(FREE);
        assert_eq!(budget.taken(), 0);
        other.grow(1 << 20).unwrap();
        drop((large, small, other));
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn one_reply_is_bounded_whatever_is_left() {
        let budget = Budget::new(usize::MAX);
        let mut share = budget.share(1 << 20);
        share.grow(3 << 20).unwrap();
        assert_eq!(share.grow(1), Err(NoRoom::Reply { limit: 3 << 20 }));
        assert!(share.grow(1).unwrap_err().to_string().contains("3 MiB"));
    }

    #[test]
    fn a_limit_that_was_lowered_holds_for_what_comes() {
        let budget = Budget::new(1 << 30);
        let mut share = budget.share(MAX_REPLY);
        share.grow(8 << 20).unwrap();
        budget.set_limit(8 << 20);
        assert!(share.grow(8 << 20).is_err());
        drop(share);
        budget.share(MAX_REPLY).grow(8 << 20).unwrap();
    }
}
