//! The warm session with one switch: opened when needed, kept, counted.

mod faults;
mod own;
mod recall;
mod shows;

use std::{collections::BTreeSet, slice, sync::Arc, time::Duration};

use mercury_adapter::{
    Answer, Capabilities, ConnectError, ConnectFault, Connector, Flight, Lost, Payload, Render, RpcError, Session,
    Step, Unrenderable,
};
use mercury_model::{InterfaceName, Plan, Running, Scope};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    fault::Fault,
    trace::{Context, Kind, Several},
};
use recall::Readings;
use shows::{Shows, shown, widened};

pub use faults::{lost_fault, taken};
pub use own::OwnSessions;

/// Interfaces that are remembered, per switch.
const REMEMBERED: usize = 4096;

/// What has been seen to follow a change on a switch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    pub(crate) ports: bool,
    pub(crate) vlans: bool,
    pub(crate) segments: bool,
}

/// At most one session with one switch, and what it has cost since
/// [`Link::start_counting`].
pub struct Link {
    connector: Arc<dyn Connector>,
    /// Its sessions are beside another's, and read.
    is_beside: bool,
    session: Option<Box<dyn Session>>,
    /// When it was made.
    made: Instant,
    own: OwnSessions,
    flights: u64,
    time: Duration,
    warnings: Vec<RpcError>,
    notes: Vec<&'static str>,
    /// How often a session was opened.
    opened: u64,
    /// Ports that are there with nothing configured, as far as was last seen.
    idle: BTreeSet<InterfaceName>,
    /// What the last change was about, and the last reading did not show.
    unshown: BTreeSet<InterfaceName>,
    /// What was read on the open session.
    readings: Readings,
    /// The switch leaves things out where it is asked for some by their names.
    reads_whole: bool,
    /// It has been seen to answer with several that it was asked for by their names.
    answers_several: bool,
    /// The switch ends a session on which it is asked again before it has answered.
    one_by_one: bool,
    /// The session has carried a flight.
    flown: bool,
    /// What was staged may be left in the candidate.
    staged: bool,
    /// Nothing was changed since what was changed here was last saved.
    saved: bool,
    stop: CancellationToken,
    shown: Shown,
    /// What was under way when `stop` was cancelled has been cut short.
    cut_short: bool,
    /// The spans of what is under way.
    trace: Vec<Context>,
    /// The ids of the requests that are under way, as one line.
    requests: String,
    /// Counts what is served.
    turn: u64,
}

/// What one request cost.
#[derive(Debug, Default)]
pub struct Cost {
    /// Round trips.
    pub flights: u64,
    /// Time spent waiting for the switch, connecting included.
    pub time: Duration,
    /// What the switch warned of.
    pub warnings: Vec<RpcError>,
    /// What else should be known beside the outcome.
    pub notes: Vec<&'static str>,
}

impl Link {
    /// A link that has no session yet. When `stop` is cancelled, the flight that
    /// is under way, or the next one, counts as lost; those after it, which find
    /// out what is true and undo what they must, do not.
    #[must_use]
    pub fn new(connector: Arc<dyn Connector>, stop: CancellationToken) -> Self {
        Self {
            connector,
            is_beside: false,
            session: None,
            made: Instant::now(),
            own: OwnSessions::default(),
            flights: 0,
            time: Duration::ZERO,
            warnings: Vec::new(),
            notes: Vec::new(),
            opened: 0,
            idle: BTreeSet::new(),
            unshown: BTreeSet::new(),
            readings: Readings::default(),
            reads_whole: false,
            answers_several: false,
            one_by_one: false,
            flown: false,
            staged: false,
            saved: false,
            stop,
            shown: Shown::default(),
            cut_short: false,
            trace: Vec::new(),
            requests: String::new(),
            turn: 0,
        }
    }

    /// A link for sessions that only read, beside another's of the same connector.
    #[must_use]
    pub fn beside(connector: Arc<dyn Connector>, stop: CancellationToken) -> Self {
        Self { is_beside: true, ..Self::new(connector, stop) }
    }

    /// Is cancelled when what is under way is to come to an end.
    #[must_use]
    pub const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// What has been seen to follow changes, whatever the session.
    pub(crate) const fn shown(&mut self) -> &mut Shown {
        &mut self.shown
    }

