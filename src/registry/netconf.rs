//! A switch's entry as the NETCONF adapter's options.

use std::{error::Error, sync::Arc};

use mercury_adapter::{ConnectError, ConnectFault, Connector, Dialect, Render};
use mercury_netconf::{
    NetconfConnector, Renderer,
    client::ClientOptions,
    protocol::FramingChoice,
    ssh::{HostKeyPolicy, KeyFile, SshOptions},
};
use secrecy::SecretString;

use crate::inventory::{Framing, HostKey, SecretError, SecretRef, Switch};

/// The adapter for a switch; `None` when its dialect does not speak NETCONF.
pub(super) fn adapter(switch: &Arc<Switch>, dialect: &Arc<Dialect>) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let netconf = Arc::new(dialect.netconf.clone()?);
    let renderer = Renderer::new(dialect, switch.network_instance.as_deref())?;
    let pipelining = switch.pipelining.unwrap_or(netconf.pipelining);
    let client = ClientOptions {
        framing: match switch.framing {
            Some(Framing::EndOfMessage) => FramingChoice::ForceEom,
            Some(Framing::Chunked) | None => FramingChoice::Auto,
        },
        hello_timeout: switch.connect_timeout,
        pipelining,
        ..ClientOptions::default()
    };
    let (entry, default_port) = (Arc::clone(switch), netconf.port);
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || options(&entry, default_port);
    let instance = switch.network_instance.clone();
    Some((Box::new(NetconfConnector::new(dial, client, netconf, instance)), Box::new(renderer)))
}

fn options(switch: &Switch, default_port: u16) -> Result<SshOptions, ConnectError> {
    let credentials = &switch.credentials;
    let secret = |name: &str, secret: Option<&SecretRef>| -> Result<Option<SecretString>, ConnectError> {
        secret.map(SecretRef::resolve).transpose().map_err(|error| unreadable(name, &error))
    };
    let key = match &credentials.key {
        Some(SecretRef::File { path, .. }) => {
            Some(KeyFile { path: path.clone(), passphrase: secret("passphrase", credentials.passphrase.as_ref())? })
        }
        Some(_) => return Err(fault("key_file must name a file".to_owned())),
        None => None,
    };
    Ok(SshOptions {
        port: switch.port.unwrap_or(default_port),
        password: secret("password", credentials.password.as_ref())?,
        key,
        host_key: match &switch.host_key {
            HostKey::KnownHosts(files) => HostKeyPolicy::KnownHosts(files.clone()),
            HostKey::Fingerprints(pins) => HostKeyPolicy::Fingerprints(pins.iter().map(ToString::to_string).collect()),
            HostKey::Insecure => HostKeyPolicy::Insecure,
        },
        legacy_algorithms: switch.legacy_algorithms,
        connect_timeout: switch.connect_timeout,
        keepalive_interval: Some(switch.keepalive),
        ..SshOptions::new(switch.address.clone(), switch.username.clone())
    })
}

fn unreadable(name: &str, error: &SecretError) -> ConnectError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    fault(format!("{name} cannot be read: {error}{cause}"))
}

fn fault(message: String) -> ConnectError {
    ConnectError { fault: ConnectFault::Credentials, message }
}
