//! Requests that are another member's: handed over whole, with who asks, and answered
//! there as they would be here.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Extension, State},
    http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Caller, Door, acted, answered, error, failed, json_response, whole};
use crate::{
    auth::Authenticator,
    config::{self, Limits, ways},
    fault::{Fault, FaultKind},
    fleet::{ANSWERED, Served},
    rpc::{Front, envelope::error_json, methods},
    service::Requester,
};

/// No fault is told in more octets than this.
const MAX_FAULT: usize = 1 << 20;
const SECOND: Duration = Duration::from_secs(1);

/// Who asks, as JSON.
static ASKER: HeaderName = HeaderName::from_static("x-mercury-asker");

/// What a request is wrapped in.
#[derive(Clone, Copy)]
pub(super) enum Envelope {
    /// JSON-RPC.
    Rpc,
    /// The one of the design.
    Action,
}

impl Envelope {
    const fn path(self) -> &'static str {
        match self {
            Self::Rpc => "/",
            Self::Action => "/v1/actions",
        }
    }

    /// The method and its parameters.
    fn open(self, body: &[u8]) -> Option<(String, Value)> {
        let Value::Object(mut all) = serde_json::from_slice(body).ok()? else { return None };
        let (method, params) = match self {
            Self::Rpc => ("method", "params"),
            Self::Action => ("type", "payload"),
        };
        let Value::String(method) = all.remove(method)? else { return None };
        Some((method, all.remove(params)?))
    }
}

/// Who was let in, and how, by the member that was asked.
#[derive(Serialize, Deserialize)]
struct Asker {
    caller: String,
    way: String,
    #[serde(default)]
    peer: Option<String>,
    /// How long the caller waits, in seconds.
    #[serde(default)]
    wait: Option<u64>,
    #[serde(default)]
    traceparent: Option<String>,
}

/// Another member's answer, where the request is that one's; otherwise who asks, who may have
/// been heard by another before, and has as much patience left.
pub(super) async fn over(door: &Door, envelope: Envelope, body: &Bytes, who: Requester) -> Result<Response, Requester> {
    let (begun, within) = (Instant::now(), door.front.timeout(&who));
    // Whoever has a second at most waits for the answer of one that has as much.
    let until = begun + within.max(2 * SECOND);
    let begun_elsewhere = match answered_there(door, envelope, body, &who, (within, until)).await {
        Some(Served::Elsewhere(answer)) => {
            let mut response = (answer.status, answer.body).into_response();
            *response.headers_mut() = answer.headers;
            return Ok(response);
        }
        Some(Served::Here { begun }) => begun,
        None => return Err(who),
    };
    let gone = begun.elapsed();
    if gone < SECOND {
        return Err(Requester { begun_elsewhere, ..who });
    }
    match within.checked_sub(gone).filter(|left| !left.is_zero()) {
        None => Ok(answer_of(envelope, body, &over_time(within, begun_elsewhere))),
        left => Err(Requester { begun_elsewhere, patience: left, ..who }),
    }
}

async fn answered_there(
    door: &Door,
    envelope: Envelope,
    body: &Bytes,
    who: &Requester,
    (within, until): (Duration, Instant),
) -> Option<Served> {
    let fleet = door.fleet.as_ref()?;
    let service = door.front.service();
    let (method, params) = envelope.open(body)?;
    let switches = methods::switches(&service, &method, &params);
    let subjects: Vec<_> = service.subjects(&switches).collect();
    // Who is refused for that is told so where it is served.
    let _counted = service.counted(&switches).ok()?;
    let served = fleet.elsewhere(&subjects, envelope.path(), headers(who, within)?, body.clone(), until).await;
    Some(match served {
        Served::Here { begun } => Served::Here { begun: begun && methods::changes(&method) },
        answered @ Served::Elsewhere(_) => answered,
    })
}

/// There is no time left to do anything here.
fn over_time(within: Duration, begun_elsewhere: bool) -> Fault {
    let seconds = within.as_secs();
    let message =
        format!("no member of the fleet had the switch within {seconds} s; nothing was sent, and nothing will be");
    match begun_elsewhere {
        true => methods::doubtful(Fault::new(FaultKind::Timeout, format!("no answer came within {seconds} s"))),
        false => Fault::new(FaultKind::Timeout, message),
    }
}

/// The answer that a fault is to what has the id of this body.
fn answer_of(envelope: Envelope, body: &[u8], fault: &Fault) -> Response {
    match envelope {
        Envelope::Rpc => {
            let id = serde_json::from_slice::<Value>(body).ok().and_then(|mut body| Some(body.get_mut("id")?.take()));
            // Nobody waits for what has none.
            let Some(id) = id else { return StatusCode::NO_CONTENT.into_response() };
            let told = json!({"jsonrpc": "2.0", "id": id, "error": error_json(fault)});
            json_response(StatusCode::OK, told.to_string())
        }
        Envelope::Action => failed(fault),
    }
}

