//! Whether VNIs carry frames: a question behind all others of a flight, whose answer is worth
//! less than theirs.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mercury_adapter::{Answer, ErrorTag, NetconfDialect, PATIENCE_WITH_STATE, Step, StepResult, off_worker};
use mercury_model::{Scope, Vni, VniState};
use tokio::time::Instant;

use crate::{decode, message::Reply, operation, session::understanding, xml::Element};

/// So long a server is not asked again that left the question open.
const SILENCE: Duration = Duration::from_secs(60);

/// What is known of who is asked.
#[derive(Debug, Default)]
pub(crate) struct VniStates {
    /// It has none to tell, by its own words.
    has_none: bool,
    /// It did not answer; until then it is not asked.
    silent_until: Option<Instant>,
}

impl VniStates {
    /// The question that goes with a step, if any does.
    pub(crate) fn question(&self, dialect: &NetconfDialect, instance: &str, step: &Step) -> Option<Element> {
        let Step::Read(scope) = step else { return None };
        if self.has_none || self.silent_until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        decode::states(dialect, instance, scope).map(|filter| operation::get(filter, None))
    }

    /// Lays over what a step has read what its question brought, which may be nothing; what
    /// was read stays as it is then.
    pub(crate) async fn lay(
        &mut self,
        (step, result): (&Step, &mut StepResult),
        reply: Option<Reply>,
        (dialect, instance): (&Arc<NetconfDialect>, &str),
    ) {
        let (Step::Read(scope), Ok(Answer::Running(found))) = (step, result) else { return };
        let Some(reply) = reply else {
            tracing::debug!(?SILENCE, "the server left open whether VNIs carry frames; not asking again for now");
            self.silent_until = Some(Instant::now() + SILENCE);
            return;
        };
        found.overlay.states = self.told(reply, scope, (dialect, instance)).await;
    }

    async fn told(
        &mut self,
        reply: Reply,
        scope: &Scope,
        (dialect, instance): (&Arc<NetconfDialect>, &str),
    ) -> BTreeMap<Vni, VniState> {
        let has_none = |tag: &ErrorTag| {
            matches!(
                tag,
                ErrorTag::UnknownElement
                    | ErrorTag::UnknownNamespace
                    | ErrorTag::BadElement
                    | ErrorTag::OperationNotSupported
            )
        };
        let Some(data) = reply.data.filter(|_| reply.errors.is_empty()) else {
            // Whoever is busy, or may not look, is asked again.
            self.has_none = reply.errors.iter().all(|error| has_none(&error.tag));
            tracing::debug!(errors = ?reply.errors, self.has_none, "the server tells no state of VNIs");
            return BTreeMap::new();
        };
        let (dialect, instance, scope) = (Arc::clone(dialect), instance.to_owned(), scope.clone());
        let work = off_worker(data.as_str().len(), move || decode::read(&dialect, &instance, data, &scope));
        match understanding(work, PATIENCE_WITH_STATE).await {
            Ok(Ok(found)) => found.overlay.states,
            other => {
                tracing::debug!(problem = ?other.err(), "the state of VNIs is not understood");
                BTreeMap::new()
            }
        }
    }
}

#[cfg(test)]
#[path = "states_tests.rs"]
mod tests;
