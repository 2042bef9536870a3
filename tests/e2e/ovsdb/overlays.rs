//! A port on a VNI on a real Open vSwitch: tunnels of its user space, made with the first
//! port and gone with the last.

use serde_json::{Value, json};

use super::{entry, vlans};
use crate::{
    command_line::bridge::Bridge,
    harness::{Client, Entry, Mercury},
};

fn serving(bridge: &Bridge) -> Entry {
    entry(bridge)
        .text("local_vlans", "3000-3003")
        .text("vxlan_vtep", "br0")
        .text("vxlan_flood", "static")
        .with("vxlan_peers", "[\"192.0.2.2\", \"192.0.2.3\"]")
        .with("trunk_ports", "[\"up0\"]")
}

fn on(port: &str, network: &Value) -> Value {
    let link = json!({"switch_id": "leaf1", "port_id": port});
    json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": network})
}

/// The tunnels, as `VLAN VNI VTEP`, by what ovs-vswitchd made of them.
fn tunnels(bridge: &Bridge) -> Vec<String> {
    let names = bridge.vsctl(&["--bare", "--columns=name", "find", "interface", "type=vxlan"]);
    let shown = |name: &str| {
        let get = |table: &str, column: &str| bridge.vsctl(&["get", table, name, column]).replace('"', "");
        let ofport: i64 = get("interface", "ofport").parse().unwrap();
        assert!(ofport > 0 && get("interface", "error") == "[]", "{name}: {}", get("interface", "error"));
        format!("{} {} {}", get("port", "tag"), get("interface", "options:key"), get("interface", "options:remote_ip"))
    };
    let mut shown: Vec<String> = names.split_whitespace().map(shown).collect();
    shown.sort();
    shown
}

#[test]
fn tunnels_come_with_the_first_port_of_a_vni_and_go_with_the_last() {
    let Some(bridge) = Bridge::start(&["p1", "p2", "p3"]) else { return };
    bridge.vsctl(&["set", "port", "p3", "tag=7", "external_ids:theirs=kept"]);
    // An uplink, which has every VLAN.
    bridge.vsctl(&["add-port", "br0", "up0", "--", "set", "interface", "up0", "type=dummy"]);
    let mercury = Mercury::serve(&[serving(&bridge)]);
    let mut client = Client::of(&mercury);
    let vni = json!({"vni": 10_100});
    let attached = client.done("attach_port", &on("p1", &vni));
    assert_eq!(
        attached["switches"][0]["segments"],
        json!([{"vlan-id": 3000, "vni": 10_100, "vni-state": "UP"}]),
        "{attached}"
    );
    assert_eq!(attached["switches"][0]["flights"], 3, "{attached}");
    let made = ["3000 10100 192.0.2.2", "3000 10100 192.0.2.3"];
    assert_eq!(tunnels(&bridge), made);
    assert_eq!(vlans(&bridge, "p1"), "access 3000 []");
    assert_eq!(client.done("attach_port", &on("p1", &vni))["changed"], false);
    // Somebody takes them away: who asks again has them, though the port is as it was.
    bridge.vsctl(&["del-port", "br0", "v002774c0000202", "--", "del-port", "br0", "v002774c0000203"]);
    client.done("attach_port", &on("p1", &json!({"vni": 10_100, "segmentation_id": 3000})));
    assert_eq!(
        (tunnels(&bridge), vlans(&bridge, "p1")),
        (made.map(String::from).to_vec(), "access 3000 []".to_owned())
    );
    client.done("attach_port", &on("p2", &vni));
    client.done("detach_port", &on("p1", &vni));
    assert_eq!(tunnels(&bridge), made, "another port is on it");
    client.done("detach_port", &on("p2", &vni));
    assert_eq!(tunnels(&bridge), Vec::<String>::new());
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np2\np3\nup0");
    assert_eq!(vlans(&bridge, "p3"), "[] 7 []");
    // A VLAN that is used again loses what was left of another tenant, in the same transaction.
    client.done("attach_port", &on("p1", &json!({"vni": 6000, "segmentation_id": 3000})));
    bridge.vsctl(&["clear", "port", "p1", "tag", "--", "set", "port", "p1", "vlan_mode=trunk", "trunks=4095"]);
    client.done("attach_port", &on("p1", &json!({"vni": 10_200, "segmentation_id": 3000})));
    assert_eq!(tunnels(&bridge), ["3000 10200 192.0.2.2", "3000 10200 192.0.2.3"]);
}

#[test]
fn what_others_have_of_a_vni_is_theirs_and_what_cannot_be_is_undone() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    let add = |name: &str, more: &[&str], options: &[&str]| {
        let own = [&["add-port", "br0", name], more, &["--", "set", "interface", name, "type=vxlan"], options].concat();
        bridge.vsctl(&own);
    };
    add("theirs1", &["tag=3001"], &["options:key=500", "options:remote_ip=192.0.2.9"]);
    add("theirs2", &[], &["options:key=600", "options:remote_ip=192.0.2.9"]);
    add("theirs3", &[], &["options:in_key=900", "options:remote_ip=192.0.2.9"]);
    // Who has the name is not Mercury.
    bridge.vsctl(&["add-port", "br0", "v0002bcc0000203", "--", "set", "interface", "v0002bcc0000203", "type=dummy"]);
    let mercury = Mercury::serve(&[serving(&bridge)]);
    let mut client = Client::of(&mercury);
    let before = bridge.vsctl(&["list-ports", "br0"]);
    let mut refused = |network: Value, told: &str| {
        let error = client.call("attach_port", &on("p1", &network)).unwrap_err();
        assert!(error.message.contains(told), "{network}: {error:?}");
        assert_eq!(bridge.vsctl(&["list-ports", "br0"]), before, "{network}");
        assert_eq!(vlans(&bridge, "p1"), "[] [] []", "{network}");
    };
    refused(json!({"vni": 500, "segmentation_id": 3000}), "has it on VLAN 3001");
    refused(json!({"vni": 600}), "it is something else than a VLAN's");
    refused(json!({"vni": 900}), "it is something else than a VLAN's");
    refused(json!({"vni": 800, "segmentation_id": 3001}), "whose entry also has port theirs1");
    refused(json!({"vni": 700}), "constraint violation");
    // What they have bound may be used, and stays when the last port leaves.
    let mut client = Client::of(&mercury);
    client.done("attach_port", &on("p1", &json!({"vni": 500})));
    assert_eq!(vlans(&bridge, "p1"), "access 3001 []");
    client.done("detach_port", &on("p1", &json!({"vni": 500})));
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), before);
}
