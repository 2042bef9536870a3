//! The only place that prints.

use std::{
    cmp::Ordering,
    io::{ErrorKind, Write as _, stderr, stdout},
};

use mercury_model::{Edit, InterfaceName};
use serde_json::Value;

/// Data for a machine: one line.
pub(super) fn json(value: &Value) {
    line(&value.to_string());
}

/// Data for a person. Whoever reads it may have seen enough, as `head` has.
pub(super) fn line(text: &str) {
    // At once: the text and its end by themselves would be two calls of the system.
    match stdout().write_all(format!("{text}\n").as_bytes()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            talk(&format!("standard output: {error}"));
            std::process::exit(2);
        }
    }
}

/// A number of things.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The order of the ports on a front panel: numbers within names count as numbers, so
/// that Ethernet2 is before Ethernet10.
pub(super) fn port_order(one: Option<&str>, other: Option<&str>) -> Ordering {
    runs(one).cmp(&runs(other)).then_with(|| one.cmp(&other))
}

/// What is in a name, piece by piece, each with the number behind it.
fn runs(name: Option<&str>) -> Vec<(&str, u128)> {
    let mut runs = Vec::new();
    let mut rest = name.unwrap_or_default();
    while !rest.is_empty() {
        let (text, behind) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
        let (digits, behind) = behind.split_at(behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len()));
        runs.push((text, digits.parse().unwrap_or_default()));
        rest = behind;
    }
    runs
}

/// Edits for people: what is about ports in the ports' order, and what is before and behind
/// them where it is.
pub(super) fn edits(edits: &[Edit]) -> Vec<String> {
    let mut all: Vec<&Edit> = edits.iter().collect();
    all.chunk_by_mut(|one, other| one.interface().is_some() == other.interface().is_some())
        .for_each(|edits| edits.sort_by_cached_key(|edit| owned(edit.interface().map(InterfaceName::as_str))));
    all.into_iter().map(ToString::to_string).collect()
}

/// The same of edits that are words already.
pub(super) fn in_order<'e>(edits: impl Iterator<Item = &'e str>) -> Vec<&'e str> {
    let mut all: Vec<&str> = edits.collect();
    all.chunk_by_mut(|one, other| port_of(one).is_some() == port_of(other).is_some())
        .for_each(|edits| edits.sort_by_cached_key(|edit| owned(port_of(edit))));
    all
}

fn owned(name: Option<&str>) -> (Vec<(String, u128)>, Option<String>) {
    (runs(name).into_iter().map(|(text, number)| (text.to_owned(), number)).collect(), name.map(str::to_owned))
}

/// The port that an edit is about, which is named first; a VLAN is made, changed, bound or removed.
fn port_of(edit: &str) -> Option<&str> {
    const VERBS: [&str; 6] = ["create ", "change ", "complete ", "bind ", "unbind ", "remove "];
    let (port, _) = edit.split_once(": ")?;
    (!VERBS.iter().any(|verb| port.starts_with(verb))).then_some(port)
}

/// Talk; where nobody can hear it, the exit code tells.
pub(super) fn talk(text: &str) {
    let _unheard = writeln!(stderr(), "{text}");
}

/// A question; the answer comes on the same line.
pub(super) fn prompt(text: &str) {
    let mut talk = stderr();
    let _unheard = write!(talk, "{text}").and_then(|()| talk.flush());
}

/// Data of a service, which goes on whether or not anybody takes it.
pub(super) fn announce(text: String) {
    let unsaid = |error: std::io::Error| tracing::warn!(%error, "standard output could not be written");
    let say = move || writeln!(stdout(), "{text}").unwrap_or_else(unsaid);
    if let Err(error) = std::thread::Builder::new().spawn(say) {
        unsaid(error);
    }
}

/// What happened on one switch, for a person.
pub(super) fn report(report: &Value) {
    let text = |name: &str| report[name].as_str().unwrap_or("-").to_owned();
    let flights = report["flights"].as_u64().unwrap_or_default();
    let trips = counted(usize::try_from(flights).unwrap_or(usize::MAX), "round trip", "round trips");
    let milliseconds = report["device_ms"].as_f64().unwrap_or_default();
    // Nobody was asked where files tell.
    let cost = if flights == 0 { String::new() } else { format!(", {trips}, {milliseconds} ms") };
    line(&format!("{}: {}{cost}", text("switch"), text("outcome")));
    let edits = ["plan", "differences"].into_iter().flat_map(|name| report[name].as_array()).flatten();
    for edit in in_order(edits.map(|edit| edit.as_str().unwrap_or_default())) {
        line(&format!("  {edit}"));
    }
    for warning in report["warnings"].as_array().into_iter().flatten() {
        line(&format!("  warning: {}", warning.as_str().unwrap_or_default()));
    }
    for interface in ports(report) {
        line(&format!("  {} is {}", interface["name"].as_str().unwrap_or("-"), state(interface)));
    }
    if let Some(payload) = report["payload"].as_str() {
        line(payload);
    }
}

/// What a report tells of ports, in their order.
fn ports(report: &Value) -> Vec<&Value> {
    let mut ports: Vec<&Value> = report["interfaces"].as_array().into_iter().flatten().collect();
    ports.sort_by(|one, other| port_order(one["name"].as_str(), other["name"].as_str()));
    ports
}

/// An interface in a few words.
pub(super) fn state(interface: &Value) -> String {
    let vlans = &interface["switched-vlan"];
    let number = |name: &str| vlans[name].as_u64().map_or_else(|| "none".to_owned(), |vlan| vlan.to_string());
    let vlans = match vlans["interface-mode"].as_str() {
        Some("ACCESS") => format!("access VLAN {}", number("access-vlan")),
        Some(_) => {
            format!(
                "trunk, native VLAN {}, VLANs {}",
                number("native-vlan"),
                vlans["trunk-vlans"].as_str().unwrap_or("-")
            )
        }
        None => "without VLANs of its own".to_owned(),
    };
    let enabled = if interface["enabled"] == Value::Bool(false) { "disabled, " } else { "" };
    let description = interface["description"].as_str().map(|text| format!(", {text:?}")).unwrap_or_default();
    let member = interface["aggregate-id"].as_str().map(|lag| format!(", member of {lag}")).unwrap_or_default();
    let stp = &interface["stp"];
    let edge = stp["edge-port"].as_str().map(|edge| format!(", {edge}")).unwrap_or_default();
    let guard = if stp["bpdu-guard"] == Value::Bool(true) { ", BPDU guard" } else { "" };
    format!("{enabled}{vlans}{member}{edge}{guard}{description}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{in_order, ports};

    #[test]
    fn what_ports_are_is_told_in_their_order() {
        let named = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>();
        let report = json!({"interfaces": named(&["Ethernet1", "Ethernet10", "Ethernet2"])});
        assert_eq!(ports(&report), named(&["Ethernet1", "Ethernet2", "Ethernet10"]).iter().collect::<Vec<_>>());
    }

    #[test]
    fn edits_are_told_in_the_order_of_ports_and_vlans_stay_before_and_behind_them() {
        let told = [
            "create VLAN 110 \"a: b\"",
            "create VLAN 9",
            "Ethernet10: mtu none -> 9000",
            "Ethernet10: description none -> \"x: y\"",
            "Ethernet2: mtu none -> 9000",
            "remove VLAN 10",
        ];
        let expected = [told[0], told[1], told[4], told[2], told[3], told[5]];
        assert_eq!(in_order(told.into_iter()), expected);
    }
}
