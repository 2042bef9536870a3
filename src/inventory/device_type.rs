//! What Ironic calls a kind of switch, as a protocol and a dialect.

use super::Protocol;
use crate::config::{Code, Finding};

/// Protocols that device types are named after and Mercury does not speak yet.
const NOT_YET: &[&str] = &["netmiko_", "gnmi_", "restconf_", "cli_"];

/// Splits `netconf_openconfig`.
///
/// # Errors
/// A finding without a place: the type is unknown, or not supported yet.
pub(crate) fn parse(text: &str, dialects: &[String]) -> Result<(Protocol, String), Finding> {
    if let Some(name) = text.strip_prefix("netconf_") {
        return dialect(name, dialects).map(|name| (Protocol::Netconf, name)).map_err(|finding| {
            let known = dialects.iter().map(|d| format!("netconf_{d}")).collect::<Vec<_>>();
            finding.help(format!("device types: {}", known.join(", ")))
        });
    }
    if NOT_YET.iter().any(|prefix| text.starts_with(prefix)) {
        let message = format!("device type {text:?} is not supported yet");
        return Err(not_yet(&message, dialects));
    }
    let finding = Finding::error(Code::UnknownDeviceType, format!("unknown device type {text:?}"));
    Err(match dialect(text, dialects) {
        Ok(name) => finding.help(format!("did you mean netconf_{name}?")),
        Err(_) => finding.help("a device type is netconf_ and a dialect"),
    })
}

/// A dialect's name, if there is such a dialect.
///
/// # Errors
/// A finding without a place and without help.
pub(crate) fn dialect(name: &str, dialects: &[String]) -> Result<String, Finding> {
    if dialects.iter().any(|dialect| dialect == name) {
        return Ok(name.to_owned());
    }
    Err(Finding::error(Code::UnknownDeviceType, format!("unknown dialect {name:?}")))
}

/// The finding for what Mercury will speak one day.
pub(crate) fn not_yet(message: &str, dialects: &[String]) -> Finding {
    Finding::error(Code::UnsupportedDeviceType, message)
        .help(format!("supported: NETCONF with {}", dialects.join(", ")))
}
