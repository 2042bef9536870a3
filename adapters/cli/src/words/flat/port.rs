//! What lines say of a port, as the data of the one tree.

use std::collections::BTreeSet;

use mercury_adapter::{DataNode, DataTree, NoRoom};
use mercury_model::{VlanId, VlanRange, VlanSet};

use super::read::Bridge;

#[derive(Default)]
pub(super) struct Port {
    /// Nodes and their values.
    pub(super) leaves: Vec<(String, String)>,
    pub(super) access: BTreeSet<VlanId>,
    pub(super) untagged: BTreeSet<VlanId>,
    pub(super) tagged: Vec<VlanRange>,
    /// Words in the place of tagged VLANs.
    pub(super) words: BTreeSet<String>,
    pub(super) is_tagged_only: bool,
    pub(super) is_on_bridge: bool,
    pub(super) foreign: Vec<String>,
    pub(super) routed: Vec<String>,
}

impl Port {
    pub(super) fn node<'a>(
        mut self,
        name: &str,
        bridge: Option<Bridge>,
        tree: &mut DataTree<'a, '_>,
    ) -> Result<&'a DataNode<'a>, NoRoom> {
        let entry = tree.node("interface")?;
        entry.push(tree.copied_leaf("name", name)?);
        // How LACP would be spoken is shown of an aggregate that speaks none, too.
        let is_static = self.leaves.iter().any(|(node, value)| node == "lag-type" && value == "STATIC");
        for (node, value) in self.leaves.iter().filter(|(node, _)| !(is_static && node.starts_with("lacp-"))) {
            entry.push(tree.copied_leaf(node, value)?);
        }
        let aggregates: BTreeSet<&str> =
            self.leaves.iter().filter(|(node, _)| node == "aggregate-id").map(|(_, value)| value.as_str()).collect();
        if aggregates.len() > 1 {
            let all = aggregates.into_iter().collect::<Vec<_>>().join(" and of ");
            self.foreign.push(format!("a member of {all}"));
        }
        match bridge {
            Some(bridge) => self.on_bridge(bridge, entry, tree)?,
            None => self.by_vlans(entry, tree)?,
        }
        for (node, lines) in [("foreign", &self.foreign), ("routed", &self.routed)] {
            for line in lines {
                entry.push(tree.copied_leaf(node, line)?);
            }
        }
        Ok(entry)
    }

    /// A port that is what its VLANs say.
    fn by_vlans<'a>(&mut self, entry: &'a DataNode<'a>, tree: &mut DataTree<'a, '_>) -> Result<(), NoRoom> {
        // Some list the untagged one among all of them.
        let tagged: VlanSet = self.tagged.iter().copied().collect();
        let tagged = tagged.difference(&self.untagged.iter().copied().collect());
        let mode = if tagged.is_empty() { "access" } else { "trunk" };
        if !(tagged.is_empty() && self.untagged.is_empty()) {
            entry.push(tree.copied_leaf("mode", mode)?);
        }
        let mut untagged = self.untagged.iter();
        if let Some(vlan) = untagged.next() {
            entry.push(tree.copied_leaf("access-vlan", &vlan.to_string())?);
        }
        for vlan in untagged {
            entry.push(tree.copied_leaf("foreign", &format!("untagged in VLAN {vlan} too"))?);
        }
        for vlan in tagged.iter() {
            entry.push(tree.copied_leaf("trunk-vlans", &vlan.to_string())?);
        }
        Ok(())
    }

    /// A port that is what the bridge makes of it.
    fn on_bridge<'a>(
        &mut self,
        bridge: Bridge,
        entry: &'a DataNode<'a>,
        tree: &mut DataTree<'a, '_>,
    ) -> Result<(), NoRoom> {
        let tagged: VlanSet = self.tagged.iter().copied().collect();
        let says_nothing = self.access.is_empty() && self.untagged.is_empty() && tagged.is_empty();
        if !self.is_on_bridge {
            if !(says_nothing && self.words.is_empty()) {
                self.foreign.push("VLANs, and it is on no bridge".to_owned());
            }
            return Ok(());
        }
        if !bridge.is_aware {
            self.foreign.push("a bridge that tells no VLANs apart".to_owned());
            return Ok(());
        }
        let mut leaf = |node: &str, value: &str| tree.copied_leaf(node, value).map(|leaf| entry.push(leaf));
        leaf("mode", if self.access.is_empty() { "trunk" } else { "access" })?;
        self.access.iter().try_for_each(|vlan| leaf("access-vlan", &vlan.to_string()))?;
        self.untagged.iter().try_for_each(|vlan| leaf("native-vlan", &vlan.to_string()))?;
        if self.is_tagged_only {
            leaf("native-vlan", "none")?;
        }
        leaf("native-inherited", &bridge.untagged.to_string())?;
        tagged.ranges().iter().try_for_each(|range| leaf("trunk-vlans", &range.with_separator("-")))?;
        self.words.iter().try_for_each(|word| leaf("trunk-vlans", word))
    }
}
