//! A table of keys into a [`Switch`]; the same for every file format.

mod gnmi;
mod netconf;
mod options;
mod secrets;

use super::load::Context;
use super::{ConfirmedCommit, Credentials, Framing, GnmiSettings, HostKey, MacAddr, Protocol, Switch};
use crate::config::reader::Reader;
use crate::config::{Code, Finding};
use mercury_adapter::InterfaceNames;
use mercury_model::InterfaceName;
use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

pub(crate) use gnmi::GNMI;
pub(crate) use secrets::secret as read_secret;

/// The keys a switch has in common with `[defaults]`, but for [`GNMI`].
pub(crate) const SHARED: &[&str] = &[
    "port",
    "protocol",
    "dialect",
    "username",
    "password",
    "key_file",
    "passphrase",
    "enable_secret",
    "known_hosts",
    "host_key_fingerprints",
    "insecure",
    "legacy_algorithms",
    "persist",
    "allowed_vlans",
    "native_vlan",
    "default_vlan",
    "manage_vlans",
    "manage_mtu",
    "stp_edge",
    "stp_bpdu_guard",
    "physical_networks",
    "allowed_ports",
    "allowed_lags",
    "lag_numbers",
    "lag_prefix",
    "mlag_domain",
    "bounce_on_attach",
    "trunk_ports",
    "vlan_name",
    "remove_unused_vlans",
    "port_names",
    "description",
    "idle_description",
    "disable_inactive_ports",
    "confirm_timeout",
    "confirmed_commit",
    "commit_timeout",
    "reply_timeout",
    "connect_timeout",
    "idle_timeout",
    "keepalive",
    "lock_wait",
    "queue",
    "pipelining",
    "framing",
    "network_instance",
];

/// Those of them that only NETCONF over SSH knows.
const NETCONF: &[&str] =
    &["key_file", "passphrase", "known_hosts", "host_key_fingerprints", "legacy_algorithms", "pipelining", "framing"];

/// Which file format the keys come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Mercury's TOML.
    Native,
    /// Ironic's INI.
    Ironic,
}

/// What kind of switch an entry is for.
pub(crate) struct Kind {
    /// `None` where the entry is wrong about it: then the keys of one protocol
    /// only cannot be in the wrong place.
    pub(crate) protocol: Option<Protocol>,
    pub(crate) dialect: String,
}

/// How a switch and Mercury prove themselves to one another; differs by protocol.
struct Means {
    username: String,
    credentials: Credentials,
    host_key: HostKey,
    gnmi: GnmiSettings,
}

