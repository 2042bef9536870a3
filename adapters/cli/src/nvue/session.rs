//! Steps as requests.
//!
//! A change is staged here. A commit makes a revision of what is applied, merges the change
//! into it, sees that what is applied is still what was last read, and applies the revision,
//! wholly or not at all. Until that is asked for nothing has changed, and a revision that is
//! of no use any more is deleted.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use http::Method;
use mercury_adapter::{
    Absent, Answer, Capabilities, CommitMode, ConfirmedCommit, Datastore, ErrorTag, Flight, Lost, NvueDialect,
    PersistId, Refusal, RpcError, Session, Sighting, Step, Traffic, Trust,
};
use mercury_model::Scope;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    Client, Failure, Patches,
    client::{Revisions, encoded, of_revision},
    revision::{OURS, Revision, Standing, said},
};

/// How long it waits at first, and at most, before it asks again how far a revision is.
const PAUSE: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// How long deleting a revision of no use may take.
const TIDYING: Duration = Duration::from_secs(5);

/// Until when a revision is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// It is applied for good, or it is not.
    End,
    /// The same, or it waits to be confirmed, by its word alone.
    Waiting,
    /// The same, and what is applied is no longer what was read.
    Applied,
}

/// A session that carries steps.
pub struct NvueSession {
    pub(super) client: Client,
    pub(super) dialect: Arc<NvueDialect>,
    capabilities: Capabilities,
    staged: Option<Patches>,
    /// What was applied when it was last read.
    pub(super) read: Option<u64>,
    /// What was read of it then, the oldest first.
    pub(super) held: Vec<Scope>,
    /// What was applied with which token, where it waits to be confirmed: some may apply for
    /// good what they were to wait with.
    waiting: Option<(PersistId, Option<String>)>,
}

