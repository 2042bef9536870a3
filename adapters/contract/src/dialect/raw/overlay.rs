//! `[tree.overlay]` of a dialect file.

use std::collections::BTreeMap;

use mercury_model::{FloodMode, Vni};
use serde::Deserialize;

use super::{
    NodePath, Reader, VlanTree,
    shapes::{RawForeign, RawValue},
};
use crate::{Need, OverlayTree, SegmentLeaf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawOverlay {
    entry: Option<String>,
    vni: String,
    vlan: Option<String>,
    /// What else is said of it, by the names of [`SegmentLeaf`].
    #[serde(default)]
    leaves: BTreeMap<String, String>,
    /// The ways to flood that are said of each VNI, and those that are so by themselves.
    #[serde(default)]
    floods: Vec<String>,
    #[serde(default)]
    unsaid_floods: Vec<String>,
    #[serde(default)]
    auto: Vec<String>,
    #[serde(default)]
    by_lines: bool,
    bgp: Option<String>,
    #[serde(default)]
    also: BTreeMap<String, String>,
    #[serde(default)]
    foreign: BTreeMap<String, String>,
    vtep: Option<String>,
    state: Option<String>,
    #[serde(default)]
    needs: BTreeMap<String, RawForeign>,
    /// Those that are needed only where BGP is to tell of it.
    #[serde(default)]
    evpn_needs: BTreeMap<String, RawForeign>,
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
        let mut leaves = BTreeMap::new();
        for (name, path) in &raw.leaves {
            if let Some(leaf) = self.segment_leaf(name) {
                leaves.insert(leaf, self.path("overlay.leaves", path, below.as_ref()));
            }
        }
        let said = raw.floods.into_iter().map(|word| (word, true));
        let mut floods = BTreeMap::new();
        for (word, is_said) in said.chain(raw.unsaid_floods.into_iter().map(|word| (word, false))) {
            match FloodMode::WORDS.into_iter().find(|(own, _)| *own == word) {
                Some((_, mode)) => drop(floods.insert(mode, is_said)),
                None => self.problems.push(format!("overlay.floods: {word:?} is not bgp, static or multicast")),
            }
        }
        // Where nothing is said of it, BGP does it.
        if floods.is_empty() {
            floods.insert(FloodMode::Bgp, false);
        }
        let auto = raw.auto.iter().filter_map(|name| self.segment_leaf(name)).collect();
        let needs = raw.needs.into_iter().map(|(name, need)| self.need(name, need, false));
        let mut needs: Vec<Need> = needs.collect();
        needs.extend(raw.evpn_needs.into_iter().map(|(name, need)| self.need(name, need, true)));
        OverlayTree {
            leaves,
            floods,
            auto,
            by_lines: raw.by_lines,
            bgp: raw.bgp.map(|path| self.path("overlay.bgp", &path, None)),
            vni: self.path("overlay.vni", &raw.vni, below.as_ref()),
            vlan: raw.vlan.map(|path| self.path("overlay.vlan", &path, below.as_ref())),
            also,
            foreign,
            vtep: raw.vtep.map(|path| self.path("overlay.vtep", &path, None)),
            state: raw.state.map(|path| self.path("overlay.state", &path, None)),
            needs,
            highest: raw.highest.map_or(Ok(Vni::MAX), Vni::try_from).unwrap_or_else(|problem| {
                self.problems.push(format!("overlay.highest: {problem}"));
                Vni::MAX
            }),
            entry,
        }
    }

    fn segment_leaf(&mut self, name: &str) -> Option<SegmentLeaf> {
        let known = SegmentLeaf::ALL.into_iter().find(|(_, own)| *own == name).map(|(leaf, _)| leaf);
        if known.is_none() {
            self.problems.push(format!("overlay: Mercury knows no {name:?} of what binds a VLAN"));
        }
        known
    }

    fn need(&mut self, name: String, raw: RawForeign, for_evpn: bool) -> Need {
        let (path, value) = match raw {
            RawForeign::Node(path) => (path, None),
            RawForeign::Value(RawValue { path, value }) => (path, Some(value)),
        };
        Need { name, path: self.path("overlay.needs", &path, None), value, for_evpn }
    }
}
