//! Commit, confirmed commit and its undoing (RFC 6241 sections 8.3 and 8.4).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{task::AbortHandle, time::Instant};

use super::{Confirmation, Device, NotSet, SessionId, State, history::Entry, unsupported};
use crate::{
    datastore::{Container, Datastore},
    refusal::{Reason, Refused, Tag},
};

/// Parameters of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Commit {
    /// For a confirmed commit: how long the switch waits for the confirmation.
    pub(crate) confirm_timeout: Option<Duration>,
    /// Let the commit outlive its session, and name it.
    pub(crate) persist: Option<String>,
    /// The name of the persistent commit this one follows.
    pub(crate) persist_id: Option<String>,
    /// What the history is to say of it.
    pub(crate) log: Option<String>,
}

/// A commit that waits to be confirmed.
#[derive(Debug)]
pub(super) struct Pending {
    before: Arc<Container>,
    session: SessionId,
    persist: Option<String>,
    /// The id of a gNMI Set that waits to be confirmed; no session can do that.
    set: Option<String>,
    /// Whoever commits confirms it, and it outlives its session.
    anyones: bool,
    deadline: Instant,
    /// Ends with the wait.
    _timer: Timer,
}

/// A task that ends with its handle.
#[derive(Debug)]
struct Timer(AbortHandle);

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Device {
    /// Makes the candidate running.
    pub(crate) fn commit(self: &Arc<Self>, session: SessionId, commit: Commit) -> Result<(), Refused> {
        self.require(Datastore::Candidate)?;
        let (anyones, seconds) = (self.options.mode.junos(), self.seconds());
        if anyones && (commit.persist.is_some() || commit.persist_id.is_some()) {
            return Err(unsupported("a commit that is known by a name"));
        }
        let asks_more = commit.confirm_timeout.is_some() || commit.persist_id.is_some();
        if asks_more && !self.options.mode.confirmed_commit() {
            return Err(unsupported("confirmed commit"));
        }
        self.change(|state| {
            state.writable(session, Datastore::Running)?;
            state.writable(session, Datastore::Candidate)?;
            match state.follows(session, commit.persist_id.as_deref()) {
                Err(_) if self.options.quirks.overlapping_commits && commit.persist_id.is_none() => state.overlap(),
                follows => follows?,
            }
            let config = state.datastore(Datastore::Candidate);
            self.valid(&config)?;
            let earlier = state.pending.take();
            if let Some(timeout) = commit.confirm_timeout {
                let (before, persist) = match earlier {
                    // A follow-up goes back to where the first one began.
                    Some(Pending { before, persist, .. }) => (before, commit.persist.or(persist)),
                    None => (Arc::clone(&state.running), commit.persist),
                };
                let deadline = Instant::now() + self.skewed(timeout);
                let _timer = self.timer(deadline);
                state.pending = Some(Pending { before, session, persist, set: None, anyones, deadline, _timer });
            }
            let minutes = commit.confirm_timeout.map(|timeout| timeout.as_secs() / 60);
            let (user, client, waits) = (self.options.username.clone(), "netconf", state.pending.is_some());
            state.history.add(Entry { user, client, seconds, minutes, log: commit.log, waits });
            state.candidate = None;
            state.store(Datastore::Running, config, self.options.mode.startup());
            state.counters.commits += 1;
            Ok(())
        })
    }

    /// Says whether the candidate could run, and confirms what waits.
    pub(crate) fn commit_check(&self, session: SessionId) -> Result<(), Refused> {
        self.change(|state| {
            state.writable(session, Datastore::Candidate)?;
            self.valid(&state.datastore(Datastore::Candidate))?;
            state.pending = None;
            state.history.settle();
            let startup = Arc::clone(&state.running);
            state.store(Datastore::Startup, startup, false);
            Ok(())
        })
    }

    /// Undoes a commit that waits to be confirmed (RFC 6241 section 8.4.4.1).
    pub(crate) fn cancel_commit(&self, session: SessionId, persist_id: Option<&str>) -> Result<(), Refused> {
        if !self.options.mode.confirmed_commit() || self.options.mode.junos() {
            return Err(unsupported("cancel-commit"));
        }
        self.change(|state| {
            if state.pending.is_none() {
                return Err(Reason::protocol(Tag::OperationFailed, "there is no commit to cancel").into());
            }
            state.writable(session, Datastore::Running)?;
            state.follows(session, persist_id)?;
            state.roll_back();
            Ok(())
        })
    }

    /// What a Set leaves behind that is undone unless it is confirmed.
    pub(super) fn waiting(
        self: &Arc<Self>,
        before: Arc<Container>,
        confirmation: &Confirmation,
    ) -> Result<Pending, NotSet> {
        let deadline = Instant::now().checked_add(self.skewed(confirmation.timeout));
        let deadline = deadline.ok_or(NotSet::Duration)?;
        let set = Some(confirmation.id.clone());
        Ok(Pending { before, session: 0, persist: None, set, anyones: false, deadline, _timer: self.timer(deadline) })
    }

    /// The time asked for, by the switch's own clock.
    fn skewed(&self, timeout: Duration) -> Duration {
        let percent = self.options.confirm_timer_percent;
        if percent == 100 { timeout } else { timeout.saturating_mul(percent) / 100 }
    }

    fn timer(self: &Arc<Self>, deadline: Instant) -> Timer {
        let device: Weak<Self> = Arc::downgrade(self);
        let task = tokio::spawn(async move {
            tokio::time::sleep_until(deadline).await;
            if let Some(device) = device.upgrade() {
                let seconds = device.seconds();
                device.change(|state| {
                    state.roll_back_overlapped(deadline);
                    // A follow-up moves the deadline and may just have won.
                    if state.pending.as_ref().is_some_and(|found| found.deadline == deadline) {
                        state.roll_back();
                        state.note_rollback(seconds);
                    }
                });
            }
        });
        Timer(task.abort_handle())
    }
}

