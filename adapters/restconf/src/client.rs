//! Exchanges with one target: credentials, media types, deadlines, and waiting for who has
//! the configuration locked. One at a time.

use std::{hash::BuildHasher as _, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, IF_MATCH},
};
use http_body_util::Full;
use hyper::body::Bytes;
use mercury_adapter::{ConnectError, Lost, Share};
use mercury_http::{HttpClient, Reply};
use tokio::time::{Instant, sleep};

use crate::{
    connect::RestconfOptions,
    media::{Kind, Media},
    refusal::{Failure, judge},
};

/// How long it waits at first, and at most, before it asks again who is busy.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// A client of one target, with one connection.
pub(crate) struct Client {
    http: HttpClient,
    root: String,
    media: Arc<Media>,
    lock_wait: Duration,
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
    pub(crate) fn new(http: HttpClient, options: &RestconfOptions, media: Arc<Media>) -> Self {
        Self { http, root: "/restconf".to_owned(), media, lock_wait: options.lock_wait, lost: false }
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
        self.http.requests()
    }

    /// Octets read and written.
    pub(crate) fn octets(&self) -> (u64, u64) {
        self.http.octets()
    }

    /// What is made of an answer takes this of the budget.
    pub(crate) fn share(&self) -> Share {
        self.http.share()
    }

    /// Whether it can be used, as far as is known without asking.
    pub(crate) fn is_usable(&self) -> bool {
        !self.lost && self.http.is_usable()
    }

    /// Whether an exchange ended it.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// It goes on as it `was`, on another connection where it can have one: nothing rested on
    /// what was asked since, which changes nothing.
    pub(crate) fn go_on(&mut self, was: bool) {
        self.lost = was;
    }

    /// What TLS said about who we are, when it hung up.
    pub(crate) fn complaint(&self) -> Option<ConnectError> {
        self.http.complaint()
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
            let request = self.request(ask)?;
            let reply = self.http.exchange(request, left).await.map_err(|lost| {
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

    /// One exchange on which nothing rests: after one without an answer the session goes on, on
    /// another connection where it can have one. What is asked changes nothing.
    pub(crate) async fn tried(&mut self, ask: &Ask<'_>, within: Duration) -> Option<Reply> {
        let was = self.is_lost();
        let reply = self.exchange(ask, within).await;
        self.go_on(was);
        reply.inspect_err(|lost| tracing::debug!(%lost, "what was tried has no answer")).ok()
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Full<Bytes>>, Lost> {
        let body = ask.body.map(|(_, text)| Bytes::copy_from_slice(text.as_bytes())).unwrap_or_default();
        let mut request = self.http.request(ask.method.clone(), ask.uri, body)?;
        let mut put = |name: HeaderName, value: HeaderValue| drop(request.headers_mut().insert(name, value));
        put(ACCEPT, HeaderValue::from_static(ask.accept.unwrap_or_else(|| self.media.accept())));
        if let Some((kind, _)) = ask.body {
            put(CONTENT_TYPE, HeaderValue::from_static(self.media.content(kind)));
        }
        if let Some(tag) = ask.guard {
            put(IF_MATCH, tag.clone());
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

/// An entity tag that says that a resource is exactly as it was: a weak one does not
/// (RFC 9110 section 13.1.1).
pub(crate) fn strong_tag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(http::header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")).cloned()
}
