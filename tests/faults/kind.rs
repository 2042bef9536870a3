//! What kind of switch it is, and what it is spoken to by: the one parameter
//! of every test here.

use std::fmt;

use mercury::inventory::{Face, GnmiSettings, NetconfSettings, OvsdbSettings, RestconfSettings, Switch};
use mercury_adapter::{ConfirmedBy, Dialect, Module, NodePath, PathStep, Trust};
use mercury_sim::{Mode, Options, RestconfFace};

use crate::world;

/// The dialect of an Open vSwitch.
const OPEN_VSWITCH: &str = "netmiko_ovs_linux";

/// A kind of switch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Netconf(Mode),
    Gnmi(Gnmi),
    Restconf(Restconf),
    /// An Open vSwitch, by its database.
    Ovsdb,
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

/// What a RESTCONF server can do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Restconf {
    /// It takes a YANG Patch, and tells of some nodes of a resource alone.
    pub(crate) patch: bool,
    /// A patch happens wholly or not at all.
    pub(crate) atomic: bool,
    /// It has entity tags, and heeds `If-Match`.
    pub(crate) etags: bool,
    /// Running has to be copied to startup.
    pub(crate) startup: bool,
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

pub(crate) const PATCHED: Restconf = Restconf { patch: true, atomic: true, etags: false, startup: true };
pub(crate) const TAGGED: Restconf = Restconf { etags: true, startup: false, ..PATCHED };
/// Edits of a patch happen one by one.
pub(crate) const LOOSE: Restconf = Restconf { atomic: false, ..PATCHED };
/// As SONiC: plain requests only.
pub(crate) const BARE: Restconf = Restconf { patch: false, atomic: false, etags: false, startup: false };
pub(crate) const RESTCONF: [Kind; 4] =
    [Kind::Restconf(PATCHED), Kind::Restconf(TAGGED), Kind::Restconf(LOOSE), Kind::Restconf(BARE)];

