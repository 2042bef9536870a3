//! Cases: folders a network engineer can read. `running.json` and
//! `intended.json` say what a switch has and should have, `plan.txt` what
//! changes; each adapter's kit adds what is sent for each dialect, or why
//! nothing is. Included by each kit.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use mercury_adapter::{Dialect, SegmentLeaf};
use mercury_model::{
    Aggregation, DeviceConfig, EdgePort, Intended, Interface, InterfaceType, Lacp, LacpInterval, LacpMode, LagType,
    Leaf, Plan, Running, Scope, Segment, Stp, SwitchedVlan, TrunkVlans, Vlan, VlanStatus,
};
use serde::Deserialize;

/// One folder of `tests/cases`.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) running: DeviceConfig,
    pub(crate) intended: DeviceConfig,
}

/// The plan between two whole configurations.
pub(crate) fn plan(running: &DeviceConfig, intended: &DeviceConfig) -> Plan {
    Plan::between(&Running::new(running, everything()), &Intended(intended.clone()))
}

/// All there is, spanning tree and overlays included.
pub(crate) fn everything() -> Scope {
    Scope::all().with_stp(true).with_overlays(true)
}

/// Whether to write what is rendered instead of comparing it.
fn bless() -> bool {
    std::env::var_os("MERCURY_BLESS").is_some()
}

/// A configuration without the leaves that are not in it where a dialect has no
/// place for them, or where they hold what would be so anyway.
pub(crate) fn visible(dialect: &Dialect, protocol: &str, config: &DeviceConfig) -> DeviceConfig {
    let mut config = config.clone();
    let has = |leaf| dialect.has(protocol, leaf);
    let defaults = dialect.defaults(protocol).unwrap();
    for interface in config.interfaces.values_mut() {
        for leaf in Leaf::ALL.into_iter().filter(|leaf| !has(*leaf)) {
            let default = leaf.get(interface).and_then(|_| defaults.leaves.get(&leaf).cloned());
            leaf.set(interface, default);
        }
    }
    match dialect.overlay(protocol) {
        None => config.segments.clear(),
        Some(own) => config.segments.values_mut().for_each(|segment| *segment = own.visible(segment)),
    }
    defaults.canonical(&mut config);
    config
}

/// Compares with a file, or writes it.
pub(crate) fn golden(file: &Path, text: &str, problems: &mut Vec<String>) {
    if bless() {
        fs::write(file, text).unwrap();
        return;
    }
    match fs::read_to_string(file) {
        Ok(reviewed) if reviewed == text => {}
        Ok(reviewed) => problems.push(format!("{}\nreviewed:\n{reviewed}\nnow:\n{text}", file.display())),
        Err(error) => problems.push(format!("{}: {error}\nnow:\n{text}", file.display())),
    }
}

/// Finds, or removes, files of this kit that no dialect answers for. A kit
/// knows its own files by what follows the dialect's name.
pub(crate) fn leftovers(case: &Case, own: &[&str], expected: &BTreeSet<String>, problems: &mut Vec<String>) {
    for entry in fs::read_dir(&case.folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let is_own = name.split_once('.').is_some_and(|(_, kind)| own.contains(&kind));
        if !is_own || expected.contains(&name) {
            continue;
        }
        if bless() {
            fs::remove_file(entry.path()).unwrap();
        } else {
            problems.push(format!("{}/{name} belongs to no dialect, or to what it no longer does", case.name));
        }
    }
}

/// Every case, by name.
pub(crate) fn all() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let mut cases: Vec<Case> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| {
            let folder = entry.path();
            let name = entry.file_name().into_string().unwrap();
            let read = |file: &str| config(&format!("{name}/{file}"), &fs::read_to_string(folder.join(file)).unwrap());
            Case { running: read("running.json"), intended: read("intended.json"), name, folder }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(cases.len() >= 15, "only {} cases in {}", cases.len(), folder.display());
    cases
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    #[serde(default)]
    interfaces: BTreeMap<String, Port>,
    #[serde(default)]
    vlans: BTreeMap<String, Named>,
    /// The VNIs that VLANs are bound to, and their VTEPs.
    #[serde(default)]
    segments: BTreeMap<String, Bound>,
}

