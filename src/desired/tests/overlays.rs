//! A port on a VNI: which VLAN it gets, and what binds that, there and gone.

use mercury_model::{InterfaceScope, Segment, Vni};

use super::*;
use crate::{inventory::OverlayRules, transaction::agree};

fn vni(number: u64) -> Vni {
    number.try_into().unwrap()
}

/// A switch with a VTEP, whose VLANs 3000 to 3003 are set aside for VNIs.
fn fabric() -> Bench {
    let overlay = OverlayRules::of("3000-3003".parse().unwrap(), "vtep1".parse().ok());
    let mut bench = Bench::of(ruled(Rules { manage_vlans: true, overlay: Some(overlay), ..Rules::default() }));
    bench.overlay.vteps = ["vtep1".parse().unwrap()].into();
    bench
}

impl Bench {
    fn bind(&mut self, id: u16, number: u64) {
        self.device.vlans.entry(vlan(id)).or_insert(Vlan { id: vlan(id), name: None, status: VlanStatus::Active });
        self.device.segments.insert(vlan(id), Segment::new(vni(number)).of_vtep("vtep1".parse().ok()));
    }

    /// `3000: 10100` and so on.
    fn bound(&self) -> Vec<String> {
        self.device.segments.iter().map(|(vlan, segment)| format!("{vlan}: {}", segment.vni)).collect()
    }

    fn attach(&mut self, port: &str, network: &Value) -> Result<bool, Fault> {
        self.call("attach_port", &plugged(port, network))
    }

    fn detach(&mut self, port: &str, network: &Value) -> Result<bool, Fault> {
        self.call("detach_port", &plugged(port, network))
    }

    fn refuses(&mut self, port: &str, network: &Value) -> String {
        let before = self.device.clone();
        let fault = self.attach(port, network).unwrap_err();
        assert_eq!(self.device, before);
        fault.message
    }
}

fn plugged(port: &str, network: &Value) -> Value {
    let link = json!({"switch_id": "leaf1", "port_id": port});
    json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": network})
}

fn on(number: u64) -> Value {
    json!({"vni": number})
}

fn both(id: u16, number: u64) -> Value {
    json!({"segmentation_id": id, "vni": number})
}

/// SR Linux has what binds a VLAN by the VLAN's number, which others may use.
#[test]
fn what_others_have_in_the_place_of_what_would_bind_a_vlan_stays() {
    let mut bench = fabric();
    bench.overlay.besides.insert(vlan(3000), "vxlan-interface vxlan1.3000 of red".to_owned());
    let refusal = bench.refuses("Ethernet1", &both(3000, 10_100));
    assert!(refusal.contains("VLAN 3000 would be bound there is vxlan-interface vxlan1.3000 of red"), "{refusal}");
    bench.attach("Ethernet1", &on(10_100)).unwrap();
    assert_eq!(bench.bound(), ["3001: 10100"]);
}

#[test]
fn ports_of_one_vni_get_one_vlan_and_the_last_that_leaves_takes_what_binds_it_away() {
    let mut bench = fabric();
    for port in ["Ethernet1", "Ethernet2"] {
        assert!(bench.attach(port, &on(10_100)).unwrap());
        assert!(!bench.attach(port, &on(10_100)).unwrap(), "there is nothing more to do");
        assert_eq!(
            (bench.carries(port), bench.bound()),
            ("access VLAN 3000".to_owned(), vec!["3000: 10100".to_owned()])
        );
    }
    bench.attach("Ethernet3", &on(10_200)).unwrap();
    assert_eq!(bench.bound(), ["3000: 10100", "3001: 10200"]);
    bench.detach("Ethernet1", &on(10_100)).unwrap();
    assert_eq!(bench.bound(), ["3000: 10100", "3001: 10200"], "another port is left on it");
    bench.detach("Ethernet2", &on(10_100)).unwrap();
    assert_eq!(bench.bound(), ["3001: 10200"]);
    // A move to another network leaves the old one just as well.
    bench.attach("Ethernet3", &json!({"segmentation_id": 100})).unwrap();
    assert_eq!(bench.bound(), Vec::<String>::new());
}

