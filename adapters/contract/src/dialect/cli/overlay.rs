//! The lines that bind a VLAN to a VNI, as data: each is known by the blocks that it
//! stands in, and the same forms write it and recognise it.

use super::Template;
use crate::SegmentLeaf;

/// The lines that enter the blocks that a line stands in, the outermost first, and it.
pub type Way = Vec<Template>;

/// What a command line says of VNIs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CliOverlay {
    /// What is typed, in this order, and taken back from the last to the first. The first
    /// says which VLAN has which VNI.
    pub parts: Vec<OverlayPart>,
    /// Ways to lines that give a VNI to something else than a VLAN.
    pub foreign: Vec<Way>,
    /// The way to what a VTEP that works has.
    pub vtep: Option<Way>,
    /// The way to a BGP process that may tell of VNIs.
    pub bgp: Option<Way>,
    /// The ways to what else must be there, and what people call it.
    pub needs: Vec<(String, Way)>,
    /// What tells whether VNIs carry frames; `None` where nothing does.
    pub state: Option<VniStates>,
}

/// A command that tells whether VNIs carry frames, and how its answer is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VniStates {
    /// The command.
    pub command: String,
    /// Lines that each have a state, with a VNI whose it is, or the VTEP alone that has it, and
    /// all VNIs of it with it. Others stand between them.
    pub lines: Vec<Template>,
    /// What stands there for each state, in lower case, and whether frames are carried; what is
    /// none of these is unknown.
    pub words: Vec<(String, bool)>,
}

/// Lines that come and go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayPart {
    /// The blocks that they stand in, the outermost first.
    pub within: Vec<Template>,
    /// The line that they begin with, which enters a block where there are any below it.
    pub head: Template,
    /// What that says beside which VNI it is.
    pub says: Vec<SegmentLeaf>,
    /// How floods are said by it; what its value is then.
    pub flood: Option<mercury_model::FloodMode>,
    /// Lines that show it, where those are others; several together may say it all.
    pub shown: Vec<Template>,
    /// What is said below it.
    pub below: Vec<SegmentLine>,
    /// The line that takes it away with all that is below, in the same blocks.
    pub remove: Template,
}

/// A line below another that says more of a VNI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentLine {
    /// What it says, or a part of it: a leaf of which there are several lines is said by all
    /// of them together.
    pub leaf: SegmentLeaf,
    /// For which of the leaf's values it is, where for one: a way to flood, or `auto`.
    pub of: Option<String>,
    /// The line.
    pub line: Template,
}

impl SegmentLine {
    /// What is taken away where it is: of floods, the way.
    #[must_use]
    pub fn of_leaf(&self) -> &str {
        match &self.of {
            Some(mode) if self.leaf == SegmentLeaf::Flood => mode,
            _ => self.leaf.name(),
        }
    }

    /// Whether it is for this value of its leaf.
    #[must_use]
    pub fn is_for(&self, value: &str) -> bool {
        let word = value.split(' ').next().unwrap_or_default();
        match &self.of {
            Some(of) => of == word,
            None => self.leaf != SegmentLeaf::Flood,
        }
    }
}

impl OverlayPart {
    /// Whether it says this way to flood.
    #[must_use]
    pub fn is_flooded_by(&self, value: &str) -> bool {
        self.flood.is_some_and(|mode| value.split(' ').next() == Some(mode.word()))
    }

    /// The lines below it for one value of a leaf: those for that very value, if there are
    /// any.
    #[must_use]
    pub fn lines(&self, leaf: SegmentLeaf, value: &str) -> Vec<&SegmentLine> {
        let all = || self.below.iter().filter(|line| line.leaf == leaf && line.is_for(value));
        let own: Vec<_> = all().filter(|line| line.of.is_some()).collect();
        if own.is_empty() { all().collect() } else { own }
    }
}

impl CliOverlay {
    /// Whether a line of a VLAN's own, or one that stands in no block, says which VNI a VLAN
    /// has.
    #[must_use]
    pub fn binds(&self, line: &str) -> bool {
        let is_of_vlan = |part: &&OverlayPart| match part.within.as_slice() {
            [] => true,
            [block] => block.has(super::Hole::VlanId),
            _ => false,
        };
        // `auto`, say, is none that is known.
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let said = self.parts.first().filter(is_of_vlan).and_then(|part| part.head.read(line));
        said.and_then(|said| said.get(super::Hole::Vni)).is_some_and(is_number)
    }
}
