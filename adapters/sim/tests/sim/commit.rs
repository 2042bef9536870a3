//! The life of a confirmed commit (RFC 6241 section 8.4), in simulated time.

use std::time::Duration;

use mercury_sim::{Datastore, Mode, Options, Quirks, Simulator};
use tokio::time::advance;

use crate::client::{COMMIT, Client, DISCARD, LOCK, described, edit, start, switch};

fn confirmed(inner: &str) -> String {
    format!("<commit><confirmed/>{inner}</commit>")
}

fn description(switch: &Simulator) -> String {
    let json = switch.running_json();
    let interface = &json["openconfig-interfaces:interfaces"]["interface"][0];
    interface["config"]["description"].as_str().unwrap_or_default().to_owned()
}

async fn stage(client: &mut Client, text: &str) {
    client.ok(&edit("candidate", &described("Ethernet1", text))).await;
}

#[tokio::test(start_paused = true)]
async fn it_is_undone_when_the_time_is_up() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("<confirm-timeout>30</confirm-timeout>")).await;
    let pending = handle.pending_commit().unwrap();
    assert_eq!(pending.remaining, Duration::from_secs(30));
    assert_eq!((pending.session, pending.persist), (client.session_id(), None));
    advance(Duration::from_secs(29)).await;
    assert_eq!(description(&switch), "new");
    let status = handle.wait_until(|status| status.pending.is_none()).await;
    assert_eq!(description(&switch), "");
    assert_eq!(status.counters.rollbacks, 1);
    assert!(!status.candidate_dirty);
    client.ok(COMMIT).await;
    assert_eq!(description(&switch), "");
}

#[tokio::test(start_paused = true)]
async fn where_they_overlap_the_older_takes_away_what_was_confirmed_since() {
    let quirks = Quirks { overlapping_commits: true, ..Quirks::default() };
    let switch = start(Options { quirks, ..Options::default() }).await;
    let handle = switch.handle();
    let mut older = Client::open(&handle).await;
    stage(&mut older, "older").await;
    older.ok(&confirmed("<confirm-timeout>30</confirm-timeout><persist>older</persist>")).await;
    let mut newer = Client::open(&handle).await;
    newer.ok("<lock><target><running/></target></lock>").await;
    stage(&mut newer, "newer").await;
    newer.ok(&confirmed("<persist>newer</persist>")).await;
    newer.ok("<commit><persist-id>newer</persist-id></commit>").await;
    assert_eq!((description(&switch).as_str(), handle.counters().overlaps), ("newer", 1));
    handle.wait_until(|status| status.pending.is_none()).await;
    assert_eq!(description(&switch), "");
}

#[tokio::test(start_paused = true)]
async fn the_time_is_600_seconds_unless_said() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("")).await;
    assert_eq!(switch.handle().pending_commit().unwrap().remaining, Duration::from_secs(600));
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_one_stays() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("<confirm-timeout>30</confirm-timeout>")).await;
    client.ok(COMMIT).await;
    assert_eq!(handle.pending_commit(), None);
    client.ok("<close-session/>").await;
    advance(Duration::from_secs(3600)).await;
    handle.wait_until(|status| status.sessions == 0).await;
    assert_eq!(description(&switch), "new");
    handle.reboot();
    assert_eq!(description(&switch), "new");
}

#[tokio::test(start_paused = true)]
async fn it_is_undone_when_its_session_ends() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("<confirm-timeout>30</confirm-timeout>")).await;
    drop(client);
    switch.handle().wait_until(|status| status.sessions == 0).await;
    assert_eq!(description(&switch), "");
}

#[tokio::test(start_paused = true)]
async fn with_persist_it_outlives_its_session_and_another_confirms_it() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut first = Client::open(&handle).await;
    stage(&mut first, "new").await;
    first.ok(&confirmed("<confirm-timeout>30</confirm-timeout><persist>a</persist>")).await;
    drop(first);
    handle.wait_until(|status| status.sessions == 0).await;
    assert_eq!(description(&switch), "new");
    assert_eq!(handle.pending_commit().unwrap().session, 0);

    let mut second = Client::open(&handle).await;
    second.refused("invalid-value", COMMIT).await;
    second.refused("invalid-value", "<commit><persist-id>b</persist-id></commit>").await;
    second.ok("<commit><persist-id>a</persist-id></commit>").await;
    advance(Duration::from_secs(60)).await;
    assert_eq!(description(&switch), "new");
    second.refused("invalid-value", "<commit><persist-id>a</persist-id></commit>").await;
}

