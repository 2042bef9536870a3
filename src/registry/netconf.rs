//! A switch's entry as the NETCONF adapter's options.

use std::{error::Error, sync::Arc};

use mercury_adapter::{ConnectError, ConnectFault, Connector, Dialect, Render};
use mercury_netconf::{NetconfConnector, Renderer, client::ClientOptions, protocol::FramingChoice};
use mercury_ssh::{HostKeyPolicy, KeyFile, SshOptions};
use secrecy::SecretString;

use crate::inventory::{Framing, HostKey, Identity, NetconfSettings, SecretError, SecretRef, Timing};

/// The adapter for a switch; `None` when its dialect does not speak NETCONF.
pub(super) fn adapter(
    identity: &Identity,
    settings: &NetconfSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let netconf = Arc::new(dialect.netconf.clone()?);
    let renderer = Renderer::new(dialect, identity.network_instance.as_deref())?;
    let pipelining = settings.pipelining.unwrap_or(netconf.pipelining);
    let client = ClientOptions {
        framing: match settings.framing {
            Some(Framing::EndOfMessage) => FramingChoice::ForceEom,
            Some(Framing::Chunked) | None => FramingChoice::Auto,
        },
        hello_timeout: timing.connect_timeout,
        pipelining,
        ..ClientOptions::default()
    };
    let instance = identity.network_instance.clone();
    let (identity, settings, timing) = (identity.clone(), settings.clone(), timing.clone());
    let default_port = netconf.port;
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || options(&identity, &settings, &timing, default_port);
    Some((Box::new(NetconfConnector::new(dial, client, netconf, instance)), Box::new(renderer)))
}

fn options(
    identity: &Identity,
    settings: &NetconfSettings,
    timing: &Timing,
    default_port: u16,
) -> Result<SshOptions, ConnectError> {
    let secret = |name: &str, secret: Option<&SecretRef>| -> Result<Option<SecretString>, ConnectError> {
        secret.map(SecretRef::resolve).transpose().map_err(|error| unreadable(name, &error))
    };
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

fn unreadable(name: &str, error: &SecretError) -> ConnectError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    fault(format!("{name} cannot be read: {error}{cause}"))
}

fn fault(message: String) -> ConnectError {
    ConnectError { fault: ConnectFault::Credentials, message }
}