#[test]
fn what_ports_are_left_on_it_is_read_and_not_remembered() {
    let mut bench = fabric();
    bench.attach("Ethernet1", &on(10_100)).unwrap();
    bench.set("Ethernet9", SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only("2999-3000".parse().unwrap()) });
    bench.detach("Ethernet1", &on(10_100)).unwrap();
    assert_eq!(bench.bound(), ["3000: 10100"], "somebody else has put a port on it");
}

#[test]
fn neutrons_two_binding_levels_say_the_vlan() {
    let mut bench = fabric();
    bench.attach("Ethernet1", &both(3002, 10_100)).unwrap();
    assert_eq!(
        (bench.carries("Ethernet1"), bench.bound()),
        ("access VLAN 3002".to_owned(), vec!["3002: 10100".to_owned()])
    );
    let of_neutron = json!({"network_type": "vxlan", "provider:segmentation_id": 10_100});
    bench.attach("Ethernet2", &of_neutron).unwrap();
    assert_eq!(bench.carries("Ethernet2"), "access VLAN 3002");
    bench.detach("Ethernet1", &both(3002, 10_100)).unwrap();
    bench.detach("Ethernet2", &of_neutron).unwrap();
    assert_eq!(bench.bound(), Vec::<String>::new());
}

#[test]
fn a_vni_that_another_vlan_has_is_refused() {
    let mut bench = fabric();
    bench.bind(3001, 10_100);
    let told = bench.refuses("Ethernet1", &both(3000, 10_100));
    assert!(told.contains("VNI 10100: leaf1 has it on VLAN 3001, and not on VLAN 3000"), "{told}");
    // Whoever names no VLAN gets that one.
    bench.attach("Ethernet1", &on(10_100)).unwrap();
    assert_eq!(bench.carries("Ethernet1"), "access VLAN 3001");
}

#[test]
fn a_vlan_that_another_vni_has_is_refused_while_a_port_has_it_or_it_is_not_mercurys() {
    let mut bench = fabric();
    bench.bind(100, 5000);
    let told = bench.refuses("Ethernet1", &both(100, 10_100));
    assert!(told.contains("VLAN 100 is bound to VNI 5000 of vtep1, which is not Mercury's"), "{told}");
    bench.bind(3000, 6000);
    bench.set("Ethernet9", SwitchedVlan::access(vlan(3000)));
    let told = bench.refuses("Ethernet1", &both(3000, 10_100));
    assert!(told.contains("VLAN 3000 is bound to VNI 6000 of vtep1, and Ethernet9 has it"), "{told}");
}

/// It would put the new tenant on the old one's network.
#[test]
fn a_vlan_that_is_used_again_loses_what_was_left_of_another_vni() {
    let mut bench = fabric();
    bench.bind(3000, 6000);
    bench.attach("Ethernet1", &both(3000, 10_100)).unwrap();
    assert_eq!(
        (bench.carries("Ethernet1"), bench.bound()),
        ("access VLAN 3000".to_owned(), vec!["3000: 10100".to_owned()])
    );
    bench.bind(3001, 6000);
    bench.attach("Ethernet2", &on(10_200)).unwrap();
    assert_eq!(bench.carries("Ethernet2"), "access VLAN 3002", "one that is bound is not free");
}

#[test]
fn a_vni_that_is_not_a_vlans_is_refused() {
    let mut bench = fabric();
    bench.overlay.taken.insert(vni(10_100), "something else than a VLAN".to_owned());
    let told = bench.refuses("Ethernet1", &on(10_100));
    assert!(told.contains("it is something else than a VLAN's on leaf1"), "{told}");
}

#[test]
fn what_mercury_never_makes_must_be_there() {
    let mut bench = fabric();
    bench.overlay = Overlay::default();
    let told = bench.refuses("Ethernet1", &on(10_100));
    assert!(told.contains("no VTEP vtep1 with a source interface, which Mercury never makes"), "{told}");
    bench.overlay.lacks.insert("EVPN".to_owned());
    let told = bench.refuses("Ethernet1", &on(10_100));
    assert!(told.contains("the switch has no EVPN"), "{told}");
    bench.rule(|rules| rules.overlay.as_mut().unwrap().vtep = None);
    bench.overlay.lacks.clear();
    assert!(bench.refuses("Ethernet1", &on(10_100)).contains("vxlan_vtep"));
}

