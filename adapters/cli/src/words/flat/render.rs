//! A plan as commands, each of which is so at once. A port leaves what it is to be in no
//! longer before it comes to where it is to be, since few systems have it untagged in two
//! VLANs, even for a while, or a member of an aggregate in any.

use std::collections::BTreeMap;

use mercury_adapter::{
    EntryOperations, FlatLeaf, FlatMember, FlatSaying, FlatWords, Hole, LeafOperation, Names, NodePath, Operations,
    Origin, Template, Unrenderable, Writing,
};
use mercury_model::{Change, Edit, Interface, InterfaceName, Leaf, Plan, SwitchedVlan, TrunkVlans, Value, VlanSet};

use super::{lags::Moves, numbers::is_number};
use crate::{
    NUMBER, Numbered, Script,
    words::{
        overlay::{is_segment, lines as overlay_lines},
        render::texts::{NAME, Takes, VLANS, checked},
    },
};

/// The commands of a plan.
///
/// # Errors
/// [`Unrenderable`]: there is no command for something, or a text that none can hold.
pub(in crate::words) fn script(
    writing: &Writing<'_>,
    words: &FlatWords,
    takes: Takes,
    operations: &Operations,
    plan: &Plan,
) -> Result<Script, Unrenderable> {
    let mut typing = Typing { writing, words, takes, script: Script::default(), asked: None };
    let edits = |leaf: Leaf| {
        plan.edits.iter().filter_map(move |edit| match edit {
            Edit::Interface { interface, change, .. } if change.leaf == leaf => Some((interface, change)),
            _ => None,
        })
    };
    let [make_vlan, remove_vlan] = &words.vlan;
    for entry in operations.entries.iter().filter(|entry| is_vlan(entry)) {
        typing.made(make_vlan, "", entry)?;
    }
    // Segments that come or change stand before the ports in the plan, those that go behind.
    let first = operations.entries.iter().position(is_port).unwrap_or(operations.entries.len());
    typing.segments(operations.entries.get(..first).unwrap_or_default())?;
    let at_once = words.aggregate.as_ref().zip(words.member.as_ref().map(|own| &own.add));
    let at_once = at_once.filter(|(_, members)| members.has(Hole::Members));
    let moves = at_once.map(|own| Moves::of(own, operations, edits(Leaf::AggregateId).collect()));
    if let Some(moves) = &moves {
        for (port, change) in edits(Leaf::SwitchedVlan).filter(|(port, _)| moves.joins(port)) {
            typing.vlans(port, change)?;
        }
        moves.typed(&mut typing)?;
    } else {
        for entry in operations.entries.iter().filter(|entry| is_port(entry) && entry.origin != Origin::Present) {
            let aggregate = words.aggregate.as_ref().ok_or_else(|| typing.lacks("aggregation"))?;
            let behind = typing.said_with_it(entry)?;
            typing.made(&aggregate.make, &behind, entry)?;
        }
        for (port, change) in edits(Leaf::AggregateId) {
            typing.member(port, change, false)?;
        }
    }
    let mut placed = BTreeMap::new();
    let is_placed = |port: &InterfaceName| moves.as_ref().is_some_and(|moves| moves.joins(port));
    for (port, change) in edits(Leaf::SwitchedVlan).filter(|(port, _)| !is_placed(port)) {
        match &words.bridge {
            Some(bridge) => typing.on_bridge(bridge, port, change)?,
            None => typing.vlans(port, change)?,
        }
        placed.insert(port.as_str(), change.after.is_some());
    }
    for (port, _) in [Leaf::EdgePort, Leaf::BpduGuard].into_iter().flat_map(edits).filter(|(_, change)| change.carries)
    {
        placed.entry(port.as_str()).or_insert(true);
    }
    for entry in operations.entries.iter().filter(|entry| is_port(entry)) {
        typing.leaves(entry, &placed)?;
    }
    for (port, change) in edits(Leaf::AggregateId).filter(|_| moves.is_none()) {
        typing.member(port, change, true)?;
    }
    typing.segments(operations.entries.get(first..).unwrap_or_default())?;
    for node in operations.gone() {
        let is_vlan = is_vlan_node(&node.path);
        // They went before their members got VLANs.
        if !is_vlan && moves.is_some() {
            continue;
        }
        let aggregate = words.aggregate.as_ref().map(|own| &own.remove);
        let form = if is_vlan { Some(remove_vlan) } else { aggregate };
        let form = form.ok_or_else(|| typing.lacks("aggregation"))?;
        let text = form.fill(|hole| typing.named(&node.names, hole));
        if let Some(before) = plan.edits.iter().filter(|_| !is_vlan).find_map(|edit| removed(edit, &node.names)) {
            typing.out_of_vlans(before, &text)?;
        }
        typing.script.push(text, 0, false);
    }
    Ok(typing.script)
}

