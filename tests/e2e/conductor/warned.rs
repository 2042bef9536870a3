//! What README.md warns of, and what of it Mercury can do nothing about.

use super::{Inventory, Link, Node, Plant, readme::mac};
use crate::harness::Simulated;

#[test]
fn what_ironic_leaves_to_others() {
    let switch = Simulated::with(Simulated::options());
    let Some(plant) = Plant::new(&Inventory::of_the_readme(&switch.entry("leaf1"))) else { return };
    let carries = |port: &str| switch.look().port(port).vlans;

    // An unmanaged port keeps no node from its states.
    let links = [Link::to(&mac(), "Ethernet1"), Link::unmanaged()];
    let node = Node::available(&plant, 1, &links);
    assert_eq!(carries("Ethernet1"), "access 199");
    let unmanaged = plant.calls(4).into_iter().filter(|call| call["outcome"] == "nothing to do").count();
    assert_eq!(unmanaged, 2, "cleaning asks for it twice");
    node.goes(&plant, "active", "wait call-back", "active");
    assert_eq!(carries("Ethernet1"), "access 150");

    // Another VLAN is on the port at once, or not taken by Ironic either.
    assert!(node.moves(&plant, 151));
    assert_eq!(carries("Ethernet1"), "access 151");
    assert!(!node.moves(&plant, 300));
    assert_eq!(carries("Ethernet1"), "access 151");
    assert!(node.moves(&plant, 150));

    // Nobody is told when an active node is deleted.
    node.delete(&plant);
    assert_eq!(carries("Ethernet1"), "access 150");

    // A trunk without allowed VLANs is passed over, and the tenant's VLAN taken.
    let node = Node::enroll(&plant, 2, &[Link::to(&mac(), "Ethernet2")]);
    node.with_network(&plant, "cleaning_network", "trunk/native_vlan=120");
    node.becomes(&plant, "manage", "manageable");
    node.becomes(&plant, "provide", "clean wait");
    assert_eq!(carries("Ethernet2"), "access 150");
    node.boots(&plant, "available");
    assert_eq!(carries("Ethernet2"), "access 199");

    // A VLAN that the entry does not allow is refused, and said why.
    let node = Node::enroll(&plant, 3, &[Link::to(&mac(), "Ethernet3")]);
    node.with_network(&plant, "idle_network", "access/native_vlan=200");
    node.becomes(&plant, "manage", "manageable");
    node.becomes(&plant, "provide", "clean failed");
    let error = node.last_error(&plant);
    assert!(error.contains("200") && error.contains("100-199"), "{error}");
    assert_eq!(carries("Ethernet3"), "none");
}
