//! Reading a scope: by Get, or by Subscribe ONCE.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use mercury_adapter::{Bump, GnmiDialect, Lost, Node, PATIENCE_WITH_STATE, Reading, Share, Unfinished, off_worker};
use mercury_gnmi_proto::gnmi::{GetRequest, get_request::DataType};
use mercury_model::{Running, Scope};
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status};

use super::{GnmiSession, unreadable};
use crate::{
    printed,
    query::Questions,
    raw::Raw,
    status::{Failure, failure, no_room_for},
    tree::{Problem, Tree},
};

/// Gets under way at once; NX-OS allows no more than 16 calls.
const AT_ONCE: usize = 8;

/// What answers say.
enum Found {
    All(Box<Running>),
    /// Not all yet: this is to be asked for too.
    More(Vec<Raw>, Vec<Node>),
}

impl GnmiSession {
    /// What the target has inside `scope`.
    pub(super) async fn read(&mut self, scope: &Scope, timeout: Duration) -> Result<Running, Failure> {
        let (mut answers, at_once, mut begun) = self.begun(scope, timeout).await?;
        for is_all in [false, true] {
            let (understood, more) = match self.understood(answers, scope, (at_once, is_all), begun, timeout).await? {
                Found::All(mut running) => {
                    self.add_vni_states(&mut running, scope).await;
                    return Ok(*running);
                }
                Found::More(answers, nodes) => (answers, nodes),
            };
            (answers, begun) = (understood, Instant::now());
            answers.extend(self.ask(&more, at_once, timeout).await.map_err(|status| failure(&status, timeout))?);
        }
        Err(unreadable("there is no end of what to ask for"))
    }

    /// What answers to the same questions say, as the JSON of protocol buffers.
    ///
    /// # Errors
    /// A sentence: it was refused, or is in no form that is read again.
    pub(crate) async fn shown(mut self, scope: &Scope, timeout: Duration) -> Result<String, String> {
        let (mut answers, at_once, _) = self.begun(scope, timeout).await.map_err(told)?;
        let nodes = {
            let (mut share, arena) = (self.client.share(), Bump::new());
            let mut tree = Tree::new(&arena, &mut share).map_err(|problem| problem.to_string())?;
            answers.iter().try_for_each(|answer| tree.add(&answer.octets)).map_err(|problem| problem.to_string())?;
            questions(&self.dialect, &self.instance, at_once).then(&tree, scope)?
        };
        if !nodes.is_empty() {
            answers.extend(self.ask(&nodes, at_once, timeout).await.map_err(|status| told(failure(&status, timeout)))?);
        }
        printed::answers(answers.iter().map(|answer| &*answer.octets))
    }

    /// The answers to what is asked first, whether it was asked for at once, and when.
    async fn begun(&mut self, scope: &Scope, timeout: Duration) -> Result<(Vec<Raw>, bool, Instant), Failure> {
        let (dialect, instance) = (Arc::clone(&self.dialect), self.instance.clone());
        let first = |at_once| questions(&dialect, &instance, at_once).first(scope);
        let (mut at_once, mut begun) = (self.subscribes(), Instant::now());
        let mut asked = self.ask_first(&first(at_once), at_once, scope, timeout).await;
        let no_get = |asked: &Result<_, Status>| asked.as_ref().is_err_and(|no| no.code() == Code::Unimplemented);
        if !at_once && self.reading == Reading::Auto && no_get(&asked) {
            tracing::debug!("Get is not implemented; reading by Subscribe ONCE from now on");
            self.learned.no_get.store(true, Relaxed);
            (at_once, begun) = (true, Instant::now());
            asked = self.ask_first(&first(at_once), at_once, scope, timeout).await;
        }
        Ok((asked.map_err(|status| failure(&status, timeout))?, at_once, begun))
    }

