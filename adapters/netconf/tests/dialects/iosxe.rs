//! What only IOS-XE has: trunks in two forms, by release.

use std::sync::Arc;

use mercury_adapter::Dialect;
use mercury_model::{Intended, Plan, SwitchedVlan, TrunkVlans};
use mercury_netconf::{
    conformance,
    xml::{Element, Limits},
};

use crate::{case, device::Device, dialect, render};

const IOS: &str = "http://cisco.com/ns/yang/Cisco-IOS-XE-native";
const SW: &str = "http://cisco.com/ns/yang/Cisco-IOS-XE-switch";

/// A switch with one port, whose entry holds this beside its name.
pub(crate) fn port(content: &str) -> Device {
    let data = format!(
        "<native xmlns='{IOS}'><interface><TwentyFiveGigE><name>1/0/1</name>{content}</TwentyFiveGigE></interface>\
         </native>"
    );
    Device::with(&[Element::parse(data.as_bytes(), Limits::default()).unwrap()])
}

fn trunk(allowed: &str) -> Device {
    port(&format!(
        "<switchport-config><switchport><mode xmlns='{SW}'><trunk/></mode><trunk xmlns='{SW}'><allowed>{allowed}\
         </allowed></trunk></switchport></switchport-config>"
    ))
}

fn vlans(device: &Device) -> SwitchedVlan {
    let running = conformance::decode(&dialect("cisco_iosxe"), &device.data, &case::everything()).unwrap();
    running.interfaces.values().next().unwrap().switched_vlan.clone().unwrap()
}

/// The most dangerous sentence: whatever is not understood is no trunk of all.
#[test]
fn a_trunk_is_one_of_all_vlans_only_where_the_switch_says_so() {
    let only = |set: &str| Some(TrunkVlans::only(set.parse().unwrap()));
    for (allowed, meant) in [
        ("", Some(TrunkVlans::All)),
        ("<vlan/><vlan-v2><vlan-choices/><add-vlans/></vlan-v2>", Some(TrunkVlans::All)),
        // 17.13 and later.
        ("<vlan-v2><vlan-choices><all>true</all></vlan-choices></vlan-v2>", Some(TrunkVlans::All)),
        ("<vlan-v2><vlan-choices><all>false</all></vlan-choices></vlan-v2>", None),
        ("<vlan-v2><vlan-choices><none/></vlan-choices></vlan-v2>", Some(TrunkVlans::None)),
        ("<vlan-v2><vlan-choices><vlans>10,20-22</vlans></vlan-choices></vlan-v2>", only("10,20-22")),
        (
            "<vlan-v2><vlan-choices><vlans>10</vlans></vlan-choices><add-vlans><add><vlans>30,40</vlans></add>\
             <add><vlans>50</vlans></add></add-vlans></vlan-v2>",
            only("10,30,40,50"),
        ),
        (
            "<vlan-v2><vlan-choices><none/></vlan-choices><add-vlans><add><vlans>30</vlans></add></add-vlans></vlan-v2>",
            only("30"),
        ),
        ("<vlan-v2><except>10-20</except></vlan-v2>", only("1-9,21-4094")),
        ("<vlan-v2><add-vlans><add><vlans>30</vlans></add></add-vlans></vlan-v2>", None),
        ("<vlan-v2><vlan-choices><vlans>10,20</vlans></vlan-choices><except>10</except></vlan-v2>", None),
        ("<vlan-v2><vlan-choices><vlans>10,20</vlans></vlan-choices><remove>20</remove></vlan-v2>", None),
        ("<vlan-v2><remove>20</remove></vlan-v2>", None),
        ("<vlan-v2><vlan-choices><vlans>nonsense</vlans></vlan-choices></vlan-v2>", None),
        ("<vlan-v3><vlans>10</vlans></vlan-v3>", None),
        ("<vlan-v2><vlan-choices><other>10</other></vlan-choices></vlan-v2>", None),
        // Before.
        ("<vlan><vlans>10,20-22</vlans></vlan>", only("10,20-22")),
        ("<vlan><none/></vlan>", Some(TrunkVlans::None)),
        ("<vlan><vlans>none</vlans></vlan>", Some(TrunkVlans::None)),
        ("<vlan><except>10-20</except></vlan>", only("1-9,21-4094")),
        // The first of the two lines that IOS printed is lost (YangModels/yang#1461).
        ("<vlan><add>30</add></vlan>", None),
        ("<vlan><remove>30</remove></vlan>", None),
        // Both, as a release between may show it.
        ("<vlan><vlans>10</vlans></vlan><vlan-v2><vlan-choices><vlans>10</vlans></vlan-choices></vlan-v2>", only("10")),
        ("<vlan><vlans>10</vlans></vlan><vlan-v2><vlan-choices><vlans>11</vlans></vlan-choices></vlan-v2>", None),
        ("<vlan><vlans>10</vlans></vlan><vlan-v2><vlan-choices><all>true</all></vlan-choices></vlan-v2>", None),
    ] {
        let found = vlans(&trunk(allowed));
        match meant {
            Some(vlans) => assert_eq!(found, SwitchedVlan::Trunk { native: None, vlans }, "{allowed}"),
            None => assert!(found.foreign().is_some(), "{allowed} is read as {found}"),
        }
    }
}

