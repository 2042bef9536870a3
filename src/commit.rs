//! Changes a switch: lock, read, stage, commit, read back, confirm, save,
//! unlock, and the way back from each of them.
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
//! Junos' own has no token and is confirmed by any commit: it is looked for under
//! the lock, and undone or confirmed there.
//!
//! What to do is decided by state machines that know no socket and no clock
//! (`machine`, and `taking` for the lock); `drive` does it.

mod begin;
mod bounce;
mod command;
mod drive;
mod first;
mod machine;
mod patience;
mod shown;
mod style;
mod taking;
mod transition;
#[cfg(test)]
mod walk;

use std::time::Duration;

use mercury_adapter::ConfirmedCommit;
use tokio::time::Instant;

pub use begin::{Settled, begin, read_more, read_unlocked, release, release_saved, settled};
pub use bounce::{Means, bounce, ports as bounced_ports};
pub use transition::Transition;

use crate::{fault::Fault, inventory, link::Link, outcome::Outcome};
use command::Moment;
use drive::{drive, fresh_token};
use machine::{Commit, Reached, Word};

/// How one switch is to be changed, from its inventory entry.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long to wait for a lock that another client holds.
    pub lock_wait: Duration,
    /// Whether to discard what others left in the candidate.
    pub discard_foreign: bool,
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

/// A change, the link it is made on, and the lock that keeps other Mercurys away.
struct Way<'a> {
    link: &'a mut Link,
    transition: &'a Transition<'a>,
    commit: Box<Commit<'a>>,
    begun: Instant,
}

/// A change that is made and read back, and can still be undone.
pub struct Made<'a>(Way<'a>);

/// A change that is final on this switch: confirmed, and saved where it is to
/// be. Others of the same request may still fail.
pub struct Final<'a>(Way<'a>);

/// Makes the change, under the lock, and reads it back. With `alone`, no other
/// switch has a say in whether it stays, and the lock is given back as soon as
/// nothing can be left to do; otherwise it is kept until their fate is known.
///
/// # Errors
/// How it ended, if not so.
pub async fn make<'a>(
    link: &'a mut Link,
    transition: &'a Transition<'a>,
    policy: &'a Policy,
    alone: bool,
) -> Result<Made<'a>, Box<Outcome>> {
    let commit = Box::new(Commit::new(transition, policy, alone, link.capabilities().cloned()));
    let mut way = Way { link, transition, commit, begun: Instant::now() };
    let reached = way.told(Word::Make(fresh_token())).await;
    let answered = way.commit.answered();
    let doubted = answered.is_some_and(|answered| shown::is_in_doubt(way.link.shown(), answered, transition));
    match reached {
        Reached::Made => Ok(Made(way)),
        Reached::Over(outcome) if doubted => {
            Err(Box::new(shown::take_back(way.link, transition, policy, *outcome).await))
        }
        Reached::Over(outcome) => Err(outcome),
        reached @ Reached::Final => Err(Box::new(way.astray(&reached))),
    }
}

/// Whether the open session's switch undoes by itself what is not confirmed.
#[must_use]
pub fn confirms(link: &Link, policy: &Policy) -> bool {
    link.capabilities().is_some_and(|capabilities| style::confirms(capabilities, policy))
}

/// Whether a commit that waits to be confirmed can be taken back there, whatever is read.
#[must_use]
pub fn cancels(link: &Link, policy: &Policy) -> bool {
    confirms(link, policy)
        && link.capabilities().is_some_and(|own| own.confirmed_commit != Some(ConfirmedCommit::AnyCommit))
}

impl<'a> Made<'a> {
    /// Whether it stays whatever becomes of the lock that keeps other Mercurys
    /// away: it is final, and was read back under the switch's own lock.
    #[must_use]
    pub fn stands(&self) -> bool {
        !self.0.commit.is_pending() && self.0.link.capabilities().is_some_and(|capabilities| capabilities.lock)
    }

    /// Confirms it, where the switch would undo it otherwise, and saves it, where
    /// it is to survive a reboot.
    ///
    /// # Errors
    /// How it ended, if not so.
    pub async fn confirm_and_save(mut self) -> Result<Final<'a>, Box<Outcome>> {
        match self.0.told(Word::Keep).await {
            Reached::Final => Ok(Final(self.0)),
            Reached::Over(outcome) => Err(outcome),
            reached @ Reached::Made => Err(Box::new(self.0.astray(&reached))),
        }
    }

    /// Undoes it.
    pub async fn undo(self, cause: Fault) -> Outcome {
        self.0.ended(Word::Undo(cause)).await
    }
}

impl Final<'_> {
    /// Gives back the lock of what is to stay.
    pub async fn unlock(self) -> Outcome {
        self.0.ended(Word::Unlock).await
    }

    /// Undoes it, final as it was.
    pub async fn undo(self, cause: Fault) -> Outcome {
        self.0.ended(Word::Undo(cause)).await
    }
}

impl Way<'_> {
    async fn told(&mut self, word: Word) -> Reached {
        let Self { link, transition, commit, begun } = self;
        let moment = || Moment { now: begun.elapsed(), exclusive: transition.lock.is_held() };
        let turn = commit.told(word, moment());
        let reached = drive(link, &mut **commit, moment, turn).await;
        link.shows_all_but(commit.unshown());
        reached
    }

    async fn ended(mut self, word: Word) -> Outcome {
        match self.told(word).await {
            Reached::Over(outcome) => *outcome,
            reached => self.astray(&reached),
        }
    }

    fn astray(&mut self, reached: &Reached) -> Outcome {
        self.link.cut();
        Outcome::Unknown { cause: command::astray(reached), settles_within: None }
    }
}