#[test]
fn a_vlan_that_is_not_set_aside_is_not_bound_nor_made_where_none_may_be() {
    let mut bench = fabric();
    let told = bench.refuses("Ethernet1", &both(100, 10_100));
    assert!(told.contains("VLAN 100 is not one of local_vlans (3000-3003)"), "{told}");
    // One that the network team has bound is used, and stays bound.
    bench.bind(100, 10_100);
    bench.attach("Ethernet1", &both(100, 10_100)).unwrap();
    bench.detach("Ethernet1", &both(100, 10_100)).unwrap();
    assert_eq!(bench.bound(), ["100: 10100"]);
    bench.rule(|rules| rules.manage_vlans = false);
    assert!(bench.refuses("Ethernet1", &on(10_200)).contains("there is no VLAN 3000"));
}

#[test]
fn where_every_vlan_is_taken_there_is_none() {
    let mut bench = fabric();
    (0..4).for_each(|n| bench.bind(3000 + n, 6000 + u64::from(n)));
    let told = bench.refuses("Ethernet1", &on(10_100));
    assert!(told.contains("VNI 10100: no VLAN of 3000-3003 is free"), "{told}");
}

#[test]
fn a_bound_vlan_is_not_deleted_under_what_binds_it() {
    let mut bench = fabric();
    bench.bind(100, 5000);
    let fault = bench.call("delete_network", &json!({"network": 100})).unwrap_err();
    assert!(fault.message.contains("VLAN 100 is bound to VNI 5000 of vtep1, which is not Mercury's"), "{fault}");
    // Mercury's own goes first.
    bench.bind(3000, 6000);
    bench.call("delete_network", &json!({"network": 3000})).unwrap();
    assert_eq!(bench.bound(), ["100: 5000"]);
}

#[test]
fn where_a_port_cannot_be_read_nothing_is_unbound_and_the_request_fails() {
    let mut bench = fabric();
    bench.attach("Ethernet1", &on(10_100)).unwrap();
    let odd = mercury_model::ForeignVlans { others: vec!["mapping".to_owned()], ..Default::default() };
    bench.set("Ethernet9", SwitchedVlan::Foreign(Box::new(odd)));
    let before = bench.device.clone();
    let fault = bench.detach("Ethernet1", &on(10_100)).unwrap_err();
    assert!(fault.message.contains("whether Ethernet9 still uses VLAN 3000"), "{fault}");
    assert_eq!(bench.device, before);
}

/// A machine that a hypervisor has plugged in brings frames of the VLANs that the device tells.
#[test]
fn what_a_device_tells_of_a_port_that_cannot_be_read_counts() {
    use mercury_model::{Bridged, TrunkVlans};
    let mut bench = fabric();
    bench.attach("Ethernet1", &on(10_100)).unwrap();
    bench.bind(3001, 20_901);
    let odd = mercury_model::ForeignVlans { others: vec!["iface-id".to_owned()], ..Default::default() };
    bench.set("Ethernet9", SwitchedVlan::Foreign(Box::new(odd)));
    let one = |id: u16| TrunkVlans::None.with(vlan(id));
    for (brings, stays, refused) in [
        (TrunkVlans::All, None, Some("whether Ethernet9 has it cannot be told")),
        (one(7), Some(false), None),
        (one(3000), Some(true), None),
        (one(3001), Some(false), Some("and Ethernet9 has it")),
    ] {
        let told = |method: &str, network: &Value| {
            let intent = bench.intent(method, &plugged("Ethernet1", network)).unwrap();
            let (mut running, _) = bench.read(&intent.targets[0]);
            let place = Bridged { domain: "br0".to_owned(), brings: brings.clone() };
            running.bridged = [("Ethernet9".parse().unwrap(), place)].into();
            bench.desired(&intent.targets[0], &running)
        };
        // With the last of Mercury's ports, what binds the VLAN goes where nobody else has it.
        let left = told("detach_port", &on(10_100));
        let is_bound = left.ok().map(|made| made.intended.0.segments.contains_key(&vlan(3000)));
        assert_eq!(is_bound, stays, "{brings:?}");
        let taken = told("attach_port", &both(3001, 10_200)).map(drop).map_err(|fault| fault.message);
        assert_eq!(taken.is_err(), refused.is_some(), "{brings:?}: {taken:?}");
        assert!(refused.is_none_or(|why| taken.unwrap_err().contains(why)), "{brings:?}");
    }
}

