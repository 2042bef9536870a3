//! The `[fleet]` table.

use super::fields::{Table, Value};
use super::reader::Reader;
use super::source::FileAccess;
use super::tls::{self, Tls, TlsVersion};
use crate::finding::{Code, Finding, Findings};
use crate::tls::ClientName;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Several Mercurys that hand requests to whoever of them has the switch
/// (`config/fleet.md`); it takes `[etcd]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    /// `name`: what this one is called, up to 64 letters, digits, `.`, `-` and `_`, which no
    /// other is called; the host's name.
    pub name: String,
    /// `listen`: where the others hand requests over; required.
    pub listen: SocketAddr,
    /// `address`: the host and port where they reach that; `listen`, unless that is every
    /// address of the host.
    pub address: String,
    /// `cert`: a file with the certificate that it shows the others, whichever of them began
    /// (PEM); required.
    pub cert: PathBuf,
    /// `key`: the file with its private key (PEM); required.
    pub key: PathBuf,
    /// Who besides the owner may be able to read the key: `secret_files`.
    pub access: FileAccess,
    /// `ca`: a file of certificates (PEM) one of which has signed those of all members;
    /// required.
    pub ca: PathBuf,
    /// `members`: whose certificates are a member's, as in `[tls] clients`; required.
    pub members: Vec<ClientName>,
}

impl Fleet {
    /// The TLS that the others are served with.
    #[must_use]
    pub fn tls(&self) -> Tls {
        Tls {
            cert: self.cert.clone(),
            key: self.key.clone(),
            access: self.access,
            min_version: TlsVersion::V13,
            client_ca: Some(self.ca.clone()),
            clients: self.members.clone(),
        }
    }
}

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["name", "listen", "address", "cert", "key", "ca", "members"];

/// The longest name.
const LONGEST: usize = 64;

/// Reads the table, if the file has one.
pub(super) fn read(file: &Path, root: &Table, access: FileAccess, findings: &mut Findings) -> Option<Fleet> {
    let entry = root.entries.get("fleet")?;
    let Value::Table(table) = &entry.value else {
        let message = format!("must be a table, not {}", entry.value.type_name());
        findings.push(Finding::error(Code::WrongType, message).field("fleet").at(file, Some(entry.line)));
        return None;
    };
    if !root.entries.contains_key("etcd") {
        let finding = Finding::error(Code::MissingKey, "takes [etcd], by which its members know each other");
        findings.push(finding.field("fleet").at(file, Some(entry.line)));
    }
    let mut reader = Reader::new(file, "fleet", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    for key in ["listen", "cert", "key", "ca", "members"] {
        reader.require(key);
    }
    let listen = reader.parsed::<SocketAddr>("listen");
    let fleet = Fleet {
        name: name(&mut reader),
        address: address(&mut reader, listen),
        listen: listen.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0))),
        cert: reader.path("cert").unwrap_or_default(),
        key: reader.path("key").unwrap_or_default(),
        access,
        ca: reader.path("ca").unwrap_or_default(),
        members: tls::names(&mut reader, "members"),
    };
    (!reader.failed()).then_some(fleet)
}

fn name(reader: &mut Reader<'_>) -> String {
    let said = reader.text("name");
    let name = said.unwrap_or_else(|| {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        host.trim().to_owned()
    });
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
        let message = format!("must be 1 to {LONGEST} letters, digits, \".\", \"-\" and \"_\", not {name:?}");
        reader.blame_key("name", Finding::error(Code::BadValue, message));
    }
    name
}

/// Where the others reach it.
fn address(reader: &mut Reader<'_>, listen: Option<SocketAddr>) -> String {
    let Some(said) = reader.text("address") else {
        if listen.is_some_and(|listen| listen.ip().is_unspecified()) {
            let message = "must say where the others reach it, since it listens on every address";
            reader.blame_key("address", Finding::error(Code::MissingKey, message));
        }
        return listen.map(|listen| listen.to_string()).unwrap_or_default();
    };
    if host_and_port(&said).is_none() {
        let message = "must be a host and a port, as in \"mercury1.example.org:6191\"";
        reader.blame_key("address", Finding::error(Code::BadValue, message));
    }
    said
}

/// The two parts of an address, an IPv6 one without its brackets.
pub(crate) fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = bare.or_else(|| (!host.contains([':', '/', '@', ' '])).then_some(host)).filter(|host| !host.is_empty());
    Some((host?, port.parse().ok().filter(|port| *port > 0)?))
}

#[cfg(test)]
mod tests {
    use super::host_and_port;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, expected) in [
            ("mercury1.example.org:6191", Some(("mercury1.example.org", 6191))),
            ("192.0.2.1:6191", Some(("192.0.2.1", 6191))),
            ("[2001:db8::1]:6191", Some(("2001:db8::1", 6191))),
            ("2001:db8::1:6191", None),
            ("mercury1.example.org", None),
            ("mercury1:0", None),
            ("https://mercury1:6191", None),
            (":6191", None),
        ] {
            assert_eq!(host_and_port(text), expected, "{text}");
        }
    }
}
