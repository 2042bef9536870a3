//! The HTTP front, as a careless or hostile caller meets it.

mod envelope;
mod impatient;

use mercury_sim::{Mode, Options};
use serde_json::{Value, json};

use crate::harness::{Client, Datastores, Mercury, Port, RpcError, Setup, Simulated, block_on, netconfd};

struct Stage {
    switch: Simulated,
    mercury: Mercury,
    client: Client,
}

impl Stage {
    fn new() -> Self {
        Self::with(Simulated::start(Mode::Candidate))
    }

    fn with(switch: Simulated) -> Self {
        let mercury = Mercury::serve(&[switch.entry("leaf1")]);
        let client = Client::of(&mercury);
        Self { switch, mercury, client }
    }

    /// Posts a body that must be answered with this error.
    fn refused(&mut self, body: &[u8], code: i64) -> (Value, RpcError) {
        let response = self.client.post("/", body);
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.headers["content-type"], "application/json");
        let reply = response.json();
        let error = RpcError::of(&reply["error"]);
        assert_eq!(error.code, code, "{reply}");
        assert!(error.data.is_object(), "Ironic's client breaks on data that is no object: {reply}");
        (reply["id"].clone(), error)
    }

    fn untouched(&self) -> bool {
        self.switch.handle().counters().rpcs == 0
    }

    fn port(&self, name: &str) -> Port {
        self.switch.look().port(name)
    }
}

fn update(port: &str) -> Value {
    json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100, "description": "d"})
}

fn request(id: &Value, method: &str, params: &Value) -> Vec<u8> {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string().into_bytes()
}

#[test]
fn what_is_not_a_post_is_405_and_what_is_not_there_404() {
    let mut stage = Stage::new();
    for (method, path, status) in [
        ("GET", "/v1/actions", 405),
        ("PUT", "/", 405),
        ("DELETE", "/v1/actions", 405),
        ("POST", "/nowhere", 404),
        ("GET", "/v1", 404),
    ] {
        let response = stage.client.request(method, path, b"");
        assert_eq!(response.status, status, "{method} {path}");
        let error = &response.json()["error"];
        assert_eq!(error["code"], status, "{method} {path}");
        assert!(error["message"].is_string());
    }
    assert_eq!(stage.client.done("get_switches", &json!({})).as_object().unwrap().len(), 1, "the connection lives");
}

/// Ironic's client breaks on data that is no object, and nobody reads megabytes.
#[test]
fn what_a_switch_says_at_length_is_told_briefly() {
    let fault = format!("commit:1:before:refuse:operation-failed:{}", "no room ".repeat(200_000));
    let mut stage =
        Stage::with(Simulated::with(Options { faults: vec![fault.parse().unwrap()], ..Simulated::options() }));
    let body = request(&json!(1), "update_port", &update("Ethernet1"));
    let (_, error) = stage.refused(&body, 500);
    assert!(error.message.len() + error.data.to_string().len() < 20_000, "{}", error.message.len());
    assert!(error.data["device_errors"][0]["message"].as_str().unwrap().contains("bytes)"));
}

/// A page can have a browser send all of these; Ironic and curl send none.
#[test]
fn what_a_web_page_can_send_is_refused() {
    let mut stage = Stage::new();
    let body = String::from_utf8(request(&json!(1), "update_port", &update("Ethernet1"))).unwrap();
    let host = stage.mercury.address.to_string();
    let json = "Content-Type: application/json\r\n";
    let ask = |host: &str, headers: &str| {
        let length = body.len();
        let head = format!("POST / HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\n\r\n");
        let mut client = Client::of(&stage.mercury);
        client.send(&[head.as_bytes(), body.as_bytes()].concat());
        client.response().expect("an answer").status
    };
    let named = |host: &str| format!("Host: {host}\r\n");
    for (headers, status) in [
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("Content-Type: multipart/form-data; boundary=x\r\n", 415),
        ("Content-Type: text/plain; application/json\r\n", 415),
        ("", 415),
        (&format!("{json}Content-Type: text/plain\r\n"), 415),
        (&format!("{json}Origin: http://attacker.example\r\n"), 403),
        (&format!("{json}Origin: null\r\n"), 403),
        (&format!("{json}Origin: http://{host}\r\n"), 403),
    ] {
        assert_eq!(ask(&named(&host), headers), status, "{headers}");
    }
    let twice = format!("{}{}", named("localhost"), named("attacker.example"));
    for foreign in [&named("attacker.example"), &named("localhost.attacker.example"), &named("10.0.0.1"), &twice, ""] {
        let status = ask(foreign, json);
        assert!([403, 400].contains(&status), "{foreign}: {status}");
    }
    assert_eq!(stage.switch.handle().counters().rpcs, 0);
    for own in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.8.9.10:6190", "[::1]:6190", "ironic.localhost"] {
        assert_eq!(ask(&named(own), "Content-Type: Application/JSON; charset=utf-8\r\n"), 200, "{own}");
    }
    assert_eq!(stage.client.request("GET", "/healthz", b"").status, 200);
}

