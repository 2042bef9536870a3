use super::{
    CliSettings, ConfirmedCommit, Credentials, Face, GnmiSettings, HostKey, Identity, NetconfSettings,
    NetconfTransport, NvueSettings, OvsdbSettings, Protocol, Reach, RestconfSettings, Rules, SecretRef, Timing, Tls,
    TlsSettings, UNIX,
};
use mercury_adapter::{ConfirmedBy, Dialect};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// A switch that has lost its session may still be at the last line, or transaction,
/// that came.
const BRIEF_SETTLE_TIME: Duration = Duration::from_secs(1);

/// A switch: how to reach it and what may be done to it.
///
/// Every field of its parts but `credentials`, `host_key`, `options`, `tls`, `trust`,
/// `server_name`, `client`, `key`, `lowest_vlan`, `interface_names`, `uplinks` and `team`, which say
/// themselves where they come from, is written under its own name in a
/// `[[switch]]` table, and all but `name`, `address`, `mac_addresses` and `card` may
/// stand in `[defaults]` for every switch of that file. What is for one protocol
/// only is refused on a switch that speaks another; in `[defaults]` it waits for
/// the switches that it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// What it is, where it is, and as whom Mercury logs in.
    pub identity: Identity,
    /// What may be done to it.
    pub rules: Rules,
    /// How long Mercury waits for it.
    pub timing: Timing,
    /// The `protocol` it is spoken to by, `"netconf"`, `"gnmi"`, `"cli"`,
    /// `"ovsdb"`, `"restconf"` or `"nvue"`, and what only that protocol needs; netconf.
    pub face: Face,
}

impl Switch {
    /// A NETCONF switch with every option at its default; its host key is
    /// known to nobody until [`SshSettings::host_key`](crate::inventory::SshSettings::host_key) says more.
    pub fn new(name: &str, address: &str, dialect: &str, username: &str) -> Self {
        Switch {
            identity: Identity {
                name: name.to_owned(),
                address: address.to_owned(),
                port: None,
                mac_addresses: Vec::new(),
                dialect: dialect.to_owned(),
                network_instance: None,
                physical_networks: Vec::new(),
                role: None,
                username: username.to_owned(),
                credentials: Credentials::default(),
            },
            rules: Rules::default(),
            timing: Timing::default(),
            face: Face::Netconf(NetconfSettings::default()),
        }
    }

    /// The protocol it is spoken to by.
    pub const fn protocol(&self) -> Protocol {
        self.face.protocol()
    }

    /// The port to connect to, as far as the inventory knows; a dialect may
    /// have one of its own for a switch whose entry has none.
    pub fn port(&self) -> u16 {
        self.identity.port.or(self.face.port()).unwrap_or(self.protocol().default_port())
    }

    /// Whether it connects by itself, and is never connected to.
    pub const fn calls_home(&self) -> bool {
        matches!(&self.face, Face::Netconf(NetconfSettings { call_home: true, .. }))
    }

