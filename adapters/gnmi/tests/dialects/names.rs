//! Interfaces as each system calls them, so that what is reviewed looks like
//! what goes over the wire.

use mercury_adapter::Dialect;
use mercury_model::{DeviceConfig, InterfaceName};

/// A case's configuration with the names of this dialect's system.
pub(crate) fn of(dialect: &Dialect, config: &DeviceConfig) -> DeviceConfig {
    let mut renamed = DeviceConfig { vlans: config.vlans.clone(), ..DeviceConfig::default() };
    for interface in config.interfaces.values() {
        let mut interface = interface.clone();
        interface.name = name(dialect, &interface.name);
        interface.aggregate_id = interface.aggregate_id.map(|aggregate| name(dialect, &aggregate));
        renamed.interfaces.insert(interface.name.clone(), interface);
    }
    renamed
}

/// An interface's name in this dialect's system.
pub(crate) fn name(dialect: &Dialect, name: &InterfaceName) -> InterfaceName {
    let [port, aggregate] = match dialect.name.as_str() {
        "nokia_srl" => ["ethernet-", "lag"],
        "cisco_nxos" => ["eth", "po"],
        "sonic" => ["Ethernet", "PortChannel"],
        "dell_sonic" => ["Eth", "PortChannel"],
        _ => ["Ethernet", "Port-Channel"],
    };
    name.as_str().replacen("Ethernet", port, 1).replacen("Port-Channel", aggregate, 1).parse().unwrap()
}
