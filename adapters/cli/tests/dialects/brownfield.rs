//! Configurations that others made over years (`tests/brownfield`): each is read as a person
//! reads it, and of what one port is told nothing else changes.

use std::{fs, path::Path, sync::Arc};

use mercury_adapter::{Budget, Dialect, MAX_REPLY};
use mercury_model::{Intended, Interface, Plan, Running, Scope, SwitchedVlan, TrunkVlans};
use serde::Deserialize;

use crate::{device::Device, dialects, render, transcripts::differences};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    vlans: Vec<String>,
    /// As in `tests/transcripts/expected.toml`.
    ports: Vec<(String, String)>,
    /// Ports whose VLANs cannot be told to be others.
    #[serde(default)]
    refused: Vec<String>,
    /// Ports that keep what else they say only while they have VLANs, so that they cannot
    /// lose those alone.
    #[serde(default)]
    bound: Vec<String>,
    /// What carries VLANs and is no port, whose VLANs nobody asks for.
    #[serde(default)]
    no_ports: Vec<String>,
    config: String,
}

fn files() -> Vec<(String, Arc<Dialect>, Made)> {
    let mut files = Vec::new();
    for dialect in dialects() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/brownfield").join(&dialect.name);
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.to_string_lossy().ends_with(".lines.toml")) {
            let made = toml::from_str(&fs::read_to_string(path).unwrap());
            let made = made.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            files.push((path.display().to_string(), Arc::clone(&dialect), made));
        }
    }
    files
}

fn seen(dialect: &Dialect, device: &Device) -> Running {
    let mut share = Budget::shared().share(MAX_REPLY);
    let scope = Scope::all().with_stp(true);
    let mut running =
        mercury_cli::running(dialect.cli.as_ref().unwrap(), &scope, &device.answers(dialect), &mut share).unwrap();
    running.config.interfaces.retain(|name, _| name.as_str() != "loopback0");
    running
}

#[test]
fn what_others_configured_is_read_as_a_person_reads_it() {
    let files = files();
    assert!(!files.is_empty());
    let mut problems = Vec::new();
    for (file, dialect, made) in files {
        let running = seen(&dialect, &Device::of(&dialect, &made.config));
        problems.extend(differences(&file, (&made.vlans, &made.ports), &running));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What is tried on each port.
fn tried(dialect: &Dialect, port: &Interface) -> Vec<Option<SwitchedVlan>> {
    let vlan = |id: &str| id.parse().unwrap();
    let table = dialect.cli.as_ref().unwrap().words.table();
    let has_native = table.is_none_or(|words| words.members.is_some() || words.port.contains_key("native-vlan"));
    let native = has_native.then(|| vlan("10"));
    let trunk = SwitchedVlan::Trunk { native, vlans: TrunkVlans::only("10,30".parse().unwrap()) };
    [Some(SwitchedVlan::access(vlan("10"))), Some(trunk), None]
        .into_iter()
        .filter(|vlans| *vlans != port.switched_vlan)
        .collect()
}

#[test]
fn a_port_is_attached_and_put_back_and_nothing_else_changes() {
    for (file, dialect, made) in files() {
        let mut before = Device::of(&dialect, &made.config);
        before.part(&seen(&dialect, &before).config);
        let running = seen(&dialect, &before);
        for port in running.interfaces.values().filter(|port| port.aggregate_id.is_none()) {
            if made.no_ports.contains(&port.name.to_string()) {
                continue;
            }
            let is_refused = made.refused.contains(&port.name.to_string());
            let is_bound = made.bound.contains(&port.name.to_string());
            for vlans in tried(&dialect, port).into_iter().filter(|vlans| vlans.is_some() || !is_bound) {
                let what = format!("{file}: {} to {vlans:?}", port.name);
                let mut wanted = running.config.clone();
                let own: &mut Interface = wanted.interfaces.get_mut(&port.name).unwrap();
                own.switched_vlan.clone_from(&vlans);
                let there = render(&dialect, &Plan::between(&running, &Intended(wanted.clone())));
                assert_eq!(there.is_err(), is_refused, "{what}: {there:?}");
                let Ok(there) = there else { continue };
                let mut switch = before.clone();
                switch.apply(&there);
                let now = seen(&dialect, &switch);
                assert!(Intended(wanted).is_met_by(&now), "{what}\n{there}\n{}", switch.text());
                let of_others = |device: &Device| {
                    let mut lines = device.lines();
                    let own = format!("interface{}", port.name).replace(' ', "");
                    lines.retain(|block, _| block.replace(' ', "") != own);
                    lines
                };
                assert_eq!(of_others(&before), of_others(&switch), "{what}: what others said is still said");
                let back = Plan::between(&now, &Intended(running.config.clone())).written_as(&running);
                let back = render(&dialect, &back).unwrap_or_else(|error| panic!("{what}: {error}"));
                switch.apply(&back);
                let undone = seen(&dialect, &switch);
                assert!(Intended(running.config.clone()).is_met_by(&undone), "{what}\n{back}\n{}", switch.text());
            }
        }
    }
}
