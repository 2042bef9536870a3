//! The listener: bounded connections in all and from each peer, slow peers cut
//! off, and a drain at the end that waits for requests that have arrived and
//! for nothing else. axum's own `serve` waits for everything without end.

mod caller;
mod full;
mod greeting;
mod places;
mod timed;
mod unix;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream, UnixStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Layer, ServiceExt};

use crate::often::Often;
use crate::{
    config::{Limits, Socket},
    tls::{self, Certificate},
};
use caller::Phase;
pub(super) use caller::{Caller, Working};
use full::Full;
use greeting::{Greeted, Greeting};
use places::Places;
use places::host;
use timed::Timed;
use unix::Bound;
pub use unix::SocketError;

/// How long the last answer may take to be taken once the service is told to stop.
const LAST_ANSWER: Duration = Duration::from_secs(1);
/// Octets of answers that wait in the system for each caller to take them. The
/// system would let some megabytes wait, and callers who take nothing would have
/// as many requests answered. Linux counts its own part too, and doubles it.
const NOT_TAKEN: u32 = 128 << 10;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Why the service cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

/// A bound address, not yet served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    certificate: Option<Arc<Certificate>>,
    beside: Option<(Bound, Socket)>,
}

/// A connection that has come.
enum Accepted {
    Host(TcpStream),
    Process(UnixStream),
}

impl Listener {
    /// Binds; port 0 lets the system choose.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let wrong = |source| ListenError { address, source };
        let socket = listen(address).map_err(wrong)?;
        let address = socket.local_addr().map_err(wrong)?;
        Ok(Self { socket, address, certificate: None, beside: None })
    }

    /// Takes a socket that somebody else has bound and listens on, such as systemd
    /// (`mercury.socket`); its address must be the one that the settings name, which they
    /// are checked for.
    ///
    /// # Errors
    /// It is another's address, or no socket that can be served.
    pub fn of(handed: std::net::TcpListener, address: SocketAddr) -> Result<Self, ListenError> {
        let wrong = |source| ListenError { address, source };
        let own = handed.local_addr().map_err(wrong)?;
        if own != address {
            let source = io::Error::other(format!("the socket that was handed over is at {own}"));
            return Err(wrong(source));
        }
        let octets = NOT_TAKEN as usize;
        rustix::net::sockopt::set_socket_send_buffer_size(&handed, octets).map_err(|error| wrong(error.into()))?;
        handed.set_nonblocking(true).map_err(wrong)?;
        let socket = TcpListener::from_std(handed).map_err(wrong)?;
        Ok(Self { socket, address, certificate: None, beside: None })
    }

    /// The same, speaking TLS and nothing else.
    #[must_use]
    pub fn with_tls(self, certificate: Arc<Certificate>) -> Self {
        Self { certificate: Some(certificate), ..self }
    }

    /// The same, with a socket of the file system beside the port.
    ///
    /// # Errors
    /// The socket cannot be had.
    pub fn with_socket(self, socket: &Socket) -> Result<Self, SocketError> {
        Ok(Self { beside: Some((Bound::bind(socket)?, socket.clone())), ..self })
    }

    /// Waits for a connection.
    async fn accept(&self) -> io::Result<(Accepted, Caller)> {
        let process = async {
            match &self.beside {
                Some((bound, _)) => bound.socket.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = self.socket.accept() => {
                let (stream, peer) = accepted?;
                without_delay(&stream);
                let caller = Caller::of_a_host(peer, &stream);
                Ok((Accepted::Host(stream), caller))
            }
            accepted = process => {
                let (stream, _) = accepted?;
                let caller = Caller::of_a_process(stream.peer_cred()?);
                Ok((Accepted::Process(stream), caller))
            }
        }
    }

    /// The address that was bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done, then finishes the requests that have arrived
    /// whole, for at most `drain`.
    pub async fn serve(self, router: Router, limits: &Limits, stop: impl Future<Output = ()>, drain: Duration) {
        let places = Places::new(limits.max_connections, limits.max_connections_per_peer);
        let (full, often) = (Full::new(), Often::default());
        let socket = self.beside.as_ref().map(|(_, socket)| socket.clone());
        let greeting = Arc::new(Greeting::new(self.certificate.clone(), socket));
        let (connections, stopping) = (TaskTracker::new(), CancellationToken::new());
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(64 * 1024);
        let mut stop = std::pin::pin!(stop);
        loop {
            let (stream, caller) = tokio::select! {
                accepted = self.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors: existing connections must end first.
                        if let Some(before) = often.tell() {
                            tracing::warn!(%error, before, "a connection could not be accepted");
                        }
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
                () = &mut stop => break,
            };
            let Some(place) = places.take(caller.origin) else {
                match stream {
                    Accepted::Host(stream) => full.refuse(stream, &caller.peer),
                    Accepted::Process(stream) => full.refuse(stream, &caller.peer),
                }
                continue;
            };
            let connection = Connection {
                builder: builder.clone(),
                greeting: Arc::clone(&greeting),
                caller,
                router: router.clone(),
                begin: limits.header_timeout,
                taken: limits.answer_timeout,
                stopping: stopping.clone(),
            };
            let peer = Arc::clone(&connection.caller.peer);
            connections.spawn(async move {
                let served = match stream {
                    Accepted::Host(stream) => connection.serve(stream).await,
                    Accepted::Process(stream) => connection.serve_process(stream).await,
                };
                if let Err(error) = served {
                    tracing::debug!(%peer, %error, "a connection ended badly");
                }
                drop(place);
            });
        }
        drop((self.socket, self.beside));
        stopping.cancel();
        connections.close();
        if tokio::time::timeout(drain, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "some requests were still under way at the end");
        }
    }
}

