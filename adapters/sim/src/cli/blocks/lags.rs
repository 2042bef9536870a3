//! Aggregates whose members stand in a block beside that of their settings: a port that is one
//! has no block of its own, and one that leaves is disabled.

use super::{Blocks, begins};
use crate::cli::{Grammar, LagGrammar};

/// What the last words of a line are, of which the first are others'.
fn last(line: &str) -> &str {
    line.rsplit_once(' ').map_or(line, |(_, last)| last)
}

impl Blocks {
    /// What a line does to aggregates and their members: whether it is taken; `None` of a line
    /// that is about neither.
    pub(super) fn lag(&mut self, grammar: &Grammar, place: &mut Option<String>, line: &str) -> Option<bool> {
        let own = grammar.lags.as_ref()?;
        let bare = line.strip_prefix(grammar.undo.as_str()).map(str::trim_start);
        match bare {
            Some(bare) if begins(bare, &own.block) => {
                let is_taken = self.removed(own, bare);
                if is_taken {
                    *place = None;
                }
                return Some(is_taken);
            }
            None if begins(line, &own.block) => {
                let is_other = |(name, _): &(String, Vec<String>)| {
                    begins(name, &own.block) && name != line && last(name) == last(line)
                };
                return self.blocks.iter().any(is_other).then_some(false);
            }
            None if begins(line, &own.interface) => return (!self.has_members(own, last(line))).then_some(false),
            None if begins(line, "interface") => {
                let port = line.split_once(' ').map_or("", |(_, port)| port);
                return self.lag_of(own, port).map(|_| false);
            }
            _ => {}
        }
        let block = place.clone()?;
        if begins(&block, &own.block) {
            return self.in_lag(own, &block, line, bare);
        }
        if line == own.enabled {
            let lines = self.blocks.iter_mut().find(|(name, _)| *name == block).map(|(_, lines)| lines)?;
            lines.retain(|own_line| *own_line != own.disabled);
            return Some(true);
        }
        let named = ["tagged", "untagged"].into_iter().find_map(|how| line.strip_prefix(how)?.strip_prefix(' '))?;
        let number = named.strip_prefix(own.prefix.as_str()).map(str::trim_start);
        let is_free = match number {
            Some(number) => self.has_members(own, number),
            None => self.lag_of(own, named).is_none(),
        };
        // It is untagged in one VLAN.
        let is_other = |(name, lines): &(String, Vec<String>)| *name != block && lines.iter().any(|own| own == line);
        let is_taken = line.starts_with("untagged") && self.blocks.iter().any(is_other);
        (!is_free || is_taken).then_some(false)
    }

    fn in_lag(&mut self, own: &LagGrammar, block: &str, line: &str, bare: Option<&str>) -> Option<bool> {
        if let Some(port) = bare.and_then(|bare| bare.strip_prefix(own.ports.as_str())).map(str::trim) {
            return Some(self.leaves(own, block, port, &[]));
        }
        if let Some(port) = line.strip_prefix(own.ports.as_str()).map(str::trim) {
            return Some(self.joins(own, block, port));
        }
        let word = [&own.name, &own.disabled, &own.enabled].into_iter().find(|word| begins(line, word))?;
        let members = self.members(own, block);
        let Some(port) = members.into_iter().find(|port| line.ends_with(port.as_str())) else { return Some(false) };
        let lines = self.lines(block);
        let says = if *word == own.enabled { &own.disabled } else { word };
        lines.retain(|line| !(begins(line, says) && line.ends_with(port.as_str())));
        if *word != own.enabled {
            lines.push(line.to_owned());
        }
        Some(true)
    }

    fn lines(&mut self, block: &str) -> &mut Vec<String> {
        if !self.blocks.iter().any(|(name, _)| name == block) {
            self.blocks.push((block.to_owned(), Vec::new()));
        }
        let found = self.blocks.iter_mut().find(|(name, _)| name == block);
        found.map_or(&mut self.top, |(_, lines)| lines)
    }

