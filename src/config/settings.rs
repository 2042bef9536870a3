use super::audit::{self, AuditLog};
use super::call_home::{self, CallHome};
use super::callers;
use super::dialects::Dialects;
use super::digest;
use super::etcd::{self, Etcd};
use super::fields::{Table, Value};
use super::fleet::{self, Fleet};
use super::keystone;
use super::limits;
use super::log::{self, Log, LogFormat, LogLevel};
use super::policy::CallerPolicy;
use super::reader::Reader;
use super::socket::{self, Socket};
use super::source::{self, FileAccess};
use super::tls::{self, Tls};
use super::toml_tree;
use super::traces::{self, Collector};
use crate::auth::{DigestOptions, KeystoneOptions};
use crate::finding::{Code, Finding, Findings};
use crate::inventory::{SecretRef, TeamRules};
use mercury_adapter::Budget;
use mercury_model::VlanSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The configuration file may be this big, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// How often files are looked at where nothing is said.
const RELOAD_INTERVAL: Duration = Duration::from_secs(5);

/// How the service runs; every option of `mercury.toml`.
///
/// Paths in the file are relative to the directory of the file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `listen`: the address and port to serve on; 127.0.0.1:6190.
    pub listen: SocketAddr,
    /// `metrics_listen`: an address and port for `/metrics` alone; by default it is at
    /// `listen`, where anybody may read it as `/healthz`.
    pub metrics_listen: Option<SocketAddr>,
    /// `auth`: how callers are told apart, `"noauth"`, or one or several of
    /// `"http_basic"`, `"http_digest"`, `"mtls"` and `"keystone"`; noauth.
    pub auth: Vec<AuthKind>,
    /// `htpasswd`: the file of users and bcrypt hashes that `http_basic` needs; none.
    pub htpasswd: Option<PathBuf>,
    /// `[digest]`: what `http_digest` needs; none.
    pub digest: Option<DigestOptions>,
    /// `allow_remote_noauth`: take requests without credentials on an address
    /// that other machines reach; false. `auth = "noauth"` must be written too.
    pub allow_remote_noauth: bool,
    /// `allow_plaintext_passwords`: take the passwords of `http_basic` without TLS on an
    /// address that other machines reach; false. `auth` must be written too.
    pub allow_plaintext_passwords: bool,
    /// `[tls]`: TLS instead of plain HTTP; none.
    pub tls: Option<Tls>,
    /// `[keystone]`: what `keystone` needs; none.
    pub keystone: Option<KeystoneOptions>,
    /// `[socket]`: a socket of the file system beside `listen`; none.
    pub socket: Option<Socket>,
    /// `[call_home]`: where switches call that connect by themselves; none.
    pub call_home: Option<CallHome>,
    /// `switches`: the inventory files, Mercury's TOML or Ironic's INI; none.
    pub switches: Vec<PathBuf>,
    /// `allowed_vlans`: the VLANs that may be configured on a switch that does
    /// not say so itself; absent means all, empty means none.
    pub allowed_vlans: Option<VlanSet>,
    /// `rules`: files of the network team's own rules (`config/rules.md`), which hold
    /// for every request; none. A mistake in one keeps the service from its start.
    pub rules: TeamRules,
    /// `dialects`: a folder of the operator's own dialects, each a file like those of
    /// `adapters/dialects`, above those built in; none. A mistake in one keeps the
    /// service from its start.
    pub dialects: Dialects,
    /// `dialects`: that folder.
    pub dialect_folder: Option<PathBuf>,
    /// `rules`: those files.
    pub rule_files: Vec<PathBuf>,
    /// `policy`: a file of what each caller may ask for (`config/operating.md`); without
    /// one everybody who is let in may ask for everything. A mistake in it keeps the
    /// service from its start.
    pub policy: Option<Arc<CallerPolicy>>,
    /// `policy`: that file.
    pub policy_file: Option<PathBuf>,
    /// `reload_interval`: how often is looked whether a file has changed that was read
    /// at the start, 1 to 3600 s, or 0, and `None`, for never; 5 s. One that has changed
    /// and not since the look before is read again, with all others; so does SIGHUP.
    pub reload_interval: Option<Duration>,
    /// `known_hosts`: files of SSH host keys for switches that name none of
    /// their own; `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`. A file
    /// that is named here must exist, the default ones need not.
    pub known_hosts: Vec<PathBuf>,
    /// `secret_files`: who may be able to read a file that holds a secret,
    /// `"owner"`, `"group"` or `"any"`; owner. Secrets that Kubernetes mounts
    /// with `fsGroup` need group.
    pub secret_files: FileAccess,
    /// `lock_dir`: where lock files are made, so that the Mercury processes of
    /// one host do not change a switch at the same time; what systemd's
    /// `RuntimeDirectory=` gives, `/run/lock/mercury`, or the user's own folder
    /// below the one for temporary files.
    pub lock_dir: Option<PathBuf>,
    /// `[etcd]`: what keeps the Mercury processes of several hosts apart,
    /// instead of lock files; none.
    pub etcd: Option<Etcd>,
    /// `[fleet]`: several Mercurys that hand requests to whoever of them has the switch;
    /// none.
    pub fleet: Option<Fleet>,
    /// `[audit]`: the audit log; none.
    pub audit: Option<AuditLog>,
    /// `[traces]`: the collector of OpenTelemetry traces; none.
    pub traces: Option<Collector>,
    /// `status_page`: whether `GET /` shows people how the service is; where nothing is
    /// said, where `listen` is a loopback address.
    pub status_page: Option<bool>,
    /// `[limits]`: what one caller may cost.
    pub limits: Limits,
    /// `[log]`: what is told on standard error.
    pub log: Log,
}

