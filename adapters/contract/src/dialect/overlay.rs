//! Where what binds VLANs to VNIs lies in a target's data.

use std::collections::BTreeMap;

use mercury_model::{Flood, FloodMode, Segment, Vni};

use super::{NodePath, PathStep};
use crate::{Names, Node, operations::Value};

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
    /// Where what else is said of it lies, below the entry; not where a key says it.
    pub leaves: BTreeMap<SegmentLeaf, NodePath>,
    /// The ways in which frames can be flooded there, and whether each is said of each VNI:
    /// one that is not is so by itself, or by what others have configured.
    pub floods: BTreeMap<FloodMode, bool>,
    /// Which of the leaves may be `auto`.
    pub auto: Vec<SegmentLeaf>,
    /// Whether lines say it: what is there is then told leaf by leaf, and is shown whether or
    /// not anybody asks for it.
    pub by_lines: bool,
    /// From the top, a BGP process that may tell of VNIs; its AS is a key on the way.
    pub bgp: Option<NodePath>,
    /// Leaves that are set with it, and their values; a text may end in a placeholder.
    pub also: Vec<(NodePath, Value)>,
    /// Leaves, and the values by which an entry is none of a VLAN: of a VRF, say.
    pub foreign: Vec<(NodePath, String)>,
    /// How it is spelled where that is not one leaf each, with the model's word.
    pub forms: SegmentForms,
    /// What binds VNIs and is never Mercury's, whatever it is called.
    pub others: Vec<OthersEntry>,
    /// From the top, what a VTEP that works has; the VTEP's name is a key on the way.
    pub vtep: Option<NodePath>,
    /// From the top, the leaf that tells whether a VNI, which is a key on the way, carries
    /// frames: `UP` or `DOWN`. It is state.
    pub state: Option<NodePath>,
    /// What else must be there.
    pub needs: Vec<Need>,
    /// The highest VNI that there is.
    pub highest: Vni,
}

/// How what is said of a segment is spelled, where that is not one leaf each, with the
/// model's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentForms {
    /// What a leaf holds that the model calls `auto`.
    pub auto: Option<String>,
    /// The words of the ways to flood; where there are any, a group stands by itself.
    pub floods: BTreeMap<FloodMode, String>,
    /// The leaf that holds the multicast group.
    pub group: Option<NodePath>,
    /// The leaf-lists of which each is to hold the route target and no other.
    pub targets: Vec<NodePath>,
    /// The leaf that holds the network instance of the VTEP, where that is said: Mercury's own.
    pub vtep_instance: Option<NodePath>,
}

/// What binds a VNI in another way than Mercury does, or bears another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OthersEntry {
    /// From the top: an entry, or the leaf itself that holds the VNI.
    pub entry: NodePath,
    /// The leaf that holds the VNI, below it; the VNI may be a key on the way, too.
    pub vni: NodePath,
    /// The leaf that holds the VLAN's number; `None` where it is not to be told.
    pub vlan: Option<NodePath>,
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
    /// Whether it is needed only where BGP is to tell of the VNI.
    pub for_evpn: bool,
}

/// What may be said of what binds a VLAN, beside the VNI and the VLAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SegmentLeaf {
    /// The VTEP's name.
    Vtep,
    /// How it is flooded, and whereto: `multicast 239.1.1.1`.
    Flood,
    /// The AS of the BGP process that tells of it.
    BgpAs,
    /// Its route distinguisher.
    RouteDistinguisher,
    /// Its route target.
    RouteTarget,
}

impl SegmentLeaf {
    /// All of them, and what dialects call them.
    pub const ALL: [(SegmentLeaf, &'static str); 5] = [
        (SegmentLeaf::Vtep, "vtep"),
        (SegmentLeaf::Flood, "flood"),
        (SegmentLeaf::BgpAs, "bgp-as"),
        (SegmentLeaf::RouteDistinguisher, "route-distinguisher"),
        (SegmentLeaf::RouteTarget, "route-target"),
    ];

    /// What dialects call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(leaf, _)| *leaf == self).map_or("", |(_, name)| name)
    }

    /// What it holds.
    #[must_use]
    pub fn get(self, segment: &Segment) -> Option<String> {
        let evpn = &segment.evpn;
        match self {
            Self::Vtep => segment.vtep.as_ref().map(ToString::to_string),
            Self::Flood => segment.flood.as_ref().map(Flood::to_string),
            Self::BgpAs => evpn.bgp_as.map(|number| number.to_string()),
            Self::RouteDistinguisher => evpn.route_distinguisher.as_ref().map(ToString::to_string),
            Self::RouteTarget => evpn.route_target.as_ref().map(ToString::to_string),
        }
    }

