//! The `[audit]` table.

use super::fields::Table;
use super::reader::{Reader, beside};
use crate::finding::{Code, Finding, Findings};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where the audit log goes, and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLog {
    /// One of `file`, `syslog` and `journald`.
    pub place: AuditPlace,
    /// `required`: whether changes are refused whose line cannot be written; false.
    pub required: bool,
}

/// Where the lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditPlace {
    /// `file = "-"`.
    StandardOutput,
    /// `file`: the file that they are appended to.
    File(PathBuf),
    /// `syslog`: the socket of a syslog daemon, as `/dev/log`.
    Syslog(PathBuf),
    /// `syslog = "udp://ADDRESS:PORT"` (RFC 5426).
    SyslogUdp(SocketAddr),
    /// `journald`: the socket of journald's own protocol.
    Journald(PathBuf),
}

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["file", "syslog", "journald", "required"];

/// The table, if there is one.
pub(super) fn read(file: &Path, table: &Table, findings: &mut Findings) -> Option<AuditLog> {
    let is_there = table.entries.contains_key("audit");
    let own = super::settings::sub_table(file, table, "audit", findings);
    let mut reader = Reader::new(file, "audit", &own, findings);
    reader.refuse_unknown(KEYS, |_| None);
    let mut places = ["file", "syslog", "journald"].into_iter().filter(|key| own.entries.contains_key(*key));
    let place = match (places.next(), places.next()) {
        (Some(_), Some(second)) => {
            reader.blame_key(second, Finding::error(Code::Conflict, "an audit log goes to one place"));
            return None;
        }
        (Some("file"), None) => reader.text("file").map(|place| match place.as_str() {
            "-" => AuditPlace::StandardOutput,
            _ => AuditPlace::File(beside(file, &place)),
        }),
        (Some("syslog"), None) => syslog(file, &mut reader),
        (Some(_), None) => reader.path("journald").map(AuditPlace::Journald),
        (None, _) => None,
    };
    let required = reader.flag("required").unwrap_or(false);
    if is_there && place.is_none() && !reader.failed() {
        let finding = Finding::error(Code::MissingKey, "must be given, or syslog or journald");
        reader.blame_key("file", finding.help("file = \"audit.jsonl\", or \"-\" for standard output"));
    }
    if required && matches!(place, Some(AuditPlace::SyslogUdp(_))) {
        let message = "cannot be told over UDP, which says of no line whether it arrived";
        reader.blame_key("required", Finding::error(Code::Conflict, message));
    }
    Some(AuditLog { place: place?, required })
}

fn syslog(file: &Path, reader: &mut Reader<'_>) -> Option<AuditPlace> {
    let text = reader.text("syslog")?;
    let Some(address) = text.strip_prefix("udp://") else {
        return Some(AuditPlace::Syslog(beside(file, &text)));
    };
    let address = address.parse().ok();
    if address.is_none() {
        let message = "must be the path of a socket, or udp:// with an IP address and a port";
        reader.blame_key("syslog", Finding::error(Code::BadValue, message));
    }
    address.map(AuditPlace::SyslogUdp)
}
