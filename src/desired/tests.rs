//! What a switch's entry adds to what callers ask for.

mod lags;
mod owners;
mod restored;

use mercury_model::{DeviceConfig, Interface, TrunkVlans, Vlan, VlanId, VlanStatus};
use serde_json::{Value, json};

use super::*;
use crate::fault::FaultKind;
use crate::{
    group,
    intent::{Fields, Intent, LagRemoval, LagRequest, NetworkRequest, PluginRequest, PortRequest, ResetRequest},
    inventory::{Inventory, Options, Placeholder, PortNameRule, PortNames, Protocol, Switch, Template},
};

/// A switch, its entry, and what callers ask of it.
struct Bench {
    inventory: Inventory,
    dialect: Dialect,
    device: DeviceConfig,
}

impl Bench {
    /// One whose VLANs are Mercury's, with these options.
    fn managed(options: Options) -> Self {
        Self::of(managed(options))
    }

    fn of(switch: Switch) -> Self {
        let dialect = mercury_adapter::builtin().unwrap().into_iter().find(|dialect| dialect.name == switch.dialect);
        Self { inventory: [switch].into_iter().collect(), dialect: dialect.unwrap(), device: DeviceConfig::default() }
    }

    fn intent(&self, method: &str, params: &Value) -> Result<Intent, Fault> {
        let fields = Fields::of("", params).unwrap();
        match method {
            "update_port" => Ok(PortRequest::read(fields, &self.inventory)?.intent()),
            "reset_port" => Ok(ResetRequest::read(fields, &self.inventory)?.intent()),
            "attach_port" => PluginRequest::read(fields)?.attach("attach_port", &self.inventory),
            "update_lag" => Ok(LagRequest::read(fields, &self.inventory)?.intent()),
            "delete_lag" => Ok(LagRemoval::read(fields, &self.inventory)?.intent()),
            "detach_port" => PluginRequest::read(fields)?.detach(&self.inventory),
            "add_network" => NetworkRequest::read(fields)?.intent("add_network", true, &self.inventory),
            _ => NetworkRequest::read(fields)?.intent("delete_network", false, &self.inventory),
        }
    }

    /// Makes it so; whether anything had to change.
    fn make(&mut self, target: &TargetIntent) -> Result<bool, Fault> {
        let mut running = Running::new(&self.device, scope(target));
        if let Some(wider) = widened(target, &running) {
            running = Running::new(&self.device, wider);
        }
        let scope = running.scope.clone();
        let Intended(made) = desired(target, &running, &self.dialect)?.intended;
        let changed = made != running.config;
        self.device.interfaces.retain(|name, _| !scope.interfaces.covers(name));
        self.device.vlans.retain(|id, _| !scope.vlans.covers(*id));
        self.device.interfaces.extend(made.interfaces);
        self.device.vlans.extend(made.vlans);
        Ok(changed)
    }

    fn call(&mut self, method: &str, params: &Value) -> Result<bool, Fault> {
        let intent = self.intent(method, params)?;
        let mut changed = false;
        for target in &intent.targets {
            changed |= self.make(target)?;
        }
        Ok(changed)
    }

    /// What is to be known of a request beside its success.
    fn noted(&self, method: &str, params: &Value) -> String {
        let intent = self.intent(method, params).unwrap();
        let target = &intent.targets[0];
        let running = Running::new(
            &self.device,
            widened(target, &Running::new(&self.device, scope(target))).unwrap_or_else(|| scope(target)),
        );
        let desired = desired(target, &running, &self.dialect).unwrap();
        desired.notes.into_values().collect::<Vec<_>>().join("; ")
    }

    /// What must succeed; the same again changes nothing.
    fn done(&mut self, method: &str, params: &Value) {
        self.call(method, params).unwrap();
        assert!(!self.call(method, params).unwrap(), "{method} is not idempotent: {params}");
    }

    fn port(&self, name: &str) -> Interface {
        self.device.interface(&name.parse().unwrap())
    }

    fn carries(&self, name: &str) -> String {
        self.port(name).switched_vlan.map_or_else(|| "none".to_owned(), |vlans| vlans.to_string())
    }

