//! What `config/overlays.md` says of where VNIs were seen is so.

use std::{collections::BTreeSet, fs, path::Path};

const PROTOCOLS: [(&str, &str); 6] = [
    ("netconf", "NETCONF"),
    ("gnmi", "gNMI"),
    ("restconf", "RESTCONF"),
    ("cli", "command line"),
    ("nvue", "NVUE"),
    ("ovsdb", "OVSDB"),
];

/// Every dialect that has VNIs is there once with each of its protocols, and what it was seen
/// in names it.
#[test]
fn every_dialect_with_vnis_is_told_with_what_it_was_seen_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("config/overlays.md")).unwrap();
    let (_, table) = text.split_once("<!-- seen -->\n").unwrap();
    let (table, _) = table.split_once("<!-- /seen -->").unwrap();
    let mut told = Vec::new();
    for row in table.lines().skip(2) {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, dialect, protocols, on, place, _] = cells.as_slice() else { panic!("{row}") };
        told.extend(protocols.split(", ").map(|protocol| (dialect.to_string(), protocol.to_owned())));
        if on.starts_with("nothing") {
            assert!(root.join(place).is_dir(), "{place}");
            continue;
        }
        let test = fs::read_to_string(root.join(place)).unwrap_or_else(|error| panic!("{place}: {error}"));
        // Of the plain dialect, and where a host's kind says it, the test names none.
        let word = ["openconfig", "sonic", "netmiko_ovs_linux"].iter().zip(["Simulated", "Host::sonic", "ovs"]);
        let word = word.filter(|(known, _)| **known == *dialect).map(|(_, word)| word).next();
        let is_named = test.contains(word.unwrap_or(dialect));
        assert!(is_named && test.contains("vni"), "{place} has nothing of {dialect}");
    }
    let dialects = mercury_adapter::builtin().unwrap();
    let has: BTreeSet<(String, String)> = dialects
        .iter()
        .flat_map(|dialect| {
            let own = PROTOCOLS.iter().filter(|(protocol, _)| dialect.overlay(protocol).is_some());
            own.map(|(_, shown)| (dialect.name.clone(), (*shown).to_owned()))
        })
        .collect();
    let number = told.len();
    let told: BTreeSet<(String, String)> = told.into_iter().collect();
    assert_eq!((number, &told), (has.len(), &has));
}