    /// Asks for what has to be there together with what a target may not know,
    /// and does without that from then on.
    async fn ask_beside(&mut self, nodes: &[Node], scope: &Scope, timeout: Duration) -> Result<Vec<Raw>, Status> {
        let beside = Questions::at_once(&self.dialect, &self.instance).beside(scope);
        if beside.is_empty() || self.learned.no_subinterfaces.load(Relaxed) {
            return self.once(nodes, timeout).await;
        }
        match self.once(&[nodes, &beside].concat(), timeout).await {
            Err(status) if matches!(failure(&status, timeout), Failure::Refused(_)) => {
                let answers = self.once(nodes, timeout).await?;
                tracing::debug!(%status, "the target has no subinterfaces; asking for none from now on");
                self.learned.no_subinterfaces.store(true, Relaxed);
                Ok(answers)
            }
            other => other,
        }
    }

    async fn ask_first(
        &mut self,
        nodes: &[Node],
        at_once: bool,
        scope: &Scope,
        timeout: Duration,
    ) -> Result<Vec<Raw>, Status> {
        if at_once {
            return self.ask_beside(nodes, scope, timeout).await;
        }
        let states = self.about_vni_states(scope);
        self.get_with(nodes, &states, timeout).await
    }

    async fn ask(&mut self, nodes: &[Node], at_once: bool, timeout: Duration) -> Result<Vec<Raw>, Status> {
        if at_once { self.once(nodes, timeout).await } else { self.get(nodes, timeout).await }
    }

    /// Understands answers, which are a whole configuration at times, inside the
    /// time that the call which `begun` has.
    async fn understood(
        &mut self,
        answers: Vec<Raw>,
        scope: &Scope,
        (at_once, is_all): (bool, bool),
        begun: Instant,
        timeout: Duration,
    ) -> Result<Found, Failure> {
        let (dialect, instance, scope) = (Arc::clone(&self.dialect), self.instance.clone(), scope.clone());
        let (octets, mut share) = (answers.iter().map(|answer| answer.octets.len()).sum(), self.client.share());
        let work = off_worker(octets, move || {
            understand(answers, questions(&dialect, &instance, at_once), &scope, is_all, &mut share)
        });
        finished(work, begun + timeout, timeout).await
    }

    pub(super) fn subscribes(&self) -> bool {
        match self.reading {
            Reading::Get => false,
            Reading::Subscribe => true,
            Reading::Auto => self.learned.no_get.load(Relaxed),
        }
    }

    /// One Get a node, at once: a single missing node would fail a joint one.
    pub(super) async fn get(&mut self, nodes: &[Node], timeout: Duration) -> Result<Vec<Raw>, Status> {
        self.get_with(nodes, &[], timeout).await
    }

    /// The same, and state beside it that a target need not have.
    async fn get_with(&mut self, nodes: &[Node], states: &[Node], timeout: Duration) -> Result<Vec<Raw>, Status> {
        let typed = !self.learned.no_get_type.load(Relaxed);
        let kind = if typed { DataType::Config } else { DataType::All };
        match self.get_both((nodes, kind), states, timeout).await {
            Err(status) if typed && matches!(status.code(), Code::Unimplemented | Code::InvalidArgument) => {
                let found = self.get_as(nodes, DataType::All, timeout).await?;
                tracing::debug!("Get takes no type; asking for everything from now on");
                self.learned.no_get_type.store(true, Relaxed);
                Ok(found)
            }
            other => other,
        }
    }

    pub(super) async fn get_as(
        &mut self,
        nodes: &[Node],
        kind: DataType,
        timeout: Duration,
    ) -> Result<Vec<Raw>, Status> {
        self.get_both((nodes, kind), &[], timeout).await
    }

