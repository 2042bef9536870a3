//! What is done before anything is changed: reading, with the lock and without.

use std::time::Duration;

use mercury_adapter::{Flight, Step};
use mercury_model::{Running, Scope};
use tokio::time::Instant;

use super::{
    Policy,
    command::{Command, Landed, Machine, Moment, Next},
    drive::drive,
    first::First,
    patience::{Patience, is_in_the_way, waited},
    style::saves,
    taking::{Taking, given_back},
};
use crate::{
    fault::Fault,
    link::{Link, taken},
    lock::Held,
};

/// Takes the lock and reads `scope` under it, waiting for another client's
/// lock up to the policy's `lock_wait`. What Mercury itself left in the
/// candidate is discarded, once, and what others left there where the policy
/// allows that. A session that Mercury itself lost and the switch still has is
/// ended while `held`; nobody else's ever is.
///
/// # Errors
/// Nothing was staged, and the lock is not held.
pub async fn begin(link: &mut Link, scope: &Scope, policy: &Policy, held: &dyn Held) -> Result<Running, Fault> {
    opened(link, Taking::new(scope, None, policy, policy.lock_wait, Duration::ZERO), || held.is_held()).await
}

/// Reads `scope` without the lock.
///
/// # Errors
/// Nothing was read.
pub async fn read_unlocked(link: &mut Link, scope: &Scope, policy: &Policy) -> Result<Running, Fault> {
    let mut landed = opened(link, First::new(vec![Step::Read(scope.clone())], policy.reply_timeout), || false).await?;
    landed.take_read(0)
}

/// Reads more under the lock that is held.
///
/// # Errors
/// Nothing was read; after a lost session the lock is gone as well.
pub async fn read_more(link: &mut Link, scope: &Scope, policy: &Policy) -> Result<Running, Fault> {
    flown(link, Step::Read(scope.clone()), policy).await.take_read(0)
}

/// Whether what was read is there to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nobody's commit can wait to be confirmed.
    Always,
    /// None waits now. One that was read may have been undone before this was asked.
    Now,
    /// One did, and is over: what was read may have gone with it.
    Waited,
}

/// Makes sure that what was read is there to stay. Without a lock nothing keeps
/// another client's commit out that waits to be confirmed, such as that of a
/// Mercury that was killed: what it made reads like the truth until it is
/// undone. It is waited for up to the policy's `lock_wait`.
///
/// # Errors
/// There still is one, or the switch would not say.
pub async fn settled(link: &mut Link, policy: &Policy) -> Result<Settled, Fault> {
    if link.capabilities().is_none_or(|capabilities| capabilities.lock || capabilities.confirmed_commit.is_none()) {
        return Ok(Settled::Always);
    }
    let begun = Instant::now();
    let mut patience = Patience::new(policy.lock_wait, Duration::ZERO);
    let mut waited_for = false;
    loop {
        match settled_now(link, policy).await {
            Ok(()) => return Ok(if waited_for { Settled::Waited } else { Settled::Now }),
            Err(fault) if is_in_the_way(&fault) => {
                let Some(pause) = patience.pause(begun.elapsed()) else {
                    return Err(waited(&fault, policy.lock_wait));
                };
                tracing::debug!(%fault, "somebody else's commit is waited for");
                waited_for = true;
                tokio::time::sleep(pause).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}

async fn settled_now(link: &mut Link, policy: &Policy) -> Result<(), Fault> {
    let mut flight = link.flight(&[Step::Settled], policy.reply_timeout).await;
    if flight.lost.is_some() {
        // It changes nothing to ask once more, and a session may die at any time.
        link.open().await?;
        flight = link.flight(&[Step::Settled], policy.reply_timeout).await;
    }
    taken(&Step::Settled, flight.results.first(), flight.lost.as_ref())
}

/// Gives the lock back when nothing was staged.
pub async fn release(link: &mut Link, policy: &Policy) {
    // Without a session there is none: it went with it.
    if link.capabilities().is_some() && !given_back(&flown(link, Step::Unlock, policy).await) {
        link.cut();
    }
}

/// As [`release`], where what was read is what is wanted. A Mercury that was killed
/// may have made it so and not saved it: what it starts with is made the same,
/// where it is to be. Says whether that was needed.
///
/// # Errors
/// It could not be made sure.
pub async fn release_saved(link: &mut Link, running: &Running, policy: &Policy) -> Result<bool, Fault> {
    let saved = saved(link, running, policy).await;
    release(link, policy).await;
    match saved {
        // Some servers leave startup alone while running is locked.
        Err(fault) if is_in_the_way(&fault) && link.is_warm() => save(link, policy).await.map(|()| true),
        saved => saved,
    }
}

async fn saved(link: &mut Link, running: &Running, policy: &Policy) -> Result<bool, Fault> {
    if !link.capabilities().is_some_and(|capabilities| saves(capabilities, policy)) {
        return Ok(false);
    }
    let startup = flown(link, Step::ReadStartup(running.scope.clone()), policy).await.take_read(0);
    let is_saved = match startup {
        Ok(startup) => startup.config == running.config,
        // It cannot be asked: once is enough, since all that is made here is saved.
        Err(_) => link.has_saved(),
    };
    if is_saved { Ok(false) } else { save(link, policy).await.map(|()| true) }
}

async fn save(link: &mut Link, policy: &Policy) -> Result<(), Fault> {
    let flight = link.flight(&[Step::Save], policy.commit_timeout).await;
    taken(&Step::Save, flight.results.first(), flight.lost.as_ref())
}

async fn flown(link: &mut Link, step: Step, policy: &Policy) -> Landed {
    let steps = vec![step];
    let Flight { results, lost } = link.flight(&steps, policy.reply_timeout).await;
    Landed { steps, results, lost }
}

/// Drives a machine that begins with a session.
async fn opened<M: Machine>(link: &mut Link, mut machine: M, exclusive: impl Fn() -> bool) -> M::End {
    let begun = Instant::now();
    let moment = || Moment { now: begun.elapsed(), exclusive: exclusive() };
    drive(link, &mut machine, moment, Next::Do(Command::Open).into()).await
}
