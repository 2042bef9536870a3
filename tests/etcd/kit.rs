//! What the tests here stand on.

use std::{sync::Arc, time::Duration};

use etcd_client::{Client, GetOptions};
use mercury::{
    config::Etcd,
    fault::{Fault, FaultKind},
    lock::{Coordinator, EtcdLocks, Held},
};
use tokio::{
    io::copy,
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    time::Instant,
};

use crate::server::EtcdServer;

/// How long anything here may take to come about.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The shortest life of a lease that the settings allow.
pub(crate) const TTL: Duration = Duration::from_secs(2);

/// One with room for a machine that is busy, where the lock must survive.
pub(crate) const ROOMY: Duration = Duration::from_secs(4);

/// What the lock is called.
pub(crate) const NAME: &str = "192.0.2.1";

/// Settings for short tests.
pub(crate) fn settings(endpoints: &[String]) -> Etcd {
    Etcd { lease_ttl: TTL, timeout: Duration::from_secs(1), ..Etcd::at(endpoints.to_vec()) }
}

/// A Mercury of its own, as far as etcd can tell.
pub(crate) fn locks(endpoint: &str) -> Arc<EtcdLocks> {
    Arc::new(EtcdLocks::new(settings(&[endpoint.to_owned()])))
}

/// One whose leases must be renewed, and can be in time.
pub(crate) fn roomy(endpoints: &[String]) -> EtcdLocks {
    EtcdLocks::new(Etcd { lease_ttl: ROOMY, ..settings(endpoints) })
}

/// One whose leases outlast every test: what is free is free without them.
pub(crate) fn lasting(endpoint: &str) -> Arc<EtcdLocks> {
    let lease_ttl = LIMIT * 10;
    Arc::new(EtcdLocks::new(Etcd { lease_ttl, ..settings(&[endpoint.to_owned()]) }))
}

/// The lock, which must be had.
pub(crate) async fn taken(locks: &EtcdLocks) -> Box<dyn Held> {
    locks.acquire(NAME, LIMIT).await.unwrap_or_else(|fault| panic!("{fault}"))
}

/// The fault that says why it cannot be had.
pub(crate) async fn refused(locks: &EtcdLocks, wait: Duration) -> Fault {
    match locks.acquire(NAME, wait).await {
        Ok(_) => panic!("the lock was free"),
        Err(fault) => fault,
    }
}

/// A fault of etcd's, with these words.
pub(crate) fn assert_coordinator(fault: &Fault, words: &str) {
    assert_eq!(fault.kind, FaultKind::Coordinator, "{fault}");
    assert!(fault.message.starts_with("etcd: ") && fault.message.contains(words), "{fault}");
}

/// How many keys there are: one for each that holds a lock or waits.
pub(crate) async fn keys(server: &EtcdServer) -> i64 {
    let mut client = Client::connect([server.endpoint()], None).await.unwrap();
    let options = GetOptions::new().with_prefix().with_count_only();
    client.get("/mercury/locks/", Some(options)).await.unwrap().count()
}

/// How many leases there are.
pub(crate) async fn leases(server: &EtcdServer) -> Vec<i64> {
    let mut client = Client::connect([server.endpoint()], None).await.unwrap();
    client.leases().await.unwrap().leases().iter().map(etcd_client::LeaseStatus::id).collect()
}

/// Waits until there are so many keys.
pub(crate) async fn until_keys(server: &EtcdServer, wanted: i64) {
    let end = Instant::now() + LIMIT;
    let mut found = keys(server).await;
    while found != wanted {
        assert!(Instant::now() < end, "{found} keys instead of {wanted}");
        tokio::time::sleep(Duration::from_millis(5)).await;
        found = keys(server).await;
    }
}

/// Waits for the moment in which the lock is not certain any more.
pub(crate) async fn until_lost(held: &dyn Held) {
    tokio::time::timeout(LIMIT, held.lost()).await.expect("the lock is lost in the end");
}

/// What a relay does with bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Passing,
    /// Connections stand, and nothing arrives.
    Silent,
}

/// A way to etcd that can be cut.
pub(crate) struct Relay {
    pub(crate) endpoint: String,
    mood: watch::Sender<Mood>,
}

impl Relay {
    pub(crate) async fn to(server: &EtcdServer) -> Self {
        Self::delayed(server, Duration::ZERO).await
    }

    /// Answers come so much later.
    pub(crate) async fn delayed(server: &EtcdServer, delay: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (mood, moods) = watch::channel(Mood::Passing);
        let server = server.address;
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (moods, back) = (moods.clone(), moods.clone());
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(server).await else { return };
                    let ((asks, hears), (answers, is_asked)) = (client.into_split(), server.into_split());
                    tokio::join!(pass(asks, is_asked, moods, Duration::ZERO), pass(answers, hears, back, delay));
                });
            }
        });
        Self { endpoint, mood }
    }

    /// From now on nothing arrives, in neither direction, on old connections
    /// and on new ones.
    pub(crate) fn cut(&self) {
        self.mood.send_replace(Mood::Silent);
    }

    /// What was held back arrives.
    pub(crate) fn heal(&self) {
        self.mood.send_replace(Mood::Passing);
    }
}

async fn pass(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    mut moods: watch::Receiver<Mood>,
    delay: Duration,
) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut buffer = vec![0; 65536];
    loop {
        let read = from.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            let _closed = to.shutdown().await;
            return;
        }
        tokio::time::sleep(delay).await;
        if moods.wait_for(|mood| *mood == Mood::Passing).await.is_err() || to.write_all(&buffer[..read]).await.is_err()
        {
            let _rest = copy(&mut from, &mut tokio::io::sink()).await;
            return;
        }
    }
}
