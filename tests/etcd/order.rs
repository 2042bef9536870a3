//! Who has a lock, and who is next.

use std::time::Duration;

use mercury::{fault::FaultKind, lock::Coordinator as _};
use tokio::sync::mpsc;

use crate::{
    kit::{LIMIT, NAME, ROOMY, keys, lasting, leases, locks, refused, roomy, taken, until_keys, until_lost},
    server::EtcdServer,
};

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_have_a_lock_one_after_the_other() {
    let Some(server) = EtcdServer::start() else { return };
    let (one, other) = (lasting(&server.endpoint()), lasting(&server.endpoint()));
    let held = taken(&one).await;
    assert!(held.is_held());
    let fault = refused(&other, Duration::ZERO).await;
    assert_eq!(fault.kind, FaultKind::Locked, "{fault}");
    let process = format!("another Mercury (process {} on ", std::process::id());
    assert!(fault.message.contains(&process), "{fault}");
    assert!(other.acquire("192.0.2.10", Duration::ZERO).await.unwrap().is_held(), "another switch's lock");
    until_keys(&server, 1).await;
    let waiting = tokio::spawn(async move { taken(&other).await });
    until_keys(&server, 2).await;
    assert!(!waiting.is_finished());
    drop(held);
    let held = waiting.await.unwrap();
    assert!(held.is_held());
    until_keys(&server, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_entries_of_one_process_have_a_lock_one_after_the_other() {
    let Some(server) = EtcdServer::start() else { return };
    let one = lasting(&server.endpoint());
    let held = taken(&one).await;
    assert_eq!(refused(&one, Duration::ZERO).await.kind, FaultKind::Locked);
    drop(held);
    assert!(taken(&one).await.is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_etcd_when_a_process_has_finished() {
    let Some(server) = EtcdServer::start() else { return };
    let one = lasting(&server.endpoint());
    drop(taken(&one).await);
    let held = taken(&one).await;
    assert_eq!(refused(&one, Duration::ZERO).await.kind, FaultKind::Locked);
    drop(held);
    one.finish().await;
    assert_eq!(keys(&server).await, 0);
    assert_eq!(leases(&server).await, [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_first_is_served_first_and_who_gave_up_leaves_no_key() {
    let Some(server) = EtcdServer::start() else { return };
    let held = taken(&lasting(&server.endpoint())).await;
    let (served, mut order) = mpsc::unbounded_channel();
    let mut waiting = Vec::new();
    for number in 1..=4 {
        let (locks, served) = (lasting(&server.endpoint()), served.clone());
        waiting.push(tokio::spawn(async move {
            let held = taken(&locks).await;
            served.send(number).unwrap();
            drop(held);
            locks.finish().await;
        }));
        until_keys(&server, 1 + number).await;
    }
    // Dropped while it waits: the future of a caller that hung up.
    waiting.remove(1).abort();
    until_keys(&server, 4).await;
    // Its time is over.
    let fault = refused(&lasting(&server.endpoint()), Duration::from_millis(50)).await;
    assert_eq!(fault.kind, FaultKind::Locked);
    until_keys(&server, 4).await;
    drop(held);
    for number in [1, 3, 4] {
        assert_eq!(tokio::time::timeout(LIMIT, order.recv()).await.unwrap(), Some(number));
    }
    until_keys(&server, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_lasts_longer_than_its_lease_and_so_does_a_place_in_the_queue() {
    let Some(server) = EtcdServer::start() else { return };
    let (one, other) = (roomy(&[server.endpoint()]), roomy(&[server.endpoint()]));
    let held = taken(&one).await;
    let waiting = tokio::spawn(async move { taken(&other).await });
    until_keys(&server, 2).await;
    let lost = tokio::time::timeout(ROOMY * 3 / 2, held.lost()).await;
    assert!(lost.is_err() && held.is_held(), "it was renewed");
    assert_eq!(keys(&server).await, 2);
    drop(held);
    assert!(waiting.await.unwrap().is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_somebody_revokes_ends_the_lock() {
    let Some(server) = EtcdServer::start() else { return };
    let held = taken(&locks(&server.endpoint())).await;
    let lease = leases(&server).await;
    let mut client = etcd_client::Client::connect([server.endpoint()], None).await.unwrap();
    client.lease_revoke(lease[0]).await.unwrap();
    until_lost(&*held).await;
    assert!(!held.is_held());
}

#[test]
fn a_dead_process_frees_its_lock_when_its_lease_ends() {
    let Some(server) = EtcdServer::start() else { return };
    let doomed = tokio::runtime::Runtime::new().unwrap();
    let held = doomed.block_on(async { taken(&locks(&server.endpoint())).await });
    // As with SIGKILL: no task runs any more, and nothing is given back.
    doomed.shutdown_background();
    let other = tokio::runtime::Runtime::new().unwrap();
    other.block_on(async {
        assert_eq!(keys(&server).await, 1);
        let next = locks(&server.endpoint()).acquire(NAME, LIMIT).await.unwrap();
        assert!(next.is_held());
        assert!(!held.is_held(), "two have the lock");
    });
}
