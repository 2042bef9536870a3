//! A switch as small as it can be: what it has, who has it locked, and what
//! waits to be confirmed.

use std::time::Duration;

use mercury_adapter::{CommitMode, ListedSession, Step};

use super::Kind;

/// What a datastore has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Has {
    Before,
    Intended,
    /// A part of the change.
    Half,
    /// What somebody else made of it.
    Others,
}

/// A step, as far as it matters to a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Op {
    Lock,
    Discard,
    Read,
    ReadCandidate,
    Stage(Has),
    Commit(Mode),
    Confirm { token: bool },
    Cancel { token: bool },
    ListSessions,
    KillSession,
    Save,
    Unlock,
}

/// The numbers of Mercury's sessions: the open one's, and the lost one's.
pub(super) const SESSIONS: (u64, u64) = (6, 4);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    Plain,
    Confirmed { token: bool },
}

impl Op {
    pub(super) fn of(step: &Step) -> Self {
        match step {
            Step::Lock(_) => Self::Lock,
            Step::Discard => Self::Discard,
            Step::Read(_) => Self::Read,
            Step::ReadCandidate(_) => Self::ReadCandidate,
            Step::Stage(payload) => Self::Stage(payload.body::<super::Body>().unwrap().0),
            Step::Commit(CommitMode::Plain) => Self::Commit(Mode::Plain),
            Step::Commit(CommitMode::Confirmed { persist, .. }) => {
                Self::Commit(Mode::Confirmed { token: persist.is_some() })
            }
            Step::Confirm(token) => Self::Confirm { token: token.is_some() },
            Step::Cancel(token) => Self::Cancel { token: token.is_some() },
            Step::Save => Self::Save,
            Step::Unlock => Self::Unlock,
            Step::ListSessions => Self::ListSessions,
            Step::KillSession(id) => {
                assert_eq!(*id, SESSIONS.1, "somebody else's session is ended");
                Self::KillSession
            }
            Step::Settled | Step::Look(_) | Step::ReadStartup(_) | Step::Validate | Step::Compare => {
                panic!("a machine of a change never asks that")
            }
        }
    }

    /// Whether it changes more than locks and candidates.
    pub(super) const fn matters(self) -> bool {
        matches!(
            self,
            Self::Stage(_) | Self::Commit(_) | Self::Confirm { .. } | Self::Cancel { .. } | Self::Save | Self::Discard
        )
    }
}

/// A confirmed commit that waits to be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    before: Has,
    until: Duration,
    token: bool,
    owner: Owner,
}

/// Whose confirmed commit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Owner {
    /// The session's that is open.
    Here,
    /// The lost one's that is still at work.
    Ghost,
    /// Nobody's any more.
    Gone,
}

/// A lost session that is still at work.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ghost {
    ops: Vec<Op>,
    locked: bool,
    /// It is done by then, if not before.
    until: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Switch {
    pub(super) running: Has,
    pub(super) candidate: Has,
    pub(super) startup: Has,
    /// Mercury has a session.
    pub(super) open: bool,
    /// That session has the lock.
    pub(super) locked: bool,
    pub(super) waiting: Option<Waiting>,
    pub(super) ghost: Option<Ghost>,
    pub(super) lies: Lies,
}

/// What was answered with success, was not done, and has not shown since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Lies {
    /// What waits was confirmed: it looks so until its timer ends.
    pub(super) confirmed: bool,
    /// Running was saved: nothing but a restart shows it.
    pub(super) saved: bool,
}

impl Lies {
    pub(super) fn say(&mut self, op: Op) {
        match op {
            Op::Save => self.saved = true,
            _ => self.confirmed = true,
        }
    }
}

impl Switch {
    /// As Mercury has it when it begins to make a change.
    pub(super) const fn locked(kind: Kind) -> Self {
        Self {
            running: Has::Before,
            candidate: Has::Before,
            startup: Has::Before,
            open: true,
            locked: kind.lock,
            waiting: None,
            ghost: None,
            lies: Lies { confirmed: false, saved: false },
        }
    }