/// Why a connection ended badly.
type Ended = Box<dyn std::error::Error + Send + Sync>;

/// Everything that one connection is served with.
struct Connection {
    builder: http1::Builder,
    greeting: Arc<Greeting>,
    caller: Caller,
    router: Router,
    /// How long it may take until HTTP can begin.
    begin: Duration,
    /// How long an answer may take to be taken.
    taken: Duration,
    stopping: CancellationToken,
}

impl Connection {
    /// Serves it until it ends or, once it is to stop, what has arrived on it is
    /// answered.
    async fn serve(mut self, stream: TcpStream) -> Result<(), Ended> {
        let (peer, taken) = (Arc::clone(&self.caller.peer), self.taken);
        let timed = |stream| Timed::new(stream, taken);
        let greeted = tokio::select! {
            greeted = tokio::time::timeout(self.begin, self.greeting.greet(stream, &peer, timed)) => greeted,
            () = self.stopping.cancelled() => return Ok(()),
        };
        let Ok(greeted) = greeted else {
            self.greeting.late(&peer);
            return Ok(());
        };
        match greeted? {
            None => {}
            Some(Greeted::Plain(stream)) => self.speak(timed(stream)).await?,
            Some(Greeted::Tls(stream)) => {
                self.caller = self.caller.named(tls::shown_names(stream.get_ref().1));
                self.speak(stream).await?;
            }
        }
        Ok(())
    }

    /// The same for one of the socket, where nothing but HTTP is spoken.
    async fn serve_process(self, stream: UnixStream) -> Result<(), Ended> {
        let taken = self.taken;
        match self.greeting.admit(&self.caller) {
            Ok(()) => self.speak(Timed::new(stream, taken)).await?,
            Err(answer) => full::tell(stream, &answer).await?,
        }
        Ok(())
    }

    /// Speaks HTTP.
    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> hyper::Result<()> {
        let Self { builder, caller, router, stopping, .. } = self;
        let arriving = caller.clone();
        let service = Extension(caller.clone()).layer(router).map_request(move |request: Request<Incoming>| {
            arriving.reads();
            request.map(Body::new)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            ended = &mut connection => return ended,
            () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let phase = tokio::select! {
            biased;
            ended = &mut connection => return ended,
            phase = caller.worked() => phase,
        };
        if phase == Phase::Answering {
            let _not_taken = tokio::time::timeout(LAST_ANSWER, connection).await;
        }
        Ok(())
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Every connection inherits it.
    socket.set_send_buffer_size(NOT_TAKEN)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers are small and waited for.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use axum::body::Bytes;
    use futures_util::stream;
    use tokio::{io::AsyncWriteExt, sync::mpsc};

    use super::*;

    /// Tells when it is dropped.
    struct Kept(mpsc::UnboundedSender<()>);

    impl Drop for Kept {
        fn drop(&mut self) {
            let _nobody_asks = self.0.send(());
        }
    }

    #[tokio::test]
    async fn of_answers_that_nobody_takes_the_system_keeps_little() {
        const PIECE: usize = 16 << 10;
        let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.address();
        let (given, (kept, mut dropped)) = (Arc::new(AtomicUsize::new(0)), mpsc::unbounded_channel());
        let counting = Arc::clone(&given);
        let endless = move || {
            let (counting, kept) = (Arc::clone(&counting), Kept(kept.clone()));
            let piece = move || {
                let _until_it_is_dropped = &kept;
                counting.fetch_add(PIECE, SeqCst);
                Ok::<_, io::Error>(Bytes::from_static(&[b'x'; PIECE]))
            };
            std::future::ready(Body::from_stream(stream::repeat_with(piece)))
        };
        let limits = Limits { answer_timeout: Duration::from_millis(100), ..Limits::default() };
        let router = Router::new().fallback(endless);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serving =
            tokio::spawn(async move { listener.serve(router, &limits, stopped, Duration::from_secs(1)).await });
        let mut deaf = TcpSocket::new_v4().unwrap().connect(address).await.unwrap();
        deaf.write_all(b"GET / HTTP/1.1\r\nHost: mercury\r\n\r\n").await.unwrap();
        dropped.recv().await.unwrap();
        drop(stop);
        serving.await.unwrap();
        // The caller's own system may have taken some of it.
        assert!(given.load(SeqCst) < 2 << 20, "{} octets", given.load(SeqCst));
    }
}
