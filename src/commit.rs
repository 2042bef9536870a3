//! The one state machine that changes a switch: lock, read, stage, commit,
//! read back, confirm, unlock, and the way back from each of them.
//!
//! Two promises. A result is only believed when it was read back, and a
//! read-back after a lost session only under the lock: while the lost session
//! may still be at work, what is read is not the end of the story.

mod begin;
mod undo;

use std::time::{Duration, Instant};

use mercury_adapter::{
    Answer, Capabilities, CommitMode, ConfirmedCommit, Datastore, Flight, Payload, PersistId, Render, Step,
};
use mercury_model::{Intended, Running};

pub use begin::{begin, read_unlocked};

use crate::{
    fault::{Fault, FaultKind},
    inventory,
    link::{Link, lost_fault, taken},
    outcome::{Outcome, ReadBack},
};

/// How one switch is to be changed, from its inventory entry.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long to wait for a lock that another client holds.
    pub lock_wait: Duration,
    /// How long a reply may take.
    pub reply_timeout: Duration,
    /// How long a reply may take when a commit is among the requests.
    pub commit_timeout: Duration,
    /// After how long the switch undoes what was not confirmed.
    pub confirm_timeout: Duration,
    /// Whether to let the switch undo what was not confirmed.
    pub confirmed: inventory::ConfirmedCommit,
    /// Whether to make changes survive a reboot.
    pub persist: bool,
}

/// A change ready to be made, under the lock.
pub struct Change<'a> {
    /// What the switch has.
    pub before: Running,
    /// What it should have.
    pub intended: Intended,
    /// What makes it so.
    pub payload: Payload,
    /// Renders the way back.
    pub render: &'a dyn Render,
}

/// A change that is made and read back, and can still be undone.
pub struct Held {
    proof: ReadBack,
    pending: Option<Pending>,
    unlocked: bool,
}

/// A confirmed commit that waits to be confirmed.
#[derive(Clone, Debug)]
struct Pending {
    persist: Option<PersistId>,
    until: Instant,
}

/// How far a change got.
pub enum Applied {
    /// It is over.
    Over(Outcome),
    /// It is made; [`keep`] or [`take_back`] ends it.
    Held(Held),
}

/// Makes the change and reads it back. With `alone`, the lock is given back
/// in the same flight where nothing can be left to do; otherwise it is kept
/// until the fate of the other switches is known.
pub async fn apply(link: &mut Link, change: &Change<'_>, policy: &Policy, alone: bool) -> Applied {
    let Some(capabilities) = link.capabilities().cloned() else {
        return Applied::Over(Outcome::NotStarted(Fault::new(FaultKind::Internal, "no session is open")));
    };
    let style = match Style::choose(&capabilities, policy, alone) {
        Ok(style) => style,
        Err(fault) => {
            release(link, policy).await;
            return Applied::Over(Outcome::NotStarted(fault));
        }
    };
    let steps = style.steps(change);
    let pending = style.pending(policy);
    let flight = style.send(link, &steps, policy).await;
    judge(link, change, policy, &steps, flight, pending, style.unlocks).await
}

/// Makes a held change final.
pub async fn keep(link: &mut Link, change: &Change<'_>, policy: &Policy, held: Held) -> Outcome {
    let saves = policy.persist && link.capabilities().is_some_and(|capabilities| capabilities.startup);
    if held.unlocked && held.pending.is_none() && !saves {
        return Outcome::Committed(held.proof);
    }
    let mut steps = Vec::new();
    if let Some(pending) = &held.pending {
        steps.push(Step::Confirm(pending.persist.clone()));
    }
    if saves {
        steps.push(Step::Save);
    }
    if !held.unlocked {
        steps.push(Step::Unlock);
    }
    let flight = link.flight(&steps, policy.commit_timeout).await;
    let failed = steps.iter().enumerate().find_map(|(index, step)| {
        taken(step, flight.results.get(index), flight.lost.as_ref()).err().map(|fault| (step, fault))
    });
    match failed {
        None => Outcome::Committed(held.proof),
        Some((Step::Unlock, fault)) => {
            // RFC 6241 section 7.6: the lock goes with the session.
            tracing::warn!(%fault, "the lock was not given back; closing the session");
            link.cut();
            Outcome::Committed(held.proof)
        }
        Some((_, fault)) if flight.lost.is_some() => undo::recover(link, change, policy, held.pending, fault).await,
        Some((_, fault)) => undo::undo(link, change, policy, held.pending, fault, true).await,
    }
}

/// Undoes a held change.
pub async fn take_back(link: &mut Link, change: &Change<'_>, policy: &Policy, held: Held, cause: Fault) -> Outcome {
    undo::undo(link, change, policy, held.pending, cause, !held.unlocked).await
}

/// Gives the lock back when nothing was staged.
pub async fn release(link: &mut Link, policy: &Policy) {
    let flight = link.flight(&[Step::Unlock], policy.reply_timeout).await;
    if let Err(fault) = taken(&Step::Unlock, flight.results.first(), flight.lost.as_ref()) {
        tracing::warn!(%fault, "the lock was not given back; closing the session");
        link.cut();
    }
}

