//! Where a request comes from, and how far the service is with it: what has not
//! arrived whole is nothing that a stop waits for.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use tokio::{
    net::{TcpStream, unix::UCred},
    sync::watch,
};

use super::host;
use crate::{auth::Origin, tls::ClientName};

/// One connection, as its requests know it.
#[derive(Clone)]
pub(in crate::rpc) struct Caller {
    /// Its address, or its process, as it is told.
    pub(in crate::rpc) peer: Arc<str>,
    /// The host or the user that it belongs to.
    pub(in crate::rpc) origin: Origin,
    /// The address it reached, if the system knows.
    pub(in crate::rpc) local: Option<IpAddr>,
    /// The names of its certificate.
    pub(in crate::rpc) names: Arc<[ClientName]>,
    phase: Arc<watch::Sender<Phase>>,
}

/// What is going on on a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No whole request has arrived since the last answer.
    Reading,
    /// One has, and is worked on.
    Working,
    /// Its answer is on its way.
    Answering,
}

impl Caller {
    /// Of a connection to the port.
    pub(super) fn of_a_host(peer: SocketAddr, stream: &TcpStream) -> Self {
        let local = stream.local_addr().ok().map(|local| local.ip().to_canonical());
        Self { local, ..Self::new(peer.to_string().into(), host(peer.ip())) }
    }

    /// Of a connection to the socket.
    pub(super) fn of_a_process(process: UCred) -> Self {
        let (uid, gid) = (process.uid(), process.gid());
        let pid = process.pid().map_or_else(|| "?".to_owned(), |pid| pid.to_string());
        Self::new(format!("pid {pid} uid {uid} gid {gid}").into(), Origin::Process { uid, gid })
    }

    fn new(peer: Arc<str>, origin: Origin) -> Self {
        Self { peer, origin, local: None, names: Arc::default(), phase: Arc::new(watch::Sender::new(Phase::Reading)) }
    }

    /// The same, with the names of a certificate that it has shown.
    pub(super) fn named(self, names: Vec<ClientName>) -> Self {
        Self { names: names.into(), ..self }
    }

    /// A request has begun to arrive.
    pub(super) fn reads(&self) {
        self.phase.send_replace(Phase::Reading);
    }

    /// It has arrived whole, and is worked on until this is dropped.
    #[must_use]
    pub(in crate::rpc) fn works(&self) -> Working {
        self.phase.send_replace(Phase::Working);
        Working(Arc::clone(&self.phase))
    }

    /// What is going on once nothing is worked on.
    pub(super) async fn worked(&self) -> Phase {
        let mut phase = self.phase.subscribe();
        // The sender is here, so there is an answer.
        phase.wait_for(|phase| *phase != Phase::Working).await.map_or(Phase::Reading, |phase| *phase)
    }
}

/// A request is worked on.
pub(in crate::rpc) struct Working(Arc<watch::Sender<Phase>>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.send_replace(Phase::Answering);
    }
}
