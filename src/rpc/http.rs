//! HTTP: one path for JSON-RPC, one for the envelope of the design, one to
//! ask whether the service is up.

mod counted;
mod handed;
mod pages;
mod status;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Extension, State},
    http::{HeaderMap, HeaderValue, Request, StatusCode, header, request::Parts, uri::PathAndQuery},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Value, json};

use super::{
    Answered, Front,
    listen::{Caller, Working},
    told,
    unique::duplicate,
};
use crate::{
    audit,
    auth::{Asked, AuthError, Authenticator, Principal, Recognised},
    config::Limits,
    fault::Fault,
    fleet::Fleet,
    intent::Fields,
    lock::Coordinator,
    metrics,
    often::Often,
    service::{Current, Requester},
    trace,
};
use counted::Counted;
pub use handed::router as handed_router;

/// How long the rest of a request that is refused may take to arrive.
const HEARD_OUT: Duration = Duration::from_secs(1);

/// What every handler needs.
#[derive(Clone)]
struct Door {
    front: Front,
    authenticator: Authenticator,
    max_body_bytes: usize,
    body_timeout: Duration,
    /// Of those who are not let in one is told a second.
    refused: Arc<Often>,
    /// The same in the audit log, of those who have tried something.
    audited: Arc<Often>,
    /// What people are shown, where they are shown anything.
    status: Option<Arc<Current>>,
    /// The other members, where there are any.
    fleet: Option<Arc<Fleet>>,
}

/// The routes; with `status`, `GET /` shows people how that service is, and with `fleet`,
/// what is another member's is handed over.
pub fn router(
    front: Front,
    authenticator: Authenticator,
    limits: &Limits,
    status: Option<Arc<Current>>,
    fleet: Option<Arc<Fleet>>,
) -> Router {
    let not_allowed = || async { only_post() };
    Router::new()
        .route("/", post(rpc).get(page).fallback(not_allowed))
        .route("/v1/actions", post(actions).fallback(not_allowed))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { error(StatusCode::NOT_FOUND, 404, "there is nothing here; JSON-RPC is at /") })
        .with_state(Door {
            front,
            authenticator,
            max_body_bytes: limits.max_body_bytes,
            body_timeout: limits.body_timeout,
            refused: Arc::default(),
            audited: Arc::default(),
            status,
            fleet,
        })
}

fn only_post() -> Response {
    error(StatusCode::METHOD_NOT_ALLOWED, 405, "only POST is allowed here")
}

/// Shows how the service is to people, who are let in as callers are.
async fn page(State(door): State<Door>, Extension(caller): Extension<Caller>, request: Request<Body>) -> Response {
    let Some(current) = &door.status else { return only_post() };
    let (head, _) = request.into_parts();
    let identity = match let_in(&door, &caller, &head).await {
        Ok(Recognised::As(principal)) => principal,
        Ok(Recognised::Unread(unjudged)) => match unjudged.judge(b"").await {
            Ok(principal) => principal,
            Err(fault) => return *not_let_in(&door, &caller, fault),
        },
        Err(refused) => return *refused,
    };
    if let Err((status, message)) = pages::refused_to_look(&head, is_open(&caller, &identity)) {
        return error(status, status.as_u16(), message);
    }
    let who = Requester { caller: identity.to_string(), way: identity.way(), ..Requester::default() };
    status::page(&current.service(), &who)
}

/// What the service counts; beside the other routes, or at an address of its own.
pub fn metrics_router() -> Router {
    Router::new().route("/metrics", get(counts)).with_state(Counted::new(metrics::text))
}

async fn counts(State(counted): State<Counted>) -> Response {
    match counted.text().await {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response(),
        Err(fault) => error(StatusCode::INTERNAL_SERVER_ERROR, 500, &fault),
    }
}

/// Whether changes can be made, as far as this machine knows: each takes a lock, and a line of
/// the audit log where that is required.
pub fn readiness(locks: Arc<dyn Coordinator>) -> Router {
    Router::new().route("/readyz", get(ready)).with_state(locks)
}

async fn ready(State(locks): State<Arc<dyn Coordinator>>) -> Response {
    if let Err(fault) = audit::ready().await {
        return error(StatusCode::SERVICE_UNAVAILABLE, 503, &fault.message);
    }
    match tokio::task::spawn_blocking(move || locks.check()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(fault)) => error(StatusCode::SERVICE_UNAVAILABLE, 503, &fault.message),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, 500, "it could not be found out"),
    }
}

async fn rpc(State(door): State<Door>, Extension(caller): Extension<Caller>, request: Request<Body>) -> Response {
    let Admitted { who, body, working: _working } = match admitted(&door, &caller, request).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    match handed::over(&door, handed::Envelope::Rpc, &body, who).await {
        Ok(answer) => answer,
        Err(who) => answered(&door.front, &body, who).await,
    }
}

