//! The `[traces]` table.

use std::path::{Path, PathBuf};

use axum::http::Uri;

use super::fields::Table;
use super::reader::Reader;
use super::servers;
use crate::finding::{Code, Finding, Findings};

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["endpoint", "ca", "allow_plaintext"];

/// A collector of OpenTelemetry traces (OTLP 1 over HTTP).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// `endpoint`: `https://HOST:PORT/PATH`, or `http://` on this host or where
    /// `allow_plaintext` says so; the port is 4318 and the path `/v1/traces` where the
    /// address has none.
    pub endpoint: Uri,
    /// `ca`: a file of certificates (PEM) by which the collector's is believed; those that
    /// the system trusts.
    pub ca: Option<PathBuf>,
}

/// The collector, if there is one.
pub(super) fn read(file: &Path, table: &Table, findings: &mut Findings) -> Option<Collector> {
    let is_there = table.entries.contains_key("traces");
    let own = super::settings::sub_table(file, table, "traces", findings);
    let mut reader = Reader::new(file, "traces", &own, findings);
    reader.refuse_unknown(KEYS, |_| None);
    if is_there && !reader.failed() {
        reader.require("endpoint");
    }
    let (ca, plaintext) = (reader.path("ca"), reader.flag("allow_plaintext").unwrap_or_default());
    if let Some(file) = ca.as_ref().filter(|file| !file.is_file()) {
        reader.blame_key("ca", Finding::error(Code::Unreadable, format!("{} is not a file", file.display())));
    }
    let endpoint = endpoint(&mut reader, plaintext)?;
    if let Some(found) = reader.find("ca").filter(|_| endpoint.scheme_str() == Some("http")) {
        reader.blame(&found, Finding::error(Code::Conflict, "is for https, and endpoint is not"));
    }
    (!reader.failed()).then_some(Collector { endpoint, ca })
}

fn endpoint(reader: &mut Reader<'_>, plaintext: bool) -> Option<Uri> {
    let text = reader.text("endpoint")?;
    let Some(uri) = servers::address(&text) else {
        // Not repeated: somebody may have put a password into it.
        let message = "must be an address like https://collector.example.org:4318/v1/traces";
        reader.blame_key("endpoint", Finding::error(Code::BadValue, message));
        return None;
    };
    if servers::is_overheard(&uri) && !plaintext {
        let message = "names of switches, ports and callers would cross the network unencrypted";
        let help = "use https, or say allow_plaintext = true";
        reader.blame_key("endpoint", Finding::error(Code::Plaintext, message).help(help));
    }
    Some(uri)
}
