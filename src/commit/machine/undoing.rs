//! The way back, as long as there is a session that can go it.

use mercury_adapter::{Capabilities, CommitMode, Datastore, ErrorTag, Step};
use mercury_model::Running;

use super::{
    super::{
        command::{Command, Event, Landed, Machine as _, Moment, Next, Turn},
        style::Pending,
        taking::Taking,
    },
    Commit, Goal, Made, Onward, State, Then,
    searching::{Missed, Search},
};
use crate::{
    fault::{Fault, FaultKind},
    outcome::Outcome,
};

/// Why nothing more is undone.
const LEFT_ALONE: &str = "somebody else changed it since, and what is there was left alone";

/// A change that is to be undone.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// Why.
    pub(super) cause: Fault,
    pub(super) depth: Depth,
    /// Whether the lock has been held since before the change.
    pub(super) locked: bool,
    pub(super) taken: Taken,
}

/// Where the change may be.
#[derive(Clone, Debug)]
pub(super) enum Depth {
    /// In running, until the confirmed commit is confirmed.
    Pending(Pending),
    /// In running.
    Running,
    /// In startup as well.
    Startup,
}

/// Whether the switch took the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It said that it did not.
    No,
    /// It said that it did, and showed at once that it did not keep it.
    Dropped,
    /// It may have.
    Perhaps,
}

impl Taken {
    /// The outcome of a change that was not made, or is no more.
    pub(super) const fn undone(self, cause: Fault) -> Outcome {
        match self {
            Self::No | Self::Dropped => Outcome::Rejected(cause),
            Self::Perhaps => Outcome::RolledBack(cause),
        }
    }
}

impl Trouble {
    /// A change that is made is not to stay.
    pub(super) fn made(cause: Fault, made: Made) -> Self {
        let (depth, locked) = match made {
            Made::Pending(pending) => (Depth::Pending(pending), true),
            Made::Locked => (Depth::Running, true),
            Made::Unlocked { saved: true } => (Depth::Startup, false),
            Made::Unlocked { saved: false } => (Depth::Running, false),
        };
        Self { cause, depth, locked, taken: Taken::Perhaps }
    }

    /// Even what was final is not to stay.
    pub(super) const fn finished(cause: Fault, saved: bool, locked: bool) -> Self {
        let depth = if saved { Depth::Startup } else { Depth::Running };
        Self { cause, depth, locked, taken: Taken::Perhaps }
    }

    /// The switch said that it did not do it, or is told to cancel it.
    pub(super) fn is_disowned(&self) -> bool {
        self.taken == Taken::No || self.depth.is_cancelled()
    }

    fn undone(self) -> Outcome {
        self.taken.undone(self.cause)
    }
}

/// Who goes the way back, and so what follows where that fails.
#[derive(Clone, Debug)]
pub(super) enum Undoer {
    /// The session that made the change, or its successor after a warm one had died.
    Here(Trouble),
    /// One that found it.
    Found(Search),
}

impl Undoer {
    const fn may_be_saved(&self) -> bool {
        matches!(self, Self::Here(Trouble { depth, .. }) | Self::Found(Search { depth, .. }) if depth.may_be_saved())
    }

    pub(super) fn undone(self) -> Outcome {
        match self {
            Self::Here(trouble) => trouble.undone(),
            Self::Found(search) => search.undone(),
        }
    }

    /// The same, where something may be so that running does not show.
    pub(super) fn undone_but(self, unsettled: &str) -> Outcome {
        match self {
            Self::Here(trouble) => trouble.taken.undone(trouble.cause.but(unsettled)),
            Self::Found(mut search) => {
                search.cause = search.cause.but(unsettled);
                search.undone()
            }
        }
    }
}

impl Depth {
    pub(super) const fn may_be_saved(&self) -> bool {
        matches!(self, Self::Startup)
    }

    /// The switch is told to undo it.
    const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Pending(pending) if pending.is_cancelled())
    }

    pub(super) const fn pending(&self) -> Option<&Pending> {
        match self {
            Self::Pending(pending) => Some(pending),
            Self::Running | Self::Startup => None,
        }
    }
}

