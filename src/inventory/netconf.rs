use super::{ConfirmedCommit, SshSettings, TlsSettings};

/// What only a switch that speaks NETCONF has; a gNMI switch that has a key of
/// it itself is refused, and those of `[defaults]` do not concern it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetconfSettings {
    /// `transport`: what it is carried by, `"ssh"` or `"tls"`, and how a switch and
    /// Mercury prove themselves there; ssh.
    pub transport: NetconfTransport,
    /// Whether the switch connects to Mercury (RFC 8071), and is never connected to; false.
    /// It is known by `host_key_fingerprints`, or by its certificate, and needs no
    /// `address`.
    pub call_home: bool,
    /// `confirmed_commit`: whether to let the switch take unconfirmed changes
    /// back, `"auto"`, `"on"`, `"session"` or `"off"`; auto.
    pub confirmed_commit: ConfirmedCommit,
    /// Whether to send requests before the last one was answered; the dialect
    /// decides.
    pub pipelining: Option<bool>,
    /// Whether to discard what others left in a shared candidate and did not
    /// commit, without which it cannot be locked; false: only what Mercury itself
    /// left there is discarded, and others are waited for as for a lock.
    pub discard_foreign_candidate: bool,
    /// The framing, `"end-of-message"` or `"chunked"` (RFC 6242 section 4); what
    /// both sides announced.
    pub framing: Option<Framing>,
}

/// What carries NETCONF.
#[derive(Debug, Clone, PartialEq)]
pub enum NetconfTransport {
    /// SSH (RFC 6242), with a login.
    Ssh(SshSettings),
    /// TLS (RFC 7589), with certificates on both sides; the switch makes a user of
    /// Mercury's. Never [`Tls::Plaintext`](super::Tls::Plaintext), and never without
    /// [`TlsSettings::client`].
    Tls(TlsSettings),
}

impl Default for NetconfTransport {
    fn default() -> Self {
        NetconfTransport::Ssh(SshSettings::default())
    }
}

/// How NETCONF messages are told apart (RFC 6242 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `]]>]]>` after each message, as NETCONF 1.0 does.
    EndOfMessage,
    /// Chunks with their lengths, as NETCONF 1.1 does.
    Chunked,
}
