//! Render, apply, read back: what arrives is what was intended.

use std::sync::Arc;

use mercury_adapter::{Dialect, LeafTree, LeafValues, Mapping, OverlayTree};
use mercury_gnmi::conformance;
use mercury_model::{
    DeviceConfig, Intended, Interface, InterfaceType, LagType, Leaf, Running, Scope, SwitchedVlan, TrunkVlans, Value,
    Vlan, VlanId, VlanStatus,
};
use serde_json::{Value as Json, json};

use crate::{
    answers::{self, Reading},
    case::{self, plan},
    device::Device,
    dialects, gnmi, names, render, request,
};

/// A switch of this dialect that has `config`, made from one whose ports are
/// there and bare.
pub(crate) fn device(dialect: &Arc<Dialect>, config: &DeviceConfig) -> Device {
    let mut bare = config.clone();
    bare.interfaces.retain(|_, interface| interface.kind.is_none());
    let ports = bare.interfaces.keys();
    let data = match gnmi(dialect).mapping {
        Mapping::MacVrf => {
            let ports: Vec<_> = ports.map(|name| json!({ "name": name.as_str() })).collect();
            json!({ "interface": ports })
        }
        Mapping::Tree(_) => {
            let port = |name: &str| json!({ "name": name, "config": { "name": name } });
            let ports: Vec<_> = ports.map(|name| port(name.as_str())).collect();
            match dialect.overlay("gnmi").is_some_and(OverlayTree::names_vtep) {
                false => json!({ "interfaces": { "interface": ports } }),
                true => {
                    let kind = "openconfig-network-instance-types:DEFAULT_INSTANCE";
                    let points = json!({ "connection-point": [of_others("vtep1")] });
                    let config = json!({ "name": "default", "type": kind });
                    let instance = json!({ "name": "default", "config": config, "connection-points": points });
                    let instances = json!({ "network-instance": [instance] });
                    json!({ "interfaces": { "interface": ports }, "network-instances": instances })
                }
            }
        }
    };
    let mut device = Device::with(data, gnmi(dialect).leaf_values == LeafValues::Object);
    let operations = render(dialect, &plan(&read(dialect, &device), config)).unwrap();
    device.apply(&request(dialect, &operations)).unwrap();
    assert_eq!(read(dialect, &device), *config, "{operations}");
    device
}

/// A VTEP, which Mercury never makes.
fn of_others(vtep: &str) -> Json {
    let vxlan = json!({ "config": { "source-interface": "Loopback1" } });
    let endpoint = json!({ "endpoint-id": vtep, "config": { "endpoint-id": vtep }, "vxlan": vxlan });
    let config = json!({ "connection-point-id": vtep });
    json!({ "connection-point-id": vtep, "config": config, "endpoints": { "endpoint": [endpoint] } })
}

/// All of a switch, read in both ways.
pub(crate) fn read(dialect: &Dialect, device: &Device) -> DeviceConfig {
    let [one, other] =
        [Reading::Get, Reading::Once].map(|reading| answers::read(dialect, device, &case::everything(), reading));
    // A subscription shows leaves, so a bare port not at all.
    let running = |config: &DeviceConfig| Running::new(config, case::everything());
    assert!(running(&one).is_as(&other), "{}: {one:?}\n{other:?}", dialect.name);
    one
}

/// What of a configuration this dialect can read: leaves it deviates from are
/// never there.
pub(crate) fn visible(dialect: &Dialect, config: &DeviceConfig) -> DeviceConfig {
    let mut config = case::visible(dialect, "gnmi", config);
    let Mapping::Tree(tree) = &gnmi(dialect).mapping else {
        // An aggregate of which SR Linux says nothing else is static.
        for lag in config.interfaces.values_mut().filter(|one| one.is_aggregate()) {
            let kind = Leaf::LagType.get(lag).unwrap_or(Value::Word(LagType::Static.word()));
            Leaf::LagType.set(lag, Some(kind));
        }
        return config;
    };
    for interface in config.interfaces.values_mut() {
        let is_lag = interface.kind == Some(InterfaceType::Ieee8023adLag);
        let by_name = is_lag && tree.aggregate_names.is_some();
        interface.kind = interface.kind.take().filter(|_| tree.kind.is_some() || by_name);
    }
    // What an aggregate is where nothing is said of it, or there is nothing else to say.
    let says_more =
        !matches!(tree.leaves.get(&Leaf::LagType), Some(LeafTree::Presence { present, .. }) if present.is_empty());
    if let Some(LeafTree::Value { absent: Some(word), .. } | LeafTree::Presence { absent: Some(word), .. }) =
        tree.leaves.get(&Leaf::LagType)
    {
        for lag in config.interfaces.values_mut().filter(|one| one.is_aggregate()) {
            let said = Leaf::LagType.get(lag).filter(|_| says_more);
            Leaf::LagType.set(lag, said.or(Some(Leaf::LagType.read(word))));
        }
    }
    for vlan in config.vlans.values_mut().filter(|_| tree.vlan.as_ref().is_some_and(|vlan| vlan.status.is_none())) {
        vlan.status = VlanStatus::Active;
    }
    config
}

