//! An etcd in memory, on the clock of the simulation: leases that run out, keys that hang on
//! them, watches; it takes so many writes a second and can be away.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use mercury::{
    config,
    fault::{Fault, FaultKind},
    lock::etcd::{Asked, Before, Event, Events, Failure, Keys, Made},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    cost::{ETCD_WRITES, HOP},
    life::Life,
};

/// So often it looks for leases that have run out, as etcd does.
const LOOKS: Duration = Duration::from_millis(500);

/// See the module.
pub(crate) struct Etcd {
    settings: config::Etcd,
    state: Mutex<State>,
}

struct State {
    revision: i64,
    keys: BTreeMap<String, Key>,
    leases: BTreeMap<i64, Lease>,
    watchers: Vec<Watcher>,
    leaving: BTreeMap<String, Vec<oneshot::Sender<()>>>,
    /// What became of the members, for those who follow from a while ago.
    history: Vec<(i64, Arc<Vec<Event>>)>,
    /// Until when it has enough to do.
    busy_until: Instant,
    is_away: bool,
    writes: u64,
    /// The longest that a write waited for those before it.
    longest: Duration,
}

struct Key {
    value: String,
    made: i64,
    lease: i64,
}

struct Lease {
    life: Duration,
    until: Instant,
    keys: BTreeSet<String>,
}

struct Watcher {
    keys: String,
    tell: mpsc::UnboundedSender<(Instant, Arc<Vec<Event>>)>,
}

impl Etcd {
    pub(crate) fn new() -> Arc<Self> {
        let state = State {
            revision: 1,
            keys: BTreeMap::new(),
            leases: BTreeMap::new(),
            watchers: Vec::new(),
            leaving: BTreeMap::new(),
            history: Vec::new(),
            busy_until: Instant::now(),
            is_away: false,
            writes: 0,
            longest: Duration::ZERO,
        };
        let own = Arc::new(Self { settings: config::Etcd::at(Vec::new()), state: Mutex::new(state) });
        let ends = Arc::downgrade(&own);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOKS).await;
                let Some(own) = ends.upgrade() else { return };
                own.state().end_leases();
            }
        });
        own
    }

    /// How one process asks it.
    pub(crate) fn of(self: &Arc<Self>, life: &Arc<Life>) -> Arc<dyn Keys> {
        Arc::new(Client { etcd: Arc::clone(self), life: Arc::clone(life) })
    }

    /// Nobody reaches it, or everybody does again; leases run out meanwhile.
    pub(crate) fn is_away(&self, is_away: bool) {
        let mut state = self.state();
        state.is_away = is_away;
        // Whoever follows changes is not told that the connection is gone.
        if !is_away {
            state.watchers.clear();
        }
    }

    /// How many writes there were, and how long one waited for those before it at most.
    pub(crate) fn writes(&self) -> (u64, Duration) {
        let state = self.state();
        (state.writes, state.longest)
    }

    /// What hangs on leases that have not run out, by key.
    pub(crate) fn held(&self, keys: &str) -> usize {
        self.state().keys.range(keys.to_owned()..).take_while(|(key, _)| key.starts_with(keys)).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn end_leases(&mut self) {
        let now = Instant::now();
        let over: Vec<i64> = self.leases.iter().filter(|(_, lease)| lease.until <= now).map(|(id, _)| *id).collect();
        for lease in over {
            self.end(lease);
        }
    }

    /// Says whether there was such a lease.
    fn end(&mut self, lease: i64) -> bool {
        let Some(ended) = self.leases.remove(&lease) else { return false };
        let changes: Vec<Event> = ended.keys.into_iter().filter_map(|key| self.removed(key)).collect();
        self.tell(changes);
        true
    }

    fn removed(&mut self, key: String) -> Option<Event> {
        self.keys.remove(&key)?;
        for tell in self.leaving.remove(&key).into_iter().flatten() {
            let _not_waited_for = tell.send(());
        }
        Some(Event::Deleted(key))
    }

    fn put(&mut self, key: &str, value: String, lease: i64) -> Result<(), Failure> {
        let hangs = self.leases.get_mut(&lease).ok_or_else(Failure::gone)?;
        hangs.keys.insert(key.to_owned());
        let made = self.keys.get(key).map_or(self.revision + 1, |there| there.made);
        self.keys.insert(key.to_owned(), Key { value: value.clone(), made, lease });
        self.tell(vec![Event::Put(key.to_owned(), value)]);
        Ok(())
    }

    fn tell(&mut self, changes: Vec<Event>) {
        self.revision += 1;
        let Some(Event::Put(first, _) | Event::Deleted(first)) = changes.first() else { return };
        // Nobody follows locks; the last to go is waited for alone.
        if !first.contains("/.fleet/") {
            return;
        }
        let (first, changes) = (first.clone(), Arc::new(changes));
        self.history.push((self.revision, Arc::clone(&changes)));
        if self.is_away {
            return;
        }
        let at = Instant::now() + HOP;
        self.watchers.retain(|watcher| {
            !first.starts_with(&watcher.keys) || watcher.tell.send((at, Arc::clone(&changes))).is_ok()
        });
    }

    /// The keys of a queue in the order in which they were made.
    fn oldest<'a>(&'a self, queue: &'a str) -> Option<(&'a String, &'a Key)> {
        self.below(queue).min_by_key(|(_, key)| key.made)
    }

    fn below<'a>(&'a self, queue: &'a str) -> impl Iterator<Item = (&'a String, &'a Key)> {
        self.keys.range(queue.to_owned()..).take_while(move |(key, _)| key.starts_with(queue))
    }
}

