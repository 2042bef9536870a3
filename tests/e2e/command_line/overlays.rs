//! A port on a VNI at a command line: what binds its VLAN is typed before it comes, goes
//! after it left, and whichever line is refused, nothing of either stays behind.

use mercury_sim::{CliSwitch, Grammar, LineFault, Show};
use serde_json::{Value, json};

use super::{entry, grammar, port};
use crate::harness::{Client, Entry, Mercury, RpcError, block_on};

const BEFORE: &str = "hostname leaf-7
vlan 10
name storage
interface Ethernet1
description free
vlan 20
interface Ethernet2
switchport access vlan 20
interface Loopback1
description source of the VTEP
interface Vxlan1
vxlan source-interface Loopback1
vxlan vlan 10 vni 10010";

/// As EOS has it, as far as one block goes.
fn eos() -> Grammar {
    let mut grammar = grammar::indented();
    grammar.host = "leaf-7".to_owned();
    grammar.others.extend(["vxlan vlan", "vxlan source-interface"].map(str::to_owned));
    grammar.save = ("copy running-config startup-config".to_owned(), None);
    let (block, row, always) = ("none".to_owned(), String::new(), Vec::new());
    let shown = Show::Table { block, head: DOWN.to_owned(), row, always };
    grammar.shows.push(("show interfaces Vxlan1".to_owned(), shown));
    grammar
}

/// What the switch says of its VTEP.
const DOWN: &str = "Vxlan1 is down, line protocol is down (notconnect)";

/// What is configured: a port without a mode is an access port.
fn meant(running: &str) -> String {
    running.lines().filter(|line| line.trim() != "switchport mode access").collect::<Vec<_>>().join("\n")
}

fn serving(switch: &CliSwitch) -> Entry {
    entry(switch)
        .text("dialect", "arista_eos")
        .with("manage_vlans", true)
        .with("remove_unused_vlans", true)
        .text("vlan_name", "m-{vlan}")
        .text("local_vlans", "3000-3003")
        .text("vxlan_vtep", "Vxlan1")
        .text("vxlan_flood", "static")
        .with("vxlan_peers", "[\"192.0.2.3\", \"192.0.2.2\"]")
}

fn on(port: &str) -> Value {
    let link = json!({"switch_id": "leaf1", "port_id": port});
    json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": {"vni": 10_100}})
}

#[test]
fn whichever_line_is_refused_neither_a_map_nor_a_port_stays_behind() {
    let switch = block_on(CliSwitch::start(eos(), BEFORE)).unwrap();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[serving(&switch)]);
    let mut client = Client::of(&mercury);
    let mut refused_at = |method: &str| -> usize {
        let before = handle.running();
        for nth in 0.. {
            handle.inject(nth, LineFault::Refuse("% Command rejected: the moon is full".to_owned()));
            let answer: Result<Value, RpcError> = client.call(method, &on("Ethernet1"));
            if !handle.is_struck() {
                assert_eq!(answer.unwrap()["changed"], true);
                return nth;
            }
            // A removal that fails is an error of that very request.
            let error = answer.unwrap_err();
            assert!(error.message.contains("the moon is full"), "{method} {nth}: {error:?}");
            assert_eq!(meant(&handle.running()), meant(&before), "{method} {nth}: {:?}", handle.entered());
        }
        unreachable!()
    };
    assert!(refused_at("attach_port") >= 8);
    let map = [
        "vxlan source-interface Loopback1",
        "vxlan vlan 10 vni 10010",
        "vxlan vlan 3000 flood vtep 192.0.2.2 192.0.2.3",
        "vxlan vlan 3000 vni 10100",
    ];
    assert_eq!(port(&handle, "Vxlan1"), map);
    // That it carries nothing is no reason to fail.
    let again = Client::of(&mercury).done("attach_port", &on("Ethernet1"));
    let segment = &again["switches"][0]["segments"][0];
    assert_eq!((&segment["vni"], &segment["vni-state"]), (&json!(10_100), &json!("DOWN")), "{again}");
    assert!(segment["down"].as_str().is_some_and(|why| why.contains(DOWN)), "{again}");
    assert!(port(&handle, "Ethernet1").contains(&"switchport access vlan 3000".to_owned()), "{}", handle.running());
    let entered = handle.entered();
    let last = |line: &str| entered.iter().rposition(|own| own == line).unwrap();
    assert!(last("vlan 3000") < last("vxlan vlan 3000 vni 10100"));
    assert!(last("vxlan vlan 3000 vni 10100") < last("switchport access vlan 3000"));
    assert!(refused_at("detach_port") >= 6);
    assert_eq!(handle.running(), handle.startup());
    assert_eq!(port(&handle, "Vxlan1"), ["vxlan source-interface Loopback1", "vxlan vlan 10 vni 10010"]);
    assert!(!handle.running().contains("3000"), "{}", handle.running());
    let entered = handle.entered();
    let last = |line: &str| entered.iter().rposition(|own| own == line).unwrap();
    assert!(last("no switchport access vlan") < last("no vxlan vlan 3000 vni 10100"));
    assert!(last("no vxlan vlan 3000 vni 10100") < last("no vlan 3000"));
}

/// A VLAN that is bound is not taken from below what binds it, whoever asks for no VNIs.
#[test]
fn a_vlan_that_others_have_bound_stays() {
    let switch = block_on(CliSwitch::start(eos(), BEFORE)).unwrap();
    let bare = ["local_vlans", "vxlan_vtep", "vxlan_flood", "vxlan_peers"];
    let mercury = Mercury::serve(&[bare.into_iter().fold(serving(&switch), Entry::without)]);
    let before = switch.handle().running();
    let error = Client::of(&mercury).call("delete_network", &json!({"network": 10})).unwrap_err();
    assert!(error.message.contains("VNI 10010 of Vxlan1"), "{error:?}");
    assert_eq!(switch.handle().running(), before);
}
