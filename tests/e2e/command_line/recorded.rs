//! What a switch says, kept and read again.

use serde_json::{Value, json};

use super::{attach, bridge::Bridge, imitation::Imitation};
use crate::harness::{Client, Entry, Mercury, Setup};

/// Records a switch, and says what it was read as and what its transcript is read as.
fn both(entry: &Entry) -> (Value, Value, String) {
    let setup = Setup::new().switches(std::slice::from_ref(entry));
    let probed = setup.run(&["--output", "json", "switch", "probe", "leaf1"]).json();
    let recorded = setup.run(&["record", "leaf1"]);
    assert_eq!(recorded.code(), 0, "{}", recorded.stderr);
    let file = setup.write("leaf1.json", &recorded.stdout);
    let played = setup.run(&["--output", "json", "replay", "leaf1", file.to_str().unwrap()]);
    assert_eq!(played.code(), 0, "{}", played.stderr);
    // It also stands for the switch where one is planned for.
    // The bridge's own is none that may be changed.
    let mut names = probed["interfaces"].as_array().unwrap().iter().filter_map(|port| port["name"].as_str());
    let port = names.find(|name| *name != "br0").unwrap();
    let file = file.to_str().unwrap();
    let words =
        ["--output", "json", "plan", "leaf1", port, "--access", "200", "--offline", "--whole", "--running", file];
    let planned = setup.run(&words);
    assert!(planned.code() < 2 && planned.stdout.contains("200"), "{} {}", planned.stdout, planned.stderr);
    (probed, played.json(), recorded.stdout)
}

/// Without what is masked.
fn bare(answer: &Value) -> Value {
    let mut ports = answer["interfaces"].clone();
    ports.as_array_mut().unwrap().iter_mut().for_each(|port| drop(port.as_object_mut().unwrap().remove("description")));
    let vlans: Vec<_> = answer["vlans"].as_array().unwrap().iter().map(|vlan| vlan["vlan-id"].clone()).collect();
    json!({"ports": ports, "vlans": vlans})
}

#[test]
fn what_open_vswitch_says_is_recorded_masked_and_read_as_the_same() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    bridge.vsctl(&["set", "port", "p2", "tag=7", "vlan_mode=access", "external_ids:description=rack-seven"]);
    bridge.vsctl(&["set", "port", "p1", "tag=10", "trunks=20,21", "vlan_mode=native-untagged"]);
    let (probed, played, transcript) = both(&bridge.entry("leaf1"));
    assert_eq!(bare(&played), bare(&probed));
    assert!(probed.to_string().contains("rack-seven"), "{probed}");
    assert!(!transcript.contains("rack-seven"), "{transcript}");
}

#[test]
fn what_an_imitated_switch_says_is_recorded_masked_and_read_as_the_same() {
    let Some(imitation) = Imitation::start("cisco_generic") else { return };
    let entry = imitation.entry("leaf1", "cisco_ios");
    let mercury = Mercury::serve(std::slice::from_ref(&entry));
    Client::of(&mercury).done("attach_port", &attach("FastEthernet0/1", 1000));
    drop(mercury);
    let (probed, played, transcript) = both(&entry);
    assert_eq!(bare(&played), bare(&probed));
    assert!(bare(&played).to_string().contains("1000"), "{played}");
    assert!(!transcript.contains("imitated-only"), "the password is in no transcript");
}
