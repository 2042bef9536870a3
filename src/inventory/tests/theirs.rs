//! The device types of networking-generic-switch 10.2 and of Ironic's own service, by which
//! a file of theirs is accepted as it is.

use super::*;

#[test]
fn the_types_of_networking_generic_switch_are_dialects_of_the_command_line() {
    for (theirs, ours) in [
        ("arista_eos", "arista_eos"),
        ("aruba_aoscx", "aruba_aoscx"),
        ("brocade_fastiron", "brocade_fastiron"),
        ("cisco_ios", "cisco_ios"),
        ("cisco_nxos", "cisco_nxos"),
        ("cisco_s300", "cisco_s300"),
        ("cumulus", "cumulus"),
        ("cumulus_nvue", "cumulus_nvue"),
        ("dell_enterprise_sonic", "dell_sonic"),
        ("dell_force10", "dell_force10"),
        ("dell_os10", "dell_os10"),
        ("dell_powerconnect", "dell_powerconnect"),
        ("hp_comware", "hpe_comware"),
        ("hpe_comware", "hpe_comware"),
        ("huawei", "huawei"),
        ("huawei_vrpv8", "huawei_vrpv8"),
        ("juniper", "juniper_junos"),
        ("mellanox_mlnxos", "mellanox_mlnxos"),
        ("nokia_srl", "nokia_srl"),
        ("ovs_linux", "netmiko_ovs_linux"),
        ("pluribus", "pluribus"),
        ("ruijie", "ruijie"),
        ("sonic", "sonic"),
        ("supermicro_smis", "supermicro_smis"),
    ] {
        let switch = one("i.conf", &ini("").replace("netconf_openconfig", &format!("netmiko_{theirs}")));
        assert_eq!((switch.protocol(), switch.identity.dialect.as_str()), (Protocol::Cli, ours), "{theirs}");
    }
    let fake = one("i.conf", &ini("").replace("netconf_openconfig", "netmiko_fake"));
    assert_eq!((fake.protocol(), fake.identity.dialect.as_str()), (Protocol::Netconf, "openconfig"));
}

#[test]
fn the_restconf_of_ironics_own_service_is_a_device_type() {
    for dialect in ["openconfig", "cisco_iosxe", "sonic"] {
        let device_type = format!("restconf_{dialect}");
        let switch = one("i.conf", &ini("").replace("netconf_openconfig", &device_type));
        assert_eq!((switch.protocol(), switch.device_type(), switch.port()), (Protocol::Restconf, device_type, 443));
    }
}
