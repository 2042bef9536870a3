//! One HTTP/1.1 connection to a target, over TLS or, where the entry says so, in the open.

use std::{error::Error as _, time::Duration};

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use mercury_adapter::{ConnectError, ConnectFault, Lost, Pace, Pieces, Share};
use mercury_tls::{Attentive, Complaint, Counted, Octets};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::AbortHandle,
    time::timeout,
};

use crate::{HttpOptions, no_room};

/// Octets the head of an answer may have.
const MAX_HEAD: usize = 64 << 10;
/// Header fields an answer may have.
const MAX_FIELDS: usize = 128;

/// One connection. A request on it that fails may or may not have been carried out.
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    complaint: Complaint,
    task: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// All of its body.
    pub body: Bytes,
    /// What the body takes of the memory.
    pub share: Share,
}

/// Why there is no answer.
pub(crate) enum Unanswered {
    /// Nothing of the request was sent, because the connection had ended before.
    Unsent(Box<Request<Full<Bytes>>>),
    /// It may have arrived.
    Lost(Lost),
}

impl Connection {
    /// Connects. Each address of a name has the time of the entry to answer, then TLS has,
    /// and then HTTP.
    pub(crate) async fn open(options: &HttpOptions, octets: &Octets) -> Result<Self, ConnectError> {
        let within = options.connect_timeout;
        let socket = mercury_tls::reach(&options.address, options.port, options.keepalive, within).await?;
        let late = |_| ConnectError {
            fault: ConnectFault::Unreachable,
            message: format!("no HTTP within {} s", within.as_secs()),
        };
        match &options.tls {
            None => {
                tracing::warn!(address = options.address, "the connection is not encrypted, as the entry says");
                timeout(within, Self::over(socket, octets)).await.map_err(late)?
            }
            Some(tls) => {
                let stream = mercury_tls::secure(socket, &options.address, tls, &[b"http/1.1"], within).await?;
                timeout(within, Self::over(stream, octets)).await.map_err(late)?
            }
        }
    }

    /// HTTP/1.1 over a stream that is there already; what goes over it is added to `octets`.
    ///
    /// # Errors
    /// What is there does not speak it.
    pub async fn over<S>(stream: S, octets: &Octets) -> Result<Self, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let complaint = Complaint::default();
        let stream = Counted::new(Attentive::new(stream, complaint.clone()), octets.clone());
        let made =
            http1::Builder::new().max_buf_size(MAX_HEAD).max_headers(MAX_FIELDS).handshake(TokioIo::new(stream)).await;
        let (sender, connection) =
            made.map_err(|error| ConnectError { fault: ConnectFault::Protocol, message: format!("no HTTP: {error}") })?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection ended");
            }
        });
        Ok(Self { sender, complaint, task: task.abort_handle() })
    }

    /// Whether a request can be sent, as far as is known without sending one.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// What TLS said about who we are, when it hung up.
    pub(crate) fn complaint(&self) -> Option<ConnectError> {
        self.complaint.told()
    }

    /// Sends a request and waits for all of the answer, of which `share` bounds the octets
    /// while they arrive.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        mut share: Share,
        within: Duration,
    ) -> Result<Reply, Unanswered> {
        let exchange = async {
            // A connection that is ending says so here; the request is still ours then.
            if self.sender.ready().await.is_err() {
                return Err(Unanswered::Unsent(Box::new(request)));
            }
            let answer = match self.sender.try_send_request(request).await {
                Ok(answer) => answer,
                Err(mut failed) => {
                    return Err(match failed.take_message() {
                        Some(request) => Unanswered::Unsent(Box::new(request)),
                        None => Unanswered::Lost(broken(&failed.into_error())),
                    });
                }
            };
            let (head, mut frames) = answer.into_parts();
            let (mut body, mut pace) = (Pieces::new(), Pace::default());
            while let Some(frame) = frames.frame().await {
                let frame = frame.map_err(|error| Unanswered::Lost(broken(&error)))?;
                if let Some(octets) = frame.data_ref() {
                    share.arrive(octets.len()).map_err(|refused| Unanswered::Lost(no_room(&refused)))?;
                    body.push(octets);
                    pace.took(octets.len()).await;
                }
            }
            let body = body.whole().await.map_err(|error| Unanswered::Lost(Lost::Closed(error.to_string())))?;
            Ok(Reply { status: head.status, headers: head.headers, body: body.into(), share })
        };
        match timeout(within, exchange).await {
            Ok(answered) => answered,
            Err(_) => Err(Unanswered::Lost(Lost::Timeout(within))),
        }
    }
}

/// What broke: the protocol, or the connection.
fn broken(error: &hyper::Error) -> Lost {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let text: String = format!("{error}{cause}").chars().filter(|c| !c.is_control()).take(400).collect();
    if error.is_parse() { Lost::Protocol(text) } else { Lost::Closed(text) }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
