//! What a large answer takes of the memory, and what a session keeps when it has understood one, as
//! the allocator of this process sees it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made is a failure of the test")]

use std::{convert::Infallible, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mercury_adapter::{Answer, Reading, Session, Step, builtin};
use mercury_gnmi::GnmiOptions;
use mercury_gnmi_proto::gnmi::{GetResponse, Notification, Path, PathElem, TypedValue, Update, typed_value::Value};
use mercury_model::{InterfaceScope, Running, Scope};
use peak_alloc::PeakAlloc;
use prost::Message as _;
use tokio::io::{DuplexStream, duplex};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Octets that a session keeps at most.
const KEPT: usize = 256 << 10;

/// What the allocator is asked for at most, for each octet of an answer that is nothing but ports, with
/// what the windows of HTTP/2 hold.
const TIMES: usize = 3;
const WINDOWS: usize = 512 << 10;

const PORTS: usize = 8_000;

/// Ports, as a message of gRPC.
fn ports(count: usize) -> Bytes {
    let entry = |port| {
        format!(
            r#"{{"name":"Ethernet{port}","config":{{"name":"Ethernet{port}","mtu":9214,"description":"server {port} of others"}},"openconfig-if-ethernet:ethernet":{{"openconfig-vlan:switched-vlan":{{"config":{{"interface-mode":"ACCESS","access-vlan":{}}}}}}}}}"#,
            port % 4000 + 1
        )
    };
    let entries: Vec<String> = (1..=count).map(entry).collect();
    let json = format!("{{\"openconfig-interfaces:interface\":[{}]}}", entries.join(","));
    let path =
        Path { elem: vec![PathElem { name: "interfaces".to_owned(), ..PathElem::default() }], ..Path::default() };
    let val = Some(TypedValue { value: Some(Value::JsonIetfVal(json.into_bytes())) });
    let update = vec![Update { path: Some(path), val, ..Update::default() }];
    let notification = vec![Notification { update, ..Notification::default() }];
    let message = GetResponse { notification, ..GetResponse::default() }.encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    framed.into()
}

/// Answers a Get for all ports with the one, and for any one with the other.
async fn serve(stream: DuplexStream, all: Bytes, one: Bytes) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let (all, one) = (all.clone(), one.clone());
        async move {
            let is_get = request.uri().path() == "/gnmi.gNMI/Get";
            let asked = request.into_body().collect().await.unwrap().to_bytes();
            let asks = |name: &[u8]| asked.windows(name.len()).any(|window| window == name);
            let (status, body) = match () {
                () if !is_get => ("12", Bytes::new()),
                () if asks(b"lacp") || asks(b"network-instances") => ("5", Bytes::new()),
                () if asks(b"Ethernet1") => ("0", one),
                () => ("0", all),
            };
            let trailers = http::HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.parse().unwrap())]);
            let body = Full::new(body).with_trailers(async move { Some(Ok::<_, Infallible>(trailers)) });
            Ok::<_, Infallible>(Response::builder().header("content-type", "application/grpc").body(body).unwrap())
        }
    });
    let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    serving.serve_connection(TokioIo::new(stream), answer).await.unwrap();
}

async fn read(session: &mut dyn Session, scope: Scope) -> Running {
    let mut flight = session.flight(&[Step::Read(scope)], Duration::from_secs(60)).await;
    match flight.results.pop() {
        Some(Ok(Answer::Running(running))) => *running,
        other => panic!("{other:?} {:?}", flight.lost),
    }
}

#[tokio::test]
async fn a_session_keeps_little_of_a_large_answer() {
    let (ours, theirs) = duplex(16 << 10);
    let all = ports(PORTS);
    let size = all.len();
    assert!(size > 1 << 20, "{size}");
    tokio::spawn(serve(theirs, all, ports(1)));
    let dialects = builtin().unwrap();
    let dialect = dialects.iter().find(|dialect| dialect.name == "openconfig").unwrap().gnmi.clone().unwrap();
    let options = GnmiOptions { tls: None, reading: Some(Reading::Get), ..GnmiOptions::new("memory", 9339) };
    let mut session = mercury_gnmi::conformance::session(ours, &options, Arc::new(dialect)).await.unwrap();
    // What is needed once is there with the first.
    let named = InterfaceScope::Named(["Ethernet1".parse().unwrap()].into());
    let one = Scope { interfaces: named, ..Scope::default() };
    assert_eq!(read(&mut *session, one).await.interfaces.len(), 1);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let running = read(&mut *session, Scope { interfaces: InterfaceScope::All, ..Scope::default() }).await;
    let most = ALLOCATOR.peak_usage() - before;
    assert_eq!(running.interfaces.len(), PORTS);
    drop(running);
    let kept = ALLOCATOR.current_usage().saturating_sub(before);
    println!("{} KiB of an answer of {} KiB are kept; {} KiB at most were taken", kept >> 10, size >> 10, most >> 10);
    assert!(kept <= KEPT, "{kept} octets");
    assert!(most <= TIMES * size + WINDOWS, "{most} octets for {size}");
}
