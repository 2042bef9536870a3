mod cards;
mod gnmi;
mod ironics_file;
mod keys;
mod names;
mod options;
mod overlays;
mod ovsdb;
mod robust;
mod served;
mod telnet;
mod theirs;
mod times;
mod transport;
use super::*;
use crate::config::FileAccess;
use crate::finding::{Code, Finding, Severity};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn write(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn load(files: &[(&str, &str)], context: &Context) -> (Inventory, Findings) {
    let dir = TempDir::new().unwrap();
    let paths: Vec<_> = files.iter().map(|(name, text)| write(&dir, name, text)).collect();
    Inventory::load(&paths, context)
}

fn places(findings: &Findings) -> Vec<(Code, usize, String)> {
    findings.iter().map(|f| (f.code, f.line.unwrap_or(0), f.field.clone())).collect()
}

/// A sound switch but for the lines given, which begin on line 6.
fn toml(lines: &str) -> String {
    format!(
        "[[switch]]\nname = \"leaf1\"\naddress = \"192.0.2.1\"\nusername = \"u\"\npassword = \"hunter2\"\n{lines}\n"
    )
}

/// The same in Ironic's form; the lines begin on line 8.
fn ini(lines: &str) -> String {
    format!(
        "[switch:leaf1]\ndriver_type = generic-switch\ndevice_type = netconf_openconfig\naddress = 192.0.2.1\n\
         username = u\npassword = hunter2\nmac_address = 52:54:00:00:00:01\n{lines}\n"
    )
}

fn by_netconf(switch: &Switch) -> &NetconfSettings {
    match &switch.face {
        Face::Netconf(netconf) => netconf,
        other => panic!("{other:?}"),
    }
}

fn by_ssh(switch: &Switch) -> &SshSettings {
    match &by_netconf(switch).transport {
        NetconfTransport::Ssh(ssh) => ssh,
        other => panic!("{other:?}"),
    }
}

fn by_gnmi(switch: &Switch) -> &GnmiSettings {
    match &switch.face {
        Face::Gnmi(gnmi) => gnmi,
        other => panic!("{other:?}"),
    }
}

fn one(name: &str, text: &str) -> Switch {
    let (inventory, findings) = load(&[(name, text)], &Context::default());
    assert!(!findings.has_errors(), "{findings}");
    inventory.iter().next().unwrap().as_ref().clone()
}

#[test]
fn each_mistake_in_a_toml_inventory_is_found_on_its_line_and_under_its_name() {
    let no_file = "known_hosts = [\"absent\"]";
    for (lines, code, line, key) in [
        ("", Code::MissingKey, 1, "dialect"),
        ("dialect = \"cisco_ios\"", Code::UnknownDeviceType, 6, "dialect"),
        ("dialect = 1", Code::WrongType, 6, "dialect"),
        ("protocol = \"telnet\"", Code::BadValue, 6, "protocol"),
        ("port = 0", Code::OutOfRange, 6, "port"),
        ("port = 65536", Code::OutOfRange, 6, "port"),
        ("port = \"830\"", Code::WrongType, 6, "port"),
        ("mac_addresses = [\"52:54:00:00:00:01\",\n \"52:54\"]", Code::BadValue, 7, "mac_addresses"),
        ("mac_addresses = [\"ff:ff:ff:ff:ff:ff\"]", Code::BadValue, 6, "mac_addresses"),
        ("mac_addresses = [1]", Code::WrongType, 6, "mac_addresses"),
        ("insecure = 1", Code::WrongType, 6, "insecure"),
        (no_file, Code::Unreadable, 6, "known_hosts"),
        ("known_hosts = []", Code::BadValue, 6, "known_hosts"),
        ("host_key_fingerprints = []", Code::BadValue, 6, "host_key_fingerprints"),
        ("host_key_fingerprints = [\"MD5:00\"]", Code::BadValue, 6, "host_key_fingerprints"),
        ("legacy_algorithms = \"yes\"", Code::WrongType, 6, "legacy_algorithms"),
        ("persist = \"true\"", Code::WrongType, 6, "persist"),
        ("allowed_vlans = \"100-\"", Code::BadValue, 6, "allowed_vlans"),
        ("allowed_vlans = true", Code::WrongType, 6, "allowed_vlans"),
        ("native_vlan = 0", Code::OutOfRange, 6, "native_vlan"),
        ("native_vlan = 4095", Code::OutOfRange, 6, "native_vlan"),
        ("default_vlan = \"100\"", Code::WrongType, 6, "default_vlan"),
        ("default_vlan = 65636", Code::OutOfRange, 6, "default_vlan"),
        ("manage_vlans = 0", Code::WrongType, 6, "manage_vlans"),
        ("manage_mtu = 0", Code::WrongType, 6, "manage_mtu"),
        ("stp_edge = \"on\"", Code::WrongType, 6, "stp_edge"),
        ("stp_bpdu_guard = 1", Code::WrongType, 6, "stp_bpdu_guard"),
        ("physical_networks = 1", Code::WrongType, 6, "physical_networks"),
        ("allowed_ports = [\"\"]", Code::BadValue, 6, "allowed_ports"),
        ("confirm_timeout = 0", Code::OutOfRange, 6, "confirm_timeout"),
        ("confirm_timeout = 601", Code::OutOfRange, 6, "confirm_timeout"),
        ("confirmed_commit = true", Code::WrongType, 6, "confirmed_commit"),
        ("confirmed_commit = \"yes\"", Code::BadValue, 6, "confirmed_commit"),
        ("commit_timeout = \"2h\"", Code::BadValue, 6, "commit_timeout"),
        ("reply_timeout = 0", Code::OutOfRange, 6, "reply_timeout"),
        ("connect_timeout = 301", Code::OutOfRange, 6, "connect_timeout"),
        ("idle_timeout = 0", Code::OutOfRange, 6, "idle_timeout"),
        ("keepalive = 0", Code::OutOfRange, 6, "keepalive"),
        ("lock_wait = 601", Code::OutOfRange, 6, "lock_wait"),
        ("queue = 0", Code::OutOfRange, 6, "queue"),
        ("max_sessions = 0", Code::OutOfRange, 6, "max_sessions"),
        ("pipelining = \"auto\"", Code::WrongType, 6, "pipelining"),
        ("discard_foreign_candidate = 1", Code::WrongType, 6, "discard_foreign_candidate"),
        ("framing = \"1.1\"", Code::BadValue, 6, "framing"),
        ("network_instance = \"\"", Code::BadValue, 6, "network_instance"),
        ("enable_secret = { vault = \"x\" }", Code::BadValue, 6, "enable_secret"),
        ("enable_secret = { file = \"x\", env = \"X\" }", Code::BadValue, 6, "enable_secret"),
        ("enable_secret = { file = \"absent\" }", Code::SecretUnavailable, 6, "enable_secret"),
        ("enable_secret = { env = \"MERCURY_TEST_NEVER_SET\" }", Code::SecretUnavailable, 6, "enable_secret"),
        ("enable_secret = { env = \"A=B\" }", Code::BadValue, 6, "enable_secret"),
        ("enable_secret = 12345", Code::WrongType, 6, "enable_secret"),
        ("key_file = \"absent\"", Code::SecretUnavailable, 6, "key_file"),
        ("passphrase = \"x\"", Code::Conflict, 6, "passphrase"),
        ("confirm_timout = 30", Code::UnknownKey, 6, "confirm_timout"),
        ("device_type = \"netconf_openconfig\"", Code::UnknownKey, 6, "device_type"),
    ] {
        let lines = if lines.contains("dialect") || lines.is_empty() {
            lines.to_owned()
        } else {
            format!("{lines}\ndialect = \"openconfig\"")
        };
        let (inventory, findings) = load(&[("i.toml", &toml(&lines))], &Context::default());
        assert_eq!(places(&findings), [(code, line, format!("switch.leaf1.{key}"))], "{lines}");
        assert!(inventory.is_empty(), "{lines}");
        assert!(!findings.to_string().contains("hunter2") && !findings.to_string().contains("12345"));
    }
}

#[test]
fn device_types_are_known_not_yet_supported_or_unknown() {
    for dialect in ["openconfig", "arista_eos", "cisco_nxos", "juniper_junos", "cisco_iosxe"] {
        let text = ini("").replace("netconf_openconfig", &format!("netconf_{dialect}"));
        let switch = one("i.conf", &text);
        assert_eq!((switch.protocol(), switch.identity.dialect.as_str()), (Protocol::Netconf, dialect));
        assert_eq!(switch.device_type(), format!("netconf_{dialect}"));
    }
    for dialect in ["openconfig", "arista_eos"] {
        let text = ini("").replace("netconf_openconfig", &format!("gnmi_{dialect}"));
        let switch = one("i.conf", &text);
        assert_eq!(
            (switch.protocol(), switch.identity.dialect.as_str(), switch.port()),
            (Protocol::Gnmi, dialect, 9339)
        );
        assert_eq!(switch.device_type(), format!("gnmi_{dialect}"));
    }
    for device_type in ["cli_cisco_ios", "netmiko_cisco_ios"] {
        let switch = one("i.conf", &ini("").replace("netconf_openconfig", device_type));
        assert_eq!(
            (switch.protocol(), switch.device_type(), switch.port()),
            (Protocol::Cli, "cli_cisco_ios".into(), 22)
        );
    }
    for (device_type, code) in [
        ("netmiko_nosuch", Code::UnsupportedDeviceType),
        ("cli_nosuch", Code::UnknownDeviceType),
        ("restconf_cisco_ios", Code::UnknownDeviceType),
        ("netconf_", Code::UnknownDeviceType),
        ("netconf_cisco_ios", Code::UnknownDeviceType),
        ("gnmi_", Code::UnknownDeviceType),
        ("gnmi_cisco_ios", Code::UnknownDeviceType),
        ("gnmi", Code::UnknownDeviceType),
        ("GNMI_OPENCONFIG", Code::UnknownDeviceType),
        ("cisco_nxos", Code::UnknownDeviceType),
        ("NETCONF_OPENCONFIG", Code::UnknownDeviceType),
    ] {
        let other = ini("").replace("leaf1", "leaf2").replace("192.0.2.1", "192.0.2.2").replace("00:01", "00:02");
        let text = ini("").replace("netconf_openconfig", device_type) + &other;
        let (inventory, findings) = load(&[("i.conf", &text)], &Context::default());
        assert_eq!(places(&findings), [(code, 3, "switch.leaf1.device_type".to_owned())], "{device_type}");
        assert_eq!(inventory.len(), 1, "the other switch stays usable");
    }
}

#[test]
fn an_empty_vlan_list_means_none_and_an_absent_one_falls_back() {
    let service = Context { allowed_vlans: Some("7".parse().unwrap()), ..Context::default() };
    let allowed = |name: &str, text: &str| {
        let (inventory, findings) = load(&[(name, text)], &service);
        assert!(!findings.has_errors(), "{findings}");
        inventory.iter().next().unwrap().rules.allowed_vlans.as_ref().unwrap().to_string()
    };
    assert_eq!(allowed("i.conf", &ini("")), "7");
    assert_eq!(allowed("i.conf", &ini("allowed_vlans =")), "none");
    assert_eq!(allowed("i.conf", &ini("allowed_vlans = 100,102-104,")), "100,102-104");
    assert_eq!(allowed("i.conf", &ini("allowed_vlans = 100,\n  102-104")), "100,102-104");
    let open = toml("dialect = \"openconfig\"");
    assert_eq!(allowed("i.toml", &open), "7");
    assert_eq!(allowed("i.toml", &format!("[defaults]\nallowed_vlans = [8]\n{open}")), "8");
    assert_eq!(allowed("i.toml", &format!("[defaults]\nallowed_vlans = [8]\n{open}allowed_vlans = []")), "none");
    let switch = one("i.conf", &ini("allowed_vlans ="));
    assert!(!switch.rules.allows_vlan("7".parse().unwrap()));
    assert!(one("i.conf", &ini("")).rules.allows_vlan("4094".parse().unwrap()));
}

#[test]
fn a_mistake_in_the_defaults_is_told_once_and_where_it_is() {
    let two = toml("dialect = \"openconfig\"")
        + &toml("dialect = \"openconfig\"").replace("leaf1", "leaf2").replace("2.1", "2.2");
    let text = format!("[defaults]\nport = 0\nname = \"x\"\nlegacy = true\n{two}");
    let (inventory, findings) = load(&[("i.toml", &text)], &Context::default());
    let expected = [
        (Code::UnknownKey, 4, "defaults.legacy"),
        (Code::UnknownKey, 3, "defaults.name"),
        (Code::OutOfRange, 2, "defaults.port"),
    ];
    assert_eq!(places(&findings), expected.map(|(code, line, field)| (code, line, field.to_owned())));
    assert!(inventory.is_empty());
}

#[test]
fn how_a_host_key_is_checked_is_decided_in_one_place() {
    let fingerprint = "host_key_fingerprints = [\"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"]";
    let text = format!("[defaults]\ninsecure = true\n{}", toml(&format!("dialect = \"openconfig\"\n{fingerprint}")));
    assert!(matches!(&by_ssh(&one("i.toml", &text)).host_key, HostKey::Fingerprints(keys) if keys.len() == 1));
    let (_, findings) = load(
        &[("i.toml", &toml(&format!("dialect = \"openconfig\"\ninsecure = true\n{fingerprint}")))],
        &Context::default(),
    );
    assert!(places(&findings).contains(&(Code::Conflict, 7, "switch.leaf1.insecure".to_owned())), "{findings}");
    let context = Context { known_hosts: vec!["/k".into()], ..Context::default() };
    let (inventory, _) = load(&[("i.conf", &ini("insecure = false"))], &context);
    assert_eq!(by_ssh(inventory.find("leaf1").unwrap()).host_key, HostKey::KnownHosts(vec!["/k".into()]));
}

