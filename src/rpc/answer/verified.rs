//! The answer to `mercury.verify`: where switches differ from what a request
//! would have made of them.

use serde_json::{Value, json};

use super::{report_json, succeeded};
use crate::{fault::Fault, outcome::Report};

/// Where the switches differ from what a request would have made of them.
///
/// # Errors
/// What went wrong on one of them.
pub fn verified(reports: &[Report]) -> Result<Value, Fault> {
    if !reports.is_empty() {
        succeeded(reports)?;
    }
    let differs = |report: &Report| report.plan.as_ref().is_some_and(|plan| !plan.is_empty());
    let switches = reports.iter().map(|report| {
        let mut shown = report_json(report);
        if let Some(members) = shown.as_object_mut() {
            members.remove("payload");
            members.remove("changed");
            let differences = members.remove("plan");
            members.insert("differences".to_owned(), differences.unwrap_or(Value::Null));
            members.insert("outcome".to_owned(), json!(if differs(report) { "differs" } else { "matches" }));
        }
        shown
    });
    let switches: Vec<_> = switches.collect();
    Ok(json!({"matches": !reports.iter().any(differs), "switches": switches}))
}
