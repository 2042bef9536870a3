//! The tree of a dialect file as it is written.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTree {
    pub(super) interface: String,
    pub(super) name: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) aggregate_names: Option<String>,
    pub(super) description: Option<String>,
    pub(super) enabled: Option<RawEnabled>,
    pub(super) mtu: Option<String>,
    pub(super) switched_vlan: RawSwitchedVlan,
    pub(super) aggregate_switched_vlan: Option<RawSwitchedVlan>,
    pub(super) aggregate_id: Option<String>,
    pub(super) aggregation: Option<RawAggregation>,
    pub(super) lacp: Option<RawLacp>,
    pub(super) stp: Option<RawStp>,
    pub(super) vlan: Option<RawVlan>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum RawEnabled {
    Boolean(String),
    PresentWhenDisabled(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSwitchedVlan {
    #[serde(default)]
    pub(super) at: String,
    pub(super) owned: Vec<String>,
    pub(super) mode: RawMode,
    pub(super) access_vlan: String,
    pub(super) native_vlan: String,
    pub(super) trunk_vlans: RawTrunk,
    #[serde(default)]
    pub(super) also: Vec<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawValue {
    pub(super) path: String,
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawMode {
    Leaf { path: String, access: String, trunk: String },
    Presence { access: String, trunk: String },
    Derived(Derived),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Derived {
    Derived,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTrunk {
    pub(super) path: String,
    #[serde(default)]
    pub(super) joined: bool,
    #[serde(default = "dash")]
    pub(super) range_separator: String,
    pub(super) all: Option<String>,
    pub(super) none: Option<String>,
    #[serde(default)]
    pub(super) absent_is_none: bool,
    #[serde(default)]
    pub(super) tagged_only: bool,
}

fn dash() -> String {
    "-".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawAggregation {
    pub(super) lag_type: String,
    pub(super) min_links: String,
    pub(super) mlag_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawLacp {
    pub(super) interface: String,
    pub(super) name: String,
    pub(super) interval: String,
    pub(super) lacp_mode: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawStp {
    pub(super) interface: String,
    pub(super) name: Option<String>,
    pub(super) edge_port: Option<RawEdge>,
    pub(super) bpdu_guard: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum RawEdge {
    Identity(String),
    PresentWhenEnabled(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawVlan {
    pub(super) entry: String,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
}
