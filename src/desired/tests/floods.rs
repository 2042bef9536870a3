//! What binds a VLAN to a VNI where the switch says of each how it is flooded and how BGP
//! tells of it: as the entry says, and no caller.

use mercury_model::{Flood, FloodMode, Segment, Vni};

use super::*;
use crate::inventory::{CliSettings, Groups, OverlayRules};

fn vni(number: u64) -> Vni {
    number.try_into().unwrap()
}

/// A switch at its prompt, with all that VNIs need.
fn fabric(dialect: &str, vtep: &str) -> Bench {
    on(Face::Cli(CliSettings::default()), dialect, vtep)
}

fn on(face: Face, dialect: &str, vtep: &str) -> Bench {
    let overlay = OverlayRules::of("3000-3003".parse().unwrap(), vtep.parse().ok());
    let switch = ruled(Rules { manage_vlans: true, overlay: Some(overlay), ..Rules::default() });
    let mut bench = Bench::of(Switch { face, ..spoken(dialect, switch) });
    bench.overlay.vteps = [vtep.parse().unwrap()].into();
    bench.overlay.bgp_as = [65_000].into();
    bench
}

impl Bench {
    fn put(&mut self, port: &str, number: u64) -> Result<bool, Fault> {
        self.call("attach_port", &plugin(port, &json!({ "vni": number })))
    }

    fn turned_down(&mut self, port: &str, number: u64) -> String {
        let before = self.device.clone();
        let message = self.put(port, number).unwrap_err().message;
        assert_eq!(self.device, before);
        message
    }

    fn says(&self, id: u16) -> String {
        self.device.segments[&vlan(id)].to_string()
    }

    fn overlay_rule(&mut self, change: impl Fn(&mut OverlayRules)) {
        self.rule(|rules| change(rules.overlay.as_mut().unwrap()));
    }
}

#[test]
fn the_entry_says_how_a_vni_is_flooded_and_told_of() {
    let mut nexus = fabric("cisco_nxos", "nve1");
    nexus.put("eth1/1", 10_100).unwrap();
    let by_itself = "VNI 10100 of nve1, flooded by bgp, route distinguisher auto, route target auto";
    assert_eq!(nexus.says(3000), by_itself);
    nexus.overlay_rule(|own| {
        own.route_target = "65000:{vni}".parse().ok();
        own.route_distinguisher = "192.0.2.1:{vlan}".parse().ok();
    });
    nexus.put("eth1/2", 10_200).unwrap();
    let told = "VNI 10200 of nve1, flooded by bgp, route distinguisher 192.0.2.1:3001, route target 65000:10200";
    assert_eq!(nexus.says(3001), told);
    // What is there is left as it is, whatever the entry says by now.
    nexus.put("eth1/3", 10_100).unwrap();
    assert_eq!(nexus.says(3000), by_itself);
    let mut eos = fabric("arista_eos", "Vxlan1");
    eos.overlay_rule(|own| own.route_target = "65000:{vni}".parse().ok());
    eos.put("Ethernet1", 10_100).unwrap();
    assert_eq!(eos.says(3000), "VNI 10100 of Vxlan1, route distinguisher auto, route target 65000:10100");
    assert_eq!(eos.device.segments[&vlan(3000)].evpn.bgp_as, Some(65_000));
    // Where BGP tells of all VNIs at once, nothing is said of one.
    let mut sonic = fabric("sonic", "vtep1");
    sonic.put("Ethernet0", 10_100).unwrap();
    assert_eq!(sonic.says(3000), "VNI 10100 of vtep1");
}

#[test]
fn what_the_entry_says_of_bgp_is_never_left_out() {
    let mut sonic = fabric("sonic", "vtep1");
    sonic.overlay_rule(|own| own.route_target = "65000:{vni}".parse().ok());
    let told = sonic.turned_down("Ethernet0", 10_100);
    assert!(told.contains("cannot be told the route-target of one VNI (vxlan_route_target)"), "{told}");
    sonic.overlay_rule(|own| {
        own.route_target = "auto".parse().ok();
        own.route_distinguisher = "192.0.2.1:{vlan}".parse().ok();
    });
    let told = sonic.turned_down("Ethernet0", 10_100);
    assert!(told.contains("cannot be told the route-distinguisher of one VNI"), "{told}");
}

#[test]
fn without_bgp_there_are_vteps_or_a_group_and_nothing_is_told() {
    let mut eos = fabric("arista_eos", "Vxlan1");
    eos.overlay.bgp_as.clear();
    eos.overlay_rule(|own| {
        own.flood = FloodMode::Static;
        own.peers = ["192.0.2.2".parse().unwrap(), "192.0.2.3".parse().unwrap()].into();
    });
    eos.put("Ethernet1", 10_100).unwrap();
    assert_eq!(eos.says(3000), "VNI 10100 of Vxlan1, flooded by static 192.0.2.2 192.0.2.3");
    let mut sonic = fabric("sonic", "vtep1");
    sonic.overlay_rule(|own| own.flood = FloodMode::Multicast);
    assert!(sonic.turned_down("Ethernet0", 10_100).contains("cannot be told of one VNI to flood it by multicast"));
}

