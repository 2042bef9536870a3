//! The lines of a database as the data of the one tree.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{
    DataNode, DataTree, Filled, FlatBridge, FlatForm, FlatMember, FlatWords, Hole, NoRoom, Template,
};
use mercury_model::{InterfaceScope, VlanId, VlanSet};

use super::{
    beside::Beside,
    json,
    names::several,
    numbers::{Learnt, Numbers},
    port::Port,
};
use crate::words::{Asked, EachLine, lists::vlans, overlay::SegmentsSaid, read::is_of_a_port};

/// Octets that a port or a VLAN takes while lines are read.
const ENTRY: usize = 256;

/// And each thing that a line says of a port.
const SAID: usize = 64;

/// Words by which a line is known that is not Mercury's.
const KNOWN_BY: usize = 3;

/// Why an answer is no database.
pub(in crate::words) enum Unshown {
    /// It is no JSON, that with this number, from this line and column on.
    Malformed(usize, (usize, usize)),
    /// There is no port in it.
    Nothing,
    NoRoom(NoRoom),
}

impl From<NoRoom> for Unshown {
    fn from(error: NoRoom) -> Self {
        Self::NoRoom(error)
    }
}

/// What a bridge makes of ports that say nothing.
#[derive(Clone, Copy)]
pub(super) struct Bridge {
    pub(super) untagged: VlanId,
    pub(super) is_aware: bool,
}

/// The data of what was shown, of the ports that are asked for.
pub(in crate::words) fn tree<'a, 's>(
    words: &'s FlatWords,
    asked: Asked<'s>,
    texts: &[&str],
    tree: &mut DataTree<'a, '_>,
) -> Result<&'a DataNode<'a>, Unshown> {
    let mut said = Said::new(words, asked);
    for (number, text) in texts.iter().enumerate() {
        match words.form {
            FlatForm::Json => {
                let mut room = Ok(());
                let read = json::lines(text, words.split, &mut |line| {
                    if room.is_ok() {
                        said.line(words, line);
                        room = tree.beside(std::mem::take(&mut said.octets));
                    }
                });
                room?;
                read.map_err(|error| Unshown::Malformed(number, (error.line(), error.column())))?;
            }
            FlatForm::Lines => {
                let rows = words.shows.get(number).and_then(|shown| shown.rows.as_ref());
                for line in text.lines().map(str::trim) {
                    match rows {
                        Some(rows) => said.line(words, &format!("{} {}", rows.before, line.replace(rows.split, " "))),
                        None => said.line(words, line),
                    }
                    tree.beside(std::mem::take(&mut said.octets))?;
                }
            }
        }
    }
    said.whole(words, tree)
}

/// The same of lines that stand in no text.
pub(in crate::words) fn tree_of_lines<'a, 's>(
    words: &'s FlatWords,
    asked: Asked<'s>,
    lines: &EachLine<'_>,
    tree: &mut DataTree<'a, '_>,
) -> Result<&'a DataNode<'a>, Unshown> {
    let mut said = Said::new(words, asked);
    lines(&mut |line| {
        said.line(words, line.trim());
        tree.beside(std::mem::take(&mut said.octets))
    })?;
    said.whole(words, tree)
}

struct Said<'s> {
    asked: Asked<'s>,
    beside: Beside<'s>,
    /// Whether anything was said of any.
    has_ports: bool,
    ports: BTreeMap<String, Port>,
    numbers: Numbers,
    vlans: BTreeMap<VlanId, BTreeSet<String>>,
    /// The bridge's.
    untagged: Option<VlanId>,
    is_aware: bool,
    segments: Option<SegmentsSaid<'s>>,
    /// What the last lines take that is not counted yet.
    octets: usize,
}

impl<'s> Said<'s> {
    fn new(words: &'s FlatWords, asked: Asked<'s>) -> Self {
        let needs_line = words.bridge.as_ref().is_some_and(|bridge| bridge.aware.is_some());
        Self {
            asked,
            beside: Beside::of(words),
            has_ports: false,
            ports: BTreeMap::new(),
            numbers: Numbers::default(),
            vlans: BTreeMap::new(),
            untagged: None,
            is_aware: !needs_line,
            segments: words.overlay.as_ref().map(SegmentsSaid::of),
            octets: 0,
        }
    }

