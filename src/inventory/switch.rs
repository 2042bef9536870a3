use super::{GnmiSettings, HostKey, LagNumbers, MacAddr, Options, SecretRef};
use mercury_adapter::InterfaceNames;
use mercury_model::{InterfaceName, VlanId, VlanSet};
use std::sync::Arc;
use std::time::Duration;

/// A switch: how to reach it and what may be done to it.
///
/// Every field but `credentials`, `host_key`, `options`, `gnmi` and `interface_names`,
/// which its dialect says, is written under its own name in a `[[switch]]` table, and all but `name`, `address` and
/// `mac_addresses` may stand in `[defaults]` for every switch of that file.
/// Durations are whole seconds (`30`) or text (`"30s"`, `"2m"`). What is for
/// one protocol only is refused on a switch that speaks another; in
/// `[defaults]` it waits for the switches that it is for.
#[derive(Debug, Clone)]
pub struct Switch {
    /// The name Ironic and people use for it; required, unique.
    pub name: String,
    /// Host name or IP address; required.
    pub address: String,
    /// TCP port, 1 to 65535; the dialect's, or else the protocol's own
    /// (NETCONF 830, gNMI 9339).
    pub port: Option<u16>,
    /// How it is spoken to, `"netconf"` or `"gnmi"`; netconf.
    pub protocol: Protocol,
    /// Which vendor's dialect it speaks, such as `"openconfig"`; required.
    pub dialect: String,
    /// The user Mercury logs in as; required, but over gNMI with a client
    /// certificate, where empty means that none is sent.
    pub username: String,
    /// How that user proves itself; over NETCONF a password or a key is
    /// required, over gNMI a password or a client certificate.
    pub credentials: Credentials,
    /// MAC addresses LLDP may announce it by, in any spelling; none.
    pub mac_addresses: Vec<MacAddr>,
    /// How the switch proves that it is the switch, over NETCONF: one of
    /// `known_hosts` (a list of files), `host_key_fingerprints` (a list) and
    /// `insecure = true`; the service's known_hosts files.
    pub host_key: HostKey,
    /// Offer SSH algorithms that are no longer thought safe, for old switches;
    /// false. NETCONF only.
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
    /// On attach make the port, or its aggregate, an edge of the spanning tree,
    /// and on detach take that away; false, and then it is left as it is.
    pub stp_edge: bool,
    /// On attach guard the port, or its aggregate, against bridges, whose BPDUs
    /// then close it, and on detach take that away; false, and then it is left
    /// as it is.
    pub stp_bpdu_guard: bool,
    /// The names of the physical networks it is part of; none.
    pub physical_networks: Vec<String>,
    /// The ports that may be configured; absent means all, empty means none.
    pub allowed_ports: Option<Vec<InterfaceName>>,
    /// The network team's aggregates (LAGs) that requests may name, as those
    /// among `allowed_ports` are; none.
    pub allowed_lags: Vec<InterfaceName>,
    /// The numbers of the aggregates (LAGs) that Mercury may make and remove,
    /// 1 to 65535; none.
    pub lag_numbers: LagNumbers,
    /// What the names of its aggregates are before their number, such as
    /// `"Port-Channel"`; the dialect's.
    pub lag_prefix: Option<String>,
    /// Switches of one request that have the same text here give a new
    /// aggregate the same number, as an MLAG or MC-LAG wants it; none.
    pub mlag_domain: Option<String>,
    /// After an attach, take the port's link down and let it come up again, so
    /// that the server asks for an address in its new network; false.
    pub bounce_on_attach: bool,
    /// What is done beside what callers ask for; nothing.
    pub options: Options,
    /// After how long the switch takes a change back that was not confirmed,
    /// 1 to 600 s; 30 s.
    pub confirm_timeout: Duration,
    /// Whether to let the switch take unconfirmed changes back, `"auto"`,
    /// `"on"`, `"session"` (NETCONF only) or `"off"`; auto.
    pub confirmed_commit: ConfirmedCommit,
    /// How long a commit may take, 1 to 3600 s; 120 s.
    pub commit_timeout: Duration,
    /// How long any other answer may take, 1 to 3600 s; 30 s.
    pub reply_timeout: Duration,
    /// How long each address may take to answer, and then logging in, 1 to
    /// 300 s; 10 s.
    pub connect_timeout: Duration,
    /// After how long without work the connection is closed, 1 to 86400 s; 300 s.
    pub idle_timeout: Duration,
    /// How often an idle connection is tried, 1 to 3600 s; 15 s.
    pub keepalive: Duration,
    /// How long to wait for a lock that another client holds, 0 to 600 s; 30 s.
    pub lock_wait: Duration,
    /// On a target without a lock of its own: how long what is read after a
    /// lost Set is watched before it is believed, 0 to 600 s; 10 s. gNMI only.
    pub settle_time: Duration,
    /// How many requests may wait for this switch, 1 to 65536; 256.
    pub queue: usize,
    /// Whether to send requests before the last one was answered; the dialect
    /// decides. NETCONF only.
    pub pipelining: Option<bool>,
    /// The NETCONF framing, `"end-of-message"` or `"chunked"` (RFC 6242
    /// section 4); what both sides announced. NETCONF only.
    pub framing: Option<Framing>,
    /// The network instance that VLANs are in; the dialect's.
    pub network_instance: Option<String>,
    /// What only gNMI needs; its defaults on a NETCONF switch.
    pub gnmi: GnmiSettings,
    /// What its ports and aggregates are called; `None` where any name will do.
    pub interface_names: Option<Arc<InterfaceNames>>,
}

