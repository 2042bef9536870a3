//! Plays a schedule, and holds every answer against the switches.

mod others;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mercury::{fault::FaultKind, outcome::Report, service::Requester};
use mercury_sim::{Handle, Simulator, fault::Moment};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Face, Request, Schedule, Switch, Want, What,
    face::HOUR,
    plug,
    tally::Tally,
    truth::{Truth, whole},
    values::{self, CONSOLE, Values},
    vnis,
};
use crate::{
    kind::Kind,
    kind::{gnmi, netconf},
    life::Signal,
    locks::{self, Locks},
    ovsdb,
    strangers::{console, lockable},
    world::{Claim, Mercury, Ports, World, claim, name},
};

/// Longer than anything that may still happen takes, one after the other.
const LONG: Duration = Duration::from_secs(2 * 3600);
/// How many requests are made once more in the end.
const REPEATED: usize = 6;

type Violation = String;

/// Says what was seen, or what must not be.
pub(super) async fn play(schedule: &Schedule, values: &Values) -> Result<Tally, Violation> {
    let stage = Stage::new(schedule, values).await;
    let begun = Instant::now();
    let requests = schedule.requests.iter().enumerate().map(|(index, request)| {
        let stage = &stage;
        async move {
            sleep_until(begun + request.at).await;
            let mercury = stage.mercury(request.mercury);
            stage.ask(index, request, &mercury).await.map(drop)
        }
    });
    let troubles = schedule.troubles.iter().map(|trouble| {
        let stage = &stage;
        async move {
            sleep_until(begun + trouble.at).await;
            stage.trouble(&trouble.what).await;
        }
    });
    let all = futures_util::future::try_join_all(requests);
    let troubles = futures_util::future::join_all(troubles);
    let play = async {
        tokio::pin!(troubles);
        let asked = tokio::select! {
            asked = all => asked,
            _ = async { (&mut troubles).await; std::future::pending::<()>().await } => unreachable!(),
        };
        asked.map(drop)
    };
    timeout(LONG, play).await.map_err(|_| "a request is never answered".to_owned())??;
    stage.quiet("after all requests", true).await?;
    // Each of them may wait for an hour, and more often than once.
    timeout(LONG * 6, stage.again()).await.map_err(|_| "a repeated request is never answered".to_owned())??;
    let mercuries = stage.mercuries.lock().unwrap().clone();
    for mercury in &mercuries {
        timeout(LONG, mercury.service.finish()).await.map_err(|_| "a Mercury does not finish".to_owned())?;
    }
    stage.quiet("in the end", false).await?;
    Ok(stage.tally.into_inner().unwrap())
}

struct Stage<'a> {
    schedule: &'a Schedule,
    world: World,
    locks: Arc<Locks>,
    mercuries: Mutex<Vec<Arc<Mercury>>>,
    truth: Mutex<Truth<'a>>,
    tally: Mutex<Tally>,
}

impl<'a> Stage<'a> {
    async fn new(schedule: &'a Schedule, values: &'a Values) -> Self {
        let kinds: Vec<Kind> = schedule.switches.iter().map(|switch| switch.kind).collect();
        let mut world = World::new(&kinds).await;
        world.switches.clear();
        for switch in &schedule.switches {
            let simulator = Simulator::start(switch.options()).await.unwrap();
            values::begin(&simulator.handle(), switch.vnis);
            world.switches.push(simulator);
        }
        let first = schedule.plug.map(|plug| world.ports(plug.card)).unwrap_or_default();
        let first = first.into_iter().filter(|(port, _)| plug::is_own(port)).collect();
        let stage = Self {
            schedule,
            world,
            locks: Locks::new(schedule.lease()),
            mercuries: Mutex::default(),
            truth: Mutex::new(Truth::new(
                schedule.switches.iter().map(|own| (values.of(own.kind, own.vnis), own.kind.locks())).unzip(),
                schedule.plug,
                first,
            )),
            tally: Mutex::new(Tally::new(schedule)),
        };
        let mercuries = (0..schedule.mercuries).map(|_| stage.new_mercury()).collect();
        *stage.mercuries.lock().unwrap() = mercuries;
        stage
    }

