//! The commit-confirmed extension (gnmi-commit-confirmed 0.1.0), in simulated
//! time.

use std::time::Duration;

use mercury_gnmi_proto::{
    gnmi::SetRequest,
    gnmi_ext::{self, CommitCancel, CommitConfirm, CommitRequest, CommitSetRollbackDuration, commit::Action},
};
use mercury_sim::{Mode, Options, PendingCommit, Quirks};
use tokio::time::advance;
use tonic::Code::{FailedPrecondition, InvalidArgument, Unimplemented};

use super::client::{Gnmi, commit, describe, description, start_with, switch};

fn begin(seconds: i64) -> Action {
    Action::Commit(CommitRequest { rollback_duration: Some(prost_types::Duration { seconds, nanos: 0 }) })
}

fn extend(seconds: i64) -> Action {
    let rollback_duration = Some(prost_types::Duration { seconds, nanos: 0 });
    Action::SetRollbackDuration(CommitSetRollbackDuration { rollback_duration })
}

const DEFAULT: Action = Action::Commit(CommitRequest { rollback_duration: None });
const CONFIRM: Action = Action::Confirm(CommitConfirm {});
const CANCEL: Action = Action::Cancel(CommitCancel {});

fn only(id: &str, action: Action) -> SetRequest {
    commit(SetRequest::default(), id, action)
}

