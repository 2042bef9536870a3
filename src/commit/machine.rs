//! The one state machine that changes a switch: stage, commit, read back,
//! confirm, save, unlock, and the way back from each of them.
//!
//! It has no socket and no clock: it is told what became of what it asked for
//! and when that was, and says what is next. [`State`] has all that it knows.

mod keeping;
mod making;
#[cfg(test)]
pub(super) mod names;
mod saving;
mod searching;
mod undoing;

use std::{collections::BTreeSet, fmt::Debug, time::Duration};

use mercury_adapter::{Capabilities, PersistId, Refusal, Step};
use mercury_model::InterfaceName;

use super::{
    Policy, Transition,
    command::{Event, Landed, Machine, Moment, Next, Turn, astray},
    patience::Patience,
    shown::Answered,
    style::Pending,
    taking::{Taking, given_back},
    transition::Doers,
};
use crate::{
    fault::Fault,
    outcome::{Outcome, ReadBack},
};
use saving::Saving;
use searching::{Goal, Search};
use undoing::{Trouble, Undoer};

/// A change on its way.
#[derive(Clone)]
pub(super) struct Commit<'a> {
    transition: &'a Transition<'a>,
    policy: &'a Policy,
    /// Whether no other switch has a say in whether the change stays.
    alone: bool,
    /// What the switch of the open session can do; `None` without a session.
    session: Option<Capabilities>,
    /// The session is to be dropped before anything else.
    cuts: bool,
    /// What was said to the change where no lock keeps others out.
    answered: Option<Answered>,
    /// What it is about, and the last reading does not show.
    unshown: BTreeSet<InterfaceName>,
    /// What is to be told beside the outcome.
    note: Option<&'static str>,
    /// By which a confirmed commit that needs one is known.
    token: Option<PersistId>,
    /// Whether the switch it is made on has a lock, under which it is tried again.
    locks: bool,
    /// The ports that the switch disables, as it does those that leave an aggregate, when the way
    /// back is gone that was sent.
    taken_out: BTreeSet<InterfaceName>,
    /// Whether it was tried again without one.
    tried_again: bool,
    /// The switch has said that something is not as it was read: somebody else was there,
    /// since it was last read for the change.
    is_outdated: bool,
    /// When the commit was sent, at the earliest.
    sent: Duration,
    /// How long it is tried to make the change while somebody else is in the way.
    patience: Patience,
    state: State,
}

/// How far it is. In each but [`State::Made`], [`State::Final`] and
/// [`State::Over`] one command is under way.
#[derive(Clone, Debug)]
enum State {
    /// The edit was sent; what follows is sent once it was taken.
    Staging { pending: Option<Pending>, rest: Vec<Step> },
    /// The commit was sent; `staged` was answered before.
    Committing { pending: Option<Pending>, staged: Option<Landed> },
    /// It is made and read back, and can still be undone; whoever asked for it
    /// says whether it is to stay.
    Made { proof: ReadBack, made: Made },
    /// The confirmation was sent.
    Confirming { proof: ReadBack, pending: Pending },
    /// Running is being copied to startup.
    Saving(Saving),
    /// Somebody else is at startup: it is copied after a pause.
    PausingToSave(Saving, Fault),
    /// It is final here. Others of the same request may still fail.
    Final { proof: ReadBack, saved: bool, locked: bool },
    /// It is being cancelled, what is staged thrown away, and what is left read.
    Undoing(Trouble),
    /// The lock that was given back is taken once more, for the way back.
    Relocking(Trouble, Taking),
    /// The way back was sent.
    Reverting(Undoer),
    /// The session is gone: another is being opened, to cancel what was lost.
    Reopening(Search),
    /// The commit that was lost is being cancelled, which may be too early.
    Cancelling(Search),
    /// The lock is being taken, under which what was lost is over.
    Locking(Search, Taking),
    /// It is cancelled once more, when the lost session can make no other.
    CancellingAgain(Search),
    /// The change is there. A commit of nothing shows whether it waits to be confirmed;
    /// or it is confirmed, or made, once more.
    MakingSure(Search),
    /// It was not found out, and will be tried again.
    Pausing(Search),
    /// Somebody else is in the way, nothing was changed, and it is tried again after a pause.
    PausingToMake,
    /// The lock is taken once more for that.
    Retaking(Taking),
    /// The lock is being given back.
    Unlocking(Then),
    /// There is no more to do.
    Over,
}

