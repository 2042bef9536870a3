//! Plans that ask no switch: what files show of it stands in its place.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_sim::Options;
use serde_json::{Value, json};

use crate::harness::{Entry, Face, Finished, Setup, Simulated};

/// A rack as networks have it, as a fragment.
const RACK: &str = include_str!("../brownfield/openconfig/rack-of-servers.xml");

fn data(fragment: &str) -> String {
    format!(
        "<rpc-reply xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\"><data>{fragment}</data></rpc-reply>"
    )
}

fn rack() -> String {
    data(RACK)
}

/// An entry of a switch that nobody could reach, whose password is nowhere.
fn nowhere(dialect: &str) -> Entry {
    let entry = Entry::new("leaf1").text("address", "192.0.2.1").text("dialect", dialect).text("username", "mercury");
    entry.with("password", "{ env = \"MERCURY_TEST_NEVER_SET\" }")
}

fn offline(setup: &Setup, files: &[String], words: &[&str]) -> Finished {
    let mut all = vec!["plan", "--offline", "--output", "json"];
    for file in files {
        all.extend(["--running", file]);
    }
    setup.run(&[&all, words].concat())
}

fn written(setup: &Setup, name: &str, text: &str) -> String {
    setup.write(name, text).to_str().unwrap().to_owned()
}

fn of_first(finished: &Finished) -> Value {
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    finished.json()["switches"][0].clone()
}

#[test]
fn what_is_planned_from_a_file_is_what_the_switch_would_be_sent() {
    let bond = json!({"method": "update_lag", "params": {"switch_ids": ["leaf1"], "lag_name": "bond0", "mode": "access",
        "native_vlan": 120, "aggregation_mode": "lacp"}});
    for text in [
        include_str!("../brownfield/openconfig/static-bonds.xml"),
        include_str!("../brownfield/openconfig/trunks-of-every-kind.xml"),
    ] {
        let lags = ["Port-Channel1", "Port-Channel21", "Port-Channel22", "Port-Channel23"].map(str::to_owned);
        let switch = Simulated::with(Options { lags: lags.into(), ..Simulated::options() });
        switch.handle().change_running(text).unwrap();
        let entry = switch.entry("leaf1").text("allowed_vlans", "1-4094").with("manage_vlans", true);
        let setup = Setup::new().switches(&[entry.text("lag_numbers", "100-109").with("stp_edge", true)]);
        let file = [format!("leaf1={}", written(&setup, "leaf1.xml", &data(text)))];
        let bond = written(&setup, "bond.json", &bond.to_string());
        let words: [&[&str]; 4] = [
            &["leaf1", "Ethernet1", "--access", "110"],
            &["leaf1", "Ethernet3", "--trunk", "100,102-104", "--native", "400"],
            &["leaf1", "Ethernet2", "--access", "400", "--description", "moved"],
            &["--request", &bond],
        ];
        for words in words {
            let asked = setup.run(&[&["plan", "--output", "json"], words].concat());
            let told = offline(&setup, &file, &[words, &["--whole"]].concat());
            assert_eq!(told.code(), asked.code(), "{words:?}: {} {}", told.stdout, asked.stdout);
            let (told, asked) = (told.json(), asked.json());
            assert_eq!(told["error"], asked["error"], "{words:?}");
            let (told, asked) = (&told["switches"][0], &asked["switches"][0]);
            for member in ["outcome", "plan", "payload", "warnings", "vlans", "lags"] {
                assert_eq!(told[member], asked[member], "{member} of {words:?}");
            }
            assert_eq!(told["flights"], if asked.is_null() { Value::Null } else { json!(0) });
        }
        assert_eq!(switch.handle().counters().edits, 0);
    }
}

