//! One task per switch, whatever number of entries it has: requests for it queue,
//! and two switches never wait for each other.

mod ahead;
mod backlog;
mod beside;
mod company;
mod owner;
mod renewal;
mod successors;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
    time::Instant,
};

use mercury_adapter::{Connector, Dialect, Render};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    commit::Policy,
    fault::{Fault, FaultKind},
    group::Footprint,
    inventory::{Switch, Timing, address_key},
    link::Link,
    lock::{Coordinator, NoLocks},
    outcome::Report,
    pace::Joint,
    pipeline::Work,
    seats::{Seated, Seating, Seats},
    trace,
    waits::Waits,
};
use ahead::Ahead;
use backlog::{Backlog, Job};
use beside::{Beside, Parts};
use company::Company;
use owner::{Owner, Queue};
pub use renewal::Leaving;
use successors::Successors;

/// Whom work is done for.
#[derive(Debug, Default)]
pub struct Asker {
    /// Whether anybody waits for it; without this, it is done.
    pub gone: Option<Waits>,
    /// The span that it belongs to.
    pub trace: Option<trace::Context>,
    /// The id of the request.
    pub request_id: Option<String>,
}

/// An entry of the inventory, and what speaks to its switch.
pub struct Entry {
    /// The entry.
    pub switch: Arc<Switch>,
    /// The TCP port, its own or its dialect's.
    pub port: u16,
    /// How its system differs.
    pub dialect: Arc<Dialect>,
    /// Opens sessions with it.
    pub connector: Box<dyn Connector>,
    /// Puts plans for it.
    pub render: Box<dyn Render>,
}

/// An entry of a switch, and the queue of the switch's task.
pub struct Target {
    /// Its inventory entry.
    pub switch: Arc<Switch>,
    /// How its system differs.
    pub dialect: Arc<Dialect>,
    /// What its lock is called.
    lock: String,
    /// Which of the switch's entries it is.
    entry: usize,
    task: Task,
    /// Serves who only looks while another changes something.
    beside: Beside,
}

/// The task of a switch; it ends when nobody has it any more.
#[derive(Clone)]
struct Task {
    /// Boxed, because room for 32 of them is made at the first.
    queue: mpsc::Sender<Box<Job>>,
    successors: Arc<Successors>,
    /// The changes that are to come or under way.
    ahead: Arc<Ahead>,
    /// The sessions with the switch, of the whole service.
    seats: Arc<Seats>,
    finish: CancellationToken,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Target {
    /// Starts the task of a switch that has one entry; it ends when the target is dropped.
    #[must_use]
    pub fn start(
        switch: Arc<Switch>,
        dialect: Arc<Dialect>,
        connector: Box<dyn Connector>,
        render: Box<dyn Render>,
    ) -> Self {
        let entry = Entry { port: switch.port(), switch, dialect, connector, render };
        let lock = lock_name(&entry.switch, entry.port);
        let task = Task::begin(entry.switch.timing.queue, 1, Seating::default().of(&lock));
        let (target, owner) = Self::of(entry, (lock, 0), &task.0, &NoLocks::shared());
        task.0.spawn(vec![owner], task.1);
        target
    }

    /// Starts a task for each switch, with locks that other processes respect too;
    /// entries with one address are one switch. How many sessions each has is counted among
    /// these and those that come in their places ([`Target::renewed`]).
    #[must_use]
    pub fn start_all(entries: impl IntoIterator<Item = Entry>, locks: &Arc<dyn Coordinator>) -> Vec<Self> {
        Self::start_among(entries, locks, &Seating::default())
    }

    fn start_among(
        entries: impl IntoIterator<Item = Entry>,
        locks: &Arc<dyn Coordinator>,
        seating: &Seating,
    ) -> Vec<Self> {
        let mut switches: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            switches.entry(lock_name(&entry.switch, entry.port)).or_default().push(entry);
        }
        let mut targets = Vec::new();
        for (lock, entries) in switches {
            let most = entries.iter().map(|entry| entry.switch.timing.queue).max().unwrap_or_default();
            let (task, jobs) = Task::begin(most, entries.len(), seating.of(&lock));
            let entries = entries.into_iter().enumerate();
            let both = entries.map(|(index, entry)| Self::of(entry, (lock.clone(), index), &task, locks));
            let (own, owners): (Vec<_>, Vec<_>) = both.unzip();
            targets.extend(own);
            task.spawn(owners, jobs);
        }
        targets
    }

