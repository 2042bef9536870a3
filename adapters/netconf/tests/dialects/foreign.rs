//! What others configured and the model has no word for: it is read, left
//! alone, replaced where a request is about it, and put back as it was.

use mercury_model::{Intended, Interface, Leaf, Plan, Running, Scope, SwitchedVlan, Value};
use mercury_netconf::{
    conformance,
    xml::{Element, Limits},
};

use crate::{case, device::Device, dialect, filter::select, render};

const OC: &str = "http://openconfig.net/yang/interfaces";
const ETHERNET: &str = "http://openconfig.net/yang/interfaces/ethernet";
const VLAN: &str = "http://openconfig.net/yang/vlan";

fn openconfig(config: &str, switched: &str) -> String {
    format!(
        "<interfaces xmlns='{OC}'><interface><name>Ethernet1</name><config><name>Ethernet1</name>{config}</config>\
         <ethernet xmlns='{ETHERNET}'><switched-vlan xmlns='{VLAN}'><config>{switched}</config></switched-vlan>\
         </ethernet></interface></interfaces>"
    )
}

fn iosxe(switchport: &str) -> String {
    format!(
        "<native xmlns='http://cisco.com/ns/yang/Cisco-IOS-XE-native'><interface><Ethernet><name>1</name>\
         <switchport-config><switchport>{}</switchport></switchport-config></Ethernet></interface></native>",
        switchport.replace("<sw:", "<").replace('@', " xmlns='http://cisco.com/ns/yang/Cisco-IOS-XE-switch'")
    )
}

fn junos(unit: &str, beside: &str) -> String {
    format!(
        "<configuration xmlns='http://xml.juniper.net/xnm/1.1/xnm'><interfaces><interface><name>Ethernet1</name>\
         <unit><name>0</name><family><ethernet-switching>{unit}</ethernet-switching></family></unit></interface>\
         </interfaces>{beside}</configuration>"
    )
}

fn device(data: &str) -> Device {
    Device::with(&[Element::parse(data.as_bytes(), Limits::default()).unwrap()])
}

fn read(name: &str, device: &Device) -> Running {
    let running = conformance::decode(&dialect(name), &device.data, &case::everything()).unwrap();
    let text = device.data.to_xml().unwrap();
    assert_eq!(conformance::decode_text(&dialect(name), &text, &case::everything()).unwrap(), running, "{text}");
    running
}

/// Makes the port what `change` makes of it, and gives what was there before.
fn make(name: &str, device: &mut Device, change: impl FnOnce(&mut Interface)) -> Running {
    let running = read(name, device);
    let mut intended = running.config.clone();
    change(intended.interfaces.values_mut().next().unwrap());
    let edit = render(&dialect(name), &Plan::between(&running, &Intended(intended.clone()))).unwrap();
    device.apply(&edit.content()).unwrap_or_else(|problem| panic!("{name}: {problem}\n{edit}"));
    assert!(Intended(intended).is_met_by(&read(name, device)), "{name}\n{edit}");
    running
}

fn undo(name: &str, device: &mut Device, before: &Running) {
    let plan = Plan::between(&read(name, device), &Intended(before.config.clone())).written_as(before);
    let edit = render(&dialect(name), &plan).unwrap();
    device.apply(&edit.content()).unwrap();
}

/// Order among siblings is not a server's to keep (RFC 7950 section 7.7.7 for
/// lists ordered by the system), so lines are compared sorted; without containers
/// that nothing is left in.
fn lines(device: &Device) -> Vec<String> {
    let text = device.data.to_pretty().unwrap();
    let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    let is_container = |line: &str| line.starts_with("</") || !(line.contains("</") || line.ends_with("/>"));
    lines.retain(|line| !is_container(line) && line != "<vlan/>");
    lines.sort();
    lines
}

/// A description is changed, then VLANs are, then both are undone. What the
/// port's own leaves do not hold is there throughout.
fn survives(name: &str, data: &str, kept: &[&str], foreign: bool) {
    let mut device = device(data);
    let before = lines(&device);
    let shown = read(name, &device).interfaces.values().next().unwrap().clone();
    let is_foreign = |port: &Interface| {
        let vlans = port.switched_vlan.as_ref().and_then(SwitchedVlan::foreign);
        vlans.is_some() || !port.foreign.is_empty()
    };
    assert_eq!(is_foreign(&shown), foreign, "{name}: {shown:?}");
    let described = make(name, &mut device, |port| port.description = "other".parse().ok());
    let now = read(name, &device).interfaces.values().next().unwrap().clone();
    assert_eq!(Interface { description: None, ..now }, Interface { description: None, ..shown.clone() }, "{name}");
    undo(name, &mut device, &described);
    assert_eq!(lines(&device), before, "{name}");
    let attached = make(name, &mut device, |port| {
        port.switched_vlan = Some(SwitchedVlan::access(40u16.try_into().unwrap()));
    });
    let text = device.data.to_xml().unwrap();
    for kept in kept {
        assert!(text.contains(kept), "{name}: {kept} went\n{text}");
    }
    undo(name, &mut device, &attached);
    assert_eq!(lines(&device), before, "{name}");
}