#[test]
fn what_a_part_does_not_hold_is_unknown_and_what_the_whole_does_not_is_not_there() {
    let setup = Setup::new().switches(&[nowhere("openconfig").with("manage_vlans", true)]);
    let file = [written(&setup, "leaf1.xml", &rack())];
    let kind = |words: &[&str]| {
        let finished = offline(&setup, &file, words);
        assert_eq!(finished.code(), 1, "{words:?}: {}", finished.stdout);
        finished.json()["error"]["data"]["kind"].clone()
    };
    let known = ["leaf1", "Ethernet1", "--access", "400"];
    assert_eq!(of_first(&offline(&setup, &file, &known))["plan"], json!([]));
    let vlan = ["leaf1", "Ethernet1", "--access", "110"];
    assert_eq!(kind(&vlan), "unknown");
    let port = ["leaf1", "Ethernet77", "--access", "400"];
    assert_eq!(kind(&port), "unknown");
    let made = of_first(&offline(&setup, &file, &[&vlan[..], &["--whole"]].concat()));
    assert_eq!(made["plan"][0], "create VLAN 110");
    let other = of_first(&offline(&setup, &file, &[&port[..], &["--whole"]].concat()));
    assert!(other["warnings"].to_string().contains("could not be found out"), "{other}");
    let finished = setup.run(&["plan", "--offline", "--running", &file[0], "leaf1", "Ethernet77", "--access", "400"]);
    assert!(finished.stderr.contains("leaf1.xml does not hold Ethernet77"), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("does not hold").count(), 1, "said once: {}", finished.stderr);
}

/// The same switch in the formats in which people keep it.
#[test]
fn each_format_is_read_by_the_dialect() {
    let vlans = json!({"openconfig-network-instance:network-instance": [{"name": "default", "vlans": {"vlan": [
        {"vlan-id": 110, "config": {"vlan-id": 110}}]}}]});
    let port = json!({"name": "Ethernet1", "config": {"name": "Ethernet1"}, "openconfig-if-ethernet:ethernet": {
        "openconfig-vlan:switched-vlan": {"config": {"interface-mode": "ACCESS", "access-vlan": 400}}}});
    let interfaces = json!({"openconfig-interfaces:interface": [port]});
    let top = json!({"openconfig-interfaces:interfaces": interfaces,
        "openconfig-network-instance:network-instances": vlans});
    let path = json!({"elem": [{"name": "interfaces"}, {"name": "interface", "key": {"name": "Ethernet1"}}]});
    let octets = STANDARD.encode(port.to_string());
    let answer =
        json!({"notification": [{"timestamp": "1", "update": [{"path": path, "val": {"jsonIetfVal": octets}}]}]});
    let gnmic = json!([{"source": "192.0.2.1:6030", "updates": [{"Path": "interfaces/interface[name=Ethernet1]",
        "values": {"interfaces/interface": port}}]}]);
    let restconf = json!({"ietf-restconf:data": top});
    let xml = "<interfaces><interface><name>Ethernet1</name><config><name>Ethernet1</name></config><ethernet>\
               <switched-vlan><config><interface-mode>ACCESS</interface-mode><access-vlan>400</access-vlan></config>\
               </switched-vlan></ethernet></interface></interfaces>";
    let gnmi = nowhere("openconfig").text("protocol", "gnmi").with("tls_pins", format!("[{:?}]", "ab".repeat(32)));
    for entry in [nowhere("openconfig"), gnmi] {
        let setup = Setup::new().switches(&[entry]);
        for text in [top.to_string(), restconf.to_string(), answer.to_string(), gnmic.to_string(), xml.to_owned()] {
            let file = [written(&setup, "leaf1", &text)];
            let told = of_first(&offline(&setup, &file, &["leaf1", "Ethernet1", "--access", "110"]));
            assert_eq!(told["plan"], json!(["Ethernet1: switched-vlan access VLAN 400 -> access VLAN 110"]), "{text}");
        }
        // VLANs in one file and ports in another; a port in both is whose?
        let vlans = json!({"openconfig-network-instance:network-instances": vlans}).to_string();
        let files = [written(&setup, "vlans", &vlans), written(&setup, "ports", xml)];
        of_first(&offline(&setup, &files, &["leaf1", "Ethernet1", "--access", "110"]));
        let files = [files[1].clone(), written(&setup, "more", &top.to_string())];
        let both = offline(&setup, &files, &["leaf1", "Ethernet1", "--access", "110"]);
        assert_eq!(both.code(), 2);
        assert!(both.stdout.contains("it shows Ethernet1, and so does"), "{}", both.stdout);
    }
}

