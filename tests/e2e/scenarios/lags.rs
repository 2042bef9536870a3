//! Aggregates: built, changed and removed with their members.

use serde_json::{Value, json};

use super::{Stage, attach};
use crate::harness::{Entry, Peer, Port, Simulated, State};
use mercury_sim::{Mode, Options};

/// Numbers of its own for each scenario: on a switch without locks two Mercurys that know
/// nothing of each other may take the same one.
fn building(numbers: &str) -> impl Fn(Entry) -> Entry {
    move |entry| entry.text("lag_numbers", numbers).text("lag_prefix", "Port-Channel")
}

/// `attach` with the links in one bond.
fn bonded(links: &[(&str, &str)], network: &Value, name: &str) -> Value {
    let mut params = attach(links, network);
    params["port"]["binding:profile"]["local_group_information"] = json!({
        "id": "8d1f00aa-0000-4000-8000-000000000000", "name": name, "bond_mode": "802.3ad",
        "bond_properties": {"bond_lacp_rate": "fast", "min_links": 1, "bond_xmit_hash_policy": "layer3+4"}});
    params
}

pub(super) fn a_bond_is_built_retagged_and_leaves_nothing_behind(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, building("330-359")) else { return };
    let (one, other) = (stage.port.clone(), stage.switch.port());
    let links = [("leaf1", one.as_str()), ("leaf1", other.as_str())];
    let name = format!("bond-{one}");
    let before = stage.switch.look();
    let params = bonded(&links, &json!(100), &name);

    let answer = stage.client.done("attach_port", &params);
    let lag = answer["switches"][0]["lags"][&name].as_str().unwrap().to_owned();
    assert!(lag.starts_with("Port-Channel3"), "{answer}");
    let now = stage.switch.look();
    assert_eq!(now.port(&lag).vlans, "access 100");
    assert_eq!(now.port(&lag).description, Some(format!("[[{name}]]")));
    for port in [&one, &other] {
        assert_eq!(now.port(port), Port { aggregate: Some(lag.clone()), ..Port::default() });
    }
    let shown = answer["switches"][0]["interfaces"].as_array().unwrap();
    let aggregate = shown.iter().find(|interface| interface["name"] == lag.as_str()).unwrap();
    assert_eq!(aggregate["aggregation"], json!({"lag-type": "LACP", "min-links": 1}), "{answer}");
    assert_eq!(aggregate["lacp"]["interval"], "FAST");
    assert_eq!(shown.len(), 3, "what the request is about, and no other: {answer}");

    let again = stage.client.done("attach_port", &params);
    assert_eq!((&again["changed"], &again["switches"][0]["flights"]), (&json!(false), &json!(1)));

    let mut trunk = bonded(&links, &json!(100), &name);
    trunk["port"]["trunk_details"] = json!({"sub_ports": [{"segmentation_id": 101}]});
    stage.client.done("update_port", &trunk);
    assert_eq!(stage.switch.look().port(&lag).vlans, "trunk 101 native 100");

    assert_eq!(stage.client.done("detach_port", &params)["changed"], true);
    let after = stage.switch.look();
    assert_eq!(of_name(&after, &name), None, "left behind");
    assert_eq!((after.port(&one), after.port(&other)), (before.port(&one), before.port(&other)));
    assert_eq!(stage.client.done("detach_port", &params)["changed"], false);
}

