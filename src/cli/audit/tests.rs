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

fn rows(lines: &str) -> Contents {
    read(&format!("switch,port,mode,vlan,description\n{lines}")).unwrap()
}

fn read(text: &str) -> Result<Contents, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table");
    std::fs::write(&file, text).unwrap();
    requests::read_each(&file, &Networks::read(&[]).unwrap()).map_err(|failure| failure.to_string())
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
        let Contents { requests, misread, .. } = rows(row);
        let told: Vec<_> = misread.iter().map(|own| (own.line, own.reason.as_str())).collect();
        assert_eq!((requests.len(), told), (0, vec![(2, &*format!("{column}: the cell is empty"))]), "{row}");
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

/// So is one in rows that are none.
#[test]
fn a_row_that_cannot_be_read_is_its_switchs_too() {
    let service = service();
    let ports = r#"[{"local_link_connection": {"switch_id": "leaf1"}, "extra": {"switchport": {}}}, {"uuid": 1}]"#;
    let tables = ["leaf1,Ethernet1,access,5000,\nLeaf1,Ethernet2\nnobody,Ethernet1,colour,,\n,Ethernet2,none,,"];
    for (contents, misread, of_leaf) in [(rows(tables[0]), 4, 2), (read(ports).unwrap(), 2, 1)] {
        let Wanted { by_switch, wrong, wrong_of } = Wanted::of(&service, &contents);
        assert_eq!((by_switch.len(), wrong.len(), contents.misread.len()), (0, 0, misread));
        assert_eq!(wrong_of, [("leaf1".to_owned(), of_leaf)].into());
    }
}

#[test]
fn a_port_that_hangs_on_no_switch_is_counted_and_is_no_mistake() {
    let wired = r#"{"local_link_connection": {"switch_id": "leaf1", "port_id": "e1"}, "extra": {"switchport": {"mode": "access"}}}"#;
    let unwired = r#"{"uuid": "a", "local_link_connection": {}}, {"Local Link Connection": null},
        {"local_link_connection": {"switch_id": null, "port_id": "", "switch_info": null}}"#;
    let Contents { requests, misread, not_wired } = read(&format!("[{wired}, {unwired}]")).unwrap();
    assert_eq!((requests.len(), misread, not_wired), (1, Vec::new(), 3));
    // An unmanaged port need not name a switch; half of a link is a mistake.
    let half =
        r#"{"local_link_connection": {"port_id": "e1"}}, {"local_link_connection": {"network_type": "unmanaged"}}"#;
    let Contents { requests, misread, not_wired } = read(&format!("[{wired}, {half}]")).unwrap();
    assert_eq!((requests.len(), misread.len(), not_wired), (1, 1, 0));
    let none = read(&format!("[{unwired}]")).unwrap_err();
    assert!(none.ends_with("there is no request in it; 3 ports are not wired"), "{none}");
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
