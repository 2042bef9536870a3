//! Who has a session with a target, as the target tells.

/// A session that a target lists (RFC 6022 section 2.1.4, `session`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// Its number, as the hello of its server said it.
    pub session_id: u64,
    /// Who logged in.
    pub username: String,
    /// Where from, if the target says.
    pub source_host: Option<String>,
    /// When, by the target's clock: whole seconds since 1970-01-01T00:00:00Z.
    pub login_time: i64,
}
