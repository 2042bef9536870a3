//! Every way that a change can take: from every kind of switch, through
//! everything that it may answer, to every end.

mod answers;
mod place;
mod switch;
mod told;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    ops::AddAssign,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use mercury_adapter::{Capabilities, ConfirmedCommit, Datastore, Payload, PersistId, Render, Unrenderable};
use mercury_model::{DeviceConfig, Intended, Plan, Running, Scope, Vlan, VlanId, VlanStatus};

use super::{
    Policy, Transition,
    command::Next,
    machine::{Commit, Reached, Word, names::STATES},
};
use crate::{inventory, lock::NoLocks};
use place::Place;
use switch::Has;

/// How many things may go wrong on one way; 3 take ten times as long.
const TROUBLES: usize = 2;

/// A kind of switch, and how it is asked to be changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    candidate: bool,
    confirmed: Option<ConfirmedCommit>,
    /// The entry wants a confirmed commit to end with its session.
    session: bool,
    lock: bool,
    atomic: bool,
    pipelining: bool,
    /// Running is to be copied to startup.
    startup: bool,
    alone: bool,
}

impl Kind {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        let confirmed = [
            None,
            Some(ConfirmedCommit::SameSession),
            Some(ConfirmedCommit::Persist),
            Some(ConfirmedCommit::AnyCommit),
        ];
        let stores = [(false, None, false)].into_iter().chain(confirmed.map(|confirmed| (true, confirmed, false)));
        let stores = stores.chain([(true, Some(ConfirmedCommit::Persist), true)]);
        for (candidate, confirmed, session) in stores {
            for bits in 0..32 {
                let is = |bit: u32| bits & (1 << bit) != 0;
                let (lock, atomic, pipelining, startup, alone) = (is(0), is(1), is(2), is(3), is(4));
                all.push(Self { candidate, confirmed, session, lock, atomic, pipelining, startup, alone });
            }
        }
        all
    }

    /// Whoever commits confirms what waits.
    fn any_commit(self) -> bool {
        self.confirmed == Some(ConfirmedCommit::AnyCommit)
    }

    fn capabilities(self) -> Capabilities {
        Capabilities {
            datastore: if self.candidate { Datastore::Candidate } else { Datastore::Running },
            confirmed_commit: self.confirmed,
            atomic_edit: self.atomic,
            lock: self.lock,
            lists_sessions: self.lock,
            startup: self.startup,
            pipelining: self.pipelining,
            ..Capabilities::unknown()
        }
    }
}

fn policy(kind: Kind) -> Policy {
    Policy {
        lock_wait: Duration::from_millis(30),
        discard_foreign: false,
        reply_timeout: Duration::from_secs(1),
        commit_timeout: Duration::from_secs(1),
        confirm_timeout: Duration::from_millis(300),
        confirmed: match kind.session {
            true => inventory::ConfirmedCommit::Session,
            false => inventory::ConfirmedCommit::Auto,
        },
        persist: true,
        recovery: Duration::from_millis(100),
        settle: Duration::from_millis(60),
    }
}

/// What is sent makes the switch have this.
pub(super) struct Body(Has);

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Only the way back is rendered.
struct Back;

impl Render for Back {
    fn render(&self, _: &Plan, _: &Capabilities) -> Result<Payload, Unrenderable> {
        Ok(Payload::new(Body(Has::Before)))
    }
}

impl Has {
    fn config(self) -> DeviceConfig {
        let ids: &[u16] = match self {
            Self::Before => &[],
            Self::Half => &[10],
            Self::Intended => &[10, 20],
            Self::Others => &[10, 20, 30],
        };
        let vlans = ids
            .iter()
            .map(|id| VlanId::try_from(*id).unwrap())
            .map(|id| (id, Vlan { id, name: None, status: VlanStatus::Active }));
        DeviceConfig { vlans: vlans.collect(), ..DeviceConfig::default() }
    }

    fn read(self) -> Running {
        let mut scope = Scope::default();
        [10u16, 20, 30].into_iter().for_each(|id| scope.add_vlan(id.try_into().unwrap()));
        Running::new(&self.config(), scope)
    }
}

