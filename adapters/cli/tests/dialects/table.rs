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
    /// The interfaces of each port: each row is identified by what it is called.
    places: BTreeMap<String, Vec<String>>,
}

impl Tables {
    pub(crate) fn with(ports: &[String]) -> Self {
        // The bridge has a port of its own.
        let ports: Vec<String> = ports.iter().cloned().chain(["loopback0".to_owned()]).collect();
        let rows =
            ["port", "interface"].into_iter().flat_map(|table| ports.iter().map(move |port| (table, port.clone())));
        let places = ports.iter().map(|port| (port.clone(), vec![port.clone()])).collect();
        Self { rows: rows.map(|row| (row, Columns::new())).collect(), places }
    }

    /// Types a script; each line of it is carried out as a whole, or refused.
    pub(crate) fn apply(&mut self, script: &Script) {
        for line in &script.lines {
            let mut after = self.clone();
            // What is refused shows in what there is then.
            if after.line(&line.text).is_ok() {
                *self = after;
            }
        }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut ids = BTreeMap::new();
        let line = self.substituted(line)?;
        let parts = line.strip_prefix("ovs-vsctl --timeout=10 -- ").unwrap();
        parts.split(" -- ").try_for_each(|part| self.command(&words(part), &mut ids))?;
        // What nothing refers to is gone.
        let rows: Vec<String> = self.places.values().flatten().cloned().collect();
        self.rows.retain(|(table, name), _| *table != "interface" || rows.contains(name));
        Ok(())
    }

    /// What a shell makes of a line: it asks for the bridge of a port, and of a bond for all
    /// of its interfaces.
    fn substituted(&self, line: &str) -> Result<String, String> {
        let mut line = line.to_owned();
        for ask in ["\"$(ovs-vsctl --timeout=10 iface-to-br ", "\"$(ovs-vsctl --timeout=10 port-to-br "] {
            while let Some(at) = line.find(ask) {
                let end = at + line[at..].find(" )\"").unwrap();
                let name = &line[at + ask.len()..end];
                let is_there = match ask.contains("iface") {
                    true => self.rows.contains_key(&("interface", name.to_owned())),
                    false => self.places.contains_key(name),
                };
                if !is_there {
                    return Err(format!("no bridge has {name}"));
                }
                line.replace_range(at..end + 3, "br0");
            }
        }
        let together = "\"$(test br0 = br0 && echo ";
        while let Some(at) = line.find(together) {
            let end = at + line[at..].find(" || echo a port of another bridge )\"").unwrap();
            let name = line[at + together.len()..end].to_owned();
            line.replace_range(at..end + " || echo a port of another bridge )\"".len(), &name);
        }
        let each = "$(for i in $(ovs-vsctl --timeout=10 --bare --columns=interfaces list port ";
        while let Some(at) = line.find(each) {
            let (start, end) = (at + each.len(), at + line[at..].find(" ; done)").unwrap());
            let (bond, what) = line[start..end].split_once(" ); do echo ").unwrap();
            let all = self.places.get(bond).ok_or_else(|| format!("no port {bond}"))?;
            let all: Vec<String> = all.iter().map(|own| what.replace("$i", own)).collect();
            line.replace_range(at..end + " ; done)".len(), &all.join(" "));
        }
        Ok(line.replace(" -- -- ", " -- "))
    }