    /// What running has, which somebody reads.
    pub(super) fn shown(&mut self) -> Has {
        self.lies.confirmed &= self.running == Has::Intended;
        self.running
    }

    /// Does it; says whether it could.
    pub(super) fn does(&mut self, kind: Kind, op: Op, now: Duration) -> bool {
        match op {
            Op::Lock => {
                let free = self.ghost.as_ref().is_none_or(|ghost| !ghost.locked);
                self.locked = kind.lock && free;
                free
            }
            Op::Unlock => {
                assert!(self.locked || !kind.lock, "a lock is given back that is not held");
                // RFC 6241 section 8.3.5.2.
                (self.locked, self.candidate) = (false, self.running);
                true
            }
            Op::Read | Op::ReadCandidate | Op::ListSessions => true,
            Op::KillSession => {
                let there = self.ghost.is_some();
                // What waits for it does not outlive that it is killed (Juniper's `kill-session`).
                let theirs = self.waiting.filter(|waiting| kind.any_commit() && waiting.owner == Owner::Ghost);
                theirs.into_iter().for_each(|waiting| self.take_back(waiting));
                // Of what it had still to do nothing is done.
                self.ghost.iter_mut().for_each(|ghost| ghost.ops.clear());
                self.vanish(kind, now);
                there
            }
            Op::Discard => {
                self.candidate = self.running;
                true
            }
            Op::Stage(has) if kind.candidate => {
                self.candidate = has;
                true
            }
            Op::Stage(has) => {
                self.write(has);
                true
            }
            Op::Commit(mode) => self.commit(mode, kind, now),
            Op::Confirm { .. } if kind.any_commit() => {
                self.is_confirmed();
                true
            }
            Op::Confirm { token } => match self.waiting {
                Some(waiting) if waiting.token == token && (token || waiting.owner == Owner::Here) => {
                    self.is_confirmed();
                    true
                }
                // Without a token it is a plain commit, which comes too late and is no error.
                _ => !token,
            },
            Op::Cancel { .. } if kind.any_commit() => panic!("nothing cancels it"),
            Op::Cancel { token } => match self.waiting {
                Some(waiting) if waiting.token == token && (token || waiting.owner == Owner::Here) => {
                    self.take_back(waiting);
                    true
                }
                _ => false,
            },
            Op::Save => {
                assert!(self.waiting.is_none() || self.lies.confirmed, "what waits to be confirmed is saved");
                // What is taken back for not being confirmed is saved so.
                self.lies.saved = self.lies.confirmed && self.running != Has::Intended;
                self.startup = self.running;
                true
            }
        }
    }

    /// A commit changes nothing, and something waits for one.
    pub(super) fn only_confirms(&self) -> bool {
        self.waiting.is_some() && self.candidate == self.running
    }

    /// Does half of it.
    pub(super) fn does_half(&mut self, kind: Kind, op: Op, now: Duration) {
        match op {
            Op::Stage(has) if has != self.running => {
                self.does(kind, Op::Stage(Has::Half), now);
            }
            Op::Commit(_) if self.candidate != self.running => {
                self.candidate = Has::Half;
                self.does(kind, op, now);
            }
            _ => {}
        }
    }

    fn commit(&mut self, mode: Mode, kind: Kind, now: Duration) -> bool {
        // One that waits for another session keeps others out.
        if self.waiting.is_some_and(|waiting| waiting.owner != Owner::Here) && !kind.any_commit() {
            return false;
        }
        let before = self.running;
        self.is_confirmed();
        self.write(self.candidate);
        self.waiting = match mode {
            Mode::Plain => None,
            Mode::Confirmed { token } => {
                Some(Waiting { before, until: now + super::policy(kind).confirm_timeout, token, owner: Owner::Here })
            }
        };
        true
    }

