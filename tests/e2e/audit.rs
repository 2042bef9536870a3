//! A table of what should be, held against switches.

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Entry, Setup, Simulated};

struct Stage {
    switches: Vec<Simulated>,
    setup: Setup,
}

impl Stage {
    fn new() -> Self {
        let switches = vec![Simulated::start(Mode::Candidate), Simulated::start(Mode::Running)];
        let gone = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let gone = Entry::new("leaf3").text("address", "127.0.0.1").with("port", gone).text("dialect", "openconfig");
        let gone = gone.text("username", "mercury").text("password", "none").text("host_key", "insecure");
        let entry =
            |index: usize| switches[index].entry(&format!("leaf{}", index + 1)).text("allowed_vlans", "100-199");
        let setup = Setup::new().switches(&[entry(0), entry(1), gone.without("host_key").with("insecure", true)]);
        for port in ["Ethernet2", "Ethernet10"] {
            let attached = setup.run(&["attach", "leaf1", port, "--access", "110"]);
            assert_eq!(attached.code(), 0, "{} {}", attached.stdout, attached.stderr);
        }
        Self { switches, setup }
    }

    fn audit(&self, table: &str, words: &[&str]) -> crate::harness::Finished {
        let file = self.setup.write("table.csv", table).to_str().unwrap().to_owned();
        self.setup.run(&[&["audit", "--expected", &file], words].concat())
    }
}

#[test]
fn each_switch_is_told_of_and_none_is_changed() {
    let stage = Stage::new();
    let edits = || stage.switches.iter().map(|switch| switch.handle().counters().edits).sum::<u64>();
    let before = edits();
    let same = stage.audit("switch,port,mode,vlan\nleaf1,Ethernet2,access,110\nleaf1,Ethernet10,access,110\n", &[]);
    assert_eq!((same.code(), same.stdout.trim()), (0, "leaf1: as expected"), "{}", same.stderr);
    let table = "switch,port,mode,vlan,vlans\nleaf1,Ethernet10,access,120,\nleaf1,Ethernet2,access,120,\n\
                 leaf2,Ethernet1,trunk,100,101 103-104\nleaf3,Ethernet1,access,100,\n";
    let differs = stage.audit(table, &[]);
    assert_eq!(differs.code(), 1, "{}", differs.stderr);
    let lines: Vec<&str> = differs.stdout.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "leaf1: differs (what is there -> what should be)",
            "  Ethernet2: switched-vlan access VLAN 110 -> access VLAN 120",
            "  Ethernet10: switched-vlan access VLAN 110 -> access VLAN 120",
            "leaf2: differs (what is there -> what should be)",
            "  Ethernet1: switched-vlan none -> trunk, native VLAN 100, VLANs 101,103-104",
        ]
    );
    assert!(lines[5].starts_with("leaf3: not known: "), "{lines:?}");
    assert!(
        differs.stderr.contains("3 switches, 2 not as expected, 1 not known; 4 rows, 0 that cannot be"),
        "{}",
        differs.stderr
    );
    let told: Vec<Value> = stage
        .audit(table, &["--output", "json"])
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (told.len(), &told[0]["rows"], &told[2]["error"]["data"]["kind"]),
        (3, &json!(2), &json!("unreachable"))
    );
    assert_eq!(edits(), before);
}

/// A port that a switch does not have hides nothing of its others.
#[test]
fn a_port_that_is_not_there_is_one_row_that_cannot_be() {
    let stage = Stage::new();
    let table = "switch,port,mode,vlan\nleaf1,Ethernet2,access,120\nleaf1,Ethernet9999,access,110\nleaf1,Ethernet10,access,110\n\
                 leaf1,Ethernet8888,access,110\nleaf1,Ethernet3,access,130\n";
    let told = stage.audit(table, &[]);
    assert_eq!(told.code(), 1, "{}", told.stderr);
    let lines: Vec<&str> = told.stdout.lines().collect();
    let expected = [
        "leaf1: differs (what is there -> what should be)",
        "  Ethernet2: switched-vlan access VLAN 110 -> access VLAN 120",
        "  Ethernet3: switched-vlan none -> access VLAN 130",
    ];
    assert_eq!(lines, expected, "{}", told.stderr);
    for (line, port) in [(3, "Ethernet9999"), (5, "Ethernet8888")] {
        let told = told.stderr.lines().find(|text| text.contains(&format!("table.csv:{line}: ")));
        assert!(told.is_some_and(|text| text.contains(port)), "{told:?}");
    }
    assert!(told.stderr.contains("1 switch, 1 not as expected; 5 rows, 2 that cannot be"), "{}", told.stderr);
}

