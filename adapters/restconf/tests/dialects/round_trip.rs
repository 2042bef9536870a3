//! Render, apply, read back: what arrives is what was intended, and goes back.

use std::sync::Arc;

use mercury_adapter::{Dialect, LeafTree};
use mercury_model::{DeviceConfig, Intended, Leaf, Plan, Running, Vlan, VlanId, VlanStatus};
use mercury_restconf::conformance;
use serde_json::{Value as Json, json};

use crate::{
    carried::carried,
    case::{self, plan},
    device::Device,
    dialects, os10, render,
};

pub(crate) fn read(dialect: &Dialect, device: &Device) -> Running {
    conformance::decode(dialect, &device.data.to_string(), &case::everything()).unwrap()
}

/// A VTEP, which Mercury never makes.
fn with_vtep() -> Json {
    let vxlan = json!({ "config": { "source-interface": "Loopback1" } });
    let endpoint = json!({ "endpoint-id": "vtep1", "config": { "endpoint-id": "vtep1" }, "vxlan": vxlan });
    let config = json!({ "connection-point-id": "vtep1" });
    let endpoints = json!({ "endpoint": [endpoint] });
    let point = json!({ "connection-point-id": "vtep1", "config": config, "endpoints": endpoints });
    json!({ "name": "default", "connection-points": { "connection-point": [point] } })
}

/// A switch that has `running`, made from one whose ports are there and bare.
pub(crate) fn device(dialect: &Arc<Dialect>, running: &DeviceConfig, patches: bool) -> Device {
    let port = |name: &str| json!({ "name": name, "config": { "name": name } });
    let ports = running.interfaces.values().filter(|interface| interface.kind.is_none());
    let ports: Vec<_> = ports.map(|interface| port(interface.name.as_str())).collect();
    let instances = json!({ "network-instance": [with_vtep()] });
    let data = json!({ "interfaces": { "interface": ports }, "network-instances": instances });
    let mut device = match dialect.name.as_str() {
        "dell_os10" => os10::device(&running.interfaces),
        _ => Device { data, patches, becomes: None },
    };
    let bare = read(dialect, &device).config;
    let changes = render(dialect, &plan(&bare, running)).unwrap();
    device.apply(&changes).unwrap_or_else(|problem| panic!("{}: {problem}\n{changes}", dialect.name));
    device
}

/// What of a configuration this dialect can read: leaves it deviates from are never there.
pub(crate) fn visible(dialect: &Dialect, config: &DeviceConfig) -> DeviceConfig {
    let tree = &dialect.restconf.as_ref().unwrap().tree;
    let mut config = case::visible(dialect, "restconf", config);
    for interface in config.interfaces.values_mut() {
        let is_told = |prefix: &String| interface.name.as_str().starts_with(prefix.as_str());
        let has_type = tree.kind.is_some() || tree.aggregate_names.as_ref().is_some_and(is_told);
        interface.kind = interface.kind.take().filter(|_| has_type);
    }
    // What an aggregate is where nothing is said of it.
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
    // Its VLANs are there before their ports, and one of them always.
    if dialect.name == "dell_os10" {
        let carried: Vec<_> =
            config.interfaces.values().flat_map(|port| carried(port).iter().collect::<Vec<_>>()).collect();
        for id in carried.into_iter().chain([VlanId::MIN]) {
            config.vlans.entry(id).or_insert_with(|| Vlan { id, name: None, status: VlanStatus::Active });
        }
    }
    config
}

#[test]
fn every_case_that_renders_arrives_as_intended_and_is_undone() {
    let mut arrived = 0;
    for case in case::all() {
        for (dialect, patches) in dialects().iter().flat_map(|dialect| [(dialect, true), (dialect, false)]) {
            let Some(case) = case.of(&dialect.name) else { continue };
            if dialect.name == "dell_os10" && patches {
                continue;
            }
            let what = format!("{} {} patches {patches}", dialect.name, case.name);
            let visible = |config| visible(dialect, config);
            let (running, intended) = (visible(&case.running), visible(&case.intended));
            let nothing = DeviceConfig::default();
            if render(dialect, &plan(&running, &intended)).is_err()
                || render(dialect, &plan(&nothing, &running)).is_err()
            {
                continue;
            }
            let mut switch = device(dialect, &running, patches);
            let before = read(dialect, &switch);
            let changes = render(dialect, &Plan::between(&before, &Intended(intended.clone()))).unwrap();
            let requests = switch.apply(&changes).unwrap_or_else(|problem| panic!("{what}: {problem}\n{changes}"));
            assert!(requests <= if switch.patches { 1 } else { 25 }, "{what}: {requests} requests\n{changes}");
            let after = read(dialect, &switch);
            assert!(Intended(intended.clone()).is_met_by(&after), "{what}: {:#?}\n{changes}", after.config);
            // Sent once more, it changes nothing.
            let data = switch.data.clone();
            if !changes.to_string().contains("create ") {
                switch.apply(&changes).unwrap();
                assert_eq!(switch.data, data, "{what}, sent twice\n{changes}");
            }
            let back = Plan::between(&after, &Intended(before.config.clone())).written_as(&before);
            let Ok(back) = render(dialect, &back) else { continue };
            switch.apply(&back).unwrap_or_else(|problem| panic!("{what}, back: {problem}\n{back}"));
            assert!(read(dialect, &switch).is_as(&before.config), "{what}, back\n{back}");
            arrived += 1;
        }
    }
    assert!(arrived >= 100, "only {arrived}");
}