/// Whoever is handed it answers within the time that there is, less what the way takes.
fn headers(who: &Requester, within: Duration) -> Option<HeaderMap> {
    let asker = Asker {
        caller: who.caller.clone(),
        way: who.way.to_owned(),
        peer: who.peer.clone(),
        wait: Some(within.saturating_sub(SECOND).as_secs().max(1)),
        traceparent: who.parent.map(|parent| parent.to_string()),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Names of callers may have any letters; JSON says them in ASCII.
    headers.insert(ASKER.clone(), HeaderValue::try_from(ascii(&serde_json::to_string(&asker).ok()?)).ok()?);
    Some(headers)
}

/// The same text with nothing but ASCII in it: JSON has other letters in its strings alone.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
            continue;
        }
        let mut units = [0; 2];
        c.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
    }
    text
}

/// What the members' own port needs.
#[derive(Clone)]
struct Porch {
    door: Door,
    settings: Arc<config::Fleet>,
    leaving: CancellationToken,
}

/// The routes where other members hand over what is this one's; they are known by their
/// certificates. Once it is `leaving`, others are told of what was not begun here that it
/// was not taken, and take it back.
pub fn router(front: Front, settings: &config::Fleet, limits: &Limits, leaving: CancellationToken) -> Router {
    let door = Door {
        front,
        authenticator: Authenticator::builder().clients(settings.members.clone()).build(),
        max_body_bytes: limits.max_body_bytes,
        body_timeout: limits.body_timeout,
        refused: Arc::default(),
        audited: Arc::default(),
        status: None,
        fleet: None,
    };
    Router::new()
        .route(Envelope::Rpc.path(), post(rpc))
        .route(Envelope::Action.path(), post(action))
        .fallback(|| async { error(StatusCode::NOT_FOUND, 404, "members hand requests over here; callers do not") })
        .with_state(Porch { door, settings: Arc::new(settings.clone()), leaving })
}

async fn rpc(State(porch): State<Porch>, Extension(caller): Extension<Caller>, request: Request<Body>) -> Response {
    match admitted(&porch, &caller, request).await {
        Ok((who, body)) => {
            let _working = caller.works();
            told(&porch.leaving, answered(&porch.door.front, &body, who).await).await
        }
        Err(refused) => *refused,
    }
}

async fn action(State(porch): State<Porch>, Extension(caller): Extension<Caller>, request: Request<Body>) -> Response {
    match admitted(&porch, &caller, request).await {
        Ok((who, body)) => {
            let _working = caller.works();
            told(&porch.leaving, acted(&porch.door.front, &body, who).await).await
        }
        Err(refused) => *refused,
    }
}

/// Not a refusal of this port's; but that a switch is served no more, of a member that comes
/// to its end, is no answer for a caller: others serve it.
async fn told(leaving: &CancellationToken, mut answer: Response) -> Response {
    if leaving.is_cancelled() {
        let (head, body) = answer.into_parts();
        // It is in memory already.
        let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
            return error(StatusCode::INTERNAL_SERVER_ERROR, 500, "the answer was lost");
        };
        if body.len() <= MAX_FAULT && is_not_begun(&body) {
            return error(StatusCode::SERVICE_UNAVAILABLE, 503, "this member is leaving; nothing was begun");
        }
        answer = Response::from_parts(head, Body::from(body));
    }
    answer.headers_mut().insert(ANSWERED, HeaderValue::from_static("1"));
    answer
}

/// Whether an answer says that nothing was begun because this member comes to its end, on any
/// switch.
fn is_not_begun(answer: &[u8]) -> bool {
    let answer = serde_json::from_slice::<Value>(answer).unwrap_or_default();
    let message = answer.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    let mut ends = [Fault::not_served(), Fault::stopping()].into_iter();
    let switches = answer.pointer("/error/data/switches").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_busy = answer.pointer("/error/data/kind") == Some(&json!(FaultKind::Busy));
    is_busy
        && ends.any(|fault| message.ends_with(&fault.message))
        && switches.iter().all(|one| one["outcome"] == "not-started")
}

