//! The client against scripted peers over an in-memory stream.

use std::{
    sync::{Arc, Mutex},
    thread::available_parallelism,
    time::Duration,
};

use mercury_adapter::ErrorTag;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
};

use super::*;
use crate::{
    framing::{Decoder, encode_chunked, encode_eom},
    operation::{Store, discard_changes, get_config, lock, unlock},
    xml::Limits,
};

const WAIT: Duration = Duration::from_secs(20);
const HELLO: &str = "<hello xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><capabilities>\
    <capability>urn:ietf:params:netconf:base:BASE</capability></capabilities><session-id>4</session-id></hello>";

/// The far side of the stream: says hello, reads the client's, then follows a script.
struct Peer {
    stream: DuplexStream,
    decoder: Decoder,
    chunked: bool,
}

impl Peer {
    async fn greet(mut stream: DuplexStream, base: &str) -> Self {
        stream.write_all(&encode_eom(HELLO.replace("BASE", base).as_bytes())).await.unwrap();
        let mut peer = Self { stream, decoder: Decoder::new(1 << 24), chunked: false };
        let hello = peer.read().await.unwrap();
        assert_eq!(hello.name, "hello");
        peer.chunked = base == "1.1";
        if peer.chunked {
            peer.decoder.set_chunked();
        }
        peer
    }

    /// The next message, or `None` at the end of the stream.
    async fn read(&mut self) -> Option<Element> {
        loop {
            if let Some(message) = self.decoder.next_message().unwrap() {
                return Some(Element::parse(&message, Limits::default()).unwrap());
            }
            let mut buffer = [0; 4096];
            let read = self.stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                return None;
            }
            self.decoder.push(&buffer[..read]);
        }
    }

    async fn send(&mut self, text: &str) {
        let frame = if self.chunked { encode_chunked } else { encode_eom }(text.as_bytes());
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn ok(&mut self, request: &Element) {
        let id = request.attribute("message-id").unwrap();
        self.send(&format!("<rpc-reply message-id='{id}'><ok/></rpc-reply>")).await;
    }
}

fn name(request: &Element) -> String {
    request.elements().next().unwrap().name.clone()
}

/// Runs `script` as the peer; gives the client and what the script returns.
async fn session<F, T>(
    base: &'static str,
    options: ClientOptions,
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> (Client<DuplexStream>, JoinHandle<T>)
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let (near, far) = duplex(64 << 10);
    let peer = tokio::spawn(async move { script(Peer::greet(far, base).await).await });
    (Client::connect(near, options).await.unwrap(), peer)
}

fn four() -> Vec<Element> {
    vec![
        lock(Store::Candidate),
        discard_changes(),
        get_config(Store::Running, vec![Element::new("urn:a", "a")], None),
        unlock(Store::Candidate),
    ]
}

/// This peer answers nothing until all four requests are here: a client that
/// waited for the first reply would never get it.
#[tokio::test]
async fn a_flight_of_four_requests_costs_one_round_trip() {
    for base in ["1.0", "1.1"] {
        let (mut client, peer) = session(base, ClientOptions::default(), |mut peer| async move {
            let mut requests = Vec::new();
            while requests.len() < 4 {
                requests.push(peer.read().await.unwrap());
            }
            for request in &requests {
                peer.ok(request).await;
            }
            requests.iter().map(name).collect::<Vec<_>>()
        })
        .await;
        let replies = client.flight(&four(), WAIT).await.unwrap();
        assert_eq!(replies.len(), 4);
        assert!(replies.iter().all(|reply| reply.ok && reply.is_success()));
        assert_eq!(client.flights(), 1);
        assert_eq!(peer.await.unwrap(), ["lock", "discard-changes", "get-config", "unlock"]);
    }
}

