//! What lines and tables say of VLANs.

use std::collections::BTreeMap;

use mercury_adapter::{CliWords, DataNode, DataTree, Hole, NoRoom, VlanTable};
use mercury_model::VlanId;

use super::port::{unquoted, value};

/// Words of a line by which it is known, where it is not Mercury's.
const KNOWN_BY: usize = 3;

/// What was said so far.
#[derive(Default)]
pub(super) struct VlanSaid<'t> {
    pub(super) name: Option<&'t str>,
    status: Option<&'t str>,
    others: Vec<&'t str>,
}

impl<'t> VlanSaid<'t> {
    /// Goes on by one line; says whether it is one that is understood.
    pub(super) fn line(&mut self, words: &'t CliWords, line: &'t str) -> bool {
        for (node, form) in &words.in_vlan {
            let own = if node == "name" { &mut self.name } else { &mut self.status };
            if form.remove.fits(line) {
                *own = None;
            } else if let Some(value) = value(form, line) {
                *own = Some(value);
            } else {
                continue;
            }
            return true;
        }
        let says_nothing = words.nothing.iter().any(|form| form.fits(line));
        self.others.extend((!says_nothing).then_some(line));
        says_nothing
    }

    /// The VLAN's entry in the data.
    pub(super) fn node<'a>(
        self,
        words: &CliWords,
        id: VlanId,
        tree: &mut DataTree<'a, '_>,
    ) -> Result<&'a DataNode<'a>, NoRoom> {
        let entry = tree.node("vlan")?;
        entry.push(tree.copied_leaf("id", &id.to_string())?);
        let unnamed = words.unnamed.as_ref().map(|form| form.fill(|_| Some(format!("{id:0>4}", id = id.get()))));
        let is_given =
            |name: &&str| unnamed.as_deref() != Some(*name) && (words.text.vlan_1_named || id != VlanId::MIN);
        if let Some(name) = self.name.map(|name| if words.quotes { unquoted(name) } else { name }).filter(is_given) {
            entry.push(tree.copied_leaf("name", name)?);
        }
        if let Some(status) = self.status.filter(|status| *status != "ACTIVE") {
            entry.push(tree.copied_leaf("status", status)?);
        }
        for line in self.others {
            let known_by: Vec<&str> = line.split_whitespace().take(KNOWN_BY).collect();
            entry.push(tree.copied_leaf(&known_by.join(" "), line)?);
        }
        Ok(entry)
    }
}

/// Reads a table of VLANs; says whether it has a row. What a configuration said before
/// counts more.
pub(super) fn table<'t>(
    words: &CliWords,
    table: &'t VlanTable,
    text: &'t str,
    vlans: &mut BTreeMap<VlanId, VlanSaid<'t>>,
) -> bool {
    let mut found = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let row = line.trim();
        if !row.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let below =
            lines.peek().filter(|below| below.starts_with(char::is_whitespace)).map_or("", |below| below.trim());
        let Some((id, name, status)) = cells(table, row, below) else { continue };
        let Ok(id) = id.parse() else { continue };
        found = true;
        let vlan = vlans.entry(id).or_default();
        vlan.name = vlan.name.or(name);
        let own = |text| table.status.iter().find(|(own, _)| own == text).map_or(text, |(_, word)| word.as_str());
        vlan.status = vlan.status.or(status.map(own));
    }
    found || words.vlan.is_none()
}

/// A VLAN's number, name and status in a row and in what stands below it. A name may have
/// blanks in it; one that has no room before its status has that below it.
fn cells<'t>(table: &VlanTable, row: &'t str, below: &'t str) -> Option<(&'t str, Option<&'t str>, Option<&'t str>)> {
    let is_status = |word: &str| table.status.iter().any(|(own, _)| own == word);
    let filled = table.row.read(row);
    let cell = |hole| filled.as_ref().and_then(|filled| filled.get(hole));
    let plain = cell(Hole::VlanId).map(|id| (id, cell(Hole::VlanName), cell(Hole::Status)));
    if table.status.is_empty() || cell(Hole::Status).is_some_and(is_status) {
        return plain;
    }
    let (id, name) = row.split_once(char::is_whitespace)?;
    let name = name.trim_start();
    let blanks = name.match_indices(char::is_whitespace).map(|(at, _)| name.split_at(at));
    let mut ends = blanks.map(|(name, rest)| (name, rest.split_whitespace().next().unwrap_or_default()));
    if let Some((name, status)) = ends.find(|(_, word)| is_status(word)) {
        return Some((id, Some(name.trim_end()), Some(status)));
    }
    match below.split_whitespace().next() {
        Some(status) if is_status(status) => Some((id, Some(name), Some(status))),
        _ => plain,
    }
}
