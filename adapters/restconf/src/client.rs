//! Exchanges with one target: credentials, media types, deadlines, and waiting for who has
//! the configuration locked. One at a time.

use std::{hash::BuildHasher as _, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH, USER_AGENT},
};
use http_body_util::Full;
use hyper::body::Bytes;
use mercury_adapter::{Budget, ConnectError, ConnectFault, Lost, Share, without_zone};
use mercury_tls::Octets;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};

use crate::{
    connect::RestconfOptions,
    connection::{Connection, Reply, Unanswered},
    media::{Kind, Media},
    refusal::{Failure, judge},
};

/// How long it waits at first, and at most, before it asks again who is busy.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];
/// Octets an answer to a change may have: more than any target has to say.
const MAX_SMALL: usize = 1 << 20;

/// A client of one target, with one connection.
pub(crate) struct Client {
    connection: Connection,
    /// How to connect again, where that is possible.
    options: Option<Arc<RestconfOptions>>,
    authorization: Option<HeaderValue>,
    host: HeaderValue,
    root: String,
    media: Arc<Media>,
    octets: Octets,
    budget: Budget,
    max_reply: usize,
    lock_wait: Duration,
    requests: u64,
    lost: bool,
}

/// What to send.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// From the top of the server.
    pub(crate) uri: &'a str,
    pub(crate) body: Option<(Kind, &'a str)>,
    /// The entity tag that the resource must still have.
    pub(crate) guard: Option<&'a HeaderValue>,
    /// What may come back, where that is not data.
    pub(crate) accept: Option<&'static str>,
}

impl<'a> Ask<'a> {
    /// To read a resource.
    pub(crate) fn get(uri: &'a str) -> Self {
        Self { method: Method::GET, uri, body: None, guard: None, accept: None }
    }
}

impl Client {
    /// A client on a connection.
    pub(crate) fn new(
        connection: Connection,
        octets: Octets,
        options: &Arc<RestconfOptions>,
        media: Arc<Media>,
    ) -> Result<Self, ConnectError> {
        let wrong = |what: &str| ConnectError { fault: ConnectFault::Credentials, message: what.to_owned() };
        let host = without_zone(&options.address);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let host = HeaderValue::from_str(&format!("{host}:{}", options.port));
        Ok(Self {
            connection,
            options: None,
            authorization: authorization(options)?,
            host: host.map_err(|_| wrong("the address cannot be part of a request"))?,
            root: "/restconf".to_owned(),
            media,
            octets,
            budget: options.budget.clone(),
            max_reply: options.max_reply,
            lock_wait: options.lock_wait,
            requests: 0,
            lost: false,
        })
    }

    /// May connect again: some servers end a connection after each answer.
    pub(crate) fn redials(&mut self, options: Arc<RestconfOptions>) {
        self.options = Some(options);
    }

    /// Where the target's resources begin.
    pub(crate) fn set_root(&mut self, root: String) {
        self.root = root;
    }

    /// A resource behind the root.
    pub(crate) fn uri(&self, behind: &str) -> String {
        format!("{}{behind}", self.root)
    }

    /// Requests sent so far; each is a flight.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Octets read and written.
    pub(crate) fn octets(&self) -> (u64, u64) {
        self.octets.read_and_written()
    }

    /// What is made of an answer takes this of the budget.
    pub(crate) fn share(&self) -> Share {
        self.budget.share(self.max_reply)
    }

    /// Whether it can be used, as far as is known without asking.
    pub(crate) fn is_usable(&self) -> bool {
        !self.lost && (self.connection.is_open() || self.options.is_some())
    }

    /// What TLS said about who we are, when it hung up.
    pub(crate) fn complaint(&self) -> Option<ConnectError> {
        self.connection.complaint()
    }

