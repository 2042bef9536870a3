//! Requests that wait for the same switch share one commit.
//!
//! A commit is what costs, so everything that waited while one ran goes into
//! the next. Requests for different ports are laid side by side; each caller
//! gets a report of its own. If the joint edit is refused, it is split until
//! the guilty request stands alone and the others succeed.

mod footprint;

use std::collections::{BTreeMap, BTreeSet};

use mercury_model::{Intended, InterfaceName, Plan, Running};

use crate::{
    desired::concerns,
    fault::{Fault, FaultKind},
    finding::Finding,
    intent::{Intent, LagName, Membership, TargetIntent, VlanIntent},
    inventory::Rules,
    outcome::{Outcome, Report},
};

pub use footprint::Footprint;

/// Requests that may share one commit.
pub const LARGEST: usize = 64;

/// Whether `next` may share a commit with `group`: no port and no aggregate in
/// common, so that two requests for one port keep their order, and no VLAN
/// taken away, which depends on every port; so does what goes through a card's
/// uplink.
#[must_use]
pub fn joins(group: &[&TargetIntent], next: &TargetIntent) -> bool {
    group.len() < LARGEST && !is_alone(next) && group.iter().all(|one| !is_alone(one) && lies_beside(one, next))
}

/// Whether it depends on more than the ports that it names.
fn is_alone(intent: &TargetIntent) -> bool {
    let removes = intent.vlans.iter().any(|vlan| matches!(vlan, VlanIntent::Absent { .. }));
    removes || intent.turn != 0 || !intent.uplinks.is_empty()
}

/// Whether two requests have no port and no aggregate in common. What was reviewed
/// stands alone.
#[must_use]
pub fn lies_beside(one: &TargetIntent, other: &TargetIntent) -> bool {
    let is_free = |intent: &TargetIntent| intent.reviewed.is_none();
    is_free(one) && is_free(other) && touched(one).is_disjoint(&touched(other))
}

/// The ports and aggregates that a request names.
fn touched(intent: &TargetIntent) -> BTreeSet<&str> {
    let ports = intent.ports.iter().map(|port| &port.interface);
    let ports = ports.chain(intent.lags.iter().flat_map(|lag| &lag.links).flatten());
    ports.map(|port| port.as_str()).chain(lags(intent).map(LagName::as_str)).collect()
}

/// The aggregates that a request names.
fn lags(intent: &TargetIntent) -> impl Iterator<Item = &LagName> {
    let joined = intent.ports.iter().filter_map(|port| match &port.membership {
        Membership::Join(name) => Some(name),
        _ => None,
    });
    intent.lags.iter().map(|lag| &lag.name).chain(joined)
}

/// The intents as one.
#[must_use]
pub fn merged<'a>(intents: impl IntoIterator<Item = &'a TargetIntent>) -> Option<TargetIntent> {
    let mut intents = intents.into_iter();
    let mut all = intents.next()?.clone();
    for intent in intents {
        all.ports.extend(intent.ports.iter().cloned());
        all.lags.extend(intent.lags.iter().cloned());
        for uplink in &intent.uplinks {
            match all.uplinks.iter_mut().find(|own| own.interface == uplink.interface) {
                Some(own) => own.carries = own.carries.union(&uplink.carries),
                None => all.uplinks.push(uplink.clone()),
            }
        }
        if intent.turn.abs() > all.turn.abs() {
            all.turn = intent.turn;
        }
        // What one of them may not take away stays, and then they are done one by one.
        all.granted_vlans = match (all.granted_vlans.take(), &intent.granted_vlans) {
            (Some(own), Some(other)) => Some(own.difference(&own.difference(other))),
            (own, other) => own.or_else(|| other.clone()),
        };
        for segment in &intent.segments {
            if !all.segments.contains(segment) {
                all.segments.push(segment.clone());
            }
        }
        for vlan in &intent.vlans {
            if !all.vlans.contains(vlan) {
                all.vlans.push(vlan.clone());
            }
        }
    }
    Some(all)
}

