//! Systems that are configured by commands in a shell, each with its exit status; and what
//! is so whatever goes wrong at whichever of them.

mod faults;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};

use super::{attach, bonds::bonded, bridge};
use crate::harness::{Client, Entry, Mercury, installed, wait};

const PORT: &str = "Ethernet4";

/// A host whose command is the stand-in of `tests/peers`.
struct Host {
    directory: tempfile::TempDir,
    port: u16,
}

impl Host {
    /// One where `program` is the stand-in, and which has these files; `None` where the
    /// peers are left out.
    fn start(program: &str, files: &[(&str, Value)]) -> Option<Self> {
        if !installed() {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let own = directory.path();
        stand_in(own, program);
        let at = own.display();
        let port = bridge::listen(own, &format!("COMMANDS_HOME={at} PATH={at}:/usr/bin:/bin"), "");
        let host = Self { directory, port };
        host.has_again(files);
        Some(host)
    }

    fn sonic() -> Option<Self> {
        Self::start("sudo", &[("running.json", before()), ("startup.json", before())])
    }

    fn has_again(&self, files: &[(&str, Value)]) {
        for (file, value) in files {
            fs::write(self.directory.path().join(file), value.to_string()).unwrap();
        }
    }

    fn entry(&self, dialect: &str) -> Entry {
        let entry = bridge::entry(self.directory.path(), self.port, "leaf1", dialect);
        entry.with("persist", true).with("manage_vlans", true)
    }

    fn has(&self, file: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.directory.path().join(file)).unwrap()).unwrap()
    }
}

/// Puts the stand-in for a command into a folder.
fn stand_in(folder: &Path, program: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/commands.py");
    fs::copy(script, folder.join(program)).unwrap();
    fs::set_permissions(folder.join(program), fs::Permissions::from_mode(0o755)).unwrap();
}

/// As somebody else has configured it years ago.
fn before() -> Value {
    json!({
        "DEVICE_METADATA": {"localhost": {"hostname": "leaf-7"}},
        "INTERFACE": {"Ethernet0": {}, "Ethernet0|192.0.2.1/31": {}},
        "PORT": {
            "Ethernet0": {"admin_status": "up"}, "Ethernet4": {"admin_status": "up"}, "Ethernet8": {"admin_status": "up"}
        },
        "VLAN": {"Vlan10": {"vlanid": "10"}, "Vlan20": {"vlanid": "20"}},
        "VLAN_MEMBER": {
            "Vlan10|Ethernet4": {"tagging_mode": "untagged"}, "Vlan20|Ethernet4": {"tagging_mode": "tagged"},
            "Vlan10|Ethernet8": {"tagging_mode": "tagged"}
        }
    })
}

#[test]
fn a_port_is_put_into_vlans_by_commands_and_taken_out_again() {
    let Some(host) = Host::sonic() else { return };
    let mercury = Mercury::serve(&[host.entry("sonic")]);
    let mut client = Client::of(&mercury);
    client.done("attach_port", &attach(PORT, 100));
    let running = host.has("running.json");
    assert_eq!(running["VLAN_MEMBER"]["Vlan100|Ethernet4"]["tagging_mode"], "untagged", "{running}");
    assert_eq!(running["VLAN_MEMBER"].as_object().unwrap().len(), 2, "{running}");
    assert_eq!(host.has("startup.json"), running);
    let again = client.done("attach_port", &attach(PORT, 100));
    assert_eq!(again["changed"], false, "{again}");
    client.done("detach_port", &attach(PORT, 100));
    let running = host.has("running.json");
    assert_eq!(running["VLAN_MEMBER"], json!({"Vlan10|Ethernet8": {"tagging_mode": "tagged"}}), "{running}");
}

/// Networks have names, and VLANs there do not.
#[test]
fn a_vlan_of_a_network_with_a_name_is_made_without() {
    let Some(host) = Host::sonic() else { return };
    let mercury = Mercury::serve(&[host.entry("sonic")]);
    let network = json!({"id": "n", "network_type": "vlan", "segmentation_id": 100, "name": "tenant-a"});
    let port = attach(PORT, 100)["port"].clone();
    Client::of(&mercury).done("attach_port", &json!({"port": port, "network": network}));
    assert_eq!(host.has("running.json")["VLAN"]["Vlan100"], json!({"vlanid": "100"}));
}

