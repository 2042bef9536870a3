//! One owner task per switch: requests for it queue, and two switches never
//! wait for each other.

mod waiting;

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mercury_adapter::{Connector, Dialect, Render};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    commit::Policy,
    fault::{Fault, FaultKind},
    group,
    inventory::Switch,
    link::Link,
    lock::{Coordinator, NoLocks},
    outcome::{Outcome, Report},
    pipeline::{self, Joint, Line, Work},
};
use waiting::{Job, Waiting};

/// Ports whose last request is remembered, per switch.
const REMEMBERED: usize = 4096;

/// A switch and the queue of its owner task.
pub struct Target {
    /// Its inventory entry.
    pub switch: Arc<Switch>,
    /// How its system differs.
    pub dialect: Arc<Dialect>,
    queue: mpsc::Sender<Job>,
    stop: CancellationToken,
    owner: Mutex<Option<JoinHandle<()>>>,
}

impl Target {
    /// Starts the switch's owner task; it ends when the target is dropped.
    #[must_use]
    pub fn start(
        switch: Arc<Switch>,
        dialect: Arc<Dialect>,
        connector: Box<dyn Connector>,
        render: Box<dyn Render>,
    ) -> Self {
        Self::start_with(switch, dialect, (connector, render), Arc::new(NoLocks))
    }

    /// As [`Target::start`], with locks that other processes respect too.
    #[must_use]
    pub fn start_with(
        switch: Arc<Switch>,
        dialect: Arc<Dialect>,
        (connector, render): (Box<dyn Connector>, Box<dyn Render>),
        locks: Arc<dyn Coordinator>,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(switch.queue.max(1));
        let policy = Policy {
            lock_wait: switch.lock_wait,
            reply_timeout: switch.reply_timeout,
            commit_timeout: switch.commit_timeout,
            confirm_timeout: switch.confirm_timeout,
            confirmed: switch.confirmed_commit,
            persist: switch.persist,
            recovery: switch.lock_wait.max(switch.connect_timeout * 2),
            settle: switch.settle_time,
        };
        let owner = Owner {
            name: switch.name.clone(),
            idle: switch.idle_timeout,
            policy,
            dialect: Arc::clone(&dialect),
            render,
            locks,
            lock: lock_name(&switch),
            link: Link::new(connector),
            last: HashMap::new(),
            waiting: Waiting::default(),
            most: switch.queue.max(1),
        };
        let stop = CancellationToken::new();
        let owner = tokio::spawn(owner.run(jobs, stop.clone()));
        Self { switch, dialect, queue, stop, owner: Mutex::new(Some(owner)) }
    }

    /// Takes no more work, finishes what is queued, and closes the session.
    pub async fn finish(&self) {
        self.stop.cancel();
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(owner) = owner
            && let Err(error) = owner.await
        {
            tracing::error!(switch = self.switch.name, %error, "the owner task ended badly");
        }
    }

    /// Puts work into the queue. Once it has begun it is done, whoever may have
    /// gone; what `gone` says before that drops it.
    ///
    /// # Errors
    /// [`FaultKind::Busy`] when the queue is full.
    pub fn submit(
        &self,
        work: Work,
        joint: Option<Joint>,
        gone: Option<CancellationToken>,
    ) -> Result<oneshot::Receiver<Report>, Fault> {
        let (report, answer) = oneshot::channel();
        let now = Instant::now();
        let job = Job { work, joint, queued: now, begun: now, report, gone };
        self.queue.try_send(job).map_err(|error| {
            let fault = match error {
                mpsc::error::TrySendError::Full(_) => {
                    Fault::new(FaultKind::Busy, format!("{} requests already wait for this switch", self.switch.queue))
                }
                mpsc::error::TrySendError::Closed(_) => Fault::new(FaultKind::Internal, "the owner task has ended"),
            };
            fault.at(&self.switch.name)
        })?;
        Ok(answer)
    }
}

/// A switch is known by its address, whatever its entries are called and
/// whichever protocol they use; on loopback by its port as well.
fn lock_name(switch: &Switch) -> String {
    let address = switch.address.trim_end_matches('.').to_ascii_lowercase();
    let loopback = address == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback { format!("{address}_{}", switch.port()) } else { address }
}

