//! The JSON-RPC 2.0 envelope, and the hand-over to jsonrpsee.

use std::{borrow::Cow, sync::Arc, time::Duration};

use jsonrpsee::{
    ConnectionId, Extensions, MethodCallback, MethodResponse, Methods, RpcModule,
    types::{ErrorObjectOwned, Id, Params},
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json, value::RawValue};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    methods::{self, METHODS},
    told,
    unique::duplicate,
};
use crate::{
    config::Limits,
    fault::{Fault, FaultKind},
    service::{Current, Requester, Service},
    waits::Waits,
};

/// Answers have a bound of their own before they come to jsonrpsee's.
const MAX_RESPONSE: usize = 2 * told::MAX_ANSWER;

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// A JSON-RPC response.
    Response(String),
    /// A notification was carried out; there is nothing to say.
    Nothing,
}

/// Bodies in, answers out.
#[derive(Clone)]
pub struct Front {
    methods: Methods,
    current: Arc<Current>,
    depth: usize,
    timeout: Duration,
    slots: Arc<Semaphore>,
    /// Nobody is kept waiting any more.
    over: CancellationToken,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// An id that is null is there; only one that is missing makes a notification.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Whoever waits gives up when this is dropped.
struct GivesUp(Waits);

impl GivesUp {
    fn of(who: &mut Requester) -> Self {
        Self(who.gone.insert(Waits::default()).clone())
    }
}

impl Drop for GivesUp {
    fn drop(&mut self) {
        let _nobody_to_tell = self.0.give_up();
    }
}

impl Front {
    /// A front before a service, and before those that take its place.
    ///
    /// # Errors
    /// Two methods of one name.
    pub fn new(current: Arc<Current>, limits: &Limits) -> Result<Self, jsonrpsee::core::RegisterMethodError> {
        let mut module = RpcModule::new(Arc::clone(&current));
        for method in METHODS {
            module.register_async_method(method, move |params, current, extensions| async move {
                let who = extensions.get::<Requester>().cloned().unwrap_or_default();
                let params: Value = params
                    .as_str()
                    .map_or(Ok(json!({})), serde_json::from_str)
                    .map_err(|error| error_object(&Fault::params("params", format!("cannot be read: {error}"))))?;
                let answer = methods::call(&current.service(), method, &params, who).await.and_then(told::bounded);
                answer.map_err(|fault| error_object(&fault))
            })?;
        }
        Ok(Self {
            methods: module.into(),
            current,
            depth: limits.max_json_depth,
            timeout: limits.request_timeout,
            slots: Arc::new(Semaphore::new(limits.max_in_flight)),
            over: CancellationToken::new(),
        })
    }

    /// Answers everybody who waits, now: the process comes to its end.
    pub fn end(&self) {
        self.over.cancel();
    }

    /// Answers one body. The call runs in a task of its own: once begun it is
    /// finished, even if this future is dropped. A request that still waits for
    /// its switch then is dropped too, but a notification never is: whoever
    /// sends one does not wait.
    pub async fn answer(&self, body: &[u8], mut who: Requester) -> Answered {
        let (id, method, params) = match self.read(body) {
            Ok(request) => request,
            Err(response) => return Answered::Response(text(*response)),
        };
        let waiting = id.is_some().then(|| GivesUp::of(&mut who));
        let response_id = id.clone().unwrap_or(Id::Null);
        let response = self.dispatch(response_id, &method, params, who, waiting.as_ref()).await;
        match id {
            Some(_) => Answered::Response(text(response)),
            None => {
                if let Some(code) = response.as_error_code() {
                    tracing::warn!(method, code, "a notification failed and nobody is told");
                }
                Answered::Nothing
            }
        }
    }

    /// Calls a method for the envelope of the design; same code path.
    ///
    /// # Errors
    /// What is wrong with the parameters, or what happened on the switches.
    pub async fn act(&self, method: &str, params: Value, mut who: Requester) -> Result<Value, Fault> {
        let waiting = GivesUp::of(&mut who);
        let (timeout, doubted) = (self.timeout(&who), doubted(&who));
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else { return Err(doubted(busy())) };
        let (service, method) = (self.current.service(), method.to_owned());
        let call = async move {
            let _slot = slot;
            methods::call(&service, &method, &params, who).await
        };
        self.answered(timeout, call, Some(&waiting)).await.map_err(doubted).flatten().and_then(told::bounded)
    }

