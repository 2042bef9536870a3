//! Switches that show every default, those that were set, or none: whatever is asked of
//! them is committed, and the same once more is unchanged.

use mercury_sim::{Mode, Options, Quirks};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::harness::{Client, Face, Mercury, Simulated};

/// What is asked, some of it in words that are the default: a VLAN that is active, an
/// enabled port, LACP that is active and slow.
fn requests() -> Vec<(&'static str, Value)> {
    let port = |name: &str| json!({"switch_id": "leaf1", "port_name": name, "description": "d"});
    let with = |params: Value, more: &Value| {
        let members = [&params, more].into_iter().filter_map(Value::as_object).flatten();
        members.map(|(name, value)| (name.clone(), value.clone())).collect::<Value>()
    };
    let lag = |more: &Value| with(json!({"switch_ids": ["leaf1"], "lag_name": "bond", "description": "b"}), more);
    let bond = |rate: &str| {
        let links = ["Ethernet3", "Ethernet4"].map(|port| json!({"switch_id": "leaf1", "port_id": port}));
        let group = json!({"name": "pg", "bond_mode": "802.3ad", "bond_properties": {"lacp_rate": rate}});
        let profile = json!({"local_link_information": links, "local_group_information": group});
        json!({"port": {"binding:profile": profile}, "network": 100})
    };
    vec![
        ("update_port", with(port("Ethernet1"), &json!({"mode": "access", "native_vlan": 100}))),
        ("update_port", with(port("Ethernet1"), &json!({"mode": "access", "native_vlan": 101}))),
        (
            "update_port",
            with(port("Ethernet1"), &json!({"mode": "trunk", "native_vlan": 100, "allowed_vlans": [101, 102]})),
        ),
        ("reset_port", json!({"switch_id": "leaf1", "port_name": "Ethernet1", "native_vlan": 100})),
        ("update_lag", lag(&json!({"mode": "access", "native_vlan": 100, "aggregation_mode": "lacp"}))),
        ("update_lag", lag(&json!({"mode": "access", "native_vlan": 101, "aggregation_mode": "static"}))),
        ("attach_port", bond("slow")),
        ("attach_port", bond("fast")),
        ("detach_port", bond("slow")),
        ("add_network", json!({"network": 103})),
        ("delete_network", json!({"network": 103})),
    ]
}

fn switches() -> Vec<(&'static str, Simulated)> {
    let netconf = |quirks| Simulated::with(Options { mode: Mode::Candidate, quirks, ..Simulated::options() });
    vec![
        ("explicit", netconf(Quirks::default())),
        ("report-all", netconf(Quirks { report_all_defaults: true, ..Quirks::default() })),
        ("trim", netconf(Quirks { trims_defaults: true, ..Quirks::default() })),
        ("gNMI, explicit", Simulated::gnmi(Face::Plain)),
        ("gNMI, trim", Simulated::gnmi_with(Face::Plain, |quirks| quirks.gnmi_omits_defaults = true)),
    ]
}

#[test]
fn what_is_committed_is_unchanged_when_it_is_asked_again_whichever_defaults_a_switch_shows() {
    for (name, switch) in switches() {
        let entry = switch.entry("leaf1").with("manage_vlans", true).with("disable_inactive_ports", true);
        let entry = entry.text("lag_numbers", "20-29").text("lag_prefix", "Port-Channel");
        let mercury = Mercury::serve(&[entry]);
        let client = std::cell::RefCell::new(Client::of(&mercury));
        let mut runner = TestRunner::new(ProptestConfig::with_cases(16));
        let asked = runner.run(&vec(select(requests()), 1..5), |requests| {
            let mut client = client.borrow_mut();
            for (method, params) in &requests {
                let first = client.call(method, params);
                prop_assert!(first.is_ok(), "{name}: {method} {params}: {first:?}");
                let again = client.call(method, params);
                prop_assert!(again.is_ok(), "{name}: {method} {params} again: {again:?}");
                prop_assert_eq!(&again.unwrap()["changed"], &json!(false), "{}: {} {}", name, method, params);
            }
            Ok(())
        });
        asked.unwrap_or_else(|failure| panic!("{failure}"));
    }
}