/// The interface that an edit takes away, if it is the one of these names.
fn removed<'p>(edit: &'p Edit, names: &Names) -> Option<&'p Interface> {
    match edit {
        Edit::RemoveInterface { before, .. } => {
            names.resolve("{name}").filter(|name| *name == before.name.as_str()).map(|_| &**before)
        }
        _ => None,
    }
}

pub(super) struct Typing<'a> {
    pub(super) writing: &'a Writing<'a>,
    pub(super) words: &'a FlatWords,
    takes: Takes,
    script: Script,
    /// The aggregate whose number was asked for last.
    asked: Option<String>,
}

impl Typing<'_> {
    /// What binds VLANs to VNIs.
    fn segments(&mut self, entries: &[EntryOperations]) -> Result<(), Unrenderable> {
        for entry in entries.iter().filter(|entry| is_segment(entry)) {
            let own = self.words.overlay.as_ref().ok_or_else(|| self.lacks("overlay"))?;
            overlay_lines((self.writing, self.takes), (own, None), &mut self.script, entry)?;
        }
        Ok(())
    }

    /// What makes an entry, and what stands behind that.
    fn made(&mut self, make: &Template, behind: &str, entry: &EntryOperations) -> Result<(), Unrenderable> {
        self.checks(entry)?;
        let text = make.fill(|hole| self.named(&entry.entry.names, hole));
        self.script.push(format!("{text}{behind}"), 0, false);
        Ok(())
    }

    /// What is said of an aggregate where it is made, and nowhere else; each behind a blank.
    fn said_with_it(&self, entry: &EntryOperations) -> Result<String, Unrenderable> {
        let mut behind = String::new();
        for operation in &entry.leaves {
            let LeafOperation::Set(path, value) = operation else { continue };
            let (node, value) = (last(path), value.text());
            let Some(leaf) = self.words.port.get(node) else { continue };
            if let FlatSaying::WhenMade(form) = &leaf.by {
                behind.push(' ');
                behind.push_str(&self.filled(leaf, form, (node, &value), entry)?);
            }
        }
        Ok(behind)
    }

    /// What is said of a port by itself.
    fn leaves(&mut self, entry: &EntryOperations, placed: &BTreeMap<&str, bool>) -> Result<(), Unrenderable> {
        self.checks(entry)?;
        let name = entry.entry.names.resolve("{name}").unwrap_or_default();
        for operation in &entry.leaves {
            let (path, value) = match operation {
                LeafOperation::Set(path, value) => (path, Some(value.text())),
                LeafOperation::Remove(path) => (path, None),
                LeafOperation::SetList { .. } => continue,
            };
            let node = last(path);
            if ["mode", "access-vlan", "native-vlan", "aggregate-id"].contains(&node) {
                continue;
            }
            let leaf = self.words.port.get(node).ok_or_else(|| self.lacks(node))?;
            match placed.get(&*name) {
                // It went with the bridge.
                Some(false) if leaf.on_bridge && value.is_none() => continue,
                // Said of a port that is not on the bridge, it would put it there.
                None | Some(false) if leaf.on_bridge && value.is_some() => {
                    let reason = "it is said of a port on the bridge alone, and would put this one there";
                    return Err(self.writing.cannot(&format!("{node} of {name}"), reason));
                }
                _ => {}
            }
            if leaf.of_ports && self.is_aggregate(&name) {
                let reason = "the line that says it of a port was not seen with an aggregate";
                return Err(self.writing.cannot(&format!("{node} of {name}"), reason));
            }
            let text = match (&leaf.by, value) {
                (FlatSaying::Commands { set, .. }, Some(value)) => self.filled(leaf, set, (node, &value), entry)?,
                (FlatSaying::Commands { unset, .. }, None) => unset.fill(|hole| self.named(&entry.entry.names, hole)),
                (FlatSaying::WhenMade(_), _) if entry.origin != Origin::Present => continue,
                (FlatSaying::WhenMade(_), _) => {
                    let reason = "it is said when the aggregate is made, and stays so";
                    return Err(self.writing.cannot(&format!("another {node} of {name}"), reason));
                }
            };
            self.say_plainly(text);
        }
        Ok(())
    }

    /// The words that say a value.
    fn filled(
        &self,
        leaf: &FlatLeaf,
        form: &Template,
        (node, value): (&str, &str),
        entry: &EntryOperations,
    ) -> Result<String, Unrenderable> {
        checked(self.writing.dialect, self.takes, node, value)?;
        let marked: Vec<&str> = leaf.marks.iter().map(|(word, _)| word.as_str()).collect();
        if !marked.is_empty() && !marked.contains(&value) {
            return Err(self.writing.cannot(&format!("{node} {value}"), "no line shows it"));
        }
        let own = leaf.said.iter().find(|(word, _)| word == value).map(|(_, own)| own.clone());
        let text = own.unwrap_or_else(|| self.takes.quoted(value));
        let named = |hole| self.named(&entry.entry.names, hole);
        Ok(form.fill(|hole| if hole == Hole::Value { Some(text.clone()) } else { named(hole) }))
    }

    /// Takes a port out of the VLANs that it is to be in no longer, and puts it into those
    /// that it is to be in.
    fn vlans(&mut self, port: &InterfaceName, change: &Change) -> Result<(), Unrenderable> {
        self.port(port)?;
        let (before, after) = (self.carried(port, change.before.as_ref())?, self.carried(port, change.after.as_ref())?);
        let words = self.words;
        let forms = [(&words.untagged, &before.0, &after.0), (&words.tagged, &before.1, &after.1)];
        for (form, before, after) in forms {
            before.difference(after).iter().for_each(|id| self.put(&form.remove, port, &id.to_string()));
        }
        for (form, before, after) in forms {
            after.difference(before).iter().for_each(|id| self.put(&form.add, port, &id.to_string()));
        }
        Ok(())
    }

    /// Takes what `remove` will take away out of its VLANs, or off its bridge, where that is not
    /// below it: some switches refuse to remove what a VLAN has, others leave the VLAN as it is.
    fn out_of_vlans(&mut self, port: &Interface, remove: &str) -> Result<(), Unrenderable> {
        if port.switched_vlan.is_none() {
            return Ok(());
        }
        let words = self.words;
        if let Some(bridge) = &words.bridge {
            let off = bridge.member.remove.fill(|hole| (hole == Hole::Name).then(|| port.name.to_string()));
            if !off.starts_with(&format!("{remove} ")) {
                self.say_plainly(off);
            }
            return Ok(());
        }
        let (untagged, tagged) = self.carried(&port.name, Leaf::SwitchedVlan.get(port).as_ref())?;
        for (form, vlans) in [(&words.untagged, untagged), (&words.tagged, tagged)] {
            vlans.iter().for_each(|id| self.put(&form.remove, &port.name, &id.to_string()));
        }
        Ok(())
    }

    /// Takes a port out of an aggregate, or puts it into one.
    fn member(&mut self, port: &InterfaceName, change: &Change, joins: bool) -> Result<(), Unrenderable> {
        self.port(port)?;
        let FlatMember { add, remove, .. } = self.words.member.as_ref().ok_or_else(|| self.lacks("aggregate-id"))?;
        let (form, value) = if joins { (add, &change.after) } else { (remove, &change.before) };
        let Some(aggregate) = value.as_ref().and_then(Value::spelled) else { return Ok(()) };
        checked(self.writing.dialect, self.takes, NAME, &aggregate)?;
        self.put(form, port, &aggregate);
        Ok(())
    }

    /// A command about a port and one other thing.
    pub(super) fn put(&mut self, form: &Template, port: &InterfaceName, other: &str) {
        let kind = self.kind(port.as_str());
        self.say(form, port.as_str(), |hole| match hole {
            Hole::Name => Some(port.to_string()),
            Hole::VlanId | Hole::Value => Some(other.to_owned()),
            Hole::Kind => kind.clone(),
            _ => None,
        });
    }

    /// A command about a port or an aggregate, behind one that asks for the number of that
    /// where it bears it.
    pub(super) fn say(&mut self, form: &Template, name: &str, fill: impl Fn(Hole) -> Option<String>) {
        let asked = self.words.number.as_ref().filter(|_| form.has(Hole::Number) && !is_number(name));
        let number = if asked.is_some() { NUMBER } else { name };
        let text = form.fill(|hole| if hole == Hole::Number { Some(number.to_owned()) } else { fill(hole) });
        let Some(own) = asked else { return self.say_plainly(text) };
        if self.asked.as_deref() != Some(name) {
            let ask = own.ask.fill(|hole| (hole == Hole::Name).then(|| name.to_owned()));
            self.script.numbered(ask, Numbered::Asks);
            self.asked = Some(name.to_owned());
        }
        self.script.numbered(text, Numbered::Bears);
    }

    /// A command as it is.
    pub(super) fn say_plainly(&mut self, text: String) {
        self.script.push(text, 0, false);
    }

    /// The word for what a name is of.
    fn kind(&self, name: &str) -> Option<String> {
        let [port, aggregate] = self.words.kinds.as_ref()?;
        Some(if self.is_aggregate(name) { aggregate.clone() } else { port.clone() })
    }

    fn is_aggregate(&self, name: &str) -> bool {
        let prefix = self.writing.tree.aggregate_names.as_ref();
        prefix.is_some_and(|prefix| name.starts_with(prefix.as_str()))
    }

    /// Why there is no aggregate of nothing.
    pub(super) fn without_members(&self, name: &str) -> Unrenderable {
        self.writing.cannot(&format!("{name} without members"), "an aggregate is made of its ports")
    }

    /// A port's name, as a line can hold it.
    pub(super) fn port(&self, port: &InterfaceName) -> Result<(), Unrenderable> {
        checked(self.writing.dialect, self.takes, NAME, port.as_str())
    }

    /// What the switch shows in the place of VLANs, as a line can hold it.
    pub(super) fn shown(&self, word: &str) -> Result<(), Unrenderable> {
        checked(self.writing.dialect, self.takes, VLANS, word)
    }

    /// The VLANs that a port is in, untagged and tagged.
    fn carried(&self, port: &InterfaceName, value: Option<&Value>) -> Result<(VlanSet, VlanSet), Unrenderable> {
        let one = |id: &Option<mercury_model::VlanId>| -> VlanSet { id.iter().copied().collect() };
        match value {
            None => Ok((VlanSet::new(), VlanSet::new())),
            Some(Value::SwitchedVlan(SwitchedVlan::Access { vlan })) => Ok((one(vlan), VlanSet::new())),
            Some(Value::SwitchedVlan(SwitchedVlan::Trunk { native, vlans: TrunkVlans::Only(set) })) => {
                Ok((one(native), set.difference(&one(native))))
            }
            Some(_) => {
                let reason = "each VLAN is one that the port is put into";
                Err(self.writing.cannot(&format!("these VLANs on {port}"), reason))
            }
        }
    }

    fn checks(&self, entry: &EntryOperations) -> Result<(), Unrenderable> {
        let name = entry.entry.names.resolve("{name}");
        name.map_or(Ok(()), |name| checked(self.writing.dialect, self.takes, NAME, &name))
    }

    fn named(&self, names: &Names, hole: Hole) -> Option<String> {
        let word = match hole {
            Hole::Name => "{name}",
            Hole::VlanId => "{vlan-id}",
            Hole::Kind => return self.kind(&names.resolve("{name}")?),
            _ => return None,
        };
        names.resolve(word).map(std::borrow::Cow::into_owned)
    }

    fn lacks(&self, leaf: &str) -> Unrenderable {
        let deviation = self.writing.dialect.deviation(self.writing.protocol, leaf);
        self.writing.cannot(leaf, deviation.map_or("no command says it", |deviation| &deviation.reason))
    }
}

pub(super) fn is_port(entry: &EntryOperations) -> bool {
    !is_vlan(entry) && !is_segment(entry)
}

fn is_vlan(entry: &EntryOperations) -> bool {
    is_vlan_node(&entry.entry.path)
}

pub(super) fn is_vlan_node(path: &NodePath) -> bool {
    last(path) == "vlan"
}

/// The name of the node that a path ends at.
fn last(path: &NodePath) -> &str {
    path.steps.last().map_or("", |step| &step.name)
}