#[tokio::test(start_paused = true)]
async fn it_is_undone_when_the_time_is_up() {
    let (switch, client) = switch().await;
    let handle = switch.handle();
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    let pending =
        PendingCommit { session: 0, persist: None, gnmi_id: Some("a".into()), remaining: Duration::from_secs(30) };
    assert_eq!(handle.pending_commit(), Some(pending));
    advance(Duration::from_secs(29)).await;
    assert_eq!(description(&switch), "new");
    let status = handle.wait_until(|status| status.pending.is_none()).await;
    assert_eq!((description(&switch), status.counters.rollbacks), (String::new(), 1));
    client.set(describe("again")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_time_is_ten_minutes_unless_said() {
    let (switch, client) = switch().await;
    client.set(commit(describe("new"), "a", DEFAULT)).await.unwrap();
    assert_eq!(switch.handle().pending_commit().unwrap().remaining, Duration::from_secs(600));
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_one_stays_also_after_a_reboot() {
    let (switch, client) = switch().await;
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    client.set(only("a", CONFIRM)).await.unwrap();
    assert_eq!(switch.handle().pending_commit(), None);
    advance(Duration::from_secs(3600)).await;
    assert_eq!(description(&switch), "new");
    switch.handle().reboot();
    assert_eq!(description(&switch), "new");
    let counters = switch.handle().counters();
    assert_eq!((counters.sets, counters.commits, counters.edits), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_reboot_undoes_it() {
    let (switch, client) = switch().await;
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    switch.handle().reboot();
    assert_eq!((description(&switch), switch.handle().pending_commit()), (String::new(), None));
}

#[tokio::test(start_paused = true)]
async fn it_outlives_its_connection_and_another_confirms_it() {
    let (switch, client) = switch().await;
    let handle = switch.handle();
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    drop(client);
    handle.wait_until(|status| status.connections == 0).await;
    assert_eq!(description(&switch), "new");
    let other = Gnmi::open(&handle).await;
    other.set(only("a", CONFIRM)).await.unwrap();
    advance(Duration::from_secs(60)).await;
    assert_eq!(description(&switch), "new");
}

#[tokio::test(start_paused = true)]
async fn cancelling_undoes_it_at_once() {
    let (switch, client) = switch().await;
    client.set(describe("old")).await.unwrap();
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    client.set(only("a", CANCEL)).await.unwrap();
    assert_eq!((description(&switch), switch.handle().pending_commit()), ("old".into(), None));
}

#[tokio::test(start_paused = true)]
async fn its_time_can_be_set_anew() {
    let (switch, client) = switch().await;
    let handle = switch.handle();
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    advance(Duration::from_secs(20)).await;
    client.set(only("a", extend(30))).await.unwrap();
    assert_eq!(handle.pending_commit().unwrap().remaining, Duration::from_secs(30));
    advance(Duration::from_secs(20)).await;
    assert_eq!(description(&switch), "new", "the first time is no longer running");
    handle.wait_until(|status| status.pending.is_none()).await;
    assert_eq!(description(&switch), "");
    client.refused(FailedPrecondition, only("a", extend(30))).await;
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_nothing_else_is_set() {
    let (switch, client) = switch().await;
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    let text = client.refused(FailedPrecondition, describe("other")).await;
    assert!(text.contains("'a'"), "{text}");
    client.refused(FailedPrecondition, commit(describe("other"), "b", begin(30))).await;
    client.refused(FailedPrecondition, commit(describe("other"), "a", begin(30))).await;
    for action in [CONFIRM, CANCEL, extend(30)] {
        client.refused(InvalidArgument, only("b", action)).await;
    }
    assert_eq!(description(&switch), "new");
    client.set(SetRequest::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_one_there_is_nothing_to_confirm() {
    let (_switch, client) = switch().await;
    for action in [CONFIRM, CANCEL, extend(30)] {
        client.refused(FailedPrecondition, only("a", action)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_that_is_refused_leaves_nothing_waiting() {
    let (switch, client) = switch().await;
    let bad = super::client::update("/lacp/interfaces/interface[name=x]/config/name", "\"x\"");
    client.refused(tonic::Code::Aborted, commit(bad, "a", begin(30))).await;
    assert_eq!(switch.handle().pending_commit(), None);
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused() {
    let (switch, client) = switch().await;
    for action in [begin(0), begin(-1), extend(0)] {
        client.refused(InvalidArgument, commit(describe("new"), "a", action)).await;
    }
    client.refused(InvalidArgument, commit(describe("new"), "", begin(30))).await;
    client.refused(InvalidArgument, commit(describe("new"), "a", begin(i64::MAX))).await;
    let missing = CommitSetRollbackDuration { rollback_duration: None };
    client.refused(InvalidArgument, only("a", Action::SetRollbackDuration(missing))).await;
    client.refused(InvalidArgument, commit(describe("new"), "a", CONFIRM)).await;
    client.refused(InvalidArgument, commit(describe("new"), "a", CANCEL)).await;
    let mut twice = commit(describe("new"), "a", begin(30));
    twice.extension.push(twice.extension[0].clone());
    client.refused(InvalidArgument, twice).await;
    assert_eq!((description(&switch), switch.handle().pending_commit()), (String::new(), None));
}

#[tokio::test(start_paused = true)]
async fn a_switch_may_not_know_it_or_worse_not_notice_it() {
    let options = Options { gnmi_commit_confirmed: false, ..Options::default() };
    let (switch, client) = start_with(options).await;
    client.refused(Unimplemented, commit(describe("new"), "a", begin(30))).await;
    assert_eq!(description(&switch), "");

    let quirks = Quirks { gnmi_ignores_extensions: true, ..Quirks::default() };
    let (switch, client) = start_with(Options { quirks, ..Options::default() }).await;
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    assert_eq!((description(&switch), switch.handle().pending_commit()), ("new".into(), None));
    client.set(only("a", CANCEL)).await.unwrap();
    assert_eq!(description(&switch), "new");
}

#[tokio::test(start_paused = true)]
async fn other_extensions_are_skipped() {
    let (switch, client) = switch().await;
    let other = gnmi_ext::MasterArbitration::default();
    let extension = vec![
        gnmi_ext::Extension { ext: Some(gnmi_ext::extension::Ext::MasterArbitration(other)) },
        gnmi_ext::Extension { ext: None },
    ];
    client.set(SetRequest { extension, ..describe("new") }).await.unwrap();
    assert_eq!(description(&switch), "new");
}

#[tokio::test(start_paused = true)]
async fn it_works_on_every_kind_of_switch() {
    for mode in [Mode::CandidatePlain, Mode::Running, Mode::RunningStartup] {
        let (switch, client) = start_with(Options { mode, ..Options::default() }).await;
        client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
        switch.handle().wait_until(|status| status.pending.is_none()).await;
        assert_eq!(description(&switch), "", "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn ids_may_not_be_compared() {
    let quirks = Quirks { gnmi_ids_not_compared: true, ..Quirks::default() };
    let (switch, client) = start_with(Options { quirks, ..Options::default() }).await;
    client.refused(FailedPrecondition, only("b", CONFIRM)).await;
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    client.set(only("b", extend(60))).await.unwrap();
    let pending = switch.handle().pending_commit().unwrap();
    assert_eq!((pending.gnmi_id.as_deref(), pending.remaining), (Some("a"), Duration::from_secs(60)));
    client.set(only("b", CONFIRM)).await.unwrap();
    assert_eq!((description(&switch), switch.handle().pending_commit()), ("new".to_owned(), None));
}

#[tokio::test(start_paused = true)]
async fn to_cancel_nothing_may_seem_to_work() {
    let quirks = Quirks { gnmi_cancels_nothing: true, ..Quirks::default() };
    let (switch, client) = start_with(Options { quirks, ..Options::default() }).await;
    client.set(only("a", CANCEL)).await.unwrap();
    client.set(commit(describe("new"), "a", begin(30))).await.unwrap();
    client.refused(InvalidArgument, only("b", CANCEL)).await;
    client.set(only("a", CANCEL)).await.unwrap();
    assert_eq!(description(&switch), "");
}