#[test]
fn an_option_that_the_dialect_has_no_words_for_is_refused() {
    let both = "stp_edge = true\nstp_bpdu_guard = true\n";
    let switch = one("i.toml", &toml(&format!("dialect = \"openconfig\"\n{both}")));
    assert!(switch.rules.stp_edge && switch.rules.stp_bpdu_guard && switch.rules.manages_stp());
    let (_, findings) =
        load(&[("i.toml", &toml(&format!("dialect = \"juniper_junos\"\n{both}")))], &Context::default());
    assert_eq!(places(&findings), [(Code::Conflict, 8, "switch.leaf1.stp_bpdu_guard".to_owned())]);
    assert!(findings.to_string().contains("bpdu-block-on-edge"), "{findings}");
    let iosxe = one("i.toml", &toml(&format!("dialect = \"cisco_iosxe\"\n{both}")));
    assert!(iosxe.rules.stp_edge && iosxe.rules.stp_bpdu_guard);
    assert!(!one("i.toml", &toml("dialect = \"cisco_iosxe\"\nstp_edge = false\n")).rules.manages_stp());
}

#[test]
fn every_option_reaches_the_switch() {
    let switch = one(
        "i.toml",
        &toml(
            "dialect = \"juniper_junos\"\nport = 22\nlegacy_algorithms = true\npersist = false\nnative_vlan = 1\n\
         default_vlan = 4094\nmanage_vlans = true\nmanage_mtu = true\nstp_edge = true\nphysical_networks = [\"a\", \"b\"]\n\
         allowed_ports = [\"ge-0/0/1\"]\nconfirm_timeout = 600\nconfirmed_commit = \"off\"\ncommit_timeout = \"5m\"\n\
         reply_timeout = 1\nconnect_timeout = 2\nidle_timeout = 3\nkeepalive = 4\nlock_wait = 0\nqueue = 5\nmax_sessions = 1\n\
         pipelining = false\ndiscard_foreign_candidate = true\nframing = \"chunked\"\nnetwork_instance = \"vrf\"\nmac_addresses = \"52-54-0-0-0-1\"",
        ),
    );
    assert!(
        by_ssh(&switch).legacy_algorithms
            && !switch.rules.persist
            && switch.rules.manage_vlans
            && switch.rules.manage_mtu
    );
    assert!(switch.rules.stp_edge && !switch.rules.stp_bpdu_guard);
    assert!(by_netconf(&switch).discard_foreign_candidate);
    assert_eq!((switch.port(), switch.timing.queue, by_netconf(&switch).pipelining), (22, 5, Some(false)));
    assert_eq!((switch.timing.max_sessions, Timing::default().max_sessions), (1, 2));
    assert_eq!((switch.rules.native_vlan.unwrap().get(), switch.rules.default_vlan.unwrap().get()), (1, 4094));
    assert_eq!(switch.identity.physical_networks, ["a", "b"]);
    assert!(
        switch.rules.allows_port(&"ge-0/0/1".parse().unwrap())
            && !switch.rules.allows_port(&"ge-0/0/2".parse().unwrap())
    );
    let durations = [
        switch.timing.confirm_timeout,
        switch.timing.commit_timeout,
        switch.timing.reply_timeout,
        switch.timing.connect_timeout,
        switch.timing.idle_timeout,
        switch.timing.keepalive,
        switch.timing.lock_wait,
    ];
    assert_eq!(durations, [600, 300, 1, 2, 3, 4, 0].map(Duration::from_secs));
    assert_eq!(
        (switch.confirmed_commit(), by_netconf(&switch).framing),
        (ConfirmedCommit::Off, Some(Framing::Chunked))
    );
    assert_eq!(switch.identity.network_instance.as_deref(), Some("vrf"));
    assert_eq!(switch.identity.mac_addresses, [MacAddr::from([0x52, 0x54, 0, 0, 0, 1])]);
}