/// The call of the README, as it is there but for the address and the password, which curl
/// asks for; who has another is not let in.
#[test]
fn the_curl_of_the_readme_logs_in_and_is_served() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let htpasswd = setup.write("htpasswd", &format!("ironic:{}\n", bcrypt::hash("s3same", 5).unwrap()));
    let mercury = setup.flags(&["--auth", "http_basic", "--htpasswd", htpasswd.to_str().unwrap()]).serve();
    Client::of(&mercury).basic("ironic", "s3same").done("get_switches", &json!({}));
    let readme = include_str!("../../README.md");
    let (_, call) = readme.split_once("$ curl ").expect("a call");
    let (call, _) = call.split_once("\n{").expect("its answer");
    assert!(call.contains("-u ironic "), "{call}");
    let call = call.replace("127.0.0.1:6190", &mercury.address.to_string()).replace("001c.730a.0b0c", "leaf1");
    let curl = |password: &str| {
        let call = call.replace("-u ironic ", &format!("-u ironic:{password} "));
        std::process::Command::new("sh").args(["-c", &format!("curl {call}")]).output()
    };
    let Ok(refused) = curl("another").map_err(|error| eprintln!("left out: {error}")) else { return };
    assert!(String::from_utf8_lossy(&refused.stdout).contains("\"code\":401"), "{refused:?}");
    assert_eq!(switch.handle().counters().rpcs, 0);
    let done = curl("s3same").unwrap();
    let answer: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
    assert_eq!(answer["result"]["outcome"], "committed", "{answer}");
}

