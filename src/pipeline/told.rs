//! Of what was read, what whoever asked is told: others' ports are read along where a VLAN is
//! to go or a VNI is served.

use std::collections::BTreeMap;

use mercury_model::{Edit, InterfaceName, Plan, Running, Scope};

use super::Work;
use crate::{
    desired,
    intent::{LagName, TargetIntent},
    inventory::Rules,
    outcome::{Outcome, Report},
};

/// Keeps of what was read only what the request is about and what it changed, and warns of
/// what of that does nothing.
pub(super) fn narrow(report: &mut Report, work: &Work, rules: &Rules) {
    let Some(intent) = work.wanted() else { return };
    let seen: Vec<_> = report.before.iter().chain(&report.now).collect();
    let scope = told(intent, rules, &report.lags, &seen, report.plan.as_ref());
    if let Outcome::Unchanged(proof) | Outcome::Committed(proof) = &report.outcome {
        report.warnings.extend(unapplied(proof.running(), &scope));
    }
    for running in [&mut report.before, &mut report.now, &mut report.intended].into_iter().flatten() {
        *running = running.told(&scope);
    }
}

/// What a request is about, and what it changes.
pub(super) fn told(
    intent: &TargetIntent,
    rules: &Rules,
    lags: &BTreeMap<LagName, InterfaceName>,
    seen: &[&Running],
    plan: Option<&Plan>,
) -> Scope {
    let mut scope = desired::concerns(intent, rules, lags, seen);
    let edits = plan.iter().flat_map(|plan| &plan.edits);
    edits.filter_map(Edit::interface).for_each(|interface| scope.add_interface(interface.clone()));
    scope
}

/// What is so and does nothing: a database keeps the VLANs of a port whose device is gone.
fn unapplied(running: &Running, asked: &Scope) -> impl Iterator<Item = String> {
    let of_no_use = running.of_no_use().filter(|(port, _)| asked.interfaces.covers(&port.name));
    of_no_use.map(|(port, why)| format!("what {} has of VLANs is not applied: {why}", port.name))
}

#[cfg(test)]
mod tests {
    use mercury_model::{Interface, SwitchedVlan};

    use super::*;

    /// A VNI is served by reading every port.
    #[test]
    fn what_is_not_applied_is_told_of_the_ports_that_were_asked_about() {
        let mut all = Running { scope: Scope::all(), ..Running::default() };
        for name in ["p1", "p2", "p3"] {
            let mut port = Interface::new(name.parse().unwrap());
            port.switched_vlan = Some(SwitchedVlan::access(100u16.try_into().unwrap()));
            all.config.interfaces.insert(port.name.clone(), port);
        }
        all.unused = ["p1", "p2"].map(|name| (name.parse().unwrap(), "its device is gone".to_owned())).into();
        let mut asked = Scope::default();
        for name in ["p2", "p3"] {
            asked.add_interface(name.parse().unwrap());
        }
        let told: Vec<String> = unapplied(&all, &asked).collect();
        assert_eq!(told, ["what p2 has of VLANs is not applied: its device is gone"]);
    }
}
