//! The Rust client (`adapters/client`), before a Mercury and a simulated switch.

use std::{sync::mpsc, thread, time::Duration};

use mercury_client::{Client, Error, LagUpdate, Link, Network, Port, PortReset, PortUpdate, Way};
use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::{
    harness::{Mercury, Simulated, block_on},
    openstack::{Between, Does, proxies},
};

struct Stage {
    switch: Simulated,
    mercury: Mercury,
}

impl Stage {
    fn new() -> Self {
        let switch = Simulated::start(Mode::Candidate);
        let entry = switch.entry("leaf1").text("allowed_vlans", "100-199").text("lag_numbers", "400-449");
        let entry = entry.text("lag_prefix", "Port-Channel").with("manage_vlans", true);
        let mercury = Mercury::serve(&[entry]);
        Self { switch, mercury }
    }

    fn client(&self) -> Client {
        Client::builder(format!("http://{}", self.mercury.address)).context("request_id", "req-rust").build().unwrap()
    }

    fn vlans(&self, port: &str) -> String {
        self.switch.look().port(port).vlans
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn port() -> Port {
    Port::new("p", vec![Link::new("leaf1", "Ethernet2")])
}

#[test]
fn there_is_a_typed_call_for_each_method() {
    let stage = Stage::new();
    let client = stage.client();
    block_on(async {
        assert_eq!(client.get_switches().await.unwrap()["leaf1"].allowed_vlans, text("100-199"));
        assert_eq!(client.get_allowed_network_types().await.unwrap(), ["vlan"]);
        let update = PortUpdate {
            switch_id: text("leaf1"),
            port_name: text("Ethernet1"),
            description: text("d"),
            mode: "trunk".to_owned(),
            native_vlan: Some(100),
            allowed_vlans: Some(vec![101, 102]),
            ..PortUpdate::default()
        };
        assert!(!client.plan_port(&update).await.unwrap().changed);
        let state = client.update_port(&update).await.unwrap();
        assert_eq!((state.status.as_str(), state.allowed_vlans), ("configured", Some(vec![101, 102])));
        assert_eq!(stage.vlans("Ethernet1"), "trunk 101,102 native 100");
        let reset = PortReset {
            switch_id: text("leaf1"),
            port_name: text("Ethernet1"),
            default_vlan: Some(190),
            ..PortReset::default()
        };
        assert_eq!(client.reset_port(&reset).await.unwrap().status, "reset");
        assert_eq!(stage.vlans("Ethernet1"), "access 190");

        let switch_ids = vec!["leaf1".to_owned()];
        let lag = LagUpdate {
            switch_ids: switch_ids.clone(),
            lag_name: "lag-1".to_owned(),
            mode: "access".to_owned(),
            native_vlan: Some(100),
            aggregation_mode: "static".to_owned(),
            ..LagUpdate::default()
        };
        assert!(client.update_lag(&lag).await.unwrap().changed);
        assert!(client.delete_lag(&switch_ids, "lag-1").await.unwrap().changed);

        let network = Network::vlan(120);
        assert!(client.is_port_supported(&port(), None).await.unwrap());
        assert!(client.is_link_valid(&port(), Some(&network)).await.unwrap());
        assert!(client.attach_port(&port(), &network).await.unwrap().changed);
        assert_eq!(stage.vlans("Ethernet2"), "access 120");
        let params = json!({"port": port().params(), "network": network});
        assert!(client.verify("attach_port", &params).await.unwrap().matches);
        assert_eq!(client.plan("attach_port", &params).await.unwrap().switches.len(), 1);
        let trunk = Port { trunk: Some(vec![121]), ..port() };
        assert!(client.update_attached_port(&trunk, &network).await.unwrap().changed);
        assert_eq!(stage.vlans("Ethernet2"), "trunk 121 native 120");
        assert!(client.detach_port(&trunk, Some(&network)).await.unwrap().changed);
        assert!(!client.detach_port(&trunk, None).await.unwrap().changed);
        assert!(client.add_network(&Network::vlan(130)).await.unwrap().changed);
        assert!(client.delete_network(&Network::vlan(130)).await.unwrap().changed);

        let error = client.attach_port(&port(), &Network::vlan(500)).await.unwrap_err();
        let Error::Rpc(error) = error else { panic!("{error:?}") };
        assert_eq!((error.code, error.kind(), error.retry()), (400, Some("invalid-value"), false));
    });
    stage.mercury.request("req-rust");
}

fn failing(kind: &str, retry: bool) -> Does {
    Does::Answers(json!({"error": {"code": 500, "message": "no", "data": {"kind": kind, "retry": retry}}}))
}

fn done() -> Does {
    Does::Answers(json!({"result": {"changed": true, "switches": []}}))
}

fn to(between: &Between) -> Client {
    Client::builder(between.url()).build().unwrap()
}

/// The error of an attach, and how often it was asked for.
fn failed(does: Vec<Does>) -> (Error, usize) {
    let between = Between::new(does);
    let error = block_on(to(&between).attach_port(&port(), &Network::vlan(140))).unwrap_err();
    (error, between.seen())
}

#[test]
fn what_an_answer_lets_be_tried_again_is_and_nothing_else_is() {
    let between =
        Between::new(vec![failing("busy", true), Does::Says("503 Service Unavailable", "Retry-After: 0\r\n"), done()]);
    let changed = block_on(to(&between).attach_port(&port(), &Network::vlan(140))).unwrap();
    assert!(changed.changed && between.seen() == 3);
    for kind in ["unknown", "refused"] {
        let (error, seen) = failed(vec![failing(kind, false), done()]);
        assert!(matches!(&error, Error::Rpc(error) if error.kind() == Some(kind)) && seen == 1, "{error:?}");
    }
    for status in ["503 Service Unavailable", "401 Unauthorized", "301 Moved Permanently"] {
        let (error, seen) = failed(vec![Does::Says(status, ""), done()]);
        let number = status.split(' ').next().unwrap().parse::<u16>().unwrap();
        assert!(matches!(&error, Error::Refused(refusal) if refusal.status == number) && seen == 1, "{error:?}");
    }
    let between = Between::new(vec![failing("busy", true)]);
    let client = Client::builder(between.url()).retry_for(Duration::ZERO).build().unwrap();
    assert!(matches!(block_on(client.get_switches()), Err(Error::Rpc(_))) && between.seen() == 1);
}

#[test]
fn what_had_no_answer_is_looked_for_and_not_repeated() {
    let stage = Stage::new();
    let mercury = stage.mercury.address;
    for (first, made) in [(Does::Hangs, false), (Does::Loses(mercury), true)] {
        let between = Between::new(vec![first, Does::Passes(mercury)]);
        let client = to(&between);
        let error = block_on(client.attach_port(&port(), &Network::vlan(140))).unwrap_err();
        assert!(matches!(error, Error::NoAnswer { .. }) && between.seen() == 1, "{error:?}");
        assert_eq!(block_on(client.settle(error)).unwrap(), made);
        assert_eq!(stage.vlans("Ethernet2"), if made { "access 140" } else { "none" });
    }
    for proxy in proxies() {
        let (error, seen) = failed(vec![proxy, done()]);
        assert!(matches!(error, Error::NoAnswer { .. }) && seen == 1, "{error:?}");
    }
    let (error, _) = failed(vec![Does::Answers(json!({"id": "another", "result": {}}))]);
    assert!(matches!(error, Error::NoAnswer { .. }), "{error:?}");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Client::builder(format!("http://{gone}")).build().unwrap();
    let error = block_on(nobody.get_switches()).unwrap_err();
    assert!(matches!(error, Error::NotSent(_)), "{error:?}");
    let wrong = Client::builder("http://ironic:hunter2@127.0.0.1:1").build().unwrap_err();
    assert!(matches!(&wrong, Error::Settings(words) if !words.contains("hunter2")), "{wrong:?}");
}

#[test]
fn a_password_or_token_goes_to_another_machine_over_tls_only() {
    let away = "http://mercury.example.org:6190";
    for (url, way) in
        [(away, Way::basic("u", "hunter2")), (away, Way::token("hunter2")), ("http://[::2]", Way::token("t"))]
    {
        let refused = Client::builder(url).way(way.clone()).build().unwrap_err();
        let Error::Settings(words) = refused else { panic!("{refused:?}") };
        assert!(words.contains("allow_plaintext_passwords") && !words.contains("hunter2"), "{words}");
        Client::builder(url).way(way).allow_plaintext_passwords().build().unwrap();
    }
    let here = ["https://mercury.example.org", "http://localhost:6190", "http://127.8.0.1", "http://[::1]:6190"];
    for url in here {
        Client::builder(url).way(Way::basic("u", "p")).build().unwrap();
    }
    Client::builder(away).way(Way::digest("u", "p")).build().unwrap();
}

/// Logs in as told, twice and then many at once, and says what came of it.
pub(crate) fn logs_in(url: &str, roots: &std::path::Path, way: Way) -> Result<(), Error> {
    let client = Client::builder(url).roots(roots).way(way).build()?;
    assert!(!format!("{client:?}").contains("w/o=rd"), "a secret is shown");
    block_on(client.get_switches())?;
    block_on(client.get_switches())?;
    let (told, answers) = mpsc::channel();
    for _ in 0..8 {
        let (client, told) = (client.clone(), told.clone());
        thread::spawn(move || told.send(block_on(client.get_switches()).map(|_| ())));
    }
    drop(told);
    answers.iter().collect()
}

/// Nothing of the type is lost that Mercury's answers have.
#[test]
fn what_is_answered_beside_is_kept() {
    let between = Between::new(vec![Does::Answers(json!({"result": {"status": "reset", "warnings": ["w"]}}))]);
    let state = block_on(to(&between).reset_port(&PortReset::default())).unwrap();
    assert_eq!(state.more["warnings"], Value::from(vec!["w"]));
}
