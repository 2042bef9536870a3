//! A node of Ironic's, taken from state to state.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Plant, readme};
use crate::harness::LIMIT;

/// States that nothing leaves by itself.
const FAILED: [&str; 5] = ["clean failed", "deploy failed", "error", "inspect failed", "rescue failed"];

/// Where a port's cable goes, and what the tenant has there.
pub(super) struct Link(Value);

impl Link {
    /// The port that README.md shows, elsewhere.
    pub(super) fn to(switch: &str, port: &str) -> Self {
        let mut shown = readme::port();
        shown["local_link_connection"] = json!({"switch_id": switch, "port_id": port});
        Self(shown)
    }

    /// The port that README.md shows, and a trunk beside it.
    pub(super) fn both() -> [Self; 2] {
        [Self(readme::port()), Self::to(&readme::mac(), "Ethernet2").with_trunk()]
    }

    /// Which nobody manages; such a port has no tenant's network.
    pub(super) fn unmanaged() -> Self {
        Self(json!({"local_link_connection": {"network_type": "unmanaged"}}))
    }

    fn with_trunk(mut self) -> Self {
        self.0["extra"]["switchport"] = json!({"mode": "trunk", "native_vlan": 151, "allowed_vlans": [152, 153]});
        self
    }
}

pub(super) struct Node {
    uuid: String,
    ports: Vec<String>,
}

impl Node {
    /// Enrolled, with these ports; `number` tells its MAC addresses from others'.
    pub(super) fn enroll(plant: &Plant, number: u8, links: &[Link]) -> Self {
        // Ironic would wait for the operating system to switch the node off.
        let info = json!({"deploy_forces_oob_reboot": true});
        let node = made(plant, "/v1/nodes", &json!({"driver": "fake-hardware", "driver_info": info}));
        assert_eq!(node["network_interface"], plant.interface, "{node}");
        let uuid = node["uuid"].as_str().unwrap().to_owned();
        let ports = links.iter().enumerate().map(|(place, link)| {
            let mut port = link.0.clone();
            port["node_uuid"] = json!(uuid);
            port["address"] = json!(format!("52:54:00:00:{number:02x}:{place:02x}"));
            // One that the node boots from may not be a trunk.
            port["pxe_enabled"] = json!(place == 0);
            made(plant, "/v1/ports", &port)["uuid"].as_str().unwrap().to_owned()
        });
        Self { ports: ports.collect(), uuid }
    }

    /// As [`Node::enroll`], and cleaned: it can be deployed.
    pub(super) fn available(plant: &Plant, number: u8, links: &[Link]) -> Self {
        let node = Self::enroll(plant, number, links);
        node.becomes(plant, "manage", "manageable");
        node.goes(plant, "provide", "clean wait", "available");
        node
    }

    /// Orders a state, and does not wait for it.
    pub(super) fn order(&self, plant: &Plant, target: &str) {
        let order = match target {
            "rescue" => json!({"target": target, "rescue_password": "s3same"}),
            _ => json!({"target": target}),
        };
        let (status, answer) = plant.ironic.ask("PUT", &self.path("/states/provision"), &order);
        assert_eq!(status, 202, "{target}: {answer}");
    }

    pub(super) fn becomes(&self, plant: &Plant, target: &str, state: &str) {
        self.order(plant, target);
        self.until(plant, state);
    }

    /// With its ramdisk, which comes up in the state `waits`.
    pub(super) fn goes(&self, plant: &Plant, target: &str, waits: &str, state: &str) {
        self.becomes(plant, target, waits);
        self.boots(plant, state);
    }

    /// Its ramdisk comes up, and brings it to this state.
    pub(super) fn boots(&self, plant: &Plant, state: &str) {
        plant.ironic.boot(&self.uuid);
        self.until(plant, state);
    }

    /// Waits for a state.
    pub(super) fn until(&self, plant: &Plant, state: &str) {
        let end = Instant::now() + LIMIT;
        loop {
            let node = self.look(plant);
            let now = node["provision_state"].as_str().unwrap();
            // Ironic lets go of the node a little later.
            if now == state && node["reservation"].is_null() {
                return;
            }
            let over =
                Instant::now() >= end || (now != state && FAILED.contains(&now) && node["reservation"].is_null());
            assert!(!over, "{state} did not come: {now}, reserved by {}, {}", node["reservation"], node["last_error"]);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(super) fn last_error(&self, plant: &Plant) -> String {
        self.look(plant)["last_error"].as_str().unwrap_or_default().to_owned()
    }

    /// Instead of what `ironic.conf` says for all nodes.
    pub(super) fn with_network(&self, plant: &Plant, name: &str, network: &str) {
        self.patch(plant, &format!("/driver_info/{name}"), &json!(network));
    }

    /// Gives the first port's tenant another VLAN; whether Ironic took it.
    pub(super) fn moves(&self, plant: &Plant, vlan: u16) -> bool {
        let patch = json!([{"op": "replace", "path": "/extra/switchport/native_vlan", "value": vlan}]);
        let (status, _) = plant.ironic.ask("PATCH", &format!("/v1/ports/{}", self.ports[0]), &patch);
        status == 200
    }

    /// Takes it out of Ironic, in whatever state.
    pub(super) fn delete(self, plant: &Plant) {
        self.patch(plant, "/maintenance", &json!(true));
        let (status, answer) = plant.ironic.ask("DELETE", &self.path(""), &Value::Null);
        assert_eq!(status, 204, "{answer}");
    }

    fn patch(&self, plant: &Plant, path: &str, value: &Value) {
        let patch = json!([{"op": "add", "path": path, "value": value}]);
        let (status, answer) = plant.ironic.ask("PATCH", &self.path(""), &patch);
        assert_eq!(status, 200, "{answer}");
    }

    fn look(&self, plant: &Plant) -> Value {
        let (status, node) = plant.ironic.ask("GET", &self.path(""), &Value::Null);
        assert_eq!(status, 200, "{node}");
        node
    }

    fn path(&self, below: &str) -> String {
        format!("/v1/nodes/{}{below}", self.uuid)
    }
}

fn made(plant: &Plant, path: &str, what: &Value) -> Value {
    let (status, answer) = plant.ironic.ask("POST", path, what);
    assert_eq!(status, 201, "{what}: {answer}");
    answer
}
