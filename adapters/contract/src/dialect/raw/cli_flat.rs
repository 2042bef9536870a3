//! `[cli.flat]` of a dialect file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Reader,
    cli::{Base, RawShow},
};
use crate::dialect::cli::{FlatLeaf, FlatMember, FlatWords, Template};

/// The data that lines are read as.
const TREE: &str = include_str!("cli_tree.toml");

/// The nodes below an interface that a dialect may have.
const NODES: [&str; 4] = ["description", "enabled", "mtu", "min-links"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawFlat {
    show: Vec<RawShow>,
    split: Option<char>,
    interfaces: Vec<String>,
    port: BTreeMap<String, RawFlatLeaf>,
    untagged: RawFlatMember,
    tagged: RawFlatMember,
    member: Option<RawFlatMember>,
    aggregate: Option<RawMade>,
    vlan: RawMade,
    vlans: Vec<String>,
    #[serde(default)]
    nothing: Vec<String>,
    #[serde(default)]
    routed: Vec<String>,
    #[serde(default)]
    foreign: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFlatLeaf {
    shown: Vec<String>,
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// The command's, where those are others.
    said: Option<BTreeMap<String, String>>,
    set: String,
    unset: String,
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

impl Reader<'_> {
    /// The words, and the tree that they are read as, under what the dialect says of it.
    pub(super) fn flat_words(&mut self, base: &Base<'_>, raw: RawFlat) -> Option<(Table, FlatWords)> {
        if raw.show.is_empty() {
            self.problems.push("cli.flat.show: nothing shows the configuration".to_owned());
        }
        let mut tree: Table = TREE.parse().map_err(|error| self.problems.push(format!("cli: {error}"))).ok()?;
        tree.insert("aggregate-names".to_owned(), Value::from(base.lag_prefix.unwrap_or_default()));
        let absent = raw.port.iter().filter_map(|(node, leaf)| Some((node.clone(), leaf.absent.clone()?))).collect();
        let mut port = BTreeMap::new();
        for (node, leaf) in raw.port {
            if !NODES.contains(&node.as_str()) {
                self.problems.push(format!("cli.flat.port.{node}: Mercury knows no such node"));
                continue;
            }
            let shown = self.templates("flat.port", &leaf.shown);
            let (set, unset) = (self.template("flat.port", &leaf.set), self.template("flat.port", &leaf.unset));
            let said = leaf.said.unwrap_or_else(|| leaf.words.clone()).into_iter().collect();
            if let (Some(set), Some(unset)) = (set, unset) {
                port.insert(node, FlatLeaf { shown, words: leaf.words.into_iter().collect(), said, set, unset });
            }
        }
        shape(&mut tree, &port, &absent, raw.member.is_some());
        let untagged = self.flat_member(&raw.untagged)?;
        let tagged = self.flat_member(&raw.tagged)?;
        let member = raw.member.and_then(|raw| self.flat_member(&raw));
        let aggregate = raw.aggregate.and_then(|raw| self.made(&raw));
        Some((
            tree,
            FlatWords {
                shows: raw.show.into_iter().filter_map(|raw| self.shown(raw)).collect(),
                split: raw.split,
                interfaces: self.templates("flat.interfaces", &raw.interfaces),
                port,
                untagged,
                tagged,
                member,
                aggregate,
                vlan: self.made(&raw.vlan)?,
                vlans: self.templates("flat.vlans", &raw.vlans),
                nothing: self.templates("flat.nothing", &raw.nothing),
                routed: self.templates("flat.routed", &raw.routed),
                foreign: self.templates("flat.foreign", &raw.foreign),
                text: base.text,
            },
        ))
    }

    fn flat_member(&mut self, raw: &RawFlatMember) -> Option<FlatMember> {
        let (add, remove) = (self.template("flat", &raw.add)?, self.template("flat", &raw.remove)?);
        Some(FlatMember { shown: self.templates("flat", &raw.shown), add, remove })
    }

    fn made(&mut self, raw: &RawMade) -> Option<[Template; 2]> {
        Some([self.template("flat", &raw.make)?, self.template("flat", &raw.remove)?])
    }
}

/// Takes out of the one tree what there are no lines for. A port has one untagged VLAN,
/// and is a trunk by its tagged ones.
fn shape(tree: &mut Table, port: &BTreeMap<String, FlatLeaf>, absent: &BTreeMap<String, String>, members: bool) {
    for gone in ["channel-group", "lacp", "stp"] {
        tree.remove(gone);
    }
    for node in ["description", "enabled", "mtu"].into_iter().filter(|node| !port.contains_key(*node)) {
        tree.remove(node);
    }
    for (node, absent) in absent {
        let words = port.get(node).into_iter().flat_map(|leaf| &leaf.words);
        let words: Table = words.map(|(word, _)| (word.clone(), Value::from(word.as_str()))).collect();
        let mut leaf = Table::from_iter([("path".to_owned(), Value::from(node.as_str()))]);
        leaf.extend([("words".to_owned(), Value::Table(words)), ("absent".to_owned(), Value::from(absent.as_str()))]);
        tree.insert(node.clone(), Value::Table(leaf));
    }
    if !members {
        tree.remove("aggregate-id");
    }
    if let Some(own) = tree.get_mut("aggregation").and_then(Value::as_table_mut) {
        own.retain(|leaf, _| leaf == "min-links" && port.contains_key(leaf));
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
