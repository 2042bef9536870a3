//! Bonds of a real Open vSwitch: interfaces keep their rows and numbers wherever they have their
//! place, and nobody's port is open meanwhile.

use serde_json::{Value, json};

use super::{entry, interrupted::signal, vlans};
use crate::{
    command_line::bridge::Bridge,
    harness::{Client, Mercury},
};

/// The network on both ports in one bond.
fn bonded(ports: [&str; 2], network: u16) -> Value {
    let link = |port: &str| json!({"switch_id": "leaf1", "port_id": port});
    json!({"network": network, "port": {"binding:profile": {
        "local_link_information": ports.map(link),
        "local_group_information": {
            "id": "8d1f00aa-0000-4000-8000-000000000000", "name": "bond-a", "bond_mode": "802.3ad",
            "bond_properties": {"bond_lacp_rate": "fast"}},
    }}})
}

/// What of an interface is to stay.
fn interface(bridge: &Bridge, name: &str) -> String {
    ["_uuid", "ofport", "type", "external_ids:theirs"].map(|of| bridge.vsctl(&["get", "interface", name, of])).join(" ")
}

fn serve(bridge: &Bridge) -> Mercury {
    let entry = entry(bridge).text("lag_numbers", "1-9").with("manage_mtu", true).with("commit_timeout", 2);
    Mercury::serve(&[entry.with("lock_wait", 4)])
}

/// A bridge of two ports, one of them a trunk with a description, and of others' ports and bond.
fn furnished() -> Option<Bridge> {
    let bridge = Bridge::start(&["p1", "p2", "p3"])?;
    bridge.vsctl(&["set", "port", "p3", "tag=7", "external_ids:theirs=kept"]);
    bridge.vsctl(&["set", "port", "p1", "vlan_mode=trunk", "trunks=30,31", "external_ids:description=rack"]);
    bridge.vsctl(&["set", "interface", "p1", "external_ids:theirs=kept"]);
    bridge.vsctl(&["set", "interface", "p2", "external_ids:theirs=kept"]);
    let dummies = ["--", "set", "interface", "p4", "type=dummy", "--", "set", "interface", "p5", "type=dummy"];
    let team = ["add-bond", "br0", "team0", "p4", "p5", "lacp=passive", "tag=7", "other_config:theirs=kept"];
    bridge.vsctl(&[&team[..], &dummies].concat());
    Some(bridge)
}

#[test]
fn a_bond_is_made_of_interfaces_that_stay_and_taken_apart_again() {
    let Some(bridge) = furnished() else { return };
    let mercury = serve(&bridge);
    let mut client = Client::of(&mercury);
    let before = ["p1", "p2"].map(|port| interface(&bridge, port));

    let asked = bonded(["p1", "p2"], 100);
    let answer = client.done("attach_port", &asked);
    assert_eq!(answer["switches"][0]["lags"]["bond-a"], "bond1", "{answer}");
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "bond1\np3\nteam0");
    assert_eq!(bridge.vsctl(&["list-ifaces", "br0"]), "p1\np2\np3\np4\np5");
    let said = |column| bridge.vsctl(&["get", "port", "bond1", column]);
    assert_eq!(["lacp", "bond_mode", "other_config"].map(said), ["active", "balance-tcp", "{lacp-time=fast}"]);
    assert_eq!(said("external_ids"), "{description=\"[[bond-a]]\", mercury=configured}");
    assert_eq!(vlans(&bridge, "bond1"), "access 100 []");
    assert_eq!(["p1", "p2"].map(|port| interface(&bridge, port)), before);
    assert_eq!(bridge.vsctl(&["get", "interface", "p1", "external_ids:description"]), "rack");
    assert_eq!(client.done("attach_port", &asked)["changed"], false);

    // Other VLANs and another MTU are the bond's, whoever of its links is named.
    let mut trunk = bonded(["p1", "p2"], 100);
    trunk["port"]["trunk_details"] = json!({"sub_ports": [{"segmentation_id": 101}]});
    trunk["network"] = json!({"id": "n", "network_type": "vlan", "segmentation_id": 100, "mtu": 1400});
    client.done("update_port", &trunk);
    assert_eq!(vlans(&bridge, "bond1"), "native-untagged 100 [101]");
    let mtu = |port| bridge.vsctl(&["get", "interface", port, "mtu_request"]);
    assert_eq!(["p1", "p2"].map(mtu), ["1400", "1400"]);
    // One that is named alone leaves, with nothing of the bond's, and joins again.
    let one = json!({"switch_id": "leaf1", "port_name": "p2", "mode": "access", "native_vlan": 102});
    client.done("update_port", &one);
    assert_eq!((bridge.vsctl(&["list-ports", "br0"]).as_str(), mtu("p2").as_str()), ("bond1\np2\np3\nteam0", "[]"));
    assert_eq!(
        (vlans(&bridge, "p2"), vlans(&bridge, "bond1")),
        ("access 102 []".into(), "native-untagged 100 [101]".into())
    );
    client.done("attach_port", &asked);
    assert_eq!((bridge.vsctl(&["list-ports", "br0"]).as_str(), mtu("p2").as_str()), ("bond1\np3\nteam0", "1400"));

    client.done("detach_port", &asked);
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np2\np3\nteam0");
    assert_eq!(["p1", "p2"].map(|port| vlans(&bridge, port)), ["trunk [] [4095]", "trunk [] [4095]"]);
    assert_eq!(["p1", "p2"].map(mtu), ["[]", "[]"]);
    assert_eq!(["p1", "p2"].map(|port| interface(&bridge, port)), before);
    assert_eq!(bridge.vsctl(&["get", "port", "p1", "external_ids"]), "{description=rack}");
    assert_eq!(bridge.vsctl(&["get", "interface", "p1", "external_ids"]), "{theirs=kept}");

    // A bond of others is shown, has VLANs as a port has, and is not made anything else.
    let plain = json!({"switch_id": "leaf1", "port_name": "p4", "mode": "access", "native_vlan": 100});
    client.done("update_port", &plain);
    assert_eq!(vlans(&bridge, "team0"), "access 100 []");
    let theirs = |column| bridge.vsctl(&["get", "port", "team0", column]);
    assert_eq!(["lacp", "bond_mode", "other_config"].map(theirs), ["passive", "[]", "{theirs=kept}"]);
    let error = client.call("attach_port", &bonded(["p1", "p4"], 100)).unwrap_err();
    assert!(error.message.contains("team0"), "{error:?}");
    assert_eq!(bridge.vsctl(&["get", "port", "p3", "external_ids"]), "{theirs=kept}");
}

