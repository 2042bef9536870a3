//! `[tree.overlay]` of a dialect file.

use std::collections::BTreeMap;

use mercury_model::{FloodMode, Vni};
use serde::Deserialize;

use super::{
    Module, NodePath, Reader, VlanTree,
    shapes::{RawForeign, RawValue},
};
use crate::{Need, OthersEntry, OverlayTree, SegmentForms, SegmentLeaf, operations::Value};

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
    also: BTreeMap<String, RawAlso>,
    #[serde(default)]
    foreign: BTreeMap<String, String>,
    #[serde(default)]
    forms: RawForms,
    #[serde(default)]
    others: Vec<RawOthers>,
    vtep: Option<String>,
    state: Option<String>,
    #[serde(default)]
    needs: BTreeMap<String, RawForeign>,
    /// Those that are needed only where BGP is to tell of it.
    #[serde(default)]
    evpn_needs: BTreeMap<String, RawForeign>,
    highest: Option<u64>,
}

/// A text, or the name of an identity.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawAlso {
    Text(String),
    Identity { identity: String, value: String },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawForms {
    auto: Option<String>,
    floods: BTreeMap<String, String>,
    group: Option<String>,
    targets: Vec<String>,
    #[serde(rename = "vtep-instance")]
    vtep_instance: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOthers {
    entry: String,
    #[serde(default)]
    vni: String,
    vlan: Option<String>,
}

impl Reader<'_> {
    /// Below an entry of its own, or the VLAN's.
    pub(super) fn overlay(&mut self, raw: RawOverlay, vlan: Option<&VlanTree>) -> OverlayTree {
        let entry = raw.entry.map(|path| self.path("overlay.entry", &path, None));
        let below = entry.as_ref().or(vlan.map(|vlan| &vlan.entry)).and_then(NodePath::module).cloned();
        let foreign = raw.foreign.into_iter();
        let foreign =
            foreign.map(|(path, value)| (self.path("overlay.foreign", &path, below.as_ref()), value)).collect();
        let mut also = Vec::new();
        for (path, value) in raw.also {
            let path = self.path("overlay.also", &path, below.as_ref());
            also.push((path, self.also(value)));
        }
        let forms = self.forms(raw.forms, below.as_ref());
        let others = raw.others.into_iter().map(|own| {
            let entry = self.path("overlay.others", &own.entry, None);
            let module = entry.module().cloned();
            let mut below = |path: &str| self.path("overlay.others", path, module.as_ref());
            OthersEntry { vni: below(&own.vni), vlan: own.vlan.as_deref().map(&mut below), entry }
        });
        let others = others.collect();
        let mut leaves = BTreeMap::new();
        for (name, path) in &raw.leaves {
            if let Some(leaf) = self.segment_leaf(name) {
                leaves.insert(leaf, self.path("overlay.leaves", path, below.as_ref()));
            }
        }
        let said = raw.floods.into_iter().map(|word| (word, true));
        let mut floods = BTreeMap::new();
        for (word, is_said) in said.chain(raw.unsaid_floods.into_iter().map(|word| (word, false))) {
            if let Some(mode) = self.flood(&word) {
                floods.insert(mode, is_said);
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
            forms,
            others,
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

    fn flood(&mut self, word: &str) -> Option<FloodMode> {
        let mode = FloodMode::WORDS.into_iter().find(|(own, _)| *own == word).map(|(_, mode)| mode);
        if mode.is_none() {
            self.problems.push(format!("overlay.floods: {word:?} is not bgp, static or multicast"));
        }
        mode
    }

    fn forms(&mut self, raw: RawForms, below: Option<&Module>) -> SegmentForms {
        let mut floods = BTreeMap::new();
        for (word, own) in raw.floods {
            floods.extend(self.flood(&word).map(|mode| (mode, own)));
        }
        SegmentForms {
            auto: raw.auto,
            floods,
            group: raw.group.map(|path| self.path("overlay.forms.group", &path, below)),
            targets: raw.targets.iter().map(|path| self.path("overlay.forms.targets", path, below)).collect(),
            vtep_instance: raw.vtep_instance.map(|path| self.path("overlay.forms.vtep-instance", &path, below)),
        }
    }

    fn also(&mut self, raw: RawAlso) -> Value {
        match raw {
            RawAlso::Text(text) => Value::Text(text),
            RawAlso::Identity { identity, value } => match self.modules.get(&identity) {
                Some(module) if module.name.is_some() => Value::Identity(module.clone(), value),
                _ => {
                    self.problems.push(format!("overlay.also: no module {identity:?} with a name"));
                    Value::Text(value)
                }
            },
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
