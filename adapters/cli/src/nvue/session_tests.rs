//! A session against a server that says what it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use mercury_adapter::{CommitMode, ErrorTag, ErrorType, Flight, Lost, Payload, PersistId, Refusal, Session as _, Step};
use mercury_http::{HttpClient, HttpOptions};
use mercury_model::Scope;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Client, NvueSession, Patches};

const WITHIN: Duration = Duration::from_secs(20);

/// What the server says.
#[derive(Default)]
struct Says {
    /// Whether what is applied is another once the revision is to be.
    applies: bool,
    /// To whoever asks for all revisions.
    all: Value,
    /// To whoever asks for the one before by itself.
    sixth: Value,
    /// 200 where it is not said.
    sixths_status: Option<u16>,
    /// To who applies.
    apply: Option<u16>,
    /// To whoever asks for the revision, one after the other, and the last one for ever.
    polls: VecDeque<(u16, Value)>,
    is_begun: bool,
    asked: Vec<String>,
}

type Peer = Arc<Mutex<Says>>;

impl Says {
    fn answer(&mut self, request: &str) -> (u16, Value) {
        self.asked.push(request.to_owned());
        match request {
            "GET /nvue_v1/?rev=applied&filled=false" => {
                let other = self.applies && self.is_begun;
                (200, json!({"interface": {"swp3": {"description": if other { "other" } else { "theirs" }}}}))
            }
            "POST /nvue_v1/revision" => (200, json!({"7": {"state": "pending"}})),
            "GET /nvue_v1/revision" => (200, self.all.clone()),
            "GET /nvue_v1/revision/6" => (self.sixths_status.unwrap_or(200), self.sixth.clone()),
            "GET /nvue_v1/revision/7" => {
                let next = if self.polls.len() > 1 { self.polls.pop_front() } else { self.polls.front().cloned() };
                next.unwrap_or((404, json!({})))
            }
            "PATCH /nvue_v1/revision/7" => {
                self.is_begun = true;
                (self.apply.unwrap_or(200), json!({"detail": "so it is"}))
            }
            _ => (200, json!({})),
        }
    }

    fn has(&self, request: &str) -> bool {
        self.asked.iter().any(|asked| asked == request)
    }
}

async fn serve(mut stream: TcpStream, peer: Peer) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        stream.read_exact(&mut vec![0; length.unwrap_or(0)]).await.ok()?;
        let request = head.lines().next()?.trim_end_matches(" http/1.1").to_owned();
        let (method, target) = request.split_once(' ')?;
        let request = format!("{} {target}", method.to_ascii_uppercase());
        let (status, body) = peer.lock().unwrap().answer(&request);
        let body = body.to_string();
        let reply = format!("HTTP/1.1 {status} so\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(reply.as_bytes()).await.ok()?;
    }
}

async fn session(says: Says) -> (NvueSession, Peer) {
    let peer = Arc::new(Mutex::new(says));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = Arc::clone(&peer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&served)));
        }
    });
    let options = HttpOptions { tls: None, ..HttpOptions::new("127.0.0.1", port) };
    let client = Client::new(HttpClient::open(Arc::new(options)).await.unwrap());
    let dialects = mercury_adapter::builtin().unwrap();
    let dialect = dialects.into_iter().find_map(|dialect| dialect.nvue.clone()).unwrap();
    (NvueSession::new(client, Arc::new(dialect)), peer)
}

fn states(states: &[&str]) -> VecDeque<(u16, Value)> {
    states.iter().map(|state| (200, json!({"state": state}))).collect()
}

fn token(word: &str) -> PersistId {
    PersistId(word.into())
}

/// Reads, and commits a change to one port.
async fn commit(session: &mut NvueSession, mode: CommitMode, within: Duration) -> Flight {
    let read = session.flight(&[Step::Read(Scope::all())], WITHIN).await;
    assert!(read.results.iter().all(Result::is_ok), "{read:?}");
    let patches = Patches(vec![json!({"interface": {"swp1": {"description": "ours"}}})]);
    session.flight(&[Step::Stage(Payload::new(patches)), Step::Commit(mode)], within).await
}

fn confirmed() -> CommitMode {
    CommitMode::Confirmed { timeout: Duration::from_secs(60), persist: Some(token("7f3a")) }
}

const DELETE: &str = "DELETE /nvue_v1/revision/7";