    fn set(&mut self, name: &str, vlans: SwitchedVlan) {
        let interface = Interface { switched_vlan: Some(vlans), ..self.port(name) };
        self.device.interfaces.insert(interface.name.clone(), interface);
    }

    /// The VLANs and their names.
    fn vlans(&self) -> Vec<String> {
        let name = |vlan: &Vlan| vlan.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        self.device.vlans.values().map(|vlan| format!("{}{}", vlan.id, name(vlan))).collect()
    }
}

fn switch() -> Switch {
    Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury")
}

fn managed(options: Options) -> Switch {
    Switch { manage_vlans: true, options, ..switch() }
}

fn vlan(number: u16) -> VlanId {
    number.try_into().unwrap()
}

fn uplink() -> Options {
    Options { trunk_ports: vec!["Ethernet48".parse().unwrap()], ..Options::default() }
}

fn named(template: &str) -> Option<Template> {
    Some(Template::new(template, Placeholder::OF_A_VLAN).unwrap())
}

/// `port` and `network` of the plugin methods.
fn plugin(port: &str, network: &Value) -> Value {
    json!({
        "port": {
            "id": "7a1c", "mac_address": "52:54:00:00:00:01",
            "binding:profile": {"local_link_information": [{"switch_id": "leaf1", "port_id": port}]},
        },
        "network": network,
    })
}

fn ironic(port: &str, more: &Value) -> Value {
    let mut params = json!({"switch_id": "leaf1", "port_name": port});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

#[test]
fn trunk_ports_carry_each_vlan_as_long_as_it_is_there() {
    let mut bench = Bench::managed(uplink());
    bench.done("add_network", &json!({"network": {"segmentation_id": 100, "name": "a"}}));
    assert_eq!((bench.carries("Ethernet48"), bench.vlans()), (trunk("100"), vec!["100 a".to_owned()]));
    bench.done("attach_port", &plugin("Ethernet1", &json!(101)));
    assert_eq!(bench.carries("Ethernet48"), trunk("100-101"));
    let error = bench.call("delete_network", &json!({"network": 101})).unwrap_err();
    assert!(error.message.contains("Ethernet1") && !error.message.contains("Ethernet48"), "{error}");
    bench.done("detach_port", &plugin("Ethernet1", &Value::Null));
    bench.done("delete_network", &json!({"network": 101}));
    assert_eq!(bench.carries("Ethernet48"), trunk("100"));
    bench.done("delete_network", &json!({"network": 100}));
    assert_eq!((bench.carries("Ethernet48"), bench.vlans()), ("none".to_owned(), vec![]));
}

fn trunk(vlans: &str) -> String {
    format!("trunk, no native VLAN, VLANs {vlans}")
}

#[test]
fn a_trunk_port_keeps_what_it_carries() {
    let all = SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::All };
    let some = SwitchedVlan::Trunk { native: Some(vlan(1)), vlans: TrunkVlans::All.with(vlan(1)) };
    for (before, with, after) in [
        (SwitchedVlan::access(vlan(7)), "trunk, native VLAN 7, VLANs 100", "access VLAN 7"),
        (all, &trunk("all"), &trunk("all")),
        (some, "trunk, native VLAN 1, VLANs all", "trunk, native VLAN 1, VLANs all"),
        (
            SwitchedVlan::Trunk { native: Some(vlan(1)), vlans: TrunkVlans::None.with(vlan(50)) },
            "trunk, native VLAN 1, VLANs 50,100",
            "trunk, native VLAN 1, VLANs 50",
        ),
    ] {
        let mut bench = Bench::managed(uplink());
        bench.set("Ethernet48", before);
        bench.done("add_network", &json!({"network": 100}));
        assert_eq!(bench.carries("Ethernet48"), with);
        bench.done("delete_network", &json!({"network": 100}));
        assert_eq!(bench.carries("Ethernet48"), after);
    }
}

