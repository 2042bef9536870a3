//! What a switch is and where it is.

use std::net::IpAddr;

use mercury_adapter::without_zone;

use super::Form;
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{Credentials, Identity, MacAddr, Protocol, UNIX};

/// What is known of a switch before its other keys are read.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) dialect: String,
    pub(super) protocol: Option<Protocol>,
    pub(super) username: String,
    pub(super) credentials: Credentials,
}

pub(super) fn identity(reader: &mut Reader<'_>, known: Known, form: Form) -> Identity {
    let macs = if form == Form::Ironic { "mac_address" } else { "mac_addresses" };
    Identity {
        address: address(reader, &known),
        port: reader.number("port", 1..=65535).and_then(|port| u16::try_from(port).ok()),
        mac_addresses: mac_addresses(reader, macs),
        network_instance: reader.text("network_instance"),
        physical_networks: words(reader, "physical_networks").unwrap_or_default(),
        role: reader.text("role"),
        name: known.name,
        dialect: known.dialect,
        username: known.username,
        credentials: known.credentials,
    }
}

fn words(reader: &mut Reader<'_>, key: &str) -> Option<Vec<String>> {
    Some(reader.texts(key)?.into_iter().map(|(text, _)| text).collect())
}

fn address(reader: &mut Reader<'_>, known: &Known) -> String {
    // A switch that connects by itself is nowhere to be found.
    if reader.find("address").is_none() && reader.flag("call_home") == Some(true) {
        return known.name.clone();
    }
    let text = reader.required_text("address").unwrap_or_default();
    if let Some(path) = text.strip_prefix(UNIX).filter(|_| known.protocol == Some(Protocol::Ovsdb)) {
        if !path.starts_with('/') {
            reader.blame_key("address", Finding::error(Code::BadValue, "must name a socket by its absolute path"));
        }
        return text;
    }
    let zone = text.split_once('%').map(|(_, zone)| zone);
    let ip = without_zone(&text).parse::<IpAddr>().ok();
    let good = ip.is_some() && zone.is_none_or(is_zone) || is_host_name(&text);
    if !text.is_empty() && !good {
        let finding = Finding::error(Code::BadValue, "must be a host name or an IP address");
        reader.blame_key("address", finding.help("the port has a key of its own"));
    }
    if zone.is_none() && matches!(ip, Some(IpAddr::V6(ip)) if ip.is_unicast_link_local()) {
        let finding = Finding::error(Code::BadValue, "is link-local, and does not say on which link");
        reader.blame_key("address", finding.help("the interface behind it, as in fe80::1%eth0"));
    }
    text
}

/// An interface's name or number.
fn is_zone(text: &str) -> bool {
    (1..=15).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'%' | b'[' | b']'))
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
