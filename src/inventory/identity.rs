use super::{MacAddr, SecretRef};

/// What the address of a socket of this machine begins with.
pub const UNIX: &str = "unix:";

/// What a switch is, where it is, and as whom Mercury logs in.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The name Ironic and people use for it; required, unique.
    pub name: String,
    /// Host name or IP address, or over OVSDB [`UNIX`] and an absolute path; required.
    pub address: String,
    /// TCP port, 1 to 65535; the dialect's, or else the protocol's own
    /// (NETCONF 830, gNMI 9339, CLI 22, OVSDB 6640, RESTCONF 443).
    pub port: Option<u16>,
    /// MAC addresses LLDP may announce it by, in any spelling; none.
    pub mac_addresses: Vec<MacAddr>,
    /// Which vendor's dialect it speaks, such as `"openconfig"`; required.
    pub dialect: String,
    /// The network instance that VLANs are in; the dialect's.
    pub network_instance: Option<String>,
    /// The names of the physical networks it is part of; none.
    pub physical_networks: Vec<String>,
    /// What it is in the network, such as `"leaf"`, as the network team's rules call
    /// it; none.
    pub role: Option<String>,
    /// The user Mercury logs in as; required, but over gNMI with a client
    /// certificate, where empty means that none is sent. OVSDB knows none.
    pub username: String,
    /// How that user proves itself.
    pub credentials: Credentials,
}

/// How Mercury's user proves itself to a switch, whichever protocol it speaks;
/// a key or a certificate is its face's.
///
/// Each secret is text, or `{ file = "..." }`, or `{ env = "NAME" }`, or
/// `{ credential = "NAME" }` for one that systemd has loaded. A file must not be
/// readable by others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Credentials {
    /// `password`: for password and keyboard-interactive login, and for gNMI;
    /// required, but over NETCONF with a key and over gNMI with a client certificate.
    pub password: Option<SecretRef>,
    /// `enable_secret`: for the privileged mode of a command line.
    pub enable_secret: Option<SecretRef>,
}
