//! The switch file of Ironic's own networking service.

use super::*;

#[test]
fn each_mistake_in_ironics_file_is_found_on_its_line_and_under_its_name() {
    for (lines, code, line, key) in [
        ("port = ssh", Code::BadValue, 8, "port"),
        ("port = 0", Code::OutOfRange, 8, "port"),
        ("persist = maybe", Code::BadValue, 8, "persist"),
        ("insecure =", Code::BadValue, 8, "insecure"),
        ("allowed_vlans = 100;101", Code::BadValue, 8, "allowed_vlans"),
        ("allowed_vlans = 100\n  101", Code::BadValue, 8, "allowed_vlans"),
        ("native_vlan = 4095", Code::OutOfRange, 8, "native_vlan"),
        ("native_vlan = 1.0", Code::BadValue, 8, "native_vlan"),
        ("key_file = absent", Code::SecretUnavailable, 8, "key_file"),
        ("enable_secret = hunter2\n  hunter2", Code::BadValue, 8, "enable_secret"),
        ("ngs_save_configuration = true", Code::UnknownKey, 8, "ngs_save_configuration"),
        ("confirm_timeout = 30", Code::UnknownKey, 8, "confirm_timeout"),
    ] {
        let (inventory, findings) = load(&[("i.conf", &ini(lines))], &Context::default());
        assert_eq!(places(&findings), [(code, line, format!("switch.leaf1.{key}"))], "{lines}");
        assert!(inventory.is_empty(), "{lines}");
        assert!(!findings.to_string().contains("hunter2"), "{lines}");
    }
}

#[test]
fn what_ironic_requires_is_required() {
    for (key, field) in [
        ("driver_type", "driver_type"),
        ("device_type", "device_type"),
        ("address", "address"),
        ("username", "username"),
        ("mac_address", "mac_address"),
        ("password", "password"),
    ] {
        let text: String =
            ini("").lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        let (_, findings) = load(&[("i.conf", &text)], &Context::default());
        assert_eq!(places(&findings), [(Code::MissingKey, 1, format!("switch.leaf1.{field}"))], "{key}");
    }
}

#[test]
fn ironics_file_as_metal3_writes_it_is_read() {
    let text = "# This file is managed by the Baremetal Operator\n\n[switch:leaf1]\naddress = fd00::11\n\
                mac_address = 52:54:00:AB:CD:EF\nport = 8300\ndriver_type = generic-switch\n\
                device_type = netconf_arista_eos\ninsecure = true\nusername = admin\npassword = 100%: a=b # c\n\n";
    let (inventory, findings) = load(&[("switch-configs.conf", text)], &Context::default());
    assert_eq!(places(&findings), [(Code::InsecureHostKey, 9, "switch.leaf1.insecure".to_owned())]);
    assert!(!findings.has_errors());
    let switch = inventory.find("5254.00ab.cdef").unwrap();
    assert_eq!(
        (switch.port(), switch.identity.dialect.as_str(), &by_ssh(switch).host_key),
        (8300, "arista_eos", &HostKey::Insecure)
    );
    assert!(!switch.rules.persist, "Ironic's default");
    assert_eq!((&switch.rules.allowed_vlans, switch.rules.native_vlan), (&None, None));
    let password = switch.identity.credentials.password.as_ref().unwrap().resolve().unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&password), "100%: a=b # c");
}
