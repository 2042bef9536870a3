//! A place on the way of a change, and the ways on from there.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use mercury_adapter::Lost;

use super::{
    super::{
        command::{Command, Event, Landed, Machine as _, Moment, Next, Turn},
        machine::{Commit, Reached, Word},
    },
    Kind,
    answers::flown,
    switch::{Has, Op, SESSIONS, Switch},
};
use crate::{
    fault::{Fault, FaultKind},
    link::OwnSessions,
    outcome::Outcome,
};

/// Longer than any timer.
const ASLEEP: Duration = Duration::from_secs(5);

/// A place on the way.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) commit: Commit<'a>,
    pub(super) next: Next<Reached>,
    pub(super) switch: Switch,
    now: Duration,
    /// The lock that keeps other Mercurys away is held.
    exclusive: bool,
    troubles: usize,
    /// How many things may go wrong.
    most: usize,
    saved: Option<bool>,
}

impl<'a> Place<'a> {
    /// Before anything was done.
    pub(super) const fn of(commit: Commit<'a>, kind: Kind, most: usize) -> Self {
        let next = Next::End(Reached::Made);
        let switch = Switch::locked(kind);
        Self { commit, next, switch, now: Duration::ZERO, exclusive: true, troubles: 0, most, saved: None }
    }

    fn at(&self) -> Moment {
        Moment { now: self.now, exclusive: self.exclusive }
    }

