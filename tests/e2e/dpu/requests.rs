//! What callers ask for, and how it is answered.

use std::process::Command;

use serde_json::{Value, json};

use super::{PORTS, card, entry, leaf, smart_nic, switches, uplink, vlans};
use crate::{
    command_line::bridge::Bridge,
    harness::{Client, Ironic, Mercury, Setup},
};

const CLOSED: &str = "trunk [] [4095]";

fn of_card<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let all = answer["switches"].as_array().unwrap();
    all.iter().find(|report| report["switch"] == name).unwrap_or_else(|| panic!("{name}: {answer}"))
}

/// What Open vSwitch's own Python client sees of the host's end.
fn by_another_client(bridge: &Bridge) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/ovsdb_look.py");
    let socket = bridge.path("db.sock").display().to_string();
    let done = Command::new("/usr/bin/python3").args([script, &socket, "pf0hpf"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn a_host_behind_a_card_gets_its_network_on_the_card_and_on_the_switch() {
    let Some(bridge) = card() else { return };
    for switch in switches() {
        let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
        let mut client = Client::of(&mercury);
        let before = uplink(&switch);
        let attached = client.done("attach_port", &smart_nic("pf0hpf", &json!(100)));
        assert_eq!(vlans(&bridge, "pf0hpf"), "access 100 []");
        assert_eq!(uplink(&switch), "trunk 100", "{attached}");
        let seen = json!({"mode": "access", "tag": 100, "trunks": [], "mark": "configured"});
        assert_eq!(by_another_client(&bridge)["pf0hpf"], seen);
        assert_eq!(of_card(&attached, "leaf1")["outcome"], "committed");
        assert_eq!(of_card(&attached, "dpu7")["outcome"], "committed");
        let again = client.done("attach_port", &smart_nic("pf0hpf", &json!(100)));
        assert_eq!(again["changed"], false, "{again}");
        // Another VLAN: the one that it had has no user any more.
        let moved = client.done("update_port", &smart_nic("pf0hpf", &json!(101)));
        // A read beside the transaction and what came of it.
        assert_eq!(of_card(&moved, "dpu7")["flights"], 3, "{moved}");
        assert_eq!((vlans(&bridge, "pf0hpf").as_str(), uplink(&switch).as_str()), ("access 101 []", "trunk 101"));
        // Another representor of the card has it, too.
        client.done("attach_port", &smart_nic("pf0vf0", &json!(101)));
        client.done("detach_port", &smart_nic("pf0hpf", &json!(101)));
        assert_eq!((vlans(&bridge, "pf0hpf").as_str(), uplink(&switch).as_str()), (CLOSED, "trunk 101"));
        client.done("detach_port", &smart_nic("pf0vf0", &Value::Null));
        assert_eq!((vlans(&bridge, "pf0vf0"), uplink(&switch)), (CLOSED.to_owned(), before));
        assert_eq!(vlans(&bridge, "p0"), "[] [] []", "the uplink of the card is not Mercury's");
        assert_eq!(bridge.vsctl(&["list-ports", "br0"]).lines().collect::<Vec<_>>(), PORTS);
    }
}

/// What the switch's port has beside stays.
#[test]
fn what_the_network_team_put_on_the_uplink_stays() {
    let Some(bridge) = card() else { return };
    for switch in switches() {
        let setup = Setup::new().switches(&[leaf(&switch), entry(&bridge)]);
        let theirs = json!({"switch_id": "leaf1", "port_name": "Ethernet7", "mode": "trunk", "native_vlan": 5,
                            "allowed_vlans": [900]});
        // While no card hangs on it, it is a port like others.
        let plain = Mercury::serve(&[leaf(&switch)]);
        Client::of(&plain).done("update_port", &theirs);
        drop(plain);
        let before = uplink(&switch);
        let mercury = setup.serve();
        let mut client = Client::of(&mercury);
        let trunk = json!({"switch_id": "dpu7", "port_name": "pf0hpf", "mode": "trunk", "native_vlan": 100,
                           "allowed_vlans": [101, 900]});
        let answer = client.done("update_port", &trunk);
        assert_eq!(answer["uplinks"][0]["switch"], "leaf1", "{answer}");
        assert_eq!((answer["native_vlan"].as_u64(), &answer["switch"]), (Some(100), &json!("dpu7")));
        assert_eq!(uplink(&switch), "trunk 100,101,900 native 5");
        let reset = json!({"switch_id": "dpu7", "port_name": "pf0hpf", "native_vlan": 100});
        client.done("reset_port", &reset);
        // VLAN 900 had another user than the card only in the head of the network team.
        assert_eq!(uplink(&switch), "access 5", "{before}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_named() {
    let Some(bridge) = card() else { return };
    let [switch, ..] = switches();
    let mercury = Mercury::serve(&[leaf(&switch).text("allowed_vlans", "100-199"), entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut asked = smart_nic("pf0hpf", &json!(100));
        change(&mut asked["port"]["binding:profile"]["local_link_information"][0]);
        asked
    };
    let access = |switch: &str, port: &str| json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": 100});
    for (method, asked, told) in [
        ("attach_port", with(&|link| link["hostname"] = json!("node8")), "no card is in host"),
        ("attach_port", with(&|link| link["port_id"] = json!("pf9hpf")), "not among the representors of card dpu7"),
        ("attach_port", with(&|link| link["port_id"] = json!("p0")), "is an uplink of card dpu7"),
        ("attach_port", smart_nic("pf0hpf", &json!(200)), "not allowed on leaf1"),
        ("attach_port", smart_nic("pf0hpf", &json!({"vni": 10_100})), "segmentation_id"),
        ("update_port", access("leaf1", "Ethernet7"), "dpu7 hangs on port Ethernet7 of leaf1"),
        ("update_port", access("dpu7", "p0"), "is an uplink of card dpu7"),
        (
            "update_lag",
            json!({"switch_ids": ["dpu7"], "lag_name": "bond0", "mode": "access", "native_vlan": 100,
                   "aggregation_mode": "lacp"}),
            "not bonded",
        ),
    ] {
        let error = client.call(method, &asked).unwrap_err();
        assert!(error.message.contains(told), "{told}: {error:?}");
    }
    // Not a VLAN that its uplink keeps out.
    bridge.vsctl(&["set", "port", "p0", "vlan_mode=trunk", "trunks=101"]);
    let error = client.call("attach_port", &smart_nic("pf0hpf", &json!(100))).unwrap_err();
    assert!(error.message.contains("does not go through p0"), "{error:?}");
    assert_eq!((uplink(&switch).as_str(), vlans(&bridge, "pf0hpf").as_str()), ("none", CLOSED));
    client.done("attach_port", &smart_nic("pf0hpf", &json!(101)));
}

/// By the card's serial number, the MAC address of the physical function and the number
/// of the virtual one, as Neutron's remote-managed ports have it.
#[test]
fn a_function_of_a_card_is_found_by_its_number() {
    let Some(bridge) = card() else { return };
    let [switch, ..] = switches();
    let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let asked = |vf: u16| {
        let profile = json!({"card_serial_number": "MT2042X09898", "pf_mac_address": "00:53:00:00:00:42",
                             "vf_num": vf, "pci_slot": "0000:03:00.3", "physical_network": null});
        json!({"port": {"binding:vnic_type": "remote-managed", "binding:profile": profile}, "network": 100})
    };
    assert_eq!(client.done("is_port_supported", &asked(1)), json!(true));
    assert_eq!(client.done("is_port_supported", &asked(2)), json!(false));
    client.done("attach_port", &asked(1));
    assert_eq!((vlans(&bridge, "pf0vf1").as_str(), uplink(&switch).as_str()), ("access 100 []", "trunk 100"));
    let error = client.call("attach_port", &asked(2)).unwrap_err();
    assert!(error.message.contains("no representor for virtual function 2"), "{error:?}");
    client.done("detach_port", &asked(1));
    assert_eq!((vlans(&bridge, "pf0vf1").as_str(), uplink(&switch).as_str()), (CLOSED, "none"));
}

/// A parent of two child nodes: its own port, a card in it, and a port of another switch.
#[test]
fn child_nodes_are_put_on_the_network_with_their_parent() {
    let Some(bridge) = card() else { return };
    let [switch, other, _] = switches();
    let leaves = [
        leaf(&switch).with("physical_networks", "[\"rack\"]"),
        other.entry("leaf2").with("physical_networks", "[\"storage\"]").with("manage_vlans", true),
    ];
    let [one, two] = leaves;
    let mercury = Mercury::serve(&[one, two, entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let asked = |storage: &str| {
        let children = json!([
            {"id": "child-7", "local_link_connection": {"port_id": "pf0hpf"}},
            {"id": "child-8", "physical_network": storage,
             "local_link_connection": {"switch_id": "leaf2", "port_id": "Ethernet3"}}]);
        let links = json!([{"switch_id": "leaf1", "port_id": "Ethernet1"}]);
        json!({"port": {"id": "7a1c", "child_nodes": children, "binding:profile": {"local_link_information": links}},
               "network": {"segmentation_id": 100, "physical_network": "rack"}})
    };
    let error = client.call("attach_port", &asked("rack")).unwrap_err();
    assert!(error.message.contains("child_nodes[1].local_link_connection"), "{error:?}");
    assert_eq!(vlans(&bridge, "pf0hpf"), CLOSED);
    assert_eq!(client.done("is_link_valid", &asked("storage")), json!(true));
    client.done("attach_port", &asked("storage"));
    assert_eq!((vlans(&bridge, "pf0hpf").as_str(), uplink(&switch).as_str()), ("access 100 []", "trunk 100"));
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    assert_eq!(other.look().port("Ethernet3").vlans, "access 100");
    client.done("detach_port", &asked("storage"));
    assert_eq!((vlans(&bridge, "pf0hpf").as_str(), uplink(&switch).as_str()), (CLOSED, "none"));
    assert_eq!(other.look().port("Ethernet3").vlans, "none");
}

#[test]
fn a_card_is_shown_and_probed() {
    let Some(bridge) = card() else { return };
    let [switch, ..] = switches();
    let setup = Setup::new().switches(&[leaf(&switch), entry(&bridge)]);
    let probed = setup.run(&["switch", "probe", "dpu7"]);
    let told = format!("{}{}", probed.stdout, probed.stderr);
    for said in ["bridge br0", "pf0hpf", "representor", "uplink, on Ethernet7 of leaf1"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    let mercury = setup.serve();
    let shown = Client::of(&mercury).done("get_switches", &json!({}));
    let card = &shown["dpu7"]["card"];
    assert_eq!((&card["hosts"][0], &card["uplinks"][0]["switch"]), (&json!("node7.example.org"), &json!("leaf1")));
    assert_eq!(
        card["representors"][1],
        json!({"port": "pf0vf0", "uplinks": [], "pf_mac": "00:53:00:00:00:42", "vf": 0})
    );
    assert!(shown["leaf1"].get("card").is_none());
}

/// The database's log says whose change it was.
#[test]
fn the_request_is_named_in_the_log_of_the_database() {
    let Some(bridge) = card() else { return };
    let [switch, ..] = switches();
    let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
    let mut asked = smart_nic("pf0hpf", &json!(100));
    asked["context"] = json!({"request_id": "req-4f1c\u{0}\n-dpu"});
    Client::of(&mercury).done("attach_port", &asked);
    let database = bridge.path("conf.db").display().to_string();
    let log = Command::new("ovsdb-tool").args(["-m", "show-log", &database]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("mercury: pf0hpf for req-4f1c-dpu"), "{log}");
}

/// What speaks against a port is known before it is attached.
#[test]
fn a_link_that_can_carry_nothing_is_not_valid() {
    let Some(bridge) = card() else { return };
    let [switch, ..] = switches();
    let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let mut is_valid = |representor: &str| client.done("is_link_valid", &smart_nic(representor, &json!(100))) == true;
    assert!(is_valid("pf0hpf"));
    let control = |state: &str| {
        let pid = std::fs::read_to_string(bridge.path("vs.pid")).unwrap();
        let socket = bridge.path(&format!("ovs-vswitchd.{}.ctl", pid.trim())).display().to_string();
        let words = ["-t", &socket, "netdev-dummy/set-admin-state", "pf0vf0", state];
        assert!(Command::new("ovs-appctl").args(words).status().unwrap().success());
        let told = format!("link_state={state}");
        bridge.vsctl(&["--timeout=20", "wait-until", "interface", "pf0vf0", &told]);
    };
    control("down");
    assert!(!is_valid("pf0vf0") && is_valid("pf0hpf"));
    control("up");
    assert!(is_valid("pf0vf0"));
    // In NIC mode a card has no representors.
    bridge.vsctl(&["del-port", "br0", "pf0vf0"]);
    assert!(!is_valid("pf0vf0") && !is_valid("pf9hpf"));
    // The card has its power from the host.
    crate::ovsdb::interrupted::signal(&bridge, "db.pid", "-KILL");
    assert!(!is_valid("pf0hpf"));
}

/// Released Ironic knows of switches and ports; to it the card is one.
#[test]
fn ironics_own_client_attaches_by_the_card() {
    let Some(bridge) = card() else { return };
    let [switch, ..] = switches();
    let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
    let mut ironic = Ironic::of(&mercury);
    let asked = json!({"switch_id": "dpu7", "port_name": "pf0hpf", "description": "Ironic Port 7a1c",
                       "mode": "access", "native_vlan": 100});
    let answer = ironic.done("update_port", &asked);
    assert_eq!((&answer["native_vlan"], &answer["status"]), (&json!(100), &json!("configured")));
    assert_eq!((vlans(&bridge, "pf0hpf").as_str(), uplink(&switch).as_str()), ("access 100 []", "trunk 100"));
    let error = ironic.fails(
        "update_port",
        &json!({"switch_id": "leaf1", "port_name": "Ethernet7",
                                                   "description": "x", "mode": "access", "native_vlan": 100}),
    );
    assert!(error.is("InvalidParameterValue", 400), "{error:?}");
    ironic.done("reset_port", &json!({"switch_id": "dpu7", "port_name": "pf0hpf", "native_vlan": 100}));
    assert_eq!((vlans(&bridge, "pf0hpf").as_str(), uplink(&switch).as_str()), (CLOSED, "none"));
}

/// A second bridge, first by itself and then joined with the uplink's by patch ports, and a
/// virtual machine's port in it of which nothing is said.
#[test]
fn bridges_count_as_far_as_they_are_joined() {
    let Some(bridge) = card() else { return };
    let [switch, ..] = switches();
    let dummy = |name: &str| {
        bridge.vsctl(&["add-port", "br1", name, "--", "set", "interface", name, "type=dummy"]);
    };
    bridge.vsctl(&["add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=dummy"]);
    bridge.vsctl(&["del-port", "br0", "pf0vf0"]);
    ["pf0vf0", "vm1"].into_iter().for_each(dummy);
    bridge.vsctl(&["set", "port", "pf0vf0", "vlan_mode=trunk", "trunks=4095"]);
    let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
    let mut client = Client::of(&mercury);
    assert_eq!(client.done("is_link_valid", &smart_nic("pf0vf0", &json!(100))), json!(false));
    let error = client.call("attach_port", &smart_nic("pf0vf0", &json!(100))).unwrap_err();
    assert!(error.message.contains("nothing joins them"), "{error:?}");
    assert_eq!((uplink(&switch).as_str(), vlans(&bridge, "pf0vf0").as_str()), ("none", CLOSED));
    // The machine's port reaches nothing yet.
    client.done("attach_port", &smart_nic("pf0hpf", &json!(100)));
    client.done("detach_port", &smart_nic("pf0hpf", &json!(100)));
    assert_eq!(uplink(&switch), "none");
    for (one, own, other) in [("to-1", "br0", "to-0"), ("to-0", "br1", "to-1")] {
        let peer = format!("options:peer={other}");
        bridge.vsctl(&["add-port", own, one, "--", "set", "interface", one, "type=patch", &peer]);
    }
    client.done("attach_port", &smart_nic("pf0vf0", &json!(100)));
    assert_eq!((uplink(&switch).as_str(), vlans(&bridge, "pf0vf0").as_str()), ("trunk 100", "access 100 []"));
    let left = client.done("detach_port", &smart_nic("pf0vf0", &json!(100)));
    assert!(left.to_string().contains("vm1 may have them"), "{left}");
    assert_eq!(uplink(&switch), "trunk 100");
    bridge.vsctl(&["set", "port", "vm1", "tag=7"]);
    client.done("detach_port", &smart_nic("pf0vf0", &json!(100)));
    assert_eq!(uplink(&switch), "none");
}
