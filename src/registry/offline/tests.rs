//! What files tell of VNIs, in each form that they have.

use std::time::Duration;

use futures_util::FutureExt as _;
use mercury_adapter::{Answer, Connector as _, Refusal, Step};
use mercury_model::{InterfaceScope, Running, Scope, VlanId, VlanScope};

use super::*;
use crate::inventory::{CliSettings, OverlayRules};

const JUNOS: &str = r#"<configuration xmlns="http://yang.juniper.net/junos/conf/root">
<interfaces><interface><name>xe-0/0/9</name><description>storage</description></interface></interfaces>
<vlans>
 <vlan><name>b</name><vlan-id>3000</vlan-id><vxlan><vni>777</vni></vxlan></vlan>
 <vlan><name>storage</name><vlan-id>120</vlan-id></vlan>
 <vlan><name>m3007</name><vlan-id>3007</vlan-id><vxlan><vni>10100</vni></vxlan></vlan>
</vlans>
<switch-options><vtep-source-interface><interface-name>lo0.0</interface-name></vtep-source-interface>
<route-distinguisher><rd-type>192.0.2.1:1</rd-type></route-distinguisher>
<vrf-target><community>target:65000:1</community></vrf-target></switch-options>
<protocols><evpn><extended-vni-list>all</extended-vni-list></evpn></protocols>
</configuration>"#;

const OPENCONFIG: &str = r#"{
"openconfig-interfaces:interfaces": {"interface": [{"name": "Ethernet9", "config": {"name": "Ethernet9",
  "description": "storage"}}]},
"openconfig-network-instance:network-instances": {"network-instance": [{"name": "default",
 "vlans": {"vlan": [{"vlan-id": 120, "config": {"vlan-id": 120}}, {"vlan-id": 3000, "config": {"vlan-id": 3000}},
  {"vlan-id": 3007, "config": {"vlan-id": 3007}}]},
 "connection-points": {"connection-point": [{"connection-point-id": "vtep1", "endpoints": {"endpoint": [
  {"endpoint-id": "vtep1", "vxlan": {"config": {"source-interface": "Loopback1"}, "local-endpoint-vnis":
   {"local-endpoint-vni": [{"vni": 777, "config": {"vni": 777, "bridge-domain": 3000}},
    {"vni": 10100, "config": {"vni": 10100, "bridge-domain": 3007}}]}}}]}}]}}]}}"#;

const SR_LINUX: &str = r#"{
"srl_nokia-interfaces:interface": [{"name": "ethernet-1/9", "admin-state": "enable", "description": "storage"}],
"srl_nokia-tunnel-interfaces:tunnel-interface": [{"name": "vtep1", "vxlan-interface": [
 {"index": 3000, "type": "bridged", "ingress": {"vni": 777}},
 {"index": 3007, "type": "bridged", "ingress": {"vni": 10100}}]}],
"srl_nokia-network-instance:network-instance": [
 {"name": "default", "type": "default", "interface": [{"name": "system0.0"}], "protocols": {"bgp": {
  "afi-safi": [{"afi-safi-name": "evpn", "admin-state": "enable"}]}}},
 {"name": "vlan-120", "type": "mac-vrf"},
 {"name": "vlan-3000", "type": "mac-vrf", "vxlan-interface": [{"name": "vtep1.3000"}]},
 {"name": "vlan-3007", "type": "mac-vrf", "vxlan-interface": [{"name": "vtep1.3007"}]}]}"#;

const NX_OS: &str = "\
feature vn-segment-vlan-based
nv overlay evpn
vlan 1,120,3000,3007
vlan 3000
  vn-segment 777
vlan 3007
  vn-segment 10100
interface nve1
  host-reachability protocol bgp
  source-interface loopback1
  member vni 777
    ingress-replication protocol bgp
  member vni 10100
    ingress-replication protocol bgp
interface Ethernet1/9
  description storage
";

const EOS: &str = "\
vlan 120,3000,3007
!
interface Ethernet9
   description storage
!
interface Vxlan1
   vxlan source-interface Loopback1
   vxlan vlan 3000 vni 777
   vxlan vlan 3007 vni 10100
!
router bgp 65000
   router-id 192.0.2.1
!
";

