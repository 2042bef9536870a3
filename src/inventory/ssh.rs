use super::{ConfirmedCommit, HostKey, SecretRef};

/// How a switch and Mercury prove themselves to one another over SSH; a gNMI
/// switch that has a key of it itself is refused, and those of `[defaults]` do not
/// concern it.
#[derive(Debug, Clone, PartialEq)]
pub struct SshSettings {
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
}

impl Default for SshSettings {
    /// A host key that nobody knows yet.
    fn default() -> Self {
        SshSettings { key: None, passphrase: None, host_key: HostKey::KnownHosts(Vec::new()), legacy_algorithms: false }
    }
}

/// What only a switch at whose command line lines are entered has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CliSettings {
    /// How one gets there.
    pub reach: Reach,
    /// `confirmed_commit`: where it must be on, the switch is not changed, because
    /// what is entered line by line is never taken back by itself; auto.
    pub confirmed_commit: ConfirmedCommit,
}

/// What carries the lines of a command line.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// SSH.
    Ssh(SshSettings),
    /// `telnet = true`, with `insecure = true`: TELNET (RFC 854), which hides nothing and
    /// proves nothing.
    Telnet,
}

impl Default for Reach {
    fn default() -> Self {
        Reach::Ssh(SshSettings::default())
    }
}
