//! Several Mercurys, of which each may be asked about every switch: whoever has the
//! connection of a switch that calls home serves it, and of the others each is served
//! by one of them, so that it is spared the sessions of the rest. Whoever is asked
//! hands the request over.
//!
//! | Module | What it holds |
//! |---|---|
//! | [`view`] | who serves which switch, worked out by each member from what all of them see |
//! | `presence` | what all of them see: keys in etcd that live as long as their member (feature `etcd`) |
//! | `peer` | requests to another member, over TLS, on kept connections |
//!
//! It is about cost and reach alone. What may be changed at a time is decided by the
//! locks: what a member is handed that cannot be asked, whose answer is lost or that has
//! left is served by another, which reads the switch under its lock first, and so finds
//! what was done already.

mod peer;
#[cfg(feature = "etcd")]
pub mod presence;
pub mod view;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, StatusCode},
};
use futures_util::future::BoxFuture;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::{config, metrics};
use peer::Peers;
use view::{Subject, View, Whose};

/// Stands in whatever a member answers to a request that it took.
pub const ANSWERED: HeaderName = HeaderName::from_static("x-mercury-answered");

/// How much longer than a request may take its answer is waited for, of another member.
pub const MARGIN: Duration = Duration::from_secs(10);

/// What a member says that was handed a request.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The media type and when to try again, where it says so.
    pub headers: HeaderMap,
    /// JSON, or nothing.
    pub body: Bytes,
}

/// Why a member has not answered what it was handed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was not reached, or does not take it: it has not begun.
    NotTaken(String),
    /// It may have begun.
    Lost(String),
}

/// Who answers a request.
#[derive(Debug)]
pub enum Served {
    /// Another member has.
    Elsewhere(Answer),
    /// This one is to.
    Here {
        /// Another one may have begun it.
        begun: bool,
    },
}

/// Carries requests to other members.
pub trait Courier: Send + Sync {
    /// A `POST` of `body` to `path` of the member at this address, and the answer to it.
    ///
    /// # Errors
    /// In a sentence: it was not reached, does not take the request, or went before the
    /// answer was there whole.
    fn ask<'a>(
        &'a self,
        address: &'a str,
        path: &'static str,
        headers: HeaderMap,
        body: Bytes,
    ) -> BoxFuture<'a, Result<Answer, Unanswered>>;
}

/// A member of the fleet, as it sees the others.
pub struct Fleet {
    name: String,
    view: watch::Receiver<View>,
    peers: Box<dyn Courier>,
    /// How long a switch that calls home is waited for.
    wait: Duration,
    /// How long a member may take for an answer.
    patience: Duration,
}

impl Fleet {
    /// A member that sees what `view` holds, from now on. A switch that calls home is waited
    /// for `wait`, and an answer for `patience`.
    #[must_use]
    pub fn new(settings: &config::Fleet, view: watch::Receiver<View>, wait: Duration, patience: Duration) -> Arc<Self> {
        Self::over(&settings.name, Box::new(Peers::new(settings)), view, wait, patience)
    }

    /// The same, where others are reached in another way.
    #[doc(hidden)]
    #[must_use]
    pub fn over(
        name: &str,
        peers: Box<dyn Courier>,
        view: watch::Receiver<View>,
        wait: Duration,
        patience: Duration,
    ) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), view, peers, wait, patience })
    }

    /// Has another member answer a request about these switches: a `POST` of `body` to
    /// `path`. It is to be served here where they are this member's, or the other one did
    /// not answer. Who is not reached but by whom it calls is waited for.
    pub async fn elsewhere(
        &self,
        subjects: &[Subject<'_>],
        path: &'static str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Served {
        let (end, mut silent, mut begun) = (Instant::now() + self.wait, BTreeSet::new(), false);
        loop {
            let Some((member, address)) = self.other(subjects, &silent, end).await else {
                return Served::Here { begun };
            };
            let asked = self.peers.ask(&address, path, headers.clone(), body.clone());
            let lost = |why: &str| Err(Unanswered::Lost(why.to_owned()));
            let answer = tokio::select! {
                biased;
                answer = tokio::time::timeout(self.patience, asked) => {
                    answer.unwrap_or_else(|_| lost("it did not answer in time"))
                }
                () = self.left(&member) => lost("it has left"),
            };
            match answer {
                Ok(answer) => {
                    metrics::handed_over("answered");
                    tracing::debug!(member, "a request was handed over");
                    return Served::Elsewhere(answer);
                }
                Err(unanswered) => {
                    metrics::handed_over("taken-back");
                    begun |= matches!(unanswered, Unanswered::Lost(_));
                    let (Unanswered::NotTaken(error) | Unanswered::Lost(error)) = unanswered;
                    tracing::warn!(member, error, "a request that was handed over was not answered");
                }
            }
            if !subjects.iter().any(|subject| subject.calls_home) {
                return Served::Here { begun };
            }
            silent.insert(member);
        }
    }

    /// The other member whose these switches are; a switch that calls home is waited for.
    async fn other(
        &self,
        subjects: &[Subject<'_>],
        silent: &BTreeSet<String>,
        end: Instant,
    ) -> Option<(String, String)> {
        let mut view = self.view.clone();
        loop {
            match view.borrow_and_update().whose_without(&self.name, subjects, silent) {
                Whose::Own => return None,
                Whose::Of(name, address) => return Some((name.to_owned(), address.to_owned())),
                Whose::NobodyYet => {}
            }
            // Whoever sees nobody in the end says so in the words of one who waited.
            timeout_at(end, view.changed()).await.ok()?.ok()?;
        }
    }

    /// Waits until a member is not there any more.
    async fn left(&self, member: &str) {
        let mut view = self.view.clone();
        if view.wait_for(|view| !view.has(member)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
