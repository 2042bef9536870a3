//! Ports in a CSV file (RFC 4180), a row each: what `update_port` would make of them.
//! Spreadsheets also write semicolons or tabs between the cells.

use std::collections::BTreeMap;

use mercury_model::{VlanId, VlanSet};
use serde_json::{Map, Value, json};

use super::requests::{Item, Misplaced, Misread};

/// Says that a port has no VLAN of its own.
pub(super) const NO_VLAN: &str = "none";

/// What a port may be.
const MODES: [&str; 4] = ["access", "trunk", "hybrid", NO_VLAN];

/// A column, and the parameter that it is.
const COLUMNS: [(&str, &str); 6] = [
    ("switch", "switch_id"),
    ("port", "port_name"),
    ("mode", "mode"),
    ("vlan", "native_vlan"),
    ("vlans", "allowed_vlans"),
    ("description", "description"),
];

/// What tells which port a row is about.
const NAMES: [&str; 2] = ["switch_id", "port_name"];

/// What stands between the columns that a line names; `None` where it names none.
fn separator(line: &str) -> Option<char> {
    // One that forgot the switch has other columns, and is to be told that.
    let is_named = |separator: &char| {
        let names = line.split(*separator).map(|name| name.trim().trim_matches('"').to_lowercase());
        let known = names.filter(|name| COLUMNS.iter().any(|(column, _)| column == name)).collect::<Vec<_>>();
        line.contains(*separator) && (known.len() > 1 || known.iter().any(|name| name == "switch"))
    };
    [',', ';', '\t'].into_iter().find(is_named)
}

/// Whether a line names the columns of such a table.
pub(super) fn is_head(line: &str) -> bool {
    separator(line).is_some()
}

/// The column that a parameter is from.
pub(super) fn column(parameter: &str) -> Option<&'static str> {
    let name = parameter.strip_prefix("params.").unwrap_or(parameter).split(['[', '.']).next()?;
    COLUMNS.iter().find(|(_, own)| *own == name).map(|(column, _)| *column)
}

/// The rows, as requests; of one that is none what is wrong with it.
///
/// # Errors
/// The head is none.
pub(super) fn items(text: &str) -> Result<Vec<Result<Item, Misread>>, Misplaced> {
    let separator = text.lines().next().and_then(separator).and_then(|separator| u8::try_from(separator).ok());
    let mut reader = csv::ReaderBuilder::new();
    // Of a row that is too short or too long its own line tells.
    reader.flexible(true).trim(csv::Trim::All).delimiter(separator.unwrap_or(b','));
    let mut reader = reader.from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| misplaced(&error))?.clone();
    let columns = head.iter().map(|name| {
        let known = COLUMNS.iter().find(|(column, _)| *column == name.to_lowercase());
        let names = || COLUMNS.map(|(column, _)| column).join(", ");
        known.map(|(_, parameter)| *parameter).ok_or_else(|| (1, format!("no column {name:?}; there are {}", names())))
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let twice = columns.iter().enumerate().find(|(index, one)| columns.iter().take(*index).any(|own| own == *one));
    if let Some((_, parameter)) = twice {
        return Err((1, format!("column {} is there twice", column(parameter).unwrap_or(parameter))));
    }
    if let Some(parameter) = NAMES.into_iter().find(|name| !columns.contains(name)) {
        return Err((1, format!("column {} is missing", column(parameter).unwrap_or(parameter))));
    }
    let of_switch = columns.iter().position(|parameter| *parameter == "switch_id");
    let rows = reader.records().map(|row| {
        let misread = |(line, reason), switch| Misread { line, reason, switch };
        let row = row.map_err(|error| misread(misplaced(&error), None))?;
        let switch = || of_switch.and_then(|index| row.get(index)).map(str::to_owned);
        item(&columns, &row).map_err(|misplaced| misread(misplaced, switch()))
    });
    Ok(rows.collect())
}

fn item(columns: &[&str], row: &csv::StringRecord) -> Result<Item, Misplaced> {
    let line = row.position().map_or(0, |place| usize::try_from(place.line()).unwrap_or_default());
    if row.len() != columns.len() {
        let names: Vec<&str> = columns.iter().map(|parameter| column(parameter).unwrap_or(parameter)).collect();
        let reason = format!("it has {} cells, and the columns are {}", row.len(), names.join(", "));
        return Err((line, reason));
    }
    let mut params = Map::new();
    for (parameter, cell) in columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
        let wrong = |reason| (line, format!("{}: {reason}", column(parameter).unwrap_or(parameter)));
        params.insert((*parameter).to_owned(), value(parameter, cell).map_err(wrong)?);
    }
    // Which port it is, every row says.
    let is_empty = |parameter: &&&str| NAMES.contains(*parameter) && !params.contains_key(**parameter);
    if let Some(parameter) = columns.iter().find(is_empty) {
        return Err((line, format!("{}: the cell is empty", column(parameter).unwrap_or(parameter))));
    }
    let value = json!({"method": "update_port", "params": params});
    Ok(Item { line, value, lines: BTreeMap::new(), is_row: true })
}

fn value(parameter: &str, cell: &str) -> Result<Value, String> {
    match parameter {
        "mode" if !MODES.contains(&cell) => Err(format!("must be one of {}, not {cell:?}", MODES.join(", "))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_wrong_is_told_by_its_columns_and_keeps_nobody_from_the_others() {
        let text = "switch,port,mode,vlan,vlans\nleaf1,e1,access,110,\nleaf1,e2,access,5000,\nleaf1,e3\n\
                    leaf1,e4,trunk,,110 x\nleaf1,e5,access,110,,more\nleaf1,e6,none,,\nleaf1,,access,110,\n\
                    ,e7,access,110,\nleaf1,e8,acces,110,\n";
        let all = items(text).unwrap();
        let told = all.iter().map(|row| match row {
            Ok(item) => format!("{} {}", item.line, item.value["params"]["port_name"]),
            Err(Misread { line, reason, .. }) => format!("{line} {}", reason.split(" is ").next().unwrap()),
        });
        let told: Vec<String> = told.collect();
        assert_eq!(told[0], "2 \"e1\"");
        assert!(told[1].starts_with("3 vlan: "), "{told:?}");
        assert_eq!(told[2], "4 it has 2 cells, and the columns are switch, port, mode, vlan, vlans");
        assert!(told[3].starts_with("5 vlans: "), "{told:?}");
        assert!(told[4].starts_with("6 it has 6 cells"), "{told:?}");
        assert_eq!(told[5], "7 \"e6\"");
        let reason = |index: usize| all[index].as_ref().err().unwrap().reason.as_str();
        assert_eq!([reason(6), reason(7)], ["port: the cell is empty", "switch: the cell is empty"]);
        assert_eq!(reason(8), "mode: must be one of access, trunk, hybrid, none, not \"acces\"");
        for (head, said) in [
            ("switch,colour\n", "no column \"colour\""),
            ("switch,port,switch\n", "column switch is there twice"),
            ("port,mode,vlan\n", "column switch is missing"),
            ("switch;mode;vlan\n", "column port is missing"),
        ] {
            assert!(is_head(head.trim()) && items(head).err().unwrap().1.starts_with(said), "{head}");
        }
        assert_eq!(
            (column("params.allowed_vlans[3]"), column("native_vlan"), column("lag_name")),
            (Some("vlans"), Some("vlan"), None)
        );
    }
}
