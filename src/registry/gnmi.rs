//! A switch's entry as the gNMI adapter's options.

use std::{error::Error, sync::Arc};

use mercury_adapter::{ConnectError, ConnectFault, Connector, Dialect, GnmiEncoding, Reading, Render};
use mercury_gnmi::{ClientIdentity, GnmiConnector, GnmiOptions, Overrides, Renderer, TlsOptions, Trust};

use crate::inventory::{ConfirmedCommit, Encoding, ReadMethod, Roots, SecretError, SecretRef, Switch, Tls};

/// The adapter for a switch; `None` when its dialect does not speak gNMI.
pub(super) fn adapter(switch: &Arc<Switch>, dialect: &Arc<Dialect>) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let gnmi = Arc::new(dialect.gnmi.clone()?);
    let overrides = Overrides {
        instance: switch.network_instance.as_deref(),
        max_operations: switch.gnmi.max_operations,
        encoding: encoding(switch.gnmi.encoding),
    };
    let renderer = Renderer::new(dialect, overrides)?;
    let (entry, default_port) = (Arc::clone(switch), gnmi.port);
    let extension = match switch.confirmed_commit {
        ConfirmedCommit::On => true,
        ConfirmedCommit::Auto => gnmi.commit_confirmed,
        ConfirmedCommit::Off | ConfirmedCommit::Session => false,
    };
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || options(&entry, default_port, extension);
    Some((Box::new(GnmiConnector::new(dial, gnmi, switch.network_instance.clone())), Box::new(renderer)))
}

fn options(switch: &Switch, default_port: u16, commit_confirmed: bool) -> Result<GnmiOptions, ConnectError> {
    let settings = &switch.gnmi;
    let password = switch.credentials.password.as_ref().map(SecretRef::resolve).transpose();
    let port = switch.port.unwrap_or(default_port);
    Ok(GnmiOptions {
        username: Some(switch.username.clone()).filter(|username| !username.is_empty()),
        password: password.map_err(|error| unreadable("password", &error))?,
        tls: tls(switch)?,
        connect_timeout: switch.connect_timeout,
        keepalive: switch.keepalive,
        encoding: encoding(settings.encoding),
        origin: settings.origin.clone(),
        target: settings.target.clone(),
        reading: match settings.read {
            ReadMethod::Auto => None,
            ReadMethod::Get => Some(Reading::Get),
            ReadMethod::Subscribe => Some(Reading::Subscribe),
        },
        commit_confirmed,
        ..GnmiOptions::new(switch.address.clone(), port)
    })
}

fn tls(switch: &Switch) -> Result<Option<TlsOptions>, ConnectError> {
    let settings = &switch.gnmi;
    let trust = match &settings.tls {
        Tls::Plaintext => return Ok(None),
        Tls::Insecure => Trust::Insecure,
        Tls::Verified(Roots::System) => Trust::System,
        Tls::Verified(Roots::Files(files)) => Trust::Roots(files.clone()),
        Tls::Pinned(pins) => Trust::Pins(pins.iter().map(crate::inventory::CertificatePin::bytes).collect()),
    };
    let identity = settings.client.as_ref().map(|client| {
        let key = client.key.resolve().map_err(|error| unreadable("tls_key", &error))?;
        Ok(ClientIdentity { certificate: client.chain.clone(), key })
    });
    Ok(Some(TlsOptions { trust, server_name: settings.server_name.clone(), identity: identity.transpose()? }))
}

const fn encoding(asked: Encoding) -> Option<GnmiEncoding> {
    match asked {
        Encoding::Auto => None,
        Encoding::JsonIetf => Some(GnmiEncoding::JsonIetf),
        Encoding::Json => Some(GnmiEncoding::Json),
        Encoding::Proto => Some(GnmiEncoding::Proto),
    }
}

fn unreadable(name: &str, error: &SecretError) -> ConnectError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    ConnectError { fault: ConnectFault::Credentials, message: format!("{name} cannot be read: {error}{cause}") }
}
