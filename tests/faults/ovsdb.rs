//! An Open vSwitch as the tests look at it and as somebody else writes to it.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Has plugged a machine in there.
    Plugs,
    /// Binds this VLAN to a VNI of their own; not about the port.
    Binds(u16),
}

/// The VTEPs that frames of VNIs go to.
pub(crate) const PEERS: [&str; 2] = ["192.0.2.2", "192.0.2.3"];

/// The VNI that others bind a VLAN to.
pub(crate) const fn their_vni(vlan: u16) -> u16 {
    17_000 + vlan
}

/// The key of what only others write to a port.
pub(crate) fn theirs(port: &str) -> String {
    format!("{port}, theirs")
}

/// Every port, what only others write to it, and every VNI with its VLAN and its VTEPs.
pub(crate) fn ports(ovsdb: &OvsdbHandle) -> Ports {
    let bridge =
        json!({ "op": "select", "table": "Bridge", "where": [], "columns": ["name", "fail_mode", "datapath_type"] });
    let [port, interface] = whole();
    let results = ovsdb.transact(&[port, interface, bridge]);
    let mut ports = all(&results[0], &results[1]);
    let is_tunnel = |interface: &&Value| interface["type"] == "vxlan";
    let rows = results[1]["rows"].as_array().unwrap().iter().filter(|row| !is_tunnel(row));
    let mut interfaces: Vec<_> = rows.map(|interface| interface["name"].to_string()).collect();
    interfaces.sort();
    ports.insert("the rest".to_owned(), format!("{interfaces:?} {}", results[2]["rows"]));
    ports
}

/// Asks for what tells of ports and VNIs.
fn whole() -> [Value; 2] {
    ["Port", "Interface"].map(|table| {
        let columns = match table {
            "Port" => json!(["name", "vlan_mode", "tag", "trunks", "external_ids", "other_config", "interfaces"]),
            _ => json!(["name", "type", "options", "mtu_request", "external_ids"]),
        };
        json!({ "op": "select", "table": table, "where": [], "columns": columns })
    })
}

/// What the two answers tell.
fn all(ports: &Value, interfaces: &Value) -> Ports {
    let rows = |answer: &Value| answer["rows"].as_array().unwrap().clone();
    let (mut shown_all, mut vnis) = (Ports::new(), BTreeMap::<String, BTreeSet<String>>::new());
    for port in rows(ports) {
        let interface = rows(interfaces).into_iter().find(|interface| interface["name"] == port["name"]).unwrap();
        if interface["type"] == "vxlan" {
            let [key, remote] = ["key", "remote_ip"].map(|key| entry(&interface["options"], key));
            let (vlan, mark) = (&port["tag"], &port["external_ids"]);
            let tunnel = format!("\"bridge-domain\":{vlan} to {remote} {} {mark}", port["vlan_mode"]);
            vnis.entry(format!("VNI {key}")).or_default().insert(tunnel);
        } else {
            shown_all.extend(shown(&port, &interface));
        }
    }
    shown_all.extend(vnis.into_iter().map(|(key, tunnels)| (key, format!("{tunnels:?}").replace('\\', ""))));
    shown_all
}

fn entry<'a>(map: &'a Value, key: &str) -> &'a str {
    let found = map[1].as_array().unwrap().iter().find(|pair| pair[0] == key);
    found.and_then(|pair| pair[1].as_str()).unwrap_or_default()
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
/// results tell what all ports have then.
pub(crate) fn deed(port: u16, what: Deed, word: &str) -> Vec<Value> {
    let named = json!([["name", "==", format!("Ethernet{port}")]]);
    let replaced = |key: &str| {
        json!([["external_ids", "delete", ["set", [key]]], ["external_ids", "insert", ["map", [[key, word]]]]])
    };
    let mut operations = match what {
        Deed::Describes | Deed::Marks | Deed::Plugs => {
            let key = match what {
                Deed::Describes => "description",
                Deed::Plugs => "iface-id",
                _ => "theirs",
            };
            vec![json!({ "op": "mutate", "table": "Port", "where": named, "mutations": replaced(key) })]
        }
        Deed::Moves(vlan) => {
            let row = json!({ "vlan_mode": "access", "tag": vlan, "trunks": ["set", []] });
            // Who puts it where it is has done nothing that anybody could tell.
            let elsewhere = json!([named[0], ["tag", "!=", vlan]]);
            vec![json!({ "op": "update", "table": "Port", "where": elsewhere, "row": row })]
        }
        Deed::Binds(vlan) => tunnel(&format!("their{vlan}"), their_vni(vlan).into(), vlan, "192.0.2.7", None).to_vec(),
    };
    operations.push(json!({ "op": "mutate", "table": "Open_vSwitch", "where": [],
                            "mutations": [["next_cfg", "+=", 1]] }));
    operations.extend(whole());
    operations
}

