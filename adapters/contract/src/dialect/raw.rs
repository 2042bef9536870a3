//! A dialect file as it is written, and its way to a [`Dialect`].

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    AggregateTree, Deviation, Dialect, EnabledForm, Evidence, LacpTree, ModeForm, NetconfDialect, NodePath,
    SwitchedVlanTree, TextLimits, Tree, TrunkForm, VlanTree,
};

type Problems = Vec<String>;

/// Reads one dialect with everything it inherits laid beneath it.
pub(super) fn resolve(name: &str, texts: &[(&str, &str)]) -> Result<Raw, Problems> {
    let table = inherit(name, texts, &mut vec![name.to_owned()])?;
    Raw::deserialize(Value::Table(table)).map_err(|error| vec![error.message().to_owned()])
}

fn inherit(name: &str, texts: &[(&str, &str)], seen: &mut Vec<String>) -> Result<Table, Problems> {
    let (_, text) =
        texts.iter().find(|(other, _)| *other == name).ok_or_else(|| vec![format!("there is no {name}")])?;
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| vec![format!("not TOML: {error}")])?;
    let Some(base) = table.remove("inherits") else { return Ok(table) };
    let base = base.as_str().ok_or_else(|| vec!["inherits: not a text".to_owned()])?.to_owned();
    if seen.contains(&base) {
        return Err(vec![format!("{base} inherits itself")]);
    }
    seen.push(base.clone());
    let mut under = inherit(&base, texts, seen)?;
    // Evidence is about what one dialect renders, so it is not inherited.
    under.remove("evidence");
    lay_over(&mut under, table);
    Ok(under)
}

