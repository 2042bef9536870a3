//! A port on a VNI, over NETCONF and gNMI: bound, read back, used by several, and
//! unbound with the last of them.

mod native;
mod seen;

use mercury_sim::{Mode, Options};
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Face, Mercury, Setup, Simulated};

/// Of the password `secret`, for two callers.
const HASH: &str = "$2y$04$dqZWbpbGQ/mQSvguihqXH.MYpaEHeF7NG.UCWjHcJ07F24pnAMjwW";

fn switches() -> [Simulated; 4] {
    [
        Simulated::start(Mode::Candidate),
        Simulated::gnmi(Face::Plain),
        Simulated::gnmi(Face::Confirmed),
        Simulated::gnmi(Face::NoGet),
    ]
}

fn serving(entry: Entry) -> Entry {
    entry.with("manage_vlans", true).text("local_vlans", "3000-3003").text("vxlan_vtep", "vtep1")
}

fn on_network(ports: &[(&str, &str)], network: &Value) -> Value {
    let link = |(switch, port): &(&str, &str)| json!({"switch_id": switch, "port_id": port});
    let links: Vec<_> = ports.iter().map(link).collect();
    json!({"port": {"binding:profile": {"local_link_information": links}}, "network": network})
}

/// What the switch itself has, by VNI: `10100: 3000 L2`.
fn bound(switch: &Simulated) -> Vec<String> {
    let running = switch.running();
    let instances = &running["openconfig-network-instance:network-instances"]["network-instance"];
    let default = instances.as_array().unwrap().iter().find(|one| one["name"] == "default").unwrap();
    let vtep = &default["connection-points"]["connection-point"][0]["endpoints"]["endpoint"][0]["vxlan"];
    let entries = vtep["local-endpoint-vnis"]["local-endpoint-vni"].as_array().cloned().unwrap_or_default();
    let shown = |entry: &Value| {
        let config = &entry["config"];
        format!("{}: {} {}", config["vni"], config["bridge-domain"], config["vni-type"].as_str().unwrap_or("-"))
    };
    entries.iter().map(shown).collect()
}

#[test]
fn a_port_gets_the_vlan_of_its_vni_and_the_last_takes_what_binds_it_away() {
    let restconf_listen = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let restconf = Simulated::with(Options { mode: Mode::Running, restconf_listen, ..Simulated::options() });
    let entry = |switch: Simulated| (switch.entry("leaf1"), switch);
    let over_restconf = (restconf.restconf_entry("leaf1"), restconf);
    for (entry, switch) in switches().map(entry).into_iter().chain([over_restconf]) {
        switch.vtep("vtep1", "");
        let mercury = Mercury::serve(&[serving(entry)]);
        let mut client = Client::of(&mercury);
        assert_eq!(client.done("get_allowed_network_types", &json!({"switch_id": "leaf1"})), json!(["vlan", "vxlan"]));
        let (one, other) = ([("leaf1", "Ethernet1")], [("leaf1", "Ethernet2")]);
        let attached = client.done("attach_port", &on_network(&one, &json!({"vni": 10_100})));
        assert_eq!(
            attached["switches"][0]["segments"],
            json!([{"vlan-id": 3000, "vni": 10_100, "vni-state": "UP"}]),
            "{attached}"
        );
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 3000");
        assert_eq!(bound(&switch), ["10100: 3000 L2"]);
        let again = client.done("attach_port", &on_network(&one, &json!({"vni": 10_100})));
        assert_eq!(again["changed"], false, "{again}");
        let levels = json!({"network_type": "vxlan", "vni": 10_100, "segmentation_id": 3000});
        client.done("attach_port", &on_network(&other, &levels));
        client.done("detach_port", &on_network(&one, &json!({"vni": 10_100})));
        assert_eq!(bound(&switch), ["10100: 3000 L2"], "another port is on it");
        client.done("detach_port", &on_network(&other, &levels));
        assert_eq!(bound(&switch), Vec::<String>::new());
        assert_eq!(switch.look().port("Ethernet2").vlans, "none");
    }
}

