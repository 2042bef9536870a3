use super::{
    CliSettings, GnmiSettings, NetconfSettings, NetconfTransport, NvueSettings, OvsdbSettings, Reach, RestconfSettings,
    SshSettings, TlsSettings,
};

/// IANA's port for TELNET.
pub(crate) const TELNET: u16 = 23;

/// IANA's port for NETCONF over TLS.
pub(crate) const NETCONF_BY_TLS: u16 = 6513;

/// The side from which a switch is configured, and what that side alone needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Face {
    /// NETCONF over SSH or TLS.
    Netconf(NetconfSettings),
    /// gNMI over gRPC.
    Gnmi(GnmiSettings),
    /// Lines at a command line, over SSH or TELNET.
    Cli(CliSettings),
    /// Transactions on the database of Open vSwitch.
    Ovsdb(OvsdbSettings),
    /// RESTCONF over HTTP/1.1.
    Restconf(RestconfSettings),
    /// Revisions of NVUE's REST server.
    Nvue(NvueSettings),
}

impl Face {
    /// The protocol spoken there.
    pub const fn protocol(&self) -> Protocol {
        match self {
            Face::Netconf(_) => Protocol::Netconf,
            Face::Gnmi(_) => Protocol::Gnmi,
            Face::Cli(_) => Protocol::Cli,
            Face::Ovsdb(_) => Protocol::Ovsdb,
            Face::Restconf(_) => Protocol::Restconf,
            Face::Nvue(_) => Protocol::Nvue,
        }
    }

    /// How one logs in over SSH, where that is the way.
    pub(crate) const fn ssh(&self) -> Option<&SshSettings> {
        match self {
            Face::Netconf(NetconfSettings { transport: NetconfTransport::Ssh(ssh), .. })
            | Face::Cli(CliSettings { reach: Reach::Ssh(ssh), .. }) => Some(ssh),
            Face::Netconf(_) | Face::Cli(_) | Face::Gnmi(_) | Face::Ovsdb(_) | Face::Restconf(_) | Face::Nvue(_) => {
                None
            }
        }
    }

    /// How both sides prove themselves over TLS, where that is the way.
    pub(crate) const fn tls(&self) -> Option<&TlsSettings> {
        match self {
            Face::Netconf(NetconfSettings { transport: NetconfTransport::Tls(tls), .. })
            | Face::Gnmi(GnmiSettings { tls, .. })
            | Face::Ovsdb(OvsdbSettings { tls, .. })
            | Face::Restconf(RestconfSettings { tls, .. })
            | Face::Nvue(NvueSettings { tls, .. }) => Some(tls),
            Face::Netconf(_) | Face::Cli(_) => None,
        }
    }

    /// The TCP port that no dialect has a say about, if it is another than the protocol's.
    pub(crate) const fn port(&self) -> Option<u16> {
        match self {
            Face::Cli(CliSettings { reach: Reach::Telnet, .. }) => Some(TELNET),
            Face::Netconf(NetconfSettings { transport: NetconfTransport::Tls(_), .. }) => Some(NETCONF_BY_TLS),
            Face::Cli(_) | Face::Netconf(_) | Face::Gnmi(_) | Face::Ovsdb(_) | Face::Restconf(_) | Face::Nvue(_) => {
                None
            }
        }
    }
}

/// A protocol Mercury speaks to switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// NETCONF over SSH (RFC 6242) or TLS (RFC 7589).
    Netconf,
    /// gNMI over gRPC (openconfig/reference, rpc/gnmi/gnmi-specification.md).
    Gnmi,
    /// Lines at a command line, over SSH or TELNET, each with its answer.
    Cli,
    /// Transactions on a database (RFC 7047).
    Ovsdb,
    /// RESTCONF (RFC 8040).
    Restconf,
    /// NVUE's REST server: JSON objects in revisions.
    Nvue,
}

impl Protocol {
    /// Every protocol.
    pub(crate) const ALL: [Protocol; 6] =
        [Protocol::Netconf, Protocol::Gnmi, Protocol::Cli, Protocol::Ovsdb, Protocol::Restconf, Protocol::Nvue];

    /// The word for it in an inventory.
    pub const fn as_str(self) -> &'static str {
        match self {
            Protocol::Netconf => "netconf",
            Protocol::Gnmi => "gnmi",
            Protocol::Cli => "cli",
            Protocol::Ovsdb => "ovsdb",
            Protocol::Restconf => "restconf",
            Protocol::Nvue => "nvue",
        }
    }

    /// What people call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Protocol::Netconf => "NETCONF",
            Protocol::Gnmi => "gNMI",
            Protocol::Cli => "CLI",
            Protocol::Ovsdb => "OVSDB",
            Protocol::Restconf => "RESTCONF",
            Protocol::Nvue => "NVUE",
        }
    }

    /// The TCP port IANA gave it; NETCONF's over SSH, and NVUE's own.
    pub const fn default_port(self) -> u16 {
        match self {
            Protocol::Netconf => 830,
            Protocol::Gnmi => 9339,
            Protocol::Cli => 22,
            Protocol::Ovsdb => 6640,
            Protocol::Restconf => 443,
            Protocol::Nvue => 8765,
        }
    }
}

/// Whether to use the confirmed commit of RFC 6241 section 8.4, Junos' own, or the
/// commit-confirmed extension of gNMI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfirmedCommit {
    /// Where the switch announces it; over gNMI, which has no way to announce
    /// it, where the dialect says that the switch has it.
    #[default]
    Auto,
    /// Always; a switch that does not announce it, or over gNMI passes over it
    /// when it is asked, is not changed.
    On,
    /// Always, and without a `persist` token: the switch takes the change back
    /// as soon as the session ends, not only when the timer does. NETCONF only,
    /// because gNMI has no sessions; Junos' own outlives its session, so that the
    /// switch is not changed.
    Session,
    /// Never.
    Off,
}
