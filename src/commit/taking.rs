//! Taking the lock and reading what is there, in one flight.

use std::time::Duration;

use mercury_adapter::{ErrorTag, Refusal, Step};
use mercury_model::{Running, Scope};

use super::{
    command::{Command, Event, Landed, Machine, Moment, Next, Turn, astray},
    first::First,
};
use crate::fault::{Fault, FaultKind};

/// The first pause after a denied lock; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The lock on its way: waits for another client's up to `lock_wait`. A
/// candidate that somebody left dirty is discarded, once; nobody's session is
/// ever killed.
#[derive(Clone, Debug)]
pub(super) struct Taking {
    scope: Scope,
    lock_wait: Duration,
    reply_timeout: Duration,
    deadline: Duration,
    pause: Duration,
    discarded: bool,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// It is asked for.
    Asking(First),
    /// What somebody left in the candidate is thrown away.
    Discarding,
    /// Somebody else has it.
    Waiting,
    /// It is given back: nothing could be read under it.
    GivingBack(Fault),
    /// It is held, or cannot be had.
    Over,
}

impl Taking {
    /// At `now`; what is next is [`Command::Open`].
    pub(super) fn new(scope: &Scope, lock_wait: Duration, reply_timeout: Duration, now: Duration) -> Self {
        Self {
            scope: scope.clone(),
            lock_wait,
            reply_timeout,
            deadline: now.saturating_add(lock_wait),
            pause: FIRST_PAUSE,
            discarded: false,
            state: Self::asking(scope, reply_timeout),
        }
    }

    fn asking(scope: &Scope, timeout: Duration) -> State {
        State::Asking(First::new(vec![Step::Lock, Step::Read(scope.clone())], timeout))
    }

    /// The name of the state it is in, for a test that comes to each of them.
    #[cfg(test)]
    pub(super) const fn state(&self) -> &'static str {
        match self.state {
            State::Asking(First::Opening { again: false, .. }) => "asking, opening",
            State::Asking(First::Opening { again: true, .. }) => "asking, opening again",
            State::Asking(First::Flying { .. }) => "asking, flying",
            State::Asking(First::Over) => "asking, over",
            State::Discarding => "discarding",
            State::Waiting => "waiting",
            State::GivingBack(_) => "giving back",
            State::Over => "over",
        }
    }

    fn ask(&mut self) -> Next<Result<Running, Fault>> {
        self.state = Self::asking(&self.scope, self.reply_timeout);
        Next::Do(Command::Open)
    }

    fn answered(&mut self, mut landed: Landed, now: Duration) -> Next<Result<Running, Fault>> {
        let refusal = match landed.results.first() {
            Some(Err(refusal)) if !unsupported(refusal) => refusal.clone(),
            _ => {
                return match landed.take_read(1) {
                    Ok(running) => Next::End(Ok(running)),
                    Err(fault) => {
                        self.state = State::GivingBack(fault);
                        Next::fly(vec![Step::Unlock], self.reply_timeout)
                    }
                };
            }
        };
        let wait = match denied(&refusal) {
            Denied::Dirty if !self.discarded => {
                self.discarded = true;
                tracing::warn!(%refusal, "somebody left uncommitted changes in the candidate; discarding them");
                self.state = State::Discarding;
                return Next::fly(vec![Step::Discard], self.reply_timeout);
            }
            Denied::Dirty | Denied::Held => self.pause.min(self.deadline.saturating_sub(now)),
            Denied::No => Duration::ZERO,
        };
        if wait.is_zero() {
            return Next::End(Err(lock_fault(&refusal, self.lock_wait)));
        }
        tracing::debug!(%refusal, wait_ms = wait.as_millis(), "the lock is held by another client");
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.state = State::Waiting;
        Next::Do(Command::Pause(wait))
    }
}

impl Machine for Taking {
    /// What is there, under the lock. Otherwise the lock is not held.
    type End = Result<Running, Fault>;

    fn on(&mut self, event: Event, at: Moment) -> Turn<Self::End> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Asking(mut first), event) => {
                let Turn { cut, next } = first.on(event, at);
                let next = match next {
                    Next::Do(command) => {
                        self.state = State::Asking(first);
                        Next::Do(command)
                    }
                    Next::End(Ok(landed)) => self.answered(landed, at.now),
                    Next::End(Err(fault)) => Next::End(Err(fault)),
                };
                Turn { cut, next }
            }
            (State::Discarding, Event::Landed(_)) | (State::Waiting, Event::TimePassed) => self.ask().into(),
            (State::GivingBack(fault), Event::Landed(landed)) => {
                Turn { cut: !given_back(&landed), next: Next::End(Err(fault)) }
            }
            (_, event) => Next::End(Err(astray(&event))).into(),
        }
    }
}

/// Whether the one step of a flight, to give the lock back, was carried out;
/// else it goes with the session.
pub(super) fn given_back(landed: &Landed) -> bool {
    let Some(fault) = landed.fault(0) else { return true };
    tracing::warn!(%fault, "the switch would not unlock; closing the session, with which the lock goes");
    false
}

enum Denied {
    /// Somebody has the lock.
    Held,
    /// The candidate holds changes that nobody committed.
    Dirty,
    /// Refused for another reason; waiting does not help.
    No,
}

/// RFC 6241 section 7.5: `lock-denied` names the holder, and session 0 when
/// that is no NETCONF session; a modified candidate is refused too, which
/// servers say as `resource-denied` or as a lock held by session 0.
fn denied(refusal: &Refusal) -> Denied {
    let errors = refusal.errors();
    if errors.iter().any(|error| error.tag == ErrorTag::ResourceDenied) {
        return Denied::Dirty;
    }
    match errors.iter().find(|error| matches!(error.tag, ErrorTag::LockDenied | ErrorTag::InUse)) {
        Some(error) if error.lock_holder() == Some(0) => Denied::Dirty,
        Some(_) => Denied::Held,
        None => Denied::No,
    }
}

/// A switch without locks says so; there is then nothing to hold.
fn unsupported(refusal: &Refusal) -> bool {
    refusal.errors().iter().any(|error| error.tag == ErrorTag::OperationNotSupported)
}

fn lock_fault(refusal: &Refusal, lock_wait: Duration) -> Fault {
    let holder = refusal.errors().iter().find_map(|error| error.lock_holder());
    let (kind, message) = match (denied(refusal), holder) {
        (Denied::No, _) => (FaultKind::Refused, format!("the switch refused the lock: {refusal}")),
        (_, holder) => {
            let holder = match holder {
                Some(0) => "somebody outside NETCONF".to_owned(),
                Some(session) => format!("session {session}"),
                None => "another client".to_owned(),
            };
            let waited = lock_wait.as_secs();
            (FaultKind::Locked, format!("the switch's lock is held by {holder}, for {waited} s and more: {refusal}"))
        }
    };
    Fault::new(kind, message).with_errors(refusal.errors())
}