    /// What carries what is spoken, for people: `SSH`, `TLS`, `TELNET`, `plaintext` or `a socket`.
    pub fn carried_by(&self) -> &'static str {
        match &self.face {
            Face::Ovsdb(_) if self.identity.address.starts_with(UNIX) => "a socket",
            Face::Netconf(NetconfSettings { transport: NetconfTransport::Ssh(_), .. })
            | Face::Cli(CliSettings { reach: Reach::Ssh(_), .. }) => "SSH",
            Face::Cli(CliSettings { reach: Reach::Telnet, .. }) => "TELNET",
            Face::Gnmi(GnmiSettings { tls: TlsSettings { trust: Tls::Plaintext, .. }, .. })
            | Face::Ovsdb(OvsdbSettings { tls: TlsSettings { trust: Tls::Plaintext, .. }, .. })
            | Face::Restconf(RestconfSettings { tls: TlsSettings { trust: Tls::Plaintext, .. }, .. })
            | Face::Nvue(NvueSettings { tls: TlsSettings { trust: Tls::Plaintext, .. }, .. }) => "plaintext",
            Face::Netconf(_) | Face::Gnmi(_) | Face::Ovsdb(_) | Face::Restconf(_) | Face::Nvue(_) => "TLS",
        }
    }

    /// Whether to let the switch take unconfirmed changes back.
    pub const fn confirmed_commit(&self) -> ConfirmedCommit {
        match &self.face {
            Face::Netconf(netconf) => netconf.confirmed_commit,
            Face::Cli(cli) => cli.confirmed_commit,
            Face::Ovsdb(ovsdb) => ovsdb.confirmed_commit,
            Face::Restconf(restconf) => restconf.confirmed_commit,
            Face::Nvue(nvue) => nvue.confirmed_commit,
            Face::Gnmi(gnmi) => match gnmi.confirmed_commit {
                None => ConfirmedCommit::Auto,
                Some(true) => ConfirmedCommit::On,
                Some(false) => ConfirmedCommit::Off,
            },
        }
    }

    /// The same with times as a switch of this dialect counts them. Where those are
    /// minutes, the confirm timer runs longer than the entry asks, and so do others
    /// wait for the lock.
    pub(crate) fn timed_by(mut self: Arc<Self>, dialect: &Dialect) -> Arc<Self> {
        let by = dialect.netconf.as_ref().map(|netconf| netconf.confirmed_commit);
        let minutes = self.protocol() == Protocol::Netconf && by == Some(ConfirmedBy::CommitConfiguration);
        if minutes && self.may_confirm() {
            let timing = &mut Arc::make_mut(&mut self).timing;
            let asked = timing.confirm_timeout;
            timing.confirm_timeout = Duration::from_secs(asked.as_secs().div_ceil(60).max(1) * 60);
            timing.lock_wait += timing.confirm_timeout.saturating_sub(asked);
        }
        self
    }

    /// How long its first change is thought to take, before one was seen: Junos takes more
    /// than half a minute for a commit at times (Juniper/ansible-junos-stdlib#96).
    pub(crate) fn expected_change(&self, dialect: &Dialect) -> Duration {
        let by = dialect.netconf.as_ref().map(|netconf| netconf.confirmed_commit);
        let is_slow = self.protocol() == Protocol::Netconf && by == Some(ConfirmedBy::CommitConfiguration);
        if is_slow { Duration::from_secs(32) } else { Duration::ZERO }
    }

    /// Whether it may be changed by commits that have to be confirmed.
    pub(crate) const fn may_confirm(&self) -> bool {
        match &self.face {
            Face::Netconf(netconf) => !matches!(netconf.confirmed_commit, ConfirmedCommit::Off),
            Face::Gnmi(gnmi) => matches!(gnmi.confirmed_commit, Some(true)),
            Face::Nvue(nvue) => !matches!(nvue.confirmed_commit, ConfirmedCommit::Off),
            Face::Cli(_) | Face::Ovsdb(_) | Face::Restconf(_) => false,
        }
    }

    /// Whether to discard what others left uncommitted.
    pub const fn discards_foreign_candidate(&self) -> bool {
        match &self.face {
            Face::Netconf(netconf) => netconf.discard_foreign_candidate,
            Face::Gnmi(_) | Face::Cli(_) | Face::Ovsdb(_) | Face::Restconf(_) | Face::Nvue(_) => false,
        }
    }

    /// How long what is read after a lost change is watched before it is
    /// believed; nothing where a lock tells when the change is over.
    pub const fn settle_time(&self) -> Duration {
        match &self.face {
            Face::Netconf(_) => Duration::ZERO,
            Face::Gnmi(gnmi) => gnmi.settle_time,
            Face::Restconf(restconf) => restconf.settle_time,
            Face::Nvue(nvue) => nvue.settle_time,
            Face::Cli(_) | Face::Ovsdb(_) => BRIEF_SETTLE_TIME,
        }
    }

    /// What Ironic calls this kind of switch: `netconf_openconfig`,
    /// `gnmi_openconfig`, `cli_cisco_ios`.
    pub fn device_type(&self) -> String {
        format!("{}_{}", self.protocol().as_str(), self.identity.dialect)
    }

    /// The files that its entry names.
    pub(crate) fn files(&self) -> Vec<&Path> {
        let mut secrets = vec![&self.identity.credentials.password, &self.identity.credentials.enable_secret];
        let mut files: Vec<&Path> = Vec::new();
        if let Some(ssh) = self.face.ssh() {
            secrets.extend([&ssh.key, &ssh.passphrase]);
            if let HostKey::KnownHosts(known) = &ssh.host_key {
                files.extend(known.iter().map(PathBuf::as_path));
            }
        }
        files.extend(self.face.tls().into_iter().flat_map(TlsSettings::files));
        files.extend(secrets.into_iter().flatten().filter_map(SecretRef::file));
        files
    }

    /// Whether any of its secrets is written in the inventory file itself.
    pub(crate) fn has_inline_secrets(&self) -> bool {
        let Credentials { password, enable_secret } = &self.identity.credentials;
        // The key of TLS is in a file, always.
        let (key, passphrase) = self.face.ssh().map_or((&None, &None), |ssh| (&ssh.key, &ssh.passphrase));
        [password, enable_secret, key, passphrase].into_iter().flatten().any(SecretRef::is_inline)
    }
}