    fn of(entry: Entry, (lock, index): (String, usize), task: &Task, locks: &Arc<dyn Coordinator>) -> (Self, Owner) {
        let Entry { switch, dialect, connector, render, .. } = entry;
        let switch = switch.timed_by(&dialect);
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
        let Timing { max_sessions, connect_timeout, .. } = switch.timing;
        let connector = Seated::new(connector, Arc::clone(&task.seats), max_sessions, connect_timeout);
        let (connector, render): (Arc<dyn Connector>, Arc<dyn Render>) = (Arc::new(connector), render.into());
        let beside = Beside::new(Parts {
            switch: Arc::clone(&switch),
            policy: policy.clone(),
            dialect: Arc::clone(&dialect),
            render: Arc::clone(&render),
            connector: Arc::clone(&connector),
            seats: Arc::clone(&task.seats),
            stop: task.stop.clone(),
            in_turn: task.queue.downgrade(),
        });
        let owner = Owner {
            switch: Arc::clone(&switch),
            policy,
            dialect: Arc::clone(&dialect),
            render,
            locks: Arc::clone(locks),
            lock: lock.clone(),
            link: Link::new(connector, task.stop.clone()),
            last: HashMap::new(),
            took: switch.expected_change(&dialect),
            is_leaving: false,
        };
        (Self { switch, dialect, lock, entry: index, task: task.clone(), beside }, owner)
    }

    /// What its lock is called, the same for every Mercury.
    #[must_use]
    pub fn lock(&self) -> &str {
        &self.lock
    }

    /// Begins nothing more, and undoes what is under way, as after a lost session.
    pub fn stop(&self) {
        self.task.stop.cancel();
    }

    /// Takes no more work, finishes what is queued, and closes the session.
    pub async fn finish(&self) {
        self.task.finish.cancel();
        self.beside.finish().await;
        self.task.ended.cancelled().await;
    }

    /// Puts work into the queue. Once it has begun it is done, whoever may have
    /// gone; what its asker says before that drops it.
    ///
    /// # Errors
    /// [`FaultKind::Busy`] when the queue is full.
    pub fn submit(
        &self,
        work: Work,
        joint: Option<Joint>,
        asker: Asker,
    ) -> Result<oneshot::Receiver<Box<Report>>, Fault> {
        let (report, answer) = oneshot::channel();
        let now = Instant::now();
        let (entry, switch, alone) = (self.entry, Arc::clone(&self.switch), false);
        let Asker { gone, trace, request_id } = asker;
        let (ahead, is_joint) = (&self.task.ahead, joint.is_some());
        let (change, glance) = match &work {
            Work::Apply(intent) => (Some(ahead.changes(Footprint::of_intent(intent))), None),
            Work::Plan(_) | Work::Read(_) if is_joint => (None, None),
            Work::Plan(intent) => (None, ahead.looks(Footprint::of_intent(intent))),
            Work::Read(scope) => (None, ahead.looks(Footprint::of_scope(scope))),
        };
        let job =
            Job { entry, switch, work, joint, queued: now, begun: now, report, alone, gone, trace, request_id, change };
        let job = match glance {
            None => Box::new(job),
            Some(glance) => match self.beside.take(Box::new(job), glance) {
                Ok(()) => return Ok(answer),
                Err(job) => job,
            },
        };
        self.task.queue.try_send(job).map_err(|error| {
            let fault = match error {
                mpsc::error::TrySendError::Full(_) => Fault::new(
                    FaultKind::Busy,
                    format!("{} requests already wait for this switch", self.switch.timing.queue),
                ),
                mpsc::error::TrySendError::Closed(_) => Fault::not_served(),
            };
            fault.at(&self.switch.identity.name)
        })?;
        Ok(answer)
    }
}

