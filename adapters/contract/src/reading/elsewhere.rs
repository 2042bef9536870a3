//! What configures a port's VLANs besides the port's own leaves: a VLAN that
//! lists it, and Junos' interface-ranges and groups, which are read as they are
//! written and not as they are inherited. Such a port is not Mercury's to change.
//!
//! A wildcard that is not understood stands for every port. A group's wildcards
//! make no port, only add to those that are there (Junos CLI user guide, "Use
//! Wildcards with Configuration Groups"). Not seen: groups applied below `vlans`,
//! and what commit scripts add.

use std::collections::{BTreeMap, BTreeSet};

use mercury_model::InterfaceName;
use regex::Regex;

use super::{Data, find};
use crate::{Names, NodePath, Tree};

/// Ports that a range's first and last one may have between them, as far as they
/// are named here; and ports that are named so in all.
const MOST: usize = 512;
const MOST_IN_ALL: usize = 16_384;

/// Wildcards and ranges that are followed; a switch with more may mean any port.
const MOST_RULES: usize = 1024;

/// Nodes by which a range or a group has a say in what VLANs a port carries.
const SAYS: [&str; 4] = ["ethernet-switching", "native-vlan-id", "bundle", "flexible-vlan-tagging"];

/// All that configures ports from elsewhere.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// By the port they name: thousands of VLANs may list dozens of ports each.
    named: BTreeMap<String, Vec<Rule>>,
    rules: Vec<Rule>,
    /// Groups that are applied to all.
    applied: Vec<String>,
}

struct Rule {
    ports: Ports,
    /// The group it is in.
    group: Option<String>,
    /// What it is, for people.
    what: String,
}

enum Ports {
    /// By name.
    Named(String),
    /// By a wildcard.
    Like(Regex),
    /// From one to another.
    Between(String, String),
}

impl Elsewhere {
    pub(super) fn read<D: Data>(tree: &Tree, data: &D) -> Self {
        let mut own = Self::default();
        if let Some(vlan) = &tree.vlan
            && let Some(members) = &vlan.members
        {
            for (entry, names) in find(data, &vlan.entry, &Names::vlan("", None, None)) {
                let name = names.found_vlan_name().or(names.found_vlan_id()).unwrap_or_default().to_owned();
                own.members(entry, members, &name, None);
            }
        }
        for (top, _) in tree.inheritance.iter().flat_map(|path| find(data, path, &Names::default())) {
            own.applied.extend(values(top, "apply-groups"));
            for interfaces in below(top, "interfaces") {
                own.applied.extend(values(interfaces, "apply-groups"));
                below(interfaces, "interface-range").for_each(|range| own.range(range, None));
            }
            for group in below(top, "groups") {
                own.group(tree, group);
            }
        }
        own
    }

    fn members<D: Data>(&mut self, entry: &D, members: &NodePath, vlan: &str, group: Option<&str>) {
        for (member, names) in find(entry, members, &Names::default()) {
            let Some(name) = names.found_interface().filter(|_| !member.is_inactive()) else { continue };
            let ports = Ports::of(without_unit(name.as_str()));
            self.add(Rule { ports, group: group.map(str::to_owned), what: format!("membership under VLAN {vlan}") });
        }
    }

    fn range<D: Data>(&mut self, range: &D, group: Option<&str>) {
        if range.is_inactive() || !SAYS.iter().any(|word| has(range, word)) {
            return;
        }
        let what = format!("the interface-range {}", values(range, "name").next().unwrap_or_default());
        let mut push = |ports| self.add(Rule { ports, group: group.map(str::to_owned), what: what.clone() });
        for member in below(range, "member") {
            values(member, "name").for_each(|name| push(Ports::of(&name)));
        }
        for member in below(range, "member-range") {
            if let (Some(first), Some(last)) = (values(member, "name").next(), values(member, "end-range").next()) {
                push(Ports::Between(first, last));
            }
        }
    }

