//! Answers: what is, in the caller's words.

mod lag;
mod verified;

use mercury_model::{Interface, InterfaceName, Running, Segment, SwitchedVlan, TrunkVlans, VlanId, VniState};
use serde_json::{Map, Value, json};

pub(super) use lag::{lag_deleted, lag_updated};
pub use verified::verified;

use crate::{
    desired,
    fault::{Fault, FaultKind, SwitchOutcome},
    intent::{HandsOff, LagName, PortRequest, ResetRequest},
    inventory::{Broken, Inventory, Switch},
    outcome::Report,
};

/// The answer to Ironic's `update_port`: its own fields, as read back, and
/// what happened.
pub(super) fn updated(request: &PortRequest, reports: &[Report]) -> Result<Value, Fault> {
    let report = own(succeeded(reports)?, &request.switch)?;
    let interface = interface(report, &request.interface)?;
    let mut answer =
        port_fields((&request.switch_id, &request.port_name), &interface, request.default_vlan, "configured");
    // A member has no VLANs of its own, and Ironic calls its aggregate as it did before.
    let aggregate = interface.aggregate_id.as_ref().and_then(|name| report.now.as_ref()?.interfaces.get(name));
    vlan_fields(&mut answer, aggregate.unwrap_or(&interface), request.mode, &request.vlans);
    let joined = |lag: &&LagName| report.lags.get(lag).is_some_and(|at| Some(at) == interface.aggregate_id.as_ref());
    if let Some(lag) = request.lag_name.as_ref().filter(joined) {
        answer.insert("lag_name".to_owned(), json!(lag));
    }
    describe(&mut answer, report, &interface);
    beside(&mut answer, report, reports);
    Ok(Value::Object(answer))
}

/// The answer to Ironic's `reset_port`.
pub(super) fn reset(request: &ResetRequest, reports: &[Report]) -> Result<Value, Fault> {
    let report = own(succeeded(reports)?, &request.switch)?;
    let interface = interface(report, &request.interface)?;
    let mut answer = port_fields((&request.switch_id, &request.port_name), &interface, request.default_vlan, "reset");
    // Ironic's own answer repeats what the caller believed was there.
    answer.insert("native_vlan".to_owned(), json!(request.native_vlan));
    answer.remove("lag_name");
    describe(&mut answer, report, &interface);
    beside(&mut answer, report, reports);
    Ok(Value::Object(answer))
}

/// The answer about a port that is not Mercury's: nothing was done.
pub(super) fn left_alone(request: &HandsOff) -> Value {
    let mut answer: Map<_, _> = request.said.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    answer.extend([("status".to_owned(), json!("unmanaged")), ("changed".to_owned(), json!(false))]);
    Value::Object(answer)
}

/// The answer to a method that changes any number of switches.
pub fn changed(reports: &[Report]) -> Result<Value, Fault> {
    succeeded(reports)?;
    let switches: Vec<Value> = reports.iter().map(report_json).collect();
    Ok(json!({"changed": reports.iter().any(Report::changed), "switches": switches}))
}

/// The answer to a method that makes or removes a network; `physical_network` is the
/// one that it named.
pub(super) fn networked(physical_network: Option<&str>, reports: &[Report]) -> Result<Value, Fault> {
    let mut answer = changed(reports)?;
    if let (true, Some(members)) = (reports.is_empty(), answer.as_object_mut()) {
        let of = physical_network.map(|name| format!(" that is part of physical network {name:?}")).unwrap_or_default();
        members.insert(
            "warnings".to_owned(),
            json!([format!("there is no switch with manage_vlans{of}; nothing was done")]),
        );
    }
    Ok(answer)
}

