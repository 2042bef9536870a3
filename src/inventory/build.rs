//! A table of keys into a [`Switch`]; the same for every file format.

use super::load::Context;
use super::{ConfirmedCommit, Credentials, Framing, HostKey, MacAddr, Protocol, SecretError, SecretRef, Switch};
use crate::config::fields::{Entry, Value};
use crate::config::reader::{Reader, beside};
use crate::config::{Code, FileAccess, Finding};
use mercury_model::InterfaceName;
use std::net::IpAddr;
use std::time::Duration;

/// The keys a switch has in common with `[defaults]`.
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
    "physical_networks",
    "allowed_ports",
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

const HOST_KEY: &[&str] = &["known_hosts", "host_key_fingerprints", "insecure"];

/// Which file format the keys come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Mercury's TOML.
    Native,
    /// Ironic's INI.
    Ironic,
}

/// Builds the switch; where the reader [`failed`](Reader::failed) it is not to be used.
pub(crate) fn switch(
    reader: &mut Reader<'_>,
    name: String,
    (protocol, dialect): (Protocol, String),
    form: Form,
    context: &Context,
) -> Switch {
    if name.trim() != name {
        reader.blame_key("name", Finding::error(Code::BadValue, "must not begin or end with a blank"));
    }
    let macs = if form == Form::Ironic { "mac_address" } else { "mac_addresses" };
    Switch {
        address: address(reader),
        port: reader.number("port", 1..=65535).and_then(|port| u16::try_from(port).ok()),
        username: reader.required_text("username").unwrap_or_default(),
        credentials: credentials(reader, context.access),
        mac_addresses: mac_addresses(reader, macs),
        host_key: reader.group(HOST_KEY, |reader| host_key(reader, context)),
        legacy_algorithms: reader.flag("legacy_algorithms").unwrap_or(false),
        // Ironic's documentation of its file: "default: false".
        persist: reader.flag("persist").unwrap_or(form == Form::Native),
        allowed_vlans: reader.vlans("allowed_vlans").or_else(|| context.allowed_vlans.clone()),
        native_vlan: reader.vlan("native_vlan"),
        default_vlan: reader.vlan("default_vlan"),
        manage_vlans: reader.flag("manage_vlans").unwrap_or(false),
        manage_mtu: reader.flag("manage_mtu").unwrap_or(false),
        physical_networks: words(reader, "physical_networks").unwrap_or_default(),
        allowed_ports: ports(reader),
        confirm_timeout: seconds(reader, "confirm_timeout", 30, 1, 600),
        confirmed_commit: confirmed_commit(reader),
        commit_timeout: seconds(reader, "commit_timeout", 120, 1, 3600),
        reply_timeout: seconds(reader, "reply_timeout", 30, 1, 3600),
        connect_timeout: seconds(reader, "connect_timeout", 10, 1, 300),
        idle_timeout: seconds(reader, "idle_timeout", 300, 1, 86400),
        keepalive: seconds(reader, "keepalive", 15, 1, 3600),
        lock_wait: seconds(reader, "lock_wait", 30, 0, 600),
        queue: reader.number("queue", 1..=65536).and_then(|n| usize::try_from(n).ok()).unwrap_or(256),
        pipelining: reader.flag("pipelining"),
        framing: framing(reader),
        network_instance: reader.text("network_instance"),
        name,
        protocol,
        dialect,
    }
}

fn seconds(reader: &mut Reader<'_>, key: &str, default: u64, low: u64, high: u64) -> Duration {
    reader.duration(key, low..=high).unwrap_or(Duration::from_secs(default))
}

fn words(reader: &mut Reader<'_>, key: &str) -> Option<Vec<String>> {
    Some(reader.texts(key)?.into_iter().map(|(text, _)| text).collect())
}

fn ports(reader: &mut Reader<'_>) -> Option<Vec<InterfaceName>> {
    let mut ports = Vec::new();
    for (text, found) in reader.texts("allowed_ports")? {
        match text.parse::<InterfaceName>() {
            Ok(port) => ports.push(port),
            Err(error) => reader.blame(&found, Finding::error(Code::BadValue, error.to_string())),
        }
    }
    Some(ports)
}

