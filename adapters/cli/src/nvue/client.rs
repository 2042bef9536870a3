//! Requests, and what their answers mean.

use std::time::Duration;

use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use hyper::body::Bytes;
use mercury_adapter::{
    Budget, ErrorTag, ErrorType, JsonProblem, Lost, Refusal, RpcError, Share, Traffic, json, off_worker,
};
use mercury_http::{HttpClient, no_room};
use serde_json::Value;
use tokio::time::Instant;

use super::revision::{Revision, said};

/// Where its resources begin.
pub(super) const ROOT: &str = "/nvue_v1";

/// How many revisions are asked for by themselves.
const UNSAID: usize = 32;

/// Octets of a refusal that are looked at, and that it may take as values: more than the server has to say.
const MAX_REFUSAL: usize = 1 << 20;

/// How something failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The switch answered and did not do it.
    Refused(Refusal),
    /// Whether it was done is not known.
    Lost(Lost),
}

impl Failure {
    pub(super) fn refused(tag: ErrorTag, message: impl Into<String>) -> Self {
        Self::Refused(Refusal::Errors(vec![RpcError::new(tag, message)]))
    }

    pub(super) fn unreadable(reason: impl Into<String>) -> Self {
        Self::Refused(Refusal::Unreadable(reason.into()))
    }

    /// Whether the switch says for sure that it did not do it: what is wrong with the server
    /// itself, or cannot be read, says nothing of that (RFC 9110 section 15.6).
    pub(super) fn is_sure(&self) -> bool {
        let sure = |error: &RpcError| error.tag != ErrorTag::OperationFailed;
        matches!(self, Self::Refused(refusal) if !refusal.errors().is_empty() && refusal.errors().iter().all(sure))
    }

