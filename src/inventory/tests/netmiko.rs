//! Device types by the names of networking-generic-switch.

use super::*;

#[test]
fn what_networking_generic_switch_calls_a_switch_is_known() {
    for (device_type, protocol, dialect) in [
        ("netmiko_juniper", Protocol::Cli, "juniper_junos"),
        ("netmiko_sonic", Protocol::Cli, "sonic"),
        ("netmiko_fake", Protocol::Netconf, "openconfig"),
    ] {
        let switch = one("i.conf", &ini("").replace("netconf_openconfig", device_type));
        assert_eq!((switch.protocol(), switch.identity.dialect.as_str()), (protocol, dialect), "{device_type}");
    }
}