async fn answered(front: &Front, body: &[u8], who: Requester) -> Response {
    match front.answer(body, who).await {
        Answered::Response(text) => json_response(StatusCode::OK, text),
        Answered::Nothing => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn actions(State(door): State<Door>, Extension(caller): Extension<Caller>, request: Request<Body>) -> Response {
    let Admitted { who, body, working: _working } = match admitted(&door, &caller, request).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    match handed::over(&door, handed::Envelope::Action, &body, who).await {
        Ok(answer) => answer,
        Err(who) => acted(&door.front, &body, who).await,
    }
}

async fn acted(front: &Front, body: &[u8], who: Requester) -> Response {
    match act(front, body, who).await {
        Ok(result) => json_response(StatusCode::OK, json!({"result": result}).to_string()),
        Err((status, fault)) => faulty(status, &fault),
    }
}

/// A fault as the envelope of the design has it.
fn failed(fault: &Fault) -> Response {
    faulty(StatusCode::from_u16(fault.kind.row().http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), fault)
}

fn faulty(status: StatusCode, fault: &Fault) -> Response {
    let code = status.as_u16();
    let body = json!({"error": {"code": code, "message": told::message(fault), "data": told::data(fault)}});
    json_response(status, body.to_string())
}

/// `{"type": method, "payload": parameters}`, as the design has it.
async fn act(front: &Front, body: &[u8], who: Requester) -> Result<Value, (StatusCode, Fault)> {
    let faulty = |fault: Fault| {
        let status = StatusCode::from_u16(fault.kind.row().http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, fault)
    };
    let text = std::str::from_utf8(body).unwrap_or_default();
    let body: Value = serde_json::from_str(text).map_err(|_| faulty(Fault::params("", "the body is not JSON")))?;
    if let Some(key) = duplicate(text) {
        return Err(faulty(Fault::params(key, "is there twice")));
    }
    let mut fields = Fields::of("", &body).map_err(faulty)?;
    let method: String = fields.parsed("type").map_err(faulty)?;
    let payload = fields.get("payload").cloned().unwrap_or_else(|| json!({}));
    fields.finish().map_err(faulty)?;
    if !front.knows(&method) {
        let shown: String = method.chars().take(64).collect();
        return Err((StatusCode::NOT_FOUND, Fault::params("type", format!("there is no method {shown:?}"))));
    }
    front.act(&method, payload, who).await.map_err(faulty)
}

/// A request that may be answered, whole.
struct Admitted {
    who: Requester,
    body: Bytes,
    /// Until it is answered.
    working: Working,
}

/// Who asks is decided by the headers, and nobody else's body is kept; an answer that
/// covers the body is judged with it, and only whoever has a nonce has it kept.
async fn admitted(door: &Door, caller: &Caller, request: Request<Body>) -> Result<Admitted, Box<Response>> {
    let (head, body) = request.into_parts();
    let recognised = match recognised(door, caller, &head).await {
        Ok(recognised) => recognised,
        Err(refused) => return Err(heard_out(door, &head.headers, body, refused).await),
    };
    let body = whole(door, &head.headers, body).await?;
    let identity = match recognised {
        Recognised::As(principal) => principal,
        Recognised::Unread(unjudged) => unjudged.judge(&body).await.map_err(|fault| not_let_in(door, caller, fault))?,
    };
    let patience = head.headers.get_all("prefer").iter().find_map(wait);
    let who = Requester {
        caller: identity.to_string(),
        way: identity.way(),
        peer: Some(caller.peer.to_string()),
        patience,
        parent: parent(&head.headers),
        ..Requester::default()
    };
    Ok(Admitted { who, body, working: caller.works() })
}

/// The caller's own span (W3C Trace Context section 3.2); of two nobody knows which.
fn parent(headers: &HeaderMap) -> Option<trace::Parent> {
    let mut said = headers.get_all("traceparent").iter();
    match (said.next(), said.next()) {
        (Some(only), None) => only.to_str().ok()?.parse().ok(),
        _ => None,
    }
}

async fn recognised(door: &Door, caller: &Caller, head: &Parts) -> Result<Recognised, Box<Response>> {
    let recognised = let_in(door, caller, head).await?;
    let open = matches!(&recognised, Recognised::As(principal) if is_open(caller, principal));
    pages::refused(head, open).map_err(|(status, message)| Box::new(error(status, status.as_u16(), message)))?;
    Ok(recognised)
}

/// Whether nobody is asked for credentials at this loopback address.
fn is_open(caller: &Caller, principal: &Principal) -> bool {
    matches!(principal, Principal::Anonymous) && caller.local.is_some_and(|local| local.is_loopback())
}

async fn let_in(door: &Door, caller: &Caller, head: &Parts) -> Result<Recognised, Box<Response>> {
    let asked = Asked {
        authorization: head.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes),
        token: head.headers.get("x-auth-token").map(HeaderValue::as_bytes),
        method: head.method.as_str(),
        target: head.uri.path_and_query().map_or("", PathAndQuery::as_str),
        origin: caller.origin,
        names: &caller.names,
    };
    door.authenticator.check(&asked).await.map_err(|fault| not_let_in(door, caller, fault))
}

fn not_let_in(door: &Door, caller: &Caller, fault: AuthError) -> Box<Response> {
    // Clients of Digest ask so what they are to answer.
    let has_tried = !matches!(fault, AuthError::Missing | AuthError::Stale);
    if has_tried {
        metrics::not_let_in();
    }
    if has_tried && let Some(before) = door.audited.tell() {
        let peer = caller.peer.to_string();
        let told = [("peer", json!(peer)), ("reason", json!(fault.to_string())), ("before", json!(before))];
        audit::tell("not-let-in", told.map(|(name, value)| (name.to_owned(), value)).into_iter().collect());
    }
    if let Some(before) = door.refused.tell() {
        tracing::warn!(peer = %caller.peer, before, %fault, "a caller was not let in");
    }
    Box::new(unauthorized(&door.authenticator, fault))
}

/// A refusal, once the rest of the request is over: whoever answers a challenge does so on
/// the same connection, which hyper closes when it holds the rest of a body. What goes on
/// for longer, or waits to be asked for, ends the connection and is told so.
async fn heard_out(door: &Door, headers: &HeaderMap, body: Body, mut refused: Box<Response>) -> Box<Response> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let bounded = !headers.contains_key(header::EXPECT) && length.is_none_or(|length| length <= door.max_body_bytes);
    let over = bounded && tokio::time::timeout(HEARD_OUT, passed_over(body, door.max_body_bytes)).await == Ok(true);
    if !over {
        refused.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    refused
}

/// Whether the body came to its end within so many bytes.
async fn passed_over(mut body: Body, limit: usize) -> bool {
    let mut left = limit;
    while let Some(frame) = body.frame().await {
        let length = frame.map(|frame| frame.data_ref().map_or(0, Bytes::len));
        match length.ok().and_then(|length| left.checked_sub(length)) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    true
}

/// The body, which has a limit in bytes and one in time.
async fn whole(door: &Door, headers: &HeaderMap, body: Body) -> Result<Bytes, Box<Response>> {
    let refused = |status: StatusCode, message: &str| Err(Box::new(error(status, status.as_u16(), message)));
    let too_large = || refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > door.max_body_bytes) {
        return too_large();
    }
    let reading = Limited::new(body, door.max_body_bytes).collect();
    match tokio::time::timeout(door.body_timeout, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(_)) => refused(StatusCode::BAD_REQUEST, "the body did not arrive whole"),
        Err(_) => refused(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
    }
}

/// `Prefer: wait=20` (RFC 7240 section 4.3): for how long the caller waits, in
/// whole seconds. What cannot be understood is no preference.
fn wait(prefer: &HeaderValue) -> Option<Duration> {
    let preferences = prefer.to_str().ok()?.split(',');
    let mut waits = preferences.filter_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("wait").then(|| value.parse().ok().map(Duration::from_secs))?
    });
    waits.next()
}

fn unauthorized(authenticator: &Authenticator, fault: AuthError) -> Response {
    let status = match fault {
        AuthError::Missing
        | AuthError::OtherScheme
        | AuthError::Wrong
        | AuthError::Stale
        | AuthError::BadToken
        | AuthError::Stranger => StatusCode::UNAUTHORIZED,
        AuthError::Malformed | AuthError::OtherTarget => StatusCode::BAD_REQUEST,
        AuthError::Role => StatusCode::FORBIDDEN,
        AuthError::TooOften => StatusCode::TOO_MANY_REQUESTS,
        AuthError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = error(status, status.as_u16(), &fault.to_string());
    if status == StatusCode::UNAUTHORIZED {
        let challenges = authenticator.challenges(fault);
        for challenge in challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

fn error(status: StatusCode, code: u16, message: &str) -> Response {
    json_response(status, json!({"error": {"code": code, "message": message}}).to_string())
}

fn json_response(status: StatusCode, body: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    let later = match status {
        StatusCode::SERVICE_UNAVAILABLE => Some("1"),
        StatusCode::TOO_MANY_REQUESTS => Some("10"),
        _ => None,
    };
    if let Some(seconds) = later {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    response
}
