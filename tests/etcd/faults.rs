//! etcd slow, silent, cut off, dead, back again.

use std::time::Duration;

use mercury::lock::{Coordinator as _, EtcdLocks};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    kit::{
        LIMIT, NAME, ROOMY, Relay, TTL, assert_coordinator, keys, lasting, locks, refused, roomy, settings, taken,
        until_keys, until_lost,
    },
    server::EtcdServer,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_etcd_that_falls_silent_ends_the_lock_before_its_lease() {
    let Some(server) = EtcdServer::start() else { return };
    let held = taken(&locks(&server.endpoint())).await;
    server.stop();
    tokio::time::sleep_until(Instant::now() + TTL).await;
    assert!(!held.is_held(), "etcd may have given it to somebody else");
    until_lost(&*held).await;
    server.go_on();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_etcd_that_dies_ends_the_lock_before_its_lease_and_serves_again_when_it_is_back() {
    let Some(server) = EtcdServer::start() else { return };
    let one = locks(&server.endpoint());
    let held = taken(&one).await;
    server.kill();
    tokio::time::sleep_until(Instant::now() + TTL).await;
    assert!(!held.is_held());
    until_lost(&*held).await;
    server.restart();
    // A lease outlives its etcd, and begins anew with it.
    drop(held);
    let again = taken(&one).await;
    assert!(again.is_held());
    until_keys(&server, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_restart_of_etcd_costs_no_lock() {
    let Some(server) = EtcdServer::start() else { return };
    let one = lasting(&server.endpoint());
    let held = taken(&one).await;
    server.restart();
    assert!(held.is_held());
    drop(held);
    one.finish().await;
    assert_eq!(keys(&server).await, 0, "it was given back to the new etcd");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_cut_off_knows_before_another_has_its_lock() {
    let Some(server) = EtcdServer::start() else { return };
    let relay = Relay::to(&server).await;
    let held = taken(&locks(&relay.endpoint)).await;
    let other = locks(&server.endpoint());
    let waiting = tokio::spawn(async move { taken(&other).await });
    until_keys(&server, 2).await;
    relay.cut();
    let next = waiting.await.unwrap();
    assert!(next.is_held());
    assert!(!held.is_held(), "two have the lock");
    // What was on its way arrives now, and changes nothing.
    relay.heal();
    drop(held);
    until_keys(&server, 1).await;
    assert!(next.is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_etcd_keeps_its_locks() {
    let Some(server) = EtcdServer::start() else { return };
    let relay = Relay::delayed(&server, Duration::from_millis(100)).await;
    let held = taken(&roomy(std::slice::from_ref(&relay.endpoint))).await;
    assert!(tokio::time::timeout(ROOMY * 3 / 2, held.lost()).await.is_err(), "it was renewed");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_etcd_there_is_no_lock_and_the_fault_says_so_in_time() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let refusing = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    for address in [silent.local_addr().unwrap(), refusing] {
        let endpoint = format!("http://{address}");
        let answer = tokio::time::timeout(LIMIT, refused(&locks(&endpoint), Duration::ZERO)).await;
        assert_coordinator(&answer.expect("in a bounded time"), &endpoint);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_do_not_answer_are_passed_over() {
    let Some(server) = EtcdServer::start() else { return };
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let refusing = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let endpoints =
        [format!("http://{}", silent.local_addr().unwrap()), format!("http://{refusing}"), server.endpoint()];
    let locks = EtcdLocks::new(settings(&endpoints));
    assert!(locks.acquire(NAME, Duration::ZERO).await.unwrap().is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_fails_is_left_for_another_and_the_lock_stays() {
    let Some(server) = EtcdServer::start() else { return };
    let (first, second) = (Relay::to(&server).await, Relay::to(&server).await);
    second.cut();
    let locks = roomy(&[first.endpoint.clone(), second.endpoint.clone()]);
    let held = taken(&locks).await;
    first.cut();
    second.heal();
    assert!(tokio::time::timeout(ROOMY * 3 / 2, held.lost()).await.is_err(), "it was renewed by the other member");
    drop(held);
    assert!(taken(&locks).await.is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_while_cut_off_leaves_no_key_once_it_is_back() {
    let Some(server) = EtcdServer::start() else { return };
    let relay = Relay::to(&server).await;
    let (one, other) = (lasting(&server.endpoint()), lasting(&relay.endpoint));
    let held = taken(&one).await;
    let waiting = tokio::spawn(async move { taken(&other).await });
    until_keys(&server, 2).await;
    relay.cut();
    waiting.abort();
    assert!(waiting.await.is_err());
    assert_eq!(keys(&server).await, 2);
    relay.heal();
    until_keys(&server, 1).await;
    assert!(held.is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_arrives_late_leaves_no_key() {
    let Some(server) = EtcdServer::start() else { return };
    let relay = Relay::to(&server).await;
    let one = lasting(&relay.endpoint);
    // Connected, so that what is cut off is the lock itself.
    drop(taken(&one).await);
    until_keys(&server, 0).await;
    relay.cut();
    assert_coordinator(&refused(&one, LIMIT).await, "no answer within");
    relay.heal();
    assert!(taken(&one).await.is_held());
    until_keys(&server, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_while_etcd_restarts_gets_the_lock_in_the_end() {
    let Some(server) = EtcdServer::start() else { return };
    let (one, other) = (lasting(&server.endpoint()), lasting(&server.endpoint()));
    let held = taken(&one).await;
    let waiting = tokio::spawn(async move { taken(&other).await });
    until_keys(&server, 2).await;
    server.restart();
    assert!(!waiting.is_finished() && held.is_held());
    drop(held);
    assert!(waiting.await.unwrap().is_held());
}