/// The map comes before its first port and goes after the last; nobody tells whether it
/// carries frames.
#[test]
fn a_vni_is_a_row_that_comes_with_its_first_port_and_goes_with_the_last() {
    let Some(host) = Host::sonic() else { return };
    let mut running = before();
    running["VXLAN_TUNNEL"] = json!({"vtep1": {"src_ip": "192.0.2.1"}});
    running["VXLAN_EVPN_NVO"] = json!({"nvo1": {"source_vtep": "vtep1"}});
    running["VXLAN_TUNNEL_MAP"] = json!({"vtep1|map_10010_Vlan10": {"vlan": "Vlan10", "vni": "10010"}});
    host.has_again(&[("running.json", running.clone()), ("startup.json", running.clone())]);
    let entry = host.entry("sonic").text("local_vlans", "3000-3003").text("vxlan_vtep", "vtep1");
    let mercury = Mercury::serve(&[entry]);
    let mut client = Client::of(&mercury);
    let on = |port: &str| json!({"port": attach(port, 1)["port"], "network": {"vni": 10_100}});
    let attached = client.done("attach_port", &on(PORT));
    let segments = json!([{"vlan-id": 3000, "vni": 10_100, "vni-state": "UNKNOWN"}]);
    assert_eq!(attached["switches"][0]["segments"], segments, "{attached}");
    let bound = json!({"vlan": "Vlan3000", "vni": "10100"});
    let now = host.has("running.json");
    assert_eq!(now["VXLAN_TUNNEL_MAP"]["vtep1|map_10100_Vlan3000"], bound, "{now}");
    assert_eq!(now["VLAN_MEMBER"]["Vlan3000|Ethernet4"]["tagging_mode"], "untagged", "{now}");
    assert_eq!(client.done("attach_port", &on(PORT))["changed"], false);
    client.done("attach_port", &on("Ethernet8"));
    client.done("detach_port", &on(PORT));
    assert_eq!(host.has("running.json")["VXLAN_TUNNEL_MAP"]["vtep1|map_10100_Vlan3000"], bound);
    client.done("detach_port", &on("Ethernet8"));
    let left = host.has("running.json");
    assert_eq!(left["VXLAN_TUNNEL_MAP"], running["VXLAN_TUNNEL_MAP"], "{left}");
    assert!(!left["VLAN_MEMBER"].to_string().contains("3000"), "{left}");
    assert_eq!(host.has("startup.json"), left);
}

/// What is said where a port channel is made, and where nothing is.
#[test]
fn a_port_channel_is_made_at_the_rate_that_is_asked_for_and_keeps_it() {
    let Some(host) = Host::sonic() else { return };
    let mercury = Mercury::serve(&[host.entry("sonic").text("lag_numbers", "7-9")]);
    let mut client = Client::of(&mercury);
    let bond = |properties: Value| {
        let mut params = bonded([PORT, "Ethernet8"], 100);
        params["port"]["binding:profile"]["local_group_information"]["bond_properties"] = properties;
        params
    };
    let made = || {
        let running = host.has("running.json");
        assert_eq!(host.has("startup.json"), running);
        let own = running["PORTCHANNEL"]["PortChannel7"].clone();
        (own["fast_rate"].clone(), own["min_links"].clone(), running)
    };
    let fast = bond(json!({"lacp_rate": "fast", "min_links": 2}));
    client.done("attach_port", &fast);
    let (rate, links, running) = made();
    assert_eq!((rate, links), (json!("true"), json!("2")), "{running}");
    assert_eq!(running["PORTCHANNEL_MEMBER"].as_object().unwrap().len(), 2, "{running}");
    assert_eq!(running["VLAN_MEMBER"]["Vlan100|PortChannel7"]["tagging_mode"], "untagged", "{running}");
    for same in [&fast, &bond(json!({}))] {
        assert_eq!(client.done("attach_port", same)["changed"], false);
    }
    for (other, what) in [(json!({"lacp_rate": "slow"}), "lacp-interval"), (json!({"min_links": 1}), "min-links")] {
        let error = client.call("attach_port", &bond(other)).unwrap_err();
        let told = format!("another {what} of PortChannel7: it is said when the aggregate is made, and stays so");
        assert!(error.message.contains(&told), "{error:?}");
        assert_eq!(host.has("running.json"), running);
    }
    client.done("detach_port", &fast);
    assert_eq!(made().2["PORTCHANNEL"], Value::Null);
    // Without a word it is slow.
    client.done("attach_port", &bond(json!({})));
    let (rate, links, running) = made();
    assert_eq!((rate, links), (json!("false"), json!("1")), "{running}");
    assert_eq!(client.done("attach_port", &bond(json!({"lacp_rate": "slow", "min_links": 1})))["changed"], false);
}
