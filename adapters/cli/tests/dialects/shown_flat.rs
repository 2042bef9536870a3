//! What others have configured in databases.

use mercury_adapter::{Budget, Capabilities, MAX_REPLY, Render as _};
use mercury_cli::{CliRenderer, Unreadable};
use mercury_model::{Intended, Plan, Running, Scope, SwitchedVlan, VlanId};

use crate::dialect;

fn read(name: &str, text: &str) -> Result<Running, Unreadable> {
    let dialect = dialect(name);
    let mut share = Budget::shared().share(MAX_REPLY);
    let cli = dialect.cli.as_ref().unwrap();
    let answers = vec![text.to_owned(); cli.words.shows().len()];
    mercury_cli::running(cli, &Scope::all(), &answers, &mut share)
}

/// What one port is.
fn vlans(running: &Running, port: &str) -> String {
    match &running.interfaces.get(&port.parse().unwrap()).unwrap().switched_vlan {
        None => "nothing".to_owned(),
        Some(SwitchedVlan::Foreign(foreign)) if foreign.routes => "routed".to_owned(),
        Some(SwitchedVlan::Foreign(foreign)) => format!("foreign: {}", foreign.others.join(", ")),
        Some(known) => known.to_string(),
    }
}

const SONIC: &str = r#"{
  "DEVICE_METADATA": {"localhost": {"hostname": "leaf-7", "mac": "00:00:5e:00:53:01"}},
  "INTERFACE": {"Ethernet12": {}, "Ethernet12|192.0.2.1/31": {}},
  "PORT": {
    "Ethernet0": {"admin_status": "up", "mtu": "9216", "lanes": "0,1,2,3", "description": "to rack 7\nVLAN Vlan7"},
    "Ethernet4": {"admin_status": "down"}, "Ethernet8": {"admin_status": "up"}, "Ethernet12": {"admin_status": "up"},
    "Ethernet16": {"admin_status": "up"}, "Ethernet20": {"admin_status": "up"}
  },
  "PORTCHANNEL": {"PortChannel1": {"admin_status": "up", "mtu": "9100", "lacp_key": "auto"}},
  "PORTCHANNEL_MEMBER": {"PortChannel1|Ethernet16": {}},
  "VLAN": {"Vlan10": {"vlanid": "10", "members": ["Ethernet0"]}, "Vlan20": {"vlanid": "20", "dhcp_servers": ["192.0.2.9"]}, "Vlan30": {}},
  "VLAN_INTERFACE": {"Vlan30": {}, "Vlan30|198.51.100.1/24": {}},
  "VLAN_MEMBER": {
    "Vlan10|Ethernet0": {"tagging_mode": "untagged"}, "Vlan20|Ethernet4": {"tagging_mode": "tagged"},
    "Vlan10|Ethernet4": {"tagging_mode": "untagged"}, "Vlan10|Ethernet8": {"tagging_mode": "untagged"},
    "Vlan20|Ethernet8": {"tagging_mode": "untagged"}, "Vlan20|PortChannel1": {"tagging_mode": "tagged"}
  }
}"#;

#[test]
fn a_database_is_read_whatever_others_have_in_it() {
    let running = read("sonic", SONIC).unwrap();
    for (port, expected) in [
        ("Ethernet0", "access VLAN 10"),
        ("Ethernet8", "foreign: foreign \"untagged in VLAN 20 too\""),
        ("Ethernet12", "routed"),
        ("Ethernet16", "nothing"),
        ("Ethernet20", "nothing"),
        ("PortChannel1", "trunk, no native VLAN, VLANs 20"),
    ] {
        assert_eq!(vlans(&running, port), expected, "{port}");
    }
    let port = |name: &str| running.interfaces.get(&name.parse().unwrap()).unwrap().clone();
    let trunk = SwitchedVlan::Trunk {
        native: "10".parse().ok(),
        vlans: mercury_model::TrunkVlans::only("10,20".parse().unwrap()),
    };
    assert_eq!(port("Ethernet4").switched_vlan, Some(trunk));
    assert_eq!((port("Ethernet0").mtu, port("Ethernet4").enabled), (Some(9216), false));
    assert_eq!(port("Ethernet16").aggregate_id.unwrap().as_str(), "PortChannel1");
    assert!(running.vlans.keys().map(ToString::to_string).eq(["10", "20", "30"]), "{:?}", running.vlans);
    let besides: Vec<String> = running.besides_vlans.keys().map(ToString::to_string).collect();
    assert_eq!(besides, ["20", "30"]);
}

