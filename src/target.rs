//! One owner task per switch: requests for it queue, and two switches never
//! wait for each other.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
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
    inventory::Switch,
    link::Link,
    outcome::Report,
    pipeline::{self, Joint, Line, Work},
};

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

struct Job {
    work: Work,
    joint: Option<Joint>,
    queued: Instant,
    report: oneshot::Sender<Report>,
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
        let (queue, jobs) = mpsc::channel(switch.queue.max(1));
        let policy = Policy {
            lock_wait: switch.lock_wait,
            reply_timeout: switch.reply_timeout,
            commit_timeout: switch.commit_timeout,
            confirm_timeout: switch.confirm_timeout,
            confirmed: switch.confirmed_commit,
            persist: switch.persist,
        };
        let owner = Owner {
            name: switch.name.clone(),
            idle: switch.idle_timeout,
            policy,
            dialect: Arc::clone(&dialect),
            render,
            link: Link::new(connector),
            last: HashMap::new(),
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

    /// Puts work into the queue. The work is done even if the answer is
    /// thrown away.
    ///
    /// # Errors
    /// [`FaultKind::Busy`] when the queue is full.
    pub fn submit(&self, work: Work, joint: Option<Joint>) -> Result<oneshot::Receiver<Report>, Fault> {
        let (report, answer) = oneshot::channel();
        let job = Job { work, joint, queued: Instant::now(), report };
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

struct Owner {
    name: String,
    idle: Duration,
    policy: Policy,
    dialect: Arc<Dialect>,
    render: Box<dyn Render>,
    link: Link,
    last: HashMap<String, u64>,
}

impl Owner {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
        loop {
            let warm = self.link.is_warm();
            tokio::select! {
                biased;
                () = stop.cancelled(), if !jobs.is_closed() => jobs.close(),
                job = jobs.recv() => match job {
                    Some(job) => self.serve(job).await,
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

    async fn serve(&mut self, job: Job) {
        let queue_time = job.queued.elapsed();
        let look_first = self.looks_first(&job.work);
        let line = Line {
            name: &self.name,
            link: &mut self.link,
            policy: &self.policy,
            dialect: &self.dialect,
            render: &*self.render,
        };
        let mut report = pipeline::run(line, &job.work, look_first, job.joint).await;
        report.queue_time = queue_time;
        // The caller may have hung up; the log line is written by whoever waits.
        let _unheard = job.report.send(report);
    }

    /// Whether the switch probably has what is asked, so that looking without
    /// the lock is worth a round trip: when it was the last thing asked of the
    /// port, or when a session must be opened anyway. Only a guess: what is
    /// found decides.
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
        repeated || !self.link.is_warm()
    }
}
