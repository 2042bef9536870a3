//! The switch itself: datastores, locks, sessions, a commit that waits to be
//! confirmed. Knows no encoding; every face of the switch calls this.

mod commit;
mod datastores;
mod history;
mod lies;
mod set;
mod shown;
mod status;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

pub(crate) use commit::Commit;
pub(crate) use datastores::Test;
pub(crate) use set::{Confirmation, NotSet, Write};
pub(crate) use shown::What;
pub use status::{Counters, PendingCommit, Status};

use crate::{
    Options,
    datastore::{Container, Datastore, Key, build},
    fault::Faults,
    ovsdb::Ovsdb,
    refusal::{Reason, Refused, Tag},
    schema::{Node, ROOT},
};

/// A session's number, as its hello says. 0 stands for what is not a NETCONF
/// session, such as somebody at the console (RFC 6241 section 7.5).
pub type SessionId = u32;

/// One simulated switch.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) options: Options,
    ports: BTreeSet<Key>,
    /// What running was in the beginning.
    begun: Arc<Container>,
    state: Mutex<State>,
    /// Moves on with every change of state, for those who wait for one.
    pulse: watch::Sender<u64>,
    cut: watch::Sender<Cut>,
    /// The sessions that were killed.
    kills: watch::Sender<BTreeSet<Login>>,
    started: Instant,
    /// One Set at a time.
    pub(crate) set_turn: tokio::sync::Mutex<()>,
    /// The database of its Open vSwitch, where it is one.
    pub(crate) ovsdb: Option<Arc<Ovsdb>>,
}

/// When this changes, every open session is dropped.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cut {
    reboots: u64,
    pub(crate) stopped: bool,
}

/// A session from its beginning: its number may be another's later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Login {
    serial: u64,
    pub(crate) id: SessionId,
    at: Instant,
}

#[derive(Debug)]
pub(crate) struct State {
    running: Arc<Container>,
    /// `None` while it is the same as running.
    candidate: Option<Arc<Container>>,
    /// What running is after a reboot. Without `:startup` it follows running.
    startup: Arc<Container>,
    locks: BTreeMap<Datastore, SessionId>,
    sessions: BTreeMap<SessionId, Login>,
    last_session: SessionId,
    connections: usize,
    /// Ports that nobody is shown.
    hidden: BTreeSet<String>,
    pending: Option<commit::Pending>,
    /// Those that waited when others were made.
    overlapped: Vec<commit::Pending>,
    history: history::History,
    pub(crate) faults: Faults,
    pub(crate) counters: Counters,
    /// The last `<edit-config>` as it came.
    pub(crate) edit: Option<String>,
}

