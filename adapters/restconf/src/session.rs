//! Steps as requests.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderValue, Method, StatusCode};
use mercury_adapter::{
    Absent, Answer, Capabilities, CommitMode, Datastore, ErrorTag, Flight, Looking, Lost, Names, Node, Refusal,
    RestconfDialect, RpcError, Session, Sighting, Step, Traffic, Trust, Unfinished, named, off_worker,
};
use mercury_http::{Reply, no_room};
use mercury_model::{InterfaceScope, Running, Scope};
use tokio::time::{Instant, timeout_at};

use crate::{
    change::Changes,
    client::{Ask, Client, strong_tag},
    data::{self, Answered, Behind, Problem},
    discovery::Offer,
    media::Kind,
    query,
    refusal::Failure,
    request::{Form, Request, too_many},
    uri,
};

mod states;

/// What is said where a dialect has no operation that saves.
const NO_SAVE: &str = "no operation that saves is known of this system over RESTCONF";

/// How long a target may take to tell whether it looks at tags.
const ABOUT_TAGS: Duration = Duration::from_secs(2);

/// A RESTCONF session that carries steps.
pub struct RestconfSession {
    client: Client,
    dialect: RestconfDialect,
    instance: String,
    offer: Offer,
    capabilities: Capabilities,
    staged: Option<Changes>,
    /// The resources that were last read, and their entity tags.
    guards: Vec<(Node, HeaderValue)>,
    /// What the last reading showed, where a tag stands for all of it.
    held: Option<Scope>,
    /// Whether that was in the turn that is now.
    is_fresh: bool,
    turn: u64,
    /// Whether the target looks at `If-Match`; `None` before that was asked.
    looks_at_tags: Option<bool>,
    /// Nodes are read one by one although the target could tell of several together: it has
    /// entity tags, and plain requests go to those nodes.
    reads_apart: bool,
    /// What it tells of VNIs.
    vni_states: states::VniStates,
}

impl RestconfSession {
    pub(crate) fn new(
        client: Client,
        dialect: RestconfDialect,
        instance: String,
        offer: Offer,
        variant: Option<usize>,
    ) -> Self {
        let capabilities = Capabilities {
            // Staged here.
            datastore: Datastore::Candidate,
            confirmed_commit: None,
            atomic_edit: dialect.atomic && dialect.yang_patch && offer.yang_patch(),
            // Where a tag was shown of what is changed, and not otherwise.
            guarded: false,
            lock: false,
            lists_sessions: false,
            startup: dialect.save.is_some(),
            unsaved: dialect.save.is_none().then_some(NO_SAVE),
            pipelining: false,
            variant,
            unaggregated: None,
            disables_leavers: false,
            announced: Arc::clone(&offer.capabilities),
        };
        Self {
            client,
            dialect,
            instance,
            offer,
            capabilities,
            staged: None,
            guards: Vec::new(),
            held: None,
            is_fresh: false,
            turn: 0,
            looks_at_tags: None,
            reads_apart: false,
            vni_states: states::VniStates::default(),
        }
    }

