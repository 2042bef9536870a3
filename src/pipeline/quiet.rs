//! Others' commits that wait to be confirmed, where nothing is to change.

use super::{Line, still};
use crate::{
    commit::{self, Settled},
    fault::{Fault, FaultKind},
    lock::Held,
};

/// How often they are waited for, each for `lock_wait` at most.
const MOST_WAITS: usize = 2;

/// What was asked before it is believed that nothing is to change.
#[derive(Default)]
pub(super) struct Quiet {
    waits: usize,
    is_asked: bool,
}

impl Quiet {
    /// Whether what was read is there to stay. If not, it is to be read again: it may have
    /// been of a commit that was undone since.
    ///
    /// # Errors
    /// Others' commits come one after the other, the switch would not say, or the lock is gone.
    pub(super) async fn stays(&mut self, line: &mut Line<'_>, held: &dyn Held) -> Result<bool, Fault> {
        if self.is_asked {
            still(held)?;
            return Ok(true);
        }
        match commit::settled(line.link, line.policy).await? {
            Settled::Always => return Ok(true),
            Settled::Now => self.is_asked = true,
            Settled::Waited if self.waits == MOST_WAITS => {
                let reason = "others' commits that wait to be confirmed come one after the other";
                return Err(Fault::new(FaultKind::Locked, reason));
            }
            Settled::Waited => self.waits += 1,
        }
        Ok(false)
    }

    /// It was read again for another reason.
    pub(super) const fn read_again(&mut self) {
        self.is_asked = false;
    }
}
