//! Exchanges with one target on one connection, which may be opened again between two.

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderName, HeaderValue, Method, Request,
    header::{AUTHORIZATION, HOST, USER_AGENT},
};
use http_body_util::Full;
use hyper::body::Bytes;
use mercury_adapter::{ConnectError, ConnectFault, Lost, Share, without_zone};
use mercury_tls::Octets;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use crate::{
    HttpOptions,
    connection::{Connection, Reply, Unanswered},
};

/// Octets an answer to a change may have: more than any target has to say.
const MAX_SMALL: usize = 1 << 20;

/// A client of one target, with one connection.
pub struct HttpClient {
    connection: Connection,
    options: Arc<HttpOptions>,
    redials: bool,
    authorization: Option<HeaderValue>,
    host: HeaderValue,
    octets: Octets,
    requests: u64,
}

impl HttpClient {
    /// Connects; it connects again where the connection has ended between two requests: some
    /// servers end it after each answer.
    ///
    /// # Errors
    /// Nobody answers, or is not who it should be; the user cannot be part of a request.
    pub async fn open(options: Arc<HttpOptions>) -> Result<Self, ConnectError> {
        let octets = Octets::default();
        let connection = Connection::open(&options, &octets).await?;
        Ok(Self { redials: true, ..Self::over(connection, octets, options)? })
    }

    /// A client on a connection that cannot be opened again.
    ///
    /// # Errors
    /// The user or the address cannot be part of a request.
    pub fn over(connection: Connection, octets: Octets, options: Arc<HttpOptions>) -> Result<Self, ConnectError> {
        let host = without_zone(&options.address);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let host = HeaderValue::from_str(&format!("{host}:{}", options.port));
        Ok(Self {
            connection,
            redials: false,
            authorization: authorization(&options)?,
            host: host.map_err(|_| wrong("the address cannot be part of a request"))?,
            options,
            octets,
            requests: 0,
        })
    }

    /// Requests sent so far; each is a flight.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Octets read and written.
    #[must_use]
    pub fn octets(&self) -> (u64, u64) {
        self.octets.read_and_written()
    }

    /// What is made of an answer takes this of the budget.
    #[must_use]
    pub fn share(&self) -> Share {
        self.options.budget.share(self.options.max_reply)
    }

    /// Whether a request can be sent, as far as is known without asking.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.connection.is_open() || self.redials
    }

    /// What TLS said about who we are, when it hung up.
    #[must_use]
    pub fn complaint(&self) -> Option<ConnectError> {
        self.connection.complaint()
    }

    /// A request with what each of this client's has.
    ///
    /// # Errors
    /// The URI is none.
    pub fn request(&self, method: Method, uri: &str, body: Bytes) -> Result<Request<Full<Bytes>>, Lost> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().map_err(|_| Lost::Protocol(format!("{uri:?} is no URI")))?;
        let mut put = |name: HeaderName, value: HeaderValue| drop(request.headers_mut().insert(name, value));
        put(HOST, self.host.clone());
        put(USER_AGENT, HeaderValue::from_static("mercury"));
        if let Some(authorization) = &self.authorization {
            put(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }

    /// One exchange, whatever is answered.
    ///
    /// # Errors
    /// There is no answer: the request may have arrived, but for one that says that it was
    /// not sent.
    pub async fn exchange(&mut self, mut request: Request<Full<Bytes>>, within: Duration) -> Result<Reply, Lost> {
        let until = Instant::now() + within;
        let limit = if request.method() == Method::GET { self.options.max_reply } else { MAX_SMALL };
        for again in [true, false] {
            let left = until.saturating_duration_since(Instant::now());
            if self.connection.is_open() {
                self.requests += 1;
                match self.connection.send(request, self.options.budget.share(limit), left).await {
                    Ok(reply) => return Ok(reply),
                    Err(Unanswered::Lost(lost)) => return Err(lost),
                    // An idle connection may end at any time, without a word to anybody.
                    Err(Unanswered::Unsent(unsent)) => {
                        self.requests -= 1;
                        request = *unsent;
                    }
                }
            }
            if !(self.redials && again) {
                break;
            }
            let opened = tokio::time::timeout(left, Connection::open(&self.options, &self.octets)).await;
            self.connection = match opened {
                Ok(Ok(connection)) => connection,
                Ok(Err(error)) => return Err(Lost::Closed(error.message)),
                Err(_) => return Err(Lost::Timeout(within)),
            };
        }
        Err(Lost::Closed("the connection ended before the request was sent".to_owned()))
    }
}

fn wrong(what: &str) -> ConnectError {
    ConnectError { fault: ConnectFault::Credentials, message: what.to_owned() }
}

/// RFC 7617.
fn authorization(options: &HttpOptions) -> Result<Option<HeaderValue>, ConnectError> {
    let Some(username) = &options.username else { return Ok(None) };
    if username.contains(':') {
        return Err(wrong("username: HTTP has no place for a colon in it"));
    }
    let password = options.password.as_ref().map(SecretString::expose_secret).unwrap_or_default();
    let text = SecretString::from(STANDARD.encode(format!("{username}:{password}")));
    let text = HeaderValue::from_str(&format!("Basic {}", text.expose_secret()));
    let mut value = text.map_err(|_| wrong("the password cannot be part of a request"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("connection", &self.connection).finish_non_exhaustive()
    }
}
