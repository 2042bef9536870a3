//! Requests that only look, served on a session of their own while another changes
//! something else: a plan or a verification need not wait for a commit, nor for the lock that
//! this waits for. Where there can be no such session they are served in turn.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mercury_adapter::{Connector, Dialect, Render};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Job, ahead::Glance};
use crate::{
    commit::Policy,
    fault::{Fault, FaultKind},
    inventory::Switch,
    link::Link,
    lock::{Coordinator, NoLocks},
    outcome::{Outcome, Report},
    pipeline::{self, Line},
    seats::Seats,
    trace,
};

/// How long it is not tried again to have a session of one's own after there could be
/// none: as many as the switch allows may be in use now, and not later.
const REST: Duration = Duration::from_secs(60);

/// Looks that may wait.
const QUEUE: usize = 64;

/// What is needed to look at a switch through one of its entries.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) switch: Arc<Switch>,
    pub(super) policy: Policy,
    pub(super) dialect: Arc<Dialect>,
    pub(super) render: Arc<dyn Render>,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) seats: Arc<Seats>,
    pub(super) stop: CancellationToken,
    /// Where what cannot be served here is put.
    pub(super) in_turn: mpsc::WeakSender<Box<Job>>,
}

/// A request that only looks, and what it must not be spoilt by.
type Look = (Box<Job>, Glance);

/// Serves looks as soon as there is one; its task ends when it is dropped.
pub(super) struct Beside {
    parts: Parts,
    reader: Mutex<Option<Begun>>,
    rest: Arc<Mutex<Option<Instant>>>,
}

/// A task that serves looks, and what is cancelled when it has ended.
struct Begun {
    looks: mpsc::Sender<Look>,
    ended: CancellationToken,
}

impl Beside {
    pub(super) fn new(parts: Parts) -> Self {
        Self { parts, reader: Mutex::default(), rest: Arc::default() }
    }

    /// Serves it, if it may be; otherwise gives it back.
    pub(super) fn take(&self, job: Box<Job>, glance: Glance) -> Result<(), Box<Job>> {
        if is_now(&self.rest) || self.parts.switch.timing.max_sessions < 2 || self.parts.stop.is_cancelled() {
            return Err(job);
        }
        let mut reader = locked(&self.reader);
        if reader.as_ref().is_some_and(|begun| begun.looks.is_closed()) {
            let switch = &self.parts.switch.identity.name;
            tracing::error!(
                switch,
                "Mercury failed in the middle of a look; its session is gone, and another is opened"
            );
            *reader = None;
        }
        let begun = reader.get_or_insert_with(|| self.begin());
        begun.looks.try_send((job, glance)).map_err(|refused| refused.into_inner().0)
    }

    fn begin(&self) -> Begun {
        let (sender, looks) = mpsc::channel(QUEUE);
        let ended = CancellationToken::new();
        let Parts { connector, stop, .. } = &self.parts;
        let link = Link::beside(Arc::clone(connector), stop.clone());
        let reader = Reader { parts: self.parts.clone(), link, rest: Arc::clone(&self.rest) };
        let ends = ended.clone().drop_guard();
        tokio::spawn(async move {
            let _ends = ends;
            Box::pin(reader.run(looks)).await;
        });
        Begun { looks: sender, ended }
    }

    /// Takes nothing more, finishes what waits and closes the session.
    pub(super) async fn finish(&self) {
        let begun = locked(&self.reader).take();
        if let Some(Begun { looks, ended }) = begun {
            drop(looks);
            ended.cancelled().await;
        }
    }
}

struct Reader {
    parts: Parts,
    link: Link,
    rest: Arc<Mutex<Option<Instant>>>,
}

impl Reader {
    async fn run(mut self, mut looks: mpsc::Receiver<Look>) {
        loop {
            let is_warm = self.link.is_warm();
            tokio::select! {
                biased;
                // Whoever changes something goes first.
                () = self.parts.seats.wanted(), if is_warm => self.link.close().await,
                look = looks.recv() => match look {
                    Some((job, glance)) => self.serve(job, &glance).await,
                    None => break,
                },
                () = tokio::time::sleep(self.parts.switch.timing.idle_timeout), if is_warm => self.link.close().await,
            }
        }
        self.link.close().await;
    }

    async fn serve(&mut self, mut job: Box<Job>, glance: &Glance) {
        if job.is_abandoned() {
            return self
                .answer(*job, Report::new(&self.parts.switch.identity.name, Outcome::NotStarted(Fault::abandoned())));
        }
        // Others may have come before it was known.
        if is_now(&self.rest) {
            return self.in_turn(job);
        }
        if let Err(fault) = self.link.open().await {
            tracing::debug!(switch = self.parts.switch.identity.name, %fault,
                           "no session to look by while another changes something; looks are served in turn");
            *locked(&self.rest) = Some(Instant::now() + REST);
            return self.in_turn(job);
        }
        job.begun = Instant::now();
        let parents: Vec<_> = job.trace.into_iter().collect();
        let spans = trace::Several::below(&parents, trace::Kind::Internal);
        self.link.traced(spans.contexts());
        let Parts { switch, policy, dialect, render, .. } = &self.parts;
        let locks: Arc<dyn Coordinator> = NoLocks::shared();
        let line = Line {
            switch,
            link: &mut self.link,
            policy,
            dialect,
            render: &**render,
            // Whoever looks takes none.
            locks: &*locks,
            lock: "",
            parts: Vec::new(),
            waits: Vec::new(),
        };
        let report = Box::pin(pipeline::run(line, &job.work, true, None)).await;
        self.link.traced(Vec::new());
        spans.end(|| {
            super::owner::told_of(&report, job.work.name(), 1, job.begun.saturating_duration_since(job.queued))
        });
        // What has failed may be the session's fault, and then is asked on the other.
        match self.link.is_warm() && !glance.is_spoilt() {
            true => self.answer(*job, report),
            false => self.in_turn(job),
        }
    }

    /// Behind what changes.
    fn in_turn(&self, job: Box<Job>) {
        let refused = match self.parts.in_turn.upgrade() {
            Some(queue) => queue.try_send(job).map_err(mpsc::error::TrySendError::into_inner),
            None => Err(job),
        };
        if let Err(job) = refused {
            let full = format!("{} requests already wait for this switch", self.parts.switch.timing.queue);
            let outcome = Outcome::NotStarted(Fault::new(FaultKind::Busy, full));
            self.answer(*job, Report::new(&self.parts.switch.identity.name, outcome));
        }
    }

    fn answer(&self, job: Job, mut report: Report) {
        report.queue_time = job.begun.saturating_duration_since(job.queued);
        job.answer(report);
    }
}

/// Whether it is not to be tried at present.
fn is_now(rest: &Mutex<Option<Instant>>) -> bool {
    locked(rest).is_some_and(|until| Instant::now() < until)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