fn confirmed_commit(reader: &mut Reader<'_>) -> ConfirmedCommit {
    let choices = [
        ("auto", ConfirmedCommit::Auto),
        ("on", ConfirmedCommit::On),
        ("session", ConfirmedCommit::Session),
        ("off", ConfirmedCommit::Off),
    ];
    reader.choice("confirmed_commit", &choices).unwrap_or_default()
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

fn host_key(reader: &mut Reader<'_>, context: &Context) -> HostKey {
    let files = reader.paths("known_hosts");
    let fingerprints = reader.texts("host_key_fingerprints");
    let insecure = reader.flag("insecure") == Some(true);
    let said = usize::from(files.is_some()) + usize::from(fingerprints.is_some()) + usize::from(insecure);
    if said > 1 {
        let key = if insecure { "insecure" } else { "host_key_fingerprints" };
        let message = "only one of known_hosts, host_key_fingerprints and insecure can hold";
        reader.blame_key(key, Finding::error(Code::Conflict, message));
    }
    if insecure {
        let finding = Finding::warning(Code::InsecureHostKey, "whoever answers at the address gets the credentials");
        reader.blame_key("insecure", finding.help("host_key_fingerprints or known_hosts in Mercury's inventory"));
        return HostKey::Insecure;
    }
    if let Some(texts) = fingerprints {
        if texts.is_empty() {
            reader.blame_key("host_key_fingerprints", Finding::error(Code::BadValue, "must not be empty"));
        }
        let mut fingerprints = Vec::new();
        for (text, found) in texts {
            match text.parse() {
                Ok(fingerprint) => fingerprints.push(fingerprint),
                Err(error) => {
                    let error: super::FingerprintError = error;
                    reader.blame(&found, Finding::error(Code::BadValue, error.to_string()));
                }
            }
        }
        return HostKey::Fingerprints(fingerprints);
    }
    let Some(files) = files else {
        return HostKey::KnownHosts(context.known_hosts.clone());
    };
    if files.is_empty() {
        reader.blame_key("known_hosts", Finding::error(Code::BadValue, "must not be empty"));
    }
    for file in files.iter().filter(|file| !file.is_file()) {
        let message = format!("{} is not a file", file.display());
        reader.blame_key("known_hosts", Finding::error(Code::Unreadable, message));
    }
    HostKey::KnownHosts(files)
}

fn credentials(reader: &mut Reader<'_>, access: FileAccess) -> Credentials {
    let password = secret(reader, "password", access);
    let key = reader.path("key_file").map(|path| SecretRef::File { path, access });
    let key = usable(reader, "key_file", key);
    let passphrase = secret(reader, "passphrase", access);
    let enable_secret = secret(reader, "enable_secret", access);
    if reader.find("password").is_none() && reader.find("key_file").is_none() {
        let finding = Finding::error(Code::MissingKey, "a password or a key_file must be given");
        reader.blame_key("password", finding);
    }
    if passphrase.is_some() && reader.find("key_file").is_none() {
        reader.blame_key("passphrase", Finding::error(Code::Conflict, "is given without a key_file"));
    }
    Credentials { password, key, passphrase, enable_secret }
}

fn secret(reader: &mut Reader<'_>, key: &str, access: FileAccess) -> Option<SecretRef> {
    let found = reader.find(key)?;
    let Value::Table(table) = &found.entry.value else {
        return reader.text_of(&found).map(|text| SecretRef::Inline(text.into()));
    };
    let mut places = table.entries.iter();
    let place = match (places.next(), places.next()) {
        (Some((kind, Entry { value: Value::Text(text), .. })), None) if !text.is_empty() => match kind.as_str() {
            "file" => Some(SecretRef::File { path: beside(reader.file(), text), access }),
            "env" if !text.contains(['=', '\0']) => Some(SecretRef::Env(text.clone())),
            _ => None,
        },
        _ => None,
    };
    if place.is_none() {
        let finding = Finding::error(Code::BadValue, "must be text, { file = \"...\" } or { env = \"NAME\" }");
        reader.blame(&found, finding);
    }
    usable(reader, key, place)
}

/// A secret that cannot be had now will not be there for the first request either.
fn usable(reader: &mut Reader<'_>, key: &str, secret: Option<SecretRef>) -> Option<SecretRef> {
    let error = secret.as_ref()?.resolve().err();
    if let Some(error) = error {
        let code = match error {
            SecretError::Exposed { .. } => Code::FilePermissions,
            _ => Code::SecretUnavailable,
        };
        reader.blame_key(key, Finding::caused(code, &error));
    }
    secret
}
