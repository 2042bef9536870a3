//! Why a call has no result. No message holds a secret.

use std::time::Duration;

use serde_json::{Map, Value};

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the client was made of cannot be used.
    #[error("{0}")]
    Settings(String),
    /// There was no connection, so nothing was asked for.
    #[error("no connection: {0}")]
    NotSent(String),
    /// The request was sent, perhaps, and no usable answer came, or a server error that is not in
    /// Mercury's words but those of a proxy before it: it may have been done.
    #[error("no answer to {method}: {message}")]
    NoAnswer {
        /// What was asked.
        method: String,
        /// With these parameters.
        params: Value,
        /// What happened instead.
        message: String,
    },
    /// An HTTP status instead of JSON-RPC, in Mercury's own words or a refusal (3xx, 4xx) of what
    /// is before it; nothing was done.
    #[error(transparent)]
    Refused(Refusal),
    /// Mercury's own error.
    #[error(transparent)]
    Rpc(RpcError),
}

impl Error {
    /// In how long the answer lets the request be made again; `pause` where it does not say
    /// how long. `None` for never.
    pub(crate) fn later(&self, pause: Duration) -> Option<Duration> {
        match self {
            Self::Rpc(error) => error.retry().then_some(pause),
            Self::Refused(refusal) => refusal.retry_after,
            Self::Settings(_) | Self::NotSent(_) | Self::NoAnswer { .. } => None,
        }
    }
}

/// An HTTP status that is no success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("HTTP {status}")]
pub struct Refusal {
    /// The status: 401 where the caller is not let in, 403 where it may not ask for this.
    pub status: u16,
    /// `Retry-After`, of at most 30 s.
    pub retry_after: Option<Duration>,
}

/// The `error` of an answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// As in JSON-RPC and in Ironic's exceptions.
    pub code: i32,
    /// A sentence.
    pub message: String,
    /// `class`, `kind`, `parameter`, `switch`, `device_errors`, `who_acts` and `retry`, each
    /// where it is there.
    pub data: Map<String, Value>,
}

impl RpcError {
    /// Which kind it is, such as `busy` or `refused`; Mercury's README lists them.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.data.get("kind")?.as_str()
    }

    /// Whether Mercury says that the same request may succeed later.
    #[must_use]
    pub fn retry(&self) -> bool {
        self.data.get("retry").and_then(Value::as_bool).unwrap_or_default()
    }
}
