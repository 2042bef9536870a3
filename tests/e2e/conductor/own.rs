//! A node's whole life with the network interface of `adapters/openstack`.

use mercury_sim::Mode;

use super::{Inventory, Link, Node, Plant, readme};
use crate::harness::{Peer, Switch};

/// The first port carries what it boots from; both have what their tenant gets.
struct Life {
    plant: Plant,
    node: Node,
    switch: Switch,
}

impl Life {
    fn ports(&self, first: &str, second: &str, what: &str) {
        let seen = self.switch.look();
        let ports = ["Ethernet1", "Ethernet2"].map(|port| seen.port(port).vlans);
        assert_eq!(ports, [first, second], "{what}");
    }

    /// Orders a state: what the ports carry while the ramdisk is awaited, and then.
    fn through(&self, order: &str, waits: (&str, [&str; 2]), then: (&str, [&str; 2])) {
        self.node.becomes(&self.plant, order, waits.0);
        self.ports(waits.1[0], waits.1[1], waits.0);
        self.node.boots(&self.plant, then.0);
        self.ports(then.1[0], then.1[1], then.0);
    }
}

#[test]
fn a_nodes_life_with_mercurys_own_network_interface() {
    let switch = Peer::Simulator(Mode::Candidate).own().unwrap();
    let entry = switch.entry("leaf1").text("allowed_vlans", "100-199").with("default_vlan", 199);
    let inventory = Inventory::of(&[entry.with("mac_addresses", format!("[{:?}]", readme::mac()))]);
    let Some(plant) = Plant::with_own_interface(&inventory) else { return };
    let node = Node::enroll(&plant, 1, &Link::both());
    node.becomes(&plant, "manage", "manageable");
    let life = Life { plant, node, switch };
    let tenant = ["access 150", "trunk 152,153 native 151"];
    life.ports("none", "none", "nobody asked for a change");
    life.through("inspect", ("inspect wait", ["access 130", "none"]), ("manageable", ["access 199", "none"]));
    life.through("provide", ("clean wait", ["access 120", "none"]), ("available", ["access 199", "none"]));
    life.through("active", ("wait call-back", ["access 110", "access 199"]), ("active", tenant));
    assert!(life.node.moves(&life.plant, 155), "another switchport is on the port at once");
    life.ports("access 155", tenant[1], "moved");
    assert!(!life.node.moves(&life.plant, 255), "or refused");
    life.ports("access 155", tenant[1], "refused");
    assert!(life.node.moves(&life.plant, 150));
    life.through("rescue", ("rescue wait", ["access 140", "access 199"]), ("rescue", tenant));
    life.node.becomes(&life.plant, "unrescue", "active");
    life.ports(tenant[0], tenant[1], "unrescue");
    life.through("deleted", ("clean wait", ["access 120", "access 199"]), ("available", ["access 199"; 2]));
}