/// A switch is known by its address, whatever its entries are called and
/// whichever protocol they use; on loopback by its port as well.
pub(crate) fn lock_name(switch: &Switch, port: u16) -> String {
    let address = address_key(&switch.identity.address);
    let loopback = address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback { format!("{address}_{port}") } else { address }
}

impl Task {
    /// With a queue of so many, for so many entries.
    fn begin(most: usize, entries: usize, seats: Arc<Seats>) -> (Self, mpsc::Receiver<Box<Job>>) {
        let (queue, jobs) = mpsc::channel(most.max(1));
        let (finish, stop, ended) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let (successors, ahead) = (Arc::new(Successors::of(entries)), Arc::default());
        (Self { queue, successors, ahead, seats, finish, stop, ended }, jobs)
    }

    fn spawn(&self, owners: Vec<Owner>, jobs: mpsc::Receiver<Box<Job>>) {
        let owners = owners.into_iter().map(Box::new).enumerate().collect();
        let (most, successors) = (self.queue.max_capacity(), Arc::clone(&self.successors));
        let (backlog, company, seats) = (Backlog::default(), Company::default(), Arc::clone(&self.seats));
        let queue = Queue { owners, backlog, company, most, successors, seats };
        let (ends, finish) = (self.ended.clone().drop_guard(), self.finish.clone());
        tokio::spawn(async move {
            let _ends = ends;
            queue.run(jobs, finish).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{FutureExt as _, future::BoxFuture};
    use mercury_adapter::{Capabilities, ConnectError, ConnectFault, Payload, Session, Unrenderable};
    use mercury_model::{Plan, Scope};

    use super::*;
    use crate::{
        intent::{PortIntent, TargetIntent},
        outcome::Outcome,
    };

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
        let dialects = mercury_adapter::builtin().unwrap().into_iter().collect::<Vec<_>>();
        let dialect = crate::registry::dialect(&switch, &dialects).unwrap();
        let target = Target::start(switch, dialect, Box::<Broken>::default(), Box::<Broken>::default());
        let read = || target.submit(Work::Read(Scope::all()), None, Asker::default()).unwrap();
        assert!(read().await.is_err(), "whoever waits is told");
        let fault = read().await.unwrap().outcome.fault().unwrap();
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Unreachable, "nobody is there"));
        target.finish().await;
    }

    /// Takes a tenth of a second to find nobody.
    struct Slow(Arc<AtomicUsize>);