#[test]
fn what_others_put_in_what_binds_a_vlan_is_not_taken_away_with_it() {
    let mut bench = fabric();
    bench.attach("Ethernet1", &on(10_100)).unwrap();
    bench.overlay.besides.insert(vlan(3000), "description".to_owned());
    let fault = bench.detach("Ethernet1", &on(10_100)).unwrap_err();
    assert!(fault.message.contains("also has description, which would go with it"), "{fault}");
}

#[test]
fn a_port_that_is_on_another_network_by_now_is_not_taken_off_it() {
    let mut bench = fabric();
    bench.attach("Ethernet1", &on(10_100)).unwrap();
    assert!(!bench.detach("Ethernet1", &on(10_200)).unwrap());
    assert_eq!(
        (bench.carries("Ethernet1"), bench.bound()),
        ("access VLAN 3000".to_owned(), vec!["3000: 10100".to_owned()])
    );
}

#[test]
fn sub_ports_are_bound_too_and_no_vlan_is_given_twice() {
    let mut bench = fabric();
    let mut trunk = plugged("Ethernet1", &on(10_100));
    let sub_port = |id: u16, number: u64| json!({"segmentation_id": id, "segmentation_type": "vlan", "vni": number});
    trunk["port"]["trunk_details"] = json!({"sub_ports": [sub_port(3000, 10_200), {"segmentation_id": 200}]});
    bench.call("attach_port", &trunk).unwrap();
    assert_eq!(bench.carries("Ethernet1"), "trunk, native VLAN 3001, VLANs 200,3000");
    assert_eq!(bench.bound(), ["3000: 10200", "3001: 10100"]);
    trunk["port"]["trunk_details"] = json!({"sub_ports": [sub_port(3002, 10_100)]});
    let fault = bench.call("attach_port", &trunk).unwrap_err();
    assert!(fault.message.contains("VNI 10100 and VNI 10100: a VLAN has one, and a VNI one VLAN"), "{fault}");
}

#[test]
fn what_is_no_vni_is_refused_and_so_is_a_switch_that_serves_none() {
    let mut bench = fabric();
    for bad in [json!(0), json!(16_777_216), json!("10100"), json!(1.5), json!(true)] {
        let fault = bench.attach("Ethernet1", &json!({ "vni": bad })).unwrap_err();
        assert_eq!(fault.parameter.as_deref(), Some("network.vni"), "{fault}");
    }
    let fault = bench.attach("Ethernet1", &json!({"network_type": "vxlan"})).unwrap_err();
    assert_eq!(fault.parameter.as_deref(), Some("network.vni"), "{fault}");
    assert!(bench.attach("Ethernet1", &json!({"network_type": "gre", "segmentation_id": 3})).is_err());
    assert!(bench.call("add_network", &json!({"network": both(3000, 10_100)})).is_err());
    let mut without = Bench::of(ruled(Rules::default()));
    let told = without.refuses("Ethernet1", &both(100, 10_100));
    assert!(told.contains("leaf1 serves no VNIs: its entry has no local_vlans"), "{told}");
    let mut eos = fabric();
    eos.dialect = mercury_adapter::builtin().unwrap().into_iter().find(|one| one.name == "arista_eos").unwrap();
    assert!(eos.refuses("Ethernet1", &on(10_100)).contains("arista_eos: vxlan is not supported"));
}

/// Junos says the VNI in the VLAN's own entry, and of which VTEP it is nowhere.
#[test]
fn where_the_vlan_itself_has_its_vni_no_vtep_is_named() {
    let overlay = OverlayRules::of("3000-3003".parse().unwrap(), None);
    let rules = Rules { manage_vlans: true, overlay: Some(overlay), ..Rules::default() };
    let mut bench = Bench::of(spoken("juniper_junos", ruled(rules)));
    bench.attach("xe-0/0/1", &on(10_100)).unwrap();
    let segment = Segment::new(vni(10_100));
    assert_eq!(bench.device.segments, [(vlan(3000), segment)].into());
    bench.detach("xe-0/0/1", &on(10_100)).unwrap();
    assert_eq!(bench.bound(), Vec::<String>::new());
}

