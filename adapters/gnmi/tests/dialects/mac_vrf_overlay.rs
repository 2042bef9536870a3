//! VNIs on SR Linux: what of a leaf is read, and what is sent.

use mercury_adapter::SegmentLeaf;
use mercury_model::{DeviceConfig, Running, Segment, VlanId};
use serde_json::{Value as Json, json};

use crate::{
    answers::{self, Reading},
    case::{self, plan},
    device::Device,
    dialect, render, request, text,
};

fn vlan(id: u16) -> VlanId {
    id.try_into().unwrap()
}

/// As Mercury has it, of a VNI, its distinguisher and its target.
fn segment(vni: u64, distinguisher: &str, target: &str) -> Segment {
    let mut segment = Segment::new(vni.try_into().unwrap()).of_vtep("vxlan1".parse().ok());
    assert!(SegmentLeaf::RouteDistinguisher.set(&mut segment, distinguisher));
    assert!(SegmentLeaf::RouteTarget.set(&mut segment, target));
    segment
}

/// A VLAN's network instance that is bound to `vxlan1` with the VLAN's number.
fn bound(vlan: u16, target: &str) -> Json {
    let member = format!("vxlan1.{vlan}");
    let target = json!({ "export-rt": target, "import-rt": target });
    json!({ "name": format!("vlan-{vlan}"), "type": "srl_nokia-network-instance:mac-vrf", "admin-state": "enable",
        "vxlan-interface": [{ "name": member }], "protocols": {
            "bgp-evpn": { "bgp-instance": [{ "id": 1, "admin-state": "enable", "vxlan-interface": member, "evi": vlan }] },
            "bgp-vpn": { "bgp-instance": [{ "id": 1, "route-target": target }] },
        } })
}

/// A leaf of a fabric with tenants of others beside.
fn leaf() -> Json {
    let tunnel = |index: u32, kind: &str, vni: u32| {
        json!({ "index": index, "type": format!("srl_nokia-interfaces:{kind}"), "ingress": { "vni": vni },
            "egress": { "source-ip": "use-system-ipv4-address" } })
    };
    let evpn = json!({ "afi-safi-name": "srl_nokia-common:evpn", "admin-state": "enable" });
    let of_group = json!({ "group-name": "overlay", "afi-safi": [evpn] });
    let other = json!({ "id": 1, "encapsulation-type": "mpls", "evi": 3005 });
    json!({
        "interface": [{ "name": "ethernet-1/1", "admin-state": "enable" }],
        "tunnel-interface": [
            { "name": "vxlan0" },
            { "name": "vxlan1", "vxlan-interface": [
                tunnel(10, "bridged", 1010), tunnel(3000, "bridged", 10_100), tunnel(500, "routed", 50_000),
                tunnel(77, "bridged", 7777),
            ] },
        ],
        "network-instance": [
            { "name": "default", "type": "default", "interface": [{ "name": "system0.0" }],
                "protocols": { "bgp": { "group": [of_group] } } },
            { "name": "red", "type": "ip-vrf", "vxlan-interface": [{ "name": "vxlan1.500" }] },
            { "name": "tenant", "type": "mac-vrf", "protocols": { "bgp-evpn": { "bgp-instance": [other] } } },
            bound(10, "target:65000:1010"),
            bound(3000, "target:65000:10100"),
        ],
    })
}

/// Read in both ways.
fn read(data: &Json) -> Running {
    let device = Device::with(data.clone(), false);
    let [one, other] = [Reading::Get, Reading::Once]
        .map(|reading| answers::running(&dialect("nokia_srl"), &device, &case::everything(), reading));
    assert_eq!((&one.config.segments, &one.overlay), (&other.config.segments, &other.overlay));
    one
}

#[test]
fn what_binds_a_vlan_is_told_from_what_others_have() {
    let found = read(&leaf());
    let expected = [(10, segment(1010, "auto", "65000:1010")), (3000, segment(10_100, "auto", "65000:10100"))];
    assert_eq!(found.segments, expected.map(|(id, segment)| (vlan(id), segment)).into());
    let overlay = &found.overlay;
    assert_eq!(overlay.vteps.iter().map(|vtep| vtep.as_str()).collect::<Vec<_>>(), ["vxlan0", "vxlan1"]);
    assert!(overlay.lacks.is_empty() && overlay.lacks_for_evpn.is_empty(), "{overlay:?}");
    let taken: Vec<_> = overlay.taken.iter().map(|(vni, what)| format!("{vni}: {what}")).collect();
    assert_eq!(taken, ["7777: vxlan1.77, which is in no network instance", "50000: the network instance red"]);
    let besides: Vec<_> = overlay.besides.iter().map(|(id, what)| format!("{id}: {what}")).collect();
    let unbound = "77: vxlan-interface vxlan1.77, which is in no network instance";
    assert_eq!(besides, [unbound, "500: vxlan-interface vxlan1.500 of red", "3005: EVI 3005 of tenant"]);
    // The tunnel of a VNI is no port that has its VLAN, and what tells of it goes with it.
    assert_eq!(found.interfaces.keys().map(ToString::to_string).collect::<Vec<_>>(), ["ethernet-1/1"]);
    assert!(found.besides_vlans.is_empty(), "{:?}", found.besides_vlans);
}

