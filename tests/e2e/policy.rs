//! A policy: each caller may ask for what it is granted, and sees nothing else.

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Mercury, Setup, Simulated, wait};

const POLICY: &str = "[[caller]]\nnames = [\"one\"]\nswitches = [\"leaf1\"]\nports = [\"Ethernet[1-4]\"]\n\
                      allowed_vlans = \"100-199\"\n[[caller]]\nnames = [\"two\"]\nswitches = [\"*\"]\ndry_run = true\n";
/// Of the password `secret`, for three callers.
const HASH: &str = "$2y$04$dqZWbpbGQ/mQSvguihqXH.MYpaEHeF7NG.UCWjHcJ07F24pnAMjwW";

fn update(switch: &str, port: &str, vlan: u16) -> Value {
    json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": vlan})
}

struct Stage {
    switches: [Simulated; 2],
    mercury: Mercury,
    file: std::path::PathBuf,
}

impl Stage {
    fn new() -> Self {
        let switches = [Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate)];
        let setup = Setup::new().switches(&[switches[0].entry("leaf1"), switches[1].entry("leaf2")]);
        let htpasswd =
            setup.write("htpasswd", &["one", "two", "three"].map(|user| format!("{user}:{HASH}\n")).concat());
        let file = setup.write("policy.toml", POLICY);
        let setup = setup.settings("policy = \"policy.toml\"\n");
        let mercury = setup.flags(&["--auth", "http_basic", "--htpasswd", htpasswd.to_str().unwrap()]).serve();
        Self { switches, mercury, file }
    }

    fn caller(&self, user: &str) -> Client {
        Client::of(&self.mercury).basic(user, "secret")
    }

    fn untouched(&self, index: usize) -> bool {
        self.switches[index].handle().counters().rpcs == 0
    }
}

#[test]
fn a_caller_may_ask_for_what_it_is_granted_and_sees_nothing_else() {
    let stage = Stage::new();
    let names = |caller: &mut Client| {
        let shown = caller.done("get_switches", &json!({}));
        shown.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let (mut one, mut two, mut three) = (stage.caller("one"), stage.caller("two"), stage.caller("three"));
    assert_eq!(names(&mut one), ["leaf1"]);
    assert_eq!(names(&mut two), ["leaf1", "leaf2"]);
    assert!(names(&mut three).is_empty(), "whoever is not named is granted nothing");
    for (request, what) in [
        (update("leaf2", "Ethernet1", 100), "switch leaf2"),
        (update("leaf1", "Ethernet5", 100), "port Ethernet5"),
        (update("leaf1", "Ethernet1", 200), "VLAN 200"),
    ] {
        for (method, params) in [
            ("update_port", request.clone()),
            ("plan_port", request.clone()),
            ("mercury.plan", json!({"method": "update_port", "params": request})),
            ("mercury.verify", json!({"method": "update_port", "params": request})),
        ] {
            let refused = one.fails(method, &params);
            assert_eq!(refused.kind(), "invalid-value", "{method}: {refused:?}");
            assert!(refused.message.contains(&format!("does not grant one {what}")), "{method}: {refused:?}");
        }
    }
    let trunk = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "trunk", "native_vlan": 100,
                       "allowed_vlans": [101, 300]});
    assert!(one.fails("update_port", &trunk).message.contains("VLAN 300"));
    assert!(two.fails("update_port", &update("leaf2", "Ethernet1", 100)).message.contains("only dry runs"));
    assert!(three.fails("update_port", &update("leaf1", "Ethernet1", 100)).message.contains("does not name"));
    assert!(stage.untouched(0) && stage.untouched(1), "nothing was asked of a switch");
    let link = json!({"port": {"id": "p", "binding:vnic_type": "baremetal", "binding:profile": {"local_link_information":
                      [{"switch_id": "leaf2", "switch_info": "leaf2", "port_id": "Ethernet1"}]}}});
    assert_eq!(one.done("is_port_supported", &link), false);
    assert_eq!(two.done("is_port_supported", &link), true);

    one.done("update_port", &update("leaf1", "Ethernet1", 100));
    two.done("plan_port", &update("leaf2", "Ethernet1", 300));
    assert_eq!(stage.switches[0].look().port("Ethernet1").vlans, "access 100");
}