/// Several requests as one, which is done on all of their switches or on none.
///
/// # Errors
/// [`FaultKind::InvalidValue`]: two of them are about one port or aggregate.
pub fn as_one(verb: &'static str, intents: impl IntoIterator<Item = Intent>) -> Result<Intent, Fault> {
    let mut targets: BTreeMap<String, TargetIntent> = BTreeMap::new();
    for target in intents.into_iter().flat_map(|intent| intent.targets) {
        let Some(before) = targets.get_mut(&target.switch) else {
            targets.insert(target.switch.clone(), target);
            continue;
        };
        let merged = merged([&*before, &target]).filter(|_| lies_beside(before, &target));
        *before = merged.ok_or_else(|| {
            let same =
                touched(before).intersection(&touched(&target)).next().copied().unwrap_or("one port or aggregate");
            Fault::value("request", format!("two requests are about {same}")).at(&target.switch)
        })?;
    }
    Ok(Intent { verb, targets: targets.into_values().collect() })
}

/// The numbers of the first two that are about one port or aggregate of one switch.
#[must_use]
pub fn twice<'a>(intents: impl IntoIterator<Item = &'a Intent>) -> Option<[usize; 2]> {
    let mut seen = BTreeMap::new();
    for (index, intent) in intents.into_iter().enumerate() {
        for target in &intent.targets {
            for name in touched(target) {
                match seen.insert((target.switch.as_str(), name), index) {
                    Some(first) if first != index => return Some([first, index]),
                    _ => {}
                }
            }
        }
    }
    None
}

/// Whether a group that ended so is worth splitting: one request may be
/// guilty, the switch is as before, and the fault is not the switch's alone.
#[must_use]
pub const fn worth_splitting(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::NotStarted(fault) | Outcome::Rejected(fault) | Outcome::RolledBack(fault) => matches!(
            fault.kind,
            FaultKind::InvalidValue
                | FaultKind::Unsupported
                | FaultKind::Refused
                | FaultKind::ReadBack
                | FaultKind::Unknown
        ),
        _ => false,
    }
}

/// The same, where other switches had a say: they failed or were stopped at the
/// same time, and all do the same.
#[must_use]
pub const fn worth_trying_again(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::NotStarted(fault) | Outcome::Rejected(fault) | Outcome::RolledBack(fault) => {
            worth_splitting(outcome) || matches!(fault.kind, FaultKind::Undone)
        }
        _ => false,
    }
}