/// As spreadsheets write them.
#[test]
fn a_table_may_begin_with_a_mark_and_have_semicolons_or_tabs() {
    let stage = Stage::new();
    for table in [
        "\u{feff}switch,port,mode,vlan\r\nleaf1,Ethernet2,access,110\r\n",
        "\u{feff}switch;port;mode;vlan;vlans\r\nleaf1;Ethernet2;access;110;\r\n",
        "\"switch\"\t\"port\"\t\"mode\"\t\"vlan\"\nleaf1\tEthernet2\taccess\t110\n",
    ] {
        let told = stage.audit(table, &[]);
        assert_eq!((told.code(), told.stdout.trim()), (0, "leaf1: as expected"), "{table:?}: {}", told.stderr);
    }
    let told = stage.audit("switch;port;mode;vlan;vlans\nleaf1;Ethernet2;trunk;110;120,130-131\n", &[]);
    assert!(told.stdout.contains("trunk, native VLAN 110, VLANs 120,130-131"), "{} {}", told.stdout, told.stderr);
}

#[test]
fn a_row_that_is_wrong_is_told_with_its_line_and_keeps_nobody_from_the_others() {
    let stage = Stage::new();
    let table = "switch,port,mode,vlan\nleaf1,Ethernet2,access,110\nleaf1,Ethernet3,access,300\nleaf9,Ethernet1,access,110\n\
                 leaf1,Ethernet2,access,111\n";
    let told = stage.audit(table, &[]);
    assert_eq!(
        (told.code(), told.stdout.trim()),
        (1, "leaf1: as expected in 1 of 3 rows, the others cannot be"),
        "{}",
        told.stderr
    );
    let twice = "table.csv:5: leaf1: request: two requests are about Ethernet2: this one, and that at ";
    for said in ["table.csv:3: leaf1: vlan", "table.csv:4: ", twice, "table.csv:2\n"] {
        assert!(told.stderr.contains(said), "{said}: {}", told.stderr);
    }
    for (head, lacks) in [("port,mode,vlan", "switch"), ("switch;mode;vlan", "port")] {
        let wrong = stage.audit(&format!("{head}\n"), &[]);
        let said = format!("table.csv:1: column {lacks} is missing");
        assert!(wrong.code() == 2 && wrong.stderr.contains(&said), "{}", wrong.stderr);
    }
    let wrong = stage.audit("switch,port,colour\nleaf1,Ethernet1,red\n", &[]);
    assert_eq!(wrong.code(), 2, "{}", wrong.stdout);
    let said = "table.csv:1: no column \"colour\"; there are switch, port";
    assert!(wrong.stderr.contains(said), "{}", wrong.stderr);
    // What cannot be read as a row, a port without VLANs, and one of which nothing is known.
    let table = "switch,port,mode,vlan,description\nleaf1,Ethernet2,access,5000,\nleaf1,Ethernet10\nleaf1,Ethernet2,none,,\n\
                 leaf1,Ethernet3,none,,\nleaf1,Ethernet10,,,rack 4\nleaf1,Ethernet4,,,\nleaf1,Ethernet5,none,110,\n";
    let told = stage.audit(table, &[]);
    let lines: Vec<&str> = told.stdout.lines().collect();
    let expected = [
        "leaf1: differs (what is there -> what should be)",
        "  Ethernet2: switched-vlan access VLAN 110 -> none",
        "  Ethernet10: description none -> \"rack 4\"",
    ];
    assert_eq!((told.code(), lines.as_slice()), (1, expected.as_slice()), "{}", told.stderr);
    for said in [
        "table.csv:2: vlan: ",
        "table.csv:3: it has 2 cells, and the columns are switch, port, mode, vlan, description",
        "table.csv:7: mode: neither VLANs nor a description are said",
        "table.csv:8: mode: none is a port without VLANs",
        "7 rows, 4 that cannot be",
    ] {
        assert!(told.stderr.contains(said), "{said}: {}", told.stderr);
    }
}

