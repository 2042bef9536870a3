//! Ironic's own client before, netconfd or a gNMI switch behind.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::harness::{Datastores, Entry, Exception, Face, Ironic, Kind, Mercury, Peer, Port, Setup, Shared, installed};

/// Ironic's client before a shared netconfd.
struct Stage {
    switch: Shared,
    port: String,
    ironic: Ironic,
    mercury: Mercury,
}

impl Stage {
    fn new(change: impl Fn(Entry) -> Entry) -> Option<Self> {
        Self::on(Peer::Netconfd(Datastores::Candidate), change)
    }

    fn on(peer: Peer, change: impl Fn(Entry) -> Entry) -> Option<Self> {
        if !installed() {
            return None;
        }
        let switch = peer.shared()?;
        let entry = switch.entry("leaf1").text("lag_numbers", "400-449").text("lag_prefix", "Port-Channel");
        let mercury = Mercury::serve(&[change(entry)]);
        let ironic = Ironic::of(&mercury);
        Some(Self { port: switch.port(), switch, ironic, mercury })
    }

    fn now(&self) -> Port {
        self.switch.look().port(&self.port)
    }

    /// What Ironic's client sends for this port.
    fn update(&self, more: &Value) -> Value {
        let mut args = json!({
            "switch_id": "leaf1", "port_name": self.port, "description": "Ironic Port 8d1f",
            "mode": "access", "native_vlan": 100,
        });
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    }

    fn reset(&self, more: &Value) -> Value {
        let mut args = json!({"switch_id": "leaf1", "port_name": self.port, "native_vlan": 100});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    }

    /// `update_port` must be refused so, with the switch untouched.
    fn refused(&mut self, more: &Value, class: &str, code: i64) -> Exception {
        let error = self.ironic.fails("update_port", &self.update(more));
        assert!(error.is(class, code), "{more}: {error:?}");
        error
    }
}

fn all_five_methods(peer: Peer) {
    let mac = |entry: Entry| entry.with("mac_addresses", "[\"52:54:00:ab:cd:ef\"]").text("allowed_vlans", "100-199");
    let Some(mut stage) = Stage::on(peer, mac) else { return };

    let switches = stage.ironic.done("get_switches", &json!({}));
    let protocol = if matches!(peer, Peer::SimulatorGnmi(_) | Peer::Gnmi(_)) { "gnmi" } else { "netconf" };
    let wanted = json!({"leaf1": {"switch_id": "52:54:00:ab:cd:ef", "device_name": "leaf1",
                                  "device_type": format!("{protocol}_openconfig"), "allowed_vlans": "100-199"}});
    assert_eq!(switches, wanted);

    let args = stage.update(&json!({"switch_id": "5254.00AB.CDEF", "mode": "trunk", "allowed_vlans": [101, 102]}));
    let answer = stage.ironic.done("update_port", &args);
    assert_eq!(answer["status"], "configured");
    assert_eq!(answer["switch_id"], "5254.00AB.CDEF", "as the caller spells it");
    assert_eq!(answer["allowed_vlans"], json!([101, 102]));
    let seen = stage.now();
    assert_eq!(
        (seen.vlans.as_str(), seen.description.as_deref()),
        ("trunk 101,102 native 100", Some("Ironic Port 8d1f"))
    );
    assert_eq!(Port::answered(&answer["interface"]), seen);

    let args = stage.reset(&json!({"allowed_vlans": [101, 102], "default_vlan": 190}));
    let answer = stage.ironic.done("reset_port", &args);
    assert_eq!(answer["status"], "reset");
    assert_eq!(stage.now().vlans, "access 190");

    let lag = json!({"switch_ids": ["leaf1"], "lag_name": "lag-1", "description": "d", "mode": "trunk",
                     "native_vlan": 100, "aggregation_mode": "static", "allowed_vlans": [101], "default_vlan": null});
    let answer = stage.ironic.done("update_lag", &lag);
    assert_eq!(answer["status"], "configured");
    for (field, value) in lag.as_object().unwrap() {
        assert_eq!(&answer[field], value, "{field}");
    }
    let made = answer["switches"][0]["lags"]["lag-1"].as_str().unwrap();
    assert_eq!(stage.switch.look().port(made).vlans, "trunk 101 native 100");
    let lag = json!({"switch_ids": ["leaf1"], "lag_name": "lag-1"});
    let answer = stage.ironic.done("delete_lag", &lag);
    assert_eq!((&answer["status"], &answer["changed"]), (&json!("deleted"), &json!(true)));
    assert!(!stage.switch.look().ports.contains_key(made), "{made} is left behind");
}