impl NvueSession {
    pub(crate) fn new(client: Client, dialect: Arc<NvueDialect>) -> Self {
        let capabilities = Capabilities {
            datastore: Datastore::Candidate,
            confirmed_commit: dialect.confirms.then_some(ConfirmedCommit::Persist),
            atomic_edit: true,
            startup: true,
            variant: Some(0),
            ..Capabilities::unknown()
        };
        Self { client, dialect, capabilities, staged: None, read: None, held: Vec::new(), waiting: None }
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
            // There is none: what is under way keeps out as one would.
            Step::Lock(own) => self.settled(own.as_ref(), until).await?,
            Step::Settled => self.settled(None, until).await?,
            Step::Unlock => {}
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

    /// Whatever is applied and waits to be confirmed, or is being applied, is somebody's, but
    /// for what has this token.
    async fn settled(&mut self, own: Option<&PersistId>, until: Instant) -> Result<(), Failure> {
        let is_own = |_: &str, revision: &Revision| own.is_some_and(|token| revision.mentions(&token.0));
        match self.busy(is_own, until).await? {
            None => Ok(()),
            Some(text) => Err(Failure::refused(ErrorTag::LockDenied, format!("{text}: it may be taken back yet"))),
        }
    }

    /// A revision that is under way and not one's own, for people.
    async fn busy(
        &mut self,
        is_own: impl Fn(&str, &Revision) -> bool,
        until: Instant,
    ) -> Result<Option<String>, Failure> {
        let others = match self.client.revisions(left(until)).await {
            // Some releases list none, and then nothing tells.
            Err(failure) if failure.is_missing() => return Ok(None),
            others => others?,
        };
        let Revisions { known, unasked } = others;
        let busy = known.into_iter().find(|(name, revision)| revision.is_busy() && !is_own(name, revision));
        let busy = busy.map(|(name, revision)| format!("revision {} is {}", said(&name, 64), revision.told()));
        let unknown = || format!("of {unasked} revisions more than are asked for by themselves no state is shown");
        Ok(busy.or_else(|| (unasked > 0).then(unknown)))
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
                body.insert("message".to_owned(), format!("{OURS}{token}").into());
                self.waiting = Some((token.clone(), Some(name.clone())));
            }
        }
        let body = Value::Object(body);
        if let Err(failure) = self.ask_for(&name, &body, Standing::Pending, until).await {
            self.delete(&name, &failure).await;
            return Err(failure);
        }
        let awaited = if matches!(mode, CommitMode::Confirmed { .. }) { Awaited::Applied } else { Awaited::End };
        let ended = self.ended(&name, awaited, until).await?;
        match ended.standing() {
            Standing::Waiting => Ok(()),
            Standing::Applied => {
                self.waiting = self.waiting.take().map(|(token, _)| (token, None));
                Ok(())
            }
            _ if ended.is_refused() => {
                let failure = Failure::refused(ErrorTag::OperationFailed, ended.words());
                self.delete(&name, &failure).await;
                Err(failure)
            }
            Standing::Pending | Standing::AtWork | Standing::Failed => {
                let text = "it failed after it was begun, and what the switch does may not be what it shows as applied";
                Err(Failure::Refused(Refusal::Unknown(format!("{text}: {}", ended.words()))))
            }
        }
    }

    /// Asks for another state of a revision that is in one of this standing. Where the answer
    /// leaves open whether that was begun, the revision tells.
    ///
    /// # Errors
    /// It was refused and not begun, or nobody knows.
    async fn ask_for(&mut self, name: &str, body: &Value, of: Standing, until: Instant) -> Result<(), Failure> {
        let asked = self.client.ask(Method::PATCH, &of_revision(name), Some(body), left(until)).await;
        let failure = match asked {
            Ok(_) => return Ok(()),
            Err(failure @ Failure::Refused(_)) if !failure.is_sure() => failure,
            Err(failure) => return Err(failure),
        };
        let mut pause = PAUSE[0];
        loop {
            match self.client.revision(name, left(until)).await {
                Ok(revision) if revision.standing() == of => return Err(failure),
                Ok(_) => return Ok(()),
                Err(gone) if gone.is_missing() => return Err(failure),
                Err(asked) => rest(&mut pause, until, Some(asked)).await?,
            }
        }
    }

    /// Merges a change into a revision, and sees that it was made on what was read.
    async fn fill(&mut self, name: &str, patches: &Patches, until: Instant) -> Result<(), Failure> {
        let uri = format!("/?rev={}", encoded(name));
        for body in patches.bodies() {
            self.client.ask(Method::PATCH, &uri, Some(body), left(until)).await?;
        }
        let now = self.applied(&Scope::default(), until).await?;
        // What is under way is not in it yet.
        let text = match self.busy(|own, _| own == name, until).await? {
            Some(busy) => busy,
            None if self.read == Some(now.whole.digest) => return Ok(()),
            None => "what is applied is no longer as it was read".to_owned(),
        };
        let error = RpcError::new(ErrorTag::InUse, format!("{text}; nothing was applied"));
        Err(Failure::Refused(Refusal::Outdated(vec![error])))
    }

    /// Waits until a revision is where it is awaited. That the switch would not tell says
    /// nothing of what becomes of it: it is asked again.
    async fn ended(&mut self, name: &str, awaited: Awaited, until: Instant) -> Result<Revision, Failure> {
        let mut pause = PAUSE[0];
        loop {
            let failure = match self.client.revision(name, left(until)).await {
                Ok(revision) => match revision.standing() {
                    Standing::Applied | Standing::Failed => return Ok(revision),
                    Standing::Waiting if self.waits(&revision, awaited, until).await? => return Ok(revision),
                    // Nothing was begun yet where it is pending still, or a question is open that
                    // was answered beforehand.
                    Standing::Pending | Standing::AtWork | Standing::Waiting => {
                        tracing::debug!(revision = name, state = revision.told(), "it is still at it");
                        None
                    }
                },
                Err(failure) => Some(failure),
            };
            rest(&mut pause, until, failure).await?;
        }
    }

    /// Whether one that waits for an answer waits to be confirmed. Before it is applied the
    /// switch may ask whether it is to be, and `ays` is the word for both.
    async fn waits(&mut self, revision: &Revision, awaited: Awaited, until: Instant) -> Result<bool, Failure> {
        match awaited {
            Awaited::End => Ok(false),
            Awaited::Applied if revision.state == "ays" => match self.applied(&Scope::default(), until).await {
                Ok(now) => Ok(self.read != Some(now.whole.digest)),
                Err(Failure::Refused(_)) => Ok(false),
                Err(lost) => Err(lost),
            },
            Awaited::Applied | Awaited::Waiting => Ok(true),
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
        self.ask_for(&name, &body, Standing::Waiting, until).await?;
        let ended = self.ended(&name, Awaited::End, until).await?;
        let is_answered = (ended.standing() == Standing::Applied) == confirms;
        if is_answered { Ok(()) } else { Err(Failure::refused(ErrorTag::OperationFailed, ended.words())) }
    }

    /// The revision whose message has this token, once it waits; `None` where it has been
    /// answered so already.
    async fn named(&mut self, token: &PersistId, confirms: bool, until: Instant) -> Result<Option<String>, Failure> {
        let all = self.client.revisions(left(until)).await?;
        let Some((name, _)) = all.known.into_iter().find(|(_, revision)| revision.mentions(&token.0)) else {
            return Err(unknown_token());
        };
        // It may be on its way there.
        let now = self.ended(&name, Awaited::Waiting, until).await?;
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
            let failure = match self.client.revision("applied", left(until)).await {
                Ok(revision) if is_saved(&revision) => return Ok(()),
                Ok(revision) if revision.standing() == Standing::Failed => {
                    return Err(Failure::refused(ErrorTag::OperationFailed, revision.words()));
                }
                Ok(_) => None,
                Err(failure) => Some(failure),
            };
            rest(&mut pause, until, failure).await?;
        }
    }

    /// All that is applied, and every port that there is.
    async fn look(&mut self, absent: &Absent, until: Instant) -> Result<Sighting, Failure> {
        let read = self.read;
        let found = self.running(&Scope::all(), until).await;
        // What a change is made on is what was read for it.
        self.read = read.or(self.read);
        self.held.clear();
        let found = found?.config;
        let names: std::collections::BTreeSet<_> = found.interfaces.into_keys().collect();
        Ok(Sighting {
            interfaces: (!absent.interfaces.is_empty()).then(|| names.clone()),
            vlans: (!absent.vlans.is_empty()).then(|| found.vlans.into_keys().collect()),
            state: (!absent.interfaces.is_empty()).then_some(names),
            untold: None,
        })
    }
}

