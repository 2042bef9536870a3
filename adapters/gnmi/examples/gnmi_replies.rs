//! What reading a large configuration over gNMI costs: time, and the most
//! memory it took, as a multiple of the reply.
//!
//! ```console
//! $ cargo run --release -p mercury-gnmi --example gnmi_replies -- 1000 10000 100000
//! ```
//!
//! Linux alone tells the peak (`/proc/self/clear_refs`, proc(5)). The server is a
//! reply made beforehand, so what grows is the client's.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement for people")]

use std::{
    convert::Infallible,
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mercury_adapter::{Answer, Flight, Reading, Step};
use mercury_gnmi::GnmiOptions;
use mercury_gnmi_proto::gnmi::{
    GetResponse, Notification, Path, PathElem, SubscribeResponse, TypedValue, Update, subscribe_response, typed_value,
};
use mercury_model::Scope;
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};

const SHAPES: [Shape; 3] = [Shape::Whole, Shape::Entries, Shape::Leaves];

/// How a configuration is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// One JSON object.
    Whole,
    /// One JSON object for each list entry.
    Entries,
    /// Leaf by leaf, by subscription, a message for each entry.
    Leaves,
}

/// Each row is measured in a process of its own, and its server is another one:
/// memory that was freed is not always given back.
#[tokio::main]
async fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|count| count.parse().ok()).collect();
    let said = (std::env::var("ROLE"), std::env::var("SHAPE"));
    if let ((Ok(role), Ok(shape)), [ports, vlans, more]) = (said, asked.as_slice()) {
        let shape = SHAPES.into_iter().find(|known| format!("{known:?}") == shape).unwrap();
        return match role.as_str() {
            "server" => serve(shape, *ports, *vlans, *more).await,
            _ => measure(shape, *ports, *vlans, *more).await,
        };
    }
    let row = |shape, ports, vlans, more| {
        assert!(process("row", shape, [ports, vlans, more]).status().unwrap().success());
    };
    let asked = if asked.is_empty() { vec![1_000, 10_000, 100_000] } else { asked };
    for shape in SHAPES {
        asked.iter().for_each(|entries| row(shape, *entries, 0, 0));
    }
    row(Shape::Whole, 4_000, 4_000, 2);
}

/// This program in another role.
fn process(role: &str, shape: Shape, numbers: [usize; 3]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let numbers = numbers.map(|number| number.to_string());
    command.env("ROLE", role).env("SHAPE", format!("{shape:?}")).args(numbers);
    command
}

async fn measure(shape: Shape, ports: usize, vlans: usize, more: usize) {
    let row = format!("{ports} ports, {vlans} VLANs, {shape:?}");
    // What the program itself takes when it does this first is not the reply's.
    let _small = read(shape, 10, 10, more).await;
    let Read { size, took, peak, flight } = read(shape, ports, vlans, more).await;
    let found = match flight.results.last() {
        Some(Ok(Answer::Running(running))) => (running.interfaces.len(), running.vlans.len()),
        other => return println!("{row:<34} {:>6.1} MB  {other:?} {:?}", size as f64 / 1e6, flight.lost),
    };
    assert_eq!(found, (ports, vlans));
    println!(
        "{row:<34} {:>6.1} MB  {:>7} ms  peak {:>6.1} MB, {:.1} times the reply",
        size as f64 / 1e6,
        took.as_millis(),
        peak as f64 / 1e6,
        peak as f64 / size as f64,
    );
}

/// One reading of everything, from a server of its own.
struct Read {
    /// Octets of the reply.
    size: usize,
    took: Duration,
    /// The most octets that this process had more than before.
    peak: u64,
    flight: Flight,
}

async fn read(shape: Shape, ports: usize, vlans: usize, more: usize) -> Read {
    let mut server = process("server", shape, [ports, vlans, more]).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let (port, size) = said.trim().split_once(' ').unwrap();
    let (port, size): (u16, usize) = (port.parse().unwrap(), size.parse().unwrap());
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let dialects = mercury_adapter::builtin().unwrap();
    let dialect = dialects.into_iter().find(|dialect| dialect.name == "openconfig").unwrap().gnmi.clone().unwrap();
    let reading = if shape == Shape::Leaves { Reading::Subscribe } else { Reading::Get };
    let options = GnmiOptions { tls: None, reading: Some(reading), ..GnmiOptions::new("memory", 9339) };
    let mut session = mercury_gnmi::conformance::session(stream, &options, Arc::new(dialect)).await.unwrap();
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, begun) = (kib("VmRSS:"), Instant::now());
    let flight = session.flight(&[Step::Read(Scope::all())], Duration::from_secs(3600)).await;
    let (took, peak) = (begun.elapsed(), kib("VmHWM:").saturating_sub(before) << 10);
    server.kill().and_then(|()| server.wait()).unwrap();
    Read { size, took, peak, flight }
}

