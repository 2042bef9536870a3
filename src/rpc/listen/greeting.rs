//! How a connection begins: with TLS where that is spoken, and with a plain word for
//! who speaks the other protocol.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{full, timed::Timed};
use crate::{
    rpc::often::Often,
    tls::{self, Certificate},
};

/// The content type of a TLS handshake (RFC 8446 section 5.1); no method begins so.
const HANDSHAKE: u8 = 0x16;

/// What each connection is greeted with.
pub(super) struct Greeting {
    certificate: Option<Arc<Certificate>>,
    often: Often,
}

/// A connection on which HTTP is spoken.
pub(super) enum Greeted {
    Plain(TcpStream),
    Tls(Box<TlsStream<Timed<TcpStream>>>),
}

impl Greeting {
    pub(super) fn new(certificate: Option<Arc<Certificate>>) -> Self {
        Self { certificate, often: Often::default() }
    }

    /// Waits for the first octet, and for TLS; `None` when there is nothing to serve.
    /// It takes as long as the caller likes.
    pub(super) async fn greet(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
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
    pub(super) fn late(&self, peer: SocketAddr) {
        if self.certificate.is_some() {
            self.tell(peer, "a TLS handshake was not over in time");
        }
    }

    fn tell(&self, peer: SocketAddr, what: &str) {
        if let Some(before) = self.often.tell() {
            tracing::warn!(%peer, before, "{what}");
        }
    }
}
