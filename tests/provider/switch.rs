//! A simulated switch: what it has differs from what all of its kind have by what was changed,
//! and a session of it carries the steps of the real pipeline.
//!
//! It understands what was staged from the plan that the real renderer was given, and takes the
//! time that a switch of its kind takes.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Absent, Answer, Capabilities, CommitMode, ConfirmedCommit, ConnectError, ConnectFault, Connector, ErrorTag, Flight,
    Lost, Payload, PersistId, Refusal, Render, RpcError, Session, Sighting, Step, StepResult, Traffic, Unrenderable,
};
use mercury_model::{DeviceConfig, Edit, Interface, InterfaceName, InterfaceScope, Plan, Running, Scope, VlanScope};
use tokio::time::Instant;

use crate::{
    cost::{ANSWER, HOP, LINE, LOGIN},
    kind::{Kind, Spoken},
    life::Life,
    mercury::Sessions,
};

/// How a switch is out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hangs {
    /// Nobody gets in.
    Silent,
    /// It lets in, and answers nothing.
    Mute,
    /// It answers everything but a commit.
    AtCommits,
}

/// See the module.
pub(crate) struct Switch {
    pub(crate) kind: Arc<Kind>,
    pub(crate) hangs: Option<Hangs>,
    state: Mutex<State>,
}

/// What was changed, by port.
type Changed = BTreeMap<InterfaceName, Interface>;

#[derive(Default)]
struct State {
    changed: Changed,
    lock: Option<Holder>,
    pending: Option<Pending>,
    sessions: Vec<Holder>,
    counts: Counts,
}

/// What a switch has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) commits: u32,
    pub(crate) logins: u32,
    /// Sessions at a time.
    pub(crate) most_sessions: u32,
}

/// A session, and the process that has it.
struct Holder {
    session: u32,
    life: Arc<Life>,
}

/// A commit that waits to be confirmed.
struct Pending {
    before: Changed,
    holder: Holder,
    token: Option<PersistId>,
    until: Instant,
    outlives_session: bool,
}

impl State {
    /// What dead processes had is gone, and what was not confirmed in time is as before.
    fn settle(&mut self) {
        self.sessions.retain(|holder| !holder.life.is_over());
        self.lock.take_if(|holder| holder.life.is_over());
        let lapsed = |pending: &mut Pending| {
            Instant::now() >= pending.until || (!pending.outlives_session && pending.holder.life.is_over())
        };
        if let Some(pending) = self.pending.take_if(lapsed) {
            self.changed = pending.before;
        }
    }
}

impl Switch {
    pub(crate) fn new(kind: &Arc<Kind>, hangs: Option<Hangs>) -> Arc<Self> {
        Arc::new(Self { kind: Arc::clone(kind), hangs, state: Mutex::default() })
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts
    }

    /// What a port has.
    pub(crate) fn port(&self, name: &InterfaceName) -> Option<Interface> {
        let state = self.state();
        state.changed.get(name).or_else(|| self.kind.base.interfaces.get(name)).cloned()
    }

    /// What it has that nobody should: a lock, a commit that waits.
    pub(crate) fn left_behind(&self) -> Option<&'static str> {
        let state = self.state();
        match (&state.lock, &state.pending) {
            (Some(_), _) => Some("a lock"),
            (_, Some(_)) => Some("a commit that waits to be confirmed"),
            _ => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.settle();
        state
    }

    fn running(&self, scope: &Scope) -> Running {
        let (state, base) = (self.state(), &self.kind.base);
        let shown = |name: &InterfaceName| state.changed.get(name).or_else(|| base.interfaces.get(name)).cloned();
        let interfaces = match &scope.interfaces {
            InterfaceScope::All => {
                base.interfaces.keys().filter_map(shown).map(|port| (port.name.clone(), port)).collect()
            }
            InterfaceScope::Named(names) => {
                names.iter().filter_map(shown).map(|port| (port.name.clone(), port)).collect()
            }
        };
        let vlans = match &scope.vlans {
            VlanScope::All => base.vlans.clone(),
            VlanScope::Named(ids) => ids.iter().filter_map(|id| Some((*id, base.vlans.get(id)?.clone()))).collect(),
        };
        Running::found(DeviceConfig { interfaces, vlans, ..DeviceConfig::default() }, scope.clone())
    }

    /// What a plan makes of it.
    fn changed_by(&self, changed: &Changed, plan: &Plan) -> Result<Changed, Refusal> {
        let mut changed = changed.clone();
        for edit in &plan.edits {
            let Edit::Interface { interface, change, .. } = edit else {
                return Err(refused(ErrorTag::OperationNotSupported, "only leaves of ports are simulated"));
            };
            let Some(before) = changed.get(interface).or_else(|| self.kind.base.interfaces.get(interface)) else {
                return Err(refused(ErrorTag::InvalidValue, "there is no such port"));
            };
            let mut port = before.clone();
            change.leaf.set(&mut port, change.after.clone());
            changed.insert(interface.clone(), port);
        }
        Ok(changed)
    }
}