#[test]
fn what_others_bound_is_left_and_what_they_need_is_named() {
    for switch in switches() {
        let mercury = Mercury::serve(&[serving(switch.entry("leaf1"))]);
        let mut client = Client::of(&mercury);
        let port = [("leaf1", "Ethernet1")];
        let refused = client.fails("attach_port", &on_network(&port, &json!({"vni": 10_100})));
        assert!(refused.message.contains("no VTEP vtep1 with a source interface"), "{refused:?}");
        switch.vtep(
            "vtep1",
            &[
                theirs(10_100, "<vni-type>L3</vni-type>"),
                theirs(5000, "<bridge-domain>3001</bridge-domain>"),
                theirs(7000, "<bridge-domain>3002</bridge-domain>"),
                theirs(7001, "<bridge-domain>3002</bridge-domain>"),
            ]
            .concat(),
        );
        let before = switch.handle().fingerprint();
        let refused = client.fails("attach_port", &on_network(&port, &json!({"vni": 10_100})));
        assert!(refused.message.contains("VNI 10100: it is something else than a VLAN's"), "{refused:?}");
        let refused = client.fails("attach_port", &on_network(&port, &json!({"vni": 5000, "segmentation_id": 3000})));
        assert!(refused.message.contains("VNI 5000: leaf1 has it on VLAN 3001, and not on VLAN 3000"), "{refused:?}");
        // Frames of one would reach the other.
        for both in [7000, 7001] {
            let refused = client.fails("attach_port", &on_network(&port, &json!({"vni": both})));
            assert!(refused.message.contains("it is VLAN 3002, beside VNI 700"), "{refused:?}");
        }
        assert_eq!(switch.handle().fingerprint(), before, "nothing was sent");
        // A VLAN that is used again loses what was left of another VNI.
        client.done("attach_port", &on_network(&port, &json!({"vni": 6000, "segmentation_id": 3001})));
        assert_eq!(bound(&switch), ["6000: 3001 L2", "7000: 3002 -", "7001: 3002 -", "10100: null L3"]);
    }
}

fn theirs(vni: u32, more: &str) -> String {
    format!("<local-endpoint-vni><vni>{vni}</vni><config><vni>{vni}</vni>{more}</config></local-endpoint-vni>")
}

/// Each switch has its own VLAN for a VNI, and what one cannot do, none keeps.
#[test]
fn two_switches_agree_or_neither_has_it() {
    let (one, other) = (Simulated::start(Mode::Candidate), Simulated::gnmi(Face::Confirmed));
    one.vtep("vtep1", &theirs(5000, "<bridge-domain>3000</bridge-domain><vni-type>L2</vni-type>"));
    other.vtep("vtep1", "");
    let mercury = Mercury::serve(&[serving(one.entry("leaf1")), serving(other.entry("leaf2"))]);
    let mut client = Client::of(&mercury);
    let links = [("leaf1", "Ethernet1"), ("leaf2", "Ethernet1")];
    client.done("attach_port", &on_network(&links, &json!({"vni": 10_100})));
    assert_eq!(
        (bound(&one), bound(&other)),
        (vec!["5000: 3000 L2".into(), "10100: 3001 L2".into()], vec!["10100: 3000 L2".to_owned()])
    );
    let before = [&one, &other].map(|switch| switch.handle().fingerprint());
    let links = [("leaf1", "Ethernet2"), ("leaf2", "Ethernet2")];
    let refused = client.fails("attach_port", &on_network(&links, &json!({"vni": 10_200, "segmentation_id": 3001})));
    assert!(refused.message.contains("VLAN 3001 is bound to VNI 10100 of vtep1"), "{refused:?}");
    assert_eq!([&one, &other].map(|switch| switch.handle().fingerprint()), before);
}

