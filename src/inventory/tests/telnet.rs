use super::*;

/// A switch at whose command line lines are entered, sound but for the lines given, which
/// begin on line 8.
fn entry(lines: &str) -> String {
    toml(&format!("dialect = \"cisco_ios\"\nprotocol = \"cli\"\n{lines}"))
}

#[test]
fn telnet_is_spoken_where_an_entry_says_so_twice() {
    let (inventory, findings) = load(&[("i.toml", &entry("telnet = true\ninsecure = true\n"))], &Context::default());
    assert_eq!(places(&findings), [(Code::Plaintext, 8, "switch.leaf1.telnet".to_owned())]);
    let switch = inventory.iter().next().unwrap();
    let Face::Cli(settings) = &switch.face else { panic!("{switch:?}") };
    assert_eq!((&settings.reach, switch.port()), (&Reach::Telnet, 23));
    assert!(switch.identity.credentials.password.is_some());
    let switch = one("i.toml", &entry("telnet = false\n"));
    assert_eq!(switch.port(), 22);
    let switch = one("i.toml", &entry("telnet = true\ninsecure = true\nport = 2323\n"));
    assert_eq!(switch.port(), 2323);
    // The defaults' SSH does not concern it.
    let pin = format!("host_key_fingerprints = [\"SHA256:{}\"]", "A".repeat(43));
    one(
        "i.toml",
        &format!("[defaults]\nlegacy_algorithms = true\n{pin}\n{}", entry("telnet = true\ninsecure = true\n")),
    );
}

#[test]
fn telnet_is_refused_where_it_is_not_meant_or_cannot_be() {
    for (lines, line, key) in [
        ("telnet = true", 8, "telnet"),
        ("telnet = true\ninsecure = false", 8, "telnet"),
        ("telnet = true\ninsecure = true\nlegacy_algorithms = true", 10, "legacy_algorithms"),
        ("telnet = true\ninsecure = true\nknown_hosts = [\"known_hosts\"]", 10, "known_hosts"),
    ] {
        let (inventory, findings) = load(&[("i.toml", &entry(lines))], &Context::default());
        let errors: Vec<_> = places(&findings).into_iter().filter(|(code, ..)| *code != Code::Plaintext).collect();
        assert_eq!(errors, [(Code::Conflict, line, format!("switch.leaf1.{key}"))], "{lines}");
        assert!(inventory.is_empty());
    }
    let insecure = "telnet = true\ninsecure = true";
    for (text, code, key) in [
        (entry(insecure).replace("password = \"hunter2\"\n", ""), Code::MissingKey, "password"),
        (entry(insecure).replace("cisco_ios", "sonic"), Code::Conflict, "telnet"),
        (
            entry(insecure).replace("cisco_ios", "openconfig").replace("\"cli\"", "\"netconf\""),
            Code::Conflict,
            "telnet",
        ),
    ] {
        let (inventory, findings) = load(&[("i.toml", &text)], &Context::default());
        let found =
            findings.iter().any(|finding| finding.code == code && finding.field == format!("switch.leaf1.{key}"));
        assert!(found && inventory.is_empty(), "{text}: {findings}");
    }
}
