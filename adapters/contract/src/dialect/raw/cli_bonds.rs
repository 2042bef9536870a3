//! `[cli.words.bonds]` of a dialect file.

use serde::Deserialize;

use super::Reader;
use crate::dialect::cli::{BondColumns, BondParts, BondRow, Bonds, Template};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawBonds {
    columns: BondColumns,
    port: BondRow,
    bond: BondRow,
    parts: RawParts,
    /// Why no bond is static.
    r#static: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawParts {
    row: String,
    separator: String,
    name: String,
    bridge_of_interface: String,
    bridge_of_port: String,
    spare: Vec<String>,
    same: Vec<String>,
    alone: Vec<String>,
    together: String,
    goes: String,
    port: Vec<String>,
    bond: Vec<String>,
    joins: String,
    leaves: String,
    mtu: String,
    no_mtu: String,
    text: String,
    no_text: String,
}

impl Reader<'_> {
    pub(super) fn bonds(&mut self, raw: RawBonds) -> Bonds {
        let RawBonds { columns, port, bond, parts: raw, r#static: fixed } = raw;
        let mut one = |text: &str| self.template("bonds.parts", text).unwrap_or_else(Template::nothing);
        let parts = BondParts {
            row: one(&raw.row),
            separator: raw.separator,
            name: one(&raw.name),
            bridge_of_interface: one(&raw.bridge_of_interface),
            bridge_of_port: one(&raw.bridge_of_port),
            spare: raw.spare.iter().map(|text| one(text)).collect(),
            same: raw.same.iter().map(|text| one(text)).collect(),
            alone: raw.alone.iter().map(|text| one(text)).collect(),
            together: one(&raw.together),
            goes: one(&raw.goes),
            port: raw.port.iter().map(|text| one(text)).collect(),
            bond: raw.bond.iter().map(|text| one(text)).collect(),
            joins: one(&raw.joins),
            leaves: one(&raw.leaves),
            mtu: one(&raw.mtu),
            no_mtu: one(&raw.no_mtu),
            text: one(&raw.text),
            no_text: one(&raw.no_text),
            fixed,
        };
        Bonds { columns, port, bond, parts }
    }
}
