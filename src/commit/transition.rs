//! From what a switch has to what it should have, and how much of that is there.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{Payload, Render};
use mercury_model::{
    DeviceConfig, Edit, Intended, Interface, InterfaceName, InterfaceScope, Leaf, Plan, Running, VlanId, VlanScope,
};

use crate::{
    fault::{Fault, FaultKind},
    lock,
    outcome::ReadBack,
};

/// A change ready to be made, under the lock.
pub struct Transition<'a> {
    /// What the switch has.
    pub before: Running,
    /// What it should have.
    pub intended: Intended,
    /// What makes it so.
    pub payload: Payload,
    /// Renders the way back.
    pub render: &'a dyn Render,
    /// What keeps other Mercurys away.
    pub lock: &'a dyn lock::Held,
    /// `before` is what was read for an earlier request: where the switch does not take the
    /// change for that, nothing that was worked out from it counts any more.
    pub recalled: bool,
    /// The switch disables a port that leaves an aggregate.
    pub disables_leavers: bool,
}

/// Whose doing may be what a switch shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doers<'a> {
    /// The switch has a lock, which keeps everybody else away.
    pub(super) locks: bool,
    /// The ports that were enabled when a way back was sent that takes them out of the aggregates
    /// that the change put them into.
    pub(super) taken_out: &'a BTreeSet<InterfaceName>,
}

