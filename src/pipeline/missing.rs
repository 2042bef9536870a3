//! VLANs that a port is to have, that the switch does not have, and that nobody makes: the port
//! is configured as it was asked for, and carries nothing of them.

use mercury_adapter::Dialect;
use mercury_model::{Running, Scope, VlanId, VlanScope, VlanSet};

use super::{Line, Work};
use crate::{
    commit,
    desired::Desired,
    fault::{Fault, FaultKind},
    intent::{Setting, TargetIntent},
    inventory::Switch,
};

/// Why VLANs are not read where ports can be: a part does not hold them, the switch does not tell of
/// them or not in a way that can be read, or there is no room for all of them.
const NOT_TOLD: [FaultKind; 5] =
    [FaultKind::Unknown, FaultKind::Refused, FaultKind::Unsupported, FaultKind::Protocol, FaultKind::Busy];

/// What is read without the lock: what the work takes, and where it is only asked the VLANs that it
/// is about as well, in the same round trip.
///
/// # Errors
/// Nothing was read. That VLANs alone cannot be is none.
pub(super) async fn read(line: &mut Line<'_>, work: &Work, scope: &Scope) -> Result<Running, Fault> {
    let wide = match work {
        Work::Plan(intent) => wider(intent, line.switch, line.dialect, scope),
        Work::Apply(_) | Work::Read(_) => None,
    };
    let Some(wide) = wide else { return commit::read_unlocked(line.link, scope, line.policy).await };
    match commit::read_unlocked(line.link, &wide, line.policy).await {
        Err(fault) if NOT_TOLD.contains(&fault.kind) => commit::read_unlocked(line.link, scope, line.policy).await,
        Ok(_) if line.link.is_recorded() && !shows_vlans(line).await => {
            commit::read_unlocked(line.link, scope, line.policy).await
        }
        read => read,
    }
}

/// Whether files show any VLAN: some systems keep them elsewhere than in what they show (`vlan.dat`).
async fn shows_vlans(line: &mut Line<'_>) -> bool {
    let all = Scope { vlans: VlanScope::All, ..Scope::default() };
    let shown = commit::read_unlocked(line.link, &all, line.policy).await;
    shown.is_ok_and(|running| running.vlans.keys().any(|id| *id != VlanId::MIN))
}

/// The scope with the VLANs that ports are to have; `None` where it has them.
fn wider(intent: &TargetIntent, switch: &Switch, dialect: &Dialect, scope: &Scope) -> Option<Scope> {
    let mut wide = scope.clone();
    asked(intent, switch, dialect).into_iter().for_each(|id| wide.add_vlan(id));
    (wide != *scope).then_some(wide)
}

/// The VLANs that ports and aggregates are to have, where VLANs have to be made. VLAN 1 is there,
/// whether it is shown or not.
fn asked(intent: &TargetIntent, switch: &Switch, dialect: &Dialect) -> Vec<VlanId> {
    if !dialect.makes_vlans(switch.protocol().as_str()) {
        return Vec::new();
    }
    let ports = intent.ports.iter().map(|port| &port.switched_vlan);
    let settings = ports.chain(intent.lags.iter().map(|lag| &lag.switched_vlan));
    let named = settings.filter_map(|setting| match setting {
        Setting::Set(Some(vlans)) => Some(vlans.named_vlans()),
        _ => None,
    });
    let all = named.fold(VlanSet::new(), |all, some| all.union(&some));
    all.iter().filter(|id| *id != VlanId::MIN).collect()
}

/// What is to be known of them, as far as VLANs were read at all.
pub(super) fn told(intent: &TargetIntent, line: &Line<'_>, running: &Running, desired: &Desired) -> Option<String> {
    let (switch, dialect) = (line.switch, line.dialect);
    let is_missing = |id: &VlanId| running.scope.vlans.covers(*id) && !desired.intended.0.vlans.contains_key(id);
    let missing: VlanSet = asked(intent, switch, dialect).into_iter().filter(is_missing).collect();
    let vlans = match missing.iter().count() {
        0 => return None,
        1 => format!("VLAN {missing}"),
        _ => format!("VLANs {missing}"),
    };
    let name = &switch.identity.name;
    Some(format!("{name} shows no {vlans}, and its entry makes none (manage_vlans)"))
}
