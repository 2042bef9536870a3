//! The client: each of Mercury's methods, and what is asked again.

use mercury_sim::Mode;
use serde_json::{Value, json};

use super::{
    Caller,
    drops::{Between, Does, proxies},
    port,
};
use crate::harness::{Mercury, Setup, Simulated, installed};

struct Stage {
    switch: Simulated,
    mercury: Mercury,
}

impl Stage {
    fn new() -> Option<Self> {
        if !installed() {
            return None;
        }
        let switch = Simulated::start(Mode::Candidate);
        let entry = switch.entry("leaf1").text("allowed_vlans", "100-199").text("lag_numbers", "400-449");
        let entry = entry.text("lag_prefix", "Port-Channel").with("manage_vlans", true);
        let mercury = Mercury::serve(&[entry]);
        Some(Self { switch, mercury })
    }

    fn url(&self) -> String {
        format!("http://{}/", self.mercury.address)
    }

    fn vlans(&self, port: &str) -> String {
        self.switch.look().port(port).vlans
    }
}

#[test]
fn there_is_a_call_for_each_method() {
    let Some(stage) = Stage::new() else { return };
    let mut caller = Caller::to(&stage.url(), &[], "");
    let switches = caller.call("get_switches", json!([])).unwrap();
    assert_eq!(switches["leaf1"]["allowed_vlans"], "100-199");
    assert_eq!(caller.call("get_allowed_network_types", json!([])).unwrap(), json!(["vlan"]));

    let update = json!(["leaf1", "Ethernet1", "d", "trunk", 100, [101, 102]]);
    assert_eq!(caller.call("update_port", update).unwrap()["status"], "configured");
    assert_eq!(stage.vlans("Ethernet1"), "trunk 101,102 native 100");
    assert_eq!(caller.call("reset_port", json!(["leaf1", "Ethernet1", 100, null, 190])).unwrap()["status"], "reset");
    assert_eq!(stage.vlans("Ethernet1"), "access 190");

    let lag = json!([["leaf1"], "lag-1", "d", "trunk", 100, "static", [101]]);
    let made = caller.call("update_lag", lag).unwrap()["switches"][0]["lags"]["lag-1"].as_str().unwrap().to_owned();
    assert_eq!(stage.vlans(&made), "trunk 101 native 100");
    assert_eq!(caller.call("delete_lag", json!([["leaf1"], "lag-1"])).unwrap()["status"], "deleted");

    let port = port("p", &[("leaf1", "Ethernet2")]);
    for (method, vlan) in [("attach_port", 120), ("update_attached_port", 121)] {
        assert_eq!(caller.call(method, json!([port, vlan])).unwrap()["changed"], true);
        assert_eq!(stage.vlans("Ethernet2"), format!("access {vlan}"));
    }
    for (network, valid) in [(121, true), (500, false)] {
        assert_eq!(caller.call("is_link_valid", json!([port, network])).unwrap(), valid);
    }
    assert_eq!(caller.call("is_port_supported", json!([port])).unwrap(), true);
    let planned = caller.call("plan", json!(["attach_port", {"port": port, "network": 122}])).unwrap();
    assert_eq!(planned["switches"][0]["plan"][1], "Ethernet2: switched-vlan access VLAN 121 -> access VLAN 122");
    let again = caller.call("plan_port", json!({"port": port, "network": 122})).unwrap();
    assert_eq!(again["switches"][0]["plan"], planned["switches"][0]["plan"]);
    assert_eq!(stage.vlans("Ethernet2"), "access 121");
    let verified = caller.call("verify", json!(["attach_port", {"port": port, "network": 121}])).unwrap();
    assert_eq!(verified["matches"], true);
    assert_eq!(caller.call("detach_port", json!([port, 121])).unwrap()["changed"], true);
    assert_eq!(stage.vlans("Ethernet2"), "none");
    assert_eq!(caller.call("detach_port", json!([port])).unwrap()["changed"], false);

    caller.call("add_network", json!([130])).unwrap();
    assert!(stage.switch.look().vlans.contains_key(&130));
    caller.call("delete_network", json!([130])).unwrap();
    assert!(!stage.switch.look().vlans.contains_key(&130));

    let asked = stage.mercury.request("req-python");
    assert_eq!(asked["user"], "somebody", "{asked}");
}