#[test]
fn a_body_of_ten_megabytes_is_413_whichever_way_it_comes() {
    let mut stage = Stage::new();
    let body = vec![b'x'; 10 << 20];
    let response = stage.client.post("/", &body);
    assert_eq!(response.status, 413);
    assert_eq!(response.json()["error"]["code"], 413);

    let mut client = Client::of(&stage.mercury);
    client.send(
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    for piece in body.chunks(1 << 20) {
        client.send(format!("{:x}\r\n", piece.len()).as_bytes());
        client.send(piece);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    let response = client.response().expect("an answer");
    assert_eq!(response.status, 413);
    assert!(stage.untouched());
    Client::of(&stage.mercury).done("get_switches", &json!({}));
}

#[test]
fn actions_answer_with_the_status_that_fits() {
    let fault = "commit:1:before:refuse:operation-failed:no room".parse().unwrap();
    let mut stage = Stage::with(Simulated::with(Options { faults: vec![fault], ..Simulated::options() }));
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let entries = [stage.switch.entry("leaf1"), stage.switch.entry("gone").with("port", gone)];
    stage.mercury = Mercury::serve(&entries);
    stage.client = Client::of(&stage.mercury);
    let port = |switch: &str, vlan: &Value| {
        json!({"context": {"request_id": "req-a"}, "network": vlan,
               "port": {"binding:profile": {"local_link_information": [{"switch_id": switch, "port_id": "Ethernet1"}]}}})
    };
    let attach = |switch: &str, vlan: Value| json!({"type": "attach_port", "payload": port(switch, &vlan)});
    let lag = json!({"type": "update_lag", "payload": {"switch_ids": ["leaf1"], "lag_name": "lag-1", "mode": "access",
                     "native_vlan": 100, "aggregation_mode": "lacp"}});
    for (body, status, kind) in [
        (json!("attach_port"), 400, "invalid-params"),
        (json!({"payload": {}}), 400, "invalid-params"),
        (json!({"type": "attach_port", "payload": {}}), 400, "invalid-params"),
        (json!({"type": "attach_port", "payload": {}, "more": 1}), 400, "invalid-params"),
        (attach("leaf1", json!(4095)), 400, "invalid-value"),
        (json!({"type": "explode"}), 404, "invalid-params"),
        (attach("leaf9", json!(100)), 404, "switch-not-found"),
        (attach("gone", json!(100)), 503, "unreachable"),
        (attach("leaf1", json!(100)), 502, "refused"),
        (lag, 501, "unsupported"),
    ] {
        let response = stage.client.post("/v1/actions", body.to_string().as_bytes());
        let answer = response.json();
        assert_eq!(response.status, status, "{body}: {answer}");
        assert_eq!(answer["error"]["code"], status, "{body}: {answer}");
        assert_eq!(answer["error"]["data"]["kind"], kind, "{body}: {answer}");
        assert!(answer["error"]["message"].is_string());
    }
    assert_eq!(stage.port("Ethernet1"), Port::default());
    let response = stage.client.post("/v1/actions", attach("leaf1", json!(100)).to_string().as_bytes());
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["result"]["changed"], true);
    assert_eq!(stage.port("Ethernet1").vlans, "access 100");
    let deep = "[".repeat(100_000);
    assert_eq!(stage.client.post("/v1/actions", deep.as_bytes()).status, 400);
    assert_eq!(stage.client.post("/v1/actions", &vec![b'x'; 1 << 20]).status, 413);
}

#[test]
fn update_port_serves_both_callers() {
    let mut stage = Stage::new();
    let ironic = stage.client.done("update_port", &update("Ethernet1"));
    assert_eq!(ironic["status"], "configured");
    let profile = json!({"local_link_information": [{"switch_id": "leaf1", "port_id": "Ethernet1"}]});
    let plugin = json!({"port": {"binding:profile": profile}, "network": {"segmentation_id": 200}});
    let answer = stage.client.done("update_port", &plugin);
    assert_eq!(answer["switches"][0]["switch"], "leaf1");
    assert_eq!(stage.port("Ethernet1").vlans, "access 200");
    let mut both = plugin;
    both.as_object_mut().unwrap().extend(update("Ethernet1").as_object().unwrap().clone());
    assert_eq!(stage.client.fails("update_port", &both).code, -32602);
}

#[test]
fn the_plugin_asks_what_is_supported() {
    let mut stage = Stage::new();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let entries = [stage.switch.entry("leaf1"), stage.switch.entry("gone").with("port", gone)];
    stage.mercury = Mercury::serve(&entries.map(|entry| entry.text("allowed_vlans", "100-199")));
    stage.client = Client::of(&stage.mercury);
    assert_eq!(stage.client.done("get_allowed_network_types", &json!({})), json!(["vlan"]));
    let asked = |switch: &str, port: &str, network: Option<u16>| {
        json!({"network": network, "port": {"binding:vnic_type": "baremetal", "binding:profile":
            {"local_link_information": [{"switch_id": switch, "port_id": port}]}}})
    };
    for (switch, port) in [("leaf1", "Ethernet1"), ("leaf1", "Ethernet999"), ("gone", "Ethernet1")] {
        assert_eq!(stage.client.done("is_port_supported", &asked(switch, port, None)), json!(true), "{switch} {port}");
    }
    assert_eq!(stage.client.done("is_port_supported", &asked("leaf9", "Ethernet1", None)), json!(false));
    assert!(stage.untouched(), "it is in the inventory");
    for (switch, port, network, valid) in [
        ("leaf1", "Ethernet1", None, true),
        ("leaf1", "Ethernet1", Some(100), true),
        ("leaf1", "Ethernet1", Some(200), false),
        ("leaf9", "Ethernet1", None, false),
        // The switch tells of its ports, and not of this one.
        ("leaf1", "Ethernet999", None, false),
        ("leaf1", "Ethernet999", Some(100), false),
        // It cannot be asked.
        ("gone", "Ethernet1", Some(100), true),
    ] {
        let answer = stage.client.done("is_link_valid", &asked(switch, port, network));
        assert_eq!(answer, json!(valid), "{switch} {port} {network:?}");
    }
    assert_eq!(stage.switch.handle().counters().edits, 0);
}
