//! Taking the lock and reading what is there, in one flight.

use std::time::Duration;

use mercury_adapter::{Answer, ErrorTag, Flight, Refusal, Step};
use mercury_model::{Running, Scope};
use tokio::time::Instant;

use super::{Policy, release};
use crate::{
    fault::{Fault, FaultKind},
    link::{Link, lost_fault, taken},
};

/// The first pause after a denied lock; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Takes the lock and reads `scope` under it, waiting for another client's
/// lock up to the policy's `lock_wait`. A candidate that somebody left dirty
/// is discarded, once; nobody's session is ever killed.
///
/// # Errors
/// Nothing was staged, and the lock is not held.
pub async fn begin(link: &mut Link, scope: &Scope, policy: &Policy) -> Result<Running, Fault> {
    let deadline = Instant::now() + policy.lock_wait;
    let (mut pause, mut discarded) = (FIRST_PAUSE, false);
    loop {
        let flight = first_flight(link, &[Step::Lock, Step::Read(scope.clone())], policy).await?;
        let refusal = match flight.results.first() {
            Some(Err(refusal)) if !unsupported(refusal) => refusal.clone(),
            _ => return running_or_release(link, flight, policy).await,
        };
        let wait = match denied(&refusal) {
            Denied::Dirty if !discarded => {
                discarded = true;
                tracing::warn!(%refusal, "somebody left uncommitted changes in the candidate; discarding them");
                link.flight(&[Step::Discard], policy.reply_timeout).await;
                continue;
            }
            Denied::Dirty | Denied::Held => pause.min(deadline.saturating_duration_since(Instant::now())),
            Denied::No => Duration::ZERO,
        };
        if wait.is_zero() {
            return Err(lock_fault(&refusal, policy));
        }
        tracing::debug!(%refusal, wait_ms = wait.as_millis(), "the lock is held by another client");
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Reads `scope` without the lock.
///
/// # Errors
/// Nothing was read.
pub async fn read_unlocked(link: &mut Link, scope: &Scope, policy: &Policy) -> Result<Running, Fault> {
    let steps = [Step::Read(scope.clone())];
    let flight = first_flight(link, &steps, policy).await?;
    running(&steps, 0, flight)
}

/// Reads more under the lock that is held.
///
/// # Errors
/// Nothing was read; after a lost session the lock is gone as well.
pub async fn read_more(link: &mut Link, scope: &Scope, policy: &Policy) -> Result<Running, Fault> {
    let steps = [Step::Read(scope.clone())];
    let flight = link.flight(&steps, policy.reply_timeout).await;
    running(&steps, 0, flight)
}

/// Makes sure that what was read is there to stay. Without a lock nothing keeps
/// another client's commit out that waits to be confirmed, such as that of a
/// Mercury that was killed: what it made reads like the truth until it is
/// undone.
///
/// # Errors
/// There is one, or the switch would not say.
pub async fn settled(link: &mut Link, policy: &Policy) -> Result<(), Fault> {
    if link.capabilities().is_none_or(|capabilities| capabilities.lock || capabilities.confirmed_commit.is_none()) {
        return Ok(());
    }
    let mut flight = link.flight(&[Step::Settled], policy.reply_timeout).await;
    if flight.lost.is_some() {
        // It changes nothing to ask once more, and a session may die at any time.
        link.open().await?;
        flight = link.flight(&[Step::Settled], policy.reply_timeout).await;
    }
    taken(&Step::Settled, flight.results.first(), flight.lost.as_ref())
}

/// Sends the first steps of a request. A warm session may have died unseen;
/// nothing was staged on it, so they are sent once more on a new one.
async fn first_flight(link: &mut Link, steps: &[Step], policy: &Policy) -> Result<Flight, Fault> {
    let fresh = link.open().await?;
    let flight = link.flight(steps, policy.reply_timeout).await;
    match &flight.lost {
        None => Ok(flight),
        Some(lost) if fresh => Err(lost_fault(lost)),
        Some(lost) => {
            tracing::info!(%lost, "the warm session was gone; opening another");
            link.open().await?;
            let flight = link.flight(steps, policy.reply_timeout).await;
            flight.lost.as_ref().map_or(Ok(()), |lost| Err(lost_fault(lost)))?;
            Ok(flight)
        }
    }
}

async fn running_or_release(link: &mut Link, flight: Flight, policy: &Policy) -> Result<Running, Fault> {
    let steps = [Step::Lock, Step::Read(Scope::default())];
    let read = running(&steps, 1, flight);
    if read.is_err() {
        release(link, policy).await;
    }
    read
}

fn running(steps: &[Step], index: usize, mut flight: Flight) -> Result<Running, Fault> {
    let step = steps.get(index).unwrap_or(&Step::Unlock);
    taken(step, flight.results.get(index), flight.lost.as_ref())?;
    match flight.results.drain(..).nth(index) {
        Some(Ok(Answer::Running(running))) => Ok(*running),
        _ => Err(Fault::new(FaultKind::Internal, "a read was answered without data")),
    }
}

enum Denied {
    /// Somebody has the lock.
    Held,
    /// The candidate holds changes that nobody committed.
    Dirty,
    /// Refused for another reason; waiting does not help.
    No,
}

/// RFC 6241 section 7.5: `lock-denied` names the holder, and session 0 when
/// that is no NETCONF session; a modified candidate is refused too, which
/// servers say as `resource-denied` or as a lock held by session 0.
fn denied(refusal: &Refusal) -> Denied {
    let errors = refusal.errors();
    if errors.iter().any(|error| error.tag == ErrorTag::ResourceDenied) {
        return Denied::Dirty;
    }
    match errors.iter().find(|error| matches!(error.tag, ErrorTag::LockDenied | ErrorTag::InUse)) {
        Some(error) if error.lock_holder() == Some(0) => Denied::Dirty,
        Some(_) => Denied::Held,
        None => Denied::No,
    }
}

/// A switch without locks says so; there is then nothing to hold.
fn unsupported(refusal: &Refusal) -> bool {
    refusal.errors().iter().any(|error| error.tag == ErrorTag::OperationNotSupported)
}

fn lock_fault(refusal: &Refusal, policy: &Policy) -> Fault {
    let holder = refusal.errors().iter().find_map(|error| error.lock_holder());
    let (kind, message) = match (denied(refusal), holder) {
        (Denied::No, _) => (FaultKind::Refused, format!("the switch refused the lock: {refusal}")),
        (_, holder) => {
            let holder = match holder {
                Some(0) => "somebody outside NETCONF".to_owned(),
                Some(session) => format!("session {session}"),
                None => "another client".to_owned(),
            };
            let waited = policy.lock_wait.as_secs();
            (FaultKind::Locked, format!("the switch's lock is held by {holder}, for {waited} s and more: {refusal}"))
        }
    };
    Fault::new(kind, message).with_errors(refusal.errors())
}