#[tokio::test]
async fn the_lock_is_kept_by_what_is_under_way_and_let_through_by_its_token() {
    for (state, message, is_kept) in [
        ("confirm", "nv config apply", true),
        ("apply", "", true),
        ("confirm", "mercury 7f3a", false),
        ("ays", "mercury 99", true),
        ("ays", "somebody who has gone", false),
        ("a word of next year", "", false),
        ("applied", "", false),
    ] {
        let own = json!({"state": state, "last-apply": {"message": message}});
        let all = json!({"3": {"state": "applied"}, "4": own});
        let (mut session, _) = session(Says { all, ..Says::default() }).await;
        let flight = session.flight(&[Step::Lock(Some(token("7f3a"))), Step::Lock(None)], WITHIN).await;
        let [with, without] = &flight.results[..] else { panic!("{flight:?}") };
        let denied = |result: &Result<_, Refusal>| matches!(result, Err(Refusal::Errors(errors)) if errors[0].tag == ErrorTag::LockDenied);
        assert_eq!(denied(with), is_kept, "{state} {message}: {with:?}");
        assert_eq!(denied(without), is_kept || message == "mercury 7f3a", "{state} {message}: {without:?}");
    }
}

#[tokio::test]
async fn that_it_does_not_tell_how_far_it_is_is_no_refusal_of_the_change() {
    let mut polls = states(&["apply", "applied"]);
    for (status, body) in [(401, json!({})), (500, json!({"detail": "a cold"})), (200, json!({"no": "state"}))] {
        polls.push_front((status, body));
    }
    let (mut own, peer) = session(Says { all: json!({}), polls, ..Says::default() }).await;
    let flight = commit(&mut own, CommitMode::Plain, WITHIN).await;
    assert!(flight.lost.is_none() && flight.results.iter().all(Result::is_ok), "{flight:?}");
    assert!(!peer.lock().unwrap().has(DELETE));
    // For ever, nobody knows.
    let polls = [(404, json!({}))].into();
    let (mut own, peer) = session(Says { all: json!({}), polls, ..Says::default() }).await;
    let flight = commit(&mut own, CommitMode::Plain, Duration::from_millis(500)).await;
    assert!(matches!(&flight.lost, Some(Lost::Protocol(why)) if why.contains("404")), "{flight:?}");
    assert!(!peer.lock().unwrap().has(DELETE));
}

#[tokio::test]
async fn whether_an_apply_that_failed_at_the_server_was_begun_is_asked() {
    for (status, seen, is_made) in [
        (500, &["apply", "applied"][..], true),
        (503, &["applied"], true),
        (500, &["pending"], false),
        (500, &[], false),
        (400, &["pending"], false),
    ] {
        let says = Says { all: json!({}), apply: Some(status), polls: states(seen), ..Says::default() };
        let (mut session, peer) = session(says).await;
        let flight = commit(&mut session, CommitMode::Plain, WITHIN).await;
        assert!(flight.lost.is_none(), "{flight:?}");
        assert_eq!(flight.results[1].is_ok(), is_made, "{status} {seen:?}: {flight:?}");
        assert_eq!(peer.lock().unwrap().has(DELETE), !is_made, "{status} {seen:?}");
    }
}

#[tokio::test]
async fn an_apply_of_somebodys_that_is_under_way_is_seen_before_ones_own() {
    let (mut session, peer) = session(Says { all: json!({"6": {"state": "apply"}}), ..Says::default() }).await;
    let flight = commit(&mut session, CommitMode::Plain, WITHIN).await;
    let Err(Refusal::Outdated(errors)) = &flight.results[1] else { panic!("{flight:?}") };
    assert_eq!(errors[0].tag, ErrorTag::InUse);
    let peer = peer.lock().unwrap();
    assert!(peer.has(DELETE) && !peer.is_begun, "{:?}", peer.asked);
}

/// A list may show no states; what shows none by itself either is not known to be under way.
#[tokio::test]
async fn a_revision_that_is_listed_without_a_state_is_asked_for() {
    for (sixth, is_kept) in [
        (json!({"state": "apply"}), true),
        (json!({"6": {"state": "confirm"}}), true),
        (json!({"state": "applied"}), false),
        (json!({}), false),
    ] {
        let all = json!({"5": {"state": "applied"}, "6": {}, "applied": null});
        let (mut session, peer) = session(Says { all, sixth: sixth.clone(), ..Says::default() }).await;
        let flight = session.flight(&[Step::Lock(None)], WITHIN).await;
        assert!(flight.lost.is_none() && flight.results[0].is_err() == is_kept, "{sixth}: {flight:?}");
        assert!(peer.lock().unwrap().has("GET /nvue_v1/revision/6"));
    }
}

