//! Whether anybody still waits for an answer, and whether what was asked for
//! has begun: so that nothing is begun that nobody waits for, and whoever gives
//! up can be told what that means.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use tokio_util::sync::CancellationToken;

/// One caller's patience, shared with everything that works for it.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    gone: CancellationToken,
    begun: Arc<AtomicBool>,
}

impl Waits {
    /// Nobody waits any more. Says whether nothing was begun, and so never will
    /// be; what has begun is finished.
    #[must_use]
    pub fn give_up(&self) -> bool {
        self.gone.cancel();
        !self.begun.load(SeqCst)
    }

    /// Whether nobody waits any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.gone.is_cancelled()
    }

    /// Until nobody waits any more; for ever, where that is not told.
    pub async fn over(waits: Option<&Self>) {
        match waits {
            Some(waits) => waits.gone.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Whether the change may begin: from here on it is finished, whoever goes.
    /// Noted before it is asked, so that of two that meet here one at least sees
    /// the other.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.begun.store(true, SeqCst);
        !self.is_over()
    }

    /// Whether the change has begun, as far as whoever waits is told.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.load(SeqCst)
    }

    /// It has not begun after all: nothing was sent.
    pub fn withdraw(&self) {
        self.begun.store(false, SeqCst);
    }
}

impl From<CancellationToken> for Waits {
    fn from(gone: CancellationToken) -> Self {
        Self { gone, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_never_begins_and_what_began_is_not_given_up_for_nothing() {
        let waits = Waits::default();
        assert!(waits.give_up() && !waits.begin() && waits.is_over());
        let waits = Waits::default();
        assert!(waits.begin() && !waits.give_up());
    }
}
