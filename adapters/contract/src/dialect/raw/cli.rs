//! `[cli]` of a dialect file.

mod whole;

use std::{collections::BTreeMap, sync::Arc};

use mercury_model::Leaf;
use serde::Deserialize;
use toml::{Table, Value};

use super::{
    RawCliSession, RawMapper, Reader,
    cli_bonds::RawBonds,
    cli_flat::RawFlat,
    cli_lines::leaf_of,
    cli_members::{RawLagMembers, RawMembers},
    cli_overlay::RawCliOverlay,
    cli_set::RawSet,
    cli_state::RawState,
    cli_trunk::{RawGeneral, RawTrunkWords},
    default_instance,
};
use crate::{
    InterfaceNames, Mapping, Module, TextLimits, Tree, Unsaid,
    dialect::cli::{
        Blocks, CliDialect, CliForm, CliLine, CliWords, Command, DeviceColumns, ModeChange, Rows, Shown, Template,
        TrunkAbsent, TrunkWords, Whole, Wording,
    },
};

/// The data that lines are read as.
const TREE: &str = include_str!("cli_tree.toml");

/// The nodes below an interface, and the leaf of the model that each holds; those of
/// `switched-vlan` and of a channel group hold one together.
const NODES: [(&str, Option<Leaf>); 17] = [
    ("description", Some(Leaf::Description)),
    ("enabled", Some(Leaf::Enabled)),
    ("mtu", Some(Leaf::Mtu)),
    ("lag-type", Some(Leaf::LagType)),
    ("min-links", Some(Leaf::MinLinks)),
    ("mlag-id", Some(Leaf::MlagId)),
    ("lacp-interval", Some(Leaf::LacpInterval)),
    ("lacp-mode", Some(Leaf::LacpMode)),
    ("aggregate-id", Some(Leaf::AggregateId)),
    ("edge-port", Some(Leaf::EdgePort)),
    ("bpdu-guard", Some(Leaf::BpduGuard)),
    ("channel-group", None),
    ("lacp-rate", None),
    ("mode", None),
    ("switched", None),
    ("access-vlan", None),
    ("native-vlan", None),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawCli {
    #[serde(default = "ssh_port")]
    port: u16,
    #[serde(default = "default_instance")]
    network_instance: String,
    mapper: Option<RawMapper>,
    session: RawCliSession,
    words: Option<RawCliWords>,
    set: Option<RawSet>,
    flat: Option<RawFlat>,
    #[serde(default)]
    state: Vec<RawState>,
    /// What lies elsewhere for lines that set.
    #[serde(default)]
    tree: Table,
    #[serde(default)]
    defaults: Table,
}

/// What a dialect says of all protocols.
pub(super) struct Base<'a> {
    pub(super) tree: &'a Table,
    pub(super) defaults: &'a Table,
    pub(super) text: TextLimits,
    pub(super) names: Option<&'a InterfaceNames>,
    pub(super) lag_prefix: Option<&'a str>,
}

