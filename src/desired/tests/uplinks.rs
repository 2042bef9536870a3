//! What goes through the uplinks of cards.

use super::*;
use crate::{
    intent::{CardPort, UplinkIntent},
    inventory::{Card, Representor, Uplink},
};

fn name(name: &str) -> InterfaceName {
    name.parse().unwrap()
}

/// A card with one uplink and two representors.
fn card() -> Bench {
    let mut switch = Switch::new("dpu7", "unix:/run/db.sock", "netmiko_ovs_linux", "");
    switch.face = Face::Ovsdb(crate::inventory::OvsdbSettings::default());
    let representor = |port: &str| Representor { port: name(port), uplinks: vec![name("p0")], function: None };
    switch.rules.card = Some(Card {
        hosts: vec!["node7".to_owned()],
        serial_number: None,
        uplinks: vec![Uplink { port: name("p0"), switch: "leaf1".to_owned(), switch_port: name("Ethernet7") }],
        representors: vec![representor("pf0hpf"), representor("pf0vf0")],
    });
    let mut bench = Bench::of(switch);
    bench.set("p0", all());
    bench
}

fn all() -> SwitchedVlan {
    SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::All }
}

fn on(vlan: u16) -> Value {
    json!({"port": {"binding:vnic_type": "smart-nic", "binding:profile":
        {"local_link_information": [{"hostname": "node7", "port_id": "pf0hpf"}]}}, "network": vlan})
}

/// What the card tells of p0, by the numbers of VLANs.
fn released(bench: &Bench, method: &str, vlan: u16) -> String {
    let intent = bench.intent(method, &on(vlan)).unwrap();
    let target = &intent.targets[0];
    let (running, _) = bench.read(target);
    let offers = offers(target, bench.switch(), &running, &bench.dialect);
    let port = CardPort { card: "dpu7".to_owned(), port: name("p0") };
    offers.released.get(&port).map(ToString::to_string).unwrap_or_default()
}

#[test]
fn a_vlan_leaves_with_the_last_port_of_the_card_that_has_it() {
    let mut bench = card();
    bench.set("pf0hpf", SwitchedVlan::access(vlan(100)));
    assert_eq!(released(&bench, "detach_port", 100), "100");
    assert_eq!(released(&bench, "attach_port", 101), "100");
    assert_eq!(released(&bench, "attach_port", 100), "");
    // What it is not on, and nothing else is, was left by a Mercury that died.
    assert_eq!(released(&bench, "detach_port", 101), "101");
    bench.set("pf0vf0", SwitchedVlan::access(vlan(100)));
    assert_eq!(released(&bench, "detach_port", 100), "");
    bench.set("pf0vf0", SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None.with(vlan(100)) });
    assert_eq!(released(&bench, "detach_port", 100), "");
    // A port that the entry does not name may have it as well.
    bench.device.interfaces.remove(&name("pf0vf0"));
    bench.set("en3f0pf0sf0", SwitchedVlan::access(vlan(100)));
    assert_eq!(released(&bench, "detach_port", 100), "");
}

/// What was left by a Mercury that died goes with the next detach.
#[test]
fn a_vlan_that_is_named_and_that_nothing_has_leaves() {
    let mut bench = card();
    bench.device.interfaces.insert(name("pf0hpf"), bench.device.interface(&name("pf0hpf")));
    assert_eq!(released(&bench, "detach_port", 100), "100");
}

#[test]
fn a_representor_that_has_all_vlans_keeps_them_and_is_named() {
    let mut bench = card();
    bench.set("pf0hpf", SwitchedVlan::access(vlan(100)));
    bench.set("pf0vf0", all());
    assert_eq!(released(&bench, "detach_port", 100), "");
    let intent = bench.intent("detach_port", &on(100)).unwrap();
    let (running, _) = bench.read(&intent.targets[0]);
    let notes = bench.desired(&intent.targets[0], &running).unwrap().notes;
    assert!(notes[&name("pf0hpf")].contains("pf0vf0"), "{notes:?}");
}