    fn group<D: Data>(&mut self, tree: &Tree, group: &D) {
        let Some(name) = values(group, "name").next().filter(|_| !group.is_inactive()) else { return };
        for interfaces in below(group, "interfaces") {
            below(interfaces, "interface-range").for_each(|range| self.range(range, Some(&name)));
            for interface in below(interfaces, "interface").filter(|one| SAYS.iter().any(|word| has(*one, word))) {
                let Some(port) = values(interface, "name").next() else { continue };
                let what = format!("the group {name}");
                self.add(Rule { ports: Ports::of(&port), group: Some(name.clone()), what });
            }
        }
        if let Some(members) = tree.vlan.as_ref().and_then(|vlan| vlan.members.as_ref()) {
            for vlan in below(group, "vlans").flat_map(|vlans| below(vlans, "vlan")) {
                let of = values(vlan, "name").next().unwrap_or_default();
                self.members(vlan, members, &of, Some(&name));
            }
        }
    }

    fn add(&mut self, rule: Rule) {
        match &rule.ports {
            _ if self.rules.len() > MOST_RULES => {}
            Ports::Named(name) => self.named.entry(name.clone()).or_default().push(rule),
            _ if self.rules.len() == MOST_RULES => {
                let what = format!("more than {MOST_RULES} ranges and groups beside it");
                self.rules.extend(Ports::any().map(|ports| Rule { ports, group: None, what }));
            }
            _ => self.rules.push(rule),
        }
    }

    /// What configures the VLANs of a port besides its own entry; `None` is one that
    /// has none.
    pub(super) fn of<D: Data>(&self, name: &InterfaceName, entry: Option<&D>) -> Vec<String> {
        let named = self.named.get(name.as_str()).into_iter().flatten();
        let mut rules = named.chain(&self.rules).peekable();
        if rules.peek().is_none() {
            return Vec::new();
        }
        let mut applied = self.applied.clone();
        entry.into_iter().for_each(|entry| applied_below(entry, &mut applied));
        let is_applied = |group: &Option<String>| {
            // `${node}` stands for one of several, which the switch knows.
            group.as_ref().is_none_or(|group| applied.iter().any(|name| name == group || name.starts_with("${")))
        };
        let says = |rule: &&Rule| {
            let wild_alone = rule.group.is_some() && entry.is_none() && matches!(rule.ports, Ports::Like(_));
            is_applied(&rule.group) && !wild_alone && rule.ports.may_have(name.as_str())
        };
        let mut what: Vec<String> = rules.filter(says).map(|rule| rule.what.clone()).collect();
        what.dedup();
        what
    }

    /// The ports that are named here, whether or not they have an entry.
    pub(super) fn ports(&self) -> BTreeSet<InterfaceName> {
        let between = self.rules.iter().flat_map(|rule| rule.ports.names());
        self.named.keys().cloned().chain(between.take(MOST_IN_ALL)).filter_map(|name| name.parse().ok()).collect()
    }
}

impl Ports {
    fn of(name: &str) -> Self {
        if !name.contains(|c| "<*?[".contains(c)) {
            return Self::Named(name.to_owned());
        }
        let name = name.trim_matches(|c| "<>".contains(c));
        // Only what a set holds is the same in both.
        let like = regex::escape(name).replace(r"\*", ".*").replace(r"\?", ".");
        let like = like.replace(r"\[", "[").replace(r"\]", "]").replace(r"\-", "-").replace("[!", "[^");
        let like = Regex::new(&format!("^(?:{like})$")).ok().map(Self::Like);
        like.or_else(Self::any).unwrap_or_else(|| Self::Named(name.to_owned()))
    }

    fn any() -> Option<Self> {
        Regex::new("").ok().map(Self::Like)
    }

