//! Somebody else at work on a switch that knows no lock, as over gNMI.

use std::thread;

use serde_json::{Value, json};

use crate::harness::{Client, Face, Mercury, RpcError, Simulated, block_on};

/// Deletes a network, for which every port is read, while somebody describes
/// another port: after the Set, before its answer, which is then `fault` if
/// there is one.
fn deleted_meanwhile(switch: &Simulated, fault: Option<&str>) -> Result<Value, RpcError> {
    let mercury = Mercury::serve(&[switch.entry("leaf1").with("manage_vlans", true).with("settle_time", 1)]);
    let network = json!({"network": {"id": "n", "network_type": "vlan", "segmentation_id": 100, "name": "tenant-a"}});
    Client::of(&mercury).done("add_network", &network);
    let handle = switch.handle();
    let held = handle.inject("gnmi-set:1:after:hold".parse().unwrap());
    if let Some(fault) = fault {
        handle.inject(format!("gnmi-set:1:after:{fault}").parse().unwrap());
    }
    thread::scope(|scope| {
        let deleted = scope.spawn(|| Client::of(&mercury).call("delete_network", &network));
        block_on(handle.held(held));
        let theirs = "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet2</name>\
                      <config><name>Ethernet2</name><description>theirs</description></config></interface></interfaces>";
        handle.change_running(theirs).unwrap();
        handle.release(held);
        deleted.join().unwrap()
    })
}

fn theirs(switch: &Simulated) -> Option<String> {
    switch.look().port("Ethernet2").description
}

#[test]
fn a_port_that_somebody_else_changes_meanwhile_does_not_fail_the_change() {
    let switch = Simulated::gnmi(Face::Plain);
    let answer = deleted_meanwhile(&switch, None).unwrap();
    assert_eq!(answer["changed"], true, "{answer}");
    assert!(switch.look().vlans.is_empty());
    assert_eq!(theirs(&switch).as_deref(), Some("theirs"));
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_undone_with_the_change() {
    for fault in ["status:internal", "status:unavailable", "drop"] {
        let switch = Simulated::gnmi(Face::Plain);
        let answer = deleted_meanwhile(&switch, Some(fault));
        // What was refused is undone; what was lost is found to be done.
        assert_eq!(answer.is_ok(), switch.look().vlans.is_empty(), "{fault}: {answer:?}");
        assert_eq!(answer.is_err(), fault == "status:internal", "{fault}: {answer:?}");
        assert_eq!(theirs(&switch).as_deref(), Some("theirs"), "{fault}: {answer:?}");
    }
}
