//! The lines of a configuration that say nothing to its reader.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{CliWords, Unread};

use super::{
    Way, beside,
    blocks::{Block, Blocked, Lines},
    members,
    port::Port,
    vlan::VlanSaid,
};
use crate::words::overlay::{SegmentsSaid, ways};

/// What ends a mode or a file, and is no configuration.
const ENDS: [&str; 4] = ["end", "exit", "quit", "return"];

/// The lines that are not understood, and the ports and VLANs that others take away; what is
/// said of VNIs is looked at with `overlays`.
pub(super) fn unread(words: &CliWords, text: &str, overlays: bool) -> (Unread, Vec<Way>) {
    let (mut unread, mut deleted) = (Unread::default(), Vec::new());
    let mut of_vnis = BTreeSet::new();
    if let Some(own) = words.overlay.as_ref().filter(|_| overlays) {
        ways(text, &words.comments, |number, way| {
            of_vnis.extend(SegmentsSaid::reads(own, way).then_some(number));
        });
    }
    let mut lines = Lines::of(words, text);
    let (mut block, mut port, mut vlan) = (Block::Other, Port::default(), VlanSaid::default());
    let (mut head, mut lag) = ("", None);
    while let Some(line) = lines.next() {
        let (number, whole) = lines.at();
        let is_read = match line {
            Blocked::Left => {
                block = Block::Other;
                true
            }
            Blocked::Deeper(line) => members::lacp(words, head, line).is_some(),
            Blocked::Enter(entered) => {
                (block, port, vlan) = (entered, Port::default(), VlanSaid::default());
                lag = members::lag(words, &block);
                match &block {
                    Block::Interface(name) => is_port(words, name),
                    Block::Vlans { .. } | Block::Members(_) => true,
                    Block::Other => {
                        let taken = taken_away(&lines, words, whole.trim());
                        let is_read = !taken.is_empty() || ENDS.contains(&whole.trim());
                        deleted.extend(taken);
                        is_read
                    }
                }
            }
            Blocked::Line(line) => {
                head = line;
                match &block {
                    Block::Interface(_) => {
                        members::listed(words, lag.as_deref(), line).is_some() || port.line(words, line)
                    }
                    Block::Vlans { .. } => {
                        let is_member = words.members.as_ref().and_then(|own| members::said(words, own, line));
                        is_member.is_some() || vlan.line(words, line)
                    }
                    Block::Members(_) => beside::is_understood(words, line),
                    Block::Other => false,
                }
            }
        };
        if !is_read && !of_vnis.contains(&number) && !ENDS.contains(&whole.trim()) {
            unread.add_line(number, whole);
        }
    }
    (unread, deleted)
}

/// Whether a name is one port's: some systems take `Ethernet1-48` as many.
fn is_port(words: &CliWords, name: &str) -> bool {
    words.names.as_ref().is_none_or(|names| names.spelled(name).is_ok())
        || !words.lag_prefix.is_empty() && name.starts_with(words.lag_prefix.as_str())
}

