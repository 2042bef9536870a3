//! Tables in JSON, one row a block: `{"headings":["name","tag"],"data":[["p1",100]]}`, as
//! Open vSwitch's tools print them (RFC 7047 section 5.1 has the values).

use std::fmt::Write as _;

use mercury_adapter::CliWords;
use serde_json::{Deserializer, Value};

use super::Unreadable;

/// Octets that one of an answer takes while it is JSON.
pub(in crate::words) const TIMES: usize = 8;

/// The column that names a row.
const KEY: &str = "name";

/// The blocks that the rows of all tables are.
///
/// # Errors
/// [`Unreadable`]: it is no such table, or the last change was not applied yet.
pub(super) fn blocks(words: &CliWords, command: &str, text: &str) -> Result<String, Unreadable> {
    let odd = || Unreadable::Malformed { command: command.to_owned() };
    let mut blocks = String::new();
    for table in Deserializer::from_str(text).into_iter::<Value>() {
        let table = table.map_err(|_| odd())?;
        let headings: Vec<&str> =
            list(table.get("headings")).ok_or_else(odd)?.iter().filter_map(Value::as_str).collect();
        for row in list(table.get("data")).ok_or_else(odd)? {
            let row = row.as_array().filter(|row| row.len() == headings.len()).ok_or_else(odd)?;
            let cell = |heading: &str| headings.iter().zip(row).find(|(own, _)| **own == heading).map(|(_, cell)| cell);
            if let Some([applied, asked]) = &words.applied
                && let (Some(applied), Some(asked)) = (cell(applied), cell(asked))
                && applied != asked
            {
                return Err(Unreadable::NotApplied { applied: applied.to_string(), asked: asked.to_string() });
            }
            let Some(name) = cell(KEY).and_then(Value::as_str) else { continue };
            blocks.push_str(&words.interface.enter.fill(|_| Some(one_line(name))));
            blocks.push('\n');
            for (heading, cell) in headings.iter().zip(row).filter(|(heading, _)| **heading != KEY) {
                lines(&mut blocks, heading, cell);
            }
        }
    }
    Ok(blocks)
}

fn list(value: Option<&Value>) -> Option<&Vec<Value>> {
    value?.as_array()
}

/// A column's lines: of a map one for each pair, of anything else one.
fn lines(blocks: &mut String, heading: &str, cell: &Value) {
    let kind = cell.get(0).and_then(Value::as_str);
    let held = cell.get(1).and_then(Value::as_array);
    // Writing to a string cannot fail.
    let _ = match (kind, held) {
        (Some("map"), Some(pairs)) => pairs.iter().try_for_each(|pair| {
            let [key, value] = [0, 1].map(|place| pair.get(place).map(scalar).unwrap_or_default());
            writeln!(blocks, " {heading} {key} {value}")
        }),
        (Some("set"), Some(values)) if values.is_empty() => writeln!(blocks, " {heading} []"),
        (Some("set"), Some(values)) => {
            let values: Vec<String> = values.iter().map(scalar).collect();
            writeln!(blocks, " {heading} {}", values.join(","))
        }
        _ => writeln!(blocks, " {heading} {}", scalar(cell)),
    };
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => one_line(text),
        Value::Array(pair) => pair.last().map(scalar).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// A line end in a value would begin a line of its own.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use mercury_adapter::builtin;

    use super::*;

    fn shown(text: &str) -> Result<String, Unreadable> {
        let ovs = builtin().unwrap().into_iter().find(|one| one.name == "netmiko_ovs_linux").unwrap();
        blocks(ovs.cli.as_ref().unwrap().words.table().unwrap(), "list", text)
    }

    #[test]
    fn a_row_is_a_block_and_a_value_with_a_line_end_no_line_of_its_own() {
        let text = r#"{"data":[["eth1",["set",[]],100,["set",[10,20]],["map",[["description","a\n tag 7"],["k","v"]]]]],
            "headings":["name","vlan_mode","tag","trunks","external_ids"]}
            {"data":[[7,7]],"headings":["cur_cfg","next_cfg"]}"#;
        let expected = "interface eth1\n vlan_mode []\n tag 100\n trunks 10,20\n external_ids description a\u{fffd} tag 7\n \
                        external_ids k v\n";
        assert_eq!(shown(text).unwrap(), expected);
    }

    #[test]
    fn what_was_not_applied_yet_or_is_no_table_is_not_read() {
        let waits = r#"{"data":[[6,7]],"headings":["cur_cfg","next_cfg"]}"#;
        assert!(matches!(shown(waits), Err(Unreadable::NotApplied { .. })));
        for text in
            ["ovs-vsctl: unix:/run/db.sock: database connection failed", "{}", r#"{"data":[[1]],"headings":[]}"#]
        {
            assert!(matches!(shown(text), Err(Unreadable::Malformed { .. })), "{text}");
        }
    }
}
