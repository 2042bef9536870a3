//! Ironic's network interface `mercury`, loaded by released Ironics, of nodes in their
//! databases.

use std::path::PathBuf;

use mercury_sim::{Mode, Options};
use serde_json::{Value, json};

use super::{
    Python,
    drops::{Between, Does},
};
use crate::harness::{Mercury, Simulated, installed, python::beside};

/// The newest, and the oldest that says it runs on this Python.
const RELEASES: [&str; 2] = ["venv", "ironic-oldest"];
const NETWORKS: [(&str, u16); 5] =
    [("provisioning", 110), ("cleaning", 120), ("inspection", 130), ("rescuing", 140), ("servicing", 160)];

struct Stage {
    switches: [Simulated; 2],
    mercury: Mercury,
    ironic: Python,
    _folder: tempfile::TempDir,
}

fn entry(switch: &Simulated, name: &str) -> crate::harness::Entry {
    let entry = switch.entry(name).text("allowed_vlans", "100-199").with("default_vlan", 199);
    entry.text("lag_numbers", "400-449").text("lag_prefix", "Port-Channel")
}

fn venv(release: &str) -> PathBuf {
    match release {
        "venv" => crate::harness::python::interpreter().ancestors().nth(2).unwrap().to_owned(),
        other => beside(other),
    }
}

fn conf(url: &str, more: &str) -> String {
    let networks: String = NETWORKS.map(|(name, vlan)| format!("{name}_network = {vlan}\n")).concat();
    format!("[mercury]\nurl = {url}\nretry_for = 0\n{networks}{more}\n")
}

impl Stage {
    fn new(release: &str, second: Options, between: impl FnOnce(&Mercury) -> Option<String>) -> Self {
        let switches = [Simulated::start(Mode::Candidate), Simulated::with(second)];
        let mercury = Mercury::serve(&[entry(&switches[0], "leaf1"), entry(&switches[1], "leaf2")]);
        let url = between(&mercury).unwrap_or_else(|| format!("http://{}/", mercury.address));
        let (folder, ironic) = ironic(release, &conf(&url, ""));
        Self { switches, mercury, ironic, _folder: folder }
    }

    fn plain(release: &str) -> Self {
        Self::new(release, Simulated::options(), |_| None)
    }

    /// A node with these ports and portgroups, in this state.
    fn node(&mut self, ports: &[Value], groups: &[Value], state: &str) {
        self.ironic.ask(&json!({"ports": ports, "portgroups": groups})).unwrap();
        self.ironic.ask(&json!({"state": state})).unwrap();
    }

    fn does(&mut self, what: &str, args: &Value) -> Result<Value, Value> {
        self.ironic.ask(&json!({"do": what, "args": args})).map(|mut answer| answer["result"].take())
    }

    fn done(&mut self, what: &str) {
        self.does(what, &json!([])).unwrap_or_else(|error| panic!("{what}: {error}"));
    }

    /// What the two ports of both switches carry.
    fn vlans(&self) -> [String; 2] {
        [0, 1].map(|which| self.switches[which].look().port("Ethernet1").vlans)
    }
}

fn ironic(release: &str, conf: &str) -> (tempfile::TempDir, Python) {
    let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
    std::fs::write(folder.path().join("mercury.conf"), conf).unwrap();
    let words = [folder.path().to_str().unwrap()];
    let started = Python::start(&venv(release), "openstack_ironic.py", &words, &[]);
    (folder, started)
}

fn access(vlan: u16) -> Value {
    json!({"switchport": {"mode": "access", "native_vlan": vlan}})
}

fn trunk() -> Value {
    json!({"switchport": {"mode": "trunk", "native_vlan": 151, "allowed_vlans": [152, 153]}})
}

fn port(switch: &str, extra: &Value) -> Value {
    json!({"extra": extra, "pxe_enabled": switch == "leaf1",
           "local_link_connection": {"switch_id": switch, "port_id": "Ethernet1"}})
}