    /// What was found out that is not announced, for people.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let text = |name: &str, value: String| (name.to_owned(), value);
        vec![
            text("root", self.client.uri("")),
            text("changes", if self.patches() { "one YANG Patch" } else { "plain requests" }.to_owned()),
        ]
    }

    fn patches(&self) -> bool {
        self.dialect.yang_patch && self.offer.yang_patch()
    }

    async fn carry(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let mut results = Vec::new();
        let deadline = Instant::now() + timeout;
        for step in steps {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.step(step, left).await {
                Ok(answer) => results.push(Ok(answer)),
                Err(Failure::Refused(refusal) | Failure::NotNow(refusal)) => results.push(Err(refusal)),
                Err(Failure::Lost(lost)) => {
                    let lost = if matches!(lost, Lost::Timeout(_)) { Lost::Timeout(timeout) } else { lost };
                    return Flight { results, lost: Some(lost) };
                }
            }
        }
        Flight { results, lost: None }
    }

    async fn step(&mut self, step: &Step, timeout: Duration) -> Result<Answer, Failure> {
        let done = || Answer::Done(Vec::new());
        match step {
            Step::Lock(_) | Step::Unlock | Step::Settled => Ok(done()),
            Step::Discard => {
                self.staged = None;
                Ok(done())
            }
            Step::Stage(payload) => match payload.body::<Changes>() {
                Some(changes) => {
                    self.staged = Some(changes.clone());
                    Ok(done())
                }
                None => Err(Failure::unreadable("the payload is not RESTCONF's")),
            },
            Step::Commit(CommitMode::Plain) => {
                let changes = self.staged.take().unwrap_or_default();
                self.change(&changes, timeout).await.map(|()| done())
            }
            Step::Commit(CommitMode::Confirmed { .. }) | Step::Confirm(_) | Step::Cancel(_) => {
                Err(Failure::unreadable("RESTCONF has no commit that waits to be confirmed"))
            }
            Step::Save => self.save(timeout).await.map(|()| done()),
            Step::ReadCandidate(_) | Step::ReadStartup(_) => Err(Failure::unreadable("RESTCONF shows running alone")),
            Step::Validate | Step::Compare => {
                Err(Failure::unreadable("RESTCONF validates nothing that it does not change"))
            }
            Step::ListSessions | Step::KillSession(_) => Err(Failure::unreadable("RESTCONF knows no sessions")),
            Step::Look(absent) => self.look(absent, timeout).await.map(|seen| Answer::Seen(Box::new(seen))),
            Step::Read(scope) => self.read(scope, timeout).await.map(|running| Answer::Running(Box::new(running))),
        }
    }

    async fn change(&mut self, changes: &Changes, timeout: Duration) -> Result<(), Failure> {
        let guards = std::mem::take(&mut self.guards);
        let is_recalled = self.held.take().is_some() && !self.is_fresh;
        let guarded: Vec<&Node> = guards.iter().map(|(node, _)| node).collect();
        let RestconfDialect { atomic, datastore_patch, .. } = self.dialect;
        let form = Form { yang_patch: self.patches(), atomic, datastore_patch, guarded: &guarded };
        let requests = form.requests(changes);
        if let Some(problem) = too_many(requests.len()) {
            return Err(Failure::refused(ErrorTag::TooBig, format!("{problem}; nothing was sent")));
        }
        let is_held = |request: &Request| guards.iter().any(|(node, _)| *node == request.target);
        if is_recalled && !(requests.len() == 1 && requests.iter().all(is_held)) {
            let text = "it has been some time since this was read, and no tag covers the change; nothing was sent";
            return Err(Failure::Refused(Refusal::Outdated(vec![RpcError::new(ErrorTag::InUse, text)])));
        }
        let until = Instant::now() + timeout;
        let all = requests.len();
        for (at, request) in requests.iter().enumerate() {
            // The first alone: the tag of what is larger is another once something was changed.
            let tag = guards.iter().find(|(node, _)| at == 0 && *node == request.target).map(|(_, tag)| tag);
            let left = until.saturating_duration_since(Instant::now());
            if let Err(failure) = self.send(request, tag, left).await {
                return Err(if at == 0 { failure } else { in_part(failure, at, all) });
            }
        }
        Ok(())
    }

    async fn send(&mut self, request: &Request, guard: Option<&HeaderValue>, left: Duration) -> Result<Reply, Failure> {
        let uri = self.client.uri(&request.uri);
        let body = request.body.as_ref().map(|(kind, text)| (*kind, text.as_str()));
        self.client.done(&Ask { method: request.method.clone(), uri: &uri, body, guard, accept: None }, left).await
    }

    /// The operation of the dialect that makes running what the target starts with.
    async fn save(&mut self, timeout: Duration) -> Result<(), Failure> {
        let Some(operation) = &self.dialect.save else {
            return Err(Failure::refused(ErrorTag::OperationNotSupported, NO_SAVE));
        };
        let uri = self.client.uri(&format!("/operations{}", uri::operation(operation)));
        let body = self.dialect.save_input.as_deref().map(|input| (Kind::Data, input));
        let ask = Ask { method: Method::POST, uri: &uri, body, guard: None, accept: None };
        self.client.done(&ask, timeout).await.map(drop)
    }

    async fn read(&mut self, scope: &Scope, timeout: Duration) -> Result<Running, Failure> {
        let until = Instant::now() + timeout;
        let mut running = self.configuration(scope, until, timeout).await?;
        self.add_vni_states(&mut running, scope, until).await;
        Ok(running)
    }

    async fn configuration(&mut self, scope: &Scope, until: Instant, timeout: Duration) -> Result<Running, Failure> {
        self.guards.clear();
        self.held = None;
        self.is_fresh = true;
        let mut together = self.reads_together();
        let (mut answers, mut guards) =
            self.get(&query::nodes(&self.dialect, &self.instance, scope, together), "config", timeout).await?;
        let of_all = guards.iter().any(|(node, _)| node.path.steps.is_empty());
        let is_patched = self.patches() || self.dialect.datastore_patch;
        if together && of_all && !is_patched && scope.interfaces != InterfaceScope::All {
            // No plain request goes to the datastore, and a tag is that of its resource (RFC
            // 8040 section 3.5.2).
            (self.reads_apart, together) = (true, false);
            let left = until.saturating_duration_since(Instant::now());
            let nodes = query::nodes(&self.dialect, &self.instance, scope, together);
            (answers, guards) = self.get(&nodes, "config", left).await?;
        }
        let named = !together && scope.interfaces != InterfaceScope::All;
        let behind = if named { Behind::Kept } else { Behind::Dropped };
        let (running, read) = self.read_as(scope, (answers, behind), until, timeout).await?;
        let more = if named { query::aggregates(&self.dialect.tree, &running) } else { Vec::new() };
        if more.is_empty() {
            self.hold(scope, &guards, until).await;
            self.guards = guards;
            return Ok(running);
        }
        answers = read;
        let (lacp, tags) = self.get(&more, "config", until.saturating_duration_since(Instant::now())).await?;
        answers.extend(lacp);
        guards.extend(tags);
        let (running, _) = self.read_as(scope, (answers, Behind::Dropped), until, timeout).await?;
        self.guards = guards;
        Ok(running)
    }

    /// A change that is one request to what has one tag for all that was read is held to that
    /// reading, however old, where the target looks at tags: some show them and do not. An entry
    /// of a list has a tag of its own, and no patch goes to it.
    async fn hold(&mut self, scope: &Scope, guards: &[(Node, HeaderValue)], until: Instant) {
        let [(node, _)] = guards else { return };
        if self.dialect.revision != Trust::Exact || !self.patches() || node.names != Names::default() {
            return;
        }
        if !self.reads_together() {
            return;
        }
        let looks = match self.looks_at_tags {
            Some(looks) => looks,
            None => self.ask_about_tags(node, until).await,
        };
        self.looks_at_tags = Some(looks);
        self.held = looks.then(|| scope.clone());
    }

    /// With a tag that nothing has, a HEAD tells, or a GET where there is none (RFC 9110 section
    /// 13.1.1): it changes nothing. Whoever does not say in time that the tag is wrong is not held
    /// to tags, and the reading stays.
    async fn ask_about_tags(&mut self, node: &Node, until: Instant) -> bool {
        let until = until.min(Instant::now() + ABOUT_TAGS);
        let uri = self.client.uri(&format!("/data{}?content=config&depth=1", uri::data(node)));
        let nobodys = HeaderValue::from_static("\"mercury-asks-whether-tags-are-looked-at\"");
        for method in [Method::HEAD, Method::GET] {
            let ask = Ask { method, guard: Some(&nobodys), ..Ask::get(&uri) };
            let left = until.saturating_duration_since(Instant::now());
            match self.client.tried(&ask, left).await.map(|reply| reply.status) {
                Some(StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED) => {}
                status => return status == Some(StatusCode::PRECONDITION_FAILED),
            }
        }
        false
    }

    async fn read_as(
        &self,
        scope: &Scope,
        (answers, behind): (Vec<Answered>, Behind),
        until: Instant,
        timeout: Duration,
    ) -> Result<(Running, Vec<Answered>), Failure> {
        let (dialect, instance, scope) = (self.dialect.clone(), self.instance.clone(), scope.clone());
        self.understood(answers, until, timeout, move |answers, share| {
            let looking = Looking { tree: &dialect.tree, defaults: &dialect.defaults, instance: &instance };
            data::read(looking, &scope, (answers, behind), share)
        })
        .await
    }

    /// Whether nodes are read by one request.
    fn reads_together(&self) -> bool {
        self.dialect.fields && self.offer.fields() && !self.reads_apart
    }

    /// What there is by another look. A question that is refused tells nothing.
    async fn look(&mut self, absent: &Absent, timeout: Duration) -> Result<Sighting, Failure> {
        let until = Instant::now() + timeout;
        let mut seen = Sighting::default();
        let all = query::everything(&self.dialect, &self.instance);
        if let Some((answers, _)) = told(self.get(&all, "config", timeout).await)? {
            let (dialect, instance) = (self.dialect.clone(), self.instance.clone());
            let work = self.understood(answers, until, timeout, move |answers, share| {
                let looking = Looking { tree: &dialect.tree, defaults: &dialect.defaults, instance: &instance };
                let scope = Scope::all();
                data::with_tree((answers, Behind::Dropped), share, |data| {
                    let vlans = mercury_adapter::running(looking, data, &scope).config.vlans;
                    (named(data, &dialect.tree.interface), vlans.into_keys().collect())
                })
            });
            if let Some(((interfaces, vlans), _)) = told(work.await)? {
                seen.interfaces = Some(interfaces);
                seen.vlans = (!absent.vlans.is_empty()).then_some(vlans);
            }
        }
        let state = query::state(&self.dialect.tree).zip(self.dialect.tree.oper_status.clone());
        if let Some((node, leaf)) = state.filter(|_| !absent.interfaces.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            if let Some((answers, _)) = told(self.get(&[node], "all", left).await)? {
                let work = self.understood(answers, until, timeout, move |answers, share| {
                    data::with_tree((answers, Behind::Dropped), share, |data| named(data, &leaf))
                });
                seen.state = told(work.await)?.map(|(names, _)| names);
            }
        }
        Ok(seen)
    }

    /// Reads nodes: together where the target can tell of some nodes of a resource alone,
    /// else one by one. What is not there is left out. With the entity tags of what was told
    /// whole.
    async fn get(
        &mut self,
        nodes: &[Node],
        content: &str,
        timeout: Duration,
    ) -> Result<(Vec<Answered>, Vec<(Node, HeaderValue)>), Failure> {
        let until = Instant::now() + timeout;
        let together = nodes.len() > 1 && self.reads_together();
        let content = (self.dialect.unsaid_content || self.offer.content()).then(|| format!("content={content}"));
        let asked: Vec<(Node, Option<String>)> = if together {
            let (top, fields) = uri::together(nodes);
            vec![(Node { path: top, names: Names::default() }, fields.map(|fields| format!("fields={fields}")))]
        } else {
            let nodes = if self.dialect.whole { query::whole(nodes) } else { nodes.to_vec() };
            nodes.into_iter().map(|node| (node, None)).collect()
        };
        let (mut answers, mut tags) = (Vec::new(), Vec::new());
        for (Node { path, names }, fields) in asked {
            let left = until.saturating_duration_since(Instant::now());
            let query: Vec<&str> = content.as_deref().into_iter().chain(fields.as_deref()).collect();
            let mark = if query.is_empty() { "" } else { "?" };
            let node = Node { path: path.clone(), names: names.clone() };
            let uri = self.client.uri(&format!("/data{}{mark}{}", uri::data(&node), query.join("&")));
            let Some(reply) = found(self.client.done(&Ask::get(&uri), left).await)? else { continue };
            if let Some(tag) = strong_tag(&reply.headers) {
                tags.push((node, tag));
            }
            if !reply.body.trim_ascii().is_empty() {
                answers.push(Answered { path, names, body: reply.body, share: reply.share });
            }
        }
        Ok((answers, tags))
    }

    /// Understands answers, which are a whole configuration at times, until then; gives them
    /// back too.
    async fn understood<T: Send + 'static>(
        &self,
        mut answers: Vec<Answered>,
        until: Instant,
        timeout: Duration,
        work: impl FnOnce(&mut [Answered], &mut mercury_adapter::Share) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(T, Vec<Answered>), Failure> {
        let (octets, mut share) = (answers.iter().map(|answer| answer.body.len()).sum(), self.client.share());
        let work = off_worker(octets, move || (work(&mut answers, &mut share), answers));
        let done = timeout_at(until, work).await.map_err(|_| Failure::Lost(Lost::Timeout(timeout)))?;
        let (found, answers) =
            done.map_err(|unfinished: Unfinished| Failure::Lost(Lost::Closed(unfinished.to_string())))?;
        match found {
            Ok(found) => Ok((found, answers)),
            Err(Problem::Unreadable(problem)) => Err(Failure::unreadable(problem)),
            Err(Problem::NoRoom(refused)) => Err(Failure::Lost(no_room(&refused))),
        }
    }
}

