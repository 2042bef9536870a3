//! Where what binds VLANs to VNIs lies in a target's data.

use mercury_model::Vni;

use super::{NodePath, PathStep};
use crate::{Names, Node};

/// Where what binds a VLAN to a VNI lies, and what has to be there for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayTree {
    /// The entry of one VNI, from the top; `None` where the VLAN's own entry holds
    /// the leaves.
    pub entry: Option<NodePath>,
    /// The leaf that holds the VNI, below the entry.
    pub vni: NodePath,
    /// The leaf that holds the VLAN's number, below the entry.
    pub vlan: Option<NodePath>,
    /// Leaves that are set with it, and their values.
    pub also: Vec<(NodePath, String)>,
    /// Leaves, and the values by which an entry is none of a VLAN: of a VRF, say.
    pub foreign: Vec<(NodePath, String)>,
    /// From the top, what a VTEP that works has; the VTEP's name is a key on the way.
    pub vtep: Option<NodePath>,
    /// What else must be there.
    pub needs: Vec<Need>,
    /// The highest VNI that there is.
    pub highest: Vni,
}

/// Something that must be there before a VLAN can be bound to a VNI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What people call it.
    pub name: String,
    /// The node, from the top.
    pub path: NodePath,
    /// What it must hold; anything when `None`.
    pub value: Option<String>,
}

impl OverlayTree {
    /// Whether each entry is one of a VTEP that it names.
    #[must_use]
    pub fn names_vtep(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.has_placeholder("{vtep}"))
    }

    /// All nodes that are written or read, from the top; `in_vlan` is the VLAN's own
    /// entry.
    pub(crate) fn nodes(&self, in_vlan: Option<&NodePath>) -> Vec<NodePath> {
        let entry = self.entry.as_ref().or(in_vlan).cloned().unwrap_or_default();
        let beside = self.also.iter().chain(&self.foreign).map(|(path, _)| path);
        let leaves = [&self.vni].into_iter().chain(&self.vlan).chain(beside).map(|path| entry.join(path));
        let needs = self.needs.iter().map(|need| need.path.clone());
        leaves.chain(self.vtep.clone()).chain(needs).chain(self.entry.clone()).collect()
    }

    /// The nodes to read, none below another.
    #[must_use]
    pub fn asked(&self, instance: &str) -> Vec<Node> {
        let all = self.entry.iter().map(NodePath::parent);
        let all = all.chain(self.vtep.clone()).chain(self.needs.iter().map(|need| need.path.clone()));
        let whole: Vec<NodePath> = all.map(|path| above_the_unknown(&path)).collect();
        let mut asked: Vec<NodePath> = Vec::new();
        for path in &whole {
            if !whole.iter().any(|other| other.is_above(path)) && !asked.contains(path) {
                asked.push(path.clone());
            }
        }
        asked.into_iter().map(|path| Node { path, names: Names::default().in_instance(instance) }).collect()
    }
}

/// The path as far as it is known before anything was read: up to the first entry of
/// which the key is not.
fn above_the_unknown(path: &NodePath) -> NodePath {
    let is_known = |step: &&PathStep| step.keys.iter().all(|(_, word)| !word.contains('{') || word == "{instance}");
    NodePath { steps: path.steps.iter().take_while(is_known).cloned().collect() }
}