#[tokio::test]
async fn without_pipelining_each_request_waits_for_its_reply() {
    let options = ClientOptions { pipelining: false, ..ClientOptions::default() };
    let (mut client, peer) = session("1.1", options, |mut peer| async move {
        for _ in 0..4 {
            let request = peer.read().await.unwrap();
            assert!(peer.decoder.next_message().unwrap().is_none() && !peer.decoder.is_mid_message());
            peer.ok(&request).await;
        }
    })
    .await;
    assert_eq!(client.flight(&four(), WAIT).await.unwrap().len(), 4);
    assert_eq!(client.flights(), 4);
    peer.await.unwrap();
}

#[tokio::test]
async fn replies_are_matched_by_message_id_and_errors_are_replies() {
    let (mut client, peer) = session("1.1", ClientOptions::default(), |mut peer| async move {
        let first = peer.read().await.unwrap();
        let second = peer.read().await.unwrap();
        peer.ok(&second).await;
        let id = first.attribute("message-id").unwrap();
        peer.send(&format!(
            "<rpc-reply message-id='{id}'><rpc-error><error-tag>lock-denied</error-tag></rpc-error></rpc-reply>"
        ))
        .await;
    })
    .await;
    let replies = client.flight(&four()[..2], WAIT).await.unwrap();
    assert_eq!(replies[0].errors[0].tag, ErrorTag::LockDenied);
    assert!(replies[1].is_success());
    assert!(client.is_usable(), "a refusal is not a failure of the session");
    peer.await.unwrap();
}

#[tokio::test]
async fn a_lost_session_says_what_arrived_and_what_may_have_been_seen() {
    let (mut client, peer) = session("1.1", ClientOptions::default(), |mut peer| async move {
        let first = peer.read().await.unwrap();
        for _ in 0..2 {
            peer.read().await.unwrap();
        }
        peer.ok(&first).await;
    })
    .await;
    let error = client.flight(&four()[..3], WAIT).await.unwrap_err();
    assert!(matches!(error, FlightError::Lost { source: None, .. }), "{error:?}");
    assert!(error.may_have_reached_peer() && !client.is_usable());
    assert_eq!((error.sent(), error.into_replies().len()), (3, 1));
    let again = client.flight(&four(), WAIT).await.unwrap_err();
    assert!(matches!(again, FlightError::Unusable) && !again.may_have_reached_peer());
    peer.await.unwrap();
}

#[tokio::test]
async fn requests_the_peer_never_saw_are_not_counted_as_sent() {
    let (near, far) = duplex(1 << 10);
    let peer = tokio::spawn(async move {
        let peer = Peer::greet(far, "1.1").await;
        drop(peer);
    });
    let mut client = Client::connect(near, ClientOptions::default()).await.unwrap();
    peer.await.unwrap();
    let error = client.flight(&four(), WAIT).await.unwrap_err();
    assert!(matches!(error, FlightError::Lost { .. }));
    assert_eq!(error.sent(), 0);
    assert!(!error.may_have_reached_peer());
}

#[tokio::test]
async fn half_written_flights_count_only_the_requests_that_were_begun() {
    let (near, far) = duplex(300);
    let peer = tokio::spawn(async move { Peer::greet(far, "1.1").await });
    let mut client = Client::connect(near, ClientOptions::default()).await.unwrap();
    let mut peer = peer.await.unwrap();
    let error = client.flight(&four(), Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, FlightError::Timeout { .. }));
    assert!((1..4).contains(&error.sent()), "{}", error.sent());
    drop(client);
    let mut seen = 0;
    while peer.stream.read(&mut [0; 64]).await.unwrap() > 0 {
        seen += 1;
    }
    assert!(seen > 0);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up_after_the_timeout_and_the_replies_are_kept() {
    let (mut client, peer) = session("1.0", ClientOptions::default(), |mut peer| async move {
        let first = peer.read().await.unwrap();
        peer.ok(&first).await;
        while peer.read().await.is_some() {}
    })
    .await;
    let error = client.flight(&four(), WAIT).await.unwrap_err();
    assert!(matches!(error, FlightError::Timeout { waited: WAIT, .. }), "{error:?}");
    assert_eq!((error.sent(), error.into_replies().len()), (4, 1));
    assert!(!client.is_usable());
    drop(client);
    peer.await.unwrap();
}