#[test]
fn what_is_no_database_or_has_no_port_is_no_answer() {
    for text in ["", "Error: no such table", "{\"PORT\": ", "[]", "{}", r#"{"VLAN": {"Vlan10": {"vlanid": "10"}}}"#] {
        assert!(read("sonic", text).is_err(), "{text:?}");
    }
}

#[test]
fn rows_are_read_by_what_was_asked_for() {
    let dialect = dialect("pluribus");
    let answers = [
        "auto-128:128\nlag7:129\nvxlan-loopback-trunk:397\n",
        "auto-128:47-48\nlag7:5,6\nvxlan-loopback-trunk:none\n",
        "auto-128:passive\nlag7:active\nvxlan-loopback-trunk:off\n",
        "auto-128:slow\nlag7:fast\nvxlan-loopback-trunk:slow\n",
        "1:on\n2:off\n3:on\n4:on\n49:on\n",
        "1:local\n10:local\n20:fabric\n",
        "1:1-4,49,128\n10:1-2,129\n20:2,49,129\n",
        "1:3-4,128\n10:1,129\n20:none\n",
    ];
    let answers = answers.map(str::to_owned);
    let mut share = Budget::shared().share(MAX_REPLY);
    let running = mercury_cli::running(dialect.cli.as_ref().unwrap(), &Scope::all(), &answers, &mut share).unwrap();
    for (port, expected) in [
        ("1", "trunk, native VLAN 10, VLANs 1,10"),
        ("2", "trunk, no native VLAN, VLANs 1,10,20"),
        ("3", "access VLAN 1"),
        ("4", "access VLAN 1"),
        ("49", "trunk, no native VLAN, VLANs 1,20"),
        ("128", "access VLAN 1"),
        ("lag7", "trunk, native VLAN 10, VLANs 10,20"),
        ("6", "nothing"),
        ("397", "nothing"),
    ] {
        assert_eq!(vlans(&running, port), expected, "{port}");
    }
    let names: Vec<&str> = running.interfaces.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["1", "128", "2", "3", "397", "4", "47", "48", "49", "5", "6", "lag7"], "nobody is no port");
    let port = |name: &str| running.interface(&name.parse().unwrap());
    let member = |name: &str| port(name).aggregate_id.map(|name| name.to_string());
    assert_eq!((member("5"), member("47")), (Some("lag7".to_owned()), Some("128".to_owned())));
    assert!(port("1").enabled && !port("2").enabled);
    let lag = port("lag7");
    assert_eq!(lag.aggregation.unwrap().lag_type, Some(mercury_model::LagType::Lacp));
    assert_eq!(lag.lacp.unwrap().interval, mercury_model::LacpInterval::Fast);
    assert!(lag.is_aggregate() && !port("128").is_aggregate(), "others' trunks are ports with their numbers");
    let besides: Vec<String> = running.besides_vlans.keys().map(ToString::to_string).collect();
    assert_eq!(besides, ["20"], "one of the fabric is not this switch's to take away");
}

