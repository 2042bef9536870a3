//! Ports that are to leave a network that they do not have.

use super::*;
use crate::desired::tests::lags::bonded;

/// A detach that comes late, when the port is another tenant's already.
#[test]
fn a_port_that_is_on_another_network_than_the_one_it_is_to_leave_stays_on_that_and_it_is_told() {
    let others =
        || SwitchedVlan::Trunk { native: Some(vlan(200)), vlans: TrunkVlans::only("201-202".parse().unwrap()) };
    for has in [SwitchedVlan::access(vlan(200)), others()] {
        let mut bench = Bench::of(ruled(Rules { default_vlan: Some(vlan(900)), ..Rules::default() }));
        bench.set("Ethernet1", has.clone());
        let before = bench.device.clone();
        let late = plugin("Ethernet1", &json!(100));
        let note = format!("Ethernet1 is not on VLAN 100, which it was to leave, but {has}; it stays so");
        assert_eq!(bench.noted("detach_port", &late), note);
        assert!(!bench.call("detach_port", &late).unwrap());
        assert_eq!(bench.device, before);
        bench.done("detach_port", &plugin("Ethernet1", &Value::Null));
        assert_eq!(bench.carries("Ethernet1"), "access VLAN 900", "of no network in particular");
        assert_eq!(bench.noted("detach_port", &late), "", "it is as a port that was let go");
    }
}

#[test]
fn a_port_leaves_the_network_whether_it_is_tagged_or_not() {
    for leaves in [200, 201] {
        let mut bench = Bench::managed(Options::default());
        let tagged = TrunkVlans::only("201-202".parse().unwrap());
        bench.set("Ethernet1", SwitchedVlan::Trunk { native: Some(vlan(200)), vlans: tagged });
        bench.done("detach_port", &plugin("Ethernet1", &json!(leaves)));
        assert_eq!(bench.carries("Ethernet1"), "none");
    }
}

#[test]
fn a_bond_that_is_on_another_network_keeps_its_aggregate() {
    let mut bench = lags::bench("10-12");
    let bond = |network: Value| bonded(&["e1", "e2"], &network, "one", "802.3ad");
    bench.done("attach_port", &bond(json!(200)));
    let before = bench.device.clone();
    assert!(!bench.call("detach_port", &bond(json!(100))).unwrap());
    // A link of it alone, too.
    assert!(!bench.call("detach_port", &plugin("e1", &json!(100))).unwrap());
    assert_eq!(bench.device, before);
    bench.done("detach_port", &bond(json!(200)));
    assert!(!bench.has("Po10"));
}

#[test]
fn of_two_links_the_one_that_has_the_network_leaves_it() {
    let mut bench = Bench::managed(Options::default());
    bench.set("Ethernet1", SwitchedVlan::access(vlan(100)));
    bench.set("Ethernet2", SwitchedVlan::access(vlan(200)));
    let links = json!([{"switch_id": "leaf1", "port_id": "Ethernet1"}, {"switch_id": "leaf1", "port_id": "Ethernet2"}]);
    let port = json!({"binding:profile": {"local_link_information": links}});
    bench.done("detach_port", &json!({"port": port, "network": 100}));
    assert_eq!(
        (bench.carries("Ethernet1"), bench.carries("Ethernet2")),
        ("none".to_owned(), "access VLAN 200".to_owned())
    );
}