/// Whoever may bind no VLAN still must not take one away that is bound.
#[test]
fn without_vnis_a_tunnel_is_a_port() {
    let device = Device::with(leaf(), false);
    let scope = case::everything().with_overlays(false);
    let found = answers::running(&dialect("nokia_srl"), &device, &scope, Reading::Get);
    let tunnel = found.interface(&"vxlan1".parse().unwrap()).switched_vlan.unwrap();
    assert_eq!(tunnel.named_vlans().to_string(), "10,3000");
    assert!(found.segments.is_empty() && found.besides_vlans.contains_key(&vlan(3000)), "{:?}", found.besides_vlans);
}

/// Changes the leaf, and tells what of VLAN 3000 would go with what binds it.
fn besides(change: impl Fn(&mut Json)) -> String {
    let mut data = leaf();
    change(&mut data);
    let found = read(&data);
    found.overlay.besides.get(&vlan(3000)).cloned().unwrap_or_else(|| panic!("{:?}", found.overlay))
}

#[test]
fn what_would_go_with_what_binds_a_vlan_is_told() {
    let own = |data: &mut Json, at: &str, value: Json| {
        *data.pointer_mut(&format!("/network-instance/4/{at}")).unwrap() = value;
    };
    let evpn = "protocols/bgp-evpn/bgp-instance/0";
    assert_eq!(besides(|data| own(data, &format!("{evpn}/evi"), json!(42))), "EVI 42");
    assert_eq!(besides(|data| own(data, &format!("{evpn}/admin-state"), json!("disable"))), "admin-state");
    let target = "protocols/bgp-vpn/bgp-instance/0/route-target/import-rt";
    assert_eq!(besides(|data| own(data, target, json!("target:65000:7"))), "import-rt target:65000:7");
    let no_evpn = |data: &mut Json| own(data, "protocols/bgp-evpn", json!({}));
    assert!(besides(no_evpn).contains("no bgp-evpn of vxlan1.3000"));
    let tunnel = |data: &mut Json| {
        data["tunnel-interface"][1]["vxlan-interface"][1]["egress"]["inner-ethernet-header"] =
            json!({ "source-mac": "use-system-mac" });
    };
    assert_eq!(besides(tunnel), "egress");
    // A second VLAN with the VNI: which of them counts, only the switch knows.
    let mut twice = leaf();
    twice["tunnel-interface"][1]["vxlan-interface"][0]["ingress"]["vni"] = json!(10_100);
    assert_eq!(read(&twice).overlay.taken.values().filter(|what| what.contains("at once")).count(), 1);
}

#[test]
fn what_must_be_there_is_named_where_it_is_not() {
    let mut data = leaf();
    data["network-instance"][0]["interface"] = json!([]);
    data["network-instance"][0]["protocols"]["bgp"]["group"][0]["afi-safi"][0]["admin-state"] = json!("disable");
    let overlay = read(&data).overlay;
    assert_eq!(overlay.lacks, ["system0.0 in the network instance default".to_owned()].into());
    assert_eq!(overlay.lacks_for_evpn.len(), 1, "{overlay:?}");
    let none = read(&json!({ "interface": [], "network-instance": [] })).overlay;
    assert!(none.vteps.is_empty() && none.lacks.len() + none.lacks_for_evpn.len() == 2, "{none:?}");
}

/// What was left of another VNI goes before the new one comes, in one Set.
#[test]
fn a_vlan_that_is_bound_to_another_vni_is_bound_anew() {
    let dialect = dialect("nokia_srl");
    let found = read(&leaf());
    let mut wanted = found.config.clone();
    wanted.segments.insert(vlan(3000), segment(10_300, "192.0.2.1:3000", "65000:10300"));
    let set = request(&dialect, &render(&dialect, &plan(&found, &wanted)).unwrap());
    let mut device = Device::with(leaf(), false);
    device.apply(&set).unwrap();
    assert_eq!(read(&device.data).config, wanted, "{}", text::shown(&set));
    // What is there of others stays.
    let (before, after) = (read(&leaf()).overlay, read(&device.data).overlay);
    assert_eq!(before, after);
}

/// Made of the EVI, which is the VLAN's number, it would be another VNI's elsewhere.
#[test]
fn a_vni_without_a_route_target_of_its_own_is_refused() {
    let none = Segment::new(10_300u64.try_into().unwrap()).of_vtep("vxlan1".parse().ok());
    for segment in [none, segment(10_300, "auto", "auto")] {
        let bound = DeviceConfig { segments: [(vlan(3001), segment)].into(), ..DeviceConfig::default() };
        let refusal = render(&dialect("nokia_srl"), &plan(&DeviceConfig::default(), &bound)).unwrap_err();
        assert!(refusal.reason.contains("route target of the VLAN's number"), "{refusal}");
    }
}