    fn line(&mut self, words: &FlatWords, line: &str) {
        if let Some(segments) = &mut self.segments {
            segments.line(&[line]);
            self.octets += segments.octets();
        }
        if let Some(Learnt { called, hidden }) = words.number.as_ref().and_then(|own| self.numbers.learn(own, line)) {
            self.octets += ENTRY + 2 * line.len();
            let _known = self.port(&called);
            // Whoever asks for it by its number is told what it is, and not that there is none.
            let is_named =
                |number: &String| matches!(self.asked.names, InterfaceScope::Named(_)) && self.asked.has(number);
            if let Some(number) = hidden.filter(is_named) {
                self.ports.entry(number).or_default().foreign.push(format!("it is {called}"));
            }
            return;
        }
        let mut forms = words.interfaces.iter().enumerate();
        if let Some((form, found)) =
            forms.find_map(|(at, form)| Some((at, Named::of((words, &self.numbers), form, line)?)))
        {
            let asked = found.names.iter().filter(|name| self.port(name).is_some()).count();
            if asked == 0 && !self.beside.may_say(form, line) {
                return;
            }
        }
        let on_bridge =
            words.bridge.as_ref().and_then(|own| Named::of_any((words, &self.numbers), &own.member.shown, line));
        self.each(on_bridge.as_ref(), |port| port.is_on_bridge = true);
        if self.leaf(words, line) || self.in_vlans(words, line) || on_bridge.is_some() {
            return;
        }
        let named = |forms: &[Template]| Named::of_any((words, &self.numbers), forms, line);
        if let Some(member) = words.member.as_ref().and_then(|own| named(&own.shown)) {
            let aggregate = self.numbers.aggregate(member.said.get(Hole::Value).unwrap_or_default()).to_owned();
            self.each(Some(&member), |port| port.leaves.push(("aggregate-id".to_owned(), aggregate.clone())));
            return;
        }
        if let Some(routed) = named(&words.routed) {
            self.each(Some(&routed), |port| port.routed.push(line.to_owned()));
        } else if let Some(foreign) = named(&words.foreign) {
            self.each(Some(&foreign), |port| port.foreign.push(line.to_owned()));
        } else if let Some(ids) = words.vlans.iter().find_map(|form| ids(words, &form.read(line)?)) {
            // The row itself says no more than that it is there.
            let length = line.split_whitespace().count();
            let is_row = words.vlans.iter().any(|form| form.length() == length && form.fits(line));
            let binds = words.overlay.as_ref().is_some_and(|own| own.binds(line));
            let says_more = !is_row && !binds && !words.nothing.iter().any(|form| form.fits(line));
            for id in ids.iter() {
                let others = self.vlans.entry(id).or_default();
                self.octets += SAID;
                if says_more {
                    self.octets += line.len();
                    others.insert(line.to_owned());
                }
            }
        }
    }

    /// Reads what is said of ports by themselves; whether it was that.
    fn leaf(&mut self, words: &FlatWords, line: &str) -> bool {
        for (node, leaf) in &words.port {
            let known = (words, &self.numbers);
            let marked =
                leaf.marks.iter().find_map(|(word, form)| Some((Named::of(known, form, line)?, word.as_str())));
            let valued = || leaf.shown.iter().find_map(|form| valued(known, form, line));
            let Some((named, value)) = marked.or_else(valued) else { continue };
            let value = leaf.words.iter().find(|(_, own)| own == value).map_or(value, |(word, _)| word.as_str());
            self.each(Some(&named), |port| port.leaves.push((node.clone(), value.to_owned())));
            return true;
        }
        false
    }

    /// Reads what is said of the VLANs of ports; whether it was that.
    fn in_vlans(&mut self, words: &FlatWords, line: &str) -> bool {
        let named = |own: &Self, member: &FlatMember| Named::of_any((words, &own.numbers), &member.shown, line);
        if let Some(bridge) = &words.bridge {
            if let Some(tagged_only) = named(self, &bridge.tagged_only) {
                self.each(Some(&tagged_only), |port| port.is_tagged_only = true);
                return true;
            }
            if let Some(access) = named(self, &bridge.access) {
                // What it carries is not known by a word that is no VLAN.
                self.each(Some(&access), |port| match number(&access) {
                    Some(vlan) => port.access.extend([vlan]),
                    None => port.foreign.push(line.to_owned()),
                });
                return true;
            }
            self.of_bridge(bridge, line);
        }
        if let Some(tagged) = named(self, &words.tagged) {
            let text = tagged.said.get(Hole::VlanId).unwrap_or_default();
            let set = if words.lists { vlans(text) } else { text.parse().ok() };
            if set.is_none() && words.bridge.is_none() {
                return false;
            }
            let octets = set.as_ref().map_or(text.len(), |set| set.ranges().len() * size_of::<[VlanId; 2]>());
            let said = self.each(Some(&tagged), |port| match &set {
                Some(set) => port.tagged.extend(set.ranges()),
                None => drop(port.words.insert(text.to_owned())),
            });
            self.octets += said * octets;
            return true;
        }
        let Some(untagged) = named(self, &words.untagged) else { return false };
        let vlan = number(&untagged);
        if vlan.is_none() && words.bridge.is_none() {
            return false;
        }
        self.each(Some(&untagged), |port| match vlan {
            Some(vlan) => port.untagged.extend([vlan]),
            None => port.foreign.push(line.to_owned()),
        });
        true
    }

