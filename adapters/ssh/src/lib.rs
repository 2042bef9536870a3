//! SSH as the adapters use it: a subsystem channel of a connection (RFC 6242 for NETCONF).
//!
//! [`connect`] resolves, dials, checks the host key, authenticates and opens
//! the subsystem; whatever fails, the TCP connection is closed when it returns.

mod algorithms;
mod auth;
mod error;
mod host_key;
mod key_file;
mod known_hosts;
mod stream;

use std::{path::PathBuf, sync::Arc, time::Duration};

use mercury_adapter::dial;
use russh::{
    ChannelMsg, client,
    keys::{Algorithm, PrivateKey},
};
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
    /// Time for name resolution, for each address to answer, and for everything
    /// from there to the open subsystem. Default 30 s.
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
    let trust = Arc::new(Trust::load(options).await?);
    let (mut others, mut first) = (Vec::new(), None);
    loop {
        match attempt(options, &trust, &others, key.clone()).await {
            // A fingerprint does not say of which kind its key is; the device may have
            // it beside the key that it showed.
            Err(SshError::HostKeyChanged(shown)) if trust.is_by_fingerprint() => {
                others.extend(shown.algorithm.parse::<Algorithm>());
                let wrong = first.get_or_insert(shown);
                if !algorithms::is_any_left(options, &others) {
                    return Err(SshError::HostKeyChanged(wrong.clone()));
                }
            }
            opened @ (Ok(_) | Err(SshError::AuthRejected { .. } | SshError::ChannelRefused { .. })) => return opened,
            // It has no other key, or does not want to be asked again.
            Err(error) => return Err(first.map_or(error, SshError::HostKeyChanged)),
        }
    }
}

/// One connection, without host keys of some kinds.
async fn attempt(
    options: &SshOptions,
    trust: &Arc<Trust>,
    without: &[Algorithm],
    key: Option<Arc<PrivateKey>>,
) -> Result<SshStream, SshError> {
    let socket = reach(options).await?;
    // Dropped on every way out but success, this closes the connection: russh's
    // own task would keep it open after a timeout.
    let token = CancellationToken::new();
    let guard = token.clone().drop_guard();
    let opening = async {
        let config = Arc::new(algorithms::config(options, &trust.algorithms(), without));
        let gatekeeper = Gatekeeper::new(options, Arc::clone(trust));
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

async fn reach(options: &SshOptions) -> Result<TcpStream, SshError> {
    let within = options.connect_timeout;
    let looked_up = timeout(within, tokio::net::lookup_host((options.host.as_str(), options.port))).await;
    let addresses = looked_up
        .map_err(|_| SshError::Timeout(within))?
        .map_err(|source| SshError::Resolve { host: options.host.clone(), source })?;
    let socket = dial(addresses, within).await;
    let socket =
        socket.map_err(|source| SshError::Connect { host: options.host.clone(), port: options.port, source })?;
    // Small requests must not wait for more; without it only slower.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    Ok(socket)
}

async fn open_subsystem(
    handle: client::Handle<Gatekeeper>,
    options: &SshOptions,
    token: CancellationToken,
) -> Result<SshStream, SshError> {
    let refused = |reason: String| SshError::ChannelRefused {
        service: format!("the subsystem \"{}\"", options.subsystem),
        reason,
    };
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
