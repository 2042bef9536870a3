//! Which release a switch runs, where its dialect knows that not all do the same.

use std::sync::Arc;

use mercury_adapter::{Budget, CliDialect, Lost};

use crate::{
    judge,
    session::LineSession,
    wire::{Entry, Wire},
};

impl LineSession {
    /// A session whose switch was asked for its release, where that matters.
    pub(crate) async fn open(wire: Box<dyn Wire>, dialect: Arc<CliDialect>, budget: Budget) -> Result<Self, Lost> {
        let mut session = Self::new(wire, Arc::clone(&dialect), budget);
        let block = dialect.words.table().and_then(|words| words.lag_block());
        if let Some(since) = block.map(|block| &block.since) {
            let reply = session.answered(Entry::show(&since.ask)).await?;
            // Of an answer that is a refusal, no line tells it.
            let refused = session.failed(&reply, judge::refusal_to_show);
            session.capabilities.unaggregated = since.refusal(&reply.text).map(|why| match refused {
                Some(words) => Arc::from(format!("{why}: {words}")),
                None => Arc::from(why),
            });
        }
        Ok(session)
    }
}
