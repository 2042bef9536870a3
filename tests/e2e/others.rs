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

/// A port leaves a VLAN that goes with it, for which every VLAN is read, while
/// somebody makes another.
#[test]
fn a_vlan_that_somebody_else_makes_meanwhile_stays_whatever_becomes_of_the_change() {
    let theirs = "<network-instances xmlns=\"http://openconfig.net/yang/network-instance\"><network-instance>\
                  <name>default</name><vlans><vlan><vlan-id>300</vlan-id><config><vlan-id>300</vlan-id>\
                  <name>theirs</name></config></vlan></vlans></network-instance></network-instances>";
    for fault in [None, Some("status:internal"), Some("status:unavailable")] {
        let switch = Simulated::gnmi(Face::Plain);
        let entry = switch.entry("leaf1").with("manage_vlans", true).with("settle_time", 1);
        let entry = entry.text("vlan_name", "mercury-{vlan}").with("remove_unused_vlans", true);
        let mercury = Mercury::serve(&[entry]);
        let params = json!({"port": {"binding:profile": {"local_link_information": [
            {"switch_id": "leaf1", "port_id": "Ethernet1"}]}}, "network": 100});
        Client::of(&mercury).done("attach_port", &params);
        let handle = switch.handle();
        let held = handle.inject("gnmi-set:1:after:hold".parse().unwrap());
        if let Some(fault) = fault {
            handle.inject(format!("gnmi-set:1:after:{fault}").parse().unwrap());
        }
        let answer = thread::scope(|scope| {
            let detached = scope.spawn(|| Client::of(&mercury).call("detach_port", &params));
            block_on(handle.held(held));
            handle.change_running(theirs).unwrap();
            handle.release(held);
            detached.join().unwrap()
        });
        let state = switch.look();
        assert_eq!(answer.is_err(), fault == Some("status:internal"), "{fault:?}: {answer:?}");
        assert_eq!(state.vlans.get(&300), Some(&Some("theirs".to_owned())), "{fault:?}: {answer:?}");
        assert_eq!(state.vlans.contains_key(&100), answer.is_err(), "{fault:?}: {answer:?}");
    }
}

/// A port joins an aggregate, somebody disables it, and then the change is undone.
#[test]
fn a_port_that_somebody_disables_while_it_joins_an_aggregate_stays_so_when_that_is_undone() {
    let theirs = "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name>\
                  <config><name>Ethernet1</name><enabled>false</enabled></config></interface></interfaces>";
    let switch = Simulated::gnmi(Face::Plain);
    let entry = switch.entry("leaf1").with("settle_time", 1).with("allowed_lags", r#"["Port-Channel1"]"#);
    let mercury = Mercury::serve(&[entry]);
    let handle = switch.handle();
    let held = handle.inject("gnmi-set:1:after:hold".parse().unwrap());
    handle.inject("gnmi-set:1:after:status:internal".parse().unwrap());
    let joins = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": 100,
                       "lag_name": "Port-Channel1"});
    let answer = thread::scope(|scope| {
        let asked = scope.spawn(|| Client::of(&mercury).call("update_port", &joins));
        block_on(handle.held(held));
        assert_eq!(switch.look().port("Ethernet1").aggregate.as_deref(), Some("Port-Channel1"));
        handle.change_running(theirs).unwrap();
        handle.release(held);
        asked.join().unwrap()
    });
    let now = switch.look().port("Ethernet1");
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!((now.aggregate, now.enabled), (None, false), "{answer:?}");
}
