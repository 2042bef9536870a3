//! Locks between sessions (RFC 6241 sections 7.5, 7.6 and 8.3.5).

use mercury_sim::{Datastore, Mode};

use crate::client::{COMMIT, Client, DISCARD, LOCK, UNLOCK, described, edit, switch};

#[tokio::test]
async fn a_lock_keeps_others_out_and_names_its_holder() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let (mut one, mut two) = (Client::open(&handle).await, Client::open(&handle).await);
    one.ok(LOCK).await;
    assert_eq!(handle.lock_holder(Datastore::Candidate), Some(one.session_id()));
    let reply = two.refused("lock-denied", LOCK).await;
    assert!(reply.contains(&format!("<session-id>{}</session-id>", one.session_id())), "{reply}");
    one.refused("lock-denied", LOCK).await;
    two.refused("in-use", &edit("candidate", &described("Ethernet1", "x"))).await;
    two.refused("in-use", DISCARD).await;
    two.refused("in-use", COMMIT).await;
    two.refused("operation-failed", UNLOCK).await;
    one.ok(UNLOCK).await;
    one.refused("operation-failed", UNLOCK).await;
    two.ok(LOCK).await;
}

#[tokio::test]
async fn running_locked_keeps_others_from_committing() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let (mut one, mut two) = (Client::open(&handle).await, Client::open(&handle).await);
    one.ok("<lock><target><running/></target></lock>").await;
    two.ok(&edit("candidate", &described("Ethernet1", "x"))).await;
    two.refused("in-use", COMMIT).await;
    one.ok(COMMIT).await;
}

#[tokio::test]
async fn a_session_that_ends_leaves_no_lock_and_no_changes_it_had_locked() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut one = Client::open(&handle).await;
    one.ok(LOCK).await;
    one.ok(&edit("candidate", &described("Ethernet1", "x"))).await;
    assert!(handle.status().candidate_dirty);
    drop(one);
    let status = handle.wait_until(|status| status.sessions == 0).await;
    assert!(status.locks.is_empty() && !status.candidate_dirty);
}

#[tokio::test]
async fn changes_made_without_a_lock_outlive_their_session_and_deny_the_lock() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut one = Client::open(&handle).await;
    one.ok(&edit("candidate", &described("Ethernet1", "x"))).await;
    one.ok("<close-session/>").await;
    assert_eq!(one.receive().await, None);
    let mut two = Client::open(&handle).await;
    two.refused("resource-denied", LOCK).await;
    two.ok(DISCARD).await;
    two.ok(LOCK).await;
}

#[tokio::test]
async fn the_console_holds_a_lock_as_session_0() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    assert!(handle.console_lock(Datastore::Candidate, true));
    let mut client = Client::open(&handle).await;
    let reply = client.refused("lock-denied", LOCK).await;
    assert!(reply.contains("<session-id>0</session-id>"), "{reply}");
    assert!(handle.console_lock(Datastore::Candidate, false));
    client.ok(LOCK).await;
    assert!(!handle.console_lock(Datastore::Candidate, false), "the lock is the client's");
}

#[tokio::test]
async fn nobody_ends_another_session() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let (mut one, mut two) = (Client::open(&handle).await, Client::open(&handle).await);
    let kill = format!("<kill-session><session-id>{}</session-id></kill-session>", one.session_id());
    two.refused("access-denied", &kill).await;
    one.ok(LOCK).await;
}
