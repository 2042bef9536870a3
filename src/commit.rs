//! The one state machine that changes a switch: lock, read, stage, commit,
//! read back, confirm, unlock, and the way back from each of them.
//!
//! Two promises. A result is only believed when it was read back, and a
//! read-back after a lost session only under the lock: while the lost session
//! may still be at work, what is read is not the end of the story.
//!
//! Where the switch offers it, a confirmed commit carries a `persist` token
//! (RFC 6241 section 8.4): a session that was lost half-way can then be told
//! from one that finished, by cancelling with the token. If Mercury dies, the
//! switch undoes the change when the confirm timer ends; an entry that says
//! `confirmed_commit = "session"` has it undone as soon as the session ends.

mod begin;
mod bounce;
mod change;
mod style;
mod undo;

use std::time::Duration;

use mercury_adapter::{Answer, Datastore, Flight, PersistId, Step};

pub use begin::{begin, read_more, read_unlocked, settled};
pub use bounce::{Means, bounce, ports as bounced_ports};
pub use change::Change;

use crate::{
    fault::{Fault, FaultKind},
    inventory,
    link::{Link, lost_fault, taken},
    outcome::{Outcome, ReadBack},
};
use style::Style;
use undo::{Goal, Trouble};

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
    /// How long to look for the truth after a lost session; at least as long
    /// as an unconfirmed commit may be pending.
    pub recovery: Duration,
    /// How long a target without a lock is watched after a lost session before
    /// it is believed that the change was not made.
    pub settle: Duration,
}

/// A change that is made and read back, and can still be undone.
pub struct Held {
    proof: ReadBack,
    pending: Option<Pending>,
    unlocked: bool,
    /// It is saved as well, where it is to be.
    over: bool,
}