/// A member's word on who asks counts; what they may ask for is judged here.
async fn admitted(porch: &Porch, caller: &Caller, request: Request<Body>) -> Result<(Requester, Bytes), Box<Response>> {
    let (head, body) = request.into_parts();
    let refused = |status: StatusCode, message: &str| Box::new(error(status, status.as_u16(), message));
    let Some(member) = caller.names.iter().find(|name| porch.settings.members.contains(name)) else {
        if let Some(before) = porch.door.refused.tell() {
            tracing::warn!(peer = %caller.peer, before, "a caller is no member of the fleet, by its certificate");
        }
        return Err(refused(StatusCode::FORBIDDEN, "this certificate is no member's"));
    };
    let asker = head.headers.get(&ASKER).and_then(|asker| serde_json::from_slice::<Asker>(asker.as_bytes()).ok());
    let asker = asker.ok_or_else(|| refused(StatusCode::BAD_REQUEST, "it does not say who asks"))?;
    let way = ways().into_iter().find(|way| *way == asker.way);
    let way = way.ok_or_else(|| refused(StatusCode::BAD_REQUEST, "it does not say how the caller was let in"))?;
    let body = whole(&porch.door, &head.headers, body).await?;
    let peer = asker.peer.as_deref().unwrap_or("somebody");
    let who = Requester {
        peer: Some(format!("{peer} through {member}")),
        caller: asker.caller,
        way,
        patience: asker.wait.map(std::time::Duration::from_secs),
        parent: asker.traceparent.and_then(|text| text.parse().ok()),
        ..Requester::default()
    };
    Ok((who, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::SwitchOutcome;

    #[test]
    fn who_asks_arrives_as_it_was() {
        let who = Requester {
            caller: "user J\u{f6}rg \u{1f600} \"x\"".to_owned(),
            way: "http_basic",
            peer: Some("192.0.2.1:1234".to_owned()),
            patience: Some(std::time::Duration::from_secs(20)),
            parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().ok(),
            ..Requester::default()
        };
        let headers = headers(&who, Duration::from_secs(21)).unwrap();
        let asker: Asker = serde_json::from_slice(headers[&ASKER].as_bytes()).unwrap();
        assert_eq!(
            (asker.caller.as_str(), asker.way.as_str(), asker.wait),
            (who.caller.as_str(), "http_basic", Some(20))
        );
        assert_eq!(asker.traceparent.unwrap().parse(), Ok(who.parent.unwrap()));
    }

    fn of_switch(outcome: &'static str) -> SwitchOutcome {
        SwitchOutcome { switch: "leaf1".to_owned(), outcome, message: None }
    }

    #[tokio::test]
    async fn who_leaves_has_not_answered_what_it_did_not_begin() {
        let leaving = CancellationToken::new();
        let rpc = |fault: Fault| answer_of(Envelope::Rpc, br#"{"id": 1}"#, &fault);
        let action = |fault: Fault| failed(&fault);
        let unknown = || Fault::new(FaultKind::Unknown, "it went");
        let is_answer = |answer: Response| {
            let leaving = leaving.clone();
            async move { told(&leaving, answer).await.headers().contains_key(&ANSWERED) }
        };
        assert!(is_answer(rpc(Fault::not_served())).await && is_answer(action(Fault::not_served())).await);
        leaving.cancel();
        for fault in [Fault::not_served, Fault::stopping] {
            assert!(!is_answer(rpc(fault())).await && !is_answer(action(fault())).await);
        }
        assert!(is_answer(rpc(unknown())).await && is_answer(action(unknown())).await);
        // That there is no room for what a switch says does not mean that nothing was begun.
        let no_room = Fault::new(FaultKind::Busy, "there is no room for the reply");
        assert!(is_answer(rpc(no_room)).await);
        let of_several = |outcome| {
            let mut fault = Fault::not_served();
            fault.switches = ["not-started", outcome].map(of_switch).into();
            fault
        };
        assert!(!is_answer(rpc(of_several("not-started"))).await);
        assert!(is_answer(rpc(of_several("rolled-back"))).await);
        let done = json!({"jsonrpc": "2.0", "id": 1, "result": {"kind": "busy"}}).to_string();
        let answer = told(&leaving, json_response(StatusCode::OK, done.clone())).await;
        assert!(answer.headers().contains_key(&ANSWERED));
        assert_eq!(axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap(), done);
    }

    #[test]
    fn a_request_is_looked_into_and_nothing_else_is() {
        let rpc = |text: &str| Envelope::Rpc.open(text.as_bytes()).map(|(method, _)| method);
        assert_eq!(rpc(r#"{"method": "reset_port", "params": {}}"#), Some("reset_port".to_owned()));
        for text in ["", "[]", "{}", r#"{"method": 1, "params": {}}"#, r#"{"method": "get_switches"}"#] {
            assert_eq!(rpc(text), None, "{text}");
        }
        let action = Envelope::Action.open(br#"{"type": "attach_port", "payload": {}}"#);
        assert_eq!(action.unwrap().0, "attach_port");
    }
}