impl Device {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        // Where they are is known of OpenConfig alone.
        let count = if options.schema.is_openconfig() { options.ports } else { 0 };
        let ports: BTreeSet<Key> =
            (1..=count).map(|number| Key::new(&format!("{}{number}", options.port_prefix))).collect();
        let names: Vec<String> = ports.iter().map(|port| port.as_str().to_owned()).collect();
        let running = Arc::new(start_configuration(&options, &ports));
        let mut faults = Faults::default();
        for fault in &options.faults {
            faults.set(fault.clone());
        }
        Arc::new(Self {
            ports,
            begun: Arc::clone(&running),
            state: Mutex::new(State {
                startup: Arc::clone(&running),
                running,
                candidate: None,
                locks: BTreeMap::new(),
                sessions: BTreeMap::new(),
                last_session: 0,
                connections: 0,
                hidden: options.hidden.iter().cloned().collect(),
                pending: None,
                overlapped: Vec::new(),
                history: history::History::default(),
                faults,
                counters: Counters::default(),
                edit: None,
            }),
            pulse: watch::Sender::new(0),
            cut: watch::Sender::new(Cut::default()),
            kills: watch::Sender::default(),
            started: Instant::now(),
            set_turn: tokio::sync::Mutex::new(()),
            ovsdb: options.ovsdb.then(|| Arc::new(Ovsdb::new(names))),
            options,
        })
    }

    /// What it can be configured with, at the top.
    pub(crate) fn root(&self) -> &'static [Node] {
        self.options.schema.root
    }

    /// What the switch shows as its state.
    pub(crate) fn begun(&self) -> Arc<Container> {
        Arc::clone(&self.begun)
    }

    /// Opens a session, unless there are too many.
    pub(crate) fn open_session(&self) -> Option<(Login, watch::Receiver<Cut>)> {
        let cut = self.cut.subscribe();
        self.change(|state| {
            if state.sessions.len() >= self.options.max_sessions || cut.borrow().stopped {
                return None;
            }
            state.last_session += 1;
            state.counters.sessions += 1;
            let free = (1..).find(|id| !state.sessions.contains_key(id));
            let id = free.filter(|_| self.options.quirks.reuses_session_ids).unwrap_or(state.last_session);
            let login = Login { serial: state.counters.sessions, id, at: Instant::now() };
            state.sessions.insert(id, login);
            Some((login, cut))
        })
    }

    /// Ends a session: its locks go, the candidate it had locked is discarded
    /// (RFC 6241 section 8.3.5.3), and its unconfirmed commit is undone unless
    /// it was made to persist (section 8.4.1).
    pub(crate) fn close_session(&self, login: Login) {
        self.change(|state| {
            let session = login.id;
            // One that was killed, or cut by a reboot, in the middle of a request may have a lock again.
            if state.sessions.get(&session).is_some_and(|other| *other != login) {
                return;
            }
            state.sessions.remove(&session);
            if state.locks.get(&Datastore::Candidate) == Some(&session) && !self.options.quirks.keeps_candidate {
                state.candidate = None;
            }
            state.locks.retain(|_, holder| *holder != session);
            state.undo_commit_of(session);
        });
    }

    /// Ends somebody else's session (RFC 6241 section 7.9).
    pub(crate) fn kill_session(&self, session: SessionId) -> bool {
        let login = self.look().sessions.get(&session).copied();
        let Some(login) = login else { return false };
        let seconds = self.seconds();
        self.change(|state| state.undo_commit_of_killed(session, seconds));
        self.close_session(login);
        self.kills.send_modify(|killed| {
            killed.insert(login);
        });
        true
    }

    /// Returns when the session has been killed.
    pub(crate) async fn killed(&self, login: Login) {
        let mut kills = self.kills.subscribe();
        // The sender is `self`.
        let _ = kills.wait_for(|killed| killed.contains(&login)).await;
    }

    /// Returns when the switch notices that the client of a session is gone.
    pub(crate) async fn linger(&self, login: Login) {
        if self.options.linger.is_zero() {
            return;
        }
        let mut cut = self.cut();
        tokio::select! {
            () = tokio::time::sleep(self.options.linger) => {}
            () = self.killed(login) => {}
            _ = cut.changed() => {}
        }
    }

    /// Who has a session: its number, and how long it was after the start that it
    /// logged in.
    pub(crate) fn sessions(&self) -> Vec<(SessionId, Duration)> {
        self.look().sessions.values().map(|login| (login.id, login.at - self.started)).collect()
    }

    /// Counts a gNMI connection in, unless there are too many. gNMI knows no
    /// sessions: nothing but the count belongs to it.
    pub(crate) fn open_connection(&self) -> Option<watch::Receiver<Cut>> {
        let cut = self.cut.subscribe();
        self.change(|state| {
            if state.connections >= self.options.max_sessions || cut.borrow().stopped {
                return None;
            }
            state.connections += 1;
            state.counters.connections += 1;
            Some(cut)
        })
    }

    pub(crate) fn count_ssh_connection(&self) {
        self.change(|state| state.counters.ssh_connections += 1);
    }

    pub(crate) fn close_connection(&self) {
        self.change(|state| state.connections = state.connections.saturating_sub(1));
    }

    /// Locks a datastore (RFC 6241 section 7.5).
    pub(crate) fn lock(&self, session: SessionId, target: Datastore) -> Result<(), Refused> {
        self.require(target)?;
        if target == Datastore::Running && self.options.mode.junos() {
            return Err(unsupported("the lock of running"));
        }
        self.change(|state| {
            let denied = |holder: SessionId| {
                let holder = self.options.quirks.names_holder.unwrap_or(holder);
                Reason::protocol(Tag::LockDenied, format!("{} is locked by session {holder}", target.as_str()))
                    .with("session-id", holder)
            };
            if let Some(holder) = state.locks.get(&target) {
                return Err(denied(*holder).into());
            }
            if target == Datastore::Candidate && state.candidate_is_dirty() {
                // What netconfd answers; the RFC leaves the tag open.
                let in_words = self.options.quirks.dirty_in_words;
                return Err(Reason::protocol(
                    if in_words { Tag::OperationFailed } else { Tag::ResourceDenied },
                    "the candidate has changes that were neither committed nor discarded",
                )
                .into());
            }
            let overlaps = self.options.quirks.overlapping_commits;
            let pending = state.pending.as_ref().filter(|_| !overlaps).map(commit::Pending::session);
            if let (Datastore::Running, Some(other)) = (target, pending)
                && other != session
            {
                return Err(denied(other).into());
            }
            state.locks.insert(target, session);
            Ok(())
        })
    }

    /// Unlocks a datastore (RFC 6241 section 7.6).
    pub(crate) fn unlock(&self, session: SessionId, target: Datastore) -> Result<(), Refused> {
        self.require(target)?;
        self.change(|state| match state.locks.get(&target) {
            Some(holder) if *holder == session => {
                state.locks.remove(&target);
                Ok(())
            }
            Some(holder) => Err(Reason::protocol(
                Tag::OperationFailed,
                format!("{} is locked by session {holder}", target.as_str()),
            )
            .into()),
            None => Err(Reason::protocol(Tag::OperationFailed, format!("{} is not locked", target.as_str())).into()),
        })
    }

    /// Locks or unlocks for the console, which is session 0.
    pub(crate) fn console_lock(&self, target: Datastore, lock: bool) -> bool {
        self.change(|state| match (state.locks.get(&target), lock) {
            (None, true) => state.locks.insert(target, 0).is_none(),
            (Some(0), false) => state.locks.remove(&target).is_some(),
            _ => false,
        })
    }

    /// How often it has been switched off and on.
    pub(crate) fn reboots(&self) -> u64 {
        self.cut.borrow().reboots
    }

    /// All sessions are dropped and running becomes what startup is. A commit
    /// that was not confirmed is gone with it (RFC 6241 section 8.4.1).
    pub(crate) fn reboot(&self) {
        let seconds = self.seconds();
        self.change(|state| {
            if state.pending.take().is_some() {
                state.note_rollback(seconds);
            }
            state.candidate = None;
            state.locks.clear();
            state.sessions.clear();
            state.running = Arc::clone(&state.startup);
        });
        self.cut.send_modify(|cut| cut.reboots += 1);
    }

    /// All sessions are dropped and no new ones are taken.
    pub(crate) fn stop(&self) {
        self.cut.send_modify(|cut| cut.stopped = true);
        self.change(|state| {
            state.pending = None;
            state.locks.clear();
            state.sessions.clear();
        });
    }

    pub(crate) fn cut(&self) -> watch::Receiver<Cut> {
        self.cut.subscribe()
    }

    pub(crate) fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// Changes the state and wakes those who wait for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.look());
        self.pulse.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// The state as it is. A panic elsewhere leaves it as consistent as the
    /// last whole assignment, which is good enough for a simulator.
    pub(crate) fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a datastore this kind of switch does not have.
    fn require(&self, datastore: Datastore) -> Result<(), Refused> {
        let has = match datastore {
            Datastore::Running => true,
            Datastore::Candidate => self.options.mode.candidate(),
            Datastore::Startup => self.options.mode.startup(),
        };
        if has { Ok(()) } else { Err(unsupported(&format!("the {} datastore", datastore.as_str()))) }
    }
}

