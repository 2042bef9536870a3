//! Lines, each with those that enter the blocks it is in, as what binds VLANs to VNIs.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{
    CliOverlay, DataNode, DataTree, Filled, Hole, NoRoom, OverlayPart, SegmentLeaf, SegmentLine, Template, Way,
};

use mercury_model::VlanId;

use crate::words::lists;

/// Octets that what a line says takes.
const SAID: usize = 96;

/// VNIs of a range that a line gives to VLANs one by one.
const LONGEST_RANGE: u32 = 4094;

/// All that was said.
pub(in crate::words) struct SegmentsSaid<'w> {
    words: &'w CliOverlay,
    parts: BTreeMap<Begun, Part>,
    vteps: BTreeSet<String>,
    processes: BTreeSet<String>,
    needs: BTreeSet<String>,
    /// VNIs that are something else's.
    foreign: BTreeSet<String>,
    /// What the last lines take that is not counted yet.
    octets: usize,
}

/// Which part began where, by its number and by what stands for the holes of its first line
/// and of the blocks around it.
type Begun = (usize, Vec<(Hole, String)>);

/// What was said in a part.
#[derive(Clone, Debug, Default)]
struct Part {
    vlan: Option<String>,
    vni: Option<String>,
    /// What it says by its first line and by the blocks that it stands in.
    leaves: Vec<(SegmentLeaf, String)>,
    /// By the number of the line in the dialect, its value.
    below: BTreeMap<usize, String>,
    others: BTreeSet<String>,
}

/// Runs `say` on each line of a configuration, by its number from 1, after those that enter
/// the blocks it is in.
pub(in crate::words) fn ways<'t>(text: &'t str, comments: &[String], mut say: impl FnMut(usize, &[&'t str])) {
    let (mut indents, mut way): (Vec<usize>, Vec<&str>) = (Vec::new(), Vec::new());
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim_end();
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if text.is_empty() || comments.iter().any(|mark| text.starts_with(mark.as_str())) {
            continue;
        }
        let kept = indents.iter().take_while(|own| **own < indent).count();
        indents.truncate(kept);
        way.truncate(kept);
        indents.push(indent);
        way.push(text);
        say(number, &way);
    }
}

impl<'w> SegmentsSaid<'w> {
    pub(in crate::words) fn of(words: &'w CliOverlay) -> Self {
        let (parts, needs) = (BTreeMap::new(), BTreeSet::new());
        let (vteps, processes, foreign) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { words, parts, vteps, processes, needs, foreign, octets: 0 }
    }

    /// Goes on by a line.
    pub(in crate::words) fn line(&mut self, way: &[&str]) {
        let words = self.words;
        for (number, part) in words.parts.iter().enumerate() {
            self.part(number, part, way);
        }
        let said = |form: &Option<Way>, hole| form.as_ref().and_then(|form| value(&fits(form, way)?, hole));
        if let Some(vtep) = said(&words.vtep, Hole::Vtep) {
            self.octets += SAID;
            self.vteps.insert(vtep);
        }
        if let Some(number) = said(&words.bgp, Hole::BgpAs) {
            self.octets += SAID;
            self.processes.insert(number);
        }
        for (name, _) in words.needs.iter().filter(|(_, form)| fits(form, way).is_some()) {
            self.needs.insert(name.clone());
        }
        for vni in words.foreign.iter().filter_map(|form| value(&fits(form, way)?, Hole::Vni)) {
            self.octets += SAID;
            self.foreign.insert(vni);
        }
    }

    /// Whether a line says something of VNIs, or enters a block in which one may.
    pub(in crate::words) fn reads(words: &CliOverlay, way: &[&str]) -> bool {
        let is_of_part = |part: &OverlayPart| {
            let Some((around, [head, below @ ..])) = way.split_at_checked(part.within.len()) else {
                return is_begun(&part.within, way);
            };
            let shown = if part.shown.is_empty() { std::slice::from_ref(&part.head) } else { &part.shown };
            fits(&part.within, around).is_some()
                && shown.iter().any(|form| form.read(head).is_some())
                && match below {
                    [] => true,
                    [line] => part.below.iter().any(|form| read(form, line).is_some()),
                    _ => false,
                }
        };
        let others = words.vtep.iter().chain(&words.bgp).chain(words.needs.iter().map(|(_, form)| form));
        words.parts.iter().any(is_of_part) || others.chain(&words.foreign).any(|form| is_begun(form, way))
    }

    /// Whether a VTEP that works is called so: it is no port.
    pub(in crate::words) fn has_vtep(&self, name: &str) -> bool {
        self.vteps.contains(name)
    }

    /// Octets that the last lines take.
    pub(in crate::words) fn octets(&mut self) -> usize {
        std::mem::take(&mut self.octets)
    }

