//! What a large reply takes of the memory, and what a session keeps when it has understood one, as
//! the allocator of this process sees it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot be made is a failure of the test"
)]

use std::{fmt::Write as _, time::Duration};

use mercury_adapter::{Answer, Session as _, Step, builtin};
use mercury_model::{Running, Scope};
use mercury_netconf::{
    NetconfSession,
    client::{Client, ClientOptions},
};
use peak_alloc::PeakAlloc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Octets that a session keeps at most.
const KEPT: usize = 256 << 10;

/// What the allocator is asked for at most, for each octet of a reply that is nothing but ports.
const TIMES: usize = 3;

const PORTS: usize = 4_000;

const HELLO: &str = "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>\
                     <capability>urn:ietf:params:netconf:base:1.1</capability>\
                     <capability>urn:ietf:params:netconf:capability:candidate:1.0</capability>\
                     </capabilities><session-id>1</session-id></hello>]]>]]>";

/// Ports, behind the head of the reply.
fn rest(ports: usize) -> String {
    let mut xml = String::from("<data><interfaces xmlns=\"http://openconfig.net/yang/interfaces\">");
    for port in 1..=ports {
        write!(
            xml,
            "\n <interface>\n  <name>Ethernet{port}</name>\n  <config>\n   <name>Ethernet{port}</name>\n   \
             <mtu>9214</mtu>\n   <description>server {port} of others</description>\n  </config>\n  <ethernet \
             xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\n   <switched-vlan \
             xmlns=\"http://openconfig.net/yang/vlan\">\n    <config>\n     \
             <interface-mode>ACCESS</interface-mode>\n     <access-vlan>{}</access-vlan>\n    </config>\n   \
             </switched-vlan>\n  </ethernet>\n </interface>",
            port % 4000 + 1
        )
        .unwrap();
    }
    xml + "</interfaces></data></rpc-reply>"
}

/// Answers the first request with the one, and all others with the other.
async fn serve(mut stream: DuplexStream, first: String, others: String) {
    stream.write_all(HELLO.as_bytes()).await.unwrap();
    let (mut piece, mut heard, mut count) = (vec![0; 4096], String::new(), 0);
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        heard.push_str(std::str::from_utf8(&piece[..read]).unwrap());
        if !heard.ends_with("\n##\n") {
            continue;
        }
        let id = heard.split_once("message-id=\"").unwrap().1.split_once('"').unwrap().0;
        let head = format!("<rpc-reply xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"{id}\">");
        let body = if count == 0 { &first } else { &others };
        stream.write_all(format!("\n#{}\n{head}\n#{}\n", head.len(), body.len()).as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        stream.write_all(b"\n##\n").await.unwrap();
        heard.clear();
        count += 1;
    }
}

async fn read(session: &mut NetconfSession<DuplexStream>) -> Running {
    let mut flight = session.flight(&[Step::Read(Scope::all())], Duration::from_secs(60)).await;
    match flight.results.pop() {
        Some(Ok(Answer::Running(running))) => *running,
        other => panic!("{other:?} {:?}", flight.lost),
    }
}

#[tokio::test]
async fn a_session_keeps_little_of_a_large_reply() {
    let (ours, theirs) = duplex(16 << 10);
    let large = rest(PORTS);
    let size = large.len();
    assert!(size > 1 << 20, "{size}");
    tokio::spawn(serve(theirs, rest(10), large));
    let dialects = builtin().unwrap();
    let dialect = dialects.iter().find(|dialect| dialect.name == "openconfig").unwrap().netconf.clone().unwrap();
    let client = Client::connect(ours, ClientOptions::default()).await.unwrap();
    let mut session = NetconfSession::new(client, &dialect, "default".to_owned(), true).unwrap();
    // What is needed once is there with the first.
    assert_eq!(read(&mut session).await.interfaces.len(), 10);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let running = read(&mut session).await;
    let most = ALLOCATOR.peak_usage() - before;
    assert_eq!(running.interfaces.len(), PORTS);
    drop(running);
    let kept = ALLOCATOR.current_usage().saturating_sub(before);
    println!("{} KiB of a reply of {} KiB are kept; {} KiB at most were taken", kept >> 10, size >> 10, most >> 10);
    assert!(kept <= KEPT, "{kept} octets");
    assert!(most <= TIMES * size, "{most} octets for {size}");
}