impl State {
    fn candidate_is_dirty(&self) -> bool {
        self.candidate.as_ref().is_some_and(|candidate| *candidate != self.running)
    }

    /// Refuses to write what another session has locked, and running while a
    /// Set waits to be confirmed: it would be lost if that were undone.
    fn writable(&self, session: SessionId, target: Datastore) -> Result<(), Refused> {
        if let (Datastore::Running, Some(id)) = (target, self.pending.as_ref().and_then(commit::Pending::set)) {
            return Err(Reason::protocol(Tag::InUse, format!("the Set '{id}' waits to be confirmed")).into());
        }
        match self.locks.get(&target) {
            Some(holder) if *holder != session => {
                Err(Reason::protocol(Tag::InUse, format!("{} is locked by session {holder}", target.as_str())).into())
            }
            _ => Ok(()),
        }
    }
}

/// What the switch did not announce it does not do.
pub(crate) fn unsupported(what: &str) -> Refused {
    Reason::protocol(Tag::OperationNotSupported, format!("{what} is not supported")).into()
}

fn start_configuration(options: &Options, ports: &BTreeSet<Key>) -> Container {
    let mut root = Container::default();
    if !options.schema.is_openconfig() {
        return root;
    }
    let mut set = |path: &[&str], value: &str| build::set(&mut root, &ROOT, path, value);
    let names = ports.iter().map(|port| (port.as_str(), "ethernetCsmacd"));
    let lags = options.lags.iter().map(|name| (name.as_str(), "ieee8023adLag"));
    for (name, kind) in names.chain(lags) {
        for (leaf, value) in [("name", name), ("type", kind), ("enabled", "true")] {
            set(&["interfaces", "interface", name, "config", leaf], value);
        }
    }
    for (leaf, value) in [("name", "default"), ("type", "DEFAULT_INSTANCE")] {
        set(&["network-instances", "network-instance", "default", "config", leaf], value);
    }
    root
}
