//! Interfaces as each system calls them (`tests/cases/names.toml`), so that
//! what is reviewed looks like what goes over the wire; included by each kit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use mercury_adapter::SegmentLeaf;
use mercury_model::{DeviceConfig, InterfaceName, Leaf, Value};
use serde::Deserialize;

use crate::case::Case;

/// An interface's name in a system.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Called {
    So(String),
    /// `false`: nothing there can be called so.
    Never(bool),
}

static NAMES: LazyLock<BTreeMap<String, BTreeMap<String, Called>>> =
    LazyLock::new(|| toml::from_str(include_str!("../cases/names.toml")).unwrap());

/// What an interface of the cases is called in a dialect's system; `None`
/// where nothing can be called so.
pub(crate) fn name(dialect: &str, name: &InterfaceName) -> Option<InterfaceName> {
    let Some(table) = NAMES.get(dialect) else { return Some(name.clone()) };
    match table.get(name.as_str()) {
        Some(Called::So(text)) => Some(text.parse().unwrap()),
        Some(Called::Never(false)) => None,
        other => panic!("tests/cases/names.toml: {dialect} says {other:?} of {name}"),
    }
}

/// What the VTEP of the cases is called, of which few systems have a say.
const VTEP: &str = "vtep1";

/// A configuration with the names of a dialect's system; `None` where it has
/// an interface that the system cannot have.
pub(crate) fn of(dialect: &str, config: &DeviceConfig) -> Option<DeviceConfig> {
    let mut renamed =
        DeviceConfig { vlans: config.vlans.clone(), segments: config.segments.clone(), ..DeviceConfig::default() };
    for interface in config.interfaces.values() {
        let mut interface = interface.clone();
        interface.name = name(dialect, &interface.name)?;
        if let Some(aggregate) = &mut interface.aggregate_id {
            *aggregate = name(dialect, aggregate)?;
        }
        renamed.interfaces.insert(interface.name.clone(), interface);
    }
    for segment in renamed.segments.values_mut() {
        if let (Some(vtep), Some(_)) = (&mut segment.vtep, NAMES.get(dialect).and_then(|table| table.get(VTEP))) {
            *vtep = name(dialect, vtep)?;
        }
    }
    // What a system says of all VNIs at once is no case's.
    if let Some(own) = DIALECTS.iter().find(|one| one.name == dialect).and_then(|one| one.overlay(crate::PROTOCOL)) {
        for segment in renamed.segments.values_mut() {
            let told = segment.clone();
            *segment = own.visible(segment);
            // What the network team says of one VNI is never left out: it is refused where a
            // system has no place for it.
            for leaf in [SegmentLeaf::RouteDistinguisher, SegmentLeaf::RouteTarget] {
                if let Some(id) = leaf.get(&told).filter(|id| id != "auto") {
                    assert!(leaf.set(segment, &id));
                }
            }
            // A switch is not flooded in a way that its system does not know.
            segment.flood.as_ref().map_or(Some(true), |flood| own.says(flood.mode()))?;
            // Nor is a VNI there without what its system does not work out.
            let ids = [SegmentLeaf::RouteDistinguisher, SegmentLeaf::RouteTarget].into_iter();
            let mut unsaid = ids.filter(|leaf| own.leaves.contains_key(leaf) && leaf.get(segment).is_none());
            if !own.by_lines && unsaid.next().is_some() {
                return None;
            }
        }
    }
    if BY_MEMBERS.contains(dialect) {
        by_members(&mut renamed);
    }
    Some(renamed)
}

static DIALECTS: LazyLock<Vec<std::sync::Arc<mercury_adapter::Dialect>>> =
    LazyLock::new(|| mercury_adapter::builtin().unwrap());

/// Where an aggregate's members say what it is, over the kit's protocol.
static BY_MEMBERS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let all = DIALECTS.iter();
    all.filter(|one| one.members_say_lag_type(crate::PROTOCOL)).map(|one| one.name.clone()).collect()
});

/// One without any says nothing of it; one that says nothing is LACP.
fn by_members(config: &mut DeviceConfig) {
    let joined: BTreeSet<_> = config.interfaces.values().filter_map(|port| port.aggregate_id.clone()).collect();
    for aggregate in config.interfaces.values_mut().filter(|port| port.is_aggregate()) {
        if !joined.contains(&aggregate.name) {
            [Leaf::LagType, Leaf::LacpMode, Leaf::LacpInterval].into_iter().for_each(|leaf| leaf.set(aggregate, None));
            continue;
        }
        if Leaf::LagType.get(aggregate).is_none() {
            Leaf::LagType.set(aggregate, Some(Value::Word("LACP")));
        }
        let is_lacp = Leaf::LagType.get(aggregate) == Some(Value::Word("LACP"));
        aggregate.lacp = is_lacp.then(|| aggregate.lacp.unwrap_or_default());
    }
}

impl Case {
    /// This case on a dialect's system; `None` where it cannot be one.
    pub(crate) fn of(&self, dialect: &str) -> Option<Self> {
        Some(Self {
            name: self.name.clone(),
            folder: self.folder.clone(),
            running: of(dialect, &self.running)?,
            intended: of(dialect, &self.intended)?,
        })
    }
}

#[test]
fn every_dialect_but_plain_openconfig_has_names_of_its_own() {
    let with: BTreeSet<&str> = NAMES.keys().map(String::as_str).chain(["openconfig"]).collect();
    let all = mercury_adapter::builtin().unwrap();
    assert_eq!(with, all.iter().map(|dialect| dialect.name.as_str()).collect());
}
