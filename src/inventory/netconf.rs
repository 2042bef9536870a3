use super::{ConfirmedCommit, HostKey, SecretRef};

/// What only a switch that speaks NETCONF has; a gNMI switch that has a key of
/// it itself is refused, and those of `[defaults]` do not concern it.
#[derive(Debug, Clone)]
pub struct NetconfSettings {
    /// `key_file`: the path of a private SSH key, tried before the password;
    /// always [`SecretRef::File`].
    pub key: Option<SecretRef>,
    /// `passphrase`: what the key is encrypted with.
    pub passphrase: Option<SecretRef>,
    /// How the switch proves that it is the switch: one of `known_hosts` (a list
    /// of files), `host_key_fingerprints` (a list) and `insecure = true`; the
    /// service's known_hosts files.
    pub host_key: HostKey,
    /// Offer SSH algorithms that are no longer thought safe, for old switches;
    /// false.
    pub legacy_algorithms: bool,
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

impl Default for NetconfSettings {
    /// A host key that nobody knows yet.
    fn default() -> Self {
        NetconfSettings {
            key: None,
            passphrase: None,
            host_key: HostKey::KnownHosts(Vec::new()),
            legacy_algorithms: false,
            confirmed_commit: ConfirmedCommit::Auto,
            pipelining: None,
            discard_foreign_candidate: false,
            framing: None,
        }
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