impl Held {
    /// Whether the switch undoes it unless it is confirmed.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

/// A confirmed commit that waits to be confirmed.
#[derive(Clone, Debug)]
struct Pending {
    /// Whether the switch can be told to undo it; else it is undone when the
    /// session ends.
    cancels: bool,
    /// The token by which it is confirmed or cancelled.
    persist: Option<PersistId>,
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
    let pending = style.pending();
    let (flight, whole) = style.send(link, &steps, policy).await;
    if let (false, Datastore::Candidate, Some(lost)) = (whole, capabilities.datastore, &flight.lost) {
        // No commit was sent: what is staged goes with the session and its lock (RFC 6241 section 8.3.5.3).
        return Applied::Over(Outcome::NotStarted(lost_fault(lost)));
    }
    match judge(link, change, policy, &steps, flight, pending, style.unlocks).await {
        // Found out after a lost session.
        Applied::Over(Outcome::Committed(proof)) => {
            Applied::Held(Held { proof, pending: None, unlocked: true, over: true })
        }
        other => other,
    }
}

/// Whether the open session's switch undoes by itself what is not confirmed.
#[must_use]
pub fn confirms(link: &Link, policy: &Policy) -> bool {
    let style = link.capabilities().and_then(|capabilities| Style::choose(capabilities, policy, false).ok());
    style.is_some_and(|style| style.confirmed.is_some())
}

/// A change that is final on this switch: confirmed, and saved where it is to
/// be. Others of the same request may still fail.
pub struct Kept {
    proof: ReadBack,
    saved: bool,
    locked: bool,
}

/// Makes a held change final. With `alone`, the lock is given back in the same
/// flight where it can be.
///
/// # Errors
/// How it ended otherwise.
pub async fn keep(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    held: Held,
    alone: bool,
) -> Result<Kept, Box<Outcome>> {
    let Held { proof, pending, unlocked, over } = held;
    let saved = saves(link, policy);
    if over {
        return Ok(Kept { proof, saved, locked: false });
    }
    // Found out after a lost session, under another lock that was given back.
    let found = |outcome: Box<Outcome>| match *outcome {
        Outcome::Committed(proof) => Ok(Kept { proof, saved, locked: false }),
        _ => Err(outcome),
    };
    let (proof, locked) = match pending {
        None => (proof, !unlocked),
        Some(pending) => match confirm(link, change, policy, pending, proof, alone && !saved).await {
            Ok(confirmed) => confirmed,
            Err(outcome) => return found(outcome),
        },
    };
    if !saved {
        return Ok(Kept { proof, saved, locked });
    }
    match save(link, change, policy, (proof, locked), alone).await {
        Ok((proof, locked)) => Ok(Kept { proof, saved, locked }),
        Err(outcome) => found(outcome),
    }
}

/// Gives back the lock of a change that is to stay.
pub async fn finish(link: &mut Link, policy: &Policy, kept: Kept) -> Outcome {
    if kept.locked {
        release(link, policy).await;
    }
    Outcome::Committed(kept.proof)
}

/// Undoes a change that was final.
pub async fn put_back(link: &mut Link, change: &Change<'_>, policy: &Policy, kept: &Kept, cause: Fault) -> Outcome {
    undo::undo(
        link,
        change,
        policy,
        Trouble { cause, pending: None, saved: kept.saved, locked: kept.locked, refused: false },
    )
    .await
}

/// Confirms, and looks once more: a plain commit after the timer has run out
/// is no error, only too late. In the same flight, with `unlocks`, the lock is
/// given back; says whether it is still held.
///
/// A confirmation that carries a token is refused when it is too late; where
/// looking would cost another round trip, that is proof enough.
async fn confirm(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    pending: Pending,
    proof: ReadBack,
    unlocks: bool,
) -> Result<(ReadBack, bool), Box<Outcome>> {
    let looks = pending.persist.is_none() || link.capabilities().is_some_and(|capabilities| capabilities.pipelining);
    let mut steps = vec![Step::Confirm(pending.persist.clone())];
    if looks {
        steps.push(Step::Read(change.before.scope.clone()));
    }
    if unlocks {
        steps.push(Step::Unlock);
    }
    let flight = link.flight(&steps, policy.commit_timeout).await;
    let lost = flight.lost.as_ref();
    let locked = lost.is_none() && !(unlocks && matches!(flight.results.get(steps.len() - 1), Some(Ok(_))));
    let fault = |index: usize| taken(steps.get(index)?, flight.results.get(index), lost).err();
    if let Some(cause) = fault(0) {
        let trouble = Trouble { cause, pending: Some(pending), saved: false, locked, refused: false };
        return Err(Box::new(match lost {
            Some(_) => undo::recover(link, change, policy, trouble, Goal::Either).await,
            None => undo::undo(link, change, policy, trouble).await,
        }));
    }
    if !looks {
        return Ok((proof, locked));
    }
    let trouble = |cause| Trouble { cause, pending: None, saved: false, locked, refused: false };
    let Some(Ok(Answer::Running(now))) = flight.results.get(1) else {
        let cause = fault(1).unwrap_or_else(|| Fault::new(FaultKind::Internal, "a read was answered without data"));
        return Err(Box::new(undo::recover(link, change, policy, trouble(cause), Goal::Either).await));
    };
    match change.proof(now) {
        Some(proof) => Ok((proof, locked)),
        None => Err(Box::new(undo::undo(link, change, policy, trouble(undo::differs(change, now))).await)),
    }
}

/// Saves; says whether the lock is still held.
async fn save(
    link: &mut Link,
    change: &Change<'_>,
    policy: &Policy,
    (proof, locked): (ReadBack, bool),
    unlocks: bool,
) -> Result<(ReadBack, bool), Box<Outcome>> {
    let steps = [Step::Save, Step::Unlock];
    let steps = if locked && unlocks { &steps[..] } else { &steps[..1] };
    let flight = link.flight(steps, policy.commit_timeout).await;
    let locked = flight.lost.is_none() && locked && !matches!(flight.results.get(1), Some(Ok(_)));
    let Err(cause) = taken(&Step::Save, flight.results.first(), flight.lost.as_ref()) else {
        return Ok((proof, locked));
    };
    let trouble = Trouble { cause, pending: None, saved: true, locked, refused: false };
    Err(Box::new(match flight.lost {
        Some(_) => undo::recover(link, change, policy, trouble, Goal::Either).await,
        None => undo::undo(link, change, policy, trouble).await,
    }))
}

/// Undoes a held change.
pub async fn take_back(link: &mut Link, change: &Change<'_>, policy: &Policy, held: Held, cause: Fault) -> Outcome {
    let Held { pending, unlocked, over, .. } = held;
    let saved = over && saves(link, policy);
    undo::undo(link, change, policy, Trouble { cause, pending, saved, locked: !unlocked, refused: false }).await
}

/// Gives the lock back when nothing was staged.
pub async fn release(link: &mut Link, policy: &Policy) {
    if link.capabilities().is_none() {
        return; // It went with the session.
    }
    let flight = link.flight(&[Step::Unlock], policy.reply_timeout).await;
    if let Err(fault) = taken(&Step::Unlock, flight.results.first(), flight.lost.as_ref()) {
        tracing::warn!(%fault, "the switch would not unlock");
        cut_locked(link);
    }
}

/// RFC 6241 section 7.6: the lock goes with the session.
fn cut_locked(link: &mut Link) {
    tracing::warn!("the lock was not given back; closing the session");
    link.cut();
}

/// Whether a change is to be saved over startup.
fn saves(link: &Link, policy: &Policy) -> bool {
    policy.persist && link.capabilities().is_some_and(|capabilities| capabilities.startup)
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
    let lost = flight.lost.as_ref();
    let unlocked = unlocks && matches!(flight.results.get(steps.len() - 1), Some(Ok(_)));
    let locked = lost.is_none() && !unlocked;
    let trouble = |cause| Trouble { cause, pending: pending.clone(), saved: false, locked, refused: false };
    let read = flight.results.iter().rev().find_map(|result| match result {
        Ok(Answer::Running(running)) => Some(running),
        _ => None,
    });
    let as_before = read.is_some_and(|now| change.is_undone(now));
    // Up to the commit; a candidate that could not be emptied first may hold somebody else's work.
    let made = steps.iter().take_while(|step| !matches!(step, Step::Read(_))).enumerate();
    let failed = made.filter_map(|(index, step)| {
        let answer = flight.results.get(index);
        Some((answer, taken(step, answer, lost).err()?))
    });
    if let Some((answer, cause)) = failed.into_iter().next() {
        let clean = flight.results.iter().rev().take(2).all(Result::is_ok);
        return Applied::Over(match answer {
            None if lost.is_some() => undo::recover(link, change, policy, trouble(cause), Goal::Either).await,
            _ if unlocked && as_before && clean => Outcome::Rejected(cause),
            // A confirmed commit may be pending behind a refused edit, and even behind a refused commit.
            _ => undo::refused(link, change, policy, Trouble { refused: true, ..trouble(cause) }).await,
        });
    }
    let Some(now) = read else {
        let silent = || Fault::new(FaultKind::Protocol, "the change was taken and the switch would not show it");
        let cause = lost.map_or_else(silent, lost_fault);
        return Applied::Over(match lost {
            Some(_) => undo::recover(link, change, policy, trouble(cause), Goal::Either).await,
            None => undo::undo(link, change, policy, trouble(cause)).await,
        });
    };
    if let Some(proof) = change.proof(now) {
        if unlocks && locked {
            cut_locked(link);
        }
        return Applied::Held(Held { proof, pending, unlocked: unlocks || lost.is_some(), over: false });
    }
    let cause = undo::differs(change, now);
    Applied::Over(match lost {
        Some(_) => undo::recover(link, change, policy, trouble(cause), Goal::Either).await,
        None if as_before => undo::refused(link, change, policy, trouble(cause)).await,
        None => undo::undo(link, change, policy, trouble(cause)).await,
    })
}
