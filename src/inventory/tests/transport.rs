use super::gnmi::{files, load_in, sound};
use super::*;

const PIN: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
const OWN: &str = "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"";

/// A switch of NETCONF over TLS without a login; the lines begin on line 6.
fn by_tls(lines: &str) -> String {
    let login = "username = \"u\"\npassword = \"hunter2\"\n";
    toml(&format!("dialect = \"openconfig\"\ntransport = \"tls\"\n{lines}")).replace(login, "")
}

fn tls(switch: &Switch) -> &TlsSettings {
    match &by_netconf(switch).transport {
        NetconfTransport::Tls(tls) => tls,
        NetconfTransport::Ssh(_) => panic!("{switch:?}"),
    }
}

#[test]
fn netconf_goes_over_tls_with_certificates_on_both_sides_where_the_entry_says_so() {
    let dir = files();
    let switch = sound(&dir, "i.toml", &by_tls(&format!("{OWN}\ntls_pins = [\"{PIN}\"]\ntls_server_name = \"x\"")));
    assert_eq!((switch.protocol(), switch.port()), (Protocol::Netconf, 6513));
    assert_eq!(switch.device_type(), "netconf_openconfig");
    let settings = tls(&switch);
    assert_eq!(settings.trust, Tls::Pinned(vec![PIN.parse().unwrap()]));
    assert_eq!(settings.server_name.as_deref(), Some("x"));
    assert_eq!(settings.client.as_ref().unwrap().chain, dir.path().join("cert.pem"));
    assert_eq!(sound(&dir, "i.toml", &by_tls(&format!("{OWN}\nport = 700"))).port(), 700);
    let shared = format!("[defaults]\ntransport = \"tls\"\n{OWN}\n{}", by_tls("").replace("transport = \"tls\"\n", ""));
    assert_eq!(tls(&sound(&dir, "i.toml", &shared)).trust, Tls::Verified(Roots::System));
    let ssh = sound(&dir, "i.toml", &toml("dialect = \"openconfig\"\ntransport = \"ssh\""));
    assert_eq!(by_netconf(&ssh), by_netconf(&sound(&dir, "i.toml", &toml("dialect = \"openconfig\""))));
    assert_eq!(ssh.port(), 830);
}

#[test]
fn what_says_who_mercury_is_over_tls_must_be_there_and_nothing_else_may() {
    let dir = files();
    write(&dir, "known_hosts", "");
    let found = |text: &str| {
        let (inventory, findings) = load_in(&dir, "i.toml", text);
        assert!(inventory.is_empty(), "{text}");
        findings.iter().map(|finding| (finding.code, finding.field.clone())).collect::<Vec<_>>()
    };
    let own = |key: &str| format!("switch.leaf1.{key}");
    let missing = |key| (Code::MissingKey, own(key));
    assert_eq!(found(&by_tls("")), [missing("tls_cert"), missing("tls_key")]);
    assert_eq!(found(&by_tls("tls_cert = \"cert.pem\"")), [(Code::Conflict, own("tls_cert"))]);
    for key in [
        "username = \"u\"",
        "password = \"hunter2\"",
        "key_file = \"key.pem\"",
        "known_hosts = [\"known_hosts\"]",
        "legacy_algorithms = true",
        "plaintext = true",
        "encoding = \"proto\"",
    ] {
        let name = key.split(' ').next().unwrap();
        assert_eq!(found(&by_tls(&format!("{OWN}\n{key}"))), [(Code::Conflict, own(name))], "{key}");
        // What others of the file need is nothing to this one.
        sound(&dir, "i.toml", &format!("[defaults]\n{key}\n{}", by_tls(OWN)));
    }
    for (lines, key) in [("tls_server_name = \"x\"", "tls_server_name"), ("tls_ca = [\"ca.pem\"]", "tls_ca")] {
        assert_eq!(found(&toml(&format!("dialect = \"openconfig\"\n{lines}"))), [(Code::Conflict, own(key))]);
    }
    let bad = toml("dialect = \"openconfig\"\ntransport = \"udp\"");
    assert_eq!(found(&bad), [(Code::BadValue, own("transport"))]);
    let gnmi = toml("dialect = \"openconfig\"\nprotocol = \"gnmi\"\ntransport = \"tls\"");
    assert_eq!(found(&gnmi), [(Code::Conflict, own("transport"))]);
}

#[test]
fn the_files_of_tls_are_watched_and_a_missing_check_is_told() {
    let dir = files();
    let switch = sound(&dir, "i.toml", &by_tls(&format!("{OWN}\ntls_ca = [\"ca.pem\"]")));
    for name in ["ca.pem", "cert.pem", "key.pem"] {
        assert!(switch.files().contains(&&*dir.path().join(name)), "{name}");
    }
    assert!(!switch.has_inline_secrets());
    let (inventory, findings) = load_in(&dir, "i.toml", &by_tls(&format!("{OWN}\ninsecure = true")));
    assert_eq!(inventory.len(), 1);
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::InsecureCertificate]);
}

