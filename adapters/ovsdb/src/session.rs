//! Steps as transactions.
//!
//! A change is staged here and sent by the commit step, as one transaction. What the
//! database has is not yet so: ovs-vswitchd is told by `next_cfg` and says by `cur_cfg`
//! how far it is, and what it cannot do stands in the rows of `Interface`.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Absent, Answer, Budget, Capabilities, CommitMode, Datastore, ErrorTag, Flight, Lost, MAX_REPLY, OvsdbDialect,
    Refusal, RpcError, Session, Share, Sighting, Step, StepResult, Traffic, Trust, off_worker,
};
use mercury_model::{InterfaceScope, Running, Scope, VlanScope};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    change::Change,
    client::{Client, Reply},
    datum,
    guarded::{Guarded, Ports},
    packed::Datum,
    read::{self, Unreadable},
    rows::{Applied, DATABASE_TABLE, Row, Rows, select},
    transaction::{Failed, Transaction},
};

/// How long ovs-vswitchd may take for a change, at most.
const APPLIED_WITHIN: Duration = Duration::from_secs(10);
/// A server says something every 5 s at least where it is not spoken to (its inactivity
/// probe); one that said nothing for so long may be gone.
const HEARD: Duration = Duration::from_secs(10);
/// How long it may take for one that somebody else has just made.
const OTHERS_APPLIED_WITHIN: Duration = Duration::from_secs(2);

/// A session with a database that carries steps.
pub struct OvsdbSession {
    client: Client,
    dialect: Arc<OvsdbDialect>,
    /// Bridges of somebody else that may be changed all the same.
    bridges: Arc<[String]>,
    capabilities: Capabilities,
    budget: Budget,
    /// What the rows take that the steps of this flight have read.
    taken: Vec<Share>,
    staged: Option<Change>,
    ports: Ports,
    /// What the commit step has read for the step behind it.
    fresh: Option<(Scope, Rows)>,
    /// The change that the database has and ovs-vswitchd did not apply in time.
    unapplied: Option<i64>,
    /// That was a change of the request that is served: it may be undone, and be read
    /// meanwhile.
    is_own: bool,
    /// ovs-vswitchd had no use of what the last change was to carry.
    is_unusable: bool,
    flights: u64,
    /// Whom it works for.
    requests: String,
    /// For which of them, one after the other.
    turn: u64,
}

/// Why a step was not carried out, or the session ended.
enum Failure {
    Refused(Refusal),
    Lost(Lost),
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        Self::Refused(Refusal::Errors(vec![error]))
    }
}

impl From<Box<RpcError>> for Failure {
    fn from(error: Box<RpcError>) -> Self {
        (*error).into()
    }
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        match &failed {
            Failed::Guard(_) => Self::Refused(Refusal::Outdated(vec![failed.rpc_error()])),
            Failed::NoRoom(error) => Self::Lost(Lost::NoRoom(error.to_string())),
            Failed::Loss(_) | Failed::Refused { .. } | Failed::Senseless(_) => failed.rpc_error().into(),
        }
    }
}

impl OvsdbSession {
    pub(crate) fn new(
        client: Client,
        dialect: Arc<OvsdbDialect>,
        bridges: Arc<[String]>,
        announced: Vec<String>,
        budget: Budget,
    ) -> Self {
        let capabilities = Capabilities {
            datastore: Datastore::Candidate,
            atomic_edit: true,
            guarded: true,
            variant: Some(0),
            announced: announced.into(),
            ..Capabilities::unknown()
        };
        Self {
            client,
            dialect,
            bridges,
            capabilities,
            budget,
            taken: Vec::new(),
            staged: None,
            ports: Ports::default(),
            fresh: None,
            unapplied: None,
            is_own: false,
            is_unusable: false,
            flights: 1,
            requests: String::new(),
            turn: 0,
        }
    }

    async fn carry(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let flight = self.steps(steps, timeout).await;
        self.taken.clear();
        flight
    }