#[test]
fn an_error_is_an_exception_of_its_kind_with_all_that_mercury_says() {
    let Some(stage) = Stage::new() else { return };
    let mut caller = Caller::to(&stage.url(), &[], "");
    let args = json!(["leaf9", "Ethernet1", "d", "access", 100]);
    let error = caller.call("update_port", args).unwrap_err();
    assert_eq!((&error["class"], &error["code"]), (&json!("SwitchNotFound"), &json!(404)), "{error}");
    assert_eq!(error["data"]["who_acts"], "caller");
    assert!(error["message"].as_str().unwrap().contains("leaf9"));
    let error = caller.call("update_port", json!(["leaf1", "Ethernet1", "d", "access", 500])).unwrap_err();
    assert_eq!((&error["class"], &error["waited"]), (&json!("InvalidValue"), &json!([])), "{error}");
    let error = caller.call("call", json!(["no_method"])).unwrap_err();
    assert_eq!((&error["class"], &error["code"]), (&json!("RpcError"), &json!(-32601)), "{error}");
}

/// The table of README.md, which says what each kind is.
#[test]
fn the_client_knows_every_kind_of_error() {
    if !installed() {
        return;
    }
    let table = include_str!("../../../README.md").split_once("<!-- errors -->").unwrap().1;
    let kinds = table.split_once("<!-- /errors -->").unwrap().0.lines().filter_map(|line| line.split('`').nth(1));
    let mut count = 0;
    for kind in kinds {
        let error = json!({"code": 500, "message": "no", "data": {"kind": kind, "retry": false}});
        let between = Between::new(vec![Does::Answers(json!({"error": error}))]);
        let error = Caller::to(&between.url(), &[], "").call("get_switches", json!([])).unwrap_err();
        let class = error["class"].as_str().unwrap().to_lowercase();
        assert_eq!(class, kind.replace('-', ""), "{error}");
        count += 1;
    }
    assert!(count > 10);
}

fn failing(kind: &str, retry: bool) -> Does {
    Does::Answers(json!({"error": {"code": 500, "message": "no", "data": {"kind": kind, "retry": retry}}}))
}

fn done() -> Does {
    Does::Answers(json!({"result": {"changed": true, "switches": []}}))
}

fn attach() -> Value {
    json!([port("p", &[("leaf1", "Ethernet3")]), 140])
}

#[test]
fn what_an_answer_lets_be_tried_again_is_tried_again_and_nothing_else() {
    if !installed() {
        return;
    }
    let busy = "503 Service Unavailable";
    let again: [(Vec<Does>, Value); 3] = [
        (vec![failing("busy", true), failing("locked", true), done()], json!([1.0, 2.0])),
        (vec![Does::Says(busy, "Retry-After: 3\r\n"), done()], json!([3.0])),
        (vec![done()], json!([])),
    ];
    for (does, waited) in again {
        let count = does.len();
        let between = Between::new(does);
        let answer = Caller::to(&between.url(), &[], "").answer("attach_port", attach()).unwrap();
        assert_eq!((&answer["waited"], between.seen()), (&waited, count), "{answer}");
    }
    let never = [
        (failing("unknown", false), "Unknown"),
        (failing("refused", false), "Refused"),
        (Does::Says(busy, ""), "HttpError"),
        (Does::Says("500 Internal Server Error", ""), "HttpError"),
        (Does::Says("401 Unauthorized", ""), "NotAdmitted"),
        (Does::Says("301 Moved Permanently", "Location: http://127.0.0.1:1/\r\n"), "HttpError"),
    ];
    for (does, class) in never {
        let between = Between::new(vec![does, done()]);
        let error = Caller::to(&between.url(), &[], "").call("attach_port", attach()).unwrap_err();
        assert_eq!((&error["class"], between.seen()), (&json!(class), 1), "{error}");
    }
    let between = Between::new(vec![failing("busy", true)]);
    let error = Caller::to(&between.url(), &["--retry-for", "20"], "").call("attach_port", attach()).unwrap_err();
    assert_eq!((&error["class"], &error["waited"]), (&json!("Busy"), &json!([1.0, 2.0, 4.0, 8.0])), "an end comes");
}

