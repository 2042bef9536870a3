//! The ways back: a change to be undone, and a lost session.

use std::{sync::Arc, time::Duration};

use mercury_adapter::{Answer, Capabilities, CommitMode, Datastore, Flight, PersistId, Step};
use mercury_model::Running;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

use super::{Change, Pending, Policy, begin, release, saves};
use crate::{
    fault::{Fault, FaultKind},
    link::{Link, taken},
    outcome::{Outcome, ReadBack},
};

/// Between two tries to find out; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long to wait for the lock before cancelling again.
const CANCEL_AGAIN: Duration = Duration::from_secs(1);
/// What a switch's confirm timer may be late.
const LATE: Duration = Duration::from_secs(1);

/// A change that went wrong half-way.
pub(super) struct Trouble {
    /// Why.
    pub(super) cause: Fault,
    /// The confirmed commit that may be waiting to be confirmed.
    pub(super) pending: Option<Pending>,
    /// Whether it may have been saved over startup.
    pub(super) saved: bool,
    /// Whether the lock is still held.
    pub(super) locked: bool,
    /// The switch said that it did not do it.
    pub(super) refused: bool,
}

/// What is to be true in the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// The change, if it was made; nothing, if it was not.
    Either,
    /// What was there before.
    Before,
}

/// A token nobody else has (RFC 6241 section 8.4.1 leaves its form open).
pub(super) fn fresh_persist_id() -> PersistId {
    let mut bytes = [0u8; 8];
    // Without randomness the token only loses the guard against ending a stranger's commit.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::warn!("the system gives no random numbers; the persist token is not random");
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    PersistId(Arc::from(format!("mercury-{hex}")))
}

/// What the read-back shows instead of what was intended.
pub(super) fn differs(change: &Change<'_>, now: &Running) -> Fault {
    if change.is_undone(now) {
        return Fault::new(FaultKind::ReadBack, "the switch took the change and did not keep it");
    }
    let missing = change.missing(now);
    Fault::new(FaultKind::ReadBack, format!("the switch took the change and shows something else; missing: {missing}"))
}

/// The switch refused something and nothing should have changed: cleans up
/// and makes sure.
pub(super) async fn refused(link: &mut Link, change: &Change<'_>, policy: &Policy, trouble: Trouble) -> Outcome {
    match undo(link, change, policy, trouble).await {
        Outcome::RolledBack(cause) => Outcome::Rejected(cause),
        other => other,
    }
}

/// Brings the switch back to what it was: in the session that is open, and
/// where that does not do, as after a lost one.
pub(super) async fn undo(link: &mut Link, change: &Change<'_>, policy: &Policy, trouble: Trouble) -> Outcome {
    match undo_here(link, change, policy, &trouble).await {
        Ok(()) => Outcome::RolledBack(trouble.cause),
        Err(fault) => {
            tracing::debug!(%fault, "not undone in the open session");
            recover(link, change, policy, trouble, Goal::Before).await
        }
    }
}

/// Cancels a pending confirmed commit, drops what is staged, and if that is
/// not enough sends the inverse plan.
async fn undo_here(link: &mut Link, change: &Change<'_>, policy: &Policy, trouble: &Trouble) -> Result<(), Fault> {
    let mut steps = Vec::new();
    match &trouble.pending {
        // Version 1.0 has no cancel: the switch undoes it when the session ends.
        Some(Pending { cancels: false, .. }) => {
            return Err(Fault::new(FaultKind::Undone, "ending the session undoes the commit"));
        }
        Some(pending) => steps.push(Step::Cancel(pending.persist.clone())),
        None => {}
    }
    if trouble.locked && has_candidate(link) {
        steps.push(Step::Discard);
    }
    steps.push(Step::Read(change.before.scope.clone()));
    let flight = link.flight(&steps, policy.commit_timeout).await;
    let now = last_read(&steps, &flight)?;
    let refused = flight.results.iter().any(Result::is_err);
    if !change.is_undone(now) {
        if refused && trouble.pending.is_some() {
            return Err(Fault::new(FaultKind::Refused, "the switch refused to cancel the commit"));
        }
        let locked = if trouble.locked { Locked::Throughout } else { Locked::No };
        let doubt = Doubt { locked, refused: trouble.refused || trouble.pending.is_some() };
        return inverse(link, change, policy, now, doubt, trouble.saved).await;
    }
    if refused {
        // There may have been nothing to cancel; if there was, or if the candidate was not
        // emptied, the end of the session sees to it (RFC 6241 sections 8.3.5.3 and 8.4.1).
        link.cut();
    } else if trouble.locked {
        release(link, policy).await;
    }
    Ok(())
}