/// One request's share of the group's report.
#[must_use]
pub fn share(report: &Report, intent: &TargetIntent, rules: &Rules) -> Report {
    let seen: Vec<_> = report.before.iter().chain(&report.now).collect();
    let scope = concerns(intent, rules, &report.lags, &seen);
    let within = |running: &Running| running.told(&scope);
    let before = report.before.as_ref().map(within);
    let now = report.now.as_ref().map(within);
    let plan = match (&before, &now) {
        (Some(before), Some(now)) => Some(Plan::between(before, &Intended(now.config.clone()))),
        _ => None,
    };
    let outcome = match &report.outcome {
        Outcome::Committed(proof) if plan.as_ref().is_some_and(Plan::is_empty) => {
            Outcome::Unchanged(proof.within(&scope))
        }
        Outcome::Committed(proof) => Outcome::Committed(proof.within(&scope)),
        Outcome::Unchanged(proof) => Outcome::Unchanged(proof.within(&scope)),
        other => other.clone(),
    };
    let named = |name: &LagName| lags(intent).any(|lag| lag == name);
    let lags = report.lags.iter().filter(|&(name, _)| named(name)).map(|(name, at)| (name.clone(), at.clone()));
    let lags: BTreeMap<LagName, InterfaceName> = lags.collect();
    let is_asked_for = |port: &InterfaceName| intent.ports.iter().any(|intent| intent.interface == *port);
    let about = |port: &InterfaceName| is_asked_for(port) || lags.values().any(|lag| lag == port);
    let notes = report.notes.iter().filter(|&(port, _)| about(port)).map(|(port, note)| (port.clone(), note.clone()));
    let doubts = report.doubts.iter().filter(|&(port, _)| about(port)).map(|(port, note)| (port.clone(), note.clone()));
    let (notes, doubts) = (notes.collect(), doubts.collect());
    let is_own = |finding: &&Finding| {
        let ports = intent.ports.iter().map(|port| &port.interface).chain(lags.values());
        let Some(rest) = finding.field.strip_prefix("interfaces/") else { return true };
        ports
            .into_iter()
            .filter_map(|port| rest.strip_prefix(port.as_str()))
            .any(|leaf| leaf.is_empty() || leaf.starts_with('/'))
    };
    let findings = report.findings.iter().filter(is_own).cloned().collect();
    Report { findings, outcome, before, now, plan, lags, notes, doubts, payload: None, ..report.clone() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mercury_model::SwitchedVlan;

    use super::*;
    use crate::{
        intent::{PortIntent, Setting},
        inventory::Switch,
    };

    fn intent(port: &str, vlan: u16) -> TargetIntent {
        let mut port = PortIntent::new(port.parse().unwrap());
        let id = vlan.try_into().unwrap();
        port.switched_vlan = Setting::Set(Some(SwitchedVlan::access(id)));
        let switch = Arc::new(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        let vlans = vec![VlanIntent::Present { id, name: None }];
        TargetIntent { ports: vec![port], vlans, ..TargetIntent::new(&switch) }
    }

    #[test]
    fn requests_for_different_ports_share_a_commit_and_their_vlans() {
        let (one, two) = (intent("Ethernet1", 100), intent("Ethernet2", 100));
        assert!(joins(&[&one], &two));
        let all = merged([&one, &two]).unwrap();
        assert_eq!((all.ports.len(), all.vlans.len()), (2, 1));
    }

    #[test]
    fn what_is_done_together_takes_away_what_all_of_them_may() {
        let granted = |port, vlans: Option<&str>| {
            let granted_vlans = vlans.map(|vlans| vlans.parse().unwrap());
            TargetIntent { granted_vlans, ..intent(port, 100) }
        };
        for (one, other, both) in [
            (Some("100-110"), Some("105-120"), Some("105-110")),
            (Some("100"), None, Some("100")),
            (None, Some("100"), Some("100")),
            (None, None, None),
        ] {
            let all = merged([&granted("Ethernet1", one), &granted("Ethernet2", other)]).unwrap();
            assert_eq!(all.granted_vlans, both.map(|vlans| vlans.parse().unwrap()), "{one:?} {other:?}");
        }
    }

    #[test]
    fn each_caller_is_told_of_its_own_port() {
        let mut report = Report::new("leaf1", Outcome::Planned);
        report.notes = [("Ethernet1".parse().unwrap(), "alone".to_owned())].into();
        assert_eq!(share(&report, &intent("Ethernet1", 100), &Rules::default()).told().collect::<Vec<_>>(), ["alone"]);
        assert_eq!(share(&report, &intent("Ethernet2", 100), &Rules::default()).told().count(), 0);
    }

    #[test]
    fn requests_for_one_aggregate_never_share_a_commit() {
        let joining = |port| {
            let mut intent = intent(port, 100);
            intent.ports[0].membership = Membership::Join("bond0".parse().unwrap());
            intent
        };
        assert!(!joins(&[&joining("Ethernet1")], &joining("Ethernet2")));
    }

    #[test]
    fn two_requests_for_one_port_never_share_a_commit() {
        assert!(!joins(&[&intent("Ethernet1", 100)], &intent("Ethernet1", 101)));
    }

    #[test]
    fn taking_a_vlan_away_is_done_alone() {
        let mut removal = intent("Ethernet2", 100);
        removal.vlans = vec![VlanIntent::Absent { id: 100u16.try_into().unwrap() }];
        assert!(!joins(&[&intent("Ethernet1", 100)], &removal));
        assert!(!joins(&[&removal], &intent("Ethernet1", 100)));
    }
}
