//! The names of the states, for a test that comes to each of them.

use std::fmt;

use super::{Commit, State};

macro_rules! named {
    ($($state:ident)*) => {
        /// The names of all states.
        pub(in super::super) const STATES: &[&str] = &[$(stringify!($state)),*];

        impl Commit<'_> {
            pub(in super::super) const fn state(&self) -> &'static str {
                match self.state {
                    $(State::$state { .. } => stringify!($state),)*
                }
            }
        }
    };
}

named! {
    Staging Committing PausingToMake Retaking Made Confirming Saving PausingToSave Final Undoing Relocking Reverting
    Reopening Cancelling Locking CancellingAgain MakingSure Pausing Unlocking Over
}

impl Commit<'_> {
    /// The state of the machine that takes the lock for it.
    pub(in super::super) const fn lock_state(&self) -> Option<&'static str> {
        match &self.state {
            State::Relocking(_, taking) | State::Locking(_, taking) | State::Retaking(taking) => Some(taking.state()),
            _ => None,
        }
    }
}

/// All that tells one state from another.
impl fmt::Debug for Commit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = if self.session.is_some() { "with a session" } else { "without a session" };
        write!(f, "{session}, {:?}: {:?}", self.patience, self.state)
    }
}