/// Open vSwitch has no VLANs of its own, whatever the entry says of them.
#[test]
fn a_system_without_vlans_is_asked_to_make_none() {
    let mut bench = fabric();
    let mut switch = spoken("netmiko_ovs_linux", bench.switch().clone());
    switch.face = Face::Ovsdb(crate::inventory::OvsdbSettings::default());
    if let Some(own) = &mut switch.rules.overlay {
        (own.flood, own.peers) = (mercury_model::FloodMode::Static, ["192.0.2.2".parse().unwrap()].into());
    }
    let overlay = bench.overlay.clone();
    bench = Bench { overlay, ..Bench::of(switch) };
    bench.attach("p1", &on(10_100)).unwrap();
    assert_eq!((bench.vlans(), bench.bound()), (Vec::new(), vec!["3000: 10100".to_owned()]));
    assert_eq!(bench.carries("p1"), "access VLAN 3000");
}

/// Two switches may have different VLANs for one VNI, but not those of an MLAG pair.
#[test]
fn the_switches_of_a_pair_agree_on_a_vlan_and_others_need_not() {
    let target =
        |bench: &Bench| bench.intent("attach_port", &plugged("Ethernet1", &on(10_100))).unwrap().targets.remove(0);
    let agreed = |one: &Bench, other: &Bench| {
        let offers = |bench: &Bench| {
            let (running, _) = bench.read(&target(bench));
            offers(&target(bench), bench.switch(), &running, &bench.dialect)
        };
        let numbers = agree(&[("leaf1".to_owned(), offers(one)), ("leaf2".to_owned(), offers(other))]);
        numbers.map(|agreed| agreed.into_values().flat_map(|own| own.numbers.into_values()).collect::<Vec<u16>>())
    };
    let [mut one, mut other] = [fabric(), fabric()];
    one.rule(|rules| rules.mlag_domain = Some("pair".to_owned()));
    other.rule(|rules| rules.mlag_domain = Some("pair".to_owned()));
    one.bind(3000, 6000);
    other.bind(3001, 6000);
    assert_eq!(agreed(&one, &other).unwrap(), [3002, 3002]);
    other.bind(3003, 10_100);
    assert_eq!(agreed(&one, &other).unwrap(), [3003, 3003]);
    let mut target = target(&one);
    assert!(target.accept(&crate::intent::Agreed {
        numbers: [(crate::intent::Claim::Vni(vni(10_100)), 3003)].into(),
        ..Default::default()
    }));
    one.make(&target).unwrap();
    assert_eq!(one.carries("Ethernet1"), "access VLAN 3003");
    let refused = agreed(&fabric_with(3000, 10_100), &fabric_with(3001, 10_100)).unwrap_err();
    assert!(refused.message.contains("VNI 10100: is number 3000 on leaf1 and 3001 on leaf2"), "{refused}");
}

fn fabric_with(id: u16, number: u64) -> Bench {
    let mut bench = fabric();
    bench.rule(|rules| rules.mlag_domain = Some("pair".to_owned()));
    bench.bind(id, number);
    bench
}

#[test]
fn an_entry_without_overlays_reads_nothing_of_them() {
    let bench = Bench::of(ruled(Rules { manage_vlans: true, ..Rules::default() }));
    let target = bench.intent("attach_port", &plugged("Ethernet1", &json!(100))).unwrap().targets.remove(0);
    let (running, scope) = bench.read(&target);
    assert!(!scope.overlays && running.scope.interfaces != InterfaceScope::All);
}

