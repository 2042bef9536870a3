//! Neutron's mechanism driver `mercury`, in a released Neutron's ML2.

use mercury_sim::{Handle, Mode, Options};
use serde_json::{Value, json};

use super::{
    Python,
    drops::{Between, Does},
};
use crate::harness::{Entry, Mercury, Simulated, installed, python::beside};

/// As Neutron's tests have it: physnet2 has VLANs 200 to 300.
const PHYSICAL: &str = "physnet2";

struct Stage {
    switches: [Simulated; 2],
    mercury: Mercury,
    neutron: Python,
}

fn entry(switch: &Simulated, name: &str) -> Entry {
    let entry = switch.entry(name).text("allowed_vlans", "200-299").with("default_vlan", 299);
    let entry = entry.with("physical_networks", format!("[{PHYSICAL:?}]"));
    entry.text("lag_numbers", "400-449").text("lag_prefix", "Port-Channel")
}

impl Stage {
    fn new() -> Option<Self> {
        Self::with(Simulated::options(), |_| None)
    }

    fn with(options: Options, between: impl FnOnce(&Mercury) -> Option<Between>) -> Option<Self> {
        if !installed() {
            return None;
        }
        let switches = [Simulated::with(options), Simulated::start(Mode::Candidate)];
        let mercury = Mercury::serve(&[entry(&switches[0], "leaf1"), entry(&switches[1], "leaf2")]);
        let url = between(&mercury).map_or_else(|| format!("http://{}/", mercury.address), |between| between.url());
        let settings = json!({"url": url, "retry_for": 0}).to_string();
        let environment = [("MERCURY_SETTINGS", settings.as_str())];
        let neutron = Python::start(&beside("neutron"), "openstack_neutron.py", &[], &environment);
        Some(Self { switches, mercury, neutron })
    }

    /// The resource that Neutron's API answers with.
    fn api(&mut self, question: &Value) -> Value {
        let answer = self.neutron.ask(question).unwrap_or_else(|error| panic!("{question}: {error}"));
        let status = answer["status"].as_u64().unwrap();
        assert!(status < 300, "{question}: {answer}");
        let body = answer["body"].as_object().and_then(|body| body.values().next());
        body.cloned().unwrap_or(Value::Null)
    }

    fn network(&mut self, vlan: u16, physical: &str) -> String {
        let body = json!({"tenant_id": "p", "name": format!("net{vlan}"), "admin_state_up": true,
                          "provider:network_type": "vlan", "provider:physical_network": physical,
                          "provider:segmentation_id": vlan});
        id(&self.api(&json!({"do": "create", "of": "networks", "body": {"network": body}})))
    }

    fn port(&mut self, network: &str) -> String {
        let body = json!({"network_id": network, "tenant_id": "p", "admin_state_up": true});
        id(&self.api(&json!({"do": "create", "of": "ports", "body": {"port": body}})))
    }

    fn update(&mut self, port: &str, body: &Value) -> Value {
        self.api(&json!({"do": "update", "of": "ports", "id": port, "body": {"port": body}}))
    }

    /// As Ironic binds a port.
    fn bind(&mut self, port: &str, profile: &Value) -> Value {
        let body = json!({"binding:host_id": "node1", "binding:vnic_type": "baremetal", "binding:profile": profile});
        self.update(port, &body);
        self.show(port)
    }

    /// As Ironic lets go of one.
    fn unbind(&mut self, port: &str) {
        self.update(port, &json!({"binding:host_id": "", "binding:profile": {}}));
    }

    fn show(&mut self, port: &str) -> Value {
        self.api(&json!({"do": "show", "of": "ports", "id": port}))
    }

    fn delete(&mut self, port: &str) {
        self.api(&json!({"do": "delete", "of": "ports", "id": port}));
    }

    fn trunk(&mut self, method: &str, args: &Value) -> Result<String, Value> {
        self.neutron
            .ask(&json!({"trunk": method, "args": args}))
            .map(|answer| answer["body"]["id"].as_str().unwrap_or_default().to_owned())
    }

    fn vlans(&self, which: usize) -> String {
        self.switches[which].look().port("Ethernet1").vlans
    }

