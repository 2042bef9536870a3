//! One Mercury of many: the real service, fleet, locks and presence of a process, without its
//! sockets.
//!
//! A process knows every switch of the provider. So that 200 of them have room in one, the
//! service of each is made of parts, one for the switches of a rack, when something is asked of
//! that rack first; what all parts of a process share is counted here.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode},
};
use futures_util::{FutureExt as _, future::BoxFuture, future::join_all};
use mercury::{
    config::Limits,
    fleet::{Answer, Courier, Fleet, MARGIN, Served, Unanswered, presence::Presence, view::Subject},
    inventory::Inventory,
    lock::{Coordinator, EtcdLocks},
    rpc::{Answered, Front, error_json},
    service::{Current, Requester, Service},
    target::{Entry, Target},
};
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    cost::{self, HOP},
    kind::Spoken,
    life::Life,
    switch::{Reaches, Renders},
    world::World,
};

/// The rack and the lock that a request is about, which real ones find in its parameters.
const RACK: &str = "x-rack";
const LOCK: &str = "x-lock";

/// The sessions of a process, by what they cost.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    netconf: AtomicU32,
    gnmi: AtomicU32,
    most: AtomicU32,
    /// The most memory that they took, in KiB.
    most_kib: AtomicU64,
    opened: AtomicU32,
}

/// A session, as long as it is there.
pub(crate) struct Counted(Arc<Sessions>, Spoken);

impl Sessions {
    pub(crate) fn opened(self: &Arc<Self>, spoken: Spoken) -> Counted {
        let own = if spoken == Spoken::Gnmi { &self.gnmi } else { &self.netconf };
        own.fetch_add(1, Relaxed);
        self.opened.fetch_add(1, Relaxed);
        let (netconf, gnmi) = (self.netconf.load(Relaxed), self.gnmi.load(Relaxed));
        self.most.fetch_max(netconf + gnmi, Relaxed);
        self.most_kib.fetch_max(u64::from(netconf) * 85 + u64::from(gnmi) * 46, Relaxed);
        Counted(Arc::clone(self), spoken)
    }

    pub(crate) fn most(&self) -> u32 {
        self.most.load(Relaxed)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let own = if self.1 == Spoken::Gnmi { &self.0.gnmi } else { &self.0.netconf };
        own.fetch_sub(1, Relaxed);
    }
}

/// What is counted of a process.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) handed_over: AtomicU64,
    pub(crate) taken_back: AtomicU64,
    in_flight: AtomicU32,
    pub(crate) most_in_flight: AtomicU32,
    /// Requests too many, which were refused.
    pub(crate) refused: AtomicU64,
}

/// One run of a process; another of the same name may follow.
pub(crate) struct Mercury {
    pub(crate) name: String,
    world: Arc<World>,
    pub(crate) life: Arc<Life>,
    fleet: Arc<Fleet>,
    locks: Arc<dyn Coordinator>,
    parts: Mutex<HashMap<u32, Part>>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) counts: Counts,
    limits: Limits,
    leaving: CancellationToken,
    gone: CancellationToken,
    presence: Mutex<Option<JoinHandle<()>>>,
    /// Whether it takes requests.
    is_up: watch::Sender<bool>,
}

/// The part of the service for the switches of a rack.
#[derive(Clone)]
struct Part {
    front: Front,
    service: Arc<Current>,
}

impl Mercury {
    pub(crate) fn start(world: &Arc<World>, name: &str) -> Arc<Self> {
        let life = Arc::new(Life::new());
        let etcd = world.etcd.of(&life);
        let presence = Presence::over(Arc::clone(&etcd), name, name);
        let limits = Limits::default();
        let courier = Box::new(Couriers { world: Arc::clone(world) });
        let fleet =
            Fleet::over(name, courier, presence.view(), Duration::from_secs(20), limits.request_timeout + MARGIN);
        let (leaving, gone) = (CancellationToken::new(), CancellationToken::new());
        let (_, called) = watch::channel(std::collections::BTreeSet::new());
        let presence = tokio::spawn(presence.keep(called, leaving.clone(), gone.clone()));
        Arc::new(Self {
            name: name.to_owned(),
            world: Arc::clone(world),
            life,
            fleet,
            locks: Arc::new(EtcdLocks::over(etcd)),
            parts: Mutex::default(),
            sessions: Arc::default(),
            counts: Counts::default(),
            limits,
            leaving,
            gone,
            presence: Mutex::new(Some(presence)),
            is_up: watch::Sender::new(true),
        })
    }

    pub(crate) fn is_up(&self) -> bool {
        *self.is_up.borrow()
    }

    /// It is asked to end, as by SIGTERM: it says so to the others, finishes what has begun,
    /// undoes what takes too long, and is gone.
    pub(crate) async fn terminate(&self) {
        self.leaving.cancel();
        let end = Instant::now() + self.limits.stop_timeout / 2;
        self.is_up.send_replace(false);
        let parts: Vec<Part> = self.parts.lock().unwrap().values().cloned().collect();
        let services: Vec<Arc<Service>> = parts.iter().map(|part| part.service.service()).collect();
        let finished = join_all(services.iter().map(|service| service.finish()));
        if tokio::time::timeout_at(end, finished).await.is_err() {
            services.iter().for_each(|service| service.stop());
            let undone = join_all(services.iter().map(|service| service.finish()));
            let rest = self.limits.stop_timeout - self.limits.stop_timeout / 2;
            let _in_time = tokio::time::timeout(rest, undone).await;
            parts.iter().for_each(|part| part.front.end());
        }
        self.gone.cancel();
        let presence = self.presence.lock().unwrap().take();
        futures_util::join!(self.locks.finish(), async {
            if let Some(presence) = presence {
                presence.await.unwrap();
            }
        });
        // Whoever is answered last is answered before this.
        tokio::time::sleep(HOP).await;
        self.end();
    }

