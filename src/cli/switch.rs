//! `mercury switch list` and `mercury switch probe`.
#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name it lacks is null")]

use std::{collections::BTreeSet, sync::Arc};

use mercury_adapter::{ConnectError, Datastore, Probe};
use mercury_model::{InterfaceName, Scope};
use serde_json::{Value, json};

use super::{
    Common, DONE, Ended, Failure, Output, found, print,
    write::{self, Written},
};
use crate::{
    config::Settings,
    fault::{Fault, FaultKind},
    finding::Findings,
    intent::find_switch,
    inventory::{Face, Inventory, Switch},
    outcome::Report,
    registry,
    rpc::report_json,
};

/// What was read, where it names an inventory.
pub(super) fn in_some_inventory(read: (Settings, Inventory, Findings)) -> Result<(Settings, Inventory), Failure> {
    let (settings, inventory, _) = read;
    if settings.switches.is_empty() {
        let words = "no inventory is named: say --switches FILE, or `switches` in the file of --config";
        return Err(Failure::Other(words.to_owned()));
    }
    Ok((settings, inventory))
}

/// The switch that somebody at the command line names, who is told which was meant: callers
/// are not, to whom a policy may hide it, and a long name of theirs would be held against all.
pub(super) fn named(inventory: &Inventory, name: &str) -> Result<Arc<Switch>, Failure> {
    find_switch(inventory, "switch", name).map_err(|fault| match inventory.nearest(name) {
        Some(near) if fault.kind == FaultKind::SwitchNotFound && inventory.sharing(name).is_empty() => {
            Failure::Refused(Fault { message: format!("{}; did you mean {near}?", fault.message), ..fault })
        }
        _ => Failure::Refused(fault),
    })
}

/// Why a switch is not found.
pub(super) fn not_in(inventory: &Inventory, name: &str) -> Failure {
    if inventory.is_empty() && inventory.all_broken().next().is_none() {
        let words = "for no inventory holds a switch: was one named with --switches, or in the file of --config?";
        return Failure::Other(format!("switch {name:?} is not known, {words}"));
    }
    let near = inventory.nearest(name).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Failure::Other(format!("switch {name:?} is not in the inventory{near}"))
}

pub(super) fn list(common: &Common) -> Ended {
    let (_, inventory) = common.load(&common.overrides(), None)?;
    let mut rows = Vec::new();
    for switch in &inventory {
        let dialect = registry::dialect(switch, inventory.dialects()).map_err(Failure::because)?;
        rows.push(json!({
            "name": switch.identity.name,
            "address": switch.identity.address,
            "port": registry::port(switch, &dialect),
            "carried_by": switch.carried_by(),
            "call_home": switch.calls_home(),
            "device_type": switch.device_type(),
            "standing": dialect.standing(switch.protocol().as_str()),
            "mac_addresses": switch.identity.mac_addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "allowed_vlans": switch.rules.allowed_vlans.as_ref().map(ToString::to_string),
            "physical_networks": switch.identity.physical_networks,
        }));
    }
    if common.output == Output::Json {
        print::json(&Value::Array(rows));
        return Ok(DONE);
    }
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap_or("all").to_owned();
        print::line(&format!(
            "{:<16} {} {} over {} VLANs {} ({})",
            text("name"),
            if row["call_home"] == true {
                "calls home".to_owned()
            } else {
                format!("{}:{}", text("address"), row["port"])
            },
            text("device_type"),
            text("carried_by"),
            text("allowed_vlans"),
            text("standing")
        ));
    }
    Ok(if inventory.is_empty() { found() } else { DONE })
}

/// What a card's entry says of its ports, and whether it has them.
fn of_card(switch: &Switch, report: &Report) -> Vec<(String, String)> {
    let Some(card) = &switch.rules.card else { return Vec::new() };
    let there = |port: &InterfaceName| match &report.now {
        Some(now) if !now.interfaces.contains_key(port) => ", which the card does not have; in NIC mode it has none",
        _ => "",
    };
    let uplinks = card.uplinks.iter().map(|uplink| {
        let found = format!("uplink, on {} of {}{}", uplink.switch_port, uplink.switch, there(&uplink.port));
        (format!("card port {}", uplink.port), found)
    });
    let representors = card.representors.iter().map(|own| {
        let function = own.function.map(|function| format!(" of {function}")).unwrap_or_default();
        (format!("card port {}", own.port), format!("representor{function}{}", there(&own.port)))
    });
    uplinks.chain(representors).collect()
}

