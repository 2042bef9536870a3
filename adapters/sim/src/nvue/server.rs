//! HTTP/1.1 over TLS in front.

use std::{convert::Infallible, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};
use tokio_rustls::TlsAcceptor;

use super::{
    NVUE_PASSWORD, NVUE_USER, NvueFault, NvueHandle, NvueRequest,
    store::{Ending, Refused},
};

/// Bytes of a request's body.
const REQUEST: usize = 4 << 20;
const ROOT: &str = "/nvue_v1";

/// Accepts connections until the switch stops.
pub(super) async fn listen(
    listener: TcpListener,
    tls: TlsAcceptor,
    switch: NvueHandle,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    continue;
                }
            },
            _ = stopped.changed() => return,
        };
        let (tls, switch, mut stopped) = (tls.clone(), switch.clone(), stopped.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection(stream, tls, switch) => {}
                _ = stopped.changed() => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, switch: NvueHandle) {
    let stream = match tls.accept(stream).await {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(%error, "TLS handshake"),
    };
    let breaking = Arc::new(Notify::new());
    let service = service_fn(|request| {
        let (switch, breaking) = (switch.clone(), Arc::clone(&breaking));
        async move {
            match answer(&switch, request).await {
                Some(answer) => Ok::<_, Infallible>(answer),
                None => {
                    breaking.notify_one();
                    std::future::pending().await
                }
            }
        }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        biased;
        () = breaking.notified() => {}
        ended = serving => if let Err(error) = ended {
            tracing::debug!(%error, "the connection ended");
        },
    }
}

/// What is answered; nothing where the connection breaks.
async fn answer(switch: &NvueHandle, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let expected = format!("Basic {}", STANDARD.encode(format!("{NVUE_USER}:{NVUE_PASSWORD}")));
    if head.headers.get(header::AUTHORIZATION).is_none_or(|given| given.as_bytes() != expected.as_bytes()) {
        return Some(told(401, &json!({"detail": "who are you?"})));
    }
    let Ok(body) = Limited::new(body, REQUEST).collect().await else {
        return Some(told(413, &json!({"detail": "too large"})));
    };
    let body = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
    let path = head.uri.path().strip_prefix(ROOT).unwrap_or("?").to_owned();
    let Some(asked) = Asked::read(&head.method, &path, head.uri.query().unwrap_or_default(), body) else {
        return Some(told(404, &json!({"detail": "there is nothing here"})));
    };
    let fault = switch.meet(asked.kind());
    if let Some(NvueFault::Foreign(patch)) = &fault {
        switch.apply(patch);
    }
    let ending = match &fault {
        Some(NvueFault::DropBefore) => return None,
        Some(NvueFault::Refuse(status, detail)) => return Some(told(*status, &json!({"detail": detail}))),
        Some(NvueFault::Hang) => Ending::Hangs,
        Some(NvueFault::Invalid(words)) => Ending::Invalid(words.clone()),
        _ => Ending::Usual,
    };
    let asked = match (asked, &fault) {
        (Asked::State(name, state, _), Some(NvueFault::Final)) => Asked::State(name, state, Value::Null),
        (asked, _) => asked,
    };
    let done = asked.done(switch, ending);
    match fault {
        Some(NvueFault::DropAfter) => return None,
        Some(NvueFault::RefuseAfter(status, detail)) => return Some(told(status, &json!({"detail": detail}))),
        _ => {}
    }
    Some(match done {
        Ok(value) => told(200, &value),
        Err(Refused(status, detail)) => told(status, &json!({"detail": detail, "status": status})),
    })
}

fn told(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

enum Asked {
    Show(String),
    Interfaces,
    System,
    Make,
    Merge(String, Value),
    /// Another state for a revision.
    State(String, String, Value),
    Ask(String),
    All,
    Delete(String),
}

impl Asked {
    fn read(method: &Method, path: &str, query: &str, body: Value) -> Option<Self> {
        let revision = query.split('&').find_map(|pair| pair.strip_prefix("rev="));
        Some(match (method, path) {
            (&Method::GET, "/") => Self::Show(revision.unwrap_or("applied").to_owned()),
            (&Method::GET, "/interface") => Self::Interfaces,
            (&Method::GET, "/system") => Self::System,
            (&Method::POST, "/revision") => Self::Make,
            (&Method::PATCH, "/") => Self::Merge(revision?.to_owned(), body),
            (&Method::GET, "/revision") => Self::All,
            (method, path) => {
                let name = path.strip_prefix("/revision/")?.to_owned();
                match *method {
                    Method::GET => Self::Ask(name),
                    Method::DELETE => Self::Delete(name),
                    Method::PATCH => Self::State(name, body.get("state")?.as_str()?.to_owned(), body),
                    _ => return None,
                }
            }
        })
    }

    fn kind(&self) -> NvueRequest {
        match self {
            Self::Show(_) | Self::Interfaces | Self::System => NvueRequest::Show,
            Self::Make => NvueRequest::Make,
            Self::Merge(..) => NvueRequest::Merge,
            Self::State(_, state, _) => match state.as_str() {
                "save" => NvueRequest::Save,
                "confirm_yes" => NvueRequest::Confirm,
                "confirm_no" => NvueRequest::Reject,
                _ => NvueRequest::Apply,
            },
            Self::Ask(_) | Self::All => NvueRequest::Ask,
            Self::Delete(_) => NvueRequest::Delete,
        }
    }

    fn done(self, switch: &NvueHandle, ending: Ending) -> Result<Value, Refused> {
        let store = &mut switch.state().store;
        store.lapse();
        match self {
            Self::Show(name) => {
                let shown = store.config(&name).cloned();
                // What is at work ends behind the back of who reads.
                store.end_all();
                shown
            }
            Self::Interfaces => Ok(store.interfaces()),
            Self::System => Ok(json!({"build": "Cumulus Linux (simulated)"})),
            Self::Make => Ok(store.make()),
            Self::Merge(name, patch) => store.merge(&name, &patch).map(|()| patch),
            Self::State(name, state, asked) => match (name.as_str(), state.as_str()) {
                ("applied", "save") => Ok(store.save()),
                (name, "apply") => store.apply(name, &asked, ending),
                (name, "confirm_yes") => store.answer(name, true),
                (name, "confirm_no") => store.answer(name, false),
                (name, state) => Err(Refused(400, format!("revision {name} may not become {state}"))),
            },
            Self::Ask(name) => store.shown(&name),
            Self::All => Ok(store.all()),
            Self::Delete(name) => store.delete(&name).map(|()| json!({})),
        }
    }
}