/// Every kind that has a datastore.
pub(crate) fn all() -> impl Iterator<Item = Kind> {
    NETCONF.into_iter().chain(GNMI).chain(RESTCONF)
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
            Self::Restconf(_) => {
                &["restconf-connect", "restconf-get", "restconf-patch", "restconf-delete", "restconf-operation"]
            }
            Self::Ovsdb => &["ovsdb-connect", "ovsdb-select", "ovsdb-change", "ovsdb-applied"],
        }
    }

    /// What carries a change to it.
    pub(crate) const fn writes(self) -> &'static str {
        match self {
            Self::Netconf(_) => "edit-config",
            Self::Gnmi(_) => "gnmi-set",
            Self::Restconf(_) => "restconf-patch",
            Self::Ovsdb => "ovsdb-change",
        }
    }

    /// What makes a change so.
    pub(crate) const fn commits(self) -> &'static str {
        match self {
            Self::Netconf(_) => "commit",
            Self::Gnmi(_) | Self::Restconf(_) | Self::Ovsdb => self.writes(),
        }
    }

    /// Whether the switch has a lock, which keeps everybody else away.
    pub(crate) const fn locks(self) -> bool {
        matches!(self, Self::Netconf(_))
    }

    /// Whether a change is made of several that come one after the other.
    pub(crate) const fn is_one_by_one(self) -> bool {
        matches!(self, Self::Gnmi(Gnmi { atomic: false, .. }) | Self::Restconf(Restconf { atomic: false, .. }))
    }

    /// Whether running has to be copied to startup.
    pub(crate) const fn saves(self) -> bool {
        matches!(self, Self::Netconf(Mode::RunningStartup) | Self::Restconf(Restconf { startup: true, .. }))
    }

    /// The requests that put a port on a VLAN that is not there. Where they are several, who
    /// stops after the first leaves the VLAN without its port.
    pub(crate) const fn requests(self) -> u64 {
        if let Self::Restconf(Restconf { patch: false, .. }) = self { 2 } else { 1 }
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
            Self::Restconf(_) => &[
                "drop",
                "refuse:operation-failed",
                "refuse:in-use",
                "refuse:lock-denied",
                "refuse:resource-denied",
                "refuse:invalid-value",
                "status:unavailable",
                "status:deadline-exceeded",
                "status:internal",
                "status:resource-exhausted",
                "status:failed-precondition",
                "status:unauthenticated",
                "status:not-found",
                "ignore",
                "twist",
                "half",
                "part",
                "delay:35s",
                "delay:55s",
                "reboot",
            ],
            Self::Ovsdb => &[
                "drop",
                "refuse:operation-failed",
                "refuse:resource-denied",
                "refuse:invalid-value",
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
        self.is_tag_lie(action)
            || action == "ignore"
                && (confirmation || matches!(operation, "copy-config" | "gnmi-confirm" | "restconf-operation"))
    }

    /// Who says that it is no longer as it was read, and means what was asked, is believed.
    pub(crate) fn is_tag_lie(self, action: &str) -> bool {
        self == Self::Restconf(TAGGED) && action == "status:failed-precondition"
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
            Self::Restconf(own) => {
                options.mode = if own.startup { Mode::RunningStartup } else { Mode::Running };
                let Restconf { patch, atomic, etags, .. } = own;
                options.restconf =
                    RestconfFace { yang_patch: patch, fields: patch, atomic, etags, ..RestconfFace::default() };
            }
            Self::Ovsdb => options.ovsdb = true,
        }
        options
    }

    /// The inventory entry.
    pub(crate) fn entry(self, name: &str) -> Switch {
        let mut switch = Switch::new(name, name, "openconfig", "mercury");
        // The bound is a process's, and several Mercurys are in one here.
        switch.timing.max_sessions = usize::MAX;
        switch.rules.manage_vlans = true;
        if let Self::Gnmi(gnmi) = self {
            let confirmed_commit = Some(gnmi.confirmed);
            switch.face = Face::Gnmi(GnmiSettings { confirmed_commit, ..GnmiSettings::default() });
        }
        if self == Self::Ovsdb {
            OPEN_VSWITCH.clone_into(&mut switch.identity.dialect);
            switch.face = Face::Ovsdb(OvsdbSettings::default());
        }
        if let Self::Restconf(_) = self {
            switch.face = Face::Restconf(RestconfSettings::default());
        }
        switch
    }

    /// What the dialect of its entry would say of it.
    pub(crate) fn dialect(self, entry: &Switch) -> Dialect {
        let mut dialect = (*world::dialect(&entry.identity.dialect)).clone();
        if let (JUNOS, Some(netconf)) = (self, &mut dialect.netconf) {
            (netconf.confirmed_commit, netconf.lock_running) = (ConfirmedBy::CommitConfiguration, false);
        }
        if let (Self::Gnmi(gnmi), Some(dialect)) = (self, &mut dialect.gnmi) {
            dialect.atomic = gnmi.atomic;
        }
        if let (Self::Restconf(own), Some(dialect)) = (self, &mut dialect.restconf) {
            dialect.atomic = own.atomic;
            dialect.save = own.startup.then(save_config);
            dialect.revision = if own.etags { Trust::Exact } else { dialect.revision };
        }
        dialect
    }
}

/// IOS-XE's.
fn save_config() -> NodePath {
    let module = Module { namespace: "http://cisco.com/yang/cisco-ia".into(), name: Some("cisco-ia".into()) };
    NodePath { steps: vec![PathStep { module, name: "save-config".to_owned(), keys: Vec::new() }] }
}

/// What only NETCONF needs of an entry, if that is what its switch speaks.
pub(crate) fn netconf(entry: &mut Switch) -> Option<&mut NetconfSettings> {
    match &mut entry.face {
        Face::Netconf(netconf) => Some(netconf),
        Face::Gnmi(_) | Face::Cli(_) | Face::Ovsdb(_) | Face::Restconf(_) | Face::Nvue(_) => None,
    }
}

/// What only gNMI needs of an entry, if that is what its switch speaks.
pub(crate) fn gnmi(entry: &mut Switch) -> Option<&mut GnmiSettings> {
    match &mut entry.face {
        Face::Netconf(_) | Face::Cli(_) | Face::Ovsdb(_) | Face::Restconf(_) | Face::Nvue(_) => None,
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
            Self::Restconf(own) => {
                f.write_str(if own.patch { "RESTCONF patched" } else { "RESTCONF plain" })?;
                f.write_str(if own.etags { ", tagged" } else { "" })?;
                f.write_str(if own.startup { ", startup" } else { "" })?;
                f.write_str(if own.atomic { "" } else { ", one by one" })
            }
            Self::Ovsdb => f.write_str("OVSDB"),
        }
    }
}
