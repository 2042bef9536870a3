//! The task that sends spans to a collector.

use std::time::Duration;

use axum::http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::mpsc, time::timeout};

use super::{Span, otlp};
use crate::metrics;

/// Spans that are sent at once.
const AT_ONCE: usize = 512;
/// How long spans are gathered, and how long the collector may take for them.
const GATHERED: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(5);
/// Of the collector's answer no more than this is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Not the address of a collector.
#[derive(Debug, thiserror::Error)]
#[error("must be http:// with a host, a port and a path, as http://127.0.0.1:4318/v1/traces")]
pub struct NoEndpoint;

/// The collector, and whether the last of it was bad.
pub(super) struct Exporter {
    host: String,
    port: u16,
    authority: String,
    target: String,
    is_failing: bool,
}

impl Exporter {
    pub(super) fn new(endpoint: &str) -> Result<Self, NoEndpoint> {
        let uri: Uri = endpoint.parse().map_err(|_| NoEndpoint)?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or(NoEndpoint)?;
        if authority.as_str().contains('@') {
            return Err(NoEndpoint);
        }
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(4318),
            authority: authority.to_string(),
            target: uri.path_and_query().map_or("/v1/traces", |target| target.as_str()).to_owned(),
            is_failing: false,
        })
    }

    /// Sends what comes, until nobody is left to say anything.
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Span>) {
        let mut spans = Vec::with_capacity(AT_ONCE);
        while waiting.recv_many(&mut spans, AT_ONCE).await > 0 {
            // Those of one request come together.
            let gathering =
                async { while spans.len() < AT_ONCE && waiting.recv_many(&mut spans, AT_ONCE).await > 0 {} };
            let _time_is_over = timeout(GATHERED, gathering).await;
            let sent = timeout(PATIENCE, self.send(&spans)).await;
            let error = match sent {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(_) => Some("it did not answer in time".to_owned()),
            };
            if let Some(error) = &error {
                metrics::lost_spans(u64::try_from(spans.len()).unwrap_or_default());
                if !self.is_failing {
                    tracing::warn!(collector = self.authority, error, "traces are not collected");
                }
            } else if self.is_failing {
                tracing::info!(collector = self.authority, "traces are collected again");
            }
            self.is_failing = error.is_some();
            spans.clear();
        }
    }

    async fn send(&self, spans: &[Span]) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        let body = otlp::request(spans).to_string();
        let request = Request::builder().method(Method::POST).uri(&self.target).header(header::HOST, &self.authority);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| told(&error))?;
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| told(&error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| told(&error))?;
        let driving = tokio::spawn(connection);
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(|error| told(&error))?;
            let status = answer.status();
            let _read = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            Ok(status)
        };
        let answered: Result<StatusCode, String> = exchange.await;
        driving.abort();
        match answered? {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answered with status {status}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_plain_http() {
        let exporter = Exporter::new("http://[::1]/v1/traces").unwrap();
        assert_eq!((exporter.host.as_str(), exporter.port, exporter.target.as_str()), ("::1", 4318, "/v1/traces"));
        for text in ["", "127.0.0.1:4318", "https://localhost:4318/v1/traces", "http://user:word@localhost/v1/traces"] {
            assert!(Exporter::new(text).is_err(), "{text}");
        }
    }
}
