//! A switch with nothing but a command line: blocks of lines, lines that set and delete in
//! a candidate, or commands that change rows at once; a prompt, a pager, and what goes wrong at one line or the other.
//!
//! It knows no vendor: what its lines are, which of them open blocks, which take the
//! place of an earlier one and how its prompts look is its [`Grammar`].

mod blocks;
mod candidate;
mod grammar;
mod rows;
mod server;
mod session;
mod sets;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch};

pub use grammar::{CommitGrammar, Grammar, LagGrammar, RowChange, RowGrammar, RowShow, SetGrammar, Show};

use crate::{
    SimError,
    ssh::{HostKey, Login},
};
use blocks::Blocks;
use candidate::Candidates;
use rows::Rows;

/// A running switch with a command line. It stops when this is dropped.
#[derive(Debug)]
pub struct CliSwitch {
    handle: CliHandle,
    addr: SocketAddr,
    fingerprint: String,
}

/// The user that [`CliSwitch`] lets in.
pub const CLI_USER: &str = "mercury";

/// That user's password, and the secret of its privileged mode.
pub const CLI_PASSWORD: &str = "simulated-only";

impl CliSwitch {
    /// Starts one on loopback, with these lines in its configuration.
    ///
    /// # Errors
    /// The socket cannot be opened, or there is no host key to be had.
    pub async fn start(grammar: Grammar, lines: &str) -> Result<Self, SimError> {
        let host_key = HostKey::generate()?;
        let fingerprint = host_key.fingerprint();
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let failed = |source| SimError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let mut state = State::default();
        state.enter(&grammar, lines);
        state.startup = state.text(&grammar);
        let (stop, stopped) = watch::channel(false);
        let handle = CliHandle(Arc::new(Shared { state: Mutex::new(state), stop, grammar }));
        let login =
            Login { username: CLI_USER.to_owned(), password: CLI_PASSWORD.to_owned().into(), authorized_key: None };
        tokio::spawn(server::listen(listener, host_key, handle.clone(), login, stopped));
        Ok(Self { handle, addr, fingerprint })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The host key's fingerprint, `SHA256:...`.
    #[must_use]
    pub fn host_key_fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Watches and disturbs the switch.
    #[must_use]
    pub fn handle(&self) -> CliHandle {
        self.handle.clone()
    }
}

impl Drop for CliSwitch {
    fn drop(&mut self) {
        self.handle.0.stop.send_replace(true);
    }
}

/// Watches and disturbs a [`CliSwitch`].
#[derive(Debug, Clone)]
pub struct CliHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    stop: watch::Sender<bool>,
    grammar: Grammar,
}

#[derive(Debug, Default)]
struct State {
    running: Blocks,
    startup: String,
    /// What a session entered that waits for its commit.
    staged: Option<(u64, Blocks)>,
    candidates: Candidates,
    rows: Rows,
    /// Sessions that there were.
    sessions: u64,
    host: Option<String>,
    /// Lines that were entered in configuration mode, since the fault was set.
    entered: Vec<String>,
    fault: Option<(usize, LineFault)>,
    /// What each line takes, whatever it is.
    latency: Duration,
}

impl State {
    /// Whether lines in blocks wait for a commit.
    fn waits(&self) -> bool {
        self.staged.as_ref().is_some_and(|(_, blocks)| *blocks != self.running)
    }

    /// Commits them, or throws them away.
    fn settle(&mut self, is_committed: bool) {
        if let Some((_, blocks)) = self.staged.take().filter(|_| is_committed) {
            self.running = blocks;
        }
    }

    /// What runs, as it is shown.
    fn text(&self, grammar: &Grammar) -> String {
        match grammar {
            grammar if grammar.sets.is_some() => self.candidates.running.to_string(),
            grammar if grammar.rows.is_some() => self.rows.to_string(),
            _ => self.running.to_string(),
        }
    }

    /// What somebody has entered.
    fn enter(&mut self, grammar: &Grammar, lines: &str) {
        let mut place = None;
        for line in lines.lines().map(str::trim) {
            match (&grammar.sets, &grammar.rows) {
                (Some(sets), _) => drop(self.candidates.running.enter(sets, line)),
                (None, Some(_)) => self.rows.add(line),
                (None, None) => drop(self.running.enter(grammar, &mut place, line)),
            }
        }
    }
}

/// What goes wrong at a line of configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFault {
    /// It is answered with this, and not done.
    Refuse(String),
    /// Somebody else enters something, and then it is answered with these words and not done.
    Others {
        /// What they enter.
        enter: String,
        /// What is answered.
        words: String,
    },
    /// The connection ends before it is done.
    DropBefore,
    /// Somebody who manages the switch ends the session before it is done; the switch says so.
    Closed(String),
    /// The connection ends after it was done.
    DropAfter,
    /// It is done and never answered.
    Hang,
    /// The answer never ends.
    Flood,
    /// It is done, and somebody has renamed the switch.
    Rename(String),
}

impl CliHandle {
    /// Sets what goes wrong at the nth line from now, counted from 0.
    pub fn inject(&self, nth: usize, fault: LineFault) {
        let mut state = self.state();
        state.entered.clear();
        state.fault = Some((nth, fault));
    }

    /// From now on each line takes this long until it is done, whatever it is.
    pub fn delay(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Whether what was to go wrong has.
    #[must_use]
    pub fn is_struck(&self) -> bool {
        self.state().fault.is_none()
    }

    /// The lines entered in configuration mode, or that change rows, since the last fault was set.
    #[must_use]
    pub fn entered(&self) -> Vec<String> {
        self.state().entered.clone()
    }

    /// The running configuration, as it is shown.
    #[must_use]
    pub fn running(&self) -> String {
        self.state().text(&self.0.grammar)
    }

    /// What somebody has entered and not committed, while somebody has the candidate.
    #[must_use]
    pub fn candidate(&self) -> Option<String> {
        self.state().candidates.held.as_ref().map(|(_, candidate)| candidate.to_string())
    }

    /// The time for a commit that waits to be confirmed is over.
    pub fn lapse(&self) {
        self.state().candidates.lapse(None);
    }

    /// What it starts with.
    #[must_use]
    pub fn startup(&self) -> String {
        self.state().startup.clone()
    }

    /// What somebody else enters.
    pub fn enter(&self, lines: &str) {
        self.state().enter(&self.0.grammar, lines);
    }

    /// What runs is what it starts with.
    fn save(&self) {
        let mut state = self.state();
        state.startup = state.text(&self.0.grammar);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