/// What one caller may cost; the `[limits]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, in bytes, 1024 to 16777216; 262144 (256 KiB).
    pub max_body_bytes: usize,
    /// The deepest nesting of JSON, 4 to 100; 32.
    pub max_json_depth: usize,
    /// Connections at a time, 1 to 65536; 1024.
    pub max_connections: usize,
    /// Connections at a time from one address (IPv6: one /64), 1 to 65536; half
    /// of `max_connections`.
    pub max_connections_per_peer: usize,
    /// Requests under way at a time, over all connections, 1 to 65536; 1024.
    pub max_in_flight: usize,
    /// Memory that the replies of switches may take together while they arrive
    /// and are understood, in bytes, 1048576 (1 MiB) to 68719476736 (64 GiB);
    /// 268435456 (256 MiB). A reply may have 64 MiB.
    pub max_replies_bytes: usize,
    /// How long a request's headers may take to arrive, 1 to 60 s; 10 s.
    pub header_timeout: Duration,
    /// How long a request's body may take to arrive, 1 to 300 s; 20 s.
    pub body_timeout: Duration,
    /// How long a caller may take to take an answer, 1 to 300 s; 20 s.
    pub answer_timeout: Duration,
    /// How long one request may take, 1 to 3600 s; 110 s, which is less than
    /// the 120 s after which Ironic's client gives up.
    pub request_timeout: Duration,
    /// How long the process may take to end after the signal to stop, 3 to 3600 s;
    /// 25 s, which is less than any supervisor waits (Kubernetes 30 s, systemd 90 s).
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_body_bytes: 256 * 1024,
            max_json_depth: 32,
            max_connections: 1024,
            max_connections_per_peer: 512,
            max_in_flight: 1024,
            max_replies_bytes: Budget::DEFAULT,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(20),
            answer_timeout: Duration::from_secs(20),
            request_timeout: Duration::from_secs(110),
            stop_timeout: Duration::from_secs(25),
        }
    }
}

impl Limits {
    /// How many requests for one switch may be under way at a time: a quarter of
    /// what one peer may have, so that a switch that does not answer leaves the
    /// rest to the others.
    #[must_use]
    pub fn per_switch(&self) -> usize {
        (self.max_connections.min(self.max_connections_per_peer).min(self.max_in_flight) / 4).max(1)
    }
}

/// How callers are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthKind {
    /// Everybody who reaches the port may ask.
    Noauth,
    /// HTTP Basic (RFC 7617) against the htpasswd file.
    HttpBasic,
    /// HTTP Digest (RFC 7616) by `[digest]`.
    HttpDigest,
    /// The certificates of callers, by `[tls]`.
    Mtls,
    /// Tokens in `X-Auth-Token`, by `[keystone]`.
    Keystone,
}

/// What the command line says; it goes before the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Instead of `listen`.
    pub listen: Option<SocketAddr>,
    /// Instead of `auth`, unless empty.
    pub auth: Vec<AuthKind>,
    /// Instead of `htpasswd`.
    pub htpasswd: Option<PathBuf>,
    /// Instead of `allow_remote_noauth`.
    pub allow_remote_noauth: Option<bool>,
    /// Instead of `allow_plaintext_passwords`.
    pub allow_plaintext_passwords: Option<bool>,
    /// Instead of `switches`, unless empty.
    pub switches: Vec<PathBuf>,
    /// Instead of `allowed_vlans`.
    pub allowed_vlans: Option<VlanSet>,
    /// Instead of `rules`, unless empty.
    pub rules: Vec<PathBuf>,
    /// Instead of `dialects`.
    pub dialects: Option<PathBuf>,
    /// Instead of `known_hosts`, unless empty.
    pub known_hosts: Vec<PathBuf>,
    /// Instead of `secret_files`.
    pub secret_files: Option<FileAccess>,
    /// Instead of `log.format`.
    pub log_format: Option<LogFormat>,
    /// Instead of `log.level`.
    pub log_level: Option<LogLevel>,
}