#[test]
fn an_address_is_a_host_name_or_an_ip_address() {
    for (address, good) in [
        ("leaf1", true),
        ("leaf-1.dc_2.example.org.", true),
        ("192.0.2.1", true),
        ("fd00::1", true),
        ("fe80::1%eth0", true),
        ("fe80::1%2", true),
        ("fe80::1", false),
        ("fe80::1%", false),
        ("fe80::1%a/b", false),
        ("192.0.2.1%eth0", false),
        ("leaf1%eth0", false),
        ("4leaf", true),
        ("192.0.2", false),
        ("192.0.2.256", false),
        ("192.0.2.1:830", false),
        ("[fd00::1]", false),
        ("leaf1:830", false),
        ("-leaf", false),
        ("leaf..org", false),
        ("le af", false),
        ("user@leaf", false),
        (".", false),
    ] {
        let text = toml("dialect = \"openconfig\"").replace("192.0.2.1", address);
        let (_, findings) = load(&[("i.toml", &text)], &Context::default());
        let expected = (!good).then(|| (Code::BadValue, 3, "switch.leaf1.address".to_owned()));
        assert_eq!(places(&findings), Vec::from_iter(expected), "{address}");
    }
}

fn entry(name: &str, address: &str, more: &str) -> String {
    format!(
        "[[switch]]\nname = \"{name}\"\naddress = \"{address}\"\ndialect = \"openconfig\"\nusername = \"u\"\npassword = \"p\"\n{more}\n"
    )
}

