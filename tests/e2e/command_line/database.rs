//! Commands of the user's shell, each with its exit status, over a database.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};

use super::{attach, bridge};
use crate::harness::{Client, Entry, Mercury, installed};

const PORT: &str = "Ethernet4";

/// A host whose `sudo` is the stand-in of `tests/peers`.
struct Host {
    directory: tempfile::TempDir,
    port: u16,
}

impl Host {
    /// `None` where the peers are left out.
    fn start() -> Option<Self> {
        if !installed() {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let own = directory.path();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/database.py");
        fs::copy(script, own.join("sudo")).unwrap();
        fs::set_permissions(own.join("sudo"), fs::Permissions::from_mode(0o755)).unwrap();
        for file in ["running.json", "startup.json"] {
            fs::write(own.join(file), before().to_string()).unwrap();
        }
        let at = own.display();
        let port = bridge::listen(own, &format!("DATABASE_HOME={at} PATH={at}:/usr/bin:/bin"));
        Some(Self { directory, port })
    }

    fn entry(&self) -> Entry {
        let entry = bridge::entry(self.directory.path(), self.port, "leaf1", "sonic");
        entry.with("persist", true).with("manage_vlans", true)
    }

    fn has(&self, file: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.directory.path().join(file)).unwrap()).unwrap()
    }
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
    let Some(host) = Host::start() else { return };
    let mercury = Mercury::serve(&[host.entry()]);
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
    let Some(host) = Host::start() else { return };
    let mercury = Mercury::serve(&[host.entry()]);
    let network = json!({"id": "n", "network_type": "vlan", "segmentation_id": 100, "name": "tenant-a"});
    let port = attach(PORT, 100)["port"].clone();
    Client::of(&mercury).done("attach_port", &json!({"port": port, "network": network}));
    assert_eq!(host.has("running.json")["VLAN"]["Vlan100"], json!({"vlanid": "100"}));
}

/// Attaches with a fault at one command after the other, to the last: what was asked for
/// is done and saved, or undone and not saved.
fn at_every_command(fault: &str, may_be_done: bool) {
    let Some(host) = Host::start() else { return };
    for nth in 0.. {
        for file in ["running.json", "startup.json"] {
            fs::write(host.directory.path().join(file), before().to_string()).unwrap();
        }
        let patience = if fault == "hang" { 5 } else { 30 };
        let entry = host.entry().with("reply_timeout", patience).with("commit_timeout", patience);
        let mercury = Mercury::serve(&[entry]);
        let path = host.directory.path().join("fault");
        fs::write(&path, format!("{nth} {fault}")).unwrap();
        let answer = Client::of(&mercury).call("attach_port", &attach(PORT, 100));
        let is_struck = !path.exists();
        let (running, startup) = (host.has("running.json"), host.has("startup.json"));
        let place = format!("{fault} at command {nth}: {answer:?}\n{running}");
        match &answer {
            Ok(_) => {
                assert!(!is_struck || may_be_done, "{place}");
                assert_eq!(running["VLAN_MEMBER"]["Vlan100|Ethernet4"]["tagging_mode"], "untagged", "{place}");
                assert_eq!(startup, running, "{place}");
            }
            Err(error) if error.kind() == "unknown" => assert_eq!(startup, before(), "{place}"),
            Err(error) => {
                assert!(fault != "refuse" || error.message.contains("the moon is full"), "{place}");
                assert_eq!((&running, &startup), (&before(), &before()), "{place}");
            }
        }
        if !is_struck {
            assert!(nth == 4, "{place}");
            return;
        }
    }
}

#[test]
fn a_command_that_is_refused_takes_those_before_it_along() {
    at_every_command("refuse", false);
}

#[test]
fn a_connection_that_ends_at_any_command_leaves_a_known_state() {
    at_every_command("drop-after", true);
}

#[test]
fn a_host_that_hangs_at_any_command_is_left_in_a_known_state() {
    at_every_command("hang", true);
}