struct Owner {
    name: String,
    idle: Duration,
    policy: Policy,
    dialect: Arc<Dialect>,
    render: Box<dyn Render>,
    locks: Arc<dyn Coordinator>,
    /// What its lock is called.
    lock: String,
    link: Link,
    last: HashMap<String, u64>,
    /// What was taken from the queue and not served yet.
    waiting: Waiting,
    /// How many may wait.
    most: usize,
}

impl Owner {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
        loop {
            while self.waiting.len() < self.most
                && let Ok(job) = jobs.try_recv()
            {
                self.waiting.push(job);
            }
            if !self.waiting.is_empty() {
                let group = self.waiting.next_group();
                self.serve(group).await;
                continue;
            }
            let warm = self.link.is_warm();
            tokio::select! {
                biased;
                () = stop.cancelled(), if !jobs.is_closed() => jobs.close(),
                job = jobs.recv() => match job {
                    Some(job) => self.waiting.push(job),
                    None => break,
                },
                () = tokio::time::sleep(self.idle), if warm => {
                    tracing::debug!(switch = self.name, "closing the idle session");
                    self.link.close().await;
                }
            }
        }
        self.link.close().await;
    }

    /// Serves requests that share a commit, or each half of them alone if it is
    /// refused.
    async fn serve(&mut self, mut group: Vec<Job>) {
        for job in group.extract_if(.., |job| job.is_abandoned()) {
            let message = "the caller no longer waits; nothing was sent";
            let outcome = Outcome::NotStarted(Fault::new(FaultKind::Timeout, message));
            let mut report = Report::new(&self.name, outcome);
            report.queue_time = job.queued.elapsed();
            let _unheard = job.report.send(report);
        }
        if group.is_empty() {
            return;
        }
        let mut groups = vec![group];
        while let Some(mut group) = groups.pop() {
            let report = self.run_group(&mut group).await;
            if group.len() > 1 && group::worth_splitting(&report.outcome) {
                tracing::info!(switch = self.name, requests = group.len(), "the joint edit failed; splitting it");
                let second = group.split_off(group.len() / 2);
                groups.extend([second, group]);
                continue;
            }
            let alone = group.len() == 1;
            for job in group {
                let mut report = match &job.work {
                    Work::Apply(intent) if !alone => group::share(&report, intent),
                    _ => report.clone(),
                };
                report.queue_time = job.begun.saturating_duration_since(job.queued);
                // The caller may have hung up; the log line is written by whoever waits.
                let _unheard = job.report.send(report);
            }
        }
    }

    async fn run_group(&mut self, group: &mut [Job]) -> Report {
        let begun = Instant::now();
        let (mut look_first, mut joint) = (true, None);
        for job in &mut *group {
            job.begun = begun;
            look_first &= self.looks_first(&job.work);
            joint = job.joint.take();
        }
        let merged = group::merged(group.iter().filter_map(|job| job.work.intent())).map(Work::Apply);
        let work = match (&merged, &*group) {
            (_, [only]) => &only.work,
            (Some(merged), _) => merged,
            // Only requests to apply are grouped.
            (None, _) => &Work::Read(mercury_model::Scope::default()),
        };
        let line = Line {
            name: &self.name,
            link: &mut self.link,
            policy: &self.policy,
            dialect: &self.dialect,
            render: &*self.render,
            locks: &*self.locks,
            lock: &self.lock,
        };
        pipeline::run(line, work, look_first, joint).await
    }

    /// Whether the switch probably has what is asked, so that looking without
    /// the lock is worth a round trip: when it was the last thing asked of the
    /// port, on a session that has lived since. Only a guess: what is found
    /// decides. On a new session the lock is taken first, since it tells that a
    /// confirmed commit of a dead client is pending, which reading does not.
    fn looks_first(&mut self, work: &Work) -> bool {
        let Work::Apply(intent) = work else { return false };
        let mut repeated = !intent.ports.is_empty();
        if self.last.len() > REMEMBERED {
            self.last.clear();
        }
        for port in &intent.ports {
            let mut hasher = DefaultHasher::new();
            format!("{port:?}").hash(&mut hasher);
            let asked = hasher.finish();
            repeated &= self.last.insert(port.interface.to_string(), asked) == Some(asked);
        }
        repeated && self.link.is_warm()
    }
}