#[test]
fn a_switch_is_found_by_name_mac_address_and_address() {
    let text = entry("leaf1", "LEAF1.Example.org", "mac_addresses = [\"aa:bb:cc:0d:ee:0f\", \"52:54:00:00:00:01\"]")
        + &entry("leaf2", "FD00:0::2", "")
        + &entry("deadbeef0001", "192.0.2.3", "")
        + &entry("Spine1", "192.0.2.4", "")
        + &entry("SPINE1", "192.0.2.5", "");
    let (inventory, findings) = load(&[("i.toml", &text)], &Context::default());
    assert!(findings.is_empty(), "{findings}");
    for (id, name) in [
        ("leaf1", Some("leaf1")),
        ("LEAF1", Some("leaf1")),
        ("SPINE1", Some("SPINE1")),
        ("spine1", None),
        ("leaf1.example.org", Some("leaf1")),
        ("leaf1.example.org.", Some("leaf1")),
        ("aa:bb:cc:0d:ee:0f", Some("leaf1")),
        ("AA-BB-CC-D-EE-F", Some("leaf1")),
        ("aabb.cc0d.ee0f", Some("leaf1")),
        ("AABBCC0DEE0F", Some("leaf1")),
        ("525400000001", Some("leaf1")),
        ("aabbccdeef", None),
        ("52:54:00:00:00:02", None),
        ("fd00::2", Some("leaf2")),
        ("fd00:0:0::0002", Some("leaf2")),
        ("deadbeef0001", Some("deadbeef0001")),
        ("192.0.2.3", Some("deadbeef0001")),
        ("::ffff:192.0.2.3", Some("deadbeef0001")),
        ("", None),
        (" leaf1", None),
    ] {
        assert_eq!(inventory.find(id).map(|switch| switch.identity.name.as_str()), name, "{id:?}");
    }
}