#[test]
fn what_an_uplink_of_the_card_does_not_carry_is_refused() {
    for (has, refused) in [
        (all(), false),
        (SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None.with(vlan(100)) }, false),
        (SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None.with(vlan(101)) }, true),
        (SwitchedVlan::Trunk { native: Some(vlan(100)), vlans: TrunkVlans::All }, true),
        (SwitchedVlan::access(vlan(100)), true),
    ] {
        let mut bench = card();
        bench.set("p0", has.clone());
        bench.set("pf0hpf", SwitchedVlan::access(vlan(5)));
        let intent = bench.intent("attach_port", &on(100)).unwrap();
        let (running, _) = bench.read(&intent.targets[0]);
        let made = bench.desired(&intent.targets[0], &running);
        assert_eq!(made.is_err(), refused, "{has:?}: {made:?}");
    }
}

/// The switch's side: VLANs more and fewer, and nothing else.
#[test]
fn a_switch_port_gets_and_loses_vlans_and_keeps_what_else_it_has() {
    let listed = |native: Option<u16>, ids: &[u16]| {
        let vlans = TrunkVlans::only(ids.iter().map(|id| vlan(*id)).collect());
        Some(SwitchedVlan::Trunk { native: native.map(vlan), vlans })
    };
    let native = |id: u16| Some(SwitchedVlan::access(vlan(id)));
    for (before, with, without) in [
        (None, Ok(listed(None, &[100])), None),
        (listed(None, &[50]), Ok(listed(None, &[50, 100])), listed(None, &[50])),
        (listed(Some(5), &[50]), Ok(listed(Some(5), &[50, 100])), listed(Some(5), &[50])),
        (native(5), Ok(listed(Some(5), &[100])), native(5)),
        (Some(all()), Ok(Some(all())), Some(all())),
        (native(100), Err(()), native(100)),
        (listed(Some(100), &[50]), Err(()), listed(Some(100), &[50])),
    ] {
        let mut bench = Bench::of(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        let mut interface = bench.device.interface(&name("Ethernet7"));
        interface.switched_vlan = before.clone();
        bench.device.interfaces.insert(name("Ethernet7"), interface);
        let uplink = UplinkIntent {
            interface: name("Ethernet7"),
            card_port: CardPort { card: "dpu7".to_owned(), port: name("p0") },
            carries: [vlan(100)].into_iter().collect(),
            releases: mercury_model::VlanSet::new(),
        };
        let mut target = TargetIntent { uplinks: vec![uplink], ..TargetIntent::new(bench.switch()) };
        let made = bench.make(&target).map_err(drop);
        let now = |bench: &Bench| bench.device.interfaces[&name("Ethernet7")].switched_vlan.clone();
        assert_eq!(made.map(|_| now(&bench)), with, "{before:?}");
        let [uplink] = &mut target.uplinks[..] else { unreachable!() };
        (uplink.releases, uplink.carries) = (std::mem::take(&mut uplink.carries), mercury_model::VlanSet::new());
        bench.make(&target).unwrap();
        assert_eq!(now(&bench), without, "{before:?}");
    }
}

/// Whatever the card says that it has no use for.
#[test]
fn a_switch_port_loses_no_vlan_that_its_entry_or_the_policy_does_not_allow() {
    let listed = |ids: &[u16]| {
        let vlans = TrunkVlans::only(ids.iter().map(|id| vlan(*id)).collect());
        Some(SwitchedVlan::Trunk { native: None, vlans })
    };
    let set = |ids: &[u16]| ids.iter().map(|id| vlan(*id)).collect::<mercury_model::VlanSet>();
    for (allowed, granted, left) in [
        (Some("100-110"), None, &[500, 501][..]),
        (None, Some("100-110"), &[500, 501]),
        (Some("100-599"), Some("500"), &[100, 501]),
        (None, None, &[501]),
    ] {
        let mut bench = Bench::of(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        bench.rule(|rules| rules.allowed_vlans = allowed.map(|vlans| vlans.parse().unwrap()));
        let had = bench.device.interface(&name("Ethernet7"));
        let had = Interface { switched_vlan: listed(&[100, 500, 501]), ..had };
        bench.device.interfaces.insert(name("Ethernet7"), had);
        let uplink = UplinkIntent {
            interface: name("Ethernet7"),
            card_port: CardPort { card: "dpu7".to_owned(), port: name("p0") },
            carries: mercury_model::VlanSet::new(),
            releases: set(&[100, 500]),
        };
        let granted_vlans = granted.map(|vlans| vlans.parse().unwrap());
        let target = TargetIntent { uplinks: vec![uplink], granted_vlans, ..TargetIntent::new(bench.switch()) };
        let notes = bench.desired(&target, &bench.read(&target).0).unwrap().notes;
        bench.make(&target).unwrap();
        assert_eq!(bench.device.interfaces[&name("Ethernet7")].switched_vlan, listed(left), "{allowed:?} {granted:?}");
        assert_eq!(notes.contains_key(&name("Ethernet7")), left.len() > 1, "{notes:?}");
    }
}

/// A patch port to OVN's bridge, a virtual machine's: whoever has all VLANs may have any.
#[test]
fn a_port_that_is_no_representor_and_has_all_vlans_keeps_them_and_is_named() {
    let mut bench = card();
    bench.set("pf0hpf", SwitchedVlan::access(vlan(100)));
    bench.set("patch-a", all());
    assert_eq!(released(&bench, "detach_port", 100), "");
    assert_eq!(released(&bench, "attach_port", 101), "");
    let intent = bench.intent("detach_port", &on(100)).unwrap();
    let (running, _) = bench.read(&intent.targets[0]);
    let notes = bench.desired(&intent.targets[0], &running).unwrap().notes;
    assert!(notes[&name("pf0hpf")].contains("patch-a"), "{notes:?}");
}

/// What the card itself tells of its bridges.
#[test]
fn only_ports_that_reach_the_uplink_keep_its_vlans() {
    use mercury_model::Bridged;
    let mut bench = card();
    bench.set("pf0hpf", SwitchedVlan::access(vlan(100)));
    bench.set("other", all());
    let intent = bench.intent("detach_port", &on(100)).unwrap();
    let (mut running, _) = bench.read(&intent.targets[0]);
    for (domain, brings, gone) in [
        ("br0", TrunkVlans::All, ""),
        ("br1", TrunkVlans::All, "100"),
        // By its columns, whoever's it is.
        ("br0", TrunkVlans::None, "100"),
        ("br0", TrunkVlans::None.with(vlan(100)), ""),
        ("br0", TrunkVlans::None.with(vlan(101)), "100"),
    ] {
        let place = |domain: &str, brings| Bridged { domain: domain.to_owned(), brings };
        running.bridged =
            [("p0", "br0", TrunkVlans::All), ("pf0hpf", "br0", TrunkVlans::None), ("other", domain, brings)]
                .map(|(port, domain, brings)| (name(port), place(domain, brings)))
                .into();
        let offers = offers(&intent.targets[0], bench.switch(), &running, &bench.dialect);
        let told = offers.released.values().next().map(ToString::to_string).unwrap_or_default();
        assert_eq!(told, gone, "{:?}", running.bridged);
    }
}

#[test]
fn a_representor_that_nothing_joins_with_its_uplinks_is_refused() {
    use mercury_model::Bridged;
    let mut bench = card();
    bench.set("pf0hpf", SwitchedVlan::access(vlan(5)));
    bench.set("p1", all());
    for (uplinks, refused, noted) in
        [(["br0", "br0"], false, false), (["br1", "br0"], false, true), (["br1", "br1"], true, false)]
    {
        bench.rule(|rules| {
            let card = rules.card.as_mut().unwrap();
            let second = Uplink { port: name("p1"), switch: "leaf2".to_owned(), switch_port: name("Ethernet7") };
            card.uplinks.truncate(1);
            card.uplinks.push(second);
            card.representors.iter_mut().for_each(|own| own.uplinks.clear());
        });
        let intent = bench.intent("attach_port", &on(100)).unwrap();
        let (mut running, _) = bench.read(&intent.targets[0]);
        let places = [("p0", uplinks[0]), ("p1", uplinks[1]), ("pf0hpf", "br0")];
        running.bridged = places
            .map(|(port, domain)| (name(port), Bridged { domain: domain.to_owned(), brings: TrunkVlans::None }))
            .into();
        let made = bench.desired(&intent.targets[0], &running);
        assert_eq!(made.is_err(), refused, "{uplinks:?}: {made:?}");
        let told = made.map(|made| made.notes).unwrap_or_default();
        assert_eq!(told.values().any(|note| note.contains("nothing joins them")), noted, "{told:?}");
        // Who lets go needs no way.
        let intent = bench.intent("detach_port", &on(5)).unwrap();
        assert!(bench.desired(&intent.targets[0], &running).is_ok());
    }
}