/// A server that answers one request after the other, each just in time, would
/// keep a switch locked for as many times as long.
#[tokio::test(start_paused = true)]
async fn a_flight_has_one_deadline() {
    for pipelining in [true, false] {
        let options = ClientOptions { pipelining, ..ClientOptions::default() };
        let (mut client, peer) = session("1.0", options, |mut peer| async move {
            while let Some(request) = peer.read().await {
                tokio::time::sleep(WAIT.mul_f32(0.4)).await;
                peer.ok(&request).await;
            }
        })
        .await;
        let begun = tokio::time::Instant::now();
        let error = client.flight(&four(), WAIT).await.unwrap_err();
        assert!(matches!(error, FlightError::Timeout { waited: WAIT, .. }), "{error:?}");
        assert_eq!(begun.elapsed().as_secs(), WAIT.as_secs(), "pipelining: {pipelining}");
        assert!(!error.into_replies().is_empty(), "those that came are kept");
        drop(client);
        peer.abort();
    }
}

/// netconfd 2.13 leaves a request alone that it read together with the hello.
#[tokio::test(start_paused = true)]
async fn a_server_that_overlooked_the_first_request_is_nudged_once() {
    let (mut client, peer) = session("1.1", ClientOptions::default(), |mut peer| async move {
        let first = peer.read().await.unwrap();
        let nudge = peer.read().await.unwrap();
        peer.ok(&first).await;
        peer.ok(&nudge).await;
        let next = peer.read().await.unwrap();
        // Slow, but not overlooked: no second nudge may come.
        assert!(tokio::time::timeout(WAIT / 2, peer.read()).await.is_err());
        peer.ok(&next).await;
        (name(&first), name(&nudge), name(&next))
    })
    .await;
    assert_eq!(client.flight(&[discard_changes()], WAIT).await.unwrap().len(), 1);
    assert_eq!(client.flights(), 1);
    assert_eq!(client.flight(&[discard_changes()], WAIT).await.unwrap().len(), 1);
    let seen = peer.await.unwrap();
    assert_eq!(
        (seen.0.as_str(), seen.1.as_str(), seen.2.as_str()),
        ("discard-changes", "get-config", "discard-changes")
    );
}

/// A question that may stay open costs what it is given, and not the flight; its late answer
/// is nobody's.
#[tokio::test(start_paused = true)]
async fn what_may_stay_open_is_waited_for_so_long_and_no_longer() {
    for pipelining in [true, false] {
        let options = ClientOptions { pipelining, ..ClientOptions::default() };
        let (mut client, peer) = session("1.1", options, |mut peer| async move {
            for _ in 0..3 {
                let request = peer.read().await.unwrap();
                peer.ok(&request).await;
            }
            let open = peer.read().await.unwrap();
            let next = peer.read().await.unwrap();
            peer.ok(&open).await;
            peer.ok(&next).await;
            (name(&open), name(&next))
        })
        .await;
        let (begun, patience) = (Instant::now(), Duration::from_secs(3));
        let replies = client.flight_with(&four(), 3, patience, WAIT).await.unwrap();
        assert_eq!((replies.len(), begun.elapsed()), (3, patience));
        assert!(client.is_usable());
        assert_eq!(client.flight(&[discard_changes()], WAIT).await.unwrap().len(), 1);
        assert_eq!(peer.await.unwrap(), ("unlock".to_owned(), "discard-changes".to_owned()));
    }
}

#[tokio::test]
async fn an_abandoned_flight_leaves_the_session_unusable() {
    let (mut client, _peer) =
        session("1.1", ClientOptions::default(), |mut peer| async move { while peer.read().await.is_some() {} }).await;
    assert!(timeout(Duration::from_millis(20), client.flight(&four(), WAIT)).await.is_err());
    assert!(!client.is_usable());
}

