//! Steps as NETCONF operations.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use mercury_adapter::{
    Absent, Answer, Capabilities, CommitMode, ConfirmedCommit, Datastore, ErrorTag, Flight, Lost, NetconfDialect,
    NoRoom, PATIENCE_WITH_STATE, PersistId, Refusal, RpcError, Session, Step, StepResult, Traffic, Unfinished,
    off_worker,
};
use mercury_model::{DeviceConfig, List, Running, Scope};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    announced::{self, capabilities, explicit_defaults, has_library, lists, saving},
    client::{Client, FlightError},
    decode,
    hello::DefaultsMode,
    junos::{self, Waiting},
    library, look,
    message::{Reply, ReplyData},
    monitoring,
    operation::{self, Confirmed, Store},
    protocol::ProtocolError,
    published::Published,
    render::{self, EditConfig},
    states::VniStates,
    xml::{DataError, Element},
};

/// How long a server may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// A NETCONF session that carries steps.
pub struct NetconfSession<S> {
    client: Client<S>,
    dialect: Arc<NetconfDialect>,
    instance: String,
    capabilities: Capabilities,
    locks: Vec<Store>,
    defaults: Option<DefaultsMode>,
    has: BTreeSet<List>,
    /// Whether asking for operational state of interfaces can make sense.
    tells_state: bool,
    /// What it tells of VNIs.
    vni_states: VniStates,
    /// The namespaces that the server speaks in, where they are not its dialect's.
    published: Option<Published>,
}

/// Why a server that speaks NETCONF cannot be configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server announces neither :candidate nor :writable-running, so nothing can be changed")]
pub struct ReadOnly;

impl<S: AsyncRead + AsyncWrite + Unpin + Send> NetconfSession<S> {
    /// A session over a client that has said hello.
    ///
    /// # Errors
    /// The server offers no datastore that can be written.
    pub fn new(
        client: Client<S>,
        dialect: &NetconfDialect,
        instance: String,
        pipelining: bool,
    ) -> Result<Self, ReadOnly> {
        let hello = client.hello();
        let capabilities = capabilities(hello, dialect, pipelining)?;
        let locks = match capabilities.datastore {
            // The candidate's lock alone keeps nobody out of running, and does not tell that a
            // confirmed commit of somebody else is pending; running's does (RFC 6241 section 7.5).
            Datastore::Candidate if dialect.lock_running => vec![Store::Candidate, Store::Running],
            Datastore::Candidate => vec![Store::Candidate],
            Datastore::Running => vec![Store::Running],
        };
        let defaults = explicit_defaults(hello);
        let has = lists(hello, dialect);
        let state = dialect.tree.oper_status.as_ref().and_then(|path| path.steps.first());
        // No hello tells of modules of YANG 1.1, and a library was not asked for this one.
        let may_have = |module: &str| announced::has(hello, module) || has_library(hello);
        let state = state.map(|step| step.module.name.as_deref().is_none_or(may_have));
        let tells_state = state.unwrap_or_default();
        let dialect = Arc::new(dialect.of(capabilities.variant));
        Ok(Self {
            client,
            dialect,
            instance,
            capabilities,
            locks,
            defaults,
            has,
            tells_state,
            vni_states: VniStates::default(),
            published: None,
        })
    }