/// The switches that are to be shown, without anything secret.
pub(super) fn switches(inventory: &Inventory, shows: impl Fn(&str) -> bool) -> Value {
    let entry = |switch: &Switch| {
        let allowed = switch.rules.allowed_vlans.as_ref().map(|allowed| match allowed.is_empty() {
            true => String::new(),
            false => allowed.to_string(),
        });
        let mut members = json!({
            "switch_id": switch.identity.mac_addresses.first().map_or_else(|| switch.identity.name.clone(), ToString::to_string),
            "device_name": switch.identity.name,
            "device_type": switch.device_type(),
            "allowed_vlans": allowed,
        });
        if let (Some(card), Some(members)) = (&switch.rules.card, members.as_object_mut()) {
            members.insert("card".to_owned(), json!(card));
        }
        members
    };
    let broken = |broken: &Broken| {
        let members = json!({"switch_id": broken.name, "device_name": broken.name, "device_type": null,
                             "allowed_vlans": null, "findings": broken.findings});
        (broken.name.clone(), members)
    };
    let sound = inventory.iter().map(|switch| (switch.identity.name.clone(), entry(switch)));
    let all = sound.chain(inventory.all_broken().map(broken));
    all.filter(|(name, _)| shows(name)).collect::<Map<_, _>>().into()
}

