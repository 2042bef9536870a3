//! Whether VNIs carry frames: state, which a Get of configuration has to ask for beside.

use mercury_gnmi::conformance;
use mercury_gnmi_proto::gnmi::{Notification, Path, PathElem, SetRequest, TypedValue, Update, typed_value};
use mercury_model::{Running, VniState};
use serde_json::{Value as Json, json};

use crate::{case, dialect, gnmi, text};

/// `network-instance[name=default]/vlans`, of names without slashes.
fn path(text: &str) -> Path {
    let elem = |step: &str| {
        let (name, keys) = step.split_once('[').map_or((step, None), |(name, keys)| (name, Some(keys)));
        let key = keys.map(|keys| keys.trim_end_matches(']').split_once('=').unwrap());
        let key = key.map(|(key, value)| (key.to_owned(), value.to_owned()));
        PathElem { name: name.to_owned(), key: key.into_iter().collect() }
    };
    Path { elem: text.split('/').filter(|step| !step.is_empty()).map(elem).collect(), ..Path::default() }
}

/// What is read where these are the answers, each in a Notification of its own.
fn read(name: &str, answers: &[(&str, Json)]) -> Running {
    conformance::decode(&dialect(name), &notifications(answers), &case::everything()).unwrap()
}

fn notifications(answers: &[(&str, Json)]) -> Vec<Notification> {
    let answer = |(at, json): &(&str, Json)| {
        let value = Some(typed_value::Value::JsonIetfVal(json.to_string().into_bytes()));
        let update = Update { path: Some(path(at)), val: Some(TypedValue { value }), ..Update::default() };
        Notification { update: vec![update], ..Notification::default() }
    };
    answers.iter().map(answer).collect()
}

fn states(running: &Running) -> Vec<String> {
    let shown = |state: &VniState| match state {
        VniState::Up => "up".to_owned(),
        VniState::Down(why) => format!("down: {why}"),
    };
    running.overlay.states.iter().map(|(vni, state)| format!("{vni} {}", shown(state))).collect()
}

#[test]
fn openconfig_tells_it_of_each_vni_of_the_endpoint() {
    let map =
        |vni: u32, vlan: u16| json!({ "vni": vni, "config": { "vni": vni, "bridge-domain": vlan, "vni-type": "L2" } });
    let vxlan = json!({ "config": { "source-interface": "Loopback1" },
        "local-endpoint-vnis": { "local-endpoint-vni": [map(10_100, 3000), map(10_200, 3001), map(10_300, 3002)] } });
    let endpoint = json!({ "endpoint-id": "vtep1", "vxlan": vxlan });
    let point = json!({ "connection-point-id": "vtep1", "endpoints": { "endpoint": [endpoint] } });
    let points = "network-instances/network-instance[name=default]/connection-points";
    let config = json!({ "connection-point": [point] });
    let of_vnis = format!(
        "{points}/connection-point[connection-point-id=vtep1]/endpoints/endpoint[endpoint-id=vtep1]/vxlan/endpoint-vnis"
    );
    let told = |vni: u32, state: &str| json!({ "vni": vni, "state": { "vni": vni, "vni-state": state } });
    let state = json!({ "endpoint-vni": [told(10_100, "UP"), told(10_200, "DOWN")] });
    let found = read("openconfig", &[(points, config.clone()), (&of_vnis, state)]);
    assert_eq!(
        (found.segments.len(), states(&found)),
        (3, vec!["10100 up".into(), "10200 down: the switch says so".into()])
    );
    // Of a configuration alone nothing is known.
    let found = read("openconfig", &[(points, config)]);
    assert_eq!((found.segments.len(), states(&found)), (3, Vec::new()));
}

