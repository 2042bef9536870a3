//! From an address to a connection that is encrypted, with who is meant.

use std::{error::Error as _, io, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use mercury_adapter::{ConnectError, ConnectFault, Presented, dial};
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use crate::{
    trust::{TlsError, TlsOptions, Trust, is_about_identity},
    words,
};

/// An encrypted connection.
pub type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;

/// How many probes a dead target may leave unanswered.
const KEEPALIVE_PROBES: u32 = 4;

/// Connects to the first address of a host that answers; each has the time `within`.
/// A connection that is silent for `keepalive`, 4 s or more, is probed from then on.
///
/// # Errors
/// Nobody answers, or the machine has no room for a connection.
pub async fn reach(host: &str, port: u16, keepalive: Duration, within: Duration) -> Result<TcpStream, ConnectError> {
    let failed = |error: io::Error| {
        let message = format!("{host}:{port}: {error}");
        ConnectError { fault: ConnectFault::unconnected(&error), message }
    };
    let found = timeout(within, tokio::net::lookup_host((host, port))).await.map_err(|_| late(within))?;
    let socket = dial(found.map_err(failed)?, within).await.map_err(failed)?;
    watch(&socket, keepalive).map_err(failed)?;
    Ok(socket)
}

/// Small requests do not wait for more, and a dead peer is noticed.
fn watch(socket: &TcpStream, keepalive: Duration) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(keepalive).with_interval(keepalive / KEEPALIVE_PROBES);
    SockRef::from(socket).set_tcp_keepalive(&probes.with_retries(KEEPALIVE_PROBES))
}

/// TLS with who answers on a connection, whom `host` names where the options do not;
/// `spoken` is what is offered as ALPN has it (RFC 7301), and may be empty. `within` is
/// for the whole handshake.
///
/// # Errors
/// Who answers is not who is meant, does not believe our certificate, or speaks no TLS;
/// a file that the options name cannot be used.
pub async fn secure(
    socket: TcpStream,
    host: &str,
    options: &TlsOptions,
    spoken: &[&[u8]],
    within: Duration,
) -> Result<TlsStream, ConnectError> {
    let wrong = |error: TlsError| ConnectError { fault: ConnectFault::Credentials, message: error.to_string() };
    if options.trust == Trust::Insecure {
        tracing::warn!(address = host, "the server's certificate is not checked, as the entry says");
    }
    let connector = TlsConnector::from(Arc::new(options.config(spoken).map_err(wrong)?));
    let name = options.name(host).map_err(wrong)?;
    let shaken = timeout(within, connector.connect(name, socket)).await.map_err(|_| late(within))?;
    shaken.map_err(|error| failed(&error))
}

pub(crate) fn late(within: Duration) -> ConnectError {
    ConnectError { fault: ConnectFault::Unreachable, message: format!("no connection within {} s", within.as_secs()) }
}

/// The certificate that was shown, for who is to believe it.
///
/// # Errors
/// There was none.
pub fn presented(stream: &TlsStream) -> Result<Presented, ConnectError> {
    let none = || ConnectError { fault: ConnectFault::Protocol, message: "TLS: no certificate was shown".to_owned() };
    let fingerprint = fingerprint(&certificate(stream).ok_or_else(none)?);
    Ok(Presented { what: "certificate".to_owned(), fingerprint })
}

/// The SHA-256 of the certificate that was shown, in DER.
#[must_use]
pub fn certificate(stream: &TlsStream) -> Option<[u8; 32]> {
    let shown = stream.get_ref().1.peer_certificates()?.first()?;
    ring::digest::digest(&ring::digest::SHA256, shown).as_ref().try_into().ok()
}

/// `SHA256:` and unpadded base64, as `tls_pins` has it.
#[must_use]
pub fn fingerprint(certificate: &[u8; 32]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(certificate))
}

/// Why there is no encrypted connection, and who must act.
pub(crate) fn failed(error: &io::Error) -> ConnectError {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let fault = match rustls {
        Some(error) if is_about_identity(error) => ConnectFault::HostKey,
        // The server turned our certificate down, or wants one.
        Some(rustls::Error::AlertReceived(_)) => ConnectFault::Credentials,
        Some(_) => ConnectFault::Protocol,
        None => ConnectFault::unconnected(error),
    };
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let told = rustls.and_then(words::sentence).unwrap_or_else(|| format!("{error}{cause}"));
    ConnectError { fault, message: format!("TLS: {told}") }
}
