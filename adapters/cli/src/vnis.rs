//! Whether VNIs carry frames, which no configuration shows.

use std::sync::Arc;

use mercury_adapter::Lost;

use crate::{LineSession, judge, trial::Found, vni_states, wire::Entry};

impl LineSession {
    /// Asks whether the VNIs that were read carry frames, where that is told; who may see the
    /// configuration may not see that too.
    pub(crate) async fn with_vni_states(&mut self, mut found: Found) -> Result<Found, Lost> {
        let dialect = Arc::clone(&self.dialect);
        let state = dialect.words.overlay().and_then(|own| own.state.as_ref());
        let running = &mut found.running;
        let Some(state) = state.filter(|_| !running.config.segments.is_empty()) else { return Ok(found) };
        let line = self.shown(&state.command);
        let reply = self.answered(Entry::show(&line)).await?;
        match self.failed(&reply, judge::refusal_to_show) {
            Some(words) => tracing::debug!(command = state.command, words, "the switch tells no state of VNIs"),
            None => running.overlay.states = vni_states(state, &reply.text, &running.config.segments),
        }
        Ok(found)
    }
}
