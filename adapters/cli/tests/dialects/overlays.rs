//! What systems show of VNIs, in configurations of others.

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_model::{Running, Scope, VlanId};

use crate::dialect;

fn read(name: &str, answers: &[&str], overlays: bool) -> Running {
    let dialect = dialect(name);
    let answers: Vec<String> = answers.iter().map(|text| (*text).to_owned()).collect();
    let mut share = Budget::shared().share(MAX_REPLY);
    let scope = Scope::all().with_overlays(overlays);
    mercury_cli::running(dialect.cli.as_ref().unwrap(), &scope, &answers, &mut share).unwrap()
}

fn bound(running: &Running) -> Vec<String> {
    running.segments.iter().map(|(vlan, segment)| format!("{vlan}: {segment}")).collect()
}

fn vlan(number: u16) -> VlanId {
    number.try_into().unwrap()
}

const NEXUS: &str = "\
hostname leaf-7
feature bgp
feature vn-segment-vlan-based
feature nv overlay
nv overlay evpn
fabric forwarding anycast-gateway-mac 0001.0001.0001
vlan 1,10,3000-3003
vlan 10
  name storage
vlan 3000
  vn-segment 10100
vlan 3001
  vn-segment 10200
vlan 3002
  vn-segment 10300
vlan 3003
  vn-segment 10400
vrf context tenant-a
  vni 50000
  rd auto
interface Vlan10
  ip address 192.0.2.65/28
interface nve1
  no shutdown
  host-reachability protocol bgp
  source-interface loopback1
  member vni 10100
    ingress-replication protocol bgp
  member vni 10200-10300
    suppress-arp
    mcast-group 239.1.1.1
  member vni 50000 associate-vrf
interface Ethernet1/1
  switchport
  switchport access vlan 3000
interface loopback1
  ip address 192.0.2.1/32
router bgp 65001
  neighbor 192.0.2.254
    remote-as 65000
evpn
  vni 10100 l2
    rd auto
    route-target import auto
    route-target export auto
  vni 10200 l2
    rd 192.0.2.1:3001
    route-target import 65000:10200
    route-target export 65000:1
";

#[test]
fn a_nexus_says_it_in_three_places() {
    let running = read("cisco_nxos", &[NEXUS], true);
    assert_eq!(
        bound(&running),
        [
            "3000: VNI 10100 of nve1, flooded by bgp, route distinguisher auto, route target auto",
            "3001: VNI 10200 of nve1, flooded by multicast 239.1.1.1, route distinguisher 192.0.2.1:3001",
            "3002: VNI 10300 of nve1, flooded by multicast 239.1.1.1",
            // No VTEP has it: who comes to it reaches nobody.
            "3003: VNI 10400",
        ]
    );
    let overlay = &running.overlay;
    assert!(overlay.vteps.iter().any(|vtep| vtep.as_str() == "nve1") && overlay.lacks.is_empty(), "{overlay:?}");
    assert!(overlay.lacks_for_evpn.is_empty(), "{overlay:?}");
    assert_eq!(overlay.taken.keys().map(|vni| vni.get()).collect::<Vec<_>>(), [50_000]);
    assert_eq!(overlay.besides.keys().copied().collect::<Vec<_>>(), [vlan(3001), vlan(3002)]);
    assert!(overlay.besides[&vlan(3001)].contains("suppress-arp"), "{overlay:?}");
    // The VTEP is no port.
    assert!(!running.interfaces.keys().any(|port| port.as_str().starts_with("nve")));
    let bare = NEXUS.replace("nv overlay evpn\n", "").replace("feature vn-segment-vlan-based\n", "");
    let lacking = read("cisco_nxos", &[&bare.replace("  source-interface loopback1\n", "")], true).overlay;
    assert!(lacking.vteps.is_empty() && lacking.lacks.len() == 1 && lacking.lacks_for_evpn.len() == 1, "{lacking:?}");
}

/// Who asks for no VNIs takes no VLAN from below one.
#[test]
fn what_binds_a_vlan_is_shown_to_those_who_ask_for_no_vnis_too() {
    let running = read("cisco_nxos", &[NEXUS], false);
    assert!(running.segments.is_empty());
    assert_eq!(running.besides_vlans.keys().copied().collect::<Vec<_>>(), (3000..=3003).map(vlan).collect::<Vec<_>>());
    let eos = read("arista_eos", &[EOS], false);
    assert_eq!(eos.besides_vlans[&vlan(10)], "VNI 10010 of Vxlan1");
    let sonic = read("sonic", &[SONIC], false);
    assert!(sonic.besides_vlans[&vlan(3000)].contains("VNI 10100 of vtep1"), "{:?}", sonic.besides_vlans);
}

const EOS: &str = "\
! device: leaf-7 (DCS-7050SX3-48YC12, EOS-4.30.1F)
!
vlan 10-12,3000
!
interface Ethernet1
   switchport access vlan 3000
!
interface Loopback1
   ip address 192.0.2.1/32