#[test]
fn every_case_that_renders_arrives_as_intended() {
    let mut arrived = 0;
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case.of(&dialect.name) else { continue };
            if render(&dialect, &plan(&case.running, &case.intended)).is_err() {
                continue;
            }
            let what = format!("{} {}", dialect.name, case.name);
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            let operations = render(&dialect, &plan(&running, &intended)).unwrap();
            let mut switch = device(&dialect, &running);
            let seen = render(&dialect, &plan(&read(&dialect, &switch), &intended)).unwrap();
            assert_eq!(seen.to_string(), operations.to_string(), "{what}: what was read leads to another Set");
            let set = request(&dialect, &operations);
            switch.apply(&set).unwrap_or_else(|problem| panic!("{what}: {problem}\n{operations}"));
            let found = read(&dialect, &switch);
            assert_eq!(found, intended, "{what}\n{operations}");
            assert!(Intended(intended.clone()).is_met_by(&Running::new(&found, case::everything())), "{what}");
            assert!(plan(&found, &intended).is_empty(), "{what}");
            // Sent once more, it changes nothing: a retry is safe.
            switch.apply(&set).unwrap_or_else(|problem| panic!("{what}, sent twice: {problem}\n{operations}"));
            assert_eq!(read(&dialect, &switch), intended, "{what}, sent twice");
            arrived += 1;
        }
    }
    assert!(arrived >= 110, "only {arrived} round trips");
}

#[test]
fn every_case_that_renders_can_be_undone() {
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case.of(&dialect.name) else { continue };
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            let there = render(&dialect, &plan(&case.running, &case.intended));
            let (Ok(there), Ok(back)) = (there, render(&dialect, &plan(&intended, &running))) else { continue };
            let mut switch = device(&dialect, &running);
            switch.apply(&request(&dialect, &there)).unwrap();
            switch.apply(&request(&dialect, &back)).unwrap();
            assert_eq!(read(&dialect, &switch), running, "{} {}\n{back}", dialect.name, case.name);
        }
    }
}

#[test]
fn a_read_of_one_port_and_one_vlan_says_nothing_about_others() {
    for dialect in dialects() {
        let case = case::all().into_iter().find(|case| case.name == "several-ports-and-vlans-in-one-edit").unwrap();
        let case = case.of(&dialect.name).unwrap();
        let running = visible(&dialect, &case.running);
        let switch = device(&dialect, &running);
        let mut scope = Scope::default();
        scope.add_interface(names::name(&dialect.name, &"Ethernet1/2".parse().unwrap()).unwrap());
        scope.add_vlan("20".parse().unwrap());
        for reading in [Reading::Get, Reading::Once] {
            let found = answers::read(&dialect, &switch, &scope, reading);
            assert_eq!(found, running.within(&scope), "{} {reading:?}", dialect.name);
            assert_eq!((found.interfaces.len(), found.vlans.len()), (1, 1));
        }
    }
}

/// Of many VLANs the list is asked for; what else is in it is no part of the answer.
#[test]
fn a_read_of_many_vlans_asks_for_few_paths_and_says_nothing_about_others() {
    // Where a Set is small, so many cannot be made in one.
    for dialect in dialects().into_iter().filter(|dialect| gnmi(dialect).max_operations.is_none()) {
        let port = names::name(&dialect.name, &"Ethernet1/2".parse().unwrap()).unwrap();
        let ids: Vec<VlanId> = (100u16..160).map(|id| VlanId::try_from(id).unwrap()).collect();
        let mut config = DeviceConfig::default();
        config.vlans.extend(ids.iter().map(|id| (*id, Vlan { id: *id, name: None, status: VlanStatus::Active })));
        let vlans = Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only(ids.iter().copied().collect()) });
        let trunk = Interface { switched_vlan: vlans, ..Interface::new(port.clone()) };
        config.interfaces.insert(port.clone(), trunk);
        let (config, mut scope) = (visible(&dialect, &config), Scope::default());
        let switch = device(&dialect, &config);
        scope.add_interface(port);
        ids.iter().skip(10).for_each(|id| scope.add_vlan(*id));
        for reading in [Reading::Get, Reading::Once] {
            let at_once = reading == Reading::Once;
            let asked = conformance::questions(gnmi(&dialect), &scope, None, at_once).unwrap();
            assert!(asked.len() < ids.len() / 2, "{} {reading:?}: {} paths", dialect.name, asked.len());
            let found = answers::read(&dialect, &switch, &scope, reading);
            assert_eq!(found, config.within(&scope), "{} {reading:?}", dialect.name);
            assert_eq!(found.vlans.len(), ids.len() - 10, "{} {reading:?}", dialect.name);
        }
    }
}
