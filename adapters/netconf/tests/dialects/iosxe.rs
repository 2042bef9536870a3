//! What only IOS-XE has: trunks in two forms, by release;
//! aggregates that are what their members say; ports that route.

use std::sync::Arc;

use mercury_adapter::Dialect;
use mercury_model::{
    Intended, InterfaceName, Lacp, LacpInterval, LacpMode, LagType, Leaf, Plan, Running, SwitchedVlan, TrunkVlans,
    Value,
};
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

/// Two members of Port-channel5 and what they say, each of their own.
fn bundle(first: &str, second: &str) -> Device {
    let member = |number: u8, said: &str| {
        format!(
            "<TwentyFiveGigE><name>1/0/{number}</name>{}</TwentyFiveGigE>",
            said.replace('@', &format!(" xmlns='{ETH}'"))
        )
    };
    let data = format!(
        "<native xmlns='{IOS}'><interface><Port-channel><name>5</name></Port-channel>{}{}\
         <TwentyFiveGigE><name>1/0/3</name></TwentyFiveGigE></interface></native>",
        member(1, first),
        member(2, second)
    );
    Device::with(&[Element::parse(data.as_bytes(), Limits::default()).unwrap()])
}

const ETH: &str = "http://cisco.com/ns/yang/Cisco-IOS-XE-ethernet";

fn group(mode: &str) -> String {
    format!("<channel-group@><number>5</number><mode>{mode}</mode></channel-group>")
}

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

fn all(device: &Device) -> Running {
    conformance::decode(&dialect("cisco_iosxe"), &device.data, &case::everything()).unwrap()
}

#[test]
fn what_an_aggregate_is_its_members_say() {
    let fast = "<lacp@><rate>fast</rate></lacp>";
    let known = |lag_type, lacp| (Some(lag_type), lacp, Vec::new());
    let lacp = |lacp_mode, interval| Some(Lacp { lacp_mode, interval });
    for (first, second, (lag_type, lacp, foreign)) in [
        (group("active"), group("active"), known(LagType::Lacp, lacp(LacpMode::Active, LacpInterval::Slow))),
        (
            group("active") + fast,
            group("active") + fast,
            known(LagType::Lacp, lacp(LacpMode::Active, LacpInterval::Fast)),
        ),
        (group("passive"), group("passive"), known(LagType::Lacp, lacp(LacpMode::Passive, LacpInterval::Slow))),
        (group("on"), group("on"), known(LagType::Static, None)),
        (group("desirable"), group("auto"), (None, None, vec![Leaf::LagType])),
        (group("on"), group("active"), (None, None, vec![Leaf::LagType])),
        (String::new(), String::new(), (None, None, Vec::new())),
    ] {
        let running = all(&bundle(&first, &second));
        let aggregate = &running.interfaces[&name("Port-channel5")];
        assert!(aggregate.is_aggregate());
        let found = aggregate.aggregation.and_then(|aggregation| aggregation.lag_type);
        assert_eq!((found, aggregate.lacp), (lag_type, lacp), "{first}");
        assert_eq!(aggregate.foreign.iter().map(|(leaf, _)| leaf).collect::<Vec<_>>(), foreign, "{first}");
        let member = running.interfaces[&name("TwentyFiveGigE1/0/1")].aggregate_id.clone();
        assert_eq!(member, (!first.is_empty()).then(|| name("Port-channel5")));
    }
    let mixed = all(&bundle(&group("active"), &group("passive")));
    let aggregate = &mixed.interfaces[&name("Port-channel5")];
    assert_eq!(aggregate.foreign.get(Leaf::LacpMode).unwrap().values(), ["active", "passive"]);
}

/// Every member says it, or the two ends of a link would differ.
#[test]
fn another_type_of_an_aggregate_is_said_by_every_member() {
    let dialect = dialect("cisco_iosxe");
    let mut device = bundle(&group("active"), &group("active"));
    let before = device.data.to_xml().unwrap();
    let running = all(&device);
    let mut intended = running.config.clone();
    let aggregate = intended.interfaces.get_mut(&name("Port-channel5")).unwrap();
    Leaf::LagType.set(aggregate, Some(Value::Word("STATIC")));
    aggregate.lacp = None;
    let edit = render(&dialect, &Plan::between(&running, &Intended(intended.clone()))).unwrap();
    device.apply(&edit.content()).unwrap();
    let text = device.data.to_xml().unwrap();
    assert_eq!((text.matches("<mode>on</mode>").count(), text.matches("active").count()), (2, 0), "{text}");
    assert!(Intended(intended).is_met_by(&all(&device)));
    let back = Plan::between(&all(&device), &Intended(running.config.clone()));
    device.apply(&render(&dialect, &back).unwrap().content()).unwrap();
    assert_eq!(values(&device.data.to_xml().unwrap()), values(&before));

    // What members differ in could not be put back.
    let running = all(&bundle(&group("active"), &group("passive")));
    let mut intended = running.config.clone();
    let aggregate = intended.interfaces.get_mut(&name("Port-channel5")).unwrap();
    Leaf::LacpMode.set(aggregate, Some(Value::Word("ACTIVE")));
    let refusal = render(&dialect, &Plan::between(&running, &Intended(intended))).unwrap_err();
    assert!(refusal.to_string().contains("different things"), "{refusal}");
}