impl Transition<'_> {
    /// The proof that the change was made.
    pub(super) fn proof(&self, now: &Running) -> Option<ReadBack> {
        ReadBack::proves(&Intended(self.with_others(&self.intended.0, now)), now)
    }

    /// The same, of a change that took nothing away from a port that came meanwhile: only such a
    /// one stays.
    pub(super) fn stays(&self, now: &Running) -> Option<ReadBack> {
        self.proof(now).filter(|_| self.stranded(now).is_none())
    }

    /// Whether nothing of the change is there.
    pub(super) fn is_undone(&self, now: &Running, doers: Doers<'_>) -> bool {
        now.is_as(&self.undone(now, doers))
    }

    /// The interfaces that it is about and that `now` does not show: there may be
    /// nothing of them, or they may be hidden.
    pub(super) fn unshown(&self, now: &Running) -> BTreeSet<InterfaceName> {
        let (before, intended) = (&self.before.interfaces, &self.intended.0.interfaces);
        let names = before.keys().chain(intended.keys()).filter(|name| before.get(*name) != intended.get(*name));
        names.filter(|name| !now.interfaces.contains_key(*name)).cloned().collect()
    }

    /// A port that has come to what the change takes away: to a VLAN, what binds one to a VNI, or
    /// an aggregate. Who uses those was judged by what was read before.
    pub(super) fn stranded<'n>(&self, now: &'n Running) -> Option<&'n InterfaceName> {
        let (before, intended) = (&self.before, &self.intended.0);
        let unbound = before
            .segments
            .iter()
            .filter(|(vlan, segment)| intended.segments.get(*vlan).is_none_or(|intended| intended.vni != segment.vni));
        let vlans = before.vlans.keys().filter(|vlan| !intended.vlans.contains_key(*vlan));
        let gone: BTreeSet<VlanId> = vlans.chain(unbound.map(|(vlan, _)| vlan)).copied().collect();
        let has_gone =
            |name: &InterfaceName| before.interfaces.contains_key(name) && !intended.interfaces.contains_key(name);
        let carries = |port: &Interface, vlan| {
            port.switched_vlan.as_ref().is_some_and(|own| match own.foreign() {
                Some(foreign) => !foreign.routes,
                None => own.carries(vlan),
            })
        };
        let came = |(name, port): &(&InterfaceName, &Interface)| {
            // What it had, and what it was to have.
            let known = || [before.interfaces.get(*name), intended.interfaces.get(*name)].into_iter().flatten();
            let vlans =
                port.switched_vlan.as_ref().filter(|_| known().all(|own| own.switched_vlan != port.switched_vlan));
            let joined =
                port.aggregate_id.as_ref().filter(|_| known().all(|own| own.aggregate_id != port.aggregate_id));
            vlans.is_some() && gone.iter().any(|vlan| carries(port, *vlan) && !known().any(|own| carries(own, *vlan)))
                || joined.is_some_and(has_gone)
        };
        now.interfaces.iter().find(came).map(|(name, _)| name)
    }

    /// Whether some of it is as it was before: where a change happens wholly or
    /// not at all, this one is not there, whatever others have done since.
    pub(super) fn is_not_made(&self, now: &Running) -> bool {
        let (before, intended) = (&self.before, &self.intended.0);
        untouched(&now.interfaces, (&before.interfaces, &intended.interfaces))
            || untouched(&now.vlans, (&before.vlans, &intended.vlans))
            || untouched(&now.segments, (&before.segments, &intended.segments))
    }

    /// Whether something that the change was about is neither as it was before nor as it
    /// was to be. Of a port that changes wholly or not at all (`whole`), that is one of which some
    /// leaves are as before and others as they were to be, too.
    pub(super) fn is_of_others(&self, now: &Running, whole: bool) -> bool {
        let (before, intended) = (&self.before.interfaces, &self.intended.0.interfaces);
        before.iter().filter_map(|(name, before)| Some((name, before, intended.get(name)?))).any(
            |(name, before, after)| {
                let Some(now) = now.interfaces.get(name) else { return before != after };
                let leaves = Leaf::ALL.into_iter().map(|leaf| [before, after, now].map(|port| leaf.get(port)));
                let changed: Vec<_> = leaves.filter(|[before, after, _]| before != after).collect();
                let is_before = |[before, _, now]: &[_; 3]| now == before;
                let is_after = |[_, after, now]: &[_; 3]| now == after;
                let is_mixed = changed.iter().any(is_before) && changed.iter().any(is_after);
                !changed.iter().all(|leaf| is_before(leaf) || is_after(leaf)) || (whole && is_mixed)
            },
        )
    }

    /// Whether something that the change was to make is there as it was to be: then it
    /// may have been made in part, whatever was said of it.
    pub(super) fn shows_some(&self, now: &Running) -> bool {
        let (wanted, missing) = (Plan::between(&self.before, &self.intended), Plan::between(now, &self.intended));
        let is_missing = |edit: &Edit| missing.edits.iter().any(|other| is_of_one(edit, other));
        wanted.edits.iter().any(|edit| !is_missing(edit))
    }

    /// What the read-back shows instead of what was intended.
    pub(super) fn differs(&self, now: &Running, doers: Doers<'_>) -> Fault {
        if self.is_undone(now, doers) {
            return Fault::new(FaultKind::ReadBack, "the switch took the change and did not keep it");
        }
        if let Some(port) = self.stranded(now) {
            return Fault::new(FaultKind::Locked, format!("{port} has come to what the change takes away"));
        }
        let missing = Plan::between(now, &Intended(self.with_others(&self.intended.0, now)));
        let message = format!("the switch took the change and shows something else; missing: {missing}");
        Fault::new(FaultKind::ReadBack, message)
    }

    /// What takes the change back, and nothing else.
    pub(super) fn inverse(&self, now: &Running, doers: Doers<'_>) -> Plan {
        Plan::between(now, &Intended(self.undone(now, doers))).written_as(&self.before)
    }

    /// What the switch has when nothing of the change is there. Without a lock, what
    /// was read before it may have been what another client made and has undone since:
    /// only what the change was about is as it was, and all else as it is.
    fn undone(&self, now: &Running, doers: Doers<'_>) -> DeviceConfig {
        let mut undone = self.with_others(&self.before.config, now);
        if !doers.locks {
            let (before, intended) = (&self.before, &self.intended.0);
            leave(&mut undone.interfaces, &now.interfaces, (&before.interfaces, &intended.interfaces));
            leave(&mut undone.vlans, &now.vlans, (&before.vlans, &intended.vlans));
            leave(&mut undone.segments, &now.segments, (&before.segments, &intended.segments));
            for (name, port) in &mut undone.interfaces {
                if let (Some(before), Some(after), Some(now)) =
                    (before.interfaces.get(name), intended.interfaces.get(name), now.interfaces.get(name))
                {
                    let was_disabled = self.has_disabled(name, [before, after, now], doers);
                    let is_others =
                        |leaf: &Leaf| leaf.get(before) == leaf.get(after) && !(was_disabled && *leaf == Leaf::Enabled);
                    let others = Leaf::ALL.into_iter().filter(is_others);
                    others.for_each(|leaf| leaf.set(port, leaf.get(now)));
                }
            }
        }
        undone
    }

    /// Whether a port that was enabled may have been disabled by the switch itself, since it has left
    /// the aggregate that it was in, or that the change put it into. As long as it has not, somebody
    /// else did that.
    fn has_disabled(&self, name: &InterfaceName, [before, after, now]: [&Interface; 3], doers: Doers<'_>) -> bool {
        let has_left = |of: &Interface| of.aggregate_id.is_some() && of.aggregate_id != now.aggregate_id;
        let moves = before.aggregate_id != after.aggregate_id;
        let was_enabled = self.disables_leavers && before.enabled;
        was_enabled && moves && (has_left(before) || (doers.taken_out.contains(name) && has_left(after)))
    }

    /// The ports that the switch will disable when the change is undone: enabled, and in the
    /// aggregates that it put them into.
    pub(super) fn taken_out(&self, now: &Running) -> BTreeSet<InterfaceName> {
        let (before, intended) = (&self.before.interfaces, &self.intended.0.interfaces);
        let is_one = |(name, now): &(&InterfaceName, &Interface)| {
            let [before, after] =
                [before, intended].map(|all| all.get(*name).and_then(|port| port.aggregate_id.as_ref()));
            self.disables_leavers
                && now.enabled
                && after.is_some()
                && now.aggregate_id.as_ref() == after
                && before != after
        };
        now.interfaces.iter().filter(is_one).map(|(name, _)| name.clone()).collect()
    }

    /// `wanted`, with the interfaces and VLANs that the change leaves alone as
    /// they are `now`. Where all were read, to see who uses a VLAN, somebody
    /// else may be at work on them: gNMI knows no lock.
    fn with_others(&self, wanted: &DeviceConfig, now: &Running) -> DeviceConfig {
        let (before, intended) = (&self.before, &self.intended.0);
        let mut wanted = wanted.clone();
        if before.scope.interfaces == InterfaceScope::All {
            leave(&mut wanted.interfaces, &now.interfaces, (&before.interfaces, &intended.interfaces));
        }
        if before.scope.vlans == VlanScope::All {
            leave(&mut wanted.vlans, &now.vlans, (&before.vlans, &intended.vlans));
            leave(&mut wanted.segments, &now.segments, (&before.segments, &intended.segments));
        }
        wanted
    }
}