#[test]
fn a_native_vlan_that_is_not_carried_is_not_carried_afterwards_either() {
    let native = |vlans: TrunkVlans| SwitchedVlan::Trunk { native: Some(vlan(7)), vlans };
    for (before, with, after) in [
        (
            native(TrunkVlans::None.with(vlan(50))),
            "trunk, native VLAN 7, VLANs 50,100",
            "trunk, native VLAN 7, VLANs 50",
        ),
        (SwitchedVlan::access(vlan(7)), "trunk, native VLAN 7, VLANs 7,100", "trunk, native VLAN 7, VLANs 7"),
    ] {
        let mut bench = Bench::of(Switch { dialect: "arista_eos".to_owned(), ..managed(uplink()) });
        bench.set("Ethernet48", before);
        bench.done("add_network", &json!({"network": 100}));
        assert_eq!(bench.carries("Ethernet48"), with);
        bench.done("delete_network", &json!({"network": 100}));
        assert_eq!(bench.carries("Ethernet48"), after);
        bench.done("add_network", &json!({"network": 7}));
        assert!(bench.carries("Ethernet48").contains("VLANs 7"), "only what is in the list is carried");
    }
}

#[test]
fn a_trunk_port_that_lacks_a_vlan_gets_it_with_the_next_request_for_it() {
    let mut bench = Bench::managed(Options::default());
    bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
    let mut later = Bench { device: bench.device, ..Bench::managed(uplink()) };
    assert!(later.call("attach_port", &plugin("Ethernet1", &json!(100))).unwrap());
    assert_eq!(later.carries("Ethernet48"), trunk("100"));
}

#[test]
fn the_native_vlan_of_a_trunk_port_is_in_use() {
    let mut bench = Bench::managed(uplink());
    bench.set("Ethernet48", SwitchedVlan::access(vlan(100)));
    bench.done("add_network", &json!({"network": 100}));
    let error = bench.call("delete_network", &json!({"network": 100})).unwrap_err();
    assert!(error.message.contains("still used by Ethernet48"), "{error}");
}

/// Every switch has routed ports, and none of them keeps a VLAN.
#[test]
fn a_port_that_routes_uses_no_vlan_and_one_that_is_not_understood_may() {
    for routes in [true, false] {
        let mut bench = Bench::managed(Options::default());
        bench.done("add_network", &json!({"network": 100}));
        let others = vec!["ip/address/primary".to_owned()];
        let foreign = ForeignVlans { others, routes, ..ForeignVlans::default() };
        bench.set("Ethernet48", SwitchedVlan::Foreign(Box::new(foreign)));
        let removed = bench.call("delete_network", &json!({"network": 100}));
        assert_eq!(removed.is_ok(), routes, "{removed:?}");
    }
}

#[test]
fn sonic_has_no_vlan_1() {
    let named = |dialect: &str| Switch { dialect: dialect.to_owned(), protocol: Protocol::Gnmi, ..managed(uplink()) };
    for (dialect, refused) in [("sonic", true), ("openconfig", false)] {
        let asked = |method, params: Value| Bench::of(named(dialect)).call(method, &params);
        let of_a_port = [
            ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 1})),
            ironic("Ethernet1", &json!({"mode": "trunk", "native_vlan": 10, "allowed_vlans": [1, 20]})),
        ];
        for params in of_a_port {
            let said = asked("update_port", params);
            let fault = said.as_ref().err().filter(|fault| fault.kind == FaultKind::InvalidValue);
            let told = fault.is_some_and(|fault| fault.message.contains("VLAN 1 of Ethernet1"));
            assert_eq!((told, said.is_err()), (refused, refused), "{said:?}");
        }
        let said = asked("add_network", json!({"network": {"segmentation_id": 1, "name": "a"}}));
        assert_eq!(said.is_err(), refused, "{said:?}");
        asked("update_port", ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 2}))).unwrap();
    }
}

