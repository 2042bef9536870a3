//! Trunks of Pluribus, whose numbers the switch gives: made of a bond's ports, put into VLANs by
//! the number that was asked for, and taken apart again.

use mercury_sim::{CliHandle, CliSwitch};
use serde_json::json;

use super::{
    attach,
    bonds::bonded,
    every_line::{ROWS_BEFORE, rows_entry},
    grammar,
};
use crate::harness::{Client, Mercury, block_on};

/// What rows there are besides these.
fn besides(switch: &CliHandle, before: &str) -> Vec<String> {
    let running = switch.running();
    running.lines().filter(|row| !before.lines().any(|own| own == *row)).map(str::to_owned).collect()
}

#[test]
fn a_bond_is_a_trunk_in_the_vlans_of_its_number() {
    let switch = block_on(CliSwitch::start(grammar::rows(), ROWS_BEFORE)).unwrap();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[rows_entry(&switch).text("lag_numbers", "7-9")]);
    let mut client = Client::of(&mercury);
    let mut asked = bonded(["2", "3"], 100);
    let answer = client.done("attach_port", &asked);
    assert_eq!(answer["switches"][0]["lags"]["bond-a"], "lag7", "{answer}");
    let made = ["member lag7 2", "member lag7 3", "mode lag7 active", "scope 100 local", "timeout lag7 fast"];
    let made: Vec<&str> = made.into_iter().chain(["trunk lag7 128", "untagged 100 128"]).collect();
    assert_eq!(besides(&handle, ROWS_BEFORE), made);
    assert_eq!(client.done("attach_port", &asked)["changed"], false);

    // Other VLANs are the trunk's, whichever of its ports is named.
    asked["port"]["trunk_details"] = json!({"sub_ports": [{"segmentation_id": 20}]});
    client.done("update_port", &asked);
    assert!(besides(&handle, ROWS_BEFORE).contains(&"tagged 20 128".to_owned()), "{}", handle.running());
    // A server boots from one port before it bonds.
    client.done("attach_port", &attach("2", 10));
    let running = handle.running();
    let has = |row: &str| running.lines().any(|own| own == row);
    assert!(has("untagged 10 2") && has("member lag7 3") && !has("member lag7 2"), "{running}");
    assert!(has("untagged 100 128") && has("tagged 20 128"), "{running}");

    client.done("attach_port", &bonded(["2", "3"], 100));
    client.done("detach_port", &bonded(["2", "3"], 100));
    let mut idle: Vec<&str> =
        ROWS_BEFORE.lines().filter(|row| !row.contains("tagged ") || row.ends_with(" 49")).collect();
    idle.push("scope 100 local");
    idle.sort_unstable();
    assert!(handle.running().lines().eq(idle), "{}", handle.running());
}

#[test]
fn a_port_is_shut_down_and_brought_up() {
    let switch = block_on(CliSwitch::start(grammar::rows(), ROWS_BEFORE)).unwrap();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[rows_entry(&switch)]);
    let mut client = Client::of(&mercury);
    let mut asked = attach("2", 10);
    for (is_up, row) in [(false, "port 2 off"), (true, "port 2 on")] {
        asked["port"]["admin_state_up"] = json!(is_up);
        client.done("attach_port", &asked);
        assert!(handle.running().lines().any(|own| own == row), "{}", handle.running());
    }
}
