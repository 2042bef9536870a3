//! What NVUE's REST server needs of a dialect.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{CliDialect, Trust};

/// How a dialect is spoken to over NVUE's REST server: in the words of its command line, as
/// the members of JSON objects; cheap to clone.
#[derive(Clone, Debug)]
pub struct NvueDialect {
    /// TCP port where an inventory entry names none.
    pub port: u16,
    /// The words, and the data that they are read as.
    pub cli: CliDialect,
    /// What holds a value, by its name.
    pub leaves: BTreeMap<String, NvueLeaf>,
    /// What holds other members and says nothing by itself, where it is empty.
    pub groups: BTreeSet<String>,
    /// Whether what is applied can wait to be confirmed.
    pub confirms: bool,
    /// How far it is trusted that what is applied is the same where it looks the same.
    pub revision: Trust,
}

/// How the value of a leaf is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NvueLeaf {
    /// As a string.
    Text,
    /// As a number where it is one, else as a string.
    Number,
    /// As the name of an empty member, beside which there is no other.
    Choice,
}
