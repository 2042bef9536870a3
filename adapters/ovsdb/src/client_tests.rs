use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

const SOON: Duration = Duration::from_secs(20);

async fn next(server: &mut DuplexStream, splitter: &mut Splitter, held: &mut Vec<u8>) -> Value {
    loop {
        let mut octets = &held[..];
        let object = splitter.next(&mut octets).unwrap();
        *held = octets.to_vec();
        if let Some(object) = object {
            return serde_json::from_slice(&object.into_vec()).unwrap();
        }
        let mut chunk = [0; 64];
        let read = server.read(&mut chunk).await.unwrap();
        assert!(read > 0);
        held.extend(&chunk[..read]);
    }
}

fn pair() -> (Client, DuplexStream) {
    let (ours, theirs) = duplex(1 << 16);
    (Client::over(ours, Budget::new(1 << 30)), theirs)
}

#[tokio::test]
async fn replies_are_told_apart_in_whatever_order_they_come_and_an_echo_is_answered_meanwhile() {
    let (mut client, mut server) = pair();
    let none = json!([]);
    let asked = client.ask_all([("a", &none), ("b", &none)], SOON);
    let served = async {
        let (mut splitter, mut held) = (Splitter::new(1 << 16), Vec::new());
        let one = next(&mut server, &mut splitter, &mut held).await;
        let other = next(&mut server, &mut splitter, &mut held).await;
        server.write_all(br#"{"id":"echo","method":"echo","params":[]}"#).await.unwrap();
        let echo = next(&mut server, &mut splitter, &mut held).await;
        assert_eq!(echo, json!({"id": "echo", "result": [], "error": null}));
        // One in two pieces, and the last two at once.
        let replies = format!(
            "{{\"id\":{},\"result\":[\"b\"]}}{{\"id\":99,\"result\":[]}}{{\"id\":{},\"error\":\"no\"}}",
            other["id"], one["id"]
        );
        let (head, tail) = replies.split_at(9);
        server.write_all(head.as_bytes()).await.unwrap();
        server.write_all(tail.as_bytes()).await.unwrap();
        server
    };
    let (answers, _server) = tokio::join!(asked, served);
    let answers = answers.unwrap().map(|answer| answer.map(|reply| reply.text));
    assert_eq!(answers, [Err("no".to_owned()), Ok("[\"b\"]".into())]);
    assert!(client.is_open());
}

#[tokio::test]
async fn an_echo_is_answered_while_nobody_asks_anything() {
    let (client, mut server) = pair();
    server.write_all(br#"{"id":1,"method":"echo","params":["x"]}"#).await.unwrap();
    let echo = next(&mut server, &mut Splitter::new(1 << 16), &mut Vec::new()).await;
    assert_eq!(echo["result"], json!(["x"]));
    drop(client);
    let mut rest = Vec::new();
    assert_eq!(server.read_to_end(&mut rest).await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_that_ended_or_speaks_something_else_is_lost_to_who_waits_and_who_comes() {
    for (said, expected) in
        [("", "was lost"), ("HTTP/1.1 400", "broke the protocol"), ("{\"id\":1,}", "broke the protocol")]
    {
        let (mut client, mut server) = pair();
        server.write_all(said.as_bytes()).await.unwrap();
        let _open = (!said.is_empty()).then_some(server);
        let lost = client.ask("a", &json!([]), SOON).await.unwrap_err();
        assert!(lost.to_string().contains(expected), "{said}: {lost}");
        assert!(!client.is_open());
        assert!(client.ask("a", &json!([]), SOON).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn who_got_no_reply_in_time_believes_nothing_that_comes_later() {
    let (mut client, _server) = pair();
    assert_eq!(client.ask("a", &json!([]), SOON).await.unwrap_err(), Lost::Timeout(SOON));
    assert!(!client.is_open());
}

#[tokio::test]
async fn a_reply_takes_no_more_room_than_there_is() {
    let (ours, mut server) = duplex(1 << 22);
    let mut client = Client::over(ours, Budget::new(1 << 20));
    let none = json!([]);
    let asked = client.ask("a", &none, SOON);
    let served = async {
        let long = format!("{{\"id\":1,\"result\":\"{}\"}}", "x".repeat(2 << 20));
        // The client may go in the middle of it.
        let _ = server.write_all(long.as_bytes()).await;
    };
    let (answer, ()) = tokio::join!(asked, served);
    assert!(matches!(answer, Err(Lost::NoRoom(_))), "{answer:?}");
}

/// One that came is counted until nobody has it any more, and all of it, however it came.
#[tokio::test]
async fn a_reply_that_came_takes_its_room_as_long_as_somebody_has_it() {
    const LONG: usize = 1 << 19;
    for pieces in [1, 7] {
        let (ours, mut server) = duplex(1 << 22);
        let budget = Budget::new(1 << 22);
        let mut client = Client::over(ours, budget.clone());
        let none = json!([]);
        let asked = client.ask("a", &none, SOON);
        let long = format!("{{\"id\":1,\"result\":\"{}\"}}", "x".repeat(LONG));
        let served = async {
            for piece in long.as_bytes().chunks(long.len().div_ceil(pieces)) {
                server.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let (answer, ()) = tokio::join!(asked, served);
        let reply = answer.unwrap().unwrap();
        assert!(reply.share.used() >= LONG && budget.taken() >= LONG - (1 << 17), "{pieces}: {budget:?}");
        drop(reply);
        assert_eq!(budget.taken(), 0, "{pieces}");
    }
}

#[tokio::test]
async fn a_long_echo_is_not_held() {
    let (mut client, mut server) = pair();
    let long = format!("{{\"id\":1,\"method\":\"echo\",\"params\":[\"{}\"]}}", "x".repeat(LONGEST_ECHO));
    server.write_all(long.as_bytes()).await.unwrap();
    let lost = client.ask("a", &json!([]), SOON).await.unwrap_err();
    assert!(lost.to_string().contains("a long text said again"), "{lost}");
}

/// Everybody's turn to work through a large reply is taken, so none is made until one is given back.
#[tokio::test]
async fn a_large_reply_is_understood_away_from_the_workers() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let (begun, mut begins) = mpsc::unbounded_channel();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let turns: Vec<_> = (0..processors)
        .map(|_| {
            let (held, begun) = (Arc::clone(&held), begun.clone());
            let hold = move || begun.send(()).is_ok() && held.lock().unwrap().recv().is_err();
            tokio::spawn(off_worker((1 << 20) + 1, hold))
        })
        .collect();
    for _ in 0..processors.saturating_sub(1).max(1) {
        begins.recv().await.unwrap();
    }
    let (ours, mut server) = duplex(1 << 22);
    let mut client = Client::over(ours, Budget::new(1 << 24));
    server.write_all(format!("{{\"id\":1,\"result\":\"{}\"}}", "x".repeat(1 << 20)).as_bytes()).await.unwrap();
    let lost = client.ask("a", &json!([]), Duration::from_millis(500)).await.unwrap_err();
    assert!(matches!(lost, Lost::Timeout(_)), "{lost:?}");
    drop(release);
    for turn in turns {
        assert!(turn.await.unwrap().unwrap());
    }
}
