//! SR Linux: ports that somebody else has bridged.

use mercury_gnmi::conformance;
use mercury_gnmi_proto::gnmi::{Notification, Path, TypedValue, Update, typed_value};
use mercury_model::{DeviceConfig, Interface, Running, Scope, SwitchedVlan, VlanScope};
use serde_json::{Value as Json, json};

use crate::{
    answers::{self, Reading},
    case,
    device::Device,
    dialect,
};

fn running(data: &Json, scope: &Scope) -> Result<Running, String> {
    let update = Update {
        path: Some(Path::default()),
        val: Some(TypedValue { value: Some(typed_value::Value::JsonIetfVal(data.to_string().into_bytes())) }),
        ..Update::default()
    };
    conformance::decode(
        &dialect("nokia_srl"),
        &[Notification { update: vec![update], ..Notification::default() }],
        scope,
    )
}

fn scope(port: &str) -> Scope {
    let mut scope = Scope::default();
    scope.add_interface(port.parse().unwrap());
    scope
}

fn vlans(config: &DeviceConfig) -> Option<SwitchedVlan> {
    config.interfaces.values().next().unwrap().switched_vlan.clone()
}

/// As SR Linux spells it: identities and augmenting nodes with their modules.
fn switch(index: u16, encap: &Json, instance: &str) -> Json {
    let member = format!("ethernet-1/1.{index}");
    json!({
        "srl_nokia-interfaces:interface": [{
            "name": "ethernet-1/1",
            "admin-state": "enable",
            "srl_nokia-interfaces-vlans:vlan-tagging": true,
            "subinterface": [{
                "index": index,
                "type": "srl_nokia-interfaces:bridged",
                "srl_nokia-interfaces-vlans:vlan": { "encap": encap },
            }],
        }],
        "srl_nokia-network-instance:network-instance": [
            { "name": instance, "type": "srl_nokia-network-instance:mac-vrf", "interface": [{ "name": member }] },
            { "name": "mgmt", "type": "srl_nokia-network-instance:ip-vrf", "interface": [{ "name": "mgmt0.0" }] },
        ],
    })
}

#[test]
fn a_port_carries_the_vlan_whose_network_instance_it_is_in() {
    let (tagged, untagged) = (json!({ "single-tagged": { "vlan-id": 20 } }), json!({ "untagged": {} }));
    let access = SwitchedVlan::access("20".parse().unwrap());
    let found = running(&switch(20, &untagged, "vlan-20"), &scope("ethernet-1/1")).unwrap();
    assert_eq!(vlans(&found), Some(access.clone()));
    let found = running(&switch(20, &tagged, "vlan-20"), &scope("ethernet-1/1")).unwrap();
    assert_eq!(vlans(&found).unwrap().to_string(), "trunk, no native VLAN, VLANs 20");
}

/// What is read of it is kept; what would be written there would not be where it is.
#[test]
fn what_somebody_else_bridged_is_foreign_and_left_alone() {
    let (tagged, untagged) = (json!({ "single-tagged": { "vlan-id": 20 } }), json!({ "untagged": {} }));
    let range = json!({ "single-tagged-range": { "low-vlan-id": 20, "high-vlan-id": 30 } });
    let any = json!({ "single-tagged": { "vlan-id": "any" } });
    for (index, encap, instance) in [
        (20, &untagged, "tenant"),
        (20, &tagged, "vlan-30"),
        (20, &range, "vlan-20"),
        (20, &any, "vlan-20"),
        (0, &untagged, "vlan-20"),
    ] {
        let data = switch(index, encap, instance);
        for scope in [scope("ethernet-1/1"), Scope::all()] {
            let found = running(&data, &scope).unwrap();
            let vlans = vlans(&found).unwrap();
            let others = &vlans.foreign().unwrap().others;
            assert!(others[0].starts_with(&format!("subinterface {index}, which is bridged")), "{others:?}");
            let port = found.interfaces.values().next().unwrap();
            let mut described = found.config.clone();
            let wanted = Interface { description: "a server".parse().ok(), ..port.clone() };
            described.interfaces.insert(port.name.clone(), wanted);
            let dialect = dialect("nokia_srl");
            assert!(crate::render(&dialect, &case::plan(&found, &described)).is_ok());
            let mut attached = found.config.clone();
            let wanted = Interface { switched_vlan: Some(SwitchedVlan::access("40".parse().unwrap())), ..port.clone() };
            attached.interfaces.insert(port.name.clone(), wanted);
            let refusal = crate::render(&dialect, &case::plan(&found, &attached)).unwrap_err();
            assert!(refusal.what == "VLANs on ethernet-1/1" && refusal.reason.contains("subinterface"), "{refusal}");
        }
    }
}

/// Such a port is an uplink: it carries no VLAN, and gets none.
#[test]
fn a_port_that_routes_carries_no_vlan_and_is_left_alone() {
    let port = |tagging: bool, kind: &Json| {
        let subinterface = json!({ "index": 0, "type": kind });
        json!({ "interface": [{ "name": "ethernet-1/1", "vlan-tagging": tagging, "subinterface": [subinterface] }] })
    };
    let vlans = |found: &Running| found.interface(&"ethernet-1/1".parse().unwrap()).switched_vlan;
    let mut unsaid = port(false, &Json::Null);
    unsaid["interface"][0]["subinterface"][0].as_object_mut().unwrap().remove("type");
    for data in [port(false, &json!("srl_nokia-interfaces:routed")), unsaid] {
        let found = vlans(&running(&data, &Scope::all()).unwrap()).unwrap();
        let foreign = found.foreign().unwrap();
        assert!(foreign.routes && foreign.others == ["subinterface 0, which is not bridged"], "{foreign:?}");
    }
    // One that tells VLANs apart may route one and bridge others: none so far.
    let found = running(&port(true, &json!("routed")), &Scope::all()).unwrap();
    assert_eq!(vlans(&found), None);
}

