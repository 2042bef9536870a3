//! Interfaces that join bonds and leave them: what the transaction rests on, and when it leads
//! back to what was there.

use mercury_adapter::OvsdbTable;
use serde_json::{Value, json};

use crate::{
    bonds,
    change::{BondChange, Change, LeafChange, Place, PortChange},
    datum,
    guarded::{Guarded, Ports},
    rows::Rows,
    vlans::Vlans,
};

/// Ports by bridge, name and interfaces. `more`: what else rows hold, by the name of the table
/// and theirs.
fn rows(ports: &[(&str, &str, &[&str])], tunnels: &[&str], more: &Value) -> Rows {
    let uuid = |table: &str, name: &str| datum::of_uuid(&format!("{table} {name}"));
    let with = |table: &str, name: &str, mut row: Value| {
        row["_uuid"] = uuid(table, name);
        row["name"] = name.into();
        let more = more[format!("{table} {name}")].as_object();
        more.into_iter().flatten().for_each(|(column, value)| row[column] = value.clone());
        row
    };
    let (map, none) = (json!(["map", []]), json!(["set", []]));
    let port = |name: &str, interfaces: &[&str]| {
        let interfaces = datum::of_set(interfaces.iter().map(|name| uuid("Interface", name)));
        let row = json!({"interfaces": interfaces, "vlan_mode": "access", "tag": 7, "trunks": none,
                         "external_ids": map, "other_config": map, "fake_bridge": false, "lacp": none,
                         "bond_mode": none, "qos": none});
        with("Port", name, row)
    };
    let interface = |name: &&str| {
        let row = json!({"type": "", "mtu_request": none, "external_ids": map, "error": none, "ofport": 1,
                         "admin_state": "up", "link_state": "up"});
        with("Interface", name, row)
    };
    let bridge = |name: &&str| {
        let own = ports.iter().filter(|(bridge, ..)| bridge == name).map(|(_, port, _)| uuid("Port", port));
        let row = json!({"ports": datum::of_set(own), "fail_mode": none, "controller": none, "external_ids": map});
        with("Bridge", name, row)
    };
    let tunnel = |name: &&str| json!({"name": name, "options": map});
    let mut answers = vec![
        vec![json!({"cur_cfg": 1, "next_cfg": 1})],
        ["br0", "br1"].iter().map(bridge).collect(),
        Vec::new(),
        tunnels.iter().map(tunnel).collect(),
    ];
    answers.push(ports.iter().map(|(_, name, interfaces)| port(name, interfaces)).collect());
    answers.push(ports.iter().flat_map(|(.., interfaces)| *interfaces).map(interface).collect());
    Rows::read(answers.into_iter()).unwrap()
}

fn known(ports: &[(&str, &str, &[&str])], more: &Value) -> Ports {
    let mut known = Ports::default();
    known.read(&rows(ports, &[], more), true).unwrap();
    known
}

/// Two ports and a bond of two.
const APART: &[(&str, &str, &[&str])] =
    &[("br0", "p1", &["p1"]), ("br0", "p2", &["p2"]), ("br0", "team0", &["p3", "p4"])];
/// A bond of all.
const JOINED: &[(&str, &str, &[&str])] = &[("br0", "team0", &["p1", "p3", "p4"]), ("br0", "p2", &["p2"])];

fn moving(from: Option<&str>, to: Option<&str>) -> PortChange {
    let place = Place { from: from.map(str::to_owned), to: to.map(str::to_owned) };
    let vlans = to.is_none().then(|| on(7));
    PortChange { vlans, place: Some(place), ..PortChange::default() }
}

fn on(vlan: i64) -> Vlans {
    Vlans { mode: Some("access".to_owned()), tag: Some(vlan), trunks: Vec::new() }
}

fn change<const N: usize>(ports: [(&str, PortChange); N], bonds: &[(&str, BondChange)]) -> Change {
    let ports = ports.into_iter().map(|(name, port)| (name.to_owned(), port)).collect();
    let bonds = bonds.iter().map(|(name, own)| ((*name).to_owned(), *own)).collect();
    Change { ports, bonds, ..Change::default() }
}

fn mtu(value: Option<u16>) -> PortChange {
    let column = "mtu_request".to_owned();
    let leaf = LeafChange { table: OvsdbTable::Interface, column, key: None, value: value.map(Value::from) };
    PortChange { leaves: vec![leaf], ..PortChange::default() }
}

