//! A switch that takes lines: blocks, and lines in them of which some replace others. It
//! knows no dialect, only what its rules say replaces what.

#[path = "device_fastiron.rs"]
mod fastiron;
#[path = "device_lags.rs"]
mod lags;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use mercury_adapter::{CliForm, Dialect, FlatForm, Wording};
use mercury_cli::Script;
use mercury_model::{DeviceConfig, SwitchedVlan, TrunkVlans, VlanId, VlanSet};

use crate::{
    database::Database,
    device_rules::{DATABASE, Rules, rules},
    fabric::Fabric,
    sets::{self, Sets},
    table::Tables,
};

#[derive(Clone)]
pub(crate) struct Device {
    rules: Rules,
    blocks: BTreeMap<String, Vec<String>>,
    /// What stands below lines of blocks, by both.
    deeper: BTreeMap<(String, String), Vec<String>>,
    /// Aggregates of which the line which made them said more, and what.
    made: BTreeMap<String, String>,
    /// Those of VLANs that are there only since a port was put into them.
    unasked: BTreeSet<String>,
    /// The script that was typed last, and whether it is typed again.
    last: String,
    is_typed_again: bool,
    /// One that has tables in place of blocks.
    tables: Option<Tables>,
    /// One whose lines say the whole way.
    sets: Option<Sets>,
    /// One of commands and a database.
    database: Option<Database>,
    /// One of commands and rows.
    fabric: Option<Fabric>,
}

impl Device {
    /// One whose ports are there and bare.
    pub(crate) fn with(dialect: &Dialect, ports: &[String]) -> Self {
        let blocks = ports.iter().map(|port| (format!("interface {port}"), Vec::new()));
        let words = &dialect.cli.as_ref().unwrap().words;
        let has_tables = words.table().is_some_and(|words| words.form == CliForm::JsonTable);
        let tables = has_tables.then(|| Tables::with(ports));
        let has_rows = matches!(words, Wording::Flat(words) if words.shows.iter().any(|shown| shown.rows.is_some()));
        let fabric = has_rows.then(|| Fabric::with(ports));
        let has_lines = matches!(words, Wording::Flat(words) if words.form == FlatForm::Lines);
        let has_sets = has_lines && !has_rows || matches!(words, Wording::Set(_));
        let sets = has_sets.then(|| Sets::with(sets::rules(&dialect.name), ports));
        let database = (matches!(words, Wording::Flat(_)) && !has_lines).then(|| Database::with(ports));
        let (rules, mut blocks): (_, BTreeMap<_, _>) = (rules(&dialect.name), blocks.collect());
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        blocks.extend(rules.others.iter().map(|(block, lines)| ((*block).to_owned(), owned(lines))));
        Self {
            rules,
            blocks,
            deeper: BTreeMap::new(),
            made: BTreeMap::new(),
            unasked: BTreeSet::new(),
            last: String::new(),
            is_typed_again: false,
            tables,
            sets,
            database,
            fabric,
        }
    }

    /// One that has this configuration.
    pub(crate) fn of(dialect: &Dialect, text: &str) -> Self {
        let mut device = Self::with(dialect, &[]);
        if device.sets.is_some() {
            device.sets = Some(Sets::of(sets::rules(&dialect.name), text));
            return device;
        }
        let (mut block, mut indent, mut head) = (None, 0, String::new());
        for line in text.lines().filter(|line| !["", "!", "#"].contains(&line.trim())) {
            if device.rules.is_flat {
                let words = if line.starts_with("interface") { 3 } else { 2 };
                let at = line.match_indices(' ').nth(words - 1).map_or(line.len(), |(at, _)| at);
                let lines = device.blocks.entry(line[..at].to_owned()).or_default();
                lines.extend((at < line.len()).then(|| line[at + 1..].to_owned()));
            } else if line.starts_with(' ') {
                let own: &String = block.as_ref().unwrap_or_else(|| panic!("{line} in no block"));
                let depth = line.len() - line.trim_start().len();
                if indent > 0 && depth > indent {
                    device.deeper.entry((own.clone(), head.clone())).or_default().push(line.trim().to_owned());
                    continue;
                }
                (indent, head) = (depth, line.trim().to_owned());
                device.blocks.get_mut(own).unwrap().push(head.clone());
            } else {
                indent = 0;
                // A VLAN may be named where its block begins, and a block entered by less than it
                // is shown by.
                let line = line.trim_end().trim_end_matches(" multi-chassis");
                let vlan = line.strip_prefix(device.rules.vlan).and_then(|rest| rest.split_once(' '));
                let vlan = vlan.filter(|(id, _)| id.parse::<VlanId>().is_ok());
                let (head, rest) =
                    vlan.map_or((line, ""), |(id, rest)| (&line[..device.rules.vlan.len() + id.len()], rest));
                let name = rest.strip_prefix("name ").map(|name| name.split(' ').next().unwrap());
                let lines = device.blocks.entry(head.to_owned()).or_default();
                lines.extend(name.map(|name| format!("name {name}")));
                block = Some(head.to_owned());
            }
        }
        device
    }

