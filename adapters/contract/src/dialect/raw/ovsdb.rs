//! `[ovsdb]` of a dialect file.

use std::{collections::BTreeMap, sync::Arc};

use mercury_model::Leaf;
use serde::Deserialize;
use toml::{Table, Value};

use super::Reader;
use crate::{
    Module,
    dialect::{OvsdbColumn, OvsdbDialect, Trust, revision::RawRevision},
};

/// The data that rows are read as.
const TREE: &str = include_str!("ovsdb_tree.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawOvsdb {
    #[serde(default = "ovsdb_port")]
    port: u16,
    closed_vlan: u16,
    /// `bond_mode` of the bonds that are made.
    bond_mode: Option<String>,
    /// What the rows of a port are worth, that a transaction waits for.
    revision: Option<RawRevision>,
    /// By leaf.
    columns: BTreeMap<String, OvsdbColumn>,
}

const fn ovsdb_port() -> u16 {
    6640
}

impl Reader<'_> {
    pub(super) fn ovsdb(&mut self, defaults: &Table, lag_prefix: Option<&str>, raw: RawOvsdb) -> Option<OvsdbDialect> {
        let module = Module { namespace: Arc::from("urn:mercury:ovsdb"), name: None };
        self.modules.insert("ovsdb".to_owned(), module);
        let mut tree: Table = TREE.parse().map_err(|error| self.problems.push(format!("ovsdb: {error}"))).ok()?;
        if let Some(prefix) = lag_prefix {
            tree.insert("aggregate-names".to_owned(), prefix.into());
        }
        if raw.bond_mode.is_none() {
            tree.remove("aggregate-id");
        } else if lag_prefix.is_none() {
            self.problems.push("ovsdb.bond-mode: without lag-prefix no bond is made".to_owned());
        }
        if raw.closed_vlan > 4095 {
            self.problems.push("ovsdb.closed-vlan: must be 0 to 4095".to_owned());
        }
        let mut columns = BTreeMap::new();
        for (name, column) in raw.columns {
            if Leaf::from_name(&name).is_none_or(|leaf| leaf == Leaf::SwitchedVlan) {
                self.problems.push(format!("ovsdb.columns.{name}: is no leaf that a column can hold"));
                continue;
            }
            let node = name.replace('.', "-");
            let words: Table = column.words.iter().map(|(own, word)| (own.clone(), word.clone().into())).collect();
            let leaf = [("path", Value::from(node.clone())), ("words", Value::Table(words))];
            let absent = column.absent.clone().map(|word| ("absent", word.into()));
            let leaf = leaf.into_iter().chain(absent).map(|(key, value)| (key.to_owned(), value));
            let leaf = Value::Table(leaf.collect());
            match name.split_once('.') {
                None => drop(tree.insert(name, leaf)),
                Some((group, name)) => {
                    let group = tree.entry(group).or_insert_with(|| Value::Table(Table::new()));
                    group.as_table_mut().map(|group| group.insert(name.to_owned(), leaf));
                }
            }
            columns.insert(node, column);
        }
        Some(OvsdbDialect {
            revision: self.revision(raw.revision),
            port: raw.port,
            closed: raw.closed_vlan,
            bond_mode: raw.bond_mode,
            columns: Arc::new(columns),
            tree: Arc::new(self.laid_over(&tree, Table::new())?),
            defaults: self.defaults(defaults, Table::new()),
        })
    }

    /// How far the target's word for its configuration is trusted.
    fn revision(&mut self, raw: Option<RawRevision>) -> Trust {
        let Some(raw) = raw else { return Trust::None };
        if !raw.is_justified() {
            self.problems.push(format!("{}.revision.source: must tell who says so", self.section));
        }
        raw.trust
    }
}
