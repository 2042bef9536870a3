//! Taking the lock and reading what is there, in one flight.

use std::time::Duration;

use mercury_adapter::{Datastore, ErrorTag, PersistId, Refusal, Step};
use mercury_model::{Running, Scope};

use super::{
    Policy,
    command::{Command, Event, Landed, Machine, Moment, Next, Turn, astray},
    first::First,
    patience::Patience,
};
use crate::{
    fault::{Fault, FaultKind},
    link::OwnSessions,
};

/// The lock on its way: waits for another client's up to `lock_wait`. What
/// Mercury itself left in the candidate is discarded, once, and what others
/// left there where that is allowed. A session that Mercury itself lost, and
/// that the switch still lists as its own, is ended; nobody else's ever is.
#[derive(Clone, Debug)]
pub(super) struct Taking {
    scope: Scope,
    /// By which a commit is known that was made for it and may wait to be confirmed.
    token: Option<PersistId>,
    lock_wait: Duration,
    reply_timeout: Duration,
    patience: Patience,
    /// Whether what others left in the candidate may be discarded.
    discard_foreign: bool,
    /// What Mercury staged may be left there.
    left_staged: bool,
    discarded: bool,
    /// There is a candidate, and it can be locked.
    candidate: bool,
    /// Whether the candidate differs from running, once they were compared.
    differs: Option<bool>,
    /// The switch tells who has a session.
    lists_sessions: bool,
    own: OwnSessions,
    /// Whether it was asked who has one.
    listed: bool,
    /// Why a lost session of Mercury's, which may be the holder, is not ended.
    unended: Option<String>,
    /// The session that asks is the holder, by the switch's own words.
    by_itself: bool,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// It is asked for.
    Asking(First),
    /// It was refused for a reason that has no tag of its own: the candidate and
    /// running are being read.
    Comparing(Refusal),
    /// What was left in the candidate is thrown away.
    Discarding,
    /// Somebody has it, and Mercury has lost a session: the switch is asked whose are there.
    Listing(Refusal),
    /// Those that Mercury lost are being ended.
    Ending,
    /// Somebody else has it.
    Waiting,
    /// It is given back: nothing could be read under it.
    GivingBack(Fault),
    /// It is held, or cannot be had.
    Over,
}

impl Taking {
    /// At `now`; what is next is [`Command::Open`].
    pub(super) fn new(
        scope: &Scope,
        token: Option<PersistId>,
        policy: &Policy,
        lock_wait: Duration,
        now: Duration,
    ) -> Self {
        Self {
            state: Self::asking(scope, token.clone(), policy.reply_timeout),
            scope: scope.clone(),
            token,
            lock_wait,
            reply_timeout: policy.reply_timeout,
            patience: Patience::new(lock_wait, now),
            discard_foreign: policy.discard_foreign,
            left_staged: false,
            discarded: false,
            candidate: false,
            differs: None,
            lists_sessions: false,
            own: OwnSessions::default(),
            listed: false,
            unended: None,
            by_itself: false,
        }
    }

    fn asking(scope: &Scope, token: Option<PersistId>, timeout: Duration) -> State {
        State::Asking(First::new(vec![Step::Lock(token), Step::Read(scope.clone())], timeout))
    }

