//! Steps as requests.
//!
//! A change is staged here. A commit makes a revision of what is applied, merges the change
//! into it, sees that what is applied is still what was last read, and applies the revision,
//! wholly or not at all. Until that is asked for nothing has changed, and a revision that is
//! of no use any more is deleted.

use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use http::Method;
use mercury_adapter::{
    Absent, Answer, Capabilities, CommitMode, ConfirmedCommit, Datastore, ErrorTag, Flight, Lost, NvueDialect,
    PersistId, Refusal, RpcError, Session, Sighting, Step, Traffic, off_worker,
};
use mercury_http::no_room;
use mercury_model::{InterfaceScope, Running, Scope};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    Client, Failure, Patches,
    client::{Answered, encoded, of_revision},
    revision::{Revision, Standing},
    tree,
};
use crate::{Unreadable, running};

/// What is applied, and nothing that was not said.
const APPLIED: &str = "/?rev=applied&filled=false";
/// Every interface that there is, and what it is.
const INTERFACES: &str = "/interface?include=%2F%2A%2Ftype";
/// What a physical port is.
const PORT: &str = "swp";
/// How long it waits at first, and at most, before it asks again how far a revision is.
const PAUSE: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// How long deleting a revision of no use may take.
const TIDYING: Duration = Duration::from_secs(5);

/// A session that carries steps.
pub struct NvueSession {
    client: Client,
    dialect: Arc<NvueDialect>,
    capabilities: Capabilities,
    staged: Option<Patches>,
    /// What was applied when it was last read.
    read: Option<u64>,
    /// What was applied with which token, where it waits to be confirmed: some may apply for
    /// good what they were to wait with.
    waiting: Option<(PersistId, Option<String>)>,
}

impl NvueSession {
    pub(super) fn new(client: Client, dialect: Arc<NvueDialect>) -> Self {
        let capabilities = Capabilities {
            datastore: Datastore::Candidate,
            confirmed_commit: dialect.confirms.then_some(ConfirmedCommit::Persist),
            atomic_edit: true,
            startup: true,
            variant: Some(0),
            ..Capabilities::unknown()
        };
        Self { client, dialect, capabilities, staged: None, read: None, waiting: None }
    }

    pub(super) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    async fn carry(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let (mut results, until) = (Vec::new(), Instant::now() + timeout);
        for step in steps {
            match self.step(step, until).await {
                Ok(answer) => results.push(Ok(answer)),
                Err(Failure::Refused(refusal)) => results.push(Err(refusal)),
                Err(Failure::Lost(lost)) => {
                    let lost = if matches!(lost, Lost::Timeout(_)) { Lost::Timeout(timeout) } else { lost };
                    return Flight { results, lost: Some(lost) };
                }
            }
        }
        Flight { results, lost: None }
    }

    async fn step(&mut self, step: &Step, until: Instant) -> Result<Answer, Failure> {
        match step {
            Step::Lock(_) | Step::Unlock => {}
            Step::Settled => self.settled(until).await?,
            Step::Discard => self.staged = None,
            Step::Stage(payload) => match payload.body::<Patches>() {
                Some(patches) => self.staged = Some(patches.clone()),
                None => return Err(Failure::unreadable("the payload is not NVUE's")),
            },
            Step::Commit(mode) => {
                let patches = self.staged.take().unwrap_or_default();
                if !patches.bodies().is_empty() {
                    self.commit(&patches, mode, until).await?;
                }
            }
            Step::Confirm(token) => self.answer(token.as_ref(), true, until).await?,
            Step::Cancel(token) => self.answer(token.as_ref(), false, until).await?,
            Step::Save => self.save(until).await?,
            Step::Look(absent) => return self.look(absent, until).await.map(|seen| Answer::Seen(Box::new(seen))),
            Step::Read(scope) => return self.running(scope, until).await.map(|own| Answer::Running(Box::new(own))),
            Step::ReadCandidate(_) | Step::ReadStartup(_) => {
                return Err(Failure::unreadable("what is applied alone is read"));
            }
            Step::Validate | Step::Compare => {
                return Err(Failure::unreadable("a revision is judged when it is applied"));
            }
            Step::ListSessions | Step::KillSession(_) => return Err(Failure::unreadable("there are no sessions")),
        }
        Ok(Answer::Done(Vec::new()))
    }

    /// Whatever is applied and waits to be confirmed, or is being applied, is somebody's.
    async fn settled(&mut self, until: Instant) -> Result<(), Failure> {
        let others = match self.client.revisions(left(until)).await {
            // Some releases list none, and then nothing tells.
            Err(failure) if failure.is_missing() => return Ok(()),
            others => others?,
        };
        let is_busy = |revision: &Revision| matches!(revision.standing(), Standing::AtWork | Standing::Waiting);
        match others.into_iter().find(|(_, revision)| is_busy(revision)) {
            None => Ok(()),
            Some((name, revision)) => {
                let text = format!("revision {name} is {}: it may be taken back yet", revision.state);
                Err(Failure::refused(ErrorTag::LockDenied, text))
            }
        }
    }

