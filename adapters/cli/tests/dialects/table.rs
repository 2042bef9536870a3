//! A switch that takes `ovs-vsctl` commands and shows its tables in JSON: columns that
//! are set, cleared, and of maps removed from.

use std::collections::BTreeMap;

use mercury_cli::Script;
use serde_json::{Value, json};

type Columns = BTreeMap<String, String>;

/// Columns of `Port` that are maps.
const MAPS: [&str; 2] = ["external_ids", "other_config"];

#[derive(Clone)]
pub(crate) struct Tables {
    /// By table and row.
    rows: BTreeMap<(&'static str, String), Columns>,
}

impl Tables {
    pub(crate) fn with(ports: &[String]) -> Self {
        // The bridge has a port of its own. A bond is there as one port.
        let ports: Vec<String> = ports.iter().cloned().chain(["loopback0".to_owned()]).collect();
        let rows =
            ["port", "interface"].into_iter().flat_map(|table| ports.iter().map(move |port| (table, port.clone())));
        Self { rows: rows.map(|row| (row, Columns::new())).collect() }
    }

    pub(crate) fn apply(&mut self, script: &Script) {
        for line in &script.lines {
            let parts = line.text.strip_prefix("ovs-vsctl --timeout=10 -- ").unwrap();
            parts.split(" -- ").for_each(|part| self.command(&words(part)));
        }
    }

    fn command(&mut self, words: &[String]) {
        let [what, table, row, columns @ ..] = words else { panic!("{words:?}") };
        let table = ["port", "interface"].into_iter().find(|own| own == table).unwrap();
        let own = self.rows.get_mut(&(table, row.clone())).unwrap_or_else(|| panic!("no row {row:?} in table {table}"));
        match what.as_str() {
            "set" => {
                for column in columns {
                    let (key, value) = column.split_once('=').unwrap();
                    match value {
                        "[]" => drop(own.remove(key)),
                        value => drop(own.insert(key.to_owned(), value.trim_matches('"').to_owned())),
                    }
                }
            }
            "clear" => columns.iter().for_each(|column| drop(own.remove(column))),
            "add" | "remove" if columns.first().is_some_and(|column| column == "trunks") => {
                let id = columns.last().unwrap();
                let list = own.remove("trunks").unwrap_or_default();
                let others = list.split(',').filter(|one| !one.is_empty() && one != id);
                let list: Vec<&str> = others.chain((what == "add").then_some(id.as_str())).collect();
                own.extend((!list.is_empty()).then(|| ("trunks".to_owned(), list.join(","))));
            }
            "remove" => drop(own.remove(&columns.join(":"))),
            other => panic!("{other}"),
        }
    }

    /// What `list` shows, with brackets as RFC 7047 section 5.1 has them.
    pub(crate) fn text(&self) -> String {
        let shown = |table: &str, headings: &[&str]| {
            let rows = self.rows.iter().filter(|((own, _), _)| *own == table);
            let data: Vec<Value> = rows.map(|((_, row), columns)| row_of(row, columns, headings)).collect();
            json!({ "data": data, "headings": headings }).to_string()
        };
        let tables = [
            shown(
                "port",
                &["name", "vlan_mode", "tag", "trunks", "cvlans", "external_ids", "other_config", "fake_bridge"],
            ),
            shown("interface", &["name", "mtu_request", "type", "external_ids"]),
            json!({ "data": [["loopback0"]], "headings": ["name"] }).to_string(),
            json!({ "data": [[7, 7]], "headings": ["cur_cfg", "next_cfg"] }).to_string(),
        ];
        tables.join("\n")
    }
}

fn row_of(row: &str, columns: &Columns, headings: &[&str]) -> Value {
    let cell = |heading: &&str| match *heading {
        "name" => json!(row),
        map if MAPS.contains(&map) => {
            let pairs = columns
                .iter()
                .filter_map(|(key, value)| Some(json!([key.strip_prefix(map)?.strip_prefix(':')?, value])));
            json!(["map", pairs.collect::<Vec<_>>()])
        }
        heading => match columns.get(heading) {
            None => json!(["set", []]),
            Some(list) if list.contains(',') => {
                json!(["set", list.split(',').map(|one| one.parse::<u64>().unwrap()).collect::<Vec<_>>()])
            }
            Some(value) => value.parse::<u64>().map_or_else(|_| json!(value), |number| json!(number)),
        },
    };
    headings.iter().map(cell).collect()
}

/// The words of a command, as a shell cuts them.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut is_quoted) = (vec![String::new()], false);
    for c in text.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    assert!(!is_quoted, "{text}");
    words
}