/// IOS-XE's modules refuse it (Cisco-IOS-XE-vlan, `must` of a name), and NX-OS itself.
#[test]
fn a_vlan_gets_no_name_that_another_has_where_each_is_there_once_and_vlan_1_none_at_all() {
    let network = |number: u16, name: &str| json!({"network": {"id": "a", "segmentation_id": number, "name": name}});
    for (dialect, once, unnamed) in
        [("cisco_iosxe", true, true), ("cisco_nxos", true, false), ("openconfig", false, false)]
    {
        let mut bench = Bench::managed(Options {
            vlan_name: Some(Template::new("{network}", Placeholder::OF_A_VLAN).unwrap()),
            ..Options::default()
        });
        bench.dialect = mercury_adapter::builtin().unwrap().into_iter().find(|known| known.name == dialect).unwrap();
        bench
            .device
            .vlans
            .insert(vlan(100), Vlan { id: vlan(100), name: "prod".parse().ok(), status: VlanStatus::Active });
        let running = Running::new(&bench.device, Scope::all());
        let made = |number, name| {
            let target = bench.intent("add_network", &network(number, name)).unwrap().targets.remove(0);
            desired(&target, &running, &bench.dialect)
        };
        let again = made(101, "prod");
        assert_eq!(again.as_ref().is_err_and(|fault| fault.message.contains("VLAN 100")), once, "{again:?}");
        assert_eq!(made(1, "other").unwrap().intended.0.vlans[&vlan(1)].name.is_none(), unnamed);
    }
}

#[test]
fn callers_cannot_configure_a_trunk_port() {
    let bench = Bench::managed(uplink());
    for (method, params, parameter) in [
        ("update_port", ironic("Ethernet48", &json!({"mode": "access", "native_vlan": 100})), "port_name"),
        ("reset_port", ironic("Ethernet48", &json!({"native_vlan": 100})), "port_name"),
        ("attach_port", plugin("Ethernet48", &json!(100)), "port.binding:profile.local_link_information[0].port_id"),
    ] {
        let fault = bench.intent(method, &params).unwrap_err();
        assert_eq!((fault.kind, fault.parameter.as_deref()), (FaultKind::InvalidValue, Some(parameter)));
        assert!(fault.message.contains("is a trunk port"), "{fault}");
    }
}

#[test]
fn a_member_of_a_trunk_port_is_not_for_callers_either() {
    let lag = |members: &[&str]| {
        let mut bench = Bench::managed(Options { trunk_ports: vec!["Port-Channel1".parse().unwrap()], ..uplink() });
        let kind = Some(mercury_model::InterfaceType::Ieee8023adLag);
        let lag = Interface { kind, ..bench.port("Port-Channel1") };
        let member = |name: &&str| Interface { aggregate_id: Some(lag.name.clone()), ..bench.port(name) };
        let members: Vec<_> = members.iter().map(member).collect();
        bench.allow("Port-Channel1");
        bench.device.interfaces.extend(members.into_iter().chain([lag]).map(|port| (port.name.clone(), port)));
        bench
    };
    let access = json!({"mode": "access", "native_vlan": 100});
    let joining = json!({"mode": "access", "native_vlan": 100, "lag_name": "Port-Channel1"});
    for (members, request) in [(&["Ethernet1"][..], access), (&[], joining)] {
        let mut bench = lag(members);
        let before = bench.device.clone();
        let fault = bench.call("update_port", &ironic("Ethernet1", &request)).unwrap_err();
        assert!(fault.message.contains("Port-Channel1 is a trunk port"), "{fault}");
        assert_eq!((fault.kind, &bench.device), (FaultKind::InvalidValue, &before));
    }
    // What nobody changes may well be there.
    lag(&["Ethernet1"]).done("update_port", &ironic("Ethernet2", &json!({"mode": "access", "native_vlan": 100})));
}

#[test]
fn a_vlan_is_called_what_the_entry_says() {
    let network = json!({"network": {"id": "4f1c", "segmentation_id": 100, "name": "tenant-a"}});
    for (template, added, attached) in [
        (None, "100 tenant-a", "101"),
        (named("mercury-{vlan}"), "100 mercury-100", "101 mercury-101"),
        (named("{network}"), "100 tenant-a", "101"),
        (named("{vlan}_{network_id}"), "100 100_4f1c", "101"),
    ] {
        let mut bench = Bench::managed(Options { vlan_name: template.clone(), ..Options::default() });
        bench.done("add_network", &network);
        bench.done("update_port", &ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 101})));
        assert_eq!(bench.vlans(), [added, attached]);
        let mut bench = Bench::managed(Options { vlan_name: template.clone(), ..Options::default() });
        bench.done("attach_port", &plugin("Ethernet1", &network["network"]));
        assert_eq!(bench.vlans(), [if template.is_some() { added } else { "100" }]);
    }
}

