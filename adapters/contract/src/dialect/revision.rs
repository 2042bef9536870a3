//! What a target's own word for the state of its configuration is worth.

use serde::Deserialize;

/// How far such a word can be trusted: an entity tag, a transaction id, the values of rows
/// that a transaction waits for. The word itself is opaque, and compared for equality alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// There is none, or nobody says what it is worth: everything is read.
    #[default]
    None,
    /// It may stay the same where something was changed, as a time in whole seconds does, or
    /// one that not every way of changing the target moves. Nothing rests on it.
    Coarse,
    /// Whoever defines it says that it is another after each change, whoever makes it and
    /// however: what was read with it need not be read again.
    Exact,
}

/// What a dialect says of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRevision {
    pub(super) trust: Trust,
    /// Who says so.
    pub(super) source: String,
}

impl RawRevision {
    /// Whether anybody says so.
    pub(super) fn is_justified(&self) -> bool {
        self.trust == Trust::None || !self.source.trim().is_empty()
    }
}