#[test]
fn a_bond_that_cannot_be_is_not_made_and_what_was_there_stays() {
    let Some(bridge) = furnished() else { return };
    let mercury = serve(&bridge);
    let mut client = Client::of(&mercury);
    let rows = || {
        let of = |table| bridge.vsctl(&["--no-wait", "--columns=_uuid,name,external_ids", "list", table]);
        (of("Interface"), ["p1", "p2"].map(|port| vlans(&bridge, port)))
    };
    let before = rows();
    let refused = |client: &mut Client, method: &str, told: &str| {
        let error = client.call(method, &bonded(["p1", "p2"], 100)).unwrap_err();
        assert!(error.message.contains(told), "{method}: {error:?}");
    };
    let mut fixed = bonded(["p1", "p2"], 100);
    fixed["port"]["binding:profile"]["local_group_information"]["bond_mode"] = json!("balance-xor");
    let alone = json!({"switch_ids": ["leaf1"], "lag_name": "bond2", "mode": "access", "native_vlan": 100,
                       "aggregation_mode": "lacp"});
    for (method, asked, why) in [("attach_port", &fixed, "static"), ("update_lag", &alone, "a bond is its interfaces")]
    {
        let error = client.call(method, asked).unwrap_err();
        assert!(error.message.contains(why), "{error:?}");
    }
    // What somebody else keeps in a port's row would go with it.
    bridge.vsctl(&["set", "port", "p2", "external_ids:theirs=kept"]);
    let error = client.call("attach_port", &bonded(["p1", "p2"], 100)).unwrap_err();
    assert!(error.message.contains("external_ids:theirs"), "{error:?}");
    bridge.vsctl(&["remove", "port", "p2", "external_ids", "theirs"]);
    for (set, column, cleared) in
        [("protected=true", "protected", "protected=false"), ("cvlans=5", "cvlans", "cvlans=[]")]
    {
        bridge.vsctl(&["set", "port", "p2", set]);
        refused(&mut client, "attach_port", &format!("p2 has {column}"));
        bridge.vsctl(&["set", "port", "p2", cleared]);
    }
    // And a mirror would lose it.
    let mirror = |port: &str| {
        let id = ["--", "--id=@p", "get", "port", port, "--", "--id=@m", "create", "mirror", "name=span"];
        bridge.vsctl(&[&id[..], &["select_src_port=@p", "--", "set", "bridge", "br0", "mirrors=@m"]].concat());
    };
    mirror("p1");
    refused(&mut client, "attach_port", "p1 is in select_src_port of a mirror");
    assert_ne!(bridge.vsctl(&["get", "mirror", "span", "select_src_port"]), "[]");
    bridge.vsctl(&["clear", "bridge", "br0", "mirrors"]);
    assert_eq!(rows(), before);

    // Nobody applies it: the rows are as they were, and so is what ovs-vswitchd has at last.
    signal(&bridge, "vs.pid", "-STOP");
    let error = client.call("attach_port", &bonded(["p1", "p2"], 100)).unwrap_err();
    assert!(error.message.contains("it may be stopped"), "{error:?}");
    assert_eq!(rows(), before);
    signal(&bridge, "vs.pid", "-CONT");
    client.done("attach_port", &bonded(["p1", "p2"], 100));
    assert_eq!(vlans(&bridge, "bond1"), "access 100 []");
    bridge.vsctl(&["set", "port", "bond1", "bond_updelay=100"]);
    refused(&mut client, "detach_port", "bond1 has bond_updelay");
    bridge.vsctl(&["set", "port", "bond1", "bond_updelay=0"]);
    mirror("bond1");
    refused(&mut client, "detach_port", "bond1 is in select_src_port of a mirror");
    bridge.vsctl(&["clear", "bridge", "br0", "mirrors"]);
    assert_eq!(vlans(&bridge, "bond1"), "access 100 []");
    // Who leaves is back in it, and what was taken apart is there again.
    let mut jumbo = bonded(["p1", "p2"], 100);
    jumbo["network"] = json!({"id": "n", "network_type": "vlan", "segmentation_id": 100, "mtu": 1400});
    client.done("update_port", &jumbo);
    let places = || {
        let of = |table, columns| bridge.vsctl(&["--no-wait", columns, "list", table]);
        let bond = bridge.vsctl(&[
            "--no-wait",
            "--columns=tag,lacp,bond_mode,other_config,external_ids",
            "list",
            "port",
            "bond1",
        ]);
        (
            bond,
            bridge.vsctl(&["--no-wait", "list-ports", "br0"]),
            of("Interface", "--columns=_uuid,mtu_request,external_ids"),
        )
    };
    let before = places();
    let alone = json!({"switch_id": "leaf1", "port_name": "p2", "mode": "access", "native_vlan": 102});
    for (method, asked) in [("update_port", &alone), ("detach_port", &jumbo)] {
        signal(&bridge, "vs.pid", "-STOP");
        let error = client.call(method, asked).unwrap_err();
        assert!(error.message.contains("it may be stopped"), "{method}: {error:?}");
        assert_eq!(places(), before, "{method}: {error:?}");
        signal(&bridge, "vs.pid", "-CONT");
        client.done("update_port", &jumbo);
    }
}

