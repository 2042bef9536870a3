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
    /// not answer. Who is not reached but by whom it calls is waited for. All of that ends at
    /// `until`, if not before.
    pub async fn elsewhere(
        &self,
        subjects: &[Subject<'_>],
        path: &'static str,
        headers: HeaderMap,
        body: Bytes,
        until: Instant,
    ) -> Served {
        let (end, mut silent, mut begun) = ((Instant::now() + self.wait).min(until), BTreeSet::new(), false);
        loop {
            let Some((member, address)) = self.other(subjects, &silent, end).await else {
                return Served::Here { begun };
            };
            let asked = self.peers.ask(&address, path, headers.clone(), body.clone());
            let lost = |why: &str| Err(Unanswered::Lost(why.to_owned()));
            let answer = tokio::select! {
                biased;
                answer = timeout_at(until.min(Instant::now() + self.patience), asked) => {
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

    /// Waits until a member is not there any more, as far as somebody sees it who is there:
    /// whoever has lost sight of all members knows nothing of any.
    async fn left(&self, member: &str) {
        let mut view = self.view.clone();
        if view.wait_for(|view| view.has(&self.name) && !view.has(member)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// What becomes of what another member is asked.
    #[derive(Clone, Copy, Debug)]
    enum Fate {
        After(Duration),
        Never,
        Refused,
        Lost,
    }

    impl Courier for Fate {
        fn ask<'a>(
            &'a self,
            _: &'a str,
            _: &'static str,
            _: HeaderMap,
            _: Bytes,
        ) -> BoxFuture<'a, Result<Answer, Unanswered>> {
            async move {
                match self {
                    Self::After(time) => tokio::time::sleep(*time).await,
                    Self::Never => std::future::pending().await,
                    Self::Refused => return Err(Unanswered::NotTaken("refused".to_owned())),
                    Self::Lost => return Err(Unanswered::Lost("lost".to_owned())),
                }
                let body = Bytes::from_static(b"done");
                Ok(Answer { status: StatusCode::OK, headers: HeaderMap::new(), body })
            }
            .boxed()
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn both() -> View {
        let mut view = View::default();
        for name in ["a", "b"] {
            view.joins(name, view::Member { address: name.to_owned(), leaving: false });
        }
        view
    }

    /// What becomes of a request for a switch of b's that a is asked and that may take 6 s,
    /// where a sees this after 1 s; and how long it takes.
    async fn handed(fate: Fate, then: Option<View>) -> (Served, Duration) {
        let (sender, view) = watch::channel(both());
        let fleet = Fleet::over("a", Box::new(fate), view, 10 * SECOND, 60 * SECOND);
        let locks: Vec<String> = (0..99).map(|number| format!("leaf{number}")).collect();
        let of_b = |lock: &&String| both().served_by(Subject { lock, calls_home: false }) == Some("b");
        let lock = locks.iter().find(of_b).unwrap();
        let begun = Instant::now();
        let subjects = [Subject { lock, calls_home: false }];
        let asked = fleet.elsewhere(&subjects, "/", HeaderMap::new(), Bytes::new(), begun + 6 * SECOND);
        let seen = async {
            tokio::time::sleep(SECOND).await;
            if let Some(view) = then {
                sender.send_replace(view);
            }
        };
        let (handed, ()) = tokio::join!(asked.map(|handed| (handed, begun.elapsed())), seen);
        handed
    }

    #[tokio::test(start_paused = true)]
    async fn who_loses_sight_of_all_members_still_waits_for_the_one_that_was_asked() {
        let (served, took) = handed(Fate::After(4 * SECOND), Some(View::default())).await;
        let Served::Elsewhere(answer) = served else { panic!("{served:?}") };
        assert_eq!((&*answer.body, took), (&b"done"[..], 4 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_to_a_member_may_have_been_begun_there_and_what_was_not_is_not() {
        let mut without = both();
        without.leaves("b");
        for (fate, then, doubt, after) in [
            (Fate::Never, Some(without), true, SECOND),
            // As long as who asks has for it, and no longer.
            (Fate::Never, None, true, 6 * SECOND),
            (Fate::Lost, None, true, Duration::ZERO),
            (Fate::Refused, None, false, Duration::ZERO),
        ] {
            let (served, took) = handed(fate, then).await;
            let Served::Here { begun } = served else { panic!("{fate:?}: {served:?}") };
            assert_eq!((begun, took), (doubt, after), "{fate:?}");
        }
    }
}