    fn may_have(&self, port: &str) -> bool {
        match self {
            Self::Named(name) => port == name,
            Self::Like(like) => like.is_match(port),
            Self::Between(first, last) => {
                let (of, from, to) = (numbers(port), numbers(first), numbers(last));
                of.0 == from.0 && of.0 == to.0 && from.1 <= of.1 && of.1 <= to.1
            }
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Named(_) | Self::Like(_) => Vec::new(),
            Self::Between(first, last) => {
                let ((before, from), (_, to)) = (last_number(first), last_number(last));
                (from..=to).take(MOST).map(|number| format!("{before}{number}")).collect()
            }
        }
    }
}

/// A port's word, and its numbers.
fn numbers(name: &str) -> (&str, Vec<u32>) {
    let (word, rest) = name.split_at(name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len()));
    (word, rest.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect())
}

fn last_number(name: &str) -> (&str, u32) {
    let (before, number) = name.split_at(name.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    (before, number.parse().unwrap_or_default())
}

fn without_unit(name: &str) -> &str {
    name.split_once('.').map_or(name, |(port, _)| port)
}

fn below<'a, D: Data>(node: &'a D, name: &'a str) -> impl Iterator<Item = &'a D> {
    node.below().filter(move |one| one.name() == name)
}

fn values<'a, D: Data>(node: &'a D, name: &'a str) -> impl Iterator<Item = String> + use<'a, D> {
    below(node, name).map(|one| one.value().to_owned())
}

fn has<D: Data>(node: &D, name: &str) -> bool {
    node.below().any(|one| one.name() == name || has(one, name))
}

fn applied_below<D: Data>(node: &D, into: &mut Vec<String>) {
    for one in node.below() {
        if one.name() == "apply-groups" {
            into.push(one.value().to_owned());
        }
        applied_below(one, into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_the_ports_that_its_words_stand_for() {
        for (name, has, has_not) in [
            ("ge-0/0/1", "ge-0/0/1", "ge-0/0/10"),
            ("ge-*", "ge-1/0/47", "xe-0/0/0"),
            ("<ge-0/0/[1-3]>", "ge-0/0/2", "ge-0/0/4"),
            ("xe-0/0/[!1-3]", "xe-0/0/4", "xe-0/0/2"),
            ("<*>", "ae0", ""),
            ("et-0/0/0:?", "et-0/0/0:3", "et-0/0/0"),
        ] {
            let ports = Ports::of(name);
            assert!(ports.may_have(has) && (has_not.is_empty() || !ports.may_have(has_not)), "{name}");
        }
        // What is no wildcard after all stands for any.
        assert!(Ports::of("ge-0/0/[1").may_have("xe-1/1/1"));
    }

    #[test]
    fn from_one_port_to_another_are_those_between_on_whatever_slot() {
        let ports = Ports::Between("ge-0/0/46".to_owned(), "ge-1/0/1".to_owned());
        for (port, has) in [("ge-0/0/47", true), ("ge-1/0/1", true), ("ge-1/0/2", false), ("xe-0/0/47", false)] {
            assert_eq!(ports.may_have(port), has, "{port}");
        }
        let ports = Ports::Between("ge-0/0/0".to_owned(), "ge-0/0/4000000000".to_owned());
        assert_eq!(ports.names().len(), MOST);
    }

    #[test]
    fn more_ranges_than_are_followed_may_mean_any_port() {
        let mut own = Elsewhere::default();
        let port = "xe-9/9/9".parse().unwrap();
        let rule = || Rule { ports: Ports::of("ge-*"), group: None, what: "the interface-range r".to_owned() };
        (0..MOST_RULES).for_each(|_| own.add(rule()));
        assert!(own.of::<Leafless>(&port, None).is_empty());
        (0..9).for_each(|_| own.add(rule()));
        assert_eq!(own.of::<Leafless>(&port, None).len(), 1);
        assert_eq!(own.rules.len(), MOST_RULES + 1);
    }

    struct Leafless;

    impl Data for Leafless {
        fn name(&self) -> &'static str {
            ""
        }

        fn value(&self) -> &'static str {
            ""
        }

        fn below<'a>(&'a self) -> impl Iterator<Item = &'a Self>
        where
            Self: 'a,
        {
            std::iter::empty()
        }
    }
}