#[test]
fn a_switch_that_calls_home_needs_no_address_and_something_to_be_known_by() {
    let dir = files();
    write(&dir, "known_hosts", "");
    let nowhere = |text: String| text.replace("address = \"192.0.2.1\"\n", "");
    let ssh = |lines: &str| toml(&format!("dialect = \"openconfig\"\ncall_home = true\n{lines}"));
    let pins = format!("host_key_fingerprints = [\"{PIN}\"]");
    for text in [nowhere(ssh(&pins)), nowhere(by_tls(&format!("call_home = true\n{OWN}\ntls_pins = [\"{PIN}\"]")))] {
        let switch = sound(&dir, "i.toml", &text);
        assert!(switch.calls_home());
        assert_eq!(switch.identity.address, "leaf1");
    }
    assert_eq!(sound(&dir, "i.toml", &ssh(&pins)).identity.address, "192.0.2.1");
    for (text, key) in [
        (ssh(""), "host_key_fingerprints"),
        (ssh("known_hosts = [\"known_hosts\"]"), "host_key_fingerprints"),
        (ssh("insecure = true"), "host_key_fingerprints"),
        (by_tls(&format!("call_home = true\n{OWN}\ninsecure = true")), "tls_pins"),
    ] {
        let (inventory, findings) = load_in(&dir, "i.toml", &text);
        assert!(inventory.is_empty(), "{text}");
        let missing = |finding: &&Finding| finding.code == Code::MissingKey;
        let missing: Vec<_> = findings.iter().filter(missing).map(|finding| finding.field.clone()).collect();
        assert_eq!(missing, [format!("switch.leaf1.{key}")], "{text}");
    }
    let (_, findings) = load_in(&dir, "i.toml", &nowhere(toml("dialect = \"openconfig\"\ncall_home = false")));
    assert!(findings.iter().any(|finding| finding.field == "switch.leaf1.address"));
}

/// Nothing else tells who calls: one would get what is meant for the other.
#[test]
fn what_a_switch_that_calls_home_shows_finds_one_entry() {
    let dir = files();
    let other = PIN.replace("47DE", "47DF");
    let entry = |name: &str, lines: &str| {
        let entry = toml(&format!("dialect = \"openconfig\"\ncall_home = true\n{lines}"));
        entry.replace("address = \"192.0.2.1\"\n", "").replace("leaf1", name)
    };
    let by_key = |name: &str, keys: &[&str]| entry(name, &format!("host_key_fingerprints = {keys:?}"));
    let by_tls = |name: &str, lines: &str| {
        let entry = by_tls(&format!("call_home = true\n{OWN}\n{lines}"));
        entry.replace("address = \"192.0.2.1\"\n", "").replace("leaf1", name)
    };
    let pins = |pins: &[&str]| format!("tls_pins = {pins:?}");
    let named = |name: &str| format!("tls_server_name = \"{name}\"\ntls_ca = [\"ca.pem\"]");
    let system = |name: &str| format!("tls_server_name = \"{name}\"");
    for (one, two, key) in [
        (by_key("leaf1", &[PIN]), by_key("leaf2", &[&other, PIN]), Some("host_key_fingerprints")),
        (by_key("leaf1", &[PIN]), by_key("leaf2", &[&other]), None),
        (by_tls("leaf1", &pins(&[PIN])), by_tls("leaf2", &pins(&[&other, PIN])), Some("tls_pins")),
        (by_tls("leaf1", &pins(&[PIN])), by_tls("leaf2", &pins(&[&other])), None),
        (by_tls("leaf1", &named("a.example")), by_tls("leaf2", &named("A.example")), Some("tls_server_name")),
        (by_tls("leaf1", &named("a.example")), by_tls("leaf2", &named("b.example")), None),
        (by_tls("leaf1", &system("a.example")), by_tls("leaf2", &system("a.example")), Some("tls_server_name")),
        (by_key("leaf1", &[PIN]), by_tls("leaf2", &pins(&[PIN])), None),
    ] {
        let (inventory, findings) = load_in(&dir, "i.toml", &format!("{one}{two}"));
        let errors = findings.errors();
        let found: Vec<_> = errors.iter().map(|finding| (finding.code, finding.field.clone())).collect();
        let wanted = key.map(|key| (Code::AmbiguousId, format!("switch.leaf2.{key}")));
        assert_eq!(found, Vec::from_iter(wanted), "{one}{two}");
        assert_eq!(inventory.len(), if key.is_some() { 0 } else { 2 }, "{one}{two}");
    }
    // Who is connected to is told by its address.
    let met = |name: &str, address: u8| {
        let entry = toml(&format!("dialect = \"openconfig\"\nhost_key_fingerprints = [\"{PIN}\"]"));
        entry.replace("192.0.2.1", &format!("192.0.2.{address}")).replace("leaf1", name)
    };
    assert_eq!(load_in(&dir, "i.toml", &format!("{}{}", met("leaf1", 1), met("leaf2", 2))).0.len(), 2);
}