#[test]
fn identifiers_that_would_find_two_switches_are_found() {
    let mac = "mac_addresses = [\"52:54:00:00:00:01\"]";
    for (second, code, severity, field) in [
        (entry("a", "y", ""), Code::DuplicateSwitch, Severity::Error, "switch.a.name"),
        (
            entry("b", "y", "mac_addresses = [\"5254.0000.0001\"]"),
            Code::AmbiguousId,
            Severity::Error,
            "switch.b.mac_addresses",
        ),
        (entry("525400000001", "y", ""), Code::AmbiguousId, Severity::Error, "switch.525400000001.name"),
        (entry("X", "y", ""), Code::AmbiguousId, Severity::Error, "switch.X.name"),
        (entry("b", "X.", ""), Code::AmbiguousId, Severity::Warning, "switch.b.address"),
        (entry("b", "x", "port = 22"), Code::AmbiguousId, Severity::Warning, "switch.b.address"),
    ] {
        let (inventory, findings) =
            load(&[("1.toml", &entry("a", "x", mac)), ("2.toml", &second)], &Context::default());
        assert_eq!(places(&findings), [(code, 1, field.to_owned())], "{second}");
        let finding = findings.iter().next().unwrap();
        assert_eq!(finding.severity, severity);
        assert!(
            finding.file.as_deref().unwrap().ends_with("2.toml") && finding.message.contains("1.toml:1"),
            "{finding}"
        );
        if severity == Severity::Warning {
            assert!(inventory.find("x").is_none(), "an address that two share finds neither");
            assert_eq!(inventory.find("b").unwrap().identity.name, "b");
        }
    }
    let (_, findings) = load(
        &[("1.toml", &(entry("a", "x", mac) + &entry("b", "y", "port = 0\nmac_addresses = [\"52:54:0:0:0:1\"]")))],
        &Context::default(),
    );
    assert_eq!(findings.len(), 2, "a switch that is wrong itself is compared all the same: {findings}");
}

