//! A RESTCONF server that nobody here wrote (`tests/peers/restconf_server.py`), which holds each
//! change against the YANG modules.

use serde_json::{Value, json};

use crate::harness::{
    Client, Entry, Mercury, installed,
    python::{Answerer, beside, file},
};

struct Jetconf {
    server: Answerer,
    port: u64,
}

impl Jetconf {
    /// `None` where it is not installed.
    fn start(patches: bool) -> Option<Self> {
        if !installed() {
            return None;
        }
        let python = beside("restconf").join("bin/python");
        let modules = file("yang/modules").to_str().unwrap().to_owned();
        let arguments = [modules.as_str(), "/usr/share/yuma/modules/ietf"];
        let patch = [("JETCONF_PATCH", if patches { "yes" } else { "no" })];
        let mut server = Answerer::of(&python, &file("tests/peers/restconf_server.py"), &arguments, &patch);
        let port = server.read()["port"].as_u64().unwrap();
        Some(Self { server, port })
    }

    fn entry(&self) -> Entry {
        Entry::new("leaf1")
            .text("protocol", "restconf")
            .text("dialect", "openconfig")
            .text("address", "127.0.0.1")
            .with("port", self.port)
            .with("plaintext", true)
            .text("username", "mercury")
            .text("password", "sesame-0815-open")
            .with("settle_time", 1)
    }

    /// The ports of the running configuration as the server itself has it.
    fn ports(&mut self) -> Vec<Value> {
        let running = self.server.ask(&json!(null));
        running["openconfig-interfaces:interfaces"]["interface"].as_array().unwrap().clone()
    }

    /// What is said of a port's VLANs.
    fn vlans(&mut self, port: usize) -> Value {
        self.ports()[port - 1]["openconfig-if-ethernet:ethernet"]["openconfig-vlan:switched-vlan"]["config"].take()
    }
}

fn attached(port: usize, more: &Value) -> Value {
    let mut params = json!({"switch_id": "leaf1", "port_name": format!("Ethernet{port}")});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

/// From each of what a port may be to each, by requests that the modules allow: there is no
/// VLAN of another mode beside the one that is set.
#[test]
fn a_port_goes_from_each_mode_to_each_on_a_server_that_validates() {
    let Some(mut switch) = Jetconf::start(true) else { return };
    let mercury = Mercury::serve(&[switch.entry()]);
    let mut client = Client::of(&mercury);
    let others: Vec<Value> = switch.ports().split_off(2);
    let (access, trunk) = (
        json!({"mode": "access", "native_vlan": 20}),
        json!({"mode": "trunk", "native_vlan": 10, "allowed_vlans": [10, 11, 20]}),
    );
    let (one, more) = (
        json!({"interface-mode": "ACCESS", "access-vlan": 20}),
        json!({"interface-mode": "TRUNK", "native-vlan": 10, "trunk-vlans": ["10..11", 20]}),
    );
    // The first port had no VLANs, the second one.
    for port in [1, 2] {
        for (asked, expected) in [(&access, &one), (&trunk, &more), (&access, &one)] {
            client.done("update_port", &attached(port, asked));
            assert_eq!(&switch.vlans(port), expected, "{asked}");
        }
        client.done("update_port", &attached(port, &trunk));
        let fewer = json!({"mode": "trunk", "native_vlan": 10, "allowed_vlans": [10, 20]});
        client.done("update_port", &attached(port, &fewer));
        assert_eq!(switch.vlans(port)["trunk-vlans"], json!([10, 20]));
        client.done("reset_port", &attached(port, &json!({"native_vlan": 10})));
        assert!(switch.vlans(port).as_object().is_none_or(serde_json::Map::is_empty), "{}", switch.vlans(port));
    }
    assert_eq!(switch.ports().split_off(2), others, "what is somebody else's");
    let descriptions = switch.ports().into_iter().map(|port| port["config"]["description"].clone());
    let reset = "Default port configuration";
    assert_eq!(descriptions.collect::<Vec<_>>(), [reset, reset, "somebody's 3"]);
}

#[test]
fn what_a_server_has_no_method_for_is_refused_and_leaves_it_as_it_was() {
    let Some(mut switch) = Jetconf::start(false) else { return };
    let mercury = Mercury::serve(&[switch.entry()]);
    let before = switch.ports();
    let access = attached(1, &json!({"mode": "access", "native_vlan": 20}));
    let error = Client::of(&mercury).call("update_port", &access).unwrap_err();
    assert_eq!(error.kind(), "unsupported", "{error:?}");
    assert!(error.message.contains("operation-not-supported") && error.message.contains("as before"), "{error:?}");
    assert_eq!(switch.ports(), before);
    // What takes no PATCH is made.
    let link = json!({"switch_id": "leaf1", "port_id": "Ethernet3"});
    let port = json!({"port": {"binding:profile": {"local_link_information": [link]}}});
    Client::of(&mercury).done("detach_port", &port);
    assert!(switch.vlans(3).as_object().is_none_or(serde_json::Map::is_empty));
}
