//! What a plan is held against before anything is sent: the network team's rules, and
//! what its caller was granted.

use std::collections::BTreeMap;

use mercury_model::{Edit, Intended, InterfaceName, Plan, Running};

use super::{Line, Work};
use crate::{
    desired,
    fault::{Fault, FaultKind},
    finding::Findings,
    intent::{LagName, TargetIntent},
    inventory::Proposed,
};

/// What the network team's rules have to say of a plan.
pub(super) fn judged(
    line: &Line<'_>,
    running: &Running,
    intended: &Intended,
    plan: &Plan,
    lags: &BTreeMap<LagName, InterfaceName>,
) -> Findings {
    let rules = &line.switch.rules;
    if rules.team.is_empty() {
        return Findings::default();
    }
    let edited = Proposed::edited(plan);
    let after = Running::new(&intended.0, running.scope.clone());
    // Requests that share a commit are not counted together.
    let of = |part: &&TargetIntent| {
        let scope = desired::concerns(part, rules, lags, &[running, &after]);
        edited.iter().filter(|name| scope.interfaces.covers(name)).count()
    };
    let ports = line.parts.iter().map(of).max().unwrap_or(edited.len());
    rules.judge(&Proposed { before: &running.config, after: &intended.0, plan, ports })
}

/// Whether a plan changes only what its callers were granted: what is wanted of a port
/// may turn out to be wanted of its aggregate, and so of all its members, and a VNI may
/// have any VLAN. What carries every VLAN that is made (`trunk_ports`), or what a card's
/// ports have, is changed for whoever has one made, or attaches one.
///
/// # Errors
/// [`FaultKind::InvalidValue`]: the interface or the VLAN that was not granted.
pub(super) fn within_grants(line: &Line<'_>, work: &Work, running: &Running, plan: &Plan) -> Result<(), Fault> {
    let Some(whole) = work.wanted() else { return Ok(()) };
    let parts: &[&TargetIntent] = if line.parts.is_empty() { &[whole] } else { &line.parts };
    vlans_within(line, whole, parts, running)?;
    match parts {
        [] | [_] => within(line, whole, plan),
        // Each of a group answers for what it changes itself.
        parts => parts.iter().filter(|part| part.granted.is_some()).try_for_each(|part| {
            let alone = desired::desired(part, line.switch, running, line.dialect)?.intended;
            within(line, part, &Plan::between(running, &alone))
        }),
    }
}

/// Whether the VLANs that VNIs have or get were granted to those who ask for them.
fn vlans_within(
    line: &Line<'_>,
    whole: &TargetIntent,
    parts: &[&TargetIntent],
    running: &Running,
) -> Result<(), Fault> {
    let is_asked = |part: &&&TargetIntent| part.granted_vlans.is_some() && !part.segments.is_empty();
    if parts.iter().filter(is_asked).count() == 0 {
        return Ok(());
    }
    let placed = desired::vlans_of_vnis(whole, line.switch, running)?;
    for part in parts.iter().filter(is_asked) {
        for segment in &part.segments {
            let vlan = placed.get(&segment.vni).copied().or(segment.vlan);
            let is_granted = |vlan| part.granted_vlans.as_ref().is_none_or(|granted| granted.contains(vlan));
            if let Some(other) = vlan.filter(|vlan| !is_granted(*vlan)) {
                let vni = segment.vni;
                let reason = format!("the policy does not grant its caller VLAN {other}, which is that of VNI {vni}");
                return Err(Fault::value(segment.parameter, reason).at(&line.switch.identity.name));
            }
        }
    }
    Ok(())
}

fn within(line: &Line<'_>, intent: &TargetIntent, plan: &Plan) -> Result<(), Fault> {
    let Some(granted) = &intent.granted else { return Ok(()) };
    let rules = &line.switch.rules;
    let is_granted = |name: &&InterfaceName| {
        granted.iter().any(|pattern| pattern.matches(name.as_str()))
            || rules.options.trunk_ports.contains(name)
            || rules.uplinks.contains_key(name)
    };
    match plan.edits.iter().filter_map(Edit::interface).find(|name| !is_granted(name)) {
        None => Ok(()),
        Some(other) => {
            let reason = format!("the policy does not grant its caller {other}, which the change is about as well");
            Err(Fault::new(FaultKind::InvalidValue, reason))
        }
    }
}
