//! What is asked for: data, changes, operations, and what the server is.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Bytes, Incoming};
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use super::{
    ROOT,
    answer::{Answer, Refusal, answer, not_set},
    fields,
    patch::Patch,
    resource::{Resource, decoded, missing},
    write,
};
use crate::{
    datastore::Datastore,
    device::{Device, What, Write},
    fault::{Action, Moment},
    pattern::Pattern,
    refusal::{Refused, Tag},
    strikes::{Strikes, Struck},
};

/// Bytes of a request's body.
const REQUEST: usize = 4 * 1024 * 1024;
const PATCH: &str = "application/yang-patch+json";

/// One connection's requests.
pub(super) struct Face {
    device: Arc<Device>,
    known: bool,
    breaking: Arc<Notify>,
}

/// A request that has come whole.
struct Asked {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Face {
    pub(super) fn new(device: Arc<Device>, known: bool) -> Self {
        Self { device, known, breaking: Arc::default() }
    }

    /// Told when the connection is to break.
    pub(super) fn breaking(&self) -> Arc<Notify> {
        Arc::clone(&self.breaking)
    }

    /// What is answered; nothing ever, where the connection breaks first. What was begun goes
    /// on when its client has given up waiting for it: hence the task.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, REQUEST).collect().await else {
            return Refusal::new(Tag::TooBig, "the request is too large").answer(self.media());
        };
        let asked = Asked {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: body.to_bytes(),
        };
        let (device, known) = (Arc::clone(&self.device), self.known);
        let answered = tokio::spawn(async move { exchange(&device, known, &asked).await }).await;
        match answered {
            Ok(Ok(mut answer)) => {
                if self.device.options.restconf.closes {
                    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                answer
            }
            Ok(Err(Struck::Refused(refusal))) => refusal.answer(self.media()),
            Ok(Err(Struck::Broken)) | Err(_) => {
                self.breaking.notify_one();
                std::future::pending().await
            }
        }
    }

    fn media(&self) -> &'static str {
        media(&self.device)
    }
}

fn media(device: &Device) -> &'static str {
    if device.options.restconf.draft_media { "application/vnd.yang.data+json" } else { "application/yang-data+json" }
}

/// What is done less than is asked.
#[derive(Clone, Copy)]
struct Lie {
    ignore: bool,
    half: bool,
    part: bool,
}

impl Lie {
    fn of(strikes: &Strikes) -> Self {
        let any = |action| strikes.any(Moment::BeforeApply, &action);
        Self { ignore: any(Action::Ignore), half: any(Action::Half), part: any(Action::Part) }
    }
}

/// A request from its beginning to its end.
async fn exchange(device: &Arc<Device>, known: bool, asked: &Asked) -> Result<Answer, Struck<Refusal>> {
    let cut = device.cut();
    authenticate(device, known, &asked.headers)?;
    let operation = match asked.method {
        Method::GET | Method::HEAD => "restconf-get",
        Method::DELETE => "restconf-delete",
        Method::POST => "restconf-operation",
        _ => "restconf-patch",
    };
    let set = device.change(|state| {
        state.counters.rpcs += 1;
        state.counters.flights += 1;
        state.faults.meet(operation)
    });
    let mut strikes = Strikes::new(Arc::clone(device), cut, set);
    if !device.options.round_trip.is_zero() {
        strikes.pause(device.options.round_trip).await?;
    }
    strikes.strike(Moment::BeforeApply).await?;
    let lie = Lie::of(&strikes);
    let done = match asked.method {
        Method::GET | Method::HEAD => get(device, asked),
        Method::PATCH | Method::PUT | Method::DELETE => {
            let before = strikes.any(Moment::AfterApply, &Action::Twist).then(|| device.snapshot());
            let done = strikes.or_cut(change(device, asked, lie)).await?;
            if let Some(before) = before {
                device.twist(&before);
            }
            done
        }
        Method::POST => operate(device, asked, lie),
        _ => Err(Refusal::new(Tag::OperationNotSupported, "the method is not supported")),
    };
    strikes.strike(Moment::AfterApply).await?;
    Ok(done?)
}

