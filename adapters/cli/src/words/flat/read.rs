//! The lines of a database as the data of the one tree.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{DataNode, DataTree, FlatMember, FlatWords, Hole, NoRoom, Template};
use mercury_model::VlanId;
use serde_json::Value;

use super::json;
use crate::words::read::TIMES;

/// Octets that a port or a VLAN takes while lines are read.
const ENTRY: usize = 256;

/// Words by which a line is known that is not Mercury's.
const KNOWN_BY: usize = 3;

/// Why an answer is no database.
pub(in crate::words) enum Unshown {
    /// It is no JSON, that with this number.
    Malformed(usize),
    /// There is no port in it.
    Nothing,
    NoRoom(NoRoom),
}

impl From<NoRoom> for Unshown {
    fn from(error: NoRoom) -> Self {
        Self::NoRoom(error)
    }
}

/// The data of what was shown.
pub(in crate::words) fn tree<'a>(
    words: &FlatWords,
    texts: &[&str],
    tree: &mut DataTree<'a, '_>,
) -> Result<&'a DataNode<'a>, Unshown> {
    let mut said = Said::default();
    for (number, text) in texts.iter().enumerate() {
        tree.beside(text.len().saturating_mul(TIMES))?;
        let value: Value = serde_json::from_str(text).map_err(|_| Unshown::Malformed(number))?;
        json::lines(&value, words.split, &mut |line| said.line(words, line));
    }
    if said.ports.is_empty() {
        return Err(Unshown::Nothing);
    }
    tree.beside((said.ports.len() + said.vlans.len()).saturating_mul(ENTRY))?;
    Ok(said.data(tree)?)
}

#[derive(Default)]
struct Said {
    ports: BTreeMap<String, Port>,
    vlans: BTreeMap<VlanId, BTreeSet<String>>,
}

#[derive(Default)]
struct Port {
    leaves: Vec<(String, String)>,
    untagged: BTreeSet<VlanId>,
    tagged: BTreeSet<VlanId>,
    foreign: Vec<String>,
    routed: Vec<String>,
}

impl Said {
    fn line(&mut self, words: &FlatWords, line: &str) {
        let name = |form: &Template| form.read(line)?.get(Hole::Name).map(str::to_owned);
        if let Some(name) = words.interfaces.iter().find_map(name) {
            self.ports.entry(name).or_default();
        }
        for (node, leaf) in &words.port {
            let Some(said) = leaf.shown.iter().find_map(|form| form.read(line)) else { continue };
            let (Some(name), Some(value)) = (said.get(Hole::Name), said.get(Hole::Value)) else { continue };
            let value = leaf.words.iter().find(|(_, own)| own == value).map_or(value, |(word, _)| word.as_str());
            self.port(name).leaves.push((node.clone(), value.to_owned()));
            return;
        }
        for (member, is_tagged) in [(&words.untagged, false), (&words.tagged, true)] {
            let Some((name, vlan)) = in_vlan(member, line) else { continue };
            let port = self.port(name);
            if is_tagged {
                port.tagged.insert(vlan)
            } else {
                port.untagged.insert(vlan)
            };
            return;
        }
        let member = words.member.as_ref().and_then(|own| own.shown.iter().find_map(|form| form.read(line)));
        if let Some((name, value)) = member.and_then(|said| said.get(Hole::Name).zip(said.get(Hole::Value))) {
            self.port(name).leaves.push(("aggregate-id".to_owned(), value.to_owned()));
            return;
        }
        if let Some(name) = words.routed.iter().find_map(name) {
            self.port(&name).routed.push(line.to_owned());
        } else if let Some(name) = words.foreign.iter().find_map(name) {
            self.port(&name).foreign.push(line.to_owned());
        } else if let Some(vlan) = words.vlans.iter().find_map(|form| vlan(form, line)) {
            let others = self.vlans.entry(vlan).or_default();
            // The row itself says no more than that it is there.
            let is_row = words.vlans.iter().any(|form| form.length() == line.split_whitespace().count());
            if !is_row && !words.nothing.iter().any(|form| form.fits(line)) {
                others.insert(line.to_owned());
            }
        }
    }

    fn port(&mut self, name: &str) -> &mut Port {
        self.ports.entry(name.to_owned()).or_default()
    }

    fn data<'a>(self, tree: &mut DataTree<'a, '_>) -> Result<&'a DataNode<'a>, NoRoom> {
        let root = tree.node("data")?;
        let (ports, vlans) = (tree.group("interface")?, tree.group("vlan")?);
        for (name, port) in self.ports {
            ports.push(port.node(&name, tree)?);
        }
        for (id, others) in self.vlans {
            let entry = tree.node("vlan")?;
            entry.push(tree.copied_leaf("id", &id.to_string())?);
            for line in others {
                let known_by = line.split_whitespace().take(KNOWN_BY).collect::<Vec<_>>().join(" ");
                entry.push(tree.copied_leaf(&known_by, &line)?);
            }
            vlans.push(entry);
        }
        root.push(ports);
        root.push(vlans);
        Ok(root)
    }
}

impl Port {
    fn node<'a>(self, name: &str, tree: &mut DataTree<'a, '_>) -> Result<&'a DataNode<'a>, NoRoom> {
        let entry = tree.node("interface")?;
        entry.push(tree.copied_leaf("name", name)?);
        for (node, value) in &self.leaves {
            entry.push(tree.copied_leaf(node, value)?);
        }
        let mode = if self.tagged.is_empty() { "access" } else { "trunk" };
        if !(self.tagged.is_empty() && self.untagged.is_empty()) {
            entry.push(tree.copied_leaf("mode", mode)?);
        }
        let mut untagged = self.untagged.iter();
        if let Some(vlan) = untagged.next() {
            entry.push(tree.copied_leaf("access-vlan", &vlan.to_string())?);
        }
        for vlan in untagged {
            entry.push(tree.copied_leaf("foreign", &format!("untagged in VLAN {vlan} too"))?);
        }
        for vlan in &self.tagged {
            entry.push(tree.copied_leaf("trunk-vlans", &vlan.to_string())?);
        }
        for (node, lines) in [("foreign", &self.foreign), ("routed", &self.routed)] {
            for line in lines {
                entry.push(tree.copied_leaf(node, line)?);
            }
        }
        Ok(entry)
    }
}

/// The port and the VLAN of a line that says that one is in the other.
fn in_vlan<'t>(member: &FlatMember, line: &'t str) -> Option<(&'t str, VlanId)> {
    member.shown.iter().find_map(|form| {
        let said = form.read(line)?;
        said.get(Hole::Name).zip(said.get(Hole::VlanId)?.parse().ok())
    })
}

fn vlan(form: &Template, line: &str) -> Option<VlanId> {
    form.read(line)?.get(Hole::VlanId)?.parse().ok()
}
