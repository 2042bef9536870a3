//! Files of the services that Mercury takes the place of.

use std::os::unix::fs::PermissionsExt as _;

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Mercury, Setup, Simulated};

/// As operators of networking-generic-switch have it.
fn generic_switch(switch: &Simulated) -> String {
    format!(
        "[genericswitch:leaf1]
device_type = netconf_openconfig
host = 127.0.0.1
port = {}
username = mercury
password = {}
hostkey_verify = false
ngs_mac_address = 52:54:00:00:00:31
ngs_trunk_ports = Ethernet7, Ethernet8
ngs_port_default_vlan = 4000
ngs_physical_networks = physnet1,physnet2
ngs_network_name_format = net-{{segmentation_id}}
ngs_allowed_vlans = 100,110,4000
ngs_port_id_re_sub = {{\"pattern\": \"^swp\", \"repl\": \"Ethernet\"}}
ngs_batch_requests = True
ngs_bgp_asn = 65000
made_up = 1

[genericswitch:Old Switch]
device_type = netmiko_cisco_ios
ip = 192.0.2.3
username = admin
password = a \"password\"
secret = another
ngs_manage_vlans = False
ngs_allowed_ports = Gi1/0/1, GigabitEthernet1/0/2
ngs_save_configuration = False
ngs_switchport_mode = trunk
ngs_security_groups_enabled = False

[ngs_coordination]
backend_url = etcd3+http://127.0.0.1:2379
acquire_timeout = 60

[ml2]
mechanism_drivers = openvswitch,genericswitch
",
        switch.netconf_port(),
        switch.password()
    )
}

fn imported(setup: &Setup, text: &str) -> Value {
    let file = setup.write("theirs.ini", text);
    let into = setup.path().join("ours");
    let words = ["config", "import", file.to_str().unwrap(), "--into", into.to_str().unwrap(), "--output", "json"];
    let finished = setup.run(&words);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    assert!(!finished.stdout.contains("a \\\"password"), "{}", finished.stdout);
    finished.json()
}

#[test]
fn a_file_of_networking_generic_switch_is_served_as_before() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new();
    let told = imported(&setup, &generic_switch(&switch));
    assert_eq!(told["usable_switches"], 2, "{told}");
    let lost: Vec<_> =
        told["findings"].as_array().unwrap().iter().filter(|one| one["code"] == "not-carried-over").collect();
    let fields: Vec<&str> = lost.iter().map(|one| one["field"].as_str().unwrap()).collect();
    let expected = [
        "genericswitch:Old Switch.ngs_switchport_mode",
        "genericswitch:leaf1.made_up",
        "genericswitch:leaf1.ngs_bgp_asn",
        "ngs_coordination.acquire_timeout",
        "ngs_coordination.backend_url",
    ];
    let mut sorted = fields.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "{told}");
    assert!(lost.iter().all(|one| one["line"].as_u64().is_some()), "{told}");

    let ours = setup.path().join("ours");
    let inventory = std::fs::read_to_string(ours.join("inventory.toml")).unwrap();
    let settings = std::fs::read_to_string(ours.join("mercury.toml")).unwrap();
    let theirs = generic_switch(&switch);
    for (option, _) in theirs.lines().filter_map(|line| line.split_once(" = ")) {
        let becomes = ["device_type", "host", "ip", "port", "username", "password", "secret", "hostkey_verify"];
        // Those that have another name here.
        let renamed = [
            "mac_address",
            "trunk_ports",
            "port_default_vlan",
            "physical_networks",
            "network_name_format",
            "allowed_vlans",
            "port_id_re_sub",
            "manage_vlans",
            "allowed_ports",
            "save_configuration",
        ];
        let is_renamed = renamed.iter().any(|name| option == format!("ngs_{name}"));
        let is_said = inventory.contains(option) || settings.contains(option);
        assert!(becomes.contains(&option) || is_renamed || is_said, "{option} is lost silently: {inventory}{settings}");
    }
    let table: toml::Table = inventory.parse().unwrap();
    let entries = table["switch"].as_array().unwrap();
    let old = entries.iter().find(|one| one["name"].as_str() == Some("Old Switch")).unwrap();
    assert_eq!((old["protocol"].as_str(), old["dialect"].as_str()), (Some("cli"), Some("cisco_ios")), "{inventory}");
    assert_eq!((old["manage_vlans"].as_bool(), old["persist"].as_bool()), (Some(false), Some(false)), "{inventory}");
    let ports: Vec<&str> = old["allowed_ports"].as_array().unwrap().iter().map(|port| port.as_str().unwrap()).collect();
    assert_eq!(ports, ["GigabitEthernet1/0/1", "GigabitEthernet1/0/2"], "{inventory}");
    let secret = ours.join(old["password"]["file"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "a \"password\"");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!inventory.contains("a \"password") && !inventory.contains(switch.password()), "{inventory}");

    let settings = ours.join("mercury.toml");
    let mercury: Mercury = Setup::new().flags(&["--config", settings.to_str().unwrap()]).serve();
    let mut client = Client::of(&mercury);
    // LLDP's name, the name of a VLAN that is made, and the uplinks that carry it.
    let params = json!({"switch_id": "52:54:00:00:00:31", "port_name": "swp1", "mode": "access", "native_vlan": 110});
    client.done("update_port", &params);
    let now = switch.look();
    assert_eq!(now.ports["Ethernet1"].vlans, "access 110");
    assert_eq!(now.vlans[&110].as_deref(), Some("net-110"));
    assert!(now.ports["Ethernet7"].vlans.contains("110"), "{now:?}");
    client.fails(
        "update_port",
        &json!({"switch_id": "leaf1", "port_name": "swp1", "mode": "access", "native_vlan": 120}),
    );
}

