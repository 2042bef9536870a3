//! The session is gone, or of no more use, and the change may or may not have
//! been made: opens another, waits until the lost one can no longer be at
//! work, reaches the goal, and says what is.

use std::time::Duration;

use mercury_adapter::{Capabilities, CommitMode, PersistId, Step};
use mercury_model::Running;

use super::{
    super::{
        command::{Command, Event, Landed, Machine as _, Moment, Next, Turn},
        taking::Taking,
    },
    Commit, Onward, State, Then, Trouble, over,
    undoing::{Depth, Taken, Undoer},
};
use crate::{
    fault::{Fault, FaultKind},
    outcome::{Outcome, ReadBack},
};

/// Between two tries to find out; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long to wait for the lock before cancelling again.
const CANCEL_AGAIN: Duration = Duration::from_secs(1);
/// What a switch's confirm timer may be late.
const LATE: Duration = Duration::from_secs(1);

/// What is to be true in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The change, if it was made; nothing, if it was not.
    Made,
    /// The same, for a change that was told to stay.
    Final,
    /// What was there before.
    Before,
}

/// What is known of a change that is looked for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Why it is.
    pub(super) cause: Fault,
    pub(super) taken: Taken,
    pub(super) depth: Depth,
    /// The switch said that it did not do it, or is told to cancel it.
    pub(super) disowned: bool,
    pub(super) goal: Goal,
    cancelled: Cancelled,
    /// Without a lock: the change was there before it was cancelled. Some targets
    /// say that they cancelled what they have yet to make.
    seen: bool,
    /// The change was made once more and that was lost: it may come yet.
    comes_again: bool,
    /// When the confirm timer of the lost session has run out, at the latest.
    settles: Option<Duration>,
    /// Until when a target without a lock may still be at what was lost.
    quiet: Duration,
    /// When to give up, unless it settles later.
    pub(super) limit: Duration,
    /// When the switch was last asked.
    asked: Duration,
    pause: Duration,
    /// How long this attempt waits for the lock.
    lock_wait: Duration,
}

impl Search {
    pub(super) fn undone(self) -> Outcome {
        self.taken.undone(self.cause)
    }

    fn token(&self) -> Option<PersistId> {
        self.depth.pending().and_then(super::Pending::token)
    }
}

/// Whether the switch has cancelled a commit with its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancelled {
    No,
    /// In this attempt, and what that left was not seen yet.
    JustNow,
    Yes,
}

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub(super) enum Missed {
    /// The switch could not be asked, or it is too early to say.
    Unseen(Fault),
    /// What is there is known, and could not be undone.
    NotUndone(Fault),
}

