//! What kind of switch it is, and what it is spoken to by: the one parameter
//! of every test here.

use std::fmt;

use mercury::inventory::{Face, GnmiSettings, NetconfSettings, Switch};
use mercury_adapter::{ConfirmedBy, Dialect};
use mercury_sim::{Mode, Options};

/// A kind of switch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Netconf(Mode),
    Gnmi(Gnmi),
}

/// What a gNMI target can do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gnmi {
    /// It has the commit-confirmed extension, and Mercury may use it.
    pub(crate) confirmed: bool,
    /// It has Get; else it is read by Subscribe ONCE.
    pub(crate) get: bool,
    /// A Set happens wholly or not at all.
    pub(crate) atomic: bool,
}

pub(crate) const NETCONF: [Kind; 5] = [
    Kind::Netconf(Mode::Candidate),
    Kind::Netconf(Mode::CandidatePlain),
    JUNOS,
    Kind::Netconf(Mode::Running),
    Kind::Netconf(Mode::RunningStartup),
];
/// It has Junos' own commit, and Mercury is to use it.
pub(crate) const JUNOS: Kind = Kind::Netconf(Mode::CandidateJunos);
pub(crate) const CONFIRMED: Gnmi = Gnmi { confirmed: true, get: true, atomic: true };
pub(crate) const PLAIN: Gnmi = Gnmi { confirmed: false, ..CONFIRMED };
pub(crate) const ONCE: Gnmi = Gnmi { get: false, ..PLAIN };
pub(crate) const ONE_BY_ONE: Gnmi = Gnmi { atomic: false, ..PLAIN };
pub(crate) const GNMI: [Kind; 4] = [Kind::Gnmi(CONFIRMED), Kind::Gnmi(PLAIN), Kind::Gnmi(ONCE), Kind::Gnmi(ONE_BY_ONE)];

/// Every kind.
pub(crate) fn all() -> impl Iterator<Item = Kind> {
    NETCONF.into_iter().chain(GNMI)
}

impl Kind {
    /// What Mercury asks of such a switch, in the words of faults.
    pub(crate) const fn operations(self) -> &'static [&'static str] {
        match self {
            JUNOS => &[
                "hello",
                "lock",
                "get-commit-information",
                "get-config",
                "discard-changes",
                "edit-config",
                "commit-configuration",
                "unlock",
                "close-session",
            ],
            Self::Netconf(_) => &[
                "hello",
                "lock",
                "get-config",
                "discard-changes",
                "edit-config",
                "commit",
                "cancel-commit",
                "copy-config",
                "unlock",
                "close-session",
            ],
            Self::Gnmi(_) => &[
                "gnmi-connect",
                "gnmi-capabilities",
                "gnmi-get",
                "gnmi-subscribe",
                "gnmi-set",
                "gnmi-extend",
                "gnmi-confirm",
                "gnmi-cancel",
            ],
        }
    }

    /// What such a switch may do instead of answering. The delays are longer
    /// than `reply_timeout` and than `commit_timeout`; without a lock that tells
    /// when a lost change is over, not longer than that and `settle_time`.
    pub(crate) const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Netconf(_) => &[
                "drop",
                "refuse:operation-failed",
                "refuse:in-use",
                "refuse:resource-denied",
                "refuse:lock-denied",
                "ignore",
                "twist",
                "delay:35s",
                "delay:60s",
                "reboot",
            ],
            Self::Gnmi(_) => &[
                "drop",
                "refuse:operation-failed",
                "status:unavailable",
                "status:deadline-exceeded",
                "status:aborted",
                "status:internal",
                "status:resource-exhausted",
                "status:failed-precondition",
                "status:unauthenticated",
                "status:cancelled",
                "status:data-loss",
                "status:unknown",
                "ignore",
                "twist",
                "half",
                "part",
                "delay:35s",
                "delay:55s",
                "reboot",
            ],
        }
    }

    /// Whether nobody can find out that this is a lie: what was confirmed looks
    /// the same until the timer ends, and nothing but a reboot shows startup.
    pub(crate) fn is_perfect_lie(self, operation: &str, nth: u32, action: &str) -> bool {
        let commit = match self {
            Self::Netconf(Mode::Candidate) => Some("commit"),
            JUNOS => Some("commit-configuration"),
            _ => None,
        };
        let confirmation = Some(operation) == commit && nth > 1;
        action == "ignore" && (confirmation || matches!(operation, "copy-config" | "gnmi-confirm"))
    }

    /// The simulated switch.
    pub(crate) fn options(self) -> Options {
        let mut options = Options { listen: None, ..Options::default() };
        match self {
            Self::Netconf(mode) => options.mode = mode,
            Self::Gnmi(gnmi) => {
                options.mode = Mode::Running;
                options.gnmi_commit_confirmed = gnmi.confirmed;
                options.quirks.gnmi_no_get = !gnmi.get;
                options.quirks.gnmi_not_atomic = !gnmi.atomic;
            }
        }
        options
    }

    /// The inventory entry.
    pub(crate) fn entry(self, name: &str) -> Switch {
        let mut switch = Switch::new(name, name, "openconfig", "mercury");
        switch.rules.manage_vlans = true;
        if let Self::Gnmi(gnmi) = self {
            let confirmed_commit = Some(gnmi.confirmed);
            switch.face = Face::Gnmi(GnmiSettings { confirmed_commit, ..GnmiSettings::default() });
        }
        switch
    }

    /// What its dialect would say of it.
    pub(crate) fn dialect(self, openconfig: &Dialect) -> Dialect {
        let mut dialect = openconfig.clone();
        if let (JUNOS, Some(netconf)) = (self, &mut dialect.netconf) {
            (netconf.confirmed_commit, netconf.lock_running) = (ConfirmedBy::CommitConfiguration, false);
        }
        if let (Self::Gnmi(gnmi), Some(dialect)) = (self, &mut dialect.gnmi) {
            dialect.atomic = gnmi.atomic;
        }
        dialect
    }
}

/// What only NETCONF needs of an entry, if that is what its switch speaks.
pub(crate) fn netconf(entry: &mut Switch) -> Option<&mut NetconfSettings> {
    match &mut entry.face {
        Face::Netconf(netconf) => Some(netconf),
        Face::Gnmi(_) | Face::Cli(_) | Face::Ovsdb(_) | Face::Restconf(_) => None,
    }
}

/// What only gNMI needs of an entry, if that is what its switch speaks.
pub(crate) fn gnmi(entry: &mut Switch) -> Option<&mut GnmiSettings> {
    match &mut entry.face {
        Face::Netconf(_) | Face::Cli(_) | Face::Ovsdb(_) | Face::Restconf(_) => None,
        Face::Gnmi(gnmi) => Some(gnmi),
    }
}

/// As short as it is told in a failed test.
impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Netconf(mode) => write!(f, "{mode:?}"),
            Self::Gnmi(gnmi) => {
                f.write_str(if gnmi.confirmed { "gNMI confirmed" } else { "gNMI plain" })?;
                f.write_str(if gnmi.get { "" } else { ", ONCE" })?;
                f.write_str(if gnmi.atomic { "" } else { ", one by one" })
            }
        }
    }
}