/// Others' trunks are asked for by their numbers whatever they are called, Mercury's by their
/// names: by its number one is there too, and nobody's to change.
#[test]
fn a_trunk_that_is_asked_for_by_its_number_is_never_absent() {
    let dialect = dialect("pluribus");
    let answers = [
        "lag-uplink:128\nlag7:129\nlag07:130\n",
        "lag-uplink:47\nlag7:5,6\nlag07:8\n",
        "lag-uplink:passive\nlag7:active\nlag07:active\n",
        "lag-uplink:slow\nlag7:fast\nlag07:slow\n",
        "1:on\n",
        "1:local\n10:local\n",
        "1:1,128\n10:129-130\n",
        "1:1,128\n10:129-130\n",
    ];
    let answers = answers.map(str::to_owned);
    let mut scope = Scope::default();
    ["128", "129", "130"].into_iter().for_each(|name| scope.add_interface(name.parse().unwrap()));
    let mut share = Budget::shared().share(MAX_REPLY);
    let running = mercury_cli::running(dialect.cli.as_ref().unwrap(), &scope, &answers, &mut share).unwrap();
    assert_eq!(vlans(&running, "128"), "access VLAN 1");
    assert_eq!(vlans(&running, "129"), "foreign: foreign \"it is lag7\"");
    assert_eq!(vlans(&running, "130"), "access VLAN 10");
}

/// A dash with numbers around it is one more letter of a name that the switch has told.
#[test]
fn a_trunk_of_others_that_is_called_as_several_ports_would_be_is_one() {
    let dialect = dialect("pluribus");
    let answers = [
        "lag-1-2:128\nvlag-10-11:129\n",
        "lag-1-2:5-6\nvlag-10-11:7\n",
        "lag-1-2:active\nvlag-10-11:off\n",
        "lag-1-2:fast\nvlag-10-11:slow\n",
        "1:on\n5:on\n6:on\n7:on\n",
        "1:local\n10:local\n",
        "1:1,128\n10:129\n",
        "1:1,128\n10:129\n",
    ];
    let answers = answers.map(str::to_owned);
    let mut share = Budget::shared().share(MAX_REPLY);
    let running = mercury_cli::running(dialect.cli.as_ref().unwrap(), &Scope::all(), &answers, &mut share).unwrap();
    let names: Vec<&str> = running.interfaces.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["1", "128", "129", "5", "6", "7"]);
    let port = |name: &str| running.interface(&name.parse().unwrap());
    for (name, aggregate) in [("5", "128"), ("6", "128"), ("7", "129")] {
        assert_eq!(port(name).aggregate_id.map(|name| name.to_string()).as_deref(), Some(aggregate), "{name}");
    }
    assert_eq!((vlans(&running, "128").as_str(), vlans(&running, "129").as_str()), ("access VLAN 1", "access VLAN 10"));
}

/// What stands in the place of a list of VLANs goes back into the command that takes it away.
#[test]
fn what_a_switch_shows_is_no_command_of_a_shell() {
    for (word, is_taken) in [
        ("all", true),
        ("10,4095-5000", true),
        ("10 vni 10010", true),
        ("10;reboot", false),
        ("10 $(reboot)", false),
        ("10\u{10}11", false),
        ("`reboot`", false),
        ("10 > /etc/passwd", false),
        ("'10", false),
    ] {
        let shown = format!(
            "nv set bridge domain br_default type vlan-aware\nnv set interface swp1 bridge domain br_default vlan {word}\n"
        );
        let running = read("cumulus_nvue", &shown).unwrap();
        let mut wanted = running.config.clone();
        let port = wanted.interfaces.get_mut(&"swp1".parse().unwrap()).unwrap();
        port.switched_vlan = Some(SwitchedVlan::access(VlanId::MAX));
        let plan = Plan::between(&running, &Intended(wanted));
        let rendered = CliRenderer::new(&dialect("cumulus_nvue")).unwrap().render(&plan, &Capabilities::unknown());
        let line = format!("nv unset interface swp1 bridge domain br_default vlan {word}");
        match rendered {
            Ok(payload) => assert!(is_taken && payload.to_string().contains(&line), "{word:?}: {payload}"),
            Err(error) => assert!(!is_taken && error.to_string().contains("no line can hold"), "{word:?}: {error}"),
        }
    }
}
