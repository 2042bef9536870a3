//! OpenTelemetry traces, as a collector is sent them.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use mercury_sim::Mode;
use serde_json::{Value, json};
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::{
    callers::Authority,
    harness::{Client, Mercury, Setup, Simulated, wait},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Takes what it is sent (OTLP 1 over HTTP).
struct Collector {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Collector {
    fn start() -> Self {
        Self::listening(|stream, spans| take(stream, spans).unwrap())
    }

    /// One that speaks TLS, with this certificate and key.
    fn encrypted((cert, key): (PathBuf, PathBuf)) -> Self {
        let chain = CertificateDer::pem_file_iter(cert).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(chain, key).unwrap());
        Self::listening(move |stream, spans| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Whoever does not believe the certificate ends it.
            let _ended = take(StreamOwned::new(connection, stream), spans);
        })
    }

    fn listening(serve: impl Fn(TcpStream, &Mutex<Vec<Value>>) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, taken) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Value>>>::default());
        let spans = Arc::clone(&taken);
        thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap(), &spans)));
        Self { address, taken }
    }

    fn spans(&self) -> Vec<Value> {
        self.taken.lock().unwrap().clone()
    }

    /// The spans of this name.
    fn named(&self, name: &str) -> Vec<Value> {
        self.spans().into_iter().filter(|span| span["name"] == name).collect()
    }
}

/// One request with spans.
fn take(stream: impl Read + Write, spans: &Mutex<Vec<Value>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head)?, 0);
    }
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    for line in head.to_ascii_lowercase().lines() {
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let resource = &body["resourceSpans"][0];
    let name = &resource["resource"]["attributes"][0];
    assert_eq!((&name["key"], &name["value"]["stringValue"]), (&json!("service.name"), &json!("mercury")));
    let all = resource["scopeSpans"][0]["spans"].as_array().unwrap().clone();
    spans.lock().unwrap().extend(all);
    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
}

fn serve(collector: SocketAddr, switch: &Simulated) -> Mercury {
    serve_with(&format!("endpoint = \"http://{collector}/v1/traces\"\n"), switch)
}

/// With this table of traces.
fn serve_with(traces: &str, switch: &Simulated) -> Mercury {
    let setup = Setup::new().switches(&[switch.entry("leaf1").with("allowed_vlans", "\"100-199\"")]);
    setup.settings(&format!("[traces]\n{traces}")).serve()
}

fn update(vlan: u16) -> Value {
    json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan})
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a str {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("no {key}: {span}"));
    found["value"]["stringValue"].as_str().unwrap()
}

#[test]
fn a_trace_leads_from_its_caller_to_each_flight_on_the_wire() {
    let (switch, collector) = (Simulated::start(Mode::Candidate), Collector::start());
    let mercury = serve(collector.address, &switch);
    let caller = |flags: &str| Client::of(&mercury).with("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}"));
    // Its caller records nothing.
    caller("00").done("get_switches", &json!({}));
    caller("01").done("update_port", &update(100));
    caller("01").fails("update_port", &update(300));
    Client::of(&mercury).done("plan_port", &update(101));
    wait("the spans", || collector.named("update_port").len() == 2 && collector.named("plan_port").len() == 1);
    assert!(collector.named("get_switches").is_empty());

    let requests = collector.named("update_port");
    let (fine, refused) = (&requests[0], &requests[1]);
    for span in &requests {
        assert_eq!(
            (&span["traceId"], &span["parentSpanId"], &span["kind"]),
            (&json!(TRACE), &json!(PARENT), &json!(2))
        );
    }
    assert_eq!((attribute(fine, "mercury.outcome"), attribute(fine, "mercury.caller")), ("ok", "anonymous"));
    assert_eq!(refused["status"]["code"], 2);
    assert!(refused["status"]["message"].as_str().unwrap().contains("300"), "{refused}");

    let below = |parent: &Value| -> Vec<Value> {
        let is_below = |span: &Value| span["parentSpanId"] == parent["spanId"] && span["traceId"] == parent["traceId"];
        collector.spans().into_iter().filter(is_below).collect()
    };
    assert!(below(refused).is_empty(), "no switch was asked");
    let work = below(fine);
    assert_eq!((work.len(), &work[0]["name"]), (1, &json!("apply")), "{work:?}");
    assert_eq!((attribute(&work[0], "mercury.switch"), attribute(&work[0], "mercury.outcome")), ("leaf1", "committed"));
    let parts = below(&work[0]);
    let of = |name: &str| parts.iter().filter(|span| span["name"] == name).cloned().collect::<Vec<_>>();
    assert_eq!((of("connect").len(), of("plan").len()), (1, 1), "{parts:?}");
    assert!(attribute(&of("plan")[0], "mercury.plan").contains("access VLAN 100"), "{parts:?}");
    let flights = of("flight");
    assert_eq!(flights.len().to_string(), attribute(&work[0], "mercury.round_trips"), "{parts:?}");
    let steps: Vec<&str> = flights.iter().map(|span| attribute(span, "mercury.steps")).collect();
    assert!(steps.concat().contains("commit"), "{steps:?}");
    let time = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u128>().unwrap();
    for span in &parts {
        assert_eq!(span["kind"], if span["name"] == "plan" { 1 } else { 3 }, "{span}");
        assert!(time(&work[0], "startTimeUnixNano") <= time(span, "startTimeUnixNano"), "{span}");
        assert!(time(span, "startTimeUnixNano") <= time(span, "endTimeUnixNano"), "{span}");
    }
    // Without a caller's trace there is one of its own.
    let own = &collector.named("plan_port")[0];
    assert!(own["traceId"] != TRACE && own["parentSpanId"] == "", "{own}");
    let text = json!(collector.spans()).to_string();
    assert!(!text.contains(switch.password()), "{text}");
}