fn get(device: &Device, asked: &Asked) -> Result<Answer, Refusal> {
    if asked.path == "/.well-known/host-meta" {
        let link = format!("<Link rel='restconf' href='{ROOT}'/>");
        let text = format!("<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>{link}</XRD>");
        return Ok(answer(StatusCode::OK, Some(("application/xrd+xml", text))));
    }
    accepts(device, &asked.headers)?;
    let path = asked.path.strip_prefix(ROOT).and_then(|path| path.strip_prefix("/data")).ok_or_else(missing)?;
    let capability = "/ietf-restconf-monitoring:restconf-state/capabilities";
    if path == capability {
        let body = json!({"ietf-restconf-monitoring:capabilities": {"capability": capabilities(device)}});
        return Ok(answer(StatusCode::OK, Some((media(device), body.to_string()))));
    }
    let resource = Resource::read(&Pattern::default(), path)?;
    let what = match parameter(&asked.query, "content").as_deref() {
        Some("config") => What::Configuration,
        Some("nonconfig") => What::State,
        _ => What::Both,
    };
    let running = device
        .shown(Datastore::Running, what)
        .map_err(|Refused(reasons)| reasons.first().map_or_else(missing, Refusal::of))?;
    device.change(|state| state.counters.gets += 1);
    let mut shown = resource.shown(&running).ok_or_else(missing)?;
    if let Some(text) = parameter(&asked.query, "fields") {
        let no_fields = || Refusal::new(Tag::InvalidValue, "fields: makes no sense, or is not supported");
        if !device.options.restconf.fields {
            return Err(no_fields());
        }
        // They are those of the resource, not of the object that names it.
        let inside = shown.as_object_mut().and_then(|members| members.values_mut().next()).ok_or_else(missing)?;
        *inside = fields::only(inside.take(), &text).ok_or_else(no_fields)?;
    }
    is_as_guarded(device, asked, &resource)?;
    let mut answer = answer(StatusCode::OK, Some((media(device), shown.to_string())));
    if let Some(tag) = entity_tag(device, &resource) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    Ok(answer)
}

async fn change(device: &Arc<Device>, asked: &Asked, lie: Lie) -> Result<Answer, Refusal> {
    accepts(device, &asked.headers)?;
    let path = asked.path.strip_prefix(ROOT).and_then(|path| path.strip_prefix("/data")).ok_or_else(missing)?;
    let resource = Resource::read(&Pattern::default(), path)?;
    let face = &device.options.restconf;
    let content = text(&asked.headers, &header::CONTENT_TYPE);
    let is_patch = content == PATCH && face.yang_patch && asked.method == Method::PATCH;
    if asked.method != Method::DELETE && !is_patch && content != media(device) {
        return Err(Refusal::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let patch = if is_patch { Some(Patch::read(&body(asked)?)?) } else { None };
    let (mut writes, mut unreadable) = match (&patch, &asked.method) {
        (Some(patch), _) => patch.writes(&resource),
        (None, &Method::DELETE) => (write::delete(&resource)?, None),
        (None, &Method::PUT) => (write::replace(&resource, &body(asked)?)?, None),
        (None, _) => {
            // Its target has to be there (RFC 8040 section 4.6.1), as a container always is.
            let running = device.read(Datastore::Running).map_err(|_| missing())?;
            if resource.pattern.0.iter().any(|step| step.key.is_some()) && resource.shown(&running).is_none() {
                return Err(missing());
            }
            (write::merge(&resource, &body(asked)?)?, None)
        }
    };
    let _turn = device.set_turn.lock().await;
    if !device.options.commit_time.is_zero() {
        tokio::time::sleep(device.options.commit_time).await;
    }
    is_as_guarded(device, asked, &resource)?;
    let ok = || patch.as_ref().map_or_else(|| answer(StatusCode::NO_CONTENT, None), Patch::done);
    if lie.ignore {
        return Ok(ok());
    }
    if lie.half || lie.part {
        writes.truncate(writes.len() / 2);
        unreadable = None;
    }
    let done = set(device, &writes, unreadable, face.atomic);
    match done {
        Ok(()) if lie.half => Err(Refusal::new(Tag::OperationFailed, "only the first half was done")),
        Ok(()) => {
            device.change(|state| state.counters.sets += 1);
            Ok(ok())
        }
        Err((at, refusal)) => match &patch {
            Some(patch) => Ok(patch.refused(at, refusal)),
            // What is to go and is not there has no resource.
            None if asked.method == Method::DELETE && is_missing(&refusal) => Err(missing()),
            None => Err(refusal),
        },
    }
}

fn set(
    device: &Arc<Device>,
    writes: &[Write],
    unreadable: Option<Refusal>,
    atomic: bool,
) -> Result<(), (Option<usize>, Refusal)> {
    match unreadable {
        Some(refusal) if atomic => Err((Some(writes.len()), refusal)),
        unreadable => {
            device.set(writes, None, atomic).map_err(not_set)?;
            unreadable.map_or(Ok(()), |refusal| Err((Some(writes.len()), refusal)))
        }
    }
}

fn is_missing(refusal: &Refusal) -> bool {
    refusal.errors.iter().any(|error| error["error-tag"] == "data-missing")
}

/// As IOS-XE has it: what copies running to startup.
fn operate(device: &Device, asked: &Asked, lie: Lie) -> Result<Answer, Refusal> {
    if asked.path != format!("{ROOT}/operations/cisco-ia:save-config") {
        return Err(missing());
    }
    if device.options.mode.startup() && !lie.ignore {
        let copied = device.copy(0, Datastore::Running, Datastore::Startup);
        copied.map_err(|Refused(reasons)| reasons.first().map_or_else(missing, Refusal::of))?;
    }
    let body = json!({"cisco-ia:output": {"result": "Save running-config successful"}});
    Ok(answer(StatusCode::OK, Some((media(device), body.to_string()))))
}

fn capabilities(device: &Device) -> Vec<&'static str> {
    let face = &device.options.restconf;
    let all = [
        (true, "urn:ietf:params:restconf:capability:defaults:1.0?basic-mode=explicit"),
        (face.fields, "urn:ietf:params:restconf:capability:fields:1.0"),
        (face.yang_patch, "urn:ietf:params:restconf:capability:yang-patch:1.0"),
    ];
    all.into_iter().filter_map(|(has, name)| has.then_some(name)).collect()
}

fn body(asked: &Asked) -> Result<Json, Refusal> {
    serde_json::from_slice(&asked.body)
        .map_err(|error| Refusal::new(Tag::MalformedMessage, format!("not JSON: {error}")))
}

fn accepts(device: &Device, headers: &HeaderMap) -> Result<(), Refusal> {
    let accepted = text(headers, &header::ACCEPT);
    let taken = accepted.split(',').any(|one| matches!(one.trim(), "*/*") || one.trim() == media(device));
    if taken || accepted.is_empty() { Ok(()) } else { Err(Refusal::bare(StatusCode::NOT_ACCEPTABLE)) }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(own, _)| *own == name).and_then(|(_, value)| decoded(value))
}