    fn new_mercury(&self) -> Arc<Mercury> {
        let tune = |entry: &mut mercury::inventory::Switch| {
            let index =
                self.schedule.switches.iter().enumerate().position(|(index, _)| name(index) == entry.identity.name);
            let switch = self.schedule.switches[index.unwrap()];
            if let Some(netconf) = netconf(entry) {
                netconf.pipelining = Some(switch.pipelining);
            }
            if let (Face::ComparesNoIds, Some(gnmi)) = (switch.face, gnmi(entry)) {
                // Once that is found out, changes go on without.
                gnmi.confirmed_commit = None;
            }
            entry.timing.queue = switch.queue;
            values::tune(entry, switch.vnis);
            self.schedule.plug.into_iter().for_each(|plug| plug.tune(entry));
        };
        Arc::new(self.world.mercury(&self.locks, tune))
    }

    fn mercury(&self, index: usize) -> Arc<Mercury> {
        Arc::clone(&self.mercuries.lock().unwrap()[index])
    }

    fn handle(&self, switch: usize) -> Handle {
        self.world.handle(switch)
    }

    /// Asks, and holds the answer against the switches as they are then.
    async fn ask(&self, index: usize, request: &Request, mercury: &Mercury) -> Result<Vec<Report>, Violation> {
        self.meddled();
        self.truth.lock().unwrap().begins(index, request);
        let gone = CancellationToken::new();
        if let Some(time) = request.hangs_up {
            let gone = gone.clone();
            tokio::spawn(async move {
                sleep(time).await;
                gone.cancel();
            });
        }
        let who = Requester { gone: Some(gone.into()), ..Requester::default() };
        let answer = tokio::select! {
            biased;
            () = mercury.life().signalled(Signal::Kill) => None,
            answer = mercury.service.apply(request.intent(&mercury.service), &who) => Some(answer),
        };
        self.meddled();
        let reports = match answer {
            None => {
                self.tally.lock().unwrap().unanswered += 1;
                let mut truth = self.truth.lock().unwrap();
                request.wants.iter().for_each(|want| truth.ends(index, want.switch, Claim::Unknown));
                return Ok(Vec::new());
            }
            Some(Ok(reports)) => reports,
            Some(Err(fault)) => {
                self.tally.lock().unwrap().fault(&fault);
                let mut truth = self.truth.lock().unwrap();
                request.wants.iter().for_each(|want| truth.ends(index, want.switch, Claim::Before));
                Vec::new()
            }
        };
        for report in &reports {
            let switch = request.wants.iter().find(|want| name(want.switch) == report.switch).unwrap().switch;
            self.tally.lock().unwrap().report(report);
            self.truth.lock().unwrap().ends(index, switch, claim(report));
        }
        let told = |violation| {
            let answers = reports
                .iter()
                .map(|report| format!("  {}: {} {:?}\n", report.switch, report.outcome.name(), report.outcome.fault()));
            format!("when r{index} was answered: {violation}\n{}", answers.collect::<String>())
        };
        whole(&reports).and_then(|()| vnis::agreed(&reports)).map_err(told)?;
        for want in &request.wants {
            let now = self.ports(want.switch);
            self.hidden_stays(want.switch, &now).map_err(told)?;
            self.truth.lock().unwrap().check(want.switch, &now).map_err(told)?;
        }
        Ok(reports)
    }

    /// A port that the switch does not show is refused before anything is sent.
    fn hidden_stays(&self, switch: usize, now: &Ports) -> Result<(), Violation> {
        let Some(hidden) = self.schedule.switches[switch].hidden else { return Ok(()) };
        let name = format!("Ethernet{hidden}");
        let (found, start) = (now.get(&name), self.truth.lock().unwrap().start(switch, &name));
        if found == start.as_ref() {
            Ok(())
        } else {
            Err(format!("leaf{switch}: hidden {name} was changed: {found:?}"))
        }
    }

