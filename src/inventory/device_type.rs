//! What Ironic calls a kind of switch, as a protocol and a dialect.

use super::Protocol;
use crate::finding::{Code, Finding};

/// What the device types of networking-generic-switch, which are named after
/// netmiko's, have before the name of a system.
const NETMIKO: &str = "netmiko_";

/// Its names of systems that have another name here.
const OTHERWISE: [(&str, &str); 3] =
    [("dell_enterprise_sonic", "dell_sonic"), ("hp_comware", "hpe_comware"), ("juniper", "juniper_junos")];

/// Its switch that is none, which here is the simulated one (`mercury demo`).
const FAKE: (&str, Protocol, &str) = ("netmiko_fake", Protocol::Netconf, "openconfig");

/// A protocol and the name of a dialect that it is spoken in.
pub(crate) type Kind = (Protocol, String);

/// Splits `netconf_openconfig`. The protocol of a device type whose dialect is
/// wrong is still known, so that the rest of the entry is judged by it.
///
/// # Errors
/// A finding without a place: the type is unknown, or not supported yet.
pub(crate) fn parse(text: &str, known: &[Kind]) -> (Option<Protocol>, Result<String, Finding>) {
    for protocol in Protocol::ALL {
        if let Some(name) = text.strip_prefix(protocol.as_str()).and_then(|rest| rest.strip_prefix('_')) {
            let help = |finding: Finding| finding.help(format!("device types: {}", device_types(protocol, known)));
            return (Some(protocol), dialect(protocol, name, known).map_err(help));
        }
    }
    let (fake, protocol, name) = FAKE;
    if text == fake && dialect(protocol, name, known).is_ok() {
        return (Some(protocol), Ok(name.to_owned()));
    }
    if let Some(name) = text.strip_prefix(NETMIKO) {
        let otherwise = OTHERWISE.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| *ours);
        let ours = [otherwise, text].into_iter().find_map(|name| dialect(Protocol::Cli, name, known).ok());
        if let Some(dialect) = ours {
            return (Some(Protocol::Cli), Ok(dialect));
        }
    }
    if text.starts_with(NETMIKO) {
        let message = format!("device type {text:?} is not supported yet");
        return (None, Err(not_yet(&message, known)));
    }
    let finding = Finding::error(Code::UnknownDeviceType, format!("unknown device type {text:?}"));
    let protocol = Protocol::ALL.into_iter().find(|protocol| dialect(*protocol, text, known).is_ok());
    let help = match protocol {
        Some(protocol) => format!("did you mean {}_{text}?", protocol.as_str()),
        None => "a device type is netconf_, gnmi_, cli_, ovsdb_, restconf_ or nvue_ and a dialect".to_owned(),
    };
    (None, Err(finding.help(help)))
}

/// A dialect's name, if it is spoken over the protocol.
///
/// # Errors
/// A finding without a place and without help.
pub(crate) fn dialect(protocol: Protocol, name: &str, known: &[Kind]) -> Result<String, Finding> {
    if names(protocol, known).any(|dialect| dialect == name) {
        return Ok(name.to_owned());
    }
    let message = if known.iter().any(|(_, dialect)| dialect == name) {
        format!("dialect {name:?} is not spoken over {}", protocol.title())
    } else {
        format!("unknown dialect {name:?}")
    };
    Err(Finding::error(Code::UnknownDeviceType, message))
}

/// The dialects spoken over a protocol, for advice.
pub(crate) fn dialects(protocol: Protocol, known: &[Kind]) -> String {
    names(protocol, known).collect::<Vec<_>>().join(", ")
}

/// The finding for what Mercury will speak one day.
pub(crate) fn not_yet(message: &str, known: &[Kind]) -> Finding {
    let spoken = Protocol::ALL.map(|protocol| format!("{} with {}", protocol.title(), dialects(protocol, known)));
    Finding::error(Code::UnsupportedDeviceType, message).help(format!("supported: {}", spoken.join("; ")))
}

fn device_types(protocol: Protocol, known: &[Kind]) -> String {
    let types: Vec<_> = names(protocol, known).map(|dialect| format!("{}_{dialect}", protocol.as_str())).collect();
    types.join(", ")
}

fn names(protocol: Protocol, known: &[Kind]) -> impl Iterator<Item = &str> {
    known.iter().filter(move |(spoken, _)| *spoken == protocol).map(|(_, dialect)| dialect.as_str())
}