/// How this switch is changed.
struct Style {
    capabilities: Capabilities,
    confirmed: Option<CommitMode>,
    unlocks: bool,
}

impl Style {
    fn choose(capabilities: &Capabilities, policy: &Policy, alone: bool) -> Result<Self, Fault> {
        use inventory::ConfirmedCommit::{Auto, Off, On};
        let able = capabilities.confirmed_commit.filter(|_| capabilities.datastore == Datastore::Candidate);
        let confirmed = match (policy.confirmed, able) {
            (Off, _) | (Auto, None) => None,
            (On, None) => {
                let reason = "the entry asks for confirmed commits and the switch does not offer them";
                return Err(Fault::new(FaultKind::Unsupported, reason));
            }
            (Auto | On, Some(kind)) => Some(CommitMode::Confirmed {
                timeout: policy.confirm_timeout,
                persist: (kind == ConfirmedCommit::Persist).then(undo::fresh_persist_id),
            }),
        };
        let saves = policy.persist && capabilities.startup;
        let unlocks = alone && confirmed.is_none() && !saves;
        Ok(Self { capabilities: capabilities.clone(), confirmed, unlocks })
    }

    fn steps(&self, change: &Change<'_>) -> Vec<Step> {
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

    fn pending(&self, policy: &Policy) -> Option<Pending> {
        match &self.confirmed {
            Some(CommitMode::Confirmed { timeout, persist }) => {
                let until = Instant::now() + *timeout + policy.commit_timeout;
                Some(Pending { persist: persist.clone(), until })
            }
            _ => None,
        }
    }

    /// One flight where a refused edit leaves nothing to commit; otherwise the
    /// edit's answer is awaited before anything is committed.
    async fn send(&self, link: &mut Link, steps: &[Step], policy: &Policy) -> Flight {
        let stage = steps.iter().position(|step| matches!(step, Step::Stage(_))).map_or(0, |index| index + 1);
        if self.capabilities.atomic_edit && self.capabilities.pipelining {
            return link.flight(steps, policy.commit_timeout).await;
        }
        let (first, rest) = steps.split_at(stage);
        let mut flight = link.flight(first, policy.reply_timeout).await;
        if flight.lost.is_none() && flight.results.iter().all(Result::is_ok) {
            let second = link.flight(rest, policy.commit_timeout).await;
            flight.results.extend(second.results);
            flight.lost = second.lost;
        }
        flight
    }
}

/// Decides from the answers what happened, and acts on it.
async fn judge(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    steps: &[Step],
    flight: Flight,
    pending: Option<Pending>,
    unlocks: bool,
) -> Applied {
    let result = |wanted: fn(&Step) -> bool| {
        let index = steps.iter().position(wanted)?;
        Some((steps.get(index)?, flight.results.get(index)))
    };
    let staged = result(|step| matches!(step, Step::Stage(_)));
    let committed = result(|step| matches!(step, Step::Commit(_)));
    let unlocked = unlocks && matches!(flight.results.get(steps.len() - 1), Some(Ok(_)));
    let read = flight.results.iter().rev().find_map(|result| match result {
        Ok(Answer::Running(running)) => Some(running),
        _ => None,
    });
    for (step, answer) in [staged, committed].into_iter().flatten() {
        let Err(fault) = taken(step, answer, flight.lost.as_ref()) else { continue };
        return Applied::Over(match answer {
            None if flight.lost.is_some() => undo::recover(link, change, policy, pending, fault).await,
            _ if unlocked && read.is_some_and(|now| now.config == change.before.config) => Outcome::Rejected(fault),
            // An empty confirmed commit may be pending behind a refused edit.
            _ if matches!(step, Step::Stage(_)) => undo::refused(link, change, policy, pending, fault, !unlocked).await,
            _ => undo::refused(link, change, policy, None, fault, !unlocked).await,
        });
    }
    let Some(now) = read else {
        let fault = flight.lost.as_ref().map_or_else(
            || Fault::new(FaultKind::Protocol, "the change was taken and the switch would not show it"),
            lost_fault,
        );
        return Applied::Over(match flight.lost {
            Some(_) => undo::recover(link, change, policy, pending, fault).await,
            None => undo::undo(link, change, policy, pending, fault, !unlocked).await,
        });
    };
    if let Some(proof) = ReadBack::proves(&change.intended, now) {
        if unlocks && !unlocked {
            // RFC 6241 section 7.6: the lock goes with the session.
            tracing::warn!("the lock was not given back; closing the session");
            link.cut();
        }
        return Applied::Held(Held { proof, pending, unlocked: unlocks || flight.lost.is_some() });
    }
    let fault = undo::differs(change, now);
    Applied::Over(match flight.lost {
        Some(_) => undo::recover(link, change, policy, pending, fault).await,
        None if now.config == change.before.config => {
            undo::refused(link, change, policy, pending, fault, !unlocked).await
        }
        None => undo::undo(link, change, policy, pending, fault, !unlocked).await,
    })
}
