//! The first steps of a request. A warm session may have died unseen; nothing
//! was staged on it, so they are sent once more on a new one.

use std::time::Duration;

use mercury_adapter::Step;

use super::command::{Command, Event, Landed, Machine, Moment, Next, Turn, astray};
use crate::fault::Fault;

/// The steps on their way.
#[derive(Clone, Debug)]
pub(super) enum First {
    /// A session is being opened for them.
    Opening {
        steps: Vec<Step>,
        timeout: Duration,
        /// The warm one was gone.
        again: bool,
    },
    /// They were sent.
    Flying {
        timeout: Duration,
        /// On a session that was opened for them, so that it would not help to open another.
        last: bool,
    },
    /// They were answered, or cannot be sent.
    Over,
}

impl First {
    /// What is next is [`Command::Open`].
    pub(super) const fn new(steps: Vec<Step>, timeout: Duration) -> Self {
        Self::Opening { steps, timeout, again: false }
    }
}

impl Machine for First {
    /// The flight, which was not lost.
    type End = Result<Landed, Fault>;

    fn on(&mut self, event: Event, _: Moment) -> Turn<Self::End> {
        let (state, next) = match (std::mem::replace(self, Self::Over), event) {
            (Self::Opening { steps, timeout, again }, Event::Opened { fresh, .. }) => {
                (Self::Flying { timeout, last: fresh || again }, Next::fly(steps, timeout))
            }
            (Self::Opening { .. }, Event::NotOpened(fault)) => (Self::Over, Next::End(Err(fault))),
            (Self::Flying { timeout, last }, Event::Landed(landed)) => match landed.lost_fault() {
                None => (Self::Over, Next::End(Ok(landed))),
                Some(fault) if last => (Self::Over, Next::End(Err(fault))),
                Some(lost) => {
                    tracing::info!(%lost, "the warm session was gone; opening another");
                    (Self::Opening { steps: landed.steps, timeout, again: true }, Next::Do(Command::Open))
                }
            },
            (_, event) => (Self::Over, Next::End(Err(astray(&event)))),
        };
        *self = state;
        next.into()
    }
}
