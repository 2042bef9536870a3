//! What the service takes of its own machine: a folder for locks, places for the audit log
//! and the socket, and file descriptors.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

use crate::{
    audit,
    config::{Limits, Settings, source},
    finding::{Code, Finding, Findings},
    inventory::{HostKey, Inventory, Switch, UNIX},
    lock::LockFiles,
};

/// Descriptors beside those of callers and switches: standard streams, the
/// listener, the runtime's own, files that are read.
const OTHERS: u64 = 128;
/// A session with a switch, and its lock file.
const PER_SWITCH: u64 = 2;

/// What is missing; nothing is made or changed.
pub(super) fn check(settings: &Settings, switches: usize) -> Findings {
    let mut findings = Findings::default();
    if settings.etcd.is_none()
        && let Err(error) = LockFiles::new(settings.lock_dir.clone()).check()
    {
        findings.push(Finding::error(Code::Machine, error.to_string()).field("lock_dir"));
    }
    let need = descriptors(&settings.limits, switches);
    let most = getrlimit(Resource::Nofile).maximum;
    if most.is_some_and(|most| most < need) {
        let message = format!("{need} file descriptors may be needed, and {} can be had", most.unwrap_or_default());
        let finding = Finding::warning(Code::Machine, message).field("limits.max_connections");
        findings.push(finding.help("raise the hard limit (systemd: LimitNOFILE=), or lower max_connections"));
    }
    findings
}

/// What `serve` would not get of the places that it opens; nothing is made or changed.
pub(super) fn places(settings: &Settings) -> Findings {
    let mut findings = Findings::default();
    if let Some(Err(error)) = settings.audit.as_ref().map(audit::check) {
        findings.push(Finding::error(Code::Machine, error.to_string()).field("audit"));
    }
    if let Some((path, Err(error))) = settings.socket.as_ref().map(|socket| (&socket.path, takes_socket(&socket.path)))
    {
        findings.push(Finding::error(Code::Machine, format!("{}: {error}", path.display())).field("socket.path"));
    }
    findings
}

/// A socket may be there already, of this service or of one that died.
fn takes_socket(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => return Err(io::Error::other("it is there and is no socket")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(_) | Err(_) => {}
    }
    source::is_folder_open(path)
}

/// What is missing here for the switches; none of them is called.
pub(super) fn for_switches(inventory: &Inventory) -> Findings {
    let mut findings = Findings::default();
    let mut unknown: BTreeMap<&[PathBuf], Vec<&Switch>> = BTreeMap::new();
    for switch in inventory {
        if let Some(HostKey::KnownHosts(files)) = switch.face.ssh().map(|ssh| &ssh.host_key)
            && !files.iter().any(|file| file.is_file())
        {
            unknown.entry(files).or_default().push(switch);
        }
        findings.merge(closed_socket(switch).into_iter().collect());
    }
    findings.merge(unknown.into_iter().filter_map(|(files, switches)| no_host_keys(files, &switches)).collect());
    findings
}

/// One finding for all of the switches whose keys are looked for in these files.
fn no_host_keys(files: &[PathBuf], switches: &[&Switch]) -> Option<Finding> {
    let (first, others) = switches.split_first()?;
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let others = match others.len() {
        0 => String::new(),
        1 => " (and that of 1 other)".to_owned(),
        count => format!(" (and those of {count} others)"),
    };
    let message = format!("its SSH host key{others} is looked for in {}, and no such file is there", files.join(", "));
    let finding = Finding::warning(Code::NoHostKeys, message);
    let help = "every login ends with host-key: name a file with known_hosts in mercury.toml, or put one there, with \
                keys that were compared with those at the switches' consoles";
    Some(finding.field(format!("switch.{}.known_hosts", first.identity.name)).help(help))
}