#[test]
fn a_file_with_secrets_in_it_must_be_private() {
    let dir = TempDir::new().unwrap();
    for (name, text, secret) in [
        ("i.toml", toml("dialect = \"openconfig\""), true),
        ("i.conf", ini(""), true),
        ("j.toml", toml("dialect = \"openconfig\"").replace("\"hunter2\"", "{ env = \"PATH\" }"), false),
    ] {
        let path = write(&dir, name, &text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let exposed = |access| {
            let (_, findings) = Inventory::load(std::slice::from_ref(&path), &Context { access, ..Context::default() });
            findings.iter().any(|f| f.code == Code::FilePermissions && f.message.contains("640"))
        };
        assert_eq!(exposed(FileAccess::Owner), secret, "{name}");
        assert!(!exposed(FileAccess::Group) && !exposed(FileAccess::Any), "{name}");
    }
}

#[test]
fn secrets_are_found_beside_the_inventory_and_never_shown() {
    let dir = TempDir::new().unwrap();
    write(&dir, "word", "hunter2\n");
    write(&dir, "key", "-----BEGIN PRIVATE KEY-----\nhunter2 key\n");
    let text = toml("dialect = \"openconfig\"\nkey_file = \"key\"\npassphrase = { file = \"word\" }")
        .replace("\"hunter2\"", "{ file = \"word\" }");
    let (inventory, findings) = Inventory::load(&[write(&dir, "i.toml", &text)], &Context::default());
    assert!(findings.is_empty(), "{findings}");
    assert!(!format!("{inventory:?}").contains("hunter2"));
    fs::set_permissions(dir.path().join("word"), fs::Permissions::from_mode(0o644)).unwrap();
    let (inventory, findings) = Inventory::load(&[dir.path().join("i.toml")], &Context::default());
    let expected = [(Code::FilePermissions, 5, "password"), (Code::FilePermissions, 8, "passphrase")];
    assert_eq!(places(&findings), expected.map(|(code, line, key)| (code, line, format!("switch.leaf1.{key}"))));
    assert!(inventory.is_empty());
}

#[test]
fn files_that_hold_nothing_or_cannot_be_read_are_found() {
    for (name, text) in [("a.toml", ""), ("a.conf", "# nothing\n"), ("a.conf", "[DEFAULT]\n")] {
        let (_, findings) = load(&[(name, text)], &Context::default());
        assert_eq!(places(&findings), [(Code::NoSwitches, 0, String::new())], "{name} {text}");
    }
    let (_, findings) =
        Inventory::load(&[Path::new("/nonexistent.toml").to_owned(), PathBuf::from("/")], &Context::default());
    assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), [Code::Unreadable, Code::Unreadable]);
    for text in ["switch = 1\n", "[switch]\nname = \"x\"\n", "[[switch]]\n[switches]\n", "defaults = 1\n"] {
        let (_, findings) = load(&[("a.toml", text)], &Context::default());
        assert!(findings.has_errors(), "{text}");
    }
}

