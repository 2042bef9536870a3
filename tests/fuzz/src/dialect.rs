//! Whatever stands in a dialect file.

use std::sync::Arc;

use mercury_adapter::{Capabilities, Dialect, Render, load};
use mercury_model::{EdgePort, Intended, Plan, Running, Scope, Stp, SwitchedVlan, VlanId};
use mercury_netconf::{Renderer, conformance, xml::Element};

const BASES: [(&str, &str); 3] = [
    ("openconfig", include_str!("../../../adapters/dialects/openconfig.toml")),
    ("juniper_junos", include_str!("../../../adapters/dialects/juniper_junos.toml")),
    ("cisco_iosxe", include_str!("../../../adapters/dialects/cisco_iosxe.toml")),
];

/// The text of a dialect that may inherit from three built-in ones.
pub fn dialect(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut files = BASES.to_vec();
    files.push(("fuzzed", text));
    match load(&files) {
        Ok(dialects) => {
            dialects.into_iter().filter(|d| d.name == "fuzzed").for_each(|dialect| used(&Arc::new(dialect)))
        }
        Err(errors) => {
            assert!(errors.iter().all(|error| error.name == "fuzzed" && !error.problems.is_empty()), "{errors:?}");
        }
    }
}

/// A dialect that loads can be asked, rendered with and read with.
fn used(dialect: &Arc<Dialect>) {
    assert!(!dialect.standing("netconf").is_empty());
    let scope = scope();
    let entries = conformance::entries(dialect, &["Ethernet1/2".parse().unwrap()]);
    let data = entries.into_iter().fold(Element::new("", "data"), Element::child);
    let decoded = conformance::decode(dialect, &data, &scope);
    assert!(decoded.is_ok() || decoded.is_err());
    let Some(renderer) = Renderer::new(dialect, None) else { return };
    let running = Running::new(&mercury_model::DeviceConfig::default(), scope);
    let mut wanted = running.config.clone();
    let name: mercury_model::InterfaceName = "Ethernet1/2".parse().unwrap();
    let mut port = mercury_model::Interface::new(name.clone());
    port.description = "a < b & c".parse().ok();
    port.mtu = Some(9000);
    port.stp = Stp::of(Some(EdgePort::EdgeEnable), Some(true));
    port.switched_vlan = Some(SwitchedVlan::access(VlanId::MAX));
    wanted.interfaces.insert(name, port);
    if let Ok(payload) = renderer.render(&Plan::between(&running, &Intended(wanted)), &Capabilities::unknown()) {
        assert!(!payload.to_string().is_empty());
    }
}

fn scope() -> Scope {
    let mut scope = Scope::default().with_stp(true);
    scope.add_interface("Ethernet1/2".parse().unwrap());
    scope.add_vlan(VlanId::MAX);
    scope
}