fn kib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Says where it is and how large the reply is, and answers one client.
async fn serve(shape: Shape, ports: usize, vlans: usize, more: usize) {
    let (interfaces, instances) = (framed(interfaces(shape, ports, more)), framed(instances(vlans)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{} {}", listener.local_addr().unwrap().port(), interfaces.len() + instances.len());
    let (stream, _) = listener.accept().await.unwrap();
    let answer = service_fn(move |request: Request<Incoming>| {
        let (interfaces, instances) = (interfaces.clone(), instances.clone());
        async move { Ok::<_, Infallible>(answer(request, shape, interfaces, instances).await) }
    });
    let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    serving.serve_connection(TokioIo::new(stream), answer).await.unwrap();
}

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

async fn answer(request: Request<Incoming>, shape: Shape, interfaces: Bytes, instances: Bytes) -> Response<Body> {
    let response = Response::builder().header("content-type", "application/grpc");
    let call = request.uri().path().to_owned();
    let (mut incoming, mut asked) = (request.into_body(), Vec::new());
    // A subscriber's side stays open: its first message is all there is.
    if let Some(Ok(frame)) = incoming.frame().await {
        asked = frame.into_data().unwrap().to_vec();
    }
    let asks = |name: &[u8]| asked.windows(name.len()).any(|window| window == name);
    let (status, body) = match call.as_str() {
        "/gnmi.gNMI/Get" if asks(b"network-instances") => ("0", instances),
        "/gnmi.gNMI/Get" if asks(b"lacp") => ("5", Bytes::new()),
        "/gnmi.gNMI/Get" => ("0", interfaces),
        "/gnmi.gNMI/Subscribe" if shape == Shape::Leaves => ("0", interfaces),
        _ => ("12", Bytes::new()),
    };
    let trailers = http::HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.parse().unwrap())]);
    let body = Full::new(body).with_trailers(async move { Some(Ok(trailers)) });
    response.body(body.map_frame(|frame: Frame<Bytes>| frame).boxed_unsync()).unwrap()
}

/// gRPC messages, as they are sent (gRPC over HTTP/2).
fn framed(messages: Vec<Vec<u8>>) -> Bytes {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.push(0);
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
    }
    bytes.into()
}

fn elem(name: &str, key: Option<(&str, &str)>) -> PathElem {
    PathElem { name: name.to_owned(), key: key.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect() }
}

fn update(elem: Vec<PathElem>, value: typed_value::Value) -> Update {
    let path = Some(Path { elem, ..Path::default() });
    Update { path, val: Some(TypedValue { value: Some(value) }), ..Update::default() }
}

fn interfaces(shape: Shape, ports: usize, more: usize) -> Vec<Vec<u8>> {
    let json = |text: String| typed_value::Value::JsonIetfVal(text.into_bytes());
    let names = (0..ports).map(|port| format!("Ethernet{}/{}", port / 48, port % 48));
    let whole = |update| vec![GetResponse { notification: vec![update], ..GetResponse::default() }.encode_to_vec()];
    match shape {
        Shape::Whole => {
            let entries: Vec<_> = names.enumerate().map(|(port, name)| entry(port, &name, more)).collect();
            let text = format!("{{\"openconfig-interfaces:interface\":[{}]}}", entries.join(","));
            let update = vec![update(vec![elem("interfaces", None)], json(text))];
            whole(Notification { update, ..Notification::default() })
        }
        Shape::Entries => {
            let one = |(port, name): (usize, String)| {
                let path = vec![elem("interfaces", None), elem("interface", Some(("name", &name)))];
                update(path, json(entry(port, &name, more)))
            };
            whole(Notification { update: names.enumerate().map(one).collect(), ..Notification::default() })
        }
        Shape::Leaves => {
            let respond = |response| SubscribeResponse { response: Some(response), ..SubscribeResponse::default() };
            let mut messages: Vec<_> = names
                .enumerate()
                .map(|(port, name)| {
                    let notification = Notification { update: leaves(port, &name), ..Notification::default() };
                    respond(subscribe_response::Response::Update(notification)).encode_to_vec()
                })
                .collect();
            messages.push(respond(subscribe_response::Response::SyncResponse(true)).encode_to_vec());
            messages
        }
    }
}

