//! `[cli.flat]` of a dialect file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Reader,
    cli::{Base, RawShow},
    cli_overlay::RawCliOverlay,
};
use crate::dialect::cli::{
    FlatAggregate, FlatBridge, FlatForm, FlatLeaf, FlatMember, FlatNumber, FlatSaying, FlatWords, Hole, Template,
};

/// The data that lines are read as.
const TREE: &str = include_str!("cli_tree.toml");

/// The nodes below an interface that a dialect may have, and the group of the tree that
/// each is in.
const NODES: [(&str, Option<&str>); 9] = [
    ("description", None),
    ("enabled", None),
    ("mtu", None),
    ("lag-type", Some("aggregation")),
    ("min-links", Some("aggregation")),
    ("mlag-id", Some("aggregation")),
    ("lacp-interval", Some("lacp")),
    ("edge-port", Some("stp")),
    ("bpdu-guard", Some("stp")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawFlat {
    show: Vec<RawShow>,
    #[serde(default)]
    form: FlatForm,
    kinds: Option<RawKinds>,
    #[serde(default)]
    lists: bool,
    nobody: Option<String>,
    split: Option<char>,
    interfaces: Vec<String>,
    port: BTreeMap<String, RawFlatLeaf>,
    bridge: Option<RawBridge>,
    untagged: RawFlatMember,
    tagged: RawFlatMember,
    member: Option<RawFlatMember>,
    aggregate: Option<RawAggregate>,
    number: Option<RawNumber>,
    vlan: RawMade,
    vlans: Vec<String>,
    overlay: Option<RawCliOverlay>,
    #[serde(default)]
    nothing: Vec<String>,
    #[serde(default)]
    routed: Vec<String>,
    #[serde(default)]
    foreign: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKinds {
    port: String,
    aggregate: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawBridge {
    member: RawFlatMember,
    access: RawFlatMember,
    tagged_only: RawFlatMember,
    #[serde(default)]
    untagged: Vec<String>,
    aware: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawFlatLeaf {
    #[serde(default)]
    shown: Vec<String>,
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// Lines that show a word by being there.
    #[serde(default)]
    marks: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    on_bridge: bool,
    #[serde(default)]
    of_ports: bool,
    /// The command's, where those are others.
    said: Option<BTreeMap<String, String>>,
    set: Option<String>,
    unset: Option<String>,
    /// What stands behind the command that makes an aggregate, in the place of both.
    when_made: Option<String>,
    absent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFlatMember {
    shown: Vec<String>,
    add: String,
    remove: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMade {
    make: String,
    remove: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAggregate {
    make: String,
    remove: String,
    emptied: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNumber {
    shown: Vec<String>,
    ask: String,
}

impl Reader<'_> {
    /// The words, and the tree that they are read as, under what the dialect says of it.
    pub(super) fn flat_words(&mut self, base: &Base<'_>, raw: RawFlat) -> Option<(Table, FlatWords)> {
        if raw.show.is_empty() {
            self.problems.push("cli.flat.show: nothing shows the configuration".to_owned());
        }
        let mut tree: Table = TREE.parse().map_err(|error| self.problems.push(format!("cli: {error}"))).ok()?;
        if let Some(prefix) = base.lag_prefix {
            tree.insert("aggregate-names".to_owned(), Value::from(prefix));
        }
        let absent = raw.port.iter().filter_map(|(node, leaf)| Some((node.clone(), leaf.absent.clone()?))).collect();
        let mut port = BTreeMap::new();
        for (node, leaf) in raw.port {
            if !NODES.iter().any(|(known, _)| *known == node) {
                self.problems.push(format!("cli.flat.port.{node}: Mercury knows no such node"));
                continue;
            }
            let shown = self.templates("flat.port", &leaf.shown);
            let mut marks = Vec::new();
            for (word, lines) in &leaf.marks {
                marks.extend(self.templates("flat.port", lines).into_iter().map(|line| (word.clone(), line)));
            }
            if shown.is_empty() && marks.is_empty() {
                self.problems.push(format!("cli.flat.port.{node}: no line shows it"));
            }
            let by = self.flat_saying(&node, &leaf, raw.aggregate.as_ref());
            let said = leaf.said.unwrap_or_else(|| leaf.words.clone()).into_iter().collect();
            if let Some(by) = by {
                let words = leaf.words.into_iter().collect();
                let (on_bridge, of_ports) = (leaf.on_bridge, leaf.of_ports);
                port.insert(node, FlatLeaf { shown, words, marks, on_bridge, of_ports, said, by });
            }
        }
        shape(&mut tree, &port, &absent, raw.member.is_some());
        if raw.bridge.is_some() {
            bridged(&mut tree);
        }
        let overlay = raw.overlay.map(|raw| self.cli_overlay(raw));
        let overlay = overlay.map(|(lines, own)| {
            tree.insert("overlay".to_owned(), Value::Table(own));
            lines
        });
        let bridge = raw.bridge.and_then(|raw| self.flat_bridge(&raw));
        let untagged = self.flat_member(&raw.untagged)?;
        let tagged = self.flat_member(&raw.tagged)?;
        let member = raw.member.and_then(|raw| self.flat_member(&raw));
        let aggregate = raw.aggregate.and_then(|raw| self.flat_aggregate(&raw));
        let number = raw.number.and_then(|raw| self.flat_number(base.lag_prefix, &raw));
        let words = FlatWords {
            shows: raw.show.into_iter().filter_map(|raw| self.shown(raw)).collect(),
            form: raw.form,
            kinds: raw.kinds.map(|raw| [raw.port, raw.aggregate]),
            lists: raw.lists,
            nobody: raw.nobody,
            split: raw.split,
            interfaces: self.templates("flat.interfaces", &raw.interfaces),
            port,
            bridge,
            untagged,
            tagged,
            member,
            aggregate,
            number,
            vlan: self.made(&raw.vlan)?,
            overlay,
            vlans: self.templates("flat.vlans", &raw.vlans),
            nothing: self.templates("flat.nothing", &raw.nothing),
            routed: self.templates("flat.routed", &raw.routed),
            foreign: self.templates("flat.foreign", &raw.foreign),
            text: base.text,
        };
        self.aggregates_are_whole(&words);
        Some((tree, words))
    }

    /// Where a node is said: by two commands, or where an aggregate is made by a command that
    /// says nothing of its members.
    fn flat_saying(&mut self, node: &str, leaf: &RawFlatLeaf, aggregate: Option<&RawAggregate>) -> Option<FlatSaying> {
        match (&leaf.set, &leaf.unset, &leaf.when_made) {
            (Some(set), Some(unset), None) => {
                let (set, unset) = (self.template("flat.port", set), self.template("flat.port", unset));
                Some(FlatSaying::Commands { set: set?, unset: unset? })
            }
            (None, None, Some(text)) => {
                let says = self.template("flat.port", text)?;
                if !says.has(Hole::Value) || aggregate.is_none_or(|own| own.emptied.is_some()) {
                    let why = "when-made holds {value}, and goes with an aggregate that is made without its members";
                    self.problems.push(format!("cli.flat.port.{node}: {why}"));
                }
                Some(FlatSaying::WhenMade(says))
            }
            _ => {
                self.problems.push(format!("cli.flat.port.{node}: has set and unset, or else when-made"));
                None
            }
        }
    }

    /// An aggregate is made of all its members wherever they are said at once, and has a number
    /// wherever a command bears one.
    fn aggregates_are_whole(&mut self, words: &FlatWords) {
        let at_once = words.aggregate.iter().map(|own| &own.make);
        let at_once = at_once.chain(words.member.iter().flat_map(|own| [&own.add, &own.remove]));
        let at_once: Vec<bool> = at_once.map(|form| form.has(Hole::Members)).collect();
        let emptied = words.aggregate.as_ref().and_then(|own| own.emptied.as_ref());
        if at_once.iter().any(|own| *own != emptied.is_some()) {
            let why = "{members} stands in all commands about members or in none, and goes with aggregate.emptied";
            self.problems.push(format!("cli.flat.member: {why}"));
        }
        let mut commands = [&words.untagged, &words.tagged].into_iter().flat_map(|own| [&own.add, &own.remove]);
        if words.number.is_none() && commands.any(|form| form.has(Hole::Number)) {
            self.problems.push("cli.flat.number: nothing tells the {number} that a command bears".to_owned());
        }
    }

    fn flat_aggregate(&mut self, raw: &RawAggregate) -> Option<FlatAggregate> {
        let (make, remove) = (self.template("flat", &raw.make)?, self.template("flat", &raw.remove)?);
        let emptied = raw.emptied.as_ref().and_then(|text| self.template("flat", text));
        Some(FlatAggregate { make, remove, emptied })
    }

    fn flat_number(&mut self, prefix: Option<&str>, raw: &RawNumber) -> Option<FlatNumber> {
        let Some(prefix) = prefix else {
            self.problems.push("cli.flat.number: without lag-prefix no name is told from a number".to_owned());
            return None;
        };
        let ask = self.template("flat.number", &raw.ask)?;
        Some(FlatNumber { prefix: prefix.to_owned(), shown: self.templates("flat.number", &raw.shown), ask })
    }

    fn flat_member(&mut self, raw: &RawFlatMember) -> Option<FlatMember> {
        let (add, remove) = (self.template("flat", &raw.add)?, self.template("flat", &raw.remove)?);
        Some(FlatMember { shown: self.templates("flat", &raw.shown), add, remove })
    }

    fn flat_bridge(&mut self, raw: &RawBridge) -> Option<FlatBridge> {
        Some(FlatBridge {
            member: self.flat_member(&raw.member)?,
            access: self.flat_member(&raw.access)?,
            tagged_only: self.flat_member(&raw.tagged_only)?,
            untagged: self.templates("flat.bridge", &raw.untagged),
            aware: raw.aware.as_ref().and_then(|text| self.template("flat.bridge", text)),
        })
    }

    fn made(&mut self, raw: &RawMade) -> Option<[Template; 2]> {
        Some([self.template("flat", &raw.make)?, self.template("flat", &raw.remove)?])
    }
}

/// Takes out of the one tree what there are no lines for. A port has one untagged VLAN,
/// and is a trunk by its tagged ones.
fn shape(tree: &mut Table, port: &BTreeMap<String, FlatLeaf>, absent: &BTreeMap<String, String>, members: bool) {
    tree.remove("channel-group");
    for (node, group) in NODES {
        let name = group.and_then(|group| node.strip_prefix(group)?.strip_prefix('-')).unwrap_or(node);
        let own = match group {
            None => Some(&mut *tree),
            Some(group) => tree.get_mut(group).and_then(Value::as_table_mut),
        };
        let Some(own) = own else { continue };
        let Some(leaf) = port.get(node) else {
            own.remove(name);
            continue;
        };
        let Some(absent) = absent.get(node) else { continue };
        let marked = leaf.marks.iter().map(|(word, _)| word);
        let words = leaf.words.iter().map(|(word, _)| word).chain(marked);
        let words: Table = words.map(|word| (word.clone(), Value::from(word.as_str()))).collect();
        let mut said = Table::from_iter([("path".to_owned(), Value::from(node))]);
        said.extend([("words".to_owned(), Value::Table(words)), ("absent".to_owned(), Value::from(absent.as_str()))]);
        own.insert(name.to_owned(), Value::Table(said));
    }
    if let Some(own) = tree.get_mut("lacp").and_then(Value::as_table_mut) {
        own.remove("lacp-mode");
    }
    let is_empty = |tree: &Table, group: &str| tree.get(group).and_then(Value::as_table).is_some_and(Table::is_empty);
    for group in ["lacp", "stp"] {
        if is_empty(tree, group) {
            tree.remove(group);
        }
    }
    if !members {
        tree.remove("aggregate-id");
    }
    if let Some(own) = tree.get_mut("switched-vlan").and_then(Value::as_table_mut) {
        own.insert("native-vlan".to_owned(), Value::from("access-vlan"));
        let list = [("path", Value::from("trunk-vlans")), ("all", Value::from("all"))];
        let how = [("absent-is-none", Value::from(true)), ("tagged-only", Value::from(true))];
        let list: Table = list.into_iter().chain(how).map(|(key, value)| (key.to_owned(), value)).collect();
        own.insert("trunk-vlans".to_owned(), Value::Table(list));
    }
    if let Some(own) = tree.get_mut("vlan").and_then(Value::as_table_mut) {
        own.retain(|leaf, _| leaf == "entry");
    }
}

/// A port on a bridge has a mode, and what it does not say of its VLANs the bridge does.
fn bridged(tree: &mut Table) {
    let Some(own) = tree.get_mut("switched-vlan").and_then(Value::as_table_mut) else { return };
    for (key, word) in
        [("native-vlan", "native-vlan"), ("native-none", "none"), ("native-inherited", "native-inherited")]
    {
        own.insert(key.to_owned(), Value::from(word));
    }
    if let Some(list) = own.get_mut("trunk-vlans").and_then(Value::as_table_mut) {
        list.insert("absent-is-none".to_owned(), Value::from(false));
    }
}