    async fn commit(&mut self, patches: &Patches, mode: &CommitMode, until: Instant) -> Result<(), Failure> {
        let made = self.client.ask(Method::POST, "/revision", None, left(until)).await?.value;
        let name = made.as_object().filter(|members| members.len() == 1).and_then(|members| members.keys().next());
        let Some(name) = name.cloned() else {
            return Err(Failure::unreadable("the answer to a new revision does not name it"));
        };
        if let Err(failure) = self.fill(&name, patches, until).await {
            self.delete(&name, &failure).await;
            return Err(failure);
        }
        let mut body = serde_json::Map::new();
        body.insert("state".to_owned(), "apply".into());
        body.insert("auto-prompt".to_owned(), json!({"ays": "ays_yes"}));
        if let CommitMode::Confirmed { timeout, persist } = mode {
            body.insert("state-controls".to_owned(), json!({"confirm": timeout.as_secs().max(1)}));
            if let Some(token) = persist {
                body.insert("message".to_owned(), format!("mercury {token}").into());
                self.waiting = Some((token.clone(), Some(name.clone())));
            }
        }
        let body = Value::Object(body);
        if let Err(failure) = self.client.ask(Method::PATCH, &of_revision(&name), Some(&body), left(until)).await {
            self.delete(&name, &failure).await;
            return Err(failure);
        }
        let confirms = matches!(mode, CommitMode::Confirmed { .. });
        let ended = self.ended(&name, confirms, until).await?;
        match ended.standing() {
            Standing::Waiting => Ok(()),
            Standing::Applied => {
                self.waiting = self.waiting.take().map(|(token, _)| (token, None));
                Ok(())
            }
            Standing::Pending | Standing::AtWork | Standing::Failed => {
                let failure = Failure::refused(ErrorTag::OperationFailed, ended.words());
                self.delete(&name, &failure).await;
                Err(failure)
            }
        }
    }

    /// Merges a change into a revision, and sees that it was made on what was read.
    async fn fill(&mut self, name: &str, patches: &Patches, until: Instant) -> Result<(), Failure> {
        let uri = format!("/?rev={}", encoded(name));
        for body in patches.bodies() {
            self.client.ask(Method::PATCH, &uri, Some(body), left(until)).await?;
        }
        let now = self.client.get(APPLIED, left(until)).await?;
        if self.read == Some(digest(&now.value)) {
            return Ok(());
        }
        let text = "what is applied is no longer as it was read; nothing was applied";
        Err(Failure::Refused(Refusal::Outdated(vec![RpcError::new(ErrorTag::InUse, text)])))
    }

    /// Waits until a revision is no longer at work; where it is to be confirmed, that is when
    /// it waits for that.
    async fn ended(&mut self, name: &str, confirms: bool, until: Instant) -> Result<Revision, Failure> {
        let mut pause = PAUSE[0];
        loop {
            let revision = self.client.revision(name, left(until)).await?;
            match revision.standing() {
                Standing::Applied | Standing::Failed => return Ok(revision),
                Standing::Waiting if confirms => return Ok(revision),
                // Nothing was begun yet where it is pending still, or a question is open that
                // was answered beforehand.
                Standing::Pending | Standing::AtWork | Standing::Waiting => {}
            }
            if left(until) <= pause {
                tracing::debug!(revision = name, state = revision.state, "it is still at it");
                return Err(Failure::Lost(Lost::Timeout(pause)));
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE[1]);
        }
    }

    /// Confirms what was applied with a token, or takes it back.
    async fn answer(&mut self, token: Option<&PersistId>, confirms: bool, until: Instant) -> Result<(), Failure> {
        let own = self.waiting.take_if(|(own, _)| token.is_none_or(|token| token == own)).map(|(_, name)| name);
        let name = match (own, token) {
            // This session saw it wait, or be applied for good.
            (Some(Some(name)), _) => name,
            (Some(None), _) if confirms => return Ok(()),
            (Some(None), _) => {
                return Err(Failure::refused(ErrorTag::OperationFailed, "it was applied for good at once"));
            }
            (None, Some(token)) => match self.named(token, confirms, until).await? {
                Some(name) => name,
                None => return Ok(()),
            },
            (None, None) => return Err(unknown_token()),
        };
        let word = if confirms { "confirm_yes" } else { "confirm_no" };
        let body = json!({"state": word, "auto-prompt": {"ays": "ays_yes", "confirm": word}});
        self.client.ask(Method::PATCH, &of_revision(&name), Some(&body), left(until)).await?;
        let ended = self.ended(&name, false, until).await?;
        let is_answered = (ended.standing() == Standing::Applied) == confirms;
        if is_answered { Ok(()) } else { Err(Failure::refused(ErrorTag::OperationFailed, ended.words())) }
    }

