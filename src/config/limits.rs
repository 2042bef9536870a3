//! The `[limits]` and `[log]` tables.

use super::fields::Table;
use super::reader::Reader;
use super::settings::{Limits, Log, LogFormat, LogLevel, Overrides};
use crate::finding::Findings;
use std::path::Path;

/// Every key of the tables.
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
pub(super) const LOG: &[&str] = &["format", "level"];

/// What one caller may cost.
pub(super) fn limits(file: &Path, table: &Table, findings: &mut Findings) -> Limits {
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

/// What is told on standard error.
pub(super) fn log(file: &Path, table: &Table, overrides: &Overrides, findings: &mut Findings) -> Log {
    let mut reader = Reader::new(file, "log", table, findings);
    reader.refuse_unknown(LOG, |_| None);
    let levels = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];
    let format = reader.choice("format", &[("human", LogFormat::Human), ("json", LogFormat::Json)]);
    let level = reader.choice("level", &levels.map(|level| (level.as_str(), level)));
    Log {
        format: overrides.log_format.or(format).unwrap_or_default(),
        level: overrides.log_level.or(level).unwrap_or_default(),
    }
}
