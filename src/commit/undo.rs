//! The ways back: a refused change, a change to be undone, a lost session.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mercury_adapter::{Answer, CommitMode, Datastore, PersistId, Step};
use mercury_model::{Intended, Plan, Running};
use ring::rand::{SecureRandom, SystemRandom};

use super::{Change, Pending, Policy, begin, release};
use crate::{
    fault::{Fault, FaultKind},
    link::{Link, taken},
    outcome::{Outcome, ReadBack},
};

/// How long a switch that went away is waited for before the outcome is
/// called unknown; at least this, and at least the policy's `lock_wait`.
const RECOVERY: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);

/// A token nobody else has (RFC 6241 section 8.4.1 leaves its form open).
pub(super) fn fresh_persist_id() -> PersistId {
    let mut bytes = [0u8; 8];
    // Without randomness the token only loses the guard against confirming a stranger's commit.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::warn!("the system gives no random numbers; the persist token is not random");
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    PersistId(Arc::from(format!("mercury-{hex}")))
}

/// What the read-back shows instead of what was intended.
pub(super) fn differs(change: &Change<'_>, now: &Running) -> Fault {
    if now.config == change.before.config {
        return Fault::new(FaultKind::ReadBack, "the switch took the change and did not keep it");
    }
    let missing = Plan::between(now, &change.intended);
    Fault::new(FaultKind::ReadBack, format!("the switch took the change and shows something else; missing: {missing}"))
}

/// The switch refused something and nothing should have changed: cleans up
/// and makes sure.
pub(super) async fn refused(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    pending: Option<Pending>,
    cause: Fault,
    locked: bool,
) -> Outcome {
    match undo(link, change, policy, pending, cause, locked).await {
        Outcome::RolledBack(cause) => Outcome::Rejected(cause),
        other => other,
    }
}

/// Brings the switch back to what it was: cancels a pending confirmed commit,
/// drops what is staged, and if that is not enough sends the inverse plan.
pub(super) async fn undo(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    pending: Option<Pending>,
    cause: Fault,
    locked: bool,
) -> Outcome {
    let mut steps = Vec::new();
    match &pending {
        // Version 1.0 has no cancel: the switch undoes it when the session ends.
        Some(Pending { persist: None, .. }) => {
            link.cut();
            return recover(link, change, policy, pending, cause).await;
        }
        Some(Pending { persist, .. }) => steps.push(Step::Cancel(persist.clone())),
        None => {}
    }
    if locked && link.capabilities().is_some_and(|capabilities| capabilities.datastore == Datastore::Candidate) {
        steps.push(Step::Discard);
    }
    steps.push(Step::Read(change.before.scope.clone()));
    let flight = link.flight(&steps, policy.commit_timeout).await;
    if flight.lost.is_some() {
        return recover(link, change, policy, pending, cause).await;
    }
    match flight.results.into_iter().last() {
        Some(Ok(Answer::Running(now))) if now.config == change.before.config => {
            if locked {
                release(link, policy).await;
            }
            Outcome::RolledBack(cause)
        }
        Some(Ok(Answer::Running(now))) => inverse(link, change, policy, &now, cause, locked).await,
        last => {
            link.cut();
            let read = Step::Read(change.before.scope.clone());
            let undo = taken(&read, last.as_ref(), None).err();
            let undo = undo.unwrap_or_else(|| Fault::new(FaultKind::Internal, "a read was answered without data"));
            Outcome::RollbackFailed { cause, undo }
        }
    }
}

/// Sends the plan from what is there to what was there before.
async fn inverse(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    now: &Running,
    cause: Fault,
    locked: bool,
) -> Outcome {
    match inverse_plan(link, change, policy, now, locked).await {
        Ok(()) => Outcome::RolledBack(cause),
        Err(undo) => {
            link.cut();
            Outcome::RollbackFailed { cause, undo }
        }
    }
}

