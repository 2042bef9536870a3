//! Making the change, and what its answers say of it.

use mercury_adapter::{Refusal, Step};
use mercury_model::Running;

use super::{
    super::{
        command::{Command, Event, Landed, Machine as _, Moment, Next, Turn},
        patience::{is_in_the_way, waited},
        shown::Answered,
        style::{Making, Pending, confirmed},
        taking::Taking,
        transition::Doers,
    },
    Commit, Goal, Made, Onward, Reached, State, Then, Trouble, over,
    undoing::{Depth, Taken},
};
use crate::{
    fault::{Fault, FaultKind},
    outcome::Outcome,
};

impl Commit<'_> {
    pub(super) fn make(&mut self, at: Moment) -> Onward {
        let (Some(capabilities), Some(token)) = (&self.session, &self.token) else {
            return over(Outcome::NotStarted(Fault::new(FaultKind::Internal, "no session is open")));
        };
        let pending = match confirmed(capabilities, self.policy, token.clone()) {
            Ok(pending) => pending,
            Err(fault) => return self.unlock(Then::Over(Outcome::NotStarted(fault)), at),
        };
        let Making { first, timeout, rest } =
            Making::new(self.transition, capabilities, self.policy, pending.as_ref(), self.alone);
        let state = match rest.is_empty() {
            true => State::Committing { pending, staged: None },
            false => State::Staging { pending, rest },
        };
        (self.locks, self.sent) = (capabilities.lock, at.now);
        self.fly(state, first, timeout)
    }

    pub(super) fn staged(&mut self, pending: Option<Pending>, rest: Vec<Step>, staged: Landed, at: Moment) -> Onward {
        let commits = rest.iter().any(|step| matches!(step, Step::Commit(_)));
        match (staged.lost_fault(), staged.first_fault()) {
            // No commit was sent: what is staged goes with the session and its lock (RFC 6241 section 8.3.5.3).
            (Some(lost), _) if commits => over(Outcome::NotStarted(lost)),
            (None, None) => {
                self.sent = at.now;
                self.fly(State::Committing { pending, staged: Some(staged) }, rest, self.policy.commit_timeout)
            }
            _ => self.committed(pending, &staged, at),
        }
    }

    /// Decides from the answers what happened, and acts on it.
    pub(super) fn committed(&mut self, pending: Option<Pending>, landed: &Landed, at: Moment) -> Onward {
        let transition = self.transition;
        let lost = landed.lost.is_some();
        if self.can(|capabilities| !capabilities.lock) {
            self.answered = Some(Answered::of(landed, &transition.before));
        }
        let locked = !lost && !landed.unlocked();
        let trouble = |cause, taken, pending: Option<Pending>| {
            let depth = pending.map_or(Depth::Running, Depth::Pending);
            Trouble { cause, depth, locked, taken }
        };
        let read = landed.shown();
        let as_before = read.is_some_and(|now| transition.is_undone(now, self.doers()));
        // Up to the commit; a candidate that could not be emptied first may hold somebody else's work.
        let made = landed.steps.iter().take_while(|step| !matches!(step, Step::Read(_))).count();
        let failed = (0..made).find_map(|index| Some((index, landed.fault(index)?)));
        if let Some((index, cause)) = failed {
            // What follows a candidate that was not emptied may have been done.
            let emptied = !matches!(landed.steps.get(index), Some(Step::Discard));
            let taken = if emptied { Taken::No } else { Taken::Perhaps };
            let clean = landed.results.iter().rev().take(2).all(Result::is_ok);
            let guarded = self.can(|capabilities| capabilities.guarded) && is_in_the_way(&cause);
            return match landed.results.get(index) {
                // What others have made meanwhile is theirs, also where it is what was to be made.
                Some(Err(Refusal::Outdated(_))) => self.outdated(cause, locked, at),
                // What it was worked out from is no longer so, whatever it changes of it.
                Some(Err(_)) if guarded && !lost && transition.recalled => self.not_begun(cause, locked, at),
                Some(Err(_)) if guarded && !lost && self.is_tried_again(&cause, at) => {
                    self.refused(Taken::No, cause, locked, at)
                }
                None if lost => self.search(trouble(cause, Taken::Perhaps, pending), Goal::Made, at),
                _ if landed.unlocked() && as_before && clean => self.refused(taken, cause, false, at),
                // A confirmed commit may be pending behind a refused edit, and even behind a refused commit.
                _ => self.undo(trouble(cause, taken, pending), at),
            };
        }
        let Some(now) = read else {
            let silent = || Fault::new(FaultKind::Protocol, "the change was taken and the switch would not show it");
            let trouble = trouble(landed.lost_fault().unwrap_or_else(silent), Taken::Perhaps, pending);
            return if lost { self.search(trouble, Goal::Made, at) } else { self.undo(trouble, at) };
        };
        let Some(proof) = transition.stays(now) else {
            let cause = transition.differs(now, self.doers());
            return match lost {
                true => self.search(trouble(cause, Taken::Perhaps, pending), Goal::Made, at),
                false if as_before => self.undo(trouble(cause, Taken::Dropped, pending), at),
                false => self.undo(trouble(cause, Taken::Perhaps, pending), at),
            };
        };
        if landed.unlocks() && locked {
            tracing::warn!("the switch would not unlock; closing the session, with which the lock goes");
            self.cut();
        }
        let made = match pending {
            Some(pending) => Made::Pending(pending),
            None if landed.unlocks() || lost => Made::Unlocked { saved: false },
            None => Made::Locked,
        };
        self.state = State::Made { proof, made };
        Next::End(Reached::Made)
    }

    /// It was refused, and what is there is as before: that is how it ended, or
    /// it is tried again where somebody else was in the way. Without a lock that is
    /// seen from the unconfirmed commit of theirs, which is asked for and waited for
    /// first.
    pub(super) fn refused(&mut self, taken: Taken, cause: Fault, locked: bool, at: Moment) -> Onward {
        let again = taken == Taken::No && self.is_tried_again(&cause, at);
        self.tried_again |= again;
        let then = if again { Then::MakeAgain(cause) } else { Then::Over(taken.undone(cause)) };
        self.released(locked, then, at)
    }

    /// Who is refused without a lock once more, with nobody's commit in the way, would be for ever.
    fn is_tried_again(&self, cause: &Fault, at: Moment) -> bool {
        is_in_the_way(cause) && at.exclusive && (self.locks || !self.tried_again)
    }

    /// It was not begun, because what it was to be made on is not as it was read: it is
    /// tried once more where that turns out to be somebody else's affair.
    fn outdated(&mut self, cause: Fault, locked: bool, at: Moment) -> Onward {
        let again = at.exclusive && !self.tried_again && !self.transition.recalled;
        self.tried_again |= again;
        match again {
            true => self.released(locked, Then::MakeAgain(cause), at),
            false => self.not_begun(cause, locked, at),
        }
    }

    fn not_begun(&mut self, cause: Fault, locked: bool, at: Moment) -> Onward {
        let outcome = Outcome::NotStarted(Fault { kind: FaultKind::Locked, ..cause });
        self.released(locked, Then::Over(outcome), at)
    }

    pub(super) fn make_later(&mut self, cause: &Fault, at: Moment) -> Onward {
        let Some(pause) = self.patience.pause(at.now) else {
            return over(Outcome::Rejected(waited(cause, self.policy.lock_wait)));
        };
        tracing::debug!(%cause, "somebody else is in the way");
        self.state = State::PausingToMake;
        Next::Do(Command::Pause(pause))
    }

    pub(super) fn retake(&mut self, at: Moment) -> Onward {
        self.state = State::Retaking(self.taking(self.policy.lock_wait, at));
        Next::Do(Command::Open)
    }

    /// The change is what it was planned as where all is as it was then.
    pub(super) fn retaking(&mut self, mut taking: Taking, event: Event, at: Moment) -> Onward {
        let Turn { cut, next, .. } = taking.on(event, at);
        if cut {
            self.cut();
        }
        match next {
            Next::Do(command) => {
                self.state = State::Retaking(taking);
                Next::Do(command)
            }
            Next::End(Ok(now)) if at.exclusive && self.is_as_planned_from(&now) => {
                self.is_outdated = false;
                self.make(at)
            }
            Next::End(Ok(now)) => self.retaken(&now, at),
            Next::End(Err(fault)) => over(Outcome::NotStarted(fault)),
        }
    }

    /// Whether the change can be made as it was planned. Where the switch has said that somebody
    /// else was there, whatever they changed of what was read is in it: the read-back would be
    /// held against what is no longer so, and the change taken back.
    fn is_as_planned_from(&self, now: &Running) -> bool {
        let doers = Doers { locks: self.locks || self.is_outdated, ..self.doers() };
        self.transition.is_undone(now, doers) && self.transition.stranded(now).is_none()
    }

    /// It is not as it was planned from: somebody else was there, or the switch did what it
    /// refused, where nothing was read since. Where changes happen wholly or not at all, a
    /// part of it is somebody else's.
    fn retaken(&mut self, now: &Running, at: Moment) -> Onward {
        let was_unread = self.can(|capabilities| capabilities.guarded) && !self.is_outdated;
        if let Some(proof) = self.transition.stays(now).filter(|_| was_unread) {
            self.state = State::Made { proof, made: Made::Locked };
            return Next::End(Reached::Made);
        }
        let fault = Fault::new(FaultKind::Locked, "somebody else changed the switch while it was waited for them");
        self.unlock(Then::Over(Outcome::NotStarted(fault)), at)
    }
}
