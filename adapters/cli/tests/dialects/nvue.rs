//! NVUE's REST server: every case merged into a configuration that is not empty, and read
//! back; and what the server shows in other ways.

use std::sync::Arc;

use mercury_adapter::{Budget, Capabilities, Dialect, MAX_REPLY, NvueDialect, Render as _};
use mercury_cli::{NvueRenderer, Patches, recorded_objects};
use mercury_model::{DeviceConfig, Running};
use serde_json::{Value, json};

use crate::{
    case::{self, plan},
    case_of, dialect,
    round_trip::visible,
};

fn nvue() -> (Arc<Dialect>, NvueDialect) {
    let dialect = dialect("cumulus_nvue");
    let nvue = dialect.nvue.clone().unwrap();
    (dialect, nvue)
}

/// What others have there.
fn others() -> Value {
    json!({
        "system": {"hostname": "leaf1", "aaa": {"user": {"cumulus": {"full-name": "nv set interface swp7 type bond"}}}},
        "interface": {
            "eth0": {"ip": {"address": {"192.0.2.11/24": {}}, "vrf": "mgmt"}, "type": "eth"},
            "lo": {"ip": {"address": {"10.0.0.1/32": {}}}, "type": "loopback"},
            "swp49": {"bridge": {"domain": {"br_default": {"vlan": {"2": {}, "3-5": {}}}}}, "description": "up\nlink"},
            "vlan2": {"ip": {"address": {"10.2.0.1/24": {}}}, "type": "svi", "vlan": 2},
        },
        "bridge": {"domain": {"br_default": {"vlan": {"2": {}, "3": {}}}}},
        "nve": {"vxlan": {"source": {"address": "10.0.0.1"}}},
        "evpn": {"state": "enabled"},
    })
}

fn read(nvue: &NvueDialect, config: &Value) -> Running {
    let mut share = Budget::shared().share(MAX_REPLY);
    recorded_objects(nvue, &[&config.to_string()], true, &mut share).unwrap().running
}

/// Without what others have.
fn own(nvue: &NvueDialect, config: &Value) -> DeviceConfig {
    let mut found = read(nvue, config).config;
    found.interfaces.retain(|name, _| !["eth0", "lo", "swp49", "vlan2"].contains(&name.as_str()));
    found.vlans.retain(|id, _| ![2, 3].contains(&id.get()));
    found
}

fn patches(dialect: &Arc<Dialect>, before: &DeviceConfig, after: &DeviceConfig) -> Option<Patches> {
    let renderer = NvueRenderer::new(dialect).unwrap();
    let payload = renderer.render(&plan(before, after), &Capabilities::unknown()).ok()?;
    payload.body::<Patches>().cloned()
}

/// RFC 7396 section 2.
fn merge(config: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else { return config.clone_from(patch) };
    if !config.is_object() {
        *config = json!({});
    }
    for (name, value) in patch {
        let members = config.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[test]
fn every_case_that_renders_arrives_as_intended_and_leaves_others_alone() {
    let (dialect, nvue) = nvue();
    let mut arrived = 0;
    for case in case::all() {
        let Some(case) = case_of(&case, &dialect) else { continue };
        let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
        let mut config = others();
        for name in
            running.interfaces.keys().chain(intended.interfaces.keys()).filter(|name| name.as_str().starts_with("swp"))
        {
            merge(&mut config, &json!({"interface": {name.as_str(): {"type": "swp"}}}));
        }
        let Some(first) = patches(&dialect, &own(&nvue, &config), &running) else { continue };
        first.bodies().iter().for_each(|body| merge(&mut config, body));
        assert_eq!(own(&nvue, &config), running, "{}: {first}{config:#}", case.name);
        let Some(change) = patches(&dialect, &own(&nvue, &config), &intended) else { continue };
        change.bodies().iter().for_each(|body| merge(&mut config, body));
        assert_eq!(own(&nvue, &config), intended, "{}: {change}{config:#}", case.name);
        for way in ["/interface/swp49", "/interface/eth0", "/interface/vlan2", "/nve", "/evpn", "/system"] {
            assert_eq!(config.pointer(way), others().pointer(way), "{}: {change}", case.name);
        }
        arrived += 1;
    }
    assert!(arrived >= 20, "only {arrived} cases");
}

#[test]
fn a_change_is_one_object_but_for_what_is_taken_away_and_set_anew() {
    let (dialect, nvue) = nvue();
    let mut config = others();
    merge(&mut config, &json!({"interface": {"swp1": {"description": "'free'", "link": {"state": {"up": {}}}}}}));
    let before = own(&nvue, &config);
    let port = before.interfaces.values().next().unwrap();
    assert_eq!(port.description.as_ref().map(ToString::to_string).as_deref(), Some("'free'"));
    let mut after = before.clone();
    let port = after.interfaces.values_mut().next().unwrap();
    port.enabled = false;
    port.description = Some("rack 4, server 2".parse().unwrap());
    let bodies = patches(&dialect, &before, &after).unwrap();
    let expected = [
        json!({"interface": {"swp1": {"description": "rack 4, server 2", "link": {"state": null}}}}),
        json!({"interface": {"swp1": {"link": {"state": {"down": {}}}}}}),
    ];
    assert_eq!(bodies.bodies(), expected);
}

/// The shell's `nv` takes a range for a word; no object has one for a name.
#[test]
fn each_vlan_is_a_member() {
    let (dialect, nvue) = nvue();
    let mut config = others();
    merge(&mut config, &json!({"interface": {"swp1": {"type": "swp"}}}));
    let before = own(&nvue, &config);
    let mut after = before.clone();
    let vlans = mercury_model::TrunkVlans::Only("10,20-22".parse().unwrap());
    let trunk = mercury_model::SwitchedVlan::Trunk { native: None, vlans };
    after.interfaces.values_mut().next().unwrap().switched_vlan = Some(trunk);
    let bodies = patches(&dialect, &before, &after).unwrap();
    let vlan = bodies.bodies()[0].pointer("/interface/swp1/bridge/domain/br_default/vlan");
    assert_eq!(vlan, Some(&json!({"10": {}, "20": {}, "21": {}, "22": {}})), "{bodies}");
}

/// A text is one text, whatever is in it, and what is no object says nothing.
#[test]
fn what_is_shown_makes_no_lines_of_its_own() {
    let (_, nvue) = nvue();
    let running = read(&nvue, &others());
    let uplink = &running.config.interfaces[&"swp49".parse().unwrap()];
    assert_eq!(uplink.description.as_ref().map(ToString::to_string).as_deref(), Some("up\u{fffd}link"));
    assert!(!running.config.interfaces.keys().any(|name| name.as_str() == "swp7"));
    let mut share = Budget::shared().share(MAX_REPLY);
    for text in ["", "[]", "{", "\"nv set interface swp1\"", "{\"interface\": {}}"] {
        recorded_objects(&nvue, &[text], false, &mut share).unwrap_err();
    }
}