    async fn steps(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let mut results: Vec<StepResult> = Vec::new();
        let deadline = Instant::now() + timeout;
        for (index, step) in steps.iter().enumerate() {
            let behind = match steps.get(index + 1) {
                Some(Step::Read(scope)) => Some(scope),
                _ => None,
            };
            match self.step(step, behind, deadline).await {
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

    async fn step(&mut self, step: &Step, behind: Option<&Scope>, deadline: Instant) -> Result<Answer, Failure> {
        if !matches!(step, Step::Read(_)) {
            self.fresh = None;
        }
        match step {
            // Guards keep others out.
            Step::Lock(_) | Step::Unlock | Step::Settled | Step::Save => Ok(done()),
            Step::Discard => {
                self.staged = None;
                Ok(done())
            }
            Step::Stage(payload) => match payload.body::<Change>() {
                Some(change) => {
                    self.staged = Some(change.clone());
                    Ok(done())
                }
                None => Err(unreadable("the payload is not OVSDB's")),
            },
            Step::Commit(CommitMode::Plain) => match self.staged.take().filter(|change| !change.is_empty()) {
                Some(change) => self.commit(&change, behind, deadline).await,
                None => Ok(done()),
            },
            Step::Read(scope) => Ok(Answer::Running(Box::new(self.read(scope, deadline).await?))),
            Step::Look(absent) => self.look(absent, deadline).await,
            Step::Commit(CommitMode::Confirmed { .. }) | Step::Confirm(_) | Step::Cancel(_) => {
                Err(unreadable("OVSDB has no commit that waits to be confirmed"))
            }
            Step::ReadCandidate(_) | Step::ReadStartup(_) => Err(unreadable("OVSDB knows one datastore")),
            Step::Validate | Step::Compare => Err(unreadable("OVSDB validates nothing that it does not do")),
            Step::ListSessions | Step::KillSession(_) => Err(unreadable("OVSDB tells of no sessions")),
        }
    }

    /// The rows of each operation.
    async fn transact(&mut self, transaction: Transaction, deadline: Instant) -> Result<Vec<Vec<Row>>, Failure> {
        self.flights += 1;
        let left = deadline.saturating_duration_since(Instant::now());
        let answer = self.client.ask("transact", &transaction.params(), left).await?;
        let Reply { text, mut share } = answer.map_err(|error| RpcError::new(ErrorTag::OperationFailed, error))?;
        let read = off_worker(text.len(), move || {
            let rows = transaction.rows_as(&text, &mut share, Row::counted)?;
            share.release(text.len());
            Ok::<_, Failed>((rows, share))
        });
        let (rows, share) = read.await.map_err(|unfinished| Lost::Closed(unfinished.to_string()))??;
        self.taken.push(share);
        Ok(rows)
    }

    async fn read(&mut self, scope: &Scope, deadline: Instant) -> Result<Running, Failure> {
        let mut rows = match self.fresh.take().filter(|(own, _)| own == scope) {
            Some((_, rows)) => rows,
            None => self.rows(scope, deadline).await?,
        };
        // In which bond an interface is, and what a bond's interfaces are, shows in other rows
        // than those of its name; and what was read of these is guarded with them.
        if let Some(beside) = rows.beside().map_err(|error| unreadable(&error.to_string()))? {
            let answers = self.transact(beside, deadline).await?;
            rows.take_in(answers).map_err(|error| unreadable(&error.to_string()))?;
        }
        let is_whole = scope.overlays || scope.interfaces == InterfaceScope::All;
        self.ports.read(&rows, is_whole).map_err(|error| unreadable(&error.to_string()))?;
        if scope.interfaces == InterfaceScope::All {
            self.ports.asked_for_all();
        }
        let (dialect, bridges, scope) = (Arc::clone(&self.dialect), Arc::clone(&self.bridges), scope.clone());
        let mut share = self.budget.share(MAX_REPLY);
        let octets = (rows.ports.len() + rows.interfaces.len()).saturating_mul(1 << 9);
        let work = off_worker(octets, move || read::running(&dialect, &bridges, rows, &scope, &mut share));
        match work.await.map_err(|unfinished| Lost::Closed(unfinished.to_string()))? {
            Ok(running) => Ok(running),
            Err(Unreadable::NoRoom(error)) => Err(Lost::NoRoom(error.to_string()).into()),
            Err(Unreadable::Malformed(error)) => Err(unreadable(&error.to_string())),
        }
    }

    /// What the database has, and ovs-vswitchd too.
    async fn rows(&mut self, scope: &Scope, deadline: Instant) -> Result<Rows, Failure> {
        let mut transaction = Transaction::default();
        select(&mut transaction, scope);
        let rows = rows(self.transact(transaction, deadline).await?)?;
        let Applied { current, next } = rows.applied;
        if current >= next {
            self.unapplied = None;
            return Ok(rows);
        }
        // What was not applied of ours may be undone all the same.
        if self.is_own && self.unapplied == Some(next) {
            return Ok(rows);
        }
        let mut transaction = Transaction::default();
        wait_applied(&mut transaction, next, OTHERS_APPLIED_WITHIN, deadline);
        select(&mut transaction, scope);
        match self.transact(transaction, deadline).await {
            Ok(answers) => {
                self.unapplied = None;
                rows_of(answers)
            }
            Err(Failure::Refused(_)) => Err(unreadable(&format!(
                "ovs-vswitchd applied change {current} last and was asked for change {next}; it may be stopped"
            ))),
            Err(lost) => Err(lost),
        }
    }

    /// Everything that there is: it is all shown, and each port has a row.
    async fn look(&mut self, absent: &Absent, deadline: Instant) -> Result<Answer, Failure> {
        let all = Scope { interfaces: InterfaceScope::All, vlans: VlanScope::All, stp: false, overlays: false };
        let found = self.read(&all, deadline).await?.config;
        let names = (!absent.interfaces.is_empty()).then(|| found.interfaces.into_keys().collect());
        let vlans = (!absent.vlans.is_empty()).then(|| found.vlans.into_keys().collect());
        Ok(Answer::Seen(Box::new(Sighting { state: names.clone(), interfaces: names, vlans, untold: None })))
    }

    async fn commit(&mut self, change: &Change, behind: Option<&Scope>, deadline: Instant) -> Result<Answer, Failure> {
        let mut guarded = self.ports.guarded(change, &self.bridges, self.dialect.closed, &self.requests)?;
        if std::mem::take(&mut self.is_unusable) && guarded.is_restored {
            // It may have been so before.
            guarded.interfaces.clear();
        }
        if let Some(number) = self.unapplied.filter(|_| !guarded.is_restored) {
            let message =
                format!("nothing was sent: ovs-vswitchd has not applied change {number} yet; it may be stopped");
            return Err(RpcError::new(ErrorTag::OperationFailed, message).into());
        }
        let answers = self.transact(guarded.transaction.clone(), deadline).await?;
        self.ports.made(&guarded);
        let number = answers.iter().flatten().find_map(|row| row.get("next_cfg")?.as_i64());
        let number = number.ok_or_else(|| unreadable("the database does not say which change this is"))?;
        if self.unapplied.is_some() {
            // It has not begun, so that there is nothing of the change to be undone there.
            self.unapplied = Some(number);
            return Ok(done());
        }
        self.applied(&guarded, number, behind, deadline).await
    }

    /// Waits until a change is so, looks at what became of it, and reads for the step
    /// behind, in one flight.
    async fn applied(
        &mut self,
        guarded: &Guarded,
        number: i64,
        behind: Option<&Scope>,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let mut transaction = Transaction::default();
        let within = wait_applied(&mut transaction, number, APPLIED_WITHIN, deadline);
        for own in &guarded.interfaces {
            transaction.select("Interface", std::slice::from_ref(own), &["name", "error", "ofport"]);
        }
        if let Some(scope) = behind {
            select(&mut transaction, scope);
        }
        let mut answers = match self.transact(transaction, deadline).await {
            Ok(answers) => answers.into_iter().skip(1),
            Err(Failure::Refused(_)) => {
                (self.unapplied, self.is_own) = (Some(number), true);
                let message = format!(
                    "the database has the change and ovs-vswitchd did not apply it within {} ms; it may be stopped",
                    within.as_millis()
                );
                return Err(RpcError::new(ErrorTag::OperationFailed, message).into());
            }
            Err(lost) => return Err(lost),
        };
        let interfaces: Vec<Row> = answers.by_ref().take(guarded.interfaces.len()).flatten().collect();
        if let Some(scope) = behind {
            self.fresh = Some((scope.clone(), rows_of(std::iter::once(Vec::new()).chain(answers))?));
        }
        match interfaces.iter().find_map(fault) {
            Some(fault) => {
                self.is_unusable = true;
                Err(RpcError::new(ErrorTag::OperationFailed, fault).into())
            }
            None => Ok(done()),
        }
    }
}

/// What ovs-vswitchd could not do of an interface.
fn fault(row: &Row) -> Option<String> {
    let name = row.get("name").and_then(Datum::as_str).unwrap_or_default();
    if let Ok(Some(error)) = datum::text(row.get("error")?)
        && !error.is_empty()
    {
        return Some(format!("ovs-vswitchd has no use of {name}: {error}"));
    }
    match datum::number(row.get("ofport")?) {
        Ok(Some(port)) if port > 0 => None,
        _ => Some(format!("ovs-vswitchd has no device for {name}")),
    }
}

/// Waits until a change was applied; says how long at most.
fn wait_applied(transaction: &mut Transaction, number: i64, at_most: Duration, deadline: Instant) -> Duration {
    // Its answer is to come before nobody waits for it.
    let left = deadline.saturating_duration_since(Instant::now()) / 4 * 3;
    let within = left.min(at_most);
    let milliseconds = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    let behind = [json!(["cur_cfg", "<", number])];
    transaction.wait(milliseconds, (DATABASE_TABLE, &behind), &["cur_cfg"], &[], String::new());
    within
}

fn rows(answers: Vec<Vec<Row>>) -> Result<Rows, Failure> {
    Rows::read(answers.into_iter()).map_err(|error| unreadable(&error.to_string()))
}

/// The rows that were asked for behind another operation.
fn rows_of(answers: impl IntoIterator<Item = Vec<Row>>) -> Result<Rows, Failure> {
    Rows::read(answers.into_iter().skip(1)).map_err(|error| unreadable(&error.to_string()))
}

fn done() -> Answer {
    Answer::Done(Vec::new())
}

fn unreadable(text: &str) -> Failure {
    Failure::Refused(Refusal::Unreadable(text.to_owned()))
}

impl Session for OvsdbSession {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    fn asked_by(&mut self, turn: u64, requests: &str) {
        if self.turn == turn {
            return;
        }
        // What one request has made, the next does not undo.
        self.ports.end();
        (self.is_own, self.is_unusable) = (false, false);
        self.turn = turn;
        self.requests.clear();
        self.requests.push_str(requests);
    }

    fn may_hold(&self) -> bool {
        self.dialect.revision == Trust::Exact
    }

    /// The rows of each port that was read are what its transaction waits for. Of a server
    /// that may have gone unseen it is found out by a reading, which changes nothing.
    fn holds_to(&self, scope: &Scope) -> bool {
        self.may_hold()
            && self.client.has_heard(HEARD)
            && self.unapplied.is_none()
            && self.ports.has_all(&scope.interfaces)
    }

    fn is_usable(&self) -> bool {
        self.client.is_open()
    }

    fn traffic(&self) -> Traffic {
        let (sent, received) = self.client.octets();
        Traffic { flights: self.flights, sent, received }
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        // There is nothing to say at the end that the server waits for.
        async move { drop(self) }.boxed()
    }
}

impl fmt::Debug for OvsdbSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OvsdbSession").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}
