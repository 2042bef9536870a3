use super::{HostKey, MacAddr, SecretRef};
use mercury_model::{InterfaceName, VlanId, VlanSet};
use std::time::Duration;

/// A switch: how to reach it and what may be done to it.
///
/// Every field but `credentials` and `host_key` is written under its own name
/// in a `[[switch]]` table, and all but `name`, `address` and `mac_addresses`
/// may stand in `[defaults]` for every switch of that file. Durations are
/// whole seconds (`30`) or text (`"30s"`, `"2m"`).
#[derive(Debug, Clone)]
pub struct Switch {
    /// The name Ironic and people use for it; required, unique.
    pub name: String,
    /// Host name or IP address; required.
    pub address: String,
    /// TCP port, 1 to 65535; the protocol's own (NETCONF 830).
    pub port: Option<u16>,
    /// How it is spoken to, `"netconf"`; netconf.
    pub protocol: Protocol,
    /// Which vendor's dialect it speaks, such as `"openconfig"`; required.
    pub dialect: String,
    /// The user Mercury logs in as; required.
    pub username: String,
    /// How that user proves itself; a password or a key is required.
    pub credentials: Credentials,
    /// MAC addresses LLDP may announce it by, in any spelling; none.
    pub mac_addresses: Vec<MacAddr>,
    /// How the switch proves that it is the switch: one of `known_hosts` (a
    /// list of files), `host_key_fingerprints` (a list) and `insecure = true`;
    /// the service's known_hosts files.
    pub host_key: HostKey,
    /// Offer SSH algorithms that are no longer thought safe, for old switches; false.
    pub legacy_algorithms: bool,
    /// Save the running configuration over the startup configuration after
    /// each change, where they differ; true. In Ironic's INI file false, as
    /// Ironic documents it.
    pub persist: bool,
    /// The VLANs that may be configured; absent means the file's `[defaults]`,
    /// then the service's `allowed_vlans`, then all. Empty means none.
    pub allowed_vlans: Option<VlanSet>,
    /// The VLAN of a port that belongs to nobody, 1 to 4094; none. Ironic's
    /// file has the key too, but nothing there reads it.
    pub native_vlan: Option<VlanId>,
    /// The VLAN that a reset without `default_vlan` puts a port in, 1 to 4094; none.
    pub default_vlan: Option<VlanId>,
    /// Create VLANs that a port needs and the switch lacks; false.
    pub manage_vlans: bool,
    /// Set a port's MTU when it is asked for; false.
    pub manage_mtu: bool,
    /// The names of the physical networks it is part of; none.
    pub physical_networks: Vec<String>,
    /// The ports that may be configured; absent means all, empty means none.
    pub allowed_ports: Option<Vec<InterfaceName>>,
    /// After how long the switch takes a change back that was not confirmed,
    /// 1 to 600 s; 30 s.
    pub confirm_timeout: Duration,
    /// Whether to let the switch take unconfirmed changes back, `"auto"`,
    /// `"on"`, `"session"` or `"off"`; auto.
    pub confirmed_commit: ConfirmedCommit,
    /// How long a commit may take, 1 to 3600 s; 120 s.
    pub commit_timeout: Duration,
    /// How long any other answer may take, 1 to 3600 s; 30 s.
    pub reply_timeout: Duration,
    /// How long connecting and logging in may take, 1 to 300 s; 10 s.
    pub connect_timeout: Duration,
    /// After how long without work the connection is closed, 1 to 86400 s; 300 s.
    pub idle_timeout: Duration,
    /// How often an idle connection is tried, 1 to 3600 s; 15 s.
    pub keepalive: Duration,
    /// How long to wait for a lock that another client holds, 0 to 600 s; 30 s.
    pub lock_wait: Duration,
    /// How many requests may wait for this switch, 1 to 65536; 256.
    pub queue: usize,
    /// Whether to send requests before the last one was answered; the dialect decides.
    pub pipelining: Option<bool>,
    /// The NETCONF framing, `"end-of-message"` or `"chunked"` (RFC 6242
    /// section 4); what both sides announced.
    pub framing: Option<Framing>,
    /// The network instance that VLANs are in; the dialect's.
    pub network_instance: Option<String>,
}