    /// It is killed, or has ended.
    pub(crate) fn end(&self) {
        self.is_up.send_replace(false);
        self.life.end();
        self.parts.lock().unwrap().clear();
    }

    /// A request of a caller's, for the switches of a rack, of which the first by its lock is
    /// named.
    pub(crate) async fn asked(&self, rack: u32, lock: &str, body: &Bytes) -> Bytes {
        self.life.works(cost::HANDED_OVER).await;
        let mut headers = HeaderMap::new();
        headers.insert(RACK, HeaderValue::from(rack));
        headers.insert(LOCK, HeaderValue::try_from(lock).unwrap());
        let subjects = [Subject { lock, calls_home: false }];
        let until = Instant::now() + self.limits.request_timeout + MARGIN;
        match self.fleet.elsewhere(&subjects, "/", headers, body.clone(), until).await {
            Served::Elsewhere(answer) => {
                self.counts.handed_over.fetch_add(1, Relaxed);
                answer.body
            }
            Served::Here { begun } => {
                self.counts.taken_back.fetch_add(begun.into(), Relaxed);
                self.serve(rack, lock, body, begun).await
            }
        }
    }

    /// A request that is served here.
    async fn serve(&self, rack: u32, lock: &str, body: &Bytes, begun_elsewhere: bool) -> Bytes {
        self.world.served(lock, &self.name);
        let in_flight = self.counts.in_flight.fetch_add(1, Relaxed) + 1;
        let _until_answered = Leaves(&self.counts.in_flight);
        self.counts.most_in_flight.fetch_max(in_flight, Relaxed);
        if usize::try_from(in_flight).unwrap() > self.limits.max_in_flight {
            self.counts.refused.fetch_add(1, Relaxed);
            let fault = mercury::fault::Fault::new(mercury::fault::FaultKind::Busy, "too many requests are under way");
            return serde_json::json!({"error": error_json(&fault)}).to_string().into();
        }
        self.life.works(self.world.estate.kind(rack).call()).await;
        let part = self.part(rack);
        let who = Requester { caller: "ironic".to_owned(), begun_elsewhere, ..Requester::default() };
        match part.front.answer(body, who).await {
            Answered::Response(text) => text.into(),
            Answered::Nothing => Bytes::new(),
        }
    }

    fn part(&self, rack: u32) -> Part {
        let mut parts = self.parts.lock().unwrap();
        parts.entry(rack).or_insert_with(|| self.begun(rack)).clone()
    }

    fn begun(&self, rack: u32) -> Part {
        let (estate, kind) = (&self.world.estate, self.world.estate.kind(rack));
        let numbers = estate.switches(rack);
        let inventory = Inventory::from_iter(numbers.map(|number| estate.entry(number)));
        let entries: Vec<Entry> = inventory
            .iter()
            .zip(numbers)
            .map(|(switch, number)| Entry {
                switch: Arc::clone(switch),
                port: switch.port(),
                dialect: Arc::clone(&kind.dialect),
                connector: Box::new(Reaches {
                    switch: self.world.switch(number),
                    life: Arc::clone(&self.life),
                    sessions: Arc::clone(&self.sessions),
                    patience: switch.timing.connect_timeout,
                }),
                render: Box::new(Renders(Arc::clone(kind))),
            })
            .collect();
        let targets = Target::start_all(entries, &self.locks);
        let service = Current::new(Service::over(inventory, targets).sharing(self.limits.per_switch()));
        Part { front: Front::new(Arc::clone(&service), &self.limits).unwrap(), service }
    }

    /// The most memory that it took, in KiB, by what was measured of real ones.
    pub(crate) fn kib(&self) -> u64 {
        let in_flight = u64::from(self.counts.most_in_flight.load(Relaxed));
        let entries = u64::from(self.world.estate.len());
        cost::STARTED_KIB
            + entries * cost::ENTRY_KIB
            + self.sessions.most_kib.load(Relaxed)
            + in_flight * cost::CALL_KIB
    }
}

struct Leaves<'a>(&'a AtomicU32);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Carries requests from one process to another.
struct Couriers {
    world: Arc<World>,
}

impl Courier for Couriers {
    fn ask<'a>(
        &'a self,
        address: &'a str,
        _: &'static str,
        headers: HeaderMap,
        body: Bytes,
    ) -> BoxFuture<'a, Result<Answer, Unanswered>> {
        async move {
            tokio::time::sleep(HOP).await;
            let Some(member) = self.world.mercury(address).filter(|member| member.is_up()) else {
                return Err(Unanswered::NotTaken("the connection was refused".to_owned()));
            };
            let text = |name: &str| headers[name].to_str().unwrap();
            let (rack, lock) = (text(RACK).parse().unwrap(), text(LOCK));
            let body = tokio::select! {
                biased;
                body = member.serve(rack, lock, &body, false) => body,
                () = member.life.over() => return Err(Unanswered::Lost("the connection ended".to_owned())),
            };
            tokio::time::sleep(HOP).await;
            Ok(Answer { status: StatusCode::OK, headers: HeaderMap::new(), body })
        }
        .boxed()
    }
}
