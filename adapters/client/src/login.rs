//! How a caller shows who it is, in what goes over HTTP.

use std::{
    fmt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use base64::Engine as _;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use jsonrpsee_core::{BoxError, http_helpers::HttpError, middleware::layer::RpcLogger};
use jsonrpsee_http_client::{
    HttpBody, HttpClient, HttpRequest, RpcService,
    transport::{Error as TransportError, HttpBackend},
};
use serde_json::{Value, json};
use tower::{Layer, Service};

use crate::{
    carrier::{Answer, Carrier},
    digest::{Challenge, Digest},
    error::Refusal,
};

/// A wait that `Retry-After` may ask for.
const LONGEST: u64 = 30;
/// Octets of a refusal.
const MAX_REFUSAL: usize = 64 * 1024;

/// The client below.
pub(crate) type Http = HttpClient<RpcLogger<RpcService<LoggedIn>>>;

/// How a caller shows who it is; not shown itself.
#[derive(Clone)]
pub struct Way(Kind);

#[derive(Clone)]
enum Kind {
    Anonymous,
    /// A header, marked as a secret.
    Header(header::HeaderName, HeaderValue),
    Digest(Arc<Digest>),
    Certificate(PathBuf, PathBuf),
}

impl Way {
    /// Not at all.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self(Kind::Anonymous)
    }

    /// Whether who reads what is sent can use it.
    pub(crate) const fn is_readable(&self) -> bool {
        matches!(self.0, Kind::Header(..))
    }

    /// HTTP Basic, which Mercury takes from other machines over TLS only.
    #[must_use]
    pub fn basic(username: &str, password: &str) -> Self {
        let word = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        Self(secret(header::AUTHORIZATION, &format!("Basic {word}")))
    }

    /// HTTP Digest: SHA-256 or SHA-512-256.
    #[must_use]
    pub fn digest(username: &str, password: &str) -> Self {
        Self(Kind::Digest(Arc::new(Digest::new(username, password))))
    }

    /// A token of Keystone's.
    #[must_use]
    pub fn token(token: &str) -> Self {
        Self(secret(header::HeaderName::from_static("x-auth-token"), token))
    }

    /// A certificate and its key (PEM files), shown when TLS begins.
    pub fn certificate_of(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self(Kind::Certificate(cert.into(), key.into()))
    }

    pub(crate) fn certificate(&self) -> Option<(&Path, &Path)> {
        match &self.0 {
            Kind::Certificate(cert, key) => Some((cert, key)),
            _ => None,
        }
    }
}

fn secret(name: header::HeaderName, text: &str) -> Kind {
    // What no header can hold lets nobody in.
    let Ok(mut value) = HeaderValue::from_bytes(text.as_bytes()) else { return Kind::Anonymous };
    value.set_sensitive(true);
    Kind::Header(name, value)
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Anonymous => "Way(anonymous)",
            Kind::Header(..) => "Way(header)",
            Kind::Digest(_) => "Way(digest)",
            Kind::Certificate(..) => "Way(certificate)",
        })
    }
}

/// Why a request was not taken, in what jsonrpsee says of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    #[error("{0}")]
    NotSent(String),
    #[error(transparent)]
    Refused(Refusal),
    #[error("HTTP {0}, which is not Mercury's answer")]
    Strange(u16),
}

impl Undelivered {
    pub(crate) fn of(error: &BoxError) -> Option<&Self> {
        match error.downcast_ref::<TransportError>()? {
            TransportError::Http(HttpError::Stream(error)) => error.downcast_ref(),
            _ => None,
        }
    }

    fn raised(self) -> TransportError {
        TransportError::Http(HttpError::Stream(Box::new(self)))
    }
}

/// Puts [`LoggedIn`] before what sends: the network, or this socket instead.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    way: Way,
    socket: Option<Carrier>,
}

impl Login {
    pub(crate) const fn new(way: Way, socket: Option<Carrier>) -> Self {
        Self { way, socket }
    }
}

impl Layer<HttpBackend> for Login {
    type Service = LoggedIn;