pub(super) async fn probe(common: &Common, name: &str, write: Option<&str>) -> Ended {
    let service = common.service()?;
    let switch = named(service.inventory(), name)?;
    let scope = Scope::all().with_stp(switch.rules.manages_stp()).with_overlays(switch.rules.serves_vnis());
    let report = service.read(&switch, scope).await.map_err(Failure::because)?;
    service.finish().await;
    let mut answer = described(&report, &switch);
    let mut probe =
        registry::connector(&switch, service.inventory().dialects()).map_err(Failure::because)?.probe().await;
    let written = match write {
        Some(port) => {
            let (dialects, within) = (service.inventory().dialects(), service.stop_timeout);
            Some(Box::pin(write::tried(&switch, dialects, port, &service.locks, within)).await?)
        }
        None => None,
    };
    service.locks.finish().await;
    let done = written.as_ref().is_none_or(|written| written.done);
    if let Ok(probe) = &mut probe {
        let not_tried = || ("write".to_owned(), "not tried; --write PORT does".to_owned());
        let Written { facts, lines, .. } =
            written.unwrap_or_else(|| Written { facts: vec![not_tried()], ..Written::default() });
        if done && write.is_some() {
            // What was written tells.
            probe.facts.retain(|(tried, _)| tried != "commit_confirmed");
        }
        probe.facts.extend(facts);
        probe.facts.extend(of_card(&switch, &report));
        let dialect = registry::dialect(&switch, service.inventory().dialects()).map_err(Failure::because)?;
        if let Some(own) = dialect.revisions.get(switch.face.protocol().as_str()) {
            probe.facts.push(("revision".to_owned(), format!("{}: {}", own.trust, own.source)));
        }
        probe.entry.extend(lines);
    }
    let port = registry::port(
        &switch,
        &*registry::dialect(&switch, service.inventory().dialects()).map_err(Failure::because)?,
    );
    let place = match switch.calls_home() {
        true => "call_home = true\n".to_owned(),
        false => format!("address = {:?}\nport = {port}\n", switch.identity.address),
    };
    add_probe(&mut answer, probe, &place);
    let way = if switch.calls_home() { "it calls home" } else { "it is connected to" };
    let carried = format!("{way} over {}", switch.carried_by());
    let is_reached = report.capabilities.is_some();
    let blank = report.now.as_ref().is_some_and(|now| now.interfaces.is_empty() && now.vlans.is_empty());
    if let Some(members) = answer.as_object_mut().filter(|_| blank) {
        members.insert("error".to_owned(), shows_nothing(&switch).into());
    }
    if let Some(members) = answer.as_object_mut().filter(|_| is_reached) {
        members.insert("reached".to_owned(), carried.into());
    }
    if common.output == Output::Json {
        print::json(&answer);
    } else {
        let errors = [&answer["error"], &answer["probe_error"]].into_iter().filter_map(Value::as_str);
        for error in errors.collect::<BTreeSet<_>>() {
            print::line(&format!("{}: {error}", switch.identity.name));
        }
        for name in ["reached", "datastore", "confirmed_commit", "atomic_edit", "startup", "pipelining", "device_ms"] {
            if !answer[name].is_null() {
                print::line(&format!("{name:<16} {}", answer[name]));
            }
        }
        for fact in answer["probe"].as_array().into_iter().flatten() {
            let text = |name: &str| fact[name].as_str().unwrap_or("-").to_owned();
            print::line(&format!("{:<48} {}", text("tried"), text("found")));
        }
        for interface in answer["interfaces"].as_array().into_iter().flatten() {
            print::line(&format!("{:<16} {}", interface["name"].as_str().unwrap_or("-"), print::state(interface)));
        }
        for vlan in answer["vlans"].as_array().into_iter().flatten() {
            print::line(&format!("VLAN {:<11} {}", vlan["vlan-id"], vlan["name"].as_str().unwrap_or("-")));
        }
        for segment in answer["segments"].as_array().into_iter().flatten() {
            let state = segment["vni-state"].as_str().unwrap_or("-");
            print::line(&format!("VLAN {:<11} VNI {}, {state}", segment["vlan-id"], segment["vni"]));
        }
        if let Some(entry) = answer["proposed"].as_str() {
            print::line(&format!("\nAn entry that suits it, but for the credentials:\n\n{entry}"));
        }
    }
    Ok(if report.outcome.is_success() && done && !blank { DONE } else { found() })
}

/// What is to be done where there is no port and no VLAN.
fn shows_nothing(switch: &Switch) -> String {
    let root = if matches!(switch.face, Face::Restconf(_)) { ", and at restconf_root" } else { "" };
    format!("it shows no port and no VLAN; look at what Mercury's user may read, at the dialect{root}")
}

/// What was tried, and the entry that follows from it.
fn add_probe(answer: &mut Value, probe: Result<Probe, ConnectError>, place: &str) {
    let name = answer["switch"].as_str().unwrap_or("switch").to_owned();
    let Some(members) = answer.as_object_mut() else { return };
    match probe {
        Ok(probe) => {
            let facts = probe.facts.iter().map(|(tried, found)| json!({"tried": tried, "found": found}));
            members.insert("probe".to_owned(), facts.collect());
            if !probe.entry.is_empty() {
                let keys: String = probe.entry.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
                members.insert("proposed".to_owned(), format!("[[switch]]\nname = {name:?}\n{place}{keys}").into());
            }
        }
        Err(error) => {
            members.insert("probe_error".to_owned(), error.to_string().into());
        }
    }
}

fn described(report: &Report, switch: &Switch) -> Value {
    let mut answer = report_json(report);
    if let Some(ports) = answer["interfaces"].as_array_mut() {
        ports.sort_by(|one, other| print::port_order(one["name"].as_str(), other["name"].as_str()));
    }
    if let Some(members) = answer.as_object_mut() {
        if let Some(capabilities) = &report.capabilities {
            // Elsewhere nothing is staged on the switch: a change is made by one request.
            let stages = matches!(switch.face, Face::Netconf(_) | Face::Cli(_) | Face::Nvue(_));
            let datastore = if stages { capabilities.datastore } else { Datastore::Running };
            members.insert("datastore".to_owned(), format!("{datastore:?}").to_lowercase().into());
            let confirmed = capabilities.confirmed_commit.map(|kind| format!("{kind:?}").to_lowercase());
            members.insert("confirmed_commit".to_owned(), confirmed.into());
            members.insert("atomic_edit".to_owned(), capabilities.atomic_edit.into());
            members.insert("startup".to_owned(), capabilities.startup.into());
            members.insert("pipelining".to_owned(), capabilities.pipelining.into());
            members.insert("announced".to_owned(), capabilities.announced.to_vec().into());
        }
        if let Some(fault) = report.outcome.fault() {
            members.insert("error".to_owned(), fault.to_string().into());
        }
    }
    answer
}