#[test]
fn a_file_that_is_wrong_is_told_with_its_line() {
    let setup = Setup::new().switches(&[nowhere("openconfig")]);
    for (text, said) in [
        ("<data>\n<interfaces>\n</interface></data>", "leaf1: line 3 column 1: malformed XML"),
        ("<!DOCTYPE a><data/>", "DOCTYPE"),
        ("{\"a\":\n{]}", "at line 2"),
        ("interface Ethernet1\n", "neither XML nor JSON"),
        ("<data><other/></data>", "it shows no port where the dialect openconfig has them"),
        ("<rpc-reply><rpc-error/></rpc-reply>", "tells of an error"),
        ("[{\"updates\":[{\"Path\":\"a[b=c\",\"values\":{}}]}]", "a bracket that is not closed"),
        ("{\"notification\":[{\"update\":[{\"val\":{\"jsonVal\":\"}\"}}]}]}", "\"jsonVal\" that is not read"),
    ] {
        let file = [written(&setup, "leaf1", text)];
        let finished = offline(&setup, &file, &["leaf1", "Ethernet1", "--access", "110"]);
        assert_eq!(finished.code(), 2, "{text}");
        let error = finished.json()["error"].to_string();
        assert!(error.replace("\\\"", "\"").contains(said), "{text}: {error}");
    }
    let finished = setup.run(&["plan", "--offline", "leaf1", "Ethernet1", "--access", "110"]);
    assert_eq!(finished.code(), 2);
}

/// On such systems a port's settings stand in several places, so that a part of them
/// tells nothing.
#[test]
fn what_may_be_set_elsewhere_is_read_from_the_whole_alone() {
    let junos = "<rpc-reply><configuration><interfaces><interface><name>xe-0/0/1</name><unit><name>0</name><family>\
                 <ethernet-switching/></family></unit></interface></interfaces></configuration></rpc-reply>";
    let nokia = json!({"srl_nokia-interfaces:interface": [{"name": "ethernet-1/1", "admin-state": "enable"}]});
    let pinned = nowhere("nokia_srl").text("protocol", "gnmi").with("tls_pins", format!("[{:?}]", "ab".repeat(32)));
    for (entry, text, port) in
        [(nowhere("juniper_junos"), junos, "xe-0/0/1"), (pinned, &*nokia.to_string(), "ethernet-1/1")]
    {
        let setup = Setup::new().switches(&[entry.with("manage_vlans", true)]);
        let file = [written(&setup, "leaf1", text)];
        let words = ["leaf1", port, "--access", "110"];
        let part = offline(&setup, &file, &words);
        assert_eq!((part.code(), &part.json()["error"]["data"]["kind"]), (1, &json!("unknown")), "{}", part.stdout);
        let whole = of_first(&offline(&setup, &file, &[&words[..], &["--whole"]].concat()));
        assert!(whole["payload"].as_str().is_some_and(|payload| payload.contains("110")), "{whole}");
    }
}