    fn part(&mut self, number: usize, part: &OverlayPart, way: &[&str]) {
        let Some((around, [head, below @ ..])) = way.split_at_checked(part.within.len()) else { return };
        let Some(mut holes) = fits(&part.within, around) else { return };
        let shown = if part.shown.is_empty() { std::slice::from_ref(&part.head) } else { &part.shown };
        let Some(said) = shown.iter().find_map(|form| form.read(head)) else { return };
        holes.extend(held(&said));
        // A row that several lines say bears a name.
        let is_row = value(&holes, Hole::Name).is_some();
        let is_key = |hole: Hole| if is_row { matches!(hole, Hole::Name | Hole::Vtep) } else { hole != Hole::Value };
        let key = holes.iter().filter(|(hole, _)| is_key(*hole)).cloned().collect();
        self.octets += SAID + head.len();
        let own = self.parts.entry((number, key)).or_default();
        own.vlan = value(&holes, Hole::VlanId).or(own.vlan.take());
        own.vni = value(&holes, Hole::Vni).or(own.vni.take());
        own.leaves.extend(
            part.says
                .iter()
                .filter_map(|leaf| {
                    let text = match leaf {
                        SegmentLeaf::Vtep => value(&holes, Hole::Vtep)?,
                        SegmentLeaf::BgpAs => value(&holes, Hole::BgpAs)?,
                        SegmentLeaf::Flood => flooded(part.flood?.word(), value(&holes, Hole::Value).as_deref()),
                        SegmentLeaf::RouteDistinguisher | SegmentLeaf::RouteTarget => return None,
                    };
                    (!own.leaves.iter().any(|(known, _)| known == leaf)).then_some((*leaf, text))
                })
                .collect::<Vec<_>>(),
        );
        match below {
            [] => {}
            [line] => {
                self.octets += line.len();
                // One line may be a part of what several say.
                let known = part.below.iter().enumerate();
                let known: Vec<_> = known.filter_map(|(index, form)| Some((index, read(form, line)?))).collect();
                if known.is_empty() {
                    own.others.insert((*line).to_owned());
                }
                own.below.extend(known);
            }
            [.., line] => {
                self.octets += line.len();
                own.others.insert((*line).to_owned());
            }
        }
    }

    /// The entries of the data tree.
    pub(in crate::words) fn data<'a>(self, tree: &mut DataTree<'a, '_>, root: &'a DataNode<'a>) -> Result<(), NoRoom> {
        let segments = tree.group("segment")?;
        let indexes: Vec<Index<'_>> =
            (0..self.words.parts.len()).map(|number| Index::of(&self.parts, number)).collect();
        for (vlan, vni, first) in self.maps() {
            let entry = tree.node("segment")?;
            entry.push(tree.copied_leaf("vni", &vni.to_string())?);
            entry.push(tree.copied_leaf("vlan", &vlan.to_string())?);
            let mut told = BTreeMap::new();
            let mut others: BTreeSet<&str> = BTreeSet::new();
            for (number, (part, index)) in self.words.parts.iter().zip(&indexes).enumerate() {
                let here = if number == 0 { vec![first] } else { index.of_segment(vlan, vni).collect() };
                for own in here {
                    told.extend(own.leaves.iter().cloned());
                    others.extend(own.others.iter().map(String::as_str));
                    told.extend(whole(part, own));
                }
            }
            for (leaf, text) in told {
                entry.push(tree.copied_leaf(leaf.name(), &text)?);
            }
            for other in others {
                entry.push(tree.copied_leaf(other, "")?);
            }
            segments.push(entry);
        }
        for vni in &self.foreign {
            let entry = tree.node("segment")?;
            entry.push(tree.copied_leaf("vni", vni)?);
            entry.push(tree.copied_leaf("vrf", "true")?);
            segments.push(entry);
        }
        root.push(segments);
        for (list, key, names) in
            [("vtep", "name", self.vteps), ("bgp", "as", self.processes), ("need", "name", self.needs)]
        {
            let group = tree.group(list)?;
            for name in names {
                let entry = tree.node(list)?;
                entry.push(tree.copied_leaf(key, &name)?);
                group.push(entry);
            }
            root.push(group);
        }
        Ok(())
    }

    /// Each VLAN, its VNI, and where that is said.
    fn maps(&self) -> Vec<(VlanId, u32, &Part)> {
        let mut maps = Vec::new();
        for (_, part) in self.parts.iter().filter(|((number, _), _)| *number == 0) {
            let (Some(vlans), Some(vnis)) = (&part.vlan, &part.vni) else { continue };
            let (Some(vlans), Some((first, last))) = (lists::vlans(vlans), range(vnis)) else { continue };
            // One for each, in their order.
            if last - first < LONGEST_RANGE && vlans.len() == (last - first) as usize + 1 {
                maps.extend(vlans.iter().zip(first..=last).map(|(vlan, vni)| (vlan, vni, part)));
            }
        }
        maps
    }
}

