//! Targets whose answers are too large, or do not end.

use std::{convert::Infallible, sync::Mutex, thread::available_parallelism};

use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response,
    body::{Bytes, Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mercury_adapter::{Budget, Session, Step};
use mercury_gnmi_proto::gnmi::{Notification, SubscribeResponse, Update, subscribe_response};
use prost::Message as _;
use tokio::{io::duplex, sync::mpsc};

use super::*;
use crate::{GnmiOptions, conformance};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A target that answers reading with frames without end, of which the first may
/// be another one.
async fn session(first: Bytes, frame: Bytes, options: GnmiOptions) -> Box<dyn Session> {
    let (ours, theirs) = duplex(64 << 10);
    tokio::spawn(async move {
        let answer = service_fn(move |request: Request<Incoming>| {
            let frames = std::iter::once(first.clone()).chain(std::iter::repeat(frame.clone()));
            let response = Response::builder().header("content-type", "application/grpc");
            let response = match request.uri().path() {
                "/gnmi.gNMI/Subscribe" | "/gnmi.gNMI/Get" => {
                    response.body(Body::new(StreamBody::new(stream::iter(frames.map(|frame| Ok(Frame::data(frame)))))))
                }
                _ => response.header("grpc-status", "12").body(http_body_util::Empty::new().boxed_unsync()),
            };
            async move { Ok::<_, Infallible>(response.unwrap()) }
        });
        let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        serving.serve_connection(TokioIo::new(theirs), answer).await
    });
    let dialects = mercury_adapter::builtin().unwrap();
    let dialect = dialects.into_iter().find(|dialect| dialect.name == "openconfig").unwrap().gnmi.clone().unwrap();
    conformance::session(ours, &options, Arc::new(dialect)).await.unwrap()
}

fn options(reading: Reading, budget: &Budget) -> GnmiOptions {
    let reading = Some(reading);
    GnmiOptions { tls: None, reading, budget: budget.clone(), max_reply: 2 << 20, ..GnmiOptions::new("memory", 9339) }
}

async fn lost(first: Bytes, frame: Bytes, reading: Reading, budget: &Budget) -> Lost {
    let mut session = session(first, frame, options(reading, budget)).await;
    let flight = session.flight(&[Step::Read(Scope::all())], Duration::from_secs(60)).await;
    let lost = flight.lost.unwrap();
    drop(session);
    while budget.taken() > 0 {
        tokio::task::yield_now().await;
    }
    lost
}

fn message() -> Bytes {
    let update = vec![Update::default(); 100];
    let notification = Notification { update, ..Notification::default() };
    let response = Some(subscribe_response::Response::Update(notification));
    framed(&SubscribeResponse { response, ..SubscribeResponse::default() })
}

fn framed(message: &SubscribeResponse) -> Bytes {
    let message = message.encode_to_vec();
    [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), &message].concat().into()
}

#[tokio::test]
async fn a_subscription_without_end_ends_at_the_limit_of_one_reply() {
    let lost = lost(message(), message(), Reading::Subscribe, &Budget::new(1 << 30)).await;
    assert!(matches!(&lost, Lost::Protocol(text) if text.contains("more than 2 MiB")), "{lost:?}");
}

#[tokio::test]
async fn a_subscription_without_end_ends_where_the_room_of_all_replies_does() {
    let lost = lost(message(), message(), Reading::Subscribe, &Budget::new(1 << 20)).await;
    assert!(matches!(&lost, Lost::NoRoom(text) if text.contains("1 MiB together")), "{lost:?}");
}

#[tokio::test]
async fn a_reply_that_says_it_is_too_large_is_not_waited_for() {
    let header = Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff]);
    let lost = lost(header, Bytes::from_static(&[0; 1024]), Reading::Get, &Budget::new(1 << 30)).await;
    assert!(matches!(&lost, Lost::Protocol(text) if text.contains("more than 2 MiB")), "{lost:?}");
}

#[tokio::test]
async fn a_reply_that_has_no_room_beside_others_says_so() {
    let header = Bytes::from_static(&[0, 0, 0x1f, 0xff, 0xff]);
    let lost = lost(header, Bytes::from_static(&[0; 1024]), Reading::Get, &Budget::new(1 << 20)).await;
    assert!(matches!(lost, Lost::NoRoom(_)), "{lost:?}");
}

/// Everybody's turn to work through a large reply is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_large_reply_is_understood_elsewhere_and_inside_the_time_of_its_call() {
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
    // 1 MiB, and then the end.
    let end = subscribe_response::Response::SyncResponse(true);
    let end = framed(&SubscribeResponse { response: Some(end), ..SubscribeResponse::default() });
    let first: Bytes = std::iter::repeat_n(message(), (1 << 20) / message().len()).flatten().collect();
    let mut session = session(first, end, options(Reading::Subscribe, &Budget::shared())).await;
    let steps = [Step::Read(Scope::all())];
    let flight = session.flight(&steps, Duration::from_millis(500)).await;
    assert!(matches!(flight.lost, Some(Lost::Timeout(_))), "{flight:?}");
    drop(release);
    for turn in turns {
        assert!(turn.await.unwrap().unwrap());
    }
}
