//! The `[limits]` table.

use super::fields::Table;
use super::reader::Reader;
use super::settings::Limits;
use crate::finding::Findings;
use std::path::Path;

/// Every key of the table.
pub(super) const LIMITS: &[&str] = &[
    "max_body_bytes",
    "max_json_depth",
    "max_connections",
    "max_connections_per_peer",
    "max_in_flight",
    "max_replies_bytes",
    "header_timeout",
    "body_timeout",
    "answer_timeout",
    "request_timeout",
    "stop_timeout",
];

/// What one caller may cost.
pub(super) fn read(file: &Path, table: &Table, findings: &mut Findings) -> Limits {
    let mut reader = Reader::new(file, "limits", table, findings);
    reader.refuse_unknown(LIMITS, |_| None);
    let default = Limits::default();
    let mut size =
        |key, range, default| reader.number(key, range).and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
    let max_connections = size("max_connections", 1..=65536, default.max_connections);
    Limits {
        max_body_bytes: size("max_body_bytes", 1024..=16 * 1024 * 1024, default.max_body_bytes),
        max_json_depth: size("max_json_depth", 4..=100, default.max_json_depth),
        max_connections,
        max_connections_per_peer: size("max_connections_per_peer", 1..=65536, max_connections.div_ceil(2)),
        max_in_flight: size("max_in_flight", 1..=65536, default.max_in_flight),
        max_replies_bytes: size("max_replies_bytes", 1 << 20..=1 << 36, default.max_replies_bytes),
        header_timeout: reader.duration("header_timeout", 1..=60).unwrap_or(default.header_timeout),
        body_timeout: reader.duration("body_timeout", 1..=300).unwrap_or(default.body_timeout),
        answer_timeout: reader.duration("answer_timeout", 1..=300).unwrap_or(default.answer_timeout),
        request_timeout: reader.duration("request_timeout", 1..=3600).unwrap_or(default.request_timeout),
        stop_timeout: reader.duration("stop_timeout", 3..=3600).unwrap_or(default.stop_timeout),
    }
}