    /// Has it hold what a target shows; says whether that is a value that it can hold.
    #[must_use]
    pub fn set(self, segment: &mut Segment, text: &str) -> bool {
        let evpn = &mut segment.evpn;
        match self {
            Self::Vtep => segment.vtep = Some(mercury_model::InterfaceName::shown(text)),
            Self::Flood => segment.flood = text.parse().ok(),
            Self::BgpAs => evpn.bgp_as = text.parse().ok(),
            Self::RouteDistinguisher => evpn.route_distinguisher = text.parse().ok(),
            Self::RouteTarget => evpn.route_target = text.parse().ok(),
        }
        self.get(segment).is_some()
    }

    /// Has it hold nothing.
    pub fn clear(self, segment: &mut Segment) {
        let evpn = &mut segment.evpn;
        match self {
            Self::Vtep => segment.vtep = None,
            Self::Flood => segment.flood = None,
            Self::BgpAs => evpn.bgp_as = None,
            Self::RouteDistinguisher => evpn.route_distinguisher = None,
            Self::RouteTarget => evpn.route_target = None,
        }
    }
}

impl OverlayTree {
    /// Whether each entry is one of a VTEP that it names.
    #[must_use]
    pub fn names_vtep(&self) -> bool {
        self.leaves.contains_key(&SegmentLeaf::Vtep)
            || self.entry.as_ref().is_some_and(|entry| entry.has_placeholder("{vtep}"))
    }

    /// What of a segment is said here of each VNI by itself: without what is so of all of
    /// them at once.
    #[must_use]
    pub fn visible(&self, segment: &Segment) -> Segment {
        let mut visible = segment.clone();
        for (leaf, _) in SegmentLeaf::ALL {
            let is_said = match leaf {
                SegmentLeaf::Vtep => self.names_vtep(),
                SegmentLeaf::Flood => segment.flood.as_ref().is_none_or(|own| self.says(own.mode()) != Some(false)),
                _ => self.leaves.contains_key(&leaf),
            };
            if !is_said {
                leaf.clear(&mut visible);
            }
        }
        visible
    }

    /// Whether a way to flood is said of each VNI; `None` where there is no such way.
    #[must_use]
    pub fn says(&self, mode: FloodMode) -> Option<bool> {
        self.floods.get(&mode).copied()
    }

    /// The leaves below an entry that are Mercury's.
    pub(crate) fn own(&self) -> impl Iterator<Item = &NodePath> {
        let also = self.also.iter().map(|(path, _)| path);
        let forms = self.forms.group.iter().chain(&self.forms.targets).chain(&self.forms.vtep_instance);
        [&self.vni].into_iter().chain(&self.vlan).chain(self.leaves.values()).chain(forms).chain(also)
    }

    /// All nodes that are written or read, from the top; `in_vlan` is the VLAN's own
    /// entry.
    pub(crate) fn nodes(&self, in_vlan: Option<&NodePath>) -> Vec<NodePath> {
        let entry = self.entry.as_ref().or(in_vlan).cloned().unwrap_or_default();
        let leaves = self.own().chain(self.foreign.iter().map(|(path, _)| path)).map(|path| entry.join(path));
        let needs = self.needs.iter().map(|need| need.path.clone());
        let others = self.others.iter().flat_map(|own| {
            let below = [&own.vni].into_iter().chain(&own.vlan).map(|path| own.entry.join(path));
            below.collect::<Vec<_>>()
        });
        leaves
            .chain(others)
            .chain(self.vtep.clone())
            .chain(self.bgp.clone())
            .chain(self.state.clone())
            .chain(needs)
            .chain(self.entry.clone())
            .collect()
    }

    /// The nodes to read, none below another.
    #[must_use]
    pub fn asked(&self, instance: &str) -> Vec<Node> {
        let all = self.entry.iter().chain(self.others.iter().map(|own| &own.entry)).map(NodePath::parent);
        let all =
            all.chain(self.vtep.clone()).chain(self.bgp.clone()).chain(self.needs.iter().map(|need| need.path.clone()));
        let whole: Vec<NodePath> = all.map(|path| above_the_unknown(&path)).collect();
        let mut asked: Vec<NodePath> = Vec::new();
        for path in &whole {
            if !whole.iter().any(|other| other.is_above(path)) && !asked.contains(path) {
                asked.push(path.clone());
            }
        }
        asked.into_iter().map(|path| Node { path, names: Names::default().in_instance(instance) }).collect()
    }

    /// The node whose state tells whether VNIs carry frames.
    #[must_use]
    pub fn asked_for_states(&self, instance: &str) -> Option<Node> {
        let path = self.state.as_ref().map(above_the_unknown)?;
        Some(Node { path, names: Names::default().in_instance(instance) })
    }
}

/// The path as far as it is known before anything was read: up to the first entry of
/// which the key is not.
fn above_the_unknown(path: &NodePath) -> NodePath {
    let is_known = |step: &&PathStep| step.keys.iter().all(|(_, word)| !word.contains('{') || word == "{instance}");
    NodePath { steps: path.steps.iter().take_while(is_known).cloned().collect() }
}