#[test]
fn a_name_that_does_not_fit_is_an_error_and_never_shortened() {
    let network = |name: &str| json!({"network": {"segmentation_id": 100, "name": name}});
    for (template, name, parameter, reason) in [
        (None, "x".repeat(33), "network.name", "has 33 characters"),
        (None, "x".repeat(256), "network.name", "it has 256 characters"),
        (named("{network}-{vlan}"), "x".repeat(29), "network.name", "has 33 characters"),
        (named("{network}"), "a\tb".to_owned(), "network.name", "what vlan_name makes of it"),
        (named(&"x".repeat(33)), "a".to_owned(), "vlan_name", "has 33 characters"),
    ] {
        let mut bench = Bench::managed(Options { vlan_name: template, ..Options::default() });
        let fault = bench.call("add_network", &network(&name)).unwrap_err();
        assert_eq!((fault.kind, fault.parameter.as_deref()), (FaultKind::InvalidValue, Some(parameter)));
        assert!(fault.message.contains(reason), "{fault}");
        assert!(bench.vlans().is_empty());
    }
    let mut bench = Bench::managed(Options { vlan_name: named("m{vlan}"), ..Options::default() });
    bench.done("add_network", &network(&"é".repeat(255)));
    assert_eq!(bench.vlans(), ["100 m100"]);
}

#[test]
fn a_caller_may_call_a_port_what_lldp_does() {
    let rule = |pattern: &str, replacement: &str| PortNameRule::new(pattern, replacement).unwrap();
    let port_names = PortNames::new(vec![rule(r"Eth(\d+)", "Ethernet$1"), rule("up", "Ethernet48"), rule("x", "")]);
    let switch = Switch {
        allowed_ports: Some(vec!["Ethernet1".parse().unwrap(), "Ethernet2".parse().unwrap()]),
        options: Options { port_names, ..uplink() },
        ..switch()
    };
    let mut bench = Bench::of(switch);
    let access = json!({"mode": "access", "native_vlan": 100});
    bench.done("update_port", &ironic("Eth1", &access));
    assert_eq!(bench.carries("Ethernet1"), "access VLAN 100");
    bench.done("attach_port", &plugin("Ethernet2", &json!(100)));
    assert_eq!(bench.carries("Ethernet2"), "access VLAN 100");
    bench.done("reset_port", &ironic("Eth1", &json!({"native_vlan": 100})));
    assert_eq!(bench.carries("Ethernet1"), "none");
    for (name, reason) in [("Eth3", "\"Ethernet3\" is not among"), ("up", "is a trunk port"), ("x", "it is empty")] {
        let fault = bench.call("update_port", &ironic(name, &access)).unwrap_err();
        assert_eq!(fault.parameter.as_deref(), Some("port_name"));
        assert!(fault.message.contains(reason), "{fault}");
    }
    let mut twice = plugin("Eth1", &json!(100));
    let links = &mut twice["port"]["binding:profile"]["local_link_information"];
    *links = json!([{"switch_id": "leaf1", "port_id": "Eth1"}, {"switch_id": "leaf1", "port_id": "Ethernet1"}]);
    assert!(bench.call("attach_port", &twice).unwrap_err().message.contains("given twice"));
}

#[test]
fn descriptions_are_what_the_entry_says() {
    let description = Template::new("{switch} {port} {vlan} [{port_id}] [{mac}] {description}", Placeholder::OF_A_PORT);
    let idle_description = Template::new("{switch} {port} free", Placeholder::OF_AN_IDLE_PORT).ok();
    let options = Options { description: description.ok(), ..Options::default() };
    let text = |bench: &Bench| bench.port("Ethernet1").description.map(|text| text.to_string()).unwrap_or_default();
    let trunk = json!({"mode": "trunk", "allowed_vlans": [101, 102], "description": "Ironic Port 8d1f"});
    for (idle_description, after_detach, after_reset) in [
        (None, "", "Default port configuration"),
        (Template::new("", &[]).ok(), "", ""),
        (idle_description, "leaf1 Ethernet1 free", "leaf1 Ethernet1 free"),
    ] {
        let mut bench = Bench::of(Switch { options: Options { idle_description, ..options.clone() }, ..switch() });
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(text(&bench), "leaf1 Ethernet1 100 [7a1c] [52:54:00:00:00:01]");
        bench.done("detach_port", &plugin("Ethernet1", &Value::Null));
        assert_eq!(text(&bench), after_detach);
        bench.done("update_port", &ironic("Ethernet1", &trunk));
        assert_eq!(text(&bench), "leaf1 Ethernet1 101-102 [] [] Ironic Port 8d1f");
        bench.done("reset_port", &ironic("Ethernet1", &json!({"native_vlan": null})));
        assert_eq!(text(&bench), after_reset);
    }
}

