//! gNMI's Set: several changes of running, all or none of which happen, at
//! once or until they are confirmed. It knows no session and no candidate.

use std::{sync::Arc, time::Duration};

use super::{Device, SessionId, State};
use crate::{
    datastore::{Container, Datastore},
    edit::Edit,
    pattern::Pattern,
    refusal::{Reason, Refused, Tag},
    validate::without_what_fell_away,
};

/// One operation of a Set.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    /// Take away whatever fits when its turn comes.
    Remove(Pattern),
    /// Put something there.
    Put(Edit),
    /// Take this value out of a leaf-list, if both are there.
    RemoveItem(Edit),
}

/// Undo the Set after `timeout` unless `id` is confirmed
/// (gnmi-commit-confirmed section 3.2.1).
#[derive(Debug, Clone)]
pub(crate) struct Confirmation {
    pub(crate) id: String,
    pub(crate) timeout: Duration,
}

/// Why a Set did not happen.
#[derive(Debug)]
pub(crate) enum NotSet {
    /// Somebody else is at it: who, for people.
    NotNow(String),
    /// This operation, counted from 0, cannot be done.
    Operation(usize, Reason),
    /// The result could not run.
    Invalid(Refused),
    /// There is nothing to confirm or cancel.
    NothingPending,
    /// What waits to be confirmed has another name.
    OtherId,
    /// The clock does not go that far.
    Duration,
}

impl Device {
    /// Changes running. `atomic` is how it has to be; otherwise what was done
    /// before the first failure stays, unless it is to be confirmed.
    pub(crate) fn set(
        self: &Arc<Self>,
        writes: &[Write],
        confirmation: Option<&Confirmation>,
        atomic: bool,
    ) -> Result<(), NotSet> {
        self.change(|state| {
            state.free_for_set()?;
            let pending = match confirmation {
                Some(confirmation) => Some(self.waiting(Arc::clone(&state.running), confirmation)?),
                None => None,
            };
            let config = if atomic || confirmation.is_some() {
                self.settled(apply(writes, Arc::clone(&state.running))?, writes)?
            } else {
                self.one_by_one(writes, state)?
            };
            state.pending = pending;
            state.store(Datastore::Running, config, self.saves_apart());
            state.counters.edits += 1;
            state.counters.commits += 1;
            Ok(())
        })
    }

    /// Makes a Set that waits for it permanent (section 3.2.2).
    pub(crate) fn confirm_set(&self, id: &str) -> Result<(), NotSet> {
        self.change(|state| {
            self.pending_set(state, id)?;
            state.pending = None;
            let running = Arc::clone(&state.running);
            state.store(Datastore::Running, running, self.saves_apart());
            state.counters.commits += 1;
            Ok(())
        })
    }

    /// Undoes a Set that waits to be confirmed (section 3.2.3).
    pub(crate) fn cancel_set(&self, id: &str) -> Result<(), NotSet> {
        self.change(|state| match self.pending_set(state, id) {
            Err(NotSet::NothingPending) if self.options.quirks.gnmi_cancels_nothing => Ok(()),
            Err(refused) => Err(refused),
            Ok(_) => {
                state.roll_back();
                Ok(())
            }
        })
    }

    /// Starts the wait for a confirmation anew (section 3.2.4).
    pub(crate) fn extend_set(self: &Arc<Self>, confirmation: &Confirmation) -> Result<(), NotSet> {
        self.change(|state| {
            let before = self.pending_set(state, &confirmation.id)?;
            let id = state.pending.as_ref().and_then(|pending| pending.set()).unwrap_or(&confirmation.id).to_owned();
            state.pending = Some(self.waiting(before, &Confirmation { id, timeout: confirmation.timeout })?);
            Ok(())
        })
    }

    /// The answer to a Set got away.
    pub(crate) fn answered(&self) {
        if self.options.quirks.gnmi_saves_what_it_answered {
            self.change(|state| {
                if state.pending.is_none() {
                    state.startup = Arc::clone(&state.running);
                }
            });
        }
    }

    fn saves_apart(&self) -> bool {
        self.options.mode.startup() || self.options.quirks.gnmi_saves_what_it_answered
    }

    /// Where to go back to if the Set `id` is not confirmed.
    fn pending_set(&self, state: &State, id: &str) -> Result<Arc<Container>, NotSet> {
        let pending = state.pending.as_ref().ok_or(NotSet::NothingPending)?;
        match pending.set() {
            None => Err(NotSet::NothingPending),
            Some(known) if known != id && !self.options.quirks.gnmi_ids_not_compared => Err(NotSet::OtherId),
            Some(_) => Ok(Arc::clone(pending.before())),
        }
    }

    fn one_by_one(&self, writes: &[Write], state: &mut State) -> Result<Arc<Container>, NotSet> {
        for (number, write) in writes.iter().enumerate() {
            let done = write.apply(&state.running).map_err(|reason| NotSet::Operation(number, reason))?;
            let done = self.settled(Arc::new(done), std::slice::from_ref(write))?;
            state.store(Datastore::Running, done, self.saves_apart());
        }
        Ok(Arc::clone(&state.running))
    }

    /// What may run of it: where something was taken away, what rested on that goes too.
    fn settled(&self, config: Arc<Container>, writes: &[Write]) -> Result<Arc<Container>, NotSet> {
        let Err(refused) = self.valid(&config) else { return Ok(config) };
        if !writes.iter().any(|write| matches!(write, Write::Remove(_))) {
            return Err(NotSet::Invalid(refused));
        }
        let config = without_what_fell_away(&config, self.root());
        self.valid(&config).map_err(NotSet::Invalid)?;
        Ok(Arc::new(config))
    }
}

impl State {
    /// A lock of running and a commit that waits to be confirmed, by whichever
    /// face, keep everybody else out.
    fn free_for_set(&self) -> Result<(), NotSet> {
        if let Some(holder) = self.locks.get(&Datastore::Running) {
            return Err(NotSet::NotNow(format!("running is locked by {}", who(*holder))));
        }
        match &self.pending {
            None => Ok(()),
            Some(pending) => Err(NotSet::NotNow(match (pending.set(), pending.persist()) {
                (Some(id), _) => format!("commit '{id}' waits to be confirmed"),
                (None, Some(_)) => "a persistent NETCONF commit waits to be confirmed".to_owned(),
                (None, None) => format!("a commit of {} waits to be confirmed", who(pending.session())),
            })),
        }
    }
}

impl Write {
    fn apply(&self, to: &Container) -> Result<Container, Reason> {
        match self {
            Self::Remove(pattern) => pattern.removal(to).apply(to),
            Self::Put(edit) => edit.apply(to),
            Self::RemoveItem(edit) => match edit.apply(to) {
                Err(reason) if reason.tag == Tag::DataMissing => Ok(to.clone()),
                done => done,
            },
        }
    }
}

fn apply(writes: &[Write], to: Arc<Container>) -> Result<Arc<Container>, NotSet> {
    writes.iter().enumerate().try_fold(to, |config, (number, write)| {
        write.apply(&config).map(Arc::new).map_err(|reason| NotSet::Operation(number, reason))
    })
}

fn who(session: SessionId) -> String {
    if session == 0 { "the console".to_owned() } else { format!("NETCONF session {session}") }
}
