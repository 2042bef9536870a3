//! `mercury record` and `mercury replay`: what a switch says at its command line, kept and
//! read again.

use std::path::PathBuf;

use clap::Args;
use mercury_adapter::MAX_REPLY;
use mercury_model::{Scope, Segment, VlanId};
use serde_json::{Value, json};

use super::{Common, DONE, Ended, Failure, Output, found, print, read_bounded, switch::named};
use crate::{
    config::{FileAccess, LogLevel, Overrides},
    registry,
};

/// A switch to record.
#[derive(Clone, Debug, Args)]
pub(super) struct RecordArguments {
    /// Its name, MAC address or address.
    switch: String,
}

/// A switch that was recorded.
#[derive(Clone, Debug, Args)]
pub(super) struct ReplayArguments {
    /// The switch's name, MAC address or address: its entry says how it is read.
    switch: String,
    /// What `mercury record` printed; `-` is standard input.
    transcript: PathBuf,
}

pub(super) async fn record(common: &Common, arguments: &RecordArguments) -> Ended {
    let (_, inventory) = common.load(&common.overrides(), Some(LogLevel::Error))?;
    let switch = named(&inventory, &arguments.switch)?;
    let recording = registry::record(&switch, inventory.dialects()).await.map_err(Failure::Other)?;
    print::line(&recording.transcript.to_string());
    match recording.failed {
        None => Ok(DONE),
        Some(reason) => {
            print::talk(&format!("{}: it was recorded, and could not be read: {reason}", switch.identity.name));
            Ok(found())
        }
    }
}

pub(super) async fn replay(common: &Common, arguments: &ReplayArguments) -> Ended {
    // Nobody is asked, so no secret is looked for.
    let overrides = Overrides { secret_files: Some(FileAccess::Unasked), ..common.overrides() };
    let (_, inventory) = common.load(&overrides, Some(LogLevel::Error))?;
    let switch = named(&inventory, &arguments.switch)?;
    let text = read_bounded(&arguments.transcript, MAX_REPLY as u64)?;
    let scope = Scope::all().with_stp(switch.rules.manages_stp()).with_overlays(switch.rules.serves_vnis());
    let read = registry::replayed(&switch, inventory.dialects(), &text, scope).await;
    let running = read.map_err(|error| Failure::Other(format!("{}: {error}", arguments.transcript.display())))?;
    let mut ports: Vec<Value> = running.interfaces.values().map(|port| json!(port)).collect();
    ports.sort_by(|one, other| print::port_order(name_of(one), name_of(other)));
    if common.output == Output::Json {
        let vlans: Vec<_> = running.vlans.values().collect();
        let bound = |(vlan, segment): (&VlanId, &Segment)| json!({"vlan-id": vlan, "vni": segment.vni});
        let segments: Option<Vec<Value>> =
            switch.rules.serves_vnis().then(|| running.segments.iter().map(bound).collect());
        let mut answer = json!({"switch": switch.identity.name, "interfaces": ports, "vlans": vlans});
        if let (Some(segments), Some(members)) = (segments, answer.as_object_mut()) {
            members.insert("segments".to_owned(), json!(segments));
        }
        print::json(&answer);
        return Ok(DONE);
    }
    for port in &ports {
        print::line(&format!("{:<16} {}", name_of(port).unwrap_or("-"), print::state(port)));
    }
    for vlan in running.vlans.values() {
        let name = vlan.name.as_ref().map_or("-", |name| name.as_str());
        print::line(&format!("VLAN {:<11} {name}", vlan.id));
    }
    for (vlan, segment) in &running.segments {
        print::line(&format!("VLAN {vlan:<11} {segment}"));
    }
    Ok(DONE)
}

fn name_of(port: &Value) -> Option<&str> {
    port.get("name")?.as_str()
}
