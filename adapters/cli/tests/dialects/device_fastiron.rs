//! What FastIron makes of LAGs, as it was seen on one, and what it refuses of them.

use super::{Device, begins};

impl Device {
    /// The block of the members of a LAG.
    fn members(&self, number: &str) -> Option<(&String, &Vec<String>)> {
        self.blocks.iter().find(|(block, _)| begins(block, "lag") && block.ends_with(&format!(" id {number}")))
    }

    fn has_members(&self, number: &str) -> bool {
        self.members(number).is_some_and(|(_, lines)| lines.iter().any(|line| begins(line, "ports")))
    }

    /// The block of the LAG that a port is a member of.
    fn lag_of(&self, port: &str) -> Option<String> {
        let line = format!("ports {port}");
        let is_it = |(block, lines): &(&String, &Vec<String>)| begins(block, "lag") && lines.contains(&line);
        self.blocks.iter().find(is_it).map(|(block, _)| block.clone())
    }

    /// Refuses a block that cannot be entered; whether it is one, as a script finds it that is
    /// typed again.
    pub(super) fn refuse_block(&self, block: &str) -> bool {
        if !self.rules.has_lag_blocks {
            return false;
        }
        let why = match (block.strip_prefix("interface lag "), block.strip_prefix("interface ")) {
            (Some(number), _) => (!self.has_members(number)).then_some("it has no members"),
            (None, Some(port)) => self.lag_of(port).map(|_| "it is a member of a LAG"),
            (None, None) if begins(block, "lag") && !self.blocks.contains_key(block) => {
                let number = block.rsplit_once(' ').unwrap().1;
                self.members(number).map(|_| "its number is another's")
            }
            (None, None) => None,
        };
        assert!(why.is_none() || self.is_typed_again, "{block}: {}", why.unwrap());
        why.is_some()
    }

    /// Does what a line in a block does to LAGs, or refuses it; whether it is done, or has no
    /// effect.
    pub(super) fn in_lag_block(&mut self, block: &str, text: &str) -> bool {
        if !self.rules.has_lag_blocks {
            return false;
        }
        let bare = text.strip_prefix(self.rules.undo).unwrap_or(text);
        if block.starts_with(self.rules.vlan)
            && let Some((_, port)) = bare.split_once(' ').filter(|(how, _)| ["tagged", "untagged"].contains(how))
        {
            let is_there = port.strip_prefix("lag ").is_none_or(|number| self.has_members(number));
            let is_free = is_there && self.lag_of(port).is_none();
            assert!(is_free || self.is_typed_again || bare != text, "{block}: {text}: no VLAN can name it");
            return !is_free;
        }
        if !begins(block, "lag") {
            return false;
        }
        let of = |rest: &str| rest[rest.find("ethernet ").unwrap()..].to_owned();
        match bare.split_once(' ').unwrap() {
            ("ports", port) if bare == text => self.joins(block, port),
            ("ports", port) => self.leaves(block, port, &[]),
            (word @ ("port-name" | "enable" | "disable"), rest) => {
                let port = of(rest);
                assert_eq!(self.lag_of(&port).as_deref(), Some(block), "{text}: it is no member");
                let word = if word == "enable" { "disable" } else { word };
                let lines = self.blocks.get_mut(block).unwrap();
                lines.retain(|line| !(begins(line, word) && line.ends_with(&port)));
                lines.extend((!begins(text, "enable")).then(|| text.to_owned()));
            }
            _ => panic!("{text} in {block}"),
        }
        true
    }

    fn joins(&mut self, block: &str, port: &str) {
        match self.lag_of(port) {
            Some(own) if own == block => return,
            other => assert_eq!(other, None, "{port} is in another LAG"),
        }
        assert_eq!(self.naming(port), [], "{port} is in a VLAN");
        // What is said of it is said in its LAG's block from now on.
        let mut own = vec![format!("ports {port}")];
        for line in self.blocks.remove(&format!("interface {port}")).unwrap_or_default() {
            assert!(begins(&line, "port-name") || line == "disable", "{port} has {line}");
            own.push(format!("{line} {port}"));
        }
        self.blocks.get_mut(block).unwrap().extend(own);
        let number = block.rsplit_once(' ').unwrap().1;
        self.blocks.entry(format!("interface lag {number}")).or_default();
    }

    /// A port that leaves is disabled, and keeps its name.
    fn leaves(&mut self, block: &str, port: &str, more: &[String]) {
        if self.lag_of(port).as_deref() != Some(block) {
            assert!(self.is_typed_again, "{port} is not in {block}");
            return;
        }
        let lines = self.blocks.get_mut(block).unwrap();
        let named = lines.iter().find_map(|line| line.strip_suffix(port).filter(|line| begins(line, "port-name")));
        let mut own: Vec<String> = named.map(|line| line.trim_end().to_owned()).into_iter().collect();
        lines.retain(|line| !line.ends_with(port));
        own.extend(more.iter().cloned().chain(["disable".to_owned()]));
        self.blocks.insert(format!("interface {port}"), own);
        let number = block.rsplit_once(' ').unwrap().1.to_owned();
        if !self.has_members(&number) {
            let lag = format!("lag {number}");
            assert_eq!(self.naming(&lag), [], "{lag} has no members");
            self.blocks.remove(&format!("interface {lag}"));
        }
    }

    /// Refuses a LAG that goes while a VLAN names it; its members leave it with its guards.
    pub(super) fn lag_goes(&mut self, block: &str) {
        if !self.rules.has_lag_blocks || !begins(block, "lag") {
            return;
        }
        let Some(lines) = self.blocks.get(block).cloned() else {
            return assert!(self.is_typed_again, "{block} is not there");
        };
        let lag = format!("lag {}", block.rsplit_once(' ').unwrap().1);
        assert_eq!(self.naming(&lag), [], "{lag} is in VLANs");
        let guards = self.blocks.get(&format!("interface {lag}")).cloned().unwrap_or_default();
        let is_guard = |line: &&String| begins(line, "spanning-tree") || begins(line, "stp-bpdu-guard");
        let guards: Vec<String> = guards.iter().filter(is_guard).cloned().collect();
        for port in lines.iter().filter_map(|line| line.strip_prefix("ports ")) {
            self.leaves(block, port, &guards);
        }
    }
}