/// Between releases a leaf has moved, and the earlier form is not what a newer
/// switch would be written in.
#[test]
fn a_trunk_is_written_in_the_form_of_the_release_and_another_form_is_taken_away() {
    let older = "<vlan><vlans>10,20</vlans></vlan>";
    let newer = "<vlan-v2><vlan-choices><vlans>10,20</vlans></vlan-choices></vlan-v2>";
    for (variant, sent) in [(0, "<vlan-v2><vlan-choices><vlans>30</vlans>"), (usize::MAX, "<vlan><vlans>30</vlans>")] {
        let iosxe = dialect("cisco_iosxe");
        let netconf = iosxe.netconf.as_ref().unwrap();
        let iosxe =
            Dialect { netconf: Some(netconf.of(Some(variant.min(netconf.variants.len())))), ..Dialect::clone(&iosxe) };
        let iosxe = Arc::new(iosxe);
        for held in [older, newer] {
            let mut device = trunk(held);
            let before = device.data.to_xml().unwrap();
            let read = |device: &Device| conformance::decode(&iosxe, &device.data, &case::everything()).unwrap();
            let running = read(&device);
            let mut intended = running.config.clone();
            let vlans = TrunkVlans::only("30".parse().unwrap());
            intended.interfaces.values_mut().next().unwrap().switched_vlan =
                Some(SwitchedVlan::Trunk { native: None, vlans });
            let edit = render(&iosxe, &Plan::between(&running, &Intended(intended.clone()))).unwrap();
            device.apply(&edit.content()).unwrap();
            let text = device.data.to_xml().unwrap();
            assert!(text.contains(sent) && !text.contains("10,20"), "{text}");
            assert!(Intended(intended).is_met_by(&read(&device)));
            let back = Plan::between(&read(&device), &Intended(running.config.clone())).written_as(&running);
            device.apply(&render(&iosxe, &back).unwrap().content()).unwrap();
            assert_eq!(values(&device.data.to_xml().unwrap()), values(&before));
        }
    }
}

/// What is in a text's leaves: containers without any are as good as none.
fn values(text: &str) -> Vec<&str> {
    let mut values: Vec<&str> = text.split('<').filter(|part| !part.ends_with('>')).collect();
    values.sort_unstable();
    values
}

/// It may be that it means something else where it comes from.
#[test]
fn where_the_release_is_unknown_the_other_form_is_not_understood() {
    let iosxe = dialect("cisco_iosxe");
    let netconf = iosxe.netconf.as_ref().unwrap().of(None);
    let unknown = Dialect { netconf: Some(netconf), ..Dialect::clone(&iosxe) };
    let device = trunk("<vlan><vlans>10,20</vlans></vlan>");
    let running = conformance::decode(&unknown, &device.data, &case::everything()).unwrap();
    let found = running.interfaces.values().next().unwrap();
    assert!(found.switched_vlan.as_ref().unwrap().foreign().is_some(), "{found:?}");
}
