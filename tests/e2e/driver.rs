//! Ironic's own network interface over a node with two ports. Where one fails,
//! it goes on to the next only after some exceptions; after any other the next
//! port stays where it was.

use std::{sync::mpsc, thread};

use mercury_sim::Options;
use serde_json::{Value, json};

use crate::harness::{Client, Exception, Ironic, LIMIT, Mercury, Simulated, installed};

/// A node: one port that fails in some way, and one that works.
struct Node {
    ironic: Ironic,
    _mercury: Mercury,
    switch: Simulated,
    _others: [Simulated; 2],
}

impl Node {
    fn new() -> Option<Self> {
        if !installed() {
            return None;
        }
        let switch = Simulated::with(Simulated::options());
        let held = "commit:*:before:hold".parse().unwrap();
        let full = Simulated::with(Options { faults: vec![held], ..Simulated::options() });
        let refusal = "edit-config:*:before:refuse:operation-failed:no room in the TCAM".parse().unwrap();
        let refusing = Simulated::with(Options { faults: vec![refusal], ..Simulated::options() });
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mercury = Mercury::serve(&[
            switch.entry("leaf1").text("allowed_vlans", "100-199"),
            switch.entry("gone").with("port", gone),
            refusing.entry("refusing"),
            full.entry("full").with("queue", 1),
        ]);
        fill(&mercury);
        let ironic = Ironic::of(&mercury);
        Some(Self { ironic, _mercury: mercury, switch, _others: [full, refusing] })
    }

    fn both(&mut self, driver: &str, link: &Value) -> Result<Value, Exception> {
        self.ironic.drive(driver, &[port("bad", link, 150), port("good", &good(), 151)])
    }

    fn carries(&self) -> String {
        self.switch.look().port("Ethernet1").vlans
    }
}

fn port(uuid: &str, link: &Value, vlan: u16) -> Value {
    json!({"uuid": uuid, "extra": {"switchport": {"mode": "access", "native_vlan": vlan}}, "local_link_connection": link})
}

fn good() -> Value {
    json!({"switch_id": "leaf1", "port_id": "Ethernet1"})
}

/// Has so many wait for the switch `full` that no more are let in.
fn fill(mercury: &Mercury) {
    let (told, refused) = mpsc::channel();
    for number in 1..=3 {
        let (address, told) = (mercury.address, told.clone());
        thread::spawn(move || {
            let params = json!({"switch_id": "full", "port_name": format!("Ethernet{number}"), "mode": "access",
                                "native_vlan": 100});
            let request = json!({"jsonrpc": "2.0", "id": number, "method": "update_port", "params": params});
            let mut client = Client::connect(address)?;
            client.start("POST", "/", request.to_string().as_bytes());
            // Whoever was let in hears nothing.
            told.send(client.response()?.json()).ok()
        });
    }
    let answer = refused.recv_timeout(LIMIT).unwrap();
    assert_eq!(answer["error"]["data"]["kind"], "busy", "{answer}");
}

#[test]
fn one_port_that_fails_keeps_no_other_from_being_reset() {
    let Some(mut node) = Node::new() else { return };
    for (switch, words) in [
        ("leaf9", "not in the inventory"),
        ("gone", "gone"),
        ("refusing", "no room in the TCAM"),
        ("full", "wait"),
        ("leaf1", "port_name"),
    ] {
        let port = if switch == "leaf1" { " " } else { "Ethernet2" };
        let link = json!({"switch_id": switch, "port_id": port});
        for driver in ["unconfigure_tenant_networks", "remove_cleaning_network"] {
            node.ironic.drive("configure_tenant_networks", &[self::port("good", &good(), 151)]).unwrap();
            assert_eq!(node.carries(), "access 151");
            let error = node.both(driver, &link).unwrap_err();
            assert!(error.is("NetworkError", 500), "{switch}: {error:?}");
            assert!(error.message.contains("bad") && error.message.contains(words), "{switch}: {error:?}");
            assert!(!error.message.contains("good"), "{switch}: {error:?}");
            assert_eq!(node.carries(), "access 190", "{switch}: the other port was not reset");
        }
        let error = node.both("configure_tenant_networks", &link).unwrap_err();
        assert!(error.is("NetworkError", 500) && error.message.contains(words), "{switch}: {error:?}");
    }
}

#[test]
fn an_unmanaged_port_keeps_no_node_from_going_on() {
    let Some(mut node) = Node::new() else { return };
    for (driver, vlans) in [
        ("configure_tenant_networks", "access 151"),
        ("unconfigure_tenant_networks", "access 190"),
        ("add_cleaning_network", "access 120"),
        ("remove_cleaning_network", "access 190"),
    ] {
        node.both(driver, &json!({"network_type": "unmanaged"})).unwrap();
        assert_eq!(node.carries(), vlans, "{driver}");
    }
}
