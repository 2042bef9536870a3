//! One switch, two faces.

use std::time::Duration;

use mercury_gnmi_proto::gnmi_ext::{CommitConfirm, CommitRequest, commit::Action};
use mercury_sim::{Datastore, Mode, Options};
use serde_json::json;
use tonic::Code::FailedPrecondition;

use super::client::{DESCRIPTION, Gnmi, commit, describe, description, start_with, switch};
use crate::client::{COMMIT, Client, DISCARD, GET, LOCK, described, edit};

const LOCK_RUNNING: &str = "<lock><target><running/></target></lock>";
const UNLOCK_RUNNING: &str = "<unlock><target><running/></target></unlock>";

#[tokio::test(start_paused = true)]
async fn what_netconf_commits_gnmi_reads_and_the_other_way_round() {
    let (switch, gnmi) = switch().await;
    let mut netconf = Client::open(&switch.handle()).await;
    netconf.ok(&edit("candidate", &described("Ethernet1", "by NETCONF"))).await;
    assert_eq!(gnmi.get(DESCRIPTION).await.unwrap_err().code(), tonic::Code::NotFound, "not committed yet");
    netconf.ok(COMMIT).await;
    assert_eq!(gnmi.json(DESCRIPTION).await, json!("by NETCONF"));
    gnmi.set(describe("by gNMI")).await.unwrap();
    assert!(netconf.rpc(GET).await.contains("<description>by gNMI</description>"));
}

#[tokio::test(start_paused = true)]
async fn every_leaf_set_over_one_is_the_same_over_the_other() {
    let (switch, gnmi) = switch().await;
    let mut netconf = Client::open(&switch.handle()).await;
    let trunk = crate::client::switched(
        "<config><interface-mode>TRUNK</interface-mode><native-vlan>5</native-vlan>\
         <trunk-vlans>10</trunk-vlans><trunk-vlans>20..30</trunk-vlans></config>",
    );
    let vlan = crate::client::vlans("<vlan><vlan-id>10</vlan-id><config><vlan-id>10</vlan-id></config></vlan>");
    let config = format!("{}{vlan}", crate::client::port("Ethernet1", &trunk));
    netconf.ok(&edit("candidate", &config)).await;
    netconf.ok(COMMIT).await;
    let (fingerprint, all) = (switch.handle().fingerprint(), gnmi.json("/").await);
    gnmi.set(super::client::delete("/interfaces/interface[name=Ethernet1]/ethernet")).await.unwrap();
    assert_ne!(switch.handle().fingerprint(), fingerprint);
    gnmi.set(super::client::replace("/", &all.to_string())).await.unwrap();
    assert_eq!(switch.handle().fingerprint(), fingerprint);
}

#[tokio::test(start_paused = true)]
async fn a_lock_of_running_keeps_sets_out_and_is_named() {
    let (switch, gnmi) = switch().await;
    let mut netconf = Client::open(&switch.handle()).await;
    netconf.ok(LOCK_RUNNING).await;
    let text = gnmi.refused(FailedPrecondition, describe("x")).await;
    assert!(text.contains(&format!("NETCONF session {}", netconf.session_id())), "{text}");
    netconf.ok(UNLOCK_RUNNING).await;
    netconf.ok(LOCK).await;
    gnmi.set(describe("x")).await.unwrap();
    assert!(switch.handle().console_lock(Datastore::Running, true));
    let text = gnmi.refused(FailedPrecondition, describe("y")).await;
    assert!(text.contains("console"), "{text}");
    assert_eq!(description(&switch), "x");
}

#[tokio::test(start_paused = true)]
async fn a_netconf_commit_that_waits_keeps_sets_out() {
    let (switch, gnmi) = switch().await;
    let mut netconf = Client::open(&switch.handle()).await;
    for persist in ["", "<persist>a</persist>"] {
        netconf.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
        netconf.ok(&format!("<commit><confirmed/>{persist}</commit>")).await;
        gnmi.refused(FailedPrecondition, describe("x")).await;
        let begin = Action::Commit(CommitRequest::default());
        gnmi.refused(FailedPrecondition, commit(describe("x"), "a", begin)).await;
        let confirm = Action::Confirm(CommitConfirm {});
        gnmi.refused(FailedPrecondition, commit(Default::default(), "a", confirm)).await;
        assert!(switch.handle().pending_commit().is_some(), "it is not gNMI's to confirm");
        let id = if persist.is_empty() { "" } else { "<persist-id>a</persist-id>" };
        netconf.ok(&format!("<commit>{id}</commit>")).await;
        gnmi.set(describe("x")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_that_waits_keeps_netconf_out() {
    let (switch, gnmi) = switch().await;
    let mut netconf = Client::open(&switch.handle()).await;
    netconf.ok(&edit("candidate", &described("Ethernet1", "other"))).await;
    let begin = Action::Commit(CommitRequest::default());
    gnmi.set(commit(describe("new"), "a", begin)).await.unwrap();
    netconf.refused("in-use", COMMIT).await;
    netconf.refused("in-use", "<commit><persist-id>a</persist-id></commit>").await;
    netconf.refused("in-use", "<cancel-commit/>").await;
    let reply = netconf.refused("lock-denied", LOCK_RUNNING).await;
    assert!(reply.contains("<session-id>0</session-id>"), "{reply}");
    switch.handle().wait_until(|status| status.pending.is_none()).await;
    assert_eq!(description(&switch), "", "gone back");
    assert!(switch.handle().status().candidate_dirty, "what others staged is still theirs");
    netconf.ok(COMMIT).await;
    assert_eq!(description(&switch), "other");
    netconf.ok(DISCARD).await;
}

#[tokio::test(start_paused = true)]
async fn a_set_that_waits_keeps_edits_of_running_out() {
    let (switch, gnmi) = start_with(Options { mode: Mode::Running, ..Options::default() }).await;
    let mut netconf = Client::open(&switch.handle()).await;
    let begin = Action::Commit(CommitRequest::default());
    gnmi.set(commit(describe("new"), "a", begin)).await.unwrap();
    netconf.refused("in-use", &edit("running", &described("Ethernet1", "other"))).await;
    gnmi.set(commit(Default::default(), "a", Action::Confirm(CommitConfirm {}))).await.unwrap();
    netconf.ok(&edit("running", &described("Ethernet1", "other"))).await;
}

#[tokio::test(start_paused = true)]
async fn with_a_startup_a_set_is_lost_unless_it_is_copied() {
    let (switch, gnmi) = start_with(Options { mode: Mode::RunningStartup, ..Options::default() }).await;
    gnmi.set(describe("lost")).await.unwrap();
    switch.handle().reboot();
    assert_eq!(description(&switch), "");
    let gnmi = Gnmi::open(&switch.handle()).await;
    gnmi.set(describe("kept")).await.unwrap();
    let mut netconf = Client::open(&switch.handle()).await;
    netconf.ok("<copy-config><target><startup/></target><source><running/></source></copy-config>").await;
    switch.handle().reboot();
    assert_eq!(description(&switch), "kept");
}

#[tokio::test(start_paused = true)]
async fn a_netconf_rollback_is_seen_over_gnmi() {
    let (switch, gnmi) = switch().await;
    let mut netconf = Client::open(&switch.handle()).await;
    netconf.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
    netconf.ok("<commit><confirmed/><confirm-timeout>30</confirm-timeout></commit>").await;
    assert_eq!(gnmi.json(DESCRIPTION).await, json!("new"));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(gnmi.get(DESCRIPTION).await.unwrap_err().code(), tonic::Code::NotFound);
}