/// One process that asks.
struct Client {
    etcd: Arc<Etcd>,
    life: Arc<Life>,
}

impl Client {
    /// Asks for a write or for a read; what is asked for too late for whoever waits is done all
    /// the same.
    fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        is_write: bool,
        question: impl FnOnce(&mut State) -> Result<T, Failure> + Send + 'static,
    ) -> Asked<'static, T> {
        let (etcd, life) = (Arc::clone(&self.etcd), Arc::clone(&self.life));
        async move {
            life.live_on().await;
            let asked = Instant::now();
            let done = {
                let mut state = etcd.state();
                if is_write && !state.is_away {
                    state.writes += 1;
                    state.busy_until = state.busy_until.max(asked) + Duration::from_secs(1) / ETCD_WRITES;
                    state.longest = state.longest.max(state.busy_until.duration_since(asked));
                }
                if state.is_away { None } else { Some(state.busy_until.max(asked) + 2 * HOP) }
            };
            match done {
                Some(done) if done <= asked + limit => {
                    tokio::time::sleep_until(done).await;
                    let answer = question(&mut etcd.state());
                    life.live_on().await;
                    answer
                }
                done => {
                    tokio::time::sleep(limit).await;
                    if let Some(done) = done {
                        tokio::spawn(async move {
                            tokio::time::sleep_until(done).await;
                            drop(question(&mut etcd.state()));
                        });
                    }
                    life.live_on().await;
                    let message = format!("etcd: no answer within {} ms", limit.as_millis());
                    Err(Fault::new(FaultKind::Coordinator, message).into())
                }
            }
        }
        .boxed()
    }

    fn limit(&self) -> Duration {
        self.etcd.settings.timeout
    }
}

impl Keys for Client {
    fn settings(&self) -> &config::Etcd {
        &self.etcd.settings
    }

