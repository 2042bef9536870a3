//! A dialect file as it is written, and its way to a [`Dialect`].

use std::{collections::BTreeMap, sync::Arc};

use mercury_model::{Leaf, List, VlanId};
use serde::Deserialize;
use toml::{Table, Value};

use super::{
    ChannelGroup, ConfirmedBy, Deviation, Dialect, Evidence, GnmiDialect, GnmiEncoding, LeafTree, LeafValues, ListTree,
    Mapping, Module, NetconfDialect, NodePath, PathPrefixes, Reading, Save, TextLimits, Tree, Variant, VlanTree,
    WriteLevel, interface_names::RawInterfaceNames, revision,
};
mod cli;
mod cli_bonds;
mod cli_flat;
mod cli_lines;
mod cli_members;
mod cli_overlay;
mod cli_session;
mod cli_set;
mod cli_state;
mod cli_trunk;
mod defaults;
mod inherit;
mod leaf;
mod namespace;
mod nvue;
mod overlay;
mod ovsdb;
mod restconf;
mod shapes;
mod switched_vlan;

use cli::RawCli;
pub(super) use cli_session::RawCliSession;
pub(super) use inherit::lineage;
use inherit::{inherit, lay_over, without_false, without_unspoken};
use namespace::{RawNamespace, module};
use nvue::RawNvue;
use ovsdb::RawOvsdb;
use restconf::RawRestconf;
use shapes::{RawLeaf, RawTree, RawVariant, RawVlan, is_revision};

type Problems = Vec<String>;

/// The tables of a dialect file that say how it is spoken to.
pub(super) const PROTOCOLS: [&str; 6] = ["netconf", "gnmi", "cli", "ovsdb", "restconf", "nvue"];

