//! Whether VNIs carry frames: questions beside a Get of configuration, whose answers are
//! worth less than that, and are understood apart from it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use mercury_adapter::{Bump, Node, PATIENCE_WITH_STATE, Share, off_worker};
use mercury_model::{Running, Scope, Segment, VlanId, Vni, VniState};
use tokio::time::Instant;
use tonic::{Code, Status};

use super::GnmiSession;
use crate::{
    query::Questions,
    raw::Raw,
    tree::{Problem, Tree},
};

/// So long a target is not asked again that left the questions open.
const SILENCE: Duration = Duration::from_secs(60);

/// What was answered, and when that was not.
#[derive(Default)]
pub(super) struct VniStates {
    answers: Vec<Raw>,
    silent_until: Option<Instant>,
}

impl fmt::Debug for VniStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VniStates").field("silent_until", &self.silent_until).finish_non_exhaustive()
    }
}

impl GnmiSession {
    /// What to ask beside what is read.
    pub(super) fn about_vni_states(&mut self, scope: &Scope) -> Vec<Node> {
        self.vni_states.answers.clear();
        let is_silent = self.vni_states.silent_until.is_some_and(|until| Instant::now() < until);
        if is_silent || self.learned.no_get_type.load(Relaxed) || self.learned.no_vni_states.load(Relaxed) {
            return Vec::new();
        }
        Questions::one_by_one(&self.dialect, &self.instance).states(scope)
    }

    /// What a target answers to it. Only who knows no such thing is not asked again.
    pub(super) fn hear_of_vni_states(&mut self, answer: Result<Raw, Status>) {
        let status = match answer {
            Ok(answer) => return self.vni_states.answers.push(answer),
            Err(status) => status,
        };
        let has_none = matches!(status.code(), Code::Unimplemented | Code::InvalidArgument);
        tracing::debug!(%status, has_none, "the target tells no state of VNIs");
        if has_none {
            self.learned.no_vni_states.store(true, Relaxed);
        } else if status.code() == Code::DeadlineExceeded {
            self.vni_states.silent_until = Some(Instant::now() + SILENCE);
        }
    }

    /// Adds what those answers tell of the VNIs that were read.
    pub(super) async fn add_vni_states(&mut self, running: &mut Running, scope: &Scope) {
        let answers = std::mem::take(&mut self.vni_states.answers);
        if answers.is_empty() || running.segments.is_empty() {
            return;
        }
        let (dialect, instance, scope) = (Arc::clone(&self.dialect), self.instance.clone(), scope.clone());
        let (octets, mut share) = (answers.iter().map(|answer| answer.octets.len()).sum(), self.client.share());
        let segments = running.segments.clone();
        let work = off_worker(octets, move || {
            told(&answers, Questions::one_by_one(&dialect, &instance), &scope, &segments, &mut share)
        });
        match tokio::time::timeout(PATIENCE_WITH_STATE, work).await {
            Ok(Ok(Ok(states))) => running.overlay.states = states,
            Ok(Ok(Err(_))) => tracing::debug!("the state of VNIs is not understood"),
            Ok(Err(_)) | Err(_) => tracing::debug!("the state of VNIs was not understood in time"),
        }
    }
}

fn told(
    answers: &[Raw],
    questions: Questions<'_>,
    scope: &Scope,
    segments: &BTreeMap<VlanId, Segment>,
    share: &mut Share,
) -> Result<BTreeMap<Vni, VniState>, Problem> {
    let arena = Bump::new();
    let mut tree = Tree::new(&arena, share)?;
    answers.iter().try_for_each(|answer| tree.add(&answer.octets))?;
    questions.told(&tree, scope, segments).map_err(Problem::Unreadable)
}
