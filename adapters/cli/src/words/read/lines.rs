//! Lines of a configuration, one after the other, as data.

use std::collections::BTreeMap;

use mercury_adapter::{CliForm, CliWords, DataNode, DataTree, NoRoom};
use mercury_model::VlanId;

use super::{
    Unreadable,
    beside::Beside,
    blocks::{self, Block, Blocked},
    is_of_a_port, members,
    port::Port,
    vlan::VlanSaid,
};
use crate::words::{
    Asked,
    overlay::{SegmentsSaid, ways},
};

/// Octets that a port or VLAN takes while lines are read.
pub(super) const ENTRY: usize = 256;

/// And once more for each VLAN that says the port is in it.
pub(super) const MEMBER: usize = 8;

/// All that the lines say.
#[derive(Default)]
pub(super) struct Lines<'t> {
    ports: BTreeMap<String, Port<'t>>,
    pub(super) vlans: BTreeMap<VlanId, VlanSaid<'t>>,
    segments: Option<SegmentsSaid<'t>>,
}

impl<'t> Lines<'t> {
    /// Reads a configuration; says whether there is an interface in it.
    pub(super) fn configuration(
        &mut self,
        words: &'t CliWords,
        asked: Asked<'_>,
        command: &str,
        text: &'t str,
        tree: &mut DataTree<'_, '_>,
    ) -> Result<bool, Unreadable> {
        let is_asked = |name: &str| asked.has(name);
        self.overlay(words, text, tree)?;
        let mut found = false;
        let (mut block, mut head, mut lag) = (Block::Other, "", None);
        let mut beside: Option<Beside<'t>> = None;
        for line in blocks::Lines::of(words, text) {
            if !matches!(line, Blocked::Line(_) | Blocked::Deeper(_)) {
                beside.take().into_iter().for_each(|own| own.end(words, is_asked, &mut self.ports));
            }
            match line {
                Blocked::Enter(Block::Members(own)) => {
                    tree.beside(ENTRY)?;
                    (block, head, lag) = (Block::Other, "", None);
                    beside = Some(Beside::of(own));
                }
                Blocked::Enter(entered) => {
                    let is_kept = match &entered {
                        Block::Interface(name) => is_asked(name) && !self.ports.contains_key(name),
                        Block::Vlans { .. } => true,
                        Block::Members(_) | Block::Other => false,
                    };
                    tree.beside(if is_kept { ENTRY } else { 0 })?;
                    block = entered;
                    (head, lag) = ("", members::lag(words, &block));
                    match &block {
                        Block::Interface(name) => {
                            found |= words.form == CliForm::JsonTable || is_of_a_port(name);
                            if is_asked(name) {
                                self.ports.entry(name.clone()).or_default();
                            } else {
                                block = Block::Other;
                            }
                        }
                        Block::Vlans { ids, name } => {
                            for id in ids.iter() {
                                let vlan = self.vlans.entry(id).or_default();
                                vlan.name = name.or(vlan.name);
                            }
                        }
                        Block::Members(_) | Block::Other => {}
                    }
                }
                Blocked::Line(line) => {
                    head = line;
                    if let Some(own) = &mut beside {
                        let read = own.line(words, line, is_asked, tree)?;
                        read.map_err(|()| Unreadable::malformed(command))?;
                        continue;
                    }
                    if let Some((number, listed)) = members::listed(words, lag.as_deref(), line) {
                        let listed = listed.map_err(|()| Unreadable::malformed(command))?;
                        for name in listed.into_iter().filter(|name| is_asked(name)) {
                            tree.beside(if self.ports.contains_key(&name) { MEMBER } else { ENTRY })?;
                            self.ports.entry(name).or_default().joins(number, None);
                        }
                        continue;
                    }
                    self.line(words, (&block, &is_asked), command, line, tree)?;
                }
                Blocked::Deeper(line) => {
                    if let (Block::Interface(name), Some((number, mode))) = (&block, members::lacp(words, head, line))
                        && let Some(port) = self.ports.get_mut(name)
                    {
                        port.joins(number, Some(mode));
                    }
                }
                Blocked::Left => (block, lag) = (Block::Other, None),
            }
        }
        beside.into_iter().for_each(|own| own.end(words, is_asked, &mut self.ports));
        Ok(found)
    }

    /// Reads a line in a block.
    fn line(
        &mut self,
        words: &'t CliWords,
        (block, is_asked): (&Block<'t>, &dyn Fn(&str) -> bool),
        command: &str,
        line: &'t str,
        tree: &mut DataTree<'_, '_>,
    ) -> Result<(), Unreadable> {
        match block {
            Block::Interface(name) => {
                if let Some(port) = self.ports.get_mut(name) {
                    let _whether_it_is_understood = port.line(words, line);
                }
            }
            Block::Vlans { ids, .. } => {
                if let Some(said) = words.members.as_ref().and_then(|own| members::said(words, own, line)) {
                    let said = said.map_err(|()| Unreadable::malformed(command))?;
                    for name in said.ports.into_iter().filter(|name| is_asked(name)) {
                        tree.beside(if self.ports.contains_key(&name) { MEMBER } else { ENTRY })?;
                        let port = self.ports.entry(name).or_default();
                        ids.iter().for_each(|id| port.member(id, said.place));
                    }
                    return Ok(());
                }
                if words.overlay.as_ref().is_some_and(|own| own.binds(line)) {
                    return Ok(());
                }
                for id in ids.iter() {
                    let _whether_it_is_understood = self.vlans.entry(id).or_default().line(words, line);
                }
            }
            Block::Members(_) | Block::Other => {}
        }
        Ok(())
    }

    /// Reads what a configuration says of VNIs.
    fn overlay(&mut self, words: &'t CliWords, text: &str, tree: &mut DataTree<'_, '_>) -> Result<(), NoRoom> {
        let Some(own) = &words.overlay else { return Ok(()) };
        let said = self.segments.get_or_insert_with(|| SegmentsSaid::of(own));
        let mut room = Ok(());
        ways(text, &words.comments, |_, way| {
            said.line(way);
            if room.is_ok() {
                room = tree.beside(said.octets());
            }
        });
        room
    }

    /// The data tree.
    pub(super) fn data<'a>(self, words: &'t CliWords, tree: &mut DataTree<'a, '_>) -> Result<&'a DataNode<'a>, NoRoom> {
        let root = tree.node("data")?;
        let (ports, vlans) = (tree.group("interface")?, tree.group("vlan")?);
        let is_vtep = |name: &str| self.segments.as_ref().is_some_and(|own| own.has_vtep(name));
        for (name, port) in self.ports.into_iter().filter(|(name, _)| !is_vtep(name)) {
            ports.push(port.node(words, &name, tree)?);
        }
        for (id, vlan) in self.vlans {
            vlans.push(vlan.node(words, id, tree)?);
        }
        root.push(ports);
        root.push(vlans);
        if let Some(segments) = self.segments {
            segments.data(tree, root)?;
        }
        Ok(root)
    }
}
