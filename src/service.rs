//! The service without its listener: an inventory, an owner task per switch,
//! and requests that touch one or several of them.

mod audited;
mod one_switch;
mod permitted;
mod renewal;
mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use mercury_adapter::Recorded;
use mercury_model::{InterfaceName, Scope};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit, oneshot};

use crate::{
    config::{CallerPolicy, Login},
    fault::{Fault, FaultKind},
    fleet::view::Subject,
    intent::{Agreed, Intent, TargetIntent},
    inventory::{Inventory, Switch},
    lock::Coordinator,
    metrics::Waiting,
    outcome::Report,
    pace::{self, JointId},
    pipeline::Work,
    registry::{self, RegistryError},
    target::{Asker, Leaving, Target},
    trace, transaction,
    waits::Waits,
};

pub use audited::asked;
pub use renewal::Current;
pub use told::{Asked, refused};

/// Who asks, on whose behalf and for what; for logs.
#[derive(Clone, Debug, Default)]
pub struct Requester {
    /// The request id of the caller's context.
    pub request_id: Option<String>,
    /// The user of the caller's context.
    pub user: Option<String>,
    /// The project of the caller's context.
    pub project: Option<String>,
    /// Who was authenticated, or the command line.
    pub caller: String,
    /// How, as the settings call it; empty at the command line.
    pub way: &'static str,
    /// Where the request came from.
    pub peer: Option<String>,
    /// What was asked for.
    pub asked: Asked,
    /// What the call is called in the audit log, if its change is told of there.
    pub call: Option<String>,
    /// Whether anybody waits for the answer: what has not begun when nobody does
    /// any more is dropped. Without this, everything is done.
    pub gone: Option<Waits>,
    /// How long the caller waits for the answer, if it says so.
    pub patience: Option<Duration>,
    /// The caller's own span, if it says so.
    pub parent: Option<trace::Parent>,
    /// The span of the request, if somebody collects traces.
    pub trace: Option<trace::Context>,
    /// Another member of the fleet was handed it before, has not answered, and may have begun.
    pub begun_elsewhere: bool,
}

impl Requester {
    /// A person who types commands.
    #[must_use]
    pub fn at_a_shell() -> Self {
        Self { user: std::env::var("USER").ok(), caller: "command line".to_owned(), ..Self::default() }
    }

    /// Who asks, as a policy tells callers apart.
    #[must_use]
    pub fn login(&self) -> Login<'_> {
        Login { name: &self.caller, way: self.way }
    }
}

impl From<Option<&Requester>> for Asker {
    fn from(who: Option<&Requester>) -> Self {
        Self {
            gone: who.and_then(|who| who.gone.clone()),
            trace: who.and_then(|who| who.trace),
            request_id: who.and_then(|who| who.request_id.clone()),
        }
    }
}

/// Everything that answers requests.
pub struct Service {
    inventory: Inventory,
    /// What callers may ask for, where not everything.
    policy: Option<Arc<CallerPolicy>>,
    targets: BTreeMap<String, Arc<Target>>,
    /// Switches of the inventories before that still finish what was asked of them.
    leaving: Vec<Arc<Leaving>>,
    /// Requests for several switches enter their queues one at a time, so that
    /// two of them meet in the same order everywhere and cannot wait for each
    /// other.
    gate: Arc<Mutex<()>>,
    share: Share,
}

/// A request that is under way, as it counts here and in the metrics.
type Place<'a> = (SemaphorePermit<'a>, Waiting);

/// How many requests for each switch may be under way at a time.
struct Share {
    most: usize,
    by_switch: BTreeMap<String, Arc<Semaphore>>,
}