    /// The name of the state it is in, for a test that comes to each of them.
    #[cfg(test)]
    pub(super) const fn state(&self) -> &'static str {
        match self.state {
            State::Asking(First::Opening { again: false, .. }) => "asking, opening",
            State::Asking(First::Opening { again: true, .. }) => "asking, opening again",
            State::Asking(First::Flying { .. }) => "asking, flying",
            State::Asking(First::Over) => "asking, over",
            State::Comparing(_) => "comparing",
            State::Discarding => "discarding",
            State::Listing(_) => "listing",
            State::Ending => "ending",
            State::Waiting => "waiting",
            State::GivingBack(_) => "giving back",
            State::Over => "over",
        }
    }

    fn ask(&mut self) -> Next<Result<Running, Fault>> {
        self.state = Self::asking(&self.scope, self.token.clone(), self.reply_timeout);
        Next::Do(Command::Open)
    }

    fn answered(&mut self, mut landed: Landed, at: Moment) -> Next<Result<Running, Fault>> {
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
        match denied(&refusal) {
            Denied::Held => self.held(refusal, at),
            Denied::Dirty => self.dirty(&refusal, at.now),
            Denied::Odd if self.candidate => match self.differs {
                Some(true) => self.dirty(&refusal, at.now),
                Some(false) => Next::End(Err(lock_fault(&refusal, Denied::Odd, self.lock_wait))),
                None => {
                    let all = Scope::all().with_stp(self.scope.stp).with_overlays(self.scope.overlays);
                    self.state = State::Comparing(refusal);
                    Next::fly(vec![Step::Read(all.clone()), Step::ReadCandidate(all)], self.reply_timeout)
                }
            },
            why @ (Denied::Odd | Denied::No) => Next::End(Err(lock_fault(&refusal, why, self.lock_wait))),
        }
    }

    /// The number in the refusal proves nothing: some servers name a session that
    /// holds nothing.
    fn held(&mut self, refusal: Refusal, at: Moment) -> Next<Result<Running, Fault>> {
        if self.listed || !self.own.any_lost() || !at.exclusive {
            return self.wait(&refusal, Denied::Held, at.now);
        }
        self.listed = true;
        if !self.lists_sessions {
            self.unended = Some("the switch does not tell whose sessions it has".to_owned());
            return self.wait(&refusal, Denied::Held, at.now);
        }
        self.state = State::Listing(refusal);
        Next::fly(vec![Step::ListSessions], self.reply_timeout)
    }

    fn told(&mut self, refusal: &Refusal, landed: &Landed, at: Moment) -> Next<Result<Running, Fault>> {
        let there = match landed.sessions(0) {
            Ok(listed) => self.own.still_there(listed),
            Err(fault) => {
                self.unended = Some(fault.message);
                Vec::new()
            }
        };
        if there.is_empty() || !at.exclusive {
            return self.wait(refusal, Denied::Held, at.now);
        }
        tracing::warn!(%refusal, sessions = ?there, "the switch still has sessions that Mercury lost; ending them");
        self.state = State::Ending;
        Next::fly(there.into_iter().map(Step::KillSession).collect(), self.reply_timeout)
    }

    /// The standard names no tag for a candidate that holds changes.
    fn compared(&mut self, refusal: &Refusal, landed: &Landed, now: Duration) -> Next<Result<Running, Fault>> {
        match (landed.read(0), landed.read(1)) {
            (Ok(running), Ok(candidate)) if running.config != candidate.config => {
                self.differs = Some(true);
                self.dirty(refusal, now)
            }
            _ => Next::End(Err(lock_fault(refusal, Denied::Odd, self.lock_wait))),
        }
    }

    fn dirty(&mut self, refusal: &Refusal, now: Duration) -> Next<Result<Running, Fault>> {
        if self.discarded || !(self.left_staged || self.discard_foreign) {
            return self.wait(refusal, Denied::Dirty, now);
        }
        self.discarded = true;
        tracing::warn!(%refusal, own = self.left_staged, "the candidate holds uncommitted changes; discarding them");
        self.state = State::Discarding;
        Next::fly(vec![Step::Discard], self.reply_timeout)
    }

    /// Of a lock that the very session that asks has, whatever it was answered when it
    /// got it, that session is the end.
    fn wait(&mut self, refusal: &Refusal, why: Denied, now: Duration) -> Next<Result<Running, Fault>> {
        self.by_itself = holder(refusal).is_some_and(|holder| self.own.is_open(holder));
        let Some(wait) = self.patience.pause(now) else {
            let fault = lock_fault(refusal, why, self.lock_wait);
            return Next::End(Err(match &self.unended {
                Some(reason) => {
                    let own = "Mercury has lost a session with it, which may be the one that holds it";
                    Fault { message: format!("{}; {own} and was not ended: {reason}", fault.message), ..fault }
                }
                None => fault,
            }));
        };
        tracing::debug!(%refusal, wait_ms = wait.as_millis(), "the lock is held by another client");
        self.state = State::Waiting;
        Next::Do(Command::Pause(wait))
    }
}

impl Machine for Taking {
    /// What is there, under the lock. Otherwise the lock is not held.
    type End = Result<Running, Fault>;

