//! SONiC's REST server (sonic-mgmt-framework, rest/server), in both forms that its parameters
//! have had: by how many requests a port comes to a VLAN that is not there yet.

use mercury_adapter::Step;
use mercury_model::{Intended, InterfaceScope, Plan, Scope, SwitchedVlan, Vlan, VlanScope, VlanStatus};
use serde_json::{Value as Json, json};

use crate::{
    device::Device,
    face::{WITHIN, running, session, steps},
    os10::id,
};

const ALL: &str = "/data/openconfig-interfaces:interfaces";
const CAPABILITIES: &str = "/data/ietf-restconf-monitoring:restconf-state/capabilities";

/// As `capabilityHandler` tells of itself.
fn capabilities(own: &[&str]) -> (u16, String) {
    let names = own.iter().map(|name| format!("urn:ietf:params:restconf:capability:{name}:1.0"));
    let mut all = vec!["urn:ietf:params:restconf:capability:defaults:1.0?basic-mode=report-all".to_owned()];
    all.extend(names);
    (200, json!({ "ietf-restconf-monitoring:capabilities": { "capability": all } }).to_string())
}

/// It refuses `fields` beside `content`.
fn recent(data: &Json, uri: &str) -> (u16, String) {
    let (resource, query) = uri.split_once('?').unwrap_or((uri, ""));
    match (resource, query) {
        (CAPABILITIES, _) => capabilities(&["depth", "content", "fields"]),
        (ALL, "content=config") => (200, json!({ "openconfig-interfaces:interfaces": data["interfaces"] }).to_string()),
        (ALL, query) if !query.is_empty() => (400, String::new()),
        _ => (404, String::new()),
    }
}

/// `query parameter 'content' not supported`: state comes with what is configured.
fn early(data: &Json, uri: &str) -> (u16, String) {
    match uri {
        CAPABILITIES => capabilities(&["depth"]),
        ALL => {
            let mut data = data["interfaces"].clone();
            for entry in data["interface"].as_array_mut().unwrap() {
                let state =
                    json!({ "name": entry["name"], "mtu": 1400, "admin-status": "DOWN", "description": "of state" });
                entry["state"] = state;
            }
            (200, json!({ "openconfig-interfaces:interfaces": data }).to_string())
        }
        uri if uri.contains('?') => (400, String::new()),
        _ => (404, String::new()),
    }
}

/// Other people's port, its VLAN, and one that is to be taken.
fn brown() -> Device {
    let port = |name: &str, description: &str, switched: Json| {
        json!({ "name": name, "config": { "name": name, "description": description, "enabled": true, "mtu": 9100 },
            "ethernet": { "switched-vlan": { "config": switched } } })
    };
    let entries = json!([
        port("Ethernet0", "spine 1", json!({ "interface-mode": "TRUNK", "trunk-vlans": [100, "200..210"] })),
        port("Ethernet4", "", json!({ "interface-mode": "ACCESS", "access-vlan": 100 })),
        { "name": "Vlan100", "config": { "name": "Vlan100", "description": "theirs", "enabled": true } },
    ]);
    Device { data: json!({ "interfaces": { "interface": entries } }), patches: false, becomes: None }
}

#[tokio::test]
async fn a_port_comes_to_a_new_vlan_by_three_requests() {
    for (shows, query) in [(recent as crate::face::Shows, "?content=config"), (early, "")] {
        let (mut session, switch) = session("sonic", shows, false, brown()).await;
        let interfaces = InterfaceScope::Named(["Ethernet4".parse().unwrap()].into());
        let scope = Scope { interfaces, vlans: VlanScope::Named([id(300)].into()), ..Scope::default() };
        let before = running(&session.flight(&[Step::Read(scope.clone())], WITHIN).await);
        let port = &before.config.interfaces[&"Ethernet4".parse().unwrap()];
        assert_eq!((port.mtu, port.enabled, &port.switched_vlan), (None, true, &Some(SwitchedVlan::access(id(100)))));
        assert!(!before.config.vlans.contains_key(&id(300)));
        let mut config = before.config.clone();
        config.vlans.insert(id(300), Vlan { id: id(300), name: None, status: VlanStatus::Active });
        let own = config.interfaces.get_mut(&"Ethernet4".parse().unwrap()).unwrap();
        own.switched_vlan = Some(SwitchedVlan::access(id(300)));
        let wanted = Intended(config);
        let others = switch.lock().unwrap().device.data["interfaces"]["interface"][0].clone();
        let after = session.flight(&steps("sonic", &Plan::between(&before, &wanted), &scope), WITHIN).await;
        let after = running(&after);
        assert!(wanted.is_met_by(&after), "{:#?}", after.config);
        let switch = switch.lock().unwrap();
        let (read, patch) = (format!("GET /restconf{ALL}{query}"), format!("PATCH /restconf{ALL}"));
        assert_eq!(switch.asked, [read.clone(), patch, read]);
        assert_eq!(switch.device.data["interfaces"]["interface"][0], others, "another's port");
    }
}