    async fn trouble(&self, what: &What) {
        match *what {
            What::Fault { switch, ref text } => {
                self.handle(switch).inject(text.parse().unwrap());
            }
            What::BadWire { mercury, bad } => self.mercury(mercury).wire.set(bad),
            What::Cut { mercury } => self.mercury(mercury).life().cut(),
            What::Stall { mercury, time } => self.mercury(mercury).life().stall(time),
            What::Reboot { switch } => self.handle(switch).reboot(),
            What::Steal { switch, time } => {
                let (handle, datastore) = (self.handle(switch), lockable(self.schedule.switches[switch].kind));
                if let Some(session) = handle.lock_holder(datastore) {
                    handle.kill_session(session);
                }
                hold(&handle, datastore, time).await;
            }
            What::Lock { switch, time } => {
                hold(&self.handle(switch), lockable(self.schedule.switches[switch].kind), time).await;
            }
            What::Dirty { switch, time } => {
                let handle = self.handle(switch);
                if handle.stage(&console(7, "half done")).unwrap() {
                    sleep(time).await;
                    handle.unstage();
                }
            }
            What::Console { switch, number } => self.console(switch, number),
            What::Coordinator { trouble, time } => {
                self.locks.trouble(trouble);
                sleep(time).await;
                self.locks.trouble(locks::Trouble::None);
            }
            What::LocksLost => self.locks.expire(self.schedule.longest_set()),
            What::Signal { mercury: index, when, signal } => {
                let mercury = self.mercury(index);
                mercury.life().plan(when, signal);
                mercury.life().signalled(signal).await;
                self.tally.lock().unwrap().signals += 1;
                let next = self.new_mercury();
                self.mercuries.lock().unwrap()[index] = next;
                if signal == Signal::Term {
                    mercury.service.finish().await;
                }
            }
            What::Hide { switch, port, time } => {
                let (handle, port) = (self.handle(switch), format!("Ethernet{port}"));
                handle.hide(&port, true);
                sleep(time).await;
                handle.hide(&port, false);
            }
            What::Meddle { switch, port, deed, nth, is_before, number } => {
                let moment = if is_before { Moment::BeforeApply } else { Moment::AfterApply };
                let operations = ovsdb::deed(port, deed, &format!("by hand {number}"));
                self.handle(switch).ovsdb().unwrap().meddle(nth, moment, operations);
            }
            What::NoVswitchd { switch, time } => {
                let database = self.handle(switch).ovsdb().unwrap();
                database.run_vswitchd(false);
                sleep(time).await;
                database.run_vswitchd(true);
            }
            What::Jump(time) => tokio::time::advance(time).await,
        }
    }

    /// What a switch has. One that puts something else in the place of what it is
    /// told does so with what the console says meanwhile as well.
    fn ports(&self, switch: usize) -> Ports {
        let twists = |trouble: &super::Trouble| matches!(&trouble.what, What::Fault { switch: at, text } if *at == switch && text.ends_with("twist"));
        let mut ports = self.world.ports(switch);
        if self.schedule.troubles.iter().any(twists) {
            ports.insert(CONSOLE.to_owned(), self.truth.lock().unwrap().last(switch, CONSOLE));
        }
        ports
    }