/// What is there of a change that is made.
#[derive(Clone, Debug)]
enum Made {
    /// A confirmed commit, under the lock.
    Pending(Pending),
    /// A commit for good, under the lock.
    Locked,
    /// A commit for good, found after a lost session or with nothing left to do.
    Unlocked {
        /// It was copied to startup.
        saved: bool,
    },
}

/// What follows when the lock was given back.
#[derive(Clone, Debug)]
enum Then {
    /// The end.
    Over(Outcome),
    /// The change was found, saved where it is to be, and stays for now.
    Found { proof: ReadBack, goal: Goal, saved: bool },
    /// The way back could not be gone there: it is looked for what there is.
    Search(Trouble),
    /// Somebody else was in the way of the change: it is tried again.
    MakeAgain(Fault),
    /// What is not saved while running is locked.
    Save(Box<Saving>, Fault),
}

/// Where somebody else says how to go on.
#[derive(Clone, Debug)]
pub(super) enum Reached {
    /// The change is made and read back.
    Made,
    /// It is final.
    Final,
    /// How it ended.
    Over(Box<Outcome>),
}

/// What whoever asked for the change says.
#[derive(Clone, Debug)]
pub(super) enum Word {
    /// Make it; a confirmed commit that needs one takes this token.
    Make(PersistId),
    /// What is made is to stay: confirm and save it.
    Keep,
    /// What is final is to stay: give back the lock.
    Unlock,
    /// What is made, or even final, is to go: undo it.
    Undo(Fault),
}

/// What a transition of this machine comes to.
type Onward = Next<Reached>;

impl<'a> Commit<'a> {
    /// A change under the lock, on the open session.
    pub(super) const fn new(
        transition: &'a Transition<'a>,
        policy: &'a Policy,
        alone: bool,
        session: Option<Capabilities>,
    ) -> Self {
        let patience = Patience::new(policy.lock_wait, Duration::ZERO);
        Self {
            transition,
            policy,
            alone,
            session,
            cuts: false,
            answered: None,
            unshown: BTreeSet::new(),
            note: None,
            token: None,
            locks: false,
            taken_out: BTreeSet::new(),
            tried_again: false,
            is_outdated: false,
            sent: Duration::ZERO,
            patience,
            state: State::Over,
        }
    }

    /// Goes on as it is told, from the beginning and from each [`Reached`] but the last.
    pub(super) fn told(&mut self, word: Word, at: Moment) -> Turn<Reached> {
        let next = match (std::mem::replace(&mut self.state, State::Over), word) {
            (State::Over, Word::Make(token)) => {
                (self.token, self.patience) = (Some(token), Patience::new(self.policy.lock_wait, at.now));
                self.make(at)
            }
            (State::Made { proof, made }, Word::Keep) => self.keep(proof, made, at),
            (State::Made { made, .. }, Word::Undo(cause)) => self.undo(Trouble::made(cause, made), at),
            (State::Final { saved, locked, .. }, Word::Undo(cause)) => {
                self.undo(Trouble::finished(cause, saved, locked), at)
            }
            (State::Final { proof, locked, .. }, Word::Unlock) => {
                self.released(locked, Then::Over(Outcome::Committed(proof)), at)
            }
            (_, word) => self.astray(&word),
        };
        self.turn(next)
    }

    /// What a switch without a lock said to the change, and showed of it.
    pub(super) const fn answered(&self) -> Option<Answered> {
        self.answered
    }