impl Settings {
    /// Whether `GET /` shows people how the service is.
    #[must_use]
    pub fn shows_status(&self) -> bool {
        self.status_page.unwrap_or_else(|| self.listen.ip().to_canonical().is_loopback())
    }

    /// Reads the settings; without a file, the defaults and the overrides.
    ///
    /// # Errors
    /// Everything of error severity that is wrong, all at once. Warnings are
    /// told by [`super::check`] alone.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, Findings> {
        let (settings, findings) = read(path, overrides);
        if findings.has_errors() { Err(findings) } else { Ok(settings) }
    }
}

/// The settings, with the default for whatever was wrong.
pub(super) fn read(path: Option<&Path>, overrides: &Overrides) -> (Settings, Findings) {
    let mut findings = Findings::default();
    let (table, mode) = path.map(|path| root(path, &mut findings)).unwrap_or_default();
    let file = path.unwrap_or(Path::new(""));
    if findings.has_errors() {
        // What a file lacks that could not be read is no news.
        return (settings(file, &table, overrides, &mut Findings::default()), findings);
    }
    let settings = settings(file, &table, overrides, &mut findings);
    exposed(file, mode, &settings, &mut findings);
    (settings, findings)
}

/// The file's table, and the permission bits of the file.
fn root(path: &Path, findings: &mut Findings) -> (Table, u32) {
    match source::read(path, MAX_FILE) {
        Ok(source) => (toml_tree::parse(path, &source.text, findings), source.mode),
        Err(error) => {
            findings.push(error.finding());
            (Table::default(), 0)
        }
    }
}

/// A file that holds a password must be as private as a password's own file.
fn exposed(file: &Path, mode: u32, settings: &Settings, findings: &mut Findings) {
    let etcd = settings.etcd.as_ref().and_then(|etcd| etcd.password.as_ref());
    let keystone = settings.keystone.as_ref().map(|keystone| &keystone.password);
    for (field, password) in [("etcd.password", etcd), ("keystone.password", keystone)] {
        if password.is_some_and(SecretRef::is_inline) && !settings.secret_files.permits(mode) {
            let message = format!("is in a file of mode {mode:03o}, and others may read it");
            let finding = Finding::error(Code::FilePermissions, message).field(field).at(file, None);
            let advice = settings.secret_files.advice();
            findings.push(finding.help(format!("{advice}, or put the password in a file of its own")));
        }
    }
}

/// What the settings are called usually, and what to say where they lie there and were not named.
const USUAL: &str = "mercury.toml";
const UNREAD: &str = "mercury.toml lies here and was not read, since nothing named it: --config mercury.toml";

