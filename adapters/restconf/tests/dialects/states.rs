//! Switches that leave it open whether VNIs carry frames: what was read is read, the session goes
//! on, and the question is not put again for a while.

use std::sync::{Arc, Mutex};

use mercury_adapter::{Session, Step};
use mercury_model::{InterfaceScope, Scope, VlanScope};
use serde_json::{Value as Json, json};

use crate::{
    device::Device,
    dialect,
    face::{Face, Shows, WITHIN, running, session_over_sockets},
    os10::id,
};

const STATES: &str = "content=nonconfig";

fn shows(data: &Json, uri: &str) -> (u16, String) {
    match uri.split_once('?').unwrap_or((uri, "")) {
        ("/data/ietf-restconf-monitoring:restconf-state/capabilities", _) => {
            let all = ["content", "fields"].map(|name| format!("urn:ietf:params:restconf:capability:{name}:1.0"));
            (200, json!({ "ietf-restconf-monitoring:capabilities": { "capability": all } }).to_string())
        }
        ("/data", query) if query.contains("fields=") => {
            let data = json!({ "openconfig-interfaces:interfaces": data["interfaces"],
                "openconfig-network-instance:network-instances": data["network-instances"] });
            (200, json!({ "ietf-restconf:data": data }).to_string())
        }
        _ => (404, String::new()),
    }
}

fn busy(data: &Json, uri: &str) -> (u16, String) {
    if uri.contains(STATES) { (503, String::new()) } else { shows(data, uri) }
}

/// A switch with a VNI, and another's port; whoever connects speaks to it.
async fn session(shows: Shows, silent: Option<&'static str>) -> (Box<dyn Session>, Arc<Mutex<Face>>) {
    let vni = json!({ "vni": 10_100, "config": { "vni": 10_100, "vni-type": "L2", "bridge-domain": 100 } });
    let vxlan = json!({ "config": { "source-interface": "Loopback1" },
        "local-endpoint-vnis": { "local-endpoint-vni": [vni] } });
    let endpoint = json!({ "endpoint-id": "vtep1", "vxlan": vxlan });
    let point = json!({ "connection-point-id": "vtep1", "endpoints": { "endpoint": [endpoint] } });
    let data = json!({
        "interfaces": { "interface": [{ "name": "Ethernet1", "config": { "name": "Ethernet1", "description": "theirs" } }] },
        "network-instances": { "network-instance": [{ "name": "default",
            "vlans": { "vlan": [{ "vlan-id": 100, "config": { "vlan-id": 100, "name": "servers" } }] },
            "connection-points": { "connection-point": [point] } }] } });
    let mut face = Face::new(shows, false, Device { data, patches: true, becomes: None });
    face.silent = silent;
    let switch = Arc::new(Mutex::new(face));
    let restconf = dialect("openconfig").restconf.clone().unwrap();
    (session_over_sockets(restconf, &switch).await, switch)
}

#[tokio::test]
async fn who_leaves_the_question_open_is_read_on_and_asked_once() {
    for (shows, silent) in [(busy as Shows, None), (shows, Some(STATES))] {
        let (mut session, switch) = session(shows, silent).await;
        let interfaces = InterfaceScope::Named(["Ethernet1".parse().unwrap()].into());
        let scope = Scope { interfaces, vlans: VlanScope::Named([id(100)].into()), overlays: true, ..Scope::default() };
        for _ in 0..2 {
            let read = running(&session.flight(&[Step::Read(scope.clone())], WITHIN).await);
            assert!(read.config.segments.contains_key(&id(100)) && read.overlay.states.is_empty(), "{read:?}");
            assert!(session.is_usable(), "{silent:?}");
        }
        let asked = switch.lock().unwrap().asked.clone();
        assert_eq!(asked.iter().filter(|line| line.contains(STATES)).count(), 1, "{asked:?}");
    }
}
