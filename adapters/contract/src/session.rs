//! A session with a target: steps in, answers out, in counted flights.
//!
//! Commit decides which steps share a flight; a session only carries them. So
//! one state machine drives every protocol, and a round trip is visible where
//! it is spent.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_model::{Running, Scope};

use crate::{Absent, Capabilities, ListedSession, ModuleSource, Payload, RpcError, Sighting};

/// How long what only tells more is waited for, once everything else was answered.
pub const PATIENCE_WITH_STATE: Duration = Duration::from_secs(3);

/// The token by which a persistent confirmed commit is confirmed or cancelled
/// (RFC 6241 section 8.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersistId(pub Arc<str>);

/// How a commit is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitMode {
    /// For good.
    Plain,
    /// Undone by the target unless confirmed in time.
    Confirmed {
        /// Time the target waits for the confirmation; whole seconds, 1 or more.
        timeout: Duration,
        /// The token, where the target takes one; [`ConfirmedCommit::AnyCommit`] is
        /// known by it in the target's history.
        ///
        /// [`ConfirmedCommit::AnyCommit`]: crate::ConfirmedCommit::AnyCommit
        persist: Option<PersistId>,
    },
}

/// One thing asked of a target.
#[derive(Clone, Debug)]
pub enum Step {
    /// Take the lock that keeps others from the datastore changes are made in. A
    /// commit that waits to be confirmed keeps it from everybody; where that of a
    /// lost session does, this one's token lets through.
    Lock(Option<PersistId>),
    /// Throw away what is staged.
    Discard,
    /// Read the running configuration inside a scope.
    Read(Scope),
    /// Read the candidate inside a scope, on a target that has one; answered as
    /// [`Step::Read`].
    ReadCandidate(Scope),
    /// Read what it starts with inside a scope, on a target that has that apart;
    /// answered as [`Step::Read`].
    ReadStartup(Scope),
    /// Look in another way for what a reply to [`Step::Read`] left out.
    Look(Absent),
    /// Stage a payload; on a target without a candidate this applies it.
    Stage(Payload),
    /// Have the target itself say whether what is staged is valid, where it can (RFC 6241
    /// section 8.6).
    Validate,
    /// Ask the target itself how what is staged differs from running, where it can tell in
    /// words of its own.
    Compare,
    /// Commit what is staged.
    Commit(CommitMode),
    /// Confirm the confirmed commit with this token, or this session's own.
    Confirm(Option<PersistId>),
    /// Cancel the confirmed commit with this token, or this session's own.
    Cancel(Option<PersistId>),
    /// Make sure that what was read is nobody's commit that waits to be
    /// confirmed, on a target without a lock that would tell.
    Settled,
    /// Ask who has a session, on a target that tells ([`Capabilities::lists_sessions`]).
    ListSessions,
    /// End another session with this number (RFC 6241 section 7.9).
    KillSession(u64),
    /// Make running survive a reboot.
    Save,
    /// Let go of the lock.
    Unlock,
}

impl Step {
    /// The step's name for logs and errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Lock(_) => "lock",
            Self::Discard => "discard",
            Self::Read(_) => "read",
            Self::ReadCandidate(_) => "read the candidate",
            Self::ReadStartup(_) => "read startup",
            Self::Look(_) => "look again",
            Self::Stage(_) => "stage",
            Self::Validate => "validate",
            Self::Compare => "compare",
            Self::Commit(_) => "commit",
            Self::Confirm(_) => "confirm",
            Self::Cancel(_) => "cancel",
            Self::Settled => "look for unconfirmed commits",
            Self::ListSessions => "list its sessions",
            Self::KillSession(_) => "end a session",
            Self::Save => "save",
            Self::Unlock => "unlock",
        }
    }
}

/// A step that was carried out.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Done; warnings are not failures (RFC 6241 section 4.3).
    Done(Vec<RpcError>),
    /// What [`Step::Read`] found.
    Running(Box<Running>),
    /// What [`Step::Look`] found.
    Seen(Box<Sighting>),
    /// What [`Step::ListSessions`] found.
    Sessions(Vec<ListedSession>),
    /// What [`Step::Compare`] found; `None` where the target has no words of its own for it.
    Difference(Option<String>),
}

