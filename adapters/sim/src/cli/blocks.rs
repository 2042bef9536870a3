//! A configuration as blocks of lines.

mod lags;

use std::{collections::BTreeSet, fmt, fmt::Write as _};

use super::{Grammar, Show};

/// Lines on top, and blocks of lines. What a block within another is called, begins with the
/// other's name and a line end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Blocks {
    top: Vec<String>,
    blocks: Vec<(String, Vec<String>)>,
}

/// What stands between the name of a block and that of one within it.
const WITHIN: char = '\n';

/// A VLAN's number.
type Vlans = BTreeSet<u16>;

impl Blocks {
    /// Enters a line at a place, the block that one is in; says whether it is known.
    pub(super) fn enter(&mut self, grammar: &Grammar, place: &mut Option<String>, line: &str) -> bool {
        let word = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        let opens = |line: &str| grammar.blocks.iter().any(|(own, _)| *own == word(line));
        let bare = line.strip_prefix(grammar.undo.as_str()).map(str::trim_start);
        if line == grammar.exit {
            *place = place.as_ref().and_then(|place| place.rsplit_once(WITHIN)).map(|(outer, _)| outer.to_owned());
            return true;
        }
        if let Some(is_taken) = self.lag(grammar, place, line) {
            return is_taken;
        }
        if self.inner(grammar, place, line, bare) {
            return true;
        }
        match bare {
            Some(bare) if opens(bare) => {
                let within = format!("{bare}{WITHIN}");
                self.blocks.retain(|(name, _)| name != bare && !name.starts_with(&within));
                *place = None;
                return true;
            }
            None if opens(line) => {
                if !self.blocks.iter().any(|(name, _)| name == line) {
                    self.blocks.push((line.to_owned(), Vec::new()));
                }
                *place = Some(line.to_owned());
                return true;
            }
            _ => {}
        }
        let lines = match place {
            None => &mut self.top,
            Some(place) => match self.blocks.iter_mut().find(|(name, _)| name == place) {
                Some((_, lines)) => lines,
                None => return false,
            },
        };
        if let Some(bare) = bare {
            let known = [&grammar.values, &grammar.lists, &grammar.others].into_iter().flatten();
            let is_known = known.into_iter().any(|own| begins(bare, own));
            lines.retain(|own| !begins(own, bare));
            return is_known;
        }
        if let Some(prefix) = grammar.lists.iter().find(|own| begins(line, own)) {
            return list(lines, prefix, line);
        }
        if let Some(prefix) = grammar.values.iter().find(|own| begins(line, own)) {
            lines.retain(|own| !begins(own, prefix));
        } else if !grammar.others.iter().any(|own| begins(line, own)) {
            return false;
        }
        if !lines.iter().any(|own| own == line) {
            lines.push(line.to_owned());
        }
        // Shown in an order of its own, whenever it was entered.
        lines.sort();
        true
    }

    /// Enters a block within the one that one is in, or takes it away; says whether a line did.
    fn inner(&mut self, grammar: &Grammar, place: &mut Option<String>, line: &str, bare: Option<&str>) -> bool {
        let Some(outer) = place.clone().filter(|place| !place.contains(WITHIN)) else { return false };
        if !grammar.inner.iter().any(|own| begins(bare.unwrap_or(line), own)) {
            return false;
        }
        let own = |line: &str| format!("{outer}{WITHIN}{line}");
        let lines = self.blocks.iter_mut().find(|(name, _)| *name == outer).map(|(_, lines)| lines);
        if let Some(lines) = lines {
            match bare {
                Some(bare) => lines.retain(|line| !begins(line, bare)),
                None if lines.iter().any(|own| own == line) => {}
                None => lines.push(line.to_owned()),
            }
            lines.sort();
        }
        match bare {
            Some(bare) => self.blocks.retain(|(name, _)| !begins(name, &own(bare))),
            None => {
                if !self.blocks.iter().any(|(name, _)| *name == own(line)) {
                    self.blocks.push((own(line), Vec::new()));
                }
                *place = Some(own(line));
            }
        }
        true
    }