/// Of the datastore: what is kept of none of its resources stands for each (RFC 8040
/// section 3.5.2); or of the resource, with what it has.
fn entity_tag(device: &Device, resource: &Resource) -> Option<HeaderValue> {
    let face = &device.options.restconf;
    if !face.etags {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    // Another for who is shown something else (RFC 9110 section 8.8.1).
    let running = device.shown(Datastore::Running, What::Configuration).ok()?;
    if face.own_etags {
        format!("{:?}", resource.pattern).hash(&mut hasher);
        resource.shown(&running).map(|shown| shown.to_string()).hash(&mut hasher);
    } else {
        running.to_json(device.root()).to_string().hash(&mut hasher);
    }
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).ok()
}

/// RFC 9110 section 13.1.1, whatever the method.
fn is_as_guarded(device: &Device, asked: &Asked, resource: &Resource) -> Result<(), Refusal> {
    let guard = asked.headers.get(header::IF_MATCH).filter(|_| !device.options.restconf.etags_alone);
    match guard.zip(entity_tag(device, resource)) {
        Some((guard, tag)) if tag != guard => Err(Refusal::bare(StatusCode::PRECONDITION_FAILED)),
        _ => Ok(()),
    }
}

/// RFC 7617. Without a password comes in who is known; but what is said has to be true.
fn authenticate(device: &Device, known: bool, headers: &HeaderMap) -> Result<(), Refusal> {
    let options = &device.options;
    let said = headers.get(header::AUTHORIZATION);
    let right = match (said, options.password.as_ref().map(ExposeSecret::expose_secret)) {
        (None, _) => known,
        (Some(_), None) => false,
        (Some(said), Some(password)) => {
            let wanted = format!("Basic {}", STANDARD.encode(format!("{}:{password}", options.username)));
            said.as_bytes() == wanted.as_bytes()
        }
    };
    if right { Ok(()) } else { Err(Refusal::bare(StatusCode::UNAUTHORIZED)) }
}