    /// What comes of a call, which goes on when nobody waits for it any more.
    async fn answered<T: Send + 'static>(
        &self,
        timeout: Duration,
        call: impl Future<Output = T> + Send + 'static,
        waiting: Option<&GivesUp>,
    ) -> Result<T, Fault> {
        tokio::select! {
            biased;
            ended = tokio::spawn(call.in_current_span()) => {
                ended.map_err(|_| Fault::new(FaultKind::Internal, "the call ended without an answer; see the log"))
            }
            () = tokio::time::sleep(timeout) => Err(too_long(timeout, waiting)),
            () = self.over.cancelled() => Err(cut_off(waiting)),
        }
    }

    /// The service that answers now.
    pub(super) fn service(&self) -> Arc<Service> {
        self.current.service()
    }

    /// Whether there is a method of that name.
    #[must_use]
    pub fn knows(&self, method: &str) -> bool {
        METHODS.contains(&method)
    }

    async fn dispatch(
        &self,
        id: Id<'static>,
        method: &str,
        params: Params<'static>,
        who: Requester,
        waiting: Option<&GivesUp>,
    ) -> MethodResponse {
        let (timeout, doubted) = (self.timeout(&who), doubted(&who));
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            return MethodResponse::error(id, error_object(&doubted(busy())));
        };
        let mut extensions = Extensions::new();
        extensions.insert(who);
        match self.methods.method(method) {
            Some(MethodCallback::Async(callback)) => {
                let call = callback(id.clone(), params, ConnectionId(0), MAX_RESPONSE, extensions);
                let call = async move {
                    let _slot = slot;
                    call.await
                };
                let answered = self.answered(timeout, call, waiting).await;
                answered.unwrap_or_else(|fault| MethodResponse::error(id, error_object(&doubted(fault))))
            }
            _ => refuse(id, -32601, "there is no such method"),
        }
    }

    /// How long the caller is kept waiting: as long as it says, but no longer
    /// than the settings do.
    pub(super) fn timeout(&self, who: &Requester) -> Duration {
        who.patience.map_or(self.timeout, |patience| patience.min(self.timeout))
    }

    fn read(&self, body: &[u8]) -> Result<(Option<Id<'static>>, String, Params<'static>), Box<MethodResponse>> {
        let wrong = |id: Id<'static>, code, message: &str| Err(Box::new(refuse(id, code, message)));
        if !within_depth(body, self.depth) {
            return wrong(Id::Null, -32700, &format!("the request nests deeper than {} levels", self.depth));
        }
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return wrong(Id::Null, -32600, "batches are not supported");
        }
        // Members nobody reads are skipped unseen, so this is not found out below (RFC 8259 section 8.1).
        let Ok(body) = std::str::from_utf8(body) else { return wrong(Id::Null, -32700, "this is not UTF-8") };
        let envelope: Envelope<'_> = match serde_json::from_str(body) {
            Ok(envelope) => envelope,
            Err(error) if error.is_data() => return wrong(Id::Null, -32600, "this is not a JSON-RPC request"),
            Err(_) => return wrong(Id::Null, -32700, "this is not JSON"),
        };
        let id = match envelope.id.map(|raw| serde_json::from_str::<Id<'_>>(raw.get())) {
            None => None,
            Some(Ok(id)) => Some(id.into_owned()),
            Some(Err(_)) => return wrong(Id::Null, -32600, "id must be a text, a whole number from 0 or null"),
        };
        let response_id = || id.clone().unwrap_or(Id::Null);
        if envelope.jsonrpc.as_deref() != Some("2.0") {
            return wrong(response_id(), -32600, "jsonrpc must be \"2.0\"");
        }
        let Some(method) = envelope.method else { return wrong(response_id(), -32600, "method is missing") };
        if !self.knows(&method) {
            return wrong(response_id(), -32601, "there is no such method");
        }
        if let Some(key) = duplicate(body) {
            let fault = Fault::params(key.strip_prefix("params.").unwrap_or(&key), "is there twice");
            return Err(Box::new(MethodResponse::error(response_id(), error_object(&fault))));
        }
        let params = envelope.params.map(RawValue::get);
        Ok((id, method.into_owned(), Params::new(params).into_owned()))
    }
}

