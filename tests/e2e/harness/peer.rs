//! Which switch a test runs against.

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
};

use mercury_sim::Mode;

use super::{Entry, Face, Netconfd, Simulated, State, Target, target};

/// A kind of switch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// The simulated switch.
    Simulator(Mode),
    /// The simulated switch, over gNMI.
    SimulatorGnmi(Face),
    /// netconfd with Mercury's own subset of the OpenConfig modules.
    Netconfd(Datastores),
    /// netconfd with the published OpenConfig modules.
    NetconfdPublished,
    /// A gNMI server that nobody here wrote.
    Gnmi(target::Kind),
}

/// How netconfd takes changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Datastores {
    Candidate,
    Running,
    Startup,
    /// A candidate, and a startup.
    Both,
}

impl Datastores {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Running => "running",
            Self::Startup => "startup",
            Self::Both => "both",
        }
    }
}

/// A switch that runs.
pub(crate) enum Switch {
    Simulated(Box<Simulated>),
    Real(Netconfd),
    Target(Target),
}

/// A switch that other tests may use at the same time, with a port of one's own.
pub(crate) struct Shared {
    switch: Arc<Switch>,
    next: Arc<AtomicU16>,
}

/// What is shared, once of each kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Netconfd(Datastores, bool),
    Target(target::Kind),
}

type Running = BTreeMap<Key, (Arc<Switch>, Arc<AtomicU16>)>;

/// The real switches that tests share; they end with this process.
static SHARED: LazyLock<Mutex<Running>> = LazyLock::new(Mutex::default);

impl Peer {
    /// A switch for this test alone. `None`, in words, where there is no such
    /// peer on this machine and nobody asked for it.
    pub(crate) fn own(self) -> Option<Switch> {
        match self {
            Self::Simulator(mode) => Some(Switch::Simulated(Box::new(Simulated::start(mode)))),
            Self::SimulatorGnmi(face) => Some(Switch::Simulated(Box::new(Simulated::gnmi(face)))),
            Self::Netconfd(datastores) => Some(Switch::Real(netconfd(datastores)?)),
            Self::NetconfdPublished => published().then(|| Switch::Real(Netconfd::start(Datastores::Candidate, true))),
            Self::Gnmi(kind) => Some(Switch::Target(Target::own(kind)?)),
        }
    }

    /// A switch that this test shares with others: use ports from
    /// [`Shared::port`] only, hold no lock, arm no fault, count nothing.
    pub(crate) fn shared(self) -> Option<Shared> {
        let key = match self {
            Self::Simulator(_) | Self::SimulatorGnmi(_) => {
                return self.own().map(|switch| Shared::new(Arc::new(switch), Arc::default()));
            }
            Self::Netconfd(datastores) if installed() => Key::Netconfd(datastores, false),
            Self::NetconfdPublished if published() => Key::Netconfd(Datastores::Candidate, true),
            Self::Gnmi(kind) if target::built() => Key::Target(kind),
            _ => return None,
        };
        let mut running = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || match key {
            Key::Netconfd(datastores, published) => Switch::Real(Netconfd::start(datastores, published)),
            Key::Target(kind) => Switch::Target(Target::shared(kind)),
        };
        let (switch, next) = running.entry(key).or_insert_with(|| (Arc::new(start()), Arc::default()));
        Some(Shared::new(Arc::clone(switch), Arc::clone(next)))
    }
}

/// A netconfd for one test alone.
pub(crate) fn netconfd(datastores: Datastores) -> Option<Netconfd> {
    installed().then(|| Netconfd::start(datastores, false))
}

/// Whether the peers are to be used; a skipped test says so.
pub(crate) fn installed() -> bool {
    let asked = std::env::var_os("MERCURY_PEERS").is_some();
    if !asked {
        eprintln!("left out: needs the peers of tests/peers; tests/run installs and uses them");
    }
    asked
}

fn published() -> bool {
    let there = std::env::var_os("MERCURY_PUBLISHED_MODULES").is_some();
    if !there {
        eprintln!("left out: needs the published modules, in MERCURY_PUBLISHED_MODULES");
    }
    installed() && there
}

impl Switch {
    /// Its inventory entry.
    pub(crate) fn entry(&self, name: &str) -> Entry {
        match self {
            Self::Simulated(switch) => switch.entry(name),
            Self::Real(switch) => switch.entry(name),
            Self::Target(switch) => switch.entry(name),
        }
    }

    /// What it runs now, not asked through Mercury.
    pub(crate) fn look(&self) -> State {
        match self {
            Self::Simulated(switch) => switch.look(),
            Self::Real(switch) => switch.look(),
            Self::Target(switch) => switch.look(),
        }
    }

    /// Gives a port a root guard, which is nothing of Mercury's.
    pub(crate) fn guard_root(&self, port: &str) {
        match self {
            Self::Simulated(switch) => switch.guard_root(port),
            Self::Real(switch) => switch.guard_root(port),
            Self::Target(switch) => switch.guard_root(port),
        }
    }
}

impl Shared {
    fn new(switch: Arc<Switch>, next: Arc<AtomicU16>) -> Self {
        Self { switch, next }
    }

    /// A port, and a number, that no other test uses: `EthernetN`.
    pub(crate) fn port(&self) -> String {
        // Ethernet16 is what an intruder of ncclient_check.py edits.
        let (first, last) = match &*self.switch {
            Switch::Simulated(_) | Switch::Real(_) => (17, 96),
            Switch::Target(_) => (1, target::PORTS),
        };
        let number = first + self.next.fetch_add(1, Ordering::Relaxed);
        assert!(number <= last, "more tests than ports");
        format!("Ethernet{number}")
    }
}

impl Deref for Shared {
    type Target = Switch;

    fn deref(&self) -> &Switch {
        &self.switch
    }
}
