//! Copying running to startup.

use mercury_adapter::Step;
use mercury_model::Running;

use super::{
    super::{
        command::{Command, Landed, Moment, Next},
        patience::{Patience, is_in_the_way, waited},
    },
    Commit, Goal, Onward, Search, State, Then, Trouble,
    searching::Missed,
    undoing::{Depth, Taken, Undoer},
};
use crate::{
    fault::{Fault, FaultKind},
    outcome::ReadBack,
};

/// A copy on its way.
#[derive(Clone, Debug)]
pub(super) struct Saving {
    what: What,
    /// Whether the lock is held.
    locked: bool,
    /// The lock was given back for it.
    unlocked: bool,
    /// How long it is tried while somebody else is in the way.
    patience: Patience,
}

/// What is in running.
#[derive(Clone, Debug)]
enum What {
    /// The change, for good.
    Made(ReadBack),
    /// What was there before.
    Reverted(Undoer),
    /// What was found after a lost session, for good.
    Found(Box<Search>, Running),
}

impl Commit<'_> {
    /// Saves what is in running for good, where it is to be.
    pub(super) fn save_made(&mut self, proof: ReadBack, locked: bool, at: Moment) -> Onward {
        if !self.saves() {
            return self.finished(proof, false, locked);
        }
        self.save(What::Made(proof), locked, at)
    }

    pub(super) fn save_reverted(&mut self, undoer: Undoer, at: Moment) -> Onward {
        self.save(What::Reverted(undoer), true, at)
    }

    pub(super) fn save_found(&mut self, search: Search, now: Running, at: Moment) -> Onward {
        self.save(What::Found(Box::new(search), now), true, at)
    }

    fn save(&mut self, what: What, locked: bool, at: Moment) -> Onward {
        self.send(Saving { what, locked, unlocked: false, patience: Patience::new(self.policy.lock_wait, at.now) })
    }

    fn send(&mut self, saving: Saving) -> Onward {
        let mut steps = vec![Step::Save];
        if self.alone && saving.locked && matches!(saving.what, What::Made(_)) {
            steps.push(Step::Unlock);
        }
        self.fly(State::Saving(saving), steps, self.policy.commit_timeout)
    }

    pub(super) fn saved(&mut self, mut saving: Saving, landed: &Landed, at: Moment) -> Onward {
        let was_locked = saving.locked;
        saving.locked &= landed.lost.is_none() && !landed.unlocked();
        match landed.fault(0) {
            None => self.is_saved(saving, at),
            Some(cause) if landed.lost.is_some() => self.save_is_lost(saving, cause, at),
            Some(cause) if !is_in_the_way(&cause) => self.is_not_saved(saving, cause, at),
            // Some servers leave startup alone while running is locked, whoever locked it.
            Some(cause) if was_locked => {
                let locked = saving.locked;
                let saving = Saving { locked: false, unlocked: true, ..saving };
                self.released(locked, Then::Save(Box::new(saving), cause), at)
            }
            Some(cause) => self.save_later(saving, cause, at),
        }
    }

    pub(super) fn save_unlocked(&mut self, saving: Saving, cause: Fault, at: Moment) -> Onward {
        // The session went because it would not unlock.
        if self.session.is_none() {
            return self.save_is_lost(saving, cause, at);
        }
        self.send(saving)
    }

    fn save_later(&mut self, mut saving: Saving, cause: Fault, at: Moment) -> Onward {
        let Some(pause) = saving.patience.pause(at.now) else {
            let cause = waited(&cause, self.policy.lock_wait);
            return self.is_not_saved(saving, cause, at);
        };
        self.state = State::PausingToSave(saving, cause);
        Next::Do(Command::Pause(pause))
    }

    pub(super) fn save_again(&mut self, saving: Saving, cause: Fault, at: Moment) -> Onward {
        // What is in running now may be somebody else's.
        if !at.exclusive {
            return self.is_not_saved(saving, cause, at);
        }
        self.send(saving)
    }

    fn is_saved(&mut self, saving: Saving, at: Moment) -> Onward {
        let Saving { what, locked, unlocked, .. } = saving;
        self.note =
            unlocked.then_some("the switch would not save while it was locked, so it was saved after the unlock");
        match what {
            What::Made(proof) => self.finished(proof, true, locked),
            What::Reverted(undoer) => self.released(locked, Then::Over(undoer.undone()), at),
            What::Found(mut search, now) => {
                search.depth = Depth::Startup;
                self.kept(*search, &now, locked, at)
            }
        }
    }

    fn save_is_lost(&mut self, saving: Saving, cause: Fault, at: Moment) -> Onward {
        match saving.what {
            What::Made(_) => self.search(unsaved(cause, false), Goal::Final, at),
            What::Reverted(undoer) => self.startup_is_unsure(undoer, &cause, false, at),
            What::Found(mut search, _) => {
                search.depth = Depth::Startup;
                self.unseen(*search, cause, at)
            }
        }
    }

    /// A switch that refuses to save is to be as before.
    fn is_not_saved(&mut self, saving: Saving, cause: Fault, at: Moment) -> Onward {
        let Saving { what, locked, .. } = saving;
        match what {
            What::Made(_) => self.undo(unsaved(cause, locked), at),
            What::Reverted(undoer) => self.startup_is_unsure(undoer, &cause, locked, at),
            What::Found(mut search, now) => {
                (search.depth, search.goal) = (Depth::Startup, Goal::Before);
                self.revert_found(*search, &now, locked, at)
            }
        }
    }

    fn startup_is_unsure(&mut self, undoer: Undoer, fault: &Fault, locked: bool, at: Moment) -> Onward {
        tracing::warn!(%fault, "running is as before; whether startup is, could not be made sure");
        let unsettled = format!("startup may have the change, since saving over it failed ({})", fault.message);
        self.released(locked, Then::Over(undoer.undone_but(&unsettled)), at)
    }

    /// Under the lock, which may have to be taken for it.
    pub(super) fn revert_found(&mut self, mut search: Search, now: &Running, locked: bool, at: Moment) -> Onward {
        if locked {
            return self.revert(Undoer::Found(search), now, at);
        }
        let fault = Fault::new(FaultKind::Undone, "the lock was given back before the way back");
        search.limit = search.limit.max(at.now.saturating_add(self.policy.recovery));
        self.missed(search, Missed::NotUndone(fault), at)
    }
}

/// A change that is in running and may be in startup.
const fn unsaved(cause: Fault, locked: bool) -> Trouble {
    Trouble { cause, depth: Depth::Startup, locked, taken: Taken::Perhaps }
}
