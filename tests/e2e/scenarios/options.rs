//! What a switch's entry adds to what is asked for.

use serde_json::json;

use super::{Stage, access, attach};
use crate::harness::{Client, Entry, Mercury, Peer, Port, State, Switch};

fn with_uplinks(entry: Entry, uplinks: &[&str]) -> Entry {
    entry.with("manage_vlans", true).with("trunk_ports", format!("{uplinks:?}"))
}

/// What is configured: a port of which nothing is may be listed or not.
fn configured(switch: &Switch) -> State {
    let mut state = switch.look();
    state.ports.retain(|_, port| *port != Port::default());
    state
}

pub(super) fn trunk_ports_carry_every_vlan_that_is_made(peer: Peer) {
    let Some(switch) = peer.own() else { return };
    let mercury = Mercury::serve(&[with_uplinks(switch.entry("leaf1"), &["Ethernet2"])]);
    let mut client = Client::of(&mercury);
    let carried = |vlans: &str| assert_eq!(switch.look().port("Ethernet2").vlans, vlans);
    let network = |vlan: u16| json!({"network": {"id": "n", "segmentation_id": vlan, "name": format!("net-{vlan}")}});
    client.done("add_network", &network(210));
    carried("trunk 210");
    let params = attach(&[("leaf1", "Ethernet1")], &json!(211));
    let answer = client.done("attach_port", &params);
    assert_eq!(answer["changed"], true);
    carried("trunk 210,211");
    let again = client.done("attach_port", &params);
    assert_eq!((&again["changed"], &again["switches"][0]["flights"]), (&json!(false), &json!(1)));
    client.done("delete_network", &network(210));
    carried("trunk 211");
    let error = client.fails("delete_network", &network(211));
    assert!(error.message.contains("Ethernet1") && !error.message.contains("Ethernet2"), "{error:?}");
    let error = client.fails("attach_port", &attach(&[("leaf1", "Ethernet2")], &json!(211)));
    assert!(error.message.contains("is a trunk port"), "{error:?}");
    client.done("detach_port", &params);
    client.done("delete_network", &network(211));
    carried("none");
}

pub(super) fn attach_then_detach_gives_the_switch_as_it_was(peer: Peer) {
    let Some(switch) = peer.own() else { return };
    let entry = with_uplinks(switch.entry("leaf1"), &["Ethernet2", "Port-Channel1"]);
    let entry = entry.text("vlan_name", "mercury-{vlan}").with("remove_unused_vlans", true);
    let entry = entry.text("description", "{switch}:{port} {vlan}").with("disable_inactive_ports", true);
    let mercury = Mercury::serve(&[entry]);
    let mut client = Client::of(&mercury);
    let params = attach(&[("leaf1", "Ethernet1")], &json!(220));
    client.done("detach_port", &params);
    let before = configured(&switch);
    client.done("attach_port", &params);
    let state = switch.look();
    assert_eq!(state.vlans.get(&220), Some(&Some("mercury-220".to_owned())));
    let attached =
        Port { description: Some("leaf1:Ethernet1 220".to_owned()), vlans: "access 220".to_owned(), ..Port::default() };
    assert_eq!(state.port("Ethernet1"), attached);
    for uplink in ["Ethernet2", "Port-Channel1"] {
        assert_eq!(state.port(uplink).vlans, "trunk 220", "{uplink}");
    }
    // A second server keeps the VLAN until it leaves, too.
    let second = attach(&[("leaf1", "Ethernet3")], &json!(220));
    client.done("attach_port", &second);
    client.done("detach_port", &params);
    assert!(switch.look().vlans.contains_key(&220));
    let left = client.done("detach_port", &second);
    assert_eq!(left["changed"], true);
    assert_eq!(client.done("detach_port", &second)["changed"], false);
    let mut after = configured(&switch);
    assert_eq!(after.ports.remove("Ethernet3"), Some(Port { enabled: false, ..Port::default() }));
    assert_eq!(after, before);
}

pub(super) fn ports_have_the_names_and_descriptions_of_the_entry(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, |entry| {
        entry
            .with("port_names", "[{ match = 'swp(\\d+)', replace = 'Ethernet$1' }]")
            .text("description", "{port}: {description}")
            .text("idle_description", "{switch} free")
    }) else {
        return;
    };
    let switchs = stage.port.clone();
    stage.port = switchs.replace("Ethernet", "swp");
    let mut params = stage.params(&access(100));
    params["description"] = json!("Ironic Port 8d1f");
    let answer = stage.client.done("update_port", &params);
    assert_eq!((&answer["port_name"], &answer["interface"]["name"]), (&json!(stage.port), &json!(switchs)));
    let now = |stage: &Stage| stage.switch.look().port(&switchs);
    assert_eq!(Port::answered(&answer["interface"]), now(&stage));
    assert_eq!(now(&stage).description, Some(format!("{switchs}: Ironic Port 8d1f")));
    let answer = stage.client.done("reset_port", &stage.params(&json!({"native_vlan": 100})));
    assert_eq!((&answer["port_name"], &answer["description"]), (&json!(stage.port), &json!("leaf1 free")));
    assert_eq!(now(&stage), Port { description: Some("leaf1 free".to_owned()), ..Port::default() });
}
