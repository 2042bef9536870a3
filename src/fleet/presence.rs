//! What the members of a fleet see of each other: keys in etcd below `PREFIX/.fleet/`,
//! which no lock is called.
//!
//! | key | value |
//! |---|---|
//! | `members/NAME` | the [`Member`], as JSON |
//! | `called/LOCK/NAME` | nothing: the switch with this lock has called this member |
//!
//! All keys of a member hang on one lease, so they end with it; a member that cannot
//! renew it sees nobody, and serves what it is asked by itself.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use etcd_client::{Compare, CompareOp, EventType, GetOptions, PutOptions, Txn, TxnOp, WatchOptions};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::view::{Member, View};
use crate::{
    config::Etcd,
    fault::Fault,
    lock::{
        Held as _,
        etcd::{Connection, Lease, component, fault},
    },
};

/// Between two tries to be a member.
const PAUSE: Duration = Duration::from_secs(1);

/// The locks of the switches that have a connection here, whenever they differ.
pub type Called = watch::Receiver<BTreeSet<String>>;

/// A member's keys, and its view of all.
pub struct Presence {
    connection: Arc<Connection>,
    leases: TaskTracker,
    name: String,
    member: Member,
    keys: String,
    view: watch::Sender<Arc<View>>,
}

impl Presence {
    /// A member of this name and address; nothing is asked of etcd yet.
    #[must_use]
    pub fn new(etcd: Etcd, name: &str, address: &str) -> Self {
        let keys = format!("{}/.fleet/", etcd.prefix);
        Self {
            connection: Arc::new(Connection::new(etcd)),
            leases: TaskTracker::new(),
            name: name.to_owned(),
            member: Member { address: address.to_owned(), leaving: false },
            keys,
            view: watch::Sender::default(),
        }
    }