    /// The revision whose message has this token, once it waits; `None` where it has been
    /// answered so already.
    async fn named(&mut self, token: &PersistId, confirms: bool, until: Instant) -> Result<Option<String>, Failure> {
        let all = self.client.revisions(left(until)).await?;
        let Some((name, _)) = all.into_iter().find(|(_, revision)| revision.mentions(&token.0)) else {
            return Err(unknown_token());
        };
        // It may be on its way there.
        let now = self.ended(&name, true, until).await?;
        match (now.standing(), confirms) {
            (Standing::Waiting, _) => Ok(Some(name)),
            // It is applied for good; or it never was, or is no more.
            (Standing::Applied, true) | (Standing::Failed, false) => Ok(None),
            _ => Err(Failure::refused(ErrorTag::OperationFailed, now.words())),
        }
    }

    /// Takes away a revision that nothing will become of. Some servers have no way to.
    async fn delete(&mut self, name: &str, failure: &Failure) {
        if matches!(failure, Failure::Lost(_)) {
            return;
        }
        let asked = self.client.ask(Method::DELETE, &of_revision(name), None, TIDYING).await;
        if let Err(failure) = asked {
            tracing::debug!(revision = name, ?failure, "a revision that was not applied stays");
        }
    }

    /// Makes what is applied what the switch starts with, where that is not so already.
    async fn save(&mut self, until: Instant) -> Result<(), Failure> {
        let is_saved = |revision: &Revision| ["saved", "applied_and_saved"].contains(&revision.state.as_str());
        if is_saved(&self.client.revision("applied", left(until)).await?) {
            return Ok(());
        }
        let body = json!({"state": "save", "auto-prompt": {"ays": "ays_yes"}});
        self.client.ask(Method::PATCH, "/revision/applied", Some(&body), left(until)).await?;
        let mut pause = PAUSE[0];
        loop {
            let revision = self.client.revision("applied", left(until)).await?;
            if is_saved(&revision) {
                return Ok(());
            }
            if revision.standing() == Standing::Failed {
                return Err(Failure::refused(ErrorTag::OperationFailed, revision.words()));
            }
            if left(until) <= pause {
                return Err(Failure::Lost(Lost::Timeout(pause)));
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE[1]);
        }
    }

    async fn running(&mut self, scope: &Scope, until: Instant) -> Result<Running, Failure> {
        let Answered { value, octets, mut share } = self.client.get(APPLIED, left(until)).await?;
        if !value.is_object() {
            return Err(Failure::unreadable("what is applied is no JSON object"));
        }
        self.read = Some(digest(&value));
        // A port of which nothing is said is in no configuration.
        let said = |name: &str| value.get("interface").is_some_and(|own| own.get(name).is_some());
        let is_said = match &scope.interfaces {
            InterfaceScope::All => false,
            InterfaceScope::Named(names) => names.iter().all(|name| said(name.as_str())),
        };
        let ports = if is_said { String::new() } else { self.ports(until).await? };
        let (dialect, scope) = (Arc::clone(&self.dialect), scope.clone());
        let read = off_worker(octets, move || {
            let shown = tree::lines(&dialect, &value, &mut share)?;
            running(&dialect.cli, &scope, &[ports, shown], &mut share)
        });
        match read.await.map_err(|unfinished| Lost::Closed(unfinished.to_string()))? {
            Ok(found) => Ok(found),
            Err(Unreadable::NoRoom(error)) => Err(no_room(&error).into()),
            Err(error) => Err(Failure::unreadable(error.to_string())),
        }
    }

    /// A line for each physical port that there is.
    async fn ports(&mut self, until: Instant) -> Result<String, Failure> {
        let Answered { value, share, .. } = self.client.get(INTERFACES, left(until)).await?;
        let Value::Object(members) = value else { return Err(Failure::unreadable("interfaces are no JSON object")) };
        let is_port = |own: &Value| own.get("type").and_then(Value::as_str) == Some(PORT);
        let ports = members.into_iter().filter(|(_, own)| is_port(own));
        let lines = ports.map(|(name, _)| format!("nv set interface {}\n", name.replace(char::is_control, "")));
        let lines = lines.collect();
        drop(share);
        Ok(lines)
    }

    /// All that is applied, and every port that there is.
    async fn look(&mut self, absent: &Absent, until: Instant) -> Result<Sighting, Failure> {
        let read = self.read;
        let found = self.running(&Scope::all(), until).await?.config;
        // What a change is made on is what was read for it.
        self.read = read.or(self.read);
        let names: std::collections::BTreeSet<_> = found.interfaces.into_keys().collect();
        Ok(Sighting {
            interfaces: (!absent.interfaces.is_empty()).then(|| names.clone()),
            vlans: (!absent.vlans.is_empty()).then(|| found.vlans.into_keys().collect()),
            state: (!absent.interfaces.is_empty()).then_some(names),
            untold: None,
        })
    }
}

fn unknown_token() -> Failure {
    Failure::refused(ErrorTag::DataMissing, "no revision of this token is known")
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// What two configurations have alike where they are the same, whatever the order of their
/// members.
fn digest(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish()
}

impl Session for NvueSession {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    fn is_usable(&self) -> bool {
        self.client.is_usable()
    }

    fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        // HTTP has nothing to say at the end.
        async move { drop(self) }.boxed()
    }
}

impl fmt::Debug for NvueSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NvueSession").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}
