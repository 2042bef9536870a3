//! Steps as calls.
//!
//! A Set is staged here and sent by the commit step, with the commit-confirmed
//! extension where it is to be confirmed; so one Set carries a whole change,
//! and discarding is forgetting.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, SystemTime},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Answer, Capabilities, CommitMode, ConfirmedCommit, Datastore, ErrorTag, Flight, GnmiDialect, GnmiEncoding, Lost,
    Reading, Refusal, RpcError, Save, Session, Step, Traffic,
};
use mercury_gnmi_proto::{
    gnmi::{CapabilityResponse, Encoding, SetRequest},
    gnmi_ext::{CommitCancel, CommitConfirm, CommitRequest, commit},
};
use tokio::time::Instant;

use crate::{
    client::Client,
    commits::{self, Commits, Known, Said},
    connect::GnmiOptions,
    request,
    set::SetOperations,
    status::{Failure, failure},
};

mod look;
mod read;
mod states;

/// What is said where a dialect does not tell how its changes are kept.
const NO_SAVE: &str = "no operation that saves is known of this system over gNMI";

/// What was found out about a target that its Capabilities do not say; kept
/// from session to session.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// Get is UNIMPLEMENTED.
    pub(crate) no_get: AtomicBool,
    /// A subscription takes no JSON.
    pub(crate) once_in_proto: AtomicBool,
    /// Get takes no type but ALL.
    pub(crate) no_get_type: AtomicBool,
    /// What tells whether VNIs carry frames is refused.
    pub(crate) no_vni_states: AtomicBool,
    /// A subscription to what tells a port that routes is refused.
    pub(crate) no_subinterfaces: AtomicBool,
    /// The commit-confirmed extension.
    pub(crate) commits: Commits,
}

/// A gNMI session that carries steps.
pub struct GnmiSession {
    client: Client,
    dialect: Arc<GnmiDialect>,
    instance: String,
    capabilities: Capabilities,
    form: request::Form,
    reading: Reading,
    learned: Arc<Learned>,
    staged: Option<SetOperations>,
    /// What it tells of VNIs.
    vni_states: states::VniStates,
    /// Commits are to be made so that they undo themselves, where they can.
    confirms: bool,
    /// Nobody else's commit was pending when this session began.
    alone: bool,
    flights: u64,
    lost: bool,
    files: Vec<(PathBuf, Stamp)>,
}

/// When a file was last written, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

impl GnmiSession {
    pub(crate) fn new(
        client: Client,
        options: &GnmiOptions,
        dialect: Arc<GnmiDialect>,
        instance: String,
        announced: Option<&CapabilityResponse>,
        learned: Arc<Learned>,
    ) -> Self {
        let announced_lines = announced.map_or_else(Vec::new, said);
        learned.commits.met(&announced_lines);
        let form = request::Form::of(&dialect, options.asked(), best(announced));
        let files = options.tls.iter().flat_map(crate::TlsOptions::files);
        Self {
            files: files.map(|file| (file.clone(), stamp(&file))).collect(),
            capabilities: Capabilities {
                datastore: Datastore::Candidate,
                confirmed_commit: (options.commit_confirmed && learned.commits.usable())
                    .then_some(ConfirmedCommit::Persist),
                atomic_edit: dialect.atomic,
                guarded: false,
                lock: false,
                lists_sessions: false,
                startup: matches!(dialect.save, Save::Cli(_)),
                unsaved: matches!(dialect.save, Save::Unknown).then_some(NO_SAVE),
                pipelining: false,
                variant: Some(0),
                unaggregated: None,
                disables_leavers: false,
                announced: announced_lines.into(),
            },
            reading: options.reading.unwrap_or(dialect.reading),
            client,
            dialect,
            instance,
            form,
            learned,
            staged: None,
            vni_states: states::VniStates::default(),
            confirms: options.commit_confirmed,
            alone: false,
            flights: 0,
            lost: false,
        }
    }