/// Waits before it is asked again, longer each time, unless the session is lost or there is no
/// time left: then why the switch would not tell, where it would not, is the reason.
async fn rest(pause: &mut Duration, until: Instant, failure: Option<Failure>) -> Result<(), Failure> {
    let refusal = match failure {
        Some(Failure::Lost(lost)) => return Err(lost.into()),
        Some(Failure::Refused(refusal)) => Some(refusal),
        None => None,
    };
    if left(until) <= *pause {
        return Err(Failure::Lost(match refusal {
            Some(refusal) => Lost::Protocol(format!("it does not tell what became of a revision: {refusal}")),
            None => Lost::Timeout(*pause),
        }));
    }
    sleep(*pause).await;
    *pause = (*pause * 2).min(PAUSE[1]);
    Ok(())
}

fn unknown_token() -> Failure {
    Failure::refused(ErrorTag::DataMissing, "no revision of this token is known")
}

pub(super) fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

impl Session for NvueSession {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    fn may_hold(&self) -> bool {
        self.dialect.revision == Trust::Exact
    }

    /// All that is applied is looked at before a revision is, and a scope that was read from
    /// the very same is a part of it.
    fn holds_to(&self, scope: &Scope) -> bool {
        self.may_hold() && self.held.contains(scope)
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
