//! The life of Junos' own confirmed commit, in simulated time.

use std::time::Duration;

use mercury_sim::{Mode, Simulator};
use tokio::time::advance;

use crate::client::{COMMIT, Client, described, edit, switch};

const HISTORY: &str = "<get-commit-information/>";
const MARK: &str = "<commit-confirmed>rollback pending</commit-confirmed>";

fn confirmed(minutes: u16) -> String {
    let timeout = format!("<confirm-timeout>{minutes}</confirm-timeout>");
    format!("<commit-configuration><confirmed/>{timeout}<log>why</log></commit-configuration>")
}

fn has_new(switch: &Simulator) -> bool {
    switch.running_xml().contains("<description>new</description>")
}

/// A switch with a change that waits two minutes.
async fn waiting() -> (Simulator, Client) {
    let switch = switch(Mode::CandidateJunos).await;
    let mut client = Client::open(&switch.handle()).await;
    assert!(client.hello.contains("<capability>http://xml.juniper.net/netconf/junos/1.0</capability>"));
    client.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
    let reply = client.rpc(&confirmed(2)).await;
    for part in ["rolled back in 2 minutes unless confirmed", "<commit-success/>"] {
        assert!(reply.contains(part), "{reply}");
    }
    assert_eq!(switch.handle().pending_commit().unwrap().remaining, Duration::from_secs(120));
    let told = client.rpc(HISTORY).await;
    assert!(told.contains("commit confirmed, rollback in 2mins") && told.contains("<log>why</log>"), "{told}");
    assert!(told.contains(MARK), "{told}");
    (switch, client)
}

#[tokio::test(start_paused = true)]
async fn it_outlives_its_session_and_is_undone_when_the_time_is_up() {
    let (switch, client) = waiting().await;
    drop(client);
    let handle = switch.handle();
    handle.wait_until(|status| status.sessions == 0).await;
    advance(Duration::from_secs(119)).await;
    assert!(has_new(&switch));
    handle.wait_until(|status| status.pending.is_none()).await;
    assert!(!has_new(&switch));
    let mut other = Client::open(&handle).await;
    let told = other.rpc(HISTORY).await;
    assert!(told.contains("<user>root</user><client>other</client>") && !told.contains(MARK), "{told}");
    assert!(told.contains("commit confirmed, rollback in 2mins"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn whoever_commits_or_checks_confirms_it() {
    let check = "<commit-configuration><check/></commit-configuration>";
    for confirms in [COMMIT, "<commit-configuration/>", check] {
        let (switch, _client) = waiting().await;
        let handle = switch.handle();
        let mut other = Client::open(&handle).await;
        let reply = other.rpc(confirms).await;
        assert!(!reply.contains("rpc-error"), "{reply}");
        assert_eq!(handle.pending_commit(), None, "{confirms}");
        let told = other.rpc(HISTORY).await;
        assert!(!told.contains(MARK), "{told}");
        // A check leaves no entry.
        let entries = told.matches("<commit-history>").count();
        assert_eq!(entries, if confirms == check { 1 } else { 2 }, "{told}");
        advance(Duration::from_secs(300)).await;
        tokio::task::yield_now().await;
        assert!(has_new(&switch), "{confirms}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_not_outlive_that_its_session_is_killed() {
    let (switch, client) = waiting().await;
    assert!(switch.handle().kill_session(client.session_id()));
    assert_eq!(switch.handle().pending_commit(), None);
    assert!(!has_new(&switch));
}

/// ncclient#238.
#[tokio::test(start_paused = true)]
async fn the_standard_one_is_mistimed() {
    let switch = switch(Mode::CandidateJunos).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    client.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
    client.ok("<commit><confirmed/><confirm-timeout>50</confirm-timeout></commit>").await;
    let begun = tokio::time::Instant::now();
    handle.wait_until(|status| status.pending.is_none()).await;
    assert!(!has_new(&switch));
    assert!(begun.elapsed() < Duration::from_secs(1), "it waits for {:?}", begun.elapsed());
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let switch = switch(Mode::CandidateJunos).await;
    let mut client = Client::open(&switch.handle()).await;
    client.refused("invalid-value", &confirmed(0)).await;
    let alone = "<commit-configuration><confirm-timeout>5</confirm-timeout></commit-configuration>";
    client.refused("operation-failed", alone).await;
    let told = client.rpc("<get-system-uptime-information/>").await;
    assert!(told.contains("<current-time>"), "{told}");
}
