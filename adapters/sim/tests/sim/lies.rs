//! A switch that says one thing and does another, whose clock is wrong, or
//! where somebody ends other people's sessions.

use std::time::Duration;

use mercury_sim::{Mode, Options};

use crate::{
    client::{COMMIT, Client, LOCK, described, edit, start, switch},
    gnmi::client::{Gnmi, describe, description},
};

#[tokio::test]
async fn what_is_ignored_is_answered_with_ok_and_not_done() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    handle.inject("edit-config:1:before:ignore".parse().unwrap());
    client.ok(&edit("candidate", &described("Ethernet1", "first"))).await;
    assert!(!handle.status().candidate_dirty);
    client.ok(&edit("candidate", &described("Ethernet1", "second"))).await;
    handle.inject("commit:1:before:ignore".parse().unwrap());
    client.ok(COMMIT).await;
    assert!(!switch.running_xml().contains("second") && handle.status().candidate_dirty);
    client.ok(COMMIT).await;
    assert!(switch.running_xml().contains("second"));
}

#[tokio::test]
async fn what_is_twisted_is_only_what_was_changed() {
    for (mode, target) in [(Mode::Candidate, "candidate"), (Mode::Running, "running")] {
        let switch = switch(mode).await;
        let handle = switch.handle();
        let mut client = Client::open(&handle).await;
        client.ok(&edit(target, &described("Ethernet2", "second"))).await;
        handle.inject("edit-config:1:after:twist".parse().unwrap());
        client.ok(&edit(target, &described("Ethernet1", "first"))).await;
        if mode == Mode::Candidate {
            client.ok(COMMIT).await;
        }
        let running = switch.running_xml();
        assert!(running.contains("second") && !running.contains("first"), "{mode:?}: {running}");
        assert!(running.contains("not what was asked for"), "{mode:?}: {running}");
    }
}

#[tokio::test]
async fn a_confirmed_commit_that_was_twisted_goes_back_to_what_was() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let mut client = Client::open(&handle).await;
    let before = switch.running_xml();
    client.ok(&edit("candidate", &described("Ethernet1", "first"))).await;
    handle.inject("commit:1:after:twist".parse().unwrap());
    client.ok("<commit><confirmed/></commit>").await;
    assert!(switch.running_xml().contains("not what was asked for"));
    client.ok("<cancel-commit/>").await;
    assert_eq!(switch.running_xml(), before);
}

#[tokio::test]
async fn a_set_may_be_ignored_twisted_or_done_by_half() {
    for (fault, found) in [
        ("gnmi-set:1:before:ignore", ""),
        ("gnmi-set:1:after:twist", "not what was asked for"),
        ("gnmi-set:1:before:half", "first"),
        ("gnmi-set:1:before:part", "first"),
    ] {
        let switch = start(Options::default()).await;
        let client = Gnmi::open(&switch.handle()).await;
        switch.handle().inject(fault.parse().unwrap());
        let mut set = describe("first");
        set.update.extend(describe("second").update);
        assert_eq!(client.set(set).await.is_ok(), !fault.ends_with("half"), "{fault}");
        assert_eq!(description(&switch), found, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_confirm_timer_may_be_early_or_late() {
    for (percent, seconds) in [(50, 15), (100, 30), (300, 90)] {
        let switch = start(Options { confirm_timer_percent: percent, ..Options::default() }).await;
        let handle = switch.handle();
        let mut client = Client::open(&handle).await;
        client.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
        client.ok("<commit><confirmed/><confirm-timeout>30</confirm-timeout></commit>").await;
        let begun = tokio::time::Instant::now();
        handle.wait_until(|status| status.pending.is_none()).await;
        let took = begun.elapsed();
        assert!(took >= Duration::from_secs(seconds) && took < Duration::from_secs(seconds + 1), "{percent}: {took:?}");
        assert_eq!(handle.counters().rollbacks, 1);
    }
}

#[tokio::test]
async fn a_killed_session_ends_at_once_with_all_that_is_its_own() {
    let switch = switch(Mode::Candidate).await;
    let handle = switch.handle();
    let (mut client, mut other) = (Client::open(&handle).await, Client::open(&handle).await);
    client.ok(LOCK).await;
    client.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
    assert!(handle.kill_session(client.session_id()));
    let status = handle.status();
    assert!(status.locks.is_empty() && !status.candidate_dirty && status.sessions == 1, "{status:?}");
    assert_eq!(client.try_rpc(COMMIT).await, None);
    other.ok(LOCK).await;
    assert!(!handle.kill_session(client.session_id()));
}