/// The network team's own rules hold for whoever names a VNI in place of the VLAN.
#[test]
fn a_vni_is_no_way_to_a_vlan_that_the_entry_does_not_allow() {
    let mut bench = fabric();
    bench.rule(|rules| rules.allowed_vlans = "100,3000-3003".parse().ok());
    bench.bind(50, 10_500);
    bench.bind(100, 10_600);
    let told = bench.refuses("Ethernet1", &json!({"segmentation_id": 50}));
    assert!(told.contains("VLAN 50 not allowed on leaf1"), "{told}");
    let told = bench.refuses("Ethernet1", &on(10_500));
    assert!(told.contains("network.vni: VLAN 50 not allowed on leaf1; allowed: 100,3000-3003"), "{told}");
    assert!(told.contains("VNI 10500 is bound to it there"), "{told}");
    let bond = json!({"port": {"binding:profile": {
        "local_link_information": [{"switch_id": "leaf1", "port_id": "Ethernet1"}, {"switch_id": "leaf1", "port_id": "Ethernet2"}],
        "local_group_information": {"name": "bond0", "bond_mode": "802.3ad"}}}, "network": on(10_500)});
    bench.rule(|rules| rules.lag_numbers = "1-9".parse().unwrap());
    assert!(bench.call("attach_port", &bond).unwrap_err().message.contains("VLAN 50 not allowed"));
    bench.attach("Ethernet1", &on(10_600)).unwrap();
    assert_eq!(bench.carries("Ethernet1"), "access VLAN 100");
}

/// It may be a tenant's by now.
#[test]
fn a_vlan_that_is_set_aside_is_given_to_nobody_who_does_not_name_its_vni() {
    let mut bench = fabric();
    bench.attach("Ethernet2", &on(777)).unwrap();
    assert_eq!(bench.carries("Ethernet2"), "access VLAN 3000");
    let trunk = |native: &Value, tagged: &Value| {
        let mut trunk = plugged("Ethernet3", native);
        trunk["port"]["trunk_details"] = json!({"sub_ports": [tagged]});
        trunk
    };
    let ironic = |mode: &str, native: u16, tagged: &[u16]| {
        ironic("Ethernet3", &json!({"mode": mode, "native_vlan": native, "allowed_vlans": tagged}))
    };
    let lag = |mode: &str, native: u16, tagged: &[u16]| {
        json!({"switch_ids": ["leaf1"], "lag_name": "a", "mode": mode, "native_vlan": native,
               "allowed_vlans": tagged, "aggregation_mode": "lacp"})
    };
    let plain = json!({"segmentation_id": 3000});
    let before = bench.device.clone();
    for (method, params, parameter) in [
        ("attach_port", plugged("Ethernet3", &plain), "network.segmentation_id"),
        ("attach_port", trunk(&plain, &json!({"segmentation_id": 200})), "network.segmentation_id"),
        ("attach_port", trunk(&on(777), &plain), "port.trunk_details"),
        ("attach_port", trunk(&json!({"segmentation_id": 200}), &plain), "port.trunk_details"),
        ("update_port", ironic("access", 3000, &[]), "native_vlan"),
        ("update_port", ironic("trunk", 3000, &[200]), "native_vlan"),
        ("update_port", ironic("trunk", 200, &[201, 3000]), "allowed_vlans"),
        ("update_lag", lag("access", 3000, &[]), "native_vlan"),
        ("update_lag", lag("trunk", 200, &[3000]), "allowed_vlans"),
        ("reset_port", json!({"switch_id": "leaf1", "port_name": "Ethernet3", "default_vlan": 3000}), "default_vlan"),
        ("add_network", json!({"network": 3000}), "network.segmentation_id"),
    ] {
        let fault = bench.call(method, &params).unwrap_err();
        assert_eq!(fault.parameter.as_deref(), Some(parameter), "{method} {params}: {fault}");
        assert!(fault.message.contains("VLAN 3000: leaf1 sets 3000-3003 aside for VNIs"), "{method}: {fault}");
    }
    assert_eq!(bench.device, before);
    bench.attach("Ethernet3", &both(3000, 777)).unwrap();
    let sub_port = json!({"segmentation_id": 3000, "vni": 777});
    bench.call("attach_port", &trunk(&json!({"segmentation_id": 200}), &sub_port)).unwrap();
    assert_eq!(bench.carries("Ethernet3"), "trunk, native VLAN 200, VLANs 3000");
}