    /// Ends what is wrong, and waits until nothing is going on any more:
    /// nothing is locked, waits to be confirmed, or is left behind, and every
    /// switch is what was told.
    async fn quiet(&self, when: &str, again: bool) -> Result<(), Violation> {
        self.locks.trouble(locks::Trouble::None);
        for mercury in self.mercuries.lock().unwrap().iter_mut() {
            mercury.life().forget_plan();
            mercury.wire.clear();
            if mercury.wire.lurks() {
                mercury.life().cut();
            }
            if mercury.life().is_dead() {
                *mercury = self.new_mercury();
            }
        }
        for (index, switch) in self.schedule.switches.iter().enumerate() {
            let handle = self.handle(index);
            handle.clear_faults();
            if let Some(database) = handle.ovsdb() {
                database.forget_meddlers();
                database.run_vswitchd(true);
            }
            self.shows(index);
            handle.console_lock(lockable(switch.kind), false);
            let types =
                |trouble: &super::Trouble| matches!(trouble.what, What::Dirty { switch, .. } if switch == index);
            if self.schedule.troubles.iter().any(types) {
                // Who is still typing, or could not discard it for somebody's lock.
                handle.unstage();
            }
            let quiet = handle.wait_until(|status| {
                let nothing = status.locks.is_empty() && status.pending.is_none() && !status.candidate_dirty;
                nothing && status.sessions + status.connections <= self.schedule.mercuries
            });
            // What lost sessions of its own hold, a Mercury frees when it is asked.
            let died = self.schedule.troubles.iter().any(|trouble| matches!(trouble.what, What::Signal { .. }));
            if switch.face == Face::LingersForAnHour && !died && again {
                continue;
            }
            let quiet = timeout(LONG, quiet).await;
            quiet.map_err(|_| format!("{when}: leaf{index}: left behind: {:?}", handle.status()))?;
        }
        sleep(Duration::from_secs(200)).await;
        self.meddled();
        if !self.locks.held().is_empty() {
            return Err(format!("{when}: still held at the coordinator: {:?}", self.locks.held()));
        }
        for index in 0..self.schedule.switches.len() {
            if self.handle(index).counters().overlaps > 0 {
                return Err(format!("{when}: leaf{index}: two commits of Mercury's waited together"));
            }
            let now = self.ports(index);
            let truth = self.truth.lock().unwrap();
            truth.check(index, &now).map_err(|violation| format!("{when}: {violation}"))?;
            truth
                .vlans_exist(index, &self.never_hidden(index, now.clone()))
                .map_err(|violation| format!("{when}: {violation}"))?;
            let hides = |trouble: &super::Trouble| matches!(trouble.what, What::Hide { switch, .. } if switch == index);
            // What only a hidden port has looks like what none has.
            let mixed = self.may_mix(index) && truth.is_in_doubt(index);
            if !mixed && !self.schedule.troubles.iter().any(hides) {
                truth.vnis_hold(index, &now).map_err(|violation| format!("{when}: leaf{index}: {violation}"))?;
            }
        }
        if let Some(plug) = self.schedule.plug {
            let (leaf, card) = (self.ports(plug.leaf), self.ports(plug.card));
            let truth = self.truth.lock().unwrap();
            truth.uplink_holds(&leaf, &card).map_err(|violation| format!("{when}: leaf{}: {violation}", plug.leaf))?;
        }
        Ok(())
    }

    fn lingers(&self, request: &Request) -> bool {
        request.wants.iter().any(|want| self.schedule.switches[want.switch].face == Face::LingersForAnHour)
    }

    /// Each Mercury ends the sessions that it lost itself when it is asked. What it lost
    /// as soon as it was open, does not know to be locked, or left when it was killed,
    /// ends within the hour.
    async fn freed(&self, index: usize, request: &Request) -> Result<Vec<Report>, Violation> {
        let number = |round: usize| (3 + round) * self.schedule.requests.len() + index;
        for asked in 0..self.schedule.mercuries {
            self.ask(number(asked), request, &self.mercury(asked)).await?;
        }
        if !self.schedule.troubles.is_empty() {
            sleep(HOUR).await;
        }
        self.ask(number(self.schedule.mercuries), request, &self.mercury(request.mercury)).await
    }

    /// Shows again what was to be hidden for a while.
    fn shows(&self, index: usize) {
        for trouble in &self.schedule.troubles {
            if let What::Hide { switch, port, .. } = trouble.what
                && switch == index
            {
                self.handle(index).hide(&format!("Ethernet{port}"), false);
            }
        }
    }

    /// A VLAN that is used by a hidden port alone looks like one that is not used.
    fn never_hidden(&self, index: usize, mut now: Ports) -> Ports {
        for trouble in &self.schedule.troubles {
            match trouble.what {
                What::Hide { switch, port, .. } if switch == index => drop(now.remove(&format!("Ethernet{port}"))),
                _ => {}
            }
        }
        now
    }

    fn wants_hidden(&self, want: &Want) -> bool {
        let hidden = self.schedule.switches[want.switch].hidden;
        want.ports.iter().any(|(port, _)| Some(*port) == hidden)
    }

