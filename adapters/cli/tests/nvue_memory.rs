//! What large answers of NVUE's REST server take of the memory, and what a session keeps when it has
//! understood them, as the allocator of this process sees it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made is a failure of the test")]

use std::{sync::Arc, time::Duration};

use mercury_adapter::{Answer, Session, Step, builtin};
use mercury_http::HttpOptions;
use mercury_model::{InterfaceScope, Running, Scope};
use peak_alloc::PeakAlloc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Octets that a session keeps at most.
const KEPT: usize = 256 << 10;

/// What the allocator is asked for at most, for each octet of what is applied, which is nothing but
/// ports.
const TIMES: usize = 3;

const PORTS: usize = 8_000;

/// What is applied.
fn applied(ports: usize) -> String {
    let port = |port| {
        format!(
            r#""swp{port}":{{"bridge":{{"domain":{{"br_default":{{"access":{},"stp":{{"admin-edge":"on","bpdu-guard":"on"}}}}}}}},"description":"server {port} of others","link":{{"mtu":9216,"state":{{"up":{{}}}}}},"type":"swp"}}"#,
            port % 4000 + 1
        )
    };
    let ports: Vec<String> = (1..=ports).map(port).collect();
    format!(
        r#"{{"bridge":{{"domain":{{"br_default":{{"vlan":{{"1-4001":{{}}}}}}}}}},"interface":{{{}}}}}"#,
        ports.join(",")
    )
}

/// Every interface that there is, with its type.
fn interfaces(ports: usize) -> String {
    let ports: Vec<String> = (1..=ports).map(|port| format!(r#""swp{port}":{{"type":"swp"}}"#)).collect();
    format!("{{{}}}", ports.join(","))
}

/// Answers the first who asks for what is applied with the one, and all others with the other.
async fn serve(mut stream: DuplexStream, first: String, others: String, interfaces: String) {
    let (mut piece, mut heard, mut is_first) = (vec![0; 4096], String::new(), true);
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        heard.push_str(std::str::from_utf8(piece.get(..read).unwrap()).unwrap());
        if !heard.ends_with("\r\n\r\n") {
            continue;
        }
        let target = heard.strip_prefix("GET ").unwrap().split_once(' ').unwrap().0;
        let body = match target {
            "/nvue_v1/?rev=applied&filled=false" if std::mem::take(&mut is_first) => &first,
            "/nvue_v1/?rev=applied&filled=false" => &others,
            "/nvue_v1/interface?include=%2F%2A%2Ftype" => &interfaces,
            other => panic!("{other}"),
        };
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
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
    let large = applied(PORTS);
    let size = large.len();
    assert!(size > 1 << 20, "{size}");
    tokio::spawn(serve(theirs, applied(1), large, interfaces(PORTS)));
    let dialects = builtin().unwrap();
    let dialect = Arc::new(dialects.iter().find_map(|dialect| dialect.nvue.clone()).unwrap());
    let options = HttpOptions { tls: None, ..HttpOptions::new("memory", 443) };
    let mut session = mercury_cli::conformance::nvue(ours, &options, &dialect).await.unwrap();
    // What is needed once is there with the first.
    let named = InterfaceScope::Named(["swp1".parse().unwrap()].into());
    assert_eq!(read(&mut *session, named).await.interfaces.len(), 1);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let running = read(&mut *session, InterfaceScope::All).await;
    let most = ALLOCATOR.peak_usage() - before;
    assert_eq!(running.interfaces.len(), PORTS);
    let carried = running.interfaces.values().filter(|port| port.switched_vlan.is_some()).count();
    assert_eq!(carried, PORTS);
    drop(running);
    let kept = ALLOCATOR.current_usage().saturating_sub(before);
    println!("{} KiB of an answer of {} KiB are kept; {} KiB at most were taken", kept >> 10, size >> 10, most >> 10);
    assert!(kept <= KEPT, "{kept} octets");
    assert!(most <= TIMES * size, "{most} octets for {size}");
}