/// One that SR Linux made of the VLAN's number would be another VNI's on the next switch.
#[test]
fn a_route_target_that_would_not_be_the_vnis_own_must_be_said() {
    let mut srl = on(Face::Gnmi(GnmiSettings::default()), "nokia_srl", "vxlan1");
    let told = srl.turned_down("ethernet-1/1", 10_100);
    assert!(
        told.contains("works out no route-target by itself: the entry must say one (vxlan_route_target)"),
        "{told}"
    );
    srl.overlay_rule(|own| own.route_target = "65000:{vni}".parse().ok());
    srl.put("ethernet-1/1", 10_100).unwrap();
    assert_eq!(srl.says(3000), "VNI 10100 of vxlan1, route distinguisher auto, route target 65000:10100");
}

/// VNIs 256 apart, as networking-generic-switch would give one group.
#[test]
fn two_vnis_have_no_group_in_common() {
    let mut nexus = fabric("cisco_nxos", "nve1");
    nexus.overlay_rule(|own| {
        own.flood = FloodMode::Multicast;
        own.groups =
            Groups { base: "239.1.1.0/24".parse().ok(), by_vni: [(vni(7), "239.2.2.2".parse().unwrap())].into() };
    });
    nexus.put("eth1/1", 10_100).unwrap();
    assert_eq!(nexus.says(3000), "VNI 10100 of nve1, flooded by multicast 239.1.1.116");
    let told = nexus.turned_down("eth1/2", 10_100 + 256);
    assert!(told.contains("its multicast group 239.1.1.116 is that of VNI 10100 too"), "{told}");
    nexus.put("eth1/2", 10_101).unwrap();
    nexus.put("eth1/3", 7).unwrap();
    assert_eq!(nexus.device.segments[&vlan(3002)].flood, "multicast 239.2.2.2".parse().ok());
    nexus.overlay_rule(|own| own.groups.base = None);
    assert!(nexus.turned_down("eth1/4", 8).contains("the entry has no multicast group for it"));
}

/// A Mercury that died between two lines left a VNI that reaches nobody.
#[test]
fn what_binds_a_vlan_in_part_is_completed_before_a_port_comes() {
    let mut nexus = fabric("cisco_nxos", "nve1");
    let vlan_3000 = Vlan { id: vlan(3000), name: None, status: VlanStatus::Active };
    nexus.device.vlans.insert(vlan(3000), vlan_3000);
    nexus.device.segments.insert(vlan(3000), Segment::new(vni(10_100)));
    nexus.put("eth1/1", 10_100).unwrap();
    assert_eq!(nexus.says(3000), "VNI 10100 of nve1, flooded by bgp, route distinguisher auto, route target auto");
    // The network team's own is theirs to complete.
    nexus.device.segments.insert(vlan(100), Segment::new(vni(500)));
    nexus.device.vlans.insert(vlan(100), Vlan { id: vlan(100), name: None, status: VlanStatus::Active });
    nexus.put("eth1/2", 500).unwrap();
    assert_eq!(nexus.says(100), "VNI 500");
}

#[test]
fn what_bgp_needs_is_missed_only_where_bgp_is_to_tell() {
    let mut nexus = fabric("cisco_nxos", "nve1");
    nexus.overlay.lacks_for_evpn.insert("EVPN (nv overlay evpn)".to_owned());
    let told = nexus.turned_down("eth1/1", 10_100);
    assert!(told.contains("the switch has no EVPN (nv overlay evpn), which Mercury never makes"), "{told}");
    nexus.overlay_rule(|own| {
        own.flood = FloodMode::Multicast;
        own.groups.base = "239.1.0.0/16".parse().ok();
    });
    nexus.put("eth1/1", 10_100).unwrap();
    assert!(matches!(nexus.device.segments[&vlan(3000)].flood, Some(Flood::Multicast(_))));
    let mut eos = fabric("arista_eos", "Vxlan1");
    eos.overlay.bgp_as.clear();
    assert!(eos.turned_down("Ethernet1", 10_100).contains("no BGP process, which Mercury never makes"));
    eos.overlay.bgp_as = [65_000, 65_001].into();
    assert!(eos.turned_down("Ethernet1", 10_100).contains("several BGP processes"));
    // A number that does not fit beside the AS is no route target.
    eos.overlay.bgp_as = [65_000].into();
    eos.overlay_rule(|own| own.route_target = "4200000000:{vni}".parse().ok());
    assert!(eos.turned_down("Ethernet1", 70_000).contains("4200000000:70000"));
}