!
interface Vxlan1
   vxlan source-interface Loopback1
   vxlan udp-port 4789
   vxlan vlan 10-12 vni 10010-10012
   vxlan vlan 3000 vni 10100
   vxlan vlan 3000 flood vtep 192.0.2.3 192.0.2.2
   vxlan vrf tenant-a vni 50000
!
router bgp 65000
   router-id 192.0.2.1
   vlan 3000
      rd 192.0.2.1:3000
      route-target both 65000:10100
      redistribute learned
   !
   vlan 11
      rd auto
      route-target import auto 65000
      route-target export auto 65000
      redistribute learned
   !
   vlan-aware-bundle storage
      rd auto
      vlan 12
   !
   address-family evpn
      neighbor 192.0.2.254 activate
!
end
";

#[test]
fn eos_says_ranges_and_what_bgp_tells_by_the_vlan() {
    let running = read("arista_eos", &[EOS], true);
    assert_eq!(
        bound(&running),
        [
            "10: VNI 10010 of Vxlan1",
            "11: VNI 10011 of Vxlan1, route distinguisher auto, route target auto",
            "12: VNI 10012 of Vxlan1",
            "3000: VNI 10100 of Vxlan1, flooded by static 192.0.2.2 192.0.2.3, route distinguisher 192.0.2.1:3000, \
             route target 65000:10100",
        ]
    );
    assert_eq!(running.segments[&vlan(3000)].evpn.bgp_as, Some(65_000));
    assert_eq!((running.overlay.bgp_as.len(), running.overlay.taken.len()), (1, 1), "{:?}", running.overlay);
    assert!(running.overlay.besides.is_empty(), "{:?}", running.overlay);
}

const SONIC: &str = r#"{
    "DEVICE_METADATA": {"localhost": {"hostname": "leaf-7"}},
    "PORT": {"Ethernet0": {"admin_status": "up", "mtu": "9100"}, "Ethernet4": {"admin_status": "up"}},
    "VLAN": {"Vlan3000": {"vlanid": "3000"}, "Vlan10": {"vlanid": "10"}},
    "VLAN_MEMBER": {"Vlan3000|Ethernet0": {"tagging_mode": "untagged"}},
    "VRF": {"Vrf1": {"vni": "50000"}},
    "VXLAN_TUNNEL": {"vtep1": {"src_ip": "192.0.2.1"}},
    "VXLAN_TUNNEL_MAP": {
        "vtep1|map_10100_Vlan3000": {"vlan": "Vlan3000", "vni": "10100"},
        "vtep1|of_a_person": {"vlan": "Vlan10", "vni": "20"}
    },
    "VXLAN_EVPN_NVO": {"nvo1": {"source_vtep": "vtep1"}}
}"#;

#[test]
fn sonic_has_a_row_for_each() {
    let running = read("sonic", &[SONIC], true);
    assert_eq!(bound(&running), ["10: VNI 20 of vtep1", "3000: VNI 10100 of vtep1"]);
    assert!(running.overlay.lacks_for_evpn.is_empty() && running.overlay.vteps.len() == 1, "{:?}", running.overlay);
    assert_eq!(running.overlay.taken.keys().map(|vni| vni.get()).collect::<Vec<_>>(), [50_000]);
    let bare = SONIC.replace("\"VXLAN_EVPN_NVO\"", "\"OTHER\"").replace("src_ip", "other");
    let overlay = read("sonic", &[&bare], true).overlay;
    assert!(overlay.lacks_for_evpn.len() == 1 && overlay.vteps.is_empty(), "{overlay:?}");
}

#[test]
fn nvue_says_it_with_the_vlan_and_what_is_no_number_is_others() {
    let shown = "nv set interface swp1 bridge domain br_default access 3000\n\
                 nv set bridge domain br_default vlan 3000 vni 10100\n\
                 nv set bridge domain br_default vlan 20,30 vni auto\n\
                 nv set nve vxlan source address 192.0.2.1\nnv set evpn state enabled\n\
                 nv set vrf RED evpn vni 4001\n";
    let running = read("cumulus_nvue", &["port swp1\n", shown], true);
    assert_eq!(bound(&running), ["3000: VNI 10100"]);
    assert_eq!(running.besides_vlans.keys().copied().collect::<Vec<_>>(), [vlan(20), vlan(30)]);
    assert!(running.overlay.lacks.is_empty() && running.overlay.lacks_for_evpn.is_empty(), "{:?}", running.overlay);
    assert_eq!(running.overlay.taken.keys().map(|vni| vni.get()).collect::<Vec<_>>(), [4001]);
}

/// A range that is as long as a switch's whole space of VNIs takes no more than a line.
#[test]
fn a_range_of_all_vnis_is_read_at_once() {
    let long = NEXUS.replace("member vni 10200-10300", "member vni 1-16777215");
    let running = read("cisco_nxos", &[&long], true);
    assert_eq!(running.segments.len(), 4);
    let wide = EOS.replace("vxlan vlan 10-12 vni 10010-10012", "vxlan vlan 10-12 vni 1-16777215");
    assert_eq!(read("arista_eos", &[&wide], true).segments.len(), 1);
}
