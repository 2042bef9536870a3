//! The plugin methods on one switch.

use serde_json::json;

use super::{Stage, access, fresh_vlan};
use crate::harness::{Entry, Peer, Port};

pub(super) fn detach_leaves_no_vlan_or_the_idle_one(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.client.done("attach_port", &stage.attach(&json!(100)));
    assert_eq!(stage.now().vlans, "access 100");
    let params = stage.attach(&json!(100));
    let answer = stage.client.done("detach_port", &params);
    assert_eq!(answer["changed"], true);
    assert_eq!(stage.seen(&answer["switches"][0]).vlans, "none");
    stage.serve_instead(|entry| entry.with("default_vlan", 900));
    let answer = stage.client.done("detach_port", &params);
    assert_eq!(stage.seen(&answer["switches"][0]).vlans, "access 900");
}

pub(super) fn a_detach_of_another_network_than_the_ports_leaves_it_there(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.client.done("attach_port", &stage.attach(&json!(101)));
    let answer = stage.client.done("detach_port", &stage.attach(&json!(100)));
    assert_eq!((&answer["changed"], stage.now().vlans.as_str()), (&json!(false), "access 101"));
    let warning = answer["switches"][0]["warnings"].to_string();
    assert!(warning.contains("is not on VLAN 100, which it was to leave, but access VLAN 101"), "{answer}");
    stage.client.done("detach_port", &stage.attach(&json!(101)));
    assert_eq!(stage.now().vlans, "none");
}

pub(super) fn admin_state_switches_the_port_off_and_on(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let mut params = stage.attach(&json!({"id": "n", "network_type": "vlan", "segmentation_id": 100}));
    for up in [false, true] {
        params["port"]["admin_state_up"] = json!(up);
        let answer = stage.client.done("update_port", &params);
        let port = stage.seen(&answer["switches"][0]);
        assert_eq!((port.enabled, port.vlans.as_str()), (up, "access 100"));
    }
}

pub(super) fn mtu_is_set_where_it_is_managed_and_left_where_not(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let params = stage.attach(&json!({"segmentation_id": 100, "mtu": 9000}));
    stage.client.done("attach_port", &params);
    assert_eq!(stage.now().mtu, None);
    stage.serve_instead(|entry| entry.with("manage_mtu", true));
    let answer = stage.client.done("attach_port", &params);
    assert_eq!(stage.seen(&answer["switches"][0]).mtu, Some(9000));
    stage.client.done("detach_port", &params);
    assert_eq!(stage.now(), Port::default());
}

pub(super) fn a_vlan_that_a_port_needs_is_made(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let (native, tagged) = (fresh_vlan(), fresh_vlan());
    let params = stage.params(&json!({"mode": "trunk", "native_vlan": native, "allowed_vlans": [tagged]}));
    stage.client.done("update_port", &params);
    assert!(!stage.switch.look().vlans.contains_key(&native), "made without being asked to");
    stage.serve_instead(|entry| entry.with("manage_vlans", true));
    let answer = stage.client.done("update_port", &params);
    let state = stage.switch.look();
    assert!(state.vlans.contains_key(&native) && state.vlans.contains_key(&tagged), "{:?}", state.vlans);
    assert_eq!(answer["vlans"].as_array().unwrap().len(), 2, "{answer}");
}

pub(super) fn networks_come_and_go_and_a_used_one_stays(peer: Peer) {
    let managed = |entry: Entry| entry.with("manage_vlans", true).with("physical_networks", "[\"physnet1\"]");
    let Some(mut stage) = Stage::with(peer, managed) else { return };
    let vlan = fresh_vlan();
    let elsewhere = json!({"network": {"segmentation_id": vlan, "physical_network": "physnet9"}});
    let nothing = stage.client.done("add_network", &elsewhere);
    assert_eq!(nothing["changed"], false);
    assert!(nothing["warnings"].to_string().contains("part of physical network \\\"physnet9\\\""), "{nothing}");
    let network = json!({"network": {"id": "n", "network_type": "vlan", "segmentation_id": vlan, "name": "tenant-a"}});
    let answer = stage.client.done("add_network", &network);
    assert_eq!(answer["changed"], true);
    assert_eq!(stage.switch.look().vlans.get(&vlan), Some(&Some("tenant-a".to_owned())));
    assert_eq!(stage.client.done("add_network", &network)["changed"], false);

    stage.update(&access(vlan));
    let error = stage.client.fails("delete_network", &network);
    assert!(error.message.contains(&stage.port), "{error:?}");
    assert!(stage.switch.look().vlans.contains_key(&vlan));

    stage.client.done("detach_port", &stage.attach(&json!(vlan)));
    assert_eq!(stage.client.done("delete_network", &network)["changed"], true);
    assert!(!stage.switch.look().vlans.contains_key(&vlan));
    assert_eq!(stage.client.done("delete_network", &network)["changed"], false);
}

pub(super) fn plugin_trunk_has_its_sub_ports(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let mut params = stage.attach(&json!({"segmentation_id": 100}));
    params["port"]["trunk_details"] = json!({"trunk_id": "t", "sub_ports": [
        {"segmentation_id": 102, "segmentation_type": "vlan", "port_id": "p", "mac_address": "52:54:00:00:00:02"},
        {"segmentation_id": 101, "segmentation_type": "vlan"}]});
    let answer = stage.client.done("attach_port", &params);
    assert_eq!(stage.seen(&answer["switches"][0]).vlans, "trunk 101,102 native 100");
}
