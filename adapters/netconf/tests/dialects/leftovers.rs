//! Switches keep leaves that mean nothing in the present mode and come to life
//! in the next: a `switched-vlan` that is set or cleared takes them along.

use std::collections::BTreeMap;

use mercury_model::{DeviceConfig, Intended, Interface, Plan, SwitchedVlan, TrunkVlans};
use mercury_netconf::{
    conformance,
    xml::{Element, Limits},
};

use crate::{case, device::Device, dialect, render, round_trip::read};

const JUNOS: &str = r#"
<configuration xmlns="http://xml.juniper.net/xnm/1.1/xnm">
  <interfaces>
    <interface>
      <name>xe-0/0/1</name>
      <native-vlan-id>10</native-vlan-id>
      <unit>
        <name>0</name>
        <family>
          <ethernet-switching>
            <interface-mode>access</interface-mode>
            <vlan><members>40</members></vlan>
            <storm-control><profile-name>kept</profile-name></storm-control>
          </ethernet-switching>
        </family>
      </unit>
    </interface>
  </interfaces>
</configuration>"#;

const IOSXE: &str = r#"
<native xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-native">
  <interface>
    <TwentyFiveGigE>
      <name>1/0/1</name>
      <switchport-config>
        <switchport>
          <mode xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-switch"><access/></mode>
          <access xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-switch"><vlan><vlan>40</vlan></vlan></access>
          <trunk xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-switch">
            <native><vlan><vlan-id>10</vlan-id></vlan></native>
            <allowed><vlan><vlans>10,20-30</vlans></vlan></allowed>
          </trunk>
          <profile-name xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-switch">kept</profile-name>
        </switchport>
      </switchport-config>
    </TwentyFiveGigE>
  </interface>
</native>"#;

/// Without the blanks of the text above.
fn parse(text: &str) -> Element {
    let compact: String = text.lines().map(str::trim).collect();
    Element::parse(compact.as_bytes(), Limits::default()).unwrap()
}

fn port(name: &str, vlans: Option<SwitchedVlan>) -> DeviceConfig {
    let mut interface = Interface::new(name.parse().unwrap());
    interface.switched_vlan = vlans;
    DeviceConfig { interfaces: BTreeMap::from([(interface.name.clone(), interface)]), ..DeviceConfig::default() }
}

fn trunk(native: Option<u16>) -> SwitchedVlan {
    let vlans = TrunkVlans::only("10,20-30".parse().unwrap());
    SwitchedVlan::Trunk { native: native.map(|vlan| vlan.try_into().unwrap()), vlans }
}

#[test]
fn what_an_access_port_keeps_of_a_trunk_goes_with_the_next_change() {
    for (name, own, data) in [("juniper_junos", "xe-0/0/1", JUNOS), ("cisco_iosxe", "TwentyFiveGigE1/0/1", IOSXE)] {
        let dialect = dialect(name);
        for next in [None, Some(trunk(None)), Some(trunk(Some(20)))] {
            let mut switch = Device::with(&[parse(data)]);
            let running = conformance::decode(&dialect, &switch.data, &case::everything()).unwrap();
            assert_eq!(running.config, port(own, Some(SwitchedVlan::access(40u16.try_into().unwrap()))), "{name}");
            let intended = port(own, next);
            let edit = render(&dialect, &Plan::between(&running, &Intended(intended.clone()))).unwrap();
            switch.apply(&edit.content()).unwrap();
            assert_eq!(read(&dialect, &switch), intended, "{name}\n{edit}");
            assert!(switch.data.to_xml().unwrap().contains(">kept<"), "{name}: what is not Mercury's went too\n{edit}");
        }
    }
}
