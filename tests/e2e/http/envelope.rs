//! JSON-RPC: what is a request, and what is none.

use super::*;

#[test]
fn bodies_that_are_no_json_are_parse_errors() {
    let mut stage = Stage::new();
    let whole = request(&json!(1), "update_port", &update("Ethernet1"));
    for body in [
        &b""[..],
        b"   ",
        b"hello",
        b"{\"jsonrpc\": \"2.0\", ",
        b"\xff\xfe{}",
        b"{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"get_switches\"} trailing",
        &whole[..whole.len() - 1],
        &whole[..whole.len() / 2],
    ] {
        let (id, _) = stage.refused(body, -32700);
        assert_eq!(id, json!(null));
    }
    assert!(stage.untouched());
}

#[test]
fn json_that_is_no_request_is_an_invalid_request() {
    let mut stage = Stage::new();
    for body in [
        json!(null),
        json!(5),
        json!("update_port"),
        json!({}),
        json!({"jsonrpc": "2.0", "id": 1}),
        json!({"jsonrpc": "2.0", "id": 1, "method": 5}),
        json!({"jsonrpc": "2.0", "id": 1, "method": null}),
        json!({"jsonrpc": "1.0", "id": 1, "method": "get_switches"}),
        json!({"jsonrpc": 2.0, "id": 1, "method": "get_switches"}),
        json!({"id": 1, "method": "get_switches"}),
        json!({"jsonrpc": "2.0", "id": {"a": 1}, "method": "get_switches"}),
        json!({"jsonrpc": "2.0", "id": [1], "method": "get_switches"}),
        json!({"jsonrpc": "2.0", "id": true, "method": "get_switches"}),
        json!({"jsonrpc": "2.0", "id": -1, "method": "get_switches"}),
        json!({"jsonrpc": "2.0", "id": 1.5, "method": "get_switches"}),
    ] {
        stage.refused(body.to_string().as_bytes(), -32600);
    }
    assert!(stage.untouched());
}

#[test]
fn a_batch_is_refused_as_one_and_nothing_of_it_is_done() {
    let mut stage = Stage::new();
    let one: Value = serde_json::from_slice(&request(&json!(1), "update_port", &update("Ethernet1"))).unwrap();
    for batch in [json!([]), json!([one, one]), json!([1, 2])] {
        let (id, error) = stage.refused(batch.to_string().as_bytes(), -32600);
        assert_eq!(id, json!(null));
        assert!(error.message.contains("batch"), "{error:?}");
    }
    assert!(stage.untouched());
}

#[test]
fn an_id_comes_back_as_it_went() {
    let mut stage = Stage::new();
    for id in [json!(0), json!(7), json!(u64::MAX), json!("req-1"), json!(""), json!("ü\"\\"), json!(null)] {
        let reply = stage.client.post("/", &request(&id, "get_switches", &json!({}))).json();
        assert_eq!(reply["id"], id, "{reply}");
        assert!(reply["result"].is_object(), "{reply}");
    }
}

#[test]
fn a_notification_is_carried_out_and_answered_with_nothing() {
    let mut stage = Stage::new();
    let body = json!({"jsonrpc": "2.0", "method": "update_port", "params": update("Ethernet1")});
    let response = stage.client.post("/", body.to_string().as_bytes());
    assert_eq!((response.status, response.body.len()), (204, 0));
    assert_eq!(stage.port("Ethernet1").vlans, "access 100");
    // One that fails is silent too, but not in the log.
    let body = json!({"jsonrpc": "2.0", "method": "update_port", "params": {"switch_id": "leaf9"}});
    let response = stage.client.post("/", body.to_string().as_bytes());
    assert_eq!((response.status, response.body.len()), (204, 0));
    stage.mercury.stderr.wait_json("the failed notification", |line| line["method"] == "update_port");
}

