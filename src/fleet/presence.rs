//! What the members of a fleet see of each other: keys in etcd below `PREFIX/.fleet/`,
//! which no lock is called.
//!
//! | key | value |
//! |---|---|
//! | `members/NAME` | the [`Member`], as JSON |
//! | `called/LOCK/NAME` | nothing: the switch with this lock has called this member |
//!
//! All keys of a member hang on one lease, so they end with it. A member that cannot renew
//! it goes by what it saw last, until it sees more.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::view::{Member, View};
use crate::{
    config::Etcd,
    fault::Fault,
    lock::{
        Held as _,
        etcd::{Connection, Event, Keys, Lease, component, fault},
    },
};

/// Between two tries to be a member.
const PAUSE: Duration = Duration::from_secs(1);

/// The locks of the switches that have a connection here, whenever they differ.
pub type Called = watch::Receiver<BTreeSet<String>>;

/// A member's keys, and its view of all.
pub struct Presence {
    etcd: Arc<dyn Keys>,
    leases: TaskTracker,
    name: String,
    member: Member,
    keys: String,
    view: watch::Sender<View>,
}

impl Presence {
    /// A member of this name and address; nothing is asked of etcd yet.
    #[must_use]
    pub fn new(etcd: Etcd, name: &str, address: &str) -> Self {
        Self::over(Arc::new(Connection::new(etcd)), name, address)
    }

    /// The same, where something else answers in an etcd's place.
    #[doc(hidden)]
    #[must_use]
    pub fn over(etcd: Arc<dyn Keys>, name: &str, address: &str) -> Self {
        let keys = format!("{}/.fleet/", etcd.settings().prefix);
        Self {
            etcd,
            leases: TaskTracker::new(),
            name: name.to_owned(),
            member: Member { address: address.to_owned(), leaving: false },
            keys,
            view: watch::Sender::default(),
        }
    }

