//! What a real server leaves out of its replies.

use serde_json::{Value, json};

use crate::harness::{Client, Mercury, Netconfd};

fn detach(port: &str) -> Value {
    let link = json!({"switch_id": "leaf1", "port_id": port});
    json!({"port": {"binding:profile": {"local_link_information": [link]}}})
}

/// The port stands on its VLAN, and no look shows it: nobody may say that it has
/// none.
#[test]
fn a_port_that_access_control_hides_is_never_called_detached() {
    let Some(switch) = Netconfd::hiding("Ethernet5") else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    for (method, params) in [
        ("detach_port", detach("Ethernet5")),
        ("reset_port", json!({"switch_id": "leaf1", "port_name": "Ethernet5", "native_vlan": 100})),
    ] {
        let refused = client.call(method, &params).unwrap_err();
        assert_eq!(refused.data["kind"], "unknown", "{method}: {refused:?}");
        assert!(refused.message.contains("Ethernet5") && !refused.message.contains("as before"), "{refused:?}");
    }
}
