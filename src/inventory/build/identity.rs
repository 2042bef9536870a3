//! What a switch is and where it is.

use std::net::IpAddr;

use super::Form;
use crate::config::reader::Reader;
use crate::config::{Code, Finding};
use crate::inventory::{Credentials, Identity, MacAddr};

/// What is known of a switch before its other keys are read.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) dialect: String,
    pub(super) username: String,
    pub(super) credentials: Credentials,
}

pub(super) fn identity(reader: &mut Reader<'_>, known: Known, form: Form) -> Identity {
    let macs = if form == Form::Ironic { "mac_address" } else { "mac_addresses" };
    Identity {
        address: address(reader),
        port: reader.number("port", 1..=65535).and_then(|port| u16::try_from(port).ok()),
        mac_addresses: mac_addresses(reader, macs),
        network_instance: reader.text("network_instance"),
        physical_networks: words(reader, "physical_networks").unwrap_or_default(),
        name: known.name,
        dialect: known.dialect,
        username: known.username,
        credentials: known.credentials,
    }
}

fn words(reader: &mut Reader<'_>, key: &str) -> Option<Vec<String>> {
    Some(reader.texts(key)?.into_iter().map(|(text, _)| text).collect())
}

fn address(reader: &mut Reader<'_>) -> String {
    let text = reader.required_text("address").unwrap_or_default();
    if !text.is_empty() && text.parse::<IpAddr>().is_err() && !is_host_name(&text) {
        let finding = Finding::error(Code::BadValue, "must be a host name or an IP address");
        reader.blame_key("address", finding.help("the port has a key of its own"));
    }
    text
}

/// RFC 1123 section 2.1, and the underscore that private zones use. A name
/// that ends in a number would be a mistyped IPv4 address (RFC 3696 section 2).
pub(super) fn is_host_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    name.len() <= 253 && name.split('.').all(label) && !name.rsplit('.').next().is_some_and(numeric)
}

fn mac_addresses(reader: &mut Reader<'_>, key: &str) -> Vec<MacAddr> {
    let mut macs = Vec::new();
    for (text, found) in reader.texts(key).unwrap_or_default() {
        match text.parse::<MacAddr>() {
            Ok(mac) if !mac.is_unicast() => {
                let message = format!("{mac} is not the address of one device");
                reader.blame(&found, Finding::error(Code::BadValue, message));
            }
            Ok(mac) if macs.contains(&mac) => {}
            Ok(mac) => macs.push(mac),
            Err(error) => reader.blame(&found, Finding::error(Code::BadValue, error.to_string())),
        }
    }
    macs
}