fn transition() -> Transition<'static> {
    Transition {
        before: Has::Before.read(),
        intended: Intended(Has::Intended.config()),
        payload: Payload::new(Body(Has::Intended)),
        render: &Back,
        lock: &NoLocks,
        recalled: false,
        disables_leavers: false,
    }
}

/// What a walk has seen.
#[derive(Default)]
struct Seen {
    places: usize,
    turns: usize,
    longest: usize,
    states: BTreeSet<&'static str>,
    lock_states: BTreeSet<&'static str>,
    ends: BTreeMap<&'static str, usize>,
}

impl Seen {
    fn place(&mut self, place: &Place<'_>, steps: usize) {
        self.places += 1;
        self.longest = self.longest.max(steps);
        self.states.insert(place.commit.state());
        self.lock_states.extend(place.commit.lock_state());
        if let Next::End(Reached::Over(outcome)) = &place.next {
            *self.ends.entry(outcome.name()).or_default() += 1;
        }
    }
}

impl AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.places += other.places;
        self.turns += other.turns;
        self.longest = self.longest.max(other.longest);
        self.states.extend(other.states);
        self.lock_states.extend(other.lock_states);
        other.ends.into_iter().for_each(|(end, count)| *self.ends.entry(end).or_default() += count);
    }
}

/// A part of the way that is being gone, and the ways on from its end that were
/// not gone yet.
struct Leg<'a> {
    key: u64,
    told: String,
    ahead: Vec<(String, Place<'a>)>,
}

/// Walks from the beginning to every end, through each place once.
fn walk(kind: Kind) -> Seen {
    let (transition, policy) = (transition(), policy(kind));
    let commit = Commit::new(&transition, &policy, kind.alone, Some(kind.capabilities()));
    let start = Place::of(commit, kind, TROUBLES).hears(Word::Make(PersistId(Arc::from("token"))));
    let mut seen = Seen::default();
    // Of each place that was come to, whether all ways from it were gone.
    let mut gone: HashMap<u64, bool> = HashMap::new();
    let mut way = vec![Leg { key: 0, told: "make".to_owned(), ahead: vec![(String::new(), start)] }];
    while let Some(leg) = way.last_mut() {
        let Some((told, place)) = leg.ahead.pop() else {
            gone.insert(leg.key, true);
            way.pop();
            continue;
        };
        seen.turns += 1;
        let key = place.key();
        let known = gone.insert(key, false);
        if known == Some(true) {
            gone.insert(key, true);
            continue;
        }
        let ahead = catch_unwind(AssertUnwindSafe(|| {
            assert!(known.is_none(), "a circle: this way has no end");
            place.agrees(kind);
            place.onward(kind)
        }));
        let ahead = ahead.unwrap_or_else(|panic| {
            way.iter().for_each(|leg| eprintln!("{}", leg.told));
            eprintln!("{told}\n{kind:?}\n{:?}\n{:?}\n{:?}", place.switch, place.next, place.commit);
            resume_unwind(panic)
        });
        seen.place(&place, way.len());
        way.push(Leg { key, told, ahead });
    }
    seen
}

#[test]
fn every_way_ends_and_what_is_told_there_is_so() {
    let (kinds, next) = (Kind::all(), AtomicUsize::new(0));
    let walker = || {
        let mut seen = Seen::default();
        while let Some(kind) = kinds.get(next.fetch_add(1, Relaxed)) {
            seen += walk(*kind);
        }
        seen
    };
    let mut seen = Seen::default();
    std::thread::scope(|scope| {
        let walkers = [(); 2].map(|()| scope.spawn(walker));
        walkers.into_iter().for_each(|walker| seen += walker.join().unwrap());
    });
    let Seen { places, turns, longest, states, lock_states, ends } = seen;
    println!("{} kinds: {places} places, {turns} turns, at most {longest} in a row; ends: {ends:?}", kinds.len());
    assert_eq!(states, STATES.iter().copied().collect(), "the states that can be come to");
    let between = [
        "asking, opening",
        "asking, opening again",
        "asking, flying",
        "comparing",
        "discarding",
        "listing",
        "ending",
        "waiting",
        "giving back",
    ];
    assert_eq!(lock_states, between.into(), "the states of taking the lock that can be come to");
}