/// Since when the switch's own lock is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Locked {
    /// Since before the change.
    Throughout,
    /// Not without a break.
    Anew,
    /// It is not.
    No,
}

/// What is known of a change that is to be undone.
#[derive(Clone, Copy)]
struct Doubt {
    locked: Locked,
    /// The switch said that it did not do it, or was told to cancel it.
    refused: bool,
}

/// Whether the way back may be sent: nobody else can have changed the switch
/// since the change began, so that what is there now is what was there before,
/// or what Mercury made of it.
///
/// # Errors
/// Somebody else may have been at the switch: what is not as before may be
/// theirs, and is left alone. Where changes happen wholly or not at all, and the
/// switch refused or cancelled this one, a part that is as before shows that
/// nothing of it is there, and nothing is to do.
fn may_undo(link: &Link, change: &Change<'_>, now: &Running, doubt: Doubt) -> Result<bool, Fault> {
    let can = |what: fn(&Capabilities) -> bool| link.capabilities().is_some_and(what);
    let alone = doubt.locked == Locked::Throughout && can(|capabilities| capabilities.lock);
    if alone || change.lock.is_held() {
        return Ok(true);
    }
    let whole = can(|capabilities| capabilities.atomic_edit);
    if change.is_undone(now) || (doubt.refused && whole && change.is_not_made(now)) {
        return Ok(false);
    }
    let reason = "the lock that keeps other Mercurys from this switch was lost, so what is there was left alone";
    Err(Fault::new(FaultKind::Locked, reason))
}

/// Sends the plan from what is there to what was there before.
async fn inverse(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    now: &Running,
    doubt: Doubt,
    saved: bool,
) -> Result<(), Fault> {
    let (now, doubt) = match doubt.locked {
        Locked::No => (begin(link, &change.before.scope, policy).await?, Doubt { locked: Locked::Anew, ..doubt }),
        _ => (now.clone(), doubt),
    };
    match may_undo(link, change, &now, doubt) {
        Ok(true) => put_back(link, change, policy, &now).await?,
        Ok(false) => {}
        Err(fault) => {
            release(link, policy).await;
            return Err(fault);
        }
    }
    if saved {
        let flight = link.flight(&[Step::Save], policy.commit_timeout).await;
        if let Err(fault) = taken(&Step::Save, flight.results.first(), flight.lost.as_ref()) {
            tracing::warn!(%fault, "running is as before; whether startup is, could not be made sure");
        }
    }
    release(link, policy).await;
    Ok(())
}

async fn put_back(link: &mut Link, change: &Change<'_>, policy: &Policy, now: &Running) -> Result<(), Fault> {
    let plan = change.inverse(now);
    let mut steps = Vec::new();
    if !plan.is_empty() {
        if has_candidate(link) {
            steps.push(Step::Discard);
        }
        steps.push(Step::Stage(link.render(change.render, &plan)?));
        if has_candidate(link) {
            steps.push(Step::Commit(CommitMode::Plain));
        }
    }
    steps.push(Step::Read(change.before.scope.clone()));
    let flight = link.flight(&steps, policy.commit_timeout).await;
    for (index, step) in steps.iter().enumerate() {
        taken(step, flight.results.get(index), flight.lost.as_ref())?;
    }
    if !change.is_undone(last_read(&steps, &flight)?) {
        return Err(Fault::new(FaultKind::ReadBack, "the switch took the way back and is not as before"));
    }
    Ok(())
}