    pub(super) fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.switch, self.now, self.exclusive, self.troubles, self.saved).hash(&mut hasher);
        format!("{:?}", self.commit).hash(&mut hasher);
        hasher.finish()
    }

    fn goes(mut self, turn: Turn<Reached>) -> Self {
        if turn.cut && self.switch.open {
            self.switch.ends();
        }
        self.next = turn.next;
        self
    }

    fn is_told(&self, event: Event) -> Self {
        let mut place = self.clone();
        let at = place.at();
        let turn = place.commit.on(event, at);
        place.goes(turn)
    }

    pub(super) fn hears(&self, word: Word) -> Self {
        let mut place = self.clone();
        let at = place.at();
        let turn = place.commit.told(word, at);
        place.goes(turn)
    }

    fn later(&self, kind: Kind, time: Duration) -> Self {
        let mut place = self.clone();
        place.now += time;
        place.switch.passes(kind, place.now);
        place
    }

    /// The coordinator's lock is lost, and somebody else was at the switch, or not.
    fn intruded(&self, kind: Kind) -> Vec<Self> {
        if !self.exclusive || self.troubles == self.most {
            return Vec::new();
        }
        let lost = Self { exclusive: false, troubles: self.troubles + 1, ..self.clone() };
        let switch = &self.switch;
        let waits = switch.waiting.is_some() && !kind.any_commit();
        let waits_for_anyone = switch.waiting.is_some() && self.troubles == 0;
        let busy = switch.locked || switch.ghost.is_some() || waits;
        if busy {
            return vec![lost];
        }
        let mut others = lost.clone();
        (others.switch.running, others.switch.candidate) = (Has::Others, Has::Others);
        others.switch.waiting = None;
        if waits_for_anyone {
            // Half of it is taken away, and the other half confirmed by that.
            let mut half = others.clone();
            (half.switch.running, half.switch.candidate) = (Has::Half, Has::Half);
            return vec![lost, others, half];
        }
        vec![lost, others]
    }

    /// Where it may go from here; none where it is at an end.
    pub(super) fn onward(&self, kind: Kind) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        match &self.next {
            Next::Do(Command::Open) => {
                let opened = |fresh| Event::Opened {
                    fresh,
                    left_staged: true,
                    capabilities: kind.capabilities(),
                    own: OwnSessions::of(SESSIONS.0, SESSIONS.1),
                };
                if self.switch.open {
                    return vec![("warm".to_owned(), self.is_told(opened(false)))];
                }
                let mut open = self.clone();
                open.switch.open = true;
                all.push(("opened".to_owned(), open.is_told(opened(true))));
                if self.troubles < self.most {
                    let mut place = self.clone();
                    place.troubles += 1;
                    let fault = Fault::new(FaultKind::Unreachable, "no");
                    all.push(("not opened".to_owned(), place.is_told(Event::NotOpened(fault))));
                }
            }
            Next::Do(Command::Pause(time)) => {
                let mut places = vec![self.later(kind, *time)];
                if self.troubles < self.most {
                    let mut asleep = self.later(kind, *time + ASLEEP);
                    asleep.troubles += 1;
                    places.push(asleep);
                }
                let others: Vec<_> = places.iter().flat_map(|place| place.intruded(kind)).collect();
                for place in places.into_iter().chain(others) {
                    let told = format!("{time:?}, now {:?}, has {:?}", place.now, place.switch.running);
                    all.push((told, place.is_told(Event::TimePassed)));
                }
            }
            Next::Do(Command::Fly(steps, _)) if !self.switch.open => {
                let lost = Some(Lost::Closed("no session is open".to_owned()));
                let landed = Landed { steps: steps.clone(), results: Vec::new(), lost };
                all.push(("no session".to_owned(), self.is_told(Event::Landed(landed))));
            }
            Next::Do(Command::Fly(steps, _)) => {
                let ops: Vec<_> = steps.iter().map(Op::of).collect();
                for flown in flown(&self.switch, kind, &ops, self.now, self.most - self.troubles) {
                    let mut place = self.clone();
                    place.switch = flown.switch;
                    place.troubles += flown.troubles;
                    place.saved = flown.saved.or(place.saved);
                    let landed = Landed { steps: steps.clone(), results: flown.results, lost: flown.lost };
                    if landed.lost.is_some() {
                        let slow = place.later(kind, ASLEEP);
                        all.push((format!("{}, late", flown.told), slow.is_told(Event::Landed(landed.clone()))));
                    }
                    all.push((flown.told, place.is_told(Event::Landed(landed))));
                }
            }
            Next::End(Reached::Made) => {
                let mut places = vec![self.clone()];
                if self.troubles < self.most {
                    let mut slow = self.later(kind, ASLEEP);
                    slow.troubles += 1;
                    places.push(slow);
                }
                places.extend(self.intruded(kind));
                for place in places {
                    let stands = !place.commit.is_pending() && place.switch.open && kind.lock;
                    let told = format!("made, now {:?}, has {:?}", place.now, place.switch.running);
                    if place.exclusive || stands {
                        all.push((format!("{told}, keep"), place.hears(Word::Keep)));
                    }
                    if !kind.alone || !(place.exclusive || stands) {
                        let cause = Fault::new(FaultKind::Undone, "another one failed");
                        all.push((format!("{told}, undo"), place.hears(Word::Undo(cause))));
                    }
                }
            }
            Next::End(Reached::Final) => {
                all.push(("final, unlock".to_owned(), self.hears(Word::Unlock)));
                if !kind.alone {
                    let cause = Fault::new(FaultKind::Undone, "another one failed");
                    all.push(("final, undo".to_owned(), self.hears(Word::Undo(cause))));
                }
            }
            Next::End(Reached::Over(_)) => {}
        }
        all
    }

    /// Where it is an end, holds what is told against the switch.
    pub(super) fn agrees(&self, kind: Kind) {
        let Next::End(Reached::Over(outcome)) = &self.next else { return };
        let outcome = &**outcome;
        let (saves, lies) = (kind.startup, self.switch.lies);
        assert!(!(self.switch.open && self.switch.locked), "the lock is left behind");
        for future in self.switch.futures(kind, self.now) {
            // What somebody else did since is theirs; without a lock they may have come before it.
            let others = (!self.exclusive || !kind.lock) && future.running == Has::Others;
            match outcome {
                Outcome::Committed(proof) => {
                    assert_eq!(proof.running(), &Has::Intended.read(), "the proof shows something else");
                    let there = future.running == Has::Intended || others || lies.confirmed;
                    assert!(there, "it is not there, but {:?}", future.running);
                    assert!(!saves || future.startup == Has::Intended || lies.saved, "it does not survive a reboot");
                }
                Outcome::NotStarted(_) | Outcome::Rejected(_) | Outcome::RolledBack(_) => {
                    assert!(future.running == Has::Before || others, "it is not as before: {:?}", future.running);
                    // A switch that takes the change back and will not save that is warned of.
                    let unsure = self.saved == Some(false) || lies.saved;
                    assert!(future.startup == Has::Before || unsure, "startup is not as before");
                }
                Outcome::Unknown { .. } | Outcome::RollbackFailed { .. } => {
                    // Nobody takes back what somebody else has made meanwhile.
                    let alone = self.exclusive && future.running != Has::Others;
                    assert!(self.troubles > 1 || !alone, "one trouble is enough to know nothing");
                    continue;
                }
                Outcome::Unchanged(_) | Outcome::Planned => panic!("a change was made"),
            }
            let staged = kind.candidate && kind.lock && self.switch.open && future.candidate != future.running;
            assert!(!staged, "what was staged is left behind");
        }
        if let Outcome::Unknown { cause, .. } = outcome {
            assert_ne!(cause.kind, FaultKind::Internal, "{}", cause.message);
        }
    }
}