fn refused(tag: ErrorTag, message: &str) -> Refusal {
    Refusal::Errors(vec![RpcError::new(tag, message)])
}

/// What the real renderer made of a plan, and the plan.
struct Rendered {
    plan: Plan,
    real: Payload,
    /// Lines, as they are typed at a command line.
    lines: u32,
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.real.fmt(f)
    }
}

/// The real renderer of a kind.
pub(crate) struct Renders(pub(crate) Arc<Kind>);

impl Render for Renders {
    fn render(&self, plan: &Plan, target: &Capabilities) -> Result<Payload, Unrenderable> {
        let real = self.0.render.render(plan, target)?;
        let lines = if self.0.spoken == Spoken::Cli { real.to_string().lines().count() } else { 0 };
        Ok(Payload::new(Rendered { plan: plan.clone(), lines: u32::try_from(lines).unwrap(), real }))
    }
}

/// Opens sessions of one process.
pub(crate) struct Reaches {
    pub(crate) switch: Arc<Switch>,
    pub(crate) life: Arc<Life>,
    pub(crate) sessions: Arc<Sessions>,
    /// How long the entry waits for a login.
    pub(crate) patience: Duration,
}

impl Connector for Reaches {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            self.life.live_on().await;
            if self.switch.hangs == Some(Hangs::Silent) {
                tokio::time::sleep(self.patience).await;
                let message = "it does not let in".to_owned();
                return Err(ConnectError { fault: ConnectFault::Unreachable, message });
            }
            self.life.works(self.switch.kind.login()).await;
            tokio::time::sleep(LOGIN).await;
            self.life.live_on().await;
            let mut state = self.switch.state();
            state.counts.logins += 1;
            let number = state.counts.logins;
            state.sessions.push(Holder { session: number, life: Arc::clone(&self.life) });
            let at_a_time = u32::try_from(state.sessions.len()).unwrap();
            state.counts.most_sessions = state.counts.most_sessions.max(at_a_time);
            drop(state);
            let session = Carries {
                switch: Arc::clone(&self.switch),
                life: Arc::clone(&self.life),
                number,
                staged: None,
                flights: 0,
                is_usable: true,
                _counted: self.sessions.opened(self.switch.kind.spoken),
            };
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }
}

/// A session.
struct Carries {
    switch: Arc<Switch>,
    life: Arc<Life>,
    number: u32,
    staged: Option<Plan>,
    flights: u64,
    is_usable: bool,
    _counted: crate::mercury::Counted,
}

impl Carries {
    /// How long the switch takes for a step, and whether that is a round trip of its own.
    fn takes(&self, step: &Step) -> (Duration, bool) {
        let kind = &self.switch.kind;
        let asks = match (kind.spoken, step) {
            (Spoken::Netconf, _) => false,
            (_, Step::Lock(_) | Step::Unlock | Step::Discard | Step::Settled) => return (Duration::ZERO, false),
            (Spoken::Gnmi, Step::Stage(_)) => return (Duration::ZERO, false),
            _ => true,
        };
        let time = match step {
            Step::Commit(_) | Step::Confirm(_) | Step::Cancel(_) | Step::Save => kind.commit,
            Step::Stage(payload) if kind.spoken == Spoken::Cli => {
                // Configuration mode is entered and left.
                LINE * (2 + payload.body::<Rendered>().map_or(0, |rendered| rendered.lines))
            }
            _ => Duration::ZERO,
        };
        (time + if asks { ANSWER + 2 * HOP } else { Duration::ZERO }, asks)
    }

    async fn carry(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        self.life.live_on().await;
        let deadline = Instant::now() + timeout;
        let mut results = Vec::new();
        if self.switch.kind.spoken == Spoken::Netconf {
            self.flights += 1;
            tokio::time::sleep(ANSWER + 2 * HOP).await;
        }
        for step in steps {
            let (time, asks) = self.takes(step);
            self.flights += u64::from(asks);
            let commits = matches!(step, Step::Commit(_) | Step::Confirm(_) | Step::Cancel(_) | Step::Save);
            let hangs = match self.switch.hangs {
                Some(Hangs::AtCommits) => commits || (self.switch.kind.spoken == Spoken::Cli && !time.is_zero()),
                other => other.is_some(),
            };
            let done = Instant::now() + time;
            if hangs || done > deadline {
                tokio::time::sleep_until(deadline).await;
                self.life.live_on().await;
                self.is_usable = false;
                return Flight { results, lost: Some(Lost::Timeout(timeout)) };
            }
            if !time.is_zero() {
                tokio::time::sleep_until(done).await;
                self.life.live_on().await;
            }
            results.push(self.step(step));
        }
        Flight { results, lost: None }
    }