/// A dialect, how it is spoken, what a file shows, and what the VTEP is called.
fn files() -> [(&'static str, Face, &'static str, &'static str); 5] {
    [
        ("juniper_junos", Face::Netconf(NetconfSettings::default()), JUNOS, ""),
        ("openconfig", Face::Gnmi(GnmiSettings::default()), OPENCONFIG, "vtep1"),
        ("nokia_srl", Face::Gnmi(GnmiSettings::default()), SR_LINUX, "vtep1"),
        ("cisco_nxos", Face::Cli(CliSettings::default()), NX_OS, "nve1"),
        ("arista_eos", Face::Cli(CliSettings::default()), EOS, "Vxlan1"),
    ]
}

fn dialects() -> Vec<Arc<Dialect>> {
    mercury_adapter::builtin().unwrap()
}

fn leaf(dialect: &str, face: Face, serves_vnis: bool) -> Switch {
    let mut switch = Switch { face, ..Switch::new("leaf9", "192.0.2.9", dialect, "") };
    switch.rules.overlay = serves_vnis.then(|| OverlayRules::of("3000-3009".parse().unwrap(), None));
    switch
}

fn shown(switch: &Switch, text: &str, is_whole: bool) -> Recorded {
    let file = Shown { name: "taken".to_owned(), text: text.to_owned() };
    recorded(switch, &dialects(), &[file], is_whole).unwrap()
}

fn bound(running: &Running) -> Vec<String> {
    running.segments.iter().map(|(vlan, segment)| format!("{vlan}: {}", segment.vni)).collect()
}

/// What is answered to whoever asks about one VLAN and what binds it.
fn asked(recorded: Recorded, vlan: u16) -> Result<Running, String> {
    let vlans = VlanScope::Named([vlan.try_into().unwrap()].into());
    let scope = Scope { interfaces: InterfaceScope::Named([].into()), vlans, stp: false, overlays: true };
    let mut session = Offline::new(recorded).connect().now_or_never().unwrap().unwrap();
    let steps = [Step::Read(scope)];
    let flight = session.flight(&steps, Duration::from_secs(1)).now_or_never().unwrap();
    match flight.results.into_iter().next().unwrap() {
        Ok(Answer::Running(running)) => Ok(*running),
        Err(Refusal::Unknown(reason)) => Err(reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_tells_which_vlans_have_vnis_where_the_entry_serves_any() {
    for (dialect, face, text, vtep) in files() {
        let whole = shown(&leaf(dialect, face.clone(), true), text, true);
        assert_eq!(bound(&whole.running), ["3000: 777", "3007: 10100"], "{dialect}");
        let overlay = &whole.running.overlay;
        assert!(overlay.lacks.is_empty() && overlay.lacks_for_evpn.is_empty(), "{dialect}: {overlay:?}");
        assert!(vtep.is_empty() || overlay.vteps.contains(&vtep.parse().unwrap()), "{dialect}: {overlay:?}");
        assert_eq!(bound(&asked(whole.clone(), 3007).unwrap()), ["3007: 10100"], "{dialect}");
        assert!(asked(whole, 120).unwrap().segments.is_empty(), "{dialect}: what a whole file leaves out is not there");
        // What binds it is others' then, and keeps the VLAN from being taken away.
        let running = shown(&leaf(dialect, face, false), text, true).running;
        assert!(running.segments.is_empty() && running.overlay.lacks.is_empty(), "{dialect}");
        let vlan = VlanId::try_from(3007_u16).unwrap();
        let tunnels = running.interfaces.values().filter_map(|port| port.switched_vlan.as_ref());
        let is_kept = running.besides_vlans.contains_key(&vlan)
            || tunnels.into_iter().any(|vlans| vlans.named_vlans().contains(vlan));
        assert!(is_kept || dialect == "openconfig", "{dialect}: {:?}", running.besides_vlans);
    }
}

/// People keep what a command line shows of a switch that Mercury speaks to in another way.
#[test]
fn lines_are_read_of_a_switch_that_is_asked_for_data_too() {
    let lines =
        "vlan 110\n   name servers\n!\ninterface Ethernet1\n   description db-8\n   switchport access vlan 110\n!\n";
    let set = "set vlans servers vlan-id 110\nset interfaces xe-0/0/1 description db-7\n";
    for (dialect, face, text, port) in [
        ("arista_eos", Face::Gnmi(GnmiSettings::default()), lines, "Ethernet1"),
        ("arista_eos", Face::Netconf(NetconfSettings::default()), lines, "Ethernet1"),
        ("juniper_junos", Face::Netconf(NetconfSettings::default()), set, "xe-0/0/1"),
    ] {
        let told = shown(&leaf(dialect, face, false), text, true);
        let config = told.running.config;
        assert!(config.vlans.contains_key(&110u16.try_into().unwrap()), "{dialect}: {config:?}");
        let own = &config.interfaces[&port.parse::<InterfaceName>().unwrap()];
        assert!(own.description.as_ref().is_some_and(|text| text.as_str().starts_with("db-")), "{own:?}");
    }
    let openconfig = leaf("openconfig", Face::Gnmi(GnmiSettings::default()), false);
    let file = Shown { name: "taken".to_owned(), text: lines.to_owned() };
    let told = recorded(&openconfig, &dialects(), &[file], true).unwrap_err();
    assert!(told.contains("taken: it is neither XML nor JSON") && told.contains("openconfig"), "{told}");
}

#[test]
fn lines_that_are_cut_or_others_are_not_taken_for_a_switch() {
    let switch = leaf("arista_eos", Face::Gnmi(GnmiSettings::default()), false);
    let own = "interface Ethernet3\n   description 50% done\n   switchport access vlan 110\n!\n";
    let taken = |texts: &[&str]| {
        let named = |(number, text): (usize, &&str)| Shown { name: format!("f{number}"), text: (*text).to_owned() };
        let files: Vec<Shown> = texts.iter().enumerate().map(named).collect();
        recorded(&switch, &dialects(), &files, true).map(|_| ())
    };
    assert_eq!(
        taken(&[&format!("{own}interface Management1\n   description oob\n!\ninterface Vlan10\n!\nend\n")]),
        Ok(())
    );
    assert_eq!(taken(&[own, "interface Ethernet4\n   switchport\n"]), Ok(()));
    for (texts, expected) in [
        (vec![format!("{own}interface Ethernet4\n   switchport acc")], "f0: line 6: it ends within a word"),
        (vec![format!("{own} --More-- \u{8}\u{8}\ninterface Ethernet4\n")], "f0: line 5: it is a refusal or a pager"),
        (vec![format!("{own}% Invalid input\n")], "f0: line 5: it is a refusal or a pager"),
        (vec!["interface GigabitEthernet1/0/1\n description a\n!\n".to_owned()], "f0: it shows GigabitEthernet1/0/1"),
        (
            vec![format!("{own}interface GigabitEthernet1/0/1\n   description a\n!\n")],
            "f0: it shows GigabitEthernet1/0/1",
        ),
        (vec![own.to_owned(), own.replace("110", "120")], "f1: it shows Ethernet3, and so does f0"),
    ] {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let told = taken(&texts).unwrap_err();
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn that_a_part_shows_no_vni_does_not_say_that_there_is_none() {
    for (dialect, face, text, _) in files() {
        let part = shown(&leaf(dialect, face, true), text, false);
        let unknown = asked(part.clone(), 120).unwrap_err();
        match part.is_scattered {
            true => assert!(unknown.contains("all places"), "{dialect}: {unknown}"),
            false => {
                assert!(unknown.contains("taken does not hold a VNI of VLAN 120"), "{dialect}: {unknown}");
                assert_eq!(bound(&asked(part, 3007).unwrap()), ["3007: 10100"], "{dialect}");
            }
        }
    }
}

/// A candidate holds what changes, and not what a VNI needs beside.
#[test]
fn a_candidate_tells_which_vlan_it_binds() {
    let text = "vlan 3007\n  vn-segment 10100\n";
    let switch = leaf("cisco_nxos", Face::Cli(CliSettings::default()), true);
    let brought = candidate(&switch, &dialects(), Form::Lines, text).unwrap();
    assert_eq!(bound(&brought.recorded.running), ["3007: 10100"]);
}

/// A word that a server does not know would leave its `default-operation` at merge.
#[test]
fn an_edit_with_an_operation_that_is_none_is_not_sent() {
    let of = |word: &str| {
        let inside = "<config><interfaces xmlns=\"http://openconfig.net/yang/interfaces\"/></config>";
        edit(&format!("<edit-config><default-operation>{word}</default-operation>{inside}</edit-config>"))
    };
    assert!(of("merge").is_ok());
    let refused = of("frobnicate").err().unwrap();
    assert!(refused.contains("line 1: ") && refused.contains("frobnicate"), "{refused}");
}

/// A key that is an identity may be told with its module's name, or without.
#[test]
fn a_key_that_has_its_modules_name_contradicts_no_path_without() {
    let brings = |identifier: &str| {
        let value = format!(r#"{{\"identifier\": \"{identifier}\"}}"#);
        let key = r#"key { key: "identifier" value: "STATIC" }"#;
        format!(r#"update {{ path {{ elem {{ name: "protocol" {key} }} }} val {{ json_ietf_val: "{value}" }} }}"#)
    };
    for (identifier, contradicts) in [("openconfig-policy-types:STATIC", false), ("STATIC", false), ("BGP", true)] {
        let text = brings(identifier);
        let found = contradicted(&text, &set_request(&text).unwrap());
        assert_eq!(!found.is_empty(), contradicts, "{identifier}: {found:?}");
    }
}
