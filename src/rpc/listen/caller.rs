//! Where a request comes from, and how far the service is with it: what has not
//! arrived whole is nothing that a stop waits for.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use tokio::{net::TcpStream, sync::watch};

use crate::tls::ClientName;

/// One connection, as its requests know it.
#[derive(Clone)]
pub(in crate::rpc) struct Caller {
    /// Its address.
    pub(in crate::rpc) peer: SocketAddr,
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
    pub(super) fn new(peer: SocketAddr, stream: &TcpStream) -> Self {
        let local = stream.local_addr().ok().map(|local| local.ip().to_canonical());
        Self { peer, local, names: Arc::default(), phase: Arc::new(watch::Sender::new(Phase::Reading)) }
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