impl Commit<'_> {
    pub(super) fn search(&mut self, trouble: Trouble, goal: Goal, at: Moment) -> Onward {
        self.cut();
        let disowned = trouble.is_disowned();
        let Trouble { cause, depth, taken, .. } = trouble;
        tracing::warn!(%cause, "a change was interrupted; finding out what the switch has");
        let quiet = at.now.saturating_add(self.policy.settle);
        let confirms = if depth.pending().is_some() { self.confirms(at) } else { at.now };
        let limit = confirms.max(at.now.saturating_add(self.policy.recovery)).max(quiet.saturating_add(LATE));
        let search = Search {
            cause,
            taken,
            depth,
            disowned,
            goal,
            cancelled: Cancelled::No,
            seen: false,
            comes_again: false,
            settles: None,
            quiet,
            limit,
            asked: at.now,
            pause: FIRST_PAUSE,
            lock_wait: self.policy.lock_wait,
        };
        self.attempt(search, at)
    }

    /// When the confirm timer of a commit that was made by now has run out.
    const fn confirms(&self, at: Moment) -> Duration {
        at.now.saturating_add(self.policy.confirm_timeout).saturating_add(LATE)
    }

    /// One try. Under the lock the lost session is over, and with it its staged
    /// and its unconfirmed changes (RFC 6241 section 8.4.1). A persistent commit
    /// outlives its session, so it is cancelled: before, since it can keep the
    /// next one out, and once more under the lock, when the lost session can make
    /// no other. That the switch refuses is as good: it was confirmed, undone, or
    /// never made.
    pub(super) fn attempt(&mut self, search: Search, at: Moment) -> Onward {
        let mut search = Search { asked: at.now, lock_wait: self.policy.lock_wait, ..search };
        if search.cancelled == Cancelled::JustNow {
            search.cancelled = Cancelled::No;
        }
        if search.token().is_none() {
            return self.lock(search, at);
        }
        self.state = State::Reopening(search);
        Next::Do(Command::Open)
    }

    pub(super) fn reopened(&mut self, mut search: Search, capabilities: &Capabilities) -> Onward {
        // Without a lock, what is in the way is a commit that waits to be confirmed: our own, and to be
        // cancelled again, more likely than another's. With one, the lost session may have kept the
        // cancelling out and be gone in a moment.
        let lock_wait = if capabilities.lock { search.lock_wait.min(CANCEL_AGAIN) } else { Duration::ZERO };
        search.lock_wait = lock_wait;
        let cancel = Step::Cancel(search.token());
        let steps = match capabilities.lock {
            true => vec![cancel],
            false => vec![Step::Read(self.transition.before.scope.clone()), cancel],
        };
        self.fly(State::Cancelling(search), steps, self.policy.commit_timeout)
    }

    pub(super) fn cancelled(&mut self, mut search: Search, landed: &Landed, at: Moment) -> Onward {
        search.seen |= landed.read(0).is_ok_and(|now| !self.transition.is_undone(now, self.doers()));
        if landed.is_done(landed.steps.len() - 1) && search.cancelled == Cancelled::No {
            search.cancelled = Cancelled::JustNow;
        }
        self.lock(search, at)
    }

    fn lock(&mut self, search: Search, at: Moment) -> Onward {
        let taking = self.taking(search.lock_wait, at);
        self.state = State::Locking(search, taking);
        Next::Do(Command::Open)
    }

    pub(super) fn locking(&mut self, search: Search, mut taking: Taking, event: Event, at: Moment) -> Onward {
        let Turn { cut, next, .. } = taking.on(event, at);
        if cut {
            self.cut();
        }
        let now = match next {
            Next::Do(command) => {
                self.state = State::Locking(search, taking);
                return Next::Do(command);
            }
            Next::End(Ok(now)) => now,
            Next::End(Err(fault)) => return self.unseen(search, fault, at),
        };
        let Some(token) = search.token() else { return self.found(search, &now, at) };
        let steps = vec![Step::Cancel(Some(token)), Step::Read(self.transition.before.scope.clone())];
        self.fly(State::CancellingAgain(search), steps, self.policy.commit_timeout)
    }

    pub(super) fn cancelled_again(&mut self, mut search: Search, landed: &Landed, at: Moment) -> Onward {
        if landed.is_done(0) || search.cancelled == Cancelled::JustNow {
            search.cancelled = Cancelled::Yes;
        }
        match landed.last_read() {
            Ok(now) => self.found(search, now, at),
            Err(fault) => self.unseen(search, fault, at),
        }
    }

    fn found(&mut self, mut search: Search, now: &Running, at: Moment) -> Onward {
        if search.depth.pending().is_some() {
            search.settles = search.settles.or(Some(self.confirms(at)));
        }
        let proof = self.proof_for(search.goal, now);
        // Without a lock nothing tells whether the lost session is still at work: only time, before the
        // switch was asked, or that the change was seen and the switch was told to undo it, and did.
        let locks = self.can(|capabilities| capabilities.lock);
        let undone = search.seen && search.cancelled == Cancelled::Yes;
        let is_over = locks || undone || search.asked >= search.quiet;
        if (proof.is_none() || search.comes_again) && !is_over {
            let reason = "the switch may still be at what was lost";
            return self.unseen(search, Fault::new(FaultKind::Timeout, reason), at);
        }
        if self.transition.is_undone(now, self.doers()) && !search.depth.may_be_saved() {
            return self.unlock(Then::Over(search.undone()), at);
        }
        if proof.is_none() {
            return self.revert(Undoer::Found(search), now, at);
        }
        let read = Step::Read(self.transition.before.scope.clone());
        let steps = match (search.depth.pending(), search.token().filter(|_| !locks)) {
            // Without sessions it is confirmed once more, which is refused where none waits.
            (Some(_), Some(token)) => vec![Step::Confirm(Some(token)), read],
            // A commit of nothing is refused while one waits for another session, and final otherwise;
            // or it confirms whichever waits.
            (Some(_), None) => vec![Step::Discard, Step::Commit(CommitMode::Plain), read],
            // Such a switch saves, if at all, what it has answered with OK: done once more it is the same.
            (None, _) if self.policy.persist && !locks && !self.saves() => {
                let payload = Step::Stage(self.transition.payload.clone());
                vec![Step::Discard, payload, Step::Commit(CommitMode::Plain), read]
            }
            (None, _) => return self.keep_found(search, now, at),
        };
        self.fly(State::MakingSure(search), steps, self.policy.commit_timeout)
    }

    /// The proof that the goal is reached. What was told to stay does so, whoever comes then.
    fn proof_for(&self, goal: Goal, now: &Running) -> Option<ReadBack> {
        match goal {
            Goal::Made => self.transition.stays(now),
            Goal::Final => self.transition.proof(now),
            Goal::Before => None,
        }
    }

    /// No confirmed commit of the lost session can be undone any more behind our
    /// back, and what a switch saves by itself is saved.
    pub(super) fn made_sure(&mut self, mut search: Search, landed: &Landed, at: Moment) -> Onward {
        let confirms = matches!(landed.steps.first(), Some(Step::Confirm(_)));
        if let Some(fault) = landed.first_fault().filter(|fault| !(confirms && fault.kind == FaultKind::Locked)) {
            if landed.lost.is_some() && search.depth.pending().is_none() {
                search.comes_again = true;
                search.quiet = at.now.saturating_add(self.policy.settle);
                search.limit = search.limit.max(search.quiet.saturating_add(LATE));
            }
            return self.unseen(search, fault, at);
        }
        match landed.last_read() {
            Ok(now) => {
                search.depth = if search.depth.may_be_saved() { Depth::Startup } else { Depth::Running };
                self.keep_found(search, now, at)
            }
            Err(fault) => self.unseen(search, fault, at),
        }
    }

    /// What is there will survive a reboot where it is to.
    fn keep_found(&mut self, search: Search, now: &Running, at: Moment) -> Onward {
        if !self.saves() {
            return self.kept(search, now, true, at);
        }
        self.save_found(search, now.clone(), at)
    }

    pub(super) fn kept(&mut self, search: Search, now: &Running, locked: bool, at: Moment) -> Onward {
        match self.proof_for(search.goal, now) {
            Some(proof) => {
                let (goal, saved) = (search.goal, search.depth.may_be_saved());
                self.released(locked, Then::Found { proof, goal, saved }, at)
            }
            None => self.revert_found(search, now, locked, at),
        }
    }

    pub(super) fn unseen(&mut self, search: Search, fault: Fault, at: Moment) -> Onward {
        self.missed(search, Missed::Unseen(fault), at)
    }

    pub(super) fn missed(&mut self, mut search: Search, missed: Missed, at: Moment) -> Onward {
        self.cut();
        let limit = search.settles.map_or(search.limit, |settles| settles.max(search.limit));
        // Time may pass at once, as when a machine was asleep: then the switch has not been asked since.
        if at.now >= limit && search.asked >= search.quiet {
            let Search { cause, depth, .. } = search;
            return over(match missed {
                Missed::Unseen(fault) => {
                    tracing::error!(%fault, "what the switch has could not be found out");
                    let settles_within = depth.pending().map(|_| self.policy.confirm_timeout);
                    Outcome::Unknown { cause, settles_within }
                }
                Missed::NotUndone(undo) => Outcome::RollbackFailed { cause, undo },
            });
        }
        let (Missed::Unseen(fault) | Missed::NotUndone(fault)) = missed;
        tracing::debug!(%fault, "not known yet");
        let pause = search.pause.min(limit.saturating_sub(at.now));
        search.pause = (search.pause * 2).min(LONGEST_PAUSE);
        self.state = State::Pausing(search);
        Next::Do(Command::Pause(pause))
    }
}
