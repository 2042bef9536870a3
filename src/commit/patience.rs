//! How long, and how often, what somebody else is in the way of is tried again.

use std::time::Duration;

use mercury_adapter::{ErrorTag, RpcError};

use crate::fault::Fault;

/// The first pause; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The pauses until a deadline.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    deadline: Duration,
    pause: Duration,
}

impl Patience {
    /// From `now` on.
    pub(super) const fn new(wait: Duration, now: Duration) -> Self {
        Self { deadline: now.saturating_add(wait), pause: FIRST_PAUSE }
    }

    /// How long to pause before it is tried again; `None` at the deadline.
    pub(super) fn pause(&mut self, now: Duration) -> Option<Duration> {
        let pause = self.pause.min(self.deadline.saturating_sub(now));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        (!pause.is_zero()).then_some(pause)
    }
}

/// Whether a step was refused because somebody else is at the switch, so that
/// nothing was changed and waiting helps.
pub(super) fn is_in_the_way(fault: &Fault) -> bool {
    let of_others =
        |error: &RpcError| matches!(error.tag, ErrorTag::LockDenied | ErrorTag::InUse | ErrorTag::ResourceDenied);
    !fault.device_errors.is_empty() && fault.device_errors.iter().all(of_others)
}

/// The refusal, of what was tried for so long.
pub(super) fn waited(fault: &Fault, wait: Duration) -> Fault {
    let holder = fault.device_errors.iter().find_map(RpcError::lock_holder);
    let holder = match holder {
        Some(0) => ", somebody outside NETCONF is in the way".to_owned(),
        Some(session) => format!(", session {session} is in the way"),
        None => String::new(),
    };
    Fault { message: format!("{}; tried for {} s{holder}", fault.message, wait.as_secs()), ..fault.clone() }
}