/// Of a VLAN that is bound to a VNI the transaction waits for all ports, and those that it puts
/// back itself are none of somebody else's.
#[test]
fn a_bond_on_a_vni_that_nobody_applies_is_undone() {
    let Some(bridge) = furnished() else { return };
    let entry = entry(&bridge).text("lag_numbers", "1-9").with("commit_timeout", 2).with("lock_wait", 4);
    let entry = entry.text("local_vlans", "3000-3003").text("vxlan_vtep", "br0").text("vxlan_flood", "static");
    let mercury = Mercury::serve(&[entry.with("vxlan_peers", "[\"192.0.2.2\"]").with("trunk_ports", "[]")]);
    let mut client = Client::of(&mercury);
    let vni = json!({"vni": 10_100});
    for port in ["p1", "p2"] {
        let link = json!({"switch_id": "leaf1", "port_id": port});
        let asked = json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": vni});
        client.done("attach_port", &asked);
    }
    let mut asked = bonded(["p1", "p2"], 100);
    asked["network"] = vni;
    signal(&bridge, "vs.pid", "-STOP");
    let error = client.call("attach_port", &asked).unwrap_err();
    assert!(error.message.contains("it may be stopped"), "{error:?}");
    let tag = |port| bridge.vsctl(&["--no-wait", "get", "port", port, "tag"]);
    assert_eq!(["p1", "p2"].map(tag), ["3000", "3000"], "{error:?}");
    signal(&bridge, "vs.pid", "-CONT");
    client.done("attach_port", &asked);
    assert_eq!(vlans(&bridge, "bond1"), "access 3000 []");
    client.done("detach_port", &asked);
    assert_eq!(bridge.vsctl(&["--bare", "--columns=name", "find", "interface", "type=vxlan"]), "");
}
