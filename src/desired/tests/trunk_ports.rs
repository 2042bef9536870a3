//! The trunk ports that carry every VLAN that Mercury makes.

use super::*;

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
        let mut bench = Bench::of(spoken("arista_eos", managed(uplink())));
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
