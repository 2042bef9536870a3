//! The `[tls]` table.

use super::fields::{Table, Value};
use super::reader::Reader;
use super::source::FileAccess;
use crate::finding::{Code, Finding, Findings};
use crate::tls::ClientName;
use std::path::{Path, PathBuf};

/// The TLS that callers speak (rustls); `config/callers.md` tells more.
///
/// The files are looked at with every connection, and read again when one of them
/// has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// `cert`: a file with Mercury's certificate and those that lead to its root
    /// (PEM); required.
    pub cert: PathBuf,
    /// `key`: the file with its private key (PEM: PKCS #8, PKCS #1 or SEC 1);
    /// required.
    pub key: PathBuf,
    /// Who besides the owner may be able to read the key: `secret_files`.
    pub access: FileAccess,
    /// `min_version`: the oldest version that is spoken, `"1.3"` or `"1.2"`; 1.3.
    pub min_version: TlsVersion,
    /// `client_ca`: a file of certificates (PEM) one of which has signed those of
    /// callers; needed with `auth = "mtls"`.
    pub client_ca: Option<PathBuf>,
    /// `clients`: whose certificates let in: `"DNS:"`, `"URI:"` or `"email:"` and a
    /// subject alternative name, or `"subject:"` and a subject (RFC 4514); needed
    /// with `auth = "mtls"`.
    pub clients: Vec<ClientName>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersion {
    /// RFC 5246, for callers that cannot do better.
    V12,
    /// RFC 8446.
    #[default]
    V13,
}

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["cert", "key", "min_version", "client_ca", "clients"];

/// Reads the table, if the file has one.
pub(super) fn read(file: &Path, root: &Table, access: FileAccess, findings: &mut Findings) -> Option<Tls> {
    let entry = root.entries.get("tls")?;
    let Value::Table(table) = &entry.value else {
        let message = format!("must be a table, not {}", entry.value.type_name());
        findings.push(Finding::error(Code::WrongType, message).field("tls").at(file, Some(entry.line)));
        return None;
    };
    let mut reader = Reader::new(file, "tls", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    reader.require("cert");
    reader.require("key");
    let version = reader.choice("min_version", &[("1.2", TlsVersion::V12), ("1.3", TlsVersion::V13)]);
    let tls = Tls {
        cert: reader.path("cert").unwrap_or_default(),
        key: reader.path("key").unwrap_or_default(),
        access,
        min_version: version.unwrap_or_default(),
        client_ca: reader.path("client_ca"),
        clients: names(&mut reader, "clients"),
    };
    for (there, one, other) in
        [(tls.client_ca.is_some(), "client_ca", "clients"), (!tls.clients.is_empty(), "clients", "client_ca")]
    {
        if there && reader.find(other).is_none() {
            reader.blame_key(other, Finding::error(Code::MissingKey, format!("must be given with {one}")));
        }
    }
    // What files are lacking is told already.
    (!reader.failed()).then_some(tls)
}

/// Names of certificates.
pub(super) fn names(reader: &mut Reader<'_>, key: &str) -> Vec<ClientName> {
    let mut names = Vec::new();
    for (text, found) in reader.texts(key).unwrap_or_default() {
        match text.parse() {
            Ok(name) => {
                if text.contains('*') {
                    let finding =
                        Finding::warning(Code::BadValue, format!("{text:?} lets in no name but this very one"));
                    reader.blame(
                        &found,
                        finding.help("names match letter for letter; list each, there are no wildcards"),
                    );
                }
                names.push(name);
            }
            Err(error) => reader.blame(&found, Finding::error(Code::BadValue, format!("{error}, not {text:?}"))),
        }
    }
    if names.is_empty() && reader.find(key).is_some() && !reader.failed() {
        reader.blame_key(key, Finding::error(Code::BadValue, "must name somebody"));
    }
    names
}