#[test]
fn who_joins_an_aggregate_speaks_as_its_members_do() {
    let dialect = dialect("cisco_iosxe");
    for (first, second, said) in [
        ("passive", "passive", Some("<mode>passive</mode>")),
        ("on", "on", Some("<mode>on</mode>")),
        ("active", "passive", Some("<mode>active</mode>")),
        ("auto", "desirable", None),
    ] {
        let mut device = bundle(&group(first), &group(second));
        let running = all(&device);
        let mut intended = running.config.clone();
        let port = intended.interfaces.get_mut(&name("TwentyFiveGigE1/0/3")).unwrap();
        port.aggregate_id = Some(name("Port-channel5"));
        let edit = render(&dialect, &Plan::between(&running, &Intended(intended.clone())));
        let Some(said) = said else {
            assert!(edit.unwrap_err().to_string().contains("Port-channel5"), "{first}");
            continue;
        };
        let edit = edit.unwrap();
        assert!(edit.to_string().contains(said), "{edit}");
        device.apply(&edit.content()).unwrap();
        assert!(Intended(intended).is_met_by(&all(&device)), "{edit}");
    }
}

/// There it carries no VLANs, whatever stands there of them.
#[test]
fn a_routed_port_is_not_made_a_switched_one() {
    let iosxe = dialect("cisco_iosxe");
    for routed in [
        "<switchport-conf><switchport>false</switchport></switchport-conf>",
        "<ip><address><primary><address>192.0.2.1</address><mask>255.255.255.0</mask></primary></address></ip>",
        "<ipv6><address><prefix-list><prefix>2001:db8::1/64</prefix></prefix-list></address></ipv6>",
        "<vrf><forwarding>blue</forwarding></vrf>",
    ] {
        let running = all(&port(routed));
        let mut intended = running.config.clone();
        let port = intended.interfaces.values_mut().next().unwrap();
        assert!(
            port.switched_vlan.as_ref().is_some_and(|vlans| !vlans.foreign().unwrap().others.is_empty()),
            "{routed}"
        );
        port.switched_vlan = Some(SwitchedVlan::access(10u16.try_into().unwrap()));
        let refusal = render(&iosxe, &Plan::between(&running, &Intended(intended))).unwrap_err();
        assert!(refusal.to_string().contains("TwentyFiveGigE1/0/1"), "{refusal}");
    }
    let switched = "<switchport-conf><switchport>true</switchport></switchport-conf><ip><dhcp/></ip>";
    assert_eq!(all(&port(switched)).interfaces.values().next().unwrap().switched_vlan, None);
}

/// People say portfast in more ways than the model has words for; each is there
/// again afterwards. One of them is a container that another's leaf is in.
#[test]
fn portfast_in_every_spelling_is_replaced_and_put_back() {
    const STP: &str = "http://cisco.com/ns/yang/Cisco-IOS-XE-spanning-tree";
    let iosxe = dialect("cisco_iosxe");
    let netconf = iosxe.netconf.as_ref().unwrap();
    let newest = ["", "<portfast-v2><access/></portfast-v2>", "<portfast-v2><edge><trunk/></edge></portfast-v2>"];
    let before = ["", "<portfast/>", "<portfast><edge/></portfast>", "<portfast><disable/></portfast>"];
    for (variant, spellings) in [(0, &newest[..]), (1, &before[..])] {
        let iosxe = Arc::new(Dialect { netconf: Some(netconf.of(Some(variant))), ..Dialect::clone(&iosxe) });
        let read = |device: &Device| conformance::decode(&iosxe, &device.data, &case::everything()).unwrap();
        for spelling in spellings {
            let mut device = port(&format!("<spanning-tree xmlns='{STP}'><cost>5</cost>{spelling}</spanning-tree>"));
            let whole = device.data.to_xml().unwrap();
            let running = read(&device);
            let mut intended = running.config.clone();
            let found = intended.interfaces.values_mut().next().unwrap();
            Leaf::EdgePort.set(found, Some(Value::Word("EDGE_ENABLE")));
            Leaf::BpduGuard.set(found, Some(Value::Boolean(true)));
            let edit = render(&iosxe, &Plan::between(&running, &Intended(intended.clone()))).unwrap();
            device.apply(&edit.content()).unwrap();
            let text = device.data.to_xml().unwrap();
            assert!(text.contains("<trunk/>") && text.contains("<enable/>"), "{text}");
            assert!(Intended(intended).is_met_by(&read(&device)), "{text}");
            let back = Plan::between(&read(&device), &Intended(running.config.clone()));
            device.apply(&render(&iosxe, &back).unwrap().content()).unwrap();
            assert_eq!(read(&device).config, running.config, "{spelling}");
            let leaves = |text: &str| {
                ["<cost>", "<access/>", "<trunk/>", "<disable/>", "<edge/>", "<enable/>", "<portfast"]
                    .map(|leaf| text.contains(leaf))
            };
            let (now, then) = (device.data.to_xml().unwrap(), whole);
            let is_v2 = variant == 0;
            let shown = |text: &str| leaves(&if is_v2 { text.replace("<portfast-v2", "") } else { text.to_owned() });
            assert_eq!(shown(&now), shown(&then), "{now}\n{then}");
        }
    }
}
