//! Render, type, read back: what arrives is what was intended.

use std::{collections::BTreeMap, sync::Arc};

use mercury_adapter::{Budget, Dialect, MAX_REPLY};
use mercury_model::{DeviceConfig, Intended, Leaf, Running, Scope};

use crate::{
    case::{self, plan},
    case_of,
    device::Device,
    dialects, makes_no_vlans, names, render,
};

/// Interfaces that every switch has, and no case.
const OTHERS: [&str; 6] = ["loopback0", "Ethernet200", "eth0", "lo", "mgmt0", "200"];

/// A switch of this dialect that has `config`, made from one whose ports are there and
/// bare; `None` where it cannot have it.
pub(crate) fn device(dialect: &Arc<Dialect>, config: &DeviceConfig) -> Option<Device> {
    // Where no aggregate is made, one that is there came from elsewhere.
    let makes = dialect.has("cli", Leaf::AggregateId);
    let ports = config.interfaces.values().filter(|one| one.kind.is_none() || !makes).map(|one| one.name.to_string());
    let mut device = Device::with(dialect, &ports.collect::<Vec<_>>());
    let script = render(dialect, &plan(&read(dialect, &device), config)).ok()?;
    device.apply(&script);
    assert_eq!(read(dialect, &device), *config, "{} {script}\n{}", dialect.name, device.text());
    Some(device)
}

fn seen(dialect: &Dialect, device: &Device, scope: &Scope) -> Running {
    let mut share = Budget::shared().share(MAX_REPLY);
    let cli = dialect.cli.as_ref().unwrap();
    mercury_cli::running(cli, scope, &device.answers(dialect), &mut share).unwrap()
}

pub(crate) fn read(dialect: &Dialect, device: &Device) -> DeviceConfig {
    let mut config = seen(dialect, device, &case::everything()).config;
    config.interfaces.retain(|name, _| !OTHERS.contains(&name.as_str()));
    // Every switch has it, and few cases.
    config.vlans.retain(|id, _| id.get() != 1 || device.has_vlan_1());
    config.vlans.retain(|id, _| device.is_asked_for(id.get()));
    config
}

/// What of a configuration this dialect can read.
pub(crate) fn visible(dialect: &Dialect, config: &DeviceConfig) -> DeviceConfig {
    let mut config = case::visible(dialect, "cli", config);
    let told = |name: &str| dialect.lag_prefix.as_deref().is_some_and(|prefix| name.starts_with(prefix));
    config.interfaces.values_mut().filter(|one| !told(one.name.as_str())).for_each(|one| one.kind = None);
    config
}

#[test]
fn every_case_that_renders_arrives_as_intended() {
    let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case_of(&case, &dialect) else { continue };
            if render(&dialect, &case::plan(&case.running, &case.intended)).is_err() {
                continue;
            }
            let what = format!("{} {}", dialect.name, case.name);
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            let Some(mut switch) = device(&dialect, &running) else { continue };
            let script = render(&dialect, &plan(&read(&dialect, &switch), &intended)).unwrap();
            switch.apply(&script);
            assert_eq!(read(&dialect, &switch), intended, "{what}\n{script}\n{}", switch.text());
            assert!(plan(&read(&dialect, &switch), &intended).is_empty(), "{what}");
            // Typed once more, it changes nothing: a retry is safe.
            switch.apply(&script);
            assert_eq!(read(&dialect, &switch), intended, "{what}, typed twice");
            *arrived.entry(dialect.name.clone()).or_default() += 1;
        }
    }
    for dialect in dialects() {
        let own = arrived.get(&dialect.name).copied().unwrap_or_default();
        assert!(own >= 8, "only {own} round trips of {}", dialect.name);
    }
}

#[test]
fn every_case_that_renders_can_be_undone() {
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case_of(&case, &dialect) else { continue };
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            let (Ok(there), Ok(back)) = (
                render(&dialect, &case::plan(&case.running, &case.intended)),
                render(&dialect, &plan(&intended, &running)),
            ) else {
                continue;
            };
            let Some(mut switch) = device(&dialect, &running) else { continue };
            switch.apply(&there);
            switch.apply(&back);
            assert_eq!(read(&dialect, &switch), running, "{} {}\n{back}", dialect.name, case.name);
        }
    }
}

#[test]
fn a_read_of_one_port_and_one_vlan_says_nothing_about_others() {
    let mut looked = 0;
    for dialect in dialects() {
        let case = case::all().into_iter().find(|case| case.name == "several-ports-and-vlans-in-one-edit").unwrap();
        let Some(case) = case_of(&case, &dialect) else { continue };
        let running = visible(&dialect, &case.running);
        let Some(switch) = device(&dialect, &running) else { continue };
        looked += 1;
        let mut scope = Scope::default();
        scope.add_interface(names::name(&dialect.name, &"Ethernet1/2".parse().unwrap()).unwrap());
        scope.add_vlan("20".parse().unwrap());
        let found = seen(&dialect, &switch, &scope);
        let mut shown = found.config.clone();
        if makes_no_vlans(&dialect) {
            assert_eq!(std::mem::take(&mut shown.vlans).len(), 1, "each is there");
        } else {
            assert!(Intended(running.within(&scope)).is_met_by(&found));
        }
        assert_eq!(shown, running.within(&scope), "{}", dialect.name);
    }
    assert!(looked >= 6, "only {looked} dialects");
}

#[test]
fn what_a_description_mentions_configures_nothing() {
    let mentions = [
        "switchport access vlan 99",
        "was: switchport trunk allowed vlan 99",
        "no shutdown",
        "shutdown",
        "mtu 1500",
        "channel-group 5 mode on",
        "port link-type trunk",
        "spanning-tree portfast",
        "vlan members 99",
        "tag=99 vlan_mode=access",
    ];
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let case = case::all().into_iter().find(|case| case.name == "several-ports-and-vlans-in-one-edit").unwrap();
    for dialect in dialects().iter().filter(|dialect| dialect.has("cli", Leaf::Description)) {
        let Some(case) = case_of(&case, dialect) else { continue };
        for mention in mentions {
            let mut config = visible(dialect, &case.intended);
            let port = config.interfaces.values_mut().next().unwrap();
            let Ok(text) = mention.parse() else { panic!("{mention}") };
            port.description = Some(text);
            // It reads what it typed, and compares.
            if device(dialect, &config).is_some() {
                *told.entry(dialect.name.clone()).or_default() += 1;
            }
        }
    }
    assert!(told.len() >= 15 && told.values().all(|&count| count >= 8), "{told:?}");
}
