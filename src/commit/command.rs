//! What the state machines of a commit are told, and what they ask for. None of
//! them has a socket or a clock: [`drive`] flies, opens and waits for them.
//!
//! [`drive`]: super::drive::drive

use std::{fmt::Debug, time::Duration};

use mercury_adapter::{Answer, Capabilities, ListedSession, Lost, Step, StepResult};
use mercury_model::Running;

use crate::{
    fault::{Fault, FaultKind},
    link::{OwnSessions, lost_fault, taken},
};

/// What a machine wants to be done before it is told anything more.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Make sure that there is a session; answered by [`Event::Opened`] or
    /// [`Event::NotOpened`].
    Open,
    /// Send these steps, and wait so long for each reply; answered by
    /// [`Event::Landed`].
    Fly(Vec<Step>, Duration),
    /// Let so much time pass; answered by [`Event::TimePassed`].
    Pause(Duration),
}

/// What became of a command.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// There is a session.
    Opened {
        /// It was opened for this; else it was there before, and may have died unseen.
        fresh: bool,
        /// What Mercury staged before may be left in the candidate.
        left_staged: bool,
        /// What the switch can do.
        capabilities: Capabilities,
        /// Mercury's own sessions with it.
        own: OwnSessions,
    },
    /// There is none.
    NotOpened(Fault),
    /// What was sent was answered, or the session was lost.
    Landed(Landed),
    /// The time has passed.
    TimePassed,
}

/// When an event is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Time since the machine was started.
    pub(super) now: Duration,
    /// Whether the lock that keeps other Mercurys away is certainly still held.
    pub(super) exclusive: bool,
}

/// What a machine says to an event.
#[derive(Clone, Debug)]
pub(super) enum Next<E> {
    /// Do this.
    Do(Command),
    /// It is at an end, or at a point where somebody else has to say how to go on.
    End(E),
}

impl<E> Next<E> {
    pub(super) const fn fly(steps: Vec<Step>, timeout: Duration) -> Self {
        Self::Do(Command::Fly(steps, timeout))
    }
}

/// [`Next`], and before it the end of the session where that is of no more use.
#[derive(Clone, Debug)]
pub(super) struct Turn<E> {
    /// The session is dropped without a word; the switch lets go of its locks
    /// (RFC 6241 section 7.6).
    pub(super) cut: bool,
    /// What should be known beside the outcome.
    pub(super) note: Option<&'static str>,
    pub(super) next: Next<E>,
}

impl<E> From<Next<E>> for Turn<E> {
    fn from(next: Next<E>) -> Self {
        Self { cut: false, note: None, next }
    }
}

/// A state machine of this module.
pub(super) trait Machine {
    /// What it comes to.
    type End;

    /// Takes an event, and says what is next.
    fn on(&mut self, event: Event, at: Moment) -> Turn<Self::End>;
}

/// The steps of a flight, and their results as [`mercury_adapter::Flight`] has them.
#[derive(Clone, Debug)]
pub(super) struct Landed {
    pub(super) steps: Vec<Step>,
    pub(super) results: Vec<StepResult>,
    pub(super) lost: Option<Lost>,
}

impl Landed {
    /// Why the step at `index` was not carried out, as far as is known; `None`
    /// where it was, or is none.
    pub(super) fn fault(&self, index: usize) -> Option<Fault> {
        taken(self.steps.get(index)?, self.results.get(index), self.lost.as_ref()).err()
    }

    /// Why the first of the steps that was not carried out was not.
    pub(super) fn first_fault(&self) -> Option<Fault> {
        (0..self.steps.len()).find_map(|index| self.fault(index))
    }

    /// Whether the step at `index` was answered with success.
    pub(super) fn is_done(&self, index: usize) -> bool {
        matches!(self.results.get(index), Some(Ok(_)))
    }

    /// Whether the lock was to be given back with them, as the last of all.
    pub(super) fn unlocks(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Unlock))
    }

    /// Whether the lock was given back.
    pub(super) fn unlocked(&self) -> bool {
        self.unlocks() && self.is_done(self.steps.len() - 1)
    }

    /// What was read by the step at `index`.
    ///
    /// # Errors
    /// Why nothing was.
    pub(super) fn read(&self, index: usize) -> Result<&Running, Fault> {
        match (self.fault(index), self.results.get(index)) {
            (Some(fault), _) => Err(fault),
            (None, Some(Ok(Answer::Running(running)))) => Ok(running),
            (None, _) => Err(unread()),
        }
    }

    /// As [`Landed::read`], without a copy.
    pub(super) fn take_read(&mut self, index: usize) -> Result<Running, Fault> {
        self.read(index)?;
        match self.results.drain(..).nth(index) {
            Some(Ok(Answer::Running(running))) => Ok(*running),
            _ => Err(unread()),
        }
    }

    /// The sessions that the step at `index` found.
    ///
    /// # Errors
    /// Why it found none.
    pub(super) fn sessions(&self, index: usize) -> Result<&[ListedSession], Fault> {
        match (self.fault(index), self.results.get(index)) {
            (Some(fault), _) => Err(fault),
            (None, Some(Ok(Answer::Sessions(listed)))) => Ok(listed),
            (None, _) => Err(unread()),
        }
    }

    /// What was read of running, by whichever step; the last where there were several.
    pub(super) fn shown(&self) -> Option<&Running> {
        self.steps.iter().zip(&self.results).rev().find_map(|answered| match answered {
            (Step::Read(_), Ok(Answer::Running(running))) => Some(&**running),
            _ => None,
        })
    }

    /// What was read by the last step.
    ///
    /// # Errors
    /// Why nothing was.
    pub(super) fn last_read(&self) -> Result<&Running, Fault> {
        self.read(self.steps.len().saturating_sub(1))
    }

    /// Both flights as if they had been one.
    pub(super) fn followed_by(mut self, second: Self) -> Self {
        self.steps.extend(second.steps);
        self.results.extend(second.results);
        Self { lost: second.lost, ..self }
    }

    /// The failure that the loss of the session is.
    pub(super) fn lost_fault(&self) -> Option<Fault> {
        self.lost.as_ref().map(lost_fault)
    }
}

/// A promise inside Mercury is broken: a machine was told what it did not ask for.
pub(super) fn astray(told: &dyn Debug) -> Fault {
    tracing::error!(?told, "a state machine was told what it did not ask for");
    Fault::new(FaultKind::Internal, "a state machine was told what it did not ask for")
}

fn unread() -> Fault {
    Fault::new(FaultKind::Internal, "a read was answered without data")
}