fn two() -> [Value; 2] {
    [port("leaf1", &access(150)), port("leaf2", &trunk())]
}

fn message(error: &Value) -> &str {
    error["message"].as_str().unwrap()
}

fn is(error: &Value, class: &str) -> bool {
    error["class"] == format!("ironic.common.exception.{class}")
}

#[test]
fn a_node_goes_through_all_of_its_networks() {
    if !installed() {
        return;
    }
    for release in RELEASES {
        let mut stage = Stage::plain(release);
        stage.node(&two(), &[], "manageable");
        for what in ["validate", "validate_inspection", "validate_rescue"] {
            stage.done(what);
        }
        assert_eq!(stage.vlans(), ["none", "none"], "{release}: validating changes nothing");
        for (name, vlan) in NETWORKS {
            stage.done(&format!("add_{name}_network"));
            assert_eq!(stage.vlans(), [format!("access {vlan}"), "none".to_owned()], "{release}: it boots from one");
            stage.done(&format!("remove_{name}_network"));
            assert_eq!(stage.vlans(), ["access 199", "none"], "{release}: {name}");
        }
        stage.done("configure_tenant_networks");
        assert_eq!(stage.vlans(), ["access 150", "trunk 152,153 native 151"], "{release}");
        stage.done("remove_provisioning_network");
        assert_eq!(stage.vlans()[0], "access 150", "{release}: a port on another network stays there");
        stage.done("unconfigure_tenant_networks");
        assert_eq!(stage.vlans(), ["access 199", "access 199"], "{release}");
    }
}

#[test]
fn a_portgroup_is_an_aggregate_on_both_switches_while_the_tenant_has_it() {
    if !installed() {
        return;
    }
    for release in RELEASES {
        let mut stage = Stage::plain(release);
        let mut members = two();
        for member in &mut members {
            member["portgroup"] = json!(0);
        }
        let group = json!({"name": "bond0", "mode": "802.3ad", "extra": trunk(),
                           "properties": {"lacp_rate": "fast", "min_links": 1}});
        stage.node(&members, &[group], "deploying");
        stage.done("add_provisioning_network");
        assert_eq!(stage.vlans(), ["access 110", "none"], "{release}: it boots before it bonds");
        stage.done("remove_provisioning_network");
        stage.done("configure_tenant_networks");
        for switch in &stage.switches {
            let seen = switch.look();
            let lag = seen.port("Ethernet1").aggregate.unwrap();
            assert_eq!(seen.port(&lag).vlans, "trunk 152,153 native 151", "{release}");
        }
        stage.ironic.ask(&json!({"state": "active"})).unwrap();
        stage.ironic.ask(&json!({"portgroup": 0, "becomes": {"extra": access(155)}})).unwrap();
        for switch in &stage.switches {
            let seen = switch.look();
            assert_eq!(seen.port(&seen.port("Ethernet1").aggregate.unwrap()).vlans, "access 155", "{release}");
        }
        stage.done("unconfigure_tenant_networks");
        assert_eq!(stage.vlans(), ["access 199", "access 199"], "{release}");
        for switch in &stage.switches {
            let seen = switch.look();
            assert!(seen.ports.keys().all(|name| name == "Port-Channel1" || !name.starts_with("Port-Channel")));
        }
    }
}

#[test]
fn where_one_port_fails_those_before_it_are_let_go_again() {
    if !installed() {
        return;
    }
    let refusal = "edit-config:*:before:refuse:operation-failed:no room in the TCAM".parse().unwrap();
    for release in RELEASES {
        let refusing = Options { faults: vec![Clone::clone(&refusal)], ..Simulated::options() };
        let mut stage = Stage::new(release, refusing, |_| None);
        stage.node(&two(), &[], "deploying");
        let error = stage.does("configure_tenant_networks", &json!([])).unwrap_err();
        assert!(is(&error, "NetworkError") && message(&error).contains("no room in the TCAM"), "{release}: {error}");
        assert_eq!(stage.vlans(), ["access 199", "none"], "{release}");
        // Taking away goes on to the others, and then fails.
        stage.switches[0].handle().change_running(&on_vlan_150()).unwrap();
        let mut reversed = two();
        reversed.reverse();
        stage.node(&reversed, &[], "active");
        let error = stage.does("unconfigure_tenant_networks", &json!([])).unwrap_err();
        assert!(is(&error, "NetworkError"), "{release}: {error}");
        assert_eq!(stage.vlans()[0], "access 199", "{release}");
    }
}

