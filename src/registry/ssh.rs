//! A switch's entry as the options of an SSH connection.

use mercury_adapter::{ConnectError, ConnectFault};
use mercury_ssh::{HostKeyPolicy, KeyFile, SshOptions};
use secrecy::SecretString;

use super::tls;
use crate::inventory::{HostKey, Identity, SecretRef, SshSettings, Timing};

pub(super) fn options(
    identity: &Identity,
    settings: &SshSettings,
    timing: &Timing,
    default_port: u16,
) -> Result<SshOptions, ConnectError> {
    let key = match &settings.key {
        Some(SecretRef::File { path, .. }) => {
            Some(KeyFile { path: path.clone(), passphrase: secret("passphrase", settings.passphrase.as_ref())? })
        }
        Some(_) => return Err(fault("key_file must name a file".to_owned())),
        None => None,
    };
    Ok(SshOptions {
        port: identity.port.unwrap_or(default_port),
        password: secret("password", identity.credentials.password.as_ref())?,
        key,
        host_key: match &settings.host_key {
            HostKey::KnownHosts(files) => HostKeyPolicy::KnownHosts(files.clone()),
            HostKey::Fingerprints(pins) => HostKeyPolicy::Fingerprints(pins.iter().map(ToString::to_string).collect()),
            HostKey::Insecure => HostKeyPolicy::Insecure,
        },
        legacy_algorithms: settings.legacy_algorithms,
        connect_timeout: timing.connect_timeout,
        keepalive_interval: Some(timing.keepalive),
        ..SshOptions::new(identity.address.clone(), identity.username.clone())
    })
}

/// A secret as it is now.
pub(super) fn secret(name: &str, secret: Option<&SecretRef>) -> Result<Option<SecretString>, ConnectError> {
    secret.map(SecretRef::resolve).transpose().map_err(|error| tls::unreadable(name, &error))
}

fn fault(message: String) -> ConnectError {
    ConnectError { fault: ConnectFault::Credentials, message }
}