/// Whether the socket of a switch of this machine can be written to.
fn closed_socket(switch: &Switch) -> Option<Finding> {
    let path = switch.identity.address.strip_prefix(UNIX)?;
    let error = io::Error::from(access(path, Access::WRITE_OK).err()?);
    let finding = Finding::warning(Code::SwitchSocket, format!("{path}: {error}"));
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied => "let the user that Mercury runs as write to it: operating.md says how",
        _ => "is what serves it started, and is this its path?",
    };
    Some(finding.field(format!("switch.{}.address", switch.identity.name)).help(help))
}

/// Keeps the memory of the process, which has passwords in it, from core dumps and from
/// debuggers of its user.
pub(super) fn hide() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let hidden = setrlimit(Resource::Core, none).and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    if let Err(error) = hidden {
        tracing::warn!(%error, "core dumps could not be turned off, and they have passwords in them");
    }
}

/// Raises the soft limit of file descriptors to what the service needs, as far as it goes.
pub(super) fn provide(limits: &Limits, switches: usize) {
    raise(descriptors(limits, switches));
}

/// The same for so many simulated switches: two listeners each, and a session
/// that may be followed by another before it has ended.
pub(super) fn provide_simulated(switches: usize) {
    raise(number(switches).saturating_mul(4).saturating_add(OTHERS));
}

fn raise(need: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= need) {
        return;
    }
    let current = limit.maximum.map_or(need, |most| most.min(need));
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit }) {
        tracing::warn!(%error, need, "the limit of file descriptors could not be raised");
    }
}

fn descriptors(limits: &Limits, switches: usize) -> u64 {
    let switches = number(switches).saturating_mul(PER_SWITCH);
    number(limits.max_connections).saturating_add(switches).saturating_add(OTHERS)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::for_switches;
    use crate::{
        finding::Code,
        inventory::{Face, HostKey, Inventory, NetconfSettings, NetconfTransport, OvsdbSettings, SshSettings, Switch},
    };

    fn found(switches: Vec<Switch>) -> Vec<(Code, String)> {
        let findings = for_switches(&switches.into_iter().collect::<Inventory>());
        findings.iter().map(|finding| (finding.code, finding.to_string())).collect()
    }

    #[test]
    fn host_keys_that_are_looked_for_where_no_file_is_are_told_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let [absent, there] = ["absent", "known_hosts"].map(|name| folder.path().join(name));
        std::fs::write(&there, "").unwrap();
        let switch = |name: &str, host_key: HostKey| {
            let mut switch = Switch::new(name, "192.0.2.1", "openconfig", "mercury");
            let transport = NetconfTransport::Ssh(SshSettings { host_key, ..SshSettings::default() });
            switch.face = Face::Netconf(NetconfSettings { transport, ..NetconfSettings::default() });
            switch
        };
        let unknown = || HostKey::KnownHosts(vec![absent.clone()]);
        let told =
            found(vec![switch("leaf1", unknown()), switch("leaf2", unknown()), switch("leaf3", HostKey::Insecure)]);
        assert_eq!(told.len(), 1, "{told:?}");
        let (code, words) = &told[0];
        assert!(*code == Code::NoHostKeys && words.contains("leaf1") && words.contains("1 other"), "{words}");
        assert!(words.contains(absent.to_str().unwrap()), "{words}");
        assert_eq!(found(vec![switch("leaf1", HostKey::KnownHosts(vec![absent, there]))]), []);
    }

    #[test]
    fn a_switch_s_socket_that_is_not_there_is_told() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("db.sock");
        let switch = || {
            let mut switch = Switch::new("ovs1", &format!("unix:{}", path.display()), "netmiko_ovs_linux", "");
            switch.face = Face::Ovsdb(OvsdbSettings::default());
            switch
        };
        let told = found(vec![switch()]);
        assert!(matches!(&told[..], [(Code::SwitchSocket, words)] if words.contains("db.sock")), "{told:?}");
        let _listener = UnixListener::bind(&path).unwrap();
        assert_eq!(found(vec![switch()]), []);
    }
}