/// What somebody put on the first switch's port.
fn on_vlan_150() -> String {
    "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name>\
     <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\
     <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\"><config><interface-mode>ACCESS</interface-mode>\
     <access-vlan>150</access-vlan></config></switched-vlan></ethernet></interface></interfaces>"
        .to_owned()
}

#[test]
fn an_answer_that_is_lost_is_looked_for_and_the_node_goes_on() {
    if !installed() {
        return;
    }
    for release in RELEASES {
        let mut count = None;
        let mut stage = Stage::new(release, Simulated::options(), |mercury| {
            let passes = Does::Passes(mercury.address);
            let between = Between::new(vec![Does::Loses(mercury.address), passes]);
            let url = between.url();
            count = Some(between);
            Some(url)
        });
        stage.node(&two(), &[], "deploying");
        stage.done("add_provisioning_network");
        assert_eq!((stage.vlans()[0].as_str(), count.unwrap().seen()), ("access 110", 2), "{release}");
        let changes = stage.mercury.requests().iter().filter(|line| line["action"] == "attach_port").count();
        assert_eq!(changes, 1, "{release}");
    }
}

#[test]
fn an_active_node_s_ports_follow_what_ironic_is_told() {
    if !installed() {
        return;
    }
    for release in RELEASES {
        let mut stage = Stage::plain(release);
        stage.node(&two(), &[], "active");
        stage.done("configure_tenant_networks");
        stage.ironic.ask(&json!({"port": 0, "becomes": {"extra": access(156)}})).unwrap();
        assert_eq!(stage.vlans()[0], "access 156", "{release}");
        let error = stage.ironic.ask(&json!({"port": 0, "becomes": {"extra": access(500)}})).unwrap_err();
        assert!(is(&error, "NetworkError") && message(&error).contains("500"), "{release}: {error}");
        assert_eq!(stage.vlans()[0], "access 156", "{release}: what Ironic does not keep is not there");
        let link = json!({"switch_id": "leaf1", "port_id": "Ethernet2"});
        stage.ironic.ask(&json!({"port": 0, "becomes": {"local_link_connection": link}})).unwrap();
        let seen = stage.switches[0].look();
        assert_eq!(
            (seen.port("Ethernet1").vlans.as_str(), seen.port("Ethernet2").vlans.as_str()),
            ("access 199", "access 156")
        );
        stage.ironic.ask(&json!({"port": 1, "becomes": {"extra": {}}})).unwrap();
        assert_eq!(stage.vlans()[1], "access 199", "{release}");
    }
}

/// Moving a port into a bond lets both go and then bonds them; each of the two steps is refused
/// by the second switch once.
#[test]
fn a_change_that_is_refused_leaves_every_port_on_its_network() {
    if !installed() {
        return;
    }
    for release in RELEASES {
        for refused in 2..=3 {
            let fault = format!("edit-config:{refused}:before:refuse:operation-failed:no room in the TCAM");
            let faulty = Options { faults: vec![fault.parse().unwrap()], ..Simulated::options() };
            let mut stage = Stage::new(release, faulty, |_| None);
            let [mut first, second] = two();
            first["portgroup"] = json!(0);
            let group = json!({"name": "bond0", "mode": "802.3ad", "extra": access(150)});
            stage.node(&[first, second], &[group], "active");
            stage.done("configure_tenant_networks");
            let error = stage.ironic.ask(&json!({"port": 1, "joins": 0})).unwrap_err();
            assert!(
                is(&error, "NetworkError") && message(&error).contains("no room in the TCAM"),
                "{release}: {error}"
            );
            assert_eq!(stage.vlans(), ["access 150", "trunk 152,153 native 151"], "{release} {refused}");
        }
    }
}

