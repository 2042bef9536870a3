//! Open vSwitches among the switches: those that are switches, and the cards behind others,
//! which are changed with them. Drawn apart, so that most seeds are what they were before.

use std::time::Duration;

use super::{
    Face, Schedule, Trouble, Want, What,
    draw::{fault, milliseconds, port},
    vnis::Vnis,
};
use crate::{
    chance::Chance,
    kind::Kind,
    ovsdb::Deed,
    world::{WISHES, Wish},
};

impl Schedule {
    pub(super) fn with_cards(&mut self, chance: &mut Chance, length: usize) {
        if !chance.one_in(3) {
            return;
        }
        for index in 0..self.switches.len() {
            if chance.one_in(2) {
                self.card(index, chance);
                for _ in 0..chance.below(3) {
                    let at = milliseconds(chance, length);
                    let what = self.card_trouble(index, chance);
                    self.troubles.extend(what.map(|what| Trouble { at, what }));
                }
            }
        }
    }

    /// Has an Open vSwitch in the place of a switch.
    fn card(&mut self, index: usize, chance: &mut Chance) {
        let switch = &mut self.switches[index];
        (switch.kind, switch.hidden, switch.vnis) = (Kind::Ovsdb, None, Vnis::None);
        if switch.face != Face::SlowCommit || !chance.one_in(4) {
            switch.face = Face::Standard;
        }
        let wants = self.requests.iter_mut().flat_map(|request| &mut request.wants);
        for want in wants.filter(|want| want.switch == index) {
            if want.ports.is_empty() {
                let ports = vec![(port(chance), chance.of(&WISHES))];
                *want = Want { switch: index, ports, removes: None, lag: None, carries: None };
            }
            for (_, wish) in &mut want.ports {
                if let Wish::Vni(_) = wish {
                    *wish = chance.of(&WISHES);
                }
            }
        }
        let is_at = |what: &What| match what {
            What::Fault { switch, .. }
            | What::Steal { switch, .. }
            | What::Lock { switch, .. }
            | What::Dirty { switch, .. }
            | What::Hide { switch, .. } => *switch == index,
            _ => false,
        };
        for trouble in std::mem::take(&mut self.troubles) {
            let what = if is_at(&trouble.what) { self.card_trouble(index, chance) } else { Some(trouble.what) };
            self.troubles.extend(what.map(|what| Trouble { at: trouble.at, what }));
        }
    }

    fn card_trouble(&self, switch: usize, chance: &mut Chance) -> Option<What> {
        Some(match chance.below(4) {
            0 => What::NoVswitchd { switch, time: Duration::from_secs(chance.of(&[1, 8, 20, 60])) },
            1 => What::Fault { switch, text: fault(chance, self, switch)? },
            _ => {
                let deed = chance.of(&[Deed::Describes, Deed::Moves(600), Deed::Moves(100), Deed::Marks, Deed::Marks]);
                let (port, nth, is_before) = (port(chance), 1 + chance.below(4), chance.one_in(2));
                What::Meddle { switch, port, deed, nth, is_before, number: self.troubles.len() }
            }
        })
    }
}
