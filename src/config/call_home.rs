//! The `[call_home]` table.

use super::fields::{Table, Value};
use super::reader::Reader;
use crate::finding::{Code, Finding, Findings};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// Where switches call that connect by themselves (RFC 8071), and what callers may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallHome {
    /// `ssh`: addresses and ports to listen on for calls over SSH, each for one version of
    /// IP; none. IANA's port is 4334.
    pub ssh: Vec<SocketAddr>,
    /// `tls`: the same for calls over TLS; none. IANA's port is 4335. One of the two must
    /// be given.
    pub tls: Vec<SocketAddr>,
    /// `half_open`: callers at a time that are not known yet, 1 to 4096; 64.
    pub half_open: usize,
    /// `half_open_per_peer`: and of those from one address, or one /64 of IPv6, 1 to 4096; 16.
    pub half_open_per_peer: usize,
    /// `handshake_timeout`: how long a caller may take to be known and let in, 1 to 60 s;
    /// 20 s.
    pub handshake_timeout: Duration,
    /// `wait`: how long a request waits for its switch to call, 1 to 600 s; 30 s.
    pub wait: Duration,
}

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["ssh", "tls", "half_open", "half_open_per_peer", "handshake_timeout", "wait"];

/// Reads the table, if the file has one.
pub(super) fn read(file: &Path, root: &Table, findings: &mut Findings) -> Option<CallHome> {
    let entry = root.entries.get("call_home")?;
    let Value::Table(table) = &entry.value else {
        let message = format!("must be a table, not {}", entry.value.type_name());
        findings.push(Finding::error(Code::WrongType, message).field("call_home").at(file, Some(entry.line)));
        return None;
    };
    let mut reader = Reader::new(file, "call_home", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    let number = |reader: &mut Reader<'_>, key, default| {
        reader.number(key, 1..=4096).and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
    };
    let call_home = CallHome {
        ssh: addresses(&mut reader, "ssh"),
        tls: addresses(&mut reader, "tls"),
        half_open: number(&mut reader, "half_open", 64),
        half_open_per_peer: number(&mut reader, "half_open_per_peer", 16),
        handshake_timeout: reader.duration("handshake_timeout", 1..=60).unwrap_or(Duration::from_secs(20)),
        wait: reader.duration("wait", 1..=600).unwrap_or(Duration::from_secs(30)),
    };
    if call_home.ssh.is_empty() && call_home.tls.is_empty() && !reader.failed() {
        let finding = Finding::error(Code::MissingKey, "must say where to listen, or tls must");
        reader.blame_key("ssh", finding.help("ssh = [\"0.0.0.0:4334\"]"));
    }
    (!reader.failed()).then_some(call_home)
}

fn addresses(reader: &mut Reader<'_>, key: &str) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for (text, found) in reader.texts(key).unwrap_or_default() {
        match text.parse() {
            Ok(address) if !addresses.contains(&address) => addresses.push(address),
            Ok(_) => reader.blame(&found, Finding::error(Code::DuplicateKey, "is there twice")),
            Err(_) => {
                let finding = Finding::error(Code::BadValue, "must be addresses with ports, as in \"0.0.0.0:4334\"");
                reader.blame(&found, finding);
            }
        }
    }
    addresses
}