#[test]
fn without_the_options_a_description_is_the_callers() {
    let mut bench = Bench::of(switch());
    let text = |bench: &Bench| bench.port("Ethernet1").description.map(|text| text.to_string()).unwrap_or_default();
    let access = |text: &Value| ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 1, "description": text}));
    for (said, found) in [(json!("a"), "a"), (json!(null), "a"), (json!(""), "a")] {
        bench.done("update_port", &access(&said));
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        bench.done("detach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(text(&bench), found);
    }
    let only = Template::new("{description}", Placeholder::OF_A_PORT).ok();
    let mut bench = Bench::of(Switch { options: Options { description: only, ..Options::default() }, ..switch() });
    bench.done("update_port", &access(&json!("b")));
    bench.done("update_port", &access(&json!(null)));
    assert_eq!(text(&bench), "b", "a template that comes to nothing leaves what is there");
    let long = Template::new(&"x".repeat(250), &[]).ok();
    let mut bench = Bench::of(Switch { options: Options { description: long, ..Options::default() }, ..switch() });
    let fault = bench.call("update_port", &access(&json!("c"))).unwrap_err();
    assert_eq!(fault.parameter.as_deref(), Some("description"));
}

#[test]
fn an_inactive_port_is_disabled_only_where_the_entry_says_so() {
    for disable_inactive_ports in [false, true] {
        let options = Options { disable_inactive_ports, ..Options::default() };
        let mut bench = Bench::of(Switch { options, ..switch() });
        let enabled = |bench: &Bench| bench.port("Ethernet1").enabled;
        bench.done("reset_port", &ironic("Ethernet1", &json!({"native_vlan": null})));
        assert_eq!(enabled(&bench), !disable_inactive_ports);
        bench.done("update_port", &ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 100})));
        assert!(enabled(&bench));
        bench.done("detach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(enabled(&bench), !disable_inactive_ports);
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        assert!(enabled(&bench));
        let mut down = plugin("Ethernet1", &json!(100));
        down["port"]["admin_state_up"] = json!(false);
        bench.done("attach_port", &down);
        assert!(!enabled(&bench));
    }
}

#[test]
fn an_idle_port_is_on_the_default_vlan() {
    for (entry, asked, found) in [
        (None, None, "none"),
        (Some(900), None, "access VLAN 900"),
        (None, Some(901), "access VLAN 901"),
        (Some(900), Some(901), "access VLAN 901"),
    ] {
        let switch = Switch { default_vlan: entry.map(vlan), native_vlan: Some(vlan(1)), ..switch() };
        let mut bench = Bench::of(switch);
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        bench.done("reset_port", &ironic("Ethernet1", &json!({"native_vlan": 100, "default_vlan": asked})));
        assert_eq!(bench.carries("Ethernet1"), found);
        bench.done(
            "update_port",
            &ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 100, "default_vlan": asked})),
        );
        assert_eq!(bench.carries("Ethernet1"), "access VLAN 100", "update_port's default_vlan is what is left");
        bench.done("detach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(bench.carries("Ethernet1"), entry.map_or("none".to_owned(), |vlan| format!("access VLAN {vlan}")));
    }
    let narrow = Switch { allowed_vlans: Some("100".parse().unwrap()), ..switch() };
    let fault =
        Bench::of(narrow).intent("reset_port", &ironic("Ethernet1", &json!({"default_vlan": 901}))).unwrap_err();
    assert_eq!(fault.parameter.as_deref(), Some("default_vlan"));
}

fn pruning() -> Options {
    Options { vlan_name: named("mercury-{vlan}"), remove_unused_vlans: true, ..uplink() }
}

