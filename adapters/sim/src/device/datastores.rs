//! Reading and writing datastores.

use std::sync::Arc;

use super::{Device, SessionId, State, unsupported};
use crate::{
    datastore::{Container, Datastore},
    edit::Edit,
    refusal::{Reason, Refused, Tag},
    validate,
};

/// `test-option` of an edit (RFC 6241 section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    /// Do it; a candidate may be left in a state that cannot be committed.
    Set,
    /// Validate the result first.
    Then,
    /// Validate the result and do nothing.
    Only,
}

impl Device {
    /// The configuration in a datastore.
    pub(crate) fn read(&self, source: Datastore) -> Result<Arc<Container>, Refused> {
        self.require(source)?;
        Ok(self.look().datastore(source))
    }

    /// Changes a datastore, wholly or not at all.
    pub(crate) fn edit(&self, session: SessionId, target: Datastore, edit: &Edit, test: Test) -> Result<(), Refused> {
        self.require_writable(target)?;
        self.change(|state| {
            state.writable(session, target)?;
            let config = Arc::new(edit.apply(&state.datastore(target))?);
            // Running must be valid at all times (RFC 6241 section 8.3.4.1).
            if target == Datastore::Running || test != Test::Set {
                self.valid(&config)?;
            }
            if test != Test::Only {
                state.store(target, config, self.options.mode.startup());
                state.counters.edits += 1;
            }
            Ok(())
        })
    }

    /// Makes one datastore a copy of another.
    pub(crate) fn copy(&self, session: SessionId, source: Datastore, target: Datastore) -> Result<(), Refused> {
        self.require(source)?;
        self.require_writable(target)?;
        self.change(|state| {
            if source == target {
                return Err(Reason::protocol(Tag::InvalidValue, "source and target are the same datastore").into());
            }
            state.writable(session, target)?;
            let locked = self.options.quirks.no_save_while_locked && state.locks.contains_key(&Datastore::Running);
            if locked && target == Datastore::Startup {
                return Err(Reason::protocol(Tag::InUse, "running is locked, so it is not copied to startup").into());
            }
            let config = state.datastore(source);
            state.store(target, config, self.options.mode.startup());
            Ok(())
        })
    }

    /// Makes the candidate equal to running again.
    pub(crate) fn discard(&self, session: SessionId) -> Result<(), Refused> {
        self.require(Datastore::Candidate)?;
        self.change(|state| {
            state.writable(session, Datastore::Candidate)?;
            state.candidate = None;
            Ok(())
        })
    }

    /// Whether a datastore could run.
    pub(crate) fn validate(&self, source: Datastore) -> Result<(), Refused> {
        if !self.options.mode.validate() {
            return Err(unsupported("validate"));
        }
        let config = self.read(source)?;
        self.valid(&config)
    }

    /// A change that does not come through NETCONF: somebody at the console.
    /// Locks do not stop it.
    pub(crate) fn edit_from_console(&self, edit: &Edit) -> Result<(), Refused> {
        self.change(|state| {
            let config = Arc::new(edit.apply(&state.running)?);
            self.valid(&config)?;
            state.store(Datastore::Running, config, self.options.mode.startup());
            Ok(())
        })
    }

    /// Edits the candidate for the console, unless somebody is at it. Returns
    /// whether it did.
    pub(crate) fn stage_from_console(&self, edit: &Edit) -> Result<bool, Refused> {
        self.require(Datastore::Candidate)?;
        self.change(|state| {
            if state.locks.contains_key(&Datastore::Candidate) || state.candidate_is_dirty() {
                return Ok(false);
            }
            state.candidate = Some(Arc::new(edit.apply(&state.running)?));
            Ok(true)
        })
    }

    /// Discards the candidate for the console, unless somebody has it locked.
    pub(crate) fn unstage_from_console(&self) {
        self.change(|state| {
            if !state.locks.contains_key(&Datastore::Candidate) {
                state.candidate = None;
            }
        });
    }

    pub(super) fn valid(&self, config: &Container) -> Result<(), Refused> {
        let found = validate::findings(config, self.root(), &self.ports);
        if found.is_empty() { Ok(()) } else { Err(Refused(found)) }
    }

    fn require_writable(&self, target: Datastore) -> Result<(), Refused> {
        self.require(target)?;
        if target == Datastore::Running && !self.options.mode.writable_running() {
            return Err(unsupported("writing to running"));
        }
        Ok(())
    }
}

impl State {
    pub(super) fn datastore(&self, datastore: Datastore) -> Arc<Container> {
        Arc::clone(match datastore {
            Datastore::Running => &self.running,
            Datastore::Candidate => self.candidate.as_ref().unwrap_or(&self.running),
            Datastore::Startup => &self.startup,
        })
    }

    pub(super) fn store(&mut self, target: Datastore, config: Arc<Container>, startup: bool) {
        match target {
            Datastore::Running => self.running = config,
            Datastore::Candidate => self.candidate = Some(config),
            Datastore::Startup => self.startup = config,
        }
        // Without :startup a change of running persists by itself, but not
        // before it is confirmed.
        if !startup && self.pending.is_none() {
            self.startup = Arc::clone(&self.running);
        }
    }
}
