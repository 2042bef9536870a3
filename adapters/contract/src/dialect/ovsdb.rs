//! What OVSDB needs of a dialect.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Tree, Trust};
use crate::Defaults;

/// How a dialect is spoken to over OVSDB (RFC 7047); cheap to clone.
#[derive(Clone, Debug)]
pub struct OvsdbDialect {
    /// TCP port where an inventory entry names none; 6640 is IANA's.
    pub port: u16,
    /// The one VLAN, 0 to 4095, in the list of a trunk that carries nothing.
    pub closed: u16,
    /// `bond_mode` of the bonds that Mercury makes; `None` where it makes none.
    pub bond_mode: Option<String>,
    /// The columns that hold a port's leaves, by the name of the leaf's node.
    pub columns: Arc<BTreeMap<String, OvsdbColumn>>,
    /// What the rows of a port are worth, that a transaction waits for (RFC 7047 section
    /// 5.2.6).
    pub revision: Trust,
    /// Where everything lies in the data that rows are read as.
    pub tree: Arc<Tree>,
    /// What is so where a leaf is absent.
    pub defaults: Defaults,
}

/// The column that holds a leaf of a port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OvsdbColumn {
    /// The table whose row has the port's name.
    pub table: OvsdbTable,
    /// The column.
    pub column: String,
    /// The key, where the column is a map.
    pub key: Option<String>,
    /// The model's words and the column's, where those differ.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// The model's word for what is so where it holds nothing.
    pub absent: Option<String>,
}

/// A table with a row for each port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum OvsdbTable {
    /// `Port`.
    Port,
    /// `Interface`.
    Interface,
}

impl OvsdbTable {
    /// The name of the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Port => "Port",
            Self::Interface => "Interface",
        }
    }
}
