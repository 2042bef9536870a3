//! A spanning tree entry that others use too: what is theirs outlives what is
//! Mercury's.

use mercury_model::{EdgePort, Intended, InterfaceName, Plan, Running, Stp};
use serde_json::json;

use crate::{
    answers::{self, Reading},
    case,
    device::Device,
    dialect, dialects, gnmi, render, request,
};

const READINGS: [Reading; 2] = [Reading::Get, Reading::Once];

fn switch() -> Device {
    let guarded = json!({ "name": "Ethernet1", "config": { "name": "Ethernet1", "guard": "ROOT" } });
    let port = json!({ "name": "Ethernet1", "config": { "name": "Ethernet1", "enabled": true } });
    let data = json!({
        "interfaces": { "interface": [port] },
        "stp": { "interfaces": { "interface": [guarded] } },
    });
    Device::with(data, false)
}

fn port() -> InterfaceName {
    "Ethernet1".parse().unwrap()
}

/// Brings the port's settings to `stp`.
fn make(name: &str, switch: &mut Device, running: &Running, stp: Option<Stp>) -> String {
    let mut intended = running.config.clone();
    intended.interfaces.get_mut(&port()).unwrap().stp = stp;
    let dialect = dialect(name);
    let operations = render(&dialect, &Plan::between(running, &Intended(intended))).unwrap();
    switch.apply(&request(&dialect, &operations)).unwrap();
    operations.to_string()
}

#[test]
fn what_others_put_into_an_entry_outlives_an_edge_port() {
    let edge = Stp::of(Some(EdgePort::EdgeEnable), Some(true));
    for name in ["openconfig", "arista_eos", "cisco_nxos"] {
        for reading in READINGS {
            let mut switch = switch();
            let before = switch.data.clone();
            let read = |switch: &Device| answers::running(&dialect(name), switch, &case::everything(), reading);
            let running = read(&switch);
            assert_eq!((running.interface(&port()).stp, running.shared.len()), (None, 1), "{name}");
            make(name, &mut switch, &running, edge);
            let made = read(&switch);
            assert_eq!(made.interface(&port()).stp, edge, "{name}");
            assert!(switch.data.to_string().contains("ROOT"), "{name}");
            let sent = make(name, &mut switch, &made, None);
            assert_eq!(switch.data, before, "{name}\n{sent}");
        }
    }
}

#[test]
fn an_entry_that_is_mercurys_alone_goes_with_its_settings() {
    let mut switch = switch();
    switch.data["stp"] = json!({ "interfaces": { "interface": [] } });
    let before = switch.data.clone();
    let read = |switch: &Device| answers::running(&dialect("openconfig"), switch, &case::everything(), Reading::Get);
    let running = read(&switch);
    make("openconfig", &mut switch, &running, Stp::of(Some(EdgePort::EdgeEnable), None));
    let made = read(&switch);
    assert!(made.shared.is_empty());
    make("openconfig", &mut switch, &made, None);
    assert_eq!(switch.data, before);
}

/// A subscription or a Get for what a switch does not have may be an error.
#[test]
fn spanning_tree_is_asked_for_only_where_the_scope_says_so() {
    use mercury_gnmi::conformance::questions;
    use mercury_model::Scope;
    let mut asked = 0;
    for dialect in dialects() {
        for subscribing in [false, true] {
            let mut scope = Scope::default();
            scope.add_interface(port());
            let about = |scope: &Scope| {
                let paths = questions(gnmi(&dialect), scope, None, subscribing).unwrap();
                paths.iter().filter(|path| path.elem[0].name.ends_with("stp")).count()
            };
            assert_eq!(about(&scope), 0, "{}", dialect.name);
            assert_eq!(about(&Scope::all()), 0, "{}", dialect.name);
            let with = about(&scope.clone().with_stp(true));
            assert_eq!(with, usize::from(dialect.deviation("gnmi", "stp").is_none()), "{}", dialect.name);
            asked += with;
        }
    }
    assert!(asked > 4, "the test saw nothing");
}