/// What is not told, and what nobody asked for, may be under way.
#[tokio::test]
async fn a_revision_whose_state_is_kept_from_who_asks_is_none_that_is_done() {
    let all = json!({"6": {}, "applied": {"state": "applied"}});
    for (status, is_refused) in [(200, false), (404, false), (403, true), (500, true), (503, true)] {
        let says =
            Says { all: all.clone(), sixth: json!({"detail": "no"}), sixths_status: Some(status), ..Says::default() };
        let flight = session(says).await.0.flight(&[Step::Lock(None)], WITHIN).await;
        assert_eq!(flight.results[0].is_err(), is_refused, "{status}: {flight:?}");
    }
    for (count, is_kept) in [(32, false), (33, true)] {
        let all: serde_json::Map<_, _> = (100..100 + count).map(|name| (name.to_string(), json!({}))).collect();
        let (mut session, peer) = session(Says { all: all.into(), ..Says::default() }).await;
        let flight = session.flight(&[Step::Lock(None)], WITHIN).await;
        assert_eq!(flight.results[0].is_err(), is_kept, "{flight:?}");
        let told = format!("{:?}", flight.results[0]);
        assert!(!is_kept || told.contains("of 1 revisions more") && told.contains("LockDenied"), "{told}");
        let peer = peer.lock().unwrap();
        assert!(peer.has(&format!("GET /nvue_v1/revision/{}", 99 + count)), "the newest: {:?}", peer.asked);
        assert!(count == 32 || !peer.has("GET /nvue_v1/revision/100"), "the oldest: {:?}", peer.asked);
    }
}

#[tokio::test]
async fn what_fails_once_it_was_begun_is_not_told_as_undone() {
    for (state, is_clean) in [("invalid", true), ("ays_fail", true), ("ignore_fail", false), ("apply_error", false)] {
        let polls = states(&["apply", state]);
        let (mut session, peer) = session(Says { all: json!({}), polls, ..Says::default() }).await;
        let flight = commit(&mut session, CommitMode::Plain, WITHIN).await;
        match &flight.results[1] {
            Err(Refusal::Errors(_)) => assert!(is_clean, "{state}"),
            Err(Refusal::Unknown(why)) => assert!(!is_clean && why.contains(state), "{state}: {why}"),
            other => panic!("{state}: {other:?}"),
        }
        assert_eq!(peer.lock().unwrap().has(DELETE), is_clean, "{state}");
    }
}

#[tokio::test]
async fn a_question_waits_to_be_confirmed_once_the_change_is_applied() {
    // One that asks whether it is to be applied, and is answered by then.
    let polls = states(&["ays", "confirm"]);
    let (mut own, peer) = session(Says { all: json!({}), polls, ..Says::default() }).await;
    let flight = commit(&mut own, confirmed(), WITHIN).await;
    assert!(flight.results.iter().all(Result::is_ok) && flight.lost.is_none(), "{flight:?}");
    assert_eq!(peer.lock().unwrap().asked.iter().filter(|asked| *asked == "GET /nvue_v1/revision/7").count(), 2);
    // And one that waits so.
    let says = Says { all: json!({}), polls: states(&["ays"]), applies: true, ..Says::default() };
    let (mut own, _) = session(says).await;
    let flight = commit(&mut own, confirmed(), WITHIN).await;
    assert!(flight.results.iter().all(Result::is_ok) && flight.lost.is_none(), "{flight:?}");
}

#[tokio::test]
async fn who_is_not_let_in_any_more_is_told_as_such() {
    let says = Says { all: json!({}), apply: Some(401), ..Says::default() };
    let (mut session, _) = session(says).await;
    let flight = commit(&mut session, CommitMode::Plain, WITHIN).await;
    let Err(Refusal::Errors(errors)) = &flight.results[1] else { panic!("{flight:?}") };
    assert_eq!((&errors[0].tag, &errors[0].error_type), (&ErrorTag::AccessDenied, &ErrorType::Transport));
}
