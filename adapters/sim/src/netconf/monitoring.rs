//! Who has a session, as ietf-netconf-monitoring tells (RFC 6022 section 2.1.4).

use std::fmt::Write as _;

use quick_xml::escape::partial_escape;

use super::xml::Element;
use crate::device::Device;

pub(super) const NS: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring";

/// Where everybody comes from: an address for documentation (RFC 5737).
const SOURCE_HOST: &str = "192.0.2.9";

/// Whether a filter asks for it, and for nothing else.
pub(super) fn is_asked(filter: &Element) -> bool {
    matches!(filter.children.as_slice(), [state] if state.is(NS, "netconf-state"))
}

/// The content of `<data>`. The switch was started on 1970-01-01.
pub(super) fn sessions(device: &Device) -> String {
    let mut xml = format!("<netconf-state xmlns=\"{NS}\"><sessions>");
    for (id, login) in device.sessions() {
        let (days, seconds) = (login.as_secs() / 86_400, login.as_secs() % 86_400);
        let _ = write!(
            xml,
            "<session><session-id>{id}</session-id><transport>netconf-ssh</transport><username>{}</username>\
             <source-host>{SOURCE_HOST}</source-host><login-time>1970-01-{:02}T{:02}:{:02}:{:02}Z</login-time></session>",
            partial_escape(&device.options.username),
            days + 1,
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
        );
    }
    xml.push_str("</sessions></netconf-state>");
    xml
}
