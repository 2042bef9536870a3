//! Ironic's own methods.

use serde_json::{Value, json};

use super::{Stage, access, naming_a_lag};
use crate::harness::{Client, Entry, Mercury, Peer, Port, Setup, Switch};

pub(super) fn access_sets_the_vlan_and_the_description(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let answer = stage.update(&json!({"mode": "access", "native_vlan": 100, "description": "Ironic Port 8d1f"}));
    let wanted =
        Port { vlans: "access 100".to_owned(), description: Some("Ironic Port 8d1f".to_owned()), ..Port::default() };
    assert_eq!(stage.now(), wanted);
    assert_eq!(answer["changed"], true);
    assert_eq!(answer["outcome"], "committed");
    assert_eq!(answer["status"], "configured");
    assert_eq!(answer["mode"], "access");
    assert_eq!(answer["native_vlan"], 100);
    assert_eq!(answer["allowed_vlans"], json!([]));
}

pub(super) fn retag_changes_the_vlan_alone(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.update(&json!({"mode": "access", "native_vlan": 100, "description": "kept"}));
    stage.update(&access(200));
    let port = stage.now();
    assert_eq!((port.vlans.as_str(), port.description.as_deref()), ("access 200", Some("kept")));
}

pub(super) fn a_trunk_has_its_native_vlan(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.update(&access(100));
    let answer = stage.update(&json!({"mode": "trunk", "native_vlan": 100, "allowed_vlans": [150, 101, 102, 101]}));
    assert_eq!(stage.now().vlans, "trunk 101,102,150 native 100");
    assert_eq!(answer["mode"], "trunk");
    assert_eq!(answer["native_vlan"], 100);
    assert_eq!(answer["allowed_vlans"], json!([101, 102, 150]));
    stage.update(&access(100));
    assert_eq!(stage.now().vlans, "access 100");
}

pub(super) fn a_trunk_without_native_vlan_loses_the_one_it_had(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.update(&json!({"mode": "trunk", "native_vlan": 100, "allowed_vlans": [101, 102, 103]}));
    let answer = stage.update(&json!({"mode": "trunk", "native_vlan": null, "allowed_vlans": [103, 104]}));
    assert_eq!(stage.now().vlans, "trunk 103,104");
    assert_eq!(answer["native_vlan"], json!(null));
    assert_eq!(answer["allowed_vlans"], json!([103, 104]));
}

pub(super) fn hybrid_is_a_trunk_with_an_untagged_vlan(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let answer = stage.update(&json!({"mode": "hybrid", "native_vlan": 100, "allowed_vlans": [100, 101]}));
    assert_eq!(stage.now().vlans, "trunk 100,101 native 100");
    assert_eq!(answer["mode"], "hybrid");
    assert_eq!(answer["allowed_vlans"], json!([100, 101]));
    let params = stage.params(&json!({"mode": "hybrid", "allowed_vlans": [101]}));
    assert!(stage.client.fails("update_port", &params).message.contains("native_vlan"));
    assert_eq!(stage.now().vlans, "trunk 100,101 native 100");
}

pub(super) fn a_description_that_is_null_or_empty_leaves_what_is_there(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let text = "Büro <b> & \"rack\" 7 ]]>";
    stage.update(&json!({"mode": "access", "native_vlan": 100, "description": text}));
    for nothing in [json!(null), json!("")] {
        stage.update(&json!({"mode": "access", "native_vlan": 100, "description": nothing}));
        assert_eq!(stage.now().description.as_deref(), Some(text));
    }
}

pub(super) fn reset_restores_the_default_vlan(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.update(&json!({"mode": "trunk", "native_vlan": 100, "allowed_vlans": [101], "description": "theirs"}));
    let params = stage.params(&json!({"native_vlan": 4000, "allowed_vlans": [1, 2], "default_vlan": 900}));
    let answer = stage.client.done("reset_port", &params);
    let port = stage.seen(&answer);
    assert_eq!((port.vlans.as_str(), port.description.as_deref()), ("access 900", Some("Default port configuration")));
    assert_eq!(answer["status"], "reset");
    assert_eq!(answer["native_vlan"], 4000, "the caller's own words");
    assert_eq!(answer["allowed_vlans"], json!([]));
}

pub(super) fn reset_without_default_vlan_leaves_no_vlan(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.update(&access(100));
    let params = stage.params(&json!({"native_vlan": null, "allowed_vlans": null, "default_vlan": null}));
    let answer = stage.client.done("reset_port", &params);
    assert_eq!(stage.seen(&answer).vlans, "none");
    let again = stage.client.done("reset_port", &params);
    assert_eq!(again["changed"], false);
}