#[tokio::test(start_paused = true)]
async fn with_persist_it_is_still_undone_when_the_time_is_up() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("<confirm-timeout>30</confirm-timeout><persist>a</persist>")).await;
    drop(client);
    handle.wait_until(|status| status.sessions == 0).await;
    handle.wait_until(|status| status.pending.is_none()).await;
    assert_eq!(description(&switch), "");
}

#[tokio::test(start_paused = true)]
async fn a_follow_up_moves_the_time_but_not_the_way_back() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    stage(&mut client, "one").await;
    client.ok(&confirmed("<confirm-timeout>30</confirm-timeout>")).await;
    advance(Duration::from_secs(20)).await;
    stage(&mut client, "two").await;
    client.ok(&confirmed("<confirm-timeout>30</confirm-timeout>")).await;
    advance(Duration::from_secs(20)).await;
    assert_eq!(description(&switch), "two", "the first time is no longer running");
    handle.wait_until(|status| status.pending.is_none()).await;
    assert_eq!(description(&switch), "", "back to before the first");
}

#[tokio::test(start_paused = true)]
async fn cancelling_undoes_it_at_once() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    client.refused("operation-failed", "<cancel-commit/>").await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("")).await;
    let mut other = Client::open(&handle).await;
    other.refused("in-use", "<cancel-commit/>").await;
    client.ok("<cancel-commit/>").await;
    assert_eq!(description(&switch), "");

    stage(&mut client, "new").await;
    client.ok(&confirmed("<persist>a</persist>")).await;
    let wrong = "<cancel-commit><persist-id>b</persist-id></cancel-commit>";
    other.refused("invalid-value", wrong).await;
    other.ok("<cancel-commit><persist-id>a</persist-id></cancel-commit>").await;
    assert_eq!(description(&switch), "");
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_others_neither_commit_nor_lock_running() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("")).await;
    let mut other = Client::open(&handle).await;
    other.refused("in-use", COMMIT).await;
    let lock = "<lock><target><running/></target></lock>";
    let reply = other.refused("lock-denied", lock).await;
    assert!(reply.contains(&format!("<session-id>{}</session-id>", client.session_id())));
    other.ok(LOCK).await;
    client.refused("in-use", COMMIT).await;
}

#[tokio::test(start_paused = true)]
async fn a_reboot_undoes_it() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    stage(&mut client, "new").await;
    client.ok(&confirmed("<persist>a</persist>")).await;
    switch.handle().reboot();
    assert_eq!(client.receive().await, None);
    assert_eq!(description(&switch), "");
    assert_eq!(switch.handle().pending_commit(), None);
}

#[tokio::test(start_paused = true)]
async fn parameters_that_make_no_sense_are_refused() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    for (tag, commit) in [
        ("invalid-value", confirmed("<confirm-timeout>0</confirm-timeout>")),
        ("invalid-value", confirmed("<confirm-timeout>soon</confirm-timeout>")),
        ("unknown-element", "<commit><persist>a</persist></commit>".to_owned()),
        ("unknown-element", "<commit><confirm-timeout>5</confirm-timeout></commit>".to_owned()),
        ("unknown-element", confirmed("<persist>a</persist><confirm-timeout>5</confirm-timeout>")),
        ("invalid-value", "<commit><persist-id>a</persist-id></commit>".to_owned()),
    ] {
        client.refused(tag, &commit).await;
    }
    assert_eq!(switch.handle().counters().commits, 0);
}

#[tokio::test]
async fn what_is_discarded_is_not_committed() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    stage(&mut client, "new").await;
    assert!(switch.handle().xml(Datastore::Candidate).contains("new"));
    client.ok(DISCARD).await;
    client.ok(COMMIT).await;
    assert_eq!(description(&switch), "");
}
