//! An Open vSwitch as the tests look at it and as somebody else writes to it.

use mercury_sim::OvsdbHandle;
use serde_json::{Value, json};

use crate::world::Ports;

/// What somebody else does to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Describes it.
    Describes,
    /// Puts it on a VLAN.
    Moves(u16),
    /// Has a word of its own there, which nobody else may touch.
    Marks,
}

/// The key of what only others write to a port.
pub(crate) fn theirs(port: &str) -> String {
    format!("{port}, theirs")
}

/// Every port, and what only others write to it.
pub(crate) fn ports(ovsdb: &OvsdbHandle) -> Ports {
    let results = ovsdb.transact(&[
        select("Port", &json!([])),
        select("Interface", &json!([])),
        json!({ "op": "select", "table": "Bridge", "where": [], "columns": ["name", "fail_mode", "datapath_type"] }),
    ]);
    let rows = |at: usize| results[at]["rows"].as_array().unwrap();
    let mut ports = Ports::new();
    for port in rows(0) {
        let interface = rows(1).iter().find(|interface| interface["name"] == port["name"]).unwrap();
        ports.extend(shown(port, interface));
    }
    let mut interfaces: Vec<_> = rows(1).iter().map(|interface| interface["name"].to_string()).collect();
    interfaces.sort();
    ports.insert("the rest".to_owned(), format!("{interfaces:?} {}", results[2]["rows"]));
    ports
}

fn select(table: &str, clauses: &Value) -> Value {
    let columns = match table {
        "Port" => json!(["name", "vlan_mode", "tag", "trunks", "external_ids", "other_config", "interfaces"]),
        _ => json!(["name", "type", "options", "mtu_request", "external_ids"]),
    };
    json!({ "op": "select", "table": table, "where": clauses, "columns": columns })
}

/// What its rows say of a port, so that what works the same is the same. That Mercury has
/// configured it is left out.
fn shown(port: &Value, interface: &Value) -> [(String, String); 2] {
    let name = port["name"].as_str().unwrap();
    let (mut own, mut theirs) = (Vec::new(), Vec::new());
    for pair in port["external_ids"][1].as_array().unwrap() {
        match pair[0].as_str().unwrap() {
            "mercury" => {}
            "description" => own.push(pair.to_string()),
            _ => theirs.push(pair.to_string()),
        }
    }
    let is_none = |column: &str| port[column] == json!(["set", []]);
    let mode = match port["vlan_mode"].as_str() {
        Some(mode) => mode,
        None if is_none("tag") => "trunk",
        None => "access",
    };
    let tag = if mode == "trunk" { "none".to_owned() } else { port["tag"].to_string() };
    let trunks = if mode == "access" { "none".to_owned() } else { port["trunks"].to_string() };
    let mine = format!("{mode}, tag {tag}, trunks {trunks}, {own:?}");
    let theirs = format!(
        "{theirs:?} {} {} {} {}",
        port["other_config"], interface["mtu_request"], interface["options"], interface["external_ids"]
    );
    [(name.to_owned(), mine), (self::theirs(name), theirs)]
}

/// What somebody else sends, who says in a word which of their deeds it is; the last two
/// results tell what the port has then.
pub(crate) fn deed(port: u16, what: Deed, word: &str) -> Vec<Value> {
    let named = json!([["name", "==", format!("Ethernet{port}")]]);
    let replaced = |key: &str| {
        json!([["external_ids", "delete", ["set", [key]]], ["external_ids", "insert", ["map", [[key, word]]]]])
    };
    let change = match what {
        Deed::Describes | Deed::Marks => {
            let key = if what == Deed::Describes { "description" } else { "theirs" };
            json!({ "op": "mutate", "table": "Port", "where": named, "mutations": replaced(key) })
        }
        Deed::Moves(vlan) => {
            let row = json!({ "vlan_mode": "access", "tag": vlan, "trunks": ["set", []] });
            json!({ "op": "update", "table": "Port", "where": named, "row": row })
        }
    };
    let next = json!({ "op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]] });
    vec![change, next, select("Port", &named), select("Interface", &named)]
}

/// The register that a deed wrote, and what it holds then.
pub(crate) fn done(operations: &[Value], results: &[Value]) -> (String, String) {
    let [port, interface] = [2, 3].map(|at: usize| &results[at]["rows"][0]);
    let [own, theirs] = shown(port, interface);
    if operations[0].to_string().contains("\"theirs\"") { theirs } else { own }
}

/// As others have left it in the beginning.
pub(crate) fn begin(ovsdb: &OvsdbHandle) {
    for (port, what) in [(1, Deed::Marks), (2, Deed::Moves(500)), (3, Deed::Describes), (7, Deed::Moves(7))] {
        let results = ovsdb.transact(&deed(port, what, "from the beginning"));
        assert_eq!(results[0], json!({ "count": 1 }));
    }
}
