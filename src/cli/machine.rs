//! What the service takes of its own machine: a folder for locks, places for the audit log
//! and the socket, and file descriptors.

use std::{fs, io, os::unix::fs::FileTypeExt as _, path::Path};

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

use crate::{
    audit,
    config::{Limits, Settings, source},
    finding::{Code, Finding, Findings},
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
