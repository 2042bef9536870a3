//! What a large answer takes of the memory, and what a session keeps when it has understood one, as
//! the allocator of this process sees it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot be made is a failure of the test"
)]

use std::time::Duration;

use mercury_adapter::{Answer, Session, Step, builtin};
use mercury_model::{InterfaceScope, Running, Scope};
use mercury_restconf::RestconfOptions;
use peak_alloc::PeakAlloc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Octets that a session keeps at most.
const KEPT: usize = 256 << 10;

/// What the allocator is asked for at most, for each octet of an answer that is nothing but ports.
const TIMES: usize = 3;

const PORTS: usize = 8_000;

/// RFC 8040 section 7.1.
const MISSING: &str = r#"{"ietf-restconf:errors":{"error":[{"error-type":"application","error-tag":"data-missing"}]}}"#;

/// Entries of the list of ports.
fn ports(count: usize) -> String {
    let entry = |port| {
        format!(
            r#"{{"name":"Ethernet{port}","config":{{"name":"Ethernet{port}","mtu":9214,"description":"server {port} of others"}},"openconfig-if-ethernet:ethernet":{{"openconfig-vlan:switched-vlan":{{"config":{{"interface-mode":"ACCESS","access-vlan":{}}}}}}}}}"#,
            port % 4000 + 1
        )
    };
    let entries: Vec<String> = (1..=count).map(entry).collect();
    format!("\"interface\":[{}]", entries.join(","))
}

/// Answers a GET of all ports with the one, and of any one with the other; there is nothing else.
async fn serve(mut stream: DuplexStream, all: String, one: String) {
    let (mut piece, mut heard) = (vec![0; 4096], String::new());
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        heard.push_str(std::str::from_utf8(&piece[..read]).unwrap());
        if !heard.ends_with("\r\n\r\n") {
            continue;
        }
        let target = heard.strip_prefix("GET ").unwrap().split_once(' ').unwrap().0;
        let (status, body) = match target.split_once('?').map_or(target, |(path, _)| path) {
            "/restconf/data/openconfig-interfaces:interfaces" => ("200 OK", &*all),
            "/restconf/data/openconfig-interfaces:interfaces/interface=Ethernet1" => ("200 OK", &*one),
            path if path.ends_with("/capabilities") => ("200 OK", "{\"capability\":[]}"),
            _ => ("404 Not Found", MISSING),
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/yang-data+json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        heard.clear();
    }
}

async fn read(session: &mut dyn Session, interfaces: InterfaceScope) -> Running {
    let scope = Scope { interfaces, ..Scope::default() };
    let mut flight = session.flight(&[Step::Read(scope)], Duration::from_secs(60)).await;
    match flight.results.pop() {
        Some(Ok(Answer::Running(running))) => *running,
        other => panic!("{other:?} {:?}", flight.lost),
    }
}

#[tokio::test]
async fn a_session_keeps_little_of_a_large_answer() {
    let (ours, theirs) = duplex(16 << 10);
    let all = format!("{{\"openconfig-interfaces:interfaces\":{{{}}}}}", ports(PORTS));
    let size = all.len();
    assert!(size > 1 << 20, "{size}");
    let one = format!("{{\"openconfig-interfaces:{}}}", &ports(1)[1..]);
    tokio::spawn(serve(theirs, all, one));
    let dialects = builtin().unwrap();
    let dialect = dialects.iter().find(|dialect| dialect.name == "openconfig").unwrap().restconf.clone().unwrap();
    let mut options = RestconfOptions { root: Some("/restconf".to_owned()), ..RestconfOptions::new("memory", 443) };
    options.http.tls = None;
    let mut session = mercury_restconf::conformance::session(ours, &options, &dialect).await.unwrap();
    // What is needed once is there with the first.
    let named = InterfaceScope::Named(["Ethernet1".parse().unwrap()].into());
    assert_eq!(read(&mut *session, named).await.interfaces.len(), 1);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let running = read(&mut *session, InterfaceScope::All).await;
    let most = ALLOCATOR.peak_usage() - before;
    assert_eq!(running.interfaces.len(), PORTS);
    drop(running);
    let kept = ALLOCATOR.current_usage().saturating_sub(before);
    println!("{} KiB of an answer of {} KiB are kept; {} KiB at most were taken", kept >> 10, size >> 10, most >> 10);
    assert!(kept <= KEPT, "{kept} octets");
    assert!(most <= TIMES * size, "{most} octets for {size}");
}
