//! What a switch's task does: it takes requests from the queue and serves them,
//! those that share a commit together.

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use mercury_adapter::{Dialect, Render};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    backlog::{Backlog, Job},
    company::Company,
    successors::Successors,
};
use crate::{
    commit::Policy,
    fault::Fault,
    group,
    inventory::Switch,
    link::Link,
    lock::Coordinator,
    metrics,
    outcome::{Outcome, Report},
    pace::{Milestone, Order},
    pipeline::{self, Line, Work},
    seats::Seats,
    trace,
};

/// Ids of requests that share a commit and are told.
const IDS: usize = 8;

/// A switch whose change takes longer than this is slow.
const SLOW: Duration = Duration::from_secs(10);

/// How long others are waited for to share a change of a slow switch: this part of the time
/// that its last change took, and no longer than this.
const GATHERED: (u32, Duration) = (32, Duration::from_secs(2));

/// Ports, aggregates and VLANs whose last request is remembered, per switch.
const REMEMBERED: usize = 4096;

/// What a trace tells of work on a switch, for so many requests.
pub(super) fn told_of(
    report: &Report,
    work: &str,
    requests: usize,
    queued: Duration,
) -> (String, Vec<(&'static str, String)>, Option<String>) {
    let attributes = vec![
        ("mercury.switch", report.switch.clone()),
        ("mercury.outcome", report.outcome.name().to_owned()),
        ("mercury.round_trips", report.flights.to_string()),
        ("mercury.requests", requests.to_string()),
        ("mercury.queue_ms", queued.as_millis().to_string()),
    ];
    (work.to_owned(), attributes, report.outcome.fault().map(|fault| fault.message.clone()))
}

/// A switch's requests, and who serves those of each entry: boxed, because room for 11 is made for the first.
pub(super) struct Queue {
    pub(super) owners: BTreeMap<usize, Box<Owner>>,
    /// What was taken from the queue and not served yet.
    pub(super) backlog: Backlog,
    pub(super) company: Company,
    /// How many may wait.
    pub(super) most: usize,
    /// What is to be served in another way from now on.
    pub(super) successors: Arc<Successors>,
    /// The sessions with the switch.
    pub(super) seats: Arc<Seats>,
}

/// Serves the requests of one entry.
pub(super) struct Owner {
    pub(super) switch: Arc<Switch>,
    pub(super) policy: Policy,
    pub(super) dialect: Arc<Dialect>,
    pub(super) render: Arc<dyn Render>,
    pub(super) locks: Arc<dyn Coordinator>,
    /// What its lock is called.
    pub(super) lock: String,
    pub(super) link: Link,
    /// What was asked last of each port, aggregate and VLAN.
    pub(super) last: HashMap<String, u64>,
    /// How long its last change took.
    pub(super) took: Duration,
    /// Its entry is there no more; what was asked through it is still served.
    pub(super) is_leaving: bool,
}

impl Queue {
    /// Works until there is nothing more to do. A panic ends what is under way and
    /// its session, and nothing else.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Box<Job>>, finish: CancellationToken) {
        while AssertUnwindSafe(self.work(&mut jobs, &finish)).catch_unwind().await.is_err() {
            for owner in self.owners.values_mut() {
                let switch = &owner.switch.identity.name;
                tracing::error!(switch, "Mercury failed in the middle of a request; its session is closed");
                owner.link.cut();
                owner.last.clear();
            }
        }
        for owner in self.owners.values_mut() {
            owner.link.close().await;
        }
    }

    async fn work(&mut self, jobs: &mut mpsc::Receiver<Box<Job>>, finish: &CancellationToken) {
        loop {
            while self.backlog.len() < self.most
                && let Ok(job) = jobs.try_recv()
            {
                self.backlog.push(*job);
            }
            Box::pin(self.take_over()).await;
            if !self.backlog.is_empty() {
                self.company.come_back(&mut self.backlog, self.most, jobs).await;
                let group = self.backlog.next_group();
                let (requests, begun) = (group.len(), tokio::time::Instant::now());
                Box::pin(self.make_room(group.first().map(|job| job.entry))).await;
                match group.first().and_then(|job| self.owners.get_mut(&job.entry)) {
                    // Boxed, so that a task that waits for work is small.
                    Some(owner) => Box::pin(owner.begin(group, &mut self.backlog)).await,
                    None => group.into_iter().for_each(Job::refuse),
                }
                self.company.answered(requests, begun.elapsed());
                continue;
            }
            let warm = self.owners.values().filter(|owner| owner.link.is_warm());
            let idle = warm.map(|owner| owner.switch.timing.idle_timeout).min();
            tokio::select! {
                biased;
                () = finish.cancelled(), if !jobs.is_closed() => jobs.close(),
                job = jobs.recv() => match job {
                    Some(job) => {
                        let time = self.gathers(&job);
                        self.backlog.push(*job);
                        // Whoever asks at the same moment goes along.
                        match time.is_zero() {
                            true => tokio::task::yield_now().await,
                            false => Box::pin(timeout(time, finish.cancelled())).await.unwrap_or_default(),
                        }
                    }
                    None => break,
                },
                () = self.successors.wait() => {}
                () = self.seats.wanted(), if idle.is_some() => self.rest().await,
                () = tokio::time::sleep(idle.unwrap_or_default()), if idle.is_some() => self.rest().await,
            }
        }
    }

    /// Closes the idle sessions.
    async fn rest(&mut self) {
        for owner in self.owners.values_mut() {
            tracing::debug!(switch = owner.switch.identity.name, "closing the idle session");
            owner.link.close().await;
            owner.tell_of_session();
        }
    }

    /// Closes the sessions of other entries, where the one whose turn it is has none and
    /// the switch is to have no more.
    async fn make_room(&mut self, entry: Option<usize>) {
        let next = entry.and_then(|entry| self.owners.get(&entry));
        if !next.is_some_and(|next| !next.link.is_warm() && self.seats.are_full(next.switch.timing.max_sessions)) {
            return;
        }
        for (_, owner) in self.owners.iter_mut().filter(|(own, _)| Some(**own) != entry) {
            owner.link.close().await;
            owner.tell_of_session();
        }
    }
}

