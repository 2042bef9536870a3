//! What a large answer takes of the memory, and what a session keeps when it has understood one, as
//! the allocator of this process sees it.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement that cannot be made is a failure of the test"
)]

use std::{sync::Arc, time::Duration};

use mercury_adapter::{Answer, Session, Step, builtin};
use mercury_model::{InterfaceScope, Running, Scope};
use peak_alloc::PeakAlloc;
use serde::Deserialize as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Octets that a session keeps at most.
const KEPT: usize = 256 << 10;

/// What the allocator is asked for at most, for each octet of an answer that is nothing but ports.
const TIMES: usize = 3;

const PORTS: usize = 8_000;

/// The number of a row, as its UUID.
fn uuid(number: usize) -> Value {
    json!(["uuid", format!("550e8400-e29b-41d4-a716-{number:012}")])
}

/// What `select` tells of a table: `ports` ports on one bridge, and their interfaces.
fn rows(table: &str, ports: usize) -> Vec<Value> {
    let (set, map) = (json!(["set", []]), json!(["map", []]));
    let port = |port: usize| {
        json!({ "_uuid": uuid(port), "name": format!("p{port}"), "interfaces": uuid(PORTS + port),
                "vlan_mode": "access", "tag": port % 4000 + 1, "trunks": set,
                "external_ids": ["map", [["description", format!("server {port} of others")]]], "other_config": map,
                "fake_bridge": false, "lacp": set, "bond_mode": set, "qos": set })
    };
    let interface = |port: usize| {
        json!({ "_uuid": uuid(PORTS + port), "name": format!("p{port}"), "type": "", "mtu_request": 9214,
                "external_ids": map, "error": set, "ofport": port, "admin_state": "up", "link_state": "up" })
    };
    match table {
        "Open_vSwitch" => {
            vec![json!({ "cur_cfg": 7, "next_cfg": 7, "ovs_version": "3.3.0", "db_version": "8.5.0" })]
        }
        "Bridge" => {
            let all: Vec<Value> = (1..=PORTS).map(uuid).collect();
            vec![json!({ "_uuid": uuid(0), "name": "br0", "ports": ["set", all], "fail_mode": set,
                         "controller": set, "external_ids": map })]
        }
        "Port" => (1..=ports).map(port).collect(),
        "Interface" => (1..=ports).map(interface).collect(),
        other => panic!("{other}"),
    }
}

/// The result of one operation of a transaction.
fn result(operation: &Value) -> Value {
    let (table, conditions) = (operation["table"].as_str().unwrap(), operation["where"].as_array().unwrap());
    let asked = |column: &str| conditions.iter().find(|one| one[0] == column).map(|one| one[2].clone());
    // No port is of a type that is asked for.
    let found = match (asked("type"), asked("name")) {
        (Some(_), _) => Vec::new(),
        (None, Some(_)) => rows(table, 1),
        (None, None) => rows(table, PORTS),
    };
    json!({ "rows": found })
}

/// The replies to all requests that were heard; what is begun is left.
fn replies(heard: &mut Vec<u8>) -> Vec<String> {
    let mut requests = serde_json::Deserializer::from_slice(heard).into_iter::<Value>();
    let mut replies = Vec::new();
    while let Some(Ok(request)) = requests.next() {
        let id = &request["id"];
        let result = match request["method"].as_str() {
            Some("list_dbs") => json!(["Open_vSwitch"]),
            Some("transact") => request["params"].as_array().unwrap().iter().skip(1).map(result).collect(),
            _ => json!({}),
        };
        replies.push(json!({ "id": id, "result": result, "error": null }).to_string());
    }
    let end = requests.byte_offset();
    heard.drain(..end);
    replies
}

/// Answers everything. What it says of all ports was made before.
async fn serve(mut stream: DuplexStream, all: Arc<str>) {
    let (mut piece, mut heard) = (vec![0; 4096], Vec::new());
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        heard.extend(piece.iter().take(read));
        let asks_all = String::from_utf8_lossy(&heard).contains(r#""table":"Port","where":[]}"#);
        if asks_all {
            let request = Value::deserialize(&mut serde_json::Deserializer::from_slice(&heard)).unwrap();
            heard.clear();
            stream.write_all(format!("{{\"id\":{},", request["id"]).as_bytes()).await.unwrap();
            stream.write_all(all.as_bytes()).await.unwrap();
            continue;
        }
        for reply in replies(&mut heard) {
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    }
}

/// The reply to who asks for all ports, behind its `id`.
fn all() -> Arc<str> {
    let tables = ["Open_vSwitch", "Bridge", "", "", "Port", "Interface"];
    let rows = tables.map(|table| if table.is_empty() { Vec::new() } else { rows(table, PORTS) });
    let results: Vec<Value> = rows.into_iter().map(|rows| json!({ "rows": rows })).collect();
    format!("\"result\":{},\"error\":null}}", Value::from(results)).into()
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
    let all = all();
    let size = all.len();
    assert!(size > 1 << 20, "{size}");
    tokio::spawn(serve(theirs, all));
    let dialects = builtin().unwrap();
    let dialect = dialects.iter().find_map(|dialect| dialect.ovsdb.clone()).unwrap();
    let within = Duration::from_secs(60);
    let mut session = mercury_ovsdb::conformance::session(ours, &Arc::new(dialect), within).await.unwrap();
    // What is needed once is there with the first.
    session.asked_by(1, "");
    let named = InterfaceScope::Named(["p1".parse().unwrap()].into());
    assert_eq!(read(&mut *session, named).await.interfaces.len(), 1);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let running = read(&mut *session, InterfaceScope::All).await;
    let most = ALLOCATOR.peak_usage() - before;
    assert_eq!(running.interfaces.len(), PORTS);
    drop(running);
    // What a change rests on is kept for as long as its request is served.
    session.asked_by(2, "");
    let kept = ALLOCATOR.current_usage().saturating_sub(before);
    println!("{} KiB of an answer of {} KiB are kept; {} KiB at most were taken", kept >> 10, size >> 10, most >> 10);
    assert!(kept <= KEPT, "{kept} octets");
    assert!(most <= TIMES * size, "{most} octets for {size}");
}
