use super::*;

const PIN: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";

/// A gNMI switch that is sound but for the lines given, which begin on line 8.
fn gnmi(lines: &str) -> String {
    toml(&format!("dialect = \"openconfig\"\nprotocol = \"gnmi\"\n{lines}"))
}

/// The same without username and password; the lines begin on line 6.
fn nobody(lines: &str) -> String {
    gnmi("").replace("username = \"u\"\npassword = \"hunter2\"\n", "").trim_end().to_owned() + "\n" + lines + "\n"
}

/// A directory with a root, a client certificate and keys, private and not.
pub(super) fn files() -> TempDir {
    let dir = TempDir::new().unwrap();
    write(&dir, "ca.pem", &format!("# our root\n{CERTIFICATE}"));
    write(&dir, "cert.pem", CERTIFICATE);
    write(&dir, "key.pem", KEY);
    write(&dir, "both.pem", &format!("{CERTIFICATE}{KEY}"));
    write(&dir, "old.pem", &KEY.replace("PRIVATE", "EC PRIVATE"));
    write(&dir, "encrypted.pem", &KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"));
    write(&dir, "encrypted-old.pem", &KEY.replace("hunter2", "Proc-Type: 4,ENCRYPTED\nhunter2"));
    let open = write(&dir, "open.pem", KEY);
    fs::set_permissions(open, fs::Permissions::from_mode(0o644)).unwrap();
    dir
}

pub(super) fn load_in(dir: &TempDir, name: &str, text: &str) -> (Inventory, Findings) {
    Inventory::load(&[write(dir, name, text)], &Context::default())
}

/// The one switch of a file that is right but for warnings.
pub(super) fn sound(dir: &TempDir, name: &str, text: &str) -> Switch {
    let (inventory, findings) = load_in(dir, name, text);
    assert!(!findings.has_errors(), "{findings}\n{text}");
    inventory.iter().next().unwrap().as_ref().clone()
}

#[test]
fn a_gnmi_switch_trusts_the_systems_roots_and_leaves_the_rest_to_its_dialect() {
    let switch = one("i.toml", &gnmi(""));
    assert_eq!(
        (switch.protocol(), switch.port(), switch.device_type()),
        (Protocol::Gnmi, 9339, "gnmi_openconfig".into())
    );
    let settings = by_gnmi(&switch);
    assert_eq!(settings.tls.trust, Tls::Verified(Roots::System));
    assert!(settings.tls.server_name.is_none() && settings.tls.client.is_none());
    assert_eq!((settings.encoding, settings.read), (Encoding::Auto, ReadMethod::Auto));
    assert_eq!((&settings.origin, &settings.target, settings.max_operations), (&None, &None, None));
    assert_eq!(settings.settle_time, Duration::from_secs(10));
    assert!(switch.identity.credentials.password.is_some());
}

#[test]
fn every_gnmi_option_reaches_the_switch_from_either_file() {
    let dir = files();
    let options = [
        ("tls_ca", "\"ca.pem\"", "ca.pem"),
        ("tls_server_name", "\"leaf1.example.org\"", "leaf1.example.org"),
        ("tls_cert", "\"cert.pem\"", "cert.pem"),
        ("tls_key", "\"key.pem\"", "key.pem"),
        ("encoding", "\"proto\"", "proto"),
        ("origin", "\"\"", ""),
        ("target", "\"OC-YANG\"", "OC-YANG"),
        ("read", "\"subscribe\"", "subscribe"),
        ("path_prefixes", "\"modules\"", "modules"),
        ("leaf_values", "\"object\"", "object"),
        ("write_level", "\"list\"", "list"),
        ("max_operations", "20", "20"),
        ("settle_time", "\"1m\"", "1m"),
    ];
    let lines = |form: fn(&(&str, &str, &str)) -> String| options.iter().map(form).collect::<String>();
    let native = lines(|(key, value, _)| format!("{key} = {value}\n"));
    let ironic = lines(|(key, _, value)| format!("{key} = {value}\n"));
    for switch in [
        sound(&dir, "i.toml", &gnmi(&native)),
        sound(&dir, "i.toml", &format!("[defaults]\n{native}{}", gnmi(""))),
        sound(&dir, "i.conf", &ini(&ironic).replace("netconf_", "gnmi_")),
    ] {
        let GnmiSettings {
            tls: TlsSettings { trust: tls, server_name, client },
            encoding,
            origin,
            target,
            read,
            path_prefixes,
            leaf_values,
            write_level,
            max_operations,
            settle_time,
            ..
        } = by_gnmi(&switch).clone();
        assert_eq!(path_prefixes, Some(PathPrefixes::Modules));
        assert_eq!((leaf_values, write_level), (Some(LeafValues::Object), Some(WriteLevel::List)));
        assert_eq!(tls, Tls::Verified(Roots::Files(vec![dir.path().join("ca.pem")])));
        assert_eq!(server_name.as_deref(), Some("leaf1.example.org"));
        let client = client.unwrap();
        assert_eq!(client.chain, dir.path().join("cert.pem"));
        assert!(matches!(client.key, SecretRef::File { path, .. } if path == dir.path().join("key.pem")));
        assert_eq!((encoding, read), (Encoding::Proto, ReadMethod::Subscribe));
        assert_eq!((origin.as_deref(), target.as_deref(), max_operations), (Some(""), Some("OC-YANG"), Some(20)));
        assert_eq!(settle_time, Duration::from_secs(60));
    }
}

#[test]
fn each_mistake_about_gnmi_is_found_on_its_line_and_under_its_name() {
    let dir = files();
    for (lines, code, line, key) in [
        ("tls_ca = [\"absent\"]", Code::Unreadable, 8, "tls_ca"),
        ("tls_ca = [\"ca.pem\", \"key.pem\"]", Code::BadValue, 8, "tls_ca"),
        ("tls_ca = []", Code::BadValue, 8, "tls_ca"),
        ("tls_ca = true", Code::WrongType, 8, "tls_ca"),
        ("tls_pins = []", Code::BadValue, 8, "tls_pins"),
        ("tls_pins = [\"SHA256:abcd\"]", Code::BadValue, 8, "tls_pins"),
        ("tls_server_name = \"leaf 1\"", Code::BadValue, 8, "tls_server_name"),
        ("tls_server_name = \"leaf1.\"", Code::BadValue, 8, "tls_server_name"),
        ("tls_cert = \"cert.pem\"", Code::Conflict, 8, "tls_cert"),
        ("tls_key = \"key.pem\"", Code::Conflict, 8, "tls_key"),
        ("tls_cert = \"absent\"\ntls_key = \"key.pem\"", Code::Unreadable, 8, "tls_cert"),
        ("tls_cert = \"key.pem\"\ntls_key = \"key.pem\"", Code::BadValue, 8, "tls_cert"),
        ("tls_cert = \"cert.pem\"\ntls_key = \"absent\"", Code::SecretUnavailable, 9, "tls_key"),
        ("tls_cert = \"cert.pem\"\ntls_key = \"cert.pem\"", Code::BadValue, 9, "tls_key"),
        ("tls_cert = \"cert.pem\"\ntls_key = \"open.pem\"", Code::FilePermissions, 9, "tls_key"),
        ("tls_cert = \"cert.pem\"\ntls_key = \"encrypted.pem\"", Code::BadValue, 9, "tls_key"),
        ("tls_cert = \"cert.pem\"\ntls_key = \"encrypted-old.pem\"", Code::BadValue, 9, "tls_key"),
        ("tls_cert = \"cert.pem\"\ntls_key = { env = \"PATH\" }", Code::WrongType, 9, "tls_key"),
        ("encoding = \"ascii\"", Code::BadValue, 8, "encoding"),
        ("encoding = \"JSON_IETF\"", Code::BadValue, 8, "encoding"),
        ("origin = 1", Code::WrongType, 8, "origin"),
        ("origin = \"a\\nb\"", Code::BadValue, 8, "origin"),
        ("target = false", Code::WrongType, 8, "target"),
        ("read = \"once\"", Code::BadValue, 8, "read"),
        ("path_prefixes = \"all\"", Code::BadValue, 8, "path_prefixes"),
        ("leaf_values = true", Code::WrongType, 8, "leaf_values"),
        ("write_level = \"container\"", Code::BadValue, 8, "write_level"),
        ("max_operations = 0", Code::OutOfRange, 8, "max_operations"),
        ("max_operations = 10001", Code::OutOfRange, 8, "max_operations"),
        ("settle_time = 601", Code::OutOfRange, 8, "settle_time"),
        ("confirmed_commit = \"session\"", Code::Conflict, 8, "confirmed_commit"),
        ("tls_pin = \"x\"", Code::UnknownKey, 8, "tls_pin"),
    ] {
        let (inventory, findings) = load_in(&dir, "i.toml", &gnmi(lines));
        assert_eq!(places(&findings), [(code, line, format!("switch.leaf1.{key}"))], "{lines}");
        assert!(inventory.is_empty(), "{lines}");
        assert!(!findings.to_string().contains("hunter2"), "{lines}");
    }
    for lines in ["tls_cert = \"both.pem\"\ntls_key = \"both.pem\"", "tls_cert = \"cert.pem\"\ntls_key = \"old.pem\""] {
        assert!(by_gnmi(&sound(&dir, "i.toml", &gnmi(lines))).tls.client.is_some(), "{lines}");
    }
    for (limit, lines) in [(1, "max_operations = 1"), (10_000, "max_operations = 10000")] {
        assert_eq!(by_gnmi(&sound(&dir, "i.toml", &gnmi(lines))).max_operations, Some(limit));
    }
    assert_eq!(sound(&dir, "i.toml", &gnmi("settle_time = 0")).settle_time(), Duration::ZERO);
}

#[test]
fn a_key_of_another_protocol_is_refused_on_the_switch_and_waits_in_the_defaults() {
    let dir = files();
    write(&dir, "known_hosts", "");
    let pins = format!("tls_pins = [\"{PIN}\"]");
    let for_gnmi = [
        "tls_ca = [\"ca.pem\"]",
        &pins,
        "tls_server_name = \"leaf1\"",
        "tls_cert = \"cert.pem\"",
        "tls_key = \"key.pem\"",
        "plaintext = false",
        "encoding = \"auto\"",
        "origin = \"\"",
        "target = \"x\"",
        "read = \"auto\"",
        "path_prefixes = \"none\"",
        "leaf_values = \"scalar\"",
        "write_level = \"leaf\"",
        "max_operations = 1",
        "settle_time = 10",
    ];
    let fingerprints = format!("host_key_fingerprints = [\"{PIN}\"]");
    let for_netconf = [
        "key_file = \"key.pem\"",
        "passphrase = \"x\"",
        "known_hosts = [\"known_hosts\"]",
        &fingerprints,
        "legacy_algorithms = true",
        "pipelining = true",
        "framing = \"chunked\"",
    ];
    let netconf = toml("dialect = \"openconfig\"\nprotocol = \"netconf\"\n");
    let ironic = ini("");
    for (lines, native, ironic) in [
        (for_gnmi.as_slice(), netconf.clone(), ironic.clone()),
        (for_netconf.as_slice(), gnmi(""), ironic.replace("netconf_", "gnmi_")),
    ] {
        for option in lines {
            let key = option.split(' ').next().unwrap();
            let (inventory, findings) =
                load_in(&dir, "i.toml", &format!("{}{option}\n", native.trim_end().to_owned() + "\n"));
            assert_eq!(places(&findings), [(Code::Conflict, 8, format!("switch.leaf1.{key}"))], "{option}");
            assert!(inventory.is_empty());
            sound(&dir, "i.toml", &format!("[defaults]\n{option}\n{native}"));
        }
        let (_, findings) = load_in(&dir, "i.conf", &(ironic + "settle_time = 1\nkey_file = key.pem\n"));
        assert_eq!(findings.iter().filter(|finding| finding.code == Code::Conflict).count(), 1, "{findings}");
    }
    let mixed = format!(
        "[defaults]\nkey_file = \"key.pem\"\nframing = \"chunked\"\nlegacy_algorithms = true\npipelining = true\n\
         {pins}\norigin = \"x\"\nsettle_time = 1\n{}{}",
        gnmi(""),
        netconf.replace("leaf1", "leaf2").replace("192.0.2.1", "192.0.2.2"),
    );
    let (inventory, findings) = load_in(&dir, "i.toml", &mixed);
    assert!(findings.is_empty(), "{findings}");
    let [over_gnmi, over_netconf] = ["leaf1", "leaf2"].map(|name| inventory.find(name).unwrap());
    assert_eq!(by_gnmi(over_gnmi).origin.as_deref(), Some("x"));
    assert_eq!(by_gnmi(over_gnmi).tls.trust, Tls::Pinned(vec![PIN.parse().unwrap()]));
    assert_eq!(over_gnmi.settle_time(), Duration::from_secs(1));
    let netconf = by_netconf(over_netconf);
    assert!(by_ssh(over_netconf).key.is_some() && netconf.framing.is_some() && by_ssh(over_netconf).legacy_algorithms);
    assert_eq!(netconf.pipelining, Some(true));
}

#[test]
fn an_unknown_protocol_puts_no_key_in_the_wrong_place() {
    let pins = format!("tls_pins = \"{PIN}\"\nframing = \"chunked\"");
    let (_, findings) = load(&[("i.toml", &gnmi(&pins).replace("\"gnmi\"", "\"gnm1\""))], &Context::default());
    assert_eq!(places(&findings), [(Code::BadValue, 7, "switch.leaf1.protocol".to_owned())]);
    let text = ini(&format!("tls_pins = {PIN}")).replace("netconf_openconfig", "gnmi_opencomfig");
    let (_, findings) = load(&[("i.conf", &text)], &Context::default());
    assert_eq!(places(&findings), [(Code::UnknownDeviceType, 3, "switch.leaf1.device_type".to_owned())]);
    assert!(findings.to_string().contains("gnmi_openconfig"), "the advice names device types: {findings}");
}

#[test]
fn a_dialect_that_is_not_spoken_over_the_protocol_is_told_from_one_that_nobody_knows() {
    let kinds = [(Protocol::Netconf, "openconfig"), (Protocol::Netconf, "junos"), (Protocol::Gnmi, "openconfig")];
    let dialects = kinds.map(|(protocol, name)| (protocol, name.to_owned())).to_vec();
    let context = Context { dialects, ..Context::default() };
    let junos = ini("").replace("netconf_openconfig", "gnmi_junos");
    for (name, text, field) in [
        ("i.toml", gnmi("").replace("\"openconfig\"", "\"junos\""), (6, "dialect")),
        ("i.conf", junos, (3, "device_type")),
    ] {
        let (_, findings) = load(&[(name, &text)], &context);
        assert_eq!(places(&findings), [(Code::UnknownDeviceType, field.0, format!("switch.leaf1.{}", field.1))]);
        let finding = findings.iter().next().unwrap();
        assert_eq!(finding.message, "dialect \"junos\" is not spoken over gNMI");
        assert!(!finding.help.as_deref().unwrap().contains("junos"), "{finding}");
    }
    let only_gnmi = Context { dialects: vec![(Protocol::Gnmi, "openconfig".to_owned())], ..Context::default() };
    let (_, findings) = load(&[("i.toml", &gnmi("").replace("\"gnmi\"", "\"gnm1\""))], &only_gnmi);
    assert_eq!(places(&findings), [(Code::BadValue, 7, "switch.leaf1.protocol".to_owned())]);
}

#[test]
fn whom_to_trust_is_decided_in_one_place() {
    let dir = files();
    let system = Tls::Verified(Roots::System);
    let pinned = Tls::Pinned(vec![PIN.parse().unwrap()]);
    let pins = format!("tls_pins = [\"{PIN}\"]");
    for (defaults, own, tls) in [
        ("insecure = true", pins.as_str(), &pinned),
        ("plaintext = true", &pins, &pinned),
        (&pins, "plaintext = true", &Tls::Plaintext),
        (&pins, "insecure = true", &Tls::Insecure),
        ("insecure = true", "insecure = false", &system),
        ("tls_ca = \"ca.pem\"", "plaintext = false", &system),
        ("plaintext = true", "", &Tls::Plaintext),
        ("insecure = true", "", &Tls::Insecure),
    ] {
        let switch = sound(&dir, "i.toml", &format!("[defaults]\n{defaults}\n{}", gnmi(own)));
        assert_eq!(&by_gnmi(&switch).tls.trust, tls, "{defaults} / {own}");
    }
    for (lines, key) in [
        (format!("{pins}\ntls_ca = \"ca.pem\""), "tls_pins"),
        (format!("insecure = true\n{pins}"), "insecure"),
        ("plaintext = true\ntls_ca = \"ca.pem\"".to_owned(), "plaintext"),
        ("plaintext = true\ninsecure = true".to_owned(), "plaintext"),
    ] {
        for text in [gnmi(&lines), format!("[defaults]\n{lines}\n{}", gnmi(""))] {
            let (inventory, findings) = load_in(&dir, "i.toml", &text);
            assert!(inventory.is_empty());
            let conflicts: Vec<_> = findings.iter().filter(|finding| finding.code == Code::Conflict).collect();
            assert!(conflicts.len() == 1 && conflicts[0].field.ends_with(&format!(".{key}")), "{findings}");
        }
    }
}

#[test]
fn a_switch_that_is_not_checked_is_a_warning_that_says_what_is_at_stake() {
    for (line, code, word) in [
        ("insecure = true", Code::InsecureCertificate, "whoever answers"),
        ("plaintext = true", Code::Plaintext, "credentials and configuration travel readable"),
    ] {
        for (name, text, number) in [("i.toml", gnmi(line), 8), ("i.conf", ini(line).replace("netconf_", "gnmi_"), 8)] {
            let (inventory, findings) = load(&[(name, &text)], &Context::default());
            let key = line.split(' ').next().unwrap();
            assert_eq!(places(&findings), [(code, number, format!("switch.leaf1.{key}"))]);
            let finding = findings.iter().next().unwrap();
            assert!(finding.severity == Severity::Warning && finding.message.contains(word), "{finding}");
            assert_eq!(inventory.len(), 1);
        }
    }
}

#[test]
fn in_plaintext_nothing_about_tls_can_hold() {
    let dir = files();
    let identity = "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"";
    let count = |text: &str| {
        let (_, findings) = load_in(&dir, "i.toml", text);
        findings.iter().filter(|finding| finding.code == Code::Conflict).count()
    };
    assert_eq!(count(&gnmi(&format!("plaintext = true\ntls_server_name = \"x\"\n{identity}"))), 3);
    assert_eq!(count(&format!("[defaults]\nplaintext = true\n{}", gnmi(identity))), 2);
    assert_eq!(count(&format!("[defaults]\nplaintext = true\n{identity}\n{}", gnmi(""))), 2);
    let own = format!("[defaults]\ntls_server_name = \"x\"\n{identity}\n{}", gnmi("plaintext = true"));
    let switch = sound(&dir, "i.toml", &own);
    assert!(by_gnmi(&switch).tls.client.is_none() && by_gnmi(&switch).tls.server_name.is_none());
    let (_, findings) = load_in(&dir, "i.toml", &format!("[defaults]\n{identity}\n{}", nobody("plaintext = true")));
    assert!(
        findings.iter().any(|finding| finding.code == Code::MissingKey),
        "no certificate proves anything: {findings}"
    );
}

#[test]
fn a_client_certificate_can_stand_in_for_a_user_and_a_password() {
    let dir = files();
    let identity = "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"";
    let switch = sound(&dir, "i.toml", &nobody(identity));
    assert!(
        switch.identity.username.is_empty()
            && switch.identity.credentials.password.is_none()
            && by_gnmi(&switch).tls.client.is_some()
    );
    let switch = sound(&dir, "i.toml", &format!("[defaults]\n{identity}\n{}", nobody("")));
    assert!(by_gnmi(&switch).tls.client.is_some());
    let switch = sound(&dir, "i.toml", &nobody(&format!("{identity}\nusername = \"u\"")));
    assert_eq!(switch.identity.username, "u");
    let missing = |text: &str| {
        let (_, findings) = load_in(&dir, "i.toml", text);
        assert!(findings.iter().all(|finding| finding.code == Code::MissingKey), "{findings}");
        findings.iter().map(|finding| finding.field.clone()).collect::<Vec<_>>()
    };
    assert_eq!(missing(&nobody("")), ["switch.leaf1.password", "switch.leaf1.username"]);
    assert_eq!(missing(&nobody("username = \"u\"")), ["switch.leaf1.password"]);
    assert_eq!(missing(&nobody(&format!("{identity}\npassword = \"p\""))), ["switch.leaf1.username"]);
    assert_eq!(
        missing(&format!("[defaults]\nkey_file = \"key.pem\"\n{}", nobody("username = \"u\""))),
        ["switch.leaf1.password"],
        "an SSH key is no use here"
    );
    let ironic = ini("tls_cert = cert.pem\ntls_key = key.pem").replace("netconf_", "gnmi_");
    let ironic = ironic.replace("username = u\n", "").replace("password = hunter2\n", "");
    assert!(sound(&dir, "i.conf", &ironic).identity.username.is_empty());
}

#[test]
fn a_client_certificate_and_its_key_come_from_one_table() {
    let dir = files();
    let defaults = "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"";
    let (_, findings) =
        load_in(&dir, "i.toml", &format!("[defaults]\n{defaults}\n{}", gnmi("tls_cert = \"both.pem\"")));
    assert_eq!(places(&findings), [(Code::Conflict, 11, "switch.leaf1.tls_cert".to_owned())]);
    let pins = format!("tls_pins = [\"{PIN}\"]");
    let switch = sound(&dir, "i.toml", &format!("[defaults]\n{defaults}\n{}", gnmi(&pins)));
    assert!(by_gnmi(&switch).tls.client.is_some(), "whom to trust is another matter");
}

#[test]
fn confirmed_commits_are_on_or_off_or_left_to_the_dialect_over_gnmi() {
    for (word, choice) in [("auto", ConfirmedCommit::Auto), ("on", ConfirmedCommit::On), ("off", ConfirmedCommit::Off)]
    {
        let switch = one("i.toml", &gnmi(&format!("confirmed_commit = \"{word}\"")));
        assert_eq!(switch.confirmed_commit(), choice);
    }
    let text = format!("[defaults]\nconfirmed_commit = \"session\"\n{}", gnmi(""));
    let (_, findings) = load(&[("i.toml", &text)], &Context::default());
    assert_eq!(places(&findings), [(Code::Conflict, 2, "defaults.confirmed_commit".to_owned())]);
    one("i.toml", &format!("[defaults]\nconfirmed_commit = \"session\"\n{}", gnmi("confirmed_commit = \"on\"")));
}

#[test]
fn one_switch_in_two_entries_of_two_protocols_is_told() {
    let text = entry("a", "x", "") + &entry("b", "x", "protocol = \"gnmi\"");
    let (inventory, findings) = load(&[("i.toml", &text)], &Context::default());
    assert_eq!(places(&findings), [(Code::AmbiguousId, 8, "switch.b.address".to_owned())]);
    let finding = findings.iter().next().unwrap();
    assert!(finding.severity == Severity::Warning && finding.help.as_deref().unwrap().contains("one switch"));
    assert_eq!(inventory.len(), 2);
}

#[test]
fn a_tls_key_is_never_shown() {
    let dir = files();
    let switch = sound(&dir, "i.toml", &gnmi("tls_cert = \"both.pem\"\ntls_key = \"both.pem\""));
    let shown = format!("{switch:?}");
    assert!(shown.contains("both.pem") && !shown.contains("hunter2"), "{shown}");
}