    fn handle(&self) -> Handle {
        self.switches[0].handle()
    }
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

fn profile(switches: &[&str]) -> Value {
    let links: Vec<Value> =
        switches.iter().map(|switch| json!({"switch_id": switch, "port_id": "Ethernet1"})).collect();
    json!({"local_link_information": links})
}

fn vif(port: &Value) -> (&str, &str) {
    (port["binding:vif_type"].as_str().unwrap(), port["status"].as_str().unwrap())
}

#[test]
fn a_baremetal_port_is_bound_when_mercury_has_done_it_and_let_go_with_its_binding() {
    let Some(mut stage) = Stage::new() else { return };
    let network = stage.network(210, PHYSICAL);
    let port = stage.port(&network);
    assert_eq!(stage.vlans(0), "none");
    let bound = stage.bind(&port, &profile(&["leaf1"]));
    assert_eq!((vif(&bound), stage.vlans(0).as_str()), (("other", "ACTIVE"), "access 210"));
    // Another link: the one before is let go.
    let bound = stage.bind(&port, &profile(&["leaf2"]));
    assert_eq!(
        (vif(&bound), stage.vlans(0).as_str(), stage.vlans(1).as_str()),
        (("other", "ACTIVE"), "access 299", "access 210")
    );
    stage.update(&port, &json!({"admin_state_up": false}));
    assert!(!stage.switches[1].look().port("Ethernet1").enabled);
    stage.update(&port, &json!({"admin_state_up": true}));
    assert!(stage.switches[1].look().port("Ethernet1").enabled);
    stage.unbind(&port);
    let unbound = stage.show(&port);
    assert_eq!((unbound["binding:vif_type"].as_str(), stage.vlans(1).as_str()), (Some("unbound"), "access 299"));
    stage.bind(&port, &profile(&["leaf1"]));
    stage.delete(&port);
    assert_eq!(stage.vlans(0), "access 299");
}

#[test]
fn a_port_is_not_bound_when_mercury_says_no() {
    let refusal = "edit-config:*:before:refuse:operation-failed:no room in the TCAM".parse().unwrap();
    let options = Options { faults: vec![refusal], ..Simulated::options() };
    let Some(mut stage) = Stage::with(options, |_| None) else { return };
    let network = stage.network(210, PHYSICAL);
    let port = stage.port(&network);
    assert_eq!(stage.bind(&port, &profile(&["leaf1"]))["binding:vif_type"], "binding_failed");
    assert_eq!(stage.vlans(0), "none");
    // Nobody knows the switch; and the VLAN is not one that it may carry.
    assert_eq!(stage.bind(&port, &profile(&["leaf9"]))["binding:vif_type"], "binding_failed");
    let other = stage.network(300, PHYSICAL);
    let other = stage.port(&other);
    assert_eq!(stage.bind(&other, &profile(&["leaf1"]))["binding:vif_type"], "binding_failed");
    // A network of another part of the data centre.
    let far = stage.network(50, "physnet1");
    let far = stage.port(&far);
    assert_eq!(stage.bind(&far, &profile(&["leaf1"]))["binding:vif_type"], "binding_failed");
    assert_eq!(stage.vlans(0), "none");
    stage.handle().clear_faults();
    assert_eq!(
        vif(&stage.bind(&port, &profile(&["leaf1"]))),
        ("other", "ACTIVE"),
        "it is tried again when asked again"
    );
    // Let go of late: the port is another's by then.
    stage.handle().change_running(&on(220)).unwrap();
    stage.delete(&port);
    assert_eq!(stage.vlans(0), "access 220", "a link on another network stays");
    let virtual_machine = stage.port(&network);
    stage.update(&virtual_machine, &json!({"binding:host_id": "compute1"}));
    assert_eq!(stage.show(&virtual_machine)["binding:vif_type"], "binding_failed", "that is for other drivers");
    assert!(
        stage
            .mercury
            .requests()
            .iter()
            .all(|line| line["asked"].as_str().is_none_or(|asked| !asked.contains("compute1")))
    );
}

/// How often Neutron tries to bind a port before it has failed.
const NEUTRONS_TRIES: usize = 10;

/// Where nobody knows what became of an attach its links are let go: at once, or when the port
/// is deleted if that fails too.
#[test]
fn a_port_of_which_nobody_knows_whether_it_is_attached_is_let_go() {
    let failed = || Does::Answers(json!({"error": {"code": 500, "message": "no", "data": {"kind": "refused"}}}));
    for (fails, left) in [(false, "access 299"), (true, "access 210")] {
        let stage = Stage::with(Simulated::options(), |mercury| {
            let passes = || Does::Passes(mercury.address);
            let lets_go = || if fails { failed() } else { passes() };
            let tries = (0..NEUTRONS_TRIES).flat_map(|_| [Does::Doubts(mercury.address), lets_go()]);
            Some(Between::new(tries.chain([passes()]).collect()))
        });
        let Some(mut stage) = stage else { return };
        let network = stage.network(210, PHYSICAL);
        let port = stage.port(&network);
        assert_eq!(stage.bind(&port, &profile(&["leaf1"]))["binding:vif_type"], "binding_failed");
        assert_eq!(stage.vlans(0), left);
        stage.delete(&port);
        assert_eq!(stage.vlans(0), "access 299");
    }
}

#[test]
fn a_port_that_is_deleted_or_moved_while_it_is_attached_is_let_go() {
    let Some(mut stage) = Stage::new() else { return };
    let network = stage.network(210, PHYSICAL);
    let port = stage.port(&network);
    let body = |switch: &str| {
        json!({"port": {"binding:host_id": "node1", "binding:vnic_type": "baremetal",
                        "binding:profile": profile(&[switch])}})
    };
    let update = |body: Value| json!({"do": "update", "of": "ports", "id": port, "body": body});
    let mut bind = update(body("leaf1"));
    bind["meanwhile"] = update(body("leaf2"));
    stage.neutron.ask(&bind).unwrap();
    let shown = stage.show(&port);
    assert_eq!((vif(&shown).0, &shown["binding:profile"]), ("other", &profile(&["leaf2"])));
    assert_eq!((stage.vlans(0).as_str(), stage.vlans(1).as_str()), ("access 299", "access 210"));

    let mut bind = update(body("leaf1"));
    bind["meanwhile"] = json!({"do": "delete", "of": "ports", "id": port});
    // Neutron's own answer is about a port that is no more.
    let _answer = stage.neutron.ask(&bind);
    assert_eq!((stage.vlans(0).as_str(), stage.vlans(1).as_str()), ("access 299", "access 299"));
}

/// Neutron lets several ports have the same link.
#[test]
fn a_link_that_another_bound_port_has_is_not_let_go() {
    let refusal = "edit-config:*:before:refuse:operation-failed:no room in the TCAM".parse().unwrap();
    let options = Options { faults: vec![refusal], ..Simulated::options() };
    let Some(mut stage) = Stage::with(options, |_| None) else { return };
    let network = stage.network(210, PHYSICAL);
    let [failed, bound] = [(); 2].map(|()| stage.port(&network));
    assert_eq!(stage.bind(&failed, &profile(&["leaf1"]))["binding:vif_type"], "binding_failed");
    stage.handle().clear_faults();
    assert_eq!(vif(&stage.bind(&bound, &profile(&["leaf1"]))), ("other", "ACTIVE"));
    stage.delete(&failed);
    assert_eq!(stage.vlans(0), "access 210");
    stage.delete(&bound);
    assert_eq!(stage.vlans(0), "access 299");
}

fn on(vlan: u16) -> String {
    format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name>\
         <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\
         <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\"><config><interface-mode>ACCESS</interface-mode>\
         <access-vlan>{vlan}</access-vlan></config></switched-vlan></ethernet></interface></interfaces>"
    )
}