    /// Everything from now on is for these requests, by their ids.
    pub fn asked_by(&mut self, requests: String) {
        self.requests = requests;
        self.turn += 1;
    }

    /// Everything from now on belongs to these spans.
    pub fn traced(&mut self, trace: Vec<Context>) {
        self.trace = trace;
    }

    /// The spans of what is under way.
    #[must_use]
    pub fn trace(&self) -> &[Context] {
        &self.trace
    }

    /// Begins to count the cost of a request.
    pub fn start_counting(&mut self) {
        (self.flights, self.time) = (0, Duration::ZERO);
        self.warnings.clear();
        self.notes.clear();
        self.unshown.clear();
    }

    /// What a change was about that was not shown when it was over.
    pub(crate) fn shows_all_but(&mut self, unshown: &BTreeSet<InterfaceName>) {
        self.unshown.clone_from(unshown);
    }

    /// The same, once; from now on it is looked for as if it had never been shown.
    pub(crate) fn take_unshown(&mut self) -> BTreeSet<InterfaceName> {
        self.idle.retain(|name| !self.unshown.contains(name));
        std::mem::take(&mut self.unshown)
    }

    /// Something that should be known beside the outcome.
    pub(crate) fn note(&mut self, note: &'static str) {
        self.notes.push(note);
    }

    /// What it has cost since.
    pub fn cost(&mut self) -> Cost {
        let (warnings, notes) = (std::mem::take(&mut self.warnings), std::mem::take(&mut self.notes));
        Cost { flights: self.flights, time: self.time, warnings, notes }
    }

