//! NETCONF's transport: a subsystem channel of an SSH connection (RFC 6242).
//!
//! [`connect`] resolves, dials, checks the host key, authenticates and opens
//! the subsystem within one deadline; whatever fails, the TCP connection is
//! closed when it returns.

mod algorithms;
mod auth;
mod error;
mod host_key;
mod key_file;
mod known_hosts;
mod stream;

use std::{path::PathBuf, sync::Arc, time::Duration};

use russh::{ChannelMsg, client};
use secrecy::SecretString;
use tokio::{net::TcpStream, time::timeout};
use tokio_util::sync::CancellationToken;

pub use error::{HostKey, SshError};
pub use stream::SshStream;

use host_key::{Gatekeeper, Trust};
use stream::Killable;

/// Bytes a server may send on the channel before it confirms the subsystem.
const MAX_EARLY_BYTES: usize = 64 << 10;

/// Where and how to connect.
#[derive(Debug, Clone)]
pub struct SshOptions {
    /// Name or address of the device.
    pub host: String,
    /// TCP port; NETCONF's own is 830.
    pub port: u16,
    /// The user to log in as.
    pub username: String,
    /// Used for password and keyboard-interactive authentication, after the key.
    pub password: Option<SecretString>,
    /// Tried first.
    pub key: Option<KeyFile>,
    /// How the device proves that it is the device.
    pub host_key: HostKeyPolicy,
    /// Also offer SHA-1, CBC ciphers and DSA, for devices that know nothing better.
    pub legacy_algorithms: bool,
    /// Time for everything from name resolution to the open subsystem. Default 30 s.
    pub connect_timeout: Duration,
    /// How often to ask a silent peer whether it lives; three questions without
    /// an answer end the connection. `None` never asks. Default 30 s.
    pub keepalive_interval: Option<Duration>,
    /// Default "netconf".
    pub subsystem: String,
}

impl SshOptions {
    /// Options with the defaults: port 830, no credentials, and a host key
    /// policy that knows no host.
    #[must_use]
    pub fn new(host: impl Into<String>, username: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 830,
            username: username.into(),
            password: None,
            key: None,
            host_key: HostKeyPolicy::KnownHosts(Vec::new()),
            legacy_algorithms: false,
            connect_timeout: Duration::from_secs(30),
            keepalive_interval: Some(Duration::from_secs(30)),
            subsystem: "netconf".to_owned(),
        }
    }
}

/// A private key on disk: OpenSSH, PKCS#1, PKCS#8 or SEC1.
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// The file. Refused when anybody but its owner may read it.
    pub path: PathBuf,
    /// What it is encrypted with.
    pub passphrase: Option<SecretString>,
}

/// How a host key is judged.
#[derive(Debug, Clone)]
pub enum HostKeyPolicy {
    /// By files as OpenSSH writes them. A file that does not exist knows nobody.
    KnownHosts(Vec<PathBuf>),
    /// By its fingerprint, `SHA256:` and unpadded base64: one of these.
    Fingerprints(Vec<String>),
    /// Not at all: anybody in the path can pose as the device. Each connect
    /// logs a warning.
    Insecure,
}

/// Connects and opens the subsystem.
///
/// # Errors
/// See [`SshError`]; each names what an operator can do about it.
pub async fn connect(options: &SshOptions) -> Result<SshStream, SshError> {
    let key = match &options.key {
        Some(file) => Some(key_file::load(file.clone()).await?),
        None => None,
    };
    let trust = Trust::load(options).await?;
    // Dropped on every way out but success, this closes the connection: russh's
    // own task would keep it open after a timeout.
    let token = CancellationToken::new();
    let guard = token.clone().drop_guard();
    let opening = async {
        let socket = dial(options).await?;
        let config = Arc::new(algorithms::config(options, &trust.algorithms()));
        let gatekeeper = Gatekeeper::new(options, trust);
        let farewell = gatekeeper.farewell();
        let socket = Killable::new(socket, token.clone());
        let mut handle = client::connect_stream(config, socket, gatekeeper).await?;
        auth::authenticate(&mut handle, options, key, &farewell).await?;
        open_subsystem(handle, options, token.clone()).await
    };
    let stream = timeout(options.connect_timeout, Box::pin(opening))
        .await
        .map_err(|_| SshError::Timeout(options.connect_timeout))??;
    guard.disarm();
    Ok(stream)
}

async fn dial(options: &SshOptions) -> Result<TcpStream, SshError> {
    let host = || options.host.clone();
    let addresses = tokio::net::lookup_host((options.host.as_str(), options.port))
        .await
        .map_err(|source| SshError::Resolve { host: host(), source })?;
    let mut failure = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(socket) => {
                // Small requests must not wait for more; without it only slower.
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%error, "cannot set TCP_NODELAY");
                }
                return Ok(socket);
            }
            Err(error) => failure = error,
        }
    }
    Err(SshError::Connect { host: host(), port: options.port, source: failure })
}

async fn open_subsystem(
    handle: client::Handle<Gatekeeper>,
    options: &SshOptions,
    token: CancellationToken,
) -> Result<SshStream, SshError> {
    let refused = |reason: String| SshError::SubsystemRefused { subsystem: options.subsystem.clone(), reason };
    let mut channel = match handle.channel_open_session().await {
        Err(error @ russh::Error::ChannelOpenFailure(_)) => return Err(refused(error.to_string())),
        opened => opened?,
    };
    channel.request_subsystem(true, options.subsystem.as_str()).await?;
    // The request is answered by a message, and only after it may data be sent.
    let mut early = Vec::new();
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => break,
            Some(ChannelMsg::Data { data }) if early.len() + data.len() <= MAX_EARLY_BYTES => {
                early.extend_from_slice(&data);
            }
            Some(ChannelMsg::WindowAdjusted { .. } | ChannelMsg::ExtendedData { .. }) => {}
            Some(ChannelMsg::Failure) => return Err(refused("the device does not have it".into())),
            _ => return Err(refused("the device closed the channel".into())),
        }
    }
    Ok(SshStream::new(channel.into_stream(), early, handle, token))
}

#[cfg(test)]
mod tests;
