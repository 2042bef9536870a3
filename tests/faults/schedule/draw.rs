//! A schedule from a seed.

use std::time::Duration;

use super::{
    Face, Lag, Request, Schedule, Switch, Trouble, Want, What,
    values::{PORTS, VLANS},
    vnis::Vnis,
};
use mercury_sim::Mode;

use crate::{
    chance::Chance,
    kind::{Gnmi, Kind, NETCONF},
    life::{Signal, When},
    locks,
    wire::{Bad, Rest, Way},
    world::WISHES,
};

impl Schedule {
    pub(super) fn drawn(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x5eed_0000_0000_0000);
        let chance = &mut chance;
        let switches: Vec<_> = (0..1 + chance.below(4)).map(|_| switch(chance)).collect();
        let mercuries = 2 + chance.below(2);
        // Short ones let everything meet; long ones let it come one after the other.
        let length = chance.of(&[50, 3_000, 60_000]);
        let mut requests: Vec<Request> = Vec::new();
        for number in 0..3 + chance.below(8) {
            let request = request(chance, number, &switches, mercuries, length, &requests);
            requests.push(request);
        }
        let mut schedule = Self {
            seed,
            switches,
            mercuries,
            lease: Duration::from_secs(chance.of(&[0, 0, 10])),
            requests,
            troubles: Vec::new(),
            plug: None,
        };
        for _ in 0..chance.below(6) {
            let at = milliseconds(chance, length);
            let what = what(chance, &schedule);
            schedule.troubles.extend(what.map(|what| Trouble { at, what }));
        }
        // Drawn apart, so that most seeds are what they were before this was.
        let more = &mut Chance::new(seed ^ 0x0dd5_0000_0000_0000);
        for switch in &mut schedule.switches {
            let faces = Face::more(switch.kind);
            if switch.face == Face::Standard && more.one_in(6) && !faces.is_empty() {
                switch.face = more.of(faces);
            }
            switch.hidden = more.one_in(10).then(|| port(more));
        }
        if more.one_in(4) {
            let (switch, at) = (more.below(schedule.switches.len()), milliseconds(more, length));
            let time = Duration::from_secs(more.of(&[1, 20, 60]));
            let (port, hidden) = (port(more), schedule.switches[switch].hidden);
            let what = What::Hide { switch, port, time };
            schedule.troubles.extend((hidden != Some(port)).then_some(Trouble { at, what }));
        }
        schedule.without_what_nobody_can_know(&mut Chance::new(seed ^ 0x0dd6_0000_0000_0000));
        schedule.with_restconf(&mut Chance::new(seed ^ 0x0ddc_0000_0000_0000));
        schedule.with_vnis(&mut Chance::new(seed ^ 0x0dd8_0000_0000_0000));
        schedule.with_cards(&mut Chance::new(seed ^ 0x0dd7_0000_0000_0000), length);
        schedule.with_overlays(&mut Chance::new(seed ^ 0x0dd9_0000_0000_0000), length);
        schedule.with_instances(&mut Chance::new(seed ^ 0x0ddb_0000_0000_0000));
        schedule.plugged(&mut Chance::new(seed ^ 0x0dda_0000_0000_0000));
        schedule
    }
}

impl Schedule {
    /// Some of the switches let commits overlap. Of those, and of those that compare no ids,
    /// nothing tells that the commit of a Mercury waits that was killed, or that another
    /// took the lock away from; nor that one still waits whose cancel was answered with OK.
    fn without_what_nobody_can_know(&mut self, chance: &mut Chance) {
        let is_apart = |trouble: &Trouble| match trouble.what {
            What::Signal { signal, .. } => signal == Signal::Kill,
            What::LocksLost => true,
            _ => false,
        };
        let are_apart = self.troubles.iter().any(is_apart);
        let lies = |at: usize| {
            let is_lie = |text: &str| text.starts_with("cancel-commit") && text.ends_with("ignore");
            let of = |trouble: &Trouble| matches!(&trouble.what, What::Fault { switch, text } if *switch == at && is_lie(text));
            self.troubles.iter().any(of)
        };
        let lying: Vec<bool> = (0..self.switches.len()).map(lies).collect();
        for (switch, lies) in self.switches.iter_mut().zip(lying) {
            let waits = switch.kind == Kind::Netconf(Mode::Candidate);
            if switch.face == Face::Standard && waits && chance.one_in(3) && !are_apart && !lies {
                switch.face = Face::Overlaps;
            }
            if switch.face == Face::ComparesNoIds && are_apart {
                switch.face = Face::Standard;
            }
        }
    }
}

pub(super) fn port(chance: &mut Chance) -> u16 {
    1 + u16::try_from(chance.below(usize::from(PORTS))).unwrap()
}

pub(super) fn milliseconds(chance: &mut Chance, below: usize) -> Duration {
    Duration::from_millis(u64::try_from(chance.below(below)).unwrap())
}

fn switch(chance: &mut Chance) -> Switch {
    let kind = if chance.one_in(2) {
        chance.of(&NETCONF)
    } else {
        let mut yes = || chance.one_in(2);
        Kind::Gnmi(Gnmi { confirmed: yes(), get: yes(), atomic: yes() })
    };
    let face = if chance.one_in(3) { chance.of(Face::of(kind)) } else { Face::Standard };
    Switch {
        kind,
        face,
        pipelining: !chance.one_in(4),
        commit_time: Duration::from_millis(chance.of(&[0, 0, 20, 1000])),
        confirm_timer_percent: chance.of(&[100, 100, 100, 100, 50, 110, 300]),
        queue: chance.of(&[256, 256, 256, 256, 1, 2]),
        hidden: None,
        vnis: Vnis::None,
    }
}