impl Queue {
    /// How long others are waited for that would share this job's change. Where that takes
    /// long, those who come a moment too late wait for two, and of 40 servers that boot
    /// together 39 would.
    fn gathers(&self, job: &Job) -> Duration {
        let owner = self.owners.get(&job.entry).filter(|owner| owner.took >= SLOW && job.work.intent().is_some());
        owner.map_or(Duration::ZERO, |owner| (owner.took / GATHERED.0).min(GATHERED.1))
    }

    /// Serves from now on as was said last. An entry that is gone goes when nothing
    /// waits any more.
    async fn take_over(&mut self) {
        for (entry, successor) in self.successors.take() {
            let Some(mut new) = successor else {
                if let Some(owner) = self.owners.get_mut(&entry) {
                    owner.is_leaving = true;
                }
                continue;
            };
            if let Some(mut old) = self.owners.remove(&entry) {
                new.took = old.took;
                if old.is_reached_as(&new) {
                    new.link = old.link;
                } else {
                    old.link.close().await;
                }
            }
            self.owners.insert(entry, new);
        }
        if self.backlog.is_empty() {
            for owner in self.owners.values_mut().filter(|owner| owner.is_leaving) {
                owner.link.close().await;
            }
            self.owners.retain(|_, owner| !owner.is_leaving);
        }
    }
}

impl Owner {
    /// Whether a session of the one serves the other as well.
    fn is_reached_as(&self, other: &Self) -> bool {
        let (one, other) = ((&self.switch, &self.dialect), (&other.switch, &other.dialect));
        one.0.identity == other.0.identity
            && one.0.face == other.0.face
            && one.0.timing == other.0.timing
            && Arc::ptr_eq(one.1, other.1)
    }

    fn tell_of_session(&self) {
        metrics::session(&self.switch.identity.name, self.link.is_warm());
    }

    async fn begin(&mut self, group: Vec<Job>, backlog: &mut Backlog) {
        match self.link.stop().is_cancelled() {
            false => self.serve(group, backlog).await,
            true => {
                self.answer(group, &Report::new(&self.switch.identity.name, Outcome::NotStarted(Fault::stopping())));
            }
        }
    }

