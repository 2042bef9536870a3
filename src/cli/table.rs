//! Ports in a CSV file (RFC 4180), a row each: what `update_port` would make of them.
//! Spreadsheets also write semicolons or tabs between the cells.

use std::collections::BTreeMap;

use mercury_model::{VlanId, VlanSet};
use serde_json::{Map, Value, json};

use super::requests::{Item, Misplaced};

/// A column, and the parameter that it is.
const COLUMNS: [(&str, &str); 6] = [
    ("switch", "switch_id"),
    ("port", "port_name"),
    ("mode", "mode"),
    ("vlan", "native_vlan"),
    ("vlans", "allowed_vlans"),
    ("description", "description"),
];

/// What stands between the columns that a line names; `None` where it names none.
fn separator(line: &str) -> Option<char> {
    let is_named = |separator: &char| {
        let mut names = line.split(*separator).map(|name| name.trim().trim_matches('"').to_lowercase());
        line.contains(*separator) && names.any(|name| name == "switch")
    };
    [',', ';', '\t'].into_iter().find(is_named)
}

/// Whether a line names the columns of such a table.
pub(super) fn is_head(line: &str) -> bool {
    separator(line).is_some()
}

/// The rows, as requests.
pub(super) fn items(text: &str) -> Result<Vec<Item>, Misplaced> {
    let separator = text.lines().next().and_then(separator).and_then(|separator| u8::try_from(separator).ok());
    let mut reader = csv::ReaderBuilder::new();
    reader.trim(csv::Trim::All).delimiter(separator.unwrap_or(b','));
    let mut reader = reader.from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| misplaced(&error))?.clone();
    let columns = head.iter().map(|name| {
        let known = COLUMNS.iter().find(|(column, _)| *column == name.to_lowercase());
        let names = || COLUMNS.map(|(column, _)| column).join(", ");
        known.map(|(_, parameter)| *parameter).ok_or_else(|| (1, format!("no column {name:?}; there are {}", names())))
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let mut items = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| misplaced(&error))?;
        let line = row.position().map_or(0, |place| usize::try_from(place.line()).unwrap_or_default());
        let mut params = Map::new();
        for (parameter, cell) in columns.iter().zip(&row).filter(|(_, cell)| !cell.is_empty()) {
            let value = value(parameter, cell).map_err(|reason| (line, format!("{parameter}: {reason}")))?;
            params.insert((*parameter).to_owned(), value);
        }
        let value = json!({"method": "update_port", "params": params});
        items.push(Item { line, value, lines: BTreeMap::new() });
    }
    Ok(items)
}

fn value(parameter: &str, cell: &str) -> Result<Value, String> {
    match parameter {
        "native_vlan" => cell.parse::<VlanId>().map(|vlan| vlan.get().into()).map_err(|error| error.to_string()),
        // A comma is between cells, so blanks are between VLANs as well.
        "allowed_vlans" => {
            let vlans = cell.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(",");
            let vlans: VlanSet = vlans.parse().map_err(|error| format!("{error}"))?;
            Ok(vlans.iter().map(VlanId::get).collect())
        }
        _ => Ok(cell.into()),
    }
}

fn misplaced(error: &csv::Error) -> Misplaced {
    let line = error.position().map_or(1, |place| usize::try_from(place.line()).unwrap_or_default());
    (line, error.to_string())
}