#[test]
fn a_file_of_requests_is_told_line_by_line() {
    let mac = "52:54:00:00:00:11";
    let entry = nowhere("openconfig").text("allowed_vlans", "100-199").with("mac_addresses", format!("[{mac:?}]"));
    let setup = Setup::new().switches(&[entry]);
    let running = [written(&setup, "leaf1.xml", &rack())];
    let wrong_vlan =
        "{\"method\": \"update_port\", \"params\": {\"switch_id\": \"leaf1\", \"port_name\": \"Ethernet2\",\n";
    let lines = format!(
        "{}\n{wrong_vlan} \"mode\": \"access\",\n \"native_vlan\": 300}}}}\n",
        json!({"method": "update_port", "params": {"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access",
            "native_vlan": 110}})
    );
    let yaml = "- method: update_port\n  params: {switch_id: leaf1, port_name: Ethernet1, mode: access, native_vlan: 110}\n\
                - method: update_port\n  params:\n    switch_id: leaf1\n    port_name: Ethernet2\n    mode: access\n\
                \x20   native_vlan: 300\n";
    for (text, line) in [(&*lines, 4), (yaml, 3)] {
        let file = written(&setup, "requests", text);
        let finished = offline(&setup, &running, &["--request", &file, "--whole"]);
        assert_eq!(finished.code(), 1, "{} {}", finished.stdout, finished.stderr);
        let told: Vec<Value> = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((told.len(), &told[0]["line"], &told[1]["line"]), (2, &json!(1), &json!(line)), "{told:?}");
        assert!(told[0]["answer"]["switches"][0]["payload"].to_string().contains("110"), "{told:?}");
        assert_eq!(told[1]["error"]["data"]["parameter"], "native_vlan", "{told:?}");
        let words = ["plan", "--offline", "--whole", "--running", &running[0], "--request", &file];
        let human = setup.run(&words);
        assert!(human.stderr.contains(&format!("requests:{line}: ")), "{}", human.stderr);
    }

    // Ironic's ports, as its command line prints them.
    let port = |id: &str, port: Value, network: &str, extra: Value| json!({"UUID": id, "Physical Network": network, "Extra": extra, "Local Link Connection": port});
    let link = |port: &str| json!({"switch_id": mac, "port_id": port, "switch_info": "leaf1"});
    let own = json!({"switchport": {"mode": "trunk", "native_vlan": 101, "allowed_vlans": [102]}});
    let ports = json!([
        port("a", link("Ethernet1"), "blue", json!({})),
        port("b", link("Ethernet2"), "green", own),
        port("c", json!({"network_type": "unmanaged"}), "green", json!({})),
    ]);
    let file = written(&setup, "ports", &serde_json::to_string_pretty(&ports).unwrap());
    let words = ["--request", &file, "--whole", "--network", "blue=access/native_vlan=120"];
    let finished = offline(&setup, &running, &words);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    let plans: Vec<String> = finished.stdout.lines().map(str::to_owned).collect();
    assert_eq!(plans.len(), 2);
    assert!(plans[0].contains("access VLAN 400 -> access VLAN 120") && plans[0].contains("Ironic Port a"), "{plans:?}");
    assert!(plans[1].contains("trunk, native VLAN 101, VLANs 102"), "{plans:?}");
    let without = offline(&setup, &running, &["--request", &file, "--whole"]);
    assert_eq!(without.code(), 2);
    assert!(without.stdout.contains("ports:2: extra.switchport: is missing"), "{}", without.stdout);
}

/// As `openstack baremetal node inventory save` writes it.
#[test]
fn what_an_inspection_heard_by_lldp_is_planned_for() {
    let entry = nowhere("openconfig").text("allowed_vlans", "100-199").with("mac_addresses", "[\"00:1c:73:0a:0b:0c\"]");
    let setup = Setup::new().switches(&[entry]);
    let running = [written(&setup, "leaf1.xml", &rack())];
    let heard = json!([[1, "04001c730a0b0c"], [2, "0545746865726e657431"], [0, ""]]);
    let found = json!({
        "inventory": {"interfaces": [
            {"name": "eth0", "mac_address": "52:54:00:00:00:01", "lldp": heard},
            {"name": "eth1", "mac_address": "52:54:00:00:00:02", "lldp": null},
            {"name": "eth2", "mac_address": "52:54:00:00:00:03", "lldp": []},
        ]},
        "plugin_data": {"parsed_lldp": {"eth2": {
            "switch_chassis_id": "00:1c:73:0a:0b:0c", "switch_port_id": "Ethernet2", "switch_system_name": "leaf1"}}},
    });
    let file = written(&setup, "node.json", &found.to_string());
    let words = ["--request", &file, "--whole", "--network", "access/native_vlan=120"];
    let finished = offline(&setup, &running, &words);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    let plans: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(plans.len(), 2, "{plans:?}");
    assert!(plans[0].contains("Ethernet1: ") && plans[0].contains("-> access VLAN 120"), "{plans:?}");
    assert!(plans[1].contains("Ethernet2: ") && plans[1].contains("-> access VLAN 120"), "{plans:?}");
    assert!(finished.stderr.contains("eth1: no switch was heard on it"), "{}", finished.stderr);
    let without = offline(&setup, &running, &["--request", &file, "--whole"]);
    assert!(without.code() == 2 && without.stdout.contains("node.json:1: --network must say"), "{}", without.stdout);
}