    async fn carry(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let mut results = Vec::new();
        let deadline = Instant::now() + timeout;
        for step in steps {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.step(step, left).await {
                Ok(answer) => results.push(Ok(answer)),
                Err(Failure::Refused(refusal)) => results.push(Err(refusal)),
                Err(Failure::Lost(lost)) => {
                    self.lost = true;
                    let lost = if matches!(lost, Lost::Timeout(_)) { Lost::Timeout(timeout) } else { lost };
                    return Flight { results, lost: Some(lost) };
                }
            }
        }
        Flight { results, lost: None }
    }

    async fn step(&mut self, step: &Step, timeout: Duration) -> Result<Answer, Failure> {
        match step {
            Step::Lock(_) => self.lock(timeout).await,
            Step::Unlock => Ok(done()),
            Step::Discard => {
                self.staged = None;
                Ok(done())
            }
            Step::Stage(payload) => match payload.body::<SetOperations>() {
                Some(operations) => {
                    self.staged = Some(operations.clone());
                    Ok(done())
                }
                None => Err(unreadable("the payload is not gNMI's")),
            },
            Step::Commit(mode) => {
                let Some(operations) = self.staged.take().filter(|operations| !operations.is_empty()) else {
                    return Ok(done());
                };
                let mut request = self.form.set(&operations);
                let CommitMode::Confirmed { timeout: rollback, persist } = mode else {
                    return self.set(request, timeout).await;
                };
                let rollback_duration = prost_types::Duration::try_from(*rollback).ok();
                let action = commit::Action::Commit(CommitRequest { rollback_duration });
                request.extension.push(request::commit(persist.as_ref(), action));
                let answer = self.set(request, timeout).await?;
                self.compare_ids(*rollback, timeout).await?;
                Ok(answer)
            }
            Step::Confirm(id) => {
                self.set(request::extension(id.as_ref(), commit::Action::Confirm(CommitConfirm {})), timeout).await
            }
            Step::Cancel(id) => {
                self.set(request::extension(id.as_ref(), commit::Action::Cancel(CommitCancel {})), timeout).await
            }
            Step::Settled => self.settled(timeout).await,
            Step::Save => match &self.dialect.save {
                Save::Cli(command) => {
                    let request = request::cli(command);
                    self.set(request, timeout).await
                }
                _ => Ok(done()),
            },
            Step::ReadCandidate(_) | Step::ReadStartup(_) => Err(unreadable("gNMI knows one datastore")),
            Step::Validate | Step::Compare => Err(unreadable("gNMI validates nothing that it does not set")),
            Step::ListSessions | Step::KillSession(_) => Err(unreadable("gNMI knows no sessions")),
            Step::Look(absent) => self.look(absent, timeout).await,
            Step::Read(scope) => {
                let running = self.read(scope, timeout).await?;
                Ok(Answer::Running(Box::new(running)))
            }
        }
    }

    /// There is no lock; the owner task lets one writer through at a time. But
    /// what another client has not confirmed yet reads like the truth and may be
    /// undone, so a new session looks for that first. Later a Set would find out
    /// (FAILED_PRECONDITION).
    async fn lock(&mut self, timeout: Duration) -> Result<Answer, Failure> {
        if self.alone && !self.learned.commits.in_question() { Ok(done()) } else { self.settled(timeout).await }
    }