    /// A switch that leaves out ports of which nothing is configured, and has no VLAN any more,
    /// shows nothing: that one of its VLANs is gone is not known.
    fn shows_nothing(&self, request: &Request) -> bool {
        request.wants.iter().any(|want| {
            let leaves_out = self.schedule.switches[want.switch].face == Face::LeavesOutIdle;
            let needs_vlans = want.removes.is_some() || want.carries.is_some();
            leaves_out && needs_vlans && !self.ports(want.switch).keys().any(|key| key.starts_with("VLAN"))
        })
    }

    /// Every request can be made once more, and succeeds.
    async fn again(&self) -> Result<(), Violation> {
        for (index, request) in self.schedule.requests.iter().enumerate().rev().take(REPEATED) {
            let request = Request { hangs_up: None, ..request.clone() };
            let mercury = self.mercury(request.mercury);
            let number = self.schedule.requests.len() + index;
            let mut reports = self.ask(number, &request, &mercury).await?;
            // A wire that was bad before may be found out only now.
            let is_bad = |kind| matches!(kind, FaultKind::Protocol | FaultKind::Unreachable);
            let wire = |report: &Report| report.outcome.fault().is_some_and(|fault| is_bad(fault.kind));
            if reports.iter().any(wire) {
                reports = self.ask(number + self.schedule.requests.len(), &request, &mercury).await?;
            }
            if self.lingers(&request) && reports.iter().any(is_locked) {
                reports = self.freed(index, &request).await?;
            }
            let hidden = request.wants.iter().any(|want| self.wants_hidden(want));
            let refused = |report: &Report| {
                let told = report.outcome.fault();
                told.is_some_and(|fault| fault.kind == FaultKind::InvalidValue && fault.message.contains("no port"))
            };
            if hidden && !reports.is_empty() {
                // Or for what is wrong on another switch.
                let removes = request.wants.iter().any(|want| want.removes.is_some());
                if !removes && !reports.iter().any(refused) {
                    return Err(format!("r{index} once more, of a hidden port: {reports:?}"));
                }
                continue;
            }
            // All of its switches are as before then.
            let (is_pair, is_bound) = (self.is_pair(&request), self.is_bound_elsewhere(&request));
            if reports.iter().any(|report| vnis::is_kept(report, is_pair, is_bound)) {
                continue;
            }
            let is_unknown =
                reports.iter().filter_map(|own| own.outcome.fault()).any(|fault| fault.kind == FaultKind::Unknown);
            for report in reports {
                let used = report.outcome.fault().is_some_and(|fault| fault.kind == FaultKind::InvalidValue);
                let removes = request.wants.iter().any(|want| want.removes.is_some());
                // A commit that is slower than the switches' patience succeeds on none of several, and
                // none where the switch undoes it before the time that it was given; nor does what
                // ovs-vswitchd does not apply in time.
                let several = request.wants.len() > 1;
                let too_slow = |want: &Want| {
                    let switch = self.schedule.switches[want.switch];
                    let never = several || switch.confirm_timer_percent < 100 || switch.kind == Kind::Ovsdb;
                    switch.face == Face::SlowCommit && never
                };
                let slow = request.wants.iter().any(too_slow);
                if is_unknown && self.shows_nothing(&request) {
                    continue;
                }
                if !report.outcome.is_success() && !slow && !(removes && (used || request.wants.len() > 1)) {
                    return Err(format!("r{index} once more: {}: {:?}", report.switch, report.outcome));
                }
            }
        }
        Ok(())
    }
}

fn is_locked(report: &Report) -> bool {
    report.outcome.fault().is_some_and(|fault| fault.kind == FaultKind::Locked)
}

/// The console has a lock for a while.
async fn hold(handle: &Handle, datastore: mercury_sim::Datastore, time: Duration) {
    if handle.console_lock(datastore, true) {
        sleep(time).await;
        handle.console_lock(datastore, false);
    }
}

impl Switch {
    fn options(self) -> mercury_sim::Options {
        let mut options = self.kind.options();
        options.commit_time = self.commit_time;
        options.confirm_timer_percent = self.confirm_timer_percent;
        options.hidden = self.hidden.iter().map(|port| format!("Ethernet{port}")).collect();
        self.face.make(&mut options);
        options
    }
}
