//! The first steps of a request. A warm session may have died unseen; nothing
//! was staged on it, so they are sent once more on a new one; and one by one
//! where a new session ends under several at once.

use std::time::Duration;

use mercury_adapter::{Lost, Step};

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
        /// The switch may not take several requests at once, and is asked one by one.
        one_by_one: bool,
    },
    /// They were sent.
    Flying {
        timeout: Duration,
        /// On a session that was opened for them, so that it would not help to open another.
        last: bool,
        /// What may be wrong is that several requests were sent at once.
        at_once: bool,
    },
    /// They were answered, or cannot be sent.
    Over,
}

impl First {
    /// What is next is [`Command::Open`].
    pub(super) const fn new(steps: Vec<Step>, timeout: Duration) -> Self {
        Self::Opening { steps, timeout, again: false, one_by_one: false }
    }
}

impl Machine for First {
    /// The flight, which was not lost.
    type End = Result<Landed, Fault>;

    fn on(&mut self, event: Event, _: Moment) -> Turn<Self::End> {
        let (state, next) = match (std::mem::replace(self, Self::Over), event) {
            (Self::Opening { steps, timeout, again, one_by_one }, Event::Opened { fresh, capabilities, .. }) => {
                let at_once = capabilities.pipelining && steps.len() > 1 && !one_by_one;
                (Self::Flying { timeout, last: fresh || again, at_once }, Next::fly(steps, timeout))
            }
            (Self::Opening { .. }, Event::NotOpened(fault)) => (Self::Over, Next::End(Err(fault))),
            (Self::Flying { timeout, last, at_once }, Event::Landed(landed)) => match landed.lost_fault() {
                None => (Self::Over, Next::End(Ok(landed))),
                Some(lost) if !last || (at_once && matches!(landed.lost, Some(Lost::Closed(_)))) => {
                    tracing::info!(%lost, "the session was gone; opening another");
                    (
                        Self::Opening { steps: landed.steps, timeout, again: true, one_by_one: last },
                        Next::Do(Command::Open),
                    )
                }
                Some(fault) => (Self::Over, Next::End(Err(fault))),
            },
            (_, event) => (Self::Over, Next::End(Err(astray(&event)))),
        };
        *self = state;
        next.into()
    }
}