/// What is wanted of a member is wanted of its aggregate, and so of who else is in it.
#[test]
fn a_port_that_is_granted_moves_no_other_by_an_aggregate() {
    let stage = Stage::new();
    let member = |port: &str| {
        format!(
            "<interface><name>{port}</name><ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\"><config>\
             <aggregate-id xmlns=\"http://openconfig.net/yang/interfaces/aggregate\">Port-Channel1</aggregate-id>\
             </config></ethernet></interface>"
        )
    };
    let theirs = format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Port-Channel1</name><config>\
         <name>Port-Channel1</name><type xmlns:ift=\"urn:ietf:params:xml:ns:yang:iana-if-type\">ift:ieee8023adLag</type>\
         </config></interface>{}{}</interfaces>",
        member("Ethernet1"),
        member("Ethernet6")
    );
    stage.switches[0].handle().change_running(&theirs).unwrap();
    let before = stage.switches[0].look();
    let mut one = stage.caller("one");
    let asked = update("leaf1", "Ethernet1", 100);
    for (method, params) in
        [("update_port", asked.clone()), ("mercury.plan", json!({"method": "update_port", "params": asked}))]
    {
        let refused = one.fails(method, &params);
        assert_eq!(refused.kind(), "invalid-value", "{method}: {refused:?}");
        assert!(refused.message.contains("does not grant its caller Port-Channel1"), "{method}: {refused:?}");
    }
    assert_eq!(stage.switches[0].look(), before);
    one.done("update_port", &update("leaf1", "Ethernet2", 100));

    // Who is granted the aggregate as well may say what it carries.
    std::fs::write(&stage.file, POLICY.replace("\"Ethernet[1-4]\"", "\"Ethernet[1-4]\", \"Port-Channel1\"")).unwrap();
    stage.mercury.signal("HUP");
    wait("the new policy", || stage.mercury.stderr.text().contains("took_ms"));
    one.done("update_port", &asked);
    assert_eq!(stage.switches[0].look().port("Port-Channel1").vlans, "access 100");
}

#[test]
fn a_policy_is_read_again_and_one_with_a_mistake_is_not_taken_over() {
    let stage = Stage::new();
    let mut one = stage.caller("one");
    let write = |text: &str| {
        std::fs::write(&stage.file, text).unwrap();
        stage.mercury.signal("HUP");
    };
    write(&POLICY.replace("allowed_vlans", "alowed_vlans"));
    wait("the refusal", || stage.mercury.stderr.text().contains("everything stays as it is"));
    one.fails("update_port", &update("leaf1", "Ethernet1", 200));
    write(&POLICY.replace("100-199", "200-299"));
    wait("the new policy", || stage.mercury.stderr.text().contains("took_ms"));
    one.done("update_port", &update("leaf1", "Ethernet1", 200));
    one.fails("update_port", &update("leaf1", "Ethernet1", 100));
}

#[test]
fn explain_says_what_the_policy_makes_of_a_request() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    setup.write("policy.toml", POLICY);
    let request =
        |vlan: u16| json!({"method": "update_port", "params": update("leaf1", "Ethernet1", vlan)}).to_string();
    let (fine, wrong) = (setup.write("fine.json", &request(100)), setup.write("wrong.json", &request(200)));
    let setup = setup.settings("policy = \"policy.toml\"\n");
    let explain = |file: &std::path::Path| {
        let said = setup.run(&["--output", "json", "policy", "explain", file.to_str().unwrap(), "--caller", "one"]);
        (said.code(), said.json())
    };
    assert_eq!(explain(&fine), (0, json!({"granted": true, "reason": null})));
    let (code, said) = explain(&wrong);
    assert_eq!((code, &said["granted"]), (1, &json!(false)));
    assert_eq!(said["reason"], "the policy does not grant one VLAN 200");
    setup.write("policy.toml", &POLICY.replace("names = [\"one\"]", "names = [\"one\"]\nways = [\"mtls\"]"));
    let by = |way: &str| {
        let words = ["--output", "json", "policy", "explain", fine.to_str().unwrap(), "--caller", "one", "--way", way];
        setup.run(&words).json()["granted"].clone()
    };
    assert_eq!((by("mtls"), by("http_basic")), (json!(true), json!(false)));
}
