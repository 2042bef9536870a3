//! HTTP/2 to a target, over TLS or, where the entry says so, in the open.

use std::{
    error::Error as _,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt as _, TryFutureExt as _, future::BoxFuture};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mercury_adapter::{ConnectError, ConnectFault};
use mercury_tls::{Attentive, Complaint, Counted, Octets};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::AbortHandle,
    time::timeout,
};
use tonic::body::Body;

use crate::{answer, connect::GnmiOptions, meter::Meter};

/// How long after a failed call its connection may still be ending.
const ENDING: Duration = Duration::from_secs(1);
/// HTTP/2's window for one answer: what of it may be here twice, as it came and as it
/// is put together.
const WINDOW: u32 = 1 << 18;

/// One connection to one target. It is never made anew behind our back: a call
/// on a lost one fails, so that what was under way is known to be in doubt.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    sender: http2::SendRequest<Body>,
    octets: Octets,
    ended: watch::Receiver<Option<ConnectError>>,
    certificate: Option<[u8; 32]>,
    _connection: Arc<Connection>,
}

/// Ends the connection with its last user.
#[derive(Debug)]
struct Connection(AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Transport {
    /// Connects. Each address of a name has the time of the entry to answer, then TLS
    /// has, and then HTTP/2.
    pub(crate) async fn connect(options: &GnmiOptions) -> Result<Self, ConnectError> {
        let within = options.connect_timeout;
        // Not HTTP/2's PING: gRPC servers end a connection that pings more often than every five
        // minutes (too_many_pings), and with it the Set that is under way.
        let socket = mercury_tls::reach(&options.address, options.port, options.keepalive, within).await?;
        let Some(tls) = &options.tls else {
            tracing::warn!(address = options.address, "the connection is not encrypted, as the entry says");
            return in_time(within, Self::over(socket)).await;
        };
        let stream = mercury_tls::secure(socket, &options.address, tls, &[b"h2"], within).await?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            // gRPC needs HTTP/2, and some old servers speak it without saying so.
            tracing::debug!(address = options.address, "the server did not choose h2; trying it all the same");
        }
        let certificate = mercury_tls::certificate(&stream);
        Ok(Self { certificate, ..in_time(within, Self::over(stream)).await? })
    }

    /// HTTP/2 over a stream that is there already.
    pub(crate) async fn over<S>(stream: S) -> Result<Self, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (octets, complaint) = (Octets::default(), Complaint::default());
        let stream = Attentive::new(stream, complaint.clone());
        let made = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(WINDOW)
            .handshake(TokioIo::new(Counted::new(stream, octets.clone())))
            .await;
        let (sender, connection) = made
            .map_err(|error| ConnectError { fault: ConnectFault::Protocol, message: format!("no HTTP/2: {error}") })?;
        let (tell, ended) = watch::channel(None);
        let task = tokio::spawn(connection.map(move |end| {
            let why = why(end, &complaint);
            tracing::debug!(%why, "the connection ended");
            tell.send_replace(Some(why));
        }));
        Ok(Self { sender, octets, certificate: None, ended, _connection: Arc::new(Connection(task.abort_handle())) })
    }

    /// Why a connection ended that has just failed a call; nothing if it has
    /// not.
    pub(crate) async fn end(&self) -> Option<ConnectError> {
        let mut ended = self.ended.clone();
        let ended = timeout(ENDING, ended.wait_for(Option::is_some)).await.ok()?.ok()?;
        ended.clone()
    }

    /// Whether calls can be made, as far as is known without making one.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// The SHA-256 of the certificate the target showed.
    pub(crate) fn certificate(&self) -> Option<[u8; 32]> {
        self.certificate
    }

    /// Octets read and written, TLS not counted.
    pub(crate) fn octets(&self) -> (u64, u64) {
        self.octets.read_and_written()
    }
}

/// What tonic's client wants of a transport.
impl tower_service::Service<http::Request<Body>> for Transport {
    type Response = http::Response<answer::Answer>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let meter = request.extensions().get::<Meter>().cloned();
        self.sender.send_request(request).map_ok(|response| answer::marked(response, meter)).boxed()
    }
}

async fn in_time(
    within: Duration,
    work: impl Future<Output = Result<Transport, ConnectError>>,
) -> Result<Transport, ConnectError> {
    let late = |_| ConnectError {
        fault: ConnectFault::Unreachable,
        message: format!("no HTTP/2 within {} s", within.as_secs()),
    };
    timeout(within, work).await.map_err(late)?
}

fn why(end: Result<(), hyper::Error>, complaint: &Complaint) -> ConnectError {
    let unreachable = |message| ConnectError { fault: ConnectFault::Unreachable, message };
    match (complaint.told(), end) {
        (Some(told), _) => told,
        (None, Ok(())) => unreachable("the connection was closed".to_owned()),
        (None, Err(error)) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            unreachable(format!("{error}{cause}"))
        }
    }
}
