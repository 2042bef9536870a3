//! The VLANs themselves: what they are called, and when they go.

use super::*;
use crate::inventory::{ConfirmedCommit, RestconfSettings, TlsSettings};

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
    let port = |asked: Value| ("update_port", ironic("Ethernet1", &asked));
    let network = json!({"network": {"segmentation_id": 1, "name": "a"}});
    for ((method, params), parameter) in [
        (port(json!({"mode": "access", "native_vlan": 1})), "native_vlan"),
        (port(json!({"mode": "trunk", "native_vlan": 1, "allowed_vlans": [20]})), "native_vlan"),
        (port(json!({"mode": "trunk", "native_vlan": 10, "allowed_vlans": [1, 20]})), "allowed_vlans"),
        (("reset_port", ironic("Ethernet1", &json!({"default_vlan": 1}))), "default_vlan"),
        (("attach_port", plugin("Ethernet1", &json!(1))), "network.segmentation_id"),
        (("add_network", network), "network.segmentation_id"),
    ] {
        let asked = |dialect| Bench::of(over_gnmi(dialect, managed(uplink()))).call(method, &params);
        let fault = asked("sonic").unwrap_err();
        assert_eq!((fault.kind, fault.parameter.as_deref()), (FaultKind::InvalidValue, Some(parameter)), "{fault}");
        assert!(fault.message.contains("VLAN 1: leaf1 has no VLANs below 2"), "{fault}");
        asked("openconfig").unwrap();
    }
    let access = ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 2}));
    Bench::of(over_gnmi("sonic", managed(uplink()))).done("update_port", &access);
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
            bench.desired(&target, &running)
        };
        let again = made(101, "prod");
        assert_eq!(again.as_ref().is_err_and(|fault| fault.message.contains("VLAN 100")), once, "{again:?}");
        assert_eq!(made(1, "other").unwrap().intended.0.vlans[&vlan(1)].name.is_none(), unnamed);
    }
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

/// Nor from the trunk ports, which are others' too.
#[test]
fn a_vlan_that_the_entry_or_the_policy_does_not_allow_stays_and_that_is_told() {
    for (allowed, granted) in [(Some("100-199"), None), (None, Some("100-199")), (None, None)] {
        let mut bench = Bench::managed(pruning());
        bench.done("update_port", &ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 500})));
        bench.rule(|rules| rules.allowed_vlans = allowed.map(|vlans| vlans.parse().unwrap()));
        let mut target = bench.intent("detach_port", &plugin("Ethernet1", &Value::Null)).unwrap().targets.remove(0);
        target.granted_vlans = granted.map(|vlans| vlans.parse().unwrap());
        let notes = bench.desired(&target, &bench.read(&target).0).unwrap().notes;
        bench.make(&target).unwrap();
        assert_eq!(bench.carries("Ethernet1"), "none", "the port itself is the caller's");
        let stays = allowed.is_some() || granted.is_some();
        let (carried, there) =
            if stays { (trunk("500"), vec!["500 mercury-500"]) } else { ("none".to_owned(), vec![]) };
        let there: Vec<String> = there.into_iter().map(str::to_owned).collect();
        assert_eq!((bench.carries("Ethernet48"), bench.vlans()), (carried, there));
        assert_eq!(stays, notes.values().any(|note| note.contains("does not allow")), "{notes:?}");
    }
}

#[test]
fn the_vlan_of_idle_ports_stays_when_there_are_none() {
    let mut bench = Bench::of(ruled(Rules { default_vlan: Some(vlan(900)), ..managed(pruning()).rules }));
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
fn a_vlan_with_more_in_it_than_is_mercurys_is_not_taken_away() {
    let mut bench = Bench::managed(Options::default());
    bench.done("add_network", &json!({"network": 100}));
    bench.besides_vlans.insert(vlan(100), "l3-interface, vxlan".to_owned());
    let fault = bench.call("delete_network", &json!({"network": 100})).unwrap_err();
    assert_eq!(fault.kind, FaultKind::InvalidValue);
    assert!(fault.message.contains("VLAN 100 also has l3-interface, vxlan"), "{fault}");
    bench.besides_vlans.clear();
    bench.done("delete_network", &json!({"network": 100}));
    assert!(bench.vlans().is_empty());
}

#[test]
fn a_vlan_with_more_in_it_stays_when_its_last_port_leaves_and_that_is_told() {
    let mut bench = Bench::managed(pruning());
    bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
    bench.done("attach_port", &plugin("Ethernet2", &json!(100)));
    bench.besides_vlans.insert(vlan(100), "trunk-groups".to_owned());
    let detach = |port| plugin(port, &Value::Null);
    assert_eq!(bench.noted("detach_port", &detach("Ethernet1")), "", "another port has it");
    bench.done("detach_port", &detach("Ethernet1"));
    let note = "VLAN 100, which no port has any more, stays: it also has trunk-groups";
    assert_eq!(bench.noted("detach_port", &detach("Ethernet2")), note);
    bench.done("detach_port", &detach("Ethernet2"));
    assert_eq!(bench.vlans(), ["100 mercury-100"]);
    assert_eq!(bench.carries("Ethernet48"), trunk("100"));
}

/// What crosses the switch on two such trunks ends where the VLAN does.
#[test]
fn a_vlan_that_a_trunk_of_all_vlans_carries_stays_but_for_trunk_ports() {
    let all = || SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::All };
    let mut bench = Bench::managed(pruning());
    bench.set("Ethernet47", all());
    bench.set("Ethernet48", all());
    bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
    let detach = plugin("Ethernet1", &json!(100));
    let note = "VLAN 100 stays: it is still used by Ethernet47 (a trunk of all VLANs); \
                an uplink that is to keep none belongs in trunk_ports";
    assert_eq!(bench.noted("detach_port", &detach), note);
    bench.done("detach_port", &detach);
    let fault = bench.call("delete_network", &json!({"network": 100})).unwrap_err();
    assert_eq!(fault.kind, FaultKind::InvalidValue);
    assert!(fault.message.contains("still used by Ethernet47 (a trunk of all VLANs); an uplink"), "{fault}");
    assert_eq!(bench.vlans(), ["100 mercury-100"]);
    bench.rule(|rules| rules.options.trunk_ports.push("Ethernet47".parse().unwrap()));
    bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
    assert_eq!(bench.noted("detach_port", &detach), "");
    bench.done("detach_port", &detach);
    assert!(bench.vlans().is_empty());
    assert_eq!(bench.carries("Ethernet47"), all().to_string());
}