async fn inverse_plan(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    now: &Running,
    locked: bool,
) -> Result<(), Fault> {
    let now = if locked { now.clone() } else { begin(link, &change.before.scope, policy).await? };
    let plan = Plan::between(&now, &Intended(change.before.config.clone()));
    let payload = change.render.render(&plan)?;
    let candidate = link.capabilities().is_some_and(|capabilities| capabilities.datastore == Datastore::Candidate);
    let mut steps = vec![Step::Stage(payload)];
    if candidate {
        steps.push(Step::Commit(CommitMode::Plain));
    }
    steps.push(Step::Read(change.before.scope.clone()));
    if candidate {
        steps.push(Step::Discard);
    }
    let flight = link.flight(&steps, policy.commit_timeout).await;
    for (index, step) in steps.iter().enumerate() {
        taken(step, flight.results.get(index), flight.lost.as_ref())?;
    }
    let back = flight.results.iter().find_map(|result| match result {
        Ok(Answer::Running(running)) => Some(running.config == change.before.config),
        _ => None,
    });
    release(link, policy).await;
    match back {
        Some(true) => Ok(()),
        _ => Err(Fault::new(FaultKind::ReadBack, "the switch took the way back and is not as before")),
    }
}

/// The session is gone and the change may or may not have been made: opens
/// another, cancels what may be pending, and says what is.
pub(super) async fn recover(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    pending: Option<Pending>,
    cause: Fault,
) -> Outcome {
    link.cut();
    tracing::warn!(%cause, "the session was lost during a change; finding out what the switch has");
    let deadline = Instant::now() + policy.lock_wait.max(RECOVERY);
    loop {
        match attempt(link, change, policy, pending.as_ref()).await {
            Ok(Some(now)) => return settled(link, change, policy, &now, cause).await,
            Ok(None) => {}
            Err(fault) => tracing::debug!(%fault, "the switch could not be asked yet"),
        }
        link.cut();
        let limit = pending.as_ref().filter(|p| p.persist.is_none()).map_or(deadline, |p| deadline.max(p.until));
        if Instant::now() >= limit {
            let settles_within = pending.map(|pending| pending.until.saturating_duration_since(Instant::now()));
            return Outcome::Unknown { cause, settles_within };
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One try to find out. `None`: what is there may still be undone by the
/// switch, so it is too early to say.
async fn attempt(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    pending: Option<&Pending>,
) -> Result<Option<Running>, Fault> {
    link.open().await?;
    let token = pending.and_then(|pending| pending.persist.clone());
    if token.is_some() {
        // A pending confirmed commit can stand in the way of the lock. A refusal is
        // as good: then it was confirmed, undone, or never made.
        link.flight(&[Step::Cancel(token.clone())], policy.commit_timeout).await;
    }
    let now = begin(link, &change.before.scope, policy).await?;
    let Some(pending) = pending else { return Ok(Some(now)) };
    if token.is_none() {
        let early = ReadBack::proves(&change.intended, &now).is_some() && Instant::now() < pending.until;
        return Ok((!early).then_some(now));
    }
    // Under the lock the lost session is over, so this cancel is the last word.
    let steps = [Step::Cancel(token), Step::Read(change.before.scope.clone())];
    let flight = link.flight(&steps, policy.commit_timeout).await;
    taken(&Step::Read(change.before.scope.clone()), flight.results.get(1), flight.lost.as_ref())?;
    match flight.results.into_iter().nth(1) {
        Some(Ok(Answer::Running(now))) => Ok(Some(*now)),
        _ => Err(Fault::new(FaultKind::Internal, "a read was answered without data")),
    }
}

/// What is there is final, and the lock is held.
async fn settled(link: &mut Link, change: &Change<'_>, policy: &Policy, now: &Running, cause: Fault) -> Outcome {
    if now.config == change.before.config {
        release(link, policy).await;
        return Outcome::RolledBack(cause);
    }
    let Some(proof) = ReadBack::proves(&change.intended, now) else {
        return inverse(link, change, policy, now, cause, true).await;
    };
    if policy.persist && link.capabilities().is_some_and(|capabilities| capabilities.startup) {
        let flight = link.flight(&[Step::Save], policy.commit_timeout).await;
        if let Err(fault) = taken(&Step::Save, flight.results.first(), flight.lost.as_ref()) {
            return inverse(link, change, policy, now, fault, true).await;
        }
    }
    release(link, policy).await;
    Outcome::Committed(proof)
}