fn guarded(ports: &Ports, change: &Change) -> Result<Guarded, String> {
    ports.guarded(change, &[], 4095, "").map_err(|error| error.message.clone().unwrap_or_default())
}

fn sent(guarded: &Guarded) -> Vec<Value> {
    guarded.transaction.params().as_array().unwrap()[1..].to_vec()
}

/// One that waits sees what the same transaction has made before it.
#[test]
fn all_that_waits_comes_before_what_is_made_and_changed() {
    let ports: &[(&str, &str, &[&str])] =
        &[("br0", "p1", &["p1"]), ("br0", "p2", &["p2"]), ("br0", "v1", &["v1"]), ("br0", "v2", &["v2"])];
    let mut known = Ports::default();
    known.read(&rows(ports, &["v1", "v2"], &json!({})), true).unwrap();
    let tunnel = crate::tunnels::Tunnel {
        bridge: "br0".to_owned(),
        vlan: 3000u16.try_into().unwrap(),
        vni: 10_100u64.try_into().unwrap(),
        remote: "192.0.2.2".parse().unwrap(),
    };
    let other = crate::tunnels::Tunnel { remote: "192.0.2.3".parse().unwrap(), ..tunnel.clone() };
    let bond = PortChange { vlans: Some(on(7)), ..PortChange::default() };
    let joins = || moving(None, Some("bond1"));
    let mut asked = change([("bond1", bond), ("p1", joins()), ("p2", joins())], &[("bond1", BondChange::Make)]);
    asked.tunnels = [tunnel, other].map(|own| (own.name(), crate::tunnels::TunnelChange::Make(own))).into();
    let sent = sent(&guarded(&known, &asked).unwrap());
    let first = sent.iter().position(|operation| operation["op"] != "wait").unwrap();
    assert!(sent[first..].iter().all(|operation| operation["op"] != "wait"), "{sent:?}");
    let tagged = json!([["tag", "==", 7]]);
    assert!(sent[..first].iter().any(|operation| operation["where"] == tagged), "{sent:?}");
}

#[test]
fn who_leaves_a_bond_and_joins_it_again_is_where_it_was() {
    for mtu in [json!(["set", []]), json!(1400)] {
        let in_team = ["p1", "p3", "p4"].map(|name| (format!("Interface {name}"), json!({"mtu_request": mtu})));
        let had: Value = in_team.into_iter().collect::<serde_json::Map<_, _>>().into();
        let mut ports = known(JOINED, &had);
        let left = guarded(&ports, &change([("p1", moving(Some("team0"), None))], &[])).unwrap();
        assert!(!left.is_restored);
        ports.made(&left);
        let mut now = had.clone();
        now["Interface p1"] = json!({});
        ports.read(&rows(APART, &[], &now), true).unwrap();
        let back = change([("p1", moving(None, Some("team0")))], &[]);
        assert!(guarded(&ports, &back).unwrap().is_restored, "{mtu}");
        // Another is somewhere else than it was.
        let other = change([("p2", moving(None, Some("team0")))], &[]);
        assert!(!guarded(&ports, &other).unwrap().is_restored);
        // The others have another MTU by now.
        now["Interface p3"] = json!({"mtu_request": 1300});
        ports.read(&rows(APART, &[], &now), true).unwrap();
        assert!(!guarded(&ports, &back).unwrap().is_restored, "{mtu}");
    }
}

#[test]
fn who_joins_a_bond_and_leaves_it_again_is_as_it_was_with_its_own_mtu_alone() {
    for (own, expected) in [(json!(["set", []]), true), (json!(1400), false)] {
        let mut ports = known(APART, &json!({"Interface p1": {"mtu_request": own}}));
        ports.made(&guarded(&ports, &change([("p1", moving(None, Some("team0")))], &[])).unwrap());
        ports.read(&rows(JOINED, &[], &json!({})), true).unwrap();
        let back = |port: PortChange| {
            let leaves = PortChange { leaves: port.leaves, ..moving(Some("team0"), None) };
            guarded(&ports, &change([("p1", leaves)], &[])).unwrap().is_restored
        };
        assert_eq!(back(PortChange::default()), expected, "{own}");
        assert_eq!(back(mtu(Some(1400))), !expected, "{own}");
    }
}