#[test]
fn a_bond_is_an_aggregate_on_both_switches() {
    let Some(mut stage) = Stage::new() else { return };
    let network = stage.network(211, PHYSICAL);
    let port = stage.port(&network);
    let mut both = profile(&["leaf1", "leaf2"]);
    both["local_group_information"] =
        json!({"id": "pg", "name": "bond0", "bond_mode": "802.3ad", "bond_properties": {}});
    assert_eq!(vif(&stage.bind(&port, &both)), ("other", "ACTIVE"));
    for switch in &stage.switches {
        let seen = switch.look();
        assert_eq!(seen.port(&seen.port("Ethernet1").aggregate.unwrap()).vlans, "access 211");
    }
    stage.unbind(&port);
    assert_eq!((stage.vlans(0).as_str(), stage.vlans(1).as_str()), ("access 299", "access 299"));
    assert!(stage.switches[0].look().port("Ethernet1").aggregate.is_none());
}

#[test]
fn sub_ports_come_and_go_on_a_bound_trunk() {
    let Some(mut stage) = Stage::new() else { return };
    let [native, first, second] = [210, 220, 230].map(|vlan| stage.network(vlan, PHYSICAL));
    let [parent, first, second] = [native, first, second].map(|network| stage.port(&network));
    let sub = |port: &str, tag: u16| json!({"port_id": port, "segmentation_type": "vlan", "segmentation_id": tag});
    let body = json!({"port_id": parent, "sub_ports": [sub(&first, 220)], "tenant_id": "p", "project_id": "p",
                      "admin_state_up": true});
    let trunk = stage.trunk("create_trunk", &json!([{"trunk": body}])).unwrap();
    // Its status is lost in Neutron's test database, whose sessions share a connection.
    assert_eq!(vif(&stage.bind(&parent, &profile(&["leaf1"]))).0, "other");
    assert_eq!(stage.vlans(0), "trunk 220 native 210");
    // VLAN 221 is another network's, which this tenant's server would then be on.
    let error = stage.trunk("add_subports", &json!([trunk, {"sub_ports": [sub(&second, 221)]}])).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("221"), "{error}");
    assert_eq!(stage.vlans(0), "trunk 220 native 210");
    stage.trunk("add_subports", &json!([trunk, {"sub_ports": [sub(&second, 230)]}])).unwrap();
    assert_eq!(stage.vlans(0), "trunk 220,230 native 210");
    stage.trunk("remove_subports", &json!([trunk, {"sub_ports": [{"port_id": first}]}])).unwrap();
    assert_eq!(stage.vlans(0), "trunk 230 native 210");
    stage.trunk("delete_trunk", &json!([trunk])).unwrap();
    assert_eq!(stage.vlans(0), "access 210");

    // A wrong tag that came before the port was a server's.
    let body = json!({"port_id": parent, "sub_ports": [sub(&second, 221)], "tenant_id": "p", "project_id": "p",
                      "admin_state_up": true});
    stage.unbind(&parent);
    assert_eq!(stage.vlans(0), "access 299");
    stage.update(&parent, &json!({"binding:vnic_type": "normal"}));
    stage.trunk("create_trunk", &json!([{"trunk": body}])).unwrap();
    assert_eq!(stage.bind(&parent, &profile(&["leaf1"]))["binding:vif_type"], "binding_failed");
    assert_eq!(stage.vlans(0), "access 299");
}