pub(super) fn a_lag_comes_and_goes_as_ironic_calls_it(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, building("360-399")) else { return };
    let name = format!("lag-{}", stage.port);
    let update = json!({"switch_ids": ["leaf1"], "lag_name": name, "description": "Ironic PortGroup 8d1f",
                        "mode": "trunk", "native_vlan": 100, "allowed_vlans": [101, 102], "aggregation_mode": "lacp",
                        "default_vlan": null, "rpc.version": "1.0"});
    let answer = stage.client.done("update_lag", &update);
    for (field, value) in update.as_object().unwrap() {
        assert!(field == "rpc.version" || &answer[field] == value, "{field}: {answer}");
    }
    assert_eq!(answer["status"], "configured");
    let lag = answer["switches"][0]["lags"][&name].as_str().unwrap().to_owned();
    assert_eq!(stage.switch.look().port(&lag).vlans, "trunk 101,102 native 100");

    // Its member has no VLANs of its own, and Ironic is told the aggregate's.
    let answer = stage.update(&json!({"mode": "access", "native_vlan": 200, "lag_name": name}));
    assert_eq!(
        (&answer["lag_name"], &answer["mode"], &answer["native_vlan"]),
        (&json!(name), &json!("access"), &json!(200))
    );
    let now = stage.switch.look();
    assert_eq!(now.port(&stage.port), Port { aggregate: Some(lag.clone()), ..Port::default() });
    assert_eq!(now.port(&lag).vlans, "access 200");
    // Where the name is not said, the port is one of its own again.
    for (method, more, vlans) in [
        ("update_port", json!({"mode": "access", "native_vlan": 100}), "access 100"),
        ("reset_port", json!({"native_vlan": 100, "default_vlan": 900}), "access 900"),
    ] {
        stage.update(&json!({"mode": "access", "native_vlan": 200, "lag_name": name}));
        let params = stage.params(&more);
        stage.client.done(method, &params);
        let now = stage.switch.look();
        assert_eq!((now.port(&lag).vlans.as_str(), now.port(&stage.port).vlans.as_str()), ("access 200", vlans));
        assert_eq!(now.port(&stage.port).aggregate, None);
    }

    let delete = json!({"switch_ids": ["leaf1"], "lag_name": name});
    let answer = stage.client.done("delete_lag", &delete);
    assert_eq!((&answer["status"], &answer["changed"]), (&json!("deleted"), &json!(true)));
    let now = stage.switch.look();
    assert_eq!(of_name(&now, &name), None, "left behind");
    assert_eq!(now.port(&stage.port).aggregate, None);
    assert_eq!(stage.client.done("delete_lag", &delete)["changed"], false);
}

pub(super) fn a_bond_over_two_switches_has_one_number(peer: Peer) {
    // What is free on the one is taken on the other.
    let taken = (300..=305).map(|number| format!("Port-Channel{number}")).collect();
    let other = Simulated::with(Options { lags: taken, mode: Mode::Running, ..Simulated::options() });
    let pair = |entry: Entry| building("300-329")(entry).text("mlag_domain", "pair");
    let Some(mut stage) = Stage::among(peer, |entry| vec![pair(entry), pair(other.entry("leaf2"))]) else { return };
    let links = [("leaf1", stage.port.as_str()), ("leaf2", "Ethernet2")];
    let name = format!("pair-{}", stage.port);
    let params = bonded(&links, &json!(100), &name);
    let planned = stage.client.done("mercury.plan", &json!({"method": "attach_port", "params": params_of(&params)}));
    let answer = stage.client.done("attach_port", &params);
    let named = |answer: &Value, index: usize| answer["switches"][index]["lags"][&name].as_str().unwrap().to_owned();
    let lag = named(&answer, 0);
    assert_eq!(lag, named(&answer, 1), "{answer}");
    assert_eq!([&lag, &lag], [&named(&planned, 0), &named(&planned, 1)], "not what was planned: {planned}");
    let number: u16 = lag.strip_prefix("Port-Channel").unwrap().parse().unwrap();
    assert!((306..=329).contains(&number), "{lag}");
    assert_eq!(stage.switch.look().port(&lag).vlans, "access 100");
    assert_eq!(other.look().port(&lag).vlans, "access 100");

    let verify = json!({"method": "attach_port", "params": params_of(&params)});
    assert_eq!(stage.client.done("mercury.verify", &verify)["matches"], true);
    stage.client.done("detach_port", &params);
    assert_eq!([of_name(&stage.switch.look(), &name), of_name(&other.look(), &name)], [None, None], "left behind");
    let verified = stage.client.done("mercury.verify", &verify);
    assert_eq!(verified["matches"], false);
    assert_eq!(verified["switches"][1]["outcome"], "differs", "{verified}");
}

/// The aggregate that bears this name; its number may be another test's by now.
fn of_name(state: &State, name: &str) -> Option<String> {
    let bears = |port: &Port| port.description.as_ref().is_some_and(|text| text.contains(&format!("[{name}]")));
    state.ports.iter().find(|(_, port)| bears(port)).map(|(name, _)| name.clone())
}

/// Without what belongs to the call itself.
fn params_of(params: &Value) -> Value {
    let mut params = params.clone();
    params.as_object_mut().unwrap().remove("context");
    params
}
