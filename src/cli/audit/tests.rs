//! What rows say should be.

use super::*;
use crate::inventory::{Card, Face, Inventory, OvsdbSettings, Representor, Switch, Uplink};

/// A leaf with VLAN 199 for what is let go, and a card that hangs on it and has the same.
fn service() -> Service {
    let mut leaf = Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury");
    let mut card = Switch::new("dpu7", "unix:/run/db.sock", "netmiko_ovs_linux", "");
    for switch in [&mut leaf, &mut card] {
        switch.rules.default_vlan = "199".parse().ok();
        switch.rules.manage_vlans = true;
    }
    card.face = Face::Ovsdb(OvsdbSettings::default());
    let name = |name: &str| name.parse().unwrap();
    card.rules.card = Some(Card {
        hosts: vec!["node7".to_owned()],
        serial_number: None,
        uplinks: vec![Uplink { port: name("p0"), switch: "leaf1".to_owned(), switch_port: name("Ethernet7") }],
        representors: vec![Representor { port: name("pf0hpf"), uplinks: vec![name("p0")], function: None }],
    });
    Service::over([leaf, card].into_iter().collect::<Inventory>(), [])
}

fn rows(lines: &str) -> Vec<Request> {
    read(lines).0
}

fn read(lines: &str) -> (Vec<Request>, Vec<(usize, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.csv");
    std::fs::write(&file, format!("switch,port,mode,vlan,description\n{lines}")).unwrap();
    requests::read_each(&file, &Networks::read(&[]).unwrap()).unwrap()
}

#[test]
fn a_row_of_no_switch_or_no_port_cannot_be() {
    for (row, column) in [
        (",,none,,", "switch"),
        (",,,,rack 4", "switch"),
        (",,access,110,", "switch"),
        ("leaf1,,none,,", "port"),
        (",Ethernet1,none,,", "switch"),
    ] {
        let (rows, wrong) = read(row);
        assert_eq!((rows.len(), wrong), (0, vec![(2, format!("{column}: the cell is empty"))]), "{row}");
    }
}

/// A switch is not as expected in a row of which nothing could be made.
#[test]
fn a_row_that_cannot_be_is_its_switchs_too() {
    let service = service();
    let rows = rows("leaf1,Ethernet1,none,110,\nLEAF1,Ethernet2,access,110,\nnobody,Ethernet1,access,110,");
    let Wanted { by_switch, wrong, wrong_of } = Wanted::of(&service, &rows);
    assert_eq!((by_switch.len(), wrong.len()), (1, 2));
    assert_eq!(wrong_of, [("leaf1".to_owned(), 1)].into());
    let audited = Audited { switch: "leaf1".to_owned(), rows: 2, answer: Ok(Vec::new()), wrong: Vec::new(), unmade: 1 };
    assert!(matches!(audited.found(), Found::Like(1)) && audited.wrong() == 1);
}

#[test]
fn a_row_without_vlans_says_nothing_of_other_ports() {
    let service = service();
    for row in ["dpu7,pf0hpf,,,rack 4", "dpu7,pf0hpf,none,,", "leaf1,Ethernet1,,,rack 4"] {
        let rows = rows(row);
        let Wanted { by_switch, wrong, .. } = Wanted::of(&service, &rows);
        assert!(wrong.is_empty(), "{row}");
        let switches: Vec<&str> = by_switch.keys().map(String::as_str).collect();
        assert_eq!(switches, [row.split(',').next().unwrap()], "{row}");
        let target = &by_switch.values().next().unwrap().1.targets[0];
        assert!(target.vlans.is_empty() && target.uplinks.is_empty() && target.ports.len() == 1, "{row}");
    }
}
