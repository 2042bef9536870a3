//! Why there is no SSH session, and who can change that.

use std::{fmt, io, path::PathBuf, time::Duration};

use mercury_adapter::{ConnectError, ConnectFault, Presented, chain};

/// Why [`crate::connect`] failed.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// The name has no address.
    #[error("cannot resolve {host}")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// No TCP connection.
    #[error("cannot connect to {host} port {port}")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Of the last address that was tried.
        source: io::Error,
    },
    /// Not finished in time.
    #[error("no session within {0:?}")]
    Timeout(Duration),
    /// Nothing is known about this host.
    #[error(
        "the host key of {0} is not known; compare the fingerprint with the one on the device, \
         then add the key to known_hosts or pin the fingerprint"
    )]
    HostKeyUnknown(Box<HostKey>),
    /// Another key is known for this host.
    #[error(
        "the host key of {0} is not the one expected; if the device was replaced or reset, \
         update known_hosts or the pinned fingerprint, otherwise somebody may pose as it"
    )]
    HostKeyChanged(Box<HostKey>),
    /// The key is marked as revoked.
    #[error(
        "the host key of {0} is marked @revoked in known_hosts; it must not be used, \
         give the device a new one"
    )]
    HostKeyRevoked(Box<HostKey>),
    /// A known_hosts file exists and cannot be read.
    #[error("cannot read {}", path.display())]
    KnownHosts {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The private key cannot be used.
    #[error("cannot use the private key {}: {reason}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The device did not accept the user.
    #[error("{user} was not let in; tried {}{}", listed(tried), said(farewell.as_ref()))]
    AuthRejected {
        /// The user.
        user: String,
        /// The methods that were tried, in order.
        tried: Vec<String>,
        /// What the device said when it hung up, if it did.
        farewell: Option<String>,
    },
    /// Logged in, but there is no room for a session: as many are open as the device allows
    /// (RFC 4254 section 5.1; of OpenSSH `MaxSessions`).
    #[error("{service} was refused: {reason}; the device has as many sessions as it allows, or as this user may have")]
    TooManySessions {
        /// What was asked for, such as `the subsystem "netconf"`.
        service: String,
        /// Why.
        reason: String,
    },
    /// Logged in, but what was asked for is not there.
    #[error("{service} was refused: {reason}")]
    ChannelRefused {
        /// What was asked for, such as `the subsystem "netconf"`.
        service: String,
        /// Why.
        reason: String,
    },
    /// Client and device share no algorithm of some kind.
    #[error("no common {kind} algorithm: the device offers {}; legacy_algorithms may help", listed(theirs))]
    NoCommonAlgorithm {
        /// What the algorithm is for.
        kind: String,
        /// What the client offers.
        ours: Vec<String>,
        /// What the device offers.
        theirs: Vec<String>,
    },
    /// Who has called agrees on nothing but old algorithms, and its entry does not have
    /// them.
    #[error("only old algorithms are agreed on: {}; legacy_algorithms of its entry takes them", listed(.0))]
    OldAlgorithms(Vec<String>),
    /// The connection was reset, or ended, before there was a session.
    #[error("the device hung up before there was a session")]
    HungUp(#[source] Box<russh::Error>),
    /// The SSH protocol broke down.
    #[error("the SSH connection failed")]
    Protocol(#[source] Box<russh::Error>),
}

impl SshError {
    /// Who must act, with this error and its causes as the message.
    #[must_use]
    pub fn to_connect_error(&self) -> ConnectError {
        let fault = match self {
            Self::Resolve { .. } | Self::Connect { .. } => ConnectFault::unconnected(self),
            Self::Timeout(_) | Self::HungUp(_) => ConnectFault::Unreachable,
            Self::TooManySessions { .. } => ConnectFault::Busy,
            Self::HostKeyUnknown(_) | Self::HostKeyChanged(_) | Self::HostKeyRevoked(_) | Self::KnownHosts { .. } => {
                ConnectFault::HostKey
            }
            Self::KeyFile { .. } | Self::AuthRejected { .. } => ConnectFault::Credentials,
            Self::ChannelRefused { .. }
            | Self::NoCommonAlgorithm { .. }
            | Self::OldAlgorithms(_)
            | Self::Protocol(_) => ConnectFault::Protocol,
        };
        ConnectError { fault, message: chain(self) }
    }
}

/// A host key as it was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    /// The name known_hosts uses: the host, or `[host]:port` off port 22.
    pub host: String,
    /// Such as `ssh-ed25519`.
    pub algorithm: String,
    /// `SHA256:` and unpadded base64.
    pub fingerprint: String,
}

impl From<HostKey> for Presented {
    fn from(key: HostKey) -> Self {
        Self { what: format!("host key ({})", key.algorithm), fingerprint: key.fingerprint }
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.host, self.algorithm, self.fingerprint)
    }
}

impl From<russh::Error> for SshError {
    fn from(error: russh::Error) -> Self {
        match error {
            russh::Error::NoCommonAlgo { kind, ours, theirs } => Self::NoCommonAlgorithm {
                kind: match kind {
                    russh::AlgorithmKind::Kex => "key exchange",
                    russh::AlgorithmKind::Key => "host key",
                    russh::AlgorithmKind::Cipher => "cipher",
                    russh::AlgorithmKind::Compression => "compression",
                    russh::AlgorithmKind::Mac => "MAC",
                }
                .to_owned(),
                ours,
                theirs: theirs.into_iter().take(40).map(|name| printable(&name)).collect(),
            },
            // The last two: the task that has the connection is gone, and the connection with it.
            russh::Error::IO(_)
            | russh::Error::Disconnect
            | russh::Error::HUP
            | russh::Error::SendError
            | russh::Error::RecvError => Self::HungUp(Box::new(error)),
            other => Self::Protocol(Box::new(other)),
        }
    }
}

/// What a peer says, fit for a log line.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn listed(items: &[String]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

fn said(farewell: Option<&String>) -> String {
    farewell.map(|text| format!("; the device said \"{text}\"")).unwrap_or_default()
}