    /// One exchange, whatever is answered; another name of the media type is tried where
    /// this one was not taken, which is said before anything is done.
    ///
    /// # Errors
    /// There is no answer; the session is over then.
    pub(crate) async fn exchange(&mut self, ask: &Ask<'_>, within: Duration) -> Result<Reply, Lost> {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let reply = self.once(ask, left).await.map_err(|lost| {
                self.lost = true;
                if matches!(lost, Lost::Timeout(_)) { Lost::Timeout(within) } else { lost }
            })?;
            let not_taken = matches!(reply.status, StatusCode::NOT_ACCEPTABLE | StatusCode::UNSUPPORTED_MEDIA_TYPE);
            let is_data = ask.accept.is_none() && ask.body.is_none_or(|(kind, _)| kind == Kind::Data);
            if not_taken && is_data && self.media.another() {
                continue;
            }
            if let Some(name) = reply.headers.get(CONTENT_TYPE).and_then(|name| name.to_str().ok()) {
                self.media.learn(name);
            }
            return Ok(reply);
        }
    }

    async fn once(&mut self, ask: &Ask<'_>, within: Duration) -> Result<Reply, Lost> {
        let until = Instant::now() + within;
        let mut request = self.request(ask)?;
        let limit = if ask.method == Method::GET { self.max_reply } else { MAX_SMALL };
        for again in [true, false] {
            let left = until.saturating_duration_since(Instant::now());
            if self.connection.is_open() {
                self.requests += 1;
                match self.connection.send(request, self.budget.share(limit), left).await {
                    Ok(reply) => return Ok(reply),
                    Err(Unanswered::Lost(lost)) => return Err(lost),
                    // An idle connection may end at any time, without a word to anybody.
                    Err(Unanswered::Unsent(unsent)) => {
                        self.requests -= 1;
                        request = *unsent;
                    }
                }
            }
            let Some(options) = self.options.clone().filter(|_| again) else { break };
            let opened = tokio::time::timeout(left, Connection::open(&options, &self.octets)).await;
            self.connection = match opened {
                Ok(Ok(connection)) => connection,
                Ok(Err(error)) => return Err(Lost::Closed(error.message)),
                Err(_) => return Err(Lost::Timeout(within)),
            };
        }
        Err(Lost::Closed("the connection ended before the request was sent".to_owned()))
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Full<Bytes>>, Lost> {
        let body = ask.body.map(|(_, text)| Bytes::copy_from_slice(text.as_bytes())).unwrap_or_default();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = ask.uri.parse().map_err(|_| Lost::Protocol(format!("{:?} is no URI", ask.uri)))?;
        let mut put = |name: HeaderName, value: HeaderValue| drop(request.headers_mut().insert(name, value));
        put(HOST, self.host.clone());
        put(USER_AGENT, HeaderValue::from_static("mercury"));
        put(ACCEPT, HeaderValue::from_static(ask.accept.unwrap_or_else(|| self.media.accept())));
        if let Some((kind, _)) = ask.body {
            put(CONTENT_TYPE, HeaderValue::from_static(self.media.content(kind)));
        }
        if let Some(tag) = ask.guard {
            put(IF_MATCH, tag.clone());
        }
        if let Some(authorization) = &self.authorization {
            put(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }

    /// One exchange that is to succeed. A target that is busy with somebody else's change is
    /// asked again, up to the entry's time for that, and as long as the answer can still come
    /// in time: it has said that it did nothing.
    ///
    /// # Errors
    /// It was refused, or nobody knows.
    pub(crate) async fn done(&mut self, ask: &Ask<'_>, within: Duration) -> Result<Reply, Failure> {
        let begun = Instant::now();
        let (until, patience) = (begun + within, begun + self.lock_wait.min(within));
        let mut pause = PAUSE[0];
        let mut sent = 0_u32;
        loop {
            sent += 1;
            let left = until.saturating_duration_since(Instant::now());
            let reply = self.exchange(ask, left).await.map_err(Failure::Lost)?;
            match judge(&ask.method, reply.status, &reply.body) {
                Ok(()) => return Ok(reply),
                Err(Failure::NotNow(refusal)) => {
                    let next = Instant::now() + jittered(pause);
                    if next >= patience {
                        return Err(Failure::Refused(refusal));
                    }
                    tracing::debug!(%refusal, "not now; asking again");
                    sleep(next.saturating_duration_since(Instant::now())).await;
                    pause = (pause * 2).min(PAUSE[1]);
                }
                Err(failure) => {
                    self.lost |= matches!(failure, Failure::Lost(_));
                    // After a second try, what is no longer so may be ours.
                    let is_guarded = ask.guard.is_some() && sent == 1;
                    return Err(if is_guarded { failure.of_guarded(reply.status) } else { failure });
                }
            }
        }
    }
}

/// Half of a time, or up to all of it: those who wait for one target do not ask together.
fn jittered(pause: Duration) -> Duration {
    let chance = std::collections::hash_map::RandomState::new().hash_one(()) % 1000;
    let part = u32::try_from(chance).unwrap_or_default();
    pause / 2 + pause * part / 2000
}

/// RFC 7617.
fn authorization(options: &RestconfOptions) -> Result<Option<HeaderValue>, ConnectError> {
    let Some(username) = &options.username else { return Ok(None) };
    let wrong = |what: &str| ConnectError { fault: ConnectFault::Credentials, message: what.to_owned() };
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

/// An entity tag that says that a resource is exactly as it was: a weak one does not
/// (RFC 9110 section 13.1.1).
pub(crate) fn strong_tag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(http::header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")).cloned()
}
