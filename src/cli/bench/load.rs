//! Clients that call one port after the other, each on a connection of its
//! own, and what their calls took.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, header},
};
use http_body_util::BodyExt;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::cli::Failure;

/// What is called how often.
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) method: &'static str,
    pub(super) requests: usize,
}

struct Sample {
    time: Duration,
    flights: u64,
}

impl Load {
    /// `clients` at once, on the ports of the switches in turn; every call
    /// changes its port's VLAN. One call per client warms up.
    pub(super) async fn run(
        &self,
        row: &str,
        switches: &[(String, Vec<String>)],
        clients: usize,
    ) -> Result<Value, Failure> {
        let ports: Vec<(String, String)> = switches
            .iter()
            .flat_map(|(switch, ports)| ports.iter().map(|port| (switch.clone(), port.clone())))
            .collect();
        let each = self.requests / clients.max(1);
        let mut tasks = JoinSet::new();
        for (switch, port) in ports.iter().cycle().take(clients) {
            let (address, method) = (self.address, self.method);
            let (switch, port) = (switch.clone(), port.clone());
            let client = client();
            call(&client, address, method, &switch, &port, 99).await?;
            tasks.spawn(async move {
                let mut samples = Vec::with_capacity(each);
                for number in 0..each {
                    let vlan = if number % 2 == 0 { 100 } else { 101 };
                    samples.push(call(&client, address, method, &switch, &port, vlan).await?);
                }
                Ok::<_, Failure>(samples)
            });
        }
        let begun = Instant::now();
        let mut samples = Vec::new();
        while let Some(finished) = tasks.join_next().await {
            samples.extend(finished.map_err(Failure::because)??);
        }
        Ok(summary(row, samples, begun.elapsed()))
    }

    /// How long each call took of one client on the only port there is, and the round trips of all
    /// of them.
    pub(super) async fn times(&self, switches: &[(String, Vec<String>)]) -> Result<(Vec<Duration>, u64), Failure> {
        let (client, mut times, mut flights) = (client(), Vec::new(), 0);
        for (switch, ports) in switches {
            for (port, number) in ports.iter().cycle().zip(0..=self.requests) {
                let vlan = if number % 2 == 0 { 100 } else { 101 };
                let sample = call(&client, self.address, self.method, switch, port, vlan).await?;
                // The first warms up.
                if number > 0 {
                    times.push(sample.time);
                    flights += sample.flights;
                }
            }
        }
        Ok((times, flights))
    }

    /// One call, to open a session.
    pub(super) async fn touch(&self, switch: &str) -> Result<(), Failure> {
        call(&client(), self.address, "update_port", switch, "Ethernet8", 100).await.map(drop)
    }
}

pub(super) fn client() -> Client<HttpConnector, Body> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

async fn call(
    client: &Client<HttpConnector, Body>,
    address: SocketAddr,
    method: &str,
    switch: &str,
    port: &str,
    vlan: u16,
) -> Result<Sample, Failure> {
    let params =
        json!({"switch_id": switch, "port_name": port, "description": "bench", "mode": "access", "native_vlan": vlan});
    let (result, time) = post(client, address, method, &params).await?;
    let report = result.get("switches").and_then(|switches| switches.get(0)).unwrap_or(&result);
    Ok(Sample { time, flights: report["flights"].as_u64().unwrap_or_default() })
}

/// The result of a call, and how long it took.
pub(super) async fn post(
    client: &Client<HttpConnector, Body>,
    address: SocketAddr,
    method: &str,
    params: &Value,
) -> Result<(Value, Duration), Failure> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let begun = Instant::now();
    let request = Request::post(format!("http://{address}/"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .map_err(Failure::because)?;
    let response = client.request(request).await.map_err(Failure::because)?;
    let body = response.into_body().collect().await.map_err(Failure::because)?.to_bytes();
    let time = begun.elapsed();
    let mut answer: Value = serde_json::from_slice(&body).map_err(Failure::because)?;
    let Some(result) = answer.get_mut("result") else {
        return Err(Failure::Other(format!("a call failed: {answer}")));
    };
    Ok((result.take(), time))
}

fn summary(row: &str, mut samples: Vec<Sample>, elapsed: Duration) -> Value {
    samples.sort_by_key(|sample| sample.time);
    let times: Vec<_> = samples.iter().map(|sample| sample.time).collect();
    let count = samples.len().max(1);
    let flights: u64 = samples.iter().map(|sample| sample.flights).sum();
    json!({
        "row": row,
        "calls": samples.len(),
        "per_second": (samples.len() as f64 / elapsed.as_secs_f64()).round(),
        "p50_ms": percentile(&times, 0.5),
        "p99_ms": percentile(&times, 0.99),
        "flights_per_call": (flights as f64 / count as f64 * 100.0).round() / 100.0,
    })
}

/// Of times in ascending order, in milliseconds.
pub(super) fn percentile(times: &[Duration], share: f64) -> f64 {
    let count = times.len().max(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count is a count")]
    let index = ((count as f64 * share) as usize).min(count - 1);
    times.get(index).map_or(0.0, |time| milliseconds(*time))
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}