/// A step that the target answered and did not carry out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The target's own words; at least one, all of severity error.
    #[error("{}", joined(.0))]
    Errors(Vec<RpcError>),
    /// What the change was to be made on is no longer as this session last read it, so
    /// nothing of it was done (If-Match, RFC 9110 section 13.1.1); at least one error.
    #[error("{}", joined(.0))]
    Outdated(Vec<RpcError>),
    /// The answer came and makes no sense.
    #[error("the reply cannot be read: {0}")]
    Unreadable(String),
    /// Who answers in the target's place does not know.
    #[error("{0}")]
    Unknown(String),
}

impl Refusal {
    /// The target's errors, if it gave any.
    #[must_use]
    pub fn errors(&self) -> &[RpcError] {
        match self {
            Self::Errors(errors) | Self::Outdated(errors) => errors,
            Self::Unreadable(_) | Self::Unknown(_) => &[],
        }
    }
}

fn joined(errors: &[RpcError]) -> String {
    errors.iter().map(RpcError::to_string).collect::<Vec<_>>().join("; ")
}

/// What became of one step.
pub type StepResult = Result<Answer, Refusal>;

/// Why a session ended under a flight. The steps without a result may or may
/// not have been carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Not all replies within the time allowed.
    #[error("no reply within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The connection ended.
    #[error("the connection was lost: {0}")]
    Closed(String),
    /// A reply had no room beside those of other targets.
    #[error("{0}")]
    NoRoom(String),
    /// The peer broke the protocol, so nothing more can be believed.
    #[error("the peer broke the protocol: {0}")]
    Protocol(String),
}

/// The results of the steps of one call, in order. Shorter than the steps
/// exactly when the session was lost.
#[derive(Debug)]
pub struct Flight {
    /// One result per answered step.
    pub results: Vec<StepResult>,
    /// Why the others have none.
    pub lost: Option<Lost>,
}

/// What a session has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Round trips: bursts of writing that were followed by waiting.
    pub flights: u64,
    /// Octets sent, before encryption.
    pub sent: u64,
    /// Octets received, after decryption.
    pub received: u64,
}

/// An open exchange with one target.
pub trait Session: Send {
    /// What the target can do.
    fn capabilities(&self) -> &Capabilities;

    /// Whether nobody is asked, and nothing can be changed: what is known was recorded.
    fn is_recorded(&self) -> bool {
        false
    }

    /// The number by which the target lists it; `None` where it gave none.
    fn session_id(&self) -> Option<u64> {
        None
    }

    /// Carries out `steps` in order, in one round trip where the target
    /// allows. Each step is sent whatever became of the one before, so the
    /// caller puts together only what is safe together. `timeout` is for all of
    /// them.
    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight>;

    /// Whose requests the flights from now on are for, by their ids, as one line; for
    /// targets that keep a word about each change. Empty where nobody says. `turn` is
    /// another for what is served next, and the same until it is over, undoing included.
    fn asked_by(&mut self, _turn: u64, _requests: &str) {}

    /// From now on no request is sent before the last one was answered.
    fn ask_one_by_one(&mut self) {}

    /// Whether it ever answers yes to [`Session::holds_to`]: the dialect says that the
    /// target's word for its configuration is exact.
    fn may_hold(&self) -> bool {
        false
    }

    /// Whether the next commit would be held to what the last [`Step::Read`] of `scope` showed:
    /// carried out where all of that is still so, and refused (`in-use`), with nothing done,
    /// where it is not, however long ago that was.
    fn holds_to(&self, _scope: &Scope) -> bool {
        false
    }

    /// Whether the session can still be used, as far as is known without
    /// asking the target.
    fn is_usable(&self) -> bool;

    /// What the session has cost since it was opened.
    fn traffic(&self) -> Traffic;

    /// Ends the session; the target drops its locks with it.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Which part of opening a session failed; decides who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFault {
    /// Mercury's own machine has no file descriptors or no memory left for it.
    Machine,
    /// The target, or all of them together, has no room for it now.
    Busy,
    /// Name not resolved, connection refused or timed out.
    Unreachable,
    /// The target's host key is unknown, changed or revoked.
    HostKey,
    /// The target did not take the credentials, or they cannot be read here.
    Credentials,
    /// It is there, and does not speak the protocol as it must.
    Protocol,
}

/// ENOMEM, ENFILE, EMFILE and ENOBUFS, as Linux numbers them.
const EXHAUSTED: [i32; 4] = [12, 23, 24, 105];