    /// What it sees; nobody, for as long as it is no member itself.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<Arc<View>> {
        self.view.subscribe()
    }

    /// Is a member until `gone` is cancelled, and one that leaves from when `leaving` is.
    pub async fn keep(self, mut called: Called, leaving: CancellationToken, gone: CancellationToken) {
        while !gone.is_cancelled() {
            let ended = tokio::select! {
                ended = self.once(&mut called, &leaving) => ended,
                () = gone.cancelled() => Ok(()),
            };
            self.view.send_replace(Arc::default());
            if let Err(fault) = ended {
                tracing::warn!(%fault, "not a member of the fleet; requests are served here");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = gone.cancelled() => {}
                }
            }
        }
        self.leases.close();
        // What is not given back in this time ends with its lease.
        let _in_time = tokio::time::timeout(self.connection.settings().timeout, self.leases.wait()).await;
    }

    /// As long as one lease lasts.
    async fn once(&self, called: &mut Called, leaving: &CancellationToken) -> Result<(), Fault> {
        let lease = Lease::grant(&self.connection, &self.leases).await?;
        self.join(&lease).await?;
        let told = async {
            let (mut before, mut told_leaving) = (BTreeSet::new(), false);
            loop {
                let now = called.borrow_and_update().clone();
                self.tell(&lease, &before, &now).await?;
                before = now;
                tokio::select! {
                    changed = called.changed() => if changed.is_err() { std::future::pending::<()>().await },
                    () = leaving.cancelled(), if !told_leaving => {
                        self.leave(&lease).await?;
                        told_leaving = true;
                    }
                }
            }
        };
        tokio::select! {
            ended = told => ended,
            ended = self.see() => ended,
            () = lease.lost() => Err(fault("the lease of this member has ended")),
        }
    }

    /// Takes the name, unless another process has it.
    async fn join(&self, lease: &Lease) -> Result<(), Fault> {
        let key = format!("{}members/{}", self.keys, component(&self.name));
        let new = Compare::create_revision(key.as_str(), CompareOp::Equal, 0);
        let put = TxnOp::put(key.as_str(), text(&self.member)?, Some(PutOptions::new().with_lease(lease.id)));
        let txn = Txn::new().when([new]).and_then([put]);
        let answer = self.connection.ask(|mut client| async move { client.txn(txn).await }).await?;
        if answer.succeeded() {
            return Ok(());
        }
        let message = format!("another Mercury is called {:?}, or was until its lease ends", self.name);
        Err(Fault::new(crate::fault::FaultKind::Coordinator, message))
    }

    async fn leave(&self, lease: &Lease) -> Result<(), Fault> {
        let key = format!("{}members/{}", self.keys, component(&self.name));
        let value = text(&Member { leaving: true, ..self.member.clone() })?;
        let options = PutOptions::new().with_lease(lease.id);
        self.connection.ask(|mut client| async move { client.put(key, value, Some(options)).await }).await?;
        Ok(())
    }

    /// Which switches have called, and which are gone.
    async fn tell(&self, lease: &Lease, before: &BTreeSet<String>, now: &BTreeSet<String>) -> Result<(), Fault> {
        let key = |lock: &String| format!("{}called/{}/{}", self.keys, component(lock), component(&self.name));
        for lock in now.difference(before) {
            let (key, options) = (key(lock), PutOptions::new().with_lease(lease.id));
            self.connection.ask(|mut client| async move { client.put(key, "", Some(options)).await }).await?;
        }
        for lock in before.difference(now) {
            let key = key(lock);
            self.connection.ask(|mut client| async move { client.delete(key, None).await }).await?;
        }
        Ok(())
    }

    /// Reads what there is, and follows what changes, until etcd does not tell any more.
    async fn see(&self) -> Result<(), Fault> {
        let keys = self.keys.as_str();
        let all = GetOptions::new().with_prefix();
        let found = self.connection.ask(|mut client| async move { client.get(keys, Some(all)).await }).await?;
        let mut view = View::default();
        for pair in found.kvs() {
            self.put(&mut view, pair.key(), pair.value());
        }
        self.show(&view);
        let next = found.header().map_or(0, etcd_client::ResponseHeader::revision) + 1;
        let options = WatchOptions::new().with_prefix().with_start_revision(next);
        let mut client = self.connection.client().await?;
        let mut changes = client.watch(keys, Some(options)).await.map_err(|error| fault(&error))?;
        while let Some(change) = changes.message().await.map_err(|error| fault(&error))? {
            if change.canceled() {
                break;
            }
            for event in change.events() {
                let Some(pair) = event.kv() else { continue };
                match event.event_type() {
                    EventType::Put => self.put(&mut view, pair.key(), pair.value()),
                    EventType::Delete => self.delete(&mut view, pair.key()),
                }
            }
            self.show(&view);
        }
        Err(fault("it does not tell of the members any more"))
    }

    fn show(&self, view: &View) {
        let before = self.view.send_replace(Arc::new(view.clone()));
        let names = |view: &View| view.members().map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>();
        let (before, now) = (names(&before), names(view));
        for name in now.difference(&before) {
            tracing::info!(name, members = now.len(), "a member of the fleet is there");
        }
        for name in before.difference(&now) {
            tracing::info!(name, members = now.len(), "a member of the fleet has gone");
        }
    }

    fn put(&self, view: &mut View, key: &[u8], value: &[u8]) {
        match self.parts(key).as_deref() {
            Some(["members", name]) => match serde_json::from_slice(value) {
                Ok(member) => view.joins(name, member),
                Err(error) => tracing::warn!(name, %error, "a member that cannot be understood is left out"),
            },
            Some(["called", lock, name]) => view.calls(lock, name),
            _ => {}
        }
    }

    fn delete(&self, view: &mut View, key: &[u8]) {
        match self.parts(key).as_deref() {
            Some(["members", name]) => view.leaves(name),
            Some(["called", lock, name]) => view.hangs_up(lock, name),
            _ => {}
        }
    }

    fn parts<'a>(&self, key: &'a [u8]) -> Option<Vec<&'a str>> {
        Some(std::str::from_utf8(key).ok()?.strip_prefix(self.keys.as_str())?.split('/').collect())
    }
}

/// What all members see, once, for who is none.
///
/// # Errors
/// [`FaultKind::Coordinator`](crate::fault::FaultKind::Coordinator): etcd cannot be asked.
pub async fn look(etcd: Etcd) -> Result<View, Fault> {
    let presence = Presence::new(etcd, "", "");
    let (keys, all) = (presence.keys.as_str(), GetOptions::new().with_prefix());
    let found = presence.connection.ask(|mut client| async move { client.get(keys, Some(all)).await }).await?;
    let mut view = View::default();
    for pair in found.kvs() {
        presence.put(&mut view, pair.key(), pair.value());
    }
    Ok(view)
}

fn text(member: &Member) -> Result<String, Fault> {
    serde_json::to_string(member).map_err(fault)
}