#[test]
fn what_the_model_has_no_word_for_is_kept_replaced_and_put_back() {
    let long = "x".repeat(300);
    let described = format!("<description>{long}</description><mtu>9000</mtu>");
    survives("openconfig", &openconfig(&described, ""), &[&long], false);
    let tunnel = "<interface-mode>DOT1Q-TUNNEL</interface-mode><access-vlan>7</access-vlan>";
    survives("arista_eos", &openconfig("<mtu>65536</mtu>", tunnel), &["<mtu>65536</mtu>"], true);
    let groups = "<interface-mode>TRUNK</interface-mode><trunk-groups xmlns='http://arista.com/yang/openconfig/\
                  interfaces/augments'>mlag</trunk-groups><trunk-vlans>10-12</trunk-vlans>";
    survives("arista_eos", &openconfig("", groups), &["mlag</trunk-groups>"], false);
    let dynamic = "<sw:mode@><access/></mode><sw:access@><vlan><vlan>dynamic</vlan></vlan></access>";
    survives("cisco_iosxe", &iosxe(dynamic), &[], true);
    let native = "<sw:mode@><trunk/></mode><sw:trunk@><native><vlan><tag>false</tag><vlan-id>5</vlan-id></vlan>\
                  </native><allowed><vlan><vlans>5,6</vlans></vlan></allowed></trunk>";
    survives("cisco_iosxe", &iosxe(native), &["<tag>false</tag>"], false);
    let tunnel = "<sw:mode@><dot1q-tunnel/></mode><sw:access@><vlan><vlan>7</vlan></vlan></access>";
    survives("cisco_iosxe", &iosxe(tunnel), &[], true);
    let named = "<vlans><vlan><name>TENANT-A</name><vlan-id>10</vlan-id></vlan></vlans>";
    let member = "<interface-mode>trunk</interface-mode><vlan><members>TENANT-A</members><members>20-22</members></vlan>\
                  <storm-control><profile-name>kept</profile-name></storm-control>";
    survives("juniper_junos", &junos(member, named), &["kept", "TENANT-A"], false);
    survives("juniper_junos", &junos(member, ""), &["kept"], true);
}

#[test]
fn junos_names_its_vlans_and_may_have_ones_without_a_number() {
    let vlans = "<vlans><vlan><name>TENANT-A</name><vlan-id>10</vlan-id></vlan><vlan><name>x</name>\
                 <vlan-id>none</vlan-id></vlan></vlans>";
    let port = "<interface-mode>access</interface-mode><vlan><members>TENANT-A</members></vlan>";
    let running = read("juniper_junos", &device(&junos(port, vlans)));
    let found = running.interfaces.values().next().unwrap();
    assert_eq!(found.switched_vlan, Some(SwitchedVlan::access(10u16.try_into().unwrap())));
    assert_eq!(running.vlans.len(), 1);
}

/// What a session asks for in a request about one port is enough to know what its
/// VLANs' names stand for, and who else has a say in them.
#[test]
fn a_read_of_one_port_has_the_names_and_ranges_that_it_depends_on() {
    let range = "<interface-range><name>desks</name><member><name>ge-1/0/[0-5]</name></member><unit><name>0</name>\
                 <family><ethernet-switching/></family></unit></interface-range></interfaces>";
    let vlans = "<vlans><vlan><name>TENANT-A</name><vlan-id>10</vlan-id></vlan></vlans>";
    let port = "<interface-mode>access</interface-mode><vlan><members>TENANT-A</members></vlan>";
    let device = device(&junos(port, vlans).replace("</interfaces>", range));
    let seen = |name: &str| {
        let mut scope = Scope::default();
        scope.add_interface(name.parse().unwrap());
        let data = select(&device.data, &conformance::filter(&dialect("juniper_junos"), &scope));
        let running = conformance::decode(&dialect("juniper_junos"), &data, &scope).unwrap();
        assert!(running.vlans.is_empty(), "{running:?}");
        running.interface(&name.parse().unwrap()).switched_vlan
    };
    assert_eq!(seen("Ethernet1"), Some(SwitchedVlan::access(10u16.try_into().unwrap())));
    assert_eq!(seen("ge-1/0/5").unwrap().foreign().unwrap().others, ["the interface-range desks"]);
    assert_eq!(seen("ge-1/0/6"), None);
}

/// The most dangerous sentence: nothing that is not understood is a trunk of all.
#[test]
fn what_is_deactivated_is_not_in_force_and_is_left_to_whoever_did_it() {
    // The second is what a device that is set yang-compliant says.
    for mark in ["inactive='inactive'", "xmlns:jcmd='http://yang.juniper.net/junos/jcmd' jcmd:active='false'"] {
        let port = format!("<interface-mode {mark}>trunk</interface-mode><vlan><members>20</members></vlan>");
        let running = read("juniper_junos", &device(&junos(&port, "")));
        let found = running.interfaces.values().next().unwrap();
        let vlans = found.switched_vlan.as_ref().unwrap().foreign().unwrap();
        assert!(vlans.others[0].contains("deactivated"), "{found:?}");
        let mut intended = running.config.clone();
        intended.interfaces.values_mut().next().unwrap().switched_vlan = None;
        let refusal = render(&dialect("juniper_junos"), &Plan::between(&running, &Intended(intended))).unwrap_err();
        assert!(refusal.reason.contains("deactivated"), "{refusal}");
    }
    let disabled = junos("", "").replace("<unit>", "<disable inactive='inactive'/><unit>");
    let running = read("juniper_junos", &device(&disabled));
    assert_eq!(Leaf::Enabled.get(running.interfaces.values().next().unwrap()), Some(Value::Boolean(true)));
}

/// RFC 6243 section 6: what is tagged as the default was not configured.
#[test]
fn a_tagged_default_is_absent() {
    let tagged = openconfig(
        "<mtu xmlns:wd='urn:ietf:params:xml:ns:netconf:default:1.0' wd:default='true'>1500</mtu>\
         <description>kept</description>",
        "",
    );
    let running = read("openconfig", &device(&tagged));
    let port = running.interfaces.values().next().unwrap();
    assert_eq!((port.mtu, port.description.as_ref().unwrap().as_str()), (None, "kept"));
}
