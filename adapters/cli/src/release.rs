//! Which release a switch runs, where its dialect knows that not all do the same.

use std::{sync::Arc, time::Duration};

use mercury_adapter::{Lost, Since};
use tokio::time::timeout;

use crate::{judge, session::LineSession, wire::Entry};

/// How a dialect's switches tell which release they run, where that matters.
pub(crate) fn asked(session: &LineSession) -> Option<Since> {
    session.dialect.words.table().and_then(|words| words.lag_block()).map(|block| block.since.clone())
}

impl LineSession {
    /// Asks the switch for its release.
    ///
    /// # Errors
    /// It did not answer in that time, and the session is of no more use.
    pub(crate) async fn asks_release(&mut self, since: &Since, within: Duration) -> Result<(), Lost> {
        let asking = self.answered(Entry::show(&since.ask));
        let reply = timeout(within, asking).await.unwrap_or(Err(Lost::Timeout(within)))?;
        // Of an answer that is a refusal, no line tells it.
        let refused = self.failed(&reply, judge::refusal_to_show);
        self.capabilities.unaggregated = since.refusal(&reply.text).map(|why| match refused {
            Some(words) => Arc::from(format!("{why}: {words}")),
            None => Arc::from(why),
        });
        Ok(())
    }

    /// Takes it that the release is not known.
    pub(crate) fn has_unknown_release(&mut self, since: &Since, why: &str) {
        self.capabilities.unaggregated = Some(Arc::from(since.unanswered(why)));
    }
}