    /// Has each VLAN name its ports one by one, as it does when one of a range has left.
    pub(crate) fn part(&mut self, config: &DeviceConfig) {
        let [tagged, untagged, ..] = self.rules.many else { return };
        for (block, lines) in &mut self.blocks {
            let Some(own) = block.strip_prefix(self.rules.vlan) else { continue };
            let own: VlanId = own.parse().unwrap();
            lines.retain(|line| !begins(line, tagged) && !begins(line, untagged));
            for port in config.interfaces.values() {
                let (bare, tags) = match &port.switched_vlan {
                    Some(SwitchedVlan::Access { vlan }) => (*vlan, None),
                    Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::Only(set) }) => (*native, Some(set)),
                    _ => (None, None),
                };
                if bare == Some(own) {
                    lines.push(format!("{untagged} {}", port.name));
                } else if tags.is_some_and(|set| set.contains(own)) {
                    lines.push(format!("{tagged} {}", port.name));
                }
            }
        }
    }

    /// The lines of its blocks, in an order of their own, less those that name ports.
    pub(crate) fn lines(&self) -> BTreeMap<String, BTreeSet<String>> {
        if let Some(sets) = &self.sets {
            return sets.lines();
        }
        let is_own = |line: &&String| !self.rules.many.iter().any(|many| begins(line, many));
        let lines = |lines: &Vec<String>| lines.iter().filter(is_own).cloned().collect();
        // What is there only since a port was put into it says nothing.
        let own = self.blocks.iter().filter(|(block, _)| !self.unasked.contains(*block));
        own.map(|(block, own)| (block.clone(), lines(own))).collect()
    }

    /// Types a script.
    pub(crate) fn apply(&mut self, script: &Script) {
        if let Some(tables) = &mut self.tables {
            return tables.apply(script);
        }
        if let Some(sets) = &mut self.sets {
            return sets.apply(script);
        }
        if let Some(database) = &mut self.database {
            return database.apply(script);
        }
        if let Some(fabric) = &mut self.fabric {
            return fabric.apply(script);
        }
        let (mut block, mut deeper): (Option<String>, Option<String>) = (None, None);
        self.is_typed_again = self.last == script.to_string();
        self.last = script.to_string();
        let mut is_refused = false;
        for (index, line) in script.lines.iter().enumerate() {
            let text = line.text.as_str();
            let is_leaving = text == self.rules.leave;
            is_refused = if line.depth == 0 { line.is_block && self.refuse_block(text) } else { is_refused };
            if is_refused {
                continue;
            }
            if is_leaving && deeper.take().is_some() {
                continue;
            }
            let within = block.as_ref().filter(|_| !is_leaving && line.depth > 0);
            if within.is_some_and(|block| self.refuse(block, deeper.as_deref(), text) || self.in_lag_block(block, text))
            {
                continue;
            }
            if let (Some(block), true) = (&block, line.depth == 1 && !is_leaving) {
                deeper = line.is_block.then(|| text.to_owned());
                let gone = text.strip_prefix(self.rules.undo);
                self.deeper.retain(|(own, head), _| own != block || gone.is_none_or(|gone| !begins(head, gone)));
            }
            if let (Some(block), Some(head), 2) = (&block, &deeper, line.depth) {
                let lines = self.deeper.entry((block.clone(), head.clone())).or_default();
                Self::line(&self.rules, lines, text);
                continue;
            }
            // What an aggregate is, the line that makes it says.
            let said = text.strip_prefix(self.rules.made).filter(|_| !self.rules.made.is_empty());
            let text = match said.and_then(|said| said.split_once(' ')) {
                Some((number, said)) => {
                    let head = &text[..self.rules.made.len() + number.len()];
                    let is_other = self.made.get(head).is_none_or(|own| own != said);
                    assert!(!(is_other && self.blocks.contains_key(head)), "{text}: it is there, and says otherwise");
                    self.made.insert(head.to_owned(), said.to_owned());
                    head
                }
                None => text,
            };
            if line.is_block && line.depth == 0 {
                let next = script.lines.get(index + 1).map_or("", |next| next.text.as_str());
                if !self.rules.many.iter().any(|many| begins(next.strip_prefix(self.rules.undo).unwrap_or(next), many))
                {
                    self.unasked.remove(text);
                } else if !self.blocks.contains_key(text) {
                    self.unasked.insert(text.to_owned());
                }
                if !self.blocks.contains_key(text) {
                    self.blocks.insert(text.to_owned(), self.made_with(text));
                }
                block = Some(text.to_owned());
            } else if text == self.rules.leave {
                block = None;
            } else if line.depth == 0 {
                let gone = text.strip_prefix(self.rules.undo).unwrap_or_else(|| panic!("{text} in no block"));
                self.refuse_bound(gone);
                self.refuse_gone(gone);
                self.lag_goes(gone);
                self.made.remove(gone);
                self.blocks.remove(gone);
                block = None;
            } else {
                // What the database has no longer has no block of its own either.
                if let Some(gone) = text.strip_prefix("no vlan ").filter(|_| block.as_deref() == Some(DATABASE)) {
                    self.blocks.remove(&format!("{}{gone}", self.rules.vlan));
                }
                let lines = self.blocks.get_mut(block.as_ref().unwrap()).unwrap();
                Self::line(&self.rules, lines, text);
            }
        }
    }

    /// A system may crash on a VLAN that goes from below what binds it.
    fn refuse_bound(&self, block: &str) {
        let Some(id) = block.strip_prefix(self.rules.vlan) else { return };
        let binds = |line: &String| {
            begins(line, &format!("vxlan vlan {id}"))
                || line.starts_with("map vni") && line.ends_with(&format!(" vlan {id}"))
        };
        let own = self.blocks.get(block).into_iter().flatten().any(|line| line.starts_with("vn-segment"));
        assert!(!own && !self.blocks.values().flatten().any(binds), "{block} is bound: {:?}", self.blocks);
    }

    fn line(rules: &Rules, lines: &mut Vec<String>, text: &str) {
        let (mode, others) = rules.resets;
        let bare = text.strip_prefix(rules.undo).unwrap_or(text);
        // A line of general mode is refused in another.
        let general = "switchport general";
        if others.contains(&general) && begins(bare, general) && !lines.contains(&format!("{mode} general")) {
            return;
        }
        if begins(bare, mode) && !lines.iter().any(|line| line == text) {
            lines.retain(|line| !others.iter().any(|other| begins(line, other)));
        }
        for (one, other) in [rules.either, (rules.either.1, rules.either.0)] {
            if begins(text, one) {
                lines.retain(|line| !begins(line, other));
            }
        }
        if let Some(list) = bare.strip_prefix(rules.adds).and_then(|rest| rest.trim().parse().ok()) {
            return Self::listed(rules, lines, &list, bare == text);
        }
        if begins(bare, rules.refuses) && !lines.iter().any(|line| line == text) {
            Self::renewed(rules, lines, text);
        }
        if text == rules.takes.0 {
            return lines.retain(|line| line != rules.takes.1);
        }
        if begins(bare, rules.program) {
            // Typed again, it says the same again.
            lines.push(text.to_owned());
            return;
        }
        if let Some(gone) = text.strip_prefix(rules.undo) {
            lines.retain(|line| !begins(line, gone));
            // What is so anyway is shown by some as it was typed.
            return;
        }
        let replaced = rules.single.iter().find(|single| begins(text, single));
        if let Some(single) = replaced {
            lines.retain(|line| !begins(line, single));
        } else if text.starts_with("vlan ")
            || rules.keyed.iter().any(|own| begins(text, own))
            || rules.many.iter().any(|many| begins(text, many))
        {
            lines.retain(|line| line != text);
        } else if !text.contains(" add ") && !text.contains(" remove ") {
            let begin = text.rsplit_once(' ').map_or(text, |(begin, _)| begin.trim_end_matches(" only"));
            lines.retain(|line| !begins(line, begin));
        }
        lines.push(text.to_owned());
    }

    /// Adds to a list, or takes from it.
    fn listed(rules: &Rules, lines: &mut Vec<String>, list: &VlanSet, comes: bool) {
        let own = |line: &String| line.strip_prefix(rules.adds).and_then(|rest| rest.trim().parse::<VlanSet>().ok());
        let before = lines.iter().find_map(own).unwrap_or_default();
        lines.retain(|line| !begins(line, rules.adds));
        let after = if comes { before.union(list) } else { before.difference(list) };
        lines.extend((!after.is_empty()).then(|| format!("{} {after}", rules.adds)));
    }

    /// Refuses a change of mode while there are VLANs of another.
    fn renewed(rules: &Rules, lines: &mut Vec<String>, text: &str) {
        let mut trunk: VlanSet = [VlanId::MIN].into_iter().collect();
        for line in lines.iter() {
            let bare = line.strip_prefix(rules.undo).unwrap_or(line);
            let Some(list) = bare.strip_prefix(rules.program) else { continue };
            let list: VlanSet = list.trim().replace(" to ", "-").replace(' ', ",").parse().unwrap();
            trunk = if bare == line { trunk.union(&list) } else { trunk.difference(&list) };
        }
        let is_bare = trunk == [VlanId::MIN].into_iter().collect();
        let is_other = |line: &&String| line.starts_with("port default") || line.starts_with("port trunk pvid");
        assert!(is_bare && !lines.iter().any(|line| is_other(&line)), "{text}: Please renew the default: {lines:?}");
        lines.retain(|line| !begins(line.strip_prefix(rules.undo).unwrap_or(line), rules.program));
    }

    /// The answers to what is asked.
    pub(crate) fn answers(&self, dialect: &Dialect) -> Vec<String> {
        if let Some(fabric) = &self.fabric {
            return fabric.answers();
        }
        let words = &dialect.cli.as_ref().unwrap().words;
        if let (Wording::Flat(_), Some(sets)) = (words, &self.sets) {
            return vec![sets.ports(), sets.text()];
        }
        words.shows().iter().map(|shown| if shown.table.is_some() { self.table() } else { self.text() }).collect()
    }

    /// Whether anybody asked for a VLAN.
    pub(crate) fn is_asked_for(&self, id: u16) -> bool {
        if let Some(fabric) = &self.fabric {
            return fabric.is_asked_for(id);
        }
        !self.unasked.contains(&format!("{}{id}", self.rules.vlan))
    }

    /// Whether anybody configured VLAN 1.
    pub(crate) fn has_vlan_1(&self) -> bool {
        if let Some(sets) = &self.sets {
            return sets.has_vlan_1();
        }
        if let Some(fabric) = &self.fabric {
            return fabric.has_vlan_1();
        }
        let database = self.blocks.get(DATABASE).is_some_and(|lines| lines.iter().any(|line| line == "vlan 1"));
        database || self.blocks.contains_key(&format!("{}1", self.rules.vlan))
    }

    /// The configuration.
    pub(crate) fn text(&self) -> String {
        if let Some(tables) = &self.tables {
            return tables.text();
        }
        if let Some(sets) = &self.sets {
            return sets.text();
        }
        if let Some(database) = &self.database {
            return database.text();
        }
        if let Some(fabric) = &self.fabric {
            return fabric.answers().join("");
        }
        let mut text =
            "Building configuration...\n\nCurrent configuration : 4321 bytes\n!\nhostname sw1\n!\n".to_owned();
        for (block, lines) in &self.blocks {
            let made = self.made.get(block).map(|said| format!(" {said}")).unwrap_or_default();
            writeln!(text, "{block}{made}").unwrap();
            let indent = if block == DATABASE { "" } else { " " };
            let indent = if self.rules.is_flat { format!("{block} ") } else { indent.to_owned() };
            for line in lines {
                writeln!(text, "{indent}{line}").unwrap();
                let below = self.deeper.get(&(block.clone(), line.clone())).into_iter().flatten();
                below.for_each(|below| writeln!(text, "{indent} {below}").unwrap());
            }
            text.push_str("!\n");
        }
        // An interface that is no port, and a block that is none of Mercury's.
        text + "interface loopback0\n ip address 192.0.2.1 255.255.255.255\n!\nline vty 0 4\n description none of an interface's\n transport input ssh\n!\nend\n"
    }

    /// The table of VLANs.
    fn table(&self) -> String {
        let mut text =
            "VLAN Name                             Status    Ports\n---- ------------- --------- ----\n".to_owned();
        text.push_str("1    default                          active    Gi1/0/1, Gi1/0/2\n");
        text.push_str("                                                Gi1/0/3\n");
        for (block, lines) in &self.blocks {
            let Some(id) = block.strip_prefix(self.rules.vlan).filter(|id| *id != "1") else { continue };
            let name =
                lines.iter().find_map(|line| line.strip_prefix("name ")).map_or(format!("VLAN{id:0>4}"), str::to_owned);
            let is_active = !lines.iter().any(|line| line == "state suspend");
            writeln!(text, "{id:<4} {name:<32} {}", if is_active { "active" } else { "suspended" }).unwrap();
        }
        text
    }
}

/// Whether a line is that, or that and more.
fn begins(line: &str, with: &str) -> bool {
    line.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