    /// Reads what is said of the bridge itself.
    fn of_bridge(&mut self, bridge: &FlatBridge, line: &str) {
        self.is_aware |= bridge.aware.as_ref().is_some_and(|form| form.fits(line));
        let untagged = bridge.untagged.iter().find_map(|form| form.read(line)?.get(Hole::VlanId)?.parse().ok());
        self.untagged = untagged.or(self.untagged);
    }

    /// Has ports that are asked for say something, and says of how many it was said.
    fn each(&mut self, named: Option<&Named<'_>>, mut says: impl FnMut(&mut Port)) -> usize {
        let mut said = 0;
        for name in named.iter().flat_map(|named| &named.names) {
            if let Some(port) = self.port(name) {
                says(port);
                said += 1;
            }
        }
        said
    }

    /// A port that is asked for.
    fn port(&mut self, name: &str) -> Option<&mut Port> {
        self.has_ports |= is_of_a_port(name);
        let name = self.numbers.called(name);
        if !self.asked.has(name) {
            return None;
        }
        self.octets += SAID;
        if !self.ports.contains_key(name) {
            self.octets += ENTRY + name.len();
            self.ports.insert(name.to_owned(), Port::default());
        }
        self.ports.get_mut(name)
    }

    fn whole<'a>(self, words: &FlatWords, tree: &mut DataTree<'a, '_>) -> Result<&'a DataNode<'a>, Unshown> {
        if !self.has_ports {
            return Err(Unshown::Nothing);
        }
        tree.beside((self.ports.len() + self.vlans.len()).saturating_mul(ENTRY))?;
        Ok(self.data(words, tree)?)
    }

    fn data<'a>(self, words: &FlatWords, tree: &mut DataTree<'a, '_>) -> Result<&'a DataNode<'a>, NoRoom> {
        let untagged = self.untagged.unwrap_or(VlanId::MIN);
        let bridge = words.bridge.as_ref().map(|_| Bridge { untagged, is_aware: self.is_aware });
        let known_by = if words.form == FlatForm::Json { KNOWN_BY } else { usize::MAX };
        let root = tree.node("data")?;
        let (ports, vlans) = (tree.group("interface")?, tree.group("vlan")?);
        for (name, port) in self.ports {
            ports.push(port.node(&name, bridge, tree)?);
        }
        for (id, others) in self.vlans {
            let entry = tree.node("vlan")?;
            entry.push(tree.copied_leaf("id", &id.to_string())?);
            for line in others {
                let known = line.split_whitespace().take(known_by).collect::<Vec<_>>().join(" ");
                entry.push(tree.copied_leaf(&known, &line)?);
            }
            vlans.push(entry);
        }
        root.push(ports);
        root.push(vlans);
        if let Some(segments) = self.segments {
            segments.data(tree, root)?;
        }
        Ok(root)
    }
}

/// What lines look like, and what aggregates are called.
type Known<'w> = (&'w FlatWords, &'w Numbers);

/// A line that fits, and the ports that it is about.
struct Named<'t> {
    names: Vec<String>,
    said: Filled<'t>,
}

impl<'t> Named<'t> {
    fn of_any(known: Known<'_>, forms: &[Template], line: &'t str) -> Option<Self> {
        forms.iter().find_map(|form| Self::of(known, form, line))
    }

    fn of((words, numbers): Known<'_>, form: &Template, line: &'t str) -> Option<Self> {
        let said = form.read(line)?;
        let is_known = |kind: &str| words.kinds.iter().flatten().any(|known| known == kind);
        if said.get(Hole::Kind).is_some_and(|kind| !is_known(kind)) {
            return None;
        }
        let name = said.get(Hole::Name).filter(|name| words.nobody.as_deref() != Some(*name))?;
        // An aggregate of somebody's may be called as several would be.
        let is_list = words.lists && !numbers.has(name);
        Some(Self { names: if is_list { several(name) } else { vec![name.to_owned()] }, said })
    }
}

/// The value that a line says of ports.
fn valued<'t>(known: Known<'_>, form: &Template, line: &'t str) -> Option<(Named<'t>, &'t str)> {
    let (words, _) = known;
    let named = Named::of(known, form, line)?;
    let value = named.said.get(Hole::Value)?;
    Some((named, if words.form == FlatForm::Lines { unquoted(value) } else { value }))
}

/// A text without the marks that a shell takes it in.
fn unquoted(text: &str) -> &str {
    let within = |mark: char| text.strip_prefix(mark)?.strip_suffix(mark).filter(|text| !text.contains(mark));
    within('\'').or_else(|| within('"')).unwrap_or(text)
}

/// The one VLAN of a line.
fn number(named: &Named<'_>) -> Option<VlanId> {
    named.said.get(Hole::VlanId)?.parse().ok()
}

/// The VLANs of a line.
fn ids(words: &FlatWords, said: &Filled<'_>) -> Option<VlanSet> {
    let text = said.get(Hole::VlanId)?;
    if words.lists { vlans(text) } else { text.parse::<VlanId>().ok().map(|id| [id].into_iter().collect()) }
}