    fn members(&self, own: &LagGrammar, block: &str) -> Vec<String> {
        let lines = self.blocks.iter().filter(|(name, _)| name == block).flat_map(|(_, lines)| lines);
        lines.filter_map(|line| line.strip_prefix(own.ports.as_str())).map(|port| port.trim().to_owned()).collect()
    }

    /// The block that lists a port.
    fn lag_of(&self, own: &LagGrammar, port: &str) -> Option<String> {
        let blocks = self.blocks.iter().map(|(name, _)| name).filter(|name| begins(name, &own.block));
        blocks.into_iter().find(|name| self.members(own, name).iter().any(|member| member == port)).cloned()
    }

    fn has_members(&self, own: &LagGrammar, number: &str) -> bool {
        let mut blocks = self.blocks.iter().map(|(name, _)| name);
        blocks.any(|name| begins(name, &own.block) && last(name) == number && !self.members(own, name).is_empty())
    }

    /// Whether a VLAN names a port.
    fn is_named(&self, port: &str) -> bool {
        let names = |line: &String| {
            ["tagged", "untagged"].iter().any(|how| line.strip_prefix(how).is_some_and(|rest| rest.trim() == port))
        };
        self.blocks.iter().any(|(_, lines)| lines.iter().any(names))
    }

    fn joins(&mut self, own: &LagGrammar, block: &str, port: &str) -> bool {
        if self.is_named(port) || self.lag_of(own, port).is_some_and(|lag| lag != block) {
            return false;
        }
        let name = format!("interface {port}");
        // What is said of it is said here from now on; of spanning tree it may say nothing.
        let kept = |line: &String| begins(line, &own.name) || *line == own.disabled;
        let lines = self.lines(&name).clone();
        if !lines.iter().all(kept) {
            return false;
        }
        self.blocks.retain(|(own, _)| *own != name);
        let of_lag = self.lines(block);
        of_lag.push(format!("{} {port}", own.ports));
        of_lag.extend(lines.into_iter().map(|line| format!("{line} {port}")));
        let interface = format!("{} {}", own.interface, last(block));
        let _made = self.lines(&interface);
        true
    }

    fn leaves(&mut self, own: &LagGrammar, block: &str, port: &str, more: &[String]) -> bool {
        let lag = format!("{}{}", own.prefix, last(block));
        let members = self.members(own, block);
        if !members.iter().any(|member| member == port) || members.len() == 1 && self.is_named(&lag) {
            return false;
        }
        let lines = self.lines(block);
        let said = lines.iter().find_map(|line| line.strip_suffix(port).filter(|line| begins(line, &own.name)));
        let said = said.map(|line| line.trim_end().to_owned());
        lines.retain(|line| !line.ends_with(&format!(" {port}")));
        let left = said.into_iter().chain(more.iter().cloned()).chain([own.disabled.clone()]).collect();
        *self.lines(&format!("interface {port}")) = left;
        if members.len() == 1 {
            let interface = format!("{} {}", own.interface, last(block));
            self.blocks.retain(|(name, _)| *name != interface);
        }
        true
    }

    /// One that goes: its members leave it with its guards.
    fn removed(&mut self, own: &LagGrammar, block: &str) -> bool {
        let lag = format!("{}{}", own.prefix, last(block));
        if !self.blocks.iter().any(|(name, _)| name == block) || self.is_named(&lag) {
            return false;
        }
        let interface = format!("{} {}", own.interface, last(block));
        let guards: Vec<String> = self
            .lines(&interface)
            .iter()
            .filter(|line| own.guards.iter().any(|of| begins(line, of)))
            .cloned()
            .collect();
        for port in self.members(own, block) {
            self.leaves(own, block, &port, &guards);
        }
        self.blocks.retain(|(name, _)| name != block && *name != interface);
        true
    }
}
