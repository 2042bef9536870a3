//! What somebody else does to a switch, and what is noted of it.

use serde_json::Value;

use super::Stage;
use crate::{
    ovsdb::{self, Deed},
    schedule::{Request, Trouble, Want, What, values::CONSOLE},
    strangers::console,
};

impl Stage<'_> {
    /// The console describes its port. What others have staged or not
    /// confirmed may undo that: the switch knows one configuration only.
    pub(super) fn console(&self, switch: usize, number: usize) {
        let handle = self.handle(switch);
        if let Some(database) = handle.ovsdb() {
            let operations = ovsdb::deed(8, Deed::Describes, &format!("by hand {number}"));
            let results = database.transact(&operations);
            self.did(switch, &operations, &results);
            return;
        }
        let status = handle.status();
        let idle = status.locks.is_empty() && status.pending.is_none() && !status.candidate_dirty;
        // Where it would have to be saved, a reboot undoes it as well.
        let sure = idle && !self.schedule.switches[switch].kind.saves();
        handle.change_running(&console(8, &format!("by hand {number}"))).unwrap();
        let value = self.world.ports(switch)[CONSOLE].clone();
        self.truth.lock().unwrap().elsewhere(switch, CONSOLE, value, sure);
    }

    /// Notes what somebody else did to an Open vSwitch: nothing undoes that.
    fn did(&self, switch: usize, operations: &[Value], results: &[Value]) {
        if let Some((key, now)) = ovsdb::done(operations, results) {
            self.truth.lock().unwrap().by_hand(switch, &key, now);
        }
    }

    /// Notes what was done so since this was last asked.
    pub(super) fn meddled(&self) {
        for switch in 0..self.schedule.switches.len() {
            let Some(database) = self.handle(switch).ovsdb() else { continue };
            for (operations, results) in database.meddled() {
                self.tally.lock().unwrap().meddled += 1;
                self.did(switch, &operations, &results);
            }
        }
    }

    /// Whether two Mercurys may have been at a switch at once, of which one has lost its lock: where
    /// nothing locks and one thing is done after the other, what both have done stands there.
    pub(super) fn may_mix(&self, switch: usize) -> bool {
        let is_lost = |trouble: &Trouble| matches!(trouble.what, What::LocksLost);
        self.schedule.switches[switch].kind.is_one_by_one() && self.schedule.troubles.iter().any(is_lost)
    }

    /// Whether somebody else binds VLANs of a switch, or two Mercurys may have mixed what they bind.
    pub(super) fn is_bound_elsewhere(&self, request: &Request) -> bool {
        if request.wants.iter().any(|want| self.may_mix(want.switch)) {
            return true;
        }
        let binds = |trouble: &Trouble| match trouble.what {
            What::Meddle { switch, deed: Deed::Binds(_), .. } => request.wants.iter().any(|want| want.switch == switch),
            _ => false,
        };
        self.schedule.troubles.iter().any(binds)
    }

    /// Whether several switches of a request are to have one VLAN for a VNI.
    pub(super) fn is_pair(&self, request: &Request) -> bool {
        let anywhere = |want: &&Want| self.schedule.switches[want.switch].vnis.is_anywhere();
        request.wants.iter().filter(anywhere).count() > 1
    }
}
