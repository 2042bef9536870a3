//! What can go wrong with the simulator itself.

use std::net::SocketAddr;

/// Why a simulator could not be started or set up.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// Simulated switches are for this machine only: their credentials and
    /// algorithms are not meant for a network.
    #[error("a simulated switch listens on a loopback address only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The listening socket could not be opened.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The host key could not be generated or written in OpenSSH form.
    #[error("cannot make an SSH host key")]
    HostKey(#[source] russh::keys::ssh_key::Error),
    /// The authorized public key is not an OpenSSH public key line.
    #[error("the authorized key is not an OpenSSH public key")]
    AuthorizedKey(#[source] russh::keys::ssh_key::Error),
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[source] rcgen::Error),
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] tokio_rustls::rustls::Error),
    /// The certificates of those who sign client certificates are no good.
    #[error("the client CA is not a certificate in PEM: {0}")]
    ClientCa(String),
    /// An option does not make sense.
    #[error("{0}")]
    Option(String),
    /// A configuration change made from the outside was refused.
    #[error("the switch refused the change")]
    Refused(#[source] crate::refusal::Refused),
    /// A configuration given as text is not well-formed.
    #[error("the configuration is not well-formed XML: {0}")]
    Malformed(String),
}