    fn command(&mut self, words: &[String], ids: &mut BTreeMap<String, String>) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let list = |value: &str, ids: &BTreeMap<String, String>| -> Vec<String> {
            value.split(',').map(|id| ids.get(id).unwrap_or_else(|| panic!("no {id}: {words:?}")).clone()).collect()
        };
        match words.as_slice() {
            [id, "get", "interface", name] => {
                refuse(!self.rows.contains_key(&("interface", (*name).to_owned())), "no interface", name)?;
                ids.insert(id.strip_prefix("--id=").unwrap().to_owned(), (*name).to_owned());
            }
            ["wait-until", "port", name, columns @ ..] => {
                let row = self.rows.get(&("port", (*name).to_owned())).ok_or_else(|| format!("no port {name}"))?;
                for column in columns {
                    let (column, value) = column.split_once('=').unwrap();
                    let held = row.get(column).map(String::as_str);
                    let held_map = || {
                        let pairs = row.iter().filter_map(|(key, value)| {
                            Some(format!("\"{}\"=\"{value}\"", key.strip_prefix(column)?.strip_prefix(':')?))
                        });
                        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
                    };
                    let is_so = match (column, value) {
                        ("interfaces", value) => {
                            let own = self.places.get(*name).ok_or_else(|| format!("no interfaces of {name}"))?;
                            let (mut own, mut wanted) = (own.clone(), list(value, ids));
                            own.sort();
                            wanted.sort();
                            own == wanted
                        }
                        (column, value) if MAPS.contains(&column) => held_map() == value,
                        (_, value) if value.contains(',') => held == Some(value.trim_matches(['[', ']'])),
                        (_, "[]" | "false" | "0") => held.is_none(),
                        (_, value) => held == Some(value.trim_matches('"')),
                    };
                    refuse(!is_so, "not so", name)?;
                }
            }
            [id, "get", "port", name] => {
                refuse(!self.places.contains_key(*name), "no port", name)?;
                ids.insert(id.strip_prefix("--id=").unwrap().to_owned(), (*name).to_owned());
            }
            ["--may-exist", "add-port", "br0", name] => {
                refuse(self.places.get(*name) != Some(&vec![(*name).to_owned()]), "it has other interfaces", name)?;
            }
            ["get", "port", name, ..] => refuse(!self.places.contains_key(*name), "no port", name)?,
            ["remove", "bridge", "br0", "ports", id] => {
                let name = ids.get(*id).ok_or_else(|| format!("no {id}"))?;
                self.places.remove(name).ok_or_else(|| format!("no port {name}"))?;
                self.rows.remove(&("port", name.clone()));
            }
            [id, "create", "port", columns @ ..] => {
                let column = |own: &str| columns.iter().find_map(|text| text.strip_prefix(own)?.strip_prefix('='));
                let (name, interfaces) = (column("name").unwrap(), list(column("interfaces").unwrap(), ids));
                let others = columns.iter().filter_map(|text| text.split_once('='));
                let others = others.filter(|(own, _)| !["name", "interfaces"].contains(own));
                let row = others.map(|(own, value)| (own.to_owned(), value.to_owned())).collect();
                refuse(self.rows.insert(("port", name.to_owned()), row).is_some(), "it is there", name)?;
                self.places.insert(name.to_owned(), interfaces);
                ids.insert(id.strip_prefix("--id=").unwrap().to_owned(), name.to_owned());
            }
            ["add", "bridge", "br0", "ports", id] => assert!(ids.contains_key(*id), "{words:?}"),
            ["add", "port", name, "interfaces", value] => {
                let joins = list(value, ids);
                self.places.get_mut(*name).ok_or_else(|| format!("no port {name}"))?.extend(joins);
            }
            ["remove", "port", name, "interfaces", value] => {
                let leaves = list(value, ids);
                let own = self.places.get_mut(*name).ok_or_else(|| format!("no port {name}"))?;
                own.retain(|interface| !leaves.contains(interface));
                refuse(own.is_empty(), "no interface is left of", name)?;
            }
            [what, table, row, columns @ ..] => self.row(what, table, row, columns)?,
            _ => panic!("{words:?}"),
        }
        let holders = |own: &String| self.places.values().flatten().filter(|other| *other == own).count();
        let twice = self.places.values().flatten().find(|own| holders(own) > 1);
        refuse(twice.is_some(), "it has two places", twice.map_or("", String::as_str))
    }

    fn row(&mut self, what: &str, table: &str, row: &str, columns: &[&str]) -> Result<(), String> {
        let table = ["port", "interface"].into_iter().find(|own| *own == table).unwrap();
        let own = self.rows.get_mut(&(table, row.to_owned())).ok_or_else(|| format!("no row {row:?} in {table}"))?;
        match what {
            "set" => {
                for column in columns {
                    let (key, value) = column.split_once('=').unwrap();
                    match value {
                        "[]" => drop(own.remove(key)),
                        value => drop(own.insert(key.to_owned(), value.trim_matches('"').to_owned())),
                    }
                }
            }
            "clear" => columns.iter().for_each(|column| drop(own.remove(*column))),
            "add" | "remove" if columns.first().is_some_and(|column| *column == "trunks") => {
                let id = *columns.last().unwrap();
                let list = own.remove("trunks").unwrap_or_default();
                let others = list.split(',').filter(|one| !one.is_empty() && *one != id);
                let list: Vec<&str> = others.chain((what == "add").then_some(id)).collect();
                own.extend((!list.is_empty()).then(|| ("trunks".to_owned(), list.join(","))));
            }
            "remove" => drop(own.remove(&columns.join(":"))),
            other => panic!("{other}"),
        }
        Ok(())
    }

    /// What `list` shows, with brackets as RFC 7047 section 5.1 has them.
    pub(crate) fn text(&self) -> String {
        let shown = |table: &str, headings: &[&str]| {
            let rows = self.rows.iter().filter(|((own, _), _)| *own == table);
            let data: Vec<Value> = rows.map(|((_, row), columns)| self.row_of(row, columns, headings)).collect();
            json!({ "data": data, "headings": headings }).to_string()
        };
        let tables = [
            shown(
                "port",
                &[
                    "_uuid",
                    "name",
                    "interfaces",
                    "vlan_mode",
                    "tag",
                    "trunks",
                    "cvlans",
                    "external_ids",
                    "other_config",
                    "fake_bridge",
                    "lacp",
                    "bond_mode",
                ],
            ),
            shown("interface", &["_uuid", "name", "mtu_request", "type", "external_ids"]),
            json!({ "data": [["loopback0"]], "headings": ["name"] }).to_string(),
            json!({ "data": [], "headings": ["select_src_port"] }).to_string(),
            json!({ "data": [[7, 7]], "headings": ["cur_cfg", "next_cfg"] }).to_string(),
        ];
        tables.join("\n")
    }

    fn row_of(&self, row: &str, columns: &Columns, headings: &[&str]) -> Value {
        let id = |name: &str| {
            let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
            json!(["uuid", digits])
        };
        let cell = |heading: &&str| match *heading {
            "_uuid" => id(row),
            "interfaces" => match self.places.get(row).map_or(&[][..], Vec::as_slice) {
                [one] => id(one),
                many => json!(["set", many.iter().map(|one| id(one)).collect::<Vec<_>>()]),
            },
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
}

fn refuse(is_wrong: bool, why: &str, name: &str) -> Result<(), String> {
    if is_wrong { Err(format!("{why} {name}")) } else { Ok(()) }
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
