//! Inventory entries, in Mercury's own form and in Ironic's.

use std::fmt::Write;

/// One switch of an inventory. Values are written as TOML has them: text in
/// quotes, numbers and flags as they are.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) keys: Vec<(String, String)>,
}

impl Entry {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), keys: Vec::new() }
    }

    /// With a key set, instead of what it was; `value` is TOML.
    pub(crate) fn with(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        self.keys.retain(|(known, _)| known != key);
        self.keys.push((key.to_owned(), value.to_string()));
        self
    }

    /// With a key set to a text.
    pub(crate) fn text(self, key: &str, value: &str) -> Self {
        self.with(key, format!("{value:?}"))
    }

    /// Without a key.
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.keys.retain(|(known, _)| known != key);
        self
    }

    /// A `[[switch]]` table.
    pub(crate) fn toml(&self) -> String {
        let mut text = format!("[[switch]]\nname = {:?}\n", self.name);
        for (key, value) in &self.keys {
            writeln!(text, "{key} = {value}").unwrap();
        }
        text
    }

    /// A `[switch:NAME]` section of Ironic's own file, which has no host keys
    /// of NETCONF switches.
    pub(crate) fn ini(&self) -> String {
        let mut text = format!("[switch:{}]\ndriver_type = generic-switch\n", self.name);
        let protocol = self.keys.iter().find(|(key, _)| key == "protocol");
        let protocol = protocol.map_or("netconf", |(_, value)| value.trim_matches('"'));
        if protocol == "netconf" {
            text += "insecure = true\n";
        }
        for (key, value) in &self.keys {
            let value = value.trim_matches('"');
            match key.as_str() {
                "dialect" => writeln!(text, "device_type = {protocol}_{value}").unwrap(),
                "mac_addresses" => {
                    writeln!(text, "mac_address = {}", value.trim_matches(['[', ']', '"'])).unwrap();
                }
                "tls_ca" | "tls_pins" => writeln!(text, "{key} = {}", value.trim_matches(['[', ']', '"'])).unwrap(),
                "protocol" | "known_hosts" | "host_key_fingerprints" => {}
                key => writeln!(text, "{key} = {value}").unwrap(),
            }
        }
        text
    }
}
