//! Render, apply, read back: what arrives is what was intended.

use std::sync::Arc;

use mercury_adapter::{Dialect, OverlayTree};
use mercury_model::{DeviceConfig, Intended, Interface, Scope, Vlan, VlanId, VlanStatus};
use mercury_netconf::{
    conformance,
    xml::{Element, Limits},
};

use crate::{
    case::{self, plan},
    device::Device,
    dialect, every_form, names, render,
};

/// A switch of this dialect that has `config`, made from one whose ports are
/// there and bare.
pub(crate) fn device(dialect: &Arc<Dialect>, config: &DeviceConfig) -> Device {
    let mut bare = config.clone();
    bare.interfaces.retain(|_, interface| interface.kind.is_none());
    let ports: Vec<_> = bare.interfaces.keys().cloned().collect();
    let mut device = Device::with(&conformance::entries(dialect, &ports));
    if dialect.overlay("netconf").is_some_and(OverlayTree::names_vtep) {
        device.apply(&[of_others("vtep1")]).unwrap();
    }
    let start = read(dialect, &device);
    let edit = render(dialect, &plan(&start, config)).unwrap();
    device.apply(&edit.content()).unwrap();
    assert_eq!(read(dialect, &device), *config, "{edit}");
    device
}

/// A VTEP, which Mercury never makes.
fn of_others(vtep: &str) -> Element {
    let text = format!(
        "<network-instances xmlns='http://openconfig.net/yang/network-instance'><network-instance><name>default</name>\
         <config><name>default</name><type xmlns:t='http://openconfig.net/yang/network-instance-types'>\
         t:DEFAULT_INSTANCE</type></config><connection-points><connection-point>\
         <connection-point-id>{vtep}</connection-point-id><config><connection-point-id>{vtep}</connection-point-id>\
         </config><endpoints><endpoint><endpoint-id>{vtep}</endpoint-id><config><endpoint-id>{vtep}</endpoint-id>\
         </config><vxlan><config><source-interface>Loopback1</source-interface></config></vxlan></endpoint></endpoints>\
         </connection-point></connection-points></network-instance></network-instances>"
    );
    Element::parse(text.as_bytes(), Limits::default()).unwrap()
}

pub(crate) fn read(dialect: &Dialect, device: &Device) -> DeviceConfig {
    conformance::decode(dialect, &device.data, &case::everything()).unwrap().config
}

/// What of a configuration this dialect can read: leaves it deviates from are
/// never there.
pub(crate) fn visible(dialect: &Dialect, config: &DeviceConfig) -> DeviceConfig {
    let tree = &dialect.netconf.as_ref().unwrap().tree;
    let is_told = |name: &str| tree.aggregate_names.as_ref().is_some_and(|prefix| name.starts_with(prefix.as_str()));
    let has_type = |interface: &Interface| tree.kind.is_some() || is_told(interface.name.as_str());
    let mut config = case::visible(dialect, "netconf", config);
    config.interfaces.values_mut().filter(|one| !has_type(one)).for_each(|interface| interface.kind = None);
    config
}

#[test]
fn every_case_that_renders_arrives_as_intended() {
    let mut arrived = 0;
    for case in case::all() {
        for dialect in every_form() {
            let Some(case) = case.of(&dialect.name) else { continue };
            if render(&dialect, &case::plan(&case.running, &case.intended)).is_err() {
                continue;
            }
            let what = format!("{} {}", dialect.name, case.name);
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            let edit = render(&dialect, &plan(&running, &intended)).unwrap();
            let mut switch = device(&dialect, &running);
            let seen = render(&dialect, &plan(&read(&dialect, &switch), &intended)).unwrap();
            assert_eq!(seen.content(), edit.content(), "{what}: what was read leads to another edit");
            switch.apply(&edit.content()).unwrap_or_else(|problem| panic!("{what}: {problem}\n{edit}"));
            assert_eq!(read(&dialect, &switch), intended, "{what}\n{edit}");
            assert!(plan(&read(&dialect, &switch), &intended).is_empty(), "{what}");
            // Sent once more, it changes nothing or is refused: a retry is safe.
            if let Err(problem) = switch.apply(&edit.content()) {
                assert!(problem.starts_with("data-exists") && dialect.name == "juniper_junos", "{what}: {problem}");
            }
            assert_eq!(read(&dialect, &switch), intended, "{what}, sent twice");
            arrived += 1;
        }
    }
    assert!(arrived >= 60, "only {arrived} round trips");
}

#[test]
fn every_case_that_renders_can_be_undone() {
    for case in case::all() {
        for dialect in every_form() {
            let Some(case) = case.of(&dialect.name) else { continue };
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            let (Ok(there), Ok(back)) = (
                render(&dialect, &case::plan(&case.running, &case.intended)),
                render(&dialect, &plan(&intended, &running)),
            ) else {
                continue;
            };
            let mut switch = device(&dialect, &running);
            switch.apply(&there.content()).unwrap();
            switch.apply(&back.content()).unwrap();
            assert_eq!(read(&dialect, &switch), running, "{} {}\n{back}", dialect.name, case.name);
        }
    }
}

#[test]
fn a_read_of_one_port_and_one_vlan_says_nothing_about_others() {
    for dialect in every_form() {
        let case = case::all().into_iter().find(|case| case.name == "several-ports-and-vlans-in-one-edit").unwrap();
        let case = case.of(&dialect.name).unwrap();
        let switch = device(&dialect, &case.running);
        let mut scope = Scope::default();
        scope.add_interface(names::name(&dialect.name, &"Ethernet1/2".parse().unwrap()).unwrap());
        scope.add_vlan("20".parse().unwrap());
        let running = conformance::decode(&dialect, &switch.data, &scope).unwrap();
        assert_eq!(running.config, case.running.within(&scope), "{}", dialect.name);
        assert_eq!((running.interfaces.len(), running.vlans.len()), (1, 1));
        assert!(Intended(case.running.within(&scope)).is_met_by(&running));
    }
}

#[test]
fn where_the_name_is_the_key_a_new_vlan_never_takes_the_entry_of_another() {
    let (dialect, id) = (dialect("juniper_junos"), |number: u16| VlanId::try_from(number).unwrap());
    let config = |number| {
        let vlan = Vlan { id: id(number), name: Some("tenant".parse().unwrap()), status: VlanStatus::Active };
        DeviceConfig { vlans: [(vlan.id, vlan)].into(), ..DeviceConfig::default() }
    };
    let mut switch = device(&dialect, &config(100));
    // As after a read of VLAN 200 alone, which does not show VLAN 100.
    let edit = render(&dialect, &plan(&DeviceConfig::default(), &config(200))).unwrap();
    assert_eq!(switch.apply(&edit.content()), Err("data-exists: <vlan>".to_owned()));
    assert_eq!(read(&dialect, &switch), config(100));
    let refusal = render(&dialect, &plan(&config(100), &config(200))).unwrap_err();
    assert!(refusal.what.contains("tenant"), "{refusal}");
}
