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
    /// Goes on by one line.
    pub(super) fn line(&mut self, words: &'t CliWords, line: &'t str) {
        for (node, form) in &words.in_vlan {
            let own = if node == "name" { &mut self.name } else { &mut self.status };
            if form.remove.fits(line) {
                *own = None;
            } else if let Some(value) = value(form, line) {
                *own = Some(value);
            } else {
                continue;
            }
            return;
        }
        if !words.nothing.iter().any(|form| form.fits(line)) {
            self.others.push(line);
        }
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
    for line in text.lines().map(str::trim).filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
        let Some(row) = table.row.read(line) else { continue };
        let Some(id) = row.get(Hole::VlanId).and_then(|id| id.parse().ok()) else { continue };
        found = true;
        let vlan = vlans.entry(id).or_default();
        vlan.name = vlan.name.or(row.get(Hole::VlanName));
        let status = row.get(Hole::Status);
        let own = |text| table.status.iter().find(|(own, _)| own == text).map_or(text, |(_, word)| word.as_str());
        vlan.status = vlan.status.or(status.map(own));
    }
    found || words.vlan.is_none()
}