/// Building needs the network team's word.
#[test]
fn a_lag_that_the_entry_does_not_allow_is_a_network_error() {
    let Some(mut stage) = Stage::new(|entry| entry.without("lag_numbers")) else { return };
    let lag = json!({"switch_ids": ["leaf1"], "lag_name": "lag-1", "description": "d", "mode": "trunk",
                     "native_vlan": 100, "aggregation_mode": "lacp", "allowed_vlans": [101]});
    let error = stage.ironic.fails("update_lag", &lag);
    assert!(error.is("NetworkError", 500) && error.message.contains("lag_numbers"), "{error:?}");
}

#[test]
fn all_five_methods_on_a_candidate() {
    all_five_methods(Peer::Netconfd(Datastores::Candidate));
}

#[test]
fn all_five_methods_on_writable_running() {
    all_five_methods(Peer::Netconfd(Datastores::Running));
}

#[test]
fn all_five_methods_with_a_startup_datastore() {
    all_five_methods(Peer::Netconfd(Datastores::Startup));
}

#[test]
fn all_five_methods_on_a_gnmi_simulator() {
    all_five_methods(Peer::SimulatorGnmi(Face::Confirmed));
}

#[test]
fn all_five_methods_on_gnmi_lemming() {
    all_five_methods(Peer::Gnmi(Kind::Lemming));
}

#[test]
fn all_five_methods_on_gnmi_gnxi() {
    all_five_methods(Peer::Gnmi(Kind::Gnxi));
}

#[test]
fn what_is_changed_is_saved_where_the_switch_has_a_startup() {
    let Some(mut stage) = Stage::on(Peer::Netconfd(Datastores::Startup), |entry| entry) else { return };
    let args = stage.update(&json!({}));
    stage.ironic.done("update_port", &args);
    let crate::harness::Switch::Real(switch) = &*stage.switch else { unreachable!() };
    assert_eq!(switch.look_at("startup").port(&stage.port).vlans, "access 100");
}

#[test]
fn every_parameter_mistake_is_an_invalid_parameter_value() {
    let Some(mut stage) = Stage::new(|entry| entry.text("allowed_vlans", "100-199,300")) else { return };
    for vlan in [json!(0), json!(4095), json!("100"), json!(true), json!(3.5), json!(100.0), json!(-1), json!([100])] {
        for more in [
            json!({"native_vlan": vlan}),
            json!({"mode": "trunk", "allowed_vlans": [101, vlan]}),
            json!({"default_vlan": vlan}),
        ] {
            let error = stage.refused(&more, "InvalidParameterValue", 400);
            let parameter = more.as_object().unwrap().keys().find(|key| *key != "mode").unwrap();
            assert!(error.message.contains(parameter.as_str()), "{more}: {error:?}");
        }
    }
    for (more, word) in [
        (json!({"mode": "trunk", "allowed_vlans": null}), "allowed_vlans"),
        (json!({"mode": "trunk", "allowed_vlans": []}), "allowed_vlans"),
        (json!({"mode": "access", "native_vlan": null}), "native_vlan"),
        (json!({"mode": "tagged"}), "mode"),
        (json!({"port_name": ""}), "port_name"),
        (json!({"port_name": null}), "port_name"),
        (json!({"port_name": "Ethernet1\n"}), "port_name"),
        (json!({"port_name": "Ethernet\u{7}1"}), "port_name"),
        (json!({"switch_id": ""}), "switch_id"),
        (json!({"switch_id": "leaf\u{0}1"}), "switch_id"),
        (json!({"description": "two\nlines\u{1b}[2J"}), "description"),
        (json!({"lag_name": "Port\tChannel"}), "lag_name"),
        (json!({"default_vlan": 301}), "default_vlan"),
        (json!({"native_vlan": 200}), "native_vlan"),
        (json!({"mode": "trunk", "allowed_vlans": [101, 200]}), "allowed_vlans"),
    ] {
        let error = stage.refused(&more, "InvalidParameterValue", 400);
        assert!(error.message.contains(word), "{more}: {error:?}");
    }
    assert_eq!(stage.now(), Port::default());
    assert!(stage.mercury.requests().is_empty(), "the switch was asked");
}

