//! What is done beside what callers ask for.

use super::*;

/// A sound switch, with these lines from line 7 on.
fn switch(lines: &str) -> String {
    toml(&format!("dialect = \"openconfig\"\n{lines}"))
}

#[test]
fn nothing_is_done_that_is_not_asked_for() {
    let options = one("i.toml", &switch("")).rules.options;
    assert!(options.trunk_ports.is_empty() && options.vlan_name.is_none() && !options.remove_unused_vlans);
    assert!(options.description.is_none() && options.idle_description.is_none() && !options.disable_inactive_ports);
    assert_eq!(options.port_names.rewritten(&"Eth1/1".parse().unwrap()).unwrap().as_str(), "Eth1/1");
}

#[test]
fn every_option_reaches_the_switch() {
    let options = one(
        "i.toml",
        &switch(
            "manage_vlans = true\ntrunk_ports = [\"Ethernet48\", \"Port-Channel1\"]\nvlan_name = \"mercury-{vlan}\"\n\
             remove_unused_vlans = true\nport_names = [{ match = 'Eth(\\d+)', replace = 'Ethernet$1' }]\n\
             description = \"{mac} {description}\"\nidle_description = \"\"\ndisable_inactive_ports = true",
        ),
    )
    .rules
    .options;
    assert_eq!(
        options.trunk_ports.iter().map(|port| port.as_str()).collect::<Vec<_>>(),
        ["Ethernet48", "Port-Channel1"]
    );
    assert_eq!(options.vlan_name.unwrap(), Template::new("mercury-{vlan}", Placeholder::OF_A_VLAN).unwrap());
    assert_eq!(options.description.unwrap(), Template::new("{mac} {description}", Placeholder::OF_A_PORT).unwrap());
    assert_eq!(options.idle_description.unwrap(), Template::new("", &[]).unwrap());
    assert!(options.remove_unused_vlans && options.disable_inactive_ports);
    assert_eq!(options.port_names.rewritten(&"Eth7".parse().unwrap()).unwrap().as_str(), "Ethernet7");
}

#[test]
fn the_defaults_serve_and_a_switch_can_say_otherwise() {
    let defaults = "[defaults]\nmanage_vlans = true\ntrunk_ports = [\"Ethernet48\"]\ndisable_inactive_ports = true\n";
    let options = one("i.toml", &(defaults.to_owned() + &switch("trunk_ports = []"))).rules.options;
    assert!(options.trunk_ports.is_empty() && options.disable_inactive_ports);
}

#[test]
fn each_mistake_is_found_on_its_line_and_under_its_name() {
    let managed = "manage_vlans = true\n";
    for (lines, code, line, key) in [
        ("trunk_ports = [\"\"]", Code::BadValue, 7, "trunk_ports"),
        ("trunk_ports = 48", Code::WrongType, 7, "trunk_ports"),
        ("trunk_ports = [\"Ethernet48\"]", Code::Conflict, 7, "trunk_ports"),
        ("vlan_name = \"m{vlan}\"", Code::Conflict, 7, "vlan_name"),
        ("vlan_name = \"{name}\"", Code::BadValue, 7, "vlan_name"),
        ("vlan_name = \"{mac}\"", Code::BadValue, 7, "vlan_name"),
        ("vlan_name = \"{vlan\"", Code::BadValue, 7, "vlan_name"),
        ("vlan_name = \" {vlan}\"", Code::BadValue, 7, "vlan_name"),
        ("vlan_name = \"\"", Code::BadValue, 7, "vlan_name"),
        ("remove_unused_vlans = true", Code::Conflict, 7, "remove_unused_vlans"),
        ("remove_unused_vlans = 1", Code::WrongType, 7, "remove_unused_vlans"),
        ("port_names = 'Eth'", Code::WrongType, 7, "port_names"),
        ("port_names = ['Eth']", Code::WrongType, 7, "port_names"),
        ("port_names = [{ match = 'Eth' }]", Code::WrongType, 7, "port_names"),
        ("port_names = [{ match = 'Eth', replace = 1 }]", Code::WrongType, 7, "port_names"),
        ("port_names = [{ match = 'Eth', replace = 'E', with = 'F' }]", Code::WrongType, 7, "port_names"),
        (
            "port_names = [\n { match = 'Eth', replace = 'E' },\n { match = '(', replace = 'E' }]",
            Code::BadValue,
            9,
            "port_names",
        ),
        ("port_names = [{ match = 'Eth', replace = '$1' }]", Code::BadValue, 7, "port_names"),
        ("description = \"{network}\"", Code::BadValue, 7, "description"),
        ("description = 7", Code::WrongType, 7, "description"),
        ("idle_description = \"{description}\"", Code::BadValue, 7, "idle_description"),
        ("disable_inactive_ports = \"yes\"", Code::WrongType, 7, "disable_inactive_ports"),
    ] {
        let (inventory, findings) = load(&[("i.toml", &switch(lines))], &Context::default());
        let findings: Vec<_> = places(&findings);
        assert_eq!(findings, [(code, line, format!("switch.leaf1.{key}"))], "{lines}");
        assert!(inventory.is_empty(), "{lines}");
    }
    for (lines, line, key) in [
        ("allowed_ports = [\"Ethernet1\", \"Ethernet48\"]\ntrunk_ports = [\"Ethernet48\"]", 9, "trunk_ports"),
        ("allowed_lags = [\"Port-Channel1\"]\ntrunk_ports = [\"Port-Channel1\"]", 9, "trunk_ports"),
        ("remove_unused_vlans = true", 8, "remove_unused_vlans"),
        ("remove_unused_vlans = true\nvlan_name = \"{network}\"", 8, "remove_unused_vlans"),
    ] {
        let (_, findings) = load(&[("i.toml", &switch(&format!("{managed}{lines}")))], &Context::default());
        assert_eq!(places(&findings), [(Code::Conflict, line, format!("switch.leaf1.{key}"))], "{lines}");
    }
    let many = vec!["{ match = 'a', replace = 'b' }"; 65].join(", ");
    let (_, findings) = load(&[("i.toml", &switch(&format!("port_names = [{many}]")))], &Context::default());
    assert_eq!(places(&findings), [(Code::OutOfRange, 7, "switch.leaf1.port_names".to_owned())]);
}

#[test]
fn ironics_file_has_none_of_them() {
    let (_, findings) = load(&[("i.conf", &ini("disable_inactive_ports = true"))], &Context::default());
    assert_eq!(places(&findings), [(Code::UnknownKey, 8, "switch.leaf1.disable_inactive_ports".to_owned())]);
}