/// Takes from `now` all that is the same `before` and after a change.
fn leave<K: Ord + Clone, V: PartialEq + Clone>(
    wanted: &mut BTreeMap<K, V>,
    now: &BTreeMap<K, V>,
    (before, after): (&BTreeMap<K, V>, &BTreeMap<K, V>),
) {
    let ours = |key: &K| before.get(key) != after.get(key);
    wanted.retain(|key, _| ours(key));
    let others = now.iter().filter(|(key, _)| !ours(key));
    wanted.extend(others.map(|(key, value)| (key.clone(), value.clone())));
}

/// Whether two edits are of the same leaf, or of the same entry as a whole.
fn is_of_one(one: &Edit, other: &Edit) -> bool {
    match (one, other) {
        (Edit::Vlan { after: one, .. }, Edit::Vlan { after: other, .. }) => one.id == other.id,
        (
            Edit::Interface { interface: one, change, .. },
            Edit::Interface { interface: other, change: other_change, .. },
        ) => one == other && change.leaf == other_change.leaf,
        (Edit::RemoveInterface { before: one, .. }, Edit::RemoveInterface { before: other, .. }) => {
            one.name == other.name
        }
        (Edit::RemoveVlan { before: one, .. }, Edit::RemoveVlan { before: other, .. }) => one.id == other.id,
        (Edit::CreateInterface { interface: one, .. }, Edit::CreateInterface { interface: other, .. }) => one == other,
        _ => one == other,
    }
}

/// Whether something that was to change is as it was.
fn untouched<K: Ord, V: PartialEq>(now: &BTreeMap<K, V>, (before, after): (&BTreeMap<K, V>, &BTreeMap<K, V>)) -> bool {
    let mut keys = before.keys().chain(after.keys());
    keys.any(|key| before.get(key) != after.get(key) && before.get(key) == now.get(key))
}

#[cfg(test)]
mod tests;