#[test]
fn ironics_own_file_becomes_settings_over_its_file_of_switches() {
    let setup = Setup::new();
    let switches = setup.write("switches.conf", "[switch:leaf1]\ndriver_type = generic-switch\ndevice_type = netconf_openconfig\naddress = 192.0.2.1\nmac_address = 52:54:00:00:00:32\nusername = u\npassword = p\n");
    std::fs::set_permissions(&switches, std::fs::Permissions::from_mode(0o600)).unwrap();
    let users = setup.write("users", "ironic:$2y$05$eUcsGHYIT0rXkSGGSE5pTOQWqFRCiZxjhxCqQQY/7UyKoiUR3SPre\n");
    std::fs::set_permissions(&users, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = format!(
        "[DEFAULT]\ndebug = true\n[ironic_networking]\nrpc_transport = json-rpc\nswitch_config_file = {}\n\
         enabled_switch_drivers = generic-switch\nallowed_vlans = 100-199,300\nidle_network = access/native_vlan=1\n\
         [ironic_networking_json_rpc]\nauth_strategy = http_basic\nhttp_basic_auth_user_file = {}\nhost_ip = 127.0.0.1\nport = 0\n\
         http_basic_username = ironic\ncert_file = mercury.pem\n[neutron]\nregion_name = one\n",
        switches.display(),
        users.display()
    );
    let told = imported(&setup, &text);
    assert_eq!(told["usable_switches"], 1, "{told}");
    assert!(told["findings"].as_array().unwrap().iter().all(|one| one["severity"] == "warning"), "{told}");
    let settings = std::fs::read_to_string(setup.path().join("ours/mercury.toml")).unwrap();
    let table: toml::Table = settings.parse().unwrap();
    assert_eq!(table["listen"].as_str(), Some("127.0.0.1:0"));
    for said in
        ["[DEFAULT]: not read by Mercury: debug", "[neutron]", "region_name", "http_basic_username", "idle_network"]
    {
        assert!(settings.contains(said), "{said}: {settings}");
    }
    // There is no TLS without use_ssl, and nothing becomes of a certificate.
    let lost: Vec<_> = told["findings"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert!(lost.contains(&"ironic_networking_json_rpc.cert_file"), "{lost:?}");
    assert_eq!((table["auth"].as_str(), table["allowed_vlans"].as_str()), (Some("http_basic"), Some("100-199,300")));
}

#[test]
fn nothing_is_written_over_and_nothing_is_made_of_nothing() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new();
    imported(&setup, &generic_switch(&switch));
    let before = std::fs::read_to_string(setup.path().join("ours/inventory.toml")).unwrap();
    let (file, into) = (setup.path().join("theirs.ini"), setup.path().join("ours"));
    let again = setup.run(&["config", "import", file.to_str().unwrap(), "--into", into.to_str().unwrap()]);
    assert_eq!(again.code(), 2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(into.join("inventory.toml")).unwrap(), before);

    let (other, nowhere) = (setup.write("other.ini", "[neutron]\na = b\n"), setup.path().join("nowhere"));
    let none = setup.run(&["config", "import", other.to_str().unwrap(), "--into", nowhere.to_str().unwrap()]);
    assert_eq!(none.code(), 2);
    assert!(!nowhere.exists());
}