    /// What it sees; nobody, until it is a member itself.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<View> {
        self.view.subscribe()
    }

    /// Is a member until `gone` is cancelled, and one that leaves from when `leaving` is.
    pub async fn keep(self, mut called: Called, leaving: CancellationToken, gone: CancellationToken) {
        while !gone.is_cancelled() {
            let ended = tokio::select! {
                biased;
                ended = self.once(&mut called, &leaving) => ended,
                () = gone.cancelled() => Ok(()),
            };
            // Whoever was there mostly still is, and has the sessions: if all served by themselves
            // what they are asked, every switch would have to do with all of them.
            if let Err(fault) = ended {
                tracing::warn!(%fault, "not a member of the fleet; what was last seen of the others counts");
                tokio::select! {
                    biased;
                    () = tokio::time::sleep(PAUSE) => {}
                    () = gone.cancelled() => {}
                }
            }
        }
        self.leases.close();
        // What is not given back in this time ends with its lease.
        let _in_time = tokio::time::timeout(self.etcd.settings().timeout, self.leases.wait()).await;
    }

    /// As long as one lease lasts.
    async fn once(&self, called: &mut Called, leaving: &CancellationToken) -> Result<(), Fault> {
        let lease = Lease::grant(&self.etcd, &self.leases).await?;
        self.join(&lease).await?;
        let told = async {
            let (mut before, mut told_leaving, mut is_over) = (BTreeSet::new(), false, false);
            loop {
                let now = called.borrow_and_update().clone();
                self.tell(&lease, &before, &now).await?;
                before = now;
                tokio::select! {
                    biased;
                    // Whoever told of calls may be gone; that it leaves is told all the same.
                    changed = called.changed(), if !is_over => is_over = changed.is_err(),
                    () = leaving.cancelled(), if !told_leaving => {
                        self.leave(&lease).await?;
                        told_leaving = true;
                    }
                    else => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            biased;
            ended = told => ended,
            ended = self.see() => ended,
            () = lease.lost() => Err(fault("the lease of this member has ended")),
        }
    }

    /// Takes the name, unless another process has it.
    async fn join(&self, lease: &Lease) -> Result<(), Fault> {
        let key = self.key();
        if self.etcd.make(&key, text(&self.member)?, lease.id, &key).await?.is_some() {
            return Ok(());
        }
        let message = format!("another Mercury is called {:?}, or was until its lease ends", self.name);
        Err(Fault::new(crate::fault::FaultKind::Coordinator, message))
    }

    async fn leave(&self, lease: &Lease) -> Result<(), Fault> {
        let leaving = text(&Member { leaving: true, ..self.member.clone() })?;
        Ok(self.etcd.put(&self.key(), leaving, lease.id).await?)
    }

    fn key(&self) -> String {
        format!("{}members/{}", self.keys, component(&self.name))
    }

    /// Which switches have called, and which are gone.
    async fn tell(&self, lease: &Lease, before: &BTreeSet<String>, now: &BTreeSet<String>) -> Result<(), Fault> {
        let key = |lock: &String| format!("{}called/{}/{}", self.keys, component(lock), component(&self.name));
        for lock in now.difference(before) {
            self.etcd.put(&key(lock), String::new(), lease.id).await?;
        }
        for lock in before.difference(now) {
            self.etcd.delete(&key(lock)).await?;
        }
        Ok(())
    }

    /// Reads what there is, and follows what changes, until etcd does not tell any more.
    async fn see(&self) -> Result<(), Fault> {
        let (view, read) = self.seen().await?;
        let before = self.view.send_replace(view);
        let now = self.view.borrow().clone();
        now.members().filter(|(name, _)| !before.has(name)).for_each(|(name, _)| tell_of(name, &now));
        let mut changes = self.etcd.changes(&self.keys, read + 1).await?;
        while let Some(changed) = changes.next().await {
            let changed = changed?;
            self.view.send_modify(|view| changed.iter().for_each(|change| self.lay(view, change)));
        }
        Err(fault("it does not tell of the members any more"))
    }

    /// All that there is, and the count up to which etcd was read.
    async fn seen(&self) -> Result<(View, i64), Fault> {
        let (pairs, read) = self.etcd.all(&self.keys).await?;
        let mut view = View::default();
        pairs.iter().for_each(|(key, value)| self.put(&mut view, key, value));
        Ok((view, read))
    }

    fn lay(&self, view: &mut View, change: &Event) {
        match change {
            Event::Put(key, value) => self.put(view, key, value),
            Event::Deleted(key) => self.delete(view, key),
        }
    }

    fn put(&self, view: &mut View, key: &str, value: &str) {
        match self.parts(key).as_deref() {
            Some(["members", name]) => match serde_json::from_str(value) {
                Ok(member) => {
                    let is_new = !view.has(name);
                    view.joins(name, member);
                    if is_new {
                        tell_of(name, view);
                    }
                }
                Err(error) => tracing::warn!(name, %error, "a member that cannot be understood is left out"),
            },
            Some(["called", lock, name]) => view.calls(lock, name),
            _ => {}
        }
    }

    fn delete(&self, view: &mut View, key: &str) {
        match self.parts(key).as_deref() {
            Some(["members", name]) => {
                view.leaves(name);
                tell_of(name, view);
            }
            Some(["called", lock, name]) => view.hangs_up(lock, name),
            _ => {}
        }
    }

    fn parts<'a>(&self, key: &'a str) -> Option<Vec<&'a str>> {
        Some(key.strip_prefix(self.keys.as_str())?.split('/').collect())
    }
}

/// What all members see, once, for who is none.
///
/// # Errors
/// [`FaultKind::Coordinator`](crate::fault::FaultKind::Coordinator): etcd cannot be asked.
pub async fn look(etcd: Etcd) -> Result<View, Fault> {
    Ok(Presence::new(etcd, "", "").seen().await?.0)
}

fn tell_of(name: &str, view: &View) {
    let members = || view.members().count();
    match view.has(name) {
        true => tracing::info!(name, members = members(), "a member of the fleet is there"),
        false => tracing::info!(name, members = members(), "a member of the fleet has gone"),
    }
}

fn text(member: &Member) -> Result<String, Fault> {
    serde_json::to_string(member).map_err(fault)
}
