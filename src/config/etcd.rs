//! The `[etcd]` table.

use super::fields::{Entry, Table, Value};
use super::reader::Reader;
use super::servers;
use super::source::FileAccess;
use crate::finding::{Code, Finding, Findings};
use crate::inventory::{SecretRef, read_secret};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An etcd (3.4 or later) that keeps the Mercury processes of several hosts
/// apart; it takes a build with the feature `etcd`.
///
/// Every host must give a switch the same address: that is what its lock is
/// called.
#[derive(Debug, Clone, PartialEq)]
pub struct Etcd {
    /// `endpoints`: where its members take clients, 1 to 16 addresses such as
    /// `http://192.0.2.1:2379`; required. The first that answers is used until
    /// it fails.
    pub endpoints: Vec<String>,
    /// `prefix`: what the keys of locks begin with; `/mercury/locks`. The user
    /// needs to read and write below it, and nothing else.
    pub prefix: String,
    /// `lease_ttl`: how long after its death a process keeps its switches from
    /// the others, 2 to 300 s; 10 s. An etcd that cannot be asked for so long
    /// ends every change that has not been sent yet.
    pub lease_ttl: Duration,
    /// `timeout`: how long etcd may take to connect or to answer, 1 to 60 s; 2 s.
    pub timeout: Duration,
    /// `username`: whom Mercury is to etcd; nobody.
    pub username: Option<String>,
    /// `password`: that user's, as text or `{ file = "..." }` or
    /// `{ env = "NAME" }`; needed with `username`.
    pub password: Option<SecretRef>,
    /// `ca`: a file of certificates (PEM) one of which has signed that of
    /// etcd; those the system trusts.
    pub ca: Option<PathBuf>,
    /// `cert`: a file with Mercury's own certificate (PEM), if etcd asks for
    /// one; needs `key`.
    pub cert: Option<PathBuf>,
    /// `key`: the file with its private key (PEM).
    pub key: Option<SecretRef>,
}

impl Etcd {
    /// The one at these endpoints, with the default for everything else.
    #[must_use]
    pub fn at(endpoints: Vec<String>) -> Self {
        Self {
            endpoints,
            prefix: "/mercury/locks".to_owned(),
            lease_ttl: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            username: None,
            password: None,
            ca: None,
            cert: None,
            key: None,
        }
    }
}

/// Every key of the table.
pub(super) const KEYS: &[&str] =
    &["endpoints", "prefix", "lease_ttl", "timeout", "username", "password", "ca", "cert", "key"];

/// How many endpoints there may be.
const MOST: usize = 16;

/// Reads the table, if the file has one.
pub(super) fn read(file: &Path, root: &Table, access: FileAccess, findings: &mut Findings) -> Option<Etcd> {
    let Entry { line, value } = root.entries.get("etcd")?;
    let Value::Table(table) = value else {
        let message = format!("must be a table, not {}", value.type_name());
        findings.push(Finding::error(Code::WrongType, message).field("etcd").at(file, Some(*line)));
        return None;
    };
    if !cfg!(feature = "etcd") {
        let finding = Finding::error(Code::NotBuilt, "this mercury was built without etcd").field("etcd");
        findings.push(finding.at(file, Some(*line)).help("cargo build --release --features etcd, which takes protoc"));
    }
    let mut reader = Reader::new(file, "etcd", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    reader.require("endpoints");
    let default = Etcd::at(endpoints(&mut reader));
    let etcd = Etcd {
        prefix: prefix(&mut reader).unwrap_or(default.prefix),
        lease_ttl: reader.duration("lease_ttl", 2..=300).unwrap_or(default.lease_ttl),
        timeout: reader.duration("timeout", 1..=60).unwrap_or(default.timeout),
        username: reader.text("username"),
        password: read_secret(&mut reader, "password", access),
        ca: file_of(&mut reader, "ca"),
        cert: file_of(&mut reader, "cert"),
        key: reader.path("key").map(|path| SecretRef::File { path, access }),
        endpoints: default.endpoints,
    };
    pairs(&mut reader, &etcd);
    Some(etcd)
}

fn endpoints(reader: &mut Reader<'_>) -> Vec<String> {
    let mut endpoints = Vec::new();
    for (text, found) in reader.texts("endpoints").unwrap_or_default() {
        if is_endpoint(&text) {
            endpoints.push(text.trim_end_matches('/').to_owned());
        } else {
            // Not repeated: somebody may have put a password into it.
            let message = "must be addresses like http://192.0.2.1:2379 or https://etcd1.example.org:2379";
            reader.blame(&found, Finding::error(Code::BadValue, message));
        }
    }
    if endpoints.len() > MOST || (endpoints.is_empty() && !reader.failed()) {
        let message = format!("must be 1 to {MOST} addresses, not {}", endpoints.len());
        reader.blame_key("endpoints", Finding::error(Code::OutOfRange, message));
    }
    endpoints
}

/// A scheme, a host and a port, and nothing else.
fn is_endpoint(text: &str) -> bool {
    servers::address(text).is_some_and(|uri| {
        uri.port_u16().is_some_and(|port| port > 0) && matches!(uri.path(), "" | "/") && uri.query().is_none()
    })
}

fn prefix(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text("prefix")?;
    let prefix = text.trim_end_matches('/');
    if prefix.is_empty() || prefix.len() > 256 {
        reader.blame_key("prefix", Finding::error(Code::BadValue, "must be 1 to 256 bytes beside slashes at its end"));
        return None;
    }
    Some(prefix.to_owned())
}

/// A file that must be there.
fn file_of(reader: &mut Reader<'_>, key: &str) -> Option<PathBuf> {
    let path = reader.path(key)?;
    if !path.is_file() {
        reader.blame_key(key, Finding::error(Code::Unreadable, format!("{} is not a file", path.display())));
    }
    Some(path)
}

/// What needs one another, or excludes it.
fn pairs(reader: &mut Reader<'_>, etcd: &Etcd) {
    for (there, one, other) in [
        (etcd.username.is_some(), "username", "password"),
        (etcd.password.is_some(), "password", "username"),
        (etcd.cert.is_some(), "cert", "key"),
        (etcd.key.is_some(), "key", "cert"),
    ] {
        if there && reader.find(other).is_none() {
            reader.blame_key(other, Finding::error(Code::MissingKey, format!("must be given with {one}")));
        }
    }
    if let Some(key @ SecretRef::File { .. }) = &etcd.key
        && let Err(error) = key.resolve()
    {
        reader.blame_key("key", Finding::caused(Code::SecretUnavailable, &error));
    }
    let plaintext: Vec<_> = etcd.endpoints.iter().filter(|endpoint| endpoint.starts_with("http:")).collect();
    let Some(first) = plaintext.first() else { return };
    for key in ["ca", "cert", "key"] {
        if let Some(found) = reader.find(key) {
            let message = format!("is for https, and {first} is not");
            reader.blame(&found, Finding::error(Code::Conflict, message));
        }
    }
    let is_overheard = |endpoint: &str| servers::address(endpoint).as_ref().is_some_and(servers::is_overheard);
    if etcd.username.is_some() && plaintext.iter().any(|endpoint| is_overheard(endpoint)) {
        let message = "the password crosses the network unencrypted";
        reader.blame_key("endpoints", Finding::warning(Code::Plaintext, message).help("use https"));
    }
}