fn lay_over(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Raw {
    vendor: String,
    os: String,
    sources: Vec<String>,
    #[serde(default)]
    evidence: Vec<Evidence>,
    #[serde(default)]
    text: TextLimits,
    #[serde(default)]
    native_in_trunk_vlans: bool,
    #[serde(default, rename = "deviation")]
    deviations: Vec<Deviation>,
    netconf: Option<RawNetconf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawNetconf {
    #[serde(default = "netconf_port")]
    port: u16,
    #[serde(default = "yes")]
    pipelining: bool,
    #[serde(default = "yes")]
    lock_running: bool,
    #[serde(default = "yes")]
    confirmed_commit: bool,
    #[serde(default = "default_instance")]
    network_instance: String,
    namespaces: BTreeMap<String, String>,
    tree: RawTree,
}

const fn netconf_port() -> u16 {
    830
}

const fn yes() -> bool {
    true
}

fn default_instance() -> String {
    "default".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTree {
    interface: String,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    description: Option<String>,
    enabled: Option<RawEnabled>,
    mtu: Option<String>,
    switched_vlan: RawSwitchedVlan,
    aggregate_switched_vlan: Option<RawSwitchedVlan>,
    aggregate_id: Option<String>,
    aggregation: Option<RawAggregation>,
    lacp: Option<RawLacp>,
    vlan: Option<RawVlan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum RawEnabled {
    Boolean(String),
    PresentWhenDisabled(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawSwitchedVlan {
    #[serde(default)]
    at: String,
    owned: Vec<String>,
    mode: RawMode,
    access_vlan: String,
    native_vlan: String,
    trunk_vlans: RawTrunk,
    #[serde(default)]
    also: Vec<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawValue {
    path: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawMode {
    Leaf { path: String, access: String, trunk: String },
    Presence { access: String, trunk: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTrunk {
    path: String,
    #[serde(default)]
    joined: bool,
    #[serde(default = "dash")]
    range_separator: String,
    all: Option<String>,
    none: Option<String>,
    #[serde(default)]
    absent_is_none: bool,
}

fn dash() -> String {
    "-".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawAggregation {
    lag_type: String,
    min_links: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawLacp {
    interface: String,
    name: String,
    interval: String,
    lacp_mode: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawVlan {
    entry: String,
    id: String,
    name: Option<String>,
    status: Option<String>,
}

impl Raw {
    pub(super) fn build(self, name: &str) -> Result<Dialect, Problems> {
        let mut reader = Reader { problems: Vec::new(), deviations: &self.deviations, namespaces: BTreeMap::new() };
        for deviation in &self.deviations {
            if deviation.reason.trim().is_empty() || deviation.evidence.trim().is_empty() {
                reader.problems.push(format!("deviation {}: a reason and evidence are needed", deviation.leaf));
            }
        }
        let netconf = self.netconf.map(|netconf| reader.netconf(netconf));
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        Ok(Dialect {
            name: name.to_owned(),
            vendor: self.vendor,
            os: self.os,
            sources: self.sources,
            evidence: self.evidence,
            text: self.text,
            native_in_trunk_vlans: self.native_in_trunk_vlans,
            netconf,
            deviations: self.deviations,
        })
    }
}

/// Turns texts into paths and collects what is wrong with them.
struct Reader<'a> {
    problems: Problems,
    deviations: &'a [Deviation],
    namespaces: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn netconf(&mut self, raw: RawNetconf) -> NetconfDialect {
        self.namespaces = raw.namespaces;
        NetconfDialect {
            port: raw.port,
            pipelining: raw.pipelining,
            lock_running: raw.lock_running,
            confirmed_commit: raw.confirmed_commit,
            network_instance: raw.network_instance,
            tree: self.tree(raw.tree),
        }
    }

    fn tree(&mut self, raw: RawTree) -> Tree {
        let interface = self.path("interface", &raw.interface, None);
        let at = interface.namespace().cloned();
        let below = at.as_ref();
        let enabled = self.needed("enabled", raw.enabled).map(|enabled| match enabled {
            RawEnabled::Boolean(path) => (self.path("enabled", &path, below), EnabledForm::Boolean),
            RawEnabled::PresentWhenDisabled(path) => {
                (self.path("enabled", &path, below), EnabledForm::PresentWhenDisabled)
            }
        });
        Tree {
            name: raw.name.map(|path| self.path("name", &path, below)),
            kind: self.leaf("type", raw.kind, below),
            description: self.leaf("description", raw.description, below),
            enabled,
            mtu: self.leaf("mtu", raw.mtu, below),
            switched_vlan: self.switched_vlan("switched-vlan", raw.switched_vlan, below),
            aggregate_switched_vlan: raw
                .aggregate_switched_vlan
                .map(|raw| self.switched_vlan("aggregate-switched-vlan", raw, below)),
            aggregate_id: self.leaf("aggregate-id", raw.aggregate_id, below),
            aggregation: self.needed("aggregation", raw.aggregation).map(|raw| AggregateTree {
                lag_type: self.path("aggregation.lag-type", &raw.lag_type, below),
                min_links: self.path("aggregation.min-links", &raw.min_links, below),
            }),
            lacp: self.needed("lacp", raw.lacp).map(|raw| {
                let interface = self.path("lacp.interface", &raw.interface, None);
                let below = interface.namespace().cloned();
                LacpTree {
                    name: self.path("lacp.name", &raw.name, below.as_ref()),
                    interval: self.path("lacp.interval", &raw.interval, below.as_ref()),
                    mode: self.path("lacp.lacp-mode", &raw.lacp_mode, below.as_ref()),
                    interface,
                }
            }),
            vlan: self.needed("vlan", raw.vlan).map(|raw| self.vlan(raw)),
            interface,
        }
    }

    fn vlan(&mut self, raw: RawVlan) -> VlanTree {
        let entry = self.path("vlan.entry", &raw.entry, None);
        let below = entry.namespace().cloned();
        let keyed_by_name = raw.entry.contains("{vlan-name}");
        if raw.name.is_none() && !keyed_by_name {
            self.excused("vlan.name");
        }
        if raw.status.is_none() {
            self.excused("vlan.status");
        }
        VlanTree {
            id: self.path("vlan.id", &raw.id, below.as_ref()),
            name: raw.name.map(|path| self.path("vlan.name", &path, below.as_ref())),
            status: raw.status.map(|path| self.path("vlan.status", &path, below.as_ref())),
            entry,
        }
    }

    fn switched_vlan(&mut self, leaf: &str, raw: RawSwitchedVlan, inherited: Option<&Arc<str>>) -> SwitchedVlanTree {
        let at = self.path(leaf, &raw.at, inherited);
        let below = at.namespace().or(inherited).cloned();
        let mut path = |part: &str, text: &str| {
            let relative = self.path(&format!("{leaf}.{part}"), text, below.as_ref());
            NodePath { steps: at.steps.iter().cloned().chain(relative.steps).collect() }
        };
        SwitchedVlanTree {
            owned: raw.owned.iter().map(|text| path("owned", text)).collect(),
            mode: match raw.mode {
                RawMode::Leaf { path: text, access, trunk } => {
                    ModeForm::Leaf { path: path("mode", &text), access, trunk }
                }
                RawMode::Presence { access, trunk } => {
                    ModeForm::Presence { access: path("mode", &access), trunk: path("mode", &trunk) }
                }
            },
            access_vlan: path("access-vlan", &raw.access_vlan),
            native_vlan: path("native-vlan", &raw.native_vlan),
            trunk_vlans: TrunkForm {
                path: path("trunk-vlans", &raw.trunk_vlans.path),
                joined: raw.trunk_vlans.joined,
                range_separator: raw.trunk_vlans.range_separator,
                all: raw.trunk_vlans.all,
                none: raw.trunk_vlans.none,
                absent_is_none: raw.trunk_vlans.absent_is_none,
            },
            also: raw.also.into_iter().map(|also| (path("also", &also.path), also.value)).collect(),
        }
    }

    fn leaf(&mut self, leaf: &str, text: Option<String>, inherited: Option<&Arc<str>>) -> Option<NodePath> {
        self.needed(leaf, text).map(|text| self.path(leaf, &text, inherited))
    }

    /// What a dialect does not say, it must excuse.
    fn needed<T>(&mut self, leaf: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.excused(leaf);
        }
        value
    }

    fn excused(&mut self, leaf: &str) {
        if !self.deviations.iter().any(|deviation| deviation.leaf == leaf) {
            self.problems.push(format!("netconf.tree says nothing about {leaf} and no deviation excuses it"));
        }
    }

    fn path(&mut self, leaf: &str, text: &str, inherited: Option<&Arc<str>>) -> NodePath {
        NodePath::parse(text, &self.namespaces, inherited).unwrap_or_else(|problem| {
            self.problems.push(format!("netconf.tree.{leaf}: {problem}"));
            NodePath::default()
        })
    }
}