impl Pending {
    pub(super) fn session(&self) -> SessionId {
        self.session
    }

    pub(super) fn persist(&self) -> Option<&str> {
        self.persist.as_deref()
    }

    pub(super) fn set(&self) -> Option<&str> {
        self.set.as_deref()
    }

    pub(super) fn before(&self) -> &Arc<Container> {
        &self.before
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }
}

impl State {
    /// Who may confirm, extend or cancel what is pending: with `persist`
    /// anybody who knows the name, without it the session that made it.
    fn follows(&self, session: SessionId, persist_id: Option<&str>) -> Result<(), Refused> {
        let pending = self.pending.as_ref().filter(|pending| !pending.anyones);
        match (pending.map(|pending| (pending.session, pending.persist())), persist_id) {
            (None, None) => Ok(()),
            (Some((_, Some(name))), Some(id)) if name == id => Ok(()),
            (Some((owner, None)), None) if owner == session => Ok(()),
            (Some((owner, None)), None) => {
                Err(Reason::protocol(Tag::InUse, format!("session {owner} has a commit that waits to be confirmed"))
                    .into())
            }
            (Some((_, Some(_))), None) => {
                Err(Reason::protocol(Tag::InvalidValue, "the commit that waits to be confirmed needs its persist-id")
                    .into())
            }
            (_, Some(_)) => {
                Err(Reason::protocol(Tag::InvalidValue, "no commit with this persist-id waits to be confirmed").into())
            }
        }
    }

    /// Another is made beside what waits.
    fn overlap(&mut self) {
        self.overlapped.extend(self.pending.take());
        self.counters.overlaps += 1;
    }

    fn roll_back_overlapped(&mut self, deadline: Instant) {
        for pending in self.overlapped.extract_if(.., |pending| pending.deadline == deadline) {
            self.running = pending.before;
            self.counters.rollbacks += 1;
        }
    }

    /// One that outlives its session does not outlive that it is killed.
    pub(super) fn undo_commit_of_killed(&mut self, session: SessionId, seconds: u64) {
        if self.pending.as_ref().is_some_and(|pending| pending.anyones && pending.session == session) {
            self.roll_back();
            self.note_rollback(seconds);
        }
    }

    pub(super) fn undo_commit_of(&mut self, session: SessionId) {
        match &mut self.pending {
            Some(pending) if pending.session == session && pending.persist.is_none() && !pending.anyones => {
                self.roll_back();
            }
            Some(pending) if pending.session == session => pending.session = 0,
            _ => {}
        }
    }

    pub(super) fn roll_back(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.running = pending.before;
            if pending.set.is_none() {
                self.candidate = None;
            }
            self.counters.rollbacks += 1;
        }
    }
}