/// Builds the switch; where the reader [`failed`](Reader::failed) it is not to be used.
pub(crate) fn switch(reader: &mut Reader<'_>, name: String, kind: Kind, form: Form, context: &Context) -> Switch {
    if name.trim() != name {
        reader.blame_key("name", Finding::error(Code::BadValue, "must not begin or end with a blank"));
    }
    sort_out(reader, kind.protocol);
    refuse_unsayable(reader, &kind, context);
    let protocol = kind.protocol.unwrap_or(Protocol::Netconf);
    let means = match protocol {
        Protocol::Netconf => netconf::means(reader, context),
        Protocol::Gnmi => gnmi::means(reader, context),
    };
    let manage_vlans = reader.flag("manage_vlans").unwrap_or(false);
    let allowed_ports: Option<Vec<_>> = each(reader, "allowed_ports");
    let allowed_lags: Vec<_> = each(reader, "allowed_lags").unwrap_or_default();
    let allowed = options::Allowed { ports: allowed_ports.as_deref().unwrap_or_default(), lags: &allowed_lags };
    let options = options::options(reader, manage_vlans, allowed);
    let interface_names = context.interface_names.get(&kind.dialect).cloned();
    if let Some(names) = &interface_names {
        ["allowed_ports", "allowed_lags", "trunk_ports"].iter().for_each(|key| doubt(reader, key, names));
    }
    let macs = if form == Form::Ironic { "mac_address" } else { "mac_addresses" };
    Switch {
        address: address(reader),
        port: reader.number("port", 1..=65535).and_then(|port| u16::try_from(port).ok()),
        username: means.username,
        credentials: means.credentials,
        mac_addresses: mac_addresses(reader, macs),
        host_key: means.host_key,
        legacy_algorithms: reader.flag("legacy_algorithms").unwrap_or(false),
        // Ironic's documentation of its file: "default: false".
        persist: reader.flag("persist").unwrap_or(form == Form::Native),
        allowed_vlans: reader.vlans("allowed_vlans").or_else(|| context.allowed_vlans.clone()),
        native_vlan: reader.vlan("native_vlan"),
        default_vlan: reader.vlan("default_vlan"),
        manage_vlans,
        manage_mtu: reader.flag("manage_mtu").unwrap_or(false),
        stp_edge: reader.flag("stp_edge").unwrap_or(false),
        stp_bpdu_guard: reader.flag("stp_bpdu_guard").unwrap_or(false),
        physical_networks: words(reader, "physical_networks").unwrap_or_default(),
        allowed_lags,
        lag_numbers: reader.parsed("lag_numbers").unwrap_or_default(),
        lag_prefix: lag_prefix(reader, &kind.dialect, context),
        mlag_domain: reader.text("mlag_domain"),
        bounce_on_attach: reader.flag("bounce_on_attach").unwrap_or(false),
        options,
        allowed_ports,
        confirm_timeout: seconds(reader, "confirm_timeout", 30, 1, 600),
        confirmed_commit: confirmed_commit(reader, protocol),
        commit_timeout: seconds(reader, "commit_timeout", 120, 1, 3600),
        reply_timeout: seconds(reader, "reply_timeout", 30, 1, 3600),
        connect_timeout: seconds(reader, "connect_timeout", 10, 1, 300),
        idle_timeout: seconds(reader, "idle_timeout", 300, 1, 86400),
        keepalive: seconds(reader, "keepalive", 15, 1, 3600),
        lock_wait: seconds(reader, "lock_wait", 30, 0, 600),
        settle_time: seconds(reader, "settle_time", 10, 0, 600),
        queue: reader.number("queue", 1..=65536).and_then(|n| usize::try_from(n).ok()).unwrap_or(256),
        pipelining: reader.flag("pipelining"),
        framing: framing(reader),
        network_instance: reader.text("network_instance"),
        gnmi: means.gnmi,
        interface_names,
        name,
        protocol,
        dialect: kind.dialect,
    }
}

/// Refuses the switch's own keys that its protocol does not know, and keeps
/// those of the defaults from it.
fn sort_out(reader: &mut Reader<'_>, protocol: Option<Protocol>) {
    let (foreign, speaker) = match protocol {
        Some(Protocol::Netconf) => (GNMI, Protocol::Gnmi),
        Some(Protocol::Gnmi) => (NETCONF, Protocol::Netconf),
        None => return,
    };
    for key in foreign {
        if let Some(found) = reader.own(key) {
            let spoken = protocol.map_or("", Protocol::title);
            let message = format!("is for {}, and this switch speaks {spoken}", speaker.title());
            reader.blame(&found, Finding::error(Code::Conflict, message));
        }
    }
    reader.ignore(foreign);
}

/// Refuses what the dialect has no words for, or every attach would fail.
fn refuse_unsayable(reader: &mut Reader<'_>, kind: &Kind, context: &Context) {
    for unsayable in &context.unsayable {
        let meant = kind.protocol == Some(unsayable.protocol) && kind.dialect == unsayable.dialect;
        if meant && reader.flag(unsayable.option) == Some(true) {
            let message = format!("dialect {} cannot express it: {}", unsayable.dialect, unsayable.reason);
            reader.blame_key(unsayable.option, Finding::error(Code::Conflict, message));
        }
    }
}

