//! How a switch differs from the standard, beside its kind.

use std::{fmt, time::Duration};

use mercury_sim::{Mode, Options};

use super::{Schedule, Switch};
use crate::kind::{Gnmi, Kind};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
/// What a commit takes that is slower than any patience.
const SLOW: Duration = Duration::from_secs(42);
/// The same, of any other switch.
const USUAL: Duration = Duration::from_secs(2);

/// What is odd about a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// Nothing.
    Standard,
    /// It notices late that a client is gone, and tells who has a session.
    Lingers,
    /// It says in words only that the candidate is dirty.
    DirtyInWords,
    /// It asks to be asked one by one.
    OneByOne,
    /// It answers the first of several ports that a filter names.
    FirstOnly,
    /// It leaves out ports of which nothing is configured.
    LeavesOutIdle,
    /// It does not save while running is locked.
    SavesUnlocked,
    /// It says that it cancelled what it has yet to make.
    CancelsNothing,
    /// A commit takes longer than an unconfirmed change waits for other switches.
    SlowCommit,
    /// It notices an hour late that a client is gone, and tells who has a session.
    LingersForAnHour,
    /// It does not hold the id of a commit against the one that waits.
    ComparesNoIds,
    /// Neither its lock nor a commit is kept from whoever comes while a confirmed
    /// commit of another waits.
    Overlaps,
}

impl Face {
    /// Those that a switch of this kind can have.
    pub(crate) fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Netconf(Mode::RunningStartup) => &[
                Self::Lingers,
                Self::OneByOne,
                Self::FirstOnly,
                Self::LeavesOutIdle,
                Self::SavesUnlocked,
                Self::SlowCommit,
            ],
            Kind::Netconf(Mode::Running) => {
                &[Self::Lingers, Self::OneByOne, Self::FirstOnly, Self::LeavesOutIdle, Self::SlowCommit]
            }
            Kind::Netconf(_) => &[
                Self::Lingers,
                Self::DirtyInWords,
                Self::OneByOne,
                Self::FirstOnly,
                Self::LeavesOutIdle,
                Self::SlowCommit,
            ],
            Kind::Gnmi(_) => &[Self::CancelsNothing, Self::SlowCommit],
            Kind::Restconf(_) | Kind::Ovsdb => &[Self::SlowCommit],
        }
    }

    /// The same, of those that are drawn apart.
    pub(crate) const fn more(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Netconf(_) => &[Self::LingersForAnHour],
            Kind::Gnmi(Gnmi { confirmed: true, .. }) => &[Self::ComparesNoIds],
            Kind::Gnmi(_) | Kind::Restconf(_) | Kind::Ovsdb => &[],
        }
    }

    pub(crate) fn make(self, options: &mut Options) {
        let quirks = &mut options.quirks;
        match self {
            Self::Standard => {}
            Self::Lingers => (options.linger, options.lists_sessions) = (Duration::from_secs(90), true),
            Self::LingersForAnHour => (options.linger, options.lists_sessions) = (HOUR, true),
            Self::ComparesNoIds => quirks.gnmi_ids_not_compared = true,
            Self::Overlaps => quirks.overlapping_commits = true,
            Self::DirtyInWords => quirks.dirty_in_words = true,
            Self::OneByOne => quirks.one_request_at_a_time = true,
            Self::FirstOnly => quirks.answers_first_entry_only = true,
            Self::LeavesOutIdle => quirks.leaves_out_idle_ports = true,
            Self::SavesUnlocked => quirks.no_save_while_locked = true,
            Self::CancelsNothing => quirks.gnmi_cancels_nothing = true,
            Self::SlowCommit => options.commit_time = SLOW,
        }
    }
}

impl Schedule {
    /// Longer than a Set takes that nothing delays: `lease_ttl` is to be chosen so, since
    /// where a switch has no lock nothing else keeps a Set that is under way from the next holder's.
    pub(super) fn longest_set(&self) -> Duration {
        let is_slow = |switch: &Switch| switch.face == Face::SlowCommit && !matches!(switch.kind, Kind::Netconf(_));
        // Over RESTCONF it may be several requests.
        let is_restconf = |switch: &Switch| matches!(switch.kind, Kind::Restconf(_));
        let usual = if self.switches.iter().any(is_restconf) { USUAL * 6 } else { USUAL };
        if self.switches.iter().any(is_slow) { SLOW + usual } else { usual }
    }

    /// For how long what a dead Mercury held is kept from the others.
    pub(super) fn lease(&self) -> Duration {
        let longest = self.longest_set();
        if longest > USUAL { self.lease.max(longest) } else { self.lease }
    }
}

impl fmt::Display for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => Ok(()),
            odd => write!(f, ", {odd:?}"),
        }
    }
}