#[test]
fn a_collector_that_is_gone_costs_nothing_but_its_spans() {
    let switch = Simulated::start(Mode::Candidate);
    // Taken and given back: nobody listens there now.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mercury = serve(gone, &switch);
    for vlan in 100..110 {
        Client::of(&mercury).done("update_port", &update(vlan));
    }
    mercury.stderr.wait_json("its words", |line| line["message"] == "traces are not collected");
    wait("what was lost", || {
        let told = String::from_utf8(Client::of(&mercury).request("GET", "/metrics", b"").body).unwrap();
        let lost = told.lines().find_map(|line| line.strip_prefix("mercury_lost_spans_total ")?.parse::<u64>().ok());
        lost.is_some_and(|lost| lost >= 10)
    });
    let told = mercury.stderr.json().into_iter().filter(|line| line["message"] == "traces are not collected").count();
    assert_eq!(told, 1, "it is told of once");
}

#[test]
fn a_collector_that_is_believed_is_told_over_tls_and_no_other_is() {
    let (switch, authority, stranger) = (Simulated::start(Mode::Candidate), Authority::new(), Authority::new());
    let collector = Collector::encrypted(authority.server("collector", &["localhost"]));
    let told_of = |root: &Path| {
        let port = collector.address.port();
        let mercury = serve_with(&format!("endpoint = \"https://localhost:{port}\"\nca = {root:?}\n"), &switch);
        Client::of(&mercury).done("get_switches", &json!({}));
        mercury
    };
    let mercury = told_of(&stranger.root());
    let line = mercury.stderr.wait_json("its words", |line| line["message"] == "traces are not collected");
    assert!(line["error"].as_str().unwrap().contains("invalid peer certificate"), "{line}");
    assert!(collector.spans().is_empty());
    let _mercury = told_of(&authority.root());
    wait("the spans", || collector.named("get_switches").len() == 1);
}

#[test]
fn a_collector_that_cannot_be_told_safely_is_refused() {
    let file = "ca = \"mercury.toml\"";
    for (endpoint, more, key, said) in [
        ("ftp://localhost/v1/traces", "", "endpoint", "must be an address like https://"),
        ("http://user:word@localhost/", "", "endpoint", "must be an address like https://"),
        ("", "", "endpoint", "must not be empty"),
        ("http://192.0.2.1:4318/v1/traces", "", "endpoint", "unencrypted"),
        ("http://192.0.2.1:4318/v1/traces", "allow_plaintext = false", "endpoint", "unencrypted"),
        ("http://127.0.0.1:4318/v1/traces", file, "ca", "is for https"),
        ("https://192.0.2.1/v1/traces", "ca = \"nowhere.pem\"", "ca", "is not a file"),
    ] {
        let setup = Setup::new().settings(&format!("[traces]\nendpoint = \"{endpoint}\"\n{more}\n"));
        let told = setup.run(&["config", "check"]);
        let is_told = told.stdout.contains(&format!("traces.{key}")) && told.stdout.contains(said);
        assert!(told.code() == 1 && is_told && !told.stdout.contains("word"), "{said}: {}", told.stdout);
    }
    for (endpoint, more) in [("https://192.0.2.1", ""), ("http://192.0.2.1/v1/traces", "allow_plaintext = true")] {
        let setup = Setup::new().settings(&format!("[traces]\nendpoint = \"{endpoint}\"\n{more}\n"));
        let told = setup.run(&["config", "check"]);
        assert!(!told.stdout.contains("traces."), "{}", told.stdout);
    }
}