/// Every key of the top level.
pub(super) const KEYS: &[&str] = &[
    "listen",
    "metrics_listen",
    "auth",
    "htpasswd",
    "allow_remote_noauth",
    "allow_plaintext_passwords",
    "tls",
    "digest",
    "socket",
    "keystone",
    "call_home",
    "switches",
    "allowed_vlans",
    "rules",
    "dialects",
    "policy",
    "reload_interval",
    "known_hosts",
    "secret_files",
    "lock_dir",
    "etcd",
    "fleet",
    "audit",
    "traces",
    "status_page",
    "limits",
    "log",
];
fn settings(file: &Path, table: &Table, overrides: &Overrides, findings: &mut Findings) -> Settings {
    let limits = limits::read(file, &sub_table(file, table, "limits", findings), findings);
    let log = log::read(file, &sub_table(file, table, "log", findings), overrides, findings);
    let access = secret_files(file, table, overrides, findings);
    let audit = audit::read(file, table, findings);
    let etcd = etcd::read(file, table, access, findings);
    let fleet = fleet::read(file, table, access, findings);
    let tls = tls::read(file, table, access, findings);
    let digest = digest::read(file, table, findings);
    let socket = socket::read(file, table, findings);
    let keystone = keystone::read(file, table, access, findings);
    let traces = traces::read(file, table, findings);
    let call_home = call_home::read(file, table, findings);
    let mut reader = Reader::new(file, "", table, findings);
    reader.refuse_unknown(KEYS, |key| {
        let is_switch_file = ["switch", "defaults"].contains(&key);
        is_switch_file.then(|| "that is of a file of switches, which `switches` or --switches names".to_owned())
    });

    let listen = reader.parsed("listen");
    let metrics_listen = reader.parsed("metrics_listen");
    let auth = callers::kinds(&mut reader, &overrides.auth);
    let rules = instead(&overrides.rules, reader.paths("rules")).unwrap_or_default();
    let dialects = replaced(&overrides.dialects, reader.path("dialects"));
    let mut settings = Settings {
        listen: overrides.listen.or(listen).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 6190))),
        metrics_listen,
        auth: auth.clone().unwrap_or_else(|| vec![AuthKind::Noauth]),
        htpasswd: replaced(&overrides.htpasswd, reader.path("htpasswd")),
        allow_remote_noauth: replaced(&overrides.allow_remote_noauth, reader.flag("allow_remote_noauth"))
            .unwrap_or(false),
        allow_plaintext_passwords: replaced(
            &overrides.allow_plaintext_passwords,
            reader.flag("allow_plaintext_passwords"),
        )
        .unwrap_or(false),
        tls,
        digest,
        socket,
        keystone,
        call_home,
        switches: instead(&overrides.switches, reader.paths("switches")).unwrap_or_default(),
        allowed_vlans: replaced(&overrides.allowed_vlans, reader.vlans("allowed_vlans")),
        rules: TeamRules::default(),
        dialects: Dialects::default(),
        dialect_folder: None,
        rule_files: Vec::new(),
        policy: None,
        policy_file: reader.path("policy"),
        reload_interval: Some(reader.duration("reload_interval", 0..=3600).unwrap_or(RELOAD_INTERVAL))
            .filter(|interval| !interval.is_zero()),
        known_hosts: known_hosts(&mut reader, &overrides.known_hosts, access),
        secret_files: access,
        lock_dir: reader.path("lock_dir"),
        etcd,
        fleet,
        audit,
        traces,
        status_page: reader.flag("status_page"),
        limits,
        log,
    };
    // A word that was not understood is no ground for more findings.
    if auth.is_some() || reader.find("auth").is_none() {
        callers::check(&mut reader, &settings, auth.is_some());
    }
    if settings.switches.is_empty() && reader.find("switches").is_none() {
        let finding = Finding::warning(Code::NoSwitches, "no inventory file is named");
        let is_unread = file == Path::new("") && Path::new(USUAL).is_file();
        reader.blame_key("switches", finding.help(if is_unread { UNREAD } else { "switches = [\"inventory.toml\"]" }));
    }
    settings.rules = TeamRules::load(&rules, findings);
    if let Some(folder) = dialects {
        settings.dialects = Dialects::load(&folder, findings);
        settings.dialect_folder = Some(folder);
    }
    settings.rule_files = rules;
    settings.policy = settings.policy_file.as_ref().map(|file| Arc::new(CallerPolicy::load(file, findings)));
    settings
}

/// Read before the rest, which has secrets in it.
fn secret_files(file: &Path, table: &Table, overrides: &Overrides, findings: &mut Findings) -> FileAccess {
    let words = [("owner", FileAccess::Owner), ("group", FileAccess::Group), ("any", FileAccess::Any)];
    let said = Reader::new(file, "", table, findings).choice("secret_files", &words);
    overrides.secret_files.or(said).unwrap_or_default()
}

fn known_hosts(reader: &mut Reader<'_>, overrides: &[PathBuf], access: FileAccess) -> Vec<PathBuf> {
    let named = instead(overrides, reader.paths("known_hosts"));
    let Some(named) = named else {
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
        let own = home.map(|home| Path::new(&home).join(".ssh/known_hosts"));
        return own.into_iter().chain([PathBuf::from("/etc/ssh/ssh_known_hosts")]).collect();
    };
    for path in named.iter().filter(|path| access != FileAccess::Unasked && !path.is_file()) {
        let message = format!("{} is not a file", path.display());
        reader.blame_key("known_hosts", Finding::error(Code::Unreadable, message));
    }
    named
}

pub(super) fn sub_table(file: &Path, table: &Table, key: &str, findings: &mut Findings) -> Table {
    match table.entries.get(key) {
        None => Table::default(),
        Some(entry) => match &entry.value {
            Value::Table(table) => table.clone(),
            other => {
                let message = format!("must be a table, not {}", other.type_name());
                findings.push(Finding::error(Code::WrongType, message).field(key).at(file, Some(entry.line)));
                Table::default()
            }
        },
    }
}

fn replaced<T: Clone>(flag: &Option<T>, file: Option<T>) -> Option<T> {
    flag.clone().or(file)
}

fn instead(flags: &[PathBuf], file: Option<Vec<PathBuf>>) -> Option<Vec<PathBuf>> {
    if flags.is_empty() { file } else { Some(flags.to_vec()) }
}