#[test]
fn a_vlan_goes_with_the_last_port_that_has_it() {
    let mut bench = Bench::managed(pruning());
    let access = |vlan: u16| json!({"mode": "access", "native_vlan": vlan});
    bench.done("update_port", &ironic("Ethernet1", &access(100)));
    bench.done("attach_port", &plugin("Ethernet2", &json!(100)));
    assert_eq!((bench.carries("Ethernet48"), bench.vlans()), (trunk("100"), vec!["100 mercury-100".to_owned()]));
    bench.done("reset_port", &ironic("Ethernet1", &json!({"native_vlan": 100})));
    assert_eq!(bench.vlans(), ["100 mercury-100"]);
    bench.done("update_port", &ironic("Ethernet2", &access(101)));
    assert_eq!((bench.carries("Ethernet48"), bench.vlans()), (trunk("101"), vec!["101 mercury-101".to_owned()]));
    bench.done("detach_port", &plugin("Ethernet2", &json!(101)));
    assert_eq!((bench.carries("Ethernet48"), bench.vlans()), ("none".to_owned(), vec![]));
}

#[test]
fn the_vlan_of_idle_ports_stays_when_there_are_none() {
    let mut bench = Bench::of(Switch { default_vlan: Some(vlan(900)), ..managed(pruning()) });
    bench.done("detach_port", &plugin("Ethernet1", &Value::Null));
    bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
    assert_eq!(bench.vlans(), ["100 mercury-100", "900 mercury-900"]);
}

#[test]
fn a_vlan_that_mercury_did_not_name_stays() {
    let mut bench = Bench::managed(pruning());
    for (id, name, status) in [
        (100, Some("storage"), VlanStatus::Active),
        (101, None, VlanStatus::Active),
        (102, Some("mercury-100"), VlanStatus::Active),
        (103, Some("mercury-103"), VlanStatus::Suspended),
    ] {
        let name = name.map(|name| name.parse().unwrap());
        bench.device.vlans.insert(vlan(id), Vlan { id: vlan(id), name, status });
    }
    let tagged = TrunkVlans::only("100-103".parse().unwrap());
    bench.set("Ethernet1", SwitchedVlan::Trunk { native: None, vlans: tagged });
    let before = bench.vlans();
    bench.done("detach_port", &plugin("Ethernet1", &Value::Null));
    assert_eq!(bench.vlans(), before);
}

#[test]
fn requests_that_share_a_commit_leave_a_vlan_that_one_of_them_needs() {
    let mut bench = Bench::managed(pruning());
    bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
    bench.done("attach_port", &plugin("Ethernet2", &json!(101)));
    let target = |bench: &Bench, method: &str, params: &Value| bench.intent(method, params).unwrap().targets.remove(0);
    let leaves = target(&bench, "detach_port", &plugin("Ethernet1", &Value::Null));
    let comes = target(&bench, "attach_port", &plugin("Ethernet3", &json!(100)));
    let goes = target(&bench, "detach_port", &plugin("Ethernet2", &Value::Null));
    assert!(group::joins(&[&leaves, &comes], &goes), "they touch different ports");
    let before = Running::new(&bench.device, Scope::all());
    bench.make(&group::merged([&leaves, &comes, &goes]).unwrap()).unwrap();
    assert_eq!(bench.vlans(), ["100 mercury-100"]);
    // What is told to each: its own port and VLAN, and the trunk port.
    let told = concerns(&goes, &BTreeMap::new(), &[&before]);
    let ports = ["Ethernet1", "Ethernet2", "Ethernet3", "Ethernet48"];
    let covered = |name: &&str| told.interfaces.covers(&name.parse().unwrap());
    assert_eq!(ports.into_iter().filter(covered).collect::<Vec<_>>(), ["Ethernet2", "Ethernet48"]);
    assert!(told.vlans.covers(vlan(101)) && !told.vlans.covers(vlan(100)));
    // A network that is wanted now is not taken away by a port that leaves it.
    let network = target(&bench, "add_network", &json!({"network": 100}));
    let leaves = target(&bench, "detach_port", &plugin("Ethernet3", &Value::Null));
    bench.make(&group::merged([&leaves, &network]).unwrap()).unwrap();
    assert_eq!(bench.vlans(), ["100 mercury-100"]);
}