    /// Nothing waits any more.
    const fn is_confirmed(&mut self) {
        (self.waiting, self.lies.confirmed) = (None, false);
    }

    fn write(&mut self, has: Has) {
        assert!(self.running != Has::Others || has == Has::Others, "what somebody else made is written over");
        self.running = has;
    }

    fn take_back(&mut self, waiting: Waiting) {
        (self.running, self.candidate, self.waiting) = (waiting.before, waiting.before, None);
    }

    /// It is now as late as that.
    pub(super) fn passes(&mut self, kind: Kind, now: Duration) {
        let undone = |switch: &mut Self| {
            let waiting = switch.waiting.filter(|waiting| waiting.until <= now);
            waiting.into_iter().for_each(|waiting| switch.take_back(waiting));
        };
        let ends = self.ghost.as_ref().map(|ghost| ghost.until).filter(|until| *until <= now);
        if let Some(until) = ends {
            if self.waiting.is_some_and(|waiting| waiting.until <= until) {
                undone(self);
            }
            self.vanish(kind, until);
        }
        undone(self);
    }

    /// The session ends with nothing under way.
    pub(super) fn ends(&mut self) {
        if self.locked {
            self.candidate = self.running;
        }
        (self.open, self.locked) = (false, false);
        let Some(waiting) = self.waiting.filter(|waiting| waiting.owner == Owner::Here) else { return };
        match waiting.token {
            true => self.waiting = Some(Waiting { owner: Owner::Gone, ..waiting }),
            false => self.take_back(waiting),
        }
    }

    /// The session ends for Mercury, while `ops` are still to be done.
    pub(super) fn is_lost(&mut self, kind: Kind, ops: &[Op], now: Duration) {
        self.vanish(kind, now);
        if !ops.iter().any(|op| op.matters()) {
            return self.ends();
        }
        let until = now + super::policy(kind).settle;
        self.ghost = Some(Ghost { ops: ops.to_vec(), locked: self.locked, until });
        (self.open, self.locked) = (false, false);
        self.changes_hands();
    }

    /// The lost session comes to its end.
    pub(super) fn vanish(&mut self, kind: Kind, now: Duration) {
        let Some(ghost) = self.ghost.take() else { return };
        let (open, locked) = (self.open, self.locked);
        self.locked = ghost.locked;
        self.changes_hands();
        for op in ghost.ops {
            if !matches!(op, Op::Read | Op::ReadCandidate | Op::Lock) {
                self.does(kind, op, now);
            }
        }
        self.ends();
        self.changes_hands();
        (self.open, self.locked) = (open, locked);
    }

    /// The lost session is the open one, and the other way round.
    fn changes_hands(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.owner = match waiting.owner {
                Owner::Here => Owner::Ghost,
                Owner::Ghost => Owner::Here,
                Owner::Gone => Owner::Gone,
            };
        }
    }

    /// Who has a session, as it tells.
    pub(super) fn sessions(&self) -> Vec<ListedSession> {
        let (open, lost) = SESSIONS;
        let listed = |session_id, login_time| ListedSession {
            session_id,
            username: "mercury".to_owned(),
            source_host: None,
            login_time,
        };
        std::iter::once(listed(open, 100)).chain(self.ghost.iter().map(|_| listed(lost, 0))).collect()
    }

    /// Everything that it may become by itself.
    pub(super) fn futures(&self, kind: Kind, now: Duration) -> Vec<Self> {
        let mut futures = vec![self.clone()];
        if self.ghost.is_some() {
            let mut vanished = self.clone();
            vanished.vanish(kind, now);
            futures.push(vanished);
        }
        let later = futures.clone().into_iter().map(|mut later| {
            later.passes(kind, now + Duration::from_secs(3600));
            later
        });
        futures.extend(later.collect::<Vec<_>>());
        futures
    }
}