impl Share {
    fn of(most: usize, switches: impl Iterator<Item = String>) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { most, by_switch: switches.map(|switch| (switch, Arc::new(Semaphore::new(most)))).collect() }
    }

    /// The same for other switches; what is under way for one of both counts on.
    fn after(before: &Self, switches: impl Iterator<Item = String>) -> Self {
        let own = |switch: &String| before.by_switch.get(switch).cloned();
        let places = |switch: String| (own(&switch).unwrap_or_else(|| Arc::new(Semaphore::new(before.most))), switch);
        let by_switch = switches.map(places).map(|(places, switch)| (switch, places)).collect();
        Self { most: before.most, by_switch }
    }

    fn is_taken(&self, switch: &str) -> bool {
        self.by_switch.get(switch).is_some_and(|places| places.available_permits() < self.most)
    }

    fn take(&self, switch: &str) -> Result<Option<Place<'_>>, Fault> {
        let Some(places) = self.by_switch.get(switch) else { return Ok(None) };
        let place = |permit| Some((permit, Waiting::of(switch)));
        places.try_acquire().map(place).map_err(|_| {
            let message =
                format!("{} requests for this switch are under way, and others' are to be served too", self.most);
            Fault::new(FaultKind::Busy, message).at(switch)
        })
    }
}

impl Service {
    /// Starts a task for every switch of the inventory.
    ///
    /// # Errors
    /// A switch's dialect is not known or does not speak the switch's protocol.
    pub fn start(inventory: Inventory, locks: &Arc<dyn Coordinator>) -> Result<Self, RegistryError> {
        let targets = registry::targets(inventory.iter(), inventory.dialects(), locks)?;
        Ok(Self::over(inventory, targets))
    }