    fn on(&mut self, event: Event, at: Moment) -> Turn<Self::End> {
        if let Event::Opened { left_staged, capabilities, own, .. } = &event {
            self.left_staged = *left_staged;
            self.lists_sessions = capabilities.lists_sessions;
            self.own.clone_from(own);
            self.candidate = capabilities.lock && capabilities.datastore == Datastore::Candidate;
        }
        let Turn { cut, note, next } = match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Asking(mut first), event) => {
                let Turn { cut, next, .. } = first.on(event, at);
                let next = match next {
                    Next::Do(command) => {
                        self.state = State::Asking(first);
                        Next::Do(command)
                    }
                    Next::End(Ok(landed)) => self.answered(landed, at),
                    Next::End(Err(fault)) => Next::End(Err(fault)),
                };
                Turn { cut, ..next.into() }
            }
            (State::Comparing(refusal), Event::Landed(landed)) => self.compared(&refusal, &landed, at.now).into(),
            (State::Listing(refusal), Event::Landed(landed)) => self.told(&refusal, &landed, at).into(),
            (State::Ending, Event::Landed(landed)) => {
                self.unended = landed.first_fault().map(|fault| fault.message);
                self.ask().into()
            }
            (State::Discarding, Event::Landed(_)) | (State::Waiting, Event::TimePassed) => self.ask().into(),
            (State::GivingBack(fault), Event::Landed(landed)) => {
                Turn { cut: !given_back(&landed), ..Next::End(Err(fault)).into() }
            }
            (_, event) => Next::End(Err(astray(&event))).into(),
        };
        Turn { cut: cut || std::mem::take(&mut self.by_itself), note, next }
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
    /// Refused without a reason; waiting does not help, unless it is the candidate.
    Odd,
    /// Mercury may not.
    No,
}

/// RFC 6241 section 7.5: `lock-denied` names the holder, and session 0 when
/// that is no NETCONF session; a modified candidate is refused too, which
/// servers say as `resource-denied`, as a lock held by session 0, or in words.
fn denied(refusal: &Refusal) -> Denied {
    let errors = refusal.errors();
    if errors.iter().any(|error| error.tag == ErrorTag::ResourceDenied) {
        return Denied::Dirty;
    }
    match errors.iter().find(|error| matches!(error.tag, ErrorTag::LockDenied | ErrorTag::InUse)) {
        Some(error) if error.lock_holder() == Some(0) => Denied::Dirty,
        Some(_) => Denied::Held,
        None if errors.is_empty() || errors.iter().any(|error| error.tag == ErrorTag::AccessDenied) => Denied::No,
        None => Denied::Odd,
    }
}

/// A switch without locks says so; there is then nothing to hold.
fn unsupported(refusal: &Refusal) -> bool {
    refusal.errors().iter().any(|error| error.tag == ErrorTag::OperationNotSupported)
}

/// The session that a refusal names; 0 is none of NETCONF's.
fn holder(refusal: &Refusal) -> Option<u64> {
    refusal.errors().iter().find_map(|error| error.lock_holder())
}

fn lock_fault(refusal: &Refusal, why: Denied, lock_wait: Duration) -> Fault {
    let waited = lock_wait.as_secs();
    let (kind, message) = match (why, holder(refusal)) {
        (Denied::Odd | Denied::No, _) => (FaultKind::Refused, format!("the switch refused the lock: {refusal}")),
        (Denied::Dirty, None) => {
            let message = format!(
                "the candidate holds changes that are not Mercury's and nobody has committed, for {waited} s and more; \
                 commit or discard them, or let Mercury do that by discard_foreign_candidate: {refusal}"
            );
            (FaultKind::Locked, message)
        }
        (Denied::Held | Denied::Dirty, holder) => {
            let holder = match holder {
                Some(0) => {
                    "somebody outside NETCONF, or changes that nobody has committed (see discard_foreign_candidate)"
                        .to_owned()
                }
                Some(session) => format!("session {session}"),
                None => "another client".to_owned(),
            };
            (FaultKind::Locked, format!("the switch's lock is held by {holder}, for {waited} s and more: {refusal}"))
        }
    };
    Fault::new(kind, message).with_errors(refusal.errors())
}
