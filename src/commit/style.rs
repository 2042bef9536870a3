//! In which steps one switch is changed, by what it offers and what is asked.

use mercury_adapter::{Capabilities, CommitMode, ConfirmedCommit, Datastore, Flight, Step};

use super::{Change, Pending, Policy, undo};
use crate::{
    fault::{Fault, FaultKind},
    inventory,
    link::Link,
};

/// How this switch is changed.
pub(super) struct Style {
    capabilities: Capabilities,
    pub(super) confirmed: Option<CommitMode>,
    pub(super) unlocks: bool,
}

impl Style {
    pub(super) fn choose(capabilities: &Capabilities, policy: &Policy, alone: bool) -> Result<Self, Fault> {
        use inventory::ConfirmedCommit::{Auto, Off, On, Session};
        let able = capabilities.confirmed_commit.filter(|_| capabilities.datastore == Datastore::Candidate);
        let confirmed = match (policy.confirmed, able) {
            (Off, _) | (Auto, None) => None,
            (On | Session, None) => {
                let reason = "the entry asks for confirmed commits and the switch does not offer them";
                return Err(Fault::new(FaultKind::Unsupported, reason));
            }
            (asked, Some(kind)) => Some(CommitMode::Confirmed {
                timeout: policy.confirm_timeout,
                persist: (asked != Session && kind == ConfirmedCommit::Persist).then(undo::fresh_persist_id),
            }),
        };
        let saves = policy.persist && capabilities.startup;
        let unlocks = alone && confirmed.is_none() && !saves;
        Ok(Self { capabilities: capabilities.clone(), confirmed, unlocks })
    }

    pub(super) fn steps(&self, change: &Change<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        let staged = self.capabilities.datastore == Datastore::Candidate;
        if staged {
            // Some servers grant the lock over a candidate that others left dirty.
            steps.push(Step::Discard);
        }
        steps.push(Step::Stage(change.payload.clone()));
        if staged {
            steps.push(Step::Commit(self.confirmed.clone().unwrap_or(CommitMode::Plain)));
        }
        steps.push(Step::Read(change.before.scope.clone()));
        if self.unlocks {
            if staged {
                // A refused commit leaves the candidate as it was staged.
                steps.push(Step::Discard);
            }
            steps.push(Step::Unlock);
        }
        steps
    }

    /// Only version 1.1 has `cancel-commit`.
    pub(super) fn pending(&self) -> Option<Pending> {
        let cancels = self.capabilities.confirmed_commit == Some(ConfirmedCommit::Persist);
        match &self.confirmed {
            Some(CommitMode::Confirmed { persist, .. }) => Some(Pending { cancels, persist: persist.clone() }),
            Some(CommitMode::Plain) | None => None,
        }
    }

    /// One flight where a refused edit leaves nothing to commit; otherwise the
    /// edit's answer is awaited before anything is committed. Says whether
    /// all was sent.
    pub(super) async fn send(&self, link: &mut Link, steps: &[Step], policy: &Policy) -> (Flight, bool) {
        let stage = steps.iter().position(|step| matches!(step, Step::Stage(_))).map_or(0, |index| index + 1);
        if self.capabilities.atomic_edit && self.capabilities.pipelining {
            return (link.flight(steps, policy.commit_timeout).await, true);
        }
        let (first, rest) = steps.split_at(stage);
        let timeout = match self.capabilities.datastore {
            Datastore::Candidate => policy.reply_timeout,
            // Editing running is the commit.
            Datastore::Running => policy.commit_timeout,
        };
        let mut flight = link.flight(first, timeout).await;
        let whole = flight.lost.is_none() && flight.results.iter().all(Result::is_ok);
        if whole {
            let second = link.flight(rest, policy.commit_timeout).await;
            flight.results.extend(second.results);
            flight.lost = second.lost;
        }
        (flight, whole)
    }
}