/// Reads one dialect with everything it inherits laid beneath it.
pub(super) fn resolve(name: &str, texts: &[(&str, &str)]) -> Result<Raw, Problems> {
    let mut table = inherit(name, texts, &mut vec![name.to_owned()])?;
    without_unspoken(&mut table);
    Raw::deserialize(Value::Table(table)).map_err(|error| vec![error.message().to_owned()])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Raw {
    vendor: String,
    os: String,
    sources: Vec<String>,
    #[serde(default)]
    evidence: Vec<Evidence>,
    #[serde(default)]
    text: TextLimits,
    #[serde(default)]
    native_in_trunk_vlans: bool,
    #[serde(default = "yes")]
    members_have_mtu: bool,
    lowest_vlan: Option<u16>,
    lag_prefix: Option<String>,
    interface_names: Option<RawInterfaceNames>,
    #[serde(default, rename = "deviation")]
    deviations: Vec<Deviation>,
    #[serde(default)]
    namespaces: BTreeMap<String, RawNamespace>,
    /// Where everything lies, for every protocol.
    #[serde(default)]
    tree: Table,
    /// What is so where a leaf is absent.
    #[serde(default)]
    defaults: Table,
    netconf: Option<RawNetconf>,
    gnmi: Option<RawGnmi>,
    cli: Option<RawCli>,
    ovsdb: Option<RawOvsdb>,
    restconf: Option<RawRestconf>,
    nvue: Option<RawNvue>,
    #[serde(default)]
    revision: BTreeMap<String, revision::RawRevision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawNetconf {
    #[serde(default = "netconf_port")]
    port: u16,
    #[serde(default = "yes")]
    pipelining: bool,
    #[serde(default = "yes")]
    lock_running: bool,
    #[serde(default)]
    confirmed_commit: ConfirmedBy,
    #[serde(default = "default_instance")]
    network_instance: String,
    /// The operation that saves running, where there is no startup to copy it to.
    save: Option<String>,
    /// What lies elsewhere for this protocol.
    #[serde(default)]
    tree: Table,
    #[serde(default)]
    defaults: Table,
    /// What lay elsewhere before, the newest first.
    #[serde(default, rename = "variant")]
    variants: Vec<RawVariant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawGnmi {
    #[serde(default = "gnmi_port")]
    port: u16,
    encoding: Option<GnmiEncoding>,
    #[serde(default)]
    path_prefixes: PathPrefixes,
    #[serde(default = "yes")]
    json_prefixes: bool,
    origin: Option<String>,
    target: Option<String>,
    #[serde(default)]
    write_level: WriteLevel,
    lag_level: Option<WriteLevel>,
    #[serde(default)]
    leaf_values: LeafValues,
    #[serde(default = "yes")]
    replace: bool,
    #[serde(default = "yes")]
    atomic: bool,
    max_operations: Option<usize>,
    #[serde(default)]
    commit_confirmed: bool,
    #[serde(default)]
    explicit_enabled: bool,
    #[serde(default)]
    reading: Reading,
    #[serde(default)]
    save: Save,
    #[serde(default = "default_instance")]
    network_instance: String,
    mapper: Option<RawMapper>,
    #[serde(default)]
    tree: Table,
    #[serde(default)]
    defaults: Table,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawMapper {
    MacVrf,
}

const fn gnmi_port() -> u16 {
    9339
}

const fn netconf_port() -> u16 {
    830
}

const fn yes() -> bool {
    true
}

fn default_instance() -> String {
    "default".to_owned()
}

impl Raw {
    pub(super) fn build(self, name: &str) -> Result<Dialect, Problems> {
        let modules = self.namespaces.into_iter().map(|(prefix, raw)| (prefix, module(raw))).collect();
        let mut reader = Reader { problems: Vec::new(), deviations: &self.deviations, modules, section: "netconf" };
        for deviation in &self.deviations {
            if deviation.reason.trim().is_empty() || deviation.evidence.trim().is_empty() {
                reader.problems.push(format!("deviation {}: a reason and evidence are needed", deviation.leaf));
            }
            if deviation.protocol.as_ref().is_some_and(|protocol| !PROTOCOLS.contains(&protocol.as_str())) {
                reader.problems.push(format!("deviation {}: no such protocol", deviation.leaf));
            }
        }
        let interface_names = self.interface_names.map(RawInterfaceNames::build).transpose();
        let interface_names = interface_names.unwrap_or_else(|problems| {
            reader.problems.extend(problems);
            None
        });
        let netconf = self.netconf.and_then(|netconf| reader.netconf((&self.tree, &self.defaults), netconf));
        let lowest_vlan = self.lowest_vlan.map_or(Ok(VlanId::MIN), VlanId::try_from).unwrap_or_else(|problem| {
            reader.problems.push(format!("lowest-vlan: {problem}"));
            VlanId::MIN
        });
        let revisions = revision::read(self.revision, &mut reader.problems);
        reader.section = "gnmi";
        let gnmi = self.gnmi.and_then(|gnmi| reader.gnmi((&self.tree, &self.defaults), gnmi));
        reader.section = "restconf";
        let restconf = self.restconf.and_then(|restconf| {
            let base = restconf::Base {
                tree: &self.tree,
                defaults: &self.defaults,
                netconf: netconf.as_ref(),
                gnmi: gnmi.as_ref(),
                trust: revision::trust(&revisions, "restconf"),
            };
            reader.restconf(&base, restconf)
        });
        reader.section = "cli";
        let base = cli::Base {
            tree: &self.tree,
            defaults: &self.defaults,
            text: self.text,
            names: interface_names.as_ref(),
            lag_prefix: self.lag_prefix.as_deref(),
        };
        let cli = self.cli.and_then(|cli| reader.cli(&base, cli));
        reader.section = "nvue";
        let nvue = self.nvue.and_then(|nvue| reader.nvue(cli.as_ref(), nvue, revision::trust(&revisions, "nvue")));
        reader.section = "ovsdb";
        let ovsdb = self.ovsdb.and_then(|ovsdb| reader.ovsdb(&self.defaults, self.lag_prefix.as_deref(), ovsdb));
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let dialect = Dialect {
            name: name.to_owned(),
            vendor: self.vendor,
            os: self.os,
            sources: self.sources,
            evidence: self.evidence,
            is_own: false,
            text: self.text,
            native_in_trunk_vlans: self.native_in_trunk_vlans,
            members_have_mtu: self.members_have_mtu,
            lowest_vlan,
            lag_prefix: self.lag_prefix,
            interface_names,
            netconf,
            gnmi,
            cli,
            ovsdb,
            restconf,
            nvue,
            revisions,
            deviations: self.deviations,
        };
        if dialect.lists_tagged_alone() && !dialect.native_in_trunk_vlans {
            let reason = "what lists its tagged VLANs alone counts the native one among the trunk's";
            return Err(vec![format!("native-in-trunk-vlans: must be true: {reason}")]);
        }
        Ok(dialect)
    }
}

/// Turns texts into paths and collects what is wrong with them.
struct Reader<'a> {
    problems: Problems,
    deviations: &'a [Deviation],
    modules: BTreeMap<String, Module>,
    /// The protocol whose part is read.
    section: &'static str,
}

impl Reader<'_> {
    fn netconf(&mut self, (tree, defaults): (&Table, &Table), raw: RawNetconf) -> Option<NetconfDialect> {
        let mut whole = tree.clone();
        lay_over(&mut whole, raw.tree);
        let newest = self.laid_over(&whole, Table::new())?;
        let mut variants = Vec::new();
        for RawVariant { module, before, tree } in raw.variants {
            if !is_revision(&before) {
                self.problems
                    .push(format!("netconf.variant: {before:?} is no revision, which is a date such as 2023-11-01"));
            }
            lay_over(&mut whole, tree);
            variants.push(Variant { module, before, tree: Arc::new(self.laid_over(&whole, Table::new())?) });
        }
        Some(NetconfDialect {
            port: raw.port,
            pipelining: raw.pipelining,
            lock_running: raw.lock_running,
            confirmed_commit: raw.confirmed_commit,
            network_instance: raw.network_instance,
            save: raw.save.map(|path| self.path("save", &path, None)),
            defaults: self.defaults(defaults, raw.defaults),
            tree: Arc::new(newest),
            variants,
        })
    }

    /// What code finds has no tree, and its VLANs are network instances.
    fn keeps_no_tree(&mut self, section: &str, network_instance: &str, trees: [&Table; 2]) {
        if !network_instance.contains("{vlan-id}") {
            self.problems.push(format!("{section}.network-instance: must hold {{vlan-id}}"));
        }
        if !trees.iter().all(|tree| tree.is_empty()) {
            self.problems.push(format!("{section}.mapper: leaves no place for a tree"));
        }
    }

    fn gnmi(&mut self, (tree, defaults): (&Table, &Table), raw: RawGnmi) -> Option<GnmiDialect> {
        let mapping = match raw.mapper {
            None => Mapping::Tree(Arc::new(self.laid_over(tree, raw.tree)?)),
            Some(RawMapper::MacVrf) => {
                self.keeps_no_tree("gnmi", &raw.network_instance, [tree, &raw.tree]);
                Mapping::MacVrf
            }
        };
        if raw.path_prefixes != PathPrefixes::None || raw.json_prefixes {
            self.names_modules();
        }
        if raw.max_operations == Some(0) {
            self.problems.push("gnmi.max-operations: must be 1 or more".to_owned());
        }
        Some(GnmiDialect {
            port: raw.port,
            encoding: raw.encoding,
            path_prefixes: raw.path_prefixes,
            json_prefixes: raw.json_prefixes,
            origin: raw.origin.filter(|origin| !origin.is_empty()),
            target: raw.target.filter(|target| !target.is_empty()),
            write_level: raw.write_level,
            lag_level: raw.lag_level,
            leaf_values: raw.leaf_values,
            replace: raw.replace,
            atomic: raw.atomic,
            max_operations: raw.max_operations,
            commit_confirmed: raw.commit_confirmed,
            explicit_enabled: raw.explicit_enabled,
            reading: raw.reading,
            save: raw.save,
            network_instance: raw.network_instance,
            defaults: self.defaults(defaults, raw.defaults),
            mapping,
        })
    }

    /// RFC 7951 section 4 names modules, not namespaces.
    fn names_modules(&mut self) {
        let nameless = self.modules.iter().filter(|(_, module)| module.name.is_none());
        let nameless: Vec<_> = nameless.map(|(prefix, _)| format!("namespaces.{prefix} names no module")).collect();
        self.problems.extend(nameless);
    }

    fn laid_over(&mut self, tree: &Table, own: Table) -> Option<Tree> {
        let mut whole = tree.clone();
        lay_over(&mut whole, own);
        without_false(&mut whole);
        let leaves = self.leaves(&mut whole);
        match RawTree::deserialize(Value::Table(whole)) {
            Ok(raw) => Some(self.tree(raw, leaves)),
            Err(error) => {
                self.problems.push(format!("{}.tree: {}", self.section, error.message()));
                None
            }
        }
    }

    /// Takes the leaves out of a tree; a dotted name is that of a leaf in a table.
    fn leaves(&mut self, tree: &mut Table) -> BTreeMap<Leaf, RawLeaf> {
        let mut leaves = BTreeMap::new();
        for leaf in Leaf::ALL.into_iter().filter(|leaf| *leaf != Leaf::SwitchedVlan) {
            let value = match leaf.name().split_once('.') {
                None => tree.remove(leaf.name()),
                Some((group, name)) => {
                    tree.get_mut(group).and_then(Value::as_table_mut).and_then(|group| group.remove(name))
                }
            };
            let Some(value) = value else {
                let grouped = ChannelGroup::LEAVES.contains(&leaf) && tree.contains_key("channel-group");
                if leaf.is_standard() && !grouped {
                    self.excused(leaf.name());
                }
                continue;
            };
            match RawLeaf::deserialize(value) {
                Ok(raw) => drop(leaves.insert(leaf, raw)),
                Err(_) => self.problems.push(format!(
                    "{}.tree.{leaf}: is a path, or a table of path, words and identity, or one of present and absent",
                    self.section
                )),
            }
        }
        // What is left of a table of leaves is none of them.
        for group in ["aggregation", List::Lacp.name(), List::Stp.name()] {
            if tree.get(group).and_then(Value::as_table).is_some_and(Table::is_empty) {
                tree.remove(group);
            }
        }
        leaves
    }

    fn tree(&mut self, raw: RawTree, leaves: BTreeMap<Leaf, RawLeaf>) -> Tree {
        let interface = self.path("interface", &raw.interface, None);
        let at = interface.module().cloned();
        let below = at.as_ref();
        let lists = [(List::Lacp, raw.lacp), (List::Stp, raw.stp)];
        let lists: BTreeMap<List, ListTree> =
            lists.into_iter().filter_map(|(list, raw)| Some((list, self.list(list, raw?, below)?))).collect();
        let leaves = leaves.into_iter().map(|(leaf, raw)| {
            let list = leaf.list().and_then(|list| lists.get(&list)).filter(|list| list.is_beside);
            let below = list.map_or(at.clone(), |list| list.entry.module().cloned());
            (leaf, self.leaf_tree(leaf, raw, below.as_ref()))
        });
        let leaves: BTreeMap<Leaf, LeafTree> = leaves.collect();
        let routed = self.routed(raw.routed, below);
        let vlan = self.needed("vlan", raw.vlan).map(|raw| self.vlan(raw));
        let tree = Tree {
            name: raw.name.map(|path| self.path("name", &path, below)),
            // What an interface is, its name tells at a command line.
            kind: if self.section == "cli" { None } else { self.leaf("type", raw.kind, below) },
            aggregate_names: raw.aggregate_names,
            member_without: raw.member_without.map(|path| self.path("member-without", &path, below)),
            inheritance: raw.inheritance.map(|path| self.path("inheritance", &path, None)),
            oper_status: raw.oper_status.map(|path| self.path("oper-status", &path, None)),
            aggregate_count: raw.aggregate_count.map(|path| self.path("aggregate-count", &path, None)),
            leaves,
            lists,
            switched_vlan: self.switched_vlan("switched-vlan", raw.switched_vlan, below, &routed),
            aggregate_switched_vlan: raw
                .aggregate_switched_vlan
                .map(|raw| self.switched_vlan("aggregate-switched-vlan", raw, below, &routed)),
            overlay: raw.overlay.map(|raw| self.overlay(raw, vlan.as_ref())),
            vlan,
            channel_group: raw.channel_group.map(|raw| ChannelGroup {
                number: self.path("channel-group", &raw.number, below),
                prefix: raw.prefix,
                mode: self.path("channel-group", &raw.mode, below),
                rate: self.path("channel-group", &raw.rate, below),
            }),
            interface,
        };
        self.lists_ports(&tree);
        tree
    }

    fn vlan(&mut self, raw: RawVlan) -> VlanTree {
        let entry = self.path("vlan.entry", &raw.entry, None);
        let below = entry.module().cloned();
        let keyed_by_name = raw.entry.contains("{vlan-name}");
        if raw.name.is_none() && !keyed_by_name {
            self.excused("vlan.name");
        }
        if raw.status.is_none() {
            self.excused("vlan.status");
        }
        if raw.id.is_none() && !raw.entry.contains("{vlan-id}") {
            self.excused("vlan.id");
        }
        VlanTree {
            id: raw.id.map(|path| self.path("vlan.id", &path, below.as_ref())),
            id_words: raw.id_words,
            name: raw.name.map(|path| self.path("vlan.name", &path, below.as_ref())),
            kind: raw.kind,
            members: raw.members.map(|path| self.path("vlan.members", &path, below.as_ref())),
            status: raw.status.map(|path| self.path("vlan.status", &path, below.as_ref())),
            status_words: raw.status_words.into_iter().collect(),
            default_values: raw
                .default_values
                .into_iter()
                .map(|(path, words)| (self.path("vlan.default-values", &path, below.as_ref()), words.all()))
                .collect(),
            entry,
        }
    }

    fn leaf(&mut self, leaf: &str, text: Option<String>, inherited: Option<&Module>) -> Option<NodePath> {
        self.needed(leaf, text).map(|text| self.path(leaf, &text, inherited))
    }

    /// What a dialect does not say, it must excuse.
    fn needed<T>(&mut self, leaf: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.excused(leaf);
        }
        value
    }

    fn excused(&mut self, leaf: &str) {
        let names = [leaf, leaf.split_once('.').map_or(leaf, |(group, _)| group)];
        let excuses = |deviation: &Deviation| names.iter().any(|name| deviation.excuses(self.section, name));
        if !self.deviations.iter().any(excuses) {
            self.problems.push(format!("{}.tree says nothing about {leaf} and no deviation excuses it", self.section));
        }
    }

    fn path(&mut self, leaf: &str, text: &str, inherited: Option<&Module>) -> NodePath {
        NodePath::parse(text, &self.modules, inherited).unwrap_or_else(|problem| {
            self.problems.push(format!("{}.tree.{leaf}: {problem}", self.section));
            NodePath::default()
        })
    }
}