    /// What a command shows.
    pub(super) fn show(&self, show: &Show) -> Vec<String> {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        let (block, head, row, always) = match show {
            Show::Running => return lines(&self.to_string()),
            Show::Flat => return lines(&self.flat()),
            Show::Text(text) => return lines(text),
            Show::Silent | Show::Endless | Show::Closes => return Vec::new(),
            Show::Table { block, head, row, always } => (block, head, row, always),
        };
        let own = self.blocks.iter().filter_map(|(name, lines)| {
            let id = name.strip_prefix(block.as_str())?.trim();
            let named = lines.iter().find_map(|line| line.strip_prefix("name "));
            let name = named.map_or_else(|| format!("VLAN{id:0>4}"), str::to_owned);
            Some(row.replace("{id}", id).replace("{name}", &name))
        });
        head.lines().map(str::to_owned).chain(always.iter().cloned()).chain(own).collect()
    }
}

impl Blocks {
    /// Each line with the one that enters its block.
    fn flat(&self) -> String {
        let mut text = self.top.iter().fold(String::new(), |text, line| text + line + "\n");
        for (name, lines) in self.blocks.iter().filter(|(name, _)| !name.contains(WITHIN)) {
            if lines.is_empty() {
                let _infallible = writeln!(text, "{name}");
            }
            for line in lines {
                let _infallible = writeln!(text, "{name} {line}");
            }
        }
        text
    }
}

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.top.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        for (name, lines) in self.blocks.iter().filter(|(name, _)| !name.contains(WITHIN)) {
            writeln!(f, "!\n{name}")?;
            for line in lines {
                let inner = self.blocks.iter().find(|(own, _)| *own == format!("{name}{WITHIN}{line}"));
                // One that holds nothing is not shown.
                if inner.is_some_and(|(_, lines)| lines.is_empty()) {
                    continue;
                }
                // A mark stands before it, as if the block had ended.
                inner.iter().try_for_each(|_| writeln!(f, "!"))?;
                writeln!(f, " {line}")?;
                inner.iter().flat_map(|(_, lines)| lines).try_for_each(|line| writeln!(f, "  {line}"))?;
            }
        }
        writeln!(f, "!\nend")
    }
}

/// Whether a line is that, or that and more.
fn begins(line: &str, with: &str) -> bool {
    line.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// A line that sets a list of VLANs or changes it; a list that is not there is of all.
fn list(lines: &mut Vec<String>, prefix: &str, line: &str) -> bool {
    let all = || (1..=4094).collect::<Vlans>();
    let before = lines.iter().find_map(|own| own.strip_prefix(prefix));
    let before = before.map_or_else(all, |text| parsed(text.trim()).unwrap_or_default());
    let rest = line.strip_prefix(prefix).unwrap_or_default().trim();
    let after = match rest.split_once(' ').unwrap_or((rest, "")) {
        ("all", _) => Some(all()),
        ("none", _) => Some(Vlans::new()),
        ("add", more) => parsed(more).map(|more| &before | &more),
        ("remove", less) => parsed(less).map(|less| &before - &less),
        ("except", less) => parsed(less).map(|less| &all() - &less),
        _ => parsed(rest),
    };
    let Some(after) = after else { return false };
    lines.retain(|own| !own.starts_with(prefix));
    if after != all() {
        lines.push(format!("{prefix} {}", written(&after)));
        lines.sort();
    }
    true
}

fn parsed(text: &str) -> Option<Vlans> {
    let mut vlans = Vlans::new();
    if text == "none" {
        return Some(vlans);
    }
    for range in text.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if first < 1 || last > 4094 || first > last {
            return None;
        }
        vlans.extend(first..=last);
    }
    Some(vlans)
}

fn written(vlans: &Vlans) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for vlan in vlans {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *vlan => *last = *vlan,
            _ => ranges.push((*vlan, *vlan)),
        }
    }
    let range = |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    if ranges.is_empty() { "none".to_owned() } else { ranges.iter().map(range).collect::<Vec<_>>().join(",") }
}
