//! A switch's entry as the options of TLS.

use std::error::Error;

use mercury_adapter::{ConnectError, ConnectFault};
use mercury_http::HttpOptions;
use mercury_tls::{ClientIdentity, TlsOptions, Trust};

use crate::inventory::{CertificatePin, Identity, Roots, SecretError, SecretRef, Timing, Tls, TlsSettings};

/// `None` where there is to be no TLS.
pub(super) fn options(settings: &TlsSettings) -> Result<Option<TlsOptions>, ConnectError> {
    let Some(trust) = trust(&settings.trust) else { return Ok(None) };
    Ok(Some(TlsOptions { trust, server_name: settings.server_name.clone(), identity: identity(settings)? }))
}

/// The way to what is asked over HTTP, with the password as it is now.
pub(super) fn http(
    identity: &Identity,
    settings: &TlsSettings,
    timing: &Timing,
    default_port: u16,
) -> Result<HttpOptions, ConnectError> {
    let password = identity.credentials.password.as_ref().map(SecretRef::resolve).transpose();
    let port = identity.port.unwrap_or(default_port);
    Ok(HttpOptions {
        username: Some(identity.username.clone()).filter(|username| !username.is_empty()),
        password: password.map_err(|error| unreadable("password", &error))?,
        tls: options(settings)?,
        connect_timeout: timing.connect_timeout,
        keepalive: timing.keepalive,
        ..HttpOptions::new(identity.address.clone(), port)
    })
}

/// Who is believed; `None` where there is to be no TLS.
pub(super) fn trust(tls: &Tls) -> Option<Trust> {
    Some(match tls {
        Tls::Plaintext => return None,
        Tls::Insecure => Trust::Insecure,
        Tls::Verified(Roots::System) => Trust::System,
        Tls::Verified(Roots::Files(files)) => Trust::Roots(files.clone()),
        Tls::Pinned(pins) => Trust::Pins(pins.iter().map(CertificatePin::bytes).collect()),
    })
}

/// Mercury's own certificate, with its key as it is now.
pub(super) fn identity(settings: &TlsSettings) -> Result<Option<ClientIdentity>, ConnectError> {
    let Some(client) = &settings.client else { return Ok(None) };
    let key = client.key.resolve().map_err(|error| unreadable("tls_key", &error))?;
    Ok(Some(ClientIdentity { certificate: client.chain.clone(), key }))
}

pub(super) fn unreadable(name: &str, error: &SecretError) -> ConnectError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    ConnectError { fault: ConnectFault::Credentials, message: format!("{name} cannot be read: {error}{cause}") }
}