    impl Connector for Slow {
        fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let error = ConnectError { fault: ConnectFault::Unreachable, message: "nobody is there".to_owned() };
            tokio::time::sleep(std::time::Duration::from_millis(100)).map(|()| Err(error)).boxed()
        }
    }

    fn attach(port: usize, switch: &Arc<Switch>) -> Work {
        let ports = vec![PortIntent::new(format!("Ethernet{port}").parse().unwrap())];
        Work::Apply(TargetIntent { ports, ..TargetIntent::new(switch) })
    }

    /// Each of eight asks again a little after it was answered. All go along with the first of
    /// them, but for the very first commit, which has begun when the others come.
    #[tokio::test(start_paused = true)]
    async fn who_was_answered_together_is_served_together_again() {
        let switch = Arc::new(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        let dialects = mercury_adapter::builtin().unwrap().into_iter().collect::<Vec<_>>();
        let dialect = crate::registry::dialect(&switch, &dialects).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let connector = Box::new(Slow(Arc::clone(&connections)));
        let target = Target::start(Arc::clone(&switch), dialect, connector, Box::<Broken>::default());
        let client = async |port: usize| {
            for turn in 0..20 {
                tokio::time::sleep(std::time::Duration::from_micros(200 * (port as u64 + turn % 3))).await;
                let answer = target.submit(attach(port, &switch), None, Asker::default()).unwrap().await.unwrap();
                assert!(answer.outcome.fault().is_some());
            }
        };
        futures_util::future::join_all((0..8).map(client)).await;
        let connections = connections.load(Ordering::SeqCst);
        assert!((20..=24).contains(&connections), "{connections} commits for 20 requests of each");
        target.finish().await;
    }

    /// Whoever asks through the inventory before may come when its entry is gone, and the
    /// switch has another.
    #[tokio::test]
    async fn what_comes_through_an_entry_that_is_gone_was_not_begun() {
        let dialects = mercury_adapter::builtin().unwrap().into_iter().collect::<Vec<_>>();
        let entry = |name: &str| {
            let switch = Arc::new(Switch::new(name, "192.0.2.1", "openconfig", "mercury"));
            let dialect = crate::registry::dialect(&switch, &dialects).unwrap();
            let (connector, render) = (Box::new(Broken(AtomicUsize::new(1))), Box::<Broken>::default());
            Entry { port: 830, switch, dialect, connector, render }
        };
        let targets = Target::start_all([entry("old"), entry("stays")], &NoLocks::shared());
        let named = |target: Target| (target.switch.identity.name.clone(), Arc::new(target));
        let old: BTreeMap<_, _> = targets.into_iter().map(named).collect();
        let gone = std::iter::once("old".to_owned()).collect();
        let (_, leaving) = Target::renewed(&old, [], &gone, &NoLocks::shared());
        assert!(leaving.is_empty(), "the switch has another entry");
        let read = |name: &str| old[name].submit(Work::Read(Scope::all()), None, Asker::default()).unwrap();
        // When the first is answered, the other's entry has been taken away.
        read("stays").await.unwrap();
        let report = read("old").await.expect("nobody failed");
        assert_eq!(report.switch, "old");
        assert!(matches!(&report.outcome, Outcome::NotStarted(fault) if *fault == Fault::not_served()), "{report:?}");
        old["stays"].finish().await;
    }

    /// There is one for each switch, whether anything is asked of it or not.
    #[test]
    fn a_task_that_waits_for_work_is_small() {
        let (task, jobs) = Task::begin(1, 0, Seating::default().of("small"));
        let (owners, successors) = (BTreeMap::new(), Arc::clone(&task.successors));
        let (backlog, company, seats) = (Backlog::default(), Company::default(), Arc::clone(&task.seats));
        let queue = Queue { owners, backlog, company, most: 1, successors, seats };
        let size = std::mem::size_of_val(&queue.run(jobs, task.finish.clone()));
        assert!(size <= 2048, "{size} octets");
    }

    /// What can be known without asking anybody.
    #[test]
    fn one_address_is_one_switch_however_it_is_written() {
        let name = |(address, port): (&str, u16)| lock_name(&Switch::new("leaf1", address, "openconfig", "m"), port);
        for (one, other) in [
            (("LEAF1.example.", 830), ("leaf1.example", 830)),
            (("fd00:0:0::0002", 830), ("fd00::2", 22)),
            (("::ffff:192.0.2.3", 830), ("192.0.2.3", 830)),
            (("localhost", 830), ("127.0.0.1", 830)),
        ] {
            assert_eq!(name(one), name(other), "{one:?}, {other:?}");
        }
        for (one, other) in [
            (("leaf1.example", 830), ("leaf2.example", 830)),
            (("127.0.0.1", 830), ("127.0.0.1", 831)),
            // Whose address a name is, nobody is asked.
            (("leaf1.example", 830), ("192.0.2.3", 830)),
        ] {
            assert_ne!(name(one), name(other), "{one:?}, {other:?}");
        }
    }
}
