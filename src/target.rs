//! One owner task per switch: requests for it queue, and two switches never
//! wait for each other.

mod backlog;

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Instant,
};

use futures_util::FutureExt as _;
use mercury_adapter::{Connector, Dialect, Render};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    commit::Policy,
    fault::{Fault, FaultKind},
    group,
    inventory::Switch,
    link::Link,
    lock::{Coordinator, NoLocks},
    outcome::{Outcome, Report},
    pace::{Joint, Milestone, Order},
    pipeline::{self, Line, Work},
    waits::Waits,
};
use backlog::{Backlog, Job};

/// Ports, aggregates and VLANs whose last request is remembered, per switch.
const REMEMBERED: usize = 4096;

/// A switch and the queue of its owner task.
pub struct Target {
    /// Its inventory entry.
    pub switch: Arc<Switch>,
    /// How its system differs.
    pub dialect: Arc<Dialect>,
    queue: mpsc::Sender<Job>,
    finish: CancellationToken,
    stop: CancellationToken,
    ended: CancellationToken,
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
        let (queue, jobs) = mpsc::channel(switch.timing.queue.max(1));
        let (finish, stop) = (CancellationToken::new(), CancellationToken::new());
        let policy = Policy {
            lock_wait: switch.timing.lock_wait,
            discard_foreign: switch.discards_foreign_candidate(),
            reply_timeout: switch.timing.reply_timeout,
            commit_timeout: switch.timing.commit_timeout,
            confirm_timeout: switch.timing.confirm_timeout,
            confirmed: switch.confirmed_commit(),
            persist: switch.rules.persist,
            recovery: switch.timing.lock_wait.max(switch.timing.connect_timeout * 2),
            settle: switch.settle_time(),
        };
        let owner = Owner {
            switch: Arc::clone(&switch),
            policy,
            dialect: Arc::clone(&dialect),
            render,
            locks,
            lock: lock_name(&switch),
            link: Link::new(connector, stop.clone()),
            last: HashMap::new(),
            backlog: Backlog::default(),
            most: switch.timing.queue.max(1),
        };
        let (ended, finished) = (CancellationToken::new(), finish.clone());
        let ends = ended.clone().drop_guard();
        tokio::spawn(async move {
            let _ends = ends;
            owner.run(jobs, finished).await;
        });
        Self { switch, dialect, queue, finish, stop, ended }
    }

    /// What its lock is called, the same for every Mercury.
    #[must_use]
    pub fn lock(&self) -> String {
        lock_name(&self.switch)
    }

    /// Begins nothing more, and undoes what is under way, as after a lost session.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Takes no more work, finishes what is queued, and closes the session.
    pub async fn finish(&self) {
        self.finish.cancel();
        self.ended.cancelled().await;
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
        gone: Option<Waits>,
    ) -> Result<oneshot::Receiver<Report>, Fault> {
        let (report, answer) = oneshot::channel();
        let now = Instant::now();
        let job = Job { work, joint, queued: now, begun: now, report, alone: false, gone };
        self.queue.try_send(job).map_err(|error| {
            let fault = match error {
                mpsc::error::TrySendError::Full(_) => Fault::new(
                    FaultKind::Busy,
                    format!("{} requests already wait for this switch", self.switch.timing.queue),
                ),
                mpsc::error::TrySendError::Closed(_) => Fault::new(FaultKind::Internal, "the owner task has ended"),
            };
            fault.at(&self.switch.identity.name)
        })?;
        Ok(answer)
    }
}

/// A switch is known by its address, whatever its entries are called and
/// whichever protocol they use; on loopback by its port as well.
fn lock_name(switch: &Switch) -> String {
    let address = switch.identity.address.trim_end_matches('.').to_ascii_lowercase();
    let loopback = address == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback { format!("{address}_{}", switch.port()) } else { address }
}

