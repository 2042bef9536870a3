//! Requests to another member.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Request, header},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use mercury_tls::{ClientIdentity, TlsOptions, Trust};

use super::{ANSWERED, Answer, Courier, Unanswered};
use crate::{
    config::{self, FileAccess, fleet::host_and_port},
    inventory::SecretRef,
    tls::{ClientName, shown_names},
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// A silent connection is probed after this time.
const KEEPALIVE: Duration = Duration::from_secs(4);
/// How many connections to one member are kept that nothing is asked on.
const KEPT: usize = 64;
/// The largest answer, in bytes: twice what a method's may have, with its envelope.
const MAX_ANSWER: usize = 17 << 20;

/// The connections to other members.
pub(super) struct Peers {
    cert: PathBuf,
    key: SecretRef,
    ca: PathBuf,
    /// The names of which a member's certificate bears one.
    members: Vec<ClientName>,
    idle: Mutex<HashMap<String, Vec<SendRequest<Full<Bytes>>>>>,
}

impl Courier for Peers {
    fn ask<'a>(
        &'a self,
        address: &'a str,
        path: &'static str,
        headers: HeaderMap,
        body: Bytes,
    ) -> BoxFuture<'a, Result<Answer, Unanswered>> {
        self.posted(address, path, headers, body).boxed()
    }
}

impl Peers {
    pub(super) fn new(settings: &config::Fleet) -> Self {
        let access: FileAccess = settings.access;
        let key = SecretRef::File { path: settings.key.clone(), access };
        let (cert, ca, members) = (settings.cert.clone(), settings.ca.clone(), settings.members.clone());
        Self { cert, key, ca, members, idle: Mutex::default() }
    }

    /// One request, and the answer to it.
    async fn posted(
        &self,
        address: &str,
        path: &'static str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Unanswered> {
        let request = |headers: HeaderMap, body: Bytes| {
            let mut request = Request::builder().method(Method::POST).uri(path).header(header::HOST, address);
            if let Some(all) = request.headers_mut() {
                all.extend(headers);
            }
            request.body(Full::new(body)).map_err(|error| error.to_string())
        };
        while let Some(mut kept) = self.kept(address) {
            // One that was closed while nothing was asked on it was not asked.
            if kept.ready().await.is_err() {
                continue;
            }
            let request = request(headers.clone(), body.clone()).map_err(Unanswered::NotTaken)?;
            match kept.try_send_request(request).await {
                Ok(response) => return self.answer(address, kept, response).await,
                Err(mut error) => match error.take_message() {
                    Some(_not_sent) => {}
                    None => return Err(Unanswered::Lost(error.into_error().to_string())),
                },
            }
        }
        let mut fresh = self.connect(address).await.map_err(Unanswered::NotTaken)?;
        let request = request(headers, body).map_err(Unanswered::NotTaken)?;
        match fresh.try_send_request(request).await {
            Ok(response) => self.answer(address, fresh, response).await,
            Err(mut error) => {
                let is_unsent = error.take_message().is_some();
                let reason = error.into_error().to_string();
                Err(if is_unsent { Unanswered::NotTaken(reason) } else { Unanswered::Lost(reason) })
            }
        }
    }

    async fn answer(
        &self,
        address: &str,
        connection: SendRequest<Full<Bytes>>,
        response: hyper::Response<hyper::body::Incoming>,
    ) -> Result<Answer, Unanswered> {
        let (head, body) = response.into_parts();
        if !head.headers.contains_key(&ANSWERED) {
            return Err(Unanswered::NotTaken(format!("it does not take the request, with status {}", head.status)));
        }
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|error| Unanswered::Lost(error.to_string()))?.to_bytes();
        let mut headers = HeaderMap::new();
        for name in [header::CONTENT_TYPE, header::RETRY_AFTER] {
            if let Some(value) = head.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let mut idle = self.idle();
        let idle = idle.entry(address.to_owned()).or_default();
        idle.retain(|other| !other.is_closed());
        if idle.len() < KEPT && !connection.is_closed() {
            idle.push(connection);
        }
        Ok(Answer { status: head.status, headers, body })
    }

    async fn connect(&self, address: &str) -> Result<SendRequest<Full<Bytes>>, String> {
        let (host, port) = host_and_port(address).ok_or_else(|| format!("{address:?} is no host and port"))?;
        let key = self.key.obtain().await.map_err(|error| error.to_string())?;
        let options = TlsOptions {
            trust: Trust::Roots(vec![self.ca.clone()]),
            server_name: None,
            identity: Some(ClientIdentity { certificate: self.cert.clone(), key }),
        };
        let socket = mercury_tls::reach(host, port, KEEPALIVE, CONNECT).await.map_err(|error| error.message)?;
        let stream = mercury_tls::secure(socket, host, &options, &[b"http/1.1"], CONNECT)
            .await
            .map_err(|error| error.message)?;
        // The authority may have signed others; who is no member is told nothing of callers.
        let shown = shown_names(stream.get_ref().1);
        if !shown.iter().any(|name| self.members.contains(name)) {
            let shown: Vec<_> = shown.iter().map(ToString::to_string).collect();
            return Err(format!("its certificate is no member's, but bears {}", shown.join(", ")));
        }
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a member has ended");
            }
        });
        Ok(sender)
    }

    fn kept(&self, address: &str) -> Option<SendRequest<Full<Bytes>>> {
        self.idle().get_mut(address)?.pop()
    }

    /// Nothing in between can panic.
    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<SendRequest<Full<Bytes>>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