#[test]
fn a_vif_names_a_port_and_has_an_active_node_s_port_attached() {
    if !installed() {
        return;
    }
    for release in RELEASES {
        let mut stage = Stage::plain(release);
        stage.node(&two(), &[], "available");
        stage.does("vif_attach", &json!([{"id": "blue"}])).unwrap();
        assert_eq!(stage.vlans(), ["none", "none"], "{release}: its tenant is not there yet");
        assert_eq!(stage.does("vif_list", &json!([])).unwrap(), json!([{"id": "blue"}]));
        stage.done("configure_tenant_networks");
        assert_eq!(stage.vlans(), ["access 150", "none"], "{release}: the other has no VIF");
        stage.ironic.ask(&json!({"state": "active"})).unwrap();
        stage.does("vif_attach", &json!([{"id": "red"}])).unwrap();
        assert_eq!(stage.vlans()[1], "trunk 152,153 native 151", "{release}");
        let error = stage.does("vif_attach", &json!([{"id": "red"}])).unwrap_err();
        assert!(is(&error, "VifAlreadyAttached"), "{release}: {error}");
        stage.does("vif_detach", &json!(["red"])).unwrap();
        stage.ironic.ask(&json!({"port": 1, "becomes": {"extra": access(157)}})).unwrap();
        assert_eq!(stage.vlans()[1], "access 199", "{release}: it is nobody's without a VIF");
        assert_eq!(stage.vlans(), ["access 150", "access 199"], "{release}");
        assert!(is(&stage.does("vif_detach", &json!(["red"])).unwrap_err(), "VifNotAttached"), "{release}");
    }
}

#[test]
fn what_cannot_be_is_said_before_anything_is_done() {
    if !installed() {
        return;
    }
    for release in RELEASES {
        let mut stage = Stage::plain(release);
        let wrong = [
            (port("leaf9", &access(150)), "Mercury does not serve"),
            (port("leaf1", &json!({"switchport": {"mode": "hybrid", "native_vlan": 150}})), "mode"),
            (port("leaf1", &json!({"switchport": {"mode": "trunk", "native_vlan": 150}})), "allowed_vlans"),
            (port("leaf1", &json!({"switchport": [150]})), "object"),
        ];
        for (port, words) in wrong {
            stage.node(&[port], &[], "available");
            let error = stage.does("validate", &json!([])).unwrap_err();
            assert!(is(&error, "InvalidParameterValue") && message(&error).contains(words), "{release}: {error}");
        }
        stage.ironic.ask(&json!({"ports": [], "driver_info": {"cleaning_network": "access/native_vlan=120"}})).unwrap();
        let error = stage.does("validate", &json!([])).unwrap_err();
        assert!(is(&error, "InvalidParameterValue") && message(&error).contains("cleaning_network"), "{error}");
        stage
            .ironic
            .ask(&json!({"ports": [port("leaf1", &access(150))], "driver_info": {"cleaning_network": 121}}))
            .unwrap();
        stage.done("add_cleaning_network");
        assert_eq!(stage.vlans()[0], "access 121", "{release}: a node's own network");
        let mut unlinked = port("leaf1", &access(150));
        unlinked["local_link_connection"] = json!({});
        stage.node(&[unlinked], &[], "available");
        let error = stage.does("add_cleaning_network", &json!([])).unwrap_err();
        assert!(is(&error, "NetworkError") && message(&error).contains("local_link_connection"), "{error}");

        let (_folder, mut bare) = ironic(release, "[mercury]\n");
        bare.ask(&json!({"ports": two()})).unwrap();
        let error = bare.ask(&json!({"do": "validate"})).unwrap_err();
        assert!(is(&error, "MissingParameterValue") && message(&error).contains("url"), "{error}");
    }
}