#[test]
fn a_switch_that_is_not_in_the_inventory_is_not_found() {
    let Some(mut stage) = Stage::new(|entry| entry) else { return };
    for name in ["leaf9", "00:11:22:33:44:55"] {
        let error = stage.refused(&json!({"switch_id": name}), "InvalidParameterValue", 404);
        assert!(error.message.contains(name), "{error:?}");
    }
    let args = stage.reset(&json!({"switch_id": "leaf9"}));
    assert!(stage.ironic.fails("reset_port", &args).is("InvalidParameterValue", 404));
}

#[test]
fn an_unreachable_switch_is_a_network_error() {
    // Bound and not listening: nobody answers, and nobody else gets the port.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(mut stage) = Stage::new(|entry| entry.with("port", gone)) else { return };
    let error = stage.refused(&json!({}), "NetworkError", 500);
    assert!(error.message.contains("leaf1"), "{error:?}");
}

#[test]
fn a_wrong_password_is_a_network_error_without_the_password() {
    let Some(mut stage) = Stage::new(|entry| entry.without("key_file").text("password", "wr0ng-secret")) else {
        return;
    };
    let error = stage.refused(&json!({}), "NetworkError", 500);
    assert!(!error.message.contains("wr0ng-secret"), "{error:?}");
    assert!(!stage.mercury.stderr.text().contains("wr0ng-secret"));
}

#[test]
fn an_unknown_host_key_is_a_network_error() {
    let setup = Setup::new();
    let nobody = setup.write("known_hosts", "");
    let Some(mut stage) = Stage::new(|entry| entry.with("known_hosts", format!("[{nobody:?}]"))) else { return };
    let error = stage.refused(&json!({}), "NetworkError", 500);
    assert!(error.message.contains("host key"), "{error:?}");
}

#[test]
fn http_basic_lets_the_right_password_in_and_no_other() {
    if !installed() {
        return;
    }
    let switch = Peer::Netconfd(Datastores::Candidate).shared().unwrap();
    let setup = Setup::new();
    let htpasswd = setup.path().join("htpasswd");
    let made = std::process::Command::new("htpasswd")
        .args(["-cbB", "-C", "5", htpasswd.to_str().unwrap(), "ironic", "s3same"])
        .output()
        .unwrap();
    assert!(made.status.success());
    let mercury = setup
        .switches(&[switch.entry("leaf1")])
        .flags(&["--auth", "http_basic", "--htpasswd", htpasswd.to_str().unwrap()])
        .serve();
    let mut ironic = Ironic::basic(&mercury, "ironic", "s3same");
    let port = switch.port();
    let args =
        json!({"switch_id": "leaf1", "port_name": port, "description": "d", "mode": "access", "native_vlan": 100});
    ironic.done("update_port", &args);
    assert_eq!(switch.look().port(&port).vlans, "access 100");
    assert_eq!(mercury.requests()[0]["caller"], "ironic");

    for (user, password) in [("ironic", "s3sama"), ("ironik", "s3same")] {
        let error = Ironic::basic(&mercury, user, password).fails("get_switches", &json!({}));
        assert!(error.class.contains("Unauthorized"), "{error:?}");
    }
    assert!(!mercury.stderr.text().contains("s3sam"));
}