/// What a line takes away that undoes one that enters a block.
fn taken_away(lines: &Lines<'_>, words: &CliWords, line: &str) -> Vec<Way> {
    let undone = line.strip_prefix(words.undo.as_str()).filter(|_| !words.undo.is_empty()).map(str::trim_start);
    let entry = |list: &str, name: &str, key: &str, value: String| {
        vec![(list.to_owned(), BTreeMap::new()), (name.to_owned(), BTreeMap::from([(key.to_owned(), value)]))]
    };
    match undone.and_then(|undone| lines.block(undone)) {
        Some(Block::Interface(name)) => vec![entry("interfaces", "interface", "name", name)],
        Some(Block::Vlans { ids, .. }) => {
            ids.iter().map(|id| entry("vlans", "vlan", "vlan-id", id.to_string())).collect()
        }
        Some(Block::Members(own)) => {
            vec![entry("interfaces", "interface", "name", format!("{}{}", words.lag_prefix, own.number))]
        }
        Some(Block::Other) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, MAX_REPLY};

    use crate::{Brought, brought};

    fn read(dialect: &str, text: &str) -> Brought {
        let all = mercury_adapter::builtin().unwrap();
        let dialect = all.iter().find(|one| one.name == dialect).unwrap();
        brought(dialect.cli.as_ref().unwrap(), text, false, &mut Budget::new(0).share(MAX_REPLY)).unwrap()
    }

    /// Each that is left out, with its line, and the keys of what is taken away.
    fn told(dialect: &str, text: &str) -> (Vec<String>, Vec<String>) {
        let Brought { unread, deleted, .. } = read(dialect, text);
        let line = |line: Option<usize>| line.map(|line| format!("{line} ")).unwrap_or_default();
        let left = unread.told.iter().map(|left| format!("{}{}", line(left.line), left.what)).collect();
        let taken = deleted.iter().map(|path| {
            let words = path.iter().flat_map(|(name, keys)| std::iter::once(name).chain(keys.values()));
            words.cloned().collect::<Vec<_>>().join(" ")
        });
        (left, taken.collect())
    }

    #[test]
    fn lines_that_are_not_read_are_told_and_none_that_is() {
        let text = "!\nvlan 110\n name nodes\n!\ninterface GigabitEthernet1/0/1\n description node\n switchport mode access\n \
                    switchport access vlan 110\n shutdown\nexit\nend\n";
        assert_eq!(told("cisco_ios", text), (Vec::new(), Vec::new()));
        for (line, left, taken) in [
            ("no vlan 999", None, Some("vlans vlan 999")),
            ("no interface Port-channel3", None, Some("interfaces interface Port-channel3")),
            ("default interface GigabitEthernet1/0/48", Some(true), None),
            ("interface range GigabitEthernet1/0/47 - 48", Some(true), None),
            ("hostname x", Some(true), None),
            (" storm-control broadcast level 1", Some(true), None),
        ] {
            let (all, deleted) = told("cisco_ios", &format!("interface GigabitEthernet1/0/1\n shutdown\n{line}\n"));
            assert_eq!(all, left.map(|_| format!("3 {}", line.trim())).into_iter().collect::<Vec<_>>(), "{line}");
            assert_eq!(deleted, taken.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{line}");
        }
        // Many ports by one name.
        assert_eq!(told("arista_eos", "interface Ethernet1-48\n   shutdown\n").0, ["1 interface Ethernet1-48"]);
        assert_eq!(told("arista_eos", "interface Ethernet48\n   shutdown\n").0, Vec::<String>::new());
    }

    #[test]
    fn of_lines_that_set_what_is_not_read_is_told() {
        let harmless = "set interfaces xe-0/0/1 disable\nset vlans v150 vlan-id 150\n";
        assert_eq!(told("juniper_junos", harmless), (Vec::new(), Vec::new()));
        for line in [
            "wildcard delete interfaces xe-*",
            "rename interfaces xe-0/0/48 to xe-0/0/47",
            "edit interfaces xe-0/0/48",
            "set disable",
            "set system host-name x",
            "rollback 1",
            "activate interfaces xe-0/0/48",
        ] {
            assert_eq!(told("juniper_junos", &format!("{harmless}{line}\n")).0, [format!("3 {line}")]);
        }
        for (line, left) in [
            ("set groups g interfaces <*> disable", "/configuration/groups"),
            ("set apply-groups g", "/configuration/apply-groups"),
            ("set interfaces interface-range r disable", "/configuration/interfaces/interface-range"),
            ("set interfaces xe-0/0/48 hold-time up 5", "/configuration/interfaces/interface[xe-0/0/48]/hold-time"),
            ("set interfaces xe-0/0/48 unit 5 family inet", "/configuration/interfaces/interface[xe-0/0/48]/unit[5]"),
        ] {
            let (all, _) = told("juniper_junos", &format!("{harmless}{line}\n"));
            assert_eq!(all, [format!("3 {left}")], "{line}");
        }
        for (text, taken) in [
            ("deactivate interfaces xe-0/0/48\n", "interfaces interface xe-0/0/48"),
            ("delete interfaces xe-0/0/48 disable\n", "interfaces interface xe-0/0/48"),
            ("delete interfaces\n", "interfaces"),
            ("delete\n", ""),
            ("interfaces {\n delete: xe-0/0/48;\n}\n", "interfaces interface xe-0/0/48"),
            ("interfaces {\n inactive: xe-0/0/48 { disable; }\n}\n", "interfaces interface xe-0/0/48"),
            ("replace:\ninterfaces {\n xe-0/0/1 { disable; }\n}\n", "interfaces"),
        ] {
            assert_eq!(told("juniper_junos", text), (Vec::new(), vec![taken.to_owned()]), "{text}");
        }
    }

    #[test]
    fn a_candidate_may_be_about_vlans_alone() {
        for (dialect, text) in [
            ("cisco_ios", "vlan 150\n name phones\n"),
            ("juniper_junos", "set vlans v150 vlan-id 150\n"),
            ("juniper_junos", "vlans {\n v150 {\n vlan-id 150;\n }\n}\n"),
            ("juniper_junos", "vlans { v150 { vlan-id 150; } }"),
        ] {
            let vlans = read(dialect, text).recorded.running.config.vlans;
            assert_eq!(vlans.keys().map(|id| id.get()).collect::<Vec<_>>(), [150], "{text}");
        }
    }
}
