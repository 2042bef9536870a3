//! Simulated switches in processes of their own, so that what is measured is
//! Mercury.
#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name it lacks is null")]

use std::{path::Path, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::BenchArguments;
use crate::{
    cli::{Failure, Spoken},
    config::FileAccess,
    inventory::{
        ClientCertificate, ConfirmedCommit, Face, GnmiSettings, HostKey, NetconfSettings, NetconfTransport,
        RestconfSettings, SecretRef, SshSettings, Switch, Tls, TlsSettings,
    },
};

/// Switches of one process: a process may have some 20,000 descriptors on many
/// systems, and each switch takes up to four.
const PER_PROCESS: usize = 2_000;

/// The processes, and what they said of their switches.
pub(super) struct Simulators {
    processes: Vec<Process>,
    protocol: Spoken,
    confirm: bool,
}

struct Process {
    child: Child,
    owner: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    described: Vec<Value>,
}

impl Simulators {
    /// Starts `count` switches with `ports` ports each.
    pub(super) async fn start(count: usize, ports: u16, arguments: &BenchArguments) -> Result<Self, Failure> {
        let mut processes = Vec::new();
        for first in (0..count).step_by(PER_PROCESS) {
            let count = PER_PROCESS.min(count - first);
            processes.push(Process::start(first, count, ports, arguments, None).await?);
        }
        Ok(Self { processes, protocol: arguments.protocol, confirm: !arguments.no_confirm })
    }

    /// Three switches: one for SSH, one for TLS, and one for RESTCONF; certificates go into a
    /// folder.
    pub(super) async fn by_all(folder: &Path, arguments: &BenchArguments) -> Result<Self, Failure> {
        let process = Process::start(0, 3, 8, arguments, Some(folder)).await?;
        Ok(Self { processes: vec![process], protocol: Spoken::Netconf, confirm: !arguments.no_confirm })
    }

    /// Their entries.
    pub(super) fn by_each(&self) -> Result<[Switch; 3], Failure> {
        let described: Vec<&Value> = self.processes.iter().flat_map(|process| &process.described).collect();
        let [ssh, tls, restconf] = described[..] else {
            return Err(Failure::Other("the simulator has no three switches".to_owned()));
        };
        let netconf = |described| entry(described, Spoken::Netconf, self.confirm);
        Ok([netconf(ssh)?, by_tls(tls, netconf(tls)?)?, by_restconf(restconf, netconf(restconf)?)?])
    }

    /// The switches, as entries of an inventory.
    pub(super) fn entries(&self) -> Result<Vec<Switch>, Failure> {
        let described = self.processes.iter().flat_map(|process| &process.described);
        described.map(|described| entry(described, self.protocol, self.confirm)).collect()
    }

    /// Stops them; how many edits each has taken: an edit-config, or a Set that
    /// changes anything.
    pub(super) async fn stop(self) -> Result<Vec<u64>, Failure> {
        let mut edits = Vec::new();
        for process in self.processes {
            edits.extend(process.stop().await?);
        }
        Ok(edits)
    }
}

impl Process {
    async fn start(
        first: usize,
        count: usize,
        ports: u16,
        arguments: &BenchArguments,
        tls: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe().map_err(Failure::because)?)
            .args(["simulate", "--output", "json", "--count-until-eof"])
            .args(["--name", &format!("simulated{first}-")])
            .args(["--count", &count.to_string(), "--ports", &ports.to_string()])
            .args(["--round-trip-ms", &arguments.round_trip_ms.to_string()])
            .args(["--commit-ms", &arguments.commit_ms.to_string()])
            .args((arguments.protocol == Spoken::Gnmi).then_some("--gnmi"))
            .args(tls.map(|_| "--restconf"))
            .args(tls.iter().flat_map(|folder| ["--tls".as_ref(), folder.as_os_str()]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::because)?;
        let output = child.stdout.take().ok_or_else(|| Failure::Other("the simulator has no output".to_owned()))?;
        let (owner, lines) = (child.stdin.take(), BufReader::new(output).lines());
        let mut process = Self { child, owner, lines, described: Vec::new() };
        for _ in 0..count {
            let described = process.line().await?;
            process.described.push(described);
        }
        Ok(process)
    }

    async fn stop(mut self) -> Result<Vec<u64>, Failure> {
        drop(self.owner.take());
        let mut edits = Vec::new();
        for _ in 0..self.described.len() {
            let counted = self.line().await?;
            edits.push(counted["edits"].as_u64().unwrap_or_default());
        }
        self.child.wait().await.map_err(Failure::because)?;
        Ok(edits)
    }

    async fn line(&mut self) -> Result<Value, Failure> {
        let line = self.lines.next_line().await.map_err(Failure::because)?;
        let line = line.ok_or_else(|| Failure::Other("the simulator ended early".to_owned()))?;
        serde_json::from_str(&line).map_err(Failure::because)
    }
}

fn by_tls(described: &Value, switch: Switch) -> Result<Switch, Failure> {
    let text = |name: &str| described[name].as_str().unwrap_or_default();
    let pin = text("tls_certificate_pin").parse().map_err(Failure::because)?;
    let key = SecretRef::File { path: text("tls_key").into(), access: FileAccess::Owner };
    let tls = TlsSettings {
        trust: Tls::Pinned(vec![pin]),
        server_name: None,
        client: Some(ClientCertificate { chain: text("tls_cert").into(), key }),
    };
    let Face::Netconf(netconf) = switch.face else { return Err(Failure::Other("no NETCONF".to_owned())) };
    let mut identity = switch.identity;
    identity.port = described["tls_port"].as_u64().and_then(|port| u16::try_from(port).ok());
    let face = Face::Netconf(NetconfSettings { transport: NetconfTransport::Tls(tls), ..netconf });
    Ok(Switch { identity, face, ..switch })
}

fn by_restconf(described: &Value, switch: Switch) -> Result<Switch, Failure> {
    let pin = described["restconf_certificate_pin"].as_str().unwrap_or_default();
    let trust = Tls::Pinned(vec![pin.parse().map_err(Failure::because)?]);
    let tls = TlsSettings { trust, ..TlsSettings::default() };
    let mut identity = switch.identity;
    identity.port = described["restconf_port"].as_u64().and_then(|port| u16::try_from(port).ok());
    Ok(Switch { identity, face: Face::Restconf(RestconfSettings { tls, ..RestconfSettings::default() }), ..switch })
}

fn entry(described: &Value, protocol: Spoken, confirm: bool) -> Result<Switch, Failure> {
    let text = |name: &str| described[name].as_str().unwrap_or_default().to_owned();
    let mut switch = Switch::new(&text("name"), &text("address"), "openconfig", &text("username"));
    let port = if protocol == Spoken::Gnmi { "gnmi_port" } else { "port" };
    switch.identity.port = described[port].as_u64().and_then(|port| u16::try_from(port).ok());
    switch.identity.credentials.password = Some(SecretRef::Inline(text("password").into()));
    if protocol == Spoken::Gnmi {
        let trust = Tls::Pinned(vec![text("gnmi_certificate_pin").parse().map_err(Failure::because)?]);
        let tls = TlsSettings { trust, ..TlsSettings::default() };
        switch.face = Face::Gnmi(GnmiSettings { tls, confirmed_commit: Some(confirm), ..GnmiSettings::default() });
        return Ok(switch);
    }
    let host_key = HostKey::Fingerprints(vec![text("host_key_fingerprint").parse().map_err(Failure::because)?]);
    let confirmed_commit = if confirm { ConfirmedCommit::Auto } else { ConfirmedCommit::Off };
    switch.face = Face::Netconf(NetconfSettings {
        transport: NetconfTransport::Ssh(SshSettings { host_key, ..SshSettings::default() }),
        confirmed_commit,
        ..NetconfSettings::default()
    });
    Ok(switch)
}
