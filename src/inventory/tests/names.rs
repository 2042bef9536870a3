//! What ports are called, by callers and by the switch.

use super::*;

/// A sound switch of this dialect, with these lines from line 7 on.
fn of(dialect: &str, lines: &str) -> String {
    toml(&format!("dialect = \"{dialect}\"\n{lines}"))
}

fn named(switch: &Switch, name: &str) -> Result<String, String> {
    switch.rules.named(&name.parse().unwrap()).map(|name| name.to_string())
}

#[test]
fn a_port_is_called_what_the_dialect_calls_it() {
    let switch = one("i.toml", &of("cisco_iosxe", ""));
    assert_eq!(named(&switch, "Gi1/0/1").as_deref(), Ok("GigabitEthernet1/0/1"));
    assert_eq!(named(&switch, "GigabitEthernet1/0/1").as_deref(), Ok("GigabitEthernet1/0/1"));
    let told = named(&switch, "Ethernet1").unwrap_err();
    assert!(told.contains("\"Ethernet1\"") && told.contains("GigabitEthernet1/0/1"), "{told}");
    let any = one("i.toml", &of("openconfig", ""));
    assert_eq!(named(&any, "whatever 1").as_deref(), Ok("whatever 1"));
}

#[test]
fn the_entrys_own_rules_and_names_go_first() {
    let rules = "port_names = [{ match = 'etp(\\d+)[a-d]?', replace = 'Ethernet${1}/1' }]\nallowed_ports = [\"Ethernet7/1\", \"Cpu0\"]";
    let switch = one("i.toml", &of("arista_eos", rules));
    assert_eq!(named(&switch, "etp7b").as_deref(), Ok("Ethernet7/1"));
    assert_eq!(named(&switch, "Cpu0").as_deref(), Ok("Cpu0"), "the network team knows its ports");
    let wrong = one("i.toml", &of("arista_eos", "port_names = [{ match = 'etp(\\d+)', replace = 'swp$1' }]"));
    let told = named(&wrong, "etp7").unwrap_err();
    assert!(told.contains("\"swp7\", made of \"etp7\" by port_names"), "{told}");
    let prefixed = one("i.toml", &of("arista_eos", "lag_prefix = \"Bundle-\""));
    assert_eq!(named(&prefixed, "Bundle-7").as_deref(), Ok("Bundle-7"));
}

#[test]
fn names_and_rules_that_are_of_no_use_are_found() {
    for (lines, line, key, words) in [
        ("allowed_ports = [\n \"Ethernet1\",\n \"Eth2\"]", 9, "allowed_ports", "\"Ethernet2\" would be"),
        ("manage_vlans = true\ntrunk_ports = [\"swp1\"]", 8, "trunk_ports", "swp1"),
        ("port_names = [{ match = 'Eth1/1', replace = 'Ethernet1/1' }]", 1, "port_names", "\"Eth1/1\" only"),
        ("port_names = [{ match = 'a$b', replace = 'Ethernet1' }]", 1, "port_names", "rule 1 never"),
        (
            "port_names = [{ match = '.*', replace = 'Ethernet1' }]",
            1,
            "port_names",
            "one port, \"Ethernet1\", of several",
        ),
        (
            "port_names = [{ match = 'Eth(\\d)', replace = 'Ethernet1' }]",
            1,
            "port_names",
            "rule 1 makes one port, \"Ethernet1\", of several",
        ),
        (
            "port_names = [{ match = '(.*)', replace = '$1' }, { match = 'Eth(\\d+)', replace = 'Ethernet$1' }]",
            1,
            "port_names",
            "rule 2 never",
        ),
    ] {
        let (inventory, findings) = load(&[("i.toml", &of("arista_eos", lines))], &Context::default());
        assert_eq!(places(&findings), [(Code::BadValue, line, format!("switch.leaf1.{key}"))], "{lines}");
        let finding = findings.iter().next().unwrap();
        assert!(finding.message.contains(words) && finding.severity == Severity::Warning, "{finding:?}");
        assert!(!inventory.is_empty(), "a warning");
    }
    // Changed by one name and read back by another, a port would be two.
    let (inventory, findings) = load(&[("i.toml", &of("arista_eos", "allowed_lags = [\"Po1\"]"))], &Context::default());
    assert_eq!(places(&findings), [(Code::BadValue, 7, "switch.leaf1.allowed_lags".to_owned())]);
    let finding = findings.iter().next().unwrap();
    assert!(finding.message.contains("\"Port-Channel1\"") && finding.severity == Severity::Error, "{finding:?}");
    assert!(inventory.is_empty());
}

#[test]
fn rules_that_many_switches_share_are_looked_at_once() {
    let defaults = "[defaults]\nport_names = [{ match = 'Eth1', replace = 'Ethernet1' }]\n";
    let switch = |number: u16| {
        of("openconfig", "")
            .replace("leaf1", &format!("leaf{number}"))
            .replace("192.0.2.1", &format!("192.0.2.{number}"))
    };
    let text = (1..=3).fold(defaults.to_owned(), |text, number| text + &switch(number));
    assert_eq!(load(&[("i.toml", &text)], &Context::default()).1.iter().count(), 1);
}