/// What a network instance of the switch has of EVPN, by its name: `vni-10100: 10100 on 3000, BGP 65000:10100`.
fn instances(switch: &Simulated) -> Vec<String> {
    let running = switch.running();
    let all = running["openconfig-network-instance:network-instances"]["network-instance"].as_array().unwrap().clone();
    let shown = |one: &Value| {
        let evpn = one.pointer("/evpn/evpn-instances/evpn-instance/0")?;
        let vlan = &one["vlans"]["vlan"][0]["config"]["vlan-id"];
        let (mode, vxlan) = (&evpn["config"]["replication-mode"], &evpn["vxlan"]["config"]);
        let [import, export] = ["import-route-target", "export-route-target"]
            .map(|list| evpn["import-export-policy"]["config"][list][0].as_str().unwrap_or("-").to_owned());
        assert_eq!(import, export);
        let (name, vni) =
            (one["name"].as_str()?, if vxlan["vni"].is_null() { &vxlan["vni-list"] } else { &vxlan["vni"] });
        Some(format!("{name}: {vni} on {vlan}, {} {import}", mode.as_str().unwrap_or("-")))
    };
    all.iter().filter_map(shown).collect()
}

fn instance_of_others(name: &str, vlan: u16, service: &str, vxlan: &str) -> String {
    format!(
        "<network-instances xmlns=\"http://openconfig.net/yang/network-instance\"><network-instance><name>{name}</name>\
         <config><name>{name}</name><type xmlns:t=\"http://openconfig.net/yang/network-instance-types\">t:L2VSI</type>\
         </config><vlans><vlan><vlan-id>{vlan}</vlan-id><config><vlan-id>{vlan}</vlan-id></config></vlan></vlans><evpn>\
         <evpn-instances><evpn-instance><evi>e</evi><config><evi>e</evi><service-type \
         xmlns:t=\"http://openconfig.net/yang/evpn-types\">t:{service}</service-type></config><vxlan><config>{vxlan}\
         </config></vxlan></evpn-instance></evpn-instances></evpn></network-instance></network-instances>"
    )
}

/// An L2VSI for each VNI, which comes before its first port and goes after the last.
#[test]
fn a_vni_is_an_evpn_instance_of_its_own_where_the_dialect_says_so() {
    let restconf_listen = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let restconf = Simulated::with(Options { mode: Mode::Running, restconf_listen, ..Simulated::options() });
    let entry = |switch: Simulated| (switch.entry("leaf1"), switch);
    let over_restconf = (restconf.restconf_entry("leaf1"), restconf);
    let all = [Simulated::start(Mode::Candidate), Simulated::gnmi(Face::Plain), Simulated::gnmi(Face::NoGet)];
    for (entry, switch) in all.map(entry).into_iter().chain([over_restconf]) {
        switch.vtep("vtep1", &theirs(5000, "<bridge-domain>50</bridge-domain>"));
        let others = [
            instance_of_others("tenant", 3001, "VLAN_BASED", "<vni>7000</vni>"),
            instance_of_others("bundle", 60, "VLAN_AWARE", "<vni-list>7001</vni-list>"),
            instance_of_others("vni-7002", 3002, "VLAN_BUNDLE", "<vni>7002</vni>"),
        ];
        others.iter().for_each(|one| switch.handle().change_running(one).unwrap());
        let entry = serving(entry).text("dialect", "openconfig_evpn");
        let mercury = Mercury::serve(&[entry.text("vxlan_route_distinguisher", "192.0.2.1:{vlan}")]);
        let mut client = Client::of(&mercury);
        let before = (instances(&switch), switch.handle().fingerprint());
        assert_eq!(before.0.len(), 3);
        let port = [("leaf1", "Ethernet1")];
        for (network, told) in [
            (json!({"vni": 7001}), "VNI 7001: it is something else than a VLAN's"),
            (json!({"vni": 7000, "segmentation_id": 3000}), "VNI 7000: leaf1 has it on VLAN 3001"),
            (json!({"vni": 6000, "segmentation_id": 3001}), "VLAN 3001 is bound to VNI 7000, whose entry also has VNI"),
            (json!({"vni": 6000, "segmentation_id": 3002}), "service-type"),
            (json!({"vni": 5000, "segmentation_id": 3000}), "VNI 5000: leaf1 has it on VLAN 50"),
        ] {
            let refused = client.fails("attach_port", &on_network(&port, &network));
            assert!(refused.message.contains(told), "{network}: {refused:?}");
        }
        assert_eq!(switch.handle().fingerprint(), before.1, "nothing was sent");
        let attached = client.done("attach_port", &on_network(&port, &json!({"vni": 10_100})));
        let segments = json!([{"vlan-id": 3000, "vni": 10_100, "vni-state": "UP"}]);
        assert_eq!(attached["switches"][0]["segments"], segments, "{attached}");
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 3000");
        let own = "vni-10100: 10100 on 3000, BGP AUTO".to_owned();
        assert!(instances(&switch).contains(&own), "{:?}", instances(&switch));
        let again = client.done("attach_port", &on_network(&port, &json!({"vni": 10_100})));
        assert_eq!(again["changed"], false, "{again}");
        let other = [("leaf1", "Ethernet2")];
        client.done("attach_port", &on_network(&other, &json!({"vni": 10_100})));
        client.done("detach_port", &on_network(&port, &json!({"vni": 10_100})));
        assert!(instances(&switch).contains(&own), "another port is on it");
        client.done("detach_port", &on_network(&other, &json!({"vni": 10_100})));
        assert_eq!(instances(&switch), before.0, "what others made is left");
        assert_eq!(bound(&switch), ["5000: 50 -"]);
    }
}

