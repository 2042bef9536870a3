//! What binds VLANs to VNIs as lines: in the dialect's order, and back.

use mercury_adapter::{
    CliOverlay, EntryOperations, Hole, LeafOperation, NodePath, OverlayPart, SegmentLeaf, Template, Unrenderable,
    Writing,
};
use mercury_model::Flood;

use crate::{
    Script,
    words::render::texts::{NAME, Takes, checked},
};

/// Whether an entry is of what binds a VLAN.
pub(in crate::words) fn is_segment(entry: &EntryOperations) -> bool {
    last(&entry.entry.path) == "segment"
}

/// Types what is done to what binds a VLAN: the parts of which anything comes, or the last
/// to the first of those of which anything goes. `leave` leads out of a block.
///
/// # Errors
/// [`Unrenderable`]: no line says something, or no line can hold it.
pub(in crate::words) fn lines(
    (writing, takes): (&Writing<'_>, Takes),
    (words, leave): (&CliOverlay, Option<&str>),
    script: &mut Script,
    entry: &EntryOperations,
) -> Result<(), Unrenderable> {
    let mut typing = Typing { leave, entry, script };
    if let Some(vtep) = entry.entry.names.resolve("{vtep}") {
        checked(writing.dialect, takes, NAME, &vtep)?;
    }
    let lacks = |what: &str| writing.cannot(what, "no line says it");
    let set = |leaf: SegmentLeaf| {
        entry.leaves.iter().find_map(|operation| match operation {
            LeafOperation::Set(path, value) if last(path) == leaf.name() => Some(value.text()),
            _ => None,
        })
    };
    let is_new = entry.leaves.iter().any(|one| matches!(one, LeafOperation::Set(path, _) if last(path) == "vni"));
    for (number, part) in words.parts.iter().enumerate() {
        let mut below = Vec::new();
        for (leaf, _) in SegmentLeaf::ALL {
            let Some(value) = set(leaf) else { continue };
            let text = if leaf == SegmentLeaf::Flood { addresses(&value) } else { value.clone() };
            below.extend(part.lines(leaf, &value).into_iter().map(|line| (&line.line, text.clone())));
        }
        let flood = set(SegmentLeaf::Flood).filter(|value| part.is_flooded_by(value));
        let comes = number == 0 && is_new
            || flood.is_some()
            || part.says.iter().any(|leaf| *leaf != SegmentLeaf::Flood && set(*leaf).is_some())
            || !below.is_empty();
        if comes {
            if part.within.iter().chain([&part.head]).any(|form| typing.is_open(form)) {
                return Err(lacks("a VNI of which VTEP or BGP process is not known"));
            }
            typing.part(part, &addresses(&flood.unwrap_or_default()), below);
        }
    }
    for (leaf, _) in SegmentLeaf::ALL {
        let Some(value) = set(leaf) else { continue };
        let is_said = |part: &OverlayPart| {
            let by_head = match leaf {
                SegmentLeaf::Flood => part.is_flooded_by(&value),
                _ => part.says.contains(&leaf),
            };
            by_head || !part.lines(leaf, &value).is_empty()
        };
        if !words.parts.iter().any(is_said) {
            return Err(lacks(&format!("{} {value}", leaf.name())));
        }
    }
    let gone: Vec<&str> = entry.leaves.iter().filter_map(removed).collect();
    for (number, part) in words.parts.iter().enumerate().rev() {
        let by_head = part.says.iter().any(|leaf| *leaf != SegmentLeaf::Flood && gone.contains(&leaf.name()));
        let below = || part.below.iter().any(|line| gone.contains(&line.of_leaf()));
        let goes = match (number, part.flood) {
            (0, _) => gone.contains(&"vni"),
            (_, Some(mode)) => gone.contains(&mode.word()),
            (_, None) => by_head || below(),
        };
        if goes {
            typing.gone(part);
        }
    }
    Ok(())
}

fn removed(operation: &LeafOperation) -> Option<&str> {
    match operation {
        LeafOperation::Remove(path) => Some(last(path)),
        _ => None,
    }
}

/// The addresses of a way to flood.
fn addresses(value: &str) -> String {
    value.parse::<Flood>().map(|flood| flood.addresses()).unwrap_or_default()
}

struct Typing<'a> {
    leave: Option<&'a str>,
    entry: &'a EntryOperations,
    script: &'a mut Script,
}

impl Typing<'_> {
    fn part(&mut self, part: &OverlayPart, value: &str, below: Vec<(&Template, String)>) {
        let depth = self.enter(part);
        let head = self.filled(&part.head, value);
        let is_block = !part.below.is_empty();
        self.script.push(head, depth, is_block);
        for (form, value) in below {
            let text = self.filled(form, &value);
            self.script.push(text, depth + 1, false);
        }
        self.leave(depth + usize::from(is_block));
    }

    fn gone(&mut self, part: &OverlayPart) {
        let depth = self.enter(part);
        let text = self.filled(&part.remove, "");
        self.script.push(text, depth, false);
        self.leave(depth);
    }

    /// Enters the blocks around a part; how many they are.
    fn enter(&mut self, part: &OverlayPart) -> usize {
        for (depth, form) in part.within.iter().enumerate() {
            let text = self.filled(form, "");
            self.script.push(text, depth, true);
        }
        part.within.len()
    }

    fn leave(&mut self, blocks: usize) {
        for depth in (1..=blocks).rev() {
            let text = self.leave.map(str::to_owned);
            text.into_iter().for_each(|text| self.script.push(text, depth, false));
        }
    }

    fn filled(&self, form: &Template, value: &str) -> String {
        form.fill(|hole| match hole {
            Hole::Value => Some(value.to_owned()),
            other => self.named(other),
        })
    }

    fn named(&self, hole: Hole) -> Option<String> {
        let word = match hole {
            Hole::VlanId => "{vlan-id}",
            Hole::Vni => "{vni}",
            Hole::Vtep => "{vtep}",
            Hole::BgpAs => "{bgp-as}",
            _ => return None,
        };
        self.entry.entry.names.resolve(word).map(std::borrow::Cow::into_owned)
    }

    /// Whether something that the line holds is not known.
    fn is_open(&self, form: &Template) -> bool {
        [Hole::Vtep, Hole::BgpAs].into_iter().any(|hole| form.has(hole) && self.named(hole).is_none())
    }
}

/// The name of the node that a path ends at.
fn last(path: &NodePath) -> &str {
    path.steps.last().map_or("", |step| &step.name)
}