    /// A service that asks no switch: what files show answers in their place, and
    /// nothing can be changed.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub fn offline(inventory: Inventory, recorded: BTreeMap<String, Recorded>) -> Result<Self, RegistryError> {
        let targets = registry::offline(inventory.iter(), inventory.dialects(), recorded)?;
        Ok(Self::over(inventory, targets))
    }

    fn new(inventory: Inventory, targets: BTreeMap<String, Arc<Target>>) -> Self {
        let share = Share::of(usize::MAX, targets.keys().cloned());
        Self { inventory, policy: None, targets, leaving: Vec::new(), gate: Arc::default(), share }
    }

    /// With at most so many requests for one switch under way at a time, so that
    /// one that does not answer leaves something to the others.
    #[must_use]
    pub fn sharing(self, most: usize) -> Self {
        Self { share: Share::of(most, self.targets.keys().cloned()), ..self }
    }

    /// A service over targets that were started elsewhere, such as over
    /// switches in memory. A switch of the inventory without a target cannot
    /// be asked anything.
    #[doc(hidden)]
    #[must_use]
    pub fn over(inventory: Inventory, targets: impl IntoIterator<Item = Target>) -> Self {
        let named = |target: Target| (target.switch.identity.name.clone(), Arc::new(target));
        Self::new(inventory, targets.into_iter().map(named).collect())
    }

    /// The switches.
    #[must_use]
    pub const fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What the members of a fleet know these switches by.
    pub fn subjects<'a>(&'a self, switches: &'a [String]) -> impl Iterator<Item = Subject<'a>> {
        let known = switches.iter().filter_map(|switch| self.targets.get(switch));
        known.map(|target| Subject { lock: target.lock(), calls_home: target.switch.calls_home() })
    }

    /// Counts a request as under way on these switches, wherever it is served, for as long as
    /// what is given back is kept.
    ///
    /// # Errors
    /// [`FaultKind::Busy`]: one of them has as many as it may.
    pub fn counted(&self, switches: &[String]) -> Result<impl Sized, Fault> {
        switches.iter().map(|switch| self.share.take(switch)).collect::<Result<Vec<_>, _>>()
    }

    /// The locks of these switches.
    #[must_use]
    pub fn locks(&self, switches: &BTreeSet<String>) -> BTreeSet<String> {
        switches.iter().filter_map(|switch| Some(self.targets.get(switch)?.lock().to_owned())).collect()
    }

    /// Does what is wanted on every switch it names, or on none, says what is,
    /// and logs it.
    ///
    /// # Errors
    /// Nothing was begun: a switch's queue is full.
    pub async fn apply(&self, intent: Intent, who: &Requester) -> Result<Vec<Report>, Fault> {
        let begun = Instant::now();
        let verb = intent.verb;
        let reports = match <[_; 1]>::try_from(intent.targets) {
            Ok([target]) => {
                let name = target.switch.clone();
                self.one(&name, Work::Apply(target), Some(who)).await.map(|report| vec![report])
            }
            // Boxed, because most requests are for one switch.
            Err(targets) => Box::pin(self.together(targets, who)).await,
        };
        told::done(verb, who, &reports, begun.elapsed());
        if let Ok(reports) = &reports {
            audited::done(verb, who, reports, begun.elapsed());
        }
        reports
    }

    /// Says what [`Service::apply`] would do; nothing is written.
    ///
    /// # Errors
    /// A switch's queue is full, or the switches cannot agree.
    pub async fn plan(&self, intent: Intent, who: &Requester) -> Result<Vec<Report>, Fault> {
        let begun = Instant::now();
        let reports = Box::pin(self.look_together(intent, who)).await;
        let reports = reports.map(|all| all.into_iter().map(Report::held_to_rules).collect());
        told::done("plan", who, &reports, begun.elapsed());
        reports
    }

    /// Says where the switches differ from what [`Service::apply`] would have
    /// made of them; nothing is written, and no lock is taken.
    ///
    /// # Errors
    /// A switch's queue is full, or the switches cannot agree.
    pub async fn verify(&self, intent: Intent, who: &Requester) -> Result<Vec<Report>, Fault> {
        self.look(intent, "verify", who).await
    }

    /// Asks the switches whether they have the ports that are named; nothing is
    /// written. Where a switch cannot be asked, or does not tell, nothing speaks against it;
    /// a card that does not answer has no host that runs.
    ///
    /// # Errors
    /// One tells of its ports, and not of that, or a card's could carry nothing.
    pub async fn has_ports(&self, intent: Intent, who: &Requester) -> Result<(), Fault> {
        let verb = intent.verb;
        let named: BTreeMap<_, _> =
            intent.targets.iter().map(|target| (target.switch.clone(), target.clone())).collect();
        let reports = self.look(intent, verb, who).await.unwrap_or_default();
        let lacks = |report: &Report| {
            let card = self.inventory.find(&report.switch).and_then(|switch| switch.rules.card.as_ref());
            let fault = report.outcome.fault();
            let fault = fault.filter(|fault| card.is_some() || fault.kind == FaultKind::InvalidValue);
            let is_meant = |port: &InterfaceName| {
                let ports = named.get(&report.switch).into_iter().flat_map(|target| &target.ports);
                card.is_some_and(|card| card.is_uplink(port)) || ports.into_iter().any(|own| own.interface == *port)
            };
            let mut down = report.down.iter().filter(|(port, _)| card.is_some() && is_meant(port));
            let down = || down.next().map(|(port, why)| Fault::new(FaultKind::InvalidValue, format!("{port}: {why}")));
            fault.or_else(down).map(|fault| fault.at(&report.switch))
        };
        reports.iter().find_map(lacks).map_or(Ok(()), Err)
    }

    async fn look(&self, intent: Intent, verb: &'static str, who: &Requester) -> Result<Vec<Report>, Fault> {
        let begun = Instant::now();
        let reports = Box::pin(self.look_together(intent, who)).await;
        told::done(verb, who, &reports, begun.elapsed());
        reports
    }

    async fn look_together(&self, mut intent: Intent, who: &Requester) -> Result<Vec<Report>, Fault> {
        let mut reports = self.look_at(&intent, who).await?;
        // What is new is called as all switches agree.
        let offers = reports.iter().map(|report| (report.switch.clone(), report.offers.clone()));
        let agreed = transaction::agree(&offers.collect::<Vec<_>>())?;
        let mut moved = false;
        for target in &mut intent.targets {
            moved |= target.accept(agreed.get(&target.switch).unwrap_or(&Agreed::default()));
        }
        if moved && intent.targets.len() > 1 {
            reports = self.look_at(&intent, who).await?;
        }
        Ok(reports)
    }

    async fn look_at(&self, intent: &Intent, who: &Requester) -> Result<Vec<Report>, Fault> {
        let looks = intent.targets.iter().map(|target| self.one(&target.switch, Work::Plan(target.clone()), Some(who)));
        join_all(looks).await.into_iter().collect()
    }

    /// Reads `scope` from one switch.
    ///
    /// # Errors
    /// The switch is not known or its queue is full.
    pub async fn read(&self, switch: &Switch, scope: Scope) -> Result<Report, Fault> {
        self.one(&switch.identity.name, Work::Read(scope), None).await
    }

    /// Begins nothing more, and undoes what is under way, as after lost sessions.
    pub fn stop(&self) {
        self.targets.values().for_each(|target| target.stop());
        self.leaving.iter().for_each(|leaving| leaving.stop());
    }

    /// Takes no more work, finishes what was begun, and closes every session, all
    /// side by side.
    pub async fn finish(&self) {
        let targets = join_all(self.targets.values().map(|target| target.finish()));
        futures_util::join!(targets, join_all(self.leaving.iter().map(|leaving| leaving.finish())));
    }

    /// The switches that something is done on, or is to be.
    pub fn busy(&self) -> impl Iterator<Item = &Switch> {
        let busy = |target: &&Arc<Target>| self.share.is_taken(&target.switch.identity.name);
        let leaving = self.leaving.iter().filter(|leaving| !leaving.has_ended()).map(|leaving| &*leaving.switch);
        self.targets.values().filter(busy).map(|target| &*target.switch).chain(leaving)
    }

    async fn one(&self, switch: &str, work: Work, who: Option<&Requester>) -> Result<Report, Fault> {
        let _place = self.share.take(switch)?;
        answer(switch, self.target(switch)?.submit(work, None, who.into())?).await
    }

    fn target(&self, switch: &str) -> Result<&Target, Fault> {
        self.targets
            .get(switch)
            .map(|target| &**target)
            .ok_or_else(|| Fault::new(FaultKind::Internal, "the switch has no owner task").at(switch))
    }

    /// All switches or none; see [`transaction`].
    async fn together(&self, targets: Vec<TargetIntent>, who: &Requester) -> Result<Vec<Report>, Fault> {
        let places = targets.iter().map(|target| self.share.take(&target.switch));
        let _places = places.collect::<Result<Vec<_>, _>>()?;
        let parts = one_switch::parts(targets, |switch| self.target(switch))?;
        let mut done = match parts.as_slice() {
            [only] => {
                let (name, work) = (&only.intent.switch, Work::Apply(only.intent.clone()));
                let report = answer(name, self.target(name)?.submit(work, None, Some(who).into())?).await?;
                BTreeMap::from([(name.clone(), report)])
            }
            _ => self.on_several(parts.iter().map(|part| &part.intent), who).await?,
        };
        let reports = parts.into_iter().filter_map(|part| {
            let report = done.remove(&part.intent.switch)?;
            Some(part.shared(report, |switch| self.targets.get(switch).map(|target| &**target)))
        });
        let mut reports: Vec<_> = reports.flatten().collect();
        reports.sort_by(|one, other| one.switch.cmp(&other.switch));
        Ok(reports)
    }

    /// In the order of their locks.
    async fn on_several(
        &self,
        intents: impl Iterator<Item = &TargetIntent> + Clone,
        who: &Requester,
    ) -> Result<BTreeMap<String, Report>, Fault> {
        let id = JointId::new(intents.clone().map(|intent| intent.switch.clone()).collect(), who.gone.clone());
        let mut parties = Vec::new();
        {
            let _gate = self.gate.lock().await;
            for intent in intents {
                let target = self.target(&intent.switch)?;
                let (joint, party) = pace::joint(id.clone(), target.switch.timing.confirm_timeout);
                let report = target.submit(Work::Apply(intent.clone()), Some(joint), Some(who).into())?;
                parties.push(party(intent.switch.clone(), intent.turn, report));
            }
        }
        Ok(transaction::run(parties, who.gone.as_ref()).await)
    }
}

async fn answer(switch: &str, report: oneshot::Receiver<Box<Report>>) -> Result<Report, Fault> {
    report.await.map(|report| *report).map_err(|_| Fault::broken().at(switch))
}