const fn ssh_port() -> u16 {
    22
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCliWords {
    form: CliForm,
    show: Vec<Value>,
    /// What told of ports before `[[cli.state]]` did.
    ports: Option<Value>,
    #[serde(default)]
    another: Vec<String>,
    #[serde(default = "no")]
    undo: String,
    leave: Option<String>,
    #[serde(default = "bang")]
    comments: Vec<String>,
    interface: RawBlocks,
    aggregate: Option<RawBlocks>,
    vlan: Option<RawBlocks>,
    port: BTreeMap<String, Value>,
    #[serde(default)]
    in_vlan: BTreeMap<String, Value>,
    trunk: Option<RawTrunkWords>,
    members: Option<RawMembers>,
    lag_members: Option<RawLagMembers>,
    #[serde(default)]
    marks_inside: bool,
    overlay: Option<RawCliOverlay>,
    bare: Option<String>,
    #[serde(default)]
    mode_change: ModeChange,
    /// What a port is that says no mode.
    mode_absent: Unsaid,
    #[serde(default)]
    foreign: Vec<String>,
    #[serde(default)]
    routed: Vec<String>,
    #[serde(default)]
    nothing: Vec<String>,
    unnamed: Option<String>,
    #[serde(default)]
    quotes: bool,
    command: Option<RawCommand>,
    whole: Option<RawWhole>,
    applied: Option<[String; 2]>,
    device: Option<DeviceColumns>,
    bonds: Option<RawBonds>,
    general: Option<RawGeneral>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCommand {
    begin: String,
    join: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWhole {
    line: String,
    empty: String,
    access: String,
    trunk: String,
    native: String,
    closed: String,
}

fn no() -> String {
    "no".to_owned()
}

pub(super) fn bang() -> Vec<String> {
    vec!["!".to_owned()]
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawShow {
    Command(String),
    Table {
        command: String,
        row: String,
        #[serde(default)]
        status: BTreeMap<String, String>,
    },
    Rows {
        command: String,
        before: String,
        split: char,
    },
    Tables {
        command: String,
        tables: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawBlocks {
    enter: String,
    #[serde(default)]
    also: Vec<String>,
    remove: Option<String>,
    within: Option<RawWithin>,
    #[serde(default)]
    options: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWithin {
    enter: String,
    make: String,
}

impl Reader<'_> {
    pub(super) fn cli(&mut self, base: &Base<'_>, raw: RawCli) -> Option<CliDialect> {
        let session = raw.session.build().map_err(|problems| self.problems.extend(problems));
        let states = self.states(raw.state);
        let at = |tree: Tree| Mapping::Tree(Arc::new(tree));
        let (mapping, words) = match (raw.words, raw.set, raw.flat) {
            (Some(words), None, None) if raw.tree.is_empty() => {
                let (tree, words) = self.by_table(base, words)?;
                (at(tree), words)
            }
            (None, Some(set), None) if raw.mapper.is_some() => {
                self.keeps_no_tree("cli", &raw.network_instance, [base.tree, &raw.tree]);
                (Mapping::MacVrf, Wording::Set(Arc::new(self.set_words_of_mac_vrf(base, set))))
            }
            (None, Some(set), None) => {
                let tree = self.laid_over(base.tree, raw.tree)?;
                let words = self.set_words(base, set, &tree);
                (at(tree), Wording::Set(Arc::new(words)))
            }
            (None, None, Some(flat)) => {
                self.knows_cli();
                let (tree, words) = self.flat_words(base, flat)?;
                (at(self.laid_over(&tree, raw.tree)?), Wording::Flat(Arc::new(words)))
            }
            _ => {
                self.problems.push("cli: has words, or one of set and flat and a tree".to_owned());
                return None;
            }
        };
        Some(CliDialect {
            port: raw.port,
            network_instance: raw.network_instance,
            mapping,
            defaults: self.defaults(base.defaults, raw.defaults),
            session: Arc::new(session.ok()?),
            words,
            states,
            names: base.names.cloned(),
        })
    }

    /// The module of the one tree.
    fn knows_cli(&mut self) {
        let module = Module { namespace: Arc::from("urn:mercury:cli"), name: None };
        self.modules.insert("cli".to_owned(), module);
    }

    fn by_table(&mut self, base: &Base<'_>, mut raw: RawCliWords) -> Option<(Tree, Wording)> {
        self.knows_cli();
        let mode_absent = raw.mode_absent;
        let overlay = raw.overlay.take().map(|raw| self.cli_overlay(raw));
        let mut words = self.words(base, raw);
        self.options_are_said(&words);
        self.is_whole(&words);
        let mut tree = self.cli_tree(&words)?;
        if let Some((lines, own)) = overlay {
            words.overlay = Some(lines);
            tree.insert("overlay".to_owned(), Value::Table(own));
        }
        let mut tree = self.laid_over(&tree, Table::new())?;
        if let crate::ModeForm::Leaf { unsaid, also, .. } = &mut tree.switched_vlan.mode {
            *unsaid = mode_absent;
            *also = words.more_modes();
        }
        // The name of a bond does not tell one.
        tree.kind = words.bonds.as_ref().map(|_| self.path("type", "type", tree.interface.module()));
        Some((tree, Wording::Table(Arc::new(words))))
    }

    /// The one tree, without what there are no lines for.
    fn cli_tree(&mut self, words: &CliWords) -> Option<Table> {
        let mut tree: Table = match TREE.parse() {
            Ok(tree) => tree,
            Err(error) => {
                self.problems.push(format!("cli: {error}"));
                return None;
            }
        };
        if !words.lag_prefix.is_empty() {
            tree.insert("aggregate-names".to_owned(), Value::String(words.lag_prefix.clone()));
        }
        for (node, leaf) in NODES {
            let Some(leaf) = leaf else { continue };
            let (group, name) =
                leaf.name().split_once('.').map_or((None, leaf.name()), |(group, name)| (Some(group), name));
            let own = match group {
                None => Some(&mut tree),
                Some(group) => tree.get_mut(group).and_then(Value::as_table_mut),
            };
            let Some(own) = own else { continue };
            match words.port.get(node) {
                None if leaf == Leaf::AggregateId && words.lists_every_member() => {}
                None => drop(own.remove(name)),
                Some(line) => drop(own.insert(name.to_owned(), leaf_of(node, line))),
            }
        }
        if words.port.contains_key("channel-group") || words.members_say_lacp() {
            if !["lacp-rate", "lacp-interval"].iter().any(|node| words.port.contains_key(*node)) {
                self.excused("lacp.interval");
            }
            if let Some(group) = tree.get_mut("channel-group").and_then(Value::as_table_mut) {
                group.insert("prefix".to_owned(), Value::String(words.lag_prefix.clone()));
            }
        } else {
            tree.remove("channel-group");
        }
        if let Some(own) = tree.get_mut("switched-vlan").and_then(Value::as_table_mut) {
            let mut list = Table::from_iter([("path".to_owned(), Value::from("trunk-vlans"))]);
            let absent = match words.trunk.absent {
                TrunkAbsent::All => {
                    list.insert("none".to_owned(), Value::from("none"));
                    false
                }
                TrunkAbsent::None => {
                    list.insert("all".to_owned(), Value::from("all"));
                    true
                }
                TrunkAbsent::Only(_) | TrunkAbsent::Unknown => {
                    list.extend(["all", "none"].map(|word| (word.to_owned(), Value::from(word))));
                    false
                }
            };
            list.insert("absent-is-none".to_owned(), Value::Boolean(absent));
            list.insert("tagged-only".to_owned(), Value::Boolean(words.trunk.tagged_only));
            if words.port.get("access-vlan") == words.port.get("native-vlan") {
                own.insert("native-vlan".to_owned(), Value::from("access-vlan"));
            }
            own.insert("trunk-vlans".to_owned(), Value::Table(list));
            // Its VLANs tell it.
            if words.members.is_none() && !words.port.contains_key("mode") {
                own.insert("mode".to_owned(), Value::from("derived"));
            }
            if words.port.contains_key("switched") {
                let switched =
                    [("path", "switched"), ("value", "true")].map(|(key, word)| (key.to_owned(), word.into()));
                own.insert("also".to_owned(), Value::Array(vec![Value::Table(switched.into_iter().collect())]));
            }
        }
        match &words.vlan {
            None => drop(tree.remove("vlan")),
            Some(_) => {
                if let Some(own) = tree.get_mut("vlan").and_then(Value::as_table_mut) {
                    for node in ["name", "status"].into_iter().filter(|node| !words.in_vlan.contains_key(*node)) {
                        own.remove(node);
                    }
                    if !own.contains_key("status") {
                        own.remove("status-words");
                    }
                }
            }
        }
        Some(tree)
    }

    fn words(&mut self, base: &Base<'_>, raw: RawCliWords) -> CliWords {
        let undo = raw.undo;
        let interface = self.blocks("interface", &undo, raw.interface);
        let aggregate = raw.aggregate.map(|raw| self.blocks("aggregate", &undo, raw));
        let vlan = raw.vlan.map(|raw| self.blocks("vlan", &undo, raw));
        let port = self.lines("port", &undo, raw.port, |node| NODES.iter().any(|(known, _)| *known == node));
        let in_vlan = self.lines("in-vlan", &undo, raw.in_vlan, |node| ["name", "status"].contains(&node));
        let members = raw.members.and_then(|raw| self.vlan_members(raw));
        let lag_members = raw.lag_members.and_then(|raw| self.lag_members(raw, &port));
        if members.is_none() && !port.contains_key("native-vlan") {
            self.excused("native-vlan");
        }
        if port.contains_key("mode") && (members.is_some() || raw.bare.is_some()) {
            self.problems.push("cli.words.port says what is said elsewhere about mode".to_owned());
        }
        if port.contains_key("access-vlan") == members.is_some() {
            let what = if members.is_some() { "what is said elsewhere" } else { "nothing" };
            self.problems.push(format!("cli.words.port says {what} about access-vlan"));
        }
        if raw.trunk.is_some() == members.is_some() {
            self.problems.push("cli.words: needs trunk, or else members".to_owned());
        }
        if raw.ports.is_some() {
            self.problems.push("cli.words.ports: [[cli.state]] tells of ports now; see a built-in dialect".to_owned());
        }
        if raw.show.is_empty() {
            self.problems.push("cli.words.show: nothing shows the configuration".to_owned());
        }
        let show: Vec<Shown> = raw.show.into_iter().filter_map(|raw| self.raw_show(raw)).collect();
        if raw.device.as_ref().is_some_and(|device| !show.iter().any(|shown| device.is_of(shown))) {
            self.problems.push("cli.words.device: no table that is shown has these columns".to_owned());
        }
        let whole = raw.whole.and_then(|raw| {
            let line = self.template("whole", &raw.line)?;
            let RawWhole { empty, access, trunk, native, closed, .. } = raw;
            Some(Whole { line, empty, access, trunk, native, closed })
        });
        let lag_prefix = base.lag_prefix.unwrap_or_default().to_owned();
        let joins = ["channel-group", "aggregate-id"].iter().any(|node| port.contains_key(*node));
        if lag_prefix.is_empty() && (joins || lag_members.is_some()) {
            self.problems.push("lag-prefix: only its name tells an aggregate at a command line".to_owned());
        }
        let unnamed = raw.unnamed.map(|text| self.template("unnamed", &text));
        CliWords {
            form: raw.form,
            shows: show,
            another: self.templates("another", &raw.another),
            command: raw.command.map(|raw| Command { begin: raw.begin, join: raw.join }),
            whole,
            applied: raw.applied,
            device: raw.device,
            bonds: raw.bonds.map(|raw| self.bonds(raw)),
            general: raw.general.and_then(|raw| self.general(raw)),
            leave: raw.leave,
            comments: raw.comments,
            interface,
            aggregate,
            vlan,
            port,
            in_vlan,
            mode_change: raw.mode_change,
            trunk: raw.trunk.map_or_else(TrunkWords::of_members, |raw| self.trunk_words(&undo, raw)),
            members,
            lag_members,
            marks_inside: raw.marks_inside,
            overlay: None,
            bare: raw.bare.and_then(|text| self.template("bare", &text)),
            foreign: self.templates("foreign", &raw.foreign),
            routed: self.templates("routed", &raw.routed),
            nothing: self.templates("nothing", &raw.nothing),
            quotes: raw.quotes,
            unnamed: unnamed.flatten(),
            lag_prefix,
            names: base.names.cloned(),
            text: base.text,
            undo,
        }
    }

    pub(super) fn shown(&mut self, raw: RawShow) -> Option<Shown> {
        Some(match raw {
            RawShow::Command(command) => Shown { command, table: None, rows: None, tables: Vec::new() },
            RawShow::Table { command, row, status } => {
                let row = self.template("show", &row)?;
                let table = crate::dialect::cli::VlanTable { row, status: status.into_iter().collect() };
                Shown { command, table: Some(table), rows: None, tables: Vec::new() }
            }
            RawShow::Rows { command, before, split } => {
                Shown { command, table: None, rows: Some(Rows { before, split }), tables: Vec::new() }
            }
            RawShow::Tables { command, tables } => Shown { command, table: None, rows: None, tables },
        })
    }

    fn blocks(&mut self, key: &str, undo: &str, raw: RawBlocks) -> Blocks {
        let remove = raw.remove.unwrap_or_else(|| format!("{undo} {}", raw.enter));
        let mut one = |text: &str| self.template(key, text).unwrap_or_else(Template::nothing);
        let (enter, remove) = (one(&raw.enter), one(&remove));
        let within = raw.within.and_then(|raw| Some((raw.enter, self.template(key, &raw.make)?)));
        let (also, options) = (self.templates(key, &raw.also), self.templates(key, &raw.options));
        Blocks { enter, also, remove, within, options }
    }

    fn lines(
        &mut self,
        table: &str,
        undo: &str,
        raw: BTreeMap<String, Value>,
        known: impl Fn(&str) -> bool,
    ) -> BTreeMap<String, CliLine> {
        let mut lines = BTreeMap::new();
        for (node, raw) in raw {
            let key = format!("{table}.{node}");
            if !known(&node) {
                self.problems.push(format!("cli.words.{key}: Mercury knows no such node"));
                continue;
            }
            if let Some(line) = self.raw_line(&key, raw).and_then(|raw| self.line(&key, undo, raw)) {
                lines.insert(node, line);
            }
        }
        lines
    }

    pub(super) fn templates(&mut self, key: &str, texts: &[String]) -> Vec<Template> {
        texts.iter().filter_map(|text| self.template(key, text)).collect()
    }

    pub(super) fn template(&mut self, key: &str, text: &str) -> Option<Template> {
        let parsed = Template::parse(text);
        parsed.map_err(|problem| self.problems.push(format!("cli.words.{key}: {problem}"))).ok()
    }
}