/// It is configured as asked, and carries nothing: nobody makes the VLAN.
#[test]
fn a_vlan_that_is_not_there_and_that_nobody_makes_is_warned_of() {
    let lines = |vlans: &str| format!("hostname old1\n{vlans}interface Gi0/2\n switchport mode access\n!\n");
    let old1 = |entry: Entry| entry.text("protocol", "cli");
    let setup = Setup::new().switches(&[old1(nowhere("cisco_ios"))]);
    let warned = |setup: &Setup, vlans: &str, words: &[&str]| {
        let file = [written(setup, "old1.cfg", &lines(vlans))];
        let told = of_first(&offline(setup, &file, &[&["leaf1", "GigabitEthernet0/2"], words].concat()));
        told["warnings"].to_string()
    };
    let (known, whole) = ("vlan 110\n name a\nvlan 150\n", "--whole");
    let told = warned(&setup, known, &["--access", "111", whole]);
    assert!(told.contains("leaf1 shows no VLAN 111, and its entry makes none (manage_vlans)"), "{told}");
    let told = warned(&setup, known, &["--trunk", "110-112,150", "--native", "1", whole]);
    assert!(told.contains("leaf1 shows no VLANs 111-112, and"), "{told}");
    // It is there; what is always there; what a part, or a file without any VLAN, does not tell.
    for (vlans, words) in [
        (known, ["--access", "150", whole].as_slice()),
        (known, &["--access", "1", whole]),
        (known, &["--access", "111"]),
        ("", &["--access", "111", whole]),
    ] {
        let told = warned(&setup, vlans, words);
        assert!(!told.contains("shows no VLAN"), "{words:?}: {told}");
    }
    let makes = Setup::new().switches(&[old1(nowhere("cisco_ios")).with("manage_vlans", true)]);
    let told = warned(&makes, known, &["--access", "111", whole]);
    assert!(!told.contains("shows no VLAN"), "{told}");
}

#[test]
fn a_dry_run_asks_for_the_vlans_in_the_same_round_trip_and_a_change_does_not() {
    let switch = Simulated::with(Simulated::options());
    let setup = Setup::new().switches(&[switch.entry("leaf1").text("allowed_vlans", "1-4094")]);
    let words = ["leaf1", "Ethernet1", "--access", "111", "--output", "json"];
    let told = of_first(&setup.run(&[&["plan"], &words[..]].concat()));
    assert!(told["warnings"].to_string().contains("leaf1 shows no VLAN 111, and"), "{told}");
    assert_eq!(told["vlans"], json!([]));
    let flights = told["flights"].as_u64().unwrap();
    let makes =
        Setup::new().switches(&[switch.entry("leaf1").text("allowed_vlans", "1-4094").with("manage_vlans", true)]);
    assert_eq!(of_first(&makes.run(&[&["plan"], &words[..]].concat()))["flights"], flights);
    let done = setup.run(&[&["attach"], &words[..]].concat());
    assert!(done.code() == 0 && !done.stdout.contains("shows no VLAN"), "{}", done.stdout);
}

