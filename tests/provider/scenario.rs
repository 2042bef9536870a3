//! What happens to a provider, and what came of it.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use mercury_model::SwitchedVlan;
use tokio::time::Instant;

use crate::{
    cost,
    kind::{self, PROVISIONING},
    load::Load,
    tally::{Record, Tally},
    world::{Estate, World},
};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) seed: u64,
    /// Racks of the provider, of which the load is for some.
    pub(crate) racks: u32,
    pub(crate) mercurys: u32,
    /// Of a thousand switches, how many hang.
    pub(crate) hanging: u32,
    /// Every switch is of this kind; or each as it is drawn.
    pub(crate) only: Option<usize>,
    /// How long every commit takes; or each as its kind's.
    pub(crate) commit: Option<Duration>,
    /// Whether each switch of the load has been changed before.
    pub(crate) used: bool,
    pub(crate) load: Load,
    pub(crate) happens: Happens,
}

/// What goes on beside the orders.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happens {
    Nothing,
    /// From then on, so many Mercurys at a time are ended and are there again after so long.
    Upgrade {
        at: Duration,
        at_a_time: u32,
        down: Duration,
    },
    /// etcd is away from then on, for so long.
    Away {
        at: Duration,
        time: Duration,
    },
    /// So many Mercurys are killed then, and are there again after so long.
    Killed {
        at: Duration,
        count: u32,
        down: Duration,
    },
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) touched: usize,
    /// Of switches that do not hang.
    pub(crate) commits: u64,
    pub(crate) most_commits: u32,
    pub(crate) most_logins: u32,
    pub(crate) sessions_at_a_switch: u32,
    pub(crate) healthy: u64,
    /// Of one Mercury.
    pub(crate) sessions: u32,
    pub(crate) in_flight: u32,
    pub(crate) mib: u64,
    /// Of the busiest second, in percent of its processors.
    pub(crate) busy: u32,
    pub(crate) writes: u64,
    pub(crate) write_waited: Duration,
    pub(crate) handed_over: u64,
    pub(crate) taken_back: u64,
    /// What should not be.
    pub(crate) violations: Vec<String>,
}

/// The most of what was seen in one second.
#[derive(Debug, Default)]
struct Peaks {
    busy: u32,
    writes: u64,
}

impl Scenario {
    /// Runs it; the clock stands still while anything can be done.
    pub(crate) fn run(&self) -> Outcome {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.play())
    }

    async fn play(&self) -> Outcome {
        let mut kinds = kind::all(self.commit);
        if let Some(only) = self.only {
            kinds = vec![Arc::new(kind::Kind { share: 100, ..Arc::into_inner(kinds.remove(only)).unwrap() })];
        }
        let estate = Estate { seed: self.seed, kinds, racks: self.racks, hanging: self.hanging };
        let world = World::new(estate);
        for number in 0..self.mercurys {
            world.start(&World::mercury_name(number));
        }
        while world.members() < usize::try_from(self.mercurys).unwrap() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Until all have heard of all.
        tokio::time::sleep(Duration::from_secs(20)).await;
        if self.used {
            self.load.before().run(&world, self.mercurys, &Arc::default()).await;
        }
        let (tally, peaks) = (Arc::default(), Arc::default());
        let sampled = tokio::spawn(sample(Arc::clone(&world), Arc::clone(&peaks)));
        let happens = tokio::spawn(happen(Arc::clone(&world), self.happens, self.mercurys));
        self.load.run(&world, self.mercurys, &tally).await;
        happens.await.unwrap();
        sampled.abort();
        // What is not confirmed is undone, leases run out, what hangs is given up.
        tokio::time::sleep(Duration::from_secs(400)).await;
        let tally = std::mem::take(&mut *tally.lock().unwrap());
        self.told(&world, tally, &peaks)
    }

    fn told(&self, world: &Arc<World>, tally: Tally, peaks: &Mutex<Peaks>) -> Outcome {
        let peaks = std::mem::take(&mut *peaks.lock().unwrap());
        let (_, write_waited) = world.etcd.writes();
        let mut told = Outcome {
            busy: peaks.busy,
            writes: peaks.writes,
            write_waited,
            violations: world.astray(),
            ..Outcome::default()
        };
        for mercury in world.mercurys() {
            told.sessions = told.sessions.max(mercury.sessions.most());
            told.in_flight = told.in_flight.max(mercury.counts.most_in_flight.load(Relaxed));
            told.mib = told.mib.max(mercury.kib() >> 10);
            told.handed_over += mercury.counts.handed_over.load(Relaxed);
            told.taken_back += mercury.counts.taken_back.load(Relaxed);
        }
        for (number, switch) in world.touched() {
            told.touched += 1;
            let counts = switch.counts();
            told.sessions_at_a_switch = told.sessions_at_a_switch.max(counts.most_sessions);
            told.most_logins = told.most_logins.max(counts.logins);
            if let Some(what) = switch.left_behind() {
                told.violations.push(format!("{what} is left on {}", Estate::name(number)));
            }
            if switch.hangs.is_none() {
                told.healthy += 1;
                told.commits += u64::from(counts.commits);
                told.most_commits = told.most_commits.max(counts.commits);
            }
        }
        let locks = world.etcd.held("/mercury/locks/") - world.etcd.held("/mercury/locks/.fleet/");
        if locks > 0 {
            told.violations.push(format!("{locks} locks are held for ever"));
        }
        if tally.records.len() != self.load.attaches() {
            let missing = self.load.attaches() - tally.records.len();
            let failed = tally.records.iter().filter(|record| record.outcome != "ok").count();
            if missing > failed {
                told.violations.push(format!("{missing} requests had no answer"));
            }
        }
        told.violations.extend(untrue(world, &tally));
        told.tally = tally;
        told
    }
}

