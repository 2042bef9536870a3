//! Switches that speak RESTCONF.

use super::{Face, Schedule, Trouble, What, draw};
use crate::{
    chance::Chance,
    kind::{Kind, RESTCONF, Restconf},
};

impl Schedule {
    /// Has some switches speak RESTCONF. Drawn apart, so that most seeds are what they were
    /// before.
    pub(super) fn with_restconf(&mut self, chance: &mut Chance) {
        if !chance.one_in(4) {
            return;
        }
        for index in 0..self.switches.len() {
            if chance.one_in(2) {
                self.speaks_restconf(index, chance.of(&RESTCONF), chance);
            }
        }
    }

    fn speaks_restconf(&mut self, index: usize, kind: Kind, chance: &mut Chance) {
        let switch = &mut self.switches[index];
        switch.kind = kind;
        // Of several requests each would take so long.
        let is_whole = matches!(kind, Kind::Restconf(Restconf { patch: true, atomic: true, .. }));
        if switch.face != Face::SlowCommit || !is_whole {
            switch.face = Face::Standard;
        }
        for trouble in std::mem::take(&mut self.troubles) {
            let what = match trouble.what {
                What::Fault { switch, .. } if switch == index => {
                    draw::fault(chance, self, switch).map(|text| What::Fault { switch, text })
                }
                What::Dirty { switch, .. } if switch == index => None,
                other => Some(other),
            };
            self.troubles.extend(what.map(|what| Trouble { at: trouble.at, what }));
        }
    }
}