#[tokio::test]
async fn a_request_that_cannot_be_written_sends_nothing_and_harms_nothing() {
    for pipelining in [true, false] {
        let options = ClientOptions { pipelining, ..ClientOptions::default() };
        let (mut client, peer) = session("1.1", options, |mut peer| async move {
            let request = peer.read().await.unwrap();
            peer.ok(&request).await;
            name(&request)
        })
        .await;
        let bad = [discard_changes(), Element::new("", "bad").text("\u{8}")];
        let error = client.flight(&bad, WAIT).await.unwrap_err();
        assert!(matches!(error, FlightError::Encode(_)) && !error.may_have_reached_peer());
        assert_eq!(client.flights(), 0);
        assert_eq!(client.flight(&[lock(Store::Running)], WAIT).await.unwrap().len(), 1);
        assert_eq!(peer.await.unwrap(), "lock");
    }
}

/// Both directions hold far less than what is sent: writing without reading
/// would hang for ever.
#[tokio::test]
async fn a_flight_larger_than_both_windows_does_not_deadlock() {
    let (near, far) = duplex(256);
    let peer = tokio::spawn(async move {
        let mut peer = Peer::greet(far, "1.1").await;
        for _ in 0..50 {
            let request = peer.read().await.unwrap();
            let id = request.attribute("message-id").unwrap();
            let data = "y".repeat(5_000);
            peer.send(&format!("<rpc-reply message-id='{id}'><data>{data}</data></rpc-reply>")).await;
        }
    });
    let mut client = Client::connect(near, ClientOptions::default()).await.unwrap();
    let operations = vec![get_config(Store::Running, vec![Element::new("", &"x".repeat(3_000))], None); 50];
    let replies = client.flight(&operations, WAIT).await.unwrap();
    assert_eq!(replies.iter().filter(|reply| reply.data.as_ref().unwrap().as_str().len() == 5_013).count(), 50);
    let counters = client.counters();
    assert!(counters.bytes_out > 150_000 && counters.bytes_in > 250_000, "{counters:?}");
    peer.await.unwrap();
}

#[tokio::test]
async fn closing_is_a_success_whether_the_server_answers_or_hangs_up() {
    for answers in [true, false] {
        let (client, peer) = session("1.1", ClientOptions::default(), move |mut peer| async move {
            let request = peer.read().await.unwrap();
            if answers {
                peer.ok(&request).await;
            }
            name(&request)
        })
        .await;
        client.close(WAIT).await.unwrap();
        assert_eq!(peer.await.unwrap(), "close-session");
    }
}

#[tokio::test]
async fn a_message_over_the_limit_breaks_the_session_and_not_the_memory() {
    let options = ClientOptions { max_message_bytes: 10_000, ..ClientOptions::default() };
    let (mut client, _peer) = session("1.0", options, |mut peer| async move {
        peer.read().await.unwrap();
        while peer.stream.write_all(&[b'x'; 1024]).await.is_ok() {}
    })
    .await;
    let error = client.flight(&[discard_changes()], WAIT).await.unwrap_err();
    assert!(matches!(error, FlightError::Protocol { source: ProtocolError::Framing(_), .. }), "{error:?}");
}