/// What is not there was answered, too: servers say that with a status of their own.
fn found(asked: Result<Reply, Failure>) -> Result<Option<Reply>, Failure> {
    match asked {
        Ok(reply) => Ok(Some(reply)),
        Err(Failure::Refused(refusal)) if is_missing(&refusal) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// `data-missing`, or 404 with the tag that RFC 8040 section 7 has for it.
fn is_missing(refusal: &Refusal) -> bool {
    let errors = refusal.errors();
    !errors.is_empty() && errors.iter().all(|error| error.tag == ErrorTag::DataMissing)
}

/// A part of the change was made before this.
fn in_part(failure: Failure, made: usize, all: usize) -> Failure {
    match failure {
        Failure::Refused(Refusal::Errors(mut errors)) | Failure::NotNow(Refusal::Errors(mut errors)) => {
            if let Some(error) = errors.first_mut() {
                error.info.push(("requests-done".to_owned(), format!("{made} of {all}")));
            }
            Failure::Refused(Refusal::Errors(errors))
        }
        other => other,
    }
}

/// What was refused is no answer; a lost session is a failure.
fn told<T>(asked: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(Failure::Refused(refusal) | Failure::NotNow(refusal)) => {
            tracing::debug!(%refusal, "the second look was refused");
            Ok(None)
        }
        Err(lost @ Failure::Lost(_)) => Err(lost),
    }
}

impl Session for RestconfSession {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    fn asked_by(&mut self, turn: u64, _requests: &str) {
        self.is_fresh &= self.turn == turn;
        self.turn = turn;
    }

    fn may_hold(&self) -> bool {
        self.dialect.revision == Trust::Exact && self.looks_at_tags == Some(true)
    }

    fn holds_to(&self, scope: &Scope) -> bool {
        self.held.as_ref() == Some(scope)
    }

    fn is_usable(&self) -> bool {
        self.client.is_usable()
    }

    fn traffic(&self) -> Traffic {
        let (received, sent) = self.client.octets();
        Traffic { flights: self.client.requests(), sent, received }
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        // HTTP has nothing to say at the end.
        async move { drop(self) }.boxed()
    }
}

impl fmt::Debug for RestconfSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestconfSession").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}