/// The parts of one number, by what they are known by.
#[derive(Default)]
struct Index<'p> {
    by_vlan: BTreeMap<VlanId, Vec<&'p Part>>,
    by_vni: BTreeMap<u32, Vec<&'p Part>>,
    /// Of several of either.
    of_several: Vec<&'p Part>,
}

impl<'p> Index<'p> {
    fn of(parts: &'p BTreeMap<Begun, Part>, number: usize) -> Self {
        let mut index = Self::default();
        let (from, to): (Begun, Begun) = ((number, Vec::new()), (number + 1, Vec::new()));
        for part in parts.range(from..to).map(|(_, part)| part) {
            let vni = part.vni.as_deref().map(|text| text.parse());
            let vlan = part.vlan.as_deref().map(|text| text.parse());
            match (vni, vlan) {
                (Some(Ok(vni)), _) => index.by_vni.entry(vni).or_default().push(part),
                (None, Some(Ok(vlan))) => index.by_vlan.entry(vlan).or_default().push(part),
                _ => index.of_several.push(part),
            }
        }
        index
    }

    /// Those of a segment.
    fn of_segment(&self, vlan: VlanId, vni: u32) -> impl Iterator<Item = &'p Part> {
        let of_vlan = move |part: &&Part| {
            let holds = |text: &str| lists::vlans(text).is_some_and(|vlans| vlans.contains(vlan));
            part.vlan.as_deref().is_none_or(holds)
        };
        let of_vni = move |part: &&Part| {
            let holds = |text: &str| range(text).is_some_and(|(first, last)| (first..=last).contains(&vni));
            part.vni.as_deref().is_none_or(holds)
        };
        let own = self.by_vlan.get(&vlan).into_iter().chain(self.by_vni.get(&vni)).chain([&self.of_several]);
        own.flatten().copied().filter(of_vlan).filter(of_vni)
    }
}

/// The leaves of which a part says all lines, with one value.
fn whole(part: &OverlayPart, own: &Part) -> Vec<(SegmentLeaf, String)> {
    let mut told = Vec::new();
    let groups: BTreeSet<(SegmentLeaf, &Option<String>)> =
        part.below.iter().map(|line| (line.leaf, &line.of)).collect();
    for (leaf, of) in groups {
        let lines = part.below.iter().enumerate().filter(|(_, line)| line.leaf == leaf && line.of == *of);
        let said: Option<Vec<(bool, &String)>> =
            lines.map(|(index, line)| Some((line.line.has(Hole::Value), own.below.get(&index)?))).collect();
        let Some(said) = said else { continue };
        let mut values = said.iter().filter(|(has_value, _)| *has_value).map(|(_, value)| value.as_str());
        let first = values.next();
        if !values.all(|value| Some(value) == first) {
            continue;
        }
        match (of, leaf, first) {
            (Some(mode), SegmentLeaf::Flood, value) => told.push((leaf, flooded(mode, value))),
            (Some(of), ..) => told.push((leaf, of.clone())),
            (None, _, Some(value)) => told.push((leaf, value.to_owned())),
            (None, _, None) => {}
        }
    }
    told
}

fn flooded(mode: &str, addresses: Option<&str>) -> String {
    format!("{mode} {}", addresses.unwrap_or_default()).trim_end().to_owned()
}

/// What a line below a part's first says, if it is this.
fn read(form: &SegmentLine, line: &str) -> Option<String> {
    let said = form.line.read(line)?;
    let value = said.get(Hole::Value);
    Some(value.unwrap_or_default().to_owned())
}

/// What stands for the holes of a way, where all of its lines are these.
fn fits(forms: &[Template], way: &[&str]) -> Option<Vec<(Hole, String)>> {
    if forms.len() != way.len() {
        return None;
    }
    let mut holes = Vec::new();
    for (form, line) in forms.iter().zip(way) {
        holes.extend(held(&form.read(line)?));
    }
    Some(holes)
}

/// Whether lines are the first of these, or all.
fn is_begun(forms: &[Template], way: &[&str]) -> bool {
    forms.get(..way.len()).is_some_and(|forms| fits(forms, way).is_some())
}

fn held(said: &Filled<'_>) -> Vec<(Hole, String)> {
    let holes = [Hole::VlanId, Hole::Vni, Hole::Vtep, Hole::BgpAs, Hole::Name, Hole::Value];
    holes.into_iter().filter_map(|hole| Some((hole, said.get(hole)?.to_owned()))).collect()
}

fn value(holes: &[(Hole, String)], hole: Hole) -> Option<String> {
    holes.iter().find(|(own, _)| *own == hole).map(|(_, text)| text.clone())
}

/// The first and the last of `10100` or `10100-10105`.
fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}