/// Sends so many bytes of data to whatever is asked, and ends it if told to.
async fn answer_large(peer: &mut Peer, size: usize, end: bool) -> std::io::Result<()> {
    peer.read().await.unwrap();
    peer.stream.write_all(b"<rpc-reply message-id='1'><data><a>").await?;
    peer.stream.write_all(&vec![b'x'; size]).await?;
    if end {
        peer.stream.write_all(b"</a></data></rpc-reply>]]>]]>").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_reply_without_room_breaks_the_session_and_gives_back_what_it_took() {
    let budget = Budget::new(1 << 20);
    let options = ClientOptions { budget: budget.clone(), ..ClientOptions::default() };
    let (mut client, peer) =
        session("1.0", options, |mut peer| async move { answer_large(&mut peer, 4 << 20, true).await }).await;
    let error = client.flight(&[discard_changes()], WAIT).await.unwrap_err();
    assert!(matches!(error, FlightError::NoRoom { source: NoRoom::Together { .. }, sent: 1, .. }), "{error:?}");
    assert_eq!(budget.taken(), 0);
    drop(client);
    assert!(peer.await.unwrap().is_err());
}

#[tokio::test]
async fn what_a_reply_takes_is_given_back_when_it_is_dropped() {
    let budget = Budget::new(8 << 20);
    let options = ClientOptions { budget: budget.clone(), ..ClientOptions::default() };
    let (mut client, _peer) =
        session("1.0", options, |mut peer| async move { answer_large(&mut peer, 4 << 20, true).await }).await;
    let replies = client.flight(&[discard_changes()], WAIT).await.unwrap();
    assert!(budget.taken() > 3 << 20);
    drop(replies);
    assert_eq!(budget.taken(), 0);
}

/// Everybody's turn to work through a large reply is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_large_reply_is_read_elsewhere_and_inside_the_time_of_its_flight() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let (begun, mut begins) = mpsc::unbounded_channel();
    let processors = available_parallelism().map_or(1, usize::from);
    let turns: Vec<_> = (0..processors)
        .map(|_| {
            let (held, begun) = (Arc::clone(&held), begun.clone());
            let hold = move || begun.send(()).is_ok() && held.lock().unwrap().recv().is_err();
            tokio::spawn(off_worker(1 << 20, hold))
        })
        .collect();
    for _ in 0..processors.saturating_sub(1).max(1) {
        begins.recv().await.unwrap();
    }
    let (mut client, _peer) =
        session(
            "1.0",
            ClientOptions::default(),
            |mut peer| async move { answer_large(&mut peer, 4 << 20, true).await },
        )
        .await;
    let error = client.flight(&[discard_changes()], Duration::from_millis(100)).await.unwrap_err();
    assert!(matches!(error, FlightError::Timeout { .. }), "{error:?}");
    drop(release);
    for turn in turns {
        assert!(turn.await.unwrap().unwrap());
    }
}

#[tokio::test]
async fn the_hello_may_come_in_any_pieces_together_with_nothing_else() {
    let (near, mut far) = duplex(64);
    let peer = tokio::spawn(async move {
        for byte in encode_eom(HELLO.replace("BASE", "1.1").as_bytes()) {
            far.write_all(&[byte]).await.unwrap();
        }
        let mut seen = Vec::new();
        while !seen.ends_with(b"]]>]]>") {
            let mut byte = [0];
            far.read_exact(&mut byte).await.unwrap();
            seen.push(byte[0]);
        }
        (far, seen)
    });
    let client = Client::connect(near, ClientOptions::default()).await.unwrap();
    assert_eq!(client.hello().session_id, Some(4));
    assert_eq!(client.flights(), 0);
    let (_far, seen) = peer.await.unwrap();
    assert!(String::from_utf8(seen).unwrap().contains("base:1.1"));
}

#[tokio::test(start_paused = true)]
async fn no_session_without_a_usable_hello() {
    let open = |bytes: &'static [u8], keep: bool| async move {
        let (near, mut far) = duplex(64 << 10);
        far.write_all(bytes).await.unwrap();
        let far = keep.then_some(far);
        let result = Client::connect(near, ClientOptions::default()).await.map(drop);
        drop(far);
        result.unwrap_err()
    };
    assert!(matches!(open(b"<hello>", true).await, OpenError::Timeout(_)));
    assert!(matches!(open(b"<hello/>]]>]]>", false).await, OpenError::Io(_)));
    assert!(matches!(open(b"<rpc-reply/>]]>]]>", true).await, OpenError::Protocol(ProtocolError::Hello(_))));
    assert!(matches!(open(b"Password:]]>]]>", true).await, OpenError::Protocol(_)));
}
