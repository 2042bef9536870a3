//! The tables that a switch has of Open vSwitch's database: of those published, what tells
//! what its ports carry.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

use super::datum::Type;

/// The database's name.
pub(super) const DATABASE: &str = "Open_vSwitch";

#[derive(Debug)]
pub(super) struct Table {
    pub(super) is_root: bool,
    pub(super) max_rows: usize,
    /// Columns by which no two rows are the same.
    pub(super) indexes: Vec<Vec<String>>,
    pub(super) columns: BTreeMap<String, Column>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) of: Type,
    pub(super) is_mutable: bool,
}

/// What `get_schema` answers.
pub(super) fn published() -> &'static Value {
    static TEXT: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(include_str!("schema.json")).unwrap_or_default());
    &TEXT
}

pub(super) fn tables() -> &'static BTreeMap<String, Table> {
    static TABLES: LazyLock<BTreeMap<String, Table>> = LazyLock::new(|| {
        let tables = published()["tables"].as_object().into_iter().flatten();
        tables.filter_map(|(name, table)| Some((name.clone(), of_schema(table)?))).collect()
    });
    &TABLES
}

fn of_schema(json: &Value) -> Option<Table> {
    let texts = |list: &Value| {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let column = |(name, json): (&String, &Value)| {
        Some((name.clone(), Column { of: Type::of_schema(&json["type"])?, is_mutable: json["mutable"] != false }))
    };
    let mut columns: BTreeMap<String, Column> = json["columns"].as_object()?.iter().filter_map(column).collect();
    for name in ["_uuid", "_version"] {
        columns.insert(name.to_owned(), Column { of: Type::of_row(), is_mutable: false });
    }
    Some(Table {
        is_root: json["isRoot"] == true,
        max_rows: json["maxRows"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX),
        indexes: json["indexes"].as_array().into_iter().flatten().map(texts).collect(),
        columns,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing of the text was skipped.
    #[test]
    fn the_whole_schema_is_understood() {
        let text = published();
        for (name, table) in text["tables"].as_object().unwrap() {
            assert_eq!(tables()[name].columns.len(), table["columns"].as_object().unwrap().len() + 2, "{name}");
        }
        assert_eq!(tables().len(), 6);
    }
}
