//! Every fault, at its moment.

use std::time::Duration;

use mercury_sim::{Datastore, Handle, Mode, Options};
use tokio::time::Instant;

use crate::client::{COMMIT, Client, DISCARD, GET, LOCK, UNLOCK, connect, described, edit, start, switch};

fn set(handle: &Handle, fault: &str) -> mercury_sim::FaultId {
    handle.inject(fault.parse().unwrap())
}

async fn staged(handle: &Handle) -> Client {
    let mut client = Client::open(handle).await;
    client.ok(LOCK).await;
    client.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
    client
}

#[tokio::test]
async fn dropped_before_a_commit_nothing_happened() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = staged(&handle).await;
    set(&handle, "commit:1:before:drop");
    assert_eq!(client.try_rpc(COMMIT).await, None);
    let status = handle.wait_until(|status| status.sessions == 0).await;
    assert!(status.locks.is_empty() && !status.candidate_dirty);
    assert!(!switch.running_xml().contains("new"));
}

#[tokio::test]
async fn dropped_after_a_commit_it_happened_though_nobody_said_so() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = staged(&handle).await;
    set(&handle, "commit:1:after:drop");
    assert_eq!(client.try_rpc(COMMIT).await, None);
    handle.wait_until(|status| status.sessions == 0).await;
    assert!(switch.running_xml().contains("new"));
    assert_eq!(handle.counters().commits, 1);
}

#[tokio::test]
async fn a_fault_meets_only_the_request_it_counts_to_and_earlier_answers_arrive() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    set(&handle, "lock:2:before:drop");
    client.pipeline(&[LOCK, UNLOCK, LOCK, UNLOCK]).await;
    for _ in 0..2 {
        assert!(client.receive().await.unwrap().contains("<ok/>"));
    }
    assert_eq!(client.receive().await, None);
    let mut next = Client::open(&handle).await;
    next.ok(LOCK).await;
}

#[tokio::test]
async fn a_held_session_stands_still_until_released_and_others_go_on() {
    for (moment, applied) in [("before", false), ("after", true)] {
        let switch = switch(Mode::Candidate).await;
        let handle = switch.handle();
        let mut client = staged(&handle).await;
        let hold = set(&handle, &format!("commit:1:{moment}:hold"));
        client.send(COMMIT).await;
        handle.held(hold).await;
        assert_eq!(switch.running_xml().contains("new"), applied, "{moment}");
        let mut other = Client::open(&handle).await;
        other.refused("lock-denied", LOCK).await;
        handle.release(hold);
        assert!(client.receive().await.unwrap().contains("<ok/>"));
        assert!(switch.running_xml().contains("new"));
    }
}

#[tokio::test]
async fn a_held_session_does_what_it_was_asked_although_the_client_left() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = staged(&handle).await;
    let hold = set(&handle, "commit:1:before:hold");
    client.send(COMMIT).await;
    handle.held(hold).await;
    drop(client);
    assert_eq!(handle.session_count(), 1);
    handle.release(hold);
    handle.wait_until(|status| status.sessions == 0).await;
    assert!(switch.running_xml().contains("new"));
}

#[tokio::test]
async fn a_refusal_has_the_tag_and_words_it_was_given() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = staged(&handle).await;
    set(&handle, "commit:1:before:refuse:resource-denied:no <memory>");
    let reply = client.refused("resource-denied", COMMIT).await;
    assert!(reply.contains("no &lt;memory&gt;"), "{reply}");
    assert!(!switch.running_xml().contains("new"));
    client.ok(COMMIT).await;
    set(&handle, "discard-changes:*:after:refuse:operation-failed");
    client.refused("operation-failed", DISCARD).await;
    client.refused("operation-failed", DISCARD).await;
    handle.clear_faults();
    client.ok(DISCARD).await;
}

#[tokio::test(start_paused = true)]
async fn a_delay_takes_its_time() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = staged(&handle).await;
    set(&handle, "commit:1:after:delay:5s");
    let start = Instant::now();
    client.ok(COMMIT).await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    client.ok(COMMIT).await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_reboot_drops_all_sessions_and_forgets_what_was_not_saved() {
    let switch = switch(Mode::RunningStartup).await;
    let handle = switch.handle();
    let mut bystander = Client::open(&handle).await;
    let mut client = Client::open(&handle).await;
    client.ok("<lock><target><running/></target></lock>").await;
    set(&handle, "edit-config:1:after:reboot");
    let operation = edit("running", &described("Ethernet1", "new"));
    assert_eq!(client.try_rpc(&operation).await, None);
    assert_eq!(bystander.receive().await, None);
    assert!(!switch.running_xml().contains("new"));
    assert_eq!(handle.lock_holder(Datastore::Running), None);
    let mut next = Client::open(&handle).await;
    next.rpc(GET).await;
}

#[tokio::test]
async fn a_stopped_switch_takes_no_sessions() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut bystander = Client::open(&handle).await;
    let mut client = staged(&handle).await;
    set(&handle, "commit:1:before:stop");
    assert_eq!(client.try_rpc(COMMIT).await, None);
    assert_eq!(bystander.receive().await, None);
    assert!(Client::over(connect(&handle), true).await.is_none());
}

#[tokio::test]
async fn a_fault_may_be_set_from_the_start_and_meet_the_hello() {
    let faults = vec!["hello:1:before:drop".parse().unwrap()];
    let switch = start(Options { faults, ..Options::default() }).await;
    assert!(Client::over(connect(&switch.handle()), true).await.is_none());
    let mut client = Client::open(&switch.handle()).await;
    client.ok(LOCK).await;
}

#[tokio::test(start_paused = true)]
async fn a_round_trip_costs_once_for_all_requests_in_it() {
    let round_trip = Duration::from_millis(40);
    let options = Options { round_trip, commit_time: Duration::from_secs(1), ..Options::default() };
    let switch = start(options).await;
    let mut client = Client::open(&switch.handle()).await;
    let begin = Instant::now();
    client.pipeline(&[LOCK, DISCARD, GET, UNLOCK]).await;
    for _ in 0..4 {
        client.receive().await.unwrap();
    }
    assert_eq!(begin.elapsed(), round_trip);
    assert_eq!(switch.handle().counters().flights, 1);
    client.ok(LOCK).await;
    assert_eq!(begin.elapsed(), round_trip * 2);
    client.ok(COMMIT).await;
    assert_eq!(begin.elapsed(), round_trip * 3 + Duration::from_secs(1));
    assert_eq!(switch.handle().counters().rpcs, 6);
}