struct Owner {
    switch: Arc<Switch>,
    policy: Policy,
    dialect: Arc<Dialect>,
    render: Box<dyn Render>,
    locks: Arc<dyn Coordinator>,
    /// What its lock is called.
    lock: String,
    link: Link,
    last: HashMap<String, u64>,
    /// What was taken from the queue and not served yet.
    backlog: Backlog,
    /// How many may wait.
    most: usize,
}

impl Owner {
    /// Works until there is nothing more to do. A panic ends what is under way and
    /// its session, and nothing else.
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, finish: CancellationToken) {
        while AssertUnwindSafe(self.work(&mut jobs, &finish)).catch_unwind().await.is_err() {
            tracing::error!(
                switch = self.switch.identity.name,
                "Mercury failed in the middle of a request; its session is closed"
            );
            self.link.cut();
            self.last.clear();
        }
        self.link.close().await;
    }

    async fn work(&mut self, jobs: &mut mpsc::Receiver<Job>, finish: &CancellationToken) {
        loop {
            while self.backlog.len() < self.most
                && let Ok(job) = jobs.try_recv()
            {
                self.backlog.push(job);
            }
            if !self.backlog.is_empty() {
                let group = self.backlog.next_group();
                match self.link.stop().is_cancelled() {
                    false => self.serve(group).await,
                    true => self.answer(
                        group,
                        &Report::new(&self.switch.identity.name, Outcome::NotStarted(Fault::stopping())),
                    ),
                }
                continue;
            }
            let warm = self.link.is_warm();
            tokio::select! {
                biased;
                () = finish.cancelled(), if !jobs.is_closed() => jobs.close(),
                job = jobs.recv() => match job {
                    Some(job) => {
                        self.backlog.push(job);
                        // Whoever asks at the same moment goes along.
                        tokio::task::yield_now().await;
                    }
                    None => break,
                },
                () = tokio::time::sleep(self.switch.timing.idle_timeout), if warm => {
                    tracing::debug!(switch = self.switch.identity.name, "closing the idle session");
                    self.link.close().await;
                }
            }
        }
    }

    /// Serves requests that share a commit, or each half of them alone if it is
    /// refused.
    async fn serve(&mut self, mut group: Vec<Job>) {
        self.drop_abandoned(&mut group);
        if group.is_empty() {
            return;
        }
        let mut groups = vec![group];
        while let Some(group) = groups.pop() {
            let group = match self.readied(group).await {
                Ok(group) => group,
                Err(job) => {
                    let (job, fault) = *job;
                    self.answer(vec![job], &Report::new(&self.switch.identity.name, Outcome::NotStarted(fault)));
                    continue;
                }
            };
            groups.extend(self.serve_readied(group).await);
        }
    }

    /// Whoever no longer waits is not served. The others begin when it is known
    /// what to send.
    fn drop_abandoned(&self, group: &mut Vec<Job>) {
        for job in group.extract_if(.., |job| job.is_abandoned()) {
            let mut report = Report::new(&self.switch.identity.name, Outcome::NotStarted(Fault::abandoned()));
            report.queue_time = job.queued.elapsed();
            let _unheard = job.report.send(report);
        }
    }

    /// Serves requests that share a commit; gives back what is to be served in
    /// smaller groups.
    async fn serve_readied(&mut self, mut group: Vec<Job>) -> Vec<Vec<Job>> {
        let report = self.run_group(&mut group).await;
        let together = group.len() > 1;
        if let Some(joint) = group.first().and_then(|job| job.joint.as_ref()) {
            if together && !joint.is_kept() && group::worth_trying_again(&report.outcome) {
                self.try_again(group).await;
                return Vec::new();
            }
        } else if together && matches!(&report.outcome, Outcome::NotStarted(fault) if *fault == Fault::abandoned()) {
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

    /// Where other switches have a say: waits until it is the request's turn on
    /// all of them, and leaves of the others what cannot go with it there.
    async fn readied(&mut self, mut group: Vec<Job>) -> Result<Vec<Job>, Box<(Job, Fault)>> {
        let ids: Vec<_> = group.iter().filter_map(|job| Some(job.joint.as_ref()?.id.clone())).collect();
        let Some(joint) = group.first_mut().and_then(|job| job.joint.as_mut()) else { return Ok(group) };
        let order = joint.reach(Milestone::Ready(ids.into_iter().skip(1).collect())).await;
        let mut others = group.split_off(1);
        if let Ok(Order::Take(taken)) = &order {
            let goes = |job: &mut Job| job.joint.as_ref().is_some_and(|joint| taken.contains(&joint.id));
            group.extend(others.extract_if(.., goes));
            // From here on none of them can be left out on one switch alone.
            for job in group.iter().skip(1) {
                let _too_late_to_leave = job.begins();
            }
        }
        self.backlog.put_back(others);
        match (order, group.pop()) {
            (Err(fault), Some(first)) => Err(Box::new((first, fault))),
            (_, last) => {
                group.extend(last);
                Ok(group)
            }
        }
    }

    /// The other switches do the same: each request alone, in the same order.
    async fn try_again(&mut self, mut group: Vec<Job>) {
        tracing::info!(
            switch = self.switch.identity.name,
            requests = group.len(),
            "failed together; trying each alone"
        );
        if let Some(joint) = group.first_mut().and_then(|job| job.joint.as_mut()) {
            joint.again().await;
        }
        group.iter_mut().for_each(|job| job.alone = true);
        self.backlog.put_back(group);
    }

    /// Each caller hears of its own.
    fn answer(&self, group: Vec<Job>, report: &Report) {
        let alone = group.len() == 1;
        for job in group {
            let mut report = match &job.work {
                Work::Apply(intent) if !alone => group::share(report, intent, &self.switch.rules),
                _ => report.clone(),
            };
            report.queue_time = job.begun.saturating_duration_since(job.queued);
            // The caller may have hung up; the log line is written by whoever waits.
            let _unheard = job.report.send(report);
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
        let line = Line {
            switch: &self.switch,
            link: &mut self.link,
            policy: &self.policy,
            dialect: &self.dialect,
            render: &*self.render,
            locks: &*self.locks,
            lock: &self.lock,
            parts: group.iter().filter_map(|job| job.work.intent()).collect(),
            // Of several that other switches have a say in, none can be left out here alone.
            waits: match joint.is_some() && group.len() > 1 {
                true => Vec::new(),
                false => group.iter().filter_map(|job| job.gone.as_ref()).collect(),
            },
        };
        let report = pipeline::run(line, work, look_first, joint.as_mut()).await;
        if let Some(first) = group.first_mut() {
            first.joint = joint;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::BoxFuture;
    use mercury_adapter::{Capabilities, ConnectError, ConnectFault, Payload, Session, Unrenderable};
    use mercury_model::{Plan, Scope};

    use super::*;

    /// Panics at the first connection, and finds nobody at the next.
    #[derive(Default)]
    struct Broken(AtomicUsize);

    impl Connector for Broken {
        fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
            assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "a bug");
            let error = ConnectError { fault: ConnectFault::Unreachable, message: "nobody is there".to_owned() };
            std::future::ready(Err(error)).boxed()
        }
    }

    impl Render for Broken {
        fn render(&self, _: &Plan, _: &Capabilities) -> Result<Payload, Unrenderable> {
            unreachable!("nothing is read")
        }
    }

    #[tokio::test]
    async fn a_panic_ends_one_request_and_not_the_switch() {
        let switch = Arc::new(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        let dialects = mercury_adapter::builtin().unwrap().into_iter().map(Arc::new).collect::<Vec<_>>();
        let dialect = crate::registry::dialect(&switch, &dialects).unwrap();
        let target = Target::start(switch, dialect, Box::<Broken>::default(), Box::<Broken>::default());
        let read = || target.submit(Work::Read(Scope::all()), None, None).unwrap();
        assert!(read().await.is_err(), "whoever waits is told");
        let fault = read().await.unwrap().outcome.fault().unwrap();
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Unreachable, "nobody is there"));
        target.finish().await;
    }
}
