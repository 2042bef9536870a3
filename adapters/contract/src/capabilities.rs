//! What a target can do, known before it is asked to.

use std::sync::Arc;

/// Which datastore a change is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datastore {
    /// Staged in `<candidate>`, then committed (RFC 6241 section 8.3).
    Candidate,
    /// Written to `<running>` at once (RFC 6241 section 8.2).
    Running,
}

/// How a commit can be made to undo itself (RFC 6241 section 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmedCommit {
    /// Version 1.0: it must be confirmed on the same session, and is undone
    /// when that session ends.
    SameSession,
    /// Version 1.1: `persist` lets another session confirm or cancel it.
    Persist,
    /// Junos' own: it outlives its session, whoever commits next confirms it, and
    /// nothing cancels it. It counts whole minutes.
    AnyCommit,
}

/// What commit may rely on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Where changes are staged.
    pub datastore: Datastore,
    /// Whether, and how, a commit can undo itself.
    pub confirmed_commit: Option<ConfirmedCommit>,
    /// A refused edit leaves nothing behind (`:rollback-on-error`).
    pub atomic_edit: bool,
    /// Each commit is carried out only where everything it was made from is as it was last
    /// read; one that is refused because it is not (`in-use`) has changed nothing. Where that
    /// goes for some of them alone, their refusal says so ([`Refusal::Outdated`]).
    ///
    /// [`Refusal::Outdated`]: crate::Refusal::Outdated
    pub guarded: bool,
    /// The datastore can be locked.
    pub lock: bool,
    /// It tells who has a session (RFC 6022).
    pub lists_sessions: bool,
    /// A change must be copied to `<startup>` to survive a reboot.
    pub startup: bool,
    /// Why nothing saves a change and nobody knows whether it survives a reboot, for people;
    /// `None` where it is saved, or saves itself.
    pub unsaved: Option<&'static str>,
    /// Several requests may be sent before the first reply is read.
    pub pipelining: bool,
    /// Which form of its dialect it speaks, counted from the newest, 0; `None` where
    /// it does not tell.
    pub variant: Option<usize>,
    /// Why no aggregate is made or changed on it, for people; `None` where they are, or where
    /// nobody has asked.
    pub unaggregated: Option<Arc<str>>,
    /// It disables a port that leaves an aggregate.
    pub disables_leavers: bool,
    /// What the peer announced, as it announced it; for people. Shared, since some announce hundreds
    /// of lines, and every change has these.
    pub announced: Arc<[String]>,
}

impl Capabilities {
    /// Those of a target that was not asked yet: nothing is relied on.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            datastore: Datastore::Running,
            confirmed_commit: None,
            atomic_edit: false,
            guarded: false,
            lock: false,
            lists_sessions: false,
            startup: false,
            unsaved: None,
            pipelining: false,
            variant: None,
            unaggregated: None,
            disables_leavers: false,
            announced: Arc::default(),
        }
    }
}
