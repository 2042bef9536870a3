//! Whether a target has the commit-confirmed extension, which nothing announces
//! (gNMI section 3.2), and whether somebody's commit waits to be confirmed.
//!
//! Asking is a Set, so only requests that write do. More time is asked for a
//! commit that nobody has made. Where ids are compared that does nothing; where
//! they are not, another client's commit is neither confirmed nor undone by it.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mercury_adapter::PersistId;
use mercury_gnmi_proto::gnmi_ext::{CommitSetRollbackDuration, commit};
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::{client::Client, request};

/// The time that a commit has where none is said (gnmi-commit-confirmed section
/// 3.2.1): no target takes it for too long, and hardly any client has more.
const ROLLBACK: Duration = Duration::from_secs(600);
/// How long a target that seems not to have the extension is not asked again.
const AGAIN: Duration = Duration::from_secs(60);

/// What a target says to more time for a commit that nobody made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// No commit waits to be confirmed.
    Nothing,
    /// One does, and has another id.
    OtherId,
    /// It does not know the extension.
    Unknown,
    /// OK: it passes over the extension, or one waits and ids are not compared.
    Done,
}

/// Asks.
///
/// # Errors
/// The call failed, or was refused for another reason.
pub(crate) async fn ask(client: &Client, rollback: Option<Duration>, timeout: Duration) -> Result<Said, Status> {
    let id = PersistId("mercury-asks".into());
    let rollback_duration = prost_types::Duration::try_from(rollback.unwrap_or(ROLLBACK)).ok();
    let action = commit::Action::SetRollbackDuration(CommitSetRollbackDuration { rollback_duration });
    match client.set(request::extension(Some(&id), action), timeout).await {
        Ok(()) => Ok(Said::Done),
        Err(refused) => match refused.code() {
            Code::FailedPrecondition | Code::NotFound => Ok(Said::Nothing),
            Code::InvalidArgument => Ok(Said::OtherId),
            Code::Unimplemented => Ok(Said::Unknown),
            _ => Err(refused),
        },
    }
}

/// What is known of a target's commit-confirmed extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Known {
    /// It was not asked, or not while nothing was pending.
    #[default]
    Nothing,
    /// It seemed not to be there, at this time.
    Absent(Instant),
    /// It is there.
    There,
    /// It is there, and ids are compared.
    Compares,
    /// It is there, and ids are not compared: whoever confirms or cancels a commit
    /// may mean another one. It is not used.
    Blind,
}

/// The same, kept from session to session for as long as the target announces the same.
#[derive(Debug, Default)]
pub(crate) struct Commits(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    known: Known,
    /// The digest of what it announced when that was found out, in whatever order.
    announced: Option<u64>,
}

impl Commits {
    pub(crate) fn known(&self) -> Known {
        self.state().known
    }

    /// A session begins with a target that announces this, a line each. Where that is not what
    /// it was, as after a change of firmware, nothing is known of it any more.
    pub(crate) fn met(&self, announced: &[String]) {
        let mut lines: Vec<&String> = announced.iter().collect();
        lines.sort();
        let mut hasher = DefaultHasher::new();
        lines.hash(&mut hasher);
        let lines = hasher.finish();
        let mut state = self.state();
        if state.announced.is_some_and(|earlier| earlier != lines) && state.known != Known::Nothing {
            tracing::info!("the target announces something else than before; it is asked for commit-confirmed again");
            state.known = Known::Nothing;
        }
        state.announced = Some(lines);
    }

    /// Whether a commit can be made to undo itself.
    pub(crate) fn usable(&self) -> bool {
        matches!(self.known(), Known::There | Known::Compares)
    }

    /// Whether it is to be asked before it can be said that it is there.
    pub(crate) fn in_question(&self) -> bool {
        match self.known() {
            Known::Nothing => true,
            Known::Absent(since) => since.elapsed() >= AGAIN,
            Known::There | Known::Compares | Known::Blind => false,
        }
    }

    /// Learns from an answer that came while no commit of ours was pending; says
    /// whether another client's is.
    pub(crate) fn learn(&self, said: Said) -> bool {
        let known = &mut self.state().known;
        match (said, *known) {
            (Said::Nothing, Known::Nothing | Known::Absent(_)) => *known = Known::There,
            // Where it was there before, OK can only be about another client's commit.
            (Said::Done, Known::There) => *known = Known::Blind,
            (Said::Done | Said::Unknown, Known::Nothing | Known::Absent(_)) => *known = Known::Absent(Instant::now()),
            _ => {}
        }
        said == Said::OtherId || (said == Said::Done && *known == Known::Blind)
    }

    /// Learns from an answer that came while a commit of ours was pending.
    pub(crate) fn learn_from_ours(&self, said: Said) {
        match said {
            Said::OtherId => self.state().known = Known::Compares,
            Said::Done => self.state().known = Known::Blind,
            Said::Nothing | Said::Unknown => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_seems_absent_is_asked_again_and_what_was_seen_is_kept() {
        let commits = Commits::default();
        assert!(commits.learn(Said::OtherId) && commits.in_question(), "kept from while one was pending");
        assert!(!commits.learn(Said::Done) && !commits.in_question() && !commits.usable());
        tokio::time::advance(AGAIN).await;
        assert!(commits.in_question());
        assert!(!commits.learn(Said::Nothing) && commits.usable() && !commits.in_question());
        assert!(commits.learn(Said::OtherId) && commits.usable());
        assert!(commits.learn(Said::Done) && !commits.usable(), "ids are not compared");
        assert!(!commits.learn(Said::Nothing) && !commits.usable());
    }

    #[test]
    fn whether_ids_are_compared_is_learned_from_a_commit_of_our_own() {
        let commits = Commits::default();
        commits.learn(Said::Nothing);
        commits.learn_from_ours(Said::Nothing);
        assert_eq!(commits.known(), Known::There);
        commits.learn_from_ours(Said::OtherId);
        assert_eq!(commits.known(), Known::Compares);
        commits.learn_from_ours(Said::Done);
        assert!(!commits.usable());
    }

    #[test]
    fn after_a_change_of_firmware_a_target_is_asked_again() {
        let lines = |version: &str| ["gNMI 0.10.0".to_owned(), format!("model openconfig-vlan {version}")];
        let commits = Commits::default();
        commits.met(&lines("1.0.0"));
        commits.learn(Said::Nothing);
        let [first, second] = lines("1.0.0");
        commits.met(&[second, first]);
        assert!(commits.usable() && !commits.in_question(), "in another order it is the same");
        commits.met(&lines("2.0.0"));
        assert!(!commits.usable() && commits.in_question());
        // The new one passes over the extension.
        assert!(!commits.learn(Said::Done) && !commits.usable());
        commits.met(&lines("2.0.0"));
        assert!(!commits.in_question(), "not at once");
    }
}
