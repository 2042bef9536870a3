//! What is wanted of an interface's spanning tree settings: what the switch's
//! entry asks for, and nothing of what it does not.

use mercury_model::{EdgePort, Interface, Leaf, Stp};

use super::Setting;
use serde::Serialize;

use crate::inventory::Rules;

/// `edge-port` and `bpdu-guard`, each on its own: an entry may ask for one, and
/// the other is then the network team's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StpIntent {
    /// `edge-port`.
    pub edge_port: Setting<Option<EdgePort>>,
    /// `bpdu-guard`.
    pub bpdu_guard: Setting<Option<bool>>,
}

impl StpIntent {
    /// Has an interface hold what is wanted, whatever it held.
    pub fn apply(&self, interface: &mut Interface) {
        let mut stp = interface.stp.unwrap_or_default();
        self.edge_port.apply(&mut stp.edge_port);
        self.bpdu_guard.apply(&mut stp.bpdu_guard);
        interface.stp = Stp::of(stp.edge_port, stp.bpdu_guard);
        let set =
            [(Leaf::EdgePort, self.edge_port != Setting::Keep), (Leaf::BpduGuard, self.bpdu_guard != Setting::Keep)];
        set.iter().filter(|(_, is_set)| *is_set).for_each(|(leaf, _)| interface.foreign.remove(*leaf));
    }

    /// The same leaves, taken away.
    #[must_use]
    pub const fn cleared(self) -> Self {
        Self {
            edge_port: match self.edge_port {
                Setting::Keep => Setting::Keep,
                Setting::Set(_) => Setting::Set(None),
            },
            bpdu_guard: match self.bpdu_guard {
                Setting::Keep => Setting::Keep,
                Setting::Set(_) => Setting::Set(None),
            },
        }
    }
}

/// What an interface to a server gets: a port, or the aggregate whose member it
/// is.
#[must_use]
pub const fn edge(rules: &Rules) -> StpIntent {
    StpIntent {
        edge_port: if rules.stp_edge { Setting::Set(Some(EdgePort::EdgeEnable)) } else { Setting::Keep },
        bpdu_guard: if rules.stp_bpdu_guard { Setting::Set(Some(true)) } else { Setting::Keep },
    }
}

/// What an interface that belongs to nobody loses again.
#[must_use]
pub const fn no_edge(rules: &Rules) -> StpIntent {
    edge(rules).cleared()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(stp_edge: bool, stp_bpdu_guard: bool) -> Rules {
        Rules { stp_edge, stp_bpdu_guard, ..Rules::default() }
    }

    fn after(intent: StpIntent, stp: Option<Stp>) -> Option<Stp> {
        let mut port = Interface { stp, ..Interface::new("Ethernet1".parse().unwrap()) };
        intent.apply(&mut port);
        port.stp
    }

    #[test]
    fn an_entry_that_asks_for_nothing_leaves_everything() {
        let theirs = Stp::of(Some(EdgePort::EdgeAuto), Some(false));
        let rules = rules(false, false);
        for intent in [edge(&rules), no_edge(&rules)] {
            assert_eq!((after(intent, theirs), after(intent, None)), (theirs, None));
        }
    }

    #[test]
    fn each_leaf_is_set_and_taken_away_where_it_is_asked_for() {
        let (enable, auto) = (Some(EdgePort::EdgeEnable), Some(EdgePort::EdgeAuto));
        let (both, edge_alone, guard_alone) = (rules(true, true), rules(true, false), rules(false, true));
        assert_eq!(after(edge(&both), None), Stp::of(enable, Some(true)));
        assert_eq!(after(no_edge(&both), Stp::of(enable, Some(true))), None);
        assert_eq!(after(edge(&edge_alone), Stp::of(None, Some(true))), Stp::of(enable, Some(true)));
        assert_eq!(after(no_edge(&edge_alone), Stp::of(enable, Some(true))), Stp::of(None, Some(true)));
        assert_eq!(after(edge(&guard_alone), Stp::of(auto, None)), Stp::of(auto, Some(true)));
        assert_eq!(after(no_edge(&guard_alone), Stp::of(auto, Some(true))), Stp::of(auto, None));
    }
}