/// The session is gone, or of no more use, and the change may or may not have
/// been made: opens another, waits until the lost one can no longer be at
/// work, reaches the goal, and says what is.
pub(super) async fn recover(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    trouble: Trouble,
    goal: Goal,
) -> Outcome {
    let Trouble { cause, pending, saved, refused, .. } = trouble;
    let refused = refused || pending.is_some();
    link.cut();
    tracing::warn!(%cause, "a change was interrupted; finding out what the switch has");
    let confirms = || Instant::now() + policy.confirm_timeout + LATE;
    let token = pending.as_ref().and_then(|pending| pending.persist.clone());
    let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
    let quiet = begun + policy.settle;
    let mut search =
        Search { goal, pending: pending.is_some(), token, saved, settles: None, quiet, cancelled: false, refused };
    let unlocked_limit = pending.as_ref().map_or(begun, |_| confirms()).max(begun + policy.recovery).max(quiet + LATE);
    loop {
        let asked = Instant::now();
        let missed = match search.attempt(link, change, policy).await {
            Ok(Found::Before) => return Outcome::RolledBack(cause),
            Ok(Found::Intended(proof)) => return Outcome::Committed(proof),
            Ok(Found::LeftAlone(undo)) => return Outcome::RollbackFailed { cause, undo },
            Err(missed) => missed,
        };
        link.cut();
        let now = Instant::now();
        let limit = search.settles.map_or(unlocked_limit, |settles| settles.max(unlocked_limit));
        // Time may pass at once, as when a machine was asleep: then the switch has not been asked since.
        if now >= limit && asked >= quiet {
            return match missed {
                Missed::Unseen(fault) => {
                    tracing::error!(%fault, "what the switch has could not be found out");
                    Outcome::Unknown { cause, settles_within: pending.map(|_| policy.confirm_timeout) }
                }
                Missed::NotUndone(undo) => Outcome::RollbackFailed { cause, undo },
            };
        }
        tracing::debug!(fault = %missed.fault(), "not known yet");
        tokio::time::sleep(pause.min(limit.saturating_duration_since(now))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

struct Search {
    goal: Goal,
    pending: bool,
    /// What a persistent commit is cancelled with.
    token: Option<PersistId>,
    saved: bool,
    /// When the confirm timer of the lost session has run out, at the latest.
    settles: Option<Instant>,
    /// Until when a target without a lock may still be at what was lost.
    quiet: Instant,
    /// The target has undone the commit with this token.
    cancelled: bool,
    /// The switch said that it did not do it, or is told to cancel it.
    refused: bool,
}

enum Found {
    Before,
    Intended(ReadBack),
    /// What may be somebody else's.
    LeftAlone(Fault),
}

enum Missed {
    /// The switch could not be asked, or it is too early to say.
    Unseen(Fault),
    /// What is there is known, and could not be undone.
    NotUndone(Fault),
}

impl Missed {
    fn fault(&self) -> &Fault {
        match self {
            Self::Unseen(fault) | Self::NotUndone(fault) => fault,
        }
    }
}

impl From<Fault> for Missed {
    fn from(fault: Fault) -> Self {
        Self::Unseen(fault)
    }
}

impl Search {
    /// One try. Under the lock the lost session is over, and with it its
    /// staged and its unconfirmed changes (RFC 6241 section 8.4.1).
    async fn attempt(&mut self, link: &mut Link, change: &Change<'_>, policy: &Policy) -> Result<Found, Missed> {
        let asked = Instant::now();
        let mut now = self.begin(link, change, policy).await?;
        if self.pending {
            self.settles.get_or_insert_with(|| Instant::now() + policy.confirm_timeout + LATE);
        }
        let made = self.goal == Goal::Either && change.proof(&now).is_some();
        if !made {
            self.is_over(link, asked)?;
        }
        if change.is_undone(&now) && !self.saved {
            release(link, policy).await;
            return Ok(Found::Before);
        }
        if made {
            if self.pending {
                now = no_longer_pending(link, change, policy).await?;
            }
            if let Some(proof) = self.kept(link, change, policy, &now).await? {
                release(link, policy).await;
                return Ok(Found::Intended(proof));
            }
        }
        let doubt = Doubt { locked: Locked::Anew, refused: self.refused };
        if let Err(undo) = may_undo(link, change, &now, doubt) {
            release(link, policy).await;
            return Ok(Found::LeftAlone(undo));
        }
        inverse(link, change, policy, &now, doubt, self.saved).await.map_err(Missed::NotUndone)?;
        Ok(Found::Before)
    }

    /// Takes the lock and reads. A persistent commit outlives its session, so
    /// it is cancelled: before, since it can keep the next one out, and once
    /// more under the lock, when the lost session can make no other. That the
    /// switch refuses is as good: it was confirmed, undone, or never made.
    async fn begin(&mut self, link: &mut Link, change: &Change<'_>, policy: &Policy) -> Result<Running, Fault> {
        let Some(token) = &self.token else { return begin(link, &change.before.scope, policy).await };
        let cancel = Step::Cancel(Some(token.clone()));
        link.open().await?;
        // Without a lock, what is in the way is a commit that waits to be confirmed: our own, and to be
        // cancelled again, more likely than another's.
        let locks = link.capabilities().is_some_and(|capabilities| capabilities.lock);
        // With one, the lost session may have kept the cancelling out and be gone in a moment.
        let lock_wait = if locks { policy.lock_wait.min(CANCEL_AGAIN) } else { Duration::ZERO };
        let policy = &Policy { lock_wait, ..policy.clone() };
        let first = link.flight(std::slice::from_ref(&cancel), policy.commit_timeout).await;
        begin(link, &change.before.scope, policy).await?;
        let steps = [cancel, Step::Read(change.before.scope.clone())];
        let flight = link.flight(&steps, policy.commit_timeout).await;
        self.cancelled |= [first.results.first(), flight.results.first()].iter().any(|one| matches!(one, Some(Ok(_))));
        last_read(&steps, &flight).cloned()
    }

    /// Without a lock nothing tells whether the lost session is still at work:
    /// only time, before the switch was asked, or that it was told to stop and did.
    fn is_over(&self, link: &Link, asked: Instant) -> Result<(), Missed> {
        let locks = link.capabilities().is_some_and(|capabilities| capabilities.lock);
        if locks || self.cancelled || asked >= self.quiet {
            return Ok(());
        }
        let reason = "the switch may still be at what was lost";
        Err(Missed::Unseen(Fault::new(FaultKind::Timeout, reason)))
    }

    /// The proof, once the change will survive a reboot where it is to. A
    /// switch that refuses to save is to be as before.
    async fn kept(
        &mut self,
        link: &mut Link,
        change: &Change<'_>,
        policy: &Policy,
        now: &Running,
    ) -> Result<Option<ReadBack>, Missed> {
        if saves(link, policy) {
            let flight = link.flight(&[Step::Save], policy.commit_timeout).await;
            self.saved = true;
            if let Err(fault) = taken(&Step::Save, flight.results.first(), flight.lost.as_ref()) {
                if flight.lost.is_some() {
                    return Err(fault.into());
                }
                self.goal = Goal::Before;
                return Ok(None);
            }
        }
        Ok(change.proof(now))
    }
}

/// Makes sure that no confirmed commit of the lost session can still be
/// undone behind our back: a commit of nothing is refused while one waits for
/// another session, and final otherwise.
async fn no_longer_pending(link: &mut Link, change: &Change<'_>, policy: &Policy) -> Result<Running, Fault> {
    let steps = [Step::Discard, Step::Commit(CommitMode::Plain), Step::Read(change.before.scope.clone())];
    let flight = link.flight(&steps, policy.commit_timeout).await;
    for (index, step) in steps.iter().enumerate() {
        taken(step, flight.results.get(index), flight.lost.as_ref())?;
    }
    last_read(&steps, &flight).cloned()
}

fn last_read<'a>(steps: &[Step], flight: &'a Flight) -> Result<&'a Running, Fault> {
    let last = steps.len().saturating_sub(1);
    let result = flight.results.get(last);
    taken(steps.get(last).unwrap_or(&Step::Unlock), result, flight.lost.as_ref())?;
    match result {
        Some(Ok(Answer::Running(running))) => Ok(running),
        _ => Err(Fault::new(FaultKind::Internal, "a read was answered without data")),
    }
}

fn has_candidate(link: &Link) -> bool {
    link.capabilities().is_some_and(|capabilities| capabilities.datastore == Datastore::Candidate)
}