    fn layer(&self, inner: HttpBackend) -> LoggedIn {
        LoggedIn { way: self.way.clone(), inner: self.socket.clone().unwrap_or(Carrier::Network(inner)) }
    }
}

/// Sends requests of a caller that shows who it is.
#[derive(Clone, Debug)]
pub(crate) struct LoggedIn {
    way: Way,
    inner: Carrier,
}

impl Service<HttpRequest> for LoggedIn {
    type Response = Answer;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, TransportError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest) -> Self::Future {
        let (way, inner) = (self.way.clone(), self.inner.clone());
        // The one that was found ready.
        let inner = std::mem::replace(&mut self.inner, inner);
        Box::pin(async move { taken(exchange(way, inner, request).await?).await })
    }
}

async fn exchange(way: Way, inner: Carrier, request: HttpRequest) -> Result<Answer, TransportError> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| TransportError::Http(HttpError::Stream(error)))?.to_bytes();
    let again = |authorization: Option<(header::HeaderName, HeaderValue)>| {
        let mut request = HttpRequest::new(HttpBody::from(body.to_vec()));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = head.uri.clone();
        *request.headers_mut() = head.headers.clone();
        request.headers_mut().extend(authorization);
        request
    };
    let digest = match &way.0 {
        Kind::Anonymous | Kind::Certificate(..) => return send(inner, again(None)).await,
        Kind::Header(name, value) => return send(inner, again(Some((name.clone(), value.clone())))).await,
        Kind::Digest(digest) => digest,
    };
    let uri = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut challenge = digest.take();
    // Without a challenge the first try gets one; one that is too old gets another.
    for last in [false, true] {
        let answer = challenge.as_mut().and_then(|challenge| digest.answer(challenge, uri));
        let authorization = answer.and_then(|text| HeaderValue::from_str(&text).ok()).map(|mut value| {
            value.set_sensitive(true);
            (header::AUTHORIZATION, value)
        });
        let response = send(inner.clone(), again(authorization)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            challenge.into_iter().for_each(|challenge| digest.keep(challenge));
            return Ok(response);
        }
        match Challenge::of(response.headers()) {
            Some(asked) if !last => challenge = Some(asked),
            _ => return Ok(response),
        }
    }
    Err(TransportError::Http(HttpError::Malformed))
}

async fn send(mut inner: Carrier, request: HttpRequest) -> Result<Answer, TransportError> {
    let ready = futures_util::future::poll_fn(|context| inner.poll_ready(context));
    ready.await?;
    inner.call(request).await.map_err(|error| {
        let TransportError::Http(HttpError::Stream(cause)) = &error else { return error };
        match cause.downcast_ref::<hyper_util::client::legacy::Error>() {
            Some(cause) if cause.is_connect() => {
                let source = std::error::Error::source(cause);
                Undelivered::NotSent(source.map_or_else(|| cause.to_string(), ToString::to_string)).raised()
            }
            _ => error,
        }
    })
}

/// An answer that is to be read, or why there is none.
async fn taken(response: Answer) -> Result<Answer, TransportError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let retry_after = after.map(|seconds| Duration::from_secs(seconds.min(LONGEST)));
    let refused = Undelivered::Refused(Refusal { status: status.as_u16(), retry_after });
    if status.is_server_error() && !is_own(status, response.into_body()).await {
        return Err(Undelivered::Strange(status.as_u16()).raised());
    }
    Err(refused.raised())
}

/// Whether it is Mercury's own refusal: `{"error": {"code": STATUS, "message": …}}`.
async fn is_own(status: StatusCode, body: hyper::body::Incoming) -> bool {
    let Ok(body) = Limited::new(body, MAX_REFUSAL).collect().await else { return false };
    let Ok(answer) = serde_json::from_slice::<Value>(&body.to_bytes()) else { return false };
    let message = answer.pointer("/error/message").filter(|message| message.is_string());
    message.is_some_and(|message| answer == json!({"error": {"code": status.as_u16(), "message": message}}))
}