#[test]
fn a_verification_of_several_says_how_many_differ() {
    let setup = Setup::new().switches(&[nowhere("openconfig")]);
    let running = written(&setup, "leaf1.xml", &rack());
    let request = |port: &str, vlan: u16| {
        let params = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": vlan});
        json!({"method": "update_port", "params": params}).to_string()
    };
    let file = |all: &[String]| written(&setup, "requests.jsonl", &all.join("\n"));
    let verified =
        |file: &str| setup.run(&["verify", "--offline", "--running", &running, "--whole", "--request", file]);
    let told = verified(&file(&[request("Ethernet1", 400), request("Ethernet1", 110), request("Ethernet1", 111)]));
    assert!(told.code() == 1 && told.stderr.contains("3 requests, 2 differ, 0 refused"), "{}", told.stderr);
    let told = verified(&file(&[request("Ethernet1", 400), request("Ethernet1", 400)]));
    assert!(told.code() == 0 && told.stderr.contains("2 requests, 0 differ, 0 refused"), "{}", told.stderr);
}

/// As it is printed it is read, and nothing is changed.
#[test]
fn what_running_prints_stands_in_the_place_of_the_switch() {
    for switch in [Simulated::with(Simulated::options()), Simulated::gnmi(Face::Plain), Simulated::gnmi(Face::NoGet)] {
        let setup = Setup::new().switches(&[switch.entry("leaf1").text("allowed_vlans", "1-4094")]);
        for (port, vlan) in [("Ethernet1", "110"), ("Ethernet2", "120")] {
            let made = setup.run(&["attach", "leaf1", port, "--access", vlan, "--description", "a \"server\""]);
            assert_eq!(made.code(), 0, "{}", made.stderr);
        }
        let edits = switch.handle().counters().edits;
        let shown = setup.run(&["running", "leaf1"]);
        assert!(shown.code() == 0 && !shown.stdout.contains(switch.password()), "{} {}", shown.stdout, shown.stderr);
        assert!(shown.stderr.starts_with("leaf1: "), "{}", shown.stderr);
        let file = [written(&setup, "leaf1.txt", &shown.stdout)];
        for words in [
            ["leaf1", "Ethernet1", "--access", "110"].as_slice(),
            &["leaf1", "Ethernet2", "--trunk", "110-112", "--native", "110"],
        ] {
            let asked = of_first(&setup.run(&[&["plan", "--output", "json"], words].concat()));
            let told = of_first(&offline(&setup, &file, &[words, &["--whole"]].concat()));
            for member in ["plan", "payload", "interfaces"] {
                assert_eq!(told[member], asked[member], "{member} of {words:?}: {}", shown.stdout);
            }
        }
        assert_eq!(switch.handle().counters().edits, edits);
    }
    let listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let switch = Simulated::with(Options { restconf_listen: listen, ..Simulated::options() });
    let setup = Setup::new().switches(&[switch.restconf_entry("leaf1")]);
    let none = setup.run(&["running", "leaf1"]);
    assert!(none.code() == 2 && none.stderr.contains("it has no text that --running reads"), "{}", none.stderr);
}

#[test]
fn a_name_that_is_cut_short_is_told_with_the_one_that_is_meant() {
    let setup = Setup::new().switches(&[nowhere("openconfig")]);
    let running = [written(&setup, "leaf1.xml", &rack())];
    for (params, name) in [
        ("{switch_id: leaf1, port: Ethernet1, mode: access, native_vlan: 110}", "port_name"),
        ("{switch: leaf1, port_name: Ethernet1, mode: access, native_vlan: 110}", "switch_id"),
    ] {
        let file = written(&setup, "r.yaml", &format!("- method: update_port\n  params: {params}\n"));
        let told = offline(&setup, &running, &["--request", &file, "--whole"]);
        let said = told.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        let (short, _) = name.split_once('_').unwrap();
        let meant = format!("is missing; there is \"{short}\": did you mean {name}?");
        assert!(told.code() == 1 && said.contains(&meant), "{said}: {}", told.stdout);
    }
}