    /// Looks whether a commit of another client waits to be confirmed, and so
    /// whether commits can.
    async fn settled(&mut self, timeout: Duration) -> Result<Answer, Failure> {
        let commits = &self.learned.commits;
        if !self.confirms || !(commits.usable() || commits.in_question()) {
            return Ok(done());
        }
        self.flights += 1;
        let said = commits::ask(&self.client, None, timeout).await.map_err(|status| failure(&status, timeout))?;
        let pending = self.learned.commits.learn(said);
        self.capabilities.confirmed_commit = self.learned.commits.usable().then_some(ConfirmedCommit::Persist);
        if pending {
            let message = match said {
                Said::Done => "another client's commit waits to be confirmed, and the target does not compare ids",
                _ => "another client's commit waits to be confirmed",
            };
            return Err(Failure::Refused(Refusal::Errors(vec![RpcError::new(ErrorTag::InUse, message)])));
        }
        if self.capabilities.confirmed_commit.is_none() {
            tracing::warn!("the target passes over the commit-confirmed extension; its commits are for good");
        }
        self.alone = true;
        Ok(done())
    }

    /// Finds out, once, whether the target holds ids against each other, by the
    /// commit of our own that waits: nobody else's can.
    async fn compare_ids(&mut self, rollback: Duration, timeout: Duration) -> Result<(), Failure> {
        if self.learned.commits.known() != Known::There {
            return Ok(());
        }
        self.flights += 1;
        match commits::ask(&self.client, Some(rollback), timeout).await {
            Ok(said) => self.learned.commits.learn_from_ours(said),
            Err(status) => match failure(&status, timeout) {
                Failure::Refused(refusal) => tracing::debug!(%refusal, "whether ids are compared is not known yet"),
                lost @ Failure::Lost(_) => return Err(lost),
            },
        }
        if self.learned.commits.known() == Known::Blind {
            tracing::warn!("the target does not compare the ids of commits; none is to be confirmed from now on");
            self.capabilities.confirmed_commit = None;
        }
        Ok(())
    }

    async fn set(&mut self, request: SetRequest, timeout: Duration) -> Result<Answer, Failure> {
        self.flights += 1;
        match self.client.set(request, timeout).await {
            Ok(()) => Ok(done()),
            Err(status) => {
                // Somebody's commit may wait to be confirmed since the session began: asked next time.
                self.alone &= status.code() != tonic::Code::FailedPrecondition;
                Err(failure(&status, timeout))
            }
        }
    }
}

fn done() -> Answer {
    Answer::Done(Vec::new())
}

fn unreadable(text: &str) -> Failure {
    Failure::Refused(Refusal::Unreadable(text.to_owned()))
}

/// JSON_IETF before JSON, as gNMI section 2.3 recommends; JSON_IETF too where
/// nothing is said.
fn best(announced: Option<&CapabilityResponse>) -> GnmiEncoding {
    let has = |encoding: Encoding| {
        announced.is_some_and(|announced| announced.supported_encodings.contains(&i32::from(encoding)))
    };
    if has(Encoding::Json) && !has(Encoding::JsonIetf) { GnmiEncoding::Json } else { GnmiEncoding::JsonIetf }
}

/// What a target announced, a line each.
pub(crate) fn said(announced: &CapabilityResponse) -> Vec<String> {
    let encodings = announced.supported_encodings.iter().map(|number| {
        Encoding::try_from(*number)
            .map_or_else(|_| format!("encoding {number}"), |known| format!("encoding {}", known.as_str_name()))
    });
    let models = announced.supported_models.iter().map(|model| format!("model {} {}", model.name, model.version));
    std::iter::once(format!("gNMI {}", announced.g_nmi_version)).chain(encodings).chain(models).collect()
}

fn stamp(file: &PathBuf) -> Stamp {
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl Session for GnmiSession {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    /// Also no longer when a certificate's file has changed: the next session
    /// is made with the new one.
    fn is_usable(&self) -> bool {
        !self.lost
            && self.client.transport().is_open()
            && self.files.iter().all(|(file, before)| stamp(file) == *before)
    }

    fn traffic(&self) -> Traffic {
        let (received, sent) = self.client.transport().octets();
        Traffic { flights: self.flights, sent, received }
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        // HTTP/2 has nothing to say at the end that the target waits for.
        async move { drop(self) }.boxed()
    }
}

impl fmt::Debug for GnmiSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GnmiSession").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}