#[test]
fn what_had_no_answer_is_looked_for_and_not_repeated() {
    let Some(stage) = Stage::new() else { return };
    let mercury = stage.mercury.address;
    for (first, made) in [(Does::Hangs, false), (Does::Loses(mercury), true)] {
        let between = Between::new(vec![first, Does::Passes(mercury)]);
        let error = Caller::to(&between.url(), &[], "").call("attach_port", attach()).unwrap_err();
        assert_eq!((&error["class"], &error["settled"]), (&json!("NoAnswer"), &json!(made)), "{error}");
        assert_eq!(between.seen(), 2, "one change and one look");
        assert_eq!(stage.vlans("Ethernet3"), if made { "access 140" } else { "none" });
    }
    for proxy in proxies() {
        let between = Between::new(vec![proxy, Does::Passes(mercury)]);
        let error = Caller::to(&between.url(), &[], "").call("attach_port", attach()).unwrap_err();
        assert_eq!((&error["class"], &error["settled"]), (&json!("NoAnswer"), &json!(true)), "{error}");
        assert_eq!((&error["waited"], between.seen()), (&json!([]), 2), "one change and one look: {error}");
    }
    let unusable = [json!({}), json!({"id": "another", "result": {}}), json!({"error": {"code": "a"}})];
    for answer in unusable {
        let between = Between::new(vec![Does::Answers(answer)]);
        let error = Caller::to(&between.url(), &[], "").call("attach_port", attach()).unwrap_err();
        assert_eq!((&error["class"], &error["settled"]), (&json!("NoAnswer"), &json!("NoAnswer")), "{error}");
    }
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Caller::to(&format!("http://{gone}/"), &[], "").call("attach_port", attach()).unwrap_err();
    assert_eq!(error["class"], "NotSent", "{error}");
}

#[test]
fn a_password_or_token_goes_to_another_machine_over_tls_only() {
    if !installed() {
        return;
    }
    let mut caller = Caller::to("http://127.0.0.1:1/", &["--basic", "ironic"], "hunter2");
    let away = "http://mercury.example.org:6190/";
    let refused =
        [(away, "basic"), (away, "token"), ("http://198.51.100.1/v3", "keystone"), ("http://[::2]/", "basic")];
    for (url, way) in refused {
        let error = caller.0.ask(&json!({"make": url, "way": way})).unwrap_err();
        let message = error["message"].as_str().unwrap();
        assert!(
            error["class"] == "ValueError" && message.contains("allow_plaintext_passwords"),
            "{url} {way}: {error}"
        );
        assert!(!message.contains("hunter2"), "{error}");
        caller.0.ask(&json!({"make": url, "way": way, "more": {"allow_plaintext_passwords": true}})).unwrap();
    }
    let taken = [
        ("https://mercury.example.org:6190/", "basic"),
        ("unix:///run/mercury/mercury.sock", "basic"),
        ("http://localhost:6190", "token"),
        ("http://[::1]:6190/", "basic"),
        ("http://127.8.0.1/v3", "keystone"),
        (away, "digest"),
    ];
    for (url, way) in taken {
        caller.0.ask(&json!({"make": url, "way": way})).unwrap_or_else(|error| panic!("{url} {way}: {error}"));
    }
}

#[test]
fn the_socket_of_the_file_system_is_called_too() {
    if !installed() {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("mercury.sock");
    let output = std::process::Command::new("id").arg("-u").output().unwrap();
    let id = String::from_utf8(output.stdout).unwrap();
    let text =
        format!("auth = \"http_basic\"\nhtpasswd = \"htpasswd\"\n[socket]\npath = {path:?}\nuids = [{}]\n", id.trim());
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]).settings(&text);
    setup.write("htpasswd", &format!("ironic:{}\n", bcrypt::hash("word", 4).unwrap()));
    let _mercury = setup.serve();
    let mut caller = Caller::to(&format!("unix://{}", path.display()), &[], "");
    for _ in 0..2 {
        assert!(caller.call("get_switches", json!([])).unwrap()["leaf1"].is_object());
    }
    let nowhere = format!("unix://{}", folder.path().join("nowhere").display());
    assert_eq!(Caller::to(&nowhere, &[], "").call("get_switches", json!([])).unwrap_err()["class"], "NotSent");
}