#[test]
fn the_context_is_told_in_the_log() {
    let Some(mut stage) = Stage::new(|entry| entry) else { return };
    let context = json!({"request_id": "req-0b1c", "user": "alice", "project_id": "metal", "is_admin": true});
    let args = stage.update(&json!({}));
    stage.ironic.call_as(&context, "update_port", &args).unwrap();
    let line = stage.mercury.request("req-0b1c");
    assert_eq!((&line["user"], &line["project"], &line["switch"]), (&json!("alice"), &json!("metal"), &json!("leaf1")));
}

/// A `local_link_connection` of which Ironic is told that it is unmanaged comes
/// without a switch and without a port.
#[test]
fn an_unmanaged_port_is_left_alone_and_the_node_goes_on() {
    let Some(mut stage) = Stage::new(|entry| entry) else { return };
    let before = stage.switch.look();
    let nobody = json!({"switch_id": null, "port_name": null});
    for (method, args) in [("update_port", stage.update(&nobody)), ("reset_port", stage.reset(&nobody))] {
        let request = format!("req-{method}");
        let answer = stage.ironic.call_as(&json!({"request_id": request}), method, &args).unwrap();
        let line = stage.mercury.request(&request);
        assert_eq!((&line["action"], &line["outcome"]), (&json!(method), &json!("nothing to do")), "{line}");
        assert_eq!((&answer["status"], &answer["changed"]), (&json!("unmanaged"), &json!(false)), "{answer}");
        assert_eq!((&answer["switch_id"], &answer["port_name"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(stage.switch.look(), before);
    // One of the two is a mistake.
    for more in [json!({"switch_id": null}), json!({"port_name": null})] {
        let error = stage.refused(&more, "InvalidParameterValue", 400);
        assert!(error.message.contains("must not be null"), "{error:?}");
    }
}

/// Where today's service of Ironic falls short, one test for each.
mod upstream_falls_short {
    use super::*;

    #[test]
    fn a_netconf_switch_from_ironics_own_file_works() {
        from_ironics_own_file(Peer::Netconfd(Datastores::Candidate));
    }

    #[test]
    fn a_gnmi_switch_from_ironics_own_file_works() {
        from_ironics_own_file(Peer::Gnmi(Kind::Gnxi));
        from_ironics_own_file(Peer::SimulatorGnmi(Face::Plain));
    }

    fn from_ironics_own_file(peer: Peer) {
        let Some(switch) = peer.shared().filter(|_| installed()) else { return };
        let entry = switch.entry("leaf1").with("mac_addresses", "[\"52:54:00:00:00:21\"]");
        let mercury = Setup::new().ironic_switches(&[entry]).serve();
        let port = switch.port();
        let args = json!({"switch_id": "52:54:00:00:00:21", "port_name": port, "description": "d", "mode": "access",
                          "native_vlan": 100});
        let answer = Ironic::of(&mercury).done("update_port", &args);
        assert_eq!(answer["status"], "configured");
        assert_eq!(switch.look().port(&port).vlans, "access 100");
    }

    #[test]
    fn description_and_lag_name_reach_the_switch() {
        let naming = |entry: Entry| entry.with("allowed_lags", r#"["Port-Channel1"]"#);
        let Some(mut stage) = Stage::new(naming) else { return };
        let more = json!({"description": "Ironic Port 1", "lag_name": "Port-Channel1", "mode": "access",
                          "native_vlan": 100, "allowed_vlans": null});
        let answer = stage.ironic.done("update_port", &stage.update(&more));
        let port = stage.now();
        assert_eq!(
            (port.description.as_deref(), port.aggregate.as_deref()),
            (Some("Ironic Port 1 [Port-Channel1]"), Some("Port-Channel1"))
        );
        assert_eq!((&answer["description"], &answer["lag_name"]), (&json!("Ironic Port 1"), &json!("Port-Channel1")));
    }

    #[test]
    fn reset_with_a_default_vlan_works_and_one_that_is_not_allowed_is_refused() {
        let Some(mut stage) = Stage::new(|entry| entry.text("allowed_vlans", "100-199")) else { return };
        let args = stage.reset(&json!({"default_vlan": 150}));
        stage.ironic.done("reset_port", &args);
        assert_eq!(stage.now().vlans, "access 150");
        let args = stage.reset(&json!({"default_vlan": 999}));
        let error = stage.ironic.fails("reset_port", &args);
        assert!(error.is("InvalidParameterValue", 400) && error.message.contains("default_vlan"), "{error:?}");
        let error = stage.refused(&json!({"default_vlan": 999}), "InvalidParameterValue", 400);
        assert!(error.message.contains("default_vlan"), "{error:?}");
        assert_eq!(stage.now().vlans, "access 150");
    }

    #[test]
    fn plain_parameter_mistakes_are_the_callers() {
        let Some(mut stage) = Stage::new(|entry| entry) else { return };
        for more in [
            json!({"port_name": ""}),
            json!({"switch_id": ""}),
            json!({"mode": "trunk"}),
            json!({"mode": "trunk", "allowed_vlans": []}),
        ] {
            stage.refused(&more, "InvalidParameterValue", 400);
        }
    }

    #[test]
    fn a_switchs_own_refusal_comes_back_in_its_own_words() {
        let Some(mut stage) = Stage::new(|entry| entry) else { return };
        let error = stage.refused(&json!({"port_name": "Ethernet9999"}), "NetworkError", 500);
        assert!(error.message.contains("leaf1"), "{error:?}");
        // yuma123's words for a leaf of the model that is not there.
        assert!(!error.message.contains("attribute"), "{error:?}");
        assert!(error.message.contains("missing") || error.message.contains("instance"), "{error:?}");
        assert!(error.message.contains("as before"), "{error:?}");
        assert!(!stage.switch.look().ports.contains_key("Ethernet9999"));
    }

    #[test]
    fn an_unchanged_port_is_not_written_and_the_answer_is_read_back() {
        let Some(mut stage) = Stage::new(|entry| entry) else { return };
        let args = stage.update(&json!({"mode": "trunk", "allowed_vlans": [101, 102]}));
        assert_eq!(stage.ironic.done("update_port", &args)["outcome"], "committed");
        let again = stage.ironic.done("update_port", &args);
        assert_eq!(again["outcome"], "unchanged");
        assert_eq!(Port::answered(&again["interface"]), stage.now());
    }

    #[test]
    fn vlan_errors_print_ranges() {
        let Some(mut stage) = Stage::new(|entry| entry.text("allowed_vlans", "100-199,300")) else { return };
        let error = stage.refused(&json!({"native_vlan": 200}), "InvalidParameterValue", 400);
        assert!(error.message.contains("100-199,300") && error.message.contains("200"), "{error:?}");
        let many: Vec<u16> = (400..500).collect();
        let error = stage.refused(&json!({"mode": "trunk", "allowed_vlans": many}), "InvalidParameterValue", 400);
        assert!(error.message.contains("400-499"), "{error:?}");
    }

    #[test]
    fn vlans_that_only_look_like_numbers_are_refused() {
        let Some(mut stage) = Stage::new(|entry| entry) else { return };
        for vlan in [json!(true), json!("100"), json!(100.0)] {
            let error = stage.refused(&json!({"native_vlan": vlan}), "InvalidParameterValue", 400);
            assert!(error.message.contains("native_vlan"), "{error:?}");
        }
    }
}
