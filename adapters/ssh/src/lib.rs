//! SSH as adapters use it: a subsystem (RFC 6242), a shell, or commands.
//!
//! [`connect`] resolves, dials, checks the host key, authenticates and opens
//! the subsystem, [`shell`] a terminal, and [`commands`] nothing yet; [`answer`] takes a
//! connection that the device has made. Whatever fails, the TCP connection is closed
//! when they return.

mod algorithms;
mod auth;
mod caller;
mod channel;
mod commands;
mod error;
mod host_key;
mod key_file;
mod known_hosts;
mod stream;

use std::{path::PathBuf, sync::Arc, time::Duration};

use mercury_adapter::dial;
use russh::{
    Channel,
    client::{self, Msg},
    keys::{Algorithm, PrivateKey},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use caller::{Caller, Known, KnownKeys, LoggedIn, answer, has_other_keys};
pub use commands::{CommandError, Finished, SshCommands};
pub use error::{HostKey, SshError};
pub use stream::{SshOpener, SshStream};

use host_key::{Gatekeeper, Trust};
use stream::Killable;

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

    /// Whether the other logs in as this does: the same user with the same secrets. What a
    /// key's file holds is not looked at.
    #[must_use]
    pub fn logs_in_as(&self, other: &Self) -> bool {
        let same = |one: Option<&SecretString>, other: Option<&SecretString>| {
            one.map(ExposeSecret::expose_secret) == other.map(ExposeSecret::expose_secret)
        };
        let [key, others] = [self, other].map(|options| options.key.as_ref());
        self.username == other.username
            && same(self.password.as_ref(), other.password.as_ref())
            && key.map(|key| &key.path) == others.map(|key| &key.path)
            && same(key.and_then(|key| key.passphrase.as_ref()), others.and_then(|key| key.passphrase.as_ref()))
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
    let login = log_in(options).await?;
    let opening = channel::subsystem(&login.handle, &options.subsystem);
    let (channel, early) = in_time(options, login.deadline, opening).await?;
    Ok(login.into_stream(channel, early))
}

/// Connects and opens a shell on a terminal that is `columns` characters wide and
/// has no end, so that lines are neither wrapped nor paged where the device
/// heeds it.
///
/// # Errors
/// As [`connect`].
pub async fn shell(options: &SshOptions, columns: u32) -> Result<SshStream, SshError> {
    let login = log_in(options).await?;
    let opening = channel::shell(&login.handle, columns);
    let (channel, early) = in_time(options, login.deadline, opening).await?;
    Ok(login.into_stream(channel, early))
}

/// Connects and starts a program by the user's shell, without a terminal. What it
/// writes to its standard error is dropped.
///
/// # Errors
/// As [`connect`].
pub async fn program(options: &SshOptions, command: &str) -> Result<SshStream, SshError> {
    let login = log_in(options).await?;
    let opening = channel::program(&login.handle, command);
    let (channel, early) = in_time(options, login.deadline, opening).await?;
    Ok(login.into_stream(channel, early))
}

/// Connects, to run commands each in a channel of its own.
///
/// # Errors
/// As [`connect`].
pub async fn commands(options: &SshOptions) -> Result<SshCommands, SshError> {
    let login = log_in(options).await?;
    Ok(SshCommands::new(login.handle, login.guard))
}

/// The host key that a device shows first. Whatever the policy, it is not believed, and
/// nobody logs in.
///
/// # Errors
/// As [`connect`], before a host key was shown.
pub async fn presented(options: &SshOptions) -> Result<HostKey, SshError> {
    // Nobody's key has none of no fingerprints.
    let trust = Arc::new(Trust::Fingerprints(Vec::new()));
    match attempt(options, &trust, &[], None).await {
        Err(SshError::HostKeyChanged(shown)) => Ok(*shown),
        Err(error) => Err(error),
        Ok(_) => Err(SshError::Protocol(Box::new(russh::Error::UnknownKey))),
    }
}

/// A connection on which nothing was opened yet. Dropped, it is closed: russh's own
/// task would keep it open.
struct Login {
    handle: client::Handle<Gatekeeper>,
    guard: DropGuard,
    deadline: Instant,
}

impl Login {
    fn into_stream(self, channel: Channel<Msg>, early: Vec<u8>) -> SshStream {
        SshStream::new(channel.into_stream(), early, self.handle, self.guard.disarm())
    }
}

async fn log_in(options: &SshOptions) -> Result<Login, SshError> {
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
            judged @ (Ok(_) | Err(SshError::AuthRejected { .. })) => return judged,
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
) -> Result<Login, SshError> {
    let socket = reach(options).await?;
    let deadline = Instant::now() + options.connect_timeout;
    let token = CancellationToken::new();
    let guard = token.clone().drop_guard();
    let opening = async {
        let config = Arc::new(algorithms::config(options, &trust.algorithms(), without));
        let gatekeeper = Gatekeeper::new(options, Arc::clone(trust));
        let farewell = gatekeeper.farewell();
        let socket = Killable::new(socket, token);
        let mut handle = client::connect_stream(config, socket, gatekeeper).await?;
        auth::authenticate(&mut handle, options, key, &farewell).await?;
        Ok(handle)
    };
    let handle = in_time(options, deadline, Box::pin(opening)).await?;
    Ok(Login { handle, guard, deadline })
}

async fn in_time<T>(
    options: &SshOptions,
    deadline: Instant,
    work: impl Future<Output = Result<T, SshError>>,
) -> Result<T, SshError> {
    timeout_at(deadline, work).await.map_err(|_| SshError::Timeout(options.connect_timeout))?
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

#[cfg(test)]
mod tests;