impl Commit<'_> {
    /// Brings the switch back to what it was, in the session that is open:
    /// cancels a pending confirmed commit, drops what is staged, and if that is
    /// not enough sends the inverse plan. Where that does not do, as after a lost
    /// session, another is opened.
    pub(super) fn undo(&mut self, trouble: Trouble, at: Moment) -> Onward {
        let mut steps = Vec::new();
        match trouble.depth.pending() {
            Some(Pending::Session) => {
                let fault = Fault::new(FaultKind::Undone, "ending the session undoes the commit");
                return self.not_undone(Undoer::Here(trouble), fault, at);
            }
            Some(pending @ (Pending::Persistent(_) | Pending::Cancellable)) => {
                steps.push(Step::Cancel(pending.token()));
            }
            // What undoes it is a commit, and that is no longer to be confirmed.
            Some(Pending::AnyCommit(_)) | None => {}
        }
        if trouble.locked && self.has_candidate() {
            steps.push(Step::Discard);
        }
        steps.push(Step::Read(self.transition.before.scope.clone()));
        self.fly(State::Undoing(trouble), steps, self.policy.commit_timeout)
    }

    pub(super) fn undone(&mut self, trouble: Trouble, landed: &Landed, at: Moment) -> Onward {
        let now = match landed.last_read() {
            Ok(now) => now,
            Err(fault) => return self.not_undone(Undoer::Here(trouble), fault, at),
        };
        let refused = landed.results.iter().any(Result::is_err);
        // Startup may have what running, by whatever means, has no more.
        if !self.transition.is_undone(now, self.doers()) || trouble.depth.may_be_saved() {
            if refused && trouble.depth.is_cancelled() {
                let fault = Fault::new(FaultKind::Refused, "the switch refused to cancel the commit");
                return self.not_undone(Undoer::Here(trouble), fault, at);
            }
            if trouble.locked {
                return self.revert(Undoer::Here(trouble), now, at);
            }
            self.state = State::Relocking(trouble, self.taking(self.policy.lock_wait, at));
            return Next::Do(Command::Open);
        }
        if refused {
            // There may have been nothing to cancel; if there was, or if the candidate was not
            // emptied, the end of the session sees to it (RFC 6241 sections 8.3.5.3 and 8.4.1).
            self.cut();
        }
        let locked = trouble.locked && !refused;
        let cause = self.perhaps_pending(trouble.cause, &trouble.depth, landed);
        self.refused(trouble.taken, cause, locked, at)
    }

    /// A commit that was refused, or of nothing, may be pending all the same: the
    /// cause says so where Mercury may not cancel it.
    fn perhaps_pending(&self, cause: Fault, depth: &Depth, landed: &Landed) -> Fault {
        let forbidden =
            landed.fault(0).filter(|fault| fault.device_errors.iter().any(|error| error.tag == ErrorTag::AccessDenied));
        let (Depth::Pending(Pending::Persistent(_)), Some(forbidden)) = (depth, forbidden) else { return cause };
        let seconds = self.policy.confirm_timeout.as_secs();
        let pending = format!(
            "a commit may wait to be confirmed, Mercury may not cancel it ({}), and nobody may get the lock for up to \
             {seconds} s",
            forbidden.message
        );
        cause.but(&pending)
    }

    pub(super) fn relocking(&mut self, trouble: Trouble, mut taking: Taking, event: Event, at: Moment) -> Onward {
        let Turn { cut, next, .. } = taking.on(event, at);
        if cut {
            self.cut();
        }
        match next {
            Next::Do(command) => {
                self.state = State::Relocking(trouble, taking);
                Next::Do(command)
            }
            Next::End(Ok(now)) => self.revert(Undoer::Here(trouble), &now, at),
            Next::End(Err(fault)) => self.not_undone(Undoer::Here(trouble), fault, at),
        }
    }

    /// Sends the plan from what is there to what was there before, where that may
    /// be done.
    pub(super) fn revert(&mut self, undoer: Undoer, now: &Running, at: Moment) -> Onward {
        match self.may_revert(&undoer, now, at) {
            Ok(true) => {}
            Ok(false) => return self.is_reverted(undoer, at),
            Err(undo) => {
                let then = match undoer {
                    Undoer::Here(trouble) => {
                        tracing::debug!(fault = %undo, "not undone in the open session");
                        Then::Search(trouble)
                    }
                    Undoer::Found(search) => Then::Over(Outcome::RollbackFailed { cause: search.cause, undo }),
                };
                return self.unlock(then, at);
            }
        }
        let plan = self.transition.inverse(now, self.doers());
        let mut steps = Vec::new();
        if !plan.is_empty() {
            if self.has_candidate() {
                steps.push(Step::Discard);
            }
            let session = self.session.clone().unwrap_or_else(Capabilities::unknown);
            match self.transition.render.render(&plan, &session) {
                Ok(payload) => {
                    self.taken_out.extend(self.transition.taken_out(now));
                    steps.push(Step::Stage(payload));
                }
                Err(unrenderable) => return self.not_undone(undoer, unrenderable.into(), at),
            }
            if self.has_candidate() {
                steps.push(Step::Commit(CommitMode::Plain));
            }
        }
        steps.push(Step::Read(self.transition.before.scope.clone()));
        self.fly(State::Reverting(undoer), steps, self.policy.commit_timeout)
    }

    /// Whether the way back may be sent: nobody else can have changed the switch
    /// since the change began, so that what is there now is what was there before,
    /// or what Mercury made of it.
    ///
    /// # Errors
    /// Somebody else may have been at the switch: what is not as before may be
    /// theirs, and is left alone. Where changes happen wholly or not at all, and the
    /// switch refused or cancelled this one, a part that is as before shows that
    /// nothing of it is there, and nothing is to do.
    fn may_revert(&self, undoer: &Undoer, now: &Running, at: Moment) -> Result<bool, Fault> {
        let (locked_throughout, disowned, taken, depth) = match undoer {
            Undoer::Here(trouble) => (trouble.locked, trouble.is_disowned(), trouble.taken, &trouble.depth),
            Undoer::Found(search) => (false, search.disowned, search.taken, &search.depth),
        };
        let (locks, whole) =
            (self.can(|capabilities| capabilities.lock), self.can(|capabilities| capabilities.atomic_edit));
        let guards = self.can(|capabilities| capabilities.guarded) && self.transition.is_of_others(now, whole);
        let is_ours = self.transition.is_undone(now, self.doers()) || self.transition.proof(now).is_some();
        if guards || (self.is_outdated && !is_ours) {
            return Err(Fault::new(FaultKind::Locked, LEFT_ALONE));
        }
        let is_nowhere = whole && self.transition.is_not_made(now);
        // Where nothing locks, other clients than Mercury may have been there all the while. A
        // refused change of which nothing shows is not there; what a cancel made of one may be
        // Mercury's doing.
        let is_theirs = !locks && taken == Taken::No && is_nowhere && !self.transition.shows_some(now);
        if (at.exclusive && !is_theirs) || (locked_throughout && locks) {
            return Ok(true);
        }
        if self.transition.is_undone(now, self.doers()) || (disowned && is_nowhere) {
            return Ok(false);
        }
        let mut reason =
            "the lock that keeps other Mercurys from this switch was lost, so what is there was left alone".to_owned();
        if let Some(Pending::AnyCommit(_)) = depth.pending() {
            let seconds = self.policy.confirm_timeout.as_secs();
            reason += &format!("; the switch undoes it within {seconds} s, unless somebody commits");
        }
        Err(Fault::new(FaultKind::Locked, reason))
    }

    pub(super) fn reverted(&mut self, undoer: Undoer, landed: &Landed, at: Moment) -> Onward {
        let undone = match landed.first_fault() {
            Some(fault) => Err(fault),
            None => landed.last_read().map(|now| self.transition.is_undone(now, self.doers())),
        };
        match undone {
            Ok(true) => self.is_reverted(undoer, at),
            Ok(false) => {
                let reason = "the switch took the way back and is not as before";
                self.not_undone(undoer, Fault::new(FaultKind::ReadBack, reason), at)
            }
            Err(fault) => self.not_undone(undoer, fault, at),
        }
    }

    /// Running is as before; startup is to be, where it may have the change.
    fn is_reverted(&mut self, undoer: Undoer, at: Moment) -> Onward {
        if undoer.may_be_saved() {
            return self.save_reverted(undoer, at);
        }
        self.unlock(Then::Over(undoer.undone()), at)
    }

    fn not_undone(&mut self, undoer: Undoer, fault: Fault, at: Moment) -> Onward {
        match undoer {
            Undoer::Here(trouble) => {
                tracing::debug!(%fault, "not undone in the open session");
                self.search(trouble, Goal::Before, at)
            }
            Undoer::Found(search) => self.missed(search, Missed::NotUndone(fault), at),
        }
    }

    fn has_candidate(&self) -> bool {
        self.can(|capabilities| capabilities.datastore == Datastore::Candidate)
    }
}