fn request(
    chance: &mut Chance,
    number: usize,
    switches: &[Switch],
    mercuries: usize,
    length: usize,
    earlier: &[Request],
) -> Request {
    let (at, mercury) = (milliseconds(chance, length), chance.below(mercuries));
    let hangs_up = chance.one_in(10).then(|| milliseconds(chance, 2000));
    if !earlier.is_empty() && chance.one_in(5) {
        // The caller has lost patience, and asks anybody once more.
        let again = &earlier[chance.below(earlier.len())];
        return Request { at: again.at + at / 2, mercury, hangs_up, ..again.clone() };
    }
    let several = if chance.one_in(3) { 1 + chance.below(switches.len()) } else { 1 };
    let mut all: Vec<usize> = (0..switches.len()).collect();
    let mut one = || {
        let switch = all.swap_remove(chance.below(all.len()));
        want(chance, switch)
    };
    let mut wants: Vec<_> = (0..several).map(|_| one()).collect();
    wants.sort_by_key(|want| want.switch);
    Request { number, at, mercury, wants, hangs_up }
}

fn want(chance: &mut Chance, switch: usize) -> Want {
    if chance.one_in(6) {
        return Want { switch, ports: Vec::new(), removes: Some(chance.of(&VLANS)), lag: None, carries: None };
    }
    if chance.one_in(6) {
        let lag = if chance.one_in(3) { Lag::Gone } else { Lag::On(chance.of(&VLANS)) };
        return Want { switch, ports: Vec::new(), removes: None, lag: Some(lag), carries: None };
    }
    let mut all: Vec<u16> = (1..=PORTS).collect();
    let ports = (0..chance.of(&[1, 1, 1, 2])).map(|_| (all.swap_remove(chance.below(all.len())), chance.of(&WISHES)));
    Want { switch, ports: ports.collect(), removes: None, lag: None, carries: None }
}

fn what(chance: &mut Chance, schedule: &Schedule) -> Option<What> {
    let mercury = chance.below(schedule.mercuries);
    let switch = chance.below(schedule.switches.len());
    let seconds = |chance: &mut Chance, all: &[u64]| Duration::from_secs(chance.of(all));
    Some(match chance.below(16) {
        0..=5 => What::Fault { switch, text: fault(chance, schedule, switch)? },
        6 => What::BadWire { mercury, bad: bad(chance) },
        7 => What::Cut { mercury },
        8 => What::Stall { mercury, time: seconds(chance, &[1, 5, 40]) },
        9 => What::Reboot { switch },
        10 => match chance.below(3) {
            2 if matches!(schedule.switches[switch].kind, Kind::Netconf(Mode::Candidate | Mode::CandidatePlain)) => {
                What::Dirty { switch, time: seconds(chance, &[1, 20, 60]) }
            }
            0 => What::Steal { switch, time: seconds(chance, &[1, 20, 60]) },
            _ => What::Lock { switch, time: seconds(chance, &[1, 20, 60]) },
        },
        11 => What::Console { switch, number: schedule.troubles.len() },
        12 => {
            let slow = locks::Trouble::Slow(seconds(chance, &[1, 5]));
            let trouble = chance.of(&[locks::Trouble::Fails, locks::Trouble::Hangs, slow]);
            What::Coordinator { trouble, time: seconds(chance, &[1, 10, 50]) }
        }
        13 => What::LocksLost,
        14 => {
            let when = if chance.one_in(2) { When::Event(chance.below(40)) } else { When::Octet(chance.below(6000)) };
            What::Signal { mercury, when, signal: chance.of(&[Signal::Kill, Signal::Kill, Signal::Term]) }
        }
        _ => What::Jump(seconds(chance, &[1, 10, 40, 200])),
    })
}

/// A fault that can be found out, and that does not outlast what Mercury can
/// wait for: without a lock nothing tells that a delayed Set is over but the
/// time that was allowed for it.
pub(super) fn fault(chance: &mut Chance, schedule: &Schedule, switch: usize) -> Option<String> {
    let kind = schedule.switches[switch].kind;
    let moment = chance.of(&["before", "after"]);
    let (operation, nth) = (chance.of(kind.operations()), 1 + u32::try_from(chance.below(4)).unwrap());
    let action = chance.of(kind.actions());
    // Which commit is the confirmation is not known here. More time for a commit that
    // nobody made, answered with OK, means ids that are not compared: from then on the
    // extension is not used, for good.
    let for_good = [("lock", "ignore"), ("gnmi-extend", "ignore")].contains(&(operation, action));
    let found_out = !kind.is_perfect_lie(operation, nth.max(2), action) && !for_good;
    let outlasts = matches!(kind, Kind::Gnmi(_) | Kind::Restconf(_)) && action.starts_with("delay:");
    let twice = |trouble: &Trouble| matches!(&trouble.what, What::Fault { text, .. } if text.contains("delay:"));
    let outlasts = outlasts && schedule.troubles.iter().any(twice);
    // A database that refuses a transaction has done nothing of it (RFC 7047 section 4.1.3).
    let is_half = kind == Kind::Ovsdb && moment == "after" && action.starts_with("refuse:");
    (found_out && !outlasts && !is_half).then(|| format!("{operation}:{nth}:{moment}:{action}"))
}

fn bad(chance: &mut Chance) -> Bad {
    let way = chance.of(&[Way::FromSwitch, Way::ToSwitch]);
    Bad { way, after: chance.below(6000), rest: chance.of(&[Rest::Nothing, Rest::Noise]) }
}