/// As Ironic's command line and its API show ports, all members with them; and a switch of which
/// no row can be has its line, too.
#[test]
fn what_ironic_exports_of_its_ports_is_held_against_the_switches() {
    let stage = Stage::new();
    let port = |number: u8, switch: &str, port: &str, vlan: u16| {
        json!({
            "uuid": format!("1be26c0b-03f2-4d2e-ae87-c02d7f33c1{number:02}"), "address": format!("52:54:00:12:34:{number:02}"),
            "node_uuid": "6d85703a-565d-469a-96ce-30b6de53079d", "portgroup_uuid": null, "pxe_enabled": number == 1,
            "local_link_connection": {"switch_id": switch, "port_id": port, "switch_info": "leaf1"},
            "physical_network": "physnet1", "internal_info": {"tenant_vif_port_id": "a9e2b1d0"}, "is_smartnic": false,
            "extra": {"switchport": {"mode": "access", "native_vlan": vlan}}, "name": null, "vendor": null,
            "category": null, "description": "", "created_at": "2026-08-18T22:28:48+00:00", "updated_at": null,
        })
    };
    let all =
        [port(1, "leaf1", "Ethernet2", 110), port(2, "leaf1", "Ethernet10", 120), port(3, "leaf2", "Ethernet1", 300)];
    let heading = |name: &str| match name {
        "uuid" => "UUID".to_owned(),
        "pxe_enabled" => "PXE boot enabled".to_owned(),
        "is_smartnic" => "Is Smart NIC port".to_owned(),
        other => {
            let words = other.replace("uuid", "UUID");
            let words = words.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
            words.collect::<Vec<_>>().join(" ")
        }
    };
    let listed = |port: &Value| -> Value {
        port.as_object().unwrap().iter().map(|(name, value)| (heading(name), value.clone())).collect()
    };
    let of_command_line = Value::Array(all.iter().map(listed).collect());
    assert!(of_command_line[0]["Local Link Connection"].is_object() && of_command_line[0]["Node UUID"].is_string());
    let linked = |port: &Value| {
        let mut port = port.clone();
        port["links"] = json!([{"href": "http://192.0.2.1:6385/v1/ports/1be26c0b", "rel": "self"}]);
        port
    };
    let of_api = json!({"ports": all.iter().map(linked).collect::<Vec<_>>()});
    for export in [of_command_line, of_api] {
        let told = stage.audit(&serde_json::to_string_pretty(&export).unwrap(), &[]);
        assert_eq!(told.code(), 1, "{} {}", told.stdout, told.stderr);
        let lines: Vec<&str> = told.stdout.lines().collect();
        let expected = [
            "leaf1: differs (what is there -> what should be)",
            "  Ethernet2: description none -> \"Ironic Port 1be26c0b-03f2-4d2e-ae87-c02d7f33c101\"",
            "  Ethernet10: description none -> \"Ironic Port 1be26c0b-03f2-4d2e-ae87-c02d7f33c102\"",
            "  Ethernet10: switched-vlan access VLAN 110 -> access VLAN 120",
            "leaf2: nothing was compared: no row of it can be",
        ];
        assert_eq!(lines, expected, "{}", told.stderr);
        assert!(told.stderr.contains("2 switches, 2 not as expected; 3 rows, 1 that cannot be"), "{}", told.stderr);
    }
}

#[test]
fn shells_and_man_know_every_command() {
    let setup = Setup::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = setup.run(&["completions", shell]).stdout;
        assert!(["audit", "apply", "render", "diff"].iter().all(|command| text.contains(command)), "{shell}");
    }
    let folder = setup.path().join("man");
    assert_eq!(setup.run(&["man", folder.to_str().unwrap()]).code(), 0);
    for page in ["mercury.1", "mercury-plan.1", "mercury-switch-probe.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
}