/// Whoever names a VNI gets no VLAN that it may not have by its number.
#[test]
fn neither_the_policy_nor_the_rules_are_passed_by_naming_the_vni() {
    let policy = "[[caller]]\nnames = [\"one\"]\nswitches = [\"*\"]\nallowed_vlans = \"3000-3099\"\n\
                  [[caller]]\nnames = [\"two\"]\nswitches = [\"*\"]\n";
    let rules = "[[rule]]\nname = \"storage\"\nreason = \"it is the storage team's\"\nreserved_vlans = \"50\"\n";
    let switch = Simulated::start(Mode::Candidate);
    switch.vtep("vtep1", &theirs(10_500, "<bridge-domain>50</bridge-domain><vni-type>L2</vni-type>"));
    let setup = Setup::new().switches(&[serving(switch.entry("leaf1"))]);
    setup.write("policy.toml", policy);
    setup.write("rules.toml", rules);
    let htpasswd = setup.write("htpasswd", &["one", "two"].map(|user| format!("{user}:{HASH}\n")).concat());
    let setup = setup.settings("policy = \"policy.toml\"\nrules = [\"rules.toml\"]\n");
    let mercury = setup.flags(&["--auth", "http_basic", "--htpasswd", htpasswd.to_str().unwrap()]).serve();
    let before = switch.handle().fingerprint();
    let port = [("leaf1", "Ethernet1")];
    for (caller, network, told) in [
        ("one", json!(50), "does not grant one VLAN 50"),
        ("one", json!({"vni": 10_500}), "the policy does not grant its caller VLAN 50, which is that of VNI 10500"),
        ("two", json!({"vni": 10_500}), "Ethernet1 would carry VLAN 50, which the rule reserves"),
    ] {
        let mut client = Client::of(&mercury).basic(caller, "secret");
        let refused = client.fails("attach_port", &on_network(&port, &network));
        assert_eq!(refused.kind(), "invalid-value", "{refused:?}");
        assert!(refused.message.contains(told), "{caller} {network}: {refused:?}");
    }
    assert_eq!(switch.handle().fingerprint(), before, "nothing was sent");
    let mut one = Client::of(&mercury).basic("one", "secret");
    one.done("attach_port", &on_network(&port, &json!({"vni": 10_100})));
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 3000");
}
