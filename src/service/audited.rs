//! The lines of the audit log: a request for a change, before anything is sent; what
//! came of it; one that is refused.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Requester;
use crate::{audit, fault::Fault, outcome::Report};

/// The longest text of a plan or a message that is told, in characters, and the most
/// switches of one line.
const MAX_TEXT: usize = 2000;
const MAX_SWITCHES: usize = 64;

/// Tells of a change before it is made, and gives the call a name.
///
/// # Errors
/// The line must be written, and cannot be: nothing may be sent.
pub async fn asked(method: &str, who: &mut Requester) -> Result<(), Fault> {
    who.call = audit::call();
    if who.call.is_none() {
        return Ok(());
    }
    audit::tell_first("asked", about(method, who)).await
}

/// Tells what came of a change.
pub(super) fn done(verb: &str, who: &Requester, reports: &[Report], total: Duration) {
    if who.call.is_none() {
        return;
    }
    let mut record = about(verb, who);
    let switches: Vec<Value> = reports.iter().take(MAX_SWITCHES).map(on_a_switch).collect();
    record.insert("switches".to_owned(), switches.into());
    record.insert("total_ms".to_owned(), u64::try_from(total.as_millis()).unwrap_or(u64::MAX).into());
    audit::tell("done", record);
}

/// Tells of what was refused before any switch was asked.
pub(super) fn refused(verb: &str, who: &Requester, fault: &Fault) {
    if !audit::is_on() {
        return;
    }
    let mut record = about(verb, who);
    record.insert("fault".to_owned(), fault.kind.name().into());
    record.insert("message".to_owned(), short(&fault.message).into());
    audit::tell("refused", record);
}

fn about(method: &str, who: &Requester) -> Map<String, Value> {
    let Requester { request_id, user, project, caller, way, peer, call, asked, .. } = who;
    let [switches, ports, params] = asked.told();
    let way = Some(way).filter(|way| !way.is_empty());
    let told = [
        ("method", json!(method)),
        ("caller", json!(caller)),
        ("way", json!(way)),
        ("peer", json!(peer)),
        ("user", json!(user)),
        ("project", json!(project)),
        ("request_id", json!(request_id)),
        ("call", json!(call)),
        ("asked_of", json!(switches)),
        ("ports", json!(ports)),
        ("params", json!(params)),
    ];
    told.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn on_a_switch(report: &Report) -> Value {
    let fault = report.outcome.fault();
    json!({
        "switch": report.switch,
        "outcome": report.outcome.name(),
        "plan": report.plan.as_ref().map(|plan| short(&plan.to_string())),
        "fault": fault.as_ref().map(|fault| fault.kind.name()),
        "message": fault.as_ref().map(|fault| short(&fault.message)),
        "round_trips": report.flights,
    })
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