    fn grant(&self, lease: i64, seconds: i64) -> Asked<'_, Duration> {
        self.ask(self.limit(), true, move |state| {
            let life = Duration::from_secs(u64::try_from(seconds).unwrap());
            state.leases.insert(lease, Lease { life, until: Instant::now() + life, keys: BTreeSet::new() });
            Ok(life)
        })
    }

    fn keep_alive(&self, lease: i64, limit: Duration) -> Asked<'_, ()> {
        // etcd writes no renewal to its log.
        self.ask(limit, false, move |state| {
            let lease = state.leases.get_mut(&lease).ok_or_else(Failure::gone)?;
            lease.until = Instant::now() + lease.life;
            Ok(())
        })
    }

    fn revoke(&self, lease: i64) -> Asked<'_, ()> {
        self.ask(self.limit(), true, move |state| if state.end(lease) { Ok(()) } else { Err(Failure::gone()) })
    }

    fn make<'a>(&'a self, key: &'a str, value: String, lease: i64, queue: &'a str) -> Asked<'a, Option<Made>> {
        let (key, queue) = (key.to_owned(), queue.to_owned());
        self.ask(self.limit(), true, move |state| {
            if state.keys.contains_key(&key) {
                return Ok(None);
            }
            state.put(&key, value, lease)?;
            let oldest = state.oldest(&queue).map(|(key, _)| key.clone());
            Ok(Some(Made { revision: state.revision, oldest }))
        })
    }

    fn put<'a>(&'a self, key: &'a str, value: String, lease: i64) -> Asked<'a, ()> {
        let key = key.to_owned();
        self.ask(self.limit(), true, move |state| state.put(&key, value, lease))
    }

    fn delete<'a>(&'a self, key: &'a str) -> Asked<'a, ()> {
        let key = key.to_owned();
        self.ask(self.limit(), true, move |state| {
            let hangs = state.keys.get(&key).map(|there| there.lease);
            if let Some(lease) = hangs.and_then(|lease| state.leases.get_mut(&lease)) {
                lease.keys.remove(&key);
            }
            let changes = state.removed(key).into_iter().collect();
            state.tell(changes);
            Ok(())
        })
    }

    fn before<'a>(&'a self, key: &'a str, made: i64, queue: &'a str) -> Asked<'a, Option<Before>> {
        let (key, queue) = (key.to_owned(), queue.to_owned());
        self.ask(self.limit(), false, move |state| {
            if state.keys.get(&key).is_none_or(|there| there.made != made) {
                return Ok(None);
            }
            let before = state.below(&queue).filter(|(_, key)| key.made < made);
            let newest = before.max_by_key(|(_, key)| key.made).map(|(key, _)| key.clone());
            let oldest = state.oldest(&queue).map_or_else(String::new, |(_, key)| key.value.clone());
            Ok(Some(Before { newest, oldest, revision: state.revision }))
        })
    }

    fn all<'a>(&'a self, keys: &'a str) -> Asked<'a, (Vec<(String, String)>, i64)> {
        let keys = keys.to_owned();
        self.ask(self.limit(), false, move |state| {
            let pairs = state.below(&keys).map(|(key, there)| (key.clone(), there.value.clone()));
            Ok((pairs.collect(), state.revision))
        })
    }

    fn changes<'a>(&'a self, keys: &'a str, from: i64) -> Asked<'a, Events> {
        let keys = keys.to_owned();
        self.ask(self.limit(), false, move |state| {
            let (tell, told) = mpsc::unbounded_channel();
            let since = state.history.iter().filter(|(revision, _)| *revision >= from);
            since.for_each(|(_, changes)| drop(tell.send((Instant::now(), Arc::clone(changes)))));
            state.watchers.push(Watcher { keys, tell });
            let next = |mut told: mpsc::UnboundedReceiver<(Instant, Arc<Vec<Event>>)>| async move {
                let (at, changes) = told.recv().await?;
                tokio::time::sleep_until(at).await;
                Some((Ok(changes.to_vec()), told))
            };
            Ok(stream::unfold(told, next).boxed())
        })
    }

    fn left<'a>(&'a self, key: &'a str, _: i64) -> BoxFuture<'a, ()> {
        let (tell, told) = oneshot::channel();
        let mut state = self.etcd.state();
        match state.keys.contains_key(key) {
            true => state.leaving.entry(key.to_owned()).or_default().push(tell),
            false => {
                let _is_waited_for = tell.send(());
            }
        }
        drop(state);
        async move {
            if told.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(HOP).await;
        }
        .boxed()
    }
}