/// Whether a VLAN is in use can be told of ports that others bridge, as long as none
/// of it is in a VLAN's network instance, by name or by reference.
#[test]
fn what_is_in_no_vlans_network_instance_carries_none() {
    let untagged = json!({ "untagged": {} });
    let carries_none = |data: &Json, scope: &Scope| {
        vlans(&running(data, scope).unwrap()).unwrap().foreign().map(|foreign| foreign.routes)
    };
    let mut by_reference = switch(20, &untagged, "vlan-30");
    by_reference["srl_nokia-network-instance:network-instance"][0]["interface"] =
        json!([{ "name": "web", "interface-ref": { "interface": "ethernet-1/1", "subinterface": 20 } }]);
    let breakout = json!({ "interface": [
        { "name": "ethernet-1/1", "breakout-mode": { "num-breakout-ports": "4", "breakout-port-speed": "25G" } },
    ] });
    for (data, none) in [
        (switch(20, &untagged, "tenant"), true),
        (switch(20, &untagged, "vlan-30"), false),
        (by_reference, false),
        (breakout, true),
    ] {
        assert_eq!(carries_none(&data, &Scope::all()), Some(none), "{data}");
    }
    // Of one port alone, others' network instances are not asked for.
    assert_eq!(carries_none(&switch(20, &untagged, "tenant"), &scope("ethernet-1/1")), Some(false));
}

/// A VLAN that is routed for is in use, though no port may carry it.
#[test]
fn the_gateway_of_a_vlan_carries_it() {
    let gateway = |index: u16| json!({ "name": "irb0", "subinterface": [{ "index": index }, { "index": 7 }] });
    let instance = |member: &str| json!([{ "name": "vlan-20", "type": "mac-vrf", "interface": [{ "name": member }] }]);
    for (index, member, carried) in [(20, "irb0.20", true), (3, "irb0.3", true), (20, "irb0.21", false)] {
        let data = json!({ "interface": [gateway(index)], "network-instance": instance(member) });
        let found = running(&data, &Scope::all()).unwrap().interface(&"irb0".parse().unwrap()).switched_vlan;
        let vlan = "20".parse().unwrap();
        assert_eq!(found.is_some_and(|vlans| vlans.carries(vlan)), carried, "{member}");
    }
}

/// So is one that a tunnel carries to other switches.
#[test]
fn a_tunnel_carries_the_vlans_that_it_is_a_member_of() {
    let instance = |vlan: u16| {
        json!({ "name": format!("vlan-{vlan}"), "type": "mac-vrf", "vxlan-interface": [
        { "name": format!("vxlan1.{vlan}") },
    ] })
    };
    let data = json!({ "interface": [], "network-instance": [instance(20), instance(30), { "name": "vlan-40" }] });
    let found = running(&data, &Scope::all()).unwrap();
    let tunnel = found.interface(&"vxlan1".parse().unwrap()).switched_vlan.unwrap();
    assert_eq!(tunnel.named_vlans().to_string(), "20,30");
    assert!(running(&data, &scope("ethernet-1/1")).unwrap().interfaces.is_empty());
}

#[test]
fn only_the_network_instances_of_a_ports_own_vlans_are_asked_for() {
    let dialect = dialect("nokia_srl");
    let data = switch(20, &json!({ "single-tagged": { "vlan-id": 30 } }), "vlan-20");
    let path = |path: &Path| {
        crate::text::shown(&mercury_gnmi_proto::gnmi::SetRequest { delete: vec![path.clone()], ..Default::default() })
    };
    let answer = Notification {
        update: vec![Update {
            path: Some(Path::default()),
            val: Some(TypedValue { value: Some(typed_value::Value::JsonIetfVal(data.to_string().into_bytes())) }),
            ..Update::default()
        }],
        ..Notification::default()
    };
    let ask = |scope: &Scope| -> String {
        let questions =
            conformance::questions(crate::gnmi(&dialect), scope, Some(std::slice::from_ref(&answer)), false);
        questions.unwrap().iter().map(path).collect()
    };
    assert_eq!(
        ask(&scope("ethernet-1/1")),
        "delete /network-instance[name=vlan-20]/interface[name=ethernet-1/1.20]\n\
         delete /network-instance[name=vlan-30]/interface[name=ethernet-1/1.20]\n"
    );
    assert_eq!(ask(&scope("ethernet-1/2")), "", "a port that was not asked for");
    let everything = Scope { vlans: VlanScope::Named([].into()), ..Scope::all().with_stp(true) };
    assert_eq!(ask(&everything), "delete /network-instance\n");
    assert_eq!(ask(&Scope::all()), "", "they are there already");
}

#[test]
fn a_port_is_read_with_its_vlan_by_name() {
    let dialect = dialect("nokia_srl");
    let data = json!({
        "interface": [{ "name": "ethernet-1/1", "vlan-tagging": true, "subinterface": [
            { "index": 20, "type": "bridged", "vlan": { "encap": { "untagged": {} } } },
        ] }],
        "network-instance": [{ "name": "vlan-20", "type": "mac-vrf", "interface": [{ "name": "ethernet-1/1.20" }] }],
    });
    for reading in [Reading::Get, Reading::Once] {
        let found = answers::read(&dialect, &Device::with(data.clone(), false), &scope("ethernet-1/1"), reading);
        assert_eq!(vlans(&found), Some(SwitchedVlan::access("20".parse().unwrap())), "{reading:?}");
        assert!(found.vlans.is_empty(), "a VLAN outside the scope");
    }
}