    /// Serves requests that share a commit, or each half of them alone if it is
    /// refused.
    async fn serve(&mut self, mut group: Vec<Job>, backlog: &mut Backlog) {
        self.drop_abandoned(&mut group);
        if group.is_empty() {
            return;
        }
        let mut groups = vec![group];
        while let Some(group) = groups.pop() {
            let group = match readied(group, backlog).await {
                Ok(group) => group,
                Err(job) => {
                    let (job, fault) = *job;
                    self.answer(vec![job], &Report::new(&self.switch.identity.name, Outcome::NotStarted(fault)));
                    continue;
                }
            };
            groups.extend(self.serve_readied(group, backlog).await);
        }
    }

    /// Whoever no longer waits is not served. The others begin when it is known
    /// what to send.
    fn drop_abandoned(&self, group: &mut Vec<Job>) {
        for job in group.extract_if(.., |job| job.is_abandoned()) {
            let mut report = Report::new(&self.switch.identity.name, Outcome::NotStarted(Fault::abandoned()));
            report.queue_time = job.queued.elapsed();
            job.answer(report);
        }
    }

    /// Serves requests that share a commit; gives back what is to be served in
    /// smaller groups.
    async fn serve_readied(&mut self, mut group: Vec<Job>, backlog: &mut Backlog) -> Vec<Vec<Job>> {
        let report = self.run_group(&mut group).await;
        let together = group.len() > 1;
        let is_abandoned = matches!(&report.outcome, Outcome::NotStarted(fault) if *fault == Fault::abandoned());
        if let Some(joint) = group.first().and_then(|job| job.joint.as_ref()) {
            if together && !joint.is_kept() && (is_abandoned || group::worth_trying_again(&report.outcome)) {
                // Where one after the other goes, those who stay do not begin anew for each.
                let stays_together = is_abandoned && !joint.was_tried();
                self.try_again(group, stays_together, backlog).await;
                return Vec::new();
            }
        } else if together && is_abandoned {
            self.drop_abandoned(&mut group);
            return if group.is_empty() { Vec::new() } else { vec![group] };
        } else if together && group::worth_splitting(&report.outcome) {
            tracing::info!(
                switch = self.switch.identity.name,
                requests = group.len(),
                "the joint edit failed; splitting it"
            );
            let second = group.split_off(group.len() / 2);
            return vec![second, group];
        }
        self.answer(group, &report);
        Vec::new()
    }

    /// The other switches do the same, in the same order: each request alone, or all without
    /// those that nobody waits for any more.
    async fn try_again(&mut self, mut group: Vec<Job>, stays_together: bool, backlog: &mut Backlog) {
        let (switch, requests) = (&self.switch.identity.name, group.len());
        match stays_together {
            true => tracing::info!(switch, requests, "nobody waits for one of them any more; trying the others"),
            false => tracing::info!(switch, requests, "failed together; trying each alone"),
        }
        if let Some(joint) = group.first_mut().and_then(|job| job.joint.as_mut()) {
            joint.again().await;
        }
        group.iter_mut().for_each(|job| job.alone |= !stays_together);
        backlog.put_back(group);
    }

    /// Each caller hears of its own.
    fn answer(&self, mut group: Vec<Job>, report: &Report) {
        let alone = group.len() == 1;
        // Whoever is told first does not find the others in its way.
        group.iter_mut().for_each(|job| job.change = None);
        for job in group {
            let mut report = match &job.work {
                Work::Apply(intent) if !alone => group::share(report, intent, &self.switch.rules),
                _ => report.clone(),
            };
            report.queue_time = job.begun.saturating_duration_since(job.queued);
            job.answer(report);
        }
    }