fn port_fields(
    (switch_id, port_name): (&str, &InterfaceName),
    interface: &Interface,
    default_vlan: Option<VlanId>,
    status: &str,
) -> Map<String, Value> {
    let members = [
        ("switch_id", json!(switch_id)),
        ("port_name", json!(port_name)),
        ("description", json!(description(interface))),
        ("mode", json!("access")),
        ("native_vlan", json!(untagged(interface))),
        ("allowed_vlans", json!([])),
        ("default_vlan", json!(default_vlan)),
        ("lag_name", json!(interface.aggregate_id)),
        ("status", json!(status)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Without the mark of a port that joined its aggregate by name.
fn description(interface: &Interface) -> Option<&str> {
    let text = interface.description.as_ref()?;
    match &interface.aggregate_id {
        Some(aggregate) => desired::unmarked(text, aggregate.as_str()),
        None => Some(text.as_str()),
    }
}

fn untagged(interface: &Interface) -> Option<VlanId> {
    match &interface.switched_vlan {
        Some(SwitchedVlan::Access { vlan }) => *vlan,
        Some(SwitchedVlan::Trunk { native, .. }) => *native,
        Some(SwitchedVlan::Foreign(_)) | None => None,
    }
}

/// `mode`, `native_vlan` and `allowed_vlans` as `carrier` has them; `mode` and
/// `wanted` are the caller's.
fn vlan_fields(answer: &mut Map<String, Value>, carrier: &Interface, mode: &str, wanted: &SwitchedVlan) {
    let native_listed = matches!(wanted, SwitchedVlan::Trunk { native: Some(native), vlans } if vlans.carries(*native));
    answer.insert("native_vlan".to_owned(), json!(untagged(carrier)));
    if matches!(carrier.switched_vlan, Some(SwitchedVlan::Foreign(_))) {
        answer.insert("mode".to_owned(), Value::Null);
    }
    if let Some(SwitchedVlan::Trunk { native, vlans }) = &carrier.switched_vlan {
        answer.insert("mode".to_owned(), json!(if mode == "hybrid" { "hybrid" } else { "trunk" }));
        // Where the switch needs the native VLAN in its list, Ironic did not put it there.
        let hidden = native.filter(|_| !native_listed);
        answer.insert("allowed_vlans".to_owned(), listed(vlans, hidden));
    }
}

fn listed(vlans: &TrunkVlans, hidden: Option<VlanId>) -> Value {
    match vlans {
        TrunkVlans::All => json!((VlanId::MIN.get()..=VlanId::MAX.get()).collect::<Vec<_>>()),
        TrunkVlans::None => json!([]),
        TrunkVlans::Only(set) => {
            json!(set.iter().filter(|vlan| Some(*vlan) != hidden).map(VlanId::get).collect::<Vec<_>>())
        }
    }
}

/// What is beside Ironic's own fields. `interface` is the port that was asked
/// for, also where its aggregate was read beside it.
fn describe(answer: &mut Map<String, Value>, report: &Report, interface: &Interface) {
    if let Value::Object(members) = report_json(report) {
        answer.extend(members);
    }
    answer.insert("interface".to_owned(), json!(interface));
}

/// What the switches say that a card hangs on.
fn beside(answer: &mut Map<String, Value>, own: &Report, reports: &[Report]) {
    let others: Vec<Value> = reports.iter().filter(|report| report.switch != own.switch).map(report_json).collect();
    if !others.is_empty() {
        answer.insert("uplinks".to_owned(), json!(others));
    }
}

/// That of the switch that was named.
fn own<'a>(reports: &'a [Report], switch: &Switch) -> Result<&'a Report, Fault> {
    let missing = || Fault::new(FaultKind::Internal, "no switch was asked");
    reports.iter().find(|report| report.switch == switch.identity.name).ok_or_else(missing)
}

fn interface(report: &Report, name: &InterfaceName) -> Result<Interface, Fault> {
    let now = report.now.as_ref().ok_or_else(|| Fault::new(FaultKind::Internal, "a success without a read-back"))?;
    Ok(now.interface(name))
}

/// The reports, where nothing went wrong; or else the fault that
/// needs a person first, and a switch's own fault before one that was only
/// undone for its sake.
fn succeeded(reports: &[Report]) -> Result<&[Report], Fault> {
    let faults = reports.iter().filter_map(|report| Some(report.outcome.fault()?.at(&report.switch)));
    let rank = |fault: &Fault| match fault.kind {
        FaultKind::Unknown => 0,
        FaultKind::Undone => 2,
        _ => 1,
    };
    if let Some(mut worst) = faults.min_by_key(rank) {
        if reports.len() > 1 {
            let others: Vec<_> = reports.iter().map(|r| format!("{}: {}", r.switch, r.outcome.name())).collect();
            worst.message = format!("{} ({})", worst.message, others.join(", "));
            worst.switches = reports.iter().map(switch_outcome).collect();
        }
        return Err(worst);
    }
    Ok(reports)
}

fn switch_outcome(report: &Report) -> SwitchOutcome {
    SwitchOutcome {
        switch: report.switch.clone(),
        outcome: report.outcome.name(),
        message: report.outcome.fault().map(|fault| fault.message),
    }
}

/// What happened on one switch and what is true there now.
#[must_use]
pub fn report_json(report: &Report) -> Value {
    let shown = report.now.as_ref().or(report.before.as_ref());
    let interfaces: Vec<_> = shown.map(|running| running.interfaces.values().collect()).unwrap_or_default();
    let mut members = json!({
        "switch": report.switch,
        "outcome": report.outcome.name(),
        "changed": report.changed(),
        "interfaces": interfaces,
        "vlans": shown.map(|running| running.vlans.values().collect::<Vec<_>>()).unwrap_or_default(),
        "lags": report.lags,
        "plan": report.plan.as_ref().map(|plan| plan.edits.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "warnings": report.told().collect::<Vec<_>>(),
        "flights": report.flights,
        "device_ms": (report.device_time.as_secs_f64() * 10_000.0).round() / 10.0,
        "queue_ms": (report.queue_time.as_secs_f64() * 10_000.0).round() / 10.0,
    });
    let segments: Vec<Value> = shown.map(segments).unwrap_or_default();
    if let (false, Some(members)) = (segments.is_empty(), members.as_object_mut()) {
        members.insert("segments".to_owned(), json!(segments));
    }
    if let ([interface], Some(members)) = (interfaces.as_slice(), members.as_object_mut()) {
        members.insert("interface".to_owned(), json!(interface));
    }
    if let (Some(payload), Some(members)) = (&report.payload, members.as_object_mut())
        && matches!(report.outcome, crate::outcome::Outcome::Planned)
    {
        members.insert("payload".to_owned(), json!(payload.to_string()));
    }
    members
}

/// What VLANs are bound to, and whether that carries frames: of a VNI that is configured and
/// does not, why.
fn segments(running: &Running) -> Vec<Value> {
    let told = |(vlan, segment): (&VlanId, &Segment)| {
        let (state, why) = match running.overlay.states.get(&segment.vni) {
            Some(VniState::Up) => ("UP", None),
            Some(VniState::Down(why)) => ("DOWN", Some(why)),
            None => ("UNKNOWN", None),
        };
        let mut told = json!({"vlan-id": vlan, "vni": segment.vni, "vni-state": state});
        if let (Some(why), Some(members)) = (why, told.as_object_mut()) {
            members.insert("down".to_owned(), json!(why));
        }
        told
    };
    running.segments.iter().map(told).collect()
}