    /// Whether the resource is not there, or the server has no such method.
    pub(super) fn is_missing(&self) -> bool {
        let missing = |error: &RpcError| matches!(error.tag, ErrorTag::DataMissing | ErrorTag::OperationNotSupported);
        matches!(self, Self::Refused(refusal) if !refusal.errors().is_empty() && refusal.errors().iter().all(missing))
    }
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// The revisions that there are.
pub(super) struct Revisions {
    /// Those of which it is known how far they are.
    pub(super) known: Vec<(String, Revision)>,
    /// Of how many more it was not asked.
    pub(super) unasked: usize,
}

/// An answer that was read.
pub(super) struct Answered {
    pub(super) value: Value,
    /// What it takes of the memory.
    pub(super) share: Share,
}

/// An answer as it came.
pub(super) struct Text {
    pub(super) body: Bytes,
    /// What it takes of the memory.
    pub(super) share: Share,
}

pub(crate) struct Client {
    http: HttpClient,
    lost: bool,
}

impl Client {
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http, lost: false }
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.lost && self.http.is_usable()
    }

    pub(super) fn http(&self) -> &HttpClient {
        &self.http
    }

    pub(super) fn traffic(&self) -> Traffic {
        let (received, sent) = self.http.octets();
        Traffic { flights: self.http.requests(), sent, received }
    }

    /// One exchange that is to succeed.
    ///
    /// # Errors
    /// It was refused, or nobody knows.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        behind: &str,
        body: Option<&Value>,
        within: Duration,
    ) -> Result<Answered, Failure> {
        let Text { body, mut share } = self.exchange(method, behind, body, within).await?;
        self.understood(body.len(), move || match body.trim_ascii() {
            [] => Ok(Answered { value: Value::Null, share }),
            text => json(text, &mut share).map(|value| Answered { value, share }),
        })
        .await
    }

    /// Understands an answer of so many octets. Where it has no room, the session is over.
    ///
    /// # Errors
    /// It is not what was asked for, or has no room.
    pub(super) async fn understood<T: Send + 'static>(
        &mut self,
        octets: usize,
        work: impl FnOnce() -> Result<T, JsonProblem> + Send + 'static,
    ) -> Result<T, Failure> {
        let read =
            off_worker(octets, work).await.map_err(|unfinished| Failure::from(Lost::Closed(unfinished.to_string())));
        let read = read.and_then(|read| {
            read.map_err(|problem| match problem {
                JsonProblem::NoRoom(refused) => Failure::from(no_room(&refused)),
                JsonProblem::Malformed(error) => Failure::unreadable(format!("the answer is no JSON: {error}")),
            })
        });
        self.lost |= matches!(read, Err(Failure::Lost(_)));
        read
    }

    async fn exchange(
        &mut self,
        method: Method,
        behind: &str,
        body: Option<&Value>,
        within: Duration,
    ) -> Result<Text, Failure> {
        let answered = self.tried(method, behind, body, within).await;
        self.lost |= matches!(answered, Err(Failure::Lost(_)));
        answered
    }

    async fn tried(
        &mut self,
        method: Method,
        behind: &str,
        body: Option<&Value>,
        within: Duration,
    ) -> Result<Text, Failure> {
        let text = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = self.http.request(method, &format!("{ROOT}{behind}"), text)?;
        let kind = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, kind.clone());
        if body.is_some() {
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        tracing::debug!(method = %request.method(), uri = %request.uri(), "ask");
        let reply = self.http.exchange(request, within).await?;
        if !reply.status.is_success() {
            return Err(judged(reply.status, &reply.body));
        }
        Ok(Text { body: reply.body, share: reply.share })
    }

    /// What is shown, of which values are not made.
    pub(super) async fn text(&mut self, behind: &str, within: Duration) -> Result<Text, Failure> {
        self.exchange(Method::GET, behind, None, within).await
    }

    pub(super) async fn get(&mut self, behind: &str, within: Duration) -> Result<Answered, Failure> {
        self.ask(Method::GET, behind, None, within).await
    }

    /// How far a revision is.
    pub(super) async fn revision(&mut self, name: &str, within: Duration) -> Result<Revision, Failure> {
        let shown = self.get(&of_revision(name), within).await?.value;
        let without = || Failure::unreadable(format!("revision {:?} is shown without a state", said(name, 64)));
        Revision::read(shown).ok_or_else(without)
    }

    /// Every revision that there is. One that is listed without a state is asked for by itself,
    /// the last that were made, by their numbers, first, and only so many of them. What has gone
    /// meanwhile, and what shows no state by itself either, is none that is under way.
    ///
    /// # Errors
    /// The list, or one of them, is refused: that tells nothing of what is under way.
    pub(super) async fn revisions(&mut self, within: Duration) -> Result<Revisions, Failure> {
        let Answered { value, share } = self.get("/revision", within).await?;
        let members = match value {
            Value::Object(members) => members,
            // There is none.
            Value::Null => serde_json::Map::new(),
            _ => return Err(Failure::unreadable("revisions are no JSON object")),
        };
        let (mut known, mut unsaid) = (Vec::new(), Vec::new());
        for (name, shown) in members {
            match Revision::read(shown) {
                Some(revision) => known.push((name, revision)),
                None => unsaid.push(name),
            }
        }
        drop(share);
        unsaid.sort_by_cached_key(|name| std::cmp::Reverse((name.parse::<u64>().ok(), name.clone())));
        let unasked = unsaid.len().saturating_sub(UNSAID);
        let until = Instant::now() + within;
        for name in unsaid.into_iter().take(UNSAID) {
            match self.get(&of_revision(&name), until.saturating_duration_since(Instant::now())).await {
                Ok(shown) => known.extend(Revision::read(shown.value).map(|revision| (name, revision))),
                Err(failure) if failure.is_missing() => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(Revisions { known, unasked })
    }
}

/// A revision as a resource.
pub(super) fn of_revision(name: &str) -> String {
    format!("/revision/{}", encoded(name))
}

/// A text as one segment of a URI, or in a query (RFC 3986 section 2.3).
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What an answer means that is none of success.
fn judged(status: StatusCode, body: &[u8]) -> Failure {
    let begins = body.get(..MAX_REFUSAL).unwrap_or(body);
    let said = json(begins, &mut Budget::shared().share(MAX_REFUSAL)).unwrap_or_default();
    let told = ["detail", "title", "message"].iter().find_map(|name| said.get(name)?.as_str());
    // Whatever stands in front of the server does not know what became of it.
    let is_proxys =
        matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT);
    if is_proxys && told.is_none() {
        return Failure::Lost(Lost::Protocol(format!("the server answers {status}")));
    }
    let tag = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorTag::AccessDenied,
        StatusCode::NOT_FOUND | StatusCode::GONE => ErrorTag::DataMissing,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => ErrorTag::OperationNotSupported,
        StatusCode::CONFLICT | StatusCode::LOCKED | StatusCode::TOO_MANY_REQUESTS => ErrorTag::InUse,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => ErrorTag::InvalidValue,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorTag::TooBig,
        _ => ErrorTag::OperationFailed,
    };
    let words = told.map(|told| format!(": {}", crate::judge::words(told))).unwrap_or_default();
    // Who Mercury is, and not what it asks for, is what the server does not like.
    let error_type = if tag == ErrorTag::AccessDenied { ErrorType::Transport } else { ErrorType::Application };
    let error = RpcError { error_type, ..RpcError::new(tag, format!("HTTP {status}{words}")) };
    Failure::Refused(Refusal::Errors(vec![error]))
}