/// The operations of somebody else that make a tunnel, marked as Mercury marks its own if so.
fn tunnel(name: &str, vni: u32, vlan: u16, remote: &str, mark: Option<&str>) -> [Value; 3] {
    let options = json!(["map", [["key", vni.to_string()], ["remote_ip", remote]]]);
    let marks: Vec<_> = mark.iter().map(|mark| json!(["mercury", mark])).collect();
    let port = json!({ "name": name, "interfaces": ["named-uuid", "interface"], "vlan_mode": "access", "tag": vlan,
                       "external_ids": ["map", marks] });
    [
        json!({ "op": "insert", "table": "Interface", "uuid-name": "interface",
                "row": { "name": name, "type": "vxlan", "options": options } }),
        json!({ "op": "insert", "table": "Port", "uuid-name": "port", "row": port }),
        json!({ "op": "mutate", "table": "Bridge", "where": [],
                "mutations": [["ports", "insert", ["set", [["named-uuid", "port"]]]]] }),
    ]
}

/// The register that a deed wrote, and all that there is then; `None` where it was refused, or changed
/// nothing.
pub(crate) fn done(operations: &[Value], results: &[Value]) -> Option<(String, Ports)> {
    if results.len() != operations.len() || results.iter().any(|result| !result["error"].is_null()) {
        return None;
    }
    if results[0]["count"] == 0 {
        return None;
    }
    let [.., ports, interfaces] = results else { return None };
    let first = &operations[0];
    let key = match first["where"][0][2].as_str() {
        Some(port) if first.to_string().contains("\"theirs\"") => theirs(port),
        Some(port) => port.to_owned(),
        None => format!("VNI {}", entry(&first["row"]["options"], "key")),
    };
    Some((key, all(ports, interfaces)))
}

/// As others have left it in the beginning. A machine is at one port, and of the others one
/// carries everything, and so does what may be an uplink.
pub(crate) fn begin(ovsdb: &OvsdbHandle) {
    let deeds = [(1, Deed::Marks), (2, Deed::Moves(500)), (3, Deed::Describes), (7, Deed::Moves(7)), (7, Deed::Plugs)];
    for (port, what) in deeds {
        let results = ovsdb.transact(&deed(port, what, "from the beginning"));
        assert_eq!(results[0], json!({ "count": 1 }));
    }
    close(ovsdb, &["br0", "Ethernet4", UPLINK]);
}

/// The uplink of one that is a card.
pub(crate) const UPLINK: &str = "Ethernet6";

/// Lets ports that carry all VLANs carry none, but for these.
pub(crate) fn close(ovsdb: &OvsdbHandle, but: &[&str]) {
    let mut open: Vec<_> = but.iter().map(|name| json!(["name", "!=", name])).collect();
    open.push(json!(["tag", "==", ["set", []]]));
    let row = json!({ "vlan_mode": "trunk", "trunks": 4095 });
    let close = json!({ "op": "update", "table": "Port", "where": open, "row": row });
    assert_eq!(ovsdb.transact(&[close]).len(), 1);
}

/// The same for VNIs: no port carries all VLANs, and two are bound, one by what Mercury left.
pub(crate) fn begin_vnis(ovsdb: &OvsdbHandle, theirs: (u32, u16), left: (u32, u16)) {
    close(ovsdb, &["br0"]);
    // As Mercury calls it.
    let name = format!("v{:06x}c0000202", left.0);
    for made in [
        tunnel("theirs0", theirs.0, theirs.1, "192.0.2.7", None),
        tunnel(&name, left.0, left.1, "192.0.2.2", Some("vni")),
    ] {
        let results = ovsdb.transact(&made);
        assert!(results.iter().all(|result| result["error"].is_null()), "{results:?}");
    }
}