    async fn get_both(
        &mut self,
        (nodes, kind): (&[Node], DataType),
        states: &[Node],
        timeout: Duration,
    ) -> Result<Vec<Raw>, Status> {
        self.flights += (nodes.len() + states.len()).div_ceil(AT_ONCE) as u64;
        let patience = timeout.min(PATIENCE_WITH_STATE);
        let states = states.iter().map(|node| (self.form.get(node, DataType::State), patience));
        let requests = nodes.iter().map(|node| (self.form.get(node, kind), timeout)).chain(states);
        let requests: Vec<(GetRequest, Duration)> = requests.collect();
        let client = self.client.clone();
        let call = move |(request, patience)| {
            let client = client.clone();
            async move { client.get(request, patience).await }
        };
        let answers: Vec<_> = stream::iter(requests).map(call).buffered(AT_ONCE).collect().await;
        let mut found = Vec::new();
        for (index, answer) in answers.into_iter().enumerate() {
            match answer {
                // Section 3.3.4: there is no such data.
                Err(status) if status.code() == Code::NotFound => {}
                answer if index >= nodes.len() => self.hear_of_vni_states(answer),
                Ok(answer) => found.push(answer),
                Err(status) => return Err(status),
            }
        }
        Ok(found)
    }

    pub(super) async fn once(&mut self, nodes: &[Node], timeout: Duration) -> Result<Vec<Raw>, Status> {
        if nodes.is_empty() {
            return Ok(Vec::new());
        }
        let scalars = self.learned.once_in_proto.load(Relaxed);
        let answer = match self.once_as(nodes, scalars, timeout).await {
            Err(status) if !scalars && matches!(status.code(), Code::Unimplemented | Code::InvalidArgument) => {
                let answer = self.once_as(nodes, true, timeout).await;
                self.learned.once_in_proto.store(answer.is_ok(), Relaxed);
                answer
            }
            other => other,
        };
        answer.map(|answer| vec![answer])
    }

    async fn once_as(&mut self, nodes: &[Node], scalars: bool, timeout: Duration) -> Result<Raw, Status> {
        self.flights += 1;
        self.client.once(self.form.once(nodes, scalars), timeout).await
    }
}

/// Why nothing came of it, for people.
fn told(failure: Failure) -> String {
    match failure {
        Failure::Refused(refusal) => refusal.to_string(),
        Failure::Lost(lost) => lost.to_string(),
    }
}

/// Waits for answers to be understood, as long as the call they are of may take.
pub(super) async fn finished<T>(
    work: impl Future<Output = Result<Result<T, Problem>, Unfinished>>,
    until: Instant,
    timeout: Duration,
) -> Result<T, Failure> {
    let found = timeout_at(until, work)
        .await
        .map_err(|_| Failure::Lost(Lost::Timeout(timeout)))?
        .map_err(|unfinished| Failure::Lost(Lost::Closed(unfinished.to_string())))?;
    match found {
        Ok(found) => Ok(found),
        Err(Problem::Unreadable(problem)) => Err(unreadable(&problem)),
        Err(Problem::Garbled(garbled)) => Err(Failure::Lost(Lost::Protocol(garbled.to_string()))),
        Err(Problem::NoRoom(refused)) => Err(Failure::Lost(no_room_for(&refused))),
    }
}

pub(super) fn questions<'a>(dialect: &'a GnmiDialect, instance: &'a str, at_once: bool) -> Questions<'a> {
    if at_once { Questions::at_once(dialect, instance) } else { Questions::one_by_one(dialect, instance) }
}

fn understand(
    answers: Vec<Raw>,
    questions: Questions<'_>,
    scope: &Scope,
    is_all: bool,
    share: &mut Share,
) -> Result<Found, Problem> {
    let arena = Bump::new();
    let mut tree = Tree::new(&arena, share)?;
    answers.iter().try_for_each(|answer| tree.add(&answer.octets))?;
    if !is_all {
        let more = questions.then(&tree, scope).map_err(Problem::Unreadable)?;
        if !more.is_empty() {
            return Ok(Found::More(answers, more));
        }
    }
    // The tree stands by itself.
    drop(answers);
    questions.decode(&tree, scope).map(|running| Found::All(Box::new(running))).map_err(Problem::Unreadable)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
