//! `[tree.overlay]` of a dialect file.

use std::collections::BTreeMap;

use mercury_model::Vni;
use serde::Deserialize;

use super::{
    NodePath, Reader, VlanTree,
    shapes::{RawForeign, RawValue},
};
use crate::{Need, OverlayTree};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawOverlay {
    entry: Option<String>,
    vni: String,
    vlan: Option<String>,
    #[serde(default)]
    also: BTreeMap<String, String>,
    #[serde(default)]
    foreign: BTreeMap<String, String>,
    vtep: Option<String>,
    #[serde(default)]
    needs: BTreeMap<String, RawForeign>,
    highest: Option<u64>,
}

impl Reader<'_> {
    /// Below an entry of its own, or the VLAN's.
    pub(super) fn overlay(&mut self, raw: RawOverlay, vlan: Option<&VlanTree>) -> OverlayTree {
        let entry = raw.entry.map(|path| self.path("overlay.entry", &path, None));
        let below = entry.as_ref().or(vlan.map(|vlan| &vlan.entry)).and_then(NodePath::module).cloned();
        let mut valued = |key: &str, leaves: BTreeMap<String, String>| -> Vec<(NodePath, String)> {
            leaves.into_iter().map(|(path, value)| (self.path(key, &path, below.as_ref()), value)).collect()
        };
        let (also, foreign) = (valued("overlay.also", raw.also), valued("overlay.foreign", raw.foreign));
        OverlayTree {
            vni: self.path("overlay.vni", &raw.vni, below.as_ref()),
            vlan: raw.vlan.map(|path| self.path("overlay.vlan", &path, below.as_ref())),
            also,
            foreign,
            vtep: raw.vtep.map(|path| self.path("overlay.vtep", &path, None)),
            needs: raw.needs.into_iter().map(|(name, need)| self.need(name, need)).collect(),
            highest: raw.highest.map_or(Ok(Vni::MAX), Vni::try_from).unwrap_or_else(|problem| {
                self.problems.push(format!("overlay.highest: {problem}"));
                Vni::MAX
            }),
            entry,
        }
    }

    fn need(&mut self, name: String, raw: RawForeign) -> Need {
        let (path, value) = match raw {
            RawForeign::Node(path) => (path, None),
            RawForeign::Value(RawValue { path, value }) => (path, Some(value)),
        };
        Need { name, path: self.path("overlay.needs", &path, None), value }
    }
}