#[test]
fn unknown_methods_and_parameters_that_do_not_fit_are_named() {
    let mut stage = Stage::new();
    let (id, _) = stage.refused(&request(&json!("x"), "explode", &json!({})), -32601);
    assert_eq!(id, json!("x"));
    for params in [json!(["leaf1", "Ethernet1"]), json!("leaf1"), json!(5)] {
        stage.refused(&request(&json!(1), "update_port", &params), -32602);
    }
    let mut more = update("Ethernet1");
    more["colour"] = json!("blue");
    let (_, error) = stage.refused(&request(&json!(1), "update_port", &more), -32602);
    assert!(error.message.contains("colour"), "{error:?}");
    assert_eq!(error.class(), "InvalidParameterValue");
    assert!(stage.untouched());
}

/// A port that the dialect cannot have is refused before anything is sent, and
/// what LLDP calls it is not.
#[test]
fn a_malformed_port_name_is_refused_with_the_name_that_would_be_right() {
    let mut stage = Stage::new();
    stage.mercury = Mercury::serve(&[stage.switch.entry("leaf1").text("dialect", "arista_eos")]);
    stage.client = Client::of(&stage.mercury);
    let link = json!({"binding:profile": {"local_link_information": [{"switch_id": "leaf1", "port_id": "Eth1/1"}]}});
    for (method, params, parameter) in [
        ("update_port", update("Eth1/1"), "port_name"),
        ("reset_port", json!({"switch_id": "leaf1", "port_name": "Eth1/1"}), "port_name"),
        (
            "attach_port",
            json!({"port": link, "network": 100}),
            "port.binding:profile.local_link_information[0].port_id",
        ),
    ] {
        let error = stage.client.fails(method, &params);
        assert_eq!((error.kind(), &error.data["parameter"]), ("invalid-value", &json!(parameter)), "{error:?}");
        assert!(error.message.contains("\"Ethernet1/1\" would be"), "{error:?}");
    }
    assert!(stage.untouched());
    stage.client.done("update_port", &update("Et1"));
    assert_eq!(stage.port("Ethernet1").vlans, "access 100");
}

#[test]
fn deep_nesting_is_refused_before_it_is_parsed() {
    let mut stage = Stage::new();
    for body in ["[".repeat(100_000), format!("{{\"a\":{}", "[".repeat(100_000)), "{\"a\":".repeat(20_000)] {
        let (_, error) = stage.refused(body.as_bytes(), -32700);
        assert!(error.message.contains("nests"), "{error:?}");
    }
    assert!(stage.untouched());
}

#[test]
fn duplicate_keys_do_not_smuggle_a_value_past_the_checks() {
    let mut stage = Stage::new();
    let body = br#"{"jsonrpc": "2.0", "id": 1, "method": "get_switches", "method": "update_port", "params": {}}"#;
    let reply = stage.client.post("/", body).json();
    assert!(reply.get("error").is_some(), "{reply}");
    let body = br#"{"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": {"switch_id": "leaf1",
        "port_name": "Ethernet1", "mode": "access", "native_vlan": 4095, "native_vlan": 100}}"#;
    let (id, error) = stage.refused(body, -32602);
    assert_eq!(
        (id, error.class(), error.data["parameter"].as_str()),
        (json!(1), "InvalidParameterValue", Some("native_vlan"))
    );
    let body = br#"{"jsonrpc": "2.0", "id": 1, "method": "get_switches", "x": {"y": 1, "y": 2}}"#;
    stage.refused(body, -32602);
    let body = br#"{"type": "get_switches", "payload": {}, "payload": {}}"#;
    assert_eq!(stage.client.post("/v1/actions", body).status, 400);
    assert!(stage.untouched());
}

#[test]
fn ten_thousand_links_are_a_clear_error() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let mercury = setup.settings("[limits]\nmax_body_bytes = 4194304\n").serve();
    let links: Vec<_> = (0..10_000).map(|n| json!({"switch_id": "leaf1", "port_id": format!("Ethernet{n}")})).collect();
    let params = json!({"port": {"binding:profile": {"local_link_information": links}}, "network": 100});
    let error = Client::of(&mercury).fails("attach_port", &params);
    assert_eq!((error.code, error.class()), (400, "InvalidParameterValue"));
    assert!(error.message.contains("local_link_information") && error.message.contains("10000"), "{error:?}");
    assert_eq!(switch.handle().counters().rpcs, 0);
}
