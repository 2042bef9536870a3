//! Requests as they are written.

use mercury_model::{DeviceConfig, Interface, SwitchedVlan, TrunkVlans, VlanId};
use mercury_restconf::conformance;

use crate::{
    case::{self, plan},
    dialect, dialects, render,
};

fn vlan(id: u16) -> VlanId {
    id.try_into().unwrap()
}

fn with(port: &str, vlans: Option<SwitchedVlan>) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    let name = port.parse().unwrap();
    config.interfaces.insert(port.parse().unwrap(), Interface { switched_vlan: vlans, ..Interface::new(name) });
    config
}

/// IOS-XE refuses an entry whose key comes later.
#[test]
fn the_key_of_an_entry_comes_first() {
    let mut entries = 0;
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case.of(&dialect.name) else { continue };
            let Ok(changes) = render(&dialect, &plan(&case.running, &case.intended)) else { continue };
            for (_, _, body) in [true, false].iter().flat_map(|patch| conformance::requests(&changes, *patch, false)) {
                let body = body.unwrap_or_default();
                for (at, _) in body.match_indices("[{\"") {
                    let name = body[at + 3..].split('"').next().unwrap();
                    let is_key = [
                        "name",
                        "id",
                        "vlan-id",
                        "vlans",
                        "edit-id",
                        "vni",
                        "evi",
                        "connection-point-id",
                        "endpoint-id",
                    ]
                    .contains(&name);
                    assert!(is_key, "{} {}: {name} in {body}", dialect.name, case.name);
                    entries += 1;
                }
            }
        }
    }
    assert!(entries > 100, "only {entries}");
}

#[test]
fn a_port_of_iosxe_is_changed_by_one_patch_below_native_and_keys_are_encoded() {
    let dialect = dialect("cisco_iosxe");
    let port = "GigabitEthernet1/0/1";
    let trunk = SwitchedVlan::Trunk {
        native: Some(vlan(20)),
        vlans: TrunkVlans::only([vlan(10), vlan(20)].into_iter().collect()),
    };
    let plan = plan(&with(port, Some(trunk)), &with(port, Some(SwitchedVlan::access(vlan(10)))));
    let changes = render(&dialect, &plan).unwrap();
    let requests = conformance::requests(&changes, true, false);
    let [(method, uri, Some(body))] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((method.as_str(), uri.as_str()), ("PATCH", "/data/Cisco-IOS-XE-native:native"));
    assert!(body.contains(r#""target":"/interface/GigabitEthernet=1%2F0%2F1""#), "{body}");
    assert!(body.contains(r#""value":{"Cisco-IOS-XE-native:GigabitEthernet":[{"name":"1/0/1","#), "{body}");
    assert!(body.contains(r#""Cisco-IOS-XE-switch:mode":{"access":{}}"#), "{body}");
    let plain = conformance::requests(&changes, false, false);
    assert_eq!(plain[0].1, "/data/Cisco-IOS-XE-native:native");
    assert!(plain.len() > 1 && plain[1..].iter().all(|(method, ..)| method == "DELETE"), "{plain:?}");
}

/// Of a trunk whose list is empty for a moment every VLAN would pass.
#[test]
fn a_trunk_that_shrinks_gets_what_it_keeps_before_it_loses_the_rest() {
    let trunk = |ids: &[u16]| {
        let vlans = TrunkVlans::only(ids.iter().map(|id| vlan(*id)).collect());
        with("Ethernet1/1", Some(SwitchedVlan::Trunk { native: None, vlans }))
    };
    let changes = render(&dialect("openconfig"), &plan(&trunk(&[10, 20, 30]), &trunk(&[10]))).unwrap();
    let requests = conformance::requests(&changes, false, false);
    let shown: Vec<_> = requests.iter().map(|(method, uri, _)| format!("{method} {uri}")).collect();
    let config = "/data/openconfig-interfaces:interfaces/interface=Ethernet1%2F1/openconfig-if-ethernet:ethernet\
                  /openconfig-vlan:switched-vlan/config/trunk-vlans";
    assert_eq!(
        shown,
        [
            "PATCH /data/openconfig-interfaces:interfaces".to_owned(),
            format!("DELETE {config}=20"),
            format!("DELETE {config}=30")
        ]
    );
}