/// No edit, no commit, not even a lock.
pub(super) fn a_repeated_request_writes_nothing(peer: Peer) {
    let Some(switch) = peer.own() else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "trunk", "native_vlan": 100,
                        "allowed_vlans": [101, 102], "description": "the same"});
    assert_eq!(client.done("update_port", &params)["changed"], true);
    let before = written(&switch);
    for _ in 0..2 {
        let answer = client.done("update_port", &params);
        assert_eq!((&answer["changed"], &answer["outcome"]), (&json!(false), &json!("unchanged")));
        assert_eq!(answer["status"], "configured");
        assert_eq!(answer["flights"], 1);
        assert_eq!(Port::answered(&answer["interface"]).vlans, "trunk 101,102 native 100");
    }
    let after = written(&switch);
    assert_eq!(after.0, before.0, "something was written");
    assert_eq!(after.1 - before.1, 2, "one question each");
}

/// The link goes down by a change that is never kept.
pub(super) fn a_bounced_port_is_up_again(peer: Peer) {
    let Some(switch) = peer.own() else { return };
    let wrote = |bounce: bool, port: &str| {
        let entry = switch.entry("leaf1").with("bounce_on_attach", bounce).with("bounce_unconfirmed", true);
        let mercury = Mercury::serve(&[entry.with("bounce_time", 1)]);
        let params = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100});
        let before = written(&switch).0;
        let answer = Client::of(&mercury).done("update_port", &params);
        assert_eq!(answer["outcome"], "committed", "{answer}");
        let is_saving = |told: &&Value| told.as_str().unwrap().contains("no operation that saves is known");
        let other = answer["warnings"].as_array().unwrap().iter().find(|told| !is_saving(told));
        assert_eq!(other, None, "{answer}");
        assert_eq!(switch.look().port(port), Port { vlans: "access 100".to_owned(), ..Port::default() });
        written(&switch).0 - before
    };
    let (without, with) = (wrote(false, "Ethernet1"), wrote(true, "Ethernet2"));
    assert!(with >= without + 2, "{without} without, {with} with: down and up");
}

/// What a probe writes it takes back.
pub(super) fn a_probe_may_write_and_leaves_the_port_as_it_was(peer: Peer) {
    let Some(switch) = peer.own() else { return };
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let (before, wrote) = (switch.look(), written(&switch).0);
    let probed = setup.run(&["switch", "probe", "leaf1", "--write", "Ethernet2", "--output", "json"]);
    assert_eq!(probed.code(), 0, "{}{}", probed.stdout, probed.stderr);
    let found = probed.json();
    let told = found["probe"].as_array().unwrap().iter().find(|fact| fact["tried"] == "write").unwrap();
    assert!(told["found"].as_str().unwrap().starts_with("committed"), "{told}");
    assert!(written(&switch).0 >= wrote + 2, "there and back");
    assert_eq!(switch.look(), before);
}

/// Operations that touch a datastore, and all operations.
fn written(switch: &Switch) -> (u64, u64) {
    match switch {
        Switch::Simulated(switch) => {
            let counters = switch.handle().counters();
            (counters.edits + counters.commits, counters.rpcs)
        }
        Switch::Real(switch) => {
            let requests: Vec<_> =
                switch.witnessed().into_iter().filter(|line| line["direction"] == "to-switch").collect();
            let reads = requests.iter().filter(|line| line["operation"] == "get-config" || line["operation"] == "get");
            let (reads, all) = (reads.count(), requests.len());
            ((all - reads) as u64, all as u64)
        }
        Switch::Target(switch) => {
            let calls = switch.calls();
            let sets = calls.iter().filter(|call| call["method"] == "Set").count();
            (sets as u64, calls.len() as u64)
        }
    }
}

/// What joined by name leaves when the name is not said any more.
pub(super) fn joining_a_lag_that_is_there(peer: Peer) {
    let Some(mut stage) = Stage::with(peer, naming_a_lag) else { return };
    let answer = stage.update(&json!({"mode": "access", "native_vlan": 100, "lag_name": "Port-Channel1"}));
    assert_eq!(stage.now().aggregate.as_deref(), Some("Port-Channel1"));
    assert_eq!(answer["lag_name"], "Port-Channel1");
    stage.update(&json!({"mode": "access", "native_vlan": 100}));
    assert_eq!((stage.now().aggregate, stage.now().vlans.as_str()), (None, "access 100"));
}

pub(super) fn joining_a_lag_that_is_missing_makes_none(peer: Peer) {
    let managed = |entry: Entry| entry.text("lag_numbers", "300-399").text("lag_prefix", "Port-Channel");
    let Some(mut stage) = Stage::with(peer, managed) else { return };
    let answer = stage.update(&json!({"mode": "access", "native_vlan": 100, "lag_name": "lag-8d1f00aa"}));
    assert_eq!(answer["lag_name"], Value::Null);
    assert!(answer["warnings"].to_string().contains("lag-8d1f00aa"), "{answer}");
    assert_eq!(stage.now(), Port { vlans: "access 100".to_owned(), ..Port::default() });
}