impl ConnectFault {
    /// Whose fault it is that there is no connection: the network's, or that of
    /// the machine here, which the causes of `error` tell.
    #[must_use]
    pub fn unconnected(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let io = error.downcast_ref::<std::io::Error>();
            if io.and_then(std::io::Error::raw_os_error).is_some_and(|number| EXHAUSTED.contains(&number)) {
                return Self::Machine;
            }
            // The source of an I/O error that wraps another is that one's source.
            let wrapped = io.and_then(|io| io.get_ref()).map(|wrapped| wrapped as &(dyn std::error::Error + 'static));
            cause = wrapped.or_else(|| error.source());
        }
        Self::Unreachable
    }
}

/// An error and its causes in one line, for [`ConnectError::message`].
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Why a session could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectError {
    /// Which part failed.
    pub fault: ConnectFault,
    /// What happened, without secrets.
    pub message: String,
}

/// Opens sessions with one target.
pub trait Connector: Send + Sync {
    /// Opens a session; bounded in time by the connector's own settings.
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>>;

    /// Opens another session beside one of [`Connector::connect`]'s, which only reads, so that
    /// whoever looks need not wait for whoever changes. `None` where the target, or its
    /// protocol, has one at a time.
    ///
    /// # Errors
    /// There could be one, and it could not be opened.
    fn connect_beside(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>, ConnectError>> {
        async { Ok(None) }.boxed()
    }

    /// Finds out what a target can do that a session does not need to know,
    /// or has to be told. Changes nothing.
    ///
    /// # Errors
    /// The target could not be reached, or did not let anybody in.
    fn probe(&self) -> BoxFuture<'_, Result<Probe, ConnectError>> {
        async move {
            let session = self.connect().await?;
            let announced = session.capabilities().announced.to_vec();
            session.close().await;
            Ok(Probe { facts: Vec::new(), announced, entry: Vec::new() })
        }
        .boxed()
    }

    /// How the target proves that it is the target, whether or not that is believed here;
    /// nobody logs in. `None` where the entry has it prove nothing.
    ///
    /// # Errors
    /// The target could not be reached, or proved nothing.
    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async { Ok(None) }.boxed()
    }

    /// Opens a session that tells of the target's YANG modules; `None` where the protocol
    /// has no words for them.
    ///
    /// # Errors
    /// The target could not be reached, or did not let anybody in.
    fn modules(&self) -> BoxFuture<'_, Result<Option<Box<dyn ModuleSource>>, ConnectError>> {
        async { Ok(None) }.boxed()
    }

    /// All that the target has in one place, as it sends it, for people to compare; nothing
    /// of it is understood. `None` where the protocol has no such text. An answer may take
    /// `timeout`.
    ///
    /// # Errors
    /// A sentence: the target could not be reached, or refused it.
    fn text(&self, _kept: Kept, _timeout: Duration) -> BoxFuture<'_, Result<Option<String>, String>> {
        async { Ok(None) }.boxed()
    }

    /// What the target shows of `scope` of what it does now, in a form in which files are read in its
    /// place; it may show more. `None` where there is none. An answer may take `timeout`.
    ///
    /// # Errors
    /// A sentence: the target could not be reached, or refused it.
    fn shown<'a>(&'a self, _scope: &'a Scope, timeout: Duration) -> BoxFuture<'a, Result<Option<String>, String>> {
        self.text(Kept::Running, timeout)
    }
}

/// Where a target keeps a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// What it does now.
    Running,
    /// What a commit would make of that.
    Candidate,
    /// What it starts with.
    Startup,
}

/// What a target showed of who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// What it is, for people: `host key (ssh-ed25519)`, `certificate`.
    pub what: String,
    /// `SHA256:` and unpadded base64, of the key or of the certificate's DER.
    pub fingerprint: String,
}

/// What was found out about a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// What was tried, and how it went.
    pub facts: Vec<(String, String)>,
    /// What the target announced, as it announced it.
    pub announced: Vec<String>,
    /// Keys of an inventory entry and the values, in TOML, that suit it.
    pub entry: Vec<(String, String)>,
}

impl fmt::Display for PersistId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn whoever_has_no_descriptors_or_memory_left_is_not_told_of_the_network() {
        for number in EXHAUSTED {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(ConnectFault::unconnected(&error), ConnectFault::Machine, "{error}");
            let wrapped = io::Error::other(error);
            assert_eq!(ConnectFault::unconnected(&wrapped), ConnectFault::Machine, "{wrapped}");
        }
        for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut, io::ErrorKind::HostUnreachable] {
            assert_eq!(ConnectFault::unconnected(&io::Error::from(kind)), ConnectFault::Unreachable);
        }
    }
}