/// Answers that are not what the switches have.
fn untrue(world: &World, tally: &Tally) -> Vec<String> {
    let vlan = SwitchedVlan::access(PROVISIONING.try_into().unwrap());
    let is_untrue = |record: &&Record| {
        let port = world.switch(record.switch).port(&record.port);
        let is_made = port.is_some_and(|port| {
            port.switched_vlan.as_ref() == Some(&vlan)
                && port.description.is_some_and(|text| text.as_str() == record.text)
        });
        match record.outcome.as_str() {
            "ok" => !is_made,
            // It was begun, and the answer says that nobody knows.
            "unknown" | "connection" => false,
            _ => is_made && record.repeats == 0,
        }
    };
    let told = tally.records.iter().filter(is_untrue).take(10);
    let told = told.map(|record| {
        let Record { outcome, port, switch, at, took, kind, .. } = record;
        format!(
            "{outcome} was told of {port} on switch {switch} of kind {kind}, {at:?} from the first order on, {took:?}"
        )
    });
    told.collect()
}

/// Looks every second at what was done since.
async fn sample(world: Arc<World>, peaks: Arc<Mutex<Peaks>>) {
    let (mut writes, mut worked) = (world.etcd.writes().0, Vec::new());
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (now, work) = (world.etcd.writes().0, world.mercurys());
        let work: Vec<_> = work.iter().map(|mercury| mercury.life.worked()).collect();
        let mut peaks = peaks.lock().unwrap();
        peaks.writes = peaks.writes.max(now - writes);
        for (done, begun) in &work {
            let before = worked.iter().find(|(_, since)| since == begun).map_or(Duration::ZERO, |(done, _)| *done);
            let percent = (*done - before.min(*done)).as_micros() / 10_000 / u128::from(cost::CORES);
            peaks.busy = peaks.busy.max(u32::try_from(percent).unwrap());
        }
        (writes, worked) = (now, work);
    }
}

async fn happen(world: Arc<World>, happens: Happens, mercurys: u32) {
    let begun = Instant::now();
    match happens {
        Happens::Nothing => {}
        Happens::Away { at, time } => {
            tokio::time::sleep_until(begun + at).await;
            world.etcd.is_away(true);
            tokio::time::sleep(time).await;
            world.etcd.is_away(false);
        }
        Happens::Killed { at, count, down } => {
            tokio::time::sleep_until(begun + at).await;
            let killed: Vec<_> = (0..count).filter_map(|number| world.mercury(&World::mercury_name(number))).collect();
            killed.iter().for_each(|mercury| mercury.end());
            world.nobody_knows(down);
            tokio::time::sleep(down).await;
            killed.iter().for_each(|mercury| world.start(&mercury.name));
            // Its name is free when its lease has run out.
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
        Happens::Upgrade { at, at_a_time, down } => {
            tokio::time::sleep_until(begun + at).await;
            let names: Vec<u32> = (0..mercurys).collect();
            for some in names.chunks(usize::try_from(at_a_time).unwrap()) {
                let ending = some.iter().map(|number| {
                    let (world, name) = (Arc::clone(&world), World::mercury_name(*number));
                    async move {
                        if let Some(mercury) = world.mercury(&name) {
                            mercury.terminate().await;
                        }
                        tokio::time::sleep(down).await;
                        world.start(&name);
                    }
                });
                futures_util::future::join_all(ending).await;
                // Until it is a member, and all have heard of it.
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}