    /// Asks for what the hello left open: which variant of its dialect the server
    /// speaks. One round trip, and none where there is nothing to ask.
    ///
    /// # Errors
    /// The session was lost over it.
    pub async fn learn(&mut self, timeout: Duration) -> Result<(), Lost> {
        if self.capabilities.variant.is_some() || !has_library(self.client.hello()) {
            return Ok(());
        }
        let modules: BTreeSet<&str> = self.dialect.variants.iter().map(|variant| &*variant.module).collect();
        let question = library::question(modules.iter().copied());
        let replies = self.client.flight(&[question], timeout).await.map_err(|error| lost(&error))?;
        let Some(data) = replies.into_iter().next().and_then(|reply| reply.data) else { return Ok(()) };
        let told = data.with_tree(|data| self.dialect.variant(|module| library::revision(data, module)));
        if let Ok(Some(variant)) = told {
            self.capabilities.variant = Some(variant);
            self.dialect = Arc::new(self.dialect.of(Some(variant)));
        }
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn reads_other_forms(&self) -> bool {
        self.dialect.tree.switched_vlan.reads_also
    }

    fn operations(&self, step: &Step) -> Vec<Element> {
        match step {
            Step::Lock(_) => {
                let locks = self.locks.iter().map(|store| operation::lock(*store));
                locks.chain(self.is_junos().then(junos::history)).collect()
            }
            Step::Unlock => self.locks.iter().rev().map(|store| operation::unlock(*store)).collect(),
            Step::Discard => vec![operation::discard_changes()],
            Step::Read(scope) => self.reading(Store::Running, scope),
            Step::ReadCandidate(scope) => self.reading(Store::Candidate, scope),
            Step::ReadStartup(scope) if self.client.hello().startup() => self.reading(Store::Startup, scope),
            Step::ReadStartup(_) => Vec::new(),
            Step::Look(absent) => look::questions(&self.dialect, &self.instance, absent, self.tells_state),
            Step::Stage(payload) => vec![render::request(payload.body::<EditConfig>(), &self.capabilities)],
            Step::Validate => vec![operation::validate(Store::Candidate)],
            Step::Compare if junos::is_one(&self.capabilities) => vec![junos::compare()],
            Step::Compare => Vec::new(),
            Step::Commit(CommitMode::Plain) | Step::Confirm(None) if self.is_junos() => vec![junos::commit()],
            Step::Commit(CommitMode::Confirmed { timeout, persist }) if self.is_junos() => {
                vec![junos::commit_confirmed(*timeout, persist.as_ref().map(|name| &*name.0))]
            }
            Step::Commit(CommitMode::Plain) => vec![operation::commit(None)],
            Step::Commit(CommitMode::Confirmed { timeout, persist }) => {
                let seconds = u32::try_from(timeout.as_secs().max(1)).unwrap_or(u32::MAX);
                let persist = persist.as_ref().map(ToString::to_string);
                vec![operation::commit_confirmed(&Confirmed { timeout: Some(seconds), persist, persist_id: None })]
            }
            Step::Confirm(persist) => vec![operation::commit(persist.as_ref().map(|id| &*id.0))],
            Step::Cancel(persist) => vec![operation::cancel_commit(persist.as_ref().map(|id| &*id.0))],
            // The lock of running tells (RFC 6241 section 7.5).
            Step::Settled => Vec::new(),
            Step::ListSessions => vec![monitoring::question()],
            Step::KillSession(session_id) => vec![operation::kill_session(*session_id)],
            Step::Save => vec![
                saving(self.client.hello(), &self.dialect)
                    .unwrap_or_else(|| operation::copy_config(Store::Running, Store::Startup)),
            ],
        }
    }

    /// Whether it has Junos' own commit, and is to be changed by it.
    fn is_junos(&self) -> bool {
        self.capabilities.confirmed_commit == Some(ConfirmedCommit::AnyCommit)
    }

    fn reading(&self, store: Store, scope: &Scope) -> Vec<Element> {
        let filter = decode::filter(&self.dialect, &self.instance, scope, &self.has);
        if filter.is_empty() {
            return Vec::new();
        }
        vec![operation::get_config(store, filter, self.defaults)]
    }

    async fn result(&mut self, step: &Step, replies: Vec<Reply>, timeout: Duration) -> Result<StepResult, Lost> {
        if let Step::Look(absent) = step {
            return self.seen(absent.clone(), replies, timeout).await;
        }
        let errors: Vec<RpcError> = replies.iter().flat_map(|reply| reply.errors.iter().cloned()).collect();
        if !errors.is_empty() {
            return Ok(Err(Refusal::Errors(errors)));
        }
        if let Step::ListSessions = step {
            let data = replies.into_iter().next().and_then(|reply| reply.data);
            let Some(data) = data else { return Ok(Err(Refusal::Unreadable("no <data>".to_owned()))) };
            let work = off_worker(data.as_str().len(), move || data.with_tree(monitoring::sessions));
            return Ok(understanding(work, timeout).await?.map(Answer::Sessions));
        }
        if let Step::Compare = step {
            return Ok(junos::difference(&replies).map(Answer::Difference));
        }
        if matches!(step, Step::ReadStartup(_)) && replies.is_empty() {
            return Ok(Err(Refusal::Unreadable("there is no startup datastore".to_owned())));
        }
        let (Step::Read(scope) | Step::ReadCandidate(scope) | Step::ReadStartup(scope)) = step else {
            if let Some(odd) = replies.iter().find(|reply| !reply.is_success()) {
                return Ok(Err(Refusal::Unreadable(format!("<{}> is neither ok nor an error", odd.element.name))));
            }
            return Ok(Ok(Answer::Done(replies.into_iter().flat_map(|reply| reply.warnings).collect())));
        };
        Ok(self.read(scope, replies, timeout).await?.map(Answer::Running))
    }

    /// What a reply shows.
    async fn read(
        &mut self,
        scope: &Scope,
        replies: Vec<Reply>,
        timeout: Duration,
    ) -> Result<Result<Box<Running>, Refusal>, Lost> {
        match replies.into_iter().next() {
            // Nothing was asked for.
            None => Ok(Ok(Box::new(Running::new(&DeviceConfig::default(), scope.clone())))),
            Some(reply) if !reply.errors.is_empty() => Ok(Err(Refusal::Errors(reply.errors))),
            Some(Reply { data: None, .. }) => Ok(Err(Refusal::Unreadable("no <data>".to_owned()))),
            Some(Reply { data: Some(data), .. }) => self.understood(data, scope.clone(), timeout).await,
        }
    }

    /// A whole configuration may take seconds.
    async fn understood(
        &mut self,
        data: ReplyData,
        scope: Scope,
        timeout: Duration,
    ) -> Result<Result<Box<Running>, Refusal>, Lost> {
        // Nothing is written that was not read before.
        self.published = Published::shown(data.as_str()).or_else(|| self.published.take());
        let (dialect, instance) = (Arc::clone(&self.dialect), self.instance.clone());
        let work = off_worker(data.as_str().len(), move || decode::read(&dialect, &instance, data, &scope));
        let found = understanding(work, timeout).await?;
        Ok(found.map(Box::new))
    }

    async fn seen(&mut self, absent: Absent, replies: Vec<Reply>, timeout: Duration) -> Result<StepResult, Lost> {
        let (dialect, instance) = (Arc::clone(&self.dialect), self.instance.clone());
        let octets = replies.iter().filter_map(|reply| reply.data.as_ref()).map(|data| data.as_str().len()).sum();
        let work = off_worker(octets, move || look::understand(&dialect, &instance, &absent, replies));
        let seen = understanding(work, timeout).await?;
        Ok(seen.map(|seen| Answer::Seen(Box::new(seen))))
    }

    async fn carry(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let operations: Vec<Vec<Element>> = steps.iter().map(|step| self.operations(step)).collect();
        let counts: Vec<usize> = operations.iter().map(Vec::len).collect();
        let of_states = |(at, step): (usize, &Step)| {
            let reads = counts.get(at).is_some_and(|count| *count > 0);
            let question = self.vni_states.question(&self.dialect, &self.instance, step).filter(|_| reads)?;
            Some((at, question))
        };
        let (told, states): (Vec<usize>, Vec<Element>) = steps.iter().enumerate().filter_map(of_states).unzip();
        let required = counts.iter().sum();
        let mut flat: Vec<Element> = operations.into_iter().flatten().chain(states).collect();
        if let Some(published) = &self.published {
            flat.iter_mut().for_each(|operation| published.respell(operation));
        }
        let (replies, mut lost) = match self.client.flight_with(&flat, required, PATIENCE_WITH_STATE, timeout).await {
            Ok(replies) => (replies, None),
            Err(error) => {
                let lost = lost(&error);
                (error.into_replies(), Some(lost))
            }
        };
        let (mut results, mut rest) = (Vec::new(), replies.into_iter());
        for (step, count) in steps.iter().zip(counts) {
            let mut own: Vec<Reply> = rest.by_ref().take(count).collect();
            if own.len() < count {
                break;
            }
            if let (Step::Lock(token), None) = (step, &lost) {
                lost = self.refuse_what_would_confirm(token.as_ref(), &mut own, timeout).await;
                if lost.is_some() {
                    break;
                }
            }
            if matches!(step, Step::Lock(_)) && self.has_no_lock_for_running(&own) {
                self.locks.retain(|store| *store == Store::Candidate);
                results.push(Ok(Answer::Done(Vec::new())));
                continue;
            }
            if matches!(step, Step::Lock(_)) && lost.is_none() {
                self.give_back_half_a_lock(&own, timeout).await;
            }
            match self.result(step, own, timeout).await {
                Ok(result) => results.push(result),
                Err(worse) => {
                    lost = Some(worse);
                    break;
                }
            }
        }
        let is_whole = results.len() == steps.len();
        for at in told.into_iter().filter(|_| is_whole) {
            if let (Some(step), Some(result)) = (steps.get(at), results.get_mut(at)) {
                self.vni_states.lay((step, result), rest.next(), (&self.dialect, &self.instance)).await;
            }
        }
        Flight { results, lost }
    }

    /// The candidate is locked, and of running the server says that it cannot
    /// be: then it is not asked again.
    fn has_no_lock_for_running(&self, replies: &[Reply]) -> bool {
        let unsupported = |reply: &Reply| {
            let mut tags = reply.errors.iter().map(|error| &error.tag);
            !reply.errors.is_empty() && tags.all(|tag| *tag == ErrorTag::OperationNotSupported)
        };
        matches!((self.locks.as_slice(), replies), ([Store::Candidate, Store::Running], [candidate, running])
            if candidate.errors.is_empty() && unsupported(running))
    }

    /// The lock of a candidate does not tell that a commit of somebody else waits to
    /// be confirmed, which any commit would do; Junos' history does, and then that
    /// is as good as a lock of theirs.
    async fn refuse_what_would_confirm(
        &mut self,
        own: Option<&PersistId>,
        replies: &mut [Reply],
        timeout: Duration,
    ) -> Option<Lost> {
        let history = replies.last_mut().filter(|_| self.is_junos())?;
        let error = match junos::waiting(history, own.map(|own| &*own.0)) {
            Waiting::No => return None,
            Waiting::Yes(error) => error,
            Waiting::Until(until, error) => {
                let replies = match self.client.flight(&[junos::clock()], timeout).await {
                    Ok(replies) => replies,
                    Err(error) => return Some(lost(&error)),
                };
                if replies.first().and_then(junos::seconds).is_some_and(|now| now > until) {
                    return None;
                }
                error
            }
        };
        history.errors = vec![error];
        None
    }

    /// Two datastores are locked, or none; nor where another commit is in the way.
    async fn give_back_half_a_lock(&mut self, replies: &[Reply], timeout: Duration) {
        if replies.iter().all(|reply| reply.errors.is_empty()) {
            return;
        }
        let held = self.locks.iter().zip(replies).filter(|(_, reply)| reply.errors.is_empty());
        let unlocks: Vec<_> = held.map(|(store, _)| operation::unlock(*store)).collect();
        if !unlocks.is_empty()
            && let Err(error) = self.client.flight(&unlocks, timeout).await
        {
            tracing::warn!(%error, "half a lock was not given back");
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Session for NetconfSession<S> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn session_id(&self) -> Option<u64> {
        self.client.hello().session_id
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    fn ask_one_by_one(&mut self) {
        (self.client.pipelining, self.capabilities.pipelining) = (false, false);
    }

    fn is_usable(&self) -> bool {
        self.client.is_usable()
    }

    fn traffic(&self) -> Traffic {
        let counters = self.client.counters();
        Traffic { flights: counters.flights, sent: counters.bytes_out, received: counters.bytes_in }
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            if let Err(error) = self.client.close(FAREWELL).await {
                tracing::debug!(%error, "the server did not answer the farewell");
            }
        }
        .boxed()
    }
}

impl<S> fmt::Debug for NetconfSession<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetconfSession").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}

/// Waits for data to be understood.
pub(crate) async fn understanding<T>(
    work: impl Future<Output = Result<Result<T, DataError>, Unfinished>>,
    timeout: Duration,
) -> Result<Result<T, Refusal>, Lost> {
    match tokio::time::timeout(timeout, work).await {
        Err(_) => Err(Lost::Timeout(timeout)),
        Ok(Err(unfinished)) => Err(Lost::Closed(unfinished.to_string())),
        Ok(Ok(Err(DataError::NoRoom(refused @ NoRoom::Together { .. })))) => Err(Lost::NoRoom(refused.to_string())),
        Ok(Ok(Err(error))) => Ok(Err(Refusal::Unreadable(error.to_string()))),
        Ok(Ok(Ok(understood))) => Ok(Ok(understood)),
    }
}

pub(crate) fn lost(error: &FlightError) -> Lost {
    match error {
        FlightError::NoRoom { source: source @ NoRoom::Together { .. }, .. } => Lost::NoRoom(source.to_string()),
        FlightError::NoRoom { source, .. } => Lost::Protocol(source.to_string()),
        FlightError::Protocol { source: ProtocolError::Framing(source), .. } => Lost::Protocol(source.to_string()),
        FlightError::Timeout { waited, .. } => Lost::Timeout(*waited),
        FlightError::Protocol { source, .. } => Lost::Protocol(source.to_string()),
        FlightError::Lost { source: Some(source), .. } => Lost::Closed(source.to_string()),
        other => Lost::Closed(other.to_string()),
    }
}