/// How Mercury's user proves itself to a switch; a key is tried first.
///
/// Each secret is text, or `{ file = "..." }`, or `{ env = "NAME" }`. A file
/// must not be readable by others.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// `password`: for password and keyboard-interactive login, and for gNMI.
    pub password: Option<SecretRef>,
    /// `key_file`: the path of a private SSH key. NETCONF only.
    pub key: Option<SecretRef>,
    /// `passphrase`: what the key is encrypted with. NETCONF only.
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
    /// gNMI over gRPC (openconfig/reference, rpc/gnmi/gnmi-specification.md).
    Gnmi,
}

impl Protocol {
    /// Every protocol.
    pub(crate) const ALL: [Protocol; 2] = [Protocol::Netconf, Protocol::Gnmi];

    /// The word for it in an inventory.
    pub const fn as_str(self) -> &'static str {
        match self {
            Protocol::Netconf => "netconf",
            Protocol::Gnmi => "gnmi",
        }
    }

    /// What people call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Protocol::Netconf => "NETCONF",
            Protocol::Gnmi => "gNMI",
        }
    }

    /// The TCP port IANA gave it.
    pub const fn default_port(self) -> u16 {
        match self {
            Protocol::Netconf => 830,
            Protocol::Gnmi => 9339,
        }
    }
}

/// Whether to use the confirmed commit of RFC 6241 section 8.4, or the
/// commit-confirmed extension of gNMI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfirmedCommit {
    /// Where the switch announces it; over gNMI, which has no way to announce
    /// it, where the dialect says that the switch has it.
    #[default]
    Auto,
    /// Always; a NETCONF switch that does not announce it is not changed, and a
    /// gNMI switch is taken to have it whatever its dialect says.
    On,
    /// Always, and without a `persist` token: the switch takes the change back
    /// as soon as the session ends, not only when the timer does. NETCONF only,
    /// because gNMI has no sessions.
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
            stp_edge: false,
            stp_bpdu_guard: false,
            physical_networks: Vec::new(),
            allowed_ports: None,
            allowed_lags: Vec::new(),
            lag_numbers: LagNumbers::default(),
            lag_prefix: None,
            mlag_domain: None,
            bounce_on_attach: false,
            options: Options::default(),
            confirm_timeout: seconds(30),
            confirmed_commit: ConfirmedCommit::Auto,
            commit_timeout: seconds(120),
            reply_timeout: seconds(30),
            connect_timeout: seconds(10),
            idle_timeout: seconds(300),
            keepalive: seconds(15),
            lock_wait: seconds(30),
            settle_time: seconds(10),
            queue: 256,
            pipelining: None,
            framing: None,
            network_instance: None,
            gnmi: GnmiSettings::default(),
            interface_names: None,
        }
    }

    /// The port to connect to, as far as the inventory knows; a dialect may
    /// have one of its own for a switch whose entry has none.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.protocol.default_port())
    }

    /// Whether Mercury has anything to say about spanning tree here.
    pub const fn manages_stp(&self) -> bool {
        self.stp_edge || self.stp_bpdu_guard
    }

    /// Whether the inventory lets this VLAN be configured here.
    pub fn allows_vlan(&self, vlan: VlanId) -> bool {
        self.allowed_vlans.as_ref().is_none_or(|allowed| allowed.contains(vlan))
    }

    /// Whether the inventory lets this port be configured; names are compared exactly.
    pub fn allows_port(&self, name: &InterfaceName) -> bool {
        self.allowed_ports.as_ref().is_none_or(|allowed| allowed.contains(name))
    }

    /// A port or aggregate as the switch names it, from what a caller calls it:
    /// by the entry's `port_names` first, then as the dialect says. A name that
    /// the entry itself uses is taken as it is.
    ///
    /// # Errors
    /// Why it is no name here.
    pub fn named(&self, given: &InterfaceName) -> Result<InterfaceName, String> {
        let name = self
            .options
            .port_names
            .rewritten(given)
            .map_err(|error| format!("what port_names makes of {:?} is no port's name: {error}", given.as_str()))?;
        let Some(names) = self.interface_names.as_ref().filter(|_| !self.mentions(&name)) else { return Ok(name) };
        let made = if name == *given { String::new() } else { format!(", made of {:?} by port_names", given.as_str()) };
        let spelled =
            names.spelled(name.as_str()).map_err(|misnamed| format!("{:?}{made}: {misnamed}", name.as_str()))?;
        spelled.parse().map_err(|error: mercury_model::TextError| error.to_string())
    }

    /// Whether the network team's files use this very name.
    fn mentions(&self, name: &InterfaceName) -> bool {
        let listed = self.allowed_ports.iter().flatten().chain(&self.allowed_lags).chain(&self.options.trunk_ports);
        let number = self.lag_prefix.as_ref().and_then(|prefix| name.as_str().strip_prefix(prefix.as_str()));
        listed.into_iter().any(|listed| listed == name) || number.is_some_and(|number| number.parse::<u16>().is_ok())
    }

    /// What Ironic calls this kind of switch: `netconf_openconfig`, `gnmi_openconfig`.
    pub fn device_type(&self) -> String {
        format!("{}_{}", self.protocol.as_str(), self.dialect)
    }
}
