//! VLANs in which others have something: they are not taken away.

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Face, Mercury, Simulated};

fn switches() -> [Simulated; 3] {
    [Simulated::start(Mode::Candidate), Simulated::gnmi(Face::Plain), Simulated::gnmi(Face::NoGet)]
}

fn pruning(entry: Entry) -> Entry {
    let entry = entry.with("manage_vlans", true);
    entry.text("vlan_name", "mercury-{vlan}").with("remove_unused_vlans", true)
}

fn on_network(port: &str, network: u16) -> Value {
    let link = json!({"switch_id": "leaf1", "port_id": port});
    json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": network})
}

#[test]
fn a_vlan_with_a_trunk_group_is_not_deleted_until_that_is_gone() {
    for switch in switches() {
        let mercury = Mercury::serve(&[switch.entry("leaf1").with("manage_vlans", true)]);
        let mut client = Client::of(&mercury);
        let network = json!({"network": 100});
        client.done("add_network", &network);
        switch.trunk_group(100, "mlag-peer");
        let before = switch.handle().fingerprint();
        let refused = client.fails("delete_network", &network);
        assert!(refused.message.contains("VLAN 100 also has trunk-groups"), "{refused:?}");
        assert_eq!(switch.handle().fingerprint(), before);
        switch.no_trunk_group(100, "mlag-peer");
        assert_eq!(client.done("delete_network", &network)["changed"], true);
        assert!(switch.look().vlans.is_empty());
    }
}

#[test]
fn a_vlan_with_a_trunk_group_stays_when_the_last_port_leaves_it_and_a_warning_says_so() {
    for switch in switches() {
        let mercury = Mercury::serve(&[pruning(switch.entry("leaf1"))]);
        let mut client = Client::of(&mercury);
        for (port, network) in [("Ethernet1", 100), ("Ethernet2", 101)] {
            client.done("attach_port", &on_network(port, network));
        }
        switch.trunk_group(100, "mlag-peer");
        let left = client.done("detach_port", &on_network("Ethernet1", 100));
        let warning = left["switches"][0]["warnings"].to_string();
        assert!(warning.contains("VLAN 100, which no port has any more, stays: it also has trunk-groups"), "{left}");
        assert_eq!(switch.look().port("Ethernet1").vlans, "none");
        client.done("detach_port", &on_network("Ethernet2", 101));
        assert_eq!(switch.look().vlans.into_keys().collect::<Vec<_>>(), [100]);
    }
}
