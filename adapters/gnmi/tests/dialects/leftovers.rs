//! Switches keep leaves that mean nothing in the present mode and come to life
//! in the next: a `switched-vlan` that is set or cleared takes them along.

use std::collections::BTreeMap;

use mercury_adapter::Mapping;
use mercury_model::{DeviceConfig, Intended, Interface, Plan, SwitchedVlan, TrunkVlans};
use serde_json::json;

use crate::{
    answers::{self, Reading},
    case,
    device::Device,
    dialects, gnmi, render, request,
    round_trip::read,
};

fn port(vlans: Option<SwitchedVlan>) -> DeviceConfig {
    let mut interface = Interface::new("Ethernet1/1".parse().unwrap());
    interface.switched_vlan = vlans;
    DeviceConfig { interfaces: BTreeMap::from([(interface.name.clone(), interface)]), ..DeviceConfig::default() }
}

#[test]
fn what_an_access_port_keeps_of_a_trunk_goes_with_the_next_change() {
    let trunk =
        |native: Option<u16>, vlans| SwitchedVlan::Trunk { native: native.map(|vlan| vlan.try_into().unwrap()), vlans };
    let some = || TrunkVlans::only("20,40".parse().unwrap());
    let mut seen = 0;
    for dialect in dialects() {
        // SONiC keeps no such leaves: they follow from what a port carries.
        let Mapping::Tree(tree) = &gnmi(&dialect).mapping else { continue };
        if tree.switched_vlan.trunk_vlans.tagged_only {
            continue;
        }
        for next in [None, Some(trunk(None, TrunkVlans::All)), Some(trunk(None, some())), Some(trunk(Some(20), some()))]
        {
            let config = json!({
                "interface-mode": "ACCESS", "access-vlan": 40, "native-vlan": 10, "trunk-vlans": [10, "20..30"],
            });
            let mut switch = Device::with(
                json!({ "interfaces": { "interface": [{
                    "name": "Ethernet1/1",
                    "config": { "name": "Ethernet1/1" },
                    "ethernet": { "config": { "port-speed": "SPEED_25GB" }, "switched-vlan": { "config": config } },
                }] } }),
                false,
            );
            let running = answers::running(&dialect, &switch, &case::everything(), Reading::Get);
            assert_eq!(running.config, port(Some(SwitchedVlan::access(40u16.try_into().unwrap()))), "{}", dialect.name);
            let intended = port(next);
            let operations = render(&dialect, &Plan::between(&running, &Intended(intended.clone()))).unwrap();
            switch.apply(&request(&dialect, &operations)).unwrap();
            assert_eq!(read(&dialect, &switch), intended, "{}\n{operations}", dialect.name);
            let data = switch.data.to_string();
            assert!(data.contains("SPEED_25GB"), "{}: what is not Mercury's went too\n{operations}", dialect.name);
            seen += 1;
        }
    }
    assert!(seen >= 12, "only {seen}");
}
