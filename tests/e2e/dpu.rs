//! Hosts behind DPUs: a simulated switch, and Debian's own Open vSwitch in user space as
//! the card, looked at by `ovs-vsctl`.

mod both;
mod requests;

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::{
    command_line::bridge::Bridge,
    harness::{Entry, Simulated},
};

/// The ports of a card: its uplink, its host's end, and two virtual functions.
const PORTS: [&str; 4] = ["p0", "pf0hpf", "pf0vf0", "pf0vf1"];

/// A card whose representors carry nothing yet. `None` where the peers are left out.
fn card() -> Option<Bridge> {
    let bridge = Bridge::start(&PORTS)?;
    for port in &PORTS[1..] {
        bridge.vsctl(&["set", "port", port, "vlan_mode=trunk", "trunks=4095"]);
    }
    Some(bridge)
}

/// The entry of a card behind `Ethernet7` of a switch.
fn entry_at(name: &str, address: &str, switch: &str) -> Entry {
    let function = r#"pf_mac = "00:53:00:00:00:42""#;
    let card = format!(
        r#"{{ hosts = ["node7.example.org", "child-7"], serial_number = "MT2042X09898",
uplinks = [{{ port = "p0", switch = {switch:?}, switch_port = "Ethernet7" }}],
representors = [
  {{ port = "pf0hpf", {function} }}, {{ port = "pf0vf0", {function}, vf = 0 }}, {{ port = "pf0vf1", {function}, vf = 1 }},
] }}"#
    );
    let entry = Entry::new(name).text("protocol", "ovsdb").text("dialect", "netmiko_ovs_linux");
    entry.text("address", address).with("card", card.replace('\n', " "))
}

fn entry(bridge: &Bridge) -> Entry {
    entry_at("dpu7", &format!("unix:{}", bridge.path("db.sock").display()), "leaf1")
}

fn leaf(switch: &Simulated) -> Entry {
    switch.entry("leaf1").with("manage_vlans", true)
}

/// Switches that undo by themselves, and others.
fn switches() -> [Simulated; 3] {
    use crate::harness::Face;
    [Simulated::start(Mode::Candidate), Simulated::gnmi(Face::Plain), Simulated::gnmi(Face::Confirmed)]
}

/// Ironic's port of a smart NIC, as Neutron binds it.
fn smart_nic(representor: &str, network: &Value) -> Value {
    let link = json!({"hostname": "node7.example.org", "port_id": representor});
    let port = json!({"id": "7a1c", "binding:vnic_type": "smart-nic",
                      "binding:profile": {"local_link_information": [link]}});
    json!({"port": port, "network": network})
}

fn vlans(bridge: &Bridge, port: &str) -> String {
    bridge.vlans(port).join(" ")
}

/// What the switch itself has on the port that the card hangs on.
fn uplink(switch: &Simulated) -> String {
    switch.look().port("Ethernet7").vlans
}