/// Its members have none of their own, and callers ask by those.
#[test]
fn what_an_aggregate_leaves_is_told_to_who_asked_by_its_member() {
    let mut bench = Bench::managed(pruning());
    let lag = Interface { kind: Some(mercury_model::InterfaceType::Ieee8023adLag), ..bench.port("Port-Channel1") };
    bench.device.interfaces.insert(lag.name.clone(), lag.clone());
    let member = Interface { aggregate_id: Some(lag.name), ..bench.port("Ethernet1") };
    bench.device.interfaces.insert(member.name.clone(), member);
    bench.rule(|rules| rules.allowed_lags = vec!["Port-Channel1".parse().unwrap()]);
    bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
    bench.besides_vlans.insert(vlan(100), "trunk-groups".to_owned());
    let target = bench.intent("detach_port", &plugin("Ethernet1", &Value::Null)).unwrap().targets.remove(0);
    let notes = bench.desired(&target, &bench.read(&target).0).unwrap().notes;
    assert_eq!(notes.into_keys().map(|port| port.to_string()).collect::<Vec<_>>(), ["Ethernet1"]);
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
    let told = concerns(&goes, &bench.switch().rules, &BTreeMap::new(), &[&before]);
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

/// Named in its list, it would come into being without a type, and would stay when the port leaves.
#[test]
fn where_vlans_list_their_ports_none_is_asked_for_a_port_that_is_not_there() {
    for (managed, there, wanted, missing) in [
        (false, "1,100", json!({"mode": "access", "native_vlan": 100}), None),
        (false, "1,100", json!({"mode": "access", "native_vlan": 300}), Some(300)),
        (false, "1,100", json!({"mode": "trunk", "native_vlan": 100, "allowed_vlans": [100, 300]}), Some(300)),
        (true, "1", json!({"mode": "access", "native_vlan": 300}), None),
        // In which a port is that has no other.
        (false, "100", Value::Null, Some(1)),
        (false, "1,100", Value::Null, None),
    ] {
        let rules = Rules { manage_vlans: managed, ..Rules::default() };
        let mut bench = Bench::of(Switch { face: over_restconf(), ..spoken("dell_os10", ruled(rules)) });
        bench.set("ethernet1/1/1", SwitchedVlan::access(vlan(100)));
        let method = if wanted.is_null() { "reset_port" } else { "update_port" };
        let wanted = if wanted.is_null() { json!({}) } else { wanted };
        let target = bench.intent(method, &ironic("ethernet1/1/1", &wanted)).unwrap().targets.remove(0);
        let mut running = bench.read(&target).0;
        running.listing = there.parse().ok();
        let made = bench.desired(&target, &running);
        let told = made.as_ref().err().map(ToString::to_string);
        assert_eq!(told.is_some(), missing.is_some(), "{there} {wanted}: {told:?}");
        if let (Some(told), Some(missing)) = (told, missing) {
            assert!(told.contains(&format!("VLAN {missing} is not there")), "{told}");
        }
        // Where VLANs list nothing.
        running.listing = None;
        assert!(bench.desired(&target, &running).is_ok());
    }
}

fn over_restconf() -> Face {
    Face::Restconf(RestconfSettings {
        tls: TlsSettings::default(),
        root: None,
        confirmed_commit: ConfirmedCommit::Auto,
        settle_time: std::time::Duration::ZERO,
    })
}
