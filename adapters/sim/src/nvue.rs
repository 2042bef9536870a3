//! A switch with nothing but NVUE's REST server: revisions of one tree of JSON objects, of
//! which one is applied, and what goes wrong at one request or the other.
//!
//! What a revision may do is as the server's manual and its public clients tell; where those
//! are silent it is strict. No real server was seen.

mod server;
mod store;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use crate::{SimError, tls::Certificate};
use store::Store;

/// The user that [`NvueSwitch`] lets in.
pub const NVUE_USER: &str = "mercury";

/// That user's password.
pub const NVUE_PASSWORD: &str = "simulated-only";

/// A running switch with a REST server. It stops when this is dropped.
#[derive(Debug)]
pub struct NvueSwitch {
    handle: NvueHandle,
    addr: SocketAddr,
    certificate: Certificate,
}

impl NvueSwitch {
    /// Starts one on loopback, with this configuration applied and these ports.
    ///
    /// # Errors
    /// The socket cannot be opened, or there is no certificate to be had.
    pub async fn start(config: Value, ports: &[&str]) -> Result<Self, SimError> {
        let certificate = Certificate::generate("nvue")?;
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let failed = |source| SimError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let state = State { store: Store::new(config, ports), faults: Vec::new(), asked: Vec::new() };
        let handle = NvueHandle(Arc::new(Shared { state: Mutex::new(state), stop }));
        let tls = certificate.acceptor(None, &[b"http/1.1"])?;
        tokio::spawn(server::listen(listener, tls, handle.clone(), stopped));
        Ok(Self { handle, addr, certificate })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its certificate's SHA-256, over the DER form.
    #[must_use]
    pub fn certificate_sha256(&self) -> [u8; 32] {
        self.certificate.sha256()
    }

    /// Watches and disturbs the switch.
    #[must_use]
    pub fn handle(&self) -> NvueHandle {
        self.handle.clone()
    }
}

impl Drop for NvueSwitch {
    fn drop(&mut self) {
        self.handle.0.stop.send_replace(true);
    }
}

/// Watches and disturbs an [`NvueSwitch`].
#[derive(Debug, Clone)]
pub struct NvueHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    store: Store,
    faults: Vec<(NvueRequest, NvueFault)>,
    asked: Vec<NvueRequest>,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NvueRequest {
    /// A revision's configuration is shown, or what interfaces there are.
    Show,
    /// A revision is made.
    Make,
    /// Something is merged into one.
    Merge,
    /// One is to be applied.
    Apply,
    /// How far one is, or all are.
    Ask,
    /// What waits is confirmed.
    Confirm,
    /// Or taken back.
    Reject,
    /// What is applied is saved.
    Save,
    /// A revision is deleted.
    Delete,
}

impl NvueRequest {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Show,
        Self::Make,
        Self::Merge,
        Self::Apply,
        Self::Ask,
        Self::Confirm,
        Self::Reject,
        Self::Save,
        Self::Delete,
    ];
}

/// What goes wrong at a request, once.
#[derive(Debug, Clone, PartialEq)]
pub enum NvueFault {
    /// The connection ends before it is done.
    DropBefore,
    /// The connection ends after it was done.
    DropAfter,
    /// It is answered with this status and this detail, and not done.
    Refuse(u16, String),
    /// It is done, and answered with this status and this detail.
    RefuseAfter(u16, String),
    /// Of [`NvueRequest::Apply`]: it begins and never ends, and nothing changes.
    Hang,
    /// Of [`NvueRequest::Apply`]: it ends as a revision that is invalid, in these words.
    Invalid(String),
    /// Of [`NvueRequest::Apply`]: it does not wait to be confirmed.
    Final,
    /// Before it is done somebody else applies this, merged into what is applied.
    Foreign(Value),
}

impl NvueHandle {
    /// Sets what goes wrong at the next request of a kind.
    pub fn inject(&self, at: NvueRequest, fault: NvueFault) {
        self.state().faults.push((at, fault));
    }

    /// Whether what was to go wrong has.
    #[must_use]
    pub fn is_struck(&self) -> bool {
        self.state().faults.is_empty()
    }

    /// The requests since they were asked for last.
    #[must_use]
    pub fn asked(&self) -> Vec<NvueRequest> {
        std::mem::take(&mut self.state().asked)
    }

    /// What is applied.
    #[must_use]
    pub fn applied(&self) -> Value {
        let mut state = self.state();
        state.store.end_all();
        state.store.lapse();
        state.store.applied().clone()
    }

    /// What it starts with.
    #[must_use]
    pub fn startup(&self) -> Value {
        self.state().store.startup().clone()
    }

    /// The states of the revisions that were made, by their names.
    #[must_use]
    pub fn states(&self) -> Vec<(String, String)> {
        let mut state = self.state();
        state.store.end_all();
        state.store.lapse();
        state.store.states()
    }

    /// Somebody else applies this, merged into what is applied.
    pub fn apply(&self, patch: &Value) {
        self.state().store.apply_foreign(patch);
    }

    /// The time for what waits to be confirmed is over.
    pub fn lapse(&self) {
        let mut state = self.state();
        state.store.end_all();
        state.store.lapse_now();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Meets a fault.
    fn meet(&self, request: NvueRequest) -> Option<NvueFault> {
        let mut state = self.state();
        state.asked.push(request);
        let at = state.faults.iter().position(|(own, _)| *own == request)?;
        Some(state.faults.remove(at).1)
    }
}
