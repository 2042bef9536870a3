//! Whether VNIs carry frames: a question beside, whose answer is worth less than the
//! configuration that was read.

use std::time::Duration;

use mercury_adapter::{ErrorTag, PATIENCE_WITH_STATE, Refusal};
use mercury_model::{Running, Scope};
use tokio::time::Instant;

use super::RestconfSession;
use crate::{data::Behind, refusal::Failure};

/// So long a server is not asked again that left the question open.
const SILENCE: Duration = Duration::from_secs(60);

/// What is known of who is asked.
#[derive(Debug, Default)]
pub(super) struct VniStates {
    /// It has none to tell, by its own words.
    has_none: bool,
    /// It did not answer; until then it is not asked.
    silent_until: Option<Instant>,
}

impl RestconfSession {
    /// Adds what state tells of the VNIs that were read, where it tells anything.
    pub(super) async fn add_vni_states(&mut self, running: &mut Running, scope: &Scope, until: Instant) {
        let overlay = self.dialect.tree.overlay.as_ref().filter(|_| scope.overlays);
        let Some(node) = overlay.and_then(|own| own.asked_for_states(&self.instance)) else { return };
        let is_silent = self.vni_states.silent_until.is_some_and(|until| Instant::now() < until);
        if running.config.segments.is_empty() || self.vni_states.has_none || is_silent {
            return;
        }
        let patience = until.saturating_duration_since(Instant::now()).min(PATIENCE_WITH_STATE);
        let until = Instant::now() + patience;
        let was = self.client.is_lost();
        let told = match self.get(&[node], "nonconfig", patience).await {
            Ok((answers, _)) => {
                self.read_as(scope, (answers, Behind::Dropped), until, patience).await.map(|(told, _)| told)
            }
            Err(failure) => Err(failure),
        };
        // Who leaves this open has answered what was to be read.
        self.client.go_on(was);
        match told {
            Ok(told) => running.overlay.states = told.overlay.states,
            Err(failure) => {
                tracing::debug!(?failure, "the server tells no state of VNIs");
                match failure {
                    Failure::Refused(refusal) => self.vni_states.has_none = has_none(&refusal),
                    Failure::NotNow(_) => {}
                    Failure::Lost(_) => self.vni_states.silent_until = Some(Instant::now() + SILENCE),
                }
            }
        }
    }
}

/// Whether it knows no such thing; whoever may not look is asked again.
fn has_none(refusal: &Refusal) -> bool {
    let tags = [
        ErrorTag::UnknownElement,
        ErrorTag::UnknownNamespace,
        ErrorTag::BadElement,
        ErrorTag::InvalidValue,
        ErrorTag::OperationNotSupported,
    ];
    let errors = refusal.errors();
    !errors.is_empty() && errors.iter().all(|error| tags.contains(&error.tag))
}
