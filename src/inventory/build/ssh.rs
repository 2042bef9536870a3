//! How a switch and Mercury prove themselves to one another over SSH, and all that
//! is needed at a command line, where that may be TELNET.

use super::secrets::{key_file, secret};
use super::{Means, SSH, each, netconf, refuse_empty};
use crate::config::FileAccess;
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{CliSettings, Context, Credentials, Face, HostKey, Reach, SecretRef, SshSettings};

const HOST_KEY: &[&str] = &["known_hosts", "host_key_fingerprints", "insecure"];

/// What only a command line needs.
pub(super) fn means(reader: &mut Reader<'_>, context: &Context) -> Means {
    let (username, credentials, reach) = if reader.flag("telnet") == Some(true) {
        let (username, credentials) = telnet(reader, context);
        (username, credentials, Reach::Telnet)
    } else {
        let (username, credentials, ssh) = login(reader, context);
        (username, credentials, Reach::Ssh(ssh))
    };
    let settings = CliSettings { reach, confirmed_commit: netconf::confirmed_commit(reader) };
    Means { username, credentials, face: Face::Cli(settings) }
}

/// As whom one logs in over TELNET, which an entry has to say twice; the defaults' SSH does
/// not concern it.
fn telnet(reader: &mut Reader<'_>, context: &Context) -> (String, Credentials) {
    for found in SSH.iter().filter_map(|key| reader.own(key)).collect::<Vec<_>>() {
        reader.blame(&found, Finding::error(Code::Conflict, "is about SSH, and telnet = true"));
    }
    let message = "credentials and configuration travel readable, and whoever is on the way can change them";
    let finding = if reader.group(HOST_KEY, |reader| reader.flag("insecure")) == Some(true) {
        Finding::warning(Code::Plaintext, message)
    } else {
        Finding::error(Code::Conflict, format!("{message}; it takes insecure = true"))
    };
    reader.blame_key("telnet", finding.help("SSH, with legacy_algorithms for old switches"));
    reader.require("password");
    let password = secret(reader, "password", context.access);
    let enable_secret = secret(reader, "enable_secret", context.access);
    (reader.required_text("username").unwrap_or_default(), Credentials { password, enable_secret })
}

/// As whom one logs in, and how.
pub(super) fn login(reader: &mut Reader<'_>, context: &Context) -> (String, Credentials, SshSettings) {
    let username = reader.required_text("username").unwrap_or_default();
    let (credentials, key, passphrase) = credentials(reader, context.access);
    let ssh = SshSettings {
        key,
        passphrase,
        host_key: reader.group(HOST_KEY, |reader| host_key(reader, context)),
        legacy_algorithms: reader.flag("legacy_algorithms").unwrap_or(false),
    };
    (username, credentials, ssh)
}

/// What any login has, and the key and its passphrase.
fn credentials(reader: &mut Reader<'_>, access: FileAccess) -> (Credentials, Option<SecretRef>, Option<SecretRef>) {
    let password = secret(reader, "password", access);
    let key = key_file(reader, "key_file", access);
    let passphrase = secret(reader, "passphrase", access);
    let enable_secret = secret(reader, "enable_secret", access);
    if reader.find("password").is_none() && reader.find("key_file").is_none() {
        let finding = Finding::error(Code::MissingKey, "a password or a key_file must be given");
        reader.blame_key("password", finding);
    }
    if passphrase.is_some() && reader.find("key_file").is_none() {
        reader.blame_key("passphrase", Finding::error(Code::Conflict, "is given without a key_file"));
    }
    (Credentials { password, enable_secret }, key, passphrase)
}

fn host_key(reader: &mut Reader<'_>, context: &Context) -> HostKey {
    let files = reader.paths("known_hosts");
    let fingerprints = each(reader, "host_key_fingerprints");
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
    if let Some(fingerprints) = fingerprints {
        refuse_empty(reader, "host_key_fingerprints");
        return HostKey::Fingerprints(fingerprints);
    }
    let Some(files) = files else {
        return HostKey::KnownHosts(context.known_hosts.clone());
    };
    refuse_empty(reader, "known_hosts");
    for file in files.iter().filter(|file| context.access != FileAccess::Unasked && !file.is_file()) {
        let message = format!("{} is not a file", file.display());
        reader.blame_key("known_hosts", Finding::error(Code::Unreadable, message));
    }
    HostKey::KnownHosts(files)
}