/// A fault as Ironic's client wants it: with the class that makes it raise
/// the right exception.
#[must_use]
pub(super) fn error_object(fault: &Fault) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(fault.kind.row().code, told::message(fault), Some(told::data(fault)))
}

/// A fault with its code, message and everything beside.
#[must_use]
pub fn error_json(fault: &Fault) -> Value {
    json!({"code": fault.kind.row().code, "message": told::message(fault), "data": told::data(fault)})
}

/// That nothing was begun here is not all, where another member may have.
fn doubted(who: &Requester) -> fn(Fault) -> Fault {
    if who.begun_elsewhere { methods::doubtful } else { std::convert::identity }
}

/// Where nothing has begun by now, it never will.
fn too_long(timeout: Duration, waiting: Option<&GivesUp>) -> Fault {
    let seconds = timeout.as_secs();
    match waiting {
        Some(GivesUp(waits)) if waits.give_up() => {
            let message = format!("its turn did not come within {seconds} s; nothing was sent, and nothing will be");
            Fault::new(FaultKind::Timeout, message)
        }
        _ => {
            let message = format!("begun and not finished within {seconds} s; it goes on, and the log will tell");
            Fault::new(FaultKind::Unknown, message)
        }
    }
}

/// The same, where the process ends.
fn cut_off(waiting: Option<&GivesUp>) -> Fault {
    match waiting {
        Some(GivesUp(waits)) if waits.give_up() => Fault::stopping(),
        _ => {
            let message = "Mercury was stopped before it was finished; look at the switch, which undoes by itself \
                           what was not confirmed, if it can";
            Fault::new(FaultKind::Unknown, message)
        }
    }
}

fn busy() -> Fault {
    Fault::new(FaultKind::Busy, "too many requests are under way")
}

fn refuse(id: Id<'static>, code: i32, message: &str) -> MethodResponse {
    MethodResponse::error(id, ErrorObjectOwned::owned(code, message, Some(json!({"kind": "request"}))))
}

fn text(response: MethodResponse) -> String {
    String::from(Box::<str>::from(response.into_json()))
}

/// Whether brackets nest at most `limit` deep, counted before any of it is
/// parsed; brackets inside texts do not count.
fn within_depth(body: &[u8], limit: usize) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for byte in body {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => quoted = false,
            (true, _) => {}
            (false, b'"') => quoted = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
        if depth > limit {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::service::Service;

    #[test]
    fn depth_counts_brackets_outside_texts_only() {
        assert!(within_depth(br#"{"a": "[[[[[[", "b": "\"[[[["}"#, 1));
        assert!(within_depth(b"[[1]]", 2));
        assert!(!within_depth(b"[[[1]]]", 2));
    }

    async fn answer(body: &[u8]) -> String {
        let service = Current::new(Service::over(Inventory::default(), []));
        let front = Front::new(service, &Limits::default()).unwrap();
        let Answered::Response(text) = front.answer(body, Requester::default()).await else { panic!("carried out") };
        text
    }

    #[tokio::test]
    async fn a_body_that_is_not_utf_8_is_never_carried_out() {
        let text = answer(b"{\"jsonrpc\": \"2.0\", \"method\": \"get_switches\", \"x\": \"\xff\"}").await;
        assert!(text.contains("-32700"), "{text}");
    }

    #[tokio::test]
    async fn a_version_of_any_length_is_shown_briefly() {
        let version = format!("\u{7f}{}", "9".repeat(10_000));
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "get_switches", "params": {"rpc.version": version}});
        let text = answer(body.to_string().as_bytes()).await;
        assert!(text.contains("-32602") && text.len() < 1000 && !text.contains('\u{7f}'), "{text}");
    }
}