fn seconds(reader: &mut Reader<'_>, key: &str, default: u64, low: u64, high: u64) -> Duration {
    reader.duration(key, low..=high).unwrap_or(Duration::from_secs(default))
}

fn words(reader: &mut Reader<'_>, key: &str) -> Option<Vec<String>> {
    Some(reader.texts(key)?.into_iter().map(|(text, _)| text).collect())
}

/// A list whose items a type reads; those it refuses become findings.
fn each<T>(reader: &mut Reader<'_>, key: &str) -> Option<Vec<T>>
where
    T: FromStr,
    T::Err: Display,
{
    let mut values = Vec::new();
    for (text, found) in reader.texts(key)? {
        match text.parse::<T>() {
            Ok(value) => values.push(value),
            Err(error) => reader.blame(&found, Finding::error(Code::BadValue, error.to_string())),
        }
    }
    Some(values)
}

/// Names that are taken as they are, since the network team knows them, but are
/// not what the dialect's ports are called.
fn doubt(reader: &mut Reader<'_>, key: &str, names: &InterfaceNames) {
    for (text, found) in reader.texts(key).into_iter().flatten() {
        let finding = match names.spelled(&text) {
            Ok(spelled) if spelled == text => continue,
            Ok(spelled) => Finding::warning(Code::BadValue, format!("{text:?} is {spelled:?} in its configuration")),
            Err(misnamed) => Finding::warning(Code::BadValue, format!("{text:?}: {misnamed}")),
        };
        reader.blame(&found, finding);
    }
}

/// A list that is given must say something.
fn refuse_empty(reader: &mut Reader<'_>, key: &str) {
    if reader.texts(key).is_some_and(|texts| texts.is_empty()) {
        reader.blame_key(key, Finding::error(Code::BadValue, "must not be empty"));
    }
}

/// What a number follows, so it must not end in one.
fn lag_prefix(reader: &mut Reader<'_>, dialect: &str, context: &Context) -> Option<String> {
    let known = dialect.is_empty() || context.lag_prefixes.iter().any(|prefixed| prefixed == dialect);
    if !known && reader.find("lag_numbers").is_some() && reader.find("lag_prefix").is_none() {
        let message = format!("needs a lag_prefix, which dialect {dialect} does not know");
        reader
            .blame_key("lag_numbers", Finding::error(Code::Conflict, message).help("such as Port-Channel, ae or lag"));
    }
    let prefix = reader.text("lag_prefix")?;
    let interface = format!("{prefix}1").parse::<InterfaceName>();
    if interface.is_err() || prefix.ends_with(|last: char| last.is_ascii_digit()) {
        let finding = Finding::error(Code::BadValue, "must be what a name is before its number");
        reader.blame_key("lag_prefix", finding.help("such as Port-Channel, ae or lag"));
    }
    Some(prefix)
}

fn confirmed_commit(reader: &mut Reader<'_>, protocol: Protocol) -> ConfirmedCommit {
    let choices = [
        ("auto", ConfirmedCommit::Auto),
        ("on", ConfirmedCommit::On),
        ("session", ConfirmedCommit::Session),
        ("off", ConfirmedCommit::Off),
    ];
    let chosen = reader.choice("confirmed_commit", &choices).unwrap_or_default();
    if chosen == ConfirmedCommit::Session && protocol == Protocol::Gnmi {
        let finding = Finding::error(Code::Conflict, "gNMI has no session that a change could end with");
        reader.blame_key("confirmed_commit", finding.help("auto, on or off; each switch can have its own"));
    }
    chosen
}

fn framing(reader: &mut Reader<'_>) -> Option<Framing> {
    reader.choice("framing", &[("end-of-message", Framing::EndOfMessage), ("chunked", Framing::Chunked)])
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
fn is_host_name(text: &str) -> bool {
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
