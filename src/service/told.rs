//! The log line of a request: who, what, where, how, and how it ended.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Map, Value};

use super::{Requester, audited};
use crate::{
    fault::{Fault, FaultKind},
    metrics::{self, Cost},
    outcome::{Outcome, Report},
    status,
};

/// The longest text of a request that is told, in characters, and the most ports.
const MAX_TEXT: usize = 600;
const MAX_PORTS: usize = 16;
/// The longest text of one parameter, in characters, and the most values of a list.
const MAX_VALUE: usize = 100;
const MAX_VALUES: usize = 20;

/// What was asked for, as the caller said it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    switches: String,
    ports: String,
    params: String,
}

impl Asked {
    /// From a method's parameters, without the context; they hold no secrets.
    #[must_use]
    pub fn of(params: &Map<String, Value>) -> Self {
        let members = params.iter().map(|(name, value)| (name.clone(), cut(value)));
        let text: String = Value::Object(members.collect()).to_string().chars().take(MAX_TEXT).collect();
        // What `mercury.plan` and `mercury.verify` are about.
        let about = params.get("params").and_then(Value::as_object).unwrap_or(params);
        Self {
            switches: named(about, &["switch_id", "switch_ids"], "switch_id"),
            ports: named(about, &["port_name"], "port_id"),
            params: text,
        }
    }

    /// The switches and the ports that are named, and the parameters.
    pub(super) fn told(&self) -> [&str; 3] {
        [&self.switches, &self.ports, &self.params]
    }
}

/// A value without the end of what is long in it, so that one does not take the place of
/// the others.
fn cut(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(MAX_VALUE).is_some() => {
            Value::String(text.chars().take(MAX_VALUE).chain("...".chars()).collect())
        }
        Value::Array(values) => {
            let more = values.len().saturating_sub(MAX_VALUES);
            let more = (more > 0).then(|| Value::String(format!("and {more} more")));
            values.iter().take(MAX_VALUES).map(cut).chain(more).collect()
        }
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), cut(value))).collect())
        }
        other => other.clone(),
    }
}

/// What Ironic's own parameters name, or the links of a port.
fn named(params: &Map<String, Value>, own: &[&str], of_a_link: &str) -> String {
    let links = params.get("port").and_then(|port| port.get("binding:profile")?.get("local_link_information"));
    let links = links.and_then(Value::as_array).into_iter().flatten().filter_map(|link| link.get(of_a_link));
    let own = own.iter().filter_map(|name| params.get(*name));
    let flat = own.flat_map(|value| match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    });
    let names: BTreeSet<String> = flat.chain(links).filter_map(Value::as_str).map(short).collect();
    names.into_iter().take(MAX_PORTS).collect::<Vec<_>>().join(",")
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

macro_rules! line {
    ($level:ident, $who:expr, $verb:expr, { $($fields:tt)* }, $message:expr) => {
        tracing::$level!(
            request_id = $who.request_id.as_deref().unwrap_or("-"),
            user = $who.user.as_deref().unwrap_or("-"),
            project = $who.project.as_deref().unwrap_or("-"),
            caller = $who.caller,
            way = or_none($who.way),
            peer = $who.peer.as_deref().unwrap_or("-"),
            action = $verb,
            port = or_none(&$who.asked.ports),
            asked = or_none(&$who.asked.params),
            $($fields)*
            "{}",
            $message
        )
    };
}

/// A request that was refused before any switch was asked.
pub fn refused(verb: &str, who: &Requester, fault: &Fault) {
    audited::refused(verb, who, fault);
    let switch = fault.switch.as_deref().unwrap_or_else(|| or_none(&who.asked.switches));
    line!(warn, who, verb, { switch, fault = fault.kind.name(), parameter = fault.parameter, }, format!("not done: {fault}"));
}

/// A request that switches were asked about.
pub(super) fn done(verb: &str, who: &Requester, reports: &Result<Vec<Report>, Fault>, total: Duration) {
    let reports = match reports {
        Ok(reports) if reports.is_empty() => {
            let switch = or_none(&who.asked.switches);
            return line!(info, who, verb, { switch, outcome = "nothing to do", }, "no switch of Mercury's is meant");
        }
        Ok(reports) => reports,
        Err(fault) => return refused(verb, who, fault),
    };
    for report in reports {
        let cost = Cost { round_trips: report.flights, device: report.device_time, queue: report.queue_time };
        metrics::done(&report.switch, verb, report.outcome.name(), cost);
        let wrong = report.outcome.fault();
        status::happened(
            &report.switch,
            verb,
            report.outcome.name(),
            wrong.as_ref().map(|fault| fault.message.as_str()),
        );
    }
    let several = reports.len() > 1;
    let each = |tell: &dyn Fn(&Report) -> String| {
        let told = reports.iter().map(|report| match (tell(report), several) {
            (text, true) if !text.is_empty() => format!("{}: {text}", report.switch),
            (text, _) => text,
        });
        told.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
    };
    let plan = each(&|report| report.plan.as_ref().map(ToString::to_string).unwrap_or_default());
    let outcome = each(&|report| report.outcome.name().to_owned());
    let noted = |report: &Report| report.warnings.iter().chain(report.notes.values()).cloned().collect::<Vec<_>>();
    let warnings = each(&|report| noted(report).join(", "));
    let faults = || reports.iter().filter_map(|report| Some((report, report.outcome.fault()?)));
    let worst = faults().min_by_key(|(_, fault)| match fault.kind {
        FaultKind::Unknown => 0,
        FaultKind::Undone => 2,
        _ => 1,
    });
    let milliseconds = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
    let switch = reports.iter().map(|report| report.switch.as_str()).collect::<Vec<_>>().join(",");
    let fault = worst.as_ref().map(|(_, fault)| fault.kind.name());
    let flights: u64 = reports.iter().map(|report| report.flights).sum();
    let device_ms = milliseconds(reports.iter().map(|report| report.device_time).sum());
    let queue_ms = milliseconds(reports.iter().map(|report| report.queue_time).max().unwrap_or_default());
    let total_ms = milliseconds(total);
    let warnings = Some(warnings).filter(|warnings| !warnings.is_empty());
    macro_rules! told {
        ($level:ident, $message:expr) => {
            line!($level, who, verb, {
                switch, plan = or_none(&plan), outcome, fault, warnings, flights, device_ms, queue_ms, total_ms,
            }, $message)
        };
    }
    match worst {
        None if warnings.is_some() => told!(warn, "done"),
        None => told!(info, "done"),
        Some((report, fault)) => {
            let message = if several { format!("{}: {}", report.switch, fault.message) } else { fault.message };
            // Where nothing was sent, nothing is at stake.
            let is_at_stake = fault.kind == FaultKind::Unknown && !matches!(report.outcome, Outcome::NotStarted(_));
            if is_at_stake { told!(error, message) } else { told!(warn, message) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_long_hides_nothing_of_the_rest() {
        let vlans: Vec<u16> = (1..4095).collect();
        let port =
            json!({"binding:profile": {"local_link_information": [{"switch_id": "leaf1", "port_id": "Ethernet1"}]}});
        let params = json!({"allowed_vlans": vlans, "description": "x".repeat(4000), "port": port, "zone": 1});
        let asked = Asked::of(params.as_object().unwrap());
        let [switches, ports, told] = asked.told();
        assert_eq!((switches, ports), ("leaf1", "Ethernet1"));
        let told: Value = serde_json::from_str(told).expect("it is whole");
        assert_eq!((&told["zone"], &told["port"]), (&json!(1), &port));
        assert_eq!(told["allowed_vlans"][20], "and 4074 more");
    }
}