    /// Whether the change that is made is undone by the switch unless it is confirmed.
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.state, State::Made { made: Made::Pending(_), .. })
    }

    fn landed(&mut self, state: State, landed: Landed, at: Moment) -> Onward {
        self.is_outdated |= landed.results.iter().any(|result| matches!(result, Err(Refusal::Outdated(_))));
        match state {
            State::Staging { pending, rest } => self.staged(pending, rest, landed, at),
            State::Committing { pending, staged: None } => self.committed(pending, &landed, at),
            State::Committing { pending, staged: Some(staged) } => {
                self.committed(pending, &staged.followed_by(landed), at)
            }
            State::Confirming { proof, pending } => self.confirmed(proof, pending, &landed, at),
            State::Saving(saving) => self.saved(saving, &landed, at),
            State::Undoing(trouble) => self.undone(trouble, &landed, at),
            State::Reverting(undoer) => self.reverted(undoer, &landed, at),
            State::Cancelling(search) => self.cancelled(search, &landed, at),
            State::CancellingAgain(search) => self.cancelled_again(search, &landed, at),
            State::MakingSure(search) => self.made_sure(search, &landed, at),
            State::Unlocking(then) => {
                if !given_back(&landed) {
                    self.cut();
                }
                self.then(then, at)
            }
            _ => self.astray(&landed),
        }
    }

    /// Gives back the lock, if it did not go with the session.
    fn unlock(&mut self, then: Then, at: Moment) -> Onward {
        if self.session.is_none() {
            return self.then(then, at);
        }
        self.fly(State::Unlocking(then), vec![Step::Unlock], self.policy.reply_timeout)
    }

    fn then(&mut self, then: Then, at: Moment) -> Onward {
        match then {
            Then::Over(outcome) => over(outcome),
            Then::Found { proof, goal: Goal::Final, saved } => self.finished(proof, saved, false),
            Then::Found { proof, saved, .. } => {
                self.state = State::Made { proof, made: Made::Unlocked { saved } };
                Next::End(Reached::Made)
            }
            Then::Search(trouble) => self.search(trouble, Goal::Before, at),
            Then::MakeAgain(cause) => self.make_later(&cause, at),
            Then::Save(saving, cause) => self.save_unlocked(*saving, cause, at),
        }
    }

    /// What follows, and the end of the lock before, where it is held.
    fn released(&mut self, locked: bool, then: Then, at: Moment) -> Onward {
        if locked { self.unlock(then, at) } else { self.then(then, at) }
    }

    /// The lock on its way, which the change's own commit does not keep from it.
    fn taking(&self, lock_wait: Duration, at: Moment) -> Taking {
        Taking::new(&self.transition.before.scope, self.token.clone(), self.policy, lock_wait, at.now)
    }

    fn fly(&mut self, state: State, steps: Vec<Step>, timeout: Duration) -> Onward {
        self.state = state;
        Next::fly(steps, timeout)
    }

    fn cut(&mut self) {
        self.session = None;
        self.cuts = true;
    }

    fn turn(&mut self, next: Onward) -> Turn<Reached> {
        Turn { cut: std::mem::take(&mut self.cuts), note: self.note.take(), next }
    }

    /// What the change is about, and the last reading did not show.
    pub(super) const fn unshown(&self) -> &BTreeSet<InterfaceName> {
        &self.unshown
    }

    const fn doers(&self) -> Doers<'_> {
        Doers { locks: self.locks, taken_out: &self.taken_out }
    }

    fn can(&self, what: impl Fn(&Capabilities) -> bool) -> bool {
        self.session.as_ref().is_some_and(what)
    }

    /// Nothing more is done, and nothing claimed.
    fn astray(&mut self, told: &dyn Debug) -> Onward {
        self.cut();
        over(Outcome::Unknown { cause: astray(told), settles_within: None })
    }
}

impl Machine for Commit<'_> {
    type End = Reached;

    fn on(&mut self, event: Event, at: Moment) -> Turn<Reached> {
        match &event {
            Event::Opened { capabilities, .. } => self.session = Some(capabilities.clone()),
            Event::NotOpened(_) => self.session = None,
            Event::Landed(landed) if landed.lost.is_some() => self.session = None,
            Event::Landed(_) | Event::TimePassed => {}
        }
        if let Event::Landed(landed) = &event
            && let Some(now) = landed.shown()
        {
            self.unshown = self.transition.unshown(now);
        }
        let next = match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Relocking(trouble, taking), event) => self.relocking(trouble, taking, event, at),
            (State::Locking(search, taking), event) => self.locking(search, taking, event, at),
            (State::Reopening(search), Event::Opened { capabilities, .. }) => self.reopened(search, &capabilities),
            (State::Reopening(search), Event::NotOpened(fault)) => self.unseen(search, fault, at),
            (State::Retaking(taking), event) => self.retaking(taking, event, at),
            (State::Pausing(search), Event::TimePassed) => self.attempt(search, at),
            (State::PausingToMake, Event::TimePassed) => self.retake(at),
            (State::PausingToSave(saving, cause), Event::TimePassed) => self.save_again(saving, cause, at),
            (state, Event::Landed(landed)) => self.landed(state, landed, at),
            (_, event) => self.astray(&event),
        };
        self.turn(next)
    }
}

fn over(outcome: Outcome) -> Onward {
    Next::End(Reached::Over(Box::new(outcome)))
}