    fn step(&mut self, step: &Step) -> StepResult {
        let done = || Ok(Answer::Done(Vec::new()));
        match step {
            Step::Lock(token) => self.lock(token.as_ref()),
            Step::Unlock => {
                self.switch.state().lock.take_if(|holder| holder.session == self.number);
                done()
            }
            Step::Discard => {
                self.staged = None;
                done()
            }
            Step::Read(scope) => Ok(Answer::Running(Box::new(self.switch.running(scope)))),
            Step::Look(absent) => Ok(Answer::Seen(Box::new(self.look(absent)))),
            Step::Stage(payload) => {
                let Some(rendered) = payload.body::<Rendered>() else {
                    return Err(Refusal::Unreadable("the payload is somebody else's".to_owned()));
                };
                if self.switch.kind.spoken == Spoken::Cli {
                    return self.change(&rendered.plan.clone(), None);
                }
                self.staged = Some(rendered.plan.clone());
                done()
            }
            Step::Commit(mode) => {
                let Some(plan) = self.staged.take() else {
                    // It makes nothing, and confirms what waits for any commit.
                    let mut state = self.switch.state();
                    let by_any = self.switch.kind.capabilities.confirmed_commit == Some(ConfirmedCommit::AnyCommit);
                    state.pending.take_if(|_| by_any);
                    return done();
                };
                self.change(&plan, Some(mode))
            }
            Step::Confirm(_) => {
                self.switch.state().counts.commits += 1;
                match self.switch.state().pending.take() {
                    Some(_) => done(),
                    // Any commit is taken; it has nothing to confirm.
                    None => Err(refused(ErrorTag::InvalidValue, "no commit waits to be confirmed")),
                }
            }
            Step::Cancel(_) => {
                let mut state = self.switch.state();
                if let Some(pending) = state.pending.take() {
                    state.changed = pending.before;
                }
                done()
            }
            Step::Settled | Step::Save => done(),
            Step::ReadCandidate(_) | Step::Validate | Step::Compare | Step::ListSessions | Step::KillSession(_) => {
                Err(refused(ErrorTag::OperationNotSupported, "this is not simulated"))
            }
            // It was saved after each change.
            Step::ReadStartup(scope) => Ok(Answer::Running(Box::new(self.switch.running(scope)))),
        }
    }

    fn lock(&self, token: Option<&PersistId>) -> StepResult {
        let mut state = self.switch.state();
        let is_own = |holder: &Holder| holder.session == self.number;
        let waits = state.pending.as_ref().is_some_and(|pending| pending.token.as_ref() != token);
        if waits || state.lock.as_ref().is_some_and(|holder| !is_own(holder)) {
            return Err(refused(ErrorTag::LockDenied, "somebody else has the lock"));
        }
        if self.switch.kind.capabilities.lock {
            state.lock = Some(Holder { session: self.number, life: Arc::clone(&self.life) });
        }
        Ok(Answer::Done(Vec::new()))
    }

    fn change(&self, plan: &Plan, mode: Option<&CommitMode>) -> StepResult {
        let mut state = self.switch.state();
        state.counts.commits += 1;
        let changed = self.switch.changed_by(&state.changed, plan)?;
        let before = std::mem::replace(&mut state.changed, changed);
        if let Some(CommitMode::Confirmed { timeout, persist }) = mode {
            let kind = self.switch.kind.capabilities.confirmed_commit;
            let holder = Holder { session: self.number, life: Arc::clone(&self.life) };
            let outlives_session = kind != Some(ConfirmedCommit::SameSession);
            let until = Instant::now() + *timeout;
            state.pending = Some(Pending { before, holder, token: persist.clone(), until, outlives_session });
        }
        Ok(Answer::Done(Vec::new()))
    }

    fn look(&self, _: &Absent) -> Sighting {
        let base = &self.switch.kind.base;
        let names = || Some(base.interfaces.keys().cloned().collect());
        Sighting {
            interfaces: names(),
            vlans: Some(base.vlans.keys().copied().collect()),
            state: names(),
            untold: None,
        }
    }
}

impl Session for Carries {
    fn capabilities(&self) -> &Capabilities {
        &self.switch.kind.capabilities
    }

    fn session_id(&self) -> Option<u64> {
        (self.switch.kind.spoken == Spoken::Netconf).then_some(self.number.into())
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    fn is_usable(&self) -> bool {
        self.is_usable
    }

    fn traffic(&self) -> Traffic {
        Traffic { flights: self.flights, ..Traffic::default() }
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

/// The switch notices that its session is over.
impl Drop for Carries {
    fn drop(&mut self) {
        let mut state = self.switch.state();
        let is_own = |holder: &Holder| holder.session == self.number;
        state.sessions.retain(|holder| !is_own(holder));
        state.lock.take_if(|holder| is_own(holder));
        let ends = |pending: &mut Pending| !pending.outlives_session && is_own(&pending.holder);
        if let Some(pending) = state.pending.take_if(ends) {
            state.changed = pending.before;
        }
    }
}
