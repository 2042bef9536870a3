//! In which steps one switch is changed, by what it offers and what is asked.

use std::time::Duration;

use mercury_adapter::{Capabilities, CommitMode, ConfirmedCommit, Datastore, PersistId, Step};

use super::{Policy, Transition};
use crate::{
    fault::{Fault, FaultKind},
    inventory,
};

/// A confirmed commit that waits to be confirmed.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    /// It outlives its session; whoever has the token confirms or cancels it.
    Persistent(PersistId),
    /// It ends with its session, which can cancel it as well.
    Cancellable,
    /// It ends with its session, and not before: only version 1.1 has `cancel-commit`.
    Session,
    /// It outlives its session, whoever commits next confirms it, and nothing cancels
    /// it; the switch's history has it by this name.
    AnyCommit(PersistId),
}

impl Pending {
    /// The token by which it is confirmed or cancelled.
    pub(super) fn token(&self) -> Option<PersistId> {
        match self {
            Self::Persistent(token) => Some(token.clone()),
            Self::Cancellable | Self::Session | Self::AnyCommit(_) => None,
        }
    }

    /// What the switch is told to know it by.
    fn name(&self) -> Option<PersistId> {
        match self {
            Self::Persistent(name) | Self::AnyCommit(name) => Some(name.clone()),
            Self::Cancellable | Self::Session => None,
        }
    }

    /// Whether the switch can be told to undo it.
    pub(super) const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Persistent(_) | Self::Cancellable)
    }
}

/// Whether the switch undoes by itself what is not confirmed.
pub(super) fn confirms(capabilities: &Capabilities, policy: &Policy) -> bool {
    confirmed_by(capabilities, policy).is_ok_and(|kind| kind.is_some())
}

/// The confirmed commit that this switch is to be changed by, if it is; with
/// `token`, where it takes one.
///
/// # Errors
/// The entry asks for one, and the switch has none.
pub(super) fn confirmed(
    capabilities: &Capabilities,
    policy: &Policy,
    token: PersistId,
) -> Result<Option<Pending>, Fault> {
    let pending = |kind| match (kind, policy.confirmed) {
        (ConfirmedCommit::SameSession, _) => Pending::Session,
        (ConfirmedCommit::Persist, inventory::ConfirmedCommit::Session) => Pending::Cancellable,
        (ConfirmedCommit::Persist, _) => Pending::Persistent(token),
        (ConfirmedCommit::AnyCommit, _) => Pending::AnyCommit(token),
    };
    Ok(confirmed_by(capabilities, policy)?.map(pending))
}

fn confirmed_by(capabilities: &Capabilities, policy: &Policy) -> Result<Option<ConfirmedCommit>, Fault> {
    use inventory::ConfirmedCommit::{Auto, Off, On, Session};
    let able = capabilities.confirmed_commit.filter(|_| capabilities.datastore == Datastore::Candidate);
    match policy.confirmed {
        Off => Ok(None),
        On | Session if able.is_none() => {
            let reason = "the entry asks for confirmed commits and the switch does not offer them";
            Err(Fault::new(FaultKind::Unsupported, reason))
        }
        Session if able == Some(ConfirmedCommit::AnyCommit) => {
            let reason = "the entry asks for confirmed commits that end with their session, and this switch's do not";
            Err(Fault::new(FaultKind::Unsupported, reason))
        }
        Auto | On | Session => Ok(able),
    }
}

/// Whether a change is to be saved over startup.
pub(super) const fn saves(capabilities: &Capabilities, policy: &Policy) -> bool {
    policy.persist && capabilities.startup
}

/// The steps that make a change and read it back, and that give back the lock
/// where nothing can be left to do.
pub(super) struct Making {
    /// What can be sent before anything is answered.
    pub(super) first: Vec<Step>,
    /// How long a reply to it may take.
    pub(super) timeout: Duration,
    /// What is sent once the edit was taken; empty where a refused edit leaves
    /// nothing to commit, and all is sent at once.
    pub(super) rest: Vec<Step>,
}

impl Making {
    /// With `alone`, no other switch has a say in whether the change stays.
    pub(super) fn new(
        transition: &Transition<'_>,
        capabilities: &Capabilities,
        policy: &Policy,
        pending: Option<&Pending>,
        alone: bool,
    ) -> Self {
        let staged = capabilities.datastore == Datastore::Candidate;
        let mut first = Vec::new();
        if staged {
            // Some servers grant the lock over a candidate that others left dirty.
            first.push(Step::Discard);
        }
        first.push(Step::Stage(transition.payload.clone()));
        let mut rest = Vec::new();
        if staged {
            rest.push(Step::Commit(pending.map_or(CommitMode::Plain, |pending| CommitMode::Confirmed {
                timeout: policy.confirm_timeout,
                persist: pending.name(),
            })));
        }
        rest.push(Step::Read(transition.before.scope.clone()));
        if alone && pending.is_none() && !saves(capabilities, policy) {
            if staged {
                // A refused commit leaves the candidate as it was staged.
                rest.push(Step::Discard);
            }
            rest.push(Step::Unlock);
        }
        // Nothing cancels what may be pending behind a refused edit.
        let cancels = pending.is_none_or(|pending| !matches!(pending, Pending::AnyCommit(_)));
        let at_once = capabilities.atomic_edit && capabilities.pipelining && cancels;
        if at_once {
            first.append(&mut rest);
        }
        // Editing running is the commit.
        let commits = at_once || !staged;
        let timeout = if commits { policy.commit_timeout } else { policy.reply_timeout };
        Self { first, timeout, rest }
    }
}