#[test]
fn sr_linux_tells_it_of_the_interface_and_of_its_place_in_the_network_instance() {
    let tunnel =
        |index: u16| json!({ "index": index, "type": "bridged", "ingress": { "vni": 10_000 + u32::from(index) } });
    let instance = |vlan: u16| json!({ "name": format!("vlan-{vlan}"), "type": "mac-vrf", "vxlan-interface": [{ "name": format!("vxlan1.{vlan}") }] });
    let config = json!({
        "interface": [],
        "tunnel-interface": [{ "name": "vxlan1", "vxlan-interface": [tunnel(10), tunnel(20), tunnel(30), tunnel(40)] }],
        "network-instance": [instance(10), instance(20), instance(30), instance(40)],
    });
    let at = |vlan: u16| format!("network-instance[name=vlan-{vlan}]/vxlan-interface[name=vxlan1.{vlan}]");
    let of_tunnel = |index: u16| format!("tunnel-interface[name=vxlan1]/vxlan-interface[index={index}]");
    let up = json!({ "oper-state": "up" });
    let down = json!({ "oper-state": "down", "oper-down-reason": "vxlan-if-default-net-inst-source-if-down" });
    let failed = json!({ "oper-state": "down", "oper-down-reason": "mac-failed" });
    // As srl_nokia-tunnel-interfaces-vxlan-interface-bridge-table-statistics has it, and what is learnt.
    let table = json!({ "bridge-table": { "statistics": { "active-entries": 1 }, "unicast-destinations": {
        "destination": [{ "vtep": "192.0.2.7", "vni": 10_010, "mac-table": { "mac": [{ "address": "52:54:00:00:00:01" }] } }] },
        "multicast-destinations": { "not-programmed-multicast-destinations": 0 } } });
    let answers = [
        ("", config),
        (&of_tunnel(10), table),
        (&at(10), up.clone()),
        (&of_tunnel(10), up.clone()),
        (&at(20), down),
        (&of_tunnel(30), failed),
        (&at(30), up),
    ];
    let found = read("nokia_srl", &answers);
    assert_eq!(found.segments.len(), 4);
    let why = "10020 down: vxlan-if-default-net-inst-source-if-down";
    assert_eq!(states(&found), ["10010 up", why, "10030 down: mac-failed"]);
    // State is nothing that anybody configured.
    assert!(found.overlay.besides.values().all(|what| what.starts_with("no bgp-evpn of")), "{:?}", found.overlay);
}

/// Answers are entries of the lists that the configuration has too, one by one or in one object.
#[test]
fn sr_linux_tells_it_by_get_apart_from_the_configuration() {
    let (instance, tunnel) = (
        |vlan: u16| json!({ "name": format!("vlan-{vlan}"), "type": "mac-vrf", "vxlan-interface": [{ "name": format!("vxlan1.{vlan}") }] }),
        |index: u16| json!({ "index": index, "type": "bridged", "ingress": { "vni": 10_000 + u32::from(index) } }),
    );
    let config = json!({ "interface": [],
        "tunnel-interface": [{ "name": "vxlan1", "vxlan-interface": [tunnel(10), tunnel(20), tunnel(30)] }],
        "network-instance": [instance(10), instance(20), instance(30)] });
    let running = read("nokia_srl", &[("", config)]);
    let why = "vxlan-if-default-net-inst-source-if-down";
    let of = |index: u16, leaf: &str| format!("tunnel-interface[name=vxlan1]/vxlan-interface[index={index}]/{leaf}");
    let one_by_one = notifications(&[
        (&of(10, "oper-state"), json!("up")),
        (&of(20, "oper-state"), json!("down")),
        (&of(20, "oper-down-reason"), json!(why)),
        (&of(99, "oper-state"), json!("down")),
    ]);
    let entry = |index: u16, state: &str| json!({ "index": index, "oper-state": state });
    let other = json!({ "name": "vxlan2", "vxlan-interface": [entry(30, "up")] });
    let own = json!({ "name": "vxlan1", "vxlan-interface": [entry(10, "up"), entry(20, "down")] });
    let whole = notifications(&[("", json!({ "srl_nokia-tunnel-interfaces:tunnel-interface": [own, other] }))]);
    let told = |answers: &[Notification]| {
        let told = conformance::told(gnmi(&dialect("nokia_srl")), answers, &running).unwrap();
        let mut running = running.clone();
        running.overlay.states = told;
        states(&running)
    };
    assert_eq!(told(&one_by_one), ["10010 up".to_owned(), format!("10020 down: {why}")]);
    assert_eq!(told(&whole), ["10010 up", "10020 down: down"]);
    assert_eq!(told(&[]), [""; 0]);
}

#[test]
fn only_who_serves_vnis_asks_for_it() {
    let asked = |name: &str| -> String {
        let shown = |path: &Path| text::shown(&SetRequest { delete: vec![path.clone()], ..Default::default() });
        conformance::states(gnmi(&dialect(name)), &case::everything()).iter().map(shown).collect()
    };
    // A subscription shows it; a Get asks for the leaves alone, as far more is beside them.
    let interface = "/tunnel-interface/vxlan-interface";
    assert_eq!(asked("nokia_srl"), format!("delete {interface}/oper-state\ndelete {interface}/oper-down-reason\n"));
    let points = "/network-instances/network-instance[name=default]/connection-points/connection-point";
    assert_eq!(asked("openconfig"), format!("delete openconfig:{points}/endpoints/endpoint/vxlan/endpoint-vnis\n"));
    assert_eq!(asked("arista_eos"), "");
    assert!(conformance::states(gnmi(&dialect("openconfig")), &case::everything().with_overlays(false)).is_empty());
}