/// What a port has beside, which Mercury has no use for; targets without data
/// types answer with state, too.
const SUBINTERFACE: &str = concat!(
    r#"{"index":UNIT,"config":{"index":UNIT,"enabled":true,"description":"unit UNIT of this port"},"#,
    r#""openconfig-if-ip:ipv4":{"config":{"enabled":false,"mtu":1500,"dhcp-client":false},"#,
    r#""state":{"enabled":false,"mtu":1500,"dhcp-client":false}},"#,
    r#""openconfig-if-ip:ipv6":{"config":{"enabled":false,"mtu":1500,"dup-addr-detect-transmits":1},"#,
    r#""state":{"enabled":false,"mtu":1500,"dup-addr-detect-transmits":1}}}"#
);
const STATE: &str = concat!(
    r#""state":{"admin-status":"UP","oper-status":"UP","ifindex":1017,"last-change":"1731942002104000000","#,
    r#""hardware-port":"openconfig-platform:Port-1-17","counters":{"in-octets":"180214412","in-pkts":"1802144","#,
    r#""in-unicast-pkts":"1800021","in-broadcast-pkts":"1204","in-multicast-pkts":"919","in-errors":"0","#,
    r#""in-discards":"0","in-fcs-errors":"0","out-octets":"21021420","out-pkts":"210214","out-unicast-pkts":"209999","#,
    r#""out-broadcast-pkts":"101","out-multicast-pkts":"114","out-errors":"0","out-discards":"0"}},"#
);

fn entry(port: usize, name: &str, more: usize) -> String {
    let (card, slot, vlan) = (port / 48, port % 48, port % 4094 + 1);
    let subinterfaces: Vec<_> = (0..more).map(|unit| SUBINTERFACE.replace("UNIT", &unit.to_string())).collect();
    let subinterfaces = match more {
        0 => String::new(),
        _ => format!("\"subinterfaces\":{{\"subinterface\":[{}]}},{STATE}", subinterfaces.join(",")),
    };
    format!(
        "{{\"name\":\"{name}\",\"config\":{{\"name\":\"{name}\",\"type\":\"iana-if-type:ethernetCsmacd\",\"mtu\":9214,\
         \"description\":\"rack {card}, server {slot}\",\"enabled\":true}},{subinterfaces}\
         \"openconfig-if-ethernet:ethernet\":{{\"openconfig-vlan:switched-vlan\":{{\"config\":\
         {{\"interface-mode\":\"ACCESS\",\"access-vlan\":{vlan}}}}}}}}}"
    )
}

fn leaves(port: usize, name: &str) -> Vec<Update> {
    use typed_value::Value::{BoolVal, StringVal, UintVal};
    let (card, slot, vlan) = (port / 48, port % 48, (port % 4094 + 1) as u64);
    let leaf = |path: &[&str], value| {
        let above = [elem("interfaces", None), elem("interface", Some(("name", name)))];
        update(above.into_iter().chain(path.iter().map(|name| elem(name, None))).collect(), value)
    };
    let switched = ["ethernet", "switched-vlan", "config"];
    vec![
        leaf(&["config", "name"], StringVal(name.to_owned())),
        leaf(&["config", "type"], StringVal("iana-if-type:ethernetCsmacd".to_owned())),
        leaf(&["config", "mtu"], UintVal(9214)),
        leaf(&["config", "description"], StringVal(format!("rack {card}, server {slot}"))),
        leaf(&["config", "enabled"], BoolVal(true)),
        leaf(&[&switched[..], &["interface-mode"]].concat(), StringVal("ACCESS".to_owned())),
        leaf(&[&switched[..], &["access-vlan"]].concat(), UintVal(vlan)),
    ]
}

fn instances(vlans: usize) -> Vec<Vec<u8>> {
    let one = |vlan| {
        format!(
            "{{\"vlan-id\":{vlan},\"config\":{{\"vlan-id\":{vlan},\"name\":\"tenant-{vlan}\",\"status\":\"ACTIVE\"}}}}"
        )
    };
    let entries: Vec<_> = (1..=vlans).map(one).collect();
    let text = format!("{{\"openconfig-network-instance:vlan\":[{}]}}", entries.join(","));
    let path =
        vec![elem("network-instances", None), elem("network-instance", Some(("name", "default"))), elem("vlans", None)];
    let update = vec![update(path, typed_value::Value::JsonIetfVal(text.into_bytes()))];
    let notification = vec![Notification { update, ..Notification::default() }];
    vec![GetResponse { notification, ..GetResponse::default() }.encode_to_vec()]
}