#[test]
fn a_file_that_is_named_twice_is_read_once_and_that_is_told() {
    let dir = TempDir::new().unwrap();
    let file = write(&dir, "a.toml", &toml("dialect = \"openconfig\""));
    let link = dir.path().join("b.toml");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for (again, told) in [(&file, "is named twice; it was read once"), (&link, "is the same file as ")] {
        let (inventory, findings) = Inventory::load(&[file.clone(), again.clone()], &Context::default());
        assert_eq!(inventory.len(), 1, "{findings}");
        assert_eq!(places(&findings), [(Code::DuplicateKey, 0, "switches".to_owned())]);
        let finding = findings.iter().next().unwrap();
        assert!(finding.message.contains(told) && finding.severity == Severity::Warning, "{finding:?}");
    }
}

#[test]
fn control_characters_in_a_key_or_a_path_stay_on_their_line() {
    for (line, shown) in [
        ("\"a\\nb\\u001b\" = 1\n", "defaults.a\\nb\\u{1b}"),
        ("password = { file = \"no\\u001b/such\" }\n", "no\\u{1b}/such"),
    ] {
        let (_, findings) = load(&[("a.toml", &format!("[defaults]\n{line}[[switch]]\n"))], &Context::default());
        assert!(findings.iter().any(|finding| finding.to_string().contains(shown)), "{findings}");
        let bare = |finding: &Finding| Finding { help: None, ..finding.clone() }.to_string();
        assert!(!findings.iter().any(|finding| bare(finding).contains(char::is_control)), "{findings}");
    }
}