#[test]
fn a_bond_that_has_its_mtu_again_is_as_it_was() {
    let had = json!({"Interface p3": {"mtu_request": 1400}, "Interface p4": {"mtu_request": 1400}});
    let mut ports = known(APART, &had);
    let made = guarded(&ports, &change([("team0", mtu(Some(1300)))], &[])).unwrap();
    ports.made(&made);
    let now = json!({"Interface p3": {"mtu_request": 1300}, "Interface p4": {"mtu_request": 1300}});
    ports.read(&rows(APART, &[], &now), true).unwrap();
    for (value, expected) in [(Some(1400), true), (Some(1500), false), (None, false)] {
        assert_eq!(guarded(&ports, &change([("team0", mtu(value))], &[])).unwrap().is_restored, expected, "{value:?}");
    }
    // It is removed, and comes back with the MTU.
    let mut ports = known(APART, &had);
    let leaves = || moving(Some("team0"), None);
    let gone = change([("p3", leaves()), ("p4", leaves())], &[("team0", BondChange::Remove)]);
    ports.made(&guarded(&ports, &gone).unwrap());
    ports.read(&rows(&[("br0", "p3", &["p3"]), ("br0", "p4", &["p4"])], &[], &json!({})), true).unwrap();
    let back = |value| {
        let team = PortChange { vlans: Some(on(7)), ..mtu(value) };
        let joins = || moving(None, Some("team0"));
        change([("p3", joins()), ("p4", joins()), ("team0", team)], &[("team0", BondChange::Make)])
    };
    assert!(guarded(&ports, &back(Some(1400))).unwrap().is_restored);
    assert!(!guarded(&ports, &back(Some(1500))).unwrap().is_restored);
}

/// The bond's row may have been read again when its interfaces were not.
#[test]
fn an_mtu_is_given_to_no_interface_that_has_left_and_each_is_waited_for() {
    let mut ports = known(APART, &json!({}));
    ports.read(&rows(&[("br0", "team0", &["p3"])], &[], &json!({})), false).unwrap();
    let sent = sent(&guarded(&ports, &change([("team0", mtu(Some(1300)))], &[])).unwrap());
    let of = |op: &str| {
        let own = sent.iter().filter(|operation| operation["op"] == op && operation["table"] == "Interface");
        own.map(|operation| operation["where"].to_string()).collect::<Vec<_>>()
    };
    let only = [json!([["name", "==", "p3"]]).to_string()];
    assert_eq!((of("update").as_slice(), of("wait").as_slice()), (&only[..], &only[..]));
}

#[test]
fn what_would_be_lost_or_mistaken_is_refused_before_anything_is_sent() {
    let joins = || change([("p1", moving(None, Some("team0")))], &[]);
    let keys = |key: &str| datum::of_map([(key, "theirs")]);
    for (more, told) in [
        (json!({"Interface p1": {"external_ids": keys(bonds::DESCRIPTION)}}), "the interface p1 has external_ids:desc"),
        (json!({"Port p1": {"other_config": keys("lacp-time")}}), "p1 has other_config:lacp-time"),
        (json!({"Port p1": {"qos": datum::of_uuid("QoS")}}), "p1 has qos"),
    ] {
        let error = guarded(&known(APART, &more), &joins()).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
    let elsewhere: &[(&str, &str, &[&str])] = &[("br1", "p1", &["p1"]), ("br0", "team0", &["p3", "p4"])];
    let error = guarded(&known(elsewhere, &json!({})), &joins()).unwrap_err();
    assert!(error.contains("in several bridges"), "{error}");
    let leaves = || moving(Some("team0"), None);
    let gone = change([("p3", leaves()), ("p4", leaves())], &[("team0", BondChange::Remove)]);
    for (more, told) in [
        (json!({"Port team0": {"external_ids": keys("theirs")}}), "team0 has external_ids:theirs"),
        (json!({"Port team0": {"qos": datum::of_uuid("QoS")}}), "team0 has qos"),
    ] {
        let error = guarded(&known(APART, &more), &gone).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
    // Mercury's own are none of them.
    let own = json!({"Port team0": {"lacp": "active", "other_config": keys("lacp-time"),
                                    "external_ids": keys(bonds::DESCRIPTION)}});
    assert!(guarded(&known(APART, &own), &gone).is_ok());
}