    async fn run_group(&mut self, group: &mut [Job]) -> Report {
        let begun = Instant::now();
        let mut look_first = true;
        for job in &mut *group {
            job.begun = begun;
            look_first &= self.looks_first(&job.work);
        }
        let mut joint = group.first_mut().and_then(|job| job.joint.take());
        let merged = group::merged(group.iter().filter_map(|job| job.work.intent())).map(Work::Apply);
        let work = match (&merged, &*group) {
            (_, [only]) => &only.work,
            (Some(merged), _) => merged,
            // Only requests to apply are grouped.
            (None, _) => &Work::Read(mercury_model::Scope::default()),
        };
        let parents: Vec<_> = group.iter().filter_map(|job| job.trace).collect();
        let spans = trace::Several::below(&parents, trace::Kind::Internal);
        self.link.traced(spans.contexts());
        self.link.asked_by(ids(group));
        let line = Line {
            switch: &self.switch,
            link: &mut self.link,
            policy: &self.policy,
            dialect: &self.dialect,
            render: &*self.render,
            locks: &*self.locks,
            lock: &self.lock,
            parts: group.iter().filter_map(|job| job.work.intent()).collect(),
            // Where other switches have a say, it is decided for all of them whether it begins.
            waits: match joint.is_some() {
                true => Vec::new(),
                false => group.iter().filter_map(|job| job.gone.as_ref()).collect(),
            },
        };
        // Boxed, because all that is served goes through here.
        let report = Box::pin(pipeline::run(line, work, look_first, joint.as_mut())).await;
        self.link.traced(Vec::new());
        let queued = group.iter().map(|job| begun.saturating_duration_since(job.queued)).max();
        spans.end(|| told_of(&report, work.name(), group.len(), queued.unwrap_or_default()));
        self.tell_of_session();
        if group.len() > 1 {
            metrics::joined(&self.switch.identity.name, group.len());
        }
        if let Some(first) = group.first_mut() {
            first.joint = joint;
        }
        if let Outcome::Committed(_) = report.outcome {
            self.took = report.device_time;
        }
        if !report.outcome.is_success() {
            // What was asked for and not made may be made by another Mercury, and not be confirmed yet.
            self.last.clear();
        }
        report
    }

    /// Whether the switch probably has what is asked, so that looking without
    /// the lock is worth a round trip: when it was the last thing asked of the
    /// port or VLAN, on a session that has lived since. Only a guess: what is found
    /// decides. On a new session the lock is taken first, since it tells that a
    /// confirmed commit of a dead client is pending, which reading does not.
    fn looks_first(&mut self, work: &Work) -> bool {
        let Work::Apply(intent) = work else { return false };
        // What is to go of a card's uplink shows when the card is read, at the same time.
        if !intent.uplinks.is_empty() {
            return false;
        }
        if self.last.len() > REMEMBERED {
            self.last.clear();
        }
        let ports = intent.ports.iter().map(|port| (port.interface.to_string(), format!("{port:?}")));
        let lags = intent.lags.iter().map(|lag| (lag.name.to_string(), format!("{lag:?}")));
        let vlans = intent.vlans.iter().filter(|_| intent.ports.is_empty() && intent.lags.is_empty());
        let vlans = vlans.map(|vlan| (format!("VLAN {}", vlan.id()), format!("{vlan:?}")));
        let mut repeated = true;
        for (what, asked) in ports.chain(lags).chain(vlans) {
            let mut hasher = DefaultHasher::new();
            asked.hash(&mut hasher);
            let asked = hasher.finish();
            repeated &= self.last.insert(what, asked) == Some(asked);
        }
        repeated && self.link.is_warm()
    }
}

/// The ids of requests, as one line.
fn ids(group: &[Job]) -> String {
    let ids = group.iter().filter_map(|job| job.request_id.as_deref()).take(IDS);
    // What a caller sends goes into other people's logs.
    let plain = |id: &str| id.chars().filter(|c| !c.is_control()).collect::<String>();
    ids.map(plain).collect::<Vec<_>>().join(", ")
}

/// Where other switches have a say: waits until it is the request's turn on
/// all of them, and leaves of the others what cannot go with it there.
async fn readied(mut group: Vec<Job>, backlog: &mut Backlog) -> Result<Vec<Job>, Box<(Job, Fault)>> {
    // Whoever has given up is taken along by nobody.
    let others = group.iter().skip(1).filter(|job| !job.is_abandoned());
    let others = others.filter_map(|job| Some(job.joint.as_ref()?.id.clone())).collect();
    let Some(joint) = group.first_mut().and_then(|job| job.joint.as_mut()) else { return Ok(group) };
    let order = joint.reach(Milestone::Ready(others)).await;
    let mut others = group.split_off(1);
    if let Ok(Order::Take(taken)) = &order {
        let goes = |job: &mut Job| job.joint.as_ref().is_some_and(|joint| taken.contains(&joint.id));
        group.extend(others.extract_if(.., goes));
    }
    backlog.put_back(others);
    match (order, group.pop()) {
        (Err(fault), Some(first)) => Err(Box::new((first, fault))),
        (_, last) => {
            group.extend(last);
            Ok(group)
        }
    }
}
