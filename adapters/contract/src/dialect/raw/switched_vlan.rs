//! `switched-vlan` of a dialect file.

use std::collections::BTreeMap;

use super::{
    Reader,
    shapes::{Derived, RawForeign, RawMode, RawRouted, RawSwitchedVlan, RawTrunk},
};
use crate::{ModeForm, Module, NodePath, SwitchedVlanTree, Tree, TrunkForm, Unsaid};

impl Reader<'_> {
    pub(super) fn switched_vlan(
        &mut self,
        leaf: &str,
        raw: RawSwitchedVlan,
        inherited: Option<&Module>,
        routed: &[(NodePath, Option<String>)],
    ) -> SwitchedVlanTree {
        let at = self.path(leaf, &raw.at, inherited);
        let below = at.module().or(inherited).cloned();
        if raw.also_trunk_vlans.iter().any(|form| !form.joined) {
            self.problems.push(format!("{}.tree.{leaf}.also-trunk-vlans: must be joined", self.section));
        }
        if raw.by_vlan && self.section != "restconf" {
            self.problems.push(format!("{}.tree.{leaf}.by-vlan: is known of RESTCONF alone", self.section));
        }
        if raw.by_vlan && !matches!(raw.mode, RawMode::Leaf { .. }) {
            self.problems.push(format!("{}.tree.{leaf}.by-vlan: needs a mode that is a leaf", self.section));
        }
        if raw.by_vlan && raw.access_vlan != raw.native_vlan {
            let problem = "by-vlan: needs access-vlan and native-vlan to be one list, of the ports without a tag";
            self.problems.push(format!("{}.tree.{leaf}.{problem}", self.section));
        }
        let list = &raw.trunk_vlans;
        let is_plain = !list.joined && list.parts.is_empty() && raw.also_trunk_vlans.is_empty();
        if raw.by_vlan && !(list.tagged_only && list.absent_is_none && is_plain) {
            let problem = "by-vlan: needs trunk-vlans to be tagged-only, absent-is-none and one plain list";
            self.problems.push(format!("{}.tree.{leaf}.{problem}", self.section));
        }
        let mut path = |part: &str, text: &str| {
            let relative = self.path(&format!("{leaf}.{part}"), text, below.as_ref());
            NodePath { steps: at.steps.iter().cloned().chain(relative.steps).collect() }
        };
        SwitchedVlanTree {
            mode: match raw.mode {
                RawMode::Leaf { path: text, access, trunk } => ModeForm::Leaf {
                    path: path("mode", &text),
                    access,
                    trunk,
                    unsaid: Unsaid::ByVlans,
                    also: Vec::new(),
                },
                RawMode::Presence { access, trunk } => {
                    ModeForm::Presence { access: path("mode", &access), trunk: path("mode", &trunk) }
                }
                RawMode::Derived(Derived::Derived) => ModeForm::Derived,
            },
            access_vlan: path("access-vlan", &raw.access_vlan),
            native_vlan: path("native-vlan", &raw.native_vlan),
            by_vlan: raw.by_vlan,
            native_none: raw.native_none,
            native_inherited: raw.native_inherited.map(|text| path("native-inherited", &text)),
            trunk_vlans: trunk(raw.trunk_vlans, &mut path),
            also_trunk_vlans: raw.also_trunk_vlans.into_iter().map(|form| trunk(form, &mut path)).collect(),
            reads_also: true,
            trunk_vlans_within: raw.trunk_vlans_within.map(|text| path("trunk-vlans-within", &text)),
            also: raw.also.into_iter().map(|also| (path("also", &also.path), also.value)).collect(),
            routed: routed.to_vec(),
            foreign: raw.foreign.into_iter().map(|foreign| self.foreign(leaf, foreign, &at, inherited)).collect(),
        }
    }

    /// What lists its ports has to be there, and told with them; an aggregate is listed as
    /// other ports are.
    pub(super) fn lists_ports(&mut self, tree: &Tree) {
        let mut problem = |leaf: &str, what: &str| {
            self.problems.push(format!("{}.tree.{leaf}.by-vlan: {what}", self.section));
        };
        let own = &tree.switched_vlan;
        let lists =
            |one: &SwitchedVlanTree| one.by_vlan.then(|| (one.access_vlan.clone(), one.trunk_vlans.path.clone()));
        if tree.aggregate_switched_vlan.as_ref().is_some_and(|aggregate| lists(aggregate) != lists(own)) {
            problem("aggregate-switched-vlan", "has to list by the same lists as switched-vlan, or both by none");
        }
        if !own.by_vlan {
            return;
        }
        match &tree.vlan {
            None => problem("switched-vlan", "needs VLANs, which list the ports"),
            Some(vlan) if !vlan.is_beside(&tree.interface) => {
                problem("switched-vlan", "needs VLANs that are entries of the list of interfaces");
            }
            Some(_) => {}
        }
    }

    /// Below the interface, by the key that names it.
    pub(super) fn routed(
        &mut self,
        raw: BTreeMap<String, RawRouted>,
        inherited: Option<&Module>,
    ) -> Vec<(NodePath, Option<String>)> {
        let mut one = |(text, said): (String, RawRouted)| {
            let value = match said {
                RawRouted::There(false) => return None,
                RawRouted::There(true) => None,
                RawRouted::Value(value) => Some(value),
            };
            Some((self.path("routed", &text, inherited), value))
        };
        raw.into_iter().filter_map(&mut one).collect()
    }

    /// Below the rest, or with a slash before it below the interface itself.
    fn foreign(
        &mut self,
        leaf: &str,
        raw: RawForeign,
        at: &NodePath,
        inherited: Option<&Module>,
    ) -> (NodePath, Option<String>) {
        let (text, value) = match raw {
            RawForeign::Node(text) => (text, None),
            RawForeign::Value(raw) => (raw.path, Some(raw.value)),
        };
        let above = if text.starts_with('/') { &NodePath::default() } else { at };
        let below = self.path(&format!("{leaf}.foreign"), &text, above.module().or(inherited));
        (above.join(&below), value)
    }
}

fn trunk(raw: RawTrunk, path: &mut impl FnMut(&str, &str) -> NodePath) -> TrunkForm {
    TrunkForm {
        path: path("trunk-vlans", &raw.path),
        joined: raw.joined,
        range_separator: raw.range_separator,
        all: raw.all,
        none: raw.none,
        absent_is_none: raw.absent_is_none,
        tagged_only: raw.tagged_only,
        longest: raw.longest,
        parts: raw.parts.into_iter().map(|(part, text)| (part, path("trunk-vlans.parts", &text))).collect(),
    }
}