    /// Whether there is a session that looks alive.
    #[must_use]
    pub fn is_warm(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.is_usable())
    }

    /// Makes sure there is a session; says whether it is a new one.
    ///
    /// # Errors
    /// Why the switch could not be reached, or would not let Mercury in.
    pub async fn open(&mut self) -> Result<bool, Fault> {
        if self.is_warm() {
            return Ok(false);
        }
        self.cut();
        let (begun, spans) = (Instant::now(), Several::below(&self.trace, Kind::Client));
        let opened = match self.is_beside {
            false => self.connector.connect().await,
            true => self.connector.connect_beside().await.and_then(|beside| beside.ok_or_else(no_other)),
        };
        self.time += begun.elapsed();
        spans.end(|| ("connect".to_owned(), Vec::new(), opened.as_ref().err().map(|error| error.message.clone())));
        let mut session = opened?;
        self.own.opened(session.session_id(), begun - self.made, self.made.elapsed());
        if self.one_by_one {
            session.ask_one_by_one();
        }
        (self.session, self.flown) = (Some(session), false);
        self.opened += 1;
        Ok(true)
    }

    /// Which session this is: another number is another session.
    #[must_use]
    pub const fn session_number(&self) -> u64 {
        self.opened
    }

    /// The sessions with the switch that are Mercury's own.
    #[must_use]
    pub const fn own_sessions(&self) -> &OwnSessions {
        &self.own
    }

    /// Whether this port was found to be there with nothing configured, and has not been
    /// seen otherwise since. One that had something may be hidden as well.
    #[must_use]
    pub fn is_idle(&self, name: &InterfaceName) -> bool {
        self.idle.contains(name)
    }

    /// From now on everything is read, and what was asked for taken from that.
    pub const fn read_whole(&mut self) {
        self.reads_whole = true;
    }

    /// Whether all that this Mercury changed is saved; not, before it has saved once.
    #[must_use]
    pub const fn has_saved(&self) -> bool {
        self.saved
    }

    /// Whether what Mercury staged may be left in the candidate: nothing has
    /// shown since that it is not.
    #[must_use]
    pub const fn left_staged(&self) -> bool {
        self.staged
    }

    /// What the switch can do; `None` without a session.
    #[must_use]
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.session.as_ref().map(|session| session.capabilities())
    }

    /// Whether files tell of the switch, in its place.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.is_recorded())
    }

    /// Renders a plan for the switch as far as it is known.
    ///
    /// # Errors
    /// [`Unrenderable`] names the first edit that the dialect cannot express.
    pub fn render(&self, render: &dyn Render, plan: &Plan) -> Result<Payload, Unrenderable> {
        match self.capabilities() {
            Some(capabilities) => render.render(plan, capabilities),
            None => render.render(plan, &Capabilities::unknown()),
        }
    }

    /// What was read of `scope` on the open session, where its switch carries a change that
    /// is made from it out only where all of it is still so.
    pub(crate) fn recall(&self, scope: &Scope) -> Option<Running> {
        let session = self.session.as_ref().filter(|session| session.is_usable())?;
        self.readings.of(scope, &**session)
    }

    /// Round trips since [`Link::start_counting`].
    pub(crate) const fn flights(&self) -> u64 {
        self.flights
    }

    /// Sends steps to the open session; a lost session is dropped.
    pub async fn flight(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let wider: Option<Vec<Step>> = self.reads_whole.then(|| steps.iter().map(widened).collect());
        let mut flight = self.sent(wider.as_deref().unwrap_or(steps), timeout).await;
        self.look_for_others(steps, &mut flight, timeout).await;
        for (step, result) in steps.iter().zip(&mut flight.results) {
            match (step, result) {
                (Step::Read(scope), Ok(Answer::Running(running))) => {
                    if running.scope != *scope {
                        **running = std::mem::take(&mut **running).narrowed(scope);
                    }
                    self.idle.retain(|name| !running.interfaces.contains_key(name));
                }
                (Step::Look(absent), Ok(Answer::Seen(seen))) => {
                    let has = |all: &Option<BTreeSet<InterfaceName>>, name| {
                        all.as_ref().is_some_and(|all| all.contains(name))
                    };
                    let idle = absent
                        .interfaces
                        .iter()
                        .filter(|name| has(&seen.state, *name) && !has(&seen.interfaces, *name));
                    self.are_idle(idle.cloned().collect::<Vec<_>>());
                }
                (Step::ListSessions, Ok(Answer::Sessions(listed))) => self.own.told(listed),
                (Step::KillSession(session_id), Ok(_)) => self.own.killed(*session_id),
                _ => {}
            }
        }
        if self.session.as_ref().is_some_and(|session| session.may_hold()) {
            self.readings.flown(steps, &flight);
        }
        flight
    }

    /// Some servers answer with the first of several that they are asked for by
    /// their names. One that shows some and not all of them, and has not been seen
    /// to show several, is asked for everything before that is believed.
    async fn look_for_others(&mut self, steps: &[Step], flight: &mut Flight, timeout: Duration) {
        if self.reads_whole || self.answers_several || flight.lost.is_some() {
            return;
        }
        let reads = steps.iter().zip(&flight.results).enumerate().filter_map(|(index, both)| match both {
            (Step::Read(scope), Ok(Answer::Running(running))) => Some((index, scope, shown(scope, running))),
            _ => None,
        });
        let reads: Vec<_> = reads.collect();
        if reads.iter().any(|(.., shown)| *shown == Shows::Several) {
            self.answers_several = true;
            return;
        }
        let locks = self.capabilities().is_some_and(|capabilities| capabilities.lock);
        let doubtful = reads.into_iter().find(|(.., shown)| *shown == Shows::SomeOfSeveral && locks);
        let Some((index, scope, _)) = doubtful else { return };
        let read = Step::Read(scope.clone());
        let whole = self.once_more(&widened(&read), timeout).await;
        let left_out = |whole: &Running| match flight.results.get(index) {
            Some(Ok(Answer::Running(first))) => whole.config != first.config,
            _ => false,
        };
        let whole = whole.map(|whole| whole.map(|whole| whole.narrowed(scope)).filter(left_out));
        let again = match &whole {
            Ok(Some(_)) => self.once_more(&read, timeout).await,
            _ => Ok(None),
        };
        match (whole, again) {
            (Err(lost), _) | (_, Err(lost)) => {
                flight.results.truncate(index);
                flight.lost = Some(lost);
            }
            (Ok(Some(whole)), Ok(again)) => {
                // Somebody may have made it between the two.
                if again.is_none_or(|again| again.config != whole.config) {
                    tracing::warn!("the switch left out of its reply what it has; reading everything from now on");
                    self.reads_whole = true;
                }
                if let Some(Ok(Answer::Running(first))) = flight.results.get_mut(index) {
                    **first = whole;
                }
            }
            (Ok(None), _) => {}
        }
    }

    /// What one more read shows, if the switch takes it.
    async fn once_more(&mut self, read: &Step, timeout: Duration) -> Result<Option<Running>, Lost> {
        let Flight { results, lost } = self.sent(slice::from_ref(read), timeout).await;
        match (results.into_iter().next(), lost) {
            (_, Some(lost)) => Err(lost),
            (Some(Ok(Answer::Running(running))), None) => Ok(Some(*running)),
            _ => Ok(None),
        }
    }

    /// What is not shown of these is not there: they were looked for.
    pub(crate) fn are_idle(&mut self, names: impl IntoIterator<Item = InterfaceName>) {
        if self.idle.len() > REMEMBERED {
            self.idle.clear();
        }
        self.idle.extend(names);
    }

    async fn sent(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let Some(session) = self.session.as_mut() else {
            return Flight { results: Vec::new(), lost: Some(Lost::Closed("no session is open".to_owned())) };
        };
        session.asked_by(self.turn, &self.requests);
        let (begun, before) = (Instant::now(), session.traffic().flights);
        let spans = Several::below(&self.trace, Kind::Client);
        let stages = |step: &Step| matches!(step, Step::Stage(_));
        let changes = |step: &Step| {
            matches!(step, Step::Stage(_) | Step::Commit(_) | Step::Confirm(_) | Step::Cancel(_) | Step::Save)
        };
        self.staged |= steps.iter().any(stages);
        self.saved &= !steps.iter().any(changes);
        let flight = tokio::select! {
            biased;
            () = self.stop.cancelled(), if !self.cut_short => {
                self.cut_short = true;
                Flight { results: Vec::new(), lost: Some(Lost::Closed("Mercury is being stopped".to_owned())) }
            }
            flight = session.flight(steps, timeout) => flight,
        };
        self.flights += session.traffic().flights - before;
        self.time += begun.elapsed();
        spans.end(|| {
            let names: Vec<&str> = steps.iter().map(Step::name).collect();
            let refused = flight.results.iter().find_map(|result| result.as_ref().err()).map(ToString::to_string);
            let error = flight.lost.as_ref().map(ToString::to_string).or(refused);
            ("flight".to_owned(), vec![("mercury.steps", names.join(", "))], error)
        });
        for result in flight.results.iter().flatten() {
            if let Answer::Done(warnings) = result {
                self.warnings.extend_from_slice(warnings);
            }
        }
        for (step, result) in steps.iter().zip(&flight.results) {
            // A lock is refused while there is something (RFC 6241 section 7.5).
            let clean = result.is_ok() && matches!(step, Step::Lock(_) | Step::Discard | Step::Commit(_));
            self.staged = stages(step) || (self.staged && !clean);
            self.saved = (self.saved && !changes(step)) || (matches!(step, Step::Save) && result.is_ok());
        }
        self.staged |= steps.iter().skip(flight.results.len()).any(stages);
        if let Some(lost) = &flight.lost {
            let first = !self.flown && !self.stop.is_cancelled();
            let at_once = session.capabilities().pipelining && steps.len() > 1;
            self.one_by_one = self.is_one_by_one(first, at_once, lost);
            self.cut();
        }
        self.flown = true;
        flight
    }

    /// A new session that ends under the first requests that are sent at once
    /// is a sign that they have to be sent one by one; one that ends all the same
    /// is a sign that this was not why.
    fn is_one_by_one(&self, first: bool, at_once: bool, lost: &Lost) -> bool {
        match (first && matches!(lost, Lost::Closed(_)), at_once) {
            (true, true) => {
                tracing::warn!("the session ended under the first requests that were sent at once; asking one by one");
                true
            }
            (true, false) => false,
            (false, _) => self.one_by_one,
        }
    }

    /// Drops the session without a word; the switch lets go of its locks.
    pub fn cut(&mut self) {
        self.session = None;
        self.readings.clear();
        self.own.is_lost(self.made.elapsed());
    }

    /// Ends the session in good order.
    pub async fn close(&mut self) {
        self.readings.clear();
        if let Some(session) = self.session.take() {
            session.close().await;
            self.own.closed();
        }
    }
}

/// That there is no session beside the one that there is.
fn no_other() -> ConnectError {
    ConnectError { fault: ConnectFault::Busy, message: "the switch has one session for Mercury".to_owned() }
}
