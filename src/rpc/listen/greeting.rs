//! How a connection begins: with TLS where that is spoken, and with a plain word for
//! who speaks the other protocol.

use std::{io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{caller::Caller, full, timed::Timed};
use crate::{
    auth::Origin,
    config::Socket,
    often::Often,
    tls::{self, Certificate},
};

/// The content type of a TLS handshake (RFC 8446 section 5.1); no method begins so.
const HANDSHAKE: u8 = 0x16;

/// What each connection is greeted with.
pub(super) struct Greeting {
    certificate: Option<Arc<Certificate>>,
    socket: Option<Socket>,
    often: Often,
}

/// A connection on which HTTP is spoken.
pub(super) enum Greeted {
    Plain(TcpStream),
    Tls(Box<TlsStream<Timed<TcpStream>>>),
}

impl Greeting {
    pub(super) fn new(certificate: Option<Arc<Certificate>>, socket: Option<Socket>) -> Self {
        Self { certificate, socket, often: Often::default() }
    }

    /// Whether the socket admits the process.
    ///
    /// # Errors
    /// What it is told otherwise.
    pub(super) fn admit(&self, caller: &Caller) -> Result<(), String> {
        let admitted = match (caller.origin, &self.socket) {
            (Origin::Process { uid, gid }, Some(socket)) => socket.admits(uid, gid),
            _ => false,
        };
        if admitted {
            return Ok(());
        }
        self.tell(&caller.peer, "a process that the socket does not admit was not let in");
        Err(full::answer(403, "Forbidden", "neither user nor group of the process is admitted"))
    }

    /// Waits for the first octet, and for TLS; `None` when there is nothing to serve.
    /// It takes as long as the caller likes.
    pub(super) async fn greet(
        &self,
        stream: TcpStream,
        peer: &str,
        timed: impl FnOnce(TcpStream) -> Timed<TcpStream>,
    ) -> io::Result<Option<Greeted>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Ok(None);
        }
        let speaks_tls = first == [HANDSHAKE];
        let Some(certificate) = &self.certificate else {
            if speaks_tls {
                self.tell(peer, "a caller speaks TLS, and this port speaks plain HTTP");
                full::tell(stream, &full::answer(400, "Bad Request", "this port speaks plain HTTP, not TLS")).await?;
                return Ok(None);
            }
            return Ok(Some(Greeted::Plain(stream)));
        };
        if !speaks_tls {
            self.tell(peer, "a caller does not speak TLS, and this port speaks nothing else");
            full::tell(stream, &full::answer(400, "Bad Request", "this port speaks TLS; use https")).await?;
            return Ok(None);
        }
        let acceptor = TlsAcceptor::from(certificate.current().await);
        match acceptor.accept(timed(stream)).await {
            Ok(stream) => Ok(Some(Greeted::Tls(Box::new(stream)))),
            Err(error) => {
                self.tell(peer, &format!("a TLS handshake failed: {}", tls::told(&error)));
                Ok(None)
            }
        }
    }

    /// The handshake did not come to its end in time.
    pub(super) fn late(&self, peer: &str) {
        if self.certificate.is_some() {
            self.tell(peer, "a TLS handshake was not over in time");
        }
    }

    fn tell(&self, peer: &str, what: &str) {
        if let Some(before) = self.often.tell() {
            tracing::warn!(peer, before, "{what}");
        }
    }
}
