//! The task that sends spans to a collector.

use std::{path::PathBuf, time::Duration};

use axum::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Span, otlp};
use crate::{config::Collector, metrics, tls};

/// Where collectors listen for OTLP over HTTP.
const PORT: u16 = 4318;

/// Spans that are sent at once.
const AT_ONCE: usize = 512;
/// How long spans are gathered, and how long the collector may take for them.
const GATHERED: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(5);
/// Of the collector's answer no more than this is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// The collector, and whether the last of it was bad.
pub(super) struct Exporter {
    host: String,
    port: u16,
    authority: String,
    target: String,
    /// In plain HTTP where there is none.
    tls: Option<Trust>,
    is_failing: bool,
}

/// Whose certificate is believed: by this file, or else by what the system trusts.
struct Trust {
    ca: Option<PathBuf>,
}

impl Exporter {
    pub(super) fn new(collector: &Collector) -> Self {
        let endpoint = &collector.endpoint;
        let is_encrypted = endpoint.scheme_str() == Some("https");
        let path = endpoint.path_and_query().map(|target| target.as_str()).filter(|path| *path != "/");
        Self {
            host: endpoint.host().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: endpoint.port_u16().unwrap_or(PORT),
            authority: endpoint.authority().map(ToString::to_string).unwrap_or_default(),
            target: path.unwrap_or("/v1/traces").to_owned(),
            tls: is_encrypted.then(|| Trust { ca: collector.ca.clone() }),
            is_failing: false,
        }
    }

    /// Sends what comes, until nobody is left to say anything.
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Span>) {
        let mut spans = Vec::with_capacity(AT_ONCE);
        while waiting.recv_many(&mut spans, AT_ONCE).await > 0 {
            // Those of one request come together.
            let gathering =
                async { while spans.len() < AT_ONCE && waiting.recv_many(&mut spans, AT_ONCE).await > 0 {} };
            let _time_is_over = timeout(GATHERED, gathering).await;
            let sent = timeout(PATIENCE, Box::pin(self.send(&spans))).await;
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
        let Some(Trust { ca }) = &self.tls else { return over(stream, request).await };
        let connector = tls::connector(ca.clone()).await.map_err(|error| told(&error))?;
        let name = ServerName::try_from(self.host.clone()).map_err(|error| told(&error))?;
        over(connector.connect(name, stream).await.map_err(|error| told(&error))?, request).await
    }
}

/// Sends a request, and says what came of it.
async fn over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(), String> {
    let told = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(told)?;
    let driving = tokio::spawn(connection);
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(told)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_and_a_path_has_those_of_otlp() {
        for (endpoint, host, port, target, is_encrypted) in [
            ("http://[::1]/v1/other", "::1", 4318, "/v1/other", false),
            ("https://collector.example.org", "collector.example.org", 4318, "/v1/traces", true),
            ("https://192.0.2.1:443/", "192.0.2.1", 443, "/v1/traces", true),
        ] {
            let exporter = Exporter::new(&Collector { endpoint: endpoint.parse().unwrap(), ca: None });
            assert_eq!((exporter.host.as_str(), exporter.port, exporter.target.as_str()), (host, port, target));
            assert_eq!(exporter.tls.is_some(), is_encrypted, "{endpoint}");
        }
    }
}
