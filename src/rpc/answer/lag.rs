//! Answers to Ironic's methods for aggregates.

use mercury_model::{Interface, LagType};
use serde_json::{Map, Value, json};

use super::{report_json, succeeded, vlan_fields};
use crate::{
    desired,
    fault::{Fault, FaultKind},
    intent::{LagRemoval, LagRequest},
    outcome::Report,
};

/// The answer to `update_lag`: its own fields, as read back from the first
/// switch, and what happened on each.
pub(in crate::rpc) fn lag_updated(request: &LagRequest, reports: &[Report]) -> Result<Value, Fault> {
    let missing = || Fault::new(FaultKind::Internal, "no switch was asked");
    let report = succeeded(reports)?.first().ok_or_else(missing)?;
    let name = report.lags.get(&request.lag_name);
    let aggregate = name.and_then(|name| report.now.as_ref()?.interfaces.get(name));
    let aggregate = aggregate.ok_or_else(|| Fault::new(FaultKind::Internal, "a success without a read-back"))?;
    let description =
        aggregate.description.as_ref().and_then(|text| desired::unmarked(text, request.lag_name.as_str()));
    let mut answer = members([
        ("switch_ids", json!(request.switches.iter().map(|(id, _)| id).collect::<Vec<_>>())),
        ("lag_name", json!(request.lag_name)),
        ("description", json!(description)),
        ("mode", json!("access")),
        ("native_vlan", json!(null)),
        ("aggregation_mode", json!(aggregation_mode(aggregate))),
        ("allowed_vlans", json!([])),
        ("default_vlan", json!(request.default_vlan)),
        ("status", json!("configured")),
    ]);
    vlan_fields(&mut answer, aggregate, request.mode, &request.vlans);
    Ok(with_reports(answer, reports))
}

/// The answer to `delete_lag`.
pub(in crate::rpc) fn lag_deleted(request: &LagRemoval, reports: &[Report]) -> Result<Value, Fault> {
    succeeded(reports)?;
    let answer = members([
        ("switch_ids", json!(request.switches.iter().map(|(id, _)| id).collect::<Vec<_>>())),
        ("lag_name", json!(request.lag_name)),
        ("status", json!("deleted")),
    ]);
    Ok(with_reports(answer, reports))
}

fn aggregation_mode(aggregate: &Interface) -> Option<&'static str> {
    match aggregate.aggregation?.lag_type? {
        LagType::Lacp => Some("lacp"),
        LagType::Static => Some("static"),
    }
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn with_reports(mut answer: Map<String, Value>, reports: &[Report]) -> Value {
    answer.insert("changed".to_owned(), json!(reports.iter().any(Report::changed)));
    answer.insert("switches".to_owned(), reports.iter().map(report_json).collect());
    Value::Object(answer)
}
