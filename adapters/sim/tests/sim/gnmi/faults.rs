//! Faults of the gNMI face.

use std::time::Duration;

use mercury_gnmi_proto::{
    gnmi::{CapabilityRequest, SetRequest, subscribe_response::Response as Said},
    gnmi_ext::{CommitCancel, CommitConfirm, CommitRequest, CommitSetRollbackDuration, commit::Action},
};
use mercury_sim::{FaultId, Options, Simulator};
use tokio::time::Instant;
use tonic::Code;

use super::client::{DESCRIPTION, Gnmi, commit, describe, description, once, start_with, switch};

fn inject(switch: &Simulator, fault: &str) -> FaultId {
    switch.handle().inject(fault.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn dropped_before_a_set_nothing_happened() {
    let (switch, client) = switch().await;
    inject(&switch, "gnmi-set:1:before:drop");
    let status = client.set(describe("new")).await.unwrap_err();
    assert!(std::error::Error::source(&status).is_some(), "no answer but a broken connection: {status:?}");
    assert_eq!(description(&switch), "");
    switch.handle().wait_until(|status| status.connections == 0).await;
    let other = Gnmi::open(&switch.handle()).await;
    other.set(describe("new")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropped_after_a_set_it_happened_though_nobody_said_so() {
    let (switch, client) = switch().await;
    inject(&switch, "gnmi-set:2:after:drop");
    client.set(describe("one")).await.unwrap();
    let status = client.set(describe("two")).await.unwrap_err();
    assert!(std::error::Error::source(&status).is_some(), "{status:?}");
    assert_eq!(description(&switch), "two");
}

#[tokio::test(start_paused = true)]
async fn a_drop_takes_every_rpc_of_the_connection_and_no_other() {
    let (switch, client) = switch().await;
    let handle = switch.handle();
    let other = Gnmi::open(&handle).await;
    let hold = inject(&switch, "gnmi-get:1:before:hold");
    let getting = tokio::spawn({
        let client = client.clone();
        async move { client.get("/interfaces").await }
    });
    handle.held(hold).await;
    inject(&switch, "gnmi-set:1:before:drop");
    client.set(describe("new")).await.unwrap_err();
    getting.await.unwrap().unwrap_err();
    other.get("/interfaces").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_subscription_may_break_before_all_is_said() {
    let (switch, client) = switch().await;
    for fault in ["after:status:unavailable", "after:drop"] {
        inject(&switch, &format!("gnmi-subscribe:1:{fault}"));
        let mut said = Vec::new();
        client.listen(once(&["/interfaces"]), &mut said).await.unwrap_err();
        assert!(matches!(&said[..], [Said::Update(_)]), "{said:?}");
    }
    assert_eq!(switch.handle().counters().subscriptions, 0);
}

/// With several threads an answer has a chance to overtake the cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_drop_nothing_is_answered_any_more() {
    let switch = super::client::start(Options::default()).await;
    inject(&switch, "gnmi-set:*:after:drop");
    for number in 0..100 {
        let client = Gnmi::open(&switch.handle()).await;
        let status = client.set(describe(&number.to_string())).await.unwrap_err();
        assert!(std::error::Error::source(&status).is_some(), "{status:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_the_status_of_its_tag_or_the_one_it_was_given() {
    let (switch, client) = switch().await;
    for (fault, code, message, done) in [
        ("before:refuse:in-use", Code::FailedPrecondition, "refused on purpose", ""),
        ("before:refuse:access-denied:go away", Code::PermissionDenied, "go away", ""),
        ("before:refuse:invalid-value", Code::InvalidArgument, "refused on purpose", ""),
        ("before:refuse:operation-failed", Code::Aborted, "refused on purpose", ""),
        ("before:status:resource-exhausted", Code::ResourceExhausted, "failed on purpose", ""),
        ("after:status:deadline-exceeded:too: late", Code::DeadlineExceeded, "too: late", "new"),
        ("after:status:unavailable", Code::Unavailable, "failed on purpose", "newer"),
    ] {
        inject(&switch, &format!("gnmi-set:1:{fault}"));
        let text = if done.is_empty() { "new" } else { done };
        let status = client.set(describe(text)).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (code, message));
        assert_eq!(description(&switch), done, "{fault}");
    }
    assert_eq!(switch.handle().status().connections, 1, "the connection goes on");
}

#[tokio::test(start_paused = true)]
async fn a_held_set_stands_still_and_is_done_although_its_client_left() {
    let (switch, client) = switch().await;
    let handle = switch.handle();
    let hold = inject(&switch, "gnmi-set:1:before:hold");
    let setting = tokio::spawn({
        let client = client.clone();
        async move { client.set(describe("late")).await }
    });
    handle.held(hold).await;
    client.get("/interfaces").await.unwrap();
    setting.abort();
    drop(client);
    handle.wait_until(|status| status.connections == 0).await;
    assert_eq!(description(&switch), "");
    handle.release(hold);
    handle.wait_until(|status| status.counters.sets == 1).await;
    assert_eq!(description(&switch), "late");
}

#[tokio::test(start_paused = true)]
async fn a_set_goes_on_when_its_client_waits_no_longer() {
    let time = Duration::from_secs(10);
    let (switch, client) = start_with(Options { commit_time: time, ..Options::default() }).await;
    let late = tokio::time::timeout(Duration::from_secs(1), client.set(describe("late"))).await;
    assert!(late.is_err());
    assert_eq!(description(&switch), "");
    switch.handle().wait_until(|status| status.counters.sets == 1).await;
    assert_eq!(description(&switch), "late");
}

#[tokio::test(start_paused = true)]
async fn a_delay_takes_its_time_and_a_round_trip_too() {
    let second = Duration::from_secs(1);
    let (switch, client) = start_with(Options { round_trip: second, ..Options::default() }).await;
    inject(&switch, "gnmi-get:2:after:delay:5s");
    let start = Instant::now();
    client.get("/interfaces").await.unwrap();
    assert_eq!(start.elapsed(), second);
    client.get("/interfaces").await.unwrap();
    assert_eq!(start.elapsed(), second * 7);
    let (one, two) = tokio::join!(client.get("/interfaces"), client.get("/lacp"));
    one.unwrap();
    two.unwrap_err();
    assert_eq!(start.elapsed(), second * 8, "what travels together arrives together");
    let counters = switch.handle().counters();
    assert_eq!((counters.flights, counters.rpcs, counters.gets), (3, 4, 3));
}

#[tokio::test(start_paused = true)]
async fn every_rpc_has_its_name() {
    let (switch, client) = switch().await;
    let status = "before:status:internal";
    for name in ["gnmi-get", "gnmi-capabilities", "gnmi-subscribe", "gnmi-confirm", "gnmi-cancel", "gnmi-extend"] {
        inject(&switch, &format!("{name}:1:{status}"));
    }
    let only = |action| commit(SetRequest::default(), "a", action);
    let capabilities = client.rpc.clone().capabilities(CapabilityRequest::default()).await.unwrap_err();
    let begun = client.set(commit(describe("new"), "a", Action::Commit(CommitRequest::default()))).await;
    begun.expect("a Set like any other");
    for refused in [
        capabilities,
        client.get(DESCRIPTION).await.unwrap_err(),
        client.subscribe(once(&["/interfaces"])).await.unwrap_err(),
        client.set(only(Action::Confirm(CommitConfirm {}))).await.unwrap_err(),
        client.set(only(Action::Cancel(CommitCancel {}))).await.unwrap_err(),
        client.set(only(Action::SetRollbackDuration(CommitSetRollbackDuration::default()))).await.unwrap_err(),
    ] {
        assert_eq!((refused.code(), refused.message()), (Code::Internal, "failed on purpose"));
    }
    client.set(only(Action::Confirm(CommitConfirm {}))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_may_happen_unheard() {
    let (switch, client) = switch().await;
    inject(&switch, "gnmi-confirm:1:after:drop");
    client.set(commit(describe("new"), "a", Action::Commit(CommitRequest::default()))).await.unwrap();
    client.set(commit(SetRequest::default(), "a", Action::Confirm(CommitConfirm {}))).await.unwrap_err();
    assert_eq!((description(&switch), switch.handle().pending_commit()), ("new".into(), None));
}

#[tokio::test(start_paused = true)]
async fn a_reboot_cuts_connections_and_sets_that_are_under_way() {
    let (switch, client) = start_with(Options { commit_time: Duration::from_secs(10), ..Options::default() }).await;
    let handle = switch.handle();
    let setting = tokio::spawn({
        let client = client.clone();
        async move { client.set(describe("never")).await }
    });
    handle.wait_until(|status| status.counters.rpcs == 1).await;
    handle.reboot();
    setting.await.unwrap().unwrap_err();
    client.get("/interfaces").await.unwrap_err();
    handle.wait_until(|status| status.connections == 0).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(description(&switch), "");
    let other = Gnmi::open(&handle).await;
    inject(&switch, "gnmi-set:1:after:reboot");
    other.set(describe("kept")).await.unwrap_err();
    assert_eq!(description(&switch), "kept");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_switch_takes_no_connections() {
    let (switch, client) = switch().await;
    inject(&switch, "gnmi-set:1:after:stop");
    client.set(describe("last")).await.unwrap_err();
    let handle = switch.handle();
    handle.wait_until(|status| status.connections == 0).await;
    let (_ours, theirs) = tokio::io::duplex(1024);
    handle.serve_gnmi(theirs).await;
    assert_eq!((handle.counters().connections, description(&switch)), (1, "last".into()));
}

#[tokio::test(start_paused = true)]
async fn a_connection_can_fail_before_anything_is_said() {
    let (switch, client) = switch().await;
    let handle = switch.handle();
    for fault in ["gnmi-connect:1:before:drop", "gnmi-connect:1:after:refuse"] {
        inject(&switch, fault);
        let (_ours, theirs) = tokio::io::duplex(1024);
        handle.serve_gnmi(theirs).await;
        handle.clear_faults();
    }
    client.get("/interfaces").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_switch_with_too_many_connections_hangs_up() {
    let (switch, client) = start_with(Options { max_sessions: 1, ..Options::default() }).await;
    client.get("/interfaces").await.unwrap();
    let (_ours, theirs) = tokio::io::duplex(1024);
    switch.handle().serve_gnmi(theirs).await;
    client.get("/interfaces").await.unwrap();
    drop(client);
    switch.handle().wait_until(|status| status.connections == 0).await;
    Gnmi::open(&switch.handle()).await.get("/interfaces").await.unwrap();
}
