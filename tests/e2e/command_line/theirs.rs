//! Ironic's own client, and a switch file as the service that it has today takes it.

use serde_json::json;

use super::bridge::Bridge;
use crate::harness::{Ironic, Setup};

#[test]
fn ironics_client_moves_a_port_of_open_vswitch_with_the_file_it_has_today() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    bridge.vsctl(&["set", "port", "p2", "tag=7", "vlan_mode=access"]);
    // A text of an interface is none of its port's.
    bridge.vsctl(&["set", "interface", "p1", "external_ids:description=cable-9"]);
    let way = bridge.way_in();
    // No key is Mercury's, and the type is named as networking-generic-switch has it.
    let file = format!(
        "[switch:leaf1]\ndriver_type = generic-switch\ndevice_type = netmiko_ovs_linux\naddress = 127.0.0.1\n\
         port = {}\nusername = {}\nkey_file = {}\nmac_address = 52:54:00:ab:cd:ef\ninsecure = true\n",
        way.port, way.user, way.key_file
    );
    let setup = Setup::new();
    let path = setup.write("switches.conf", &file);
    let mercury = setup.flags(&["--switches", path.to_str().unwrap()]).serve();
    let mut ironic = Ironic::of(&mercury);
    let switches = ironic.done("get_switches", &json!({}));
    assert_eq!(switches["leaf1"]["device_name"], "leaf1", "{switches}");

    let link = |more: serde_json::Value| {
        let mut args = json!({"switch_id": "52:54:00:ab:cd:ef", "port_name": "p1", "native_vlan": 100});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let access = link(json!({"description": "Ironic Port 8d1f", "mode": "access"}));
    assert_eq!(ironic.done("update_port", &access)["status"], "configured");
    assert_eq!(bridge.vlans("p1")[..2], ["access", "100"]);
    let trunk = link(json!({"description": "Ironic Port 8d1f", "mode": "trunk", "allowed_vlans": [101, 102]}));
    assert_eq!(ironic.done("update_port", &trunk)["status"], "configured");
    let [mode, tag, trunks] = bridge.vlans("p1");
    assert_eq!((mode.as_str(), tag.as_str()), ("native-untagged", "100"));
    assert!(trunks.contains("101") && trunks.contains("102"), "{trunks}");
    ironic.done("reset_port", &link(json!({})));
    // Without a mode, a tag and trunks it would carry every VLAN there is.
    let [mode, _, trunks] = bridge.vlans("p1");
    assert!(mode == "trunk" && trunks != "[]" && !trunks.contains("10"), "{mode} {trunks}");
    assert_eq!(bridge.vlans("p2")[..2], ["access", "7"], "another's port is as it was");
    // By the bridge's own port the machine is reached.
    for (port, why) in [("nosuch", "nosuch"), ("br0", "Bridge name br0")] {
        let error = ironic.fails(
            "update_port",
            &json!({"switch_id": "52:54:00:ab:cd:ef", "port_name": port,
            "description": "d", "mode": "access", "native_vlan": 100}),
        );
        assert!(error.class.starts_with("ironic.common.exception.") && error.message.contains(why), "{error:?}");
    }
    assert_eq!(bridge.vlans("br0"), ["[]", "[]", "[]"]);
}
