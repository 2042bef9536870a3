//! What a switch has, in few words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A switch's configuration, as an eye that is not Mercury sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) ports: BTreeMap<String, Port>,
    /// VLANs and their names.
    pub(crate) vlans: BTreeMap<u16, Option<String>>,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) enabled: bool,
    pub(crate) description: Option<String>,
    pub(crate) mtu: Option<u64>,
    /// `none`, `access 100`, `trunk 101,102` or `trunk 101,102 native 100`;
    /// VLANs one by one and in order, `all` where the list is absent.
    pub(crate) vlans: String,
    pub(crate) aggregate: Option<String>,
    /// `none`, or as in `EDGE_ENABLE guarded`; with everything else that its
    /// spanning tree entry holds.
    pub(crate) stp: String,
}

impl Default for Port {
    fn default() -> Self {
        Self {
            enabled: true,
            description: None,
            mtu: None,
            vlans: "none".to_owned(),
            aggregate: None,
            stp: "none".to_owned(),
        }
    }
}

impl State {
    /// A port; one that the switch does not mention has nothing configured.
    pub(crate) fn port(&self, name: &str) -> Port {
        self.ports.get(name).cloned().unwrap_or_default()
    }
}

impl Port {
    /// The interface of an answer of Mercury's.
    pub(crate) fn answered(interface: &Value) -> Self {
        let vlans = &interface["switched-vlan"];
        let trunk =
            vlans["trunk-vlans"].as_str().filter(|list| *list != "all").map(|list| numbers(list.split(','), '-'));
        Self {
            enabled: interface["enabled"] == true,
            description: text(&interface["description"]),
            mtu: interface["mtu"].as_u64(),
            vlans: switched(
                vlans["interface-mode"].as_str(),
                vlans["access-vlan"].as_u64(),
                vlans["native-vlan"].as_u64(),
                trunk,
            ),
            aggregate: text(&interface["aggregate-id"]),
            stp: spanning_tree(&interface["stp"]),
        }
    }
}

/// An object of leaves, as a switch or Mercury shows it.
pub(super) fn spanning_tree(config: &Value) -> String {
    let leaves = config.as_object().into_iter().flatten().filter(|(name, value)| *name != "name" && !value.is_null());
    let mut words: Vec<String> = leaves
        .map(|(name, value)| match (name.as_str(), value.to_string().trim_matches('"')) {
            // An identity, with or without its module.
            ("edge-port", word) => word.rsplit(':').next().unwrap_or_default().to_owned(),
            ("bpdu-guard", "true") => "guarded".to_owned(),
            ("bpdu-guard", "false") => "unguarded".to_owned(),
            (other, value) => format!("{other}={value}"),
        })
        .collect();
    words.sort();
    match (config.is_object(), words.is_empty()) {
        (false, _) => "none".to_owned(),
        (true, true) => "an empty entry".to_owned(),
        _ => words.join(" "),
    }
}

pub(super) fn switched(
    mode: Option<&str>,
    access: Option<u64>,
    native: Option<u64>,
    trunk: Option<BTreeSet<u64>>,
) -> String {
    let shown = |vlan: Option<u64>| vlan.map_or_else(|| "unset".to_owned(), |vlan| vlan.to_string());
    match mode {
        None => "none".to_owned(),
        Some("ACCESS") => format!("access {}", shown(access)),
        Some("TRUNK") => {
            let native = native.map(|vlan| format!(" native {vlan}")).unwrap_or_default();
            let list = trunk.map_or_else(
                || "all".to_owned(),
                |vlans| vlans.iter().map(u64::to_string).collect::<Vec<_>>().join(","),
            );
            format!("trunk {list}{native}")
        }
        Some(other) => format!("{other}?"),
    }
}

/// Numbers and ranges, one by one.
pub(super) fn numbers<'a>(items: impl Iterator<Item = &'a str>, separator: char) -> BTreeSet<u64> {
    items
        .filter(|item| !item.is_empty())
        .flat_map(|item| {
            let mut ends = item.split(separator).filter(|end| !end.is_empty()).map(|end| end.trim().parse().unwrap());
            let first: u64 = ends.next().unwrap();
            first..=ends.next().unwrap_or(first)
        })
        .collect()
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