/// A VNI and its VTEP, and what else is said of it: `flood`, `bgp-as` and so on.
#[derive(Deserialize)]
#[serde(untagged)]
enum Bound {
    Vni(u64, String),
    With(u64, String, BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Port {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    description: Option<String>,
    mtu: Option<u16>,
    access: Option<u16>,
    native: Option<u16>,
    /// `all`, `none`, or `10,20-30`.
    trunk: Option<String>,
    aggregate_id: Option<String>,
    /// `LACP` or `STATIC`.
    lag_type: Option<String>,
    min_links: Option<u16>,
    mlag_id: Option<u16>,
    /// `ACTIVE SLOW` and so on.
    lacp: Option<String>,
    /// `EDGE_ENABLE bpdu-guard` and so on.
    stp: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: Option<String>,
    #[serde(default)]
    suspended: bool,
}

fn config(file: &str, text: &str) -> DeviceConfig {
    let device: Device = serde_json::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut config = DeviceConfig::default();
    for (name, port) in device.interfaces {
        let mut interface = Interface::new(name.parse().unwrap());
        interface.kind = port.kind.as_deref().map(InterfaceType::from_identity);
        interface.enabled = port.enabled;
        interface.description = port.description.as_deref().map(|text| text.parse().unwrap());
        interface.mtu = port.mtu;
        interface.switched_vlan = switched_vlan(file, &port);
        interface.aggregate_id = port.aggregate_id.as_deref().map(|name| name.parse().unwrap());
        let lag_type = port.lag_type.as_deref().map(|word| match word {
            "LACP" => LagType::Lacp,
            "STATIC" => LagType::Static,
            other => panic!("{file}: lag-type {other}"),
        });
        let aggregation = Aggregation { lag_type, min_links: port.min_links, mlag_id: port.mlag_id };
        interface.aggregation = Some(aggregation).filter(|one| *one != Aggregation::default());
        interface.lacp = port.lacp.as_deref().map(|words| lacp(file, words));
        interface.stp = port.stp.as_deref().and_then(|words| stp(file, words));
        config.interfaces.insert(interface.name.clone(), interface);
    }
    for (id, vlan) in device.vlans {
        let id = id.parse().unwrap();
        let name = vlan.name.as_deref().map(|name| name.parse().unwrap());
        let status = if vlan.suspended { VlanStatus::Suspended } else { VlanStatus::Active };
        config.vlans.insert(id, Vlan { id, name, status });
    }
    for (vlan, bound) in device.segments {
        let (vni, vtep, more) = match bound {
            Bound::Vni(vni, vtep) => (vni, vtep, BTreeMap::new()),
            Bound::With(vni, vtep, more) => (vni, vtep, more),
        };
        let mut segment = Segment::new(vni.try_into().unwrap()).of_vtep(Some(vtep.parse().unwrap()));
        for (name, text) in more {
            let leaf = SegmentLeaf::ALL.into_iter().find(|(_, own)| *own == name).map(|(leaf, _)| leaf);
            assert!(leaf.unwrap_or_else(|| panic!("{file}: {name}")).set(&mut segment, &text), "{file}: {name} {text}");
        }
        config.segments.insert(vlan.parse().unwrap(), segment);
    }
    config
}

fn switched_vlan(file: &str, port: &Port) -> Option<SwitchedVlan> {
    let id = |number: u16| number.try_into().unwrap();
    match (port.access, port.native, port.trunk.as_deref()) {
        (None, None, None) => None,
        (Some(vlan), None, None) => Some(SwitchedVlan::access(id(vlan))),
        (None, native, Some(vlans)) => {
            let vlans = match vlans {
                "all" => TrunkVlans::All,
                "none" => TrunkVlans::None,
                ranges => TrunkVlans::only(ranges.parse().unwrap()),
            };
            Some(SwitchedVlan::Trunk { native: native.map(id), vlans })
        }
        _ => panic!("{file}: a port is access, or trunk with or without native, or neither"),
    }
}

fn lacp(file: &str, words: &str) -> Lacp {
    let mut lacp = Lacp::default();
    for word in words.split_whitespace() {
        match word {
            "ACTIVE" => lacp.lacp_mode = LacpMode::Active,
            "PASSIVE" => lacp.lacp_mode = LacpMode::Passive,
            "SLOW" => lacp.interval = LacpInterval::Slow,
            "FAST" => lacp.interval = LacpInterval::Fast,
            other => panic!("{file}: lacp {other}"),
        }
    }
    lacp
}

fn stp(file: &str, words: &str) -> Option<Stp> {
    let (mut edge_port, mut bpdu_guard) = (None, None);
    for word in words.split_whitespace() {
        match (word, EdgePort::from_identity(word)) {
            (_, Some(edge)) => edge_port = Some(edge),
            ("bpdu-guard", _) => bpdu_guard = Some(true),
            ("no-bpdu-guard", _) => bpdu_guard = Some(false),
            (other, _) => panic!("{file}: stp {other}"),
        }
    }
    Stp::of(edge_port, bpdu_guard)
}