/// How Mercury's user proves itself to a switch; a key is tried first.
///
/// Each secret is text, or `{ file = "..." }`, or `{ env = "NAME" }`. A file
/// must not be readable by others.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// `password`: for password and keyboard-interactive login.
    pub password: Option<SecretRef>,
    /// `key_file`: the path of a private SSH key.
    pub key: Option<SecretRef>,
    /// `passphrase`: what the key is encrypted with.
    pub passphrase: Option<SecretRef>,
    /// `enable_secret`: for the privileged mode of a command line.
    pub enable_secret: Option<SecretRef>,
}

impl Credentials {
    /// Whether any of them is written in the inventory file itself.
    pub(crate) fn any_inline(&self) -> bool {
        let all = [&self.password, &self.key, &self.passphrase, &self.enable_secret];
        all.into_iter().flatten().any(SecretRef::is_inline)
    }
}

/// A protocol Mercury speaks to switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// NETCONF over SSH (RFC 6242).
    Netconf,
}

impl Protocol {
    /// The word for it in an inventory.
    pub const fn as_str(self) -> &'static str {
        match self {
            Protocol::Netconf => "netconf",
        }
    }

    /// The TCP port IANA gave it.
    pub const fn default_port(self) -> u16 {
        match self {
            Protocol::Netconf => 830,
        }
    }
}

/// Whether to use the confirmed commit of RFC 6241 section 8.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfirmedCommit {
    /// Where the switch announces it.
    #[default]
    Auto,
    /// Always; a switch that does not announce it is not changed.
    On,
    /// Always, and without a `persist` token: the switch takes the change back
    /// as soon as the session ends, not only when the timer does.
    Session,
    /// Never.
    Off,
}

/// How NETCONF messages are told apart (RFC 6242 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `]]>]]>` after each message, as NETCONF 1.0 does.
    EndOfMessage,
    /// Chunks with their lengths, as NETCONF 1.1 does.
    Chunked,
}

impl Switch {
    /// A NETCONF switch with every option at its default; its host key is
    /// known to nobody until [`Switch::host_key`] says more.
    pub fn new(name: &str, address: &str, dialect: &str, username: &str) -> Self {
        let seconds = Duration::from_secs;
        Switch {
            name: name.to_owned(),
            address: address.to_owned(),
            port: None,
            protocol: Protocol::Netconf,
            dialect: dialect.to_owned(),
            username: username.to_owned(),
            credentials: Credentials::default(),
            mac_addresses: Vec::new(),
            host_key: HostKey::KnownHosts(Vec::new()),
            legacy_algorithms: false,
            persist: true,
            allowed_vlans: None,
            native_vlan: None,
            default_vlan: None,
            manage_vlans: false,
            manage_mtu: false,
            physical_networks: Vec::new(),
            allowed_ports: None,
            confirm_timeout: seconds(30),
            confirmed_commit: ConfirmedCommit::Auto,
            commit_timeout: seconds(120),
            reply_timeout: seconds(30),
            connect_timeout: seconds(10),
            idle_timeout: seconds(300),
            keepalive: seconds(15),
            lock_wait: seconds(30),
            queue: 256,
            pipelining: None,
            framing: None,
            network_instance: None,
        }
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.protocol.default_port())
    }

    /// Whether the inventory lets this VLAN be configured here.
    pub fn allows_vlan(&self, vlan: VlanId) -> bool {
        self.allowed_vlans.as_ref().is_none_or(|allowed| allowed.contains(vlan))
    }

    /// Whether the inventory lets this port be configured; names are compared exactly.
    pub fn allows_port(&self, name: &InterfaceName) -> bool {
        self.allowed_ports.as_ref().is_none_or(|allowed| allowed.contains(name))
    }

    /// What Ironic calls this kind of switch: `netconf_openconfig`.
    pub fn device_type(&self) -> String {
        format!("{}_{}", self.protocol.as_str(), self.dialect)
    }
}
